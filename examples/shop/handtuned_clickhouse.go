package shop

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

var (
	//go:embed handtuned_clickhouse_rows.sql
	clickhouseRows string
	//go:embed handtuned_clickhouse_limits.sql
	clickhouseLimits string
	//go:embed handtuned_clickhouse_result.sql
	clickhouseResult string
)

// ClickHouseSources are statements that load the files of Generate into tables
// of a database of ClickHouse, as a warehouse has them; by name of the source.
// The server must be allowed to read files of dir.
func ClickHouseSources(dir, database string) map[string]string {
	load := func(table, columns, file string) string {
		return fmt.Sprintf("CREATE OR REPLACE TABLE %s.%s ENGINE = MergeTree ORDER BY tuple() AS SELECT %s FROM file(%s)", database, table, columns, file)
	}
	path := func(name string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(dir+"/"+name) + "'"
	}
	return map[string]string{
		"contacts":   load("contacts", "* EXCEPT truth_person", path("contacts.parquet")),
		"orders":     load("orders", "* EXCEPT truth_person", path("orders.parquet")),
		"page_views": load("page_views", "* EXCEPT truth_person", path("web_events.parquet")),
		"loyalty": load("loyalty", "* REPLACE (toDateTime64(joined_at, 6, 'UTC') AS joined_at)", path("loyalty.csv")+
			", CSVWithNames, 'card Nullable(String), email Nullable(String), phone Nullable(String), holder Nullable(String), points Nullable(Int64), joined_at Nullable(DateTime)'"),
		"newsletter": load("newsletter", "* REPLACE (toDateTime64(changed_at, 6, 'UTC') AS changed_at)", path("newsletter.ndjson.gz")+
			", JSONEachRow, 'email Nullable(String), subscribed Nullable(Bool), changed_at Nullable(DateTime)'"),
	}
}

// HandTunedClickHouse is HandTuned for somebody who knows ClickHouse: it reads
// the tables of ClickHouseSources in the database raw, and writes its tables to
// the one that run works in, over those of an earlier call. run runs one
// statement and gives its answer as text.
func HandTunedClickHouse(run func(statement string) (string, error), raw string, asOf time.Time) error {
	h := clickhand{run: run, fill: strings.NewReplacer("{raw}", raw, "{as_of}", "toDateTime64('"+asOf.UTC().Format("2006-01-02 15:04:05.000000")+"', 6, 'UTC')")}
	h.exec(clickhouseRows)
	h.components("edges", "labels")
	h.exec(clickhouseLimits)
	h.repair()
	h.exec(clickhouseResult)
	if h.err != nil {
		return fmt.Errorf("running the hand-tuned SQL: %w", h.err)
	}
	return nil
}

// clickhand is hand for a server that takes one statement at a time.
type clickhand struct {
	run  func(string) (string, error)
	fill *strings.Replacer
	err  error
}

func (h *clickhand) exec(script string) {
	for statement := range strings.SplitSeq(h.fill.Replace(script), ";\n") {
		if h.err == nil && strings.TrimSpace(statement) != "" {
			_, h.err = h.run(statement)
		}
	}
}

// any says whether a query of one integer gives more than zero.
func (h *clickhand) any(query string) bool {
	var answer string
	if h.err == nil {
		answer, h.err = h.run(query)
	}
	return h.err == nil && strings.TrimSpace(answer) != "0"
}

