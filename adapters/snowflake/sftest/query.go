package sftest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// bound is a query in DuckDB's SQL, whose columns are c0, c1 and so on.
type bound struct {
	sql     string
	columns []column
}

// correlation is what decides whether Snowflake can evaluate a subquery.
type correlation struct {
	outer int
	// limited: it has LIMIT; single: it is one aggregate, hence one row;
	// equalities: outer columns are only compared with =; flatten: it unnests.
	limited, single, equalities, flatten bool
}

func (b *binder) subquery(q *query, s *scope) (bound, correlation) {
	clause, under := b.clause, b.under
	b.under = 0
	defer func() { b.clause, b.under = clause, under }()
	inner := &scope{parent: s, barrier: true}
	out := b.query(q, inner)
	info := correlation{outer: inner.outer, equalities: inner.outer == inner.equal, limited: q.limit != nil || q.offset != nil}
	if sel, ok := q.body.(*selectNode); ok {
		info.limited = info.limited || sel.top != nil
		info.single = len(sel.group) == 0 && !sel.groupAll && b.aggregates(sel)
		for _, f := range sel.from {
			info.flatten = info.flatten || unnests(f)
		}
	}
	return out, info
}

func unnests(f fromNode) bool {
	switch f := f.(type) {
	case *tableFunc:
		return true
	case *joinNode:
		return unnests(f.left) || unnests(f.right)
	}
	return false
}

// aggregates says whether every column is an aggregate.
func (b *binder) aggregates(s *selectNode) bool {
	for _, i := range s.items {
		if i.star != nil || !hasAggregate(i.x) {
			return false
		}
	}
	return true
}

// query binds a query. The scope is what it may see: nothing of its own yet.
func (b *binder) query(q *query, s *scope) bound {
	with, pop := b.with(q, s)
	defer pop()
	var out bound
	if sel, ok := q.body.(*selectNode); ok {
		out = b.selectQuery(sel, q, s)
	} else {
		out = b.set(q.body, s)
		if len(q.order) > 0 || q.orderAll || q.limit != nil || q.offset != nil {
			cols := make([]column, len(out.columns))
			names := make([]string, len(out.columns))
			for i, c := range out.columns {
				names[i] = fmt.Sprintf("q.c%d", i)
				cols[i] = column{name: c.name, sql: names[i], t: c.t}
			}
			over := &scope{relations: []*relation{{columns: cols}}}
			out.sql = "SELECT " + strings.Join(names, ", ") + " FROM (" + out.sql + ") AS q" + b.orderBy(q, over, cols) + b.limits(q.limit, q.offset)
		}
	}
	out.sql = with + out.sql
	return out
}

