package identity

import (
	"math"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Input is what identity resolution of one entity depends on.
type Input struct {
	Entity *config.Entity
	// Sources are the entity's that carry identifiers, in the project's order.
	Sources []*config.Source
	AsOf    time.Time
	RunID   string
}

// System lists the tables that must exist before Resolve's model runs.
func System(e *config.Entity) []sql.CreateTable {
	public := func(name string, columns ...sql.ColumnDef) sql.CreateTable {
		return sql.CreateTable{Table: sql.Table{Space: sql.Public, Name: e.Name + name}, Columns: columns}
	}
	text := func(name string) sql.ColumnDef { return sql.ColumnDef{Name: name, Type: sql.TypeString} }
	id := func(name string) sql.ColumnDef { return sql.ColumnDef{Name: name, Type: sql.TypeInt} }
	at := func(name string) sql.ColumnDef { return sql.ColumnDef{Name: name, Type: sql.TypeTimestamp} }
	return []sql.CreateTable{
		public("_identities", text("identifier_type"), text("identifier"), id(Column(e)), at("first_seen"), at("last_seen"), text("source")),
		public("_id_history", id("old_id"), id("new_id"), text("kind"), text("cause"), text("run_id"), at("at")),
		public("_identity_incidents", text("identifier_type"), text("identifier"), text("reason"), text("evidence"), text("run_id")),
	}
}

// HistoryTable is the public table of an entity's changes of id.
func HistoryTable(e *config.Entity) sql.Table {
	return sql.Table{Space: sql.Public, Name: e.Name + "_id_history"}
}

// Resolve compiles the model that gives every identifier of an entity its
// stable id. It reads the Rows of the entity's sources and the last build's
// identities, and writes identities, id history and incidents.
//
// Work tables, all named <entity>_*: nodes are the identifiers, numbered n in
// the order in which they were first seen; links (a, x, t) say that the row of
// a stronger identifier a carried the weaker x of rank t; labels are the
// components; cluster (n, t, c) is the final partition, t the rank.
func Resolve(in Input) *models.Model {
	e := in.Entity
	steps := []models.Step{
		&models.Exec{Title: "number the identifiers", Statements: []sql.Statement{nodes(in)}},
		lost(e),
		&models.Exec{Title: "link what rows carry together", Statements: links(in)},
	}
	steps = append(steps, components(e.Name, prefix(e, "edges"), prefix(e, "labels"))...)
	steps = append(steps, &models.Exec{Title: "form clusters", Statements: []sql.Statement{
		sql.CreateTableAs{Table: prefix(e, "cluster"), Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("d", "n"), "n"),
				sql.As(sql.Col("d", "t"), "t"),
				sql.As(sql.Fn(sql.Coalesce, sql.Col("l", "root"), sql.Col("d", "n")), "c"),
			},
			From: sql.Joins(ref(prefix(e, "nodes"), "d"),
				sql.Join{Kind: sql.LeftJoin, Right: ref(prefix(e, "labels"), "l"), On: eq(sql.Col("l", "n"), sql.Col("d", "n"))}),
		}},
	}})
	steps = append(steps, enforceLimits(e)...)
	steps = append(steps, assignIDs(in)...)
	steps = append(steps, &models.Exec{Title: "write identities", Statements: publish(in)})
	return &models.Model{
		Name:  "identity:" + e.Name,
		Nodes: []string{"entity:" + e.Name},
		Span:  e.Pos.Span(),
		Steps: steps,
		Commit: []sql.Statement{
			sql.Swap{Name: e.Name + "_identities"},
			sql.Swap{Name: e.Name + "_identity_incidents"},
			sql.InsertSelect{
				Table:   HistoryTable(e),
				Columns: []string{"old_id", "new_id", "kind", "cause", "run_id", "at"},
				Query: &sql.Select{
					Items: append(sql.Items("h", "old_id", "new_id", "kind", "cause"),
						sql.As(sql.String(in.RunID), "run_id"), sql.As(sql.Timestamp(in.AsOf), "at")),
					From: ref(prefix(e, "changes"), "h"),
				},
			},
		},
		Measures: measures(e),
	}
}

