package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/tests"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestResult is what became of one expectation of a test.
type TestResult struct {
	// Model is the model that looked.
	Model   string
	Verdict models.Verdict
	// Expectation is what was looked at.
	Expectation *models.Expectation
	// Err says why nobody looked; then the verdict says nothing.
	Err error
}

// Name is the test's.
func (t TestResult) Name() string { return t.Expectation.Test.Name }

// Status is the outcome, or skipped or failed where nobody looked.
func (t TestResult) Status() string {
	switch _, skipped := errors.AsType[*SkipError](t.Err); {
	case skipped:
		return "skipped"
	case t.Err != nil:
		return "failed"
	}
	return string(t.Verdict.Outcome)
}

// Passed says that nothing keeps what depends on it from going on.
func (t TestResult) Passed() bool { return t.Err == nil && t.Verdict.Outcome != models.Broken }

// TestDone is sent for each expectation that was looked at.
type TestDone struct{ Result TestResult }

func (TestDone) event() {}

// TestError says which tests have failed.
type TestError struct{ Tests []string }

func (e *TestError) Error() string {
	if len(e.Tests) == 1 {
		return "test " + e.Tests[0] + " failed"
	}
	return "tests " + strings.Join(e.Tests, ", ") + " failed"
}

// Test runs the tests of a plan and nothing else, and writes nothing down: what
// the last run has found stays what is compared with.
func Test(ctx context.Context, opt Options) (Summary, error) {
	ctx = adapters.WithLabel(ctx, adapters.Label{Run: opt.Plan.RunID})
	r := newRunner(opt)
	r.summary = Summary{RunID: opt.Plan.RunID, Target: opt.Target, AsOf: opt.Plan.AsOf, Status: OK, StartedAt: opt.Clock.Now()}
	err := r.ready(ctx)
	if err == nil {
		r.emit(Started{RunID: opt.Plan.RunID, Target: opt.Target, AsOf: opt.Plan.AsOf, Models: len(opt.Plan.Models)})
		err = r.build(ctx)
	}
	r.summary.FinishedAt = r.Clock.Now()
	r.summary.Status = r.status(ctx, err)
	if err == nil {
		r.emit(Done{Summary: r.summary})
	}
	return r.summary, err
}

// recall reads how many rows there were in the last run that went on, where a test
// compares with that.
func (r *runner) recall(ctx context.Context) error {
	compares := false
	for x := range expectations(r.Plan.Models) {
		compares = compares || x.Test.RowCount != nil && x.Test.RowCount.MaxChange != nil
	}
	if !compares {
		return nil
	}
	r.counts = map[string]int64{}
	if there, err := exists(ctx, r.wh, tests.ResultsTable); !there {
		return err
	}
	return each(ctx, r.wh, tests.LastCounts(), func(row []any) error {
		test, _ := row[0].(string)
		name, _ := row[1].(string)
		r.counts[test+" "+name], _ = row[2].(int64)
		return nil
	})
}

// expectations are those of all models.
func expectations(list []*models.Model) iter.Seq[*models.Expectation] {
	return func(yield func(*models.Expectation) bool) {
		for _, m := range list {
			for _, s := range m.Steps {
				x, ok := s.(*models.Examine)
				if !ok {
					continue
				}
				for i := range x.Expectations {
					if !yield(&x.Expectations[i]) {
						return
					}
				}
			}
		}
	}
}

// examine runs a step of its kind and judges what it finds.
func (r *runner) examine(ctx context.Context, model string, x *models.Examine) error {
	var row []*int64
	err := each(ctx, r.wh, x.Query, func(values []any) error {
		if row != nil {
			return errors.New("a test of one row gave several")
		}
		row = make([]*int64, len(values))
		for i, v := range values {
			n, ok := v.(int64)
			switch {
			case ok:
				row[i] = &n
			case v != nil:
				return fmt.Errorf("column %d of a test is %T, not an integer", i+1, v)
			}
		}
		return nil
	})
	if err == nil && row == nil {
		err = errors.New("a test gave no row")
	}
	if err != nil {
		return err
	}
	for i := range x.Expectations {
		e := &x.Expectations[i]
		var last *int64
		if n, ok := r.counts[e.Test.Name+" "+e.Name]; ok {
			last = &n
		}
		result := TestResult{Model: model, Expectation: e, Verdict: e.Judge(row, last)}
		r.mu.Lock()
		r.tested[model] = append(r.tested[model], result)
		r.emitLocked(TestDone{Result: result})
		r.mu.Unlock()
	}
	return nil
}

