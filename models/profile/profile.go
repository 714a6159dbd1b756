// Package profile compiles what is known of each customer: the features that
// expressions aggregate from sources, the traits picked from sources or
// computed, and the history of those that keep one.
//
// All features of a source, for traits and segments alike, come out of one
// scan of it (Features); one statement then joins them and computes the traits
// level by level into a wide Work table (Build), from which profiles and
// segments are taken.
//
// It never runs SQL and never looks at data. Start with Build.
package profile

import (
	"slices"
	"strconv"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/relation"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Input is what the profiles of one entity depend on.
type Input struct {
	Entity *config.Entity
	// Sources are the entity's, in the project's order.
	Sources []*config.Source
	Traits  []*config.Trait
	// Expr are the compiled expressions of the entity.
	Expr *expr.Output
	// Relations are those that Expr reads, each with the entity at its other
	// end, whose wide table is read.
	Relations []Relation
	// Members are the relations to Entity whose members Expr reads, each with
	// their entity, whose wide table is read.
	Members []Relation
	AsOf    time.Time
	// Built says that the profiles are built in this run.
	Built bool
}

// Relation leads to another entity.
type Relation struct {
	*config.Relation
	Other *config.Entity
}

// Table is the public table of an entity's profiles.
func Table(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: e.Name + "_profiles"}
}

// WideTable holds, for each customer, all traits and all features that
// segments read. Its columns are named as package expr names them.
func WideTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Work, Name: e.Name + "_wide"}
}

// HistoryTable has a row per version of the traits marked with history.
func HistoryTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: e.Name + "_profile_history"}
}

func featuresTable(s *config.Source) sql.Table {
	return sql.Table{Space: sql.Work, Name: "features_" + s.Name}
}

// membersTable has the features of the members of each entity.
func membersTable(r Relation) sql.Table {
	return sql.Table{Space: sql.Work, Name: "members_of_" + r.Name}
}

// System lists the tables that must exist before Build's model runs. The
// columns of the profile follow the traits: a table that lacks one gets it.
func System(in Input) []sql.CreateTable {
	e := in.Entity
	id := sql.ColumnDef{Name: identity.Column(e), Type: sql.TypeInt}
	profiles := sql.CreateTable{Table: Table(e), Columns: []sql.ColumnDef{id}}
	history := sql.CreateTable{Table: HistoryTable(e), Columns: []sql.ColumnDef{
		id, {Name: "valid_from", Type: sql.TypeTimestamp}, {Name: "valid_to", Type: sql.TypeTimestamp},
	}}
	kept := historyTraits(in)
	for _, t := range in.Expr.Traits {
		column := sql.ColumnDef{Name: t.Name, Type: t.Type}
		if in.Built {
			profiles.Columns = append(profiles.Columns, column)
		}
		if kept[t.Name] {
			history.Columns = append(history.Columns, column)
		}
	}
	return []sql.CreateTable{profiles, history}
}

func historyTraits(in Input) map[string]bool {
	out := map[string]bool{}
	for _, t := range in.Traits {
		if t.History {
			out[t.Name] = true
		}
	}
	return out
}

// picked is the reading of one source column for one picked trait.
type picked struct {
	source *config.Source
	column string
	// value and time name the feature columns; time is empty where the pick
	// does not weigh times.
	value, time string
}

// Features compiles the one scan of each source, and of the members of each
// relation, that the entity's traits and segments need, as one model each; a
// source that nobody reads has none.
func Features(in Input) []*models.Model {
	var out []*models.Model
	picks := in.picks()
	for _, s := range in.Sources {
		var items []sql.Item
		for _, f := range in.Expr.Features {
			if f.Source == s.Name {
				items = append(items, sql.As(f.Aggregate, f.Name))
			}
		}
		for _, t := range in.Traits {
			for _, p := range picks[t.Name] {
				if p.source == s {
					items = append(items, p.aggregates(t.Pick)...)
				}
			}
		}
		if len(items) == 0 {
			continue
		}
		key := sql.Col("m", identity.Column(in.Entity))
		out = append(out, &models.Model{
			Name:  "features:" + s.Name,
			Nodes: []string{"source:" + s.Name},
			Span:  s.Pos.Span(),
			Steps: []models.Step{&models.Exec{
				Title: "aggregate " + s.Name,
				Statements: []sql.Statement{sql.CreateTableAs{Table: featuresTable(s), Query: &sql.Select{
					Items:   append([]sql.Item{sql.As(key, identity.Column(in.Entity))}, items...),
					From:    collection(in.Entity, s),
					GroupBy: []sql.Expr{key},
				}}},
			}},
		})
	}
	for _, r := range in.Members {
		if slices.ContainsFunc(in.Expr.Features, func(f expr.Feature) bool { return f.Source == r.Reverse }) {
			out = append(out, in.members(r))
		}
	}
	return append(out, stages(in)...)
}