// nodes numbers the identifiers of all sources: n follows the time at which an
// identifier was first seen, in this build or any earlier one. old is the id
// that the last build gave it.
func nodes(in Input) sql.Statement {
	e := in.Entity
	var all sql.Union
	for i, s := range in.Sources {
		for _, b := range Bindings(e, s) {
			all = append(all, &sql.Select{
				Items: []sql.Item{
					sql.As(sql.Int(b.Rank), "t"),
					sql.As(sql.Col("r", b.Value()), "v"),
					sql.As(sql.Fn(sql.Min, sql.Col("r", "first_seen")), "first_seen"),
					sql.As(sql.Fn(sql.Max, sql.Col("r", "last_seen")), "last_seen"),
					sql.As(sql.Int(i), "source"),
				},
				From:    ref(RowsTable(s), "r"),
				Where:   sql.Fn(sql.IsNotNull, sql.Col("r", b.Value())),
				GroupBy: []sql.Expr{sql.Col("r", b.Value())},
			})
		}
	}
	rank := sql.Case{}
	for i, id := range e.Identifiers {
		rank.Whens = append(rank.Whens, sql.When{If: eq(sql.Col("i", "identifier_type"), sql.String(id.Name)), Then: sql.Int(i)})
	}
	distinct := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("a", "t"), "t"),
			sql.As(sql.Col("a", "v"), "v"),
			sql.As(sql.Fn(sql.Min, sql.Col("a", "first_seen")), "first_seen"),
			sql.As(sql.Fn(sql.Max, sql.Col("a", "last_seen")), "last_seen"),
			sql.As(sql.Fn(sql.ArgMin, sql.Col("a", "source"), sql.Col("a", "first_seen")), "source"),
		},
		From:    sql.Derived{Query: all, As: "a"},
		GroupBy: []sql.Expr{sql.Col("a", "t"), sql.Col("a", "v")},
	}
	// Least and Greatest skip NULL: an identifier that is new has no past.
	known := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("d", "t"), "t"),
			sql.As(sql.Col("d", "v"), "v"),
			sql.As(sql.Fn(sql.Least, sql.Col("d", "first_seen"), sql.Col("o", "first_seen")), "first_seen"),
			sql.As(sql.Fn(sql.Greatest, sql.Col("d", "last_seen"), sql.Col("o", "last_seen")), "last_seen"),
			sql.As(sql.Col("d", "source"), "source"),
			sql.As(sql.Col("o", "old"), "old"),
		},
		From: sql.Joins(sql.Derived{Query: distinct, As: "d"}, sql.Join{
			Kind: sql.LeftJoin,
			Right: sql.Derived{As: "o", Query: &sql.Select{
				Items: []sql.Item{
					sql.As(rank, "t"),
					sql.As(sql.Col("i", "identifier"), "v"),
					sql.As(sql.Col("i", "first_seen"), "first_seen"),
					sql.As(sql.Col("i", "last_seen"), "last_seen"),
					sql.As(sql.Col("i", Column(e)), "old"),
				},
				From: ref(IdentitiesTable(e), "i"),
			}},
			On: sql.And{eq(sql.Col("o", "t"), sql.Col("d", "t")), eq(sql.Col("o", "v"), sql.Col("d", "v"))},
		}),
	}
	return sql.CreateTableAs{Table: prefix(e, "nodes"), Query: &sql.Select{
		Items: append([]sql.Item{sql.As(sql.Window{
			Call:    sql.Fn(sql.RowNumber),
			OrderBy: []sql.Order{sql.Asc(sql.Col("k", "first_seen")), sql.Asc(sql.Col("k", "t")), sql.Asc(sql.Col("k", "v"))},
		}, "n")}, sql.Items("k", "t", "v", "first_seen", "last_seen", "source", "old")...),
		From: sql.Derived{Query: known, As: "k"},
	}}
}

