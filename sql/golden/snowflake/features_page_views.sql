-- aggregate page_views
CREATE OR REPLACE TABLE customhouse_work.features_page_views COPY GRANTS AS
SELECT
  p.customer_id,
  p."page_views.max_2c0f966d",
  p."page_views.most_frequent_fee6d671",
  p."bits.0" + BITXOR(CAST(CASE WHEN coalesce(p."page_views.count_78aeddf7", 0) >= 3 THEN 4 ELSE 0 END AS INT), CAST(CASE WHEN coalesce(CAST(NULL AS INT), 0) >= 3 THEN 4 ELSE 0 END AS INT)) AS "bits.0"
FROM (
  SELECT
    m.customer_id,
    count(CASE WHEN e."TIME" > CAST('2025-12-03 00:00:00.000000' AS TIMESTAMP_NTZ(6)) THEN 1 END) AS "page_views.count_78aeddf7",
    max(e."TIME") AS "page_views.max_2c0f966d",
    CAST(GET(REDUCE(ARRAY_AGG(CASE WHEN e."TIME" > CAST('2025-10-04 00:00:00.000000' AS TIMESTAMP_NTZ(6)) THEN e.topic END) WITHIN GROUP (ORDER BY CASE WHEN e."TIME" > CAST('2025-10-04 00:00:00.000000' AS TIMESTAMP_NTZ(6)) THEN e.topic END), OBJECT_CONSTRUCT('n', 0, 'most', 0), (s OBJECT, x VARIANT) -> OBJECT_CONSTRUCT('x', x, 'n', CASE WHEN x = s:x THEN CAST(s:n AS INT) + 1 ELSE 1 END, 'most', GREATEST(CASE WHEN x = s:x THEN CAST(s:n AS INT) + 1 ELSE 1 END, CAST(s:most AS INT)), 'best', CASE WHEN CASE WHEN x = s:x THEN CAST(s:n AS INT) + 1 ELSE 1 END > CAST(s:most AS INT) THEN x ELSE s:best END)), 'best') AS VARCHAR) AS "page_views.most_frequent_fee6d671",
    BITOR_AGG(CASE WHEN e.topic = 'intranet' THEN CAST(CASE WHEN TRUE THEN 1 ELSE 0 END AS INT) WHEN e.topic = 'sport' THEN CAST(CASE WHEN e."TIME" > CAST('2025-12-03 00:00:00.000000' AS TIMESTAMP_NTZ(6)) THEN 2 ELSE 0 END AS INT) ELSE 0 END) AS "bits.0"
  FROM (
    SELECT
      BITAND(HASH(CAST(s.user_id AS VARCHAR), CAST(s.cookie AS VARCHAR)), 9223372036854775807) AS "hash.1",
      BITAND(HASH('#' || CAST(s.user_id AS VARCHAR), '#' || CAST(s.cookie AS VARCHAR)), 9223372036854775807) AS "hash.2",
      CAST(CAST(s.viewed_at AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS "TIME",
      CAST(s.topic AS VARCHAR) AS topic,
      CAST(s.url AS VARCHAR) AS url
    FROM customhouse_work.files__page_views AS s
  ) AS e
  JOIN customhouse_work.map_page_views AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
  GROUP BY m.customer_id
) AS p;
