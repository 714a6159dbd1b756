package identity

import (
	"fmt"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// enforceLimits repairs the clusters that hold more identifiers of a type than
// its limit allows, and only those; the others are left as they are.
//
// A violating cluster is taken apart and built up again by rank. At each rank
// the strong part is already decided, and the identifiers x of that rank are
// judged together, so that the outcome depends on no order of rows:
//
//   - x would join clusters that together break a limit: x is refused (shared).
//   - several x, harmless one by one, would chain clusters into one that
//     breaks a limit, their own included: all that join clusters are refused
//     (conflict).
//   - a cluster gets more x than their own limit: those seen first stay, the
//     rest is refused (too_many).
//
// A refused identifier is nobody's evidence: it stands alone, as a customer of
// its own, and joins no weaker identifier to itself or to each other. The
// refusal is listed in refused (x, reason, evidence).
//
// A pair of never_link is a limit too: that of a type of its own, beyond those
// of the entity, of which its two identifiers are the only values and a cluster
// may have one. Where both would go to one cluster, the one seen later is kept
// apart (never_link), and goes on as the evidence that it is.
func (r *resolver) enforceLimits() []models.Step {
	e := r.e
	refused := prefix(e, "refused")
	first := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("d", "n"), "x"),
			sql.As(sql.String(""), "reason"),
			sql.As(sql.String(""), "evidence"),
		},
		From: ref(prefix(e, "nodes"), "d"), Where: sql.Bool(false),
	}
	if r.Erased != nil {
		first = r.refusedBefore()
	}
	steps := []models.Step{&models.Exec{Title: "prepare limits", Statements: []sql.Statement{
		sql.CreateTableAs{Table: refused, Query: first},
	}}}
	limited := r.keepsApart()
	for _, id := range e.Identifiers {
		limited = limited || id.Limit > 0
	}
	if !limited {
		return steps
	}
	find := []sql.Statement{r.overLimit(prefix(e, "cluster"), ref(r.table("stats"), "s"))}
	if r.keepsApart() {
		find = append(find, sql.CreateTableAs{Table: r.table("apart"), Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("q", "n"), "n"), sql.As(sql.Col("q", "t"), "t")},
			From:  sql.Derived{Query: r.apart(), As: "q"},
		}})
	}
	steps = append(steps, &models.Exec{Title: "find clusters over a limit", Statements: find})
	repair := []models.Step{&models.Exec{Title: "take clusters over a limit apart", Statements: takeApart(e)}}
	for rank := 1; rank < len(e.Identifiers); rank++ {
		repair = append(repair, r.joinRank(rank)...)
	}
	repair = append(repair, &models.Exec{Title: "put the repaired clusters back", Statements: []sql.Statement{
		sql.CreateTableAs{Table: prefix(e, "cluster"), Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("c", "n"), "n"),
				sql.As(sql.Col("c", "t"), "t"),
				sql.As(sql.Col("c", "g"), "g"),
				sql.As(sql.Fn(sql.Coalesce, sql.Col("b", "c"), sql.Col("c", "c")), "c"),
			},
			From: sql.Joins(ref(prefix(e, "cluster"), "c"),
				sql.Join{Kind: sql.LeftJoin, Right: ref(prefix(e, "part"), "b"), On: eq(sql.Col("b", "n"), sql.Col("c", "n"))}),
		}},
		sql.CreateTableAs{Table: r.table("stats"), Query: sql.Union{
			&sql.Select{From: ref(r.table("stats"), "s"), Items: r.statItems(), Where: sql.InQuery{
				Exprs: []sql.Expr{sql.Col("s", "c")}, Not: true, Query: &sql.Select{Items: sql.Items("o", "c"), From: ref(r.table("over"), "o")},
			}},
			r.stats(prefix(e, "part")),
		}},
		r.overLimit(prefix(e, "part"), sql.Derived{Query: r.stats(prefix(e, "part")), As: "s"}),
	}})
	// A loop only so that a graph without violations costs one question: one
	// repair leaves no cluster over a limit.
	return append(steps, &models.Loop{
		Title: "repair clusters over a limit",
		While: &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: ref(prefix(e, "over"), "o")},
		Max:   2,
		Steps: repair,
	})
}

