package syntax

import (
	"slices"
	"strings"
)

// doc is a text with places where it may be broken into lines: after
// P. Wadler, "A prettier printer" (2003), with comments that end their line.
type doc interface{ isDoc() }

type (
	// word is a token with the comments around it.
	word struct{ *Token }
	// space is always one.
	space struct{}
	// line is a space, or the end of a line where its group is broken; an empty
	// one is nothing instead of a space. One that hugs is no end after a line
	// that is only a closing bracket.
	line struct{ empty, hugs bool }
	// remarks are comments on lines of their own.
	remarks []string
	// nest indents the lines that begin inside.
	nest struct{ doc }
	// group is on one line where it fits, and otherwise broken at all its lines.
	group struct{ doc }
	// docs follow each other.
	docs []doc
)

func (word) isDoc()    {}
func (space) isDoc()   {}
func (line) isDoc()    {}
func (remarks) isDoc() {}
func (nest) isDoc()    {}
func (group) isDoc()   {}
func (docs) isDoc()    {}

// edges says where a doc has comments that need a line's end beside them.
type edges struct {
	empty                 bool // no token
	before, inside, after bool
}

func edgesOf(d doc) edges {
	switch d := d.(type) {
	case word:
		return edges{before: len(d.Before) > 0, after: d.After != ""}
	case remarks:
		return edges{empty: len(d) == 0, before: true, after: true}
	case nest:
		return edgesOf(d.doc)
	case group:
		return edgesOf(d.doc)
	case docs:
		all := edges{empty: true}
		for _, x := range d {
			e := edgesOf(x)
			switch {
			case e.empty:
			case all.empty:
				all = e
			default:
				all.inside = all.inside || all.after || e.before || e.inside
				all.after = e.after
			}
		}
		return all
	}
	return edges{empty: true}
}

// piece is a doc still to be printed.
type piece struct {
	doc    doc
	indent int
	flat   bool
}

// printer writes a doc.
type printer struct {
	out    strings.Builder
	width  int
	column int
	// begun says that the line has text; gap that a space is due before more,
	// ended that the line ends before more.
	begun, gap, ended bool
	// closing says that the line is one closing bracket.
	closing bool
}

const indentation = 2

func (p *printer) newline() {
	p.out.WriteByte('\n')
	p.column, p.begun, p.gap, p.ended = 0, false, false, false
}

// write puts text on the line, which may hold line feeds of its own.
func (p *printer) write(text string, indent int) {
	if p.ended {
		p.newline()
	}
	switch {
	case !p.begun:
		p.out.WriteString(strings.Repeat(" ", indent))
		p.column = indent
	case p.gap:
		p.out.WriteByte(' ')
		p.column++
	}
	p.closing = !p.begun && text == ")"
	p.begun, p.gap = true, false
	p.out.WriteString(text)
	p.column += columns(text)
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		p.column = columns(text[i+1:])
	}
}

func columns(text string) int { return len([]rune(text)) }

// remark puts comments on lines of their own.
func (p *printer) remark(comments []string, indent int) {
	for _, c := range comments {
		if p.begun {
			p.newline()
		}
		p.write(c, indent)
		p.ended = true
	}
}

func (p *printer) print(d doc) string {
	stack := []piece{{d, 0, false}}
	for len(stack) > 0 {
		x := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch d := x.doc.(type) {
		case word:
			p.remark(d.Before, x.indent)
			if d.Text != "" {
				p.write(d.Text, x.indent)
			}
			if d.After != "" {
				p.gap = true
				p.write(d.After, x.indent)
				p.ended = true
			}
		case remarks:
			p.remark(d, x.indent)
		case space:
			p.gap = true
		case line:
			switch {
			case !x.flat && d.hugs && p.closing:
			case !x.flat:
				p.ended = true
			case !d.empty:
				p.gap = true
			}
		case nest:
			stack = append(stack, piece{d.doc, x.indent + indentation, x.flat})
		case group:
			flat := x.flat || !edgesOf(d.doc).inside && p.fits(piece{d.doc, x.indent, true}, stack)
			stack = append(stack, piece{d.doc, x.indent, flat})
		case docs:
			for _, part := range slices.Backward(d) {
				stack = append(stack, piece{part, x.indent, x.flat})
			}
		}
	}
	return p.out.String()
}

// fits says whether the line holds a piece and what follows it up to the next
// place where it can be broken.
func (p *printer) fits(x piece, rest []piece) bool {
	left := p.width - p.column
	switch {
	case p.ended || !p.begun:
		left = p.width - x.indent
	case p.gap:
		left--
	}
	stack := []piece{x}
	for left >= 0 {
		if len(stack) == 0 {
			if len(rest) == 0 {
				return true
			}
			stack = append(stack, rest[len(rest)-1])
			rest = rest[:len(rest)-1]
		}
		x := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch d := x.doc.(type) {
		case word:
			first, _, more := strings.Cut(d.Text, "\n")
			left -= columns(first)
			if more || d.After != "" {
				return left >= 0
			}
		case space:
			left--
		case line:
			if !x.flat {
				return true
			}
			if !d.empty {
				left--
			}
		case nest:
			stack = append(stack, piece{d.doc, x.indent, x.flat})
		case group:
			stack = append(stack, piece{d.doc, x.indent, x.flat})
		case docs:
			for _, part := range slices.Backward(d) {
				stack = append(stack, piece{part, x.indent, x.flat})
			}
		}
	}
	return false
}
