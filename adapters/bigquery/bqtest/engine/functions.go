package main

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// snippets are the functions that the engine spells, by name, or by name and the
// type of the first argument. What needs more than that is in special, and what
// the engine computes otherwise is a function of ours (udf.go).
var snippets = map[string]string{
	// Comparison and logic. A NaN is equal to nothing.
	"$equal": "$1 = $2", "$not_equal": "$1 <> $2", "$less": "$1 < $2", "$less_or_equal": "$1 <= $2", "$greater": "$1 > $2", "$greater_or_equal": "$1 >= $2",
	"$equal:FLOAT64": "bq_eq($1, $2)", "$not_equal:FLOAT64": "NOT bq_eq($1, $2)", "$less:FLOAT64": "bq_lt($1, $2)",
	"$less_or_equal:FLOAT64": "bq_le($1, $2)", "$greater:FLOAT64": "bq_lt($2, $1)", "$greater_or_equal:FLOAT64": "bq_le($2, $1)",
	"$between": "$1 BETWEEN $2 AND $3", "$between:FLOAT64": "bq_le($2, $1) AND bq_le($1, $3)",
	"$not": "NOT $1", "$is_null": "$1 IS NULL", "$is_true": "$1 IS TRUE", "$is_false": "$1 IS FALSE",
	"$is_distinct_from": "$1 IS DISTINCT FROM $2", "$is_not_distinct_from": "$1 IS NOT DISTINCT FROM $2",
	"coalesce": "coalesce($*)", "ifnull": "coalesce($1, $2)", "nullif": "nullif($1, $2)", "if": "CASE WHEN $1 THEN $2 ELSE $3 END",
	"$like":     "$1 LIKE $2 ESCAPE '\\'",
	"$not_like": "NOT ($1 LIKE $2 ESCAPE '\\')",
	"$in_array": "CASE WHEN $2 IS NULL THEN FALSE WHEN list_contains($2, $1) THEN TRUE WHEN len($2) = 0 THEN FALSE WHEN $1 IS NULL THEN NULL WHEN len($2) > len(list_filter($2, lambda x: x IS NOT NULL)) THEN NULL ELSE FALSE END",
	"error":     "error($1)",

	// Numbers. Integers and doubles that do not fit fail.
	"$add:INT64": "$1 + $2", "$subtract:INT64": "$1 - $2", "$multiply:INT64": "$1 * $2",
	"$add:NUMERIC": "CAST($1 + $2 AS DECIMAL(38,9))", "$subtract:NUMERIC": "CAST($1 - $2 AS DECIMAL(38,9))",
	"$multiply:NUMERIC": "CAST($1 * $2 AS DECIMAL(38,9))",
	"$add:FLOAT64":      "bq_add($1, $2)", "$subtract:FLOAT64": "bq_subtract($1, $2)", "$multiply:FLOAT64": "bq_multiply($1, $2)",
	"$divide:FLOAT64": "bq_divide($1, $2)",
	"$unary_minus":    "-$1", "safe_negate": "-$1",
	"safe_add:INT64": "$1 + $2", "safe_subtract:INT64": "$1 - $2", "safe_multiply:INT64": "$1 * $2",
	"safe_add:FLOAT64": "bq_add($1, $2)", "safe_subtract:FLOAT64": "bq_subtract($1, $2)", "safe_multiply:FLOAT64": "bq_multiply($1, $2)",
	"safe_add:NUMERIC": "CAST($1 + $2 AS DECIMAL(38,9))", "safe_subtract:NUMERIC": "CAST($1 - $2 AS DECIMAL(38,9))", "safe_multiply:NUMERIC": "CAST($1 * $2 AS DECIMAL(38,9))",
	"safe_divide:FLOAT64": "bq_divide($1, $2)", "ieee_divide:FLOAT64": "$1 / $2",
	"div:INT64": "bq_div($1, $2)", "mod:INT64": "bq_mod($1, $2)",
	"abs": "abs($1)", "sign:INT64": "CAST(sign($1) AS BIGINT)", "sign:FLOAT64": "CASE WHEN isnan($1) THEN $1 ELSE CAST(sign($1) AS DOUBLE) END",
	"ceil:FLOAT64": "ceil($1)", "floor:FLOAT64": "floor($1)", "trunc:FLOAT64": "trunc($1)",
	"ceil:NUMERIC": "CAST(ceil($1) AS DECIMAL(38,9))", "floor:NUMERIC": "CAST(floor($1) AS DECIMAL(38,9))", "trunc:NUMERIC": "CAST(trunc($1) AS DECIMAL(38,9))",
	"sqrt:FLOAT64": "bq_sqrt($1)",
	"exp:FLOAT64":  "bq_exp($1)", "ln:FLOAT64": "bq_ln($1)",
	"pow:FLOAT64": "bq_pow($1, $2)",
	"is_nan":      "isnan($1)", "is_inf": "isinf($1)",
	"$bitwise_and": "$1 & $2", "$bitwise_or": "$1 | $2", "$bitwise_xor": "xor($1, $2)", "$bitwise_not": "~$1",
	"bit_count:INT64":            "CAST(bit_count($1) AS BIGINT)",
	"$bitwise_left_shift:INT64":  "bq_shift($1, $2)",
	"$bitwise_right_shift:INT64": "bq_shift($1, -$2)",

	"$add:BIGNUMERIC": "big_add($1, $2)", "$subtract:BIGNUMERIC": "big_subtract($1, $2)", "$multiply:BIGNUMERIC": "big_multiply($1, $2)", "$divide:BIGNUMERIC": "big_divide($1, $2)",
	"safe_add:BIGNUMERIC": "big_add($1, $2)", "safe_subtract:BIGNUMERIC": "big_subtract($1, $2)", "safe_multiply:BIGNUMERIC": "big_multiply($1, $2)", "safe_divide:BIGNUMERIC": "big_divide($1, $2)",
	"div:BIGNUMERIC": "big_div($1, $2)", "mod:BIGNUMERIC": "big_mod($1, $2)", "abs:BIGNUMERIC": "big_abs($1)", "sign:BIGNUMERIC": "big_sign($1)",
	"trunc:BIGNUMERIC": "big_trunc($1)", "$unary_minus:BIGNUMERIC": "big_negate($1)", "safe_negate:BIGNUMERIC": "big_negate($1)",

	// Text and bytes. Lengths and positions count code points.
	"$concat_op:STRING": "$1 || $2", "$concat_op:BYTES": "$1 || $2", "$concat_op:ARRAY": "list_concat($1, $2)",
	"length:STRING": "CAST(length($1) AS BIGINT)", "length:BYTES": "CAST(octet_length($1) AS BIGINT)", "char_length": "CAST(length($1) AS BIGINT)",
	"byte_length:STRING": "CAST(strlen($1) AS BIGINT)", "byte_length:BYTES": "CAST(octet_length($1) AS BIGINT)",
	"lower:STRING": "bq_lower($1)", "upper:STRING": "bq_upper($1)", "initcap": "bq_initcap($1)",
	"starts_with:STRING": "starts_with($1, $2)", "ends_with:STRING": "ends_with($1, $2)", "strpos:STRING": "CAST(strpos($1, $2) AS BIGINT)",
	"replace:STRING": "replace($1, $2, $3)", "reverse:STRING": "bq_reverse($1)", "repeat:STRING": "repeat($1, $2)",
	"translate:STRING": "translate($1, $2, $3)", "left:STRING": "left($1, $2)", "right:STRING": "right($1, $2)",
	"lpad:STRING": "lpad($1, CAST($2 AS INTEGER), $3)", "rpad:STRING": "rpad($1, CAST($2 AS INTEGER), $3)",
	"ascii": "CAST(ascii($1) AS BIGINT)", "chr": "chr(CAST($1 AS INTEGER))", "normalize": "bq_normalize($*)",
	"regexp_contains:STRING": "regexp_matches($1, $2)", "regexp_replace:STRING": "regexp_replace($1, $2, $3, 'g')",
	"to_hex": "lower(hex($1))", "from_hex": "unhex($1)", "to_base64": "base64($1)", "from_base64": "from_base64($1)",
	"md5:STRING": "unhex(md5($1))", "sha256:STRING": "unhex(sha256($1))", "sha1:STRING": "unhex(sha1($1))", "md5:BYTES": "unhex(md5($1))", "sha256:BYTES": "unhex(sha256($1))",
	"sha512:STRING": "bq_sha512(encode($1))", "sha512:BYTES": "bq_sha512($1)",
	"farm_fingerprint:STRING": "bq_farm(encode($1))", "farm_fingerprint:BYTES": "bq_farm($1)",
	"safe_convert_bytes_to_string": "bq_valid($1)",
	"to_code_points:STRING":        "list_transform(regexp_extract_all($1, '(?s).'), lambda x: CAST(unicode(x) AS BIGINT))",
	"code_points_to_string":        "array_to_string(list_transform($1, lambda x: chr(CAST(x AS INTEGER))), '')",

	// Arrays.
	"$make_array": "[$*]", "array_length": "CAST(len($1) AS BIGINT)", "array_concat": "list_concat($*)", "array_reverse": "list_reverse($1)",
	"$array_at_offset": "bq_at($1, $2 + 1, $2)", "$array_at_ordinal": "bq_at($1, $2, $2)",
	"$safe_array_at_offset":  "CASE WHEN $2 >= 0 THEN list_extract($1, $2 + 1) END",
	"$safe_array_at_ordinal": "CASE WHEN $2 >= 1 THEN list_extract($1, $2) END",
	"array_first":            "bq_at($1, 1, 0)", "array_last": "bq_at($1, len($1), len($1))",
	"array_is_distinct":    "CASE WHEN $1 IS NOT NULL THEN len($1) = len(list_distinct($1)) + CAST(len(list_filter($1, lambda x: x IS NULL)) > 0 AS INTEGER) END",
	"generate_array:INT64": "bq_series($*)",

	// Time. An instant is a TIMESTAMP in UTC.
	"unix_micros": "epoch_us($1)", "unix_millis": "bq_floor_div(epoch_us($1), 1000)", "unix_seconds": "bq_floor_div(epoch_us($1), 1000000)",
	"unix_date": "CAST($1 - DATE '1970-01-01' AS BIGINT)", "date_from_unix_date": "DATE '1970-01-01' + CAST($1 AS INTEGER)",
	"timestamp_micros": "bq_instant($1)", "timestamp_millis": "bq_instant($1 * 1000)", "timestamp_seconds": "bq_instant($1 * 1000000)",
	"timestamp_from_unix_micros:INT64": "bq_instant($1)", "timestamp_from_unix_millis:INT64": "bq_instant($1 * 1000)", "timestamp_from_unix_seconds:INT64": "bq_instant($1 * 1000000)",
	"current_timestamp": "make_timestamp(epoch_us(now()))", "current_date": "CAST(make_timestamp(epoch_us(now())) AS DATE)",
	"last_day:DATE":            "last_day($1)",
	"generate_date_array:DATE": "list_transform(range($1, $2 + 1, INTERVAL 1 DAY), lambda x: CAST(x AS DATE))",

	// JSON.
	"parse_json":    "CAST($1 AS JSON)",
	"generate_uuid": "CAST(uuid() AS VARCHAR)", "rand": "random()",
	"session_user": "'emulator@example.invalid'",
}

