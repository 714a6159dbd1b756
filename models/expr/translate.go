package expr

import (
	"encoding/hex"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/sql"
)

// value is a translated CEL value.
//
// SQL has one NULL where CEL has null and errors. null says that NULL may be
// CEL's null, err that it may be an error. Where both are possible and the
// difference matters, defined tells them apart, or the expression is refused.
type value struct {
	expr      sql.Expr
	typ       *types.Type
	null, err bool
	// defined is true exactly where the value is not an error; nil where that
	// cannot be said.
	defined sql.Expr
	// konst is the value itself where the expression has only one.
	konst ref.Val
	float floatKind
	// decimal is the exact column behind a double.
	decimal sql.Expr
	// tuple, list and row stand for what has no SQL of its own.
	tuple    *tuple
	list     *list
	row      *row
	optional *optional
	// related is set for the entity at the other end of a relation, whose value
	// is its id.
	related *relation
	// refused marks what has been reported, so that it is not blamed again.
	refused bool
}

// floatKind says what a double may be. The columns of a project are finite.
type floatKind int

const (
	finite   floatKind = iota
	infinite           // or finite
	nan                // or anything
)

// translator turns one checked expression into SQL.
type translator struct {
	c *compiler
	e *expression
	// scope are the variables of the comprehensions around, innermost last.
	scope []variable
	memo  map[int64]value
	// depth is how many collections the rows at hand are of, and outer the
	// innermost of them.
	depth int
	outer *config.Source
	bad   bool
	// unrolled counts the turns of comprehensions over tuples, lambdas their
	// variables in SQL.
	unrolled, lambdas int
	// unrolling is how many loops over tuples are around.
	unrolling int
}

type variable struct {
	name string
	val  value
}

func newTranslator(c *compiler, e *expression) *translator {
	return &translator{c: c, e: e, memo: map[int64]value{}}
}

func (t *translator) failAt(at diag.Span, code, summary, help string) {
	t.bad = true
	t.c.fail(at, code, summary, help)
}

// refuse reports what SQL cannot say, and returns something to go on with.
func (t *translator) refuse(x ast.Expr, summary, help string) value {
	t.failAt(t.e.src.of(x), "cel-unsupported", summary, help)
	return t.nothing(x)
}

func (t *translator) nothing(x ast.Expr) value {
	return value{expr: sql.Null{Type: sql.TypeBool}, typ: t.e.ast.GetType(x.ID()), refused: true}
}

func (t *translator) text(x ast.Expr) string { return t.c.subject(t.e, x) }

// value translates x so that NULL keeps its exact meaning.
func (t *translator) value(x ast.Expr) value {
	if v, ok := t.memo[x.ID()]; ok {
		return v
	}
	v := t.translate(x)
	if v.typ == nil {
		v.typ = t.e.ast.GetType(x.ID())
	}
	if x.Kind() != ast.LiteralKind && x.Kind() != ast.IdentKind {
		t.memo[x.ID()] = v
	}
	return v
}

