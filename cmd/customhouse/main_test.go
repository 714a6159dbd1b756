package main

import (
	"bytes"
	"context"
	databasesql "database/sql"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
)

var update = flag.Bool("update", false, "rewrite golden files and the output of scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"customhouse":        main,
		"customhouse-dying":  dying,
		"customhouse-soaked": soaked,
		"ask":                askAPI,
	})
}

// TestScripts is the command line's behaviour, as scripts that a user could
// have typed. Beyond the usual commands they know:
//
//	exits code cmd  run a command that ends with this exit code
//	exits code within time cmd
//	                the same, in less than this time
//	hold file       hold a DuckDB file, as another process would, until release
//	sql file text...
//	                run statements of DuckDB's own SQL in a file
//	sqlite file text...
//	                the same in a file of SQLite's
//	platform [text] start a platform that accepts everything, but for what
//	                contains text; its address is in $PLATFORM_URL, its log of
//	                operations in platform.log
//	crm             start a platform that holds records and events, and answers
//	                by row; its address is in $PLATFORM_URL
//	crm hold key    have it hold a record that somebody else made
//	crm lose, keep  have it do what it is asked and answer 500, or answer again
//	crm dump file   write what it holds to a file
//	fake name       serve a fake of a platform; its address is in $FAKE_URL, its
//	                credential in $TOKEN
//	fake held file  write what it holds
//	bucket          serve a bucket that speaks S3; its address and credentials are in
//	                $BUCKET_URL, $BUCKET_KEY and $BUCKET_SECRET
//	bucket copy dir copy what is in it
//	sftp dir        serve a folder over SFTP; its port and key take the place of
//	                SFTP_PORT and SFTP_KEY in customhouse.yaml, the password is in
//	                $SFTP_PASSWORD
//	until regexp cmd
//	                run a command until its output matches
//	forge           start a place of pull requests; its address is in $FORGE_URL
//	forge dump file write what was done to its comments, and ours, to a file
//	steps file      write the scripts of a file of examples for CI to step1, step2
//	port name       put an address of this machine that is free into $name
//	ask method path [body [header: value]...]
//	                send a request to the API at $API with $TOKEN, and print the
//	                status and the body
//	stall, resume   let the platform keep requests waiting, and answer them
//	await           wait until a request is waiting
//	unpack          write the files of a ZIP into a folder
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("NO_COLOR", "1")
			examples, err := filepath.Abs(filepath.Join("..", "..", "examples"))
			e.Setenv("EXAMPLES", examples)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"hold": func(ts *testscript.TestScript, _ bool, args []string) {
				driver, err := duckdb.Open(context.Background(), duckdb.Config{Path: ts.MkAbs(args[0])}, "")
				ts.Check(err)
				ts.Defer(func() { driver.Close() })
			},
			"sql": func(ts *testscript.TestScript, _ bool, args []string) {
				driver, err := duckdb.Open(context.Background(), duckdb.Config{Path: ts.MkAbs(args[0])}, "")
				ts.Check(err)
				ts.Check(errors.Join(driver.Exec(context.Background(), args[1:]), driver.Close()))
			},
			"sqlite": func(ts *testscript.TestScript, _ bool, args []string) {
				db, err := databasesql.Open("sqlite3", ts.MkAbs(args[0]))
				ts.Check(err)
				for _, text := range args[1:] {
					_, err = db.ExecContext(context.Background(), text)
					ts.Check(err)
				}
				ts.Check(db.Close())
			},
			"platform": func(ts *testscript.TestScript, _ bool, args []string) {
				p := newPlatform(ts.MkAbs("platform.log"))
				p.refuses = strings.Join(args, " ")
				server := httptest.NewServer(p)
				ts.Defer(server.Close)
				ts.Defer(p.resume)
				ts.Setenv("PLATFORM_URL", server.URL)
				scriptPlatforms.Store(ts.Getenv("WORK"), p)
			},
			"until": func(ts *testscript.TestScript, _ bool, args []string) {
				want := regexp.MustCompile("(?m)" + args[0])
				for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
					ts.Check(ts.Exec(args[1], args[2:]...))
					if want.MatchString(ts.ReadFile("stdout")) {
						return
					}
				}
				ts.Fatalf("%s never said %q", args[1], args[0])
			},
			"crm": crm, "forge": forgeScript, "steps": stepsScript,
			"port": func(ts *testscript.TestScript, _ bool, args []string) {
				listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
				ts.Check(err)
				ts.Check(listener.Close())
				ts.Setenv(args[0], listener.Addr().String())
			},
			"fake": fake, "bucket": bucket, "sftp": sftp, "unpack": unpack,
			"stall":  func(ts *testscript.TestScript, _ bool, _ []string) { platformOf(ts).stall() },
			"resume": func(ts *testscript.TestScript, _ bool, _ []string) { platformOf(ts).resume() },
			"await": func(ts *testscript.TestScript, _ bool, _ []string) {
				select {
				case <-platformOf(ts).waiting:
				case <-time.After(30 * time.Second):
					ts.Fatalf("no request came")
				}
			},
		},
	})
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, args := args[0], args[1:]
	err := ts.Exec(args[0], args[1:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s (%v)", code, want, err)
	}
}

