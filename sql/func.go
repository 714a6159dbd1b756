package sql

// Func names a function or operator. What it means is fixed here; how it is
// spelled is a snippet of the standard table or of a Dialect's.
type Func string

// Comparison and logic. The comparisons are NULL where an operand is NULL,
// but for Same and Differ, which are total.
const (
	Eq        Func = "eq"
	Ne        Func = "ne"
	Lt        Func = "lt"
	Le        Func = "le"
	Gt        Func = "gt"
	Ge        Func = "ge"
	Same      Func = "same"   // IS NOT DISTINCT FROM
	Differ    Func = "differ" // IS DISTINCT FROM
	Not       Func = "not"
	IsNull    Func = "is_null"
	IsNotNull Func = "is_not_null"
	Coalesce  Func = "coalesce" // any number of arguments
)

// Arithmetic on integers: NULL where the result does not fit 64 bits or the
// divisor is zero. Division truncates toward zero and the remainder has the
// sign of the dividend, as in CEL.
const (
	IntAdd Func = "int_add"
	IntSub Func = "int_sub"
	IntMul Func = "int_mul"
	IntDiv Func = "int_div"
	IntMod Func = "int_mod"
	IntNeg Func = "int_neg"
	// AddFast, SubFast and MulFast are for values known to be far from the limits.
	AddFast Func = "add_fast"
	SubFast Func = "sub_fast"
	MulFast Func = "mul_fast"
)

// Arithmetic on doubles, IEEE 754: division by zero gives infinity or NaN.
const (
	FloatAdd Func = "float_add"
	FloatSub Func = "float_sub"
	FloatMul Func = "float_mul"
	FloatDiv Func = "float_div"
	FloatNeg Func = "float_neg"
	IsNaN    Func = "is_nan"
)

// Arithmetic on unsigned 64-bit integers: NULL where the result does not fit or
// the divisor is zero.
const (
	UintAdd Func = "uint_add"
	UintSub Func = "uint_sub"
	UintMul Func = "uint_mul"
	UintDiv Func = "uint_div"
	UintMod Func = "uint_mod"
)

// Mathematics. They are NULL where an operand is; IsInf and IsFinite as IsNaN.
const (
	IntAbs    Func = "int_abs" // NULL for the smallest integer
	IntSign   Func = "int_sign"
	UintSign  Func = "uint_sign"
	FloatAbs  Func = "float_abs"
	FloatSign Func = "float_sign" // of NaN is NaN
	Ceil      Func = "ceil"
	Floor     Func = "floor"
	Round     Func = "round" // half away from zero
	Trunc     Func = "trunc"
	Sqrt      Func = "sqrt" // of a negative number is NaN
	IsInf     Func = "is_inf"
	IsFinite  Func = "is_finite"
	BitAnd    Func = "bit_and"
	BitOr     Func = "bit_or"
	BitXor    Func = "bit_xor"
	BitNot    Func = "bit_not"
	// Those of unsigned integers.
	UintBitAnd Func = "uint_bit_and"
	UintBitOr  Func = "uint_bit_or"
	UintBitXor Func = "uint_bit_xor"
	UintBitNot Func = "uint_bit_not"
)

// Conversions: NULL where the value has no counterpart.
const (
	IntToFloat    Func = "int_to_float"
	FloatToInt    Func = "float_to_int" // truncates
	StringToInt   Func = "string_to_int"
	StringToFloat Func = "string_to_float"
	IntToString   Func = "int_to_string"
	BoolToString  Func = "bool_to_string"
	BoolToInt     Func = "bool_to_int" // 0 or 1
	// FloatToString is the shortest decimal text that reads as the double: with a
	// point from 0.0001 to below 1e+16, with an exponent of at least two digits
	// beyond; nan, inf and -inf.
	FloatToString Func = "float_to_string"
	// DecimalToString writes all nine digits behind the point.
	DecimalToString Func = "decimal_to_string"
	IntToUint       Func = "int_to_uint"
	UintToInt       Func = "uint_to_int"
	FloatToUint     Func = "float_to_uint" // truncates
	StringToUint    Func = "string_to_uint"
	// StringToBool reads what Go's strconv.ParseBool does.
	StringToBool Func = "string_to_bool"
	// StringToTime reads RFC 3339 with at most six digits after the seconds.
	StringToTime  Func = "string_to_time"
	StringToBytes Func = "string_to_bytes" // UTF-8
	BytesToString Func = "bytes_to_string" // NULL where they are no UTF-8
	// HexToBytes is how bytes are written: its argument is a literal of hex digits.
	HexToBytes Func = "hex_to_bytes"
	// TimeRFC3339 prints an instant in UTC as RFC 3339, with as many digits after
	// the seconds as it needs.
	TimeRFC3339 Func = "time_rfc3339"
)

