-- aggregate page_views
CREATE TEMP FUNCTION most_frequent(xs ANY TYPE) AS ((SELECT x FROM UNNEST(xs) AS x GROUP BY x ORDER BY COUNT(*) DESC, x LIMIT 1));
CREATE OR REPLACE TABLE customhouse_work.features_page_views AS
SELECT
  p.customer_id,
  p.`page_views_x002E_max_2c0f966d`,
  p.`page_views_x002E_most_frequent_fee6d671`,
  p.`bits_x002E_0` + (CAST(CASE WHEN COALESCE(p.`page_views_x002E_count_78aeddf7`, 0) >= 3 THEN 4 ELSE 0 END AS INT64) ^ CAST(CASE WHEN COALESCE(CAST(NULL AS INT64), 0) >= 3 THEN 4 ELSE 0 END AS INT64)) AS `bits_x002E_0`
FROM (
  SELECT
    m.customer_id,
    COUNT(CASE WHEN e.time > TIMESTAMP '2025-12-03 00:00:00+00' THEN 1 END) AS `page_views_x002E_count_78aeddf7`,
    MAX(e.time) AS `page_views_x002E_max_2c0f966d`,
    most_frequent(ARRAY_AGG(CASE WHEN e.time > TIMESTAMP '2025-10-04 00:00:00+00' THEN e.topic END IGNORE NULLS)) AS `page_views_x002E_most_frequent_fee6d671`,
    BIT_OR(CASE WHEN e.topic = 'intranet' THEN CAST(CASE WHEN TRUE THEN 1 ELSE 0 END AS INT64) WHEN e.topic = 'sport' THEN CAST(CASE WHEN e.time > TIMESTAMP '2025-12-03 00:00:00+00' THEN 2 ELSE 0 END AS INT64) ELSE 0 END) AS `bits_x002E_0`
  FROM (
    SELECT
      FARM_FINGERPRINT(TO_JSON_STRING((0, CAST(s.user_id AS STRING), CAST(s.cookie AS STRING)))) & 0x7fffffffffffffff AS `hash_x002E_1`,
      FARM_FINGERPRINT(TO_JSON_STRING((0, CONCAT('#', CAST(s.user_id AS STRING)), CONCAT('#', CAST(s.cookie AS STRING))))) & 0x7fffffffffffffff AS `hash_x002E_2`,
      CAST(s.viewed_at AS TIMESTAMP) AS time,
      CAST(s.topic AS STRING) AS topic,
      CAST(s.url AS STRING) AS url
    FROM customhouse_work.files__page_views AS s
  ) AS e
  JOIN customhouse_work.map_page_views AS m ON e.`hash_x002E_1` = m.`hash_x002E_1` AND e.`hash_x002E_2` = m.`hash_x002E_2`
  GROUP BY m.customer_id
) AS p;
