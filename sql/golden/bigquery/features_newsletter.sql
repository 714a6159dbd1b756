-- aggregate newsletter
CREATE OR REPLACE TABLE customhouse_work.features_newsletter AS
SELECT
  m.customer_id,
  ARRAY_AGG(e.subscribed IGNORE NULLS ORDER BY COALESCE(e.time, TIMESTAMP '0001-01-01 00:00:00+00') DESC, e.subscribed DESC LIMIT 1)[SAFE_OFFSET(0)] AS `pick_x002E_opted_in_x002E_1`,
  MAX(CASE WHEN e.subscribed IS NOT NULL THEN COALESCE(e.time, TIMESTAMP '0001-01-01 00:00:00+00') END) AS `pick_x002E_opted_in_x002E_1_x002E_time`
FROM (
  SELECT
    FARM_FINGERPRINT(TO_JSON_STRING((0, CAST(s.email AS STRING)))) & 0x7fffffffffffffff AS `hash_x002E_1`,
    FARM_FINGERPRINT(TO_JSON_STRING((0, CONCAT('#', CAST(s.email AS STRING))))) & 0x7fffffffffffffff AS `hash_x002E_2`,
    CAST(s.changed_at AS TIMESTAMP) AS time,
    CAST(s.subscribed AS BOOL) AS subscribed
  FROM customhouse_work.files__newsletter AS s
) AS e
JOIN customhouse_work.map_newsletter AS m ON e.`hash_x002E_1` = m.`hash_x002E_1` AND e.`hash_x002E_2` = m.`hash_x002E_2`
GROUP BY m.customer_id;