// micros are the lengths of the units that are always as long.
var micros = map[string]string{
	"MICROSECOND": "1", "MILLISECOND": "1000", "SECOND": "1000000", "MINUTE": "60000000", "HOUR": "3600000000", "DAY": "86400000000",
}

// months are the lengths of those that months make.
var months = map[string]string{"MONTH": "1", "QUARTER": "3", "YEAR": "12"}

// special are the functions that take more than a snippet.
var special = map[string]func(*call) string{
	"$and": func(c *call) string { return "(" + strings.Join(c.args, " AND ") + ")" },
	"$or":  func(c *call) string { return "(" + strings.Join(c.args, " OR ") + ")" },
	"$in": func(c *call) string {
		if c.first() != "FLOAT64" {
			return "(" + c.args[0] + " IN (" + strings.Join(c.args[1:], ", ") + "))"
		}
		var one []string
		for _, a := range c.args[1:] {
			one = append(one, "bq_eq("+c.args[0]+", "+a+")")
		}
		return "(" + strings.Join(one, " OR ") + ")"
	},
	"$case_no_value": func(c *call) string { return caseOf("CASE", c.args) },
	"$case_with_value": func(c *call) string {
		// NaN is no case.
		if c.first() == "FLOAT64" {
			panic(unsupported("CASE of a FLOAT64"))
		}
		return caseOf("CASE "+c.args[0], c.args[1:])
	},
	"least":    func(c *call) string { return c.extreme("least") },
	"greatest": func(c *call) string { return c.extreme("greatest") },
	"round":    (*call).round,
	"substr":   (*call).substr, "substring": (*call).substr,
	"trim":  func(c *call) string { return c.trim("trim") },
	"ltrim": func(c *call) string { return c.trim("ltrim") }, "rtrim": func(c *call) string { return c.trim("rtrim") },
	"split": (*call).split, "instr": (*call).instr,
	"array_to_string": (*call).join, "array_slice": (*call).slice,
	"regexp_extract": (*call).extract, "regexp_substr": (*call).extract,
	"regexp_extract_all": func(c *call) string {
		return "regexp_extract_all(" + c.args[0] + ", " + c.args[1] + ", " + c.group(1) + ")"
	},
	"$extract": (*call).datePart, "$extract_date": castPart("DATE"), "$extract_time": castPart("TIME"), "$extract_datetime": castPart("TIMESTAMP"),
	"timestamp_add": func(c *call) string { return c.addTime("+") }, "timestamp_sub": func(c *call) string { return c.addTime("-") },
	"datetime_add": func(c *call) string { return c.addTime("+") }, "datetime_sub": func(c *call) string { return c.addTime("-") },
	"date_add": func(c *call) string { return c.addDays("+") }, "date_sub": func(c *call) string { return c.addDays("-") },
	"$add:DATE":      func(c *call) string { return fill("$1 + CAST($2 AS INTEGER)", c.args) },
	"timestamp_diff": (*call).diffTime, "datetime_diff": (*call).diffTime, "date_diff": (*call).diffDays,
	"timestamp_trunc": (*call).truncate, "datetime_trunc": (*call).truncate, "date_trunc": (*call).truncate,
	"date": (*call).date, "datetime": (*call).datetime, "timestamp": (*call).timestamp, "time": (*call).time,
	"string":           (*call).string,
	"format_timestamp": (*call).format, "format_datetime": (*call).format, "format_date": (*call).format,

	"$add": (*call).arithmetic, "$subtract": (*call).arithmetic,
	"format": (*call).printf, "to_json_string": (*call).json,
	"concat": func(c *call) string { return "(" + strings.Join(c.args, " || ") + ")" },
}

