package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Forecast is what the delivery of a sync would do now.
type Forecast struct {
	Sync, Destination string
	// Mode is that of config.To.
	Mode string
	// Counts are those of models.Audience.Counts.
	Counts Measure
	// Full is why every row would be sent, "" where only those are that changed.
	Full Full
	// Requests is how many there are at least: full ones, and nothing refused.
	Requests int64
	// Duration is how long they take at least, at the rates that the destination
	// declares; 0 where it declares none.
	Duration time.Duration
	// Guards says of each guard that would stop the delivery why.
	Guards []string
	// Digest is the same where the same rows would be sent with the same values.
	Digest string
	// Changes are the first of each reason: at most audience.PreviewRows.
	Changes []Change
	// LeftOut are the first ids that each rule leaves out, at most
	// audience.LeftOutRows of each.
	LeftOut []LeftOut
}

// LeftOut is somebody whom a rule leaves out, one of audience.Rules.
type LeftOut struct {
	Rule     string
	EntityID int64
}

// Change is a row that would be sent. It holds somebody's data.
type Change struct {
	Operation, Reason, Key string
	EntityID               int64
	// Before is nil where the ledger does not know, After of a removal.
	Before, After []audience.Value
}

// Preview says what the syncs of a plan would do with what was built last. It
// builds nothing and sends nothing.
func Preview(ctx context.Context, opt Options) (list []Forecast, err error) {
	r := newRunner(opt)
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	if err := r.unlock(ctx); err != nil {
		return nil, err
	}
	for _, a := range r.Plan.Audiences {
		f, err := r.forecast(ctx, a)
		if err != nil {
			return nil, fmt.Errorf("sync %s: %w", a.Sync.Name, err)
		}
		list = append(list, f)
	}
	return list, nil
}

func (r *runner) forecast(ctx context.Context, a *models.Audience) (f Forecast, err error) {
	f = Forecast{Sync: a.Sync.Name, Destination: a.Destination.Name, Mode: a.Sync.To.Mode}
	ctx = r.label(ctx, "sync:"+a.Sync.Name)
	if r.State != nil {
		// What a killed run was told is no difference.
		h, err := r.take(ctx, a)
		if err != nil {
			return f, err
		}
		defer h.release(ctx)
	}
	if err := r.compare(ctx, a); err != nil {
		return f, err
	}
	row, err := r.numbers(ctx, models.Measure{Subject: "sync:" + a.Sync.Name, Query: a.Counts})
	if err != nil {
		return f, err
	}
	f.Counts, f.Full = row[0], full(row[0])
	job := r.job(a, f.Counts)
	if err := deliver.Check(job.Counts, job.Guards); err != nil {
		f.Guards = strings.Split(err.Error(), "\n")
	}
	spec := job.Destination.Spec()
	rows := job.Counts.Upserts + job.Counts.Removals
	if job.Replacing && rows > 0 {
		rows = job.Counts.Wanted - job.Counts.Invalid
	}
	if most := int64(spec.Batch.MaxRows); most > 0 {
		f.Requests = (rows + most - 1) / most
	}
	for _, limit := range spec.Limits {
		f.Duration = max(f.Duration, limit.Least(f.Requests, rows))
	}
	if r.Brief {
		return f, nil
	}
	if f.Digest, err = r.digest(ctx, a); err != nil {
		return f, err
	}
	if a.LeftOut != nil {
		err = each(ctx, r.wh, a.LeftOut, func(row []any) error {
			var out LeftOut
			out.Rule, _ = row[0].(string)
			out.EntityID, _ = row[1].(int64)
			f.LeftOut = append(f.LeftOut, out)
			return nil
		})
		if err != nil {
			return f, err
		}
	}
	err = each(ctx, r.wh, a.Preview, func(row []any) error {
		c := Change{}
		c.Operation, _ = row[0].(string)
		c.Reason, _ = row[1].(string)
		c.Key, _ = row[2].(string)
		c.EntityID, _ = row[3].(int64)
		for i, to := range []*[]audience.Value{&c.Before, &c.After} {
			text, ok := row[4+i].(string)
			if !ok {
				continue
			}
			var err error
			if *to, err = audience.Sent(text); err != nil {
				return err
			}
		}
		f.Changes = append(f.Changes, c)
		return nil
	})
	return f, err
}

// digest reads what is due, in order.
func (r *runner) digest(ctx context.Context, a *models.Audience) (string, error) {
	sum := sha256.New()
	err := each(ctx, r.wh, a.Due, func(row []any) error {
		for _, v := range row {
			text, _ := v.(string)
			// The lengths keep two rows from reading as one.
			fmt.Fprintf(sum, "%d:%s", len(text), text)
		}
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// MovedError says that syncs would not send what was planned.
type MovedError struct {
	// Syncs are their names.
	Syncs []string
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("what there is to send has changed since the plan was made, of %s: nothing was sent; make a new plan", strings.Join(e.Syncs, ", "))
}

// asPlanned compares all audiences, and refuses where one would send anything
// else than was expected of it.
func (r *runner) asPlanned(ctx context.Context) error {
	var moved []string
	for _, a := range r.Plan.Audiences {
		var h *hold
		if r.Deliver {
			var err error
			if h, err = r.take(ctx, a); err != nil {
				return err
			}
		}
		if err := r.catchUp(ctx, a, h); err != nil {
			return fmt.Errorf("sync %s: %w", a.Sync.Name, err)
		}
		digest, err := r.digest(ctx, a)
		if err != nil {
			return fmt.Errorf("sync %s: %w", a.Sync.Name, err)
		}
		if r.Expect[a.Sync.Name] != digest {
			moved = append(moved, a.Sync.Name)
		}
	}
	if moved != nil {
		return &MovedError{Syncs: moved}
	}
	return nil
}
