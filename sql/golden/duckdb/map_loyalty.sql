-- find whose rows loyalty holds
CREATE OR REPLACE TABLE customhouse_work.main.map_loyalty AS
SELECT
  r.raw_email,
  r.email,
  r.raw_phone,
  r.phone,
  r.raw_card,
  r.card,
  i.customer_id
FROM customhouse_work.main.rows_loyalty AS r
JOIN customhouse_file.customhouse.customer_identities AS i ON i.identifier_type = CASE WHEN r.email IS NOT NULL THEN 'email' WHEN r.phone IS NOT NULL THEN 'phone' WHEN r.card IS NOT NULL THEN 'card' END AND i.identifier = coalesce(r.email, r.phone, r.card);
