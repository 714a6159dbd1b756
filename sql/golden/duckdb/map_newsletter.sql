-- find whose rows newsletter holds
CREATE OR REPLACE TABLE customhouse_work.main.map_newsletter AS
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
      FROM customhouse_file.customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS BIGINT) ELSE r."n.email" END AS strongest
  FROM customhouse_file.customhouse.identity_rows_newsletter AS r
) AS q
JOIN customhouse_file.customhouse.customer_identities AS i ON i.number = q.strongest
WHERE i.customer_id IS NOT NULL;
