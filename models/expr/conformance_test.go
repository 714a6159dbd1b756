package expr

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	exprpb "cel.dev/expr"
	_ "cel.dev/expr/conformance/proto2"
	_ "cel.dev/expr/conformance/proto3"
	testpb "cel.dev/expr/conformance/test"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/sql"
)

// specification is the module whose tests say what CEL is.
const specification = "cel.dev/expr"

// testFiles reads the specification's tests from the module.
func testFiles(t *testing.T) []*testpb.SimpleTestFile {
	t.Helper()
	out, err := osexec.Command("go", "list", "-m", "-f", "{{.Dir}}", specification).Output()
	if err != nil {
		t.Fatalf("looking for the module %s: %v", specification, err)
	}
	names, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "tests", "simple", "testdata", "*.textproto"))
	if err != nil || len(names) == 0 {
		t.Fatalf("the module %s is here without its tests (%v): `go mod download %s` fetches them", specification, err, specification)
	}
	var files []*testpb.SimpleTestFile
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file := &testpb.SimpleTestFile{}
		if err := prototext.Unmarshal(text, file); err != nil {
			t.Fatalf("reading %s: %v", name, err)
		}
		file.Name = strings.TrimSuffix(filepath.Base(name), ".textproto")
		files = append(files, file)
	}
	return files
}

// outcome is what became of one test.
type outcome int

const (
	equal outcome = iota
	equalError
	refused     // by the compiler, with a place
	notRunnable // it asks for more than an expression over columns
	wrong
	outcomes // their number
)

// TestConformance runs the CEL specification's own tests on each warehouse:
// variables are columns of one row, an error is NULL. docs/conformance.md is its
// report.
func TestConformance(t *testing.T) {
	files := testFiles(t)
	for _, w := range warehouses {
		t.Run(w.name, func(t *testing.T) {
			both := []bool{false, true}
			if w.jobs {
				both = both[:1]
			}
			conformance(t, w.open(t), files, both)
		})
	}
}

func conformance(t *testing.T, w *adapters.Warehouse, files []*testpb.SimpleTestFile, both []bool) {
	t.Helper()
	for _, folded := range both {
		var report strings.Builder
		var total [outcomes]int
		line := func(name string, n [outcomes]int) {
			sum := 0
			for _, k := range n {
				sum += k
			}
			fmt.Fprintf(&report, "| %s | %d | %d | %d | %d | %d | %d |\n", name, sum, n[equal], n[equalError], n[refused], n[notRunnable], n[wrong])
		}
		for _, file := range files {
			var counts [outcomes]int
			for _, section := range file.GetSection() {
				for _, test := range section.GetTest() {
					o, why := conform(t, w, test, !folded)
					counts[o]++
					total[o]++
					if o == wrong {
						t.Errorf("%s/%s/%s (folded %v): %s\n%s", file.GetName(), section.GetName(), test.GetName(), folded, test.GetExpr(), why)
					} else if o != equal && o != equalError && os.Getenv("VERBOSE") != "" && !folded {
						t.Logf("%d %s/%s: %s: %s", o, file.GetName(), section.GetName(), test.GetExpr(), why)
					}
				}
			}
			line(file.GetName(), counts)
		}
		line("all", total)
		t.Logf("folded %v: %v", folded, total)
		if right := total[equal] + total[equalError]; right < 950 {
			t.Errorf("only %d tests give what is specified", right)
		}
		if !folded {
			compareTable(t, "../../docs/conformance.md", report.String())
		}
	}
}

// compareTable holds the table in a page against what was found; -update
// rewrites it.
func compareTable(t *testing.T, page, table string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const head = "|---|--:|--:|--:|--:|--:|--:|\n"
	before, after, ok := strings.Cut(string(text), head)
	if !ok {
		t.Fatalf("%s has no table", page)
	}
	_, rest, _ := strings.Cut(after, "\n\n")
	want := before + head + table + "\n" + rest
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("%s is out of date: run the test with -update. It should say\n%s", page, table)
	}
}

