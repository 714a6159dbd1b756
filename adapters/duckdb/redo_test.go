package duckdb_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/adaptertest"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/sql"
)

// halves is DuckDB without its transactions, as other warehouses are.
func halves() *sql.Dialect {
	d := *sql.DuckDB
	d.Begin, d.Commit, d.Rollback = "", "", ""
	d.Copy = "CREATE OR REPLACE TABLE $1 AS FROM $2"
	d.Swap = []string{"CREATE OR REPLACE TABLE $2 AS FROM $1", "DROP TABLE $1"}
	return &d
}

// half is a Warehouse without transactions over a driver.
func half(driver adapters.Driver) *adapters.Warehouse {
	return adapters.New(adapters.Options{Driver: driver, Dialect: halves(), Schema: "customhouse", Work: duckdb.WorkParts()})
}

func TestConformanceWithoutTransactions(t *testing.T) {
	adaptertest.Run(t, adaptertest.Harness{
		Open: func(tb testing.TB) *adapters.Warehouse {
			tb.Helper()
			driver, err := duckdb.Open(tb.Context(), duckdb.Config{Path: duckdb.Memory}, tb.TempDir())
			if err != nil {
				tb.Fatal(err)
			}
			w := half(driver)
			tb.Cleanup(func() {
				if err := w.Close(); err != nil {
					tb.Error(err)
				}
			})
			if err := w.Init(tb.Context()); err != nil {
				tb.Fatal(err)
			}
			return w
		},
	})
}

var errLost = errors.New("the connection is gone")

// dying runs statements up to a number, and nothing after that.
type dying struct {
	adapters.Driver
	left *int
	// told says that the last statement takes effect before the connection goes.
	told bool
}

func (d dying) Exec(ctx context.Context, script []string) error {
	*d.left--
	if *d.left < 0 || *d.left == 0 && !d.told {
		*d.left = 0
		return errLost
	}
	if err := d.Driver.Exec(ctx, script); err != nil {
		return err
	}
	if *d.left == 0 {
		return errLost
	}
	return nil
}

