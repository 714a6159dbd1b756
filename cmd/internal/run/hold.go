package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// hold is the right of this run to deliver a sync, and the journal that goes
// with it.
type hold struct {
	*runner
	audience *models.Audience
	// lease is nil where the run has no state.
	lease *state.Lease
	// last is the last entry of the journal.
	last int64
	// replacing says that everything was due before it was asked what open jobs did.
	replacing bool
	// rest ends the renewals; rested is closed then.
	rest   context.CancelFunc
	rested chan struct{}
}

var (
	_ deliver.Journal = (*hold)(nil)
	_ deliver.Jobs    = (*hold)(nil)
)

// take makes sure that this run alone delivers a sync: by a lease in the state,
// which others wait for, and by its fence in the warehouse, which keeps a run
// that has lost its lease and does not know from writing anything down. Then it
// takes over what the journal kept of a run that was killed. The error is a
// *state.HeldError where another process delivers.
func (r *runner) take(ctx context.Context, a *models.Audience) (_ *hold, err error) {
	if h := r.holds[a.Sync.Name]; h != nil {
		return h, nil
	}
	sync := a.Sync.Name
	h := &hold{runner: r, audience: a, rest: func() {}, rested: make(chan struct{})}
	close(h.rested)
	r.reached("take")
	fence, err := r.wh.Int(ctx, audience.Fence(sync))
	if err != nil {
		return nil, &StepError{Title: "look who delivers", Err: err}
	}
	fence++
	if r.State != nil {
		if h.lease, err = r.State.Acquire(ctx, "sync "+sync, fence-1); err != nil {
			return nil, err
		}
		fence = h.lease.Fence()
		h.renew(ctx)
	}
	r.reached("leased")
	r.holds[sync] = h
	defer func() {
		if err != nil {
			h.release(ctx)
		}
	}()
	if err := r.wh.Script(ctx, audience.Take(sync, r.Plan.RunID, fence)); err != nil {
		return nil, &StepError{Title: "take the sync", Err: err}
	}
	if err := r.hasSync(ctx, a); err != nil {
		return nil, err
	}
	r.reached("taken")
	if h.lease != nil {
		if err := h.recover(ctx); err != nil {
			return nil, &StepError{Title: "take over what the journal kept", Err: err}
		}
	}
	return h, nil
}

// hasSync is an error where another run has taken a sync since.
func (r *runner) hasSync(ctx context.Context, a *models.Audience) error {
	n, err := r.wh.Int(ctx, audience.Holds(a.Sync.Name, r.Plan.RunID))
	if err == nil && n != 1 {
		err = &state.LostError{Name: "sync " + a.Sync.Name}
	}
	return err
}

// renew renews the lease until the hold is released. Where it fails Held will
// say so in time.
func (h *hold) renew(ctx context.Context) {
	awake, rest := context.WithCancel(context.WithoutCancel(ctx))
	rested := make(chan struct{})
	h.rest, h.rested = rest, rested
	go func() {
		defer close(rested)
		for h.Clock.Sleep(awake, h.lease.Every()) == nil {
			h.reached("renew")
			if _, lost := errors.AsType[*state.LostError](h.lease.Renew(awake)); lost {
				return
			}
			h.reached("renewed")
		}
	}()
}

// release ends a hold, in time or not: nobody has to wait for its end.
func (h *hold) release(ctx context.Context) {
	delete(h.holds, h.audience.Sync.Name)
	h.rest()
	<-h.rested
	if h.lease == nil {
		return
	}
	h.reached("release")
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), wrapUp)
	defer cancel()
	if err := h.lease.Release(late); err != nil {
		// The sync itself has ended; the lease will run out.
		h.warn(h.audience.Sync.Name + " stays taken for a minute: " + err.Error())
	}
	h.reached("released")
}

// releaseAll ends the holds of syncs that were not delivered.
func (r *runner) releaseAll(ctx context.Context) {
	for _, h := range r.holds {
		h.release(ctx)
	}
}

// recover takes over what the journal kept: outcomes, and then the requests of
// which it has none. What a run that was cut short had not begun to send is due
// again. It is safe to be killed in, and to be done again.
func (h *hold) recover(ctx context.Context) error {
	if err := h.recoverOutcomes(ctx); err != nil {
		return err
	}
	return h.recoverRequests(ctx)
}