// conform runs one test.
func conform(t *testing.T, w *adapters.Warehouse, test *testpb.SimpleTest, unfolded bool) (outcome, string) {
	t.Helper()
	switch {
	case test.GetCheckOnly():
		return notRunnable, "only types are asked for"
	case test.GetDisableMacros():
		return notRunnable, "macros are off"
	case test.GetContainer() != "":
		return notRunnable, "a container"
	}
	c := newCompiler(Input{AsOf: asOf})
	c.unfolded = unfolded
	if !c.prepare() || !c.declare(nil) {
		t.Fatal(c.found)
	}
	for _, d := range test.GetTypeEnv() {
		typ, err := types.ProtoAsType(d.GetIdent().GetType())
		if err != nil || d.GetIdent() == nil {
			return notRunnable, "a declaration that is no column"
		}
		if _, ok := columnType(typ); !ok {
			return notRunnable, "a variable of type " + typ.String()
		}
		float := finite
		if typ.String() == "double" || typ.String() == "list(double)" {
			float = nan
		}
		if err := c.column(d.GetName(), typ, float); err != nil {
			t.Fatal(err)
		}
	}
	row := &sql.Select{}
	for name, v := range test.GetBindings() {
		typ := c.columns[name].typ
		if typ == nil {
			continue // of a test without types: the checker refuses it
		}
		literal, ok := bound(t, typ, v.GetValue())
		if !ok {
			return notRunnable, "a value of type " + typ.String()
		}
		row.Items = append(row.Items, sql.As(literal, name))
	}
	row.Items = append(row.Items, sql.As(sql.Int(1), "nothing"))

	e := newExpression("trait", "x", test.GetExpr(), strict.Text{})
	e.parse(c.lang.parser)
	c.reportParsed(e)
	if !e.broken {
		c.standardLoops(e.ast.Expr())
		if c.check(e) {
			tr := newTranslator(c, e)
			if o, why, ok := tr.run(t, w, e.ast.Expr(), row, test); ok {
				return o, why
			}
		}
	}
	for _, d := range c.found {
		if d.Severity == diag.Error {
			if d.Summary == "" || d.Code == "cel-internal" {
				return wrong, "an error that explains nothing: " + d.Code
			}
			return refused, d.Summary
		}
	}
	return wrong, "refused without a reason"
}

// run translates x, runs it over the row and compares; ok is false where the
// translation was refused.
func (t *translator) run(tb testing.TB, w *adapters.Warehouse, x ast.Expr, row sql.Query, test *testpb.SimpleTest) (o outcome, why string, ok bool) {
	tb.Helper()
	v := t.value(x)
	asked := &sql.Select{From: sql.Derived{Query: row, As: "p"}}
	t.columns(tb, x, &v, asked)
	if t.bad || !t.bounded(sql.Bool(true)) {
		return 0, "", false
	}
	query, err := w.Printer().Query(asked)
	if err != nil {
		return refused, err.Error(), true // by the warehouse's dialect
	}
	got, err := queryRow(tb, w, asked)
	if err != nil {
		return wrong, query + "\n" + err.Error(), true
	}
	result, rest, err := decode(v, got)
	if err != nil || len(rest) > 0 {
		return wrong, fmt.Sprintf("%s\n%v %v", query, err, rest), true
	}
	var want *exprpb.Value
	switch m := test.GetResultMatcher().(type) {
	case *testpb.SimpleTest_Value:
		want = m.Value
	case *testpb.SimpleTest_TypedResult:
		want = m.TypedResult.GetResult()
	case *testpb.SimpleTest_EvalError, *testpb.SimpleTest_AnyEvalErrors:
		if _, failed := result.(failure); failed {
			return equalError, "", true
		}
		return wrong, fmt.Sprintf("%s\ngot %v, want an error", query, result), true
	case nil:
		want = &exprpb.Value{Kind: &exprpb.Value_BoolValue{BoolValue: true}}
	default:
		return notRunnable, "unknown values", true
	}
	if !matches(result, want) {
		return wrong, fmt.Sprintf("%s\ngot %T %v, want %v", query, result, result, want), true
	}
	return equal, "", true
}

// failure is an error of an evaluation.
type failure struct{}

// columns prints what a value is made of: a tuple is whether it is defined, and
// its elements.
func (t *translator) columns(tb testing.TB, x ast.Expr, v *value, out *sql.Select) {
	tb.Helper()
	if v.refused || t.bad {
		return
	}
	if v.tuple != nil && !v.tuple.certain() {
		*v = t.array(x, *v, t.elementType(*v))
	}
	if v.tuple == nil {
		if v.expr == nil {
			t.refuse(x, "this is no value", "")
			return
		}
		if !t.bounded(v.expr) {
			return
		}
		out.Items = append(out.Items, sql.As(t.typed(*v), "v"+strconv.Itoa(len(out.Items))))
		return
	}
	var defined sql.Expr = sql.Bool(true)
	if d := t.allDefined(x, v.tuple); d != nil {
		defined = d
	}
	if !t.bounded(defined) {
		return
	}
	out.Items = append(out.Items, sql.As(defined, "v"+strconv.Itoa(len(out.Items))))
	for i := range v.tuple.elements {
		t.columns(tb, x, &v.tuple.elements[i].value, out)
	}
}

// decode makes CEL's value of the columns of v.
func decode(v value, got []any) (any, []any, error) {
	if v.tuple == nil {
		if got[0] == nil {
			switch {
			case isNull(v):
				return nil, got[1:], nil
			case v.err:
				return failure{}, got[1:], nil
			case v.null:
				return nil, got[1:], nil
			}
			return nil, nil, errors.New("NULL though it says that it never is")
		}
		return fromDriver(v.typ, got[0]), got[1:], nil
	}
	defined := got[0] == true
	got = got[1:]
	list := []any{}
	for _, el := range v.tuple.elements {
		var item any
		var err error
		if item, got, err = decode(el.value, got); err != nil && defined {
			return nil, nil, err
		}
		list = append(list, item)
	}
	if !defined {
		return failure{}, got, nil
	}
	return list, got, nil
}