// TestScriptsThatAreCutShort ends the connection at each statement of scripts,
// before and after it took effect. The next process finds all of the script or
// nothing, and all where the script was said to have passed.
func TestScriptsThatAreCutShort(t *testing.T) {
	public := func(name string) sql.Table { return sql.Table{Space: sql.Public, Name: name} }
	next := func(name string) sql.Table { return sql.Table{Space: sql.Beside, Name: name} }
	number := func(n int64) sql.Query {
		return &sql.Select{Items: []sql.Item{sql.As(sql.Cast{Expr: sql.Int(n), To: sql.TypeInt}, "n")}}
	}
	all := func(name string) sql.Query {
		return &sql.Select{Items: sql.Items("t", "n"), From: sql.TableRef{Table: public(name), As: "t"}}
	}
	n := sql.Col("", "n")
	for name, script := range map[string][]sql.Statement{
		"rows": {
			sql.Delete{Table: public("a"), Where: sql.Fn(sql.Eq, n, sql.Int(1))},
			sql.InsertSelect{Table: public("b"), Columns: []string{"n"}, Query: all("a")},
			sql.Update{Table: public("a"), Set: []sql.Assignment{{Column: "n", Value: sql.Int(7)}}, Where: sql.Bool(true)},
			sql.InsertSelect{Table: public("a"), Columns: []string{"n"}, Query: all("b")},
		},
		"swaps": {sql.Swap{Name: "a"}, sql.Swap{Name: "new"}, sql.InsertSelect{Table: public("b"), Columns: []string{"n"}, Query: all("a")}},
		"swap":  {sql.Swap{Name: "a"}},
		"a swap that is changed": {
			sql.Swap{Name: "a"}, sql.InsertSelect{Table: public("a"), Columns: []string{"n"}, Query: number(9)}, sql.Drop{Table: public("b")},
		},
		"tables": {
			sql.Drop{Table: public("a")},
			sql.CreateTableAs{Table: public("made"), Query: all("b")},
			sql.CreateTable{Table: public("b"), Columns: []sql.ColumnDef{{Name: "n", Type: sql.TypeInt}}},
			sql.CreateTable{Table: public("empty"), Columns: []sql.ColumnDef{{Name: "n", Type: sql.TypeInt}}},
			sql.AddColumn{Table: public("b"), Column: sql.ColumnDef{Name: "more", Type: sql.TypeString}},
		},
		"dropped and made again": {
			sql.Drop{Table: public("a")},
			sql.CreateTable{Table: public("a"), Columns: []sql.ColumnDef{{Name: "n", Type: sql.TypeInt}}},
			sql.InsertSelect{Table: public("a"), Columns: []string{"n"}, Query: all("b")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			// fresh is a database before the script.
			fresh := func(t *testing.T) *duckdb.Driver {
				t.Helper()
				driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: duckdb.Memory}, t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := driver.Close(); err != nil {
						t.Error(err)
					}
				})
				w := half(driver)
				if err := w.Init(t.Context()); err != nil {
					t.Fatal(err)
				}
				for i, table := range []sql.Table{public("a"), public("b"), next("a"), next("new")} {
					if err := w.Exec(t.Context(), sql.CreateTableAs{Table: table, Query: sql.Union{number(int64(i)), number(1)}}); err != nil {
						t.Fatal(err)
					}
				}
				return driver
			}
			// state is what the public tables hold, after another process cleaned up.
			state := func(t *testing.T, driver adapters.Driver) map[string]string {
				t.Helper()
				w := half(driver)
				if err := errors.Join(w.Init(t.Context()), w.Clean(t.Context())); err != nil {
					t.Fatal(err)
				}
				out := map[string]string{}
				for _, row := range read(t, w, &sql.Select{
					Items: []sql.Item{sql.As(sql.Col("t", "table_name"), "n")},
					From:  sql.TableRef{Table: sql.Table{Space: sql.Source, Name: "information_schema.tables"}, As: "t"},
					Where: sql.Fn(sql.Eq, sql.Col("t", "table_schema"), sql.String("customhouse")),
				}) {
					table := row[0].(string)
					columns, err := w.Columns(t.Context(), public(table))
					if err != nil {
						t.Fatal(err)
					}
					out[table] = fmt.Sprint(len(columns), " columns ")
					if table != "script_commits" {
						out[table] += fmt.Sprint(read(t, w, &sql.Select{Items: sql.Items("t", "n"), From: sql.TableRef{Table: public(table), As: "t"}, OrderBy: []sql.Order{sql.Asc(sql.Col("t", "n"))}}))
					} else if rows := read(t, w, &sql.Select{Items: sql.Items("t", "script"), From: sql.TableRef{Table: public(table), As: "t"}}); len(rows) > 0 {
						t.Errorf("%d commits are left", len(rows))
					}
				}
				return out
			}
			before := state(t, fresh(t))
			undisturbed := fresh(t)
			if err := half(undisturbed).Script(t.Context(), script); err != nil {
				t.Fatal(err)
			}
			after := state(t, undisturbed)
			if cmp.Equal(before, after) {
				t.Fatal("the script changes nothing")
			}
			seen := map[string]int{}
			for _, told := range []bool{false, true} {
				for at := 1; ; at++ {
					driver, left := fresh(t), at
					err := half(dying{driver, &left, told}).Script(t.Context(), script)
					if err == nil && left > 0 {
						break
					}
					got := state(t, driver)
					switch {
					case cmp.Equal(got, after):
						seen["after"]++
					case err != nil && cmp.Equal(got, before):
						seen["before"]++
					default:
						t.Errorf("cut at statement %d (%v): %v\nbefore: %v\nafter: %v", at, err, got, before, after)
					}
				}
			}
			if seen["before"] == 0 || seen["after"] == 0 {
				t.Errorf("not every outcome was seen: %v", seen)
			}
		})
	}
}

// TestScriptGoesOnInTheSameProcess loses the connection in the middle of
// putting tables in place, and goes on with the next script.
func TestScriptGoesOnInTheSameProcess(t *testing.T) {
	driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: duckdb.Memory}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	left := 1 << 30
	w := half(dying{driver, &left, true})
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := w.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	table := func(name string) sql.Table { return sql.Table{Space: sql.Public, Name: name} }
	add := func(name string, n int64) sql.Statement {
		return sql.InsertSelect{Table: table(name), Columns: []string{"n"}, Query: &sql.Select{Items: []sql.Item{sql.As(sql.Int(n), "n")}}}
	}
	for _, name := range []string{"a", "b"} {
		if err := w.Exec(t.Context(), sql.CreateTable{Table: table(name), Columns: []sql.ColumnDef{{Name: "n", Type: sql.TypeInt}}}); err != nil {
			t.Fatal(err)
		}
	}
	// Two copies, two inserts, the commit and one table in its place.
	left = 6
	if err := w.Script(t.Context(), []sql.Statement{add("a", 1), add("b", 1)}); !errors.Is(err, errLost) {
		t.Fatalf("got %v, want the lost connection", err)
	}
	left = 1 << 30
	if err := w.Script(t.Context(), []sql.Statement{add("a", 2), add("b", 2)}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		got := read(t, w, &sql.Select{Items: sql.Items("t", "n"), From: sql.TableRef{Table: table(name), As: "t"}, OrderBy: []sql.Order{sql.Asc(sql.Col("t", "n"))}})
		if d := cmp.Diff([][]any{{int64(1)}, {int64(2)}}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
