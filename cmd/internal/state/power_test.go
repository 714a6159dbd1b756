package state_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// written is a state with entries, as its files are while it is open, and as
// the file is once it was closed.
type written struct {
	entries   []state.Entry
	open, wal []byte
	closed    []byte
}

func newWritten(t *testing.T) written {
	t.Helper()
	place := filepath.Join(t.TempDir(), "p.db")
	s, err := state.Open(t.Context(), state.Options{Place: place, Scope: "s", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	l := acquire(t, s, "vip")
	var w written
	for i := range 40 {
		e := entry(fmt.Sprintf("%d %s", i, bytes.Repeat([]byte{byte(i)}, i*150)))
		if e.Seq, err = l.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		w.entries = append(w.entries, e)
	}
	read := func(name string) []byte {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	w.open, w.wal = read(place), read(place+"-wal")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	w.closed = read(place)
	return w
}

// reopen opens files that a power cut has left, and returns the entries.
func reopen(t *testing.T, file, wal []byte) ([]state.Entry, error) {
	t.Helper()
	place := filepath.Join(t.TempDir(), "p.db")
	err := os.WriteFile(place, file, 0o600)
	if wal != nil {
		err = errors.Join(err, os.WriteFile(place+"-wal", wal, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	later := func() time.Time { return time.Now().Add(time.Hour) }
	s, err := state.Open(t.Context(), state.Options{Place: place, Scope: "s", Now: later})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	l, err := s.Acquire(t.Context(), "vip", 0)
	if err != nil {
		return nil, err
	}
	return all(l.Entries(t.Context()))
}

// sparse is how many cuts and changes are left out for each that is tried.
func sparse() int {
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		return 1
	}
	return 7
}

// cuts are the 512-byte boundaries of the last 64 KiB, or some of them.
func cuts(n int) (at []int) {
	for i := n / 512 * 512; i >= max(0, n-64<<10); i -= 512 * sparse() {
		at = append(at, i)
	}
	return at
}

// TestPowerLoss: where the end of a file never reached the disk, the state opens
// with what had, in order and to the last whole entry, or is refused; it is
// never another.
func TestPowerLoss(t *testing.T) {
	w := newWritten(t)
	if got, err := reopen(t, w.open, w.wal); err != nil || !cmp.Equal(w.entries, got) {
		t.Fatalf("whole files have %d entries, %v", len(got), err)
	}
	if got, err := reopen(t, w.closed, nil); err != nil || !cmp.Equal(w.entries, got) {
		t.Fatalf("a whole file has %d entries, %v", len(got), err)
	}
	refused, shorter := 0, 0
	for _, at := range cuts(len(w.closed)) {
		if at == len(w.closed) {
			continue
		}
		got, err := reopen(t, w.closed[:at], nil)
		switch known, ok := errors.AsType[*state.Error](err); {
		case ok && known.Help != "":
			refused++
		case at == 0 && err == nil && len(got) == 0: // An empty file is a new one.
		default:
			t.Errorf("the file cut at %d of %d opens with %d entries, %v", at, len(w.closed), len(got), err)
		}
	}
	for _, at := range cuts(len(w.wal)) {
		got, err := reopen(t, w.open, w.wal[:at])
		if err != nil || len(got) > len(w.entries) || !cmp.Equal(w.entries[:len(got)], append([]state.Entry{}, got...)) {
			t.Errorf("the log cut at %d of %d opens with %d entries, %v", at, len(w.wal), len(got), err)
		}
		if len(got) < len(w.entries) {
			shorter++
		}
	}
	if refused < 128/sparse()/2 || shorter < 128/sparse()/2 {
		t.Errorf("%d cuts were refused, %d opened with fewer entries", refused, shorter)
	}
	t.Logf("%d cuts of the file were refused, %d of %d cuts of the log opened with fewer entries", refused, shorter, len(cuts(len(w.wal))))
}

// TestDamage: bytes that are not what was written are noticed wherever they
// would change an entry.
func TestDamage(t *testing.T) {
	w := newWritten(t)
	noticed, harmless := 0, 0
	for at := 97; at < len(w.closed); at += 1009 * sparse() {
		file := bytes.Clone(w.closed)
		file[at] ^= 0x55
		got, err := reopen(t, file, nil)
		switch {
		case err != nil:
			noticed++
		case cmp.Equal(w.entries, got):
			harmless++
		default:
			t.Errorf("with byte %d changed the state opens with other entries", at)
		}
	}
	if noticed == 0 {
		t.Error("nothing was noticed")
	}
	t.Logf("%d changed bytes were noticed, %d changed no entry", noticed, harmless)
}
