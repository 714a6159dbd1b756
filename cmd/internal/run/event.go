package run

import (
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Event is something that a run reports while it happens. No event holds a
// row of the user's data.
type Event interface{ event() }

// Func is told events, from one goroutine at a time; it must return soon.
type Func func(Event)

// Started is the first event.
type Started struct {
	RunID  string
	Target string
	AsOf   time.Time
	// Models and Syncs are how many of each are to be done.
	Models, Syncs int
}

// Killed says that an earlier run ended without a word; what it left half
// done has been cleaned away.
type Killed struct{ Runs int64 }

// Recovered says that outcomes were taken over from the journal of runs that
// ended without a word.
type Recovered struct {
	Sync     string
	Outcomes int
}

// CheckFailed is one finding of the catalog check; the run ends after the last.
type CheckFailed struct{ Diagnostic diag.Diagnostic }

// StepStarted is sent before each step of a model or audience.
type StepStarted struct {
	// Subject is the model's name or "sync:" and the sync's.
	Subject string
	Title   string
	// Round counts the rounds of an enclosing loop from 1; 0 outside loops.
	Round int
}

// StepDone is sent after each step, the failed one too.
type StepDone struct {
	Subject  string
	Title    string
	Round    int
	Duration time.Duration
	Err      error
}

// ModelStarted is sent before a model is built; not of one that is skipped.
type ModelStarted struct{ Model string }

// ModelDone is sent when a model has been built, failed or was skipped.
type ModelDone struct{ Result ModelResult }

// MeasureDone is sent for each measure of a model that was built.
type MeasureDone struct{ Measure Measure }

// VolumeDone is sent for each size that could be compared with earlier ones.
type VolumeDone struct{ Volume Volume }

// StatementDone is sent when the warehouse has run statements, which fail
// together, and for a query when its rows were read.
type StatementDone struct {
	// Subject is that of a StepStarted, empty for the run's own work.
	Subject string
	// Verb is the first word of the first one, and Digest stands for their text
	// without its values.
	Verb, Digest string
	Count        int
	Started      time.Time
	Duration     time.Duration
	Failed       bool
}

// SyncStarted is sent before the audience of a sync is compared.
type SyncStarted struct{ Sync, Destination string }

// SyncProgress is sent while a sync delivers.
type SyncProgress struct {
	Sync   string
	Report deliver.Report
}

// SyncNote is sent when a sync waits before a retry, halves a refused request
// or publishes.
type SyncNote struct {
	Sync  string
	Event deliver.Event
}

// SyncDone is sent when a sync has ended in any way.
type SyncDone struct{ Result SyncResult }

// Warning is something to look at that stops nothing.
type Warning struct{ Message string }

// Done is the last event.
type Done struct{ Summary Summary }

func (Started) event()       {}
func (Killed) event()        {}
func (Recovered) event()     {}
func (CheckFailed) event()   {}
func (StepStarted) event()   {}
func (StepDone) event()      {}
func (ModelStarted) event()  {}
func (ModelDone) event()     {}
func (VolumeDone) event()    {}
func (StatementDone) event() {}
func (MeasureDone) event()   {}
func (SyncStarted) event()   {}
func (SyncProgress) event()  {}
func (SyncNote) event()      {}
func (SyncDone) event()      {}
func (Warning) event()       {}
func (Done) event()          {}

// Status sums up a run, a model or a sync.
type Status string

// The statuses. A run is never Skipped or Withheld; a model is OK, Failed,
// Skipped or Interrupted.
const (
	OK Status = "ok"
	// Degraded: rows were rejected or not answered for, below every guard.
	Degraded Status = "degraded"
	Failed   Status = "failed"
	// Skipped: something that it reads failed.
	Skipped Status = "skipped"
	// Withheld: the target does not deliver; rows were compared and counted.
	Withheld Status = "withheld"
	// Interrupted: the user stopped the run.
	Interrupted Status = "interrupted"
)

// Summary is the result of a run.
type Summary struct {
	RunID      string
	Target     string
	Status     Status
	AsOf       time.Time
	StartedAt  time.Time
	FinishedAt time.Time
	Models     []ModelResult
	// Evaluations says what was to be evaluated and what stands as it was.
	Evaluations []models.Evaluation
	Measures    []Measure
	// Tests are the expectations of tests, in the order of the models.
	Tests []TestResult
	// Volumes are the sizes that could be compared with those of earlier runs.
	Volumes []Volume
	Syncs   []SyncResult
	// Warnings are what to look at, in sentences.
	Warnings []string
	// Statements is how many the warehouse was asked to run.
	Statements int64
	// BytesBilled is what the warehouse billed, where Billed says that it does so.
	BytesBilled int64
	Billed      bool
}

// ModelResult is what became of a model.
type ModelResult struct {
	Name     string
	Status   Status
	Duration time.Duration
	// Note is what people should know of how it was built.
	Note string
	// Steps are its steps in the order in which they first ran; the rounds of a
	// loop are added up.
	Steps []StepTime
	// Err says why a model failed or was skipped.
	Err error
}

// StepTime is how long a step of a model took.
type StepTime struct {
	Title    string
	Times    int // how often it ran
	Duration time.Duration
}

// Measure is a row of named numbers about a subject.
type Measure struct {
	Subject string
	Values  []Value
}

// Value is one number of a Measure.
type Value struct {
	Name  string
	Value int64
}

// Get is the value of a name, and whether there is one.
func (m Measure) Get(name string) (int64, bool) {
	for _, v := range m.Values {
		if v.Name == name {
			return v.Value, true
		}
	}
	return 0, false
}

// SyncResult is what became of a sync.
type SyncResult struct {
	Sync        string
	Destination string
	Status      Status
	Duration    time.Duration
	// Counts is what the comparison in the warehouse said.
	Counts Measure
	// Full is why every row is sent, "" where only those are that changed.
	Full Full
	// Report is what the delivery did.
	Report deliver.Report
	// Outcomes are what became of its operations, by kind; those that nobody
	// answered for, and those that the warehouse found unfit, are in the Report.
	Outcomes []Outcome
	// Err says why a sync failed or was skipped.
	Err error
}
