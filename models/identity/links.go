package identity

import (
	"fmt"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// code puts the numbers of identifiers beside the raw values of the new
// combinations.
func (r *resolver) code() []sql.Statement {
	nodes := r.table("named")
	last := sql.Expr(sql.Int(0))
	if r.Last == nil {
		nodes = r.table("nodes")
	}
	var list []sql.Statement
	for _, s := range r.Sources {
		bindings := Bindings(r.e, s)
		if r.Last != nil {
			last = maximum(StoredTable(s), "row")
		}
		items := []sql.Item{sql.As(sql.Fn(sql.AddFast, last, sql.Window{Call: sql.Fn(sql.RowNumber)}), "row")}
		from := sql.From(ref(rowsTable(s), "r"))
		for _, b := range bindings {
			items = append(items, sql.Items("r", b.Raw())...)
		}
		for i, b := range bindings {
			alias := fmt.Sprintf("d%d", i)
			from = &sql.Join{Left: from, Kind: sql.LeftJoin, Right: ref(nodes, alias), On: sql.And{
				eq(sql.Col(alias, "t"), sql.Int(b.Rank)), eq(sql.Col(alias, "v"), sql.Col("r", b.Value())),
			}}
			items = append(items, sql.As(sql.Col(alias, "n"), b.Number()))
		}
		columns := []string{"hash.1", "hash.2", "first_seen", "last_seen", "rows", "open"}
		if s.Changes == byUpdate {
			columns = append([]string{"key"}, columns...)
		}
		items = append(items, sql.Items("r", columns...)...)
		list = append(list, sql.CreateTableAs{Table: r.coded(s), Query: &sql.Select{Items: items, From: from, Where: r.somebodys(s)}})
	}
	return list
}

// tuples are the numbers of a source's combinations in scope.
func (r *resolver) tuples(s *config.Source) sql.Table {
	if r.Last == nil {
		return r.coded(s)
	}
	return sourceWork("tuples", s)
}

// star joins the strongest identifier of each combination to every weaker one
// on it: that connects the same identifiers as all pairs would.
func (r *resolver) star(out sql.Table, tuples func(*config.Source) sql.Table) sql.Statement {
	return sql.CreateTableAs{Table: out, Query: r.stars(func(s *config.Source) sql.From { return ref(tuples(s), "r") })}
}

// stars is the query of star, over combinations under the alias r.
func (r *resolver) stars(tuples func(*config.Source) sql.From) sql.Query {
	var all sql.Union
	for strong := range r.e.Identifiers {
		for weak := strong + 1; weak < len(r.e.Identifiers); weak++ {
			var carried sql.Union
			for _, s := range r.Sources {
				if q := pairs(Bindings(r.e, s), strong, weak); q != nil {
					q.From = tuples(s)
					carried = append(carried, q)
				}
			}
			if len(carried) == 0 {
				continue
			}
			all = append(all, &sql.Select{
				Items: append(sql.Items("r", "a", "x"), sql.As(sql.Int(strong), "s"), sql.As(sql.Int(weak), "t")),
				From: sql.Derived{As: "r", Query: &sql.Select{
					Distinct: true, Items: sql.Items("q", "a", "x"), From: sql.Derived{Query: carried, As: "q"},
				}},
			})
		}
	}
	if len(all) == 0 {
		// No source carries two types: every identifier stands alone.
		none := sql.Null{Type: sql.TypeInt}
		return &sql.Select{
			Items: []sql.Item{sql.As(none, "a"), sql.As(none, "x"), sql.As(sql.Int(0), "s"), sql.As(sql.Int(0), "t")},
			Where: sql.Bool(false),
		}
	}
	return all
}

// pairs selects the pairs of one rank and a weaker one where the former is the
// strongest on the row; nil where the source does not carry both.
func pairs(bindings []Binding, strong, weak int) *sql.Select {
	q := &sql.Select{}
	where := sql.And{}
	for _, b := range bindings {
		n := sql.Col("r", b.Number())
		switch {
		case b.Rank < strong:
			where = append(where, sql.Fn(sql.IsNull, n))
		case b.Rank == strong:
			q.Items = append(q.Items, sql.As(n, "a"))
			where = append(where, sql.Fn(sql.IsNotNull, n))
		case b.Rank == weak:
			q.Items = append(q.Items, sql.As(n, "x"))
			where = append(where, sql.Fn(sql.IsNotNull, n))
		}
	}
	if len(q.Items) < 2 {
		return nil
	}
	q.Where = where
	return q
}

// crowded selects from a star (alias l) the identifiers that appear with more
// identifiers of a stronger type than one customer may plausibly have: x, with
// that type s and how many there are, k. It depends on the rows that carry x
// and on nothing else.
func (r *resolver) crowded(star sql.From, where sql.Expr) sql.Query {
	s, t := sql.Col("l", "s"), sql.Col("l", "t")
	bound := sql.Case{}
	for weak, id := range r.e.Identifiers {
		if id.SharedBy > 0 {
			bound.Whens = append(bound.Whens, sql.When{If: eq(t, sql.Int(weak)), Then: sql.Int(id.SharedBy)})
		}
	}
	for strong, id := range r.e.Identifiers {
		if id.Limit > config.DefaultSharedBy {
			bound.Whens = append(bound.Whens, sql.When{If: eq(s, sql.Int(strong)), Then: sql.Int(id.Limit)})
		}
	}
	most := sql.Expr(sql.Int(config.DefaultSharedBy))
	if len(bound.Whens) > 0 {
		bound.Else = most
		most = bound
	}
	return &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("k", "x"), "x"), sql.As(sql.Fn(sql.Min, sql.Col("k", "s")), "s"), sql.As(sql.FnOf(sql.TypeInt, sql.ArgMin, sql.Col("k", "k"), sql.Col("k", "s")), "k"),
		},
		From: sql.Derived{As: "k", Query: &sql.Select{
			Items:   append(sql.Items("l", "x", "s"), sql.As(sql.Fn(sql.CountAll), "k")),
			From:    star,
			Where:   where,
			GroupBy: []sql.Expr{sql.Col("l", "x"), s, t},
			Having:  sql.Fn(sql.Gt, sql.Fn(sql.CountAll), most),
		}},
		GroupBy: []sql.Expr{sql.Col("k", "x")},
	}
}

