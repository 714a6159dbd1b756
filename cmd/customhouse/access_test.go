package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestKilledAccess kills whoever writes a person's file at each of its points. The
// request is never said to be done without a whole file, and once it is nothing of
// the person is in the state.
func TestKilledAccess(t *testing.T) { //nolint:tparallel // each is several processes
	t.Parallel()
	s := newShopOfTwo(t)
	for _, point := range []string{"privacy write", "privacy written", "privacy answered", "privacy forgotten", "privacy forgotten done"} {
		t.Run(strings.ReplaceAll(point, " ", "_"), func(t *testing.T) {
			one := *s
			one.dir = t.TempDir()
			if err := os.CopyFS(one.dir, os.DirFS(s.dir)); err != nil {
				t.Fatal(err)
			}
			first, second := filepath.Join(one.dir, "first.zip"), filepath.Join(one.dir, "second.zip")
			cmd := exec.CommandContext(t.Context(), "customhouse-dying", "--project-dir", one.dir, "privacy", "access", "email=ada.one@example.com", "--evidence", "ticket 4711", "--out", first)
			cmd.Env = append(append(os.Environ(), one.env...), diesAt+"="+point, diesTimes+"=1", passages+"="+filepath.Join(t.TempDir(), "passages.json"))
			if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() >= 0 {
				t.Fatalf("it did not die: %v %s", err, out)
			}
			list := one.list(t)
			if len(list) != 1 || list[0].Status == "done" {
				t.Fatalf("after it died: %+v", list)
			}
			one.must(t, "run", "--as-of", "2026-01-04")
			r := one.request(t, "privacy", "show", list[0].ID)
			// What the dead one had said of its file is believed, and nothing else.
			whole := first
			if r.status("write", "file") != "done" {
				if r.Status != "working" {
					t.Fatalf("without a file the request is %s", r.Status)
				}
				whole = second
				one.must(t, "privacy", "access", r.ID, "--out", second)
				r = one.request(t, "privacy", "show", r.ID)
			}
			if r.Status != "done" || r.status("close", "state") != "done" {
				t.Errorf("in the end it is %s: %+v", r.Status, r.Steps)
			}
			z, err := zip.OpenReader(whole)
			if err != nil {
				t.Fatal(err)
			}
			if len(z.File) < 5 {
				t.Errorf("the file has %d files", len(z.File))
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			// A file without anybody who could say that it is whole may be left where it was to go.
			left := slices.DeleteFunc(one.having(t, []string{"ada.one@example.com"}), func(place string) bool { return !strings.Contains(place, ".customhouse") })
			if len(left) > 0 {
				t.Errorf("left in the state: %s", strings.Join(left, "\n"))
			}
		})
	}
}

// list are the requests that there are.
func (s *shopOfTwo) list(t *testing.T) []requested {
	t.Helper()
	var list struct{ Requests []requested }
	if err := json.Unmarshal([]byte(s.must(t, "--format", "json", "privacy", "list")), &list); err != nil {
		t.Fatal(err)
	}
	return list.Requests
}

// TestAskedTwice: what is open and asked for again, of the same person, is one
// request, whoever asks at the same time.
func TestAskedTwice(t *testing.T) {
	t.Parallel()
	s := newShopOfTwo(t)
	for range 2 {
		s.must(t, "privacy", "restrict", "email=ada.one@example.com", "--evidence", "ticket 1")
		s.must(t, "privacy", "access", "email=Ada.One@example.com", "--evidence", "ticket 2")
		s.must(t, "privacy", "access", "email=ada.one@example.com", "--evidence", "ticket 3", "--portable")
	}
	s.must(t, "privacy", "restrict", "email=bob@example.com", "--evidence", "ticket 4")
	s.must(t, "privacy", "access", "email=bob@example.com", "--evidence", "ticket 5")
	var kinds []string
	for _, r := range s.list(t) {
		kinds = append(kinds, r.Kind+" "+r.Status+" "+r.Evidence)
	}
	slices.Sort(kinds)
	want := []string{
		"access received ticket 2", "access received ticket 5", "portability received ticket 3", "restrict waiting ticket 1", "restrict waiting ticket 4",
	}
	if fmt.Sprint(kinds) != fmt.Sprint(want) {
		t.Errorf("there are %q, want %q", kinds, want)
	}
	if r := customhouse(t, s.env, "--project-dir", s.dir, "privacy", "object", "email=bob@example.com", "--purpose", "advertisin", "--evidence", "ticket 6"); r.code != exitUsage || !strings.Contains(r.stderr, "did you mean advertising?") {
		t.Errorf("objecting to nothing: %d %s", r.code, r.stderr)
	}
	// Whoever is erased has nothing open any more.
	for _, r := range s.list(t) {
		if r.Evidence == "ticket 2" {
			out := s.must(t, "privacy", "access", r.ID, "--out", filepath.Join(t.TempDir(), "ada.zip"), "--format", "json")
			if !strings.Contains(out, `"status": "done"`) {
				t.Errorf("it was answered: %s", out)
			}
		}
	}
}
