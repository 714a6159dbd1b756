package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// Rows streams a result, a few blocks of it at a time.
type Rows struct {
	rows    driver.Rows
	ctx     context.Context //nolint:containedctx // a result lives as long as its query
	cancel  context.CancelFunc
	columns []adapters.Column
	places  []any // pointers of the types that the client scans into
	done    bool
	closed  bool
}

// Query runs a statement and streams its result.
func (d *Driver) Query(ctx context.Context, query string) (adapters.Rows, error) {
	if err := d.usable(ctx); err != nil {
		return nil, err
	}
	inner, cancel := context.WithCancel(ctx)
	id := d.newID()
	rows, err := d.conn.Query(d.with(inner, id), query)
	if err != nil {
		cancel()
		if ctx.Err() != nil {
			d.kill(ctx, id)
		}
		return nil, reading(ctx, err)
	}
	r := &Rows{rows: rows, ctx: ctx, cancel: cancel}
	for i, t := range rows.ColumnTypes() {
		r.columns = append(r.columns, columnOf(rows.Columns()[i], t.DatabaseTypeName()))
		place := reflect.New(t.ScanType()).Interface()
		if _, ok := boxed(t.DatabaseTypeName()); ok {
			place = new([]any) // a tuple of one array; nil is NULL
		}
		r.places = append(r.places, place)
	}
	return r, nil
}

// Columns describes the result.
func (r *Rows) Columns() []adapters.Column { return r.columns }

// Next reads one row, or returns io.EOF.
func (r *Rows) Next(dest []any) error {
	if r.closed || r.done {
		return io.EOF
	}
	if !r.rows.Next() {
		r.done = true
		if err := r.rows.Err(); err != nil {
			return reading(r.ctx, err)
		}
		if err := r.ctx.Err(); err != nil {
			return canceled(err)
		}
		return io.EOF
	}
	if err := r.rows.Scan(r.places...); err != nil {
		return &adapters.Error{Kind: adapters.Syntax, Message: "a row of the result cannot be read", Help: "cast its columns to text"}
	}
	for i, place := range r.places {
		v, err := value(reflect.ValueOf(place).Elem(), r.columns[i].Native)
		if err != nil {
			return &adapters.Error{
				Kind:    adapters.Syntax,
				Message: fmt.Sprintf("column %s is a %s, which cannot be read", r.columns[i].Name, r.columns[i].Native),
				Help:    "cast the column to text, or leave it out",
				Err:     err,
			}
		}
		dest[i] = v
	}
	return nil
}

// Close stops the query if it still runs.
func (r *Rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.cancel()
	_ = r.rows.Close() // what is not read cannot have failed
	return nil
}

var errUnreadable = errors.New("no value of Go stands for it")

// value is what the client read, as one of the types of adapters.Rows.
func value(v reflect.Value, native string) (any, error) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil, nil //nolint:nilnil // NULL
		}
		if n, ok := reflect.TypeAssert[*big.Int](v); ok {
			return n.String(), nil
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case time.Time:
		return instant(x, native), nil
	case decimal.Decimal:
		return x.String(), nil
	case uuid.UUID:
		return x.String(), nil
	case big.Int:
		return x.String(), nil
	case fmt.Stringer:
		return x.String(), nil
	}
	switch v.Kind() { //nolint:exhaustive // the others have no counterpart
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(v.Uint()), nil //nolint:gosec // at most 32 bits
	case reflect.Uint64:
		return v.Uint(), nil
	case reflect.Float32, reflect.Float64:
		return v.Float(), nil
	case reflect.String:
		return v.String(), nil
	case reflect.Slice:
		if element, ok := boxed(native); ok {
			if v.IsNil() {
				return nil, nil //nolint:nilnil // NULL
			}
			return list(v.Index(0), element)
		}
		if name, element := inner(native); name == "Array" {
			return list(v, element)
		}
	}
	return nil, errUnreadable
}

func list(v reflect.Value, element string) (any, error) {
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Slice {
		return nil, errUnreadable
	}
	out := make([]any, v.Len())
	for i := range out {
		var err error
		if out[i], err = value(v.Index(i), element); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// instant is what the server meant by a time that the client has read. The
// client multiplies to nanoseconds, and what lies outside of the years 1678 to
// 2262 wraps round. Of a number with d digits behind the second it took 10^k,
// k = 9-d, which is 2^k * 5^k: the product modulo 2^64 without its k lowest bits
// is the number times 5^k modulo 2^(64-k), an odd factor, which has an inverse.
// No instant of the years 1 to 9999 needs as many bits.
func instant(t time.Time, native string) time.Time {
	if name, _ := inner(native); name != "DateTime64" {
		y, m, d := t.Date()
		if name == "Date" || name == "Date32" {
			return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		}
		return t.UTC()
	}
	k := 9 - digits(native)
	if k == 0 {
		return t.UTC()
	}
	factor, unit := uint64(1), int64(1)
	for range k {
		factor *= 5
		unit *= 10
	}
	n := uint64(t.UnixNano()) >> k * inverse(factor)
	number := int64(n<<k) >> k //nolint:gosec // the sign is the highest of 64-k bits
	perSecond := int64(time.Second) / unit
	return time.Unix(number/perSecond, number%perSecond*unit).UTC()
}

// inverse is the inverse of an odd number modulo 2^64, by Newton's method: each
// step doubles the bits that are right, of which the first guess has three.
func inverse(n uint64) uint64 {
	x := n
	for range 5 {
		x *= 2 - n*x
	}
	return x
}

// describe reads the answer to DESCRIBE TABLE: name, type, and more.
func describe(rows adapters.Rows) ([]adapters.Column, error) {
	row := make([]any, len(rows.Columns()))
	var out []adapters.Column
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		}
		name, _ := row[0].(string)
		native, _ := row[1].(string)
		out = append(out, columnOf(name, native))
	}
}
