package state_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config/secret"
)

func TestMain(m *testing.M) {
	if os.Getenv(actor) != "" {
		act()
		return
	}
	os.Exit(postgrestest.Main(m))
}

// each runs a test on a new state of each kind.
func each(t *testing.T, test func(t *testing.T, opt state.Options)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		test(t, state.Options{Place: filepath.Join(t.TempDir(), "folder", "p.db"), Scope: "shop/local", Now: time.Now})
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, state.Options{Place: postgrestest.Database(t), Scope: "shop/local", Now: time.Now})
	})
}

func open(t *testing.T, opt state.Options) *state.Store {
	t.Helper()
	s, err := state.Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func acquire(t *testing.T, s *state.Store, name string) *state.Lease {
	t.Helper()
	l, err := s.Acquire(t.Context(), name, 0)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func entry(body string) state.Entry {
	return state.Entry{RunID: "run-1", AsOf: time.Date(2026, 11, 22, 1, 2, 3, 4000, time.UTC), Place: "crm/contacts/email", Body: []byte(body)}
}

// all are the entries of a journal.
func all(entries iter.Seq2[state.Entry, error]) (list []state.Entry, err error) {
	for e, err := range entries {
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// TestJournalInPages: a journal of many entries, or of long ones, is read whole.
func TestJournalInPages(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		l := acquire(t, open(t, opt), "vip")
		long := strings.Repeat("x", 700_000)
		var want []string
		for i := range 1005 {
			body := strconv.Itoa(i)
			if i < 5 {
				body += long
			}
			if _, err := l.Append(t.Context(), entry(body)); err != nil {
				t.Fatal(err)
			}
			want = append(want, body)
		}
		var got []string
		for e, err := range l.Entries(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(e.Body))
		}
		if !slices.Equal(want, got) {
			t.Errorf("%d entries, want %d", len(got), len(want))
		}
		for range l.Entries(t.Context()) {
			break
		}
		if last, err := l.Last(t.Context()); err != nil || last < 1005 {
			t.Errorf("last %d, error %v", last, err)
		}
	})
}

// TestWriting: an entry and the requests that begin and end with it are written
// as one, or not at all; and so is a mark, for the next holder.
func TestWriting(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		s := open(t, opt)
		l := acquire(t, s, "vip")
		job := func(id string) state.Job {
			return state.Job{ID: id, Place: "p", RunID: "run-1", StartedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Body: []byte("rows of " + id)}
		}
		ids := func(l *state.Lease) (list []string) {
			t.Helper()
			jobs, err := l.Jobs(t.Context(), "p")
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range jobs {
				list = append(list, j.ID+" "+j.Handle+" "+string(j.Body))
			}
			return list
		}
		seq, err := l.Write(t.Context(), state.Entry{}, []state.Job{job("a"), job("b")}, nil)
		if err != nil || seq != 0 {
			t.Errorf("without an entry: seq %d, error %v", seq, err)
		}
		started := job("b")
		started.Handle = "of b"
		if err := l.SaveJob(t.Context(), started); err != nil {
			t.Error(err)
		}
		// One that is there already fails the whole.
		if _, err := l.Write(t.Context(), entry("two"), []state.Job{job("c"), job("b")}, []string{"a"}); err == nil {
			t.Error("b was begun twice")
		}
		if last, err := l.Last(t.Context()); err != nil || last != 0 {
			t.Errorf("the journal has entry %d, error %v", last, err)
		}
		if d := cmp.Diff([]string{"a  rows of a", "b of b rows of b"}, ids(l)); d != "" {
			t.Errorf("jobs (-want +got):\n%s", d)
		}
		seq, err = l.Write(t.Context(), entry("three"), []state.Job{job("c")}, []string{"a", "b"})
		if last, err2 := l.Last(t.Context()); err != nil || err2 != nil || seq == 0 || last != seq {
			t.Errorf("seq %d and last %d, errors %v, %v", seq, last, err, err2)
		}
		if d := cmp.Diff([]string{"c  rows of c"}, ids(l)); d != "" {
			t.Errorf("jobs (-want +got):\n%s", d)
		}
		if l.Marked() != "" {
			t.Errorf("marked %q before anybody did", l.Marked())
		}
		if err := errors.Join(l.Mark(t.Context(), "run-1"), l.Release(t.Context())); err != nil {
			t.Fatal(err)
		}
		next := acquire(t, s, "vip")
		if got := next.Marked(); got != "run-1" {
			t.Errorf("marked %q", got)
		}
		lost := new(state.LostError)
		if err := l.Mark(t.Context(), "late"); !errors.As(err, &lost) {
			t.Errorf("marking a lease that was lost: %v", err)
		}
		if _, err := l.Write(t.Context(), entry("late"), []state.Job{job("d")}, []string{"c"}); !errors.As(err, &lost) {
			t.Errorf("writing with a lease that was lost: %v", err)
		}
		if d := cmp.Diff([]string{"c  rows of c"}, ids(next)); d != "" {
			t.Errorf("jobs (-want +got):\n%s", d)
		}
	})
}

