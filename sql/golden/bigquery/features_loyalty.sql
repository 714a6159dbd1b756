-- aggregate loyalty
CREATE OR REPLACE TABLE customhouse_work.features_loyalty AS
SELECT
  m.customer_id,
  ARRAY_AGG(e.holder IGNORE NULLS ORDER BY COALESCE(e.time, TIMESTAMP '0001-01-01 00:00:00+00') DESC, e.holder DESC LIMIT 1)[SAFE_OFFSET(0)] AS `pick_x002E_first_name_x002E_1`,
  MAX(e.points) AS `pick_x002E_points_x002E_0`
FROM (
  SELECT
    FARM_FINGERPRINT(TO_JSON_STRING((0, CAST(s.email AS STRING), CAST(s.phone AS STRING), CAST(s.card AS STRING)))) & 0x7fffffffffffffff AS `hash_x002E_1`,
    FARM_FINGERPRINT(TO_JSON_STRING((0, CONCAT('#', CAST(s.email AS STRING)), CONCAT('#', CAST(s.phone AS STRING)), CONCAT('#', CAST(s.card AS STRING))))) & 0x7fffffffffffffff AS `hash_x002E_2`,
    CAST(s.joined_at AS TIMESTAMP) AS time,
    CAST(s.holder AS STRING) AS holder,
    CAST(s.points AS INT64) AS points
  FROM customhouse_work.files__loyalty AS s
) AS e
JOIN customhouse_work.map_loyalty AS m ON e.`hash_x002E_1` = m.`hash_x002E_1` AND e.`hash_x002E_2` = m.`hash_x002E_2`
GROUP BY m.customer_id;
