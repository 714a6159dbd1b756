-- find whose rows loyalty holds
CREATE OR REPLACE TABLE customhouse_work.map_loyalty COPY GRANTS AS
SELECT
  q."hash.1",
  q."hash.2",
  i.customer_id
FROM (
  SELECT
    r."hash.1",
    r."hash.2",
    coalesce(CASE WHEN r."n.email" IN (
      SELECT q."NUMBER"
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS INT) ELSE r."n.email" END, CASE WHEN r."n.phone" IN (
      SELECT q."NUMBER"
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS INT) ELSE r."n.phone" END, CASE WHEN r."n.card" IN (
      SELECT q."NUMBER"
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS INT) ELSE r."n.card" END) AS strongest
  FROM customhouse.identity_rows_loyalty AS r
) AS q
JOIN customhouse.customer_identities AS i ON i."NUMBER" = q.strongest
WHERE i.customer_id IS NOT NULL;