// cond translates a condition for a place where NULL counts as false. It may
// be simpler than the exact value: an equality stays a plain "=", which engines
// can answer from statistics and indexes.
func (t *translator) cond(x ast.Expr) sql.Expr {
	if x.Kind() != ast.CallKind {
		return t.plain(x)
	}
	call := x.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalAnd:
		var out sql.And
		for _, a := range args {
			term := t.cond(a)
			if nested, ok := term.(sql.And); ok {
				out = append(out, nested...)
				continue
			}
			out = append(out, term)
		}
		return out
	case operators.LogicalOr:
		var out sql.Or
		for _, a := range args {
			term := t.cond(a)
			if nested, ok := term.(sql.Or); ok {
				out = append(out, nested...)
				continue
			}
			out = append(out, term)
		}
		return out
	case fnWhere, "is_true":
		return t.cond(args[0])
	case operators.Equals:
		a, b := t.operands(args)
		if a.expr == nil || b.expr == nil || isNull(a) || isNull(b) || a.null && b.null || a.kind() != b.kind() || t.foldable(a, b) {
			return t.plain(x)
		}
		return t.looseNaN(sql.Fn(sql.Eq, a.expr, b.expr), a, b)
	case operators.NotEquals:
		a, b := t.operands(args)
		if a.expr == nil || b.expr == nil || isNull(a) || isNull(b) || a.null || b.null || a.float == nan || b.float == nan || a.kind() != b.kind() || t.foldable(a, b) {
			return t.plain(x)
		}
		return sql.Fn(sql.Ne, a.expr, b.expr)
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		a, b := t.operands(args)
		if a.expr == nil || b.expr == nil || !alike(a, b) || t.foldable(a, b) {
			return t.plain(x)
		}
		return t.looseNaN(t.order(call.FunctionName(), a, b), a, b)
	case operators.In:
		a, b := t.operands(args)
		if a.expr != nil && b.tuple != nil && b.tuple.certain() {
			return t.in(x, a, b.tuple, false)
		}
	}
	return t.plain(x)
}

func (t *translator) plain(x ast.Expr) sql.Expr {
	v := boolean(t.value(x))
	if v.expr == nil {
		return t.refuse(x, t.text(x)+" cannot be a condition", "").expr
	}
	return v.expr
}

// looseNaN makes a comparison false where an operand is not a number.
func (t *translator) looseNaN(cmp sql.Expr, operands ...value) sql.Expr {
	out := sql.And{cmp}
	for _, v := range operands {
		if v.float == nan {
			out = append(out, sql.Fn(sql.Not, sql.Fn(sql.IsNaN, v.expr)))
		}
	}
	if len(out) == 1 {
		return cmp
	}
	return out
}

func (t *translator) operands(args []ast.Expr) (a, b value) {
	return t.value(args[0]), t.value(args[1])
}

// foldable says that a calculation is done here rather than by the warehouse.
func (t *translator) foldable(vs ...value) bool { return !t.c.unfolded && t.constants(vs...) }

// truth is the constant that a condition is, if it is one to fold.
func (t *translator) truth(v value) (is, known bool) {
	b, ok := v.konst.(types.Bool)
	return bool(b), ok && !t.c.unfolded
}

func (t *translator) constants(vs ...value) bool {
	for _, v := range vs {
		if v.konst == nil {
			return false
		}
	}
	return true
}

func isNull(v value) bool { return v.konst == types.NullValue }

func (t *translator) translate(x ast.Expr) value {
	switch x.Kind() { //nolint:exhaustive // the default refuses the others
	case ast.LiteralKind:
		return t.literal(x, x.AsLiteral())
	case ast.IdentKind:
		return t.ident(x)
	case ast.SelectKind:
		return t.selection(x)
	case ast.ListKind:
		return t.tuple(x)
	case ast.ComprehensionKind:
		return t.comprehension(x)
	case ast.CallKind:
		return t.call(x)
	case ast.MapKind:
		return t.refuse(x, "maps in braces are not part of this language", `A list is written in brackets: ["a", "b"].`)
	default:
		return t.refuse(x, "this cannot be used here", "")
	}
}

