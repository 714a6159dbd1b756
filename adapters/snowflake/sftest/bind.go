package sftest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// expr is a bound expression: DuckDB's SQL of one operand, and Snowflake's type.
type expr struct {
	sql string
	t   kindOf
	// constant is the value of a literal: string, or the text of a number.
	constant *string
	// aggregate says that an aggregate is in it, window a window function.
	aggregate, window bool
	// nonzero says that it is no zero: NULLIF(x, 0), or a constant.
	nonzero bool
}

// column is a column that can be named.
type column struct {
	name string
	sql  string
	t    kindOf
	// given says that the query names it.
	given bool
	// hidden columns are not in *: the second of two that USING made one.
	hidden bool
}

type relation struct {
	// path is the name by which columns are qualified: database, schema, table,
	// or an alias.
	path    []string
	columns []column
}

// scope is what names mean in one SELECT.
type scope struct {
	parent    *scope
	relations []*relation
	// items are the aliases of the select list, bound when they are used.
	items   map[string]*aliased
	lambda  map[string]expr
	barrier bool // a subquery begins here
	// outer counts the columns of outer queries that were named, equal those in
	// conditions of WHERE that say that one is equal to something inside.
	outer, equal int
}

type aliased struct {
	item  selectItem
	bound *expr
	busy  bool
}

// binder gives statements their meaning: names to columns, types to
// expressions, and DuckDB's SQL to both.
type binder struct {
	s      *session
	binds  []expr
	ctes   []map[string]*boundCTE
	n      int
	clause string
	under  int // how deep under OR or in a value
	used   []*object
	inAgg  bool
	// lastLambda is DuckDB's name of the parameter that was bound last.
	lastLambda string
	context    [2]string // database and schema of the view that is bound
}

type boundCTE struct {
	physical string
	columns  []column
}

