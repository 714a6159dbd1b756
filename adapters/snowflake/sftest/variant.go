package sftest

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A VARIANT is kept as text: JSON with sorted keys, and what JSON has not.
//
//	~1.5          a double; 1.5 is a number
//	undefined     NULL of SQL inside of an array; null is JSON's
//	@d2024-01-31  a date; @t time, @N timestamp without zone, @l instant
//	@b00FF        bytes
//
// Two values are equal where their texts are. A NULL of SQL is NULL.
type variant struct {
	kind  byte // n null, u undefined, b bool, i number, f double, s string, a array, o object, d date, t time, N timestamp, l instant, x bytes
	text  string
	num   float64
	items []variant
	keys  []string
}

var (
	jsonNull  = variant{kind: 'n'}
	undefined = variant{kind: 'u'}
)

func textVariant(s string) variant { return variant{kind: 's', text: s} }

// String writes the notation.
func (v variant) String() string {
	var b strings.Builder
	v.write(&b)
	return b.String()
}

func (v variant) write(b *strings.Builder) {
	switch v.kind {
	case 'n':
		b.WriteString("null")
	case 'u':
		b.WriteString("undefined")
	case 'b', 'i':
		b.WriteString(v.text)
	case 'f':
		b.WriteByte('~')
		b.WriteString(strconv.FormatFloat(v.num+0, 'g', -1, 64)) // -0 is 0
	case 's':
		quoteJSON(b, v.text)
	case 'a':
		b.WriteByte('[')
		for i, x := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			x.write(b)
		}
		b.WriteByte(']')
	case 'o':
		b.WriteByte('{')
		for i, x := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			quoteJSON(b, v.keys[i])
			b.WriteByte(':')
			x.write(b)
		}
		b.WriteByte('}')
	case 'x':
		b.WriteString("@b" + v.text)
	default:
		b.WriteString("@" + string(v.kind) + v.text)
	}
}

func quoteJSON(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r < 0x20:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// objectOf makes an object with its keys in order; the last of equal keys counts.
func objectOf(keys []string, values []variant) variant {
	at := map[string]variant{}
	for i, k := range keys {
		at[k] = values[i]
	}
	out := variant{kind: 'o'}
	for k := range at {
		out.keys = append(out.keys, k)
	}
	slices.Sort(out.keys)
	for _, k := range out.keys {
		out.items = append(out.items, at[k])
	}
	return out
}

// number makes a number of decimal text, without needless zeros.
func number(text string) variant {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" || text == "" {
		text = "0"
	}
	return variant{kind: 'i', text: text}
}

// readVariant reads the notation, which only this package writes.
func readVariant(s string) variant {
	r := &variantReader{s: s, own: true}
	v, err := r.value()
	if err != nil {
		panic(cannot("a VARIANT that is not one of ours: %q", s))
	}
	return v
}

// readJSON reads what PARSE_JSON does.
func readJSON(s string) (variant, error) {
	r := &variantReader{s: s}
	v, err := r.value()
	if err == nil {
		r.space()
		if r.i < len(r.s) {
			err = fmt.Errorf("more than one document in the input, pos %d", r.i)
		}
	}
	return v, err
}

type variantReader struct {
	s   string
	i   int
	own bool
}

func (r *variantReader) space() {
	for r.i < len(r.s) && strings.IndexByte(" \t\r\n", r.s[r.i]) >= 0 {
		r.i++
	}
}

func (r *variantReader) bad() (variant, error) {
	return variant{}, fmt.Errorf("unknown keyword or unexpected character, pos %d", r.i+1)
}

func (r *variantReader) value() (variant, error) {
	r.space()
	if r.i >= len(r.s) {
		return variant{}, fmt.Errorf("incomplete segment parser, pos %d", r.i)
	}
	rest := r.s[r.i:]
	for word, v := range map[string]variant{"null": jsonNull, "true": {kind: 'b', text: "true"}, "false": {kind: 'b', text: "false"}, "undefined": undefined} {
		if strings.HasPrefix(rest, word) {
			r.i += len(word)
			return v, nil
		}
	}
	switch c := rest[0]; {
	case c == '"':
		s, err := r.string()
		return textVariant(s), err
	case c == '[':
		return r.array()
	case c == '{':
		return r.object()
	case c == '~' && r.own:
		end := r.until(1)
		f, err := strconv.ParseFloat(r.s[r.i+1:end], 64)
		r.i = end
		return variant{kind: 'f', num: f}, err
	case c == '@' && r.own:
		end := r.until(1)
		v := variant{kind: rest[1], text: r.s[r.i+2 : end]}
		if v.kind == 'b' {
			v.kind = 'x'
		}
		r.i = end
		return v, nil
	case c == '-' || c >= '0' && c <= '9':
		end := r.i + 1
		for end < len(r.s) && strings.IndexByte("0123456789.eE+-", r.s[end]) >= 0 {
			end++
		}
		text := r.s[r.i:end]
		if r.own {
			r.i = end
			return variant{kind: 'i', text: text}, nil
		}
		v, ok := jsonNumber(text)
		if !ok {
			return r.bad()
		}
		r.i = end
		return v, nil
	}
	return r.bad()
}

