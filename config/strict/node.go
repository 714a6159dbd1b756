package strict

import (
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// Node is a handle on a YAML value, kept for positions. The zero Node is
// absent: it has no place, no keys and no text.
type Node struct {
	doc *document
	n   *yaml.Node
}

// Kind is what a Node is.
type Kind int

// The kinds. The zero value is an absent Node.
const (
	Absent Kind = iota
	Null
	Scalar
	List
	Mapping
)

// Kind says what the value is.
func (n Node) Kind() Kind {
	switch {
	case n.n == nil:
		return Absent
	case n.n.Kind == yaml.SequenceNode:
		return List
	case n.n.Kind == yaml.MappingNode:
		return Mapping
	case n.n.ShortTag() == "!!null":
		return Null
	}
	return Scalar
}

// IsString reports whether the value is a text, and not a number, a truth
// value, a date or null.
func (n Node) IsString() bool {
	return n.n != nil && n.n.Kind == yaml.ScalarNode && n.n.ShortTag() == "!!str"
}

// Span is the place of the value itself, to the end of its last part.
func (n Node) Span() diag.Span {
	if n.n == nil {
		return diag.Span{}
	}
	last := n.n
	for len(last.Content) > 0 {
		last = last.Content[len(last.Content)-1]
	}
	end := diag.Pos{Line: last.Line, Col: last.Column + 1}
	if last.Kind == yaml.ScalarNode {
		end = Node{doc: n.doc, n: last}.scalarEnd()
	}
	return diag.Span{Source: n.doc.src, Start: diag.Pos{Line: n.n.Line, Col: n.n.Column}, End: end}
}

// scalarEnd is just after a scalar's last character.
func (n Node) scalarEnd() diag.Pos {
	if n.n.Style == 0 && n.n.Value == "" { // a null that is not written
		return diag.Pos{Line: n.n.Line, Col: n.n.Column}
	}
	src := n.doc.src
	w := walk(src.Text, src.Offset(diag.Pos{Line: n.n.Line, Col: n.n.Column}), n.n.Style, n.n.Value)
	if !w.complete {
		return diag.Pos{Line: n.n.Line, Col: utf8.RuneCount(src.Line(n.n.Line)) + 1}
	}
	return src.Pos(w.stop)
}

// Get is the value at a path of keys (list positions as decimal text), or the
// absent Node.
func (n Node) Get(path ...string) Node {
	for _, p := range path {
		_, n = n.child(p)
	}
	return n
}

// child returns the key and value of one step.
func (n Node) child(name string) (key, value Node) {
	switch n.Kind() {
	case Mapping:
		for i := 0; i+1 < len(n.n.Content); i += 2 {
			if n.n.Content[i].Value == name {
				return Node{n.doc, n.n.Content[i]}, Node{n.doc, n.n.Content[i+1]}
			}
		}
	case List:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(n.n.Content) {
			return Node{}, Node{n.doc, n.n.Content[i]}
		}
	case Absent, Null, Scalar:
	}
	return Node{}, Node{}
}

// At is the place of the value at a path of keys (list positions as decimal
// text), or of the nearest ancestor that exists.
func (n Node) At(path ...string) diag.Span {
	for _, p := range path {
		_, value := n.child(p)
		if value.n == nil {
			return n.head()
		}
		n = value
	}
	return n.Span()
}

// head is the place of a value as a whole: a mapping's first key, not all its
// lines.
func (n Node) head() diag.Span {
	if n.Kind() == Mapping && len(n.n.Content) > 0 {
		return Node{n.doc, n.n.Content[0]}.Span()
	}
	return n.Span()
}

// Key is the place of the key at a path, or of the nearest ancestor that
// exists.
func (n Node) Key(path ...string) diag.Span {
	at := n.head()
	for _, p := range path {
		key, value := n.child(p)
		switch {
		case value.n == nil:
			return at
		case key.n != nil:
			at = key.Span()
		default:
			at = value.head()
		}
		n = value
	}
	return at
}

// Text is the scalar at a path, with the places of its bytes. It is the zero
// Text where there is none.
func (n Node) Text(path ...string) Text {
	n = n.Get(path...)
	if n.n == nil || n.n.Kind != yaml.ScalarNode {
		return Text{}
	}
	return Text{
		Value: n.n.Value, src: n.doc.src, style: n.n.Style,
		at: diag.Pos{Line: n.n.Line, Col: n.n.Column},
	}
}

// Fields are the keys of a mapping with their values, in the file's order. A
// repeated key comes as often as it is written.
func (n Node) Fields() []Field {
	if n.Kind() != Mapping {
		return nil
	}
	fields := make([]Field, 0, len(n.n.Content)/2)
	for i := 0; i+1 < len(n.n.Content); i += 2 {
		fields = append(fields, Field{
			Key:   Node{n.doc, n.n.Content[i]},
			Value: Node{n.doc, n.n.Content[i+1]},
		})
	}
	return fields
}

// Field is one key of a mapping with its value.
type Field struct{ Key, Value Node }

// Items are the values of a list.
func (n Node) Items() []Node {
	if n.Kind() != List {
		return nil
	}
	items := make([]Node, len(n.n.Content))
	for i, c := range n.n.Content {
		items[i] = Node{n.doc, c}
	}
	return items
}

// Mask keeps the value out of every excerpt: it is a secret, or may be one.
func (n Node) Mask() {
	if n.n != nil {
		sp := n.Span()
		// A list or mapping is masked to the end of its last line, with the
		// brackets and quotes that Span does not know of.
		if n.Kind() != Scalar {
			sp.End.Col = utf8.RuneCount(n.doc.src.Line(sp.End.Line)) + 1
		}
		n.doc.src.Mask(sp)
	}
}

// Private returns the node such that values below it which cannot be placed
// (of unknown keys, of the wrong type) are masked: they may be secrets.
func (n Node) Private() Node {
	if n.doc == nil || n.doc.private {
		return n
	}
	return Node{doc: &document{src: n.doc.src, private: true}, n: n.n}
}
