package expr

import (
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/customhouse-cdp/customhouse/sql"
)

// optional is a value that may not be there. No column holds one: it ends in
// orValue(), value() or hasValue(), and is gone from the SQL.
type optional struct {
	// has is true where the value is there, false where it is not, and NULL where
	// the optional is an error; nil where the value is always there.
	has sql.Expr
	// err says that has may be NULL.
	err bool
	// value counts only where has is true, and is no error there.
	value value
}

// optional makes an optional of a value that is there where has is true; nil is
// always. An error of has or of the value is one of the optional.
func (t *translator) optional(x ast.Expr, has *value, v value) value {
	if v.refused || v.related != nil || v.expr == nil && v.tuple == nil {
		return t.refuse(x, "an optional of "+typeWord(v.typ)+" is not possible", traitHelp(v))
	}
	if v.tuple != nil {
		if v = t.array(x, v, t.elementType(v)); v.refused {
			return t.nothing(x)
		}
	}
	out := &optional{value: v, err: v.err}
	switch {
	case has != nil:
		out.has, out.err = has.expr, has.err
	case v.err:
		out.has = t.guarded(x, sql.Bool(true), v)
	}
	out.value.expr = t.typed(v)
	out.value.err, out.value.defined, out.value.konst, out.value.decimal = false, nil, nil, nil
	return value{optional: out}
}

// takeHelp says how to come by the value.
const takeHelp = "Say what stands in where it has no value: .orValue(...)."

// none is an optional without a value; its type comes from where it is used.
func none() *optional { return &optional{has: sql.Bool(false), value: value{typ: types.NullType}} }

// present is whether the value is there; an error where the optional is one.
func (o *optional) present() value {
	if o.has == nil {
		return value{expr: sql.Bool(true), typ: types.BoolType, konst: types.True}
	}
	return value{expr: o.has, typ: types.BoolType, err: o.err}
}

// known says that the value of o has a type.
func (o *optional) known() bool { return o.value.expr != nil }

// either is the value of a where cond is true, otherwise that of b. Only one of them
// counts, so that neither needs to be told from an error.
func (t *translator) either(x ast.Expr, cond sql.Expr, a, b *optional) (value, bool) {
	switch {
	case !a.known():
		return b.value, true
	case !b.known():
		return a.value, true
	case a.value.kind() != b.value.kind():
		t.refuse(x, "both optional values must be of one type: one is "+typeWord(a.value.typ)+", the other "+typeWord(b.value.typ), "")
		return value{}, false
	}
	out := a.value
	out.expr = sql.If(cond, a.value.expr, b.value.expr)
	out.null, out.float = a.value.null || b.value.null, max(a.value.float, b.value.float)
	return out, true
}

// chosen is c ? a : b for optionals.
func (t *translator) chosen(x ast.Expr, c value, a, b *optional) value {
	v, ok := t.either(x, c.expr, a, b)
	if !ok {
		return t.nothing(x)
	}
	out := &optional{value: v, err: c.err || c.null || a.err || b.err}
	if c.err || c.null {
		out.has = sql.Case{Whens: []sql.When{{If: c.expr, Then: a.present().expr}, {If: sql.Fn(sql.Not, c.expr), Then: b.present().expr}}}
	} else {
		out.has = sql.If(c.expr, a.present().expr, b.present().expr)
	}
	return value{optional: out}
}

// takesOptional are the functions of which the first operand may be an optional.
var takesOptional = map[string]bool{
	"hasValue": true, "value": true, "or": true, "orValue": true, operators.Equals: true, operators.NotEquals: true,
}

