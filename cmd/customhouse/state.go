package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config/diag"
)

// stateFolder is where the state of targets is that name no other place.
const stateFolder = ".customhouse"

// equip opens the warehouse of a run, and the state where it may deliver
// anything. The caller goes on with the context, and ends with leave.
func (a *app) equip(ctx context.Context, p *project, options *run.Options) (_ context.Context, leave func() error, err error) {
	if a.tune != nil {
		a.tune(options)
	}
	in, ctx, err := a.enter(ctx, p, p.target.Deliver && len(options.Plan.Audiences) > 0)
	if err != nil {
		return ctx, nil, err
	}
	options.Warehouse, options.State = in.wh, in.state
	return ctx, in.leave, nil
}

// entered is a target that this process uses.
type entered struct {
	wh *adapters.Warehouse
	// state is nil where it was not asked for.
	state *state.Store
	leave func() error
}

// enter opens a target, for this process alone. The context ends where another
// may have come in since.
func (a *app) enter(ctx context.Context, p *project, stateful bool) (_ entered, _ context.Context, err error) {
	var in entered
	var leave []func() error
	in.leave = func() error {
		var errs []error
		for _, f := range slices.Backward(leave) {
			errs = append(errs, f())
		}
		return errors.Join(append(errs, lost(ctx))...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, in.leave())
		}
	}()
	if in.wh, err = p.open(ctx, a.resolver()); err != nil {
		return in, ctx, err
	}
	leave = append(leave, in.wh.Close)
	if !in.wh.Shared() && !stateful {
		return in, ctx, nil
	}
	store, err := a.openState(ctx, p)
	if err != nil {
		return in, ctx, err
	}
	leave = append(leave, store.Close)
	if stateful {
		in.state = store
	}
	if in.wh.Shared() {
		var stop func() error
		if ctx, stop, err = store.Use(ctx, "target "+p.target.Name); err != nil {
			return in, ctx, err
		}
		leave = append(leave, stop)
	}
	return in, ctx, nil
}

// lost is the error of a process whose target was taken from it.
func lost(ctx context.Context) error {
	if lost, ok := errors.AsType[*state.LostError](context.Cause(ctx)); ok {
		return lost
	}
	return nil
}

// openState opens the state of the target.
func (a *app) openState(ctx context.Context, p *project) (*state.Store, error) {
	place, err := p.target.State.Resolve(ctx, a.resolver())
	switch {
	case err != nil:
		return nil, diag.List{unresolved(err, p.target.Pos.At("state"))}.Err()
	case place == "":
		place = filepath.Join(stateFolder, p.target.Name+".db")
	}
	if !state.IsAddress(place) && !filepath.IsAbs(place) {
		place = filepath.Join(p.dir, place)
	}
	return state.Open(ctx, state.Options{Place: place, Scope: p.Name + "/" + p.target.Name, Now: a.now, TTL: a.leaseTTL})
}
