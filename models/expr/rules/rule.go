package rules

import (
	"slices"
	"strconv"

	"github.com/customhouse-cdp/customhouse/models/expr"
)

// Schema is the version of the tree, which each Document names.
const Schema = "customhouse/rules/v1"

// Document is a tree as a file or a message.
type Document struct {
	Schema string `json:"schema"`
	// Segment is the segment that the rule is of, where it is of one.
	Segment string `json:"segment,omitempty"`
	Rule    *Rule  `json:"rule"`
}

// Rule is one node: a group, a condition or CEL. Exactly one of All, Any, None,
// Field, Collection, Segment, Consent and CEL is given; it decides which others
// may be.
type Rule struct {
	// Comment is what the author noted on the rule, a line each.
	Comment []string `json:"comment,omitempty"`

	// All, Any and None are groups. None is true for everyone for whom no rule
	// is true, with those of whom nothing is known.
	All  []*Rule `json:"all,omitempty"`
	Any  []*Rule `json:"any,omitempty"`
	None []*Rule `json:"none,omitempty"`

	// Field is a trait, one of a related entity ("employer.plan"), or inside
	// Where a column of the row.
	Field string `json:"field,omitempty"`

	// Collection asks of the rows of a source, or of the members: those for
	// which Where is true, and that are not older than Within. Measure is what
	// is asked, and Of the column that it is asked of.
	Collection string `json:"collection,omitempty"`
	Measure    string `json:"measure,omitempty"`
	Of         string `json:"of,omitempty"`
	Where      *Rule  `json:"where,omitempty"`
	Within     *Value `json:"within,omitempty"`
	// As is the author's name for the row; Filter says that count() is written
	// after filter(). A builder keeps both and need not show them.
	As     string `json:"as,omitempty"`
	Filter bool   `json:"filter,omitempty"`

	// Segment and Consent are names; the operator is yes or no.
	Segment string `json:"segment,omitempty"`
	Consent string `json:"consent,omitempty"`

	// Call is a function of the Field, or of the column Of: its month, its rank.
	Call *Call `json:"call,omitempty"`
	// Op compares; Value is what with, where Op needs it.
	Op    string `json:"op,omitempty"`
	Value *Value `json:"value,omitempty"`

	// CEL is an expression that has no widget.
	CEL string `json:"cel,omitempty"`
}

// Call is a function with its further arguments.
type Call struct {
	Name string   `json:"name"`
	Args []*Value `json:"args,omitempty"`
}

// Value is a constant with its type, a time counted from the run's, or a field.
// Exactly one member is given.
type Value struct {
	// Int is at most 2^53-1 either way, which JSON carries everywhere.
	Int    *int64   `json:"int,omitempty"`
	Double *float64 `json:"double,omitempty"`
	String *string  `json:"string,omitempty"`
	Bool   *bool    `json:"bool,omitempty"`
	// Null and Now are true where given.
	Null bool `json:"null,omitempty"`
	Now  bool `json:"now,omitempty"`
	// Timestamp is RFC 3339, Duration a text such as 12h.
	Timestamp *string `json:"timestamp,omitempty"`
	Duration  *string `json:"duration,omitempty"`
	Days      *int64  `json:"days,omitempty"`
	Hours     *int64  `json:"hours,omitempty"`
	Minutes   *int64  `json:"minutes,omitempty"`
	// Ago and Ahead are that long before and after now: Duration, Days, Hours or
	// Minutes.
	Ago   *Value `json:"ago,omitempty"`
	Ahead *Value `json:"ahead,omitempty"`
	// DaysAgo counts days of the calendar; StartOf is when one of its periods
	// begins.
	DaysAgo *int64  `json:"days_ago,omitempty"`
	StartOf *Period `json:"start_of,omitempty"`
	// Field is a trait, a parameter, or inside Where a column of the row.
	Field string `json:"field,omitempty"`
	// List has constants.
	List []*Value `json:"list,omitempty"`
}

// Period is a day, week, month or the like, some before (negative) or after
// that of the run.
type Period struct {
	Unit   string `json:"unit"`
	Offset *int64 `json:"offset,omitempty"`
}

// rowTime is the column of a row that says when it happened.
const rowTime = expr.TimeField

// maxInt is the greatest integer that JSON carries everywhere.
const maxInt = 1<<53 - 1

// form is how an operator is written in CEL.
type form int

const (
	bare   form = iota + 1 // x
	infix                  // x == value
	method                 // x.contains(value)
	member                 // value in x
	has                    // has(x)
)

