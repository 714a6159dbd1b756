package expr

import (
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/customhouse-cdp/customhouse/sql"
)

// listCall translates a function of which an operand is a list.
func (t *translator) listCall(x ast.Expr, fn string, v []value) value {
	for _, o := range v {
		if o.list != nil || o.row != nil || o.expr == nil && o.tuple == nil {
			return t.refuse(x, "collections and lists cannot be used together here", "")
		}
	}
	out := value{err: slices.ContainsFunc(v, func(o value) bool { return o.err || o.null })}
	switch fn {
	case "dyn":
		return v[0]
	case operators.Equals, operators.NotEquals:
		out.expr, out.typ = t.equality(x, v[0], v[1], fn == operators.NotEquals), types.BoolType
		return out
	case "size":
		return t.listSize(x, v[0])
	case operators.Add:
		if v[0].tuple != nil && v[1].tuple != nil {
			return from(slices.Concat(v[0].tuple.elements, v[1].tuple.elements), v[0].tuple, v[1].tuple).value(nil)
		}
		l, r, ok := t.arrays(x, v[0], v[1])
		if !ok {
			return t.nothing(x)
		}
		l.expr = t.guarded(x, sql.Fn(sql.ListConcat, l.expr, r.expr), l, r)
		l.err, l.float = out.err, max(l.float, r.float)
		return l
	case operators.Index:
		return t.element(x, v[0], v[1])
	case "join":
		return t.join(x, v)
	case "flatten":
		return t.flatten(x, v)
	case "sets.contains", "sets.intersects", "sets.equivalent":
		return t.sets(x, fn, v[0], v[1])
	case "math.@max", "math.@min":
		return t.extremeOf(x, fn, v[0])
	case "reverse", "slice", "sort", "distinct":
		return t.arrange(x, fn, v)
	}
	return t.refuse(x, fn+"() of a list is not possible", "")
}

func (t *translator) listSize(x ast.Expr, v value) value {
	out := value{typ: types.IntType, err: v.err}
	if v.tuple == nil {
		out.expr = sql.Fn(sql.ListLength, v.expr)
		return out
	}
	certain := int64(0)
	out.expr = nil
	for _, el := range v.tuple.elements {
		if el.when == nil {
			certain++
			continue
		}
		n := sql.Expr(sql.If(el.when, sql.Int(1), sql.Int(0)))
		if out.expr != nil {
			n = sql.Fn(sql.AddFast, out.expr, n)
		}
		out.expr = n
	}
	n := sql.Cast{Expr: sql.Int(certain), To: sql.TypeInt}
	if out.expr == nil {
		out.expr = n
	} else {
		out.expr = sql.Fn(sql.AddFast, n, out.expr)
	}
	out.expr = t.guarded(x, out.expr, v)
	return out
}

// arrays makes lists of the warehouse of two lists.
func (t *translator) arrays(x ast.Expr, a, b value) (l, r value, ok bool) {
	elem := t.elementType(a, b)
	l, r = t.array(x, a, elem), t.array(x, b, elem)
	return l, r, !l.refused && !r.refused
}

// element is l[i]; outside the list it is an error. A decimal number without a
// fraction is a position too.
func (t *translator) element(x ast.Expr, l, i value) value {
	if i.expr == nil || !numeric(i.kind()) {
		return t.refuse(x, "the position in a list is a whole number", "")
	}
	if l.tuple == nil || !l.tuple.certain() {
		a := t.array(x, l, t.elementType(l))
		if a.refused {
			return t.nothing(x)
		}
		if i.kind() != types.IntKind {
			return t.refuse(x, "the position in a list is a whole number", "")
		}
		position := sql.If(sql.Fn(sql.Ge, i.expr, sql.Int(0)), sql.Fn(sql.IntAdd, t.typed(i), sql.Int(1)), nil)
		elem := a.typ.Parameters()[0]
		typ, _ := columnType(elem)
		// DuckDB forgets the type of an element where it finds the list to be NULL.
		return value{expr: sql.Cast{Expr: sql.Fn(sql.ListGet, a.expr, position), To: typ}, typ: elem, err: true, float: a.float}
	}
	if len(l.tuple.elements) == 0 {
		return t.refuse(x, "an empty list has no elements", "")
	}
	first := l.tuple.elements[0]
	if first.tuple != nil {
		return t.refuse(x, "picking a list out of a list is not possible", "")
	}
	var whens []sql.When
	out := value{typ: first.typ, err: true}
	for n, el := range l.tuple.elements {
		if el.expr == nil || isNull(el.value) || el.kind() != first.kind() {
			return t.refuse(x, "an element of a list of several types, or with null, cannot be picked", "")
		}
		out.null = out.null || el.null
		at, position := aligned(i, value{expr: sql.Int(n), typ: types.IntType, konst: types.Int(n)})
		whens = append(whens, sql.When{If: sql.Fn(sql.Eq, at, position), Then: t.typed(el.value)})
		out.float = max(out.float, el.float)
	}
	out.expr = t.guarded(x, sql.Case{Whens: whens}, l)
	if out.null {
		picked := value{expr: i.expr, err: true}
		inside := sql.And{sql.Fn(sql.IsNotNull, i.expr), upTo(i.expr, sql.Int(len(whens)-1))}
		out.defined = t.guarded(x, inside, l, picked)
		if i.kind() == types.DoubleKind {
			out.defined = nil // a position between two
		}
	}
	return out
}

