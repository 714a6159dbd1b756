package models

import "github.com/customhouse-cdp/customhouse/sql"

// Unite finds the connected components of a small graph in process, where a
// few statements more would cost more than the graph does: Edges has integer
// columns u and v, and Roots, which exists and is empty, gets (n, root) for each
// node that is not the smallest of its component. The model sees to it that the
// graph is small: all of it is held in memory.
type Unite struct {
	Title        string
	Edges, Roots sql.Table
}

// Query selects the edges.
func (u *Unite) Query() sql.Query {
	return &sql.Select{Items: sql.Items("e", "u", "v"), From: sql.TableRef{Table: u.Edges, As: "e"}}
}

// Columns are those of Roots, in the order of the rows of Solve.
func (*Unite) Columns() []string { return []string{"n", "root"} }

// Solve gives the rows of Roots, in no order.
func (*Unite) Solve(edges [][2]int64) [][2]int64 {
	parent := map[int64]int64{}
	find := func(n int64) int64 {
		for {
			p, ok := parent[n]
			if !ok {
				return n
			}
			// Halving the path as it is walked keeps paths short.
			if above, ok := parent[p]; ok {
				parent[n] = above
			}
			n = p
		}
	}
	for _, e := range edges {
		// A root is the smallest of its tree, since the smaller root wins.
		if a, b := find(e[0]), find(e[1]); a != b {
			parent[max(a, b)] = min(a, b)
		}
	}
	rows := make([][2]int64, 0, len(parent))
	for n := range parent {
		rows = append(rows, [2]int64{n, find(n)})
	}
	return rows
}
