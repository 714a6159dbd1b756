package audience_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// world is a warehouse with one sync, and the destination that it delivers to.
type world struct {
	*modeltest.Bench
	mode string
	// destination and object are where the sync goes.
	destination, object string
	// hold keeps suspicious customers as they are.
	hold bool
	run  int
	// there is what the destination holds: key to name; archived what it put away.
	there, archived map[string]string
	// leave is on_leave, and members says that the destination is an audience.
	leave   string
	members bool
}

func newWorld(tb testing.TB, mode string) *world {
	tb.Helper()
	w := &world{Bench: modeltest.New(tb), mode: mode, destination: "d", object: "people", there: map[string]string{}, archived: map[string]string{}}
	w.Exec("CREATE TABLE public.customer_profiles (customer_id BIGINT, email VARCHAR, name VARCHAR)")
	w.Exec("CREATE TABLE public.segment_members (segment VARCHAR, customer_id BIGINT, entered_at TIMESTAMP)")
	for _, t := range audience.System() {
		w.Statements(t)
	}
	return w
}

// audience is that of the next run, which takes the sync.
func (w *world) audience() *models.Audience {
	w.run++
	w.Statements(audience.Take("s", w.runID(), int64(w.run))...)
	return w.build()
}

func (w *world) runID() string { return fmt.Sprintf("run%d", w.run) }

// build compiles the audience of the present run.
func (w *world) build() *models.Audience {
	return audience.Build(audience.Input{
		Sync: &config.Sync{
			Name: "s", From: config.From{Segment: "seg"},
			Fields: strict.Ordered[config.Field]{{Key: "mail", Value: config.Field{Trait: "email"}}, {Key: "name", Value: config.Field{Trait: "name"}}},
			To:     config.To{Destination: w.destination, Object: w.object, Mode: w.mode, OnLeave: w.leave, Audience: w.members, Key: "mail"},
		},
		Destination: &config.Destination{Name: w.destination},
		Entity:      &config.Entity{Name: "customer", Hold: w.hold},
		Traits:      []expr.Compiled{{Name: "email", Type: sql.TypeString}, {Name: "name", Type: sql.TypeString}},
		AsOf:        time.Date(2026, 1, w.run, 0, 0, 0, 0, time.UTC),
		RunID:       w.runID(),
	})
}

// set replaces the members of the segment: id to key and name.
func (w *world) set(rows ...[3]any) {
	w.Helper()
	w.Exec("DELETE FROM public.customer_profiles")
	w.Exec("DELETE FROM public.segment_members")
	for _, r := range rows {
		w.Exec("INSERT INTO public.customer_profiles VALUES (?, ?, ?)", r[0], r[1], r[2])
		w.Exec("INSERT INTO public.segment_members VALUES ('seg', ?, NULL)", r[0])
	}
}

// fate is what becomes of one operation.
type fate int

const (
	accepted fate = iota // taken, and we know
	lost                 // taken, and we do not know
	unsent               // not taken, and we do not know
	rejected             // not taken, and we know
	unfit                // not sent, since it cannot be spelled
	kept                 // not sent, since they have withdrawn
	keptLate             // sent once without an answer, and kept then
)

// deliver runs the sync once; judge decides each operation's fate. It returns
// what was due as "operation key".
func (w *world) deliver(judge func(key string) fate) []string {
	w.Helper()
	a := w.audience()
	w.Steps(a.Steps)
	w.Statements(a.Refuse...)
	w.Statements(a.Note...)
	w.Statements(sql.Drop{Table: a.Outcomes.Table}, a.Outcomes)
	var due []string
	for _, c := range w.Rows("SELECT operation, key, entity_id, fingerprint, \"field.name\" FROM work.changes_s ORDER BY key") {
		operation, key, name := c[0], c[1], c[4]
		due = append(due, operation+" "+key)
		f := judge(key)
		taken, origin := true, ""
		if f == accepted || f == lost {
			taken, origin = w.perform(operation, key, name)
		}
		switch f {
		case accepted:
			w.Exec("INSERT INTO work.outcomes_s VALUES (?, ?, ?, ?, ?, ?, '', '')", operation, key, c[2], c[3], taken, origin)
		case rejected:
			w.Exec("INSERT INTO work.outcomes_s VALUES (?, ?, ?, ?, FALSE, 'rejected', 'bad', 'no')", operation, key, c[2], c[3])
		case unfit:
			w.Exec("INSERT INTO work.outcomes_s VALUES (?, ?, ?, ?, FALSE, 'invalid', 'bad', 'no')", operation, key, c[2], c[3])
		case kept:
			w.Exec("INSERT INTO work.outcomes_s VALUES (?, ?, ?, ?, FALSE, 'withheld', 'withdrawn', 'no')", operation, key, c[2], c[3])
		case keptLate:
			w.Exec("INSERT INTO work.outcomes_s VALUES (?, ?, ?, ?, FALSE, 'withheld', 'withdrawn-in-doubt', 'no')", operation, key, c[2], c[3])
		case lost, unsent:
		}
	}
	w.Statements(a.Apply...)
	w.Statements(a.Settle...)
	return due
}

