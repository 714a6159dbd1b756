-- find whose rows loyalty holds
CREATE OR REPLACE TABLE customhouse_work.main.map_loyalty AS
SELECT
  r."raw.email",
  r."id.email",
  r."raw.phone",
  r."id.phone",
  r."raw.card",
  r."id.card",
  i.customer_id
FROM customhouse_work.main.rows_loyalty AS r
JOIN customhouse_file.customhouse.customer_identities AS i ON i.identifier_type = CASE WHEN r."id.email" IS NOT NULL THEN 'email' WHEN r."id.phone" IS NOT NULL THEN 'phone' WHEN r."id.card" IS NOT NULL THEN 'card' END AND i.identifier = coalesce(r."id.email", r."id.phone", r."id.card")
WHERE i.identifier_type IN ('email', 'phone', 'card');
