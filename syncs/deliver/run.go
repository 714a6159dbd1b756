package deliver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Run delivers a job's operations and returns when every outcome that will
// ever be known is recorded. The Report is whole in any case. The error is nil
// where the delivery came to its end, even if rows were rejected; otherwise it
// is a *GuardError, a *StopError, the context's cause, or what reading or the
// ledger returned, wrapped.
//
// A cancelled context lets requests in flight finish for Settings.Grace, and
// records what they acknowledge.
func Run(ctx context.Context, job Job) (Report, error) {
	e := newEngine(job)
	err := e.run(ctx)
	if err != nil {
		err = fmt.Errorf("delivering sync %s: %w", job.Schema.Sync, err)
	}
	return e.conclude(err), err
}

// engine is one Run.
type engine struct {
	job      Job
	spec     syncs.Spec
	settings Settings
	redact   *redactor
	http     Sender
	store    *store
	session  *Session
	// chunks numbers the chunks.
	chunks atomic.Int64
	// opened numbers the requests and jobs that are written down.
	opened atomic.Int64
	// work is the context of requests in flight; it outlives the delivery's own
	// by Settings.Grace.
	work context.Context
	// stop ends the delivery; the first cause wins.
	stop context.CancelCauseFunc

	// recording has room for one: who writes to the journal or the ledger, and
	// may use what follows.
	recording chan struct{}
	// outcomes are not recorded yet, nor are as many more that the ledger was given
	// already; flushed is when some were.
	outcomes []Result
	given    int
	flushed  time.Time
	// broken is the first error of the ledger; nothing is recorded after it.
	broken error
	// gap says that the journal could not be written once, so that it lacks outcomes:
	// nothing is over until the ledger has them.
	gap bool
	// held keeps the outcomes of a staged delivery until it is published.
	held *spool
	// replacing is the replacement that the delivery makes; nil where it makes none.
	replacing *replacing
	// sentBy is the run whose job is resumed; empty in a delivery.
	sentBy string

	mu     sync.Mutex // guards what follows
	report Report
	// gathering is the group that workers add to; nil where the next begins one.
	gathering *group
	// over are jobs, and requests that were begun, to be forgotten: what became of
	// their rows is in the journal, or among the outcomes.
	over []string
}

func newEngine(job Job) *engine {
	spec, s := job.Destination.Spec(), job.Settings
	if o, ok := spec.Object(job.Schema.Object); ok {
		spec.Batch = o.Batch
	}
	spec.Batch.MaxRows = fallback(spec.Batch.MaxRows, 1000)
	if spec.Concurrency = fallback(spec.Concurrency, 1); spec.Place != nil {
		spec.Concurrency = 1 // Parts are numbered in the order of the rows.
	}
	_, finishes := job.Destination.(syncs.Finisher)
	spec.Replace = (spec.Replace || job.Replacing && finishes) && !job.apart
	spec.Timeout = fallback(spec.Timeout, 30*time.Second)
	spec.JobLimit = fallback(spec.JobLimit, 24*time.Hour)
	s.Attempts = fallback(s.Attempts, 10)
	s.Backoff = fallback(s.Backoff, time.Second)
	s.MaxBackoff = fallback(s.MaxBackoff, time.Minute)
	s.MaxWait = fallback(s.MaxWait, 15*time.Minute)
	s.Grace = fallback(s.Grace, 10*time.Second)
	rows, after := lot, 5*time.Second
	if job.Journal != nil {
		// Each time the warehouse reads all that is due, so that a long delivery does
		// it a few times only; what the journal keeps until then nothing can lose.
		rows, after = max(int((job.Counts.Upserts+job.Counts.Removals)/10), 1_000_000), time.Minute
	}
	s.FlushRows, s.FlushAfter = fallback(s.FlushRows, rows), fallback(s.FlushAfter, after)
	s.Poll = fallback(s.Poll, 2*time.Second)
	s.MaxPoll = fallback(s.MaxPoll, time.Minute)
	s.JobWait = fallback(s.JobWait, 30*time.Minute)
	if s.Jitter == nil {
		s.Jitter = rand.Float64
	}
	e := &engine{
		job: job, spec: spec, settings: s, redact: &redactor{}, http: job.HTTP, session: job.Session,
		recording: make(chan struct{}, 1),
	}
	if e.session == nil {
		e.session = NewSession(job.Destination, job.Clock)
	}
	e.redact.learn(e.session.current().token.Refresh)
	e.report.Attempted, e.report.Invalid = job.Counts.Invalid, job.Counts.Invalid
	return e
}

