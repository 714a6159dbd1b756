package sql

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// ClickHouse is the dialect of ClickHouse 26.
//
// It counts on settings that package adapters/clickhouse sends along with each
// statement, above all join_use_nulls, cast_keep_nullable and
// prefer_column_name_to_alias.
//
// Types do not hold NULL there unless they say so, and an array never does: a
// list is a Nullable(Tuple(Array(T))), a box that is NULL or holds the array.
// Comparisons give numbers, which Truth turns into booleans where they are
// values. Integers wrap round, hence the detour over 128 bits. There is no
// cheap UPDATE: the rows are written anew beside the table, which they replace.
var ClickHouse = &Dialect{
	Name: "clickhouse",
	Funcs: map[Func]string{
		IntAdd: "accurateCastOrNull(toInt128($1) + toInt128($2), 'Int64')",
		IntSub: "accurateCastOrNull(toInt128($1) - toInt128($2), 'Int64')",
		IntMul: "accurateCastOrNull(toInt128($1) * toInt128($2), 'Int64')",
		IntDiv: "intDivOrNull($1, $2)", IntMod: "moduloOrNull($1, $2)", IntNeg: "accurateCastOrNull(-toInt128($1), 'Int64')",
		UintAdd: "accurateCastOrNull(toUInt128($1) + toUInt128($2), 'UInt64')",
		UintSub: "accurateCastOrNull(toInt128($1) - toInt128($2), 'UInt64')",
		UintMul: "accurateCastOrNull(toUInt128($1) * toUInt128($2), 'UInt64')",
		UintDiv: "intDivOrNull($1, $2)", UintMod: "moduloOrNull($1, $2)",
		IsNaN: "isNaN($1)",

		IntAbs: "accurateCastOrNull(abs(toInt128($1)), 'Int64')", IntSign: "toInt64(sign($1))", UintSign: "toUInt64(sign($1))",
		FloatAbs: "abs($1)", FloatSign: "CASE WHEN isNaN($1) THEN $1 ELSE toFloat64(sign($1)) END",
		Ceil: "ceil($1)", Floor: "floor($1)", Trunc: "trunc($1)", Sqrt: "sqrt($1)",
		// round() rounds half to even.
		Round: "CASE WHEN abs($1 - trunc($1)) >= 0.5 THEN trunc($1) + sign($1) ELSE trunc($1) END",
		IsInf: "isInfinite($1)", IsFinite: "isFinite($1)",
		BitAnd: "bitAnd($1, $2)", BitOr: "bitOr($1, $2)", BitXor: "bitXor($1, $2)", BitNot: "bitNot($1)",
		UintBitAnd: "bitAnd($1, $2)", UintBitOr: "bitOr($1, $2)", UintBitXor: "bitXor($1, $2)", UintBitNot: "bitNot($1)",
		AnyBits: "groupBitOrOrNull($1)",

		IntToFloat: "toFloat64($1)",
		// The smallest integer is refused, as in CEL.
		FloatToInt:  "CASE WHEN $1 > -9223372036854775808e0 AND $1 < 9223372036854775808e0 THEN toInt64(trunc($1)) END",
		FloatToUint: "CASE WHEN $1 >= 0 AND $1 < 18446744073709551616e0 THEN toUInt64(trunc($1)) END",
		StringToInt: `toInt64OrNull(nullIf(extract($1, '^[+-]?[0-9]+\\z'), ''))`, StringToUint: `toUInt64OrNull(nullIf(extract($1, '^[0-9]+\\z'), ''))`,
		StringToFloat: `nullIf(nullIf(toFloat64OrNull(nullIf(extract($1, '^[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?\\z'), '')), inf), -inf)`,
		IntToString:   "toString($1)", BoolToString: "toString($1)", BoolToInt: "toInt64($1)", DecimalToString: "toDecimalString($1, 9)",
		FloatToString: clickhouseFloatText,
		IntToUint:     "accurateCastOrNull($1, 'UInt64')", UintToInt: "accurateCastOrNull($1, 'Int64')",
		StringToBool:  "CASE WHEN $1 IN ('1', 't', 'T', 'TRUE', 'true', 'True') THEN TRUE WHEN $1 IN ('0', 'f', 'F', 'FALSE', 'false', 'False') THEN FALSE END",
		StringToTime:  clickhouseYears(`toUnixTimestamp64Micro(parseDateTime64BestEffortOrNull(nullIf(extract($1, '^(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])\\z'), ''), 6, 'UTC'))`),
		StringToBytes: "CAST($1 AS String)", BytesToString: "if(isValidUTF8($1), $1, NULL)", HexToBytes: "unhex($1)", BytesLength: "toInt64(length($1))",
		TimeRFC3339: `concat(replaceRegexpOne(formatDateTime($1, '%Y-%m-%dT%H:%i:%S.%f'), '[.]?0*\\z', ''), 'Z')`,

		Concat: "concat($1, $2)", ConcatAll: "concat($*)", NullIfEmpty: "nullIf($1, '')", NullIf: "nullIf($1, $2)",
		Length: "toInt64(lengthUTF8($1))", Contains: "position($1, $2) > 0",
		StartsWith: "startsWith($1, $2)", EndsWith: "endsWith($1, $2)",
		LowerASCII: "lower($1)", UpperASCII: "upper($1)",
		// A point matches a line break otherwise.
		Matches:       "match($1, concat('(?-s)', $2))",
		MatchesAll:    `match($1, concat('(?-s)^(?:', $2, ')\\z'))`,
		RegexpReplace: "replaceRegexpAll($1, concat('(?-s)', $2), $3)", RegexpExtract: "extract($1, concat('(?-s)', $2))",
		Replace: "replaceAll($1, $2, $3)", Substr: "substringUTF8($1, greatest($2, 1), $3)",
		TrimSpace: `replaceRegexpAll($1, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')`,
		// lowerUTF8 maps by context (a sigma that ends a word), and one dotted I to
		// two characters: so it is asked for one character at a time.
		Lower:  "if(length($1) = lengthUTF8($1), lower($1), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll($1, 'İ', 'i'), '(?s).'))))",
		Sha256: "lower(hex(SHA256($1)))", MD5: "lower(hex(MD5($1)))",
		Position: "toInt64(positionUTF8($1, $2))",
		LastPosition: "toInt64(if(positionUTF8(reverseUTF8($1), reverseUTF8($2)) = 0, 0, " +
			"lengthUTF8($1) - positionUTF8(reverseUTF8($1), reverseUTF8($2)) - lengthUTF8($2) + 2))",
		ReverseText: "reverseUTF8($1)",
		Split:       "if(isNull($1), NULL, tuple(splitByString($2, assumeNotNull($1))))",
		SplitChars:  "if(isNull($1), NULL, tuple(extractAll(assumeNotNull($1), '(?s).')))",
		JoinText:    "if(isNull($1), NULL, arrayStringConcat(tupleElement($1, 1), $2))",

		TimeAdd:  clickhouseYears("toInt128(toUnixTimestamp64Micro($1)) + $2"),
		TimeSub:  clickhouseYears("toInt128(toUnixTimestamp64Micro($1)) - $2"),
		TimeDiff: "nullIf(nullIf(greatest(least(toUnixTimestamp64Micro($1) - toUnixTimestamp64Micro($2), 9223372036854776), -9223372036854776), 9223372036854776), -9223372036854776)",
		InOffset: "addMicroseconds($1, $2)", InZone: "toTimeZone($1, $2)",
		Year: "toInt64(toYear($1))", Month: "toInt64(toMonth($1))", DayOfMonth: "toInt64(toDayOfMonth($1))", DayOfYear: "toInt64(toDayOfYear($1))",
		DayOfWeek: "toInt64(toDayOfWeek($1) % 7)", Hours: "toInt64(toHour($1))", Minutes: "toInt64(toMinute($1))", Seconds: "toInt64(toSecond($1))",
		Milliseconds: "toInt64(toMillisecond($1))",
		DayNumber:    "intDiv(toUnixTimestamp64Micro($1) + timezoneOffset($1) * 1000000 - positiveModulo(toUnixTimestamp64Micro($1) + timezoneOffset($1) * 1000000, 86400000000), 86400000000)",
		EpochSeconds: "intDiv(toUnixTimestamp64Micro($1) - positiveModulo(toUnixTimestamp64Micro($1), 1000000), 1000000)",
		EpochMicros:  "toUnixTimestamp64Micro($1)",
		TimeText:     "formatDateTime($1, '%Y-%m-%dT%H:%i:%S.%fZ')",

		CountAll: "toInt64(count()$over)", Count: "toInt64(countIf(isNotNull($1))$over)", CountDistinct: "toInt64(uniqExact($1)$over)",
		Sum:      "accurateCastOrNull(sumOrNull(toInt128($1))$over, 'Int64')",
		SumExact: "CAST(sumOrNull(CAST($1 AS Decimal(76, 9)))$over AS Decimal(38, 9))", SumHashes: "sumOrNull(toInt128($1))",
		// The array is added up from its first to its last.
		SumFloat: "if(countIf(isNotNull($1))$over = 0, NULL, arrayFold((a, x) -> a + x, arraySort(groupArray($1)$over), toFloat64(0)))",
		Min:      "minOrNull($1)", Max: "maxOrNull($1)", BoolOr: "maxOrNull($1)", BoolAnd: "minOrNull($1)",
		// The greatest of those rows that have the greatest $2, and, where none has a
		// $2, of all: several times as fast as to compare tuples.
		ArgMax: "coalesce(maxArgMaxOrNull($1, $2)$over, maxOrNull($1)$over)",
		ArgMin: "coalesce(minArgMinOrNull($1, $2)$over, minOrNull($1)$over)",
		// A tuple is compared from its left. A NULL inside of one is the end of the
		// range that the member before it says.
		ArgMaxRow: "tupleElement(argMax(tuple(toNullable($1)), tuple(isNotNull($2), $2, isNotNull($3), $3, isNotNull($1), $1))$over, 1)",
		ArgMinRow: "tupleElement(argMin(tuple(toNullable($1)), tuple(isNull($2), $2, isNull($3), $3, isNull($1), $1))$over, 1)",
		// How often each value is there, by value: the first of the greatest numbers.
		Mode: "arrayElementOrNull(tupleElement(sumMapIf([assumeNotNull($1)], [toUInt64(1)], isNotNull($1))$over, 1), " +
			"indexOf(tupleElement(sumMapIf([assumeNotNull($1)], [toUInt64(1)], isNotNull($1))$over, 2), arrayMax(tupleElement(sumMapIf([assumeNotNull($1)], [toUInt64(1)], isNotNull($1))$over, 2))))",
		ListDistinct: "if(countIf(isNotNull($1))$over = 0, NULL, tuple(arraySort(groupUniqArray($1)$over)))",
		RowNumber:    "toInt64(row_number()$over)", Rank: "toInt64(rank()$over)",

		ListContains: "if(isNull($1) OR isNull($2), NULL, has(tupleElement($1, 1), $2))",
		ListLength:   "if(isNull($1), NULL, toInt64(length(tupleElement($1, 1))))",
		ListOf:       "tuple([$*])",
		ListConcat:   "tuple(arrayFlatten(arrayMap(l -> tupleElement(l, 1), [$*])))",
		ListGet:      "arrayElementOrNull(tupleElement($1, 1), $2)",
		ListSlice:    "if(isNull($1), NULL, tuple(arraySlice(tupleElement($1, 1), $2, greatest($3 - $2 + 1, 0))))",
		ListReverse:  "if(isNull($1), NULL, tuple(arrayReverse(tupleElement($1, 1))))",
		ListSort:     "if(isNull($1), NULL, tuple(arraySort(tupleElement($1, 1))))",
		ListUnique:   "if(isNull($1), NULL, tuple(arrayFilter((x, nth) -> indexOf(tupleElement($1, 1), x) IN (nth, 0), tupleElement($1, 1), arrayEnumerate(tupleElement($1, 1)))))",
		ListHasAll:   "if(isNull($1) OR isNull($2), NULL, hasAll(tupleElement($1, 1), tupleElement($2, 1)))",
		ListHasAny:   "if(isNull($1) OR isNull($2), NULL, hasAny(tupleElement($1, 1), tupleElement($2, 1)))",
		ListMax:      "arrayReduce('maxOrNull', tupleElement($1, 1))", ListMin: "arrayReduce('minOrNull', tupleElement($1, 1))",
		ListMap:    "if(isNull($1), NULL, tuple(arrayMap($2, tupleElement($1, 1))))",
		ListFilter: "if(isNull($1), NULL, tuple(arrayFilter($2, tupleElement($1, 1))))",
		Range:      "if(isNull($1), NULL, tuple(range(assumeNotNull($1))))",

		Least: "least($*)", Greatest: "greatest($*)", AnyText: "toString($1)", Text: "toString($1)",
		// A tuple, because a NULL argument would make all of it NULL. These two are
		// several times as fast as sipHash64, which for its part has no second.
		Hash: "toInt64(bitShiftRight(xxh3(tuple($*)), 1))", OtherHash: "toInt64(bitShiftRight(cityHash64(tuple($*)), 1))",
	},
	Types: map[Type]string{
		TypeBool: "Bool", TypeInt: "Int64", TypeFloat: "Float64", TypeDecimal: "Decimal(38, 9)",
		TypeString: "String", TypeTimestamp: "DateTime64(6, 'UTC')", TypeDate: "Date32", TypeUint: "UInt64", TypeBytes: "String",
		TypeStrings: "Tuple(Array(Nullable(String)))", TypeInts: "Tuple(Array(Nullable(Int64)))", TypeFloats: "Tuple(Array(Nullable(Float64)))",
		TypeTimestamps: "Tuple(Array(Nullable(DateTime64(6, 'UTC'))))", TypeBools: "Tuple(Array(Nullable(Bool)))",
		TypeUints: "Tuple(Array(Nullable(UInt64)))", TypeBlobs: "Tuple(Array(Nullable(String)))",
	},
	Nullable: "Nullable($1)",
	Keep:     "toNullable($1)",
	Storage:  " ENGINE = MergeTree ORDER BY $key",
	Key:      "($1) SETTINGS allow_nullable_key = 1",
	NoKey:    "tuple()",
	Truth:    "CAST($1 AS Bool)",
	Int:      func(n int64) string { return "toInt64(" + strconv.FormatInt(n, 10) + ")" },
	// Where another table of a join has an x too, it would be called t.x.
	Named:    true,
	Literals: true,
	// Of what may be NULL a cast makes NULL where it should fail.
	Cast: clickhouseCast,
	Casts: map[Type]string{
		// What is outside of a Date32 would become its first or last day.
		TypeDate: "toDate32(if(throwIf(coalesce(toYear(" + clickhouseInstant + ") NOT BETWEEN 1900 AND 2299, FALSE), 'a date outside of the years 1900 to 2299') = 0, " + clickhouseInstant + ", NULL))",
	},
	TryCast: "accurateCastOrNull($1, '$2')",
	TryCasts: map[Type]string{
		TypeTimestamp: clickhouseTime,
		TypeDate:      "if(toYear(" + clickhouseTime + ") BETWEEN 1900 AND 2299, toDate32(" + clickhouseTime + "), NULL)",
	},
	Lambda:      "$1 -> $2",
	QuoteName:   clickhouseName,
	QuoteString: clickhouseString,
	Timestamp: func(t time.Time) string {
		return "toDateTime64('" + t.UTC().Format("2006-01-02 15:04:05.000000") + "', 6, 'UTC')"
	},
	Float:         clickhouseFloat,
	About:         "SELECT concat('ClickHouse ', version(), ' as ', currentUser())",
	Explain:       "EXPLAIN $1",
	CreateSchema:  "CREATE DATABASE IF NOT EXISTS $1",
	DropSchema:    "DROP DATABASE IF EXISTS $1",
	CreateTableAs: []string{"CREATE OR REPLACE TABLE $1 ENGINE = MergeTree ORDER BY $key AS\n$2"},
	// A clone shares the files of what it is made of, and takes the place of what
	// was there in one exchange.
	Swap: []string{"CREATE OR REPLACE TABLE $2 CLONE AS $1", "DROP TABLE IF EXISTS $1"},
	// Each block of rows takes effect by itself.
	PartialInserts: true,
	Copy:           "CREATE OR REPLACE TABLE $1 CLONE AS $2",
	Rebuild: []string{
		"CREATE OR REPLACE TABLE $2 AS $1",
		"INSERT INTO $2\n$3",
		"EXCHANGE TABLES $1 AND $2",
		"DROP TABLE $2",
	},
}

