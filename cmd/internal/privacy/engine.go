package privacy

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/models/privacy/person"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Engine does the steps of requests. Nobody else may use the warehouse meanwhile.
type Engine struct {
	Desk
	Project   *config.Project
	Warehouse *adapters.Warehouse
	Clock     deliver.Clock
	// System are our tables; those that a list needs are made where they are missing.
	System    []sql.CreateTable
	RunID     string
	AsOf      time.Time
	Platforms Platforms
	// Schema is what a sync maps.
	Schema func(*config.Sync) syncs.Schema
	// Settle takes over what earlier deliveries of a sync left in the state, so that
	// nothing that is on its way comes after.
	Settle func(ctx context.Context, s *config.Sync) error
	// Read makes a source readable that is files.
	Read func(ctx context.Context, s *config.Source) error
	// Kept says how long the warehouse keeps what was deleted, empty where Compact
	// leaves nothing.
	Kept string
}

// found is what was found of a person before anything changed: it is what every
// step goes by, however often it is begun.
type found struct {
	IDs         []int64      `json:"ids,omitempty"`
	Identifiers []identifier `json:"identifiers,omitempty"`
	Keys        []key        `json:"keys,omitempty"`
	// Unknown are tables in our schema that nobody knows the contents of.
	Unknown []string `json:"unknown,omitempty"`
}

type identifier struct {
	Type   string `json:"type"`
	Value  string `json:"value"`
	Number *int64 `json:"number,omitempty"`
	Kind   string `json:"kind"`
}

// About are all identifiers in clear that a request knows of whom it is about: those
// that it was brought with, and those that were found.
func About(r *state.PrivacyRequest) ([]state.Identifier, error) {
	list := slices.Clone(r.Identifiers)
	if len(r.Found) == 0 {
		return list, nil
	}
	var f found
	if err := json.Unmarshal(r.Found, &f); err != nil {
		return nil, fmt.Errorf("reading what was found for request %s: %w", r.ID, err)
	}
	for _, x := range f.Identifiers {
		list = append(list, state.Identifier{Type: x.Type, Value: x.Value})
	}
	return list, nil
}

type key struct {
	Sync  string `json:"sync"`
	Place string `json:"place,omitempty"`
	Key   string `json:"key"`
	ID    int64  `json:"id"`
}

