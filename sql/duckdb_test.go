package sql_test

import (
	dbsql "database/sql"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	duckdb "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/customhouse-cdp/customhouse/sql"
)

// printer prints for DuckDB; tables have bare names.
func printer() *sql.Printer {
	return &sql.Printer{Dialect: sql.DuckDB, Names: func(t sql.Table) []string { return []string{t.Name} }}
}

// engine opens an empty DuckDB in memory.
func engine(tb testing.TB) *dbsql.DB {
	tb.Helper()
	db, err := dbsql.Open("duckdb", "?threads=2&autoinstall_known_extensions=false&autoload_known_extensions=false")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("SET TimeZone = 'UTC'"); err != nil {
		tb.Fatal(err)
	}
	return db
}

// eval is the value of a one-row, one-column query; decimals as text.
func eval(tb testing.TB, db *dbsql.DB, query string) any {
	tb.Helper()
	var v any
	if err := db.QueryRow(query).Scan(&v); err != nil {
		tb.Fatalf("%s\n%v", query, err)
	}
	switch v := v.(type) {
	case int32:
		return int64(v)
	case duckdb.Decimal:
		return v.String()
	case time.Time:
		return v.UTC()
	default:
		return v
	}
}

func i64(n int64) sql.Expr    { return sql.Cast{Expr: sql.Int(n), To: sql.TypeInt} }
func str(s string) sql.Expr   { return sql.String(s) }
func at(text string) sql.Expr { return sql.Timestamp(instant(text)) }
func instant(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

// TestFunctions checks what each function means, on the engine, with its
// arguments as literals and once more as columns: the engine takes other ways
// for each.
func TestFunctions(t *testing.T) {
	db := engine(t)
	null := sql.Null{Type: sql.TypeInt}
	nullText := sql.Null{Type: sql.TypeString}
	day := int64(24 * time.Hour / time.Microsecond)
	const least, most = math.MinInt64, math.MaxInt64
	cases := []meaning{
		{sql.Fn(sql.Eq, i64(1), i64(1)), true},
		{sql.Fn(sql.Ne, i64(1), i64(1)), false},
		{sql.Fn(sql.Lt, i64(1), null), nil},
		{sql.Fn(sql.Le, str("B"), str("a")), true},
		{sql.Fn(sql.Gt, str("é"), str("z")), true},
		{sql.Fn(sql.Ge, str("a"), str("A")), true},
		{sql.Fn(sql.Same, null, null), true},
		{sql.Fn(sql.Same, i64(1), null), false},
		{sql.Fn(sql.Differ, i64(1), null), true},
		{sql.Fn(sql.Not, sql.Bool(true)), false},
		{sql.Fn(sql.IsNull, null), true},
		{sql.Fn(sql.IsNotNull, null), false},
		{sql.Fn(sql.Coalesce, null, i64(2), i64(3)), int64(2)},

		{sql.Fn(sql.IntAdd, i64(2), i64(3)), int64(5)},
		{sql.Fn(sql.IntAdd, i64(most), i64(1)), nil},
		{sql.Fn(sql.IntAdd, i64(1), null), nil},
		{sql.Fn(sql.IntSub, i64(least), i64(1)), nil},
		{sql.Fn(sql.IntSub, i64(1), i64(-1)), int64(2)},
		{sql.Fn(sql.IntMul, i64(most), i64(2)), nil},
		{sql.Fn(sql.IntMul, i64(least), i64(-1)), nil},
		{sql.Fn(sql.IntMul, i64(-3), i64(2)), int64(-6)},
		{sql.Fn(sql.IntDiv, i64(-7), i64(2)), int64(-3)},
		{sql.Fn(sql.IntDiv, i64(7), i64(-2)), int64(-3)},
		{sql.Fn(sql.IntDiv, i64(1), i64(0)), nil},
		{sql.Fn(sql.IntDiv, i64(least), i64(-1)), nil},
		{sql.Fn(sql.IntMod, i64(-7), i64(2)), int64(-1)},
		{sql.Fn(sql.IntMod, i64(7), i64(-2)), int64(1)},
		{sql.Fn(sql.IntMod, i64(1), i64(0)), nil},
		{sql.Fn(sql.IntMod, i64(least), i64(-1)), nil},
		{sql.Fn(sql.IntNeg, i64(-30)), int64(30)},
		{sql.Fn(sql.IntNeg, i64(least)), nil},
		{sql.Fn(sql.AddFast, i64(1), i64(-2)), int64(-1)},
		{sql.Fn(sql.SubFast, i64(1), i64(-2)), int64(3)},

		{sql.Fn(sql.FloatAdd, sql.Float(0.1), sql.Float(0.2)), 0.1 + zero + 0.2},
		{sql.Fn(sql.FloatAdd, sql.Float(math.MaxFloat64), sql.Float(math.MaxFloat64)), math.Inf(1)},
		{sql.Fn(sql.FloatSub, sql.Float(math.Inf(1)), sql.Float(math.Inf(1))), math.NaN()},
		{sql.Fn(sql.FloatMul, sql.Float(1e300), sql.Float(-1e300)), math.Inf(-1)},
		{sql.Fn(sql.FloatDiv, sql.Float(1), sql.Float(0)), math.Inf(1)},
		{sql.Fn(sql.FloatDiv, sql.Float(0), sql.Float(0)), math.NaN()},
		{sql.Fn(sql.FloatDiv, sql.Float(1), sql.Float(3)), 1.0 / 3},
		{sql.Fn(sql.FloatNeg, sql.Float(-1.5)), 1.5},
		{sql.Fn(sql.IsNaN, sql.Float(math.NaN())), true},
		{sql.Fn(sql.IsNaN, sql.Float(math.Inf(1))), false},

		{sql.Fn(sql.IntToFloat, i64(1<<53+1)), float64(1 << 53)},
		{sql.Fn(sql.FloatToInt, sql.Float(-1.9)), int64(-1)},
		{sql.Fn(sql.FloatToInt, sql.Float(1.9)), int64(1)},
		{sql.Fn(sql.FloatToInt, sql.Float(1e19)), nil},
		{sql.Fn(sql.FloatToInt, sql.Float(-9223372036854775808)), nil},
		{sql.Fn(sql.FloatToInt, sql.Float(9223372036854775807)), nil},
		{sql.Fn(sql.FloatToInt, sql.Float(-9223372036854774784)), int64(-9223372036854774784)},
		{sql.Fn(sql.FloatToInt, sql.Float(math.NaN())), nil},
		{sql.Fn(sql.FloatToInt, sql.Float(math.Inf(-1))), nil},
		{sql.Fn(sql.IntToString, i64(least)), "-9223372036854775808"},
		{sql.Fn(sql.BoolToString, sql.Bool(true)), "true"},
		{sql.Fn(sql.BoolToString, sql.Null{Type: sql.TypeBool}), nil},

		{sql.Fn(sql.Concat, str("a"), str("\x00b")), "a\x00b"},
		{sql.Fn(sql.Concat, str("a"), nullText), nil},
		{sql.Fn(sql.ConcatAll, str("a"), str(""), str("\x00b"), str("c")), "a\x00bc"},
		{sql.Fn(sql.Length, str("añ😀e\u0301")), int64(5)},
		{sql.Fn(sql.Length, str("a\x00b")), int64(3)},
		{sql.Fn(sql.Contains, str("a%b"), str("%")), true},
		{sql.Fn(sql.Contains, str("ab"), str("%")), false},
		{sql.Fn(sql.Contains, str("ab"), str("")), true},
		{sql.Fn(sql.StartsWith, str("_ab"), str("_")), true},
		{sql.Fn(sql.StartsWith, str("ab"), str("_")), false},
		{sql.Fn(sql.EndsWith, str("ab\\"), str("\\")), true},
		{sql.Fn(sql.LowerASCII, str("ABZ É[@`")), "abz É[@`"},
		{sql.Fn(sql.UpperASCII, str("abz é{@`")), "ABZ é{@`"},
		{sql.Fn(sql.Matches, str("xaby"), str("a.y?$|ab")), true},
		{sql.Fn(sql.Matches, str("a\nb"), str("a.b")), false},
		{sql.Fn(sql.Matches, str("a\nb"), str("^b")), false},
		{sql.Fn(sql.Matches, str("É"), str("(?i)é")), true},
		{sql.Fn(sql.MatchesAll, str("ab"), str("a")), false},
		{sql.Fn(sql.MatchesAll, str("ab"), str("a|ab")), true},
		{sql.Fn(sql.RegexpReplace, str("a1b22"), str("[0-9]+"), str("#")), "a#b#"},
		{sql.Fn(sql.RegexpExtract, str("k=v;k=w"), str("k=([a-z])")), "v"},
		{sql.Fn(sql.Replace, str("aXbX"), str("X"), str("")), "ab"},
		{sql.Fn(sql.Substr, str("añ😀b"), i64(2), i64(2)), "ñ😀"},
		{sql.Fn(sql.Substr, str("e\u0301x"), i64(2), i64(1)), "\u0301"},
		{sql.Fn(sql.Substr, str("abc"), i64(3), i64(5)), "c"},
		{sql.Fn(sql.Substr, str("abc"), i64(9), i64(5)), ""},
		{sql.Fn(sql.TrimSpace, str(" \t\n\v\f\r\u0085\u00a0\u1680\u2003\u2028\u202f\u205f\u3000a b\u3000 \n")), "a b"},
		{sql.Fn(sql.TrimSpace, str(" \u200b ")), "\u200b"},
		{sql.Fn(sql.TrimSpace, str(" ")), ""},
		{sql.Fn(sql.Lower, str("ÀÉİΣ")), "àéiσ"},
		{sql.Fn(sql.NullIfEmpty, str("")), nil},
		{sql.Fn(sql.NullIfEmpty, str(" ")), " "},
		{sql.Fn(sql.Sha256, str("é")), "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"},
		{sql.Fn(sql.Position, str("é😀b"), str("b")), int64(3)},
		{sql.Fn(sql.Position, str("ab"), str("x")), int64(0)},
		{sql.Fn(sql.Text, i64(-7)), "-7"},

		{sql.Fn(sql.TimeAdd, at("2026-01-31T00:00:00Z"), i64(day)), instant("2026-02-01T00:00:00Z")},
		{sql.Fn(sql.TimeAdd, at("9999-12-31T00:00:00Z"), i64(day)), nil},
		{sql.Fn(sql.TimeAdd, at("9999-12-31T00:00:00Z"), i64(day-1)), instant("9999-12-31T23:59:59.999999Z")},
		{sql.Fn(sql.TimeAdd, at("2026-01-01T00:00:00Z"), i64(most)), nil},
		{sql.Fn(sql.TimeAdd, at("2026-01-01T00:00:00Z"), null), nil},
		{sql.Fn(sql.TimeSub, at("0001-01-01T00:00:00Z"), i64(1)), nil},
		{sql.Fn(sql.TimeSub, at("0001-01-01T00:00:00.000001Z"), i64(1)), instant("0001-01-01T00:00:00Z")},
		{sql.Fn(sql.TimeSub, at("2026-01-01T00:00:00Z"), i64(least)), nil},
		{sql.Fn(sql.TimeDiff, at("2026-01-02T00:00:00Z"), at("2026-01-01T00:00:00.000001Z")), day - 1},
		{sql.Fn(sql.TimeDiff, at("9999-01-01T00:00:00Z"), at("0001-01-01T00:00:00Z")), nil},
		{sql.Fn(sql.TimeDiff, at("9999-01-01T00:00:00Z"), sql.Null{Type: sql.TypeTimestamp}), nil},
		{sql.Fn(sql.EpochSeconds, at("1969-12-31T23:59:59.5Z")), int64(-1)},
		{sql.Fn(sql.EpochSeconds, at("1969-12-31T23:59:59Z")), int64(-1)},
		{sql.Fn(sql.EpochSeconds, at("9999-12-31T23:59:59.999999Z")), int64(253402300799)},
		{sql.Fn(sql.EpochSeconds, at("0001-01-01T00:00:00.000001Z")), int64(-62135596800)},
		{sql.Fn(sql.EpochMicros, at("9999-12-31T23:59:59.999999Z")), int64(253402300799999999)},
		{sql.Fn(sql.TimeText, at("0001-02-03T04:05:06.00007Z")), "0001-02-03T04:05:06.000070Z"},
		{sql.Fn(sql.TimeText, at("9999-12-31T23:59:59Z")), "9999-12-31T23:59:59.000000Z"},

		{sql.Fn(sql.Least, i64(3), null, i64(2)), int64(2)},
		{sql.Fn(sql.Greatest, null, i64(3), i64(2)), int64(3)},
		{sql.Fn(sql.Greatest, null, null), nil},
	}
	for text, want := range map[string]any{
		"12": int64(12), "+12": int64(12), "-9223372036854775808": int64(least), "007": int64(7),
		"9223372036854775808": nil, " 12": nil, "12 ": nil, "12\n": nil, "1e3": nil, "0x10": nil, "1_000": nil, "12.0": nil, "": nil, "-": nil, "１２": nil,
	} {
		cases = append(cases, meaning{sql.Fn(sql.StringToInt, str(text)), want})
	}
	for text, want := range map[string]any{
		"1.5": 1.5, "-.5": -0.5, "5.": 5.0, "1e3": 1000.0, "+1E-2": 0.01, "1e-400": 0.0, "0.1": 0.1, "179769313486231570000": 1.7976931348623157e20,
		"1e400": nil, "-1e400": nil, " 1": nil, "1 ": nil, "0x1p4": nil, "1_0": nil, "": nil, ".": nil, "e5": nil, "abc": nil,
	} {
		cases = append(cases, meaning{sql.Fn(sql.StringToFloat, str(text)), want})
	}
	checkMeanings(t, db, cases)
}

// meaning is what a call gives.
type meaning struct {
	call sql.Call
	want any
}

// checkMeanings evaluates calls, of literals and of columns. What must be a
// literal (a pattern, a separator, a lambda) stays one.
func checkMeanings(t *testing.T, db *dbsql.DB, cases []meaning) {
	t.Helper()
	written := map[sql.Func]bool{
		sql.Matches: true, sql.MatchesAll: true, sql.RegexpExtract: true, sql.RegexpReplace: true,
		sql.Split: true, sql.JoinText: true, sql.ListMap: true, sql.ListFilter: true,
	}
	p := printer()
	for _, c := range cases {
		literal, err := p.Expr(c.call)
		if err != nil {
			t.Fatal(err)
		}
		// The same over columns of a table that the optimiser cannot fold.
		items := make([]sql.Item, len(c.call.Args))
		args := make([]sql.Expr, len(c.call.Args))
		for i, a := range c.call.Args {
			name := "c" + strconv.Itoa(i)
			items[i], args[i] = sql.As(a, name), sql.Col("t", name)
			if i == 1 && written[c.call.Func] {
				items[i], args[i] = sql.As(sql.Int(0), name), a
			}
		}
		create, err := p.Statement(sql.CreateTableAs{Table: sql.Table{Space: sql.Work, Name: "t"}, Query: &sql.Select{Items: items}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(create[0]); err != nil {
			t.Fatalf("%s\n%v", create[0], err)
		}
		column, err := p.Query(&sql.Select{
			Items: []sql.Item{sql.As(sql.Fn(c.call.Func, args...), "v")},
			From:  sql.TableRef{Table: sql.Table{Space: sql.Work, Name: "t"}, As: "t"},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range []string{"SELECT " + literal, column} {
			if d := cmp.Diff(c.want, eval(t, db, query), cmpopts.EquateNaNs()); d != "" {
				t.Errorf("%s (-want +got):\n%s", query, d)
			}
		}
	}
}

// zero keeps the compiler from adding constants exactly.
var zero = 0.0

// TestNarrowing compares with constants what must be NULL: the engine's
// optimiser moves comparisons through casts.
func TestNarrowing(t *testing.T) {
	db := engine(t)
	if _, err := db.Exec(`CREATE TABLE t AS SELECT * FROM (VALUES (9223372036854775807, '9223372036854775808', 1e19), (9223372036854775807, '99999999999999999999', -1e19)) v(n, s, f)`); err != nil {
		t.Fatal(err)
	}
	p := printer()
	for _, e := range []sql.Expr{
		sql.Fn(sql.Sum, sql.Col("", "n")),
		sql.Fn(sql.Max, sql.Fn(sql.StringToInt, sql.Col("", "s"))),
		sql.Fn(sql.Max, sql.Fn(sql.FloatToInt, sql.Col("", "f"))),
		sql.Fn(sql.Max, sql.Fn(sql.IntAdd, sql.Col("", "n"), sql.Int(1))),
	} {
		for _, f := range []sql.Func{sql.Eq, sql.Ne, sql.Lt, sql.Le, sql.Gt, sql.Ge} {
			query, err := p.Query(&sql.Select{
				Items: []sql.Item{sql.As(sql.Fn(f, e, sql.Int(5)), "v")},
				From:  sql.TableRef{Table: sql.Table{Space: sql.Work, Name: "t"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := eval(t, db, query); got != nil {
				t.Errorf("%s: got %v, want NULL", query, got)
			}
		}
	}
}

// TestTimeZones compares date parts in zones with Go's, around changes of
// the clock, at the ends of time and before the zones were standard.
func TestTimeZones(t *testing.T) {
	db := engine(t)
	p := printer()
	zones := []string{"UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca"}
	times := []string{
		"2026-01-01T00:30:00.123456Z", "2026-03-29T00:59:59.999999Z", "2026-03-29T01:00:00Z", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z",
		"2024-02-29T23:59:59Z", "2025-12-31T23:30:00Z", "1969-12-31T23:59:59.999999Z", "1975-06-01T12:00:00Z", "2050-07-01T12:00:00Z", "2011-12-30T11:00:00Z",
	}
	parts := map[sql.Func]func(time.Time) int64{
		sql.Year:         func(t time.Time) int64 { return int64(t.Year()) },
		sql.Month:        func(t time.Time) int64 { return int64(t.Month()) },
		sql.DayOfMonth:   func(t time.Time) int64 { return int64(t.Day()) },
		sql.DayOfYear:    func(t time.Time) int64 { return int64(t.YearDay()) },
		sql.DayOfWeek:    func(t time.Time) int64 { return int64(t.Weekday()) },
		sql.Hours:        func(t time.Time) int64 { return int64(t.Hour()) },
		sql.Minutes:      func(t time.Time) int64 { return int64(t.Minute()) },
		sql.Seconds:      func(t time.Time) int64 { return int64(t.Second()) },
		sql.Milliseconds: func(t time.Time) int64 { return int64(t.Nanosecond() / 1e6) },
	}
	for _, zone := range zones {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range times {
			for part, want := range parts {
				e, err := p.Expr(sql.Fn(part, sql.Fn(sql.InZone, at(text), str(zone))))
				if err != nil {
					t.Fatal(err)
				}
				if got := eval(t, db, "SELECT "+e); got != want(instant(text).In(location)) {
					t.Errorf("%s: got %v, want %d", e, got, want(instant(text).In(location)))
				}
			}
		}
	}
}

// TestTryCast reads text as the declared types do.
func TestTryCast(t *testing.T) {
	db := engine(t)
	p := printer()
	for _, c := range []struct {
		text string
		to   sql.Type
		want any
	}{
		{"2026-01-01T00:00:00+02:00", sql.TypeTimestamp, instant("2025-12-31T22:00:00Z")},
		{"2026-01-01T00:00:00Z", sql.TypeTimestamp, instant("2026-01-01T00:00:00Z")},
		{"2026-01-01 01:02:03.456789", sql.TypeTimestamp, instant("2026-01-01T01:02:03.456789Z")},
		{"2026-01-01", sql.TypeTimestamp, instant("2026-01-01T00:00:00Z")},
		{"2026-02-30", sql.TypeTimestamp, nil},
		{"yesterday", sql.TypeTimestamp, nil},
		{"", sql.TypeTimestamp, nil},
		{"2026-01-31", sql.TypeDate, instant("2026-01-31T00:00:00Z")},
		{"12.5", sql.TypeDecimal, "12.500000000"},
		{"x", sql.TypeDecimal, nil},
		{"true", sql.TypeBool, true},
		{"maybe", sql.TypeBool, nil},
	} {
		for _, source := range []sql.Expr{str(c.text), sql.Col("t", "v")} {
			query, err := p.Query(&sql.Select{
				Items: []sql.Item{sql.As(sql.TryCast{Expr: source, To: c.to}, "v")},
				From:  sql.Derived{Query: &sql.Select{Items: []sql.Item{sql.As(str(c.text), "v")}}, As: "t"},
			})
			if err != nil {
				t.Fatal(err)
			}
			got := eval(t, db, query)
			if c.to == sql.TypeDecimal && got != nil {
				// The driver's decimal drops zeros; the number is what counts.
				c.want = strings.TrimRight(fmt.Sprint(c.want), "0")
				got = strings.TrimRight(fmt.Sprint(got), "0")
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", query, d)
			}
		}
	}
	// What is no text is cast as it is.
	for _, source := range []string{"TIMESTAMP '2026-01-01 01:00:00'", "TIMESTAMPTZ '2026-01-01 03:00:00+02'", "TIMESTAMP_NS '2026-01-01 01:00:00'"} {
		if _, err := db.Exec("CREATE OR REPLACE TABLE t AS SELECT " + source + " AS v"); err != nil {
			t.Fatal(err)
		}
		e, err := p.Expr(sql.TryCast{Expr: sql.Col("t", "v"), To: sql.TypeTimestamp})
		if err != nil {
			t.Fatal(err)
		}
		if got := eval(t, db, "SELECT "+e+" FROM t"); got != instant("2026-01-01T01:00:00Z") {
			t.Errorf("%s: got %v", source, got)
		}
	}
}

// TestAggregates runs each aggregate over rows in several orders.
func TestAggregates(t *testing.T) {
	db := engine(t)
	p := printer()
	v, k, g := sql.Col("", "v"), sql.Col("", "k"), sql.Col("", "tie")
	for _, c := range []struct {
		name string
		rows string // v, k, tie
		call sql.Call
		want any
	}{
		{"count all", "(1,1,1),(NULL,1,1)", sql.Fn(sql.CountAll), int64(2)},
		{"count", "(1,1,1),(NULL,1,1)", sql.Fn(sql.Count, v), int64(1)},
		{"count distinct", "(1,1,1),(1,1,1),(NULL,1,1)", sql.Fn(sql.CountDistinct, v), int64(1)},
		{"sum", "(1,1,1),(2,1,1),(NULL,1,1)", sql.Fn(sql.Sum, v), int64(3)},
		{"sum of nothing", "(NULL,1,1)", sql.Fn(sql.Sum, v), nil},
		{"sum too large", "(9223372036854775807,1,1),(1,1,1)", sql.Fn(sql.Sum, v), nil},
		{"sum passes the limit on its way", "(9223372036854775807,1,1),(1,1,1),(-1,1,1)", sql.Fn(sql.Sum, v), int64(math.MaxInt64)},
		{"sum exact", "(1,1,1),(2,1,1)", sql.Fn(sql.SumExact, sql.Cast{Expr: v, To: sql.TypeDecimal}), "3"},
		{"sum float", "(1,1,1),(2,1,1),(NULL,1,1)", sql.Fn(sql.SumFloat, sql.Cast{Expr: v, To: sql.TypeFloat}), 3.0},
		{"sum float of nothing", "(NULL,1,1),(NULL,1,1)", sql.Fn(sql.SumFloat, sql.Cast{Expr: v, To: sql.TypeFloat}), nil},
		{"min", "(2,1,1),(1,1,1),(NULL,1,1)", sql.Fn(sql.Min, v), int64(1)},
		{"max", "(2,1,1),(1,1,1),(NULL,1,1)", sql.Fn(sql.Max, v), int64(2)},
		{"bool or", "(1,1,1),(2,1,1),(NULL,1,1)", sql.Fn(sql.BoolOr, sql.Fn(sql.Eq, v, sql.Int(2))), true},
		{"bool and", "(1,1,1),(2,1,1),(NULL,1,1)", sql.Fn(sql.BoolAnd, sql.Fn(sql.Eq, v, sql.Int(2))), false},
		{"bool and of nothing", "(NULL,1,1)", sql.Fn(sql.BoolAnd, sql.Fn(sql.Eq, v, sql.Int(2))), nil},
		{"arg max", "(5,1,1),(3,2,1),(4,2,1)", sql.Fn(sql.ArgMax, v, k), int64(4)},
		{"arg max skips NULL values", "(5,1,1),(NULL,2,1)", sql.Fn(sql.ArgMax, v, k), int64(5)},
		{"arg max: a NULL key loses", "(9,NULL,1),(5,-1,1)", sql.Fn(sql.ArgMax, v, k), int64(5)},
		{"arg max: only NULL keys", "(9,NULL,1),(5,NULL,1)", sql.Fn(sql.ArgMax, v, k), int64(9)},
		{"arg max of nothing", "(NULL,1,1)", sql.Fn(sql.ArgMax, v, k), nil},
		{"arg min", "(5,1,1),(3,1,1),(4,2,1)", sql.Fn(sql.ArgMin, v, k), int64(3)},
		{"arg min: a NULL key loses", "(1,NULL,1),(5,7,1)", sql.Fn(sql.ArgMin, v, k), int64(5)},
		{"arg min skips NULL values", "(5,2,1),(NULL,1,1)", sql.Fn(sql.ArgMin, v, k), int64(5)},
		{"arg max row", "(5,2,1),(3,2,2),(9,1,9)", sql.Fn(sql.ArgMaxRow, v, k, g), int64(3)},
		{"arg max row keeps NULL values", "(5,1,1),(NULL,2,1)", sql.Fn(sql.ArgMaxRow, v, k, g), nil},
		{"arg max row: a NULL key loses", "(5,1,1),(6,NULL,1)", sql.Fn(sql.ArgMaxRow, v, k, g), int64(5)},
		{"arg max row: equal rows", "(5,1,1),(6,1,1),(NULL,1,1)", sql.Fn(sql.ArgMaxRow, v, k, g), int64(6)},
		{"arg min row", "(5,1,2),(3,1,1),(9,2,0)", sql.Fn(sql.ArgMinRow, v, k, g), int64(3)},
		{"arg min row keeps NULL values", "(5,2,1),(NULL,1,1)", sql.Fn(sql.ArgMinRow, v, k, g), nil},
		{"mode", "(3,1,1),(3,1,1),(1,1,1),(1,1,1),(0,1,1),(NULL,1,1),(NULL,1,1),(NULL,1,1)", sql.Fn(sql.Mode, v), int64(1)},
		{"mode of nothing", "(NULL,1,1)", sql.Fn(sql.Mode, v), nil},
		{"list distinct", "(3,1,1),(1,1,1),(NULL,1,1),(3,1,1),(2,1,1)", sql.Fn(sql.ListDistinct, v), []any{int64(1), int64(2), int64(3)}},
		{"list distinct of nothing", "(NULL,1,1)", sql.Fn(sql.ListDistinct, v), nil},
		{"list contains", "(3,1,1),(1,1,1)", sql.Fn(sql.ListContains, sql.Fn(sql.ListDistinct, v), sql.Int(3)), true},
		{"list length", "(3,1,1),(1,1,1)", sql.Fn(sql.ListLength, sql.Fn(sql.ListDistinct, v)), int64(2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := p.Expr(c.call)
			if err != nil {
				t.Fatal(err)
			}
			for _, order := range []string{"", " ORDER BY v", " ORDER BY v DESC", " ORDER BY k, tie DESC"} {
				query := "SELECT " + e + " FROM (SELECT v::BIGINT AS v, k::BIGINT AS k, tie::BIGINT AS tie FROM (VALUES " + c.rows + ") t(v, k, tie)" + order + ")"
				if d := cmp.Diff(c.want, eval(t, db, query)); d != "" {
					t.Errorf("%s (-want +got):\n%s", query, d)
				}
			}
		})
	}
	e, err := p.Expr(sql.Fn(sql.Max, v))
	if err != nil {
		t.Fatal(err)
	}
	if got := eval(t, db, "SELECT "+e+" FROM (SELECT 1::BIGINT AS v WHERE false)"); got != nil {
		t.Errorf("max of no rows: got %v", got)
	}
}

// TestSumFloat adds doubles of very different size in ten orders, with the
// rows in one group and in many, on several threads.
func TestSumFloat(t *testing.T) {
	db := engine(t)
	e, err := printer().Expr(sql.Fn(sql.SumFloat, sql.Col("", "x")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`CREATE TABLE t AS SELECT i, i % 1000 AS g, (hash(i) % 1000000007) * pow(10, (hash(i + 1) % 30)::INT - 15) * (CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END) AS x FROM range(200000) r(i)`); err != nil {
		t.Fatal(err)
	}
	results := map[string]bool{}
	plain := map[string]bool{}
	for order := range 10 {
		from := fmt.Sprintf("(SELECT * FROM t ORDER BY hash(i * %d + 1))", order)
		for sum, into := range map[string]map[string]bool{e: results, "sum(x)": plain} {
			got := eval(t, db, "SELECT string_agg(s::VARCHAR, ' ' ORDER BY g) || (SELECT "+sum+" FROM "+from+") FROM (SELECT g, "+sum+" AS s FROM "+from+" GROUP BY g)")
			into[got.(string)] = true
		}
	}
	if len(results) != 1 {
		t.Errorf("%d different sums", len(results))
	}
	if len(plain) == 1 {
		t.Error("a plain sum agrees with itself in ten orders: the rows prove nothing")
	}
}

// TestSpaceAndCase compares every code point with package unicode.
func TestSpaceAndCase(t *testing.T) {
	db := engine(t)
	p := printer()
	trim, err := p.Expr(sql.Fn(sql.TrimSpace, sql.Col("", "c")))
	if err != nil {
		t.Fatal(err)
	}
	lower, err := p.Expr(sql.Fn(sql.Lower, sql.Col("", "c")))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query("SELECT i, " + trim + " = '' AS space, " + lower + " AS lower FROM (SELECT i, chr(i::INT) AS c FROM range(1114112) r(i) WHERE i NOT BETWEEN 55296 AND 57343)")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r rune
		var space bool
		var lower string
		if err := rows.Scan(&r, &space, &lower); err != nil {
			t.Fatal(err)
		}
		if space != unicode.IsSpace(r) {
			t.Errorf("%U: white space is %v", r, space)
		}
		if want := string(unicode.ToLower(r)); lower != want {
			t.Errorf("%U: lower case is %q, want %q", r, lower, want)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