// fallback returns v, or def where v is zero.
func fallback[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

func (e *engine) run(ctx context.Context) (err error) {
	due := e.job.Counts.Upserts + e.job.Counts.Removals
	if e.job.DryRun {
		e.report.Withheld = due
		return nil
	}
	if err := Check(e.job.Counts, e.job.Guards); err != nil {
		return err
	}
	if err := e.rejectionGuard(false); err != nil {
		return err
	}
	if e.spec.Replace && due == 0 {
		return nil // What is published is still right.
	}
	if err := e.keepsJobs(); err != nil {
		return err
	}
	e.store = &store{engine: e}
	defer func() { err = errors.Join(err, e.held.close(), e.store.close(ctx)) }()
	if e.spec.Place != nil {
		e.held = &spool{}
	}
	if d, ok := e.job.Destination.(syncs.Finisher); ok && e.spec.Replace {
		e.replacing = &replacing{Finisher: d, began: e.job.Clock.Now()}
		e.held = &spool{}
	}
	err = e.within(ctx, func(live context.Context) {
		e.deliverAll(live)
		if live.Err() == nil {
			e.stopOn(e.rejectionGuard(true))
		}
		if live.Err() == nil {
			e.finish(live)
		}
	})
	if err == nil {
		err = e.publish(ctx)
	}
	if err != nil {
		e.emit(Stopping{Err: err})
	}
	return errors.Join(err, e.flush(ctx))
}

// within does work that sends requests. It returns what ended it early.
func (e *engine) within(ctx context.Context, work func(context.Context)) error {
	if e.http == nil {
		client := NewClient(e.spec)
		defer client.Close()
		e.http = client
	}
	e.flushed = e.job.Clock.Now()
	live, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	inFlight, abandon := context.WithCancelCause(context.WithoutCancel(ctx))
	e.stop, e.work = stop, inFlight
	// Requests in flight get a grace once the delivery ends early.
	graced := make(chan struct{})
	unlink := context.AfterFunc(live, func() {
		defer close(graced)
		if e.job.Clock.Sleep(inFlight, e.settings.Grace) == nil {
			abandon(context.Cause(live))
		}
	})
	e.tokenFirst(live)
	work(live)
	abandon(nil)
	if !unlink() {
		<-graced
	}
	return context.Cause(live)
}

// deliverAll reads the stream into chunks and hands them to a bounded number
// of workers. It returns when all of them are done.
func (e *engine) deliverAll(ctx context.Context) {
	// One worker gathers while the others send.
	idle := make(chan *worker, e.spec.Concurrency+1)
	flight := make(chan struct{}, e.spec.Concurrency)
	for range e.spec.Concurrency + 1 {
		idle <- &worker{engine: e, idle: idle, flight: flight}
	}
	// keys are those that a worker may be sending, or that wait in next.
	keys := map[string]struct{}{}
	next, size, values := <-idle, 0, newDistinct(e.spec.Batch.Distinct, e.job.Schema.Fields)
	// launch sends what next has gathered, and takes the next idle worker.
	launch := func() {
		e.reached("read")
		next.start(ctx)
		next = <-idle
		next.release(keys)
		size = 0
		values.clear()
	}
	// settle waits until nothing is in flight.
	settle := func() {
		launch()
		others := make([]*worker, 0, e.spec.Concurrency)
		for range e.spec.Concurrency {
			w := <-idle
			w.release(keys)
			others = append(others, w)
		}
		for _, w := range others {
			idle <- w
		}
	}
	limit := fallback(e.spec.Batch.MaxBytes, 64<<20)
	for op, err := range e.job.Changes(ctx) {
		if err != nil {
			e.stop(fmt.Errorf("reading what to send: %w", err))
			break
		}
		if ctx.Err() != nil {
			break
		}
		if e.replacing != nil && op.Kind.Leaves() {
			e.attempted(1)
			e.settle(ctx, []Result{{Kind: op.Kind, Key: op.Key, EntityID: op.EntityID, Fingerprint: op.Fingerprint, Accepted: true}})
			continue // It goes by not being sent.
		}
		// The warehouse refuses duplicate keys. Should one come through all
		// the same, the later operation waits for the earlier.
		if _, twice := keys[op.Key]; twice {
			settle()
		}
		weight := weigh(op)
		if len(next.ops) > 0 && (size+weight > limit || values.clashes(&op)) {
			launch()
		}
		keys[op.Key] = struct{}{}
		values.add(&op)
		next.ops = append(next.ops, op)
		size += weight
		if len(next.ops) >= e.spec.Batch.MaxRows {
			launch()
		}
	}
	settle()
}

// weigh estimates the memory of an operation's values, in bytes.
func weigh(op syncs.Op) int {
	n := len(op.Key) + len(op.Fingerprint)
	for _, v := range op.Values {
		n += 16
		switch v := v.(type) {
		case string:
			n += len(v)
		case []any:
			n += weigh(syncs.Op{Values: v})
		}
	}
	return n
}

// worker delivers one chunk at a time.
type worker struct {
	engine *engine
	idle   chan<- *worker
	// flight has a place for each worker that may send.
	flight chan struct{}
	ops    []syncs.Op
}

// start delivers the worker's operations once there is a place in flight, then
// makes it idle.
func (w *worker) start(ctx context.Context) {
	if len(w.ops) == 0 {
		w.idle <- w
		return
	}
	w.engine.attempted(len(w.ops))
	w.flight <- struct{}{}
	go func() {
		defer func() { <-w.flight; w.idle <- w }()
		w.engine.deliver(ctx, w.ops, try{attempt: 1, first: true})
		w.engine.progress()
	}()
}

// release forgets the operations of an idle worker.
func (w *worker) release(keys map[string]struct{}) {
	for i := range w.ops {
		delete(keys, w.ops[i].Key)
	}
	clear(w.ops)
	w.ops = w.ops[:0]
}

// try says how often operations were sent.
type try struct {
	// attempt counts from 1.
	attempt int
	// first says that the operations were never encoded before.
	first bool
	// issue is that of the token that they carry, and renewed says that they
	// were refused for the one before.
	issue   int
	renewed bool
	// answer is the last that came, nil where none did.
	answer *Answer
	// doubtful says that the operations were sent, and may have been taken.
	doubtful bool
}

// deliver encodes operations and sends the requests, one after another.
func (e *engine) deliver(ctx context.Context, ops []syncs.Op, now try) {
	if ctx.Err() != nil {
		return
	}
	e.reached("encode")
	requests, rejections := e.encode(ops, &now)
	e.reached("encoded")
	if now.first {
		e.treated(requests)
		now.first = false
	}
	if len(rejections) > 0 {
		results := make([]Result, len(rejections))
		for i, r := range rejections {
			results[i] = e.rejection(ops[r.Op], Invalid, r.Code, r.Message)
		}
		e.settle(ctx, results)
	}
	for i := range requests {
		e.send(ctx, ops, requests[i], now)
	}
}

// encode has operations spelled as requests, with the token of now.
func (e *engine) encode(ops []syncs.Op, now *try) ([]syncs.Request, []syncs.Rejection) {
	credential := e.session.current()
	now.issue = credential.issue
	return e.job.Destination.Encode(e.chunk(ops, credential.token))
}

// chunk is operations as a destination is given them.
func (e *engine) chunk(ops []syncs.Op, token syncs.Token) syncs.Chunk {
	e.redact.learn(token.Access)
	return syncs.Chunk{
		Schema:      e.job.Schema,
		RunID:       e.job.RunID,
		AsOf:        e.job.AsOf,
		Number:      int(e.chunks.Add(1)),
		SentAt:      e.job.Clock.Now(),
		Secrets:     e.secret,
		Token:       token,
		Replacement: e.replacement(),
		Ops:         ops,
	}
}

// stale is the age from which a request is encoded again before it is sent:
// signatures carry the time.
const stale = 5 * time.Second

// admit waits until a request may be sent, and returns it as it is to be sent
// then, with its operations.
func (e *engine) admit(ctx context.Context, ops []syncs.Op, req syncs.Request, now *try) (*ticket, []syncs.Op, syncs.Request, error) {
	if req.File != nil {
		return nil, ops, req, context.Cause(ctx)
	}
	encoded := e.job.Clock.Now()
	t, err := e.session.wait(ctx, req.Bucket, len(req.Ops))
	if err != nil || t.at.Sub(encoded) <= stale {
		return t, ops, req, err
	}
	picked, later := pick(ops, req.Ops), *now
	if anew, _ := e.encode(picked, &later); len(anew) == 1 && len(anew[0].Ops) == len(picked) && anew[0].Bucket == req.Bucket {
		*now = later
		return t, picked, anew[0], nil
	}
	return t, ops, req, nil
}

// secret resolves a reference and remembers the value, so that no message can
// repeat it.
func (e *engine) secret(ref secret.Ref) secret.Value {
	if e.job.Secrets == nil {
		return secret.Value{}
	}
	v := e.job.Secrets(ref)
	e.redact.learn(v)
	return v
}

// send sends one request, and sees to each of its operations.
func (e *engine) send(ctx context.Context, ops []syncs.Op, req syncs.Request, now try) {
	if limit := e.spec.Batch.MaxBytes; limit > 0 && size(req) > limit {
		if len(req.Ops) > 1 {
			e.halve(ctx, ops, req.Ops, now)
			return
		}
		e.settle(ctx, []Result{e.rejection(ops[req.Ops[0]], Invalid, "too-large",
			fmt.Sprintf("the row takes %d bytes, and the destination accepts %d", size(req), limit))})
		return
	}
	t, ops, req, err := e.admit(ctx, ops, req, &now)
	if err != nil {
		return
	}
	if rest, kept := e.keepBack(ctx, ops, req, now); kept {
		if t.unused(); len(rest) > 0 {
			e.deliver(ctx, rest, now)
		}
		return
	}
	open, err := e.begin(ctx, ops, req)
	if err == nil {
		err = e.mayHold()
	}
	if err == nil && open.ID != "" {
		err = context.Cause(ctx) // It may have ended meanwhile.
	}
	if err != nil {
		e.stop(err)
		e.ended(open.ID)
		t.unused()
		return
	}
	outcome := e.exchange(req, t, &now)
	e.taken(outcome)
	if outcome.Verdict == syncs.Started {
		ops = pick(ops, req.Ops)
		if open.ID == "" {
			open = e.openJob(ops, req)
		}
		outcome, req.Ops = e.start(ctx, open, ops, outcome, now.answer)
		outcome.Rows = nil // They were settled as they came.
	}
	// Rows that may have been taken, and must not be sent twice, stay in doubt until
	// that is written down; the others may be sent again as soon as this is over.
	doubtful := !req.Idempotent && (outcome.Verdict == syncs.Rows || outcome.Verdict == syncs.Unknown)
	if !doubtful && outcome.Verdict != unfinished {
		e.ended(open.ID)
	}
	if len(req.Ops) > 0 {
		e.see(ctx, ops, req, now, outcome)
	}
	if doubtful {
		e.ended(open.ID)
	}
}

// see sees to the operations of a request once its outcome is known.
func (e *engine) see(ctx context.Context, ops []syncs.Op, req syncs.Request, now try, outcome syncs.Outcome) {
	switch outcome.Verdict {
	case syncs.Rows:
		if silent := e.acknowledge(ctx, ops, req, outcome, now.answer); len(silent) > 0 {
			e.doubt(ctx, pick(ops, silent), req, now, silence)
		}
	case syncs.Unknown:
		e.doubt(ctx, pick(ops, req.Ops), req, now, outcome)
	case syncs.Retry:
		e.retry(ctx, pick(ops, req.Ops), now, outcome)
	case syncs.Split:
		switch {
		case len(req.Ops) == 1:
			e.refuse(ctx, pick(ops, req.Ops), Rejected, outcome, now.answer)
		case req.Idempotent:
			e.emit(Splitting{Rows: len(req.Ops), Code: outcome.Code, Message: e.redact.message(outcome.Message, pick(ops, req.Ops))})
			e.halve(ctx, ops, req.Ops, now)
		default:
			// To look for the culprit is to repeat what is not idempotent. All are due
			// again, and can be sent one by one.
			e.refuse(ctx, pick(ops, req.Ops), Rejected, outcome, now.answer)
		}
	case syncs.Expired:
		e.refresh(ctx, pick(ops, req.Ops), now, outcome)
	case syncs.Fatal:
		e.stop(&StopError{Code: outcome.Code, Message: e.redact.message(outcome.Message, pick(ops, req.Ops))})
	case notStaged, unfinished, syncs.Started: // The last was followed.
	default:
		panic(fmt.Sprintf("deliver: %T returned verdict %d", e.job.Destination, outcome.Verdict))
	}
}

// silence is what is said of rows that an answer does not speak of.
var silence = syncs.Outcome{Code: "unanswered", Message: "the destination did not answer for these rows"}

// notStaged is the engine's own verdict: the delivery stops by an error.
const notStaged syncs.Verdict = -1

// exchange sends a request and returns what the destination made of it.
func (e *engine) exchange(req syncs.Request, t *ticket, now *try) syncs.Outcome {
	e.count(req, now.attempt)
	now.answer = nil
	if req.File != nil {
		resp, err := e.store.stage(e.work, req.File)
		var refused *StopError
		if err != nil && !errors.As(err, &refused) {
			e.stop(err)
			return syncs.Outcome{Verdict: notStaged}
		}
		return e.decode(req, resp, err)
	}
	e.reached("send")
	resp, err := e.dispatch(Sent{For: "deliver", Attempt: now.attempt, Rows: len(req.Ops)}, req.HTTP)
	e.reached("answered")
	outcome := e.decode(req, resp, err)
	now.answer = answer(resp)
	if outcome.Quotas == nil && err == nil {
		outcome.Quotas = syncs.Quotas(resp.Header, resp.ReceivedAt, req.Bucket)
	}
	if outcome.Verdict == syncs.Started {
		t.answered(syncs.Outcome{Quotas: outcome.Quotas}) // Its wait is the job's.
		return outcome
	}
	if outcome.Wait > 0 {
		outcome.Wait = e.asked(outcome.Wait)
	}
	t.answered(outcome)
	return outcome
}

// decode is what became of a request that was answered by resp, or by err.
func (e *engine) decode(req syncs.Request, resp *syncs.Response, err error) syncs.Outcome {
	var stop *StopError
	switch {
	case err == nil:
		resp.ReceivedAt = e.job.Clock.Now()
		outcome := e.job.Destination.Decode(req, resp)
		e.toldTime(resp, outcome)
		return outcome
	case errors.As(err, &stop):
		return syncs.Outcome{Verdict: syncs.Fatal, Code: stop.Code, Message: stop.Message}
	case errors.Is(err, ErrNotSent):
		return syncs.Outcome{Verdict: syncs.Retry, Code: "not-sent", Message: err.Error()}
	default:
		return syncs.Outcome{Verdict: syncs.Unknown, Code: "no-answer", Message: err.Error()}
	}
}

// acknowledge records the rows of an answer, and returns the operations that
// it does not speak of.
func (e *engine) acknowledge(ctx context.Context, ops []syncs.Op, req syncs.Request, outcome syncs.Outcome, from *Answer) (silent []int) {
	answered := make([]bool, len(ops))
	results := make([]Result, 0, len(outcome.Rows))
	for _, row := range outcome.Rows {
		if answered[row.Op] {
			continue // A second answer for a row adds nothing.
		}
		answered[row.Op] = true
		op := &ops[row.Op]
		result := Result{Kind: op.Kind, Key: op.Key, EntityID: op.EntityID, Fingerprint: op.Fingerprint}
		switch {
		case row.Accepted:
			result.Accepted = true
			e.wasTaken(op)
		case row.Exists && op.Kind.MayExist():
			result.Accepted, result.Origin = true, Exists
		case row.Absent && op.Kind.MayBeAbsent():
			result.Accepted, result.Origin = op.Kind.Leaves(), Absent
		case row.Exists || row.Absent:
			result = e.rejection(*op, Rejected, "wrong-answer", "the destination said whether the row is there, which nobody asked")
		default:
			result = e.rejection(*op, Rejected, row.Code, row.Message)
		}
		result.Answer = from
		results = append(results, result)
	}
	for _, u := range outcome.Unnamed {
		e.unnamed(u, ops)
	}
	e.settle(ctx, results)
	for _, i := range req.Ops {
		if !answered[i] {
			silent = append(silent, i)
		}
	}
	return silent
}

// doubt sees to operations that may have been taken or not. To repeat them is
// harmless where they are idempotent; where not, it is for the user to say.
func (e *engine) doubt(ctx context.Context, ops []syncs.Op, req syncs.Request, now try, cause syncs.Outcome) {
	if req.Idempotent {
		now.doubtful = true
		e.retry(ctx, ops, now, cause)
		return
	}
	e.refuse(ctx, ops, Unknown, cause, now.answer)
}

// refuse settles operations that are not accepted, all for one cause: refused, or
// such that nobody can say whether they were taken.
func (e *engine) refuse(ctx context.Context, ops []syncs.Op, origin Origin, cause syncs.Outcome, from *Answer) {
	results := make([]Result, len(ops))
	for i, op := range ops {
		results[i] = e.rejection(op, origin, cause.Code, cause.Message)
		results[i].Answer = from
	}
	e.settle(ctx, results)
}

// answer is what may be kept of an answer; nil where there is none.
func answer(resp *syncs.Response) *Answer {
	if resp == nil {
		return nil
	}
	return &Answer{Status: resp.Status, RequestID: syncs.RequestID(resp.Header), At: resp.ReceivedAt}
}

// halve delivers the two halves of a request's operations on their own.
func (e *engine) halve(ctx context.Context, ops []syncs.Op, indexes []int, now try) {
	middle, anew := len(indexes)/2, try{attempt: 1, doubtful: now.doubtful}
	e.deliver(ctx, pick(ops, indexes[:middle]), anew)
	e.deliver(ctx, pick(ops, indexes[middle:]), anew)
}

// retry delivers operations once more after a pause. Where the last attempt
// failed as a whole nothing else would fare better, and the delivery stops.
func (e *engine) retry(ctx context.Context, ops []syncs.Op, now try, cause syncs.Outcome) {
	wait, attempt := cause.Wait, now.attempt
	if wait == 0 {
		wait = e.backoff(attempt)
	}
	message := e.redact.message(cause.Message, ops)
	if ctx.Err() != nil {
		return
	}
	if attempt >= e.settings.Attempts {
		if cause.Verdict != 0 {
			e.stop(&StopError{Code: cause.Code, Message: fmt.Sprintf("gave up after %d attempts: %s", attempt, message)})
		}
		return
	}
	e.emit(Retrying{Attempt: attempt, Rows: len(ops), Wait: wait, Code: cause.Code, Message: message})
	if wait >= e.settings.FlushAfter {
		e.stopOn(e.flush(ctx))
	}
	if e.job.Clock.Sleep(ctx, wait) == nil {
		e.deliver(ctx, ops, try{attempt: attempt + 1, doubtful: now.doubtful})
	}
}

// asked is the pause that a destination asked for, within reason. It gets
// jitter, as the others do, so that requests that failed together do not
// return together.
func (e *engine) asked(wait time.Duration) time.Duration {
	s := e.settings
	return min(wait, s.MaxWait) + time.Duration(s.Jitter()*float64(s.Backoff))
}

// backoff is the pause after a failed attempt.
func (e *engine) backoff(attempt int) time.Duration {
	s := e.settings
	pause := s.MaxBackoff
	if shift := attempt - 1; shift < 30 && s.Backoff<<shift < pause {
		pause = s.Backoff << shift
	}
	return pause/2 + time.Duration(s.Jitter()*float64(pause/2))
}

// rejection is the outcome of an operation that is not accepted.
func (e *engine) rejection(op syncs.Op, origin Origin, code, message string) Result {
	return Result{
		Kind: op.Kind, Key: op.Key, EntityID: op.EntityID, Fingerprint: op.Fingerprint,
		Origin: origin, Code: e.redact.code(code, op), Message: e.redact.message(message, []syncs.Op{op}),
	}
}

// pick copies the operations at indexes.
func pick(ops []syncs.Op, indexes []int) []syncs.Op {
	picked := make([]syncs.Op, len(indexes))
	for i, at := range indexes {
		picked[i] = ops[at]
	}
	return picked
}

// size is the length of a request's body, in bytes.
func size(req syncs.Request) int {
	if req.File != nil {
		return len(req.File.Head) + len(req.File.Body)
	}
	return len(req.HTTP.Body)
}