// keepsApart says that there are pairs that must not come together.
func (r *resolver) keepsApart() bool { return len(r.e.NeverLink) > 0 }

// apart are the members of the pairs of never_link, n, with the type t that
// stands for the pair.
func (r *resolver) apart() sql.Query {
	var out sql.Union
	for _, side := range []string{"a", "b"} {
		out = append(out, &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("p", side), "n"),
				sql.As(sql.Fn(sql.AddFast, sql.Int(len(r.e.Identifiers)), sql.Col("p", "k")), "t"),
			},
			From: ref(r.table("pairs"), "p"), Where: sql.Col("p", "never"),
		})
	}
	return out
}

// isPair says that a type stands for a pair of never_link.
func (r *resolver) isPair(rank sql.Expr) sql.Expr {
	return sql.Fn(sql.Ge, rank, sql.Int(len(r.e.Identifiers)))
}

// because is what the project says of a pair, by its type.
func (r *resolver) because(rank sql.Expr) sql.Expr {
	c := sql.Case{}
	for i, p := range r.e.NeverLink {
		c.Whens = append(c.Whens, sql.When{
			If: eq(rank, sql.Int(len(r.e.Identifiers)+len(r.e.AlwaysLink)+i)), Then: sql.String("never_link: " + p.Because),
		})
	}
	return c
}

// statItems are the columns of stats, under the alias s.
func (r *resolver) statItems() []sql.Item {
	var out []sql.Item
	for _, item := range r.stats(r.table("cluster")).Items {
		out = append(out, sql.Items("s", item.As)...)
	}
	return out
}

// limit is an SQL expression for the limit of a rank column; NULL is none.
func (r *resolver) limit(rank sql.Expr) sql.Expr {
	c := sql.Case{}
	for i, id := range r.e.Identifiers {
		if id.Limit > 0 {
			c.Whens = append(c.Whens, sql.When{If: eq(rank, sql.Int(i)), Then: sql.Int(id.Limit)})
		}
	}
	if r.keepsApart() {
		c.Whens = append(c.Whens, sql.When{If: r.isPair(rank), Then: sql.Int(1)})
	}
	return c
}

// typeName is an SQL expression for the name of a rank column.
func typeName(e *config.Entity, rank sql.Expr) sql.Expr {
	c := sql.Case{}
	for i, id := range e.Identifiers {
		c.Whens = append(c.Whens, sql.When{If: eq(rank, sql.Int(i)), Then: sql.String(id.Name)})
	}
	return c
}

// overLimit lists the clusters that break a limit: over (c). The clusters are
// those of a table with the columns n, t and c, and their stats.
func (r *resolver) overLimit(clusters sql.Table, stats sql.From) sql.Statement {
	limits := sql.Or{}
	for i, id := range r.e.Identifiers {
		if id.Limit > 0 {
			limits = append(limits, sql.Fn(sql.Gt, sql.Col("s", countOf(i)), sql.Int(id.Limit)))
		}
	}
	found := sql.Union{&sql.Select{Items: sql.Items("s", "c"), From: stats, Where: limits}} // FALSE where none is
	if r.keepsApart() {
		found = append(found, &sql.Select{
			Items: sql.Items("c", "c"),
			From: sql.Joins(ref(r.table("pairs"), "p"),
				sql.Join{Kind: sql.InnerJoin, Right: ref(clusters, "c"), On: eq(sql.Col("c", "n"), sql.Col("p", "a"))},
				sql.Join{Kind: sql.InnerJoin, Right: ref(clusters, "d"), On: sql.And{
					eq(sql.Col("d", "n"), sql.Col("p", "b")), eq(sql.Col("d", "c"), sql.Col("c", "c")),
				}}),
			Where: sql.Col("p", "never"),
		})
	}
	return sql.CreateTableAs{Table: r.table("over"), Query: &sql.Select{
		Distinct: true, Items: sql.Items("k", "c"), From: sql.Derived{As: "k", Query: found},
	}}
}