// operator is a way to compare.
type operator struct {
	name string
	form form
	word string
	// not writes ! before it.
	not bool
}

// operators are all there are; the schema lists the same.
var operators = []operator{
	{"eq", infix, "==", false},
	{"ne", infix, "!=", false},
	{"lt", infix, "<", false},
	{"le", infix, "<=", false},
	{"gt", infix, ">", false},
	{"ge", infix, ">=", false},
	{"in", infix, "in", false},
	{"not_in", infix, "in", true},
	{"contains", method, "contains", false},
	{"not_contains", method, "contains", true},
	{"starts_with", method, "startsWith", false},
	{"not_starts_with", method, "startsWith", true},
	{"ends_with", method, "endsWith", false},
	{"not_ends_with", method, "endsWith", true},
	{"matches", method, "matches", false},
	{"not_matches", method, "matches", true},
	{"includes", member, "in", false},
	{"not_includes", member, "in", true},
	{"set", has, "has", false},
	{"not_set", has, "has", true},
	{"yes", bare, "", false},
	{"no", bare, "", true},
}

// findOperator is the operator of a name.
func findOperator(name string) (operator, bool) {
	i := slices.IndexFunc(operators, func(o operator) bool { return o.name == name })
	if i < 0 {
		return operator{}, false
	}
	return operators[i], true
}

// operatorNames are the names of all operators.
func operatorNames() []string {
	out := make([]string, len(operators))
	for i, o := range operators {
		out[i] = o.name
	}
	return out
}

// takes says whether the operator can be given a value.
func (o operator) takes(v *Value) bool {
	switch o.form {
	case bare, has:
		return v == nil
	case method:
		return v != nil && (v.String != nil || v.Field != "")
	case member:
		return v != nil && v.List == nil
	case infix:
		if o.word == "in" {
			return v != nil && (v.List != nil || v.Field != "")
		}
		return v != nil && v.List == nil
	}
	return false
}

// measure is what can be asked of a collection.
type measure struct {
	name string
	// of says that it is asked of a column, test that it takes the condition
	// itself and not after filter(); suffix follows its arguments.
	of, test bool
	suffix   string
	// field says that the column is selected from the result.
	field bool
}

var measures = []measure{
	{name: "exists", test: true},
	{name: "all", test: true},
	{name: "exists_one", test: true},
	{name: "count", test: true},
	{name: "size"},
	{name: "sum", of: true},
	{name: "avg", of: true},
	{name: "min", of: true},
	{name: "max", of: true},
	{name: "most_frequent", of: true},
	{name: "distinct", of: true, suffix: ".size()"},
	{name: "first", of: true, field: true},
	{name: "earliest", of: true, field: true},
	{name: "last", of: true, field: true},
	{name: "latest", of: true, field: true},
}

func findMeasure(name string) (measure, bool) {
	i := slices.IndexFunc(measures, func(m measure) bool { return m.name == name })
	if i < 0 {
		return measure{}, false
	}
	return measures[i], true
}

func measureNames() []string {
	out := make([]string, len(measures))
	for i, m := range measures {
		out[i] = m.name
	}
	return out
}

// methods are the functions of a Call that follow the field, and functions
// those around it.
var (
	methods = []string{
		"getFullYear", "getMonth", "getDayOfYear", "getDayOfMonth", "getDate", "getDayOfWeek",
		"getHours", "getMinutes", "getSeconds", "getMilliseconds",
		"lowerAscii", "upperAscii", "trim", "period",
	}
	functions = []string{"rank", "percentile", "quintile", "ntile", "anniversary"}
)

// filtered says that the condition of a collection is in a filter() of its own.
func (r *Rule) filtered(m measure) bool {
	return (r.Where != nil || r.Within != nil) && (!m.test || r.Filter)
}

// key is what decides the kind of a rule, and how many such members it has.
func (r *Rule) key() (key string, n int) {
	for _, k := range []struct {
		name  string
		given bool
	}{
		{"all", r.All != nil},
		{"any", r.Any != nil},
		{"none", r.None != nil},
		{"field", r.Field != ""},
		{"collection", r.Collection != ""},
		{"segment", r.Segment != ""},
		{"consent", r.Consent != ""},
		{"cel", r.CEL != ""},
	} {
		if k.given {
			key = k.name
			n++
		}
	}
	return key, n
}

// rules are those of a group.
func (r *Rule) rules() []*Rule { return slices.Concat(r.All, r.Any, r.None) }

// quote writes a text as a CEL literal.
func quote(s string) string { return strconv.Quote(s) }
