package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/alert"
	"github.com/customhouse-cdp/customhouse/cmd/internal/lineage"
	"github.com/customhouse-cdp/customhouse/cmd/internal/metrics"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/cmd/internal/trace"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// observeFlags are those of commands that run something.
func (a *app) observeFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.metricsFile, "metrics-file", "", "file that the metrics are written to, for the textfile collector of node_exporter")
	cmd.Flags().StringVar(&a.lineageFile, "lineage-file", "", "file that events of OpenLineage are added to, one a line; OPENLINEAGE_URL sends them")
}

// observers listen to what this process does. None of them fails a run: what goes
// wrong with them is told as a warning.
type observers struct {
	app     *app
	metrics *metrics.Metrics
	tracer  *trace.Tracer
	lineage *lineage.Sender
	// found takes what alerts are to know; it is told at once where it is nil.
	found func(*project, *models.Plan, []alert.Observation)
	warn  func(string)
}

// observe begins to listen; living says that the process serves. The caller calls
// close.
func (a *app) observe(ctx context.Context, living bool, warn func(string)) (*observers, error) {
	var mu sync.Mutex // Observers complain from goroutines of their own.
	o := &observers{app: a, warn: func(text string) {
		mu.Lock()
		defer mu.Unlock()
		warn(text)
	}}
	if a.metricsFile != "" {
		if err := metrics.Check(a.metricsFile); err != nil {
			return nil, fmt.Errorf("--metrics-file %s cannot be written: %w", a.metricsFile, err)
		}
	}
	if living || a.metricsFile != "" {
		o.metrics = metrics.New(thisVersion().Version, runtime.Version(), living)
	}
	var told sync.Once
	var err error
	o.tracer, err = trace.New(ctx, a.env, thisVersion().Version, func(err error) {
		told.Do(func() { o.warn("traces could not be sent: " + firstLine(err.Error())) })
	})
	if err != nil {
		return nil, err
	}
	o.lineage, err = lineage.FromEnvironment(a.env, a.lineageFile, func(err error) { o.warn(firstLine(err.Error()) + "; the run goes on without") }) //nolint:contextcheck // It outlives an interruption, until close.
	if err != nil {
		return nil, errors.Join(err, o.tracer.Close(ctx))
	}
	return o, nil
}

// farewell is how long what is left may take to be sent.
const farewell = 10 * time.Second

// close sends what is left, after an interruption too.
func (o *observers) close(ctx context.Context) {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	// What fails was told as a warning.
	_ = o.tracer.Close(late)
	if err := o.lineage.Close(late); err != nil {
		o.warn(err.Error())
	}
	if o.metrics != nil && o.app.metricsFile != "" {
		if err := o.metrics.Write(o.app.metricsFile); err != nil {
			o.warn(err.Error())
		}
	}
}

// scheduled takes an event of the scheduler.
func (o *observers) scheduled(e schedule.Event) {
	o.metrics.Schedule(e)
	o.tracer.Schedule(e)
}

// listener is what listens to one run.
type listener struct {
	*observers
	project *project
	plan    *models.Plan
	spans   *trace.Run
	jobs    *lineage.Run
	runID   string
	begun   bool
}

// watch listens to a run of a project. A nil observers has nobody who does.
func (o *observers) watch(p *project, runID string) *listener {
	if o == nil {
		return nil
	}
	return &listener{observers: o, project: p, runID: runID}
}

// planned is told what the run is to do.
func (w *listener) planned(plan *models.Plan) {
	if w != nil {
		w.plan = plan
	}
}

// begin listens from here on, besides what listen makes of the ids that lines of
// the log have.
func (w *listener) begin(ctx context.Context, options run.Options, listen func(...any) run.Func) run.Func {
	if w == nil {
		return listen(slog.String("run_id", options.Plan.RunID))
	}
	w.begun = true
	w.spans = w.tracer.Run(w.runID, w.project.target.Name)
	if w.lineage != nil {
		w.jobs = lineage.New(lineage.Options{
			Plan: options.Plan, Namespace: w.app.lineageNamespace(), Target: w.project.target.Name,
			Where: w.project.where(ctx, w.app, options), Parent: lineage.ParentFromEnvironment(w.app.env), Sink: w.lineage, Now: w.app.now,
		})
	}
	attrs := []any{slog.String("run_id", w.runID)}
	if id := w.spans.ID(); id != "" {
		attrs = append(attrs, slog.String("trace_id", id))
	}
	tell := listen(attrs...)
	return func(e run.Event) {
		if tell != nil {
			tell(e)
		}
		if w.metrics != nil {
			w.metrics.Run(e)
		}
		w.spans.Event(e)
		w.jobs.Event(e)
	}
}

