-- number the identifiers
CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE TEMP FUNCTION least_of(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_nodes AS
SELECT
  COALESCE(k.number, (
    SELECT COALESCE(MAX(m.number), 0) AS n
    FROM customhouse.customer_identities AS m
  ) + ROW_NUMBER() OVER (ORDER BY CASE WHEN k.number IS NULL THEN k.first_seen END NULLS LAST, k.t NULLS LAST, k.v NULLS LAST)) AS n,
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
    least_of([d.first_seen, o.first_seen]) AS first_seen,
    greatest_of([d.last_seen, o.last_seen]) AS last_seen,
    COALESCE(o.source, CASE WHEN d.source = 0 THEN 'contacts' WHEN d.source = 1 THEN 'loyalty' WHEN d.source = 2 THEN 'newsletter' WHEN d.source = 3 THEN 'orders' WHEN d.source = 4 THEN 'page_views' END) AS source,
    o.customer_id AS old,
    o.number
  FROM (
    SELECT
      CAST(0 AS INT64) AS t,
      a.v,
      MIN(a.first_seen) AS first_seen,
      MAX(a.last_seen) AS last_seen,
      ARRAY_AGG(a.source IGNORE NULLS ORDER BY a.first_seen IS NULL, a.first_seen, a.source LIMIT 1)[SAFE_OFFSET(0)] AS source
    FROM (
      SELECT
        r.`id_x002E_user_id` AS v,
        r.first_seen,
        r.last_seen,
        0 AS source
      FROM customhouse_work.rows_contacts AS r
      WHERE r.`id_x002E_user_id` IS NOT NULL
      UNION ALL
      SELECT
        r.`id_x002E_user_id` AS v,
        r.first_seen,
        r.last_seen,
        4 AS source
      FROM customhouse_work.rows_page_views AS r
      WHERE r.`id_x002E_user_id` IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(1 AS INT64) AS t,
      a.v,
      MIN(a.first_seen) AS first_seen,
      MAX(a.last_seen) AS last_seen,
      ARRAY_AGG(a.source IGNORE NULLS ORDER BY a.first_seen IS NULL, a.first_seen, a.source LIMIT 1)[SAFE_OFFSET(0)] AS source
    FROM (
      SELECT
        r.`id_x002E_email` AS v,
        r.first_seen,
        r.last_seen,
        0 AS source
      FROM customhouse_work.rows_contacts AS r
      WHERE r.`id_x002E_email` IS NOT NULL
      UNION ALL
      SELECT
        r.`id_x002E_email` AS v,
        r.first_seen,
        r.last_seen,
        1 AS source
      FROM customhouse_work.rows_loyalty AS r
      WHERE r.`id_x002E_email` IS NOT NULL
      UNION ALL
      SELECT
        r.`id_x002E_email` AS v,
        r.first_seen,
        r.last_seen,
        2 AS source
      FROM customhouse_work.rows_newsletter AS r
      WHERE r.`id_x002E_email` IS NOT NULL
      UNION ALL
      SELECT
        r.`id_x002E_email` AS v,
        r.first_seen,
        r.last_seen,
        3 AS source
      FROM customhouse_work.rows_orders AS r
      WHERE r.`id_x002E_email` IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(2 AS INT64) AS t,
      a.v,
      MIN(a.first_seen) AS first_seen,
      MAX(a.last_seen) AS last_seen,
      ARRAY_AGG(a.source IGNORE NULLS ORDER BY a.first_seen IS NULL, a.first_seen, a.source LIMIT 1)[SAFE_OFFSET(0)] AS source
    FROM (
      SELECT
        r.`id_x002E_phone` AS v,
        r.first_seen,
        r.last_seen,
        0 AS source
      FROM customhouse_work.rows_contacts AS r
      WHERE r.`id_x002E_phone` IS NOT NULL
      UNION ALL
      SELECT
        r.`id_x002E_phone` AS v,
        r.first_seen,
        r.last_seen,
        1 AS source
      FROM customhouse_work.rows_loyalty AS r
      WHERE r.`id_x002E_phone` IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(3 AS INT64) AS t,
      a.v,
      MIN(a.first_seen) AS first_seen,
      MAX(a.last_seen) AS last_seen,
      ARRAY_AGG(a.source IGNORE NULLS ORDER BY a.first_seen IS NULL, a.first_seen, a.source LIMIT 1)[SAFE_OFFSET(0)] AS source
    FROM (
      SELECT
        r.`id_x002E_card` AS v,
        r.first_seen,
        r.last_seen,
        1 AS source
      FROM customhouse_work.rows_loyalty AS r
      WHERE r.`id_x002E_card` IS NOT NULL
      UNION ALL
      SELECT
        r.`id_x002E_card` AS v,
        r.first_seen,
        r.last_seen,
        3 AS source
      FROM customhouse_work.rows_orders AS r
      WHERE r.`id_x002E_card` IS NOT NULL
    ) AS a
    GROUP BY a.v
    UNION ALL
    SELECT
      CAST(4 AS INT64) AS t,
      a.v,
      MIN(a.first_seen) AS first_seen,
      MAX(a.last_seen) AS last_seen,
      MIN(a.source) AS source
    FROM (
      SELECT
        r.`id_x002E_cookie` AS v,
        r.first_seen,
        r.last_seen,
        4 AS source
      FROM customhouse_work.rows_page_views AS r
      WHERE r.`id_x002E_cookie` IS NOT NULL
    ) AS a
    GROUP BY a.v
  ) AS d
  LEFT JOIN customhouse.customer_identities AS o ON o.identifier_type = CASE WHEN d.t = 0 THEN 'user_id' WHEN d.t = 1 THEN 'email' WHEN d.t = 2 THEN 'phone' WHEN d.t = 3 THEN 'card' WHEN d.t = 4 THEN 'cookie' END AND o.identifier = d.v
) AS k;

-- assert look for lost identifiers
SELECT CASE WHEN c.gone > 1000 AND SAFE_MULTIPLY(c.gone, 1000) > SAFE_MULTIPLY(c.known, 500) THEN c.gone ELSE 0 END AS n
FROM (
  SELECT
    (
      SELECT COUNT(*) AS n
      FROM customhouse.customer_identities AS x
      WHERE x.identifier_type IN ('user_id', 'email', 'phone', 'card', 'cookie')
    ) AS known,
    (
      SELECT COUNT(*) AS n
      FROM customhouse.customer_identities AS x
      WHERE x.identifier_type IN ('user_id', 'email', 'phone', 'card', 'cookie')
    ) - (
      SELECT COUNT(*) AS n
      FROM customhouse_work.customer_nodes AS x
      WHERE x.known
    ) AS gone
) AS c;

-- put numbers in the place of values
CREATE OR REPLACE TABLE customhouse.identity_rows_contacts__new AS
SELECT
  0 + ROW_NUMBER() OVER () AS row,
  r.`raw_x002E_user_id`,
  r.`raw_x002E_email`,
  r.`raw_x002E_phone`,
  d0.n AS `n_x002E_user_id`,
  d1.n AS `n_x002E_email`,
  d2.n AS `n_x002E_phone`,
  r.`hash_x002E_1`,
  r.`hash_x002E_2`,
  r.first_seen,
  r.last_seen,
  r.`rows`,
  r.open
FROM customhouse_work.rows_contacts AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 0 AND d0.v = r.`id_x002E_user_id`
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 1 AND d1.v = r.`id_x002E_email`
LEFT JOIN customhouse_work.customer_nodes AS d2 ON d2.t = 2 AND d2.v = r.`id_x002E_phone`;

CREATE OR REPLACE TABLE customhouse.identity_rows_loyalty__new AS
SELECT
  0 + ROW_NUMBER() OVER () AS row,
  r.`raw_x002E_email`,
  r.`raw_x002E_phone`,
  r.`raw_x002E_card`,
  d0.n AS `n_x002E_email`,
  d1.n AS `n_x002E_phone`,
  d2.n AS `n_x002E_card`,
  r.`hash_x002E_1`,
  r.`hash_x002E_2`,
  r.first_seen,
  r.last_seen,
  r.`rows`,
  r.open
FROM customhouse_work.rows_loyalty AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r.`id_x002E_email`
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 2 AND d1.v = r.`id_x002E_phone`
LEFT JOIN customhouse_work.customer_nodes AS d2 ON d2.t = 3 AND d2.v = r.`id_x002E_card`;

CREATE OR REPLACE TABLE customhouse.identity_rows_newsletter__new AS
SELECT
  0 + ROW_NUMBER() OVER () AS row,
  r.`raw_x002E_email`,
  d0.n AS `n_x002E_email`,
  r.`hash_x002E_1`,
  r.`hash_x002E_2`,
  r.first_seen,
  r.last_seen,
  r.`rows`,
  r.open
FROM customhouse_work.rows_newsletter AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r.`id_x002E_email`;

CREATE OR REPLACE TABLE customhouse.identity_rows_orders__new AS
SELECT
  0 + ROW_NUMBER() OVER () AS row,
  r.`raw_x002E_email`,
  r.`raw_x002E_card`,
  d0.n AS `n_x002E_email`,
  d1.n AS `n_x002E_card`,
  r.`hash_x002E_1`,
  r.`hash_x002E_2`,
  r.first_seen,
  r.last_seen,
  r.`rows`,
  r.open
FROM customhouse_work.rows_orders AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 1 AND d0.v = r.`id_x002E_email`
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 3 AND d1.v = r.`id_x002E_card`;

CREATE OR REPLACE TABLE customhouse.identity_rows_page_views__new AS
SELECT
  0 + ROW_NUMBER() OVER () AS row,
  r.`raw_x002E_user_id`,
  r.`raw_x002E_cookie`,
  d0.n AS `n_x002E_user_id`,
  d1.n AS `n_x002E_cookie`,
  r.`hash_x002E_1`,
  r.`hash_x002E_2`,
  r.first_seen,
  r.last_seen,
  r.`rows`,
  r.open
FROM customhouse_work.rows_page_views AS r
LEFT JOIN customhouse_work.customer_nodes AS d0 ON d0.t = 0 AND d0.v = r.`id_x002E_user_id`
LEFT JOIN customhouse_work.customer_nodes AS d1 ON d1.t = 4 AND d1.v = r.`id_x002E_cookie`;

-- link what rows carry together
CREATE OR REPLACE TABLE customhouse_work.customer_star AS
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
      r.`n_x002E_user_id` AS a,
      r.`n_x002E_email` AS x
    FROM customhouse.identity_rows_contacts__new AS r
    WHERE r.`n_x002E_user_id` IS NOT NULL
      AND r.`n_x002E_email` IS NOT NULL
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
      r.`n_x002E_user_id` AS a,
      r.`n_x002E_phone` AS x
    FROM customhouse.identity_rows_contacts__new AS r
    WHERE r.`n_x002E_user_id` IS NOT NULL
      AND r.`n_x002E_phone` IS NOT NULL
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
      r.`n_x002E_user_id` AS a,
      r.`n_x002E_cookie` AS x
    FROM customhouse.identity_rows_page_views__new AS r
    WHERE r.`n_x002E_user_id` IS NOT NULL
      AND r.`n_x002E_cookie` IS NOT NULL
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
      r.`n_x002E_email` AS a,
      r.`n_x002E_phone` AS x
    FROM customhouse.identity_rows_contacts__new AS r
    WHERE r.`n_x002E_user_id` IS NULL
      AND r.`n_x002E_email` IS NOT NULL
      AND r.`n_x002E_phone` IS NOT NULL
    UNION ALL
    SELECT
      r.`n_x002E_email` AS a,
      r.`n_x002E_phone` AS x
    FROM customhouse.identity_rows_loyalty__new AS r
    WHERE r.`n_x002E_email` IS NOT NULL
      AND r.`n_x002E_phone` IS NOT NULL
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
      r.`n_x002E_email` AS a,
      r.`n_x002E_card` AS x
    FROM customhouse.identity_rows_loyalty__new AS r
    WHERE r.`n_x002E_email` IS NOT NULL
      AND r.`n_x002E_card` IS NOT NULL
    UNION ALL
    SELECT
      r.`n_x002E_email` AS a,
      r.`n_x002E_card` AS x
    FROM customhouse.identity_rows_orders__new AS r
    WHERE r.`n_x002E_email` IS NOT NULL
      AND r.`n_x002E_card` IS NOT NULL
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
      r.`n_x002E_phone` AS a,
      r.`n_x002E_card` AS x
    FROM customhouse.identity_rows_loyalty__new AS r
    WHERE r.`n_x002E_email` IS NULL
      AND r.`n_x002E_phone` IS NOT NULL
      AND r.`n_x002E_card` IS NOT NULL
  ) AS q
) AS r;

CREATE OR REPLACE TABLE customhouse_work.customer_quarantined AS
SELECT
  k.x,
  MIN(k.s) AS s,
  ARRAY_AGG(k.k IGNORE NULLS ORDER BY k.s IS NULL, k.s, k.k LIMIT 1)[SAFE_OFFSET(0)] AS k
FROM (
  SELECT
    l.x,
    l.s,
    COUNT(*) AS k
  FROM customhouse_work.customer_star AS l
  GROUP BY l.x, l.s, l.t
  HAVING COUNT(*) > CASE WHEN l.s = 4 THEN 200 ELSE 10 END
) AS k
GROUP BY 1;

CREATE OR REPLACE TABLE customhouse_work.customer_links AS
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
        r.`n_x002E_user_id` AS a,
        r.`n_x002E_email` AS x
      FROM (
        SELECT
          m.`n_x002E_user_id`,
          CASE WHEN m.`n_x002E_email` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_email` END AS `n_x002E_email`,
          CASE WHEN m.`n_x002E_phone` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_phone` END AS `n_x002E_phone`
        FROM customhouse.identity_rows_contacts__new AS m
        WHERE COALESCE(m.`n_x002E_user_id`, m.`n_x002E_email`, m.`n_x002E_phone`) IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n_x002E_user_id` IS NOT NULL
        AND r.`n_x002E_email` IS NOT NULL
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
        r.`n_x002E_user_id` AS a,
        r.`n_x002E_phone` AS x
      FROM (
        SELECT
          m.`n_x002E_user_id`,
          CASE WHEN m.`n_x002E_email` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_email` END AS `n_x002E_email`,
          CASE WHEN m.`n_x002E_phone` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_phone` END AS `n_x002E_phone`
        FROM customhouse.identity_rows_contacts__new AS m
        WHERE COALESCE(m.`n_x002E_user_id`, m.`n_x002E_email`, m.`n_x002E_phone`) IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n_x002E_user_id` IS NOT NULL
        AND r.`n_x002E_phone` IS NOT NULL
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
        r.`n_x002E_user_id` AS a,
        r.`n_x002E_cookie` AS x
      FROM (
        SELECT
          m.`n_x002E_user_id`,
          CASE WHEN m.`n_x002E_cookie` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_cookie` END AS `n_x002E_cookie`
        FROM customhouse.identity_rows_page_views__new AS m
        WHERE COALESCE(m.`n_x002E_user_id`, m.`n_x002E_cookie`) IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n_x002E_user_id` IS NOT NULL
        AND r.`n_x002E_cookie` IS NOT NULL
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
        r.`n_x002E_email` AS a,
        r.`n_x002E_phone` AS x
      FROM (
        SELECT
          m.`n_x002E_user_id`,
          CASE WHEN m.`n_x002E_email` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_email` END AS `n_x002E_email`,
          CASE WHEN m.`n_x002E_phone` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_phone` END AS `n_x002E_phone`
        FROM customhouse.identity_rows_contacts__new AS m
        WHERE COALESCE(m.`n_x002E_user_id`, m.`n_x002E_email`, m.`n_x002E_phone`) IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n_x002E_user_id` IS NULL
        AND r.`n_x002E_email` IS NOT NULL
        AND r.`n_x002E_phone` IS NOT NULL
      UNION ALL
      SELECT
        r.`n_x002E_email` AS a,
        r.`n_x002E_phone` AS x
      FROM (
        SELECT
          CASE WHEN m.`n_x002E_email` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_email` END AS `n_x002E_email`,
          CASE WHEN m.`n_x002E_phone` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_phone` END AS `n_x002E_phone`,
          CASE WHEN m.`n_x002E_card` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_card` END AS `n_x002E_card`
        FROM customhouse.identity_rows_loyalty__new AS m
        WHERE COALESCE(m.`n_x002E_email`, m.`n_x002E_phone`, m.`n_x002E_card`) IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n_x002E_email` IS NOT NULL
        AND r.`n_x002E_phone` IS NOT NULL
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
        r.`n_x002E_email` AS a,
        r.`n_x002E_card` AS x
      FROM (
        SELECT
          CASE WHEN m.`n_x002E_email` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_email` END AS `n_x002E_email`,
          CASE WHEN m.`n_x002E_phone` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_phone` END AS `n_x002E_phone`,
          CASE WHEN m.`n_x002E_card` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_card` END AS `n_x002E_card`
        FROM customhouse.identity_rows_loyalty__new AS m
        WHERE COALESCE(m.`n_x002E_email`, m.`n_x002E_phone`, m.`n_x002E_card`) IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n_x002E_email` IS NOT NULL
        AND r.`n_x002E_card` IS NOT NULL
      UNION ALL
      SELECT
        r.`n_x002E_email` AS a,
        r.`n_x002E_card` AS x
      FROM (
        SELECT
          CASE WHEN m.`n_x002E_email` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_email` END AS `n_x002E_email`,
          CASE WHEN m.`n_x002E_card` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_card` END AS `n_x002E_card`
        FROM customhouse.identity_rows_orders__new AS m
        WHERE COALESCE(m.`n_x002E_email`, m.`n_x002E_card`) IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n_x002E_email` IS NOT NULL
        AND r.`n_x002E_card` IS NOT NULL
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
        r.`n_x002E_phone` AS a,
        r.`n_x002E_card` AS x
      FROM (
        SELECT
          CASE WHEN m.`n_x002E_email` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_email` END AS `n_x002E_email`,
          CASE WHEN m.`n_x002E_phone` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_phone` END AS `n_x002E_phone`,
          CASE WHEN m.`n_x002E_card` IN (
            SELECT z.x
            FROM customhouse_work.customer_quarantined AS z
          ) THEN CAST(NULL AS INT64) ELSE m.`n_x002E_card` END AS `n_x002E_card`
        FROM customhouse.identity_rows_loyalty__new AS m
        WHERE COALESCE(m.`n_x002E_email`, m.`n_x002E_phone`, m.`n_x002E_card`) IN (
          SELECT z.x
          FROM customhouse_work.customer_quarantined AS z
        )
      ) AS r
      WHERE r.`n_x002E_email` IS NULL
        AND r.`n_x002E_phone` IS NOT NULL
        AND r.`n_x002E_card` IS NOT NULL
    ) AS q
  ) AS r
) AS l;

CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE TEMP FUNCTION least_of(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_edges AS
SELECT
  greatest_of([l.a, l.x]) AS u,
  least_of([l.a, l.x]) AS v
FROM customhouse_work.customer_links AS l;

-- point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_first_forest AS
SELECT
  e.u,
  MIN(e.v) AS v,
  COUNT(*) > 1 AS many
FROM customhouse_work.customer_edges AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_first_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_first_forest AS f
JOIN customhouse_work.customer_first_forest AS g ON g.u = f.v;

-- repeat while not zero double the pointers
SELECT COUNT(*) AS n
FROM customhouse_work.customer_first_active AS a
WHERE a.more;

-- double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_first_active AS
SELECT
  a.u,
  COALESCE(b.v, a.v) AS v,
  COALESCE(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_first_active AS a
LEFT JOIN customhouse_work.customer_first_active AS b ON b.u = a.v;

-- contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_edges AS e
JOIN customhouse_work.customer_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE TEMP FUNCTION least_of(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_edges AS
SELECT DISTINCT
  greatest_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS u,
  least_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS v
FROM customhouse_work.customer_rest AS e
LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_first_active AS b ON b.u = e.v
WHERE COALESCE(a.w, e.root) <> COALESCE(b.w, g.v, e.v);

-- contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_moved AS
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_first_forest AS o
LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_last AS
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_first_forest AS o
LEFT JOIN customhouse_work.customer_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repeat while not zero contract what is left
SELECT CASE WHEN COUNT(*) > 20000 THEN COUNT(*) ELSE 0 END AS n
FROM customhouse_work.customer_edges AS e;

-- contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_forest AS
SELECT
  e.u,
  MIN(e.v) AS v,
  COUNT(*) > 1 AS many
FROM customhouse_work.customer_edges AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_forest AS f
JOIN customhouse_work.customer_forest AS g ON g.u = f.v;

-- contract what is left: repeat while not zero double the pointers
SELECT COUNT(*) AS n
FROM customhouse_work.customer_active AS a
WHERE a.more;

-- contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_active AS
SELECT
  a.u,
  COALESCE(b.v, a.v) AS v,
  COALESCE(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_active AS a
LEFT JOIN customhouse_work.customer_active AS b ON b.u = a.v;

-- contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_edges AS e
JOIN customhouse_work.customer_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE TEMP FUNCTION least_of(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_edges AS
SELECT DISTINCT
  greatest_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS u,
  least_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS v
FROM customhouse_work.customer_rest AS e
LEFT JOIN customhouse_work.customer_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_active AS b ON b.u = e.v
WHERE COALESCE(a.w, e.root) <> COALESCE(b.w, g.v, e.v);

-- contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_moved AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM customhouse_work.customer_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    COALESCE(a.w, o.v) AS root
  FROM customhouse_work.customer_forest AS o
  LEFT JOIN customhouse_work.customer_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_forest AS o
LEFT JOIN customhouse_work.customer_active AS a ON a.u = o.u;

-- in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_edges AS e;

-- label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_moved AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM customhouse_work.customer_moved AS m
LEFT JOIN customhouse_work.customer_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_labels AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    COALESCE(a.w, o.v) AS root
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
CREATE OR REPLACE TABLE customhouse_work.customer_cluster AS
SELECT
  d.n,
  d.t,
  COALESCE(l.root, d.n) AS g,
  COALESCE(l.root, d.n) AS c
FROM customhouse_work.customer_nodes AS d
LEFT JOIN customhouse_work.customer_labels AS l ON l.n = d.n;

CREATE OR REPLACE TABLE customhouse_work.customer_stats AS
SELECT
  c.c,
  MIN(c.n) AS first,
  COUNT(*) AS size,
  COUNT(CASE WHEN c.t = 0 THEN 1 END) AS k0,
  COUNT(CASE WHEN c.t = 1 THEN 1 END) AS k1,
  COUNT(CASE WHEN c.t = 2 THEN 1 END) AS k2,
  COUNT(CASE WHEN c.t = 3 THEN 1 END) AS k3,
  COUNT(CASE WHEN c.t = 4 THEN 1 END) AS k4
FROM customhouse_work.customer_cluster AS c
GROUP BY 1;

-- prepare limits
CREATE OR REPLACE TABLE customhouse_work.customer_refused AS
SELECT
  d.n AS x,
  '' AS reason,
  '' AS evidence
FROM customhouse_work.customer_nodes AS d
WHERE FALSE;

-- find clusters over a limit
CREATE OR REPLACE TABLE customhouse_work.customer_over AS
SELECT DISTINCT k.c
FROM (
  SELECT s.c
  FROM customhouse_work.customer_stats AS s
  WHERE s.k0 > 1 OR s.k1 > 5 OR s.k2 > 5 OR s.k3 > 3 OR s.k4 > 200
) AS k;

-- repeat while not zero repair clusters over a limit
SELECT COUNT(*) AS n
FROM customhouse_work.customer_over AS o;

-- repair clusters over a limit: take clusters over a limit apart
CREATE OR REPLACE TABLE customhouse_work.customer_part AS
SELECT
  k.n,
  k.t,
  k.n AS c
FROM customhouse_work.customer_cluster AS k
JOIN customhouse_work.customer_over AS o ON o.c = k.c;

CREATE OR REPLACE TABLE customhouse_work.customer_bonds AS
SELECT
  l.a,
  l.x,
  l.t
FROM customhouse_work.customer_links AS l
JOIN customhouse_work.customer_cluster AS k ON k.n = l.a
JOIN customhouse_work.customer_over AS o ON o.c = k.c;

-- repair clusters over a limit: judge shared identifiers (email)
CREATE OR REPLACE TABLE customhouse_work.customer_touches AS
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
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.customer_bridges AS
SELECT
  h.x,
  MIN(h.c) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING COUNT(*) > 1;

CREATE OR REPLACE TABLE customhouse_work.customer_sizes AS
SELECT
  p.c,
  p.t,
  COUNT(*) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 1
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x,
  'shared' AS reason,
  ARRAY_AGG(CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(m.k AS INT64) AS STRING)), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT64) AS STRING)) IGNORE NULLS ORDER BY m.t IS NULL, m.t, CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(m.k AS INT64) AS STRING)), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT64) AS STRING)) LIMIT 1)[SAFE_OFFSET(0)] AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    SAFE_CAST(SUM(CAST(q.k AS NUMERIC)) AS INT64) AS k
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

