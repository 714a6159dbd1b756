package expr

import (
	stdsql "database/sql"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/sql"
)

// person is one row of traits; nil is a missing value.
type person map[string]any

var (
	someStrings = []string{"", "FR", "fr", "é", "日本", "a'b", "100", "-5", "1e3", " x\u00a0", `\n`, "12.5", "😀ß", "-9223372036854775808", "%_", "A\nB"}
	someInts    = []int64{0, 1, -1, 5, 42, 2147483647, math.MaxInt64, math.MinInt64, -7}
	someFloats  = []float64{0, math.Copysign(0, -1), 0.1, 1e308, -1e308, 100.5, 9.3e18, -9.3e18, 5e-324, 3, -2.5, 9007199254740993}
	someUints   = []uint64{0, 1, 7, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64}
	someTimes   = []string{
		"1969-12-31T23:59:59.999999Z", "2024-03-31T01:30:00Z", "2024-10-27T00:59:59.5Z", "2026-02-28T12:00:00Z",
		"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2000-02-29T23:00:00.000001Z",
	}
	someDates = []string{"1970-01-01", "2024-02-29", "1999-12-31"}
)

func people(r *rand.Rand, n int) []person {
	out := make([]person, n)
	pick := func(k int) int { return r.IntN(k) }
	for i := range out {
		p := person{}
		for _, name := range []string{"country", "city"} {
			p[name] = someStrings[pick(len(someStrings))]
		}
		p["vip"] = pick(2) == 0
		p["ltv"] = someFloats[pick(len(someFloats))]
		p["score"] = float64(pick(2000)-1000) / 8
		p["age"] = someInts[pick(len(someInts))]
		p["seen"], _ = time.Parse(time.RFC3339Nano, someTimes[pick(len(someTimes))])
		p["born"], _ = time.Parse(time.DateOnly, someDates[pick(len(someDates))])
		p["units"] = someUints[pick(len(someUints))]
		p["raw"] = []byte(someStrings[pick(len(someStrings))])
		p["ratio"] = append(someFloats, math.NaN(), math.Inf(1), math.Inf(-1))[pick(len(someFloats)+3)]
		for name := range p {
			if r.IntN(4) == 0 || i == 0 {
				p[name] = nil
			}
		}
		// A list holds no null, and is there.
		p["tags"] = several(r, someStrings)
		p["sizes"] = several(r, someInts)
		p["rates"] = several(r, someFloats)
		out[i] = p
	}
	return out
}

func several[T any](r *rand.Rand, of []T) []T {
	out := make([]T, []int{0, 1, 2, 5}[r.IntN(4)])
	for i := range out {
		out[i] = of[r.IntN(len(of))]
	}
	return out
}

var traitColumns = []sql.ColumnDef{
	{Name: "country", Type: sql.TypeString},
	{Name: "city", Type: sql.TypeString},
	{Name: "vip", Type: sql.TypeBool},
	{Name: "ltv", Type: sql.TypeFloat},
	{Name: "age", Type: sql.TypeInt},
	{Name: "born", Type: sql.TypeDate},
	{Name: "score", Type: sql.TypeDecimal},
	{Name: "seen", Type: sql.TypeTimestamp},
	{Name: "units", Type: sql.TypeUint},
	{Name: "raw", Type: sql.TypeBytes},
	{Name: "ratio", Type: sql.TypeFloat},
	{Name: "tags", Type: sql.TypeStrings},
	{Name: "sizes", Type: sql.TypeInts},
	{Name: "rates", Type: sql.TypeFloats},
}

// moreColumns are those that no trait can hold.
var moreColumns = []struct {
	name  string
	typ   *types.Type
	float floatKind
}{
	{"units", types.NewNullableType(types.UintType), finite},
	{"raw", types.NewNullableType(types.BytesType), finite},
	{"ratio", types.NewNullableType(types.DoubleType), nan},
	{"tags", types.NewListType(types.StringType), finite},
	{"sizes", types.NewListType(types.IntType), finite},
	{"rates", types.NewListType(types.DoubleType), finite},
}

func openDuck(tb testing.TB) *stdsql.DB {
	tb.Helper()
	db, err := stdsql.Open("duckdb", "")
	if err != nil {
		tb.Fatalf("opening DuckDB: %v", err)
	}
	db.SetMaxOpenConns(1)
	tb.Cleanup(func() { db.Close() })
	return db
}

