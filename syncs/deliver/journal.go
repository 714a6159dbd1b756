package deliver

import (
	"context"
	"fmt"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// Journal keeps outcomes from the moment they are known until the Ledger has
// them, so that a process that dies in between loses none, and requests that must
// not be sent twice from before they are sent until their outcome is known, so
// that nothing else is in doubt after that. It also knows whether this process may
// deliver at all.
//
// A staged delivery is not in it: nothing of it counts before it is published,
// and a process that dies between that and the ledger publishes it once more.
type Journal interface {
	// Write does all of a Writing or nothing, and returns when it survives a power
	// cut. It is called by one goroutine at a time. The slices are valid only during
	// the call. An error stops the delivery.
	Write(ctx context.Context, w Writing) error
	// Recorded says that the Ledger has everything that was written.
	Recorded(ctx context.Context) error
	// Held is an error where somebody else may deliver by now. It is asked before
	// each request, and returns at once.
	Held() error
}

// Writing is what is written to a Journal at once.
type Writing struct {
	// Results are outcomes, of one or a few requests.
	Results []Result
	// Begun are requests that are about to be sent and are not idempotent: jobs
	// without a Handle. One that turns out to start a job is given to Jobs.Save
	// under the same ID.
	Begun []OpenJob
	// Over are the IDs of requests that were begun, and of jobs, whose rows are
	// among these or earlier Results or were certainly not taken.
	Over []string
}

// group is what is written to the journal at once: what workers bring while an
// earlier group is being written.
type group struct {
	Writing
	// written is set by whoever holds the engine's recording, and err with it.
	written bool
	err     error
}

// settle takes outcomes in. They are in the journal before anything relies on
// them.
func (e *engine) settle(ctx context.Context, results []Result) {
	if len(results) > 0 {
		_ = e.note(ctx, Writing{Results: results}) // It stops the delivery.
	}
}

// begin writes a request down that is about to be sent and must not be sent
// twice, and returns it; nothing of any other.
func (e *engine) begin(ctx context.Context, ops []syncs.Op, req syncs.Request) (OpenJob, error) {
	if !e.journals() || req.Idempotent {
		return OpenJob{}, nil
	}
	open := e.openJob(pick(ops, req.Ops), req)
	return open, e.note(ctx, Writing{Begun: []OpenJob{open}})
}

// note writes to the journal. The worker that comes first writes what others
// bring meanwhile, so that a slow disk costs time once for all of them.
func (e *engine) note(ctx context.Context, w Writing) error {
	e.mu.Lock()
	g := e.gathering
	if g == nil {
		g = &group{}
		e.gathering = g
	}
	if g.Results == nil {
		g.Results = w.Results // Nobody else has them.
	} else {
		g.Results = append(g.Results, w.Results...)
	}
	g.Begun = append(g.Begun, w.Begun...)
	e.mu.Unlock()

	e.recording <- struct{}{}
	defer func() { <-e.recording }()
	if g.written {
		return g.err
	}
	e.mu.Lock()
	e.gathering = nil
	if e.journals() && !e.gap {
		g.Over, e.over = e.over, nil
	}
	e.mu.Unlock()
	if e.journals() {
		if g.err = e.write(ctx, g.Writing); g.err != nil {
			e.gap = true
			for _, id := range g.Over {
				e.ended(id)
			}
			e.stop(g.err)
		}
	}
	if len(g.Results) > 0 {
		e.take(ctx, g.Results)
	}
	g.written = true
	return g.err
}

// journals says that the delivery writes to a journal. A staged one does not.
// Neither is written what a job of an earlier run did: the job stays where it is
// until that is recorded, and would say it again.
func (e *engine) journals() bool { return e.job.Journal != nil && e.held == nil && e.sentBy == "" }

// write puts outcomes and requests into the journal. Where that fails the
// outcomes may still reach the ledger, and the requests are not sent.
func (e *engine) write(ctx context.Context, w Writing) error {
	e.reached("journal")
	alive, done := context.WithTimeout(context.WithoutCancel(ctx), ledgerTimeout)
	defer done()
	if err := e.job.Journal.Write(alive, w); err != nil {
		return fmt.Errorf("writing down what is sent and what the destination acknowledged: %w", err)
	}
	e.reached("journaled")
	return nil
}

// mayHold is an error where this process may not deliver any more.
func (e *engine) mayHold() error {
	if e.job.Journal == nil {
		return nil
	}
	return e.job.Journal.Held()
}

// reached tells tests that the delivery has come to a point.
func (e *engine) reached(point string) {
	if e.settings.Reached != nil {
		e.settings.Reached(point)
	}
}