// quarantine finds the super-nodes: an address that hundreds share says nothing
// of any of them.
func (r *resolver) quarantine() sql.Statement {
	return sql.CreateTableAs{Table: r.table("quarantined"), Query: r.withMarked(r.crowded(ref(r.table("star"), "l"), nil))}
}

// isQuarantined says that a number is of a quarantined identifier.
func (r *resolver) isQuarantined(n sql.Expr, not bool) sql.Expr {
	return sql.InQuery{Exprs: []sql.Expr{n}, Not: not, Query: &sql.Select{Items: sql.Items("z", "x"), From: ref(r.table("quarantined"), "z")}}
}

// links are the star without the quarantined identifiers. A combination whose
// strongest identifier is one of them is linked by the strongest of the rest.
func (r *resolver) links() sql.Statement {
	rest := r.stars(func(s *config.Source) sql.From {
		bindings := Bindings(r.e, s)
		strongest := sql.Call{Func: sql.Coalesce}
		masked := &sql.Select{From: ref(r.tuples(s), "m")}
		for _, b := range bindings {
			n := sql.Expr(sql.Col("m", b.Number()))
			strongest.Args = append(strongest.Args, n)
			if b.Rank > 0 { // nothing is stronger than the first
				n = sql.If(r.isQuarantined(n, false), sql.Null{Type: sql.TypeInt}, n)
			}
			masked.Items = append(masked.Items, sql.As(n, b.Number()))
		}
		masked.Where = r.isQuarantined(strongest, false)
		return sql.Derived{Query: masked, As: "r"}
	})
	return sql.CreateTableAs{Table: r.table("links"), Query: sql.Union{
		&sql.Select{
			Items: sql.Items("l", "a", "x", "s", "t"), From: ref(r.table("star"), "l"),
			Where: append(sql.And{r.isQuarantined(sql.Col("l", "a"), true), r.isQuarantined(sql.Col("l", "x"), true)}, r.joinable()...),
		},
		&sql.Select{Items: sql.Items("l", "a", "x", "s", "t"), From: sql.Derived{Query: rest, As: "l"}, Where: single(r.joinable())},
	}}
}

