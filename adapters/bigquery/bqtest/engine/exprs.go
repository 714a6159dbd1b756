package main

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	googlesql "github.com/goccy/go-googlesql"
)

// expr writes an expression. What it gives can stand anywhere in another.
func (t *translator) expr(e googlesql.ResolvedExprNode) string {
	switch e := e.(type) {
	case *googlesql.ResolvedLiteral:
		return literal(must(e.Value()), typeOf(must(e.Type())))
	case *googlesql.ResolvedColumnRef:
		return column(must(e.Column()))
	case *googlesql.ResolvedFunctionCall:
		return t.function(e)
	case *googlesql.ResolvedCast:
		return t.cast(e)
	case *googlesql.ResolvedMakeStruct:
		var fields []string
		for i, f := range must(e.FieldList()) {
			fields = append(fields, fieldName(i)+" := "+t.expr(f))
		}
		if len(fields) == 0 {
			panic(unsupported("an empty STRUCT"))
		}
		return "struct_pack(" + strings.Join(fields, ", ") + ")"
	case *googlesql.ResolvedGetStructField:
		return "struct_extract(" + t.expr(must(e.Expr())) + ", '" + fieldName(int(must(e.FieldIdx()))) + "')"
	case *googlesql.ResolvedSubqueryExpr:
		return t.subquery(e)
	case *googlesql.ResolvedParameter:
		return t.parameter(e)
	case *googlesql.ResolvedWithExpr:
		from := "(SELECT 1 AS c0)"
		for _, a := range must(e.AssignmentList()) {
			from = "(SELECT *, " + t.expr(must(a.Expr())) + " AS " + column(must(a.Column())) + " FROM " + from + ")"
		}
		return "(SELECT " + t.expr(must(e.Expr())) + " FROM " + from + ")"
	}
	panic(unsupported(strings.TrimPrefix(fmt.Sprintf("%T", e), "*googlesql.Resolved")))
}

func null(t Type) string { return "CAST(NULL AS " + t.engine() + ")" }

// literal writes a value.
func literal(v *googlesql.Value, t Type) string {
	if must(v.IsNull()) {
		if t.Name == "ENUM" {
			return "NULL"
		}
		return null(t)
	}
	switch t.Name {
	case "INT64":
		return "CAST(" + strconv.FormatInt(must(v.Int64Value()), 10) + " AS BIGINT)"
	case "BOOL":
		return strings.ToUpper(strconv.FormatBool(must(v.BoolValue())))
	case "FLOAT64":
		return double(must(v.DoubleValue()))
	case "STRING":
		return text(must(v.StringValue()))
	case "BYTES":
		return "unhex('" + hex.EncodeToString([]byte(must(v.BytesValue()))) + "')"
	case "DATE":
		return fmt.Sprintf("(DATE '1970-01-01' + CAST(%d AS INTEGER))", must(v.DateValue()))
	case "TIMESTAMP":
		return "make_timestamp(CAST(" + strconv.FormatInt(must(v.ToUnixMicros()), 10) + " AS BIGINT))"
	case "DATETIME":
		return "CAST('" + strings.Replace(must(must(v.DatetimeValue()).DebugString()), "T", " ", 1) + "' AS TIMESTAMP)"
	case "TIME":
		return "CAST('" + must(must(v.TimeValue()).DebugString()) + "' AS TIME)"
	case "NUMERIC":
		return "CAST('" + must(must(v.NumericValue()).ToString()) + "' AS DECIMAL(38,9))"
	case "BIGNUMERIC":
		r, _ := new(big.Rat).SetString(must(must(v.BignumericValue()).ToString()))
		return text(must(bigOf(r)))
	case "JSON":
		return "CAST(" + text(must(v.JsonString())) + " AS JSON)"
	case "ENUM":
		return text(must(v.EnumDisplayName()))
	case "ARRAY":
		var items []string
		for _, e := range must(v.Elements()) {
			items = append(items, literal(e, *t.Elem))
		}
		return "CAST([" + strings.Join(items, ", ") + "] AS " + t.engine() + ")"
	case "STRUCT":
		var fields []string
		for i, f := range must(v.Fields()) {
			fields = append(fields, fieldName(i)+" := "+literal(f, t.Fields[i].Type))
		}
		return "struct_pack(" + strings.Join(fields, ", ") + ")"
	}
	panic(unsupported("a literal of type " + t.Name))
}

func double(f float64) string {
	switch {
	case math.IsNaN(f):
		return "CAST('NaN' AS DOUBLE)"
	case math.IsInf(f, 1):
		return "CAST('Infinity' AS DOUBLE)"
	case math.IsInf(f, -1):
		return "CAST('-Infinity' AS DOUBLE)"
	}
	return "CAST('" + strconv.FormatFloat(f, 'e', -1, 64) + "' AS DOUBLE)"
}

