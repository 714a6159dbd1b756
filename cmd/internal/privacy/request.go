// Package privacy does what people may ask for as is their right: it writes a
// request down, works out what has to be done at which system, and does each step
// until it is done, by a machine or by hand, whatever dies meanwhile.
//
// It knows no vendor: destinations are Platforms. It prints nothing, and what it
// writes to the audit log names nobody. Start with Desk, for what needs no
// warehouse, then Engine.
package privacy

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// The kinds of a request.
const (
	Access      = "access"
	Portability = "portability"
	Rectify     = "rectify"
	Erase       = "erase"
	Restrict    = "restrict"
	Object      = "object"
	// Expire is nobody's wish: the project does not keep an entity any longer. It is
	// taken out of all that an erasure is, but for the user's own tables, and who
	// returns is welcome.
	Expire = "expire"
)

// Kinds are those that people bring.
var Kinds = []string{Access, Portability, Rectify, Erase, Restrict, Object}

// The statuses of a request.
const (
	// Received is written down, and nothing was done.
	Received = "received"
	// Working has steps that a machine still has to do.
	Working = "working"
	// Waiting has steps left that somebody does by hand.
	Waiting   = "waiting"
	Done      = "done"
	Refused   = "refused"
	Withdrawn = "withdrawn"
)

// The statuses of a step, beside Done and Working.
const (
	Todo = "todo"
	// Manual is for somebody to do, and to confirm.
	Manual = "manual"
	// Failed is tried again by the next run.
	Failed = "failed"
)

// months is a day so many calendar months later, or the last of its month where it
// has no such day: the term of Article 12(3).
func months(t time.Time, n int) time.Time {
	out := t.AddDate(0, n, 0)
	if out.Day() != t.Day() {
		out = out.AddDate(0, 0, -out.Day())
	}
	return out
}

// Due is when a request has to be answered: a month after it was received.
func Due(received time.Time) time.Time { return months(received, 1) }

// extended is when it has to be where that was not possible: two months later.
func extended(received time.Time) time.Time { return months(received, 3) }

// Auditor is where decisions are written down: an *audit.Log.
type Auditor interface {
	Add(ctx context.Context, entries ...audit.Entry) error
	Subject(entity string, id int64) audit.Subject
}

// Desk is where requests are received and decided about.
type Desk struct {
	Store *state.Store
	Audit Auditor
	Actor audit.Actor
	// By is the actor in words.
	By  string
	Now func() time.Time
}

// UserError is a mistake of whoever asks, who is told so.
type UserError struct{ text string }

func (e *UserError) Error() string { return e.text }

func wrong(format string, args ...any) error { return &UserError{fmt.Sprintf(format, args...)} }

// Ask is a request as somebody brings it.
type Ask struct {
	Kind, Entity   string
	Identifiers    []state.Identifier
	Evidence       string
	Received       time.Time
	Purpose, Trait string
	Value          string
}

// Receive writes a request down. Its identifiers are in their comparable form.
func (d *Desk) Receive(ctx context.Context, a Ask) (state.PrivacyRequest, error) {
	now := d.Now().UTC()
	if a.Received.IsZero() {
		a.Received = now
	}
	r := state.PrivacyRequest{
		ID: newID(a.Kind, now), Kind: a.Kind, Entity: a.Entity, Person: state.Person{Identifiers: a.Identifiers}, Evidence: a.Evidence,
		Purpose: a.Purpose, Trait: a.Trait, Value: a.Value, Status: Received, By: d.By, Received: a.Received.UTC(), Due: Due(a.Received.UTC()),
	}
	switch {
	case !slices.Contains(Kinds, a.Kind) && a.Kind != Expire:
		return r, wrong("there is no request of the kind %s", a.Kind)
	case len(a.Identifiers) == 0:
		return r, wrong("a request has to name the person by an identifier")
	case strings.TrimSpace(a.Evidence) == "":
		return r, wrong("say what proved who asks, such as a ticket that has it: --evidence TEXT")
	case a.Received.After(now):
		return r, wrong("a request cannot have been received later than now")
	}
	if err := d.nameless(a.Evidence, r); err != nil {
		return r, err
	}
	if err := d.note(ctx, audit.RequestReceived, r, "", audit.Word("kind", r.Kind), audit.Time("received", r.Received), audit.Time("due", r.Due)); err != nil {
		return r, err
	}
	return r, d.Store.AddRequest(ctx, &r)
}

