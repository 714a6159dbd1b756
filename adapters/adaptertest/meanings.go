//nolint:thelper // each case is a test, not a helper: a failure belongs to its own line
package adaptertest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// meaning is what a call gives.
type meaning struct {
	call sql.Call
	want any
}

// name tells the call.
func (m meaning) name() string { return string(m.call.Func) + "(" + arguments(m.call.Args) + ")" }

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

// zero keeps the compiler from adding constants exactly.
var zero = 0.0

// functions are comparisons, arithmetic, conversions, texts and times.
func functions() []meaning {
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
		{sql.Fn(sql.DecimalToString, sql.Cast{Expr: str("-480.91"), To: sql.TypeDecimal}), "-480.910000000"},
		{sql.Fn(sql.BoolToString, sql.Null{Type: sql.TypeBool}), nil},
		{sql.Fn(sql.FloatToString, sql.Null{Type: sql.TypeFloat}), nil},
		{sql.Fn(sql.BoolToInt, sql.Bool(true)), int64(1)},
		{sql.Fn(sql.BoolToInt, sql.Bool(false)), int64(0)},
		{sql.Fn(sql.BoolToInt, sql.Null{Type: sql.TypeBool}), nil},

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
		{sql.Fn(sql.MD5, str("é")), "66ddcd97cfdeabb2f6fb8a999b4bc76f"},
		{sql.Fn(sql.Position, str("é😀b"), str("b")), int64(3)},
		{sql.Fn(sql.Position, str("ab"), str("x")), int64(0)},
		{sql.Fn(sql.Text, i64(-7)), "-7"},
		{sql.Fn(sql.AnyText, i64(-7)), "-7"},

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
	for text, x := range map[string]float64{
		"0.0": 0, "-0.0": math.Copysign(0, -1), "1.0": 1, "-1.5": -1.5, "0.1": 0.1, "0.0001": 0.0001, "1e-05": 1e-5, "1.5e-07": 1.5e-7, "0.30000000000000004": 0.1 + zero + 0.2,
		"999999999999999.0": 999999999999999, "1000000000000000.0": 1e15, "1234567890123456.8": 1234567890123456.8, "9007199254740992.0": 1 << 53, "1e+16": 1e16,
		"1.2345678901234568e+17": 123456789012345678, "1.7976931348623157e+308": math.MaxFloat64, "5e-324": math.SmallestNonzeroFloat64,
		"nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1),
	} {
		cases = append(cases, meaning{sql.Fn(sql.FloatToString, sql.Float(x)), text})
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
	return cases
}

// language are what expressions ask beyond comparing and adding: unsigned
// numbers, mathematics, conversions, texts and lists.
func language() []meaning {
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
	double := sql.Lambda{Param: "x", Of: sql.TypeInt, Body: sql.Fn(sql.IntMul, x, i64(2))}
	large := sql.Lambda{Param: "x", Of: sql.TypeInt, Body: sql.Fn(sql.Gt, x, i64(2))}
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
		{sql.Fn(sql.UintBitAnd, u(huge), u("6")), uint64(6)},
		{sql.Fn(sql.UintBitOr, u("9223372036854775808"), u("6")), uint64(9223372036854775814)},
		{sql.Fn(sql.UintBitXor, u(huge), u("6")), uint64(math.MaxUint64 - 6)},
		{sql.Fn(sql.UintBitNot, u("0")), uint64(math.MaxUint64)},
		{sql.Fn(sql.UintBitNot, u(huge)), uint64(0)},

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
		{sql.Fn(sql.Year, sql.Fn(sql.InOffset, at("0001-01-01T00:00:00Z"), i64(-3_600_000_000))), int64(0)},

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
		{sql.Fn(sql.ListContains, ints(), noInt), nil},
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
		{sql.FnOf(sql.TypeInt, sql.ListMax, ints(1, 3)), int64(3)},
		{sql.FnOf(sql.TypeInt, sql.ListMin, ints()), nil},
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
	return cases
}

// written are the functions whose second argument is always a literal.
var written = map[sql.Func]bool{
	sql.Matches: true, sql.MatchesAll: true, sql.RegexpExtract: true, sql.RegexpReplace: true,
	sql.Split: true, sql.JoinText: true, sql.ListMap: true, sql.ListFilter: true,
}

// means checks what functions mean, with their arguments as literals and once
// more as columns of a table: engines take other ways for each.
func (h Harness) means(cases []meaning) func(*testing.T, *adapters.Warehouse) {
	return func(t *testing.T, w *adapters.Warehouse) {
		for _, c := range cases {
			name := c.name()
			t.Run(name, func(t *testing.T) {
				if reason, ok := h.Without[name]; ok {
					t.Skip(reason)
				}
				if w.Printer().Dialect.NoNUL && strings.Contains(name, `\x00`) {
					if text, err := w.Printer().Expr(c.call); err == nil {
						t.Errorf("a text with NUL is not refused: %s", text)
					}
					return
				}
				items := make([]sql.Item, len(c.call.Args))
				args := make([]sql.Expr, len(c.call.Args))
				for i, a := range c.call.Args {
					column := "c" + strconv.Itoa(i)
					items[i], args[i] = sql.As(a, column), sql.Col("t", column)
					if i == 1 && written[c.call.Func] {
						items[i], args[i] = sql.As(sql.Int(0), column), a
					}
				}
				table := work("arguments")
				exec(t, w, sql.CreateTableAs{Table: table, Query: &sql.Select{Items: items}})
				give(t, w, "of literals", &sql.Select{Items: []sql.Item{sql.As(c.call, "v")}}, c.want)
				give(t, w, "of columns", &sql.Select{
					Items: []sql.Item{sql.As(sql.FnOf(c.call.Of, c.call.Func, args...), "v")},
					From:  sql.TableRef{Table: table, As: "t"},
				}, c.want)
			})
		}
	}
}

// give runs a query of one value.
func give(t *testing.T, w *adapters.Warehouse, what string, q sql.Query, want any) {
	t.Helper()
	rows := all(t, w, q)
	if len(rows) != 1 || len(rows[0]) != 1 {
		t.Fatalf("%s: got %d rows", what, len(rows))
	}
	if d := cmp.Diff(plain(want), plain(rows[0][0]), cmpopts.EquateNaNs()); d != "" {
		text, err := w.Printer().Query(q)
		t.Errorf("%s (-want +got):\n%s%s%v", what, d, text, err)
	}
}

// plain writes integers of any kind as int64, or as text where they do not fit:
// how wide a warehouse makes them is its own affair.
func plain(v any) any {
	if n, ok := v.(uint64); ok {
		if n > math.MaxInt64 {
			return strconv.FormatUint(n, 10)
		}
		return int64(n)
	}
	return v
}

// arguments tells the arguments of a call, to name a case.
func arguments(args []sql.Expr) string {
	parts := make([]string, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case sql.Cast:
			parts[i] = arguments([]sql.Expr{a.Expr})
		case sql.Call:
			parts[i] = string(a.Func) + "(" + arguments(a.Args) + ")"
		case sql.Timestamp:
			parts[i] = time.Time(a).Format(time.RFC3339Nano)
		case sql.String:
			parts[i] = strconv.Quote(string(a))
		case sql.Null:
			parts[i] = "null"
		case sql.Lambda:
			parts[i] = "lambda"
		default:
			parts[i] = fmt.Sprint(a)
		}
	}
	return strings.Join(parts, ", ")
}

