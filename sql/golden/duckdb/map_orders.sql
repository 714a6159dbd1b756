-- find whose rows orders holds
CREATE OR REPLACE TABLE customhouse_work.main.map_orders AS
SELECT
  r."hash.1",
  r."hash.2",
  i.customer_id,
  t0email.identifier AS "id.email"
FROM customhouse_file.customhouse.identity_rows_orders AS r
JOIN customhouse_file.customhouse.customer_identities AS i ON i.number = coalesce(CASE WHEN r."n.email" IN (
  SELECT q.number
  FROM customhouse_file.customhouse.customer_identities AS q
  WHERE q.quarantined
) THEN CAST(NULL AS BIGINT) ELSE r."n.email" END, r."n.card")
LEFT JOIN customhouse_file.customhouse.customer_identities AS t0email ON t0email.number = r."n.email"
WHERE i.customer_id IS NOT NULL;
