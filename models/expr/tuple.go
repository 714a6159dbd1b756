package expr

import (
	"slices"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/customhouse-cdp/customhouse/sql"
)

// tuple is a list whose elements are known one by one: one written out, or made
// of such. Whatever is asked of it is spelled out for each element, so that
// elements may be of several types and each keeps its own NULL.
type tuple struct {
	elements []element
	// defined is false or NULL where the list is an error though no element is
	// one; nil where that cannot be.
	defined sql.Expr
}

// from is a list of elements that were of others, which must be no errors.
func from(elements []element, others ...*tuple) *tuple {
	out := &tuple{elements: elements}
	for _, l := range others {
		out.defined = both(out.defined, l.defined)
	}
	return out
}

// element is a value that is in the list where when is true.
type element struct {
	value
	// when is nil for an element that is always there. It is NULL where that
	// cannot be said, which is an error of the whole list.
	when sql.Expr
}

// maxUnrolled bounds the turns of all comprehensions over tuples in one
// expression.
const maxUnrolled = 2_000

// tuple translates a list that is written out.
func (t *translator) tuple(x ast.Expr) value {
	out := &tuple{}
	for i, el := range x.AsList().Elements() {
		v := t.value(el)
		if v.refused {
			return t.nothing(x)
		}
		if x.AsList().IsOptional(int32(i)) {
			switch o := v.optional; {
			case o == nil:
				return t.refuse(el, t.text(el)+" is not an optional value", "Leave out the ? in front of it.")
			case o.known():
				out.elements = append(out.elements, element{value: o.value, when: o.has})
			case o.has != sql.Expr(sql.Bool(false)):
				return t.refuse(el, "this optional value never has a value", "")
			}
			continue
		}
		if v.optional != nil {
			return t.refuse(el, "a list of optional values is not possible", "Write ? in front of it to leave it out where it has no value.")
		}
		if v.expr == nil && v.tuple == nil {
			return t.refuse(x, "a list of collections or rows is not possible", "")
		}
		out.elements = append(out.elements, element{value: v})
	}
	return out.value(t.e.ast.GetType(x.ID()))
}

func (l *tuple) value(typ *types.Type) value {
	out := value{tuple: l, typ: typ, err: l.defined != nil}
	for _, el := range l.elements {
		out.err = out.err || el.err || el.when != nil
	}
	return out
}

// certain says that no element has a condition.
func (l *tuple) certain() bool {
	return !slices.ContainsFunc(l.elements, func(el element) bool { return el.when != nil })
}

// allDefined is true where no element is an error, nil where that is always so.
// A list with an error in it is an error.
func (t *translator) allDefined(x ast.Expr, l *tuple) sql.Expr {
	var out sql.And
	if l.defined != nil {
		out = append(out, l.defined)
	}
	for _, el := range l.elements {
		d := t.isDefined(x, el.value)
		switch {
		case el.when == nil && d == nil:
		case el.when == nil:
			out = append(out, d)
		case d == nil:
			out = append(out, sql.Fn(sql.IsNotNull, el.when))
		default:
			out = append(out, sql.Case{
				Whens: []sql.When{{If: el.when, Then: d}, {If: sql.Fn(sql.Not, el.when), Then: sql.Bool(true)}},
				Else:  sql.Bool(false),
			})
		}
	}
	if len(out) == 0 {
		return nil
	}
	return one(out)
}

// both is the conjunction of two conditions of which either may be nil.
func both(a, b sql.Expr) sql.Expr {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	default:
		return sql.And{a, b}
	}
}

// choice is c ? a : b for tuples.
func choice(c value, a, b *tuple) value {
	out := &tuple{}
	if c.err || c.null {
		out.defined = sql.Fn(sql.IsNotNull, c.expr)
	}
	add := func(l *tuple, when sql.Expr) {
		if l.defined != nil {
			out.defined = both(out.defined, sql.If(when, l.defined, sql.Bool(true)))
		}
		for _, el := range l.elements {
			el.when = both(when, el.when)
			out.elements = append(out.elements, el)
		}
	}
	add(a, c.expr)
	add(b, sql.Fn(sql.Not, c.expr))
	return out.value(nil)
}

