package sql

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Snowflake is the dialect of Snowflake.
//
// It counts on parameters of the session that package adapters/snowflake sets,
// above all TIMEZONE. An integer is a NUMBER(38,0), which goes beyond 64 bits:
// what is calculated is held to them by a clamp, both ends of which become NULL,
// so that an operand is written once. Dividing by zero is an error, and so is a
// cast that fails, of which TRY_CAST knows that of texts alone.
//
// An instant is a TIMESTAMP_NTZ that holds UTC. Lists are ARRAYs, whose elements
// have no type: what is taken out of one is told its own. A column of a table is
// an ARRAY of a type, since whoever reads it has to know.
//
// Texts have no collation, and a backslash in a literal begins an escape.
// Statements that define tables commit what is open, hence Copy.
var Snowflake = &Dialect{
	Name: "snowflake",
	Funcs: map[Func]string{
		IntAdd: snowflakeInt("$1 + $2"), IntSub: snowflakeInt("$1 - $2"), IntMul: snowflakeInt("$1 * $2"),
		// A quotient has as many digits behind the point as what is divided, six
		// at least, and is rounded: nineteen are enough for none to become whole.
		IntDiv: "CAST(NULLIF(TRUNC(CAST($1 AS NUMBER(38,19)) / NULLIF($2, 0)), 9223372036854775808) AS INT)",
		IntMod: "CASE WHEN $1 <> -9223372036854775808 OR $2 <> -1 THEN MOD($1, NULLIF($2, 0)) END",
		IntNeg: "-NULLIF($1, -9223372036854775808)",

		FloatDiv: "CASE WHEN $2 <> 0 THEN $1 / NULLIF($2, 0) WHEN $2 IS NULL THEN NULL" +
			" WHEN $1 = 0 OR $1 = CAST('NaN' AS FLOAT) THEN CAST('NaN' AS FLOAT) WHEN TO_VARCHAR($2) LIKE '-%' THEN -$1 * CAST('inf' AS FLOAT) ELSE $1 * CAST('inf' AS FLOAT) END",
		IsNaN: "$1 = CAST('NaN' AS FLOAT)",

		UintAdd: snowflakeUint("$1 + $2"),
		// A product may have 39 digits, which is an error: so what is beyond 64 bits
		// anyway is made of a smaller operand.
		UintMul: snowflakeUint("CASE WHEN $2 < 4 THEN $1 ELSE LEAST($1, 4611686018427387904) END * $2"),
		UintSub: "CAST(NULLIF(GREATEST($1 - $2, -1), -1) AS NUMBER(20,0))",
		UintDiv: "CAST(($1 - MOD($1, NULLIF($2, 0))) / NULLIF($2, 0) AS NUMBER(20,0))", UintMod: "CAST(MOD($1, NULLIF($2, 0)) AS NUMBER(20,0))",

		IntAbs: "ABS(NULLIF($1, -9223372036854775808))", IntSign: "CAST(SIGN($1) AS INT)", UintSign: "CAST(SIGN($1) AS NUMBER(20,0))",
		FloatAbs: "ABS($1)", FloatSign: "CASE WHEN $1 = CAST('NaN' AS FLOAT) THEN $1 ELSE CAST(SIGN($1) AS FLOAT) END",
		Ceil: "CEIL($1)", Floor: "FLOOR($1)", Trunc: "TRUNC($1)",
		Round: "CASE WHEN ABS($1 - TRUNC($1)) >= 0.5 THEN TRUNC($1) + SIGN($1) ELSE TRUNC($1) END",
		Sqrt:  "CASE WHEN $1 < 0 THEN CAST('NaN' AS FLOAT) ELSE SQRT($1) END",
		IsInf: "ABS($1) = CAST('inf' AS FLOAT)", IsFinite: "ABS($1) < CAST('inf' AS FLOAT)",
		BitAnd: "BITAND($1, $2)", BitOr: "BITOR($1, $2)", BitXor: "BITXOR($1, $2)", BitNot: "-1 - $1", AnyBits: "BITOR_AGG($1)",
		UintBitAnd: snowflakeUnsigned("BITAND(" + snowflakeSigned("$1") + ", " + snowflakeSigned("$2") + ")"),
		UintBitOr:  snowflakeUnsigned("BITOR(" + snowflakeSigned("$1") + ", " + snowflakeSigned("$2") + ")"),
		UintBitXor: snowflakeUnsigned("BITXOR(" + snowflakeSigned("$1") + ", " + snowflakeSigned("$2") + ")"),
		UintBitNot: "CAST(18446744073709551615 - $1 AS NUMBER(20,0))",

		IntToFloat: "CAST($1 AS FLOAT)",
		// The smallest integer is refused, as in CEL.
		FloatToInt:    "CASE WHEN ABS($1) < 9223372036854775808 THEN CAST(TRUNC($1) AS INT) END",
		FloatToUint:   "CASE WHEN $1 >= 0 AND $1 < 18446744073709551616 THEN CAST(TRUNC($1) AS NUMBER(20,0)) END",
		StringToInt:   snowflakeInt("CASE WHEN REGEXP_LIKE($1, '[+-]?[0-9]+') THEN TRY_TO_NUMBER($1, 38, 0) END"),
		StringToUint:  snowflakeUint("CASE WHEN REGEXP_LIKE($1, '[0-9]+') THEN TRY_TO_NUMBER($1, 38, 0) END"),
		StringToFloat: snowflakeDouble("$1"),
		IntToString:   "TO_VARCHAR($1)", BoolToString: "TO_VARCHAR($1)", BoolToInt: "CAST($1 AS INT)",
		DecimalToString: "TO_VARCHAR(CAST($1 AS NUMBER(38,9)))", FloatToString: snowflakeFloatText,
		IntToUint:     "CASE WHEN $1 >= 0 THEN CAST($1 AS NUMBER(20,0)) END",
		UintToInt:     "CASE WHEN $1 < 9223372036854775808 THEN CAST($1 AS INT) END",
		StringToBool:  "CASE WHEN $1 IN ('1', 't', 'T', 'TRUE', 'true', 'True') THEN TRUE WHEN $1 IN ('0', 'f', 'F', 'FALSE', 'false', 'False') THEN FALSE END",
		StringToTime:  snowflakeTime("$1", "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"),
		StringToBytes: "TO_BINARY($1, 'UTF-8')", HexToBytes: "TO_BINARY($1, 'HEX')", BytesLength: "OCTET_LENGTH($1)",
		BytesToString: "TRY_HEX_DECODE_STRING(HEX_ENCODE($1))",
		TimeRFC3339:   `RTRIM(RTRIM(TO_VARCHAR($1, 'YYYY-MM-DD"T"HH24:MI:SS.FF6'), '0'), '.') || 'Z'`,

		ConcatAll: "CONCAT($*)",
		Length:    "LENGTH($1)", Contains: "CONTAINS($1, $2)",
		StartsWith: "STARTSWITH($1, $2)", EndsWith: "ENDSWITH($1, $2)",
		LowerASCII: "TRANSLATE($1, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')",
		UpperASCII: "TRANSLATE($1, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')",
		// It wants the whole text to match.
		Matches: "REGEXP_LIKE($1, '.*(' || $2 || ').*', 's')", MatchesAll: "REGEXP_LIKE($1, $2, 's')",
		RegexpReplace: "REGEXP_REPLACE($1, $2, $3, 1, 0, 's')",
		RegexpExtract: "REGEXP_SUBSTR($1, $2, 1, 1, 'se', $3)",
		TrimSpace:     "TRIM($1, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000')",
		// Only ASCII, as most texts are, is quick.
		Lower:  "CASE WHEN OCTET_LENGTH($1) = LENGTH($1) THEN LOWER($1) ELSE TRANSLATE($1, " + lowerFrom + ", " + lowerTo + ") END",
		Substr: "SUBSTR($1, GREATEST($2, 1), GREATEST($3, 0))",
		Sha256: "SHA2($1, 256)", MD5: "MD5($1)", Position: "POSITION($2, $1)",
		LastPosition: "CASE WHEN POSITION($2, $1) = 0 THEN 0 ELSE LENGTH($1) - LENGTH($2) + 2 - POSITION(REVERSE($2), REVERSE($1)) END",
		ReverseText:  "REVERSE($1)",
		Split:        "CASE WHEN $1 = '' THEN ARRAY_CONSTRUCT('') ELSE SPLIT($1, $2) END", SplitChars: "REGEXP_SUBSTR_ALL($1, '.', 1, 1, 's')",
		JoinText: "ARRAY_TO_STRING($1, $2)",

		TimeAdd: snowflakeInstant("DATE_PART(EPOCH_MICROSECOND, $1) + $2"), TimeSub: snowflakeInstant("DATE_PART(EPOCH_MICROSECOND, $1) - $2"),
		TimeDiff: "NULLIF(NULLIF(GREATEST(LEAST(DATE_PART(EPOCH_MICROSECOND, $1) - DATE_PART(EPOCH_MICROSECOND, $2), 9223372036854776), -9223372036854776), 9223372036854776), -9223372036854776)",
		InOffset: "TO_TIMESTAMP_NTZ(DATE_PART(EPOCH_MICROSECOND, $1) + $2, 6)",
		InZone:   "CONVERT_TIMEZONE('UTC', $2, $1)",
		Year:     "YEAR($1)", Month: "MONTH($1)", DayOfMonth: "DAY($1)", DayOfYear: "DAYOFYEAR($1)", DayOfWeek: "MOD(DAYOFWEEKISO($1), 7)",
		Hours: "HOUR($1)", Minutes: "MINUTE($1)", Seconds: "SECOND($1)", Milliseconds: "FLOOR(DATE_PART(NANOSECOND, $1) / 1000000)",
		DayNumber:    "DATEDIFF(DAY, CAST('1970-01-01' AS DATE), $1)",
		EpochSeconds: "FLOOR(DATE_PART(EPOCH_MICROSECOND, $1) / 1000000)",
		EpochMicros:  "DATE_PART(EPOCH_MICROSECOND, $1)",
		TimeText:     `TO_VARCHAR($1, 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"')`,

		Sum: snowflakeInt("SUM($1)$over"),
		// An array keeps the order that its rows come in.
		SumFloat: "CASE WHEN COUNT($1) > 0 THEN REDUCE(ARRAY_AGG($1) WITHIN GROUP (ORDER BY $1), CAST(0 AS FLOAT), (a FLOAT, x FLOAT) -> a + x) END",
		BoolOr:   "BOOLOR_AGG($1)", BoolAnd: "BOOLAND_AGG($1)",
		// MAX_BY takes any of several rows that have the greatest key.
		ArgMax:    "CAST(GET(ARRAY_AGG($1) WITHIN GROUP (ORDER BY $2 DESC NULLS LAST, $1 DESC), 0) AS $type)",
		ArgMin:    "CAST(GET(ARRAY_AGG($1) WITHIN GROUP (ORDER BY $2 ASC NULLS LAST, $1 ASC), 0) AS $type)",
		ArgMaxRow: "CAST(GET(GET(ARRAY_AGG(ARRAY_CONSTRUCT($1)) WITHIN GROUP (ORDER BY $2 DESC NULLS LAST, $3 DESC NULLS LAST, $1 DESC NULLS LAST), 0), 0) AS $type)",
		ArgMinRow: "CAST(GET(GET(ARRAY_AGG(ARRAY_CONSTRUCT($1)) WITHIN GROUP (ORDER BY $2 ASC NULLS LAST, $3 ASC NULLS LAST, $1 ASC NULLS LAST), 0), 0) AS $type)",
		// MODE takes any of several that are the most frequent: so runs of equal
		// values are counted, and the first of the longest is kept.
		Mode: "CAST(GET(REDUCE(ARRAY_AGG($1) WITHIN GROUP (ORDER BY $1), OBJECT_CONSTRUCT('n', 0, 'most', 0), (s OBJECT, x VARIANT) -> " +
			"OBJECT_CONSTRUCT('x', x, 'n', " + snowflakeRun + ", 'most', GREATEST(" + snowflakeRun + ", CAST(s:most AS INT)), 'best', CASE WHEN " + snowflakeRun + " > CAST(s:most AS INT) THEN x ELSE s:best END)), 'best') AS $type)",
		ListDistinct: "CASE WHEN COUNT($1) > 0 THEN ARRAY_SORT(ARRAY_AGG(DISTINCT $1)) END",

		ListContains: "ARRAY_CONTAINS(TO_VARIANT($2), CAST($1 AS ARRAY))", ListLength: "ARRAY_SIZE($1)",
		ListOf: "ARRAY_CONSTRUCT($*)", ListConcat: "ARRAY_FLATTEN(ARRAY_CONSTRUCT($*))", ListGet: "GET($1, $2 - 1)",
		ListSlice:   "ARRAY_SLICE($1, GREATEST($2, 1) - 1, GREATEST($3, 0))",
		ListReverse: "REDUCE($1, ARRAY_CONSTRUCT(), (a ARRAY, x VARIANT) -> ARRAY_PREPEND(a, x))",
		ListSort:    "ARRAY_SORT($1)",
		ListUnique:  "REDUCE($1, ARRAY_CONSTRUCT(), (a ARRAY, x VARIANT) -> CASE WHEN ARRAY_CONTAINS(x, a) THEN a ELSE ARRAY_APPEND(a, x) END)",
		ListHasAll:  "ARRAY_SIZE(ARRAY_EXCEPT(ARRAY_DISTINCT($2), $1)) = 0", ListHasAny: "ARRAYS_OVERLAP($1, $2)",
		ListMax: "CAST(ARRAY_MAX($1) AS $type)", ListMin: "CAST(ARRAY_MIN($1) AS $type)",
		ListMap: "TRANSFORM(CAST($1 AS ARRAY), $2)", ListFilter: "FILTER(CAST($1 AS ARRAY), $2)", ListColumn: "CAST($1 AS $type)", Range: "ARRAY_GENERATE_RANGE(0, $1)",

		Least: "LEAST_IGNORE_NULLS($*)", Greatest: "GREATEST_IGNORE_NULLS($*)", AnyText: "CAST(TO_VARIANT($1) AS VARCHAR)", Text: "CAST($1 AS VARCHAR)",
		Hash: "BITAND(HASH($*), 9223372036854775807)",
	},
	NoWindow: map[Func]bool{
		SumFloat: true, ArgMax: true, ArgMin: true, ArgMaxRow: true, ArgMinRow: true, Mode: true, ListDistinct: true,
	},
	Types: map[Type]string{
		TypeBool: "BOOLEAN", TypeInt: "INT", TypeFloat: "FLOAT", TypeDecimal: "NUMBER(38,9)", TypeString: "VARCHAR",
		TypeTimestamp: "TIMESTAMP_NTZ(6)", TypeDate: "DATE", TypeUint: "NUMBER(20,0)", TypeBytes: "BINARY",
		TypeStrings: "ARRAY(VARCHAR)", TypeInts: "ARRAY(INT)", TypeFloats: "ARRAY(FLOAT)", TypeTimestamps: "ARRAY(TIMESTAMP_NTZ(6))",
		TypeBools: "ARRAY(BOOLEAN)", TypeUints: "ARRAY(NUMBER(20,0))", TypeBlobs: "ARRAY(BINARY)",
	},
	// A table that is made of the text '' would hold no other.
	Wide: true, Alone: true, Unordered: "ORDER BY NULL",
	Casts: map[Type]string{
		TypeStrings: "CAST($1 AS ARRAY)", TypeInts: "CAST($1 AS ARRAY)", TypeFloats: "CAST($1 AS ARRAY)", TypeTimestamps: "CAST($1 AS ARRAY)",
		TypeBools: "CAST($1 AS ARRAY)", TypeUints: "CAST($1 AS ARRAY)", TypeBlobs: "CAST($1 AS ARRAY)",
		// A cast from a type with a zone would keep the clock of that zone; one to
		// the session's gives that of UTC.
		TypeTimestamp: "CAST(CAST($1 AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6))",
	},
	// TRY_CAST takes texts alone.
	TryCast: "TRY_CAST(TO_VARCHAR($1) AS $2)",
	TryCasts: map[Type]string{
		TypeBool:    "CASE WHEN LOWER(TO_VARCHAR($1)) IN ('true', 't', '1') THEN TRUE WHEN LOWER(TO_VARCHAR($1)) IN ('false', 'f', '0') THEN FALSE END",
		TypeInt:     snowflakeInt("ROUND(" + snowflakeNumber("TO_VARCHAR($1)") + ")"),
		TypeFloat:   snowflakeDouble("TO_VARCHAR($1)"),
		TypeDecimal: snowflakeNumber("TO_VARCHAR($1)"),
		TypeString:  "TO_VARCHAR($1)",
		TypeDate:    "CASE WHEN REGEXP_LIKE(TO_VARCHAR($1), '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_TO_DATE(TO_VARCHAR($1), 'YYYY-MM-DD') END",
		TypeTimestamp: snowflakeTime("TO_VARCHAR($1)",
			"([T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?( ?(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9]))?)?"),
		TypeUint: snowflakeUint("ROUND(" + snowflakeNumber("TO_VARCHAR($1)") + ")"),
	},
	Lambda:      "$1 $type -> $2",
	QuoteName:   snowflakeName,
	ReadName:    snowflakeRead,
	NameLimit:   255,
	QuoteString: snowflakeString,
	Regexp:      posix.translate,
	Timestamp: func(t time.Time) string {
		return "CAST('" + t.UTC().Format("2006-01-02 15:04:05.000000") + "' AS TIMESTAMP_NTZ(6))"
	},
	Float:   snowflakeFloat,
	About:   "SELECT 'Snowflake ' || CURRENT_VERSION() || ' as ' || CURRENT_USER() || COALESCE(' with the role ' || CURRENT_ROLE(), '')",
	Explain: "EXPLAIN USING TEXT $1",
	// Whoever was granted a table keeps it when the table is replaced.
	CreateTableAs: []string{"CREATE OR REPLACE TABLE $1 COPY GRANTS AS\n$2"},
	// A clone shares the files of what it is made of.
	Swap:  []string{"CREATE OR REPLACE TABLE $2 CLONE $1 COPY GRANTS", "DROP TABLE IF EXISTS $1"},
	Copy:  "CREATE OR REPLACE TABLE $1 CLONE $2 COPY GRANTS",
	Begin: "BEGIN TRANSACTION", Commit: "COMMIT", Rollback: "ROLLBACK",
	Commits: true, Together: true,
}

