// Package run interprets a plan on a warehouse: it checks the catalog, builds
// the models in the order of their graph, measures them, compares audiences
// with the ledger and delivers what changed.
//
// It reports typed events and knows no output format, no flags and no vendor.
// It never holds more rows than the chunks that are on their way to a
// destination.
//
// Start at Run, then models.go for how a model is built and sync.go for how
// an audience is delivered.
package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// ErrInterrupted is the cause of a context that the user ended. A run that
// ends by it is Interrupted, not Failed.
var ErrInterrupted = errors.New("interrupted")

// Options are what Run needs.
type Options struct {
	Plan      *models.Plan
	Warehouse *adapters.Warehouse
	// Files are the resolved files of the sources that are files, by the name
	// of the source.
	Files map[string]adapters.Files
	// Destinations are opened, by name: those of the plan's audiences.
	Destinations map[string]syncs.Destination
	// Secrets resolves what destinations refer to.
	Secrets func(secret.Ref) secret.Value
	// Target and ProjectHash go into the runs table and the summary.
	Target      string
	ProjectHash string
	// Deliver says whether anything may leave.
	Deliver bool
	// Expect has the Forecast.Digest of each sync of the plan: where one would
	// send anything else, nothing is sent at all. Nil expects nothing.
	Expect map[string]string
	// Brief says that a Forecast has neither Digest nor Changes, for which all rows
	// that are due are read.
	Brief bool
	// Revise makes the plan of what is left when the models have been built that
	// tell what has changed; nil keeps to the Plan. Models of one name are the same.
	Revise func(context.Context) (*models.Plan, error)
	// Parallel bounds how many models are built at once; the warehouse's own
	// bound where 0.
	Parallel int
	// Events may be nil.
	Events Func
	Clock  deliver.Clock
	// Delivery tunes the engine, for tests.
	Delivery deliver.Settings
	HTTP     deliver.Sender
	// OpenPlace connects to where files are published that is not on this machine.
	OpenPlace deliver.OpenPlace
	// Key is the key of the digests of those who were erased. It is asked for where
	// there are any.
	Key func(context.Context) (privacy.Key, error)
	// State says who may deliver, and keeps what destinations acknowledged until
	// the warehouse has it. Without it, which is for tests, a run that is killed
	// sends more of it again.
	State *state.Store
	// Reached is told the name of each point that the run comes to, from any
	// goroutine: tests end the process there. Nil outside of tests.
	Reached func(point string)
}

// Run does what the plan says. The error is a diag.List where the catalog does
// not hold what the project names, or says why the run could not start or end;
// models and syncs that fail are in the summary, whose Status then is Failed.
func Run(ctx context.Context, opt Options) (Summary, error) {
	ctx = adapters.WithLabel(ctx, adapters.Label{Run: opt.Plan.RunID})
	r := newRunner(opt)
	if opt.Events != nil {
		opt.Warehouse.Watch(r.statement)
	}
	r.summary = Summary{
		RunID: opt.Plan.RunID, Target: opt.Target, AsOf: opt.Plan.AsOf,
		Status: OK, StartedAt: opt.Clock.Now(),
	}
	if _, err := models.NewGraph(opt.Plan.Models); err != nil {
		return r.summary, err
	}
	if err := r.prepare(ctx); err != nil {
		return r.end(ctx, err)
	}
	r.emit(Started{
		RunID: opt.Plan.RunID, Target: opt.Target, AsOf: opt.Plan.AsOf,
		Models: len(opt.Plan.Models), Syncs: len(opt.Plan.Audiences),
	})
	if err := r.build(ctx); err != nil {
		return r.end(ctx, err)
	}
	r.volumes(ctx)
	if r.Expect != nil {
		if err := r.asPlanned(ctx); err != nil {
			return r.end(ctx, err)
		}
	}
	r.deliverAudiences(ctx)
	return r.end(ctx, nil)
}

func newRunner(opt Options) *runner {
	billed, _ := opt.Warehouse.BytesBilled()
	return &runner{Options: opt, wh: opt.Warehouse, before: opt.Warehouse.Asked(), billed: billed, built: map[string]*ModelResult{}, measures: map[string][]Measure{}, tested: map[string][]TestResult{}, times: map[string][]StepTime{}, sessions: map[string]*deliver.Session{}, holds: map[string]*hold{}}
}

// reached tells tests that the run has come to a point.
func (r *runner) reached(point string) {
	if r.Reached != nil {
		r.Reached(point)
	}
}

type runner struct {
	Options
	wh      *adapters.Warehouse
	summary Summary
	// before is what the warehouse was asked to do before the run.
	before int64
	// billed is what was billed by then.
	billed int64
	// started says that the runs table has a row of this run.
	started bool
	// sessions are what the syncs to one destination share, by its name.
	sessions map[string]*deliver.Session
	// holds are the syncs that this run may deliver, by name.
	holds map[string]*hold

	// counts is how many rows tests found in the last run that went on, by the test
	// and its expectation.
	counts map[string]int64

	// built are the models that have ended, by name.
	built map[string]*ModelResult

	mu sync.Mutex // guards Events and what follows while models are built
	// measures are those of the models that were built, by name.
	measures map[string][]Measure
	// tested is what tests have found, by the model that looked.
	tested map[string][]TestResult
	// times are the steps of each model, by its name.
	times map[string][]StepTime
}

