package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/inputs"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// build builds the models of the plan. Where the plan can be revised, what tells
// changes comes first, with all that it needs.
func (r *runner) build(ctx context.Context) error {
	if err := r.recall(ctx); err != nil {
		return fmt.Errorf("reading what tests found last: %w", err)
	}
	looks := slices.ContainsFunc(r.Plan.Models, isLook)
	if r.Revise != nil && looks {
		first, err := models.NewGraph(looked(r.Plan.Models))
		if err != nil {
			return err
		}
		r.buildModels(ctx, looked(r.Plan.Models), first)
		plan, err := r.Revise(ctx)
		switch {
		case err == nil:
			r.Plan = plan
		case ctx.Err() == nil:
			return fmt.Errorf("looking for changes: %w", err)
		}
	}
	graph, err := models.NewGraph(r.Plan.Models)
	if err != nil {
		return err
	}
	r.buildModels(ctx, r.Plan.Models, graph)
	// In the order of the plan, however the models took turns.
	for _, i := range graph.Order {
		name := r.Plan.Models[i].Name
		r.summary.Models = append(r.summary.Models, *r.built[name])
		r.summary.Measures = append(r.summary.Measures, r.measures[name]...)
		r.summary.Tests = append(r.summary.Tests, r.testResults(r.Plan.Models[i], r.built[name])...)
	}
	r.summary.Evaluations = r.Plan.Evaluations
	return nil
}

func isLook(m *models.Model) bool { return strings.HasPrefix(m.Name, inputs.Prefix) }

// looked are the models that tell changes and those that they wait for.
func looked(list []*models.Model) []*models.Model {
	graph, err := models.NewGraph(list)
	if err != nil {
		return nil // the caller comes to it too
	}
	keep := make([]bool, len(list))
	for _, i := range slices.Backward(graph.Order) {
		if keep[i] = keep[i] || isLook(list[i]); keep[i] {
			for _, n := range graph.Needs[i] {
				keep[n] = true
			}
		}
	}
	var out []*models.Model
	for i, m := range list {
		if keep[i] {
			out = append(out, m)
		}
	}
	return out
}

// buildModels builds every model that is not built yet, independent ones at the
// same time. A model that fails takes down those that need it and no others.
func (r *runner) buildModels(ctx context.Context, list []*models.Model, g *models.Graph) {
	parallel := r.wh.Parallel()
	if r.Parallel > 0 {
		parallel = min(parallel, r.Parallel)
	}
	results := make([]*ModelResult, len(list))
	ended := 0
	type finished struct {
		model  int
		result ModelResult
	}
	done := make(chan finished)
	building := 0
	started := make([]bool, len(list))
	for i, m := range list {
		if results[i] = r.built[m.Name]; results[i] != nil {
			started[i] = true
			ended++
		}
	}
	for ended < len(list) {
		for _, i := range g.Order {
			if started[i] || building == parallel || !allEnded(g.After[i], results) {
				continue
			}
			started[i] = true
			building++
			skip := needed(list, g.Needs[i], results)
			go func() { done <- finished{i, r.buildModel(ctx, list[i], skip)} }()
		}
		f := <-done
		results[f.model], r.built[f.result.Name] = &f.result, &f.result
		building--
		ended++
		r.emit(ModelDone{Result: f.result})
	}
}

func allEnded(after []int, results []*ModelResult) bool {
	for _, a := range after {
		if results[a] == nil {
			return false
		}
	}
	return true
}

// needed is the error of a model that cannot run, nil where it can.
func needed(list []*models.Model, needs []int, results []*ModelResult) error {
	for _, n := range needs {
		if results[n].Status != OK {
			if len(list[n].Guards) > 0 {
				return &SkipError{Needs: list[n].Name, Why: "did not pass"}
			}
			return &SkipError{Needs: list[n].Name}
		}
	}
	return nil
}

// SkipError is why something was not tried.
type SkipError struct {
	// Needs is the model that it reads and that was not built, or a test that it
	// waits for.
	Needs string
	// Why says what is with it where that is something else.
	Why string
}

