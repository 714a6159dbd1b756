-- look for changes of customer
CREATE OR REPLACE TABLE customhouse_work.customer_inputs AS
SELECT
  'identities of customer' AS input,
  COUNT(*) AS `rows`,
  CONCAT(CAST(COUNT(*) AS STRING), '?') AS digest
FROM customhouse.customer_identities AS i
UNION ALL
SELECT
  'source page_views' AS input,
  COUNT(*) AS `rows`,
  CONCAT(CAST(COUNT(*) AS STRING), '?') AS digest
FROM customhouse.identity_rows_page_views AS r
UNION ALL
SELECT
  'source loyalty' AS input,
  COUNT(*) AS `rows`,
  CONCAT(CAST(COUNT(*) AS STRING), '?') AS digest
FROM customhouse.identity_rows_loyalty AS r
UNION ALL
SELECT
  'source orders' AS input,
  COUNT(*) AS `rows`,
  CONCAT(CAST(COUNT(*) AS STRING), '?') AS digest
FROM customhouse.identity_rows_orders AS r;

-- repeat while not zero look into identities of customer
SELECT COUNT(*) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'identities of customer'
  AND ENDS_WITH(d.digest, '?')
  AND (d.`rows` <= 1000000);

-- look into identities of customer: digest identities of customer
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'identities of customer';

INSERT INTO customhouse_work.customer_inputs (input, `rows`, digest)
SELECT
  'identities of customer' AS input,
  COUNT(*) AS `rows`,
  CONCAT(CONCAT(CAST(COUNT(*) AS STRING), ':'), COALESCE(CAST(SUM(CAST(FARM_FINGERPRINT(TO_JSON_STRING((0, i.identifier_type, i.identifier, i.number, i.quarantined, i.customer_id))) & 0x7fffffffffffffff AS NUMERIC)) AS STRING), '')) AS digest
FROM customhouse.customer_identities AS i;

-- repeat while not zero look into source page_views
SELECT COUNT(*) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'source page_views'
  AND ENDS_WITH(d.digest, '?')
  AND (d.`rows` <= 1000000);

-- look into source page_views: digest source page_views
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'source page_views';

INSERT INTO customhouse_work.customer_inputs (input, `rows`, digest)
SELECT
  'source page_views' AS input,
  COUNT(*) AS `rows`,
  CONCAT(CONCAT(CAST(COUNT(*) AS STRING), ':'), COALESCE(CAST(SUM(CAST(FARM_FINGERPRINT(TO_JSON_STRING((0, r.`hash_x002E_1`, r.`hash_x002E_2`, r.`n_x002E_user_id`, r.`n_x002E_cookie`))) & 0x7fffffffffffffff AS NUMERIC)) AS STRING), '')) AS digest
FROM customhouse.identity_rows_page_views AS r;

-- repeat while not zero look into source loyalty
SELECT COUNT(*) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'source loyalty'
  AND ENDS_WITH(d.digest, '?')
  AND (d.`rows` <= 1000000);

-- look into source loyalty: digest source loyalty
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'source loyalty';

INSERT INTO customhouse_work.customer_inputs (input, `rows`, digest)
SELECT
  'source loyalty' AS input,
  COUNT(*) AS `rows`,
  CONCAT(CONCAT(CAST(COUNT(*) AS STRING), ':'), COALESCE(CAST(SUM(CAST(FARM_FINGERPRINT(TO_JSON_STRING((0, r.`hash_x002E_1`, r.`hash_x002E_2`, r.`n_x002E_email`, r.`n_x002E_phone`, r.`n_x002E_card`))) & 0x7fffffffffffffff AS NUMERIC)) AS STRING), '')) AS digest
FROM customhouse.identity_rows_loyalty AS r;

-- repeat while not zero look into source orders
SELECT COUNT(*) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'source orders'
  AND ENDS_WITH(d.digest, '?')
  AND (d.`rows` <= 1000000);

-- look into source orders: digest source orders
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'source orders';

INSERT INTO customhouse_work.customer_inputs (input, `rows`, digest)
SELECT
  'source orders' AS input,
  COUNT(*) AS `rows`,
  CONCAT(CONCAT(CAST(COUNT(*) AS STRING), ':'), COALESCE(CAST(SUM(CAST(FARM_FINGERPRINT(TO_JSON_STRING((0, r.`hash_x002E_1`, r.`hash_x002E_2`, r.`n_x002E_email`, r.`n_x002E_card`))) & 0x7fffffffffffffff AS NUMERIC)) AS STRING), '')) AS digest
FROM customhouse.identity_rows_orders AS r;
