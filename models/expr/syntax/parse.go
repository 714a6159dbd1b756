package syntax

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits of one expression. They keep the time of a mistake, or of a
// malicious file, bounded.
const (
	maxCodePoints = 20_000
	maxDepth      = 60
)

// Parse reads an expression. The error, if any, is an *Error.
func Parse(text string) (*Tree, error) {
	if utf8.RuneCountInString(text) > maxCodePoints {
		return nil, &Error{0, 0, "the expression is too long", "Divide it into traits."}
	}
	if !utf8.ValidString(text) {
		return nil, &Error{0, 0, "the expression is not UTF-8", "Save the file as UTF-8."}
	}
	tokens, bad := lex(text)
	if bad != nil {
		return nil, bad
	}
	p := &reader{tree: &Tree{Text: text, Tokens: tokens}}
	if p.is(End) {
		return nil, &Error{0, len(text), "there is no expression here", "Write one, such as true."}
	}
	p.tree.Root = p.expression()
	if p.bad == nil && !p.is(End) {
		p.unexpected()
	}
	if p.bad != nil {
		return nil, p.bad
	}
	return p.tree, nil
}

// reader goes through the tokens once. After the first error it only ends.
type reader struct {
	tree  *Tree
	at    int
	depth int
	bad   *Error
}

func (p *reader) token() *Token { return &p.tree.Tokens[p.at] }

// is says that the next token is of a kind.
func (p *reader) is(kind TokenKind) bool { return p.token().Kind == kind }

// sees says that the next token is one of some operators or keywords.
func (p *reader) sees(texts ...string) bool {
	t := p.token()
	return p.bad == nil && (t.Kind == Operator || t.Kind == Keyword) && slices.Contains(texts, t.Text)
}

// next passes a token and returns its place.
func (p *reader) next() int {
	p.at++
	return p.at - 1
}

// accept passes a token if it is there.
func (p *reader) accept(text string) bool {
	if !p.sees(text) {
		return false
	}
	p.at++
	return true
}

// expect passes an operator that has to be there.
func (p *reader) expect(text string) int {
	if p.accept(text) {
		return p.at - 1
	}
	p.unexpected(text)
	return p.at
}

// unexpected reports the next token.
func (p *reader) unexpected(wanted ...string) {
	if p.bad != nil {
		return
	}
	t := p.token()
	e := &Error{Start: t.Start, End: t.Start + len(t.Text)}
	if t.Kind == End {
		e.Summary = "the expression ends too early"
	} else {
		e.Summary = t.Text + " is not expected here"
	}
	if len(wanted) > 0 {
		e.Summary += ": " + wanted[0] + " should follow"
	}
	switch t.Text {
	case "and", "AND":
		e.Help = "Write && for and."
	case "or", "OR":
		e.Help = "Write || for or."
	}
	p.bad = e
}

// since is the extent from a token to the one before the next.
func (p *reader) since(first int) extent { return extent{first, max(first, p.at-1)} }

// enter bounds how deep expressions nest.
func (p *reader) enter() bool {
	if p.depth++; p.depth > maxDepth && p.bad == nil {
		t := p.token()
		p.bad = &Error{t.Start, t.Start + len(t.Text), "the expression nests too deep", "Divide it into traits."}
	}
	return p.bad == nil
}

func (p *reader) leave() { p.depth-- }

// nothing stands for what could not be read; an error has been reported.
func (p *reader) nothing() Node { return &Ident{extent: extent{p.at, p.at}} }

func (p *reader) expression() Node {
	if !p.enter() {
		return p.nothing()
	}
	defer p.leave()
	first := p.at
	cond := p.chain("||", func() Node { return p.chain("&&", p.relation) })
	if !p.sees("?") {
		return cond
	}
	c := &Conditional{Cond: cond, question: p.next()}
	c.Then = p.chain("||", func() Node { return p.chain("&&", p.relation) })
	c.colon = p.expect(":")
	c.Else = p.expression()
	c.extent = p.since(first)
	return c
}

func (p *reader) chain(op string, term func() Node) Node {
	first := p.at
	x := term()
	if !p.sees(op) {
		return x
	}
	c := &Chain{Operator: op, Terms: []Node{x}}
	for p.sees(op) {
		c.ops = append(c.ops, p.next())
		c.Terms = append(c.Terms, term())
	}
	c.extent = p.since(first)
	return c
}

// binary reads operators of one precedence, which bind to the left.
func (p *reader) binary(operand func() Node, ops ...string) Node {
	first := p.at
	x := operand()
	for n := 1; p.sees(ops...); n++ {
		if n > 2*maxDepth && p.bad == nil {
			p.bad = &Error{p.token().Start, p.token().Start + len(p.token().Text), "the expression nests too deep", "Divide it into traits."}
		}
		op := p.next()
		x = &Binary{Operator: p.tree.Tokens[op].Text, Left: x, op: op, Right: operand()}
		b, ok := x.(*Binary)
		if ok {
			b.extent = p.since(first)
		}
	}
	return x
}

