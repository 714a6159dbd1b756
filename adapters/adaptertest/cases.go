//nolint:thelper // each case is a test, not a helper: a failure belongs to its own line
package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// instants are the ends and the middle of what a timestamp holds.
var instants = []time.Time{
	time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
	time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC),
	time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
	time.Date(2026, 11, 22, 1, 2, 3, 456789000, time.UTC),
	time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
}

// awkward are texts that break careless quoting, and what breaks careless
// reading.
var awkward = []string{
	"eleven byte", "twelve bytes", "thirteen byte",
	"", " ", "a", "12 bytes here", "13 bytes here!", strings.Repeat("long ", 2000),
	`'`, `''`, `"`, `\`, `\'`, `\\'`, `'; DROP TABLE x; --`, `/*`, `*/`, `--`, `$1`, `$$`, `?`, `%s`, `{{x}}`, `#{x}`,
	"line\nbreak", "\r\n", "\t", "tab\tand\x01control", "a\x00b", "\x00", "\x00'", "'\x00'",
	"naïve café", "日本語", "😀", "👩‍👩‍👧‍👦", "e\u0301", "\u202eright to left", "\ufeffbom", "\u00a0", "\u2028", "null", "NULL", "NaN", "\U0010ffff",
}

func literals(t *testing.T, w *adapters.Warehouse) {
	for _, n := range []int64{0, 1, -1, 30, -30, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64, math.MinInt64 + 1} {
		same(t, "integer", one(t, w, sql.Cast{Expr: sql.Int(n), To: sql.TypeInt}), n)
	}
	for _, f := range []float64{
		0, math.Copysign(0, -1), 1, -1.5, 0.1, 1e-300, -1e300, math.MaxFloat64, math.SmallestNonzeroFloat64,
		math.Inf(1), math.Inf(-1), math.NaN(), 1 << 53, 123456789.123456789,
	} {
		got, _ := one(t, w, sql.Float(f)).(float64)
		if math.Float64bits(got) != math.Float64bits(f) && !(math.IsNaN(got) && math.IsNaN(f)) {
			t.Errorf("double: got %v, want %v", got, f)
		}
	}
	for _, at := range instants {
		same(t, "instant", one(t, w, sql.Timestamp(at)), at)
	}
	same(t, "true", one(t, w, sql.Bool(true)), true)
	same(t, "false", one(t, w, sql.Bool(false)), false)
	for _, typ := range types {
		same(t, "null "+label(typ), one(t, w, sql.Null{Type: typ}), nil)
	}
	for _, text := range []string{"0", "1.5", "-1.5", "0.000000001", "99999999999999999999999999999.999999999"} {
		same(t, "decimal", one(t, w, sql.Cast{Expr: sql.String(text), To: sql.TypeDecimal}), text)
	}
}

// types are all of them.
var types = []sql.Type{
	sql.TypeBool, sql.TypeInt, sql.TypeFloat, sql.TypeDecimal, sql.TypeString, sql.TypeTimestamp, sql.TypeDate,
	sql.TypeStrings, sql.TypeInts, sql.TypeFloats, sql.TypeTimestamps,
}

// samples are values of each type that must survive a load and a read.
// Where no text can hold NUL, none does.
func samples(noNUL bool) map[sql.Type][]any {
	m := map[sql.Type][]any{
		sql.TypeBool:  {true, false, nil},
		sql.TypeInt:   {int64(0), int64(math.MinInt64), int64(math.MaxInt64), nil},
		sql.TypeFloat: {0.0, 0.1, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, nil},
		sql.TypeDecimal: {
			"0", "1.5", "-1.5", "0.000000001", "12345678901234567890.123456789",
			"-99999999999999999999999999999.999999999", nil,
		},
		sql.TypeDate: {
			time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC),
			time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), nil,
		},
		sql.TypeStrings:    {[]any{}, []any{"a"}, []any{"", "'", "😀", strings.Repeat("x", 100)}, nil},
		sql.TypeInts:       {[]any{int64(1), int64(math.MinInt64)}, []any{}, nil},
		sql.TypeFloats:     {[]any{0.1, math.Inf(1)}, nil},
		sql.TypeTimestamps: {[]any{instants[0], instants[3]}, nil},
	}
	for _, s := range awkward {
		if !noNUL || !strings.ContainsRune(s, 0) {
			m[sql.TypeString] = append(m[sql.TypeString], s)
		}
	}
	for _, at := range instants {
		m[sql.TypeTimestamp] = append(m[sql.TypeTimestamp], at)
	}
	return m
}

