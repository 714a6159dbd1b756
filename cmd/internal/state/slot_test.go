package state_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// slotAt is a slot of minute n.
func slotAt(schedule string, n int, status string) state.Slot {
	due := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
	x := state.Slot{Schedule: schedule, Due: due, Start: due.Add(3 * time.Second), Cause: "cron", Status: status}
	if status == "ok" {
		x.Late, x.Reason, x.RunID, x.Holder = true, "why", "run-1", "here/1"
		x.Started, x.Ended, x.Fence, x.Attempts = due.Add(4*time.Second), due.Add(5*time.Second), 7, 2
	}
	return x
}

func plan(t *testing.T, s *state.Store, do func(*state.Timetable) error) {
	t.Helper()
	if err := s.Plan(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

// TestSlots: slots and schedules come back as they were written, those that have
// not ended in their order, and none of another scope.
func TestSlots(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		s := open(t, opt)
		elsewhere := opt
		elsewhere.Scope = "shop/elsewhere"
		other := open(t, elsewhere)
		a1, b1, a2, a3 := slotAt("a", 1, "ok"), slotAt("b", 1, "due"), slotAt("a", 2, "due"), slotAt("a", 3, "due")
		known := state.Schedule{Name: "a", Line: "* * * * *", Anchor: a1.Due, Planned: a2.Due, Seen: "x", Looked: a3.Due}
		plan(t, s, func(table *state.Timetable) error {
			if err := table.Save(known); err != nil {
				return err
			}
			return table.Write(a3, a2, b1, a1)
		})
		plan(t, other, func(table *state.Timetable) error { return table.Write(slotAt("a", 1, "running")) })
		if err := s.Pause(t.Context(), "b", "ada", true); err != nil {
			t.Fatal(err)
		}
		now, schedules, left, err := open(t, opt).Glance(t.Context())
		if err != nil || time.Until(now).Abs() > time.Minute {
			t.Fatal(now, err)
		}
		if d := cmp.Diff([]state.Slot{b1, a2, a3}, left); d != "" {
			t.Errorf("open (-want +got):\n%s", d)
		}
		if len(schedules) != 2 || schedules[1].Name != "b" || schedules[1].PausedBy != "ada" || schedules[1].Paused.IsZero() || !schedules[1].Planned.IsZero() {
			t.Errorf("schedules %+v", schedules)
		}
		if d := cmp.Diff(known, schedules[0]); d != "" {
			t.Errorf("schedule (-want +got):\n%s", d)
		}
		list, err := s.Slots(t.Context(), "a", 2)
		if d := cmp.Diff([]state.Slot{a3, a2}, list); d != "" || err != nil {
			t.Errorf("the last two of a, %v (-want +got):\n%s", err, d)
		}
		if list, err := s.Slots(t.Context(), "", 10); err != nil || len(list) != 4 {
			t.Errorf("all: %+v, %v", list, err)
		}
		// Whether it is paused is no part of what planning writes.
		plan(t, s, func(table *state.Timetable) error {
			return table.Save(state.Schedule{Name: "b", Line: "x", Planned: a1.Due})
		})
		a2.Status, a2.Ended = "skipped", a3.Due
		plan(t, s, func(table *state.Timetable) error { return table.Write(a2) })
		plan(t, s, func(table *state.Timetable) error { return table.Forget(a3.Due) })
		if _, schedules, left, err = s.Glance(t.Context()); err != nil || len(left) != 2 || schedules[1].PausedBy != "ada" || schedules[1].Line != "x" {
			t.Errorf("%+v, %+v, %v", schedules, left, err)
		}
		if list, err := s.Slots(t.Context(), "a", 10); err != nil || len(list) != 1 {
			t.Errorf("what has not ended is kept: %+v, %v", list, err)
		}
		if err := s.Pause(t.Context(), "b", "grace", false); err != nil {
			t.Fatal(err)
		}
		if _, schedules, _, err = s.Glance(t.Context()); err != nil || !schedules[1].Paused.IsZero() || schedules[1].PausedBy != "" {
			t.Errorf("%+v, %v", schedules, err)
		}
		if list, err := other.Slots(t.Context(), "", 10); err != nil || len(list) != 1 {
			t.Errorf("elsewhere: %+v, %v", list, err)
		}
	})
}

