package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// lateAfter is how much later than it might have started a slot is late.
const lateAfter = time.Minute

// maxAttempts bounds how often a slot is started whose processes end without a
// word: it may be what ends them.
const maxAttempts = 10

// forgotten is how long the slots of a schedule stay due that no process knows:
// where one has a newer project than another, it is theirs.
const forgotten = time.Hour

// Job is a run of slots: one of each schedule at most.
type Job struct {
	RunID string
	// AsOf is the time that the run is about: that of its start, or of its slots
	// where a schedule catches up on all of them.
	AsOf  time.Time
	Slots []state.Slot
	// Schedules are those of the slots, in their order.
	Schedules []Schedule
}

// Result is what a run came to.
type Result struct {
	// Status is OK, Degraded, Failed or Interrupted. A run is Interrupted where
	// it was stopped before its end; its slots are run again.
	Status string
	// Reason says why it failed, or was interrupted.
	Reason string
	// Busy says what has what the run needs, where it could not begin.
	Busy string
	// Keep writes down what else is to be known of the run, together with how its
	// slots ended; it may be nil.
	Keep func(*state.Timetable) error
}

// taken is what a turn takes, and what it changes beside.
type taken struct {
	job Job
	// over were another process's, and skipped will not run.
	over, skipped []state.Slot
	// write is all that is different, but the slots of the job.
	write []state.Slot
}

// take chooses what the turn of a fence is to run. Nobody else runs anything.
func take(list []*Schedule, now time.Time, rows []state.Schedule, open []state.Slot, fence int64) taken {
	var out taken
	open = slices.Clone(open)
	for i := range open {
		x := &open[i]
		if x.Status != Running || x.Fence >= fence {
			continue
		}
		x.Status, x.Reason = Interrupted, fmt.Sprintf("%s, which had it, ended without a word or was paused", x.Holder)
		if x.Attempts >= maxAttempts {
			x.Status, x.Ended = Failed, now
			x.Reason = fmt.Sprintf("it was started %d times, and each time its process ended without a word", x.Attempts)
		}
		out.over = append(out.over, *x)
		out.put(*x)
	}
	seen := map[string]bool{}
	for _, x := range open {
		if !x.Ended.IsZero() || x.Status == Running || x.Start.After(now) || seen[x.Schedule] {
			continue
		}
		drop := func(status, reason string) {
			x.Status, x.Reason, x.Ended = status, reason, now
			out.skipped = append(out.skipped, x)
			out.put(x)
		}
		if !x.Stop.IsZero() {
			drop(Cancelled, "stopped by "+x.StopBy)
			continue
		}
		s, ok := scheduleOf(list, x)
		if !ok {
			if now.Sub(x.Due) >= forgotten {
				drop(Skipped, "the project has no such schedule any more")
			}
			continue
		}
		row, _ := find(rows, x.Schedule)
		reason := s.refuses(x, now, row)
		if reason == "" {
			reason = s.want(x)
		}
		if reason != "" {
			drop(Skipped, reason)
			continue
		}
		seen[x.Schedule] = true
		out.job.Slots = append(out.job.Slots, x)
		out.job.Schedules = append(out.job.Schedules, s)
	}
	out.job.AsOf = now
	out.job.settle()
	return out
}

// put has a slot written, in place of what was to be written of it.
func (t *taken) put(x state.Slot) {
	i := slices.IndexFunc(t.write, func(w state.Slot) bool { return w.Schedule == x.Schedule && w.Due.Equal(x.Due) })
	if i < 0 {
		t.write = append(t.write, x)
		return
	}
	t.write[i] = x
}

// refuses says why a slot that could start must not, empty where it may.
func (s *Schedule) refuses(x state.Slot, now time.Time, row state.Schedule) string {
	if by := s.pausedBy(row); by != "" && x.Cause != ByRequest {
		return by
	}
	if s.Deadline > 0 && now.After(x.Due.Add(s.Deadline)) {
		return fmt.Sprintf("it could not start within its deadline of %s", s.Deadline)
	}
	return ""
}

// settle keeps to what can be one run: a slot that wants something of its own
// runs alone, and the slots that are run as of their own time are those of the
// earliest one, and no others.
func (j *Job) settle() {
	j.apart()
	old := func(i int) bool {
		return j.Schedules[i].CatchUp == CatchUpAll && j.Slots[i].Cause == ByClock && j.AsOf.Sub(j.Slots[i].Start) > lateAfter
	}
	first := -1
	for i := range j.Slots {
		if old(i) && (first < 0 || j.Slots[i].Due.Before(j.Slots[first].Due)) {
			first = i
		}
	}
	if first < 0 {
		return
	}
	due := j.Slots[first].Due
	var slots []state.Slot
	var schedules []Schedule
	for i := range j.Slots {
		if old(i) && j.Slots[i].Due.Equal(due) {
			slots, schedules = append(slots, j.Slots[i]), append(schedules, j.Schedules[i])
		}
	}
	j.AsOf, j.Slots, j.Schedules = due, slots, schedules
}

// apart leaves the first slot where it wants something of its own, or else those
// that do not.
func (j *Job) apart() {
	if len(j.Slots) > 0 && j.Slots[0].Wanted != "" {
		j.Slots, j.Schedules = j.Slots[:1], j.Schedules[:1]
		return
	}
	var slots []state.Slot
	var schedules []Schedule
	for i, x := range j.Slots {
		if x.Wanted == "" {
			slots, schedules = append(slots, x), append(schedules, j.Schedules[i])
		}
	}
	j.Slots, j.Schedules = slots, schedules
}

// begin marks the slots as those of a turn.
func (j *Job) begin(now time.Time, runID, holder string, fence int64) {
	j.RunID = runID
	for i := range j.Slots {
		x := &j.Slots[i]
		x.Status, x.Reason, x.RunID, x.Started, x.Holder, x.Fence = Running, "", runID, now, holder, fence
		x.Attempts++
		x.Late = now.Sub(x.Start) > lateAfter
	}
}

// end marks the slots with what became of their run.
func (j *Job) end(now time.Time, result Result) {
	for i := range j.Slots {
		x := &j.Slots[i]
		switch {
		case result.Busy != "":
			x.Status, x.Reason, x.RunID, x.Started = Due, "waits: "+result.Busy, "", time.Time{}
			x.Attempts--
		case result.Status == Interrupted:
			x.Status, x.Reason = Interrupted, cmp.Or(result.Reason, "the process that ran it was stopped")
		default:
			x.Status, x.Reason, x.Ended = result.Status, result.Reason, now
		}
	}
}

// deadline is when a run is to be stopped: when the last of its slots has to have
// ended, zero where one may go on.
func (j *Job) deadline() time.Time {
	var last time.Time
	for i, s := range j.Schedules {
		if s.Deadline == 0 {
			return time.Time{}
		}
		if at := j.Slots[i].Due.Add(s.Deadline); at.After(last) {
			last = at
		}
	}
	return last
}

// startable says that a turn would find something to do.
func startable(list []*Schedule, now time.Time, open []state.Slot) bool {
	return slices.ContainsFunc(open, func(x state.Slot) bool {
		if x.Status == Running {
			return true // whoever has it may be gone
		}
		_, known := scheduleOf(list, x)
		return !x.Start.After(now) && (known || now.Sub(x.Due) >= forgotten)
	})
}
