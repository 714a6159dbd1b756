-- evaluate the segments of customer
CREATE OR REPLACE TABLE customhouse_work.customer_segments COPY GRANTS AS
SELECT
  p.customer_id,
  p."segment:staff",
  p."segment:loyal_readers",
  p."segment:vip",
  p."segment:lapsed_buyers",
  p."segment:win_back",
  p."segment:warm_prospects"
FROM (
  SELECT
    p.customer_id,
    p."bits.0",
    p.country,
    p.spent,
    p.points,
    p.lifecycle,
    p.opted_in,
    p.order_count,
    p."segment:staff",
    p."segment:vip",
    p."segment:lapsed_buyers",
    p."segment:warm_prospects",
    coalesce(BITAND(p."bits.0", 2) = 2 AND coalesce(p.country = 'FR', FALSE) AND coalesce(p.spent > CAST('100' AS FLOAT), FALSE) AND NOT p."segment:staff", FALSE) AS "segment:loyal_readers",
    coalesce(p."segment:lapsed_buyers" AND coalesce(p.spent > CAST('200' AS FLOAT), FALSE) AND NOT p."segment:staff", FALSE) AS "segment:win_back"
  FROM (
    SELECT
      p.customer_id,
      p."bits.0",
      p.country,
      p.spent,
      p.points,
      p.lifecycle,
      p.opted_in,
      p.order_count,
      BITAND(p."bits.0", 1) = 1 AS "segment:staff",
      coalesce(p.spent > CAST('1000' AS FLOAT), FALSE) OR coalesce(p.points >= 4000, FALSE) AS "segment:vip",
      coalesce(coalesce(p.lifecycle = 'lapsed', FALSE) AND p.opted_in, FALSE) AS "segment:lapsed_buyers",
      coalesce(BITAND(p."bits.0", 4) = 4 AND coalesce(p.order_count = 0, FALSE) AND p.opted_in, FALSE) AS "segment:warm_prospects"
    FROM customhouse_work.customer_wide AS p
  ) AS p
) AS p;

-- compare with the last members
CREATE OR REPLACE TABLE customhouse_work.members_before COPY GRANTS AS
SELECT
  o.segment,
  coalesce(r0customer_id.new_id, o.customer_id) AS customer_id,
  min(o.entered_at) AS entered_at
FROM customhouse.segment_members AS o
LEFT JOIN customhouse_work.customer_redirect AS r0customer_id ON r0customer_id.old_id = o.customer_id
WHERE NOT FALSE
  AND (o.customer_id IS NOT NULL)
GROUP BY o.segment, coalesce(r0customer_id.new_id, o.customer_id);

CREATE OR REPLACE TABLE customhouse_work.members_now COPY GRANTS AS
SELECT
  m.segment,
  m.customer_id,
  coalesce(b.entered_at, CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6))) AS entered_at
FROM (
  SELECT
    CAST('staff' AS VARCHAR) AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b."segment:staff"
  UNION ALL
  SELECT
    CAST('loyal_readers' AS VARCHAR) AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b."segment:loyal_readers"
  UNION ALL
  SELECT
    CAST('vip' AS VARCHAR) AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b."segment:vip"
  UNION ALL
  SELECT
    CAST('lapsed_buyers' AS VARCHAR) AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b."segment:lapsed_buyers"
  UNION ALL
  SELECT
    CAST('win_back' AS VARCHAR) AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b."segment:win_back"
  UNION ALL
  SELECT
    CAST('warm_prospects' AS VARCHAR) AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b."segment:warm_prospects"
) AS m
LEFT JOIN customhouse_work.members_before AS b ON b.segment = m.segment AND b.customer_id = m.customer_id;

CREATE OR REPLACE TABLE customhouse_work.members_delta COPY GRANTS AS
SELECT
  a.segment,
  a.customer_id,
  CAST('entered' AS VARCHAR) AS change
FROM customhouse_work.members_now AS a
WHERE NOT EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse_work.members_before AS b
  WHERE b.segment = a.segment
    AND b.customer_id = a.customer_id
)
UNION ALL
SELECT
  a.segment,
  a.customer_id,
  CAST('left' AS VARCHAR) AS change
