package expr

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/customhouse-cdp/customhouse/sql"
)

// maxDuration is the longest span of time that CEL knows (64 bits of
// nanoseconds), in microseconds.
const maxDuration = 9_223_372_036_854_775

func secondsOf(n int64) time.Duration { return time.Duration(n) * time.Second }

// overloads are those that are one SQL function of their operands, NULL
// where an operand is NULL. fails says that the result can be an error of its
// own.
var overloads = map[string]struct {
	fn    sql.Func
	fails bool
}{
	"add_int64": {sql.IntAdd, true}, "subtract_int64": {sql.IntSub, true}, "multiply_int64": {sql.IntMul, true},
	"divide_int64": {sql.IntDiv, true}, "modulo_int64": {sql.IntMod, true}, "negate_int64": {sql.IntNeg, true},
	"add_double": {sql.FloatAdd, false}, "subtract_double": {sql.FloatSub, false}, "multiply_double": {sql.FloatMul, false},
	"divide_double": {sql.FloatDiv, false}, "negate_double": {sql.FloatNeg, false},
	"add_string":  {sql.Concat, false},
	"size_string": {sql.Length, false}, "string_size": {sql.Length, false},
	"contains_string": {sql.Contains, false}, "starts_with_string": {sql.StartsWith, false}, "ends_with_string": {sql.EndsWith, false},
	"string_lower_ascii": {sql.LowerASCII, false}, "string_upper_ascii": {sql.UpperASCII, false}, "string_trim": {sql.TrimSpace, false},
	"add_timestamp_duration": {sql.TimeAdd, true}, "subtract_timestamp_duration": {sql.TimeSub, true},
	"int64_to_double": {sql.IntToFloat, false}, "double_to_int64": {sql.FloatToInt, true},
	"string_to_int64": {sql.StringToInt, true}, "string_to_double": {sql.StringToFloat, true},
	"int64_to_string": {sql.IntToString, false}, "bool_to_string": {sql.BoolToString, false},
	"timestamp_to_int64": {sql.EpochSeconds, false},

	"add_uint64": {sql.UintAdd, true}, "subtract_uint64": {sql.UintSub, true}, "multiply_uint64": {sql.UintMul, true},
	"divide_uint64": {sql.UintDiv, true}, "modulo_uint64": {sql.UintMod, true},
	"add_bytes": {sql.Concat, false}, "size_bytes": {sql.BytesLength, false}, "bytes_size": {sql.BytesLength, false},
	"int64_to_uint64": {sql.IntToUint, true}, "uint64_to_int64": {sql.UintToInt, true}, "double_to_uint64": {sql.FloatToUint, true},
	"uint64_to_double": {sql.IntToFloat, false}, "uint64_to_string": {sql.IntToString, false}, "string_to_uint64": {sql.StringToUint, true},
	"string_to_bool": {sql.StringToBool, true}, "string_to_bytes": {sql.StringToBytes, false}, "bytes_to_string": {sql.BytesToString, true},
	"timestamp_to_string": {sql.TimeRFC3339, false},

	"string_reverse": {sql.ReverseText, false},
	"math_abs_int":   {sql.IntAbs, true}, "math_abs_double": {sql.FloatAbs, false},
	"math_sign_int": {sql.IntSign, false}, "math_sign_uint": {sql.UintSign, false}, "math_sign_double": {sql.FloatSign, false},
	"math_ceil_double": {sql.Ceil, false}, "math_floor_double": {sql.Floor, false}, "math_round_double": {sql.Round, false},
	"math_trunc_double": {sql.Trunc, false}, "math_sqrt_double": {sql.Sqrt, false},
	"math_isNaN_double": {sql.IsNaN, false}, "math_isInf_double": {sql.IsInf, false}, "math_isFinite_double": {sql.IsFinite, false},
	"math_bitAnd_int_int": {sql.BitAnd, false}, "math_bitOr_int_int": {sql.BitOr, false}, "math_bitXor_int_int": {sql.BitXor, false}, "math_bitNot_int_int": {sql.BitNot, false},
	"math_bitAnd_uint_uint": {sql.UintBitAnd, false}, "math_bitOr_uint_uint": {sql.UintBitOr, false}, "math_bitXor_uint_uint": {sql.UintBitXor, false}, "math_bitNot_uint_uint": {sql.UintBitNot, false},
}

