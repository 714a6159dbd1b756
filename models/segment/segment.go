// Package segment compiles who is in which segment, and who entered and left.
//
// The conditions of all segments of an entity are evaluated in one statement
// over its wide table. All segments share two public tables, so one model
// builds them. It never runs SQL and never looks at data. Start with Build.
package segment

import (
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Entity is one entity with its compiled segments.
type Entity struct {
	Entity *config.Entity
	// Segments are compiled, in an order in which each comes after those that
	// it reads.
	Segments []expr.Compiled
}

// Input is what the memberships depend on.
type Input struct {
	// All are all entities of the project.
	All []Entity
	// Selected says which segments to evaluate; the others keep their members.
	Selected func(name string) bool
	AsOf     time.Time
	RunID    string
}

// Table is the public table of current members.
var Table = sql.Table{Space: sql.Public, Name: "segment_members"}

// ChangesTable is the public table of entries and exits, and SizesTable that of
// how large each segment was after each run that evaluated it.
var (
	ChangesTable = sql.Table{Space: sql.Public, Name: "segment_changes"}
	SizesTable   = sql.Table{Space: sql.Public, Name: "segment_sizes"}
)

var (
	besideTable = sql.Table{Space: sql.Beside, Name: Table.Name}
	before      = sql.Table{Space: sql.Work, Name: "members_before"}
	now         = sql.Table{Space: sql.Work, Name: "members_now"}
	delta       = sql.Table{Space: sql.Work, Name: "members_delta"}
	counts      = sql.Table{Space: sql.Work, Name: "members_counts"}
)

// EvaluatedTable is the Work table with a row for each entity and a column for
// each evaluated segment (expr.SegmentColumn).
func EvaluatedTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Work, Name: e.Name + "_segments"}
}

// System lists the tables that must exist before the model runs. Each entity
// has its id column; the others' are NULL in a row.
func System(entities []*config.Entity) []sql.CreateTable {
	members := sql.CreateTable{Table: Table, Columns: []sql.ColumnDef{{Name: "segment", Type: sql.TypeString}}}
	changes := sql.CreateTable{Table: ChangesTable, Columns: []sql.ColumnDef{{Name: "segment", Type: sql.TypeString}}}
	for _, e := range entities {
		id := sql.ColumnDef{Name: identity.Column(e), Type: sql.TypeInt}
		members.Columns = append(members.Columns, id)
		changes.Columns = append(changes.Columns, id)
	}
	members.Key, changes.Key = sql.ColumnNames(members.Columns), []string{"segment", "at"}
	members.Columns = append(members.Columns, sql.ColumnDef{Name: "entered_at", Type: sql.TypeTimestamp})
	changes.Columns = append(changes.Columns,
		sql.ColumnDef{Name: "change", Type: sql.TypeString},
		sql.ColumnDef{Name: "at", Type: sql.TypeTimestamp},
		sql.ColumnDef{Name: "run_id", Type: sql.TypeString})
	sizes := sql.CreateTable{Table: SizesTable, Key: []string{"segment", "at"}, Columns: []sql.ColumnDef{
		{Name: "segment", Type: sql.TypeString},
		{Name: "at", Type: sql.TypeTimestamp},
		{Name: "profiles", Type: sql.TypeInt},
		{Name: "members", Type: sql.TypeInt},
		{Name: "entries", Type: sql.TypeInt},
		{Name: "exits", Type: sql.TypeInt},
		{Name: "run_id", Type: sql.TypeString},
	}}
	return []sql.CreateTable{members, changes, sizes}
}

