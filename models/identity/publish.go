package identity

import (
	"fmt"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// found joins the identifiers in scope with their clusters and ids, under the
// aliases d, c and i.
func (r *resolver) found() sql.From {
	return sql.Joins(
		ref(r.table("nodes"), "d"),
		sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("cluster"), "c"), On: eq(sql.Col("c", "n"), sql.Col("d", "n"))},
		sql.Join{Kind: sql.LeftJoin, Right: ref(r.table("ids"), "i"), On: eq(sql.Col("i", "c"), sql.Col("c", "c"))},
	)
}

// identityColumns are those of IdentitiesTable, in order.
func (r *resolver) identityColumns() []string {
	return []string{"identifier_type", "identifier", Column(r.e), "first_seen", "last_seen", "source", "number", "component", "quarantined"}
}

// identities are the rows of IdentitiesTable.
func (r *resolver) identities(where sql.Expr) *sql.Select {
	return &sql.Select{
		Items: append([]sql.Item{
			sql.As(typeName(r.e, sql.Col("d", "t")), "identifier_type"), sql.As(sql.Col("d", "v"), "identifier"), sql.As(sql.Col("i", "id"), Column(r.e)),
		}, append(sql.Items("d", "first_seen", "last_seen", "source"),
			sql.As(sql.Col("d", "n"), "number"), sql.As(sql.Col("c", "g"), "component"),
			sql.As(r.isQuarantined(sql.Col("d", "n"), false), "quarantined"))...),
		From:  r.found(),
		Where: where,
	}
}

// publish builds what is new beside what is there.
func (r *resolver) publish() []sql.Statement {
	e := r.e
	list := r.suspects()
	if r.Last == nil {
		list = append(list, sql.CreateTableAs{
			Table: sql.Table{Space: sql.Beside, Name: e.Name + "_identities"}, Query: r.identities(nil), Key: identifierKey,
		})
	} else {
		quarantined := r.isQuarantined(sql.Col("d", "n"), false)
		list = append(list, sql.CreateTableAs{Table: r.table("moved"), Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("d", "n"), "n"), sql.As(sql.Col("i", "id"), "id"), sql.As(sql.Col("c", "g"), "g"), sql.As(quarantined, "q"),
			},
			From: &sql.Join{Left: r.found(), Kind: sql.InnerJoin, Right: ref(r.table("before"), "b"), On: eq(sql.Col("b", "n"), sql.Col("d", "n"))},
			Where: sql.Or{
				sql.Fn(sql.Differ, sql.Col("i", "id"), sql.Col("b", "old")),
				sql.Fn(sql.Ne, sql.Col("c", "g"), sql.Col("b", "component")),
				sql.Fn(sql.Ne, quarantined, sql.Col("b", "quarantined")),
			},
		}})
	}
	list = append(list, r.told(), r.incidents())
	if r.Erased != nil {
		list = append(list, r.suppressed())
	}
	return list
}

// told are the values of the identifiers that incidents name: those of known
// ones are in identities alone, whose values are costly to read.
func (r *resolver) told() sql.Statement {
	named := sql.Union{
		&sql.Select{Items: []sql.Item{sql.As(sql.Col("r", "x"), "n")}, From: ref(r.table("refused"), "r")},
		&sql.Select{Items: []sql.Item{sql.As(sql.Col("r", "x"), "n")}, From: ref(r.table("quarantined"), "r"), Where: sql.Fn(sql.IsNotNull, sql.Col("r", "k"))},
	}
	if r.suspicious() {
		named = append(named, &sql.Select{Items: sql.Items("r", "n"), From: ref(r.table("suspects"), "r")})
	}
	return sql.CreateTableAs{Table: r.table("told"), Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Col("i", "number"), "n"), sql.As(sql.Col("i", "identifier"), "v")},
		From:  ref(IdentitiesTable(r.e), "i"),
		Where: sql.InQuery{Exprs: []sql.Expr{sql.Col("i", "number")}, Query: named},
	}}
}

