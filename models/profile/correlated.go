package profile

import (
	"slices"
	"strconv"

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// rowNumber tells the rows of one entity apart, where they are compared with
// those of a collection.
const rowNumber = "row_number"

// stageTable is the wide table as far as a stage goes; that of the last stage is
// WideTable.
func (in Input) stageTable(stage int) sql.Table {
	if stage == in.Expr.Stages()-1 {
		return WideTable(in.Entity)
	}
	return sql.Table{Space: sql.Work, Name: in.Entity.Name + "_wide_" + strconv.Itoa(stage)}
}

func correlatedTable(collection string, stage int) sql.Table {
	return sql.Table{Space: sql.Work, Name: "correlated_" + collection + "_" + strconv.Itoa(stage)}
}

// collections are the names of those that correlated features of a stage
// aggregate.
func (in Input) collections(stage int) []string {
	var out []string
	for _, f := range in.Expr.Correlated { // in order of their sources
		if f.Stage == stage && (len(out) == 0 || out[len(out)-1] != f.Source) {
			out = append(out, f.Source)
		}
	}
	return out
}

// stages compiles what comes before the last wide table where rows are compared
// with traits or with the rows of collections: the aggregates of each stage, and
// the wide table of each but the last.
func stages(in Input) []*models.Model {
	var out []*models.Model
	for stage := range in.Expr.Stages() {
		for _, name := range in.collections(stage) {
			out = append(out, in.correlated(name, stage))
		}
		if len(in.sequencesOf(stage)) > 0 {
			out = append(out, in.sequences(stage))
		}
		if stage < in.Expr.Stages()-1 {
			out = append(out, &models.Model{
				Name: "wide:" + in.Entity.Name + ":" + strconv.Itoa(stage), Nodes: []string{"entity:" + in.Entity.Name}, Span: in.Entity.Pos.Span(),
				Steps: []models.Step{&models.Exec{Title: "join what conditions on rows read", Statements: []sql.Statement{
					sql.CreateTableAs{Table: in.stageTable(stage), Query: wide(in, stage)},
				}}},
			})
		}
	}
	return out
}

// correlated aggregates the rows of a collection that are compared with the wide
// table of the stage before, or with the rows of collections.
func (in Input) correlated(name string, stage int) *models.Model {
	id := identity.Column(in.Entity)
	work := func(kind, other string) sql.Table {
		return sql.Table{Space: sql.Work, Name: kind + "_" + name + other + "_" + strconv.Itoa(stage)}
	}
	var features []expr.Correlated
	var own, entity columnSet
	var others []string // collections that rows are compared with
	nested := map[string][]expr.Nested{}
	seen := map[string]bool{}
	for _, f := range in.Expr.Correlated {
		if f.Source != name || f.Stage != stage {
			continue
		}
		features = append(features, f)
		own.add(f.Columns...)
		entity.add(f.Row...)
		for _, n := range f.Nested {
			if seen[n.Name] {
				continue
			}
			seen[n.Name] = true
			if nested[n.Source] == nil {
				others = append(others, n.Source)
			}
			nested[n.Source] = append(nested[n.Source], n)
		}
	}
	sameEntity := func(alias string) sql.Expr { return sql.Fn(sql.Eq, sql.Col(alias, id), sql.Col(expr.Event, id)) }
	withEntity := func(from sql.From) sql.From {
		if len(entity.names) == 0 {
			return from
		}
		return sql.Joins(from, sql.Join{
			Kind: sql.InnerJoin, Right: sql.TableRef{Table: in.stageTable(stage - 1), As: expr.Row}, On: sameEntity(expr.Row),
		})
	}

	m := &models.Model{Name: "correlated:" + name + ":" + strconv.Itoa(stage), Nodes: []string{"source:" + name}, Span: in.Entity.Pos.Span()}
	if s := in.source(name); s != nil {
		m.Span = s.Pos.Span()
	}
	create := func(table sql.Table, q sql.Query) {
		m.Steps = append(m.Steps, &models.Exec{Title: "compare " + name, Statements: []sql.Statement{sql.CreateTableAs{Table: table, Query: q}}})
	}
	rows := in.rows(name, own.names)
	var from sql.From = sql.Derived{Query: rows, As: expr.Event}
	if len(others) > 0 {
		// The rows are read more than once: their numbers must be the same then.
		numbered := &sql.Select{
			Items: append(sql.Items("r", append([]string{id}, own.names...)...), sql.As(sql.Window{
				Call: sql.Fn(sql.RowNumber), PartitionBy: []sql.Expr{sql.Col("r", id)}, OrderBy: []sql.Order{sql.Asc(sql.Col("r", id))},
			}, rowNumber)),
			From: sql.Derived{Query: rows, As: "r"},
		}
		create(work("rows", ""), numbered)
		items := sql.Items("r", append([]string{id, rowNumber}, own.names...)...)
		extended := sql.From(sql.TableRef{Table: work("rows", ""), As: "r"})
		for _, other := range others {
			create(work("nested", "_"+other), in.nested(work("rows", ""), other, nested[other], withEntity))
			as := "n_" + other
			extended = sql.Joins(extended, sql.Join{Kind: sql.LeftJoin, Right: sql.TableRef{Table: work("nested", "_"+other), As: as}, On: sql.And{
				sql.Fn(sql.Eq, sql.Col(as, id), sql.Col("r", id)), sql.Fn(sql.Eq, sql.Col(as, rowNumber), sql.Col("r", rowNumber)),
			}})
			for _, n := range nested[other] {
				items = append(items, sql.As(sql.Col(as, n.Name), n.Name))
			}
		}
		from = sql.Derived{Query: &sql.Select{Items: items, From: extended}, As: expr.Event}
	}
	key := sql.Col(expr.Event, id)
	out := &sql.Select{Items: []sql.Item{sql.As(key, id)}, From: withEntity(from), GroupBy: []sql.Expr{key}}
	for _, f := range features {
		out.Items = append(out.Items, sql.As(f.Aggregate, f.Name))
	}
	create(correlatedTable(name, stage), out)
	return m
}

// nested aggregates, for each numbered row, the rows of another collection.
func (in Input) nested(numbered sql.Table, other string, list []expr.Nested, withEntity func(sql.From) sql.From) *sql.Select {
	id := identity.Column(in.Entity)
	var read columnSet
	var where sql.Or
	for _, n := range list {
		read.add(n.Others...)
		if n.Where == nil {
			where = append(where, sql.Bool(true))
			continue
		}
		where = append(where, n.Where)
	}
	key := []sql.Expr{sql.Col(expr.Event, id), sql.Col(expr.Event, rowNumber)}
	out := &sql.Select{
		Items: sql.Items(expr.Event, id, rowNumber),
		From: withEntity(sql.Joins(sql.TableRef{Table: numbered, As: expr.Event}, sql.Join{
			Kind: sql.InnerJoin, Right: sql.Derived{Query: in.rows(other, read.names), As: expr.Other},
			On: sql.Fn(sql.Eq, sql.Col(expr.Other, id), sql.Col(expr.Event, id)),
		})),
		GroupBy: key,
	}
	all := false
	for _, w := range where {
		all = all || w == sql.Expr(sql.Bool(true))
	}
	if !all {
		// An aggregate skips what its condition leaves out; leaving it out before
		// is cheaper.
		out.Where = where
	}
	for _, n := range list {
		out.Items = append(out.Items, sql.As(n.Aggregate, n.Name))
	}
	return out
}

// rows are those of a collection, a source or members, with the id of their
// entity.
func (in Input) rows(name string, columns []string) *sql.Select {
	id := identity.Column(in.Entity)
	if s := in.source(name); s != nil {
		return &sql.Select{
			Items: append(sql.Items("m", id), sql.Items(expr.Event, columns...)...), From: collection(in.Entity, s),
		}
	}
	for _, r := range in.Members {
		if r.Reverse == name {
			return in.memberRows(r, columns)
		}
	}
	panic("profile: no collection " + name)
}

// columnSet is a list of names, each once.
type columnSet struct {
	names []string
	has   map[string]bool
}

func (s *columnSet) add(names ...string) {
	if s.has == nil {
		s.has = map[string]bool{}
	}
	for _, n := range names {
		if !s.has[n] {
			s.has[n] = true
			s.names = append(s.names, n)
		}
	}
}

// levels computes the traits of a stage level by level, each reading the one
// before; have are the columns of base.
func (in Input) levels(stage int, base *sql.Select, have []string) *sql.Select {
	last := 0
	for _, list := range [][]expr.Compiled{in.Expr.Traits, in.Expr.Population} {
		for _, t := range list {
			last = max(last, t.Level)
		}
	}
	out := base
	for level := range last + 1 {
		var computed []sql.Item
		for _, list := range [][]expr.Compiled{in.Expr.Traits, in.Expr.Population} {
			for _, t := range list {
				if t.Expr != nil && t.Level == level && t.Stage == stage {
					computed = append(computed, sql.As(in.corrected(expr.Row, t.Name, t.Expr), t.Name))
				}
			}
		}
		if len(computed) == 0 {
			continue
		}
		out = &sql.Select{
			Items: append(sql.Items(expr.Row, have...), computed...),
			From:  sql.Derived{Query: out, As: expr.Row},
		}
		for _, c := range computed {
			have = append(have, c.As)
		}
	}
	return out
}

// next is the wide table of a stage after the first, before its traits.
func (in Input) next(stage int) *sql.Select {
	id := identity.Column(in.Entity)
	have := slices.Concat([]string{id}, in.scanned(), in.correctedColumns())
	for _, f := range in.Expr.Correlated {
		if f.Stage < stage {
			have = append(have, f.Name)
		}
	}
	for _, s := range in.Expr.Sequences {
		if s.Stage < stage {
			have = append(have, s.Name)
		}
	}
	for _, x := range in.Expr.Related {
		have = append(have, x.Column)
	}
	for _, list := range [][]expr.Compiled{in.Expr.Traits, in.Expr.Population} {
		for _, t := range list {
			if t.Stage < stage {
				have = append(have, t.Name)
			}
		}
	}
	out := &sql.Select{Items: sql.Items(expr.Row, have...), From: sql.TableRef{Table: in.stageTable(stage - 1), As: expr.Row}}
	names := in.joinCorrelated(out, expr.Row, stage)
	return in.levels(stage, out, append(have, names...))
}

// joinCorrelated adds the correlated features and sequences of a stage to a
// query whose rows are entities under an alias, and returns their names.
func (in Input) joinCorrelated(q *sql.Select, entities string, stage int) []string {
	id := identity.Column(in.Entity)
	var names []string
	for _, name := range in.collections(stage) {
		as := "c_" + name
		q.From = sql.Joins(q.From, sql.Join{
			Kind: sql.LeftJoin, Right: sql.TableRef{Table: correlatedTable(name, stage), As: as},
			On: sql.Fn(sql.Eq, sql.Col(as, id), sql.Col(entities, id)),
		})
		for _, f := range in.Expr.Correlated {
			if f.Source == name && f.Stage == stage {
				q.Items = append(q.Items, sql.Items(as, f.Name)...)
				names = append(names, f.Name)
			}
		}
	}
	if list := in.sequencesOf(stage); len(list) > 0 {
		q.From = sql.Joins(q.From, sql.Join{
			Kind: sql.LeftJoin, Right: sql.TableRef{Table: in.sequencesTable(stage), As: "q"},
			On: sql.Fn(sql.Eq, sql.Col("q", id), sql.Col(entities, id)),
		})
		for _, s := range list {
			q.Items = append(q.Items, sql.Items("q", s.Name)...)
			names = append(names, s.Name)
		}
	}
	return names
}