// broken is the error of a model whose tests have failed, nil where none has.
func (r *runner) broken(model string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, t := range r.tested[model] {
		if !t.Passed() && !slices.Contains(names, t.Name()) {
			names = append(names, t.Name())
		}
	}
	if names == nil {
		return nil
	}
	return &TestError{Tests: names}
}

// testResults are what became of every expectation of a model.
func (r *runner) testResults(m *models.Model, result *ModelResult) []TestResult {
	out := slices.Clone(r.tested[m.Name])
	for x := range expectations([]*models.Model{m}) {
		// A plan that was revised has other values for the same.
		if !slices.ContainsFunc(out, func(t TestResult) bool { return t.Name() == x.Test.Name && t.Expectation.Name == x.Name }) {
			out = append(out, TestResult{Model: m.Name, Expectation: x, Err: result.Err})
		}
	}
	return out
}

// untested is why a sync cannot deliver: a test that what it sends has to pass was
// broken, or was not run.
func (r *runner) untested(a *models.Audience) error {
	for _, t := range r.summary.Tests {
		if slices.Contains(a.Tests, t.Name()) && !t.Passed() {
			if t.Err != nil {
				return &SkipError{Needs: "test " + t.Name(), Why: "was not run"}
			}
			return &SkipError{Needs: "test " + t.Name(), Why: "failed"}
		}
	}
	return nil
}

// record is the statement that writes down what tests have found, nil where none
// was run.
func (r *runner) record() sql.Statement {
	var rows sql.Union
	for _, t := range r.summary.Tests {
		if t.Err != nil {
			continue
		}
		count := sql.Expr(sql.Int(t.Verdict.Rows))
		if t.Verdict.Rows < 0 {
			count = sql.Null{Type: sql.TypeInt}
		}
		rows = append(rows, &sql.Select{Items: []sql.Item{
			sql.As(sql.String(t.Name()), "test"), sql.As(sql.String(t.Expectation.Name), "expectation"),
			sql.As(sql.String(t.Verdict.Outcome), "outcome"), sql.As(sql.Cast{Expr: sql.Int(t.Verdict.Failures), To: sql.TypeInt}, "failures"),
			sql.As(sql.Cast{Expr: count, To: sql.TypeInt}, "rows"), sql.As(sql.Timestamp(r.Plan.AsOf), "at"), sql.As(sql.String(r.Plan.RunID), "run_id"),
		}})
	}
	if rows == nil {
		return nil
	}
	return sql.InsertSelect{Table: tests.ResultsTable, Columns: sql.ColumnNames(tests.ResultsColumns), Query: rows}
}

// Sample reads the first rows that fail an expectation: the names of the columns,
// then the values.
func Sample(ctx context.Context, wh *adapters.Warehouse, x *models.Expectation, limit int) (columns []string, rows [][]any, err error) {
	q := x.Failing
	if s, ok := q.(*sql.Select); ok {
		limited := *s
		limited.Limit = int64(limit)
		q = &limited
	}
	list, err := wh.Query(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	for _, c := range list.Columns() {
		columns = append(columns, c.Name)
	}
	for len(rows) < limit {
		row := make([]any, len(columns))
		switch err := list.Next(row); {
		case errors.Is(err, io.EOF):
			return columns, rows, nil
		case err != nil:
			return nil, nil, err
		}
		rows = append(rows, row)
	}
	return columns, rows, nil
}

// LookAtTests has the warehouse check the queries that tests are written in. It is
// for after Look; it says how many were good, and the list is what is refused.
func LookAtTests(ctx context.Context, opt Options, probes []tests.Probe) (good int, list diag.List, err error) {
	for _, p := range probes {
		if opt.loads(p.Test) {
			continue
		}
		_, err := opt.Warehouse.Accepts(ctx, p.Query)
		known, ok := errors.AsType[*adapters.Error](err)
		switch {
		case err == nil:
			good++
		case ok && (known.Kind == adapters.Syntax || known.Kind == adapters.Data || known.Kind == adapters.Unknown || known.Kind == adapters.NotFound || known.Kind == adapters.Permission):
			list = append(list, diag.Errorf(p.Span, "refused-sql", "the warehouse refuses the query of test %s: %s", p.Test.Name, known.Message).
				WithHelp("customhouse compile writes it to target/compiled/tests"))
		default:
			return good, nil, fmt.Errorf("asking about test %s: %w", p.Test.Name, err)
		}
	}
	return good, list.Sort(), nil
}

// loads says that a test reads files that the target would have to load first.
func (opt Options) loads(t *config.Test) bool {
	return !opt.Warehouse.ReadsFiles() && slices.ContainsFunc(t.Reads(), func(key string) bool {
		name, _ := strings.CutPrefix(key, "source:")
		_, ofFiles := opt.Files[name]
		return ofFiles
	})
}
