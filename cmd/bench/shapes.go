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
	// shuffled gives all nodes numbers in the order of a hash.
	shuffled := func(edges string) string {
		return directed(fmt.Sprintf(`WITH number AS MATERIALIZED (SELECT i, row_number() OVER (ORDER BY hash(i, 'shuffle')) - 1 AS n FROM range(%d) r (i))
			SELECT x.n AS a, y.n AS b FROM (%s) e JOIN number x ON x.i = e.u JOIN number y ON y.i = e.v`, nodes, edges))
	}
	zigzag := func(chain int64) string {
		return fmt.Sprintf("CASE WHEN $k %% 2 = 0 THEN $k // 2 ELSE %d - $k // 2 END", chain-1)
	}
	// Clusters of four around their first node, and one edge more in each.
	clean := fmt.Sprintf("SELECT i AS a, i // 4 * 4 AS b FROM range(%d) r (i) WHERE i %% 4 > 0 UNION ALL SELECT i, i - 1 FROM range(%d) r (i) WHERE i %% 4 = 3", nodes, nodes)
	return []shape{
		{"clean", shuffled(directed(clean))},
		// Node i belongs to a cluster that is the larger the smaller its number,
		// and is linked to two others of it: cycles and long ways included.
		{"power-law", shuffled(directed(fmt.Sprintf(`WITH member AS MATERIALIZED (
				SELECT i, c, row_number() OVER (PARTITION BY c ORDER BY i) - 1 AS k, lag(i) OVER (PARTITION BY c ORDER BY i) AS before FROM (
					SELECT i, floor(%d * pow((hash(i, 'cluster') >> 11) / 9007199254740992.0, 1.7))::BIGINT AS c FROM range(%d) r (i)))
			SELECT i AS a, before AS b FROM member WHERE before IS NOT NULL
			UNION ALL SELECT x.i, y.i FROM member x JOIN member y ON y.c = x.c AND y.k = hash(x.i, 'other') %% greatest(x.k, 1)::UBIGINT WHERE x.i %% 3 = 0`, nodes/3, nodes)))},
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
