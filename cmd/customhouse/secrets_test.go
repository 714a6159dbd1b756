package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// canaries are the values of a secret, a header and a part of an address.
var canaries = []string{"canary-s3cret/one+two", "canary token \"three\"", "canary-path-four"}

// leaked is the form in which a text shows a canary, empty where it does not.
func leaked(text string) string {
	for _, c := range canaries {
		for _, form := range []string{
			c, url.QueryEscape(c), url.PathEscape(c), hex.EncodeToString([]byte(c)), strings.Trim(fmt.Sprintf("%q", c), `"`),
			strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(c)), "="), base64.RawURLEncoding.EncodeToString([]byte(c)),
		} {
			if strings.Contains(text, form) {
				return form
			}
		}
	}
	return ""
}

// secretProject sends to a platform that needs secrets, and to files.
func secretProject(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "contacts.csv"), "email\nada@example.com\nblaise@example.com\n")
	write(t, filepath.Join(dir, "customhouse.yaml"), `
project: {name: p}
targets:
  local: {type: duckdb, path: p.duckdb, deliver: true}
purposes: [{name: service, basis: contract, description: what it is for}]
entities:
  - name: customer
    identifiers: [{name: email, normalize: email}]
sources:
  - name: contacts
    class: personal
    files: {path: contacts.csv}
    entity: customer
    identifiers: {email: email}
traits:
  - {name: email, entity: customer, pick: latest, from: contacts.email}
segments:
  - {name: everyone, entity: customer, when: contacts.count() > 0}
destinations:
  - {name: platform, allow: [public, internal, personal], type: webhook, url: '${env:PLATFORM_URL}', secret: '${env:PLATFORM_SECRET}', allow_private: true, timeout: 2s,
     headers: {Authorization: 'Bearer ${env:PLATFORM_TOKEN}'}}
  - {name: files, allow: [public, internal, personal], type: files, path: out}
syncs:
  - name: to_platform
    from: {entity: customer}
    to: {destination: platform, object: people, mode: mirror, key: email}
    fields: {email: email}
    purpose: service
  - name: to_files
    from: {entity: customer}
    to: {destination: files, object: people, mode: mirror, key: email}
    fields: {email: email}
    purpose: service
`)
	return dir
}

// TestSecrets: whatever a platform answers and however a run fails, no output,
// log, artifact, database file or delivered file shows a secret.
func TestSecrets(t *testing.T) {
	t.Parallel()
	everything := canaries[0] + " " + base64.StdEncoding.EncodeToString([]byte(canaries[0])) + " " + canaries[1] + " " +
		base64.StdEncoding.EncodeToString([]byte(canaries[1])) + " " + canaries[2]
	answers := map[string]http.HandlerFunc{
		"refused": func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Authorization"); got != "Bearer "+canaries[1] {
				t.Errorf("got the header %q", got)
			}
			http.Error(w, everything+" "+r.Header.Get("Authorization")+" "+r.URL.String(), http.StatusBadRequest)
		},
		"unauthorized": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", everything)
			http.Error(w, fmt.Sprintf("%q", r.Header), http.StatusUnauthorized)
		},
		"moved": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/"+url.PathEscape(canaries[0])+"?"+url.QueryEscape(canaries[1]), http.StatusFound)
		},
		"broken": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"results": "`+everything)
		},
		"accepted": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") },
	}
	addresses := map[string]string{
		"nobody":  "http://127.0.0.1:1/" + canaries[2],
		"unknown": "http://platform.invalid/" + canaries[2],
		"no port": "http://127.0.0.1:" + canaries[2] + "/",
		"no URL":  "%zz" + canaries[2],
		"query":   "ftp://127.0.0.1/?" + canaries[2],
		"user":    "http://user:" + canaries[2] + "@127.0.0.1:1/",
	}
	for name, answer := range answers {
		server := httptest.NewServer(answer)
		t.Cleanup(server.Close)
		addresses[name] = server.URL + "/" + canaries[2]
	}
	for name, address := range addresses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := secretProject(t)
			env := []string{"PLATFORM_URL=" + address, "PLATFORM_SECRET=" + canaries[0], "PLATFORM_TOKEN=" + canaries[1]}
			for _, formats := range [][]string{{"--log-format", "text"}, {"--format", "json", "--log-format", "json"}} {
				r := interrupted(t, env, append(formats, "--project-dir", dir, "run")...)
				if form := leaked(r.stdout + r.stderr); form != "" {
					t.Errorf("run showed %s:\n%s%s", form, r.stdout, r.stderr)
				}
				// Rows that are refused one by one are degraded, which is 0.
				if (r.code == 0) != (name == "accepted" || name == "refused") {
					t.Errorf("run: got exit code %d:\n%s%s", r.code, r.stdout, r.stderr)
				}
			}
			showNoSecret(t, dir, env)
		})
	}
}

