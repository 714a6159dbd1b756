package strict

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// Text is a scalar of a YAML file together with where each of its bytes
// stands, so that an error inside embedded text (CEL) can point into the file
// that the user edits, in all five scalar styles.
type Text struct {
	Value string

	src   *diag.Source
	at    diag.Pos
	style yaml.Style
}

// wholeFile marks a Text that is its Source, byte by byte.
const wholeFile yaml.Style = 1 << 31

// IsZero reports whether there is no text.
func (t Text) IsZero() bool { return t.src == nil && t.Value == "" }

// Span maps the bytes [start, end) of Value to their place in the file. An
// empty range is the place before its byte; after the last byte there is one.
func (t Text) Span(start, end int) diag.Span {
	if t.src == nil {
		return diag.Span{}
	}
	start = min(max(start, 0), len(t.Value))
	end = min(max(end, start), len(t.Value))
	if t.style&wholeFile != 0 {
		return t.src.Span(start, end)
	}
	w := walk(t.src.Text, t.src.Offset(t.at), t.style, t.Value)
	if !w.complete {
		// The file is not what the parser read: its start is still right.
		return diag.Span{Source: t.src, Start: t.at, End: diag.Pos{Line: t.at.Line, Col: t.at.Col + 1}}
	}
	from := w.after
	if start < len(w.places) {
		from = w.places[start].start
	}
	to := from
	if end > start {
		to = w.places[end-1].end
	}
	return t.src.Span(from, to)
}

// place is where a byte of a value is written, [start, end) in the file.
type place struct{ start, end int }

// walker goes through a scalar as it is written and its value at once. The
// value, which the parser decoded, says how the written text is to be read
// wherever the rules of YAML need more than a look at the next character.
type walker struct {
	text  []byte
	at    int // in text
	value string
	// places has one entry for each byte of value so far.
	places []place
	// after is just after the last character of the value, stop after the
	// scalar with its closing quote.
	after, stop int
	// complete says that all of value was found.
	complete bool
}

// walk finds every byte of value in the scalar that is written at an offset.
func walk(text []byte, at int, style yaml.Style, value string) *walker {
	w := &walker{text: text, at: at, value: value, places: make([]place, 0, len(value))}
	switch {
	case style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		w.block(style&yaml.FoldedStyle != 0)
	case style&yaml.DoubleQuotedStyle != 0:
		w.at++
		w.flow('"')
	case style&yaml.SingleQuotedStyle != 0:
		w.at++
		w.flow('\'')
	default:
		w.flow(0)
	}
	w.complete = len(w.places) == len(value)
	return w
}

// left is the part of the value that is not found yet.
func (w *walker) left() string { return w.value[len(w.places):] }

// put says that the next n bytes of the value are written at [start, end).
func (w *walker) put(n, start, end int) {
	for range n {
		w.places = append(w.places, place{start, end})
	}
	w.after = end
}

// take matches the next byte of the file with the next of the value.
func (w *walker) take() bool {
	left := w.left()
	if left == "" || w.at >= len(w.text) || w.text[w.at] != left[0] {
		return false
	}
	w.put(1, w.at, w.at+1)
	w.at++
	return true
}

// peek is the byte some places on, 0 past the end.
func (w *walker) peek(n int) byte {
	if w.at+n < len(w.text) {
		return w.text[w.at+n]
	}
	return 0
}

// blanks counts the spaces and tabs ahead.
func (w *walker) blanks() int {
	n := 0
	for w.peek(n) == ' ' || w.peek(n) == '\t' {
		n++
	}
	return n
}

// lineEnd is the length of the line end some places on, 0 where there is none.
func (w *walker) lineEnd(n int) int {
	switch {
	case w.peek(n) == '\n':
		return 1
	case w.peek(n) == '\r' && w.peek(n+1) == '\n':
		return 2
	}
	return 0
}

// flow walks a plain (quote 0) or quoted scalar.
func (w *walker) flow(quote byte) {
	defer func() { w.stop = max(w.at, w.after) }()
	w.after = w.at
	for w.left() != "" || quote != 0 {
		c := w.peek(0)
		switch {
		case w.at >= len(w.text):
			return
		case quote != 0 && c == quote && (quote != '\'' || w.peek(1) != '\''):
			w.after = w.at
			w.at++
			return
		case quote == '\'' && c == '\'':
			w.put(1, w.at, w.at+2)
			w.at += 2
		case quote == '"' && c == '\\':
			if !w.escape() {
				return
			}
		default:
			if n := w.blanks(); w.lineEnd(n) > 0 {
				if !w.fold(n) {
					return
				}
			} else if !w.take() {
				return
			}
		}
	}
}

