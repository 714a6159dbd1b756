package deliver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// Jobs keeps what platforms were asked to do and have not ended: what a run
// needs to go on where an earlier one stopped. It may be used from several
// goroutines.
type Jobs interface {
	// Save writes a job down; it is safe from a crash once Save returns. Of a
	// job whose ID is known, only the Handle is new.
	Save(ctx context.Context, job OpenJob) error
	// Forget removes jobs; it is no error where one is not there.
	Forget(ctx context.Context, ids []string) error
	// Load returns the jobs of a sync at a place, the oldest first.
	Load(ctx context.Context, sync, place string) ([]OpenJob, error)
}

// OpenJob is a job that a platform has not ended, as far as we know, or a request
// that may have started one: see Journal.
type OpenJob struct {
	// ID is unique, and in the order of their start within a run.
	ID string
	// Sync and Place say whose rows it has and where; RunID is the run that
	// started it.
	Sync, Place, RunID string
	// Handle is what to ask for; empty of a request whose answer is not known.
	Handle    syncs.Handle
	StartedAt time.Time
	// Idempotent is that of the request that started it.
	Idempotent bool
	// Ops are those of that request, without Values.
	Ops []syncs.Op
}

// NewMemory makes Jobs that live as long as the process, for tests.
func NewMemory() Jobs { return &memory{} }

type memory struct {
	mu   sync.Mutex
	list []OpenJob
}

func (m *memory) Save(_ context.Context, job OpenJob) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.list {
		if m.list[i].ID == job.ID {
			m.list[i].Handle = job.Handle
			return nil
		}
	}
	m.list = append(m.list, job)
	return nil
}

func (m *memory) Forget(_ context.Context, ids []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = slices.DeleteFunc(m.list, func(j OpenJob) bool { return slices.Contains(ids, j.ID) })
	return nil
}

func (m *memory) Load(_ context.Context, sync, place string) ([]OpenJob, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.list), func(j OpenJob) bool { return j.Sync != sync || j.Place != place }), nil
}

// Resume asks for the jobs that earlier runs left open until they have ended,
// and records what became of their rows. It has to be called before anything
// is compared with the ledger, and nothing may be sent where it fails: a row
// that an open job holds could overtake a newer one. Of a destination without
// jobs, and in a dry run, it does nothing.
//
// The Report counts the rows of those jobs. The error is as that of Run; it is
// a *StopError with the code "job-open" where one goes on for longer than
// Settings.JobWait.
func Resume(ctx context.Context, job Job) (Report, error) {
	if _, ok := job.Destination.(syncs.Poller); !ok || job.DryRun {
		return Report{Status: OK}, nil
	}
	job.Counts = Counts{}
	job.Guards.MaxRejected = nil // They were judged by the run that sent them.
	e := newEngine(job)
	err := e.resume(ctx)
	if err != nil {
		err = fmt.Errorf("resuming the jobs of sync %s: %w", job.Schema.Sync, err)
	}
	return e.conclude(err), err
}

func (e *engine) resume(ctx context.Context) error {
	if err := e.keepsJobs(); err != nil {
		return err
	}
	open, err := e.job.Jobs.Load(ctx, e.job.Schema.Sync, e.job.Place)
	if err != nil {
		return fmt.Errorf("reading the open jobs: %w", err)
	}
	if len(open) == 0 {
		return nil
	}
	err = e.within(ctx, func(live context.Context) {
		for _, o := range open {
			e.sentBy = o.RunID
			e.attempted(len(o.Ops))
			e.emit(Resuming{Rows: len(o.Ops), Since: o.StartedAt})
			outcome, rest := e.follow(live, o, o.Ops, true, syncs.Outcome{Verdict: syncs.Started, Job: o.Handle}, nil)
			if e.leave(live, o, rest, outcome); outcome.Verdict != unfinished {
				e.ended(o.ID)
			}
		}
	})
	return errors.Join(err, e.flush(ctx), e.stillOpen())
}