// dateParts are the parts of a time, and what CEL takes off (it counts months
// and days from 0).
var dateParts = map[string]struct {
	fn    sql.Func
	minus int64
}{
	"timestamp_to_year": {sql.Year, 0}, "timestamp_to_month": {sql.Month, 1},
	"timestamp_to_day_of_month": {sql.DayOfMonth, 1}, "timestamp_to_day_of_month_1_based": {sql.DayOfMonth, 0},
	"timestamp_to_day_of_year": {sql.DayOfYear, 1}, "timestamp_to_day_of_week": {sql.DayOfWeek, 0},
	"timestamp_to_hours": {sql.Hours, 0}, "timestamp_to_minutes": {sql.Minutes, 0},
	"timestamp_to_seconds": {sql.Seconds, 0}, "timestamp_to_milliseconds": {sql.Milliseconds, 0},
}

// spans are the units of duration functions, in microseconds.
var spans = map[string]int64{
	"int_to_days": 86_400_000_000, "int_to_hours": 3_600_000_000, "int_to_minutes": 60_000_000,
	"duration_to_hours": 3_600_000_000, "duration_to_minutes": 60_000_000, "duration_to_seconds": 1_000_000,
}

// call translates a function or operator.
func (t *translator) call(x ast.Expr) value {
	call := x.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr:
		return t.logic(x)
	case operators.LogicalNot:
		v := boolean(t.value(args[0]))
		if b, ok := t.truth(v); ok {
			return t.literal(x, types.Bool(!b))
		}
		return value{expr: sql.Fn(sql.Not, t.exprOf(args[0], v)), err: v.null || v.err}
	case operators.Conditional:
		return t.conditional(x)
	case operators.In:
		return t.membership(x)
	case fnWhere, "is_true":
		cond := t.cond(args[0])
		if !total(cond) {
			cond = sql.Fn(sql.Coalesce, cond, sql.Bool(false))
		}
		return value{expr: cond}
	case fnValue:
		v := t.value(args[0])
		v.null = v.null || v.err
		v.err = false
		return v
	case fnHas:
		v := t.value(args[0])
		if v.expr == nil {
			return t.refuse(x, "has() takes the name of a trait or a field", "A collection has rows where .count() > 0.")
		}
		return value{expr: t.isNullOf(x, v, true), err: v.err}
	case "in_segment":
		return t.inSegment(x)
	}
	if v, ok := t.vocabulary(x); ok {
		return v
	}
	if v, ok := t.ofOptional(x); ok {
		return v
	}
	ids := t.e.ast.GetOverloadIDs(x.ID())
	if len(ids) == 0 {
		return t.refuse(x, "this function cannot be used here", "")
	}
	var operands []value
	if call.IsMemberFunction() {
		operands = append(operands, t.value(call.Target()))
	}
	for _, a := range args {
		operands = append(operands, t.value(a))
	}
	for _, v := range operands {
		if v.refused {
			return t.nothing(x)
		}
	}
	if word, ok := operatorWords[call.FunctionName()]; ok && slices.ContainsFunc(operands, func(v value) bool { return v.list != nil }) {
		return t.refuse(x, "collections and lists cannot be "+word, `Ask for a value in it: "a" in orders.map(o, o.sku).`)
	}
	for _, v := range operands {
		if v.tuple != nil || v.list == nil && v.typ != nil && v.typ.Kind() == types.ListKind {
			return t.listCall(x, call.FunctionName(), operands)
		}
	}
	if call.FunctionName() == operators.Index {
		return t.refuse(x, "picking an element by its number is not possible", "Use first() or last() and a field.")
	}
	if len(operands) > 0 && operands[0].list != nil {
		return t.aggregate(x, call.FunctionName(), operands[0])
	}
	for i, v := range operands {
		if v.expr == nil {
			parts := args
			if call.IsMemberFunction() {
				parts = append([]ast.Expr{call.Target()}, args...)
			}
			what := parts[i]
			return t.refuse(what, t.text(what)+" is "+typeWord(t.e.ast.GetType(what.ID()))+" and cannot be used here", traitHelp(v))
		}
		if v.typ.Kind() == types.DynKind {
			return t.refuse(x, "the types of this calculation are not known", "")
		}
	}
	if len(operands) == 0 {
		return t.refuse(x, call.FunctionName()+"() is not possible", "")
	}
	o := t.c.lang.overload(call.FunctionName(), call.IsMemberFunction(), operands)
	id := ids[0]
	switch word := operatorWords[call.FunctionName()]; {
	case o != nil:
		id = o.ID()
	case word == "":
		return t.refuse(x, call.FunctionName()+"() of "+typeWord(operands[0].typ)+" is not possible", functionHelp[call.FunctionName()])
	case call.FunctionName() != operators.Equals && call.FunctionName() != operators.NotEquals && !alike(operands[0], operands[len(operands)-1]):
		return t.refuse(x, "values of different types cannot be "+word, "")
	}
	out := t.function(x, call.FunctionName(), id, operands)
	if out.typ == nil && o != nil {
		out.typ = o.ResultType()
	}
	return out
}

