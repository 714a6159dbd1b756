//go:build unix

package postgrestest

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
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL of this process's own.
type Server struct {
	dir     string
	user    string
	process *exec.Cmd

	mu sync.Mutex
	// databases counts those that were made.
	databases int
}

// Start starts a server. The error is a *MissingError where its programs are
// missing, and another where they are there and it does not start.
func Start() (*Server, error) {
	var missing MissingError
	find := func(name string) string {
		path := program(name)
		if path == "" {
			missing.Programs = append(missing.Programs, name)
		}
		return path
	}
	initdb, postgres := find("initdb"), find("postgres")
	if len(missing.Programs) > 0 {
		return nil, &missing
	}
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, fmt.Errorf("making a folder for PostgreSQL: %w", err)
	}
	s := &Server{dir: dir, user: "postgres"}
	attr := &syscall.SysProcAttr{}
	if os.Getuid() == 0 { // It refuses to run as root.
		nobody, err := user.Lookup("nobody")
		if err != nil {
			return nil, fmt.Errorf("finding a user for PostgreSQL: %w", err)
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
		cmd := exec.CommandContext(context.Background(), name, args...)
		cmd.SysProcAttr, cmd.Dir = attr, dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + dir}
		return cmd
	}
	if out, err := command(initdb, "-D", data, "-U", s.user, "-E", "UTF8", "-A", "trust", "-N").CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), os.RemoveAll(dir))
	}
	// The server is not meant to survive the machine.
	s.process = command(postgres, "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
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
	s.Stop()
	return nil, fmt.Errorf("%s did not start: %w\n%s", postgres, err, said.Bytes())
}

// program finds a program on the path, or where Debian keeps it; it is empty
// where there is none.
func program(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, err := filepath.Glob(filepath.Join(Debian, name))
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

func (s *Server) address(database string) string {
	return "postgres:///" + database + "?host=" + url.QueryEscape(s.dir) + "&user=" + s.user
}

// Database makes a database and gives its address.
func (s *Server) Database(tb testing.TB, options ...string) string {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), s.address("postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(context.Background())
	s.mu.Lock()
	s.databases++
	name := "test" + strconv.Itoa(s.databases)
	s.mu.Unlock()
	if _, err := conn.Exec(tb.Context(), "CREATE DATABASE "+name+" "+strings.Join(options, " ")); err != nil {
		tb.Fatal(err)
	}
	return s.address(name)
}

// Folder is where its socket is.
func (s *Server) Folder() string { return s.dir }

// Stop ends the server and removes what it kept.
func (s *Server) Stop() {
	if s == nil {
		return
	}
	_ = s.process.Process.Signal(syscall.SIGINT) // fast shutdown
	_ = s.process.Wait()
	_ = os.RemoveAll(s.dir)
}
