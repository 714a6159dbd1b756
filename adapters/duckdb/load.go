package duckdb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"
	"unsafe"

	engine "github.com/duckdb/duckdb-go-bindings"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// Load appends rows through the engine's appender, a chunk at a time.
func (d *Driver) Load(ctx context.Context, table string, columns []string, rows iter.Seq2[[]any, error]) (err error) {
	parts, err := adapters.SplitName(table)
	if err != nil {
		return &adapters.Error{Kind: adapters.Syntax, Message: err.Error(), Err: err}
	}
	catalog, schema := FileCatalog, "main"
	switch len(parts) {
	case 3:
		catalog, schema = parts[0], parts[1]
	case 2:
		schema = parts[0]
	}
	c, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer d.release(c)
	l := &loader{conn: c, ctx: ctx}
	defer l.close()
	if err := l.open(catalog, schema, parts[len(parts)-1], columns); err != nil {
		return err
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := l.add(row); err != nil {
			return err
		}
	}
	return l.finish()
}

// loader fills one chunk after another.
type loader struct {
	conn     *conn
	ctx      context.Context //nolint:containedctx // a loader lives as long as one Load
	appender engine.Appender
	chunk    engine.DataChunk
	columns  []string
	carriers []carrier
	row      int
}

// carrier is how a column's values travel: as the nearest of a few types; the
// engine casts them to the column's own.
type carrier struct {
	id    engine.Type
	child *carrier // of a list

	vector engine.Vector
	data   unsafe.Pointer
	size   int // elements of a list's child so far
}

func carrierOf(t engine.LogicalType) carrier {
	switch id := engine.GetTypeId(t); id {
	case engine.TypeBoolean, engine.TypeBigInt, engine.TypeDouble, engine.TypeTimestamp, engine.TypeDate, engine.TypeBlob:
		return carrier{id: id}
	case engine.TypeTinyInt, engine.TypeSmallInt, engine.TypeInteger, engine.TypeUTinyInt, engine.TypeUSmallInt, engine.TypeUInteger:
		return carrier{id: engine.TypeBigInt}
	case engine.TypeFloat:
		return carrier{id: engine.TypeDouble}
	case engine.TypeTimestampS, engine.TypeTimestampMS, engine.TypeTimestampNS, engine.TypeTimestampTZ:
		return carrier{id: engine.TypeTimestamp}
	case engine.TypeList:
		child := engine.ListTypeChildType(t)
		c := carrierOf(child)
		engine.DestroyLogicalType(&child)
		return carrier{id: id, child: &c}
	default:
		return carrier{id: engine.TypeVarchar}
	}
}

// logical is the engine's type of the carrier; the caller destroys it.
func (c *carrier) logical() engine.LogicalType {
	if c.id != engine.TypeList {
		return engine.CreateLogicalType(c.id)
	}
	child := c.child.logical()
	defer engine.DestroyLogicalType(&child)
	return engine.CreateListType(child)
}

func (l *loader) open(catalog, schema, table string, columns []string) error {
	if engine.AppenderCreateExt(l.conn.handle, catalog, schema, table, &l.appender) == engine.StateError {
		return l.failure()
	}
	types := make([]engine.LogicalType, len(columns))
	l.columns = columns
	l.carriers = make([]carrier, len(columns))
	for i, column := range columns {
		if engine.AppenderAddColumn(l.appender, column) == engine.StateError {
			return l.failure()
		}
		t := engine.AppenderColumnType(l.appender, engine.IdxT(i))
		l.carriers[i] = carrierOf(t)
		engine.DestroyLogicalType(&t)
		types[i] = l.carriers[i].logical()
	}
	l.chunk = engine.CreateDataChunk(types)
	for i := range types {
		engine.DestroyLogicalType(&types[i])
	}
	l.reset()
	return nil
}

// failure is the appender's error.
func (l *loader) failure() error {
	data := engine.AppenderErrorData(l.appender)
	defer engine.DestroyErrorData(&data)
	return textError(engine.ErrorDataMessage(data))
}

// reset begins a chunk.
func (l *loader) reset() {
	engine.DataChunkReset(l.chunk)
	l.row = 0
	for i := range l.carriers {
		l.carriers[i].load(engine.DataChunkGetVector(l.chunk, engine.IdxT(i)))
	}
}

func (c *carrier) load(v engine.Vector) {
	c.vector, c.size = v, 0
	c.data = engine.VectorGetData(v)
	if c.child != nil {
		c.child.load(engine.ListVectorGetChild(v))
	}
}

