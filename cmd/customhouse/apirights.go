package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/dossier"
	"github.com/customhouse-cdp/customhouse/cmd/internal/privacy"
	"github.com/customhouse-cdp/customhouse/cmd/internal/serve"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// errand is how long a caller waits for steps of a request: those that are left are
// done by the next run.
const errand = 45 * time.Second

// refused is an error about a request of a person as a caller may see it.
func (p apiProject) refused(ctx context.Context, err error) error {
	if errors.Is(err, privacy.ErrReused) {
		reused := serve.KeyReused.Problem("give each request a key of its own, and the same one only when it is tried again")
		reused.At = "Idempotency-Key"
		return reused
	}
	if wrong, ok := errors.AsType[*privacy.UserError](err); ok {
		if wrong.Conflict {
			return serve.Conflict.Problem("%s", wrong)
		}
		return serve.InvalidRequest.Problem("%s", wrong)
	}
	if usage, ok := errors.AsType[usageError](err); ok {
		return serve.InvalidRequest.Problem("%s", usage)
	}
	return p.problem(ctx, err)
}

// deskOf is where requests are received, by a caller.
func (p apiProject) deskOf(ctx context.Context, own *project, by serve.Asker) (*privacy.Desk, error) {
	d, err := p.app.desk(ctx, own, p.store)
	if err != nil {
		return nil, err
	}
	d.Actor, d.By = by.Actor, by.Name
	return d, nil
}

// engaged does steps of requests for a caller, while nobody else has the warehouse.
func (p apiProject) engaged(ctx context.Context, by serve.Asker, f func(context.Context, *privacy.Engine) error) error {
	soon, done := context.WithTimeout(ctx, patience)
	defer done()
	leave, err := p.have(soon)
	if err != nil {
		return serve.WarehouseBusy.Problem("a run has it: try again").After(busyFor)
	}
	defer leave()
	err = p.app.engaged(ctx, p.current(), func(ctx context.Context, e *privacy.Engine) error {
		e.Actor, e.By = by.Actor, by.Name
		return f(ctx, e)
	})
	return p.refused(ctx, err)
}

// advance does what can be done of a request by now. What fails the request says,
// and the next run tries it again.
func (p apiProject) advance(ctx context.Context, e *privacy.Engine, id string) {
	within, done := context.WithTimeout(ctx, errand)
	defer done()
	if _, err := e.Advance(within, id); err != nil {
		p.log.WarnContext(ctx, "not all steps of a request could be done, and the next run tries again", slog.String("right", id))
	}
}

// Ask writes a request down and does what can be done at once.
func (p apiProject) Ask(ctx context.Context, by serve.Asker, want serve.RightAsked, key string) (string, bool, error) {
	q := question{
		kind: want.Kind, entity: want.Entity, evidence: want.Evidence, received: want.Received, purpose: want.Purpose, trait: want.Trait, value: want.Value,
		yes: want.Yes, key: key,
	}
	for _, id := range want.Identifiers {
		q.identifiers = append(q.identifiers, state.Identifier{Type: id.Type, Value: id.Value})
	}
	if want.Received != "" {
		if _, err := instantOf("received", want.Received, p.current().Timezone); err != nil {
			none := serve.InvalidRequest.Problem("there is no such day or time")
			none.At = "/received"
			return "", false, none
		}
	}
	var r state.PrivacyRequest
	var fresh bool
	var err error
	if privacy.Answered(want.Kind) {
		err = p.within(ctx, func(ctx context.Context, s *shower) error {
			d, err := p.deskOf(ctx, s.project, by)
			if err != nil {
				return err
			}
			r, fresh, err = s.receive(ctx, d, q)
			return p.refused(ctx, err)
		})
		return r.ID, fresh, err
	}
	ask, err := p.app.requestOf(p.current(), q)
	if err != nil {
		return "", false, p.refused(ctx, err)
	}
	err = p.engaged(ctx, by, func(ctx context.Context, e *privacy.Engine) error {
		var err error
		if r, fresh, err = received(ctx, e, ask); err == nil {
			p.advance(ctx, e, r.ID)
		}
		return err
	})
	return r.ID, fresh, err
}