// components is that of hand.
func (h *clickhand) components(edges, labels string) {
	h.exec("CREATE OR REPLACE TABLE " + labels + " (n UInt32, root UInt32) ENGINE = Memory;\n" +
		"CREATE OR REPLACE TABLE rest ENGINE = Memory AS SELECT * FROM " + edges)
	for h.any("SELECT count() FROM rest") {
		h.exec(`CREATE OR REPLACE TABLE tree ENGINE = Memory AS SELECT u, min(v) AS p, min(v) != max(v) AS more FROM rest GROUP BY u;
CREATE OR REPLACE TABLE moving ENGINE = Memory AS SELECT u, p FROM tree WHERE p IN (SELECT u FROM tree)`)
		for h.any("SELECT count() FROM moving WHERE p IN (SELECT u FROM moving)") {
			h.exec("CREATE OR REPLACE TABLE moving ENGINE = Memory AS SELECT m.u AS u, if(q.p != 0, q.p, m.p) AS p FROM moving m ANY LEFT JOIN moving q ON q.u = m.p")
		}
		h.exec(`CREATE OR REPLACE TABLE flat ENGINE = Memory AS
SELECT t.u AS u, if(q.p != 0, q.p, t.p) AS p, t.p AS parent, t.more AS more
FROM tree t ANY LEFT JOIN (SELECT m.u AS u, t.p AS p FROM moving m INNER JOIN tree t ON t.u = m.p) q ON q.u = t.u;
CREATE OR REPLACE TABLE rest ENGINE = Memory AS
SELECT DISTINCT greatest(a, b) AS u, least(a, b) AS v
FROM (SELECT f.p AS a, if(g.p != 0, g.p, f.v) AS b
      FROM (SELECT r.v AS v, f.p AS p FROM rest r INNER JOIN (SELECT * FROM flat WHERE more) f ON f.u = r.u WHERE f.parent != r.v) f
      ANY LEFT JOIN flat g ON g.u = f.v)
WHERE a != b;
CREATE OR REPLACE TABLE ` + labels + ` ENGINE = Memory AS
SELECT l.n AS n, if(f.p != 0, f.p, l.root) AS root FROM ` + labels + ` l ANY LEFT JOIN flat f ON f.u = l.root
UNION ALL SELECT u, p FROM flat`)
	}
}

// repair is that of hand.
func (h *clickhand) repair() {
	if !h.any("SELECT count() FROM broken") {
		return
	}
	for rank := 1; rank < 5; rank++ {
		h.exec(fmt.Sprintf(`CREATE OR REPLACE TABLE near ENGINE = Memory AS
SELECT DISTINCT l.x AS x, b.c AS c FROM broken_links l INNER JOIN broken b ON b.n = l.a
WHERE l.t = %d AND l.a NOT IN (SELECT x FROM refused);
CREATE OR REPLACE TABLE sizes ENGINE = Memory AS SELECT c, rank, count() AS size FROM broken WHERE rank < %[1]d GROUP BY c, rank;
INSERT INTO refused SELECT DISTINCT x FROM (
    SELECT e.x AS x FROM near e INNER JOIN sizes s ON s.c = e.c GROUP BY x, s.rank HAVING sum(s.size) > [1, 5, 5, 3, 200][s.rank + 1])`, rank))
		for chain := range 2 {
			h.exec(`CREATE OR REPLACE TABLE joins ENGINE = Memory AS
SELECT DISTINCT greatest(x, c) AS u, least(x, c) AS v FROM near WHERE x NOT IN (SELECT x FROM refused)`)
			h.components("joins", "joined")
			if chain == 0 {
				h.exec(fmt.Sprintf(`INSERT INTO refused
WITH tried AS (SELECT b.n AS n, b.rank AS rank, if(j.root != 0, j.root, b.c) AS c FROM broken b ANY LEFT JOIN joined j ON j.n = b.c WHERE b.rank <= %d)
SELECT n FROM tried WHERE rank = %[1]d AND c IN (SELECT c FROM tried GROUP BY c, rank HAVING count() > [1, 5, 5, 3, 200][rank + 1])
    AND n IN (SELECT x FROM near)`, rank))
			}
		}
		h.exec(`CREATE OR REPLACE TABLE broken ENGINE = Memory AS
SELECT b.n AS n, b.rank AS rank, if(j.root != 0, j.root, b.c) AS c FROM broken b ANY LEFT JOIN joined j ON j.n = b.c`)
	}
	h.exec(`CREATE OR REPLACE TABLE clusters ENGINE = Memory AS
SELECT k.n AS n, k.rank AS rank, if(b.c != 0, b.c, k.c) AS c FROM clusters k ANY LEFT JOIN broken b ON b.n = k.n`)
}
