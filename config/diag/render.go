package diag

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// maxShown is how many columns of a source line are printed: a line may be
// megabytes long.
const maxShown = 160

// tab is how wide a tab is printed, so that the caret below it fits.
const tab = "    "

// hidden stands for masked text; its length says nothing.
const hidden = "***"

// secretKey finds values that look like a secret by their key. It backs the
// exact masks up where a file could not be parsed, so that nothing is known
// of its keys.
var secretKey = regexp.MustCompile(
	`(?i)(?:token|secret|passw(?:or)?d|passphrase|private_key|api_?key|access_key|credential|dsn)[a-z_]*['"]?\s*:\s*(.*)`,
)

// Render writes the findings in the order of the list, each as
//
//	file:line:col: error[code]: summary
//	  | the source line
//	  |     ^^^^^^
//	  help: what to do
//
// The carets stand under the right characters with tabs, wide and combining
// runes before them.
func Render(w io.Writer, l List) {
	var b bytes.Buffer
	for i, d := range l {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(printable(d.String()))
		b.WriteByte('\n')
		excerpt(&b, d.Span)
		if d.Help != "" {
			fmt.Fprintf(&b, "  help: %s\n", strings.ReplaceAll(printable(d.Help), "\n", "\n        "))
		}
		for _, r := range d.Related {
			at := r.Span.String()
			if at != "" {
				at += ": "
			}
			fmt.Fprintf(&b, "  %s%s\n", at, printable(r.Message))
			excerpt(&b, r.Span)
		}
	}
	// A writer that fails has nobody to tell; the caller owns it.
	_, _ = w.Write(b.Bytes())
}

// excerpt writes the first line of a span with carets below.
func excerpt(b *bytes.Buffer, sp Span) {
	if sp.Source == nil || sp.Start.Line < 1 || sp.Start.Line > len(sp.Source.index()) {
		return
	}
	src := sp.Source
	line := src.Line(sp.Start.Line)
	from := sp.Start.Col - 1
	to := from + 1
	switch {
	case sp.End.Line == sp.Start.Line:
		to = max(to, sp.End.Col-1)
	case sp.End.Line > sp.Start.Line:
		to = max(to, utf8.RuneCount(bytes.TrimRight(line, " \t")))
	}

	// A long line is shown around its culprit.
	first := 0
	if len(line) > maxShown && from > maxShown/2 {
		first = from - maxShown/2
	}
	cells := src.cells(sp.Start.Line, line, first+maxShown)
	var text, carets strings.Builder
	shown := 0
	if first > 0 {
		text.WriteString("...")
		carets.WriteString("   ")
	}
	for i := first; i < max(len(cells), to); i++ {
		c := cell{" ", 1}
		if i < len(cells) {
			c = cells[i]
		}
		if shown += c.width; shown > maxShown {
			text.WriteString("...")
			break
		}
		if i < len(cells) {
			text.WriteString(c.text)
		}
		mark := " "
		if i >= from && i < to {
			mark = "^"
		}
		carets.WriteString(strings.Repeat(mark, c.width))
	}
	marks := strings.TrimRight(carets.String(), " ")
	if marks == "" || !strings.Contains(marks, "^") {
		marks = strings.Repeat(" ", len(carets.String())) + "^" // all of it is masked or has no width
	}
	fmt.Fprintf(b, "  | %s\n  | %s\n", strings.TrimRight(text.String(), " "), marks)
}

// cell is how one rune of a line is printed, and how many columns that takes.
type cell struct {
	text  string
	width int
}

// cells prepares the first runes of a line for printing, one cell a rune,
// masked parts hidden.
func (s *Source) cells(number int, line []byte, atMost int) []cell {
	start := s.index()[number-1].start
	var masks []mask
	for _, m := range s.masks {
		if m.start < start+len(line) && m.end > start {
			masks = append(masks, m)
		}
	}
	if m := secretKey.FindSubmatchIndex(line); m != nil && m[2] < m[3] && !holdsReference(line[m[2]:m[3]]) {
		masks = append(masks, mask{start + m[2], start + m[3]})
	}
	masked := func(at int) bool {
		return slices.ContainsFunc(masks, func(m mask) bool { return at >= m.start && at < m.end })
	}

	cells := make([]cell, 0, min(len(line), atMost))
	inside := false
	for at := 0; at < len(line) && len(cells) <= atMost; {
		r, size := utf8.DecodeRune(line[at:])
		hide := masked(start + at)
		switch {
		case hide && !inside:
			cells = append(cells, cell{hidden, len(hidden)})
		case hide:
			cells = append(cells, cell{})
		default:
			cells = append(cells, show(r))
		}
		inside = hide
		at += size
	}
	return cells
}

// holdsReference reports whether the text names a secret rather than being
// one.
func holdsReference(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(text, `'" `), []byte("${"))
}

// show is a rune as a terminal may print it: no control characters.
func show(r rune) cell {
	switch {
	case r == '\t':
		return cell{tab, len(tab)}
	case unicode.In(r, unicode.Mn, unicode.Me):
		return cell{string(r), 0}
	case !unicode.IsPrint(r):
		return cell{"\ufffd", 1}
	}
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return cell{string(r), 2}
	}
	return cell{string(r), 1}
}

// printable keeps control characters of a user's text from the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, s)
}