// Strings. Lengths and positions count code points.
const (
	Concat Func = "concat"
	// ConcatAll joins any number of texts, none NULL, at the cost of one.
	ConcatAll  Func = "concat_all"
	Length     Func = "length"
	Contains   Func = "contains"
	StartsWith Func = "starts_with"
	EndsWith   Func = "ends_with"
	LowerASCII Func = "lower_ascii"
	UpperASCII Func = "upper_ascii"
	// Matches(text, pattern) searches with an RE2 pattern.
	Matches Func = "matches"
	// MatchesAll(text, pattern) wants the whole text to match.
	MatchesAll Func = "matches_all"
	// RegexpReplace(text, pattern, with) replaces every match.
	RegexpReplace Func = "regexp_replace"
	// RegexpExtract(text, pattern) is the first group of the first match,
	// NULL or empty where there is none.
	RegexpExtract Func = "regexp_extract"
	Replace       Func = "replace"
	// Substr(text, first, count) takes count code points from first, 1-based.
	Substr Func = "substr"
	// TrimSpace removes Unicode white space (Go's unicode.IsSpace) at both ends.
	TrimSpace Func = "trim_space"
	// Lower maps to lower case by Unicode's simple mapping.
	Lower Func = "lower"
	// NullIfEmpty is NULL for the empty string.
	NullIfEmpty Func = "null_if_empty"
	// Sha256 is the lower-case hex digest of the UTF-8 bytes.
	Sha256 Func = "sha256"
	// MD5 is the lower-case hex digest of the UTF-8 bytes, to compare with and not
	// to hide anything.
	MD5 Func = "md5"
	// Position(text, part) is the 1-based position of part, 0 if absent.
	Position Func = "position"
	// LastPosition(text, part) is that of the last occurrence. An empty part is
	// behind the last character.
	LastPosition Func = "last_position"
	// ReverseText turns round the code points.
	ReverseText Func = "reverse_text"
	// Split(text, separator) is a list of texts; the separator is not empty.
	Split Func = "split"
	// SplitChars is the list of the code points of a text.
	SplitChars Func = "split_chars"
	// JoinText(list, separator) wants a literal separator.
	JoinText Func = "join_text"
	// BytesLength counts bytes.
	BytesLength Func = "bytes_length"
)

// Time. Instants are UTC; durations are microseconds in an integer.
const (
	// TimeAdd(instant, duration) and TimeSub: NULL outside the years 1 to 9999.
	TimeAdd Func = "time_add"
	TimeSub Func = "time_sub"
	// TimeDiff(a, b) is a - b as a duration: NULL beyond 292 years, where CEL's
	// durations end.
	TimeDiff Func = "time_diff"
	// InZone(instant, zone) is the local clock of an IANA zone, for the parts
	// below and nothing else.
	InZone Func = "in_zone"
	// InOffset(instant, offset) is that of a fixed offset from UTC, a duration.
	InOffset     Func = "in_offset"
	Year         Func = "year"
	Month        Func = "month"        // 1 to 12
	DayOfMonth   Func = "day_of_month" // 1 to 31
	DayOfYear    Func = "day_of_year"  // 1 to 366
	DayOfWeek    Func = "day_of_week"  // 0 is Sunday
	Hours        Func = "hours"
	Minutes      Func = "minutes"
	Seconds      Func = "seconds"
	Milliseconds Func = "milliseconds"
	// DayNumber is the days from 1 January 1970 to the day of a local clock.
	DayNumber Func = "day_number"
	// EpochSeconds is whole seconds since 1970, rounded down.
	EpochSeconds Func = "epoch_seconds"
	// EpochMicros is microseconds since 1970.
	EpochMicros Func = "epoch_micros"
	// TimeText prints an instant as RFC 3339 with microseconds and Z.
	TimeText Func = "time_text"
)

// Aggregates. NULL arguments are skipped; an aggregate of nothing is NULL but
// for CountAll, Count and CountDistinct, which are 0.
const (
	CountAll      Func = "count_all"
	Count         Func = "count"
	CountDistinct Func = "count_distinct"
	Sum           Func = "sum"        // of integers: NULL on overflow of 64 bits
	SumExact      Func = "sum_exact"  // of decimals, exact
	SumHashes     Func = "sum_hashes" // of what Hash gives, exact, as a number of any type
	// SumFloat adds doubles from the smallest up, so that two runs over the same
	// rows agree to the last bit, and so do two warehouses.
	SumFloat Func = "sum_float"
	Min      Func = "min"
	Max      Func = "max"
	// AnyBits has the bits that any of its integers has.
	AnyBits Func = "any_bits"
	BoolOr  Func = "bool_or"
	BoolAnd Func = "bool_and"
	// ArgMax(value, key) is the value of the row with the greatest key;
	// among equal keys the greatest value. Rows with a NULL value are skipped.
	ArgMax Func = "arg_max"
	// ArgMin(value, key): the smallest key, among equals the smallest value.
	ArgMin Func = "arg_min"
	// ArgMaxRow(value, key, tie) does not skip NULL values, and breaks ties by
	// the greatest tie.
	ArgMaxRow Func = "arg_max_row"
	// ArgMinRow(value, key, tie): the smallest key, among equals the smallest
	// tie. In all four a NULL key loses to any other, and a NULL tie too.
	ArgMinRow Func = "arg_min_row"
	// Mode is the most frequent value; among equals the smallest.
	Mode Func = "mode"
	// ListDistinct collects the distinct values, sorted.
	ListDistinct Func = "list_distinct"
	RowNumber    Func = "row_number" // only inside Window
	// Rank is 1 more than how many rows come before, equals sharing a rank; only
	// inside Window.
	Rank Func = "rank"
)

