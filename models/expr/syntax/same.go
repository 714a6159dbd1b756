package syntax

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/parser"
)

// reference is cel-go's parser without macros: what it makes of a text is
// decided by the text alone, and decides what macros make of it.
var reference = sync.OnceValues(func() (*parser.Parser, error) {
	return parser.NewParser(
		parser.MaxRecursionDepth(4*maxDepth),
		parser.ExpressionSizeCodePointLimit(2*maxCodePoints),
		parser.EnableOptionalSyntax(true),
		parser.EnableIdentEscapeSyntax(true),
		parser.ErrorReportingLimit(1),
	)
})

// parsed is what cel-go makes of a text.
func parsed(text string) (ast.Expr, error) {
	p, err := reference()
	if err != nil {
		return nil, err
	}
	src := common.NewTextSource(text)
	tree, errs := p.Parse(src)
	if found := errs.GetErrors(); len(found) > 0 {
		at := 0
		if offset, ok := src.LocationOffset(found[0].Location); ok {
			at = len(string([]rune(text)[:max(0, min(int(offset), len([]rune(text))))]))
		}
		return nil, &Error{Start: at, End: min(at+1, len(text)), Summary: strings.TrimPrefix(found[0].Message, "Syntax error: ")}
	}
	return tree.Expr(), nil
}

// Same reports whether two texts are the same expression to cel-go: the same
// syntax tree before macros, whatever the spacing, comments and redundant
// parentheses. An error says why one of them is none.
func Same(a, b string) (bool, error) {
	x, errA := parsed(a)
	y, errB := parsed(b)
	if err := errors.Join(errA, errB); err != nil {
		return false, err
	}
	return same(x, y), nil
}

func same(a, b ast.Expr) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case ast.UnspecifiedExprKind:
		return true
	case ast.LiteralKind:
		return sameValue(a.AsLiteral(), b.AsLiteral())
	case ast.IdentKind:
		return a.AsIdent() == b.AsIdent()
	case ast.SelectKind:
		x, y := a.AsSelect(), b.AsSelect()
		return x.FieldName() == y.FieldName() && x.IsTestOnly() == y.IsTestOnly() && same(x.Operand(), y.Operand())
	case ast.CallKind:
		x, y := a.AsCall(), b.AsCall()
		return x.FunctionName() == y.FunctionName() && x.IsMemberFunction() == y.IsMemberFunction() &&
			(!x.IsMemberFunction() || same(x.Target(), y.Target())) && slices.EqualFunc(x.Args(), y.Args(), same)
	case ast.ListKind:
		x, y := a.AsList(), b.AsList()
		return slices.Equal(x.OptionalIndices(), y.OptionalIndices()) && slices.EqualFunc(x.Elements(), y.Elements(), same)
	case ast.MapKind:
		return slices.EqualFunc(a.AsMap().Entries(), b.AsMap().Entries(), func(a, b ast.EntryExpr) bool {
			x, y := a.AsMapEntry(), b.AsMapEntry()
			return x.IsOptional() == y.IsOptional() && same(x.Key(), y.Key()) && same(x.Value(), y.Value())
		})
	case ast.StructKind:
		return a.AsStruct().TypeName() == b.AsStruct().TypeName() &&
			slices.EqualFunc(a.AsStruct().Fields(), b.AsStruct().Fields(), func(a, b ast.EntryExpr) bool {
				x, y := a.AsStructField(), b.AsStructField()
				return x.Name() == y.Name() && x.IsOptional() == y.IsOptional() && same(x.Value(), y.Value())
			})
	case ast.ComprehensionKind:
		return false // macros are off
	}
	return false
}

// sameValue compares literals: -0.0 is not 0.0, and none is NaN.
func sameValue(a, b ref.Val) bool {
	if a.Type() != b.Type() {
		return false
	}
	switch x := a.Value().(type) {
	case []byte:
		y, ok := b.Value().([]byte)
		return ok && bytes.Equal(x, y)
	case float64:
		y, ok := b.Value().(float64)
		return ok && math.Float64bits(x) == math.Float64bits(y)
	default:
		return x == b.Value()
	}
}

// Value is what a literal says: an int64, uint64, float64, string, []byte,
// bool, or nil for null. ok is false where it says nothing, such as a number
// that is too large.
func (t *Tree) Value(l *Literal) (value any, ok bool) {
	text := t.Source(l)
	if quote := text[0]; l.Kind == String && (quote == '"' || quote == '\'') && !strings.ContainsAny(text, "\\\r\n") &&
		len(text) > 2 && text[1] != quote {
		return text[1 : len(text)-1], true // nothing in it to be read
	}
	x, err := parsed(text)
	if err != nil || x.Kind() != ast.LiteralKind {
		return nil, false
	}
	if x.AsLiteral() == types.NullValue {
		return nil, true
	}
	return x.AsLiteral().Value(), true
}
