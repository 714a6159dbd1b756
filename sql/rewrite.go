package sql

import "fmt"

// Rewrite is e with parts of it replaced. change is asked of each part, the
// whole before its parts; where it says true its answer stands as it is. The
// queries inside Exists, Scalar and InQuery are left alone.
func Rewrite(e Expr, change func(Expr) (Expr, bool)) Expr {
	if e == nil {
		return nil
	}
	if out, ok := change(e); ok {
		return out
	}
	one := func(x Expr) Expr { return Rewrite(x, change) }
	all := func(list []Expr) []Expr {
		out := make([]Expr, len(list))
		for i, x := range list {
			out[i] = one(x)
		}
		return out
	}
	switch e := e.(type) {
	case Column, Bool, Int, Float, String, Timestamp, Null, Exists, Scalar:
		return e
	case Call:
		return Call{Func: e.Func, Args: all(e.Args), Of: e.Of}
	case And:
		return And(all(e))
	case Or:
		return Or(all(e))
	case Cast:
		return Cast{Expr: one(e.Expr), To: e.To}
	case TryCast:
		return TryCast{Expr: one(e.Expr), To: e.To}
	case Case:
		out := Case{Else: one(e.Else)}
		for _, w := range e.Whens {
			out.Whens = append(out.Whens, When{If: one(w.If), Then: one(w.Then)})
		}
		return out
	case In:
		return In{Expr: one(e.Expr), List: all(e.List)}
	case InQuery:
		return InQuery{Exprs: all(e.Exprs), Query: e.Query, Not: e.Not}
	case Lambda:
		return Lambda{Param: e.Param, Of: e.Of, Body: one(e.Body)}
	case Custom:
		return Custom{ByDialect: e.ByDialect, Value: one(e.Value)}
	case Window:
		out := Window{Call: Call{Func: e.Call.Func, Args: all(e.Call.Args), Of: e.Call.Of}, PartitionBy: all(e.PartitionBy)}
		for _, o := range e.OrderBy {
			out.OrderBy = append(out.OrderBy, Order{Expr: one(o.Expr), Desc: o.Desc, NullsFirst: o.NullsFirst})
		}
		return out
	default:
		panic(fmt.Sprintf("sql: unknown expression %T", e))
	}
}

// Visit calls see for e and all its parts, except those inside of queries.
func Visit(e Expr, see func(Expr)) {
	Rewrite(e, func(x Expr) (Expr, bool) {
		see(x)
		return nil, false
	})
}
