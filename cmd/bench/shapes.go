package main

import (
	"fmt"
	"strings"
)

// shape is a graph to find the components of: a query of its edges (u, v) on
// the nodes from 0 on, with u > v and none twice.
type shape struct {
	name  string
	edges string
}

// shapes are the graphs that break algorithms, each of about so many nodes;
// chains are of 5,000, or of fewer where there are not as many nodes.
func shapes(nodes int64) []shape {
	chain := min(nodes, 5000)
	nodes = nodes / chain * chain
	// chained joins the k-th of a chain to the next, where at says which number
	// of the chain's own the k-th has.
	chained := func(chain int64, at string) string {
		return directed(fmt.Sprintf("SELECT base + %s AS a, base + %s AS b FROM (SELECT i // %d * %d AS base, i %% %d AS k FROM range(%d) r (i)) WHERE k < %d",
			strings.ReplaceAll(at, "$k", "k"), strings.ReplaceAll(at, "$k", "(k + 1)"), chain, chain, chain, nodes, chain-1))
	}
	// shuffled gives all nodes numbers in the order of a hash. Not by directed:
	// given x.n <> y.n to plan with, the engine joins the numbers with themselves.
	shuffled := func(edges string) string {
		return fmt.Sprintf(`WITH number AS MATERIALIZED (SELECT i, row_number() OVER (ORDER BY hash(i, 'shuffle')) - 1 AS n FROM range(%d) r (i))
			SELECT greatest(x.n, y.n) AS u, least(x.n, y.n) AS v FROM (%s) e JOIN number x ON x.i = e.u JOIN number y ON y.i = e.v`, nodes, edges)
	}
	zigzag := func(chain int64) string {
		return fmt.Sprintf("CASE WHEN $k %% 2 = 0 THEN $k // 2 ELSE %d - $k // 2 END", chain-1)
	}
	// Clusters of four around their first node, and one edge more in each.
	clean := fmt.Sprintf("SELECT i AS a, i // 4 * 4 AS b FROM range(%d) r (i) WHERE i %% 4 > 0 UNION ALL SELECT i, i - 1 FROM range(%d) r (i) WHERE i %% 4 = 3", nodes, nodes)
	return []shape{
		{"clean", shuffled(directed(clean))},
		// The smaller the number of a cluster, the larger it is. A node is linked
		// to the one before it, and one in three to any before it: cycles, and
		// long ways.
		{"power-law", shuffled(directed(fmt.Sprintf(`WITH
			node AS MATERIALIZED (SELECT i, floor(%d * pow((hash(i, 'cluster') >> 11) / 9007199254740992.0, 1.7))::BIGINT AS c FROM range(%d) r (i)),
			member AS MATERIALIZED (SELECT i, c, row_number() OVER (PARTITION BY c ORDER BY i) - 1 AS k FROM node),
			link AS MATERIALIZED (
				SELECT i, c, k - 1 AS k FROM member WHERE k > 0
				UNION ALL SELECT i, c, (hash(i, 'other') %% k::UBIGINT)::BIGINT FROM member WHERE k > 0 AND i %% 3 = 0)
			SELECT l.i AS a, m.i AS b FROM link l JOIN member m ON m.c = l.c AND m.k = l.k`, nodes/3, nodes)))},
		// Nine nodes that a hundredth of all others is linked to.
		{"super-nodes", shuffled(directed(clean + fmt.Sprintf(" UNION ALL SELECT i, hash(i, 'super') %% 9 FROM range(%d) r (i) WHERE hash(i, 'junk') %% 100 = 0", nodes)))},
		{"chains-sequential", chained(chain, "$k")},
		{"chains-zigzag", chained(chain, zigzag(chain))},
		{"chains-shuffled", shuffled(chained(chain, "$k"))},
		{"path-sequential", chained(nodes, "$k")},
		{"path-zigzag", chained(nodes, zigzag(nodes))},
		{"path-shuffled", shuffled(chained(nodes, "$k"))},
		{"star-first", fmt.Sprintf("SELECT i AS u, 0::BIGINT AS v FROM range(1, %d) r (i)", nodes)},
		{"star-last", fmt.Sprintf("SELECT %d::BIGINT AS u, i AS v FROM range(%d) r (i)", nodes-1, nodes-1)},
	}
}

// directed makes edges (a, b) of any direction and number edges (u, v).
func directed(query string) string {
	return "SELECT DISTINCT greatest(a, b)::BIGINT AS u, least(a, b)::BIGINT AS v FROM (" + query + ") WHERE a <> b"
}