// until finds the end of a tagged value: the next comma or bracket. Colons and
// spaces of times are part of it.
func (r *variantReader) until(from int) int {
	end := r.i + from
	for end < len(r.s) && strings.IndexByte(",]}", r.s[end]) < 0 {
		end++
	}
	return end
}

// jsonNumber is a number as PARSE_JSON keeps it: exact where 38 digits do,
// else a double.
func jsonNumber(text string) (variant, bool) {
	if !numeric.MatchString(text) {
		return variant{}, false
	}
	if strings.ContainsAny(text, "eE") {
		f, err := strconv.ParseFloat(text, 64)
		return variant{kind: 'f', num: f}, err == nil
	}
	digits := strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(text), "0")
	if len(digits) > 38 {
		f, err := strconv.ParseFloat(text, 64)
		return variant{kind: 'f', num: f}, err == nil
	}
	return number(text), true
}

func (r *variantReader) string() (string, error) {
	var b strings.Builder
	for i := r.i + 1; i < len(r.s); {
		switch c := r.s[i]; c {
		case '"':
			r.i = i + 1
			return b.String(), nil
		case '\\':
			if i+1 >= len(r.s) {
				return "", fmt.Errorf("incomplete string, pos %d", i)
			}
			i++
			switch e := r.s[i]; e {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			case 'b':
				b.WriteByte('\b')
			case 'f':
				b.WriteByte('\f')
			case 'u':
				if i+4 >= len(r.s) {
					return "", fmt.Errorf("bad escape, pos %d", i)
				}
				n, err := strconv.ParseUint(r.s[i+1:i+5], 16, 32)
				if err != nil {
					return "", fmt.Errorf("bad escape, pos %d", i)
				}
				i += 4
				if n >= 0xd800 && n < 0xdc00 && i+6 < len(r.s) && r.s[i+1] == '\\' && r.s[i+2] == 'u' {
					low, err := strconv.ParseUint(r.s[i+3:i+7], 16, 32)
					if err == nil {
						n = 0x10000 + (n-0xd800)<<10 + (low - 0xdc00)
						i += 6
					}
				}
				b.WriteRune(rune(n)) //nolint:gosec // at most 21 bits
			case '"', '\\', '/':
				b.WriteByte(e)
			default:
				return "", fmt.Errorf("bad escape, pos %d", i)
			}
			i++
		default:
			_, size := utf8.DecodeRuneInString(r.s[i:])
			b.WriteString(r.s[i : i+size])
			i += size
		}
	}
	return "", fmt.Errorf("incomplete string, pos %d", r.i)
}

func (r *variantReader) array() (variant, error) {
	out := variant{kind: 'a'}
	r.i++
	r.space()
	if r.i < len(r.s) && r.s[r.i] == ']' {
		r.i++
		return out, nil
	}
	for {
		v, err := r.value()
		if err != nil {
			return v, err
		}
		out.items = append(out.items, v)
		r.space()
		switch {
		case r.i < len(r.s) && r.s[r.i] == ',':
			r.i++
		case r.i < len(r.s) && r.s[r.i] == ']':
			r.i++
			return out, nil
		default:
			return r.bad()
		}
	}
}

func (r *variantReader) object() (variant, error) {
	var keys []string
	var values []variant
	r.i++
	r.space()
	if r.i < len(r.s) && r.s[r.i] == '}' {
		r.i++
		return variant{kind: 'o'}, nil
	}
	for {
		r.space()
		if r.i >= len(r.s) || r.s[r.i] != '"' {
			return r.bad()
		}
		key, err := r.string()
		if err != nil {
			return variant{}, err
		}
		r.space()
		if r.i >= len(r.s) || r.s[r.i] != ':' {
			return r.bad()
		}
		r.i++
		v, err := r.value()
		if err != nil {
			return v, err
		}
		keys, values = append(keys, key), append(values, v)
		r.space()
		switch {
		case r.i < len(r.s) && r.s[r.i] == ',':
			r.i++
		case r.i < len(r.s) && r.s[r.i] == '}':
			r.i++
			return objectOf(keys, values), nil
		default:
			return r.bad()
		}
	}
}

