package clickhouse

import (
	"context"
	dbsql "database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	client "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// A batch is sent when it has so many rows, or about so many bytes.
const (
	batchRows  = 50_000
	batchBytes = 16 << 20
)

// Load appends rows in the Native format, a batch at a time.
func (d *Driver) Load(ctx context.Context, table string, columns []string, rows iter.Seq2[[]any, error]) error {
	l := &loader{driver: d, ctx: ctx, table: table, columns: columns}
	if err := l.open(); err != nil {
		return err
	}
	for row, err := range rows { //nolint:contextcheck // the loader has it
		if err == nil {
			err = l.add(row)
		}
		if err != nil {
			l.abandon()
			return err
		}
	}
	return l.send()
}

// loader fills one batch after another.
type loader struct {
	driver  *Driver
	ctx     context.Context //nolint:containedctx // a loader lives as long as one Load
	table   string
	columns []string
	types   []client.ColumnNameAndType // as they are sent
	batch   driver.Batch
	rows    int
	bytes   int
}

// open finds the types of the columns.
func (l *loader) open() error {
	rows, err := l.driver.Query(l.ctx, "DESCRIBE TABLE "+l.table)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	described, err := describe(rows)
	if err != nil {
		return err
	}
	types := map[string]string{}
	for _, c := range described {
		types[c.Name] = c.Native
	}
	for _, name := range l.columns {
		native, ok := types[name]
		if !ok {
			return &adapters.Error{Kind: adapters.Syntax, Message: "there is no column " + name + " in " + l.table}
		}
		if l.driver.protocol != Native {
			native = carried(native)
		}
		l.types = append(l.types, client.ColumnNameAndType{Name: name, Type: native})
	}
	return nil
}

// carried is the type in which values of a column travel: the server converts
// it. The client makes nanoseconds of instants, in which those outside of the
// years 1678 to 2262 do not fit; seconds with six digits behind the point do,
// as decimals.
func carried(native string) string {
	return fraction.ReplaceAllStringFunc(native, func(string) string { return "Decimal(18, 6)" })
}

func (l *loader) add(row []any) error {
	if len(row) != len(l.columns) {
		return &adapters.Error{Kind: adapters.Syntax, Message: fmt.Sprintf("a row has %d values for %d columns", len(row), len(l.columns))}
	}
	if l.batch == nil {
		if err := l.prepare(); err != nil {
			return err
		}
	}
	sent := make([]any, len(row))
	for i, v := range row {
		var err error
		if sent[i], err = carry(v, l.types[i].Type); err != nil {
			return &adapters.Error{Kind: adapters.Data, Message: fmt.Sprintf("column %s: %v", l.columns[i], err), Err: err}
		}
		if s, ok := v.(string); ok {
			l.bytes += len(s)
		}
	}
	if err := l.batch.Append(sent...); err != nil {
		// The client's error quotes the value.
		return &adapters.Error{Kind: adapters.Data, Message: "a row cannot be written: a value does not fit its column"}
	}
	l.rows++
	if l.rows == batchRows || l.bytes > batchBytes {
		return l.send()
	}
	return nil
}

func (l *loader) prepare() error {
	if err := l.driver.usable(l.ctx); err != nil {
		return err
	}
	text, ctx := "INSERT INTO "+l.table, l.driver.with(l.ctx, l.driver.newID())
	if l.driver.protocol == Native {
		quoted := make([]string, len(l.columns))
		for i, c := range l.columns {
			quoted[i] = sql.ClickHouse.QuoteName(c)
		}
		text += " (" + strings.Join(quoted, ", ") + ")"
	} else {
		// The names are in the data.
		ctx = client.Context(ctx, client.WithColumnNamesAndTypes(l.types))
	}
	batch, err := l.driver.conn.PrepareBatch(ctx, text)
	if err != nil {
		return failure(l.ctx, err)
	}
	l.batch, l.rows, l.bytes = batch, 0, 0
	return nil
}

// send writes the batch that is open, if one is.
func (l *loader) send() error {
	if l.batch == nil {
		return nil
	}
	batch := l.batch
	l.batch = nil
	if err := batch.Send(); err != nil {
		return failure(l.ctx, err)
	}
	return nil
}

func (l *loader) abandon() {
	if l.batch != nil {
		_ = l.batch.Abort() // nothing of it was sent
	}
}

var errType = errors.New("a value has the wrong type")

// carry is a value as the client takes it for a column of a type.
func carry(v any, native string) (any, error) {
	element, list := boxed(native)
	switch {
	case v == nil && list:
		return nullList{[]any{}}, nil
	case v == nil:
		return nil, nil //nolint:nilnil // NULL
	case list:
		return carryList(v, element)
	}
	base, _ := inner(native)
	switch kinds[base] { //nolint:exhaustive // the others travel as text
	case sql.TypeBool:
		return of[bool](v)
	case sql.TypeInt:
		if n, ok := v.(int); ok {
			v = int64(n)
		}
		n, err := of[int64](v)
		if err != nil {
			return nil, err
		}
		return integer(n.(int64), base) //nolint:errcheck,forcetypeassert // of says so
	case sql.TypeUint:
		switch x := v.(type) {
		case int64:
			if x >= 0 {
				v = uint64(x)
			}
		case string: // a decimal, since the types of adapters.Rows have none for it
			n, err := strconv.ParseUint(x, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%w: an unsigned integer is wanted", errType)
			}
			v = n
		}
		return of[uint64](v)
	case sql.TypeFloat:
		if n, ok := v.(int64); ok {
			v = float64(n)
		}
		f, err := of[float64](v)
		if err == nil && base == "Float32" {
			return float32(f.(float64)), nil //nolint:errcheck,forcetypeassert // of says so
		}
		return f, err
	case sql.TypeDecimal:
		if t, ok := v.(time.Time); ok {
			return seconds(t)
		}
		return number(v)
	case sql.TypeTimestamp, sql.TypeDate:
		return moment(v, base)
	default:
		if b, ok := v.([]byte); ok {
			return b, nil
		}
		return text(v)
	}
}

// nullList is a list that is NULL: what the client finds NULL by its Value, and
// what stands in its place in the data.
type nullList []any

// Value is nil.
func (nullList) Value() (dbsql.Value, error) { return nil, nil } //nolint:nilnil // NULL

func carryList(v any, element string) (any, error) {
	if texts, ok := v.([]string); ok {
		out := make([]any, len(texts))
		for i, s := range texts {
			out[i] = s
		}
		v = out
	}
	values, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%w: a list is wanted, not %T", errType, v)
	}
	out := make([]any, len(values))
	for i, x := range values {
		var err error
		if out[i], err = carry(x, element); err != nil {
			return nil, err
		}
	}
	return []any{out}, nil
}