func caseOf(head string, args []string) string {
	out := []string{"(" + head}
	for len(args) > 1 {
		out = append(out, "WHEN", args[0], "THEN", args[1])
		args = args[2:]
	}
	if len(args) == 1 {
		out = append(out, "ELSE", args[0])
	}
	return strings.Join(append(out, "END)"), " ")
}

// extreme is NULL where an argument is, and NaN where one is.
func (c *call) extreme(f string) string {
	if len(c.args) == 1 {
		return c.args[0]
	}
	var nulls, nans []string
	for _, a := range c.args {
		nulls, nans = append(nulls, a+" IS NULL"), append(nans, "isnan("+a+")")
	}
	out := "(CASE WHEN " + strings.Join(nulls, " OR ") + " THEN NULL"
	if c.ret.Name == "FLOAT64" {
		out += " WHEN " + strings.Join(nans, " OR ") + " THEN CAST('NaN' AS DOUBLE)"
	}
	return out + " ELSE " + f + "(" + strings.Join(c.args, ", ") + ") END)"
}

// round rounds half away from zero.
func (c *call) round() string {
	if c.first() == "BIGNUMERIC" {
		return fill("big_round($1)", c.args[:1])
	}
	out := "round(" + c.args[0]
	if len(c.args) > 1 {
		out += ", CAST(" + c.args[1] + " AS INTEGER)"
	}
	if len(c.args) > 2 {
		panic(unsupported("ROUND with a mode"))
	}
	return "CAST(" + out + ") AS " + c.ret.engine() + ")"
}