// Build compiles the model that evaluates the selected segments, nil where
// the project has none.
func Build(in Input) *models.Model {
	m := &models.Model{Name: "segments"}
	var known []sql.Expr // names of segments that the project has
	var kept []sql.Expr  // of those, the ones that are not evaluated now
	for _, e := range in.All {
		for _, s := range e.Segments {
			known = append(known, sql.String(s.Name))
			if in.Selected(s.Name) {
				m.Nodes = append(m.Nodes, "segment:"+s.Name)
			} else {
				kept = append(kept, sql.String(s.Name))
			}
		}
	}
	if len(known) == 0 && len(in.All) > 0 && in.Selected("") {
		// The last segment was removed: its members leave.
		m.Nodes = []string{"segment:"}
	}
	if len(m.Nodes) == 0 {
		return nil
	}
	isKept := func(alias string) sql.Expr { return sql.In{Expr: sql.Col(alias, "segment"), List: kept} }

	ids := make([]string, len(in.All))
	for i, e := range in.All {
		ids[i] = identity.Column(e.Entity)
	}
	var members sql.Union
	for _, e := range in.All {
		q, needed := bools(e, in.Selected)
		if len(needed) == 0 {
			continue
		}
		m.Span = e.Entity.Pos.Span()
		if step := since(in, e, ids); step != nil {
			m.Steps = append(m.Steps, step)
		}
		m.Steps = append(m.Steps, &models.Exec{
			Title:      "evaluate the segments of " + e.Entity.Name,
			Statements: []sql.Statement{sql.CreateTableAs{Table: EvaluatedTable(e.Entity), Query: q}},
		})
		for _, name := range needed {
			row := []sql.Item{sql.As(sql.String(name), "segment")}
			for _, id := range ids {
				row = append(row, idItem(id, identity.Column(e.Entity), sql.Col("b", id)))
			}
			members = append(members, &sql.Select{
				Items: row, From: sql.TableRef{Table: EvaluatedTable(e.Entity), As: "b"}, Where: sql.Col("b", expr.SegmentColumn(name)),
			})
		}
	}

	if len(members) == 0 {
		members = sql.Union{&sql.Select{
			Items: sql.Items("o", append([]string{"segment"}, ids...)...), From: sql.TableRef{Table: Table, As: "o"}, Where: sql.Bool(false),
		}}
	}
	m.Steps = append(m.Steps, &models.Exec{Title: "compare with the last members", Statements: []sql.Statement{
		sql.CreateTableAs{Table: before, Query: previous(in, ids, sql.Fn(sql.Not, isKept("o")))},
		sql.CreateTableAs{Table: now, Query: current(members, ids, in.AsOf)},
		sql.CreateTableAs{Table: delta, Query: changes(ids)},
		sql.CreateTableAs{Table: counts, Query: sizes(in)},
		sql.CreateTableAs{Table: besideTable, Key: append([]string{"segment"}, ids...), Query: sql.Union{
			&sql.Select{Items: sql.Items("n", append(append([]string{"segment"}, ids...), "entered_at")...), From: sql.TableRef{Table: now, As: "n"}},
			previous(in, ids, isKept("o")),
		}},
	}})
	columns := append([]string{"segment"}, ids...)
	m.Commit = []sql.Statement{
		sql.Swap{Name: Table.Name},
		sql.InsertSelect{
			Table:   ChangesTable,
			Columns: append(append([]string{}, columns...), "change", "at", "run_id"),
			Query: &sql.Select{
				Items: append(sql.Items("d", append(columns, "change")...),
					sql.As(sql.Timestamp(in.AsOf), "at"), sql.As(sql.String(in.RunID), "run_id")),
				From: sql.TableRef{Table: delta, As: "d"},
			},
		},
		sql.InsertSelect{
			Table:   SizesTable,
			Columns: []string{"segment", "profiles", "members", "entries", "exits", "at", "run_id"},
			Query: &sql.Select{
				Items: append(sql.Items("c", "segment", "profiles", "members", "entries", "exits"),
					sql.As(sql.Timestamp(in.AsOf), "at"), sql.As(sql.String(in.RunID), "run_id")),
				From: sql.TableRef{Table: counts, As: "c"},
			},
		},
	}
	m.Measures = []models.Measure{{Subject: "segment:", ByName: true, Query: &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("c", "segment"), "name"), sql.As(sql.Col("c", "members"), "members"),
			sql.As(sql.Col("c", "entries"), "entered"), sql.As(sql.Col("c", "exits"), "left"),
		},
		From:    sql.TableRef{Table: counts, As: "c"},
		OrderBy: []sql.Order{sql.Asc(sql.Col("c", "segment"))},
	}}}
	return m
}