// fewEnough is how many identifiers may vanish without a word where the project
// sets no bound: a project that small is being tried out.
const fewEnough = 1000

// lost refuses to go on where more identifiers vanished from the sources than
// the entity allows. Their ids would be gone for good.
func lost(e *config.Entity) *models.Assert {
	count := func(t sql.Table, where sql.Expr) sql.Expr {
		return sql.Scalar{Query: &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: ref(t, "x"), Where: where}}
	}
	var names []sql.Expr
	for _, id := range e.Identifiers {
		names = append(names, sql.String(id.Name))
	}
	known := count(IdentitiesTable(e), sql.In{Expr: sql.Col("x", "identifier_type"), List: names})
	kept := count(prefix(e, "nodes"), sql.Fn(sql.IsNotNull, sql.Col("x", "old")))
	gone := sql.Fn(sql.SubFast, sql.Col("c", "known"), sql.Col("c", "kept"))
	bound := config.Bound{Percent: 50, IsPercent: true}
	tooMany := sql.And{sql.Fn(sql.Gt, gone, sql.Int(fewEnough))}
	if e.MaxLost != nil {
		bound, tooMany = *e.MaxLost, nil
	}
	if bound.IsPercent {
		// In thousandths, so that the comparison stays one of integers.
		tooMany = append(tooMany, sql.Fn(sql.Gt,
			sql.Fn(sql.IntMul, gone, sql.Int(1000)), sql.Fn(sql.IntMul, sql.Col("c", "known"), sql.Int(math.Round(bound.Percent*10)))))
	} else {
		tooMany = append(tooMany, sql.Fn(sql.Gt, gone, sql.Int(bound.Rows)))
	}
	return &models.Assert{
		Title: "look for lost identifiers",
		Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.If(tooMany, gone, sql.Int(0)), "n")},
			From:  sql.Derived{As: "c", Query: &sql.Select{Items: []sql.Item{sql.As(known, "known"), sql.As(kept, "kept")}}},
		},
		Message: "identifiers that the last run knew are in no source now: is a source empty or half loaded? " +
			"Nothing was changed. If they are really gone, set max_lost: 100% on the entity " + e.Name,
		Span: e.Pos.Span(),
	}
}

