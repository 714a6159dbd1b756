package profile

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/sql"
)

// rows is a condition on one feature as what single rows decide, nil for
// others: whether there is a row that meets something.
//
//	exists(P), count(P) > 0     some row has P
//	all(P)                      no row has the opposite of P
//	max(x) > c                  some row has x > c
//	max(x) < c                  some row has an x, and none has x >= c
//
// and the same for min the other way round. A comparison with the maximum of
// nothing is NULL: with exact it is not decided here.
func (d *decider) rows(e sql.Expr, exact bool) node {
	call, ok := e.(sql.Call)
	if !ok || len(call.Args) != 2 {
		return nil
	}
	if call.Func == sql.Coalesce {
		f, call, ok := d.aggregate(call.Args[0])
		if !ok {
			return nil
		}
		switch otherwise := e.(sql.Call).Args[1]; { //nolint:errcheck,forcetypeassert // it was one above
		case call.Func == sql.BoolOr && otherwise == sql.Expr(sql.Bool(false)):
			return d.some(f, terms(call.Args[0])...)
		case call.Func == sql.BoolAnd && otherwise == sql.Expr(sql.Bool(true)):
			given, all := argument(call.Args[0])
			if !expr.Total(all) {
				return nil
			}
			return opposite(d.some(f, append(given, sql.Fn(sql.Not, all))...))
		}
		return nil
	}
	left, op, right, ok := comparison(call)
	if !ok {
		return nil
	}
	if n := d.counted(left, op, right); n != nil {
		return n
	}
	f, agg, ok := d.aggregate(left)
	if !ok || exact || agg.Func != sql.Max && agg.Func != sql.Min {
		return nil
	}
	given, x := argument(agg.Args[0])
	with := func(more sql.Expr) node { return d.some(f, append(slices.Clip(given), more)...) }
	outward := op == sql.Gt || op == sql.Ge // the way that a maximum goes
	if outward == (agg.Func == sql.Max) {
		return with(sql.Fn(op, x, right))
	}
	return allOf{with(sql.Fn(sql.IsNotNull, x)), opposite(with(sql.Fn(contrary[op], x, right)))}
}

var (
	contrary = map[sql.Func]sql.Func{sql.Lt: sql.Ge, sql.Le: sql.Gt, sql.Gt: sql.Le, sql.Ge: sql.Lt}
	turned   = map[sql.Func]sql.Func{sql.Lt: sql.Gt, sql.Le: sql.Ge, sql.Gt: sql.Lt, sql.Ge: sql.Le}
)

// comparison is one with a constant on the right.
func comparison(c sql.Call) (left sql.Expr, op sql.Func, right sql.Expr, ok bool) {
	if contrary[c.Func] == "" {
		return nil, "", nil, false
	}
	if constant(c.Args[1]) {
		return c.Args[0], c.Func, c.Args[1], true
	}
	return c.Args[1], turned[c.Func], c.Args[0], constant(c.Args[0])
}

func constant(e sql.Expr) bool {
	switch e.(type) {
	case sql.Int, sql.Float, sql.String, sql.Timestamp:
		return true
	}
	return false
}

// counted is whether a count is 0.
func (d *decider) counted(left sql.Expr, op sql.Func, right sql.Expr) node {
	c, ok := left.(sql.Call)
	n, whole := right.(sql.Int)
	if !ok || !whole || c.Func != sql.Coalesce || len(c.Args) != 2 || c.Args[1] != sql.Expr(sql.Int(0)) {
		return nil
	}
	f, agg, ok := d.aggregate(c.Args[0])
	if !ok {
		return nil
	}
	var given []sql.Expr
	switch agg.Func { //nolint:exhaustive // the others count nothing
	case sql.CountAll:
	case sql.Count:
		var x sql.Expr
		if given, x = argument(agg.Args[0]); !constant(x) {
			return nil
		}
	default:
		return nil
	}
	switch {
	case op == sql.Gt && n == 0, op == sql.Ge && n == 1:
		return d.some(f, given...)
	case op == sql.Le && n == 0, op == sql.Lt && n == 1:
		return opposite(d.some(f, given...))
	}
	return nil
}

// aggregate is that of a feature that an expression is.
func (d *decider) aggregate(e sql.Expr) (f expr.Feature, agg sql.Call, ok bool) {
	c, isColumn := e.(sql.Column)
	if !isColumn || c.Table != expr.Row {
		return f, agg, false
	}
	f = d.features[c.Name]
	if d.whole[f.Source] == nil {
		return f, agg, false
	}
	agg, ok = f.Aggregate.(sql.Call)
	return f, agg, ok
}

// argument is the argument of an aggregate: what it takes, of the rows for which
// all given conditions hold.
func argument(arg sql.Expr) (given []sql.Expr, x sql.Expr) {
	if c, ok := arg.(sql.Case); ok && len(c.Whens) == 1 && c.Else == nil {
		return terms(c.Whens[0].If), c.Whens[0].Then
	}
	return nil, arg
}

// some is whether there is a row for which all conditions hold.
func (d *decider) some(f expr.Feature, given ...sql.Expr) node {
	scan := d.whole[f.Source]
	b, isNew := d.shared(f.Source+":"+expr.Form(sql.And(given)), sql.And(given))
	if isNew {
		scan.Rows = append(scan.Rows, b)
	}
	return test{bit: b}
}
