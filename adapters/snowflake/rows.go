package snowflake

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"

	client "github.com/snowflakedb/gosnowflake/v2"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// Rows streams a result, a few pieces of it at a time.
type Rows struct {
	driver  *Driver
	rows    *sql.Rows
	conn    *sql.Conn
	ctx     context.Context //nolint:containedctx // a result lives as long as its query
	cancel  context.CancelFunc
	columns []adapters.Column
	wire    []string // the types on the wire
	scales  []int    // how many digits a number has behind its point
	values  []any
	places  []any
	done    bool
	broken  bool
	closed  bool
}

// Query runs a statement and streams its result.
func (d *Driver) Query(ctx context.Context, query string) (adapters.Rows, error) {
	r, err := d.query(ctx, query)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (d *Driver) query(ctx context.Context, query string) (*Rows, error) {
	c, err := d.session(ctx)
	if err != nil {
		return nil, err
	}
	inner, cancel := context.WithCancel(client.WithHigherPrecision(client.WithEmbeddedValuesNullable(client.WithStructuredTypesEnabled(d.tagged(ctx)))))
	rows, err := c.QueryContext(inner, query) //nolint:rowserrcheck // Rows looks
	if err == nil {
		r := &Rows{driver: d, rows: rows, conn: c, ctx: ctx, cancel: cancel}
		if err = r.describe(); err == nil {
			return r, nil
		}
		_ = rows.Close() //nolint:sqlclosecheck // it has failed, and otherwise Rows closes it
	}
	cancel()
	failed := d.failure(ctx, err)
	d.release(c, failed)
	return nil, failed
}

func (r *Rows) describe() error {
	types, err := r.rows.ColumnTypes()
	if err != nil {
		return fmt.Errorf("reading the columns of a result: %w", err)
	}
	r.values, r.places = make([]any, len(types)), make([]any, len(types))
	for i, t := range types {
		r.columns = append(r.columns, columnOf(t))
		r.wire = append(r.wire, strings.ToUpper(t.DatabaseTypeName()))
		_, scale, _ := t.DecimalSize()
		r.scales = append(r.scales, int(scale))
		r.places[i] = &r.values[i]
	}
	return nil
}

// Columns describes the result.
func (r *Rows) Columns() []adapters.Column { return r.columns }

// Next reads one row, or returns io.EOF.
func (r *Rows) Next(dest []any) error {
	if r.closed || r.done {
		return io.EOF
	}
	if !r.next() {
		r.done = true
		if r.broken {
			return &adapters.Error{Kind: adapters.Syntax, Message: "the result has a list that the client of Snowflake cannot read", Help: "leave it out, or cast it to text"}
		}
		if err := r.rows.Err(); err != nil {
			return r.driver.failure(r.ctx, err)
		}
		if err := r.ctx.Err(); err != nil {
			return canceled(err)
		}
		return io.EOF
	}
	if err := r.rows.Scan(r.places...); err != nil {
		return r.driver.failure(r.ctx, err)
	}
	for i, v := range r.values {
		var err error
		if dest[i], err = value(v, r.wire[i], r.scales[i]); err != nil {
			return &adapters.Error{
				Kind:    adapters.Syntax,
				Message: fmt.Sprintf("column %s is a %s, which cannot be read: %v", r.columns[i].Name, r.columns[i].Native, err),
				Help:    "cast the column to text, or leave it out",
			}
		}
	}
	return nil
}

// next reads a row. The client panics over what it does not expect in a list
// that comes as JSON.
func (r *Rows) next() (ok bool) {
	defer func() {
		if recover() != nil {
			r.broken, ok = true, false
		}
	}()
	return r.rows.Next()
}

// Close stops what is still read.
func (r *Rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.cancel()
	_ = r.rows.Close() // what is not read cannot have failed
	r.driver.release(r.conn, nil)
	return nil
}

var errUnreadable = errors.New("no value of Go stands for it")

// value is what the client read, as one of the types of adapters.Rows. Results
// come as Arrow, of which the client makes values, or as JSON, of which it makes
// texts.
func value(v any, wire string, scale int) (any, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // NULL
	case string:
		return fromText(x, wire, scale)
	case bool, int64, float64:
		return x, nil
	case []byte:
		return bytes.Clone(x), nil
	case time.Time:
		return moment(x, wire), nil
	case big.Int:
		return integer(&x), nil
	case *big.Int:
		return integer(x), nil
	case big.Float:
		return decimal(x.Text('f', scale)), nil
	case *big.Float:
		return decimal(x.Text('f', scale)), nil
	}
	if x, ok := v.(driver.Valuer); ok {
		inner, err := x.Value()
		if err != nil {
			return nil, errUnreadable
		}
		return value(inner, wire, scale)
	}
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice {
		return nil, errUnreadable
	}
	out := make([]any, list.Len())
	for i := range out {
		var err error
		if out[i], err = value(list.Index(i).Interface(), "", scale); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// moment is an instant or a day in UTC.
func moment(t time.Time, wire string) any {
	if wire == "TIME" {
		return t.Format("15:04:05.999999999")
	}
	return t.UTC()
}

func integer(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return n.String()
}

// decimal is the text of a decimal without idle zeros.
func decimal(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}

func fromText(text, wire string, scale int) (any, error) {
	switch wire {
	case "FIXED":
		if scale > 0 {
			return decimal(text), nil
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, nil
		}
		return text, nil
	case "REAL":
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, errUnreadable
		}
		return f, nil
	case "BOOLEAN":
		return text == "1" || strings.EqualFold(text, "true"), nil
	case "VARIANT", "ARRAY":
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, errUnreadable
		}
		return plain(v)
	default:
		return text, nil
	}
}

// plain is a value of JSON.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		f, err := v.Float64()
		if err != nil {
			return nil, errUnreadable
		}
		return f, nil
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			var err error
			if out[i], err = plain(x); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		text, err := json.Marshal(v)
		if err != nil {
			return nil, errUnreadable
		}
		return string(text), nil
	default:
		return v, nil
	}
}