// bools evaluates the selected segments of an entity and those that they read,
// level by level; needed are the selected ones.
func bools(e Entity, selected func(string) bool) (q *sql.Select, needed []string) {
	read := map[string]bool{}
	for _, s := range slices.Backward(e.Segments) {
		if !selected(s.Name) && !read[s.Name] {
			continue
		}
		for _, r := range s.Segments {
			read[r] = true
		}
	}
	for _, s := range e.Segments {
		if selected(s.Name) {
			needed = append(needed, s.Name)
		}
	}
	var columns []string // of the wide table that any condition reads
	seen := map[string]bool{}
	for _, s := range e.Segments {
		if !selected(s.Name) && !read[s.Name] {
			continue
		}
		for _, c := range slices.Concat(s.Reads, s.Features, s.Related) {
			if !seen[c] {
				seen[c] = true
				columns = append(columns, c)
			}
		}
	}
	id := identity.Column(e.Entity)
	var have []string
	from := sql.From(sql.TableRef{Table: profile.WideTable(e.Entity), As: expr.Row})
	if names := e.since(); len(names) > 0 {
		base := &sql.Select{Items: sql.Items(expr.Row, append([]string{id}, columns...)...), From: sql.Joins(from, sql.Join{
			Kind: sql.LeftJoin, Right: sql.TableRef{Table: sinceTable(e.Entity), As: "s"}, On: sql.Fn(sql.Eq, sql.Col("s", id), sql.Col(expr.Row, id)),
		})}
		for _, name := range names {
			base.Items = append(base.Items, sql.Items("s", expr.SinceColumn(name))...)
			columns = append(columns, expr.SinceColumn(name))
		}
		from = sql.Derived{Query: base, As: expr.Row}
	}
	for level := 0; ; level++ {
		var items []sql.Item
		for _, s := range e.Segments {
			if s.Level == level && (selected(s.Name) || read[s.Name]) {
				items = append(items, sql.As(s.Expr, expr.SegmentColumn(s.Name)))
			}
		}
		if len(items) == 0 {
			break
		}
		if q != nil {
			from = sql.Derived{Query: q, As: expr.Row}
		}
		q = &sql.Select{Items: append(sql.Items(expr.Row, append(append([]string{id}, columns...), have...)...), items...), From: from}
		for _, it := range items {
			have = append(have, it.As)
		}
	}
	if q == nil {
		return nil, nil
	}
	// What conditions read is not part of the answer.
	final := []string{id}
	for _, name := range needed {
		final = append(final, expr.SegmentColumn(name))
	}
	return &sql.Select{Items: sql.Items(expr.Row, final...), From: sql.Derived{Query: q, As: expr.Row}}, needed
}

func idItem(column, own string, value sql.Expr) sql.Item {
	if column == own {
		return sql.As(value, column)
	}
	return sql.As(sql.Null{Type: sql.TypeInt}, column)
}

// previous selects members of the last build, under the ids that live on;
// where a merge makes two of them one, the earlier entry counts. The members of
// an entity that the project no longer has are nobody that could leave.
func previous(in Input, ids []string, where sql.Expr) *sql.Select {
	from := sql.From(sql.TableRef{Table: Table, As: "o"})
	somebody := sql.Or{}
	items := sql.Items("o", "segment")
	group := []sql.Expr{sql.Col("o", "segment")}
	for i, e := range in.All {
		redirect := "r" + string(rune('0'+i%10)) + ids[i]
		from = &sql.Join{
			Left: from, Kind: sql.LeftJoin, Right: sql.TableRef{Table: identity.RedirectTable(e.Entity), As: redirect},
			On: sql.Fn(sql.Eq, sql.Col(redirect, "old_id"), sql.Col("o", ids[i])),
		}
		id := sql.Fn(sql.Coalesce, sql.Col(redirect, "new_id"), sql.Col("o", ids[i]))
		items = append(items, sql.As(id, ids[i]))
		somebody = append(somebody, sql.Fn(sql.IsNotNull, sql.Col("o", ids[i])))
		group = append(group, id)
	}
	items = append(items, sql.As(sql.Fn(sql.Min, sql.Col("o", "entered_at")), "entered_at"))
	return &sql.Select{Items: items, From: from, Where: sql.And{where, somebody}, GroupBy: group}
}