// clickhouseFloatText writes with a point from 0.0001 to below 1e16, and with an
// exponent beyond; the engine does so with other limits.
const clickhouseFloatText = "CASE " +
	`WHEN position(toString($1), 'e') > 0 THEN replaceRegexpOne(replaceRegexpOne(toString($1), 'e([0-9])', 'e+\\1'), 'e([+-])([0-9])$', 'e\\10\\2') ` +
	`WHEN abs($1) >= 1e16 AND isFinite($1) THEN concat(replaceRegexpOne(replaceRegexpOne(toString($1), '^(-?[0-9])([0-9]*?)0*$', '\\1.\\2'), '[.]$', ''), 'e+', toString(length(toString(abs($1))) - 1)) ` +
	`WHEN abs($1) < 1e-4 AND $1 <> 0 THEN concat(replaceRegexpOne(replaceRegexpOne(toString($1), '^(-?)0[.]0*([1-9])([0-9]*)$', '\\1\\2.\\3'), '[.]$', ''), 'e-0', toString(length(extract(toString($1), '[.](0*)')) + 1)) ` +
	`WHEN match(toString($1), '^-?[0-9]+$') THEN concat(toString($1), '.0') ` +
	`ELSE toString($1) END`

// clickhouseCast is NULL of NULL, and fails for what cannot be converted.
const clickhouseCast = "if(isNull($1), NULL, CAST(assumeNotNull($1) AS $2))"

