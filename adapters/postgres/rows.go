package postgres

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Rows streams a result, one row at a time.
type Rows struct {
	driver  *Driver
	conn    *pgconn.PgConn
	ctx     context.Context //nolint:containedctx // a result lives as long as its query
	cancel  context.CancelFunc
	result  *pgconn.ResultReader
	kinds   []kind
	columns []adapters.Column
	err     error // how the result ended
	closed  bool
}

// Query runs a statement and streams its result in the binary format.
func (d *Driver) Query(ctx context.Context, query string) (adapters.Rows, error) {
	if err := sendable(query); err != nil {
		return nil, err
	}
	c, err := d.acquire(ctx)
	if err != nil {
		return nil, err
	}
	r := &Rows{driver: d, conn: c}
	ctx, r.cancel = context.WithCancel(ctx)
	r.ctx = ctx
	r.result = c.ExecParams(ctx, labeled(ctx, query), nil, nil, nil, []int16{1})
	r.kinds, r.columns, err = d.describe(ctx, r.result.FieldDescriptions())
	if err == nil && len(r.columns) == 0 {
		// The statement failed before it had columns, or has none.
		_, err = r.result.Close()
		if err != nil {
			err = d.failure(ctx, err)
		}
	}
	if err == nil {
		err = r.readable()
	}
	if err != nil {
		_ = r.Close() // it never fails
		return nil, err
	}
	return r, nil
}

// readable refuses a result with a column that no Go value stands for.
func (r *Rows) readable() error {
	for i, k := range r.kinds {
		if k.codec == 0 {
			return &adapters.Error{
				Kind:    adapters.Syntax,
				Message: fmt.Sprintf("column %s is a %s, which cannot be read", r.columns[i].Name, k.native),
				Help:    "cast the column to text, or leave it out",
			}
		}
	}
	return nil
}

// Columns describes the result.
func (r *Rows) Columns() []adapters.Column { return r.columns }

// Next reads one row, or returns io.EOF.
func (r *Rows) Next(dest []any) error {
	if r.closed || r.err != nil {
		if r.err != nil {
			return r.err
		}
		return io.EOF
	}
	if !r.result.NextRow() {
		r.err = io.EOF
		if _, err := r.result.Close(); err != nil {
			r.err = r.driver.failure(r.ctx, err)
		}
		return r.err
	}
	for i, raw := range r.result.Values() {
		value, err := decode(r.driver, r.kinds[i], raw)
		if err != nil {
			r.err = &adapters.Error{Kind: adapters.Data, Message: fmt.Sprintf("column %s: %v", r.columns[i].Name, err)}
			return r.err
		}
		dest[i] = value
	}
	return nil
}

// Close ends the result. One that is not read to its end is cancelled at the
// server.
func (r *Rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.err == nil {
		r.cancel()
	}
	_, _ = r.result.Close() // it was read, or nobody wants it
	// The session is ended where the result was cancelled.
	r.driver.release(r.ctx, r.conn)
	r.cancel()
	return nil
}

// epoch is where PostgreSQL counts from.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// The ends of what a binary format holds stand for infinities.
func infinite[T int32 | int64](n, least, most T) error {
	if n == least || n == most {
		return errors.New("a time is infinite, which is no time")
	}
	return nil
}

// decode makes a Go value of the binary format; nil is NULL.
func decode(d *Driver, k kind, raw []byte) (any, error) {
	if raw == nil {
		return nil, nil //nolint:nilnil // NULL is a value
	}
	switch k.codec {
	case asBool:
		return raw[0] != 0, nil
	case asInt:
		return integer(raw), nil
	case asFloat:
		if len(raw) == 4 {
			return float64(math.Float32frombits(binary.BigEndian.Uint32(raw))), nil
		}
		return math.Float64frombits(binary.BigEndian.Uint64(raw)), nil
	case asText:
		return string(raw), nil
	case asBytes:
		return append([]byte{}, raw...), nil
	case asDate:
		days := int32(binary.BigEndian.Uint32(raw)) //nolint:gosec // the same bits
		return epoch.AddDate(0, 0, int(days)), infinite(days, math.MinInt32, math.MaxInt32)
	case asTimestamp:
		micros := integer(raw)
		// Add takes no more than 292 years.
		return epoch.AddDate(0, 0, int(micros/86_400_000_000)).Add(time.Duration(micros%86_400_000_000) * time.Microsecond),
			infinite(micros, math.MinInt64, math.MaxInt64)
	case asNumeric:
		text := numericText(raw)
		if k.is == sql.TypeUint {
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				return n, nil
			}
		}
		return text, nil
	case asUUID:
		text := hex.EncodeToString(raw)
		return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-"), nil
	case asArray:
		return decodeArray(d, k, raw)
	default:
		return nil, fmt.Errorf("values of type %s cannot be read", k.native)
	}
}

