package main

import (
	"crypto/sha512"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must not depend on the machine
	"unicode"
	"unicode/utf8"

	"github.com/dgryski/go-farm"
	"github.com/duckdb/duckdb-go/v2"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// A udf is a function of the engine that is written here, because the engine has
// none that does as GoogleSQL says. It is NULL where an argument is.
type udf struct {
	args []duckdb.Type // TYPE_LIST is one of texts
	out  duckdb.Type
	f    func([]driver.Value) (any, error)
}

// Config implements duckdb.ScalarFunc.
func (u *udf) Config() duckdb.ScalarFuncConfig {
	var c duckdb.ScalarFuncConfig
	for _, t := range u.args {
		info, err := duckdb.NewTypeInfo(t)
		if t == duckdb.TYPE_LIST {
			info, err = duckdb.NewListInfo(must(duckdb.NewTypeInfo(str)))
		}
		c.InputTypeInfos = append(c.InputTypeInfos, must(info, err))
	}
	c.ResultTypeInfo = must(duckdb.NewTypeInfo(u.out))
	return c
}

// Executor implements duckdb.ScalarFunc.
func (u *udf) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: u.f}
}

const (
	str  = duckdb.TYPE_VARCHAR
	blob = duckdb.TYPE_BLOB
	i64  = duckdb.TYPE_BIGINT
	f64  = duckdb.TYPE_DOUBLE
	boo  = duckdb.TYPE_BOOLEAN
	at   = duckdb.TYPE_TIMESTAMP
)

// The first and the last microsecond of the years 1 to 9999.
const (
	firstInstant = -62135596800000000
	lastInstant  = 253402300799999999
)

// ranged refuses what is outside of those years.
func ranged(t time.Time) (any, error) {
	if n := t.UnixMicro(); n < firstInstant || n > lastInstant {
		return nil, fmt.Errorf("Timestamp is out of supported range: %d", n) //nolint:staticcheck // BigQuery's words
	}
	return t, nil
}

// arithmetic fails where finite numbers give one that is not.
func arithmetic(name string, f func(a, b float64) float64) *udf {
	return &udf{[]duckdb.Type{f64, f64}, f64, func(v []driver.Value) (any, error) {
		a, b := v[0].(float64), v[1].(float64)
		return finite(name, f(a, b), a, b)
	}}
}

func unary(name string, f func(a float64) float64) *udf {
	return &udf{[]duckdb.Type{f64}, f64, func(v []driver.Value) (any, error) {
		a := v[0].(float64)
		return finite(name, f(a), a)
	}}
}

func finite(name string, r float64, of ...float64) (any, error) {
	if !math.IsInf(r, 0) && !math.IsNaN(r) {
		return r, nil
	}
	for _, x := range of {
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return r, nil
		}
	}
	return nil, fmt.Errorf("Floating point error in function: %s", name) //nolint:staticcheck // BigQuery's words
}

func onText(f func(string) string) *udf {
	return &udf{[]duckdb.Type{str}, str, func(v []driver.Value) (any, error) { return f(v[0].(string)), nil }}
}

