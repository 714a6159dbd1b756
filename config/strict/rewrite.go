package strict

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// Edit gives a text another value.
type Edit struct {
	// Node is the text, which has to be a scalar.
	Node Node
	// Value is what it shall be, without a line feed at its end. Where it has
	// several lines and stands in brackets, which cannot hold a block, the text
	// becomes Single instead, which means the same; an empty one is none.
	Value, Single string
}

// ErrRewrite is that a file cannot hold what it should.
var ErrRewrite = errors.New("the file cannot be rewritten")

// Rewrite returns the file of root with other values for some of its texts.
// All else stays byte for byte. A text keeps its style (plain, quoted, block)
// unless the value has several lines, for which it becomes a literal block, or
// cannot be said in that style. The result is parsed again: it holds the edited
// values, and the file's own for everything else, or there is an error.
func Rewrite(root Node, edits []Edit) ([]byte, error) {
	if len(edits) == 0 {
		return root.doc.src.Text, nil
	}
	text := root.doc.src.Text
	r := &rewriter{src: root.doc.src, places: map[*yaml.Node]holder{}}
	r.visit(root.n, holder{})
	choices := make([][]choice, len(edits))
	for i, e := range edits {
		if choices[i] = r.choices(e); len(choices[i]) == 0 {
			return nil, fmt.Errorf("%w: %s cannot hold the text", ErrRewrite, e.Node.Span())
		}
	}
	picked := make([]choice, len(edits))
	for i := range edits {
		picked[i] = choices[i][0]
	}
	if out, ok := r.apply(text, root.n, edits, picked); ok {
		return out, nil
	}
	// One by one, each in the first way that works.
	picked = picked[:0]
	var out []byte
	for i, e := range edits {
		found := false
		for _, c := range choices[i] {
			if out, found = r.apply(text, root.n, edits[:i+1], append(slices.Clip(picked), c)); found {
				picked = append(picked, c)
				break
			}
		}
		if !found {
			return nil, fmt.Errorf("%w: %s cannot hold the text", ErrRewrite, e.Node.Span())
		}
	}
	return out, nil
}

// splice replaces the bytes [start, end).
type splice struct {
	start, end int
	text       string
}

// choice is one way to write a value.
type choice struct {
	value   string
	splices []splice
}

// holder is where a scalar stands.
type holder struct {
	flow   bool // in brackets
	indent int  // spaces before the lines of a block
}

// rewriter knows where the scalars of a file stand.
type rewriter struct {
	src    *diag.Source
	places map[*yaml.Node]holder
}

func (r *rewriter) visit(n *yaml.Node, at holder) {
	r.places[n] = at
	at.flow = at.flow || n.Style&yaml.FlowStyle != 0
	for i, c := range n.Content {
		at.indent = c.Column - 1 // of a list's items, whose columns are counted from 1
		if n.Kind == yaml.MappingNode {
			at.indent = n.Content[i&^1].Column + 1 // of the key, and two more
		}
		r.visit(c, at)
	}
}

// choices are the ways to write an edit, the best one first.
func (r *rewriter) choices(e Edit) []choice {
	n, text := e.Node.n, r.src.Text
	at := r.src.Offset(diag.Pos{Line: n.Line, Col: n.Column})
	w := walk(text, at, n.Style, n.Value)
	if !w.complete {
		return nil
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return r.block(n, at, w, e)
	}
	var out []choice
	flow := r.places[n].flow
	put := func(value, written string) {
		c := choice{value: value}
		if value != n.Value {
			c.splices = []splice{{at, w.stop, written}}
		}
		out = append(out, c)
	}
	single := e.Value
	if strings.Contains(single, "\n") {
		if !flow && literal(single) {
			out = append(out, r.newBlock(n, at, w.stop, single))
		}
		if single = e.Single; single == "" {
			return out
		}
	}
	if !strings.Contains(single, "\n") && printable(single) {
		if n.Style == 0 && plain(single, flow) {
			put(single, single)
		}
		if n.Style&yaml.DoubleQuotedStyle == 0 {
			put(single, "'"+strings.ReplaceAll(single, "'", "''")+"'")
		}
	}
	put(single, doubleQuoted(single))
	return out
}

// block are the ways to write a value where a block stands.
func (r *rewriter) block(n *yaml.Node, at int, w *walker, e Edit) []choice {
	value := strings.TrimRight(n.Value, "\n")
	first := len(value) - len(strings.TrimLeft(value, "\n"))
	if first == len(value) || !literal(e.Value) {
		return nil
	}
	text := r.src.Text
	header := at + bytes.IndexByte(text[at:], '\n') + 1
	start := w.places[first].start
	indent := start - (bytes.LastIndexByte(text[:start], '\n') + 1)
	splices := []splice{{header, w.places[len(value)-1].end, r.lines(e.Value, indent, at)}}
	if n.Style&yaml.FoldedStyle != 0 && strings.Contains(e.Value, "\n") {
		splices = append(splices, splice{at, at + 1, "|"})
	}
	return []choice{{e.Value, splices}}
}