// overload finds the one that takes values of these types. The checker's own
// choice is not known where it was not told the types (dyn).
func (l *language) overload(name string, member bool, operands []value) *decls.OverloadDecl {
	f := l.byName[name]
	if f == nil {
		return nil
	}
	for _, o := range f.OverloadDecls() {
		params := o.ArgTypes()
		fits := o.IsMemberFunction() == member && len(params) == len(operands)
		for i := 0; fits && i < len(params); i++ {
			k := params[i].Kind()
			fits = k == operands[i].kind() || k == types.TypeParamKind || k == types.DynKind
		}
		if fits {
			return o
		}
	}
	return nil
}

func (t *translator) exprOf(x ast.Expr, v value) sql.Expr {
	if v.expr == nil {
		return t.refuse(x, t.text(x)+" cannot be used here", "").expr
	}
	return v.expr
}

// function translates a call of plain values by its overload.
func (t *translator) function(x ast.Expr, name, id string, v []value) value {
	out := value{}
	for _, o := range v {
		out.err = out.err || o.null || o.err
	}
	switch name {
	case operators.Equals, operators.NotEquals:
		if t.foldable(v...) {
			return t.literal(x, fold(name, v[0].konst, v[1].konst))
		}
		out.expr = t.equality(x, v[0], v[1], name == operators.NotEquals)
		out.err = v[0].err || v[1].err
		return out
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		if t.foldable(v...) {
			if r := fold(name, v[0].konst, v[1].konst); r != nil {
				return t.literal(x, r)
			}
		}
		return t.ordering(x, name, v[0], v[1], out)
	}
	if t.foldable(v...) {
		if r := constant(name, id, v); r != nil {
			if types.IsError(r) && (name == "timestamp" || name == "duration") {
				t.failAt(t.e.src.of(x.AsCall().Args()[0]), "cel-type", t.text(x.AsCall().Args()[0])+" is not "+typeWord(t.e.ast.GetType(x.ID())), functionHelp[name])
				return t.nothing(x)
			}
			return t.literal(x, r)
		}
	}
	if t.constants(v...) {
		// Beside a column, a literal takes its type; alone it would not.
		v = slices.Clone(v)
		for i := range v {
			v[i].expr = t.typed(v[i])
		}
	}
	exprs := make([]sql.Expr, len(v))
	for i := range v {
		exprs[i] = v[i].expr
	}
	if s, ok := overloads[id]; ok {
		out.expr = sql.Fn(s.fn, exprs...)
		if s.fn == sql.Concat {
			typ, _ := columnType(v[0].typ)
			out.expr = pinned(out.expr, typ, exprs...)
		}
		out.err = out.err || s.fails
		out.float = floatResult(id, v)
		if id == "double_to_int64" && v[0].float == nan {
			out.expr = sql.If(sql.Fn(sql.IsNaN, v[0].expr), nullOf(sql.TypeInt), out.expr)
		}
		return out
	}
	if part, ok := dateParts[strings.TrimSuffix(strings.TrimSuffix(id, "_tz"), "_with")]; ok {
		return t.datePart(x, part.fn, part.minus, v, out)
	}
	return t.special(x, name, id, v, out)
}