func of[T any](v any) (any, error) {
	t, ok := v.(T)
	if !ok {
		return nil, fmt.Errorf("%w: %T is wanted, not %T", errType, t, v)
	}
	return t, nil
}

// integer narrows to the type of a column, and refuses what does not fit.
func integer(n int64, base string) (any, error) {
	bits, err := strconv.Atoi(strings.TrimLeft(base, "UInt"))
	if err != nil {
		return nil, fmt.Errorf("%w: %s is no integer", errType, base)
	}
	low, high := int64(-1)<<(bits-1), int64(1)<<(bits-1)-1
	unsigned := strings.HasPrefix(base, "U")
	if unsigned {
		low, high = 0, int64(1)<<bits-1
	}
	if bits < 64 && (n < low || n > high) {
		return nil, errors.New("an integer does not fit " + base)
	}
	//nolint:gosec // the bounds were looked at
	switch base {
	case "Int8":
		return int8(n), nil
	case "Int16":
		return int16(n), nil
	case "Int32":
		return int32(n), nil
	case "UInt8":
		return uint8(n), nil
	case "UInt16":
		return uint16(n), nil
	case "UInt32":
		return uint32(n), nil
	default:
		return n, nil
	}
}

func number(v any) (any, error) {
	switch v := v.(type) {
	case string:
		d, err := decimal.NewFromString(v)
		if err != nil {
			return nil, fmt.Errorf("%w: a decimal is wanted", errType)
		}
		return d, nil
	case int64:
		return decimal.NewFromInt(v), nil
	default:
		return nil, fmt.Errorf("%w: a decimal is wanted, not %T", errType, v)
	}
}

// year checks that a time is one of those that a warehouse holds.
func year(t time.Time, first, last int) error {
	if y := t.UTC().Year(); y < first || y > last {
		return fmt.Errorf("a time of the year %d; the years %d to %d are wanted", y, first, last)
	}
	return nil
}

func seconds(t time.Time) (any, error) {
	if err := year(t, 1, 9999); err != nil {
		return nil, err
	}
	const micro = -6
	return decimal.New(t.UnixMicro(), micro), nil
}

// moment is a time for a column whose values travel as times.
func moment(v any, base string) (any, error) {
	t, ok := v.(time.Time)
	if !ok {
		return nil, fmt.Errorf("%w: a time is wanted, not %T", errType, v)
	}
	first, last := 1678, 2261
	switch base {
	case "Date32":
		first, last = 1900, 2299
	case "Date":
		first, last = 1970, 2148
	case "DateTime":
		first, last = 1970, 2105
	}
	if err := year(t, first, last); err != nil {
		return nil, err
	}
	return t.UTC(), nil
}

// text is a value in the text that is read back as the same value.
func text(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999"), nil
	default:
		return nil, fmt.Errorf("%w: text is wanted, not %T", errType, v)
	}
}
