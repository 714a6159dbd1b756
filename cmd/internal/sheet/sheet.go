// Package sheet writes CSV of which a spreadsheet runs nothing, whatever anybody
// wrote into it. It never changes what a program reads in any other way than its
// documentation says: see Table and Visible.
package sheet

import (
	"bufio"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Table writes CSV as RFC 4180 has it. An empty text is quoted, and no value is
// not. Text that anybody wrote is made harmless.
type Table struct {
	w   *bufio.Writer
	err error
}

// New makes a table; End is to be called.
func New(w io.Writer) *Table { return &Table{w: bufio.NewWriter(w)} }

// Text writes a line of texts.
func (t *Table) Text(cells ...string) {
	text := make([]bool, len(cells))
	for i := range text {
		text[i] = true
	}
	t.Row(cells, make([]bool, len(cells)), text)
}

// Row writes a line: none says of each cell that it has no value, and written that
// it is text that anybody may have written, which numbers are not.
func (t *Table) Row(cells []string, none, written []bool) {
	for i, c := range cells {
		if i > 0 {
			t.put(",")
		}
		if none[i] {
			if len(cells) == 1 {
				t.put(`""`) // a line of nothing is none
			}
			continue
		}
		c = Visible(c, "\t\r\n")
		if written[i] {
			c = harmless(c)
		}
		if c != "" && !strings.ContainsAny(c, "\"\r\n,;\t|") && c == strings.TrimSpace(c) {
			t.put(c)
		} else {
			t.put(`"` + strings.ReplaceAll(c, `"`, `""`) + `"`)
		}
	}
	t.put("\r\n")
}

func (t *Table) put(s string) {
	if t.err == nil {
		_, t.err = t.w.WriteString(s)
	}
}

// Err is what went wrong so far.
func (t *Table) Err() error { return t.err }

// End writes what is left.
func (t *Table) End() error {
	if t.err != nil {
		return t.err
	}
	return t.w.Flush()
}

// separators end a cell for a spreadsheet that reads the file with another one
// than the comma, whatever quotes are around it.
const separators = ";\t\r\n"

// harmless is a text of which a spreadsheet runs no part: wherever one could take
// what follows for a formula, at its beginning and behind each of separators, a
// single quote stands before it.
func harmless(s string) string {
	var b strings.Builder
	if first := strings.TrimLeft(s, "'"); first != "" && strings.ContainsRune("\t\r\n", rune(first[0])) {
		b.WriteByte('\'')
	}
	for {
		end := strings.IndexAny(s, separators)
		piece := s
		if end >= 0 {
			piece = s[:end+1]
		}
		if formula(piece) {
			b.WriteByte('\'')
		}
		b.WriteString(piece)
		if end < 0 {
			return b.String()
		}
		s = s[end+1:]
	}
}

// formula says that a text begins as a formula does. Single quotes are looked
// through, so that Original is exact, and double ones, which a reader may drop.
func formula(s string) bool {
	s = strings.TrimLeft(s, "'")
	s = strings.TrimLeftFunc(s, func(r rune) bool {
		return r == '"' || r == '\ufeff' || unicode.IsSpace(r) || unicode.IsControl(r)
	})
	for _, first := range s {
		return strings.ContainsRune("=+-@＝＋－＠", first)
	}
	return false
}

// Visible is a text in which nothing acts on what shows it: control characters are
// the signs that Unicode has for them, and what turns the direction of writing
// round is U+FFFD. The characters of keep stay.
func Visible(s, keep string) string {
	return strings.Map(func(r rune) rune {
		const (
			pictures = 0x2400
			deleted  = 0x2421
		)
		switch {
		case strings.ContainsRune(keep, r):
			return r
		case r < ' ':
			return pictures + r
		case r == 0x7f:
			return deleted
		case r >= 0x80 && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c, r == 0xfeff, r == 0x2028, r == 0x2029:
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}
