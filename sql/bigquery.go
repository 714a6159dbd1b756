package sql

import (
	"fmt"
	"math"
	"regexp/syntax"
	"strconv"
	"strings"
	"time"
)

// BigQuery is the dialect of BigQuery, GoogleSQL.
//
// What takes more than one call is a function of ours: Helpers are defined in
// front of the statement that calls them, and cost nothing where it does not. An
// array is never NULL there and holds no NULL, so that a list is a
// STRUCT<list ARRAY<STRUCT<element T>>>, as Parquet nests them. An unsigned
// integer is a BIGNUMERIC, which nothing else of ours is. Arithmetic of doubles
// fails where it should give infinity; the helpers put that right.
//
// Transactions hold changes of rows alone: a script that makes or drops tables
// is made whole by Copy.
var BigQuery = &Dialect{
	Name: "bigquery",
	Funcs: map[Func]string{
		IntAdd: "SAFE_ADD($1, $2)", IntSub: "SAFE_SUBTRACT($1, $2)", IntMul: "SAFE_MULTIPLY($1, $2)",
		IntDiv: "int_div($1, $2)", IntMod: "int_mod($1, $2)", IntNeg: "SAFE_NEGATE($1)",

		FloatAdd: "float_add($1, $2)", FloatSub: "float_sub($1, $2)", FloatMul: "float_mul($1, $2)", FloatDiv: "IEEE_DIVIDE($1, $2)",
		// A minus before a literal is a part of it, and that of zero is lost.
		FloatNeg: "$1 * -1",
		IsNaN:    "IS_NAN($1)",

		UintAdd: bigUint("$1 + $2"), UintMul: bigUint("$1 * $2"), UintSub: "NULLIF(GREATEST($1 - $2, -1), -1)",
		UintDiv: "DIV($1, NULLIF($2, 0))", UintMod: "MOD($1, NULLIF($2, 0))",

		IntAbs: "ABS(NULLIF($1, -9223372036854775807 - 1))", IntSign: "SIGN($1)", UintSign: "SIGN($1)",
		FloatAbs: "ABS($1)", FloatSign: "SIGN($1)", Ceil: "CEIL($1)", Floor: "FLOOR($1)", Round: "ROUND($1)", Trunc: "TRUNC($1)",
		Sqrt:  "float_sqrt($1)",
		IsInf: "IS_INF($1)", IsFinite: "$1 * 0 = 0",
		BitAnd: "$1 & $2", BitOr: "$1 | $2", BitXor: "$1 ^ $2", BitNot: "~$1", AnyBits: "BIT_OR($1)",
		UintBitAnd: "uint_of_bits(bits_of_uint($1) & bits_of_uint($2))", UintBitOr: "uint_of_bits(bits_of_uint($1) | bits_of_uint($2))",
		UintBitXor: "uint_of_bits(bits_of_uint($1) ^ bits_of_uint($2))", UintBitNot: "BIGNUMERIC '18446744073709551615' - $1",

		IntToFloat: "CAST($1 AS FLOAT64)", FloatToInt: "float_to_int($1)",
		StringToInt:   `SAFE_CAST(REGEXP_EXTRACT($1, r'^[+-]?[0-9]+\z') AS INT64)`,
		StringToFloat: `NULLIF(NULLIF(SAFE_CAST(REGEXP_EXTRACT($1, r'^[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?\z') AS FLOAT64), CAST('inf' AS FLOAT64)), CAST('-inf' AS FLOAT64))`,
		IntToString:   "CAST($1 AS STRING)", BoolToString: "CAST($1 AS STRING)", BoolToInt: "CAST($1 AS INT64)",
		DecimalToString: "FORMAT('%.9f', CAST($1 AS NUMERIC))", FloatToString: "float_text($1)",
		IntToUint: "CAST(IF($1 >= 0, $1, NULL) AS BIGNUMERIC)", UintToInt: "SAFE_CAST($1 AS INT64)", FloatToUint: "float_to_uint($1)",
		StringToUint:  bigUint(`SAFE_CAST(REGEXP_EXTRACT($1, r'^[0-9]+\z') AS BIGNUMERIC)`),
		StringToBool:  "CASE WHEN $1 IN ('1', 't', 'T', 'TRUE', 'true', 'True') THEN TRUE WHEN $1 IN ('0', 'f', 'F', 'FALSE', 'false', 'False') THEN FALSE END",
		StringToTime:  `SAFE_CAST(REGEXP_EXTRACT($1, r'^[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])\z') AS TIMESTAMP)`,
		StringToBytes: "CAST($1 AS BYTES)", BytesToString: "SAFE_CAST($1 AS STRING)", HexToBytes: "FROM_HEX($1)",
		TimeRFC3339: "FORMAT_TIMESTAMP('%E4Y-%m-%dT%H:%M:%E*SZ', $1, 'UTC')",

		Concat: "CONCAT($1, $2)", ConcatAll: "CONCAT($*)",
		Length: "CHAR_LENGTH($1)", Contains: "STRPOS($1, $2) > 0", StartsWith: "STARTS_WITH($1, $2)", EndsWith: "ENDS_WITH($1, $2)",
		LowerASCII: "TRANSLATE($1, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')",
		UpperASCII: "TRANSLATE($1, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')",
		Matches:    "REGEXP_CONTAINS($1, $2)", MatchesAll: `REGEXP_CONTAINS($1, CONCAT('^(?:', $2, r')\z'))`,
		RegexpReplace: "REGEXP_REPLACE($1, $2, $3)", RegexpExtract: "REGEXP_EXTRACT($1, $2)",
		Replace: "REPLACE($1, $2, $3)", Substr: "SUBSTR($1, GREATEST($2, 1), GREATEST($3, 0))",
		TrimSpace: `TRIM($1, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000')`,
		// The two letters of which the simple mapping is not what the engine does.
		Lower:  `LOWER(REPLACE(REPLACE($1, 'İ', 'i'), 'Σ', 'σ'))`,
		Sha256: "TO_HEX(SHA256($1))", MD5: "TO_HEX(MD5($1))",
		Position: "STRPOS($1, $2)", LastPosition: "IF($2 = '', CHAR_LENGTH($1) + 1, INSTR($1, $2, -1))",
		ReverseText: "REVERSE($1)", BytesLength: "BYTE_LENGTH($1)",
		Split: "list_of(SPLIT($1, $2))", SplitChars: "list_of(IF($1 = '', [], SPLIT($1, '')))", JoinText: "list_join($1, $2)",

		TimeAdd:  "SAFE.TIMESTAMP_MICROS(SAFE_ADD(UNIX_MICROS($1), $2))",
		TimeSub:  "SAFE.TIMESTAMP_MICROS(SAFE_SUBTRACT(UNIX_MICROS($1), $2))",
		TimeDiff: "NULLIF(NULLIF(GREATEST(LEAST(UNIX_MICROS($1) - UNIX_MICROS($2), 9223372036854776), -9223372036854776), 9223372036854776), -9223372036854776)",
		InOffset: "SAFE.DATETIME_ADD(DATETIME($1, 'UTC'), INTERVAL $2 MICROSECOND)", InZone: "SAFE.DATETIME($1, $2)",
		Year: "EXTRACT(YEAR FROM $1)", Month: "EXTRACT(MONTH FROM $1)", DayOfMonth: "EXTRACT(DAY FROM $1)", DayOfYear: "EXTRACT(DAYOFYEAR FROM $1)",
		DayOfWeek: "EXTRACT(DAYOFWEEK FROM $1) - 1", Hours: "EXTRACT(HOUR FROM $1)", Minutes: "EXTRACT(MINUTE FROM $1)", Seconds: "EXTRACT(SECOND FROM $1)",
		Milliseconds: "EXTRACT(MILLISECOND FROM $1)",
		DayNumber:    "UNIX_DATE(DATE($1))", EpochSeconds: "UNIX_SECONDS($1)", EpochMicros: "UNIX_MICROS($1)",
		TimeText: "FORMAT_TIMESTAMP('%E4Y-%m-%dT%H:%M:%E6SZ', $1, 'UTC')",

		CountAll: "COUNT(*)", Count: "COUNT($1)", CountDistinct: "COUNT(DISTINCT $1)",
		Sum:      "SAFE_CAST(SUM(CAST($1 AS NUMERIC))$over AS INT64)",
		SumExact: "SUM(CAST($1 AS NUMERIC))", SumHashes: "SUM(CAST($1 AS NUMERIC))", Min: "MIN($1)", Max: "MAX($1)", BoolOr: "LOGICAL_OR($1)", BoolAnd: "LOGICAL_AND($1)",
		SumFloat: "float_sum(ARRAY_AGG($1 IGNORE NULLS ORDER BY $1))",
		// NULLs are the smallest to ORDER BY.
		ArgMax:       "ARRAY_AGG($1 IGNORE NULLS ORDER BY $2 DESC, $1 DESC LIMIT 1)[SAFE_OFFSET(0)]",
		ArgMin:       "ARRAY_AGG($1 IGNORE NULLS ORDER BY $2 IS NULL, $2, $1 LIMIT 1)[SAFE_OFFSET(0)]",
		ArgMaxRow:    "ARRAY_AGG($1 ORDER BY $2 DESC, $3 DESC, $1 DESC LIMIT 1)[SAFE_OFFSET(0)]",
		ArgMinRow:    "ARRAY_AGG($1 ORDER BY $2 IS NULL, $2, $3 IS NULL, $3, $1 IS NULL, $1 LIMIT 1)[SAFE_OFFSET(0)]",
		Mode:         "most_frequent(ARRAY_AGG($1 IGNORE NULLS))",
		ListDistinct: "list_of(ARRAY_AGG(DISTINCT $1 IGNORE NULLS ORDER BY $1))",
		RowNumber:    "ROW_NUMBER()", Rank: "RANK()",

		ListContains: "list_contains($1, $2)", ListLength: "ARRAY_LENGTH($1.list)",
		ListOf: "list_of([$*])", ListConcat: "list_concat([$*])", ListGet: "$1.list[SAFE_ORDINAL($2)].element", ListSlice: "list_slice($1, $2, $3)",
		ListReverse: "list_reverse($1)", ListSort: "list_sort($1)", ListUnique: "list_unique($1)",
		ListHasAll: "list_has_all($1, $2)", ListHasAny: "list_has_any($1, $2)", ListMax: "list_max($1)", ListMin: "list_min($1)",
		ListEq: "list_eq($1, $2)", ListNe: "NOT list_eq($1, $2)", ListSame: "TO_JSON_STRING($1) = TO_JSON_STRING($2)", ListDiffer: "TO_JSON_STRING($1) <> TO_JSON_STRING($2)",
		ListMap:    "IF($1 IS NULL, NULL, STRUCT(ARRAY(SELECT AS STRUCT $body AS element FROM (SELECT element AS $param, nth FROM UNNEST($1.list) WITH OFFSET AS nth) ORDER BY nth) AS list))",
		ListFilter: "IF($1 IS NULL, NULL, STRUCT(ARRAY(SELECT AS STRUCT $param AS element FROM (SELECT element AS $param, nth FROM UNNEST($1.list) WITH OFFSET AS nth) WHERE $body ORDER BY nth) AS list))",
		Range:      "list_of(GENERATE_ARRAY(0, $1 - 1))",

		Least: "least_of([$*])", Greatest: "greatest_of([$*])", NullIf: "NULLIF($1, $2)", NullIfEmpty: "NULLIF($1, '')", AnyText: "TO_JSON_STRING($1)", Text: "CAST($1 AS STRING)",
		Coalesce: "COALESCE($*)",
		Hash:     "FARM_FINGERPRINT(TO_JSON_STRING((0, $*))) & 0x7fffffffffffffff",
	},
	Helper: "CREATE TEMP FUNCTION $1$2;\n",
	Helpers: map[string]string{
		"int_div": "(a INT64, b INT64) AS (IF(b = -1, SAFE_NEGATE(a), DIV(a, NULLIF(b, 0))))",
		// The engine's remainder of the smallest integer and -1 is 0.
		"int_mod":   "(a INT64, b INT64) AS (IF(b = -1, SAFE_NEGATE(a) * 0, MOD(a, NULLIF(b, 0))))",
		"float_add": "(x FLOAT64, y FLOAT64) AS (COALESCE(SAFE_ADD(x, y), IEEE_DIVIDE(x, ABS(y) * 0)))",
		"float_sub": "(x FLOAT64, y FLOAT64) AS (COALESCE(SAFE_SUBTRACT(x, y), IEEE_DIVIDE(x, ABS(y) * 0)))",
		"float_mul": "(x FLOAT64, y FLOAT64) AS (COALESCE(SAFE_MULTIPLY(x, y), SIGN(x) * IEEE_DIVIDE(y, 0)))",
		// The engine adds in no order that it promises.
		"float_sum":     "(xs ARRAY<FLOAT64>) RETURNS FLOAT64 LANGUAGE js AS r'return xs === null ? null : xs.reduce((a, x) => a + x, 0)'",
		"float_sqrt":    "(x FLOAT64) AS (IF(x < 0, CAST('nan' AS FLOAT64), SQRT(x)))",
		"float_to_int":  "(x FLOAT64) AS (IF(ABS(x) < 9223372036854775808e0, CAST(TRUNC(x) AS INT64), NULL))",
		"float_to_uint": "(x FLOAT64) AS (IF(x >= 0 AND x < 18446744073709551616e0, CAST(TRUNC(x) AS BIGNUMERIC), NULL))",
		// The shortest of 15 to 17 digits that reads as the number is the shortest of
		// all, but for numbers that have fewer than 53 bits.
		"float_text": "(x FLOAT64) AS (CASE WHEN IS_NAN(x) THEN 'nan' WHEN IS_INF(x) THEN IF(x > 0, 'inf', '-inf')" +
			" WHEN x = 0 THEN IF(IEEE_DIVIDE(1, x) < 0, '-0.0', '0.0')" +
			" WHEN ABS(x) >= 1e15 AND ABS(x) < 1e16 THEN FORMAT('%.1f', x)" +
			" WHEN ABS(x) >= 1e-4 AND ABS(x) < 1e15 THEN REGEXP_REPLACE(CASE WHEN SAFE_CAST(FORMAT('%.15g', x) AS FLOAT64) = x THEN FORMAT('%.15g', x)" +
			" WHEN SAFE_CAST(FORMAT('%.16g', x) AS FLOAT64) = x THEN FORMAT('%.16g', x) ELSE FORMAT('%.17g', x) END, '^(-?[0-9]+)$', r'\\1.0')" +
			" WHEN ABS(x) < 2.2250738585072014e-308 THEN REGEXP_REPLACE((SELECT FORMAT('%.*e', digits, x) FROM UNNEST(GENERATE_ARRAY(0, 16)) AS digits" +
			" WHERE SAFE_CAST(FORMAT('%.*e', digits, x) AS FLOAT64) = x ORDER BY digits LIMIT 1), '[.]?0*e', 'e')" +
			" ELSE REGEXP_REPLACE(CASE WHEN SAFE_CAST(FORMAT('%.14e', x) AS FLOAT64) = x THEN FORMAT('%.14e', x)" +
			" WHEN SAFE_CAST(FORMAT('%.15e', x) AS FLOAT64) = x THEN FORMAT('%.15e', x) ELSE FORMAT('%.16e', x) END, '[.]?0*e', 'e') END)",
		// The 64 bits of an unsigned integer as one with a sign, and back.
		"bits_of_uint": "(n BIGNUMERIC) AS (CAST(IF(n > 9223372036854775807, n - BIGNUMERIC '18446744073709551616', n) AS INT64))",
		"uint_of_bits": "(n INT64) AS (IF(n < 0, CAST(n AS BIGNUMERIC) + BIGNUMERIC '18446744073709551616', CAST(n AS BIGNUMERIC)))",

		"most_frequent": "(xs ANY TYPE) AS ((SELECT x FROM UNNEST(xs) AS x GROUP BY x ORDER BY COUNT(*) DESC, x LIMIT 1))",
		"least_of":      "(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x))",
		"greatest_of":   "(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x))",

		"list_of":       "(xs ANY TYPE) AS (IF(xs IS NULL, NULL, STRUCT(ARRAY(SELECT AS STRUCT x AS element FROM UNNEST(xs) AS x WITH OFFSET AS nth ORDER BY nth) AS list)))",
		"list_concat":   "(ls ANY TYPE) AS (STRUCT(ARRAY(SELECT AS STRUCT e.element FROM UNNEST(ls) AS l WITH OFFSET AS i, UNNEST(l.list) AS e WITH OFFSET AS nth ORDER BY i, nth) AS list))",
		"list_slice":    listOf("l ANY TYPE, first INT64, last INT64", "WHERE nth + 1 BETWEEN first AND last ORDER BY nth"),
		"list_reverse":  listOf("l ANY TYPE", "ORDER BY nth DESC"),
		"list_sort":     listOf("l ANY TYPE", "ORDER BY e.element"),
		"list_unique":   listOf("l ANY TYPE", "GROUP BY e.element ORDER BY MIN(nth)"),
		"list_max":      "(l ANY TYPE) AS ((SELECT MAX(e.element) FROM UNNEST(l.list) AS e))",
		"list_min":      "(l ANY TYPE) AS ((SELECT MIN(e.element) FROM UNNEST(l.list) AS e))",
		"list_eq":       "(a ANY TYPE, b ANY TYPE) AS (IF(a IS NULL OR b IS NULL, NULL, TO_JSON_STRING(a) = TO_JSON_STRING(b)))",
		"list_contains": "(l ANY TYPE, x ANY TYPE) AS (IF(l IS NULL OR x IS NULL, NULL, EXISTS(SELECT 1 FROM UNNEST(l.list) AS e WHERE e.element = x)))",
		"list_has_all":  "(a ANY TYPE, b ANY TYPE) AS (IF(a IS NULL OR b IS NULL, NULL, NOT EXISTS(SELECT 1 FROM UNNEST(b.list) AS y WHERE y.element NOT IN (SELECT x.element FROM UNNEST(a.list) AS x))))",
		"list_has_any":  "(a ANY TYPE, b ANY TYPE) AS (IF(a IS NULL OR b IS NULL, NULL, EXISTS(SELECT 1 FROM UNNEST(b.list) AS y WHERE y.element IN (SELECT x.element FROM UNNEST(a.list) AS x))))",
		"list_join":     "(l ANY TYPE, separator STRING) AS (IF(l IS NULL, NULL, ARRAY_TO_STRING(ARRAY(SELECT e.element FROM UNNEST(l.list) AS e WITH OFFSET AS nth ORDER BY nth), separator)))",
	},
	NoWindow: map[Func]bool{SumFloat: true, ArgMax: true, ArgMin: true, ArgMaxRow: true, ArgMinRow: true, Mode: true, ListDistinct: true},
	Types: map[Type]string{
		TypeBool: "BOOL", TypeInt: "INT64", TypeFloat: "FLOAT64", TypeDecimal: "NUMERIC", TypeString: "STRING",
		TypeTimestamp: "TIMESTAMP", TypeDate: "DATE", TypeUint: "BIGNUMERIC", TypeBytes: "BYTES",
		TypeStrings: list("STRING"), TypeInts: list("INT64"), TypeFloats: list("FLOAT64"), TypeTimestamps: list("TIMESTAMP"),
		TypeBools: list("BOOL"), TypeUints: list("BIGNUMERIC"), TypeBlobs: list("BYTES"),
	},
	Storage: "$key", Key: "\nCLUSTER BY $1", KeyLimit: 4,
	Empty: map[Type]string{
		TypeStrings: emptyList("STRING"), TypeInts: emptyList("INT64"), TypeFloats: emptyList("FLOAT64"), TypeTimestamps: emptyList("TIMESTAMP"),
		TypeBools: emptyList("BOOL"), TypeUints: emptyList("BIGNUMERIC"), TypeBlobs: emptyList("BYTES"),
	},
	OutputsFirst: true,
	RowIn:        "SELECT AS STRUCT * FROM $1",
	TryCast:      "SAFE_CAST($1 AS $2)",
	TryCasts: map[Type]string{
		TypeBool: "CASE WHEN LOWER(CAST($1 AS STRING)) IN ('true', 't', '1') THEN TRUE WHEN LOWER(CAST($1 AS STRING)) IN ('false', 'f', '0') THEN FALSE END",
		TypeInt:  `SAFE_CAST(ROUND(SAFE_CAST(REGEXP_EXTRACT(CAST($1 AS STRING), r'^[+-]?0*[0-9]{1,30}(?:[.][0-9]*)?\z') AS BIGNUMERIC)) AS INT64)`,
	},
	QuoteName:   bigqueryName,
	ReadName:    bigqueryRead,
	QuoteTable:  bigqueryTable,
	QuoteString: bigqueryString,
	Regexp:      bigqueryRegexp,
	Timestamp: func(t time.Time) string {
		return "TIMESTAMP '" + t.UTC().Format("2006-01-02 15:04:05.999999") + "+00'"
	},
	Float:         bigqueryFloat,
	About:         "SELECT CONCAT('BigQuery (API v2) as ', SESSION_USER()) AS about",
	CreateTableAs: []string{"CREATE OR REPLACE TABLE $1$key AS\n$2"},
	Swap:          []string{"CREATE OR REPLACE TABLE $2 COPY $1", "DROP TABLE IF EXISTS $1"},
	Copy:          "CREATE OR REPLACE TABLE $1 COPY $2",
	Begin:         "BEGIN TRANSACTION", Commit: "COMMIT TRANSACTION", Rollback: "ROLLBACK TRANSACTION", Commits: true,
	Together: true,
}

