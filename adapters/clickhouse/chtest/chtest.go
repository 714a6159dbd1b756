// Package chtest starts ClickHouse for tests: the engine itself behind
// ClickHouse's HTTP interface (see chserver and README.md), or the server that
// CUSTOMHOUSE_TEST_CLICKHOUSE names.
//
// Nothing but tests imports it. Start with Start.
package chtest

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Server is a running ClickHouse.
type Server struct {
	// Address is host and port of its HTTP interface.
	Address string
	// Secure says that it speaks TLS.
	Secure bool
	// User and Password are those of somebody who may do everything.
	User, Password string

	// PID is the process of chserver, 0 for a server that was there before.
	PID int

	// alive is the standard input of chserver, which ends when it is closed.
	alive io.Closer
}

// password is that of the servers that are started here.
const password = `it's "secret"\`

// The names of the environment.
const (
	// live is http://user:password@host:port, or https, of a server to use instead.
	live = "CUSTOMHOUSE_TEST_CLICKHOUSE"
	// ci says that what cannot be tested is a failure.
	ci = "CI"
)

// ErrMissing says that the engine is not installed.
var ErrMissing = errors.New("nothing is tested on ClickHouse: its engine is not installed; run: make engines")

// Start gives the server of this test binary, and starts it where it is the
// first to ask. It ends with the binary. Where the engine is not installed the
// test is skipped, or fails in CI.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := shared()
	switch {
	case errors.Is(err, ErrMissing) && os.Getenv(ci) == "": //nolint:forbidigo // a test helper
		tb.Skip(err)
	case err != nil:
		tb.Fatal(err)
	}
	return s
}

// Open is Start for a program that is no test.
func Open() (*Server, error) { return shared() }

var shared = sync.OnceValues(func() (*Server, error) {
	if at := os.Getenv(live); at != "" { //nolint:forbidigo // a test helper
		return parse(at)
	}
	return start()
})

// parse reads what live says.
func parse(text string) (*Server, error) {
	u, err := url.Parse(text)
	// The error would show the password.
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Port() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("%s is not the address of a ClickHouse; write it as https://user:password@host:8443, the port being that of its HTTP interface", live)
	}
	word, _ := u.User.Password()
	return &Server{Address: u.Host, Secure: u.Scheme == "https", User: u.User.Username(), Password: word}, nil
}

// start builds and starts chserver.
func start() (*Server, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(root, "adapters", "clickhouse", "chtest")
	library := filepath.Join(folder, "node_modules", "@chdb", "lib-linux-x64-gnu", "libchdb.so")
	if _, err := os.Stat(library); err != nil {
		return nil, ErrMissing
	}
	dir, err := os.MkdirTemp("", "chserver")
	if err != nil {
		return nil, fmt.Errorf("a directory for chserver: %w", err)
	}
	program := filepath.Join(dir, "chserver")
	build := exec.Command("go", "build", "-o", program, "./chserver") //nolint:noctx,gosec // it outlives the test that happens to be first, and the path is ours
	build.Dir, build.Env = folder, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building chserver: %w\n%s", err, out)
	}
	run := exec.Command(program, "-library", library, "-data", dir, "-password", password) //nolint:noctx,gosec // as above
	run.Env, run.Stderr = append(os.Environ(), "TZ=UTC"), os.Stderr
	// It ends when this pipe does, which is when this process does, however.
	alive, err := run.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting chserver: %w", err)
	}
	answer, err := run.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting chserver: %w", err)
	}
	if err := run.Start(); err != nil {
		return nil, fmt.Errorf("starting chserver: %w", err)
	}
	line, err := bufio.NewReader(answer).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("chserver did not start: %w", err), run.Wait())
	}
	return &Server{Address: strings.TrimSpace(line), User: "default", Password: password, PID: run.Process.Pid, alive: alive}, nil
}

// moduleRoot is the folder of go.mod: tests run in the folder of their package.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for go.mod: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no folder above has a go.mod")
		}
		dir = parent
	}
}

// Database makes an empty database, which is dropped when the test ends.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:12])
	if out, err := s.Query("CREATE DATABASE " + name); err != nil {
		tb.Fatal(out, err)
	}
	tb.Cleanup(func() {
		if out, err := s.Query("DROP DATABASE IF EXISTS " + name + " SYNC"); err != nil {
			tb.Error(out, err)
		}
	})
	return name
}

// Query runs a statement and gives its answer as tab-separated text.
func (s *Server) Query(statement string) (string, error) { return s.QueryIn("default", statement) }

// QueryIn is Query with tables that are named without their database.
func (s *Server) QueryIn(database, statement string) (string, error) {
	scheme := "http://"
	if s.Secure {
		scheme = "https://"
	}
	request, err := http.NewRequest(http.MethodPost, scheme+s.Address+"/?database="+url.QueryEscape(database), strings.NewReader(statement)) //nolint:noctx // cleaning up must work when the test's context has ended
	if err != nil {
		return "", fmt.Errorf("asking ClickHouse: %w", err)
	}
	request.SetBasicAuth(s.User, s.Password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("asking ClickHouse: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("asking ClickHouse: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ClickHouse answered %s", body)
	}
	return string(body), nil
}