// commit puts the result in place: as a whole from scratch, otherwise by
// changing the rows that are different.
func (r *resolver) commit() []sql.Statement {
	e := r.e
	var list []sql.Statement
	if r.Last == nil {
		list = append(list, sql.Swap{Name: e.Name + "_identities"})
		for _, s := range r.Sources {
			list = append(list, sql.Swap{Name: StoredTable(s).Name})
		}
		for _, name := range r.Dropped {
			list = append(list, sql.Drop{Table: storedTable(name)})
		}
	} else {
		for _, s := range r.Sources {
			list = append(list, r.store(s)...)
		}
		of := func(n string) sql.Expr { return eq(sql.Col("t", "number"), sql.Col(n, "n")) }
		list = append(list,
			sql.Delete{Table: IdentitiesTable(e), Where: sql.InQuery{
				Exprs: []sql.Expr{sql.Col("", "number")}, Query: &sql.Select{Items: sql.Items("x", "n"), From: ref(r.table("dead"), "x")},
			}},
			sql.UpdateFrom{
				Table: IdentitiesTable(e), As: "t",
				Set: []sql.Assignment{
					{Column: Column(e), Value: sql.Col("m", "id")}, {Column: "component", Value: sql.Col("m", "g")},
				},
				From: ref(r.table("moved"), "m"), On: of("m"),
			},
			sql.UpdateFrom{
				Table: IdentitiesTable(e), As: "t", Set: []sql.Assignment{{Column: "quarantined", Value: sql.Col("m", "q")}},
				From: ref(r.table("moved"), "m"), On: sql.And{of("m"), sql.Fn(sql.Ne, sql.Col("m", "q"), sql.Col("t", "quarantined"))},
			},
			// Apart: a column that does not change is not written again, and hardly
			// anything was first seen earlier than was known.
			sql.UpdateFrom{
				Table: IdentitiesTable(e), As: "t",
				Set:  []sql.Assignment{{Column: "first_seen", Value: sql.Col("s", "first_seen")}},
				From: ref(r.table("seen"), "s"), On: sql.And{of("s"), sql.Fn(sql.Lt, sql.Col("s", "first_seen"), sql.Col("t", "first_seen"))},
			},
			sql.UpdateFrom{
				Table: IdentitiesTable(e), As: "t",
				Set:  []sql.Assignment{{Column: "last_seen", Value: sql.Col("s", "last_seen")}},
				From: ref(r.table("seen"), "s"), On: sql.And{of("s"), sql.Fn(sql.Gt, sql.Col("s", "last_seen"), sql.Col("t", "last_seen"))},
			},
			sql.InsertSelect{Table: IdentitiesTable(e), Columns: r.identityColumns(), Query: r.identities(sql.Fn(sql.Not, sql.Col("d", "known")))},
		)
	}
	list = append(list, r.commitErased()...)
	list = append(list,
		sql.Swap{Name: IncidentsTable(e).Name},
		sql.InsertSelect{
			Table:   HistoryTable(e),
			Columns: []string{"old_id", "new_id", "kind", "cause", "run_id", "at"},
			Query: &sql.Select{
				Items: append(sql.Items("h", "old_id", "new_id", "kind", "cause"),
					sql.As(sql.String(r.RunID), "run_id"), sql.As(sql.Timestamp(r.AsOf), "at")),
				From: ref(r.table("changes"), "h"),
			},
		})
	return append(list, r.remember()...)
}

// suspects lists the entities that nobody should take on trust: suspects (id,
// reason, evidence).
func (r *resolver) suspects() []sql.Statement {
	e := r.e
	clusters := sql.Joins(ref(r.table("stats"), "s"),
		sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("ids"), "i"), On: eq(sql.Col("i", "c"), sql.Col("s", "c"))})
	var all sql.Union
	beyond := func(column, what string, most int) {
		if most <= 0 {
			return
		}
		count := sql.Col("s", column)
		all = append(all, &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("i", "id"), "id"), sql.As(sql.Col("s", "first"), "n"),
				sql.As(sql.Fn(sql.Concat, sql.Fn(sql.IntToString, count), sql.String(fmt.Sprintf(" %s, more than %d", what, most))), "evidence"),
			},
			From:  clusters,
			Where: sql.Fn(sql.Gt, count, sql.Int(most)),
		})
	}
	beyond("size", "identifiers", e.SuspectSize)
	for rank, id := range e.Identifiers {
		beyond(countOf(rank), id.Name, id.Suspect)
	}
	if len(all) == 0 {
		return nil
	}
	return []sql.Statement{sql.CreateTableAs{Table: r.table("suspects"), Query: all}}
}

func (r *resolver) suspicious() bool {
	for _, id := range r.e.Identifiers {
		if id.Suspect > 0 {
			return true
		}
	}
	return r.e.SuspectSize > 0
}

// incidentColumns are those of IncidentsTable, in order.
func (r *resolver) incidentColumns() []string {
	return []string{"identifier_type", "identifier", "reason", "evidence", "run_id", "number", Column(r.e)}
}

