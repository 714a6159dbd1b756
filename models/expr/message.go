package expr

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

func itoa(n int) string { return strconv.Itoa(n) }

var (
	offending   = regexp.MustCompile(`(?:mismatched|extraneous) input '(.*?)' expecting`)
	unrecovered = regexp.MustCompile(`token recognition error at: '(.*)'`)
	reserved    = regexp.MustCompile(`reserved identifier: (\w+)`)
)

// reportSyntax words an error of cel-go's parser.
func (c *compiler) reportSyntax(e *expression, err *common.Error) {
	s := e.src
	at := 0
	if loc := err.Location; loc != nil && loc.Line() > 0 {
		at = int(s.info.ComputeOffsetAbsolute(int32(loc.Line()), int32(loc.Column()))) //nolint:gosec // bounded by maxCodePoints
	}
	span := s.span(at, max(s.token(at), at))
	msg := err.Message
	summary, help := "the expression cannot be read here", ""
	if at >= len(s.runes) && len(s.runes) > 0 {
		// The caret stands on the last thing that is there.
		last := len(s.runes)
		for last > 1 && strings.ContainsRune(" \n\t\r", s.runes[last-1]) {
			last--
		}
		span = s.span(last-1, last)
		summary, help = "the expression ends too early", "Something is missing at the end: an operand, a quote or a closing bracket."
		c.fail(span, "cel-syntax", summary, help)
		return
	}
	switch first := s.runes[at]; {
	case strings.Contains(msg, "token recognition") && (first == '"' || first == '\''):
		end := at
		for end < len(s.runes) && s.runes[end] != '\n' {
			end++
		}
		span = s.span(at, end)
		summary, help = "a text begins here and does not end", "Close it with the same quote."
	case strings.Contains(msg, "exceeds limit") || strings.Contains(msg, "recursion"):
		c.fail(s.span(0, len(s.runes)), "cel-size", "the expression is too long or too deeply nested",
			"Split it: give a part a name as a trait or a segment of its own.")
		return
	case strings.HasPrefix(msg, notVariable):
		word := strings.TrimPrefix(msg, notVariable)
		summary = word + "() wants a plain name for a row first"
		help = "For example: orders." + word + "(o, o.amount" + map[bool]string{true: " > 10.0", false: ""}[slices.Contains([]string{"exists", "all", "exists_one", "filter", "count"}, word)] + ")."
	case strings.HasPrefix(msg, badFunnel):
		summary, help = "the steps of funnel() are a list of 2 to "+itoa(mostSteps)+" collections", functionHelp["funnel"]
	case strings.HasPrefix(msg, badHas):
		summary, help = "has() takes the name of a trait or a field", "For example: has(country), or has(o.sku) inside exists()."
	case unrecovered.MatchString(msg):
		text := unrecovered.FindStringSubmatch(msg)[1]
		switch {
		case strings.HasPrefix(text, "="):
			summary, help = "a single = compares nothing", "Write == to compare."
		case strings.HasPrefix(text, "&"), strings.HasPrefix(text, "|"):
			summary, help = "a single "+text[:1]+" is no operator", "Write && for and, || for or."
		default:
			summary = "unexpected " + strconv.Quote(text)
		}
	case reserved.MatchString(msg):
		summary = strconv.Quote(reserved.FindStringSubmatch(msg)[1]) + " is a word of the language and names nothing"
	case offending.MatchString(msg):
		word := offending.FindStringSubmatch(msg)[1]
		summary = "unexpected " + strconv.Quote(word)
		help = map[string]string{
			"and": "Write && for and.", "or": "Write || for or.", "not": "Write ! for not.",
			"AND": "Write && for and.", "OR": "Write || for or.", "is": "Write == to compare, has(x) to ask for a value.",
		}[word]
	}
	c.fail(span, "cel-syntax", summary, help)
}