// with binds the common table expressions, and gives their text and what
// forgets them again.
func (b *binder) with(q *query, s *scope) (string, func()) {
	if len(q.with) == 0 {
		return "", func() {}
	}
	level := map[string]*boundCTE{}
	b.ctes = append(b.ctes, level)
	var parts []string
	recursive := ""
	for _, c := range q.with {
		physical := b.fresh("w")
		var sql string
		var columns []column
		set, isSet := c.query.body.(*setNode)
		if isSet && set.op == "UNION" && set.all && mentions(set.right, c.name.name) {
			if len(c.query.order) > 0 || c.query.limit != nil {
				panic(compilation(codeUnsupported, "0A000", "Unsupported feature 'ORDER BY or LIMIT in a recursive CTE'."))
			}
			if sel, ok := set.right.(*selectNode); ok && (sel.distinct || len(sel.group) > 0 || sel.groupAll) {
				panic(compilation(codeUnsupported, "0A000", "Unsupported feature 'DISTINCT or GROUP BY in the recursive term of a CTE'."))
			}
			recursive = "RECURSIVE "
			pw, pop := b.with(c.query, s)
			anchor := b.set(set.left, &scope{})
			level[c.name.name] = &boundCTE{physical, named(anchor.columns, c)}
			step := b.set(set.right, &scope{})
			pop()
			if pw != "" {
				panic(cannot("WITH inside of a recursive CTE"))
			}
			if len(step.columns) != len(anchor.columns) {
				panic(compilation(1789, "42601", "invalid number of result columns for set operator input branches, expected %d, got %d in branch 2", len(anchor.columns), len(step.columns)))
			}
			types := make([]kindOf, len(anchor.columns))
			for i, col := range anchor.columns {
				types[i] = merge(col.t, step.columns[i].t, "UNION ALL")
				if types[i].k != col.t.k {
					panic(compilation(2118, "42601", "Mismatch between the anchor's and the recursive term's type of column %s of the recursive CTE '%s'", col.name, c.name.name))
				}
				if types[i].k == kFixed {
					types[i].p = 38
				}
				anchor.columns[i].t = types[i]
			}
			level[c.name.name].columns = named(anchor.columns, c)
			sql = b.branch(anchor, types, true) + " UNION ALL " + b.branch(step, types, true)
			columns = anchor.columns
		} else {
			r := b.query(c.query, &scope{parent: lateralOf(s)})
			sql, columns = r.sql, r.columns
		}
		if c.columns != nil && len(c.columns) != len(columns) {
			panic(compilation(1789, "42601", "invalid number of columns in the CTE '%s'", c.name.name))
		}
		level[c.name.name] = &boundCTE{physical, named(columns, c)}
		var names []string
		for i := range columns {
			names = append(names, "c"+strconv.Itoa(i))
		}
		parts = append(parts, physical+"("+strings.Join(names, ", ")+") AS ("+sql+")")
	}
	return "WITH " + recursive + strings.Join(parts, ", ") + " ", func() { b.ctes = b.ctes[:len(b.ctes)-1] }
}

// lateralOf is nothing: a CTE sees no columns of the query around it.
func lateralOf(*scope) *scope { return nil }

func named(columns []column, c cte) []column {
	out := make([]column, len(columns))
	for i, col := range columns {
		out[i] = col
		if i < len(c.columns) {
			out[i].name = c.columns[i].name
		}
	}
	return out
}

// set binds the body of a query: SELECT, VALUES, a set operation or a query in
// parentheses.
func (b *binder) set(body any, s *scope) bound {
	switch body := body.(type) {
	case *selectNode:
		return b.selectQuery(body, &query{}, s)
	case *valuesNode:
		return b.values(body, s)
	case *query:
		return b.query(body, s)
	case *setNode:
		var branches []any
		var flatten func(n any)
		flatten = func(n any) {
			if sub, ok := n.(*setNode); ok && sub.op == body.op && sub.all == body.all && body.op != "EXCEPT" {
				flatten(sub.left)
				flatten(sub.right)
				return
			}
			branches = append(branches, n)
		}
		flatten(body.left)
		flatten(body.right)
		if body.op == "EXCEPT" {
			branches = []any{body.left, body.right}
		}
		bounds := make([]bound, len(branches))
		for i, n := range branches {
			own := &scope{parent: s.parent, barrier: s.barrier}
			bounds[i] = b.set(n, own)
			s.outer += own.outer
			if len(bounds[i].columns) != len(bounds[0].columns) {
				panic(compilation(1789, "42601", "invalid number of result columns for set operator input branches, expected %d, got %d in branch %d", len(bounds[0].columns), len(bounds[i].columns), i+1))
			}
		}
		types := make([]kindOf, len(bounds[0].columns))
		for i := range types {
			for _, x := range bounds {
				types[i] = merge(types[i], x.columns[i].t, body.op)
			}
			if types[i].k == kNull {
				types[i] = tText
			}
		}
		all := ""
		if body.all {
			all = " ALL"
		}
		parts := make([]string, len(bounds))
		for i, x := range bounds {
			parts[i] = b.branch(x, types, false)
		}
		out := bound{sql: strings.Join(parts, " "+body.op+all+" ")}
		for i, c := range bounds[0].columns {
			out.columns = append(out.columns, column{name: c.name, t: types[i], given: c.given})
		}
		return out
	}
	panic(cannot("%T", body))
}

