package person

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/sql"
)

// The Work tables that say whom statements are about.
var (
	// Seeds are the identifiers that a person is looked for by, as somebody wrote
	// them.
	Seeds = sql.CreateTable{Table: work("privacy_seeds"), Columns: []sql.ColumnDef{
		{Name: "identifier_type", Type: sql.TypeString}, {Name: "raw", Type: sql.TypeString},
	}}
	// IDs are all that the person has or had.
	IDs = sql.CreateTable{Table: work("privacy_ids"), Columns: []sql.ColumnDef{{Name: "id", Type: sql.TypeInt}}}
	// Identifiers are the person's, each with its kind as privacy.Suppressions has it.
	Identifiers = sql.CreateTable{Table: work("privacy_identifiers"), Columns: []sql.ColumnDef{
		{Name: "identifier_type", Type: sql.TypeString},
		{Name: "identifier", Type: sql.TypeString},
		{Name: "number", Type: sql.TypeInt},
		{Name: "kind", Type: sql.TypeString},
	}}
	// Keys are the rows that were ever sent of the person. Place is NULL where only
	// the log knows of them.
	Keys = sql.CreateTable{Table: work("privacy_keys"), Columns: []sql.ColumnDef{
		{Name: "sync", Type: sql.TypeString},
		{Name: "place", Type: sql.TypeString},
		{Name: "key", Type: sql.TypeString},
		{Name: "entity_id", Type: sql.TypeInt},
	}}
)

func work(name string) sql.Table { return sql.Table{Space: sql.Work, Name: name} }

// within says that expressions are a row of a table's columns, under the alias q in
// where.
func within(exprs []sql.Expr, t sql.Table, where sql.Expr, columns ...string) sql.InQuery {
	return sql.InQuery{Exprs: exprs, Query: &sql.Select{Items: sql.Items("q", columns...), From: ref(t, "q"), Where: where}}
}

// ownKind is for the alias of within.
func ownKind() sql.Expr { return eq(sql.Col("q", "kind"), sql.String(privacy.Own)) }

// Input is what the statements about a person of an entity depend on.
type Input struct {
	Project *config.Project
	Entity  *config.Entity
}

// sources are the entity's, with identifiers.
func (in Input) sources() []*config.Source {
	var out []*config.Source
	for _, s := range in.Project.Sources {
		if s.Entity == in.Entity.Name {
			out = append(out, s)
		}
	}
	return out
}

// Syncs are those that send the entity.
func (in Input) Syncs() []*config.Sync {
	var out []*config.Sync
	for _, s := range in.Project.Syncs {
		name := s.From.Entity
		for _, x := range in.Project.Segments {
			if x.Name == s.From.Segment {
				name = x.Entity
			}
		}
		if name == in.Entity.Name {
			out = append(out, s)
		}
	}
	return out
}

// ofEntity says that the column "sync" of an alias names a sync of the entity. One
// that the project has no more counts where there is one entity alone.
func (in Input) ofEntity(alias string) sql.Expr {
	if len(in.Project.Entities) == 1 {
		return sql.Bool(true)
	}
	list := []sql.Expr{}
	for _, s := range in.Syncs() {
		list = append(list, sql.String(s.Name))
	}
	return sql.In{Expr: sql.Col(alias, "sync"), List: list}
}

// Normalised selects what Seeds come to: identifier_type, raw, and identifier, the
// comparable form, NULL where it is no identifier of the type.
func (in Input) Normalised() sql.Query {
	var all sql.Union
	for _, id := range in.Entity.Identifiers {
		all = append(all, &sql.Select{
			Items: append(sql.Items("s", "identifier_type", "raw"), sql.As(identity.Comparable(id, sql.Col("s", "raw")), "identifier")),
			From:  ref(Seeds.Table, "s"), Where: eq(sql.Col("s", "identifier_type"), sql.String(id.Name)),
		})
	}
	return all
}

var (
	livingTable  = work("privacy_living")
	ownTable     = work("privacy_own")
	besideTable  = work("privacy_beside")
	loneTable    = work("privacy_lone")
	companyTable = work("privacy_company")
)

