-- find whose rows contacts holds
CREATE OR REPLACE TABLE customhouse_work.main.map_contacts AS
SELECT
  r."hash.1",
  r."hash.2",
  i.customer_id,
  t1email.identifier AS "id.email"
FROM customhouse_file.customhouse.identity_rows_contacts AS r
JOIN customhouse_file.customhouse.customer_identities AS i ON i.number = coalesce(r."n.user_id", CASE WHEN r."n.email" IN (
  SELECT q.number
  FROM customhouse_file.customhouse.customer_identities AS q
  WHERE q.quarantined
) THEN CAST(NULL AS BIGINT) ELSE r."n.email" END, r."n.phone")
LEFT JOIN customhouse_file.customhouse.customer_identities AS t1email ON t1email.number = r."n.email"
WHERE i.customer_id IS NOT NULL;
