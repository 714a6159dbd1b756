-- find whose rows page_views holds
CREATE OR REPLACE TABLE customhouse_work.main.map_page_views AS
SELECT
  q."hash.1",
  q."hash.2",
  i.customer_id
FROM (
  SELECT
    r."hash.1",
    r."hash.2",
    coalesce(r."n.user_id", CASE WHEN r."n.cookie" IN (
      SELECT q.number
      FROM customhouse_file.customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS BIGINT) ELSE r."n.cookie" END) AS strongest
  FROM customhouse_file.customhouse.identity_rows_page_views AS r
) AS q
JOIN customhouse_file.customhouse.customer_identities AS i ON i.number = q.strongest
WHERE i.customer_id IS NOT NULL;