// TestJournal: what was written is there for the next holder, in order, until
// it is deleted; and nobody else's.
func TestJournal(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		s := open(t, opt)
		vip, other := acquire(t, s, "vip"), acquire(t, s, "other")
		var seqs []int64
		for _, body := range []string{"one", "", "three \x00 \xff"} {
			seq, err := vip.Append(t.Context(), entry(body))
			if err != nil {
				t.Fatal(err)
			}
			seqs = append(seqs, seq)
		}
		if _, err := other.Append(t.Context(), entry("somebody else's")); err != nil {
			t.Fatal(err)
		}
		elsewhere := opt
		elsewhere.Scope = "shop/production"
		if got, err := all(acquire(t, open(t, elsewhere), "vip").Entries(t.Context())); err != nil || len(got) > 0 {
			t.Errorf("another target reads %v, %v", got, err)
		}
		if err := vip.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		next := acquire(t, open(t, opt), "vip")
		var want []state.Entry
		for i, body := range []string{"one", "", "three \x00 \xff"} {
			e := entry(body)
			e.Seq = seqs[i]
			want = append(want, e)
		}
		got, err := all(next.Entries(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("entries (-want +got):\n%s", d)
		}
		if err := next.Delete(t.Context(), seqs[1]); err != nil {
			t.Fatal(err)
		}
		if got, err := all(next.Entries(t.Context())); err != nil || len(got) != 1 || got[0].Seq != seqs[2] {
			t.Errorf("after the deletion: %v, %v", got, err)
		}
		if got, err := all(other.Entries(t.Context())); err != nil || len(got) != 1 {
			t.Errorf("the other's entries are %v, %v", got, err)
		}
	})
}

// TestLease: one holder at a time, and fences that only grow.
func TestLease(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		s, second := open(t, opt), open(t, opt)
		l := acquire(t, s, "vip")
		_, err := second.Acquire(t.Context(), "vip", 0)
		held, ok := errors.AsType[*state.HeldError](err)
		if !ok || !strings.Contains(held.Holder, fmt.Sprintf("/%d", os.Getpid())) || time.Since(held.Since).Abs() > time.Minute {
			t.Errorf("the second holder gets %v", err)
		}
		acquire(t, second, "other")
		for range 3 {
			if err := errors.Join(l.Renew(t.Context()), l.Held()); err != nil {
				t.Error(err)
			}
		}
		if err := l.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"renew": l.Renew(t.Context()), "held": l.Held(), "delete": l.Delete(t.Context(), 1),
		} {
			if _, ok := errors.AsType[*state.LostError](err); !ok {
				t.Errorf("%s after the release: %v", name, err)
			}
		}
		if next := acquire(t, second, "vip"); next.Fence() <= l.Fence() {
			t.Errorf("the fence went from %d to %d", l.Fence(), next.Fence())
		}
		if above, err := second.Acquire(t.Context(), "third", 41); err != nil || above.Fence() != 42 {
			t.Errorf("above 41 comes %v, %v", above.Fence(), err)
		}
	})
}

// TestExpiry: who is away for longer than the lease neither sends nor writes
// when it is back, whether another has come or not.
func TestExpiry(t *testing.T) {
	place := filepath.Join(t.TempDir(), "p.db")
	synctest.Test(t, func(t *testing.T) {
		opt := state.Options{Place: place, Scope: "s", Now: time.Now, TTL: time.Minute}
		s, second := open(t, opt), open(t, opt)
		l := acquire(t, s, "vip")
		time.Sleep(29 * time.Second)
		if err := l.Held(); err != nil {
			t.Errorf("before half of the lease: %v", err)
		}
		if _, err := l.Append(t.Context(), entry("one")); err != nil {
			t.Errorf("that renews: %v", err)
		}
		time.Sleep(29 * time.Second)
		if err := l.Held(); err != nil {
			t.Errorf("after a renewal: %v", err)
		}
		time.Sleep(time.Second)
		if err := l.Held(); err == nil {
			t.Error("after half of the lease it is held")
		}
		if _, err := second.Acquire(t.Context(), "vip", 0); err == nil {
			t.Error("another takes it before it has ended")
		}
		time.Sleep(31 * time.Second)
		if _, err := l.Append(t.Context(), entry("late")); err == nil {
			t.Error("a holder writes after the end of its lease")
		}
		if err := l.Held(); err == nil {
			t.Error("a lost lease is held")
		}
		next := acquire(t, second, "vip")
		if _, err := l.Append(t.Context(), entry("later")); err == nil {
			t.Error("a holder writes though another has the lease")
		}
		if got, err := all(next.Entries(t.Context())); err != nil || len(got) != 1 {
			t.Errorf("entries are %v, %v", got, err)
		}
		if err := l.Release(t.Context()); err != nil {
			t.Error(err)
		}
		if err := next.Renew(t.Context()); err != nil {
			t.Errorf("the release of a lost lease ended that of another: %v", err)
		}
	})
}