// arithmetic is that of dates and numbers.
func (c *call) arithmetic() string {
	sign := map[string]string{"$add": "+", "$subtract": "-"}[c.name]
	switch {
	case c.types[0].Name == "DATE" && c.types[1].Name == "INT64":
		return fill("$1 "+sign+" CAST($2 AS INTEGER)", c.args)
	case c.types[0].Name == "INT64" && c.types[1].Name == "DATE":
		return fill("$2 "+sign+" CAST($1 AS INTEGER)", c.args)
	}
	snippet, ok := snippets[c.name+":"+c.first()]
	if !ok {
		panic(unsupported(c.first() + " " + sign + " " + c.types[1].Name))
	}
	return fill(snippet, c.args)
}

// substr counts from the end where the position is negative; one before the
// beginning is the beginning.
func (c *call) substr() string {
	first, ok := c.constant(1)
	if c.first() == "STRING" && ok && first != "0" && !strings.HasPrefix(first, "-") {
		if len(c.args) == 2 {
			return fill("substr($1, $2)", c.args)
		}
		if n, ok := c.constant(2); ok && !strings.HasPrefix(n, "-") {
			return fill("substr($1, $2, $3)", c.args)
		}
	}
	if c.first() == "BYTES" {
		panic(unsupported("SUBSTR of BYTES"))
	}
	if len(c.args) == 2 {
		return fill("bq_substr($1, $2, CAST(9223372036854775807 AS BIGINT))", c.args)
	}
	return fill("bq_substr($1, $2, $3)", c.args)
}