// literal is a constant as SQL.
func (t *translator) literal(x ast.Expr, v ref.Val) value {
	out := value{konst: v}
	switch v := v.(type) {
	case types.Bool:
		out.expr, out.typ = sql.Bool(v), types.BoolType
	case types.Int:
		out.expr, out.typ = sql.Int(v), types.IntType
	case types.Double:
		out.expr, out.typ = sql.Float(v), types.DoubleType
		out.float = kindOf(float64(v))
	case types.String:
		if strings.ContainsRune(string(v), 0) {
			return t.refuse(x, "a text with a NUL character is in no warehouse", "")
		}
		out.expr, out.typ = sql.String(v), types.StringType
	case types.Null:
		out.expr, out.typ, out.null = sql.Null{Type: sql.TypeString}, types.NullType, true
	case types.Timestamp:
		at := v.UTC()
		if !at.Equal(at.Truncate(time.Microsecond)) {
			return t.refuse(x, "a time finer than a microsecond is in no warehouse", "Write at most six digits after the seconds.")
		}
		out.expr, out.typ = sql.Timestamp(at), types.TimestampType
	case types.Duration:
		if v.Duration%time.Microsecond != 0 {
			return t.refuse(x, "a duration finer than a microsecond is in no warehouse", "")
		}
		out.expr, out.typ = sql.Int(v.Microseconds()), types.DurationType
	case types.Uint:
		out.expr, out.typ = sql.Cast{Expr: sql.String(strconv.FormatUint(uint64(v), 10)), To: sql.TypeUint}, types.UintType
	case types.Bytes:
		out.expr, out.typ = sql.Fn(sql.HexToBytes, sql.String(hex.EncodeToString(v))), types.BytesType
	case *types.Err:
		if typ, ok := columnType(t.e.ast.GetType(x.ID())); ok && t.unrolling > 0 {
			// A loop may come to it for one element and be decided by another.
			return value{expr: nullOf(typ), typ: t.e.ast.GetType(x.ID()), err: true}
		}
		t.failAt(t.e.src.of(x), "cel-type", "this calculation has no result: "+v.String(), "")
		return t.nothing(x)
	default:
		return t.refuse(x, "this constant is not part of the language", "")
	}
	return out
}

func (t *translator) ident(x ast.Expr) value {
	name := strings.TrimPrefix(x.AsIdent(), ".")
	for _, v := range slices.Backward(t.scope) {
		if v.name == name {
			return v.val
		}
	}
	if name == "now" {
		return t.literal(x, types.Timestamp{Time: t.c.now()})
	}
	if p := t.c.parameters[name]; p != nil {
		return t.parameter(x, p)
	}
	if s := t.c.sources[name]; s != nil {
		if t.depth > 1 {
			return t.refuse(x, "a collection in a condition on a second one, inside a third, is not possible",
				"Compare the rows of two at a time, and join the conditions with &&.")
		}
		if t.inLambda() {
			return t.refuse(x, "a collection in a condition on the elements of a list is not possible", "Compare with the list from inside the collection instead.")
		}
		return value{list: t.rowsOf(s)}
	}
	if r := t.c.relations[name]; r != nil {
		v := t.c.relatedColumn(r, r.id())
		return value{expr: v.expr, null: true, related: r}
	}
	if v, ok := t.c.columns[name]; ok {
		return v
	}
	sym := t.c.traits[name]
	if sym == nil {
		return t.refuse(x, "this name cannot be used here", "")
	}
	return column(sql.Col(Row, name), sym.typ, sym.nullable)
}

// column is a column of the warehouse as a CEL value.
func column(col sql.Column, typ sql.Type, nullable bool) value {
	v := value{expr: col, typ: celType(typ, nullable), null: nullable}
	switch typ { //nolint:exhaustive // the others are read as they are
	case sql.TypeDecimal:
		v.decimal = col
		v.expr = sql.Cast{Expr: col, To: sql.TypeFloat}
	case sql.TypeDate:
		v.expr = sql.Cast{Expr: col, To: sql.TypeTimestamp}
	}
	return v
}