// newID names a request.
func newID(kind string, now time.Time) string {
	random := make([]byte, 3)
	rand.Read(random) // never fails: see its documentation
	return kind + "-" + now.Format("20060102") + "-" + hex.EncodeToString(random)
}

// nameless refuses words that stay and name the person.
func (*Desk) nameless(text string, r state.PrivacyRequest) error {
	if err := audit.CheckReason(text); err != nil {
		return wrong("%v", err)
	}
	for _, id := range r.Identifiers {
		if strings.Contains(strings.ToLower(text), strings.ToLower(id.Value)) {
			return wrong("what you say names the person by their %s, and is kept: name a ticket instead", id.Type)
		}
	}
	return nil
}

// note writes a decision about a request down.
func (d *Desk) note(ctx context.Context, action audit.Action, r state.PrivacyRequest, reason string, details ...audit.Detail) error {
	return d.Audit.Add(ctx, audit.Entry{Actor: d.Actor, Action: action, Object: audit.Of("request", r.ID), Reason: reason, Details: details})
}

// open is the error of a request that has ended.
func open(r *state.PrivacyRequest) error {
	if !r.Open() {
		return wrong("request %s is %s", r.ID, r.Status)
	}
	return nil
}

// Extend puts the due date off, once, by two months.
func (d *Desk) Extend(ctx context.Context, id, because string) (state.PrivacyRequest, error) {
	return d.decide(ctx, id, audit.RequestExtended, because, func(r *state.PrivacyRequest) error {
		if !r.Extended.IsZero() {
			return wrong("request %s was extended already: it can be once", r.ID)
		}
		r.Extended, r.Because, r.Due = d.Now().UTC(), because, extended(r.Received)
		return nil
	})
}

// Refuse ends a request of which nothing was done.
func (d *Desk) Refuse(ctx context.Context, id, because string) (state.PrivacyRequest, error) {
	return d.decide(ctx, id, audit.RequestRefused, because, func(r *state.PrivacyRequest) error {
		if r.Status != Received {
			return wrong("request %s is %s: what was begun cannot be refused", r.ID, r.Status)
		}
		r.Status, r.Reason, r.Ended = Refused, because, d.Now().UTC()
		return nil
	})
}

// decide changes an open request, and writes down that somebody did.
func (d *Desk) decide(ctx context.Context, id string, action audit.Action, because string, change func(*state.PrivacyRequest) error) (state.PrivacyRequest, error) {
	r, err := d.Store.ChangeRequest(ctx, id, func(r *state.PrivacyRequest) error {
		if err := open(r); err != nil {
			return err
		}
		if err := d.nameless(because, *r); err != nil {
			return err
		}
		return change(r)
	})
	if err != nil {
		return r, err
	}
	return r, d.note(ctx, action, r, because)
}

// Confirm says that somebody has done a step by hand, and what shows it. The
// engine goes on from there.
func (d *Desk) Confirm(ctx context.Context, id, step, system, evidence string) (state.PrivacyStep, error) {
	r, err := d.Store.PrivacyRequest(ctx, id)
	if err != nil {
		return state.PrivacyStep{}, err
	}
	if err := errors.Join(open(&r), d.nameless(evidence, r)); err != nil {
		return state.PrivacyStep{}, err
	}
	steps, err := d.Store.PrivacySteps(ctx, id)
	if err != nil {
		return state.PrivacyStep{}, err
	}
	var manual []string
	for _, x := range steps {
		if x.Status != Manual {
			continue
		}
		if x.Step == step && (system == "" || x.System == system) {
			x.Status, x.Receipt, x.At = Done, evidence, d.Now().UTC()
			if err := d.note(ctx, audit.StepConfirmed, r, evidence, audit.Word("step", x.Step), audit.Word("system", x.System)); err != nil {
				return x, err
			}
			return x, d.Store.SaveStep(ctx, x)
		}
		manual = append(manual, x.Step+" "+x.System)
	}
	if len(manual) == 0 {
		return state.PrivacyStep{}, wrong("request %s has no step that waits for somebody", id)
	}
	return state.PrivacyStep{}, wrong("request %s has no step %s %s that waits for somebody: there are %s", id, step, system, strings.Join(manual, ", "))
}
