package snowflake

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	client "github.com/snowflakedb/gosnowflake/v2"

	"github.com/customhouse-cdp/customhouse/adapters"
	dialect "github.com/customhouse-cdp/customhouse/sql"
)

// fileBytes is about how long a file is before it is compressed.
const fileBytes = 64 << 20

// Load appends rows by way of files on the user's own stage, which takes no
// grants: each row is an array of JSON there, in which NULL and the empty text are
// two, and one statement copies all files, or none.
func (d *Driver) Load(ctx context.Context, table string, columns []string, rows iter.Seq2[[]any, error]) (err error) {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = dialect.Snowflake.QuoteName(c)
	}
	described, err := d.query(client.WithDescribeOnly(ctx), "SELECT "+strings.Join(quoted, ", ")+" FROM "+table)
	if err != nil {
		return err
	}
	_ = described.Close() // nothing was read
	folder, err := os.MkdirTemp("", "customhouse-")
	if err != nil {
		return fmt.Errorf("making a folder for rows: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	l := &loader{driver: d, ctx: ctx, folder: folder, columns: described.columns, stage: "@~/customhouse/load_" + strings.ToLower(rand.Text())}
	defer func() { //nolint:contextcheck // the loader has it
		if l.files > 0 {
			err = errors.Join(err, l.clean())
		}
	}()
	for row, err := range rows {
		if err == nil {
			err = l.add(row)
		}
		if err != nil {
			return err
		}
	}
	if err := l.put(); err != nil {
		return err
	}
	if l.files == 0 {
		return nil
	}
	return d.Exec(ctx, []string{l.copy(table, quoted)})
}

// loader writes one file after another.
type loader struct {
	driver  *Driver
	ctx     context.Context //nolint:containedctx // a loader lives as long as one Load
	columns []adapters.Column
	// folder is where files are written, stage where they are put.
	folder, stage string
	files         int

	file   *os.File
	packed *gzip.Writer
	line   bytes.Buffer
	size   int
}

func (l *loader) add(row []any) error {
	if len(row) != len(l.columns) {
		return &adapters.Error{Kind: adapters.Syntax, Message: fmt.Sprintf("a row has %d values for %d columns", len(row), len(l.columns))}
	}
	l.line.Reset()
	for i, v := range row {
		l.line.WriteByte("[,"[min(i, 1)])
		if err := write(&l.line, v, l.columns[i].Type); err != nil {
			return &adapters.Error{Kind: adapters.Data, Message: fmt.Sprintf("column %s: %v", l.columns[i].Name, err), Err: err}
		}
	}
	l.line.WriteString("]\n")
	if l.file == nil {
		var err error
		if l.file, err = os.Create(filepath.Join(l.folder, fmt.Sprintf("rows%d.json.gz", l.files))); err != nil {
			return fmt.Errorf("writing rows: %w", err)
		}
		l.packed = gzip.NewWriter(l.file)
	}
	if _, err := l.packed.Write(l.line.Bytes()); err != nil {
		return fmt.Errorf("packing rows: %w", err)
	}
	if l.size += l.line.Len(); l.size < fileBytes {
		return nil
	}
	return l.put()
}

// put brings the file that is open to the stage, if one is.
func (l *loader) put() error {
	if l.file == nil {
		return nil
	}
	path := l.file.Name()
	err := errors.Join(l.packed.Close(), l.file.Close())
	l.file, l.size = nil, 0
	if err != nil {
		return fmt.Errorf("writing rows: %w", err)
	}
	l.files++
	put := fmt.Sprintf("PUT %s '%s' AUTO_COMPRESS = FALSE SOURCE_COMPRESSION = GZIP OVERWRITE = TRUE",
		dialect.Snowflake.QuoteString("file://"+filepath.ToSlash(path)), l.stage)
	if err := l.driver.Exec(l.ctx, []string{put}); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("removing rows: %w", err)
	}
	return nil
}

// copy takes the files over.
func (l *loader) copy(table string, quoted []string) string {
	values := make([]string, len(l.columns))
	for i, c := range l.columns {
		values[i] = fmt.Sprintf("CAST($1[%d] AS %s)", i, carried(c))
		if c.Type == dialect.TypeBytes {
			values[i] = fmt.Sprintf("TO_BINARY(CAST($1[%d] AS VARCHAR), 'HEX')", i)
		}
	}
	return "COPY INTO " + table + " (" + strings.Join(quoted, ", ") + ")\nFROM (SELECT " + strings.Join(values, ", ") + " FROM " + l.stage + "/)\n" +
		"FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP) ON_ERROR = ABORT_STATEMENT PURGE = TRUE"
}