// rowsOf is a query of rows; the columns have the names given.
func rowsOf(names []string, rows ...[]sql.Expr) sql.Query {
	var u sql.Union
	for _, row := range rows {
		items := make([]sql.Item, len(row))
		for i, e := range row {
			items[i] = sql.As(e, names[i])
		}
		u = append(u, &sql.Select{Items: items})
	}
	return u
}

// narrowing compares with constants what must be NULL: optimisers move
// comparisons through casts.
func narrowing(t *testing.T, w *adapters.Warehouse) {
	table := work("narrow")
	exec(t, w, sql.CreateTableAs{Table: table, Query: rowsOf([]string{"n", "s", "f"},
		[]sql.Expr{i64(math.MaxInt64), str("9223372036854775808"), sql.Float(1e19)},
		[]sql.Expr{i64(math.MaxInt64), str("99999999999999999999"), sql.Float(-1e19)},
	)})
	for _, e := range []sql.Expr{
		sql.Fn(sql.Sum, sql.Col("t", "n")),
		sql.Fn(sql.Max, sql.Fn(sql.StringToInt, sql.Col("t", "s"))),
		sql.Fn(sql.Max, sql.Fn(sql.FloatToInt, sql.Col("t", "f"))),
		sql.Fn(sql.Max, sql.Fn(sql.IntAdd, sql.Col("t", "n"), sql.Int(1))),
	} {
		for _, f := range []sql.Func{sql.Eq, sql.Ne, sql.Lt, sql.Le, sql.Gt, sql.Ge} {
			give(t, w, string(f), &sql.Select{
				Items: []sql.Item{sql.As(sql.Fn(f, e, i64(5)), "v")},
				From:  sql.TableRef{Table: table, As: "t"},
			}, nil)
		}
	}
}