// leave sees to the rows of a job of an earlier run, of which nothing more
// will be known. Most of them are simply due; this run finds them by
// comparing. What may not be repeated stays in doubt where a job failed, too:
// the run that was killed may have given its rows to another one, and not
// written that down.
func (e *engine) leave(ctx context.Context, open OpenJob, rest []int, outcome syncs.Outcome) {
	switch {
	case len(rest) == 0:
	case outcome.Verdict == syncs.Split && len(open.Ops) == 1:
		e.settle(ctx, []Result{e.rejection(open.Ops[0], Rejected, outcome.Code, outcome.Message)})
	case outcome.Verdict == syncs.Unknown, outcome.Verdict == syncs.Rows:
		if outcome.Verdict == syncs.Rows {
			outcome = silence
		}
		if !open.Idempotent {
			e.refuse(ctx, pick(open.Ops, rest), Unknown, outcome, nil)
		}
	}
}

// stillOpen is an error where a job has not ended.
func (e *engine) stillOpen() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.report.InJobs == 0 {
		return nil
	}
	return &StopError{Code: "job-open", Message: fmt.Sprintf(
		"the destination is still busy with a job of an earlier run, of %d rows: nothing is sent until it has ended, or is given up %s after its start",
		e.report.InJobs, e.spec.JobLimit,
	)}
}

// keepsJobs refuses to start what could not be resumed.
func (e *engine) keepsJobs() error {
	if _, ok := e.job.Destination.(syncs.Poller); ok && e.job.Jobs == nil {
		return &StopError{Code: "no-jobs", Message: "the destination works in jobs, and there is nowhere to keep them"}
	}
	return nil
}

// unfinished is the engine's own verdict: a job whose rows stay with it.
const unfinished syncs.Verdict = -2

// openJob is a job of operations that a request has, or is to have.
func (e *engine) openJob(ops []syncs.Op, req syncs.Request) OpenJob {
	open := OpenJob{
		ID:   fmt.Sprintf("%s/%09d", e.job.RunID, e.opened.Add(1)),
		Sync: e.job.Schema.Sync, Place: e.job.Place, RunID: e.job.RunID,
		StartedAt: e.job.Clock.Now(), Idempotent: req.Idempotent, Ops: slices.Clone(ops),
	}
	for i := range open.Ops {
		open.Ops[i].Values = nil
	}
	return open
}

// start writes down the job that a request started, and follows it. It
// returns what the job says of the operations that it did not mention, which
// are indexes into ops, all those of the request.
func (e *engine) start(ctx context.Context, open OpenJob, ops []syncs.Op, started syncs.Outcome, from *Answer) (syncs.Outcome, []int) {
	if _, ok := e.job.Destination.(syncs.Poller); !ok {
		panic(fmt.Sprintf("deliver: %T started a job, and is no Poller", e.job.Destination))
	}
	e.mu.Lock()
	e.report.Jobs++
	e.mu.Unlock()
	return e.follow(ctx, open, ops, false, started, from)
}

