package rules

import (
	"math"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/models/expr/syntax"
)

// FromCEL reads an expression as a rule. It fails, with an *syntax.Error, only
// where the text is no expression: what has no widget is CEL inside the tree.
// Its CEL is the same expression to cel-go (see syntax.Same) and has
// the words of all its comments.
func FromCEL(text string) (*Rule, error) {
	// Formatting puts comments where they are looked for.
	text, err := syntax.Format(text)
	if err != nil {
		return nil, err
	}
	r, err := read(text)
	if err != nil {
		return nil, err
	}
	if lossless(text, r) {
		return r, nil
	}
	return &Rule{CEL: text}, nil
}

// lossless says that a rule is the expression, with its comments.
func lossless(text string, r *Rule) bool {
	if len(r.check()) > 0 {
		return false
	}
	out, err := r.written()
	return err == nil && equal(text, out)
}

// equal says that two texts are the same expression with the same comments.
func equal(a, b string) bool {
	same, err := syntax.Same(a, b)
	return err == nil && same && slices.Equal(remarks(a), remarks(b))
}

// remarks are the words of all comments, sorted.
func remarks(text string) []string {
	tree, err := syntax.Parse(text)
	if err != nil {
		return nil
	}
	var out []string
	for _, t := range tree.Tokens {
		out = append(out, comments(t.Before, t.After)...)
	}
	slices.Sort(out)
	return out
}

// read makes a rule of an expression, without proof that nothing is lost.
func read(text string) (*Rule, error) {
	tree, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	r := &reader{tree: tree}
	rule, ok := r.rule(tree.Root, "")
	if !ok {
		return &Rule{CEL: text}, nil
	}
	rule.Comment = append(rule.Comment, r.take(len(tree.Tokens)-1, len(tree.Tokens)-1)...)
	return rule, nil
}

// reader recognises the shapes of a tree. It takes the comments off the tokens
// as it gives them to rules.
type reader struct{ tree *syntax.Tree }

// comments are the words of comments.
func comments(before []string, after string) []string {
	var out []string
	if after != "" {
		before = append(slices.Clip(before), after)
	}
	for _, c := range before {
		out = append(out, strings.TrimSpace(strings.TrimPrefix(c, "//")))
	}
	return out
}

// take takes the comments of the tokens [first, last].
func (r *reader) take(first, last int) []string {
	var out []string
	for i := first; i <= last; i++ {
		t := &r.tree.Tokens[i]
		out = append(out, comments(t.Before, t.After)...)
		t.Before, t.After = nil, ""
	}
	return out
}

// above takes the comments above a token.
func (r *reader) above(i int) []string {
	t := &r.tree.Tokens[i]
	out := comments(t.Before, "")
	t.Before = nil
	return out
}

// beside takes the comment on the line of a token.
func (r *reader) beside(i int) []string {
	t := &r.tree.Tokens[i]
	out := comments(nil, t.After)
	t.After = ""
	return out
}

// rule reads a condition. ok is false only below a row, of which what has no
// widget stays together, with the author's name for the row.
func (r *reader) rule(n syntax.Node, row string) (*Rule, bool) {
	first, last := n.Range()
	inner := syntax.Of(n)
	start, end := inner.Range()
	comment := r.above(first)
	out, ok := r.shape(inner, row)
	if !ok {
		return nil, false
	}
	comment = append(comment, out.Comment...)
	// What is left stands at brackets and operators, or inside of CEL.
	comment = append(comment, r.take(first, start-1)...)
	if out.CEL == "" {
		comment = append(comment, r.take(start, end)...)
	}
	comment = append(comment, r.take(end+1, last)...)
	out.Comment = comment
	return out, true
}

