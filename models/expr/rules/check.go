package rules

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models/expr/syntax"
)

// The limits of a tree.
const (
	maxRules = 2_000
	maxDepth = 40
)

var (
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	fieldPath  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)
)

// checker collects what is wrong with a tree.
type checker struct {
	problems []*TreeError
	rules    int
}

// check finds everything that keeps a rule from being CEL.
func (r *Rule) check() []*TreeError {
	c := &checker{}
	c.rule(r, "", 1, false)
	return c.problems
}

func (c *checker) report(at, summary, help string) {
	c.problems = append(c.problems, &TreeError{at, summary, help})
}

// choice reports a word that is none of those there are.
func (c *checker) choice(at, what, got string, names []string) {
	help := "The " + what + "s are " + strings.Join(names, ", ") + "."
	if near := diag.Nearest(got, names); near != "" {
		help = "Did you mean " + near + "?"
	}
	if got == "" {
		c.report(at, "the "+what+" is missing", help)
		return
	}
	c.report(at, "there is no "+what+" "+strconv.Quote(got), help)
}

// kinds are the members of which a rule has exactly one.
var kinds = []string{"all", "any", "none", "field", "collection", "segment", "consent", "cel"}

func (c *checker) rule(r *Rule, at string, depth int, inRow bool) {
	if c.rules++; depth > maxDepth || c.rules > maxRules {
		if c.rules <= maxRules || c.rules == maxRules+1 {
			c.report(at, "the tree is too deep or too large", "Divide it into segments, and ask for them.")
		}
		return
	}
	if r == nil {
		c.report(at, "a rule is expected here", "Write one of "+strings.Join(kinds, ", ")+".")
		return
	}
	key, n := r.key()
	if n != 1 {
		summary := "the rule has none of " + strings.Join(kinds, ", ")
		if n > 1 {
			summary = "the rule has more than one of " + strings.Join(kinds, ", ")
		}
		c.report(at, summary, "Give it exactly one; join several with all or any.")
		return
	}
	for i, line := range r.Comment {
		if !printable(line) {
			c.report(at+"/comment/"+strconv.Itoa(i), "a comment is one line of text", "Write each line as one of the list.")
		}
	}
	c.fits(r, key, at)
	switch key {
	case "all", "any", "none":
		if len(r.rules()) == 0 {
			c.report(at+"/"+key, "a group has at least one rule", "")
		}
		for i, x := range r.rules() {
			c.rule(x, at+"/"+key+"/"+strconv.Itoa(i), depth+1, inRow)
		}
		return
	case "cel":
		if _, err := syntax.Format(r.CEL); err != nil {
			c.report(at+"/cel", "this is no expression: "+err.Error(), "")
		} else if inRow {
			c.report(at+"/cel", "a condition on rows that has no widget keeps its whole collection from having one",
				"Write the collection as CEL: {\"cel\": \"orders.exists(o, ...)\"}.")
		}
		return
	case "field":
		if !fieldPath.MatchString(r.Field) || !inRow && r.Field == "now" {
			c.report(at+"/field", strconv.Quote(r.Field)+" is not the name of a field", "Names have letters, digits and _, and points between them.")
		}
	case "segment", "consent":
		if name := r.Segment + r.Consent; !printable(name) {
			c.report(at+"/"+key, "this is not a name", "")
		}
		if inRow {
			c.report(at, "a condition on rows cannot ask for a "+key, "Ask for it beside the collection.")
		}
		if r.Op != "yes" && r.Op != "no" {
			c.choice(at+"/op", "operator", r.Op, []string{"yes", "no"})
			return
		}
	case "collection":
		c.collection(r, at, depth, inRow)
	}
	c.operator(r, at, inRow)
	c.call(r, at, inRow)
}

// fits reports members that the kind of rule does not have.
func (c *checker) fits(r *Rule, key, at string) {
	operated := !slices.Contains([]string{"all", "any", "none", "cel"}, key)
	of := "collection"
	for _, m := range []struct {
		name      string
		given, ok bool
	}{
		{"measure", r.Measure != "", key == of},
		{"of", r.Of != "", key == of},
		{"where", r.Where != nil, key == of},
		{"within", r.Within != nil, key == of},
		{"as", r.As != "", key == of},
		{"filter", r.Filter, key == of},
		{"op", r.Op != "", operated},
		{"value", r.Value != nil, operated},
		{"call", r.Call != nil, key == of || key == "field"},
	} {
		if m.given && !m.ok {
			c.report(at+"/"+m.name, "a rule with "+key+" has no "+m.name, "Remove it.")
		}
	}
}

func (c *checker) collection(r *Rule, at string, depth int, inRow bool) {
	if !identifier.MatchString(r.Collection) {
		c.report(at+"/collection", strconv.Quote(r.Collection)+" is not the name of a collection", "Names have letters, digits and _.")
	}
	if inRow {
		c.report(at, "a condition on rows cannot ask of a collection", "Ask of it beside the other.")
		return
	}
	if r.As != "" && !identifier.MatchString(r.As) {
		c.report(at+"/as", strconv.Quote(r.As)+" is not a name", "Names have letters, digits and _.")
	}
	m, ok := findMeasure(r.Measure)
	if !ok {
		c.choice(at+"/measure", "measure", r.Measure, measureNames())
		return
	}
	switch {
	case m.of && !identifier.MatchString(r.Of):
		c.report(at+"/of", r.Measure+" is of a column", "Name it.")
	case !m.of && r.Of != "":
		c.report(at+"/of", r.Measure+" is of no column", "Remove it.")
	}
	conditional := r.Where != nil || r.Within != nil
	switch {
	case r.Filter && (m.name != "count" || !conditional):
		c.report(at+"/filter", "filter is for a count with a condition", "Remove it.")
	case m.name == "size" && !conditional:
		c.report(at+"/measure", "size without a condition may be that of a text", "Use count.")
	}
	if r.Within != nil {
		c.value(r.Within, at+"/within", true)
		if !r.Within.isSpan() {
			c.report(at+"/within", "within is a length of time", "Give days, hours, minutes or duration.")
		}
	}
	if r.Where != nil {
		c.rule(r.Where, at+"/where", depth+1, true)
	}
}

