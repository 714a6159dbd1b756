package expr

import (
	"maps"
	"slices"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
)

// Mentions lists every name in a computed trait's value or a segment's condition
// (kind is "trait" or "segment"), be it of a trait, of a column or of a variable,
// and the segments that it asks for. Both are sorted, and empty where there is no
// such expression.
func (u *Unit) Mentions(kind, name string) (names, segments []string) {
	for _, e := range slices.Concat(u.traits, u.segments) {
		if e.kind != kind || e.name != name || e.ast == nil {
			continue
		}
		found := map[string]bool{}
		for read := range e.reads {
			found[read] = true
		}
		ast.PostOrderVisit(e.ast.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
			if x.Kind() == ast.SelectKind {
				found[x.AsSelect().FieldName()] = true
			}
			if isCall(x, operators.OptSelect) {
				field, _ := literalString(x.AsCall().Args()[1])
				found[field] = true
			}
		}))
		names, segments = sorted(found), slices.Sorted(maps.Keys(e.members))
	}
	return names, segments
}