// overList translates a comprehension over a tuple or a list of the warehouse.
func (t *translator) overList(x ast.Expr, ranged value) value {
	loop := x.AsComprehension()
	switch {
	case ranged.tuple != nil:
		return t.unroll(x, ranged)
	case ranged.kind() == types.ListKind:
		return t.lambda(x, ranged)
	default:
		return t.refuse(loop.IterRange(), t.text(loop.IterRange())+" is not a collection", t.c.collections())
	}
}

// unroll takes a comprehension turn by turn. The loop's own condition only
// saves work: it ends a loop whose result is decided.
func (t *translator) unroll(x ast.Expr, ranged value) value {
	loop := x.AsComprehension()
	memo, scope := t.memo, t.scope
	accu := t.value(loop.AccuInit())
	t.unrolling++
	defer func() { t.memo, t.scope = memo, scope; t.unrolling-- }()
	for i, el := range ranged.tuple.elements {
		if t.unrolled++; t.unrolled > maxUnrolled {
			t.tooLarge()
			return t.nothing(x)
		}
		// What was translated is of another turn.
		t.memo = map[int64]value{}
		t.scope = append(slices.Clip(scope), variable{name: loop.AccuVar(), val: accu})
		if second := loop.IterVar2(); second != "" {
			if el.when != nil {
				return t.refuse(x, "the positions in a filtered list are not known", "")
			}
			index := t.literal(x, types.Int(i))
			t.scope = append(t.scope, variable{name: loop.IterVar(), val: index}, variable{name: second, val: el.value})
		} else {
			t.scope = append(t.scope, variable{name: loop.IterVar(), val: el.value})
		}
		accu = t.turn(loop.LoopStep(), loop.AccuVar(), accu, el)
		if accu.refused {
			return t.nothing(x)
		}
	}
	t.memo = map[int64]value{}
	t.scope = append(slices.Clip(scope), variable{name: loop.AccuVar(), val: accu})
	out := t.value(loop.Result())
	d := t.allDefined(x, ranged.tuple)
	switch {
	case d == nil || out.refused:
		return out
	case out.tuple != nil:
		l := *out.tuple
		l.defined = both(d, l.defined)
		return l.value(nil)
	case out.expr == nil:
		return t.refuse(x, "this loop is not possible", "")
	default:
		out.expr, out.err, out.konst = sql.If(d, t.typed(out), nil), true, nil
		if out.defined != nil {
			out.defined = sql.And{d, out.defined}
		} else if out.null {
			return t.refuse(x, "the result of this loop may be missing or an error, which cannot be told apart", "")
		}
		return out
	}
}

