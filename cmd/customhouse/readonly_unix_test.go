//go:build unix

package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user whom permissions bind, unlike root.
const nobody = 65534

// TestReadOnly: each place that a run writes to may be closed to it.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		closed string // below the project
		code   int
		// Of these, parts of what is written to each output.
		stdout, stderr []string
	}{
		{"project", ".", 1, nil, []string{"error: writing the run down: ", "Permission denied", "help: the directory of a DuckDB file must be writable"}},
		{"artifacts", "target", 1, []string{"Done in "}, []string{"error: writing run_results.json: ", "permission denied", "help: let the user that runs customhouse write there"}},
		{
			"destination", "exports/good_customers_to_files", 1,
			[]string{"good_customers_to_files -> exports  failed  ", "permission denied", "FAILED after "},
			[]string{"FAILED      sync:good_customers_to_files"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "p")
			must(t, nil, "init", dir)
			must(t, nil, "--project-dir", dir, "run")
			ledger := table(t, nil, dir, "sync_ledger")
			add(t, filepath.Join(dir, "data", "orders.csv"), "grace@example.com,2026-02-10 11:00:00,500\n")
			closed := filepath.Join(dir, test.closed)
			if err := os.Chmod(closed, 0o555); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(closed, 0o755) })

			r := bound(t, dir, "--project-dir", dir, "run")
			if r.code != test.code {
				t.Errorf("got exit code %d, want %d", r.code, test.code)
			}
			for _, want := range test.stdout {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("standard output lacks %q:\n%s", want, r.stdout)
				}
			}
			for _, want := range test.stderr {
				if !strings.Contains(r.stderr, want) {
					t.Errorf("standard error lacks %q:\n%s", want, r.stderr)
				}
			}
			if err := os.Chmod(closed, 0o755); err != nil {
				t.Fatal(err)
			}
			sent := len(table(t, nil, dir, "sync_ledger")) - len(ledger)
			if (sent == 1) != (test.name == "artifacts") {
				t.Errorf("%d more rows are acknowledged", sent)
			}
			must(t, nil, "--project-dir", dir, "run")
			if got := len(table(t, nil, dir, "sync_ledger")); got != len(ledger)+1 {
				t.Errorf("after the next run: got %d rows acknowledged, want %d", got, len(ledger)+1)
			}
		})
	}
}

// add appends to a file.
func add(t *testing.T, path, text string) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(old)+text)
}

// bound runs the command line as a user whom permissions bind: as root that is
// nobody, who is given the project.
func bound(t *testing.T, dir string, args ...string) result {
	t.Helper()
	if os.Getuid() != 0 {
		return customhouse(t, nil, args...)
	}
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(filepath.Dir(dir), "customhouse")
	if err := os.WriteFile(binary, text, 0o755); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, nobody, nobody))
	})
	if err != nil {
		t.Fatal(err)
	}
	for up := filepath.Dir(dir); strings.HasPrefix(up, filepath.Join(os.TempDir(), "Test")); up = filepath.Dir(up) {
		if err := os.Chmod(up, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