func (c *checker) operator(r *Rule, at string, inRow bool) {
	o, ok := findOperator(r.Op)
	if !ok {
		c.choice(at+"/op", "operator", r.Op, operatorNames())
		return
	}
	if r.Value != nil {
		c.value(r.Value, at+"/value", inRow)
	}
	if o.takes(r.Value) {
		if o.form == member && r.Value.Field != "" {
			c.report(at+"/value", r.Op+" takes a constant", "Use in, the other way round.")
		}
		return
	}
	switch {
	case r.Value == nil:
		c.report(at, "the value to compare with is missing", "Add value.")
	case o.form == bare || o.form == has:
		c.report(at+"/value", r.Op+" takes no value", "Remove it.")
	case o.form == method:
		c.report(at+"/value", r.Op+" takes a text or a field", "Write {\"string\": \"...\"}.")
	case o.form == infix && o.word == "in":
		c.report(at+"/value", r.Op+" takes a list or a field", "Write {\"list\": [...]}.")
	default:
		c.report(at+"/value", r.Op+" takes no list", "Use in.")
	}
}

func (c *checker) call(r *Rule, at string, inRow bool) {
	if r.Call == nil {
		return
	}
	names := methods
	if r.Collection == "" {
		names = slices.Concat(methods, functions)
	} else if m, ok := findMeasure(r.Measure); ok && !m.of {
		c.report(at+"/call", "call is a function of a column, and "+r.Measure+" is of none", "Remove it.")
	}
	if !slices.Contains(names, r.Call.Name) {
		c.choice(at+"/call/name", "function", r.Call.Name, names)
	}
	for i, a := range r.Call.Args {
		place := at + "/call/args/" + strconv.Itoa(i)
		c.value(a, place, inRow)
		if a != nil && (a.List != nil || r.Collection != "" && a.Field != "") {
			c.report(place, "an argument is a constant", "")
		}
	}
}

// value checks that exactly one member is given, and what it says.
func (c *checker) value(v *Value, at string, inRow bool) {
	if v == nil {
		c.report(at, "a value is expected here", "")
		return
	}
	n := 0
	for _, given := range []bool{
		v.Int != nil, v.Double != nil, v.String != nil, v.Bool != nil, v.Null, v.Now, v.Timestamp != nil, v.Duration != nil,
		v.Days != nil, v.Hours != nil, v.Minutes != nil, v.Ago != nil, v.Ahead != nil, v.DaysAgo != nil, v.StartOf != nil, v.Field != "", v.List != nil,
	} {
		if given {
			n++
		}
	}
	if n != 1 {
		c.report(at, "a value has exactly one type", `Write one, such as {"int": 3} or {"string": "FR"}.`)
		return
	}
	for _, x := range []*int64{v.Int, v.Days, v.Hours, v.Minutes, v.DaysAgo} {
		if x != nil && (*x > maxInt || *x < -maxInt) {
			c.report(at, "the number is beyond 2^53, where JSON loses digits", "Write the condition as CEL.")
		}
	}
	for _, x := range []*string{v.String, v.Timestamp, v.Duration} {
		if x != nil && strings.ContainsRune(*x, unicode.ReplacementChar) {
			c.report(at, "the text holds a character that could not be read", "Write it in UTF-8.")
		}
	}
	if v.Double != nil && (math.IsInf(*v.Double, 0) || math.IsNaN(*v.Double) || *v.Double == 0 && math.Signbit(*v.Double)) {
		c.report(at+"/double", "this number is not possible", "")
	}
	if v.Field != "" && (!fieldPath.MatchString(v.Field) || !inRow && (v.Field == "now" || v.Field == "true")) {
		c.report(at+"/field", strconv.Quote(v.Field)+" is not the name of a field", "Names have letters, digits and _, and points between them.")
	}
	for _, part := range []struct {
		name string
		of   *Value
	}{{"ago", v.Ago}, {"ahead", v.Ahead}} {
		if part.of == nil {
			continue
		}
		c.value(part.of, at+"/"+part.name, inRow)
		if !part.of.isSpan() {
			c.report(at+"/"+part.name, "this is a length of time", "Give days, hours, minutes or duration.")
		}
	}
	if v.StartOf != nil {
		if v.StartOf.Unit == "" || strings.ContainsRune(v.StartOf.Unit, unicode.ReplacementChar) {
			c.report(at+"/start_of/unit", "this is not a unit", "")
		}
		if o := v.StartOf.Offset; o != nil && (*o > maxInt || *o < -maxInt) {
			c.report(at+"/start_of/offset", "the number is beyond 2^53, where JSON loses digits", "")
		}
	}
	if v.List == nil {
		return
	}
	if len(v.List) == 0 {
		c.report(at+"/list", "a list has at least one value", "")
	}
	for i, x := range v.List {
		place := at + "/list/" + strconv.Itoa(i)
		c.value(x, place, inRow)
		if x != nil && x.List != nil {
			c.report(place, "a list has no lists", "")
		}
	}
}

// printable says that a text is one line.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\t' || r == unicode.ReplacementChar }) && strings.TrimSpace(s) == s
}