// turn is the value of the accumulator after one more element.
func (t *translator) turn(step ast.Expr, accuVar string, accu value, el element) value {
	add := func(when, to ast.Expr) (value, bool) {
		if !isCall(to, operators.Add) || !isIdent(to.AsCall().Args()[0], accuVar) {
			return value{}, false
		}
		cond := el.when
		if when != nil {
			v := t.value(when)
			if v.refused {
				return v, true
			}
			if is, ok := t.truth(v); !ok {
				cond = both(cond, t.exprOf(when, v))
			} else if !is {
				return accu, true
			}
		}
		more := t.value(to.AsCall().Args()[1])
		switch {
		case more.refused:
			return more, true
		case accu.tuple != nil && more.tuple != nil:
			out := from(slices.Clip(accu.tuple.elements), accu.tuple, more.tuple)
			for _, m := range more.tuple.elements {
				m.when = both(cond, m.when)
				out.elements = append(out.elements, m)
			}
			return out.value(nil), true
		case accu.kind() == types.IntKind && more.konst == types.IntOne:
			n := sql.Expr(sql.Int(1))
			if cond != nil {
				n = sql.Case{Whens: []sql.When{{If: cond, Then: sql.Int(1)}, {If: sql.Fn(sql.Not, cond), Then: sql.Int(0)}}}
			}
			return value{expr: sql.Fn(sql.AddFast, t.typed(accu), n), typ: types.IntType, err: true}, true
		default:
			return value{}, false
		}
	}
	if isCall(step, operators.Conditional) && isIdent(step.AsCall().Args()[2], accuVar) {
		if out, ok := add(step.AsCall().Args()[0], step.AsCall().Args()[1]); ok {
			return out
		}
	}
	if out, ok := add(nil, step); ok {
		return out
	}
	if el.when == nil {
		return t.value(step)
	}
	// exists and all: an element that is not there decides nothing.
	for fn, absent := range map[string]sql.Expr{operators.LogicalOr: sql.Bool(false), operators.LogicalAnd: sql.Bool(true)} {
		if !isCall(step, fn) || len(step.AsCall().Args()) != 2 || !isIdent(step.AsCall().Args()[0], accuVar) {
			continue
		}
		p := step.AsCall().Args()[1]
		v := t.value(p)
		if v.refused {
			return v
		}
		term := sql.Expr(sql.Case{Whens: []sql.When{{If: el.when, Then: t.exprOf(p, v)}, {If: sql.Fn(sql.Not, el.when), Then: absent}}})
		if fn == operators.LogicalOr {
			return value{expr: sql.Or{accu.expr, term}, typ: types.BoolType, err: true}
		}
		return value{expr: sql.And{accu.expr, term}, typ: types.BoolType, err: true}
	}
	return t.refuse(step, "this loop over a filtered list is not possible", "")
}

// listEquality is a == b, or its opposite, where one of them is a tuple.
func (t *translator) listEquality(x ast.Expr, a, b value, not bool) sql.Expr {
	if a.kind() != types.ListKind || b.kind() != types.ListKind {
		if a.null || b.null {
			return t.refuse(x, "a list and a value that may be missing cannot be compared", "").expr
		}
		return t.guarded(x, sql.Bool(not), a, b)
	}
	if a.tuple != nil && b.tuple != nil && a.tuple.certain() && b.tuple.certain() {
		if len(a.tuple.elements) != len(b.tuple.elements) {
			return t.guarded(x, sql.Bool(not), a, b)
		}
		var same sql.And
		for i, el := range a.tuple.elements {
			same = append(same, t.equality(x, el.value, b.tuple.elements[i].value, false))
		}
		out := one(same)
		if len(same) == 0 {
			out = sql.Bool(true)
		}
		if not {
			out = sql.Fn(sql.Not, out)
		}
		return t.guarded(x, out, a, b)
	}
	elem := t.elementType(a, b)
	if elem == nil {
		return t.refuse(x, "lists of several types cannot be compared here", "").expr
	}
	l, r := t.array(x, a, elem), t.array(x, b, elem)
	if l.refused || r.refused {
		return t.nothing(x).expr
	}
	return t.equality(x, l, r, not)
}

// elementType is the one type of the elements of some lists; nil where there
// are several, or null among them.
func (t *translator) elementType(lists ...value) *types.Type {
	var out *types.Type
	add := func(typ *types.Type) bool {
		if out != nil && out.Kind() != typ.Kind() {
			return false
		}
		out = typ
		return true
	}
	for _, l := range lists {
		if l.tuple == nil {
			if !add(l.typ.Parameters()[0]) {
				return nil
			}
			continue
		}
		for _, el := range l.tuple.elements {
			if el.expr == nil || isNull(el.value) || el.null || !add(el.typ) {
				return nil
			}
		}
	}
	if out != nil {
		return out
	}
	// There are no elements: the checker may know what they would be.
	for _, l := range lists {
		if l.typ != nil && l.typ.Kind() == types.ListKind {
			if _, ok := sqlListType(l.typ.Parameters()[0]); ok {
				return l.typ.Parameters()[0]
			}
		}
	}
	return types.IntType
}

