package sql_test

import (
	"math"
	"testing"

	"github.com/customhouse-cdp/customhouse/sql"
)

// TestLanguageFunctions checks what expressions ask beyond comparing and
// adding: unsigned numbers, mathematics, conversions, texts and lists.
func TestLanguageFunctions(t *testing.T) {
	const least, most = math.MinInt64, math.MaxInt64
	u := func(text string) sql.Expr { return sql.Cast{Expr: sql.String(text), To: sql.TypeUint} }
	f := func(x float64) sql.Expr { return sql.Float(x) }
	raw := func(hex string) sql.Expr { return sql.Fn(sql.HexToBytes, sql.String(hex)) }
	ints := func(ns ...int64) sql.Expr {
		args := make([]sql.Expr, len(ns))
		for i, n := range ns {
			args[i] = i64(n)
		}
		return sql.Cast{Expr: sql.Fn(sql.ListOf, args...), To: sql.TypeInts}
	}
	texts := func(ss ...string) sql.Expr {
		args := make([]sql.Expr, len(ss))
		for i, s := range ss {
			args[i] = str(s)
		}
		return sql.Cast{Expr: sql.Fn(sql.ListOf, args...), To: sql.TypeStrings}
	}
	list := func(of ...any) []any { return append([]any{}, of...) }
	noText, noInt, noInts := sql.Null{Type: sql.TypeString}, sql.Null{Type: sql.TypeInt}, sql.Null{Type: sql.TypeInts}
	x := sql.Col("", "x")
	double := sql.Lambda{Param: "x", Body: sql.Fn(sql.IntMul, x, i64(2))}
	large := sql.Lambda{Param: "x", Body: sql.Fn(sql.Gt, x, i64(2))}
	huge := "18446744073709551615"
	negativeZero := math.Copysign(0, -1)
	cases := []meaning{
		{sql.Fn(sql.UintAdd, u(huge), u("0")), uint64(math.MaxUint64)},
		{sql.Fn(sql.UintAdd, u(huge), u("1")), nil},
		{sql.Fn(sql.UintSub, u("1"), u("2")), nil},
		{sql.Fn(sql.UintSub, u("3"), u("2")), uint64(1)},
		{sql.Fn(sql.UintMul, u(huge), u("2")), nil},
		{sql.Fn(sql.UintMul, u("3"), u("2")), uint64(6)},
		{sql.Fn(sql.UintDiv, u("7"), u("2")), uint64(3)},
		{sql.Fn(sql.UintDiv, u("7"), u("0")), nil},
		{sql.Fn(sql.UintMod, u("7"), u("2")), uint64(1)},
		{sql.Fn(sql.UintMod, u("7"), u("0")), nil},
		{sql.Fn(sql.Lt, i64(-1), u(huge)), true},
		{sql.Fn(sql.Eq, i64(7), u("7")), true},

		{sql.Fn(sql.IntAbs, i64(-7)), int64(7)},
		{sql.Fn(sql.IntAbs, i64(least)), nil},
		{sql.Fn(sql.IntSign, i64(-7)), int64(-1)},
		{sql.Fn(sql.UintSign, u("7")), uint64(1)},
		{sql.Fn(sql.FloatAbs, f(-1.5)), 1.5},
		{sql.Fn(sql.FloatSign, f(-1.5)), -1.0},
		{sql.Fn(sql.FloatSign, f(math.NaN())), math.NaN()},
		{sql.Fn(sql.Ceil, f(1.2)), 2.0},
		{sql.Fn(sql.Floor, f(-1.2)), -2.0},
		{sql.Fn(sql.Round, f(2.5)), 3.0},
		{sql.Fn(sql.Round, f(-2.5)), -3.0},
		{sql.Fn(sql.Round, f(0.49999999999999994)), 0.0},
		{sql.Fn(sql.Trunc, f(-1.9)), -1.0},
		{sql.Fn(sql.Sqrt, f(9)), 3.0},
		{sql.Fn(sql.Sqrt, f(-1)), math.NaN()},
		{sql.Fn(sql.IsInf, f(math.Inf(-1))), true},
		{sql.Fn(sql.IsFinite, f(math.NaN())), false},
		{sql.Fn(sql.BitAnd, i64(-1), i64(6)), int64(6)},
		{sql.Fn(sql.BitOr, i64(1), i64(6)), int64(7)},
		{sql.Fn(sql.BitXor, i64(-1), i64(6)), int64(-7)},
		{sql.Fn(sql.BitNot, i64(6)), int64(-7)},
		{sql.Fn(sql.BitNot, u("0")), uint64(math.MaxUint64)},

		{sql.Fn(sql.IntToUint, i64(-1)), nil},
		{sql.Fn(sql.IntToUint, i64(most)), uint64(most)},
		{sql.Fn(sql.UintToInt, u(huge)), nil},
		{sql.Fn(sql.UintToInt, u("7")), int64(7)},
		{sql.Fn(sql.FloatToUint, f(1.9)), uint64(1)},
		{sql.Fn(sql.FloatToUint, f(-0.5)), nil},
		{sql.Fn(sql.FloatToUint, f(18446744073709549568)), uint64(18446744073709549568)},
		{sql.Fn(sql.FloatToUint, f(18446744073709551616)), nil},
		{sql.Fn(sql.FloatToUint, f(math.NaN())), nil},
		{sql.Fn(sql.FloatToUint, f(negativeZero)), uint64(0)},
		{sql.Fn(sql.StringToUint, str(huge)), uint64(math.MaxUint64)},
		{sql.Fn(sql.StringToUint, str("+1")), nil},
		{sql.Fn(sql.StringToUint, str("18446744073709551616")), nil},
		{sql.Fn(sql.StringToBool, str("True")), true},
		{sql.Fn(sql.StringToBool, str("f")), false},
		{sql.Fn(sql.StringToBool, str("yes")), nil},
		{sql.Fn(sql.StringToBool, noText), nil},
		{sql.Fn(sql.StringToBytes, str("é")), []byte("é")},
		{sql.Fn(sql.BytesToString, raw("c3a9")), "é"},
		{sql.Fn(sql.BytesToString, raw("ff")), nil},
		{sql.Fn(sql.BytesLength, raw("c3a9")), int64(2)},
		{sql.Fn(sql.TimeRFC3339, at("0001-02-03T04:05:06.00007Z")), "0001-02-03T04:05:06.00007Z"},
		{sql.Fn(sql.TimeRFC3339, at("2026-10-20T00:00:00Z")), "2026-10-20T00:00:00Z"},
		{sql.Fn(sql.Year, sql.Fn(sql.InOffset, at("9999-12-31T23:59:59Z"), i64(3_600_000_000))), int64(10000)},

		{sql.Fn(sql.LastPosition, str("aaaé"), str("aa")), int64(2)},
		{sql.Fn(sql.LastPosition, str("aé"), str("")), int64(3)},
		{sql.Fn(sql.LastPosition, str("a"), str("aa")), int64(0)},
		{sql.Fn(sql.LastPosition, noText, str("a")), nil},
		{sql.Fn(sql.ReverseText, str("e\u0301👩\u200d👧")), "👧\u200d👩\u0301e"},
		{sql.Fn(sql.ReverseText, str("")), ""},
		{sql.Fn(sql.Split, str("a,,b"), str(",")), list("a", "", "b")},
		{sql.Fn(sql.Split, str(""), str(",")), list("")},
		{sql.Fn(sql.SplitChars, str("é👩\u200d👧")), list("é", "👩", "\u200d", "👧")},
		{sql.Fn(sql.SplitChars, str("")), list()},
		{sql.Fn(sql.JoinText, texts("a", "", "b"), str("é")), "aééb"},
		{sql.Fn(sql.JoinText, texts(), str(",")), ""},
		{sql.Fn(sql.NullIf, i64(1), i64(1)), nil},

		{sql.Fn(sql.ListOf, i64(1), i64(2)), list(int64(1), int64(2))},
		{sql.Fn(sql.ListConcat, ints(1), ints(), ints(2)), list(int64(1), int64(2))},
		{sql.Fn(sql.ListContains, ints(1, 2), i64(2)), true},
		{sql.Fn(sql.ListContains, ints(1, 2), noInt), nil},
		{sql.Fn(sql.ListLength, ints()), int64(0)},
		{sql.Fn(sql.ListGet, ints(5, 6), i64(2)), int64(6)},
		{sql.Fn(sql.ListGet, ints(5, 6), i64(3)), nil},
		{sql.Fn(sql.ListSlice, ints(5, 6, 7), i64(2), i64(3)), list(int64(6), int64(7))},
		{sql.Fn(sql.ListSlice, ints(5, 6), i64(2), i64(1)), list()},
		{sql.Fn(sql.ListReverse, ints(5, 6)), list(int64(6), int64(5))},
		{sql.Fn(sql.ListSort, ints(6, -1, 5)), list(int64(-1), int64(5), int64(6))},
		{sql.Fn(sql.ListSort, texts("é", "z", "Z", "")), list("", "Z", "z", "é")},
		{sql.Fn(sql.ListUnique, ints(2, 1, 2)), list(int64(2), int64(1))},
		{sql.Fn(sql.ListHasAll, ints(1, 2), ints(2, 2)), true},
		{sql.Fn(sql.ListHasAll, ints(1, 2), ints()), true},
		{sql.Fn(sql.ListHasAny, ints(1, 2), ints(3, 2)), true},
		{sql.Fn(sql.ListHasAny, ints(1, 2), ints()), false},
		{sql.Fn(sql.ListMax, ints(1, 3)), int64(3)},
		{sql.Fn(sql.ListMin, ints()), nil},
		{sql.Fn(sql.ListMap, ints(1, most), double), list(int64(2), nil)},
		{sql.Fn(sql.ListMap, noInts, double), nil},
		{sql.Fn(sql.ListFilter, ints(1, 3), large), list(int64(3))},
		{sql.Fn(sql.Range, i64(3)), list(int64(0), int64(1), int64(2))},
		{sql.Fn(sql.Range, i64(0)), list()},
	}
	for text, want := range map[string]any{
		"2026-03-01T12:00:00Z": instant("2026-03-01T12:00:00Z"), "2026-03-01T12:00:00.123456+05:30": instant("2026-03-01T06:30:00.123456Z"),
		"2026-02-30T00:00:00Z": nil, "2026-03-01": nil, "2026-03-01T12:00:00": nil, "2026-03-01T12:00:00.1234567Z": nil, "2026-03-01T12:00:00z": nil,
		"2026-03-01T1:00:00Z": nil, "2026-03-01T12:00:00,5Z": nil, "2026-03-01T12:00:60Z": nil, " 2026-03-01T12:00:00Z": nil, "2026-03-01T12:00:00Z\n": nil, "": nil,
		"2026-03-01T24:00:00Z": nil, "2026-03-01 12:00:00Z": nil, "2026-03-01T12:00:00+24:00": nil,
	} {
		cases = append(cases, meaning{sql.Fn(sql.StringToTime, str(text)), want})
	}
	checkMeanings(t, engine(t), cases)
}
