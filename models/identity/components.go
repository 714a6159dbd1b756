package identity

import (
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// maxRounds bounds the loops. A round of contraction at least halves the
// unresolved nodes of a component, and pointer doubling the length of a path,
// so that 64-bit node numbers cannot need more.
const maxRounds = 64

// Components labels the nodes of a graph with the smallest node of their
// connected component.
//
// The table edges has columns u > v, both integers; duplicates cost time and
// nothing else. It is consumed. The result, out, has (n, root) for every node that is not the
// smallest of its component. Work tables are named with the prefix.
//
// One round: each node points to its smallest smaller neighbour (a forest,
// since pointers only go down); the pointers are flattened to the roots of
// their trees; the edges that are not in the forest are moved to those roots,
// and what is left of them is the next round's graph, usually a few hundredths
// of this one's.
func Components(prefix string, edges, out sql.Table) []models.Step {
	var (
		work    = func(name string) sql.Table { return sql.Table{Space: sql.Work, Name: prefix + "_" + name} }
		forest  = work("forest")
		active  = work("active")
		flat    = work("flat")
		moved   = work("moved")
		u, v    = "u", "v"
		ref     = func(t sql.Table, as string) sql.TableRef { return sql.TableRef{Table: t, As: as} }
		eq      = func(a, b sql.Expr) sql.Expr { return sql.Fn(sql.Eq, a, b) }
		rootOf  = func(alias string) sql.Expr { return sql.Fn(sql.Coalesce, sql.Col(alias, "root"), sql.Col("e", v)) }
		forests = func() models.Step {
			return &models.Exec{Title: "point every node to its smallest neighbour", Statements: []sql.Statement{
				sql.CreateTableAs{Table: forest, Query: &sql.Select{
					Items: []sql.Item{
						sql.As(sql.Col("e", u), u),
						sql.As(sql.Fn(sql.Min, sql.Col("e", v)), v),
						sql.As(sql.Fn(sql.Gt, sql.Fn(sql.CountAll), sql.Int(1)), "many"),
					},
					From:    ref(edges, "e"),
					GroupBy: []sql.Expr{sql.Col("e", u)},
				}},
				// Only pointers to something that is no root itself need work.
				sql.CreateTableAs{Table: active, Query: &sql.Select{
					Items: sql.Items("f", u, v),
					From:  sql.Joins(ref(forest, "f"), sql.Join{Kind: sql.InnerJoin, Right: ref(forest, "g"), On: eq(sql.Col("g", u), sql.Col("f", v))}),
				}},
			}}
		}
		doubling = func() models.Step {
			pairs := sql.Joins(ref(active, "a"), sql.Join{Kind: sql.InnerJoin, Right: ref(active, "b"), On: eq(sql.Col("b", u), sql.Col("a", v))})
			return &models.Loop{
				Title: "double the pointers",
				While: &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: pairs},
				Max:   maxRounds,
				Steps: []models.Step{&models.Exec{Title: "double the pointers", Statements: []sql.Statement{
					sql.CreateTableAs{Table: active, Query: &sql.Select{
						Items: []sql.Item{
							sql.As(sql.Col("a", u), u),
							sql.As(sql.Fn(sql.Coalesce, sql.Col("b", v), sql.Col("a", v)), v),
						},
						From: sql.Joins(ref(active, "a"), sql.Join{Kind: sql.LeftJoin, Right: ref(active, "b"), On: eq(sql.Col("b", u), sql.Col("a", v))}),
					}},
				}}},
			}
		}
		// After doubling, an active pointer ends at a node whose own pointer is
		// a root: one step more.
		flatten = func(to sql.Table) []sql.Statement {
			return []sql.Statement{
				sql.CreateTableAs{Table: active, Query: &sql.Select{
					Items: []sql.Item{sql.As(sql.Col("a", u), u), sql.As(sql.Col("f", v), v)},
					From:  sql.Joins(ref(active, "a"), sql.Join{Kind: sql.InnerJoin, Right: ref(forest, "f"), On: eq(sql.Col("f", u), sql.Col("a", v))}),
				}},
				sql.CreateTableAs{Table: to, Query: &sql.Select{
					Items: []sql.Item{
						sql.As(sql.Col("f", u), "n"),
						sql.As(sql.Fn(sql.Coalesce, sql.Col("a", v), sql.Col("f", v)), "root"),
					},
					From: sql.Joins(ref(forest, "f"), sql.Join{Kind: sql.LeftJoin, Right: ref(active, "a"), On: eq(sql.Col("a", u), sql.Col("f", u))}),
				}},
			}
		}
		contract = func(roots sql.Table) sql.Statement {
			low := sql.Fn(sql.Least, sql.Col("c", "root"), rootOf("d"))
			high := sql.Fn(sql.Greatest, sql.Col("c", "root"), rootOf("d"))
			return sql.CreateTableAs{Table: edges, Query: &sql.Select{
				Distinct: true,
				Items:    []sql.Item{sql.As(high, u), sql.As(low, v)},
				From: sql.Joins(
					ref(edges, "e"),
					sql.Join{Kind: sql.InnerJoin, Right: ref(forest, "f"), On: sql.And{
						eq(sql.Col("f", u), sql.Col("e", u)), sql.Col("f", "many"), sql.Fn(sql.Ne, sql.Col("f", v), sql.Col("e", v)),
					}},
					sql.Join{Kind: sql.InnerJoin, Right: ref(roots, "c"), On: eq(sql.Col("c", "n"), sql.Col("e", u))},
					sql.Join{Kind: sql.LeftJoin, Right: ref(roots, "d"), On: eq(sql.Col("d", "n"), sql.Col("e", v))},
				),
				Where: sql.Fn(sql.Ne, sql.Col("c", "root"), rootOf("d")),
			}}
		}
	)
	return []models.Step{
		// The first round holds nearly everything; the maps of the later ones
		// are small, and are composed among themselves before the large one is
		// touched again.
		forests(),
		doubling(),
		&models.Exec{Title: "contract the graph", Statements: append(
			flatten(out),
			contract(out),
			sql.CreateTableAs{Table: moved, Query: &sql.Select{Items: sql.Items("o", "n", "root"), From: ref(out, "o"), Where: sql.Bool(false)}},
		)},
		&models.Loop{
			Title: "contract what is left",
			While: &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")}, From: ref(edges, "e")},
			Max:   maxRounds,
			Steps: []models.Step{
				forests(),
				doubling(),
				&models.Exec{Title: "contract the graph", Statements: append(
					flatten(flat),
					contract(flat),
					sql.CreateTableAs{Table: moved, Query: sql.Union{
						&sql.Select{
							Items: []sql.Item{
								sql.As(sql.Col("m", "n"), "n"),
								sql.As(sql.Fn(sql.Coalesce, sql.Col("f", "root"), sql.Col("m", "root")), "root"),
							},
							From: sql.Joins(ref(moved, "m"), sql.Join{Kind: sql.LeftJoin, Right: ref(flat, "f"), On: eq(sql.Col("f", "n"), sql.Col("m", "root"))}),
						},
						&sql.Select{Items: sql.Items("f", "n", "root"), From: ref(flat, "f")},
					}},
				)},
			},
		},
		&models.Exec{Title: "label the nodes", Statements: []sql.Statement{
			// A node of moved was still a root in the first round.
			sql.CreateTableAs{Table: out, Query: sql.Union{
				&sql.Select{
					Items: []sql.Item{
						sql.As(sql.Col("o", "n"), "n"),
						sql.As(sql.Fn(sql.Coalesce, sql.Col("m", "root"), sql.Col("o", "root")), "root"),
					},
					From: sql.Joins(ref(out, "o"), sql.Join{Kind: sql.LeftJoin, Right: ref(moved, "m"), On: eq(sql.Col("m", "n"), sql.Col("o", "root"))}),
				},
				&sql.Select{Items: sql.Items("m", "n", "root"), From: ref(moved, "m")},
			}},
		}},
	}
}