// incidents lists the links that were refused, the identifiers that are
// quarantined, the entities that are suspicious, and the values that were
// dropped, each with its reason. What an earlier run found in components that
// this one did not touch stands.
func (r *resolver) incidents() sql.Statement {
	e := r.e
	// id is the entity as the incident found it, for those about one.
	about := func(from sql.From, n, reason, evidence, id, where sql.Expr) *sql.Select {
		return &sql.Select{
			Items: []sql.Item{sql.As(n, "n"), sql.As(reason, "reason"), sql.As(evidence, "evidence"), sql.As(id, "id")},
			From:  from,
			Where: where,
		}
	}
	nobody := sql.Null{Type: sql.TypeInt}
	times := sql.Fn(sql.Concat, sql.String("seen with "), sql.Fn(sql.IntToString, sql.Cast{Expr: sql.Col("r", "k"), To: sql.TypeInt}))
	times = sql.Fn(sql.Concat, sql.Fn(sql.Concat, times, sql.String(" ")), typeName(e, sql.Col("r", "s")))
	found := sql.Union{
		about(ref(r.table("refused"), "r"), sql.Col("r", "x"), sql.Col("r", "reason"), sql.Col("r", "evidence"), nobody, nil),
		about(ref(r.table("quarantined"), "r"), sql.Col("r", "x"), sql.String("quarantined"), times, nobody, sql.Fn(sql.IsNotNull, sql.Col("r", "k"))),
	}
	if r.suspicious() {
		found = append(found, about(ref(r.table("suspects"), "r"), sql.Col("r", "n"), sql.String("suspect"), sql.Col("r", "evidence"), sql.Col("r", "id"), nil))
	}
	n := sql.Col("r", "n")
	parts := sql.Union{&sql.Select{
		Items: []sql.Item{
			sql.As(typeName(e, sql.Col("d", "t")), "identifier_type"), sql.As(sql.Fn(sql.Coalesce, sql.Col("d", "v"), sql.Col("o", "v")), "identifier"),
			sql.As(sql.Col("r", "reason"), "reason"), sql.As(sql.Col("r", "evidence"), "evidence"),
			sql.As(sql.String(r.RunID), "run_id"), sql.As(n, "number"), sql.As(sql.Col("r", "id"), Column(e)),
		},
		// The identifiers first: what is joined to them is little, and some engines
		// make a hash table of the right side whatever its size.
		From: sql.Joins(ref(r.table("nodes"), "d"),
			sql.Join{Kind: sql.InnerJoin, Right: sql.Derived{Query: found, As: "r"}, On: eq(sql.Col("d", "n"), n)},
			sql.Join{Kind: sql.LeftJoin, Right: ref(r.table("told"), "o"), On: eq(sql.Col("o", "n"), n)}),
	}}
	if r.Last != nil {
		parts = append(parts, &sql.Select{
			Items: sql.Items("i", r.incidentColumns()...), From: ref(IncidentsTable(e), "i"),
			Where: sql.And{sql.Fn(sql.IsNotNull, sql.Col("i", "number")), sql.InQuery{
				Exprs: []sql.Expr{sql.Col("i", "number")}, Not: true, Query: &sql.Select{Items: sql.Items("b", "n"), From: ref(r.table("before"), "b")},
			}},
		})
	}
	for _, s := range r.Sources {
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
					sql.As(sql.String(r.RunID), "run_id"), sql.As(nobody, "number"), sql.As(nobody, Column(e)),
				},
				From:    sql.Derived{Query: r.nameless(b, s), As: "r"},
				Where:   sql.Fn(sql.Not, blank(raw)),
				GroupBy: []sql.Expr{shown, reason},
			})
		}
	}
	if r.Erased != nil && r.decided() {
		parts = append(parts, r.vain())
	}
	return sql.CreateTableAs{Table: sql.Table{Space: sql.Beside, Name: IncidentsTable(e).Name}, Query: parts, Key: identifierKey}
}

