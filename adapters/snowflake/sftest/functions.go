package sftest

import (
	"strings"
)

// function is one that Snowflake documents and that can be executed here.
type function struct {
	least, most int // how many arguments; most is -1 for any number
	// args says what each argument is coerced to: t text, n number, i integer,
	// f double, b boolean, a array, v variant, o object, y bytes or text, w a date
	// or time, x anything. The last counts for those that follow.
	args string
	// sql is what it is in DuckDB, of the type result; or bind says both.
	sql    string
	result func(a []expr) kindOf
	bind   func(b *binder, a []expr) expr
	// aggregate and window say where it may stand; $over marks in sql where OVER
	// goes.
	aggregate, window bool
	ordered           bool // a window function that needs ORDER BY
	raw               func(b *binder, c *callNode, s *scope) expr
}

func is(t kindOf) func([]expr) kindOf { return func([]expr) kindOf { return t } }

func same(a []expr) kindOf { return a[0].t }

// simple is a function that is one expression in DuckDB.
func simple(args, sql string, t kindOf) function {
	n := len(args)
	return function{least: n, most: n, args: args, sql: sql, result: is(t)}
}

func takes(least, most int, args string, bind func(b *binder, a []expr) expr) function {
	return function{least: least, most: most, args: args, bind: bind}
}

func raw(least, most int, f func(b *binder, c *callNode, s *scope) expr) function {
	return function{least: least, most: most, raw: f}
}

func badTypes(name string, a []expr) *refusal {
	parts := make([]string, len(a))
	for i, e := range a {
		parts[i] = e.t.String()
	}
	return compilation(codeArgTypes, "42P13", "Invalid argument types for function '%s': (%s)", name, strings.Join(parts, ", "))
}

// coerce makes an argument what a function wants.
func (b *binder) coerce(name string, e expr, want byte, all []expr) expr {
	bad := func() { panic(badTypes(name, all)) }
	switch want {
	case 't':
		if e.t.k == kBinary {
			bad()
		}
		return b.text(e)
	case 'n':
		if e.t.k == kBool || e.t.k == kDate || e.t.stamp() || e.t.semi() || e.t.k == kBinary || e.t.k == kTime {
			if e.t.k == kVariant {
				return b.cast(e, tReal, false, false)
			}
			bad()
		}
		return b.arithmetic(e)
	case 'i':
		if e.t.k != kFixed && e.t.k != kNull && e.t.k != kText && e.t.k != kReal && e.t.k != kVariant {
			bad()
		}
		return b.int(e)
	case 'f':
		if e.t.k == kBool || e.t.k == kDate || e.t.stamp() || e.t.k == kArray || e.t.k == kObject || e.t.k == kBinary {
			bad()
		}
		return b.cast(e, tReal, false, false)
	case 'b':
		return b.bool(e)
	case 'a':
		if e.t.k != kArray && e.t.k != kVariant && e.t.k != kNull {
			bad()
		}
		return b.cast(e, tArray, false, false)
	case 'v':
		return b.variant(e)
	case 'V': // a VARIANT already
		if e.t.k != kVariant && e.t.k != kNull {
			bad()
		}
		return b.variant(e)
	case 'o':
		if e.t.k != kObject && e.t.k != kVariant && e.t.k != kNull {
			bad()
		}
		return b.cast(e, tObject, false, false)
	case 'y':
		if e.t.k == kBinary {
			return e
		}
		return b.text(e)
	case 'w':
		if e.t.k == kText && e.constant != nil {
			return b.cast(e, tNTZ, false, false)
		}
		if e.t.k != kDate && !e.t.stamp() && e.t.k != kTime && e.t.k != kNull {
			panic(compilation(2016, "22000", "Function %s does not support %s argument type", name, e.t))
		}
		if e.t.k == kNull {
			return b.cast(e, tNTZ, false, false)
		}
		return e
	}
	return e
}