// reportTypes words the errors of cel-go's checker. What is wrong is taken from
// the tree; cel-go's text only tells the few cases apart that the tree cannot.
func (c *compiler) reportTypes(e *expression, list []*common.Error) {
	nodes := map[int64]ast.Expr{}
	ast.PostOrderVisit(e.ast.Expr(), ast.NewExprVisitor(func(x ast.Expr) { nodes[x.ID()] = x }))
	// The variable of a misspelt macro is no name, and not the mistake.
	echo := map[int64]bool{}
	for _, err := range list {
		x := nodes[err.ExprID]
		if x == nil || x.Kind() != ast.CallKind || !strings.HasPrefix(err.Message, "undeclared") || len(x.AsCall().Args()) == 0 {
			continue
		}
		if variable := identName(x.AsCall().Args()[0]); variable != "" && c.traits[variable] == nil {
			for _, a := range x.AsCall().Args() {
				ast.PostOrderVisit(a, ast.NewExprVisitor(func(y ast.Expr) {
					if identName(y) == variable {
						echo[y.ID()] = true
					}
				}))
			}
		}
	}
	c.reportSequences(e, list, nodes, echo)
	for _, err := range list {
		x := nodes[err.ExprID]
		if echo[err.ExprID] {
			continue
		}
		if x == nil {
			c.fail(e.src.span(0, len(e.src.runes)), "cel-type", "the expression has parts whose types do not fit", "")
			continue
		}
		c.reportType(e, x, err.Message)
	}
}

func (c *compiler) reportType(e *expression, x ast.Expr, msg string) {
	s, typ := e.src, e.ast.GetType
	switch {
	case strings.HasPrefix(msg, "expected type"):
		// An operand of && or ||.
		c.fail(s.of(x), "cel-type", c.subject(e, x)+" is "+typeWord(typ(x.ID()))+" where true or false is needed", "Compare it with something, or ask has().")
	case strings.Contains(msg, "range of a comprehension"):
		c.fail(s.of(x), "cel-type", c.subject(e, x)+" is "+typeWord(typ(x.ID()))+", not a collection", c.collections())
	case x.Kind() == ast.IdentKind:
		c.unknownName(e, x)
	case x.Kind() == ast.SelectKind:
		sel := x.AsSelect()
		c.unknownField(e, sel.Operand(), sel.FieldName(), s.name(x))
	case x.Kind() == ast.CallKind && strings.HasPrefix(msg, "undeclared"):
		name := x.AsCall().FunctionName()
		if name == operators.Index {
			c.fail(s.of(x), "cel-unsupported", "picking an element by its number is not possible", "Use first() or last() and a field.")
			return
		}
		if help := functionHelp[name]; help != "" {
			c.fail(s.name(x), "cel-type", name+"() is not written like this", help)
			return
		}
		c.fail(s.name(x), "unknown-function", "there is no function "+strconv.Quote(name), suggest(name, c.lang.names))
	case x.Kind() == ast.CallKind:
		c.misused(e, x)
	default:
		c.fail(s.of(x), "cel-unsupported", "this cannot be used here", "")
	}
}

func (c *compiler) unknownName(e *expression, x ast.Expr) {
	name := strings.TrimPrefix(x.AsIdent(), ".")
	what := "trait or collection"
	help := suggest(name, c.names)
	if help == "" {
		switch {
		case c.segments[name] != nil:
			help = `To ask for a segment, write in_segment("` + name + `").`
		case name == "today" || name == "NOW" || name == "current_date":
			help = "The time of the run is now."
		}
	}
	summary := "there is no " + what + " " + strconv.Quote(name)
	if e.tested != "" {
		summary = e.tested + " has no " + strconv.Quote(name)
	}
	c.fail(e.src.name(x), "unknown-name", summary, help)
}