func (c *call) trim(f string) string {
	if c.first() == "BYTES" {
		panic(unsupported(strings.ToUpper(f) + " of BYTES"))
	}
	if len(c.args) == 1 {
		return "bq_" + f + "(" + c.args[0] + ")"
	}
	return f + "(" + strings.Join(c.args, ", ") + ")"
}

func (c *call) split() string {
	if c.first() == "BYTES" {
		panic(unsupported("SPLIT of BYTES"))
	}
	if len(c.args) == 1 {
		return fill("string_split($1, ',')", c.args)
	}
	switch by, ok := c.constant(1); {
	case !ok:
		return fill("CASE WHEN $2 = '' THEN bq_characters($1) ELSE string_split($1, $2) END", c.args)
	case by == "":
		return fill("bq_characters($1)", c.args)
	}
	return fill("string_split($1, $2)", c.args)
}

func (c *call) instr() string {
	if c.first() == "BYTES" {
		panic(unsupported("INSTR of BYTES"))
	}
	args := append([]string(nil), c.args...)
	for len(args) < 4 {
		args = append(args, "CAST(1 AS BIGINT)")
	}
	return fill("bq_instr($*)", args)
}

func (c *call) join() string {
	if c.types[0].Elem.Name != "STRING" {
		panic(unsupported("ARRAY_TO_STRING of " + c.types[0].String()))
	}
	if len(c.args) == 3 {
		return fill("bq_join(list_transform($1, lambda x: coalesce(x, $3)), $2)", c.args)
	}
	return fill("bq_join(list_filter($1, lambda x: x IS NOT NULL), $2)", c.args)
}

// slice takes positions from 0, negative ones from the end, both included.
func (c *call) slice() string {
	return fill("CASE WHEN $1 IS NULL OR $2 IS NULL OR $3 IS NULL THEN NULL ELSE list_slice($1, greatest(CASE WHEN $2 < 0 THEN len($1) + $2 ELSE $2 END, 0) + 1, CASE WHEN $3 < 0 THEN len($1) + $3 ELSE $3 END + 1) END", c.args)
}

