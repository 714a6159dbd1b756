package postgres

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// errLoad is what the server is told of a load that failed on our side. What is
// wrong with the rows is not for its log.
var errLoad = errors.New("the rows that are loaded have an error")

// Load appends rows by COPY in the binary format.
func (d *Driver) Load(ctx context.Context, table string, columns []string, rows iter.Seq2[[]any, error]) error {
	c, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer d.release(ctx, c)
	quoted := make([]string, len(columns))
	for i, column := range columns {
		quoted[i] = sql.PostgreSQL.QuoteName(column)
	}
	list := strings.Join(quoted, ", ")
	described, err := c.Prepare(ctx, "", "SELECT "+list+" FROM "+table, nil)
	if err != nil {
		return d.failure(ctx, err)
	}
	kinds, _, err := d.describe(ctx, described.Fields)
	if err != nil {
		return err
	}
	next, stop := iter.Pull2(rows)
	l := &loader{kinds: kinds, columns: columns, next: next}
	// What PostgreSQL's COPY begins with: a signature, flags and an extension.
	l.buffer = append([]byte("PGCOPY\n\xff\r\n\x00"), make([]byte, 8)...)
	_, err = c.CopyFrom(ctx, l, labeled(ctx, "COPY "+table+" ("+list+") FROM STDIN (FORMAT binary)"))
	failed := l.end(stop)
	switch {
	case failed != nil && ctx.Err() == nil:
		return failed
	case err != nil:
		return d.failure(ctx, err)
	}
	return nil
}

// loader is the rows as a stream in COPY's binary format.
type loader struct {
	kinds   []kind
	columns []string
	next    func() ([]any, error, bool)

	// mu is held while rows are asked for: the connection reads in a goroutine
	// that it may leave behind.
	mu     sync.Mutex
	buffer []byte
	sent   int
	done   bool
	err    error
}

// end waits for the reading goroutine, ends the rows and says what was wrong
// with them.
func (l *loader) end(stop func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = true
	stop()
	return l.err
}

// Read fills p with what is encoded of the rows.
func (l *loader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sent == len(l.buffer) {
		l.buffer, l.sent = l.buffer[:0], 0
	}
	for len(l.buffer)-l.sent < len(p) && !l.done {
		row, err, ok := l.next()
		switch {
		case !ok:
			l.done = true
			l.buffer = append(l.buffer, 0xff, 0xff) // the end of COPY's rows
		case err != nil:
			l.err = err
		default:
			l.err = l.add(row)
		}
		if l.err != nil {
			l.done = true
			return 0, errLoad
		}
	}
	if l.sent == len(l.buffer) {
		return 0, io.EOF
	}
	n := copy(p, l.buffer[l.sent:])
	l.sent += n
	return n, nil
}

// add encodes a row: the number of values, and each behind its length.
func (l *loader) add(row []any) error {
	if len(row) != len(l.kinds) {
		return &adapters.Error{Kind: adapters.Syntax, Message: fmt.Sprintf("a row has %d values for %d columns", len(row), len(l.kinds))}
	}
	l.buffer = binary.BigEndian.AppendUint16(l.buffer, uint16(len(row))) //nolint:gosec // a table has at most 1,600 columns
	for i, value := range row {
		var err error
		if l.buffer, err = appendValue(l.buffer, l.kinds[i], value); err != nil {
			return &adapters.Error{Kind: adapters.Data, Message: fmt.Sprintf("column %s: %v", l.columns[i], err)}
		}
	}
	return nil
}

// appendValue appends a value behind its length, which is -1 for NULL.
func appendValue(out []byte, k kind, value any) ([]byte, error) {
	start := len(out)
	out = append(out, 0xff, 0xff, 0xff, 0xff)
	if value == nil {
		return out, nil
	}
	out, err := encode(out, k, value)
	if err != nil {
		return nil, err
	}
	size := len(out) - start - 4
	if size > math.MaxInt32 {
		return nil, errors.New("a value is longer than 2 GB")
	}
	binary.BigEndian.PutUint32(out[start:], uint32(size)) //nolint:gosec // checked above
	return out, nil
}