func (t *translator) join(x ast.Expr, v []value) value {
	out := value{typ: types.StringType, err: true}
	separator := value{expr: sql.String(""), typ: types.StringType, konst: types.String("")}
	if len(v) == 2 {
		separator = v[1]
	}
	if l := v[0].tuple; l != nil && l.certain() {
		for i, el := range l.elements {
			if el.tuple != nil || el.kind() != types.StringKind || el.null {
				return t.refuse(x, "join() is of texts", "")
			}
			if i == 0 {
				out.expr = el.expr
				continue
			}
			parts := []sql.Expr{out.expr, separator.expr, el.expr}
			out.expr = pinned(sql.Fn(sql.Concat, sql.Fn(sql.Concat, parts[:2]...), el.expr), sql.TypeString, parts...)
		}
		if out.expr == nil {
			out.expr = sql.String("")
		}
		out.expr = t.guarded(x, out.expr, v...)
		return out
	}
	a := t.array(x, v[0], t.elementType(v[0]))
	if a.refused {
		return t.nothing(x)
	}
	if _, ok := separator.konst.(types.String); !ok || a.typ.Parameters()[0].Kind() != types.StringKind {
		return t.refuse(x, "join() is of texts, with a separator that is written out", "")
	}
	out.expr = sql.Fn(sql.JoinText, a.expr, separator.expr)
	return out
}

// flatten takes lists in a list apart, to a depth that is written out.
func (t *translator) flatten(x ast.Expr, v []value) value {
	depth := int64(1)
	if len(v) == 2 {
		n, ok := v[1].konst.(types.Int)
		if !ok || n < 0 {
			return t.refuse(x, "the depth of flatten() is a number from 0, written out", "")
		}
		depth = int64(n)
	}
	if v[0].tuple == nil {
		return t.refuse(x, "flatten() of this list is not possible", "")
	}
	inner := []*tuple{}
	var flat func(l *tuple, depth int64, when sql.Expr) []element
	flat = func(l *tuple, depth int64, when sql.Expr) []element {
		var out []element
		inner = append(inner, l)
		for _, el := range l.elements {
			if el.tuple != nil && depth > 0 {
				out = append(out, flat(el.tuple, depth-1, both(when, el.when))...)
				continue
			}
			el.when = both(when, el.when)
			out = append(out, el)
		}
		return out
	}
	return from(flat(v[0].tuple, depth, nil), inner...).value(nil)
}

// sets compares lists as if they were sets.
func (t *translator) sets(x ast.Expr, fn string, a, b value) value {
	out := value{typ: types.BoolType, err: a.err || b.err}
	if a.tuple == nil || b.tuple == nil {
		l, r, ok := t.arrays(x, a, b)
		if !ok {
			return t.nothing(x)
		}
		if l.float == nan || r.float == nan {
			return t.refuse(x, "lists of numbers that may be no numbers cannot be compared", "")
		}
		switch fn {
		case "sets.contains":
			out.expr = sql.Fn(sql.ListHasAll, l.expr, r.expr)
		case "sets.intersects":
			out.expr = sql.Fn(sql.ListHasAny, l.expr, r.expr)
		default:
			out.expr = sql.And{sql.Fn(sql.ListHasAll, l.expr, r.expr), sql.Fn(sql.ListHasAll, r.expr, l.expr)}
		}
		out.expr = t.guarded(x, out.expr, l, r)
		return out
	}
	// all says that each of l is in another, any that one is.
	each := func(l *tuple, in value) (terms []sql.Expr) {
		for _, el := range l.elements {
			terms = append(terms, t.among(x, el.value, in))
		}
		return terms
	}
	conditional := func(l *tuple, terms []sql.Expr, absent bool) []sql.Expr {
		for i, el := range l.elements {
			if el.when != nil {
				terms[i] = sql.If(el.when, terms[i], sql.Bool(absent))
			}
		}
		return terms
	}
	all := func(l *tuple, in value) sql.Expr {
		return one(append(sql.And{sql.Bool(true)}, conditional(l, each(l, in), true)...))
	}
	switch fn {
	case "sets.contains":
		out.expr = all(b.tuple, a)
	case "sets.intersects":
		out.expr = oneOf(append(sql.Or{sql.Bool(false)}, conditional(a.tuple, each(a.tuple, b), false)...))
	default:
		out.expr = sql.And{all(a.tuple, b), all(b.tuple, a)}
	}
	out.expr = t.guarded(x, out.expr, a, b)
	return out
}