// carried is the type that a value of JSON is cast to.
func carried(c adapters.Column) string {
	switch c.Type { //nolint:exhaustive // the others are cast to what the column is
	case dialect.TypeStrings, dialect.TypeInts, dialect.TypeFloats, dialect.TypeTimestamps, dialect.TypeBools, dialect.TypeUints:
		return dialect.Snowflake.Types[c.Type]
	case dialect.TypeString:
		return "VARCHAR"
	}
	return c.Native
}

// clean removes the files; those that were copied are gone already.
func (l *loader) clean() error {
	return l.driver.Exec(context.WithoutCancel(l.ctx), []string{"REMOVE " + l.stage + "/"})
}

var errType = errors.New("a value has the wrong type")

// write appends a value as JSON that Snowflake casts to the type of its column.
func write(out *bytes.Buffer, v any, is dialect.Type) error {
	wrong := func() error { return fmt.Errorf("%w: %T", errType, v) }
	if v == nil {
		out.WriteString("null")
		return nil
	}
	switch is { //nolint:exhaustive // the others are written as text
	case dialect.TypeBool:
		b, ok := v.(bool)
		if !ok {
			return wrong()
		}
		out.WriteString(strconv.FormatBool(b))
	case dialect.TypeInt, dialect.TypeUint, dialect.TypeDecimal:
		return number(out, v, is)
	case dialect.TypeFloat:
		switch f := v.(type) {
		case float64:
			out.WriteString(float(f))
		case int64:
			out.WriteString(strconv.FormatInt(f, 10))
		default:
			return wrong()
		}
	case dialect.TypeTimestamp, dialect.TypeDate:
		t, ok := v.(time.Time)
		if !ok {
			return wrong()
		}
		if y := t.UTC().Year(); y < 1 || y > 9999 {
			return fmt.Errorf("a time of the year %d; the years 1 to 9999 are wanted", y)
		}
		layout := "2006-01-02 15:04:05.000000"
		if is == dialect.TypeDate {
			layout = "2006-01-02"
		}
		out.WriteString(`"` + t.UTC().Format(layout) + `"`)
	case dialect.TypeBytes:
		switch b := v.(type) {
		case []byte:
			out.WriteString(`"` + hex.EncodeToString(b) + `"`)
		default:
			return wrong()
		}
	case dialect.TypeStrings, dialect.TypeInts, dialect.TypeFloats, dialect.TypeTimestamps, dialect.TypeBools, dialect.TypeUints, dialect.TypeBlobs:
		list, ok := v.([]any)
		if !ok {
			return wrong()
		}
		out.WriteByte('[')
		for i, x := range list {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := write(out, x, element[is]); err != nil {
				return err
			}
		}
		out.WriteByte(']')
	default:
		return text(out, v)
	}
	return nil
}

// element is the type of the elements of a list.
var element = map[dialect.Type]dialect.Type{
	dialect.TypeStrings: dialect.TypeString, dialect.TypeInts: dialect.TypeInt, dialect.TypeFloats: dialect.TypeFloat,
	dialect.TypeTimestamps: dialect.TypeTimestamp, dialect.TypeBools: dialect.TypeBool, dialect.TypeUints: dialect.TypeUint, dialect.TypeBlobs: dialect.TypeBytes,
}

// number appends an integer or a decimal, whose text must be one.
func number(out *bytes.Buffer, v any, is dialect.Type) error {
	var text string
	switch n := v.(type) {
	case int:
		text = strconv.Itoa(n)
	case int64:
		text = strconv.FormatInt(n, 10)
	case uint64:
		text = strconv.FormatUint(n, 10)
	case string:
		if is == dialect.TypeInt {
			return fmt.Errorf("%w: %T", errType, v)
		}
		if _, ok := new(big.Rat).SetString(n); !ok || strings.ContainsAny(n, "/eEpPxXbBoO_ ") {
			return fmt.Errorf("%w: no decimal number", errType)
		}
		text = n
	default:
		return fmt.Errorf("%w: %T", errType, v)
	}
	// A number of JSON with more digits than a double has would be rounded.
	out.WriteString(`"` + text + `"`)
	return nil
}

// float is a double as the text that reads as it.
func float(f float64) string {
	switch {
	case math.IsNaN(f):
		return `"NaN"`
	case math.IsInf(f, 1):
		return `"inf"`
	case math.IsInf(f, -1):
		return `"-inf"`
	}
	return `"` + strconv.FormatFloat(f, 'g', -1, 64) + `"`
}

// text appends what is written as text.
func text(out *bytes.Buffer, v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("%w: %T", errType, v)
	}
	if !utf8.ValidString(s) {
		return errors.New("a text is not UTF-8")
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return fmt.Errorf("writing a text: %w", err)
	}
	out.Truncate(out.Len() - 1) // the encoder's line break
	return nil
}