// links joins each row's strongest identifier to every weaker one on it, as a
// star: that connects the same identifiers as all pairs would.
func links(in Input) []sql.Statement {
	e := in.Entity
	type pair struct{ strong, weak int }
	carried := map[pair]sql.Union{}
	for _, s := range in.Sources {
		bindings := Bindings(e, s)
		for j, strong := range bindings {
			strongest := sql.And{sql.Fn(sql.IsNotNull, sql.Col("r", strong.Value()))}
			for _, b := range bindings[:j] {
				strongest = append(strongest, sql.Fn(sql.IsNull, sql.Col("r", b.Value())))
			}
			for _, weak := range bindings[j+1:] {
				where := append(sql.And{}, strongest...)
				p := pair{strong.Rank, weak.Rank}
				carried[p] = append(carried[p], &sql.Select{
					Items: []sql.Item{sql.As(sql.Col("r", strong.Value()), "a"), sql.As(sql.Col("r", weak.Value()), "x")},
					From:  ref(RowsTable(s), "r"),
					Where: append(where, sql.Fn(sql.IsNotNull, sql.Col("r", weak.Value()))),
				})
			}
		}
	}
	var all sql.Union
	for strong := range e.Identifiers {
		for weak := range e.Identifiers {
			q, ok := carried[pair{strong, weak}]
			if !ok {
				continue
			}
			all = append(all, &sql.Select{
				Items: []sql.Item{sql.As(sql.Col("a", "n"), "a"), sql.As(sql.Col("x", "n"), "x"), sql.As(sql.Int(weak), "t")},
				From: sql.Joins(
					sql.Derived{As: "r", Query: &sql.Select{Distinct: true, Items: sql.Items("q", "a", "x"), From: sql.Derived{Query: q, As: "q"}}},
					sql.Join{Kind: sql.InnerJoin, Right: ref(prefix(e, "nodes"), "a"), On: sql.And{
						eq(sql.Col("a", "t"), sql.Int(strong)), eq(sql.Col("a", "v"), sql.Col("r", "a")),
					}},
					sql.Join{Kind: sql.InnerJoin, Right: ref(prefix(e, "nodes"), "x"), On: sql.And{
						eq(sql.Col("x", "t"), sql.Int(weak)), eq(sql.Col("x", "v"), sql.Col("r", "x")),
					}},
				),
			})
		}
	}
	if len(all) == 0 {
		// No source carries two types: every identifier stands alone.
		all = sql.Union{&sql.Select{
			Items: []sql.Item{sql.As(sql.Col("d", "n"), "a"), sql.As(sql.Col("d", "n"), "x"), sql.As(sql.Col("d", "t"), "t")},
			From:  ref(prefix(e, "nodes"), "d"),
			Where: sql.Bool(false),
		}}
	}
	return []sql.Statement{
		sql.CreateTableAs{Table: prefix(e, "links"), Query: all},
		sql.CreateTableAs{Table: prefix(e, "edges"), Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Fn(sql.Greatest, sql.Col("l", "a"), sql.Col("l", "x")), "u"),
				sql.As(sql.Fn(sql.Least, sql.Col("l", "a"), sql.Col("l", "x")), "v"),
			},
			From: ref(prefix(e, "links"), "l"),
		}},
	}
}

// publish builds the new identities and incidents beside the old ones.
func publish(in Input) []sql.Statement {
	e := in.Entity
	kind, source := sql.Case{}, sql.Case{}
	for i, id := range e.Identifiers {
		kind.Whens = append(kind.Whens, sql.When{If: eq(sql.Col("d", "t"), sql.Int(i)), Then: sql.String(id.Name)})
	}
	for i, s := range in.Sources {
		source.Whens = append(source.Whens, sql.When{If: eq(sql.Col("d", "source"), sql.Int(i)), Then: sql.String(s.Name)})
	}
	identities := sql.CreateTableAs{
		Table: sql.Table{Space: sql.Beside, Name: e.Name + "_identities"},
		Query: &sql.Select{
			Items: append([]sql.Item{
				sql.As(kind, "identifier_type"),
				sql.As(sql.Col("d", "v"), "identifier"),
				sql.As(sql.Col("i", "id"), Column(e)),
			}, append(sql.Items("d", "first_seen", "last_seen"), sql.As(source, "source"))...),
			From: sql.Joins(
				ref(prefix(e, "nodes"), "d"),
				sql.Join{Kind: sql.InnerJoin, Right: ref(prefix(e, "cluster"), "c"), On: eq(sql.Col("c", "n"), sql.Col("d", "n"))},
				sql.Join{Kind: sql.InnerJoin, Right: ref(prefix(e, "ids"), "i"), On: eq(sql.Col("i", "c"), sql.Col("c", "c"))},
			),
		},
	}
	return []sql.Statement{identities, incidents(in, kind)}
}