// timeZones compares date parts in zones with Go's, around changes of the
// clock and before the zones were standard.
func timeZones(t *testing.T, w *adapters.Warehouse) {
	zones := []string{"UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca"}
	times := []string{
		"2026-01-01T00:30:00.123456Z", "2026-03-29T00:59:59.999999Z", "2026-03-29T01:00:00Z", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z",
		"2024-02-29T23:59:59Z", "2025-12-31T23:30:00Z", "1969-12-31T23:59:59.999999Z", "1975-06-01T12:00:00Z", "2050-07-01T12:00:00Z", "2011-12-30T11:00:00Z",
	}
	parts := []struct {
		call sql.Func
		of   func(time.Time) int64
	}{
		{sql.Year, func(t time.Time) int64 { return int64(t.Year()) }},
		{sql.Month, func(t time.Time) int64 { return int64(t.Month()) }},
		{sql.DayOfMonth, func(t time.Time) int64 { return int64(t.Day()) }},
		{sql.DayOfYear, func(t time.Time) int64 { return int64(t.YearDay()) }},
		{sql.DayOfWeek, func(t time.Time) int64 { return int64(t.Weekday()) }},
		{sql.Hours, func(t time.Time) int64 { return int64(t.Hour()) }},
		{sql.Minutes, func(t time.Time) int64 { return int64(t.Minute()) }},
		{sql.Seconds, func(t time.Time) int64 { return int64(t.Second()) }},
		{sql.Milliseconds, func(t time.Time) int64 { return int64(t.Nanosecond() / 1e6) }},
	}
	table := work("times")
	rows := make([][]sql.Expr, len(times))
	for i, text := range times {
		rows[i] = []sql.Expr{i64(int64(i)), at(text)}
	}
	exec(t, w, sql.CreateTableAs{Table: table, Query: rowsOf([]string{"i", "at"}, rows...)})
	for _, zone := range zones {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		items := []sql.Item{sql.As(sql.Col("t", "i"), "i")}
		for _, part := range parts {
			items = append(items, sql.As(sql.Fn(part.call, sql.Fn(sql.InZone, sql.Col("t", "at"), str(zone))), string(part.call)))
		}
		got := all(t, w, &sql.Select{Items: items, From: sql.TableRef{Table: table, As: "t"}, OrderBy: []sql.Order{sql.Asc(sql.Col("t", "i"))}})
		for i, text := range times {
			want := []any{int64(i)}
			for _, part := range parts {
				want = append(want, part.of(instant(text).In(location)))
			}
			same(t, text+" in "+zone, got[i], want)
		}
	}
}

// tryCasts reads text as the declared types do.
func tryCasts(t *testing.T, w *adapters.Warehouse) {
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
		{"12.5", sql.TypeDecimal, "12.5"},
		{"x", sql.TypeDecimal, nil},
		{"true", sql.TypeBool, true},
		{"maybe", sql.TypeBool, nil},
	} {
		give(t, w, c.text, &sql.Select{Items: []sql.Item{sql.As(sql.TryCast{Expr: str(c.text), To: c.to}, "v")}}, c.want)
		give(t, w, c.text, &sql.Select{
			Items: []sql.Item{sql.As(sql.TryCast{Expr: sql.Col("t", "v"), To: c.to}, "v")},
			From:  sql.Derived{Query: &sql.Select{Items: []sql.Item{sql.As(str(c.text), "v")}}, As: "t"},
		}, c.want)
	}
	// What is no text is cast as it is.
	table := work("typed")
	for _, c := range []struct {
		value sql.Expr
		want  any
	}{
		{at("2026-01-01T01:00:00.000001Z"), instant("2026-01-01T01:00:00.000001Z")},
		{sql.Null{Type: sql.TypeTimestamp}, nil},
	} {
		exec(t, w, sql.CreateTableAs{Table: table, Query: &sql.Select{Items: []sql.Item{sql.As(c.value, "v")}}})
		give(t, w, "an instant", &sql.Select{
			Items: []sql.Item{sql.As(sql.TryCast{Expr: sql.Col("t", "v"), To: sql.TypeTimestamp}, "v")},
			From:  sql.TableRef{Table: table, As: "t"},
		}, c.want)
	}
}