CREATE OR REPLACE TABLE customhouse_work.customer_hubs AS
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

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_first_forest AS
SELECT
  e.u,
  MIN(e.v) AS v,
  COUNT(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank1_first_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank1_first_forest AS f
JOIN customhouse_work.customer_rank1_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT COUNT(*) AS n
FROM customhouse_work.customer_rank1_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_first_active AS
SELECT
  a.u,
  COALESCE(b.v, a.v) AS v,
  COALESCE(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank1_first_active AS a
LEFT JOIN customhouse_work.customer_rank1_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank1_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE TEMP FUNCTION least_of(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_hubs AS
SELECT DISTINCT
  greatest_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS u,
  least_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS v
FROM customhouse_work.customer_rank1_rest AS e
LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank1_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank1_first_active AS b ON b.u = e.v
WHERE COALESCE(a.w, e.root) <> COALESCE(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_moved AS
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_rank1_first_forest AS o
LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_rank1_last AS
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_rank1_first_forest AS o
LEFT JOIN customhouse_work.customer_rank1_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN COUNT(*) > 20000 THEN COUNT(*) ELSE 0 END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_forest AS
SELECT
  e.u,
  MIN(e.v) AS v,
  COUNT(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank1_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank1_forest AS f
JOIN customhouse_work.customer_rank1_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT COUNT(*) AS n
FROM customhouse_work.customer_rank1_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_active AS
SELECT
  a.u,
  COALESCE(b.v, a.v) AS v,
  COALESCE(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank1_active AS a
LEFT JOIN customhouse_work.customer_rank1_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank1_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE TEMP FUNCTION least_of(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_hubs AS
SELECT DISTINCT
  greatest_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS u,
  least_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS v
FROM customhouse_work.customer_rank1_rest AS e
LEFT JOIN customhouse_work.customer_rank1_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank1_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank1_active AS b ON b.u = e.v
WHERE COALESCE(a.w, e.root) <> COALESCE(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_moved AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM customhouse_work.customer_rank1_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    COALESCE(a.w, o.v) AS root
  FROM customhouse_work.customer_rank1_forest AS o
  LEFT JOIN customhouse_work.customer_rank1_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_rank1_forest AS o
LEFT JOIN customhouse_work.customer_rank1_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_rank1_moved AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM customhouse_work.customer_rank1_moved AS m
LEFT JOIN customhouse_work.customer_rank1_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_rank1_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_joined AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    COALESCE(a.w, o.v) AS root
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
CREATE OR REPLACE TABLE customhouse_work.customer_groups AS
SELECT DISTINCT
  p.c,
  COALESCE(j.root, p.c) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.customer_broken AS
SELECT
  s.g,
  ARRAY_AGG(CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(s.k AS INT64) AS STRING)), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT64) AS STRING)) IGNORE NULLS ORDER BY s.t IS NULL, s.t, CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(s.k AS INT64) AS STRING)), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT64) AS STRING)) LIMIT 1)[SAFE_OFFSET(0)] AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    SAFE_CAST(SUM(CAST(q.k AS NUMERIC)) AS INT64) AS k,
    MAX(q.one) AS most
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

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x,
  'conflict' AS reason,
  k.evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.customer_groups AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.customer_place AS
