package syntax

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Width is how long a line may be before it is broken, in characters. What
// cannot be broken, such as a long text, may be longer.
const Width = 80

// Format lays an expression out: one space around operators, one line where
// that fits into Width, and otherwise one term of && and || on a line. Tokens
// stay as they are written, except for doubled parentheses and commas at the
// end of a list, which go. Comments stay, on the line of what they follow or
// above what they precede. The result has no line feed at its end.
//
// Formatting twice is formatting once. The result is the same expression to
// cel-go (see Same) with the same comments, or an error is returned; an *Error
// says why the text is no expression.
func Format(text string) (string, error) { return format(text, Width) }

// FormatLine lays an expression out on one line, however long. The result has
// several where there are comments, or line feeds in a text.
func FormatLine(text string) (string, error) { return format(text, math.MaxInt32) }

// errLost means a fault of the formatter, which is better than what it would
// have done.
var errLost = errors.New("the formatter would change what the expression says")

func format(text string, width int) (string, error) {
	tree, err := Parse(text)
	if err != nil {
		return "", err
	}
	before, err := parsed(text)
	if err != nil {
		return "", err
	}
	want := comments(tree.Tokens)
	out := layout(tree, width)
	after, err := parsed(out)
	if err != nil || !same(before, after) {
		return "", fmt.Errorf("%w: %q", errLost, out)
	}
	again, err := Parse(out)
	if err != nil || !slices.Equal(want, comments(again.Tokens)) {
		return "", fmt.Errorf("%w: a comment is lost in %q", errLost, out)
	}
	return out, nil
}

// comments are all comments, sorted.
func comments(tokens []Token) []string {
	var out []string
	for _, t := range tokens {
		out = append(out, t.Before...)
		if t.After != "" {
			out = append(out, t.After)
		}
	}
	slices.Sort(out)
	return out
}

// layout prints a tree; it moves the comments of its tokens.
func layout(tree *Tree, width int) string {
	f := &formatter{tokens: tree.Tokens}
	end := len(f.tokens) - 1
	d := docs{f.node(tree.Root), remarks(f.tokens[end].Before)}
	p := &printer{width: width}
	return strings.TrimRight(p.print(d), " \n")
}

// formatter makes docs of nodes.
type formatter struct{ tokens []Token }

func (f *formatter) word(i int) doc { return word{&f.tokens[i]} }

// words are tokens without space between them, [first, end).
func (f *formatter) words(first, end int) docs {
	var out docs
	for i := first; i < end; i++ {
		out = append(out, f.word(i))
	}
	return out
}

func (f *formatter) node(n Node) doc {
	first, last := n.Range()
	switch n := n.(type) {
	case *Ident, *Literal:
		return f.words(first, last+1)
	case *Paren:
		if inner, ok := n.Inner.(*Paren); ok {
			switch {
			case !f.tokens[first].commented() && !f.tokens[last].commented():
				return f.node(inner)
			case !f.tokens[inner.first].commented() && !f.tokens[inner.last].commented():
				return f.node(&Paren{n.extent, inner.Inner})
			}
		}
		return f.brackets(first, []Node{n.Inner}, last)
	case *List:
		return f.brackets(first, n.Elements, last)
	case *Map:
		return f.brackets(first, n.Entries, last)
	case *Struct:
		open := first
		for f.tokens[open].Text != "{" {
			open++
		}
		return docs{f.words(first, open), f.brackets(open, n.Values, last)}
	case *Select, *Index, *Call:
		return f.postfix(n)
	case *Unary:
		return docs{f.words(first, first+n.Times), f.node(n.Operand)}
	case *Binary:
		return f.binary(n)
	case *Chain:
		return f.chain(n, false)
	case *Conditional:
		return f.conditional(n)
	}
	panic(fmt.Sprintf("syntax: no layout for %T", n))
}

// operandOf is what a field, an index or a function is of, nil where there is
// nothing.
func operandOf(n Node) Node {
	switch n := n.(type) {
	case *Select:
		return n.Operand
	case *Index:
		return n.Operand
	case *Call:
		return n.Target
	}
	return nil
}