func (b *binder) fresh(prefix string) string {
	b.n++
	return prefix + strconv.Itoa(b.n)
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// literal is text in DuckDB, where a statement ends at NUL.
func literal(s string) string {
	if !strings.ContainsRune(s, 0) {
		return quote(s)
	}
	parts := strings.Split(s, "\x00")
	for i := range parts {
		parts[i] = quote(parts[i])
	}
	return "(" + strings.Join(parts, " || chr(0) || ") + ")"
}

func invalid(n name) *refusal {
	return compilation(codeIdentifier, "42000", "error line %d at position %d\ninvalid identifier '%s'", n.at.line, n.at.col, n)
}

// resolve finds what a name means.
func (b *binder) resolve(n name, s *scope) expr {
	last := n.parts[len(n.parts)-1].name
	qualifier := n.parts[:len(n.parts)-1]
	var crossed []*scope
	for at := s; at != nil; at = at.parent {
		if len(qualifier) == 0 {
			if e, ok := at.lambda[last]; ok {
				return e
			}
		}
		var found []column
		for _, r := range at.relations {
			if !r.named(qualifier) {
				continue
			}
			for _, c := range r.columns {
				if c.name == last && !c.hidden {
					found = append(found, c)
				}
			}
		}
		if len(found) == 0 && len(qualifier) > 0 {
			for _, r := range at.relations {
				if r.named(qualifier) {
					for _, c := range r.columns {
						if c.name == last {
							found = append(found, c)
						}
					}
				}
			}
		}
		if len(found) > 1 {
			panic(compilation(2028, "42702", "ambiguous column name '%s'", n.parts[len(n.parts)-1].shown()))
		}
		if len(found) == 1 {
			for _, c := range crossed {
				c.outer++
			}
			if found[0].sql == "" {
				panic(cannot("the column %s", n))
			}
			return expr{sql: found[0].sql, t: found[0].t}
		}
		if a, ok := at.items[last]; ok && len(qualifier) == 0 {
			if a.busy {
				panic(invalid(n))
			}
			if a.bound == nil {
				a.busy = true
				e := b.expr(a.item.x, at)
				a.bound, a.busy = &e, false
			}
			for _, c := range crossed {
				c.outer++
			}
			return *a.bound
		}
		if at.barrier {
			crossed = append(crossed, at)
		}
	}
	panic(invalid(n))
}

// named says whether a qualifier means the relation: its path ends with it.
func (r *relation) named(qualifier []ident) bool {
	if len(qualifier) > len(r.path) {
		return false
	}
	for i, q := range qualifier {
		if r.path[len(r.path)-len(qualifier)+i] != q.name {
			return false
		}
	}
	return true
}

func (b *binder) exprs(xs []node, s *scope) []expr {
	out := make([]expr, len(xs))
	for i, x := range xs {
		out[i] = b.expr(x, s)
	}
	return out
}

// nested binds a part of a value, where a subquery must not be correlated.
func (b *binder) nested(x node, s *scope) expr {
	b.under++
	defer func() { b.under-- }()
	return b.expr(x, s)
}

func of(format string, t kindOf, from ...expr) expr {
	args := make([]any, len(from))
	e := expr{t: t}
	for i, f := range from {
		args[i] = f.sql
		e.aggregate = e.aggregate || f.aggregate
		e.window = e.window || f.window
	}
	if strings.Contains(format, "$") {
		e.sql = once(format, from)
	} else {
		e.sql = fmt.Sprintf(format, args...)
	}
	return e
}

// longText is from how many bytes on an operand is not written more than once.
const longText = 400

// once is expand, with a long operand written once where the others are constants:
// calls within calls would be as long as two to the power of their depth.
func once(format string, args []expr) string {
	for i, a := range args {
		others := append(slices.Clone(args[:i]), args[i+1:]...)
		if len(a.sql) < longText || strings.Count(format, "$"+strconv.Itoa(i+1))+strings.Count(format, "$*") < 2 ||
			slices.ContainsFunc(others, func(o expr) bool { return o.constant == nil }) {
			continue
		}
		short := slices.Clone(args)
		short[i].sql = "sf_once"
		return "list_transform([" + a.sql + "], lambda sf_once: " + expand(format, short) + ")[1]"
	}
	return expand(format, args)
}

// expand fills $1, $2 and $* in.
func expand(format string, args []expr) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] == '$' && i+1 < len(format) {
			switch c := format[i+1]; {
			case c == '*':
				for j, a := range args {
					if j > 0 {
						b.WriteString(", ")
					}
					b.WriteString(a.sql)
				}
				i++
				continue
			case c >= '1' && c <= '9':
				b.WriteString(args[c-'1'].sql)
				i++
				continue
			}
		}
		b.WriteByte(format[i])
	}
	return b.String()
}

