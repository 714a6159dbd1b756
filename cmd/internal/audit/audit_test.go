package audit_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// writer is the variable that makes this binary add entries; its value is the
// place of the state.
const writer = "CUSTOMHOUSE_TEST_AUDIT"

func TestMain(m *testing.M) {
	if os.Getenv(writer) != "" {
		os.Exit(add())
	}
	os.Exit(postgrestest.Main(m))
}

var key = []byte("a key of thirty-two bytes, or so")

// perWriter is how many entries a process of TestTwoProcesses adds.
const perWriter = 150

func add() int {
	ctx := context.Background()
	s, err := state.Open(ctx, state.Options{Place: os.Getenv(writer), Scope: "shop/local", Now: time.Now})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	l, err := audit.Open(s, key)
	for i := 0; err == nil && i < perWriter; i++ {
		err = l.Add(ctx, delivered(i))
	}
	if err = errors.Join(err, s.Close()); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// each runs a test on a new state of each kind.
func each(t *testing.T, test func(t *testing.T, opt state.Options)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		test(t, state.Options{Place: filepath.Join(t.TempDir(), "p.db"), Scope: "shop/local", Now: time.Now})
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, state.Options{Place: postgrestest.Database(t), Scope: "shop/local", Now: time.Now})
	})
}

func open(t *testing.T, opt state.Options) *audit.Log {
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
	return logOf(t, s)
}

