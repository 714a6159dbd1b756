package alert

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
)

// Watch is an alert with what it needs.
type Watch struct {
	Alert *config.Alert
	// Selected are the nodes that it watches, nil for everything.
	Selected map[string]bool
	Channel  Channel
}

// Teller tells what has changed.
type Teller struct {
	Store           *state.Store
	Watches         []Watch
	Project, Target string
	// Done may be nil; it is told of each message.
	Done func(alert string, err error)
}

// hold is how long what is about to be told is given to nobody else, and sending
// how long a channel may take: less.
const (
	hold    = 2 * time.Minute
	sending = 30 * time.Second
)

// Observe writes down what was found.
func (t *Teller) Observe(ctx context.Context, list []Observation) error {
	var errs []error
	for _, w := range t.Watches {
		if own := watched(w.Alert, w.Selected, list); len(own) > 0 {
			errs = append(errs, t.Store.Observe(ctx, w.Alert.Name, own))
		}
	}
	return errors.Join(errs...)
}

// Tell sends what has not been told. What cannot be sent stays to be told.
func (t *Teller) Tell(ctx context.Context) error {
	var errs []error
	for _, w := range t.Watches {
		if err := t.tell(ctx, w); err != nil {
			errs = append(errs, fmt.Errorf("alert %s: %w", w.Alert.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (t *Teller) tell(ctx context.Context, w Watch) error {
	list, err := t.Store.Claim(ctx, w.Alert.Name, w.Alert.Runs, hold)
	if err != nil || len(list) == 0 {
		return err
	}
	at, err := t.Store.Time(ctx)
	if err != nil {
		return err
	}
	message := Message{Alert: w.Alert.Name, Project: t.Project, Target: t.Target, At: at}
	for _, x := range sorted(list) {
		if x.State != state.Fine || slices.Contains(w.Alert.On, "recovered") {
			message.Changes = append(message.Changes, changeOf(x, t.Target))
		}
	}
	var failed error
	if len(message.Changes) > 0 {
		short, cancel := context.WithTimeout(ctx, sending)
		failed = w.Channel.Send(short, message)
		cancel()
		if t.Done != nil {
			t.Done(w.Alert.Name, failed)
		}
	}
	return errors.Join(failed, t.Store.Told(context.WithoutCancel(ctx), w.Alert.Name, list, failed == nil))
}

// Test is a message that says that messages arrive.
func Test(alert, project, target string, at time.Time) Message {
	return Message{Alert: alert, Project: project, Target: target, At: at, Changes: []Change{{
		Subject: "test", State: "recovered", Reason: "this is a test: messages of the alert " + alert + " arrive here", Since: at,
	}}}
}
