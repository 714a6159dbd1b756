package expr

import (
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// warn says what "!=" and "!" do to those who have no value, which is the
// mistake that most often sends a message to the wrong people. Whoever has
// asked for the value with has() anywhere in the expression knows.
func (c *compiler) warn(e *expression) {
	w := warner{c: c, e: e, asked: map[string]bool{}}
	ast.PostOrderVisit(e.ast.Expr(), ast.NewExprVisitor(w.findAsked))
	w.walk(e.ast.Expr(), false)
}

type warner struct {
	c     *compiler
	e     *expression
	asked map[string]bool
}

// findAsked notes has(x), x == null and x != null.
func (w *warner) findAsked(x ast.Expr) {
	if x.Kind() == ast.SelectKind && x.AsSelect().IsTestOnly() {
		w.asked[identName(x.AsSelect().Operand())+"."+x.AsSelect().FieldName()] = true
		return
	}
	if x.Kind() != ast.CallKind {
		return
	}
	args := x.AsCall().Args()
	switch x.AsCall().FunctionName() {
	case fnHas:
		w.asked[w.name(args[0])] = true
	case operators.Equals, operators.NotEquals:
		for i, a := range args {
			if a.Kind() == ast.LiteralKind && a.AsLiteral() == types.NullValue {
				w.asked[w.name(args[1-i])] = true
			}
		}
	}
}

func identName(x ast.Expr) string {
	if x.Kind() != ast.IdentKind {
		return ""
	}
	return strings.TrimPrefix(x.AsIdent(), ".")
}

// name is the trait that x names: one of the entity's own, or one across a
// relation.
func (w *warner) name(x ast.Expr) string {
	if x.Kind() == ast.SelectKind && !x.AsSelect().IsTestOnly() {
		if r := w.c.relations[identName(x.AsSelect().Operand())]; r != nil {
			return r.Name + "." + x.AsSelect().FieldName()
		}
	}
	return identName(x)
}

// unset is the nullable trait that x names, if nobody has asked for it.
func (w *warner) unset(x ast.Expr) string {
	name := w.name(x)
	_, isRelated := w.c.related[name]
	if sym := w.c.traits[name]; !isRelated && (sym == nil || !sym.nullable) || w.asked[name] {
		return ""
	}
	return name
}

// walk goes down the logic of x; negated says that an odd number of ! is above.
func (w *warner) walk(x ast.Expr, negated bool) {
	if (x.Kind() == ast.IdentKind || x.Kind() == ast.SelectKind) && negated {
		if name := w.unset(x); name != "" {
			w.leavesOut(x, name)
		}
		return
	}
	if x.Kind() != ast.CallKind {
		return
	}
	call := x.AsCall()
	args := call.Args()
	switch fn := call.FunctionName(); fn {
	case operators.LogicalNot:
		w.walk(args[0], !negated)
	case operators.LogicalAnd, operators.LogicalOr:
		for _, a := range args {
			w.walk(a, negated)
		}
	case operators.Conditional:
		w.walk(args[0], false)
		w.walk(args[1], negated)
		w.walk(args[2], negated)
	case operators.Equals, operators.NotEquals, operators.In:
		if negated == (fn == operators.NotEquals) {
			return
		}
		for _, a := range args {
			if name := w.unset(a); name != "" {
				w.includes(x, name)
				return
			}
		}
	case fnWhere, "is_true", fnHas, "in_segment":
		// Said explicitly, or never missing.
	default:
		if !negated {
			return
		}
		if call.IsMemberFunction() {
			args = append([]ast.Expr{call.Target()}, args...)
		}
		for _, a := range args {
			if name := w.unset(a); name != "" {
				w.leavesOut(x, name)
				return
			}
		}
	}
}

func (w *warner) includes(x ast.Expr, name string) {
	w.c.report(diag.Diagnostic{
		Severity: diag.Warning, Code: "includes-unset", Span: w.e.src.of(x),
		Summary: "this includes each " + w.c.entity() + ` that has no "` + name + `"`,
		Help:    "To leave them out, write has(" + name + ") && in front; to keep them and say so, write !has(" + name + ") || in front.",
	})
}

func (w *warner) leavesOut(x ast.Expr, name string) {
	text := w.c.subject(w.e, x)
	if text == "this" {
		text = "..."
	}
	w.c.report(diag.Diagnostic{
		Severity: diag.Warning, Code: "excludes-unset", Span: w.e.src.of(x),
		Summary: "under !, this leaves out each " + w.c.entity() + ` that has no "` + name + `", as it does without !`,
		Help:    "To include them, write !is_true(" + text + "); to leave them out and say so, write has(" + name + ") && in front.",
	})
}
