package rules

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/models/expr/syntax"
)

// TreeError is what is wrong with a tree.
type TreeError struct {
	// Pointer is where, as a JSON pointer (RFC 6901) from the rule.
	Pointer       string
	Summary, Help string
}

func (p *TreeError) Error() string { return strings.TrimPrefix(p.Pointer+": "+p.Summary, ": ") }

// ToCEL writes a rule as an expression, formatted. The error has a TreeError for
// everything that keeps it from being one. Reading the expression gives the
// rule back, in the form that FromCEL gives it: a group of one rule is that
// rule, and CEL that has a widget is one.
func ToCEL(r *Rule) (string, error) {
	if problems := r.check(); len(problems) > 0 {
		errs := make([]error, len(problems))
		for i, p := range problems {
			errs[i] = p
		}
		return "", errors.Join(errs...)
	}
	text, err := r.written()
	if err != nil {
		return "", err
	}
	again, err := FromCEL(text)
	if err != nil {
		return "", &TreeError{Summary: "the rule has no form in CEL: " + err.Error()}
	}
	if second, err := again.written(); err != nil || !equal(second, text) {
		return "", &TreeError{Summary: "the rule has no form in CEL that gives it back", Help: "Report it, with the rule."}
	}
	return text, nil
}

// written is the formatted expression, unchecked.
func (r *Rule) written() (string, error) {
	w := writer{}
	text, err := syntax.Format(w.rule(r, top, ""))
	if err != nil {
		return "", &TreeError{Summary: "the rule has no form in CEL: " + err.Error()}
	}
	return text, nil
}

// level is what an expression is a part of.
type level int

const (
	top   level = iota // of nothing, or of brackets
	inAny              // of ||
	inAll              // of &&
)

// writer makes expressions that Format can lay out.
type writer struct{}

// rule writes a rule; row is the name of the row whose columns fields are.
func (w writer) rule(r *Rule, in level, row string) string {
	var b strings.Builder
	for _, c := range r.Comment {
		b.WriteString("\n// " + c + "\n")
	}
	switch {
	case r.All != nil:
		b.WriteString(w.group(r.All, " && ", inAll, in, row))
	case r.Any != nil:
		b.WriteString(w.group(r.Any, " || ", inAny, in, row))
	case r.None != nil:
		b.WriteString("!is_true(" + w.group(r.None, " || ", inAny, top, row) + ")")
	case r.CEL != "":
		b.WriteString(w.raw(r.CEL, in))
	default:
		b.WriteString(w.condition(r, row))
	}
	return b.String()
}

func (w writer) group(rules []*Rule, op string, own, in level, row string) string {
	if len(rules) == 1 {
		return w.rule(rules[0], in, row)
	}
	terms := make([]string, len(rules))
	for i, r := range rules {
		terms[i] = w.rule(r, own, row)
	}
	text := strings.Join(terms, op)
	// A chain in one of its own kind needs the brackets to stay a group.
	if in >= own {
		return "(" + text + ")"
	}
	return text
}

// raw writes CEL, in brackets where they keep it together.
func (w writer) raw(text string, in level) string {
	text += "\n" // a comment may be at its end
	tree, err := syntax.Parse(text)
	if err != nil || in == top {
		return text
	}
	switch n := tree.Root.(type) {
	case *syntax.Conditional:
		return "(" + text + ")"
	case *syntax.Chain:
		if n.Operator == "||" || in >= inAll {
			return "(" + text + ")"
		}
	}
	return text
}

func (w writer) condition(r *Rule, row string) string {
	o, _ := findOperator(r.Op)
	not := ""
	if o.not {
		not = "!"
	}
	x := w.subject(r, row)
	switch o.form {
	case infix:
		text := x + " " + o.word + " " + w.value(r.Value, row)
		if o.not {
			return "!(" + text + ")"
		}
		return text
	case method:
		return not + x + "." + o.word + "(" + w.value(r.Value, row) + ")"
	case member:
		text := w.value(r.Value, row) + " in " + x
		if o.not {
			return "!(" + text + ")"
		}
		return text
	case has:
		return not + "has(" + x + ")"
	case bare:
	}
	return not + x
}

// subject is what a condition is about.
func (w writer) subject(r *Rule, row string) string {
	switch {
	case r.Segment != "":
		return "in_segment(" + quote(r.Segment) + ")"
	case r.Consent != "":
		return "consent(" + quote(r.Consent) + ")"
	case r.Collection != "":
		return w.collection(r)
	}
	return w.call(r.Call, path(r.Field, row), row)
}

