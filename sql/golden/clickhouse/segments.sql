-- evaluate the segments of customer
CREATE OR REPLACE TABLE customhouse_work.customer_segments ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(p.customer_id) AS customer_id,
  toNullable(p.`segment:staff`) AS `segment:staff`,
  toNullable(p.`segment:loyal_readers`) AS `segment:loyal_readers`,
  toNullable(p.`segment:vip`) AS `segment:vip`,
  toNullable(p.`segment:lapsed_buyers`) AS `segment:lapsed_buyers`,
  toNullable(p.`segment:win_back`) AS `segment:win_back`,
  toNullable(p.`segment:warm_prospects`) AS `segment:warm_prospects`
FROM (
  SELECT
    p.customer_id AS customer_id,
    p.`bits.0` AS `bits.0`,
    p.country AS country,
    p.spent AS spent,
    p.points AS points,
    p.lifecycle AS lifecycle,
    p.opted_in AS opted_in,
    p.order_count AS order_count,
    p.`segment:staff` AS `segment:staff`,
    p.`segment:vip` AS `segment:vip`,
    p.`segment:lapsed_buyers` AS `segment:lapsed_buyers`,
    p.`segment:warm_prospects` AS `segment:warm_prospects`,
    coalesce(CAST(bitAnd(p.`bits.0`, toInt64(2)) = 2 AND coalesce(CAST(p.country = 'FR' AS Bool), FALSE) AND coalesce(CAST(p.spent > 1e2 AS Bool), FALSE) AND NOT p.`segment:staff` AS Bool), FALSE) AS `segment:loyal_readers`,
    coalesce(CAST(p.`segment:lapsed_buyers` AND coalesce(CAST(p.spent > 2e2 AS Bool), FALSE) AND NOT p.`segment:staff` AS Bool), FALSE) AS `segment:win_back`
  FROM (
    SELECT
      p.customer_id AS customer_id,
      p.`bits.0` AS `bits.0`,
      p.country AS country,
      p.spent AS spent,
      p.points AS points,
      p.lifecycle AS lifecycle,
      p.opted_in AS opted_in,
      p.order_count AS order_count,
      CAST(bitAnd(p.`bits.0`, toInt64(1)) = 1 AS Bool) AS `segment:staff`,
      CAST(coalesce(CAST(p.spent > 1e3 AS Bool), FALSE) OR coalesce(CAST(p.points >= 4000 AS Bool), FALSE) AS Bool) AS `segment:vip`,
      coalesce(CAST(coalesce(CAST(p.lifecycle = 'lapsed' AS Bool), FALSE) AND p.opted_in AS Bool), FALSE) AS `segment:lapsed_buyers`,
      coalesce(CAST(bitAnd(p.`bits.0`, toInt64(4)) = 4 AND coalesce(CAST(p.order_count = 0 AS Bool), FALSE) AND p.opted_in AS Bool), FALSE) AS `segment:warm_prospects`
    FROM customhouse_work.customer_wide AS p
  ) AS p
) AS p;

-- compare with the last members
CREATE OR REPLACE TABLE customhouse_work.members_before ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(o.segment) AS segment,
  toNullable(coalesce(r0customer_id.new_id, o.customer_id)) AS customer_id,
  toNullable(minOrNull(o.entered_at)) AS entered_at
FROM customhouse.segment_members AS o
LEFT JOIN customhouse_work.customer_redirect AS r0customer_id ON r0customer_id.old_id = o.customer_id
WHERE NOT FALSE
  AND (o.customer_id IS NOT NULL)
GROUP BY o.segment, coalesce(r0customer_id.new_id, o.customer_id);

CREATE OR REPLACE TABLE customhouse_work.members_now ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.segment) AS segment,
  toNullable(m.customer_id) AS customer_id,
  toNullable(coalesce(b.entered_at, toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC'))) AS entered_at
FROM (
  SELECT
    'staff' AS segment,
    b.customer_id AS customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b.`segment:staff`
  UNION ALL
  SELECT
    'loyal_readers' AS segment,
    b.customer_id AS customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b.`segment:loyal_readers`
  UNION ALL
  SELECT
    'vip' AS segment,
    b.customer_id AS customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b.`segment:vip`
  UNION ALL
  SELECT
    'lapsed_buyers' AS segment,
    b.customer_id AS customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b.`segment:lapsed_buyers`
  UNION ALL
  SELECT
    'win_back' AS segment,
    b.customer_id AS customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b.`segment:win_back`
  UNION ALL
  SELECT
    'warm_prospects' AS segment,
    b.customer_id AS customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b.`segment:warm_prospects`
) AS m
LEFT JOIN customhouse_work.members_before AS b ON b.segment = m.segment AND b.customer_id = m.customer_id;

CREATE OR REPLACE TABLE customhouse_work.members_delta ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(a.segment) AS segment,
  toNullable(a.customer_id) AS customer_id,
  toNullable('entered') AS `change`
FROM customhouse_work.members_now AS a
WHERE NOT EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse_work.members_before AS b
  WHERE b.segment = a.segment
    AND b.customer_id = a.customer_id
)
UNION ALL
SELECT
  toNullable(a.segment) AS segment,
  toNullable(a.customer_id) AS customer_id,
  toNullable('left') AS `change`
FROM customhouse_work.members_before AS a
WHERE NOT EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse_work.members_now AS b
  WHERE b.segment = a.segment
    AND b.customer_id = a.customer_id
);

