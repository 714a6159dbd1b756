package tests

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

// null says that a value is written as null.
func null(n strict.Node) bool { return n.Kind() == strict.Null }

// constant decodes a value of a column's type.
func (s *Set) constant(n strict.Node, columnType string) {
	v := config.Constant(n, columnType, func(d diag.Diagnostic) { s.found = append(s.found, d) })
	var x sql.Expr
	switch v := v.(type) {
	case string:
		x = sql.String(v)
	case int64:
		x = sql.Int(v)
	case float64:
		x = sql.Float(v)
	case bool:
		x = sql.Bool(v)
	case time.Time:
		x = sql.Timestamp(v)
	}
	s.values[n.Span()] = x
}

// inExpressions is a column as expressions see it: a decimal is a double, and a date
// the instant at which it begins.
func inExpressions(column sql.Expr, columnType string) sql.Expr {
	switch columnType {
	case "decimal":
		return sql.Cast{Expr: column, To: sql.TypeFloat}
	case "date":
		return sql.Cast{Expr: column, To: sql.TypeTimestamp}
	}
	return column
}

// pass is one look at rows under expr.Row.
type pass struct {
	*Set
	from  sql.From
	types map[string]string
	// keys are the columns that say which row it is.
	keys         []string
	items        []sql.Item
	expectations []models.Expectation
	joined       int
}

func col(name string) sql.Expr { return sql.Col(expr.Row, name) }

// number adds a column to the pass, and says which.
func (p *pass) number(x sql.Expr) int {
	p.items = append(p.items, sql.As(x, "n"+strconv.Itoa(len(p.items)+1)))
	return len(p.items) - 1
}

// countIf counts the rows for which something is true.
func countIf(cond ...sql.Expr) sql.Expr {
	terms := sql.And{}
	for _, c := range cond {
		if c != nil {
			terms = append(terms, c)
		}
	}
	if len(terms) == 0 {
		return sql.Fn(sql.CountAll)
	}
	return sql.Fn(sql.Count, sql.If(one(terms), sql.Int(1), nil))
}

func one(terms sql.And) sql.Expr {
	if len(terms) == 1 {
		return terms[0]
	}
	return terms
}

// failing selects rows of the pass for which bad is true: keys, then columns.
func (p *pass) failing(from sql.From, columns []string, terms ...sql.Expr) sql.Query {
	where := sql.And{}
	for _, t := range terms {
		if t != nil {
			where = append(where, t)
		}
	}
	names := slices.Clone(p.keys)
	for _, c := range columns {
		if !slices.Contains(names, c) {
			names = append(names, c)
		}
	}
	q := &sql.Select{Items: sql.Items(expr.Row, names...), From: from, Where: one(where)}
	for _, k := range p.keys {
		q.OrderBy = append(q.OrderBy, sql.Asc(col(k)))
	}
	return q
}

