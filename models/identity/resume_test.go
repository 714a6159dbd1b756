package identity_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models/identity"
)

// world is three sources that change as their modes allow: a table of states
// that anything may happen to, one whose rows carry the time of their last
// change, and one that only grows, with rows that come late.
type world struct {
	r       *rand.Rand
	e       *config.Entity
	sources []*config.Source
	// rows by source; the first cell is the key.
	rows [3][]worldRow
	next int
}

type worldRow struct {
	key   int
	cells [4]string
	at    time.Time
}

var worldTypes = []string{"user_id", "email", "phone", "cookie"}

const lookBack = 3 * 24 * time.Hour

func newWorld(seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 11))
	w := &world{r: r, e: &config.Entity{Name: "customer"}}
	for _, t := range worldTypes {
		id := config.Identifier{Name: t}
		if r.IntN(2) == 0 {
			id.Limit = 1 + r.IntN(3)
		}
		if t != "user_id" && r.IntN(2) == 0 {
			id.SharedBy = 1 + r.IntN(3)
		}
		if r.IntN(3) == 0 {
			id.Suspect = 1 + r.IntN(3)
		}
		w.e.Identifiers = append(w.e.Identifiers, id)
	}
	w.e.Identifiers[2].Ignore = []string{"p0"}
	reference := func() config.Reference {
		k := r.IntN(len(worldTypes))
		return config.Reference{Type: worldTypes[k], Value: w.value(k)}
	}
	pairs := func(n int) (out []config.Pair) {
		for i := range n {
			out = append(out, config.Pair{A: reference(), B: reference(), Because: fmt.Sprintf("reason %d", i)})
		}
		return out
	}
	switch seed % 4 { // both together may contradict each other
	case 0:
		w.e.AlwaysLink = pairs(3)
	case 1:
		w.e.NeverLink = slices.DeleteFunc(pairs(12), func(p config.Pair) bool { return p.A == p.B })
	case 2:
		w.e.Expire = &config.Expire{KnownOnlyBy: []string{"phone", "cookie"}, After: config.Duration(4 * 24 * time.Hour)}
	}
	for i, mode := range []string{"compare", "update", "append"} {
		s := &config.Source{Name: mode + "d", Table: fmt.Sprintf("raw.s%d", i), Time: "seen", Changes: mode}
		for k, t := range worldTypes {
			if (i+k)%4 != 3 { // each source lacks another type
				s.Identifiers = append(s.Identifiers, strict.Entry[string]{Key: t, Value: t})
			}
		}
		if mode == "update" {
			s.Key = "key"
		}
		if mode != "compare" {
			s.LookBack = config.Duration(lookBack)
		}
		w.sources = append(w.sources, s)
	}
	return w
}

func (w *world) value(k int) string { return fmt.Sprintf("%c%d", "uepc"[k], w.r.IntN(14)) }

func (w *world) cells() (out [4]string) {
	for k := range out {
		switch w.r.IntN(5) {
		case 0, 1, 2:
			out[k] = w.value(k)
		case 3:
			out[k] = []string{"", "  "}[w.r.IntN(2)]
		}
	}
	return out
}

// change is what happens between two runs.
func (w *world) change(now time.Time) {
	r := w.r
	late := func() time.Time { return now.Add(-time.Duration(r.Int64N(int64(lookBack)))).Truncate(time.Hour) }
	for i := range w.rows {
		for range r.IntN(5) {
			w.next++
			at := late()
			if i != 1 && r.IntN(10) == 0 {
				at = now.Add(time.Hour) // a clock that is wrong
			}
			w.rows[i] = append(w.rows[i], worldRow{w.next, w.cells(), at})
		}
	}
	for range r.IntN(4) {
		if n := len(w.rows[0]); n > 3 {
			at := r.IntN(n)
			if r.IntN(2) == 0 {
				w.rows[0] = slices.Delete(w.rows[0], at, at+1)
			} else {
				w.rows[0][at].cells = w.cells()
			}
		}
		if n := len(w.rows[1]); n > 3 {
			at := r.IntN(n)
			w.rows[1][at].cells, w.rows[1][at].at = w.cells(), now
		}
	}
	// What has just come may be taken back while its time is looked at again.
	w.rows[2] = slices.DeleteFunc(w.rows[2], func(row worldRow) bool { return row.at.After(now.Add(-time.Hour)) && r.IntN(3) == 0 })
}

func (w *world) fill(b *bench) {
	b.Helper()
	for i, rows := range w.rows {
		b.Exec(fmt.Sprintf("CREATE OR REPLACE TABLE raw.s%d (key INTEGER, user_id VARCHAR, email VARCHAR, phone VARCHAR, cookie VARCHAR, seen TIMESTAMP)", i))
		for _, row := range rows {
			cells := []any{row.key, nil, nil, nil, nil, row.at}
			for k, c := range row.cells {
				if c != "" {
					cells[k+1] = c
				}
			}
			b.Exec(fmt.Sprintf("INSERT INTO raw.s%d VALUES (?, ?, ?, ?, ?, ?)", i), cells...)
		}
	}
}