// call binds a call of a function, of which Snowflake must have one.
func (b *binder) call(c *callNode, s *scope) expr {
	f, ok := library[c.name]
	if !ok {
		if documented[c.name] {
			panic(cannot("the function %s", c.name))
		}
		panic(compilation(codeUnknownFunc, "42601", "Unknown function %s", c.name))
	}
	if !f.aggregate && !f.window && (c.over != nil || c.distinct || c.hasWithin || c.star || c.nulls != "") {
		panic(compilation(codeSyntax, "42000", "syntax error line %d at position %d: %s is no window or aggregate function", c.at.line, c.at.col, c.name))
	}
	n := len(c.args)
	if f.raw == nil && len(c.named) > 0 {
		panic(compilation(codeUnsupported, "0A000", "Named arguments are not supported for the function %s", c.name))
	}
	if n < f.least && !c.star && len(c.named) == 0 {
		panic(compilation(938, "22023", "error line %d at position %d\nnot enough arguments for function [%s], expected %d, got %d", c.at.line, c.at.col, c.name, f.least, n))
	}
	if f.most >= 0 && n > f.most {
		panic(compilation(939, "22023", "error line %d at position %d\ntoo many arguments for function [%s] expected %d, got %d", c.at.line, c.at.col, c.name, f.most, n))
	}
	if f.raw != nil {
		return f.raw(b, c, s)
	}
	if f.aggregate || f.window {
		return b.aggregate(c, f, s)
	}
	a := b.nestedAll(c.args, s)
	return b.apply(c.name, f, a)
}

func (b *binder) coerceAll(name string, f function, a []expr) []expr {
	given := append([]expr(nil), a...)
	out := append([]expr(nil), a...)
	for i := range out {
		if f.args == "" {
			break
		}
		want := f.args[min(i, len(f.args)-1)]
		out[i] = b.coerce(name, out[i], want, given)
	}
	return out
}

func (b *binder) apply(name string, f function, a []expr) expr {
	a = b.coerceAll(name, f, a)
	var out expr
	if f.bind != nil {
		out = f.bind(b, a)
	} else {
		out = expr{sql: expand(f.sql, a), t: f.result(a)}
	}
	for _, x := range a {
		out.aggregate = out.aggregate || x.aggregate
		out.window = out.window || x.window
	}
	if out.t.k == kFixed && !strings.HasPrefix(out.sql, "CAST(") && f.bind == nil {
		out.sql = "CAST(" + out.sql + " AS " + wide(out.t) + ")"
	}
	return out
}

// hasAggregate says whether an aggregate is in an expression.
func hasAggregate(x node) bool {
	found := false
	walk(x, func(n node) bool {
		if c, ok := n.(*callNode); ok && c.over == nil && library[c.name].aggregate {
			found = true
		}
		return !found
	})
	return found
}

// walk visits an expression's parts, subqueries excepted.
func walk(x node, visit func(node) bool) {
	if x == nil || !visit(x) {
		return
	}
	all := func(xs []node) {
		for _, y := range xs {
			walk(y, visit)
		}
	}
	switch x := x.(type) {
	case *unaryNode:
		walk(x.x, visit)
	case *binaryNode:
		all([]node{x.x, x.y})
	case *isNode:
		walk(x.x, visit)
	case *distinctNode:
		all([]node{x.x, x.y})
	case *betweenNode:
		all([]node{x.x, x.low, x.high})
	case *inNode:
		walk(x.x, visit)
		all(x.list)
	case *likeNode:
		walk(x.x, visit)
		all(x.patterns)
	case *caseNode:
		if x.operand != nil {
			walk(x.operand, visit)
		}
		for _, w := range x.whens {
			all(w[:])
		}
		if x.other != nil {
			walk(x.other, visit)
		}
	case *castNode:
		walk(x.x, visit)
	case *callNode:
		all(x.args)
	case *indexNode:
		all([]node{x.x, x.index})
	case *pathNode:
		walk(x.x, visit)
	case *arrayNode:
		all(x.items)
	case *objectNode:
		all(x.values)
	}
}

