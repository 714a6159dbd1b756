-- find whose rows loyalty holds
CREATE OR REPLACE TABLE customhouse_work.map_loyalty AS
SELECT
  q.`hash_x002E_1`,
  q.`hash_x002E_2`,
  i.customer_id
FROM (
  SELECT
    r.`hash_x002E_1`,
    r.`hash_x002E_2`,
    COALESCE(CASE WHEN r.`n_x002E_email` IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS INT64) ELSE r.`n_x002E_email` END, CASE WHEN r.`n_x002E_phone` IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS INT64) ELSE r.`n_x002E_phone` END, CASE WHEN r.`n_x002E_card` IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS INT64) ELSE r.`n_x002E_card` END) AS strongest
  FROM customhouse.identity_rows_loyalty AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
WHERE i.customer_id IS NOT NULL;
