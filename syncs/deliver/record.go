package deliver

import (
	"context"
	"fmt"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// take counts outcomes, and records or holds them. The caller holds recording.
func (e *engine) take(ctx context.Context, results []Result) {
	for _, r := range results {
		r.RunID = e.sentBy
		if r.Accepted && e.held != nil {
			if err := e.held.add(r); err != nil {
				e.stop(err)
				return
			}
			continue
		}
		e.queue(r)
	}
	e.stopOn(e.rejectionGuard(false))
	e.stopOn(e.give(ctx))
}

// lot is how many outcomes are kept in memory, and given to the ledger at once.
const lot = 10_000

// give gives outcomes to the ledger where there are enough of them, and has
// them recorded where it is time to. The caller holds recording.
func (e *engine) give(ctx context.Context) error {
	switch {
	case e.given+len(e.outcomes) >= e.settings.FlushRows || e.job.Clock.Now().Sub(e.flushed) >= e.settings.FlushAfter:
		return e.record(ctx)
	case len(e.outcomes) >= lot && e.broken == nil:
		alive, done := context.WithTimeout(context.WithoutCancel(ctx), ledgerTimeout)
		defer done()
		return e.pass(alive, true)
	}
	return nil
}

// pass passes the outcomes to the ledger.
func (e *engine) pass(ctx context.Context, more bool) error {
	if err := e.job.Ledger.Record(ctx, e.outcomes, more); err != nil {
		e.broken = fmt.Errorf("recording what the destination acknowledged: %w", err)
		return e.broken
	}
	if e.given += len(e.outcomes); !more {
		e.given = 0
	}
	clear(e.outcomes)
	e.outcomes = e.outcomes[:0]
	return nil
}

// queue counts one outcome and puts it where the ledger will get it from. The
// caller holds recording.
func (e *engine) queue(r Result) {
	e.outcomes = append(e.outcomes, r)
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case r.Accepted && r.Origin == Exists:
		e.report.Accepted++
		e.report.Exists++
	case r.Accepted && r.Kind.Leaves():
		e.report.Accepted++
		e.report.Removed++
	case r.Accepted:
		e.report.Accepted++
		e.report.Upserted++
	case r.Origin == Absent:
		e.report.Absent++
	case r.Origin == Invalid:
		e.report.Invalid++
	case r.Origin == Unknown:
		e.report.Unknown++
	case r.Origin == Kept:
		e.report.Withheld++
	default:
		e.report.Rejected++
	}
}

// flush records the outcomes that are not recorded yet.
func (e *engine) flush(ctx context.Context) error {
	e.recording <- struct{}{}
	defer func() { <-e.recording }()
	return e.record(ctx)
}

// record is flush for a caller that holds recording: what is in the journal is
// then among the outcomes.
func (e *engine) record(ctx context.Context) error {
	e.flushed = e.job.Clock.Now()
	if e.broken != nil {
		return nil
	}
	e.mu.Lock()
	over := e.over // What became of their rows is among the outcomes, or recorded.
	e.over = nil
	e.mu.Unlock()
	// An acknowledgement is worth recording even when the run was cancelled.
	alive, done := context.WithTimeout(context.WithoutCancel(ctx), ledgerTimeout)
	defer done()
	if e.given+len(e.outcomes) > 0 {
		e.reached("record")
		if err := e.pass(alive, false); err != nil {
			return err
		}
		e.reached("recorded")
		if e.job.Journal != nil {
			if err := e.job.Journal.Recorded(alive); err != nil {
				e.broken = fmt.Errorf("clearing the journal: %w", err)
				return e.broken
			}
			e.reached("cleared")
		}
	}
	if len(over) > 0 {
		if err := e.job.Jobs.Forget(alive, over); err != nil {
			e.broken = fmt.Errorf("forgetting jobs that have ended: %w", err)
			return e.broken
		}
	}
	return nil
}

// stopOn ends the delivery where err is not nil.
func (e *engine) stopOn(err error) {
	if err != nil {
		e.stop(err)
	}
}