// over is the OVER clause of a call.
func (b *binder) over(c *callNode, f function, s *scope) string {
	w := c.over
	var parts []string
	if len(w.partition) > 0 {
		var keys []string
		for _, x := range w.partition {
			keys = append(keys, b.nested(x, s).sql)
		}
		parts = append(parts, "PARTITION BY "+strings.Join(keys, ", "))
	}
	if len(w.order) > 0 {
		var keys []string
		for _, o := range w.order {
			keys = append(keys, b.sortKey(b.nested(o.x, s), o))
		}
		parts = append(parts, "ORDER BY "+strings.Join(keys, ", "))
	} else if f.ordered {
		panic(compilation(2303, "42601", "Window function type [%s] requires ORDER BY in window specification", c.name))
	}
	switch {
	case w.frame != nil:
		if rankings[c.name] {
			panic(compilation(2303, "42601", "Window function type [%s] does not allow a window frame", c.name))
		}
		if len(w.order) == 0 {
			panic(compilation(2303, "42601", "Sliding window frame requires ORDER BY in window specification"))
		}
		edge := func(x edgeOf) string {
			if x.value == nil {
				return x.kind
			}
			if w.frame.unit == "RANGE" {
				panic(cannot("a RANGE of so many"))
			}
			n, ok := x.value.(*numberNode)
			if !ok {
				panic(compilation(codeSyntax, "42000", "the bound of a window frame must be a constant"))
			}
			return n.text + " " + x.kind
		}
		parts = append(parts, w.frame.unit+" BETWEEN "+edge(w.frame.start)+" AND "+edge(w.frame.end))
	case (c.name == "FIRST_VALUE" || c.name == "LAST_VALUE" || c.name == "NTH_VALUE") && len(w.order) > 0:
		// The default of these is the whole partition, unlike the standard's.
		parts = append(parts, "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING")
	}
	return " OVER (" + strings.Join(parts, " ") + ")"
}

var rankings = set("ROW_NUMBER RANK DENSE_RANK PERCENT_RANK CUME_DIST NTILE LAG LEAD")

// aggregate binds a call of an aggregate or window function.
func (b *binder) aggregate(c *callNode, f function, s *scope) expr {
	if c.over == nil && !f.aggregate {
		panic(compilation(2303, "42601", "Window function type [%s] requires OVER clause", c.name))
	}
	if c.over != nil && !f.window {
		panic(compilation(2303, "42601", "Function %s cannot be used as a window function", c.name))
	}
	if c.star && c.name != "COUNT" {
		panic(compilation(codeSyntax, "42000", "syntax error line %d at position %d unexpected '*'.", c.at.line, c.at.col))
	}
	if c.over == nil && b.inAgg {
		panic(compilation(2040, "42601", "Aggregate functions cannot be nested: [%s]", c.name))
	}
	was := b.inAgg
	if c.over == nil {
		b.inAgg = true
	}
	a := b.coerceAll(c.name, f, b.nestedAll(c.args, s))
	b.inAgg = was
	var order []string
	for _, o := range c.within {
		order = append(order, b.sortKey(b.nested(o.x, s), o))
	}
	if c.hasWithin && !set("ARRAY_AGG LISTAGG PERCENTILE_CONT PERCENTILE_DISC")[c.name] {
		panic(compilation(codeSyntax, "42000", "syntax error line %d at position %d unexpected 'WITHIN'.", c.at.line, c.at.col))
	}
	over := ""
	if c.over != nil {
		if (c.name == "ARRAY_AGG" || c.name == "LISTAGG" || c.name == "MEDIAN" || c.name == "MODE" || c.distinct) && (len(c.over.order) > 0 || c.over.frame != nil) {
			panic(compilation(2303, "42601", "Function %s does not support ORDER BY or a frame in its window", c.name))
		}
		over = b.over(c, f, s)
	}
	out := b.aggregated(c, f, a, order, over)
	out.sql = strings.ReplaceAll(out.sql, "$over", over)
	out.aggregate = c.over == nil
	out.window = c.over != nil
	for _, x := range a {
		out.window = out.window || x.window
		out.aggregate = out.aggregate || x.aggregate
	}
	return out
}