func integer(raw []byte) int64 {
	switch len(raw) {
	case 2:
		return int64(int16(binary.BigEndian.Uint16(raw))) //nolint:gosec // the same bits
	case 4:
		return int64(int32(binary.BigEndian.Uint32(raw))) //nolint:gosec // the same bits
	default:
		return int64(binary.BigEndian.Uint64(raw)) //nolint:gosec // the same bits
	}
}

// decodeArray reads an array of one dimension: three numbers (dimensions, NULLs,
// type), a size and a lower bound, then each element behind its length.
func decodeArray(d *Driver, k kind, raw []byte) (any, error) {
	const header, dimension = 12, 8
	out := []any{}
	switch binary.BigEndian.Uint32(raw) {
	case 0:
		return out, nil
	case 1:
	default:
		return nil, errors.New("an array has more than one dimension")
	}
	element := builtIn[k.element]
	for raw = raw[header+dimension:]; len(raw) > 0; {
		size := int32(binary.BigEndian.Uint32(raw)) //nolint:gosec // the same bits
		raw = raw[4:]
		var value any
		if size >= 0 {
			v, err := decode(d, element, raw[:size:size])
			if err != nil {
				return nil, err
			}
			value, raw = v, raw[size:]
		}
		out = append(out, value)
	}
	return out, nil
}

// The signs of a numeric.
const (
	numericNegative = 0x4000
	numericNaN      = 0xc000
	numericInf      = 0xd000
	numericMinusInf = 0xf000
)

// numericText is a numeric as decimal text without idle zeros: digits to the
// base 10,000, the first of them with the weight given.
func numericText(raw []byte) string {
	count := int(binary.BigEndian.Uint16(raw))
	weight := int(int16(binary.BigEndian.Uint16(raw[2:]))) //nolint:gosec // the same bits
	sign := binary.BigEndian.Uint16(raw[4:])
	switch sign {
	case numericNaN:
		return "NaN"
	case numericInf:
		return "Infinity"
	case numericMinusInf:
		return "-Infinity"
	}
	if count == 0 {
		return "0"
	}
	var digits strings.Builder
	for i := range count {
		fmt.Fprintf(&digits, "%04d", binary.BigEndian.Uint16(raw[8+2*i:]))
	}
	text := digits.String()
	// The point stands behind this many digits.
	point := 4 * (weight + 1)
	switch {
	case point <= 0:
		text, point = strings.Repeat("0", 4-point)+text, 4
	case point > len(text):
		text += strings.Repeat("0", point-len(text))
	}
	whole, fraction := strings.TrimLeft(text[:point], "0"), strings.TrimRight(text[point:], "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if sign == numericNegative {
		return "-" + whole
	}
	return whole
}

// appendNumeric is the other way.
func appendNumeric(out []byte, text string) ([]byte, error) {
	const base = 4
	rest, negative := strings.CutPrefix(text, "-")
	rest = strings.TrimPrefix(rest, "+")
	whole, fraction, _ := strings.Cut(rest, ".")
	if _, ok := new(big.Int).SetString(whole+fraction, 10); !ok || strings.ContainsAny(whole+fraction, "+-_") {
		return nil, errors.New("a text is no decimal number")
	}
	scale := len(fraction)
	whole = strings.Repeat("0", (base-len(whole)%base)%base) + whole
	fraction += strings.Repeat("0", (base-len(fraction)%base)%base)
	weight := len(whole)/base - 1
	digits := whole + fraction
	for strings.HasPrefix(digits, "0000") {
		digits = digits[base:]
		weight--
	}
	for strings.HasSuffix(digits, "0000") {
		digits = digits[:len(digits)-base]
	}
	sign := uint16(0)
	if negative {
		sign = numericNegative
	}
	if len(digits)/base > math.MaxInt16 || scale > math.MaxInt16 {
		return nil, errors.New("a decimal number is too long")
	}
	out = binary.BigEndian.AppendUint16(out, uint16(len(digits)/base)) //nolint:gosec // checked above
	out = binary.BigEndian.AppendUint16(out, uint16(int16(weight)))    //nolint:gosec // checked above
	out = binary.BigEndian.AppendUint16(out, sign)
	out = binary.BigEndian.AppendUint16(out, uint16(scale))
	for ; digits != ""; digits = digits[base:] {
		n, err := strconv.ParseUint(digits[:base], 10, 16)
		if err != nil {
			return nil, errors.New("a text is no decimal number")
		}
		out = binary.BigEndian.AppendUint16(out, uint16(n))
	}
	return out, nil
}
