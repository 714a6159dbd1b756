package bigquery

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	client "cloud.google.com/go/bigquery"
	"google.golang.org/api/googleapi"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Load appends rows by one load job, as lines of JSON: all of them or none.
func (d *Driver) Load(ctx context.Context, table string, columns []string, rows iter.Seq2[[]any, error]) error {
	t, err := d.table(ctx, table)
	if err != nil {
		return err
	}
	m, err := t.Metadata(ctx)
	if err != nil {
		return failure(ctx, err)
	}
	l := &lines{columns: columns}
	if l.fields, err = fields(m.Schema, columns, table); err != nil {
		return err
	}
	next, stop := iter.Pull2(rows)
	defer stop()
	l.next = next
	// Rows that are not there cost no job.
	if err := l.fill(); err != nil || l.done && l.text.Len() == 0 {
		return err
	}
	source := client.NewReaderSource(l)
	source.SourceFormat = client.JSON
	loader := t.LoaderFrom(source)
	loader.JobID = d.newID()
	loader.Labels = labels(ctx)
	loader.CreateDisposition, loader.WriteDisposition = client.CreateNever, client.WriteAppend
	job, err := loader.Run(ctx)
	switch {
	case l.err != nil:
		return l.err
	case ctx.Err() != nil:
		d.cancel(ctx, loader.JobID)
		return canceled(ctx.Err())
	case err != nil:
		answer, answered := errors.AsType[*googleapi.Error](err)
		if answered && answer.Code != http.StatusConflict && answer.Code < http.StatusInternalServerError {
			return failure(ctx, err)
		}
		if job, err = d.find(ctx, loader.JobID, err); err != nil {
			return err
		}
	}
	return d.wait(ctx, job)
}

// fields are the columns that rows are loaded into, by the names that they are
// told by.
func fields(schema client.Schema, columns []string, table string) (client.Schema, error) {
	known := map[string]*client.FieldSchema{}
	for _, f := range schema {
		known[sql.BigQuery.ReadName(f.Name)] = f
	}
	out := make(client.Schema, len(columns))
	for i, name := range columns {
		f, ok := known[name]
		if !ok {
			return nil, &adapters.Error{Kind: adapters.Syntax, Message: "there is no column " + name + " in " + table}
		}
		out[i] = f
	}
	return out, nil
}

// lines are rows as a stream of lines of JSON.
type lines struct {
	columns []string
	fields  client.Schema
	next    func() ([]any, error, bool)
	text    bytes.Buffer
	done    bool
	err     error
}

// piece is how many bytes of lines are made at once.
const piece = 64 << 10

// Read reads what is made of the rows.
func (l *lines) Read(p []byte) (int, error) {
	if l.text.Len() == 0 && !l.done {
		if err := l.fill(); err != nil {
			return 0, err
		}
	}
	if l.text.Len() == 0 {
		return 0, io.EOF
	}
	return l.text.Read(p)
}

// fill makes some more lines.
func (l *lines) fill() error {
	for l.text.Len() < piece && !l.done {
		row, err, ok := l.next()
		switch {
		case !ok:
			l.done = true
			return nil
		case err == nil:
			err = l.add(row)
		}
		if err != nil {
			l.done, l.err = true, err
			return err
		}
	}
	return nil
}

func (l *lines) add(row []any) error {
	if len(row) != len(l.fields) {
		return &adapters.Error{Kind: adapters.Syntax, Message: fmt.Sprintf("a row has %d values for %d columns", len(row), len(l.fields))}
	}
	sent := make(map[string]any, len(row))
	for i, v := range row {
		if v == nil {
			continue // NULL is what is not there.
		}
		out, err := carry(v, l.fields[i])
		if err != nil {
			return &adapters.Error{Kind: adapters.Data, Message: fmt.Sprintf("column %s: %v", l.columns[i], err), Err: err}
		}
		sent[l.fields[i].Name] = out
	}
	encoder := json.NewEncoder(&l.text)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(sent)
}

var errType = errors.New("a value has the wrong type")

// carry is a value as a load job reads it. What JSON's numbers might lose is
// text.
func carry(v any, f *client.FieldSchema) (any, error) {
	if element := boxed(f); element != nil {
		return carryList(v, element)
	}
	switch f.Type { //nolint:exhaustive // the others take text
	case client.BooleanFieldType:
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case client.IntegerFieldType:
		switch n := v.(type) {
		case int64:
			return strconv.FormatInt(n, 10), nil
		case int:
			return strconv.Itoa(n), nil
		}
	case client.FloatFieldType:
		switch n := v.(type) {
		case float64:
			return double(n), nil
		case int64:
			return double(float64(n)), nil
		}
	case client.NumericFieldType, client.BigNumericFieldType:
		switch n := v.(type) {
		case string:
			return n, nil
		case int64:
			return strconv.FormatInt(n, 10), nil
		case uint64:
			return strconv.FormatUint(n, 10), nil
		}
	case client.BytesFieldType:
		if b, ok := v.([]byte); ok {
			return base64.StdEncoding.EncodeToString(b), nil
		}
	case client.TimestampFieldType, client.DateFieldType, client.DateTimeFieldType:
		if t, ok := v.(time.Time); ok {
			return moment(t.UTC(), f.Type)
		}
	default:
		return text(v)
	}
	return nil, fmt.Errorf("%w: a %T does not go into a %s", errType, v, native(f))
}

func carryList(v any, element *client.FieldSchema) (any, error) {
	var values []any
	switch v := v.(type) {
	case []any:
		values = v
	case []string:
		for _, s := range v {
			values = append(values, s)
		}
	default:
		return nil, fmt.Errorf("%w: a list is wanted, not %T", errType, v)
	}
	items := make([]map[string]any, len(values))
	for i, x := range values {
		items[i] = map[string]any{}
		if x == nil {
			continue
		}
		out, err := carry(x, element)
		if err != nil {
			return nil, err
		}
		items[i]["element"] = out
	}
	return map[string]any{"list": items}, nil
}

// double is a double as a number, or the name of what is none.
func double(f float64) any {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	default:
		return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
	}
}

func moment(t time.Time, typ client.FieldType) (any, error) {
	if year := t.Year(); year < 1 || year > 9999 {
		return nil, fmt.Errorf("a time of the year %d; the years 1 to 9999 are wanted", year)
	}
	switch typ { //nolint:exhaustive // carry asks for these alone
	case client.DateFieldType:
		return t.Format(time.DateOnly), nil
	case client.DateTimeFieldType:
		return t.Format("2006-01-02T15:04:05.000000"), nil
	default:
		return t.Format("2006-01-02T15:04:05.000000Z"), nil
	}
}

// text is a value in the text that is read back as the same value.
func text(v any) (any, error) {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			return nil, errors.New("a text is not UTF-8")
		}
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
