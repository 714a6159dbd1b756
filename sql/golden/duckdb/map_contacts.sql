-- find whose rows contacts holds
CREATE OR REPLACE TABLE customhouse_work.main.map_contacts AS
SELECT
  r."raw.user_id",
  r."id.user_id",
  r."raw.email",
  r."id.email",
  r."raw.phone",
  r."id.phone",
  i.customer_id
FROM customhouse_work.main.rows_contacts AS r
JOIN customhouse_file.customhouse.customer_identities AS i ON i.identifier_type = CASE WHEN r."id.user_id" IS NOT NULL THEN 'user_id' WHEN r."id.email" IS NOT NULL THEN 'email' WHEN r."id.phone" IS NOT NULL THEN 'phone' END AND i.identifier = coalesce(r."id.user_id", r."id.email", r."id.phone")
WHERE i.identifier_type IN ('user_id', 'email', 'phone');