func (e *SkipError) Error() string { return e.Needs + " " + cmp.Or(e.Why, "was not built") }

// buildModel runs the steps, the commit and the measures of a model.
func (r *runner) buildModel(ctx context.Context, m *models.Model, skip error) ModelResult {
	result := ModelResult{Name: m.Name, Status: Skipped, Note: m.Note, Err: skip}
	if skip != nil {
		return result
	}
	ctx = r.label(ctx, m.Name)
	r.emit(ModelStarted{Model: m.Name})
	start := r.Clock.Now()
	r.reached("build")
	err := r.steps(ctx, m.Name, 0, m.Steps)
	if err == nil {
		err = r.broken(m.Name)
	}
	if err == nil {
		r.reached("commit")
		err = r.timed(m.Name, "put in place", 0, func() error { return r.wh.Script(ctx, m.Commit) })
	}
	if err == nil {
		r.reached("committed")
		err = r.measure(ctx, m)
	}
	result.Duration = r.Clock.Now().Sub(start)
	r.mu.Lock()
	result.Steps = r.times[m.Name]
	r.mu.Unlock()
	result.Status, result.Err = outcome(ctx, err)
	return result
}

// label says to the warehouse for which model or sync it works.
func (r *runner) label(ctx context.Context, subject string) context.Context {
	return adapters.WithLabel(ctx, adapters.Label{Run: r.Plan.RunID, Model: subject})
}

// outcome tells a failure from an interruption.
func outcome(ctx context.Context, err error) (Status, error) {
	switch {
	case err == nil:
		return OK, nil
	case ctx.Err() != nil:
		return Interrupted, context.Cause(ctx)
	}
	return Failed, err
}

// StepError says which step of a model or audience failed.
type StepError struct {
	Title string
	Err   error
}

func (e *StepError) Error() string { return e.Title + ": " + e.Err.Error() }
func (e *StepError) Unwrap() error { return e.Err }

// AssertError is an assertion of a model that does not hold.
type AssertError struct {
	Assert *models.Assert
	// Count is what the assertion's query returned.
	Count int64
}

func (e *AssertError) Error() string { return fmt.Sprintf("%s (%d)", e.Assert.Message, e.Count) }

// Steps runs steps alone, without a run around them.
func Steps(ctx context.Context, wh *adapters.Warehouse, clock deliver.Clock, steps []models.Step) error {
	return newRunner(Options{Warehouse: wh, Clock: clock}).steps(ctx, "", 0, steps)
}

// steps runs steps in order; round is 0 outside loops.
func (r *runner) steps(ctx context.Context, subject string, round int, steps []models.Step) error {
	for _, s := range steps {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		switch s := s.(type) {
		case *models.Exec:
			err := r.timed(subject, s.Title, round, func() error { return r.wh.Exec(ctx, s.Statements...) })
			if err != nil {
				return err
			}
		case *models.Loop:
			if err := r.loop(ctx, subject, s); err != nil {
				return err
			}
		case *models.Unite:
			err := r.timed(subject, s.Title, round, func() error { return Unite(ctx, r.wh, s) })
			if err != nil {
				return err
			}
		case *models.Examine:
			err := r.timed(subject, s.Title, round, func() error { return r.examine(ctx, subject, s) })
			if err != nil {
				return err
			}
		case *models.Assert:
			err := r.timed(subject, s.Title, round, func() error {
				n, err := r.wh.Int(ctx, s.Query)
				if err == nil && n != 0 {
					err = &AssertError{Assert: s, Count: n}
				}
				return err
			})
			if err != nil {
				return err
			}
		default:
			panic(fmt.Sprintf("run: unknown step %T", s))
		}
	}
	return nil
}

func (r *runner) loop(ctx context.Context, subject string, l *models.Loop) error {
	for round := 1; ; round++ {
		left, err := r.wh.Int(ctx, l.While)
		if err != nil {
			return &StepError{Title: l.Title, Err: err}
		}
		if left == 0 {
			return nil
		}
		if round > l.Max {
			return &StepError{Title: l.Title, Err: fmt.Errorf(
				"still %d left after %d rounds, more than this can ever take: please report it with the compiled SQL of %s", left, l.Max, subject,
			)}
		}
		if err := r.steps(ctx, subject, round, l.Steps); err != nil {
			return err
		}
	}
}