// expect adds the expectations of a test about the rows in scope; nil is all.
func (p *pass) expect(t *config.Test, scope sql.Expr) {
	if t.Where != "" {
		where := p.Conditions[field(t, "where")]
		if scope == nil {
			scope = where
		} else {
			scope = sql.And{scope, where}
		}
	}
	rows := -1
	add := func(name string, kind models.ExpectationKind, n sql.Expr, failing sql.Query) {
		if rows < 0 {
			rows = p.number(countIf(scope))
		}
		x := models.Expectation{Test: t, Name: name, Kind: kind, Rows: rows, Number: rows, Failing: failing, Keys: len(p.keys)}
		if n != nil {
			x.Number = p.number(n)
		}
		p.expectations = append(p.expectations, x)
	}
	for _, c := range t.NotNull {
		bad := sql.Fn(sql.IsNull, col(c))
		add("not_null "+c, models.NoRows, countIf(scope, bad), p.failing(p.from, nil, scope, bad))
	}
	for _, columns := range t.Unique {
		n, failing := p.unique(columns, scope)
		add("unique "+strings.Join(columns, ", "), models.NoRows, n, failing)
	}
	for _, c := range t.AcceptedValues {
		var list []sql.Expr
		for _, n := range c.Value {
			list = append(list, p.values[n.Span()])
		}
		bad := sql.And{sql.Fn(sql.IsNotNull, col(c.Key)), sql.Fn(sql.Not, sql.In{Expr: inExpressions(col(c.Key), p.types[c.Key]), List: list})}
		add("accepted_values "+c.Key, models.NoRows, countIf(scope, bad), p.failing(p.from, []string{c.Key}, scope, bad))
	}
	for _, c := range t.Relationships {
		join, lost := p.relationship(c)
		alone := sql.Joins(p.from, join)
		p.from = alone
		add("relationships "+c.Key, models.NoRows, countIf(scope, lost), p.failing(alone, []string{c.Key}, scope, lost))
	}
	if t.Condition != "" {
		cond := p.Conditions[field(t, "condition")]
		bad := sql.Fn(sql.Not, cond)
		add("condition", models.NoRows, countIf(scope, bad), p.failing(p.from, read(cond), scope, bad))
	}
	if t.RowCount != nil {
		add("row_count", models.SomeRows, nil, nil)
	}
	if t.Freshness != 0 {
		at := sql.Timestamp(p.AsOf)
		until := sql.Expr(sql.Fn(sql.Le, col(expr.TimeField), at))
		if scope != nil {
			until = sql.And{scope, until}
		}
		newest := sql.Fn(sql.Max, sql.If(until, col(expr.TimeField), nil))
		add("freshness", models.FreshRows, sql.Fn(sql.SubFast, sql.Int(p.AsOf.UnixMicro()), sql.Fn(sql.EpochMicros, newest)), nil)
	}
}

// unique counts, of the rows in scope that have the same values of columns, all but
// one, and selects all of them. Rows without a value of one are not looked at. Of
// several columns the warehouse looks at the rows once more: no aggregate of them is
// exact in every one.
func (p *pass) unique(columns []string, scope sql.Expr) (sql.Expr, sql.Query) {
	there := sql.And{}
	var values []sql.Expr
	for _, c := range columns {
		there = append(there, sql.Fn(sql.IsNotNull, col(c)))
		values = append(values, col(c))
	}
	if scope != nil {
		there = append(there, scope)
	}
	again := &sql.Select{
		Items: sql.Items(expr.Row, columns...), From: p.from, Where: one(there), GroupBy: values, Having: sql.Fn(sql.Gt, sql.Fn(sql.CountAll), sql.Int(1)),
	}
	failing := p.failing(p.from, columns, scope, sql.InQuery{Exprs: values, Query: again})
	if len(columns) == 1 {
		value := values[0]
		if scope != nil {
			value = sql.If(scope, value, nil)
		}
		return sql.Fn(sql.SubFast, sql.Fn(sql.Count, value), sql.Fn(sql.CountDistinct, value)), failing
	}
	counted := *again
	counted.Items = []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}
	more := sql.Fn(sql.SubFast, sql.Fn(sql.Coalesce, sql.Fn(sql.Sum, sql.Col("d", "n")), sql.Int(0)), sql.Fn(sql.CountAll))
	return sql.Scalar{Query: &sql.Select{Items: []sql.Item{sql.As(more, "n")}, From: sql.Derived{Query: &counted, As: "d"}}}, failing
}

// read are the columns of the row that an expression reads, each once.
func read(x sql.Expr) (out []string) {
	sql.Visit(x, func(e sql.Expr) {
		if c, ok := e.(sql.Column); ok && c.Table == expr.Row && !slices.Contains(out, c.Name) {
			out = append(out, c.Name)
		}
	})
	return out
}

// relationship joins the distinct values of a column of a source, and says which
// rows have another.
func (p *pass) relationship(c strict.Entry[string]) (sql.Join, sql.Expr) {
	p.joined++
	alias := "r" + strconv.Itoa(p.joined)
	source, column := models.Reference(c.Value)
	other := sql.Derived{Query: profile.Fields(p.source(source), []string{column}), As: "o"}
	join := sql.Join{
		Kind: sql.LeftJoin, On: sql.Fn(sql.Eq, sql.Col(alias, "v"), col(c.Key)),
		Right: sql.Derived{As: alias, Query: &sql.Select{
			Distinct: true, Items: []sql.Item{sql.As(sql.Col("o", column), "v")}, From: other, Where: sql.Fn(sql.IsNotNull, sql.Col("o", column)),
		}},
	}
	return join, sql.And{sql.Fn(sql.IsNotNull, col(c.Key)), sql.Fn(sql.IsNull, sql.Col(alias, "v"))}
}