// shape reads a group or a condition that has no brackets around it.
func (r *reader) shape(n syntax.Node, row string) (*Rule, bool) {
	if c, ok := n.(*syntax.Chain); ok {
		rules, ok := r.terms(c, row)
		switch {
		case !ok:
			return nil, false
		case c.Operator == "&&":
			return &Rule{All: rules}, true
		}
		return &Rule{Any: rules}, true
	}
	if of, ok := complement(n); ok {
		if c, ok := of.(*syntax.Chain); ok && c.Operator == "||" {
			rules, ok := r.terms(c, row)
			return &Rule{None: rules}, ok
		}
		one, ok := r.rule(of, row)
		return &Rule{None: []*Rule{one}}, ok
	}
	// A condition that has a comment inside stays as it is written.
	first, last := n.Range()
	comment := append(r.above(first), r.beside(last)...)
	before := slices.Clone(r.tree.Tokens)
	if c, ok := r.condition(n, row); ok && c.operates() && !r.commented(first, last) {
		c.Comment = append(comment, c.Comment...)
		return c, true
	}
	copy(r.tree.Tokens, before)
	if row != "" {
		return nil, false
	}
	text := r.tree.Source(n)
	r.take(first, last) // they are in the text
	if pretty, err := syntax.Format(text); err == nil {
		text = pretty
	}
	return &Rule{CEL: text, Comment: comment}, true
}

// commented says that a token of [first, last] still has a comment.
func (r *reader) commented(first, last int) bool {
	return slices.ContainsFunc(r.tree.Tokens[first:last+1], func(t syntax.Token) bool { return len(t.Before) > 0 || t.After != "" })
}

// terms reads those of a chain; comments above an operator are about the term
// after it.
func (r *reader) terms(c *syntax.Chain, row string) ([]*Rule, bool) {
	var out []*Rule
	for i, t := range c.Terms {
		var comment []string
		if first, _ := t.Range(); i > 0 {
			comment = append(r.above(first-1), r.beside(first-1)...)
		}
		x, ok := r.rule(t, row)
		if !ok {
			return nil, false
		}
		x.Comment = append(comment, x.Comment...)
		out = append(out, x)
	}
	return out, true
}

// complement recognises !is_true(x).
func complement(n syntax.Node) (syntax.Node, bool) {
	u, ok := n.(*syntax.Unary)
	if !ok || u.Operator != "!" || u.Times != 1 {
		return nil, false
	}
	c, ok := syntax.Of(u.Operand).(*syntax.Call)
	if !ok || c.Target != nil || c.Name != "is_true" || len(c.Args) != 1 {
		return nil, false
	}
	return syntax.Of(c.Args[0]), true
}

// operates says that the operator of a condition can be given its value.
func (r *Rule) operates() bool {
	o, ok := findOperator(r.Op)
	return ok && o.takes(r.Value)
}

// name is the operator of a shape and word.
func name(f form, word string, not bool) string {
	for _, o := range operators {
		if o.form == f && o.word == word && o.not == not {
			return o.name
		}
	}
	return "" // no operator
}

// condition reads an operator with its operands.
func (r *reader) condition(n syntax.Node, row string) (*Rule, bool) {
	not := false
	if u, ok := n.(*syntax.Unary); ok && u.Operator == "!" && u.Times == 1 {
		not, n = true, syntax.Of(u.Operand)
	}
	switch x := n.(type) {
	case *syntax.Binary:
		if v, ok := r.value(x.Left, row); ok && x.Operator == "in" && v.Field == "" {
			return r.compare(x.Right, name(member, "in", not), v, row)
		}
		v, ok := r.value(x.Right, row)
		if !ok {
			return nil, false
		}
		return r.compare(x.Left, name(infix, x.Operator, not), v, row)
	case *syntax.Call:
		switch {
		case x.Target == nil && len(x.Args) == 1 && x.Name == "has":
			return r.compare(x.Args[0], name(has, "has", not), nil, row)
		case x.Target != nil && len(x.Args) == 1 && name(method, x.Name, not) != "":
			v, ok := r.value(x.Args[0], row)
			if !ok {
				return nil, false
			}
			return r.compare(x.Target, name(method, x.Name, not), v, row)
		}
	}
	return r.compare(n, name(bare, "", not), nil, row)
}

