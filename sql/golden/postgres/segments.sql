-- evaluate the segments of customer
CREATE UNLOGGED TABLE customhouse_work.customer_segments__next AS
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
    coalesce((p."bits.0" & 2) = 2 AND coalesce(p.country = 'FR' COLLATE "C", FALSE) AND coalesce(p.spent > float8 '100', FALSE) AND NOT p."segment:staff", FALSE) AS "segment:loyal_readers",
    coalesce(p."segment:lapsed_buyers" AND coalesce(p.spent > float8 '200', FALSE) AND NOT p."segment:staff", FALSE) AS "segment:win_back"
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
      (p."bits.0" & 1) = 1 AS "segment:staff",
      coalesce(p.spent > float8 '1000', FALSE) OR coalesce(p.points >= 4000, FALSE) AS "segment:vip",
      coalesce(coalesce(p.lifecycle = 'lapsed' COLLATE "C", FALSE) AND p.opted_in, FALSE) AS "segment:lapsed_buyers",
      coalesce((p."bits.0" & 4) = 4 AND coalesce(p.order_count = 0, FALSE) AND p.opted_in, FALSE) AS "segment:warm_prospects"
    FROM customhouse_work.customer_wide AS p
  ) AS p
) AS p;

DROP TABLE IF EXISTS customhouse_work.customer_segments;

ALTER TABLE customhouse_work.customer_segments__next RENAME TO customer_segments;

ANALYZE customhouse_work.customer_segments;

-- compare with the last members
CREATE UNLOGGED TABLE customhouse_work.members_before__next AS
SELECT
  o.segment,
  coalesce(r0customer_id.new_id, o.customer_id) AS customer_id,
  min(o.entered_at) AS entered_at
FROM customhouse.segment_members AS o
LEFT JOIN customhouse_work.customer_redirect AS r0customer_id ON r0customer_id.old_id = o.customer_id
WHERE NOT FALSE
  AND (o.customer_id IS NOT NULL)
GROUP BY o.segment, coalesce(r0customer_id.new_id, o.customer_id);

DROP TABLE IF EXISTS customhouse_work.members_before;

ALTER TABLE customhouse_work.members_before__next RENAME TO members_before;

ANALYZE customhouse_work.members_before;

CREATE UNLOGGED TABLE customhouse_work.members_now__next AS
SELECT
  m.segment,
  m.customer_id,
  coalesce(b.entered_at, timestamp '2026-01-02 00:00:00') AS entered_at
FROM (
  SELECT
    'staff' COLLATE "C" AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b."segment:staff"
  UNION ALL
  SELECT
    'loyal_readers' COLLATE "C" AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b."segment:loyal_readers"
  UNION ALL
  SELECT
    'vip' COLLATE "C" AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b."segment:vip"
  UNION ALL
  SELECT
    'lapsed_buyers' COLLATE "C" AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b."segment:lapsed_buyers"
  UNION ALL
  SELECT
    'win_back' COLLATE "C" AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b."segment:win_back"
  UNION ALL
  SELECT
    'warm_prospects' COLLATE "C" AS segment,
    b.customer_id
  FROM customhouse_work.customer_segments AS b
  WHERE b."segment:warm_prospects"
) AS m
LEFT JOIN customhouse_work.members_before AS b ON b.segment = m.segment AND b.customer_id = m.customer_id;

DROP TABLE IF EXISTS customhouse_work.members_now;

ALTER TABLE customhouse_work.members_now__next RENAME TO members_now;

ANALYZE customhouse_work.members_now;

CREATE UNLOGGED TABLE customhouse_work.members_delta__next AS
SELECT
  a.segment,
  a.customer_id,
  'entered' COLLATE "C" AS change
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
  'left' COLLATE "C" AS change
FROM customhouse_work.members_before AS a
WHERE NOT EXISTS (
  SELECT 1 AS one
  FROM customhouse_work.members_now AS b
  WHERE b.segment = a.segment
    AND b.customer_id = a.customer_id
);