// branch is one side of a set operation, with the types that all sides have.
func (b *binder) branch(x bound, types []kindOf, strict bool) string {
	same := true
	for i, c := range x.columns {
		t := types[i]
		if c.t.k != t.k || c.t.k == kArray && c.t != t || c.t.k == kFixed && (c.t.s != t.s || strict) {
			same = false
		}
	}
	if same {
		return "(" + x.sql + ")"
	}
	var parts []string
	for i, c := range x.columns {
		e := b.cast(expr{sql: "q.c" + strconv.Itoa(i), t: c.t}, types[i], false, false)
		if types[i].k == kFixed {
			e.sql = "CAST(" + e.sql + " AS " + wide(types[i]) + ")"
		}
		parts = append(parts, e.sql+" AS c"+strconv.Itoa(i))
	}
	return "(SELECT " + strings.Join(parts, ", ") + " FROM (" + x.sql + ") AS q)"
}

func (b *binder) values(v *valuesNode, s *scope) bound {
	var out bound
	rows := make([][]expr, len(v.rows))
	for i, r := range v.rows {
		if len(r) != len(v.rows[0]) {
			panic(compilation(1789, "42601", "Invalid expression [VALUES clause], rows differ in their number of columns"))
		}
		rows[i] = b.nestedAll(r, s)
	}
	types := make([]kindOf, len(v.rows[0]))
	for c := range types {
		for _, r := range rows {
			types[c] = merge(types[c], r[c].t, "VALUES")
		}
		if types[c].k == kNull {
			types[c] = tText
		}
		out.columns = append(out.columns, column{name: "COLUMN" + strconv.Itoa(c+1), t: types[c]})
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		cells := make([]string, len(r))
		for c, e := range r {
			cells[c] = "CAST(" + b.cast(e, types[c], false, false).sql + " AS " + types[c].duck() + ")"
		}
		lines[i] = "(" + strings.Join(cells, ", ") + ")"
	}
	names := make([]string, len(types))
	for i := range names {
		names[i] = "c" + strconv.Itoa(i)
	}
	out.sql = "SELECT " + strings.Join(names, ", ") + " FROM (VALUES " + strings.Join(lines, ", ") + ") AS v(" + strings.Join(names, ", ") + ")"
	return out
}