var scriptPlatforms sync.Map // by the script's folder

func platformOf(ts *testscript.TestScript) *platform {
	p, ok := scriptPlatforms.Load(ts.Getenv("WORK"))
	if !ok {
		ts.Fatalf("there is no platform")
	}
	return p.(*platform)
}

// platform logs what it is sent and accepts it.
type platform struct {
	log string
	// refuses is a text that the platform refuses requests for; empty for none.
	refuses string
	waiting chan struct{}

	mu   sync.Mutex
	gate chan struct{} // nil, or closed by resume
}

func newPlatform(log string) *platform {
	return &platform{log: log, waiting: make(chan struct{}, 100)}
}

// startPlatform starts a platform and returns its address.
func startPlatform(t *testing.T, log string) string {
	t.Helper()
	server := httptest.NewServer(newPlatform(log))
	t.Cleanup(server.Close)
	return server.URL
}

func (p *platform) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gate = make(chan struct{})
}

func (p *platform) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gate != nil {
		close(p.gate)
		p.gate = nil
	}
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	gate := p.gate
	p.mu.Unlock()
	if gate != nil {
		p.waiting <- struct{}{}
		<-gate
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer f.Close()
	// One operation a line, so that scripts can look for it.
	f.Write(append(bytes.ReplaceAll(body, []byte(`{"op":`), []byte("\n{\"op\":")), '\n'))
	w.Header().Set("Content-Type", "application/json")
	if p.refuses != "" && bytes.Contains(body, []byte(p.refuses)) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		io.WriteString(w, `{"error":{"code":"opted-out","message":"this contact has opted out"}}`)
		return
	}
	io.WriteString(w, "{}")
}

// result is what became of a command line.
type result struct {
	code           int
	stdout, stderr string
}

// customhouse runs the command line in a process of its own.
func customhouse(t *testing.T, env []string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "customhouse", args...)
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// must runs the command line and expects that it succeeds.
func must(t *testing.T, env []string, args ...string) string {
	t.Helper()
	r := customhouse(t, env, args...)
	if r.code != 0 {
		t.Fatalf("customhouse %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// table reads a table of a project by column name.
func table(t *testing.T, env []string, dir, name string) []map[string]string {
	t.Helper()
	return readCSV(t, must(t, env, "--project-dir", dir, "--format", "csv", "show", "--unmask", "--because", "test", name, "--limit", "100000000"))
}

func readCSV(t *testing.T, text string) []map[string]string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = r[i]
		}
		out = append(out, row)
	}
	return out
}

// copyProject copies the YAML of an example into a new folder.
func copyProject(t *testing.T, from fs.FS) string {
	t.Helper()
	dir := t.TempDir()
	names, err := fs.Glob(from, "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("the example has no YAML", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(from, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// public are the tables whose content depends on the project, its data and
// as_of alone; the others hold run ids.
var public = []string{"customer_identities", "customer_profiles", "customer_profile_history", "segment_members"}

// snapshot is the text of all those tables.
func snapshot(t *testing.T, env []string, dir string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range public {
		fmt.Fprintf(&b, "== %s\n%s", name, must(t, env, "--project-dir", dir, "--format", "csv", "show", "--unmask", "--because", "test", name, "--limit", "100000000"))
	}
	return b.String()
}