func exec(tb testing.TB, db *stdsql.DB, query string, args ...any) {
	tb.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		tb.Fatalf("running %s: %v", query, err)
	}
}

// peopleTable is a row for each person, numbered.
var peopleTable = sql.Table{Space: sql.Work, Name: "people"}

func loadPeople(tb testing.TB, w *adapters.Warehouse, columns []sql.ColumnDef, rows []person) {
	tb.Helper()
	columns = append([]sql.ColumnDef{{Name: "id", Type: sql.TypeInt}}, columns...)
	if err := w.Exec(tb.Context(), sql.Drop{Table: peopleTable}, sql.CreateTable{Table: peopleTable, Columns: columns}); err != nil {
		tb.Fatal(err)
	}
	err := w.Load(tb.Context(), peopleTable, sql.ColumnNames(columns), func(yield func([]any, error) bool) {
		for i, p := range rows {
			row := []any{int64(i)}
			for _, c := range columns[1:] {
				row = append(row, loadable(p[c.Name], c.Type))
			}
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// loadable is a value as it is loaded into a column.
func loadable(v any, typ sql.Type) any {
	switch v := v.(type) {
	case uint64:
		return strconv.FormatUint(v, 10)
	case float64:
		if typ == sql.TypeDecimal {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		return v
	case []string:
		return loadableList(v)
	case []int64:
		return loadableList(v)
	case []float64:
		return loadableList(v)
	default:
		return v
	}
}

func loadableList[T any](list []T) []any {
	out := []any{}
	for _, v := range list {
		out = append(out, v)
	}
	return out
}

// generator makes typed expressions.
type generator struct {
	*rand.Rand
	// vars are the variables of the comprehensions around, by type.
	vars map[string][]string
}

func (g *generator) one(of ...func() string) string { return of[g.IntN(len(of))]() }

func (g *generator) word(of ...string) string { return of[g.IntN(len(of))] }

// leaf is a variable of the type, or one of the words.
func (g *generator) leaf(typ string, of ...string) string {
	if vars := g.vars[typ]; len(vars) > 0 && g.IntN(2) == 0 {
		return vars[g.IntN(len(vars))]
	}
	return g.word(of...)
}

// of is an expression of a type, by its name.
func (g *generator) of(typ string, d int) string {
	return map[string]func(int) string{
		"bool": g.bool, "string": g.string, "int": g.int, "uint": g.uint, "double": g.float, "bytes": g.bytes, "time": g.time, "span": g.span,
	}[typ](d)
}

// with makes an expression in which a new variable of the type is known.
func (g *generator) with(typ string, body func(name string) string) string {
	name := "v" + strconv.Itoa(len(g.vars["all"]))
	g.vars["all"] = append(g.vars["all"], name)
	g.vars[typ] = append(g.vars[typ], name)
	out := body(name)
	g.vars[typ] = g.vars[typ][:len(g.vars[typ])-1]
	return out
}

func (g *generator) bool(d int) string {
	if d <= 0 {
		return g.leaf("bool", "vip", "true", "false", "has(country)", "has(ltv)", "vip", "vip")
	}
	cmp := func() string { return g.word("==", "!=", "<", "<=", ">", ">=") }
	eq := func() string { return g.word("==", "!=") }
	scalar := func() string { return g.word("string", "int", "uint", "double", "bytes", "time", "span", "bool") }
	element := func() string { return g.word("string", "int", "double", "string", "int", "bool", "time", "uint") }
	number := func() string { return g.word("int", "uint", "double") }
	return g.one(
		func() string { return g.bool(0) },
		func() string { return "(" + g.bool(d-1) + g.word(" && ", " || ") + g.bool(d-1) + ")" },
		func() string { return "(" + g.bool(d-1) + g.word(" && ", " || ") + g.bool(d-1) + ")" },
		func() string { return "!(" + g.bool(d-1) + ")" },
		func() string { return "is_true(" + g.bool(d-1) + ")" },
		func() string { t := scalar(); return "(" + g.of(t, d-1) + " " + cmp() + " " + g.of(t, d-1) + ")" },
		func() string { t := scalar(); return "(" + g.of(t, d-1) + " " + cmp() + " " + g.of(t, d-1) + ")" },
		func() string { t := scalar(); return "(" + g.of(t, d-1) + " " + eq() + " " + g.of(t, d-1) + ")" },
		func() string {
			return "(" + g.of(number(), d-1) + " " + g.word("<", "<=", ">", ">=") + " " + g.of(number(), d-1) + ")"
		},
		func() string { return "(dyn(" + g.of(number(), d-1) + ") " + cmp() + " " + g.of(number(), d-1) + ")" },
		func() string {
			return "(" + g.word("country", "ltv", "age", "seen", "vip", "units", "raw", "ratio") + " " + eq() + " null)"
		},
		func() string { return "(" + g.bool(d-1) + " ? " + g.bool(d-1) + " : " + g.bool(d-1) + ")" },
		func() string {
			return g.string(d-1) + "." + g.word("contains", "startsWith", "endsWith") + "(" + g.string(d-1) + ")"
		},
		func() string { return g.string(d-1) + ".matches(" + g.pattern() + ")" },
		func() string {
			return "(" + g.string(d-1) + ` in ["FR", "é", ` + g.word("null", "city", `"fr"`) + "])"
		},
		func() string { t := element(); return "(" + g.of(t, d-1) + " in " + g.list(t, d-1) + ")" },
		func() string { t := element(); return "(" + g.list(t, d-1) + " " + eq() + " " + g.list(t, d-1) + ")" },
		func() string {
			t := element()
			return "sets." + g.word("contains", "intersects", "equivalent") + "(" + g.list(t, d-1) + ", " + g.list(t, d-1) + ")"
		},
		func() string { return g.loop(d, g.word("exists", "all", "exists_one")) },
		func() string { return g.loop(d, g.word("exists", "all", "exists_one")) },
		func() string { return "math." + g.word("isNaN", "isInf", "isFinite") + "(" + g.float(d-1) + ")" },
		func() string { return "bool(" + g.string(d-1) + ")" },
		func() string { return g.plain("bool", d) },
		func() string { return g.optional(scalar(), d-1) + ".hasValue()" },
		func() string {
			t := element()
			return "(" + g.optional(t, d-1) + " " + eq() + " " + g.optional(t, d-1) + ")"
		},
	)
}

// optional is an optional value of a type, and plain takes the value of one.
func (g *generator) optional(typ string, d int) string {
	if d <= 0 {
		return g.one(
			func() string { return "optional.of(" + g.of(typ, 0) + ")" },
			func() string { return "optional.ofNonZeroValue(" + g.of(typ, 0) + ")" },
			func() string { return g.list(typ, 0) + "[?" + g.word("0", "1", "age", "-1") + "]" },
		)
	}
	return g.one(
		func() string { return g.optional(typ, 0) },
		func() string { return "optional.of(" + g.of(typ, d-1) + ")" },
		func() string { return "optional.ofNonZeroValue(" + g.of(typ, d-1) + ")" },
		func() string { return g.list(typ, d-1) + "[?" + g.int(d-1) + "]" },
		func() string {
			return "optional." + g.word("of", "ofNonZeroValue") + "(" + g.list(typ, d-1) + ")[?" + g.int(d-1) + "]"
		},
		func() string { return g.optional(typ, d-1) + ".or(" + g.optional(typ, d-1) + ")" },
		func() string { return g.optional(typ, d-1) + ".or(optional.none())" },
		func() string {
			return "(" + g.bool(d-1) + " ? " + g.optional(typ, d-1) + " : " + g.word("optional.none()", g.optional(typ, d-1)) + ")"
		},
		func() string {
			from := g.word("string", "int", "double", "time", "bool")
			o := g.optional(from, d-1)
			return g.with(from, func(name string) string { return o + ".optMap(" + name + ", " + g.of(typ, d-1) + ")" })
		},
		func() string {
			from := g.word("string", "int", "double")
			o := g.optional(from, d-1)
			return g.with(from, func(name string) string { return o + ".optFlatMap(" + name + ", " + g.optional(typ, d-1) + ")" })
		},
	)
}

func (g *generator) plain(typ string, d int) string {
	if g.IntN(3) == 0 {
		return g.optional(typ, d-1) + ".value()"
	}
	return g.optional(typ, d-1) + ".orValue(" + g.of(typ, d-1) + ")"
}

// loop is a comprehension that asks a condition of each element.
func (g *generator) loop(d int, word string) string {
	t := g.word("string", "int", "double", "string", "int", "time")
	list := g.list(t, d-1)
	return g.with(t, func(name string) string { return list + "." + word + "(" + name + ", " + g.bool(d-1) + ")" })
}

func (g *generator) pattern() string {
	return g.word(`"^[A-Z]+$"`, `"."`, `"^.$"`, `"[0-9]+\\.?"`, `""`, `"(?i)fr"`, `"\\s"`, `"(?i)É"`, `"^A.B$"`, `"(?s)^A.B$"`, `"(?m)^B$"`, `"\\pL"`, `"[^a-z]"`, `"\\bFR\\b"`, `"(?U)a+"`, `"\\d$"`, `"[[:alpha:]]"`, `"\\W"`, `"x{0,2}"`, `"(a|b)*$"`, `"\\x{1F600}"`, `"(?i)ß"`, `"(?i)k"`)
}

// list is a list of a type.
func (g *generator) list(typ string, d int) string {
	column := map[string]string{"string": "tags", "int": "sizes", "double": "rates"}[typ]
	if d <= 0 {
		if column != "" && g.IntN(2) == 0 {
			return column
		}
		n := 1 + g.IntN(3)
		items := make([]string, n)
		for i := range items {
			items[i] = g.of(typ, 0)
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	options := []func() string{
		func() string { return g.list(typ, 0) },
		func() string { return g.list(typ, 0) },
		func() string { return "[" + g.of(typ, d-1) + ", " + g.of(typ, d-1) + "]" },
		func() string { return "[?" + g.optional(typ, d-1) + ", " + g.of(typ, d-1) + "]" },
		func() string { return "(" + g.list(typ, d-1) + " + " + g.list(typ, d-1) + ")" },
		func() string { return g.list(typ, d-1) + ".reverse()" },
		func() string { return g.list(typ, d-1) + ".distinct()" },
		func() string { return g.list(typ, d-1) + ".sort()" },
		func() string {
			return g.list(typ, d-1) + ".slice(" + strconv.Itoa(g.IntN(2)) + ", " + g.word("1", "2", "3", g.int(d-1)) + ")"
		},
		func() string {
			list := g.list(typ, d-1)
			return g.with(typ, func(name string) string { return list + ".filter(" + name + ", " + g.bool(d-1) + ")" })
		},
		func() string {
			from := g.word("string", "int", "double")
			list := g.list(from, d-1)
			return g.with(from, func(name string) string { return list + ".map(" + name + ", " + g.of(typ, d-1) + ")" })
		},
		func() string { return "(" + g.bool(d-1) + " ? " + g.list(typ, d-1) + " : " + g.list(typ, d-1) + ")" },
	}
	switch typ {
	case "string":
		options = append(options, func() string { return g.string(d-1) + ".split(" + g.word(`","`, `""`, `"é"`, `"'"`) + ")" },
			func() string {
				return g.string(d-1) + ".split(" + g.word(`","`, `""`, `" "`) + ", " + g.word("-1", "0", "1", "2", "3") + ")"
			})
	case "int":
		options = append(options, func() string { return "lists.range(" + g.word("0", "1", "4", "age % 5") + ")" })
	}
	return g.one(options...)
}

func (g *generator) string(d int) string {
	if d <= 0 {
		return g.leaf("string", "country", "city", strconv.Quote(someStrings[g.IntN(len(someStrings))]), `"FR"`)
	}
	position := func() string { return g.word("0", "1", "2", "-1", g.int(d-1)) }
	return g.one(
		func() string { return g.string(0) },
		func() string { return "(" + g.string(d-1) + " + " + g.string(d-1) + ")" },
		func() string {
			return g.string(d-1) + "." + g.word("lowerAscii", "upperAscii", "trim", "reverse") + "()"
		},
		func() string { return "string(" + g.of(g.word("int", "bool", "uint", "bytes", "time"), d-1) + ")" },
		func() string { return "(" + g.bool(d-1) + " ? " + g.string(d-1) + " : " + g.string(d-1) + ")" },
		func() string { return g.string(d-1) + ".charAt(" + position() + ")" },
		func() string { return g.string(d-1) + ".substring(" + position() + ")" },
		func() string { return g.string(d-1) + ".substring(" + position() + ", " + position() + ")" },
		func() string {
			return g.string(d-1) + ".replace(" + g.word(`"F"`, `"é"`, `"'"`, `"aa"`) + ", " + g.string(d-1) + ")"
		},
		func() string { return g.list("string", d-1) + ".join(" + g.word("", `","`, `"é"`) + ")" },
		func() string { return g.list("string", d-1) + "[" + position() + "]" },
		func() string { return g.plain("string", d) },
	)
}

func (g *generator) bytes(d int) string {
	if d <= 0 {
		return g.word("raw", "raw", `b"FR"`, `b"\xff\x00"`, `b""`)
	}
	return g.one(
		func() string { return g.bytes(0) },
		func() string { return "(" + g.bytes(d-1) + " + " + g.bytes(d-1) + ")" },
		func() string { return "bytes(" + g.string(d-1) + ")" },
		func() string { return g.plain("bytes", d) },
	)
}

func (g *generator) uint(d int) string {
	if d <= 0 {
		return g.leaf("uint", "units", "units", strconv.FormatUint(someUints[g.IntN(len(someUints))], 10)+"u", "3u")
	}
	return g.one(
		func() string { return g.uint(0) },
		func() string {
			return "(" + g.uint(d-1) + g.word(" + ", " - ", " * ", " / ", " % ") + g.uint(d-1) + ")"
		},
		func() string { return "uint(" + g.of(g.word("int", "double", "string"), d-1) + ")" },
		func() string {
			return "math." + g.word("bitAnd", "bitOr", "bitXor") + "(" + g.uint(d-1) + ", " + g.uint(d-1) + ")"
		},
		func() string { return "math." + g.word("abs", "sign", "bitNot") + "(" + g.uint(d-1) + ")" },
		func() string {
			return "math." + g.word("greatest", "least") + "(" + g.uint(d-1) + ", " + g.uint(d-1) + ")"
		},
		func() string { return g.plain("uint", d) },
	)
}

func (g *generator) int(d int) string {
	if d <= 0 {
		return g.leaf("int", "age", "age", strconv.FormatInt(someInts[g.IntN(len(someInts))], 10), "7", "-3", "0")
	}
	part := func() string {
		return g.time(d-1) + "." + g.word("getFullYear", "getMonth", "getDayOfMonth", "getDate", "getDayOfWeek", "getDayOfYear",
			"getHours", "getMinutes", "getSeconds", "getMilliseconds") + "(" + g.word("", "", `"Europe/Paris"`, `"America/New_York"`, `"+05:30"`, `"Asia/Kathmandu"`, `"-11:00"`) + ")"
	}
	return g.one(
		func() string { return g.int(0) },
		func() string { return "(" + g.int(d-1) + g.word(" + ", " - ", " * ", " / ", " % ") + g.int(d-1) + ")" },
		func() string { return "-(" + g.int(d-1) + ")" },
		func() string { return "size(" + g.string(d-1) + ")" },
		func() string { return "size(" + g.bytes(d-1) + ")" },
		func() string { return "int(" + g.of(g.word("double", "string", "time", "uint"), d-1) + ")" },
		func() string { return "int(" + g.of(g.word("double", "string", "time", "uint"), d-1) + ")" },
		func() string { return g.span(d-1) + "." + g.word("getHours", "getMinutes", "getSeconds") + "()" },
		part, part,
		func() string { return "(" + g.bool(d-1) + " ? " + g.int(d-1) + " : " + g.int(d-1) + ")" },
		func() string {
			return g.string(d-1) + "." + g.word("indexOf", "lastIndexOf") + "(" + g.string(d-1) + ")"
		},
		func() string {
			return g.string(d-1) + "." + g.word("indexOf", "lastIndexOf") + "(" + g.string(d-1) + ", " + g.word("0", "1", g.int(d-1)) + ")"
		},
		func() string { return "size(" + g.list(g.word("string", "int", "double", "time"), d-1) + ")" },
		func() string { return g.list("int", d-1) + "[" + g.word("0", "1", g.int(d-1)) + "]" },
		func() string {
			return "math." + g.word("bitAnd", "bitOr", "bitXor") + "(" + g.int(d-1) + ", " + g.int(d-1) + ")"
		},
		func() string { return "math." + g.word("abs", "sign", "bitNot") + "(" + g.int(d-1) + ")" },
		func() string {
			return "math." + g.word("greatest", "least") + "(" + g.int(d-1) + ", " + g.int(d-1) + ", 3)"
		},
		func() string { return g.plain("int", d) },
	)
}

func (g *generator) float(d int) string {
	if d <= 0 {
		f := someFloats[g.IntN(len(someFloats))]
		text := strconv.FormatFloat(f, 'e', -1, 64)
		return g.leaf("double", "ltv", "score", "ltv", "ratio", text, "0.0", "2.5")
	}
	return g.one(
		func() string { return g.float(0) },
		func() string { return "(" + g.float(d-1) + g.word(" + ", " - ", " * ", " / ") + g.float(d-1) + ")" },
		func() string { return "-(" + g.float(d-1) + ")" },
		func() string { return "double(" + g.of(g.word("int", "string", "uint"), d-1) + ")" },
		func() string { return "(" + g.bool(d-1) + " ? " + g.float(d-1) + " : " + g.float(d-1) + ")" },
		func() string {
			return "math." + g.word("abs", "sign", "ceil", "floor", "round", "trunc", "sqrt") + "(" + g.float(d-1) + ")"
		},
		func() string { return "math.sqrt(" + g.of(g.word("int", "uint"), d-1) + ")" },
		func() string {
			return "math." + g.word("greatest", "least") + "(" + g.float(d-1) + ", " + g.float(d-1) + ")"
		},
		func() string { return g.list("double", d-1) + "[" + g.word("0", "1", g.int(d-1)) + "]" },
		func() string { return g.plain("double", d) },
	)
}

func (g *generator) time(d int) string {
	if d <= 0 {
		return g.leaf("time", "seen", "born", "now", "seen", `timestamp("`+someTimes[g.IntN(len(someTimes))]+`")`)
	}
	return g.one(
		func() string { return g.time(0) },
		func() string { return "(" + g.time(d-1) + g.word(" + ", " - ") + g.span(d-1) + ")" },
		func() string { return "(" + g.span(d-1) + " + " + g.time(d-1) + ")" },
		func() string { return "timestamp(" + g.int(d-1) + ")" },
		func() string { return "timestamp(" + g.string(d-1) + ")" },
		func() string { return "(" + g.bool(d-1) + " ? " + g.time(d-1) + " : " + g.time(d-1) + ")" },
		func() string { return g.list("time", d-1) + "[" + g.word("0", "1", g.int(d-1)) + "]" },
		func() string { return g.plain("time", d) },
	)
}

func (g *generator) span(d int) string {
	if d <= 0 {
		return g.leaf("span", "days(30)", "hours(-5)", `duration("1.5s")`, "minutes(age)", "days(age)")
	}
	return g.one(
		func() string { return g.span(0) },
		func() string { return "(" + g.time(d-1) + " - " + g.time(d-1) + ")" },
		func() string { return "(" + g.span(d-1) + g.word(" + ", " - ") + g.span(d-1) + ")" },
		func() string { return g.plain("span", d) },
	)
}

// TestDifferential holds SQL in DuckDB against cel-go's interpreter on the same
// checked expressions: each as a value, and each condition as a segment's, where
// no answer is no. CUSTOMHOUSE_SEED is where a failure says it began; with
// CUSTOMHOUSE_LONG the test goes on from there.
func TestDifferential(t *testing.T) {
	t.Parallel()
	for _, w := range warehouses {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			most := math.MaxInt
			if w.name == "clickhouse" && os.Getenv("CUSTOMHOUSE_LONG") == "" {
				most = 3_000 // it takes its time to understand a statement
			}
			if w.most > 0 {
				most = w.most
			}
			differ(t, w.open, most)
		})
	}
}

func differ(t *testing.T, open func(testing.TB) *adapters.Warehouse, most int) {
	t.Helper()
	want := 10_000
	switch {
	case os.Getenv("CUSTOMHOUSE_LONG") != "":
		want = 1_000_000
	case testing.Short():
		want = 1_000
	}
	want = min(want, most)
	seed, batches := uint64(20260301), math.MaxInt
	if text := os.Getenv("CUSTOMHOUSE_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
		if os.Getenv("CUSTOMHOUSE_LONG") == "" {
			batches = 1
		}
	}
	// Each shard has an engine or a session of its own, since most of the time is
	// the warehouse's reading of the queries.
	shards := min(runtime.GOMAXPROCS(0), batches)
	for shard := range shards {
		t.Run(strconv.Itoa(shard), func(t *testing.T) {
			t.Parallel()
			d := &differential{w: open(t), why: map[string]int{}}
			for i := shard; i < batches && d.tried < want/shards && !t.Failed(); i += shards {
				d.batch(t, seed+uint64(i), 50)
			}
			t.Logf("from seed %d: %d expressions, %d more refused, %d values, %d of them NULL", seed, d.tried, d.refused, d.values, d.nulls)
			for why, n := range d.why {
				t.Logf("%6d refused: %s", n, why)
			}
			if d.refused > d.tried || d.nulls > d.values/2 && batches > 1 {
				t.Errorf("too much is refused or NULL for the test to say much")
			}
		})
	}
}

type differential struct {
	w                             *adapters.Warehouse
	tried, refused, values, nulls int
	why                           map[string]int
}

// attempt is an expression that the compiler took.
type attempt struct {
	text string
	typ  *types.Type
	may  bool // be NULL
	run  interpreter.Interpretable
	// value is in SQL; condition too, of a truth value.
	value, condition sql.Expr
}

// batch tries n expressions, all in one query.
func (d *differential) batch(t *testing.T, seed uint64, n int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	g := &generator{r, map[string][]string{}}
	rows := people(r, 40)
	if dialect := d.w.Printer().Dialect; dialect == sql.ClickHouse || dialect == sql.BigQuery {
		// Their clocks, east and west of Greenwich, end with the years 1 and 9999.
		for _, p := range rows {
			if seen, ok := p["seen"].(time.Time); ok && seen.Year() == 1 {
				p["seen"] = seen.AddDate(1, 0, 0)
			} else if ok && seen.Year() == 9999 {
				p["seen"] = seen.AddDate(-1, 0, 0)
			}
		}
	}
	c := newCompiler(project(t, shop))
	if !c.prepare() || !c.declare(nil) {
		t.Fatalf("declaring: %v", c.found)
	}
	for _, m := range moreColumns {
		if err := c.column(m.name, m.typ, m.float); err != nil {
			t.Fatal(err)
		}
	}
	// Literals are calculated here or by the warehouse: both must be right.
	c.unfolded = seed%2 == 0
	v := &Evaluator{c: c}
	// Most are small: an expression costs as its SQL is long, and finds little
	// that two others do not.
	depth := []int{1, 1, 2, 1, 2, 1, 3, 1, 2, 1}
	var list []attempt
	for i := range n {
		text := g.of(g.word("bool", "bool", "bool", "string", "int", "uint", "double", "bytes", "time", "span"), depth[i%len(depth)])
		if i%10 == 0 {
			text = g.list(g.word("string", "int", "double"), depth[i%7])
		}
		c.found, c.failed = nil, false
		a, ok := try(t, v, text)
		if !ok {
			d.refused++
			for _, f := range c.found {
				d.why[f.Code+": "+f.Summary[strings.LastIndexByte(f.Summary[:min(len(f.Summary), 30)], '"')+1:]]++
				if strings.Contains(f.Code, "internal") || f.Code == "cel-syntax" || strings.HasPrefix(f.Code, "unknown") {
					t.Errorf("CUSTOMHOUSE_SEED=%d: %s: %s", seed, text, f.Summary)
				}
			}
			continue
		}
		list = append(list, a)
	}
	loadPeople(t, d.w, traitColumns, rows)
	list = d.sayable(list)
	got, err := ask(t, d.w, list)
	if err != nil {
		for _, a := range list {
			if _, err := ask(t, d.w, []attempt{a}); err != nil {
				t.Errorf("CUSTOMHOUSE_SEED=%d: %s\n%s\n%v", seed, a.text, printedFor(t, d.w, a.value), err)
			}
		}
		return
	}
	d.tried += len(list)
	for k, p := range rows {
		vars := map[string]any{"now": types.Timestamp{Time: c.asOf}}
		for name, v := range p {
			if vars[name] = v; v == nil {
				vars[name] = types.NullValue
			}
		}
		known, err := interpreter.NewActivation(vars)
		if err != nil {
			t.Fatal(err)
		}
		column := 0
		for _, a := range list {
			want := comparedAs(a.run.Eval(known))
			d.values++
			if want == nil {
				d.nulls++
			}
			value := fromWarehouse(a.typ, got[k][column])
			column++
			if !cmp.Equal(want, value, cmpopts.EquateNaNs()) {
				t.Errorf("CUSTOMHOUSE_SEED=%d: %s\n%s\nrow %v\ngot %v, want %v", seed, a.text, printedFor(t, d.w, a.value), p, value, want)
			}
			if value == nil && !a.may {
				t.Errorf("CUSTOMHOUSE_SEED=%d: %s is NULL though it says that it never is", seed, a.text)
			}
			if a.condition == nil {
				continue
			}
			if in := got[k][column]; in != (want == true) {
				t.Errorf("CUSTOMHOUSE_SEED=%d: %s, as a segment\n%s\nrow %v\ngot %v, want %v", seed, a.text, printedFor(t, d.w, a.condition), p, in, want == true)
			}
			column++
		}
		if t.Failed() {
			return
		}
	}
}

// try compiles an expression; ok is false where it is refused.
func try(t *testing.T, v *Evaluator, text string) (a attempt, ok bool) {
	t.Helper()
	c := v.c
	e := newExpression("trait", "x", text, strict.Text{})
	e.parse(c.lang.parser)
	c.reportParsed(e)
	if e.broken {
		return a, false
	}
	c.standardLoops(e.ast.Expr())
	if !c.check(e) {
		return a, false
	}
	tr := newTranslator(c, e)
	x := e.ast.Expr()
	val := tr.value(x)
	if !tr.bad && val.tuple != nil {
		val = tr.array(x, val, tr.elementType(val))
	}
	if tr.bad || !tr.bounded(val.expr) {
		return a, false
	}
	a = attempt{text: text, typ: val.typ, may: val.null || val.err, value: tr.typed(val)}
	if val.kind() == types.BoolKind {
		again := newTranslator(c, e)
		cond := again.cond(x)
		if again.bad || !again.bounded(cond) {
			t.Errorf("%s: fine as a value, refused as a condition: %v", text, c.found)
			return a, false
		}
		if !total(cond) {
			cond = sql.Fn(sql.Coalesce, cond, sql.Bool(false))
		}
		a.condition = cond
	}
	var err error
	p, err := v.plan(e)
	if err != nil {
		t.Fatalf("planning %s: %v", text, err)
	}
	a.run = p.run
	return a, true
}

// sayable are the attempts that the warehouse has words for; the others are
// refused by its dialect.
func (d *differential) sayable(list []attempt) []attempt {
	var out []attempt
	for _, a := range list {
		if _, err := d.w.Printer().Expr(a.value); err != nil {
			d.refused++
			d.why[err.Error()]++
			continue
		}
		out = append(out, a)
	}
	return out
}

func printedFor(tb testing.TB, w *adapters.Warehouse, e sql.Expr) string {
	tb.Helper()
	text, err := w.Printer().Expr(e)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// ask evaluates all in one query, a row for each person.
func ask(tb testing.TB, w *adapters.Warehouse, list []attempt) (out [][]any, err error) {
	tb.Helper()
	q := &sql.Select{From: sql.TableRef{Table: peopleTable, As: Row}, OrderBy: []sql.Order{sql.Asc(sql.Col(Row, "id"))}}
	add := func(e sql.Expr) { q.Items = append(q.Items, sql.As(e, "v"+strconv.Itoa(len(q.Items)))) }
	for _, a := range list {
		if typ, ok := columnType(a.typ); ok && a.typ.Kind() == types.ListKind {
			add(sql.FnOf(typ, sql.ListColumn, a.value))
		} else {
			add(a.value)
		}
		if a.condition != nil {
			add(a.condition)
		}
	}
	if len(list) == 0 {
		add(sql.Int(1))
	}
	rows, err := w.Query(tb.Context(), q)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		values := make([]any, len(q.Items))
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		}
		out = append(out, values)
	}
}

// comparedAs is a value of the interpreter as Go compares it: nil for null and
// for errors.
func comparedAs(v ref.Val) any {
	switch v := v.(type) {
	case types.Null, *types.Err:
		return nil
	case types.Timestamp:
		return v.UTC()
	case types.Duration:
		return v.Duration
	case traits.Lister:
		list := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			list = append(list, comparedAs(it.Next()))
		}
		return list
	default:
		return v.Value()
	}
}

// fromWarehouse is fromDriver of what may be NULL.
func fromWarehouse(typ *types.Type, v any) any {
	if v == nil {
		return nil
	}
	return fromDriver(typ, v)
}

func same(a, b any) bool {
	if x, ok := a.(time.Time); ok {
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	}
	if x, ok := a.(float64); ok {
		y, ok := b.(float64)
		return ok && (x == y || math.IsNaN(x) && math.IsNaN(y))
	}
	return a == b
}

func queryColumn(db *stdsql.DB, query string) (out []any, err error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v any
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		if at, ok := v.(time.Time); ok {
			v = at.UTC()
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
