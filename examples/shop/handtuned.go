package shop

import (
	"context"
	dbsql "database/sql"
	_ "embed"
	"fmt"
	"time"
)

var (
	//go:embed handtuned_rows.sql
	handTunedRows string
	//go:embed handtuned_limits.sql
	handTunedLimits string
	//go:embed handtuned_result.sql
	handTunedResult string
)

// HandTuned computes what a run of the project computes (identities, profiles
// and segment members), as somebody would who knows DuckDB and this one shop:
// the yardstick of the benchmark. It reads the files that Generate wrote to
// dir and writes the tables identities, profiles and segment_members to the
// schema handtuned of the connection's database, over those of an earlier call.
// Everything else is temporary; close the connection to be rid of it.
//
// It does what a run does to the result and leaves out what a run does beside
// it: stable ids, history, incidents, changes and checks. An identifier over
// its own limit within one customer is refused here with its rivals, where a
// run keeps those seen first; the shop has next to none.
func HandTuned(ctx context.Context, conn *dbsql.Conn, dir string, asOf time.Time) error {
	h := hand{ctx: ctx, conn: conn}
	h.exec(fmt.Sprintf(`CREATE SCHEMA IF NOT EXISTS handtuned; SET schema = 'handtuned';
SET VARIABLE dir = %s; SET VARIABLE as_of = TIMESTAMP '%s';`, quote(dir), asOf.UTC().Format("2006-01-02 15:04:05.999999")))
	h.exec(handTunedRows)
	h.components("edges", "labels")
	h.exec(handTunedLimits)
	h.repair()
	h.exec(handTunedResult)
	if h.err != nil {
		return fmt.Errorf("running the hand-tuned SQL: %w", h.err)
	}
	return nil
}

// hand runs statements until the first one fails.
type hand struct {
	ctx  context.Context
	conn *dbsql.Conn
	err  error
}

func (h *hand) exec(script string) {
	if h.err == nil {
		_, h.err = h.conn.ExecContext(h.ctx, script)
	}
}

// any says whether a query of one integer gives more than zero.
func (h *hand) any(query string) bool {
	var n int64
	if h.err == nil {
		h.err = h.conn.QueryRowContext(h.ctx, query).Scan(&n)
	}
	return h.err == nil && n > 0
}

// components writes the connected components of edges (u, v), u > v, to labels
// (n, root): every node that is not the smallest of its component, and the
// smallest. It contracts by minimum forests: each node points to its smallest
// neighbour, pointers are followed to the end, and what edges are left between
// two trees are the next, much smaller, round.
func (h *hand) components(edges, labels string) {
	h.exec("CREATE OR REPLACE TEMP TABLE " + labels + " (n INTEGER, root INTEGER); CREATE OR REPLACE TEMP TABLE rest AS FROM " + edges)
	for h.any("SELECT count(*) FROM rest") {
		h.exec(`
CREATE OR REPLACE TEMP TABLE tree AS SELECT u, min(v) AS p, min(v) <> max(v) AS more FROM rest GROUP BY u;
CREATE OR REPLACE TEMP TABLE moving AS SELECT t.u, t.p FROM tree t SEMI JOIN tree q ON q.u = t.p;`)
		for h.any("SELECT count(*) FROM moving m SEMI JOIN moving q ON q.u = m.p") {
			h.exec("CREATE OR REPLACE TEMP TABLE moving AS SELECT m.u, coalesce(q.p, m.p) AS p FROM moving m LEFT JOIN moving q ON q.u = m.p")
		}
		h.exec(`
CREATE OR REPLACE TEMP TABLE flat AS
SELECT t.u, coalesce(q.p, t.p) AS p, t.p AS parent, t.more
FROM tree t LEFT JOIN (SELECT m.u, t.p FROM moving m JOIN tree t ON t.u = m.p) q ON q.u = t.u;
CREATE OR REPLACE TEMP TABLE rest AS
SELECT DISTINCT greatest(a, b) AS u, least(a, b) AS v
FROM (SELECT f.p AS a, coalesce(g.p, r.v) AS b
      FROM rest r JOIN flat f ON f.u = r.u AND f.more AND f.parent <> r.v LEFT JOIN flat g ON g.u = r.v)
WHERE a <> b;
CREATE OR REPLACE TEMP TABLE ` + labels + ` AS
SELECT l.n, coalesce(f.p, l.root) AS root FROM ` + labels + ` l LEFT JOIN flat f ON f.u = l.root
UNION ALL SELECT u, p FROM flat;`)
	}
}

// repair builds the clusters over a limit up again, by rank: at each, an
// identifier that alone joins clusters which together break a limit is refused,
// and then those which do so in a chain.
func (h *hand) repair() {
	if !h.any("SELECT count(*) FROM broken") {
		return
	}
	for rank := 1; rank < 5; rank++ {
		h.exec(fmt.Sprintf(`
CREATE OR REPLACE TEMP TABLE near AS
SELECT DISTINCT l.x, b.c FROM broken_links l JOIN broken b ON b.n = l.a
WHERE l.t = %d AND l.a NOT IN (FROM refused);
CREATE OR REPLACE TEMP TABLE sizes AS SELECT c, rank, count(*) AS size FROM broken WHERE rank < %[1]d GROUP BY c, rank;
INSERT INTO refused SELECT DISTINCT x FROM (
    SELECT e.x FROM near e JOIN sizes s ON s.c = e.c GROUP BY e.x, s.rank HAVING sum(s.size) > allowed(s.rank));`, rank))
		for chain := range 2 {
			h.exec(`CREATE OR REPLACE TEMP TABLE joins AS
SELECT DISTINCT greatest(x, c) AS u, least(x, c) AS v FROM near WHERE x NOT IN (FROM refused)`)
			h.components("joins", "joined")
			if chain == 0 {
				h.exec(fmt.Sprintf(`INSERT INTO refused
WITH tried AS (SELECT b.n, b.rank, coalesce(j.root, b.c) AS c FROM broken b LEFT JOIN joined j ON j.n = b.c WHERE b.rank <= %d),
     over AS (SELECT DISTINCT c FROM tried GROUP BY c, rank HAVING count(*) > allowed(rank))
SELECT n FROM tried WHERE rank = %[1]d AND c IN (FROM over)
    AND n IN (SELECT x FROM near)`, rank))
			}
		}
		h.exec("CREATE OR REPLACE TEMP TABLE broken AS SELECT b.n, b.rank, coalesce(j.root, b.c) AS c FROM broken b LEFT JOIN joined j ON j.n = b.c")
	}
	h.exec("CREATE OR REPLACE TEMP TABLE clusters AS SELECT k.n, k.rank, coalesce(b.c, k.c) AS c FROM clusters k LEFT JOIN broken b ON b.n = k.n")
}