// ended is told how the run ended, or why it could not begin.
func (w *listener) ended(ctx context.Context, s run.Summary, err error) {
	if w == nil || !w.begun && inUse(err) != "" {
		return // Another run has what this one needs: that is no state of anything.
	}
	if s.RunID == "" {
		s.RunID = w.runID
	}
	switch {
	case errors.Is(context.Cause(ctx), run.ErrInterrupted):
		s.Status = run.Interrupted
	case err != nil:
		s.Status = run.Failed
	}
	if w.metrics != nil {
		w.metrics.Ended(s)
	}
	w.spans.End(s, err)
	w.jobs.End(s, err)
	if len(w.project.Alerts) == 0 {
		return
	}
	list := alert.Run(w.plan, s, err)
	if w.found != nil {
		w.found(w.project, w.plan, list)
		return
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := w.tell(late, list); err != nil {
		w.warn(err.Error() + "; what was not told is told after the next run")
	}
}

// tell tells of what a run found, from the state of the target.
func (w *listener) tell(ctx context.Context, list []alert.Observation) (err error) {
	store, err := w.app.openState(ctx, w.project)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	t, err := w.teller(store, w.project, w.plan)
	if err != nil {
		return err
	}
	return errors.Join(t.Observe(ctx, list), t.Tell(ctx))
}

// teller is what tells the alerts of a project.
func (o *observers) teller(store *state.Store, p *project, plan *models.Plan) (*alert.Teller, error) {
	t := &alert.Teller{Store: store, Project: p.Name, Target: p.target.Name}
	if o.metrics != nil {
		t.Done = o.metrics.Alerted
	}
	var nodes []models.Node
	if plan != nil {
		nodes = plan.Nodes
	}
	for _, x := range p.Alerts {
		selected, err := alertSelects(x, nodes)
		if err != nil {
			return nil, err
		}
		t.Watches = append(t.Watches, alert.Watch{Alert: x, Selected: selected, Channel: o.app.channel(x)})
	}
	return t, nil
}

// lineageNamespace is that of our jobs.
func (a *app) lineageNamespace() string {
	if name, ok := a.env("OPENLINEAGE_NAMESPACE"); ok && name != "" {
		return name
	}
	return "customhouse"
}

// where says where the tables of the target are, as OpenLineage names them.
func (p *project) where(ctx context.Context, a *app, options run.Options) lineage.Where {
	namespace, within := p.kind.place(ctx, p.target, p.dir, a.resolver())
	files := map[string]string{}
	for name, f := range options.Files {
		files[name] = filepath.ToSlash(f.Path)
	}
	own := p.kind.layout(p.target).Catalog
	return lineage.Where{Namespace: namespace, Default: within, Files: files, Names: func(t sql.Table) []string {
		parts := options.Warehouse.Names(t)
		// The catalog of an embedded file is only ours.
		if p.target.Type == "duckdb" && t.Space == sql.Public && len(own) > 0 {
			parts = parts[len(own):]
		}
		return parts
	}}
}

// observerWarning prints what went wrong with an observer.
func (a *app) observerWarning(text string) {
	text = strings.ReplaceAll(text, "\n", "; ")
	if a.logFormat == "json" {
		a.logger().Warn("warning", slog.String("message", text))
		return
	}
	fmt.Fprintln(a.stderr, "warning: "+text)
}

// collected keeps warnings until they can be printed between other lines.
type collected struct {
	mu   sync.Mutex
	list []string
}

func (c *collected) add(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, text)
}

// observed does something while the observers of the command line listen.
func (a *app) observed(ctx context.Context, do func(*observers) (run.Summary, error)) (run.Summary, error) {
	var warnings collected
	o, err := a.observe(ctx, false, warnings.add)
	if err != nil {
		return run.Summary{}, usageError{err}
	}
	summary, err := do(o)
	o.close(ctx)
	for _, text := range warnings.list {
		a.observerWarning(text)
	}
	return summary, err
}
