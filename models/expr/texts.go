package expr

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/customhouse-cdp/customhouse/models"
)

// texts are those that an expression can have as its value and that the project
// writes out: a literal, a parameter, either side of a condition, what stands in
// for a value that is not there, and those of a trait that is all of it. It may have
// others. What a parameter decides is decided.
func (c *compiler) texts(e *expression) []models.Text {
	var out []models.Text
	var walk func(x ast.Expr)
	walk = func(x ast.Expr) {
		switch x.Kind() { //nolint:exhaustive // nothing else is a text that is written out
		case ast.LiteralKind:
			if s, ok := x.AsLiteral().(types.String); ok {
				out = append(out, models.Text{Value: string(s), Pos: e.src.of(x)})
			}
		case ast.IdentKind:
			if p := c.parameters[x.AsIdent()]; p != nil {
				if s, ok := p.value.(types.String); ok {
					out = append(out, models.Text{Value: string(s), Pos: e.src.of(x)})
				}
			} else if sym := c.traits[x.AsIdent()]; sym != nil {
				out = append(out, sym.texts...)
			}
		case ast.CallKind:
			call := x.AsCall()
			args := call.Args()
			switch call.FunctionName() {
			case operators.Conditional:
				decided, known := c.decided(args[0])
				if !known || decided {
					walk(args[1])
				}
				if !known || !decided {
					walk(args[2])
				}
			case "orValue":
				walk(args[0])
			}
		}
	}
	walk(e.ast.Expr())
	return out
}

// decided is the value of a condition that does not depend on data.
func (c *compiler) decided(x ast.Expr) (is, known bool) {
	var v any
	switch x.Kind() { //nolint:exhaustive // the others are taken to depend on data
	case ast.LiteralKind:
		v = x.AsLiteral()
	case ast.IdentKind:
		if p := c.parameters[x.AsIdent()]; p != nil {
			v = p.value
		}
	}
	b, known := v.(types.Bool)
	return bool(b), known
}