// Find fills IDs, Identifiers and Keys of whoever has one of the Seeds.
//
// A person has the identifiers that resolution gave them. Beside those on their
// rows stand such as it gave to nobody: quarantined ones, and ones that it refused
// and that stand alone. Of the latter those that were seen with nobody else are the
// person's too, a sixth address beyond a limit of five, and the others are shared.
// What belongs to somebody else is not touched, whatever row it was on.
func (in Input) Find() []models.Step {
	e := in.Entity
	id := identity.Column(e)
	identities := identity.IdentitiesTable(e)
	exec := func(title string, list ...sql.Statement) models.Step {
		return &models.Exec{Title: title, Statements: list}
	}
	as := func(t sql.Table, q sql.Query) sql.Statement { return sql.CreateTableAs{Table: t, Query: q} }

	living := &sql.Select{
		Distinct: true, Items: []sql.Item{sql.As(sql.Col("i", id), "id")}, From: ref(identities, "i"),
		Where: sql.And{
			sql.Fn(sql.IsNotNull, sql.Col("i", id)),
			sql.InQuery{
				Exprs: []sql.Expr{sql.Col("i", "identifier_type"), sql.Col("i", "identifier")},
				Query: &sql.Select{Items: sql.Items("n", "identifier_type", "identifier"), From: sql.Derived{Query: in.Normalised(), As: "n"}, Where: sql.Fn(sql.IsNotNull, sql.Col("n", "identifier"))},
			},
		},
	}
	own := &sql.Select{
		Items: sql.Items("i", "identifier_type", "identifier", "number"), From: ref(identities, "i"),
		Where: inTable(livingTable, nil, "id")(sql.Col("i", id)),
	}
	isOwn := inTable(ownTable, nil, "number")
	var beside, company sql.Union
	for _, s := range in.sources() {
		bindings := identity.Bindings(e, s)
		mine := in.carries(s, "r", isOwn)
		for _, b := range bindings {
			n := sql.Col("r", b.Number())
			beside = append(beside, &sql.Select{
				Items: []sql.Item{sql.As(n, "n")}, From: ref(identity.StoredTable(s), "r"),
				Where: sql.And{mine, sql.Fn(sql.IsNotNull, n), sql.Fn(sql.Not, isOwn(n))},
			})
			for _, other := range bindings {
				m := sql.Col("r", other.Number())
				if other.Rank == b.Rank {
					continue
				}
				company = append(company, &sql.Select{
					Items: []sql.Item{sql.As(n, "n")}, From: ref(identity.StoredTable(s), "r"),
					Where: sql.And{
						inTable(besideTable, nil, "n")(n), sql.Fn(sql.IsNotNull, m), sql.Fn(sql.Not, isOwn(m)),
						sql.Fn(sql.Not, inTable(identities, sql.Col("q", "quarantined"), "number")(m)),
					},
				})
			}
		}
	}
	distinct := func(all sql.Union) sql.Query {
		if len(all) == 0 {
			return &sql.Select{Items: []sql.Item{sql.As(sql.Cast{Expr: sql.Int(0), To: sql.TypeInt}, "n")}, From: ref(ownTable, "q"), Where: sql.Bool(false)}
		}
		return &sql.Select{Distinct: true, Items: sql.Items("d", "n"), From: sql.Derived{Query: all, As: "d"}}
	}
	// lone are the ids of those identifiers which stand alone.
	lone := &sql.Select{
		Items: []sql.Item{sql.As(sql.Col("i", id), "id")}, From: ref(identities, "i"),
		Where:   inTable(identities, inTable(besideTable, nil, "n")(sql.Col("q", "number")), id)(sql.Col("i", id)),
		GroupBy: []sql.Expr{sql.Col("i", id)}, Having: eq(sql.Fn(sql.CountAll), sql.Int(1)),
	}
	shared := inTable(companyTable, nil, "n")(sql.Col("i", "number"))
	kind := sql.Case{
		Whens: []sql.When{
			{If: sql.Col("i", "quarantined"), Then: sql.String(privacy.Quarantined)},
			{If: shared, Then: sql.String(privacy.Shared)},
		},
		Else: sql.String(privacy.Own),
	}
	identifiers := sql.Union{
		&sql.Select{Items: append(sql.Items("o", "identifier_type", "identifier", "number"), sql.As(sql.String(privacy.Own), "kind")), From: ref(ownTable, "o")},
		&sql.Select{
			Items: append(sql.Items("i", "identifier_type", "identifier", "number"), sql.As(kind, "kind")), From: ref(identities, "i"),
			Where: sql.And{
				inTable(besideTable, nil, "n")(sql.Col("i", "number")),
				sql.Or{sql.Fn(sql.IsNull, sql.Col("i", id)), inTable(loneTable, nil, "id")(sql.Col("i", id))},
			},
		},
		// What was refused together with theirs, though they never had it, is kept so.
		&sql.Select{
			Items: append(sql.Items("i", "identifier_type", "identifier", "number"), sql.As(sql.String(privacy.Shared), "kind")), From: ref(identities, "i"),
			Where: sql.And{
				sql.Fn(sql.Not, isOwn(sql.Col("i", "number"))), sql.Fn(sql.Not, inTable(besideTable, nil, "n")(sql.Col("i", "number"))),
				sql.InQuery{Exprs: []sql.Expr{sql.Col("i", "number")}, Query: identity.Entangled(e, isOwn)},
			},
		},
	}
	mine := inTable(Identifiers.Table, ownKind(), "number")
	now := &sql.Select{
		Distinct: true, Items: []sql.Item{sql.As(sql.Col("i", id), "id")}, From: ref(identities, "i"),
		Where: sql.And{sql.Fn(sql.IsNotNull, sql.Col("i", id)), mine(sql.Col("i", "number"))},
	}
	redirect := identity.RedirectTable(e)
	steps := identity.Redirect(e).Steps
	return append(slices.Clip(steps),
		exec("look who it is", as(livingTable, living), as(ownTable, own)),
		exec("look what stands beside", as(besideTable, distinct(beside)), as(companyTable, distinct(company)), as(loneTable, lone)),
		exec("list identifiers", as(Identifiers.Table, identifiers)),
		exec("list ids", as(IDs.Table, sql.Union{now, &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("r", "old_id"), "id")}, From: ref(redirect, "r"),
			Where: sql.InQuery{Exprs: []sql.Expr{sql.Col("r", "new_id")}, Query: now},
		}})),
		exec("look where they were sent", as(Keys.Table, in.keys())),
	)
}