// Decide does what somebody decides about a request.
func (p apiProject) Decide(ctx context.Context, by serve.Asker, id string, what serve.Decision, because string) error {
	if what == serve.Withdraw {
		// Before the warehouse is asked for.
		if _, err := p.store.PrivacyRequest(ctx, id); err != nil {
			return err
		}
		return p.engaged(ctx, by, func(ctx context.Context, e *privacy.Engine) error {
			_, err := e.Withdraw(ctx, id, because)
			return err
		})
	}
	d, err := p.deskOf(ctx, p.current(), by)
	if err != nil {
		return err
	}
	decision := (*privacy.Desk).Refuse
	if what == serve.Extend {
		decision = (*privacy.Desk).Extend
	}
	_, err = decision(d, ctx, id, because)
	return p.refused(ctx, err)
}

// Confirm says that a step was done by hand, and goes on from there.
func (p apiProject) Confirm(ctx context.Context, by serve.Asker, id, step, system, evidence string) error {
	if _, err := p.store.PrivacyRequest(ctx, id); err != nil {
		return err
	}
	return p.engaged(ctx, by, func(ctx context.Context, e *privacy.Engine) error {
		_, err := e.Confirm(ctx, id, step, system, evidence)
		if err == nil {
			p.advance(ctx, e, id)
		}
		return err
	})
}

// File makes the file that answers a request, and has it sent when nobody waits for
// the warehouse any more.
func (p apiProject) File(ctx context.Context, by serve.Asker, id string, send func(serve.File) error) error {
	d, err := p.deskOf(ctx, p.current(), by)
	if err != nil {
		return err
	}
	_, err = d.Answer(ctx, id, func(ctx context.Context, r state.PrivacyRequest) (_ string, err error) {
		f, err := os.CreateTemp("", ".dossier-*")
		if err != nil {
			return "", fmt.Errorf("making a file for what is gathered: %w", err)
		}
		// Without a name nobody finds it, whatever becomes of this process; where a file
		// that is open cannot lose its name it does so at the end.
		_ = os.Remove(f.Name())
		defer func() {
			err = errors.Join(err, f.Close())
			_ = os.Remove(f.Name())
		}()
		var sum dossier.Summary
		err = p.within(ctx, func(ctx context.Context, s *shower) (err error) {
			sum, err = s.dossier(ctx, d, r, "api", func(opt dossier.Options) (dossier.Summary, error) { return dossier.Write(ctx, f, os.TempDir(), opt) })
			return err
		})
		if err == nil {
			_, err = f.Seek(0, io.SeekStart)
		}
		if err != nil {
			return "", err
		}
		digest, err := hex.DecodeString(sum.Sha256)
		if err != nil {
			return "", fmt.Errorf("the digest of the file: %w", err)
		}
		return receipt(sum, "sent over the API"), send(serve.File{Name: r.ID + ".zip", Sha256: digest, Content: f})
	})
	return p.refused(ctx, err)
}

// Where counts what there is of a person.
func (p apiProject) Where(ctx context.Context, entity string, identifier serve.Identified, all bool) (serve.Whereabouts, error) {
	out := serve.Whereabouts{Places: []serve.Place{}}
	err := p.within(ctx, func(ctx context.Context, s *shower) error {
		typed := []state.Identifier{{Type: identifier.Type, Value: identifier.Value}}
		e, err := s.whose(entity, typed)
		if err != nil {
			return p.refused(ctx, err)
		}
		who, err := s.identified(ctx, e, typed)
		if err != nil {
			return err
		}
		found, _, err := s.whereabouts(ctx, who, all)
		out.Entity, out.IDs, out.Identifiers = found.Entity, found.IDs, found.Identifiers
		for _, x := range found.Places {
			out.Places = append(out.Places, serve.Place{Kind: x.Kind, Name: x.Name, Rows: x.Rows, First: x.First, Last: x.Last, Note: x.Note})
		}
		return err
	})
	return out, err
}

// Records are entries of the audit log after one of them.
func (p apiProject) Records(ctx context.Context, since string, after int64, limit int) (list []audit.Record, err error) {
	own := p.current()
	var from time.Time
	if since != "" {
		if from, err = instantOf("since", since, own.Timezone); err != nil {
			none := serve.InvalidRequest.Problem("there is no such day or time")
			none.At = "since"
			return nil, none
		}
	}
	log, err := p.app.auditLog(ctx, own, p.store)
	if err != nil {
		return nil, err
	}
	for r, err := range log.After(ctx, after, from) {
		if err != nil {
			return nil, err
		}
		if list = append(list, r); len(list) == limit {
			break
		}
	}
	return list, nil
}
