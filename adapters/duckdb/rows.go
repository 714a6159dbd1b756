package duckdb

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	engine "github.com/duckdb/duckdb-go-bindings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Rows streams a result, holding one chunk of it at a time.
type Rows struct {
	driver  *Driver
	conn    *conn
	ctx     context.Context //nolint:containedctx // a result lives as long as its query
	stmt    engine.PreparedStatement
	result  engine.Result
	columns []adapters.Column

	chunk   engine.DataChunk
	readers []reader
	row     int
	size    int
	done    bool // the engine has no more chunks
	closed  bool
}

// Query runs a statement and streams its result.
func (d *Driver) Query(ctx context.Context, query string) (adapters.Rows, error) {
	return d.query(ctx, query, false)
}

// query prepares a statement and, unless only its columns are wanted, runs it.
func (d *Driver) query(ctx context.Context, query string, describe bool) (*Rows, error) {
	if err := sendable(query); err != nil {
		return nil, err
	}
	c, err := d.acquire(ctx)
	if err != nil {
		return nil, err
	}
	r := &Rows{driver: d, conn: c, ctx: ctx}
	err = c.interruptible(ctx, func() error {
		if engine.Prepare(c.handle, query, &r.stmt) == engine.StateError {
			return textError(engine.PrepareError(r.stmt))
		}
		if describe {
			r.describe()
			return nil
		}
		var pending engine.PendingResult
		defer engine.DestroyPending(&pending)
		if engine.PendingPreparedStreaming(r.stmt, &pending) == engine.StateError {
			return textError(engine.PendingError(pending))
		}
		if engine.ExecutePending(pending, &r.result) == engine.StateError {
			return resultError(&r.result)
		}
		r.describe()
		return nil
	})
	if err == nil && !describe {
		err = r.readable()
	}
	if err != nil {
		_ = r.Close() // it never fails
		return nil, err
	}
	return r, nil
}

func (r *Rows) describe() {
	n := engine.PreparedStatementColumnCount(r.stmt)
	r.columns = make([]adapters.Column, n)
	r.readers = make([]reader, n)
	for i := range r.columns {
		t := engine.PreparedStatementColumnLogicalType(r.stmt, engine.IdxT(i))
		r.columns[i] = columnOf(engine.PreparedStatementColumnName(r.stmt, engine.IdxT(i)), t)
		r.readers[i] = readerOf(t)
		engine.DestroyLogicalType(&t)
	}
}