// hashes tell tuples of texts apart, NULL among them, and say nothing of each
// other; their sum has room for any number of them.
func hashes(t *testing.T, w *adapters.Warehouse) {
	table := work("hashed")
	null := sql.Expr(sql.Null{Type: sql.TypeString})
	values := []sql.Expr{null, str(""), str("x"), str("#"), str("#x")}
	var tuples [][]sql.Expr
	for _, a := range values {
		for _, b := range values {
			tuples = append(tuples, []sql.Expr{a, b})
		}
	}
	exec(t, w, sql.CreateTableAs{Table: table, Query: rowsOf([]string{"a", "b"}, tuples...)})
	a, b := sql.Col("t", "a"), sql.Col("t", "b")
	hash, other := sql.Fn(sql.Hash, a, b), sql.Fn(sql.OtherHash, a, b)
	from := sql.TableRef{Table: table, As: "t"}
	most, all := i64(math.MaxInt64), int64(len(tuples))
	for what, c := range map[string]struct {
		of   sql.Expr
		want any
	}{
		"distinct hashes":       {sql.Fn(sql.CountDistinct, hash), all},
		"distinct other hashes": {sql.Fn(sql.CountDistinct, other), all},
		"hashes below 0":        {sql.Fn(sql.Count, sql.If(sql.Or{sql.Fn(sql.Lt, hash, i64(0)), sql.Fn(sql.Lt, other, i64(0))}, i64(1), nil)), int64(0)},
		"hashes as the others":  {sql.Fn(sql.Count, sql.If(sql.And{sql.Fn(sql.Eq, hash, other), sql.Or{sql.Fn(sql.IsNotNull, a), sql.Fn(sql.IsNotNull, b)}}, i64(1), nil)), int64(0)},
		"sum of hashes":         {sql.Fn(sql.Text, sql.Fn(sql.SumHashes, sql.If(sql.Fn(sql.Same, a, b), most, i64(0)))), "46116860184273879035"},
	} {
		give(t, w, what, &sql.Select{Items: []sql.Item{sql.As(c.of, "r")}, From: from}, c.want)
	}
	give(t, w, "sum of no hashes", &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.Text, sql.Fn(sql.SumHashes, hash)), "r")}, From: from, Where: sql.Bool(false)}, nil)
}