// extremeOf is math.greatest or math.least of several values.
func (t *translator) extremeOf(x ast.Expr, fn string, l value) value {
	if l.tuple == nil || len(l.tuple.elements) == 0 || !l.tuple.certain() {
		return t.refuse(x, "the greatest and the least of a list are of one that is written out", "")
	}
	out := l.tuple.elements[0].value
	for _, el := range l.tuple.elements[1:] {
		if out = t.extreme(x, fn, out, el.value); out.refused {
			return out
		}
	}
	if out.expr == nil || !numeric(out.kind()) {
		return t.refuse(x, "the greatest and the least are of numbers", "")
	}
	out.expr, out.err = t.guarded(x, out.expr, l), out.err || l.err
	return out
}

// extreme is the greater or lesser of two numbers of one type.
func (t *translator) extreme(x ast.Expr, fn string, a, b value) value {
	if a.expr == nil || b.expr == nil || a.null || b.null || a.kind() != b.kind() || !numeric(a.kind()) {
		return t.refuse(x, "the greatest and the least are of numbers of one type", "Write all of them with a point, or convert them with double().")
	}
	if a.float == nan || b.float == nan {
		return t.refuse(x, "the greatest and the least of a calculation that may give no number are not possible", "")
	}
	f := sql.Greatest
	if fn == "math.@min" {
		f = sql.Least
	}
	out := value{expr: sql.Fn(f, t.typed(a), t.typed(b)), typ: a.typ, err: a.err || b.err, float: max(a.float, b.float)}
	if a.float != finite || b.float != finite || a.kind() == types.DoubleKind {
		// Which of 0.0 and -0.0 it is matters to a division.
		pick := sql.Fn(sql.Lt, a.expr, b.expr)
		if fn == "math.@min" {
			pick = sql.Fn(sql.Lt, b.expr, a.expr)
		}
		out.expr = sql.If(pick, t.typed(b), t.typed(a))
	}
	out.expr = t.guarded(x, out.expr, a, b)
	return out
}

// arrange is a list in another order, or a part of it.
func (t *translator) arrange(x ast.Expr, fn string, v []value) value {
	l := v[0]
	if l.tuple != nil && l.tuple.certain() {
		switch fn {
		case "reverse":
			elements := slices.Clone(l.tuple.elements)
			slices.Reverse(elements)
			return from(elements, l.tuple).value(l.typ)
		case "distinct":
			return t.unique(x, l)
		}
	}
	if l.tuple != nil && len(l.tuple.elements) == 0 && fn != "slice" {
		return l
	}
	a := t.array(x, l, t.elementType(l))
	if a.refused {
		return t.nothing(x)
	}
	if a.float == nan && fn != "reverse" && fn != "slice" {
		return t.refuse(x, fn+"() of numbers that may be no numbers is not possible", "")
	}
	typ, _ := columnType(a.typ)
	switch fn {
	case "reverse":
		a.expr = sql.Fn(sql.ListReverse, a.expr)
	case "sort":
		a.expr = pinned(sql.Fn(sql.ListSort, a.expr), typ, a.expr)
	case "distinct":
		a.expr = pinned(sql.Fn(sql.ListUnique, a.expr), typ, a.expr)
	default:
		first, end := t.position(v[1]), t.position(v[2])
		a.expr = sql.If(sql.And{
			sql.Fn(sql.Ge, first, sql.Int(0)), sql.Fn(sql.Le, first, end), sql.Fn(sql.Le, end, sql.Fn(sql.ListLength, a.expr)),
		}, sql.Fn(sql.ListSlice, a.expr, sql.Fn(sql.AddFast, first, sql.Int(1)), end), nil)
		a.err = true
	}
	return a
}

