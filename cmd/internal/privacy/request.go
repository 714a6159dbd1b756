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
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/models/privacy"
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

// ByID is the type of an identifier that is the number of an entity, which says
// nothing of them to who cannot look it up.
const ByID = "id"

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
	By string
	// Key makes digests.
	Key privacy.Key
	Now func() time.Time
	// Reached is told the name of each point that is come to: tests end the process
	// there. Nil outside of tests.
	Reached func(point string)
}

func (d *Desk) reached(point string) {
	if d.Reached != nil {
		d.Reached(point)
	}
}

// UserError is a mistake of whoever asks, who is told so.
type UserError struct {
	text string
	// Conflict says that what they ask for is none, but not what can be done as the
	// request is now.
	Conflict bool
}

func (e *UserError) Error() string { return e.text }

func wrong(format string, args ...any) error { return &UserError{text: fmt.Sprintf(format, args...)} }

func conflict(format string, args ...any) error {
	return &UserError{text: fmt.Sprintf(format, args...), Conflict: true}
}

// ErrReused says that a key was used before, for something else.
var ErrReused = errors.New("the key was used for another request")

// Ask is a request as somebody brings it.
type Ask struct {
	Kind, Entity   string
	Identifiers    []state.Identifier
	Evidence       string
	Received       time.Time
	Purpose, Trait string
	Value          string
	// Key tells it from others: what is asked twice with the same one is one request.
	// It is a digest, or empty for one that is like no other.
	Key string
}

// Receive writes a request down, unless the same stands already: that one is
// returned, and fresh is false. Its identifiers are in their comparable form. The
// error is ErrReused where its key stands for another request.
func (d *Desk) Receive(ctx context.Context, a Ask) (r state.PrivacyRequest, fresh bool, err error) {
	using, stop, err := d.Store.Use(ctx, "privacy desk")
	if err != nil {
		return r, false, err
	}
	r, fresh, err = d.receive(using, a)
	return r, fresh, errors.Join(err, stop())
}

func (d *Desk) receive(ctx context.Context, a Ask) (state.PrivacyRequest, bool, error) {
	now := d.Now().UTC()
	asked, err := d.asked(a)
	if err != nil {
		return state.PrivacyRequest{}, false, err
	}
	if a.Received.IsZero() {
		a.Received = now
	}
	r := state.PrivacyRequest{
		ID: newID(a.Kind, now), Kind: a.Kind, Entity: a.Entity, Person: state.Person{Identifiers: a.Identifiers}, Evidence: a.Evidence,
		Purpose: a.Purpose, Trait: a.Trait, Value: a.Value, Status: Received, By: d.By, Asked: asked, Received: a.Received.UTC(), Due: Due(a.Received.UTC()),
	}
	switch {
	case !slices.Contains(Kinds, a.Kind) && a.Kind != Expire:
		return r, false, wrong("there is no request of the kind %s", a.Kind)
	case len(a.Identifiers) == 0:
		return r, false, wrong("a request has to name the person by an identifier")
	case strings.TrimSpace(a.Evidence) == "":
		return r, false, wrong("say what proved who asks, such as a ticket that has it: --evidence TEXT")
	case a.Received.After(now):
		return r, false, wrong("a request cannot have been received later than now")
	}
	if err := d.nameless(a.Evidence, r); err != nil {
		return r, false, err
	}
	if stands, found, err := d.stands(ctx, r); err != nil || found {
		return stands, false, err
	}
	if err := d.note(ctx, audit.RequestReceived, r, "", audit.Word("kind", r.Kind), audit.Time("received", r.Received), audit.Time("due", r.Due)); err != nil {
		return r, false, err
	}
	if err := d.Store.AddRequest(ctx, &r); err != nil {
		return r, false, err
	}
	if Answered(r.Kind) {
		return r, true, d.Store.PlanSteps(ctx, r.ID, toAnswer(r.ID))
	}
	return r, true, nil
}