// takeApart makes part (n, t, c), the identifiers of the violating clusters,
// each in a cluster of its own, and bonds (a, x, t), the links among them.
func takeApart(e *config.Entity) []sql.Statement {
	inOver := func(alias string) sql.Join {
		return sql.Join{Kind: sql.InnerJoin, Right: ref(prefix(e, "over"), "o"), On: eq(sql.Col("o", "c"), sql.Col(alias, "c"))}
	}
	return []sql.Statement{
		sql.CreateTableAs{Table: prefix(e, "part"), Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("k", "n"), "n"), sql.As(sql.Col("k", "t"), "t"), sql.As(sql.Col("k", "n"), "c"),
			},
			From: sql.Joins(ref(prefix(e, "cluster"), "k"), inOver("k")),
		}},
		sql.CreateTableAs{Table: prefix(e, "bonds"), Query: &sql.Select{
			Items: sql.Items("l", "a", "x", "t"),
			From: sql.Joins(ref(prefix(e, "links"), "l"),
				sql.Join{Kind: sql.InnerJoin, Right: ref(prefix(e, "cluster"), "k"), On: eq(sql.Col("k", "n"), sql.Col("l", "a"))},
				inOver("k")),
		}},
	}
}

// joinRank lets the identifiers of one rank join the clusters of the stronger
// ones, as far as the limits allow.
func (r *resolver) joinRank(rank int) []models.Step {
	e := r.e
	var (
		part    = prefix(e, "part")
		touches = prefix(e, "touches") // (x, c): x has a link to cluster c
		sizes   = prefix(e, "sizes")   // (c, t, k): cluster c has k identifiers of rank t
		bridges = prefix(e, "bridges") // (x, low): x touches several clusters, low is the smallest
		hubs    = prefix(e, "hubs")    // edges among clusters, for components
		joined  = prefix(e, "joined")  // labels of clusters
		groups  = prefix(e, "groups")  // (c, g): cluster c would become part of g
		broken  = prefix(e, "broken")  // (g): the group would break a limit
		refused = prefix(e, "refused")
		place   = prefix(e, "place") // (x, c, r): x goes to cluster c as its r-th of this rank
		title   = func(s string) string { return s + " (" + e.Identifiers[rank].Name + ")" }
		refuse  = func(q *sql.Select) sql.Statement {
			return sql.InsertSelect{Table: refused, Columns: []string{"x", "reason", "evidence"}, Query: q}
		}
		absent = func(where sql.Expr) sql.Expr {
			return sql.Exists{Not: true, Query: &sql.Select{
				Items: []sql.Item{sql.As(sql.Int(1), "one")}, From: ref(refused, "z"), Where: where,
			}}
		}
		notRefused = func(alias string) sql.Expr { return absent(eq(sql.Col("z", "x"), sql.Col(alias, "x"))) }
		// What is merely kept apart is evidence all the same.
		standing = func(n sql.Expr) sql.Expr {
			return absent(sql.And{eq(sql.Col("z", "x"), n), sql.Fn(sql.Ne, sql.Col("z", "reason"), sql.String("never_link"))})
		}
	)

	// shared: the clusters that x touches hold too many of some type together.
	held := sql.Union{&sql.Select{
		Items: []sql.Item{sql.As(sql.Col("h", "x"), "x"), sql.As(sql.Col("s", "t"), "t"), sql.As(sql.Col("s", "k"), "k")},
		From: sql.Joins(ref(touches, "h"),
			sql.Join{Kind: sql.InnerJoin, Right: ref(bridges, "b"), On: eq(sql.Col("b", "x"), sql.Col("h", "x"))},
			sql.Join{Kind: sql.InnerJoin, Right: ref(sizes, "s"), On: eq(sql.Col("s", "c"), sql.Col("h", "c"))}),
	}}
	if r.keepsApart() {
		held = append(held, &sql.Select{ // x counts itself
			Items: []sql.Item{sql.As(sql.Col("b", "x"), "x"), sql.As(sql.Col("a", "t"), "t"), sql.As(sql.Int(1), "k")},
			From:  sql.Joins(ref(bridges, "b"), sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("apart"), "a"), On: eq(sql.Col("a", "n"), sql.Col("b", "x"))}),
		})
	}
	tooMany := &sql.Select{
		Items:   append(sql.Items("q", "x", "t"), sql.As(sql.Fn(sql.Sum, sql.Col("q", "k")), "k")),
		From:    sql.Derived{Query: held, As: "q"},
		GroupBy: []sql.Expr{sql.Col("q", "x"), sql.Col("q", "t")},
	}
	evidence := func(alias string) sql.Expr {
		text := sql.Fn(sql.Concat, sql.String("would join "), sql.Fn(sql.IntToString, sql.Cast{Expr: sql.Col(alias, "k"), To: sql.TypeInt}))
		text = sql.Fn(sql.Concat, text, sql.String(" "))
		text = sql.Fn(sql.Concat, text, typeName(e, sql.Col(alias, "t")))
		text = sql.Fn(sql.Concat, text, sql.String(", limit "))
		text = sql.Fn(sql.Concat, text, sql.Fn(sql.IntToString, sql.Cast{Expr: r.limit(sql.Col(alias, "t")), To: sql.TypeInt}))
		if r.keepsApart() {
			return sql.If(r.isPair(sql.Col(alias, "t")), r.because(sql.Col(alias, "t")), text)
		}
		return text
	}
	exceeds := func(alias string) sql.Expr { return sql.Fn(sql.Gt, sql.Col(alias, "k"), r.limit(sql.Col(alias, "t"))) }
	holding := sql.Query(&sql.Select{
		Items:   append(sql.Items("p", "c", "t"), sql.As(sql.Fn(sql.CountAll), "k")),
		From:    ref(part, "p"),
		Where:   sql.Fn(sql.Lt, sql.Col("p", "t"), sql.Int(rank)),
		GroupBy: []sql.Expr{sql.Col("p", "c"), sql.Col("p", "t")},
	})
	if r.keepsApart() {
		holding = sql.Union{holding, &sql.Select{
			Items: append(sql.Items("p", "c"), sql.As(sql.Col("a", "t"), "t"), sql.As(sql.Fn(sql.CountAll), "k")),
			From: sql.Joins(ref(part, "p"),
				sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("apart"), "a"), On: eq(sql.Col("a", "n"), sql.Col("p", "n"))}),
			Where:   sql.Fn(sql.Lt, sql.Col("p", "t"), sql.Int(rank)),
			GroupBy: []sql.Expr{sql.Col("p", "c"), sql.Col("a", "t")},
		}}
	}

	steps := []models.Step{&models.Exec{Title: title("judge shared identifiers"), Statements: []sql.Statement{
		sql.CreateTableAs{Table: touches, Query: &sql.Select{
			Distinct: true,
			Items:    []sql.Item{sql.As(sql.Col("l", "x"), "x"), sql.As(sql.Col("p", "c"), "c")},
			From: sql.Joins(ref(prefix(e, "bonds"), "l"),
				sql.Join{Kind: sql.InnerJoin, Right: ref(part, "p"), On: eq(sql.Col("p", "n"), sql.Col("l", "a"))}),
			Where: sql.And{eq(sql.Col("l", "t"), sql.Int(rank)), standing(sql.Col("l", "a"))},
		}},
		sql.CreateTableAs{Table: bridges, Query: &sql.Select{
			Items:   []sql.Item{sql.As(sql.Col("h", "x"), "x"), sql.As(sql.Fn(sql.Min, sql.Col("h", "c")), "low")},
			From:    ref(touches, "h"),
			GroupBy: []sql.Expr{sql.Col("h", "x")},
			Having:  sql.Fn(sql.Gt, sql.Fn(sql.CountAll), sql.Int(1)),
		}},
		sql.CreateTableAs{Table: sizes, Query: holding},
		refuse(&sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("m", "x"), "x"), sql.As(sql.String("shared"), "reason"),
				// One reason is enough: that of the strongest type.
				sql.As(sql.FnOf(sql.TypeString, sql.ArgMin, evidence("m"), sql.Col("m", "t")), "evidence"),
			},
			From:    sql.Derived{Query: tooMany, As: "m"},
			Where:   exceeds("m"),
			GroupBy: []sql.Expr{sql.Col("m", "x")},
		}),
		sql.CreateTableAs{Table: hubs, Query: &sql.Select{
			Distinct: true,
			Items:    []sql.Item{sql.As(sql.Col("h", "c"), "u"), sql.As(sql.Col("b", "low"), "v")},
			From: sql.Joins(ref(touches, "h"),
				sql.Join{Kind: sql.InnerJoin, Right: ref(bridges, "b"), On: sql.And{
					eq(sql.Col("b", "x"), sql.Col("h", "x")), sql.Fn(sql.Ne, sql.Col("b", "low"), sql.Col("h", "c")),
				}}),
			Where: notRefused("h"),
		}},
	}}}

	steps = append(steps, Components(fmt.Sprintf("%s_rank%d", e.Name, rank), hubs, joined, Few)...)

	counted := sql.Union{&sql.Select{
		Items: []sql.Item{sql.As(sql.Col("g", "g"), "g"), sql.As(sql.Col("s", "t"), "t"), sql.As(sql.Col("s", "k"), "k"), sql.As(sql.Col("s", "k"), "one")},
		From:  sql.Joins(ref(groups, "g"), sql.Join{Kind: sql.InnerJoin, Right: ref(sizes, "s"), On: eq(sql.Col("s", "c"), sql.Col("g", "c"))}),
	}}
	if e.Identifiers[rank].Limit > 0 || r.keepsApart() {
		// The identifiers of this rank count as well where clusters would come
		// together: one beyond the limit could be the only link between them.
		several := &sql.Select{
			Distinct: true, Items: sql.Items("m", "g"), From: ref(groups, "m"), Where: sql.Fn(sql.Ne, sql.Col("m", "c"), sql.Col("m", "g")),
		}
		own := &sql.Select{
			Distinct: true,
			Items:    []sql.Item{sql.As(sql.Col("g", "g"), "g"), sql.As(sql.Col("h", "x"), "x")},
			From: sql.Joins(ref(touches, "h"),
				sql.Join{Kind: sql.InnerJoin, Right: ref(groups, "g"), On: eq(sql.Col("g", "c"), sql.Col("h", "c"))},
				sql.Join{Kind: sql.InnerJoin, Right: sql.Derived{Query: several, As: "v"}, On: eq(sql.Col("v", "g"), sql.Col("g", "g"))}),
			Where: notRefused("h"),
		}
		one := []sql.Item{sql.As(sql.Int(1), "k"), sql.As(sql.Int(0), "one")}
		if e.Identifiers[rank].Limit > 0 {
			counted = append(counted, &sql.Select{
				Items: append([]sql.Item{sql.As(sql.Col("w", "g"), "g"), sql.As(sql.Int(rank), "t")}, one...), From: sql.Derived{Query: own, As: "w"},
			})
		}
		if r.keepsApart() {
			counted = append(counted, &sql.Select{
				Items: append([]sql.Item{sql.As(sql.Col("w", "g"), "g"), sql.As(sql.Col("a", "t"), "t")}, one...),
				From: sql.Joins(sql.Derived{Query: own, As: "w"},
					sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("apart"), "a"), On: eq(sql.Col("a", "n"), sql.Col("w", "x"))}),
			})
		}
	}
	together := &sql.Select{
		Items: append(sql.Items("q", "g", "t"),
			sql.As(sql.Fn(sql.Sum, sql.Col("q", "k")), "k"), sql.As(sql.Fn(sql.Max, sql.Col("q", "one")), "most")),
		From:    sql.Derived{Query: counted, As: "q"},
		GroupBy: []sql.Expr{sql.Col("q", "g"), sql.Col("q", "t")},
	}
	inBroken := func(alias string) sql.Join {
		return sql.Join{Kind: sql.InnerJoin, Right: ref(broken, "k"), On: eq(sql.Col("k", "g"), sql.Col(alias, "g"))}
	}
	keepApart := func() []sql.Statement {
		if !r.keepsApart() {
			return nil
		}
		// The other one of the pair is in the cluster already (s), or is to go there and
		// was seen before (f). They are joined, and not asked for with EXISTS: Snowflake
		// takes that beneath no OR.
		there := sql.Derived{As: "s", Query: &sql.Select{
			Distinct: true,
			Items:    []sql.Item{sql.As(sql.Col("g", "g"), "c"), sql.As(sql.Col("z", "t"), "t")},
			From:     sql.Joins(ref(sizes, "z"), sql.Join{Kind: sql.InnerJoin, Right: ref(groups, "g"), On: eq(sql.Col("g", "c"), sql.Col("z", "c"))}),
		}}
		first := sql.Derived{As: "f", Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("y", "c"), "c"), sql.As(sql.Col("b", "t"), "t"), sql.As(sql.Fn(sql.Min, sql.Col("y", "x")), "x")},
			From: sql.Joins(ref(place, "y"),
				sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("apart"), "b"), On: eq(sql.Col("b", "n"), sql.Col("y", "x"))}),
			GroupBy: []sql.Expr{sql.Col("y", "c"), sql.Col("b", "t")},
		}}
		ofPair := func(alias string) sql.Expr {
			return sql.And{eq(sql.Col(alias, "c"), sql.Col("q", "c")), eq(sql.Col(alias, "t"), sql.Col("a", "t"))}
		}
		return []sql.Statement{refuse(&sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("q", "x"), "x"), sql.As(sql.String("never_link"), "reason"),
				sql.As(sql.FnOf(sql.TypeString, sql.ArgMin, r.because(sql.Col("a", "t")), sql.Col("a", "t")), "evidence"),
			},
			From: sql.Joins(ref(place, "q"),
				sql.Join{Kind: sql.InnerJoin, Right: ref(r.table("apart"), "a"), On: eq(sql.Col("a", "n"), sql.Col("q", "x"))},
				sql.Join{Kind: sql.LeftJoin, Right: there, On: ofPair("s")},
				sql.Join{Kind: sql.LeftJoin, Right: first, On: ofPair("f")}),
			Where: sql.And{
				notRefused("q"),
				sql.Or{sql.Fn(sql.IsNotNull, sql.Col("s", "c")), sql.Fn(sql.Coalesce, sql.Fn(sql.Lt, sql.Col("f", "x"), sql.Col("q", "x")), sql.Bool(false))},
			},
			GroupBy: []sql.Expr{sql.Col("q", "x")},
		})}
	}
	statements := []sql.Statement{
		sql.CreateTableAs{Table: groups, Query: &sql.Select{
			Distinct: true,
			Items: []sql.Item{
				sql.As(sql.Col("p", "c"), "c"),
				sql.As(sql.Fn(sql.Coalesce, sql.Col("j", "root"), sql.Col("p", "c")), "g"),
			},
			From: sql.Joins(ref(part, "p"), sql.Join{Kind: sql.LeftJoin, Right: ref(joined, "j"), On: eq(sql.Col("j", "n"), sql.Col("p", "c"))}),
		}},
		sql.CreateTableAs{Table: broken, Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.Col("s", "g"), "g"), sql.As(sql.FnOf(sql.TypeString, sql.ArgMin, evidence("s"), sql.Col("s", "t")), "evidence")},
			From:  sql.Derived{Query: together, As: "s"},
			// A single cluster never breaks a limit of its own: what is over
			// came together here.
			Where:   sql.And{exceeds("s"), sql.Fn(sql.Gt, sql.Col("s", "k"), sql.Col("s", "most"))},
			GroupBy: []sql.Expr{sql.Col("s", "g")},
		}},
		refuse(&sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("b", "x"), "x"), sql.As(sql.String("conflict"), "reason"), sql.As(sql.Col("k", "evidence"), "evidence"),
			},
			From: sql.Joins(ref(bridges, "b"),
				sql.Join{Kind: sql.InnerJoin, Right: ref(groups, "g"), On: eq(sql.Col("g", "c"), sql.Col("b", "low"))}, inBroken("g")),
			Where: notRefused("b"),
		}),
		// Broken groups fall back to their clusters.
		sql.CreateTableAs{Table: groups, Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("g", "c"), "c"),
				sql.As(sql.If(sql.Fn(sql.IsNull, sql.Col("k", "g")), sql.Col("g", "g"), sql.Col("g", "c")), "g"),
			},
			From: sql.Joins(ref(groups, "g"), sql.Join{Kind: sql.LeftJoin, Right: ref(broken, "k"), On: eq(sql.Col("k", "g"), sql.Col("g", "g"))}),
		}},
		sql.CreateTableAs{Table: place, Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("h", "x"), "x"), sql.As(sql.Col("h", "c"), "c"),
				sql.As(sql.Window{
					Call: sql.Fn(sql.RowNumber), PartitionBy: []sql.Expr{sql.Col("h", "c")}, OrderBy: []sql.Order{sql.Asc(sql.Col("h", "x"))},
				}, "r"),
			},
			From: sql.Derived{As: "h", Query: &sql.Select{
				Distinct: true,
				Items:    []sql.Item{sql.As(sql.Col("q", "x"), "x"), sql.As(sql.Col("g", "g"), "c")},
				From:     sql.Joins(ref(touches, "q"), sql.Join{Kind: sql.InnerJoin, Right: ref(groups, "g"), On: eq(sql.Col("g", "c"), sql.Col("q", "c"))}),
				Where:    notRefused("q"),
			}},
		}},
		refuse(surplus(e, rank, place)),
	}
	statements = append(statements, keepApart()...)
	statements = append(statements,
		sql.CreateTableAs{Table: part, Query: &sql.Select{
			Items: []sql.Item{
				sql.As(sql.Col("p", "n"), "n"), sql.As(sql.Col("p", "t"), "t"),
				sql.As(sql.Fn(sql.Coalesce, sql.Col("w", "c"), sql.Col("g", "g"), sql.Col("p", "c")), "c"),
			},
			From: sql.Joins(ref(part, "p"),
				sql.Join{Kind: sql.LeftJoin, Right: sql.Derived{As: "w", Query: &sql.Select{
					Items: sql.Items("q", "x", "c"), From: ref(place, "q"), Where: notRefused("q"),
				}}, On: eq(sql.Col("w", "x"), sql.Col("p", "n"))},
				sql.Join{Kind: sql.LeftJoin, Right: ref(groups, "g"), On: eq(sql.Col("g", "c"), sql.Col("p", "c"))}),
		}},
	)
	return append(steps, &models.Exec{Title: title("join what the limits allow"), Statements: statements})
}

// surplus selects the identifiers of a rank beyond their own limit.
func surplus(e *config.Entity, rank int, place sql.Table) *sql.Select {
	id := e.Identifiers[rank]
	q := &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("q", "x"), "x"), sql.As(sql.String("too_many"), "reason"),
			sql.As(sql.String(fmt.Sprintf("the customer has more than %d %s", id.Limit, id.Name)), "evidence"),
		},
		From: ref(place, "q"),
	}
	if id.Limit > 0 {
		q.Where = sql.Fn(sql.Gt, sql.Col("q", "r"), sql.Int(id.Limit))
	} else {
		q.Where = sql.Bool(false)
	}
	return q
}