// posix is POSIX's extended regular expressions with the classes of Perl, in
// which each group is counted.
var posix = &notation{
	nothing: "(.^)", empty: "()", boundary: `\b`, inside: `\B`, most: 1000,
	char: func(r rune) string {
		if strings.ContainsRune(`!"#$%&'()*+,-./:;<=>?@[\]^{|}~`+"`", r) {
			return `\` + string(r)
		}
		return string(r)
	},
}

// snowflakeRun is how long the run of equal values is that x ends.
const snowflakeRun = "CASE WHEN x = s:x THEN CAST(s:n AS INT) + 1 ELSE 1 END"

// snowflakeInt is a number as a 64-bit integer, NULL where it does not fit.
func snowflakeInt(number string) string {
	return "CAST(NULLIF(NULLIF(GREATEST(LEAST(" + number + ", 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT)"
}

// snowflakeUint is the same of unsigned ones.
func snowflakeUint(number string) string {
	return "CAST(NULLIF(LEAST(" + number + ", 18446744073709551616), 18446744073709551616) AS NUMBER(20,0))"
}

// snowflakeSigned is the 64 bits of an unsigned integer as those of one with a
// sign, and snowflakeUnsigned the other way.
func snowflakeSigned(n string) string {
	return "(MOD(" + n + " + 9223372036854775808, 18446744073709551616) - 9223372036854775808)"
}

func snowflakeUnsigned(n string) string {
	return "CAST(MOD(" + n + " + 18446744073709551616, 18446744073709551616) AS NUMBER(20,0))"
}

// snowflakeInstant is the instant of so many microseconds since 1970, NULL
// outside of the years 1 to 9999.
func snowflakeInstant(micros string) string {
	return "CAST(TO_TIMESTAMP_NTZ(NULLIF(NULLIF(GREATEST(LEAST(" + micros +
		", 253402300800000000), -62135596800000001), 253402300800000000), -62135596800000001), 6) AS TIMESTAMP_NTZ(6))"
}

// snowflakeTime reads text that begins with a date and goes on with the pattern.
// What Snowflake reads by itself is more than that, such as seconds since 1970.
func snowflakeTime(text, pattern string) string {
	return "CASE WHEN REGEXP_LIKE(" + text + ", '([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}" + pattern + "') THEN " +
		snowflakeInstant("DATE_PART(EPOCH_MICROSECOND, TRY_TO_TIMESTAMP_TZ(REGEXP_REPLACE("+text+", ' ?Z$', '+00:00')))") + " END"
}

// snowflakeDouble reads a double; what is beyond the greatest is NULL.
func snowflakeDouble(text string) string {
	return "NULLIF(NULLIF(CASE WHEN REGEXP_LIKE(" + text + ", '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?') THEN TRY_TO_DOUBLE(" + text +
		") END, CAST('inf' AS FLOAT)), CAST('-inf' AS FLOAT))"
}

// snowflakeNumber reads a number of at most 29 and 9 digits.
func snowflakeNumber(text string) string {
	return "CASE WHEN REGEXP_LIKE(" + text + ", '[+-]?[0-9]+([.][0-9]*)?') THEN TRY_TO_NUMBER(" + text + ", 38, 9) END"
}

// snowflakeFloatText writes as few digits as read as the number: fifteen, of
// which zeros at the end do not count, or one or two more. Numbers below 2^-1022,
// for which fewer would do, have fifteen too.
var snowflakeFloatText = func() string {
	digits := func(n int) string {
		return "TO_CHAR(ABS($1), 'FM9." + strings.Repeat("0", n-1) + "EE')"
	}
	shortest := fmt.Sprintf("CASE WHEN TRY_TO_DOUBLE(%[1]s) = ABS($1) THEN %[1]s WHEN TRY_TO_DOUBLE(%[2]s) = ABS($1) THEN %[2]s ELSE %[3]s END",
		digits(15), digits(16), digits(17))
	const (
		e = "CAST(SPLIT_PART(s, 'E', 2) AS INT)"
		m = "COALESCE(NULLIF(RTRIM(REPLACE(SPLIT_PART(s, 'E', 1), '.', ''), '0'), ''), '0')"
	)
	// s is the mantissa and the exponent; a does not count.
	written := strings.NewReplacer("$e", e, "$m", m).Replace("CASE WHEN $e BETWEEN 0 AND 15 THEN RPAD(LEFT($m, $e + 1), $e + 1, '0') || '.' || COALESCE(NULLIF(SUBSTR($m, $e + 2), ''), '0')" +
		" WHEN $e BETWEEN -4 AND -1 THEN '0.' || REPEAT('0', -1 - $e) || $m" +
		" ELSE LEFT($m, 1) || CASE WHEN LENGTH($m) > 1 THEN '.' || SUBSTR($m, 2) ELSE '' END || CASE WHEN $e < 0 THEN 'e-' ELSE 'e+' END" +
		" || CASE WHEN ABS($e) < 10 THEN '0' ELSE '' END || TO_VARCHAR(ABS($e)) END")
	return "CASE WHEN $1 = CAST('NaN' AS FLOAT) THEN 'nan' WHEN $1 = CAST('inf' AS FLOAT) THEN 'inf' WHEN $1 = CAST('-inf' AS FLOAT) THEN '-inf'" +
		" ELSE CASE WHEN TO_VARCHAR($1) LIKE '-%' THEN '-' ELSE '' END || REDUCE(ARRAY_CONSTRUCT(" + shortest + "), '', (a VARCHAR, s VARCHAR) -> " + written + ") END"
}()

// snowflakeString quotes text, in which a backslash begins an escape.
func snowflakeString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`, "\x00", `\u0000`).Replace(s) + "'"
}

// snowflakeFloat writes a double: a bare number with a point is a NUMBER.
func snowflakeFloat(f float64) string {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	switch {
	case math.IsNaN(f):
		text = "NaN"
	case math.IsInf(f, 1):
		text = "inf"
	case math.IsInf(f, -1):
		text = "-inf"
	}
	return "CAST('" + text + "' AS FLOAT)"
}
