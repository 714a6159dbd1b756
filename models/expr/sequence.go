package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/parser"

	"github.com/customhouse-cdp/customhouse/sql"
)

// fnSequence is what the words about order expand to: the condition itself,
// written with exists(), which the interpreter follows; then what SQL makes of
// it: the span of time, the steps, and whether the second must not come.
const fnSequence = "@sequence"

// mostSteps bounds a funnel.
const mostSteps = 10

// badFunnel begins the message of a funnel without steps; reportSyntax words
// it.
const badFunnel = "no steps of a funnel"

// Sequence is a column of Row that says whether rows of collections come one
// after the other: each later than the one before, and the last at most Within
// after the first.
type Sequence struct {
	Name  string
	Steps []Step
	// Within is in microseconds.
	Within int64
	// Never turns it around, for two steps: some row of the first is followed by
	// none of the second within the time.
	Never bool
	// Row are the columns of Row that the steps read, sorted; Stage is as that of
	// Correlated.
	Row   []string
	Stage int
}

// Step is some rows of a collection that has a time.
type Step struct {
	Source string
	// Where is a condition over Event and Row, nil for all rows.
	Where sql.Expr
	// Columns are those of Event, Row those of Row that it reads, sorted.
	Columns, Row []string
	// Form is the same for the same steps and for no others.
	Form string
}

// sequenceMacros are funnel(within, [a, b, ...]), a.followed_by(b, within) and
// a.not_followed_by(b, within).
func sequenceMacros() []parser.Macro {
	pair := func(name string, never bool) parser.Macro {
		return parser.NewReceiverMacro(name, 2, func(eh parser.ExprHelper, target ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
			return sequence(eh, args[1], []ast.Expr{target, args[0]}, never)
		})
	}
	return []parser.Macro{
		parser.NewGlobalMacro("funnel", 2, func(eh parser.ExprHelper, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
			if args[1].Kind() != ast.ListKind || args[1].AsList().Size() < 2 || args[1].AsList().Size() > mostSteps {
				return nil, eh.NewError(args[1].ID(), badFunnel)
			}
			return sequence(eh, args[0], args[1].AsList().Elements(), false)
		}),
		pair("followed_by", false), pair("not_followed_by", true),
	}
}

// sequence writes the condition out: a row of the first step for which there is
// one of the second that is later, for which there is one of the third, ...
func sequence(eh parser.ExprHelper, within ast.Expr, steps []ast.Expr, never bool) (ast.Expr, *common.Error) {
	at := func(i int) ast.Expr { return eh.NewSelect(eh.NewIdent("@step"+itoa(i)), TimeField) }
	var from func(i int) (ast.Expr, *common.Error)
	from = func(i int) (ast.Expr, *common.Error) {
		var cond ast.Expr
		if i > 0 {
			cond = eh.NewCall(operators.Greater, at(i), at(i-1))
		}
		if i == len(steps)-1 {
			cond = eh.NewCall(operators.LogicalAnd, cond, eh.NewCall(operators.LessEquals, at(i), eh.NewCall(operators.Add, at(0), eh.Copy(within))))
		} else {
			next, err := from(i + 1)
			switch {
			case err != nil:
				return nil, err
			case never:
				cond = eh.NewCall(operators.LogicalNot, next)
			case cond == nil:
				cond = next
			default:
				cond = eh.NewCall(operators.LogicalAnd, cond, next)
			}
		}
		return parser.MakeExists(eh, eh.Copy(steps[i]), []ast.Expr{eh.NewIdent("@step" + itoa(i)), eh.NewCall(fnWhere, cond)})
	}
	cond, err := from(0)
	if err != nil {
		return nil, err
	}
	return eh.NewCall(fnSequence, cond, within, eh.NewList(steps...), eh.NewLiteral(types.Bool(never))), nil
}

// sequenceFunctions declares what the macros expand to.
func sequenceFunctions(add func(name string, opts ...decls.FunctionOpt)) {
	add(fnSequence, decls.Overload("sequence_steps",
		[]*types.Type{types.BoolType, types.DurationType, types.NewListType(types.DynType), types.BoolType}, types.BoolType,
		decls.FunctionBinding(func(args ...ref.Val) ref.Val { return args[0] })))
}

