package schedule

import (
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// Event is something that the loop reports while it happens.
type Event interface{ event() }

// Func is told events, from one goroutine at a time; it must return soon.
type Func func(Event)

// SlotsDue is sent for slots that became rows of the state: due, or skipped.
type SlotsDue struct{ Slots []state.Slot }

// SlotsSkipped is sent for slots that were due and will not run after all.
type SlotsSkipped struct{ Slots []state.Slot }

// TookOver is sent for slots of a process that ended without a word, or was
// paused for too long; they are run again.
type TookOver struct{ Slots []state.Slot }

// RunStarted is sent before a run of slots.
type RunStarted struct{ Job Job }

// RunDone is sent when a run has ended and was written down, also one that could
// not begin, of which there was no RunStarted. Slots are those of the job, as
// they are now.
type RunDone struct {
	Job    Job
	Slots  []state.Slot
	Result Result
}

// Waiting is sent when slots cannot run yet because something else has what they
// need.
type Waiting struct {
	Slots  []state.Slot
	Reason string
}

// Lost is sent when this process lost its turn while it had a run: it was paused,
// or cut off. What it did is not written down; another process takes it over.
type Lost struct{ Job Job }

// ClockBack is sent when the clock is behind what was planned already: nothing is
// due until it has caught up.
type ClockBack struct{ By time.Duration }

// Problem is sent when something failed that will be tried again.
type Problem struct {
	Doing string
	Err   error
}

func (SlotsDue) event()     {}
func (SlotsSkipped) event() {}
func (TookOver) event()     {}
func (RunStarted) event()   {}
func (RunDone) event()      {}
func (Waiting) event()      {}
func (Lost) event()         {}
func (ClockBack) event()    {}
func (Problem) event()      {}
