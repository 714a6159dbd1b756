package audience

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// withdrawn asks who may not be sent any more though the audience has them: the
// lists of the rights of people as they are by now, what was asked for and is not on
// them yet (Named), and the words of consent that came after the data was read.
//
// It is asked while rows are sent, so each part of it is small: a list, or the rows
// of a source from after AsOf. Of a source whose rows have no time the word is what
// stands there now, which is read whole. A source that is files is not asked: it is
// read once in a run. Who was erased from first to last meanwhile, by a process that
// does not know of this one, is on no list by name: identities lacks their id.
func (b *builder) withdrawn() models.Withdrawals {
	named := sql.CreateTable{
		Table:   sql.Table{Space: sql.Work, Name: "named_" + b.Sync.Name},
		Columns: []sql.ColumnDef{{Name: "identifier_type", Type: sql.TypeString}, {Name: "identifier", Type: sql.TypeString}},
	}
	kind, purpose := sql.Col("l", "kind"), sql.Col("l", "purpose")
	listed := &sql.Select{
		Items: sql.Items("l", "identifier_type", "identifier"), From: sql.TableRef{Table: privacy.Restrictions, As: "l"},
		Where: sql.And{
			sql.Fn(sql.Eq, sql.Col("l", "entity"), sql.String(b.Entity.Name)),
			sql.Or{
				sql.Fn(sql.Eq, kind, sql.String(privacy.Restricted)),
				sql.And{sql.Fn(sql.Eq, kind, sql.String(privacy.Objected)), sql.Or{sql.Fn(sql.IsNull, purpose), sql.Fn(sql.Eq, purpose, sql.String(b.Sync.Purpose))}},
			},
		},
	}
	asked := &sql.Select{Items: sql.Items("l", "identifier_type", "identifier"), From: sql.TableRef{Table: named.Table, As: "l"}}
	all := sql.Union{b.identified(listed), &sql.Select{
		Items: []sql.Item{sql.As(sql.Null{Type: sql.TypeInt}, "id")}, From: sql.TableRef{Table: privacy.Suppressions, As: "l"},
		Where: sql.And{
			sql.Fn(sql.Eq, sql.Col("l", "entity"), sql.String(b.Entity.Name)), sql.Fn(sql.Gt, sql.Col("l", "at"), sql.Timestamp(b.AsOf)),
		},
	}}
	for _, c := range b.Consents {
		if c.Entity == b.Entity.Name {
			all = append(all, b.refusals(c)...)
		}
	}
	return models.Withdrawals{
		Query: &sql.Select{Distinct: true, Items: sql.Items("w", "id"), From: sql.Derived{Query: all, As: "w"}},
		Gone: &sql.Select{
			Distinct: true, Items: []sql.Item{sql.As(sql.Col("a", "entity_id"), "id")}, From: sql.TableRef{Table: b.wanted, As: "a"},
			Where: sql.InQuery{Exprs: []sql.Expr{sql.Col("a", "entity_id")}, Not: true, Query: &sql.Select{
				Items: sql.Items("i", b.id()), From: sql.TableRef{Table: identity.IdentitiesTable(b.Entity), As: "i"},
				Where: sql.Fn(sql.IsNotNull, sql.Col("i", b.id())),
			}},
		},
		Named: named, Carriers: b.identified(asked),
	}
}

// identified are the ids of those who carry one of the identifiers that a query
// lists.
func (b *builder) identified(list sql.Query) sql.Query {
	return &sql.Select{
		Items: []sql.Item{sql.As(sql.Col("i", b.id()), "id")}, From: sql.TableRef{Table: identity.IdentitiesTable(b.Entity), As: "i"},
		Where: sql.And{
			sql.Fn(sql.IsNotNull, sql.Col("i", b.id())),
			sql.InQuery{Exprs: []sql.Expr{sql.Col("i", "identifier_type"), sql.Col("i", "identifier")}, Query: list},
		},
	}
}