func (t *translator) parameter(e *googlesql.ResolvedParameter) string {
	name := must(e.Name())
	at := int(must(e.Position()))
	for i, p := range t.parameters {
		if name != "" && strings.EqualFold(p.Name, name) || name == "" && i+1 == at {
			return wireLiteral(p.Value, p.Type)
		}
	}
	panic(invalid("Query parameter '" + name + "' not found"))
}

func (t *translator) subquery(e *googlesql.ResolvedSubqueryExpr) string {
	query := must(e.Subquery())
	switch must(e.SubqueryType()) {
	case googlesql.ResolvedSubqueryExprEnums_SubqueryTypeScalar:
		return "(" + t.scan(query) + ")"
	case googlesql.ResolvedSubqueryExprEnums_SubqueryTypeExists:
		return "EXISTS (" + t.scan(query) + ")"
	case googlesql.ResolvedSubqueryExprEnums_SubqueryTypeIn:
		return "(" + t.expr(must(e.InExpr())) + " IN (" + t.scan(query) + "))"
	case googlesql.ResolvedSubqueryExprEnums_SubqueryTypeArray:
		cols := columns(query)
		collect := "list(" + cols[0] + ")"
		if o, ok := query.(*googlesql.ResolvedOrderByScan); ok {
			// The order is said to the aggregate, which needs no more than the input.
			return "coalesce((SELECT list(" + cols[0] + " ORDER BY " + t.order(must(o.OrderByItemList())) + ") FROM " + t.from(must(o.InputScan())) + "), [])"
		}
		return "coalesce((SELECT " + collect + " FROM " + t.from(query) + "), [])"
	}
	panic(unsupported("LIKE with a subquery"))
}

// A call is a function call with its arguments written.
type call struct {
	name  string
	args  []string
	types []Type
	ret   Type
	// literals are the texts of the arguments that are literals of type STRING or
	// ENUM, and of INT64.
	nodes []googlesql.ResolvedExprNode
}

// constant is the text of an argument that is a literal.
func (c *call) constant(i int) (string, bool) {
	l, ok := c.nodes[i].(*googlesql.ResolvedLiteral)
	if !ok {
		return "", false
	}
	v := must(l.Value())
	if must(v.IsNull()) {
		return "", false
	}
	switch c.types[i].Name {
	case "STRING":
		return must(v.StringValue()), true
	case "ENUM":
		return must(v.EnumDisplayName()), true
	case "INT64":
		return strconv.FormatInt(must(v.Int64Value()), 10), true
	}
	return "", false
}

// part is the unit of time that an argument names.
func (c *call) part(i int) string {
	s, ok := c.constant(i)
	if !ok {
		panic(unsupported(c.name + " of a unit that is not constant"))
	}
	return strings.ToUpper(s)
}

type functionCall interface {
	Function() (*googlesql.Function, error)
	ArgumentList() ([]googlesql.ResolvedExprNode, error)
	GenericArgumentListSize() (int32, error)
	Type() (googlesql.Googlesql_TypeNode, error)
	ErrorMode() (googlesql.ResolvedFunctionCallBaseEnums_ErrorMode, error)
}

func (t *translator) call(e functionCall) *call {
	c := &call{name: strings.ToLower(must(must(e.Function()).FullName(false))), ret: typeOf(must(e.Type()))}
	if must(e.GenericArgumentListSize()) > 0 {
		panic(unsupported("a lambda in " + c.name))
	}
	c.nodes = must(e.ArgumentList())
	for _, a := range c.nodes {
		c.args = append(c.args, t.expr(a))
		c.types = append(c.types, typeOf(must(a.Type())))
	}
	return c
}

func (t *translator) function(e *googlesql.ResolvedFunctionCall) string {
	c := t.call(e)
	if must(e.ErrorMode()) == googlesql.ResolvedFunctionCallBaseEnums_ErrorModeSafeErrorMode || strings.HasPrefix(c.name, "safe_") {
		return try(c.args, func(args []string) string {
			c.args = args
			return t.plain(c)
		})
	}
	return t.plain(c)
}

func (t *translator) plain(c *call) string {
	if r := t.routines[c.name]; r != nil && r.js {
		return r.engine + "(" + strings.Join(c.args, ", ") + ")"
	}
	return c.write()
}

// try is NULL where an expression fails. The engine has no TRY of a subquery.
func try(args []string, f func(args []string) string) string {
	if !strings.Contains(strings.Join(args, " "), "SELECT ") {
		return "TRY(" + f(args) + ")"
	}
	names, selected := make([]string, len(args)), make([]string, len(args))
	for i, a := range args {
		names[i] = fmt.Sprintf("try_%d", i)
		selected[i] = a + " AS " + names[i]
	}
	return "(SELECT TRY(" + f(names) + ") FROM (SELECT " + strings.Join(selected, ", ") + "))"
}

