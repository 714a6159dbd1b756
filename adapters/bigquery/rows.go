package bigquery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	client "cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"google.golang.org/api/iterator"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// pageRows is how many rows of a result are held at once.
const pageRows = 5000

// largeRows is from how many rows on a result is read through the Storage Read
// API, which is faster and takes longer to begin.
const largeRows = 100_000

// readAgain is how often a page is asked for again, and readPause how long after
// it failed: reading has no effect.
const (
	readAgain = 3
	readPause = 100 * time.Millisecond
)

// Rows streams a result, a page of it at a time.
type Rows struct {
	driver *Driver
	job    *client.Job
	// large says that the Storage Read API brings the rows, in any order.
	large bool
	// read is how many rows came, failed how often the next did not.
	read   uint64
	failed int

	ctx     context.Context //nolint:containedctx // a result lives as long as its query
	cancel  context.CancelFunc
	it      *client.RowIterator
	schema  client.Schema
	columns []adapters.Column
	row     []client.Value
	done    bool
}

// Query runs a statement as a job and streams its result.
func (d *Driver) Query(ctx context.Context, query string) (adapters.Rows, error) {
	job, err := d.start(ctx, query)
	if err != nil {
		return nil, err
	}
	if err := d.wait(ctx, job); err != nil {
		return nil, err
	}
	inner, cancel := context.WithCancel(ctx)
	r := &Rows{driver: d, job: job, ctx: inner, cancel: cancel}
	if err := r.open(); err != nil {
		cancel()
		return nil, failure(ctx, err)
	}
	r.schema = r.it.Schema
	for _, f := range r.schema {
		r.columns = append(r.columns, columnOf(f))
	}
	return r, nil
}

// open begins to read behind the rows that came.
func (r *Rows) open() error {
	for {
		it, err := r.job.Read(r.ctx)
		switch {
		case err == nil:
		case r.again(err):
			continue
		default:
			return err
		}
		d := r.driver
		if d.storage != nil && r.read == 0 && it.TotalRows >= largeRows {
			if again, err := d.storage.JobFromIDLocation(r.ctx, r.job.ID(), r.job.Location()); err == nil {
				if large, err := again.Read(r.ctx); err == nil {
					r.it, r.large = large, true
					return nil
				}
			}
			// Whoever may not use that API still gets the rows.
		}
		it.PageInfo().MaxSize = pageRows
		it.StartIndex = r.read
		r.it = it
		return nil
	}
}

// again says that what failed may be asked for again, and waits before that.
func (r *Rows) again(err error) bool {
	known, ok := errors.AsType[*adapters.Error](failure(r.ctx, err))
	if !ok || known.Kind != adapters.Transient || r.large || r.failed == readAgain {
		return false
	}
	r.failed++
	select {
	case <-r.ctx.Done():
		return false
	case <-time.After(readPause):
		return true
	}
}

// Columns describes the result.
func (r *Rows) Columns() []adapters.Column { return r.columns }

// Next reads one row, or returns io.EOF.
func (r *Rows) Next(dest []any) error {
	if r.done {
		return io.EOF
	}
	err := r.next()
	switch {
	case errors.Is(err, iterator.Done):
		r.done = true
		return io.EOF
	case err != nil:
		r.done = true
		return failure(r.ctx, err)
	}
	for i, v := range r.row {
		out, err := value(v, r.schema[i])
		if err != nil {
			return &adapters.Error{
				Kind:    adapters.Syntax,
				Message: fmt.Sprintf("column %s is a %s, which cannot be read", r.columns[i].Name, r.columns[i].Native),
				Help:    "cast the column to text, or leave it out",
				Err:     err,
			}
		}
		dest[i] = out
	}
	return nil
}

// next reads a row into r.row, and goes on where a connection broke.
func (r *Rows) next() error {
	for {
		r.row = r.row[:0]
		err := r.it.Next(&r.row)
		switch {
		case err == nil:
			r.read++
			r.failed = 0
			return nil
		case errors.Is(err, iterator.Done) || !r.again(err):
			return err
		}
		if err := r.open(); err != nil {
			return err
		}
	}
}

// Close ends the reading. The job has ended.
func (r *Rows) Close() error {
	r.done = true
	r.cancel()
	return nil
}

var errUnreadable = errors.New("no value of Go stands for it")

// value is what the client read, as one of the types of adapters.Rows.
func value(v client.Value, f *client.FieldSchema) (any, error) {
	if element := boxed(f); element != nil {
		return list(v, element)
	}
	switch v := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // NULL
	case bool, int64, float64, string, []byte:
		return v, nil
	case time.Time:
		return v.UTC(), nil
	case civil.Date:
		return v.In(time.UTC), nil
	case civil.DateTime:
		return v.In(time.UTC), nil
	case *big.Rat:
		if v == nil {
			return nil, nil //nolint:nilnil // NULL
		}
		return number(v, f.Type), nil
	case fmt.Stringer:
		return v.String(), nil
	default:
		return nil, errUnreadable
	}
}

// number is a decimal as text without needless zeros, and an unsigned integer as
// such.
func number(r *big.Rat, typ client.FieldType) any {
	if typ == client.BigNumericFieldType && r.IsInt() && r.Num().IsUint64() {
		return r.Num().Uint64()
	}
	digits := client.NumericScaleDigits
	if typ == client.BigNumericFieldType {
		digits = client.BigNumericScaleDigits
	}
	text := r.FloatString(digits)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// list takes a list out of its box.
func list(v client.Value, element *client.FieldSchema) (any, error) {
	box, ok := v.([]client.Value)
	if !ok {
		if v == nil {
			return nil, nil //nolint:nilnil // NULL
		}
		return nil, errUnreadable
	}
	if len(box) != 1 {
		return nil, errUnreadable
	}
	values, ok := box[0].([]client.Value)
	if !ok && box[0] != nil {
		return nil, errUnreadable
	}
	out := make([]any, len(values))
	for i, item := range values {
		one, ok := item.([]client.Value)
		if !ok || len(one) != 1 {
			return nil, errUnreadable
		}
		var err error
		if out[i], err = value(one[0], element); err != nil {
			return nil, err
		}
	}
	return out, nil
}