func logOf(t *testing.T, s audit.Store) *audit.Log {
	t.Helper()
	l, err := audit.Open(s, key)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func delivered(i int) audit.Entry {
	return audit.Entry{
		Actor: audit.User("ann@host"), Action: audit.Delivered, Object: audit.Of("sync", "vip"),
		Details: []audit.Detail{audit.Word("purpose", "marketing"), audit.Words("classes", []string{"internal", "personal"}), audit.Count("accepted", int64(i))},
	}
}

func verify(t *testing.T, l *audit.Log, heads ...audit.Head) audit.Report {
	t.Helper()
	r, err := l.Verify(t.Context(), heads)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// kept is a log in memory, that a test may do anything to.
type kept struct {
	head state.AuditHead
	list []state.AuditEntry
}

func (k *kept) Audit(_ context.Context, add func(time.Time, state.AuditHead) ([]state.AuditEntry, state.AuditHead, error)) error {
	list, head, err := add(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(len(k.list))*time.Second), k.head)
	if err == nil && len(list) > 0 {
		k.list, k.head = append(k.list, list...), head
	}
	return err
}

func (k *kept) AuditHead(context.Context) (state.AuditHead, error) { return k.head, nil }

func (k *kept) AuditEntries(_ context.Context, after int64) iter.Seq2[state.AuditEntry, error] {
	return func(yield func(state.AuditEntry, error) bool) {
		for _, e := range k.list {
			if e.Seq > after && !yield(e, nil) {
				return
			}
		}
	}
}

// but is a copy of the log that something was done to, its entries numbered anew
// where renumber says so, as who hides a cut would.
func (k *kept) but(renumber bool, change func([]state.AuditEntry) []state.AuditEntry) *kept {
	out := &kept{head: k.head, list: change(slices.Clone(k.list))}
	for i := range out.list {
		if renumber {
			out.list[i].Seq = int64(i) + 1
		}
	}
	return out
}

// TestEveryEntry: each of 1,000 entries is edited, cut out, put in, swapped and
// repeated, in the ways in which somebody may who has not the key; and the end is
// cut off after each. Every time the place is named.
func TestEveryEntry(t *testing.T) {
	t.Parallel()
	const n = 1000
	log := &kept{}
	l := logOf(t, log)
	var heads []state.AuditHead // heads[i] is that after entry i+1
	var copies []audit.Head
	for i := range n {
		if err := l.Add(t.Context(), delivered(i)); err != nil {
			t.Fatal(err)
		}
		h, _, err := l.Head(t.Context(), fmt.Sprint("run-", i), time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		heads, copies = append(heads, log.head), append(copies, h)
	}
	if want, got := (audit.Report{Entries: n, Heads: n, Findings: []audit.Finding{}}), verify(t, l, copies...); !cmp.Equal(want, got) {
		t.Fatalf("a log that nothing was done to:\n%s", cmp.Diff(want, got))
	}
	// first wants the log to be found wrong, from an entry on.
	first := func(what string, i int, k *kept, p audit.Problem, heads ...audit.Head) {
		t.Helper()
		r := verify(t, logOf(t, k), heads...)
		if len(r.Findings) == 0 || r.Findings[0].From != int64(i)+1 || r.Findings[0].Problem != p {
			t.Fatalf("%s at entry %d: found %+v, want %s there", what, i+1, r.Findings, p)
		}
	}
	forged := state.AuditEntry{At: time.Now(), Body: log.list[3].Body, Previous: log.list[3].Hash, Hash: strings.Repeat("ab", 32)}
	edits := []func(e *state.AuditEntry){
		func(e *state.AuditEntry) { e.Body = strings.Replace(e.Body, "marketing", "billing", 1) },
		func(e *state.AuditEntry) { e.Body += " " },
		func(e *state.AuditEntry) { e.At = e.At.Add(time.Microsecond) },
		func(e *state.AuditEntry) { e.Previous = strings.Repeat("0", len(e.Previous)) },
		func(e *state.AuditEntry) { e.Hash = strings.Repeat("0", len(e.Hash)) },
		func(e *state.AuditEntry) { e.Hash = "" },
		// The border between two fields, moved.
		func(e *state.AuditEntry) {
			e.Body, e.Previous = e.Body[:len(e.Body)-1], e.Body[len(e.Body)-1:]+e.Previous
		},
	}
	for i := range n {
		first("edit", i, log.but(false, func(list []state.AuditEntry) []state.AuditEntry {
			edits[i%len(edits)](&list[i])
			return list
		}), audit.Changed)
		cut := func(list []state.AuditEntry) []state.AuditEntry { return slices.Delete(list, i, i+1) }
		first("cut", i, log.but(false, cut), audit.Missing)
		hidden := audit.Changed
		if i == n-1 {
			hidden = audit.Missing
		}
		first("hidden cut", i, log.but(true, cut), hidden)
		first("insertion", i, log.but(true, func(list []state.AuditEntry) []state.AuditEntry { return slices.Insert(list, i, forged) }), audit.Changed)
		first("duplicate", i, log.but(true, func(list []state.AuditEntry) []state.AuditEntry { return slices.Insert(list, i, list[(i+n-1)%n]) }), audit.Changed)
		if j := (i*7 + 1) % n; j != i {
			first("swap", min(i, j), log.but(true, func(list []state.AuditEntry) []state.AuditEntry {
				list[i], list[j] = list[j], list[i]
				return list
			}), audit.Changed)
		}
		end := func(list []state.AuditEntry) []state.AuditEntry { return list[:i] }
		first("cut end", i, log.but(false, end), audit.Missing)
		// With the head of that time the log itself is whole.
		back := log.but(false, end)
		back.head = state.AuditHead{}
		if i > 0 {
			back.head = heads[i-1]
		}
		if r := verify(t, logOf(t, back), copies[:i]...); len(r.Findings) > 0 {
			t.Fatalf("the log as it was after %d entries: found %v", i, r.Findings)
		}
		first("cut end with an old head", i, back, audit.Missing, copies[n-1])
	}
}

// TestHeads: what the heads say of a log, its own and those in the warehouse.
func TestHeads(t *testing.T) {
	t.Parallel()
	made := func(n int, action audit.Entry) (*kept, *audit.Log) {
		k := &kept{}
		l := logOf(t, k)
		for range n {
			if err := l.Add(t.Context(), action); err != nil {
				t.Fatal(err)
			}
		}
		return k, l
	}
	head := func(l *audit.Log) audit.Head {
		h, ok, err := l.Head(t.Context(), "run-1", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		return h
	}
	same := cmpopts.IgnoreFields(audit.Finding{}, "Message")
	check := func(name string, l *audit.Log, copies []audit.Head, want ...audit.Finding) {
		t.Helper()
		if d := cmp.Diff(want, verify(t, l, copies...).Findings, same, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	k, l := made(3, delivered(1))
	other, otherLog := made(2, delivered(2))
	h := head(l)
	check("whole", l, []audit.Head{h})

	edited := h
	edited.Seq = 2
	check("edited head in the warehouse", l, []audit.Head{edited}, audit.Finding{From: 2, To: 2, Problem: audit.BadCopy})
	check("head of another history", l, []audit.Head{head(otherLog)}, audit.Finding{From: 2, To: 2, Problem: audit.Replaced})
	check("state that was lost", logOf(t, &kept{}), []audit.Head{h}, audit.Finding{From: 1, To: 3, Problem: audit.Missing})
	check("another key", func() *audit.Log {
		l, err := audit.Open(k, []byte("another key of many bytes"))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}(), nil, audit.Finding{From: 1, To: 3, Problem: audit.Changed}, audit.Finding{From: 3, To: 3, Problem: audit.BadHead})

	headless := k.but(false, func(list []state.AuditEntry) []state.AuditEntry { return list })
	headless.head = state.AuditHead{}
	check("no head", logOf(t, headless), nil, audit.Finding{From: 3, To: 3, Problem: audit.BadHead})
	renamed := k.but(false, func(list []state.AuditEntry) []state.AuditEntry { return list })
	renamed.head.Decided = "{}"
	check("edited decisions", logOf(t, renamed), nil, audit.Finding{From: 3, To: 3, Problem: audit.BadHead})
	known, ok := errors.AsType[*state.Error](logOf(t, renamed).Add(t.Context(), delivered(1)))
	if !ok || known.Help == "" || logOf(t, renamed).Ready(t.Context()) == nil {
		t.Errorf("entries are added to a log whose head was changed: %v", known)
	}
	if _, _, err := logOf(t, renamed).Head(t.Context(), "run-1", time.Now()); err == nil {
		t.Error("a head that was changed is copied")
	}
	// Two that went on from a copy of one state: each entry is genuine.
	forked := k.but(false, func(list []state.AuditEntry) []state.AuditEntry { return append(slices.Clone(other.list[:2]), list[2]) })
	check("two histories in one", logOf(t, forked), nil, audit.Finding{From: 3, To: 3, Problem: audit.Unlinked})
}

// TestOnDatabases: the same, done to the tables themselves.
func TestOnDatabases(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		l := open(t, opt)
		for i := range 30 {
			if err := l.Add(t.Context(), delivered(i), delivered(i)); err != nil {
				t.Fatal(err)
			}
		}
		h, _, err := l.Head(t.Context(), "run-1", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if r := verify(t, l, h); len(r.Findings) > 0 || r.Entries != 60 || r.Heads != 1 {
			t.Fatalf("found %+v", r)
		}
		// Another target in the same place has a log of its own.
		opt.Scope = "shop/other"
		if r := verify(t, open(t, opt)); r.Entries != 0 || len(r.Findings) > 0 {
			t.Errorf("another target: %+v", r)
		}
		for _, test := range []struct {
			change string
			at     int64
			undo   string
		}{
			{`UPDATE customhouse_audit SET body = replace(body, 'marketing', 'billing') WHERE seq = 7`, 7, `UPDATE customhouse_audit SET body = replace(body, 'billing', 'marketing') WHERE seq = 7`},
			{`UPDATE customhouse_audit SET at = at + 1 WHERE seq = 60`, 60, `UPDATE customhouse_audit SET at = at - 1 WHERE seq = 60`},
			{`UPDATE customhouse_audit SET seq = 61 WHERE seq = 8`, 8, `UPDATE customhouse_audit SET seq = 8 WHERE seq = 61`},
			{`UPDATE customhouse_audit_head SET seq = 59`, 60, `UPDATE customhouse_audit_head SET seq = 60`},
			{`DELETE FROM customhouse_audit WHERE seq > 50`, 51, `DELETE FROM customhouse_audit WHERE seq > 40`},
			{`DELETE FROM customhouse_audit_head`, 40, `DELETE FROM customhouse_audit`},
		} {
			statement(t, opt.Place, test.change)
			if r := verify(t, l); len(r.Findings) == 0 || r.Findings[0].From != test.at {
				t.Errorf("%s: found %+v, want entry %d to be named", test.change, r.Findings, test.at)
			}
			statement(t, opt.Place, test.undo)
		}
		// What is left is a state that was lost.
		if r := verify(t, l, h); len(r.Findings) != 1 || r.Findings[0].From != 1 || r.Findings[0].To != 60 {
			t.Errorf("all is gone: found %+v", r.Findings)
		}
	})
}

// TestTwoProcesses: two processes add at once, while a third looks.
func TestTwoProcesses(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		l := open(t, opt)
		var running []*exec.Cmd
		var said [2]bytes.Buffer
		for i := range said {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), writer+"="+opt.Place)
			cmd.Stdout, cmd.Stderr = &said[i], &said[i]
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			running = append(running, cmd)
		}
		ended := make(chan error)
		go func() {
			var errs []error
			for i, cmd := range running {
				if err := cmd.Wait(); err != nil {
					errs = append(errs, fmt.Errorf("%w: %s", err, said[i].String()))
				}
			}
			ended <- errors.Join(errs...)
		}()
		for looks := 0; ; looks++ {
			r := verify(t, l)
			if len(r.Findings) > 0 {
				t.Fatalf("found %+v", r.Findings)
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Fatal(err)
				}
				if r := verify(t, l); r.Entries != 2*perWriter || len(r.Findings) > 0 {
					t.Errorf("after %d looks: %+v, want %d entries", looks, r, 2*perWriter)
				}
				return
			default:
			}
		}
	})
}