// rowsOf looks at the rows of a source once for all of its tests.
func (s *Set) rowsOf(source *config.Source, list []*config.Test) models.Step {
	p := &pass{Set: s, types: map[string]string{}}
	used := map[string]bool{}
	for _, b := range identity.Bindings(s.entity(source.Entity), source) {
		p.keys = append(p.keys, b.Identifier.Name)
	}
	for _, name := range source.Fields() {
		p.types[name] = fieldType(source, name)
		if c, ok := source.Columns.Get(name); ok && source.Key != "" && c.Column == source.Key {
			p.keys = []string{name}
		}
	}
	for _, k := range p.keys {
		used[k] = true
	}
	for _, t := range list {
		for _, name := range slices.Concat(t.NotNull, slices.Concat(t.Unique...), t.AcceptedValues.Keys(), t.Relationships.Keys()) {
			used[name] = true
		}
		for _, key := range []string{"where", "condition"} {
			if x, ok := s.Conditions[field(t, key)]; ok {
				for _, name := range read(x) {
					used[name] = true
				}
			}
		}
		if t.Freshness != 0 {
			used[expr.TimeField] = true
		}
	}
	names := slices.DeleteFunc(source.Fields(), func(name string) bool { return !used[name] })
	p.from = sql.Derived{Query: profile.Fields(source, names), As: expr.Row}
	for _, t := range list {
		p.expect(t, nil)
	}
	return p.step("test the rows of " + source.Name)
}

func (p *pass) step(title string) *models.Examine {
	return &models.Examine{
		Title: title, Query: &sql.Select{Items: p.items, From: p.from}, Expectations: p.expectations,
	}
}

// profilesOf looks at the profiles of an entity once for all tests of it and of its
// segments, and once more for the people whose results are known.
func (s *Set) profilesOf(e *config.Entity, list []*config.Test) []models.Step {
	var steps []models.Step
	var segments []string
	rows := false
	for _, t := range list {
		if t.Segment != "" && !slices.Contains(segments, t.Segment) {
			segments = append(segments, t.Segment)
		}
		rows = rows || len(t.NotNull)+len(t.Unique)+len(t.AcceptedValues)+len(t.Relationships) > 0 || t.Condition != "" || t.RowCount != nil
	}
	if rows {
		p := &pass{Set: s, types: s.traitTypes(e.Name), keys: []string{identity.Column(e)}, from: withMembers(sql.TableRef{Table: profile.Table(e), As: expr.Row}, e, col(identity.Column(e)), segments)}
		for _, t := range list {
			var scope sql.Expr
			if t.Segment != "" {
				scope = sql.Fn(sql.IsNotNull, sql.Col("m", expr.SegmentColumn(t.Segment)))
			}
			p.expect(t, scope)
		}
		steps = append(steps, p.step("test the profiles of "+e.Name))
	}
	if step := s.known(e, list); step != nil {
		steps = append(steps, step)
	}
	return steps
}

// withMembers joins the segments that an id is in, under the alias m: a column for
// each, NULL for who is not in it.
func withMembers(from sql.From, e *config.Entity, id sql.Expr, segments []string) sql.From {
	if len(segments) == 0 {
		return from
	}
	column := identity.Column(e)
	in := &sql.Select{Items: sql.Items("x", column), From: sql.TableRef{Table: segment.Table, As: "x"}, GroupBy: []sql.Expr{sql.Col("x", column)}}
	var names []sql.Expr
	for _, name := range segments {
		names = append(names, sql.String(name))
		in.Items = append(in.Items, sql.As(sql.Fn(sql.Max, sql.If(sql.Fn(sql.Eq, sql.Col("x", "segment"), sql.String(name)), sql.Int(1), nil)), expr.SegmentColumn(name)))
	}
	in.Where = sql.In{Expr: sql.Col("x", "segment"), List: names}
	return sql.Joins(from, sql.Join{Kind: sql.LeftJoin, Right: sql.Derived{Query: in, As: "m"}, On: sql.Fn(sql.Eq, sql.Col("m", column), id)})
}
