package expr

import (
	"fmt"
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/customhouse-cdp/customhouse/config"
)

// parameter is a constant of the project.
type parameter struct {
	*config.Parameter
	typ *types.Type
	// value is one constant, values those of a list.
	value  ref.Val
	values []ref.Val
}

// newParameter is what a parameter is in a target.
func newParameter(p *config.Parameter, target string) *parameter {
	out := &parameter{Parameter: p}
	one := func(v ref.Val, t *types.Type) { out.value, out.typ = v, t }
	switch v := p.In(target).(type) {
	case string:
		one(types.String(v), types.StringType)
	case int64:
		one(types.Int(v), types.IntType)
	case float64:
		one(types.Double(v), types.DoubleType)
	case bool:
		one(types.Bool(v), types.BoolType)
	case time.Time:
		one(types.Timestamp{Time: v}, types.TimestampType)
	case time.Duration:
		one(types.Duration{Duration: v}, types.DurationType)
	case []string:
		out.typ = types.NewListType(types.StringType)
		for _, s := range v {
			out.values = append(out.values, types.String(s))
		}
	case []int64:
		out.typ = types.NewListType(types.IntType)
		for _, n := range v {
			out.values = append(out.values, types.Int(n))
		}
	case []float64:
		out.typ = types.NewListType(types.DoubleType)
		for _, f := range v {
			out.values = append(out.values, types.Double(f))
		}
	default:
		panic(fmt.Sprintf("expr: the parameter %s is a %T", p.Name, v))
	}
	return out
}

// parameter is the constant that x names.
func (t *translator) parameter(x ast.Expr, p *parameter) value {
	if p.value != nil {
		return t.literal(x, p.value)
	}
	l := &tuple{}
	for _, v := range p.values {
		l.elements = append(l.elements, element{value: t.literal(x, v)})
	}
	return l.value(p.typ)
}