// Continue does what can be done by now of every open request, the first received
// first. A step that fails is tried again the next time; what failed is in the
// error, of all requests. What a file answers waits for whoever says where it goes.
func (e *Engine) Continue(ctx context.Context) error {
	list, err := e.Store.PrivacyRequests(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range list {
		if !r.Open() {
			continue
		}
		if Answered(r.Kind) {
			_, err = e.Conclude(ctx, r.ID)
		} else {
			_, err = e.Advance(ctx, r.ID)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("request %s: %w", r.ID, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// Advance does what can be done by now of a request. The error says what failed;
// the request says how far it is.
func (e *Engine) Advance(ctx context.Context, id string) (state.PrivacyRequest, error) {
	// Another process that does the same waits.
	using, stop, err := e.Store.Use(ctx, "privacy")
	if err != nil {
		return state.PrivacyRequest{}, err
	}
	r, err := e.advance(using, id)
	return r, errors.Join(err, stop())
}

func (e *Engine) advance(ctx context.Context, id string) (state.PrivacyRequest, error) {
	r, err := e.Store.PrivacyRequest(ctx, id)
	if err != nil || !r.Open() {
		return r, err
	}
	entity := e.entity(r.Entity)
	if entity == nil {
		return r, wrong("the project has no entity %s, which request %s is about", r.Entity, id)
	}
	for _, t := range append(privacy.System(), e.System...) {
		if err := e.Warehouse.Exec(ctx, t); err != nil {
			return r, fmt.Errorf("creating table %s: %w", t.Table.Name, err)
		}
	}
	w := &work{Engine: e, request: &r, entity: entity, in: person.Input{Project: e.Project, Entity: entity}}
	if err := w.plan(ctx); err != nil {
		return r, err
	}
	failed := w.steps(ctx)
	err = w.conclude(ctx)
	return r, errors.Join(failed, err)
}

func (e *Engine) entity(name string) *config.Entity {
	for _, x := range e.Project.Entities {
		if x.Name == name {
			return x
		}
	}
	return nil
}

// work is what is done for one request.
type work struct {
	*Engine
	request *state.PrivacyRequest
	entity  *config.Entity
	in      person.Input
	found   found
	// loaded says that the Work tables hold what was found.
	loaded bool
}

// plan finds the person and writes down what is to be done, unless that was done
// before.
func (w *work) plan(ctx context.Context) error {
	if len(w.request.Found) == 0 {
		w.reached("privacy find")
		if err := w.find(ctx); err != nil {
			return err
		}
		text, err := json.Marshal(w.found)
		if err != nil {
			return fmt.Errorf("writing down what was found: %w", err)
		}
		*w.request, err = w.Store.ChangeRequest(ctx, w.request.ID, func(r *state.PrivacyRequest) error {
			if err := open(r); err != nil {
				return err
			}
			r.Found, r.Status = text, Working
			return nil
		})
		if err != nil {
			return err
		}
		w.reached("privacy found")
	}
	if err := w.read(); err != nil {
		return err
	}
	// They follow from what was found alone, so that it does not matter how often
	// they are made.
	list, err := w.todo(ctx)
	if err != nil {
		return err
	}
	if err := w.Store.PlanSteps(ctx, w.request.ID, list); err != nil {
		return err
	}
	w.reached("privacy planned")
	return nil
}

// read reads what was found.
func (w *work) read() error {
	w.found = found{}
	if err := json.Unmarshal(w.request.Found, &w.found); err != nil {
		return fmt.Errorf("reading what was found: %w", err)
	}
	return nil
}

// find looks the person up.
func (w *work) find(ctx context.Context) error {
	wh := w.Warehouse
	rows := make([][]any, len(w.request.Identifiers))
	for i, id := range w.request.Identifiers {
		rows[i] = []any{id.Type, id.Value}
	}
	if err := w.load(ctx, person.Seeds, rows); err != nil {
		return err
	}
	if err := run.Steps(ctx, wh, w.Clock, w.in.Find()); err != nil {
		return fmt.Errorf("looking who it is: %w", err)
	}
	err := w.each(ctx, person.IDs, []string{"id"}, func(row []any) {
		id, _ := row[0].(int64)
		w.found.IDs = append(w.found.IDs, id)
	})
	if err != nil {
		return err
	}
	err = w.each(ctx, person.Identifiers, []string{"identifier_type", "identifier"}, func(row []any) {
		var x identifier
		x.Type, _ = row[0].(string)
		x.Value, _ = row[1].(string)
		if n, ok := row[2].(int64); ok {
			x.Number = &n
		}
		x.Kind, _ = row[3].(string)
		w.found.Identifiers = append(w.found.Identifiers, x)
	})
	if err != nil {
		return err
	}
	// What somebody named is theirs, whether the warehouse knows it or not: nobody
	// who is not there now is to come later.
	for _, id := range w.request.Identifiers {
		if !slices.ContainsFunc(w.found.Identifiers, func(x identifier) bool { return x.Type == id.Type && x.Value == id.Value }) {
			w.found.Identifiers = append(w.found.Identifiers, identifier{Type: id.Type, Value: id.Value, Kind: privacy.Own})
		}
	}
	err = w.each(ctx, person.Keys, []string{"sync", "key", "place"}, func(row []any) {
		var k key
		k.Sync, _ = row[0].(string)
		k.Place, _ = row[1].(string)
		k.Key, _ = row[2].(string)
		k.ID, _ = row[3].(int64)
		w.found.Keys = append(w.found.Keys, k)
	})
	if err != nil || !w.ends() {
		return err
	}
	tables, err := wh.Public(ctx)
	if err != nil {
		return err
	}
	_, w.found.Unknown = w.in.Scrub(tables, w.RunID, sql.Timestamp(w.AsOf))
	return nil
}

// equip fills the Work tables with what was found.
func (w *work) equip(ctx context.Context) error {
	if w.loaded {
		return nil
	}
	var ids, identifiers, keys [][]any
	for _, id := range w.found.IDs {
		ids = append(ids, []any{id})
	}
	for _, x := range w.found.Identifiers {
		identifiers = append(identifiers, []any{x.Type, x.Value, number(x.Number), x.Kind})
	}
	for _, k := range w.found.Keys {
		keys = append(keys, []any{k.Sync, k.Place, k.Key, k.ID})
	}
	for _, t := range []struct {
		table sql.CreateTable
		rows  [][]any
	}{{person.IDs, ids}, {person.Identifiers, identifiers}, {person.Keys, keys}} {
		if err := w.load(ctx, t.table, t.rows); err != nil {
			return err
		}
	}
	w.loaded = true
	return nil
}

func number(n *int64) any {
	if n == nil {
		return nil
	}
	return *n
}

// load makes a Work table of rows.
func (w *work) load(ctx context.Context, t sql.CreateTable, rows [][]any) error {
	if err := w.Warehouse.Exec(ctx, sql.Drop{Table: t.Table}, t); err != nil {
		return err
	}
	return w.Warehouse.Load(ctx, t.Table, sql.ColumnNames(t.Columns), func(yield func([]any, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	})
}

// each reads a table in an order.
func (w *work) each(ctx context.Context, t sql.CreateTable, order []string, do func(row []any)) error {
	q := &sql.Select{Items: sql.Items("t", sql.ColumnNames(t.Columns)...), From: sql.TableRef{Table: t.Table, As: "t"}}
	for _, name := range order {
		q.OrderBy = append(q.OrderBy, sql.Asc(sql.Col("t", name)))
	}
	return readAll(ctx, w.Warehouse, q, do)
}

func readAll(ctx context.Context, wh *adapters.Warehouse, q sql.Query, do func(row []any)) (err error) {
	rows, err := wh.Query(ctx, q)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]any, len(rows.Columns()))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		do(row)
	}
}

// Normalise gives identifiers their comparable form, as the warehouse makes it. The
// error is a *UserError where one is none of its type.
func (e *Engine) Normalise(ctx context.Context, entity string, list []state.Identifier) ([]state.Identifier, error) {
	x := e.entity(entity)
	if x == nil {
		return nil, wrong("the project has no entity %s", entity)
	}
	w := &work{Engine: e, entity: x, in: person.Input{Project: e.Project, Entity: x}}
	var rows [][]any
	for _, id := range list {
		if !slices.ContainsFunc(x.Identifiers, func(t config.Identifier) bool { return t.Name == id.Type }) {
			return nil, wrong("%s has no identifiers of the type %s", entity, id.Type)
		}
		rows = append(rows, []any{id.Type, id.Value})
	}
	if err := w.load(ctx, person.Seeds, rows); err != nil {
		return nil, err
	}
	var out []state.Identifier
	var bad error
	err := readAll(ctx, e.Warehouse, w.in.Normalised(), func(row []any) {
		var id state.Identifier
		id.Type, _ = row[0].(string)
		var ok bool
		if id.Value, ok = row[2].(string); !ok {
			bad = wrong("what you give is no %s", id.Type)
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	})
	slices.SortFunc(out, func(a, b state.Identifier) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Value, b.Value))
	})
	return out, errors.Join(err, bad, e.Warehouse.Exec(ctx, sql.Drop{Table: person.Seeds.Table}))
}

// step does one step; what it returns is kept as its receipt.
type step func(ctx context.Context, x *state.PrivacyStep) (receipt string, err error)

// steps does those that are not done, in order. One that fails does not keep the
// next from being tried, unless that may only come after it.
func (w *work) steps(ctx context.Context) error {
	list, err := w.Store.PrivacySteps(ctx, w.request.ID)
	if err != nil {
		return err
	}
	var errs []error
	blocked := ""
	for i := range list {
		x := &list[i]
		switch {
		case x.Status == Done:
			continue
		case x.Status == Manual:
			if err := w.lookAgain(ctx, x); err != nil {
				errs = append(errs, err)
			}
			continue
		case ctx.Err() != nil:
			return errors.Join(append(errs, context.Cause(ctx))...)
		case blocked != "" && !w.alone(x):
			continue // It is still to do.
		}
		if !ready(x.Step, list) {
			continue
		}
		x.Status, x.Attempts = Working, x.Attempts+1
		if err := w.Store.SaveStep(ctx, *x); err != nil {
			return err
		}
		w.reached("privacy " + x.Step)
		receipt, err := w.doers()[x.Step](ctx, x)
		x.At = w.Now().UTC()
		switch {
		case ctx.Err() != nil:
			return errors.Join(append(errs, context.Cause(ctx))...)
		case errors.Is(err, errManual):
			x.Status, x.Error, x.Receipt = Manual, "", receipt
		case errors.Is(err, ErrNotYet):
			x.Status, x.Error = Todo, strings.TrimSuffix(strings.TrimSuffix(err.Error(), ErrNotYet.Error()), ": ")
		case err != nil:
			x.Status, x.Error = Failed, without(err.Error(), w.found, w.request.Identifiers)
			errs = append(errs, fmt.Errorf("%s %s: %s", x.Step, x.System, x.Error))
			if w.gates(x) {
				blocked = x.Step
			}
			err = w.noteStep(ctx, audit.StepFailed, *x)
		default:
			x.Status, x.Error, x.Receipt = Done, "", receipt
			err = w.noteStep(ctx, audit.StepDone, *x)
		}
		if err != nil && !errors.Is(err, errManual) && !errors.Is(err, ErrNotYet) {
			return errors.Join(append(errs, err)...)
		}
		if err := w.Store.SaveStep(ctx, *x); err != nil {
			return errors.Join(append(errs, err)...)
		}
		w.reached("privacy " + x.Step + " done")
	}
	return errors.Join(errs...)
}

var (
	// errManual is returned by a step that turns out to be for somebody to do.
	errManual = errors.New("it is to be done by hand")
	// ErrNotYet is returned by a step that waits for something that a run does, and by
	// Platforms of a target that asks nobody for now.
	ErrNotYet = errors.New("not yet")
)

// ready says that nothing is left that a step has to come after: a file is written
// anew when nothing is left in its tables, and identifiers are forgotten when
// nobody needs them any more.
func ready(name string, list []state.PrivacyStep) bool {
	after := map[string][]string{
		stepCompact: {stepSuppress, stepScrub, stepSource, stepTable},
		stepClose:   {stepSuppress, stepSettle, stepRemove, stepErase, stepScrub, stepSource, stepTable, stepCompact},
	}[name]
	return !slices.ContainsFunc(list, func(x state.PrivacyStep) bool { return x.Status != Done && slices.Contains(after, x.Step) })
}

func (w *work) noteStep(ctx context.Context, action audit.Action, x state.PrivacyStep) error {
	var whom audit.Subject
	if len(w.found.IDs) > 0 {
		whom = w.Audit.Subject(w.request.Entity, w.found.IDs[0])
	}
	return w.stepped(ctx, action, x, whom)
}

// conclude gives the request the status that its steps come to.
func (w *work) conclude(ctx context.Context) error {
	list, err := w.Store.PrivacySteps(ctx, w.request.ID)
	if err != nil {
		return err
	}
	status := Done
	for _, x := range list {
		switch x.Status {
		case Done:
		case Manual:
			if status == Done {
				status = Waiting
			}
		default:
			if ready(x.Step, list) {
				status = Working
			} else if status == Done {
				status = Waiting
			}
		}
	}
	if !w.request.Open() || status == w.request.Status {
		return nil
	}
	if status == Done {
		w.reached("privacy conclude")
		// Before it is said: what is written twice harms nobody.
		if err := w.note(ctx, audit.RequestDone, *w.request, ""); err != nil {
			return err
		}
	}
	*w.request, err = w.Store.ChangeRequest(ctx, w.request.ID, func(r *state.PrivacyRequest) error {
		if err := open(r); err != nil {
			return err
		}
		if r.Status = status; status == Done {
			r.Ended = w.Now().UTC()
		}
		return nil
	})
	return err
}

// script runs statements as one script.
func (w *work) script(ctx context.Context, statements []sql.Statement) error {
	if err := w.equip(ctx); err != nil {
		return err
	}
	return w.Warehouse.Script(ctx, statements)
}

// Withdraw takes a request back: what it put in place goes. An erasure can be
// withdrawn as long as nothing was done.
func (e *Engine) Withdraw(ctx context.Context, id, because string) (state.PrivacyRequest, error) {
	using, stop, err := e.Store.Use(ctx, "privacy")
	if err != nil {
		return state.PrivacyRequest{}, err
	}
	r, err := e.withdraw(using, id, because)
	return r, errors.Join(err, stop())
}

func (e *Engine) withdraw(ctx context.Context, id, because string) (state.PrivacyRequest, error) {
	r, err := e.Store.PrivacyRequest(ctx, id)
	if err != nil {
		return r, err
	}
	inForce := slices.Contains([]string{Restrict, Object, Rectify}, r.Kind)
	switch {
	case r.Status == Withdrawn, r.Status == Refused:
		return r, conflict("request %s is %s", id, r.Status)
	case !inForce && r.Status != Received && (!Answered(r.Kind) || !r.Open()):
		return r, conflict("request %s is %s: it cannot be taken back any more", id, r.Status)
	}
	if err := e.nameless(because, r); err != nil {
		return r, err
	}
	if inForce {
		var script []sql.Statement
		for _, t := range privacy.System() {
			if err := e.Warehouse.Exec(ctx, t); err != nil {
				return r, fmt.Errorf("creating table %s: %w", t.Table.Name, err)
			}
			if t.Table == privacy.Restrictions || t.Table == privacy.Corrections {
				script = append(script, privacy.Withdraw(t, id)...)
			}
		}
		if err := e.Warehouse.Script(ctx, script); err != nil {
			return r, err
		}
	}
	e.reached("privacy withdrawn")
	r, err = e.Store.ChangeRequest(ctx, id, func(r *state.PrivacyRequest) error {
		r.Status, r.Reason, r.Ended = Withdrawn, because, e.Now().UTC()
		if Answered(r.Kind) {
			e.forget(r)
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	if Answered(r.Kind) {
		err = e.Store.Rewrite(ctx)
	}
	return r, errors.Join(err, e.note(ctx, audit.RequestWithdrawn, r, because))
}
