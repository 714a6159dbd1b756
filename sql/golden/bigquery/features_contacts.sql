-- aggregate contacts
CREATE OR REPLACE TABLE customhouse_work.features_contacts AS
SELECT
  m.customer_id,
  ARRAY_AGG(m.`id_x002E_email` IGNORE NULLS ORDER BY COALESCE(e.time, TIMESTAMP '0001-01-01 00:00:00+00') DESC, m.`id_x002E_email` DESC LIMIT 1)[SAFE_OFFSET(0)] AS `pick_x002E_email_x002E_0`,
  MAX(CASE WHEN m.`id_x002E_email` IS NOT NULL THEN COALESCE(e.time, TIMESTAMP '0001-01-01 00:00:00+00') END) AS `pick_x002E_email_x002E_0_x002E_time`,
  ARRAY_AGG(e.first_name IGNORE NULLS ORDER BY COALESCE(e.time, TIMESTAMP '0001-01-01 00:00:00+00') DESC, e.first_name DESC LIMIT 1)[SAFE_OFFSET(0)] AS `pick_x002E_first_name_x002E_0`,
  ARRAY_AGG(e.country IGNORE NULLS ORDER BY COALESCE(e.time, TIMESTAMP '0001-01-01 00:00:00+00') DESC, e.country DESC LIMIT 1)[SAFE_OFFSET(0)] AS `pick_x002E_country_x002E_0`,
  MAX(CASE WHEN e.country IS NOT NULL THEN COALESCE(e.time, TIMESTAMP '0001-01-01 00:00:00+00') END) AS `pick_x002E_country_x002E_0_x002E_time`,
  ARRAY_AGG(e.opted_in IGNORE NULLS ORDER BY COALESCE(e.time, TIMESTAMP '0001-01-01 00:00:00+00') DESC, e.opted_in DESC LIMIT 1)[SAFE_OFFSET(0)] AS `pick_x002E_opted_in_x002E_0`,
  MAX(CASE WHEN e.opted_in IS NOT NULL THEN COALESCE(e.time, TIMESTAMP '0001-01-01 00:00:00+00') END) AS `pick_x002E_opted_in_x002E_0_x002E_time`
FROM (
  SELECT
    FARM_FINGERPRINT(TO_JSON_STRING((0, CAST(s.user_id AS STRING), CAST(s.email AS STRING), CAST(s.mobile AS STRING)))) & 0x7fffffffffffffff AS `hash_x002E_1`,
    FARM_FINGERPRINT(TO_JSON_STRING((0, CONCAT('#', CAST(s.user_id AS STRING)), CONCAT('#', CAST(s.email AS STRING)), CONCAT('#', CAST(s.mobile AS STRING))))) & 0x7fffffffffffffff AS `hash_x002E_2`,
    CAST(s.updated_at AS TIMESTAMP) AS time,
    CAST(s.first_name AS STRING) AS first_name,
    CAST(s.country AS STRING) AS country,
    CAST(s.opted_in AS BOOL) AS opted_in
  FROM customhouse_work.files__contacts AS s
) AS e
JOIN customhouse_work.map_contacts AS m ON e.`hash_x002E_1` = m.`hash_x002E_1` AND e.`hash_x002E_2` = m.`hash_x002E_2`
GROUP BY m.customer_id;