func nullOf(t sql.Type) sql.Expr { return sql.Null{Type: t} }

// floatResult says what a calculation with doubles may give.
func floatResult(id string, v []value) floatKind {
	switch id {
	case "negate_double", "math_abs_double", "math_sign_double", "math_ceil_double", "math_floor_double", "math_round_double", "math_trunc_double":
		return v[0].float
	case "math_sqrt_double":
		return nan
	case "add_double", "subtract_double", "multiply_double":
		if v[0].float == finite && v[1].float == finite {
			return infinite
		}
		return nan
	case "divide_double":
		if d, ok := v[1].konst.(types.Double); ok && d != 0 && v[1].float == finite && v[0].float != nan {
			return infinite
		}
		return nan
	default:
		return finite
	}
}

func (t *translator) ordering(x ast.Expr, op string, a, b, out value) value {
	out.expr = t.order(op, a, b)
	// cel-go looks for NaN before it looks at the right side's type, so that null
	// there is no error.
	if b.float == nan {
		out.expr = sql.If(sql.Fn(sql.IsNaN, b.expr), t.guarded(x, sql.Bool(false), present(a)), out.expr)
	}
	if a.float == nan {
		out.expr = sql.If(sql.Fn(sql.IsNaN, a.expr), t.guarded(x, sql.Bool(false), b), out.expr)
	}
	return out
}

// present is a value of which a missing one is an error.
func present(v value) value {
	v.err, v.null = v.err || v.null, false
	return v
}

// constant calculates a call of constants; nil where it is left to SQL.
func constant(name, id string, v []value) ref.Val {
	if len(v) == 2 {
		return fold(name, v[0].konst, v[1].konst)
	}
	if len(v) != 1 {
		return nil
	}
	switch a := v[0].konst; {
	case name == operators.Negate:
		switch n := a.(type) {
		case types.Int:
			return n.Negate()
		case types.Double:
			return n.Negate()
		}
	case spans[id] > 0 && a.Type() == types.IntType:
		return durationOf(spans[id] / 1_000_000)(a)
	case name == "timestamp" && a.Type() == types.StringType:
		return timeOf(a)
	case name == "duration" && a.Type() == types.StringType:
		return a.ConvertToType(types.DurationType)
	case name == "timestamp" && a.Type() == types.IntType:
		return a.ConvertToType(types.TimestampType)
	case name == "double" && a.Type() == types.IntType:
		return a.ConvertToType(types.DoubleType)
	}
	return nil
}