// path is a field, of a row where one is at hand.
func path(field, row string) string {
	if row == "" {
		return field
	}
	return row + "." + field
}

// call writes a function of x.
func (w writer) call(c *Call, x, row string) string {
	if c == nil {
		return x
	}
	var args []string
	for _, a := range c.Args {
		args = append(args, w.value(a, row))
	}
	for _, name := range functions {
		if name == c.Name {
			return name + "(" + strings.Join(append([]string{x}, args...), ", ") + ")"
		}
	}
	return x + "." + c.Name + "(" + strings.Join(args, ", ") + ")"
}

func (w writer) collection(r *Rule) string {
	m, _ := findMeasure(r.Measure)
	text, as := r.Collection, r.row()
	cond := w.where(r, as)
	if r.filtered(m) {
		text += ".filter(" + as + ", " + cond + ")"
		cond = ""
	}
	switch {
	case m.field:
		return w.call(r.Call, text+"."+m.name+"()."+r.Of, "")
	case m.of:
		return text + "." + m.name + "(" + as + ", " + w.call(r.Call, as+"."+r.Of, as) + ")" + m.suffix
	case m.test && cond != "":
		return text + "." + m.name + "(" + as + ", " + cond + ")"
	case m.test && m.name != "count":
		return text + "." + m.name + "(" + as + ", true)"
	}
	return text + "." + m.name + "()"
}

// defaultRow is the name of a row that the author gave none.
const defaultRow = "e"

// row is the name of the collection's row.
func (r *Rule) row() string {
	if r.As == "" {
		return defaultRow
	}
	return r.As
}

// where is the condition on rows, "" where there is none.
func (w writer) where(r *Rule, as string) string {
	if r.Within == nil {
		if r.Where == nil {
			return ""
		}
		return w.rule(r.Where, top, as)
	}
	recent := as + "." + rowTime + " > now - " + w.value(r.Within, as)
	switch {
	case r.Where == nil:
		return recent
	case r.Where.All != nil && len(r.Where.Comment) == 0:
		var b strings.Builder
		for _, t := range r.Where.All {
			b.WriteString(w.rule(t, inAll, as) + " && ")
		}
		return b.String() + recent
	}
	return w.rule(r.Where, inAll, as) + " && " + recent
}

func (w writer) value(v *Value, row string) string {
	number := func(name string, n *int64) string { return name + "(" + strconv.FormatInt(*n, 10) + ")" }
	switch {
	case v.Int != nil:
		return strconv.FormatInt(*v.Int, 10)
	case v.Double != nil:
		return double(*v.Double)
	case v.String != nil:
		return quote(*v.String)
	case v.Bool != nil:
		return strconv.FormatBool(*v.Bool)
	case v.Null:
		return "null"
	case v.Now:
		return "now"
	case v.Timestamp != nil:
		return "timestamp(" + quote(*v.Timestamp) + ")"
	case v.Duration != nil:
		return "duration(" + quote(*v.Duration) + ")"
	case v.Days != nil:
		return number("days", v.Days)
	case v.Hours != nil:
		return number("hours", v.Hours)
	case v.Minutes != nil:
		return number("minutes", v.Minutes)
	case v.DaysAgo != nil:
		return number("days_ago", v.DaysAgo)
	case v.Ago != nil:
		return "now - " + w.value(v.Ago, row)
	case v.Ahead != nil:
		return "now + " + w.value(v.Ahead, row)
	case v.StartOf != nil && v.StartOf.Offset != nil:
		return "start_of(" + quote(v.StartOf.Unit) + ", " + strconv.FormatInt(*v.StartOf.Offset, 10) + ")"
	case v.StartOf != nil:
		return "start_of(" + quote(v.StartOf.Unit) + ")"
	case v.Field != "":
		return path(v.Field, row)
	case v.List != nil:
		items := make([]string, len(v.List))
		for i, x := range v.List {
			items[i] = w.value(x, row)
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	panic(fmt.Sprintf("rules: no form for the value %+v", *v))
}

// double writes a number that CEL takes for a double.
func double(x float64) string {
	format := byte('f')
	if abs := math.Abs(x); abs >= 1e15 || abs < 1e-6 && abs > 0 {
		format = 'e'
	}
	text := strconv.FormatFloat(x, format, -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}