func always(f fate) func(string) fate { return func(string) fate { return f } }

func TestDifferences(t *testing.T) {
	w := newWorld(t, "mirror")
	check := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, w.deliver(always(accepted))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	w.set([3]any{1, "a", "Ann"}, [3]any{2, "b", nil}, [3]any{3, "c'😀\n;--", "Cy"})
	check("all are new", "upsert a", "upsert b", "upsert c'😀\n;--")
	check("nothing changed")
	w.set([3]any{1, "a", "Ann"}, [3]any{2, "b", ""}, [3]any{3, "c'😀\n;--", "Cy"})
	check("empty is not NULL", "upsert b")
	w.set([3]any{9, "a", "Ann"}, [3]any{2, "b", ""})
	check("who it is does not matter, who left does", "remove c'😀\n;--")
	w.set([3]any{1, "a", "Ann"}, [3]any{2, "b", ""}, [3]any{4, nil, "No key"}, [3]any{5, "", "No key"})
	check("a row without a key is not sent")
	w.set([3]any{1, "a", "Ann"}, [3]any{2, "b", "x"}, [3]any{6, "b", "y"})
	check("a key of two is neither sent nor removed")
	got := w.Rows("SELECT key, origin, code, attempts FROM public.sync_rejections ORDER BY key")
	if diff := cmp.Diff([][]string{{"b#2", "invalid", "duplicate-key", "1"}, {"b#6", "invalid", "duplicate-key", "1"}}, got); diff != "" {
		t.Errorf("rejections (-want +got):\n%s", diff)
	}
	w.set([3]any{1, "a", "Ann"}, [3]any{2, "b", "x"})
	check("until it is one's own again", "upsert b")
	if got := w.Rows("SELECT key FROM public.sync_rejections"); len(got) != 0 {
		t.Errorf("rejections are left: %v", got)
	}
}

// TestHold leaves suspicious customers as they are: neither sent nor removed,
// nor is what was sent of somebody who became a part of them.
func TestHold(t *testing.T) {
	w := newWorld(t, "mirror")
	w.hold = true
	w.Exec("CREATE TABLE public.customer_id_history (old_id BIGINT, new_id BIGINT, kind VARCHAR)")
	w.Exec("CREATE TABLE public.customer_identity_incidents (reason VARCHAR, customer_id BIGINT)")
	check := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, w.deliver(always(accepted))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	w.set([3]any{1, "a", "Ann"}, [3]any{2, "b", "Bob"}, [3]any{3, "c", "Cy"})
	check("nobody is suspicious", "upsert a", "upsert b", "upsert c")
	// Ann and Bob turn into one, twice over, with a new name.
	w.Exec("INSERT INTO public.customer_id_history VALUES (2, 4, 'merge'), (4, 1, 'merge')")
	w.Exec("INSERT INTO public.customer_identity_incidents VALUES ('suspect', 1), ('shared', NULL)")
	w.set([3]any{1, "a", "Annbob"}, [3]any{3, "c", "Cyril"})
	check("what is held stays", "upsert c")
	got := w.Rows("SELECT key, code, attempts FROM public.sync_rejections ORDER BY key")
	if diff := cmp.Diff([][]string{{"a#1", "held", "1"}}, got); diff != "" {
		t.Errorf("rejections (-want +got):\n%s", diff)
	}
	w.set([3]any{3, "c", "Cyril"})
	check("held out of the segment too")
	w.set([3]any{1, "a", "Annbob"}, [3]any{3, "c", "Cyril"})
	w.Exec("DELETE FROM public.customer_identity_incidents")
	check("until somebody has looked", "upsert a", "remove b")
	if got := w.Rows("SELECT key FROM public.sync_rejections"); len(got) != 0 {
		t.Errorf("rejections are left: %v", got)
	}
}

