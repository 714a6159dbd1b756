package privacy

import (
	"context"
	"errors"
	"slices"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// stepWrite writes the file that answers a request, and file is its system.
const (
	stepWrite = "write"
	file      = "file"
)

// Answered says that a file answers requests of a kind. No run writes one: somebody
// has to say where it goes.
func Answered(kind string) bool { return kind == Access || kind == Portability }

// toAnswer are the steps of a request that a file answers.
func toAnswer(id string) []state.PrivacyStep {
	return []state.PrivacyStep{
		{Request: id, Step: stepWrite, System: file, Status: Todo},
		{Request: id, Step: stepClose, System: store, Status: Todo},
	}
}

// Answer has the file of an open request written, and closes the request: nothing of
// the person stays in it but digests. What write returns is kept and names nobody.
// It is called again the next time where it failed, or died before it was said that
// it had not.
func (d *Desk) Answer(ctx context.Context, id string, write func(context.Context, state.PrivacyRequest) (receipt string, err error)) (state.PrivacyRequest, error) {
	return d.alone(ctx, id, func(ctx context.Context, r state.PrivacyRequest) (state.PrivacyRequest, error) {
		if err := open(&r); err != nil {
			return r, err
		}
		if len(r.Identifiers) > 0 {
			if err := d.write(ctx, &r, write); err != nil {
				return r, err
			}
		}
		return d.conclude(ctx, r)
	})
}

// Conclude closes a request whose file was written by a process that died before it
// could. Of any other it does nothing.
func (d *Desk) Conclude(ctx context.Context, id string) (state.PrivacyRequest, error) {
	steps, err := d.Store.PrivacySteps(ctx, id)
	if err != nil || !slices.ContainsFunc(steps, func(x state.PrivacyStep) bool { return x.Step == stepWrite && x.Status == Done }) {
		return state.PrivacyRequest{}, err
	}
	return d.alone(ctx, id, func(ctx context.Context, r state.PrivacyRequest) (state.PrivacyRequest, error) {
		if !r.Open() {
			return r, nil
		}
		return d.conclude(ctx, r)
	})
}

// alone does something for a request that a file answers, while nobody else does.
func (d *Desk) alone(ctx context.Context, id string, do func(context.Context, state.PrivacyRequest) (state.PrivacyRequest, error)) (state.PrivacyRequest, error) {
	using, stop, err := d.Store.Use(ctx, "privacy request "+id)
	if err != nil {
		return state.PrivacyRequest{}, err
	}
	r, err := d.Store.PrivacyRequest(using, id)
	if err == nil && !Answered(r.Kind) {
		err = conflict("request %s is one to %s: no file answers it", id, r.Kind)
	}
	if err == nil {
		r, err = do(using, r)
	}
	return r, errors.Join(err, stop())
}

// write does the step that writes the file.
func (d *Desk) write(ctx context.Context, r *state.PrivacyRequest, write func(context.Context, state.PrivacyRequest) (string, error)) error {
	steps, err := d.Store.PrivacySteps(ctx, r.ID)
	if err == nil && len(steps) == 0 { // Who wrote it down died before it planned them.
		steps = toAnswer(r.ID)
		err = d.Store.PlanSteps(ctx, r.ID, steps)
	}
	if err != nil {
		return err
	}
	x := steps[0]
	x.Status, x.Attempts = Working, x.Attempts+1
	if err := d.Store.SaveStep(ctx, x); err != nil {
		return err
	}
	if *r, err = d.Store.ChangeRequest(ctx, r.ID, func(r *state.PrivacyRequest) error {
		r.Status = Working
		return open(r)
	}); err != nil {
		return err
	}
	d.reached("privacy write")
	receipt, err := write(ctx, *r)
	if ctx.Err() != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	d.reached("privacy written")
	x.At = d.Now().UTC()
	if err != nil {
		x.Status, x.Error = Failed, kept(err, r.Identifiers)
		return errors.Join(err, d.Store.SaveStep(ctx, x), d.stepped(ctx, audit.StepFailed, x, audit.Subject{}))
	}
	x.Status, x.Error, x.Receipt = Done, "", receipt
	return errors.Join(d.stepped(ctx, audit.StepDone, x, audit.Subject{}), d.Store.SaveStep(ctx, x))
}

// kept is what is kept of an error of writing a file. Its words may have the name of
// the file, and people call files by whom they are about.
func kept(err error, whom []state.Identifier) string {
	if known, ok := errors.AsType[*adapters.Error](err); ok {
		return without(known.Message, found{}, whom)
	}
	return "the file could not be written; whoever tried was told why"
}

// stepped writes down what became of a step, and about whom where that is known.
func (d *Desk) stepped(ctx context.Context, action audit.Action, x state.PrivacyStep, whom audit.Subject) error {
	return d.Audit.Add(ctx, audit.Entry{
		Actor: d.Actor, Action: action, Object: audit.Of("request", x.Request), Subject: whom,
		Details: []audit.Detail{audit.Word("step", x.Step), audit.Word("system", x.System), audit.Count("attempts", int64(x.Attempts))},
	})
}

// conclude leaves nothing of the person in a request whose file was written, and
// ends it.
func (d *Desk) conclude(ctx context.Context, r state.PrivacyRequest) (state.PrivacyRequest, error) {
	d.reached("privacy answered")
	if len(r.Identifiers) > 0 {
		var err error
		if r, err = d.Store.ChangeRequest(ctx, r.ID, func(r *state.PrivacyRequest) error {
			d.forget(r)
			return open(r)
		}); err != nil {
			return r, err
		}
	}
	d.reached("privacy forgotten")
	x := toAnswer(r.ID)[1]
	x.Status, x.Attempts, x.At = Done, 1, d.Now().UTC()
	if err := errors.Join(d.Store.Rewrite(ctx), d.stepped(ctx, audit.StepDone, x, audit.Subject{}), d.Store.SaveStep(ctx, x)); err != nil {
		return r, err
	}
	d.reached("privacy forgotten done")
	// Before it is said: what is written twice harms nobody.
	if err := d.note(ctx, audit.RequestDone, r, ""); err != nil {
		return r, err
	}
	return d.Store.ChangeRequest(ctx, r.ID, func(r *state.PrivacyRequest) error {
		if err := open(r); err != nil {
			return err
		}
		r.Status, r.Ended = Done, d.Now().UTC()
		return nil
	})
}

// forget puts digests in the place of a request's identifiers.
func (d *Desk) forget(r *state.PrivacyRequest) {
	for _, id := range r.Identifiers {
		r.Digests = append(r.Digests, d.Key.Digest(id.Type, id.Value))
	}
	r.Identifiers = nil
}