// asked is the key of an ask and a digest of what is asked with it, empty without a
// key.
func (d *Desk) asked(a Ask) (string, error) {
	if a.Key == "" {
		return "", nil
	}
	key := a.Key
	a.Key = ""
	text, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("writing down what is asked: %w", err)
	}
	return key + " " + d.Key.Digest("request", string(text)), nil
}

// stands is the request that a new one would repeat: one that was asked with its
// key, whatever became of it, or one that is open and the same. What the project
// itself asks for has identifiers that several people may share, and is never the
// same.
func (d *Desk) stands(ctx context.Context, r state.PrivacyRequest) (state.PrivacyRequest, bool, error) {
	list, err := d.Store.PrivacyRequests(ctx)
	if err != nil || r.Kind == Expire {
		return state.PrivacyRequest{}, false, err
	}
	key, _, _ := strings.Cut(r.Asked, " ")
	for _, x := range list {
		if before, _, _ := strings.Cut(x.Asked, " "); key != "" && key == before {
			if x.Asked != r.Asked {
				err = ErrReused
			}
			return x, true, err
		}
	}
	for _, x := range list {
		same := x.Open() && x.Kind == r.Kind && x.Entity == r.Entity && x.Purpose == r.Purpose && x.Trait == r.Trait && x.Value == r.Value
		if same && !slices.ContainsFunc(r.Identifiers, func(id state.Identifier) bool { return !slices.Contains(x.Identifiers, id) }) {
			return x, true, nil
		}
	}
	return state.PrivacyRequest{}, false, nil
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
		if id.Type != ByID && names(text, id.Value) {
			return wrong("what you say names the person by their %s, and is kept: name a ticket instead", id.Type)
		}
	}
	return nil
}

// names says that a text has a value in it. A short one, such as the number 1, has to
// be a word of its own.
func names(text, value string) bool {
	text, value = strings.ToLower(text), strings.ToLower(value)
	other := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	const short = 5
	if len(value) > short || strings.ContainsFunc(value, other) {
		return strings.Contains(text, value)
	}
	return slices.Contains(strings.FieldsFunc(text, other), value)
}

// note writes a decision about a request down.
func (d *Desk) note(ctx context.Context, action audit.Action, r state.PrivacyRequest, reason string, details ...audit.Detail) error {
	return d.Audit.Add(ctx, audit.Entry{Actor: d.Actor, Action: action, Object: audit.Of("request", r.ID), Reason: reason, Details: details})
}

// open is the error of a request that has ended.
func open(r *state.PrivacyRequest) error {
	if !r.Open() {
		return conflict("request %s is %s", r.ID, r.Status)
	}
	return nil
}

// Extend puts the due date off, once, by two months.
func (d *Desk) Extend(ctx context.Context, id, because string) (state.PrivacyRequest, error) {
	return d.decide(ctx, id, audit.RequestExtended, because, func(r *state.PrivacyRequest) error {
		if !r.Extended.IsZero() {
			return conflict("request %s was extended already: it can be once", r.ID)
		}
		r.Extended, r.Because, r.Due = d.Now().UTC(), because, extended(r.Received)
		return nil
	})
}

// Refuse ends a request of which nothing was done.
func (d *Desk) Refuse(ctx context.Context, id, because string) (state.PrivacyRequest, error) {
	r, err := d.decide(ctx, id, audit.RequestRefused, because, func(r *state.PrivacyRequest) error {
		if r.Status != Received && !Answered(r.Kind) {
			return conflict("request %s is %s: what was begun cannot be refused", r.ID, r.Status)
		}
		r.Status, r.Reason, r.Ended = Refused, because, d.Now().UTC()
		if Answered(r.Kind) {
			d.forget(r)
		}
		return nil
	})
	if err != nil || !Answered(r.Kind) {
		return r, err
	}
	return r, d.Store.Rewrite(ctx)
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
		return state.PrivacyStep{}, conflict("request %s has no step that waits for somebody", id)
	}
	return state.PrivacyStep{}, conflict("request %s has no step %s %s that waits for somebody: there are %s", id, step, system, strings.Join(manual, ", "))
}