func (r *runner) emit(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.emitLocked(e)
}

func (r *runner) emitLocked(e Event) {
	if r.Events != nil {
		r.Events(e)
	}
}

// statement reports statements when they have ended.
func (r *runner) statement(s adapters.Statement) (end func(error)) {
	start := r.Clock.Now()
	return func(err error) {
		r.emit(StatementDone{
			Subject: s.Label.Model, Verb: s.Verb, Digest: s.Digest, Count: s.Count,
			Started: start, Duration: r.Clock.Now().Sub(start), Failed: err != nil,
		})
	}
}

// ready makes the warehouse ready.
func (r *runner) ready(ctx context.Context) error {
	if err := r.wh.Init(ctx); err != nil {
		return fmt.Errorf("creating the schema: %w", err)
	}
	if n := r.wh.Stopped(); n > 0 {
		r.warn(fmt.Sprintf("statements of a killed run were still under way in the warehouse: %d; they were stopped first", n))
	}
	if err := r.wh.Clean(ctx); err != nil {
		return fmt.Errorf("cleaning up after the last run: %w", err)
	}
	if err := r.check(ctx); err != nil {
		return err
	}
	for _, t := range r.Plan.System {
		if err := r.ensure(ctx, t); err != nil {
			return fmt.Errorf("creating table %s: %w", t.Table.Name, err)
		}
	}
	return nil
}

// prepare makes the warehouse ready and writes the run down.
func (r *runner) prepare(ctx context.Context) error {
	if err := r.ready(ctx); err != nil {
		return err
	}
	if err := r.unlock(ctx); err != nil {
		return err
	}
	r.reached("begin")
	killed, err := r.begin(ctx)
	if err != nil {
		// An interruption may have come after the row was written.
		r.started = ctx.Err() != nil
		return fmt.Errorf("writing the run down: %w", err)
	}
	r.started = true
	r.reached("begun")
	if killed > 0 {
		r.emit(Killed{Runs: killed})
	}
	return r.checkIdentities(ctx)
}

// warn tells what to look at, now and in the summary.
func (r *runner) warn(message string) {
	r.summary.Warnings = append(r.summary.Warnings, message)
	r.emit(Warning{Message: message})
}

// ensure creates a table, or adds the columns that an older one lacks: the
// project has grown a trait.
func (r *runner) ensure(ctx context.Context, t sql.CreateTable) error {
	if err := r.wh.Exec(ctx, t); err != nil {
		return err
	}
	have, err := r.wh.Columns(ctx, t.Table)
	if err != nil {
		return err
	}
	for _, want := range t.Columns {
		if !slices.ContainsFunc(have, func(c adapters.Column) bool { return strings.EqualFold(c.Name, want.Name) }) {
			if err := r.wh.Exec(ctx, sql.AddColumn{Table: t.Table, Column: want}); err != nil {
				return err
			}
		}
	}
	return nil
}

// wrapUp is how long the last words of a run may take once it was cancelled.
const wrapUp = 10 * time.Second

// end decides the status, writes it down and removes the work tables. It does
// so after a cancellation too.
func (r *runner) end(ctx context.Context, err error) (Summary, error) {
	r.releaseAll(ctx)
	r.summary.FinishedAt = r.Clock.Now()
	r.summary.Status = r.status(ctx, err)
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), wrapUp)
	defer cancel()
	if r.started {
		r.reached("finish")
		if e := r.finish(late); e != nil {
			r.summary.Status = Failed
			err = errors.Join(err, fmt.Errorf("writing the end of the run down: %w", e))
		}
		// Whoever has the target since may be at work in the same tables.
		if _, lost := errors.AsType[*state.LostError](context.Cause(ctx)); !lost {
			r.tidy(late)
		}
		r.reached("finished")
	}
	r.summary.Statements = r.wh.Asked() - r.before
	billed, known := r.wh.BytesBilled()
	r.summary.BytesBilled, r.summary.Billed = billed-r.billed, known
	if err == nil || r.started {
		r.emit(Done{Summary: r.summary})
	}
	return r.summary, err
}

// tidy removes what is kept no longer, and the work tables.
func (r *runner) tidy(ctx context.Context) {
	if err := r.wh.Script(ctx, r.Plan.Forget); err != nil {
		r.warn("what is kept no longer is still there; the next run removes it: " + err.Error())
	}
	if err := r.wh.Clean(ctx); err != nil {
		r.warn("work tables were left behind; the next run removes them: " + err.Error())
	}
}

// status is the worst of what happened.
func (r *runner) status(ctx context.Context, err error) Status {
	if ctx.Err() != nil {
		return Interrupted
	}
	if err != nil {
		return Failed
	}
	worst := OK
	for _, m := range r.summary.Models {
		if m.Status != OK {
			return Failed
		}
	}
	for _, s := range r.summary.Syncs {
		switch s.Status {
		case Failed, Skipped, Interrupted:
			return Failed
		case Degraded:
			worst = Degraded
		case OK, Withheld:
		}
	}
	return worst
}