func (t *translator) selection(x ast.Expr) value {
	sel := x.AsSelect()
	operand := t.value(sel.Operand())
	if operand.refused {
		return t.nothing(x)
	}
	if operand.row == nil && operand.related == nil {
		if sel.IsTestOnly() {
			return t.refuse(x, "has() takes the name of a trait or a field of a row", "For example: has(country).")
		}
		return t.refuse(x, t.text(sel.Operand())+" has no fields", "")
	}
	var v value
	if operand.related != nil {
		v = t.c.relatedColumn(operand.related, sel.FieldName())
	} else {
		v = t.field(operand.row, sel.FieldName())
	}
	if v.expr == nil {
		// A provider that knows the field has told the checker so.
		return t.refuse(x, "the column "+sel.FieldName()+" is not declared", "")
	}
	if !sel.IsTestOnly() {
		return v
	}
	return value{expr: t.isNullOf(x, v, true), err: v.err}
}

// relatedColumn is a trait of the other entity, or its id.
func (c *compiler) relatedColumn(r *relation, name string) value {
	trait, ok := r.field(name)
	if !ok {
		return value{}
	}
	read := Related{Column: r.Name + "." + name, Relation: r.Name, Trait: name, Type: trait.Type}
	c.related[read.Column] = read
	return column(sql.Col(Row, read.Column), read.Type, true)
}

// typed is an expression whose SQL type is that of the value even where the
// engine would choose a narrower one for a literal.
func (t *translator) typed(v value) sql.Expr {
	switch lit := v.expr.(type) {
	case sql.Int:
		return sql.Cast{Expr: lit, To: sql.TypeInt}
	case nil:
		return sql.Null{Type: sql.TypeBool}
	default:
		return lit
	}
}

// pinned says the type of a calculation of which an operand may be a NULL that
// reads no column. DuckDB sees such a NULL before it runs anything, and forgets
// the type of what is joined to it, or sorted.
func pinned(e sql.Expr, to sql.Type, operands ...sql.Expr) sql.Expr {
	for _, o := range operands {
		reads := false
		eachColumn(o, func(sql.Column) { reads = true })
		if !reads && !notNull(o) {
			return sql.Cast{Expr: e, To: to}
		}
	}
	return e
}

// ambiguous reports a value that may be missing or an error where that matters.
func (t *translator) ambiguous(x ast.Expr) sql.Expr {
	t.failAt(t.e.src.of(x), "cel-ambiguous-null",
		t.text(x)+" has no result for two reasons that cannot be told apart here: a value is missing, or it cannot be calculated",
		"Make it a trait of its own and use that, or test its parts with has().")
	return sql.Null{Type: sql.TypeBool}
}

// isNullOf is v == null, or its opposite; NULL where v is an error.
func (t *translator) isNullOf(x ast.Expr, v value, not bool) sql.Expr {
	test, never := sql.Fn(sql.IsNull, v.expr), sql.Bool(false)
	if not {
		test, never = sql.Fn(sql.IsNotNull, v.expr), sql.Bool(true)
	}
	switch {
	case isNull(v):
		return sql.Bool(!not)
	case !v.null && !v.err:
		return never
	case !v.null:
		return sql.If(sql.Fn(sql.IsNotNull, v.expr), never, nil)
	case !v.err:
		return test
	case v.defined != nil:
		return sql.If(v.defined, test, nil)
	default:
		return t.ambiguous(x)
	}
}

// isDefined is true where v is not an error, nil where it never is one.
func (t *translator) isDefined(x ast.Expr, v value) sql.Expr {
	switch {
	case v.tuple != nil:
		return t.allDefined(x, v.tuple)
	case !v.err:
		return nil
	case !v.null:
		return sql.Fn(sql.IsNotNull, v.expr)
	case v.defined != nil:
		return v.defined
	default:
		return t.ambiguous(x)
	}
}

// guarded is then where the values are not errors, else NULL.
func (t *translator) guarded(x ast.Expr, then sql.Expr, vs ...value) sql.Expr {
	var conds sql.And
	for _, v := range vs {
		switch d := t.isDefined(x, v).(type) {
		case nil:
		case sql.And:
			conds = append(conds, d...)
		default:
			conds = append(conds, d)
		}
	}
	if len(conds) == 0 {
		return then
	}
	return sql.If(one(conds), then, nil)
}