// bigUint is a BIGNUMERIC as an unsigned integer, NULL where it does not fit.
func bigUint(n string) string {
	const over = "BIGNUMERIC '18446744073709551616'"
	return "NULLIF(LEAST(" + n + ", " + over + "), " + over + ")"
}

// list is the type of a list.
func list(element string) string { return "STRUCT<list ARRAY<STRUCT<element " + element + ">>>" }

func emptyList(element string) string {
	return "STRUCT(ARRAY<STRUCT<element " + element + ">>[] AS list)"
}

// listOf is a function that makes a list of the elements e of a list l.
func listOf(parameters, clauses string) string {
	return "(" + parameters + ") AS (IF(l IS NULL, NULL, STRUCT(ARRAY(SELECT AS STRUCT e.element FROM UNNEST(l.list) AS e WITH OFFSET AS nth " + clauses + ") AS list)))"
}

// bigqueryString quotes a text, in which a backslash begins an escape.
func bigqueryString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\x00", `\x00`).Replace(s) + "'"
}

// bigqueryFloat writes a double with an exponent.
func bigqueryFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "CAST('nan' AS FLOAT64)"
	case math.IsInf(f, 1):
		return "CAST('inf' AS FLOAT64)"
	case math.IsInf(f, -1):
		return "CAST('-inf' AS FLOAT64)"
	case f == 0 && math.Signbit(f):
		return "CAST('-0' AS FLOAT64)"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	n, _ := strconv.Atoi(exponent)
	return mantissa + "e" + strconv.Itoa(n)
}

// bigqueryRegexp is a pattern as it is: the engine is RE2. What it extracts it
// finds by the only group, so the others become groups that capture nothing.
func bigqueryRegexp(of Func, pattern string) (text string, group int, err error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", 0, fmt.Errorf("it is no pattern: %w", err)
	}
	if of != RegexpExtract || tree.MaxCap() < 2 {
		return pattern, 1, nil
	}
	return uncapture(tree).String(), 1, nil
}

// uncapture takes away all groups but the first.
func uncapture(tree *syntax.Regexp) *syntax.Regexp {
	for i, sub := range tree.Sub {
		tree.Sub[i] = uncapture(sub)
	}
	if tree.Op == syntax.OpCapture && tree.Cap > 1 {
		return tree.Sub[0]
	}
	return tree
}