// compare is a condition on a subject.
func (r *reader) compare(n syntax.Node, op string, v *Value, row string) (*Rule, bool) {
	out, ok := r.subject(syntax.Of(n), row)
	if !ok {
		return nil, false
	}
	out.Op, out.Value = op, v
	return out, true
}

// subject reads what a condition is about.
func (r *reader) subject(n syntax.Node, row string) (*Rule, bool) {
	if field, ok := r.field(n, row); ok {
		return &Rule{Field: field}, true
	}
	if c, ok := n.(*syntax.Call); ok && c.Target == nil && len(c.Args) == 1 && row == "" {
		if text, ok := r.text(c.Args[0]); ok && text != "" {
			switch c.Name {
			case "in_segment":
				return &Rule{Segment: text}, true
			case "consent":
				return &Rule{Consent: text}, true
			}
		}
	}
	if row == "" {
		if out, ok := r.collection(n); ok {
			return out, true
		}
	}
	inner, call, ok := r.call(n, row)
	if !ok {
		return nil, false
	}
	if field, ok := r.field(inner, row); ok {
		return &Rule{Field: field, Call: call}, true
	}
	if out, ok := r.collection(inner); ok && row == "" && slices.Contains(methods, call.Name) {
		if m, ok := findMeasure(out.Measure); ok && m.field && out.Call == nil {
			out.Call = call
			return out, true
		}
	}
	return nil, false
}

// field reads a dotted name, after that of the row where one is at hand.
func (r *reader) field(n syntax.Node, row string) (string, bool) {
	path, ok := dotted(syntax.Of(n))
	if !ok || row == "" {
		return path, ok && path != "now" && path != "true"
	}
	return strings.CutPrefix(path, row+".")
}

// dotted is a name, or names joined by points.
func dotted(n syntax.Node) (string, bool) {
	switch n := n.(type) {
	case *syntax.Ident:
		return n.Name, !n.Absolute
	case *syntax.Select:
		path, ok := dotted(n.Operand)
		return path + "." + n.Field, ok && !n.Optional && n.Field[0] != '`'
	}
	return "", false
}

// call reads a function of something, which it returns.
func (r *reader) call(n syntax.Node, row string) (syntax.Node, *Call, bool) {
	c, ok := n.(*syntax.Call)
	if !ok {
		return nil, nil, false
	}
	of, args := c.Target, c.Args
	known := slices.Contains(methods, c.Name)
	if of == nil && len(args) > 0 {
		of, args = args[0], args[1:]
		known = slices.Contains(functions, c.Name)
	}
	if of == nil || !known {
		return nil, nil, false
	}
	call := &Call{Name: c.Name}
	for _, a := range args {
		v, ok := r.value(a, row)
		if !ok || v.List != nil {
			return nil, nil, false
		}
		call.Args = append(call.Args, v)
	}
	return syntax.Of(of), call, true
}