// one is the conjunction of its terms, without a wrapper around a single one.
func one(terms sql.And) sql.Expr {
	if len(terms) == 1 {
		return terms[0]
	}
	return terms
}

// equality is a == b, or its opposite, exactly: total over null, NULL where an
// operand is an error.
func (t *translator) equality(x ast.Expr, a, b value, not bool) sql.Expr {
	if isNull(b) {
		return t.isNullOf(x, a, not)
	}
	if isNull(a) {
		return t.isNullOf(x, b, not)
	}
	if a.tuple != nil || b.tuple != nil {
		return t.listEquality(x, a, b, not)
	}
	total, plain := sql.Same, sql.Eq
	if not {
		total, plain = sql.Differ, sql.Ne
	}
	if a.kind() == types.ListKind {
		total, plain = sql.ListSame, sql.ListEq
		if not {
			total, plain = sql.ListDiffer, sql.ListNe
		}
	}
	l, r := aligned(a, b)
	var cmp sql.Expr
	switch {
	case !alike(a, b):
		if a.null && b.null {
			return t.ambiguous(x)
		}
		return t.guarded(x, sql.Bool(not), a, b)
	case a.kind() == types.ListKind && (a.float == nan || b.float == nan):
		return t.refuse(x, "lists of decimal numbers that may be no numbers cannot be compared", "").expr
	case !a.null && !b.null:
		cmp = sql.Fn(plain, l, r)
	case a.kind() != b.kind() && a.kind() != types.DoubleKind && b.kind() != types.DoubleKind:
		// A signed and an unsigned number, which not every engine can compare so
		// that NULL is one more value.
		both := sql.Expr(sql.And{sql.Fn(sql.IsNull, l), sql.Fn(sql.IsNull, r)})
		if not {
			both = sql.Fn(sql.Not, both)
		}
		cmp = t.guarded(x, sql.Fn(sql.Coalesce, sql.Fn(plain, l, r), both), a, b)
	default:
		cmp = t.guarded(x, sql.Fn(total, l, r), a, b)
	}
	// NaN equals nothing in CEL, itself in some engines.
	for _, p := range [][2]value{{a, b}, {b, a}} {
		if p[0].float == nan {
			cmp = sql.If(sql.Fn(sql.IsNaN, p[0].expr), t.guarded(x, sql.Bool(not), p[1]), cmp)
		}
	}
	return cmp
}

var orderings = map[string]sql.Func{
	operators.Less: sql.Lt, operators.LessEquals: sql.Le, operators.Greater: sql.Gt, operators.GreaterEquals: sql.Ge,
}

// order compares; a whole number beside a double is compared as a double.
func (t *translator) order(op string, a, b value) sql.Expr {
	l, r := aligned(a, b)
	return sql.Fn(orderings[op], l, r)
}

// kind is the CEL type of v, without what a list holds and whether it is nullable.
func (v value) kind() types.Kind {
	if v.tuple != nil {
		return types.ListKind
	}
	return v.typ.Kind()
}

func numeric(k types.Kind) bool {
	return k == types.IntKind || k == types.UintKind || k == types.DoubleKind
}

// alike says that two values are of one type, or both numbers.
func alike(a, b value) bool {
	return a.kind() == b.kind() || numeric(a.kind()) && numeric(b.kind())
}

// aligned makes the types of two numbers one: whole numbers become doubles
// beside a double. Engines compare signed and unsigned numbers exactly.
func aligned(a, b value) (l, r sql.Expr) {
	l, r = a.expr, b.expr
	if a.kind() == b.kind() || !numeric(a.kind()) || !numeric(b.kind()) {
		return l, r
	}
	if b.kind() == types.DoubleKind {
		return asFloat(a), r
	}
	if a.kind() == types.DoubleKind {
		return l, asFloat(b)
	}
	return l, r
}

