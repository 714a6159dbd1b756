-- find whose rows newsletter holds
CREATE OR REPLACE TABLE customhouse_work.main.map_newsletter AS
SELECT
  r."raw.email",
  r."id.email",
  i.customer_id
FROM customhouse_work.main.rows_newsletter AS r
JOIN customhouse_file.customhouse.customer_identities AS i ON i.identifier_type = CASE WHEN r."id.email" IS NOT NULL THEN 'email' END AND i.identifier = coalesce(r."id.email")
WHERE i.identifier_type IN ('email');