// collection reads what is asked of the rows of a source.
func (r *reader) collection(n syntax.Node) (*Rule, bool) {
	out := &Rule{}
	if s, ok := n.(*syntax.Select); ok { // orders.last().sku
		if s.Optional || s.Field[0] == '`' {
			return nil, false
		}
		out.Of, n = s.Field, syntax.Of(s.Operand)
	}
	c, ok := n.(*syntax.Call)
	if !ok || c.Target == nil {
		return nil, false
	}
	if d, ok := syntax.Of(c.Target).(*syntax.Call); ok && d.Name == "distinct" {
		if c.Name != "size" || len(c.Args) > 0 || out.Of != "" || d.Target == nil {
			return nil, false
		}
		c = d
	} else if c.Name == "distinct" {
		return nil, false // a list, not its size
	}
	m, ok := findMeasure(c.Name)
	if !ok || m.field != (out.Of != "") {
		return nil, false
	}
	out.Measure = m.name
	rows := syntax.Of(c.Target)
	if f, ok := rows.(*syntax.Call); ok && f.Target != nil && f.Name == "filter" && len(f.Args) == 2 {
		if out.Filter = m.test; m.test && m.name != "count" {
			return nil, false
		}
		if !r.where(f, out) {
			return nil, false
		}
		rows = syntax.Of(f.Target)
	}
	source, ok := rows.(*syntax.Ident)
	if !ok || source.Absolute {
		return nil, false
	}
	out.Collection = source.Name
	filtered := out.Where != nil || out.Within != nil
	switch {
	case m.field:
		return out, len(c.Args) == 0
	case m.of:
		return out, r.of(c, out)
	case len(c.Args) == 0:
		// Of a text and a list there is a size too.
		return out, m.name == "count" || m.name == "size" && filtered
	}
	return out, m.test && !filtered && r.where(c, out)
}

// variable is the name of the row in a call of two arguments.
func variable(c *syntax.Call) (string, bool) {
	if len(c.Args) != 2 {
		return "", false
	}
	v, ok := c.Args[0].(*syntax.Ident)
	if !ok || v.Absolute {
		return "", false
	}
	return v.Name, true
}

// of reads the column of an aggregate.
func (r *reader) of(c *syntax.Call, out *Rule) bool {
	row, ok := variable(c)
	if !ok || out.As != "" && out.As != row {
		return false
	}
	out.As = row
	n := syntax.Of(c.Args[1])
	if inner, call, ok := r.call(n, row); ok && slices.Contains(methods, call.Name) {
		n, out.Call = inner, call
	}
	out.Of, ok = r.field(n, row)
	return ok && !strings.Contains(out.Of, ".")
}

// where reads the condition of filter(), exists() and the like.
func (r *reader) where(c *syntax.Call, out *Rule) bool {
	row, ok := variable(c)
	if !ok {
		return false
	}
	out.As = row
	n := c.Args[1]
	if l, ok := syntax.Of(n).(*syntax.Literal); ok && r.tree.Source(l) == "true" && c.Name != "filter" && c.Name != "count" {
		return true // any row
	}
	if within, ok := r.recent(n, row); ok {
		out.Within = within
		return true
	}
	chain, ok := syntax.Of(n).(*syntax.Chain)
	if !ok || chain.Operator != "&&" {
		out.Where, ok = r.rule(n, row)
		return ok
	}
	within, recent := r.recent(chain.Terms[len(chain.Terms)-1], row)
	first, _ := n.Range()
	comment := r.above(first)
	rules, ok := r.terms(chain, row)
	if !ok {
		return false
	}
	if !recent {
		out.Where = &Rule{All: rules, Comment: comment}
		return true
	}
	rules, last := rules[:len(rules)-1], rules[len(rules)-1]
	if len(last.Comment) > 0 { // nothing of a builder shows it
		return false
	}
	out.Within = within
	if out.Where = rules[0]; len(rules) > 1 || out.Where.All != nil {
		out.Where = &Rule{All: rules}
	}
	if len(comment) > 0 {
		rules[0].Comment = append(comment, rules[0].Comment...)
	}
	return true
}

// recent recognises row.time > now - days(30).
func (r *reader) recent(n syntax.Node, row string) (*Value, bool) {
	b, ok := syntax.Of(n).(*syntax.Binary)
	if !ok || b.Operator != ">" {
		return nil, false
	}
	v, ok := r.value(b.Right, row)
	if field, of := r.field(b.Left, row); !ok || !of || field != rowTime || v.Ago == nil {
		return nil, false
	}
	return v.Ago, true
}

// text reads a text.
func (r *reader) text(n syntax.Node) (string, bool) {
	v, ok := r.value(n, "")
	if !ok || v.String == nil {
		return "", false
	}
	return *v.String, true
}