// fromDriver is what the driver returned, by its CEL type.
func fromDriver(typ *types.Type, v any) any {
	switch typ.Kind() { //nolint:exhaustive // the others are as they are
	case types.DurationKind:
		n, ok := v.(int64)
		if !ok {
			return v // a literal that nothing has given a type
		}
		return time.Duration(n) * time.Microsecond
	case types.TimestampKind:
		return v.(time.Time).UTC()
	case types.ListKind:
		list := []any{}
		for _, el := range v.([]any) {
			list = append(list, fromDriver(typ.Parameters()[0], el))
		}
		return list
	case types.BytesKind:
		if s, ok := v.(string); ok { // text and bytes are one type there
			return []byte(s)
		}
		return v
	case types.UintKind:
		switch v := v.(type) {
		case int64:
			return uint64(v)
		case string: // beyond 63 bits
			n, err := strconv.ParseUint(v, 10, 64)
			if err != nil {
				return err
			}
			return n
		}
		return v
	default:
		return v
	}
}

func matches(got any, want *exprpb.Value) bool {
	switch w := want.GetKind().(type) {
	case *exprpb.Value_NullValue:
		return got == nil
	case *exprpb.Value_BoolValue:
		return got == w.BoolValue
	case *exprpb.Value_Int64Value:
		return got == w.Int64Value
	case *exprpb.Value_Uint64Value:
		return got == w.Uint64Value
	case *exprpb.Value_DoubleValue:
		f, ok := got.(float64)
		return ok && (f == w.DoubleValue && math.Signbit(f) == math.Signbit(w.DoubleValue) || f != f && w.DoubleValue != w.DoubleValue)
	case *exprpb.Value_StringValue:
		return got == w.StringValue
	case *exprpb.Value_BytesValue:
		b, ok := got.([]byte)
		return ok && bytes.Equal(b, w.BytesValue)
	case *exprpb.Value_ListValue:
		list, ok := got.([]any)
		return ok && slices.EqualFunc(list, w.ListValue.GetValues(), matches)
	case *exprpb.Value_ObjectValue:
		switch got := got.(type) {
		case time.Time:
			m := &timestamppb.Timestamp{}
			return w.ObjectValue.UnmarshalTo(m) == nil && got.Equal(m.AsTime())
		case time.Duration:
			m := &durationpb.Duration{}
			return w.ObjectValue.UnmarshalTo(m) == nil && got == m.AsDuration()
		}
	}
	return false
}

// bound is a variable's value as a literal of its column.
func bound(tb testing.TB, typ *types.Type, v *exprpb.Value) (sql.Expr, bool) {
	tb.Helper()
	to, _ := columnType(typ)
	var e sql.Expr
	switch k := v.GetKind().(type) {
	case *exprpb.Value_NullValue:
		e = sql.Null{Type: to}
	case *exprpb.Value_BoolValue:
		e = sql.Bool(k.BoolValue)
	case *exprpb.Value_Int64Value:
		e = sql.Int(k.Int64Value)
	case *exprpb.Value_Uint64Value:
		e = sql.String(strconv.FormatUint(k.Uint64Value, 10))
	case *exprpb.Value_DoubleValue:
		e = sql.Float(k.DoubleValue)
	case *exprpb.Value_StringValue:
		e = sql.String(k.StringValue)
	case *exprpb.Value_BytesValue:
		e = sql.Fn(sql.HexToBytes, sql.String(hex.EncodeToString(k.BytesValue)))
	case *exprpb.Value_ListValue:
		var items []sql.Expr
		for _, item := range k.ListValue.GetValues() {
			literal, ok := bound(tb, typ.Parameters()[0], item)
			if !ok {
				return nil, false
			}
			items = append(items, literal)
		}
		e = sql.Fn(sql.ListOf, items...)
	case *exprpb.Value_ObjectValue:
		stamp, span := &timestamppb.Timestamp{}, &durationpb.Duration{}
		switch {
		case k.ObjectValue.UnmarshalTo(stamp) == nil:
			e = sql.Timestamp(stamp.AsTime())
		case k.ObjectValue.UnmarshalTo(span) == nil:
			e = sql.Int(span.AsDuration().Microseconds())
		default:
			return nil, false
		}
	default:
		return nil, false
	}
	return sql.Cast{Expr: e, To: to}, true
}

// queryRow runs a query of one row.
func queryRow(tb testing.TB, w *adapters.Warehouse, q sql.Query) (_ []any, err error) {
	tb.Helper()
	rows, err := w.Query(tb.Context(), q)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]any, len(rows.Columns()))
	if err := rows.Next(values); err != nil {
		return nil, err
	}
	if err := rows.Next(make([]any, len(values))); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("behind the only row: %w", err)
	}
	return values, nil
}
