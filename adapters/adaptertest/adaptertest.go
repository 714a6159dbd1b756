// Package adaptertest is the specification of a warehouse adapter, as tests:
// every adapter passes Run. It says statements through adapters.Warehouse
// only, as the rest of the program does, and never looks at a vendor.
package adaptertest

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Harness is what an adapter supplies.
type Harness struct {
	// Open gives a Warehouse over an empty schema that is made already. The
	// harness closes it when the test ends.
	Open func(testing.TB) *adapters.Warehouse
	// Without names the cases that the warehouse cannot pass, each with the
	// reason. Cases of "functions" and "language" are named by their call, such
	// as int_add(1, 2), those of "loads every type" and "columns" as loads date.
	Without map[string]string
	// Only names the cases to run; all are where it is empty.
	Only []string
}

// Brief are cases for Harness.Only that tell whether a warehouse is reached in the
// right way: types, scripts and what is left behind.
var Brief = []string{"one integer", "about", "columns", "error kinds", "script is atomic", "swap", "clean"}

// Run checks that an adapter does what the contracts of package adapters say.
func Run(t *testing.T, h Harness) {
	t.Helper()
	cases := []struct {
		name string
		test func(*testing.T, *adapters.Warehouse)
	}{
		{"literals", literals},
		{"loads every type", h.loads},
		{"columns", h.columns},
		{"awkward names", names},
		{"awkward text", texts},
		{"one integer", integer},
		{"about", about},
		{"accepts", accepted},
		{"bulk", bulk},
		{"failing load", failingLoad},
		{"cancel query", cancelQuery},
		{"cancel statement", cancelStatement},
		{"abandoned result", abandoned},
		{"error kinds", errorKinds},
		{"no row content in errors", discretion},
		{"script is atomic", atomicity},
		{"swap", swap},
		{"keys", keys},
		{"clean", clean},
		{"parallel", parallel},
		{"functions", h.means(functions())},
		{"language", h.means(language())},
		{"precedence", precedence},
		{"narrowing", narrowing},
		{"time zones", timeZones},
		{"try casts", tryCasts},
		{"aggregates", aggregates},
		{"sums of doubles", sums},
		{"hashes", hashes},
		{"code points", codePoints},
		{"close twice", closeTwice},
	}
	known := map[string]bool{}
	for _, c := range cases {
		known[c.name] = true
		if len(h.Only) > 0 && !slices.Contains(h.Only, c.name) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if reason, ok := h.Without[c.name]; ok {
				t.Skip(reason)
			}
			c.test(t, h.Open(t))
		})
	}
	for _, typ := range types {
		known["loads "+label(typ)], known["columns "+label(typ)] = true, true
	}
	for _, c := range append(functions(), language()...) {
		known[c.name()] = true
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(h.Without)), h.Only) {
		if !known[name] {
			t.Errorf("the harness names %q, which is no case", name)
		}
	}
}

func work(name string) sql.Table   { return sql.Table{Space: sql.Work, Name: name} }
func public(name string) sql.Table { return sql.Table{Space: sql.Public, Name: name} }

// all reads a result to its end.
func all(tb testing.TB, w *adapters.Warehouse, q sql.Query) [][]any {
	tb.Helper()
	rows, err := w.Query(tb.Context(), q)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			tb.Error(err)
		}
	}()
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

// one is the only value of a query of one row and one column.
func one(tb testing.TB, w *adapters.Warehouse, e sql.Expr) any {
	tb.Helper()
	rows := all(tb, w, &sql.Select{Items: []sql.Item{sql.As(e, "v")}})
	if len(rows) != 1 || len(rows[0]) != 1 {
		tb.Fatalf("got %d rows", len(rows))
	}
	return rows[0][0]
}

func exec(tb testing.TB, w *adapters.Warehouse, statements ...sql.Statement) {
	tb.Helper()
	if err := w.Exec(tb.Context(), statements...); err != nil {
		tb.Fatal(err)
	}
}

// create makes a table of one integer column n that holds the numbers given.
func create(tb testing.TB, w *adapters.Warehouse, table sql.Table, numbers ...int64) {
	tb.Helper()
	exec(tb, w, sql.CreateTableAs{Table: table, Query: constants(numbers...)})
}

// constants is a query of one integer column n.
func constants(numbers ...int64) sql.Query {
	var u sql.Union
	for _, n := range numbers {
		u = append(u, &sql.Select{Items: []sql.Item{sql.As(sql.Cast{Expr: sql.Int(n), To: sql.TypeInt}, "n")}})
	}
	return u
}

// numbers reads a table that create made, sorted.
func numbers(tb testing.TB, w *adapters.Warehouse, table sql.Table) []int64 {
	tb.Helper()
	n := sql.Col("t", "n")
	var out []int64
	for _, row := range all(tb, w, &sql.Select{
		Items:   []sql.Item{sql.As(n, "n")},
		From:    sql.TableRef{Table: table, As: "t"},
		OrderBy: []sql.Order{sql.Asc(n)},
	}) {
		v, _ := row[0].(int64)
		out = append(out, v)
	}
	return out
}

func exists(tb testing.TB, w *adapters.Warehouse, table sql.Table) bool {
	tb.Helper()
	_, err := w.Columns(tb.Context(), table)
	if err == nil {
		return true
	}
	if k := kind(err); k != adapters.NotFound {
		tb.Fatalf("asking for the columns of %v: got kind %d (%v), want NotFound", table, k, err)
	}
	return false
}

// kind is the kind of an error, Unknown where it has none.
func kind(err error) adapters.Kind {
	if e, ok := errors.AsType[*adapters.Error](err); ok {
		return e.Kind
	}
	return adapters.Unknown
}

// filled is n rows made by row.
func filled(n int, row func(i int) []any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for i := range n {
			if !yield(row(i), nil) {
				return
			}
		}
	}
}

// endless counts the rows of a product that no machine finishes.
func endless(tb testing.TB, w *adapters.Warehouse) sql.Query {
	tb.Helper()
	table := work("thousand")
	exec(tb, w, sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "n", Type: sql.TypeInt}}})
	if err := w.Load(tb.Context(), table, []string{"n"}, filled(10_000, func(i int) []any { return []any{int64(i)} })); err != nil {
		tb.Fatal(err)
	}
	ref := func(as string) sql.From { return sql.TableRef{Table: table, As: as} }
	join := func(as string) sql.Join { return sql.Join{Kind: sql.CrossJoin, Right: ref(as)} }
	sum := sql.Fn(sql.AddFast, sql.Fn(sql.AddFast, sql.Col("a", "n"), sql.Col("b", "n")), sql.Fn(sql.AddFast, sql.Col("c", "n"), sql.Col("d", "n")))
	return &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.Max, sum), "n")},
		From:  sql.Joins(ref("a"), join("b"), join("c"), join("d")),
	}
}

// same compares values; NaN equals NaN.
func same(tb testing.TB, what string, got, want any) {
	tb.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateNaNs()); d != "" {
		tb.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func label(t sql.Type) string {
	names := map[sql.Type]string{
		sql.TypeBool: "bool", sql.TypeInt: "int", sql.TypeFloat: "float", sql.TypeDecimal: "decimal",
		sql.TypeString: "string", sql.TypeTimestamp: "timestamp", sql.TypeDate: "date", sql.TypeStrings: "strings",
		sql.TypeInts: "ints", sql.TypeFloats: "floats", sql.TypeTimestamps: "timestamps",
	}
	if s, ok := names[t]; ok {
		return s
	}
	return fmt.Sprintf("type %d", t)
}