func (c *compiler) unknownField(e *expression, operand ast.Expr, field string, span diag.Span) {
	typ := e.ast.GetType(operand.ID())
	if r := c.relations[identName(operand)]; r != nil && typ.Kind() == types.StructKind {
		names := make([]string, len(r.traits))
		for i, t := range r.traits {
			names[i] = t.Name
		}
		help := suggest(field, names)
		if help == "" {
			help = "Its traits are " + strings.Join(names, ", ") + "."
		}
		c.fail(span, "unknown-trait", "the "+r.To+" of "+r.Name+" has no trait "+strconv.Quote(field), help)
		return
	}
	if typ.Kind() == types.StructKind {
		name := strings.TrimPrefix(typ.TypeName(), "@")
		var fields []string
		if s := c.sources[name]; s != nil {
			for _, col := range s.Columns {
				fields = append(fields, col.Key)
			}
			if s.Time != "" {
				fields = append(fields, TimeField)
			}
		}
		help := suggest(field, fields)
		if help == "" && len(fields) > 0 {
			help = "Its columns are " + strings.Join(fields, ", ") + "."
		}
		c.fail(span, "unknown-field", name+" has no column "+strconv.Quote(field), help)
		return
	}
	help := ""
	if typ.Kind() == types.ListKind {
		help = "Choose rows first: " + c.subject(e, operand) + ".exists(x, x." + field + " == ...), or last()." + field + "."
	}
	c.fail(span, "unknown-field", c.subject(e, operand)+" is "+typeWord(typ)+" and has no fields", help)
}

// operatorWords say what an operator does to its operands.
var operatorWords = map[string]string{
	operators.Equals: "compared", operators.NotEquals: "compared",
	operators.Less: "compared", operators.LessEquals: "compared",
	operators.Greater: "compared", operators.GreaterEquals: "compared",
	operators.Add: "added", operators.Subtract: "subtracted", operators.Multiply: "multiplied",
	operators.Divide: "divided", operators.Modulo: "divided",
}

