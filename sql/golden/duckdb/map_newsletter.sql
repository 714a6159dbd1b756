-- find whose rows newsletter holds
CREATE OR REPLACE TABLE customhouse_work.main.map_newsletter AS
SELECT
  r."hash.1",
  r."hash.2",
  i.customer_id
FROM customhouse_file.customhouse.identity_rows_newsletter AS r
JOIN customhouse_file.customhouse.customer_identities AS i ON i.number = coalesce(r."n.email")
WHERE i.customer_id IS NOT NULL;