func (l *loader) add(row []any) error {
	if len(row) != len(l.carriers) {
		return &adapters.Error{Kind: adapters.Syntax, Message: fmt.Sprintf("a row has %d values for %d columns", len(row), len(l.carriers))}
	}
	for i := range l.carriers {
		if err := l.carriers[i].set(l.row, row[i]); err != nil {
			return &adapters.Error{Kind: adapters.Data, Message: fmt.Sprintf("column %s: %v", l.columns[i], err), Err: err}
		}
	}
	l.row++
	if index(l.row) == engine.VectorSize() {
		return l.send()
	}
	return nil
}

// send hands a full chunk to the appender.
func (l *loader) send() error {
	return l.conn.interruptible(l.ctx, func() error {
		engine.DataChunkSetSize(l.chunk, index(l.row))
		if engine.AppendDataChunk(l.appender, l.chunk) == engine.StateError {
			return l.failure()
		}
		l.reset()
		return nil
	})
}

func (l *loader) finish() error {
	if l.row > 0 {
		if err := l.send(); err != nil {
			return err
		}
	}
	return l.conn.interruptible(l.ctx, func() error {
		if engine.AppenderFlush(l.appender) == engine.StateError {
			return l.failure()
		}
		return nil
	})
}

func (l *loader) close() {
	engine.DestroyDataChunk(&l.chunk)
	if l.appender.Ptr != nil {
		// What was not flushed must not be written by the destruction.
		engine.AppenderClear(l.appender)
		engine.AppenderDestroy(&l.appender)
	}
}

// put writes the i-th element of an array of T.
func put[T any](data unsafe.Pointer, i int, t T) {
	*(*T)(unsafe.Add(data, uintptr(i)*unsafe.Sizeof(t))) = t
}

var errType = errors.New("a value has the wrong type")

// set writes v at row i.
func (c *carrier) set(i int, v any) error {
	if v == nil {
		engine.VectorEnsureValidityWritable(c.vector)
		engine.ValiditySetRowInvalid(engine.VectorGetValidity(c.vector), index(i))
		if c.id == engine.TypeList {
			put(c.data, i, span{offset: index(c.size)})
		}
		return nil
	}
	switch c.id {
	case engine.TypeBoolean:
		return write[bool](c, i, v)
	case engine.TypeBigInt:
		if n, ok := v.(int); ok {
			v = int64(n)
		}
		return write[int64](c, i, v)
	case engine.TypeDouble:
		if n, ok := v.(int64); ok {
			v = float64(n)
		}
		return write[float64](c, i, v)
	case engine.TypeTimestamp, engine.TypeDate:
		t, ok := v.(time.Time)
		if !ok {
			return fmt.Errorf("%w: a time is wanted, not %T", errType, v)
		}
		y, m, d := t.UTC().Date()
		if y < 1 || y > 9999 {
			return fmt.Errorf("a time of the year %d; the years 1 to 9999 are wanted", y)
		}
		if c.id == engine.TypeTimestamp {
			put(c.data, i, t.UnixMicro())
			return nil
		}
		days := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
		put(c.data, i, int32(days)) //nolint:gosec // in these years, fewer than three million days from 1970
		return nil
	case engine.TypeList:
		return c.setList(i, v)
	case engine.TypeBlob:
		b, ok := v.([]byte)
		if !ok {
			return fmt.Errorf("%w: bytes are wanted, not %T", errType, v)
		}
		engine.VectorAssignStringElementLen(c.vector, index(i), b)
		return nil
	default:
		s, err := textOf(v)
		if err != nil {
			return err
		}
		if t, ok := shortOf(s); ok {
			put(c.data, i, t)
			return nil
		}
		engine.VectorAssignStringElement(c.vector, index(i), s)
		return nil
	}
}

func write[T any](c *carrier, i int, v any) error {
	t, ok := v.(T)
	if !ok {
		return fmt.Errorf("%w: %T is wanted, not %T", errType, t, v)
	}
	put(c.data, i, t)
	return nil
}

// textOf is a value in the text that the engine reads back as the same value.
func textOf(v any) (string, error) {
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
		return "", fmt.Errorf("%w: text is wanted, not %T", errType, v)
	}
}

func (c *carrier) setList(i int, v any) error {
	list, ok := v.([]any)
	if !ok {
		texts, ok := v.([]string)
		if !ok {
			return fmt.Errorf("%w: a list is wanted, not %T", errType, v)
		}
		for _, s := range texts {
			list = append(list, s)
		}
	}
	put(c.data, i, span{offset: index(c.size), length: index(len(list))})
	end := c.size + len(list)
	engine.ListVectorReserve(c.vector, index(end))
	engine.ListVectorSetSize(c.vector, index(end))
	// Growing may have moved the elements.
	size := c.child.size
	c.child.load(engine.ListVectorGetChild(c.vector))
	c.child.size = size
	for k, element := range list {
		if err := c.child.set(c.size+k, element); err != nil {
			return err
		}
	}
	c.size = end
	return nil
}