func (h *hold) recoverOutcomes(ctx context.Context) error {
	last, err := h.lease.Last(ctx)
	if err != nil || last == 0 {
		return err
	}
	h.reached("recover")
	outcomes := 0
	rows := func(yield func([]any, error) bool) {
		for e, err := range h.lease.Entries(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			results, err := deliver.DecodeResults(e.Body)
			if err != nil {
				yield(nil, fmt.Errorf("entry %d: %w", e.Seq, err))
				return
			}
			for _, result := range results {
				outcomes++
				if !yield(append(outcomeRow(result), e.Place, e.RunID, e.AsOf), nil) {
					return
				}
			}
		}
	}
	if err := h.takeOver(ctx, rows); err != nil {
		return err
	}
	h.last = last
	if err := h.Recorded(ctx); err != nil {
		return err
	}
	h.reached("recover cleared")
	h.emit(Recovered{Sync: h.audience.Sync.Name, Outcomes: outcomes})
	return nil
}

// The code and message of a row that was about to be sent, or was.
const (
	cutShort        = "cut-short"
	cutShortMessage = "the run that was sending it was cut short, and nobody knows whether the destination took it"
)

// recoverRequests puts in doubt what was about to be sent, must not be sent twice
// and has no outcome.
func (h *hold) recoverRequests(ctx context.Context) error {
	open, err := h.Load(ctx, h.audience.Sync.Name, h.audience.Place)
	if err != nil {
		return err
	}
	var ids []string
	var results []deliver.Result
	for _, j := range open {
		if j.Handle != "" {
			continue // Its platform knows.
		}
		ids = append(ids, j.ID)
		for _, op := range j.Ops {
			results = append(results, deliver.Result{
				Kind: op.Kind, Key: op.Key, EntityID: op.EntityID, Fingerprint: op.Fingerprint,
				Origin: deliver.Unknown, Code: cutShort, Message: cutShortMessage, RunID: j.RunID,
			})
		}
	}
	if len(ids) > 0 {
		if err := (resumed{h}).Record(ctx, results, false); err != nil {
			return err
		}
		if err := h.Forget(ctx, ids); err != nil {
			return err
		}
	}
	if len(ids) < len(open) {
		return nil // What is with a job is noted, and not in doubt as yet.
	}
	return h.free(ctx)
}

// mark says that this run, which is about to note what it will send, writes down
// here what must not be sent twice before it sends it.
func (h *hold) mark(ctx context.Context) error {
	if h.lease == nil || h.audience.Release == nil {
		return nil
	}
	h.reached("mark")
	err := h.lease.Mark(ctx, h.Plan.RunID)
	h.reached("marked")
	return err
}

// free takes back the notes of what an earlier run did not come to send. Without
// its mark nobody knows what that is: its journal may be elsewhere.
func (h *hold) free(ctx context.Context) error {
	if h.lease == nil || h.lease.Marked() == "" {
		return nil
	}
	return h.unnote(ctx, h.lease.Marked())
}

// unnote takes back the notes of what a run did not send, once its outcomes were
// taken over and its jobs have ended.
func (h *hold) unnote(ctx context.Context, runID string) error {
	if h.audience.Release != nil {
		h.reached("unnote")
		if err := h.wh.Script(ctx, h.audience.Release(runID)); err != nil {
			return err
		}
		h.reached("unnoted")
	}
	if h.lease == nil {
		return nil
	}
	return h.lease.Mark(ctx, "")
}

// takeOver writes down outcomes of earlier runs, each once however often that
// is tried: rows of outcomeRow with the place, the run and its time.
func (h *hold) takeOver(ctx context.Context, rows iter.Seq2[[]any, error]) error {
	to := h.audience.Recover
	if err := h.wh.Exec(ctx, sql.Drop{Table: to.Outcomes.Table}, to.Outcomes); err != nil {
		return err
	}
	if err := h.wh.Load(ctx, to.Outcomes.Table, append(slices.Clip(outcomeColumns), "place", "run_id", "as_of"), rows); err != nil {
		return err
	}
	if err := h.steps(ctx, "sync:"+h.audience.Sync.Name, 0, to.Steps); err != nil {
		return err
	}
	h.reached("recover loaded")
	if err := h.wh.Script(ctx, to.Apply); err != nil {
		return err
	}
	if err := h.hasSync(ctx, h.audience); err != nil {
		return err
	}
	h.reached("recovered")
	return nil
}

// resumed is the Ledger of jobs that earlier runs started: what became of their
// rows counts as what the journal kept does, under the run that sent them.
type resumed struct{ *hold }

var _ deliver.Ledger = resumed{}