func (b *binder) selectQuery(sel *selectNode, q *query, s *scope) bound {
	clause := b.clause
	defer func() { b.clause = clause }()
	s.items = map[string]*aliased{}
	b.clause = "FROM"
	from := ""
	for i, f := range sel.from {
		sql, lateral := b.from(f, s)
		switch {
		case i == 0:
			from = " FROM " + sql
		case lateral == "OUTER":
			from += " LEFT JOIN " + sql + " ON TRUE"
		default:
			from += " CROSS JOIN " + sql
		}
	}
	// Aliases are known from here on; columns come before them.
	for _, it := range sel.items {
		if it.alias != nil {
			if _, ok := s.items[it.alias.name]; !ok {
				s.items[it.alias.name] = &aliased{item: it}
			}
		}
	}
	where := ""
	if sel.where != nil {
		b.clause = "WHERE"
		where = " WHERE " + b.where(sel.where, s)
	}
	b.clause = "SELECT"
	var items []expr
	var columns []column
	for _, it := range sel.items {
		if it.star != nil {
			for _, c := range b.star(it.star, s) {
				items = append(items, expr{sql: c.sql, t: c.t})
				columns = append(columns, c)
			}
			continue
		}
		var e expr
		if it.alias != nil && s.items[it.alias.name].item.x == it.x {
			a := s.items[it.alias.name]
			if a.bound == nil {
				a.busy = true
				e = b.expr(it.x, s)
				a.bound, a.busy = &e, false
			}
			e = *a.bound
		} else {
			e = b.expr(it.x, s)
		}
		items = append(items, e)
		columns = append(columns, column{name: itemName(it), t: e.t, given: it.alias != nil || isName(it.x)})
	}
	group := ""
	grouped := func(x node) string {
		if n, ok := x.(*numberNode); ok {
			if at, err := strconv.Atoi(n.text); err == nil {
				if at < 1 || at > len(items) {
					panic(compilation(2040, "42601", "GROUP BY position %d is not in select list", at))
				}
				return items[at-1].sql
			}
		}
		return b.expr(x, s).sql
	}
	switch {
	case sel.groupAll:
		var parts []string
		for _, e := range items {
			if !e.aggregate {
				parts = append(parts, e.sql)
			}
		}
		if len(parts) > 0 {
			group = " GROUP BY " + strings.Join(parts, ", ")
		}
	case len(sel.group) > 0:
		b.clause = "GROUP BY"
		var parts []string
		for _, x := range sel.group {
			parts = append(parts, grouped(x))
		}
		group = " GROUP BY " + strings.Join(parts, ", ")
	}
	having := ""
	if sel.having != nil {
		b.clause = "HAVING"
		having = " HAVING " + b.bool(b.expr(sel.having, s)).sql
	}
	qualify := ""
	if sel.qualify != nil {
		b.clause = "QUALIFY"
		e := b.bool(b.expr(sel.qualify, s))
		windows := e.window
		for _, i := range items {
			windows = windows || i.window
		}
		if !windows {
			panic(compilation(2303, "42601", "QUALIFY requires a window function in the SELECT list or in the QUALIFY clause"))
		}
		qualify = " QUALIFY " + e.sql
	}
	var parts []string
	for i := range items {
		sql := items[i].sql
		if items[i].t.k == kNull {
			items[i].t = tText
			columns[i].t = tText
			sql = "CAST(NULL AS VARCHAR)"
		}
		parts = append(parts, sql+" AS c"+strconv.Itoa(i))
	}
	distinct := ""
	if sel.distinct {
		distinct = "DISTINCT "
	}
	b.clause = "ORDER BY"
	for i := range columns {
		columns[i].sql = items[i].sql
	}
	order := b.orderBy(q, s, columns)
	limit := q.limit
	if sel.top != nil {
		limit = sel.top
	}
	return bound{
		sql:     "SELECT " + distinct + strings.Join(parts, ", ") + from + where + group + having + qualify + order + b.limits(limit, q.offset),
		columns: columns,
	}
}

// where binds the condition part by part, to know which of them compare outer
// columns by =.
func (b *binder) where(x node, s *scope) string {
	if n, ok := x.(*binaryNode); ok && n.op == "AND" {
		return "(" + b.where(n.x, s) + " AND " + b.where(n.y, s) + ")"
	}
	before := s.outer
	e := b.bool(b.expr(x, s))
	after := s.outer
	if n, ok := x.(*binaryNode); ok && n.op == "=" && after > before {
		b.expr(n.x, s)
		left := s.outer - after
		s.outer = after
		b.expr(n.y, s)
		right := s.outer - after
		s.outer = after
		if (left > 0) != (right > 0) {
			s.equal += after - before
		}
	}
	if e.aggregate {
		panic(compilation(2040, "42601", "Invalid aggregate function in where clause"))
	}
	if e.window {
		panic(compilation(2303, "42601", "Window function appears outside of SELECT, QUALIFY, and ORDER BY clauses."))
	}
	return e.sql
}

func isName(x node) bool {
	_, ok := x.(*nameNode)
	return ok
}

func itemName(it selectItem) string {
	if it.alias != nil {
		return it.alias.name
	}
	switch x := it.x.(type) {
	case *nameNode:
		return x.name.parts[len(x.name.parts)-1].name
	case *pathNode:
		return x.key
	}
	return it.text
}

