package files

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// csvEncoder writes RFC 4180: a header, lines that end in CR LF, quotes where
// they are needed. Empty text is quoted, so that readers who look can tell it
// from no value.
type csvEncoder struct {
	fields    []syncs.Field
	changes   bool
	escape    bool
	all       bool
	delimiter byte
	null      string
	special   string
	head      []byte
	body      []byte
	cell      []byte
}

func newCSV(c Config, schema syncs.Schema, changes bool) *csvEncoder {
	e := &csvEncoder{
		fields: schema.Fields, changes: changes, escape: c.Formulas != Keep, all: c.Quotes == All,
		delimiter: c.Delimiter[0], null: c.Null, special: "\"\r\n,;\t|" + c.Delimiter,
	}
	var names []string
	if changes {
		names = append(names, OpColumn, KeyColumn)
	}
	for _, f := range schema.Fields {
		names = append(names, f.Name)
	}
	for i, name := range names {
		e.separate(i)
		e.text(name)
	}
	e.body = append(e.body, "\r\n"...)
	e.head, e.body = e.body, nil
	return e
}

func (e *csvEncoder) row(op *syncs.Op) error {
	before := len(e.body)
	at := 0
	if e.changes {
		e.text(op.Kind.String())
		e.separate(1)
		e.text(op.Key)
		at = 2
	}
	for i, f := range e.fields {
		e.separate(at + i)
		if op.Kind.Leaves() || op.Values[i] == nil {
			e.none()
			continue
		}
		cell, err := syncs.AppendText(e.cell[:0], f.Type, op.Values[i])
		e.cell = cell
		if err != nil {
			e.body = e.body[:before]
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		if f.Type == syncs.String {
			e.text(string(cell))
		} else {
			e.quoted(string(cell))
		}
	}
	e.body = append(e.body, "\r\n"...)
	return nil
}

func (e *csvEncoder) bytes() (head, body []byte, err error) { return e.head, e.body, nil }

func (e *csvEncoder) separate(at int) {
	if at > 0 {
		e.body = append(e.body, e.delimiter)
	}
}

// none writes no value. A line of nothing would be skipped by many readers.
func (e *csvEncoder) none() {
	if e.null == "" && len(e.fields) == 1 && !e.changes {
		e.body = append(e.body, `""`...)
		return
	}
	e.body = append(e.body, e.null...)
}

// text writes text that may come from anyone.
func (e *csvEncoder) text(s string) {
	if e.escape && formula(s) {
		s = "'" + s
	}
	e.quoted(s)
}

// quoted writes a cell, in quotes where it needs them.
func (e *csvEncoder) quoted(s string) {
	plain := !e.all && s != "" && s != e.null && !strings.ContainsAny(s, e.special) &&
		s[0] != ' ' && s[0] != '\t' && s[len(s)-1] != ' ' && s[len(s)-1] != '\t'
	if plain {
		e.body = append(e.body, s...)
		return
	}
	e.body = append(e.body, '"')
	for {
		at := strings.IndexByte(s, '"')
		if at < 0 {
			break
		}
		e.body = append(e.body, s[:at+1]...)
		e.body = append(e.body, '"')
		s = s[at+1:]
	}
	e.body = append(e.body, s...)
	e.body = append(e.body, '"')
}

// formula reports whether a spreadsheet could run the text: it begins with
// TAB, CR or LF, or with = + - @ (also in their full-width forms) after white
// space. Leading single quotes are looked through, so that Unescape is exact.
func formula(s string) bool {
	s = strings.TrimLeft(s, "'")
	if s == "" {
		return false
	}
	if s[0] == '\t' || s[0] == '\r' || s[0] == '\n' {
		return true
	}
	s = strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufeff' })
	for _, first := range s {
		return strings.ContainsRune("=+-@＝＋－＠", first)
	}
	return false
}

// Unescape is the text that a string cell was written from: a single quote at
// its beginning that stands before a formula is taken away.
func Unescape(cell string) string {
	if rest, found := strings.CutPrefix(cell, "'"); found && formula(rest) {
		return rest
	}
	return cell
}