SELECT
  h.x,
  h.c,
  ROW_NUMBER() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST) AS r
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

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x,
  'too_many' AS reason,
  'the customer has more than 5 email' AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 5;

CREATE OR REPLACE TABLE customhouse_work.customer_part AS
SELECT
  p.n,
  p.t,
  COALESCE(w.c, g.g, p.c) AS c
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

-- repair clusters over a limit: judge shared identifiers (phone)
CREATE OR REPLACE TABLE customhouse_work.customer_touches AS
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
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.customer_bridges AS
SELECT
  h.x,
  MIN(h.c) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING COUNT(*) > 1;

CREATE OR REPLACE TABLE customhouse_work.customer_sizes AS
SELECT
  p.c,
  p.t,
  COUNT(*) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 2
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x,
  'shared' AS reason,
  ARRAY_AGG(CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(m.k AS INT64) AS STRING)), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT64) AS STRING)) IGNORE NULLS ORDER BY m.t IS NULL, m.t, CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(m.k AS INT64) AS STRING)), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT64) AS STRING)) LIMIT 1)[SAFE_OFFSET(0)] AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    SAFE_CAST(SUM(CAST(q.k AS NUMERIC)) AS INT64) AS k
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

CREATE OR REPLACE TABLE customhouse_work.customer_hubs AS
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

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_first_forest AS
SELECT
  e.u,
  MIN(e.v) AS v,
  COUNT(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank2_first_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank2_first_forest AS f
JOIN customhouse_work.customer_rank2_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT COUNT(*) AS n
FROM customhouse_work.customer_rank2_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_first_active AS
SELECT
  a.u,
  COALESCE(b.v, a.v) AS v,
  COALESCE(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank2_first_active AS a
LEFT JOIN customhouse_work.customer_rank2_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank2_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE TEMP FUNCTION least_of(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_hubs AS
SELECT DISTINCT
  greatest_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS u,
  least_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS v
FROM customhouse_work.customer_rank2_rest AS e
LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank2_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank2_first_active AS b ON b.u = e.v
WHERE COALESCE(a.w, e.root) <> COALESCE(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_moved AS
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_rank2_first_forest AS o
LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_rank2_last AS
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_rank2_first_forest AS o
LEFT JOIN customhouse_work.customer_rank2_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN COUNT(*) > 20000 THEN COUNT(*) ELSE 0 END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_forest AS
SELECT
  e.u,
  MIN(e.v) AS v,
  COUNT(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank2_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank2_forest AS f
JOIN customhouse_work.customer_rank2_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT COUNT(*) AS n
FROM customhouse_work.customer_rank2_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_active AS
SELECT
  a.u,
  COALESCE(b.v, a.v) AS v,
  COALESCE(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank2_active AS a
LEFT JOIN customhouse_work.customer_rank2_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank2_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE TEMP FUNCTION least_of(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_hubs AS
SELECT DISTINCT
  greatest_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS u,
  least_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS v
FROM customhouse_work.customer_rank2_rest AS e
LEFT JOIN customhouse_work.customer_rank2_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank2_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank2_active AS b ON b.u = e.v
WHERE COALESCE(a.w, e.root) <> COALESCE(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_moved AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM customhouse_work.customer_rank2_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    COALESCE(a.w, o.v) AS root
  FROM customhouse_work.customer_rank2_forest AS o
  LEFT JOIN customhouse_work.customer_rank2_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_rank2_forest AS o
LEFT JOIN customhouse_work.customer_rank2_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_rank2_moved AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM customhouse_work.customer_rank2_moved AS m
LEFT JOIN customhouse_work.customer_rank2_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_rank2_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_joined AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    COALESCE(a.w, o.v) AS root
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
CREATE OR REPLACE TABLE customhouse_work.customer_groups AS
SELECT DISTINCT
  p.c,
  COALESCE(j.root, p.c) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.customer_broken AS
SELECT
  s.g,
  ARRAY_AGG(CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(s.k AS INT64) AS STRING)), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT64) AS STRING)) IGNORE NULLS ORDER BY s.t IS NULL, s.t, CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(s.k AS INT64) AS STRING)), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT64) AS STRING)) LIMIT 1)[SAFE_OFFSET(0)] AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    SAFE_CAST(SUM(CAST(q.k AS NUMERIC)) AS INT64) AS k,
    MAX(q.one) AS most
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

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x,
  'conflict' AS reason,
  k.evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.customer_groups AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.customer_place AS
