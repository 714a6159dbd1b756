package identity

import (
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// unchanged makes sure that nobody built identities since the state was read.
func (r *resolver) unchanged() *models.Assert {
	same := sql.Scalar{Query: &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: ref(StateTable, "s"),
		Where: sql.And{
			eq(sql.Col("s", "entity"), sql.String(r.e.Name)), eq(sql.Col("s", "source"), sql.String("")),
			eq(sql.Col("s", "run_id"), sql.String(r.Last.RunID)),
		},
	}}
	return &models.Assert{
		Title:   "look for another run",
		Query:   &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.SubFast, sql.Int(1), same), "n")}},
		Message: "run has built identities since this one began: nothing was changed, run again",
		Span:    r.e.Pos.Span(),
	}
}

// scope finds the components that the changes touch, and makes the nodes,
// tuples and quarantined of a run that goes on from the last one.
//
// A component is in scope as a whole. Whether an identifier is quarantined
// depends on the rows that carry it alone, so only one on a changed row can
// turn; where it is released, all that it appears with is touched too.
func (r *resolver) scope() []sql.Statement {
	e := r.e
	var (
		touched = r.table("touched")
		back    = r.table("released")
		parts   = r.table("parts")
		before  = r.table("before")
		inside  = r.table("inside")
		dead    = r.table("dead")
		seen    = r.table("seen")
		near    = func(s *config.Source) sql.Table { return sourceWork("near", s) }
		in      = func(n sql.Expr, t sql.Table) sql.Expr {
			return sql.InQuery{Exprs: []sql.Expr{n}, Query: &sql.Select{Items: sql.Items("z", "n"), From: ref(t, "z")}}
		}
		out = func(n sql.Expr, t sql.Table) sql.Expr {
			return sql.InQuery{Exprs: []sql.Expr{n}, Not: true, Query: &sql.Select{Items: sql.Items("z", "n"), From: ref(t, "z")}}
		}
		identities = IdentitiesTable(e)
		list       []sql.Statement
	)

	list = append(list, sql.CreateTableAs{Table: touched, Query: &sql.Select{
		Distinct: true, Items: sql.Items("q", "n"), From: sql.Derived{Query: r.changedNumbers(), As: "q"},
	}})
	for _, s := range r.Sources {
		list = append(list, sql.CreateTableAs{Table: near(s), Query: r.current(s, func(n sql.Expr) sql.Expr { return in(n, touched) })})
	}
	crowd := r.crowded(sql.Derived{Query: r.stars(func(s *config.Source) sql.From { return ref(near(s), "r") }), As: "l"}, in(sql.Col("l", "x"), touched))
	list = append(list,
		sql.CreateTableAs{Table: r.table("quarantined"), Query: r.withMarked(crowd, &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("i", "number"), "x"), sql.As(sql.Null{Type: sql.TypeInt}, "s"), sql.As(sql.Null{Type: sql.TypeInt}, "k")},
			From:  ref(identities, "i"),
			Where: sql.And{sql.Col("i", "quarantined"), out(sql.Col("i", "number"), touched)},
		})},
		sql.CreateTableAs{Table: back, Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("i", "number"), "n")},
			From:  ref(identities, "i"),
			Where: sql.And{sql.Col("i", "quarantined"), in(sql.Col("i", "number"), touched), r.isQuarantined(sql.Col("i", "number"), true)},
		}},
	)

	seeds := sql.Union{&sql.Select{Items: sql.Items("t", "n"), From: ref(touched, "t")}}
	for _, s := range r.Sources {
		bindings := Bindings(e, s)
		some := sql.Or{}
		for _, b := range bindings {
			some = append(some, in(sql.Col("r", b.Number()), back))
		}
		for _, b := range bindings {
			seeds = append(seeds, &sql.Select{Items: []sql.Item{sql.As(sql.Col("r", b.Number()), "n")}, From: ref(near(s), "r"), Where: some})
		}
	}
	list = append(list,
		sql.CreateTableAs{Table: parts, Query: &sql.Select{
			Distinct: true, Items: []sql.Item{sql.As(sql.Col("i", "component"), "n")}, From: ref(identities, "i"),
			Where: sql.InQuery{Exprs: []sql.Expr{sql.Col("i", "number")}, Query: seeds},
		}},
		sql.CreateTableAs{Table: before, Query: &sql.Select{
			Items: append([]sql.Item{
				sql.As(sql.Col("i", "number"), "n"), sql.As(r.rank(sql.Col("i", "identifier_type")), "t"), sql.As(sql.Col("i", Column(e)), "old"),
			}, sql.Items("i", "first_seen", "last_seen", "source", "component", "quarantined")...),
			From:  ref(identities, "i"),
			Where: in(sql.Col("i", "component"), parts),
		}},
		sql.CreateTableAs{Table: inside, Query: &sql.Select{
			Items: sql.Items("q", "n"),
			From: sql.Derived{As: "q", Query: sql.Union{
				&sql.Select{Items: sql.Items("b", "n"), From: ref(before, "b")},
				&sql.Select{Items: sql.Items("d", "n"), From: ref(r.table("named"), "d"), Where: sql.Fn(sql.Not, sql.Col("d", "known"))},
			}},
			Where: r.isQuarantined(sql.Col("q", "n"), true),
		}},
	)
	for _, s := range r.Sources {
		list = append(list, sql.CreateTableAs{Table: r.tuples(s), Query: r.current(s, func(n sql.Expr) sql.Expr { return in(n, inside) })})
	}

	var alive, again sql.Union
	for _, s := range r.Sources {
		for _, b := range Bindings(e, s) {
			n := sql.Col("r", b.Number())
			for _, t := range []sql.Table{r.tuples(s), near(s)} {
				alive = append(alive, &sql.Select{
					Items: []sql.Item{sql.As(n, "n")}, From: ref(t, "r"), Where: sql.Fn(sql.IsNotNull, n),
				})
			}
			again = append(again, &sql.Select{
				Items: append([]sql.Item{sql.As(n, "n")}, sql.Items("r", "first_seen", "last_seen")...), From: ref(diffTable(s), "r"),
				Where: sql.And{eq(sql.Col("r", "kind"), sql.Int(isSeen)), sql.Fn(sql.IsNotNull, n)},
			})
		}
	}
	again = append(again, &sql.Select{
		Items: sql.Items("d", "n", "first_seen", "last_seen"), From: ref(r.table("named"), "d"), Where: sql.Col("d", "known"),
	})
	list = append(list,
		sql.CreateTableAs{Table: dead, Query: &sql.Select{
			Items: sql.Items("b", "n"), From: ref(before, "b"),
			Where: sql.InQuery{Exprs: []sql.Expr{sql.Col("b", "n")}, Not: true, Query: alive},
		}},
		sql.CreateTableAs{Table: seen, Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("q", "n"), "n"),
				sql.As(sql.Fn(sql.Min, sql.Col("q", "first_seen")), "first_seen"), sql.As(sql.Fn(sql.Max, sql.Col("q", "last_seen")), "last_seen"),
			},
			From: sql.Derived{Query: again, As: "q"}, GroupBy: []sql.Expr{sql.Col("q", "n")},
		}},
		sql.CreateTableAs{Table: r.table("nodes"), Query: sql.Union{
			&sql.Select{
				Items: []sql.Item{
					sql.As(sql.Col("b", "n"), "n"), sql.As(sql.Bool(true), "known"), sql.As(sql.Col("b", "t"), "t"),
					sql.As(sql.Null{Type: sql.TypeString}, "v"), // read for those alone that incidents name
					sql.As(sql.Fn(sql.Least, sql.Col("b", "first_seen"), sql.Col("s", "first_seen")), "first_seen"),
					sql.As(sql.Fn(sql.Greatest, sql.Col("b", "last_seen"), sql.Col("s", "last_seen")), "last_seen"),
					sql.As(sql.Col("b", "source"), "source"), sql.As(sql.Col("b", "old"), "old"),
				},
				From:  sql.Joins(ref(before, "b"), sql.Join{Kind: sql.LeftJoin, Right: ref(seen, "s"), On: eq(sql.Col("s", "n"), sql.Col("b", "n"))}),
				Where: out(sql.Col("b", "n"), dead),
			},
			&sql.Select{
				Items: sql.Items("d", "n", "known", "t", "v", "first_seen", "last_seen", "source", "old"), From: ref(r.table("named"), "d"),
				Where: sql.Fn(sql.Not, sql.Col("d", "known")),
			},
		}},
	)
	return list
}