// interrupted runs the command line and interrupts it when it waits before
// another attempt: that could go on for minutes.
func interrupted(t *testing.T, env []string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "customhouse", args...)
	cmd.Env = append(os.Environ(), env...)
	var stdout bytes.Buffer
	stderr := &watched{texts: []string{"failed (", "sync retrying"}, seen: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &stdout, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var err error
	select {
	case err = <-done:
	case <-stderr.seen:
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Log(err) // it ended just now
		}
		err = <-done
	}
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.text.String()}
}

// watched keeps what is written and tells when it holds one of some texts.
type watched struct {
	texts []string
	seen  chan struct{}
	once  sync.Once
	text  bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.text.Write(p)
	for _, text := range w.texts {
		if bytes.Contains(w.text.Bytes(), []byte(text)) {
			w.once.Do(func() { close(w.seen) })
		}
	}
	return len(p), nil
}

// showNoSecret runs every other command and looks into every file.
func showNoSecret(t *testing.T, dir string, env []string) {
	t.Helper()
	commands := [][]string{{"validate"}, {"ls"}, {"compile"}, {"schema"}, {"version"}, {"show", "segment:everyone"}, {"show", "customer", "email=ada@example.com"}, {"explain", "customer", "email=ada@example.com"}, {"identity", "audit"}}
	for _, name := range []string{
		"runs", "sync_ledger", "sync_log", "sync_rejections", "sync_pending", "sync_leases", "segment_members", "segment_changes", "segment_sizes",
		"customer_identities", "customer_profiles", "customer_id_history", "customer_identity_incidents",
	} {
		commands = append(commands, []string{"show", name, "--limit", "1000"})
	}
	for _, command := range commands {
		r := customhouse(t, env, append([]string{"--project-dir", dir, "--format", "json"}, command...)...)
		if form := leaked(r.stdout + r.stderr); form != "" {
			t.Errorf("%v showed %s:\n%s%s", command, form, r.stdout, r.stderr)
		}
		if r.code != 0 && !strings.Contains(r.stderr, "is not there yet") {
			t.Errorf("%v: got exit code %d:\n%s", command, r.code, r.stderr)
		}
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if form := leaked(string(text)); form != "" {
			t.Errorf("%s holds %s", path, form)
		}
		return err
	})
	if err != nil || files < 10 {
		t.Error(files, err)
	}
}

// TestShortSecret: taking a very short secret out of messages would leave
// nothing to read; it is warned of instead.
func TestShortSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "contacts.csv"), "email\nada@example.com\n")
	write(t, filepath.Join(dir, "customhouse.yaml"), `
project: {name: p}
targets:
  local: {type: duckdb, path: p.duckdb, deliver: true}
entities:
  - name: customer
    identifiers: [{name: email, normalize: email}]
sources:
  - name: contacts
    class: personal
    files: {path: contacts.csv}
    entity: customer
    identifiers: {email: email}
traits:
  - {name: email, entity: customer, pick: latest, from: contacts.email}
purposes: [{name: service, basis: contract, description: what it is for}]
destinations:
  - {name: platform, allow: [public, internal, personal], type: webhook, url: '${env:PLATFORM_URL}', secret: '${env:PLATFORM_SECRET}', allow_private: true}
syncs:
  - name: to_platform
    from: {entity: customer}
    to: {destination: platform, object: people, mode: mirror, key: email}
    fields: {email: email}
    purpose: service
`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "this system is closed", http.StatusBadRequest)
	}))
	t.Cleanup(server.Close)
	env := []string{"PLATFORM_URL=" + server.URL, "PLATFORM_SECRET=s"}
	r := customhouse(t, env, "--project-dir", dir, "run")
	const want = `customhouse.yaml:18:110: warning[short-secret]: ${env:PLATFORM_SECRET} is shorter than 6 characters: where a destination repeats it, messages show it
  |   - {name: platform, allow: [public, internal, personal], type: webhook, url: '${env:PLATFORM_URL}', secret: '${env:PLATFORM_SECRET}', allow_private: true}
  |                                                                                                              ^^^^^^^^^^^^^^^^^^^^^^^^
  help: use a longer secret
`
	if !strings.HasPrefix(r.stderr, want) {
		t.Errorf("got:\n%s\nwant it to begin with:\n%s", r.stderr, want)
	}
	rejections := table(t, env, dir, "sync_rejections")
	if len(rejections) != 1 || rejections[0]["message"] != "the endpoint answered 400 Bad Request: this system is closed" {
		t.Errorf("got a message that cannot be read: %v", rejections)
	}
}