// json writes the value as TO_JSON does, or over several lines, as results do.
func (v variant) json(style jsonStyle) string {
	var b strings.Builder
	v.writeJSON(&b, style, 0)
	return b.String()
}

// jsonStyle is how JSON is written: the session's parameters.
type jsonStyle struct {
	indent int
	strict bool
	// exact writes doubles so that they can be read back.
	exact bool
	// Formats of times; empty ones are the defaults.
	stamp, zoned, date, time string
}

// compact is JSON as TO_JSON writes it.
var compact = jsonStyle{}

func (v variant) writeJSON(b *strings.Builder, style jsonStyle, depth int) {
	line := func(d int) {
		if style.indent > 0 {
			b.WriteByte('\n')
			b.WriteString(strings.Repeat(" ", style.indent*d))
		}
	}
	switch v.kind {
	case 'a', 'o':
		brackets := "[]"
		if v.kind == 'o' {
			brackets = "{}"
		}
		b.WriteByte(brackets[0])
		for i, x := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			line(depth + 1)
			if v.kind == 'o' {
				quoteJSON(b, v.keys[i])
				b.WriteByte(':')
				if style.indent > 0 {
					b.WriteByte(' ')
				}
			}
			x.writeJSON(b, style, depth+1)
		}
		if len(v.items) > 0 {
			line(depth)
		}
		b.WriteByte(brackets[1])
	case 'f':
		switch {
		case style.strict && (math.IsNaN(v.num) || math.IsInf(v.num, 0)):
			b.WriteString("null")
		case math.IsNaN(v.num):
			b.WriteString("NaN")
		case math.IsInf(v.num, 1):
			b.WriteString("Infinity")
		case math.IsInf(v.num, -1):
			b.WriteString("-Infinity")
		case style.exact:
			b.WriteString(strconv.FormatFloat(v.num, 'g', -1, 64))
		default: // with fifteen digits after the point, as the documentation's examples show
			b.WriteString(strconv.FormatFloat(v.num, 'e', 15, 64))
		}
	case 's', 'x':
		quoteJSON(b, v.text)
	case 'd', 't', 'N', 'l':
		format := map[byte]string{'d': style.date, 't': style.time, 'N': style.stamp, 'l': style.zoned}[v.kind]
		t, ok := v.instant()
		if format == "" || !ok {
			quoteJSON(b, v.plain())
			break
		}
		quoteJSON(b, formatStamp(t, 0, format))
	case 'u':
		if style.strict {
			b.WriteString("null")
			break
		}
		b.WriteString("undefined")
	default:
		v.write(b)
	}
}

// plain is the text that a cast to VARCHAR gives.
func (v variant) plain() string {
	switch v.kind {
	case 's':
		return v.text
	case 'f':
		return realText(v.num)
	case 'n':
		return "null"
	case 'a', 'o':
		return v.json(compact)
	case 'd', 'x', 'b', 'i':
		return v.text
	case 't':
		return v.text[:8]
	case 'N', 'l':
		if t, ok := v.instant(); ok {
			if v.kind == 'l' {
				return t.Format(stampLayout + " -0700")
			}
			return t.Format(stampLayout)
		}
	}
	return v.text
}

// Of timestamps, text has milliseconds, by the defaults of
// TIMESTAMP_NTZ_OUTPUT_FORMAT and its like.
const stampLayout = "2006-01-02 15:04:05.000"

// real is the value as a double; ok says that it is a number or reads as one.
func (v variant) real() (float64, bool) {
	switch v.kind {
	case 'f':
		return v.num, true
	case 'i':
		f, err := strconv.ParseFloat(v.text, 64)
		return f, err == nil
	case 's':
		return parseReal(v.text)
	case 'b':
		return float64(boolInt(v.text == "true")), true
	}
	return 0, false
}

// decimal is the value as decimal text.
func (v variant) decimal() (string, bool) {
	switch v.kind {
	case 'i':
		return v.text, true
	case 'f':
		if math.IsNaN(v.num) || math.IsInf(v.num, 0) {
			return "", false
		}
		return strconv.FormatFloat(v.num, 'f', -1, 64), true
	case 's':
		return parseNumber(v.text)
	case 'b':
		return strconv.Itoa(boolInt(v.text == "true")), true
	}
	return "", false
}

