package expr

import (
	stdsql "database/sql"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/sql"
)

// person is one row of traits; nil is a missing value.
type person map[string]any

var (
	someStrings = []string{"", "FR", "fr", "é", "日本", "a'b", "100", "-5", "1e3", " x\u00a0", `\n`, "12.5", "😀ß", "-9223372036854775808", "%_", "A\nB"}
	someInts    = []int64{0, 1, -1, 5, 42, 2147483647, math.MaxInt64, math.MinInt64, -7}
	someFloats  = []float64{0, math.Copysign(0, -1), 0.1, 1e308, -1e308, 100.5, 9.3e18, -9.3e18, 5e-324, 3, -2.5, 9007199254740993}
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
		for name := range p {
			if r.IntN(4) == 0 || i == 0 {
				p[name] = nil
			}
		}
		out[i] = p
	}
	return out
}

var traitColumns = []struct{ name, typ string }{
	{"country", "VARCHAR"},
	{"city", "VARCHAR"},
	{"vip", "BOOLEAN"},
	{"ltv", "DOUBLE"},
	{"age", "BIGINT"},
	{"born", "DATE"},
	{"score", "DECIMAL(38,9)"},
	{"seen", "TIMESTAMP"},
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

func loadPeople(tb testing.TB, db *stdsql.DB, rows []person) {
	tb.Helper()
	defs := []string{"id BIGINT"}
	for _, c := range traitColumns {
		defs = append(defs, c.name+" "+c.typ)
	}
	exec(tb, db, "CREATE TABLE people ("+strings.Join(defs, ", ")+")")
	for i, p := range rows {
		args := []any{int64(i)}
		for _, c := range traitColumns {
			args = append(args, p[c.name])
		}
		exec(tb, db, "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, CAST(? AS DOUBLE), ?)", args...)
	}
}

// generator makes typed expressions.
type generator struct{ *rand.Rand }

func (g generator) one(of ...func() string) string { return of[g.IntN(len(of))]() }

func (g generator) word(of ...string) string { return of[g.IntN(len(of))] }

func (g generator) bool(d int) string {
	if d <= 0 {
		return g.word("vip", "true", "false", "has(country)", "has(ltv)", "vip", "vip")
	}
	cmp := func() string { return g.word("==", "!=", "<", "<=", ">", ">=") }
	eq := func() string { return g.word("==", "!=") }
	return g.one(
		func() string { return g.bool(0) },
		func() string { return "(" + g.bool(d-1) + g.word(" && ", " || ") + g.bool(d-1) + ")" },
		func() string { return "!(" + g.bool(d-1) + ")" },
		func() string { return "is_true(" + g.bool(d-1) + ")" },
		func() string { return "(" + g.string(d-1) + " " + cmp() + " " + g.string(d-1) + ")" },
		func() string { return "(" + g.int(d-1) + " " + cmp() + " " + g.int(d-1) + ")" },
		func() string { return "(" + g.float(d-1) + " " + cmp() + " " + g.float(d-1) + ")" },
		func() string {
			return "(" + g.float(d-1) + " " + g.word("<", "<=", ">", ">=") + " " + g.int(d-1) + ")"
		},
		func() string { return "(" + g.time(d-1) + " " + cmp() + " " + g.time(d-1) + ")" },
		func() string { return "(" + g.span(d-1) + " " + cmp() + " " + g.span(d-1) + ")" },
		func() string { return "(" + g.bool(d-1) + " " + eq() + " " + g.bool(d-1) + ")" },
		func() string { return "(" + g.word("country", "ltv", "age", "seen", "vip") + " " + eq() + " null)" },
		func() string { return "(" + g.bool(d-1) + " ? " + g.bool(d-1) + " : " + g.bool(d-1) + ")" },
		func() string {
			return g.string(d-1) + "." + g.word("contains", "startsWith", "endsWith") + "(" + g.string(d-1) + ")"
		},
		func() string {
			return g.string(d-1) + ".matches(" + g.word(`"^[A-Z]+$"`, `"."`, `"^.$"`, `"[0-9]+\\.?"`, `""`, `"(?i)fr"`, `"\\s"`) + ")"
		},
		func() string {
			return "(" + g.string(d-1) + ` in ["FR", "é", ` + g.word("null", "city", `"fr"`) + "])"
		},
		func() string { return "(" + g.int(d-1) + " in [1, 5, 42])" },
		func() string { return "(" + g.float(d-1) + " in [0.0, 100.5])" },
	)
}

func (g generator) string(d int) string {
	if d <= 0 {
		return g.word("country", "city", strconv.Quote(someStrings[g.IntN(len(someStrings))]), `"FR"`)
	}
	return g.one(
		func() string { return g.string(0) },
		func() string { return "(" + g.string(d-1) + " + " + g.string(d-1) + ")" },
		func() string { return g.string(d-1) + "." + g.word("lowerAscii", "upperAscii", "trim") + "()" },
		func() string { return "string(" + g.int(d-1) + ")" },
		func() string { return "string(" + g.bool(d-1) + ")" },
		func() string { return "(" + g.bool(d-1) + " ? " + g.string(d-1) + " : " + g.string(d-1) + ")" },
	)
}

func (g generator) int(d int) string {
	if d <= 0 {
		return g.word("age", "age", strconv.FormatInt(someInts[g.IntN(len(someInts))], 10), "7", "-3", "0")
	}
	part := func() string {
		return g.time(d-1) + "." + g.word("getFullYear", "getMonth", "getDayOfMonth", "getDate", "getDayOfWeek", "getDayOfYear",
			"getHours", "getMinutes", "getSeconds", "getMilliseconds") + "(" + g.word("", "", `"Europe/Paris"`, `"America/New_York"`) + ")"
	}
	return g.one(
		func() string { return g.int(0) },
		func() string { return "(" + g.int(d-1) + g.word(" + ", " - ", " * ", " / ", " % ") + g.int(d-1) + ")" },
		func() string { return "-(" + g.int(d-1) + ")" },
		func() string { return "size(" + g.string(d-1) + ")" },
		func() string { return "int(" + g.float(d-1) + ")" },
		func() string { return "int(" + g.string(d-1) + ")" },
		func() string { return "int(" + g.time(d-1) + ")" },
		func() string { return g.span(d-1) + "." + g.word("getHours", "getMinutes", "getSeconds") + "()" },
		part, part,
		func() string { return "(" + g.bool(d-1) + " ? " + g.int(d-1) + " : " + g.int(d-1) + ")" },
	)
}

func (g generator) float(d int) string {
	if d <= 0 {
		f := someFloats[g.IntN(len(someFloats))]
		text := strconv.FormatFloat(f, 'e', -1, 64)
		return g.word("ltv", "score", "ltv", text, "0.0", "2.5")
	}
	return g.one(
		func() string { return g.float(0) },
		func() string { return "(" + g.float(d-1) + g.word(" + ", " - ", " * ", " / ") + g.float(d-1) + ")" },
		func() string { return "-(" + g.float(d-1) + ")" },
		func() string { return "double(" + g.int(d-1) + ")" },
		func() string { return "double(" + g.string(d-1) + ")" },
		func() string { return "(" + g.bool(d-1) + " ? " + g.float(d-1) + " : " + g.float(d-1) + ")" },
	)
}

func (g generator) time(d int) string {
	if d <= 0 {
		return g.word("seen", "born", "now", "seen", `timestamp("`+someTimes[g.IntN(len(someTimes))]+`")`)
	}
	return g.one(
		func() string { return g.time(0) },
		func() string { return "(" + g.time(d-1) + g.word(" + ", " - ") + g.span(d-1) + ")" },
		func() string { return "(" + g.span(d-1) + " + " + g.time(d-1) + ")" },
		func() string { return "timestamp(" + g.int(d-1) + ")" },
		func() string { return "(" + g.bool(d-1) + " ? " + g.time(d-1) + " : " + g.time(d-1) + ")" },
	)
}

func (g generator) span(d int) string {
	if d <= 0 {
		return g.word("days(30)", "hours(-5)", `duration("1.5s")`, "minutes(age)", "days(age)")
	}
	return g.one(
		func() string { return g.span(0) },
		func() string { return "(" + g.time(d-1) + " - " + g.time(d-1) + ")" },
		func() string { return "(" + g.span(d-1) + g.word(" + ", " - ") + g.span(d-1) + ")" },
	)
}

// bench is one compiler that expressions are tried on.
type bench struct {
	c *compiler
	v *Evaluator
}

func newBench(tb testing.TB) *bench {
	tb.Helper()
	c := newCompiler(project(tb, shop))
	if !c.prepare() || !c.declare(nil) {
		tb.Fatalf("declaring: %v", c.found)
	}
	return &bench{c, &Evaluator{c: c, programs: map[string]program{}}}
}

func (b *bench) parse(kind, text string) *expression {
	e := newExpression(kind, "x", text, strict.Text{})
	e.parse(b.c.lang.parser)
	b.c.reportParsed(e)
	return e
}

// eval is what cel-go's interpreter says: nil for null and for errors.
func (b *bench) eval(tb testing.TB, e *expression, p person) any {
	tb.Helper()
	prg, err := b.v.plan(e)
	if err != nil {
		tb.Fatalf("planning %s: %v", string(e.src.runes), err)
	}
	s := b.v.On(Profile{Traits: p}, b.c.asOf)
	out, err := native(prg.run.Eval(s))
	if err != nil || s.err != nil {
		tb.Fatalf("evaluating %s: %v, %v", string(e.src.runes), err, s.err)
	}
	return out
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

// TestDifferential holds SQL in DuckDB against cel-go's interpreter on the same
// checked expressions.
func TestDifferential(t *testing.T) {
	n := 800
	if testing.Short() {
		n = 200
	}
	seed := uint64(20260301)
	r := rand.New(rand.NewPCG(seed, 1))
	g := generator{r}
	db := openDuck(t)
	rows := people(r, 40)
	loadPeople(t, db, rows)
	b := newBench(t)
	compared, refused, nulls := 0, 0, 0
	why := map[string]int{}
	for i := range n {
		d := 1 + i%4
		text := g.one(
			func() string { return g.bool(d) }, func() string { return g.bool(d) }, func() string { return g.string(d) },
			func() string { return g.int(d) }, func() string { return g.float(d) }, func() string { return g.time(d) },
		)
		b.c.found, b.c.failed = nil, false
		e := b.parse("trait", text)
		compiled, ok := b.c.translateTrait(e)
		if !ok {
			for _, f := range b.c.found {
				if f.Severity == 1 {
					why[f.Code+": "+f.Summary[:min(60, len(f.Summary))]]++
					if strings.Contains(f.Code, "internal") || f.Code == "cel-syntax" || strings.HasPrefix(f.Code, "unknown") {
						t.Errorf("%s: %s", text, f.Summary)
					}
				}
			}
			refused++
			continue
		}
		columns := []sql.Expr{compiled.Expr}
		if compiled.Type == sql.TypeBool {
			segment, ok := b.c.compileSegment(b.parse("segment", text), map[string]int{})
			if !ok {
				t.Errorf("%s: fine as a trait, refused as a segment: %v", text, b.c.found)
				continue
			}
			columns = append(columns, segment.Expr)
		}
		for kind, column := range columns {
			query := "SELECT " + printed(t, column) + ` FROM people AS "p" ORDER BY id`
			got, err := queryColumn(db, query)
			if err != nil {
				t.Errorf("%s\n%s\n%v", text, query, err)
				continue
			}
			for k, p := range rows {
				want := b.eval(t, e, p)
				if kind == 1 && want == nil {
					want = false
				}
				compared++
				if want == nil {
					nulls++
				}
				if !same(got[k], want) {
					t.Errorf("%s\n%s\nrow %v\ngot %v (%T), want %v (%T)", text, query, p, got[k], got[k], want, want)
					break
				}
				if kind == 0 && got[k] == nil && !compiled.Nullable {
					t.Errorf("%s is NULL though it says that it never is", text)
				}
			}
		}
	}
	t.Logf("seed %d: %d expressions, %d refused, %d values compared, %d of them NULL", seed, n, refused, compared, nulls)
	for k, v := range why {
		t.Logf("%4d %s", v, k)
	}
	if compared < n*20 {
		t.Errorf("only %d values were compared", compared)
	}
}