func (b *binder) aggregated(c *callNode, f function, a []expr, order []string, over string) expr {
	distinct := ""
	if c.distinct {
		distinct = "DISTINCT "
	}
	nulls := ""
	if c.nulls == "IGNORE" {
		nulls = " IGNORE NULLS"
	}
	count := func(sql string) expr { return expr{sql: "CAST(" + sql + " AS DECIMAL(38,0))", t: fixed(18, 0)} }
	switch c.name {
	case "COUNT":
		if c.star {
			return count("count(*)$over")
		}
		if len(a) == 0 {
			panic(compilation(938, "22023", "not enough arguments for function [COUNT], expected 1, got 0"))
		}
		if len(a) == 1 {
			return count("count(" + distinct + a[0].sql + ")$over")
		}
		var cells, given []string
		for _, x := range a {
			cells = append(cells, x.sql)
			given = append(given, x.sql+" IS NOT NULL")
		}
		return count("count(" + distinct + "CASE WHEN " + strings.Join(given, " AND ") + " THEN row(" + strings.Join(cells, ", ") + ") END)$over")
	case "SUM":
		if a[0].t.k == kReal {
			return of("sum("+distinct+"%s)$over", tReal, a[0]).raw()
		}
		t := fixed(38, a[0].t.s)
		return expr{sql: "CAST(sum(" + distinct + wideOf(a[0]).sql + ")$over AS " + wide(t) + ")", t: t}
	case "AVG":
		if a[0].t.k == kReal {
			return expr{sql: "avg(" + distinct + a[0].sql + ")$over", t: tReal}
		}
		t := numberOf("/", fixed(38, a[0].t.s), fixed(18, 0))
		x := wideOf(a[0]).sql
		return expr{t: t, sql: "(CASE WHEN count(" + x + ")$over > 0 THEN " + divide(expr{sql: "sum(" + distinct + x + ")$over"}, expr{sql: "count(" + distinct + x + ")$over"}, t).sql + " END)"}
	case "MIN", "MAX":
		t := a[0].t
		if t.k == kArray || t.k == kObject {
			panic(badTypes(c.name, a))
		}
		if t.k == kVariant {
			panic(cannot("%s of a VARIANT", c.name))
		}
		return expr{sql: strings.ToLower(c.name) + "(" + a[0].sql + ")$over", t: t}
	case "ARRAY_AGG":
		v := b.variant(a[0])
		by := ""
		if len(order) > 0 {
			by = " ORDER BY " + strings.Join(order, ", ")
		}
		return expr{sql: "coalesce(list(" + distinct + v.sql + by + ") FILTER (WHERE " + v.sql + " IS NOT NULL)$over, CAST([] AS VARCHAR[]))", t: tArray}
	case "ARRAY_UNIQUE_AGG":
		v := b.variant(a[0])
		return expr{sql: "coalesce(list(DISTINCT " + v.sql + ") FILTER (WHERE " + v.sql + " IS NOT NULL)$over, CAST([] AS VARCHAR[]))", t: tArray}
	case "LISTAGG":
		by := ""
		if len(order) > 0 {
			by = " ORDER BY " + strings.Join(order, ", ")
		}
		separator := "''"
		if len(a) > 1 {
			if a[1].constant == nil {
				panic(compilation(1015, "22023", "argument 2 to function LISTAGG needs to be constant"))
			}
			separator = a[1].sql
		}
		return expr{sql: "coalesce(string_agg(" + distinct + a[0].sql + ", " + separator + by + ")$over, '')", t: tText}
	case "MEDIAN", "PERCENTILE_CONT", "PERCENTILE_DISC":
		q, x := "0.5", a[0]
		if c.name != "MEDIAN" {
			if len(c.within) != 1 || a[0].constant == nil {
				panic(compilation(codeSyntax, "42000", "%s needs WITHIN GROUP (ORDER BY ...) and a constant", c.name))
			}
			panic(cannot("%s", c.name))
		}
		if x.t.k == kReal {
			return expr{sql: "quantile_cont(" + x.sql + ", " + q + ")$over", t: tReal}
		}
		t := fixed(x.t.p+3, x.t.s+3)
		return expr{sql: "CAST(quantile_cont(CAST(" + x.sql + " AS " + wide(t) + "), " + q + ")$over AS " + wide(t) + ")", t: t}
	case "MAX_BY", "MIN_BY":
		if len(a) == 3 {
			panic(cannot("%s with a number of rows", c.name))
		}
		name := map[string]string{"MAX_BY": "arg_max_null", "MIN_BY": "arg_min_null"}[c.name]
		key := a[1].sql
		if a[1].t.k == kVariant {
			key = "v_order(" + key + ")"
		}
		if a[1].t.k == kArray || a[1].t.k == kObject {
			panic(badTypes(c.name, a))
		}
		return expr{sql: name + "(" + a[0].sql + ", " + key + ")$over", t: a[0].t}
	case "FIRST_VALUE", "LAST_VALUE":
		return expr{sql: strings.ToLower(c.name) + "(" + a[0].sql + nulls + ")$over", t: a[0].t}
	case "NTH_VALUE":
		if c.fromLast {
			panic(cannot("NTH_VALUE FROM LAST"))
		}
		return expr{sql: "nth_value(" + a[0].sql + ", " + b.int(a[1]).sql + nulls + ")$over", t: a[0].t}
	case "LAG", "LEAD":
		sql := strings.ToLower(c.name) + "(" + a[0].sql
		t := a[0].t
		if len(a) > 1 {
			sql += ", " + b.int(a[1]).sql
		}
		if len(a) > 2 {
			t = b.common([]kindOf{t, a[2].t}, c.name)
			sql = strings.ToLower(c.name) + "(" + b.cast(a[0], t, false, false).sql + ", " + b.int(a[1]).sql + ", " + b.cast(a[2], t, false, false).sql
		}
		return expr{sql: sql + nulls + ")$over", t: t}
	case "OBJECT_AGG":
		return expr{sql: "v_object_agg(coalesce(list(" + a[0].sql + " ORDER BY " + a[0].sql + ")$over, CAST([] AS VARCHAR[])), coalesce(list(" + b.variant(a[1]).sql + " ORDER BY " + a[0].sql + ")$over, CAST([] AS VARCHAR[])))", t: tObject}
	}
	if c.distinct {
		panic(cannot("%s(DISTINCT ...)", c.name))
	}
	if over != "" && c.nulls != "" {
		panic(compilation(codeSyntax, "42000", "syntax error: %s takes no IGNORE NULLS", c.name))
	}
	out := expr{sql: expand(f.sql, a), t: f.result(a)}
	if out.t.k == kFixed {
		out.sql = "CAST(" + out.sql + " AS " + wide(out.t) + ")"
	}
	return out
}

