// Package postgrestest starts a PostgreSQL for the tests of what needs one: the
// adapter, and the state of deliveries that several machines share. It is a real
// server of the process's own, which listens on a socket in a folder alone and
// is gone with it. It installs nothing. Start with
// Main, or with New for one test.
package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// Debian is where Debian keeps the programs of servers, off the path.
const Debian = "/usr/lib/postgresql/*/bin"

// MissingError names the programs that a server needs and this machine lacks.
type MissingError struct{ Programs []string }

func (e *MissingError) Error() string {
	return "what needs a PostgreSQL is not tested: " + strings.Join(e.Programs, " and ") +
		" of PostgreSQL are neither on the PATH nor in " + Debian + "; install the Debian package postgresql (apt-get install postgresql)"
}

// running is the server of this process, and lacking why there is none.
var (
	running *Server
	lacking *MissingError
)

// Main runs the tests of a package beside a server, and gives the exit code.
// Where the programs are missing it says so loudly and the tests that ask for a
// database are skipped; in CI, and where a server does not start, all fail.
func Main(m *testing.M) int {
	var err error
	if running, err = begin(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	running.Stop()
	if lacking != nil && code == 0 {
		warn()
	}
	return code
}

// New starts a server for one test, which ends with it. Where the programs are
// missing the test is skipped, loudly; in CI it fails.
func New(tb testing.TB) *Server {
	tb.Helper()
	s, err := begin()
	if err != nil {
		tb.Fatal(err)
	}
	if s == nil {
		tb.Skip(lacking)
	}
	tb.Cleanup(s.Stop)
	return s
}

// begin starts a server, or says in lacking and loudly why there is none. A
// server that is there and does not start is no reason to skip anything.
func begin() (*Server, error) {
	s, err := Start()
	if missing, ok := errors.AsType[*MissingError](err); ok && os.Getenv("CI") == "" {
		lacking = missing
		warn()
		return nil, nil //nolint:nilnil // lacking says why
	}
	return s, err
}

// warn tells loudly that tests did not run.
func warn() {
	line := strings.Repeat("=", 72)
	fmt.Fprintf(os.Stderr, "%s\nWARNING: %v.\n%s\n", line, lacking, line)
}

// Database makes an empty database on the server that Main started, and gives
// its address. Options are what CREATE DATABASE takes behind the name. Where the
// programs are missing the test is skipped.
func Database(tb testing.TB, options ...string) string {
	tb.Helper()
	return started(tb).Database(tb, options...)
}

// Folder is where the socket of the server is that Main started.
func Folder(tb testing.TB) string {
	tb.Helper()
	return started(tb).Folder()
}

func started(tb testing.TB) *Server {
	tb.Helper()
	if lacking != nil {
		tb.Skip(lacking)
	}
	if running == nil {
		tb.Fatal("there is no server: TestMain does not call postgrestest.Main")
	}
	return running
}