// write spells a scalar function.
func (c *call) write() string {
	if f, ok := special[c.name]; ok {
		return f(c)
	}
	for _, key := range []string{c.name + ":" + c.first(), c.name} {
		if snippet, ok := snippets[key]; ok {
			return fill(snippet, c.args)
		}
	}
	panic(unsupported("the function " + strings.ToUpper(strings.TrimPrefix(c.name, "$"))))
}

func (c *call) first() string {
	if len(c.types) == 0 {
		return ""
	}
	return c.types[0].Name
}

// fill puts arguments in the place of $1 to $9, and all of them in that of $*.
func fill(snippet string, args []string) string {
	var b strings.Builder
	b.WriteByte('(')
	for i := 0; i < len(snippet); i++ {
		if snippet[i] != '$' || i+1 == len(snippet) {
			b.WriteByte(snippet[i])
			continue
		}
		i++
		switch n := snippet[i]; {
		case n == '*':
			b.WriteString(strings.Join(args, ", "))
		case n >= '1' && n <= '9' && int(n-'0') <= len(args):
			b.WriteString(args[int(n-'1')])
		default:
			panic(unsupported("a form with " + strconv.Itoa(len(args)) + " arguments of a function"))
		}
	}
	b.WriteByte(')')
	return b.String()
}

// aggregate writes an aggregate function.
func (t *translator) aggregate(e *googlesql.ResolvedAggregateFunctionCall) string {
	c := t.call(e)
	a := &aggregate{call: c, distinct: must(e.Distinct())}
	a.ignore = must(e.NullHandlingModifier()) == googlesql.ResolvedNonScalarFunctionCallBaseEnums_NullHandlingModifierIgnoreNulls
	if items := must(e.OrderByItemList()); len(items) > 0 {
		a.order = t.order(items)
	}
	if l := must(e.Limit()); l != nil {
		a.limit = t.expr(l)
	}
	if m := must(e.HavingModifier()); m != nil {
		a.having = t.expr(must(m.HavingExpr()))
		a.max = must(m.Kind()) == googlesql.ResolvedAggregateHavingModifierEnums_HavingModifierKindMax
	}
	if len(must(e.GroupByList())) > 0 || must(e.HavingExpr()) != nil || must(e.WhereExpr()) != nil {
		panic(unsupported("GROUP BY, WHERE or HAVING inside of an aggregate"))
	}
	return a.write()
}

// analytic writes a window function.
func (t *translator) analytic(group *googlesql.ResolvedAnalyticFunctionGroup, e *googlesql.ResolvedAnalyticFunctionCall) string {
	c := t.call(e)
	a := &aggregate{call: c, distinct: must(e.Distinct())}
	a.ignore = must(e.NullHandlingModifier()) == googlesql.ResolvedNonScalarFunctionCallBaseEnums_NullHandlingModifierIgnoreNulls
	if must(e.WhereExpr()) != nil {
		panic(unsupported("WHERE inside of a window function"))
	}
	var over []string
	if p := must(group.PartitionBy()); p != nil {
		var by []string
		for _, ref := range must(p.PartitionByList()) {
			by = append(by, column(must(ref.Column())))
		}
		over = append(over, "PARTITION BY "+strings.Join(by, ", "))
	}
	if o := must(group.OrderBy()); o != nil {
		over = append(over, "ORDER BY "+t.order(must(o.OrderByItemList())))
	}
	if f := must(e.WindowFrame()); f != nil && !unframed[c.name] {
		unit := "ROWS"
		if must(f.FrameUnit()) == googlesql.ResolvedWindowFrameEnums_FrameUnitRange {
			unit = "RANGE"
		}
		over = append(over, unit+" BETWEEN "+t.bound(must(f.StartExpr()))+" AND "+t.bound(must(f.EndExpr())))
	}
	a.over = " OVER (" + strings.Join(over, " ") + ")"
	return a.write()
}

// unframed are the window functions whose frame says nothing.
var unframed = map[string]bool{"row_number": true, "rank": true, "dense_rank": true, "percent_rank": true, "cume_dist": true, "ntile": true, "lag": true, "lead": true}

func (t *translator) bound(f *googlesql.ResolvedWindowFrameExpr) string {
	switch must(f.BoundaryType()) {
	case googlesql.ResolvedWindowFrameExprEnums_BoundaryTypeUnboundedPreceding:
		return "UNBOUNDED PRECEDING"
	case googlesql.ResolvedWindowFrameExprEnums_BoundaryTypeOffsetPreceding:
		return t.expr(must(f.Expression())) + " PRECEDING"
	case googlesql.ResolvedWindowFrameExprEnums_BoundaryTypeOffsetFollowing:
		return t.expr(must(f.Expression())) + " FOLLOWING"
	case googlesql.ResolvedWindowFrameExprEnums_BoundaryTypeUnboundedFollowing:
		return "UNBOUNDED FOLLOWING"
	}
	return "CURRENT ROW"
}
