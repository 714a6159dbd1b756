package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/alert"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/models"
)

// alerter tells the alerts of a server, beside what it runs.
type alerter struct {
	server *server
	queue  chan findings
}

// findings are what was found of a project. The plan is nil where it is about
// schedules.
type findings struct {
	project *project
	plan    *models.Plan
	list    []alert.Observation
}

// waitingFindings is how many may wait: a channel that hangs keeps them for
// seconds.
const waitingFindings = 1000

// tellEvery is how often what could not be sent is tried again.
const tellEvery = time.Minute

func newAlerter(s *server) *alerter {
	return &alerter{server: s, queue: make(chan findings, waitingFindings)}
}

// found takes what a run found.
func (t *alerter) found(p *project, plan *models.Plan, list []alert.Observation) {
	if len(p.Alerts) == 0 || len(list) == 0 {
		return
	}
	select {
	case t.queue <- findings{p, plan, list}:
	default:
		t.server.listening.warn("too much waits for alerts: something was not told")
	}
}

// scheduled takes an event of the scheduler.
func (t *alerter) scheduled(e schedule.Event) { t.found(t.server.current(), nil, alert.Schedule(e)) }

// work tells what is found until the context ends, and then what is left.
func (t *alerter) work(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case f := <-t.queue:
			t.tell(ctx, f)
		case <-tick.C:
			if p := t.server.current(); len(p.Alerts) > 0 {
				t.tell(ctx, findings{project: p})
			}
		case <-ctx.Done():
			return
		}
	}
}

// last tells what is left when nothing runs any more.
func (t *alerter) last(ctx context.Context) {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	for {
		select {
		case f := <-t.queue:
			t.tell(late, f)
		default:
			return
		}
	}
}

func (t *alerter) tell(ctx context.Context, f findings) {
	teller, err := t.server.listening.teller(t.server.store, f.project, f.plan)
	if err == nil {
		err = errors.Join(teller.Observe(ctx, f.list), teller.Tell(ctx))
	}
	if err != nil && ctx.Err() == nil {
		t.server.log.WarnContext(ctx, "alerts", slog.String("error", err.Error()))
	}
}