DROP TABLE IF EXISTS customhouse_work.members_delta;

ALTER TABLE customhouse_work.members_delta__next RENAME TO members_delta;

ANALYZE customhouse_work.members_delta;

CREATE UNLOGGED TABLE customhouse_work.members_counts__next AS
SELECT
  a.segment,
  CAST(nullif(nullif(greatest(least(sum(a.profiles), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS profiles,
  CAST(nullif(nullif(greatest(least(sum(a.members), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS members,
  CAST(nullif(nullif(greatest(least(sum(a.entries), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS entries,
  CAST(nullif(nullif(greatest(least(sum(a.exits), 9223372036854775808), -9223372036854775809), 9223372036854775808), -9223372036854775809) AS bigint) AS exits
FROM (
  SELECT
    x.segment,
    CAST(NULL AS bigint) AS profiles,
    1 AS members,
    0 AS entries,
    0 AS exits
  FROM customhouse_work.members_now AS x
  UNION ALL
  SELECT
    x.segment,
    CAST(NULL AS bigint) AS profiles,
    0 AS members,
    CASE WHEN x.change = 'entered' COLLATE "C" THEN 1 ELSE 0 END AS entries,
    CASE WHEN x.change = 'left' COLLATE "C" THEN 1 ELSE 0 END AS exits
  FROM customhouse_work.members_delta AS x
  UNION ALL
  SELECT
    n.segment,
    w.profiles,
    0 AS members,
    0 AS entries,
    0 AS exits
  FROM (
    SELECT 'staff' COLLATE "C" AS segment
    UNION ALL
    SELECT 'loyal_readers' COLLATE "C" AS segment
    UNION ALL
    SELECT 'vip' COLLATE "C" AS segment
    UNION ALL
    SELECT 'lapsed_buyers' COLLATE "C" AS segment
    UNION ALL
    SELECT 'win_back' COLLATE "C" AS segment
    UNION ALL
    SELECT 'warm_prospects' COLLATE "C" AS segment
  ) AS n
  CROSS JOIN (
    SELECT count(*) AS profiles
    FROM customhouse_work.customer_wide AS w
  ) AS w
) AS a
GROUP BY a.segment;

DROP TABLE IF EXISTS customhouse_work.members_counts;

ALTER TABLE customhouse_work.members_counts__next RENAME TO members_counts;

ANALYZE customhouse_work.members_counts;

CREATE TABLE customhouse.segment_members__new__next AS
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

DROP TABLE IF EXISTS customhouse.segment_members__new;

ALTER TABLE customhouse.segment_members__new__next RENAME TO segment_members__new;

ANALYZE customhouse.segment_members__new;

-- put in place
DELETE FROM customhouse.evaluated_from
WHERE starts_with(node, 'segment:' COLLATE "C");

DROP TABLE IF EXISTS customhouse.segment_members;

ALTER TABLE customhouse.segment_members__new RENAME TO segment_members;

INSERT INTO customhouse.segment_changes (segment, customer_id, change, at, run_id)
SELECT
  d.segment,
  d.customer_id,
  d.change,
  timestamp '2026-01-02 00:00:00' AS at,
  'RUN' COLLATE "C" AS run_id
FROM customhouse_work.members_delta AS d;

INSERT INTO customhouse.segment_sizes (segment, profiles, members, entries, exits, at, run_id)
SELECT
  c.segment,
  c.profiles,
  c.members,
  c.entries,
  c.exits,
  timestamp '2026-01-02 00:00:00' AS at,
  'RUN' COLLATE "C" AS run_id
FROM customhouse_work.members_counts AS c;

-- measure segment:
SELECT
  c.segment AS name,
  c.members,
  c.entries AS entered,
  c.exits AS "left"
FROM customhouse_work.members_counts AS c
ORDER BY c.segment NULLS LAST;
