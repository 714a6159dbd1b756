-- find whose rows contacts holds
CREATE OR REPLACE TABLE customhouse_work.main.map_contacts AS
SELECT
  r.raw_user_id,
  r.user_id,
  r.raw_email,
  r.email,
  r.raw_phone,
  r.phone,
  i.customer_id
FROM customhouse_work.main.rows_contacts AS r
JOIN customhouse_file.customhouse.customer_identities AS i ON i.identifier_type = CASE WHEN r.user_id IS NOT NULL THEN 'user_id' WHEN r.email IS NOT NULL THEN 'email' WHEN r.phone IS NOT NULL THEN 'phone' END AND i.identifier = coalesce(r.user_id, r.email, r.phone);