// publish makes a staged delivery visible, and only then records it. A
// replacement has ended by then.
func (e *engine) publish(ctx context.Context) error {
	if e.held == nil || e.replacing == nil && e.store.empty() {
		return nil
	}
	if err := e.mayHold(); err != nil {
		return err
	}
	e.recording <- struct{}{}
	defer func() { <-e.recording }()
	if e.replacing != nil {
		return e.recordHeld(ctx)
	}
	if err := e.mayPublish(ctx); err != nil {
		return err
	}
	e.reached("publish")
	// What has begun should end, within the grace that requests have too.
	work, done := context.WithCancelCause(context.WithoutCancel(ctx))
	defer done(nil)
	unlink := context.AfterFunc(ctx, func() {
		if e.job.Clock.Sleep(work, e.settings.Grace) == nil {
			done(context.Cause(ctx))
		}
	})
	defer unlink()
	dir, parts, err := e.store.publish(work, manifest{
		Sync: e.job.Schema.Sync, RunID: e.job.RunID, Object: e.job.Schema.Object, AsOf: e.job.AsOf,
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.report.Published = dir
	e.mu.Unlock()
	e.reached("published")
	e.emit(Published{Dir: dir, Parts: parts})
	return e.recordHeld(ctx)
}

// recordHeld records what was held. The caller holds recording.
func (e *engine) recordHeld(ctx context.Context) error {
	for r, err := range e.held.all() {
		if err != nil {
			return err
		}
		e.queue(r)
		if err := e.give(ctx); err != nil {
			return err
		}
	}
	return nil
}

// rejectionGuard returns an error when too many rows were refused. Before the
// end a share counts against all that is due, so that the first rejection of a
// long delivery does not stop it. As many as were refused before are no news: where
// nothing else is due they are all that is sent, and would stop it every time.
func (e *engine) rejectionGuard(ended bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	guard := e.job.Guards.MaxRejected
	if guard == nil {
		return nil
	}
	total := e.report.Attempted
	if !ended {
		c := e.job.Counts
		total = max(total, c.Upserts+c.Removals+c.Invalid)
		if guard.IsPercent && e.spec.Replace {
			return nil // What is due is not what is sent: judge at the end.
		}
	}
	retried := e.job.Counts.Retried
	refused := max(0, e.report.Invalid+e.report.Rejected+e.report.Unnamed-retried)
	total = max(refused, total-retried)
	if broken(guard, refused, total) {
		return &GuardError{Guard: "max_rejected", Bound: *guard, Rows: refused, Of: total}
	}
	return nil
}

// unnamed counts rows that were refused, nobody knows which.
func (e *engine) unnamed(u syncs.Unnamed, ops []syncs.Op) {
	event := Unnamed{Rows: u.Rows, Code: u.Code, Message: e.redact.message(u.Message, ops)}
	e.mu.Lock()
	e.report.Unnamed += int64(u.Rows)
	e.mu.Unlock()
	e.emit(event)
}

func (e *engine) attempted(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.report.Attempted += int64(n)
}

func (e *engine) count(req syncs.Request, attempt int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.report.Requests++
	if attempt > 1 {
		e.report.Retries++
	}
	e.report.Bytes += int64(size(req))
}

// dispatch sends a request and tells of it.
func (e *engine) dispatch(told Sent, req *syncs.HTTPRequest) (*syncs.Response, error) {
	told.Started = e.job.Clock.Now()
	resp, err := e.http.Send(e.work, req)
	told.Duration = e.job.Clock.Now().Sub(told.Started)
	told.Method = req.Method
	if resp != nil {
		told.Status = resp.Status
	}
	e.emit(told)
	return resp, err
}

// emit reports an event.
func (e *engine) emit(event Event) {
	if e.job.Events == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.job.Events(event)
}

func (e *engine) progress() {
	if e.job.Events == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.job.Events(Progress{Report: e.report})
}

// conclude returns the report of a delivery that ended with err.
func (e *engine) conclude(err error) Report {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := &e.report
	r.Unanswered = r.Attempted - r.Accepted - r.Absent - r.Invalid - r.Rejected - r.Unknown
	if !e.job.DryRun {
		r.Unanswered -= r.Withheld
	}
	switch {
	case err != nil:
		r.Status = Failed
	case e.job.DryRun:
		r.Status = Withheld
	case r.Invalid+r.Rejected+r.Unknown+r.Unanswered+r.Unnamed > 0:
		r.Status = Degraded
	default:
		r.Status = OK
	}
	return *r
}

// ledgerTimeout bounds one call of Ledger.Record, so that a warehouse that
// hangs cannot keep a cancelled run alive.
const ledgerTimeout = 5 * time.Minute
