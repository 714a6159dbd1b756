package person

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Origin selects the row that a picked trait of the person takes its value from:
// place (of the reference in Trait.From), value, and at, NULL where the source has
// no time. It has one row at most, and it is nil for a trait that is computed. It
// chooses as package profile does, from the rows that are there now.
func (p Person) Origin(t *config.Trait) *sql.Select {
	if t.Pick == "" || len(p.IDs) == 0 {
		return nil
	}
	var all sql.Union
	for i, reference := range t.From {
		name, column := models.Reference(reference)
		k := slices.IndexFunc(p.Project.Sources, func(s *config.Source) bool { return s.Name == name })
		s := p.Project.Sources[k]
		time := sql.Expr(sql.Null{Type: sql.TypeTimestamp})
		if s.Time != "" {
			time = sql.Cast{Expr: sql.Col("s", s.Time), To: sql.TypeTimestamp}
		}
		items := []sql.Item{sql.As(time, at)}
		value := "value"
		switch c, declared := s.Columns.Get(column); {
		case declared:
			items = append(items, sql.As(sql.Cast{Expr: sql.Col("s", c.Column), To: models.ColumnType(c.Type)}, value))
		case column == expr.TimeField:
			value = at
		default:
			// The comparable form, of values that identify somebody.
			value = identity.Value(column)
		}
		out := &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Cast{Expr: sql.Int(i), To: sql.TypeInt}, "place"), sql.As(sql.Col("h", value), "value"), sql.As(sql.Col("h", at), at),
			},
			From:  sql.Derived{Query: p.held(s, items), As: "h"},
			Where: sql.And{sql.Col("h", own), sql.Fn(sql.IsNotNull, sql.Col("h", value))},
		}
		if value == identity.Value(column) {
			out.Where = sql.And{out.Where, sql.InQuery{Exprs: []sql.Expr{sql.Col("h", value)}, Query: &sql.Select{
				Items: sql.Items("i", "identifier"), From: ref(identity.IdentitiesTable(p.Entity), "i"),
				Where: eq(sql.Col("i", "identifier_type"), sql.String(column)),
			}}}
		}
		all = append(all, out)
	}
	col := func(name string) sql.Expr { return sql.Col("o", name) }
	// A row without a time was true before any other.
	early, late := sql.Order{Expr: col(at), NullsFirst: true}, sql.Order{Expr: col(at), Desc: true}
	small, large := sql.Asc(col("value")), sql.Order{Expr: col("value"), Desc: true}
	first := sql.Asc(col("place"))
	order := map[string][]sql.Order{
		"latest": {late, first, large}, "earliest": {early, first, small},
		"min": {small, first, late}, "max": {large, first, late}, "priority": {first, late, large},
	}[t.Pick]
	return &sql.Select{
		Items: sql.Items("o", "place", "value", at), From: sql.Derived{Query: all, As: "o"}, OrderBy: order, Limit: 1,
	}
}
