package sql

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// DuckDB is the dialect of DuckDB 1.5.
//
// An instant is a TIMESTAMP that holds UTC, not a TIMESTAMP WITH TIME ZONE:
// each cast and date part of the latter goes through a calendar library. TRY
// turns the error of its operand into NULL and costs nothing where there is
// none; it accepts neither aggregates nor subqueries.
var DuckDB = &Dialect{
	Name: "duckdb",
	Funcs: map[Func]string{
		IntAdd: "TRY($1 + $2)", IntSub: "TRY($1 - $2)", IntMul: "TRY($1 * $2)",
		IntDiv: "TRY($1 // $2)", IntMod: "TRY($1 % $2)", IntNeg: "TRY(-$1)",
		IsNaN:   "isnan($1)",
		UintAdd: "TRY($1 + $2)", UintSub: "TRY($1 - $2)", UintMul: "TRY($1 * $2)",
		UintDiv: "TRY($1 // $2)", UintMod: "TRY($1 % $2)",

		IntAbs: "TRY(abs($1))", IntSign: "CAST(sign($1) AS BIGINT)", UintSign: "CAST(sign($1) AS UBIGINT)",
		FloatAbs: "abs($1)", FloatSign: "CASE WHEN isnan($1) THEN $1 ELSE CAST(sign($1) AS DOUBLE) END",
		Ceil: "ceil($1)", Floor: "floor($1)", Round: "round($1)", Trunc: "trunc($1)",
		Sqrt:  "CASE WHEN $1 < 0 THEN CAST('NaN' AS DOUBLE) ELSE sqrt($1) END",
		IsInf: "isinf($1)", IsFinite: "isfinite($1)",
		BitAnd: "$1 & $2", BitOr: "$1 | $2", BitXor: "xor($1, $2)", BitNot: "~$1",
		UintBitAnd: "$1 & $2", UintBitOr: "$1 | $2", UintBitXor: "xor($1, $2)", UintBitNot: "~$1", AnyBits: "bit_or($1)",

		IntToFloat: "CAST($1 AS DOUBLE)",
		// The smallest integer is refused, as in CEL: a double cannot tell it
		// from numbers that do not fit.
		FloatToInt: "TRY_CAST(nullif(trunc($1), -9223372036854775808e0) AS BIGINT)",
		// A cast alone would read ' 12 ', '1e3' and '0x10'.
		StringToInt:   `TRY_CAST(regexp_extract($1, '^[+-]?[0-9]+\z') AS BIGINT)`,
		StringToFloat: `nullif(nullif(TRY_CAST(regexp_extract($1, '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\z') AS DOUBLE), CAST('Infinity' AS DOUBLE)), CAST('-Infinity' AS DOUBLE))`,
		IntToString:   "CAST($1 AS VARCHAR)",
		BoolToString:  "CAST($1 AS VARCHAR)", FloatToString: "CAST($1 AS VARCHAR)", DecimalToString: "CAST($1 AS VARCHAR)", BoolToInt: "CAST($1 AS BIGINT)",
		IntToUint: "TRY_CAST($1 AS UBIGINT)", UintToInt: "TRY_CAST($1 AS BIGINT)",
		// The greatest that fits is 2048 below the limit, as a double.
		FloatToUint:   "CASE WHEN $1 >= 0 AND $1 < 18446744073709551616e0 THEN CAST(trunc($1) AS UBIGINT) END",
		StringToUint:  `TRY_CAST(regexp_extract($1, '^[0-9]+\z') AS UBIGINT)`,
		StringToBool:  "CASE WHEN $1 IN ('1', 't', 'T', 'TRUE', 'true', 'True') THEN TRUE WHEN $1 IN ('0', 'f', 'F', 'FALSE', 'false', 'False') THEN FALSE END",
		StringToTime:  `TRY_CAST(TRY_CAST(nullif(regexp_extract($1, '^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])\z'), '') AS TIMESTAMPTZ) AS TIMESTAMP)`,
		StringToBytes: "encode($1)", BytesToString: "TRY(decode($1))", HexToBytes: "unhex($1)",
		TimeRFC3339: `regexp_replace(strftime($1, '%Y-%m-%dT%H:%M:%S.%f'), '[.]?0*\z', '') || 'Z'`,

		Length: "length($1)", Contains: "contains($1, $2)",
		StartsWith: "starts_with($1, $2)", EndsWith: "ends_with($1, $2)",
		LowerASCII: "translate($1, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')",
		UpperASCII: "translate($1, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')",
		Matches:    "regexp_matches($1, $2)", MatchesAll: "regexp_full_match($1, $2)",
		RegexpReplace: "regexp_replace($1, $2, $3, 'g')",
		RegexpExtract: "regexp_extract($1, $2, 1)",
		TrimSpace:     `regexp_replace($1, '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')`,
		Sha256:        "sha256($1)", MD5: "md5($1)", Position: "strpos($1, $2)",
		LastPosition: "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN coalesce(list_max(list_filter(range(1, length($1) - length($2) + 2), lambda i: substr($1, i, length($2)) = $2)), 0) END",
		ReverseText:  "array_to_string(list_reverse(string_split($1, '')), '')",
		Split:        "string_split($1, $2)", JoinText: "array_to_string($1, $2)", BytesLength: "octet_length(CAST($1 AS BLOB))",
		SplitChars: "list_filter(string_split($1, ''), lambda c: c <> '')",

		// The clamp keeps the instant mentioned once: both ends of the clamp
		// lie outside the years 1 to 9999 and become NULL.
		TimeAdd:  "nullif(nullif(greatest(least(TRY($1 + to_microseconds($2)), TIMESTAMP '10000-01-01'), TIMESTAMP '0000-12-31 23:59:59.999999'), TIMESTAMP '10000-01-01'), TIMESTAMP '0000-12-31 23:59:59.999999')",
		TimeSub:  "nullif(nullif(greatest(least(TRY($1 - to_microseconds($2)), TIMESTAMP '10000-01-01'), TIMESTAMP '0000-12-31 23:59:59.999999'), TIMESTAMP '10000-01-01'), TIMESTAMP '0000-12-31 23:59:59.999999')",
		TimeDiff: "nullif(nullif(greatest(least(epoch_us($1) - epoch_us($2), 9223372036854776), -9223372036854776), 9223372036854776), -9223372036854776)",
		InOffset: "$1 + to_microseconds($2)",
		InZone:   "timezone($2, timezone('UTC', $1))",
		Year:     "year($1)", Month: "month($1)", DayOfMonth: "day($1)", DayOfYear: "dayofyear($1)",
		DayOfWeek: "dayofweek($1)", Hours: "hour($1)", Minutes: "minute($1)", Seconds: "second($1)",
		Milliseconds: "millisecond($1) % 1000",
		DayNumber:    "epoch_us(date_trunc('day', $1)) // 86400000000",
		EpochSeconds: "epoch_us(date_trunc('second', $1)) // 1000000",
		EpochMicros:  "epoch_us($1)",
		TimeText:     "strftime($1, '%Y-%m-%dT%H:%M:%S.%fZ')",

		// "| 0" stops the optimiser from dropping the narrowing cast of
		// TRY_CAST(x AS BIGINT) >= 5, which would make an overflow TRUE.
		Sum: "(TRY_CAST(sum($1)$over AS BIGINT) | 0)",
		// A third of the cost of sum(x ORDER BY x), to the same bits. The filter
		// keeps the lists as short as what they are about.
		SumFloat: "list_sum(list_sort(list($1) FILTER (WHERE $1 IS NOT NULL)$over))",
		BoolOr:   "bool_or($1)", BoolAnd: "bool_and($1)",
		// The sort key is one blob whose bytes order as (key, value) do, which
		// is faster to compare than a struct.
		ArgMax:    "arg_max($1, create_sort_key($2, 'ASC NULLS FIRST', $1, 'ASC NULLS FIRST'))",
		ArgMin:    "arg_min($1, create_sort_key($2, 'ASC NULLS LAST', $1, 'ASC NULLS LAST'))",
		ArgMaxRow: "arg_max_null($1, create_sort_key($2, 'ASC NULLS FIRST', $3, 'ASC NULLS FIRST', $1, 'ASC NULLS FIRST'))",
		ArgMinRow: "arg_min_null($1, create_sort_key($2, 'ASC NULLS LAST', $3, 'ASC NULLS LAST', $1, 'ASC NULLS LAST'))",
		// The mode of a sorted list is its smallest, at half the cost of
		// mode(x ORDER BY x).
		Mode:         "list_mode(list_sort(list($1) FILTER (WHERE $1 IS NOT NULL)$over))",
		ListDistinct: "list_sort(list_distinct(list($1) FILTER (WHERE $1 IS NOT NULL)$over))",

		ListContains: "list_contains($1, $2)", ListLength: "len($1)",
		ConcatAll: "concat($*)",
		ListOf:    "list_value($*)", ListConcat: "list_concat($*)", ListGet: "list_extract($1, $2)",
		ListSlice: "list_slice($1, $2, $3)", ListReverse: "list_reverse($1)", ListSort: "list_sort($1)",
		ListUnique: "list_filter($1, lambda x, i: list_position($1, x) = i)",
		ListHasAll: "list_has_all($1, $2)", ListHasAny: "list_has_any($1, $2)",
		ListMax: "list_max($1)", ListMin: "list_min($1)",
		ListMap: "list_transform($1, $2)", ListFilter: "list_filter($1, $2)", Range: "range(0, $1)",
		Least: "least($*)", Greatest: "greatest($*)", AnyText: "CAST($1 AS VARCHAR)", Text: "CAST($1 AS VARCHAR)",
		Hash: "CAST(hash($*) >> 1 AS BIGINT)",
	},
	Types: map[Type]string{
		TypeBool: "BOOLEAN", TypeInt: "BIGINT", TypeFloat: "DOUBLE", TypeDecimal: "DECIMAL(38,9)",
		TypeString: "VARCHAR", TypeTimestamp: "TIMESTAMP", TypeDate: "DATE",
		TypeUint: "UBIGINT", TypeBytes: "BLOB", TypeBools: "BOOLEAN[]", TypeUints: "UBIGINT[]", TypeBlobs: "BLOB[]",
		TypeStrings: "VARCHAR[]", TypeInts: "BIGINT[]", TypeFloats: "DOUBLE[]", TypeTimestamps: "TIMESTAMP[]",
	},
	TryCast: "TRY_CAST($1 AS $2)",
	Lambda:  "lambda $1: $2",
	TryCasts: map[Type]string{
		// A cast of text to TIMESTAMP drops the offset of
		// 2026-01-01T00:00:00+02:00 without a word; the detour reads it, and
		// costs too much to take where it is not needed.
		TypeTimestamp: "CASE WHEN typeof($1) = 'VARCHAR' THEN TRY_CAST(TRY_CAST($1 AS TIMESTAMPTZ) AS TIMESTAMP) ELSE TRY_CAST($1 AS TIMESTAMP) END",
	},
	QuoteName:   duckName,
	QuoteString: duckString,
	Timestamp: func(t time.Time) string {
		return "TIMESTAMP '" + t.UTC().Format("2006-01-02 15:04:05.999999") + "'"
	},
	Float:         duckFloat,
	About:         "SELECT 'DuckDB ' || version()",
	Explain:       "EXPLAIN $1",
	CreateSchema:  "CREATE SCHEMA IF NOT EXISTS $1",
	DropSchema:    "DROP SCHEMA IF EXISTS $1",
	CreateTableAs: []string{"CREATE OR REPLACE TABLE $1 AS\n$2"},
	Swap:          []string{"DROP TABLE IF EXISTS $2", "ALTER TABLE $1 RENAME TO $3"},
	Begin:         "BEGIN TRANSACTION",
	Commit:        "COMMIT", Rollback: "ROLLBACK",
}

// duckString quotes text. A backslash is an ordinary character. A statement
// ends at its first NUL, so another character that the text lacks stands for
// it: first the symbol for NUL.
func duckString(s string) string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	if !strings.ContainsRune(s, 0) {
		return quote(s)
	}
	stand := '\u2400'
	for strings.ContainsRune(s, stand) {
		stand++
	}
	return "replace(" + quote(strings.ReplaceAll(s, "\x00", string(stand))) + ", '" + string(stand) + "', chr(0))"
}

// duckFloat writes a double with an exponent: 0.1 would be a DECIMAL.
func duckFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "CAST('NaN' AS DOUBLE)"
	case math.IsInf(f, 1):
		return "CAST('Infinity' AS DOUBLE)"
	case math.IsInf(f, -1):
		return "CAST('-Infinity' AS DOUBLE)"
	default:
		s := strconv.FormatFloat(f, 'e', -1, 64)
		// 1.5e+01 reads better as 1.5e1.
		mantissa, exponent, _ := strings.Cut(s, "e")
		n, _ := strconv.Atoi(exponent)
		return mantissa + "e" + strconv.Itoa(n)
	}
}
