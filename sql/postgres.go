package sql

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// PostgreSQL is the dialect of PostgreSQL 15 and later.
//
// It has no TRY: what may fail is looked at first. Integers go through numeric,
// which is exact, and are held to 64 bits by a clamp, both ends of which become
// NULL: so that an operand is written once. Doubles that would be infinite, or
// too small, are an error of the engine; the longer CASEs find them. Where a
// snippet has an argument more than once, Let names it.
//
// Each text has the collation "C": literals, casts and whatever makes a text of
// something else say so, and the others inherit it. So texts are compared by
// code point whatever the database's locale is. A text cannot hold NUL.
//
// An instant is a timestamp that holds UTC; sessions are UTC. An unsigned
// integer is a numeric(20,0). Lists are arrays, and functions of their elements
// are subqueries.
var PostgreSQL = &Dialect{
	Name: "postgres",
	Funcs: map[Func]string{
		IntAdd: clampInt("CAST($1 AS numeric) + $2"), IntSub: clampInt("CAST($1 AS numeric) - $2"), IntMul: clampInt("CAST($1 AS numeric) * $2"),
		IntDiv: "CAST(nullif(div(CAST($1 AS numeric), nullif($2, 0)), 9223372036854775808) AS bigint)",
		// The engine's remainder of the smallest integer and -1 is 0.
		IntMod: "CASE WHEN $1 <> bigint '-9223372036854775808' OR $2 <> -1 THEN CAST($1 AS bigint) % nullif($2, 0) END",
		IntNeg: "-nullif(CAST($1 AS bigint), '-9223372036854775808')",

		FloatAdd: floatAdd("sign($1) = sign($2)", "$1 + $2"), FloatSub: floatAdd("sign($1) = -sign($2)", "$1 - $2"),
		// Both factors of medium size, or a zero or an end: the engine does it.
		// Beyond 2^1024 it would not, nor below half of the smallest double;
		// the factors are compared at scales at which nothing is lost.
		FloatMul: "CASE WHEN abs($1) BETWEEN 1e-150 AND 1e150 AND abs($2) BETWEEN 1e-150 AND 1e150" +
			" OR $1 IN (0, 'NaN', 'Infinity', '-Infinity') OR $2 IN (0, 'NaN', 'Infinity', '-Infinity') THEN $1 * $2" +
			" WHEN abs($1) > 1 AND abs($2) > 1 AND abs($1 * " + two(-512) + " * ($2 * " + two(-512) + ")) >= 1 THEN sign($1) * sign($2) * " + infinity +
			" WHEN abs($1) < 1 AND abs($2) < 1 AND (greatest(abs($1), abs($2)) < " + two(-538) + " OR least(abs($1), abs($2)) * " + two(1000) +
			" * greatest(abs($1), abs($2)) <= " + two(-75) + ") THEN sign($1) * sign($2) * 0 ELSE $1 * $2 END",
		FloatDiv: "CASE WHEN abs($1) BETWEEN 1e-150 AND 1e150 AND abs($2) BETWEEN 1e-150 AND 1e150 OR $1 = 'NaN' OR $2 = 'NaN' THEN $1 / $2" +
			" WHEN $2 = 0 THEN CASE WHEN $1 = 0 THEN float8 'NaN' WHEN CAST($2 AS text) = '-0' THEN -$1 * " + infinity + " ELSE $1 * " + infinity + " END" +
			" WHEN $1 = 0 OR abs($1) = 'Infinity' THEN $1 / $2" +
			" WHEN abs($2) = 'Infinity' THEN sign($1) * sign($2) * 0" +
			" WHEN abs($2) < 1 AND abs($1) > " + two(-510) + " AND abs($1) * " + two(-512) + " >= abs($2) * " + two(512) + " THEN sign($1) * sign($2) * " + infinity +
			" WHEN abs($1) < 1 AND abs($2) > 1 AND abs($1) * " + two(600) + " <= abs($2) * " + two(-475) + " THEN sign($1) * sign($2) * 0 ELSE $1 / $2 END",
		IsNaN: "$1 = 'NaN'",

		UintAdd: clampUint("$1 + $2"), UintMul: clampUint("$1 * $2"),
		UintSub: "CAST(nullif(greatest($1 - $2, -1), -1) AS numeric(20,0))",
		UintDiv: "CAST(div($1, nullif($2, 0)) AS numeric(20,0))", UintMod: "CAST(mod($1, nullif($2, 0)) AS numeric(20,0))",

		IntAbs: "abs(nullif(CAST($1 AS bigint), '-9223372036854775808'))", IntSign: "CAST(sign($1) AS bigint)", UintSign: "CAST(sign($1) AS numeric(20,0))",
		FloatAbs: "abs($1)", FloatSign: "CASE WHEN $1 = 'NaN' THEN $1 ELSE sign($1) END",
		Ceil: "ceil($1)", Floor: "floor($1)", Trunc: "trunc($1)",
		// The engine's own rounds half to even.
		Round: "CASE WHEN abs($1 - trunc($1)) >= 0.5 THEN trunc($1) + sign($1) ELSE trunc($1) END",
		Sqrt:  "CASE WHEN $1 < 0 THEN float8 'NaN' ELSE sqrt($1) END",
		IsInf: "abs($1) = 'Infinity'", IsFinite: "abs($1) < 'Infinity'",
		BitAnd: "$1 & $2", BitOr: "$1 | $2", BitXor: "$1 # $2", BitNot: "~$1",
		UintBitAnd: unsigned(signed("$1") + " & " + signed("$2")), UintBitOr: unsigned(signed("$1") + " | " + signed("$2")),
		UintBitXor: unsigned(signed("$1") + " # " + signed("$2")), UintBitNot: "CAST(18446744073709551615 - $1 AS numeric(20,0))", AnyBits: "bit_or($1)",

		IntToFloat: "CAST($1 AS double precision)",
		// The smallest integer is refused, as in CEL: a double cannot tell it
		// from numbers that do not fit.
		FloatToInt:    "CASE WHEN abs($1) < 9223372036854775808 THEN CAST(trunc($1) AS bigint) END",
		StringToInt:   clampInt("CAST(substring($1, '^[+-]?0*[0-9]{1,19}$') AS numeric)"),
		StringToFloat: stringToFloat("CAST($1 AS text)"),
		IntToString:   cText("CAST($1 AS text)"),
		BoolToString:  cText("CAST($1 AS text)"), DecimalToString: cText("CAST(CAST($1 AS numeric(38,9)) AS text)"), BoolToInt: "CAST(CAST($1 AS integer) AS bigint)",
		// The engine's own has no point in whole numbers, and none from 1e+15 on.
		FloatToString: "CASE WHEN $1 = 'NaN' THEN 'nan' WHEN $1 = 'Infinity' THEN 'inf' WHEN $1 = '-Infinity' THEN '-inf'" +
			" WHEN abs($1) >= 1e15 AND abs($1) < 1e16 THEN CAST(CAST(CAST($1 AS text) AS numeric) AS text) ELSE CAST($1 AS text) END" +
			` COLLATE "C" || CASE WHEN abs($1) < 1e16 AND $1 = trunc($1) THEN '.0' ELSE '' END`,
		IntToUint: "CAST(CASE WHEN $1 >= 0 THEN $1 END AS numeric(20,0))",
		UintToInt: "CAST(nullif(least($1, 9223372036854775808), 9223372036854775808) AS bigint)",
		FloatToUint: "CAST(CASE WHEN $1 >= 0 AND $1 < 9223372036854775808 THEN CAST(CAST(trunc($1) AS bigint) AS numeric)" +
			" WHEN $1 >= 9223372036854775808 AND $1 < 18446744073709551616 THEN CAST(CAST($1 - 9223372036854775808 AS bigint) AS numeric) + 9223372036854775808 END AS numeric(20,0))",
		StringToUint: clampUint("CAST(substring($1, '^0*[0-9]{1,20}$') AS numeric)"),
		StringToBool: "CASE WHEN $1 IN ('1', 't', 'T', 'TRUE', 'true', 'True') THEN TRUE WHEN $1 IN ('0', 'f', 'F', 'FALSE', 'false', 'False') THEN FALSE END",
		StringToTime: "CASE WHEN $1 ~ '^" + validDate + "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$' THEN " +
			clampTime("CAST(left($1, CASE WHEN right($1, 1) = 'Z' THEN -1 ELSE -6 END) AS timestamp) - CAST(CASE WHEN right($1, 1) = 'Z' THEN '0' ELSE right($1, 6) END AS interval)") + " END",
		StringToBytes: "convert_to($1, 'UTF8')", HexToBytes: "decode($1, 'hex')",
		// Bytes that are no UTF-8 have no counterpart, nor does NUL.
		BytesToString: "CASE WHEN encode($1, 'hex') ~ '^(0[1-9a-f]|[1-7].|(c[2-9a-f]|d.)[89ab].|(e0[ab].|(e[1-9abcef])[89ab].|ed[89].)[89ab].|(f0[9ab].|f[123][89ab].|f48.)[89ab].[89ab].)*$' THEN " +
			cText("convert_from($1, 'UTF8')") + " END",
		TimeRFC3339: "rtrim(rtrim(" + cText(`to_char($1, 'YYYY-MM-DD"T"HH24:MI:SS.US')`) + ", '0'), '.') || 'Z'",

		Length: "CAST(length($1) AS bigint)", Contains: "strpos($1, $2) > 0",
		StartsWith: "starts_with($1, $2)", EndsWith: "right($1, length($2)) = $2",
		LowerASCII: `lower($1 COLLATE "C")`, UpperASCII: `upper($1 COLLATE "C")`,
		Matches: "$1 ~ $2", MatchesAll: "$1 ~ $2",
		RegexpReplace: "regexp_replace($1, $2, $3, 'g')",
		RegexpExtract: "(regexp_match($1, $2))[1]",
		TrimSpace:     `btrim($1, E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000')`,
		// Only ASCII, as most texts are, is quick.
		Lower:  `CASE WHEN octet_length($1) = length($1) THEN lower($1 COLLATE "C") ELSE translate($1, ` + lowerFrom + ", " + lowerTo + ") END",
		Substr: "substr($1, " + position("$2") + ", " + position("$3") + ")",
		Sha256: cText("encode(sha256(convert_to($1, 'UTF8')), 'hex')"), MD5: "md5($1)", Position: "CAST(strpos($1, $2) AS bigint)",
		LastPosition: "CAST(CASE WHEN strpos($1, $2) = 0 THEN 0 ELSE length($1) - length($2) + 2 - strpos(reverse($1), reverse($2)) END AS bigint)",
		ReverseText:  "reverse($1)",
		Split:        "CASE WHEN $1 = '' THEN ARRAY[$1] ELSE string_to_array($1, $2) END", SplitChars: "string_to_array($1, NULL)",
		JoinText: "array_to_string($1, $2)", BytesLength: "CAST(octet_length($1) AS bigint)",
		ConcatAll: "concat($*)",

		TimeAdd: addTime("+"), TimeSub: addTime("-"),
		TimeDiff: "CAST(nullif(nullif(greatest(least(extract(epoch FROM $1 - $2) * 1000000, 9223372036854776), -9223372036854776), 9223372036854776), -9223372036854776) AS bigint)",
		InOffset: "$1 + interval '1 microsecond' * $2",
		InZone:   "timezone($2, timezone('UTC', $1))",
		// The engine's year before 1 is -1.
		Year: part("year") + " + CASE WHEN $1 < timestamp '0001-01-01' THEN 1 ELSE 0 END", Month: part("month"), DayOfMonth: part("day"), DayOfYear: part("doy"), DayOfWeek: part("dow"),
		Hours: part("hour"), Minutes: part("minute"), Seconds: "CAST(floor(extract(second FROM $1)) AS bigint)",
		Milliseconds: "CAST(floor(extract(milliseconds FROM $1)) AS bigint) % 1000",
		DayNumber:    "CAST(CAST($1 AS date) - date '1970-01-01' AS bigint)",
		EpochSeconds: "CAST(floor(extract(epoch FROM $1)) AS bigint)",
		EpochMicros:  "CAST(extract(epoch FROM $1) * 1000000 AS bigint)",
		TimeText:     cText(`to_char($1, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`),

		Sum: clampInt("sum($1)$over"),
		// The engine begins with the first value, and not with 0.
		SumFloat: "sum($1 ORDER BY $1) + float8 '0'",
		BoolOr:   "bool_or($1)", BoolAnd: "bool_and($1)",
		ArgMax:       "(array_agg($1 ORDER BY $2 DESC NULLS LAST, $1 DESC) FILTER (WHERE $1 IS NOT NULL))[1]",
		ArgMin:       "(array_agg($1 ORDER BY $2 NULLS LAST, $1) FILTER (WHERE $1 IS NOT NULL))[1]",
		ArgMaxRow:    "(array_agg($1 ORDER BY $2 DESC NULLS LAST, $3 DESC NULLS LAST, $1 DESC NULLS LAST))[1]",
		ArgMinRow:    "(array_agg($1 ORDER BY $2 NULLS LAST, $3 NULLS LAST, $1 NULLS LAST))[1]",
		Mode:         "mode() WITHIN GROUP (ORDER BY $1)",
		ListDistinct: "array_agg(DISTINCT $1) FILTER (WHERE $1 IS NOT NULL)",

		// Bare, what is a query in parentheses would be one of elements. Of no
		// elements, NULL is none for the engine.
		ListContains: "CASE WHEN $2 IS NOT NULL THEN $2 = ANY (coalesce($1)) END", ListLength: "CAST(cardinality($1) AS bigint)",
		ListOf: "ARRAY[$*]", ListConcat: "$||", ListGet: "($1)[" + position("$2") + "]",
		ListSlice:   "($1)[" + position("$2") + ":" + position("$3") + "]",
		ListReverse: overList(`SELECT x FROM unnest($1) WITH ORDINALITY AS u(x, i) ORDER BY i DESC`),
		ListSort:    overList(`SELECT x FROM unnest($1) AS u(x) ORDER BY x`),
		ListUnique:  overList(`SELECT x FROM unnest($1) WITH ORDINALITY AS u(x, i) GROUP BY x ORDER BY min(i)`),
		ListHasAll:  "$1 @> $2", ListHasAny: "$1 && $2",
		ListMax: "(SELECT x FROM unnest($1) AS u(x) ORDER BY x DESC LIMIT 1)", ListMin: "(SELECT x FROM unnest($1) AS u(x) ORDER BY x LIMIT 1)",
		ListMap:    overList(`SELECT $body FROM unnest($1) WITH ORDINALITY AS "#"($param, "##") ORDER BY "##"`),
		ListFilter: overList(`SELECT $param FROM unnest($1) WITH ORDINALITY AS "#"($param, "##") WHERE $body ORDER BY "##"`),
		Range:      overList("SELECT generate_series(0, CAST($1 AS bigint) - 1)"),
		Least:      "least($*)", Greatest: "greatest($*)", AnyText: cText("CAST($1 AS text)"), Text: cText("CAST($1 AS text)"),
		Hash: "hash_record_extended(ROW($*), 0) & 9223372036854775807",
	},
	NoWindow: map[Func]bool{
		SumFloat: true, ArgMax: true, ArgMin: true, ArgMaxRow: true, ArgMinRow: true, Mode: true, ListDistinct: true, CountDistinct: true,
	},
	Types: map[Type]string{
		TypeBool: "boolean", TypeInt: "bigint", TypeFloat: "double precision", TypeDecimal: "numeric(38,9)",
		TypeString: `text COLLATE "C"`, TypeTimestamp: "timestamp", TypeDate: "date",
		TypeUint: "numeric(20,0)", TypeBytes: "bytea", TypeBools: "boolean[]", TypeUints: "numeric(20,0)[]", TypeBlobs: "bytea[]",
		TypeStrings: `text[] COLLATE "C"`, TypeInts: "bigint[]", TypeFloats: "double precision[]", TypeTimestamps: "timestamp[]",
	},
	Casts: map[Type]string{
		TypeString: cText("CAST($1 AS text)"), TypeStrings: cText("CAST($1 AS text[])"),
	},
	TryCast: "CAST($1 AS $2)",
	TryCasts: map[Type]string{
		TypeBool:    "CASE WHEN lower(CAST($1 AS text)) IN ('true', 't', '1') THEN TRUE WHEN lower(CAST($1 AS text)) IN ('false', 'f', '0') THEN FALSE END",
		TypeInt:     clampInt("round(CAST(substring(CAST($1 AS text), '^[+-]?0*[0-9]{1,30}(?:[.][0-9]{0,100})?$') AS numeric))"),
		TypeFloat:   stringToFloat("CAST($1 AS text)"),
		TypeDecimal: "CAST(substring(CAST($1 AS text), '^[+-]?0*[0-9]{1,29}(?:[.][0-9]{0,9})?$') AS numeric(38,9))",
		TypeString:  cText("CAST($1 AS text)"),
		TypeDate:    "CAST(substring(CAST($1 AS text), '^" + nonCapturing(validDate) + "$') AS date)",
		TypeTimestamp: "CASE WHEN CAST($1 AS text) ~ '^" + validDate + "([T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?)?$' THEN " +
			clampTime("CAST(substring(CAST($1 AS text), '^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+)?') AS timestamp) - CAST(coalesce(substring(CAST($1 AS text), ':[0-9.]+([+-][0-9:]{5})$'), '0') AS interval)") + " END",
	},
	Let:         `(SELECT $1 FROM (SELECT $2 OFFSET 0) AS let)`,
	QuoteName:   postgresName,
	NameLimit:   63,
	QuoteString: func(s string) string { return postgresText(s) + ` COLLATE "C"` },
	NoNUL:       true,
	Regexp:      advanced.translate,
	Timestamp: func(t time.Time) string {
		return "timestamp '" + t.UTC().Format("2006-01-02 15:04:05.999999") + "'"
	},
	Float: postgresFloat,
	// Without the DO, a role that may not make schemas is refused where the
	// schema is there already.
	About:        "SELECT 'PostgreSQL ' || current_setting('server_version') || ' as ' || current_user",
	Explain:      "EXPLAIN $1",
	DropSchema:   "DROP SCHEMA IF EXISTS $1",
	CreateSchema: "DO $do$ BEGIN IF to_regnamespace($name$$1$name$) IS NULL THEN CREATE SCHEMA $1; END IF; END $do$",
	// The query may read what it replaces. The planner knows nothing of a table
	// that nobody has analysed.
	CreateTableAs:     []string{"CREATE TABLE $3 AS\n$2", "DROP TABLE IF EXISTS $1", "ALTER TABLE $3 RENAME TO $4", "ANALYZE $1"},
	CreateWorkTableAs: []string{"CREATE UNLOGGED TABLE $3 AS\n$2", "DROP TABLE IF EXISTS $1", "ALTER TABLE $3 RENAME TO $4", "ANALYZE $1"},
	Swap:              []string{"DROP TABLE IF EXISTS $2", "ALTER TABLE $1 RENAME TO $3"},
	Begin:             "BEGIN ISOLATION LEVEL REPEATABLE READ",
	Commit:            "COMMIT", Rollback: "ROLLBACK",
}