// TestTokens: the last one counts, and none where somebody has signed in again.
// TestUse: a lease that is renewed keeps others out for longer than it lasts, and
// its user hears of it when it is lost all the same.
func TestUse(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		opt.TTL = time.Second
		using, stop, err := open(t, opt).Use(t.Context(), "target prod")
		if err != nil {
			t.Fatal(err)
		}
		other := open(t, opt)
		for range 4 {
			time.Sleep(opt.TTL / 3)
			_, leave, err := other.Use(t.Context(), "target prod")
			if err == nil {
				// A machine that is too busy to renew in time: its user hears of it.
				<-using.Done()
				if err := leave(); err != nil {
					t.Error(err)
				}
				break
			}
			if held, ok := errors.AsType[*state.HeldError](err); !ok || held.Name != "target prod" {
				t.Fatalf("got %v, want a HeldError", err)
			}
		}
		if _, lost := errors.AsType[*state.LostError](context.Cause(using)); using.Err() != nil && !lost {
			t.Errorf("the user was stopped: %v", context.Cause(using))
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if state.IsAddress(opt.Place) {
			return // the clock of PostgreSQL is not ours to set
		}
		// The next one's clock jumps far ahead, as after a sleep of the machine.
		var ahead atomic.Int64
		jumping := opt
		jumping.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		using, stop, err = open(t, jumping).Use(t.Context(), "target prod")
		if err != nil {
			t.Fatal(err)
		}
		ahead.Store(int64(time.Hour))
		<-using.Done()
		if _, lost := errors.AsType[*state.LostError](context.Cause(using)); !lost {
			t.Errorf("got %v, want a LostError", context.Cause(using))
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		s := open(t, opt)
		for _, token := range []string{"first", "second"} {
			if err := s.KeepToken(t.Context(), "crm", "origin", secret.NewValue(token)); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct{ destination, origin, want string }{
			{"crm", "origin", "second"}, {"crm", "another", ""}, {"ads", "origin", ""},
		} {
			got, err := s.Token(t.Context(), c.destination, c.origin)
			if err != nil || got.Reveal() != c.want || got.IsZero() != (c.want == "") {
				t.Errorf("token of %s from %s is %q, %v, want %q", c.destination, c.origin, got.Reveal(), err, c.want)
			}
		}
	})
}

// TestRace: many holders on stores of their own take turns, and no two at once.
func TestRace(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		var wg sync.WaitGroup
		var mu sync.Mutex
		inside, turns := 0, 0
		for range 6 {
			s := open(t, opt)
			wg.Go(func() {
				for range 15 {
					l, err := s.Acquire(context.Background(), "vip", 0)
					if _, held := errors.AsType[*state.HeldError](err); held {
						time.Sleep(time.Millisecond)
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					inside, turns = inside+1, turns+1
					if inside > 1 {
						t.Error("two hold the lease at once")
					}
					mu.Unlock()
					_, err = l.Append(context.Background(), entry(strconv.FormatInt(l.Fence(), 10)))
					mu.Lock()
					inside--
					mu.Unlock()
					if err := errors.Join(err, l.Release(context.Background())); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		entries, err := all(acquire(t, open(t, opt), "vip").Entries(t.Context()))
		if err != nil || len(entries) != turns || turns == 0 {
			t.Fatalf("%d entries of %d turns, %v", len(entries), turns, err)
		}
		for i, e := range entries {
			if want := strconv.Itoa(i + 1); string(e.Body) != want {
				t.Errorf("entry %d was written under fence %s", i+1, e.Body)
			}
		}
	})
}

// TestNewer: what a newer program wrote is left alone.
func TestNewer(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		s := open(t, opt)
		state.Statement(t, s, `INSERT INTO customhouse_state_version (version) VALUES (1000)`)
		_, err := state.Open(t.Context(), opt)
		wantError(t, err, "was written by a newer customhouse: it is of version 1000", "use the newer program")
	})
}

func wantError(t *testing.T, err error, message, help string) {
	t.Helper()
	known, ok := errors.AsType[*state.Error](err)
	if !ok || !strings.Contains(known.Error(), message) || !strings.Contains(known.Help, help) {
		t.Errorf("error %v\nwant an *Error with %q and the help %q", err, message, help)
	}
}

// TestPrivate: the file holds keys of people and tokens.
func TestPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	s := open(t, state.Options{Place: filepath.Join(dir, "p.db"), Now: time.Now})
	if _, err := acquire(t, s, "vip").Append(t.Context(), entry("x")); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if files++; d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
		return nil
	})
	if err != nil || files != 5 { // the folder, .gitignore, the file, -wal and -shm
		t.Errorf("%d files, %v", files, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, ".gitignore")); err != nil || !strings.HasSuffix(string(text), "\n*\n") {
		t.Errorf("Git sees the folder: %q, %v", text, err)
	}
}

