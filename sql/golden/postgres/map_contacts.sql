-- find whose rows contacts holds
CREATE UNLOGGED TABLE customhouse_work.map_contacts__next AS
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
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS bigint) ELSE r."n.email" END, CASE WHEN r."n.phone" IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS bigint) ELSE r."n.phone" END) AS strongest,
    r."n.email"
  FROM customhouse.identity_rows_contacts AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
LEFT JOIN customhouse.customer_identities AS t1 ON t1.number = q."n.email"
WHERE i.customer_id IS NOT NULL;

DROP TABLE IF EXISTS customhouse_work.map_contacts;

ALTER TABLE customhouse_work.map_contacts__next RENAME TO map_contacts;

ANALYZE customhouse_work.map_contacts;
