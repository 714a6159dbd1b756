package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"

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
failed, 2 after an interrupt. With --detailed-exitcode it is 3 where rows were
rejected or not answered for.`,
		Args: cobra.NoArgs,
		RunE: do(func(ctx context.Context, _ []string) error {
			summary, err := a.run(ctx)
			if len(summary.Models)+len(summary.Syncs) > 0 {
				err = errors.Join(err, a.printSummary(summary))
			}
			if err != nil {
				return err
			}
			return a.exit(summary.Status)
		}),
	}
	a.detailedFlag(cmd)
	a.observeFlags(cmd)
	cmd.Flags().BoolVar(&a.fullRefresh, "full-refresh", false, "build identities and aggregates from all rows, not from those that are new, and evaluate every segment; ids stay")
	return cmd
}

// detailedFlag lets what calls the command tell degraded from done.
func (a *app) detailedFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.detailed, "detailed-exitcode", false, "exit with 3 where rows were rejected or not answered for, below every guard")
}

// exit is the failure that a run's status stands for.
func (a *app) exit(status run.Status) error {
	switch status {
	case run.Interrupted:
		return failure{exitUsage}
	case run.Failed:
		return failure{exitFailure}
	case run.Degraded:
		if a.detailed {
			return failure{exitDegraded}
		}
	case run.OK, run.Skipped, run.Withheld:
	}
	return nil
}

func (a *app) printSummary(s run.Summary) error {
	if a.format == "json" {
		return console.Results(a.stdout, s)
	}
	return console.Summary(a.stdout, s)
}

// run runs what the command line selects.
func (a *app) run(ctx context.Context) (run.Summary, error) {
	p, err := a.load()
	if err != nil {
		return run.Summary{}, err
	}
	o, err := a.order(p)
	if err != nil {
		return run.Summary{}, err
	}
	return a.observed(ctx, func(observers *observers) (run.Summary, error) {
		o.observers = observers
		return a.perform(ctx, p, o, func() {})
	})
}

// perform does what an order says and writes target/run_results.json. It calls
// begun once it has the target: an error before that has changed nothing.
func (a *app) perform(ctx context.Context, p *project, o order, begun func()) (summary run.Summary, err error) {
	watch := o.observers.watch(p, o.runID)
	defer func() { watch.ended(ctx, summary, err) }()
	plan, err := p.plan(o)
	if err != nil {
		return run.Summary{}, err
	}
	watch.planned(plan)
	options, err := a.options(ctx, p, plan, p.target.Deliver)
	if err != nil {
		return run.Summary{}, err
	}
	using, leave, err := a.equip(ctx, p, &options)
	if err != nil {
		return run.Summary{}, err
	}
	begun()
	if err := a.carryOn(using, p, options.Warehouse, options.State); err != nil {
		return run.Summary{}, errors.Join(err, leave())
	}
	options.Plan, options.Revise, err = a.resume(using, p, options.Warehouse, plan, options.Files, o.refresh)
	if err != nil {
		return run.Summary{}, errors.Join(err, leave())
	}
	watch.planned(options.Plan)
	audited, err := a.audited(using, p, options)
	if err != nil {
		return run.Summary{}, errors.Join(err, leave())
	}
	options.Events = audited.listen(watch.begin(using, options, o.listen))
	summary, err = run.Run(using, options)
	if err == nil {
		err = a.outlived(using, p, options.Warehouse, options.State, plan.AsOf)
	}
	err = errors.Join(err, audited.ended(using, summary), leave())
	if summary.RunID != "" && !summary.FinishedAt.IsZero() {
		err = errors.Join(err, p.writeResults(summary))
	}
	return summary, err
}

// resume is the plan of the run that follows what the warehouse holds, and how it
// is revised once it is known what has changed.
func (a *app) resume(ctx context.Context, p *project, wh *adapters.Warehouse, plan *models.Plan, files map[string]adapters.Files, refresh bool) (*models.Plan, func(context.Context) (*models.Plan, error), error) {
	options := compile.Options{AsOf: plan.AsOf, Target: p.target.Name, RunID: plan.RunID, Select: plan.Selected, Refresh: refresh}
	var err error
	if options.Left, err = run.Left(ctx, wh, p.Project); err != nil {
		return nil, nil, err
	}
	last, err := run.Evaluations(ctx, wh, p.Project)
	if err != nil {
		return nil, nil, err
	}
	options.Inputs = &inputs.Known{Last: last}
	if options.Identities != nil || len(options.Aggregates) > 0 || len(last) > 0 || len(options.Erased)+len(options.Corrected) > 0 {
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
		Events: a.events(slog.String("run_id", plan.RunID)), Clock: deliver.Timer(a.now),
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
