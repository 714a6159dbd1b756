package parity_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/cmd/internal/parity"
	"github.com/customhouse-cdp/customhouse/sql"
)

func open(t *testing.T) *adapters.Warehouse {
	t.Helper()
	driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: duckdb.Memory}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := adapters.New(adapters.Options{Driver: driver, Dialect: sql.DuckDB, Schema: "customhouse", Work: duckdb.WorkParts()})
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

var people = sql.Table{Space: sql.Public, Name: "people"}

func fill(t *testing.T, w *adapters.Warehouse, columns []sql.ColumnDef, rows ...[]any) {
	t.Helper()
	if err := w.Exec(t.Context(), sql.Drop{Table: people}, sql.CreateTable{Table: people, Columns: columns}); err != nil {
		t.Fatal(err)
	}
	err := w.Load(t.Context(), people, sql.ColumnNames(columns), func(yield func([]any, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func def(name string, typ sql.Type) sql.ColumnDef { return sql.ColumnDef{Name: name, Type: typ} }

// TestEqual: an order of rows, an order of columns and a spelling of decimals
// are no difference.
func TestEqual(t *testing.T) {
	a, b := open(t), open(t)
	fill(t, a, []sql.ColumnDef{def("id", sql.TypeInt), def("spent", sql.TypeDecimal), def("score", sql.TypeFloat), def("run_id", sql.TypeString)},
		[]any{int64(1), "1.50", math.NaN(), "x"}, []any{int64(2), nil, 0.1, "x"}, []any{int64(2), nil, 0.1, "x"})
	fill(t, b, []sql.ColumnDef{def("score", sql.TypeFloat), def("id", sql.TypeInt), def("spent", sql.TypeDecimal), def("run_id", sql.TypeString)},
		[]any{0.1, int64(2), nil, "y"}, []any{math.NaN(), int64(1), "1.5", "y"}, []any{0.1, int64(2), nil, "y"})
	got, err := parity.Compare(t.Context(), a, b, people, []string{"run_id"}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(parity.Table{Name: "people", RowsA: 3, RowsB: 3}, got); d != "" || !got.Equal() {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestDifferences(t *testing.T) {
	columns := []sql.ColumnDef{def("id", sql.TypeInt), def("name", sql.TypeString), def("tags", sql.TypeStrings)}
	a, b := open(t), open(t)
	fill(t, a, append(columns, def("old", sql.TypeInt)),
		[]any{int64(1), "ann", []any{"x"}, nil}, []any{int64(2), "bob", nil, nil}, []any{int64(3), "NULL", nil, nil}, []any{int64(5), "eve", nil, nil}, []any{int64(5), "eve", nil, nil})
	fill(t, b, append(columns, def("new", sql.TypeInt)),
		[]any{int64(1), "ann", []any{"x", "y"}, nil}, []any{int64(3), nil, nil, nil}, []any{int64(4), "dan", nil, nil}, []any{int64(5), "eve", nil, nil})
	got, err := parity.Compare(t.Context(), a, b, people, nil, 10)
	if err != nil {
		t.Fatal(err)
	}
	row := func(values ...string) []parity.Value {
		out := make([]parity.Value, len(values))
		for i, v := range values {
			out[i] = parity.Value{Column: columns[i].Name, Text: v}
		}
		return out
	}
	want := parity.Table{
		Name: "people", RowsA: 5, RowsB: 4, OnlyA: 4, OnlyB: 3, MissingA: []string{"new"}, MissingB: []string{"old"},
		Differences: []parity.Difference{
			{A: row("1", `"ann"`, `["x"]`), B: row("1", `"ann"`, `["x", "y"]`)},
			{A: row("3", `"NULL"`, "NULL"), B: row("3", "NULL", "NULL")},
			{A: row("2", `"bob"`, "NULL")},
			// Both of A's are shown: which of equal rows is one too many nobody knows.
			{A: row("5", `"eve"`, "NULL")},
			{A: row("5", `"eve"`, "NULL")},
			{B: row("4", `"dan"`, "NULL")},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestMissing: a table that one side lacks.
func TestMissing(t *testing.T) {
	a, b := open(t), open(t)
	fill(t, a, []sql.ColumnDef{def("id", sql.TypeInt)}, []any{int64(1)})
	for _, c := range []struct {
		left, right *adapters.Warehouse
		want        parity.Table
	}{
		{a, b, parity.Table{Name: "people", MissingB: []string{"id"}}},
		{b, a, parity.Table{Name: "people", MissingA: []string{"id"}}},
		{b, b, parity.Table{Name: "people"}},
	} {
		got, err := parity.Compare(t.Context(), c.left, c.right, people, nil, 5)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}

// TestAnyDifferenceShows changes one cell of many rows.
func TestAnyDifferenceShows(t *testing.T) {
	columns := []sql.ColumnDef{def("id", sql.TypeInt), def("v", sql.TypeString)}
	a, b := open(t), open(t)
	rows := make([][]any, 500)
	for i := range rows {
		rows[i] = []any{int64(i), strconv.Itoa(i % 7)}
	}
	fill(t, a, columns, rows...)
	for i := range 5 {
		changed := make([][]any, len(rows))
		copy(changed, rows)
		changed[i*97] = []any{int64(i * 97), "changed"}
		fill(t, b, columns, changed...)
		got, err := parity.Compare(t.Context(), a, b, people, nil, 3)
		if err != nil {
			t.Fatal(err)
		}
		if got.OnlyA != 1 || got.OnlyB != 1 || len(got.Differences) != 1 || got.Differences[0].A[0].Text != strconv.Itoa(i*97) {
			t.Errorf("a change of row %d: got %+v", i*97, got)
		}
	}
}