// unique leaves out the elements that equal one before.
func (t *translator) unique(x ast.Expr, l value) value {
	out := from(nil, l.tuple)
	for i, el := range l.tuple.elements {
		if el.null {
			return t.refuse(x, "distinct() of a list with values that may be missing is not possible", "")
		}
		var before sql.Or
		for _, other := range l.tuple.elements[:i] {
			before = append(before, t.equality(x, el.value, other.value, false))
		}
		if len(before) > 0 {
			el.when = sql.Fn(sql.Not, oneOf(before))
		}
		out.elements = append(out.elements, el)
	}
	return out.value(l.typ)
}

// lambda translates a comprehension over a list of the warehouse.
func (t *translator) lambda(x ast.Expr, l value) value {
	loop := x.AsComprehension()
	accu, step := loop.AccuVar(), loop.LoopStep()
	elem := l.typ.Parameters()[0]
	if _, ok := sqlListType(elem); !ok || loop.IterVar2() != "" || step.Kind() != ast.CallKind {
		return t.refuse(x, "this loop over a list is not possible", "")
	}
	t.lambdas++
	param := "x" + itoa(t.lambdas)
	item := value{expr: sql.Col("", param), typ: elem, float: l.float}
	memo, scope := t.memo, t.scope
	defer func() { t.memo, t.scope = memo, scope }()
	t.memo = map[int64]value{}
	t.scope = append(slices.Clip(scope), variable{name: loop.IterVar(), val: item})
	of, _ := columnType(elem)
	mapped := func(body sql.Expr) sql.Expr {
		return sql.Fn(sql.ListMap, l.expr, sql.Lambda{Param: param, Of: of, Body: body})
	}
	// degree is 1 for true, 0 for false and between them for an error, so that
	// the greatest and the least follow the rule of || and &&.
	degree := func(v value) sql.Expr {
		return mapped(sql.Fn(sql.Coalesce, sql.Fn(sql.IntToFloat, sql.Fn(sql.BoolToInt, v.expr)), sql.Float(0.5)))
	}
	args := step.AsCall().Args()
	predicate := func(body ast.Expr) (value, bool) {
		p := t.value(body)
		if p.refused || p.expr == nil || p.kind() != types.BoolKind {
			return t.refuse(body, "a condition is needed here", ""), false
		}
		return p, true
	}
	out := value{typ: types.BoolType, err: true}
	switch step.AsCall().FunctionName() {
	case operators.LogicalOr, operators.LogicalAnd:
		if len(args) != 2 || !isIdent(args[0], accu) {
			break
		}
		p, ok := predicate(args[1])
		if !ok {
			return t.nothing(x)
		}
		end, none := sql.ListMax, sql.Float(0)
		if step.AsCall().FunctionName() == operators.LogicalAnd {
			end, none = sql.ListMin, sql.Float(1)
		}
		decided := sql.Fn(sql.NullIf, sql.Fn(sql.Coalesce, sql.FnOf(sql.TypeFloat, end, degree(p)), none), sql.Float(0.5))
		out.expr = t.guarded(x, sql.Fn(sql.Eq, decided, sql.Float(1)), l)
		return out
	case operators.Conditional:
		if len(args) != 3 || !isIdent(args[2], accu) || !isCall(args[1], operators.Add) {
			break
		}
		added := args[1].AsCall().Args()[1]
		p, ok := predicate(args[0])
		if !ok {
			return t.nothing(x)
		}
		found := sql.Expr(sql.Fn(sql.ListFilter, l.expr, sql.Lambda{Param: param, Of: of, Body: p.expr}))
		guards := sql.And{sql.Fn(sql.Ne, sql.Fn(sql.Coalesce, sql.FnOf(sql.TypeInt, sql.ListMin, mapped(sql.Fn(sql.BoolToInt, sql.Fn(sql.IsNotNull, p.expr)))), sql.Int(1)), sql.Int(0))}
		if !p.err && !p.null {
			guards = nil
		}
		switch {
		case added.Kind() == ast.ListKind && added.AsList().Size() == 1 && isIdent(added.AsList().Elements()[0], loop.IterVar()):
			out.typ, out.float = l.typ, l.float
		case added.Kind() == ast.LiteralKind:
			found, out.typ = sql.Fn(sql.Eq, sql.Fn(sql.ListLength, found), sql.Int(1)), types.BoolType
		default:
			return t.refuse(x, "this loop over a list is not possible", "")
		}
		if guards != nil {
			found = sql.If(one(guards), found, nil)
		}
		out.expr = t.guarded(x, found, l)
		out.err = l.err || l.null || p.err || p.null
		return out
	case operators.Add:
		if len(args) != 2 || !isIdent(args[0], accu) || args[1].Kind() != ast.ListKind || args[1].AsList().Size() != 1 {
			break
		}
		body := t.value(args[1].AsList().Elements()[0])
		if body.refused {
			return t.nothing(x)
		}
		if body.expr == nil || body.null {
			return t.refuse(args[1], "each element must become one value", "")
		}
		if _, ok := sqlListType(body.typ); !ok {
			return t.refuse(args[1], "each element must become one value", "")
		}
		out.typ, out.float = types.NewListType(body.typ), body.float
		out.expr = mapped(t.typed(body))
		out.err = l.err || l.null || body.err
		if body.err {
			every := sql.Fn(sql.Coalesce, sql.FnOf(sql.TypeInt, sql.ListMin, mapped(sql.Fn(sql.BoolToInt, sql.Fn(sql.IsNotNull, body.expr)))), sql.Int(1))
			out.expr = sql.If(sql.Fn(sql.Eq, every, sql.Int(1)), out.expr, nil)
		}
		out.expr = t.guarded(x, out.expr, l)
		return out
	}
	return t.refuse(x, "this loop over a list is not possible", "")
}