// misused words a call whose operands do not fit.
func (c *compiler) misused(e *expression, x ast.Expr) {
	call := x.AsCall()
	fn := call.FunctionName()
	args := call.Args()
	describe := func(a ast.Expr) string { return c.subject(e, a) + " is " + typeWord(e.ast.GetType(a.ID())) }
	kind := func(i int) types.Kind { return e.ast.GetType(args[i].ID()).Kind() }
	span := e.src.of(x)
	if word, ok := operatorWords[fn]; ok && len(args) == 2 {
		summary := describe(args[0]) + " and " + describe(args[1]) + ": they cannot be " + word
		help := ""
		a, b := kind(0), kind(1)
		has := func(p, q types.Kind) bool { return a == p && b == q || a == q && b == p }
		switch {
		case has(types.IntKind, types.DoubleKind):
			help = "Write the whole number with a point (100.0), or convert it with double()."
		case has(types.StringKind, types.IntKind), has(types.StringKind, types.DoubleKind):
			help = "Put quotes around the number, or convert the text with int() or double()."
		case has(types.TimestampKind, types.StringKind):
			help = `Write a time as timestamp("2026-01-31T00:00:00Z").`
		case has(types.TimestampKind, types.IntKind), has(types.DurationKind, types.IntKind):
			help = "Write a span of time as days(30), hours(12) or minutes(5)."
		case a == types.NullTypeKind || b == types.NullTypeKind:
			other := args[0]
			if a == types.NullTypeKind {
				other = args[1]
			}
			summary, help = c.subject(e, other)+" always has a value: it need not be compared with null", "Remove this comparison."
		case a == types.OpaqueKind || b == types.OpaqueKind:
			help = takeHelp
		case fn == operators.Modulo:
			help = "The remainder % is for whole numbers."
		}
		c.fail(span, "cel-type", summary, help)
		return
	}
	switch fn {
	case operators.LogicalNot:
		c.fail(span, "cel-type", "! wants true or false; "+describe(args[0]), "Compare it with something first.")
		return
	case operators.Negate:
		c.fail(span, "cel-type", "- wants a number; "+describe(args[0]), "")
		return
	case operators.Conditional:
		if kind(0) != types.BoolKind {
			c.fail(e.src.of(args[0]), "cel-type", "the condition before ? must be true or false; "+describe(args[0]), "")
			return
		}
		help := ""
		if kinds := []types.Kind{kind(1), kind(2)}; slices.Contains(kinds, types.IntKind) && slices.Contains(kinds, types.DoubleKind) {
			help = "Write both with a point."
		}
		c.fail(span, "cel-type", "both sides of : must be of one type; "+describe(args[1])+" and "+describe(args[2]), help)
		return
	case operators.In:
		if kind(1) != types.ListKind {
			c.fail(span, "cel-type", "in wants a list; "+describe(args[1]), `For example: country in ["FR", "BE"].`)
			return
		}
		c.fail(span, "cel-type", describe(args[0])+" and cannot be in "+typeWord(e.ast.GetType(args[1].ID())), "")
		return
	case operators.OptSelect:
		field, _ := literalString(args[1])
		c.unknownField(e, args[0], field, e.src.of(args[1]))
		return
	case operators.Index, operators.OptIndex:
		switch {
		case fn == operators.Index && kind(0) == types.OpaqueKind:
			c.fail(span, "cel-type", "an element of an optional list may not be there", "Write [?...], which has no value where there is none.")
			return
		case kind(0) != types.ListKind && kind(0) != types.OpaqueKind:
			c.fail(span, "cel-type", "only lists have elements; "+describe(args[0]), "")
			return
		}
		c.fail(span, "cel-type", "the position in a list is a whole number; "+describe(args[1]), "")
		return
	case fnWhere:
		c.fail(e.src.of(args[0]), "cel-type", "a condition is needed here; "+describe(args[0]), "Compare it with something.")
		return
	}
	if call.IsMemberFunction() {
		target := e.ast.GetType(call.Target().ID())
		// The macros wrap what they are about: sum(o, x) speaks of x.
		if item, ok := mapped(call.Target()); ok && len(args) == 0 {
			c.fail(e.src.of(item), "cel-type", fn+"() cannot work on "+typeWord(e.ast.GetType(item.ID())), aggregateHelp(fn))
			return
		}
		if target.Kind() == types.ListKind && slices.Contains([]string{"sum", "avg", "min", "max", "most_frequent"}, fn) {
			c.fail(span, "cel-type", fn+"() must be told of what", "For example: "+c.subject(e, call.Target())+"."+fn+"(x, x.amount).")
			return
		}
		parts := make([]string, 0, len(args)+1)
		parts = append(parts, describe(call.Target()))
		for _, a := range args {
			parts = append(parts, describe(a))
		}
		c.fail(span, "cel-type", fn+"() does not fit here: "+strings.Join(parts, ", "), functionHelp[fn])
		return
	}
	parts := make([]string, 0, len(args))
	for _, a := range args {
		parts = append(parts, describe(a))
	}
	if len(parts) == 0 {
		parts = append(parts, "it was given nothing")
	}
	c.fail(span, "cel-type", fn+"() does not fit here: "+strings.Join(parts, ", "), functionHelp[fn])
}

// functionHelp shows how a function is written.
var functionHelp = map[string]string{
	"days": "For example: days(30).", "hours": "For example: hours(12).", "minutes": "For example: minutes(5).",
	fnEntered:    `For example: entered_segment("vip") > now - days(7).`,
	"in_segment": `For example: in_segment("vip").`,
	"contains":   `For example: email.contains("@").`, "startsWith": `For example: sku.startsWith("A").`,
	"endsWith": `For example: email.endsWith(".fr").`, "matches": `For example: sku.matches("^[A-Z]+$").`,
	"size": "size() is of texts and collections.", "timestamp": `For example: timestamp("2026-01-31T00:00:00Z").`,
	"duration":        `For example: duration("90m"), or days(30).`,
	"count":           "For example: orders.count(), or orders.count(o, o.amount > 10.0).",
	"is_true":         "is_true() wants a condition.",
	fnDaysAgo:         `For example: days_ago(30), or days_ago(30, "Europe/Paris").`,
	fnStartOf:         `For example: start_of("month"), or start_of("month", -1) for the last one.`,
	fnAnniversary:     "For example: anniversary(birthday, days(7)).",
	fnPeriod:          `For example: o.time.period("week"), or o.time.period("week", "Europe/Paris").`,
	"followed_by":     "For example: carts.followed_by(orders, days(7)).",
	"not_followed_by": "For example: carts.not_followed_by(orders, days(7)).",
	"funnel":          "For example: funnel(days(30), [views, carts, orders.filter(o, o.gift)]).",
	fnRank:            "For example: rank(spent) <= 100.", fnPercentile: "For example: percentile(spent) >= 0.9.",
	fnNtile: "For example: ntile(spent, 10) == 10.", fnQuintile: "For example: quintile(spent) == 5.",
	"value": "For example: employer.?plan.value().", "hasValue": "For example: employer.?plan.hasValue().",
	"or": "For example: employer.?plan.or(optional.of(\"none\")).", "orValue": `For example: employer.?plan.orValue("none").`,
	fnSample: `For example: sample(0.1), or sample(0.1, "spring") for another tenth.`, fnConsent: `For example: consent("email_marketing").`,
}

