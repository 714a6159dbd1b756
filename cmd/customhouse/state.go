package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models/privacy"
)

// stateFolder is where the state of targets is that name no other place.
const stateFolder = ".customhouse"

// equip opens the warehouse of a run, and the state where it may deliver
// anything. The caller goes on with the context, and ends with leave.
func (a *app) equip(ctx context.Context, p *project, options *run.Options) (_ context.Context, leave func() error, err error) {
	if a.tune != nil {
		a.tune(options)
	}
	in, err := a.enter(ctx, p)
	if err != nil {
		return ctx, nil, err
	}
	if p.target.Deliver && len(options.Plan.Audiences) > 0 {
		options.State, err = in.store(ctx)
	}
	if err == nil {
		ctx, err = in.claim(ctx)
	}
	if err != nil {
		return ctx, nil, errors.Join(err, in.leave())
	}
	options.Warehouse, options.Key = in.wh, in.key
	return ctx, in.leave, nil
}

// entered is a target that this process uses.
type entered struct {
	app     *app
	project *project
	wh      *adapters.Warehouse
	state   *state.Store
	// claimed is the context of the claim, nil before it.
	claimed context.Context //nolint:containedctx // whoever claims twice gets it again
	last    []func() error
}

// enter opens a target.
func (a *app) enter(ctx context.Context, p *project) (*entered, error) {
	wh, err := p.open(ctx, a.resolver())
	if err != nil {
		return nil, err
	}
	return &entered{app: a, project: p, wh: wh, last: []func() error{wh.Close}}, nil
}

// store opens the state of the target.
func (in *entered) store(ctx context.Context) (*state.Store, error) {
	if in.state != nil {
		return in.state, nil
	}
	store, err := in.app.openState(ctx, in.project)
	if err != nil {
		return nil, err
	}
	in.state, in.last = store, append(in.last, store.Close)
	return store, nil
}

// key is that of the digests of those who were erased.
func (in *entered) key(ctx context.Context) (privacy.Key, error) {
	store, err := in.store(ctx)
	if err != nil {
		return privacy.Key{}, err
	}
	secret, err := in.app.privacyKey(ctx, in.project, store)
	if err != nil {
		return privacy.Key{}, err
	}
	return privacy.NewKey(secret), nil
}

// claim keeps other processes from writing to the target, work tables included,
// until leave. The context ends where another may write since.
func (in *entered) claim(ctx context.Context) (context.Context, error) {
	if !in.wh.Shared() {
		return ctx, nil // The warehouse itself keeps them out.
	}
	if in.claimed != nil {
		return in.claimed, nil
	}
	store, err := in.store(ctx)
	if err != nil {
		return ctx, err
	}
	using, stop, err := store.Use(ctx, "target "+in.project.target.Name)
	if err != nil {
		return ctx, err
	}
	in.claimed, in.last = using, append(in.last, stop)
	return using, nil
}

// leave gives everything back, and says so where the claim was lost.
func (in *entered) leave() error {
	var errs []error
	if in.claimed != nil {
		// Before the lease is given back, which ends the context too.
		errs = append(errs, lost(in.claimed))
	}
	for _, f := range slices.Backward(in.last) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// lost is the error of a process whose target was taken from it.
func lost(ctx context.Context) error {
	if lost, ok := errors.AsType[*state.LostError](context.Cause(ctx)); ok {
		return lost
	}
	return nil
}

// statePlace is where the state of the target is: a file or an address.
func (a *app) statePlace(ctx context.Context, p *project) (string, error) {
	place, err := p.target.State.Resolve(ctx, a.resolver())
	switch {
	case err != nil:
		return "", diag.List{unresolved(err, p.target.Pos.At("state"))}.Err()
	case place == "":
		place = filepath.Join(stateFolder, p.target.Name+".db")
	}
	if !state.IsAddress(place) && !filepath.IsAbs(place) {
		place = filepath.Join(p.dir, place)
	}
	return place, nil
}

// someState opens the state of the target where there is one, for who wants to know
// what is in it: nil where nothing has been written to it.
func (a *app) someState(ctx context.Context, p *project) (*state.Store, error) {
	place, err := a.statePlace(ctx, p)
	if err != nil {
		return nil, err
	}
	if !state.IsAddress(place) {
		if _, err := os.Stat(place); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	return a.openState(ctx, p)
}

// openState opens the state of the target.
func (a *app) openState(ctx context.Context, p *project) (*state.Store, error) {
	place, err := a.statePlace(ctx, p)
	if err != nil {
		return nil, err
	}
	return state.Open(ctx, state.Options{Place: place, Scope: p.Name + "/" + p.target.Name, Now: a.now, TTL: a.leaseTTL})
}
