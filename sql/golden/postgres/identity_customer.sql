-- number the identifiers
CREATE UNLOGGED TABLE customhouse_work.customer_nodes__next AS
SELECT
  coalesce(k.number, (
    SELECT coalesce(max(m.number), 0) AS n
    FROM customhouse.customer_identities AS m
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
    coalesce(o.source, CASE WHEN d.source = 0 THEN 'contacts' COLLATE "C" WHEN d.source = 1 THEN 'loyalty' COLLATE "C" WHEN d.source = 2 THEN 'newsletter' COLLATE "C" WHEN d.source = 3 THEN 'orders' COLLATE "C" WHEN d.source = 4 THEN 'page_views' COLLATE "C" END) AS source,
    o.customer_id AS old,
    o.number
  FROM (
    SELECT
      CAST(0 AS bigint) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      (array_agg(a.source ORDER BY a.first_seen NULLS LAST, a.source) FILTER (WHERE a.source IS NOT NULL))[1] AS source
    FROM (
      SELECT
        r."id.user_id" AS v,
        r.first_seen,
        r.last_seen,
        0 AS source
      FROM customhouse_work.rows_contacts AS r
      WHERE r."id.user_id" IS NOT NULL
      UNION ALL
      SELECT
        r."id.user_id" AS v,
        r.first_seen,
        r.last_seen,
        4 AS source
      FROM customhouse_work.rows_page_views AS r
      WHERE r."id.user_id" IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(1 AS bigint) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      (array_agg(a.source ORDER BY a.first_seen NULLS LAST, a.source) FILTER (WHERE a.source IS NOT NULL))[1] AS source
    FROM (
      SELECT
        r."id.email" AS v,
        r.first_seen,
        r.last_seen,
        0 AS source
      FROM customhouse_work.rows_contacts AS r
      WHERE r."id.email" IS NOT NULL
      UNION ALL
      SELECT
        r."id.email" AS v,
        r.first_seen,
        r.last_seen,
        1 AS source
      FROM customhouse_work.rows_loyalty AS r
      WHERE r."id.email" IS NOT NULL
      UNION ALL
      SELECT
        r."id.email" AS v,
        r.first_seen,
        r.last_seen,
        2 AS source
      FROM customhouse_work.rows_newsletter AS r
      WHERE r."id.email" IS NOT NULL
      UNION ALL
      SELECT
        r."id.email" AS v,
        r.first_seen,
        r.last_seen,
        3 AS source
      FROM customhouse_work.rows_orders AS r
      WHERE r."id.email" IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(2 AS bigint) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      (array_agg(a.source ORDER BY a.first_seen NULLS LAST, a.source) FILTER (WHERE a.source IS NOT NULL))[1] AS source
    FROM (
      SELECT
        r."id.phone" AS v,
        r.first_seen,
        r.last_seen,
        0 AS source
      FROM customhouse_work.rows_contacts AS r
      WHERE r."id.phone" IS NOT NULL
      UNION ALL
      SELECT
        r."id.phone" AS v,
        r.first_seen,
        r.last_seen,
        1 AS source
      FROM customhouse_work.rows_loyalty AS r
      WHERE r."id.phone" IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(3 AS bigint) AS t,
      a.v,
      min(a.first_seen) AS first_seen,
      max(a.last_seen) AS last_seen,
      (array_agg(a.source ORDER BY a.first_seen NULLS LAST, a.source) FILTER (WHERE a.source IS NOT NULL))[1] AS source
    FROM (
      SELECT
        r."id.card" AS v,
        r.first_seen,
        r.last_seen,
        1 AS source
      FROM customhouse_work.rows_loyalty AS r
      WHERE r."id.card" IS NOT NULL
      UNION ALL
      SELECT
        r."id.card" AS v,
        r.first_seen,
        r.last_seen,
        3 AS source
      FROM customhouse_work.rows_orders AS r
      WHERE r."id.card" IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(4 AS bigint) AS t,
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
      FROM customhouse_work.rows_page_views AS r
      WHERE r."id.cookie" IS NOT NULL
    ) AS a
    GROUP BY a.v
  ) AS d
  LEFT JOIN customhouse.customer_identities AS o ON o.identifier_type = CASE WHEN d.t = 0 THEN 'user_id' COLLATE "C" WHEN d.t = 1 THEN 'email' COLLATE "C" WHEN d.t = 2 THEN 'phone' COLLATE "C" WHEN d.t = 3 THEN 'card' COLLATE "C" WHEN d.t = 4 THEN 'cookie' COLLATE "C" END AND o.identifier = d.v
) AS k;

DROP TABLE IF EXISTS customhouse_work.customer_nodes;

ALTER TABLE customhouse_work.customer_nodes__next RENAME TO customer_nodes;

ANALYZE customhouse_work.customer_nodes;

-- assert look for lost identifiers
SELECT CASE WHEN c.gone > 1000 AND CAST(nullif(nullif(greatest(least(CAST(c.gone AS numeric) * 1000, 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) > CAST(nullif(nullif(greatest(least(CAST(c.known AS numeric) * 500, 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) THEN c.gone ELSE 0 END AS n
FROM (
  SELECT
    (
      SELECT count(*) AS n
      FROM customhouse.customer_identities AS x
      WHERE x.identifier_type IN ('user_id' COLLATE "C", 'email' COLLATE "C", 'phone' COLLATE "C", 'card' COLLATE "C", 'cookie' COLLATE "C")
    ) AS known,
    (
      SELECT count(*) AS n
      FROM customhouse.customer_identities AS x
      WHERE x.identifier_type IN ('user_id' COLLATE "C", 'email' COLLATE "C", 'phone' COLLATE "C", 'card' COLLATE "C", 'cookie' COLLATE "C")
    ) - (
      SELECT count(*) AS n
      FROM customhouse_work.customer_nodes AS x
      WHERE x.known
    ) AS gone
) AS c;

-- put numbers in the place of values
CREATE TABLE customhouse.identity_rows_contacts__new__next AS
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
FROM customhouse_work.rows_contacts AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 0 AND d0.v = r."id.user_id"
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 1 AND d1.v = r."id.email"
LEFT JOIN customhouse_work.customer_nodes AS d2 ON d2.t = 2 AND d2.v = r."id.phone";

DROP TABLE IF EXISTS customhouse.identity_rows_contacts__new;

ALTER TABLE customhouse.identity_rows_contacts__new__next RENAME TO identity_rows_contacts__new;

ANALYZE customhouse.identity_rows_contacts__new;

CREATE TABLE customhouse.identity_rows_loyalty__new__next AS
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
FROM customhouse_work.rows_loyalty AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r."id.email"
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 2 AND d1.v = r."id.phone"
LEFT JOIN customhouse_work.customer_nodes AS d2 ON d2.t = 3 AND d2.v = r."id.card";

DROP TABLE IF EXISTS customhouse.identity_rows_loyalty__new;

ALTER TABLE customhouse.identity_rows_loyalty__new__next RENAME TO identity_rows_loyalty__new;

ANALYZE customhouse.identity_rows_loyalty__new;

CREATE TABLE customhouse.identity_rows_newsletter__new__next AS
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
FROM customhouse_work.rows_newsletter AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r."id.email";

DROP TABLE IF EXISTS customhouse.identity_rows_newsletter__new;

ALTER TABLE customhouse.identity_rows_newsletter__new__next RENAME TO identity_rows_newsletter__new;

ANALYZE customhouse.identity_rows_newsletter__new;

CREATE TABLE customhouse.identity_rows_orders__new__next AS
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
FROM customhouse_work.rows_orders AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r."id.email"
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 3 AND d1.v = r."id.card";

DROP TABLE IF EXISTS customhouse.identity_rows_orders__new;

ALTER TABLE customhouse.identity_rows_orders__new__next RENAME TO identity_rows_orders__new;

ANALYZE customhouse.identity_rows_orders__new;

CREATE TABLE customhouse.identity_rows_page_views__new__next AS
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
FROM customhouse_work.rows_page_views AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 0 AND d0.v = r."id.user_id"
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 4 AND d1.v = r."id.cookie";

DROP TABLE IF EXISTS customhouse.identity_rows_page_views__new;

ALTER TABLE customhouse.identity_rows_page_views__new__next RENAME TO identity_rows_page_views__new;

ANALYZE customhouse.identity_rows_page_views__new;

-- link what rows carry together
CREATE UNLOGGED TABLE customhouse_work.customer_star__next AS
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
    FROM customhouse.identity_rows_contacts__new AS r
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
    FROM customhouse.identity_rows_contacts__new AS r
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
    FROM customhouse.identity_rows_page_views__new AS r
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
    FROM customhouse.identity_rows_loyalty__new AS r
    WHERE r."n.email" IS NULL
      AND r."n.phone" IS NOT NULL
      AND r."n.card" IS NOT NULL
  ) AS q
) AS r;

DROP TABLE IF EXISTS customhouse_work.customer_star;

ALTER TABLE customhouse_work.customer_star__next RENAME TO customer_star;

ANALYZE customhouse_work.customer_star;

CREATE UNLOGGED TABLE customhouse_work.customer_quarantined__next AS
SELECT
  k.x,
  min(k.s) AS s,
  (array_agg(k.k ORDER BY k.s NULLS LAST, k.k) FILTER (WHERE k.k IS NOT NULL))[1] AS k
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

DROP TABLE IF EXISTS customhouse_work.customer_quarantined;

ALTER TABLE customhouse_work.customer_quarantined__next RENAME TO customer_quarantined;

ANALYZE customhouse_work.customer_quarantined;

CREATE UNLOGGED TABLE customhouse_work.customer_links__next AS
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.phone" END AS "n.phone"
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.phone" END AS "n.phone"
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.cookie" END AS "n.cookie"
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.phone" END AS "n.phone"
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
          ) THEN CAST(NULL AS bigint) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.phone" END AS "n.phone",
          CASE WHEN m."n.card" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.card" END AS "n.card"
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.phone" END AS "n.phone",
          CASE WHEN m."n.card" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.card" END AS "n.card"
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
          ) THEN CAST(NULL AS bigint) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.card" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.card" END AS "n.card"
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
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.email" END AS "n.email",
          CASE WHEN m."n.phone" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.phone" END AS "n.phone",
          CASE WHEN m."n.card" IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS bigint) ELSE m."n.card" END AS "n.card"
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

DROP TABLE IF EXISTS customhouse_work.customer_links;

ALTER TABLE customhouse_work.customer_links__next RENAME TO customer_links;

ANALYZE customhouse_work.customer_links;

CREATE UNLOGGED TABLE customhouse_work.customer_edges__next AS
SELECT
  greatest(l.a, l.x) AS u,
  least(l.a, l.x) AS v
FROM customhouse_work.customer_links AS l;

DROP TABLE IF EXISTS customhouse_work.customer_edges;

ALTER TABLE customhouse_work.customer_edges__next RENAME TO customer_edges;

ANALYZE customhouse_work.customer_edges;

-- point every node to its smallest neighbour
CREATE UNLOGGED TABLE customhouse_work.customer_first_forest__next AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_edges AS e
GROUP BY e.u;

DROP TABLE IF EXISTS customhouse_work.customer_first_forest;

ALTER TABLE customhouse_work.customer_first_forest__next RENAME TO customer_first_forest;

ANALYZE customhouse_work.customer_first_forest;

CREATE UNLOGGED TABLE customhouse_work.customer_first_active__next AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_first_forest AS f
JOIN customhouse_work.customer_first_forest AS g ON g.u = f.v;

DROP TABLE IF EXISTS customhouse_work.customer_first_active;

ALTER TABLE customhouse_work.customer_first_active__next RENAME TO customer_first_active;

ANALYZE customhouse_work.customer_first_active;

-- repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_first_active AS a
WHERE a.more;

-- double the pointers: double the pointers
CREATE UNLOGGED TABLE customhouse_work.customer_first_active__next AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_first_active AS a
LEFT JOIN customhouse_work.customer_first_active AS b ON b.u = a.v;

DROP TABLE IF EXISTS customhouse_work.customer_first_active;

ALTER TABLE customhouse_work.customer_first_active__next RENAME TO customer_first_active;

ANALYZE customhouse_work.customer_first_active;

-- contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rest__next AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_edges AS e
JOIN customhouse_work.customer_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

DROP TABLE IF EXISTS customhouse_work.customer_rest;

ALTER TABLE customhouse_work.customer_rest__next RENAME TO customer_rest;

ANALYZE customhouse_work.customer_rest;

CREATE UNLOGGED TABLE customhouse_work.customer_edges__next AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rest AS e
LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

DROP TABLE IF EXISTS customhouse_work.customer_edges;

ALTER TABLE customhouse_work.customer_edges__next RENAME TO customer_edges;

ANALYZE customhouse_work.customer_edges;

-- contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_moved__next AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_first_forest AS o
LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = o.u
WHERE FALSE;

DROP TABLE IF EXISTS customhouse_work.customer_moved;

ALTER TABLE customhouse_work.customer_moved__next RENAME TO customer_moved;

ANALYZE customhouse_work.customer_moved;

CREATE UNLOGGED TABLE customhouse_work.customer_last__next AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_first_forest AS o
LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = o.u
WHERE FALSE;

DROP TABLE IF EXISTS customhouse_work.customer_last;

ALTER TABLE customhouse_work.customer_last__next RENAME TO customer_last;

ANALYZE customhouse_work.customer_last;

-- repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.customer_edges AS e;

-- contract what is left: point every node to its smallest neighbour
CREATE UNLOGGED TABLE customhouse_work.customer_forest__next AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_edges AS e
GROUP BY e.u;

DROP TABLE IF EXISTS customhouse_work.customer_forest;

ALTER TABLE customhouse_work.customer_forest__next RENAME TO customer_forest;

ANALYZE customhouse_work.customer_forest;

CREATE UNLOGGED TABLE customhouse_work.customer_active__next AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_forest AS f
JOIN customhouse_work.customer_forest AS g ON g.u = f.v;

DROP TABLE IF EXISTS customhouse_work.customer_active;

ALTER TABLE customhouse_work.customer_active__next RENAME TO customer_active;

ANALYZE customhouse_work.customer_active;

-- contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_active AS a
WHERE a.more;

-- contract what is left: double the pointers: double the pointers
CREATE UNLOGGED TABLE customhouse_work.customer_active__next AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_active AS a
LEFT JOIN customhouse_work.customer_active AS b ON b.u = a.v;

DROP TABLE IF EXISTS customhouse_work.customer_active;

ALTER TABLE customhouse_work.customer_active__next RENAME TO customer_active;

ANALYZE customhouse_work.customer_active;

-- contract what is left: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rest__next AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_edges AS e
JOIN customhouse_work.customer_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

DROP TABLE IF EXISTS customhouse_work.customer_rest;

ALTER TABLE customhouse_work.customer_rest__next RENAME TO customer_rest;

ANALYZE customhouse_work.customer_rest;

CREATE UNLOGGED TABLE customhouse_work.customer_edges__next AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rest AS e
LEFT JOIN customhouse_work.customer_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

DROP TABLE IF EXISTS customhouse_work.customer_edges;

ALTER TABLE customhouse_work.customer_edges__next RENAME TO customer_edges;

ANALYZE customhouse_work.customer_edges;

-- contract what is left: follow what was contracted
CREATE UNLOGGED TABLE customhouse_work.customer_moved__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_moved;

ALTER TABLE customhouse_work.customer_moved__next RENAME TO customer_moved;

ANALYZE customhouse_work.customer_moved;

-- in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_edges AS e;

-- label the nodes
CREATE UNLOGGED TABLE customhouse_work.customer_moved__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_moved;

ALTER TABLE customhouse_work.customer_moved__next RENAME TO customer_moved;

ANALYZE customhouse_work.customer_moved;

CREATE UNLOGGED TABLE customhouse_work.customer_labels__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_labels;

ALTER TABLE customhouse_work.customer_labels__next RENAME TO customer_labels;

ANALYZE customhouse_work.customer_labels;

-- form clusters
CREATE UNLOGGED TABLE customhouse_work.customer_cluster__next AS
SELECT
  d.n,
  d.t,
  coalesce(l.root, d.n) AS g,
  coalesce(l.root, d.n) AS c
FROM customhouse_work.customer_nodes AS d
LEFT JOIN customhouse_work.customer_labels AS l ON l.n = d.n;

DROP TABLE IF EXISTS customhouse_work.customer_cluster;

ALTER TABLE customhouse_work.customer_cluster__next RENAME TO customer_cluster;

ANALYZE customhouse_work.customer_cluster;

CREATE UNLOGGED TABLE customhouse_work.customer_stats__next AS
SELECT
  c.c,
  min(c.n) AS first,
  count(*) AS size,
  count(CASE WHEN c.t = 0 THEN 1 END) AS k0,
  count(CASE WHEN c.t = 1 THEN 1 END) AS k1,
  count(CASE WHEN c.t = 2 THEN 1 END) AS k2,
  count(CASE WHEN c.t = 3 THEN 1 END) AS k3,
  count(CASE WHEN c.t = 4 THEN 1 END) AS k4
FROM customhouse_work.customer_cluster AS c
GROUP BY c.c;

DROP TABLE IF EXISTS customhouse_work.customer_stats;

ALTER TABLE customhouse_work.customer_stats__next RENAME TO customer_stats;

ANALYZE customhouse_work.customer_stats;

-- prepare limits
CREATE UNLOGGED TABLE customhouse_work.customer_refused__next AS
SELECT
  d.n AS x,
  '' COLLATE "C" AS reason,
  '' COLLATE "C" AS evidence
FROM customhouse_work.customer_nodes AS d
WHERE FALSE;

DROP TABLE IF EXISTS customhouse_work.customer_refused;

ALTER TABLE customhouse_work.customer_refused__next RENAME TO customer_refused;

ANALYZE customhouse_work.customer_refused;

-- find clusters over a limit
CREATE UNLOGGED TABLE customhouse_work.customer_over__next AS
SELECT DISTINCT k.c
FROM (
  SELECT s.c
  FROM customhouse_work.customer_stats AS s
  WHERE s.k0 > 1 OR s.k1 > 5 OR s.k2 > 5 OR s.k3 > 3 OR s.k4 > 200
) AS k;

DROP TABLE IF EXISTS customhouse_work.customer_over;

ALTER TABLE customhouse_work.customer_over__next RENAME TO customer_over;

ANALYZE customhouse_work.customer_over;

-- repeat while not zero repair clusters over a limit
SELECT count(*) AS n
FROM customhouse_work.customer_over AS o;

-- repair clusters over a limit: take clusters over a limit apart
CREATE UNLOGGED TABLE customhouse_work.customer_part__next AS
SELECT
  k.n,
  k.t,
  k.n AS c
FROM customhouse_work.customer_cluster AS k
JOIN customhouse_work.customer_over AS o ON o.c = k.c;

DROP TABLE IF EXISTS customhouse_work.customer_part;

ALTER TABLE customhouse_work.customer_part__next RENAME TO customer_part;

ANALYZE customhouse_work.customer_part;

CREATE UNLOGGED TABLE customhouse_work.customer_bonds__next AS
SELECT
  l.a,
  l.x,
  l.t
FROM customhouse_work.customer_links AS l
JOIN customhouse_work.customer_cluster AS k ON k.n = l.a
JOIN customhouse_work.customer_over AS o ON o.c = k.c;

DROP TABLE IF EXISTS customhouse_work.customer_bonds;

ALTER TABLE customhouse_work.customer_bonds__next RENAME TO customer_bonds;

ANALYZE customhouse_work.customer_bonds;

-- repair clusters over a limit: judge shared identifiers (email)
CREATE UNLOGGED TABLE customhouse_work.customer_touches__next AS
SELECT DISTINCT
  l.x,
  p.c
FROM customhouse_work.customer_bonds AS l
JOIN customhouse_work.customer_part AS p ON p.n = l.a
WHERE l.t = 1
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link' COLLATE "C"
  );

DROP TABLE IF EXISTS customhouse_work.customer_touches;

ALTER TABLE customhouse_work.customer_touches__next RENAME TO customer_touches;

ANALYZE customhouse_work.customer_touches;

CREATE UNLOGGED TABLE customhouse_work.customer_bridges__next AS
SELECT
  h.x,
  min(h.c) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING count(*) > 1;

DROP TABLE IF EXISTS customhouse_work.customer_bridges;

ALTER TABLE customhouse_work.customer_bridges__next RENAME TO customer_bridges;

ANALYZE customhouse_work.customer_bridges;

CREATE UNLOGGED TABLE customhouse_work.customer_sizes__next AS
SELECT
  p.c,
  p.t,
  count(*) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 1
GROUP BY p.c, p.t;

DROP TABLE IF EXISTS customhouse_work.customer_sizes;

ALTER TABLE customhouse_work.customer_sizes__next RENAME TO customer_sizes;

ANALYZE customhouse_work.customer_sizes;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x,
  'shared' COLLATE "C" AS reason,
  (array_agg(((((('would join ' COLLATE "C" || (CAST(CAST(m.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN m.t = 0 THEN 'user_id' COLLATE "C" WHEN m.t = 1 THEN 'email' COLLATE "C" WHEN m.t = 2 THEN 'phone' COLLATE "C" WHEN m.t = 3 THEN 'card' COLLATE "C" WHEN m.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) ORDER BY m.t NULLS LAST, (((('would join ' COLLATE "C" || (CAST(CAST(m.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN m.t = 0 THEN 'user_id' COLLATE "C" WHEN m.t = 1 THEN 'email' COLLATE "C" WHEN m.t = 2 THEN 'phone' COLLATE "C" WHEN m.t = 3 THEN 'card' COLLATE "C" WHEN m.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) FILTER (WHERE ((((('would join ' COLLATE "C" || (CAST(CAST(m.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN m.t = 0 THEN 'user_id' COLLATE "C" WHEN m.t = 1 THEN 'email' COLLATE "C" WHEN m.t = 2 THEN 'phone' COLLATE "C" WHEN m.t = 3 THEN 'card' COLLATE "C" WHEN m.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) IS NOT NULL))[1] AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    CAST(nullif(nullif(greatest(least(sum(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS k
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

CREATE UNLOGGED TABLE customhouse_work.customer_hubs__next AS
SELECT DISTINCT
  h.c AS u,
  b.low AS v
FROM customhouse_work.customer_touches AS h
JOIN customhouse_work.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = h.x
);

DROP TABLE IF EXISTS customhouse_work.customer_hubs;

ALTER TABLE customhouse_work.customer_hubs__next RENAME TO customer_hubs;

ANALYZE customhouse_work.customer_hubs;

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE UNLOGGED TABLE customhouse_work.customer_rank1_first_forest__next AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

DROP TABLE IF EXISTS customhouse_work.customer_rank1_first_forest;

ALTER TABLE customhouse_work.customer_rank1_first_forest__next RENAME TO customer_rank1_first_forest;

ANALYZE customhouse_work.customer_rank1_first_forest;

CREATE UNLOGGED TABLE customhouse_work.customer_rank1_first_active__next AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank1_first_forest AS f
JOIN customhouse_work.customer_rank1_first_forest AS g ON g.u = f.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank1_first_active;

ALTER TABLE customhouse_work.customer_rank1_first_active__next RENAME TO customer_rank1_first_active;

ANALYZE customhouse_work.customer_rank1_first_active;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank1_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE UNLOGGED TABLE customhouse_work.customer_rank1_first_active__next AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank1_first_active AS a
LEFT JOIN customhouse_work.customer_rank1_first_active AS b ON b.u = a.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank1_first_active;

ALTER TABLE customhouse_work.customer_rank1_first_active__next RENAME TO customer_rank1_first_active;

ANALYZE customhouse_work.customer_rank1_first_active;

-- repair clusters over a limit: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rank1_rest__next AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank1_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank1_rest;

ALTER TABLE customhouse_work.customer_rank1_rest__next RENAME TO customer_rank1_rest;

ANALYZE customhouse_work.customer_rank1_rest;

CREATE UNLOGGED TABLE customhouse_work.customer_hubs__next AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank1_rest AS e
LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank1_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank1_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

DROP TABLE IF EXISTS customhouse_work.customer_hubs;

ALTER TABLE customhouse_work.customer_hubs__next RENAME TO customer_hubs;

ANALYZE customhouse_work.customer_hubs;

-- repair clusters over a limit: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rank1_moved__next AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank1_first_forest AS o
LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = o.u
WHERE FALSE;

DROP TABLE IF EXISTS customhouse_work.customer_rank1_moved;

ALTER TABLE customhouse_work.customer_rank1_moved__next RENAME TO customer_rank1_moved;

ANALYZE customhouse_work.customer_rank1_moved;

CREATE UNLOGGED TABLE customhouse_work.customer_rank1_last__next AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank1_first_forest AS o
LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = o.u
WHERE FALSE;

DROP TABLE IF EXISTS customhouse_work.customer_rank1_last;

ALTER TABLE customhouse_work.customer_rank1_last__next RENAME TO customer_rank1_last;

ANALYZE customhouse_work.customer_rank1_last;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE UNLOGGED TABLE customhouse_work.customer_rank1_forest__next AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

DROP TABLE IF EXISTS customhouse_work.customer_rank1_forest;

ALTER TABLE customhouse_work.customer_rank1_forest__next RENAME TO customer_rank1_forest;

ANALYZE customhouse_work.customer_rank1_forest;

CREATE UNLOGGED TABLE customhouse_work.customer_rank1_active__next AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank1_forest AS f
JOIN customhouse_work.customer_rank1_forest AS g ON g.u = f.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank1_active;

ALTER TABLE customhouse_work.customer_rank1_active__next RENAME TO customer_rank1_active;

ANALYZE customhouse_work.customer_rank1_active;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank1_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE UNLOGGED TABLE customhouse_work.customer_rank1_active__next AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank1_active AS a
LEFT JOIN customhouse_work.customer_rank1_active AS b ON b.u = a.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank1_active;

ALTER TABLE customhouse_work.customer_rank1_active__next RENAME TO customer_rank1_active;

ANALYZE customhouse_work.customer_rank1_active;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rank1_rest__next AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank1_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank1_rest;

ALTER TABLE customhouse_work.customer_rank1_rest__next RENAME TO customer_rank1_rest;

ANALYZE customhouse_work.customer_rank1_rest;

CREATE UNLOGGED TABLE customhouse_work.customer_hubs__next AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank1_rest AS e
LEFT JOIN customhouse_work.customer_rank1_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank1_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank1_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

DROP TABLE IF EXISTS customhouse_work.customer_hubs;

ALTER TABLE customhouse_work.customer_hubs__next RENAME TO customer_hubs;

ANALYZE customhouse_work.customer_hubs;

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE UNLOGGED TABLE customhouse_work.customer_rank1_moved__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_rank1_moved;

ALTER TABLE customhouse_work.customer_rank1_moved__next RENAME TO customer_rank1_moved;

ANALYZE customhouse_work.customer_rank1_moved;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE UNLOGGED TABLE customhouse_work.customer_rank1_moved__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_rank1_moved;

ALTER TABLE customhouse_work.customer_rank1_moved__next RENAME TO customer_rank1_moved;

ANALYZE customhouse_work.customer_rank1_moved;

CREATE UNLOGGED TABLE customhouse_work.customer_joined__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_joined;

ALTER TABLE customhouse_work.customer_joined__next RENAME TO customer_joined;

ANALYZE customhouse_work.customer_joined;

-- repair clusters over a limit: join what the limits allow (email)
CREATE UNLOGGED TABLE customhouse_work.customer_groups__next AS
SELECT DISTINCT
  p.c,
  coalesce(j.root, p.c) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

DROP TABLE IF EXISTS customhouse_work.customer_groups;

ALTER TABLE customhouse_work.customer_groups__next RENAME TO customer_groups;

ANALYZE customhouse_work.customer_groups;

CREATE UNLOGGED TABLE customhouse_work.customer_broken__next AS
SELECT
  s.g,
  (array_agg(((((('would join ' COLLATE "C" || (CAST(CAST(s.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN s.t = 0 THEN 'user_id' COLLATE "C" WHEN s.t = 1 THEN 'email' COLLATE "C" WHEN s.t = 2 THEN 'phone' COLLATE "C" WHEN s.t = 3 THEN 'card' COLLATE "C" WHEN s.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) ORDER BY s.t NULLS LAST, (((('would join ' COLLATE "C" || (CAST(CAST(s.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN s.t = 0 THEN 'user_id' COLLATE "C" WHEN s.t = 1 THEN 'email' COLLATE "C" WHEN s.t = 2 THEN 'phone' COLLATE "C" WHEN s.t = 3 THEN 'card' COLLATE "C" WHEN s.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) FILTER (WHERE ((((('would join ' COLLATE "C" || (CAST(CAST(s.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN s.t = 0 THEN 'user_id' COLLATE "C" WHEN s.t = 1 THEN 'email' COLLATE "C" WHEN s.t = 2 THEN 'phone' COLLATE "C" WHEN s.t = 3 THEN 'card' COLLATE "C" WHEN s.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) IS NOT NULL))[1] AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    CAST(nullif(nullif(greatest(least(sum(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS k,
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
      1 AS t,
      1 AS k,
      0 AS one
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
        SELECT 1 AS one
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

DROP TABLE IF EXISTS customhouse_work.customer_broken;

ALTER TABLE customhouse_work.customer_broken__next RENAME TO customer_broken;

ANALYZE customhouse_work.customer_broken;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x,
  'conflict' COLLATE "C" AS reason,
  k.evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE UNLOGGED TABLE customhouse_work.customer_groups__next AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

DROP TABLE IF EXISTS customhouse_work.customer_groups;

ALTER TABLE customhouse_work.customer_groups__next RENAME TO customer_groups;

ANALYZE customhouse_work.customer_groups;

CREATE UNLOGGED TABLE customhouse_work.customer_place__next AS
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
    SELECT 1 AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

DROP TABLE IF EXISTS customhouse_work.customer_place;

ALTER TABLE customhouse_work.customer_place__next RENAME TO customer_place;

ANALYZE customhouse_work.customer_place;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x,
  'too_many' COLLATE "C" AS reason,
  'the customer has more than 5 email' COLLATE "C" AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 5;

CREATE UNLOGGED TABLE customhouse_work.customer_part__next AS
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
    SELECT 1 AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.customer_groups AS g ON g.c = p.c;

DROP TABLE IF EXISTS customhouse_work.customer_part;

ALTER TABLE customhouse_work.customer_part__next RENAME TO customer_part;

ANALYZE customhouse_work.customer_part;

-- repair clusters over a limit: judge shared identifiers (phone)
CREATE UNLOGGED TABLE customhouse_work.customer_touches__next AS
SELECT DISTINCT
  l.x,
  p.c
FROM customhouse_work.customer_bonds AS l
JOIN customhouse_work.customer_part AS p ON p.n = l.a
WHERE l.t = 2
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link' COLLATE "C"
  );

DROP TABLE IF EXISTS customhouse_work.customer_touches;

ALTER TABLE customhouse_work.customer_touches__next RENAME TO customer_touches;

ANALYZE customhouse_work.customer_touches;

CREATE UNLOGGED TABLE customhouse_work.customer_bridges__next AS
SELECT
  h.x,
  min(h.c) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING count(*) > 1;

DROP TABLE IF EXISTS customhouse_work.customer_bridges;

ALTER TABLE customhouse_work.customer_bridges__next RENAME TO customer_bridges;

ANALYZE customhouse_work.customer_bridges;

CREATE UNLOGGED TABLE customhouse_work.customer_sizes__next AS
SELECT
  p.c,
  p.t,
  count(*) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 2
GROUP BY p.c, p.t;

DROP TABLE IF EXISTS customhouse_work.customer_sizes;

ALTER TABLE customhouse_work.customer_sizes__next RENAME TO customer_sizes;

ANALYZE customhouse_work.customer_sizes;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x,
  'shared' COLLATE "C" AS reason,
  (array_agg(((((('would join ' COLLATE "C" || (CAST(CAST(m.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN m.t = 0 THEN 'user_id' COLLATE "C" WHEN m.t = 1 THEN 'email' COLLATE "C" WHEN m.t = 2 THEN 'phone' COLLATE "C" WHEN m.t = 3 THEN 'card' COLLATE "C" WHEN m.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) ORDER BY m.t NULLS LAST, (((('would join ' COLLATE "C" || (CAST(CAST(m.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN m.t = 0 THEN 'user_id' COLLATE "C" WHEN m.t = 1 THEN 'email' COLLATE "C" WHEN m.t = 2 THEN 'phone' COLLATE "C" WHEN m.t = 3 THEN 'card' COLLATE "C" WHEN m.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) FILTER (WHERE ((((('would join ' COLLATE "C" || (CAST(CAST(m.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN m.t = 0 THEN 'user_id' COLLATE "C" WHEN m.t = 1 THEN 'email' COLLATE "C" WHEN m.t = 2 THEN 'phone' COLLATE "C" WHEN m.t = 3 THEN 'card' COLLATE "C" WHEN m.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) IS NOT NULL))[1] AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    CAST(nullif(nullif(greatest(least(sum(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS k
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

CREATE UNLOGGED TABLE customhouse_work.customer_hubs__next AS
SELECT DISTINCT
  h.c AS u,
  b.low AS v
FROM customhouse_work.customer_touches AS h
JOIN customhouse_work.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = h.x
);

DROP TABLE IF EXISTS customhouse_work.customer_hubs;

ALTER TABLE customhouse_work.customer_hubs__next RENAME TO customer_hubs;

ANALYZE customhouse_work.customer_hubs;

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE UNLOGGED TABLE customhouse_work.customer_rank2_first_forest__next AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

DROP TABLE IF EXISTS customhouse_work.customer_rank2_first_forest;

ALTER TABLE customhouse_work.customer_rank2_first_forest__next RENAME TO customer_rank2_first_forest;

ANALYZE customhouse_work.customer_rank2_first_forest;

CREATE UNLOGGED TABLE customhouse_work.customer_rank2_first_active__next AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank2_first_forest AS f
JOIN customhouse_work.customer_rank2_first_forest AS g ON g.u = f.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank2_first_active;

ALTER TABLE customhouse_work.customer_rank2_first_active__next RENAME TO customer_rank2_first_active;

ANALYZE customhouse_work.customer_rank2_first_active;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank2_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE UNLOGGED TABLE customhouse_work.customer_rank2_first_active__next AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank2_first_active AS a
LEFT JOIN customhouse_work.customer_rank2_first_active AS b ON b.u = a.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank2_first_active;

ALTER TABLE customhouse_work.customer_rank2_first_active__next RENAME TO customer_rank2_first_active;

ANALYZE customhouse_work.customer_rank2_first_active;

-- repair clusters over a limit: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rank2_rest__next AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank2_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank2_rest;

ALTER TABLE customhouse_work.customer_rank2_rest__next RENAME TO customer_rank2_rest;

ANALYZE customhouse_work.customer_rank2_rest;

CREATE UNLOGGED TABLE customhouse_work.customer_hubs__next AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank2_rest AS e
LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank2_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank2_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

DROP TABLE IF EXISTS customhouse_work.customer_hubs;

ALTER TABLE customhouse_work.customer_hubs__next RENAME TO customer_hubs;

ANALYZE customhouse_work.customer_hubs;

-- repair clusters over a limit: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rank2_moved__next AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank2_first_forest AS o
LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = o.u
WHERE FALSE;

DROP TABLE IF EXISTS customhouse_work.customer_rank2_moved;

ALTER TABLE customhouse_work.customer_rank2_moved__next RENAME TO customer_rank2_moved;

ANALYZE customhouse_work.customer_rank2_moved;

CREATE UNLOGGED TABLE customhouse_work.customer_rank2_last__next AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank2_first_forest AS o
LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = o.u
WHERE FALSE;

DROP TABLE IF EXISTS customhouse_work.customer_rank2_last;

ALTER TABLE customhouse_work.customer_rank2_last__next RENAME TO customer_rank2_last;

ANALYZE customhouse_work.customer_rank2_last;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE UNLOGGED TABLE customhouse_work.customer_rank2_forest__next AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

DROP TABLE IF EXISTS customhouse_work.customer_rank2_forest;

ALTER TABLE customhouse_work.customer_rank2_forest__next RENAME TO customer_rank2_forest;

ANALYZE customhouse_work.customer_rank2_forest;

CREATE UNLOGGED TABLE customhouse_work.customer_rank2_active__next AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank2_forest AS f
JOIN customhouse_work.customer_rank2_forest AS g ON g.u = f.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank2_active;

ALTER TABLE customhouse_work.customer_rank2_active__next RENAME TO customer_rank2_active;

ANALYZE customhouse_work.customer_rank2_active;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank2_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE UNLOGGED TABLE customhouse_work.customer_rank2_active__next AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank2_active AS a
LEFT JOIN customhouse_work.customer_rank2_active AS b ON b.u = a.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank2_active;

ALTER TABLE customhouse_work.customer_rank2_active__next RENAME TO customer_rank2_active;

ANALYZE customhouse_work.customer_rank2_active;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rank2_rest__next AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank2_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank2_rest;

ALTER TABLE customhouse_work.customer_rank2_rest__next RENAME TO customer_rank2_rest;

ANALYZE customhouse_work.customer_rank2_rest;

CREATE UNLOGGED TABLE customhouse_work.customer_hubs__next AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank2_rest AS e
LEFT JOIN customhouse_work.customer_rank2_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank2_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank2_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

DROP TABLE IF EXISTS customhouse_work.customer_hubs;

ALTER TABLE customhouse_work.customer_hubs__next RENAME TO customer_hubs;

ANALYZE customhouse_work.customer_hubs;

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE UNLOGGED TABLE customhouse_work.customer_rank2_moved__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_rank2_moved;

ALTER TABLE customhouse_work.customer_rank2_moved__next RENAME TO customer_rank2_moved;

ANALYZE customhouse_work.customer_rank2_moved;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE UNLOGGED TABLE customhouse_work.customer_rank2_moved__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_rank2_moved;

ALTER TABLE customhouse_work.customer_rank2_moved__next RENAME TO customer_rank2_moved;

ANALYZE customhouse_work.customer_rank2_moved;

CREATE UNLOGGED TABLE customhouse_work.customer_joined__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_joined;

ALTER TABLE customhouse_work.customer_joined__next RENAME TO customer_joined;

ANALYZE customhouse_work.customer_joined;

-- repair clusters over a limit: join what the limits allow (phone)
CREATE UNLOGGED TABLE customhouse_work.customer_groups__next AS
SELECT DISTINCT
  p.c,
  coalesce(j.root, p.c) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

DROP TABLE IF EXISTS customhouse_work.customer_groups;

ALTER TABLE customhouse_work.customer_groups__next RENAME TO customer_groups;

ANALYZE customhouse_work.customer_groups;

CREATE UNLOGGED TABLE customhouse_work.customer_broken__next AS
SELECT
  s.g,
  (array_agg(((((('would join ' COLLATE "C" || (CAST(CAST(s.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN s.t = 0 THEN 'user_id' COLLATE "C" WHEN s.t = 1 THEN 'email' COLLATE "C" WHEN s.t = 2 THEN 'phone' COLLATE "C" WHEN s.t = 3 THEN 'card' COLLATE "C" WHEN s.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) ORDER BY s.t NULLS LAST, (((('would join ' COLLATE "C" || (CAST(CAST(s.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN s.t = 0 THEN 'user_id' COLLATE "C" WHEN s.t = 1 THEN 'email' COLLATE "C" WHEN s.t = 2 THEN 'phone' COLLATE "C" WHEN s.t = 3 THEN 'card' COLLATE "C" WHEN s.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) FILTER (WHERE ((((('would join ' COLLATE "C" || (CAST(CAST(s.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN s.t = 0 THEN 'user_id' COLLATE "C" WHEN s.t = 1 THEN 'email' COLLATE "C" WHEN s.t = 2 THEN 'phone' COLLATE "C" WHEN s.t = 3 THEN 'card' COLLATE "C" WHEN s.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) IS NOT NULL))[1] AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    CAST(nullif(nullif(greatest(least(sum(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS k,
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
      2 AS t,
      1 AS k,
      0 AS one
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
        SELECT 1 AS one
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

DROP TABLE IF EXISTS customhouse_work.customer_broken;

ALTER TABLE customhouse_work.customer_broken__next RENAME TO customer_broken;

ANALYZE customhouse_work.customer_broken;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x,
  'conflict' COLLATE "C" AS reason,
  k.evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE UNLOGGED TABLE customhouse_work.customer_groups__next AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

DROP TABLE IF EXISTS customhouse_work.customer_groups;

ALTER TABLE customhouse_work.customer_groups__next RENAME TO customer_groups;

ANALYZE customhouse_work.customer_groups;

CREATE UNLOGGED TABLE customhouse_work.customer_place__next AS
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
    SELECT 1 AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

DROP TABLE IF EXISTS customhouse_work.customer_place;

ALTER TABLE customhouse_work.customer_place__next RENAME TO customer_place;

ANALYZE customhouse_work.customer_place;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x,
  'too_many' COLLATE "C" AS reason,
  'the customer has more than 5 phone' COLLATE "C" AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 5;

CREATE UNLOGGED TABLE customhouse_work.customer_part__next AS
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
    SELECT 1 AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.customer_groups AS g ON g.c = p.c;

DROP TABLE IF EXISTS customhouse_work.customer_part;

ALTER TABLE customhouse_work.customer_part__next RENAME TO customer_part;

ANALYZE customhouse_work.customer_part;

-- repair clusters over a limit: judge shared identifiers (card)
CREATE UNLOGGED TABLE customhouse_work.customer_touches__next AS
SELECT DISTINCT
  l.x,
  p.c
FROM customhouse_work.customer_bonds AS l
JOIN customhouse_work.customer_part AS p ON p.n = l.a
WHERE l.t = 3
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link' COLLATE "C"
  );

DROP TABLE IF EXISTS customhouse_work.customer_touches;

ALTER TABLE customhouse_work.customer_touches__next RENAME TO customer_touches;

ANALYZE customhouse_work.customer_touches;

CREATE UNLOGGED TABLE customhouse_work.customer_bridges__next AS
SELECT
  h.x,
  min(h.c) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING count(*) > 1;

DROP TABLE IF EXISTS customhouse_work.customer_bridges;

ALTER TABLE customhouse_work.customer_bridges__next RENAME TO customer_bridges;

ANALYZE customhouse_work.customer_bridges;

CREATE UNLOGGED TABLE customhouse_work.customer_sizes__next AS
SELECT
  p.c,
  p.t,
  count(*) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 3
GROUP BY p.c, p.t;

DROP TABLE IF EXISTS customhouse_work.customer_sizes;

ALTER TABLE customhouse_work.customer_sizes__next RENAME TO customer_sizes;

ANALYZE customhouse_work.customer_sizes;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x,
  'shared' COLLATE "C" AS reason,
  (array_agg(((((('would join ' COLLATE "C" || (CAST(CAST(m.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN m.t = 0 THEN 'user_id' COLLATE "C" WHEN m.t = 1 THEN 'email' COLLATE "C" WHEN m.t = 2 THEN 'phone' COLLATE "C" WHEN m.t = 3 THEN 'card' COLLATE "C" WHEN m.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) ORDER BY m.t NULLS LAST, (((('would join ' COLLATE "C" || (CAST(CAST(m.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN m.t = 0 THEN 'user_id' COLLATE "C" WHEN m.t = 1 THEN 'email' COLLATE "C" WHEN m.t = 2 THEN 'phone' COLLATE "C" WHEN m.t = 3 THEN 'card' COLLATE "C" WHEN m.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) FILTER (WHERE ((((('would join ' COLLATE "C" || (CAST(CAST(m.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN m.t = 0 THEN 'user_id' COLLATE "C" WHEN m.t = 1 THEN 'email' COLLATE "C" WHEN m.t = 2 THEN 'phone' COLLATE "C" WHEN m.t = 3 THEN 'card' COLLATE "C" WHEN m.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) IS NOT NULL))[1] AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    CAST(nullif(nullif(greatest(least(sum(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS k
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

CREATE UNLOGGED TABLE customhouse_work.customer_hubs__next AS
SELECT DISTINCT
  h.c AS u,
  b.low AS v
FROM customhouse_work.customer_touches AS h
JOIN customhouse_work.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = h.x
);

DROP TABLE IF EXISTS customhouse_work.customer_hubs;

ALTER TABLE customhouse_work.customer_hubs__next RENAME TO customer_hubs;

ANALYZE customhouse_work.customer_hubs;

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE UNLOGGED TABLE customhouse_work.customer_rank3_first_forest__next AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

DROP TABLE IF EXISTS customhouse_work.customer_rank3_first_forest;

ALTER TABLE customhouse_work.customer_rank3_first_forest__next RENAME TO customer_rank3_first_forest;

ANALYZE customhouse_work.customer_rank3_first_forest;

CREATE UNLOGGED TABLE customhouse_work.customer_rank3_first_active__next AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank3_first_forest AS f
JOIN customhouse_work.customer_rank3_first_forest AS g ON g.u = f.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank3_first_active;

ALTER TABLE customhouse_work.customer_rank3_first_active__next RENAME TO customer_rank3_first_active;

ANALYZE customhouse_work.customer_rank3_first_active;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank3_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE UNLOGGED TABLE customhouse_work.customer_rank3_first_active__next AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank3_first_active AS a
LEFT JOIN customhouse_work.customer_rank3_first_active AS b ON b.u = a.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank3_first_active;

ALTER TABLE customhouse_work.customer_rank3_first_active__next RENAME TO customer_rank3_first_active;

ANALYZE customhouse_work.customer_rank3_first_active;

-- repair clusters over a limit: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rank3_rest__next AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank3_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank3_rest;

ALTER TABLE customhouse_work.customer_rank3_rest__next RENAME TO customer_rank3_rest;

ANALYZE customhouse_work.customer_rank3_rest;

CREATE UNLOGGED TABLE customhouse_work.customer_hubs__next AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank3_rest AS e
LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank3_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank3_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

DROP TABLE IF EXISTS customhouse_work.customer_hubs;

ALTER TABLE customhouse_work.customer_hubs__next RENAME TO customer_hubs;

ANALYZE customhouse_work.customer_hubs;

-- repair clusters over a limit: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rank3_moved__next AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank3_first_forest AS o
LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = o.u
WHERE FALSE;

DROP TABLE IF EXISTS customhouse_work.customer_rank3_moved;

ALTER TABLE customhouse_work.customer_rank3_moved__next RENAME TO customer_rank3_moved;

ANALYZE customhouse_work.customer_rank3_moved;

CREATE UNLOGGED TABLE customhouse_work.customer_rank3_last__next AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank3_first_forest AS o
LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = o.u
WHERE FALSE;

DROP TABLE IF EXISTS customhouse_work.customer_rank3_last;

ALTER TABLE customhouse_work.customer_rank3_last__next RENAME TO customer_rank3_last;

ANALYZE customhouse_work.customer_rank3_last;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE UNLOGGED TABLE customhouse_work.customer_rank3_forest__next AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

DROP TABLE IF EXISTS customhouse_work.customer_rank3_forest;

ALTER TABLE customhouse_work.customer_rank3_forest__next RENAME TO customer_rank3_forest;

ANALYZE customhouse_work.customer_rank3_forest;

CREATE UNLOGGED TABLE customhouse_work.customer_rank3_active__next AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank3_forest AS f
JOIN customhouse_work.customer_rank3_forest AS g ON g.u = f.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank3_active;

ALTER TABLE customhouse_work.customer_rank3_active__next RENAME TO customer_rank3_active;

ANALYZE customhouse_work.customer_rank3_active;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank3_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE UNLOGGED TABLE customhouse_work.customer_rank3_active__next AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank3_active AS a
LEFT JOIN customhouse_work.customer_rank3_active AS b ON b.u = a.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank3_active;

ALTER TABLE customhouse_work.customer_rank3_active__next RENAME TO customer_rank3_active;

ANALYZE customhouse_work.customer_rank3_active;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rank3_rest__next AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank3_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank3_rest;

ALTER TABLE customhouse_work.customer_rank3_rest__next RENAME TO customer_rank3_rest;

ANALYZE customhouse_work.customer_rank3_rest;

CREATE UNLOGGED TABLE customhouse_work.customer_hubs__next AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank3_rest AS e
LEFT JOIN customhouse_work.customer_rank3_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank3_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank3_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

DROP TABLE IF EXISTS customhouse_work.customer_hubs;

ALTER TABLE customhouse_work.customer_hubs__next RENAME TO customer_hubs;

ANALYZE customhouse_work.customer_hubs;

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE UNLOGGED TABLE customhouse_work.customer_rank3_moved__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_rank3_moved;

ALTER TABLE customhouse_work.customer_rank3_moved__next RENAME TO customer_rank3_moved;

ANALYZE customhouse_work.customer_rank3_moved;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE UNLOGGED TABLE customhouse_work.customer_rank3_moved__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_rank3_moved;

ALTER TABLE customhouse_work.customer_rank3_moved__next RENAME TO customer_rank3_moved;

ANALYZE customhouse_work.customer_rank3_moved;

CREATE UNLOGGED TABLE customhouse_work.customer_joined__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_joined;

ALTER TABLE customhouse_work.customer_joined__next RENAME TO customer_joined;

ANALYZE customhouse_work.customer_joined;

-- repair clusters over a limit: join what the limits allow (card)
CREATE UNLOGGED TABLE customhouse_work.customer_groups__next AS
SELECT DISTINCT
  p.c,
  coalesce(j.root, p.c) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

DROP TABLE IF EXISTS customhouse_work.customer_groups;

ALTER TABLE customhouse_work.customer_groups__next RENAME TO customer_groups;

ANALYZE customhouse_work.customer_groups;

CREATE UNLOGGED TABLE customhouse_work.customer_broken__next AS
SELECT
  s.g,
  (array_agg(((((('would join ' COLLATE "C" || (CAST(CAST(s.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN s.t = 0 THEN 'user_id' COLLATE "C" WHEN s.t = 1 THEN 'email' COLLATE "C" WHEN s.t = 2 THEN 'phone' COLLATE "C" WHEN s.t = 3 THEN 'card' COLLATE "C" WHEN s.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) ORDER BY s.t NULLS LAST, (((('would join ' COLLATE "C" || (CAST(CAST(s.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN s.t = 0 THEN 'user_id' COLLATE "C" WHEN s.t = 1 THEN 'email' COLLATE "C" WHEN s.t = 2 THEN 'phone' COLLATE "C" WHEN s.t = 3 THEN 'card' COLLATE "C" WHEN s.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) FILTER (WHERE ((((('would join ' COLLATE "C" || (CAST(CAST(s.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN s.t = 0 THEN 'user_id' COLLATE "C" WHEN s.t = 1 THEN 'email' COLLATE "C" WHEN s.t = 2 THEN 'phone' COLLATE "C" WHEN s.t = 3 THEN 'card' COLLATE "C" WHEN s.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) IS NOT NULL))[1] AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    CAST(nullif(nullif(greatest(least(sum(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS k,
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
      3 AS t,
      1 AS k,
      0 AS one
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
        SELECT 1 AS one
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

DROP TABLE IF EXISTS customhouse_work.customer_broken;

ALTER TABLE customhouse_work.customer_broken__next RENAME TO customer_broken;

ANALYZE customhouse_work.customer_broken;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x,
  'conflict' COLLATE "C" AS reason,
  k.evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE UNLOGGED TABLE customhouse_work.customer_groups__next AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

DROP TABLE IF EXISTS customhouse_work.customer_groups;

ALTER TABLE customhouse_work.customer_groups__next RENAME TO customer_groups;

ANALYZE customhouse_work.customer_groups;

CREATE UNLOGGED TABLE customhouse_work.customer_place__next AS
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
    SELECT 1 AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

DROP TABLE IF EXISTS customhouse_work.customer_place;

ALTER TABLE customhouse_work.customer_place__next RENAME TO customer_place;

ANALYZE customhouse_work.customer_place;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x,
  'too_many' COLLATE "C" AS reason,
  'the customer has more than 3 card' COLLATE "C" AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 3;

CREATE UNLOGGED TABLE customhouse_work.customer_part__next AS
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
    SELECT 1 AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.customer_groups AS g ON g.c = p.c;

DROP TABLE IF EXISTS customhouse_work.customer_part;

ALTER TABLE customhouse_work.customer_part__next RENAME TO customer_part;

ANALYZE customhouse_work.customer_part;

-- repair clusters over a limit: judge shared identifiers (cookie)
CREATE UNLOGGED TABLE customhouse_work.customer_touches__next AS
SELECT DISTINCT
  l.x,
  p.c
FROM customhouse_work.customer_bonds AS l
JOIN customhouse_work.customer_part AS p ON p.n = l.a
WHERE l.t = 4
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link' COLLATE "C"
  );

DROP TABLE IF EXISTS customhouse_work.customer_touches;

ALTER TABLE customhouse_work.customer_touches__next RENAME TO customer_touches;

ANALYZE customhouse_work.customer_touches;

CREATE UNLOGGED TABLE customhouse_work.customer_bridges__next AS
SELECT
  h.x,
  min(h.c) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING count(*) > 1;

DROP TABLE IF EXISTS customhouse_work.customer_bridges;

ALTER TABLE customhouse_work.customer_bridges__next RENAME TO customer_bridges;

ANALYZE customhouse_work.customer_bridges;

CREATE UNLOGGED TABLE customhouse_work.customer_sizes__next AS
SELECT
  p.c,
  p.t,
  count(*) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 4
GROUP BY p.c, p.t;

DROP TABLE IF EXISTS customhouse_work.customer_sizes;

ALTER TABLE customhouse_work.customer_sizes__next RENAME TO customer_sizes;

ANALYZE customhouse_work.customer_sizes;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x,
  'shared' COLLATE "C" AS reason,
  (array_agg(((((('would join ' COLLATE "C" || (CAST(CAST(m.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN m.t = 0 THEN 'user_id' COLLATE "C" WHEN m.t = 1 THEN 'email' COLLATE "C" WHEN m.t = 2 THEN 'phone' COLLATE "C" WHEN m.t = 3 THEN 'card' COLLATE "C" WHEN m.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) ORDER BY m.t NULLS LAST, (((('would join ' COLLATE "C" || (CAST(CAST(m.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN m.t = 0 THEN 'user_id' COLLATE "C" WHEN m.t = 1 THEN 'email' COLLATE "C" WHEN m.t = 2 THEN 'phone' COLLATE "C" WHEN m.t = 3 THEN 'card' COLLATE "C" WHEN m.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) FILTER (WHERE ((((('would join ' COLLATE "C" || (CAST(CAST(m.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN m.t = 0 THEN 'user_id' COLLATE "C" WHEN m.t = 1 THEN 'email' COLLATE "C" WHEN m.t = 2 THEN 'phone' COLLATE "C" WHEN m.t = 3 THEN 'card' COLLATE "C" WHEN m.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) IS NOT NULL))[1] AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    CAST(nullif(nullif(greatest(least(sum(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS k
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

CREATE UNLOGGED TABLE customhouse_work.customer_hubs__next AS
SELECT DISTINCT
  h.c AS u,
  b.low AS v
FROM customhouse_work.customer_touches AS h
JOIN customhouse_work.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = h.x
);

DROP TABLE IF EXISTS customhouse_work.customer_hubs;

ALTER TABLE customhouse_work.customer_hubs__next RENAME TO customer_hubs;

ANALYZE customhouse_work.customer_hubs;

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE UNLOGGED TABLE customhouse_work.customer_rank4_first_forest__next AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

DROP TABLE IF EXISTS customhouse_work.customer_rank4_first_forest;

ALTER TABLE customhouse_work.customer_rank4_first_forest__next RENAME TO customer_rank4_first_forest;

ANALYZE customhouse_work.customer_rank4_first_forest;

CREATE UNLOGGED TABLE customhouse_work.customer_rank4_first_active__next AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank4_first_forest AS f
JOIN customhouse_work.customer_rank4_first_forest AS g ON g.u = f.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank4_first_active;

ALTER TABLE customhouse_work.customer_rank4_first_active__next RENAME TO customer_rank4_first_active;

ANALYZE customhouse_work.customer_rank4_first_active;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank4_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE UNLOGGED TABLE customhouse_work.customer_rank4_first_active__next AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank4_first_active AS a
LEFT JOIN customhouse_work.customer_rank4_first_active AS b ON b.u = a.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank4_first_active;

ALTER TABLE customhouse_work.customer_rank4_first_active__next RENAME TO customer_rank4_first_active;

ANALYZE customhouse_work.customer_rank4_first_active;

-- repair clusters over a limit: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rank4_rest__next AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank4_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank4_rest;

ALTER TABLE customhouse_work.customer_rank4_rest__next RENAME TO customer_rank4_rest;

ANALYZE customhouse_work.customer_rank4_rest;

CREATE UNLOGGED TABLE customhouse_work.customer_hubs__next AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank4_rest AS e
LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank4_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank4_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

DROP TABLE IF EXISTS customhouse_work.customer_hubs;

ALTER TABLE customhouse_work.customer_hubs__next RENAME TO customer_hubs;

ANALYZE customhouse_work.customer_hubs;

-- repair clusters over a limit: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rank4_moved__next AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank4_first_forest AS o
LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = o.u
WHERE FALSE;

DROP TABLE IF EXISTS customhouse_work.customer_rank4_moved;

ALTER TABLE customhouse_work.customer_rank4_moved__next RENAME TO customer_rank4_moved;

ANALYZE customhouse_work.customer_rank4_moved;

CREATE UNLOGGED TABLE customhouse_work.customer_rank4_last__next AS
SELECT
  o.u AS n,
  coalesce(a.w, o.v) AS root
FROM customhouse_work.customer_rank4_first_forest AS o
LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = o.u
WHERE FALSE;

DROP TABLE IF EXISTS customhouse_work.customer_rank4_last;

ALTER TABLE customhouse_work.customer_rank4_last__next RENAME TO customer_rank4_last;

ANALYZE customhouse_work.customer_rank4_last;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN count(*) > 20000 THEN count(*) ELSE 0 END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE UNLOGGED TABLE customhouse_work.customer_rank4_forest__next AS
SELECT
  e.u,
  min(e.v) AS v,
  count(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

DROP TABLE IF EXISTS customhouse_work.customer_rank4_forest;

ALTER TABLE customhouse_work.customer_rank4_forest__next RENAME TO customer_rank4_forest;

ANALYZE customhouse_work.customer_rank4_forest;

CREATE UNLOGGED TABLE customhouse_work.customer_rank4_active__next AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank4_forest AS f
JOIN customhouse_work.customer_rank4_forest AS g ON g.u = f.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank4_active;

ALTER TABLE customhouse_work.customer_rank4_active__next RENAME TO customer_rank4_active;

ANALYZE customhouse_work.customer_rank4_active;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT count(*) AS n
FROM customhouse_work.customer_rank4_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE UNLOGGED TABLE customhouse_work.customer_rank4_active__next AS
SELECT
  a.u,
  coalesce(b.v, a.v) AS v,
  coalesce(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank4_active AS a
LEFT JOIN customhouse_work.customer_rank4_active AS b ON b.u = a.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank4_active;

ALTER TABLE customhouse_work.customer_rank4_active__next RENAME TO customer_rank4_active;

ANALYZE customhouse_work.customer_rank4_active;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE UNLOGGED TABLE customhouse_work.customer_rank4_rest__next AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank4_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

DROP TABLE IF EXISTS customhouse_work.customer_rank4_rest;

ALTER TABLE customhouse_work.customer_rank4_rest__next RENAME TO customer_rank4_rest;

ANALYZE customhouse_work.customer_rank4_rest;

CREATE UNLOGGED TABLE customhouse_work.customer_hubs__next AS
SELECT DISTINCT
  greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS u,
  least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v)) AS v
FROM customhouse_work.customer_rank4_rest AS e
LEFT JOIN customhouse_work.customer_rank4_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank4_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank4_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

DROP TABLE IF EXISTS customhouse_work.customer_hubs;

ALTER TABLE customhouse_work.customer_hubs__next RENAME TO customer_hubs;

ANALYZE customhouse_work.customer_hubs;

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE UNLOGGED TABLE customhouse_work.customer_rank4_moved__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_rank4_moved;

ALTER TABLE customhouse_work.customer_rank4_moved__next RENAME TO customer_rank4_moved;

ANALYZE customhouse_work.customer_rank4_moved;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE UNLOGGED TABLE customhouse_work.customer_rank4_moved__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_rank4_moved;

ALTER TABLE customhouse_work.customer_rank4_moved__next RENAME TO customer_rank4_moved;

ANALYZE customhouse_work.customer_rank4_moved;

CREATE UNLOGGED TABLE customhouse_work.customer_joined__next AS
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

DROP TABLE IF EXISTS customhouse_work.customer_joined;

ALTER TABLE customhouse_work.customer_joined__next RENAME TO customer_joined;

ANALYZE customhouse_work.customer_joined;

-- repair clusters over a limit: join what the limits allow (cookie)
CREATE UNLOGGED TABLE customhouse_work.customer_groups__next AS
SELECT DISTINCT
  p.c,
  coalesce(j.root, p.c) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

DROP TABLE IF EXISTS customhouse_work.customer_groups;

ALTER TABLE customhouse_work.customer_groups__next RENAME TO customer_groups;

ANALYZE customhouse_work.customer_groups;

CREATE UNLOGGED TABLE customhouse_work.customer_broken__next AS
SELECT
  s.g,
  (array_agg(((((('would join ' COLLATE "C" || (CAST(CAST(s.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN s.t = 0 THEN 'user_id' COLLATE "C" WHEN s.t = 1 THEN 'email' COLLATE "C" WHEN s.t = 2 THEN 'phone' COLLATE "C" WHEN s.t = 3 THEN 'card' COLLATE "C" WHEN s.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) ORDER BY s.t NULLS LAST, (((('would join ' COLLATE "C" || (CAST(CAST(s.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN s.t = 0 THEN 'user_id' COLLATE "C" WHEN s.t = 1 THEN 'email' COLLATE "C" WHEN s.t = 2 THEN 'phone' COLLATE "C" WHEN s.t = 3 THEN 'card' COLLATE "C" WHEN s.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) FILTER (WHERE ((((('would join ' COLLATE "C" || (CAST(CAST(s.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN s.t = 0 THEN 'user_id' COLLATE "C" WHEN s.t = 1 THEN 'email' COLLATE "C" WHEN s.t = 2 THEN 'phone' COLLATE "C" WHEN s.t = 3 THEN 'card' COLLATE "C" WHEN s.t = 4 THEN 'cookie' COLLATE "C" END) || ', limit ' COLLATE "C") || (CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS bigint) AS text) COLLATE "C")) IS NOT NULL))[1] AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    CAST(nullif(nullif(greatest(least(sum(q.k), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS k,
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
      4 AS t,
      1 AS k,
      0 AS one
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
        SELECT 1 AS one
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

DROP TABLE IF EXISTS customhouse_work.customer_broken;

ALTER TABLE customhouse_work.customer_broken__next RENAME TO customer_broken;

ANALYZE customhouse_work.customer_broken;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x,
  'conflict' COLLATE "C" AS reason,
  k.evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE UNLOGGED TABLE customhouse_work.customer_groups__next AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

DROP TABLE IF EXISTS customhouse_work.customer_groups;

ALTER TABLE customhouse_work.customer_groups__next RENAME TO customer_groups;

ANALYZE customhouse_work.customer_groups;

CREATE UNLOGGED TABLE customhouse_work.customer_place__next AS
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
    SELECT 1 AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

DROP TABLE IF EXISTS customhouse_work.customer_place;

ALTER TABLE customhouse_work.customer_place__next RENAME TO customer_place;

ANALYZE customhouse_work.customer_place;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x,
  'too_many' COLLATE "C" AS reason,
  'the customer has more than 200 cookie' COLLATE "C" AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 200;

CREATE UNLOGGED TABLE customhouse_work.customer_part__next AS
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
    SELECT 1 AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.customer_groups AS g ON g.c = p.c;

DROP TABLE IF EXISTS customhouse_work.customer_part;

ALTER TABLE customhouse_work.customer_part__next RENAME TO customer_part;

ANALYZE customhouse_work.customer_part;

-- repair clusters over a limit: put the repaired clusters back
CREATE UNLOGGED TABLE customhouse_work.customer_cluster__next AS
SELECT
  c.n,
  c.t,
  c.g,
  coalesce(b.c, c.c) AS c
FROM customhouse_work.customer_cluster AS c
LEFT JOIN customhouse_work.customer_part AS b ON b.n = c.n;

DROP TABLE IF EXISTS customhouse_work.customer_cluster;

ALTER TABLE customhouse_work.customer_cluster__next RENAME TO customer_cluster;

ANALYZE customhouse_work.customer_cluster;

CREATE UNLOGGED TABLE customhouse_work.customer_stats__next AS
SELECT
  s.c,
  s.first,
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
  min(c.n) AS first,
  count(*) AS size,
  count(CASE WHEN c.t = 0 THEN 1 END) AS k0,
  count(CASE WHEN c.t = 1 THEN 1 END) AS k1,
  count(CASE WHEN c.t = 2 THEN 1 END) AS k2,
  count(CASE WHEN c.t = 3 THEN 1 END) AS k3,
  count(CASE WHEN c.t = 4 THEN 1 END) AS k4
FROM customhouse_work.customer_part AS c
GROUP BY c.c;

DROP TABLE IF EXISTS customhouse_work.customer_stats;

ALTER TABLE customhouse_work.customer_stats__next RENAME TO customer_stats;

ANALYZE customhouse_work.customer_stats;

CREATE UNLOGGED TABLE customhouse_work.customer_over__next AS
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
    FROM customhouse_work.customer_part AS c
    GROUP BY c.c
  ) AS s
  WHERE s.k0 > 1 OR s.k1 > 5 OR s.k2 > 5 OR s.k3 > 3 OR s.k4 > 200
) AS k;

DROP TABLE IF EXISTS customhouse_work.customer_over;

ALTER TABLE customhouse_work.customer_over__next RENAME TO customer_over;

ANALYZE customhouse_work.customer_over;

-- carry ids over
CREATE UNLOGGED TABLE customhouse_work.customer_barred__next AS
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
HAVING max(d.last_seen) < timestamp '2025-10-04 00:00:00' AND bool_and(d.t IN (4));

DROP TABLE IF EXISTS customhouse_work.customer_barred;

ALTER TABLE customhouse_work.customer_barred__next RENAME TO customer_barred;

ANALYZE customhouse_work.customer_barred;

CREATE UNLOGGED TABLE customhouse_work.customer_owners__next AS
SELECT
  d.old,
  (array_agg(c.c ORDER BY (CAST(nullif(nullif(greatest(least(CAST(CAST(d.t AS bigint) AS numeric) * 281474976710656, 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) + d.n) NULLS LAST, c.c) FILTER (WHERE c.c IS NOT NULL))[1] AS c
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

DROP TABLE IF EXISTS customhouse_work.customer_owners;

ALTER TABLE customhouse_work.customer_owners__next RENAME TO customer_owners;

ANALYZE customhouse_work.customer_owners;

CREATE UNLOGGED TABLE customhouse_work.customer_ids__next AS
SELECT
  k.c,
  coalesce(s.id, greatest((
    SELECT coalesce(max(m.customer_id), 0) AS n
    FROM customhouse.customer_identities AS m
  ), (
    SELECT coalesce(max(m.old_id), 0) AS n
    FROM customhouse.customer_id_history AS m
  ), (
    SELECT coalesce(max(m.new_id), 0) AS n
    FROM customhouse.customer_id_history AS m
  )) + row_number() OVER (ORDER BY CASE WHEN s.id IS NULL THEN k.first END NULLS LAST)) AS id
FROM (
  SELECT
    c.c,
    c.first
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

DROP TABLE IF EXISTS customhouse_work.customer_ids;

ALTER TABLE customhouse_work.customer_ids__next RENAME TO customer_ids;

ANALYZE customhouse_work.customer_ids;

CREATE UNLOGGED TABLE customhouse_work.customer_changes__next AS
SELECT
  o.old AS old_id,
  i.id AS new_id,
  'merge' COLLATE "C" AS kind,
  'a link joined the two' COLLATE "C" AS cause
FROM customhouse_work.customer_owners AS o
JOIN customhouse_work.customer_ids AS i ON i.c = o.c
WHERE i.id <> o.old
UNION ALL
SELECT
  p.old AS old_id,
  i.id AS new_id,
  'split' COLLATE "C" AS kind,
  'no link joins the identifiers any more' COLLATE "C" AS cause
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
  CAST(NULL AS bigint) AS new_id,
  'gone' COLLATE "C" AS kind,
  CASE WHEN EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.customer_nodes AS d
    WHERE d.old = g.id
  ) THEN 'its identifiers are quarantined or have expired' COLLATE "C" ELSE 'no source carries its identifiers any more' COLLATE "C" END AS cause
FROM (
  SELECT DISTINCT i.customer_id AS id
  FROM customhouse.customer_identities AS i
  WHERE i.customer_id IS NOT NULL
) AS g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_owners AS o
  WHERE o.old = g.id
);

DROP TABLE IF EXISTS customhouse_work.customer_changes;

ALTER TABLE customhouse_work.customer_changes__next RENAME TO customer_changes;

ANALYZE customhouse_work.customer_changes;

-- write identities
CREATE UNLOGGED TABLE customhouse_work.customer_suspects__next AS
SELECT
  i.id,
  s.first AS n,
  (CAST(s.size AS text) COLLATE "C") || ' identifiers, more than 50' COLLATE "C" AS evidence
FROM customhouse_work.customer_stats AS s
JOIN customhouse_work.customer_ids AS i ON i.c = s.c
WHERE s.size > 50;

DROP TABLE IF EXISTS customhouse_work.customer_suspects;

ALTER TABLE customhouse_work.customer_suspects__next RENAME TO customer_suspects;

ANALYZE customhouse_work.customer_suspects;

CREATE TABLE customhouse.customer_identities__new__next AS
SELECT
  CASE WHEN d.t = 0 THEN 'user_id' COLLATE "C" WHEN d.t = 1 THEN 'email' COLLATE "C" WHEN d.t = 2 THEN 'phone' COLLATE "C" WHEN d.t = 3 THEN 'card' COLLATE "C" WHEN d.t = 4 THEN 'cookie' COLLATE "C" END AS identifier_type,
  d.v AS identifier,
  i.id AS customer_id,
  d.first_seen,
  d.last_seen,
  d.source,
  d.n AS number,
  c.g AS component,
  d.n IN (
    SELECT z.x
    FROM customhouse_work.customer_quarantined AS z
  ) AS quarantined
FROM customhouse_work.customer_nodes AS d
JOIN customhouse_work.customer_cluster AS c ON c.n = d.n
LEFT JOIN customhouse_work.customer_ids AS i ON i.c = c.c;

DROP TABLE IF EXISTS customhouse.customer_identities__new;

ALTER TABLE customhouse.customer_identities__new__next RENAME TO customer_identities__new;

ANALYZE customhouse.customer_identities__new;

CREATE UNLOGGED TABLE customhouse_work.customer_told__next AS
SELECT
  i.number AS n,
  i.identifier AS v
FROM customhouse.customer_identities AS i
WHERE i.number IN (
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

DROP TABLE IF EXISTS customhouse_work.customer_told;

ALTER TABLE customhouse_work.customer_told__next RENAME TO customer_told;

ANALYZE customhouse_work.customer_told;

CREATE TABLE customhouse.customer_identity_incidents__new__next AS
SELECT
  CASE WHEN d.t = 0 THEN 'user_id' COLLATE "C" WHEN d.t = 1 THEN 'email' COLLATE "C" WHEN d.t = 2 THEN 'phone' COLLATE "C" WHEN d.t = 3 THEN 'card' COLLATE "C" WHEN d.t = 4 THEN 'cookie' COLLATE "C" END AS identifier_type,
  coalesce(d.v, o.v) AS identifier,
  r.reason,
  r.evidence,
  'RUN' COLLATE "C" AS run_id,
  r.n AS number,
  r.id AS customer_id
FROM customhouse_work.customer_nodes AS d
JOIN (
  SELECT
    r.x AS n,
    r.reason,
    r.evidence,
    CAST(NULL AS bigint) AS id
  FROM customhouse_work.customer_refused AS r
  UNION ALL
  SELECT
    r.x AS n,
    'quarantined' COLLATE "C" AS reason,
    (('seen with ' COLLATE "C" || (CAST(CAST(r.k AS bigint) AS text) COLLATE "C")) || ' ' COLLATE "C") || CASE WHEN r.s = 0 THEN 'user_id' COLLATE "C" WHEN r.s = 1 THEN 'email' COLLATE "C" WHEN r.s = 2 THEN 'phone' COLLATE "C" WHEN r.s = 3 THEN 'card' COLLATE "C" WHEN r.s = 4 THEN 'cookie' COLLATE "C" END AS evidence,
    CAST(NULL AS bigint) AS id
  FROM customhouse_work.customer_quarantined AS r
  WHERE r.k IS NOT NULL
  UNION ALL
  SELECT
    r.n,
    'suspect' COLLATE "C" AS reason,
    r.evidence,
    r.id
  FROM customhouse_work.customer_suspects AS r
) AS r ON d.n = r.n
LEFT JOIN customhouse_work.customer_told AS o ON o.n = r.n
UNION ALL
SELECT
  'user_id' COLLATE "C" AS identifier_type,
  substr(r."raw.user_id", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END) AS identifier,
  CASE WHEN CAST(length(r."raw.user_id") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN nullif(btrim(r."raw.user_id", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END AS reason,
  (CAST(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS text) COLLATE "C") || ' rows of contacts' COLLATE "C" AS evidence,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS number,
  CAST(NULL AS bigint) AS customer_id
FROM (
  SELECT
    r."raw.user_id",
    r.rows
  FROM customhouse.identity_rows_contacts__new AS r
  WHERE r."n.user_id" IS NULL
    AND r."raw.user_id" IS NOT NULL
) AS r
WHERE NOT (nullif(btrim(r."raw.user_id", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY substr(r."raw.user_id", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END), CASE WHEN CAST(length(r."raw.user_id") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN nullif(btrim(r."raw.user_id", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END
UNION ALL
SELECT
  'email' COLLATE "C" AS identifier_type,
  substr(r."raw.email", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END) AS identifier,
  CASE WHEN CAST(length(r."raw.email") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) ~ '^(?:[^\u0009-\u000a\u000c-\u000d \<\>\@]+\@[^\u0009-\u000a\u000c-\u000d \<\>\@]+\.[^\u0009-\u000a\u000c-\u000d \<\>\@]+)$' COLLATE "C" THEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END AS reason,
  (CAST(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS text) COLLATE "C") || ' rows of contacts' COLLATE "C" AS evidence,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS number,
  CAST(NULL AS bigint) AS customer_id
FROM (
  SELECT
    r."raw.email",
    r.rows
  FROM customhouse.identity_rows_contacts__new AS r
  WHERE r."n.email" IS NULL
    AND r."raw.email" IS NOT NULL
) AS r
WHERE NOT (nullif(btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY substr(r."raw.email", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END), CASE WHEN CAST(length(r."raw.email") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) ~ '^(?:[^\u0009-\u000a\u000c-\u000d \<\>\@]+\@[^\u0009-\u000a\u000c-\u000d \<\>\@]+\.[^\u0009-\u000a\u000c-\u000d \<\>\@]+)$' COLLATE "C" THEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END
UNION ALL
SELECT
  'phone' COLLATE "C" AS identifier_type,
  substr(r."raw.phone", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END) AS identifier,
  CASE WHEN CAST(length(r."raw.phone") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN ('+' COLLATE "C" || CASE WHEN starts_with(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+' COLLATE "C") THEN regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g') WHEN starts_with(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '00' COLLATE "C") THEN regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^00' COLLATE "C", '' COLLATE "C", 'g') ELSE '33' COLLATE "C" || nullif(regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^0' COLLATE "C", '' COLLATE "C", 'g'), '') END) ~ '^(?:\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14}))$' COLLATE "C" THEN '+' COLLATE "C" || CASE WHEN starts_with(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+' COLLATE "C") THEN regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g') WHEN starts_with(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '00' COLLATE "C") THEN regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^00' COLLATE "C", '' COLLATE "C", 'g') ELSE '33' COLLATE "C" || nullif(regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^0' COLLATE "C", '' COLLATE "C", 'g'), '') END END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END AS reason,
  (CAST(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS text) COLLATE "C") || ' rows of contacts' COLLATE "C" AS evidence,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS number,
  CAST(NULL AS bigint) AS customer_id
FROM (
  SELECT
    r."raw.phone",
    r.rows
  FROM customhouse.identity_rows_contacts__new AS r
  WHERE r."n.phone" IS NULL
    AND r."raw.phone" IS NOT NULL
) AS r
WHERE NOT (nullif(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY substr(r."raw.phone", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END), CASE WHEN CAST(length(r."raw.phone") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN ('+' COLLATE "C" || CASE WHEN starts_with(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+' COLLATE "C") THEN regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g') WHEN starts_with(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '00' COLLATE "C") THEN regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^00' COLLATE "C", '' COLLATE "C", 'g') ELSE '33' COLLATE "C" || nullif(regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^0' COLLATE "C", '' COLLATE "C", 'g'), '') END) ~ '^(?:\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14}))$' COLLATE "C" THEN '+' COLLATE "C" || CASE WHEN starts_with(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+' COLLATE "C") THEN regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g') WHEN starts_with(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '00' COLLATE "C") THEN regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^00' COLLATE "C", '' COLLATE "C", 'g') ELSE '33' COLLATE "C" || nullif(regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^0' COLLATE "C", '' COLLATE "C", 'g'), '') END END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END
UNION ALL
SELECT
  'email' COLLATE "C" AS identifier_type,
  substr(r."raw.email", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END) AS identifier,
  CASE WHEN CAST(length(r."raw.email") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) ~ '^(?:[^\u0009-\u000a\u000c-\u000d \<\>\@]+\@[^\u0009-\u000a\u000c-\u000d \<\>\@]+\.[^\u0009-\u000a\u000c-\u000d \<\>\@]+)$' COLLATE "C" THEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END AS reason,
  (CAST(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS text) COLLATE "C") || ' rows of loyalty' COLLATE "C" AS evidence,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS number,
  CAST(NULL AS bigint) AS customer_id
FROM (
  SELECT
    r."raw.email",
    r.rows
  FROM customhouse.identity_rows_loyalty__new AS r
  WHERE r."n.email" IS NULL
    AND r."raw.email" IS NOT NULL
) AS r
WHERE NOT (nullif(btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY substr(r."raw.email", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END), CASE WHEN CAST(length(r."raw.email") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) ~ '^(?:[^\u0009-\u000a\u000c-\u000d \<\>\@]+\@[^\u0009-\u000a\u000c-\u000d \<\>\@]+\.[^\u0009-\u000a\u000c-\u000d \<\>\@]+)$' COLLATE "C" THEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END
UNION ALL
SELECT
  'phone' COLLATE "C" AS identifier_type,
  substr(r."raw.phone", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END) AS identifier,
  CASE WHEN CAST(length(r."raw.phone") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN ('+' COLLATE "C" || CASE WHEN starts_with(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+' COLLATE "C") THEN regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g') WHEN starts_with(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '00' COLLATE "C") THEN regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^00' COLLATE "C", '' COLLATE "C", 'g') ELSE '33' COLLATE "C" || nullif(regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^0' COLLATE "C", '' COLLATE "C", 'g'), '') END) ~ '^(?:\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14}))$' COLLATE "C" THEN '+' COLLATE "C" || CASE WHEN starts_with(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+' COLLATE "C") THEN regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g') WHEN starts_with(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '00' COLLATE "C") THEN regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^00' COLLATE "C", '' COLLATE "C", 'g') ELSE '33' COLLATE "C" || nullif(regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^0' COLLATE "C", '' COLLATE "C", 'g'), '') END END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END AS reason,
  (CAST(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS text) COLLATE "C") || ' rows of loyalty' COLLATE "C" AS evidence,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS number,
  CAST(NULL AS bigint) AS customer_id
FROM (
  SELECT
    r."raw.phone",
    r.rows
  FROM customhouse.identity_rows_loyalty__new AS r
  WHERE r."n.phone" IS NULL
    AND r."raw.phone" IS NOT NULL
) AS r
WHERE NOT (nullif(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY substr(r."raw.phone", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END), CASE WHEN CAST(length(r."raw.phone") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN ('+' COLLATE "C" || CASE WHEN starts_with(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+' COLLATE "C") THEN regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g') WHEN starts_with(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '00' COLLATE "C") THEN regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^00' COLLATE "C", '' COLLATE "C", 'g') ELSE '33' COLLATE "C" || nullif(regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^0' COLLATE "C", '' COLLATE "C", 'g'), '') END) ~ '^(?:\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14}))$' COLLATE "C" THEN '+' COLLATE "C" || CASE WHEN starts_with(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+' COLLATE "C") THEN regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g') WHEN starts_with(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '00' COLLATE "C") THEN regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^00' COLLATE "C", '' COLLATE "C", 'g') ELSE '33' COLLATE "C" || nullif(regexp_replace(regexp_replace(replace(btrim(r."raw.phone", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)' COLLATE "C", '' COLLATE "C"), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '^0' COLLATE "C", '' COLLATE "C", 'g'), '') END END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END
UNION ALL
SELECT
  'card' COLLATE "C" AS identifier_type,
  substr(r."raw.card", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END) AS identifier,
  CASE WHEN CAST(length(r."raw.card") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN nullif(regexp_replace(btrim(r."raw.card", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '') IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END AS reason,
  (CAST(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS text) COLLATE "C") || ' rows of loyalty' COLLATE "C" AS evidence,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS number,
  CAST(NULL AS bigint) AS customer_id
FROM (
  SELECT
    r."raw.card",
    r.rows
  FROM customhouse.identity_rows_loyalty__new AS r
  WHERE r."n.card" IS NULL
    AND r."raw.card" IS NOT NULL
) AS r
WHERE NOT (nullif(btrim(r."raw.card", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY substr(r."raw.card", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END), CASE WHEN CAST(length(r."raw.card") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN nullif(regexp_replace(btrim(r."raw.card", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '') IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END
UNION ALL
SELECT
  'email' COLLATE "C" AS identifier_type,
  substr(r."raw.email", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END) AS identifier,
  CASE WHEN CAST(length(r."raw.email") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) ~ '^(?:[^\u0009-\u000a\u000c-\u000d \<\>\@]+\@[^\u0009-\u000a\u000c-\u000d \<\>\@]+\.[^\u0009-\u000a\u000c-\u000d \<\>\@]+)$' COLLATE "C" THEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END AS reason,
  (CAST(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS text) COLLATE "C") || ' rows of newsletter' COLLATE "C" AS evidence,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS number,
  CAST(NULL AS bigint) AS customer_id
FROM (
  SELECT
    r."raw.email",
    r.rows
  FROM customhouse.identity_rows_newsletter__new AS r
  WHERE r."n.email" IS NULL
    AND r."raw.email" IS NOT NULL
) AS r
WHERE NOT (nullif(btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY substr(r."raw.email", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END), CASE WHEN CAST(length(r."raw.email") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) ~ '^(?:[^\u0009-\u000a\u000c-\u000d \<\>\@]+\@[^\u0009-\u000a\u000c-\u000d \<\>\@]+\.[^\u0009-\u000a\u000c-\u000d \<\>\@]+)$' COLLATE "C" THEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END
UNION ALL
SELECT
  'email' COLLATE "C" AS identifier_type,
  substr(r."raw.email", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END) AS identifier,
  CASE WHEN CAST(length(r."raw.email") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) ~ '^(?:[^\u0009-\u000a\u000c-\u000d \<\>\@]+\@[^\u0009-\u000a\u000c-\u000d \<\>\@]+\.[^\u0009-\u000a\u000c-\u000d \<\>\@]+)$' COLLATE "C" THEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END AS reason,
  (CAST(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS text) COLLATE "C") || ' rows of orders' COLLATE "C" AS evidence,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS number,
  CAST(NULL AS bigint) AS customer_id
FROM (
  SELECT
    r."raw.email",
    r.rows
  FROM customhouse.identity_rows_orders__new AS r
  WHERE r."n.email" IS NULL
    AND r."raw.email" IS NOT NULL
) AS r
WHERE NOT (nullif(btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY substr(r."raw.email", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END), CASE WHEN CAST(length(r."raw.email") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) ~ '^(?:[^\u0009-\u000a\u000c-\u000d \<\>\@]+\@[^\u0009-\u000a\u000c-\u000d \<\>\@]+\.[^\u0009-\u000a\u000c-\u000d \<\>\@]+)$' COLLATE "C" THEN (SELECT CASE WHEN octet_length("$1") = length("$1") THEN lower("$1" COLLATE "C") ELSE translate("$1", 'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾἈἉἊἋἌἍἎἏἘἙἚἛἜἝἨἩἪἫἬἭἮἯἸἹἺἻἼἽἾἿὈὉὊὋὌὍὙὛὝὟὨὩὪὫὬὭὮὯᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾸᾹᾺΆᾼῈΈῊΉῌῘῙῚΊῨῩῪΎῬῸΌῺΏῼΩKÅℲⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫⅬⅭⅮⅯↃⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', 'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿἀἁἂἃἄἅἆἇἐἑἒἓἔἕἠἡἢἣἤἥἦἧἰἱἲἳἴἵἶἷὀὁὂὃὄὅὑὓὕὗὠὡὢὣὤὥὦὧᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾰᾱὰάᾳὲέὴήῃῐῑὶίῠῡὺύῥὸόὼώῳωkåⅎⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻⅼⅽⅾⅿↄⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃') END FROM (SELECT btrim(r."raw.email", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') AS "$1" OFFSET 0) AS let) END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END
UNION ALL
SELECT
  'card' COLLATE "C" AS identifier_type,
  substr(r."raw.card", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END) AS identifier,
  CASE WHEN CAST(length(r."raw.card") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN nullif(regexp_replace(btrim(r."raw.card", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '') IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END AS reason,
  (CAST(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS text) COLLATE "C") || ' rows of orders' COLLATE "C" AS evidence,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS number,
  CAST(NULL AS bigint) AS customer_id
FROM (
  SELECT
    r."raw.card",
    r.rows
  FROM customhouse.identity_rows_orders__new AS r
  WHERE r."n.card" IS NULL
    AND r."raw.card" IS NOT NULL
) AS r
WHERE NOT (nullif(btrim(r."raw.card", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY substr(r."raw.card", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END), CASE WHEN CAST(length(r."raw.card") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN nullif(regexp_replace(btrim(r."raw.card", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '[^0-9]+' COLLATE "C", '' COLLATE "C", 'g'), '') IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END
UNION ALL
SELECT
  'user_id' COLLATE "C" AS identifier_type,
  substr(r."raw.user_id", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END) AS identifier,
  CASE WHEN CAST(length(r."raw.user_id") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN nullif(btrim(r."raw.user_id", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END AS reason,
  (CAST(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS text) COLLATE "C") || ' rows of page_views' COLLATE "C" AS evidence,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS number,
  CAST(NULL AS bigint) AS customer_id
FROM (
  SELECT
    r."raw.user_id",
    r.rows
  FROM customhouse.identity_rows_page_views__new AS r
  WHERE r."n.user_id" IS NULL
    AND r."raw.user_id" IS NOT NULL
) AS r
WHERE NOT (nullif(btrim(r."raw.user_id", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY substr(r."raw.user_id", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END), CASE WHEN CAST(length(r."raw.user_id") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN nullif(btrim(r."raw.user_id", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END
UNION ALL
SELECT
  'cookie' COLLATE "C" AS identifier_type,
  substr(r."raw.cookie", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END) AS identifier,
  CASE WHEN CAST(length(r."raw.cookie") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN btrim(r."raw.cookie", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') <> '' COLLATE "C" THEN r."raw.cookie" END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END AS reason,
  (CAST(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS text) COLLATE "C") || ' rows of page_views' COLLATE "C" AS evidence,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS number,
  CAST(NULL AS bigint) AS customer_id
FROM (
  SELECT
    r."raw.cookie",
    r.rows
  FROM customhouse.identity_rows_page_views__new AS r
  WHERE r."n.cookie" IS NULL
    AND r."raw.cookie" IS NOT NULL
) AS r
WHERE NOT (nullif(btrim(r."raw.cookie", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY substr(r."raw.cookie", CASE WHEN 1 BETWEEN -2147483647 AND 2147483647 THEN CAST(1 AS integer) WHEN 1 > 0 THEN 2147483647 WHEN 1 < 0 THEN -2147483647 END, CASE WHEN 100 BETWEEN -2147483647 AND 2147483647 THEN CAST(100 AS integer) WHEN 100 > 0 THEN 2147483647 WHEN 100 < 0 THEN -2147483647 END), CASE WHEN CAST(length(r."raw.cookie") AS bigint) > 512 THEN 'too_long' COLLATE "C" WHEN CASE WHEN btrim(r."raw.cookie", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') <> '' COLLATE "C" THEN r."raw.cookie" END IS NULL THEN 'invalid' COLLATE "C" ELSE 'ignored' COLLATE "C" END;

DROP TABLE IF EXISTS customhouse.customer_identity_incidents__new;

ALTER TABLE customhouse.customer_identity_incidents__new__next RENAME TO customer_identity_incidents__new;

ANALYZE customhouse.customer_identity_incidents__new;

-- count
CREATE UNLOGGED TABLE customhouse_work.customer_totals__next AS
SELECT
  (
    SELECT coalesce(count(*), 0) AS n
    FROM customhouse_work.customer_ids AS i
  ) AS entities,
  (
    SELECT coalesce(max(s.size), 0) AS n
    FROM customhouse_work.customer_stats AS s
    JOIN customhouse_work.customer_ids AS i ON i.c = s.c
  ) AS largest,
  0 AS unknown;

DROP TABLE IF EXISTS customhouse_work.customer_totals;

ALTER TABLE customhouse_work.customer_totals__next RENAME TO customer_totals;

ANALYZE customhouse_work.customer_totals;

-- put in place
DROP TABLE IF EXISTS customhouse.customer_identities;

ALTER TABLE customhouse.customer_identities__new RENAME TO customer_identities;

DROP TABLE IF EXISTS customhouse.identity_rows_contacts;

ALTER TABLE customhouse.identity_rows_contacts__new RENAME TO identity_rows_contacts;

DROP TABLE IF EXISTS customhouse.identity_rows_loyalty;

ALTER TABLE customhouse.identity_rows_loyalty__new RENAME TO identity_rows_loyalty;

DROP TABLE IF EXISTS customhouse.identity_rows_newsletter;

ALTER TABLE customhouse.identity_rows_newsletter__new RENAME TO identity_rows_newsletter;

DROP TABLE IF EXISTS customhouse.identity_rows_orders;

ALTER TABLE customhouse.identity_rows_orders__new RENAME TO identity_rows_orders;

DROP TABLE IF EXISTS customhouse.identity_rows_page_views;

ALTER TABLE customhouse.identity_rows_page_views__new RENAME TO identity_rows_page_views;

DROP TABLE IF EXISTS customhouse.customer_identity_incidents;

ALTER TABLE customhouse.customer_identity_incidents__new RENAME TO customer_identity_incidents;

INSERT INTO customhouse.customer_id_history (old_id, new_id, kind, cause, run_id, at)
SELECT
  h.old_id,
  h.new_id,
  h.kind,
  h.cause,
  'RUN' COLLATE "C" AS run_id,
  timestamp '2026-01-02 00:00:00' AS at
FROM customhouse_work.customer_changes AS h;

DELETE FROM customhouse.identity_state
WHERE entity = 'customer' COLLATE "C";

INSERT INTO customhouse.identity_state (entity, source, settings, since, as_of, run_id, entities, largest)
SELECT
  'customer' COLLATE "C" AS entity,
  '' COLLATE "C" AS source,
  'c5cbe0839d50b9c01c25f85ec2f446376f532cdf72e5c31e73bfb5dda819607e' COLLATE "C" AS settings,
  CAST(NULL AS timestamp) AS since,
  timestamp '2026-01-02 00:00:00' AS as_of,
  'RUN' COLLATE "C" AS run_id,
  t.entities,
  t.largest
FROM customhouse_work.customer_totals AS t
UNION ALL
SELECT
  'customer' COLLATE "C" AS entity,
  'contacts' COLLATE "C" AS source,
  '' COLLATE "C" AS settings,
  CAST(NULL AS timestamp) AS since,
  timestamp '2026-01-02 00:00:00' AS as_of,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS entities,
  CAST(NULL AS bigint) AS largest
UNION ALL
SELECT
  'customer' COLLATE "C" AS entity,
  'loyalty' COLLATE "C" AS source,
  '' COLLATE "C" AS settings,
  CAST(NULL AS timestamp) AS since,
  timestamp '2026-01-02 00:00:00' AS as_of,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS entities,
  CAST(NULL AS bigint) AS largest
UNION ALL
SELECT
  'customer' COLLATE "C" AS entity,
  'newsletter' COLLATE "C" AS source,
  '' COLLATE "C" AS settings,
  CAST(NULL AS timestamp) AS since,
  timestamp '2026-01-02 00:00:00' AS as_of,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS entities,
  CAST(NULL AS bigint) AS largest
UNION ALL
SELECT
  'customer' COLLATE "C" AS entity,
  'orders' COLLATE "C" AS source,
  '' COLLATE "C" AS settings,
  CAST(NULL AS timestamp) AS since,
  timestamp '2026-01-02 00:00:00' AS as_of,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS entities,
  CAST(NULL AS bigint) AS largest
UNION ALL
SELECT
  'customer' COLLATE "C" AS entity,
  'page_views' COLLATE "C" AS source,
  '' COLLATE "C" AS settings,
  CAST(NULL AS timestamp) AS since,
  timestamp '2026-01-02 00:00:00' AS as_of,
  'RUN' COLLATE "C" AS run_id,
  CAST(NULL AS bigint) AS entities,
  CAST(NULL AS bigint) AS largest;

-- measure source:contacts
SELECT
  coalesce(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS rows,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN r."n.user_id" IS NULL AND r."n.email" IS NULL AND r."n.phone" IS NULL THEN r.rows ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS without_identifier
FROM customhouse.identity_rows_contacts AS r;

-- measure source:loyalty
SELECT
  coalesce(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS rows,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN r."n.email" IS NULL AND r."n.phone" IS NULL AND r."n.card" IS NULL THEN r.rows ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS without_identifier
FROM customhouse.identity_rows_loyalty AS r;

-- measure source:newsletter
SELECT
  coalesce(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS rows,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN r."n.email" IS NULL THEN r.rows ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS without_identifier
FROM customhouse.identity_rows_newsletter AS r;

-- measure source:orders
SELECT
  coalesce(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS rows,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN r."n.email" IS NULL AND r."n.card" IS NULL THEN r.rows ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS without_identifier
FROM customhouse.identity_rows_orders AS r;

-- measure source:page_views
SELECT
  coalesce(CAST(nullif(nullif(greatest(least(sum(r.rows), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS rows,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN r."n.user_id" IS NULL AND r."n.cookie" IS NULL THEN r.rows ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS without_identifier
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
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN x.kind = 'merge' COLLATE "C" THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS merge,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN x.kind = 'split' COLLATE "C" THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS split,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN x.kind = 'gone' COLLATE "C" THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS gone
FROM customhouse_work.customer_changes AS x;

-- measure incidents:customer
SELECT
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN x.reason = 'ignored' COLLATE "C" THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS ignored,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN x.reason = 'invalid' COLLATE "C" THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS invalid,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN x.reason = 'too_long' COLLATE "C" THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS too_long,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN x.reason = 'quarantined' COLLATE "C" THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS quarantined,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN x.reason = 'shared' COLLATE "C" THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS shared,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN x.reason = 'conflict' COLLATE "C" THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS conflict,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN x.reason = 'too_many' COLLATE "C" THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS too_many,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN x.reason = 'never_link' COLLATE "C" THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS never_link,
  coalesce(CAST(nullif(nullif(greatest(least(sum(CASE WHEN x.reason = 'suspect' COLLATE "C" THEN 1 ELSE 0 END), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint), 0) AS suspect
FROM customhouse.customer_identity_incidents AS x;
