-- aggregate page_views
CREATE UNLOGGED TABLE customhouse_work.features_page_views__next AS
SELECT
  p.customer_id,
  p."page_views.max_2c0f966d",
  p."page_views.most_frequent_fee6d671",
  p."bits.0" + (CAST(CASE WHEN coalesce(p."page_views.count_78aeddf7", 0) >= 3 THEN 4 ELSE 0 END AS bigint) # CAST(CASE WHEN coalesce(CAST(NULL AS bigint), 0) >= 3 THEN 4 ELSE 0 END AS bigint)) AS "bits.0"
FROM (
  SELECT
    m.customer_id,
    count(CASE WHEN e."time" > timestamp '2025-12-03 00:00:00' THEN 1 END) AS "page_views.count_78aeddf7",
    max(e."time") AS "page_views.max_2c0f966d",
    mode() WITHIN GROUP (ORDER BY CASE WHEN e."time" > timestamp '2025-10-04 00:00:00' THEN e.topic END) AS "page_views.most_frequent_fee6d671",
    bit_or(CASE WHEN e.topic = 'intranet' COLLATE "C" THEN CAST(CASE WHEN TRUE THEN 1 ELSE 0 END AS bigint) WHEN e.topic = 'sport' COLLATE "C" THEN CAST(CASE WHEN e."time" > timestamp '2025-12-03 00:00:00' THEN 2 ELSE 0 END AS bigint) ELSE 0 END) AS "bits.0"
  FROM (
    SELECT
      hash_record_extended(ROW((CAST(s.user_id AS text) COLLATE "C"), (CAST(s.cookie AS text) COLLATE "C")), 0) & 9223372036854775807 AS "hash.1",
      hash_record_extended(ROW('#' COLLATE "C" || (CAST(s.user_id AS text) COLLATE "C"), '#' COLLATE "C" || (CAST(s.cookie AS text) COLLATE "C")), 0) & 9223372036854775807 AS "hash.2",
      CAST(s.viewed_at AS timestamp) AS "time",
      (CAST(s.topic AS text) COLLATE "C") AS topic,
      (CAST(s.url AS text) COLLATE "C") AS url
    FROM customhouse_work.files__page_views AS s
  ) AS e
  JOIN customhouse_work.map_page_views AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
  GROUP BY m.customer_id
) AS p;

DROP TABLE IF EXISTS customhouse_work.features_page_views;

ALTER TABLE customhouse_work.features_page_views__next RENAME TO features_page_views;

ANALYZE customhouse_work.features_page_views;
