-- find whose rows contacts holds
CREATE OR REPLACE TABLE customhouse_work.map_contacts COPY GRANTS AS
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
      SELECT q."NUMBER"
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS INT) ELSE r."n.email" END, CASE WHEN r."n.phone" IN (
      SELECT q."NUMBER"
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS INT) ELSE r."n.phone" END) AS strongest,
    r."n.email"
  FROM customhouse.identity_rows_contacts AS r
) AS q
JOIN customhouse.customer_identities AS i ON i."NUMBER" = q.strongest
LEFT JOIN customhouse.customer_identities AS t1 ON t1."NUMBER" = q."n.email"
WHERE i.customer_id IS NOT NULL;