// postfix lays out what follows a name: fields, indexes and functions. From the
// second function on each begins a line where all do not fit; those without
// arguments share one.
func (f *formatter) postfix(n Node) doc {
	var steps []Node
	base := n
	for operandOf(base) != nil {
		steps = append(steps, base)
		base = operandOf(base)
	}
	slices.Reverse(steps)
	var head docs
	if c, ok := base.(*Call); ok {
		head = docs{f.words(c.first, c.open), f.arguments(c)}
	} else {
		head = docs{f.node(base)}
	}
	var rest docs
	calls, bare := 0, false
	with := 0 // arguments
	for _, x := range steps {
		c, ok := x.(*Call)
		if ok {
			if len(c.Args) > 0 {
				with++
			}
			if calls++; calls > 1 && (!bare || len(c.Args) > 0) {
				rest = append(rest, line{empty: true, hugs: true})
			}
			bare = len(c.Args) == 0
		}
		name, args := f.step(x)
		if calls < 2 {
			head = append(head, nest{name}, args)
		} else {
			rest = append(rest, name, args)
		}
	}
	if with < 2 {
		rest = slices.DeleteFunc(rest, func(d doc) bool { _, ok := d.(line); return ok })
		return append(head, rest...)
	}
	return group{append(head, nest{rest})}
}

// step lays out a node without its operand: the name after the point, and
// what is in brackets.
func (f *formatter) step(n Node) (name, args doc) {
	_, last := n.Range()
	_, end := operandOf(n).Range()
	switch n := n.(type) {
	case *Call:
		return f.words(n.open-2, n.open), f.arguments(n)
	case *Index:
		return docs{}, f.brackets(end+1, []Node{n.Index}, last)
	}
	return f.words(end+1, last+1), docs{}
}

// arguments lays out those of a call, in their brackets.
func (f *formatter) arguments(n *Call) doc {
	if comma, ok := loop(n); ok {
		f.separate(comma, false)
		if !f.commentedIn(n.open, comma) {
			return f.looping(n, comma)
		}
	}
	return f.brackets(n.open, n.Args, n.last)
}

// loop says that a call binds its first argument, and the token of the comma
// after it.
func loop(n *Call) (comma int, ok bool) {
	if n.Target == nil || len(n.Args) != 2 {
		return 0, false
	}
	v, ok := n.Args[0].(*Ident)
	if !ok {
		return 0, false
	}
	return v.last + 1, true
}

// commentedIn says that there are comments from after a token to the start of
// the one after another.
func (f *formatter) commentedIn(open, comma int) bool {
	for i := open; i <= comma; i++ {
		if f.tokens[i].After != "" || i > open && len(f.tokens[i].Before) > 0 {
			return true
		}
	}
	return false
}

// looping lays out the arguments of a macro; the variable stays where the
// bracket opens.
func (f *formatter) looping(n *Call, comma int) doc {
	_, last := n.Range()
	body := docs{line{}, f.node(n.Args[1]), f.closing(last)}
	return group{docs{f.words(n.open, comma+1), nest{body}, line{empty: true}, f.word(last)}}
}

// closing takes the comments above a closing bracket, which are about what is
// inside.
func (f *formatter) closing(i int) remarks {
	out := f.tokens[i].Before
	f.tokens[i].Before = nil
	return out
}

// brackets lays out what stands between two tokens.
func (f *formatter) brackets(open int, items []Node, closed int) doc {
	if len(items) == 0 {
		if comma := &f.tokens[closed-1]; comma.Text == "," {
			if comma.After != "" {
				comma.Before = append(slices.Clip(comma.Before), comma.After)
			}
			f.tokens[closed].Before = slices.Concat(comma.Before, f.tokens[closed].Before)
		}
		return group{docs{f.word(open), nest{f.closing(closed)}, line{empty: true}, f.word(closed)}}
	}
	var inside docs
	at := open + 1
	for i, x := range items {
		first, last := x.Range()
		if i+1 < len(items) || f.tokens[last+1].Text == "," {
			f.separate(last+1, i+1 == len(items))
		}
		item := docs{f.words(at, first)} // such as ? or the name of a field
		if first > at && f.tokens[first-1].Text == ":" {
			item = append(item, space{})
		}
		item = append(item, f.node(x))
		at = last + 1
		pair := f.tokens[at].Text == ":"
		switch {
		case pair:
			item = append(item, f.word(at), space{})
			at++
		case f.tokens[at].Text == ",":
			if i+1 < len(items) {
				item = append(item, f.word(at))
			}
			at++
		}
		inside = append(inside, item)
		if !pair && i+1 < len(items) {
			inside = append(inside, line{})
		}
	}
	rest := f.closing(closed)
	if fillable(items) && len(rest) == 0 && !edgesOf(inside).inside {
		inside = fill(inside)
	}
	return group{docs{f.word(open), nest{docs{line{empty: true}, inside, rest}}, line{empty: true}, f.word(closed)}}
}