func (h Harness) loads(t *testing.T, w *adapters.Warehouse) {
	noNUL := w.Printer().Dialect.NoNUL
	for typ, values := range samples(noNUL) {
		t.Run(label(typ), func(t *testing.T) {
			if reason, ok := h.Without["loads "+label(typ)]; ok {
				t.Skip(reason)
			}
			table := work("load_" + label(typ))
			exec(t, w, sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "i", Type: sql.TypeInt}, {Name: "v", Type: typ}}})
			// Enough rows for several of the engine's chunks.
			const rows = 5000
			err := w.Load(t.Context(), table, []string{"i", "v"}, filled(rows, func(i int) []any {
				return []any{int64(i), values[i%len(values)]}
			}))
			if err != nil {
				t.Fatal(err)
			}
			got := all(t, w, &sql.Select{
				Items:   sql.Items("t", "i", "v"),
				From:    sql.TableRef{Table: table, As: "t"},
				OrderBy: []sql.Order{sql.Asc(sql.Col("t", "i"))},
			})
			if len(got) != rows {
				t.Fatalf("got %d rows, want %d", len(got), rows)
			}
			for i, row := range got {
				same(t, fmt.Sprintf("row %d", i), row[1], values[i%len(values)])
				if t.Failed() {
					return
				}
			}
		})
	}
}

func (h Harness) columns(t *testing.T, w *adapters.Warehouse) {
	table := public("described")
	var defs []sql.ColumnDef
	var described []sql.Type
	for _, typ := range types {
		if _, ok := h.Without["columns "+label(typ)]; ok {
			continue // Tables cannot have it.
		}
		described = append(described, typ)
		defs = append(defs, sql.ColumnDef{Name: label(typ), Type: typ})
	}
	exec(t, w, sql.CreateTable{Table: table, Columns: defs})
	got, err := w.Columns(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(described) {
		t.Fatalf("got %d columns, want %d", len(got), len(described))
	}
	for i, c := range got {
		if c.Name != label(described[i]) || c.Type != described[i] || c.Native == "" || c.Untyped {
			t.Errorf("column %d: got %+v, want %s of type %d", i, c, label(described[i]), described[i])
		}
		if want := described[i] == sql.TypeInt || described[i] == sql.TypeString; c.Identifier != want {
			t.Errorf("column %s: Identifier is %v", c.Name, c.Identifier)
		}
	}
	if exists(t, w, public("no_such_table")) {
		t.Error("a missing table has columns")
	}
	exec(t, w, sql.AddColumn{Table: table, Column: sql.ColumnDef{Name: "later", Type: sql.TypeString}})
	if got, err = w.Columns(t.Context(), table); err != nil || got[len(got)-1].Name != "later" {
		t.Errorf("after adding a column: got %v, %v", got, err)
	}
}

func names(t *testing.T, w *adapters.Warehouse) {
	for i, name := range []string{
		`plain`, `Mixed Case`, `select`, `a"b`, `""`, `a'b`, `a;b`, `a.b`, `a--b`, "new\nline", `back\slash`, `$1`, `日本語`, `😀`, ` `, `1`,
	} {
		table := public(name)
		if i == 0 {
			table = work(name)
		}
		exec(t, w, sql.CreateTableAs{Table: table, Query: &sql.Select{Items: []sql.Item{sql.As(sql.String(name), name)}}})
		got := all(t, w, &sql.Select{Items: []sql.Item{{Expr: sql.Col("t", name), As: name}}, From: sql.TableRef{Table: table, As: "t"}})
		same(t, "through "+name, got, [][]any{{name}})
		described, err := w.Columns(t.Context(), table)
		if err != nil || len(described) != 1 || described[0].Name != name {
			t.Errorf("columns of %q: got %v, %v", name, described, err)
		}
		if err := w.Load(t.Context(), table, []string{name}, filled(1, func(int) []any { return []any{"x"} })); err != nil {
			t.Errorf("loading %q: %v", name, err)
		}
		exec(t, w, sql.Drop{Table: table})
		if exists(t, w, table) {
			t.Errorf("%q is there after its drop", name)
		}
	}
}

func texts(t *testing.T, w *adapters.Warehouse) {
	create(t, w, public("canary"), 1)
	for _, s := range awkward {
		if w.Printer().Dialect.NoNUL && strings.ContainsRune(s, 0) {
			if text, err := w.Printer().Expr(sql.String(s)); err == nil {
				t.Errorf("a text with NUL is not refused: %s", text)
			}
			table := work("nul")
			exec(t, w, sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "v", Type: sql.TypeString}}})
			if err := w.Load(t.Context(), table, []string{"v"}, filled(1, func(int) []any { return []any{s} })); kind(err) != adapters.Data {
				t.Errorf("loading a text with NUL: got kind %d, %v", kind(err), err)
			}
			continue
		}
		same(t, "literal", one(t, w, sql.String(s)), s)
		same(t, "compared with itself", one(t, w, sql.Fn(sql.Eq, sql.String(s), sql.String(s))), true)
	}
	same(t, "canary", numbers(t, w, public("canary")), []int64{1})
}