const (
	infinity = "float8 'Infinity'"
	greatest = "float8 '1.7976931348623157e308'"
	// validDate is a date that there is, from the year 1 to 9999.
	validDate = "(?!0000)([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))" +
		"|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"
)

// cText gives the text that a snippet makes of something else its collation.
func cText(snippet string) string { return "(" + snippet + ` COLLATE "C")` }

// nonCapturing makes the groups of a pattern such that substring gives all that
// matches.
func nonCapturing(pattern string) string {
	return strings.NewReplacer("(?", "(?", "(", "(?:").Replace(pattern)
}

// clampInt is a numeric as a 64-bit integer, NULL where it does not fit.
func clampInt(numeric string) string {
	return "CAST(nullif(nullif(greatest(least(" + numeric + ", 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint)"
}

// clampUint is the same of unsigned ones.
func clampUint(numeric string) string {
	return "CAST(nullif(least(" + numeric + ", 18446744073709551616), 18446744073709551616) AS numeric(20,0))"
}

// signed is the 64 bits of an unsigned integer as those of one with a sign, and
// unsigned the other way.
func signed(n string) string {
	return "CAST(mod(" + n + " + 9223372036854775808, 18446744073709551616) - 9223372036854775808 AS bigint)"
}

func unsigned(n string) string {
	return "CAST(mod(CAST(" + n + " AS numeric) + 18446744073709551616, 18446744073709551616) AS numeric(20,0))"
}

