package identity

import (
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// maxRounds bounds the loops. A round of contraction at least halves the
// unresolved nodes of a component, and pointer doubling the length of a path,
// so that 64-bit node numbers cannot need more.
const maxRounds = 64

// Few edges are those that Components had better solve in process.
const Few = 20_000

// Components labels the nodes of a graph with the smallest node of their
// connected component.
//
// The table edges has columns u > v, both integers; duplicates cost time and
// nothing else. It is consumed. The result, out, has (n, root) for every node
// that is not the smallest of its component. Work tables are named with the
// prefix.
//
// One round: each node points to its smallest smaller neighbour (a forest,
// since pointers only go down); the pointers are flattened to the roots of
// their trees; the edges that are not in the forest are moved to those roots,
// and what is left of them is the next round's graph, usually a few hundredths
// of this one's. As soon as no more than few edges are left they are solved in
// process: a long chain in bad order would take a round for each factor of
// three, and a statement in some warehouses takes seconds.
//
// The first round holds nearly everything. Its map from nodes to roots is
// written once, at the end, when the maps of the later rounds, small ones, have
// been composed among themselves.
func Components(prefix string, edges, out sql.Table, few int64) []models.Step {
	var (
		work  = func(name string) sql.Table { return sql.Table{Space: sql.Work, Name: prefix + "_" + name} }
		first = contraction{edges: edges, forest: work("first_forest"), active: work("first_active"), rest: work("rest")}
		later = contraction{edges: edges, forest: work("forest"), active: work("active"), rest: work("rest")}
		moved = work("moved")
		last  = work("last")
		count = sql.Fn(sql.CountAll)
	)
	nothing := first.roots()
	nothing.Where = sql.Bool(false)
	steps := append(first.steps(), &models.Exec{Title: "contract the graph", Statements: []sql.Statement{
		sql.CreateTableAs{Table: moved, Query: nothing},
		sql.CreateTableAs{Table: last, Query: nothing},
	}})
	loop := &models.Loop{
		Title: "contract what is left",
		While: &sql.Select{
			Items: []sql.Item{sql.As(sql.If(sql.Fn(sql.Gt, count, sql.Int(few)), count, sql.Int(0)), "n")}, From: ref(edges, "e"),
		},
		Max: maxRounds,
		Steps: append(later.steps(), &models.Exec{Title: "follow what was contracted", Statements: []sql.Statement{
			sql.CreateTableAs{Table: moved, Query: sql.Union{follow(ref(moved, "m"), sql.Derived{Query: later.roots(), As: "f"}), later.roots()}},
		}}),
	}
	steps = append(steps, loop)
	if few > 0 {
		steps = append(steps, &models.Unite{Title: "unite the few that are left", Edges: edges, Roots: last})
	}
	return append(steps, &models.Exec{Title: "label the nodes", Statements: []sql.Statement{
		sql.CreateTableAs{Table: moved, Query: sql.Union{
			follow(ref(moved, "m"), ref(last, "f")),
			&sql.Select{Items: sql.Items("f", "n", "root"), From: ref(last, "f")},
		}},
		// A node of moved was still a root in the first round.
		sql.CreateTableAs{Table: out, Query: sql.Union{
			follow(sql.Derived{Query: first.roots(), As: "m"}, ref(moved, "f")),
			&sql.Select{Items: sql.Items("f", "n", "root"), From: ref(moved, "f")},
		}},
	}})
}

// follow selects the map m, its roots looked up in the map f.
func follow(m, f sql.From) *sql.Select {
	return &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("m", "n"), "n"),
			sql.As(sql.Fn(sql.Coalesce, sql.Col("f", "root"), sql.Col("m", "root")), "root"),
		},
		From: sql.Joins(m, sql.Join{Kind: sql.LeftJoin, Right: f, On: eq(sql.Col("f", "n"), sql.Col("m", "root"))}),
	}
}

// contraction is one round of Components, by the names of its tables.
//
// forest (u, v, many) has each node u that has smaller neighbours, v the
// smallest of them; many says that there are others. active (u, v, w, more) are
// those of them whose v is no root: w is to where v points.
type contraction struct{ edges, forest, active, rest sql.Table }