func (b *binder) star(n *starNode, s *scope) []column {
	var out []column
	found := len(n.qualifier) == 0
	for _, r := range s.relations {
		if !r.named(n.qualifier) {
			continue
		}
		found = true
		for _, c := range r.columns {
			if c.hidden && len(n.qualifier) == 0 {
				continue
			}
			skip := false
			for _, x := range n.exclude {
				skip = skip || x.name == c.name
			}
			if skip {
				continue
			}
			if n.ilike != "" {
				panic(cannot("SELECT * ILIKE"))
			}
			if x, ok := n.replace[c.name]; ok {
				e := b.expr(x, s)
				c.sql, c.t = e.sql, e.t
			}
			for _, x := range n.rename {
				if x[0].name == c.name {
					c.name = x[1].name
				}
			}
			if c.sql == "" {
				panic(cannot("the column %s in *", c.name))
			}
			out = append(out, c)
		}
	}
	if !found || len(s.relations) == 0 {
		panic(compilation(codeIdentifier, "42000", "error line %d at position %d\ninvalid identifier '*'", n.at.line, n.at.col))
	}
	return out
}

// orderBy sorts NULL as the greatest value unless told otherwise.
func (b *binder) orderBy(q *query, s *scope, columns []column) string {
	if q.orderAll {
		var parts []string
		for _, c := range columns {
			parts = append(parts, b.sortKey(expr{sql: c.sql, t: c.t}, orderItem{}))
		}
		return " ORDER BY " + strings.Join(parts, ", ")
	}
	if len(q.order) == 0 {
		return ""
	}
	// The names of the output come first.
	names := map[string]column{}
	for _, c := range columns {
		if _, ok := names[c.name]; !ok {
			names[c.name] = c
		}
	}
	var parts []string
	for _, o := range q.order {
		var e expr
		switch x := o.x.(type) {
		case *numberNode:
			at, err := strconv.Atoi(x.text)
			if err != nil || at < 1 || at > len(columns) {
				panic(compilation(2040, "42601", "Invalid ORDER BY position %s", x.text))
			}
			e = expr{sql: columns[at-1].sql, t: columns[at-1].t}
		case *nameNode:
			if c, ok := names[x.name.parts[0].name]; ok && len(x.name.parts) == 1 {
				e = expr{sql: c.sql, t: c.t}
				break
			}
			e = b.expr(x, s)
		default:
			e = b.expr(x, s)
		}
		parts = append(parts, b.sortKey(e, o))
	}
	return " ORDER BY " + strings.Join(parts, ", ")
}

func (b *binder) sortKey(e expr, o orderItem) string {
	sql := e.sql
	switch e.t.k {
	case kVariant:
		sql = "v_order(" + sql + ")"
	case kTZ:
		sql = "(" + sql + ").u"
	case kArray, kObject:
		panic(compilation(codeArgTypes, "42P13", "Expressions of type %s cannot be used as ORDER BY keys", e.t.shown()))
	}
	if o.desc {
		sql += " DESC"
	}
	switch {
	case o.nulls != "":
		sql += " NULLS " + o.nulls
	case o.desc:
		sql += " NULLS FIRST"
	default:
		sql += " NULLS LAST"
	}
	return sql
}

func (b *binder) limits(limit, offset node) string {
	out := ""
	count := func(n node) string {
		switch n := n.(type) {
		case *numberNode:
			if _, err := strconv.Atoi(n.text); err == nil {
				return n.text
			}
		case *nullNode:
			return ""
		case *paramNode:
			if e := b.expr(n, &scope{}); e.constant != nil {
				return *e.constant
			}
		}
		panic(compilation(codeSyntax, "42000", "syntax error: LIMIT and OFFSET take a constant that is no less than zero"))
	}
	if limit != nil {
		if n := count(limit); n != "" {
			out = " LIMIT " + n
		}
	}
	if offset != nil {
		if n := count(offset); n != "" {
			out += " OFFSET " + n
		}
	}
	return out
}