// clampTime is NULL outside of the years 1 to 9999.
func clampTime(instant string) string {
	const before, after = "timestamp '0001-12-31 23:59:59.999999 BC'", "timestamp '10000-01-01'"
	return "nullif(nullif(greatest(least(" + instant + ", " + after + "), " + before + "), " + after + "), " + before + ")"
}

// addTime adds a duration, or takes it off. What is longer than 12,000 years
// leaves our times from anywhere, and would leave the engine's. The days and the
// rest of them are exact as the doubles that intervals are multiplied with.
func addTime(op string) string {
	return "CASE WHEN abs(CAST($2 AS numeric)) < 4e17 THEN " +
		clampTime("$1 "+op+" (interval '1 day' * ($2 / 86400000000) + interval '1 microsecond' * ($2 % 86400000000))") + " END"
}

// floatAdd is a sum of doubles whose operands, where they are of one direction,
// may be beyond the greatest: the rest of the way there is exact.
func floatAdd(oneDirection, sum string) string {
	const most, less = "greatest(abs($1), abs($2))", "least(abs($1), abs($2))"
	return "CASE WHEN " + most + " BETWEEN " + two(1023) + " AND " + greatest + " AND " + oneDirection +
		" AND " + less + " - (" + greatest + " - " + most + ") >= " + two(970) + " THEN sign($1) * " + infinity + " ELSE " + sum + " END"
}