// look is all that identity knows.
func (w *world) look(b *bench) map[string][]string {
	b.Helper()
	out := map[string][]string{}
	read := func(name, query string) {
		for _, r := range b.Rows(query) {
			out[name] = append(out[name], strings.Join(r, "|"))
		}
	}
	read("identities", "SELECT * FROM public.customer_identities ORDER BY ALL")
	read("incidents", "SELECT * EXCLUDE (run_id) FROM public.customer_identity_incidents ORDER BY ALL")
	read("state", "SELECT * EXCLUDE (since) FROM public.identity_state ORDER BY ALL")
	want := b.Rows("SELECT count(*), coalesce(max(size), 0) FROM (SELECT count(*) AS size FROM public.customer_identities WHERE customer_id IS NOT NULL GROUP BY customer_id)")
	got := b.Rows("SELECT entities, largest FROM public.identity_state WHERE source = ''")
	if diff := cmp.Diff(want, got); diff != "" {
		b.Errorf("entities and the largest (-counted +stored):\n%s", diff)
	}
	read("history", "SELECT * FROM public.customer_id_history ORDER BY ALL")
	for _, s := range w.sources {
		// An edge of the window may differ; what is known may not.
		read(s.Name, fmt.Sprintf("SELECT * EXCLUDE (row, first_seen, last_seen) FROM public.identity_rows_%s ORDER BY ALL", s.Name))
	}
	return out
}

// TestResumeEqualsRebuild: a run that goes on from the last one leaves what a
// run over all rows would have left, ids included.
func TestResumeEqualsRebuild(t *testing.T) {
	t.Parallel()
	seeds := uint64(6)
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		seeds = 400
	}
	resumed, happened := 0, map[string]bool{}
	for seed := range seeds {
		w := newWorld(seed)
		a, b := newBench(t), newBench(t)
		for run := 1; run <= 7; run++ {
			now := time.Date(2026, 1, run, 0, 0, 0, 0, time.UTC)
			w.change(now)
			w.fill(a)
			w.fill(b)
			if a.resume(w.e, run, w.sources...) {
				resumed++
			}
			b.resolve(w.e, run, w.sources...)
			want, got := w.look(b), w.look(a)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d run %d (-rebuilt +resumed):\n%s", seed, run, diff)
			}
			for _, r := range a.Rows("SELECT reason, count(*) FROM public.customer_identity_incidents GROUP BY ALL UNION ALL SELECT kind, count(*) FROM public.customer_id_history GROUP BY ALL") {
				happened[r[0]] = true
			}
		}
	}
	if want := int(seeds) * 6; resumed != want {
		t.Errorf("%d runs went on from another, want %d", resumed, want)
	}
	for _, what := range []string{"merge", "split", "gone", "ignored", "quarantined", "shared", "conflict", "too_many", "never_link", "suspect"} {
		if !happened[what] {
			t.Errorf("it never came to %s", what)
		}
	}
}

// TestResume says what a run can go on from.
func TestResume(t *testing.T) {
	t.Parallel()
	w := newWorld(1)
	at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	last := func() *identity.Last {
		return &identity.Last{Settings: identity.Settings(w.e, w.sources), AsOf: at}
	}
	if got, why := identity.Resume(w.e, w.sources, at, last(), false); got == nil {
		t.Errorf("the same project cannot go on: %s", why)
	}
	if got, _ := identity.Resume(w.e, w.sources, at, last(), true); got != nil {
		t.Error("a refresh goes on from the last run")
	}
	if got, _ := identity.Resume(w.e, w.sources, at, nil, false); got != nil {
		t.Error("the first run goes on from one")
	}
	if got, _ := identity.Resume(w.e, w.sources, at.Add(-time.Hour), last(), false); got != nil {
		t.Error("an earlier run goes on from a later one")
	}
	changes := map[string]func(){
		"a limit":     func() { w.e.Identifiers[1].Limit += 7 },
		"a pattern":   func() { w.e.Identifiers[1].Ignore = append(w.e.Identifiers[1].Ignore, "x") },
		"the order":   func() { slices.Reverse(w.e.Identifiers) },
		"a pair":      func() { w.e.NeverLink = append(w.e.NeverLink, config.Pair{}) },
		"a column":    func() { w.sources[0].Identifiers[0].Value += "2" },
		"a table":     func() { w.sources[0].Table += "2" },
		"a mode":      func() { w.sources[0].Changes = "append" },
		"a source":    func() { w.sources = w.sources[1:] },
		"suspicion":   func() { w.e.SuspectSize++ },
		"an expiry":   func() { w.e.Expire = &config.Expire{After: 1} },
		"a normalize": func() { w.e.Identifiers[0].Normalize = "lower" },
	}
	for name, change := range changes {
		before := last()
		change()
		if got, _ := identity.Resume(w.e, w.sources, at, before, false); got != nil {
			t.Errorf("%s has changed, and the run goes on all the same", name)
		}
	}
}
