-- find whose rows contacts holds
CREATE OR REPLACE TABLE customhouse_work.main.map_contacts AS
SELECT
  q."hash.1",
  q."hash.2",
  i.customer_id,
  t1.identifier AS "id.email"
FROM (
  SELECT
    r."hash.1",
    r."hash.2",
    coalesce(r."n.user_id", CASE WHEN r."n.email" IN (
      SELECT q.number
      FROM customhouse_file.customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS BIGINT) ELSE r."n.email" END, CASE WHEN r."n.phone" IN (
      SELECT q.number
      FROM customhouse_file.customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS BIGINT) ELSE r."n.phone" END) AS strongest,
    r."n.email"
  FROM customhouse_file.customhouse.identity_rows_contacts AS r
) AS q
JOIN customhouse_file.customhouse.customer_identities AS i ON i.number = q.strongest
LEFT JOIN customhouse_file.customhouse.customer_identities AS t1 ON t1.number = q."n.email"
WHERE i.customer_id IS NOT NULL;
