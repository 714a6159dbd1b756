-- find whose rows contacts holds
CREATE OR REPLACE TABLE customhouse_work.map_contacts AS
SELECT
  q.`hash_x002E_1`,
  q.`hash_x002E_2`,
  i.customer_id,
  t1.identifier AS `id_x002E_email`
FROM (
  SELECT
    r.`hash_x002E_1`,
    r.`hash_x002E_2`,
    COALESCE(r.`n_x002E_user_id`, CASE WHEN r.`n_x002E_email` IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS INT64) ELSE r.`n_x002E_email` END, CASE WHEN r.`n_x002E_phone` IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS INT64) ELSE r.`n_x002E_phone` END) AS strongest,
    r.`n_x002E_email`
  FROM customhouse.identity_rows_contacts AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
LEFT JOIN customhouse.customer_identities AS t1 ON t1.number = q.`n_x002E_email`
WHERE i.customer_id IS NOT NULL;
