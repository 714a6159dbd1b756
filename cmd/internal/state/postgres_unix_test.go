//go:build unix

package state_test

import (
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

// startPostgres starts a server. There is none where its programs are missing.
func startPostgres() (*server, error) {
	initdb, err := postgresProgram("initdb")
	if err != nil {
		return nil, err
	}
	postgres, err := postgresProgram("postgres")
	if err != nil {
		return nil, err
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
	if err := s.process.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	for range 200 {
		conn, err := pgx.Connect(context.Background(), s.address("postgres"))
		if err == nil {
			return s, conn.Close(context.Background())
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.stop()
	return nil, errors.New("PostgreSQL did not start")
}

// postgresProgram finds a program on the path, or where Debian keeps it.
func postgresProgram(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%s is not installed", name)
	}
	return found[len(found)-1], nil
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

// absent tells loudly that tests did not run.
func absent(err error) {
	line := strings.Repeat("=", 72)
	fmt.Fprintf(os.Stderr, "%s\nWARNING: the state in PostgreSQL is NOT tested: %v.\nInstall the package postgresql (Debian: apt-get install postgresql).\n%s\n", line, err, line)
}
