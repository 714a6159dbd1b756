package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	googlesql "github.com/goccy/go-googlesql"
)

// A translator writes a resolved statement for the engine. Each scan becomes a
// SELECT whose columns are named by the analyzer's numbers, which are unique in
// a statement: so a column is called the same wherever it is mentioned, and a
// correlated subquery needs no thought.
type translator struct {
	resolved   *Resolved
	parameters []Parameter
	// view gives the translated query of a view.
	view func(*Table) string
	// routines are the functions that the script made.
	routines map[string]*routine
	// recursive is the WITH query that refers to itself.
	recursive string
}

func column(c *googlesql.ResolvedColumn) string {
	return "c" + strconv.Itoa(int(must(c.ColumnId())))
}

type scan interface {
	ColumnList() ([]*googlesql.ResolvedColumn, error)
}

func columns(s googlesql.ResolvedScanNode) []string {
	var out []string
	for _, c := range must(s.(scan).ColumnList()) {
		if name := column(c); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// list is a SELECT list, which must not be empty.
func list(columns []string) string {
	if len(columns) == 0 {
		return "1 AS c0"
	}
	return strings.Join(columns, ", ")
}

func (t *translator) from(s googlesql.ResolvedScanNode) string { return "(" + t.scan(s) + ")" }

// scan is a SELECT.
func (t *translator) scan(s googlesql.ResolvedScanNode) string {
	switch s := s.(type) {
	case *googlesql.ResolvedSingleRowScan:
		return "SELECT 1 AS c0"
	case *googlesql.ResolvedTableScan:
		return t.tableScan(s)
	case *googlesql.ResolvedProjectScan:
		computed := map[string]string{}
		for _, e := range must(s.ExprList()) {
			computed[column(must(e.Column()))] = t.expr(must(e.Expr()))
		}
		return t.computed(s, computed) + " FROM " + t.from(must(s.InputScan()))
	case *googlesql.ResolvedFilterScan:
		return "SELECT " + list(columns(s)) + " FROM " + t.from(must(s.InputScan())) + " WHERE " + t.expr(must(s.FilterExpr()))
	case *googlesql.ResolvedJoinScan:
		return t.join(s)
	case *googlesql.ResolvedArrayScan:
		return t.arrayScan(s)
	case *googlesql.ResolvedAggregateScan:
		return t.aggregateScan(s)
	case *googlesql.ResolvedAnalyticScan:
		computed := map[string]string{}
		for _, group := range must(s.FunctionGroupList()) {
			for _, f := range must(group.AnalyticFunctionList()) {
				computed[column(must(f.Column()))] = t.analytic(group, must(f.Expr()).(*googlesql.ResolvedAnalyticFunctionCall))
			}
		}
		return t.computed(s, computed) + " FROM " + t.from(must(s.InputScan()))
	case *googlesql.ResolvedOrderByScan:
		return "SELECT " + list(columns(s)) + " FROM " + t.from(must(s.InputScan())) + " ORDER BY " + t.order(must(s.OrderByItemList()))
	case *googlesql.ResolvedLimitOffsetScan:
		return t.limit(s)
	case *googlesql.ResolvedSetOperationScan:
		return t.setOperation(s)
	case *googlesql.ResolvedWithScan:
		return t.with(s)
	case *googlesql.ResolvedWithRefScan:
		return t.withRef(must(s.WithQueryName()), columns(s))
	case *googlesql.ResolvedRecursiveRefScan:
		return t.withRef(t.recursive, columns(s))
	case *googlesql.ResolvedRecursiveScan:
		return t.recursion(s)
	}
	panic(unsupported(strings.TrimPrefix(fmt.Sprintf("%T", s), "*googlesql.Resolved")))
}

// computed selects the columns of a scan, some of them by what makes them.
func (t *translator) computed(s googlesql.ResolvedScanNode, by map[string]string) string {
	names := columns(s)
	for i, name := range names {
		if e, ok := by[name]; ok {
			names[i] = e + " AS " + name
		}
	}
	return "SELECT " + list(names)
}

// table finds the table of a scan.
func (t *translator) table(s *googlesql.ResolvedTableScan) *Table {
	if must(s.ForSystemTimeExpr()) != nil {
		panic(unsupported("FOR SYSTEM_TIME AS OF"))
	}
	return t.resolved.Tables[must(must(s.Table()).GetSerializationId())]
}

// source is the rows of a table.
func (t *translator) source(table *Table) string {
	switch {
	case table.View != "":
		return "(" + t.view(table) + ")"
	case table.Engine == "":
		panic(unsupported("a table that was made by a statement that was only checked: " + table.colon()))
	}
	return table.Engine
}

// tableColumns are the columns of a table that a scan reads, and their numbers
// in the statement.
func (t *translator) tableColumns(s *googlesql.ResolvedTableScan) (names []Column, as []string) {
	table := t.table(s)
	indexes := must(s.ColumnIndexList())
	for i, c := range must(s.ColumnList()) {
		names, as = append(names, table.Columns[indexes[i]]), append(as, column(c))
	}
	return names, as
}

func (t *translator) tableScan(s *googlesql.ResolvedTableScan) string {
	names, as := t.tableColumns(s)
	var out []string
	for i, c := range names {
		out = append(out, quote(c.Name)+" AS "+as[i])
	}
	return "SELECT " + list(out) + " FROM " + t.source(t.table(s))
}

func (t *translator) join(s *googlesql.ResolvedJoinScan) string {
	kind := must(s.JoinType())
	on := "TRUE"
	if e := must(s.JoinExpr()); e != nil {
		on = t.expr(e)
	}
	words := map[googlesql.ResolvedJoinScanEnums_JoinType]string{
		googlesql.ResolvedJoinScanEnums_JoinTypeInner: "JOIN", googlesql.ResolvedJoinScanEnums_JoinTypeLeft: "LEFT JOIN",
		googlesql.ResolvedJoinScanEnums_JoinTypeRight: "RIGHT JOIN", googlesql.ResolvedJoinScanEnums_JoinTypeFull: "FULL JOIN",
	}
	if must(s.IsLateral()) {
		panic(unsupported("a lateral join"))
	}
	return "SELECT " + list(columns(s)) + " FROM " + t.from(must(s.LeftScan())) + " " + words[kind] + " " + t.from(must(s.RightScan())) + " ON " + on
}

func (t *translator) arrayScan(s *googlesql.ResolvedArrayScan) string {
	arrays, elements := must(s.ArrayExprList()), must(s.ElementColumnList())
	if len(arrays) != 1 {
		panic(unsupported("UNNEST of several arrays"))
	}
	array, input := t.expr(arrays[0]), "(SELECT 1 AS c0)"
	if in := must(s.InputScan()); in != nil {
		input = t.from(in)
	}
	offsets := "range(len(" + array + "))"
	filter := ""
	if must(s.IsOuter()) {
		if must(s.JoinExpr()) != nil {
			panic(unsupported("LEFT JOIN UNNEST with a condition"))
		}
		offsets = "CASE WHEN coalesce(len(" + array + "), 0) = 0 THEN [NULL] ELSE " + offsets + " END"
		array = "CASE WHEN coalesce(len(" + array + "), 0) = 0 THEN [NULL] ELSE " + array + " END"
	} else if e := must(s.JoinExpr()); e != nil {
		filter = " WHERE " + t.expr(e)
	}
	selected := "*, unnest(" + array + ") AS " + column(elements[0])
	if o := must(s.ArrayOffsetColumn()); o != nil {
		selected += ", unnest(" + offsets + ") AS " + column(must(o.Column()))
	}
	return "SELECT " + list(columns(s)) + " FROM (SELECT " + selected + " FROM " + input + ")" + filter
}

func (t *translator) aggregateScan(s *googlesql.ResolvedAggregateScan) string {
	if len(must(s.GroupingSetList())) > 0 || len(must(s.GroupingCallList())) > 0 {
		panic(unsupported("GROUP BY with grouping sets"))
	}
	computed := map[string]string{}
	var groups []string
	for _, g := range must(s.GroupByList()) {
		e := t.expr(must(g.Expr()))
		computed[column(must(g.Column()))] = e
		groups = append(groups, e)
	}
	for _, a := range must(s.AggregateList()) {
		call, ok := must(a.Expr()).(*googlesql.ResolvedAggregateFunctionCall)
		if !ok {
			panic(unsupported("this aggregate"))
		}
		computed[column(must(a.Column()))] = t.aggregate(call)
	}
	out := t.computed(s, computed) + " FROM " + t.from(must(s.InputScan()))
	switch {
	case len(groups) > 0:
		// By position would mean a column that is selected, by a constant nothing.
		out += " GROUP BY " + strings.Join(groups, ", ")
	case len(must(s.AggregateList())) == 0 && len(columns(s)) == 0:
		return "SELECT 1 AS c0 FROM (SELECT count(*) FROM " + t.from(must(s.InputScan())) + ")"
	case len(columns(s)) == 0:
		return "SELECT count(*) AS c0 FROM " + t.from(must(s.InputScan()))
	}
	return out
}

// order is an ORDER BY list. NULL is before all else where nothing is said, and
// NaN comes next.
func (t *translator) order(items []*googlesql.ResolvedOrderByItem) string {
	var out []string
	for _, item := range items {
		ref := must(item.ColumnRef())
		name, down := column(must(ref.Column())), must(item.IsDescending())
		direction, nulls := "ASC", "NULLS FIRST"
		if down {
			direction, nulls = "DESC", "NULLS LAST"
		}
		switch must(item.NullOrder()) {
		case googlesql.ResolvedOrderByItemEnums_NullOrderModeNullsFirst:
			nulls = "NULLS FIRST"
		case googlesql.ResolvedOrderByItemEnums_NullOrderModeNullsLast:
			nulls = "NULLS LAST"
		}
		if typeOf(must(ref.Type())).Name == "FLOAT64" {
			out = append(out, "NOT isnan("+name+") "+direction+" "+nulls)
		}
		out = append(out, name+" "+direction+" "+nulls)
	}
	return strings.Join(out, ", ")
}

func (t *translator) limit(s *googlesql.ResolvedLimitOffsetScan) string {
	input := must(s.InputScan())
	inner := t.scan(input)
	if _, ok := input.(*googlesql.ResolvedOrderByScan); !ok {
		inner = "SELECT * FROM (" + inner + ")"
	}
	if e := must(s.Limit()); e != nil {
		inner += " LIMIT " + t.expr(e)
	}
	if e := must(s.Offset()); e != nil {
		inner += " OFFSET " + t.expr(e)
	}
	return "SELECT " + list(columns(s)) + " FROM (" + inner + ")"
}

func (t *translator) item(i *googlesql.ResolvedSetOperationItem, as []string) string {
	var out []string
	for n, c := range must(i.OutputColumnList()) {
		out = append(out, column(c)+" AS "+as[n])
	}
	return "SELECT " + list(out) + " FROM " + t.from(must(i.Scan()))
}

func (t *translator) setOperation(s *googlesql.ResolvedSetOperationScan) string {
	words := map[googlesql.ResolvedSetOperationScanEnums_SetOperationType]string{
		googlesql.ResolvedSetOperationScanEnums_SetOperationTypeUnionAll:          " UNION ALL ",
		googlesql.ResolvedSetOperationScanEnums_SetOperationTypeUnionDistinct:     " UNION ",
		googlesql.ResolvedSetOperationScanEnums_SetOperationTypeIntersectDistinct: " INTERSECT ",
		googlesql.ResolvedSetOperationScanEnums_SetOperationTypeExceptDistinct:    " EXCEPT ",
	}
	word, ok := words[must(s.OpType())]
	if !ok {
		panic(unsupported("this set operation"))
	}
	var all []string
	for _, c := range must(s.ColumnList()) {
		all = append(all, column(c))
	}
	var items []string
	for _, i := range must(s.InputItemList()) {
		items = append(items, "("+t.item(i, all)+")")
	}
	return strings.Join(items, word)
}

func withName(name string) string { return quote("w_" + name) }

func (t *translator) with(s *googlesql.ResolvedWithScan) string {
	out := "WITH "
	if must(s.Recursive()) {
		out = "WITH RECURSIVE "
	}
	var entries []string
	for _, e := range must(s.WithEntryList()) {
		name, query := must(e.WithQueryName()), must(e.WithSubquery())
		was := t.recursive
		t.recursive = name
		var as, cols []string
		for n := range columns(query) {
			as = append(as, fmt.Sprintf("w%d", n))
		}
		if r, ok := query.(*googlesql.ResolvedRecursiveScan); ok {
			entries = append(entries, withName(name)+"("+list(as)+") AS ("+t.recursion(r)+")")
		} else {
			for n, c := range columns(query) {
				cols = append(cols, c+" AS "+as[n])
			}
			entries = append(entries, withName(name)+" AS MATERIALIZED (SELECT "+list(cols)+" FROM "+t.from(query)+")")
		}
		t.recursive = was
	}
	return out + strings.Join(entries, ", ") + " SELECT " + list(columns(s)) + " FROM " + t.from(must(s.Query()))
}

func (t *translator) withRef(name string, cols []string) string {
	for n, c := range cols {
		cols[n] = fmt.Sprintf("w%d AS %s", n, c)
	}
	return "SELECT " + list(cols) + " FROM " + withName(name)
}

func (t *translator) recursion(s *googlesql.ResolvedRecursiveScan) string {
	word := " UNION "
	if must(s.OpType()) == googlesql.ResolvedRecursiveScanEnums_RecursiveSetOperationTypeUnionAll {
		word = " UNION ALL "
	}
	if must(s.RecursionDepthModifier()) != nil {
		panic(unsupported("WITH DEPTH"))
	}
	var all []string
	for _, c := range must(s.ColumnList()) {
		all = append(all, column(c))
	}
	return t.item(must(s.NonRecursiveTerm()), all) + word + t.item(must(s.RecursiveTerm()), all)
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// text is a literal of the engine.
func text(s string) string {
	s = "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if !strings.Contains(s, "\x00") {
		return s
	}
	return "(" + strings.ReplaceAll(s, "\x00", "' || chr(0) || '") + ")"
}