// special are the overloads that take more than one SQL function.
func (t *translator) special(x ast.Expr, name, id string, v []value, out value) value {
	if strings.HasPrefix(id, "string_") {
		if done, ok := t.onText(x, id, v, out); ok {
			return done
		}
	}
	switch id {
	case "to_dyn":
		return v[0]
	case "int64_to_int64", "uint64_to_uint64", "double_to_double", "bool_to_bool", "string_to_string", "bytes_to_bytes", "timestamp_to_timestamp", "duration_to_duration",
		"math_abs_uint", "math_@max_int", "math_@max_uint", "math_@max_double", "math_@min_int", "math_@min_uint", "math_@min_double":
		return present(v[0])
	case "matches", "matches_string":
		pattern, ok := v[1].konst.(types.String)
		at := x.AsCall().Args()[len(x.AsCall().Args())-1]
		if !ok {
			return t.refuse(at, "the pattern of matches() must be written out", functionHelp["matches"])
		}
		checked, err := checkedPattern(string(pattern))
		if err != nil {
			t.failAt(t.e.src.of(at), "cel-type", "the pattern cannot be read: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "), "Patterns are written in RE2.")
			return t.nothing(x)
		}
		out.expr = sql.Fn(sql.Matches, v[0].expr, sql.String(checked))
		return out
	case "add_duration_timestamp":
		out.expr, out.err = sql.Fn(sql.TimeAdd, v[1].expr, v[0].expr), true
		return out
	case "subtract_timestamp_timestamp":
		out.expr, out.err = sql.Fn(sql.TimeDiff, v[0].expr, v[1].expr), true
		return out
	case "add_duration_duration":
		out.expr, out.err = inDuration(sql.Fn(sql.IntAdd, v[0].expr, v[1].expr)), true
		return out
	case "subtract_duration_duration":
		out.expr, out.err = inDuration(sql.Fn(sql.IntSub, v[0].expr, v[1].expr)), true
		return out
	case "int_to_days", "int_to_hours", "int_to_minutes":
		limit := sql.Int(maxDuration / spans[id])
		out.expr = sql.If(sql.And{sql.Fn(sql.Ge, v[0].expr, -limit), sql.Fn(sql.Le, v[0].expr, limit)},
			sql.Fn(sql.IntMul, t.typed(v[0]), sql.Int(spans[id])), nil)
		out.err = true
		return out
	case "duration_to_hours", "duration_to_minutes", "duration_to_seconds":
		out.expr = sql.Fn(sql.IntDiv, t.typed(v[0]), sql.Int(spans[id]))
		return out
	case "int64_to_timestamp":
		out.expr = sql.Fn(sql.TimeAdd, sql.Timestamp(time.Unix(0, 0).UTC()), sql.Fn(sql.IntMul, t.typed(v[0]), sql.Int(1_000_000)))
		out.err = true
		return out
	}
	switch name {
	case "math.@max", "math.@min":
		return t.extreme(x, name, v[0], v[1])
	case "math.sqrt":
		out.expr = sql.Fn(sql.Sqrt, asFloat(v[0]))
		out.float = nan
		return out
	case "lists.range":
		inside := sql.And{sql.Fn(sql.Ge, v[0].expr, sql.Int(0)), sql.Fn(sql.Le, v[0].expr, sql.Int(maxRange))}
		out.expr, out.err, out.typ = sql.If(inside, sql.Fn(sql.Range, t.typed(v[0])), nil), true, types.NewListType(types.IntType)
		return out
	case "timestamp":
		if text, ok := v[0].konst.(types.String); ok && types.IsError(timeOf(text)) && !types.IsError(text.ConvertToType(types.TimestampType)) {
			return t.refuse(x, "a time is written as in RFC 3339, with at most six digits after the seconds", functionHelp[name])
		}
		out.expr = sql.Fn(sql.TimeAdd, sql.Fn(sql.StringToTime, v[0].expr), sql.Int(0))
		out.err = true
		return out
	case "duration":
		if text, ok := v[0].konst.(types.String); ok {
			// CEL has no other way to write a span of time.
			return t.literal(x, text.ConvertToType(types.DurationType))
		}
		return t.refuse(x, name+"() of a text that is not written out is not possible", functionHelp[name])
	case "string":
		return t.refuse(x, typeWord(v[0].typ)+" as a text differs from warehouse to warehouse", "string() takes whole numbers and true or false.")
	}
	return t.refuse(x, name+"() of "+typeWord(v[0].typ)+" is not possible", functionHelp[name])
}

// inDuration is NULL where d is longer than CEL's durations.
func inDuration(d sql.Expr) sql.Expr {
	return sql.If(sql.And{sql.Fn(sql.Ge, d, sql.Int(-maxDuration)), sql.Fn(sql.Le, d, sql.Int(maxDuration))}, d, nil)
}

var offset = regexp.MustCompile(`^([+-]?)(\d\d):(\d\d)$`)

