package deliver

import (
	"context"
	"fmt"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// keepBack settles the operations of a request that may not be sent any more. Where
// there are any kept is true, and rest are the others, to be encoded anew.
func (e *engine) keepBack(ctx context.Context, ops []syncs.Op, req syncs.Request, now try) (rest []syncs.Op, kept bool) {
	is, err := e.withdrawn(ctx)
	if err != nil {
		e.stop(err)
		return nil, true
	}
	if is == nil {
		return nil, false
	}
	code := NeverSent
	if now.doubtful {
		code = MayBeThere
	}
	var results []Result
	for _, i := range req.Ops {
		if op := ops[i]; e.leaves(op.Kind) || !is(op.EntityID) {
			rest = append(rest, op)
		} else {
			results = append(results, e.rejection(op, Kept, code, "whom the row is about has withdrawn what permitted to send it"))
		}
	}
	e.settle(ctx, results)
	return rest, len(results) > 0
}

// withdrawn asks whose rows may not be sent any more; nil where nobody knows.
func (e *engine) withdrawn(ctx context.Context) (func(int64) bool, error) {
	if e.job.Withdrawn == nil {
		return nil, nil
	}
	is, err := e.job.Withdrawn(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking who has withdrawn meanwhile, without which nothing is sent: %w", err)
	}
	return is, nil
}

// leaves says that an operation goes whoever has withdrawn: it takes away what is
// there of who is not wanted.
func (e *engine) leaves(k syncs.Kind) bool { return k.Leaves() && !e.job.Tells }

// mayPublish is an error where files hold somebody who has withdrawn since their
// rows were written: they are not published, and the next run writes others.
func (e *engine) mayPublish(ctx context.Context) error {
	is, err := e.withdrawn(ctx)
	if err != nil || is == nil {
		return err
	}
	n := 0
	for r, err := range e.held.all() {
		if err != nil {
			return err
		}
		if !e.leaves(r.Kind) && is(r.EntityID) {
			n++
		}
	}
	if n > 0 {
		return &StopError{Code: NeverSent, Message: fmt.Sprintf(
			"%d rows are about people who have withdrawn what permitted to send them while the files were written: nothing is published, the next run writes them anew", n,
		)}
	}
	return nil
}