// newBlock makes a literal block of a scalar. What follows the scalar on its
// line, such as a comment, stays there.
func (r *rewriter) newBlock(n *yaml.Node, start, end int, value string) choice {
	text := r.src.Text
	c := choice{value: value, splices: []splice{{start, end, "|"}}}
	if before := bytes.TrimRight(text[:start], " \t\r\n"); bytes.HasSuffix(before, []byte(":")) && bytes.Contains(text[len(before):start], []byte("\n")) {
		// A scalar on a line of its own: the block begins on that of its key.
		c.splices[0] = splice{len(before), end, " |"}
	}
	lines := r.lines(value, r.places[n].indent, start)
	if i := bytes.IndexByte(text[end:], '\n'); i >= 0 {
		at := end + i + 1
		c.splices = append(c.splices, splice{at, at, lines + r.lineFeed(start)})
		return c
	}
	c.splices = append(c.splices, splice{len(text), len(text), r.lineFeed(start) + lines})
	return c
}

// lineFeed is how the lines around an offset end.
func (r *rewriter) lineFeed(at int) string {
	text := r.src.Text
	i := bytes.IndexByte(text[at:], '\n')
	if i < 0 {
		i = bytes.LastIndexByte(text[:at], '\n') - at
	}
	if i+at > 0 && text[at+i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// lines are those of a block, without an end after the last.
func (r *rewriter) lines(value string, indent, at int) string {
	lines := strings.Split(value, "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = strings.Repeat(" ", indent) + l
		}
	}
	return strings.Join(lines, r.lineFeed(at))
}

// literal says that a literal block can hold a value as it is.
func literal(value string) bool {
	for line := range strings.SplitSeq(value, "\n") {
		if !printable(line) {
			return false
		}
	}
	return value != "" && value[0] != ' ' && value[0] != '\n' && value[0] != '\t'
}

// printable says that all characters of a line can stand in YAML as they are.
func printable(line string) bool {
	return !strings.ContainsFunc(line, func(r rune) bool {
		return r != '\t' && (unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == unicode.ReplacementChar)
	})
}

// plain says that a value of one line certainly needs no quotes. Others may
// not either.
func plain(value string, flow bool) bool {
	first, last := value[0], value[len(value)-1]
	letter := first == '_' || first >= 'a' && first <= 'z' || first >= 'A' && first <= 'Z'
	return letter && last != ':' && !strings.Contains(value, ": ") && !strings.Contains(value, " #") &&
		(!flow || !strings.ContainsAny(value, "[]{},"))
}

// doubleQuoted writes a value as YAML with escapes.
func doubleQuoted(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range value {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case !printable(string(r)):
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// apply writes the picked choices, and says whether the file then holds what
// it should.
func (r *rewriter) apply(text []byte, root *yaml.Node, edits []Edit, picked []choice) ([]byte, bool) {
	var splices []splice
	wanted := map[*yaml.Node]string{}
	for i, c := range picked {
		splices = append(splices, c.splices...)
		wanted[edits[i].Node.n] = c.value
	}
	slices.SortStableFunc(splices, func(a, b splice) int { return cmp.Compare(a.start, b.start) })
	var out bytes.Buffer
	at := 0
	for _, s := range splices {
		if s.start < at {
			return nil, false
		}
		out.Write(text[at:s.start])
		out.WriteString(s.text)
		at = s.end
	}
	out.Write(text[at:])
	again := &diag.Source{Name: r.src.Name, Text: out.Bytes()}
	sound := true
	parsed := Parse(again, func(diag.Diagnostic) { sound = false })
	return again.Text, sound && agree(root, parsed.n, wanted)
}

// agree says that two trees are the same but for the values wanted.
func agree(a, b *yaml.Node, wanted map[*yaml.Node]string) bool {
	if b == nil || a.Kind != b.Kind || a.ShortTag() != b.ShortTag() || len(a.Content) != len(b.Content) {
		return false
	}
	if value, ok := wanted[a]; ok {
		return strings.TrimRight(b.Value, "\n") == value
	}
	if a.Value != b.Value {
		return false
	}
	for i := range a.Content {
		if !agree(a.Content[i], b.Content[i], wanted) {
			return false
		}
	}
	return true
}
