-- find whose rows page_views holds
CREATE OR REPLACE TABLE customhouse_work.map_page_views AS
SELECT
  q.`hash_x002E_1`,
  q.`hash_x002E_2`,
  i.customer_id
FROM (
  SELECT
    r.`hash_x002E_1`,
    r.`hash_x002E_2`,
    COALESCE(r.`n_x002E_user_id`, CASE WHEN r.`n_x002E_cookie` IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS INT64) ELSE r.`n_x002E_cookie` END) AS strongest
  FROM customhouse.identity_rows_page_views AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
WHERE i.customer_id IS NOT NULL;