// steps make the forest, flatten it, and leave in edges what is between its
// trees.
func (c contraction) steps() []models.Step {
	inner := func(t sql.Table, as string, on sql.Expr) sql.Join {
		return sql.Join{Kind: sql.InnerJoin, Right: ref(t, as), On: on}
	}
	left := func(t sql.Table, as string, on sql.Expr) sql.Join {
		return sql.Join{Kind: sql.LeftJoin, Right: ref(t, as), On: on}
	}
	var (
		e      = func(column string) sql.Expr { return sql.Col("e", column) }
		orElse = func(x ...sql.Expr) sql.Expr { return sql.Fn(sql.Coalesce, x...) }
		// high and low are the roots of the ends of an edge.
		high = orElse(sql.Col("a", "w"), e("root"))
		low  = orElse(sql.Col("b", "w"), sql.Col("g", "v"), e("v"))
	)
	return []models.Step{
		&models.Exec{Title: "point every node to its smallest neighbour", Statements: []sql.Statement{
			sql.CreateTableAs{Table: c.forest, Query: &sql.Select{
				Items: []sql.Item{
					sql.As(e("u"), "u"),
					sql.As(sql.Fn(sql.Min, e("v")), "v"),
					sql.As(sql.Fn(sql.Gt, sql.Fn(sql.CountAll), sql.Int(1)), "many"),
				},
				From:    ref(c.edges, "e"),
				GroupBy: []sql.Expr{e("u")},
			}},
			// Only pointers to something that is no root itself need work.
			sql.CreateTableAs{Table: c.active, Query: &sql.Select{
				Items: append(sql.Items("f", "u", "v"), sql.As(sql.Col("g", "v"), "w"), sql.As(sql.Bool(true), "more")),
				From:  sql.Joins(ref(c.forest, "f"), inner(c.forest, "g", eq(sql.Col("g", "u"), sql.Col("f", "v")))),
			}},
		}},
		&models.Loop{
			Title: "double the pointers",
			While: &sql.Select{
				Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: ref(c.active, "a"), Where: sql.Col("a", "more"),
			},
			Max: maxRounds,
			Steps: []models.Step{&models.Exec{Title: "double the pointers", Statements: []sql.Statement{
				sql.CreateTableAs{Table: c.active, Query: &sql.Select{
					Items: []sql.Item{
						sql.As(sql.Col("a", "u"), "u"),
						sql.As(orElse(sql.Col("b", "v"), sql.Col("a", "v")), "v"),
						sql.As(orElse(sql.Col("b", "w"), sql.Col("a", "w")), "w"),
						sql.As(sql.Fn(sql.IsNotNull, sql.Col("b", "u")), "more"),
					},
					From: sql.Joins(ref(c.active, "a"), left(c.active, "b", eq(sql.Col("b", "u"), sql.Col("a", "v")))),
				}},
			}}},
		},
		&models.Exec{Title: "contract the graph", Statements: []sql.Statement{
			sql.CreateTableAs{Table: c.rest, Query: &sql.Select{
				Items: []sql.Item{sql.As(e("u"), "u"), sql.As(e("v"), "v"), sql.As(sql.Col("f", "v"), "root")},
				From: sql.Joins(ref(c.edges, "e"), inner(c.forest, "f", sql.And{
					eq(sql.Col("f", "u"), e("u")), sql.Col("f", "many"), sql.Fn(sql.Ne, sql.Col("f", "v"), e("v")),
				})),
			}},
			sql.CreateTableAs{Table: c.edges, Query: &sql.Select{
				Distinct: true,
				Items:    []sql.Item{sql.As(sql.Fn(sql.Greatest, high, low), "u"), sql.As(sql.Fn(sql.Least, high, low), "v")},
				From: sql.Joins(
					ref(c.rest, "e"),
					left(c.active, "a", eq(sql.Col("a", "u"), e("u"))),
					left(c.forest, "g", eq(sql.Col("g", "u"), e("v"))),
					left(c.active, "b", eq(sql.Col("b", "u"), e("v"))),
				),
				Where: sql.Fn(sql.Ne, high, low),
			}},
		}},
	}
}

// roots selects (n, root) of the flattened forest.
func (c contraction) roots() *sql.Select {
	return &sql.Select{
		Items: []sql.Item{
			sql.As(sql.Col("o", "u"), "n"),
			sql.As(sql.Fn(sql.Coalesce, sql.Col("a", "w"), sql.Col("o", "v")), "root"),
		},
		From: sql.Joins(ref(c.forest, "o"), sql.Join{
			Kind: sql.LeftJoin, Right: ref(c.active, "a"), On: eq(sql.Col("a", "u"), sql.Col("o", "u")),
		}),
	}
}