// from binds an item of FROM: its SQL, and for a table function whether it is
// OUTER.
func (b *binder) from(f fromNode, s *scope) (sql, lateral string) {
	switch f := f.(type) {
	case *tableRef:
		return b.tableRef(f, s), ""
	case *derived:
		inner := &scope{}
		word := ""
		if f.lateral {
			inner = &scope{parent: s, barrier: true}
			word = "LATERAL "
		}
		under, clause := b.under, b.clause
		b.under = 0
		q := b.query(f.query, inner)
		b.under, b.clause = under, clause
		if f.lateral && inner.outer > 0 && (f.query.limit != nil || inner.outer != inner.equal) {
			panic(unsupportedSubquery())
		}
		return word + "(" + q.sql + ") AS " + b.relation(q.columns, f.alias, f.columns, s), ""
	case *valuesRef:
		q := b.values(f.values, s)
		return "(" + q.sql + ") AS " + b.relation(q.columns, f.alias, f.columns, s), ""
	case *tableFunc:
		return b.tableFunction(f, s)
	case *joinNode:
		return b.join(f, s), ""
	}
	panic(cannot("%T in FROM", f))
}

// relation adds a relation with columns c0, c1 to the scope and gives its alias.
func (b *binder) relation(columns []column, alias *ident, names []ident, s *scope) string {
	physical := b.fresh("r")
	r := &relation{}
	if alias != nil {
		r.path = []string{alias.name}
	}
	if len(names) > len(columns) {
		panic(compilation(1789, "42601", "more column aliases than columns"))
	}
	for i, c := range columns {
		n := c.name
		if i < len(names) {
			n = names[i].name
		}
		r.columns = append(r.columns, column{name: n, sql: physical + ".c" + strconv.Itoa(i), t: c.t})
	}
	s.relations = append(s.relations, r)
	return physical
}

func (b *binder) tableRef(f *tableRef, s *scope) string {
	if len(f.name.parts) == 1 {
		for _, level := range slices.Backward(b.ctes) {
			c, ok := level[f.name.parts[0].name]
			if !ok {
				continue
			}
			alias := f.alias
			if alias == nil {
				alias = &f.name.parts[0]
			}
			return c.physical + " AS " + b.relation(c.columns, alias, f.columns, s)
		}
	}
	o, columns, sql := b.s.relation(b, f.name)
	path := []string{}
	if o != nil {
		path = []string{o.database, o.schema, o.name}
		b.used = append(b.used, o)
	} else {
		path = append(path, f.name.parts[len(f.name.parts)-1].name)
	}
	physical := b.fresh("r")
	r := &relation{path: path}
	if f.alias != nil {
		r.path = []string{f.alias.name}
	}
	for i, c := range columns {
		n := c.name
		if i < len(f.columns) {
			n = f.columns[i].name
		}
		r.columns = append(r.columns, column{name: n, sql: physical + "." + c.sql, t: c.t})
	}
	s.relations = append(s.relations, r)
	return sql + " AS " + physical
}