// datePart is a part of a time in a zone, UTC where none is given.
func (t *translator) datePart(x ast.Expr, fn sql.Func, minus int64, v []value, out value) value {
	at, zone := v[0].expr, "UTC"
	if len(v) == 2 {
		arg := x.AsCall().Args()[0]
		name, ok := v[1].konst.(types.String)
		if !ok {
			return t.refuse(arg, "the time zone must be written out", `For example: last_seen.getHours("Europe/Paris").`)
		}
		zone = string(name)
		if m := offset.FindStringSubmatch(zone); m != nil {
			h, _ := strconv.ParseInt(m[2], 10, 64)
			minute, _ := strconv.ParseInt(m[3], 10, 64)
			shift := (h*60 + minute) * 60_000_000
			if m[1] == "-" {
				shift = -shift
			}
			zone, at = "", sql.Fn(sql.InOffset, at, sql.Int(shift))
		} else if _, err := time.LoadLocation(zone); err != nil || zone == "Local" || zone == "" {
			t.failAt(t.e.src.of(arg), "cel-type", "there is no time zone "+strconv.Quote(zone), `Zones are named as in "Europe/Paris", or "+02:00".`)
			return t.nothing(x)
		}
	}
	if zone != "" {
		at = sql.Fn(sql.InZone, at, sql.String(zone))
	}
	out.expr = sql.Fn(fn, at)
	if minus != 0 {
		out.expr = sql.Fn(sql.SubFast, out.expr, sql.Int(minus))
	}
	return out
}

// boolean is an operand of logic: a number or text, which only dyn() brings
// there, is an error, and to no warehouse a condition.
func boolean(v value) value {
	switch v.kind() { //nolint:exhaustive // the others have no expression, or are bools
	case types.IntKind, types.UintKind, types.DoubleKind, types.StringKind, types.BytesKind, types.TimestampKind, types.DurationKind:
		return value{expr: sql.Null{Type: sql.TypeBool}, typ: types.BoolType, err: true}
	}
	return v
}

// logic is && or ||, where an error gives way to an operand that decides.
func (t *translator) logic(x ast.Expr) value {
	and := x.AsCall().FunctionName() == operators.LogicalAnd
	out := value{}
	var terms []sql.Expr
	for _, a := range x.AsCall().Args() {
		v := boolean(t.value(a))
		if b, ok := t.truth(v); ok && b == and {
			continue
		}
		out.err = out.err || v.null || v.err
		e := t.exprOf(a, v)
		switch nested := e.(type) {
		case sql.And:
			if and {
				terms = append(terms, nested...)
				continue
			}
		case sql.Or:
			if !and {
				terms = append(terms, nested...)
				continue
			}
		}
		terms = append(terms, e)
	}
	switch {
	case len(terms) == 0:
		return t.literal(x, types.Bool(and))
	case len(terms) == 1:
		out.expr = terms[0]
	case and:
		out.expr = sql.And(terms)
	default:
		out.expr = sql.Or(terms)
	}
	return out
}

// conditional is c ? a : b; an error of c is an error of the whole.
func (t *translator) conditional(x ast.Expr) value {
	args := x.AsCall().Args()
	c, a, b := boolean(t.value(args[0])), t.value(args[1]), t.value(args[2])
	if k, ok := t.truth(c); ok {
		if k {
			return a
		}
		return b
	}
	if a.refused || b.refused || c.refused {
		return t.nothing(x)
	}
	if a.optional != nil && b.optional != nil {
		return t.chosen(x, c, a.optional, b.optional)
	}
	plain := c.expr
	if !c.null && !c.err {
		plain = t.cond(args[0])
	}
	return t.choose(x, c, plain, a, b)
}