// changedNumbers are the identifiers on combinations that are new or gone, those
// that people decided about, one of each entity that is due to expire, and those of
// nobody that were seen again: somebody who was forgotten may be back.
func (r *resolver) changedNumbers() sql.Union {
	var all sql.Union
	for _, s := range r.Sources {
		for _, b := range Bindings(r.e, s) {
			n := sql.Col("r", b.Number())
			present := sql.Fn(sql.IsNotNull, n)
			all = append(all,
				&sql.Select{Items: []sql.Item{sql.As(n, "n")}, From: ref(codedTable(s), "r"), Where: present},
				&sql.Select{
					Items: []sql.Item{sql.As(n, "n")}, From: ref(diffTable(s), "r"),
					Where: sql.And{eq(sql.Col("r", "kind"), sql.Int(isGone)), present},
				},
			)
		}
	}
	if r.pending() {
		all = append(all, &sql.Select{Items: sql.Items("z", "n"), From: ref(r.table("erased"), "z"), Where: sql.Fn(sql.IsNotNull, sql.Col("z", "n"))})
	}
	if r.decided() {
		all = append(all, r.members(nil)...)
	}
	if r.e.Expire != nil {
		all = append(all, &sql.Select{
			Items:   []sql.Item{sql.As(sql.Fn(sql.Min, sql.Col("i", "number")), "n")},
			From:    ref(IdentitiesTable(r.e), "i"),
			Where:   sql.Fn(sql.IsNotNull, sql.Col("i", Column(r.e))),
			GroupBy: []sql.Expr{sql.Col("i", Column(r.e))},
			Having:  weakly(r.e, r.AsOf, r.rank(sql.Col("i", "identifier_type")), sql.Col("i", "last_seen")),
		})
	}
	if r.e.Expire != nil || r.e.Retention != 0 {
		nobodys := &sql.Select{Items: sql.Items("i", "number"), From: ref(IdentitiesTable(r.e), "i"), Where: sql.Fn(sql.IsNull, sql.Col("i", Column(r.e)))}
		for _, s := range r.Sources {
			for _, b := range Bindings(r.e, s) {
				n := sql.Col("r", b.Number())
				all = append(all, &sql.Select{
					Items: []sql.Item{sql.As(n, "n")}, From: ref(diffTable(s), "r"),
					Where: sql.And{
						eq(sql.Col("r", "kind"), sql.Int(isSeen)), sql.Fn(sql.IsNotNull, n), sql.InQuery{Exprs: []sql.Expr{n}, Query: nobodys},
					},
				})
			}
		}
	}
	if r.e.Retention != 0 {
		id := sql.Col("i", Column(r.e))
		where := sql.And{sql.Fn(sql.IsNotNull, id)}
		if r.Sent != nil {
			where = append(where, sql.InQuery{Exprs: []sql.Expr{id}, Not: true, Query: r.Sent})
		}
		all = append(all, &sql.Select{
			Items: []sql.Item{sql.As(sql.Fn(sql.Min, sql.Col("i", "number")), "n")},
			From:  ref(IdentitiesTable(r.e), "i"), Where: where, GroupBy: []sql.Expr{id},
			Having: unseen(r.e.Retention, r.AsOf, sql.Col("i", "last_seen")),
		})
	}
	return all
}

// current are the numbers of a source's combinations as they are after this
// run, where a condition holds for any of them.
func (r *resolver) current(s *config.Source, holds func(n sql.Expr) sql.Expr) sql.Query {
	bindings := Bindings(r.e, s)
	query := func(t sql.Table, where sql.And) *sql.Select {
		q := &sql.Select{From: ref(t, "r")}
		some := sql.Or{}
		for _, b := range bindings {
			q.Items = append(q.Items, sql.Items("r", b.Number())...)
			some = append(some, holds(sql.Col("r", b.Number())))
		}
		q.Where = append(sql.And{some}, where...)
		return q
	}
	gone := sql.InQuery{
		Exprs: []sql.Expr{sql.Col("r", "row")}, Not: true,
		Query: &sql.Select{Items: sql.Items("d", "row"), From: ref(diffTable(s), "d"), Where: eq(sql.Col("d", "kind"), sql.Int(isGone))},
	}
	return sql.Union{query(StoredTable(s), sql.And{gone}), query(codedTable(s), nil)}
}