func asFloat(v value) sql.Expr {
	if n, ok := v.konst.(types.Int); ok {
		return sql.Float(n)
	}
	return sql.Fn(sql.IntToFloat, v.expr)
}

// in is membership in a tuple without conditions. With exact, NULL means an
// error.
func (t *translator) in(x ast.Expr, a value, l *tuple, exact bool) sql.Expr {
	var kind *types.Type
	args := x.AsCall().Args()
	for i, el := range l.elements {
		if isNull(el.value) || el.tuple != nil {
			continue
		}
		if kind != nil && el.kind() != kind.Kind() && args[1].Kind() == ast.ListKind {
			written := args[1].AsList().Elements()
			t.failAt(t.e.src.of(written[i]), "cel-type", "a list holds values of one type: "+t.text(written[i])+" is "+typeWord(el.typ)+", those before are "+typeWord(kind),
				"Write all numbers with a point, or none.")
			return sql.Null{Type: sql.TypeBool}
		}
		kind = el.typ
	}
	if kind != nil && !isNull(a) && !alike(a, value{typ: kind}) {
		// The checker lets a list that holds null hold anything.
		t.failAt(t.e.src.of(x), "cel-type", t.text(args[0])+" is "+typeWord(a.typ)+" and cannot be in a list of which each is "+typeWord(kind), "")
		return sql.Null{Type: sql.TypeBool}
	}
	var plain []sql.Expr
	var out sql.Or
	withNull := false
	for _, el := range l.elements {
		switch {
		case isNull(el.value):
			withNull = true
		case el.konst != nil && el.float != nan && el.kind() == a.kind():
			plain = append(plain, el.expr)
		default:
			out = append(out, t.equality(x, a, el.value, false))
		}
	}
	if len(plain) > 0 {
		var in sql.Expr = sql.In{Expr: a.expr, List: plain}
		if exact && a.null {
			// The rest of the disjunction must not turn into NULL with it.
			in = t.guarded(x, sql.Fn(sql.Coalesce, in, sql.Bool(false)), a)
		}
		out = append(sql.Or{in}, out...)
	}
	if withNull {
		out = append(out, t.isNullOf(x, a, false))
	}
	whole := value{tuple: l}
	switch {
	case len(out) == 0:
		return t.guarded(x, sql.Bool(false), a)
	case a.float == nan:
		// An engine may find NaN in a list.
		return t.guarded(x, sql.If(sql.Fn(sql.IsNaN, a.expr), sql.Bool(false), oneOf(out)), whole)
	default:
		return t.guarded(x, oneOf(out), whole)
	}
}

// oneOf is the disjunction of its terms, without a wrapper around a single one.
func oneOf(terms sql.Or) sql.Expr {
	if len(terms) == 1 {
		return terms[0]
	}
	return terms
}

// Total says of a condition over Row whether it is never NULL, as far as it is
// plain.
func Total(e sql.Expr) bool { return total(e) }

// total says of a condition whether it is never NULL, as far as it is plain.
func total(e sql.Expr) bool {
	all := func(es []sql.Expr) bool {
		for _, x := range es {
			if !total(x) {
				return false
			}
		}
		return true
	}
	switch e := e.(type) {
	case sql.Bool:
		return true
	case sql.Column:
		return strings.HasPrefix(e.Name, SegmentColumn(""))
	case sql.And:
		return all(e)
	case sql.Or:
		return all(e)
	case sql.Call:
		switch e.Func { //nolint:exhaustive // the others may be NULL
		case sql.IsNull, sql.IsNotNull, sql.Same, sql.Differ, sql.ListSame, sql.ListDiffer:
			return true
		case sql.Not:
			return all(e.Args)
		case sql.Coalesce:
			_, ok := e.Args[len(e.Args)-1].(sql.Bool)
			return ok
		case sql.Eq, sql.Ne, sql.Lt, sql.Le, sql.Gt, sql.Ge:
			return notNull(e.Args[0]) && notNull(e.Args[1])
		}
	}
	return false
}