var udfs = map[string]*udf{
	"bq_add":      arithmetic("ADD", func(a, b float64) float64 { return a + b }),
	"bq_subtract": arithmetic("SUBTRACT", func(a, b float64) float64 { return a - b }),
	"bq_multiply": arithmetic("MULTIPLY", func(a, b float64) float64 { return a * b }),
	"bq_pow":      arithmetic("POW", math.Pow),
	"bq_exp":      unary("EXP", math.Exp), "bq_ln": unary("LN", math.Log), "bq_sqrt": unary("SQRT", math.Sqrt),
	"bq_divide": {[]duckdb.Type{f64, f64}, f64, func(v []driver.Value) (any, error) {
		a, b := v[0].(float64), v[1].(float64)
		if b == 0 {
			return nil, fmt.Errorf("division by zero: %v / %v", a, b)
		}
		return finite("DIVIDE", a/b, a, b)
	}},

	"bq_div": {[]duckdb.Type{i64, i64}, i64, func(v []driver.Value) (any, error) {
		a, b := v[0].(int64), v[1].(int64)
		switch {
		case b == 0:
			return nil, fmt.Errorf("division by zero: %d / %d", a, b)
		case a == math.MinInt64 && b == -1:
			return nil, fmt.Errorf("int64 overflow: %d / %d", a, b)
		}
		return a / b, nil
	}},
	"bq_mod": {[]duckdb.Type{i64, i64}, i64, func(v []driver.Value) (any, error) {
		if v[1].(int64) == 0 {
			return nil, fmt.Errorf("division by zero: MOD(%d, 0)", v[0])
		}
		return v[0].(int64) % v[1].(int64), nil
	}},
	// A sum by its text.
	"bq_sum": {[]duckdb.Type{str}, i64, func(v []driver.Value) (any, error) {
		n, err := strconv.ParseInt(v[0].(string), 10, 64)
		if err != nil {
			return nil, errors.New("integer overflow: SUM")
		}
		return n, nil
	}},
	// An instant by its microseconds.
	"bq_instant": {[]duckdb.Type{i64}, at, func(v []driver.Value) (any, error) {
		if n := v[0].(int64); n < firstInstant || n > lastInstant {
			return nil, fmt.Errorf("Timestamp is out of supported range: %d", n) //nolint:staticcheck // BigQuery's words
		}
		return time.UnixMicro(v[0].(int64)).UTC(), nil
	}},

	"bq_float_text": {[]duckdb.Type{f64}, str, func(v []driver.Value) (any, error) { return floatText(v[0].(float64)), nil }},
	"bq_int64": {[]duckdb.Type{str}, i64, func(v []driver.Value) (any, error) {
		s := strings.TrimFunc(v[0].(string), space)
		base := 10
		digits := strings.TrimLeft(s, "+-")
		if len(digits) > 2 && strings.EqualFold(digits[:2], "0x") {
			base, s = 16, strings.Replace(s, digits, digits[2:], 1)
		}
		if !regexp.MustCompile(`^[+-]?[0-9a-fA-F]+$`).MatchString(s) {
			return nil, fmt.Errorf("Bad int64 value: %s", v[0]) //nolint:staticcheck // BigQuery's words
		}
		n, err := strconv.ParseInt(s, base, 64)
		if err != nil {
			return nil, fmt.Errorf("Bad int64 value: %s", v[0]) //nolint:staticcheck // BigQuery's words
		}
		return n, nil
	}},
	"bq_float64": {[]duckdb.Type{str}, f64, func(v []driver.Value) (any, error) {
		s := strings.TrimFunc(v[0].(string), space)
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || strings.ContainsAny(s, "xX_pP") {
			return nil, fmt.Errorf("Bad double value: %s", v[0]) //nolint:staticcheck // BigQuery's words
		}
		return f, nil
	}},
	"bq_bool": {[]duckdb.Type{str}, boo, func(v []driver.Value) (any, error) {
		switch strings.ToLower(v[0].(string)) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, fmt.Errorf("Bad bool value: %s", v[0]) //nolint:staticcheck // BigQuery's words
	}},
	"bq_numeric": {[]duckdb.Type{str}, str, func(v []driver.Value) (any, error) {
		s := strings.TrimFunc(v[0].(string), space)
		if !regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`).MatchString(s) {
			return nil, fmt.Errorf("Invalid NUMERIC value: %s", v[0]) //nolint:staticcheck // BigQuery's words
		}
		return s, nil
	}},
	"bq_trim_zeros": onText(trimZeros),
	"bq_utf8": {[]duckdb.Type{blob}, str, func(v []driver.Value) (any, error) {
		if !utf8.Valid(v[0].([]byte)) {
			return nil, errors.New("Cannot convert bytes to string because they are not valid UTF-8") //nolint:staticcheck // BigQuery's words
		}
		return string(v[0].([]byte)), nil
	}},
	"bq_valid": {[]duckdb.Type{blob}, str, func(v []driver.Value) (any, error) {
		return strings.ToValidUTF8(string(v[0].([]byte)), "\uFFFD"), nil
	}},
	"bq_time_text": {[]duckdb.Type{at, str}, str, func(v []driver.Value) (any, error) {
		return timeText(v[0].(time.Time)) + v[1].(string), nil
	}},
	"bq_timestamp": {[]duckdb.Type{str, str}, at, func(v []driver.Value) (any, error) {
		zone, err := location(v[1].(string))
		if err != nil {
			return nil, err
		}
		t, _, err := readTime(v[0].(string), zone)
		if err != nil {
			return nil, fmt.Errorf("Invalid timestamp: '%s'", v[0]) //nolint:staticcheck // BigQuery's words
		}
		return t.UTC(), nil
	}},
	"bq_datetime": {[]duckdb.Type{str, boo}, at, func(v []driver.Value) (any, error) {
		t, zoned, err := readTime(v[0].(string), time.UTC)
		if err != nil || zoned {
			kind := "datetime"
			if v[1].(bool) {
				kind = "date"
			}
			return nil, fmt.Errorf("Invalid %s: '%s'", kind, v[0]) //nolint:staticcheck // BigQuery's words
		}
		return t, nil
	}},
	"bq_local": {[]duckdb.Type{at, str}, at, func(v []driver.Value) (any, error) {
		zone, err := location(v[1].(string))
		if err != nil {
			return nil, err
		}
		return ranged(onClock(v[0].(time.Time).In(zone), time.UTC))
	}},
	"bq_at_zone": {[]duckdb.Type{at, str}, at, func(v []driver.Value) (any, error) {
		zone, err := location(v[1].(string))
		if err != nil {
			return nil, err
		}
		return ranged(onClock(v[0].(time.Time), zone).UTC())
	}},
	"bq_format_time": {[]duckdb.Type{str, at, str}, str, func(v []driver.Value) (any, error) {
		zone, err := location(v[2].(string))
		if err != nil {
			return nil, err
		}
		return formatTime(v[0].(string), v[1].(time.Time).In(zone))
	}},

	"bq_lower":   onText(func(s string) string { return cases.Lower(language.Und).String(s) }),
	"bq_upper":   onText(func(s string) string { return cases.Upper(language.Und).String(s) }),
	"bq_trim":    onText(func(s string) string { return strings.TrimFunc(s, space) }),
	"bq_ltrim":   onText(func(s string) string { return strings.TrimLeftFunc(s, space) }),
	"bq_rtrim":   onText(func(s string) string { return strings.TrimRightFunc(s, space) }),
	"bq_reverse": onText(reversed),
	"bq_join": {[]duckdb.Type{duckdb.TYPE_LIST, str}, str, func(v []driver.Value) (any, error) {
		var parts []string
		for _, p := range v[0].([]any) {
			parts = append(parts, p.(string))
		}
		return strings.Join(parts, v[1].(string)), nil
	}},
	"bq_normalize": {[]duckdb.Type{str, str}, str, func(v []driver.Value) (any, error) {
		form, ok := map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}[v[1].(string)]
		if !ok {
			return nil, fmt.Errorf("emulator: NORMALIZE to %s", v[1])
		}
		return form.String(v[0].(string)), nil
	}},
	"bq_substr": {[]duckdb.Type{str, i64, i64}, str, func(v []driver.Value) (any, error) {
		return substr([]rune(v[0].(string)), v[1].(int64), v[2].(int64))
	}},
	"bq_instr": {[]duckdb.Type{str, str, i64, i64}, i64, func(v []driver.Value) (any, error) {
		return instr(v[0].(string), v[1].(string), v[2].(int64), v[3].(int64))
	}},
	"bq_farm": {[]duckdb.Type{blob}, i64, func(v []driver.Value) (any, error) {
		return int64(farm.Fingerprint64(v[0].([]byte))), nil
	}},
	"bq_json_text": onText(func(s string) string { return string(marshal(s)) }),
	"bq_format_float": {[]duckdb.Type{str, i64, f64}, str, func(v []driver.Value) (any, error) {
		return formatFloat(v[0].(string), v[1].(int64), v[2].(float64)), nil
	}},
	// A decimal by its text.
	"bq_format_decimal": {[]duckdb.Type{i64, str}, str, func(v []driver.Value) (any, error) {
		r, ok := new(big.Rat).SetString(v[1].(string))
		if !ok {
			return nil, fmt.Errorf("no decimal: %s", v[1])
		}
		return r.FloatString(int(v[0].(int64))), nil
	}},
	"bq_sha512": {[]duckdb.Type{blob}, blob, func(v []driver.Value) (any, error) {
		sum := sha512.Sum512(v[0].([]byte))
		return sum[:], nil
	}},
}

// macros are functions that the engine's own make up.
var macros = []string{
	"bq_eq(a, b) AS CASE WHEN isnan(a) OR isnan(b) THEN CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE FALSE END ELSE a = b END",
	"bq_lt(a, b) AS CASE WHEN isnan(a) OR isnan(b) THEN CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE FALSE END ELSE a < b END",
	"bq_le(a, b) AS CASE WHEN isnan(a) OR isnan(b) THEN CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE FALSE END ELSE a <= b END",
	"bq_floor_div(a, b) AS a // b - CAST(a % b < 0 AS BIGINT)",
	"bq_shift(a, n) AS CASE WHEN abs(n) >= 64 THEN 0 WHEN n >= 0 THEN CAST(a AS BIGINT) << n ELSE CAST(a AS BIGINT) >> -n END",
	"bq_at(l, n, shown) AS CASE WHEN l IS NULL OR n IS NULL THEN NULL WHEN n < 1 OR n > len(l) THEN error('Array index ' || shown || ' is out of bounds') ELSE list_extract(l, n) END",
	"bq_characters(s) AS CASE WHEN s = '' THEN [''] ELSE regexp_extract_all(s, '(?s).') END",
	"bq_series(a, b) AS generate_series(a, b), (a, b, c) AS generate_series(a, b, c)",
}

// define makes all of them known to a database.
func define(c *sql.Conn) error {
	for _, all := range []map[string]*udf{udfs, bigFunctions} {
		for name, u := range all {
			if err := duckdb.RegisterScalarUDF(c, name, u); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// floatText is what GoogleSQL prints: 15 digits where they read as the number,
// and 17 elsewhere.
func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	for _, digits := range []int{15, 17} {
		s := strconv.FormatFloat(f, 'e', digits-1, 64)
		if r, err := strconv.ParseFloat(s, 64); err == nil && r == f {
			return percentG(s, digits)
		}
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// percentG writes what has one digit before its point as C's %g does.
func percentG(s string, digits int) string {
	mantissa, e, _ := strings.Cut(s, "e")
	exponent, _ := strconv.Atoi(e)
	sign := ""
	if strings.HasPrefix(mantissa, "-") {
		sign, mantissa = "-", mantissa[1:]
	}
	number := strings.Replace(mantissa, ".", "", 1)
	if exponent < -4 || exponent >= digits {
		number = strings.TrimRight(number, "0")
		if len(number) > 1 {
			number = number[:1] + "." + number[1:]
		} else if number == "" {
			number = "0"
		}
		return fmt.Sprintf("%s%se%+03d", sign, number, exponent)
	}
	if exponent < 0 {
		number = "0." + strings.Repeat("0", -exponent-1) + number
	} else {
		number = number[:exponent+1] + "." + number[exponent+1:]
	}
	return sign + strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
}

func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// formatFloat writes as C's printf does.
func formatFloat(verb string, precision int64, f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if verb == "g" {
		digits := int(max(precision, 1))
		return percentG(strconv.FormatFloat(f, 'e', digits-1, 64), digits)
	}
	return strconv.FormatFloat(f, verb[0], int(precision), 64)
}

// space is Unicode's White_Space.
func space(r rune) bool { return unicode.IsSpace(r) }

func reversed(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

func substr(s []rune, from, count int64) (any, error) {
	if count < 0 {
		return nil, errors.New("Third argument in SUBSTR() cannot be negative") //nolint:staticcheck // BigQuery's words
	}
	n := int64(len(s))
	switch {
	case from > n:
		return "", nil
	case from < 0:
		from = max(n+from+1, 1)
	case from == 0:
		from = 1
	}
	return string(s[from-1 : min(n, from-1+min(count, n))]), nil
}

// instr is the position of an occurrence; a negative start searches from the end.
func instr(s, part string, from, nth int64) (any, error) {
	if from == 0 || nth < 1 {
		return nil, errors.New("Position or occurrence in INSTR() is not valid") //nolint:staticcheck // BigQuery's words
	}
	text, search := []rune(s), []rune(part)
	n, m := int64(len(text)), int64(len(search))
	matches := func(at int64) bool { return at >= 0 && at+m <= n && string(text[at:at+m]) == part }
	if m == 0 {
		return nil, errors.New("emulator: INSTR of an empty text")
	}
	if from > 0 {
		for i := from - 1; i+m <= n; i++ {
			if matches(i) {
				if nth--; nth == 0 {
					return i + 1, nil
				}
			}
		}
		return int64(0), nil
	}
	for i := n + from; i >= 0; i-- {
		if matches(i) {
			if nth--; nth == 0 {
				return i + 1, nil
			}
		}
	}
	return int64(0), nil
}