// members aggregates those who belong to each entity by a relation.
func (in Input) members(r Relation) *models.Model {
	id := identity.Column(in.Entity)
	key := sql.Col(expr.Event, id)
	items := []sql.Item{sql.As(key, id)}
	var read columnSet
	for _, f := range in.Expr.Features {
		if f.Source == r.Reverse {
			items = append(items, sql.As(f.Aggregate, f.Name))
			read.add(f.Columns...)
		}
	}
	return &models.Model{
		Name:  "members:" + r.Name,
		Nodes: []string{"relation:" + r.Name},
		Span:  r.Pos.Span(),
		Steps: []models.Step{&models.Exec{
			Title: "aggregate " + r.Reverse,
			Statements: []sql.Statement{sql.CreateTableAs{Table: membersTable(r), Query: &sql.Select{
				Items: items, From: sql.Derived{Query: in.memberRows(r, read.names), As: expr.Event}, GroupBy: []sql.Expr{key},
			}}},
		}},
	}
}

// memberRows are those who belong to each entity by a relation.
func (in Input) memberRows(r Relation, columns []string) *sql.Select {
	rows := &sql.Select{
		Items: append(sql.Items("r", identity.Column(in.Entity), relation.IsPrimary), sql.As(sql.Col("r", relation.LastSeen), expr.TimeField)),
		From: sql.Joins(sql.TableRef{Table: relation.Table(r.Relation), As: "r"}, sql.Join{
			Kind: sql.InnerJoin, Right: sql.TableRef{Table: WideTable(r.Other), As: "w"},
			On: sql.Fn(sql.Eq, sql.Col("w", identity.Column(r.Other)), sql.Col("r", identity.Column(r.Other))),
		}),
	}
	for _, c := range columns {
		if c != relation.IsPrimary && c != expr.TimeField {
			rows.Items = append(rows.Items, sql.Items("w", c)...)
		}
	}
	return rows
}

// collection is the rows of a source under the alias expr.Event, each with the
// customer it belongs to under the alias m.
func collection(e *config.Entity, s *config.Source) sql.From {
	rows := &sql.Select{Items: identity.RowKey(e, s, "s"), From: sql.TableRef{Table: identity.SourceTable(s), As: "s"}}
	if s.Time != "" {
		rows.Items = append(rows.Items, sql.As(sql.Cast{Expr: sql.Col("s", s.Time), To: sql.TypeTimestamp}, expr.TimeField))
	}
	for _, c := range s.Columns {
		column := c.Key
		if c.Value.Column != "" {
			column = c.Value.Column
		}
		rows.Items = append(rows.Items, sql.As(sql.Cast{Expr: sql.Col("s", column), To: models.ColumnType(c.Value.Type)}, c.Key))
	}
	return sql.Joins(sql.Derived{Query: rows, As: expr.Event},
		sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: identity.MapTable(s), As: "m"}, On: identity.SameRow(expr.Event, "m")})
}

