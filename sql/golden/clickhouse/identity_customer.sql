-- number the identifiers
CREATE OR REPLACE TABLE customhouse_work.customer_nodes ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(coalesce(k.number, (
    SELECT coalesce(maxOrNull(m.number), toInt64(0)) AS n
    FROM customhouse.customer_identities AS m
  ) + toInt64(row_number() OVER (ORDER BY CASE WHEN k.number IS NULL THEN k.first_seen END NULLS LAST, k.t NULLS LAST, k.v NULLS LAST)))) AS n,
  toNullable(CAST(NOT (k.number IS NULL) AS Bool)) AS known,
  toNullable(k.t) AS t,
  toNullable(k.v) AS v,
  toNullable(k.first_seen) AS first_seen,
  toNullable(k.last_seen) AS last_seen,
  toNullable(k.`source`) AS `source`,
  toNullable(k.old) AS old
FROM (
  SELECT
    d.t AS t,
    d.v AS v,
    least(d.first_seen, o.first_seen) AS first_seen,
    greatest(d.last_seen, o.last_seen) AS last_seen,
    coalesce(o.`source`, CASE WHEN d.`source` = 0 THEN 'contacts' WHEN d.`source` = 1 THEN 'loyalty' WHEN d.`source` = 2 THEN 'newsletter' WHEN d.`source` = 3 THEN 'orders' WHEN d.`source` = 4 THEN 'page_views' END) AS `source`,
    o.customer_id AS old,
    o.number AS number
  FROM (
    SELECT
      CAST(toInt64(0) AS Int64) AS t,
      a.v AS v,
      minOrNull(a.first_seen) AS first_seen,
      maxOrNull(a.last_seen) AS last_seen,
      coalesce(minArgMinOrNull(a.`source`, a.first_seen), minOrNull(a.`source`)) AS `source`
    FROM (
      SELECT
        r.`id.user_id` AS v,
        r.first_seen AS first_seen,
        r.last_seen AS last_seen,
        toInt64(0) AS `source`
      FROM customhouse_work.rows_contacts AS r
      WHERE r.`id.user_id` IS NOT NULL
      UNION ALL
      SELECT
        r.`id.user_id` AS v,
        r.first_seen AS first_seen,
        r.last_seen AS last_seen,
        toInt64(4) AS `source`
      FROM customhouse_work.rows_page_views AS r
      WHERE r.`id.user_id` IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(toInt64(1) AS Int64) AS t,
      a.v AS v,
      minOrNull(a.first_seen) AS first_seen,
      maxOrNull(a.last_seen) AS last_seen,
      coalesce(minArgMinOrNull(a.`source`, a.first_seen), minOrNull(a.`source`)) AS `source`
    FROM (
      SELECT
        r.`id.email` AS v,
        r.first_seen AS first_seen,
        r.last_seen AS last_seen,
        toInt64(0) AS `source`
      FROM customhouse_work.rows_contacts AS r
      WHERE r.`id.email` IS NOT NULL
      UNION ALL
      SELECT
        r.`id.email` AS v,
        r.first_seen AS first_seen,
        r.last_seen AS last_seen,
        toInt64(1) AS `source`
      FROM customhouse_work.rows_loyalty AS r
      WHERE r.`id.email` IS NOT NULL
      UNION ALL
      SELECT
        r.`id.email` AS v,
        r.first_seen AS first_seen,
        r.last_seen AS last_seen,
        toInt64(2) AS `source`
      FROM customhouse_work.rows_newsletter AS r
      WHERE r.`id.email` IS NOT NULL
      UNION ALL
      SELECT
        r.`id.email` AS v,
        r.first_seen AS first_seen,
        r.last_seen AS last_seen,
        toInt64(3) AS `source`
      FROM customhouse_work.rows_orders AS r
      WHERE r.`id.email` IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(toInt64(2) AS Int64) AS t,
      a.v AS v,
      minOrNull(a.first_seen) AS first_seen,
      maxOrNull(a.last_seen) AS last_seen,
      coalesce(minArgMinOrNull(a.`source`, a.first_seen), minOrNull(a.`source`)) AS `source`
    FROM (
      SELECT
        r.`id.phone` AS v,
        r.first_seen AS first_seen,
        r.last_seen AS last_seen,
        toInt64(0) AS `source`
      FROM customhouse_work.rows_contacts AS r
      WHERE r.`id.phone` IS NOT NULL
      UNION ALL
      SELECT
        r.`id.phone` AS v,
        r.first_seen AS first_seen,
        r.last_seen AS last_seen,
        toInt64(1) AS `source`
      FROM customhouse_work.rows_loyalty AS r
      WHERE r.`id.phone` IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(toInt64(3) AS Int64) AS t,
      a.v AS v,
      minOrNull(a.first_seen) AS first_seen,
      maxOrNull(a.last_seen) AS last_seen,
      coalesce(minArgMinOrNull(a.`source`, a.first_seen), minOrNull(a.`source`)) AS `source`
    FROM (
      SELECT
        r.`id.card` AS v,
        r.first_seen AS first_seen,
        r.last_seen AS last_seen,
        toInt64(1) AS `source`
      FROM customhouse_work.rows_loyalty AS r
      WHERE r.`id.card` IS NOT NULL
      UNION ALL
      SELECT
        r.`id.card` AS v,
        r.first_seen AS first_seen,
        r.last_seen AS last_seen,
        toInt64(3) AS `source`
      FROM customhouse_work.rows_orders AS r
      WHERE r.`id.card` IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(toInt64(4) AS Int64) AS t,
      a.v AS v,
      minOrNull(a.first_seen) AS first_seen,
      maxOrNull(a.last_seen) AS last_seen,
      minOrNull(a.`source`) AS `source`
    FROM (
      SELECT
        r.`id.cookie` AS v,
        r.first_seen AS first_seen,
        r.last_seen AS last_seen,
        toInt64(4) AS `source`
      FROM customhouse_work.rows_page_views AS r
      WHERE r.`id.cookie` IS NOT NULL
    ) AS a
    GROUP BY a.v
  ) AS d
  LEFT JOIN customhouse.customer_identities AS o ON o.identifier_type = CASE WHEN d.t = 0 THEN 'user_id' WHEN d.t = 1 THEN 'email' WHEN d.t = 2 THEN 'phone' WHEN d.t = 3 THEN 'card' WHEN d.t = 4 THEN 'cookie' END AND o.identifier = d.v
) AS k;

-- assert look for lost identifiers
SELECT CASE WHEN c.gone > 1000 AND accurateCastOrNull(toInt128(c.gone) * toInt128(toInt64(1000)), 'Int64') > accurateCastOrNull(toInt128(c.known) * toInt128(toInt64(500)), 'Int64') THEN c.gone ELSE toInt64(0) END AS n
FROM (
  SELECT
    (
      SELECT toInt64(count()) AS n
      FROM customhouse.customer_identities AS x
      WHERE x.identifier_type IN ('user_id', 'email', 'phone', 'card', 'cookie')
    ) AS known,
    (
      SELECT toInt64(count()) AS n
      FROM customhouse.customer_identities AS x
      WHERE x.identifier_type IN ('user_id', 'email', 'phone', 'card', 'cookie')
    ) - (
      SELECT toInt64(count()) AS n
      FROM customhouse_work.customer_nodes AS x
      WHERE x.known
    ) AS gone
) AS c;

-- put numbers in the place of values
CREATE OR REPLACE TABLE customhouse.identity_rows_contacts__new ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(toInt64(0) + toInt64(row_number() OVER ())) AS `row`,
  toNullable(r.`raw.user_id`) AS `raw.user_id`,
  toNullable(r.`raw.email`) AS `raw.email`,
  toNullable(r.`raw.phone`) AS `raw.phone`,
  toNullable(d0.n) AS `n.user_id`,
  toNullable(d1.n) AS `n.email`,
  toNullable(d2.n) AS `n.phone`,
  toNullable(r.`hash.1`) AS `hash.1`,
  toNullable(r.`hash.2`) AS `hash.2`,
  toNullable(r.first_seen) AS first_seen,
  toNullable(r.last_seen) AS last_seen,
  toNullable(r.`rows`) AS `rows`,
  toNullable(r.open) AS open
FROM customhouse_work.rows_contacts AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 0 AND d0.v = r.`id.user_id`
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 1 AND d1.v = r.`id.email`
LEFT JOIN customhouse_work.customer_nodes AS d2 ON d2.t = 2 AND d2.v = r.`id.phone`;

CREATE OR REPLACE TABLE customhouse.identity_rows_loyalty__new ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(toInt64(0) + toInt64(row_number() OVER ())) AS `row`,
  toNullable(r.`raw.email`) AS `raw.email`,
  toNullable(r.`raw.phone`) AS `raw.phone`,
  toNullable(r.`raw.card`) AS `raw.card`,
  toNullable(d0.n) AS `n.email`,
  toNullable(d1.n) AS `n.phone`,
  toNullable(d2.n) AS `n.card`,
  toNullable(r.`hash.1`) AS `hash.1`,
  toNullable(r.`hash.2`) AS `hash.2`,
  toNullable(r.first_seen) AS first_seen,
  toNullable(r.last_seen) AS last_seen,
  toNullable(r.`rows`) AS `rows`,
  toNullable(r.open) AS open
FROM customhouse_work.rows_loyalty AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r.`id.email`
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 2 AND d1.v = r.`id.phone`
LEFT JOIN customhouse_work.customer_nodes AS d2 ON d2.t = 3 AND d2.v = r.`id.card`;

CREATE OR REPLACE TABLE customhouse.identity_rows_newsletter__new ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(toInt64(0) + toInt64(row_number() OVER ())) AS `row`,
  toNullable(r.`raw.email`) AS `raw.email`,
  toNullable(d0.n) AS `n.email`,
  toNullable(r.`hash.1`) AS `hash.1`,
  toNullable(r.`hash.2`) AS `hash.2`,
  toNullable(r.first_seen) AS first_seen,
  toNullable(r.last_seen) AS last_seen,
  toNullable(r.`rows`) AS `rows`,
  toNullable(r.open) AS open
FROM customhouse_work.rows_newsletter AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r.`id.email`;

CREATE OR REPLACE TABLE customhouse.identity_rows_orders__new ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(toInt64(0) + toInt64(row_number() OVER ())) AS `row`,
  toNullable(r.`raw.email`) AS `raw.email`,
  toNullable(r.`raw.card`) AS `raw.card`,
  toNullable(d0.n) AS `n.email`,
  toNullable(d1.n) AS `n.card`,
  toNullable(r.`hash.1`) AS `hash.1`,
  toNullable(r.`hash.2`) AS `hash.2`,
  toNullable(r.first_seen) AS first_seen,
  toNullable(r.last_seen) AS last_seen,
  toNullable(r.`rows`) AS `rows`,
  toNullable(r.open) AS open
FROM customhouse_work.rows_orders AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r.`id.email`
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 3 AND d1.v = r.`id.card`;

CREATE OR REPLACE TABLE customhouse.identity_rows_page_views__new ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(toInt64(0) + toInt64(row_number() OVER ())) AS `row`,
  toNullable(r.`raw.user_id`) AS `raw.user_id`,
  toNullable(r.`raw.cookie`) AS `raw.cookie`,
  toNullable(d0.n) AS `n.user_id`,
  toNullable(d1.n) AS `n.cookie`,
  toNullable(r.`hash.1`) AS `hash.1`,
  toNullable(r.`hash.2`) AS `hash.2`,
  toNullable(r.first_seen) AS first_seen,
  toNullable(r.last_seen) AS last_seen,
  toNullable(r.`rows`) AS `rows`,
  toNullable(r.open) AS open
FROM customhouse_work.rows_page_views AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 0 AND d0.v = r.`id.user_id`
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 4 AND d1.v = r.`id.cookie`;

-- link what rows carry together
CREATE OR REPLACE TABLE customhouse_work.customer_star ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(r.a) AS a,
  toNullable(r.x) AS x,
  toNullable(toInt64(0)) AS s,
  toNullable(toInt64(1)) AS t
FROM (
  SELECT DISTINCT
    q.a AS a,
    q.x AS x
  FROM (
    SELECT
      r.`n.user_id` AS a,
      r.`n.email` AS x
    FROM customhouse.identity_rows_contacts__new AS r
    WHERE r.`n.user_id` IS NOT NULL
      AND r.`n.email` IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  toNullable(r.a) AS a,
  toNullable(r.x) AS x,
  toNullable(toInt64(0)) AS s,
  toNullable(toInt64(2)) AS t
FROM (
  SELECT DISTINCT
    q.a AS a,
    q.x AS x
  FROM (
    SELECT
      r.`n.user_id` AS a,
      r.`n.phone` AS x
    FROM customhouse.identity_rows_contacts__new AS r
    WHERE r.`n.user_id` IS NOT NULL
      AND r.`n.phone` IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  toNullable(r.a) AS a,
  toNullable(r.x) AS x,
  toNullable(toInt64(0)) AS s,
  toNullable(toInt64(4)) AS t
FROM (
  SELECT DISTINCT
    q.a AS a,
    q.x AS x
  FROM (
    SELECT
      r.`n.user_id` AS a,
      r.`n.cookie` AS x
    FROM customhouse.identity_rows_page_views__new AS r
    WHERE r.`n.user_id` IS NOT NULL
      AND r.`n.cookie` IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  toNullable(r.a) AS a,
  toNullable(r.x) AS x,
  toNullable(toInt64(1)) AS s,
  toNullable(toInt64(2)) AS t
FROM (
  SELECT DISTINCT
    q.a AS a,
    q.x AS x
  FROM (
    SELECT
      r.`n.email` AS a,
      r.`n.phone` AS x
    FROM customhouse.identity_rows_contacts__new AS r
    WHERE r.`n.user_id` IS NULL
      AND r.`n.email` IS NOT NULL
      AND r.`n.phone` IS NOT NULL
    UNION ALL
    SELECT
      r.`n.email` AS a,
      r.`n.phone` AS x
    FROM customhouse.identity_rows_loyalty__new AS r
    WHERE r.`n.email` IS NOT NULL
      AND r.`n.phone` IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  toNullable(r.a) AS a,
  toNullable(r.x) AS x,
  toNullable(toInt64(1)) AS s,
  toNullable(toInt64(3)) AS t
FROM (
  SELECT DISTINCT
    q.a AS a,
    q.x AS x
  FROM (
    SELECT
      r.`n.email` AS a,
      r.`n.card` AS x
    FROM customhouse.identity_rows_loyalty__new AS r
    WHERE r.`n.email` IS NOT NULL
      AND r.`n.card` IS NOT NULL
    UNION ALL
    SELECT
      r.`n.email` AS a,
      r.`n.card` AS x
    FROM customhouse.identity_rows_orders__new AS r
    WHERE r.`n.email` IS NOT NULL
      AND r.`n.card` IS NOT NULL
  ) AS q
) AS r
UNION ALL
SELECT
  toNullable(r.a) AS a,
  toNullable(r.x) AS x,
  toNullable(toInt64(2)) AS s,
  toNullable(toInt64(3)) AS t
FROM (
  SELECT DISTINCT
    q.a AS a,
    q.x AS x
  FROM (
    SELECT
      r.`n.phone` AS a,
      r.`n.card` AS x
    FROM customhouse.identity_rows_loyalty__new AS r
    WHERE r.`n.email` IS NULL
      AND r.`n.phone` IS NOT NULL
      AND r.`n.card` IS NOT NULL
  ) AS q
) AS r;

CREATE OR REPLACE TABLE customhouse_work.customer_quarantined ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(k.x) AS x,
  toNullable(minOrNull(k.s)) AS s,
  toNullable(coalesce(minArgMinOrNull(k.k, k.s), minOrNull(k.k))) AS k
FROM (
  SELECT
    l.x AS x,
    l.s AS s,
    toInt64(count()) AS k
  FROM customhouse_work.customer_star AS l
  GROUP BY l.x, l.s, l.t
  HAVING toInt64(count()) > CASE WHEN l.s = 4 THEN toInt64(200) ELSE toInt64(10) END
) AS k
GROUP BY k.x;

CREATE OR REPLACE TABLE customhouse_work.customer_links ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(l.a) AS a,
  toNullable(l.x) AS x,
  toNullable(l.s) AS s,
  toNullable(l.t) AS t
FROM customhouse_work.customer_star AS l
WHERE l.a NOT IN (
  SELECT z.x AS x
  FROM customhouse_work.customer_quarantined AS z
)
  AND l.x NOT IN (
    SELECT z.x AS x
    FROM customhouse_work.customer_quarantined AS z
  )
UNION ALL
SELECT
  toNullable(l.a) AS a,
  toNullable(l.x) AS x,
  toNullable(l.s) AS s,
  toNullable(l.t) AS t
FROM (
  SELECT
    r.a AS a,
    r.x AS x,
    toInt64(0) AS s,
    toInt64(1) AS t
  FROM (
    SELECT DISTINCT
      q.a AS a,
      q.x AS x
    FROM (
      SELECT
        r.`n.user_id` AS a,
        r.`n.email` AS x
      FROM (
        SELECT
          m.`n.user_id` AS `n.user_id`,
          CASE WHEN m.`n.email` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.email` END AS `n.email`,
          CASE WHEN m.`n.phone` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.phone` END AS `n.phone`
        FROM customhouse.identity_rows_contacts__new AS m
        WHERE coalesce(m.`n.user_id`, m.`n.email`, m.`n.phone`) IN (
          SELECT z.x AS x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n.user_id` IS NOT NULL
        AND r.`n.email` IS NOT NULL
    ) AS q
  ) AS r
  UNION ALL
  SELECT
    r.a AS a,
    r.x AS x,
    toInt64(0) AS s,
    toInt64(2) AS t
  FROM (
    SELECT DISTINCT
      q.a AS a,
      q.x AS x
    FROM (
      SELECT
        r.`n.user_id` AS a,
        r.`n.phone` AS x
      FROM (
        SELECT
          m.`n.user_id` AS `n.user_id`,
          CASE WHEN m.`n.email` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.email` END AS `n.email`,
          CASE WHEN m.`n.phone` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.phone` END AS `n.phone`
        FROM customhouse.identity_rows_contacts__new AS m
        WHERE coalesce(m.`n.user_id`, m.`n.email`, m.`n.phone`) IN (
          SELECT z.x AS x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n.user_id` IS NOT NULL
        AND r.`n.phone` IS NOT NULL
    ) AS q
  ) AS r
  UNION ALL
  SELECT
    r.a AS a,
    r.x AS x,
    toInt64(0) AS s,
    toInt64(4) AS t
  FROM (
    SELECT DISTINCT
      q.a AS a,
      q.x AS x
    FROM (
      SELECT
        r.`n.user_id` AS a,
        r.`n.cookie` AS x
      FROM (
        SELECT
          m.`n.user_id` AS `n.user_id`,
          CASE WHEN m.`n.cookie` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.cookie` END AS `n.cookie`
        FROM customhouse.identity_rows_page_views__new AS m
        WHERE coalesce(m.`n.user_id`, m.`n.cookie`) IN (
          SELECT z.x AS x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n.user_id` IS NOT NULL
        AND r.`n.cookie` IS NOT NULL
    ) AS q
  ) AS r
  UNION ALL
  SELECT
    r.a AS a,
    r.x AS x,
    toInt64(1) AS s,
    toInt64(2) AS t
  FROM (
    SELECT DISTINCT
      q.a AS a,
      q.x AS x
    FROM (
      SELECT
        r.`n.email` AS a,
        r.`n.phone` AS x
      FROM (
        SELECT
          m.`n.user_id` AS `n.user_id`,
          CASE WHEN m.`n.email` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.email` END AS `n.email`,
          CASE WHEN m.`n.phone` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.phone` END AS `n.phone`
        FROM customhouse.identity_rows_contacts__new AS m
        WHERE coalesce(m.`n.user_id`, m.`n.email`, m.`n.phone`) IN (
          SELECT z.x AS x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n.user_id` IS NULL
        AND r.`n.email` IS NOT NULL
        AND r.`n.phone` IS NOT NULL
      UNION ALL
      SELECT
        r.`n.email` AS a,
        r.`n.phone` AS x
      FROM (
        SELECT
          CASE WHEN m.`n.email` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.email` END AS `n.email`,
          CASE WHEN m.`n.phone` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.phone` END AS `n.phone`,
          CASE WHEN m.`n.card` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.card` END AS `n.card`
        FROM customhouse.identity_rows_loyalty__new AS m
        WHERE coalesce(m.`n.email`, m.`n.phone`, m.`n.card`) IN (
          SELECT z.x AS x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n.email` IS NOT NULL
        AND r.`n.phone` IS NOT NULL
    ) AS q
  ) AS r
  UNION ALL
  SELECT
    r.a AS a,
    r.x AS x,
    toInt64(1) AS s,
    toInt64(3) AS t
  FROM (
    SELECT DISTINCT
      q.a AS a,
      q.x AS x
    FROM (
      SELECT
        r.`n.email` AS a,
        r.`n.card` AS x
      FROM (
        SELECT
          CASE WHEN m.`n.email` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.email` END AS `n.email`,
          CASE WHEN m.`n.phone` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.phone` END AS `n.phone`,
          CASE WHEN m.`n.card` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.card` END AS `n.card`
        FROM customhouse.identity_rows_loyalty__new AS m
        WHERE coalesce(m.`n.email`, m.`n.phone`, m.`n.card`) IN (
          SELECT z.x AS x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n.email` IS NOT NULL
        AND r.`n.card` IS NOT NULL
      UNION ALL
      SELECT
        r.`n.email` AS a,
        r.`n.card` AS x
      FROM (
        SELECT
          CASE WHEN m.`n.email` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.email` END AS `n.email`,
          CASE WHEN m.`n.card` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.card` END AS `n.card`
        FROM customhouse.identity_rows_orders__new AS m
        WHERE coalesce(m.`n.email`, m.`n.card`) IN (
          SELECT z.x AS x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n.email` IS NOT NULL
        AND r.`n.card` IS NOT NULL
    ) AS q
  ) AS r
  UNION ALL
  SELECT
    r.a AS a,
    r.x AS x,
    toInt64(2) AS s,
    toInt64(3) AS t
  FROM (
    SELECT DISTINCT
      q.a AS a,
      q.x AS x
    FROM (
      SELECT
        r.`n.phone` AS a,
        r.`n.card` AS x
      FROM (
        SELECT
          CASE WHEN m.`n.email` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.email` END AS `n.email`,
          CASE WHEN m.`n.phone` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.phone` END AS `n.phone`,
          CASE WHEN m.`n.card` IN (
            SELECT z.x AS x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS Nullable(Int64)) ELSE m.`n.card` END AS `n.card`
        FROM customhouse.identity_rows_loyalty__new AS m
        WHERE coalesce(m.`n.email`, m.`n.phone`, m.`n.card`) IN (
          SELECT z.x AS x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n.email` IS NULL
        AND r.`n.phone` IS NOT NULL
        AND r.`n.card` IS NOT NULL
    ) AS q
  ) AS r
) AS l;

CREATE OR REPLACE TABLE customhouse_work.customer_edges ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(greatest(l.a, l.x)) AS u,
  toNullable(least(l.a, l.x)) AS v
FROM customhouse_work.customer_links AS l;

-- point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_first_forest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(minOrNull(e.v)) AS v,
  toNullable(CAST(toInt64(count()) > 1 AS Bool)) AS many
FROM customhouse_work.customer_edges AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_first_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(f.u) AS u,
  toNullable(f.v) AS v,
  toNullable(g.v) AS w,
  toNullable(TRUE) AS more
FROM customhouse_work.customer_first_forest AS f
JOIN customhouse_work.customer_first_forest AS g ON g.u = f.v;

-- repeat while not zero double the pointers
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_first_active AS a
WHERE a.more;

-- double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_first_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(a.u) AS u,
  toNullable(coalesce(b.v, a.v)) AS v,
  toNullable(coalesce(b.w, a.w)) AS w,
  toNullable(CAST(b.u IS NOT NULL AS Bool)) AS more
FROM customhouse_work.customer_first_active AS a
LEFT JOIN customhouse_work.customer_first_active AS b ON b.u = a.v;

-- contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(e.v) AS v,
  toNullable(f.v) AS root
FROM customhouse_work.customer_edges AS e
JOIN customhouse_work.customer_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_edges ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS u,
  toNullable(least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS v
FROM customhouse_work.customer_rest AS e
LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_first_forest AS o
LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_last ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_first_forest AS o
LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repeat while not zero contract what is left
SELECT CASE WHEN toInt64(count()) > 20000 THEN toInt64(count()) ELSE toInt64(0) END AS n
FROM customhouse_work.customer_edges AS e;

-- contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_forest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(minOrNull(e.v)) AS v,
  toNullable(CAST(toInt64(count()) > 1 AS Bool)) AS many
FROM customhouse_work.customer_edges AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(f.u) AS u,
  toNullable(f.v) AS v,
  toNullable(g.v) AS w,
  toNullable(TRUE) AS more
FROM customhouse_work.customer_forest AS f
JOIN customhouse_work.customer_forest AS g ON g.u = f.v;

-- contract what is left: repeat while not zero double the pointers
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_active AS a
WHERE a.more;

-- contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(a.u) AS u,
  toNullable(coalesce(b.v, a.v)) AS v,
  toNullable(coalesce(b.w, a.w)) AS w,
  toNullable(CAST(b.u IS NOT NULL AS Bool)) AS more
FROM customhouse_work.customer_active AS a
LEFT JOIN customhouse_work.customer_active AS b ON b.u = a.v;

-- contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(e.v) AS v,
  toNullable(f.v) AS root
FROM customhouse_work.customer_edges AS e
JOIN customhouse_work.customer_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_edges ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS u,
  toNullable(least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS v
FROM customhouse_work.customer_rest AS e
LEFT JOIN customhouse_work.customer_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
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
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_forest AS o
LEFT JOIN customhouse_work.customer_active AS a ON a.u = o.u;

-- in process unite the few that are left
SELECT
  e.u AS u,
  e.v AS v
FROM customhouse_work.customer_edges AS e;

-- label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
FROM customhouse_work.customer_moved AS m
LEFT JOIN customhouse_work.customer_last AS f ON f.n = m.root
UNION ALL
SELECT
  toNullable(f.n) AS n,
  toNullable(f.root) AS root
FROM customhouse_work.customer_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_labels ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
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
  toNullable(f.n) AS n,
  toNullable(f.root) AS root
FROM customhouse_work.customer_moved AS f;

-- form clusters
CREATE OR REPLACE TABLE customhouse_work.customer_cluster ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(d.n) AS n,
  toNullable(d.t) AS t,
  toNullable(coalesce(l.root, d.n)) AS g,
  toNullable(coalesce(l.root, d.n)) AS c
FROM customhouse_work.customer_nodes AS d
LEFT JOIN customhouse_work.customer_labels AS l ON l.n = d.n;

CREATE OR REPLACE TABLE customhouse_work.customer_stats ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(c.c) AS c,
  toNullable(minOrNull(c.n)) AS `first`,
  toNullable(toInt64(count())) AS size,
  toNullable(toInt64(countIf(isNotNull(CASE WHEN c.t = 0 THEN toInt64(1) END)))) AS k0,
  toNullable(toInt64(countIf(isNotNull(CASE WHEN c.t = 1 THEN toInt64(1) END)))) AS k1,
  toNullable(toInt64(countIf(isNotNull(CASE WHEN c.t = 2 THEN toInt64(1) END)))) AS k2,
  toNullable(toInt64(countIf(isNotNull(CASE WHEN c.t = 3 THEN toInt64(1) END)))) AS k3,
  toNullable(toInt64(countIf(isNotNull(CASE WHEN c.t = 4 THEN toInt64(1) END)))) AS k4
FROM customhouse_work.customer_cluster AS c
GROUP BY c.c;

-- prepare limits
CREATE OR REPLACE TABLE customhouse_work.customer_refused ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(d.n) AS x,
  toNullable('') AS reason,
  toNullable('') AS evidence
FROM customhouse_work.customer_nodes AS d
WHERE FALSE;

-- find clusters over a limit
CREATE OR REPLACE TABLE customhouse_work.customer_over ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT toNullable(k.c) AS c
FROM (
  SELECT s.c AS c
  FROM customhouse_work.customer_stats AS s
  WHERE s.k0 > 1 OR s.k1 > 5 OR s.k2 > 5 OR s.k3 > 3 OR s.k4 > 200
) AS k;

-- repeat while not zero repair clusters over a limit
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_over AS o;

-- repair clusters over a limit: take clusters over a limit apart
CREATE OR REPLACE TABLE customhouse_work.customer_part ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(k.n) AS n,
  toNullable(k.t) AS t,
  toNullable(k.n) AS c
FROM customhouse_work.customer_cluster AS k
JOIN customhouse_work.customer_over AS o ON o.c = k.c;

CREATE OR REPLACE TABLE customhouse_work.customer_bonds ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(l.a) AS a,
  toNullable(l.x) AS x,
  toNullable(l.t) AS t
FROM customhouse_work.customer_links AS l
JOIN customhouse_work.customer_cluster AS k ON k.n = l.a
JOIN customhouse_work.customer_over AS o ON o.c = k.c;

-- repair clusters over a limit: judge shared identifiers (email)
CREATE OR REPLACE TABLE customhouse_work.customer_touches ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(l.x) AS x,
  toNullable(p.c) AS c
FROM customhouse_work.customer_bonds AS l
JOIN customhouse_work.customer_part AS p ON p.n = l.a
WHERE l.t = 1
  AND NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.customer_bridges ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(h.x) AS x,
  toNullable(minOrNull(h.c)) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING toInt64(count()) > 1;

CREATE OR REPLACE TABLE customhouse_work.customer_sizes ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(p.c) AS c,
  toNullable(p.t) AS t,
  toNullable(toInt64(count())) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 1
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x AS x,
  'shared' AS reason,
  coalesce(minArgMinOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(m.k), NULL, CAST(assumeNotNull(m.k) AS Int64)))), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END) AS Int64)))), m.t), minOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(m.k), NULL, CAST(assumeNotNull(m.k) AS Int64)))), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END) AS Int64)))))) AS evidence
FROM (
  SELECT
    q.x AS x,
    q.t AS t,
    accurateCastOrNull(sumOrNull(toInt128(q.k)), 'Int64') AS k
  FROM (
    SELECT
      h.x AS x,
      s.t AS t,
      s.k AS k
    FROM customhouse_work.customer_touches AS h
    JOIN customhouse_work.customer_bridges AS b ON b.x = h.x
    JOIN customhouse_work.customer_sizes AS s ON s.c = h.c
  ) AS q
  GROUP BY q.x, q.t
) AS m
WHERE m.k > CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END
GROUP BY m.x;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(h.c) AS u,
  toNullable(b.low) AS v
FROM customhouse_work.customer_touches AS h
JOIN customhouse_work.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = h.x
);

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_first_forest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(minOrNull(e.v)) AS v,
  toNullable(CAST(toInt64(count()) > 1 AS Bool)) AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank1_first_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(f.u) AS u,
  toNullable(f.v) AS v,
  toNullable(g.v) AS w,
  toNullable(TRUE) AS more
FROM customhouse_work.customer_rank1_first_forest AS f
JOIN customhouse_work.customer_rank1_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_rank1_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_first_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(a.u) AS u,
  toNullable(coalesce(b.v, a.v)) AS v,
  toNullable(coalesce(b.w, a.w)) AS w,
  toNullable(CAST(b.u IS NOT NULL AS Bool)) AS more
FROM customhouse_work.customer_rank1_first_active AS a
LEFT JOIN customhouse_work.customer_rank1_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_rest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(e.v) AS v,
  toNullable(f.v) AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank1_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS u,
  toNullable(least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS v
FROM customhouse_work.customer_rank1_rest AS e
LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank1_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank1_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_rank1_first_forest AS o
LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_rank1_last ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_rank1_first_forest AS o
LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN toInt64(count()) > 20000 THEN toInt64(count()) ELSE toInt64(0) END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_forest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(minOrNull(e.v)) AS v,
  toNullable(CAST(toInt64(count()) > 1 AS Bool)) AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank1_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(f.u) AS u,
  toNullable(f.v) AS v,
  toNullable(g.v) AS w,
  toNullable(TRUE) AS more
FROM customhouse_work.customer_rank1_forest AS f
JOIN customhouse_work.customer_rank1_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_rank1_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(a.u) AS u,
  toNullable(coalesce(b.v, a.v)) AS v,
  toNullable(coalesce(b.w, a.w)) AS w,
  toNullable(CAST(b.u IS NOT NULL AS Bool)) AS more
FROM customhouse_work.customer_rank1_active AS a
LEFT JOIN customhouse_work.customer_rank1_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_rest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(e.v) AS v,
  toNullable(f.v) AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank1_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS u,
  toNullable(least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS v
FROM customhouse_work.customer_rank1_rest AS e
LEFT JOIN customhouse_work.customer_rank1_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank1_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank1_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
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
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_rank1_forest AS o
LEFT JOIN customhouse_work.customer_rank1_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u AS u,
  e.v AS v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
FROM customhouse_work.customer_rank1_moved AS m
LEFT JOIN customhouse_work.customer_rank1_last AS f ON f.n = m.root
UNION ALL
SELECT
  toNullable(f.n) AS n,
  toNullable(f.root) AS root
FROM customhouse_work.customer_rank1_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_joined ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
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
  toNullable(f.n) AS n,
  toNullable(f.root) AS root
FROM customhouse_work.customer_rank1_moved AS f;

-- repair clusters over a limit: join what the limits allow (email)
CREATE OR REPLACE TABLE customhouse_work.customer_groups ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(p.c) AS c,
  toNullable(coalesce(j.root, p.c)) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.customer_broken ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(s.g) AS g,
  toNullable(coalesce(minArgMinOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(s.k), NULL, CAST(assumeNotNull(s.k) AS Int64)))), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END) AS Int64)))), s.t), minOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(s.k), NULL, CAST(assumeNotNull(s.k) AS Int64)))), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END) AS Int64))))))) AS evidence
FROM (
  SELECT
    q.g AS g,
    q.t AS t,
    accurateCastOrNull(sumOrNull(toInt128(q.k)), 'Int64') AS k,
    maxOrNull(q.one) AS most
  FROM (
    SELECT
      g.g AS g,
      s.t AS t,
      s.k AS k,
      s.k AS one
    FROM customhouse_work.customer_groups AS g
    JOIN customhouse_work.customer_sizes AS s ON s.c = g.c
    UNION ALL
    SELECT
      w.g AS g,
      toInt64(1) AS t,
      toInt64(1) AS k,
      toInt64(0) AS one
    FROM (
      SELECT DISTINCT
        g.g AS g,
        h.x AS x
      FROM customhouse_work.customer_touches AS h
      JOIN customhouse_work.customer_groups AS g ON g.c = h.c
      JOIN (
        SELECT DISTINCT m.g AS g
        FROM customhouse_work.customer_groups AS m
        WHERE m.c <> m.g
      ) AS v ON v.g = g.g
      WHERE NOT EXISTS (
        SELECT toInt64(1) AS one
        FROM customhouse_work.customer_refused AS z
        WHERE z.x = h.x
      )
    ) AS w
  ) AS q
  GROUP BY q.g, q.t
) AS s
WHERE s.k > CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END
  AND s.k > s.most
GROUP BY s.g;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x AS x,
  'conflict' AS reason,
  k.evidence AS evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.customer_groups ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(g.c) AS c,
  toNullable(CASE WHEN k.g IS NULL THEN g.g ELSE g.c END) AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.customer_place ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(h.x) AS x,
  toNullable(h.c) AS c,
  toNullable(toInt64(row_number() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST))) AS r
FROM (
  SELECT DISTINCT
    q.x AS x,
    g.g AS c
  FROM customhouse_work.customer_touches AS q
  JOIN customhouse_work.customer_groups AS g ON g.c = q.c
  WHERE NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x AS x,
  'too_many' AS reason,
  'the customer has more than 5 email' AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 5;

CREATE OR REPLACE TABLE customhouse_work.customer_part ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(p.n) AS n,
  toNullable(p.t) AS t,
  toNullable(coalesce(w.c, g.g, p.c)) AS c
FROM customhouse_work.customer_part AS p
LEFT JOIN (
  SELECT
    q.x AS x,
    q.c AS c
  FROM customhouse_work.customer_place AS q
  WHERE NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.customer_groups AS g ON g.c = p.c;

-- repair clusters over a limit: judge shared identifiers (phone)
CREATE OR REPLACE TABLE customhouse_work.customer_touches ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(l.x) AS x,
  toNullable(p.c) AS c
FROM customhouse_work.customer_bonds AS l
JOIN customhouse_work.customer_part AS p ON p.n = l.a
WHERE l.t = 2
  AND NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.customer_bridges ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(h.x) AS x,
  toNullable(minOrNull(h.c)) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING toInt64(count()) > 1;

CREATE OR REPLACE TABLE customhouse_work.customer_sizes ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(p.c) AS c,
  toNullable(p.t) AS t,
  toNullable(toInt64(count())) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 2
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x AS x,
  'shared' AS reason,
  coalesce(minArgMinOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(m.k), NULL, CAST(assumeNotNull(m.k) AS Int64)))), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END) AS Int64)))), m.t), minOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(m.k), NULL, CAST(assumeNotNull(m.k) AS Int64)))), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END) AS Int64)))))) AS evidence
FROM (
  SELECT
    q.x AS x,
    q.t AS t,
    accurateCastOrNull(sumOrNull(toInt128(q.k)), 'Int64') AS k
  FROM (
    SELECT
      h.x AS x,
      s.t AS t,
      s.k AS k
    FROM customhouse_work.customer_touches AS h
    JOIN customhouse_work.customer_bridges AS b ON b.x = h.x
    JOIN customhouse_work.customer_sizes AS s ON s.c = h.c
  ) AS q
  GROUP BY q.x, q.t
) AS m
WHERE m.k > CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END
GROUP BY m.x;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(h.c) AS u,
  toNullable(b.low) AS v
FROM customhouse_work.customer_touches AS h
JOIN customhouse_work.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = h.x
);

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_first_forest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(minOrNull(e.v)) AS v,
  toNullable(CAST(toInt64(count()) > 1 AS Bool)) AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank2_first_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(f.u) AS u,
  toNullable(f.v) AS v,
  toNullable(g.v) AS w,
  toNullable(TRUE) AS more
FROM customhouse_work.customer_rank2_first_forest AS f
JOIN customhouse_work.customer_rank2_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_rank2_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_first_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(a.u) AS u,
  toNullable(coalesce(b.v, a.v)) AS v,
  toNullable(coalesce(b.w, a.w)) AS w,
  toNullable(CAST(b.u IS NOT NULL AS Bool)) AS more
FROM customhouse_work.customer_rank2_first_active AS a
LEFT JOIN customhouse_work.customer_rank2_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_rest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(e.v) AS v,
  toNullable(f.v) AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank2_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS u,
  toNullable(least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS v
FROM customhouse_work.customer_rank2_rest AS e
LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank2_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank2_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_rank2_first_forest AS o
LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_rank2_last ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_rank2_first_forest AS o
LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN toInt64(count()) > 20000 THEN toInt64(count()) ELSE toInt64(0) END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_forest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(minOrNull(e.v)) AS v,
  toNullable(CAST(toInt64(count()) > 1 AS Bool)) AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank2_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(f.u) AS u,
  toNullable(f.v) AS v,
  toNullable(g.v) AS w,
  toNullable(TRUE) AS more
FROM customhouse_work.customer_rank2_forest AS f
JOIN customhouse_work.customer_rank2_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_rank2_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(a.u) AS u,
  toNullable(coalesce(b.v, a.v)) AS v,
  toNullable(coalesce(b.w, a.w)) AS w,
  toNullable(CAST(b.u IS NOT NULL AS Bool)) AS more
FROM customhouse_work.customer_rank2_active AS a
LEFT JOIN customhouse_work.customer_rank2_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_rest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(e.v) AS v,
  toNullable(f.v) AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank2_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS u,
  toNullable(least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS v
FROM customhouse_work.customer_rank2_rest AS e
LEFT JOIN customhouse_work.customer_rank2_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank2_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank2_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
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
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_rank2_forest AS o
LEFT JOIN customhouse_work.customer_rank2_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u AS u,
  e.v AS v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
FROM customhouse_work.customer_rank2_moved AS m
LEFT JOIN customhouse_work.customer_rank2_last AS f ON f.n = m.root
UNION ALL
SELECT
  toNullable(f.n) AS n,
  toNullable(f.root) AS root
FROM customhouse_work.customer_rank2_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_joined ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
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
  toNullable(f.n) AS n,
  toNullable(f.root) AS root
FROM customhouse_work.customer_rank2_moved AS f;

-- repair clusters over a limit: join what the limits allow (phone)
CREATE OR REPLACE TABLE customhouse_work.customer_groups ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(p.c) AS c,
  toNullable(coalesce(j.root, p.c)) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.customer_broken ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(s.g) AS g,
  toNullable(coalesce(minArgMinOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(s.k), NULL, CAST(assumeNotNull(s.k) AS Int64)))), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END) AS Int64)))), s.t), minOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(s.k), NULL, CAST(assumeNotNull(s.k) AS Int64)))), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END) AS Int64))))))) AS evidence
FROM (
  SELECT
    q.g AS g,
    q.t AS t,
    accurateCastOrNull(sumOrNull(toInt128(q.k)), 'Int64') AS k,
    maxOrNull(q.one) AS most
  FROM (
    SELECT
      g.g AS g,
      s.t AS t,
      s.k AS k,
      s.k AS one
    FROM customhouse_work.customer_groups AS g
    JOIN customhouse_work.customer_sizes AS s ON s.c = g.c
    UNION ALL
    SELECT
      w.g AS g,
      toInt64(2) AS t,
      toInt64(1) AS k,
      toInt64(0) AS one
    FROM (
      SELECT DISTINCT
        g.g AS g,
        h.x AS x
      FROM customhouse_work.customer_touches AS h
      JOIN customhouse_work.customer_groups AS g ON g.c = h.c
      JOIN (
        SELECT DISTINCT m.g AS g
        FROM customhouse_work.customer_groups AS m
        WHERE m.c <> m.g
      ) AS v ON v.g = g.g
      WHERE NOT EXISTS (
        SELECT toInt64(1) AS one
        FROM customhouse_work.customer_refused AS z
        WHERE z.x = h.x
      )
    ) AS w
  ) AS q
  GROUP BY q.g, q.t
) AS s
WHERE s.k > CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END
  AND s.k > s.most
GROUP BY s.g;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x AS x,
  'conflict' AS reason,
  k.evidence AS evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.customer_groups ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(g.c) AS c,
  toNullable(CASE WHEN k.g IS NULL THEN g.g ELSE g.c END) AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.customer_place ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(h.x) AS x,
  toNullable(h.c) AS c,
  toNullable(toInt64(row_number() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST))) AS r
FROM (
  SELECT DISTINCT
    q.x AS x,
    g.g AS c
  FROM customhouse_work.customer_touches AS q
  JOIN customhouse_work.customer_groups AS g ON g.c = q.c
  WHERE NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x AS x,
  'too_many' AS reason,
  'the customer has more than 5 phone' AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 5;

CREATE OR REPLACE TABLE customhouse_work.customer_part ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(p.n) AS n,
  toNullable(p.t) AS t,
  toNullable(coalesce(w.c, g.g, p.c)) AS c
FROM customhouse_work.customer_part AS p
LEFT JOIN (
  SELECT
    q.x AS x,
    q.c AS c
  FROM customhouse_work.customer_place AS q
  WHERE NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.customer_groups AS g ON g.c = p.c;

-- repair clusters over a limit: judge shared identifiers (card)
CREATE OR REPLACE TABLE customhouse_work.customer_touches ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(l.x) AS x,
  toNullable(p.c) AS c
FROM customhouse_work.customer_bonds AS l
JOIN customhouse_work.customer_part AS p ON p.n = l.a
WHERE l.t = 3
  AND NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.customer_bridges ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(h.x) AS x,
  toNullable(minOrNull(h.c)) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING toInt64(count()) > 1;

CREATE OR REPLACE TABLE customhouse_work.customer_sizes ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(p.c) AS c,
  toNullable(p.t) AS t,
  toNullable(toInt64(count())) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 3
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x AS x,
  'shared' AS reason,
  coalesce(minArgMinOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(m.k), NULL, CAST(assumeNotNull(m.k) AS Int64)))), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END) AS Int64)))), m.t), minOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(m.k), NULL, CAST(assumeNotNull(m.k) AS Int64)))), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END) AS Int64)))))) AS evidence
FROM (
  SELECT
    q.x AS x,
    q.t AS t,
    accurateCastOrNull(sumOrNull(toInt128(q.k)), 'Int64') AS k
  FROM (
    SELECT
      h.x AS x,
      s.t AS t,
      s.k AS k
    FROM customhouse_work.customer_touches AS h
    JOIN customhouse_work.customer_bridges AS b ON b.x = h.x
    JOIN customhouse_work.customer_sizes AS s ON s.c = h.c
  ) AS q
  GROUP BY q.x, q.t
) AS m
WHERE m.k > CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END
GROUP BY m.x;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(h.c) AS u,
  toNullable(b.low) AS v
FROM customhouse_work.customer_touches AS h
JOIN customhouse_work.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = h.x
);

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_first_forest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(minOrNull(e.v)) AS v,
  toNullable(CAST(toInt64(count()) > 1 AS Bool)) AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank3_first_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(f.u) AS u,
  toNullable(f.v) AS v,
  toNullable(g.v) AS w,
  toNullable(TRUE) AS more
FROM customhouse_work.customer_rank3_first_forest AS f
JOIN customhouse_work.customer_rank3_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_rank3_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_first_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(a.u) AS u,
  toNullable(coalesce(b.v, a.v)) AS v,
  toNullable(coalesce(b.w, a.w)) AS w,
  toNullable(CAST(b.u IS NOT NULL AS Bool)) AS more
FROM customhouse_work.customer_rank3_first_active AS a
LEFT JOIN customhouse_work.customer_rank3_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_rest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(e.v) AS v,
  toNullable(f.v) AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank3_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS u,
  toNullable(least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS v
FROM customhouse_work.customer_rank3_rest AS e
LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank3_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank3_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_rank3_first_forest AS o
LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_rank3_last ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_rank3_first_forest AS o
LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN toInt64(count()) > 20000 THEN toInt64(count()) ELSE toInt64(0) END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_forest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(minOrNull(e.v)) AS v,
  toNullable(CAST(toInt64(count()) > 1 AS Bool)) AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank3_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(f.u) AS u,
  toNullable(f.v) AS v,
  toNullable(g.v) AS w,
  toNullable(TRUE) AS more
FROM customhouse_work.customer_rank3_forest AS f
JOIN customhouse_work.customer_rank3_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_rank3_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(a.u) AS u,
  toNullable(coalesce(b.v, a.v)) AS v,
  toNullable(coalesce(b.w, a.w)) AS w,
  toNullable(CAST(b.u IS NOT NULL AS Bool)) AS more
FROM customhouse_work.customer_rank3_active AS a
LEFT JOIN customhouse_work.customer_rank3_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_rest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(e.v) AS v,
  toNullable(f.v) AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank3_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS u,
  toNullable(least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS v
FROM customhouse_work.customer_rank3_rest AS e
LEFT JOIN customhouse_work.customer_rank3_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank3_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank3_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
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
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_rank3_forest AS o
LEFT JOIN customhouse_work.customer_rank3_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u AS u,
  e.v AS v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
FROM customhouse_work.customer_rank3_moved AS m
LEFT JOIN customhouse_work.customer_rank3_last AS f ON f.n = m.root
UNION ALL
SELECT
  toNullable(f.n) AS n,
  toNullable(f.root) AS root
FROM customhouse_work.customer_rank3_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_joined ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
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
  toNullable(f.n) AS n,
  toNullable(f.root) AS root
FROM customhouse_work.customer_rank3_moved AS f;

-- repair clusters over a limit: join what the limits allow (card)
CREATE OR REPLACE TABLE customhouse_work.customer_groups ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(p.c) AS c,
  toNullable(coalesce(j.root, p.c)) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.customer_broken ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(s.g) AS g,
  toNullable(coalesce(minArgMinOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(s.k), NULL, CAST(assumeNotNull(s.k) AS Int64)))), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END) AS Int64)))), s.t), minOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(s.k), NULL, CAST(assumeNotNull(s.k) AS Int64)))), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END) AS Int64))))))) AS evidence
FROM (
  SELECT
    q.g AS g,
    q.t AS t,
    accurateCastOrNull(sumOrNull(toInt128(q.k)), 'Int64') AS k,
    maxOrNull(q.one) AS most
  FROM (
    SELECT
      g.g AS g,
      s.t AS t,
      s.k AS k,
      s.k AS one
    FROM customhouse_work.customer_groups AS g
    JOIN customhouse_work.customer_sizes AS s ON s.c = g.c
    UNION ALL
    SELECT
      w.g AS g,
      toInt64(3) AS t,
      toInt64(1) AS k,
      toInt64(0) AS one
    FROM (
      SELECT DISTINCT
        g.g AS g,
        h.x AS x
      FROM customhouse_work.customer_touches AS h
      JOIN customhouse_work.customer_groups AS g ON g.c = h.c
      JOIN (
        SELECT DISTINCT m.g AS g
        FROM customhouse_work.customer_groups AS m
        WHERE m.c <> m.g
      ) AS v ON v.g = g.g
      WHERE NOT EXISTS (
        SELECT toInt64(1) AS one
        FROM customhouse_work.customer_refused AS z
        WHERE z.x = h.x
      )
    ) AS w
  ) AS q
  GROUP BY q.g, q.t
) AS s
WHERE s.k > CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END
  AND s.k > s.most
GROUP BY s.g;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x AS x,
  'conflict' AS reason,
  k.evidence AS evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.customer_groups ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(g.c) AS c,
  toNullable(CASE WHEN k.g IS NULL THEN g.g ELSE g.c END) AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.customer_place ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(h.x) AS x,
  toNullable(h.c) AS c,
  toNullable(toInt64(row_number() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST))) AS r
FROM (
  SELECT DISTINCT
    q.x AS x,
    g.g AS c
  FROM customhouse_work.customer_touches AS q
  JOIN customhouse_work.customer_groups AS g ON g.c = q.c
  WHERE NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x AS x,
  'too_many' AS reason,
  'the customer has more than 3 card' AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 3;

CREATE OR REPLACE TABLE customhouse_work.customer_part ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(p.n) AS n,
  toNullable(p.t) AS t,
  toNullable(coalesce(w.c, g.g, p.c)) AS c
FROM customhouse_work.customer_part AS p
LEFT JOIN (
  SELECT
    q.x AS x,
    q.c AS c
  FROM customhouse_work.customer_place AS q
  WHERE NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.customer_groups AS g ON g.c = p.c;

-- repair clusters over a limit: judge shared identifiers (cookie)
CREATE OR REPLACE TABLE customhouse_work.customer_touches ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(l.x) AS x,
  toNullable(p.c) AS c
FROM customhouse_work.customer_bonds AS l
JOIN customhouse_work.customer_part AS p ON p.n = l.a
WHERE l.t = 4
  AND NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = l.a
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.customer_bridges ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(h.x) AS x,
  toNullable(minOrNull(h.c)) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING toInt64(count()) > 1;

CREATE OR REPLACE TABLE customhouse_work.customer_sizes ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(p.c) AS c,
  toNullable(p.t) AS t,
  toNullable(toInt64(count())) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 4
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x AS x,
  'shared' AS reason,
  coalesce(minArgMinOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(m.k), NULL, CAST(assumeNotNull(m.k) AS Int64)))), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END) AS Int64)))), m.t), minOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(m.k), NULL, CAST(assumeNotNull(m.k) AS Int64)))), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END) AS Int64)))))) AS evidence
FROM (
  SELECT
    q.x AS x,
    q.t AS t,
    accurateCastOrNull(sumOrNull(toInt128(q.k)), 'Int64') AS k
  FROM (
    SELECT
      h.x AS x,
      s.t AS t,
      s.k AS k
    FROM customhouse_work.customer_touches AS h
    JOIN customhouse_work.customer_bridges AS b ON b.x = h.x
    JOIN customhouse_work.customer_sizes AS s ON s.c = h.c
  ) AS q
  GROUP BY q.x, q.t
) AS m
WHERE m.k > CASE WHEN m.t = 0 THEN toInt64(1) WHEN m.t = 1 THEN toInt64(5) WHEN m.t = 2 THEN toInt64(5) WHEN m.t = 3 THEN toInt64(3) WHEN m.t = 4 THEN toInt64(200) END
GROUP BY m.x;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(h.c) AS u,
  toNullable(b.low) AS v
FROM customhouse_work.customer_touches AS h
JOIN customhouse_work.customer_bridges AS b ON b.x = h.x AND b.low <> h.c
WHERE NOT EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = h.x
);

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_first_forest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(minOrNull(e.v)) AS v,
  toNullable(CAST(toInt64(count()) > 1 AS Bool)) AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank4_first_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(f.u) AS u,
  toNullable(f.v) AS v,
  toNullable(g.v) AS w,
  toNullable(TRUE) AS more
FROM customhouse_work.customer_rank4_first_forest AS f
JOIN customhouse_work.customer_rank4_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_rank4_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_first_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(a.u) AS u,
  toNullable(coalesce(b.v, a.v)) AS v,
  toNullable(coalesce(b.w, a.w)) AS w,
  toNullable(CAST(b.u IS NOT NULL AS Bool)) AS more
FROM customhouse_work.customer_rank4_first_active AS a
LEFT JOIN customhouse_work.customer_rank4_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_rest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(e.v) AS v,
  toNullable(f.v) AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank4_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS u,
  toNullable(least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS v
FROM customhouse_work.customer_rank4_rest AS e
LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank4_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank4_first_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_rank4_first_forest AS o
LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_rank4_last ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_rank4_first_forest AS o
LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN toInt64(count()) > 20000 THEN toInt64(count()) ELSE toInt64(0) END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_forest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(minOrNull(e.v)) AS v,
  toNullable(CAST(toInt64(count()) > 1 AS Bool)) AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank4_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(f.u) AS u,
  toNullable(f.v) AS v,
  toNullable(g.v) AS w,
  toNullable(TRUE) AS more
FROM customhouse_work.customer_rank4_forest AS f
JOIN customhouse_work.customer_rank4_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_rank4_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_active ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(a.u) AS u,
  toNullable(coalesce(b.v, a.v)) AS v,
  toNullable(coalesce(b.w, a.w)) AS w,
  toNullable(CAST(b.u IS NOT NULL AS Bool)) AS more
FROM customhouse_work.customer_rank4_active AS a
LEFT JOIN customhouse_work.customer_rank4_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_rest ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(e.u) AS u,
  toNullable(e.v) AS v,
  toNullable(f.v) AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank4_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE OR REPLACE TABLE customhouse_work.customer_hubs ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(greatest(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS u,
  toNullable(least(coalesce(a.w, e.root), coalesce(b.w, g.v, e.v))) AS v
FROM customhouse_work.customer_rank4_rest AS e
LEFT JOIN customhouse_work.customer_rank4_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank4_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank4_active AS b ON b.u = e.v
WHERE coalesce(a.w, e.root) <> coalesce(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
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
  toNullable(o.u) AS n,
  toNullable(coalesce(a.w, o.v)) AS root
FROM customhouse_work.customer_rank4_forest AS o
LEFT JOIN customhouse_work.customer_rank4_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u AS u,
  e.v AS v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_moved ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
FROM customhouse_work.customer_rank4_moved AS m
LEFT JOIN customhouse_work.customer_rank4_last AS f ON f.n = m.root
UNION ALL
SELECT
  toNullable(f.n) AS n,
  toNullable(f.root) AS root
FROM customhouse_work.customer_rank4_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_joined ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.n) AS n,
  toNullable(coalesce(f.root, m.root)) AS root
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
  toNullable(f.n) AS n,
  toNullable(f.root) AS root
FROM customhouse_work.customer_rank4_moved AS f;

-- repair clusters over a limit: join what the limits allow (cookie)
CREATE OR REPLACE TABLE customhouse_work.customer_groups ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(p.c) AS c,
  toNullable(coalesce(j.root, p.c)) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.customer_broken ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(s.g) AS g,
  toNullable(coalesce(minArgMinOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(s.k), NULL, CAST(assumeNotNull(s.k) AS Int64)))), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END) AS Int64)))), s.t), minOrNull(concat(concat(concat(concat(concat('would join ', toString(if(isNull(s.k), NULL, CAST(assumeNotNull(s.k) AS Int64)))), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), toString(if(isNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END), NULL, CAST(assumeNotNull(CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END) AS Int64))))))) AS evidence
FROM (
  SELECT
    q.g AS g,
    q.t AS t,
    accurateCastOrNull(sumOrNull(toInt128(q.k)), 'Int64') AS k,
    maxOrNull(q.one) AS most
  FROM (
    SELECT
      g.g AS g,
      s.t AS t,
      s.k AS k,
      s.k AS one
    FROM customhouse_work.customer_groups AS g
    JOIN customhouse_work.customer_sizes AS s ON s.c = g.c
    UNION ALL
    SELECT
      w.g AS g,
      toInt64(4) AS t,
      toInt64(1) AS k,
      toInt64(0) AS one
    FROM (
      SELECT DISTINCT
        g.g AS g,
        h.x AS x
      FROM customhouse_work.customer_touches AS h
      JOIN customhouse_work.customer_groups AS g ON g.c = h.c
      JOIN (
        SELECT DISTINCT m.g AS g
        FROM customhouse_work.customer_groups AS m
        WHERE m.c <> m.g
      ) AS v ON v.g = g.g
      WHERE NOT EXISTS (
        SELECT toInt64(1) AS one
        FROM customhouse_work.customer_refused AS z
        WHERE z.x = h.x
      )
    ) AS w
  ) AS q
  GROUP BY q.g, q.t
) AS s
WHERE s.k > CASE WHEN s.t = 0 THEN toInt64(1) WHEN s.t = 1 THEN toInt64(5) WHEN s.t = 2 THEN toInt64(5) WHEN s.t = 3 THEN toInt64(3) WHEN s.t = 4 THEN toInt64(200) END
  AND s.k > s.most
GROUP BY s.g;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x AS x,
  'conflict' AS reason,
  k.evidence AS evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.customer_groups ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(g.c) AS c,
  toNullable(CASE WHEN k.g IS NULL THEN g.g ELSE g.c END) AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.customer_place ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(h.x) AS x,
  toNullable(h.c) AS c,
  toNullable(toInt64(row_number() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST))) AS r
FROM (
  SELECT DISTINCT
    q.x AS x,
    g.g AS c
  FROM customhouse_work.customer_touches AS q
  JOIN customhouse_work.customer_groups AS g ON g.c = q.c
  WHERE NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS h;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x AS x,
  'too_many' AS reason,
  'the customer has more than 200 cookie' AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 200;

CREATE OR REPLACE TABLE customhouse_work.customer_part ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(p.n) AS n,
  toNullable(p.t) AS t,
  toNullable(coalesce(w.c, g.g, p.c)) AS c
FROM customhouse_work.customer_part AS p
LEFT JOIN (
  SELECT
    q.x AS x,
    q.c AS c
  FROM customhouse_work.customer_place AS q
  WHERE NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_refused AS z
    WHERE z.x = q.x
  )
) AS w ON w.x = p.n
LEFT JOIN customhouse_work.customer_groups AS g ON g.c = p.c;

-- repair clusters over a limit: put the repaired clusters back
CREATE OR REPLACE TABLE customhouse_work.customer_cluster ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(c.n) AS n,
  toNullable(c.t) AS t,
  toNullable(c.g) AS g,
  toNullable(coalesce(b.c, c.c)) AS c
FROM customhouse_work.customer_cluster AS c
LEFT JOIN customhouse_work.customer_part AS b ON b.n = c.n;

CREATE OR REPLACE TABLE customhouse_work.customer_stats ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(s.c) AS c,
  toNullable(s.`first`) AS `first`,
  toNullable(s.size) AS size,
  toNullable(s.k0) AS k0,
  toNullable(s.k1) AS k1,
  toNullable(s.k2) AS k2,
  toNullable(s.k3) AS k3,
  toNullable(s.k4) AS k4
FROM customhouse_work.customer_stats AS s
WHERE s.c NOT IN (
  SELECT o.c AS c
  FROM customhouse_work.customer_over AS o
)
UNION ALL
SELECT
  toNullable(c.c) AS c,
  toNullable(minOrNull(c.n)) AS `first`,
  toNullable(toInt64(count())) AS size,
  toNullable(toInt64(countIf(isNotNull(CASE WHEN c.t = 0 THEN toInt64(1) END)))) AS k0,
  toNullable(toInt64(countIf(isNotNull(CASE WHEN c.t = 1 THEN toInt64(1) END)))) AS k1,
  toNullable(toInt64(countIf(isNotNull(CASE WHEN c.t = 2 THEN toInt64(1) END)))) AS k2,
  toNullable(toInt64(countIf(isNotNull(CASE WHEN c.t = 3 THEN toInt64(1) END)))) AS k3,
  toNullable(toInt64(countIf(isNotNull(CASE WHEN c.t = 4 THEN toInt64(1) END)))) AS k4
FROM customhouse_work.customer_part AS c
GROUP BY c.c;

CREATE OR REPLACE TABLE customhouse_work.customer_over ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT toNullable(k.c) AS c
FROM (
  SELECT s.c AS c
  FROM (
    SELECT
      c.c AS c,
      minOrNull(c.n) AS `first`,
      toInt64(count()) AS size,
      toInt64(countIf(isNotNull(CASE WHEN c.t = 0 THEN toInt64(1) END))) AS k0,
      toInt64(countIf(isNotNull(CASE WHEN c.t = 1 THEN toInt64(1) END))) AS k1,
      toInt64(countIf(isNotNull(CASE WHEN c.t = 2 THEN toInt64(1) END))) AS k2,
      toInt64(countIf(isNotNull(CASE WHEN c.t = 3 THEN toInt64(1) END))) AS k3,
      toInt64(countIf(isNotNull(CASE WHEN c.t = 4 THEN toInt64(1) END))) AS k4
    FROM customhouse_work.customer_part AS c
    GROUP BY c.c
  ) AS s
  WHERE s.k0 > 1 OR s.k1 > 5 OR s.k2 > 5 OR s.k3 > 3 OR s.k4 > 200
) AS k;

-- carry ids over
CREATE OR REPLACE TABLE customhouse_work.customer_barred ENGINE = MergeTree ORDER BY tuple() AS
SELECT toNullable(c.c) AS c
FROM customhouse_work.customer_cluster AS c
WHERE c.n IN (
  SELECT z.x AS x
  FROM customhouse_work.customer_quarantined AS z
)
UNION ALL
SELECT toNullable(c.c) AS c
FROM customhouse_work.customer_cluster AS c
JOIN customhouse_work.customer_nodes AS d ON d.n = c.n
GROUP BY c.c
HAVING maxOrNull(d.last_seen) < toDateTime64('2025-10-04 00:00:00.000000', 6, 'UTC') AND minOrNull(CAST(d.t IN (toInt64(4)) AS Bool));

CREATE OR REPLACE TABLE customhouse_work.customer_owners ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(d.old) AS old,
  toNullable(coalesce(minArgMinOrNull(c.c, accurateCastOrNull(toInt128(if(isNull(d.t), NULL, CAST(assumeNotNull(d.t) AS Int64))) * toInt128(toInt64(281474976710656)), 'Int64') + d.n), minOrNull(c.c))) AS c
FROM customhouse_work.customer_cluster AS c
JOIN (
  SELECT
    o.n AS n,
    o.t AS t,
    o.old AS old
  FROM customhouse_work.customer_nodes AS o
  WHERE o.old IS NOT NULL
) AS d ON d.n = c.n
WHERE c.c NOT IN (
  SELECT z.c AS c
  FROM customhouse_work.customer_barred AS z
)
GROUP BY d.old;

CREATE OR REPLACE TABLE customhouse_work.customer_ids ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(k.c) AS c,
  toNullable(coalesce(s.`id`, greatest((
    SELECT coalesce(maxOrNull(m.customer_id), toInt64(0)) AS n
    FROM customhouse.customer_identities AS m
  ), (
    SELECT coalesce(maxOrNull(m.old_id), toInt64(0)) AS n
    FROM customhouse.customer_id_history AS m
  ), (
    SELECT coalesce(maxOrNull(m.new_id), toInt64(0)) AS n
    FROM customhouse.customer_id_history AS m
  )) + toInt64(row_number() OVER (ORDER BY CASE WHEN s.`id` IS NULL THEN k.`first` END NULLS LAST)))) AS `id`
FROM (
  SELECT
    c.c AS c,
    c.`first` AS `first`
  FROM customhouse_work.customer_stats AS c
  WHERE c.c NOT IN (
    SELECT z.c AS c
    FROM customhouse_work.customer_barred AS z
  )
) AS k
LEFT JOIN (
  SELECT
    o.c AS c,
    minOrNull(o.old) AS `id`
  FROM customhouse_work.customer_owners AS o
  GROUP BY o.c
) AS s ON s.c = k.c;

CREATE OR REPLACE TABLE customhouse_work.customer_changes ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(o.old) AS old_id,
  toNullable(i.`id`) AS new_id,
  toNullable('merge') AS `kind`,
  toNullable('a link joined the two') AS cause
FROM customhouse_work.customer_owners AS o
JOIN customhouse_work.customer_ids AS i ON i.c = o.c
WHERE i.`id` <> o.old
UNION ALL
SELECT
  toNullable(p.old) AS old_id,
  toNullable(i.`id`) AS new_id,
  toNullable('split') AS `kind`,
  toNullable('no link joins the identifiers any more') AS cause
FROM (
  SELECT DISTINCT
    d.old AS old,
    c.c AS c
  FROM customhouse_work.customer_cluster AS c
  JOIN (
    SELECT
      o.n AS n,
      o.t AS t,
      o.old AS old
    FROM customhouse_work.customer_nodes AS o
    WHERE o.old IS NOT NULL
  ) AS d ON d.n = c.n
  WHERE c.c NOT IN (
    SELECT z.c AS c
    FROM customhouse_work.customer_barred AS z
  )
) AS p
JOIN customhouse_work.customer_owners AS o ON o.old = p.old
JOIN customhouse_work.customer_ids AS i ON i.c = p.c
WHERE o.c <> p.c
UNION ALL
SELECT
  toNullable(g.`id`) AS old_id,
  toNullable(CAST(NULL AS Nullable(Int64))) AS new_id,
  toNullable('gone') AS `kind`,
  toNullable(CASE WHEN EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse_work.customer_nodes AS d
    WHERE d.old = g.`id`
  ) THEN 'its identifiers are quarantined or have expired' ELSE 'no source carries its identifiers any more' END) AS cause
FROM (
  SELECT DISTINCT i.customer_id AS `id`
  FROM customhouse.customer_identities AS i
  WHERE i.customer_id IS NOT NULL
) AS g
WHERE NOT EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse_work.customer_owners AS o
  WHERE o.old = g.`id`
);

-- write identities
CREATE OR REPLACE TABLE customhouse_work.customer_suspects ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(i.`id`) AS `id`,
  toNullable(s.`first`) AS n,
  toNullable(concat(toString(s.size), ' identifiers, more than 50')) AS evidence
FROM customhouse_work.customer_stats AS s
JOIN customhouse_work.customer_ids AS i ON i.c = s.c
WHERE s.size > 50;

CREATE OR REPLACE TABLE customhouse.customer_identities__new ENGINE = MergeTree ORDER BY (identifier_type, identifier) SETTINGS allow_nullable_key = 1 AS
SELECT
  toNullable(CASE WHEN d.t = 0 THEN 'user_id' WHEN d.t = 1 THEN 'email' WHEN d.t = 2 THEN 'phone' WHEN d.t = 3 THEN 'card' WHEN d.t = 4 THEN 'cookie' END) AS identifier_type,
  toNullable(d.v) AS identifier,
  toNullable(i.`id`) AS customer_id,
  toNullable(d.first_seen) AS first_seen,
  toNullable(d.last_seen) AS last_seen,
  toNullable(d.`source`) AS `source`,
  toNullable(d.n) AS number,
  toNullable(c.g) AS component,
  toNullable(CAST(d.n IN (
    SELECT z.x AS x
    FROM customhouse_work.customer_quarantined AS z
  ) AS Bool)) AS quarantined
FROM customhouse_work.customer_nodes AS d
JOIN customhouse_work.customer_cluster AS c ON c.n = d.n
LEFT JOIN customhouse_work.customer_ids AS i ON i.c = c.c;

CREATE OR REPLACE TABLE customhouse_work.customer_told ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(i.number) AS n,
  toNullable(i.identifier) AS v
FROM customhouse.customer_identities AS i
WHERE i.number IN (
  SELECT r.x AS n
  FROM customhouse_work.customer_refused AS r
  UNION ALL
  SELECT r.x AS n
  FROM customhouse_work.customer_quarantined AS r
  WHERE r.k IS NOT NULL
  UNION ALL
  SELECT r.n AS n
  FROM customhouse_work.customer_suspects AS r
);

CREATE OR REPLACE TABLE customhouse.customer_identity_incidents__new ENGINE = MergeTree ORDER BY (identifier_type, identifier) SETTINGS allow_nullable_key = 1 AS
SELECT
  toNullable(CASE WHEN d.t = 0 THEN 'user_id' WHEN d.t = 1 THEN 'email' WHEN d.t = 2 THEN 'phone' WHEN d.t = 3 THEN 'card' WHEN d.t = 4 THEN 'cookie' END) AS identifier_type,
  toNullable(coalesce(d.v, o.v)) AS identifier,
  toNullable(r.reason) AS reason,
  toNullable(r.evidence) AS evidence,
  toNullable('RUN') AS run_id,
  toNullable(r.n) AS number,
  toNullable(r.`id`) AS customer_id
FROM customhouse_work.customer_nodes AS d
JOIN (
  SELECT
    r.x AS n,
    r.reason AS reason,
    r.evidence AS evidence,
    CAST(NULL AS Nullable(Int64)) AS `id`
  FROM customhouse_work.customer_refused AS r
  UNION ALL
  SELECT
    r.x AS n,
    'quarantined' AS reason,
    concat(concat(concat('seen with ', toString(if(isNull(r.k), NULL, CAST(assumeNotNull(r.k) AS Int64)))), ' '), CASE WHEN r.s = 0 THEN 'user_id' WHEN r.s = 1 THEN 'email' WHEN r.s = 2 THEN 'phone' WHEN r.s = 3 THEN 'card' WHEN r.s = 4 THEN 'cookie' END) AS evidence,
    CAST(NULL AS Nullable(Int64)) AS `id`
  FROM customhouse_work.customer_quarantined AS r
  WHERE r.k IS NOT NULL
  UNION ALL
  SELECT
    r.n AS n,
    'suspect' AS reason,
    r.evidence AS evidence,
    r.`id` AS `id`
  FROM customhouse_work.customer_suspects AS r
) AS r ON d.n = r.n
LEFT JOIN customhouse_work.customer_told AS o ON o.n = r.n
UNION ALL
SELECT
  toNullable('user_id') AS identifier_type,
  toNullable(substringUTF8(r.`raw.user_id`, greatest(toInt64(1), 1), toInt64(100))) AS identifier,
  toNullable(CASE WHEN toInt64(lengthUTF8(r.`raw.user_id`)) > 512 THEN 'too_long' WHEN nullIf(replaceRegexpAll(r.`raw.user_id`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL THEN 'invalid' ELSE 'ignored' END) AS reason,
  toNullable(concat(toString(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64')), ' rows of contacts')) AS evidence,
  toNullable('RUN') AS run_id,
  toNullable(CAST(NULL AS Nullable(Int64))) AS number,
  toNullable(CAST(NULL AS Nullable(Int64))) AS customer_id
FROM (
  SELECT
    r.`raw.user_id` AS `raw.user_id`,
    r.`rows` AS `rows`
  FROM customhouse.identity_rows_contacts__new AS r
  WHERE r.`n.user_id` IS NULL
    AND r.`raw.user_id` IS NOT NULL
) AS r
WHERE NOT (nullIf(replaceRegexpAll(r.`raw.user_id`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL)
GROUP BY substringUTF8(r.`raw.user_id`, greatest(toInt64(1), 1), toInt64(100)), CASE WHEN toInt64(lengthUTF8(r.`raw.user_id`)) > 512 THEN 'too_long' WHEN nullIf(replaceRegexpAll(r.`raw.user_id`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  toNullable('email') AS identifier_type,
  toNullable(substringUTF8(r.`raw.email`, greatest(toInt64(1), 1), toInt64(100))) AS identifier,
  toNullable(CASE WHEN toInt64(lengthUTF8(r.`raw.email`)) > 512 THEN 'too_long' WHEN CASE WHEN match(if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END IS NULL THEN 'invalid' ELSE 'ignored' END) AS reason,
  toNullable(concat(toString(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64')), ' rows of contacts')) AS evidence,
  toNullable('RUN') AS run_id,
  toNullable(CAST(NULL AS Nullable(Int64))) AS number,
  toNullable(CAST(NULL AS Nullable(Int64))) AS customer_id
FROM (
  SELECT
    r.`raw.email` AS `raw.email`,
    r.`rows` AS `rows`
  FROM customhouse.identity_rows_contacts__new AS r
  WHERE r.`n.email` IS NULL
    AND r.`raw.email` IS NOT NULL
) AS r
WHERE NOT (nullIf(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL)
GROUP BY substringUTF8(r.`raw.email`, greatest(toInt64(1), 1), toInt64(100)), CASE WHEN toInt64(lengthUTF8(r.`raw.email`)) > 512 THEN 'too_long' WHEN CASE WHEN match(if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  toNullable('phone') AS identifier_type,
  toNullable(substringUTF8(r.`raw.phone`, greatest(toInt64(1), 1), toInt64(100))) AS identifier,
  toNullable(CASE WHEN toInt64(lengthUTF8(r.`raw.phone`)) > 512 THEN 'too_long' WHEN CASE WHEN match(concat('+', CASE WHEN startsWith(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END), concat('(?-s)^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', ')\\z')) THEN concat('+', CASE WHEN startsWith(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END) END IS NULL THEN 'invalid' ELSE 'ignored' END) AS reason,
  toNullable(concat(toString(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64')), ' rows of contacts')) AS evidence,
  toNullable('RUN') AS run_id,
  toNullable(CAST(NULL AS Nullable(Int64))) AS number,
  toNullable(CAST(NULL AS Nullable(Int64))) AS customer_id
FROM (
  SELECT
    r.`raw.phone` AS `raw.phone`,
    r.`rows` AS `rows`
  FROM customhouse.identity_rows_contacts__new AS r
  WHERE r.`n.phone` IS NULL
    AND r.`raw.phone` IS NOT NULL
) AS r
WHERE NOT (nullIf(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL)
GROUP BY substringUTF8(r.`raw.phone`, greatest(toInt64(1), 1), toInt64(100)), CASE WHEN toInt64(lengthUTF8(r.`raw.phone`)) > 512 THEN 'too_long' WHEN CASE WHEN match(concat('+', CASE WHEN startsWith(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END), concat('(?-s)^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', ')\\z')) THEN concat('+', CASE WHEN startsWith(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  toNullable('email') AS identifier_type,
  toNullable(substringUTF8(r.`raw.email`, greatest(toInt64(1), 1), toInt64(100))) AS identifier,
  toNullable(CASE WHEN toInt64(lengthUTF8(r.`raw.email`)) > 512 THEN 'too_long' WHEN CASE WHEN match(if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END IS NULL THEN 'invalid' ELSE 'ignored' END) AS reason,
  toNullable(concat(toString(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64')), ' rows of loyalty')) AS evidence,
  toNullable('RUN') AS run_id,
  toNullable(CAST(NULL AS Nullable(Int64))) AS number,
  toNullable(CAST(NULL AS Nullable(Int64))) AS customer_id
FROM (
  SELECT
    r.`raw.email` AS `raw.email`,
    r.`rows` AS `rows`
  FROM customhouse.identity_rows_loyalty__new AS r
  WHERE r.`n.email` IS NULL
    AND r.`raw.email` IS NOT NULL
) AS r
WHERE NOT (nullIf(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL)
GROUP BY substringUTF8(r.`raw.email`, greatest(toInt64(1), 1), toInt64(100)), CASE WHEN toInt64(lengthUTF8(r.`raw.email`)) > 512 THEN 'too_long' WHEN CASE WHEN match(if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  toNullable('phone') AS identifier_type,
  toNullable(substringUTF8(r.`raw.phone`, greatest(toInt64(1), 1), toInt64(100))) AS identifier,
  toNullable(CASE WHEN toInt64(lengthUTF8(r.`raw.phone`)) > 512 THEN 'too_long' WHEN CASE WHEN match(concat('+', CASE WHEN startsWith(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END), concat('(?-s)^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', ')\\z')) THEN concat('+', CASE WHEN startsWith(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END) END IS NULL THEN 'invalid' ELSE 'ignored' END) AS reason,
  toNullable(concat(toString(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64')), ' rows of loyalty')) AS evidence,
  toNullable('RUN') AS run_id,
  toNullable(CAST(NULL AS Nullable(Int64))) AS number,
  toNullable(CAST(NULL AS Nullable(Int64))) AS customer_id
FROM (
  SELECT
    r.`raw.phone` AS `raw.phone`,
    r.`rows` AS `rows`
  FROM customhouse.identity_rows_loyalty__new AS r
  WHERE r.`n.phone` IS NULL
    AND r.`raw.phone` IS NOT NULL
) AS r
WHERE NOT (nullIf(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL)
GROUP BY substringUTF8(r.`raw.phone`, greatest(toInt64(1), 1), toInt64(100)), CASE WHEN toInt64(lengthUTF8(r.`raw.phone`)) > 512 THEN 'too_long' WHEN CASE WHEN match(concat('+', CASE WHEN startsWith(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END), concat('(?-s)^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', ')\\z')) THEN concat('+', CASE WHEN startsWith(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(r.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  toNullable('card') AS identifier_type,
  toNullable(substringUTF8(r.`raw.card`, greatest(toInt64(1), 1), toInt64(100))) AS identifier,
  toNullable(CASE WHEN toInt64(lengthUTF8(r.`raw.card`)) > 512 THEN 'too_long' WHEN nullIf(replaceRegexpAll(replaceRegexpAll(r.`raw.card`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), concat('(?-s)', '[^0-9]+'), ''), '') IS NULL THEN 'invalid' ELSE 'ignored' END) AS reason,
  toNullable(concat(toString(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64')), ' rows of loyalty')) AS evidence,
  toNullable('RUN') AS run_id,
  toNullable(CAST(NULL AS Nullable(Int64))) AS number,
  toNullable(CAST(NULL AS Nullable(Int64))) AS customer_id
FROM (
  SELECT
    r.`raw.card` AS `raw.card`,
    r.`rows` AS `rows`
  FROM customhouse.identity_rows_loyalty__new AS r
  WHERE r.`n.card` IS NULL
    AND r.`raw.card` IS NOT NULL
) AS r
WHERE NOT (nullIf(replaceRegexpAll(r.`raw.card`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL)
GROUP BY substringUTF8(r.`raw.card`, greatest(toInt64(1), 1), toInt64(100)), CASE WHEN toInt64(lengthUTF8(r.`raw.card`)) > 512 THEN 'too_long' WHEN nullIf(replaceRegexpAll(replaceRegexpAll(r.`raw.card`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), concat('(?-s)', '[^0-9]+'), ''), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  toNullable('email') AS identifier_type,
  toNullable(substringUTF8(r.`raw.email`, greatest(toInt64(1), 1), toInt64(100))) AS identifier,
  toNullable(CASE WHEN toInt64(lengthUTF8(r.`raw.email`)) > 512 THEN 'too_long' WHEN CASE WHEN match(if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END IS NULL THEN 'invalid' ELSE 'ignored' END) AS reason,
  toNullable(concat(toString(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64')), ' rows of newsletter')) AS evidence,
  toNullable('RUN') AS run_id,
  toNullable(CAST(NULL AS Nullable(Int64))) AS number,
  toNullable(CAST(NULL AS Nullable(Int64))) AS customer_id
FROM (
  SELECT
    r.`raw.email` AS `raw.email`,
    r.`rows` AS `rows`
  FROM customhouse.identity_rows_newsletter__new AS r
  WHERE r.`n.email` IS NULL
    AND r.`raw.email` IS NOT NULL
) AS r
WHERE NOT (nullIf(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL)
GROUP BY substringUTF8(r.`raw.email`, greatest(toInt64(1), 1), toInt64(100)), CASE WHEN toInt64(lengthUTF8(r.`raw.email`)) > 512 THEN 'too_long' WHEN CASE WHEN match(if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  toNullable('email') AS identifier_type,
  toNullable(substringUTF8(r.`raw.email`, greatest(toInt64(1), 1), toInt64(100))) AS identifier,
  toNullable(CASE WHEN toInt64(lengthUTF8(r.`raw.email`)) > 512 THEN 'too_long' WHEN CASE WHEN match(if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END IS NULL THEN 'invalid' ELSE 'ignored' END) AS reason,
  toNullable(concat(toString(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64')), ' rows of orders')) AS evidence,
  toNullable('RUN') AS run_id,
  toNullable(CAST(NULL AS Nullable(Int64))) AS number,
  toNullable(CAST(NULL AS Nullable(Int64))) AS customer_id
FROM (
  SELECT
    r.`raw.email` AS `raw.email`,
    r.`rows` AS `rows`
  FROM customhouse.identity_rows_orders__new AS r
  WHERE r.`n.email` IS NULL
    AND r.`raw.email` IS NOT NULL
) AS r
WHERE NOT (nullIf(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL)
GROUP BY substringUTF8(r.`raw.email`, greatest(toInt64(1), 1), toInt64(100)), CASE WHEN toInt64(lengthUTF8(r.`raw.email`)) > 512 THEN 'too_long' WHEN CASE WHEN match(if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(r.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  toNullable('card') AS identifier_type,
  toNullable(substringUTF8(r.`raw.card`, greatest(toInt64(1), 1), toInt64(100))) AS identifier,
  toNullable(CASE WHEN toInt64(lengthUTF8(r.`raw.card`)) > 512 THEN 'too_long' WHEN nullIf(replaceRegexpAll(replaceRegexpAll(r.`raw.card`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), concat('(?-s)', '[^0-9]+'), ''), '') IS NULL THEN 'invalid' ELSE 'ignored' END) AS reason,
  toNullable(concat(toString(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64')), ' rows of orders')) AS evidence,
  toNullable('RUN') AS run_id,
  toNullable(CAST(NULL AS Nullable(Int64))) AS number,
  toNullable(CAST(NULL AS Nullable(Int64))) AS customer_id
FROM (
  SELECT
    r.`raw.card` AS `raw.card`,
    r.`rows` AS `rows`
  FROM customhouse.identity_rows_orders__new AS r
  WHERE r.`n.card` IS NULL
    AND r.`raw.card` IS NOT NULL
) AS r
WHERE NOT (nullIf(replaceRegexpAll(r.`raw.card`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL)
GROUP BY substringUTF8(r.`raw.card`, greatest(toInt64(1), 1), toInt64(100)), CASE WHEN toInt64(lengthUTF8(r.`raw.card`)) > 512 THEN 'too_long' WHEN nullIf(replaceRegexpAll(replaceRegexpAll(r.`raw.card`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), concat('(?-s)', '[^0-9]+'), ''), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  toNullable('user_id') AS identifier_type,
  toNullable(substringUTF8(r.`raw.user_id`, greatest(toInt64(1), 1), toInt64(100))) AS identifier,
  toNullable(CASE WHEN toInt64(lengthUTF8(r.`raw.user_id`)) > 512 THEN 'too_long' WHEN nullIf(replaceRegexpAll(r.`raw.user_id`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL THEN 'invalid' ELSE 'ignored' END) AS reason,
  toNullable(concat(toString(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64')), ' rows of page_views')) AS evidence,
  toNullable('RUN') AS run_id,
  toNullable(CAST(NULL AS Nullable(Int64))) AS number,
  toNullable(CAST(NULL AS Nullable(Int64))) AS customer_id
FROM (
  SELECT
    r.`raw.user_id` AS `raw.user_id`,
    r.`rows` AS `rows`
  FROM customhouse.identity_rows_page_views__new AS r
  WHERE r.`n.user_id` IS NULL
    AND r.`raw.user_id` IS NOT NULL
) AS r
WHERE NOT (nullIf(replaceRegexpAll(r.`raw.user_id`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL)
GROUP BY substringUTF8(r.`raw.user_id`, greatest(toInt64(1), 1), toInt64(100)), CASE WHEN toInt64(lengthUTF8(r.`raw.user_id`)) > 512 THEN 'too_long' WHEN nullIf(replaceRegexpAll(r.`raw.user_id`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  toNullable('cookie') AS identifier_type,
  toNullable(substringUTF8(r.`raw.cookie`, greatest(toInt64(1), 1), toInt64(100))) AS identifier,
  toNullable(CASE WHEN toInt64(lengthUTF8(r.`raw.cookie`)) > 512 THEN 'too_long' WHEN CASE WHEN replaceRegexpAll(r.`raw.cookie`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '') <> '' THEN r.`raw.cookie` END IS NULL THEN 'invalid' ELSE 'ignored' END) AS reason,
  toNullable(concat(toString(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64')), ' rows of page_views')) AS evidence,
  toNullable('RUN') AS run_id,
  toNullable(CAST(NULL AS Nullable(Int64))) AS number,
  toNullable(CAST(NULL AS Nullable(Int64))) AS customer_id
FROM (
  SELECT
    r.`raw.cookie` AS `raw.cookie`,
    r.`rows` AS `rows`
  FROM customhouse.identity_rows_page_views__new AS r
  WHERE r.`n.cookie` IS NULL
    AND r.`raw.cookie` IS NOT NULL
) AS r
WHERE NOT (nullIf(replaceRegexpAll(r.`raw.cookie`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') IS NULL)
GROUP BY substringUTF8(r.`raw.cookie`, greatest(toInt64(1), 1), toInt64(100)), CASE WHEN toInt64(lengthUTF8(r.`raw.cookie`)) > 512 THEN 'too_long' WHEN CASE WHEN replaceRegexpAll(r.`raw.cookie`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '') <> '' THEN r.`raw.cookie` END IS NULL THEN 'invalid' ELSE 'ignored' END;

-- count
CREATE OR REPLACE TABLE customhouse_work.customer_totals ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable((
    SELECT coalesce(toInt64(count()), toInt64(0)) AS n
    FROM customhouse_work.customer_ids AS i
  )) AS entities,
  toNullable((
    SELECT coalesce(maxOrNull(s.size), toInt64(0)) AS n
    FROM customhouse_work.customer_stats AS s
    JOIN customhouse_work.customer_ids AS i ON i.c = s.c
  )) AS largest,
  toNullable(toInt64(0)) AS `unknown`;

-- put in place
CREATE OR REPLACE TABLE customhouse.customer_identities CLONE AS customhouse.customer_identities__new;

DROP TABLE IF EXISTS customhouse.customer_identities__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_contacts CLONE AS customhouse.identity_rows_contacts__new;

DROP TABLE IF EXISTS customhouse.identity_rows_contacts__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_loyalty CLONE AS customhouse.identity_rows_loyalty__new;

DROP TABLE IF EXISTS customhouse.identity_rows_loyalty__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_newsletter CLONE AS customhouse.identity_rows_newsletter__new;

DROP TABLE IF EXISTS customhouse.identity_rows_newsletter__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_orders CLONE AS customhouse.identity_rows_orders__new;

DROP TABLE IF EXISTS customhouse.identity_rows_orders__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_page_views CLONE AS customhouse.identity_rows_page_views__new;

DROP TABLE IF EXISTS customhouse.identity_rows_page_views__new;

CREATE OR REPLACE TABLE customhouse.customer_identity_incidents CLONE AS customhouse.customer_identity_incidents__new;

DROP TABLE IF EXISTS customhouse.customer_identity_incidents__new;

INSERT INTO customhouse.customer_id_history (old_id, new_id, `kind`, cause, run_id, `at`)
SELECT
  h.old_id AS old_id,
  h.new_id AS new_id,
  h.`kind` AS `kind`,
  h.cause AS cause,
  'RUN' AS run_id,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS `at`
FROM customhouse_work.customer_changes AS h;

DELETE FROM customhouse.identity_state
WHERE entity = 'customer';

INSERT INTO customhouse.identity_state (entity, `source`, `settings`, since, as_of, run_id, entities, largest)
SELECT
  'customer' AS entity,
  '' AS `source`,
  'c5cbe0839d50b9c01c25f85ec2f446376f532cdf72e5c31e73bfb5dda819607e' AS `settings`,
  CAST(NULL AS Nullable(DateTime64(6, 'UTC'))) AS since,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS as_of,
  'RUN' AS run_id,
  t.entities AS entities,
  t.largest AS largest
FROM customhouse_work.customer_totals AS t
UNION ALL
SELECT
  'customer' AS entity,
  'contacts' AS `source`,
  '' AS `settings`,
  CAST(NULL AS Nullable(DateTime64(6, 'UTC'))) AS since,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS Nullable(Int64)) AS entities,
  CAST(NULL AS Nullable(Int64)) AS largest
UNION ALL
SELECT
  'customer' AS entity,
  'loyalty' AS `source`,
  '' AS `settings`,
  CAST(NULL AS Nullable(DateTime64(6, 'UTC'))) AS since,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS Nullable(Int64)) AS entities,
  CAST(NULL AS Nullable(Int64)) AS largest
UNION ALL
SELECT
  'customer' AS entity,
  'newsletter' AS `source`,
  '' AS `settings`,
  CAST(NULL AS Nullable(DateTime64(6, 'UTC'))) AS since,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS Nullable(Int64)) AS entities,
  CAST(NULL AS Nullable(Int64)) AS largest
UNION ALL
SELECT
  'customer' AS entity,
  'orders' AS `source`,
  '' AS `settings`,
  CAST(NULL AS Nullable(DateTime64(6, 'UTC'))) AS since,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS Nullable(Int64)) AS entities,
  CAST(NULL AS Nullable(Int64)) AS largest
UNION ALL
SELECT
  'customer' AS entity,
  'page_views' AS `source`,
  '' AS `settings`,
  CAST(NULL AS Nullable(DateTime64(6, 'UTC'))) AS since,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS Nullable(Int64)) AS entities,
  CAST(NULL AS Nullable(Int64)) AS largest;

-- measure source:contacts
SELECT
  coalesce(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64'), toInt64(0)) AS `rows`,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN r.`n.user_id` IS NULL AND r.`n.email` IS NULL AND r.`n.phone` IS NULL THEN r.`rows` ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS without_identifier
FROM customhouse.identity_rows_contacts AS r;

-- measure source:loyalty
SELECT
  coalesce(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64'), toInt64(0)) AS `rows`,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN r.`n.email` IS NULL AND r.`n.phone` IS NULL AND r.`n.card` IS NULL THEN r.`rows` ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS without_identifier
FROM customhouse.identity_rows_loyalty AS r;

-- measure source:newsletter
SELECT
  coalesce(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64'), toInt64(0)) AS `rows`,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN r.`n.email` IS NULL THEN r.`rows` ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS without_identifier
FROM customhouse.identity_rows_newsletter AS r;

-- measure source:orders
SELECT
  coalesce(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64'), toInt64(0)) AS `rows`,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN r.`n.email` IS NULL AND r.`n.card` IS NULL THEN r.`rows` ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS without_identifier
FROM customhouse.identity_rows_orders AS r;

-- measure source:page_views
SELECT
  coalesce(accurateCastOrNull(sumOrNull(toInt128(r.`rows`)), 'Int64'), toInt64(0)) AS `rows`,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN r.`n.user_id` IS NULL AND r.`n.cookie` IS NULL THEN r.`rows` ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS without_identifier
FROM customhouse.identity_rows_page_views AS r;

-- measure identity:customer
SELECT
  (
    SELECT toInt64(count()) AS n
    FROM customhouse.customer_identities AS i
  ) AS identifiers,
  t.entities AS customers,
  t.largest AS largest
FROM customhouse_work.customer_totals AS t;

-- measure changes:customer
SELECT
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN x.`kind` = 'merge' THEN toInt64(1) ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS merge,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN x.`kind` = 'split' THEN toInt64(1) ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS split,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN x.`kind` = 'gone' THEN toInt64(1) ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS gone
FROM customhouse_work.customer_changes AS x;

-- measure incidents:customer
SELECT
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN x.reason = 'ignored' THEN toInt64(1) ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS ignored,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN x.reason = 'invalid' THEN toInt64(1) ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS invalid,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN x.reason = 'too_long' THEN toInt64(1) ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS too_long,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN x.reason = 'quarantined' THEN toInt64(1) ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS quarantined,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN x.reason = 'shared' THEN toInt64(1) ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS shared,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN x.reason = 'conflict' THEN toInt64(1) ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS conflict,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN x.reason = 'too_many' THEN toInt64(1) ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS too_many,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN x.reason = 'never_link' THEN toInt64(1) ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS never_link,
  coalesce(accurateCastOrNull(sumOrNull(toInt128(CASE WHEN x.reason = 'suspect' THEN toInt64(1) ELSE toInt64(0) END)), 'Int64'), toInt64(0)) AS suspect
FROM customhouse.customer_identity_incidents AS x;