// nameless are the combinations of a source as they are after this run whose
// value of one type is no identifier: its raw value, and rows.
func (r *resolver) nameless(b Binding, s *config.Source) sql.Query {
	query := func(t sql.Table, also ...sql.Expr) *sql.Select {
		return &sql.Select{
			Items: sql.Items("r", b.Raw(), "rows"), From: ref(t, "r"),
			Where: append(sql.And{sql.Fn(sql.IsNull, sql.Col("r", b.Number())), sql.Fn(sql.IsNotNull, sql.Col("r", b.Raw()))}, also...),
		}
	}
	if r.Last == nil {
		return query(r.coded(s))
	}
	stored := query(StoredTable(s), sql.Fn(sql.Differ, sql.Col("d", "kind"), sql.Int(isGone)))
	stored.Items[1] = sql.As(sql.Fn(sql.Coalesce, sql.Col("d", "rows"), sql.Col("r", "rows")), "rows")
	stored.From = sql.Joins(stored.From, sql.Join{Kind: sql.LeftJoin, Right: ref(diffTable(s), "d"), On: eq(sql.Col("d", "row"), sql.Col("r", "row"))})
	return sql.Union{stored, query(codedTable(s))}
}

// store brings the stored rows of a source up to date.
func (r *resolver) store(s *config.Source) []sql.Statement {
	columns := make([]string, 0, 12)
	for _, c := range storedColumns(r.e, s) {
		columns = append(columns, c.Name)
	}
	kind := func(k int) sql.Expr { return eq(sql.Col("d", "kind"), sql.Int(k)) }
	// As with identities, the time that hardly ever changes apart.
	again := func(columns ...string) sql.Statement {
		var set []sql.Assignment
		differs := sql.Or{}
		for _, c := range columns {
			set = append(set, sql.Assignment{Column: c, Value: sql.Col("d", c)})
			differs = append(differs, sql.Fn(sql.Ne, sql.Col("d", c), sql.Col("t", c)))
		}
		return sql.UpdateFrom{
			Table: StoredTable(s), As: "t", Set: set,
			From: ref(diffTable(s), "d"), On: sql.And{eq(sql.Col("t", "row"), sql.Col("d", "row")), kind(isSeen), differs},
		}
	}
	return []sql.Statement{
		sql.Delete{Table: StoredTable(s), Where: sql.InQuery{
			Exprs: []sql.Expr{sql.Col("", "row")}, Query: &sql.Select{Items: sql.Items("d", "row"), From: ref(diffTable(s), "d"), Where: kind(isGone)},
		}},
		again("first_seen"),
		again("last_seen", "rows"),
		again("open"),
		sql.InsertSelect{Table: StoredTable(s), Columns: columns, Query: &sql.Select{Items: sql.Items("c", columns...), From: ref(codedTable(s), "c")}},
	}
}

// Reasons are the values of <entity>_identity_incidents.reason, beside that of
// those who were erased.
var Reasons = []string{"ignored", "invalid", "too_long", "quarantined", "shared", "conflict", "too_many", "never_link", "suspect"}