// typeOf is TYPEOF.
func (v variant) typeOf() string {
	switch v.kind {
	case 'n':
		return "NULL_VALUE"
	case 'b':
		return "BOOLEAN"
	case 'i':
		if strings.Contains(v.text, ".") {
			return "DECIMAL"
		}
		return "INTEGER"
	case 'f':
		return "DOUBLE"
	case 's':
		return "VARCHAR"
	case 'a':
		return "ARRAY"
	case 'o':
		return "OBJECT"
	case 'd':
		return "DATE"
	case 't':
		return "TIME"
	case 'x':
		return "BINARY"
	case 'l':
		return "TIMESTAMP_LTZ"
	}
	return "TIMESTAMP_NTZ"
}

// order is text that sorts as the values do, for values of one type.
func (v variant) order() string {
	if f, ok := v.real(); ok && (v.kind == 'i' || v.kind == 'f') {
		bits := math.Float64bits(f)
		if bits>>63 == 1 {
			bits = ^bits
		} else {
			bits |= 1 << 63
		}
		return fmt.Sprintf("1%016x", bits)
	}
	switch v.kind {
	case 'b':
		return "0" + v.text
	case 's':
		return "3" + v.text
	case 'n':
		return "8"
	case 'u':
		return "9"
	}
	return "5" + v.String()
}

var microseconds = "2006-01-02 15:04:05.000000"

func stampVariant(kind byte, t time.Time) variant {
	return variant{kind: kind, text: t.UTC().Format(microseconds)}
}

// instant is the time of a tagged value.
func (v variant) instant() (time.Time, bool) {
	layout := microseconds
	switch v.kind {
	case 'd':
		layout = time.DateOnly
	case 't':
		layout = "15:04:05.000000"
	}
	t, err := time.ParseInLocation(layout, v.text, time.UTC)
	return t, err == nil
}

func bytesVariant(x []byte) variant {
	return variant{kind: 'x', text: strings.ToUpper(hex.EncodeToString(x))}
}

// realText is a double as a cast to VARCHAR writes it.
func realText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case f == 0 && math.Signbit(f):
		return "-0"
	case f == 0:
		return "0"
	}
	// Fifteen digits where they are enough.
	for _, digits := range []int{15, 16, 17} {
		s := strconv.FormatFloat(f, 'g', digits, 64)
		if back, err := strconv.ParseFloat(s, 64); err == nil && back == f {
			return s2(f, digits)
		}
	}
	return s2(f, 17)
}

// s2 writes digits, with an exponent from 1e15 on and below 1e-4.
func s2(f float64, digits int) string {
	abs := math.Abs(f)
	if abs >= 1e15 || abs < 1e-4 {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', digits-1, 64), "e")
		if strings.Contains(mantissa, ".") {
			mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
		}
		n, _ := strconv.Atoi(exponent)
		return fmt.Sprintf("%se%+03d", mantissa, n)
	}
	s := strconv.FormatFloat(f, 'g', digits, 64)
	if strings.ContainsAny(s, "e") {
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	return s
}

// parseNumber reads decimal text as a cast to NUMBER does: blanks around it,
// a sign, digits, a point, an exponent.
func parseNumber(s string) (string, bool) {
	s = strings.Trim(s, " \t\r\n")
	if !castable.MatchString(s) {
		return "", false
	}
	if strings.ContainsAny(s, "eE") {
		_, exponent, _ := strings.Cut(strings.ToLower(s), "e")
		if n, err := strconv.Atoi(exponent); err != nil || n > 60 || n < -60 {
			return "", false
		}
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			return "", false
		}
		return number(r.FloatString(60)).text, true
	}
	return strings.TrimPrefix(s, "+"), true
}

func parseReal(s string) (float64, bool) {
	s = strings.Trim(s, " \t\r\n")
	switch strings.ToLower(s) {
	case "nan":
		return math.NaN(), true
	case "inf", "+inf", "infinity", "+infinity":
		return math.Inf(1), true
	case "-inf", "-infinity":
		return math.Inf(-1), true
	}
	if !castable.MatchString(s) {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

func parseBool(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true", "t", "yes", "y", "on", "1":
		return true, true
	case "false", "f", "no", "n", "off", "0":
		return false, true
	}
	return false, false
}
