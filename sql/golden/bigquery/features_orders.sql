-- aggregate orders
CREATE OR REPLACE TABLE customhouse_work.features_orders AS
SELECT
  m.customer_id,
  COUNT(*) AS `orders_x002E_count_e146d1db`,
  MAX(e.time) AS `orders_x002E_max_89c6585c`,
  CAST(SUM(CAST(e.amount AS NUMERIC)) AS FLOAT64) AS `orders_x002E_sum_28dc120a`,
  ARRAY_AGG(m.`id_x002E_email` IGNORE NULLS ORDER BY COALESCE(e.time, TIMESTAMP '0001-01-01 00:00:00+00') DESC, m.`id_x002E_email` DESC LIMIT 1)[SAFE_OFFSET(0)] AS `pick_x002E_email_x002E_1`,
  MAX(CASE WHEN m.`id_x002E_email` IS NOT NULL THEN COALESCE(e.time, TIMESTAMP '0001-01-01 00:00:00+00') END) AS `pick_x002E_email_x002E_1_x002E_time`
FROM (
  SELECT
    FARM_FINGERPRINT(TO_JSON_STRING((0, CAST(s.email AS STRING), CAST(s.card AS STRING)))) & 0x7fffffffffffffff AS `hash_x002E_1`,
    FARM_FINGERPRINT(TO_JSON_STRING((0, CONCAT('#', CAST(s.email AS STRING)), CONCAT('#', CAST(s.card AS STRING))))) & 0x7fffffffffffffff AS `hash_x002E_2`,
    CAST(s.ordered_at AS TIMESTAMP) AS time,
    CAST(s.order_id AS STRING) AS order_id,
    CAST(s.sku AS STRING) AS sku,
    CAST(s.amount AS NUMERIC) AS amount,
    CAST(s.quantity AS INT64) AS quantity
  FROM customhouse_work.files__orders AS s
) AS e
JOIN customhouse_work.map_orders AS m ON e.`hash_x002E_1` = m.`hash_x002E_1` AND e.`hash_x002E_2` = m.`hash_x002E_2`
GROUP BY m.customer_id;
