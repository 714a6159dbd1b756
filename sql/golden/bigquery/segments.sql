-- evaluate the segments of customer
CREATE OR REPLACE TABLE customhouse_work.customer_segments AS
SELECT
  p.customer_id,
  p.`segment:staff`,
  p.`segment:loyal_readers`,
  p.`segment:vip`,
  p.`segment:lapsed_buyers`,
  p.`segment:win_back`,
  p.`segment:warm_prospects`
FROM (
  SELECT
    p.customer_id,
    p.`bits_x002E_0`,
    p.country,
    p.spent,
    p.points,
    p.lifecycle,
    p.opted_in,
    p.order_count,
    p.`segment:staff`,
    p.`segment:vip`,
    p.`segment:lapsed_buyers`,
    p.`segment:warm_prospects`,
    COALESCE((p.`bits_x002E_0` & 2) = 2 AND COALESCE(p.country = 'FR', FALSE) AND COALESCE(p.spent > 1e2, FALSE) AND NOT p.`segment:staff`, FALSE) AS `segment:loyal_readers`,
    COALESCE(p.`segment:lapsed_buyers` AND COALESCE(p.spent > 2e2, FALSE) AND NOT p.`segment:staff`, FALSE) AS `segment:win_back`
  FROM (
    SELECT
      p.customer_id,
      p.`bits_x002E_0`,
      p.country,
      p.spent,
      p.points,
      p.lifecycle,
      p.opted_in,
      p.order_count,
      (p.`bits_x002E_0` & 1) = 1 AS `segment:staff`,
      COALESCE(p.spent > 1e3, FALSE) OR COALESCE(p.points >= 4000, FALSE) AS `segment:vip`,
      COALESCE(COALESCE(p.lifecycle = 'lapsed', FALSE) AND p.opted_in, FALSE) AS `segment:lapsed_buyers`,
      COALESCE((p.`bits_x002E_0` & 4) = 4 AND COALESCE(p.order_count = 0, FALSE) AND p.opted_in, FALSE) AS `segment:warm_prospects`
    FROM customhouse_work.customer_wide AS p
  ) AS p
) AS p;

-- compare with the last members
CREATE OR REPLACE TABLE customhouse_work.members_before AS
SELECT
  o.segment,
  COALESCE(r0customer_id.new_id, o.customer_id) AS customer_id,
  MIN(o.entered_at) AS entered_at
FROM customhouse.segment_members AS o
LEFT JOIN customhouse_work.customer_redirect AS r0customer_id ON r0customer_id.old_id = o.customer_id
WHERE NOT FALSE
  AND (o.customer_id IS NOT NULL)
GROUP BY o.segment, COALESCE(r0customer_id.new_id, o.customer_id);

CREATE OR REPLACE TABLE customhouse_work.members_now AS
SELECT
  m.segment,
  m.customer_id,
  COALESCE(b.entered_at, TIMESTAMP '2026-01-02 00:00:00+00') AS entered_at
FROM (
  SELECT
    'staff' AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b.`segment:staff`
  UNION ALL
  SELECT
    'loyal_readers' AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b.`segment:loyal_readers`
  UNION ALL
  SELECT
    'vip' AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b.`segment:vip`
  UNION ALL
  SELECT
    'lapsed_buyers' AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b.`segment:lapsed_buyers`
  UNION ALL
  SELECT
    'win_back' AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b.`segment:win_back`
  UNION ALL
  SELECT
    'warm_prospects' AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b.`segment:warm_prospects`
) AS m
LEFT JOIN customhouse_work.members_before AS b ON b.segment = m.segment AND b.customer_id = m.customer_id;

CREATE OR REPLACE TABLE customhouse_work.members_delta AS
SELECT
  a.segment,
  a.customer_id,
  'entered' AS change
FROM customhouse_work.members_now AS a
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.members_before AS b
  WHERE b.segment = a.segment
    AND b.customer_id = a.customer_id
)
UNION ALL
SELECT
  a.segment,
  a.customer_id,
  'left' AS change