func aggregateHelp(fn string) string {
	switch fn {
	case "sum", "avg":
		return fn + "() is of numbers."
	case "min", "max":
		return fn + "() is of numbers, texts and times."
	default:
		return ""
	}
}

// mapped is what a map() comprehension collects.
func mapped(x ast.Expr) (ast.Expr, bool) {
	if x.Kind() != ast.ComprehensionKind {
		return nil, false
	}
	step := x.AsComprehension().LoopStep()
	if step.Kind() != ast.CallKind || step.AsCall().FunctionName() != operators.Add {
		return nil, false
	}
	list := step.AsCall().Args()[1]
	if list.Kind() != ast.ListKind || list.AsList().Size() != 1 {
		return nil, false
	}
	item := list.AsList().Elements()[0]
	if isCall(item, fnValue) {
		return item.AsCall().Args()[0], true
	}
	return nil, false
}

// subject names an expression in a message: its own text where it is short.
func (c *compiler) subject(e *expression, x ast.Expr) string {
	start, end := e.src.extent(x)
	text := strings.Join(strings.Fields(string(e.src.runes[start:end])), " ")
	if text == "" || len(text) > 40 {
		return "this"
	}
	return text
}

func (c *compiler) collections() string {
	if len(c.in.Sources) == 0 {
		return ""
	}
	names := make([]string, len(c.in.Sources))
	for i, s := range c.in.Sources {
		names[i] = s.Name
	}
	return "The collections are " + strings.Join(names, ", ") + "."
}

// typeWord says what a value of a type is, in words of the user.
func typeWord(t *types.Type) string {
	if t == nil {
		return "something unknown"
	}
	switch t.Kind() { //nolint:exhaustive // the default words the others
	case types.StringKind:
		return "a text"
	case types.IntKind:
		return "a whole number"
	case types.DoubleKind:
		return "a decimal number"
	case types.BoolKind:
		return "true or false"
	case types.TimestampKind:
		return "a point in time"
	case types.DurationKind:
		return "a span of time"
	case types.NullTypeKind:
		return "no value"
	case types.StructKind:
		if rows, ok := strings.CutPrefix(t.TypeName(), "@"); ok {
			return "a row of " + rows
		}
		return t.TypeName() // of a relation
	case types.ListKind:
		if len(t.Parameters()) == 1 && t.Parameters()[0].Kind() == types.StructKind {
			return "a collection"
		}
		return "a list"
	case types.UintKind:
		return "an unsigned number"
	case types.BytesKind:
		return "bytes"
	case types.MapKind:
		return "a map"
	case types.OpaqueKind:
		return "an optional value"
	default:
		return "of no single type"
	}
}

// columnWord is the name of a type as sources declare it.
func columnWord(t sql.Type) string {
	for _, name := range config.ColumnTypes {
		if models.ColumnType(name) == t {
			return name
		}
	}
	return "unknown"
}

// suggest names the nearest of the candidates, where one is near.
func suggest(name string, candidates []string) string {
	best := diag.Nearest(name, candidates)
	if best == "" {
		return ""
	}
	return "Did you mean " + best + "?"
}
