package synctest

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Trial is a destination, and the fake of its platform over real HTTP.
type Trial struct {
	// Fake makes a platform that holds nothing.
	Fake func() Fake
	// Open makes a destination of a platform that is served at an address.
	Open func(tb testing.TB, url string) syncs.Destination
	// Secrets resolves references; to Canary where nil.
	Secrets func(secret.Ref) secret.Value
}

// Mirror is a sync that mirrors rows to one object of a platform for ten days.
type Mirror struct {
	Trial
	Sample Sample
	// Bring and Leave are what is asked for of a row that is wanted, and of one
	// that left.
	Bring, Leave syncs.Kind
	// Hold lets a platform that was just made have what somebody else put there,
	// or a list to fill; nothing where nil.
	Hold func(Fake)
	// Wanted is what the platform is to hold of a row, in the words of Held;
	// empty where the platform holds nothing of it.
	Wanted func(values []any) (key, value string)
	// Held is what the platform holds of the object.
	Held func(Fake) map[string]string
	// People is how many rows there can be, 150 where 0.
	People int
	// Replacing sends everything each day, in place of all that is there; on some
	// days a run is killed before it has ended the replacement.
	Replacing bool
	// AtOnce says of such a platform that what is sent is there before the
	// replacement has ended.
	AtOnce bool
}

// Run delivers ten random days of change, with faults, and compares what the
// platform holds with what there should be after each. The last is without
// faults. Then it has people taken away outside of the sync: see gone.
func (m Mirror) Run(t *testing.T) {
	t.Helper()
	m.gone(t, "")
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { m.run(t, seed) })
	}
}

// days is how many there are.
const days = 10

func (m Mirror) run(t *testing.T, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 3)) //nolint:gosec // Test data needs no secrecy.
	people := m.People
	if people == 0 {
		people = 150
	}
	fake := m.Fake()
	if m.Hold != nil {
		m.Hold(fake)
	}
	day := 0
	faults := rand.New(rand.NewPCG(seed, 4)) //nolint:gosec // as above
	faulty := &Faulty{Fake: fake, Faults: func(int, *http.Request) Fault {
		if day == days || faults.IntN(6) > 0 {
			return None
		}
		return Common()[faults.IntN(len(Common()))]
	}}
	server := httptest.NewServer(faulty)
	defer server.Close()
	d := m.Open(t, server.URL)
	there := map[int][]any{} // who is wanted, with which values
	book := newBook()
	clock := &Clock{now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	session := deliver.NewSession(d, clock)
	jobs := deliver.NewMemory()
	for day = 1; day <= days; day++ {
		for i := range people {
			switch _, wanted := there[i]; {
			case !wanted && r.IntN(3) == 0, wanted && r.IntN(4) == 0:
				there[i] = m.Sample.Row(r, i)
			case wanted && r.IntN(6) == 0:
				delete(there, i)
			}
		}
		if m.Replacing && len(there) > 0 && day%3 == 0 {
			m.abandon(t, d, fake, session, clock, day, book, there)
		}
		ops := book.due(m.Sample, there, m.Bring, m.Leave, m.Replacing)
		job := deliver.Job{
			Replacing: m.Replacing,
			RunID:     fmt.Sprintf("day-%d", day), AsOf: clock.Now(), Destination: d, Schema: m.Sample.Schema, Secrets: m.secrets(),
			Counts:  deliver.Counts{Known: int64(len(book.known)), Wanted: int64(len(there)), Upserts: int64(len(ops))},
			Changes: stream(ops), Ledger: book, Jobs: jobs, Clock: clock, Session: session,
			Events:   func(e deliver.Event) { m.listen(t, e, there) },
			Settings: deliver.Settings{Jitter: func() float64 { return 0.5 }, Attempts: 30},
		}
		if _, err := deliver.Resume(t.Context(), job); err != nil {
			t.Fatalf("day %d: %v", day, err)
		}
		report, err := deliver.Run(t.Context(), job)
		if err != nil {
			t.Fatalf("day %d: %v", day, err)
		}
		if problem := book.rejections(); problem != "" {
			t.Fatalf("day %d: %s", day, problem)
		}
		if report.Status != deliver.OK || report.Accepted != report.Attempted {
			t.Fatalf("day %d: %+v", day, report)
		}
		want := map[string]string{}
		for _, values := range there {
			if key, value := m.Wanted(values); key != "" {
				want[key] = value
			}
		}
		if diff := cmp.Diff(want, m.Held(fake)); diff != "" {
			t.Fatalf("day %d: what the platform holds is not what there is (-want +got):\n%s", day, diff)
		}
	}
	if v := fake.Violations(); len(v) > 0 {
		t.Errorf("violations: %s", strings.Join(v, "; "))
	}
}