// value reads a constant, a time or a field.
func (r *reader) value(n syntax.Node, row string) (*Value, bool) {
	switch n := syntax.Of(n).(type) {
	case *syntax.Literal:
		return r.literal(n)
	case *syntax.List:
		return r.list(n, row)
	case *syntax.Ident:
		if n.Name == "now" && !n.Absolute {
			return &Value{Now: true}, true
		}
	case *syntax.Binary:
		return r.relative(n, row)
	case *syntax.Call:
		return r.made(n)
	}
	field, ok := r.field(n, row)
	return &Value{Field: field}, ok
}

func (r *reader) literal(l *syntax.Literal) (*Value, bool) {
	value, ok := r.tree.Value(l)
	if !ok {
		return nil, false
	}
	switch x := value.(type) {
	case int64:
		return &Value{Int: &x}, x <= maxInt && x >= -maxInt
	case float64:
		return &Value{Double: &x}, !math.IsInf(x, 0) && (x != 0 || !math.Signbit(x))
	case string:
		return &Value{String: &x}, !strings.ContainsRune(x, '\uFFFD')
	case bool:
		return &Value{Bool: &x}, true
	case nil:
		return &Value{Null: true}, true
	}
	return nil, false // bytes, and unsigned numbers
}

func (r *reader) list(l *syntax.List, row string) (*Value, bool) {
	out := &Value{}
	first, last := l.Range()
	for i := first; i <= last; i++ {
		if r.tree.Tokens[i].Text == "?" {
			return nil, false
		}
	}
	for _, x := range l.Elements {
		v, ok := r.value(x, row)
		if !ok || v.List != nil {
			return nil, false
		}
		out.List = append(out.List, v)
	}
	return out, len(out.List) > 0
}

// relative reads now - days(30) and now + days(7).
func (r *reader) relative(b *syntax.Binary, row string) (*Value, bool) {
	now, ok := r.value(b.Left, row)
	if !ok || !now.Now {
		return nil, false
	}
	span, ok := r.value(b.Right, row)
	if !ok || !span.isSpan() {
		return nil, false
	}
	switch b.Operator {
	case "-":
		return &Value{Ago: span}, true
	case "+":
		return &Value{Ahead: span}, true
	}
	return nil, false
}

// isSpan says that the value is a length of time.
func (v *Value) isSpan() bool {
	return v.Duration != nil || v.Days != nil || v.Hours != nil || v.Minutes != nil
}

// made reads the functions that make times.
func (r *reader) made(c *syntax.Call) (*Value, bool) {
	if c.Target != nil || len(c.Args) == 0 || len(c.Args) > 2 {
		return nil, false
	}
	var args []*Value
	for _, a := range c.Args {
		l, ok := syntax.Of(a).(*syntax.Literal)
		if !ok {
			return nil, false
		}
		v, ok := r.literal(l)
		if !ok {
			return nil, false
		}
		args = append(args, v)
	}
	x := args[0]
	if c.Name == "start_of" && x.String != nil && *x.String != "" {
		p := &Period{Unit: *x.String}
		if len(args) == 2 {
			p.Offset = args[1].Int
		}
		return &Value{StartOf: p}, len(args) == 1 || p.Offset != nil
	}
	if len(args) != 1 {
		return nil, false
	}
	switch c.Name {
	case "timestamp":
		return &Value{Timestamp: x.String}, x.String != nil
	case "duration":
		return &Value{Duration: x.String}, x.String != nil
	case "days":
		return &Value{Days: x.Int}, x.Int != nil
	case "hours":
		return &Value{Hours: x.Int}, x.Int != nil
	case "minutes":
		return &Value{Minutes: x.Int}, x.Int != nil
	case "days_ago":
		return &Value{DaysAgo: x.Int}, x.Int != nil
	}
	return nil, false
}