// raw is there for symmetry of the two ways in which SUM is written.
func (e expr) raw() expr { return e }

// Units of time, by all of their documented names.
var parts = map[string]string{}

func addParts(to, names string) {
	for n := range strings.FieldsSeq(names) {
		parts[n] = to
	}
}

var _ = func() bool {
	addParts("year", "year y yy yyy yyyy yr years yrs")
	addParts("month", "month mm mon mons months")
	addParts("day", "day d dd days dayofmonth")
	addParts("dayofweek", "dayofweek weekday dow dw")
	addParts("dayofweekiso", "dayofweekiso weekday_iso dow_iso dw_iso")
	addParts("dayofyear", "dayofyear yearday doy dy")
	addParts("week", "week w wk weekofyear woy wy")
	addParts("weekiso", "weekiso week_iso weekofyeariso weekofyear_iso")
	addParts("quarter", "quarter q qtr qtrs quarters")
	addParts("yearofweek", "yearofweek")
	addParts("yearofweekiso", "yearofweekiso")
	addParts("hour", "hour h hh hr hours hrs")
	addParts("minute", "minute m mi min minutes mins")
	addParts("second", "second s sec seconds secs")
	addParts("millisecond", "millisecond ms msec milliseconds")
	addParts("microsecond", "microsecond us usec microseconds")
	addParts("nanosecond", "nanosecond ns nsec nanosec nsecond nanoseconds nanosecs nseconds")
	addParts("epoch_second", "epoch_second epoch epoch_seconds")
	addParts("epoch_millisecond", "epoch_millisecond epoch_milliseconds")
	addParts("epoch_microsecond", "epoch_microsecond epoch_microseconds")
	addParts("epoch_nanosecond", "epoch_nanosecond epoch_nanoseconds")
	addParts("timezone_hour", "timezone_hour tzh")
	addParts("timezone_minute", "timezone_minute tzm")
	return true
}()

// datePart is the unit of a name.
func datePart(n string) string {
	p, ok := parts[strings.ToLower(n)]
	if !ok {
		panic(compilation(1007, "22023", "'%s' is not a valid date/time component", n))
	}
	return p
}

// partOf is a unit that is written bare or as text.
func partOf(x node) string {
	switch x := x.(type) {
	case *nameNode:
		if len(x.name.parts) == 1 {
			return datePart(x.name.parts[0].name)
		}
	case *stringNode:
		return datePart(x.value)
	}
	panic(compilation(1007, "22023", "a date/time component must be a constant"))
}

