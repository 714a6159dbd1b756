package duckdb_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/sql"
)

// blind is a driver that reads no files.
type blind struct{ adapters.Driver }

// TestSeeds loads files into a warehouse that reads none.
func TestSeeds(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	people := adapters.Files{Path: write("people.csv", "id;note\n1;\"a;\"\"b\"\n007;\n"), Format: "csv", Delimiter: ";"}
	events := adapters.Files{Path: write("events.json", `{"id": 18446744073709551615, "at": "2026-01-02T03:04:05Z", "tags": ["x", "y"], "more": {"a": 1}}`+"\n"), Format: "json"}
	driver, err := duckdb.Open(ctx, duckdb.Config{Path: duckdb.Memory}, dir)
	if err != nil {
		t.Fatal(err)
	}
	opened := 0
	w := adapters.New(adapters.Options{
		Driver: blind{driver}, Dialect: sql.DuckDB, Schema: "customhouse", Work: duckdb.WorkParts(), FileSources: []string{"people", "events"},
		FileEngine: func(_ context.Context, source string) (*adapters.Warehouse, error) {
			opened++
			return open(t, duckdb.Config{Path: duckdb.Memory}, dir, source), nil //nolint:contextcheck // it has the test's
		},
	})
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := w.Init(ctx); err != nil {
		t.Fatal(err)
	}
	source := func(name string) sql.Table { return sql.Table{Space: sql.Source, Name: name} }
	for round := range 2 {
		for range 2 {
			for name, files := range map[string]adapters.Files{"people": people, "events": events} {
				if err := w.ReadFiles(ctx, name, files); err != nil {
					t.Fatal(err)
				}
			}
		}
		if want := 2 * (round + 1); opened != want {
			t.Errorf("round %d: files were read %d times, want %d", round, opened, want)
		}
		got := read(t, w, &sql.Select{Items: sql.Items("p", "id", "note"), From: sql.TableRef{Table: source("people"), As: "p"}, OrderBy: []sql.Order{sql.Asc(sql.Col("p", "id"))}})
		if d := cmp.Diff([][]any{{"007", nil}, {"1", `a;"b`}}, got); d != "" {
			t.Errorf("people (-want +got):\n%s", d)
		}
		columns, err := w.Columns(ctx, source("people"))
		if err != nil || len(columns) != 2 || !columns[0].Untyped || !columns[1].Untyped {
			t.Errorf("people has the columns %+v, %v", columns, err)
		}
		got = read(t, w, &sql.Select{Items: sql.Items("e", "id", "at", "tags", "more"), From: sql.TableRef{Table: source("events"), As: "e"}})
		want := [][]any{{"18446744073709551615", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), []any{"x", "y"}, "{'a': 1}"}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
		if columns, err := w.Columns(ctx, source("events")); err != nil || columns[0].Untyped {
			t.Errorf("events has the columns %+v, %v", columns, err)
		}
		if err := w.Clean(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Columns(ctx, source("people")); err == nil {
			t.Error("what was loaded is there after Clean")
		}
	}
	// What is not there is said as by a warehouse that reads files.
	err = w.ReadFiles(ctx, "people", adapters.Files{Path: filepath.Join(dir, "none*.csv"), Format: "csv"})
	if known, ok := errors.AsType[*adapters.Error](err); !ok || known.Kind != adapters.NotFound {
		t.Errorf("missing files: got %v", err)
	}
}
