package person

import (
	"slices"
	"strconv"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Column is a column of a source's table.
type Column struct {
	Name string
	// Other says that it is of a type that is none of package sql's: its text is
	// read.
	Other bool
}

// Rows selects the rows of a source that carry one of the person's identifiers:
// each of the columns, as it is in the source, then for each a bool that is true
// where its value is withheld, and empty.
//
// A row is somebody's by its strongest identifier. Of one that is somebody else's
// there is what names the person, and its time. In the person's own the
// identifiers of others are withheld, unless they are refused ones, which were
// found to be no one's in particular.
//
// The rows are looked for by their values in the table as it is now, and not by
// what the last run saw.
func (p Person) Rows(s *config.Source, columns []Column) *sql.Select {
	bindings := identity.Bindings(p.Entity, s)
	items := make([]sql.Item, len(columns))
	for i, c := range columns {
		value := sql.Expr(sql.Col("s", c.Name))
		if c.Other {
			value = sql.Fn(sql.AnyText, value)
		}
		items[i] = sql.As(value, cell(i))
	}
	if s.Time != "" {
		items = append(items, sql.As(sql.Cast{Expr: sql.Col("s", s.Time), To: sql.TypeTimestamp}, at))
	}
	out := &sql.Select{From: sql.Derived{Query: p.held(s, items), As: "h"}}
	var held []sql.Item
	own := sql.Col("h", own)
	for i, c := range columns {
		hide := sql.Expr(sql.Fn(sql.Not, own))
		if c.Name == s.Time {
			hide = sql.Bool(false)
		}
		var mine, others sql.Or
		for _, b := range bindings {
			if b.Column == c.Name {
				mine = append(mine, sql.Col("h", isMine(b)))
				others = append(others, sql.Col("h", isOthers(b)))
			}
		}
		withheld := hide
		if mine != nil {
			withheld = sql.And{sql.Fn(sql.Not, mine), sql.Or{hide, others}}
		}
		out.Items = append(out.Items, sql.As(sql.If(sql.Fn(sql.Not, withheld), sql.Col("h", cell(i)), nil), cell(i)))
		held = append(held, sql.As(withheld, "withheld."+strconv.Itoa(i)))
	}
	out.Items = append(out.Items, held...)
	if s.Time != "" {
		out.OrderBy = append(out.OrderBy, sql.Asc(sql.Col("h", at)))
	}
	for _, b := range bindings {
		out.OrderBy = append(out.OrderBy, sql.Asc(sql.Col("h", b.Value())))
	}
	return out
}

// Holding selects the rows of a source that carry one of the person's
// identifiers, with their time, NULL where the source has none, as at.
func (p Person) Holding(s *config.Source) *sql.Select {
	time := sql.Expr(sql.Null{Type: sql.TypeTimestamp})
	if s.Time != "" {
		time = sql.Cast{Expr: sql.Col("s", s.Time), To: sql.TypeTimestamp}
	}
	return p.carrying(s, []sql.Item{sql.As(time, at)})
}

// The columns of held beside those that are asked for.
const (
	// at is when the row was true.
	at = "at"
	// own says that the row is the person's.
	own = "own"
)

func cell(i int) string                  { return "cell." + strconv.Itoa(i) }
func isMine(b identity.Binding) string   { return "mine." + b.Identifier.Name }
func isOthers(b identity.Binding) string { return "others." + b.Identifier.Name }

// carrying are the rows of a source that carry one of the person's identifiers:
// items, over the row s, and the comparable values of its identifiers.
func (p Person) carrying(s *config.Source, items []sql.Item) *sql.Select {
	e := p.Entity
	valued := &sql.Select{Items: slices.Clip(items), From: ref(identity.SourceTable(s), "s")}
	out := &sql.Select{From: sql.Derived{Query: valued, As: "v"}}
	for _, it := range items {
		out.Items = append(out.Items, sql.Items("v", it.As)...)
	}
	where := sql.Or{}
	for _, b := range identity.Bindings(e, s) {
		valued.Items = append(valued.Items, sql.As(identity.Comparable(b.Identifier, sql.Fn(sql.Text, sql.Col("s", b.Column))), b.Value()))
		out.Items = append(out.Items, sql.Items("v", b.Value())...)
		value := sql.Col("v", b.Value())
		if len(p.IDs) > 0 {
			where = append(where, sql.InQuery{Exprs: []sql.Expr{value}, Query: &sql.Select{
				Items: sql.Items("i", "identifier"), From: ref(identity.IdentitiesTable(e), "i"),
				Where: sql.And{eq(sql.Col("i", "identifier_type"), sql.String(b.Identifier.Name)), p.is(sql.Col("i", identity.Column(e)))},
			}})
		}
		for _, n := range p.Named {
			if n.Type == b.Identifier.Name {
				where = append(where, eq(value, sql.String(n.Value)))
			}
		}
	}
	out.Where = where
	return out
}

// held is carrying with whose each identifier is, and whose the row.
func (p Person) held(s *config.Source, items []sql.Item) *sql.Select {
	e := p.Entity
	id := identity.Column(e)
	bindings := identity.Bindings(e, s)
	out := &sql.Select{}
	for _, it := range items {
		out.Items = append(out.Items, sql.Items("c", it.As)...)
	}
	from := sql.From(sql.Derived{Query: p.carrying(s, items), As: "c"})
	whose := sql.Case{Else: sql.Bool(false)}
	for i, b := range bindings {
		alias := "i" + strconv.Itoa(i)
		from = sql.Joins(from, sql.Join{
			Kind: sql.LeftJoin, On: eq(sql.Col(alias, "identifier"), sql.Col("c", b.Value())),
			Right: sql.Derived{As: alias, Query: &sql.Select{
				Items: sql.Items("i", "identifier", id, "number"), From: ref(identity.IdentitiesTable(e), "i"),
				Where: sql.And{eq(sql.Col("i", "identifier_type"), sql.String(b.Identifier.Name)), sql.Fn(sql.IsNotNull, sql.Col("i", id))},
			}},
		})
		known, is := sql.Fn(sql.IsNotNull, sql.Col(alias, id)), p.is(sql.Col(alias, id))
		mine := sql.Fn(sql.Coalesce, is, sql.Bool(false))
		refused := sql.InQuery{Exprs: []sql.Expr{sql.Col(alias, "number")}, Query: &sql.Select{
			Items: sql.Items("x", "number"), From: ref(identity.IncidentsTable(e), "x"),
			Where: sql.And{sql.Fn(sql.IsNotNull, sql.Col("x", "number")), sql.In{Expr: sql.Col("x", "reason"), List: []sql.Expr{sql.String("shared"), sql.String("conflict"), sql.String("too_many")}}},
		}}
		others := sql.Case{Whens: []sql.When{
			{If: sql.Fn(sql.Not, known), Then: sql.Bool(false)}, {If: is, Then: sql.Bool(false)}, {If: refused, Then: sql.Bool(false)},
		}, Else: sql.Bool(true)}
		out.Items = append(out.Items, sql.As(sql.Col("c", b.Value()), b.Value()), sql.As(mine, isMine(b)), sql.As(others, isOthers(b)))
		whose.Whens = append(whose.Whens, sql.When{If: known, Then: mine})
	}
	out.Items = append(out.Items, sql.As(whose, own))
	out.From = from
	return out
}
