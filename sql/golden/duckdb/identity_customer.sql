-- number the identifiers
CREATE OR REPLACE TABLE customhouse_work.main.customer_nodes AS
SELECT
  coalesce(k.number, (
    SELECT coalesce(max(m.number), 0) AS n
    FROM customhouse_file.customhouse.customer_identities AS m
  ) + row_number() OVER (ORDER BY CASE WHEN k.number IS NULL THEN k.first_seen END NULLS LAST, k.t NULLS LAST, k.v NULLS LAST)) AS n,
  NOT (k.number IS NULL) AS known,
  k.t,
  k.v,
  k.first_seen,
  k.last_seen,
  k.source,
  k.old
FROM (
  SELECT
    d.t,
    d.v,
    least(d.first_seen, o.first_seen) AS first_seen,
    greatest(d.last_seen, o.last_seen) AS last_seen,
    coalesce(o.source, CASE WHEN d.source = 0 THEN 'contacts' WHEN d.source = 1 THEN 'loyalty' WHEN d.source = 2 THEN 'newsletter' WHEN d.source = 3 THEN 'orders' WHEN d.source = 4 THEN 'page_views' END) AS source,
    o.customer_id AS old,
    o.number
  FROM (
    SELECT
      CAST(0 AS BIGINT) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      arg_min(a.source, create_sort_key(a.first_seen, 'ASC NULLS LAST', a.source, 'ASC NULLS LAST')) AS source
    FROM (
      SELECT
        r."id.user_id" AS v,
        r.first_seen,
        r.last_seen,
        0 AS source
      FROM customhouse_work.main.rows_contacts AS r
      WHERE r."id.user_id" IS NOT NULL
      UNION ALL
      SELECT
        r."id.user_id" AS v,
        r.first_seen,
        r.last_seen,
        4 AS source
      FROM customhouse_work.main.rows_page_views AS r
      WHERE r."id.user_id" IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(1 AS BIGINT) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      arg_min(a.source, create_sort_key(a.first_seen, 'ASC NULLS LAST', a.source, 'ASC NULLS LAST')) AS source
    FROM (
      SELECT
        r."id.email" AS v,
        r.first_seen,
        r.last_seen,
        0 AS source
      FROM customhouse_work.main.rows_contacts AS r
      WHERE r."id.email" IS NOT NULL
      UNION ALL
      SELECT
        r."id.email" AS v,
        r.first_seen,
        r.last_seen,
        1 AS source
      FROM customhouse_work.main.rows_loyalty AS r
      WHERE r."id.email" IS NOT NULL
      UNION ALL
      SELECT
        r."id.email" AS v,
        r.first_seen,
        r.last_seen,
        2 AS source
      FROM customhouse_work.main.rows_newsletter AS r
      WHERE r."id.email" IS NOT NULL
      UNION ALL
      SELECT
        r."id.email" AS v,
        r.first_seen,
        r.last_seen,
        3 AS source
      FROM customhouse_work.main.rows_orders AS r
      WHERE r."id.email" IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(2 AS BIGINT) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      arg_min(a.source, create_sort_key(a.first_seen, 'ASC NULLS LAST', a.source, 'ASC NULLS LAST')) AS source
    FROM (
      SELECT
        r."id.phone" AS v,
        r.first_seen,
        r.last_seen,
        0 AS source
      FROM customhouse_work.main.rows_contacts AS r
      WHERE r."id.phone" IS NOT NULL
      UNION ALL
      SELECT
        r."id.phone" AS v,
        r.first_seen,
        r.last_seen,
        1 AS source
      FROM customhouse_work.main.rows_loyalty AS r
      WHERE r."id.phone" IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(3 AS BIGINT) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      arg_min(a.source, create_sort_key(a.first_seen, 'ASC NULLS LAST', a.source, 'ASC NULLS LAST')) AS source
    FROM (
      SELECT
        r."id.card" AS v,
        r.first_seen,
        r.last_seen,
        1 AS source
      FROM customhouse_work.main.rows_loyalty AS r
      WHERE r."id.card" IS NOT NULL
      UNION ALL
      SELECT
        r."id.card" AS v,
        r.first_seen,
        r.last_seen,
        3 AS source
      FROM customhouse_work.main.rows_orders AS r
      WHERE r."id.card" IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(4 AS BIGINT) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      min(a.source) AS source
    FROM (
      SELECT
        r."id.cookie" AS v,
        r.first_seen,
        r.last_seen,
        4 AS source
      FROM customhouse_work.main.rows_page_views AS r
      WHERE r."id.cookie" IS NOT NULL
    ) AS a
    GROUP BY a.v
  ) AS d
  LEFT JOIN customhouse_file.customhouse.customer_identities AS o ON o.identifier_type = CASE WHEN d.t = 0 THEN 'user_id' WHEN d.t = 1 THEN 'email' WHEN d.t = 2 THEN 'phone' WHEN d.t = 3 THEN 'card' WHEN d.t = 4 THEN 'cookie' END AND o.identifier = d.v
) AS k;

-- assert look for lost identifiers
SELECT CASE WHEN c.gone > 1000 AND TRY(c.gone * 1000) > TRY(c.known * 500) THEN c.gone ELSE 0 END AS n
FROM (
  SELECT
    (
      SELECT count(*) AS n
      FROM customhouse_file.customhouse.customer_identities AS x
      WHERE x.identifier_type IN ('user_id', 'email', 'phone', 'card', 'cookie')
    ) AS known,
    (
      SELECT count(*) AS n
      FROM customhouse_file.customhouse.customer_identities AS x
      WHERE x.identifier_type IN ('user_id', 'email', 'phone', 'card', 'cookie')
    ) - (
      SELECT count(*) AS n
      FROM customhouse_work.main.customer_nodes AS x
      WHERE x.known
    ) AS gone
) AS c;

-- put numbers in the place of values
CREATE OR REPLACE TABLE customhouse_file.customhouse.identity_rows_contacts__new AS
SELECT
  0 + row_number() OVER () AS "row",
  r."raw.user_id",
  r."raw.email",
  r."raw.phone",
  d0.n AS "n.user_id",
  d1.n AS "n.email",
  d2.n AS "n.phone",
  r."hash.1",
  r."hash.2",
  r.first_seen,
  r.last_seen,
  r.rows,
  r.open
FROM customhouse_work.main.rows_contacts AS r
LEFT JOIN customhouse_work.main.customer_nodes AS d0 ON d0.t = 0 AND d0.v = r."id.user_id"
LEFT JOIN customhouse_work.main.customer_nodes AS d1 ON d1.t = 1 AND d1.v = r."id.email"
LEFT JOIN customhouse_work.main.customer_nodes AS d2 ON d2.t = 2 AND d2.v = r."id.phone";

CREATE OR REPLACE TABLE customhouse_file.customhouse.identity_rows_loyalty__new AS
SELECT
  0 + row_number() OVER () AS "row",
  r."raw.email",
  r."raw.phone",
  r."raw.card",
  d0.n AS "n.email",
  d1.n AS "n.phone",
  d2.n AS "n.card",
  r."hash.1",
  r."hash.2",
  r.first_seen,
  r.last_seen,
  r.rows,
  r.open
FROM customhouse_work.main.rows_loyalty AS r
LEFT JOIN customhouse_work.main.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r."id.email"
LEFT JOIN customhouse_work.main.customer_nodes AS d1 ON d1.t = 2 AND d1.v = r."id.phone"
LEFT JOIN customhouse_work.main.customer_nodes AS d2 ON d2.t = 3 AND d2.v = r."id.card";

CREATE OR REPLACE TABLE customhouse_file.customhouse.identity_rows_newsletter__new AS
SELECT
  0 + row_number() OVER () AS "row",
  r."raw.email",
  d0.n AS "n.email",
  r."hash.1",
  r."hash.2",
  r.first_seen,
  r.last_seen,
  r.rows,
  r.open
FROM customhouse_work.main.rows_newsletter AS r
LEFT JOIN customhouse_work.main.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r."id.email";

CREATE OR REPLACE TABLE customhouse_file.customhouse.identity_rows_orders__new AS
SELECT
  0 + row_number() OVER () AS "row",
  r."raw.email",
  r."raw.card",
  d0.n AS "n.email",
  d1.n AS "n.card",
  r."hash.1",
  r."hash.2",
  r.first_seen,
  r.last_seen,
  r.rows,
  r.open
FROM customhouse_work.main.rows_orders AS r
LEFT JOIN customhouse_work.main.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r."id.email"
LEFT JOIN customhouse_work.main.customer_nodes AS d1 ON d1.t = 3 AND d1.v = r."id.card";

CREATE OR REPLACE TABLE customhouse_file.customhouse.identity_rows_page_views__new AS
SELECT
  0 + row_number() OVER () AS "row",
  r."raw.user_id",
  r."raw.cookie",
  d0.n AS "n.user_id",
  d1.n AS "n.cookie",
  r."hash.1",
  r."hash.2",
  r.first_seen,
  r.last_seen,
  r.rows,
  r.open
FROM customhouse_work.main.rows_page_views AS r
LEFT JOIN customhouse_work.main.customer_nodes AS d0 ON d0.t = 0 AND d0.v = r."id.user_id"
LEFT JOIN customhouse_work.main.customer_nodes AS d1 ON d1.t = 4 AND d1.v = r."id.cookie";

-- link what rows carry together
CREATE OR REPLACE TABLE customhouse_work.main.customer_star AS
SELECT
  r.a,
  r.x,
  0 AS s,
  1 AS t
FROM (
  SELECT DISTINCT
    q.a,
    q.x
  FROM (
    SELECT
      r."n.user_id" AS a,
      r."n.email" AS x
    FROM customhouse_file.customhouse.identity_rows_contacts__new AS r
    WHERE r."n.user_id" IS NOT NULL
      AND r."n.email" IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  r.a,
  r.x,
  0 AS s,
  2 AS t
FROM (
  SELECT DISTINCT
    q.a,
    q.x
  FROM (
    SELECT
      r."n.user_id" AS a,
      r."n.phone" AS x
    FROM customhouse_file.customhouse.identity_rows_contacts__new AS r
    WHERE r."n.user_id" IS NOT NULL
      AND r."n.phone" IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  r.a,
  r.x,
  0 AS s,
  4 AS t
FROM (
  SELECT DISTINCT
    q.a,
    q.x
  FROM (
    SELECT
      r."n.user_id" AS a,
      r."n.cookie" AS x
    FROM customhouse_file.customhouse.identity_rows_page_views__new AS r
    WHERE r."n.user_id" IS NOT NULL
      AND r."n.cookie" IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  r.a,
  r.x,
  1 AS s,
  2 AS t
FROM (
  SELECT DISTINCT
    q.a,
    q.x
  FROM (
    SELECT
      r."n.email" AS a,
      r."n.phone" AS x
    FROM customhouse_file.customhouse.identity_rows_contacts__new AS r
    WHERE r."n.user_id" IS NULL
      AND r."n.email" IS NOT NULL
      AND r."n.phone" IS NOT NULL
    UNION ALL
    SELECT
      r."n.email" AS a,
      r."n.phone" AS x
    FROM customhouse_file.customhouse.identity_rows_loyalty__new AS r
    WHERE r."n.email" IS NOT NULL
      AND r."n.phone" IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  r.a,
  r.x,
  1 AS s,
  3 AS t
FROM (
  SELECT DISTINCT
    q.a,
    q.x
  FROM (
    SELECT
      r."n.email" AS a,
      r."n.card" AS x
    FROM customhouse_file.customhouse.identity_rows_loyalty__new AS r
    WHERE r."n.email" IS NOT NULL
      AND r."n.card" IS NOT NULL
    UNION ALL
    SELECT
      r."n.email" AS a,
      r."n.card" AS x
    FROM customhouse_file.customhouse.identity_rows_orders__new AS r
    WHERE r."n.email" IS NOT NULL
      AND r."n.card" IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  r.a,
  r.x,
  2 AS s,
  3 AS t
FROM (
  SELECT DISTINCT
    q.a,
    q.x
  FROM (
    SELECT
      r."n.phone" AS a,
      r."n.card" AS x
    FROM customhouse_file.customhouse.identity_rows_loyalty__new AS r
    WHERE r."n.email" IS NULL
      AND r."n.phone" IS NOT NULL
      AND r."n.card" IS NOT NULL
  ) AS q
) AS r;

CREATE OR REPLACE TABLE customhouse_work.main.customer_quarantined AS
SELECT
  k.x,
  min(k.s) AS s,
  arg_min(k.k, create_sort_key(k.s, 'ASC NULLS LAST', k.k, 'ASC NULLS LAST')) AS k
FROM (
  SELECT
    l.x,
    l.s,
    count(*) AS k
  FROM customhouse_work.main.customer_star AS l
  GROUP BY l.x, l.s, l.t
  HAVING count(*) > CASE WHEN l.s = 4 THEN 200 ELSE 10 END
) AS k
GROUP BY k.x;

CREATE OR REPLACE TABLE customhouse_work.main.customer_links AS
SELECT
  l.a,
  l.x,
  l.s,
  l.t
FROM customhouse_work.main.customer_star AS l
WHERE l.a NOT IN (
  SELECT z.x
  FROM customhouse_work.main.customer_quarantined AS z
)
  AND l.x NOT IN (
    SELECT z.x
    FROM customhouse_work.main.customer_quarantined AS z
  )
UNION ALL
SELECT
  l.a,
  l.x,
  l.s,
  l.t
FROM (
  SELECT
    r.a,
    r.x,
    0 AS s,
    1 AS t
  FROM (
    SELECT DISTINCT
      q.a,
      q.x
    FROM (
      SELECT
        r."n.user_id" AS a,
        r."n.email" AS x
      FROM (
        SELECT
          m."n.user_id",
          CASE WHEN m."n.email" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.phone" END AS "n.phone"
        FROM customhouse_file.customhouse.identity_rows_contacts__new AS m
        WHERE coalesce(m."n.user_id", m."n.email", m."n.phone") IN (
          SELECT z.x
          FROM customhouse_work.main.customer_quarantined AS z
        )
      ) AS r
      WHERE r."n.user_id" IS NOT NULL
        AND r."n.email" IS NOT NULL
    ) AS q
  ) AS r
  UNION ALL
  SELECT
    r.a,
    r.x,
    0 AS s,
    2 AS t
  FROM (
    SELECT DISTINCT
      q.a,
      q.x
    FROM (
      SELECT
        r."n.user_id" AS a,
        r."n.phone" AS x
      FROM (
        SELECT
          m."n.user_id",
          CASE WHEN m."n.email" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.phone" END AS "n.phone"
        FROM customhouse_file.customhouse.identity_rows_contacts__new AS m
        WHERE coalesce(m."n.user_id", m."n.email", m."n.phone") IN (
          SELECT z.x
          FROM customhouse_work.main.customer_quarantined AS z
        )
      ) AS r
      WHERE r."n.user_id" IS NOT NULL
        AND r."n.phone" IS NOT NULL
    ) AS q
  ) AS r
  UNION ALL
  SELECT
    r.a,
    r.x,
    0 AS s,
    4 AS t
  FROM (
    SELECT DISTINCT
      q.a,
      q.x
    FROM (
      SELECT
        r."n.user_id" AS a,
        r."n.cookie" AS x
      FROM (
        SELECT
          m."n.user_id",
          CASE WHEN m."n.cookie" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.cookie" END AS "n.cookie"
        FROM customhouse_file.customhouse.identity_rows_page_views__new AS m
        WHERE coalesce(m."n.user_id", m."n.cookie") IN (
          SELECT z.x
          FROM customhouse_work.main.customer_quarantined AS z
        )
      ) AS r
      WHERE r."n.user_id" IS NOT NULL
        AND r."n.cookie" IS NOT NULL
    ) AS q
  ) AS r
  UNION ALL
  SELECT
    r.a,
    r.x,
    1 AS s,
    2 AS t
  FROM (
    SELECT DISTINCT
      q.a,
      q.x
    FROM (
      SELECT
        r."n.email" AS a,
        r."n.phone" AS x
      FROM (
        SELECT
          m."n.user_id",
          CASE WHEN m."n.email" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.phone" END AS "n.phone"
        FROM customhouse_file.customhouse.identity_rows_contacts__new AS m
        WHERE coalesce(m."n.user_id", m."n.email", m."n.phone") IN (
          SELECT z.x
          FROM customhouse_work.main.customer_quarantined AS z
        )
      ) AS r
      WHERE r."n.user_id" IS NULL
        AND r."n.email" IS NOT NULL
        AND r."n.phone" IS NOT NULL
      UNION ALL
      SELECT
        r."n.email" AS a,
        r."n.phone" AS x
      FROM (
        SELECT
          CASE WHEN m."n.email" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.phone" END AS "n.phone",
          CASE WHEN m."n.card" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.card" END AS "n.card"
        FROM customhouse_file.customhouse.identity_rows_loyalty__new AS m
        WHERE coalesce(m."n.email", m."n.phone", m."n.card") IN (
          SELECT z.x
          FROM customhouse_work.main.customer_quarantined AS z
        )
      ) AS r
      WHERE r."n.email" IS NOT NULL
        AND r."n.phone" IS NOT NULL
    ) AS q
  ) AS r
  UNION ALL
  SELECT
    r.a,
    r.x,
    1 AS s,
    3 AS t
  FROM (
    SELECT DISTINCT
      q.a,
      q.x
    FROM (
      SELECT
        r."n.email" AS a,
        r."n.card" AS x
      FROM (
        SELECT
          CASE WHEN m."n.email" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.phone" END AS "n.phone",
          CASE WHEN m."n.card" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.card" END AS "n.card"
        FROM customhouse_file.customhouse.identity_rows_loyalty__new AS m
        WHERE coalesce(m."n.email", m."n.phone", m."n.card") IN (
          SELECT z.x
          FROM customhouse_work.main.customer_quarantined AS z
        )
      ) AS r
      WHERE r."n.email" IS NOT NULL
        AND r."n.card" IS NOT NULL
      UNION ALL
      SELECT
        r."n.email" AS a,
        r."n.card" AS x
      FROM (
        SELECT
          CASE WHEN m."n.email" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.card" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.card" END AS "n.card"
        FROM customhouse_file.customhouse.identity_rows_orders__new AS m
        WHERE coalesce(m."n.email", m."n.card") IN (
          SELECT z.x
          FROM customhouse_work.main.customer_quarantined AS z
        )
      ) AS r
      WHERE r."n.email" IS NOT NULL
        AND r."n.card" IS NOT NULL
    ) AS q
  ) AS r
  UNION ALL
  SELECT
    r.a,
    r.x,
    2 AS s,
    3 AS t
  FROM (
    SELECT DISTINCT
      q.a,
      q.x
    FROM (
      SELECT
        r."n.phone" AS a,
        r."n.card" AS x
      FROM (
        SELECT
          CASE WHEN m."n.email" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.phone" END AS "n.phone",
          CASE WHEN m."n.card" IN (
            SELECT z.x
            FROM customhouse_work.main.customer_quarantined AS z
          ) THEN CAST(NULL AS BIGINT) ELSE m."n.card" END AS "n.card"
        FROM customhouse_file.customhouse.identity_rows_loyalty__new AS m
        WHERE coalesce(m."n.email", m."n.phone", m."n.card") IN (
          SELECT z.x
          FROM customhouse_work.main.customer_quarantined AS z
        )
      ) AS r
      WHERE r."n.email" IS NULL
        AND r."n.phone" IS NOT NULL
        AND r."n.card" IS NOT NULL
    ) AS q
  ) AS r
) AS l;

CREATE OR REPLACE TABLE customhouse_work.main.customer_edges AS
SELECT
  greatest(l.a, l.x) AS u,
  least(l.a, l.x) AS v
FROM customhouse_work.main.customer_links AS l;

-- point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.main.customer_first_forest AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.main.customer_edges AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.main.customer_first_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.main.customer_first_forest AS f
JOIN customhouse_work.main.customer_first_forest AS g ON g.u = f.v;

-- repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.main.customer_first_active AS a
WHERE a.more;

-- double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.main.customer_first_active AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.main.customer_first_active AS a
LEFT JOIN customhouse_work.main.customer_first_active AS b ON b.u = a.v;

-- contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.main.customer_edges AS e
JOIN customhouse_work.main.customer_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.main.customer_edges AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.main.customer_rest AS e
LEFT JOIN customhouse_work.main.customer_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.main.customer_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.main.customer_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_moved AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_first_forest AS o
LEFT JOIN customhouse_work.main.customer_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.main.customer_last AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_first_forest AS o
LEFT JOIN customhouse_work.main.customer_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.main.customer_edges AS e;

-- contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.main.customer_forest AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.main.customer_edges AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.main.customer_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.main.customer_forest AS f
JOIN customhouse_work.main.customer_forest AS g ON g.u = f.v;

-- contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.main.customer_active AS a
WHERE a.more;

-- contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.main.customer_active AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.main.customer_active AS a
LEFT JOIN customhouse_work.main.customer_active AS b ON b.u = a.v;

-- contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.main.customer_edges AS e
JOIN customhouse_work.main.customer_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.main.customer_edges AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.main.customer_rest AS e
LEFT JOIN customhouse_work.main.customer_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.main.customer_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.main.customer_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.main.customer_moved AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.main.customer_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.main.customer_forest AS o
  LEFT JOIN customhouse_work.main.customer_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_forest AS o
LEFT JOIN customhouse_work.main.customer_active AS a ON a.u = o.u;

-- in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.main.customer_edges AS e;

-- label the nodes
CREATE OR REPLACE TABLE customhouse_work.main.customer_moved AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.main.customer_moved AS m
LEFT JOIN customhouse_work.main.customer_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.main.customer_last AS f;

CREATE OR REPLACE TABLE customhouse_work.main.customer_labels AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.main.customer_first_forest AS o
  LEFT JOIN customhouse_work.main.customer_first_active AS a ON a.u = o.u
) AS m
LEFT JOIN customhouse_work.main.customer_moved AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.main.customer_moved AS f;

-- form clusters
CREATE OR REPLACE TABLE customhouse_work.main.customer_cluster AS
SELECT
  d.n,
  d.t,
  coalesce(l.root, d.n) AS g,
  coalesce(l.root, d.n) AS c
FROM customhouse_work.main.customer_nodes AS d
LEFT JOIN customhouse_work.main.customer_labels AS l ON l.n = d.n;

CREATE OR REPLACE TABLE customhouse_work.main.customer_stats AS
SELECT
  c.c,
  min(c.n) AS first,
  count(*) AS size,
  count(CASE WHEN c.t = 0 THEN 1 END) AS k0,
  count(CASE WHEN c.t = 1 THEN 1 END) AS k1,
  count(CASE WHEN c.t = 2 THEN 1 END) AS k2,
  count(CASE WHEN c.t = 3 THEN 1 END) AS k3,
  count(CASE WHEN c.t = 4 THEN 1 END) AS k4
FROM customhouse_work.main.customer_cluster AS c
GROUP BY c.c;

-- prepare limits
CREATE OR REPLACE TABLE customhouse_work.main.customer_refused AS
SELECT
  d.n AS x,
  '' AS reason,
  '' AS evidence
FROM customhouse_work.main.customer_nodes AS d
WHERE FALSE;

-- find clusters over a limit
CREATE OR REPLACE TABLE customhouse_work.main.customer_over AS
SELECT DISTINCT k.c
FROM (
  SELECT s.c
  FROM customhouse_work.main.customer_stats AS s
  WHERE s.k0 > 1 OR s.k1 > 5 OR s.k2 > 5 OR s.k3 > 3 OR s.k4 > 200
) AS k;

-- repeat while not zero repair clusters over a limit
SELECT count(*) AS n
FROM customhouse_work.main.customer_over AS o;

-- repair clusters over a limit: take clusters over a limit apart
CREATE OR REPLACE TABLE customhouse_work.main.customer_part AS
SELECT
  k.n,
  k.t,
  k.n AS c
FROM customhouse_work.main.customer_cluster AS k
JOIN customhouse_work.main.customer_over AS o ON o.c = k.c;

CREATE OR REPLACE TABLE customhouse_work.main.customer_bonds AS
SELECT
  l.a,
  l.x,
  l.t
FROM customhouse_work.main.customer_links AS l
JOIN customhouse_work.main.customer_cluster AS k ON k.n = l.a
JOIN customhouse_work.main.customer_over AS o ON o.c = k.c;

-- repair clusters over a limit: judge shared identifiers (email)
CREATE OR REPLACE TABLE customhouse_work.main.customer_touches AS
SELECT DISTINCT
  l.x,
  p.c
FROM customhouse_work.main.customer_bonds AS l
JOIN customhouse_work.main.customer_part AS p ON p.n = l.a
WHERE l.t = 1
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.main.customer_bridges AS
SELECT
  h.x,
  min(h.c) AS low
FROM customhouse_work.main.customer_touches AS h
GROUP BY h.x
HAVING count(*) > 1;

CREATE OR REPLACE TABLE customhouse_work.main.customer_sizes AS
SELECT
  p.c,
  p.t,
  count(*) AS k
FROM customhouse_work.main.customer_part AS p
WHERE p.t < 1
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.main.customer_refused (x, reason, evidence)
SELECT
  m.x,
  'shared' AS reason,
  arg_min((((('would join ' || CAST(CAST(m.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), create_sort_key(m.t, 'ASC NULLS LAST', (((('would join ' || CAST(CAST(m.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), 'ASC NULLS LAST')) AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    (TRY_CAST(sum(q.k) AS BIGINT) | 0) AS k
  FROM (
    SELECT
      h.x,
      s.t,
      s.k
    FROM customhouse_work.main.customer_touches AS h
    JOIN customhouse_work.main.customer_bridges AS b ON b.x = h.x
    JOIN customhouse_work.main.customer_sizes AS s ON s.c = h.c
  ) AS q
  GROUP BY q.x, q.t
) AS m
WHERE m.k > CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END
GROUP BY m.x;

CREATE OR REPLACE TABLE customhouse_work.main.customer_hubs AS
SELECT DISTINCT
  h.c AS u,
  b.low AS v
FROM customhouse_work.main.customer_touches AS h
JOIN customhouse_work.main.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.main.customer_refused AS z
  WHERE z.x = h.x
);

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank1_first_forest AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.main.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.main.customer_rank1_first_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.main.customer_rank1_first_forest AS f
JOIN customhouse_work.main.customer_rank1_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.main.customer_rank1_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank1_first_active AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.main.customer_rank1_first_active AS a
LEFT JOIN customhouse_work.main.customer_rank1_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank1_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.main.customer_hubs AS e
JOIN customhouse_work.main.customer_rank1_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.main.customer_hubs AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.main.customer_rank1_rest AS e
LEFT JOIN customhouse_work.main.customer_rank1_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.main.customer_rank1_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.main.customer_rank1_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank1_moved AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_rank1_first_forest AS o
LEFT JOIN customhouse_work.main.customer_rank1_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.main.customer_rank1_last AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_rank1_first_forest AS o
LEFT JOIN customhouse_work.main.customer_rank1_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.main.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank1_forest AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.main.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.main.customer_rank1_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.main.customer_rank1_forest AS f
JOIN customhouse_work.main.customer_rank1_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.main.customer_rank1_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank1_active AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.main.customer_rank1_active AS a
LEFT JOIN customhouse_work.main.customer_rank1_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank1_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.main.customer_hubs AS e
JOIN customhouse_work.main.customer_rank1_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.main.customer_hubs AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.main.customer_rank1_rest AS e
LEFT JOIN customhouse_work.main.customer_rank1_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.main.customer_rank1_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.main.customer_rank1_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank1_moved AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.main.customer_rank1_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.main.customer_rank1_forest AS o
  LEFT JOIN customhouse_work.main.customer_rank1_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_rank1_forest AS o
LEFT JOIN customhouse_work.main.customer_rank1_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.main.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank1_moved AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.main.customer_rank1_moved AS m
LEFT JOIN customhouse_work.main.customer_rank1_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.main.customer_rank1_last AS f;

CREATE OR REPLACE TABLE customhouse_work.main.customer_joined AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.main.customer_rank1_first_forest AS o
  LEFT JOIN customhouse_work.main.customer_rank1_first_active AS a ON a.u = o.u
) AS m
LEFT JOIN customhouse_work.main.customer_rank1_moved AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.main.customer_rank1_moved AS f;

-- repair clusters over a limit: join what the limits allow (email)
CREATE OR REPLACE TABLE customhouse_work.main.customer_groups AS
SELECT DISTINCT
  p.c,
  coalesce(j.root, p.c) AS g
FROM customhouse_work.main.customer_part AS p
LEFT JOIN customhouse_work.main.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.main.customer_broken AS
SELECT
  s.g,
  arg_min((((('would join ' || CAST(CAST(s.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), create_sort_key(s.t, 'ASC NULLS LAST', (((('would join ' || CAST(CAST(s.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), 'ASC NULLS LAST')) AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    (TRY_CAST(sum(q.k) AS BIGINT) | 0) AS k,
    max(q.one) AS most
  FROM (
    SELECT
      g.g,
      s.t,
      s.k,
      s.k AS one
    FROM customhouse_work.main.customer_groups AS g
    JOIN customhouse_work.main.customer_sizes AS s ON s.c = g.c
    UNION ALL
    SELECT
      w.g,
      1 AS t,
      1 AS k,
      0 AS one
    FROM (
      SELECT DISTINCT
        g.g,
        h.x
      FROM customhouse_work.main.customer_touches AS h
      JOIN customhouse_work.main.customer_groups AS g ON g.c = h.c
      JOIN (
        SELECT DISTINCT m.g
        FROM customhouse_work.main.customer_groups AS m
        WHERE m.c <> m.g
      ) AS v ON v.g = g.g
      WHERE NOT EXISTS (
        SELECT 1 AS one
        FROM customhouse_work.main.customer_refused AS z
        WHERE z.x = h.x
      )
    ) AS w
  ) AS q
  GROUP BY q.g, q.t
) AS s
WHERE s.k > CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END
  AND s.k > s.most
GROUP BY s.g;

INSERT INTO customhouse_work.main.customer_refused (x, reason, evidence)
SELECT
  b.x,
  'conflict' AS reason,
  k.evidence
FROM customhouse_work.main.customer_bridges AS b
JOIN customhouse_work.main.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.main.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.main.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.main.customer_groups AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.main.customer_groups AS g
LEFT JOIN customhouse_work.main.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.main.customer_place AS
SELECT
  h.x,
  h.c,
  row_number() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST) AS r
FROM (
  SELECT DISTINCT
    q.x,
    g.g AS c
  FROM customhouse_work.main.customer_touches AS q
  JOIN customhouse_work.main.customer_groups AS g ON g.c = q.c
  WHERE NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

INSERT INTO customhouse_work.main.customer_refused (x, reason, evidence)
SELECT
  q.x,
  'too_many' AS reason,
  'the customer has more than 5 email' AS evidence
FROM customhouse_work.main.customer_place AS q
WHERE q.r > 5;

CREATE OR REPLACE TABLE customhouse_work.main.customer_part AS
SELECT
  p.n,
  p.t,
  coalesce(w.c, g.g, p.c) AS c
FROM customhouse_work.main.customer_part AS p
LEFT JOIN (
  SELECT
    q.x,
    q.c
  FROM customhouse_work.main.customer_place AS q
  WHERE NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.main.customer_groups AS g ON g.c = p.c;

-- repair clusters over a limit: judge shared identifiers (phone)
CREATE OR REPLACE TABLE customhouse_work.main.customer_touches AS
SELECT DISTINCT
  l.x,
  p.c
FROM customhouse_work.main.customer_bonds AS l
JOIN customhouse_work.main.customer_part AS p ON p.n = l.a
WHERE l.t = 2
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.main.customer_bridges AS
SELECT
  h.x,
  min(h.c) AS low
FROM customhouse_work.main.customer_touches AS h
GROUP BY h.x
HAVING count(*) > 1;

CREATE OR REPLACE TABLE customhouse_work.main.customer_sizes AS
SELECT
  p.c,
  p.t,
  count(*) AS k
FROM customhouse_work.main.customer_part AS p
WHERE p.t < 2
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.main.customer_refused (x, reason, evidence)
SELECT
  m.x,
  'shared' AS reason,
  arg_min((((('would join ' || CAST(CAST(m.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), create_sort_key(m.t, 'ASC NULLS LAST', (((('would join ' || CAST(CAST(m.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), 'ASC NULLS LAST')) AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    (TRY_CAST(sum(q.k) AS BIGINT) | 0) AS k
  FROM (
    SELECT
      h.x,
      s.t,
      s.k
    FROM customhouse_work.main.customer_touches AS h
    JOIN customhouse_work.main.customer_bridges AS b ON b.x = h.x
    JOIN customhouse_work.main.customer_sizes AS s ON s.c = h.c
  ) AS q
  GROUP BY q.x, q.t
) AS m
WHERE m.k > CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END
GROUP BY m.x;

CREATE OR REPLACE TABLE customhouse_work.main.customer_hubs AS
SELECT DISTINCT
  h.c AS u,
  b.low AS v
FROM customhouse_work.main.customer_touches AS h
JOIN customhouse_work.main.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.main.customer_refused AS z
  WHERE z.x = h.x
);

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank2_first_forest AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.main.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.main.customer_rank2_first_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.main.customer_rank2_first_forest AS f
JOIN customhouse_work.main.customer_rank2_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.main.customer_rank2_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank2_first_active AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.main.customer_rank2_first_active AS a
LEFT JOIN customhouse_work.main.customer_rank2_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank2_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.main.customer_hubs AS e
JOIN customhouse_work.main.customer_rank2_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.main.customer_hubs AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.main.customer_rank2_rest AS e
LEFT JOIN customhouse_work.main.customer_rank2_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.main.customer_rank2_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.main.customer_rank2_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank2_moved AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_rank2_first_forest AS o
LEFT JOIN customhouse_work.main.customer_rank2_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.main.customer_rank2_last AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_rank2_first_forest AS o
LEFT JOIN customhouse_work.main.customer_rank2_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.main.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank2_forest AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.main.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.main.customer_rank2_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.main.customer_rank2_forest AS f
JOIN customhouse_work.main.customer_rank2_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.main.customer_rank2_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank2_active AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.main.customer_rank2_active AS a
LEFT JOIN customhouse_work.main.customer_rank2_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank2_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.main.customer_hubs AS e
JOIN customhouse_work.main.customer_rank2_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.main.customer_hubs AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.main.customer_rank2_rest AS e
LEFT JOIN customhouse_work.main.customer_rank2_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.main.customer_rank2_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.main.customer_rank2_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank2_moved AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.main.customer_rank2_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.main.customer_rank2_forest AS o
  LEFT JOIN customhouse_work.main.customer_rank2_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_rank2_forest AS o
LEFT JOIN customhouse_work.main.customer_rank2_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.main.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank2_moved AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.main.customer_rank2_moved AS m
LEFT JOIN customhouse_work.main.customer_rank2_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.main.customer_rank2_last AS f;

CREATE OR REPLACE TABLE customhouse_work.main.customer_joined AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.main.customer_rank2_first_forest AS o
  LEFT JOIN customhouse_work.main.customer_rank2_first_active AS a ON a.u = o.u
) AS m
LEFT JOIN customhouse_work.main.customer_rank2_moved AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.main.customer_rank2_moved AS f;

-- repair clusters over a limit: join what the limits allow (phone)
CREATE OR REPLACE TABLE customhouse_work.main.customer_groups AS
SELECT DISTINCT
  p.c,
  coalesce(j.root, p.c) AS g
FROM customhouse_work.main.customer_part AS p
LEFT JOIN customhouse_work.main.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.main.customer_broken AS
SELECT
  s.g,
  arg_min((((('would join ' || CAST(CAST(s.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), create_sort_key(s.t, 'ASC NULLS LAST', (((('would join ' || CAST(CAST(s.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), 'ASC NULLS LAST')) AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    (TRY_CAST(sum(q.k) AS BIGINT) | 0) AS k,
    max(q.one) AS most
  FROM (
    SELECT
      g.g,
      s.t,
      s.k,
      s.k AS one
    FROM customhouse_work.main.customer_groups AS g
    JOIN customhouse_work.main.customer_sizes AS s ON s.c = g.c
    UNION ALL
    SELECT
      w.g,
      2 AS t,
      1 AS k,
      0 AS one
    FROM (
      SELECT DISTINCT
        g.g,
        h.x
      FROM customhouse_work.main.customer_touches AS h
      JOIN customhouse_work.main.customer_groups AS g ON g.c = h.c
      JOIN (
        SELECT DISTINCT m.g
        FROM customhouse_work.main.customer_groups AS m
        WHERE m.c <> m.g
      ) AS v ON v.g = g.g
      WHERE NOT EXISTS (
        SELECT 1 AS one
        FROM customhouse_work.main.customer_refused AS z
        WHERE z.x = h.x
      )
    ) AS w
  ) AS q
  GROUP BY q.g, q.t
) AS s
WHERE s.k > CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END
  AND s.k > s.most
GROUP BY s.g;

INSERT INTO customhouse_work.main.customer_refused (x, reason, evidence)
SELECT
  b.x,
  'conflict' AS reason,
  k.evidence
FROM customhouse_work.main.customer_bridges AS b
JOIN customhouse_work.main.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.main.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.main.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.main.customer_groups AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.main.customer_groups AS g
LEFT JOIN customhouse_work.main.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.main.customer_place AS
SELECT
  h.x,
  h.c,
  row_number() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST) AS r
FROM (
  SELECT DISTINCT
    q.x,
    g.g AS c
  FROM customhouse_work.main.customer_touches AS q
  JOIN customhouse_work.main.customer_groups AS g ON g.c = q.c
  WHERE NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

INSERT INTO customhouse_work.main.customer_refused (x, reason, evidence)
SELECT
  q.x,
  'too_many' AS reason,
  'the customer has more than 5 phone' AS evidence
FROM customhouse_work.main.customer_place AS q
WHERE q.r > 5;

CREATE OR REPLACE TABLE customhouse_work.main.customer_part AS
SELECT
  p.n,
  p.t,
  coalesce(w.c, g.g, p.c) AS c
FROM customhouse_work.main.customer_part AS p
LEFT JOIN (
  SELECT
    q.x,
    q.c
  FROM customhouse_work.main.customer_place AS q
  WHERE NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.main.customer_groups AS g ON g.c = p.c;

-- repair clusters over a limit: judge shared identifiers (card)
CREATE OR REPLACE TABLE customhouse_work.main.customer_touches AS
SELECT DISTINCT
  l.x,
  p.c
FROM customhouse_work.main.customer_bonds AS l
JOIN customhouse_work.main.customer_part AS p ON p.n = l.a
WHERE l.t = 3
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.main.customer_bridges AS
SELECT
  h.x,
  min(h.c) AS low
FROM customhouse_work.main.customer_touches AS h
GROUP BY h.x
HAVING count(*) > 1;

CREATE OR REPLACE TABLE customhouse_work.main.customer_sizes AS
SELECT
  p.c,
  p.t,
  count(*) AS k
FROM customhouse_work.main.customer_part AS p
WHERE p.t < 3
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.main.customer_refused (x, reason, evidence)
SELECT
  m.x,
  'shared' AS reason,
  arg_min((((('would join ' || CAST(CAST(m.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), create_sort_key(m.t, 'ASC NULLS LAST', (((('would join ' || CAST(CAST(m.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), 'ASC NULLS LAST')) AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    (TRY_CAST(sum(q.k) AS BIGINT) | 0) AS k
  FROM (
    SELECT
      h.x,
      s.t,
      s.k
    FROM customhouse_work.main.customer_touches AS h
    JOIN customhouse_work.main.customer_bridges AS b ON b.x = h.x
    JOIN customhouse_work.main.customer_sizes AS s ON s.c = h.c
  ) AS q
  GROUP BY q.x, q.t
) AS m
WHERE m.k > CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END
GROUP BY m.x;

CREATE OR REPLACE TABLE customhouse_work.main.customer_hubs AS
SELECT DISTINCT
  h.c AS u,
  b.low AS v
FROM customhouse_work.main.customer_touches AS h
JOIN customhouse_work.main.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.main.customer_refused AS z
  WHERE z.x = h.x
);

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank3_first_forest AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.main.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.main.customer_rank3_first_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.main.customer_rank3_first_forest AS f
JOIN customhouse_work.main.customer_rank3_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.main.customer_rank3_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank3_first_active AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.main.customer_rank3_first_active AS a
LEFT JOIN customhouse_work.main.customer_rank3_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank3_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.main.customer_hubs AS e
JOIN customhouse_work.main.customer_rank3_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.main.customer_hubs AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.main.customer_rank3_rest AS e
LEFT JOIN customhouse_work.main.customer_rank3_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.main.customer_rank3_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.main.customer_rank3_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank3_moved AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_rank3_first_forest AS o
LEFT JOIN customhouse_work.main.customer_rank3_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.main.customer_rank3_last AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_rank3_first_forest AS o
LEFT JOIN customhouse_work.main.customer_rank3_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.main.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank3_forest AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.main.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.main.customer_rank3_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.main.customer_rank3_forest AS f
JOIN customhouse_work.main.customer_rank3_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.main.customer_rank3_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank3_active AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.main.customer_rank3_active AS a
LEFT JOIN customhouse_work.main.customer_rank3_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank3_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.main.customer_hubs AS e
JOIN customhouse_work.main.customer_rank3_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.main.customer_hubs AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.main.customer_rank3_rest AS e
LEFT JOIN customhouse_work.main.customer_rank3_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.main.customer_rank3_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.main.customer_rank3_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank3_moved AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.main.customer_rank3_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.main.customer_rank3_forest AS o
  LEFT JOIN customhouse_work.main.customer_rank3_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_rank3_forest AS o
LEFT JOIN customhouse_work.main.customer_rank3_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.main.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank3_moved AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.main.customer_rank3_moved AS m
LEFT JOIN customhouse_work.main.customer_rank3_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.main.customer_rank3_last AS f;

CREATE OR REPLACE TABLE customhouse_work.main.customer_joined AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.main.customer_rank3_first_forest AS o
  LEFT JOIN customhouse_work.main.customer_rank3_first_active AS a ON a.u = o.u
) AS m
LEFT JOIN customhouse_work.main.customer_rank3_moved AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.main.customer_rank3_moved AS f;

-- repair clusters over a limit: join what the limits allow (card)
CREATE OR REPLACE TABLE customhouse_work.main.customer_groups AS
SELECT DISTINCT
  p.c,
  coalesce(j.root, p.c) AS g
FROM customhouse_work.main.customer_part AS p
LEFT JOIN customhouse_work.main.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.main.customer_broken AS
SELECT
  s.g,
  arg_min((((('would join ' || CAST(CAST(s.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), create_sort_key(s.t, 'ASC NULLS LAST', (((('would join ' || CAST(CAST(s.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), 'ASC NULLS LAST')) AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    (TRY_CAST(sum(q.k) AS BIGINT) | 0) AS k,
    max(q.one) AS most
  FROM (
    SELECT
      g.g,
      s.t,
      s.k,
      s.k AS one
    FROM customhouse_work.main.customer_groups AS g
    JOIN customhouse_work.main.customer_sizes AS s ON s.c = g.c
    UNION ALL
    SELECT
      w.g,
      3 AS t,
      1 AS k,
      0 AS one
    FROM (
      SELECT DISTINCT
        g.g,
        h.x
      FROM customhouse_work.main.customer_touches AS h
      JOIN customhouse_work.main.customer_groups AS g ON g.c = h.c
      JOIN (
        SELECT DISTINCT m.g
        FROM customhouse_work.main.customer_groups AS m
        WHERE m.c <> m.g
      ) AS v ON v.g = g.g
      WHERE NOT EXISTS (
        SELECT 1 AS one
        FROM customhouse_work.main.customer_refused AS z
        WHERE z.x = h.x
      )
    ) AS w
  ) AS q
  GROUP BY q.g, q.t
) AS s
WHERE s.k > CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END
  AND s.k > s.most
GROUP BY s.g;

INSERT INTO customhouse_work.main.customer_refused (x, reason, evidence)
SELECT
  b.x,
  'conflict' AS reason,
  k.evidence
FROM customhouse_work.main.customer_bridges AS b
JOIN customhouse_work.main.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.main.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.main.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.main.customer_groups AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.main.customer_groups AS g
LEFT JOIN customhouse_work.main.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.main.customer_place AS
SELECT
  h.x,
  h.c,
  row_number() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST) AS r
FROM (
  SELECT DISTINCT
    q.x,
    g.g AS c
  FROM customhouse_work.main.customer_touches AS q
  JOIN customhouse_work.main.customer_groups AS g ON g.c = q.c
  WHERE NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

INSERT INTO customhouse_work.main.customer_refused (x, reason, evidence)
SELECT
  q.x,
  'too_many' AS reason,
  'the customer has more than 3 card' AS evidence
FROM customhouse_work.main.customer_place AS q
WHERE q.r > 3;

CREATE OR REPLACE TABLE customhouse_work.main.customer_part AS
SELECT
  p.n,
  p.t,
  coalesce(w.c, g.g, p.c) AS c
FROM customhouse_work.main.customer_part AS p
LEFT JOIN (
  SELECT
    q.x,
    q.c
  FROM customhouse_work.main.customer_place AS q
  WHERE NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.main.customer_groups AS g ON g.c = p.c;

-- repair clusters over a limit: judge shared identifiers (cookie)
CREATE OR REPLACE TABLE customhouse_work.main.customer_touches AS
SELECT DISTINCT
  l.x,
  p.c
FROM customhouse_work.main.customer_bonds AS l
JOIN customhouse_work.main.customer_part AS p ON p.n = l.a
WHERE l.t = 4
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.main.customer_bridges AS
SELECT
  h.x,
  min(h.c) AS low
FROM customhouse_work.main.customer_touches AS h
GROUP BY h.x
HAVING count(*) > 1;

CREATE OR REPLACE TABLE customhouse_work.main.customer_sizes AS
SELECT
  p.c,
  p.t,
  count(*) AS k
FROM customhouse_work.main.customer_part AS p
WHERE p.t < 4
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.main.customer_refused (x, reason, evidence)
SELECT
  m.x,
  'shared' AS reason,
  arg_min((((('would join ' || CAST(CAST(m.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), create_sort_key(m.t, 'ASC NULLS LAST', (((('would join ' || CAST(CAST(m.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), 'ASC NULLS LAST')) AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    (TRY_CAST(sum(q.k) AS BIGINT) | 0) AS k
  FROM (
    SELECT
      h.x,
      s.t,
      s.k
    FROM customhouse_work.main.customer_touches AS h
    JOIN customhouse_work.main.customer_bridges AS b ON b.x = h.x
    JOIN customhouse_work.main.customer_sizes AS s ON s.c = h.c
  ) AS q
  GROUP BY q.x, q.t
) AS m
WHERE m.k > CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END
GROUP BY m.x;

CREATE OR REPLACE TABLE customhouse_work.main.customer_hubs AS
SELECT DISTINCT
  h.c AS u,
  b.low AS v
FROM customhouse_work.main.customer_touches AS h
JOIN customhouse_work.main.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.main.customer_refused AS z
  WHERE z.x = h.x
);

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank4_first_forest AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.main.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.main.customer_rank4_first_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.main.customer_rank4_first_forest AS f
JOIN customhouse_work.main.customer_rank4_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.main.customer_rank4_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank4_first_active AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.main.customer_rank4_first_active AS a
LEFT JOIN customhouse_work.main.customer_rank4_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank4_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.main.customer_hubs AS e
JOIN customhouse_work.main.customer_rank4_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.main.customer_hubs AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.main.customer_rank4_rest AS e
LEFT JOIN customhouse_work.main.customer_rank4_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.main.customer_rank4_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.main.customer_rank4_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank4_moved AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_rank4_first_forest AS o
LEFT JOIN customhouse_work.main.customer_rank4_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.main.customer_rank4_last AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_rank4_first_forest AS o
LEFT JOIN customhouse_work.main.customer_rank4_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.main.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank4_forest AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.main.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.main.customer_rank4_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.main.customer_rank4_forest AS f
JOIN customhouse_work.main.customer_rank4_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.main.customer_rank4_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank4_active AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.main.customer_rank4_active AS a
LEFT JOIN customhouse_work.main.customer_rank4_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank4_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.main.customer_hubs AS e
JOIN customhouse_work.main.customer_rank4_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.main.customer_hubs AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.main.customer_rank4_rest AS e
LEFT JOIN customhouse_work.main.customer_rank4_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.main.customer_rank4_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.main.customer_rank4_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank4_moved AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.main.customer_rank4_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.main.customer_rank4_forest AS o
  LEFT JOIN customhouse_work.main.customer_rank4_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.main.customer_rank4_forest AS o
LEFT JOIN customhouse_work.main.customer_rank4_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.main.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.main.customer_rank4_moved AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.main.customer_rank4_moved AS m
LEFT JOIN customhouse_work.main.customer_rank4_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.main.customer_rank4_last AS f;

CREATE OR REPLACE TABLE customhouse_work.main.customer_joined AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.main.customer_rank4_first_forest AS o
  LEFT JOIN customhouse_work.main.customer_rank4_first_active AS a ON a.u = o.u
) AS m
LEFT JOIN customhouse_work.main.customer_rank4_moved AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.main.customer_rank4_moved AS f;

-- repair clusters over a limit: join what the limits allow (cookie)
CREATE OR REPLACE TABLE customhouse_work.main.customer_groups AS
SELECT DISTINCT
  p.c,
  coalesce(j.root, p.c) AS g
FROM customhouse_work.main.customer_part AS p
LEFT JOIN customhouse_work.main.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.main.customer_broken AS
SELECT
  s.g,
  arg_min((((('would join ' || CAST(CAST(s.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), create_sort_key(s.t, 'ASC NULLS LAST', (((('would join ' || CAST(CAST(s.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS BIGINT) AS VARCHAR), 'ASC NULLS LAST')) AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    (TRY_CAST(sum(q.k) AS BIGINT) | 0) AS k,
    max(q.one) AS most
  FROM (
    SELECT
      g.g,
      s.t,
      s.k,
      s.k AS one
    FROM customhouse_work.main.customer_groups AS g
    JOIN customhouse_work.main.customer_sizes AS s ON s.c = g.c
    UNION ALL
    SELECT
      w.g,
      4 AS t,
      1 AS k,
      0 AS one
    FROM (
      SELECT DISTINCT
        g.g,
        h.x
      FROM customhouse_work.main.customer_touches AS h
      JOIN customhouse_work.main.customer_groups AS g ON g.c = h.c
      JOIN (
        SELECT DISTINCT m.g
        FROM customhouse_work.main.customer_groups AS m
        WHERE m.c <> m.g
      ) AS v ON v.g = g.g
      WHERE NOT EXISTS (
        SELECT 1 AS one
        FROM customhouse_work.main.customer_refused AS z
        WHERE z.x = h.x
      )
    ) AS w
  ) AS q
  GROUP BY q.g, q.t
) AS s
WHERE s.k > CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END
  AND s.k > s.most
GROUP BY s.g;

INSERT INTO customhouse_work.main.customer_refused (x, reason, evidence)
SELECT
  b.x,
  'conflict' AS reason,
  k.evidence
FROM customhouse_work.main.customer_bridges AS b
JOIN customhouse_work.main.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.main.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.main.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.main.customer_groups AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.main.customer_groups AS g
LEFT JOIN customhouse_work.main.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.main.customer_place AS
SELECT
  h.x,
  h.c,
  row_number() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST) AS r
FROM (
  SELECT DISTINCT
    q.x,
    g.g AS c
  FROM customhouse_work.main.customer_touches AS q
  JOIN customhouse_work.main.customer_groups AS g ON g.c = q.c
  WHERE NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

INSERT INTO customhouse_work.main.customer_refused (x, reason, evidence)
SELECT
  q.x,
  'too_many' AS reason,
  'the customer has more than 200 cookie' AS evidence
FROM customhouse_work.main.customer_place AS q
WHERE q.r > 200;

CREATE OR REPLACE TABLE customhouse_work.main.customer_part AS
SELECT
  p.n,
  p.t,
  coalesce(w.c, g.g, p.c) AS c
FROM customhouse_work.main.customer_part AS p
LEFT JOIN (
  SELECT
    q.x,
    q.c
  FROM customhouse_work.main.customer_place AS q
  WHERE NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.main.customer_groups AS g ON g.c = p.c;

-- repair clusters over a limit: put the repaired clusters back
CREATE OR REPLACE TABLE customhouse_work.main.customer_cluster AS
SELECT
  c.n,
  c.t,
  c.g,
  coalesce(b.c, c.c) AS c
FROM customhouse_work.main.customer_cluster AS c
LEFT JOIN customhouse_work.main.customer_part AS b ON b.n = c.n;

CREATE OR REPLACE TABLE customhouse_work.main.customer_stats AS
SELECT
  s.c,
  s.first,
  s.size,
  s.k0,
  s.k1,
  s.k2,
  s.k3,
  s.k4
FROM customhouse_work.main.customer_stats AS s
WHERE s.c NOT IN (
  SELECT o.c
  FROM customhouse_work.main.customer_over AS o
)
UNION ALL
SELECT
  c.c,
  min(c.n) AS first,
  count(*) AS size,
  count(CASE WHEN c.t = 0 THEN 1 END) AS k0,
  count(CASE WHEN c.t = 1 THEN 1 END) AS k1,
  count(CASE WHEN c.t = 2 THEN 1 END) AS k2,
  count(CASE WHEN c.t = 3 THEN 1 END) AS k3,
  count(CASE WHEN c.t = 4 THEN 1 END) AS k4
FROM customhouse_work.main.customer_part AS c
GROUP BY c.c;

CREATE OR REPLACE TABLE customhouse_work.main.customer_over AS
SELECT DISTINCT k.c
FROM (
  SELECT s.c
  FROM (
    SELECT
      c.c,
      min(c.n) AS first,
      count(*) AS size,
      count(CASE WHEN c.t = 0 THEN 1 END) AS k0,
      count(CASE WHEN c.t = 1 THEN 1 END) AS k1,
      count(CASE WHEN c.t = 2 THEN 1 END) AS k2,
      count(CASE WHEN c.t = 3 THEN 1 END) AS k3,
      count(CASE WHEN c.t = 4 THEN 1 END) AS k4
    FROM customhouse_work.main.customer_part AS c
    GROUP BY c.c
  ) AS s
  WHERE s.k0 > 1 OR s.k1 > 5 OR s.k2 > 5 OR s.k3 > 3 OR s.k4 > 200
) AS k;

-- carry ids over
CREATE OR REPLACE TABLE customhouse_work.main.customer_barred AS
SELECT c.c
FROM customhouse_work.main.customer_cluster AS c
WHERE c.n IN (
  SELECT z.x
  FROM customhouse_work.main.customer_quarantined AS z
)
UNION ALL
SELECT c.c
FROM customhouse_work.main.customer_cluster AS c
JOIN customhouse_work.main.customer_nodes AS d ON d.n = c.n
GROUP BY c.c
HAVING max(d.last_seen) < TIMESTAMP '2025-10-04 00:00:00' AND bool_and(d.t IN (4));

CREATE OR REPLACE TABLE customhouse_work.main.customer_owners AS
SELECT
  d.old,
  arg_min(c.c, create_sort_key(TRY(CAST(d.t AS BIGINT) * 281474976710656) + d.n, 'ASC NULLS LAST', c.c, 'ASC NULLS LAST')) AS c
FROM customhouse_work.main.customer_cluster AS c
JOIN (
  SELECT
    o.n,
    o.t,
    o.old
  FROM customhouse_work.main.customer_nodes AS o
  WHERE o.old IS NOT NULL
) AS d ON d.n = c.n
WHERE c.c NOT IN (
  SELECT z.c
  FROM customhouse_work.main.customer_barred AS z
)
GROUP BY d.old;

CREATE OR REPLACE TABLE customhouse_work.main.customer_ids AS
SELECT
  k.c,
  coalesce(s.id, greatest((
    SELECT coalesce(max(m.customer_id), 0) AS n
    FROM customhouse_file.customhouse.customer_identities AS m
  ), (
    SELECT coalesce(max(m.old_id), 0) AS n
    FROM customhouse_file.customhouse.customer_id_history AS m
  ), (
    SELECT coalesce(max(m.new_id), 0) AS n
    FROM customhouse_file.customhouse.customer_id_history AS m
  )) + row_number() OVER (ORDER BY CASE WHEN s.id IS NULL THEN k.first END NULLS LAST)) AS id
FROM (
  SELECT
    c.c,
    c.first
  FROM customhouse_work.main.customer_stats AS c
  WHERE c.c NOT IN (
    SELECT z.c
    FROM customhouse_work.main.customer_barred AS z
  )
) AS k
LEFT JOIN (
  SELECT
    o.c,
    min(o.old) AS id
  FROM customhouse_work.main.customer_owners AS o
  GROUP BY o.c
) AS s ON s.c = k.c;

CREATE OR REPLACE TABLE customhouse_work.main.customer_changes AS
SELECT
  o.old AS old_id,
  i.id AS new_id,
  'merge' AS kind,
  'a link joined the two' AS cause
FROM customhouse_work.main.customer_owners AS o
JOIN customhouse_work.main.customer_ids AS i ON i.c = o.c
WHERE i.id <> o.old
UNION ALL
SELECT
  p.old AS old_id,
  i.id AS new_id,
  'split' AS kind,
  'no link joins the identifiers any more' AS cause
FROM (
  SELECT DISTINCT
    d.old,
    c.c
  FROM customhouse_work.main.customer_cluster AS c
  JOIN (
    SELECT
      o.n,
      o.t,
      o.old
    FROM customhouse_work.main.customer_nodes AS o
    WHERE o.old IS NOT NULL
  ) AS d ON d.n = c.n
  WHERE c.c NOT IN (
    SELECT z.c
    FROM customhouse_work.main.customer_barred AS z
  )
) AS p
JOIN customhouse_work.main.customer_owners AS o ON o.old = p.old
JOIN customhouse_work.main.customer_ids AS i ON i.c = p.c
WHERE o.c <> p.c
UNION ALL
SELECT
  g.id AS old_id,
  CAST(NULL AS BIGINT) AS new_id,
  'gone' AS kind,
  CASE WHEN EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.main.customer_nodes AS d
    WHERE d.old = g.id
  ) THEN 'its identifiers are quarantined or have expired' ELSE 'no source carries its identifiers any more' END AS cause
FROM (
  SELECT DISTINCT i.customer_id AS id
  FROM customhouse_file.customhouse.customer_identities AS i
  WHERE i.customer_id IS NOT NULL
) AS g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.main.customer_owners AS o
  WHERE o.old = g.id
);

-- write identities
CREATE OR REPLACE TABLE customhouse_work.main.customer_suspects AS
SELECT
  i.id,
  s.first AS n,
  CAST(s.size AS VARCHAR) || ' identifiers, more than 50' AS evidence
FROM customhouse_work.main.customer_stats AS s
JOIN customhouse_work.main.customer_ids AS i ON i.c = s.c
WHERE s.size > 50;

CREATE OR REPLACE TABLE customhouse_file.customhouse.customer_identities__new AS
SELECT
  CASE WHEN d.t = 0 THEN 'user_id' WHEN d.t = 1 THEN 'email' WHEN d.t = 2 THEN 'phone' WHEN d.t = 3 THEN 'card' WHEN d.t = 4 THEN 'cookie' END AS identifier_type,
  d.v AS identifier,
  i.id AS customer_id,
  d.first_seen,
  d.last_seen,
  d.source,
  d.n AS number,
  c.g AS component,
  d.n IN (
    SELECT z.x
    FROM customhouse_work.main.customer_quarantined AS z
  ) AS quarantined
FROM customhouse_work.main.customer_nodes AS d
JOIN customhouse_work.main.customer_cluster AS c ON c.n = d.n
LEFT JOIN customhouse_work.main.customer_ids AS i ON i.c = c.c;

CREATE OR REPLACE TABLE customhouse_work.main.customer_told AS
SELECT
  i.number AS n,
  i.identifier AS v
FROM customhouse_file.customhouse.customer_identities AS i
WHERE i.number IN (
  SELECT r.x AS n
  FROM customhouse_work.main.customer_refused AS r
  UNION ALL
  SELECT r.x AS n
  FROM customhouse_work.main.customer_quarantined AS r
  WHERE r.k IS NOT NULL
  UNION ALL
  SELECT r.n
  FROM customhouse_work.main.customer_suspects AS r
);

CREATE OR REPLACE TABLE customhouse_file.customhouse.customer_identity_incidents__new AS
SELECT
  CASE WHEN d.t = 0 THEN 'user_id' WHEN d.t = 1 THEN 'email' WHEN d.t = 2 THEN 'phone' WHEN d.t = 3 THEN 'card' WHEN d.t = 4 THEN 'cookie' END AS identifier_type,
  coalesce(d.v, o.v) AS identifier,
  r.reason,
  r.evidence,
  'RUN' AS run_id,
  r.n AS number,
  r.id AS customer_id
FROM customhouse_work.main.customer_nodes AS d
JOIN (
  SELECT
    r.x AS n,
    r.reason,
    r.evidence,
    CAST(NULL AS BIGINT) AS id
  FROM customhouse_work.main.customer_refused AS r
  UNION ALL
  SELECT
    r.x AS n,
    'quarantined' AS reason,
    (('seen with ' || CAST(CAST(r.k AS BIGINT) AS VARCHAR)) || ' ') || CASE WHEN r.s = 0 THEN 'user_id' WHEN r.s = 1 THEN 'email' WHEN r.s = 2 THEN 'phone' WHEN r.s = 3 THEN 'card' WHEN r.s = 4 THEN 'cookie' END AS evidence,
    CAST(NULL AS BIGINT) AS id
  FROM customhouse_work.main.customer_quarantined AS r
  WHERE r.k IS NOT NULL
  UNION ALL
  SELECT
    r.n,
    'suspect' AS reason,
    r.evidence,
    r.id
  FROM customhouse_work.main.customer_suspects AS r
) AS r ON d.n = r.n
LEFT JOIN customhouse_work.main.customer_told AS o ON o.n = r.n
UNION ALL
SELECT
  'user_id' AS identifier_type,
  substr(r."raw.user_id", 1, 100) AS identifier,
  CASE WHEN length(r."raw.user_id") > 512 THEN 'too_long' WHEN nullif(regexp_replace(r."raw.user_id", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CAST((TRY_CAST(sum(r.rows) AS BIGINT) | 0) AS VARCHAR) || ' rows of contacts' AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS number,
  CAST(NULL AS BIGINT) AS customer_id
FROM (
  SELECT
    r."raw.user_id",
    r.rows
  FROM customhouse_file.customhouse.identity_rows_contacts__new AS r
  WHERE r."n.user_id" IS NULL
    AND r."raw.user_id" IS NOT NULL
) AS r
WHERE NOT (nullif(regexp_replace(r."raw.user_id", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL)
GROUP BY substr(r."raw.user_id", 1, 100), CASE WHEN length(r."raw.user_id") > 512 THEN 'too_long' WHEN nullif(regexp_replace(r."raw.user_id", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'email' AS identifier_type,
  substr(r."raw.email", 1, 100) AS identifier,
  CASE WHEN length(r."raw.email") > 512 THEN 'too_long' WHEN CASE WHEN regexp_full_match(lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CAST((TRY_CAST(sum(r.rows) AS BIGINT) | 0) AS VARCHAR) || ' rows of contacts' AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS number,
  CAST(NULL AS BIGINT) AS customer_id
FROM (
  SELECT
    r."raw.email",
    r.rows
  FROM customhouse_file.customhouse.identity_rows_contacts__new AS r
  WHERE r."n.email" IS NULL
    AND r."raw.email" IS NOT NULL
) AS r
WHERE NOT (nullif(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL)
GROUP BY substr(r."raw.email", 1, 100), CASE WHEN length(r."raw.email") > 512 THEN 'too_long' WHEN CASE WHEN regexp_full_match(lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'phone' AS identifier_type,
  substr(r."raw.phone", 1, 100) AS identifier,
  CASE WHEN length(r."raw.phone") > 512 THEN 'too_long' WHEN CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END, '\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})') THEN '+' || CASE WHEN starts_with(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CAST((TRY_CAST(sum(r.rows) AS BIGINT) | 0) AS VARCHAR) || ' rows of contacts' AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS number,
  CAST(NULL AS BIGINT) AS customer_id
FROM (
  SELECT
    r."raw.phone",
    r.rows
  FROM customhouse_file.customhouse.identity_rows_contacts__new AS r
  WHERE r."n.phone" IS NULL
    AND r."raw.phone" IS NOT NULL
) AS r
WHERE NOT (nullif(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL)
GROUP BY substr(r."raw.phone", 1, 100), CASE WHEN length(r."raw.phone") > 512 THEN 'too_long' WHEN CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END, '\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})') THEN '+' || CASE WHEN starts_with(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'email' AS identifier_type,
  substr(r."raw.email", 1, 100) AS identifier,
  CASE WHEN length(r."raw.email") > 512 THEN 'too_long' WHEN CASE WHEN regexp_full_match(lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CAST((TRY_CAST(sum(r.rows) AS BIGINT) | 0) AS VARCHAR) || ' rows of loyalty' AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS number,
  CAST(NULL AS BIGINT) AS customer_id
FROM (
  SELECT
    r."raw.email",
    r.rows
  FROM customhouse_file.customhouse.identity_rows_loyalty__new AS r
  WHERE r."n.email" IS NULL
    AND r."raw.email" IS NOT NULL
) AS r
WHERE NOT (nullif(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL)
GROUP BY substr(r."raw.email", 1, 100), CASE WHEN length(r."raw.email") > 512 THEN 'too_long' WHEN CASE WHEN regexp_full_match(lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'phone' AS identifier_type,
  substr(r."raw.phone", 1, 100) AS identifier,
  CASE WHEN length(r."raw.phone") > 512 THEN 'too_long' WHEN CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END, '\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})') THEN '+' || CASE WHEN starts_with(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CAST((TRY_CAST(sum(r.rows) AS BIGINT) | 0) AS VARCHAR) || ' rows of loyalty' AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS number,
  CAST(NULL AS BIGINT) AS customer_id
FROM (
  SELECT
    r."raw.phone",
    r.rows
  FROM customhouse_file.customhouse.identity_rows_loyalty__new AS r
  WHERE r."n.phone" IS NULL
    AND r."raw.phone" IS NOT NULL
) AS r
WHERE NOT (nullif(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL)
GROUP BY substr(r."raw.phone", 1, 100), CASE WHEN length(r."raw.phone") > 512 THEN 'too_long' WHEN CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END, '\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})') THEN '+' || CASE WHEN starts_with(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(r."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'card' AS identifier_type,
  substr(r."raw.card", 1, 100) AS identifier,
  CASE WHEN length(r."raw.card") > 512 THEN 'too_long' WHEN nullif(regexp_replace(regexp_replace(r."raw.card", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '[^0-9]+', '', 'g'), '') IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CAST((TRY_CAST(sum(r.rows) AS BIGINT) | 0) AS VARCHAR) || ' rows of loyalty' AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS number,
  CAST(NULL AS BIGINT) AS customer_id
FROM (
  SELECT
    r."raw.card",
    r.rows
  FROM customhouse_file.customhouse.identity_rows_loyalty__new AS r
  WHERE r."n.card" IS NULL
    AND r."raw.card" IS NOT NULL
) AS r
WHERE NOT (nullif(regexp_replace(r."raw.card", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL)
GROUP BY substr(r."raw.card", 1, 100), CASE WHEN length(r."raw.card") > 512 THEN 'too_long' WHEN nullif(regexp_replace(regexp_replace(r."raw.card", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '[^0-9]+', '', 'g'), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'email' AS identifier_type,
  substr(r."raw.email", 1, 100) AS identifier,
  CASE WHEN length(r."raw.email") > 512 THEN 'too_long' WHEN CASE WHEN regexp_full_match(lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CAST((TRY_CAST(sum(r.rows) AS BIGINT) | 0) AS VARCHAR) || ' rows of newsletter' AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS number,
  CAST(NULL AS BIGINT) AS customer_id
FROM (
  SELECT
    r."raw.email",
    r.rows
  FROM customhouse_file.customhouse.identity_rows_newsletter__new AS r
  WHERE r."n.email" IS NULL
    AND r."raw.email" IS NOT NULL
) AS r
WHERE NOT (nullif(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL)
GROUP BY substr(r."raw.email", 1, 100), CASE WHEN length(r."raw.email") > 512 THEN 'too_long' WHEN CASE WHEN regexp_full_match(lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'email' AS identifier_type,
  substr(r."raw.email", 1, 100) AS identifier,
  CASE WHEN length(r."raw.email") > 512 THEN 'too_long' WHEN CASE WHEN regexp_full_match(lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CAST((TRY_CAST(sum(r.rows) AS BIGINT) | 0) AS VARCHAR) || ' rows of orders' AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS number,
  CAST(NULL AS BIGINT) AS customer_id
FROM (
  SELECT
    r."raw.email",
    r.rows
  FROM customhouse_file.customhouse.identity_rows_orders__new AS r
  WHERE r."n.email" IS NULL
    AND r."raw.email" IS NOT NULL
) AS r
WHERE NOT (nullif(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL)
GROUP BY substr(r."raw.email", 1, 100), CASE WHEN length(r."raw.email") > 512 THEN 'too_long' WHEN CASE WHEN regexp_full_match(lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(r."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'card' AS identifier_type,
  substr(r."raw.card", 1, 100) AS identifier,
  CASE WHEN length(r."raw.card") > 512 THEN 'too_long' WHEN nullif(regexp_replace(regexp_replace(r."raw.card", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '[^0-9]+', '', 'g'), '') IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CAST((TRY_CAST(sum(r.rows) AS BIGINT) | 0) AS VARCHAR) || ' rows of orders' AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS number,
  CAST(NULL AS BIGINT) AS customer_id
FROM (
  SELECT
    r."raw.card",
    r.rows
  FROM customhouse_file.customhouse.identity_rows_orders__new AS r
  WHERE r."n.card" IS NULL
    AND r."raw.card" IS NOT NULL
) AS r
WHERE NOT (nullif(regexp_replace(r."raw.card", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL)
GROUP BY substr(r."raw.card", 1, 100), CASE WHEN length(r."raw.card") > 512 THEN 'too_long' WHEN nullif(regexp_replace(regexp_replace(r."raw.card", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '[^0-9]+', '', 'g'), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'user_id' AS identifier_type,
  substr(r."raw.user_id", 1, 100) AS identifier,
  CASE WHEN length(r."raw.user_id") > 512 THEN 'too_long' WHEN nullif(regexp_replace(r."raw.user_id", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CAST((TRY_CAST(sum(r.rows) AS BIGINT) | 0) AS VARCHAR) || ' rows of page_views' AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS number,
  CAST(NULL AS BIGINT) AS customer_id
FROM (
  SELECT
    r."raw.user_id",
    r.rows
  FROM customhouse_file.customhouse.identity_rows_page_views__new AS r
  WHERE r."n.user_id" IS NULL
    AND r."raw.user_id" IS NOT NULL
) AS r
WHERE NOT (nullif(regexp_replace(r."raw.user_id", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL)
GROUP BY substr(r."raw.user_id", 1, 100), CASE WHEN length(r."raw.user_id") > 512 THEN 'too_long' WHEN nullif(regexp_replace(r."raw.user_id", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'cookie' AS identifier_type,
  substr(r."raw.cookie", 1, 100) AS identifier,
  CASE WHEN length(r."raw.cookie") > 512 THEN 'too_long' WHEN CASE WHEN regexp_replace(r."raw.cookie", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') <> '' THEN r."raw.cookie" END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CAST((TRY_CAST(sum(r.rows) AS BIGINT) | 0) AS VARCHAR) || ' rows of page_views' AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS number,
  CAST(NULL AS BIGINT) AS customer_id
FROM (
  SELECT
    r."raw.cookie",
    r.rows
  FROM customhouse_file.customhouse.identity_rows_page_views__new AS r
  WHERE r."n.cookie" IS NULL
    AND r."raw.cookie" IS NOT NULL
) AS r
WHERE NOT (nullif(regexp_replace(r."raw.cookie", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') IS NULL)
GROUP BY substr(r."raw.cookie", 1, 100), CASE WHEN length(r."raw.cookie") > 512 THEN 'too_long' WHEN CASE WHEN regexp_replace(r."raw.cookie", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') <> '' THEN r."raw.cookie" END IS NULL THEN 'invalid' ELSE 'ignored' END;

-- count
CREATE OR REPLACE TABLE customhouse_work.main.customer_totals AS
SELECT
  (
    SELECT coalesce(count(*), 0) AS n
    FROM customhouse_work.main.customer_ids AS i
  ) AS entities,
  (
    SELECT coalesce(max(s.size), 0) AS n
    FROM customhouse_work.main.customer_stats AS s
    JOIN customhouse_work.main.customer_ids AS i ON i.c = s.c
  ) AS largest,
  0 AS unknown;

-- put in place
DROP TABLE IF EXISTS customhouse_file.customhouse.customer_identities;

ALTER TABLE customhouse_file.customhouse.customer_identities__new RENAME TO customer_identities;

DROP TABLE IF EXISTS customhouse_file.customhouse.identity_rows_contacts;

ALTER TABLE customhouse_file.customhouse.identity_rows_contacts__new RENAME TO identity_rows_contacts;

DROP TABLE IF EXISTS customhouse_file.customhouse.identity_rows_loyalty;

ALTER TABLE customhouse_file.customhouse.identity_rows_loyalty__new RENAME TO identity_rows_loyalty;

DROP TABLE IF EXISTS customhouse_file.customhouse.identity_rows_newsletter;

ALTER TABLE customhouse_file.customhouse.identity_rows_newsletter__new RENAME TO identity_rows_newsletter;

DROP TABLE IF EXISTS customhouse_file.customhouse.identity_rows_orders;

ALTER TABLE customhouse_file.customhouse.identity_rows_orders__new RENAME TO identity_rows_orders;

DROP TABLE IF EXISTS customhouse_file.customhouse.identity_rows_page_views;

ALTER TABLE customhouse_file.customhouse.identity_rows_page_views__new RENAME TO identity_rows_page_views;

DROP TABLE IF EXISTS customhouse_file.customhouse.customer_identity_incidents;

ALTER TABLE customhouse_file.customhouse.customer_identity_incidents__new RENAME TO customer_identity_incidents;

INSERT INTO customhouse_file.customhouse.customer_id_history (old_id, new_id, kind, cause, run_id, "at")
SELECT
  h.old_id,
  h.new_id,
  h.kind,
  h.cause,
  'RUN' AS run_id,
  TIMESTAMP '2026-01-02 00:00:00' AS "at"
FROM customhouse_work.main.customer_changes AS h;

DELETE FROM customhouse_file.customhouse.identity_state
WHERE entity = 'customer';

INSERT INTO customhouse_file.customhouse.identity_state (entity, source, settings, since, as_of, run_id, entities, largest)
SELECT
  'customer' AS entity,
  '' AS source,
  'c5cbe0839d50b9c01c25f85ec2f446376f532cdf72e5c31e73bfb5dda819607e' AS settings,
  CAST(NULL AS TIMESTAMP) AS since,
  TIMESTAMP '2026-01-02 00:00:00' AS as_of,
  'RUN' AS run_id,
  t.entities,
  t.largest
FROM customhouse_work.main.customer_totals AS t
UNION ALL
SELECT
  'customer' AS entity,
  'contacts' AS source,
  '' AS settings,
  CAST(NULL AS TIMESTAMP) AS since,
  TIMESTAMP '2026-01-02 00:00:00' AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS entities,
  CAST(NULL AS BIGINT) AS largest
UNION ALL
SELECT
  'customer' AS entity,
  'loyalty' AS source,
  '' AS settings,
  CAST(NULL AS TIMESTAMP) AS since,
  TIMESTAMP '2026-01-02 00:00:00' AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS entities,
  CAST(NULL AS BIGINT) AS largest
UNION ALL
SELECT
  'customer' AS entity,
  'newsletter' AS source,
  '' AS settings,
  CAST(NULL AS TIMESTAMP) AS since,
  TIMESTAMP '2026-01-02 00:00:00' AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS entities,
  CAST(NULL AS BIGINT) AS largest
UNION ALL
SELECT
  'customer' AS entity,
  'orders' AS source,
  '' AS settings,
  CAST(NULL AS TIMESTAMP) AS since,
  TIMESTAMP '2026-01-02 00:00:00' AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS entities,
  CAST(NULL AS BIGINT) AS largest
UNION ALL
SELECT
  'customer' AS entity,
  'page_views' AS source,
  '' AS settings,
  CAST(NULL AS TIMESTAMP) AS since,
  TIMESTAMP '2026-01-02 00:00:00' AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS BIGINT) AS entities,
  CAST(NULL AS BIGINT) AS largest;

-- measure source:contacts
SELECT
  coalesce((TRY_CAST(sum(r.rows) AS BIGINT) | 0), 0) AS rows,
  coalesce((TRY_CAST(sum(CASE WHEN r."n.user_id" IS NULL AND r."n.email" IS NULL AND r."n.phone" IS NULL THEN r.rows ELSE 0 END) AS BIGINT) | 0), 0) AS without_identifier
FROM customhouse_file.customhouse.identity_rows_contacts AS r;

-- measure source:loyalty
SELECT
  coalesce((TRY_CAST(sum(r.rows) AS BIGINT) | 0), 0) AS rows,
  coalesce((TRY_CAST(sum(CASE WHEN r."n.email" IS NULL AND r."n.phone" IS NULL AND r."n.card" IS NULL THEN r.rows ELSE 0 END) AS BIGINT) | 0), 0) AS without_identifier
FROM customhouse_file.customhouse.identity_rows_loyalty AS r;

-- measure source:newsletter
SELECT
  coalesce((TRY_CAST(sum(r.rows) AS BIGINT) | 0), 0) AS rows,
  coalesce((TRY_CAST(sum(CASE WHEN r."n.email" IS NULL THEN r.rows ELSE 0 END) AS BIGINT) | 0), 0) AS without_identifier
FROM customhouse_file.customhouse.identity_rows_newsletter AS r;

-- measure source:orders
SELECT
  coalesce((TRY_CAST(sum(r.rows) AS BIGINT) | 0), 0) AS rows,
  coalesce((TRY_CAST(sum(CASE WHEN r."n.email" IS NULL AND r."n.card" IS NULL THEN r.rows ELSE 0 END) AS BIGINT) | 0), 0) AS without_identifier
FROM customhouse_file.customhouse.identity_rows_orders AS r;

-- measure source:page_views
SELECT
  coalesce((TRY_CAST(sum(r.rows) AS BIGINT) | 0), 0) AS rows,
  coalesce((TRY_CAST(sum(CASE WHEN r."n.user_id" IS NULL AND r."n.cookie" IS NULL THEN r.rows ELSE 0 END) AS BIGINT) | 0), 0) AS without_identifier
FROM customhouse_file.customhouse.identity_rows_page_views AS r;

-- measure identity:customer
SELECT
  (
    SELECT count(*) AS n
    FROM customhouse_file.customhouse.customer_identities AS i
  ) AS identifiers,
  t.entities AS customers,
  t.largest
FROM customhouse_work.main.customer_totals AS t;

-- measure changes:customer
SELECT
  coalesce((TRY_CAST(sum(CASE WHEN x.kind = 'merge' THEN 1 ELSE 0 END) AS BIGINT) | 0), 0) AS merge,
  coalesce((TRY_CAST(sum(CASE WHEN x.kind = 'split' THEN 1 ELSE 0 END) AS BIGINT) | 0), 0) AS split,
  coalesce((TRY_CAST(sum(CASE WHEN x.kind = 'gone' THEN 1 ELSE 0 END) AS BIGINT) | 0), 0) AS gone
FROM customhouse_work.main.customer_changes AS x;

-- measure incidents:customer
SELECT
  coalesce((TRY_CAST(sum(CASE WHEN x.reason = 'ignored' THEN 1 ELSE 0 END) AS BIGINT) | 0), 0) AS ignored,
  coalesce((TRY_CAST(sum(CASE WHEN x.reason = 'invalid' THEN 1 ELSE 0 END) AS BIGINT) | 0), 0) AS invalid,
  coalesce((TRY_CAST(sum(CASE WHEN x.reason = 'too_long' THEN 1 ELSE 0 END) AS BIGINT) | 0), 0) AS too_long,
  coalesce((TRY_CAST(sum(CASE WHEN x.reason = 'quarantined' THEN 1 ELSE 0 END) AS BIGINT) | 0), 0) AS quarantined,
  coalesce((TRY_CAST(sum(CASE WHEN x.reason = 'shared' THEN 1 ELSE 0 END) AS BIGINT) | 0), 0) AS shared,
  coalesce((TRY_CAST(sum(CASE WHEN x.reason = 'conflict' THEN 1 ELSE 0 END) AS BIGINT) | 0), 0) AS conflict,
  coalesce((TRY_CAST(sum(CASE WHEN x.reason = 'too_many' THEN 1 ELSE 0 END) AS BIGINT) | 0), 0) AS too_many,
  coalesce((TRY_CAST(sum(CASE WHEN x.reason = 'never_link' THEN 1 ELSE 0 END) AS BIGINT) | 0), 0) AS never_link,
  coalesce((TRY_CAST(sum(CASE WHEN x.reason = 'suspect' THEN 1 ELSE 0 END) AS BIGINT) | 0), 0) AS suspect
FROM customhouse_file.customhouse.customer_identity_incidents AS x;