// readable refuses a result with a column that no Go value stands for.
func (r *Rows) readable() error {
	for i := range r.readers {
		if !r.readers[i].supported() {
			c := r.columns[i]
			return &adapters.Error{
				Kind:    adapters.Syntax,
				Message: fmt.Sprintf("column %s is a %s, which cannot be read", c.Name, c.Native),
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
	if r.closed || r.done {
		return io.EOF
	}
	if r.row == r.size {
		if err := r.fetch(); err != nil {
			return err
		}
	}
	for i := range r.readers {
		dest[i] = r.readers[i].at(r.row)
	}
	r.row++
	return nil
}

func (r *Rows) fetch() error {
	engine.DestroyDataChunk(&r.chunk)
	r.row, r.size = 0, 0
	return r.conn.interruptible(r.ctx, func() error {
		for r.size == 0 {
			r.chunk = engine.FetchChunk(r.result)
			if r.chunk.Ptr == nil {
				r.done = true
				if engine.ResultError(&r.result) != "" {
					return resultError(&r.result)
				}
				return io.EOF
			}
			r.size = count(engine.DataChunkGetSize(r.chunk))
			if r.size == 0 {
				engine.DestroyDataChunk(&r.chunk)
			}
		}
		for i := range r.readers {
			r.readers[i].load(engine.DataChunkGetVector(r.chunk, engine.IdxT(i)))
			r.readers[i].copy(r.size)
		}
		return nil
	})
}

// Close stops the query if it still runs, and gives the session back.
func (r *Rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	engine.DestroyDataChunk(&r.chunk)
	engine.DestroyResult(&r.result)
	engine.DestroyPrepare(&r.stmt)
	r.driver.release(r.conn)
	return nil
}

// kinds are the engine's types that are ours.
var kinds = map[engine.Type]sql.Type{
	engine.TypeBoolean: sql.TypeBool,
	engine.TypeTinyInt: sql.TypeInt, engine.TypeSmallInt: sql.TypeInt, engine.TypeInteger: sql.TypeInt, engine.TypeBigInt: sql.TypeInt,
	engine.TypeUTinyInt: sql.TypeInt, engine.TypeUSmallInt: sql.TypeInt, engine.TypeUInteger: sql.TypeInt,
	engine.TypeFloat: sql.TypeFloat, engine.TypeDouble: sql.TypeFloat, engine.TypeDecimal: sql.TypeDecimal,
	engine.TypeVarchar: sql.TypeString, engine.TypeEnum: sql.TypeString, engine.TypeDate: sql.TypeDate,
	engine.TypeTimestamp: sql.TypeTimestamp, engine.TypeTimestampS: sql.TypeTimestamp, engine.TypeTimestampMS: sql.TypeTimestamp,
	engine.TypeTimestampNS: sql.TypeTimestamp, engine.TypeTimestampTZ: sql.TypeTimestamp,
}

// lists are the kinds of lists by the kind of their elements.
var lists = map[sql.Type]sql.Type{
	sql.TypeString: sql.TypeStrings, sql.TypeInt: sql.TypeInts, sql.TypeFloat: sql.TypeFloats, sql.TypeTimestamp: sql.TypeTimestamps,
}

// natives are the engine's names of its types.
var natives = map[engine.Type]string{
	engine.TypeBoolean: "BOOLEAN", engine.TypeTinyInt: "TINYINT", engine.TypeSmallInt: "SMALLINT", engine.TypeInteger: "INTEGER",
	engine.TypeBigInt: "BIGINT", engine.TypeUTinyInt: "UTINYINT", engine.TypeUSmallInt: "USMALLINT", engine.TypeUInteger: "UINTEGER",
	engine.TypeUBigInt: "UBIGINT", engine.TypeFloat: "FLOAT", engine.TypeDouble: "DOUBLE", engine.TypeTimestamp: "TIMESTAMP",
	engine.TypeDate: "DATE", engine.TypeTime: "TIME", engine.TypeInterval: "INTERVAL", engine.TypeHugeInt: "HUGEINT",
	engine.TypeUHugeInt: "UHUGEINT", engine.TypeVarchar: "VARCHAR", engine.TypeBlob: "BLOB", engine.TypeDecimal: "DECIMAL",
	engine.TypeTimestampS: "TIMESTAMP_S", engine.TypeTimestampMS: "TIMESTAMP_MS", engine.TypeTimestampNS: "TIMESTAMP_NS",
	engine.TypeEnum: "ENUM", engine.TypeList: "LIST", engine.TypeStruct: "STRUCT", engine.TypeMap: "MAP", engine.TypeArray: "ARRAY",
	engine.TypeUUID: "UUID", engine.TypeUnion: "UNION", engine.TypeBit: "BIT", engine.TypeTimeTZ: "TIME WITH TIME ZONE",
	engine.TypeTimestampTZ: "TIMESTAMP WITH TIME ZONE", engine.TypeBigNum: "BIGNUM", engine.TypeSQLNull: "NULL",
	engine.TypeTimeNS: "TIME_NS", engine.TypeGeometry: "GEOMETRY", engine.TypeVariant: "VARIANT",
}

func columnOf(name string, t engine.LogicalType) adapters.Column {
	id := engine.GetTypeId(t)
	c := adapters.Column{Name: name, Type: kinds[id], Native: natives[id]}
	switch id {
	case engine.TypeDecimal:
		scale := engine.DecimalScale(t)
		c.Native = fmt.Sprintf("DECIMAL(%d,%d)", engine.DecimalWidth(t), scale)
		c.Identifier = scale == 0
	case engine.TypeList:
		child := engine.ListTypeChildType(t)
		element := columnOf("", child)
		engine.DestroyLogicalType(&child)
		c.Native = element.Native + "[]"
		c.Type = lists[element.Type]
	case engine.TypeUUID, engine.TypeUBigInt, engine.TypeHugeInt, engine.TypeUHugeInt:
		c.Identifier = true
	default:
		c.Identifier = c.Type == sql.TypeString || c.Type == sql.TypeInt
	}
	return c
}

// reader reads the values of one vector. It knows the engine's layout of each
// type, which its C interface fixes.
type reader struct {
	id       engine.Type
	scale    int         // of a decimal
	physical engine.Type // how a decimal or enum is stored
	words    []string    // of an enum
	width    int         // elements of an array
	child    *reader     // of a list or array

	data  unsafe.Pointer
	valid unsafe.Pointer // bit mask of 64-bit words; nil where no value is NULL

	copies // of the vector's values
}

func readerOf(t engine.LogicalType) reader {
	r := reader{id: engine.GetTypeId(t)}
	switch r.id {
	case engine.TypeDecimal:
		r.scale = int(engine.DecimalScale(t))
		r.physical = engine.DecimalInternalType(t)
	case engine.TypeEnum:
		r.physical = engine.EnumInternalType(t)
		r.words = make([]string, engine.EnumDictionarySize(t))
		for i := range r.words {
			r.words[i] = engine.EnumDictionaryValue(t, engine.IdxT(i))
		}
	case engine.TypeList, engine.TypeArray:
		var child engine.LogicalType
		if r.id == engine.TypeList {
			child = engine.ListTypeChildType(t)
		} else {
			child = engine.ArrayTypeChildType(t)
			r.width = count(engine.ArrayTypeArraySize(t))
		}
		c := readerOf(child)
		engine.DestroyLogicalType(&child)
		r.child = &c
	}
	return r
}

func (r *reader) supported() bool {
	switch r.id {
	case engine.TypeList, engine.TypeArray:
		return r.child.supported()
	case engine.TypeUBigInt, engine.TypeHugeInt, engine.TypeBlob, engine.TypeUUID, engine.TypeSQLNull:
		return true
	default:
		return kinds[r.id] != 0
	}
}

// load points the reader at a vector, which must outlive its use.
func (r *reader) load(v engine.Vector) {
	r.data = engine.VectorGetData(v)
	r.valid = engine.VectorGetValidity(v)
	r.copies = copies{}
	switch r.id {
	case engine.TypeList:
		r.child.load(engine.ListVectorGetChild(v))
	case engine.TypeArray:
		r.child.load(engine.ArrayVectorGetChild(v))
	}
}

// value reads the i-th element of an array of T.
func value[T any](data unsafe.Pointer, i int) T {
	var t T
	return *(*T)(unsafe.Add(data, uintptr(i)*unsafe.Sizeof(t)))
}

func (r *reader) null(i int) bool {
	return r.valid != nil && value[uint64](r.valid, i/64)&(1<<(i%64)) == 0
}

// at is the value of row i.
func (r *reader) at(i int) any {
	if r.null(i) {
		return nil
	}
	switch {
	case r.texts != nil:
		return boxed(aText, &r.texts[i])
	case r.ints != nil:
		return boxed(anInt, &r.ints[i])
	case r.floats != nil:
		return boxed(aFloat, &r.floats[i])
	case r.times != nil:
		return boxed(aTime, &r.times[i])
	}
	switch r.id {
	case engine.TypeBoolean:
		return value[bool](r.data, i)
	case engine.TypeTinyInt:
		return int64(value[int8](r.data, i))
	case engine.TypeSmallInt:
		return int64(value[int16](r.data, i))
	case engine.TypeInteger:
		return int64(value[int32](r.data, i))
	case engine.TypeBigInt:
		return value[int64](r.data, i)
	case engine.TypeUTinyInt:
		return int64(value[uint8](r.data, i))
	case engine.TypeUSmallInt:
		return int64(value[uint16](r.data, i))
	case engine.TypeUInteger:
		return int64(value[uint32](r.data, i))
	case engine.TypeUBigInt:
		n := value[uint64](r.data, i)
		if n > 1<<63-1 {
			return strconv.FormatUint(n, 10)
		}
		return int64(n)
	case engine.TypeHugeInt:
		h := value[huge](r.data, i)
		if n, small := h.int64(); small {
			return n
		}
		return h.big().String()
	case engine.TypeFloat:
		return float64(value[float32](r.data, i))
	case engine.TypeDouble:
		return value[float64](r.data, i)
	case engine.TypeDecimal:
		return r.decimal(i)
	case engine.TypeVarchar:
		return value[text](r.data, i).string(r.data, i)
	case engine.TypeBlob:
		return []byte(value[text](r.data, i).string(r.data, i))
	case engine.TypeEnum:
		return r.words[r.word(i)]
	case engine.TypeDate:
		return time.Unix(int64(value[int32](r.data, i))*86400, 0).UTC()
	case engine.TypeTimestamp, engine.TypeTimestampTZ:
		return time.UnixMicro(value[int64](r.data, i)).UTC()
	case engine.TypeTimestampS:
		return time.Unix(value[int64](r.data, i), 0).UTC()
	case engine.TypeTimestampMS:
		return time.UnixMilli(value[int64](r.data, i)).UTC()
	case engine.TypeTimestampNS:
		n := value[int64](r.data, i)
		return time.Unix(n/1e9, n%1e9).UTC()
	case engine.TypeUUID:
		return value[uuid](r.data, i).String()
	case engine.TypeList:
		e := value[span](r.data, i)
		return r.child.slice(count(e.offset), count(e.length))
	case engine.TypeArray:
		return r.child.slice(i*r.width, r.width)
	default:
		panic(fmt.Sprintf("duckdb: no reader for %s", natives[r.id]))
	}
}

func (r *reader) slice(offset, length int) []any {
	out := make([]any, length)
	for k := range out {
		out[k] = r.at(offset + k)
	}
	return out
}

func (r *reader) word(i int) int {
	switch r.physical {
	case engine.TypeUTinyInt:
		return int(value[uint8](r.data, i))
	case engine.TypeUSmallInt:
		return int(value[uint16](r.data, i))
	default:
		return int(value[uint32](r.data, i))
	}
}

// decimal is the exact text of a decimal, without zeros at its end.
func (r *reader) decimal(i int) string {
	var digits string
	switch r.physical {
	case engine.TypeSmallInt:
		digits = strconv.FormatInt(int64(value[int16](r.data, i)), 10)
	case engine.TypeInteger:
		digits = strconv.FormatInt(int64(value[int32](r.data, i)), 10)
	case engine.TypeBigInt:
		digits = strconv.FormatInt(value[int64](r.data, i), 10)
	default:
		h := value[huge](r.data, i)
		if n, small := h.int64(); small {
			digits = strconv.FormatInt(n, 10)
		} else {
			digits = h.big().String()
		}
	}
	if r.scale == 0 {
		return digits
	}
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= r.scale {
		digits = strings.Repeat("0", r.scale+1-len(digits)) + digits
	}
	point := len(digits) - r.scale
	fraction := strings.TrimRight(digits[point:], "0")
	if fraction == "" {
		return sign + digits[:point]
	}
	return sign + digits[:point] + "." + fraction
}

// huge is the engine's 128-bit integer.
type huge struct {
	lower uint64
	upper int64
}

// int64 is the number, and whether it fits 64 bits.
func (h huge) int64() (int64, bool) {
	n := int64(h.lower) //nolint:gosec // the same bits with their sign: in two's complement the lower half of a small number is that number
	return n, h.upper == n>>63
}

func (h huge) big() *big.Int {
	n := new(big.Int).Lsh(big.NewInt(h.upper), 64)
	return n.Add(n, new(big.Int).SetUint64(h.lower))
}

// uuid is the engine's UUID: a 128-bit integer with its first bit flipped, so
// that it sorts.
type uuid struct{ lower, upper uint64 }

func (u uuid) String() string {
	s := fmt.Sprintf("%016x%016x", u.upper^1<<63, u.lower)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// span is where the elements of a list stand among those of its column.
type span struct{ offset, length engine.IdxT }

// index is a position or length for the engine. There are none below zero.
func index(n int) engine.IdxT {
	if n < 0 {
		panic("duckdb: a negative position")
	}
	return engine.IdxT(n)
}

// count is a position or length of the engine's: of what is in memory, so that
// it always fits.
func count(n engine.IdxT) int {
	if n > math.MaxInt {
		panic("duckdb: a position beyond all memory")
	}
	return int(n)
}

// text is the engine's string: up to 12 bytes stand in place, longer ones
// behind a pointer.
type text struct {
	length uint32
	_      [4]byte // the text's first bytes
	data   unsafe.Pointer
}

const inlined = 12

// bytes is the i-th text of data, which t is, in the engine's memory.
func (t text) bytes(data unsafe.Pointer, i int) []byte {
	start := t.data
	if t.length <= inlined {
		start = unsafe.Add(data, uintptr(i)*unsafe.Sizeof(t)+unsafe.Sizeof(t.length))
	}
	return unsafe.Slice((*byte)(start), t.length) //nolint:gosec // the engine keeps length bytes at start while it keeps the vector
}

// string copies the i-th text of data, which t is.
func (t text) string(data unsafe.Pointer, i int) string { return string(t.bytes(data, i)) }

// short is a text that stands in place, as the engine lays it out.
type short struct {
	length uint32
	bytes  [inlined]byte
}

// shortOf is a text as short, where it is. To write it down costs a tenth of
// asking the engine to, which looks for what is not UTF-8 as well.
func shortOf(s string) (t short, ok bool) {
	if len(s) > inlined || !utf8.ValidString(s) {
		return t, false
	}
	t.length = uint32(len(s)) //nolint:gosec // at most inlined
	copy(t.bytes[:], s)
	return t, true
}
