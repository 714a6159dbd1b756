package state_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// TestAlerts: a change is given out once, until it was told or could not be, and a
// state must have been found as often as it is asked for.
func TestAlerts(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		s := open(t, opt)
		observe := func(states ...string) {
			t.Helper()
			for _, x := range states {
				if err := s.Observe(t.Context(), "ops", []state.Subject{{Name: "sync:crm", State: x, RunID: "r", Reason: "because"}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		claim := func(times int, want ...string) []state.Subject {
			t.Helper()
			list, err := s.Claim(t.Context(), "ops", times, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, x := range list {
				got = append(got, x.Told+" > "+x.State)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("what is to be told (-want +got):\n%s", diff)
			}
			return list
		}
		told := func(list []state.Subject, ok bool) {
			t.Helper()
			if err := s.Told(t.Context(), "ops", list, ok); err != nil {
				t.Fatal(err)
			}
		}
		observe("ok")
		claim(1)
		observe("failed")
		list := claim(1, "ok > failed")
		claim(1) // It is being told.
		told(list, false)
		told(claim(1, "ok > failed"), true)
		observe("failed", "failed")
		claim(1)
		observe("degraded")
		told(claim(1, "failed > degraded"), true)
		observe("ok")
		// It changes while it is told: that is told next.
		list = claim(1, "degraded > ok")
		observe("failed")
		told(list, true)
		told(claim(1, "ok > failed"), true)
		observe("ok")
		told(claim(1, "failed > ok"), true)
		// Three runs in a row, in whichever way they are not well.
		observe("failed", "degraded")
		claim(3)
		observe("ok")
		claim(3)
		observe("failed", "degraded", "failed")
		told(claim(3, "ok > failed"), true)
	})
}

// TestAlertIsToldByOne: of many processes that find the same, one is given it.
func TestAlertIsToldByOne(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		open(t, opt) // makes the tables
		const processes = 8
		var given atomic.Int64
		var wg sync.WaitGroup
		for range processes {
			s := open(t, opt)
			wg.Go(func() {
				if err := s.Observe(t.Context(), "ops", []state.Subject{{Name: "run", State: "failed"}}); err != nil {
					t.Error(err)
				}
				list, err := s.Claim(t.Context(), "ops", 1, time.Hour)
				if err != nil {
					t.Error(err)
				}
				given.Add(int64(len(list)))
				if err := s.Told(t.Context(), "ops", list, true); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := given.Load(); n != 1 {
			t.Errorf("it was given to %d", n)
		}
	})
}