FROM customhouse_work.members_before AS a
WHERE NOT EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse_work.members_now AS b
  WHERE b.segment = a.segment
    AND b.customer_id = a.customer_id
);

CREATE OR REPLACE TABLE customhouse_work.members_counts COPY GRANTS AS
SELECT
  a.segment,
  CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(a.profiles), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) AS profiles,
  CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(a.members), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) AS members,
  CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(a.entries), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) AS entries,
  CAST(NULLIF(NULLIF(GREATEST(LEAST(SUM(a.exits), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS INT) AS exits
FROM (
  SELECT
    x.segment,
    CAST(NULL AS INT) AS profiles,
    CAST(1 AS INT) AS members,
    CAST(0 AS INT) AS entries,
    CAST(0 AS INT) AS exits
  FROM customhouse_work.members_now AS x
  UNION ALL
  SELECT
    x.segment,
    CAST(NULL AS INT) AS profiles,
    CAST(0 AS INT) AS members,
    CASE WHEN x.change = 'entered' THEN CAST(1 AS INT) ELSE 0 END AS entries,
    CASE WHEN x.change = 'left' THEN CAST(1 AS INT) ELSE 0 END AS exits
  FROM customhouse_work.members_delta AS x
  UNION ALL
  SELECT
    n.segment,
    w.profiles,
    CAST(0 AS INT) AS members,
    CAST(0 AS INT) AS entries,
    CAST(0 AS INT) AS exits
  FROM (
    SELECT CAST('staff' AS VARCHAR) AS segment
    UNION ALL
    SELECT CAST('loyal_readers' AS VARCHAR) AS segment
    UNION ALL
    SELECT CAST('vip' AS VARCHAR) AS segment
    UNION ALL
    SELECT CAST('lapsed_buyers' AS VARCHAR) AS segment
    UNION ALL
    SELECT CAST('win_back' AS VARCHAR) AS segment
    UNION ALL
    SELECT CAST('warm_prospects' AS VARCHAR) AS segment
  ) AS n
  CROSS JOIN (
    SELECT count(*) AS profiles
    FROM customhouse_work.customer_wide AS w
  ) AS w
) AS a
GROUP BY a.segment;

CREATE OR REPLACE TABLE customhouse.segment_members__new COPY GRANTS AS
SELECT
  n.segment,
  n.customer_id,
  n.entered_at
FROM customhouse_work.members_now AS n
UNION ALL
SELECT
  o.segment,
  coalesce(r0customer_id.new_id, o.customer_id) AS customer_id,
  min(o.entered_at) AS entered_at
FROM customhouse.segment_members AS o
LEFT JOIN customhouse_work.customer_redirect AS r0customer_id ON r0customer_id.old_id = o.customer_id
WHERE FALSE
  AND (o.customer_id IS NOT NULL)
GROUP BY o.segment, coalesce(r0customer_id.new_id, o.customer_id);

-- put in place
DELETE FROM customhouse.evaluated_from
WHERE STARTSWITH(node, 'segment:');

CREATE OR REPLACE TABLE customhouse.segment_members CLONE customhouse.segment_members__new COPY GRANTS;

DROP TABLE IF EXISTS customhouse.segment_members__new;

INSERT INTO customhouse.segment_changes (segment, customer_id, change, "AT", run_id)
SELECT
  d.segment,
  d.customer_id,
  d.change,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS "AT",
  CAST('RUN' AS VARCHAR) AS run_id
FROM customhouse_work.members_delta AS d;

INSERT INTO customhouse.segment_sizes (segment, profiles, members, entries, exits, "AT", run_id)
SELECT
  c.segment,
  c.profiles,
  c.members,
  c.entries,
  c.exits,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS "AT",
  CAST('RUN' AS VARCHAR) AS run_id
FROM customhouse_work.members_counts AS c;

-- measure segment:
SELECT
  c.segment AS name,
  c.members,
  c.entries AS entered,
  c.exits AS "LEFT"
FROM customhouse_work.members_counts AS c
ORDER BY c.segment NULLS LAST;