CREATE OR REPLACE TABLE customhouse_work.members_counts ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(a.segment) AS segment,
  toNullable(accurateCastOrNull(sumOrNull(toInt128(a.`profiles`)), 'Int64')) AS `profiles`,
  toNullable(accurateCastOrNull(sumOrNull(toInt128(a.members)), 'Int64')) AS members,
  toNullable(accurateCastOrNull(sumOrNull(toInt128(a.entries)), 'Int64')) AS entries,
  toNullable(accurateCastOrNull(sumOrNull(toInt128(a.exits)), 'Int64')) AS exits
FROM (
  SELECT
    x.segment AS segment,
    CAST(NULL AS Nullable(Int64)) AS `profiles`,
    toInt64(1) AS members,
    toInt64(0) AS entries,
    toInt64(0) AS exits
  FROM customhouse_work.members_now AS x
  UNION ALL
  SELECT
    x.segment AS segment,
    CAST(NULL AS Nullable(Int64)) AS `profiles`,
    toInt64(0) AS members,
    CASE WHEN x.`change` = 'entered' THEN toInt64(1) ELSE toInt64(0) END AS entries,
    CASE WHEN x.`change` = 'left' THEN toInt64(1) ELSE toInt64(0) END AS exits
  FROM customhouse_work.members_delta AS x
  UNION ALL
  SELECT
    n.segment AS segment,
    w.`profiles` AS `profiles`,
    toInt64(0) AS members,
    toInt64(0) AS entries,
    toInt64(0) AS exits
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
    SELECT toInt64(count()) AS `profiles`
    FROM customhouse_work.customer_wide AS w
  ) AS w
) AS a
GROUP BY a.segment;

CREATE OR REPLACE TABLE customhouse.segment_members__new ENGINE = MergeTree ORDER BY (segment, customer_id) SETTINGS allow_nullable_key = 1 AS
SELECT
  toNullable(n.segment) AS segment,
  toNullable(n.customer_id) AS customer_id,
  toNullable(n.entered_at) AS entered_at
FROM customhouse_work.members_now AS n
UNION ALL
SELECT
  toNullable(o.segment) AS segment,
  toNullable(coalesce(r0customer_id.new_id, o.customer_id)) AS customer_id,
  toNullable(minOrNull(o.entered_at)) AS entered_at
FROM customhouse.segment_members AS o
LEFT JOIN customhouse_work.customer_redirect AS r0customer_id ON r0customer_id.old_id = o.customer_id
WHERE FALSE
  AND (o.customer_id IS NOT NULL)
GROUP BY o.segment, coalesce(r0customer_id.new_id, o.customer_id);

-- put in place
DELETE FROM customhouse.evaluated_from
WHERE startsWith(node, 'segment:');

CREATE OR REPLACE TABLE customhouse.segment_members CLONE AS customhouse.segment_members__new;

DROP TABLE IF EXISTS customhouse.segment_members__new;

INSERT INTO customhouse.segment_changes (segment, customer_id, `change`, `at`, run_id)
SELECT
  d.segment AS segment,
  d.customer_id AS customer_id,
  d.`change` AS `change`,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS `at`,
  'RUN' AS run_id
FROM customhouse_work.members_delta AS d;

INSERT INTO customhouse.segment_sizes (segment, `profiles`, members, entries, exits, `at`, run_id)
SELECT
  c.segment AS segment,
  c.`profiles` AS `profiles`,
  c.members AS members,
  c.entries AS entries,
  c.exits AS exits,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS `at`,
  'RUN' AS run_id
FROM customhouse_work.members_counts AS c;

-- measure segment:
SELECT
  c.segment AS `name`,
  c.members AS members,
  c.entries AS entered,
  c.exits AS `left`
FROM customhouse_work.members_counts AS c
ORDER BY c.segment NULLS LAST;