// TestDeleted: what was deleted is not left in free pages.
func TestDeleted(t *testing.T) {
	place := filepath.Join(t.TempDir(), "p.db")
	s := open(t, state.Options{Place: place, Now: time.Now})
	l := acquire(t, s, "vip")
	seq, err := l.Append(t.Context(), entry("ada@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Delete(t.Context(), seq); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(place)
	if err != nil || strings.Contains(string(text), "ada@example.com") {
		t.Errorf("the file still has the key, %v", err)
	}
}

// TestUnusable: what cannot be used says what to do, and no password.
func TestUnusable(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const password = "canary-7f3a"
	for name, c := range map[string]struct{ place, message, help string }{
		"no database": {write("text.db", strings.Repeat("not a database. ", 100)), "is damaged, or no state of customhouse", "move the file away"},
		"a folder":    {dir, "cannot be written", "state: of the target"},
		"no folder":   {filepath.Join(write("file", "x"), "p.db"), "cannot be written", "state: of the target"},
		"nobody":      {"postgres://u:" + password + "@127.0.0.1:1/db", "cannot be reached", "its address is right"},
		"no address":  {"postgres://u:" + password + "@[:5/%zz", "cannot be read", "postgres://user:password@"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := state.Open(t.Context(), state.Options{Place: c.place, Now: time.Now})
			if err == nil {
				t.Fatal(s.Close())
			}
			wantError(t, err, c.message, c.help)
			if strings.Contains(err.Error(), password) {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

// TestJobs: a job is there for the next holder with its last handle, until it
// is forgotten, and can be written by no one who has lost the lease.
func TestJobs(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		job := func(id, handle string, minute int) state.Job {
			return state.Job{
				ID: id, Place: "crm/contacts/email", RunID: "run-1", StartedAt: time.Date(2026, 11, 22, 1, minute, 3, 4000, time.UTC),
				Handle: handle, Idempotent: minute%2 == 0, Body: []byte("\x00\xff" + id),
			}
		}
		s := open(t, opt)
		vip, other := acquire(t, s, "vip"), acquire(t, s, "other")
		for _, j := range []state.Job{job("run-1/2", "upload", 2), job("run-1/1", "upload", 1), job("run-1/2", "wait", 9)} {
			if err := vip.SaveJob(t.Context(), j); err != nil {
				t.Fatal(err)
			}
		}
		if err := other.SaveJob(t.Context(), job("run-1/1", "else", 1)); err != nil {
			t.Fatal(err)
		}
		if err := vip.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		next := acquire(t, open(t, opt), "vip")
		got, err := next.Jobs(t.Context(), "crm/contacts/email")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]state.Job{job("run-1/1", "upload", 1), job("run-1/2", "wait", 2)}, got); d != "" {
			t.Errorf("jobs (-want +got):\n%s", d)
		}
		if got, err := next.Jobs(t.Context(), "elsewhere"); err != nil || len(got) > 0 {
			t.Errorf("elsewhere are %v, %v", got, err)
		}
		if err := next.DeleteJobs(t.Context(), []string{"run-1/1", "none"}); err != nil {
			t.Fatal(err)
		}
		if got, err := next.Jobs(t.Context(), "crm/contacts/email"); err != nil || len(got) != 1 || got[0].ID != "run-1/2" {
			t.Errorf("after the deletion: %v, %v", got, err)
		}
		if got, err := other.Jobs(t.Context(), "crm/contacts/email"); err != nil || len(got) != 1 {
			t.Errorf("the other's jobs are %v, %v", got, err)
		}
		if _, ok := errors.AsType[*state.LostError](vip.SaveJob(t.Context(), job("late", "x", 3))); !ok {
			t.Error("a job was written without the lease")
		}
	})
}
