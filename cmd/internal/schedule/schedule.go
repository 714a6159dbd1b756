// Package schedule decides which slots of which schedules are due, what becomes
// of those that nobody was there for, and has what is left run: one run at a
// time, whichever process does it.
//
// A slot is a time at which a schedule is due. Each is a row of the state before
// anything is done about it, and says in the end what became of it. Any process
// writes rows of slots that are due; the one that has the turn takes them, runs
// all that may start as one run, and writes down how that ended. A turn is a
// lease with a fence: what a process had that died is taken over by the next
// turn, and one that was paused and woken cannot write any more.
//
// It never knows what a run is: that is a function that it is given. It knows no
// warehouse, no HTTP and no YAML, and has no clock but the state's and the
// timers of package time.
//
// Start at Loop, then line.go for when slots are, plan.go for which of them are
// to run, and take.go for how they are run.
package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// The statuses of a slot. Due, Running and Interrupted are of slots that have not
// ended.
const (
	Due     = "due"
	Running = "running"
	// Interrupted: its run was cut short, and it is to be run again.
	Interrupted = "interrupted"
	OK          = "ok"
	// Degraded: rows were rejected, below every guard.
	Degraded = "degraded"
	Failed   = "failed"
	// Skipped: it was not run; the reason says why.
	Skipped = "skipped"
	// Cancelled: somebody asked for its end, before it began or while it ran.
	Cancelled = "cancelled"
)

// The causes of a slot.
const (
	ByClock   = "cron"
	ByChange  = "change"
	ByRun     = "run"
	ByRequest = "request"
)

// CatchUp says what becomes of slots that came due while nothing served.
type CatchUp string

// The ways to catch up.
const (
	CatchUpSkip   CatchUp = "skip"
	CatchUpLatest CatchUp = "latest"
	CatchUpAll    CatchUp = "all"
)

// Schedule says when something is to be run. One of Clock, After and Watch says
// when.
type Schedule struct {
	Name string
	// Line is the text of what says when. Another text is another beginning.
	Line string
	// Clock is nil where it waits for something else.
	Clock *Line
	// After is the schedule that it follows.
	After string
	// Watch is nil where nothing is looked at.
	Watch *Watch
	// Jitter is within how long after they are due slots start.
	Jitter  time.Duration
	CatchUp CatchUp
	// Queue has slots wait for the one before, which are skipped otherwise.
	Queue bool
	// Deadline is how long after it was due a slot may run, 0 for ever.
	Deadline time.Duration
	// Paused says that the project pauses it.
	Paused bool
	// Select and Exclude are what to run; neither is everything.
	Select, Exclude []string
	// Refresh builds it from all rows.
	Refresh bool
}

// Watch is something whose change makes a schedule due.
type Watch struct {
	Every time.Duration
	// Local says that each process looks for itself; what is not is looked at in
	// turns, by one of them, so that nothing else runs meanwhile.
	Local bool
}

// start is when a slot may start: within the jitter of its schedule, always at
// the same time, and before the next slot is due.
func (s *Schedule) start(due, next time.Time) time.Time {
	within := s.Jitter
	if !next.IsZero() {
		within = min(within, next.Sub(due))
	}
	if within <= 0 {
		return due
	}
	sum := sha256.Sum256([]byte(s.Name + " " + stamp(due)))
	share := binary.BigEndian.Uint32(sum[:])
	return due.Add(time.Duration(float64(within) / (1 << 32) * float64(share)).Truncate(time.Second))
}

// slot is a new slot of the schedule.
func (s *Schedule) slot(due time.Time, cause string) state.Slot {
	x := state.Slot{Schedule: s.Name, Due: due, Start: due, Cause: cause, Status: Due}
	if s.Clock != nil && cause == ByClock {
		next, _ := s.Clock.Next(due, due)
		x.Start = s.start(due, next)
	}
	return x
}
