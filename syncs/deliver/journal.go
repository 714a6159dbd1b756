package deliver

import (
	"context"
	"fmt"
)

// Journal keeps outcomes from the moment they are known until the Ledger has
// them, so that a process that dies in between loses none. It also knows
// whether this process may deliver at all.
//
// A staged delivery is not in it: nothing of it counts before it is published,
// and a process that dies between that and the ledger publishes it once more.
type Journal interface {
	// Write returns when the results survive a power cut. It is called by one
	// goroutine at a time, with what the answers of one or a few requests said.
	// The slice is valid only during the call. An error stops the delivery.
	Write(ctx context.Context, results []Result) error
	// Recorded says that the Ledger has everything that was written.
	Recorded(ctx context.Context) error
	// Held is an error where somebody else may deliver by now. It is asked before
	// each request, and returns at once.
	Held() error
}

// group is the outcomes that are written to the journal at once: what workers
// bring while an earlier group is being written.
type group struct {
	results []Result
	// settled is set by whoever holds the engine's recording.
	settled bool
}

// settle takes outcomes in. They are in the journal before anything relies on
// them; the worker that comes first writes what others bring meanwhile, so that
// a slow disk costs time once for all of them.
func (e *engine) settle(ctx context.Context, results []Result) {
	if len(results) == 0 {
		return
	}
	e.mu.Lock()
	g := e.gathering
	if g == nil {
		g = &group{}
		e.gathering = g
	}
	if g.results == nil {
		g.results = results // Nobody else has them.
	} else {
		g.results = append(g.results, results...)
	}
	e.mu.Unlock()

	e.recording <- struct{}{}
	defer func() { <-e.recording }()
	if g.settled {
		return
	}
	e.mu.Lock()
	e.gathering = nil
	e.mu.Unlock()
	if e.held == nil {
		e.stopOn(e.write(ctx, g.results))
	}
	e.take(ctx, g.results)
	g.settled = true
}

// write puts outcomes into the journal. Where that fails they may still reach
// the ledger. What a job of an earlier run did is not written: the job stays
// where it is until that is recorded, and would say it again.
func (e *engine) write(ctx context.Context, results []Result) error {
	if e.job.Journal == nil || e.sentBy != "" {
		return nil
	}
	e.reached("journal")
	alive, done := context.WithTimeout(context.WithoutCancel(ctx), ledgerTimeout)
	defer done()
	if err := e.job.Journal.Write(alive, results); err != nil {
		return fmt.Errorf("writing down what the destination acknowledged: %w", err)
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