// group is the number of the group that an extraction gives.
func (c *call) group(pattern int) string {
	p, ok := c.constant(pattern)
	if !ok {
		panic(unsupported("an extraction by a pattern that is not constant"))
	}
	tree, err := syntax.Parse(p, syntax.Perl)
	if err != nil {
		panic(invalid("Cannot parse regular expression: " + err.Error()))
	}
	switch tree.MaxCap() {
	case 0:
		return "0"
	case 1:
		return "1"
	}
	panic(invalid("Regular expressions passed into extraction functions must not have more than 1 capturing group"))
}

// extract is NULL where nothing matches.
func (c *call) extract() string {
	if len(c.args) > 2 || c.first() != "STRING" {
		panic(unsupported("this form of " + strings.ToUpper(c.name)))
	}
	return "CASE WHEN regexp_matches(" + c.args[0] + ", " + c.args[1] + ") THEN regexp_extract(" + c.args[0] + ", " + c.args[1] + ", " + c.group(1) + ") END"
}

// printf is FORMAT of one number.
func (c *call) printf() string {
	format, ok := c.constant(0)
	m := regexp.MustCompile(`^%(?:[.]([0-9]+|[*]))?([efg])$`).FindStringSubmatch(format)
	if !ok || m == nil {
		panic(unsupported("FORMAT of " + format))
	}
	precision, value, kind := "6", c.args[len(c.args)-1], c.types[len(c.types)-1].Name
	switch {
	case m[1] == "*":
		precision = c.args[1]
	case m[1] != "":
		precision = m[1]
	}
	switch {
	case kind == "FLOAT64":
		return "bq_format_float('" + m[2] + "', CAST(" + precision + " AS BIGINT), " + value + ")"
	case kind == "NUMERIC" && m[2] == "f":
		return "bq_format_decimal(CAST(" + precision + " AS BIGINT), CAST(" + value + " AS VARCHAR))"
	}
	panic(unsupported("FORMAT of " + kind))
}

// json is TO_JSON_STRING.
func (c *call) json() string {
	if len(c.args) > 1 {
		panic(unsupported("TO_JSON_STRING with line breaks"))
	}
	return jsonText(c.args[0], c.types[0])
}

// jsonText writes a value as JSON, NULL as null.
func jsonText(e string, t Type) string {
	var out string
	switch t.Name {
	case "STRING":
		out = "bq_json_text(" + e + ")"
	case "BOOL":
		out = "CAST(" + e + " AS VARCHAR)"
	case "INT64":
		// What a double cannot hold is text.
		out = "CASE WHEN abs(CAST(" + e + " AS HUGEINT)) > 9007199254740992 THEN '\"' || CAST(" + e + " AS VARCHAR) || '\"' ELSE CAST(" + e + " AS VARCHAR) END"
	case "FLOAT64":
		out = "CASE WHEN isfinite(" + e + ") THEN bq_float_text(" + e + ") WHEN isnan(" + e + ") THEN '\"NaN\"' WHEN " + e + " > 0 THEN '\"Infinity\"' WHEN " + e + " < 0 THEN '\"-Infinity\"' END"
	case "NUMERIC", "BIGNUMERIC":
		out = convert(e, t, Type{Name: "STRING"})
	case "BYTES":
		out = "'\"' || base64(" + e + ") || '\"'"
	case "DATE":
		out = "'\"' || strftime(" + e + ", '%Y-%m-%d') || '\"'"
	case "TIMESTAMP":
		out = "'\"' || replace(bq_time_text(" + e + ", 'Z'), ' ', 'T') || '\"'"
	case "DATETIME":
		out = "'\"' || replace(bq_time_text(" + e + ", ''), ' ', 'T') || '\"'"
	case "ARRAY":
		out = "'[' || array_to_string(list_transform(" + e + ", lambda x: " + jsonText("x", *t.Elem) + "), ',') || ']'"
	case "STRUCT":
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = text(string(marshal(f.Name))+":") + " || " + jsonText("struct_extract("+e+", '"+fieldName(i)+"')", f.Type)
		}
		out = "CASE WHEN " + e + " IS NOT NULL THEN '{' || " + strings.Join(parts, " || ',' || ") + " || '}' END"
	default:
		panic(unsupported("TO_JSON_STRING of " + t.Name))
	}
	return "coalesce(" + out + ", 'null')"
}
