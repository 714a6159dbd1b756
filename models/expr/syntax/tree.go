package syntax

// Tree is an expression as it is written.
type Tree struct {
	// Text is what was parsed; Tokens are its tokens, the last of which is End.
	Text   string
	Tokens []Token
	Root   Node
}

// Node is a part of an expression: Ident, Literal, Paren, List, Map, Struct,
// Select, Index, Call, Unary, Binary, Chain or Conditional.
type Node interface {
	// Range is the node's tokens: [first, last].
	Range() (first, last int)
	node()
}

// extent is the tokens of a node, by their place in Tree.Tokens.
type extent struct{ first, last int }

func (e extent) Range() (first, last int) { return e.first, e.last }

// Ident is a name; Absolute where a point stands before it.
type Ident struct {
	extent
	Name     string
	Absolute bool
}

// Literal is a number, a text, bytes, true, false or null. A negative number
// is one literal of two tokens.
type Literal struct {
	extent
	Kind TokenKind
}

// Paren is an expression in parentheses.
type Paren struct {
	extent
	Inner Node
}

// List is a list written out.
type List struct {
	extent
	Elements []Node
}

// Map is a map written out; Entries alternates keys and values.
type Map struct {
	extent
	Entries []Node
}

// Struct is a message written out; Values are those of its fields.
type Struct struct {
	extent
	Values []Node
}

// Select is a field of Operand; Optional where it is written with .?
type Select struct {
	extent
	Operand  Node
	Field    string
	Optional bool
}

// Index is an element of Operand.
type Index struct {
	extent
	Operand, Index Node
	Optional       bool
}

// Call is a function of Args, or of a Target; Target is nil otherwise.
type Call struct {
	extent
	Target Node
	Name   string
	Args   []Node

	open int // the token of the parenthesis
}

// Unary is ! or -, once or more often, before Operand.
type Unary struct {
	extent
	Operator string
	Times    int
	Operand  Node
}

// Binary is an arithmetic or comparing operator, or in, between two operands.
type Binary struct {
	extent
	Operator    string
	Left, Right Node

	op int // the token of the operator
}

// Chain is two or more terms joined by && or by ||. It has the terms that are
// written side by side: those in parentheses are a Paren.
type Chain struct {
	extent
	Operator string
	Terms    []Node

	ops []int
}

// Conditional is Cond ? Then : Else.
type Conditional struct {
	extent
	Cond, Then, Else Node

	question, colon int
}

func (*Ident) node()       {}
func (*Literal) node()     {}
func (*Paren) node()       {}
func (*List) node()        {}
func (*Map) node()         {}
func (*Struct) node()      {}
func (*Select) node()      {}
func (*Index) node()       {}
func (*Call) node()        {}
func (*Unary) node()       {}
func (*Binary) node()      {}
func (*Chain) node()       {}
func (*Conditional) node() {}

// Source is the text of a node as it is written, with the comments inside.
func (t *Tree) Source(n Node) string {
	first, last := n.Range()
	end := t.Tokens[last]
	return t.Text[t.Tokens[first].Start : end.Start+len(end.Text)]
}

// Of is what is inside the parentheses around a node.
func Of(n Node) Node {
	for {
		p, ok := n.(*Paren)
		if !ok {
			return n
		}
		n = p.Inner
	}
}
