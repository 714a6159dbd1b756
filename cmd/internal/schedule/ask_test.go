package schedule

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// TestAsk: what somebody asks for is run by itself, in its turn, with what they
// want; what several ask for is run one after the other.
func TestAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.store()
		defer s.Close()
		ask := func(q Question) state.Slot {
			t.Helper()
			time.Sleep(time.Millisecond) // one after the other
			x, _, err := Ask(t.Context(), s, q)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		list := []Schedule{{Name: "a", Select: []string{"segment:a"}}, {Name: "b"}}
		first := ask(Question{Want: Want{Select: []string{"x"}, Exclude: []string{"y"}}, By: "ada", Key: "k"})
		ask(Question{Schedule: "a", By: "ada"})
		ask(Question{Schedule: "b", Want: Want{FullRefresh: true}, By: "ada"})
		ask(Question{By: "grace"})
		ask(Question{Schedule: "b", By: "ada"})
		again, fresh, err := Ask(t.Context(), s, Question{Want: Want{Select: []string{"x"}, Exclude: []string{"y"}}, By: "grace", Key: "k"})
		if err != nil || fresh || !again.Due.Equal(first.Due) {
			t.Errorf("asked again: %v %v %v", again, fresh, err)
		}
		if _, _, err := Ask(t.Context(), s, Question{Schedule: "a", Key: "k"}); !errors.Is(err, ErrReused) {
			t.Errorf("the key of another question: %v", err)
		}
		_, stop := w.start(list, Options{})
		time.Sleep(time.Minute)
		stop()
		type did struct {
			Names   []string
			Select  []string
			Exclude []string
			Refresh bool
		}
		var got []did
		for _, job := range w.runs {
			d := did{Select: job.Schedules[0].Select, Exclude: job.Schedules[0].Exclude, Refresh: job.Schedules[0].Refresh}
			for _, x := range job.Slots {
				d.Names = append(d.Names, x.Schedule)
			}
			got = append(got, d)
		}
		want := []did{
			{Names: []string{Asked}, Select: []string{"x"}, Exclude: []string{"y"}},
			{Names: []string{"a"}, Select: []string{"segment:a"}},
			{Names: []string{"b"}, Refresh: true},
			{Names: []string{Asked}},
			{Names: []string{"b"}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestStop: what waits ends at once; what runs is stopped by its process, whoever
// asked for that, and is not run again.
func TestStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.took = func(Job) time.Duration { return time.Hour }
		s := w.store()
		defer s.Close()
		var slots []state.Slot
		for range 2 {
			x, _, err := Ask(t.Context(), s, Question{By: "ada"})
			if err != nil {
				t.Fatal(err)
			}
			slots = append(slots, x)
		}
		_, stop := w.start(nil, Options{})
		time.Sleep(time.Minute)
		for i, status := range []string{Running, Cancelled} {
			x, found, err := Stop(t.Context(), s, Asked, slots[i].Due, "grace")
			if err != nil || !found || x.Status != status || x.StopBy != "grace" {
				t.Errorf("stopping %d: %+v %v %v", i, x, found, err)
			}
		}
		if _, found, err := Stop(t.Context(), s, Asked, slots[0].Due.Add(time.Second), "grace"); found || err != nil {
			t.Errorf("what is not there: %v %v", found, err)
		}
		time.Sleep(time.Minute)
		stop()
		for _, x := range slots {
			now, _, err := s.Slot(t.Context(), Asked, x.Due)
			if err != nil || now.Status != Cancelled || now.Reason != "stopped by grace" || now.Ended.IsZero() {
				t.Errorf("it is %+v %v", now, err)
			}
		}
		if len(w.runs) != 1 {
			t.Errorf("%d runs", len(w.runs))
		}
	})
}

// TestStopTaken: a slot whose process died after somebody asked for its end is not
// run again, and is written once.
func TestStopTaken(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	open := []state.Slot{
		{Schedule: Asked, Due: now.Add(-time.Hour), Start: now.Add(-time.Hour), Cause: ByRequest, Status: Running, Fence: 1, Attempts: 1, Wanted: "{}", Stop: now, StopBy: "ada"},
		{Schedule: "gone", Due: now.Add(-2 * forgotten), Start: now, Status: Running, Fence: 1, Attempts: 1},
		{Schedule: Asked, Due: now.Add(-time.Minute), Start: now, Cause: ByRequest, Status: Running, Fence: 1, Attempts: 1, Wanted: `{"select":["x"]}`},
	}
	got := take(nil, now, nil, open, 2)
	if len(got.over) != 3 || len(got.skipped) != 2 || len(got.write) != 3 || got.write[0].Status != Cancelled || got.write[1].Status != Skipped {
		t.Errorf("over %v, skipped %v, written %v", got.over, got.skipped, got.write)
	}
	if len(got.job.Slots) != 1 || !cmp.Equal(got.job.Schedules[0].Select, []string{"x"}) {
		t.Errorf("the run is %+v", got.job)
	}
}
