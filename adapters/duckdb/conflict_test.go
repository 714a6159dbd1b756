package duckdb_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/sql"
)

// watched is a driver that reports what became of each script.
type watched struct {
	adapters.Driver
	after func(error)
}

func (w watched) Exec(ctx context.Context, script []string) error {
	err := w.Driver.Exec(ctx, script)
	w.after(err)
	return err
}

// TestConflict lets two sessions write the same row. The second one fails
// until the first commits, and Warehouse tries again.
func TestConflict(t *testing.T) {
	table := sql.Table{Space: sql.Public, Name: "t"}
	n := sql.Col("", "n")
	add := func(i int64) sql.Statement {
		return sql.Update{Table: table, Set: []sql.Assignment{{Column: "n", Value: sql.Fn(sql.IntAdd, n, sql.Int(i))}}, Where: sql.Bool(true)}
	}
	for _, c := range []struct {
		name      string
		statement []sql.Statement
		commit    int // the first session commits after so many failures
		failures  int
		want      int64
	}{
		{"one statement", []sql.Statement{add(10)}, 1, 1, 111},
		{"a script", []sql.Statement{add(10), add(1000)}, 2, 2, 1111},
		{"no end of it", []sql.Statement{add(10), add(1000)}, 99, 3, 101},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := t.Context()
			driver, err := duckdb.Open(ctx, duckdb.Config{Path: duckdb.Memory}, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			var holding adapters.Rows
			release := func() {
				t.Helper()
				if holding == nil {
					return
				}
				// The session that was given back last is the next one taken.
				if err := errors.Join(holding.Close(), driver.Exec(ctx, []string{"COMMIT"})); err != nil {
					t.Error(err)
				}
				holding = nil
			}
			var failures []error
			w := adapters.New(adapters.Options{
				Driver: watched{driver, func(err error) {
					if err == nil {
						return
					}
					failures = append(failures, err)
					if len(failures) == c.commit {
						release()
					}
				}},
				Dialect: sql.DuckDB, Schema: "main", Work: duckdb.WorkParts(),
			})
			defer func() {
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			}()
			if err := w.Exec(ctx, sql.CreateTableAs{Table: table, Query: &sql.Select{Items: []sql.Item{sql.As(sql.Cast{Expr: sql.Int(1), To: sql.TypeInt}, "n")}}}); err != nil {
				t.Fatal(err)
			}

			// The first session writes, and an open result keeps it from others.
			if err := driver.Exec(ctx, []string{"BEGIN TRANSACTION", "UPDATE main.t SET n = n + 100"}); err != nil {
				t.Fatal(err)
			}
			if holding, err = driver.Query(ctx, "SELECT n FROM main.t"); err != nil {
				t.Fatal(err)
			}

			err = w.Script(ctx, c.statement)
			if want := c.failures < c.commit; (err != nil) != want {
				t.Errorf("got %v, an error is wanted: %v", err, want)
			}
			if len(failures) != c.failures {
				t.Errorf("%d attempts failed, want %d: %v", len(failures), c.failures, failures)
			}
			for _, err := range failures {
				known, ok := errors.AsType[*adapters.Error](err)
				if !ok || known.Kind != adapters.Transient || strings.Contains(known.Message, "101") {
					t.Errorf("got %v, want Transient", err)
				}
			}
			release()
			if d := cmp.Diff([][]any{{c.want}}, read(t, w, &sql.Select{Items: []sql.Item{sql.As(n, "n")}, From: sql.TableRef{Table: table}})); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
		})
	}
}