// inTable makes conditions that a value is in a column of a table, under the alias
// q in where.
func inTable(t sql.Table, where sql.Expr, column string) func(sql.Expr) sql.Expr {
	return func(e sql.Expr) sql.Expr { return within([]sql.Expr{e}, t, where, column) }
}

// carries says that a stored row of a source carries such an identifier.
func (in Input) carries(s *config.Source, alias string, is func(sql.Expr) sql.Expr) sql.Expr {
	out := sql.Or{}
	for _, b := range identity.Bindings(in.Entity, s) {
		out = append(out, is(sql.Col(alias, b.Number())))
	}
	return out
}

// keys are the rows that were sent under any of the ids, but for those that by now
// are somebody else's.
func (in Input) keys() sql.Query {
	isID := inTable(IDs.Table, nil, "id")
	rows := func(t sql.Table, place sql.Expr, also ...sql.Expr) *sql.Select {
		return &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("k", "sync"), "sync"), sql.As(place, "place"), sql.As(sql.Col("k", "key"), "key"), sql.As(sql.Col("k", "entity_id"), "entity_id"),
			},
			From: ref(t, "k"), Where: append(sql.And{in.ofEntity("k"), isID(sql.Col("k", "entity_id"))}, also...),
		}
	}
	place := sql.Col("k", "place")
	sent := sql.In{Expr: sql.Col("k", "outcome"), List: []sql.Expr{sql.String("accepted"), sql.String("exists"), sql.String("unknown")}}
	all := sql.Union{rows(audience.Ledger, place), rows(audience.Pending, place), rows(audience.Log, sql.Null{Type: sql.TypeString}, sent)}
	others := &sql.Select{
		Items: sql.Items("l", "sync", "key"), From: ref(audience.Ledger, "l"),
		Where: sql.And{in.ofEntity("l"), sql.Fn(sql.Not, isID(sql.Col("l", "entity_id")))},
	}
	return &sql.Select{
		Items:   append(sql.Items("a", "sync", "place", "key"), sql.As(sql.Fn(sql.Max, sql.Col("a", "entity_id")), "entity_id")),
		From:    sql.Derived{Query: all, As: "a"},
		Where:   sql.InQuery{Not: true, Exprs: []sql.Expr{sql.Col("a", "sync"), sql.Col("a", "key")}, Query: others},
		GroupBy: []sql.Expr{sql.Col("a", "sync"), sql.Col("a", "place"), sql.Col("a", "key")},
	}
}
