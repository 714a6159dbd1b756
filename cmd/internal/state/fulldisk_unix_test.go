//go:build unix

package state_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// TestFullDisk: a write for which there is no room is an error that says so, and
// what was acknowledged before is there; once there is room it goes on. A limit
// on the size of files stands in for the disk, in a process of its own.
func TestFullDisk(t *testing.T) {
	const alone = "CUSTOMHOUSE_TEST_ALONE"
	if os.Getenv(alone) == "" {
		self := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
		self.Env = append(os.Environ(), alone+"=1")
		if out, err := self.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := func(size uint64) {
		l := before
		if l.Cur = size; size == 0 {
			l = before
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
			t.Fatal(err)
		}
	}
	body := bytes.Repeat([]byte("x"), 9000)
	full := 0
	for size := uint64(4 << 10); ; size += 12 << 10 {
		opt := state.Options{Place: filepath.Join(t.TempDir(), "p.db"), Scope: "s", Now: time.Now}
		limit(size)
		var want []state.Entry
		s, err := state.Open(t.Context(), opt)
		if err == nil {
			var l *state.Lease
			l, err = s.Acquire(t.Context(), "vip", 0)
			for i := 0; err == nil && i < 10; i++ {
				e := entry(string(body[:i*900]))
				if e.Seq, err = l.Append(t.Context(), e); err == nil {
					want = append(want, e)
				}
			}
		}
		limit(0)
		if err == nil {
			if full < 5 {
				t.Errorf("only %d sizes were too small", full)
			}
			return
		}
		full++
		if known, ok := errors.AsType[*state.Error](err); !ok || known.Help == "" {
			t.Errorf("with %d bytes: error %v, want one with help", size, err)
		}
		if s != nil {
			if err := s.Close(); err != nil {
				t.Errorf("with %d bytes: closing: %v", size, err)
			}
		}
		later := opt
		later.Now = func() time.Time { return time.Now().Add(time.Hour) }
		l := acquire(t, open(t, later), "vip")
		got, err := all(l.Entries(t.Context()))
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("with %d bytes: %v, entries (-acknowledged +found):\n%s", size, err, d)
		}
		if _, err := l.Append(t.Context(), entry("more")); err != nil {
			t.Errorf("with room again after %d bytes: %v", size, err)
		}
	}
}