func (b *binder) join(f *joinNode, s *scope) string {
	start := len(s.relations)
	left, _ := b.from(f.left, s)
	middle := len(s.relations)
	right, lateral := b.from(f.right, s)
	lefts, rights := s.relations[start:middle], s.relations[middle:]
	if f.natural {
		for _, r := range rights {
			for _, c := range r.columns {
				for _, l := range lefts {
					for _, d := range l.columns {
						if c.name == d.name && !c.hidden && !d.hidden {
							f.using = append(f.using, ident{c.name, true})
						}
					}
				}
			}
		}
	}
	var on []string
	for _, u := range f.using {
		l, r := find(lefts, u), find(rights, u)
		le, re := b.unify2(expr{sql: l.sql, t: l.t}, expr{sql: r.sql, t: r.t}, "USING")
		on = append(on, le.sql+" = "+re.sql)
		r.hidden = true
		if f.kind == "RIGHT" || f.kind == "FULL" {
			l.sql, l.t = "coalesce("+le.sql+", "+re.sql+")", le.t
		}
	}
	if f.on != nil {
		clause, under := b.clause, b.under
		b.clause, b.under = "ON", 0
		own := &scope{parent: s.parent, barrier: s.barrier, relations: s.relations[start:]}
		e := b.bool(b.expr(f.on, own))
		s.outer += own.outer
		b.clause, b.under = clause, under
		if e.aggregate {
			panic(compilation(2040, "42601", "Invalid aggregate function in a join condition"))
		}
		on = append(on, e.sql)
	}
	if f.kind == "CROSS" || len(on) == 0 {
		if f.kind == "LEFT" && lateral != "" || lateral == "OUTER" {
			return left + " LEFT JOIN " + right + " ON TRUE"
		}
		if f.kind != "CROSS" && f.kind != "INNER" && !f.natural {
			panic(compilation(codeSyntax, "42000", "syntax error: an outer join needs a condition"))
		}
		return left + " CROSS JOIN " + group(f.right, right)
	}
	return left + " " + f.kind + " JOIN " + group(f.right, right) + " ON " + strings.Join(on, " AND ")
}

func group(f fromNode, sql string) string {
	if _, ok := f.(*joinNode); ok {
		return "(" + sql + ")"
	}
	return sql
}

func find(rs []*relation, u ident) *column {
	var out *column
	for _, r := range rs {
		for i := range r.columns {
			if r.columns[i].name == u.name && !r.columns[i].hidden {
				if out != nil {
					panic(compilation(2028, "42702", "ambiguous column name '%s'", u.shown()))
				}
				out = &r.columns[i]
			}
		}
	}
	if out == nil {
		panic(compilation(codeIdentifier, "42000", "invalid identifier '%s'", u.shown()))
	}
	return out
}