func (in Input) source(name string) *config.Source {
	for _, s := range in.Sources {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// picks resolves the references of the picked traits.
func (in Input) picks() map[string][]picked {
	out := map[string][]picked{}
	for _, t := range in.Traits {
		if t.Pick == "" {
			continue
		}
		for i, reference := range t.From {
			source, column := models.Reference(reference)
			p := picked{source: in.source(source), column: column, value: "pick." + t.Name + "." + strconv.Itoa(i)}
			if t.Pick == "latest" || t.Pick == "earliest" {
				p.time = p.value + ".time"
			}
			out[t.Name] = append(out[t.Name], p)
		}
	}
	return out
}

// beginning stands in for the time of a row that has none.
var beginning = sql.Timestamp(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC))

// aggregates reads the value that a source says for each customer, and when.
func (p picked) aggregates(pick string) []sql.Item {
	value := p.expr()
	at := sql.Expr(beginning)
	if p.source.Time != "" {
		at = sql.Fn(sql.Coalesce, sql.Col(expr.Event, expr.TimeField), beginning)
	}
	said := sql.If(sql.Fn(sql.IsNotNull, value), at, nil)
	switch pick {
	case "latest":
		return []sql.Item{sql.As(sql.Fn(sql.ArgMax, value, at), p.value), sql.As(sql.Fn(sql.Max, said), p.time)}
	case "earliest":
		return []sql.Item{sql.As(sql.Fn(sql.ArgMin, value, at), p.value), sql.As(sql.Fn(sql.Min, said), p.time)}
	case "min":
		return []sql.Item{sql.As(sql.Fn(sql.Min, value), p.value)}
	case "max":
		return []sql.Item{sql.As(sql.Fn(sql.Max, value), p.value)}
	default: // priority: within a source its latest word counts
		return []sql.Item{sql.As(sql.Fn(sql.ArgMax, value, at), p.value)}
	}
}

// expr is the column as a value: a declared column, the time, or else an
// identifier in its comparable form, which the map holds.
func (p picked) expr() sql.Expr {
	if _, ok := p.source.Columns.Get(p.column); ok || p.column == expr.TimeField {
		return sql.Col(expr.Event, p.column)
	}
	return sql.Col("m", identity.Value(p.column))
}

// combine chooses among what the sources say.
func combine(pick string, list []picked) sql.Expr {
	value := func(p picked) sql.Expr { return sql.Col(alias(p.source.Name), p.value) }
	if len(list) == 1 {
		return value(list[0])
	}
	values, times := make([]sql.Expr, len(list)), make([]sql.Expr, len(list))
	for i, p := range list {
		values[i], times[i] = value(p), sql.Col(alias(p.source.Name), p.time)
	}
	switch pick {
	case "min":
		return sql.Fn(sql.Least, values...)
	case "max":
		return sql.Fn(sql.Greatest, values...)
	case "latest", "earliest":
		best := sql.Greatest
		if pick == "earliest" {
			best = sql.Least
		}
		// Among equal times the first source of the list counts.
		c := sql.Case{}
		for i := range list {
			c.Whens = append(c.Whens, sql.When{If: sql.Fn(sql.Eq, times[i], sql.Fn(best, times...)), Then: values[i]})
		}
		return c
	default:
		return sql.Fn(sql.Coalesce, values...)
	}
}

// alias is that of the features of a collection.
func alias(collection string) string { return "f_" + collection }

// ModelName is the name of an entity's Build.
func ModelName(e *config.Entity) string { return "profile:" + e.Name }

// Build compiles the model that writes the profiles.
func Build(in Input) *models.Model {
	e := in.Entity
	id := identity.Column(e)
	m := &models.Model{
		Name: ModelName(e),
		Span: e.Pos.Span(),
		Steps: []models.Step{&models.Exec{Title: "join what is known of each " + e.Name, Statements: []sql.Statement{
			sql.CreateTableAs{Table: WideTable(e), Query: wide(in, in.Expr.Stages()-1)},
		}}},
		Commit: []sql.Statement{sql.Swap{Name: e.Name + "_profiles"}},
		Measures: []models.Measure{{Subject: "profile:" + e.Name, Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "profiles")},
			From:  sql.TableRef{Table: Table(e), As: "p"},
		}}},
	}
	columns := []string{id}
	for _, t := range in.Expr.Traits {
		columns = append(columns, t.Name)
		m.Nodes = append(m.Nodes, "trait:"+e.Name+"."+t.Name)
	}
	if len(m.Nodes) == 0 {
		m.Nodes = []string{"entity:" + e.Name}
	}
	m.Steps = append(m.Steps, &models.Exec{Title: "write profiles", Statements: []sql.Statement{
		sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: e.Name + "_profiles"}, Query: &sql.Select{
			Items: sql.Items("w", columns...), From: sql.TableRef{Table: WideTable(e), As: "w"},
		}},
	}})
	if steps, commit := history(in); steps != nil {
		m.Steps = append(m.Steps, steps)
		m.Commit = append(m.Commit, commit...)
	}
	return m
}