// edges is what components reads.
func (r *resolver) edges() sql.Statement {
	edge := func(a, x sql.Expr) []sql.Item {
		return []sql.Item{sql.As(sql.Fn(sql.Greatest, a, x), "u"), sql.As(sql.Fn(sql.Least, a, x), "v")}
	}
	all := sql.Union{&sql.Select{Items: edge(sql.Col("l", "a"), sql.Col("l", "x")), From: ref(r.table("links"), "l")}}
	if len(r.e.AlwaysLink) > 0 {
		all = append(all, &sql.Select{
			Items: edge(sql.Col("p", "a"), sql.Col("p", "b")), From: ref(r.table("pairs"), "p"),
			Where: sql.And{
				sql.Fn(sql.Not, sql.Col("p", "never")), sql.Fn(sql.Ne, sql.Col("p", "a"), sql.Col("p", "b")),
				r.isNode(sql.Col("p", "a")), r.isNode(sql.Col("p", "b")), // not if its last row is gone
			},
		})
	}
	return sql.CreateTableAs{Table: r.table("edges"), Query: all}
}

func (r *resolver) isNode(n sql.Expr) sql.Expr {
	return sql.InQuery{Exprs: []sql.Expr{n}, Query: &sql.Select{Items: sql.Items("d", "n"), From: ref(r.table("nodes"), "d")}}
}

// decided says that people decided about pairs of identifiers.
func (r *resolver) decided() bool { return len(r.e.AlwaysLink)+len(r.e.NeverLink) > 0 }

// pairs looks the decided pairs up: pairs (k, never, a, b), both of which the
// data must have. k counts the always_link first, then the never_link.
func (r *resolver) pairs(named sql.Table) []sql.Statement {
	if !r.decided() {
		return nil
	}
	var values sql.Union
	add := func(list []config.Pair, never bool, from int) {
		for i, p := range list {
			for side, reference := range []config.Reference{p.A, p.B} {
				for rank, id := range r.e.Identifiers {
					if id.Name != reference.Type {
						continue
					}
					values = append(values, &sql.Select{Items: []sql.Item{
						sql.As(sql.Int(from+i), "k"), sql.As(sql.Bool(never), "never"), sql.As(sql.Int(side), "side"),
						sql.As(sql.Int(rank), "t"), sql.As(Normal(id, reference.Value), "v"),
					}})
				}
			}
		}
	}
	add(r.e.AlwaysLink, false, 0)
	add(r.e.NeverLink, true, len(r.e.AlwaysLink))
	known := sql.Union{&sql.Select{Items: sql.Items("d", "n", "t", "v"), From: ref(named, "d")}}
	if r.Last != nil {
		known = append(known, &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("i", "number"), "n"), sql.As(r.rank(sql.Col("i", "identifier_type")), "t"), sql.As(sql.Col("i", "identifier"), "v"),
			},
			From: ref(IdentitiesTable(r.e), "i"),
		})
	}
	found := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("d", "k"), "k"), sql.As(sql.Col("d", "never"), "never"), sql.As(sql.Col("d", "side"), "side"),
			sql.As(sql.Fn(sql.Min, sql.Col("n", "n")), "n"),
		},
		From: sql.Joins(ref(r.table("decided"), "d"), sql.Join{
			Kind: sql.InnerJoin, Right: sql.Derived{Query: known, As: "n"},
			On: sql.And{eq(sql.Col("n", "t"), sql.Col("d", "t")), eq(sql.Col("n", "v"), sql.Col("d", "v"))},
		}),
		GroupBy: []sql.Expr{sql.Col("d", "k"), sql.Col("d", "never"), sql.Col("d", "side")},
	}
	side := func(n int) sql.Expr {
		return sql.Fn(sql.Max, sql.If(eq(sql.Col("f", "side"), sql.Int(n)), sql.Col("f", "n"), nil))
	}
	return []sql.Statement{
		sql.CreateTableAs{Table: r.table("decided"), Query: values},
		sql.CreateTableAs{Table: r.table("pairs"), Query: &sql.Select{
			Items:   append(sql.Items("f", "k", "never"), sql.As(side(0), "a"), sql.As(side(1), "b")),
			From:    sql.Derived{Query: found, As: "f"},
			GroupBy: []sql.Expr{sql.Col("f", "k"), sql.Col("f", "never")},
			Having:  sql.Fn(sql.Gt, sql.Fn(sql.CountAll), sql.Int(1)),
		}},
	}
}

