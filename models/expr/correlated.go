package expr

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Other is the alias, inside Nested.Aggregate, of the rows that a row of Event
// is compared with.
const Other = "n"

// Correlated is an aggregate over rows that are compared with more than
// themselves: with what Row has of their entity, or with the rows of a
// collection of the same entity.
type Correlated struct {
	Feature
	// Row are the columns of Row that Aggregate or Nested read, sorted.
	Row []string
	// Stage is 0 where no column of Row is read, else one more than the greatest
	// stage of those.
	Stage int
	// Nested are columns of Event that Aggregate reads beside the collection's.
	Nested []Nested
}

// Nested is a column of each row of a collection: an aggregate over all rows of
// a collection, be it the same, that belong to the same entity. It is NULL where
// there are none.
type Nested struct {
	// Name is never that of a column.
	Name string
	// Source is the name of the collection whose rows are aggregated.
	Source string
	Type   sql.Type
	// Aggregate is an SQL aggregate over Other, and columns of Event and Row.
	Aggregate sql.Expr
	// Where is true for the rows of Other that can make a difference, nil where
	// all can.
	Where sql.Expr
	// Columns are those of Event, Others those of Other that it reads, sorted.
	Columns, Others []string
	row             []string
}

// Stages is how many times the columns of Row are computed: those of a later
// stage read aggregates of rows that are compared with those of the one before.
func (o *Output) Stages() int {
	n := 1
	for _, f := range o.Correlated {
		n = max(n, f.Stage+1)
	}
	for _, s := range o.Sequences {
		n = max(n, s.Stage+1)
	}
	return n
}

// Collections are the names of those that are read.
func (o *Output) Collections() []string {
	out := map[string]bool{}
	for _, f := range o.Features {
		out[f.Source] = true
	}
	for _, f := range o.Correlated {
		out[f.Source] = true
		for _, n := range f.Nested {
			out[n.Source] = true
		}
	}
	for _, s := range o.Sequences {
		for _, step := range s.Steps {
			out[step.Source] = true
		}
	}
	return sorted(out)
}

// alias is that of the rows of a collection which is named inside conditions on
// so many others.
func alias(depth int) string {
	if depth > 0 {
		return Other
	}
	return Event
}

// over is an aggregate over the rows of l: a column of Row, or, inside a
// condition on the rows of another collection, of Event.
func (t *translator) over(l *list, what string, typ sql.Type, agg sql.Expr) sql.Expr {
	if l.depth == 0 {
		return t.feature(l.source, what, typ, agg)
	}
	reads := columnSet(agg, Event)
	if len(reads) == 0 {
		// It is the same for all rows, so it need not be computed for each.
		return t.feature(l.source, what, typ, moved(agg, Other, Event))
	}
	var where sql.Expr
	if len(l.where) > 0 {
		where = one(l.where)
	}
	form, ok := t.form(agg)
	if !ok {
		return sql.Null{Type: typ}
	}
	n := Nested{
		Name: t.c.named(t.outer.Name+":"+l.source.Name, what, form), Source: l.source.Name, Type: typ, Aggregate: agg, Where: where,
		Columns: sorted(reads), Others: sorted(columnSet(agg, Other)), row: sorted(columnSet(agg, Row)),
	}
	t.c.nested[n.Name] = n
	return sql.Col(Event, n.Name)
}

// correlate finds what a feature reads beside its own rows.
func (c *compiler) correlate(f Feature) {
	row := columnSet(f.Aggregate, Row)
	out := &Correlated{Feature: f}
	own := map[string]bool{}
	for _, name := range f.Columns {
		n, ok := c.nested[name]
		if !ok {
			own[name] = true
			continue
		}
		out.Nested = append(out.Nested, n)
		for _, column := range n.Columns {
			own[column] = true
		}
		for _, column := range n.row {
			row[column] = true
		}
	}
	if len(row) == 0 && len(out.Nested) == 0 {
		return
	}
	out.Columns, out.Row = sorted(own), sorted(row)
	for _, name := range out.Row {
		out.Stage = max(out.Stage, c.stage(name)+1)
	}
	c.correlated[f.Name] = out
}

// stage is when a column of Row is there.
func (c *compiler) stage(column string) int {
	if sym := c.traits[column]; sym != nil {
		return sym.stage
	}
	if f := c.correlated[column]; f != nil {
		return f.Stage
	}
	if s, ok := c.sequences[column]; ok {
		return s.Stage
	}
	return c.population[column].Stage
}

// use notes that a column of Row is read, and those that it takes.
func (c *compiler) use(column string) {
	if c.used[column] {
		return
	}
	c.used[column] = true
	if f := c.correlated[column]; f != nil {
		for _, name := range f.Row {
			c.use(name)
		}
	}
	for _, name := range c.sequences[column].Row {
		c.use(name)
	}
}

// columnSet are the columns of an alias that an expression reads.
func columnSet(e sql.Expr, of string) map[string]bool {
	out := map[string]bool{}
	columns(e, of, func(name string) { out[name] = true })
	return out
}

// moved is e with the columns of one alias read from another.
func moved(e sql.Expr, from, to string) sql.Expr {
	each := func(es []sql.Expr) []sql.Expr {
		out := make([]sql.Expr, len(es))
		for i, x := range es {
			out[i] = moved(x, from, to)
		}
		return out
	}
	switch e := e.(type) {
	case sql.Column:
		if e.Table == from {
			e.Table = to
		}
		return e
	case sql.Call:
		return sql.Call{Func: e.Func, Args: each(e.Args), Of: e.Of}
	case sql.And:
		return sql.And(each(e))
	case sql.Or:
		return sql.Or(each(e))
	case sql.Cast:
		return sql.Cast{Expr: moved(e.Expr, from, to), To: e.To}
	case sql.Case:
		out := sql.Case{}
		for _, when := range e.Whens {
			out.Whens = append(out.Whens, sql.When{If: moved(when.If, from, to), Then: moved(when.Then, from, to)})
		}
		if e.Else != nil {
			out.Else = moved(e.Else, from, to)
		}
		return out
	case sql.Lambda:
		return sql.Lambda{Param: e.Param, Of: e.Of, Body: moved(e.Body, from, to)}
	case sql.In:
		return sql.In{Expr: moved(e.Expr, from, to), List: each(e.List)}
	default:
		return e
	}
}

// enter makes the rows of l those at hand, until the function that it returns
// is called.
func (t *translator) enter(l *list, name string) (leave func()) {
	depth, outer := t.depth, t.outer
	t.depth, t.outer = l.depth+1, l.source
	t.scope = append(t.scope, variable{name, l.item})
	return func() {
		t.depth, t.outer = depth, outer
		t.scope = t.scope[:len(t.scope)-1]
	}
}

// inLambda says that the variable of a function in SQL is at hand, which no
// aggregate can read.
func (t *translator) inLambda() bool {
	return slices.ContainsFunc(t.scope, func(v variable) bool {
		c, ok := v.val.expr.(sql.Column)
		return ok && c.Table == ""
	})
}

// rowsOf is the list of all rows of a collection, where the expression stands.
func (t *translator) rowsOf(s *config.Source) *list {
	l := &list{source: s, depth: t.depth, item: value{row: &row{source: s, depth: t.depth}}}
	if s.Retention != 0 {
		l.where = sql.And{t.c.within(s.Retention, alias(t.depth))}
	}
	return l
}
