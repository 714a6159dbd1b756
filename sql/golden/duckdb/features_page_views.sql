-- aggregate page_views
CREATE OR REPLACE TABLE customhouse_work.main.features_page_views AS
SELECT
  p.customer_id,
  p."page_views.max_2c0f966d",
  p."page_views.most_frequent_fee6d671",
  p."bits.0" + xor(CAST(CASE WHEN coalesce(p."page_views.count_78aeddf7", 0) >= 3 THEN 4 ELSE 0 END AS BIGINT), CAST(CASE WHEN coalesce(CAST(NULL AS BIGINT), 0) >= 3 THEN 4 ELSE 0 END AS BIGINT)) AS "bits.0"
FROM (
  SELECT
    m.customer_id,
    count(CASE WHEN e."time" > TIMESTAMP '2025-12-03 00:00:00' THEN 1 END) AS "page_views.count_78aeddf7",
    max(e."time") AS "page_views.max_2c0f966d",
    list_mode(list_sort(list(CASE WHEN e."time" > TIMESTAMP '2025-10-04 00:00:00' THEN e.topic END) FILTER (WHERE CASE WHEN e."time" > TIMESTAMP '2025-10-04 00:00:00' THEN e.topic END IS NOT NULL))) AS "page_views.most_frequent_fee6d671",
    bit_or(CASE WHEN e.topic = 'intranet' THEN CAST(CASE WHEN TRUE THEN 1 ELSE 0 END AS BIGINT) WHEN e.topic = 'sport' THEN CAST(CASE WHEN e."time" > TIMESTAMP '2025-12-03 00:00:00' THEN 2 ELSE 0 END AS BIGINT) ELSE 0 END) AS "bits.0"
  FROM (
    SELECT
      CAST(hash(CAST(s.user_id AS VARCHAR), CAST(s.cookie AS VARCHAR)) >> 1 AS BIGINT) AS "hash.1",
      CAST(hash('#' || CAST(s.user_id AS VARCHAR), '#' || CAST(s.cookie AS VARCHAR)) >> 1 AS BIGINT) AS "hash.2",
      CAST(s.viewed_at AS TIMESTAMP) AS "time",
      CAST(s.topic AS VARCHAR) AS topic,
      CAST(s.url AS VARCHAR) AS url
    FROM customhouse_work.files.page_views AS s
  ) AS e
  JOIN customhouse_work.main.map_page_views AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
  GROUP BY m.customer_id
) AS p;
