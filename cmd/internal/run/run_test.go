package run

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// harness is a warehouse in memory and a log of what happened on it.
type harness struct {
	t      *testing.T
	wh     *adapters.Warehouse
	driver adapters.Driver
	events []Event
	clock  time.Time
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: duckdb.Memory}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	wh := through(driver)
	t.Cleanup(func() {
		if err := wh.Close(); err != nil {
			t.Error(err)
		}
	})
	return &harness{t: t, wh: wh, driver: driver, clock: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// through is the warehouse behind a driver.
func through(driver adapters.Driver) *adapters.Warehouse {
	return adapters.New(adapters.Options{
		Driver: driver, Dialect: sql.DuckDB, Schema: "customhouse", Catalog: []string{duckdb.FileCatalog},
		Work: duckdb.WorkParts(), Parallel: 3,
	})
}

func (h *harness) run(ctx context.Context, list ...*models.Model) Summary {
	h.t.Helper()
	empty, found := compile.Compile(&config.Project{Timezone: time.UTC}, compile.Options{})
	if err := found.Err(); err != nil {
		h.t.Fatal(err)
	}
	h.clock = h.clock.Add(time.Hour)
	s, err := Run(ctx, Options{
		Plan:      &models.Plan{Project: &config.Project{}, RunID: h.clock.Format("R15"), AsOf: h.clock, System: empty.System, Models: list},
		Warehouse: h.wh,
		Events:    func(e Event) { h.events = append(h.events, e) },
		Clock:     deliver.Timer(func() time.Time { return h.clock }),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// texts reads one column of text, sorted by it.
func (h *harness) texts(table sql.Table, columns ...string) []string {
	h.t.Helper()
	q := &sql.Select{Items: sql.Items("t", columns...), From: sql.TableRef{Table: table, As: "t"}}
	for _, c := range columns {
		q.OrderBy = append(q.OrderBy, sql.Asc(sql.Col("t", c)))
	}
	rows, err := h.wh.Query(context.WithoutCancel(h.t.Context()), q)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	dest := make([]any, len(columns))
	for rows.Next(dest) == nil {
		var cells []string
		for _, v := range dest {
			text, _ := v.(string)
			cells = append(cells, text)
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out
}

func public(name string) sql.Table { return sql.Table{Space: sql.Public, Name: name} }
func work(name string) sql.Table   { return sql.Table{Space: sql.Work, Name: name} }

func one(value sql.Expr) *sql.Select { return &sql.Select{Items: []sql.Item{sql.As(value, "v")}} }

func count(t sql.Table) *sql.Select {
	return &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: sql.TableRef{Table: t, As: "t"}}
}

// builds makes a model that writes a table after reading others.
func builds(name string, reads ...string) *models.Model {
	m := &models.Model{
		Name: name,
		Steps: []models.Step{&models.Exec{Title: "fill", Statements: []sql.Statement{
			sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: name}, Query: one(sql.String(name))},
		}}},
		Commit:   []sql.Statement{sql.Swap{Name: name}},
		Measures: []models.Measure{{Subject: name, Query: count(public(name))}},
	}
	for _, r := range reads {
		m.Steps = append(m.Steps, &models.Assert{Title: "read", Query: one(sql.Scalar{Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: sql.TableRef{Table: public(r), As: "t"}, Where: sql.Bool(false),
		}})})
	}
	return m
}

func statuses(s Summary) map[string]Status {
	out := map[string]Status{}
	for _, m := range s.Models {
		out[m.Name] = m.Status
	}
	return out
}

// TestFailure: a model that fails takes down those that need it and no others,
// and leaves its last table in place.
func TestFailure(t *testing.T) {
	h := newHarness(t)
	broken := builds("broken")
	list := []*models.Model{builds("after", "broken"), broken, builds("beyond", "after"), builds("beside")}
	if s := h.run(t.Context(), list...); s.Status != OK {
		t.Fatalf("the first run is %s", s.Status)
	}
	broken.Steps = append(broken.Steps, &models.Assert{Title: "hold", Query: one(sql.Int(7)), Message: "seven are left"})
	s := h.run(t.Context(), list...)
	want := map[string]Status{"broken": Failed, "after": Skipped, "beyond": Skipped, "beside": OK}
	if d := cmp.Diff(want, statuses(s)); d != "" {
		t.Errorf("statuses (-want +got):\n%s", d)
	}
	if s.Status != Failed {
		t.Errorf("the run is %s", s.Status)
	}
	var assert *AssertError
	var skip *SkipError
	for _, m := range s.Models {
		if m.Name == "broken" && (!errors.As(m.Err, &assert) || assert.Count != 7 || m.Err.Error() != "hold: seven are left (7)") {
			t.Errorf("broken failed with %v", m.Err)
		}
		if m.Name == "after" && (!errors.As(m.Err, &skip) || skip.Needs != "broken") {
			t.Errorf("after was skipped with %v", m.Err)
		}
	}
	if got := h.texts(public("broken"), "v"); !slices.Equal(got, []string{"broken"}) {
		t.Errorf("the last good table holds %q", got)
	}
	if got := h.texts(compile.RunsTable, "run_id", "status"); !slices.Equal(got, []string{"R01 ok", "R02 failed"}) {
		t.Errorf("runs are %q", got)
	}
	if s := h.run(t.Context(), list[3]); len(s.Measures) != 1 || s.Measures[0].Values[0] != (Value{"n", 1}) {
		t.Errorf("measures are %v", s.Measures)
	}
}

// counter is a loop that adds a row a round until there are n.
func counter(n, limit int) *models.Model {
	rows := work("rounds")
	return &models.Model{Name: "counter", Steps: []models.Step{
		&models.Exec{Title: "begin", Statements: []sql.Statement{
			sql.Drop{Table: rows}, sql.CreateTable{Table: rows, Columns: []sql.ColumnDef{{Name: "v", Type: sql.TypeInt}}},
		}},
		&models.Loop{
			Title: "count", Max: limit,
			While: one(sql.Fn(sql.SubFast, sql.Int(n), sql.Scalar{Query: count(rows)})),
			Steps: []models.Step{&models.Exec{Title: "add", Statements: []sql.Statement{
				sql.InsertSelect{Table: rows, Columns: []string{"v"}, Query: one(sql.Int(1))},
			}}},
		},
	}}
}

func TestLoop(t *testing.T) {
	h := newHarness(t)
	if s := h.run(t.Context(), counter(5, 5)); s.Status != OK {
		t.Fatalf("five rounds of five: %v", s.Models[0].Err)
	}
	var rounds []int
	for _, e := range h.events {
		if e, ok := e.(StepDone); ok && e.Title == "add" {
			rounds = append(rounds, e.Round)
		}
	}
	if want := []int{1, 2, 3, 4, 5}; !slices.Equal(rounds, want) {
		t.Errorf("rounds are %v, want %v", rounds, want)
	}
	s := h.run(t.Context(), counter(5, 4))
	if s.Status != Failed || !strings.Contains(s.Models[0].Err.Error(), "count: still 1 left after 4 rounds") {
		t.Errorf("four rounds of five: %s, %v", s.Status, s.Models[0].Err)
	}
	if got := h.texts(sql.Table{Space: sql.Source, Name: "information_schema.tables"}, "table_name"); slices.Contains(got, "rounds") {
		t.Errorf("the work table was left behind: %q", got)
	}
}

// TestInterrupt: a cancelled run is interrupted, not failed, and says so.
func TestInterrupt(t *testing.T) {
	h := newHarness(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	m := builds("slow")
	m.Steps = append(m.Steps, counter(1_000_000, 2_000_000).Steps...)
	h.events = nil
	go func() {
		time.Sleep(300 * time.Millisecond)
		cancel(ErrInterrupted)
	}()
	s := h.run(ctx, m, builds("after", "slow"))
	if s.Status != Interrupted {
		t.Errorf("the run is %s", s.Status)
	}
	if d := cmp.Diff(map[string]Status{"slow": Interrupted, "after": Skipped}, statuses(s)); d != "" {
		t.Errorf("statuses (-want +got):\n%s", d)
	}
	if !errors.Is(s.Models[0].Err, ErrInterrupted) {
		t.Errorf("the model ended with %v", s.Models[0].Err)
	}
	if got := h.texts(compile.RunsTable, "run_id", "status"); !slices.Equal(got, []string{"R01 interrupted"}) {
		t.Errorf("runs are %q", got)
	}
}

// TestKilledRun: what a killed process left is marked and cleaned away.
func TestKilledRun(t *testing.T) {
	h := newHarness(t)
	h.run(t.Context(), builds("a"))
	err := h.wh.Exec(t.Context(),
		sql.Update{Table: compile.RunsTable, Set: []sql.Assignment{{Column: "status", Value: sql.String("running")}}, Where: sql.Bool(true)},
		sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: "a"}, Query: one(sql.String("half"))},
		sql.CreateTableAs{Table: work("left"), Query: one(sql.String("half"))},
	)
	if err != nil {
		t.Fatal(err)
	}
	h.events = nil
	h.run(t.Context())
	if !slices.Contains(h.events, Event(Killed{Runs: 1})) {
		t.Errorf("events are %v", h.events)
	}
	if got := h.texts(compile.RunsTable, "run_id", "status"); !slices.Equal(got, []string{"R01 killed", "R02 ok"}) {
		t.Errorf("runs are %q", got)
	}
	names := h.texts(sql.Table{Space: sql.Source, Name: "information_schema.tables"}, "table_name")
	if slices.Contains(names, "left") || slices.Contains(names, "a__new") || !slices.Contains(names, "a") {
		t.Errorf("tables are %q", names)
	}
}

// TestNewTrait: a public table that lacks a column of the project gets it.
func TestNewTrait(t *testing.T) {
	h := newHarness(t)
	h.run(t.Context())
	r := &runner{wh: h.wh}
	old := sql.CreateTable{Table: public("history"), Columns: []sql.ColumnDef{{Name: "a", Type: sql.TypeInt}}}
	grown := sql.CreateTable{Table: public("history"), Columns: append(slices.Clone(old.Columns), sql.ColumnDef{Name: "b", Type: sql.TypeString})}
	for _, table := range []sql.CreateTable{old, grown, grown} {
		if err := r.ensure(t.Context(), table); err != nil {
			t.Fatal(err)
		}
	}
	columns, err := h.wh.Columns(t.Context(), public("history"))
	if err != nil || len(columns) != 2 || columns[1].Name != "b" || columns[1].Type != sql.TypeString {
		t.Errorf("columns are %v, %v", columns, err)
	}
}