// aggregates runs each aggregate over rows in several orders.
func aggregates(t *testing.T, w *adapters.Warehouse) {
	v, k, g := sql.Col("t", "v"), sql.Col("t", "k"), sql.Col("t", "tie")
	type rows [][3]any // v, k, tie
	const most = math.MaxInt64
	table := work("aggregated")
	for _, c := range []struct {
		name string
		rows rows
		call sql.Call
		want any
	}{
		{"count all", rows{{1, 1, 1}, {nil, 1, 1}}, sql.Fn(sql.CountAll), int64(2)},
		{"count", rows{{1, 1, 1}, {nil, 1, 1}}, sql.Fn(sql.Count, v), int64(1)},
		{"count distinct", rows{{1, 1, 1}, {1, 1, 1}, {nil, 1, 1}}, sql.Fn(sql.CountDistinct, v), int64(1)},
		{"sum", rows{{1, 1, 1}, {2, 1, 1}, {nil, 1, 1}}, sql.Fn(sql.Sum, v), int64(3)},
		{"sum of nothing", rows{{nil, 1, 1}}, sql.Fn(sql.Sum, v), nil},
		{"sum too large", rows{{most, 1, 1}, {1, 1, 1}}, sql.Fn(sql.Sum, v), nil},
		{"sum passes the limit on its way", rows{{most, 1, 1}, {1, 1, 1}, {-1, 1, 1}}, sql.Fn(sql.Sum, v), int64(most)},
		{"sum exact", rows{{1, 1, 1}, {2, 1, 1}}, sql.Fn(sql.SumExact, sql.Cast{Expr: v, To: sql.TypeDecimal}), "3"},
		{"sum float", rows{{1, 1, 1}, {2, 1, 1}, {nil, 1, 1}}, sql.Fn(sql.SumFloat, sql.Cast{Expr: v, To: sql.TypeFloat}), 3.0},
		{"sum float of nothing", rows{{nil, 1, 1}, {nil, 1, 1}}, sql.Fn(sql.SumFloat, sql.Cast{Expr: v, To: sql.TypeFloat}), nil},
		{"min", rows{{2, 1, 1}, {1, 1, 1}, {nil, 1, 1}}, sql.Fn(sql.Min, v), int64(1)},
		{"max", rows{{2, 1, 1}, {1, 1, 1}, {nil, 1, 1}}, sql.Fn(sql.Max, v), int64(2)},
		{"any bits", rows{{5, 1, 1}, {2, 1, 1}, {nil, 1, 1}}, sql.Fn(sql.AnyBits, v), int64(7)},
		{"bool or", rows{{1, 1, 1}, {2, 1, 1}, {nil, 1, 1}}, sql.Fn(sql.BoolOr, sql.Fn(sql.Eq, v, sql.Int(2))), true},
		{"bool and", rows{{1, 1, 1}, {2, 1, 1}, {nil, 1, 1}}, sql.Fn(sql.BoolAnd, sql.Fn(sql.Eq, v, sql.Int(2))), false},
		{"bool and of nothing", rows{{nil, 1, 1}}, sql.Fn(sql.BoolAnd, sql.Fn(sql.Eq, v, sql.Int(2))), nil},
		{"arg max", rows{{5, 1, 1}, {3, 2, 1}, {4, 2, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMax, v, k), int64(4)},
		{"arg max skips NULL values", rows{{5, 1, 1}, {nil, 2, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMax, v, k), int64(5)},
		{"arg max: a NULL key loses", rows{{9, nil, 1}, {5, -1, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMax, v, k), int64(5)},
		{"arg max: only NULL keys", rows{{9, nil, 1}, {5, nil, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMax, v, k), int64(9)},
		{"arg max of nothing", rows{{nil, 1, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMax, v, k), nil},
		{"arg min", rows{{5, 1, 1}, {3, 1, 1}, {4, 2, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMin, v, k), int64(3)},
		{"arg min: a NULL key loses", rows{{1, nil, 1}, {5, 7, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMin, v, k), int64(5)},
		{"arg min skips NULL values", rows{{5, 2, 1}, {nil, 1, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMin, v, k), int64(5)},
		{"arg max row", rows{{5, 2, 1}, {3, 2, 2}, {9, 1, 9}}, sql.FnOf(sql.TypeInt, sql.ArgMaxRow, v, k, g), int64(3)},
		{"arg max row keeps NULL values", rows{{5, 1, 1}, {nil, 2, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMaxRow, v, k, g), nil},
		{"arg max row: a NULL key loses", rows{{5, 1, 1}, {6, nil, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMaxRow, v, k, g), int64(5)},
		{"arg max row: a NULL tie loses", rows{{5, 1, -1}, {6, 1, nil}}, sql.FnOf(sql.TypeInt, sql.ArgMaxRow, v, k, g), int64(5)},
		{"arg max row: equal rows", rows{{5, 1, 1}, {6, 1, 1}, {nil, 1, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMaxRow, v, k, g), int64(6)},
		{"arg min row", rows{{5, 1, 2}, {3, 1, 1}, {9, 2, 0}}, sql.FnOf(sql.TypeInt, sql.ArgMinRow, v, k, g), int64(3)},
		{"arg min row keeps NULL values", rows{{5, 2, 1}, {nil, 1, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMinRow, v, k, g), nil},
		{"arg min row: a NULL key loses", rows{{5, 1, 1}, {6, nil, 1}}, sql.FnOf(sql.TypeInt, sql.ArgMinRow, v, k, g), int64(5)},
		{"arg max row of text", rows{{5, 1, 1}, {6, 2, 1}}, sql.FnOf(sql.TypeString, sql.ArgMaxRow, sql.Fn(sql.Text, v), k, g), "6"},
		{"mode", rows{{3, 1, 1}, {3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {nil, 1, 1}, {nil, 1, 1}, {nil, 1, 1}}, sql.FnOf(sql.TypeInt, sql.Mode, v), int64(1)},
		{"mode of nothing", rows{{nil, 1, 1}}, sql.FnOf(sql.TypeInt, sql.Mode, v), nil},
		{"list distinct", rows{{3, 1, 1}, {1, 1, 1}, {nil, 1, 1}, {3, 1, 1}, {2, 1, 1}}, sql.Fn(sql.ListDistinct, v), []any{int64(1), int64(2), int64(3)}},
		{"list distinct of nothing", rows{{nil, 1, 1}}, sql.Fn(sql.ListDistinct, v), nil},
		{"list contains", rows{{3, 1, 1}, {1, 1, 1}}, sql.Fn(sql.ListContains, sql.Fn(sql.ListDistinct, v), i64(3)), true},
		{"list length", rows{{3, 1, 1}, {1, 1, 1}}, sql.Fn(sql.ListLength, sql.Fn(sql.ListDistinct, v)), int64(2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for round := range 4 {
				shuffled := slices.Clone(c.rows)
				rand.New(rand.NewPCG(uint64(round), 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
				exprs := make([][]sql.Expr, len(shuffled))
				for i, row := range shuffled {
					exprs[i] = append(exprs[i], i64(1))
					for _, n := range row {
						switch n := n.(type) {
						case int:
							exprs[i] = append(exprs[i], i64(int64(n)))
						default:
							exprs[i] = append(exprs[i], sql.Null{Type: sql.TypeInt})
						}
					}
				}
				exec(t, w, sql.CreateTableAs{Table: table, Query: rowsOf([]string{"one", "v", "k", "tie"}, exprs...)})
				from := sql.TableRef{Table: table, As: "t"}
				give(t, w, c.name, &sql.Select{Items: []sql.Item{sql.As(c.call, "r")}, From: from}, c.want)
				if c.call.Func == sql.ListContains || c.call.Func == sql.ListLength {
					continue // not aggregates themselves
				}
				// The same over a window of all rows.
				if w.Printer().Dialect.NoWindow[c.call.Func] {
					if text, err := w.Printer().Expr(sql.Window{Call: c.call}); err == nil {
						t.Errorf("it is not refused over a window: %s", text)
					}
					continue
				}
				give(t, w, c.name+" over a window", &sql.Select{
					Distinct: true,
					Items:    []sql.Item{sql.As(sql.Window{Call: c.call, PartitionBy: []sql.Expr{sql.Col("t", "one")}}, "r")},
					From:     from,
				}, c.want)
			}
		})
	}
	// Numbers and ranks of rows, which only windows have.
	exec(t, w, sql.CreateTableAs{Table: table, Query: rowsOf([]string{"v"}, []sql.Expr{i64(5)}, []sql.Expr{i64(7)}, []sql.Expr{i64(7)}, []sql.Expr{sql.Null{Type: sql.TypeInt}})})
	for _, c := range []struct {
		call  sql.Func
		order sql.Order
		want  [][]any
	}{
		{sql.RowNumber, sql.Order{Expr: v, NullsFirst: true}, [][]any{{nil, int64(1)}, {int64(5), int64(2)}, {int64(7), int64(3)}, {int64(7), int64(4)}}},
		{sql.Rank, sql.Order{Expr: v, Desc: true}, [][]any{{int64(7), int64(1)}, {int64(7), int64(1)}, {int64(5), int64(3)}, {nil, int64(4)}}},
	} {
		same(t, string(c.call), all(t, w, &sql.Select{
			Items:   []sql.Item{sql.As(v, "v"), sql.As(sql.Window{Call: sql.Fn(c.call), OrderBy: []sql.Order{c.order}}, "n")},
			From:    sql.TableRef{Table: table, As: "t"},
			OrderBy: []sql.Order{sql.Asc(sql.Col("", "n"))},
		}), c.want)
	}
	give(t, w, "max of no rows", &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.Max, v), "r")},
		From:  sql.TableRef{Table: table, As: "t"},
		Where: sql.Bool(false),
	}, nil)
}

// sums adds doubles of very different size, loaded in several orders, to the
// last bit.
func sums(t *testing.T, w *adapters.Warehouse) {
	const rows, groups = 20_000, 100
	r := rand.New(rand.NewPCG(7, 7))
	type row struct {
		g int64
		x float64
	}
	list := make([]row, rows)
	for i := range list {
		list[i] = row{int64(i % groups), (r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(30)-15))}
	}
	table := work("doubles")
	var first [][]any
	forward, backward := 0.0, 0.0
	for i := range list {
		forward += list[i].x
		backward += list[len(list)-1-i].x
	}
	if forward == backward {
		t.Fatal("two orders give one sum: the rows prove nothing")
	}
	for round := range 3 {
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		exec(t, w, sql.Drop{Table: table}, sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "g", Type: sql.TypeInt}, {Name: "x", Type: sql.TypeFloat}}})
		if err := w.Load(t.Context(), table, []string{"g", "x"}, filled(rows, func(i int) []any { return []any{list[i].g, list[i].x} })); err != nil {
			t.Fatal(err)
		}
		got := all(t, w, &sql.Select{
			Items:   []sql.Item{sql.As(sql.Col("t", "g"), "g"), sql.As(sql.Fn(sql.SumFloat, sql.Col("t", "x")), "s")},
			From:    sql.TableRef{Table: table, As: "t"},
			GroupBy: []sql.Expr{sql.Col("t", "g")},
			OrderBy: []sql.Order{sql.Asc(sql.Col("t", "g"))},
		})
		if len(got) != groups {
			t.Fatalf("got %d groups", len(got))
		}
		if round == 0 {
			first = got
		}
		same(t, fmt.Sprintf("order %d", round), got, first)
	}
	for _, row := range first {
		var want float64
		var xs []float64
		for _, r := range list {
			if r.g == row[0] {
				xs = append(xs, r.x)
			}
		}
		slices.Sort(xs)
		for _, x := range xs {
			want += x
		}
		if got, _ := row[1].(float64); got != want {
			t.Errorf("group %v: got %v, want the sum from the smallest up, %v", row[0], got, want)
		}
	}
}

// assigned are the code points that mean anything.
var assigned = []*unicode.RangeTable{unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z}

// codePoints compares every code point with package unicode: white space and
// lower case.
func codePoints(t *testing.T, w *adapters.Warehouse) {
	table := work("code_points")
	var all []rune
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if r < 0xd800 || r > 0xdfff {
			all = append(all, r)
		}
	}
	exec(t, w, sql.CreateTable{Table: table, Columns: []sql.ColumnDef{{Name: "i", Type: sql.TypeInt}, {Name: "c", Type: sql.TypeString}}})
	if err := w.Load(t.Context(), table, []string{"i", "c"}, filled(len(all), func(i int) []any { return []any{int64(all[i]), string(all[i])} })); err != nil {
		t.Fatal(err)
	}
	c := sql.Col("t", "c")
	rows, err := w.Query(t.Context(), &sql.Select{
		Items: []sql.Item{sql.As(sql.Col("t", "i"), "i"), sql.As(sql.Fn(sql.Eq, sql.Fn(sql.TrimSpace, c), str("")), "space"), sql.As(sql.Fn(sql.Lower, c), "lower")},
		From:  sql.TableRef{Table: table, As: "t"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	row := make([]any, 3)
	seen := 0
	for ; rows.Next(row) == nil; seen++ {
		n, _ := row[0].(int64)
		r := rune(n)
		if row[1] != unicode.IsSpace(r) {
			t.Errorf("%U: white space is %v", r, row[1])
		}
		// An engine may know letters of a later Unicode than this Go.
		if want := string(unicode.ToLower(r)); row[2] != want && unicode.In(r, assigned...) {
			t.Errorf("%U: lower case is %q, want %q", r, row[2], want)
		}
	}
	if seen != len(all) {
		t.Errorf("got %d of %d code points", seen, len(all))
	}
}
