package files

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// parquetEncoder writes one row group of optional, typed columns. Decimals are
// text: a field does not know its scale, and a double would not be exact.
// Lists are JSON.
type parquetEncoder struct {
	fields  []syncs.Field
	changes bool
	rows    []parquet.Row
	schema  *parquet.Schema
	codec   compress.Codec
}

func newParquet(codec string, schema syncs.Schema, changes bool) (*parquetEncoder, error) {
	node := columns{Group: parquet.Group{}}
	add := func(name string, n parquet.Node) error {
		if _, twice := node.Group[name]; twice || name == "" {
			return fmt.Errorf("field %q cannot be a column of a Parquet file: it has no name, or there are two of it", name)
		}
		node.Group[name] = n
		node.order = append(node.order, name)
		return nil
	}
	if changes {
		if err := add(OpColumn, parquet.String()); err != nil {
			return nil, err
		}
		if err := add(KeyColumn, parquet.String()); err != nil {
			return nil, err
		}
	}
	for _, f := range schema.Fields {
		if err := add(f.Name, parquet.Optional(column(f.Type))); err != nil {
			return nil, err
		}
	}
	return &parquetEncoder{fields: schema.Fields, changes: changes, schema: parquet.NewSchema("row", node), codec: codecOf(codec)}, nil
}

// column is the Parquet type of a field.
func column(t syncs.Type) parquet.Node {
	switch t {
	case syncs.Int:
		return parquet.Int(64)
	case syncs.Float:
		return parquet.Leaf(parquet.DoubleType)
	case syncs.Bool:
		return parquet.Leaf(parquet.BooleanType)
	case syncs.Timestamp:
		return parquet.Timestamp(parquet.Microsecond)
	case syncs.Date:
		return parquet.Date()
	case syncs.List:
		return parquet.JSON()
	case syncs.String, syncs.Decimal:
	}
	return parquet.String()
}

// columns is a group whose fields keep their order; parquet.Group sorts them.
type columns struct {
	parquet.Group
	order []string
}

// Fields implements parquet.Node.
func (c columns) Fields() []parquet.Field {
	fields := c.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(c.order, a.Name()) - slices.Index(c.order, b.Name())
	})
	return fields
}

func (e *parquetEncoder) row(op *syncs.Op) error {
	row := make(parquet.Row, 0, len(e.fields)+2)
	if e.changes {
		row = append(row,
			parquet.ByteArrayValue([]byte(op.Kind.String())).Level(0, 0, 0),
			parquet.ByteArrayValue([]byte(strings.ToValidUTF8(op.Key, "\ufffd"))).Level(0, 0, 1))
	}
	for i, f := range e.fields {
		at := len(row)
		if op.Kind.Leaves() || op.Values[i] == nil {
			row = append(row, parquet.NullValue().Level(0, 0, at))
			continue
		}
		v, err := value(f.Type, op.Values[i])
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		row = append(row, v.Level(0, 1, at))
	}
	e.rows = append(e.rows, row)
	return nil
}

// value is v as a value of the column of a field.
func value(t syncs.Type, v any) (parquet.Value, error) {
	wrong := func() (parquet.Value, error) {
		return parquet.Value{}, fmt.Errorf("%w: %T", syncs.ErrValue, v)
	}
	switch t {
	case syncs.Int:
		if n, ok := v.(int64); ok {
			return parquet.Int64Value(n), nil
		}
		return wrong()
	case syncs.Float:
		switch n := v.(type) {
		case float64:
			return parquet.DoubleValue(n), nil
		case int64:
			return parquet.DoubleValue(float64(n)), nil
		}
		return wrong()
	case syncs.Bool:
		if b, ok := v.(bool); ok {
			return parquet.BooleanValue(b), nil
		}
		return wrong()
	case syncs.Timestamp:
		if at, ok := v.(time.Time); ok {
			return parquet.Int64Value(at.UnixMicro()), nil
		}
		return wrong()
	case syncs.Date:
		if at, ok := v.(time.Time); ok {
			midnight := at.UTC().Truncate(24 * time.Hour)
			return parquet.Int32Value(int32(midnight.Unix() / 86_400)), nil //nolint:gosec // Days since 1970 fit in 32 bits for any year of a time.Time that a warehouse holds.
		}
		return wrong()
	case syncs.List:
		text, err := syncs.AppendJSON(nil, t, v)
		return parquet.ByteArrayValue(text), err
	case syncs.String, syncs.Decimal:
	}
	text, err := syncs.AppendText(nil, t, v)
	return parquet.ByteArrayValue([]byte(strings.ToValidUTF8(string(text), "\ufffd"))), err
}

// codecOf is how the pages of a file are compressed.
func codecOf(how string) compress.Codec {
	switch how {
	case Gzip:
		return &parquet.Gzip
	case Zstd:
		return &parquet.Zstd
	default:
		return &parquet.Snappy
	}
}

func (e *parquetEncoder) bytes() (head, body []byte, err error) {
	var out bytes.Buffer
	w := parquet.NewGenericWriter[any](&out, e.schema, parquet.Compression(e.codec), parquet.CreatedBy("customhouse", "1", ""))
	if _, err := w.WriteRows(e.rows); err != nil {
		return nil, nil, fmt.Errorf("encoding Parquet: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, nil, fmt.Errorf("encoding Parquet: %w", err)
	}
	return nil, out.Bytes(), nil
}