// incidents lists the links that were refused and the values that were
// dropped, each with its reason.
func incidents(in Input, kind sql.Expr) sql.Statement {
	e := in.Entity
	parts := sql.Union{&sql.Select{
		Items: []sql.Item{
			sql.As(kind, "identifier_type"),
			sql.As(sql.Col("d", "v"), "identifier"),
			sql.As(sql.Col("r", "reason"), "reason"),
			sql.As(sql.Col("r", "evidence"), "evidence"),
			sql.As(sql.String(in.RunID), "run_id"),
		},
		From: sql.Joins(ref(prefix(e, "refused"), "r"),
			sql.Join{Kind: sql.InnerJoin, Right: ref(prefix(e, "nodes"), "d"), On: eq(sql.Col("d", "n"), sql.Col("r", "x"))}),
	}}
	for _, s := range in.Sources {
		for _, b := range Bindings(e, s) {
			raw := sql.Col("r", b.Raw())
			tooLong := sql.Fn(sql.Gt, sql.Fn(sql.Length, raw), sql.Int(maxLength))
			reason := sql.Case{
				Whens: []sql.When{
					{If: tooLong, Then: sql.String("too_long")},
					{If: sql.Fn(sql.IsNull, normal(b.Identifier, raw)), Then: sql.String("invalid")},
				},
				Else: sql.String("ignored"),
			}
			// A value in the wrong column may be anything of any length; enough
			// of it to recognise it.
			shown := sql.Fn(sql.Substr, raw, sql.Int(1), sql.Int(100))
			parts = append(parts, &sql.Select{
				Items: []sql.Item{
					sql.As(sql.String(b.Identifier.Name), "identifier_type"),
					sql.As(shown, "identifier"),
					sql.As(reason, "reason"),
					sql.As(sql.Fn(sql.Concat, sql.Fn(sql.IntToString, sql.Fn(sql.Sum, sql.Col("r", "rows"))), sql.String(" rows of "+s.Name)), "evidence"),
					sql.As(sql.String(in.RunID), "run_id"),
				},
				From:    ref(RowsTable(s), "r"),
				Where:   sql.And{sql.Fn(sql.IsNull, sql.Col("r", b.Value())), sql.Fn(sql.Not, blank(raw))},
				GroupBy: []sql.Expr{shown, reason},
			})
		}
	}
	return sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: e.Name + "_identity_incidents"}, Query: parts}
}

// Reasons are the values of <entity>_identity_incidents.reason.
var Reasons = []string{"ignored", "invalid", "too_long", "shared", "conflict", "too_many"}

func measures(e *config.Entity) []models.Measure {
	sizes := &sql.Select{
		Items:   []sql.Item{sql.As(sql.Fn(sql.CountAll), "size")},
		From:    ref(IdentitiesTable(e), "i"),
		GroupBy: []sql.Expr{sql.Col("i", Column(e))},
	}
	sum := func(x sql.Expr) sql.Expr { return sql.Fn(sql.Coalesce, sql.Fn(sql.Sum, x), sql.Int(0)) }
	counts := func(column string, values ...string) []sql.Item {
		var items []sql.Item
		for _, v := range values {
			items = append(items, sql.As(sum(sql.If(eq(sql.Col("x", column), sql.String(v)), sql.Int(1), sql.Int(0))), v))
		}
		return items
	}
	return []models.Measure{
		{Subject: "identity:" + e.Name, Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sum(sql.Col("s", "size")), "identifiers"),
				sql.As(sql.Fn(sql.CountAll), "customers"),
				sql.As(sql.Fn(sql.Coalesce, sql.Fn(sql.Max, sql.Col("s", "size")), sql.Int(0)), "largest"),
			},
			From: sql.Derived{Query: sizes, As: "s"},
		}},
		{Subject: "changes:" + e.Name, Query: &sql.Select{
			Items: counts("kind", "merge", "split", "gone"),
			From:  ref(prefix(e, "changes"), "x"),
		}},
		{Subject: "incidents:" + e.Name, Query: &sql.Select{
			Items: counts("reason", Reasons...),
			From:  ref(sql.Table{Space: sql.Public, Name: e.Name + "_identity_incidents"}, "x"),
		}},
	}
}

func ref(t sql.Table, as string) sql.TableRef { return sql.TableRef{Table: t, As: as} }

func eq(a, b sql.Expr) sql.Expr { return sql.Fn(sql.Eq, a, b) }