var clickhouseInstant = strings.ReplaceAll(clickhouseCast, "$2", "DateTime64(6, 'UTC')")

// clickhouseTime reads an instant out of a time, a date, or text that begins with
// a date. What the engine reads by itself is more than that, such as a bare year.
var clickhouseTime = `if(toTypeName($1) LIKE '%String%', ` +
	clickhouseYears(`toUnixTimestamp64Micro(parseDateTime64BestEffortOrNull(nullIf(extract(toString($1), '^(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)? ?(?:Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?)?\\z'), ''), 6, 'UTC'))`) + `, ` +
	`accurateCastOrNull($1, 'DateTime64(6, \'UTC\')'))`

// clickhouseYears is the instant of so many microseconds since 1970, NULL
// outside of the years 1 to 9999. The clamp keeps the number mentioned once: both
// of its ends lie outside and become NULL.
func clickhouseYears(micros string) string {
	return "fromUnixTimestamp64Micro(toInt64(nullIf(nullIf(greatest(least(" + micros +
		", 253402300800000000), -62135596800000001), 253402300800000000), -62135596800000001)), 'UTC')"
}

// clickhouseString quotes text, in which a backslash begins an escape.
func clickhouseString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`, "\x00", `\0`).Replace(s) + "'"
}

// clickhouseFloat writes a double with a point or an exponent: 1 would be an
// integer.
func clickhouseFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	n, _ := strconv.Atoi(exponent)
	return mantissa + "e" + strconv.Itoa(n)
}
