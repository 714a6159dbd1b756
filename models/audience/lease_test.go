package audience_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/sql"
)

// tables are what a delivery leaves, in order.
func (w *world) tables() map[string][][]string {
	out := map[string][][]string{}
	for name, columns := range map[string]string{
		"sync_ledger":     `place, key, entity_id, length(fingerprint), acknowledged_at, run_id`,
		"sync_pending":    `place, key, run_id`,
		"sync_rejections": `key, origin, code, attempts, first_at, last_at, run_id`,
		"sync_log":        `run_id, key, operation, reason, outcome, code, "at"`,
	} {
		out[name] = w.Rows("SELECT " + columns + " FROM public." + name + " ORDER BY ALL")
	}
	return out
}

// begin compares and notes, as a run does that is about to deliver.
func (w *world) begin() *models.Audience {
	a := w.audience()
	w.Steps(a.Steps)
	w.Statements(a.Refuse...)
	w.Statements(a.Note...)
	w.Statements(sql.Drop{Table: a.Outcomes.Table}, a.Outcomes)
	return a
}

// outcome is what a platform said of an operation.
type outcome struct{ operation, key, code string }

// insert puts outcomes of the present changes into a table, with more columns.
func (w *world) insert(table, more string, outcomes ...outcome) {
	for _, o := range outcomes {
		origin := ""
		if o.code != "" {
			origin = "rejected"
		}
		w.Exec(fmt.Sprintf(`INSERT INTO work.%s SELECT operation, key, entity_id, fingerprint, %t, '%s', '%s', ''%s FROM work.changes_s WHERE key = '%s'`,
			table, o.code == "", origin, o.code, more, o.key))
	}
}

// journal makes the table that recovery reads, with what the present run, which
// will be killed, was told.
func (w *world) journal(a *models.Audience, outcomes ...outcome) {
	w.Statements(sql.Drop{Table: a.Recover.Outcomes.Table}, a.Recover.Outcomes)
	w.insert("recovered_s", fmt.Sprintf(", '%s', '%s', TIMESTAMP '2026-01-%02d'", a.Place, w.runID(), w.run), outcomes...)
}

// recover takes over what stands in that table, as the present run.
func (w *world) recover(a *models.Audience) {
	w.Statements(sql.Drop{Table: sql.Table{Space: sql.Work, Name: "settled_s"}})
	w.Steps(a.Recover.Steps)
	w.Statements(a.Recover.Apply...)
}

// TestRecover: outcomes that a killed run left in the journal are taken over as
// it would have done, once however often it is tried.
func TestRecover(t *testing.T) {
	said := []outcome{{"upsert", "a", ""}, {"upsert", "b", "bad"}, {"upsert", "c", ""}, {"remove", "d", ""}, {"upsert", "e", "bad"}}
	prepare := func() *world {
		w := newWorld(t, "mirror")
		w.set([3]any{1, "a", "x"}, [3]any{2, "b", "x"}, [3]any{4, "d", "x"}, [3]any{5, "e", "x"})
		w.deliver(func(key string) fate {
			if key == "e" {
				return rejected
			}
			return accepted
		})
		w.set([3]any{1, "a", "y"}, [3]any{2, "b", "y"}, [3]any{3, "c", "y"}, [3]any{5, "e", "y"}, [3]any{6, "f", "y"})
		return w
	}
	want := prepare()
	a := want.begin()
	want.insert("outcomes_s", "", said...)
	want.Statements(a.Apply...)

	got := prepare()
	a = got.begin()
	got.journal(a, said...)
	for range 3 { // the next run is killed between the warehouse and the journal
		got.recover(got.audience())
	}
	if d := cmp.Diff(want.tables(), got.tables()); d != "" {
		t.Errorf("what was recorded at once and what was recovered (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"upsert b", "upsert e", "upsert f"}, got.deliver(always(accepted))); d != "" {
		t.Errorf("due after that (-want +got):\n%s", d)
	}
}

// TestRecoverLate: what a killed run was told does not count any more once
// another run has sent the row, whatever became of that.
func TestRecoverLate(t *testing.T) {
	for _, later := range []fate{accepted, lost, unsent, rejected} {
		w := newWorld(t, "mirror")
		w.set([3]any{1, "a", "old"}, [3]any{2, "b", "old"})
		first := w.begin()
		w.journal(first, outcome{"upsert", "a", ""}, outcome{"upsert", "b", "bad"})
		w.set([3]any{1, "a", "new"}, [3]any{2, "b", "new"})
		w.deliver(func(string) fate { return later })
		before := w.tables()
		w.recover(w.audience())
		if d := cmp.Diff(before, w.tables()); d != "" {
			t.Errorf("after fate %d (-before +after):\n%s", later, d)
		}
	}
}

// TestLostLease: a run that another has taken the sync from writes nothing down,
// and cannot take it back.
func TestLostLease(t *testing.T) {
	w := newWorld(t, "mirror")
	w.set([3]any{1, "a", "old"})
	stale := w.begin()
	w.insert("outcomes_s", "", outcome{"upsert", "a", ""})
	staleRun := w.runID()
	w.Statements(audience.Take("s", "later", int64(w.run+1))...)
	before := w.tables()
	w.Statements(audience.Take("s", staleRun, int64(w.run))...)
	w.Statements(stale.Apply...)
	if d := cmp.Diff(before, w.tables()); d != "" {
		t.Errorf("a run without its lease changed (-before +after):\n%s", d)
	}
	got := w.Rows("SELECT sync, fence, run_id FROM public.sync_leases")
	if d := cmp.Diff([][]string{{"s", strconv.Itoa(w.run + 1), "later"}}, got); d != "" {
		t.Errorf("leases (-want +got):\n%s", d)
	}
}
