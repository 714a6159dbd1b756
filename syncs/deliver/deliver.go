// Package deliver is the engine that moves a sync's operations to their
// destination: it chunks, sends, retries, halves what is refused as a whole,
// and reports to the ledger what the destination acknowledged.
//
// What it promises is delivery at least once with idempotent operations: an
// operation is accepted only when the destination said so, and what nobody
// answered for stays due. It knows no warehouse and no vendor: operations come
// in as a stream, outcomes go out to a Ledger, and requests are spelled by a
// syncs.Destination. It never holds more than a few chunks in memory, and never
// logs or reports a row's content.
//
// Start at Run; jobs.go is about destinations that answer later.
package deliver

import (
	"context"
	"iter"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Job is one delivery: everything that Run needs to know.
type Job struct {
	// RunID names the run, at the destination too. It is unique.
	RunID string
	// AsOf is the instant that the data is of.
	AsOf        time.Time
	Destination syncs.Destination
	Schema      syncs.Schema
	// Secrets gives out what the destination's Spec.Secrets refer to. It may be
	// called from several goroutines.
	Secrets func(secret.Ref) secret.Value
	// Dir is where relative paths of the destination start: the project.
	Dir string

	// Counts are what the warehouse said before anything is read.
	Counts Counts
	Guards config.Guards
	// Changes streams the operations to send, each key once. For a destination
	// whose Spec says Replace it streams everything wanted as upserts, and the
	// rows that left as removals, which are fulfilled by their absence. It is
	// asked once, and read by one goroutine; the Values of an operation belong
	// to Run once it was yielded.
	Changes func(ctx context.Context) iter.Seq2[syncs.Op, error]
	// Replacing says that Changes is everything that is wanted, and what else is
	// there is to go; only of a syncs.Finisher, where its Spec does not say Replace
	// anyway.
	Replacing bool
	Ledger    Ledger
	// Place is where the rows of the sync are: a job is asked for only by a
	// delivery to the same one.
	Place string
	// Jobs keeps the jobs that a Poller starts; no other destination needs it.
	Jobs Jobs
	// Journal keeps what the Ledger does not have yet. It may be nil: what a
	// process that dies had not recorded is then sent again. Where it is not, Jobs
	// are not either: they forget what the Journal begins.
	Journal Journal
	// Withdrawn says whose rows may not be sent any more, since they were found: it is
	// asked before each request goes out, and before files are published, from any
	// goroutine. Operations of theirs that bring something are Withheld; those that
	// take something away go. An error stops the delivery. It may be nil.
	Withdrawn func(ctx context.Context) (is func(entityID int64) bool, err error)
	// Tells says that what takes something away is about whoever is wanted, and not
	// about who left: the platform is told of them, and so it counts as what brings
	// something.
	Tells bool
	// DryRun sends nothing: the report counts what was withheld.
	DryRun bool
	// apart says that the operations are no audience's, so that nothing is replaced
	// by them.
	apart bool

	Clock Clock
	// Session is what the syncs of one run to one destination share; the
	// delivery has one of its own where nil.
	Session *Session
	// KeepToken writes down a refresh token that replaces the one before, for
	// the next run; it is called before the token is used. Where it is nil, or
	// fails, the event Refreshed says so.
	KeepToken func(ctx context.Context, refresh secret.Value) error
	// HTTP sends the requests over HTTP; a Client made from the destination's
	// Spec where nil.
	HTTP Sender
	// OpenPlace connects to the place of a destination in files that is not on this
	// machine; others need none.
	OpenPlace OpenPlace
	// Events is told what happens, from one goroutine at a time; it may be nil
	// and must return soon.
	Events func(Event)
	// Settings are for tests and for operators with unusual destinations.
	Settings Settings
}

// Counts are the numbers of an audience, counted in the warehouse.
type Counts struct {
	// Known is how many rows the ledger says are at the destination, and how
	// many more may be since nobody answered for them.
	Known int64
	// Wanted is how many rows should be there, fit to be sent or not.
	Wanted int64
	// Upserts and Removals are how many operations are due; Changed is how many
	// of the upserts are of rows that are there with other values.
	Upserts, Removals, Changed int64
	// Invalid is how many rows the warehouse itself found unfit to be sent (no
	// key, a key twice). They are not in Job.Changes; the caller records them.
	Invalid int64
	// Retried is how many of the Upserts, Removals and Invalid were rejected before:
	// they are no news for Guards.MaxRejected.
	Retried int64
}

// Ledger keeps what the destination acknowledged and what was rejected.
//
// An operation without a Result, or with an Unknown one, may have been taken
// all the same: the answer was lost, or the process. So the caller notes the
// keys that are due before it calls Run, and Record takes the note away where
// one is accepted (a rejection says nothing of what was taken before). A key that still has its
// note is due in the next run whatever its fingerprint says, as a removal where
// it is not wanted any more. Without the note, a row that changed forth and
// back, or left and returned, around a lost answer would stay wrong for ever.
type Ledger interface {
	// Record stores outcomes. Run calls it from one goroutine at a time, with
	// outcomes in an order in which they happened, several thousand at once.
	// Where more are to follow soon nobody relies on them yet: they need not be
	// in the ledger before the next call without more, which may bring none. The
	// slice is valid only during the call. An error stops the delivery; what was
	// not recorded is sent again by the next run. When Run was cancelled the
	// context is still alive, for a short while.
	Record(ctx context.Context, results []Result, more bool) error
}

// Result is the outcome of one operation: accepted, which includes that there
// was nothing to do, not there, rejected by somebody, or unknown. Idempotent
// operations that nobody answered for have none, and stay due.
type Result struct {
	Kind        syncs.Kind
	Key         string
	EntityID    int64
	Fingerprint string
	// Accepted says that what the operation wants is so.
	Accepted bool
	// Origin says why the operation is not accepted, or why there was nothing to
	// do for it; empty where it was done.
	Origin Origin
	// Code and Message explain a rejection; no row content.
	Code, Message string
	// RunID is the run that sent it, where that is an earlier one: Resume sets it.
	RunID string
	// Answer is what answered, nil where nothing did, or where that is not known any
	// more: a journal does not keep it.
	Answer *Answer
}

// Answer is an answer of a platform, as evidence.
type Answer struct {
	// Status is that of HTTP.
	Status int
	// RequestID is what the platform calls the request, where it says so.
	RequestID string
	// At is when the answer was complete.
	At time.Time
}

// Origin says why an operation was not done.
type Origin string

// The origins.
const (
	// Invalid operations were never sent: we found them unfit.
	Invalid Origin = "invalid"
	// Rejected operations were refused by the destination.
	Rejected Origin = "rejected"
	// Unknown operations were sent, and nobody can say whether they were taken.
	// They are not idempotent, so that the delivery did not repeat them: whoever
	// does may double them.
	Unknown Origin = "unknown"
	// Exists operations wanted what is there already. They are Accepted.
	Exists Origin = "exists"
	// Absent operations are about a row that the destination does not have. Those
	// that take it away are Accepted; an update is not, and stays due.
	Absent Origin = "absent"
	// Kept operations were not sent: whom they are about has withdrawn what permitted
	// it. They are no rejections; the next run finds that they are not wanted, or that
	// they are again.
	Kept Origin = "withheld"
)

// The codes of Kept operations.
const (
	// NeverSent operations were not sent by this delivery at all.
	NeverSent = "withdrawn"
	// MayBeThere operations were sent once, without an answer, before that.
	MayBeThere = "withdrawn-in-doubt"
)

// Status sums up a delivery.
type Status string

// The statuses. The zero value is invalid on purpose.
const (
	// OK: everything attempted was accepted.
	OK Status = "ok"
	// Degraded: some rows were rejected or not answered for, within the guards.
	Degraded Status = "degraded"
	// Failed: the delivery ended early, or a guard was broken.
	Failed Status = "failed"
	// Withheld: it was a dry run.
	Withheld Status = "withheld"
)

// Report counts what happened.
type Report struct {
	Status Status
	// Attempted counts operations: Accepted + Absent + Invalid + Rejected + Unknown
	// + Unanswered, and Withheld of a delivery that is no dry run. Absent are the updates of rows that the destination lacks. An
	// operation that is read but not sent since the delivery ended early is
	// Unanswered.
	Attempted, Accepted, Absent, Invalid, Rejected, Unknown, Unanswered int64
	// Accepted are Upserted, which bring values, Removed, which take something
	// away, and Exists, of which the destination had the row.
	Upserted, Removed, Exists int64
	// Withheld counts the operations that were not sent: all in a dry run, and
	// otherwise those that are Kept.
	Withheld int64
	// Unnamed counts rows that the destination says it refused without saying
	// which: they are among the accepted.
	Unnamed int64
	// Jobs counts the jobs that were started, and InJobs the unanswered
	// operations that are with one which has not ended.
	Jobs, InJobs int64
	// Requests counts attempts to send, Retries those that repeat an earlier
	// one, Bytes the bodies of all of them.
	Requests, Retries, Bytes int64
	// Refreshes counts attempts to get a new token.
	Refreshes int64
	// Values count what was done to values before they were sent, by field.
	Values []syncs.Values
	// Published is the folder that became visible, of a destination in files, or
	// the manifest of files among others.
	Published string
}

// Event is something that Run and Resume report: Sent, Progress, Retrying, Splitting,
// Refreshed, Polling, LeftOpen, Resuming, Unnamed, Published or Stopping.
type Event interface{ event() }

// Sent is sent when a request over HTTP was answered, or was not.
type Sent struct {
	// For is "deliver", "poll" of a job, or "refresh" of a token.
	For string
	// Attempt counts from 1 what is sent for the same rows.
	Attempt int
	Rows    int
	// Method is that of the request. Its address may hold a secret.
	Method string
	// Status is that of the answer, 0 where there was none.
	Status   int
	Started  time.Time
	Duration time.Duration
}

// Progress is sent after each chunk.
type Progress struct{ Report Report }

// Retrying is sent before a pause.
type Retrying struct {
	// Attempt is the attempt that failed, from 1.
	Attempt int
	Rows    int
	Wait    time.Duration
	// Code and Message say why; no row content.
	Code, Message string
}

// Splitting is sent when a request that was refused as a whole is halved.
type Splitting struct {
	Rows          int
	Code, Message string
}

// Refreshed is sent when the destination gave a new token.
type Refreshed struct {
	// Rotated says that the refresh token is another one too: the one in the
	// configuration may be worth nothing any more.
	Rotated bool
	// Kept says that it was written down; Err why not, where that was tried.
	Kept bool
	Err  error
}

// Polling is sent before a pause, after which a job is asked for.
type Polling struct {
	// Rows is how many of its rows nothing is known of.
	Rows int
	Wait time.Duration
	// Code and Message say what went wrong with the last question, if anything
	// did.
	Code, Message string
}

// LeftOpen is sent of a job that has not ended in the time that the delivery
// has for it. Its rows stay due.
type LeftOpen struct {
	Rows int
	// Since is when it was started.
	Since time.Time
	// GivenUp says that nobody will ask for it any more; otherwise the next run
	// does.
	GivenUp bool
}

// Resuming is sent of a job that an earlier run started.
type Resuming struct {
	Rows  int
	Since time.Time
}

// Unnamed is sent when the destination counts rows that it refused, and does
// not say which.
type Unnamed struct {
	Rows          int
	Code, Message string
}

// Published is sent when a staged delivery became visible.
type Published struct {
	// Dir is the folder, or the manifest of files among others; Parts is the number
	// of files but the manifest.
	Dir   string
	Parts int
}

// Stopping is sent when the delivery ends early; Err says why.
type Stopping struct{ Err error }

func (Sent) event()      {}
func (Progress) event()  {}
func (Retrying) event()  {}
func (Splitting) event() {}
func (Refreshed) event() {}
func (Polling) event()   {}
func (LeftOpen) event()  {}
func (Resuming) event()  {}
func (Unnamed) event()   {}
func (Published) event() {}
func (Stopping) event()  {}

// Sender sends one request and reads the complete answer. An error means that
// there is none. It is ErrNotSent where the request certainly never left, and
// says nothing about whether it was taken otherwise.
type Sender interface {
	Send(ctx context.Context, req *syncs.HTTPRequest) (*syncs.Response, error)
}

// Clock tells and spends time.
type Clock interface {
	Now() time.Time
	// Sleep waits, or returns the context's cause when that ends first.
	Sleep(ctx context.Context, d time.Duration) error
}

// Timer is a Clock on the machine's timers that reads the time from now.
func Timer(now func() time.Time) Clock { return timer{now} }

type timer struct{ now func() time.Time }

func (t timer) Now() time.Time { return t.now() }

func (timer) Sleep(ctx context.Context, d time.Duration) error {
	wake := time.NewTimer(d)
	defer wake.Stop()
	select {
	case <-wake.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Settings tune the engine. The zero value of each field means its default.
type Settings struct {
	// Attempts is how often the same operations are sent, 10 by default, before
	// the delivery stops.
	Attempts int
	// Backoff is the first pause, a second by default. It doubles up to
	// MaxBackoff, a minute by default.
	Backoff, MaxBackoff time.Duration
	// MaxWait caps what a destination may ask to wait, 15 minutes by default.
	MaxWait time.Duration
	// Grace is how long requests in flight may go on after the delivery was
	// cancelled or stopped, 10 seconds by default.
	Grace time.Duration
	// FlushRows is how many outcomes are recorded at once, 10,000 by default, and
	// FlushAfter the time after which fewer are, 5 seconds by default. With a
	// journal it is a million, or a tenth of what is due where that is more, and a
	// minute.
	FlushRows  int
	FlushAfter time.Duration
	// Poll is the first pause between two questions for a job, 2 seconds by
	// default; it doubles up to MaxPoll, a minute by default. JobWait is how long
	// a delivery stays with a job, 30 minutes by default.
	Poll, MaxPoll, JobWait time.Duration
	// Jitter returns a number in [0, 1).
	Jitter func() float64
	// Reached is told the name of each point that the delivery comes to, from
	// any goroutine: tests end the process there. Nil outside of tests.
	Reached func(point string)
}