func (b *binder) tableFunction(f *tableFunc, s *scope) (sql, lateral string) {
	c := f.call
	flag := func(key string) string {
		n, ok := c.named[key]
		if !ok {
			return "FALSE"
		}
		v, ok := n.(*boolNode)
		if !ok {
			panic(compilation(1015, "22023", "argument %s of %s must be TRUE or FALSE", key, c.name))
		}
		return strings.ToUpper(strconv.FormatBool(v.value))
	}
	word := func(key, other string) string {
		n, ok := c.named[key]
		if !ok {
			return other
		}
		v, ok := n.(*stringNode)
		if !ok {
			panic(compilation(1015, "22023", "argument %s of %s must be a text", key, c.name))
		}
		return v.value
	}
	physical := b.fresh("r")
	r := &relation{}
	if f.alias != nil {
		r.path = []string{f.alias.name}
	}
	add := func(name, sql string, t kindOf) {
		if i := len(r.columns); i < len(f.columns) {
			name = f.columns[i].name
		}
		r.columns = append(r.columns, column{name: name, sql: sql, t: t})
	}
	x := physical + ".x"
	switch c.name {
	case "FLATTEN":
		input, ok := c.named["INPUT"]
		if !ok && len(c.args) == 1 {
			input, ok = c.args[0], true
		}
		for k := range c.named {
			if !set("INPUT PATH OUTER RECURSIVE MODE")[k] {
				panic(compilation(1015, "22023", "unknown argument %s of FLATTEN", k))
			}
		}
		if !ok {
			panic(compilation(938, "22023", "not enough arguments for function [FLATTEN], expected 1, got 0"))
		}
		e := b.nested(input, s)
		if !e.t.semi() {
			panic(compilation(codeArgTypes, "42P13", "Invalid argument types for function 'FLATTEN': (%s)", e.t))
		}
		if e.t.k == kArray && len(c.named) <= 1+boolInt(c.named["OUTER"] != nil) {
			sql = "LATERAL (SELECT unnest(" + e.sql + ") AS x, unnest(range(0, len(" + e.sql + "))) AS i) AS " + physical
			add("SEQ", "", tInt)
			add("KEY", "CAST(NULL AS VARCHAR)", tText)
			add("PATH", "('[' || "+physical+".i || ']')", tText)
			add("INDEX", "CAST("+physical+".i AS DECIMAL(38,0))", tInt)
			add("VALUE", x, tVariant)
			add("THIS", "v_array("+e.sql+")", tVariant)
		} else {
			v := b.variant(e)
			sql = fmt.Sprintf("LATERAL (SELECT unnest(v_flatten(%s, %s, %s, %s)) AS x) AS %s", v.sql, quote(word("PATH", "")), flag("RECURSIVE"), quote(strings.ToUpper(word("MODE", "BOTH"))), physical)
			add("SEQ", "", tInt)
			add("KEY", "v_to_text(v_at("+x+", 0))", tText)
			add("PATH", "v_to_text(v_at("+x+", 3))", tText)
			add("INDEX", "CAST(v_to_number(v_at("+x+", 1)) AS DECIMAL(38,0))", tInt)
			add("VALUE", "v_at("+x+", 2)", tVariant)
			add("THIS", "v_at("+x+", 4)", tVariant)
		}
		lateral = "LATERAL"
		if flag("OUTER") == "TRUE" {
			lateral = "OUTER"
		}
	case "GENERATOR":
		n, ok := c.named["ROWCOUNT"].(*numberNode)
		if !ok {
			panic(cannot("GENERATOR without ROWCOUNT"))
		}
		sql = "(SELECT range AS x FROM range(" + n.text + ")) AS " + physical
	case "SPLIT_TO_TABLE":
		if len(c.args) != 2 {
			panic(compilation(938, "22023", "not enough arguments for function [SPLIT_TO_TABLE], expected 2, got %d", len(c.args)))
		}
		a := b.exprs(c.args, s)
		list := "string_split(" + b.text(a[0]).sql + ", " + b.text(a[1]).sql + ")"
		sql = "LATERAL (SELECT unnest(" + list + ") AS x, unnest(range(0, len(" + list + "))) AS i) AS " + physical
		add("SEQ", "", tInt)
		add("INDEX", "CAST("+physical+".i + 1 AS DECIMAL(38,0))", tInt)
		add("VALUE", x, tText)
		lateral = "LATERAL"
	case "QUERY_HISTORY_BY_USER":
		for k := range c.named {
			if k != "RESULT_LIMIT" {
				panic(cannot("the argument %s of QUERY_HISTORY_BY_USER", k))
			}
		}
		sql = "(VALUES " + strings.Join(b.s.server.history(), ", ") + ") AS " + physical + "(a, b, c, d)"
		add("QUERY_ID", physical+".a", tText)
		add("QUERY_TEXT", physical+".b", tText)
		add("QUERY_TAG", physical+".c", tText)
		add("EXECUTION_STATUS", physical+".d", tText)
	case "RESULT_SCAN":
		panic(cannot("RESULT_SCAN"))
	default:
		panic(compilation(codeUnknownFunc, "42601", "Unknown table function %s", c.name))
	}
	s.relations = append(s.relations, r)
	return sql, lateral
}

// mentions says whether a part of a query reads a table of the name.
func mentions(body any, table string) bool {
	var inFrom func(f fromNode) bool
	inFrom = func(f fromNode) bool {
		switch f := f.(type) {
		case *tableRef:
			return len(f.name.parts) == 1 && f.name.parts[0].name == table
		case *joinNode:
			return inFrom(f.left) || inFrom(f.right)
		case *derived:
			return mentions(f.query, table)
		}
		return false
	}
	switch n := body.(type) {
	case *selectNode:
		return slices.ContainsFunc(n.from, inFrom)
	case *setNode:
		return mentions(n.left, table) || mentions(n.right, table)
	case *query:
		return mentions(n.body, table)
	}
	return false
}
