package sftest

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// rowType describes a column to the client.
type rowType struct {
	Name       string    `json:"name"`
	Type       string    `json:"type"`
	Nullable   bool      `json:"nullable"`
	Precision  *int      `json:"precision"`
	Scale      *int      `json:"scale"`
	Length     *int      `json:"length"`
	ByteLength *int      `json:"byteLength"`
	Fields     []rowType `json:"fields,omitempty"`
}

func describe(columns []column) []rowType {
	out := make([]rowType, len(columns))
	for i, c := range columns {
		r := rowType{Name: c.name, Type: c.t.wire(), Nullable: true}
		zero := 0
		switch c.t.k {
		case kArray:
			if c.t.structured() {
				r.Fields = describe([]column{{t: c.t.element()}})
			}
		case kFixed:
			r.Precision, r.Scale = &c.t.p, &c.t.s
		case kText, kNull:
			n := c.t.length()
			bytes := min(n*4, maxText)
			r.Length, r.ByteLength = &n, &bytes
		case kBinary:
			r.Length, r.ByteLength = &c.t.p, &c.t.p
		case kTime, kNTZ, kLTZ, kTZ:
			r.Precision, r.Scale = &zero, &c.t.s
		}
		out[i] = r
	}
	return out
}

// cell is a value of DuckDB's as a result of the type has it.
func cell(v any, t kindOf, style jsonStyle) (string, error) {
	switch t.k {
	case kFixed:
		switch v := v.(type) {
		case duckdb.Decimal:
			return decimalText(v.Value, int(v.Scale), t.s), nil
		case *big.Int:
			return v.String(), nil
		case int64:
			return strconv.FormatInt(v, 10), nil
		case int32:
			return strconv.Itoa(int(v)), nil
		}
	case kReal:
		if f, ok := v.(float64); ok {
			switch {
			case math.IsNaN(f):
				return "NaN", nil
			case math.IsInf(f, 1):
				return "inf", nil
			case math.IsInf(f, -1):
				return "-inf", nil
			}
			return strconv.FormatFloat(f, 'g', -1, 64), nil
		}
	case kBool:
		if b, ok := v.(bool); ok {
			return strconv.Itoa(boolInt(b)), nil
		}
	case kDate:
		if d, ok := v.(time.Time); ok {
			return strconv.FormatInt(floorDiv(d.Unix(), 86400), 10), nil
		}
	case kTime:
		if d, ok := v.(time.Time); ok {
			seconds := d.Hour()*3600 + d.Minute()*60 + d.Second()
			return fmt.Sprintf("%d.%09d", seconds, d.Nanosecond()), nil
		}
	case kNTZ, kLTZ:
		if d, ok := v.(time.Time); ok {
			return seconds(d, t.s), nil
		}
	case kTZ:
		if m, ok := v.(map[string]any); ok {
			u, _ := m["u"].(time.Time)
			o, _ := m["o"].(int32)
			return seconds(u, t.s) + " " + strconv.Itoa(1440+int(o)), nil
		}
	case kBinary:
		if b, ok := v.([]byte); ok {
			return strings.ToUpper(hex.EncodeToString(b)), nil
		}
	case kVariant, kObject:
		if s, ok := v.(string); ok {
			return readVariant(s).json(style), nil
		}
	case kArray:
		style.exact = t.structured()
		return variant{kind: 'a', items: elementsOf(v)}.json(style), nil
	default:
		if s, ok := v.(string); ok {
			return s, nil
		}
	}
	return "", cannot("a value %T where a %s is expected", v, t)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// seconds is an instant as whole seconds, and what is to be added to them: so
// the client reads it.
func seconds(t time.Time, scale int) string {
	whole := strconv.FormatInt(t.Unix(), 10)
	if scale == 0 {
		return whole
	}
	return whole + "." + fmt.Sprintf("%09d", t.Nanosecond())[:scale]
}

func decimalText(v *big.Int, scale, want int) string {
	x := new(big.Int).Set(v)
	for ; scale < want; scale++ {
		x.Mul(x, big.NewInt(10))
	}
	for ; scale > want; scale-- {
		x.Quo(x, big.NewInt(10))
	}
	digits := new(big.Int).Abs(x).String()
	if len(digits) <= want {
		digits = strings.Repeat("0", want-len(digits)+1) + digits
	}
	if want > 0 {
		digits = digits[:len(digits)-want] + "." + digits[len(digits)-want:]
	}
	if x.Sign() < 0 {
		digits = "-" + digits
	}
	return digits
}

// writeString writes a JSON string.
func writeString(w *bufio.Writer, s string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("writing a result: %w", err)
	}
	_, err = w.Write(text)
	return err
}