// follow asks for a job until it has ended; answer is Started, and came from what is
// nil where an earlier process had it. Rows whose
// outcome becomes known are settled. It returns the last answer, and which
// operations were never mentioned; the verdict is unfinished where they stay
// with the job, or are settled. Otherwise it is for the caller to say that the job
// has ended, once it has seen to them.
func (e *engine) follow(ctx context.Context, open OpenJob, ops []syncs.Op, resumed bool, answer syncs.Outcome, from *Answer) (syncs.Outcome, []int) {
	rest := make([]int, len(ops))
	for i := range rest {
		rest[i] = i
	}
	began, same := e.job.Clock.Now(), 0
	now := try{attempt: 1, answer: from}
	for {
		known := len(rest)
		rest = e.mentioned(ctx, ops, rest, answer, now.answer)
		if answer.Verdict != syncs.Started {
			return answer, rest
		}
		if answer.Job != open.Handle || answer.Job == "" {
			if err := e.save(ctx, &open, answer.Job, len(rest) < known); err != nil {
				e.stop(err)
				return e.open(rest)
			}
			same = 0
		}
		age := e.job.Clock.Now().Sub(open.StartedAt)
		switch wait := e.untilPolled(answer, same); {
		case ctx.Err() != nil:
			return e.open(rest)
		case age >= e.spec.JobLimit:
			return e.giveUp(ctx, open, ops, rest, age)
		case e.job.Clock.Now().Sub(began)+wait > e.settings.JobWait:
			e.emit(LeftOpen{Rows: len(rest), Since: open.StartedAt})
			return e.open(rest)
		case wait > 0:
			e.emit(Polling{Rows: len(rest), Wait: wait, Code: answer.Code, Message: e.redact.message(answer.Message, ops)})
			if wait >= e.settings.FlushAfter {
				e.stopOn(e.flush(ctx))
			}
			if e.job.Clock.Sleep(ctx, wait) != nil {
				return e.open(rest)
			}
		}
		same++
		var ok bool
		for answer, ok = e.poll(ctx, open, ops, resumed, &now); ok && answer.Verdict == syncs.Expired; {
			if ok = e.reissue(ctx, ops, &now, answer); ok {
				answer, ok = e.poll(ctx, open, ops, resumed, &now)
			}
		}
		if !ok {
			return e.open(rest)
		}
		now.renewed = false
	}
}

// mentioned settles the rows that an answer speaks of, and returns the others.
func (e *engine) mentioned(ctx context.Context, ops []syncs.Op, rest []int, answer syncs.Outcome, from *Answer) []int {
	if len(answer.Rows)+len(answer.Unnamed) == 0 {
		return rest
	}
	due := make([]bool, len(ops))
	for _, i := range rest {
		due[i] = true
	}
	rows := slices.DeleteFunc(answer.Rows, func(r syncs.RowResult) bool { return !due[r.Op] })
	return e.acknowledge(ctx, ops, syncs.Request{Ops: rest}, syncs.Outcome{Rows: rows, Unnamed: answer.Unnamed}, from)
}

// untilPolled is the pause before a job is asked for: what the platform asks
// for, none where the job got ahead, and more each time where it did not.
func (e *engine) untilPolled(answer syncs.Outcome, same int) time.Duration {
	if answer.Wait > 0 {
		return e.asked(answer.Wait)
	}
	if same == 0 {
		return 0
	}
	s := e.settings
	pause := s.MaxPoll
	if shift := same - 1; shift < 30 && s.Poll<<shift < pause {
		pause = s.Poll << shift
	}
	return pause/2 + time.Duration(s.Jitter()*float64(pause/2))
}

