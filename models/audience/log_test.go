package audience_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// TestWithheld: a row that was kept back is in the log and among no rejections. One
// that was never sent leaves nothing to take away, even by its key; of one that is
// there, or may be, the next run takes it away.
func TestWithheld(t *testing.T) {
	w := newWorld(t, "mirror")
	w.set([3]any{1, "old", "x"}, [3]any{2, "lost", "x"})
	w.deliver(func(key string) fate { return map[string]fate{"old": accepted, "lost": lost}[key] })
	w.set([3]any{1, "old", "y"}, [3]any{2, "lost", "y"}, [3]any{3, "new", "y"}, [3]any{4, "late", "y"})
	w.deliver(func(key string) fate {
		if key == "late" {
			return keptLate
		}
		return kept
	})
	if diff := cmp.Diff([][]string{
		{"late", "withheld", deliver.MayBeThere}, {"lost", "withheld", deliver.NeverSent}, {"new", "withheld", deliver.NeverSent}, {"old", "withheld", deliver.NeverSent},
	}, w.Rows("SELECT key, outcome, code FROM public.sync_log WHERE run_id = 'run2' ORDER BY key")); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if got := w.Rows("SELECT key FROM public.sync_rejections"); len(got) > 0 {
		t.Errorf("rejected are %v", got)
	}
	// They have withdrawn, so that the audience is without them.
	w.set()
	if diff := cmp.Diff([]string{"remove late", "remove lost", "remove old"}, w.deliver(always(accepted))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := w.deliver(always(accepted)); len(got) > 0 {
		t.Errorf("due are %v after everything was settled", got)
	}
}

// TestForgetLog: of the rows that are too old the last of each key that was accepted
// stays.
func TestForgetLog(t *testing.T) {
	w := newWorld(t, "mirror")
	w.set([3]any{1, "a", "x"}, [3]any{2, "b", "x"}, [3]any{3, "c", "x"})
	w.deliver(func(key string) fate { return map[string]fate{"a": accepted, "b": accepted, "c": rejected}[key] })
	w.set([3]any{1, "a", "y"}, [3]any{3, "c", "x"})
	w.deliver(func(key string) fate { return map[string]fate{"a": kept, "b": accepted, "c": rejected}[key] })
	w.set([3]any{1, "a", "z"}, [3]any{3, "c", "x"})
	w.deliver(func(key string) fate { return map[string]fate{"a": accepted, "c": rejected}[key] })
	forget := func(day int) [][]string {
		w.Statements(audience.ForgetLog(time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)))
		return w.Rows("SELECT key, run_id, operation, outcome FROM public.sync_log ORDER BY key, run_id")
	}
	if diff := cmp.Diff([][]string{
		{"a", "run2", "upsert", "withheld"}, {"a", "run3", "upsert", "accepted"}, {"b", "run2", "remove", "accepted"}, {"c", "run2", "upsert", "rejected"}, {"c", "run3", "upsert", "rejected"},
	}, forget(2)); diff != "" {
		t.Errorf("one day (-want +got):\n%s", diff)
	}
	want := [][]string{{"a", "run3", "upsert", "accepted"}, {"b", "run2", "remove", "accepted"}}
	for range 2 {
		if diff := cmp.Diff(want, forget(30)); diff != "" {
			t.Errorf("all (-want +got):\n%s", diff)
		}
	}
}
