-- find whose rows loyalty holds
CREATE UNLOGGED TABLE customhouse_work.map_loyalty__next AS
SELECT
  q."hash.1",
  q."hash.2",
  i.customer_id
FROM (
  SELECT
    r."hash.1",
    r."hash.2",
    coalesce(CASE WHEN r."n.email" IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS bigint) ELSE r."n.email" END, CASE WHEN r."n.phone" IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS bigint) ELSE r."n.phone" END, CASE WHEN r."n.card" IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS bigint) ELSE r."n.card" END) AS strongest
  FROM customhouse.identity_rows_loyalty AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
WHERE i.customer_id IS NOT NULL;

DROP TABLE IF EXISTS customhouse_work.map_loyalty;

ALTER TABLE customhouse_work.map_loyalty__next RENAME TO map_loyalty;

ANALYZE customhouse_work.map_loyalty;