// current gives the new members the time at which they entered.
func current(members sql.Union, ids []string, asOf time.Time) *sql.Select {
	columns := append([]string{"segment"}, ids...)
	return &sql.Select{
		Items: append(sql.Items("m", columns...),
			sql.As(sql.Fn(sql.Coalesce, sql.Col("b", "entered_at"), sql.Timestamp(asOf)), "entered_at")),
		From: sql.Joins(sql.Derived{Query: members, As: "m"},
			sql.Join{Kind: sql.LeftJoin, Right: sql.TableRef{Table: before, As: "b"}, On: sameMember("b", "m", ids)}),
	}
}

// changes lists entries and exits.
func changes(ids []string) sql.Query {
	columns := append([]string{"segment"}, ids...)
	side := func(kind string, from, other sql.Table) *sql.Select {
		return &sql.Select{
			Items: append(sql.Items("a", columns...), sql.As(sql.String(kind), "change")),
			From:  sql.TableRef{Table: from, As: "a"},
			Where: sql.Exists{Not: true, Query: &sql.Select{
				Items: []sql.Item{sql.As(sql.Int(1), "one")}, From: sql.TableRef{Table: other, As: "b"}, Where: sameMember("b", "a", ids),
			}},
		}
	}
	return sql.Union{side("entered", now, before), side("left", before, now)}
}

func sameMember(a, b string, ids []string) sql.Expr {
	on := sql.And{sql.Fn(sql.Eq, sql.Col(a, "segment"), sql.Col(b, "segment"))}
	same := sql.Same
	if len(ids) == 1 {
		same = sql.Eq
	}
	for _, id := range ids {
		on = append(on, sql.Fn(same, sql.Col(a, id), sql.Col(b, id)))
	}
	return on
}

// sizes counts members, entries and exits by segment, and the profiles that
// there are: a segment without members is counted too. One that was removed is
// counted a last time, without profiles.
func sizes(in Input) *sql.Select {
	row := func(name, profiles, members, entries, exits sql.Expr, from sql.From) *sql.Select {
		return &sql.Select{From: from, Items: []sql.Item{
			sql.As(name, "segment"), sql.As(profiles, "profiles"), sql.As(members, "members"), sql.As(entries, "entries"), sql.As(exits, "exits"),
		}}
	}
	isChange := func(kind string) sql.Expr {
		return sql.If(sql.Fn(sql.Eq, sql.Col("x", "change"), sql.String(kind)), sql.Int(1), sql.Int(0))
	}
	unknown := sql.Null{Type: sql.TypeInt}
	all := sql.Union{
		row(sql.Col("x", "segment"), unknown, sql.Int(1), sql.Int(0), sql.Int(0), sql.TableRef{Table: now, As: "x"}),
		row(sql.Col("x", "segment"), unknown, sql.Int(0), isChange("entered"), isChange("left"), sql.TableRef{Table: delta, As: "x"}),
	}
	for _, e := range in.All {
		var names sql.Union
		for _, s := range e.Segments {
			if in.Selected(s.Name) {
				names = append(names, &sql.Select{Items: []sql.Item{sql.As(sql.String(s.Name), "segment")}})
			}
		}
		if len(names) == 0 {
			continue
		}
		number := &sql.Select{
			Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "profiles")}, From: sql.TableRef{Table: profile.WideTable(e.Entity), As: "w"},
		}
		all = append(all, row(sql.Col("n", "segment"), sql.Col("w", "profiles"), sql.Int(0), sql.Int(0), sql.Int(0),
			sql.Joins(sql.Derived{Query: names, As: "n"}, sql.Join{Kind: sql.CrossJoin, Right: sql.Derived{Query: number, As: "w"}})))
	}
	sum := func(column string) sql.Item { return sql.As(sql.Fn(sql.Sum, sql.Col("a", column)), column) }
	return &sql.Select{
		Items:   []sql.Item{sql.As(sql.Col("a", "segment"), "segment"), sum("profiles"), sum("members"), sum("entries"), sum("exits")},
		From:    sql.Derived{Query: all, As: "a"},
		GroupBy: []sql.Expr{sql.Col("a", "segment")},
	}
}