// refusals are the ids of those whose latest word on a consent is a refusal that the
// audience cannot know of. Of words at the same time the refusal counts.
func (b *builder) refusals(c *config.Consent) []sql.Query {
	var words sql.Union
	for _, w := range c.Words(b.Sync.Purpose) {
		i := slices.IndexFunc(b.Sources, func(s *config.Source) bool { return s.Name == w.Source })
		s := b.Sources[i]
		switch {
		case s.Files != nil:
		case s.Time == "":
			// It has no other: see the checks of a project. A word with a time, of another
			// consent to the purpose, is later than any without.
			return []sql.Query{&sql.Select{
				Distinct: true, Items: sql.Items("o", "id"), From: sql.Derived{Query: b.words(s, w, false), As: "o"},
				Where: sql.And{
					sql.Fn(sql.Not, sql.Col("o", "given")),
					sql.InQuery{Exprs: []sql.Expr{sql.Col("o", "id")}, Query: &sql.Select{Items: sql.Items("a", "entity_id"), From: sql.TableRef{Table: b.wanted, As: "a"}}},
					sql.InQuery{Exprs: []sql.Expr{sql.Col("o", "id")}, Not: true, Query: &sql.Select{
						Items: sql.Items("y", b.id()), From: sql.TableRef{Table: profile.ConsentsTable(b.Entity), As: "y"},
						Where: sql.And{sql.Fn(sql.Eq, sql.Col("y", "purpose"), sql.String(b.Sync.Purpose)), sql.Fn(sql.IsNotNull, sql.Col("y", "at"))},
					}},
				},
			}}
		default:
			words = append(words, b.words(s, w, true)...)
		}
	}
	if len(words) == 0 {
		return nil
	}
	given, at := sql.Col("o", "given"), sql.Col("o", "at")
	last := func(of sql.Expr) sql.Expr { return sql.Fn(sql.Max, sql.If(of, at, nil)) }
	refused, permitted := last(sql.Fn(sql.Not, given)), last(given)
	return []sql.Query{&sql.Select{
		Items: sql.Items("o", "id"), From: sql.Derived{Query: words, As: "o"}, GroupBy: []sql.Expr{sql.Col("o", "id")},
		Having: sql.And{sql.Fn(sql.IsNotNull, refused), sql.Or{sql.Fn(sql.IsNull, permitted), sql.Fn(sql.Ge, refused, permitted)}},
	}}
}

// words are what was said in a source, from after AsOf where its rows have a time:
// by whom (id), given, and at. Whoever carries one identifier of a row has said it.
func (b *builder) words(s *config.Source, w config.Word, timed bool) sql.Union {
	var out sql.Union
	about, given := expr.Said(w)
	for _, bound := range identity.Bindings(b.Entity, s) {
		names := []string{w.Column}
		for _, name := range []string{w.PurposeColumn, bound.Identifier.Name} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if timed {
			names = append(names, expr.TimeField)
		}
		rows := sql.Derived{Query: profile.Fields(s, names), As: expr.Event}
		where := sql.And{sql.Fn(sql.IsNotNull, sql.Col("i", b.id())), sql.Fn(sql.IsNotNull, given)}
		if about != nil {
			where = append(where, about)
		}
		one := &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("i", b.id()), "id"), sql.As(given, "given")},
			From: sql.Joins(rows, sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: identity.IdentitiesTable(b.Entity), As: "i"}, On: sql.And{
				sql.Fn(sql.Eq, sql.Col("i", "identifier_type"), sql.String(bound.Identifier.Name)),
				sql.Fn(sql.Eq, sql.Col("i", "identifier"), identity.Comparable(bound.Identifier, sql.Col(expr.Event, bound.Identifier.Name))),
			}}),
		}
		if timed {
			at := sql.Col(expr.Event, expr.TimeField)
			one.Items, where = append(one.Items, sql.As(at, "at")), append(where, sql.Fn(sql.Gt, at, sql.Timestamp(b.AsOf)))
		}
		one.Where = where
		out = append(out, one)
	}
	return out
}
