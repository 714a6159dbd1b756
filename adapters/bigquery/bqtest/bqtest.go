// Package bqtest starts BigQuery for tests: its REST API over GoogleSQL's own
// analyzer, with an emulator behind that executes what it can (see engine and
// README.md).
//
// Nothing but tests imports it. Start with NewTarget, for tests that run on a
// project of BigQuery's as well, or with Start, for those of the engine alone.
package bqtest

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Server is a running BigQuery.
type Server struct {
	// Endpoint is where its REST API begins, for option.WithEndpoint. There is no
	// authentication.
	Endpoint string
	// Project is one in which datasets can be made. Any other works as well.
	Project string

	// alive is the standard input of the engine, which ends when it is closed.
	alive io.Closer
}

// ci is the variable that says that what cannot be tested is a failure.
const ci = "CI"

// ErrMissing says that the engine is not built.
var ErrMissing = errors.New("nothing is tested on BigQuery: its engine is not built; run: make engines")

// Start gives the server of this test binary, and starts it where it is the
// first to ask. It ends with the binary. Where the engine is not built the test
// is skipped, or fails in CI.
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

var shared = sync.OnceValues(func() (*Server, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	program := filepath.Join(root, "bin", "bqengine")
	if _, err := os.Stat(program); err != nil {
		return nil, ErrMissing
	}
	run := exec.Command(program) //nolint:gosec // the path is ours
	run.Stderr = os.Stderr
	// It ends when this pipe does, which is when this process does, however.
	alive, err := run.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting bqengine: %w", err)
	}
	answer, err := run.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting bqengine: %w", err)
	}
	if err := run.Start(); err != nil {
		return nil, fmt.Errorf("starting bqengine: %w", err)
	}
	line, err := bufio.NewReader(answer).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("bqengine did not start: %w", err), run.Wait())
	}
	return &Server{Endpoint: "http://" + strings.TrimSpace(line) + "/bigquery/v2/", Project: "test-project", alive: alive}, nil
})

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

// Dataset makes an empty dataset in the project, which is dropped when the test
// ends.
func (s *Server) Dataset(tb testing.TB) string {
	tb.Helper()
	name := newName()
	for _, statement := range s.Check(tb, "CREATE SCHEMA "+name) {
		if statement.NotExecuted != "" {
			tb.Fatal(statement.NotExecuted)
		}
	}
	tb.Cleanup(func() { s.Check(tb, "DROP SCHEMA IF EXISTS "+name+" CASCADE") })
	return name
}

// newName is the name of a dataset that nothing else has, in any run of the tests.
func newName() string { return "test_" + strings.ToLower(rand.Text()[:12]) }

// A Statement is one that was checked.
type Statement struct {
	// Type is BigQuery's word for its kind.
	Type string `json:"statementType"`
	// Query is its text.
	Query string `json:"query"`
	// NotExecuted says why the emulator could not execute it. It is empty where it
	// could.
	NotExecuted string `json:"notExecuted"`
}

// Analyze has GoogleSQL analyze a script, as BigQuery would, against the tables
// that are there; none of it is executed, but what it creates and drops is there
// and gone for the statements behind. A dataset is looked for in the project of s.
// The error is BigQuery's, and the statements before it are given all the same.
func (s *Server) Analyze(script string) ([]Statement, error) {
	body, err := json.Marshal(map[string]any{"project": s.Project, "query": script})
	if err != nil {
		return nil, fmt.Errorf("checking: %w", err)
	}
	response, err := http.Post(strings.TrimSuffix(s.Endpoint, "bigquery/v2/")+"check", "application/json", bytes.NewReader(body)) //nolint:noctx // cleaning up must work when the test's context has ended
	if err != nil {
		return nil, fmt.Errorf("checking: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	type refused struct {
		Message string `json:"message"`
	}
	var answer struct {
		Statements []Statement `json:"statements"`
		Error      *refused    `json:"error"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("checking: %w", err)
	}
	if answer.Error != nil {
		return answer.Statements, errors.New(answer.Error.Message)
	}
	return answer.Statements, nil
}

// Check is Analyze for what must be right.
func (s *Server) Check(tb testing.TB, script string) []Statement {
	tb.Helper()
	out, err := s.Analyze(script)
	if err != nil {
		tb.Errorf("BigQuery would refuse this: %v\n%s", err, script)
	}
	return out
}