// reportSequences words what is wrong with steps and spans of time where they
// stand, and marks as echo what follows from it in the condition that nobody has
// written.
func (c *compiler) reportSequences(e *expression, list []*common.Error, nodes map[int64]ast.Expr, echo map[int64]bool) {
	wrong := map[int64]bool{}
	for _, err := range list {
		wrong[err.ExprID] = true
	}
	within := func(x ast.Expr, do func(id int64)) {
		ast.PostOrderVisit(x, ast.NewExprVisitor(func(y ast.Expr) { do(y.ID()) }))
	}
	for _, id := range slices.Sorted(maps.Keys(nodes)) {
		x := nodes[id]
		if !isCall(x, fnSequence) {
			continue
		}
		args := x.AsCall().Args()
		own, written := wrong[x.ID()], false
		within(args[0], func(id int64) { own = own || wrong[id] })
		for _, a := range args[1:] {
			within(a, func(id int64) { written = written || wrong[id] })
		}
		within(args[0], func(id int64) { echo[id] = true })
		echo[x.ID()] = true
		if !own || written {
			continue
		}
		if typ := e.ast.GetType(args[1].ID()); typ.Kind() != types.DurationKind {
			c.fail(e.src.of(args[1]), "cel-type", c.subject(e, args[1])+" is "+typeWord(typ)+" where a span of time is needed", functionHelp["days"])
			continue
		}
		for _, step := range args[2].AsList().Elements() {
			typ := e.ast.GetType(step.ID())
			if rows := typ.Kind() == types.ListKind && typ.Parameters()[0].Kind() == types.StructKind; !rows {
				c.fail(e.src.of(step), "cel-type", c.subject(e, step)+" is "+typeWord(typ)+", and a step is rows of a collection", c.collections())
				continue
			}
			name := strings.TrimPrefix(typ.Parameters()[0].TypeName(), "@")
			if s := c.sources[name]; s != nil && s.Time == "" {
				c.fail(e.src.of(step), "cel-type", "the collection "+name+" has no time to come before or after", "Declare time: on the source.")
			}
		}
	}
}

// sequence is a window over the steps in order of time where that can be, and
// otherwise the condition as it is written.
func (t *translator) sequence(x ast.Expr) value {
	args := x.AsCall().Args()
	for _, step := range args[2].AsList().Elements() {
		v := t.value(step)
		switch {
		case v.refused:
			return t.nothing(x)
		case v.list == nil || v.list.item.row == nil || v.list.distinct:
			return t.refuse(step, t.text(step)+" cannot be a step", "For example: orders, or orders.filter(o, o.gift).")
		}
	}
	within, ok := t.value(args[1]).konst.(types.Duration)
	if !ok || t.depth > 0 {
		return t.value(args[0])
	}
	s := Sequence{Within: within.Microseconds(), Never: args[3].AsLiteral() == types.True}
	form := make([]string, 0, len(args[2].AsList().Elements()))
	row := map[string]bool{}
	for _, arg := range args[2].AsList().Elements() {
		l := t.value(arg).list
		step := Step{Source: l.source.Name}
		if len(l.where) > 0 {
			step.Where = one(l.where)
			step.Columns, step.Row = sorted(columnSet(step.Where, Event)), sorted(columnSet(step.Where, Row))
		}
		for _, name := range step.Row {
			row[name] = true
		}
		for _, name := range step.Columns {
			if _, nested := t.c.nested[name]; nested {
				return t.value(args[0])
			}
		}
		var ok bool
		if step.Form, ok = t.form(sql.And{sql.String(step.Source), step.Where}); !ok {
			return t.nothing(x)
		}
		form = append(form, step.Form)
		s.Steps = append(s.Steps, step)
	}
	s.Row = sorted(row)
	for _, name := range s.Row {
		s.Stage = max(s.Stage, t.c.stage(name)+1)
	}
	s.Name = t.c.named("sequence", "in_order", fmt.Sprintf("%d %v %q", s.Within, s.Never, form))
	t.c.sequences[s.Name] = s
	return value{expr: sql.Fn(sql.Coalesce, sql.Col(Row, s.Name), sql.Bool(false))}
}