// Record is called from one goroutine at a time.
func (l resumed) Record(ctx context.Context, results []deliver.Result, _ bool) error {
	if len(results) == 0 {
		return nil
	}
	return l.takeOver(ctx, func(yield func([]any, error) bool) {
		for _, r := range results {
			if !yield(append(outcomeRow(r), l.audience.Place, r.RunID, l.Plan.AsOf), nil) {
				return
			}
		}
	})
}

// equip gives a delivery its journal, and the refresh token that the last one
// was left with.
func (h *hold) equip(ctx context.Context, job *deliver.Job) error {
	if h.lease == nil {
		return nil
	}
	job.Journal, job.Jobs = h, h
	keep, err := Credential(ctx, h.State, h.audience.Destination.Name, job.Destination, h.Secrets, job.Session)
	if err != nil {
		return err
	}
	job.KeepToken = func(ctx context.Context, refresh secret.Value) error {
		h.reached("keep token")
		err := keep(ctx, refresh)
		h.reached("kept token")
		return err
	}
	return nil
}

// Credential gives a session the refresh token that a destination was left with
// last, and returns what keeps the next one.
func Credential(
	ctx context.Context, store *state.Store, name string, d syncs.Destination, secrets func(secret.Ref) secret.Value, session *deliver.Session,
) (keep func(context.Context, secret.Value) error, err error) {
	from := origin(d, secrets)
	token, err := store.Token(ctx, name, from)
	if err != nil {
		return nil, err
	}
	if !token.IsZero() {
		session.Resume(token)
	}
	return func(ctx context.Context, refresh secret.Value) error {
		return store.KeepToken(ctx, name, from, refresh)
	}, nil
}

// origin stands for the credentials of a destination, which it does not tell.
func origin(d syncs.Destination, secrets func(secret.Ref) secret.Value) string {
	sum := sha256.New()
	for _, ref := range d.Spec().Secrets {
		value := secrets(ref).Reveal()
		fmt.Fprintf(sum, "%d:%s=%d:%s", len(ref.Text()), ref.Text(), len(value), value)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Write puts outcomes and requests into the journal.
func (h *hold) Write(ctx context.Context, w deliver.Writing) error {
	begun := make([]state.Job, len(w.Begun))
	for i, j := range w.Begun {
		begun[i] = keep(j)
	}
	seq, err := h.lease.Write(ctx, state.Entry{
		RunID: h.Plan.RunID, AsOf: h.Plan.AsOf, Place: h.audience.Place, Body: deliver.EncodeResults(w.Results),
	}, begun, w.Over)
	if err == nil {
		h.last = max(h.last, seq)
	}
	return err
}

// keep is a job as the state keeps it.
func keep(j deliver.OpenJob) state.Job {
	return state.Job{
		ID: j.ID, Place: j.Place, RunID: j.RunID, StartedAt: j.StartedAt, Handle: string(j.Handle), Idempotent: j.Idempotent, Body: deliver.EncodeOps(j.Ops),
	}
}

// Recorded clears the journal: the warehouse has what was written.
func (h *hold) Recorded(ctx context.Context) error {
	if h.last == 0 {
		return nil
	}
	return h.lease.Delete(ctx, h.last)
}

// Save writes a job of the destination down.
func (h *hold) Save(ctx context.Context, j deliver.OpenJob) error {
	h.reached("save job")
	err := h.lease.SaveJob(ctx, keep(j))
	h.reached("saved job")
	return err
}

// Forget removes jobs that have ended.
func (h *hold) Forget(ctx context.Context, ids []string) error {
	h.reached("forget jobs")
	err := h.lease.DeleteJobs(ctx, ids)
	h.reached("forgot jobs")
	return err
}

// Load reads the jobs that have not ended, and the requests that were begun.
func (h *hold) Load(ctx context.Context, sync, place string) ([]deliver.OpenJob, error) {
	kept, err := h.lease.Jobs(ctx, place)
	if err != nil {
		return nil, err
	}
	list := make([]deliver.OpenJob, len(kept))
	for i, j := range kept {
		ops, err := deliver.DecodeOps(j.Body)
		if err != nil {
			return nil, fmt.Errorf("job %s: %w", j.ID, err)
		}
		list[i] = deliver.OpenJob{
			ID: j.ID, Sync: sync, Place: j.Place, RunID: j.RunID, StartedAt: j.StartedAt,
			Handle: syncs.Handle(j.Handle), Idempotent: j.Idempotent, Ops: ops,
		}
	}
	return list, nil
}

// Held is an error where another process may deliver by now.
func (h *hold) Held() error { return h.lease.Held() }