// members are the numbers of the decided pairs, under the column n.
func (r *resolver) members(where sql.Expr) sql.Union {
	var out sql.Union
	for _, side := range []string{"a", "b"} {
		out = append(out, &sql.Select{Items: []sql.Item{sql.As(sql.Col("p", side), "n")}, From: ref(r.table("pairs"), "p"), Where: where})
	}
	return out
}

// joinPairs puts the clusters of always_link together, after the limits and
// whatever those refused. What never_link says of the same identifiers
// contradicts it, and fails the run.
func (r *resolver) joinPairs() []models.Step {
	if len(r.e.AlwaysLink) == 0 {
		return nil
	}
	cluster := func(alias, side string) sql.Join {
		return sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("cluster"), alias), On: eq(sql.Col(alias, "n"), sql.Col("p", side))}
	}
	both := sql.Joins(ref(r.table("pairs"), "p"), cluster("a", "a"), cluster("b", "b"))
	steps := []models.Step{&models.Exec{Title: "put together what always_link says", Statements: []sql.Statement{
		sql.CreateTableAs{Table: r.table("ties"), Query: &sql.Select{
			Distinct: true,
			Items: []sql.Item{
				sql.As(sql.Fn(sql.Greatest, sql.Col("a", "c"), sql.Col("b", "c")), "u"),
				sql.As(sql.Fn(sql.Least, sql.Col("a", "c"), sql.Col("b", "c")), "v"),
			},
			From:  both,
			Where: sql.And{sql.Fn(sql.Not, sql.Col("p", "never")), sql.Fn(sql.Ne, sql.Col("a", "c"), sql.Col("b", "c"))},
		}},
	}}}
	steps = append(steps, Components(r.e.Name+"_ties", r.table("ties"), r.table("tied"), Few)...)
	steps = append(steps, &models.Exec{Title: "put together what always_link says", Statements: []sql.Statement{
		sql.CreateTableAs{Table: r.table("cluster"), Query: &sql.Select{
			Items: append(sql.Items("c", "n", "t", "g"), sql.As(sql.Fn(sql.Coalesce, sql.Col("j", "root"), sql.Col("c", "c")), "c")),
			From: sql.Joins(ref(r.table("cluster"), "c"),
				sql.Join{Kind: sql.LeftJoin, Right: ref(r.table("tied"), "j"), On: eq(sql.Col("j", "n"), sql.Col("c", "c"))}),
		}},
		sql.CreateTableAs{Table: r.table("stats"), Query: r.stats(r.table("cluster"))},
	}})
	if len(r.e.NeverLink) > 0 {
		steps = append(steps, &models.Assert{
			Title: "compare always_link with never_link",
			Query: &sql.Select{
				Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: both,
				Where: sql.And{sql.Col("p", "never"), eq(sql.Col("a", "c"), sql.Col("b", "c"))},
			},
			Message: "pairs of never_link are joined by what always_link says: remove one of the two",
			Span:    r.e.Pos.Key("never_link"),
		})
	}
	return steps
}
