package deliver

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// replacing is a replacement of all that an object has. What it acknowledges is
// held until it has ended: of a killed run nothing is in the ledger, so that the
// next one begins another. Its fields are guarded by the engine's mu.
type replacing struct {
	syncs.Finisher
	began time.Time
	// skew is how far the platform's clock is ahead of ours, once told.
	skew time.Duration
	told bool
	// requests counts those that were taken.
	requests int
	// some are operations that were accepted, the first of them.
	some []syncs.Op
}

// spares is how many of those are kept: one of them goes along with the request that
// ends a replacement, and it must be one that may still be sent.
const spares = 8

// replacement is what Encode is told; nil where nothing is replaced.
func (e *engine) replacement() *syncs.Replacement {
	r := e.replacing
	if r == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.job.Counts
	return &syncs.Replacement{
		Number: r.requests + 1, Rows: max(c.Wanted-c.Invalid, 0), Began: r.began.Add(r.skew).Truncate(time.Second),
	}
}

// taken counts a request that was taken.
func (e *engine) taken(outcome syncs.Outcome) {
	if e.replacing == nil || outcome.Verdict != syncs.Rows && outcome.Verdict != syncs.Started {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.replacing.requests++
}

// wasTaken keeps an operation that was accepted.
func (e *engine) wasTaken(op *syncs.Op) {
	if e.replacing == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.replacing.some) < spares {
		e.replacing.some = append(e.replacing.some, *op)
	}
}

// one is an operation that was accepted and may still be sent; none where nothing
// was accepted.
func (e *engine) one(ctx context.Context) ([]syncs.Op, error) {
	is, err := e.withdrawn(ctx)
	if err != nil {
		return nil, err
	}
	for i, op := range e.replacing.some {
		if is == nil || !is(op.EntityID) {
			return e.replacing.some[i : i+1], nil
		}
	}
	if len(e.replacing.some) > 0 {
		return nil, &StopError{Code: NeverSent, Message: "too many people have withdrawn what permitted to send them meanwhile: the replacement is given up, the next run begins another"}
	}
	return nil, nil
}

// toldTime reads the platform's clock from its first answer to a request that it
// took. It tells whole seconds, and the answer took its time: what is found is
// early rather than late.
func (e *engine) toldTime(resp *syncs.Response, outcome syncs.Outcome) {
	if e.replacing == nil || outcome.Verdict != syncs.Rows && outcome.Verdict != syncs.Started {
		return
	}
	at, err := http.ParseTime(resp.Header.Get("Date"))
	e.mu.Lock()
	defer e.mu.Unlock()
	if err == nil && !e.replacing.told {
		e.replacing.told, e.replacing.skew = true, at.Sub(resp.ReceivedAt)
	}
}

// finish ends a replacement, or stops the delivery.
func (e *engine) finish(ctx context.Context) {
	if e.replacing == nil {
		return
	}
	e.reached("replace")
	ops, err := e.one(ctx)
	if err != nil {
		e.stop(err)
		return
	}
	now := try{attempt: 1}
	for ; ctx.Err() == nil; now.attempt++ {
		outcome, ok := e.askToFinish(ctx, ops, &now)
		if !ok {
			return
		}
		switch outcome.Verdict {
		case syncs.Rows:
			e.reached("replaced")
			return
		case syncs.Expired:
			if !e.reissue(ctx, ops, &now, outcome) {
				return
			}
		case syncs.Retry, syncs.Unknown:
			message := e.redact.message(outcome.Message, ops)
			if now.attempt >= e.settings.Attempts {
				e.stop(&StopError{Code: outcome.Code, Message: fmt.Sprintf("gave up to end the replacement after %d attempts: %s", now.attempt, message)})
				return
			}
			wait := fallback(outcome.Wait, e.backoff(now.attempt))
			e.emit(Retrying{Attempt: now.attempt, Rows: len(ops), Wait: wait, Code: outcome.Code, Message: message})
			if e.job.Clock.Sleep(ctx, wait) != nil {
				return
			}
		case syncs.Split, syncs.Fatal:
			e.stop(&StopError{Code: outcome.Code, Message: "the replacement was not ended: " + e.redact.message(outcome.Message, ops)})
			return
		case notStaged, unfinished, syncs.Started:
			return // The destination has taken it, and the next run asks what became of it.
		}
	}
}

// askToFinish sends the request that ends a replacement, and follows the job that
// it starts. It is false where the delivery ends.
func (e *engine) askToFinish(ctx context.Context, ops []syncs.Op, now *try) (syncs.Outcome, bool) {
	credential := e.session.current()
	now.issue = credential.issue
	req, err := e.replacing.EncodeFinish(e.chunk(ops, credential.token))
	if err != nil {
		e.stop(&StopError{Code: "not-replaced", Message: err.Error()})
		return syncs.Outcome{}, false
	}
	t, err := e.session.wait(ctx, req.Bucket, len(ops))
	if err != nil {
		return syncs.Outcome{}, false
	}
	if err := e.mayHold(); err != nil {
		e.stop(err)
		t.unused()
		return syncs.Outcome{}, false
	}
	outcome := e.exchange(req, t, now)
	if outcome.Verdict != syncs.Started {
		return outcome, true
	}
	open := e.openJob(nil, req)
	outcome, _ = e.start(ctx, open, nil, outcome, now.answer)
	if outcome.Verdict != unfinished {
		e.ended(open.ID)
	}
	return outcome, true
}