// Unite runs a step of its kind.
func Unite(ctx context.Context, wh *adapters.Warehouse, u *models.Unite) error {
	edges, err := pairs(ctx, wh, u.Query())
	if err != nil || len(edges) == 0 {
		return err
	}
	return wh.Load(ctx, u.Roots, u.Columns(), func(yield func([]any, error) bool) {
		for _, row := range u.Solve(edges) {
			if !yield([]any{row[0], row[1]}, nil) {
				return
			}
		}
	})
}

// pairs reads a query of two integers.
func pairs(ctx context.Context, wh *adapters.Warehouse, q sql.Query) (list [][2]int64, err error) {
	err = each(ctx, wh, q, func(row []any) error {
		a, first := row[0].(int64)
		b, second := row[1].(int64)
		if !first || !second {
			return fmt.Errorf("a query for integers gave a %T and a %T", row[0], row[1])
		}
		list = append(list, [2]int64{a, b})
		return nil
	})
	return list, err
}

// each calls do with each row of a query; the values are good for the call.
func each(ctx context.Context, wh *adapters.Warehouse, q sql.Query, do func(row []any) error) (err error) {
	rows, err := wh.Query(ctx, q)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	dest := make([]any, len(rows.Columns()))
	for {
		switch err := rows.Next(dest); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := do(dest); err != nil {
			return err
		}
	}
}

// timed reports a step around what it does.
func (r *runner) timed(subject, title string, round int, do func() error) error {
	r.emit(StepStarted{Subject: subject, Title: title, Round: round})
	start := r.Clock.Now()
	err := do()
	if err != nil {
		err = &StepError{Title: title, Err: err}
	}
	took := r.Clock.Now().Sub(start)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addTime(subject, title, took)
	r.emitLocked(StepDone{Subject: subject, Title: title, Round: round, Duration: took, Err: err})
	return err
}

// addTime adds to the steps of a subject. The caller holds mu.
func (r *runner) addTime(subject, title string, took time.Duration) {
	steps := r.times[subject]
	i := slices.IndexFunc(steps, func(s StepTime) bool { return s.Title == title })
	if i < 0 {
		r.times[subject] = append(steps, StepTime{Title: title, Times: 1, Duration: took})
		return
	}
	steps[i].Times++
	steps[i].Duration += took
}

// measure asks what a model's summary says.
func (r *runner) measure(ctx context.Context, m *models.Model) error {
	for _, q := range m.Measures {
		list, err := r.numbers(ctx, q)
		if err != nil {
			return &StepError{Title: "measure " + q.Subject, Err: err}
		}
		for _, measure := range list {
			r.mu.Lock()
			r.measures[m.Name] = append(r.measures[m.Name], measure)
			r.emitLocked(MeasureDone{Measure: measure})
			r.mu.Unlock()
		}
	}
	return nil
}

// numbers is the answer to a measure; NULL is 0.
func (r *runner) numbers(ctx context.Context, q models.Measure) (list []Measure, err error) {
	rows, err := r.wh.Query(ctx, q.Query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns := rows.Columns()
	dest := make([]any, len(columns))
	for {
		err := rows.Next(dest)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		m := Measure{Subject: q.Subject}
		for i, c := range columns {
			if i == 0 && q.ByName {
				name, _ := dest[0].(string)
				m.Subject += name
				continue
			}
			n, ok := dest[i].(int64)
			if !ok && dest[i] != nil {
				return nil, fmt.Errorf("column %s of a measure is %T, not an integer", c.Name, dest[i])
			}
			m.Values = append(m.Values, Value{Name: c.Name, Value: n})
		}
		list = append(list, m)
	}
	if !q.ByName && len(list) != 1 {
		return nil, fmt.Errorf("a measure of one row gave %d", len(list))
	}
	return list, nil
}