// fillable says that all items are literals, of which a line may have many.
func fillable(items []Node) bool {
	return len(items) > 1 && !slices.ContainsFunc(items, func(n Node) bool {
		_, ok := n.(*Literal)
		return !ok
	})
}

// fill lets each line be broken on its own.
func fill(items docs) docs {
	var out docs
	for i := 0; i < len(items); i++ {
		if l, ok := items[i].(line); ok {
			out = append(out, group{docs{l, items[i+1]}})
			i++
			continue
		}
		out = append(out, items[i])
	}
	return out
}

// separate moves the comments around a comma behind it, and those of a comma
// that goes to what is left.
func (f *formatter) separate(comma int, goes bool) {
	prev, t, next := &f.tokens[comma-1], &f.tokens[comma], &f.tokens[comma+1]
	if t.Text != "," {
		return
	}
	rest := t.Before
	t.Before = nil
	switch {
	case goes && t.After != "" && prev.After == "" && len(rest) == 0:
		prev.After = t.After
	case goes && t.After != "":
		rest = append(rest, t.After)
	case !goes && prev.After != "":
		if t.After != "" {
			rest = append(rest, t.After)
		}
		t.After, prev.After = prev.After, ""
	}
	if goes {
		t.After = ""
	}
	next.Before = slices.Concat(rest, next.Before)
}

// infix moves the comments around an operator before it: what follows the
// operator on its line is about what stands before.
func (f *formatter) infix(op int) {
	prev, t, next := &f.tokens[op-1], &f.tokens[op], &f.tokens[op+1]
	if t.After != "" {
		if prev.After == "" && len(t.Before) == 0 {
			prev.After = t.After
		} else {
			t.Before = append(slices.Clip(t.Before), t.After)
		}
		t.After = ""
	}
	t.Before = slices.Concat(t.Before, next.Before)
	next.Before = nil
}

// precedence of the operators of a Binary.
func precedence(op string) int {
	switch op {
	case "*", "/", "%":
		return 3
	case "+", "-":
		return 2
	}
	return 1
}

// binary lays out operators of one precedence.
func (f *formatter) binary(n *Binary) doc {
	level := precedence(n.Operator)
	var steps []*Binary
	var first Node = n
	for {
		b, ok := first.(*Binary)
		if !ok || precedence(b.Operator) != level {
			break
		}
		steps = append(steps, b)
		first = b.Left
	}
	slices.Reverse(steps)
	var rest docs
	for _, b := range steps {
		f.infix(b.op)
	}
	head := f.node(first)
	if level == 1 && len(steps) == 1 && whole(n.Right) && len(f.tokens[n.op].Before) == 0 {
		return docs{head, space{}, f.word(n.op), space{}, f.node(n.Right)}
	}
	for _, b := range steps {
		rest = append(rest, line{}, f.word(b.op), space{}, f.node(b.Right))
	}
	return group{docs{head, nest{rest}}}
}

// whole says that the right side of a comparison stays on the line of its
// operator: a value, or a list that is broken inside.
func whole(n Node) bool {
	switch n := n.(type) {
	case *Ident, *Literal, *List, *Paren:
		return true
	case *Select:
		return whole(n.Operand)
	case *Call:
		return n.Target == nil
	}
	return false
}

// chain lays out terms; those of a first term of another chain are indented
// more, so that they are not taken for its own.
func (f *formatter) chain(n *Chain, first bool) doc {
	for _, op := range n.ops {
		f.infix(op)
	}
	head := f.node
	if c, ok := n.Terms[0].(*Chain); ok {
		head = func(Node) doc { return f.chain(c, true) }
	}
	all := docs{head(n.Terms[0])}
	var rest docs
	for i, t := range n.Terms[1:] {
		rest = append(rest, line{}, f.word(n.ops[i]), space{}, f.node(t))
	}
	if first {
		return group{append(all, nest{nest{rest}})}
	}
	return group{append(all, nest{rest})}
}

// conditional lays out a cascade, one case on a line.
func (f *formatter) conditional(n *Conditional) doc {
	var head doc
	var rest docs
	for {
		f.infix(n.question)
		f.infix(n.colon)
		one := group{docs{f.node(n.Cond), nest{docs{line{}, f.word(n.question), space{}, f.node(n.Then)}}}}
		if head == nil {
			head = one
		} else {
			rest = append(rest, one)
		}
		rest = append(rest, line{}, f.word(n.colon), space{})
		more, ok := n.Else.(*Conditional)
		if !ok {
			rest = append(rest, f.node(n.Else))
			return group{docs{head, nest{rest}}}
		}
		n = more
	}
}
