package expr

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// list is the rows of a collection, filtered and mapped.
type list struct {
	source *config.Source
	// depth is how many collections it is named inside conditions of.
	depth int
	// where are the conditions that rows must meet, NULL counting as false.
	where sql.And
	// item is what each element is: a row, or a value of Event's columns.
	item     value
	distinct bool
}

// row is one row of a collection: the one at hand inside a comprehension, or,
// with of, the earliest or latest of a list.
type row struct {
	source *config.Source
	depth  int
	of     *list
	latest bool
}

// pick is x for the rows of l, NULL for others.
func (l *list) pick(x sql.Expr) sql.Expr {
	if len(l.where) == 0 {
		return x
	}
	return sql.If(one(l.where), x, nil)
}

// with is l under one more condition.
func (l *list) with(cond sql.Expr) *list {
	out := *l
	out.where = append(sql.And{}, l.where...)
	if more, ok := cond.(sql.And); ok {
		out.where = append(out.where, more...)
	} else if cond != sql.Expr(sql.Bool(true)) {
		out.where = append(out.where, cond)
	}
	return &out
}

// field is a column of a row.
func (t *translator) field(r *row, name string) value {
	var typ sql.Type
	col, declared := r.source.Columns.Get(name)
	switch {
	case declared:
		typ = models.ColumnType(col.Type)
	case name == TimeField:
		typ = sql.TypeTimestamp
	}
	if typ == 0 {
		return value{}
	}
	here := column(sql.Col(alias(r.depth), name), typ, true)
	if declared && col.Retention != 0 {
		here = t.forgotten(here, t.c.within(col.Retention, alias(r.depth)))
	}
	if r.of == nil {
		return here
	}
	// Of the row with the greatest (or smallest) time.
	end, pick, of, what := sql.Min, sql.ArgMinRow, "min", "first"
	if r.latest {
		end, pick, of, what = sql.Max, sql.ArgMaxRow, "max", "last"
	}
	at := r.of.pick(sql.Col(alias(r.of.depth), TimeField))
	when := t.over(r.of, of, sql.TypeTimestamp, sql.Fn(end, at))
	if name == TimeField {
		return value{expr: when, typ: here.typ, err: true}
	}
	here.null, here.err, here.decimal = true, true, nil
	here.defined = sql.Fn(sql.IsNotNull, when)
	// A row without a time is neither first nor last.
	placed := r.of.with(sql.Fn(sql.IsNotNull, sql.Col(alias(r.of.depth), TimeField)))
	out, _ := sqlType(here.typ)
	field := placed.pick(here.expr)
	here.expr = t.over(r.of, what, out, sql.FnOf(out, pick, field, at, field))
	return here
}

// comprehension recognises the shapes that the macros expand to.
func (t *translator) comprehension(x ast.Expr) value {
	loop := x.AsComprehension()
	ranged := t.value(loop.IterRange())
	if ranged.refused {
		return t.nothing(x)
	}
	if ranged.list == nil {
		return t.overList(x, ranged)
	}
	if ranged.list.distinct {
		return t.refuse(loop.IterRange(), "after distinct() only size() is possible", "Filter first, then write distinct().")
	}
	l := ranged.list
	inside := func(body ast.Expr) value {
		defer t.enter(l, loop.IterVar())()
		return t.value(body)
	}
	predicate := func(body ast.Expr) sql.Expr {
		defer t.enter(l, loop.IterVar())()
		return t.cond(body)
	}
	accu := loop.AccuVar()
	step := loop.LoopStep()
	if step.Kind() != ast.CallKind {
		return t.refuse(x, "this loop is not part of the language", "")
	}
	args := step.AsCall().Args()
	switch step.AsCall().FunctionName() {
	case operators.LogicalOr: // exists: accu || P
		if len(args) == 2 && isIdent(args[0], accu) {
			found := l.with(predicate(args[1]))
			f := t.over(found, "exists", sql.TypeBool, sql.Fn(sql.BoolOr, one(found.where)))
			return value{expr: sql.Fn(sql.Coalesce, f, sql.Bool(false))}
		}
	case operators.LogicalAnd: // all: accu && P
		if len(args) == 2 && isIdent(args[0], accu) {
			p := predicate(args[1])
			if !total(p) {
				p = sql.Fn(sql.Coalesce, p, sql.Bool(false))
			}
			f := t.over(l, "all", sql.TypeBool, sql.Fn(sql.BoolAnd, l.pick(p)))
			return value{expr: sql.Fn(sql.Coalesce, f, sql.Bool(true))}
		}
	case operators.Conditional: // P ? accu + ... : accu
		if len(args) != 3 || !isIdent(args[2], accu) || !isCall(args[1], operators.Add) {
			break
		}
		add := args[1].AsCall().Args()
		if len(add) != 2 || !isIdent(add[0], accu) {
			break
		}
		if add[1].Kind() == ast.LiteralKind { // exists_one
			found := l.with(predicate(args[0]))
			return value{expr: sql.Fn(sql.Eq, t.count(found), sql.Int(1))}
		}
		if add[1].Kind() == ast.ListKind && isIdent(add[1].AsList().Elements()[0], loop.IterVar()) { // filter
			return value{list: l.with(predicate(args[0]))}
		}
	case operators.Add: // map: accu + [f]
		if len(args) != 2 || !isIdent(args[0], accu) || args[1].Kind() != ast.ListKind {
			break
		}
		body := args[1].AsList().Elements()[0]
		item := inside(body)
		if item.refused {
			return t.nothing(x)
		}
		if item.list != nil {
			return t.refuse(body, "a list of lists or rows is not possible", "Choose a value of them.")
		}
		out := *l
		out.item = item
		return value{list: &out}
	}
	return t.refuse(x, "this loop is not part of the language", "")
}