SELECT
  h.x,
  h.c,
  ROW_NUMBER() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST) AS r
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

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x,
  'too_many' AS reason,
  'the customer has more than 5 phone' AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 5;

CREATE OR REPLACE TABLE customhouse_work.customer_part AS
SELECT
  p.n,
  p.t,
  COALESCE(w.c, g.g, p.c) AS c
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

-- repair clusters over a limit: judge shared identifiers (card)
CREATE OR REPLACE TABLE customhouse_work.customer_touches AS
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
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.customer_bridges AS
SELECT
  h.x,
  MIN(h.c) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING COUNT(*) > 1;

CREATE OR REPLACE TABLE customhouse_work.customer_sizes AS
SELECT
  p.c,
  p.t,
  COUNT(*) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 3
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x,
  'shared' AS reason,
  ARRAY_AGG(CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(m.k AS INT64) AS STRING)), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT64) AS STRING)) IGNORE NULLS ORDER BY m.t IS NULL, m.t, CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(m.k AS INT64) AS STRING)), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT64) AS STRING)) LIMIT 1)[SAFE_OFFSET(0)] AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    SAFE_CAST(SUM(CAST(q.k AS NUMERIC)) AS INT64) AS k
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

CREATE OR REPLACE TABLE customhouse_work.customer_hubs AS
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

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_first_forest AS
SELECT
  e.u,
  MIN(e.v) AS v,
  COUNT(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank3_first_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank3_first_forest AS f
JOIN customhouse_work.customer_rank3_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT COUNT(*) AS n
FROM customhouse_work.customer_rank3_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_first_active AS
SELECT
  a.u,
  COALESCE(b.v, a.v) AS v,
  COALESCE(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank3_first_active AS a
LEFT JOIN customhouse_work.customer_rank3_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank3_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE TEMP FUNCTION least_of(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_hubs AS
SELECT DISTINCT
  greatest_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS u,
  least_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS v
FROM customhouse_work.customer_rank3_rest AS e
LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank3_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank3_first_active AS b ON b.u = e.v
WHERE COALESCE(a.w, e.root) <> COALESCE(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_moved AS
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_rank3_first_forest AS o
LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_rank3_last AS
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_rank3_first_forest AS o
LEFT JOIN customhouse_work.customer_rank3_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN COUNT(*) > 20000 THEN COUNT(*) ELSE 0 END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_forest AS
SELECT
  e.u,
  MIN(e.v) AS v,
  COUNT(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank3_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank3_forest AS f
JOIN customhouse_work.customer_rank3_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT COUNT(*) AS n
FROM customhouse_work.customer_rank3_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_active AS
SELECT
  a.u,
  COALESCE(b.v, a.v) AS v,
  COALESCE(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank3_active AS a
LEFT JOIN customhouse_work.customer_rank3_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank3_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE TEMP FUNCTION least_of(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_hubs AS
SELECT DISTINCT
  greatest_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS u,
  least_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS v
FROM customhouse_work.customer_rank3_rest AS e
LEFT JOIN customhouse_work.customer_rank3_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank3_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank3_active AS b ON b.u = e.v
WHERE COALESCE(a.w, e.root) <> COALESCE(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_moved AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM customhouse_work.customer_rank3_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    COALESCE(a.w, o.v) AS root
  FROM customhouse_work.customer_rank3_forest AS o
  LEFT JOIN customhouse_work.customer_rank3_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_rank3_forest AS o
LEFT JOIN customhouse_work.customer_rank3_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_rank3_moved AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM customhouse_work.customer_rank3_moved AS m
LEFT JOIN customhouse_work.customer_rank3_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_rank3_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_joined AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    COALESCE(a.w, o.v) AS root
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
CREATE OR REPLACE TABLE customhouse_work.customer_groups AS
SELECT DISTINCT
  p.c,
  COALESCE(j.root, p.c) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.customer_broken AS
SELECT
  s.g,
  ARRAY_AGG(CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(s.k AS INT64) AS STRING)), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT64) AS STRING)) IGNORE NULLS ORDER BY s.t IS NULL, s.t, CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(s.k AS INT64) AS STRING)), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT64) AS STRING)) LIMIT 1)[SAFE_OFFSET(0)] AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    SAFE_CAST(SUM(CAST(q.k AS NUMERIC)) AS INT64) AS k,
    MAX(q.one) AS most
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

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x,
  'conflict' AS reason,
  k.evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.customer_groups AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.customer_place AS
