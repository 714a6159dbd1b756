-- find whose rows orders holds
CREATE OR REPLACE TABLE customhouse_work.main.map_orders AS
SELECT
  r.raw_email,
  r.email,
  r.raw_card,
  r.card,
  i.customer_id
FROM customhouse_work.main.rows_orders AS r
JOIN customhouse_file.customhouse.customer_identities AS i ON i.identifier_type = CASE WHEN r.email IS NOT NULL THEN 'email' WHEN r.card IS NOT NULL THEN 'card' END AND i.identifier = coalesce(r.email, r.card);