// about asks what the engine is.
func about(t *testing.T, w *adapters.Warehouse) {
	if text, err := w.About(t.Context()); err != nil || len(text) < 5 || !strings.ContainsAny(text, "0123456789") {
		t.Errorf("got %q, %v", text, err)
	}
}

// accepted asks whether queries could run, one that would never end among them.
func accepted(t *testing.T, w *adapters.Warehouse) {
	if _, err := w.Accepts(t.Context(), endless(t, w)); err != nil {
		t.Errorf("a query without an end: got %v", err)
	}
	from := sql.TableRef{Table: work("thousand"), As: "t"}
	for name, c := range map[string]struct {
		query sql.Query
		want  adapters.Kind
	}{
		"missing table":  {&sql.Select{Items: sql.Items("x", "n"), From: sql.TableRef{Table: public("missing"), As: "x"}}, adapters.NotFound},
		"missing column": {&sql.Select{Items: sql.Items("t", "missing"), From: from}, adapters.Syntax},
		"wrong type":     {&sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.Year, sql.Bool(true)), "v")}, From: from}, adapters.Syntax},
	} {
		if _, err := w.Accepts(t.Context(), c.query); kind(err) != c.want {
			t.Errorf("%s: got kind %d, %v, want %d", name, kind(err), err, c.want)
		}
	}
}

func integer(t *testing.T, w *adapters.Warehouse) {
	for _, c := range []struct {
		query sql.Query
		want  int64
		fails bool
	}{
		{query: constants(42), want: 42},
		{query: &sql.Select{Items: []sql.Item{sql.As(sql.Null{Type: sql.TypeInt}, "n")}}, want: 0},
		{query: constants(1, 2), fails: true},
		{query: &sql.Select{Items: []sql.Item{sql.As(sql.String("1"), "n")}}, fails: true},
		{query: &sql.Select{Items: []sql.Item{sql.As(sql.Int(1), "a"), sql.As(sql.Int(1), "b")}}, fails: true},
	} {
		got, err := w.Int(t.Context(), c.query)
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%v: got %d, %v", c.query, got, err)
		}
	}
}