// Lists.
const (
	ListContains Func = "list_contains"
	ListLength   Func = "list_length"
	// ListOf makes a list of its arguments, which have one type and are not NULL.
	ListOf     Func = "list_of"
	ListConcat Func = "list_concat" // any number of lists, none NULL
	// ListGet(list, position) is 1-based, NULL outside.
	ListGet Func = "list_get"
	// ListSlice(list, first, last) is 1-based and inclusive.
	ListSlice   Func = "list_slice"
	ListReverse Func = "list_reverse"
	ListSort    Func = "list_sort"
	// ListUnique keeps the first of equal elements, in order.
	ListUnique Func = "list_unique"
	// ListHasAll(a, b) says that each of b is in a, ListHasAny that one is.
	ListHasAll Func = "list_has_all"
	ListHasAny Func = "list_has_any"
	// Eq, Ne, Same and Differ of lists.
	ListEq     Func = "list_eq"
	ListNe     Func = "list_ne"
	ListSame   Func = "list_same"
	ListDiffer Func = "list_differ"
	ListMax    Func = "list_max" // NULL of no elements
	ListMin    Func = "list_min"
	// ListMap(list, lambda) and ListFilter(list, lambda).
	ListMap    Func = "list_map"
	ListFilter Func = "list_filter"
	// Range is the list of the integers from 0 to below its argument.
	Range Func = "range"
	// ListColumn is a list as a column of its type holds it, for what is read in
	// the end. Where lists have elements of any type the two are different.
	ListColumn Func = "list_column"
)

// Other.
const (
	Least    Func = "least"    // NULL arguments are skipped; any number
	Greatest Func = "greatest" // NULL arguments are skipped; any number
	NullIf   Func = "null_if"  // NULL where both arguments are equal, else the first
	// Text is the decimal text of an integer or a value whose text is its
	// identity (UUID); used for identifiers of other types than string.
	Text Func = "text"
	// AnyText is a value of any type as people read it, in the engine's own words.
	AnyText Func = "any_text"
	// Hash is a non-negative integer of any number of arguments, NULL among
	// them, in which every one and their order counts. It is the same for the
	// same values as long as the engine's version is.
	Hash Func = "hash"
	// OtherHash is as Hash is, and says nothing of what that gives: both together
	// tell values apart. Its arguments are texts. Where a dialect has no second
	// function of that kind it is the Hash of other texts.
	OtherHash Func = "other_hash"
)

// standard spells what all dialects agree on. A Dialect's own table wins.
//
// In a snippet $1 to $9 are the arguments and $* is all of them, separated by
// commas, or $|| by that operator. $over is where an aggregate's OVER clause
// goes; without it, at the snippet's end. $param and $body are those of the
// Lambda among the arguments. $type is the type that the call says its value has.
var standard = map[Func]string{
	Eq: "$1 = $2", Ne: "$1 <> $2", Lt: "$1 < $2", Le: "$1 <= $2", Gt: "$1 > $2", Ge: "$1 >= $2",
	Same: "$1 IS NOT DISTINCT FROM $2", Differ: "$1 IS DISTINCT FROM $2",
	ListEq: "$1 = $2", ListNe: "$1 <> $2", ListSame: "$1 IS NOT DISTINCT FROM $2", ListDiffer: "$1 IS DISTINCT FROM $2",
	Not: "NOT $1", IsNull: "$1 IS NULL", IsNotNull: "$1 IS NOT NULL",
	Coalesce: "coalesce($*)",
	AddFast:  "$1 + $2", SubFast: "$1 - $2", MulFast: "$1 * $2",
	FloatAdd: "$1 + $2", FloatSub: "$1 - $2", FloatMul: "$1 * $2", FloatDiv: "$1 / $2", FloatNeg: "-$1",
	Concat:   "$1 || $2",
	CountAll: "count(*)", Count: "count($1)", CountDistinct: "count(DISTINCT $1)",
	Sum: "sum($1)", SumExact: "sum($1)", SumHashes: "sum($1)", Min: "min($1)", Max: "max($1)",
	RowNumber: "row_number()", Rank: "rank()", NullIfEmpty: "nullif($1, '')", NullIf: "nullif($1, $2)",
	ListColumn: "$1",
	Replace:    "replace($1, $2, $3)", Substr: "substr($1, $2, $3)", Lower: "lower($1)",
}

// aggregates are the functions of many rows.
var aggregates = map[Func]bool{
	CountAll: true, Count: true, CountDistinct: true, Sum: true, SumExact: true, SumHashes: true, SumFloat: true, Min: true, Max: true,
	AnyBits: true, BoolOr: true, BoolAnd: true, ArgMax: true, ArgMin: true, ArgMaxRow: true, ArgMinRow: true,
	Mode: true, ListDistinct: true, RowNumber: true, Rank: true,
}