// notNull recognises literals and what a constant replaces where it is NULL.
func notNull(e sql.Expr) bool {
	switch e := e.(type) {
	case sql.Bool, sql.Int, sql.Float, sql.String, sql.Timestamp:
		return true
	case sql.Call:
		switch e.Func { //nolint:exhaustive // the others may be NULL
		case sql.Coalesce:
			return notNull(e.Args[len(e.Args)-1])
		case sql.IntToFloat:
			return notNull(e.Args[0])
		}
	}
	return false
}

func kindOf(f float64) floatKind {
	switch {
	case f != f:
		return nan
	case f-f != 0:
		return infinite
	default:
		return finite
	}
}

// fold calculates an operator on constants as cel-go does.
func fold(op string, a, b ref.Val) ref.Val {
	switch op {
	case operators.Add:
		if x, ok := a.(traits.Adder); ok {
			return x.Add(b)
		}
	case operators.Subtract:
		if x, ok := a.(traits.Subtractor); ok {
			return x.Subtract(b)
		}
	case operators.Multiply:
		if x, ok := a.(traits.Multiplier); ok {
			return x.Multiply(b)
		}
	case operators.Divide:
		if x, ok := a.(traits.Divider); ok {
			return x.Divide(b)
		}
	case operators.Modulo:
		if x, ok := a.(traits.Modder); ok {
			return x.Modulo(b)
		}
	case operators.Equals:
		return types.Equal(a, b)
	case operators.NotEquals:
		if v, ok := types.Equal(a, b).(types.Bool); ok {
			return !v
		}
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		x, ok := a.(traits.Comparer)
		if !ok {
			return nil
		}
		if f, isFloat := a.(types.Double); isFloat && kindOf(float64(f)) == nan {
			return types.False
		}
		if f, isFloat := b.(types.Double); isFloat && kindOf(float64(f)) == nan {
			return types.False
		}
		d, ok := x.Compare(b).(types.Int)
		if !ok {
			return nil
		}
		switch op {
		case operators.Less:
			return types.Bool(d < 0)
		case operators.LessEquals:
			return types.Bool(d <= 0)
		case operators.Greater:
			return types.Bool(d > 0)
		default:
			return types.Bool(d >= 0)
		}
	}
	return nil
}

func literalString(x ast.Expr) (string, bool) {
	if x.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := x.AsLiteral().(types.String)
	return string(s), ok
}

func isCall(x ast.Expr, fn string) bool {
	return x.Kind() == ast.CallKind && x.AsCall().FunctionName() == fn
}

// checkedPattern is a pattern as it goes to the warehouse.
//
// DuckDB 1.5 turns what is made of literals and anchors into LIKE, and gets it
// wrong where an anchor stands twice or in the middle; an empty group keeps it
// from that and changes no match.
func checkedPattern(p string) (string, error) {
	tree, err := syntax.Parse(p, syntax.Perl)
	if err != nil {
		return "", err
	}
	parts := []*syntax.Regexp{tree}
	if tree.Op == syntax.OpConcat {
		parts = tree.Sub
	}
	if len(parts) > 0 && (parts[0].Op == syntax.OpBeginText || parts[0].Op == syntax.OpBeginLine) {
		parts = parts[1:]
	}
	if last := len(parts) - 1; last >= 0 && (parts[last].Op == syntax.OpEndText || parts[last].Op == syntax.OpEndLine) {
		parts = parts[:last]
	}
	if slices.ContainsFunc(parts, anchored) {
		return "()" + p, nil
	}
	return p, nil
}

// anchored says that a pattern has an anchor in it.
func anchored(r *syntax.Regexp) bool {
	switch r.Op { //nolint:exhaustive // the others are no anchors
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine:
		return true
	default:
		return slices.ContainsFunc(r.Sub, anchored)
	}
}
