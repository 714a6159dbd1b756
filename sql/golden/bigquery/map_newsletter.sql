-- find whose rows newsletter holds
CREATE OR REPLACE TABLE customhouse_work.map_newsletter AS
SELECT
  q.`hash_x002E_1`,
  q.`hash_x002E_2`,
  i.customer_id
FROM (
  SELECT
    r.`hash_x002E_1`,
    r.`hash_x002E_2`,
    CASE WHEN r.`n_x002E_email` IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS INT64) ELSE r.`n_x002E_email` END AS strongest
  FROM customhouse.identity_rows_newsletter AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
WHERE i.customer_id IS NOT NULL;
