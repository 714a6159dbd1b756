-- find whose rows newsletter holds
CREATE UNLOGGED TABLE customhouse_work.map_newsletter__next AS
SELECT
  q."hash.1",
  q."hash.2",
  i.customer_id
FROM (
  SELECT
    r."hash.1",
    r."hash.2",
    CASE WHEN r."n.email" IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS bigint) ELSE r."n.email" END AS strongest
  FROM customhouse.identity_rows_newsletter AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
WHERE i.customer_id IS NOT NULL;

DROP TABLE IF EXISTS customhouse_work.map_newsletter;

ALTER TABLE customhouse_work.map_newsletter__next RENAME TO map_newsletter;

ANALYZE customhouse_work.map_newsletter;
