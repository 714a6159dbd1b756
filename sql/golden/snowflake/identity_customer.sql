-- number the identifiers
CREATE OR REPLACE TABLE customhouse_work.customer_nodes COPY GRANTS AS
SELECT
  coalesce(k."NUMBER", (
    SELECT coalesce(max(m."NUMBER"), CAST(0 AS INT)) AS n
    FROM customhouse.customer_identities AS m
  ) + row_number() OVER (ORDER BY CASE WHEN k."NUMBER" IS NULL THEN k.first_seen END NULLS LAST, k.t NULLS LAST, k.v NULLS LAST)) AS n,
  NOT (k."NUMBER" IS NULL) AS known,
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
    LEAST_IGNORE_NULLS(d.first_seen, o.first_seen) AS first_seen,
    GREATEST_IGNORE_NULLS(d.last_seen, o.last_seen) AS last_seen,
    coalesce(o.source, CASE WHEN d.source = 0 THEN CAST('contacts' AS VARCHAR) WHEN d.source = 1 THEN 'loyalty' WHEN d.source = 2 THEN 'newsletter' WHEN d.source = 3 THEN 'orders' WHEN d.source = 4 THEN 'page_views' END) AS source,
    o.customer_id AS old,
    o."NUMBER"
  FROM (
    SELECT
      CAST(0 AS INT) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      CAST(GET(ARRAY_AGG(a.source) WITHIN GROUP (ORDER BY a.first_seen ASC NULLS LAST, a.source ASC), 0) AS INT) AS source
    FROM (
      SELECT
        r."id.user_id" AS v,
        r.first_seen,
        r.last_seen,
        CAST(0 AS INT) AS source
      FROM customhouse_work.rows_contacts AS r
      WHERE r."id.user_id" IS NOT NULL
      UNION ALL
      SELECT
        r."id.user_id" AS v,
        r.first_seen,
        r.last_seen,
        CAST(4 AS INT) AS source
      FROM customhouse_work.rows_page_views AS r
      WHERE r."id.user_id" IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(1 AS INT) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      CAST(GET(ARRAY_AGG(a.source) WITHIN GROUP (ORDER BY a.first_seen ASC NULLS LAST, a.source ASC), 0) AS INT) AS source
    FROM (
      SELECT
        r."id.email" AS v,
        r.first_seen,
        r.last_seen,
        CAST(0 AS INT) AS source
      FROM customhouse_work.rows_contacts AS r
      WHERE r."id.email" IS NOT NULL
      UNION ALL
      SELECT
        r."id.email" AS v,
        r.first_seen,
        r.last_seen,
        CAST(1 AS INT) AS source
      FROM customhouse_work.rows_loyalty AS r
      WHERE r."id.email" IS NOT NULL
      UNION ALL
      SELECT
        r."id.email" AS v,
        r.first_seen,
        r.last_seen,
        CAST(2 AS INT) AS source
      FROM customhouse_work.rows_newsletter AS r
      WHERE r."id.email" IS NOT NULL
      UNION ALL
      SELECT
        r."id.email" AS v,
        r.first_seen,
        r.last_seen,
        CAST(3 AS INT) AS source
      FROM customhouse_work.rows_orders AS r
      WHERE r."id.email" IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(2 AS INT) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      CAST(GET(ARRAY_AGG(a.source) WITHIN GROUP (ORDER BY a.first_seen ASC NULLS LAST, a.source ASC), 0) AS INT) AS source
    FROM (
      SELECT
        r."id.phone" AS v,
        r.first_seen,
        r.last_seen,
        CAST(0 AS INT) AS source
      FROM customhouse_work.rows_contacts AS r
      WHERE r."id.phone" IS NOT NULL
      UNION ALL
      SELECT
        r."id.phone" AS v,
        r.first_seen,
        r.last_seen,
        CAST(1 AS INT) AS source
      FROM customhouse_work.rows_loyalty AS r
      WHERE r."id.phone" IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(3 AS INT) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      CAST(GET(ARRAY_AGG(a.source) WITHIN GROUP (ORDER BY a.first_seen ASC NULLS LAST, a.source ASC), 0) AS INT) AS source
    FROM (
      SELECT
        r."id.card" AS v,
        r.first_seen,
        r.last_seen,
        CAST(1 AS INT) AS source
      FROM customhouse_work.rows_loyalty AS r
      WHERE r."id.card" IS NOT NULL
      UNION ALL
      SELECT
        r."id.card" AS v,
        r.first_seen,
        r.last_seen,
        CAST(3 AS INT) AS source
      FROM customhouse_work.rows_orders AS r
      WHERE r."id.card" IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(4 AS INT) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      min(a.source) AS source
    FROM (
      SELECT
        r."id.cookie" AS v,
        r.first_seen,
        r.last_seen,
        CAST(4 AS INT) AS source
      FROM customhouse_work.rows_page_views AS r
      WHERE r."id.cookie" IS NOT NULL
    ) AS a
    GROUP BY a.v
  ) AS d
  LEFT JOIN customhouse.customer_identities AS o ON o.identifier_type = CASE WHEN d.t = 0 THEN 'user_id' WHEN d.t = 1 THEN 'email' WHEN d.t = 2 THEN 'phone' WHEN d.t = 3 THEN 'card' WHEN d.t = 4 THEN 'cookie' END AND o.identifier = d.v
) AS k;

-- assert look for lost identifiers
SELECT CASE WHEN c.gone > 1000 AND CAST(NULLIF(NULLIF(GREATEST(LEAST(c.gone * 1000, 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) > CAST(NULLIF(NULLIF(GREATEST(LEAST(c.known * 500, 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) THEN c.gone ELSE 0 END AS n
FROM (
  SELECT
    (
      SELECT count(*) AS n
      FROM customhouse.customer_identities AS x
      WHERE x.identifier_type IN ('user_id', 'email', 'phone', 'card', 'cookie')
    ) AS known,
    (
      SELECT count(*) AS n
      FROM customhouse.customer_identities AS x
      WHERE x.identifier_type IN ('user_id', 'email', 'phone', 'card', 'cookie')
    ) - (
      SELECT count(*) AS n
      FROM customhouse_work.customer_nodes AS x
      WHERE x.known
    ) AS gone
) AS c;

-- put numbers in the place of values
CREATE OR REPLACE TABLE customhouse.identity_rows_contacts__new COPY GRANTS AS
SELECT
  0 + row_number() OVER (ORDER BY NULL) AS "ROW",
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
  r."ROWS",
  r.open
FROM customhouse_work.rows_contacts AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 0 AND d0.v = r."id.user_id"
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 1 AND d1.v = r."id.email"
LEFT JOIN customhouse_work.customer_nodes AS d2 ON d2.t = 2 AND d2.v = r."id.phone";

CREATE OR REPLACE TABLE customhouse.identity_rows_loyalty__new COPY GRANTS AS
SELECT
  0 + row_number() OVER (ORDER BY NULL) AS "ROW",
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
  r."ROWS",
  r.open
FROM customhouse_work.rows_loyalty AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r."id.email"
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 2 AND d1.v = r."id.phone"
LEFT JOIN customhouse_work.customer_nodes AS d2 ON d2.t = 3 AND d2.v = r."id.card";

CREATE OR REPLACE TABLE customhouse.identity_rows_newsletter__new COPY GRANTS AS
SELECT
  0 + row_number() OVER (ORDER BY NULL) AS "ROW",
  r."raw.email",
  d0.n AS "n.email",
  r."hash.1",
  r."hash.2",
  r.first_seen,
  r.last_seen,
  r."ROWS",
  r.open
FROM customhouse_work.rows_newsletter AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r."id.email";

CREATE OR REPLACE TABLE customhouse.identity_rows_orders__new COPY GRANTS AS
SELECT
  0 + row_number() OVER (ORDER BY NULL) AS "ROW",
  r."raw.email",
  r."raw.card",
  d0.n AS "n.email",
  d1.n AS "n.card",
  r."hash.1",
  r."hash.2",
  r.first_seen,
  r.last_seen,
  r."ROWS",
  r.open
FROM customhouse_work.rows_orders AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r."id.email"
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 3 AND d1.v = r."id.card";

CREATE OR REPLACE TABLE customhouse.identity_rows_page_views__new COPY GRANTS AS
SELECT
  0 + row_number() OVER (ORDER BY NULL) AS "ROW",
  r."raw.user_id",
  r."raw.cookie",
  d0.n AS "n.user_id",
  d1.n AS "n.cookie",
  r."hash.1",
  r."hash.2",
  r.first_seen,
  r.last_seen,
  r."ROWS",
  r.open
FROM customhouse_work.rows_page_views AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 0 AND d0.v = r."id.user_id"
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 4 AND d1.v = r."id.cookie";

-- link what rows carry together
CREATE OR REPLACE TABLE customhouse_work.customer_star COPY GRANTS AS
SELECT
  r.a,
  r.x,
  CAST(0 AS INT) AS s,
  CAST(1 AS INT) AS t
FROM (
  SELECT DISTINCT
    q.a,
    q.x
  FROM (
    SELECT
      r."n.user_id" AS a,
      r."n.email" AS x
    FROM customhouse.identity_rows_contacts__new AS r
    WHERE r."n.user_id" IS NOT NULL
      AND r."n.email" IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  r.a,
  r.x,
  CAST(0 AS INT) AS s,
  CAST(2 AS INT) AS t
FROM (
  SELECT DISTINCT
    q.a,
    q.x
  FROM (
    SELECT
      r."n.user_id" AS a,
      r."n.phone" AS x
    FROM customhouse.identity_rows_contacts__new AS r
    WHERE r."n.user_id" IS NOT NULL
      AND r."n.phone" IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  r.a,
  r.x,
  CAST(0 AS INT) AS s,
  CAST(4 AS INT) AS t
FROM (
  SELECT DISTINCT
    q.a,
    q.x
  FROM (
    SELECT
      r."n.user_id" AS a,
      r."n.cookie" AS x
    FROM customhouse.identity_rows_page_views__new AS r
    WHERE r."n.user_id" IS NOT NULL
      AND r."n.cookie" IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  r.a,
  r.x,
  CAST(1 AS INT) AS s,
  CAST(2 AS INT) AS t
FROM (
  SELECT DISTINCT
    q.a,
    q.x
  FROM (
    SELECT
      r."n.email" AS a,
      r."n.phone" AS x
    FROM customhouse.identity_rows_contacts__new AS r
    WHERE r."n.user_id" IS NULL
      AND r."n.email" IS NOT NULL
      AND r."n.phone" IS NOT NULL
    UNION ALL
    SELECT
      r."n.email" AS a,
      r."n.phone" AS x
    FROM customhouse.identity_rows_loyalty__new AS r
    WHERE r."n.email" IS NOT NULL
      AND r."n.phone" IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  r.a,
  r.x,
  CAST(1 AS INT) AS s,
  CAST(3 AS INT) AS t
FROM (
  SELECT DISTINCT
    q.a,
    q.x
  FROM (
    SELECT
      r."n.email" AS a,
      r."n.card" AS x
    FROM customhouse.identity_rows_loyalty__new AS r
    WHERE r."n.email" IS NOT NULL
      AND r."n.card" IS NOT NULL
    UNION ALL
    SELECT
      r."n.email" AS a,
      r."n.card" AS x
    FROM customhouse.identity_rows_orders__new AS r
    WHERE r."n.email" IS NOT NULL
      AND r."n.card" IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  r.a,
  r.x,
  CAST(2 AS INT) AS s,
  CAST(3 AS INT) AS t
FROM (
  SELECT DISTINCT
    q.a,
    q.x
  FROM (
    SELECT
      r."n.phone" AS a,
      r."n.card" AS x
    FROM customhouse.identity_rows_loyalty__new AS r
    WHERE r."n.email" IS NULL
      AND r."n.phone" IS NOT NULL
      AND r."n.card" IS NOT NULL
  ) AS q
) AS r;

CREATE OR REPLACE TABLE customhouse_work.customer_quarantined COPY GRANTS AS
SELECT
  k.x,
  min(k.s) AS s,
  CAST(GET(ARRAY_AGG(k.k) WITHIN GROUP (ORDER BY k.s ASC NULLS LAST, k.k ASC), 0) AS INT) AS k
FROM (
  SELECT
    l.x,
    l.s,
    count(*) AS k
  FROM customhouse_work.customer_star AS l
  GROUP BY l.x, l.s, l.t
  HAVING count(*) > CASE WHEN l.s = 4 THEN 200 ELSE 10 END
) AS k
GROUP BY k.x;

CREATE OR REPLACE TABLE customhouse_work.customer_links COPY GRANTS AS
SELECT
  l.a,
  l.x,
  l.s,
  l.t
FROM customhouse_work.customer_star AS l
WHERE l.a NOT IN (
  SELECT z.x
  FROM customhouse_work.customer_quarantined AS z
)
  AND l.x NOT IN (
    SELECT z.x
    FROM customhouse_work.customer_quarantined AS z
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
    CAST(0 AS INT) AS s,
    CAST(1 AS INT) AS t
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.phone" END AS "n.phone"
        FROM customhouse.identity_rows_contacts__new AS m
        WHERE coalesce(m."n.user_id", m."n.email", m."n.phone") IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
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
    CAST(0 AS INT) AS s,
    CAST(2 AS INT) AS t
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.phone" END AS "n.phone"
        FROM customhouse.identity_rows_contacts__new AS m
        WHERE coalesce(m."n.user_id", m."n.email", m."n.phone") IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
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
    CAST(0 AS INT) AS s,
    CAST(4 AS INT) AS t
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.cookie" END AS "n.cookie"
        FROM customhouse.identity_rows_page_views__new AS m
        WHERE coalesce(m."n.user_id", m."n.cookie") IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
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
    CAST(1 AS INT) AS s,
    CAST(2 AS INT) AS t
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.phone" END AS "n.phone"
        FROM customhouse.identity_rows_contacts__new AS m
        WHERE coalesce(m."n.user_id", m."n.email", m."n.phone") IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.phone" END AS "n.phone",
          CASE WHEN m."n.card" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.card" END AS "n.card"
        FROM customhouse.identity_rows_loyalty__new AS m
        WHERE coalesce(m."n.email", m."n.phone", m."n.card") IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
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
    CAST(1 AS INT) AS s,
    CAST(3 AS INT) AS t
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.phone" END AS "n.phone",
          CASE WHEN m."n.card" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.card" END AS "n.card"
        FROM customhouse.identity_rows_loyalty__new AS m
        WHERE coalesce(m."n.email", m."n.phone", m."n.card") IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.card" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.card" END AS "n.card"
        FROM customhouse.identity_rows_orders__new AS m
        WHERE coalesce(m."n.email", m."n.card") IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
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
    CAST(2 AS INT) AS s,
    CAST(3 AS INT) AS t
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.phone" END AS "n.phone",
          CASE WHEN m."n.card" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT) ELSE m."n.card" END AS "n.card"
        FROM customhouse.identity_rows_loyalty__new AS m
        WHERE coalesce(m."n.email", m."n.phone", m."n.card") IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r."n.email" IS NULL
        AND r."n.phone" IS NOT NULL
        AND r."n.card" IS NOT NULL
    ) AS q
  ) AS r
) AS l;

CREATE OR REPLACE TABLE customhouse_work.customer_edges COPY GRANTS AS
SELECT
  GREATEST_IGNORE_NULLS(l.a, l.x) AS u,
  LEAST_IGNORE_NULLS(l.a, l.x) AS v
FROM customhouse_work.customer_links AS l;

-- point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_first_forest COPY GRANTS AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_edges AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_first_active COPY GRANTS AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_first_forest AS f
JOIN customhouse_work.customer_first_forest AS g ON g.u = f.v;

-- repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_first_active AS a
WHERE a.more;

-- double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_first_active COPY GRANTS AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_first_active AS a
LEFT JOIN customhouse_work.customer_first_active AS b ON b.u = a.v;

-- contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rest COPY GRANTS AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_edges AS e
JOIN customhouse_work.customer_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_edges COPY GRANTS AS
SELECT DISTINCT
  GREATEST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  LEAST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rest AS e
LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_moved COPY GRANTS AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_first_forest AS o
LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_last COPY GRANTS AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_first_forest AS o
LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.customer_edges AS e;

-- contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_forest COPY GRANTS AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_edges AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_active COPY GRANTS AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_forest AS f
JOIN customhouse_work.customer_forest AS g ON g.u = f.v;

-- contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_active AS a
WHERE a.more;

-- contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_active COPY GRANTS AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_active AS a
LEFT JOIN customhouse_work.customer_active AS b ON b.u = a.v;

-- contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rest COPY GRANTS AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_edges AS e
JOIN customhouse_work.customer_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_edges COPY GRANTS AS
SELECT DISTINCT
  GREATEST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  LEAST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rest AS e
LEFT JOIN customhouse_work.customer_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_moved COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.customer_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.customer_forest AS o
  LEFT JOIN customhouse_work.customer_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_forest AS o
LEFT JOIN customhouse_work.customer_active AS a ON a.u = o.u;

-- in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_edges AS e;

-- label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_moved COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.customer_moved AS m
LEFT JOIN customhouse_work.customer_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_labels COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.customer_first_forest AS o
  LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = o.u
) AS m
LEFT JOIN customhouse_work.customer_moved AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_moved AS f;

-- form clusters
CREATE OR REPLACE TABLE customhouse_work.customer_cluster COPY GRANTS AS
SELECT
  d.n,
  d.t,
  coalesce(l.root, d.n) AS g,
  coalesce(l.root, d.n) AS c
FROM customhouse_work.customer_nodes AS d
LEFT JOIN customhouse_work.customer_labels AS l ON l.n = d.n;

CREATE OR REPLACE TABLE customhouse_work.customer_stats COPY GRANTS AS
SELECT
  c.c,
  min(c.n) AS "FIRST",
  count(*) AS size,
  count(CASE WHEN c.t = 0 THEN 1 END) AS k0,
  count(CASE WHEN c.t = 1 THEN 1 END) AS k1,
  count(CASE WHEN c.t = 2 THEN 1 END) AS k2,
  count(CASE WHEN c.t = 3 THEN 1 END) AS k3,
  count(CASE WHEN c.t = 4 THEN 1 END) AS k4
FROM customhouse_work.customer_cluster AS c
GROUP BY c.c;

-- prepare limits
CREATE OR REPLACE TABLE customhouse_work.customer_refused COPY GRANTS AS
SELECT
  d.n AS x,
  CAST('' AS VARCHAR) AS reason,
  CAST('' AS VARCHAR) AS evidence
FROM customhouse_work.customer_nodes AS d
WHERE FALSE;

-- find clusters over a limit
CREATE OR REPLACE TABLE customhouse_work.customer_over COPY GRANTS AS
SELECT DISTINCT k.c
FROM (
  SELECT s.c
  FROM customhouse_work.customer_stats AS s
  WHERE s.k0 > 1 OR s.k1 > 5 OR s.k2 > 5 OR s.k3 > 3 OR s.k4 > 200
) AS k;

-- repeat while not zero repair clusters over a limit
SELECT count(*) AS n
FROM customhouse_work.customer_over AS o;

-- repair clusters over a limit: take clusters over a limit apart
CREATE OR REPLACE TABLE customhouse_work.customer_part COPY GRANTS AS
SELECT
  k.n,
  k.t,
  k.n AS c
FROM customhouse_work.customer_cluster AS k
JOIN customhouse_work.customer_over AS o ON o.c = k.c;

CREATE OR REPLACE TABLE customhouse_work.customer_bonds COPY GRANTS AS
SELECT
  l.a,
  l.x,
  l.t
FROM customhouse_work.customer_links AS l
JOIN customhouse_work.customer_cluster AS k ON k.n = l.a
JOIN customhouse_work.customer_over AS o ON o.c = k.c;

-- repair clusters over a limit: judge shared identifiers (email)
CREATE OR REPLACE TABLE customhouse_work.customer_touches COPY GRANTS AS
SELECT DISTINCT
  l.x,
  p.c
FROM customhouse_work.customer_bonds AS l
JOIN customhouse_work.customer_part AS p ON p.n = l.a
WHERE l.t = 1
  AND NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.customer_bridges COPY GRANTS AS
SELECT
  h.x,
  min(h.c) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING count(*) > 1;

CREATE OR REPLACE TABLE customhouse_work.customer_sizes COPY GRANTS AS
SELECT
  p.c,
  p.t,
  count(*) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 1
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x,
  CAST('shared' AS VARCHAR) AS reason,
  CAST(GET(ARRAY_AGG((((('would join ' || TO_VARCHAR(CAST(m.k AS INT))) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT))) WITHIN GROUP (ORDER BY m.t ASC NULLS LAST, ((((('would join ' || TO_VARCHAR(CAST(m.k AS INT))) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT))) ASC), 0) AS VARCHAR) AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) AS k
  FROM (
    SELECT
      h.x,
      s.t,
      s.k
    FROM customhouse_work.customer_touches AS h
    JOIN customhouse_work.customer_bridges AS b ON b.x = h.x
    JOIN customhouse_work.customer_sizes AS s ON s.c = h.c
  ) AS q
  GROUP BY q.x, q.t
) AS m
WHERE m.k > CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END
GROUP BY m.x;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs COPY GRANTS AS
SELECT DISTINCT
  h.c AS u,
  b.low AS v
FROM customhouse_work.customer_touches AS h
JOIN customhouse_work.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = h.x
);

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_first_forest COPY GRANTS AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank1_first_active COPY GRANTS AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank1_first_forest AS f
JOIN customhouse_work.customer_rank1_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank1_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_first_active COPY GRANTS AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank1_first_active AS a
LEFT JOIN customhouse_work.customer_rank1_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_rest COPY GRANTS AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank1_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs COPY GRANTS AS
SELECT DISTINCT
  GREATEST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  LEAST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank1_rest AS e
LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank1_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank1_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_moved COPY GRANTS AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank1_first_forest AS o
LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_rank1_last COPY GRANTS AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank1_first_forest AS o
LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_forest COPY GRANTS AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank1_active COPY GRANTS AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank1_forest AS f
JOIN customhouse_work.customer_rank1_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank1_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_active COPY GRANTS AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank1_active AS a
LEFT JOIN customhouse_work.customer_rank1_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_rest COPY GRANTS AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank1_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs COPY GRANTS AS
SELECT DISTINCT
  GREATEST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  LEAST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank1_rest AS e
LEFT JOIN customhouse_work.customer_rank1_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank1_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank1_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_moved COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.customer_rank1_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.customer_rank1_forest AS o
  LEFT JOIN customhouse_work.customer_rank1_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank1_forest AS o
LEFT JOIN customhouse_work.customer_rank1_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_moved COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.customer_rank1_moved AS m
LEFT JOIN customhouse_work.customer_rank1_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_rank1_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_joined COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.customer_rank1_first_forest AS o
  LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = o.u
) AS m
LEFT JOIN customhouse_work.customer_rank1_moved AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_rank1_moved AS f;

-- repair clusters over a limit: join what the limits allow (email)
CREATE OR REPLACE TABLE customhouse_work.customer_groups COPY GRANTS AS
SELECT DISTINCT
  p.c,
  coalesce(j.root, p.c) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.customer_broken COPY GRANTS AS
SELECT
  s.g,
  CAST(GET(ARRAY_AGG((((('would join ' || TO_VARCHAR(CAST(s.k AS INT))) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT))) WITHIN GROUP (ORDER BY s.t ASC NULLS LAST, ((((('would join ' || TO_VARCHAR(CAST(s.k AS INT))) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT))) ASC), 0) AS VARCHAR) AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) AS k,
    max(q.one) AS most
  FROM (
    SELECT
      g.g,
      s.t,
      s.k,
      s.k AS one
    FROM customhouse_work.customer_groups AS g
    JOIN customhouse_work.customer_sizes AS s ON s.c = g.c
    UNION ALL
    SELECT
      w.g,
      CAST(1 AS INT) AS t,
      CAST(1 AS INT) AS k,
      CAST(0 AS INT) AS one
    FROM (
      SELECT DISTINCT
        g.g,
        h.x
      FROM customhouse_work.customer_touches AS h
      JOIN customhouse_work.customer_groups AS g ON g.c = h.c
      JOIN (
        SELECT DISTINCT m.g
        FROM customhouse_work.customer_groups AS m
        WHERE m.c <> m.g
      ) AS v ON v.g = g.g
      WHERE NOT EXISTS (
        SELECT CAST(1 AS INT) AS one
        FROM customhouse_work.customer_refused AS z
        WHERE z.x = h.x
      )
    ) AS w
  ) AS q
  GROUP BY q.g, q.t
) AS s
WHERE s.k > CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END
  AND s.k > s.most
GROUP BY s.g;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x,
  CAST('conflict' AS VARCHAR) AS reason,
  k.evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.customer_groups COPY GRANTS AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.customer_place COPY GRANTS AS
SELECT
  h.x,
  h.c,
  row_number() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST) AS r
FROM (
  SELECT DISTINCT
    q.x,
    g.g AS c
  FROM customhouse_work.customer_touches AS q
  JOIN customhouse_work.customer_groups AS g ON g.c = q.c
  WHERE NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x,
  CAST('too_many' AS VARCHAR) AS reason,
  CAST('the customer has more than 5 email' AS VARCHAR) AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 5;

CREATE OR REPLACE TABLE customhouse_work.customer_part COPY GRANTS AS
SELECT
  p.n,
  p.t,
  coalesce(w.c, g.g, p.c) AS c
FROM customhouse_work.customer_part AS p
LEFT JOIN (
  SELECT
    q.x,
    q.c
  FROM customhouse_work.customer_place AS q
  WHERE NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.customer_groups AS g ON g.c = p.c;

-- repair clusters over a limit: judge shared identifiers (phone)
CREATE OR REPLACE TABLE customhouse_work.customer_touches COPY GRANTS AS
SELECT DISTINCT
  l.x,
  p.c
FROM customhouse_work.customer_bonds AS l
JOIN customhouse_work.customer_part AS p ON p.n = l.a
WHERE l.t = 2
  AND NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.customer_bridges COPY GRANTS AS
SELECT
  h.x,
  min(h.c) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING count(*) > 1;

CREATE OR REPLACE TABLE customhouse_work.customer_sizes COPY GRANTS AS
SELECT
  p.c,
  p.t,
  count(*) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 2
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x,
  CAST('shared' AS VARCHAR) AS reason,
  CAST(GET(ARRAY_AGG((((('would join ' || TO_VARCHAR(CAST(m.k AS INT))) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT))) WITHIN GROUP (ORDER BY m.t ASC NULLS LAST, ((((('would join ' || TO_VARCHAR(CAST(m.k AS INT))) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT))) ASC), 0) AS VARCHAR) AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) AS k
  FROM (
    SELECT
      h.x,
      s.t,
      s.k
    FROM customhouse_work.customer_touches AS h
    JOIN customhouse_work.customer_bridges AS b ON b.x = h.x
    JOIN customhouse_work.customer_sizes AS s ON s.c = h.c
  ) AS q
  GROUP BY q.x, q.t
) AS m
WHERE m.k > CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END
GROUP BY m.x;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs COPY GRANTS AS
SELECT DISTINCT
  h.c AS u,
  b.low AS v
FROM customhouse_work.customer_touches AS h
JOIN customhouse_work.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = h.x
);

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_first_forest COPY GRANTS AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank2_first_active COPY GRANTS AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank2_first_forest AS f
JOIN customhouse_work.customer_rank2_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank2_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_first_active COPY GRANTS AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank2_first_active AS a
LEFT JOIN customhouse_work.customer_rank2_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_rest COPY GRANTS AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank2_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs COPY GRANTS AS
SELECT DISTINCT
  GREATEST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  LEAST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank2_rest AS e
LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank2_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank2_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_moved COPY GRANTS AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank2_first_forest AS o
LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_rank2_last COPY GRANTS AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank2_first_forest AS o
LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_forest COPY GRANTS AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank2_active COPY GRANTS AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank2_forest AS f
JOIN customhouse_work.customer_rank2_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank2_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_active COPY GRANTS AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank2_active AS a
LEFT JOIN customhouse_work.customer_rank2_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_rest COPY GRANTS AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank2_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs COPY GRANTS AS
SELECT DISTINCT
  GREATEST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  LEAST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank2_rest AS e
LEFT JOIN customhouse_work.customer_rank2_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank2_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank2_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_moved COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.customer_rank2_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.customer_rank2_forest AS o
  LEFT JOIN customhouse_work.customer_rank2_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank2_forest AS o
LEFT JOIN customhouse_work.customer_rank2_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_moved COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.customer_rank2_moved AS m
LEFT JOIN customhouse_work.customer_rank2_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_rank2_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_joined COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.customer_rank2_first_forest AS o
  LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = o.u
) AS m
LEFT JOIN customhouse_work.customer_rank2_moved AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_rank2_moved AS f;

-- repair clusters over a limit: join what the limits allow (phone)
CREATE OR REPLACE TABLE customhouse_work.customer_groups COPY GRANTS AS
SELECT DISTINCT
  p.c,
  coalesce(j.root, p.c) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.customer_broken COPY GRANTS AS
SELECT
  s.g,
  CAST(GET(ARRAY_AGG((((('would join ' || TO_VARCHAR(CAST(s.k AS INT))) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT))) WITHIN GROUP (ORDER BY s.t ASC NULLS LAST, ((((('would join ' || TO_VARCHAR(CAST(s.k AS INT))) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT))) ASC), 0) AS VARCHAR) AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) AS k,
    max(q.one) AS most
  FROM (
    SELECT
      g.g,
      s.t,
      s.k,
      s.k AS one
    FROM customhouse_work.customer_groups AS g
    JOIN customhouse_work.customer_sizes AS s ON s.c = g.c
    UNION ALL
    SELECT
      w.g,
      CAST(2 AS INT) AS t,
      CAST(1 AS INT) AS k,
      CAST(0 AS INT) AS one
    FROM (
      SELECT DISTINCT
        g.g,
        h.x
      FROM customhouse_work.customer_touches AS h
      JOIN customhouse_work.customer_groups AS g ON g.c = h.c
      JOIN (
        SELECT DISTINCT m.g
        FROM customhouse_work.customer_groups AS m
        WHERE m.c <> m.g
      ) AS v ON v.g = g.g
      WHERE NOT EXISTS (
        SELECT CAST(1 AS INT) AS one
        FROM customhouse_work.customer_refused AS z
        WHERE z.x = h.x
      )
    ) AS w
  ) AS q
  GROUP BY q.g, q.t
) AS s
WHERE s.k > CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END
  AND s.k > s.most
GROUP BY s.g;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x,
  CAST('conflict' AS VARCHAR) AS reason,
  k.evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.customer_groups COPY GRANTS AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.customer_place COPY GRANTS AS
SELECT
  h.x,
  h.c,
  row_number() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST) AS r
FROM (
  SELECT DISTINCT
    q.x,
    g.g AS c
  FROM customhouse_work.customer_touches AS q
  JOIN customhouse_work.customer_groups AS g ON g.c = q.c
  WHERE NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x,
  CAST('too_many' AS VARCHAR) AS reason,
  CAST('the customer has more than 5 phone' AS VARCHAR) AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 5;

CREATE OR REPLACE TABLE customhouse_work.customer_part COPY GRANTS AS
SELECT
  p.n,
  p.t,
  coalesce(w.c, g.g, p.c) AS c
FROM customhouse_work.customer_part AS p
LEFT JOIN (
  SELECT
    q.x,
    q.c
  FROM customhouse_work.customer_place AS q
  WHERE NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.customer_groups AS g ON g.c = p.c;

-- repair clusters over a limit: judge shared identifiers (card)
CREATE OR REPLACE TABLE customhouse_work.customer_touches COPY GRANTS AS
SELECT DISTINCT
  l.x,
  p.c
FROM customhouse_work.customer_bonds AS l
JOIN customhouse_work.customer_part AS p ON p.n = l.a
WHERE l.t = 3
  AND NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.customer_bridges COPY GRANTS AS
SELECT
  h.x,
  min(h.c) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING count(*) > 1;

CREATE OR REPLACE TABLE customhouse_work.customer_sizes COPY GRANTS AS
SELECT
  p.c,
  p.t,
  count(*) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 3
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x,
  CAST('shared' AS VARCHAR) AS reason,
  CAST(GET(ARRAY_AGG((((('would join ' || TO_VARCHAR(CAST(m.k AS INT))) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT))) WITHIN GROUP (ORDER BY m.t ASC NULLS LAST, ((((('would join ' || TO_VARCHAR(CAST(m.k AS INT))) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT))) ASC), 0) AS VARCHAR) AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) AS k
  FROM (
    SELECT
      h.x,
      s.t,
      s.k
    FROM customhouse_work.customer_touches AS h
    JOIN customhouse_work.customer_bridges AS b ON b.x = h.x
    JOIN customhouse_work.customer_sizes AS s ON s.c = h.c
  ) AS q
  GROUP BY q.x, q.t
) AS m
WHERE m.k > CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END
GROUP BY m.x;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs COPY GRANTS AS
SELECT DISTINCT
  h.c AS u,
  b.low AS v
FROM customhouse_work.customer_touches AS h
JOIN customhouse_work.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = h.x
);

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_first_forest COPY GRANTS AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank3_first_active COPY GRANTS AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank3_first_forest AS f
JOIN customhouse_work.customer_rank3_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank3_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_first_active COPY GRANTS AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank3_first_active AS a
LEFT JOIN customhouse_work.customer_rank3_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_rest COPY GRANTS AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank3_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs COPY GRANTS AS
SELECT DISTINCT
  GREATEST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  LEAST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank3_rest AS e
LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank3_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank3_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_moved COPY GRANTS AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank3_first_forest AS o
LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_rank3_last COPY GRANTS AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank3_first_forest AS o
LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_forest COPY GRANTS AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank3_active COPY GRANTS AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank3_forest AS f
JOIN customhouse_work.customer_rank3_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank3_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_active COPY GRANTS AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank3_active AS a
LEFT JOIN customhouse_work.customer_rank3_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_rest COPY GRANTS AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank3_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs COPY GRANTS AS
SELECT DISTINCT
  GREATEST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  LEAST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank3_rest AS e
LEFT JOIN customhouse_work.customer_rank3_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank3_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank3_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_moved COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.customer_rank3_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.customer_rank3_forest AS o
  LEFT JOIN customhouse_work.customer_rank3_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank3_forest AS o
LEFT JOIN customhouse_work.customer_rank3_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_moved COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.customer_rank3_moved AS m
LEFT JOIN customhouse_work.customer_rank3_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_rank3_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_joined COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.customer_rank3_first_forest AS o
  LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = o.u
) AS m
LEFT JOIN customhouse_work.customer_rank3_moved AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_rank3_moved AS f;

-- repair clusters over a limit: join what the limits allow (card)
CREATE OR REPLACE TABLE customhouse_work.customer_groups COPY GRANTS AS
SELECT DISTINCT
  p.c,
  coalesce(j.root, p.c) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.customer_broken COPY GRANTS AS
SELECT
  s.g,
  CAST(GET(ARRAY_AGG((((('would join ' || TO_VARCHAR(CAST(s.k AS INT))) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT))) WITHIN GROUP (ORDER BY s.t ASC NULLS LAST, ((((('would join ' || TO_VARCHAR(CAST(s.k AS INT))) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT))) ASC), 0) AS VARCHAR) AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) AS k,
    max(q.one) AS most
  FROM (
    SELECT
      g.g,
      s.t,
      s.k,
      s.k AS one
    FROM customhouse_work.customer_groups AS g
    JOIN customhouse_work.customer_sizes AS s ON s.c = g.c
    UNION ALL
    SELECT
      w.g,
      CAST(3 AS INT) AS t,
      CAST(1 AS INT) AS k,
      CAST(0 AS INT) AS one
    FROM (
      SELECT DISTINCT
        g.g,
        h.x
      FROM customhouse_work.customer_touches AS h
      JOIN customhouse_work.customer_groups AS g ON g.c = h.c
      JOIN (
        SELECT DISTINCT m.g
        FROM customhouse_work.customer_groups AS m
        WHERE m.c <> m.g
      ) AS v ON v.g = g.g
      WHERE NOT EXISTS (
        SELECT CAST(1 AS INT) AS one
        FROM customhouse_work.customer_refused AS z
        WHERE z.x = h.x
      )
    ) AS w
  ) AS q
  GROUP BY q.g, q.t
) AS s
WHERE s.k > CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END
  AND s.k > s.most
GROUP BY s.g;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x,
  CAST('conflict' AS VARCHAR) AS reason,
  k.evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.customer_groups COPY GRANTS AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.customer_place COPY GRANTS AS
SELECT
  h.x,
  h.c,
  row_number() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST) AS r
FROM (
  SELECT DISTINCT
    q.x,
    g.g AS c
  FROM customhouse_work.customer_touches AS q
  JOIN customhouse_work.customer_groups AS g ON g.c = q.c
  WHERE NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x,
  CAST('too_many' AS VARCHAR) AS reason,
  CAST('the customer has more than 3 card' AS VARCHAR) AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 3;

CREATE OR REPLACE TABLE customhouse_work.customer_part COPY GRANTS AS
SELECT
  p.n,
  p.t,
  coalesce(w.c, g.g, p.c) AS c
FROM customhouse_work.customer_part AS p
LEFT JOIN (
  SELECT
    q.x,
    q.c
  FROM customhouse_work.customer_place AS q
  WHERE NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.customer_groups AS g ON g.c = p.c;

-- repair clusters over a limit: judge shared identifiers (cookie)
CREATE OR REPLACE TABLE customhouse_work.customer_touches COPY GRANTS AS
SELECT DISTINCT
  l.x,
  p.c
FROM customhouse_work.customer_bonds AS l
JOIN customhouse_work.customer_part AS p ON p.n = l.a
WHERE l.t = 4
  AND NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.customer_bridges COPY GRANTS AS
SELECT
  h.x,
  min(h.c) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING count(*) > 1;

CREATE OR REPLACE TABLE customhouse_work.customer_sizes COPY GRANTS AS
SELECT
  p.c,
  p.t,
  count(*) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 4
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x,
  CAST('shared' AS VARCHAR) AS reason,
  CAST(GET(ARRAY_AGG((((('would join ' || TO_VARCHAR(CAST(m.k AS INT))) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT))) WITHIN GROUP (ORDER BY m.t ASC NULLS LAST, ((((('would join ' || TO_VARCHAR(CAST(m.k AS INT))) || ' ') || CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT))) ASC), 0) AS VARCHAR) AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) AS k
  FROM (
    SELECT
      h.x,
      s.t,
      s.k
    FROM customhouse_work.customer_touches AS h
    JOIN customhouse_work.customer_bridges AS b ON b.x = h.x
    JOIN customhouse_work.customer_sizes AS s ON s.c = h.c
  ) AS q
  GROUP BY q.x, q.t
) AS m
WHERE m.k > CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END
GROUP BY m.x;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs COPY GRANTS AS
SELECT DISTINCT
  h.c AS u,
  b.low AS v
FROM customhouse_work.customer_touches AS h
JOIN customhouse_work.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = h.x
);

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_first_forest COPY GRANTS AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank4_first_active COPY GRANTS AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank4_first_forest AS f
JOIN customhouse_work.customer_rank4_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank4_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_first_active COPY GRANTS AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank4_first_active AS a
LEFT JOIN customhouse_work.customer_rank4_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_rest COPY GRANTS AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank4_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs COPY GRANTS AS
SELECT DISTINCT
  GREATEST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  LEAST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank4_rest AS e
LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank4_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank4_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_moved COPY GRANTS AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank4_first_forest AS o
LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_rank4_last COPY GRANTS AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank4_first_forest AS o
LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_forest COPY GRANTS AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank4_active COPY GRANTS AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank4_forest AS f
JOIN customhouse_work.customer_rank4_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank4_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_active COPY GRANTS AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank4_active AS a
LEFT JOIN customhouse_work.customer_rank4_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_rest COPY GRANTS AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank4_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs COPY GRANTS AS
SELECT DISTINCT
  GREATEST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  LEAST_IGNORE_NULLS(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank4_rest AS e
LEFT JOIN customhouse_work.customer_rank4_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank4_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank4_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_moved COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.customer_rank4_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.customer_rank4_forest AS o
  LEFT JOIN customhouse_work.customer_rank4_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank4_forest AS o
LEFT JOIN customhouse_work.customer_rank4_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_moved COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM customhouse_work.customer_rank4_moved AS m
LEFT JOIN customhouse_work.customer_rank4_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_rank4_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_joined COPY GRANTS AS
SELECT
  m.n,
  coalesce(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    coalesce(a.w, o.v) AS root
  FROM customhouse_work.customer_rank4_first_forest AS o
  LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = o.u
) AS m
LEFT JOIN customhouse_work.customer_rank4_moved AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_rank4_moved AS f;

-- repair clusters over a limit: join what the limits allow (cookie)
CREATE OR REPLACE TABLE customhouse_work.customer_groups COPY GRANTS AS
SELECT DISTINCT
  p.c,
  coalesce(j.root, p.c) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.customer_broken COPY GRANTS AS
SELECT
  s.g,
  CAST(GET(ARRAY_AGG((((('would join ' || TO_VARCHAR(CAST(s.k AS INT))) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT))) WITHIN GROUP (ORDER BY s.t ASC NULLS LAST, ((((('would join ' || TO_VARCHAR(CAST(s.k AS INT))) || ' ') || CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END) || ', limit ') || TO_VARCHAR(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT))) ASC), 0) AS VARCHAR) AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) AS k,
    max(q.one) AS most
  FROM (
    SELECT
      g.g,
      s.t,
      s.k,
      s.k AS one
    FROM customhouse_work.customer_groups AS g
    JOIN customhouse_work.customer_sizes AS s ON s.c = g.c
    UNION ALL
    SELECT
      w.g,
      CAST(4 AS INT) AS t,
      CAST(1 AS INT) AS k,
      CAST(0 AS INT) AS one
    FROM (
      SELECT DISTINCT
        g.g,
        h.x
      FROM customhouse_work.customer_touches AS h
      JOIN customhouse_work.customer_groups AS g ON g.c = h.c
      JOIN (
        SELECT DISTINCT m.g
        FROM customhouse_work.customer_groups AS m
        WHERE m.c <> m.g
      ) AS v ON v.g = g.g
      WHERE NOT EXISTS (
        SELECT CAST(1 AS INT) AS one
        FROM customhouse_work.customer_refused AS z
        WHERE z.x = h.x
      )
    ) AS w
  ) AS q
  GROUP BY q.g, q.t
) AS s
WHERE s.k > CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END
  AND s.k > s.most
GROUP BY s.g;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x,
  CAST('conflict' AS VARCHAR) AS reason,
  k.evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.customer_groups COPY GRANTS AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.customer_place COPY GRANTS AS
SELECT
  h.x,
  h.c,
  row_number() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST) AS r
FROM (
  SELECT DISTINCT
    q.x,
    g.g AS c
  FROM customhouse_work.customer_touches AS q
  JOIN customhouse_work.customer_groups AS g ON g.c = q.c
  WHERE NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x,
  CAST('too_many' AS VARCHAR) AS reason,
  CAST('the customer has more than 200 cookie' AS VARCHAR) AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 200;

CREATE OR REPLACE TABLE customhouse_work.customer_part COPY GRANTS AS
SELECT
  p.n,
  p.t,
  coalesce(w.c, g.g, p.c) AS c
FROM customhouse_work.customer_part AS p
LEFT JOIN (
  SELECT
    q.x,
    q.c
  FROM customhouse_work.customer_place AS q
  WHERE NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.customer_groups AS g ON g.c = p.c;

-- repair clusters over a limit: put the repaired clusters back
CREATE OR REPLACE TABLE customhouse_work.customer_cluster COPY GRANTS AS
SELECT
  c.n,
  c.t,
  c.g,
  coalesce(b.c, c.c) AS c
FROM customhouse_work.customer_cluster AS c
LEFT JOIN customhouse_work.customer_part AS b ON b.n = c.n;

CREATE OR REPLACE TABLE customhouse_work.customer_stats COPY GRANTS AS
SELECT
  s.c,
  s."FIRST",
  s.size,
  s.k0,
  s.k1,
  s.k2,
  s.k3,
  s.k4
FROM customhouse_work.customer_stats AS s
WHERE s.c NOT IN (
  SELECT o.c
  FROM customhouse_work.customer_over AS o
)
UNION ALL
SELECT
  c.c,
  min(c.n) AS "FIRST",
  count(*) AS size,
  count(CASE WHEN c.t = 0 THEN 1 END) AS k0,
  count(CASE WHEN c.t = 1 THEN 1 END) AS k1,
  count(CASE WHEN c.t = 2 THEN 1 END) AS k2,
  count(CASE WHEN c.t = 3 THEN 1 END) AS k3,
  count(CASE WHEN c.t = 4 THEN 1 END) AS k4
FROM customhouse_work.customer_part AS c
GROUP BY c.c;

CREATE OR REPLACE TABLE customhouse_work.customer_over COPY GRANTS AS
SELECT DISTINCT k.c
FROM (
  SELECT s.c
  FROM (
    SELECT
      c.c,
      min(c.n) AS "FIRST",
      count(*) AS size,
      count(CASE WHEN c.t = 0 THEN 1 END) AS k0,
      count(CASE WHEN c.t = 1 THEN 1 END) AS k1,
      count(CASE WHEN c.t = 2 THEN 1 END) AS k2,
      count(CASE WHEN c.t = 3 THEN 1 END) AS k3,
      count(CASE WHEN c.t = 4 THEN 1 END) AS k4
    FROM customhouse_work.customer_part AS c
    GROUP BY c.c
  ) AS s
  WHERE s.k0 > 1 OR s.k1 > 5 OR s.k2 > 5 OR s.k3 > 3 OR s.k4 > 200
) AS k;

-- carry ids over
CREATE OR REPLACE TABLE customhouse_work.customer_barred COPY GRANTS AS
SELECT c.c
FROM customhouse_work.customer_cluster AS c
WHERE c.n IN (
  SELECT z.x
  FROM customhouse_work.customer_quarantined AS z
)
UNION ALL
SELECT c.c
FROM customhouse_work.customer_cluster AS c
JOIN customhouse_work.customer_nodes AS d ON d.n = c.n
GROUP BY c.c
HAVING max(d.last_seen) < CAST('2025-10-04 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AND BOOLAND_AGG(d.t IN (4));

CREATE OR REPLACE TABLE customhouse_work.customer_owners COPY GRANTS AS
SELECT
  d.old,
  CAST(GET(ARRAY_AGG(c.c) WITHIN GROUP (ORDER BY (CAST(NULLIF(NULLIF(GREATEST(LEAST(CAST(d.t AS INT) * 281474976710656, 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) + d.n) ASC NULLS LAST, c.c ASC), 0) AS INT) AS c
FROM customhouse_work.customer_cluster AS c
JOIN (
  SELECT
    o.n,
    o.t,
    o.old
  FROM customhouse_work.customer_nodes AS o
  WHERE o.old IS NOT NULL
) AS d ON d.n = c.n
WHERE c.c NOT IN (
  SELECT z.c
  FROM customhouse_work.customer_barred AS z
)
GROUP BY d.old;

CREATE OR REPLACE TABLE customhouse_work.customer_ids COPY GRANTS AS
SELECT
  k.c,
  coalesce(s.id, GREATEST_IGNORE_NULLS((
    SELECT coalesce(max(m.customer_id), CAST(0 AS INT)) AS n
    FROM customhouse.customer_identities AS m
  ), (
    SELECT coalesce(max(m.old_id), CAST(0 AS INT)) AS n
    FROM customhouse.customer_id_history AS m
  ), (
    SELECT coalesce(max(m.new_id), CAST(0 AS INT)) AS n
    FROM customhouse.customer_id_history AS m
  )) + row_number() OVER (ORDER BY CASE WHEN s.id IS NULL THEN k."FIRST" END NULLS LAST)) AS id
FROM (
  SELECT
    c.c,
    c."FIRST"
  FROM customhouse_work.customer_stats AS c
  WHERE c.c NOT IN (
    SELECT z.c
    FROM customhouse_work.customer_barred AS z
  )
) AS k
LEFT JOIN (
  SELECT
    o.c,
    min(o.old) AS id
  FROM customhouse_work.customer_owners AS o
  GROUP BY o.c
) AS s ON s.c = k.c;

CREATE OR REPLACE TABLE customhouse_work.customer_changes COPY GRANTS AS
SELECT
  o.old AS old_id,
  i.id AS new_id,
  CAST('merge' AS VARCHAR) AS kind,
  CAST('a link joined the two' AS VARCHAR) AS cause
FROM customhouse_work.customer_owners AS o
JOIN customhouse_work.customer_ids AS i ON i.c = o.c
WHERE i.id <> o.old
UNION ALL
SELECT
  p.old AS old_id,
  i.id AS new_id,
  CAST('split' AS VARCHAR) AS kind,
  CAST('no link joins the identifiers any more' AS VARCHAR) AS cause
FROM (
  SELECT DISTINCT
    d.old,
    c.c
  FROM customhouse_work.customer_cluster AS c
  JOIN (
    SELECT
      o.n,
      o.t,
      o.old
    FROM customhouse_work.customer_nodes AS o
    WHERE o.old IS NOT NULL
  ) AS d ON d.n = c.n
  WHERE c.c NOT IN (
    SELECT z.c
    FROM customhouse_work.customer_barred AS z
  )
) AS p
JOIN customhouse_work.customer_owners AS o ON o.old = p.old
JOIN customhouse_work.customer_ids AS i ON i.c = p.c
WHERE o.c <> p.c
UNION ALL
SELECT
  g.id AS old_id,
  CAST(NULL AS INT) AS new_id,
  CAST('gone' AS VARCHAR) AS kind,
  CASE WHEN coalesce(g.id IN (
    SELECT d.old
    FROM customhouse_work.customer_nodes AS d
    WHERE d.old IS NOT NULL
  ), FALSE) THEN CAST('its identifiers are quarantined or have expired' AS VARCHAR) ELSE 'no source carries its identifiers any more' END AS cause
FROM (
  SELECT DISTINCT i.customer_id AS id
  FROM customhouse.customer_identities AS i
  WHERE i.customer_id IS NOT NULL
) AS g
WHERE NOT EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse_work.customer_owners AS o
  WHERE o.old = g.id
);

-- write identities
CREATE OR REPLACE TABLE customhouse_work.customer_suspects COPY GRANTS AS
SELECT
  i.id,
  s."FIRST" AS n,
  TO_VARCHAR(s.size) || ' identifiers, more than 50' AS evidence
FROM customhouse_work.customer_stats AS s
JOIN customhouse_work.customer_ids AS i ON i.c = s.c
WHERE s.size > 50;

CREATE OR REPLACE TABLE customhouse.customer_identities__new COPY GRANTS AS
SELECT
  CASE WHEN d.t = 0 THEN CAST('user_id' AS VARCHAR) WHEN d.t = 1 THEN 'email' WHEN d.t = 2 THEN 'phone' WHEN d.t = 3 THEN 'card' WHEN d.t = 4 THEN 'cookie' END AS identifier_type,
  d.v AS identifier,
  i.id AS customer_id,
  d.first_seen,
  d.last_seen,
  d.source,
  d.n AS "NUMBER",
  c.g AS component,
  d.n IN (
    SELECT z.x
    FROM customhouse_work.customer_quarantined AS z
  ) AS quarantined
FROM customhouse_work.customer_nodes AS d
JOIN customhouse_work.customer_cluster AS c ON c.n = d.n
LEFT JOIN customhouse_work.customer_ids AS i ON i.c = c.c;

CREATE OR REPLACE TABLE customhouse_work.customer_told COPY GRANTS AS
SELECT
  i."NUMBER" AS n,
  i.identifier AS v
FROM customhouse.customer_identities AS i
WHERE i."NUMBER" IN (
  SELECT r.x AS n
  FROM customhouse_work.customer_refused AS r
  UNION ALL
  SELECT r.x AS n
  FROM customhouse_work.customer_quarantined AS r
  WHERE r.k IS NOT NULL
  UNION ALL
  SELECT r.n
  FROM customhouse_work.customer_suspects AS r
);

CREATE OR REPLACE TABLE customhouse.customer_identity_incidents__new COPY GRANTS AS
SELECT
  CASE WHEN d.t = 0 THEN CAST('user_id' AS VARCHAR) WHEN d.t = 1 THEN 'email' WHEN d.t = 2 THEN 'phone' WHEN d.t = 3 THEN 'card' WHEN d.t = 4 THEN 'cookie' END AS identifier_type,
  coalesce(d.v, o.v) AS identifier,
  r.reason,
  r.evidence,
  CAST('RUN' AS VARCHAR) AS run_id,
  r.n AS "NUMBER",
  r.id AS customer_id
FROM customhouse_work.customer_nodes AS d
JOIN (
  SELECT
    r.x AS n,
    r.reason,
    r.evidence,
    CAST(NULL AS INT) AS id
  FROM customhouse_work.customer_refused AS r
  UNION ALL
  SELECT
    r.x AS n,
    CAST('quarantined' AS VARCHAR) AS reason,
    (('seen with ' || TO_VARCHAR(CAST(r.k AS INT))) || ' ') || CASE WHEN r.s = 0 THEN 'user_id' WHEN r.s = 1 THEN 'email' WHEN r.s = 2 THEN 'phone' WHEN r.s = 3 THEN 'card' WHEN r.s = 4 THEN 'cookie' END AS evidence,
    CAST(NULL AS INT) AS id
  FROM customhouse_work.customer_quarantined AS r
  WHERE r.k IS NOT NULL
  UNION ALL
  SELECT
    r.n,
    CAST('suspect' AS VARCHAR) AS reason,
    r.evidence,
    r.id
  FROM customhouse_work.customer_suspects AS r
) AS r ON d.n = r.n
LEFT JOIN customhouse_work.customer_told AS o ON o.n = r.n
UNION ALL
SELECT
  CAST('user_id' AS VARCHAR) AS identifier_type,
  SUBSTR(r."raw.user_id", GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN LENGTH(r."raw.user_id") > 512 THEN CAST('too_long' AS VARCHAR) WHEN nullif(TRIM(r."raw.user_id", '	
                  　'), '') IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  TO_VARCHAR(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT)) || ' rows of contacts' AS evidence,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS "NUMBER",
  CAST(NULL AS INT) AS customer_id
FROM (
  SELECT
    r."raw.user_id",
    r."ROWS"
  FROM customhouse.identity_rows_contacts__new AS r
  WHERE r."n.user_id" IS NULL
    AND r."raw.user_id" IS NOT NULL
) AS r
WHERE NOT (nullif(TRIM(r."raw.user_id", '	
                  　'), '') IS NULL)
GROUP BY SUBSTR(r."raw.user_id", GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN LENGTH(r."raw.user_id") > 512 THEN 'too_long' WHEN nullif(TRIM(r."raw.user_id", '	
                  　'), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  CAST('email' AS VARCHAR) AS identifier_type,
  SUBSTR(r."raw.email", GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN LENGTH(r."raw.email") > 512 THEN CAST('too_long' AS VARCHAR) WHEN CASE WHEN REGEXP_LIKE(CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END, '[^	-
- \\<\\>\\@]+\\@[^	-
- \\<\\>\\@]+\\.[^	-
- \\<\\>\\@]+', 's') THEN CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  TO_VARCHAR(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT)) || ' rows of contacts' AS evidence,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS "NUMBER",
  CAST(NULL AS INT) AS customer_id
FROM (
  SELECT
    r."raw.email",
    r."ROWS"
  FROM customhouse.identity_rows_contacts__new AS r
  WHERE r."n.email" IS NULL
    AND r."raw.email" IS NOT NULL
) AS r
WHERE NOT (nullif(TRIM(r."raw.email", '	
                  　'), '') IS NULL)
GROUP BY SUBSTR(r."raw.email", GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN LENGTH(r."raw.email") > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_LIKE(CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END, '[^	-
- \\<\\>\\@]+\\@[^	-
- \\<\\>\\@]+\\.[^	-
- \\<\\>\\@]+', 's') THEN CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  CAST('phone' AS VARCHAR) AS identifier_type,
  SUBSTR(r."raw.phone", GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN LENGTH(r."raw.phone") > 512 THEN CAST('too_long' AS VARCHAR) WHEN CASE WHEN REGEXP_LIKE('+' || CASE WHEN STARTSWITH(TRIM(r."raw.phone", '	
                  　'), '+') THEN REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's') WHEN STARTSWITH(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^00', '', 1, 0, 's') ELSE '33' || nullif(REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^0', '', 1, 0, 's'), '') END, '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', 's') THEN '+' || CASE WHEN STARTSWITH(TRIM(r."raw.phone", '	
                  　'), '+') THEN REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's') WHEN STARTSWITH(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^00', '', 1, 0, 's') ELSE '33' || nullif(REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^0', '', 1, 0, 's'), '') END END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  TO_VARCHAR(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT)) || ' rows of contacts' AS evidence,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS "NUMBER",
  CAST(NULL AS INT) AS customer_id
FROM (
  SELECT
    r."raw.phone",
    r."ROWS"
  FROM customhouse.identity_rows_contacts__new AS r
  WHERE r."n.phone" IS NULL
    AND r."raw.phone" IS NOT NULL
) AS r
WHERE NOT (nullif(TRIM(r."raw.phone", '	
                  　'), '') IS NULL)
GROUP BY SUBSTR(r."raw.phone", GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN LENGTH(r."raw.phone") > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_LIKE('+' || CASE WHEN STARTSWITH(TRIM(r."raw.phone", '	
                  　'), '+') THEN REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's') WHEN STARTSWITH(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^00', '', 1, 0, 's') ELSE '33' || nullif(REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^0', '', 1, 0, 's'), '') END, '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', 's') THEN '+' || CASE WHEN STARTSWITH(TRIM(r."raw.phone", '	
                  　'), '+') THEN REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's') WHEN STARTSWITH(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^00', '', 1, 0, 's') ELSE '33' || nullif(REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^0', '', 1, 0, 's'), '') END END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  CAST('email' AS VARCHAR) AS identifier_type,
  SUBSTR(r."raw.email", GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN LENGTH(r."raw.email") > 512 THEN CAST('too_long' AS VARCHAR) WHEN CASE WHEN REGEXP_LIKE(CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END, '[^	-
- \\<\\>\\@]+\\@[^	-
- \\<\\>\\@]+\\.[^	-
- \\<\\>\\@]+', 's') THEN CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  TO_VARCHAR(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT)) || ' rows of loyalty' AS evidence,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS "NUMBER",
  CAST(NULL AS INT) AS customer_id
FROM (
  SELECT
    r."raw.email",
    r."ROWS"
  FROM customhouse.identity_rows_loyalty__new AS r
  WHERE r."n.email" IS NULL
    AND r."raw.email" IS NOT NULL
) AS r
WHERE NOT (nullif(TRIM(r."raw.email", '	
                  　'), '') IS NULL)
GROUP BY SUBSTR(r."raw.email", GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN LENGTH(r."raw.email") > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_LIKE(CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END, '[^	-
- \\<\\>\\@]+\\@[^	-
- \\<\\>\\@]+\\.[^	-
- \\<\\>\\@]+', 's') THEN CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  CAST('phone' AS VARCHAR) AS identifier_type,
  SUBSTR(r."raw.phone", GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN LENGTH(r."raw.phone") > 512 THEN CAST('too_long' AS VARCHAR) WHEN CASE WHEN REGEXP_LIKE('+' || CASE WHEN STARTSWITH(TRIM(r."raw.phone", '	
                  　'), '+') THEN REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's') WHEN STARTSWITH(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^00', '', 1, 0, 's') ELSE '33' || nullif(REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^0', '', 1, 0, 's'), '') END, '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', 's') THEN '+' || CASE WHEN STARTSWITH(TRIM(r."raw.phone", '	
                  　'), '+') THEN REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's') WHEN STARTSWITH(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^00', '', 1, 0, 's') ELSE '33' || nullif(REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^0', '', 1, 0, 's'), '') END END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  TO_VARCHAR(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT)) || ' rows of loyalty' AS evidence,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS "NUMBER",
  CAST(NULL AS INT) AS customer_id
FROM (
  SELECT
    r."raw.phone",
    r."ROWS"
  FROM customhouse.identity_rows_loyalty__new AS r
  WHERE r."n.phone" IS NULL
    AND r."raw.phone" IS NOT NULL
) AS r
WHERE NOT (nullif(TRIM(r."raw.phone", '	
                  　'), '') IS NULL)
GROUP BY SUBSTR(r."raw.phone", GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN LENGTH(r."raw.phone") > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_LIKE('+' || CASE WHEN STARTSWITH(TRIM(r."raw.phone", '	
                  　'), '+') THEN REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's') WHEN STARTSWITH(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^00', '', 1, 0, 's') ELSE '33' || nullif(REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^0', '', 1, 0, 's'), '') END, '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', 's') THEN '+' || CASE WHEN STARTSWITH(TRIM(r."raw.phone", '	
                  　'), '+') THEN REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's') WHEN STARTSWITH(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^00', '', 1, 0, 's') ELSE '33' || nullif(REGEXP_REPLACE(REGEXP_REPLACE(replace(TRIM(r."raw.phone", '	
                  　'), '(0)', ''), '[^0-9]+', '', 1, 0, 's'), '^0', '', 1, 0, 's'), '') END END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  CAST('card' AS VARCHAR) AS identifier_type,
  SUBSTR(r."raw.card", GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN LENGTH(r."raw.card") > 512 THEN CAST('too_long' AS VARCHAR) WHEN nullif(REGEXP_REPLACE(TRIM(r."raw.card", '	
                  　'), '[^0-9]+', '', 1, 0, 's'), '') IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  TO_VARCHAR(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT)) || ' rows of loyalty' AS evidence,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS "NUMBER",
  CAST(NULL AS INT) AS customer_id
FROM (
  SELECT
    r."raw.card",
    r."ROWS"
  FROM customhouse.identity_rows_loyalty__new AS r
  WHERE r."n.card" IS NULL
    AND r."raw.card" IS NOT NULL
) AS r
WHERE NOT (nullif(TRIM(r."raw.card", '	
                  　'), '') IS NULL)
GROUP BY SUBSTR(r."raw.card", GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN LENGTH(r."raw.card") > 512 THEN 'too_long' WHEN nullif(REGEXP_REPLACE(TRIM(r."raw.card", '	
                  　'), '[^0-9]+', '', 1, 0, 's'), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  CAST('email' AS VARCHAR) AS identifier_type,
  SUBSTR(r."raw.email", GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN LENGTH(r."raw.email") > 512 THEN CAST('too_long' AS VARCHAR) WHEN CASE WHEN REGEXP_LIKE(CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END, '[^	-
- \\<\\>\\@]+\\@[^	-
- \\<\\>\\@]+\\.[^	-
- \\<\\>\\@]+', 's') THEN CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  TO_VARCHAR(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT)) || ' rows of newsletter' AS evidence,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS "NUMBER",
  CAST(NULL AS INT) AS customer_id
FROM (
  SELECT
    r."raw.email",
    r."ROWS"
  FROM customhouse.identity_rows_newsletter__new AS r
  WHERE r."n.email" IS NULL
    AND r."raw.email" IS NOT NULL
) AS r
WHERE NOT (nullif(TRIM(r."raw.email", '	
                  　'), '') IS NULL)
GROUP BY SUBSTR(r."raw.email", GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN LENGTH(r."raw.email") > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_LIKE(CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END, '[^	-
- \\<\\>\\@]+\\@[^	-
- \\<\\>\\@]+\\.[^	-
- \\<\\>\\@]+', 's') THEN CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  CAST('email' AS VARCHAR) AS identifier_type,
  SUBSTR(r."raw.email", GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN LENGTH(r."raw.email") > 512 THEN CAST('too_long' AS VARCHAR) WHEN CASE WHEN REGEXP_LIKE(CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END, '[^	-
- \\<\\>\\@]+\\@[^	-
- \\<\\>\\@]+\\.[^	-
- \\<\\>\\@]+', 's') THEN CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  TO_VARCHAR(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT)) || ' rows of orders' AS evidence,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS "NUMBER",
  CAST(NULL AS INT) AS customer_id
FROM (
  SELECT
    r."raw.email",
    r."ROWS"
  FROM customhouse.identity_rows_orders__new AS r
  WHERE r."n.email" IS NULL
    AND r."raw.email" IS NOT NULL
) AS r
WHERE NOT (nullif(TRIM(r."raw.email", '	
                  　'), '') IS NULL)
GROUP BY SUBSTR(r."raw.email", GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN LENGTH(r."raw.email") > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_LIKE(CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END, '[^	-
- \\<\\>\\@]+\\@[^	-
- \\<\\>\\@]+\\.[^	-
- \\<\\>\\@]+', 's') THEN CASE WHEN OCTET_LENGTH(TRIM(r."raw.email", '	
                  　')) = LENGTH(TRIM(r."raw.email", '	
                  　')) THEN LOWER(TRIM(r."raw.email", '	
                  　')) ELSE TRANSLATE(TRIM(r."raw.email", '	
                  　'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  CAST('card' AS VARCHAR) AS identifier_type,
  SUBSTR(r."raw.card", GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN LENGTH(r."raw.card") > 512 THEN CAST('too_long' AS VARCHAR) WHEN nullif(REGEXP_REPLACE(TRIM(r."raw.card", '	
                  　'), '[^0-9]+', '', 1, 0, 's'), '') IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  TO_VARCHAR(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT)) || ' rows of orders' AS evidence,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS "NUMBER",
  CAST(NULL AS INT) AS customer_id
FROM (
  SELECT
    r."raw.card",
    r."ROWS"
  FROM customhouse.identity_rows_orders__new AS r
  WHERE r."n.card" IS NULL
    AND r."raw.card" IS NOT NULL
) AS r
WHERE NOT (nullif(TRIM(r."raw.card", '	
                  　'), '') IS NULL)
GROUP BY SUBSTR(r."raw.card", GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN LENGTH(r."raw.card") > 512 THEN 'too_long' WHEN nullif(REGEXP_REPLACE(TRIM(r."raw.card", '	
                  　'), '[^0-9]+', '', 1, 0, 's'), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  CAST('user_id' AS VARCHAR) AS identifier_type,
  SUBSTR(r."raw.user_id", GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN LENGTH(r."raw.user_id") > 512 THEN CAST('too_long' AS VARCHAR) WHEN nullif(TRIM(r."raw.user_id", '	
                  　'), '') IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  TO_VARCHAR(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT)) || ' rows of page_views' AS evidence,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS "NUMBER",
  CAST(NULL AS INT) AS customer_id
FROM (
  SELECT
    r."raw.user_id",
    r."ROWS"
  FROM customhouse.identity_rows_page_views__new AS r
  WHERE r."n.user_id" IS NULL
    AND r."raw.user_id" IS NOT NULL
) AS r
WHERE NOT (nullif(TRIM(r."raw.user_id", '	
                  　'), '') IS NULL)
GROUP BY SUBSTR(r."raw.user_id", GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN LENGTH(r."raw.user_id") > 512 THEN 'too_long' WHEN nullif(TRIM(r."raw.user_id", '	
                  　'), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  CAST('cookie' AS VARCHAR) AS identifier_type,
  SUBSTR(r."raw.cookie", GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN LENGTH(r."raw.cookie") > 512 THEN CAST('too_long' AS VARCHAR) WHEN CASE WHEN TRIM(r."raw.cookie", '	
                  　') <> '' THEN r."raw.cookie" END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  TO_VARCHAR(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT)) || ' rows of page_views' AS evidence,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS "NUMBER",
  CAST(NULL AS INT) AS customer_id
FROM (
  SELECT
    r."raw.cookie",
    r."ROWS"
  FROM customhouse.identity_rows_page_views__new AS r
  WHERE r."n.cookie" IS NULL
    AND r."raw.cookie" IS NOT NULL
) AS r
WHERE NOT (nullif(TRIM(r."raw.cookie", '	
                  　'), '') IS NULL)
GROUP BY SUBSTR(r."raw.cookie", GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN LENGTH(r."raw.cookie") > 512 THEN 'too_long' WHEN CASE WHEN TRIM(r."raw.cookie", '	
                  　') <> '' THEN r."raw.cookie" END IS NULL THEN 'invalid' ELSE 'ignored' END;

-- count
CREATE OR REPLACE TABLE customhouse_work.customer_totals COPY GRANTS AS
SELECT
  (
    SELECT coalesce(count(*), CAST(0 AS INT)) AS n
    FROM customhouse_work.customer_ids AS i
  ) AS entities,
  (
    SELECT coalesce(max(s.size), CAST(0 AS INT)) AS n
    FROM customhouse_work.customer_stats AS s
    JOIN customhouse_work.customer_ids AS i ON i.c = s.c
  ) AS largest,
  CAST(0 AS INT) AS unknown;

-- put in place
CREATE OR REPLACE TABLE customhouse.customer_identities CLONE customhouse.customer_identities__new COPY GRANTS;

DROP TABLE IF EXISTS customhouse.customer_identities__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_contacts CLONE customhouse.identity_rows_contacts__new COPY GRANTS;

DROP TABLE IF EXISTS customhouse.identity_rows_contacts__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_loyalty CLONE customhouse.identity_rows_loyalty__new COPY GRANTS;

DROP TABLE IF EXISTS customhouse.identity_rows_loyalty__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_newsletter CLONE customhouse.identity_rows_newsletter__new COPY GRANTS;

DROP TABLE IF EXISTS customhouse.identity_rows_newsletter__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_orders CLONE customhouse.identity_rows_orders__new COPY GRANTS;

DROP TABLE IF EXISTS customhouse.identity_rows_orders__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_page_views CLONE customhouse.identity_rows_page_views__new COPY GRANTS;

DROP TABLE IF EXISTS customhouse.identity_rows_page_views__new;

CREATE OR REPLACE TABLE customhouse.customer_identity_incidents CLONE customhouse.customer_identity_incidents__new COPY GRANTS;

DROP TABLE IF EXISTS customhouse.customer_identity_incidents__new;

INSERT INTO customhouse.customer_id_history (old_id, new_id, kind, cause, run_id, "AT")
SELECT
  h.old_id,
  h.new_id,
  h.kind,
  h.cause,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS "AT"
FROM customhouse_work.customer_changes AS h;

DELETE FROM customhouse.identity_state
WHERE entity = 'customer';

INSERT INTO customhouse.identity_state (entity, source, settings, since, as_of, run_id, entities, largest)
SELECT
  CAST('customer' AS VARCHAR) AS entity,
  CAST('' AS VARCHAR) AS source,
  CAST('c5cbe0839d50b9c01c25f85ec2f446376f532cdf72e5c31e73bfb5dda819607e' AS VARCHAR) AS settings,
  CAST(CAST(NULL AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS since,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS as_of,
  CAST('RUN' AS VARCHAR) AS run_id,
  t.entities,
  t.largest
FROM customhouse_work.customer_totals AS t
UNION ALL
SELECT
  CAST('customer' AS VARCHAR) AS entity,
  CAST('contacts' AS VARCHAR) AS source,
  CAST('' AS VARCHAR) AS settings,
  CAST(CAST(NULL AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS since,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS as_of,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS entities,
  CAST(NULL AS INT) AS largest
UNION ALL
SELECT
  CAST('customer' AS VARCHAR) AS entity,
  CAST('loyalty' AS VARCHAR) AS source,
  CAST('' AS VARCHAR) AS settings,
  CAST(CAST(NULL AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS since,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS as_of,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS entities,
  CAST(NULL AS INT) AS largest
UNION ALL
SELECT
  CAST('customer' AS VARCHAR) AS entity,
  CAST('newsletter' AS VARCHAR) AS source,
  CAST('' AS VARCHAR) AS settings,
  CAST(CAST(NULL AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS since,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS as_of,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS entities,
  CAST(NULL AS INT) AS largest
UNION ALL
SELECT
  CAST('customer' AS VARCHAR) AS entity,
  CAST('orders' AS VARCHAR) AS source,
  CAST('' AS VARCHAR) AS settings,
  CAST(CAST(NULL AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS since,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS as_of,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS entities,
  CAST(NULL AS INT) AS largest
UNION ALL
SELECT
  CAST('customer' AS VARCHAR) AS entity,
  CAST('page_views' AS VARCHAR) AS source,
  CAST('' AS VARCHAR) AS settings,
  CAST(CAST(NULL AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS since,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS as_of,
  CAST('RUN' AS VARCHAR) AS run_id,
  CAST(NULL AS INT) AS entities,
  CAST(NULL AS INT) AS largest;

-- measure source:contacts
SELECT
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS "ROWS",
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN r."n.user_id" IS NULL AND r."n.email" IS NULL AND r."n.phone" IS NULL THEN r."ROWS" ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS without_identifier
FROM customhouse.identity_rows_contacts AS r;

-- measure source:loyalty
SELECT
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS "ROWS",
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN r."n.email" IS NULL AND r."n.phone" IS NULL AND r."n.card" IS NULL THEN r."ROWS" ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS without_identifier
FROM customhouse.identity_rows_loyalty AS r;

-- measure source:newsletter
SELECT
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS "ROWS",
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN r."n.email" IS NULL THEN r."ROWS" ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS without_identifier
FROM customhouse.identity_rows_newsletter AS r;

-- measure source:orders
SELECT
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS "ROWS",
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN r."n.email" IS NULL AND r."n.card" IS NULL THEN r."ROWS" ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS without_identifier
FROM customhouse.identity_rows_orders AS r;

-- measure source:page_views
SELECT
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(r."ROWS"), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS "ROWS",
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN r."n.user_id" IS NULL AND r."n.cookie" IS NULL THEN r."ROWS" ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS without_identifier
FROM customhouse.identity_rows_page_views AS r;

-- measure identity:customer
SELECT
  (
    SELECT count(*) AS n
    FROM customhouse.customer_identities AS i
  ) AS identifiers,
  t.entities AS customers,
  t.largest
FROM customhouse_work.customer_totals AS t;

-- measure changes:customer
SELECT
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN x.kind = 'merge' THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS "MERGE",
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN x.kind = 'split' THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS split,
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN x.kind = 'gone' THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS gone
FROM customhouse_work.customer_changes AS x;

-- measure incidents:customer
SELECT
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN x.reason = 'ignored' THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS ignored,
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN x.reason = 'invalid' THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS invalid,
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN x.reason = 'too_long' THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS too_long,
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN x.reason = 'quarantined' THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS quarantined,
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN x.reason = 'shared' THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS shared,
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN x.reason = 'conflict' THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS conflict,
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN x.reason = 'too_many' THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS too_many,
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN x.reason = 'never_link' THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS never_link,
  coalesce(CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(CASE WHEN x.reason = 'suspect' THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT), CAST(0 AS INT)) AS suspect
FROM customhouse.customer_identity_incidents AS x;