// TestMoved sends everything to a new destination, though no row changed.
func TestMoved(t *testing.T) {
	w := newWorld(t, "mirror")
	w.set([3]any{1, "a", "Ann"})
	w.deliver(always(accepted))
	for _, move := range []func(){func() { w.destination = "other" }, func() { w.object = "companies" }} {
		move()
		if diff := cmp.Diff([]string{"upsert a"}, w.deliver(always(accepted))); diff != "" {
			t.Errorf("to %s %s (-want +got):\n%s", w.object, w.destination, diff)
		}
		if got := w.deliver(always(accepted)); len(got) != 0 {
			t.Errorf("a second run sends %v", got)
		}
	}
}

func TestUpsertModeRemovesNothing(t *testing.T) {
	w := newWorld(t, "upsert")
	w.set([3]any{1, "a", "Ann"})
	w.deliver(always(accepted))
	w.set()
	if got := w.deliver(always(accepted)); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// TestRejectionsStayDue wants a row that is refused by every run to count its
// attempts, whoever refuses it.
func TestRejectionsStayDue(t *testing.T) {
	for f, origin := range map[fate]string{rejected: "rejected", unfit: "invalid"} {
		w := newWorld(t, "mirror")
		w.set([3]any{1, "a", "Ann"}, [3]any{2, "b", "Bob"})
		for range 3 {
			w.deliver(func(key string) fate {
				if key == "a" {
					return f
				}
				return accepted
			})
		}
		got := w.Rows("SELECT key, origin, code, message, attempts, first_at, last_at, run_id FROM public.sync_rejections")
		want := [][]string{{"a", origin, "bad", "no", "3", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z", "run3"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := w.Rows("SELECT key FROM public.sync_ledger"); len(got) != 1 || got[0][0] != "b" {
			t.Errorf("the ledger holds %v, want b", got)
		}
		w.set([3]any{2, "b", "Bob"})
		w.deliver(always(accepted))
		if got := w.Rows("SELECT key FROM public.sync_rejections"); len(got) != 0 {
			t.Errorf("nobody wants a any more, and it is still due: %v", got)
		}
	}
}

// replace runs the sync once for a destination that replaces all it holds,
// as long as anything is due, and settles everything.
func (w *world) replace() (published bool) {
	w.Helper()
	a := w.audience()
	w.Steps(a.Steps)
	w.Statements(a.Refuse...)
	w.Statements(a.Note...)
	w.Statements(sql.Drop{Table: a.Outcomes.Table}, a.Outcomes)
	removals := w.Rows("SELECT operation, key, entity_id, fingerprint FROM work.changes_s WHERE operation = 'remove'")
	if len(w.Rows("SELECT key FROM work.changes_s")) > 0 {
		published = true
		w.there = map[string]string{}
		seen := map[string]bool{}
		w.Statements(sql.CreateTableAs{Table: sql.Table{Space: sql.Work, Name: "snapshot"}, Query: a.Snapshot})
		for _, c := range append(w.Rows("SELECT operation, key, entity_id, fingerprint, name FROM work.snapshot"), removals...) {
			if seen[c[1]] {
				w.Errorf("%s is streamed twice", c[1])
			}
			seen[c[1]] = true
			if c[0] == config.Upsert {
				w.there[c[1]] = c[4]
			}
			w.Exec("INSERT INTO work.outcomes_s VALUES (?, ?, ?, ?, TRUE, '', '', '')", c[0], c[1], c[2], c[3])
		}
		w.Statements(a.Apply...)
	}
	w.Statements(a.Settle...)
	return published
}

// TestSnapshotKeepsTheLedgerTrue lets a row return that a snapshot lacked
// though it did not leave: without a change of its own it has to be published
// again.
func TestSnapshotKeepsTheLedgerTrue(t *testing.T) {
	steps := func(t *testing.T, mode string, without ...[3]any) {
		t.Helper()
		w := newWorld(t, mode)
		both := [][3]any{{1, "a", "Ann"}, {2, "b", "Bob"}}
		w.set(both...)
		w.replace()
		w.set(without...)
		w.replace()
		if _, ok := w.there["a"]; ok {
			t.Fatalf("%s: a is still there: %v", mode, w.there)
		}
		w.set(append(both, [3]any{3, "c", "Cy"})...)
		if !w.replace() {
			t.Errorf("%s: nothing was published though a returned", mode)
		}
		if diff := cmp.Diff(map[string]string{"a": "Ann", "b": "Bob", "c": "Cy"}, w.there); diff != "" {
			t.Errorf("%s (-want +got):\n%s", mode, diff)
		}
		if w.replace() {
			t.Errorf("%s: nothing changed, and it was published again", mode)
		}
	}
	// c comes in the second run, so that the third has no change but a.
	t.Run("a key of two", func(t *testing.T) {
		steps(t, "mirror", [3]any{1, "a", "Ann"}, [3]any{2, "b", "Bob"}, [3]any{3, "c", "Cy"}, [3]any{4, "a", "Al"})
	})
	t.Run("left where upserts remove nothing", func(t *testing.T) {
		steps(t, "upsert", [3]any{2, "b", "Bob"}, [3]any{3, "c", "Cy"})
	})
	t.Run("left a mirror", func(t *testing.T) {
		steps(t, "mirror", [3]any{2, "b", "Bob"}, [3]any{3, "c", "Cy"})
	})
}

// TestLostAnswer is the row that changes forth and back around an answer that
// was lost: equal to the ledger, and wrong over there.
func TestLostAnswer(t *testing.T) {
	w := newWorld(t, "mirror")
	w.set([3]any{1, "a", "Ann"})
	w.deliver(always(accepted))
	w.set([3]any{1, "a", "Anne"}, [3]any{2, "b", "Bob"})
	w.deliver(always(lost))
	w.set([3]any{1, "a", "Ann"})
	if diff := cmp.Diff([]string{"upsert a", "remove b"}, w.deliver(always(accepted))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := w.deliver(always(accepted)); len(got) != 0 {
		t.Errorf("got %v after everything was settled", got)
	}
}

// TestKnown counts what guards compare removals with: after a first delivery
// that nobody answered for, those that it may have brought are known.
func TestKnown(t *testing.T) {
	w := newWorld(t, "mirror")
	check := func(what, known, removed string) {
		t.Helper()
		a := w.audience()
		w.Steps(a.Steps)
		w.Statements(a.Refuse...)
		w.Statements(a.Note...)
		w.Statements(sql.CreateTableAs{Table: sql.Table{Space: sql.Work, Name: "counts"}, Query: a.Counts})
		if diff := cmp.Diff([][]string{{known, removed}}, w.Rows("SELECT known, removed FROM work.counts")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	w.set([3]any{1, "a", "Ann"}, [3]any{2, "b", "Bob"}, [3]any{3, "c", "Cy"})
	check("at first", "0", "0")
	w.deliver(always(lost))
	w.set([3]any{2, "b", "Bob"}, [3]any{3, "c", "Cy"}, [3]any{4, "d", "Di"})
	check("nobody answered", "3", "1")
	w.deliver(always(accepted))
	check("settled", "3", "0")
}

// TestConverges changes random rows under random fates, then lets everything
// through: the destination holds what is wanted and nothing else.
func TestConverges(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		w := newWorld(t, "mirror")
		var rows [][3]any
		for range 6 {
			rows = nil
			for id := range 12 {
				if r.IntN(3) == 0 {
					continue
				}
				key := any(fmt.Sprintf("k%d", r.IntN(10)))
				if r.IntN(10) == 0 {
					key = nil
				}
				rows = append(rows, [3]any{id, key, []any{"x", "y", nil}[r.IntN(3)]})
			}
			w.set(rows...)
			w.deliver(func(string) fate { return fate(r.IntN(4)) })
		}
		count := map[any]int{}
		for _, row := range rows {
			count[row[1]]++
		}
		w.deliver(always(accepted))
		want := map[string]string{}
		for _, row := range rows {
			key, ok := row[1].(string)
			if !ok {
				continue
			}
			if count[key] > 1 {
				// Left as it was over there, whatever that is.
				delete(w.there, key)
				continue
			}
			name, _ := row[2].(string)
			want[key] = name
		}
		if diff := cmp.Diff(want, w.there); diff != "" {
			t.Errorf("seed %d (-want +got):\n%s", seed, diff)
		}
		if got := w.deliver(always(accepted)); len(got) != 0 {
			t.Errorf("seed %d: a second run sends %v", seed, got)
		}
	}
}
