package schedule

import (
	"fmt"
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// maxMissed bounds how many slots of one schedule are written after an absence;
// the last of the others tells how many they were.
const maxMissed = 10_000

// rules are the periods that planning goes by.
type rules struct {
	// absence is how long nobody may have looked before slots that came due
	// meanwhile are missed, and not only late.
	absence time.Duration
	// keep is how long slots are kept.
	keep time.Duration
}

// change is what planning wants to have written.
type change struct {
	schedules []state.Schedule
	slots     []state.Slot
}

func (c *change) empty() bool { return len(c.schedules)+len(c.slots) == 0 }

// plan says which slots have come due since it was last called, and what becomes
// of them.
func (r rules) plan(list []*Schedule, now time.Time, rows []state.Schedule, open []state.Slot) change {
	var out change
	for _, s := range list {
		row, known := find(rows, s.Name)
		r.planOne(&out, s, now, row, known, slices.DeleteFunc(slices.Clone(open), func(x state.Slot) bool { return x.Schedule != s.Name }))
	}
	return out
}

func find(rows []state.Schedule, name string) (state.Schedule, bool) {
	if i := slices.IndexFunc(rows, func(x state.Schedule) bool { return x.Name == name }); i >= 0 {
		return rows[i], true
	}
	return state.Schedule{Name: name}, false
}

func (r rules) planOne(out *change, s *Schedule, now time.Time, row state.Schedule, known bool, open []state.Slot) {
	if !known || row.Planned.IsZero() {
		// Its past is none of ours.
		row.Line, row.Anchor, row.Planned = s.Line, now.Truncate(time.Second), now
		out.schedules = append(out.schedules, row)
		return
	}
	changed := row.Line != s.Line
	if changed {
		row.Line, row.Seen, row.Looked = s.Line, "", time.Time{}
		row.Anchor = now.Truncate(time.Second)
		if row.Planned.Before(now.Add(-r.absence)) {
			row.Planned = now.Add(-r.absence)
		}
	}
	since := now.Sub(row.Planned)
	slots := r.due(s, row, now, open)
	// Whoever comes next sees that somebody was there.
	if !changed && len(slots) == 0 && since < r.absence/5 {
		return
	}
	if since > 0 {
		row.Planned = now
	}
	out.schedules = append(out.schedules, row)
	out.slots = append(out.slots, slots...)
}

// due are the slots of a schedule that have come due, and those before them that
// will not run because of it.
func (r rules) due(s *Schedule, row state.Schedule, now time.Time, open []state.Slot) []state.Slot {
	if s.Clock == nil {
		return nil
	}
	from, omitted := row.Planned, 0
	if oldest := now.Add(-r.keep); from.Before(oldest) {
		from = oldest
	}
	var fresh []state.Slot
	for {
		at, ok := s.Clock.Next(from, row.Anchor)
		if !ok || at.After(now) {
			break
		}
		if len(fresh) >= 2*maxMissed {
			fresh = append(fresh[:0], fresh[maxMissed:]...)
			omitted += maxMissed
		}
		from, fresh = at, append(fresh, state.Slot{Due: at})
	}
	if more := len(fresh) - maxMissed; more > 0 {
		fresh, omitted = fresh[more:], omitted+more
	}
	for i := range fresh {
		fresh[i] = s.slot(fresh[i].Due, ByClock)
	}
	if len(fresh) == 0 {
		return nil
	}
	skip := func(slots []state.Slot, format string, args ...any) {
		for i := range slots {
			slots[i].Status, slots[i].Reason, slots[i].Ended = Skipped, fmt.Sprintf(format, args...), now
		}
	}
	last := &fresh[len(fresh)-1]
	before := fresh[:len(fresh)-1]
	switch away := now.Sub(row.Planned) > r.absence; {
	case s.pausedBy(row) != "":
		skip(fresh, "%s", s.pausedBy(row))
	case away && s.CatchUp == CatchUpAll:
	case away:
		// What was due before the absence, and had not begun, was missed as well.
		waiting := slices.DeleteFunc(slices.Clone(open), func(x state.Slot) bool { return x.Status != Due || x.Cause != ByClock })
		if s.CatchUp == CatchUpSkip && now.Sub(last.Due) > r.absence {
			fresh = append(waiting, fresh...)
			skip(fresh, "nothing served when it was due")
			break
		}
		fresh = append(waiting, fresh...)
		skip(fresh[:len(fresh)-1], "nothing served when it was due; the slot of %s stands for it", stamp(last.Due))
	case s.Queue:
	default:
		if len(open) > 0 {
			skip(fresh, "the slot of %s had not ended", stamp(open[0].Due))
			break
		}
		skip(before, "the slot of %s was due before it could start", stamp(last.Due))
	}
	if omitted > 0 {
		fresh[0].Status, fresh[0].Ended = Skipped, now
		fresh[0].Reason = fmt.Sprintf("nothing served when it was due, nor for the %d slots before it", omitted)
	}
	return fresh
}

// pausedBy says who paused the schedule, empty where nobody did.
func (s *Schedule) pausedBy(row state.Schedule) string {
	switch {
	case s.Paused:
		return "paused by the project"
	case !row.Paused.IsZero():
		return "paused by " + row.PausedBy + " at " + stamp(row.Paused)
	}
	return ""
}

// stamp is a time as reasons have it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// triggered is the slot of a schedule that something else than the clock made
// due now. A slot that has not begun stands for what comes until it does.
func (s *Schedule) triggered(now time.Time, cause, reason string, row state.Schedule, open []state.Slot) state.Slot {
	x := s.slot(now, cause)
	x.Reason = reason
	if cause == ByRequest {
		return x
	}
	skip := func(reason string) { x.Status, x.Reason, x.Ended = Skipped, reason, now }
	if by := s.pausedBy(row); by != "" {
		skip(by)
		return x
	}
	for _, other := range open {
		switch {
		case other.Schedule != s.Name:
		case other.Status != Running:
			skip(fmt.Sprintf("the slot of %s had not begun and stands for it", stamp(other.Due)))
			return x
		case !s.Queue:
			skip(fmt.Sprintf("the slot of %s had not ended", stamp(other.Due)))
			return x
		}
	}
	return x
}