// TestNobodyIsInIt: what could name somebody is refused, and nothing is written.
func TestNobodyIsInIt(t *testing.T) {
	t.Parallel()
	k := &kept{}
	l := logOf(t, k)
	fine := audit.Entry{Actor: audit.User("ann@host"), Action: audit.Unmasked, Object: audit.Of("trait", "customer.email"), Subject: l.Subject("customer", 42), Reason: "ticket 4711 of 2026-11-22 12:30, asked by the shop"}
	if err := l.Add(t.Context(), fine); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*audit.Entry){
		"address as the reason":  func(e *audit.Entry) { e.Reason = "ada@example.com asked" },
		"number as the reason":   func(e *audit.Entry) { e.Reason = "call +33 6 39 98 00 11" },
		"digits as the reason":   func(e *audit.Entry) { e.Reason = "0639980011" },
		"long reason":            func(e *audit.Entry) { e.Reason = strings.Repeat("x", 501) },
		"blank reason":           func(e *audit.Entry) { e.Reason = " " },
		"address as the object":  func(e *audit.Entry) { e.Object = audit.Of("customer", "ada@example.com") },
		"number as the object":   func(e *audit.Entry) { e.Object = audit.Of("customer", "0639980011") },
		"nothing as the object":  func(e *audit.Entry) { e.Object = audit.Object{} },
		"address in the details": func(e *audit.Entry) { e.Details = []audit.Detail{audit.Word("key", "ada@example.com")} },
		"number in the details": func(e *audit.Entry) {
			e.Details = []audit.Detail{audit.Words("keys", []string{"email", "+33639980011"})}
		},
		"address as a detail":      func(e *audit.Entry) { e.Details = []audit.Detail{audit.Count("ada@example.com", 1)} },
		"action that is not known": func(e *audit.Entry) { e.Action = "looked" },
		"nobody":                   func(e *audit.Entry) { e.Actor = audit.Actor{} },
		"name with blanks":         func(e *audit.Entry) { e.Details = []audit.Detail{audit.Word("name", "Ada Lovelace")} },
	} {
		e := fine
		change(&e)
		if err := l.Add(t.Context(), fine, e); err == nil || strings.Contains(err.Error(), "ada@") || strings.Contains(err.Error(), "0639980011") {
			t.Errorf("%s: got the error %v", name, err)
		}
	}
	if _, err := audit.Digested("ada@example.com"); err == nil {
		t.Error("an address is taken for a digest")
	}
	if len(k.list) != 1 {
		t.Errorf("%d entries, want the one that is fine", len(k.list))
	}
	// The same is another's number, and the number is not in it.
	if l.Subject("customer", 42) != logOf(t, k).Subject("customer", 42) || l.Subject("customer", 42) == l.Subject("customer", 43) || l.Subject("company", 42) == l.Subject("customer", 42) {
		t.Error("subjects are told apart by what they are")
	}
	for r, err := range l.Records(t.Context(), time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r)
		if want := `"actor":"user:ann@host","action":"unmasked","object":"trait:customer.email"`; err != nil || !strings.Contains(string(text), want) || strings.Contains(string(text), `42`+`"`) {
			t.Errorf("%s, %v", text, err)
		}
	}
}

