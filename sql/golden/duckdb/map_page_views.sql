-- find whose rows page_views holds
CREATE OR REPLACE TABLE customhouse_work.main.map_page_views AS
SELECT
  r."raw.user_id",
  r."id.user_id",
  r."raw.cookie",
  r."id.cookie",
  i.customer_id
FROM customhouse_work.main.rows_page_views AS r
JOIN customhouse_file.customhouse.customer_identities AS i ON i.identifier_type = CASE WHEN r."id.user_id" IS NOT NULL THEN 'user_id' WHEN r."id.cookie" IS NOT NULL THEN 'cookie' END AND i.identifier = coalesce(r."id.user_id", r."id.cookie")
WHERE i.identifier_type IN ('user_id', 'cookie');
