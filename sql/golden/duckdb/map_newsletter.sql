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
    coalesce(r."n.email") AS strongest
  FROM customhouse_file.customhouse.identity_rows_newsletter AS r
) AS q
JOIN customhouse_file.customhouse.customer_identities AS i ON i.number = q.strongest
WHERE i.customer_id IS NOT NULL;