// fold passes a line break of a flow scalar: one is a space in the value, each
// empty line after it a line feed.
func (w *walker) fold(blanks int) bool {
	w.at += blanks
	start := w.at
	w.at += w.lineEnd(0)
	end := w.at
	empty := 0
	for {
		n := w.blanks()
		w.at += n
		size := w.lineEnd(0)
		if size == 0 {
			break
		}
		if !strings.HasPrefix(w.left(), "\n") {
			return false
		}
		w.put(1, w.at, w.at+size)
		w.at += size
		empty++
	}
	if empty == 0 {
		if !strings.HasPrefix(w.left(), " ") {
			return false
		}
		w.put(1, start, end)
	}
	return true
}

// escapes are the lengths of double-quoted escapes with digits.
var escapes = map[byte]int{'x': 4, 'u': 6, 'U': 10}

// escape passes a backslash and what it stands for.
func (w *walker) escape() bool {
	if size := w.lineEnd(1); size > 0 {
		// An escaped line break joins the lines; empty lines after it count.
		w.at += 1 + size
		for {
			n := w.blanks()
			w.at += n
			size := w.lineEnd(0)
			if size == 0 {
				return true
			}
			if !strings.HasPrefix(w.left(), "\n") {
				return false
			}
			w.put(1, w.at, w.at+size)
			w.at += size
		}
	}
	size := 2
	if n, ok := escapes[w.peek(1)]; ok {
		size = n
	}
	left := w.left()
	if left == "" {
		return false
	}
	_, n := utf8.DecodeRuneInString(left)
	w.put(n, w.at, min(w.at+size, len(w.text)))
	w.at = min(w.at+size, len(w.text))
	return true
}

// block walks a literal or folded scalar. Its position is that of the | or >.
func (w *walker) block(folded bool) {
	w.stop = w.at + 1
	defer func() { w.stop = max(w.stop, w.after) }()
	next := bytes.IndexByte(w.text[min(w.at, len(w.text)):], '\n')
	if next < 0 {
		w.after = w.stop
		return
	}
	w.at += next + 1
	w.after = w.at
	indent := w.indent()
	for w.left() != "" && w.at <= len(w.text) {
		w.at += min(w.spaces(), indent)
		for w.at < len(w.text) && w.lineEnd(0) == 0 {
			if !w.take() {
				return
			}
		}
		if !w.blockBreak(folded, indent) {
			return
		}
	}
}

// spaces counts the spaces ahead; tabs do not indent.
func (w *walker) spaces() int {
	n := 0
	for w.peek(n) == ' ' {
		n++
	}
	return n
}

// indent is how many spaces the block's lines start with: what the first line
// that is not empty has more in the file than in the value. Lines are still
// one to one there, in both styles.
func (w *walker) indent() int {
	lead := func(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }
	number := 0
	for line := range strings.Lines(w.value) {
		if line == "\n" {
			number++
			continue
		}
		for raw := range bytes.Lines(w.text[w.at:]) {
			if number == 0 {
				return max(lead(raw)-lead([]byte(line)), 0)
			}
			number--
		}
	}
	return len(w.text) // nothing but empty lines
}

// blockBreak passes the line breaks after a line of a block: the one that ends
// it and those of the empty lines that follow. In a literal each is a line
// feed; in a folded one the first is a space, or nothing before empty lines,
// unless a line next to it starts with a blank.
func (w *walker) blockBreak(folded bool, indent int) bool {
	var breaks []place
	for {
		n := min(w.spaces(), indent)
		size := w.lineEnd(n)
		if size == 0 {
			break
		}
		breaks = append(breaks, place{w.at + n, w.at + n + size})
		w.at += n + size
	}
	left := w.left()
	if len(breaks) == 0 {
		if w.at >= len(w.text) && left == "\n" {
			w.put(1, w.at, w.at) // the file's last line has no end, its value does
		}
		return false
	}
	if folded && strings.HasPrefix(left, " ") && len(breaks) == 1 {
		w.put(1, breaks[0].start, breaks[0].end)
		return true
	}
	feeds := len(left) - len(strings.TrimLeft(left, "\n"))
	if folded && feeds == len(breaks)-1 && feeds < len(left) {
		breaks = breaks[1:] // the first was folded away
	}
	for i := range min(feeds, len(breaks)) {
		w.put(1, breaks[i].start, breaks[i].end)
	}
	return left == "" || feeds > 0 || folded
}