// standardLoops takes the rule for rows (a condition without an answer is
// false) out of comprehensions over plain lists, which follow CEL's own: an
// error of a condition is one of the whole, unless another element decides.
func (c *compiler) standardLoops(x ast.Expr) {
	var walk func(x ast.Expr, rows map[string]bool)
	var ofRows func(x ast.Expr, rows map[string]bool) bool
	ofRows = func(x ast.Expr, rows map[string]bool) bool {
		switch x.Kind() { //nolint:exhaustive // the others are no collections
		case ast.IdentKind:
			name := x.AsIdent()
			if is, bound := rows[name]; bound {
				return is
			}
			return c.sources[strings.TrimPrefix(name, ".")] != nil
		case ast.ComprehensionKind:
			return ofRows(x.AsComprehension().IterRange(), rows)
		case ast.CallKind:
			return x.AsCall().IsMemberFunction() && ofRows(x.AsCall().Target(), rows)
		default:
			return false
		}
	}
	walk = func(x ast.Expr, rows map[string]bool) {
		if x.Kind() != ast.ComprehensionKind {
			for _, part := range parts(x) {
				walk(part, rows)
			}
			return
		}
		loop := x.AsComprehension()
		walk(loop.IterRange(), rows)
		walk(loop.AccuInit(), rows)
		inner := maps.Clone(rows)
		inner[loop.IterVar()], inner[loop.IterVar2()] = false, false
		inner[loop.AccuVar()] = ofRows(loop.AccuInit(), rows)
		if !ofRows(loop.IterRange(), rows) {
			unwrap(loop.LoopStep())
		}
		walk(loop.LoopStep(), inner)
		walk(loop.Result(), inner)
	}
	walk(x, map[string]bool{})
}

// unwrap takes @where and @value out of the arguments of a loop's step, where the
// macros have put them.
func unwrap(step ast.Expr) {
	if step.Kind() != ast.CallKind {
		return
	}
	args := step.AsCall().Args()
	for i, a := range args {
		switch {
		case isCall(a, fnWhere), isCall(a, fnValue):
			args[i] = a.AsCall().Args()[0]
		case a.Kind() == ast.ListKind && a.AsList().Size() == 1 && isCall(a.AsList().Elements()[0], fnValue):
			a.AsList().Elements()[0] = a.AsList().Elements()[0].AsCall().Args()[0]
		}
	}
}

// parts are the expressions directly inside one that is no comprehension.
func parts(x ast.Expr) []ast.Expr {
	var out []ast.Expr
	switch x.Kind() { //nolint:exhaustive // the others have no parts
	case ast.SelectKind:
		out = append(out, x.AsSelect().Operand())
	case ast.CallKind:
		if x.AsCall().IsMemberFunction() {
			out = append(out, x.AsCall().Target())
		}
		out = append(out, x.AsCall().Args()...)
	case ast.ListKind:
		out = append(out, x.AsList().Elements()...)
	case ast.MapKind:
		for _, e := range x.AsMap().Entries() {
			out = append(out, e.AsMapEntry().Key(), e.AsMapEntry().Value())
		}
	case ast.StructKind:
		for _, f := range x.AsStruct().Fields() {
			out = append(out, f.AsStructField().Value())
		}
	}
	return out
}