// wide joins customers and features, then computes the traits of a stage level
// by level, each level reading the one before.
func wide(in Input, stage int) *sql.Select {
	if stage > 0 {
		return in.next(stage)
	}
	e := in.Entity
	id := identity.Column(e)
	from := sql.From(sql.Derived{As: "c", Query: &sql.Select{
		Distinct: true, Items: sql.Items("i", id), From: sql.TableRef{Table: identity.IdentitiesTable(e), As: "i"},
		Where: sql.Fn(sql.IsNotNull, sql.Col("i", id)), // some identifiers belong to nobody
	}})
	items := sql.Items("c", id)
	have := []string{id}
	picks := in.picks()
	read := map[*config.Source]bool{}
	for _, f := range in.Expr.Features {
		read[in.source(f.Source)] = true
		items = append(items, sql.Items(alias(f.Source), f.Name)...)
		have = append(have, f.Name)
	}
	for _, t := range in.Traits {
		if t.Pick == "" {
			continue
		}
		for _, p := range picks[t.Name] {
			read[p.source] = true
		}
		items = append(items, sql.As(combine(t.Pick, picks[t.Name]), t.Name))
		have = append(have, t.Name)
	}
	for _, s := range in.Sources {
		if read[s] {
			from = &sql.Join{
				Left: from, Kind: sql.LeftJoin, Right: sql.TableRef{Table: featuresTable(s), As: alias(s.Name)},
				On: sql.Fn(sql.Eq, sql.Col(alias(s.Name), id), sql.Col("c", id)),
			}
		}
	}
	for _, r := range in.Members {
		if !slices.ContainsFunc(in.Expr.Features, func(f expr.Feature) bool { return f.Source == r.Reverse }) {
			continue
		}
		as := alias(r.Reverse)
		from = &sql.Join{
			Left: from, Kind: sql.LeftJoin, Right: sql.TableRef{Table: membersTable(r), As: as},
			On: sql.Fn(sql.Eq, sql.Col(as, id), sql.Col("c", id)),
		}
	}
	for _, r := range in.Relations {
		pair, other := "r_"+r.Name, "o_"+r.Name
		from = sql.Joins(from,
			sql.Join{
				Kind: sql.LeftJoin, Right: sql.Derived{Query: relation.Primary(r.Relation, id, identity.Column(r.Other)), As: pair},
				On: sql.Fn(sql.Eq, sql.Col(pair, id), sql.Col("c", id)),
			},
			sql.Join{
				Kind: sql.LeftJoin, Right: sql.TableRef{Table: WideTable(r.Other), As: other},
				On: sql.Fn(sql.Eq, sql.Col(other, identity.Column(r.Other)), sql.Col(pair, identity.Column(r.Other))),
			})
		for _, x := range in.Expr.Related {
			if x.Relation == r.Name {
				items = append(items, sql.As(sql.Col(other, x.Trait), x.Column))
				have = append(have, x.Column)
			}
		}
	}
	out := &sql.Select{Items: items, From: from}
	have = append(have, in.joinCorrelated(out, "c", stage)...)
	return in.levels(stage, out, have)
}

// history closes the versions that no longer hold and opens their successors.
func history(in Input) (models.Step, []sql.Statement) {
	e := in.Entity
	id := identity.Column(e)
	keep := historyTraits(in)
	if len(keep) == 0 {
		return nil, nil
	}
	table := HistoryTable(e)
	turned := sql.Table{Space: sql.Work, Name: e.Name + "_turned"}
	columns := []string{id}
	differ := sql.Or{}
	for _, t := range in.Expr.Traits {
		if keep[t.Name] {
			columns = append(columns, t.Name)
			differ = append(differ, sql.Fn(sql.Differ, sql.Col("w", t.Name), sql.Col("h", t.Name)))
		}
	}
	open := sql.Derived{As: "h", Query: &sql.Select{
		Items: sql.Items("o", columns...),
		From:  sql.TableRef{Table: table, As: "o"},
		Where: sql.Fn(sql.IsNull, sql.Col("o", "valid_to")),
	}}
	join := func(kind sql.JoinKind) sql.From {
		return sql.Joins(sql.TableRef{Table: WideTable(e), As: "w"},
			sql.Join{Kind: kind, Right: open, On: sql.Fn(sql.Eq, sql.Col("h", id), sql.Col("w", id))})
	}
	// was is the customer whose open version ends, now the one with a new one;
	// either may be absent.
	step := &models.Exec{Title: "compare with the history", Statements: []sql.Statement{
		sql.CreateTableAs{Table: turned, Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("h", id), "was"), sql.As(sql.Col("w", id), "now")},
			From:  join(sql.FullJoin),
			Where: append(sql.Or{sql.Fn(sql.IsNull, sql.Col("h", id)), sql.Fn(sql.IsNull, sql.Col("w", id))}, differ...),
		}},
	}}
	commit := []sql.Statement{
		sql.Update{
			Table: table,
			Set:   []sql.Assignment{{Column: "valid_to", Value: sql.Timestamp(in.AsOf)}},
			Where: sql.And{
				sql.Fn(sql.IsNull, sql.Col("", "valid_to")),
				sql.InQuery{Exprs: []sql.Expr{sql.Col("", id)}, Query: &sql.Select{
					Items: sql.Items("t", "was"), From: sql.TableRef{Table: turned, As: "t"}, Where: sql.Fn(sql.IsNotNull, sql.Col("t", "was")),
				}},
			},
		},
		sql.InsertSelect{
			Table:   table,
			Columns: append([]string{"valid_from", "valid_to"}, columns...),
			Query: &sql.Select{
				Items: append([]sql.Item{
					sql.As(sql.Timestamp(in.AsOf), "valid_from"), sql.As(sql.Null{Type: sql.TypeTimestamp}, "valid_to"),
				}, sql.Items("w", columns...)...),
				From: sql.Joins(sql.TableRef{Table: WideTable(e), As: "w"},
					sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: turned, As: "t"}, On: sql.Fn(sql.Eq, sql.Col("t", "now"), sql.Col("w", id))}),
			},
		},
	}
	return step, commit
}
