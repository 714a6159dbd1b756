//go:build unix

package state_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// server is a PostgreSQL of this process's own, which listens on a socket in a
// folder alone.
type server struct {
	dir     string
	user    string
	process *exec.Cmd
	// databases counts those that were made.
	databases int
}

// missingError names the programs that a server needs and this machine lacks.
type missingError struct{ programs []string }

func (e *missingError) Error() string {
	return "the state in PostgreSQL is not tested: " + strings.Join(e.programs, " and ") +
		" of PostgreSQL are neither on the PATH nor in " + debianPrograms + "; install the Debian package postgresql (apt-get install postgresql)"
}

// debianPrograms is where Debian keeps the programs of servers, off the path.
const debianPrograms = "/usr/lib/postgresql/*/bin"

// startPostgres starts a server. The error is a *missingError where its programs
// are missing, and another where they are there and it does not start.
func startPostgres() (*server, error) {
	var missing missingError
	program := func(name string) string {
		path := postgresProgram(name)
		if path == "" {
			missing.programs = append(missing.programs, name)
		}
		return path
	}
	initdb, postgres := program("initdb"), program("postgres")
	if len(missing.programs) > 0 {
		return nil, &missing
	}
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, user: "postgres"}
	attr := &syscall.SysProcAttr{}
	if os.Getuid() == 0 { // It refuses to run as root.
		nobody, err := user.Lookup("nobody")
		if err != nil {
			return nil, err
		}
		uid, err1 := strconv.ParseUint(nobody.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(nobody.Gid, 10, 32)
		if err := errors.Join(err1, err2, os.Chown(dir, int(uid), int(gid))); err != nil {
			return nil, err
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	data := filepath.Join(dir, "data")
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.SysProcAttr, cmd.Dir = attr, dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + dir}
		return cmd
	}
	if out, err := command(initdb, "-D", data, "-U", s.user, "-A", "trust", "-N").CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), os.RemoveAll(dir))
	}
	s.process = command(postgres, "-D", data, "-k", dir, "-c", "listen_addresses=")
	var said bytes.Buffer
	s.process.Stdout, s.process.Stderr = &said, &said
	if err := s.process.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	for range 200 {
		var conn *pgx.Conn
		conn, err = pgx.Connect(context.Background(), s.address("postgres"))
		if err == nil {
			return s, conn.Close(context.Background())
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("%s did not start: %w\n%s", postgres, err, said.Bytes())
}

// postgresProgram finds a program on the path, or where Debian keeps it; it is
// empty where there is none.
func postgresProgram(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, err := filepath.Glob(filepath.Join(debianPrograms, name))
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

func (s *server) address(database string) string {
	return "postgres:///" + database + "?host=" + url.QueryEscape(s.dir) + "&user=" + s.user
}

// database makes a database and returns its address.
func (s *server) database(t *testing.T) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.address("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	s.databases++
	name := "state" + strconv.Itoa(s.databases)
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return s.address(name)
}

func (s *server) stop() {
	if s == nil {
		return
	}
	_ = s.process.Process.Signal(syscall.SIGINT) // fast shutdown
	_ = s.process.Wait()
	_ = os.RemoveAll(s.dir)
}

// warn tells loudly that tests did not run.
func warn() {
	line := strings.Repeat("=", 72)
	fmt.Fprintf(os.Stderr, "%s\nWARNING: %v.\n%s\n", line, lacking, line)
}