// array is a list as a value of the warehouse.
func (t *translator) array(x ast.Expr, v value, elem *types.Type) value {
	if v.tuple == nil {
		return v
	}
	if elem == nil {
		return t.refuse(x, "a list of values of several types, or with null, cannot be used here", "")
	}
	out := value{typ: types.NewListType(elem), err: v.err}
	typ, ok := sqlListType(elem)
	if !ok {
		return t.refuse(x, "a list of which each is "+typeWord(elem)+" cannot be used here", "")
	}
	var whole []sql.Expr
	parts := [][]sql.Expr{nil}
	for _, el := range v.tuple.elements {
		out.float = max(out.float, el.float)
		if el.when == nil {
			parts[len(parts)-1] = append(parts[len(parts)-1], t.typed(el.value))
			continue
		}
		if n := len(parts); len(parts[n-1]) > 0 {
			whole = append(whole, sql.Fn(sql.ListOf, parts[n-1]...))
			parts = append(parts, nil)
		}
		none := sql.Cast{Expr: sql.Fn(sql.ListOf), To: typ}
		whole = append(whole, sql.If(el.when, sql.Fn(sql.ListOf, t.typed(el.value)), none))
	}
	if last := parts[len(parts)-1]; len(last) > 0 {
		whole = append(whole, sql.Fn(sql.ListOf, last...))
	}
	switch len(whole) {
	case 0:
		out.expr = sql.Cast{Expr: sql.Fn(sql.ListOf), To: typ}
	case 1:
		out.expr = whole[0]
	default:
		out.expr = sql.Fn(sql.ListConcat, whole...)
	}
	out.expr = t.guarded(x, out.expr, v)
	return out
}

// sqlListType is the type of a list in the warehouse, by that of its elements.
func sqlListType(elem *types.Type) (sql.Type, bool) {
	switch elem.Kind() { //nolint:exhaustive // the others are in no list
	case types.StringKind:
		return sql.TypeStrings, true
	case types.IntKind, types.DurationKind:
		return sql.TypeInts, true
	case types.UintKind:
		return sql.TypeUints, true
	case types.DoubleKind:
		return sql.TypeFloats, true
	case types.BoolKind:
		return sql.TypeBools, true
	case types.TimestampKind:
		return sql.TypeTimestamps, true
	case types.BytesKind:
		return sql.TypeBlobs, true
	default:
		return 0, false
	}
}

// among is membership in a list that is not plain.
func (t *translator) among(x ast.Expr, a, l value) sql.Expr {
	if l.tuple != nil {
		var out sql.Or
		for _, el := range l.tuple.elements {
			same := t.equality(x, a, el.value, false)
			if el.when != nil {
				same = sql.And{el.when, same}
			}
			out = append(out, same)
		}
		if len(out) == 0 {
			return t.guarded(x, sql.Bool(false), a, l)
		}
		return t.guarded(x, oneOf(out), a, l)
	}
	elem := l.typ.Parameters()[0]
	if a.expr == nil || a.kind() != elem.Kind() {
		return t.refuse(x, "in compares "+typeWord(a.typ)+" with "+typeWord(elem), "").expr
	}
	if a.float == nan || l.float == nan && elem.Kind() == types.DoubleKind {
		return t.refuse(x, "a list of numbers that may be no numbers cannot be searched", "").expr
	}
	found := sql.Fn(sql.ListContains, l.expr, a.expr)
	if !a.null {
		return found
	}
	// A list holds no null.
	missing := a
	missing.err = a.err
	return sql.Case{Whens: []sql.When{
		{If: sql.Fn(sql.IsNotNull, a.expr), Then: found},
		{If: sql.And{t.isNullOf(x, missing, false), sql.Fn(sql.IsNotNull, l.expr)}, Then: sql.Bool(false)},
	}}
}

// columnType is the type of a value in the warehouse.
func columnType(typ *types.Type) (sql.Type, bool) {
	switch typ.Kind() { //nolint:exhaustive // the others are no columns
	case types.UintKind:
		return sql.TypeUint, true
	case types.BytesKind:
		return sql.TypeBytes, true
	case types.DurationKind:
		return sql.TypeInt, true
	case types.ListKind:
		return sqlListType(typ.Parameters()[0])
	default:
		return sqlType(typ)
	}
}