// TestTurn: one process has the turn; what one says that has lost it is refused,
// and it is told so.
func TestTurn(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		opt.TTL = 300 * time.Millisecond
		first := open(t, opt)
		own, turn, err := first.TakeTurn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		write := func(turn *state.Turn, n int) error {
			return turn.Change(t.Context(), func(table *state.Timetable) error { return table.Write(slotAt("a", n, "running")) })
		}
		if err := write(turn, 1); err != nil {
			t.Fatal(err)
		}
		second := open(t, opt)
		if _, _, err := second.TakeTurn(t.Context()); err == nil {
			t.Fatal("two have the turn")
		} else if held, ok := errors.AsType[*state.HeldError](err); !ok {
			t.Fatalf("got %v, want a *HeldError", err)
		} else if held.Holder != first.Holder() {
			t.Errorf("the turn is %s's, want %s", held.Holder, first.Holder())
		}
		// Another takes it from a process that stands still, which this one cannot:
		// its lease is ended for it.
		state.Statement(t, second, `UPDATE customhouse_leases SET expires_at = 0`)
		_, next, err := second.TakeTurn(t.Context())
		if err != nil || next.Fence() <= turn.Fence() {
			t.Fatalf("fence %d after %d, %v", next.Fence(), turn.Fence(), err)
		}
		if err := write(turn, 2); !lostTurn(err) {
			t.Errorf("writing after the turn: %v, want a *LostError", err)
		}
		<-own.Done()
		if !lostTurn(context.Cause(own)) {
			t.Errorf("its context ended with %v", context.Cause(own))
		}
		if err := turn.End(); err != nil {
			t.Error(err)
		}
		if err := write(next, 3); err != nil {
			t.Errorf("the end of a turn that was lost ended the next: %v", err)
		}
		if err := next.End(); err != nil {
			t.Error(err)
		}
		_, _, left, err := second.Glance(t.Context())
		if err != nil || len(left) != 2 || left[1].Due != slotAt("a", 3, "").Due {
			t.Errorf("%+v, %v", left, err)
		}
	})
}

func lostTurn(err error) bool {
	_, lost := errors.AsType[*state.LostError](err)
	return lost
}

// TestPlanners: processes that plan at the same time do so one after the other.
func TestPlanners(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		const planners, rounds = 4, 20
		var wg sync.WaitGroup
		for p := range planners {
			s := open(t, opt)
			wg.Go(func() {
				for range rounds {
					err := s.Plan(context.Background(), func(table *state.Timetable) error {
						list, err := table.Open()
						if err != nil {
							return err
						}
						x := slotAt("a", len(list), "due")
						x.Holder = strconv.Itoa(p)
						if _, taken, err := table.Slot("a", x.Due); err != nil || taken {
							return errors.Join(err, fmt.Errorf("slot %d is there: %v", len(list), taken))
						}
						return table.Write(x)
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		list, err := open(t, opt).Slots(t.Context(), "a", 1000)
		if err != nil || len(list) != planners*rounds {
			t.Errorf("%d slots, %v", len(list), err)
		}
	})
}

// TestManySlots: a year of slots is written and found in few statements.
func TestManySlots(t *testing.T) {
	each(t, func(t *testing.T, opt state.Options) {
		t.Helper()
		s := open(t, opt)
		var many []state.Slot
		for n := range 10_000 {
			many = append(many, slotAt("a", n, "ok"))
		}
		before := s.Asked()
		plan(t, s, func(table *state.Timetable) error { return table.Write(append(many, slotAt("a", 10_000, "due"))...) })
		if asked := s.Asked() - before; asked > 101 {
			t.Errorf("%d statements", asked)
		}
		before = s.Asked()
		_, _, left, err := open(t, opt).Glance(t.Context())
		if err != nil || len(left) != 1 || s.Asked()-before > 2 {
			t.Errorf("%d open, %d statements, %v", len(left), s.Asked()-before, err)
		}
	})
}
