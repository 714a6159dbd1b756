package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/manifest"
	"github.com/customhouse-cdp/customhouse/cmd/internal/selection"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
)

// definedAsOf is the instant that now means in the SQL of a manifest, so that two
// of them differ where the project does.
var definedAsOf = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// definitions are the resources of a project with what defines each.
func (p *project) definitions(nodes []models.Node) ([]manifest.Node, error) {
	checked, found := compile.Check(p.Project, compile.Options{AsOf: definedAsOf, Target: p.target.Name})
	if err := found.Err(); err != nil {
		return nil, err
	}
	printer := p.kind.printer(p.target, p.fileSources())
	text := map[string]string{}
	for key, e := range checked.Expressions() {
		var err error
		if text[key], err = printer.Expr(e); err != nil {
			return nil, fmt.Errorf("spelling %s: %w", key, err)
		}
	}
	return manifest.Define(p.Project, nodes, text), nil
}

// manifest is what can be compared with a saved manifest.
func (p *project) manifest(nodes []models.Node) (*manifest.Manifest, error) {
	defined, err := p.definitions(nodes)
	return &manifest.Manifest{
		Schema: manifest.Schema, Version: thisVersion().Version, Target: p.target.Name,
		Dialect: p.kind.printer(p.target, nil).Dialect.Name, Nodes: defined,
	}, err
}

// selected are the keys of the nodes that --select and --exclude leave, nil for all.
func (a *app) selected(p *project, plan *models.Plan) (map[string]bool, error) {
	states, err := a.states(p, plan)
	if err != nil {
		return nil, err
	}
	return selection.Select(plan.Nodes, a.include, a.exclude, states)
}

// states are what selectors by state stand for, nil where there are none or
// nothing to compare with.
func (a *app) states(p *project, plan *models.Plan) (map[string]map[string]bool, error) {
	if a.state == "" || !slices.ContainsFunc(slices.Concat(a.include, a.exclude), selection.OfState) {
		return nil, nil
	}
	saved, err := manifest.Read(a.state)
	if err != nil {
		return nil, usageError{err}
	}
	now, err := p.manifest(plan.Nodes)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]bool{}
	for _, s := range selection.States {
		out[s] = map[string]bool{}
	}
	for _, n := range plan.Nodes {
		out["unmodified"][n.Key] = true
	}
	for _, c := range manifest.Compare(saved, now) {
		switch c.Kind {
		case manifest.Added:
			out["new"][c.Key], out["modified"][c.Key] = true, true
		case manifest.Modified:
			out["modified"][c.Key] = true
		case manifest.Removed:
			continue
		}
		delete(out["unmodified"], c.Key)
	}
	return out, nil
}
