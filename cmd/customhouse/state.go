package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config/diag"
)

// stateFolder is where the state of targets is that name no other place.
const stateFolder = ".customhouse"

// equip opens the warehouse of a run, and the state where it may deliver
// anything. The caller closes both with close.
func (a *app) equip(ctx context.Context, p *project, options *run.Options) error {
	if a.tune != nil {
		a.tune(options)
	}
	var err error
	if options.Warehouse, err = p.open(ctx, a.resolver()); err != nil {
		return err
	}
	if !p.target.Deliver || len(options.Plan.Audiences) == 0 {
		return nil
	}
	if options.State, err = a.openState(ctx, p); err != nil {
		return errors.Join(err, options.Warehouse.Close())
	}
	return nil
}

// release closes what equip has opened.
func release(options run.Options) error {
	err := options.Warehouse.Close()
	if options.State != nil {
		err = errors.Join(err, options.State.Close())
	}
	return err
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