// abandon delivers up to the end of a replacement, and not it: the ledger has what
// it had, and so has a platform that counts nothing before that.
func (m Mirror) abandon(t *testing.T, d syncs.Destination, fake Fake, session *deliver.Session, clock *Clock, day int, b *book, there map[int][]any) {
	t.Helper()
	before, known := m.Held(fake), maps.Clone(b.known)
	killed, kill := context.WithCancelCause(t.Context())
	defer kill(nil)
	ops := b.due(m.Sample, there, m.Bring, m.Leave, true)
	_, err := deliver.Run(killed, deliver.Job{
		Replacing: true, RunID: fmt.Sprintf("day-%d-killed", day), AsOf: clock.Now(), Destination: d, Schema: m.Sample.Schema, Secrets: m.secrets(),
		Counts: deliver.Counts{Known: int64(len(b.known)), Wanted: int64(len(there)), Upserts: int64(len(ops))}, Changes: stream(ops),
		Ledger: b, Jobs: deliver.NewMemory(), Clock: clock, Session: session,
		Settings: deliver.Settings{Jitter: func() float64 { return 0.5 }, Attempts: 30, Reached: func(point string) {
			if point == "replace" {
				kill(context.Canceled)
			}
		}},
	})
	if err == nil {
		t.Fatalf("day %d: a replacement that was killed went well", day)
	}
	if diff := cmp.Diff(before, m.Held(fake)); diff != "" && !m.AtOnce {
		t.Errorf("day %d: the platform changed, though the replacement was not ended:\n%s", day, diff)
	}
	if diff := cmp.Diff(known, b.known); diff != "" {
		t.Errorf("day %d: the ledger changed, though the replacement was not ended:\n%s", day, diff)
	}
}

func (tr Trial) secrets() func(secret.Ref) secret.Value {
	if tr.Secrets != nil {
		return tr.Secrets
	}
	return Secrets
}

// listen wants no event to repeat a value or a secret.
func (m Mirror) listen(t *testing.T, e deliver.Event, there map[int][]any) {
	t.Helper()
	text := fmt.Sprintf("%+v", e)
	if strings.Contains(text, Canary) {
		t.Errorf("an event holds a secret: %s", text)
	}
	for _, values := range there {
		for _, v := range values {
			if s, ok := v.(string); ok && len(s) > 7 && strings.Contains(text, s) {
				t.Errorf("an event repeats a value: %s", text)
			}
		}
	}
}

// Deliver delivers operations of a sample's schema to a fake, and returns the
// report and what became of each row that was not accepted, by key. The error is
// that of deliver.Run.
func (tr Trial) Deliver(t *testing.T, fake http.Handler, schema syncs.Schema, ops []syncs.Op) (deliver.Report, map[string]deliver.Result, error) {
	t.Helper()
	server := httptest.NewServer(fake)
	defer server.Close()
	d := tr.Open(t, server.URL)
	book := newBook()
	clock := &Clock{now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	report, err := deliver.Run(t.Context(), deliver.Job{
		RunID: "run-1", AsOf: clock.Now(), Destination: d, Schema: schema, Secrets: tr.secrets(),
		Counts: deliver.Counts{Wanted: int64(len(ops)), Upserts: int64(len(ops))}, Changes: stream(ops),
		Ledger: book, Jobs: deliver.NewMemory(), Clock: clock, Settings: deliver.Settings{Jitter: func() float64 { return 0.5 }},
	})
	for key, r := range book.refused {
		if strings.Contains(r.Message, Canary) || len(key) > 7 && strings.Contains(r.Message, key) {
			t.Errorf("a message repeats a secret or a key: %s", r.Message)
		}
	}
	return report, book.refused, err
}

func stream(ops []syncs.Op) func(context.Context) iter.Seq2[syncs.Op, error] {
	return func(context.Context) iter.Seq2[syncs.Op, error] {
		return func(yield func(syncs.Op, error) bool) {
			for _, op := range ops {
				op.Values = slices.Clone(op.Values)
				if !yield(op, nil) {
					return
				}
			}
		}
	}
}

// book is a ledger, as the warehouse keeps it.
type book struct {
	// known are the fingerprints by key, and noted the keys that were due and have
	// not been accepted since.
	known map[string]string
	noted map[string]bool
	// refused are the last results of the keys that were not accepted.
	refused map[string]deliver.Result
}

func newBook() *book {
	return &book{known: map[string]string{}, noted: map[string]bool{}, refused: map[string]deliver.Result{}}
}

// due is what has to be sent, or all that is wanted, and notes it.
func (b *book) due(s Sample, there map[int][]any, bring, leave syncs.Kind, all bool) []syncs.Op {
	at := keyOf(s.Schema)
	var ops []syncs.Op
	wanted := map[string]bool{}
	for _, i := range slices.Sorted(maps.Keys(there)) {
		values := there[i]
		key := fmt.Sprint(values[at])
		wanted[key] = true
		fingerprint := fmt.Sprint(values)
		if b.known[key] == fingerprint && !b.noted[key] && !all {
			continue
		}
		ops = append(ops, syncs.Op{Kind: bring, Key: key, EntityID: int64(i + 1), Fingerprint: fingerprint, Values: values})
	}
	known := maps.Clone(b.noted)
	for key := range b.known {
		known[key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(known)) {
		if !wanted[key] {
			ops = append(ops, syncs.Op{Kind: leave, Key: key})
		}
	}
	for i := range ops {
		b.noted[ops[i].Key] = true
	}
	return ops
}

// Record implements deliver.Ledger.
func (b *book) Record(_ context.Context, results []deliver.Result, _ bool) error {
	for _, r := range results {
		delete(b.refused, r.Key)
		switch {
		case !r.Accepted:
			b.refused[r.Key] = r
			continue
		case r.Kind.Leaves():
			delete(b.known, r.Key)
		default:
			b.known[r.Key] = r.Fingerprint
		}
		delete(b.noted, r.Key)
	}
	return nil
}

func (b *book) rejections() string {
	for key, r := range b.refused {
		return fmt.Sprintf("%d rows are not accepted, such as %s: %s %s %s", len(b.refused), key, r.Origin, r.Code, r.Message)
	}
	return ""
}

// Clock is a deliver.Clock whose pauses take no time, but count.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time that the pauses made of the first.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep lets time pass.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return nil
}
