// Package diag is how Customhouse tells a user what is wrong with the files
// they wrote: findings with a place, a stable code and advice, printed with
// the line they speak of.
//
// It knows nothing of YAML, SQL or the command line, and it never prints a
// part of a file that was masked because it may hold a secret. Start at
// Diagnostic, then Render.
package diag

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Source is a file as the user knows it. It is used by pointer.
type Source struct {
	// Name is the path relative to the project, with forward slashes.
	Name string
	Text []byte

	once  sync.Once
	lines []line

	masks []mask
}

// line is where a line starts, in bytes. marks are the offsets in the line of
// every stride-th rune, and nil where each byte is a character: most lines need
// no counting, and no line needs much.
type line struct {
	start int
	marks []int
}

const stride = 64

// mask is a range of bytes that is never shown.
type mask struct{ start, end int }

// index finds the lines once; a file is looked at many times.
func (s *Source) index() []line {
	s.once.Do(func() {
		for start := 0; start <= len(s.Text); {
			text, _, _ := bytes.Cut(s.Text[start:], []byte{'\n'})
			s.lines = append(s.lines, line{start, marks(text)})
			start += len(text) + 1
		}
	})
	return s.lines
}

// marks are those of a line.
func marks(text []byte) []int {
	if !bytes.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return nil
	}
	var out []int
	runes := 0
	for at := 0; at < len(text); runes++ {
		if runes%stride == 0 {
			out = append(out, at)
		}
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return out
}

// Line returns a line (1-based) without its end, nil where there is none.
func (s *Source) Line(n int) []byte {
	lines := s.index()
	if n < 1 || n > len(lines) {
		return nil
	}
	end := len(s.Text)
	if n < len(lines) {
		end = lines[n].start - 1
	}
	return bytes.TrimSuffix(s.Text[lines[n-1].start:end], []byte{'\r'})
}

// Pos returns the place of a byte offset; one past the end is a place too.
func (s *Source) Pos(offset int) Pos {
	offset = min(max(offset, 0), len(s.Text))
	for offset > 0 && offset < len(s.Text) && !utf8.RuneStart(s.Text[offset]) {
		offset--
	}
	lines := s.index()
	n, found := slices.BinarySearchFunc(lines, offset, func(l line, offset int) int { return l.start - offset })
	if !found {
		n--
	}
	l := lines[n]
	if l.marks == nil {
		return Pos{Line: n + 1, Col: offset - l.start + 1}
	}
	k, found := slices.BinarySearch(l.marks, offset-l.start)
	if !found {
		k--
	}
	return Pos{Line: n + 1, Col: k*stride + utf8.RuneCount(s.Text[l.start+l.marks[k]:offset]) + 1}
}

// Offset returns the byte offset of a place, within its line.
func (s *Source) Offset(p Pos) int {
	lines := s.index()
	if p.Line < 1 {
		return 0
	}
	if p.Line > len(lines) {
		return len(s.Text)
	}
	l, text := lines[p.Line-1], s.Line(p.Line)
	col := max(p.Col-1, 0)
	if l.marks == nil {
		return l.start + min(col, len(text))
	}
	k := min(col/stride, len(l.marks)-1)
	at := l.marks[k]
	for range col - k*stride {
		if at >= len(text) {
			break
		}
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return l.start + at
}

// Span returns the range of two byte offsets.
func (s *Source) Span(start, end int) Span {
	return Span{Source: s, Start: s.Pos(start), End: s.Pos(end)}
}

// Mask keeps a range out of everything that Render prints. It is for the
// loader, before anything is rendered; it is not safe for concurrent use.
func (s *Source) Mask(sp Span) {
	if sp.Source != s {
		return
	}
	start, end := s.Offset(sp.Start), s.Offset(sp.End)
	if start < end {
		s.masks = append(s.masks, mask{start, end})
	}
}

// Pos is a place in a Source; both are 1-based, Col counts runes.
type Pos struct{ Line, Col int }

// Before reports whether p comes before q.
func (p Pos) Before(q Pos) bool {
	return p.Line < q.Line || p.Line == q.Line && p.Col < q.Col
}

// Span is a range of a Source; End is exclusive. The zero Span is unknown.
type Span struct {
	Source     *Source
	Start, End Pos
}

// IsZero reports whether the place is unknown.
func (s Span) IsZero() bool { return s.Source == nil }

// String is file:line:col, or "" where the place is unknown. A span without a
// line is about the file as a whole.
func (s Span) String() string {
	switch {
	case s.Source == nil:
		return ""
	case s.Start.Line == 0:
		return s.Source.Name
	}
	return fmt.Sprintf("%s:%d:%d", s.Source.Name, s.Start.Line, s.Start.Col)
}

// Severity ranks a Diagnostic.
type Severity int

// The severities. The zero value is invalid on purpose.
const (
	Error Severity = iota + 1
	Warning
)

// String is the severity as users read it.
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	}
	return fmt.Sprintf("Severity(%d)", int(s))
}