func (p *reader) relation() Node {
	return p.binary(func() Node {
		return p.binary(func() Node { return p.binary(p.unary, "*", "/", "%") }, "+", "-")
	}, "<", "<=", ">=", ">", "==", "!=", "in")
}

func (p *reader) unary() Node {
	first := p.at
	for _, op := range []string{"!", "-"} {
		times := 0
		for p.sees(op) {
			p.next()
			times++
		}
		if times == 0 {
			continue
		}
		if number := p.is(Int) || p.is(Double); op == "-" && number {
			// The last sign is the number's own.
			p.at--
			times--
			x := p.member()
			if times == 0 {
				return x
			}
			return &Unary{p.since(first), op, times, x}
		}
		x := p.member()
		return &Unary{p.since(first), op, times, x}
	}
	return p.member()
}

func (p *reader) member() Node {
	first := p.at
	x := p.primary()
	for n := 1; ; n++ {
		if n > 2*maxDepth && p.bad == nil {
			p.bad = &Error{p.token().Start, p.token().Start + len(p.token().Text), "the expression nests too deep", "Divide it into traits."}
		}
		switch {
		case p.accept("."):
			optional := p.accept("?")
			name := p.token()
			if !p.is(Name) {
				p.unexpected("a name")
				return x
			}
			p.next()
			if p.sees("(") && !optional && name.Text[0] != '`' {
				c := &Call{Target: x, Name: name.Text, open: p.next()}
				c.Args = p.args()
				c.extent = p.since(first)
				x = c
				continue
			}
			x = &Select{p.since(first), x, name.Text, optional}
		case p.accept("["):
			optional := p.accept("?")
			i := p.expression()
			p.expect("]")
			x = &Index{p.since(first), x, i, optional}
		default:
			return x
		}
	}
}

// args reads arguments and the closing parenthesis.
func (p *reader) args() []Node {
	var out []Node
	if p.accept(")") {
		return nil
	}
	for {
		out = append(out, p.expression())
		if !p.accept(",") {
			p.expect(")")
			return out
		}
	}
}

func (p *reader) primary() Node {
	first := p.at
	t := p.token()
	switch t.Kind {
	case Int, Uint, Double, String, Bytes:
		p.next()
		return &Literal{p.since(first), t.Kind}
	case Keyword:
		if t.Text != "in" {
			p.next()
			return &Literal{p.since(first), t.Kind}
		}
	case Name:
		return p.named(first)
	case Operator:
		switch t.Text {
		case "-": // of a number: see unary
			if kind := p.tree.Tokens[p.at+1].Kind; kind == Int || kind == Double {
				p.at += 2
				return &Literal{p.since(first), kind}
			}
		case ".":
			p.next()
			return p.named(first)
		case "(":
			p.next()
			x := p.expression()
			p.expect(")")
			return &Paren{p.since(first), x}
		case "[":
			p.next()
			x := p.elements("]", false)
			return &List{p.since(first), x}
		case "{":
			p.next()
			x := p.elements("}", true)
			return &Map{p.since(first), x}
		}
	case End:
	}
	p.unexpected()
	return p.nothing()
}

// named reads what starts with a name: a call, a message or the name itself.
func (p *reader) named(first int) Node {
	t := p.token()
	if t.Kind != Name || t.Text[0] == '`' {
		p.unexpected("a name")
		return p.nothing()
	}
	absolute := first < p.at
	p.next()
	if p.sees("(") {
		c := &Call{Name: t.Text, open: p.next()}
		if absolute {
			c.Name = "." + c.Name
		}
		c.Args = p.args()
		c.extent = p.since(first)
		return c
	}
	if end, ok := p.message(); ok {
		p.at = end
		p.next()
		x := p.fields()
		return &Struct{p.since(first), x}
	}
	return &Ident{p.since(first), t.Text, absolute}
}

// message looks ahead for the bracket of a message after a dotted name.
func (p *reader) message() (bracket int, ok bool) {
	tokens := p.tree.Tokens
	at := p.at
	for tokens[at].Text == "." && tokens[at+1].Kind == Name && !strings.HasPrefix(tokens[at+1].Text, "`") {
		at += 2
	}
	return at, tokens[at].Kind == Operator && tokens[at].Text == "{"
}

// elements reads a list, or keys and values, and the closing bracket.
func (p *reader) elements(end string, pairs bool) []Node {
	var out []Node
	p.accept(",") // cel-go reads [,] as an empty list
	for p.bad == nil && !p.sees(end) {
		p.accept("?")
		out = append(out, p.expression())
		if pairs {
			p.expect(":")
			out = append(out, p.expression())
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(end)
	return out
}

// fields reads those of a message and the closing bracket.
func (p *reader) fields() []Node {
	var out []Node
	p.accept(",")
	for p.bad == nil && !p.sees("}") {
		p.accept("?")
		if !p.is(Name) {
			p.unexpected("a name")
			return out
		}
		p.next()
		p.expect(":")
		out = append(out, p.expression())
		if !p.accept(",") {
			break
		}
	}
	p.expect("}")
	return out
}
