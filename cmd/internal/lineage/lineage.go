// Package lineage tells what runs read and write as events of OpenLineage
// (spec 2-0-2): a run is a job, and so is each of its models and syncs, with the
// run as its parent. Datasets are the warehouse's tables, the files that sources
// are, and the objects of destinations, named as OpenLineage wants where it knows
// the warehouse. Of tables whose columns the plan knows there is a schema, and of
// profiles and syncs what each column comes from.
//
// It knows tables, columns and counts, and nothing that is in a table. What cannot
// be sent never fails a run. Start with Run.Event; send.go is where events go.
package lineage

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/models"
)

// Sink takes events in their order, and must return soon.
type Sink interface{ Send(Event) }

// Parent is the run of somebody else that started this one.
type Parent struct{ Namespace, Job, RunID string }

// Options say what a run is and where things are.
type Options struct {
	Plan *models.Plan
	// Namespace is that of our jobs.
	Namespace string
	// Target is the name of the environment, which is part of the names of jobs.
	Target string
	Where  Where
	Parent *Parent
	Sink   Sink
	Now    func() time.Time
}

// Run tells of one run. A nil Run does nothing.
type Run struct {
	opt   Options
	graph *graph
	ended bool
	// open are the jobs that have started and not ended.
	open map[string]bool
}

// New begins to tell of a run.
func New(opt Options) *Run {
	return &Run{opt: opt, graph: newGraph(opt), open: map[string]bool{}}
}

// Event takes an event of the run. It is called from one goroutine at a time.
func (r *Run) Event(e run.Event) {
	if r == nil {
		return
	}
	switch e := e.(type) {
	case run.Started:
		r.send(start, "run", nil, nil, nil)
	case run.ModelStarted:
		in, _ := r.graph.model(e.Model)
		r.send(start, e.Model, nil, in, nil)
	case run.ModelDone:
		if e.Result.Status == run.Skipped {
			return // It never started.
		}
		in, out := r.graph.model(e.Result.Name)
		r.send(typeFor(e.Result.Status), e.Result.Name, e.Result.Err, in, out)
	case run.SyncStarted:
		in, _ := r.graph.sync(e.Sync)
		r.send(start, "sync:"+e.Sync, nil, in, nil)
	case run.SyncDone:
		if e.Result.Status == run.Skipped {
			return
		}
		in, out := r.graph.sync(e.Result.Sync)
		if e.Result.Status == run.Withheld {
			out = nil
		}
		for i := range out {
			out[i].OutputFacets = map[string]any{"outputStatistics": statisticsOf{of(statisticFacet), e.Result.Report.Accepted}}
		}
		r.send(typeFor(e.Result.Status), "sync:"+e.Result.Sync, e.Result.Err, in, out)
	case run.Killed, run.Recovered, run.CheckFailed, run.StepStarted, run.StepDone, run.MeasureDone, run.VolumeDone,
		run.StatementDone, run.SyncProgress, run.SyncNote, run.Warning, run.Done:
	}
}

// End tells of the end of the run, of one that could not begin too.
func (r *Run) End(s run.Summary, err error) {
	if r == nil || r.ended {
		return
	}
	r.ended = true
	if !r.open["run"] {
		r.send(start, "run", nil, nil, nil)
	}
	what := typeFor(s.Status)
	if err != nil && what == complete {
		what = failed
	}
	for name := range r.open {
		if name != "run" {
			r.send(abort, name, nil, nil, nil)
		}
	}
	r.send(what, "run", err, nil, nil)
}

func typeFor(s run.Status) string {
	switch s {
	case run.Failed, run.Skipped:
		return failed
	case run.Interrupted:
		return abort
	case run.OK, run.Degraded, run.Withheld:
	}
	return complete
}

func (r *Run) send(what, name string, err error, in, out []Dataset) {
	if what == start {
		r.open[name] = true
	} else {
		delete(r.open, name)
	}
	e := Event{
		Type: what, Time: r.opt.Now().UTC(), Producer: producer, SchemaURL: eventSchema,
		Run: runOf{ID: r.id(name), Facets: map[string]any{"nominalTime": nominalOf{of(nominalFacet), r.opt.Plan.AsOf.UTC()}}},
		Job: jobOf{Namespace: r.opt.Namespace, Name: r.job(name)},
		// The schema wants lists, not null.
		Inputs: append([]Dataset{}, in...), Outputs: append([]Dataset{}, out...),
	}
	kind := "MODEL"
	switch name {
	case "run":
		kind = "RUN"
		if p := r.opt.Parent; p != nil {
			e.Run.Facets["parent"] = parentOf{of(parentFacet), parentRun{p.RunID}, jobOf{Namespace: p.Namespace, Name: p.Job}}
		}
	default:
		if strings.HasPrefix(name, "sync:") {
			kind = "SYNC"
		}
		e.Run.Facets["parent"] = parentOf{of(parentFacet), parentRun{r.id("run")}, jobOf{Namespace: r.opt.Namespace, Name: r.job("run")}}
	}
	e.Job.Facets = map[string]any{"jobType": typeOf{of(jobTypeFacet), "BATCH", "CUSTOMHOUSE", kind}}
	if what == failed {
		why := run.Reason(err)
		if why == "" {
			why = "a model or a sync failed"
		}
		e.Run.Facets["errorMessage"] = errorOf{of(errorFacet), why, "SQL"}
	}
	r.opt.Sink.Send(e)
}

// job is the name of a job: of the run, of a model or of a sync.
func (r *Run) job(name string) string {
	return r.opt.Plan.Project.Name + "." + r.opt.Target + "." + name
}

// id is the UUID of a job's run. It follows from the run's own id, so that all
// that tell of it agree.
func (r *Run) id(name string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(producer+"/"+r.opt.Namespace+"/"+r.opt.Plan.RunID+"/"+r.job(name))).String()
}