// totals counts the entities and the identifiers of the largest: totals
// (entities, largest, unknown). A run that goes on from the last one counts in
// its scope, and all over again only if the largest of all was in it and is
// smaller now.
func (r *resolver) totals() []models.Step {
	totals := r.table("totals")
	count := func(q *sql.Select) *models.Exec {
		return &models.Exec{Title: "count", Statements: []sql.Statement{sql.CreateTableAs{Table: totals, Query: q}}}
	}
	number := func(items sql.Expr, from sql.From) sql.Expr {
		return sql.Scalar{Query: &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.Coalesce, items, sql.Int(0)), "n")}, From: from}}
	}
	stats := sql.Joins(ref(r.table("stats"), "s"),
		sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("ids"), "i"), On: eq(sql.Col("i", "c"), sql.Col("s", "c"))})
	found := number(sql.Fn(sql.CountAll), ref(r.table("ids"), "i"))
	largest := number(sql.Fn(sql.Max, sql.Col("s", "size")), stats)
	if r.Last == nil {
		return []models.Step{count(&sql.Select{Items: []sql.Item{sql.As(found, "entities"), sql.As(largest, "largest"), sql.As(sql.Int(0), "unknown")}})}
	}
	state := sql.Derived{As: "l", Query: &sql.Select{
		Items: sql.Items("s", "entities", "largest"), From: ref(StateTable, "s"),
		Where: sql.And{eq(sql.Col("s", "entity"), sql.String(r.e.Name)), eq(sql.Col("s", "source"), sql.String(""))},
	}}
	sizes := sql.Derived{As: "b", Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "size")}, From: ref(r.table("before"), "d"),
		Where: sql.Fn(sql.IsNotNull, sql.Col("d", "old")), GroupBy: []sql.Expr{sql.Col("d", "old")},
	}}
	was := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("l", "entities"), "entities"), sql.As(sql.Col("l", "largest"), "largest"),
			sql.As(found, "found"), sql.As(largest, "size"),
			sql.As(number(sql.Fn(sql.CountAll), sizes), "had"), sql.As(number(sql.Fn(sql.Max, sql.Col("b", "size")), sizes), "had_size"),
		},
		From: state,
	}
	shrunk := sql.And{sql.Fn(sql.Ge, sql.Col("w", "had_size"), sql.Col("w", "largest")), sql.Fn(sql.Lt, sql.Col("w", "size"), sql.Col("w", "largest"))}
	unknown := sql.Expr(sql.If(shrunk, sql.Int(1), sql.Int(0)))
	if r.pending() { // whoever erases may have removed some already
		unknown = sql.Int(1)
	}
	// As the commit will leave them: those out of scope, and those in it.
	whole := sql.Union{
		&sql.Select{
			Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "size")}, From: ref(IdentitiesTable(r.e), "i"),
			Where: sql.And{
				sql.Fn(sql.IsNotNull, sql.Col("i", Column(r.e))),
				sql.InQuery{Exprs: []sql.Expr{sql.Col("i", "number")}, Not: true, Query: &sql.Select{Items: sql.Items("d", "n"), From: ref(r.table("before"), "d")}},
			},
			GroupBy: []sql.Expr{sql.Col("i", Column(r.e))},
		},
		&sql.Select{Items: sql.Items("s", "size"), From: stats},
	}
	return []models.Step{
		count(&sql.Select{
			Items: []sql.Item{
				sql.As(sql.Fn(sql.AddFast, sql.Fn(sql.SubFast, sql.Col("w", "entities"), sql.Col("w", "had")), sql.Col("w", "found")), "entities"),
				sql.As(sql.Fn(sql.Greatest, sql.Col("w", "largest"), sql.Col("w", "size")), "largest"),
				sql.As(unknown, "unknown"),
			},
			From: sql.Derived{Query: was, As: "w"},
		}),
		&models.Loop{
			Title: "count all",
			While: &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.Max, sql.Col("t", "unknown")), "n")}, From: ref(totals, "t")},
			Max:   2,
			Steps: []models.Step{count(&sql.Select{
				Items: []sql.Item{
					sql.As(sql.Fn(sql.CountAll), "entities"), sql.As(sql.Fn(sql.Coalesce, sql.Fn(sql.Max, sql.Col("w", "size")), sql.Int(0)), "largest"),
					sql.As(sql.Int(0), "unknown"),
				},
				From: sql.Derived{Query: whole, As: "w"},
			})},
		},
	}
}

func (r *resolver) measures() []models.Measure {
	e := r.e
	sum := func(x sql.Expr) sql.Expr { return sql.Fn(sql.Coalesce, sql.Fn(sql.Sum, x), sql.Int(0)) }
	counts := func(column string, values ...string) []sql.Item {
		var items []sql.Item
		for _, v := range values {
			items = append(items, sql.As(sum(sql.If(eq(sql.Col("x", column), sql.String(v)), sql.Int(1), sql.Int(0))), v))
		}
		return items
	}
	var list []models.Measure
	for _, s := range r.Sources {
		none := sql.And{}
		for _, b := range Bindings(e, s) {
			none = append(none, sql.Fn(sql.IsNull, sql.Col("r", b.Number())))
		}
		list = append(list, models.Measure{Subject: "source:" + s.Name, Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sum(sql.Col("r", "rows")), "rows"),
				sql.As(sum(sql.If(none, sql.Col("r", "rows"), sql.Int(0))), "without_identifier"),
			},
			From: ref(StoredTable(s), "r"),
		}})
	}
	if r.Last != nil {
		list = append(list, models.Measure{Subject: "scope:" + e.Name, Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "touched")}, From: ref(r.table("nodes"), "d"),
		}})
	}
	return append(list,
		models.Measure{Subject: "identity:" + e.Name, Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Scalar{Query: &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: ref(IdentitiesTable(e), "i")}}, "identifiers"),
				sql.As(sql.Col("t", "entities"), "customers"), sql.As(sql.Col("t", "largest"), "largest"),
			},
			From: ref(r.table("totals"), "t"),
		}},
		models.Measure{Subject: "changes:" + e.Name, Query: &sql.Select{
			Items: counts("kind", "merge", "split", "gone"),
			From:  ref(r.table("changes"), "x"),
		}},
		models.Measure{Subject: "incidents:" + e.Name, Query: &sql.Select{
			Items: counts("reason", r.reasons()...),
			From:  ref(IncidentsTable(e), "x"),
		}},
	)
}