// encode appends a value in the binary format of its column.
func encode(out []byte, k kind, value any) ([]byte, error) {
	wrong := func() ([]byte, error) { return nil, fmt.Errorf("a %T does not go into a %s", value, k.native) }
	switch k.codec {
	case asBool:
		b, ok := value.(bool)
		if !ok {
			return wrong()
		}
		if b {
			return append(out, 1), nil
		}
		return append(out, 0), nil
	case asInt:
		n, ok := value.(int64)
		if !ok {
			return wrong()
		}
		return appendInt(out, k, n)
	case asFloat:
		f, ok := value.(float64)
		if !ok {
			return wrong()
		}
		if k.native == "real" {
			return binary.BigEndian.AppendUint32(out, math.Float32bits(float32(f))), nil
		}
		return binary.BigEndian.AppendUint64(out, math.Float64bits(f)), nil
	case asText:
		s, ok := value.(string)
		if !ok {
			return wrong()
		}
		if strings.ContainsRune(s, 0) {
			return nil, errors.New("a text holds the character NUL, which no text of PostgreSQL can")
		}
		return append(out, s...), nil
	case asBytes:
		b, ok := value.([]byte)
		if !ok {
			return wrong()
		}
		return append(out, b...), nil
	case asDate:
		at, ok := value.(time.Time)
		if !ok {
			return wrong()
		}
		const day = 24 * 60 * 60
		return binary.BigEndian.AppendUint32(out, uint32(int32(at.Truncate(24*time.Hour).Unix()/day-epoch.Unix()/day))), nil //nolint:gosec // the years 1 to 9999 fit
	case asTimestamp:
		at, ok := value.(time.Time)
		if !ok {
			return wrong()
		}
		return binary.BigEndian.AppendUint64(out, uint64(at.UnixMicro()-epoch.UnixMicro())), nil //nolint:gosec // the same bits
	case asNumeric:
		switch v := value.(type) {
		case string:
			return appendNumeric(out, v)
		case int64:
			return appendNumeric(out, strconv.FormatInt(v, 10))
		}
		return wrong()
	case asUUID:
		s, ok := value.(string)
		b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
		if !ok || err != nil || len(b) != 16 {
			return wrong()
		}
		return append(out, b...), nil
	case asArray:
		list, ok := value.([]any)
		if !ok {
			return wrong()
		}
		return appendArray(out, k, list)
	default:
		return nil, fmt.Errorf("values of type %s cannot be loaded", k.native)
	}
}

// appendInt appends an integer as wide as its column is.
func appendInt(out []byte, k kind, n int64) ([]byte, error) {
	switch {
	case k.native == "smallint" && n == int64(int16(n)): //nolint:gosec // that is the question
		return binary.BigEndian.AppendUint16(out, uint16(n)), nil //nolint:gosec // checked above
	case k.native == "integer" && n == int64(int32(n)): //nolint:gosec // that is the question
		return binary.BigEndian.AppendUint32(out, uint32(n)), nil //nolint:gosec // checked above
	case k.native == "bigint":
		return binary.BigEndian.AppendUint64(out, uint64(n)), nil //nolint:gosec // the same bits
	default:
		return nil, fmt.Errorf("a number is out of range for %s", k.native)
	}
}

func appendArray(out []byte, k kind, list []any) ([]byte, error) {
	if len(list) > math.MaxInt32 {
		return nil, errors.New("a list is too long")
	}
	dimensions, nulls := uint32(1), uint32(0)
	if len(list) == 0 {
		dimensions = 0
	}
	for _, v := range list {
		if v == nil {
			nulls = 1
		}
	}
	for _, n := range []uint32{dimensions, nulls, k.element} {
		out = binary.BigEndian.AppendUint32(out, n)
	}
	if dimensions == 0 {
		return out, nil
	}
	out = binary.BigEndian.AppendUint32(out, uint32(len(list))) //nolint:gosec // checked above
	out = binary.BigEndian.AppendUint32(out, 1)
	var err error
	for _, v := range list {
		if out, err = appendValue(out, builtIn[k.element], v); err != nil {
			return nil, err
		}
	}
	return out, nil
}