// Related is a second place that a Diagnostic speaks of.
type Related struct {
	Span    Span
	Message string
}

// Diagnostic is one finding. Summary says what is wrong, Help what to do.
type Diagnostic struct {
	Severity Severity
	// Code is stable, such as "unknown-key"; docs/errors.md lists them.
	Code    string
	Span    Span
	Summary string
	Help    string
	Related []Related
}

// Errorf makes an error.
func Errorf(span Span, code, format string, args ...any) Diagnostic {
	return Diagnostic{Severity: Error, Code: code, Span: span, Summary: fmt.Sprintf(format, args...)}
}

// Warningf makes a warning.
func Warningf(span Span, code, format string, args ...any) Diagnostic {
	return Diagnostic{Severity: Warning, Code: code, Span: span, Summary: fmt.Sprintf(format, args...)}
}

// WithHelp returns d with advice.
func (d Diagnostic) WithHelp(format string, args ...any) Diagnostic {
	d.Help = fmt.Sprintf(format, args...)
	return d
}

// WithRelated returns d with one more place.
func (d Diagnostic) WithRelated(span Span, format string, args ...any) Diagnostic {
	d.Related = append(slices.Clip(d.Related), Related{Span: span, Message: fmt.Sprintf(format, args...)})
	return d
}

// String is the finding on one line.
func (d Diagnostic) String() string {
	text := fmt.Sprintf("%s[%s]: %s", d.Severity, d.Code, d.Summary)
	if at := d.Span.String(); at != "" {
		return at + ": " + text
	}
	return text
}

// place is a Pos in JSON.
type place struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// related is a Related in JSON.
type related struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// MarshalJSON writes the finding for tools: file, line, column and end are
// absent where the place is unknown. Columns count runes from 1.
func (d Diagnostic) MarshalJSON() ([]byte, error) {
	out := struct {
		File     string    `json:"file,omitempty"`
		Line     int       `json:"line,omitempty"`
		Column   int       `json:"column,omitempty"`
		End      *place    `json:"end,omitempty"`
		Severity string    `json:"severity"`
		Code     string    `json:"code"`
		Message  string    `json:"message"`
		Help     string    `json:"help,omitempty"`
		Related  []related `json:"related,omitempty"`
	}{
		Severity: d.Severity.String(), Code: d.Code, Message: d.Summary, Help: d.Help,
	}
	if d.Span.Source != nil {
		out.File, out.Line, out.Column = d.Span.Source.Name, d.Span.Start.Line, d.Span.Start.Col
		if d.Span.End.Line != 0 {
			out.End = &place{d.Span.End.Line, d.Span.End.Col}
		}
	}
	for _, r := range d.Related {
		rel := related{Message: r.Message}
		if r.Span.Source != nil {
			rel.File, rel.Line, rel.Column = r.Span.Source.Name, r.Span.Start.Line, r.Span.Start.Col
		}
		out.Related = append(out.Related, rel)
	}
	return json.Marshal(out)
}

// List is a set of findings; as an error it reads as all of them.
type List []Diagnostic //nolint:errname // a list of findings first, an error where that is handy

// Error is one line for each finding.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// Sort returns the findings by file and position, without repetitions.
// Findings of one place stay in the order in which they were made.
func (l List) Sort() List {
	out := slices.Clone(l)
	slices.SortStableFunc(out, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Span.file(), b.Span.file()),
			cmp.Compare(a.Span.Start.Line, b.Span.Start.Line),
			cmp.Compare(a.Span.Start.Col, b.Span.Start.Col),
		)
	})
	return slices.CompactFunc(out, func(a, b Diagnostic) bool {
		return a.Span == b.Span && a.Code == b.Code && a.Summary == b.Summary
	})
}

func (s Span) file() string {
	if s.Source == nil {
		return ""
	}
	return s.Source.Name
}

// HasErrors reports whether a finding is an error.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err is the list as an error: nil where no finding is one.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return l
}

// Split returns the errors and the others, each in order.
func (l List) Split() (errs, rest List) {
	for _, d := range l {
		if d.Severity == Error {
			errs = append(errs, d)
		} else {
			rest = append(rest, d)
		}
	}
	return errs, rest
}
