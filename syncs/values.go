package syncs

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// ErrValue says that a value cannot be spelled: it is not a number, or not of
// a type that Type speaks of.
var ErrValue = errors.New("the value is not a finite number or not of a known type")

// AppendJSON appends a value of a field to b as JSON: decimals as strings, so
// that they stay exact, instants as RFC 3339 in UTC, dates as YYYY-MM-DD.
// Bytes that are not UTF-8 become U+FFFD.
func AppendJSON(b []byte, t Type, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case string:
		return AppendJSONString(b, v), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return b, ErrValue
		}
		return appendFloat(b, v), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case time.Time:
		b = append(b, '"')
		b = appendTime(b, t, v)
		return append(b, '"'), nil
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = AppendJSON(b, t, item); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	default:
		return b, fmt.Errorf("%w: %T", ErrValue, v)
	}
}

// AppendNumber appends a number of any of the three types as JSON, a decimal digit
// by digit as it is. What is none is ErrValue.
func AppendNumber(b []byte, t Type, v any) ([]byte, error) {
	switch v.(type) {
	case int64, float64:
		return AppendJSON(b, t, v)
	}
	text, ok := v.(string)
	if !ok || t != Decimal {
		return b, ErrValue
	}
	// The grammar of JSON: what it refuses, and this does too, are forms such as
	// ".5" and "007", which no warehouse writes.
	if len(text) == 0 || !json.Valid([]byte(text)) || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return b, ErrValue
	}
	return append(b, text...), nil
}

// AppendText appends a value of a field to b as plain text, as a file without
// types holds it. Lists are JSON; nil is nothing.
func AppendText(b []byte, t Type, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return b, nil
	case string:
		return append(b, v...), nil
	case time.Time:
		return appendTime(b, t, v), nil
	default:
		return AppendJSON(b, t, v)
	}
}

// appendFloat spells a number as encoding/json does: shortest, and with an
// exponent only where it is very large or small.
func appendFloat(b []byte, v float64) []byte {
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, 64)
}

func appendTime(b []byte, t Type, v time.Time) []byte {
	if t == Date {
		return v.UTC().AppendFormat(b, time.DateOnly)
	}
	return v.UTC().AppendFormat(b, time.RFC3339Nano)
}

// plain marks the bytes that need no escape within a JSON string. <, > and &
// are left alone: nothing here is pasted into HTML.
var plain = func() (table [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\' && c != 0x7f
	}
	return table
}()

// AppendJSONString appends s as a JSON string.
func AppendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(b, s[from:i]...)
				b = append(b, `\ufffd`...)
				from = i + 1
			}
			i += n
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			const hex = "0123456789abcdef"
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
