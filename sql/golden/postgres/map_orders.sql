-- find whose rows orders holds
CREATE UNLOGGED TABLE customhouse_work.map_orders__next AS
SELECT
  q."hash.1",
  q."hash.2",
  i.customer_id,
  t0.identifier AS "id.email"
FROM (
  SELECT
    r."hash.1",
    r."hash.2",
    coalesce(CASE WHEN r."n.email" IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS bigint) ELSE r."n.email" END, CASE WHEN r."n.card" IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS bigint) ELSE r."n.card" END) AS strongest,
    r."n.email"
  FROM customhouse.identity_rows_orders AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
LEFT JOIN customhouse.customer_identities AS t0 ON t0.number = q."n.email"
WHERE i.customer_id IS NOT NULL;

DROP TABLE IF EXISTS customhouse_work.map_orders;

ALTER TABLE customhouse_work.map_orders__next RENAME TO map_orders;

ANALYZE customhouse_work.map_orders;
