package console

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// RowFormats are the formats of Rows.
var RowFormats = []string{"human", "csv", "json"}

// Rows writes a result in one of RowFormats: aligned for people, CSV, or one
// JSON object a line. It returns how many rows there were.
func Rows(w io.Writer, rows adapters.Rows, format string) (int, error) {
	columns := rows.Columns()
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	sink := newSink(w, format)
	if err := sink.head(names); err != nil {
		return 0, err
	}
	row := make([]any, len(columns))
	for n := 0; ; n++ {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			return n, sink.end()
		}
		if err == nil {
			err = sink.row(names, row)
		}
		if err != nil {
			return n, err
		}
	}
}

type sink interface {
	head(names []string) error
	row(names []string, values []any) error
	end() error
}

func newSink(w io.Writer, format string) sink {
	switch format {
	case "csv":
		return &csvSink{csv.NewWriter(w)}
	case "json":
		return &jsonSink{w}
	}
	return &textSink{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
}

type textSink struct{ w *tabwriter.Writer }

func (s *textSink) head(names []string) error {
	cells := make([]any, len(names))
	for i, n := range names {
		cells[i] = n
	}
	return s.row(nil, cells)
}

func (s *textSink) row(_ []string, values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = oneLine(Cell(v))
		if v == nil {
			cells[i] = "-"
		}
	}
	_, err := fmt.Fprintln(s.w, strings.Join(cells, "\t"))
	return err
}

func (s *textSink) end() error { return s.w.Flush() }

type csvSink struct{ w *csv.Writer }

func (s *csvSink) head(names []string) error { return s.w.Write(names) }

func (s *csvSink) row(_ []string, values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = Cell(v)
	}
	return s.w.Write(cells)
}

func (s *csvSink) end() error {
	s.w.Flush()
	return s.w.Error()
}

type jsonSink struct{ w io.Writer }

func (*jsonSink) head([]string) error { return nil }

// row keeps the order of the columns, which a map would not.
func (s *jsonSink) row(names []string, values []any) error {
	var b strings.Builder
	for i, v := range values {
		key, err := json.Marshal(names[i])
		if err != nil {
			return err
		}
		if f, ok := v.(float64); ok && (f != f || f > maxFloat || f < -maxFloat) {
			v = Cell(f) // JSON has no such number
		}
		value, err := json.Marshal(v)
		if err != nil {
			return err
		}
		b.WriteByte("{,"[min(i, 1)])
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	_, err := fmt.Fprintln(s.w, b.String()+"}")
	return err
}

func (*jsonSink) end() error { return nil }

const maxFloat = 1.7976931348623157e308

// Cell is a value as text; NULL is empty.
func Cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.999999Z")
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = Cell(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// Line is a value as text that keeps to one line.
func Line(v any) string { return oneLine(Cell(v)) }