// two is a power of two as a literal.
func two(power int) string { return postgresFloat(math.Ldexp(1, power)) }

// stringToFloat reads a double. What is beyond the greatest is NULL and what is
// below half of the smallest is zero; the engine fails at both.
func stringToFloat(text string) string {
	const mantissa = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)"
	zero := "CASE WHEN " + text + " ~ '^-' THEN float8 '-0' ELSE float8 '0' END"
	return "CASE WHEN " + text + " ~ '" + mantissa + "([eE][+-]?0*[0-9]{1,3})?$'" +
		" THEN CASE WHEN abs(CAST(" + text + " AS numeric)) <= 2.47032822920623272088e-324 THEN " + zero +
		" WHEN abs(CAST(" + text + " AS numeric)) < 1.79769313486231580793e308 THEN CAST(" + text + " AS double precision) END" +
		" WHEN " + text + " ~ '" + mantissa + "[eE]-[0-9]+$' OR " + text + " ~ '^[+-]?(0+[.]?0*|[.]0+)[eE]' THEN " + zero + " END"
}

// position is an integer as the 32 bits that the engine counts texts and lists
// with.
func position(n string) string {
	return "CASE WHEN " + n + " BETWEEN -2147483647 AND 2147483647 THEN CAST(" + n + " AS integer) WHEN " + n + " > 0 THEN 2147483647 WHEN " + n + " < 0 THEN -2147483647 END"
}

// part is one of the whole parts of a local clock.
func part(name string) string { return "CAST(extract(" + name + " FROM $1) AS bigint)" }

// overList is an array of what a query of another gives.
func overList(query string) string { return "CASE WHEN $1 IS NOT NULL THEN ARRAY(" + query + ") END" }

// postgresText quotes a text. A backslash is an ordinary character.
func postgresText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// postgresFloat writes a double as text that is read as one: a bare number with
// a point is a numeric.
func postgresFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "float8 'NaN'"
	case math.IsInf(f, 1):
		return infinity
	case math.IsInf(f, -1):
		return "float8 '-Infinity'"
	default:
		return "float8 '" + strconv.FormatFloat(f, 'g', -1, 64) + "'"
	}
}

// lowerFrom and lowerTo are the letters that have a lower case, and those.
var lowerFrom, lowerTo = lowerLetters()

func lowerLetters() (from, to string) {
	var upper, lower strings.Builder
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if l := unicode.ToLower(r); l != r {
			upper.WriteRune(r)
			lower.WriteRune(l)
		}
	}
	return postgresText(upper.String()), postgresText(lower.String())
}
