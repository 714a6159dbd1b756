package identity

import (
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/sql"
)

// ErasureTable is the Work table of what is to come onto the list with somebody:
// identifier_type, identifier, kind and number, each identifier once. The number
// is that of IdentitiesTable, NULL where no row carries the identifier.
func ErasureTable(e *config.Entity) sql.Table { return prefix(e, "erasing") }

// NamedTable is a Work table, to be loaded before Erasure's steps run: identifiers
// that somebody is to be erased by and that are not of the ids, in their
// comparable form. It may be empty.
func NamedTable(e *config.Entity) sql.CreateTable {
	return sql.CreateTable{Table: prefix(e, "erasing_named"), Columns: []sql.ColumnDef{
		{Name: "identifier_type", Type: sql.TypeString}, {Name: "identifier", Type: sql.TypeString},
	}}
}

// Erasure compiles ErasureTable for whoever has the ids, by the evidence that the
// last run left.
//
// An identifier is the person's own if each combination that carries it has
// nothing but the person's identifiers, and such as were quarantined or refused
// beside them. Of the others, which go on, those that are quarantined are kept so,
// and all else is refused from then on.
//
// Identifiers are refused together where they would chain customers beyond a limit
// (conflict). Without one of the customers the others would no longer exceed it,
// so what was refused for that in the component of the person is kept refused too,
// though the person never had it.
func Erasure(e *config.Entity, sources []*config.Source, ids []int64) []models.Step {
	var (
		r          = &resolver{Input: Input{Entity: e, Sources: sources}, e: e}
		mine       = r.table("erasing_mine")   // n: the person's
		beside     = r.table("erasing_beside") // n: quarantined or refused, on a row with the person's
		known      = r.table("erasing_known")  // n: both, and what is to be erased anyway
		shared     = r.table("erasing_shared") // n: on a row with anything else
		identities = IdentitiesTable(e)
		named      = NamedTable(e).Table
		in         = func(n sql.Expr, t sql.Table, not bool) sql.Expr {
			return sql.InQuery{Exprs: []sql.Expr{n}, Not: not, Query: &sql.Select{Items: sql.Items("z", "n"), From: ref(t, "z")}}
		}
		incident = func(reasons ...string) sql.Query {
			list := make([]sql.Expr, len(reasons))
			for i, reason := range reasons {
				list[i] = sql.String(reason)
			}
			return &sql.Select{Items: sql.Items("x", "number"), From: ref(IncidentsTable(e), "x"), Where: sql.And{
				sql.In{Expr: sql.Col("x", "reason"), List: list}, sql.Fn(sql.IsNotNull, sql.Col("x", "number")),
			}}
		}
		number = sql.Col("i", "number")
		pair   = []sql.Expr{sql.Col("i", "identifier_type"), sql.Col("i", "identifier")}
		asked  = sql.And{sql.Fn(sql.IsNull, sql.Col("i", Column(e))), sql.InQuery{
			Exprs: pair, Query: &sql.Select{Items: sql.Items("a", "identifier_type", "identifier"), From: ref(named, "a")},
		}}
		whose = sql.Or{asked}
	)
	if len(ids) > 0 {
		list := make([]sql.Expr, len(ids))
		for i, id := range ids {
			list[i] = sql.Int(id)
		}
		whose = append(whose, sql.In{Expr: sql.Col("i", Column(e)), List: list})
	}
	// on are the numbers on combinations for which a condition holds, each in a row.
	on := func(where func(bindings []Binding) sql.Expr, of func(n sql.Expr) sql.Expr) sql.Query {
		var out sql.Union
		for _, s := range sources {
			bindings := Bindings(e, s)
			for _, b := range bindings {
				n := sql.Col("r", b.Number())
				out = append(out, &sql.Select{
					Items: []sql.Item{sql.As(n, "n")}, From: ref(StoredTable(s), "r"), Where: sql.And{of(n), where(bindings)},
				})
			}
		}
		return &sql.Select{Distinct: true, Items: sql.Items("q", "n"), From: sql.Derived{Query: out, As: "q"}}
	}
	some := func(holds func(n sql.Expr) sql.Expr) func([]Binding) sql.Expr {
		return func(bindings []Binding) sql.Expr {
			holding := sql.Or{}
			for _, b := range bindings {
				holding = append(holding, holds(sql.Col("r", b.Number())))
			}
			return holding
		}
	}
	stopped := sql.Or{sql.Col("i", "quarantined"), sql.InQuery{Exprs: []sql.Expr{number}, Query: incident("shared", "conflict", "too_many", ReasonErased)}}
	applied := sql.Exists{Not: true, Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Int(1), "one")}, From: ref(SuppressedTable(e), "k"),
		Where: sql.And{eq(sql.Col("k", "identifier_type"), sql.Col("s", "identifier_type")), eq(sql.Col("k", "digest"), sql.Col("s", "digest"))},
	}}
	const word = "kind"
	of := func(kind, where sql.Expr) *sql.Select {
		return &sql.Select{
			Items: append(sql.Items("i", "identifier_type", "identifier"), sql.As(kind, word), sql.As(number, "number")),
			From:  ref(identities, "i"), Where: where,
		}
	}
	kind := sql.Case{
		Whens: []sql.When{
			{If: in(number, shared, true), Then: sql.String(privacy.Own)},
			{If: sql.Col("i", "quarantined"), Then: sql.String(privacy.Quarantined)},
		},
		Else: sql.String(privacy.Shared),
	}
	var statements []sql.Statement
	for _, t := range SystemErased(e) {
		statements = append(statements, t)
	}
	return []models.Step{&models.Exec{Title: "tell what is the person's own", Statements: append(statements,
		sql.CreateTableAs{Table: mine, Query: &sql.Select{Items: []sql.Item{sql.As(number, "n")}, From: ref(identities, "i"), Where: whose}},
		sql.CreateTableAs{Table: beside, Query: &sql.Select{
			Items: []sql.Item{sql.As(number, "n")}, From: ref(identities, "i"),
			Where: sql.And{stopped, sql.InQuery{Exprs: []sql.Expr{number}, Query: on(
				some(func(n sql.Expr) sql.Expr { return in(n, mine, false) }),
				func(n sql.Expr) sql.Expr { return sql.And{sql.Fn(sql.IsNotNull, n), in(n, mine, true)} },
			)}},
		}},
		sql.CreateTableAs{Table: known, Query: sql.Union{
			&sql.Select{Items: sql.Items("m", "n"), From: ref(mine, "m")},
			&sql.Select{Items: sql.Items("b", "n"), From: ref(beside, "b")},
			&sql.Select{Items: []sql.Item{sql.As(sql.Col("s", "number"), "n")}, From: ref(privacy.Suppressions, "s"), Where: sql.And{
				eq(sql.Col("s", "entity"), sql.String(e.Name)), isOwn("s"), sql.Fn(sql.IsNotNull, sql.Col("s", "number")), applied,
			}},
		}},
		sql.CreateTableAs{Table: shared, Query: on(
			some(func(n sql.Expr) sql.Expr { return sql.And{sql.Fn(sql.IsNotNull, n), in(n, known, true)} }),
			func(n sql.Expr) sql.Expr { return in(n, known, false) },
		)},
		sql.CreateTableAs{Table: ErasureTable(e), Query: sql.Union{
			of(kind, sql.Or{in(number, mine, false), in(number, beside, false)}),
			of(sql.String(privacy.Shared), sql.And{
				in(number, mine, true), in(number, beside, true),
				sql.InQuery{Exprs: []sql.Expr{number}, Query: Entangled(e, func(n sql.Expr) sql.Expr { return in(n, mine, false) })},
			}),
			&sql.Select{
				Distinct: true,
				Items: append(sql.Items("a", "identifier_type", "identifier"),
					sql.As(sql.String(privacy.Own), word), sql.As(sql.Null{Type: sql.TypeInt}, "number")),
				From: ref(named, "a"),
				Where: sql.Exists{Not: true, Query: &sql.Select{
					Items: []sql.Item{sql.As(sql.Int(1), "one")}, From: ref(identities, "i"),
					Where: sql.And{eq(sql.Col("i", "identifier_type"), sql.Col("a", "identifier_type")), eq(sql.Col("i", "identifier"), sql.Col("a", "identifier"))},
				}},
			},
		}},
	)}}
}

// Entangled selects the numbers of the identifiers that were refused as a conflict
// in the components of those for which mine holds, which may be among them: without
// those the conflict may be none, and the rest would be joined. So they are kept
// refused with whoever is erased.
func Entangled(e *config.Entity, mine func(number sql.Expr) sql.Expr) sql.Query {
	return &sql.Select{
		Items: []sql.Item{sql.As(sql.Col("k", "number"), "n")}, From: ref(IdentitiesTable(e), "k"),
		Where: sql.And{
			sql.InQuery{Exprs: []sql.Expr{sql.Col("k", "number")}, Query: &sql.Select{
				Items: sql.Items("x", "number"), From: ref(IncidentsTable(e), "x"),
				Where: sql.And{isReason("x", "conflict"), sql.Fn(sql.IsNotNull, sql.Col("x", "number"))},
			}},
			sql.InQuery{Exprs: []sql.Expr{sql.Col("k", "component")}, Query: &sql.Select{
				Items: sql.Items("c", "component"), From: ref(IdentitiesTable(e), "c"), Where: mine(sql.Col("c", "number")),
			}},
		},
	}
}

func isReason(alias, reason string) sql.Expr { return eq(sql.Col(alias, "reason"), sql.String(reason)) }