SELECT
  h.x,
  h.c,
  ROW_NUMBER() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST) AS r
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

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x,
  'too_many' AS reason,
  'the customer has more than 3 card' AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 3;

CREATE OR REPLACE TABLE customhouse_work.customer_part AS
SELECT
  p.n,
  p.t,
  COALESCE(w.c, g.g, p.c) AS c
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

-- repair clusters over a limit: judge shared identifiers (cookie)
CREATE OR REPLACE TABLE customhouse_work.customer_touches AS
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
      AND z.reason <> 'never_link'
  );

CREATE OR REPLACE TABLE customhouse_work.customer_bridges AS
SELECT
  h.x,
  MIN(h.c) AS low
FROM customhouse_work.customer_touches AS h
GROUP BY h.x
HAVING COUNT(*) > 1;

CREATE OR REPLACE TABLE customhouse_work.customer_sizes AS
SELECT
  p.c,
  p.t,
  COUNT(*) AS k
FROM customhouse_work.customer_part AS p
WHERE p.t < 4
GROUP BY p.c, p.t;

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  m.x,
  'shared' AS reason,
  ARRAY_AGG(CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(m.k AS INT64) AS STRING)), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT64) AS STRING)) IGNORE NULLS ORDER BY m.t IS NULL, m.t, CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(m.k AS INT64) AS STRING)), ' '), CASE WHEN m.t = 0 THEN 'user_id' WHEN m.t = 1 THEN 'email' WHEN m.t = 2 THEN 'phone' WHEN m.t = 3 THEN 'card' WHEN m.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN m.t = 0 THEN 1 WHEN m.t = 1 THEN 5 WHEN m.t = 2 THEN 5 WHEN m.t = 3 THEN 3 WHEN m.t = 4 THEN 200 END AS INT64) AS STRING)) LIMIT 1)[SAFE_OFFSET(0)] AS evidence
FROM (
  SELECT
    q.x,
    q.t,
    SAFE_CAST(SUM(CAST(q.k AS NUMERIC)) AS INT64) AS k
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

CREATE OR REPLACE TABLE customhouse_work.customer_hubs AS
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

-- repair clusters over a limit: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_first_forest AS
SELECT
  e.u,
  MIN(e.v) AS v,
  COUNT(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank4_first_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank4_first_forest AS f
JOIN customhouse_work.customer_rank4_first_forest AS g ON g.u = f.v;

-- repair clusters over a limit: repeat while not zero double the pointers
SELECT COUNT(*) AS n
FROM customhouse_work.customer_rank4_first_active AS a
WHERE a.more;

-- repair clusters over a limit: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_first_active AS
SELECT
  a.u,
  COALESCE(b.v, a.v) AS v,
  COALESCE(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank4_first_active AS a
LEFT JOIN customhouse_work.customer_rank4_first_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank4_first_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE TEMP FUNCTION least_of(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_hubs AS
SELECT DISTINCT
  greatest_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS u,
  least_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS v
FROM customhouse_work.customer_rank4_rest AS e
LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank4_first_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank4_first_active AS b ON b.u = e.v
WHERE COALESCE(a.w, e.root) <> COALESCE(b.w, g.v, e.v);

-- repair clusters over a limit: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_moved AS
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_rank4_first_forest AS o
LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = o.u
WHERE FALSE;

CREATE OR REPLACE TABLE customhouse_work.customer_rank4_last AS
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_rank4_first_forest AS o
LEFT JOIN customhouse_work.customer_rank4_first_active AS a ON a.u = o.u
WHERE FALSE;

-- repair clusters over a limit: repeat while not zero contract what is left
SELECT CASE WHEN COUNT(*) > 20000 THEN COUNT(*) ELSE 0 END AS n
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: contract what is left: point every node to its smallest neighbour
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_forest AS
SELECT
  e.u,
  MIN(e.v) AS v,
  COUNT(*) > 1 AS many
FROM customhouse_work.customer_hubs AS e
GROUP BY e.u;

CREATE OR REPLACE TABLE customhouse_work.customer_rank4_active AS
SELECT
  f.u,
  f.v,
  g.v AS w,
  TRUE AS more
FROM customhouse_work.customer_rank4_forest AS f
JOIN customhouse_work.customer_rank4_forest AS g ON g.u = f.v;

-- repair clusters over a limit: contract what is left: repeat while not zero double the pointers
SELECT COUNT(*) AS n
FROM customhouse_work.customer_rank4_active AS a
WHERE a.more;

-- repair clusters over a limit: contract what is left: double the pointers: double the pointers
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_active AS
SELECT
  a.u,
  COALESCE(b.v, a.v) AS v,
  COALESCE(b.w, a.w) AS w,
  b.u IS NOT NULL AS more
FROM customhouse_work.customer_rank4_active AS a
LEFT JOIN customhouse_work.customer_rank4_active AS b ON b.u = a.v;

-- repair clusters over a limit: contract what is left: contract the graph
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_rest AS
SELECT
  e.u,
  e.v,
  f.v AS root
FROM customhouse_work.customer_hubs AS e
JOIN customhouse_work.customer_rank4_forest AS f ON f.u = e.u AND f.many AND f.v <> e.v;

CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE TEMP FUNCTION least_of(xs ANY TYPE) AS ((SELECT MIN(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_hubs AS
SELECT DISTINCT
  greatest_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS u,
  least_of([COALESCE(a.w, e.root), COALESCE(b.w, g.v, e.v)]) AS v
FROM customhouse_work.customer_rank4_rest AS e
LEFT JOIN customhouse_work.customer_rank4_active AS a ON a.u = e.u
LEFT JOIN customhouse_work.customer_rank4_forest AS g ON g.u = e.v
LEFT JOIN customhouse_work.customer_rank4_active AS b ON b.u = e.v
WHERE COALESCE(a.w, e.root) <> COALESCE(b.w, g.v, e.v);

-- repair clusters over a limit: contract what is left: follow what was contracted
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_moved AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM customhouse_work.customer_rank4_moved AS m
LEFT JOIN (
  SELECT
    o.u AS n,
    COALESCE(a.w, o.v) AS root
  FROM customhouse_work.customer_rank4_forest AS o
  LEFT JOIN customhouse_work.customer_rank4_active AS a ON a.u = o.u
) AS f ON f.n = m.root
UNION ALL
SELECT
  o.u AS n,
  COALESCE(a.w, o.v) AS root
FROM customhouse_work.customer_rank4_forest AS o
LEFT JOIN customhouse_work.customer_rank4_active AS a ON a.u = o.u;

-- repair clusters over a limit: in process unite the few that are left
SELECT
  e.u,
  e.v
FROM customhouse_work.customer_hubs AS e;

-- repair clusters over a limit: label the nodes
CREATE OR REPLACE TABLE customhouse_work.customer_rank4_moved AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM customhouse_work.customer_rank4_moved AS m
LEFT JOIN customhouse_work.customer_rank4_last AS f ON f.n = m.root
UNION ALL
SELECT
  f.n,
  f.root
FROM customhouse_work.customer_rank4_last AS f;

CREATE OR REPLACE TABLE customhouse_work.customer_joined AS
SELECT
  m.n,
  COALESCE(f.root, m.root) AS root
FROM (
  SELECT
    o.u AS n,
    COALESCE(a.w, o.v) AS root
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
CREATE OR REPLACE TABLE customhouse_work.customer_groups AS
SELECT DISTINCT
  p.c,
  COALESCE(j.root, p.c) AS g
FROM customhouse_work.customer_part AS p
LEFT JOIN customhouse_work.customer_joined AS j ON j.n = p.c;

CREATE OR REPLACE TABLE customhouse_work.customer_broken AS
SELECT
  s.g,
  ARRAY_AGG(CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(s.k AS INT64) AS STRING)), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT64) AS STRING)) IGNORE NULLS ORDER BY s.t IS NULL, s.t, CONCAT(CONCAT(CONCAT(CONCAT(CONCAT('would join ', CAST(CAST(s.k AS INT64) AS STRING)), ' '), CASE WHEN s.t = 0 THEN 'user_id' WHEN s.t = 1 THEN 'email' WHEN s.t = 2 THEN 'phone' WHEN s.t = 3 THEN 'card' WHEN s.t = 4 THEN 'cookie' END), ', limit '), CAST(CAST(CASE WHEN s.t = 0 THEN 1 WHEN s.t = 1 THEN 5 WHEN s.t = 2 THEN 5 WHEN s.t = 3 THEN 3 WHEN s.t = 4 THEN 200 END AS INT64) AS STRING)) LIMIT 1)[SAFE_OFFSET(0)] AS evidence
FROM (
  SELECT
    q.g,
    q.t,
    SAFE_CAST(SUM(CAST(q.k AS NUMERIC)) AS INT64) AS k,
    MAX(q.one) AS most
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

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  b.x,
  'conflict' AS reason,
  k.evidence
FROM customhouse_work.customer_bridges AS b
JOIN customhouse_work.customer_groups AS g ON g.c = b.low
JOIN customhouse_work.customer_broken AS k ON k.g = g.g
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.customer_refused AS z
  WHERE z.x = b.x
);

CREATE OR REPLACE TABLE customhouse_work.customer_groups AS
SELECT
  g.c,
  CASE WHEN k.g IS NULL THEN g.g ELSE g.c END AS g
FROM customhouse_work.customer_groups AS g
LEFT JOIN customhouse_work.customer_broken AS k ON k.g = g.g;

CREATE OR REPLACE TABLE customhouse_work.customer_place AS
SELECT
  h.x,
  h.c,
  ROW_NUMBER() OVER (PARTITION BY h.c ORDER BY h.x NULLS LAST) AS r
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

INSERT INTO customhouse_work.customer_refused (x, reason, evidence)
SELECT
  q.x,
  'too_many' AS reason,
  'the customer has more than 200 cookie' AS evidence
FROM customhouse_work.customer_place AS q
WHERE q.r > 200;

CREATE OR REPLACE TABLE customhouse_work.customer_part AS
SELECT
  p.n,
  p.t,
  COALESCE(w.c, g.g, p.c) AS c
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

-- repair clusters over a limit: put the repaired clusters back
CREATE OR REPLACE TABLE customhouse_work.customer_cluster AS
SELECT
  c.n,
  c.t,
  c.g,
  COALESCE(b.c, c.c) AS c
FROM customhouse_work.customer_cluster AS c
LEFT JOIN customhouse_work.customer_part AS b ON b.n = c.n;

CREATE OR REPLACE TABLE customhouse_work.customer_stats AS
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
  MIN(c.n) AS first,
  COUNT(*) AS size,
  COUNT(CASE WHEN c.t = 0 THEN 1 END) AS k0,
  COUNT(CASE WHEN c.t = 1 THEN 1 END) AS k1,
  COUNT(CASE WHEN c.t = 2 THEN 1 END) AS k2,
  COUNT(CASE WHEN c.t = 3 THEN 1 END) AS k3,
  COUNT(CASE WHEN c.t = 4 THEN 1 END) AS k4
FROM customhouse_work.customer_part AS c
GROUP BY 1;

CREATE OR REPLACE TABLE customhouse_work.customer_over AS
SELECT DISTINCT k.c
FROM (
  SELECT s.c
  FROM (
    SELECT
      c.c,
      MIN(c.n) AS first,
      COUNT(*) AS size,
      COUNT(CASE WHEN c.t = 0 THEN 1 END) AS k0,
      COUNT(CASE WHEN c.t = 1 THEN 1 END) AS k1,
      COUNT(CASE WHEN c.t = 2 THEN 1 END) AS k2,
      COUNT(CASE WHEN c.t = 3 THEN 1 END) AS k3,
      COUNT(CASE WHEN c.t = 4 THEN 1 END) AS k4
    FROM customhouse_work.customer_part AS c
    GROUP BY 1
  ) AS s
  WHERE s.k0 > 1 OR s.k1 > 5 OR s.k2 > 5 OR s.k3 > 3 OR s.k4 > 200
) AS k;

-- carry ids over
CREATE OR REPLACE TABLE customhouse_work.customer_barred AS
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
GROUP BY 1
HAVING MAX(d.last_seen) < TIMESTAMP '2025-10-04 00:00:00+00' AND LOGICAL_AND(d.t IN (4));

CREATE OR REPLACE TABLE customhouse_work.customer_owners AS
SELECT
  d.old,
  ARRAY_AGG(c.c IGNORE NULLS ORDER BY (SAFE_MULTIPLY(CAST(d.t AS INT64), 281474976710656) + d.n) IS NULL, SAFE_MULTIPLY(CAST(d.t AS INT64), 281474976710656) + d.n, c.c LIMIT 1)[SAFE_OFFSET(0)] AS c
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

CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_ids AS
SELECT
  k.c,
  COALESCE(s.id, greatest_of([(
    SELECT COALESCE(MAX(m.customer_id), 0) AS n
    FROM customhouse.customer_identities AS m
  ), (
    SELECT COALESCE(MAX(m.old_id), 0) AS n
    FROM customhouse.customer_id_history AS m
  ), (
    SELECT COALESCE(MAX(m.new_id), 0) AS n
    FROM customhouse.customer_id_history AS m
  )]) + ROW_NUMBER() OVER (ORDER BY CASE WHEN s.id IS NULL THEN k.first END NULLS LAST)) AS id
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
    MIN(o.old) AS id
  FROM customhouse_work.customer_owners AS o
  GROUP BY o.c
) AS s ON s.c = k.c;

CREATE OR REPLACE TABLE customhouse_work.customer_changes AS
SELECT
  o.old AS old_id,
  i.id AS new_id,
  'merge' AS kind,
  'a link joined the two' AS cause
FROM customhouse_work.customer_owners AS o
JOIN customhouse_work.customer_ids AS i ON i.c = o.c
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
  CAST(NULL AS INT64) AS new_id,
  'gone' AS kind,
  CASE WHEN EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.customer_nodes AS d
    WHERE d.old = g.id
  ) THEN 'its identifiers are quarantined or have expired' ELSE 'no source carries its identifiers any more' END AS cause
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

-- write identities
CREATE OR REPLACE TABLE customhouse_work.customer_suspects AS
SELECT
  i.id,
  s.first AS n,
  CONCAT(CAST(s.size AS STRING), ' identifiers, more than 50') AS evidence
FROM customhouse_work.customer_stats AS s
JOIN customhouse_work.customer_ids AS i ON i.c = s.c
WHERE s.size > 50;

CREATE OR REPLACE TABLE customhouse.customer_identities__new
CLUSTER BY identifier_type, identifier AS
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
    FROM customhouse_work.customer_quarantined AS z
  ) AS quarantined