// dateAdd is DATEADD.
func (b *binder) dateAdd(unit string, n, x expr) expr {
	n = b.int(n)
	interval := map[string]string{
		"year": "to_years(CAST(%s AS INTEGER))", "quarter": "to_months(CAST(%s * 3 AS INTEGER))", "month": "to_months(CAST(%s AS INTEGER))",
		"week": "to_days(CAST(%s * 7 AS INTEGER))", "day": "to_days(CAST(%s AS INTEGER))", "hour": "to_hours(%s)", "minute": "to_minutes(%s)",
		"second": "to_microseconds(%s * 1000000)", "millisecond": "to_microseconds(%s * 1000)", "microsecond": "to_microseconds(%s)", "nanosecond": "to_microseconds(%s // 1000)",
	}[unit]
	if interval == "" {
		panic(compilation(1007, "22023", "'%s' is not a valid date/time component for function DATEADD", unit))
	}
	small := set("hour minute second millisecond microsecond nanosecond")[unit]
	i := of(interval, tInt, n)
	switch x.t.k {
	case kDate:
		if small {
			return of("(CAST(%s AS TIMESTAMP) + %s)", tNTZ, x, i)
		}
		return of("CAST(%s + %s AS DATE)", tDate, x, i)
	case kTime:
		if !small {
			panic(compilation(2016, "22000", "Function DATEADD does not support TIME argument type with '%s'", unit))
		}
		return of("(%s + %s)", x.t, x, i)
	case kNTZ:
		return of("(%s + %s)", tNTZ, x, i)
	case kLTZ:
		if small {
			return of("timezone('UTC', timezone('UTC', %s) + %s)", tLTZ, x, i)
		}
		return b.cast(of("(%s + %s)", tNTZ, b.wall(x), i), tLTZ, false, false)
	case kTZ:
		return of("struct_pack(u := ($1).u + $2, o := ($1).o)", tTZ, x, i)
	}
	panic(compilation(2016, "22000", "Function DATEADD does not support %s argument type", x.t))
}

// extract is DATE_PART.
func (b *binder) extract(unit string, x expr) expr {
	w := b.wall(x)
	number := func(sql string, from expr) expr { return fixedOf(sql, 9, from) }
	utc := w
	switch x.t.k {
	case kLTZ:
		utc = of("timezone('UTC', %s)", tNTZ, x)
	case kTZ:
		utc = of("($1).u", tNTZ, x)
	case kDate:
		utc = of("CAST(%s AS TIMESTAMP)", tNTZ, x)
	}
	timeless := x.t.k == kDate && set("hour minute second millisecond microsecond nanosecond")[unit]
	if timeless {
		panic(compilation(2016, "22000", "Function EXTRACT does not support DATE argument type for '%s'", unit))
	}
	if x.t.k == kTime && !set("hour minute second nanosecond")[unit] {
		panic(compilation(2016, "22000", "Function EXTRACT does not support TIME argument type for '%s'", unit))
	}
	switch unit {
	case "year", "month", "day", "hour", "minute", "second", "quarter", "dayofyear":
		return number(unit+"(%s)", w)
	case "dayofweek":
		return number("dayofweek(%s)", w)
	case "dayofweekiso":
		return number("isodow(%s)", w)
	case "week", "weekiso":
		return number("week(%s)", w)
	case "yearofweek", "yearofweekiso":
		return number("isoyear(%s)", w)
	case "nanosecond":
		return number("(microsecond(%s) %% 1000000) * 1000", w)
	case "epoch_second":
		return fixedOf("epoch_us(date_trunc('second', %s)) // 1000000", 18, utc)
	case "epoch_millisecond":
		return fixedOf("epoch_us(date_trunc('millisecond', %s)) // 1000", 18, utc)
	case "epoch_microsecond":
		return fixedOf("epoch_us(%s)", 18, utc)
	case "epoch_nanosecond":
		return fixedOf("CAST(epoch_us(%s) AS DECIMAL(38,0)) * 1000", 38, utc)
	}
	panic(compilation(1007, "22023", "'%s' is not a valid date/time component for function DATE_PART", unit))
}

// truncate is DATE_TRUNC.
func (b *binder) truncate(unit string, x expr) expr {
	if !set("year quarter month week day hour minute second millisecond microsecond")[unit] {
		panic(compilation(1007, "22023", "'%s' is not a valid date/time component for function DATE_TRUNC", unit))
	}
	switch x.t.k {
	case kDate:
		if set("hour minute second millisecond microsecond")[unit] {
			panic(compilation(1007, "22023", "'%s' is not a valid date/time component for function DATE_TRUNC of a DATE", unit))
		}
		return of("CAST(date_trunc('"+unit+"', %s) AS DATE)", tDate, x)
	case kNTZ:
		return of("CAST(date_trunc('"+unit+"', %s) AS TIMESTAMP)", x.t, x)
	case kLTZ:
		return b.cast(of("CAST(date_trunc('"+unit+"', %s) AS TIMESTAMP)", tNTZ, b.wall(x)), tLTZ, false, false)
	}
	panic(cannot("DATE_TRUNC of %s", x.t))
}