// bulk loads and reads 100,000 rows, and watches that reading holds few.
func bulk(t *testing.T, w *adapters.Warehouse) {
	const rows = 100_000
	table := work("bulk")
	exec(t, w, sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "n", Type: sql.TypeInt}, {Name: "text", Type: sql.TypeString}}})
	padding := strings.Repeat("x", 200)
	err := w.Load(t.Context(), table, []string{"n", "text"}, filled(rows, func(i int) []any {
		return []any{int64(i), fmt.Sprint(i, padding)}
	}))
	if err != nil {
		t.Fatal(err)
	}
	result, err := w.Query(t.Context(), &sql.Select{Items: sql.Items("t", "n", "text"), From: sql.TableRef{Table: table, As: "t"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := result.Close(); err != nil {
			t.Error(err)
		}
	}()
	before := heap()
	row := make([]any, 2)
	var count int
	var sum int64
	for {
		err := result.Next(row)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n, _ := row[0].(int64)
		sum += n
		count++
		if count == rows*9/10 {
			if now := heap(); now > before+8<<20 {
				t.Errorf("reading holds %d MB of 20 on the heap", (now-before)>>20)
			}
		}
	}
	if count != rows || sum != rows*(rows-1)/2 {
		t.Errorf("got %d rows adding to %d", count, sum)
	}
	if err := result.Next(row); !errors.Is(err, io.EOF) {
		t.Errorf("behind the end: got %v", err)
	}
}

// heap is how many bytes of Go's heap are reachable.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func failingLoad(t *testing.T, w *adapters.Warehouse) {
	table := work("failing")
	exec(t, w, sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "n", Type: sql.TypeInt}}})
	broken := errors.New("the source broke")
	err := w.Load(t.Context(), table, []string{"n"}, func(yield func([]any, error) bool) {
		if yield([]any{int64(1)}, nil) {
			yield(nil, broken)
		}
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the rows", err)
	}
	err = w.Load(t.Context(), table, []string{"n"}, filled(1, func(int) []any { return []any{"secret-text"} }))
	if kind(err) != adapters.Data || strings.Contains(err.Error(), "secret-text") {
		t.Errorf("a text for an integer: got kind %d, %v", kind(err), err)
	}
	if err := w.Load(t.Context(), table, []string{"n"}, filled(1, func(int) []any { return []any{int64(1), int64(2)} })); err == nil {
		t.Error("a row with too many values was taken")
	}
	if err := w.Load(t.Context(), table, []string{"m"}, filled(1, func(int) []any { return []any{int64(1)} })); err == nil {
		t.Error("an unknown column was taken")
	}
	if err := w.Load(t.Context(), work("nowhere"), []string{"n"}, filled(1, func(int) []any { return []any{int64(1)} })); err == nil {
		t.Error("a missing table was taken")
	}
	// The session is none the worse.
	if err := w.Load(t.Context(), table, []string{"n"}, filled(3, func(i int) []any { return []any{int64(i)} })); err != nil {
		t.Error(err)
	}
}

// patience is how long a cancelled statement may go on.
const patience = 5 * time.Second

// cancelled runs f under a context that ends soon.
func cancelled(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) || kind(err) != adapters.Canceled {
			t.Errorf("got kind %d, %v, want Canceled", kind(err), err)
		}
	case <-time.After(patience):
		t.Fatal("a cancelled statement goes on")
	}
}

func cancelQuery(t *testing.T, w *adapters.Warehouse) {
	q := endless(t, w)
	cancelled(t, func(ctx context.Context) error {
		_, err := w.Int(ctx, q)
		return err
	})
	if n, err := w.Int(t.Context(), constants(7)); n != 7 || err != nil {
		t.Errorf("after a cancellation: got %d, %v", n, err)
	}
}