// choose is c ? a : b for values that are no optionals. plain is c where NULL may
// count as false.
func (t *translator) choose(x ast.Expr, c value, plain sql.Expr, a, b value) value {
	if a.tuple != nil && b.tuple != nil {
		return choice(c, a.tuple, b.tuple)
	}
	if a.kind() == types.ListKind && b.kind() == types.ListKind && a.list == nil && b.list == nil {
		var ok bool
		if a, b, ok = t.arrays(x, a, b); !ok {
			return t.nothing(x)
		}
	}
	if a.expr == nil || b.expr == nil {
		return t.refuse(x, "? and : choose between values, not collections", "Put the choice into a condition on the rows.")
	}
	typ := t.e.ast.GetType(x.ID())
	if typ.Kind() == types.DynKind && a.kind() == b.kind() {
		typ = a.typ
	}
	if sqlT, ok := sqlType(typ); ok {
		for _, side := range []*value{&a, &b} {
			if isNull(*side) {
				side.expr = nullOf(sqlT)
			}
		}
	}
	out := value{typ: typ, null: a.null || b.null, err: c.null || c.err || a.err || b.err, float: max(a.float, b.float)}
	if c.null || c.err {
		out.expr = sql.Case{Whens: []sql.When{
			{If: c.expr, Then: t.typed(a)},
			{If: sql.Fn(sql.Not, c.expr), Then: t.typed(b)},
		}}
	} else {
		out.expr = sql.If(plain, t.typed(a), t.typed(b))
	}
	// The whole is defined where the condition is, and the side it chose.
	if out.null && out.err && (!a.err || !a.null || a.defined != nil) && (!b.err || !b.null || b.defined != nil) {
		side := func(v value) sql.Expr {
			if d := t.isDefined(x, v); d != nil {
				return d
			}
			return sql.Bool(true)
		}
		out.defined = sql.Case{Whens: []sql.When{
			{If: c.expr, Then: side(a)},
			{If: sql.Fn(sql.Not, c.expr), Then: side(b)},
		}, Else: sql.Bool(false)}
	}
	return out
}

func (t *translator) membership(x ast.Expr) value {
	args := x.AsCall().Args()
	a, b := t.operands(args)
	if a.refused || b.refused {
		return t.nothing(x)
	}
	if a.tuple == nil && a.expr == nil {
		return t.refuse(args[0], t.text(args[0])+" cannot be in a list", "")
	}
	switch {
	case b.tuple != nil && b.tuple.certain() && a.tuple == nil:
		return value{expr: t.in(x, a, b.tuple, true), err: a.err || b.err}
	case b.tuple != nil, b.list == nil && b.kind() == types.ListKind:
		return value{expr: t.among(x, a, b), err: a.err || b.err}
	case b.list == nil:
		return t.refuse(args[1], "in wants a list", `For example: country in ["FR", "BE"].`)
	default:
		return t.inCollection(x, a, b.list)
	}
}

func (t *translator) inSegment(x ast.Expr) value {
	name, ok := t.segment(x)
	if !ok {
		return t.nothing(x)
	}
	return value{expr: sql.Col(Row, SegmentColumn(name))}
}

// entered is when somebody entered a segment who is in it; no value for others.
// Who enters in this run does so now.
func (t *translator) entered(x ast.Expr) value {
	name, ok := t.segment(x)
	if !ok {
		return t.nothing(x)
	}
	since := sql.Fn(sql.Coalesce, sql.Col(Row, SinceColumn(name)), sql.Timestamp(t.c.now()))
	return value{expr: sql.If(sql.Col(Row, SegmentColumn(name)), since, nil), null: true}
}

// segment is the name of the segment that a call asks for.
func (t *translator) segment(x ast.Expr) (name string, ok bool) {
	arg, fn := x.AsCall().Args()[0], x.AsCall().FunctionName()
	if t.e.kind != "segment" {
		t.refuse(x, "a trait cannot depend on a segment", "Segments are known after all traits: use "+fn+"() in a segment.")
		return "", false
	}
	name, ok = literalString(arg)
	switch {
	case !ok:
		t.refuse(arg, "the name of a segment must be written out", functionHelp[fn])
		return "", false
	case t.c.segments[name] == nil:
		names := make([]string, 0, len(t.c.segments))
		for _, s := range t.c.in.Segments {
			names = append(names, s.Name)
		}
		t.failAt(t.e.src.of(arg), "unknown-segment", "there is no segment "+strconv.Quote(name)+" of "+t.c.entity(), suggest(name, names))
		return "", false
	case t.depth > 0:
		t.refuse(x, fn+"() inside a condition on a collection is not possible", "Write it beside: "+fn+"(...) && orders.exists(...).")
		return "", false
	}
	return name, true
}