FROM customhouse_work.customer_nodes AS d
JOIN customhouse_work.customer_cluster AS c ON c.n = d.n
LEFT JOIN customhouse_work.customer_ids AS i ON i.c = c.c;

CREATE OR REPLACE TABLE customhouse_work.customer_told AS
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

CREATE OR REPLACE TABLE customhouse.customer_identity_incidents__new
CLUSTER BY identifier_type, identifier AS
SELECT
  CASE WHEN d.t = 0 THEN 'user_id' WHEN d.t = 1 THEN 'email' WHEN d.t = 2 THEN 'phone' WHEN d.t = 3 THEN 'card' WHEN d.t = 4 THEN 'cookie' END AS identifier_type,
  COALESCE(d.v, o.v) AS identifier,
  r.reason,
  r.evidence,
  'RUN' AS run_id,
  r.n AS number,
  r.id AS customer_id
FROM customhouse_work.customer_nodes AS d
JOIN (
  SELECT
    r.x AS n,
    r.reason,
    r.evidence,
    CAST(NULL AS INT64) AS id
  FROM customhouse_work.customer_refused AS r
  UNION ALL
  SELECT
    r.x AS n,
    'quarantined' AS reason,
    CONCAT(CONCAT(CONCAT('seen with ', CAST(CAST(r.k AS INT64) AS STRING)), ' '), CASE WHEN r.s = 0 THEN 'user_id' WHEN r.s = 1 THEN 'email' WHEN r.s = 2 THEN 'phone' WHEN r.s = 3 THEN 'card' WHEN r.s = 4 THEN 'cookie' END) AS evidence,
    CAST(NULL AS INT64) AS id
  FROM customhouse_work.customer_quarantined AS r
  WHERE r.k IS NOT NULL
  UNION ALL
  SELECT
    r.n,
    'suspect' AS reason,
    r.evidence,
    r.id
  FROM customhouse_work.customer_suspects AS r
) AS r ON d.n = r.n
LEFT JOIN customhouse_work.customer_told AS o ON o.n = r.n
UNION ALL
SELECT
  'user_id' AS identifier_type,
  SUBSTR(r.`raw_x002E_user_id`, GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN CHAR_LENGTH(r.`raw_x002E_user_id`) > 512 THEN 'too_long' WHEN NULLIF(TRIM(r.`raw_x002E_user_id`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CONCAT(CAST(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64) AS STRING), ' rows of contacts') AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS number,
  CAST(NULL AS INT64) AS customer_id
FROM (
  SELECT
    r.`raw_x002E_user_id`,
    r.`rows`
  FROM customhouse.identity_rows_contacts__new AS r
  WHERE r.`n_x002E_user_id` IS NULL
    AND r.`raw_x002E_user_id` IS NOT NULL
) AS r
WHERE NOT (NULLIF(TRIM(r.`raw_x002E_user_id`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY SUBSTR(r.`raw_x002E_user_id`, GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN CHAR_LENGTH(r.`raw_x002E_user_id`) > 512 THEN 'too_long' WHEN NULLIF(TRIM(r.`raw_x002E_user_id`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'email' AS identifier_type,
  SUBSTR(r.`raw_x002E_email`, GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN CHAR_LENGTH(r.`raw_x002E_email`) > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CONCAT(CAST(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64) AS STRING), ' rows of contacts') AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS number,
  CAST(NULL AS INT64) AS customer_id
FROM (
  SELECT
    r.`raw_x002E_email`,
    r.`rows`
  FROM customhouse.identity_rows_contacts__new AS r
  WHERE r.`n_x002E_email` IS NULL
    AND r.`raw_x002E_email` IS NOT NULL
) AS r
WHERE NOT (NULLIF(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY SUBSTR(r.`raw_x002E_email`, GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN CHAR_LENGTH(r.`raw_x002E_email`) > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'phone' AS identifier_type,
  SUBSTR(r.`raw_x002E_phone`, GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN CHAR_LENGTH(r.`raw_x002E_phone`) > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_CONTAINS(CONCAT('+', CASE WHEN STARTS_WITH(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END), CONCAT('^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', r')\z')) THEN CONCAT('+', CASE WHEN STARTS_WITH(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END) END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CONCAT(CAST(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64) AS STRING), ' rows of contacts') AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS number,
  CAST(NULL AS INT64) AS customer_id
FROM (
  SELECT
    r.`raw_x002E_phone`,
    r.`rows`
  FROM customhouse.identity_rows_contacts__new AS r
  WHERE r.`n_x002E_phone` IS NULL
    AND r.`raw_x002E_phone` IS NOT NULL
) AS r
WHERE NOT (NULLIF(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY SUBSTR(r.`raw_x002E_phone`, GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN CHAR_LENGTH(r.`raw_x002E_phone`) > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_CONTAINS(CONCAT('+', CASE WHEN STARTS_WITH(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END), CONCAT('^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', r')\z')) THEN CONCAT('+', CASE WHEN STARTS_WITH(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'email' AS identifier_type,
  SUBSTR(r.`raw_x002E_email`, GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN CHAR_LENGTH(r.`raw_x002E_email`) > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CONCAT(CAST(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64) AS STRING), ' rows of loyalty') AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS number,
  CAST(NULL AS INT64) AS customer_id
FROM (
  SELECT
    r.`raw_x002E_email`,
    r.`rows`
  FROM customhouse.identity_rows_loyalty__new AS r
  WHERE r.`n_x002E_email` IS NULL
    AND r.`raw_x002E_email` IS NOT NULL
) AS r
WHERE NOT (NULLIF(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY SUBSTR(r.`raw_x002E_email`, GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN CHAR_LENGTH(r.`raw_x002E_email`) > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'phone' AS identifier_type,
  SUBSTR(r.`raw_x002E_phone`, GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN CHAR_LENGTH(r.`raw_x002E_phone`) > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_CONTAINS(CONCAT('+', CASE WHEN STARTS_WITH(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END), CONCAT('^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', r')\z')) THEN CONCAT('+', CASE WHEN STARTS_WITH(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END) END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CONCAT(CAST(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64) AS STRING), ' rows of loyalty') AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS number,
  CAST(NULL AS INT64) AS customer_id
FROM (
  SELECT
    r.`raw_x002E_phone`,
    r.`rows`
  FROM customhouse.identity_rows_loyalty__new AS r
  WHERE r.`n_x002E_phone` IS NULL
    AND r.`raw_x002E_phone` IS NOT NULL
) AS r
WHERE NOT (NULLIF(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY SUBSTR(r.`raw_x002E_phone`, GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN CHAR_LENGTH(r.`raw_x002E_phone`) > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_CONTAINS(CONCAT('+', CASE WHEN STARTS_WITH(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END), CONCAT('^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', r')\z')) THEN CONCAT('+', CASE WHEN STARTS_WITH(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(r.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'card' AS identifier_type,
  SUBSTR(r.`raw_x002E_card`, GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN CHAR_LENGTH(r.`raw_x002E_card`) > 512 THEN 'too_long' WHEN NULLIF(REGEXP_REPLACE(TRIM(r.`raw_x002E_card`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '[^0-9]+', ''), '') IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CONCAT(CAST(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64) AS STRING), ' rows of loyalty') AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS number,
  CAST(NULL AS INT64) AS customer_id
FROM (
  SELECT
    r.`raw_x002E_card`,
    r.`rows`
  FROM customhouse.identity_rows_loyalty__new AS r
  WHERE r.`n_x002E_card` IS NULL
    AND r.`raw_x002E_card` IS NOT NULL
) AS r
WHERE NOT (NULLIF(TRIM(r.`raw_x002E_card`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY SUBSTR(r.`raw_x002E_card`, GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN CHAR_LENGTH(r.`raw_x002E_card`) > 512 THEN 'too_long' WHEN NULLIF(REGEXP_REPLACE(TRIM(r.`raw_x002E_card`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '[^0-9]+', ''), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'email' AS identifier_type,
  SUBSTR(r.`raw_x002E_email`, GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN CHAR_LENGTH(r.`raw_x002E_email`) > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CONCAT(CAST(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64) AS STRING), ' rows of newsletter') AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS number,
  CAST(NULL AS INT64) AS customer_id
FROM (
  SELECT
    r.`raw_x002E_email`,
    r.`rows`
  FROM customhouse.identity_rows_newsletter__new AS r
  WHERE r.`n_x002E_email` IS NULL
    AND r.`raw_x002E_email` IS NOT NULL
) AS r
WHERE NOT (NULLIF(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY SUBSTR(r.`raw_x002E_email`, GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN CHAR_LENGTH(r.`raw_x002E_email`) > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'email' AS identifier_type,
  SUBSTR(r.`raw_x002E_email`, GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN CHAR_LENGTH(r.`raw_x002E_email`) > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CONCAT(CAST(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64) AS STRING), ' rows of orders') AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS number,
  CAST(NULL AS INT64) AS customer_id
FROM (
  SELECT
    r.`raw_x002E_email`,
    r.`rows`
  FROM customhouse.identity_rows_orders__new AS r
  WHERE r.`n_x002E_email` IS NULL
    AND r.`raw_x002E_email` IS NOT NULL
) AS r
WHERE NOT (NULLIF(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY SUBSTR(r.`raw_x002E_email`, GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN CHAR_LENGTH(r.`raw_x002E_email`) > 512 THEN 'too_long' WHEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(r.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'card' AS identifier_type,
  SUBSTR(r.`raw_x002E_card`, GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN CHAR_LENGTH(r.`raw_x002E_card`) > 512 THEN 'too_long' WHEN NULLIF(REGEXP_REPLACE(TRIM(r.`raw_x002E_card`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '[^0-9]+', ''), '') IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CONCAT(CAST(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64) AS STRING), ' rows of orders') AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS number,
  CAST(NULL AS INT64) AS customer_id
FROM (
  SELECT
    r.`raw_x002E_card`,
    r.`rows`
  FROM customhouse.identity_rows_orders__new AS r
  WHERE r.`n_x002E_card` IS NULL
    AND r.`raw_x002E_card` IS NOT NULL
) AS r
WHERE NOT (NULLIF(TRIM(r.`raw_x002E_card`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY SUBSTR(r.`raw_x002E_card`, GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN CHAR_LENGTH(r.`raw_x002E_card`) > 512 THEN 'too_long' WHEN NULLIF(REGEXP_REPLACE(TRIM(r.`raw_x002E_card`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '[^0-9]+', ''), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'user_id' AS identifier_type,
  SUBSTR(r.`raw_x002E_user_id`, GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN CHAR_LENGTH(r.`raw_x002E_user_id`) > 512 THEN 'too_long' WHEN NULLIF(TRIM(r.`raw_x002E_user_id`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CONCAT(CAST(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64) AS STRING), ' rows of page_views') AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS number,
  CAST(NULL AS INT64) AS customer_id
FROM (
  SELECT
    r.`raw_x002E_user_id`,
    r.`rows`
  FROM customhouse.identity_rows_page_views__new AS r
  WHERE r.`n_x002E_user_id` IS NULL
    AND r.`raw_x002E_user_id` IS NOT NULL
) AS r
WHERE NOT (NULLIF(TRIM(r.`raw_x002E_user_id`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY SUBSTR(r.`raw_x002E_user_id`, GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN CHAR_LENGTH(r.`raw_x002E_user_id`) > 512 THEN 'too_long' WHEN NULLIF(TRIM(r.`raw_x002E_user_id`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL THEN 'invalid' ELSE 'ignored' END
UNION ALL
SELECT
  'cookie' AS identifier_type,
  SUBSTR(r.`raw_x002E_cookie`, GREATEST(1, 1), GREATEST(100, 0)) AS identifier,
  CASE WHEN CHAR_LENGTH(r.`raw_x002E_cookie`) > 512 THEN 'too_long' WHEN CASE WHEN TRIM(r.`raw_x002E_cookie`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') <> '' THEN r.`raw_x002E_cookie` END IS NULL THEN 'invalid' ELSE 'ignored' END AS reason,
  CONCAT(CAST(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64) AS STRING), ' rows of page_views') AS evidence,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS number,
  CAST(NULL AS INT64) AS customer_id
FROM (
  SELECT
    r.`raw_x002E_cookie`,
    r.`rows`
  FROM customhouse.identity_rows_page_views__new AS r
  WHERE r.`n_x002E_cookie` IS NULL
    AND r.`raw_x002E_cookie` IS NOT NULL
) AS r
WHERE NOT (NULLIF(TRIM(r.`raw_x002E_cookie`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') IS NULL)
GROUP BY SUBSTR(r.`raw_x002E_cookie`, GREATEST(1, 1), GREATEST(100, 0)), CASE WHEN CHAR_LENGTH(r.`raw_x002E_cookie`) > 512 THEN 'too_long' WHEN CASE WHEN TRIM(r.`raw_x002E_cookie`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') <> '' THEN r.`raw_x002E_cookie` END IS NULL THEN 'invalid' ELSE 'ignored' END;

-- count
CREATE OR REPLACE TABLE customhouse_work.customer_totals AS
SELECT
  (
    SELECT COALESCE(COUNT(*), 0) AS n
    FROM customhouse_work.customer_ids AS i
  ) AS entities,
  (
    SELECT COALESCE(MAX(s.size), 0) AS n
    FROM customhouse_work.customer_stats AS s
    JOIN customhouse_work.customer_ids AS i ON i.c = s.c
  ) AS largest,
  0 AS unknown;

-- put in place
CREATE OR REPLACE TABLE customhouse.customer_identities COPY customhouse.customer_identities__new;

DROP TABLE IF EXISTS customhouse.customer_identities__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_contacts COPY customhouse.identity_rows_contacts__new;

DROP TABLE IF EXISTS customhouse.identity_rows_contacts__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_loyalty COPY customhouse.identity_rows_loyalty__new;

DROP TABLE IF EXISTS customhouse.identity_rows_loyalty__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_newsletter COPY customhouse.identity_rows_newsletter__new;

DROP TABLE IF EXISTS customhouse.identity_rows_newsletter__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_orders COPY customhouse.identity_rows_orders__new;

DROP TABLE IF EXISTS customhouse.identity_rows_orders__new;

CREATE OR REPLACE TABLE customhouse.identity_rows_page_views COPY customhouse.identity_rows_page_views__new;

DROP TABLE IF EXISTS customhouse.identity_rows_page_views__new;

CREATE OR REPLACE TABLE customhouse.customer_identity_incidents COPY customhouse.customer_identity_incidents__new;

DROP TABLE IF EXISTS customhouse.customer_identity_incidents__new;

INSERT INTO customhouse.customer_id_history (old_id, new_id, kind, cause, run_id, `at`)
SELECT
  h.old_id,
  h.new_id,
  h.kind,
  h.cause,
  'RUN' AS run_id,
  TIMESTAMP '2026-01-02 00:00:00+00' AS `at`
FROM customhouse_work.customer_changes AS h;

DELETE FROM customhouse.identity_state
WHERE entity = 'customer';

INSERT INTO customhouse.identity_state (entity, source, settings, since, as_of, run_id, entities, largest)
SELECT
  'customer' AS entity,
  '' AS source,
  'c5cbe0839d50b9c01c25f85ec2f446376f532cdf72e5c31e73bfb5dda819607e' AS settings,
  CAST(NULL AS TIMESTAMP) AS since,
  TIMESTAMP '2026-01-02 00:00:00+00' AS as_of,
  'RUN' AS run_id,
  t.entities,
  t.largest
FROM customhouse_work.customer_totals AS t
UNION ALL
SELECT
  'customer' AS entity,
  'contacts' AS source,
  '' AS settings,
  CAST(NULL AS TIMESTAMP) AS since,
  TIMESTAMP '2026-01-02 00:00:00+00' AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS entities,
  CAST(NULL AS INT64) AS largest
UNION ALL
SELECT
  'customer' AS entity,
  'loyalty' AS source,
  '' AS settings,
  CAST(NULL AS TIMESTAMP) AS since,
  TIMESTAMP '2026-01-02 00:00:00+00' AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS entities,
  CAST(NULL AS INT64) AS largest
UNION ALL
SELECT
  'customer' AS entity,
  'newsletter' AS source,
  '' AS settings,
  CAST(NULL AS TIMESTAMP) AS since,
  TIMESTAMP '2026-01-02 00:00:00+00' AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS entities,
  CAST(NULL AS INT64) AS largest
UNION ALL
SELECT
  'customer' AS entity,
  'orders' AS source,
  '' AS settings,
  CAST(NULL AS TIMESTAMP) AS since,
  TIMESTAMP '2026-01-02 00:00:00+00' AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS entities,
  CAST(NULL AS INT64) AS largest
UNION ALL
SELECT
  'customer' AS entity,
  'page_views' AS source,
  '' AS settings,
  CAST(NULL AS TIMESTAMP) AS since,
  TIMESTAMP '2026-01-02 00:00:00+00' AS as_of,
  'RUN' AS run_id,
  CAST(NULL AS INT64) AS entities,
  CAST(NULL AS INT64) AS largest;

-- measure source:contacts
SELECT
  COALESCE(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64), 0) AS `rows`,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN r.`n_x002E_user_id` IS NULL AND r.`n_x002E_email` IS NULL AND r.`n_x002E_phone` IS NULL THEN r.`rows` ELSE 0 END AS NUMERIC)) AS INT64), 0) AS without_identifier
FROM customhouse.identity_rows_contacts AS r;

-- measure source:loyalty
SELECT
  COALESCE(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64), 0) AS `rows`,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN r.`n_x002E_email` IS NULL AND r.`n_x002E_phone` IS NULL AND r.`n_x002E_card` IS NULL THEN r.`rows` ELSE 0 END AS NUMERIC)) AS INT64), 0) AS without_identifier
FROM customhouse.identity_rows_loyalty AS r;

-- measure source:newsletter
SELECT
  COALESCE(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64), 0) AS `rows`,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN r.`n_x002E_email` IS NULL THEN r.`rows` ELSE 0 END AS NUMERIC)) AS INT64), 0) AS without_identifier
FROM customhouse.identity_rows_newsletter AS r;

-- measure source:orders
SELECT
  COALESCE(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64), 0) AS `rows`,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN r.`n_x002E_email` IS NULL AND r.`n_x002E_card` IS NULL THEN r.`rows` ELSE 0 END AS NUMERIC)) AS INT64), 0) AS without_identifier
FROM customhouse.identity_rows_orders AS r;

-- measure source:page_views
SELECT
  COALESCE(SAFE_CAST(SUM(CAST(r.`rows` AS NUMERIC)) AS INT64), 0) AS `rows`,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN r.`n_x002E_user_id` IS NULL AND r.`n_x002E_cookie` IS NULL THEN r.`rows` ELSE 0 END AS NUMERIC)) AS INT64), 0) AS without_identifier
FROM customhouse.identity_rows_page_views AS r;

-- measure identity:customer
SELECT
  (
    SELECT COUNT(*) AS n
    FROM customhouse.customer_identities AS i
  ) AS identifiers,
  t.entities AS customers,
  t.largest
FROM customhouse_work.customer_totals AS t;

-- measure changes:customer
SELECT
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN x.kind = 'merge' THEN 1 ELSE 0 END AS NUMERIC)) AS INT64), 0) AS `merge`,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN x.kind = 'split' THEN 1 ELSE 0 END AS NUMERIC)) AS INT64), 0) AS split,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN x.kind = 'gone' THEN 1 ELSE 0 END AS NUMERIC)) AS INT64), 0) AS gone
FROM customhouse_work.customer_changes AS x;

-- measure incidents:customer
SELECT
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN x.reason = 'ignored' THEN 1 ELSE 0 END AS NUMERIC)) AS INT64), 0) AS ignored,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN x.reason = 'invalid' THEN 1 ELSE 0 END AS NUMERIC)) AS INT64), 0) AS invalid,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN x.reason = 'too_long' THEN 1 ELSE 0 END AS NUMERIC)) AS INT64), 0) AS too_long,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN x.reason = 'quarantined' THEN 1 ELSE 0 END AS NUMERIC)) AS INT64), 0) AS quarantined,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN x.reason = 'shared' THEN 1 ELSE 0 END AS NUMERIC)) AS INT64), 0) AS shared,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN x.reason = 'conflict' THEN 1 ELSE 0 END AS NUMERIC)) AS INT64), 0) AS conflict,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN x.reason = 'too_many' THEN 1 ELSE 0 END AS NUMERIC)) AS INT64), 0) AS too_many,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN x.reason = 'never_link' THEN 1 ELSE 0 END AS NUMERIC)) AS INT64), 0) AS never_link,
  COALESCE(SAFE_CAST(SUM(CAST(CASE WHEN x.reason = 'suspect' THEN 1 ELSE 0 END AS NUMERIC)) AS INT64), 0) AS suspect
FROM customhouse.customer_identity_incidents AS x;