FROM customhouse_work.members_before AS a
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.members_now AS b
  WHERE b.segment = a.segment
    AND b.customer_id = a.customer_id
);

CREATE OR REPLACE TABLE customhouse_work.members_counts AS
SELECT
  a.segment,
  SAFE_CAST(SUM(CAST(a.profiles AS NUMERIC)) AS INT64) AS profiles,
  SAFE_CAST(SUM(CAST(a.members AS NUMERIC)) AS INT64) AS members,
  SAFE_CAST(SUM(CAST(a.entries AS NUMERIC)) AS INT64) AS entries,
  SAFE_CAST(SUM(CAST(a.exits AS NUMERIC)) AS INT64) AS exits
FROM (
  SELECT
    x.segment,
    CAST(NULL AS INT64) AS profiles,
    1 AS members,
    0 AS entries,
    0 AS exits
  FROM customhouse_work.members_now AS x
  UNION ALL
  SELECT
    x.segment,
    CAST(NULL AS INT64) AS profiles,
    0 AS members,
    CASE WHEN x.change = 'entered' THEN 1 ELSE 0 END AS entries,
    CASE WHEN x.change = 'left' THEN 1 ELSE 0 END AS exits
  FROM customhouse_work.members_delta AS x
  UNION ALL
  SELECT
    n.segment,
    w.profiles,
    0 AS members,
    0 AS entries,
    0 AS exits
  FROM (
    SELECT 'staff' AS segment
    UNION ALL
    SELECT 'loyal_readers' AS segment
    UNION ALL
    SELECT 'vip' AS segment
    UNION ALL
    SELECT 'lapsed_buyers' AS segment
    UNION ALL
    SELECT 'win_back' AS segment
    UNION ALL
    SELECT 'warm_prospects' AS segment
  ) AS n
  CROSS JOIN (
    SELECT COUNT(*) AS profiles
    FROM customhouse_work.customer_wide AS w
  ) AS w
) AS a
GROUP BY a.segment;

CREATE OR REPLACE TABLE customhouse.segment_members__new
CLUSTER BY segment, customer_id AS
SELECT
  n.segment,
  n.customer_id,
  n.entered_at
FROM customhouse_work.members_now AS n
UNION ALL
SELECT
  o.segment,
  COALESCE(r0customer_id.new_id, o.customer_id) AS customer_id,
  MIN(o.entered_at) AS entered_at
FROM customhouse.segment_members AS o
LEFT JOIN customhouse_work.customer_redirect AS r0customer_id ON r0customer_id.old_id = o.customer_id
WHERE FALSE
  AND (o.customer_id IS NOT NULL)
GROUP BY o.segment, COALESCE(r0customer_id.new_id, o.customer_id);

-- put in place
DELETE FROM customhouse.evaluated_from
WHERE STARTS_WITH(node, 'segment:');

CREATE OR REPLACE TABLE customhouse.segment_members COPY customhouse.segment_members__new;

DROP TABLE IF EXISTS customhouse.segment_members__new;

INSERT INTO customhouse.segment_changes (segment, customer_id, change, `at`, run_id)
SELECT
  d.segment,
  d.customer_id,
  d.change,
  TIMESTAMP '2026-01-02 00:00:00+00' AS `at`,
  'RUN' AS run_id
FROM customhouse_work.members_delta AS d;

INSERT INTO customhouse.segment_sizes (segment, profiles, members, entries, exits, `at`, run_id)
SELECT
  c.segment,
  c.profiles,
  c.members,
  c.entries,
  c.exits,
  TIMESTAMP '2026-01-02 00:00:00+00' AS `at`,
  'RUN' AS run_id
FROM customhouse_work.members_counts AS c;

-- measure segment:
SELECT
  c.segment AS name,
  c.members,
  c.entries AS entered,
  c.exits AS `left`
FROM customhouse_work.members_counts AS c
ORDER BY c.segment NULLS LAST;