func numberLiteral(text string) expr {
	if strings.ContainsAny(text, "eE") {
		return expr{sql: "CAST('" + text + "' AS DOUBLE)", t: tReal, constant: &text}
	}
	digits := strings.TrimPrefix(text, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	whole = strings.TrimLeft(whole, "0")
	p, s := len(whole)+len(fraction), len(fraction)
	if p > 38 {
		if len(whole) > 38 {
			return expr{sql: "CAST('" + text + "' AS DOUBLE)", t: tReal, constant: &text}
		}
		panic(cannot("a number of %d digits", p))
	}
	t := fixed(max(p, 1), s)
	return expr{sql: fmt.Sprintf("CAST(%s AS DECIMAL(38,%d))", text, s), t: t, constant: &text}
}

func stringLiteralExpr(s string) expr {
	return expr{sql: literal(s), t: kindOf{k: kText, p: max(len([]rune(s)), 1)}, constant: &s}
}

// expr binds an expression.
func (b *binder) expr(x node, s *scope) expr {
	switch x := x.(type) {
	case nil:
		panic(cannot("DEFAULT as a value"))
	case *nameNode:
		if len(x.name.parts) == 1 && !x.name.parts[0].quoted && bareValues[x.name.parts[0].name] {
			return b.call(&callNode{name: x.name.parts[0].name, at: x.name.at}, s)
		}
		return b.resolve(x.name, s)
	case *numberNode:
		return numberLiteral(x.text)
	case *stringNode:
		return stringLiteralExpr(x.value)
	case *boolNode:
		return expr{sql: strings.ToUpper(strconv.FormatBool(x.value)), t: tBool}
	case *nullNode:
		return expr{sql: "NULL", t: tNull}
	case *paramNode:
		if x.position < 1 || x.position > len(b.binds) {
			panic(compilation(2049, "42601", "Bind variable ? not set."))
		}
		return b.binds[x.position-1]
	case *dollarNode:
		if strings.Trim(x.name, "0123456789") == "" {
			return b.resolve(name{parts: []ident{{"$" + x.name, false}}, at: token{line: 1, text: "$" + x.name}}, s)
		}
		v, ok := b.s.variables[x.name]
		if !ok {
			panic(compilation(2211, "02000", "Session variable '$%s' does not exist", x.name))
		}
		return stringLiteralExpr(v)
	case *unaryNode:
		if x.op == "NOT" {
			e := b.bool(b.nested2(x.x, s))
			return of("(NOT %s)", tBool, e)
		}
		e := b.arithmetic(b.nested(x.x, s))
		return of("(-%s)", e.t, e)
	case *binaryNode:
		return b.binary(x, s)
	case *isNode:
		e := b.nested(x.x, s)
		not := ""
		if x.not {
			not = "NOT "
		}
		if x.what != "NULL" {
			e = b.bool(e)
		}
		return of("(%s IS "+not+x.what+")", tBool, e)
	case *distinctNode:
		l, r := b.unify2(b.nested(x.x, s), b.nested(x.y, s), "IS DISTINCT FROM")
		if x.not {
			return of("(%s IS NOT DISTINCT FROM %s)", tBool, l, r)
		}
		return of("(%s IS DISTINCT FROM %s)", tBool, l, r)
	case *betweenNode:
		e := b.nested(x.x, s)
		l1, low := b.unify2(e, b.nested(x.low, s), "BETWEEN")
		l2, high := b.unify2(e, b.nested(x.high, s), "BETWEEN")
		out := of("(%s >= %s AND %s <= %s)", tBool, l1, low, l2, high)
		if x.not {
			return of("(NOT %s)", tBool, out)
		}
		return out
	case *inNode:
		return b.in(x, s)
	case *likeNode:
		return b.like(x, s)
	case *caseNode:
		return b.caseExpr(x, s)
	case *castNode:
		e := b.nested(x.x, s)
		if x.try {
			if e.t.k != kText && e.t.k != kNull {
				panic(compilation(1065, "22023", "Function TRY_CAST cannot be used with arguments of types %s and %s", e.t, x.to))
			}
			if x.to.k == kVariant || x.to.k == kArray || x.to.k == kObject {
				panic(compilation(1065, "22023", "Function TRY_CAST cannot be used with arguments of types %s and %s", e.t, x.to))
			}
		}
		return b.cast(e, x.to, x.try, true)
	case *callNode:
		return b.call(x, s)
	case *lambdaNode:
		panic(compilation(codeSyntax, "42000", "syntax error: unexpected '->'."))
	case *arrayNode:
		return b.array(b.nestedAll(x.items, s))
	case *objectNode:
		var args []expr
		for i, k := range x.keys {
			args = append(args, b.expr(k, s), b.nested(x.values[i], s))
		}
		return b.object(args)
	case *indexNode:
		return b.index(b.nested(x.x, s), b.nested(x.index, s))
	case *pathNode:
		e := b.nested(x.x, s)
		if e.t.k != kVariant && e.t.k != kObject {
			panic(compilation(1044, "42P13", "Invalid argument types for function 'GET': (%s, VARCHAR(%d))", e.t, len(x.key)))
		}
		return of("v_get(%s, "+quote(x.key)+")", tVariant, e)
	case *subqueryNode:
		return b.scalar(x, s)
	case *existsNode:
		q, info := b.subquery(x.query, s)
		if info.outer > 0 {
			b.correlated(x.at, true)
			if info.limited {
				panic(unsupportedSubquery())
			}
		}
		return expr{sql: "EXISTS (" + q.sql + ")", t: tBool}
	case *quantNode:
		panic(cannot("ANY and ALL of a subquery"))
	case *rowNode:
		panic(compilation(codeSyntax, "42000", "syntax error: a row of values stands where one value must"))
	case *intervalLit:
		panic(compilation(codeSyntax, "42000", "syntax error: INTERVAL can only be added to or subtracted from a date or time"))
	}
	panic(cannot("%T", x))
}

var bareValues = set("CURRENT_DATE CURRENT_TIMESTAMP CURRENT_TIME CURRENT_USER")

func (b *binder) nestedAll(xs []node, s *scope) []expr {
	out := make([]expr, len(xs))
	for i, x := range xs {
		out[i] = b.nested(x, s)
	}
	return out
}

// nested2 binds the operand of NOT: EXISTS may stand there.
func (b *binder) nested2(x node, s *scope) expr { return b.expr(x, s) }

func unsupportedSubquery() *refusal {
	return compilation(codeSubquery, "42601", "Unsupported subquery type cannot be evaluated")
}

// correlated refuses a correlated subquery where Snowflake's documentation has
// none: outside of WHERE, and for EXISTS and IN as an argument of OR.
func (b *binder) correlated(_ token, existential bool) {
	if existential && (b.clause != "WHERE" || b.under > 0) {
		panic(unsupportedSubquery())
	}
	if b.clause == "ON" {
		panic(unsupportedSubquery())
	}
}

func (b *binder) scalar(x *subqueryNode, s *scope) expr {
	q, info := b.subquery(x.query, s)
	if len(q.columns) != 1 {
		panic(compilation(1789, "42601", "Single-column subquery expected, got %d columns", len(q.columns)))
	}
	if info.outer > 0 {
		b.correlated(x.at, false)
		if info.limited || !info.single || !info.equalities || info.flatten {
			panic(unsupportedSubquery())
		}
	}
	return expr{sql: "(" + q.sql + ")", t: q.columns[0].t}
}

func (b *binder) in(x *inNode, s *scope) expr {
	not := ""
	if x.not {
		not = "NOT "
	}
	if row, ok := x.x.(*rowNode); ok {
		return b.rowIn(x, row, s, not)
	}
	e := b.nested(x.x, s)
	if x.query != nil {
		q, info := b.subquery(x.query, s)
		if info.outer > 0 {
			b.correlated(token{}, true)
		}
		if len(q.columns) != 1 {
			panic(compilation(1789, "42601", "Invalid argument types for function 'IN': number of columns"))
		}
		t := b.common([]kindOf{e.t, q.columns[0].t}, "IN")
		sub := q.sql
		if q.columns[0].t.duck() != t.duck() || q.columns[0].t.k != t.k {
			sub = "SELECT " + b.cast(expr{sql: "q.c0", t: q.columns[0].t}, t, false, false).sql + " FROM (" + q.sql + ") AS q"
		}
		left := b.cast(e, t, false, false)
		return expr{sql: "(" + left.sql + " " + not + "IN (" + sub + "))", t: tBool, aggregate: left.aggregate, window: left.window}
	}
	list := b.nestedAll(x.list, s)
	types := []kindOf{e.t}
	for _, l := range list {
		types = append(types, l.t)
	}
	t := b.common(types, "IN")
	e = b.cast(e, t, false, false)
	out := expr{t: tBool, aggregate: e.aggregate, window: e.window}
	var parts []string
	for _, l := range list {
		c := b.cast(l, t, false, false)
		parts = append(parts, c.sql)
		out.aggregate = out.aggregate || c.aggregate
	}
	out.sql = "(" + e.sql + " " + not + "IN (" + strings.Join(parts, ", ") + "))"
	return out
}

func (b *binder) rowIn(x *inNode, row *rowNode, s *scope, not string) expr {
	left := b.nestedAll(row.items, s)
	if x.query == nil {
		panic(cannot("a row IN a list"))
	}
	q, info := b.subquery(x.query, s)
	if info.outer > 0 {
		b.correlated(token{}, true)
	}
	if len(q.columns) != len(left) {
		panic(compilation(1789, "42601", "Invalid argument types for function 'IN': number of columns"))
	}
	var l, r []string
	for i := range left {
		t := b.common([]kindOf{left[i].t, q.columns[i].t}, "IN")
		l = append(l, b.cast(left[i], t, false, false).sql)
		r = append(r, b.cast(expr{sql: fmt.Sprintf("q.c%d", i), t: q.columns[i].t}, t, false, false).sql)
	}
	return expr{sql: "((" + strings.Join(l, ", ") + ") " + not + "IN (SELECT (" + strings.Join(r, ", ") + ") FROM (" + q.sql + ") AS q))", t: tBool}
}

func (b *binder) like(x *likeNode, s *scope) expr {
	e := b.text(b.nested(x.x, s))
	var parts []string
	out := expr{t: tBool, aggregate: e.aggregate}
	for _, n := range x.patterns {
		p := b.text(b.nested(n, s))
		out.aggregate = out.aggregate || p.aggregate
		if x.op == "RLIKE" {
			parts = append(parts, fmt.Sprintf("sf_regexp_like(%s, %s, 'c')", e.sql, p.sql))
			continue
		}
		op := x.op
		esc := ""
		if x.escape != nil {
			esc = " ESCAPE " + b.text(b.nested(x.escape, s)).sql
		}
		parts = append(parts, fmt.Sprintf("(%s %s %s%s)", e.sql, op, p.sql, esc))
	}
	joiner := " OR "
	if x.quantifier == "ALL" {
		joiner = " AND "
	}
	out.sql = "(" + strings.Join(parts, joiner) + ")"
	if x.not {
		out.sql = "(NOT " + out.sql + ")"
	}
	return out
}

func (b *binder) caseExpr(x *caseNode, s *scope) expr {
	out := expr{}
	var values []expr
	var conditions []string
	track := func(e expr) {
		out.aggregate = out.aggregate || e.aggregate
		out.window = out.window || e.window
	}
	var operand expr
	if x.operand != nil {
		operand = b.nested(x.operand, s)
		track(operand)
	}
	for _, w := range x.whens {
		c := b.nested(w[0], s)
		if x.operand != nil {
			l, r := b.unify2(operand, c, "CASE")
			c = of("(%s = %s)", tBool, l, r)
		} else {
			c = b.bool(c)
		}
		track(c)
		conditions = append(conditions, c.sql)
		values = append(values, b.nested(w[1], s))
	}
	if x.other != nil {
		values = append(values, b.nested(x.other, s))
	}
	t := b.commonOf(values, "CASE")
	var sql strings.Builder
	sql.WriteString("CASE")
	for i, v := range values {
		v = b.cast(v, t, false, false)
		track(v)
		if i < len(conditions) {
			fmt.Fprintf(&sql, " WHEN %s THEN %s", conditions[i], v.sql)
		} else {
			fmt.Fprintf(&sql, " ELSE %s", v.sql)
		}
	}
	sql.WriteString(" END")
	out.sql, out.t = "("+sql.String()+")", t
	return out
}

func (b *binder) commonOf(values []expr, what string) kindOf {
	types := make([]kindOf, len(values))
	for i, v := range values {
		types[i] = v.t
	}
	return b.common(types, what)
}

func (b *binder) array(items []expr) expr {
	out := expr{t: tArray}
	parts := make([]string, len(items))
	for i, e := range items {
		v := b.variant(e)
		out.aggregate = out.aggregate || v.aggregate
		parts[i] = v.sql
	}
	if len(parts) == 0 {
		out.sql = "CAST([] AS VARCHAR[])"
		return out
	}
	out.sql = "CAST([" + strings.Join(parts, ", ") + "] AS VARCHAR[])"
	return out
}

func (b *binder) object(args []expr) expr {
	out := expr{t: tObject}
	if len(args)%2 != 0 {
		panic(compilation(938, "22023", "not enough arguments for function [OBJECT_CONSTRUCT]"))
	}
	parts := make([]string, len(args))
	for i, e := range args {
		if i%2 == 0 {
			if e.t.k != kText {
				panic(compilation(1044, "42P13", "Invalid argument types for function 'OBJECT_CONSTRUCT': (%s)", e.t))
			}
		} else {
			e = b.variant(e)
		}
		out.aggregate = out.aggregate || e.aggregate
		parts[i] = e.sql
	}
	if len(parts) == 0 {
		out.sql = "'{}'"
		return out
	}
	out.sql = "v_object(" + strings.Join(parts, ", ") + ")"
	return out
}

// index is x[i]: from 0, or by key.
func (b *binder) index(x, i expr) expr {
	switch {
	case i.t.k == kText && (x.t.k == kVariant || x.t.k == kObject):
		return of("v_get(%s, %s)", tVariant, x, i)
	case i.t.k == kFixed && x.t.k == kArray:
		n := b.int(i)
		item := of("(CASE WHEN $2 >= 0 THEN list_extract($1, $2 + 1) END)", tVariant, x, n)
		if x.t.structured() {
			return b.cast(item, x.t.element(), false, true)
		}
		return item
	case i.t.k == kFixed && x.t.k == kVariant:
		return of("v_at(%s, %s)", tVariant, x, b.int(i))
	}
	panic(compilation(codeArgTypes, "42P13", "Invalid argument types for function 'GET': (%s, %s)", x.t, i.t))
}

func (b *binder) binary(x *binaryNode, s *scope) expr {
	switch x.op {
	case "AND":
		l, r := b.bool(b.expr(x.x, s)), b.bool(b.expr(x.y, s))
		return of("(%s AND %s)", tBool, l, r)
	case "OR":
		l, r := b.bool(b.nested(x.x, s)), b.bool(b.nested(x.y, s))
		return of("(%s OR %s)", tBool, l, r)
	case "||":
		l, r := b.nested(x.x, s), b.nested(x.y, s)
		if l.t.k == kBinary && r.t.k == kBinary {
			return of("(%s || %s)", tBinary, l, r)
		}
		l, r = b.text(l), b.text(r)
		return of("(%s || %s)", kindOf{k: kText, p: min(l.t.length()+r.t.length(), maxText)}, l, r)
	case "+", "-":
		if i, ok := x.y.(*intervalLit); ok {
			return b.addInterval(b.nested(x.x, s), i.text, x.op)
		}
		if i, ok := x.x.(*intervalLit); ok && x.op == "+" {
			return b.addInterval(b.nested(x.y, s), i.text, x.op)
		}
		return b.math(x.op, b.nested(x.x, s), b.nested(x.y, s))
	case "*", "/", "%":
		return b.math(x.op, b.nested(x.x, s), b.nested(x.y, s))
	}
	l, r := b.unify2(b.nested(x.x, s), b.nested(x.y, s), x.op)
	if l.t.k == kArray || l.t.k == kObject {
		if x.op != "=" && x.op != "<>" {
			panic(compilation(codeArgTypes, "42P13", "Invalid argument types for function '%s': (%s, %s)", x.op, l.t, r.t))
		}
	}
	if l.t.k == kVariant && x.op != "=" && x.op != "<>" {
		l, r = of("v_order(%s)", tText, l), of("v_order(%s)", tText, r)
	}
	if l.t.k == kTZ {
		l, r = of("(%s).u", tNTZ, l), of("(%s).u", tNTZ, r)
	}
	return of("(%s "+x.op+" %s)", tBool, l, r)
}

// math is arithmetic by the rules for precision and scale that Snowflake
// documents.
func (b *binder) math(op string, l, r expr) expr {
	bad := func() {
		panic(compilation(codeArgTypes, "42P13", "Invalid argument types for function '%s': (%s, %s)", op, l.t, r.t))
	}
	switch {
	case l.t.k == kDate && (op == "+" || op == "-") && (r.t.k == kFixed || r.t.k == kText && r.constant != nil):
		n := b.int(b.cast(r, tInt, false, false))
		return of("CAST(%s "+op+" CAST(%s AS INTEGER) AS DATE)", tDate, l, n)
	case r.t.k == kDate && op == "+" && l.t.k == kFixed:
		return of("CAST(%s + CAST(%s AS INTEGER) AS DATE)", tDate, r, b.int(l))
	case l.t.k == kDate && r.t.k == kDate && op == "-":
		return of("CAST(date_diff('day', $2, $1) AS DECIMAL(38,0))", fixed(9, 0), l, r)
	}
	if l.t.semi() || r.t.semi() {
		if l.t.k == kVariant || r.t.k == kVariant {
			panic(cannot("arithmetic on a VARIANT; cast it"))
		}
		bad()
	}
	l, r = b.arithmetic(l), b.arithmetic(r)
	if l.t.k == kReal || r.t.k == kReal {
		l, r = b.cast(l, tReal, false, false), b.cast(r, tReal, false, false)
		switch op {
		case "/":
			return of("(CASE WHEN $2 = 0 THEN CAST(sf_fail("+strconv.Itoa(codeDivision)+", 'Division by zero') AS DOUBLE) ELSE $1 / $2 END)", tReal, l, r)
		case "%":
			return of("(CASE WHEN $2 = 0 THEN CAST(sf_fail("+strconv.Itoa(codeDivision)+", 'Division by zero') AS DOUBLE) ELSE $1 % $2 END)", tReal, l, r)
		}
		return of("($1 "+op+" $2)", tReal, l, r)
	}
	t := numberOf(op, l.t, r.t)
	switch op {
	case "/":
		return divide(l, r, t)
	case "%":
		if r.nonzero || r.constant != nil && strings.Trim(*r.constant, "0.-") != "" {
			return of("CAST($1 % $2 AS "+wide(t)+")", t, l, r)
		}
		return of("(CASE WHEN $2 = 0 THEN CAST(sf_fail("+strconv.Itoa(codeDivision)+", 'Division by zero') AS "+wide(t)+") ELSE CAST($1 % $2 AS "+wide(t)+") END)", t, l, r)
	case "*":
		return of("CAST($1 * $2 AS "+wide(t)+")", t, wideOf(l), wideOf(r))
	}
	return of("CAST($1 "+op+" $2 AS "+wide(t)+")", t, wideOf(l), wideOf(r))
}

// wide is the type that a computed number has in DuckDB: all digits there are.
func wide(t kindOf) string { return fmt.Sprintf("DECIMAL(38,%d)", t.s) }

func wideOf(e expr) expr {
	if e.t.k == kFixed && e.t.p < 38 && e.constant == nil {
		e.sql = "CAST(" + e.sql + " AS " + wide(e.t) + ")"
	}
	return e
}

// divide gives NUMBER / NUMBER with the digits that are documented.
func divide(l, r expr, t kindOf) expr {
	return of("CAST(sf_divide(CAST($1 AS VARCHAR), CAST($2 AS VARCHAR), "+strconv.Itoa(t.s)+") AS "+wide(t)+")", t, l, r)
}

// numberOf is the type of a result of arithmetic, as Snowflake's page about
// arithmetic operators computes it.
func numberOf(op string, l, r kindOf) kindOf {
	l1, l2 := l.p-l.s, r.p-r.s
	switch op {
	case "*":
		s := min(l.s+r.s, max(l.s, r.s, 12))
		return fixed(l1+l2+s, s)
	case "/":
		s := max(l.s, min(l.s+6, 12))
		return fixed(l1+r.s+s, s)
	case "%":
		s := max(l.s, r.s)
		return fixed(max(l1, l2)+s, s)
	}
	s := max(l.s, r.s)
	return fixed(max(l1, l2)+s+1, s)
}

// arithmetic makes an operand a number.
func (b *binder) arithmetic(e expr) expr {
	switch e.t.k {
	case kFixed, kReal:
		return e
	case kNull:
		return b.cast(e, fixed(1, 0), false, false)
	case kText:
		if e.constant != nil {
			if n, ok := parseNumber(*e.constant); ok && !strings.ContainsAny(*e.constant, "eE") {
				return numberLiteral(n)
			}
		}
		return b.cast(e, fixed(18, 5), false, false)
	}
	panic(compilation(codeArgTypes, "42P13", "Invalid argument types for arithmetic: (%s)", e.t))
}

func (b *binder) addInterval(e expr, text, op string) expr {
	if e.t.k != kDate && !e.t.stamp() && e.t.k != kTime {
		panic(compilation(codeArgTypes, "42P13", "Invalid argument types for function '%s': (%s, INTERVAL)", op, e.t))
	}
	for part := range strings.SplitSeq(text, ",") {
		fields := strings.Fields(part)
		if len(fields) == 1 {
			fields = append(fields, "second")
		}
		n, err := strconv.Atoi(fields[0])
		if err != nil || len(fields) != 2 {
			panic(compilation(codeSyntax, "42000", "invalid interval '%s'", text))
		}
		if op == "-" {
			n = -n
		}
		unit := datePart(fields[1])
		e = b.dateAdd(unit, numberLiteral(strconv.Itoa(n)), e)
	}
	return e
}

// unify2 casts the operands of a comparison to what they have in common.
func (b *binder) unify2(l, r expr, what string) (expr, expr) {
	t := b.common([]kindOf{l.t, r.t}, what)
	return b.cast(l, t, false, false), b.cast(r, t, false, false)
}

// common is the type to which values of the types given are coerced.
func (b *binder) common(types []kindOf, what string) kindOf {
	out := kindOf{}
	for _, t := range types {
		out = merge(out, t, what)
	}
	if out.k == kNull {
		return kindOf{k: kText, p: maxText}
	}
	return out
}

func merge(a, c kindOf, what string) kindOf {
	if a.k == kNull {
		return c
	}
	if c.k == kNull {
		return a
	}
	if a.k == c.k {
		switch a.k {
		case kFixed:
			s := max(a.s, c.s)
			return fixed(max(a.p-a.s, c.p-c.s)+s, s)
		case kText, kBinary:
			return kindOf{k: a.k, p: max(a.length(), c.length())}
		}
		if a.k == kArray {
			if a == c {
				return a
			}
			if a.structured() && c.structured() {
				of := merge(a.element(), c.element(), what)
				return kindOf{k: kArray, e: of.k, ep: of.p, es: of.s}
			}
			return tArray
		}
		return kindOf{k: a.k, s: max(a.s, c.s)}
	}
	if a.k > c.k {
		a, c = c, a
	}
	switch {
	case a.k == kFixed && c.k == kReal:
		return tReal
	case a.k == kFixed && c.k == kText:
		return fixed(min(max(a.p, 18)+5, 38), max(a.s, 5))
	case a.k == kFixed && c.k == kBool, a.k == kText && c.k == kBool, a.k == kReal && c.k == kBool:
		return tBool
	case a.k == kReal && c.k == kText:
		return tReal
	case a.k == kText && (c.k == kDate || c.k == kTime || c.stamp()):
		return c
	case a.k == kText && c.k == kBinary:
		return c
	case a.k == kDate && c.stamp():
		return c
	case a.k == kNTZ && (c.k == kLTZ || c.k == kTZ), a.k == kLTZ && c.k == kTZ:
		return c
	case c.k == kVariant, a.k == kVariant && c.semi():
		return tVariant
	}
	panic(compilation(codeArgTypes, "42P13", "Invalid argument types for function '%s': (%s, %s)", what, a, c))
}

func (b *binder) bool(e expr) expr { return b.cast(e, tBool, false, false) }

func (b *binder) text(e expr) expr { return b.cast(e, tText, false, false) }

func (b *binder) variant(e expr) expr { return b.cast(e, tVariant, false, false) }

// int is a number as BIGINT, for arguments of DuckDB's functions.
func (b *binder) int(e expr) expr {
	if e.constant != nil && e.t.k == kFixed && e.t.s == 0 {
		return expr{sql: "CAST(" + *e.constant + " AS BIGINT)", t: tInt, constant: e.constant}
	}
	e = b.cast(e, tInt, false, false)
	return of("CAST(%s AS BIGINT)", tInt, e)
}

func fixedOf(sql string, p int, from ...expr) expr {
	return of("CAST("+sql+" AS DECIMAL(38,0))", fixed(p, 0), from...)
}
