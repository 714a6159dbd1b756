package tests

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// known looks up the people whose results are known, all at once: whether all of
// their identifiers are one entity, and what its profile and segments are. It is
// nil where there are none.
func (s *Set) known(e *config.Entity, list []*config.Test) models.Step {
	var asked sql.Union
	var segments []string
	number := 0
	for _, t := range list {
		for _, person := range t.People {
			number++
			for _, r := range person.Identifiers {
				i := slices.IndexFunc(e.Identifiers, func(id config.Identifier) bool { return id.Name == r.Type })
				asked = append(asked, &sql.Select{Items: []sql.Item{
					sql.As(sql.Cast{Expr: sql.Int(number), To: sql.TypeInt}, "person"), sql.As(sql.String(r.Type), "t"),
					sql.As(identity.Normal(e.Identifiers[i], r.Value), "v"),
				}})
			}
			for _, x := range person.Segments {
				if !slices.Contains(segments, x.Key) {
					segments = append(segments, x.Key)
				}
			}
		}
	}
	if len(asked) == 0 {
		return nil
	}
	id := identity.Column(e)
	people := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("d", "person"), "person"),
			sql.As(countIf(sql.Fn(sql.IsNull, sql.Col("i", id))), "unknown"),
			sql.As(sql.Fn(sql.Min, sql.Col("i", id)), "first"),
			sql.As(sql.Fn(sql.Max, sql.Col("i", id)), "last"),
		},
		From: sql.Joins(sql.Derived{Query: asked, As: "d"}, sql.Join{
			Kind: sql.LeftJoin, Right: sql.TableRef{Table: identity.IdentitiesTable(e), As: "i"}, On: sql.And{
				sql.Fn(sql.Eq, sql.Col("i", "identifier_type"), sql.Col("d", "t")), sql.Fn(sql.Eq, sql.Col("i", "identifier"), sql.Col("d", "v")),
			},
		}),
		GroupBy: []sql.Expr{sql.Col("d", "person")},
	}
	found := sql.Col("q", "first")
	from := sql.Joins(sql.Derived{Query: people, As: "q"}, sql.Join{
		Kind: sql.LeftJoin, Right: sql.TableRef{Table: profile.Table(e), As: expr.Row}, On: sql.Fn(sql.Eq, col(id), found),
	})
	p := &pass{Set: s, types: s.traitTypes(e.Name), from: withMembers(from, e, found, segments)}
	number = 0
	for _, t := range list {
		for _, person := range t.People {
			number++
			p.person(t, person, number, found)
		}
	}
	return p.step("look up known people of " + e.Name)
}

// person adds what is expected of one.
func (p *pass) person(t *config.Test, person *config.Person, number int, found sql.Expr) {
	is := sql.Fn(sql.Eq, sql.Col("q", "person"), sql.Int(number))
	there := sql.And{is, sql.Fn(sql.IsNotNull, found)}
	expect := func(name string, value sql.Item, bad ...sql.Expr) {
		p.expectations = append(p.expectations, models.Expectation{
			Test: t, Name: person.Name + ": " + name, Kind: models.Known, Rows: -1, Number: p.number(countIf(bad...)), Keys: 1,
			Failing: &sql.Select{Items: []sql.Item{sql.As(found, "found"), value}, From: p.from, Where: sql.And(bad)},
		})
	}
	expect("every identifier is known", sql.As(sql.Col("q", "unknown"), "unknown"), is, sql.Fn(sql.Gt, sql.Col("q", "unknown"), sql.Int(0)))
	if len(person.Identifiers) > 1 {
		last := sql.Col("q", "last")
		expect("identifiers are of one", sql.As(last, "and"), is, sql.Fn(sql.Ne, found, last))
	}
	for _, x := range person.Traits {
		bad := sql.Expr(sql.Fn(sql.IsNotNull, col(x.Key)))
		if !null(x.Value) {
			bad = sql.Fn(sql.Differ, inExpressions(col(x.Key), p.types[x.Key]), p.values[x.Value.Span()])
		}
		expect(x.Key, sql.As(col(x.Key), x.Key), there, bad)
	}
	for _, x := range person.Segments {
		member := sql.Col("m", expr.SegmentColumn(x.Key))
		name, bad := "in "+x.Key, sql.Fn(sql.IsNull, member)
		if !x.Value {
			name, bad = "not in "+x.Key, sql.Fn(sql.IsNotNull, member)
		}
		expect(name, sql.As(sql.String(x.Key), "segment"), there, bad)
	}
}