// TestDecide: each decision that differs from those before is an entry, the first
// time all of them, and once only.
func TestDecide(t *testing.T) {
	t.Parallel()
	k := &kept{}
	l := logOf(t, k)
	const run = "20261122T000000Z-abcdef"
	class := func(name, class string) audit.Decision {
		return audit.Decision{Action: audit.ClassDecided, Object: audit.Of("trait", name), Details: []audit.Detail{audit.Word("class", class)}}
	}
	exception := audit.Decision{Action: audit.ExceptionDecided, Object: audit.Of("exception", "dpo"), Details: []audit.Detail{
		audit.Word("sync", "vip"), audit.Told("responsible", "the officer, dpo@example.com"), audit.Time("until", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)),
	}}
	for _, step := range []struct {
		now  []audit.Decision
		want []string
	}{
		{[]audit.Decision{class("b", "personal"), class("a", "public"), exception}, []string{
			`{"action":"exception-decided","object":"exception:dpo","details":{"responsible":{"was":null,"is":"the officer, ***"},"run":"` + run + `","sync":{"was":null,"is":"vip"},"until":{"was":null,"is":"2027-01-01T00:00:00Z"}}}`,
			`{"action":"class-decided","object":"trait:a","details":{"class":{"was":null,"is":"public"},"run":"` + run + `"}}`,
			`{"action":"class-decided","object":"trait:b","details":{"class":{"was":null,"is":"personal"},"run":"` + run + `"}}`,
		}},
		{[]audit.Decision{class("a", "public"), exception, class("b", "personal")}, nil},
		{[]audit.Decision{class("a", "internal"), exception}, []string{
			`{"action":"class-decided","object":"trait:a","details":{"class":{"was":"public","is":"internal"},"run":"` + run + `"}}`,
			`{"action":"class-decided","object":"trait:b","details":{"class":{"was":"personal","is":null},"run":"` + run + `"}}`,
		}},
	} {
		before := len(k.list)
		n, err := l.Decide(t.Context(), audit.User("ann"), run, step.now)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range k.list[before:] {
			got = append(got, strings.Replace(e.Body, `"actor":"user:ann",`, "", 1))
		}
		if d := cmp.Diff(step.want, got); d != "" || n != len(step.want) {
			t.Errorf("%d entries (-want +got):\n%s", n, d)
		}
	}
	if r := verify(t, l); len(r.Findings) > 0 {
		t.Errorf("found %+v", r.Findings)
	}
}

// statement does something to a state behind its back.
func statement(t *testing.T, place, text string) {
	t.Helper()
	driver := "sqlite3"
	if state.IsAddress(place) {
		driver = "pgx"
	}
	db, err := sql.Open(driver, place)
	if err == nil {
		_, err = db.ExecContext(t.Context(), text)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}
