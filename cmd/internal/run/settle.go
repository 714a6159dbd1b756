package run

import (
	"context"
	"fmt"

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Settle takes over what earlier runs left in the state of a sync, and asks for the
// jobs that they started until those have ended: after it nothing of the sync is on
// its way, and the journal holds nobody. It delivers nothing, and asks nobody where
// nothing may leave: an open job is an error then. The error is a
// *state.HeldError where another process delivers the sync.
func Settle(ctx context.Context, opt Options, a *models.Audience) error {
	r := newRunner(opt)
	h, err := r.take(ctx, a)
	if err != nil {
		return err
	}
	defer h.release(ctx)
	if !opt.Deliver {
		open, err := h.Load(ctx, a.Sync.Name, a.Place)
		if err == nil && len(open) > 0 {
			err = fmt.Errorf("a job of %s has not ended, and the target does not say deliver: true, so that nobody is asked how it is", a.Destination.Name)
		}
		if err != nil {
			return err
		}
		return h.free(ctx)
	}
	job := r.job(a, Measure{})
	if err := h.equip(ctx, &job); err != nil {
		return err
	}
	job.Ledger = resumed{h}
	report, err := deliver.Resume(ctx, job)
	switch {
	case err != nil:
		return err
	case report.InJobs > 0:
		return fmt.Errorf("a job of %s has not ended, with %d rows: it is asked for again by the next run", a.Destination.Name, report.InJobs)
	}
	return h.free(ctx)
}
