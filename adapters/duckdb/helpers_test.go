package duckdb_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// contextOfChild is the context of a process that nobody cancels.
func contextOfChild() context.Context { return context.Background() }

// loadRows makes the work table rows, of integers n.
func loadRows(ctx context.Context, w *adapters.Warehouse, rows int) error {
	table := sql.Table{Space: sql.Work, Name: "rows"}
	if err := w.Exec(ctx, sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "n", Type: sql.TypeInt}}}); err != nil {
		return err
	}
	return w.Load(ctx, table, []string{"n"}, func(yield func([]any, error) bool) {
		row := make([]any, 1)
		for i := range rows {
			row[0] = int64(i)
			if !yield(row, nil) {
				return
			}
		}
	})
}

// read is all rows of a query.
func read(tb testing.TB, w *adapters.Warehouse, q sql.Query) [][]any {
	tb.Helper()
	rows, err := w.Query(tb.Context(), q)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	var out [][]any
	for {
		row := make([]any, len(rows.Columns()))
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return out
		case err != nil:
			tb.Fatal(err)
		}
		out = append(out, row)
	}
}

// row is the only row of a query.
func row(tb testing.TB, w *adapters.Warehouse, q sql.Query) []any {
	tb.Helper()
	rows := read(tb, w, q)
	if len(rows) != 1 {
		tb.Fatalf("got %d rows, want 1", len(rows))
	}
	return rows[0]
}
