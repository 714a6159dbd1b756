package segment

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// sinceTable has, for each member of a segment whose time of entry is read, what
// the last run knew of it.
func sinceTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Work, Name: e.Name + "_since"}
}

// since are the segments whose time of entry any condition reads, sorted.
func (e Entity) since() []string {
	var out []string
	for _, s := range e.Segments {
		out = append(out, s.Since...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// since gathers the times of entry that conditions read, under the ids that live
// on; nil where they read none.
func since(in Input, e Entity, ids []string) models.Step {
	names := e.since()
	if len(names) == 0 {
		return nil
	}
	id := identity.Column(e.Entity)
	listed := sql.In{Expr: sql.Col("o", "segment")}
	out := &sql.Select{
		Items: sql.Items("b", id), Where: sql.Fn(sql.IsNotNull, sql.Col("b", id)), GroupBy: []sql.Expr{sql.Col("b", id)},
	}
	for _, name := range names {
		listed.List = append(listed.List, sql.String(name))
		at := sql.If(sql.Fn(sql.Eq, sql.Col("b", "segment"), sql.String(name)), sql.Col("b", "entered_at"), nil)
		out.Items = append(out.Items, sql.As(sql.Fn(sql.Min, at), expr.SinceColumn(name)))
	}
	out.From = sql.Derived{Query: previous(in, ids, listed), As: "b"}
	return &models.Exec{Title: "look up when members of " + e.Entity.Name + " entered", Statements: []sql.Statement{
		sql.CreateTableAs{Table: sinceTable(e.Entity), Query: out},
	}}
}