// ofOptional translates the functions that make or take optionals; ok is false
// for the others.
func (t *translator) ofOptional(x ast.Expr) (out value, ok bool) {
	call := x.AsCall()
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	fn := call.FunctionName()
	switch fn {
	case "optional.none":
		return value{optional: none()}, true
	case "optional.of":
		return t.optional(x, nil, t.value(args[0])), true
	case "optional.ofNonZeroValue":
		return t.nonZero(x, t.value(args[0])), true
	case operators.OptSelect:
		return t.optionalField(x, args), true
	case operators.OptIndex:
		return t.optionalElement(x, t.value(args[0]), t.value(args[1])), true
	}
	if len(args) == 0 || !takesOptional[fn] {
		return value{}, false
	}
	o := t.value(args[0])
	if o.optional == nil {
		return value{}, false
	}
	switch fn {
	case "hasValue":
		return o.optional.present(), true
	case "value":
		return t.taken(x, o.optional), true
	case "or", "orValue":
		other := t.value(args[1])
		if other.refused {
			return t.nothing(x), true
		}
		if fn == "orValue" {
			return t.replaced(x, o.optional, args[1], other), true
		}
		if other.optional == nil {
			return t.refuse(args[1], t.text(args[1])+" is not an optional value", "Write orValue() to stand in for a missing value."), true
		}
		if o.optional.has == nil {
			return o, true
		}
		return t.chosen(x, o.optional.present(), &optional{value: o.optional.value}, other.optional), true
	case operators.Equals, operators.NotEquals:
		other := t.value(args[1])
		if other.refused {
			return t.nothing(x), true
		}
		if other.optional == nil {
			return t.refuse(x, "an optional value is compared with another", takeHelp), true
		}
		return t.sameOptional(x, o.optional, other.optional, fn == operators.NotEquals), true
	}
	return value{}, false
}

// taken is o.value(), an error where there is none.
func (t *translator) taken(x ast.Expr, o *optional) value {
	out := o.value
	switch {
	case !o.known():
		return t.refuse(x, "this optional value never has a value", "")
	case o.has != nil:
		out.expr, out.err = sql.If(o.has, out.expr, nil), true
		if out.null {
			out.defined = o.has
		}
	}
	return out
}

// replaced is o.orValue(other).
func (t *translator) replaced(x ast.Expr, o *optional, at ast.Expr, other value) value {
	switch {
	case !o.known() && o.has == sql.Expr(sql.Bool(false)):
		return other
	case other.expr == nil && other.tuple == nil:
		return t.refuse(at, t.text(at)+" cannot stand in for a missing value", "")
	case !o.known():
		return t.refuse(x, "this optional value never has a value", "")
	case o.has == nil:
		return o.value
	}
	return t.choose(x, o.present(), o.has, o.value, other)
}

// sameOptional is a == b, or its opposite: two without a value are equal.
func (t *translator) sameOptional(x ast.Expr, a, b *optional, not bool) value {
	left, right := a.present(), b.present()
	var same sql.Expr = sql.Fn(sql.Eq, left.expr, right.expr)
	if a.known() && b.known() {
		same = sql.If(sql.And{left.expr, right.expr}, t.equality(x, a.value, b.value, false), same)
	}
	if not {
		same = sql.Fn(sql.Not, same)
	}
	return value{expr: t.guarded(x, same, left, right), typ: types.BoolType, err: left.err || right.err}
}

// nonZero is optional.ofNonZeroValue(v): null, 0, "" and the like are no values.
func (t *translator) nonZero(x ast.Expr, v value) value {
	if v.refused || v.expr == nil && v.tuple == nil {
		return t.optional(x, nil, v)
	}
	if isNull(v) {
		return value{optional: none()}
	}
	if v.tuple != nil {
		if v = t.array(x, v, t.elementType(v)); v.refused {
			return t.nothing(x)
		}
	}
	v.expr = t.typed(v)
	var some sql.Expr
	differs := func(zero sql.Expr) { some = sql.Fn(sql.Ne, v.expr, zero) }
	switch v.kind() { //nolint:exhaustive // the default refuses the others
	case types.BoolKind:
		some = v.expr
	case types.IntKind, types.DurationKind:
		differs(sql.Int(0))
	case types.UintKind:
		differs(sql.Cast{Expr: sql.Int(0), To: sql.TypeUint})
	case types.DoubleKind:
		differs(sql.Float(0))
	case types.StringKind:
		differs(sql.String(""))
	case types.BytesKind:
		some = sql.Fn(sql.Gt, sql.Fn(sql.BytesLength, v.expr), sql.Int(0))
	case types.TimestampKind:
		differs(sql.Timestamp(time.Time{}))
	case types.ListKind:
		some = sql.Fn(sql.Gt, sql.Fn(sql.ListLength, v.expr), sql.Int(0))
	default:
		return t.refuse(x, "whether "+typeWord(v.typ)+" is zero is not known", "")
	}
	if v.null {
		some = sql.And{sql.Fn(sql.IsNotNull, v.expr), some}
	}
	has := value{expr: t.guarded(x, some, v), err: v.err}
	v.null = false
	return t.optional(x, &has, v)
}