// poll takes one step with a job. It is false where the delivery ends.
func (e *engine) poll(ctx context.Context, open OpenJob, ops []syncs.Op, resumed bool, now *try) (syncs.Outcome, bool) {
	d := e.job.Destination.(syncs.Poller) //nolint:errcheck // Nothing else has jobs.
	again := func(code, message string) (syncs.Outcome, bool) {
		return syncs.Outcome{Verdict: syncs.Started, Job: open.Handle, Code: code, Message: message}, true
	}
	credential := e.session.current()
	now.issue = credential.issue
	e.redact.learn(credential.token.Access)
	remote := syncs.RemoteJob{
		Handle: open.Handle, Schema: e.job.Schema, RunID: open.RunID, Ops: ops, Resumed: resumed,
		StartedAt: open.StartedAt, SentAt: e.job.Clock.Now(), Secrets: e.secret, Token: credential.token,
	}
	requests := d.Poll(remote)
	answers := make([]*syncs.Response, len(requests))
	tickets := make([]*ticket, 0, len(requests))
	outcome := syncs.Outcome{Verdict: notStaged}
	defer func() {
		for i, t := range tickets {
			said := syncs.Outcome{}
			if resp := answers[i]; resp != nil {
				said.Quotas = syncs.Quotas(resp.Header, resp.ReceivedAt, requests[i].Bucket)
			}
			if i == len(tickets)-1 && outcome.Throttled {
				said.Throttled, said.Wait = true, outcome.Wait
			}
			t.answered(said)
		}
	}()
	for i, req := range requests {
		t, err := e.session.wait(ctx, req.Bucket, 0)
		if err != nil {
			return outcome, false
		}
		tickets = append(tickets, t)
		e.count(req, 1)
		e.reached("poll")
		resp, err := e.dispatch(Sent{For: "poll", Attempt: 1}, req.HTTP)
		e.reached("polled")
		if refused, ok := errors.AsType[*StopError](err); ok {
			e.stop(refused)
			return outcome, false
		}
		if err != nil {
			return again("no-answer", err.Error())
		}
		resp.ReceivedAt = e.job.Clock.Now()
		answers[i], now.answer = resp, answer(resp)
	}
	outcome = d.Polled(remote, requests, answers)
	switch outcome.Verdict {
	case syncs.Started, syncs.Rows, syncs.Retry, syncs.Split, syncs.Unknown, syncs.Expired:
	case syncs.Fatal:
		e.stop(&StopError{Code: outcome.Code, Message: e.redact.message(outcome.Message, ops)})
		return outcome, false
	default:
		panic(fmt.Sprintf("deliver: %T polled verdict %d", e.job.Destination, outcome.Verdict))
	}
	return outcome, true
}

// save writes a job down with its next handle. What became known of its rows
// is recorded before: the handle may have left it behind.
func (e *engine) save(ctx context.Context, open *OpenJob, next syncs.Handle, settled bool) error {
	if err := e.presentable(next); err != nil {
		return err
	}
	if settled {
		if err := e.flush(ctx); err != nil {
			return err
		}
	}
	open.Handle = next
	alive, done := context.WithTimeout(context.WithoutCancel(ctx), ledgerTimeout)
	defer done()
	if err := e.job.Jobs.Save(alive, *open); err != nil {
		return fmt.Errorf("writing down the job that the destination started: %w", err)
	}
	return nil
}

// presentable refuses a handle that must not be written down.
func (e *engine) presentable(h syncs.Handle) error {
	switch text := string(h); {
	case text == "" || len(text) > syncs.MaxHandle:
		return &StopError{Code: "bad-handle", Message: fmt.Sprintf("the destination's handle of a job has %d bytes, from 1 to %d are permitted", len(text), syncs.MaxHandle)}
	case e.redact.secretIn(text):
		return &StopError{Code: "bad-handle", Message: "the destination's handle of a job holds a secret"}
	}
	return nil
}

// ended has a job, or a request that was begun, forgotten with the next that is
// written or recorded: nothing of its rows is in doubt any more. Of a request that
// was not begun the ID is empty.
func (e *engine) ended(id string) {
	if id == "" {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = append(e.over, id)
}

// open leaves rows with their job.
func (e *engine) open(rest []int) (syncs.Outcome, []int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.report.InJobs += int64(len(rest))
	return syncs.Outcome{Verdict: unfinished}, rest
}

// giveUp forgets a job that takes longer than its platform ever does. Its rows
// are due, and in doubt where sending them again could double them.
func (e *engine) giveUp(ctx context.Context, open OpenJob, ops []syncs.Op, rest []int, age time.Duration) (syncs.Outcome, []int) {
	e.emit(LeftOpen{Rows: len(rest), Since: open.StartedAt, GivenUp: true})
	if !open.Idempotent {
		e.refuse(ctx, pick(ops, rest), Unknown, syncs.Outcome{
			Code: "job-never-ended", Message: fmt.Sprintf("the destination's job had not ended after %s", age.Round(time.Second)),
		}, nil)
	}
	e.ended(open.ID)
	return syncs.Outcome{Verdict: unfinished}, rest
}

// secretIn reports whether a text holds a secret that was learned.
func (r *redactor) secretIn(text string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.ContainsFunc(r.secrets, func(s string) bool { return strings.Contains(text, s) })
}