func cancelStatement(t *testing.T, w *adapters.Warehouse) {
	q := endless(t, w)
	create(t, w, public("t"), 1)
	cancelled(t, func(ctx context.Context) error {
		return w.Script(ctx, []sql.Statement{
			sql.Drop{Table: public("t")},
			sql.CreateTableAs{Table: public("t"), Query: q},
		})
	})
	same(t, "table", numbers(t, w, public("t")), []int64{1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Exec(ctx, sql.Drop{Table: public("t")}); !errors.Is(err, context.Canceled) {
		t.Errorf("under an ended context: got %v", err)
	}
	same(t, "table", numbers(t, w, public("t")), []int64{1})
}

// abandoned closes results before their end, more often than sessions last.
func abandoned(t *testing.T, w *adapters.Warehouse) {
	table := work("rows")
	exec(t, w, sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "n", Type: sql.TypeInt}}})
	if err := w.Load(t.Context(), table, []string{"n"}, filled(50_000, func(i int) []any { return []any{int64(i)} })); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		rows, err := w.Query(t.Context(), &sql.Select{Items: sql.Items("t", "n"), From: sql.TableRef{Table: table, As: "t"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := rows.Next(make([]any, 1)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(rows.Close(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	exec(t, w, sql.Drop{Table: table})
}

func errorKinds(t *testing.T, w *adapters.Warehouse) {
	create(t, w, public("t"), 1)
	from := sql.TableRef{Table: public("t"), As: "t"}
	for _, c := range []struct {
		name  string
		query sql.Query
		want  adapters.Kind
	}{
		{"missing table", &sql.Select{Items: sql.Items("x", "n"), From: sql.TableRef{Table: public("missing"), As: "x"}}, adapters.NotFound},
		{"missing schema", &sql.Select{Items: sql.Items("x", "n"), From: sql.TableRef{Table: sql.Table{Space: sql.Source, Name: "nowhere.missing"}, As: "x"}}, adapters.NotFound},
		{"missing column", &sql.Select{Items: sql.Items("t", "missing"), From: from}, adapters.Syntax},
		{"bad value", &sql.Select{Items: []sql.Item{sql.As(sql.Cast{Expr: sql.String("x1"), To: sql.TypeInt}, "n")}}, adapters.Data},
	} {
		rows, err := w.Query(t.Context(), c.query)
		if err == nil {
			err = rows.Next(make([]any, 1))
			if e := rows.Close(); e != nil {
				t.Error(e)
			}
		}
		if err == nil || kind(err) != c.want {
			t.Errorf("%s: got kind %d, %v, want %d", c.name, kind(err), err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the message has more than one line: %q", c.name, err)
		}
	}
}

// discretion makes statements fail on values, and looks for them in the errors.
func discretion(t *testing.T, w *adapters.Warehouse) {
	const marker = "jane.doe@example.com"
	table := work("people")
	exec(t, w, sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "email", Type: sql.TypeString}}})
	values := []any{marker, marker + " to INT64", "'" + marker, marker + "\nto X", "\"" + marker + "\"", marker + "' when casting from source column " + marker}
	for _, v := range values {
		exec(t, w, sql.Delete{Table: table, Where: sql.Bool(true)})
		if err := w.Load(t.Context(), table, []string{"email"}, filled(1, func(int) []any { return []any{v} })); err != nil {
			t.Fatal(err)
		}
		for _, to := range []sql.Type{sql.TypeInt, sql.TypeFloat, sql.TypeBool, sql.TypeTimestamp, sql.TypeDate, sql.TypeDecimal} {
			err := w.Exec(t.Context(), sql.CreateTableAs{Table: work("out"), Query: &sql.Select{
				Items: []sql.Item{sql.As(sql.Cast{Expr: sql.Col("t", "email"), To: to}, "v")},
				From:  sql.TableRef{Table: table, As: "t"},
			}})
			if kind(err) != adapters.Data {
				t.Errorf("to %s: got kind %d, %v", label(to), kind(err), err)
				continue
			}
			// An error may be printed whole, with what it wraps.
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(e.Error(), "jane.doe") || strings.Contains(fmt.Sprintf("%+v", e), "jane.doe") {
					t.Errorf("to %s: the error tells a value: %v", label(to), e)
				}
			}
		}
	}
	err := w.Exec(t.Context(), sql.Delete{Table: work("missing"), Where: sql.Fn(sql.Eq, sql.Col("", "email"), sql.String(marker))})
	if err == nil || strings.Contains(err.Error(), marker) {
		t.Errorf("the error tells a literal of the statement: %v", err)
	}
}

func atomicity(t *testing.T, w *adapters.Warehouse) {
	create(t, w, public("a"), 1)
	create(t, w, public("b"), 2)
	create(t, w, work("source"), 10, 11)
	from := &sql.Select{Items: sql.Items("t", "n"), From: sql.TableRef{Table: work("source"), As: "t"}}
	fails := sql.CreateTableAs{Table: public("c"), Query: &sql.Select{Items: sql.Items("t", "n"), From: sql.TableRef{Table: public("missing"), As: "t"}}}
	script := []sql.Statement{
		sql.InsertSelect{Table: public("a"), Columns: []string{"n"}, Query: from},
		sql.Update{Table: public("b"), Set: []sql.Assignment{{Column: "n", Value: sql.Int(3)}}, Where: sql.Bool(true)},
		sql.CreateTableAs{Table: public("d"), Query: from},
		sql.Drop{Table: public("b")},
	}
	err := w.Script(t.Context(), append(slices.Clip(script), fails))
	if kind(err) != adapters.NotFound || !strings.Contains(err.Error(), "CREATE") {
		t.Errorf("got kind %d, %v, want NotFound at the CREATE", kind(err), err)
	}
	same(t, "a after a failure", numbers(t, w, public("a")), []int64{1})
	same(t, "b after a failure", numbers(t, w, public("b")), []int64{2})
	if exists(t, w, public("d")) {
		t.Error("a failed script left a table")
	}
	if err := w.Script(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	same(t, "a", numbers(t, w, public("a")), []int64{1, 10, 11})
	same(t, "d", numbers(t, w, public("d")), []int64{10, 11})
	if exists(t, w, public("b")) {
		t.Error("b is there after its drop")
	}
}

func swap(t *testing.T, w *adapters.Warehouse) {
	successor := sql.Table{Space: sql.Beside, Name: "t"}
	for _, n := range []int64{1, 2} {
		create(t, w, successor, n)
		exec(t, w, sql.Swap{Name: "t"})
		same(t, "swapped in", numbers(t, w, public("t")), []int64{n})
		if exists(t, w, successor) {
			t.Error("the successor is there after the swap")
		}
	}
	if err := w.Exec(t.Context(), sql.Swap{Name: "t"}); err == nil {
		t.Error("a swap without a successor passed")
	}
	same(t, "after a failed swap", numbers(t, w, public("t")), []int64{2})
	// Several at once, as the end of a run does.
	create(t, w, successor, 3)
	create(t, w, sql.Table{Space: sql.Beside, Name: "u"}, 4)
	if err := w.Script(t.Context(), []sql.Statement{sql.Swap{Name: "t"}, sql.Swap{Name: "u"}}); err != nil {
		t.Fatal(err)
	}
	same(t, "t", numbers(t, w, public("t")), []int64{3})
	same(t, "u", numbers(t, w, public("u")), []int64{4})
}

// keys changes tables that have a key, by its columns, of which some are NULL.
func keys(t *testing.T, w *adapters.Warehouse) {
	columns := []sql.ColumnDef{{Name: "kind", Type: sql.TypeString}, {Name: "at", Type: sql.TypeTimestamp}, {Name: "n", Type: sql.TypeInt}}
	key := sql.ColumnNames(columns)
	row := func(kind sql.Expr, n int64) *sql.Select {
		at := sql.Timestamp(time.Date(2026, 1, int(n), 0, 0, 0, 0, time.UTC))
		return &sql.Select{Items: []sql.Item{sql.As(kind, "kind"), sql.As(at, "at"), sql.As(sql.Cast{Expr: sql.Int(n), To: sql.TypeInt}, "n")}}
	}
	none := sql.Null{Type: sql.TypeString}
	rows := sql.Union{row(sql.String("b"), 1), row(none, 2), row(sql.String("a"), 3), row(sql.String("b"), 4)}
	successor := sql.Table{Space: sql.Beside, Name: "kept"}
	exec(t, w,
		sql.CreateTable{Table: public("kept"), Columns: columns, Key: key},
		sql.CreateTableAs{Table: successor, Query: rows, Key: key},
		sql.Swap{Name: "kept"},
		sql.CreateTable{Table: public("made"), Columns: columns, Key: key},
	)
	kind := sql.Col("", "kind")
	for _, table := range []sql.Table{public("kept"), public("made")} {
		script := []sql.Statement{
			sql.InsertSelect{Table: table, Columns: key, Query: sql.Union{row(none, 5), row(sql.String("c"), 6)}},
			sql.Delete{Table: table, Where: sql.And{sql.Fn(sql.Eq, kind, sql.String("b")), sql.Fn(sql.Lt, sql.Col("", "n"), sql.Int(2))}},
			sql.Update{Table: table, Set: []sql.Assignment{{Column: "kind", Value: sql.String("z")}}, Where: sql.Fn(sql.Eq, kind, sql.String("c"))},
			sql.InsertSelect{Table: public("runs"), Columns: []string{"n"}, Query: constants(1)},
		}
		if table == public("made") {
			script = slices.Insert(script, 0, sql.Statement(sql.InsertSelect{Table: table, Columns: key, Query: rows}))
		}
		exec(t, w, sql.CreateTable{Table: public("runs"), Columns: []sql.ColumnDef{{Name: "n", Type: sql.TypeInt}}})
		if err := w.Script(t.Context(), script); err != nil {
			t.Fatal(err)
		}
		of := func(where sql.Expr) [][]any {
			return all(t, w, &sql.Select{
				Items: sql.Items("k", "kind", "n"), From: sql.TableRef{Table: table, As: "k"}, Where: where, OrderBy: []sql.Order{sql.Asc(sql.Col("k", "n"))},
			})
		}
		k := sql.Col("k", "kind")
		same(t, table.Name, of(nil), [][]any{{nil, int64(2)}, {"a", int64(3)}, {"b", int64(4)}, {nil, int64(5)}, {"z", int64(6)}})
		same(t, "of a kind", of(sql.In{Expr: k, List: []sql.Expr{sql.String("b"), sql.String("z"), sql.String("c")}}), [][]any{{"b", int64(4)}, {"z", int64(6)}})
		same(t, "of none", of(sql.Fn(sql.IsNull, k)), [][]any{{nil, int64(2)}, {nil, int64(5)}})
		same(t, "of some", of(sql.And{sql.Fn(sql.IsNotNull, k), sql.Fn(sql.Lt, k, sql.String("b"))}), [][]any{{"a", int64(3)}})
		same(t, "of another", of(sql.Fn(sql.Ne, k, sql.String("a"))), [][]any{{"b", int64(4)}, {"z", int64(6)}})
	}
}

func clean(t *testing.T, w *adapters.Warehouse) {
	kept := public("kept")
	left := []sql.Table{{Space: sql.Beside, Name: "kept"}, {Space: sql.Beside, Name: `odd "name'`}, work("left"), work(`odd "name'`)}
	create(t, w, kept, 1)
	for _, table := range left {
		create(t, w, table, 2)
	}
	for range 2 {
		if err := w.Clean(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range left {
		if exists(t, w, table) {
			t.Errorf("%v is there after Clean", table)
		}
	}
	same(t, "kept", numbers(t, w, kept), []int64{1})
}

func parallel(t *testing.T, w *adapters.Warehouse) {
	create(t, w, work("shared"), 1, 2, 3)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for round := range 5 {
				name := fmt.Sprintf("p%d", i)
				err := w.Exec(t.Context(),
					sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: name}, Query: &sql.Select{
						Items: sql.Items("t", "n"), From: sql.TableRef{Table: work("shared"), As: "t"},
					}},
					sql.Swap{Name: name},
				)
				if err != nil {
					t.Errorf("table %s, round %d: %v", name, round, err)
					return
				}
			}
		})
	}
	wg.Wait()
	for i := range 8 {
		same(t, "parallel", numbers(t, w, public(fmt.Sprintf("p%d", i))), []int64{1, 2, 3})
	}
}

func closeTwice(t *testing.T, w *adapters.Warehouse) {
	create(t, w, public("t"), 1)
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Error(err)
	}
	if _, err := w.Int(t.Context(), constants(1)); err == nil {
		t.Error("a closed warehouse answers")
	}
}
