-- look for changes of customer
CREATE OR REPLACE TABLE customhouse_work.main.customer_inputs AS
SELECT
  'identities of customer' AS input,
  count(*) AS rows,
  CAST(count(*) AS VARCHAR) || '?' AS digest
FROM customhouse_file.customhouse.customer_identities AS i
UNION ALL
SELECT
  'source page_views' AS input,
  count(*) AS rows,
  CAST(count(*) AS VARCHAR) || '?' AS digest
FROM customhouse_file.customhouse.identity_rows_page_views AS r
UNION ALL
SELECT
  'source loyalty' AS input,
  count(*) AS rows,
  CAST(count(*) AS VARCHAR) || '?' AS digest
FROM customhouse_file.customhouse.identity_rows_loyalty AS r
UNION ALL
SELECT
  'source orders' AS input,
  count(*) AS rows,
  CAST(count(*) AS VARCHAR) || '?' AS digest
FROM customhouse_file.customhouse.identity_rows_orders AS r;

-- repeat while not zero look into identities of customer
SELECT count(*) AS n
FROM customhouse_work.main.customer_inputs AS d
WHERE d.input = 'identities of customer'
  AND ends_with(d.digest, '?')
  AND (d.rows <= 1000000);

-- look into identities of customer: digest identities of customer
DELETE FROM customhouse_work.main.customer_inputs
WHERE input = 'identities of customer';

INSERT INTO customhouse_work.main.customer_inputs (input, rows, digest)
SELECT
  'identities of customer' AS input,
  count(*) AS rows,
  (CAST(count(*) AS VARCHAR) || ':') || coalesce(CAST(sum(CAST(hash(i.identifier_type, i.identifier, i.number, i.quarantined, i.customer_id) >> 1 AS BIGINT)) AS VARCHAR), '') AS digest
FROM customhouse_file.customhouse.customer_identities AS i;

-- repeat while not zero look into source page_views
SELECT count(*) AS n
FROM customhouse_work.main.customer_inputs AS d
WHERE d.input = 'source page_views'
  AND ends_with(d.digest, '?')
  AND (d.rows <= 1000000);

-- look into source page_views: digest source page_views
DELETE FROM customhouse_work.main.customer_inputs
WHERE input = 'source page_views';

INSERT INTO customhouse_work.main.customer_inputs (input, rows, digest)
SELECT
  'source page_views' AS input,
  count(*) AS rows,
  (CAST(count(*) AS VARCHAR) || ':') || coalesce(CAST(sum(CAST(hash(r."hash.1", r."hash.2", r."n.user_id", r."n.cookie") >> 1 AS BIGINT)) AS VARCHAR), '') AS digest
FROM customhouse_file.customhouse.identity_rows_page_views AS r;

-- repeat while not zero look into source loyalty
SELECT count(*) AS n
FROM customhouse_work.main.customer_inputs AS d
WHERE d.input = 'source loyalty'
  AND ends_with(d.digest, '?')
  AND (d.rows <= 1000000);

-- look into source loyalty: digest source loyalty
DELETE FROM customhouse_work.main.customer_inputs
WHERE input = 'source loyalty';

INSERT INTO customhouse_work.main.customer_inputs (input, rows, digest)
SELECT
  'source loyalty' AS input,
  count(*) AS rows,
  (CAST(count(*) AS VARCHAR) || ':') || coalesce(CAST(sum(CAST(hash(r."hash.1", r."hash.2", r."n.email", r."n.phone", r."n.card") >> 1 AS BIGINT)) AS VARCHAR), '') AS digest
FROM customhouse_file.customhouse.identity_rows_loyalty AS r;

-- repeat while not zero look into source orders
SELECT count(*) AS n
FROM customhouse_work.main.customer_inputs AS d
WHERE d.input = 'source orders'
  AND ends_with(d.digest, '?')
  AND (d.rows <= 1000000);

-- look into source orders: digest source orders
DELETE FROM customhouse_work.main.customer_inputs
WHERE input = 'source orders';

INSERT INTO customhouse_work.main.customer_inputs (input, rows, digest)
SELECT
  'source orders' AS input,
  count(*) AS rows,
  (CAST(count(*) AS VARCHAR) || ':') || coalesce(CAST(sum(CAST(hash(r."hash.1", r."hash.2", r."n.email", r."n.card") >> 1 AS BIGINT)) AS VARCHAR), '') AS digest
FROM customhouse_file.customhouse.identity_rows_orders AS r;