func isIdent(x ast.Expr, name string) bool {
	return x.Kind() == ast.IdentKind && x.AsIdent() == name
}

// count is the number of elements of l.
func (t *translator) count(l *list) sql.Expr {
	agg := sql.Expr(sql.Fn(sql.CountAll))
	what := "count"
	switch {
	case l.distinct:
		agg, what = sql.Fn(sql.CountDistinct, l.pick(l.item.expr)), "distinct"
	case len(l.where) > 0:
		agg = sql.Fn(sql.Count, l.pick(sql.Int(1)))
	}
	return sql.Fn(sql.Coalesce, t.over(l, what, sql.TypeInt, agg), sql.Int(0))
}

// aggregate is a function of a whole list.
func (t *translator) aggregate(x ast.Expr, fn string, operand value) value {
	l := operand.list
	name := l.source.Name
	isRows := l.item.row != nil
	switch fn {
	case "size", "count":
		return value{expr: t.count(l)}
	case "first", "earliest", "last", "latest":
		if !isRows || l.item.row.of != nil || l.distinct {
			return t.refuse(x, fn+"() is of the rows of a collection", "Write the field after it: "+name+"."+fn+"().amount.")
		}
		if l.source.Time == "" {
			return t.refuse(x, "the collection "+name+" has no time to be "+fn+" by", "Declare time: on the source.")
		}
		return value{row: &row{source: l.source, depth: l.depth, of: l, latest: fn == "last" || fn == "latest"}}
	}
	if isRows {
		return t.refuse(x, fn+"() must be told of what", "For example: "+name+"."+fn+"(x, x."+firstColumn(l.source)+").")
	}
	if l.distinct {
		return t.refuse(x, "after distinct() only size() is possible", "")
	}
	item := l.item
	if item.float == nan && fn != "sum" && fn != "avg" {
		return t.refuse(x, fn+"() of a calculation that may give no number is not possible", "Leave out rows that divide by zero with filter().")
	}
	typ, ok := sqlType(item.typ)
	if !ok {
		return t.refuse(x, fn+"() of "+typeWord(item.typ)+" is not possible", "")
	}
	picked := l.pick(t.typed(item))
	switch fn {
	case "distinct":
		out := *l
		out.distinct = true
		return value{list: &out}
	case "sum":
		return t.sum(l, typ, picked)
	case "avg":
		total := sql.Fn(sql.SumFloat, picked)
		if typ == sql.TypeInt {
			total = sql.Fn(sql.SumFloat, l.pick(sql.Fn(sql.IntToFloat, item.expr)))
		}
		mean := sql.Expr(total)
		if item.decimal != nil {
			picked = l.pick(item.decimal)
			mean = sql.Cast{Expr: sql.Fn(sql.SumExact, picked), To: sql.TypeFloat}
		}
		mean = sql.Fn(sql.FloatDiv, mean, sql.Fn(sql.IntToFloat, sql.Fn(sql.Count, picked)))
		return value{expr: t.over(l, "avg", sql.TypeFloat, mean), err: true, float: afterSum(item)}
	case "min", "max":
		f := sql.Min
		if fn == "max" {
			f = sql.Max
		}
		return value{expr: t.over(l, fn, typ, sql.Fn(f, picked)), err: true, float: item.float}
	case "most_frequent":
		return value{expr: t.over(l, fn, typ, sql.FnOf(typ, sql.Mode, picked)), err: true, float: item.float}
	}
	return t.refuse(x, fn+"() of a collection is not possible", "")
}

// sum is 0 where there is nothing to add. The sum of whole numbers is an error
// where it does not fit, which must not be taken for nothing.
func (t *translator) sum(l *list, typ sql.Type, picked sql.Expr) value {
	if typ == sql.TypeInt {
		sum := t.over(l, "sum", typ, sql.Fn(sql.Sum, picked))
		n := t.over(l, "count", sql.TypeInt, sql.Fn(sql.Count, picked))
		return value{
			expr: sql.If(sql.Fn(sql.Gt, n, sql.Int(0)), sum, sql.Cast{Expr: sql.Int(0), To: sql.TypeInt}),
			err:  true,
		}
	}
	agg := sql.Expr(sql.Fn(sql.SumFloat, picked))
	if l.item.decimal != nil {
		agg = sql.Cast{Expr: sql.Fn(sql.SumExact, l.pick(l.item.decimal)), To: sql.TypeFloat}
	}
	return value{
		expr:  sql.Fn(sql.Coalesce, t.over(l, "sum", sql.TypeFloat, agg), sql.Float(0)),
		float: afterSum(l.item),
	}
}

// afterSum says what adding doubles may give: too large a sum of finite ones
// is infinite; infinities of both signs give NaN.
func afterSum(item value) floatKind {
	if item.float == finite {
		return infinite
	}
	return nan
}

// inCollection is x in list.map(...): whether a row has that value.
func (t *translator) inCollection(x ast.Expr, a value, l *list) value {
	if a.konst == nil || isNull(a) || l.item.row != nil || a.float == nan {
		return t.refuse(x, "in with a collection takes a constant on its left", "For example: \"A1\" in "+l.source.Name+".map(x, x."+firstColumn(l.source)+").")
	}
	found := l.with(sql.Fn(sql.Eq, l.item.expr, a.expr))
	f := t.over(l, "exists", sql.TypeBool, sql.Fn(sql.BoolOr, one(found.where)))
	return value{expr: sql.Fn(sql.Coalesce, f, sql.Bool(false)), typ: types.BoolType}
}

func firstColumn(s *config.Source) string {
	if len(s.Columns) > 0 {
		return s.Columns[0].Key
	}
	return TimeField
}
