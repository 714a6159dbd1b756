package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/inputs"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/deliver/places"
)

func (a *app) runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Build everything and deliver what changed",
		Long: `Resolve identities, build profiles, evaluate segments, and deliver what changed
to the destinations of the selected syncs. A target without deliver: true only
compares and counts.

The exit code is 0 where everything was built and delivered (rejected rows
below the guards are reported loudly, and stay due), 1 where a model or sync
failed, 2 after an interrupt.`,
		Args: cobra.NoArgs,
		RunE: do(func(ctx context.Context, _ []string) error {
			summary, err := a.run(ctx)
			if len(summary.Models)+len(summary.Syncs) > 0 {
				err = errors.Join(err, a.printSummary(summary))
			}
			if err != nil {
				return err
			}
			return exit(summary.Status)
		}),
	}
	cmd.Flags().BoolVar(&a.fullRefresh, "full-refresh", false, "build identities and aggregates from all rows, not from those that are new, and evaluate every segment; ids stay")
	return cmd
}

// exit is the failure that a run's status stands for.
func exit(status run.Status) error {
	switch status {
	case run.Interrupted:
		return failure{exitUsage}
	case run.Failed:
		return failure{exitFailure}
	case run.OK, run.Degraded, run.Skipped, run.Withheld:
	}
	return nil
}

func (a *app) printSummary(s run.Summary) error {
	if a.format == "json" {
		return console.Results(a.stdout, s)
	}
	return console.Summary(a.stdout, s)
}

// run runs the project and writes target/run_results.json.
func (a *app) run(ctx context.Context) (run.Summary, error) {
	p, plan, err := a.planned()
	if err != nil {
		return run.Summary{}, err
	}
	options, err := a.options(ctx, p, plan, p.target.Deliver)
	if err != nil {
		return run.Summary{}, err
	}
	ctx, leave, err := a.equip(ctx, p, &options)
	if err != nil {
		return run.Summary{}, err
	}
	options.Plan, options.Revise, err = a.resume(ctx, p, options.Warehouse, plan, options.Files)
	if err != nil {
		return run.Summary{}, errors.Join(err, leave())
	}
	summary, err := run.Run(ctx, options)
	err = errors.Join(err, leave())
	if summary.RunID != "" && !summary.FinishedAt.IsZero() {
		err = errors.Join(err, p.writeResults(summary))
	}
	return summary, err
}

// resume is the plan of the run that follows what the warehouse holds, and how it
// is revised once it is known what has changed.
func (a *app) resume(ctx context.Context, p *project, wh *adapters.Warehouse, plan *models.Plan, files map[string]adapters.Files) (*models.Plan, func(context.Context) (*models.Plan, error), error) {
	options := compile.Options{AsOf: plan.AsOf, Target: p.target.Name, RunID: plan.RunID, Select: plan.Selected, Refresh: a.fullRefresh}
	var err error
	if options.Identities, err = run.Identities(ctx, wh); err != nil {
		return nil, nil, err
	}
	if options.Aggregates, err = run.Aggregates(ctx, wh); err != nil {
		return nil, nil, err
	}
	last, err := run.Evaluations(ctx, wh, p.Project)
	if err != nil {
		return nil, nil, err
	}
	options.Inputs = &inputs.Known{Last: last}
	if options.Identities != nil || len(options.Aggregates) > 0 || len(last) > 0 {
		plan = p.checked.Plan(options)
	}
	return plan, func(ctx context.Context) (*models.Plan, error) {
		now, err := run.Digests(ctx, wh, plan, files)
		if err != nil {
			return nil, err
		}
		options.Inputs = &inputs.Known{Last: last, Now: now}
		return p.checked.Plan(options), nil
	}, nil
}

func (p *project) writeResults(s run.Summary) error {
	var b bytes.Buffer
	if err := console.Results(&b, s); err != nil {
		return err
	}
	return p.writeArtifact("run_results.json", b.Bytes())
}

// options gathers what a run needs but the warehouse; everything that is not
// there is reported at once. Secrets are needed where something may leave.
func (a *app) options(ctx context.Context, p *project, plan *models.Plan, mayDeliver bool) (run.Options, error) {
	files, err := a.files(ctx, p, plan)
	if err != nil {
		return run.Options{}, err
	}
	known := &secrets{values: map[string]secret.Value{}}
	destinations := map[string]syncs.Destination{}
	if mayDeliver {
		for _, audience := range plan.Audiences {
			known.resolve(ctx, a.resolver(), audience.Destination.Config, audience.Destination.Pos)
		}
		if err := known.found.Sort().Err(); err != nil {
			return run.Options{}, err
		}
		if len(known.short) > 0 {
			a.render(known.short.Sort())
		}
	}
	for _, audience := range plan.Audiences {
		d := audience.Destination
		if destinations[d.Name], err = openDestination(d); err != nil {
			return run.Options{}, fmt.Errorf("opening destination %s: %w", d.Name, err)
		}
	}
	return run.Options{
		Plan: plan, Files: files, Destinations: destinations, Secrets: known.value, OpenPlace: places.Open,
		Target: p.target.Name, ProjectHash: p.hash, Deliver: mayDeliver,
		Events: a.events(), Clock: deliver.Timer(a.now),
	}, nil
}

// open opens the warehouse of the target.
func (p *project) open(ctx context.Context, from secret.Resolver) (*adapters.Warehouse, error) {
	wh, err := p.kind.open(ctx, p.target, p.fileSources(), p.dir, from)
	if err != nil {
		return nil, fmt.Errorf("opening target %s: %w", p.target.Name, err)
	}
	return wh, nil
}