// optionalField is x.?field, whose value is there where has(x.field) is true.
func (t *translator) optionalField(x ast.Expr, args []ast.Expr) value {
	name, _ := literalString(args[1])
	operand := t.value(args[0])
	var v value
	switch {
	case operand.refused:
		return t.nothing(x)
	case operand.related != nil:
		v = t.c.relatedColumn(operand.related, name)
	case operand.row != nil:
		v = t.field(operand.row, name)
	default:
		return t.refuse(x, t.text(args[0])+" has no fields", "Make an optional of a value: optional.ofNonZeroValue(country).")
	}
	if v.expr == nil {
		return t.refuse(x, "the column "+name+" is not declared", "")
	}
	has := value{expr: t.isNullOf(x, v, true), err: v.err}
	v.null = false
	return t.optional(x, &has, v)
}

// optionalElement is l[?i], whose value is there where l has so many.
func (t *translator) optionalElement(x ast.Expr, l, i value) value {
	if l.refused || i.refused {
		return t.nothing(x)
	}
	var outer *optional
	if outer = l.optional; outer != nil {
		l = outer.value
		if !outer.known() {
			return value{optional: none()}
		}
	}
	if l.list != nil || l.expr == nil && l.tuple == nil || l.kind() != types.ListKind {
		return t.refuse(x, "picking an element by its number is of lists", "Use first() or last() and a field.")
	}
	if i.expr == nil || i.kind() != types.IntKind {
		return t.refuse(x, "the position in a list is a whole number", "")
	}
	var out value
	if l.tuple != nil && len(l.tuple.elements) == 0 {
		i = present(i)
		out.optional = &optional{has: t.guarded(x, sql.Bool(false), i), err: i.err, value: value{typ: types.NullType}}
	} else {
		picked := t.element(x, l, i)
		if picked.refused {
			return t.nothing(x)
		}
		size := t.listSize(x, l)
		inside := sql.And{sql.Fn(sql.Ge, i.expr, sql.Int(0)), sql.Fn(sql.Lt, i.expr, size.expr)}
		i, size = present(i), present(size)
		out = t.optional(x, &value{expr: t.guarded(x, inside, i, size), err: i.err || size.err}, picked)
	}
	if outer == nil || outer.has == nil || out.optional == nil {
		return out
	}
	return t.chosen(x, outer.present(), out.optional, none())
}

// fnOptional is what x.?field becomes for the interpreter: an optional of the
// field, without a value where that is null. It cannot be written in CEL.
const fnOptional = "@optional"

// optionals are the functions over optionals as the interpreter calls them; the
// second operand of or() and orValue() counts only where the first has no value.
var optionals = []*functions.Overload{
	{Operator: fnOptional, Unary: func(v ref.Val) ref.Val {
		if v == types.NullValue {
			return types.OptionalNone
		}
		return types.OptionalOf(v)
	}},
	{Operator: "or", NonStrict: true, Binary: orElse(func(o *types.Optional) ref.Val { return o })},
	{Operator: "orValue", NonStrict: true, Binary: orElse((*types.Optional).GetValue)},
}

func orElse(take func(*types.Optional) ref.Val) functions.BinaryOp {
	return func(a, b ref.Val) ref.Val {
		o, ok := a.(*types.Optional)
		switch {
		case types.IsError(a):
			return a
		case !ok:
			return types.MaybeNoSuchOverloadErr(a)
		case o.HasValue():
			return take(o)
		default:
			return b
		}
	}
}
