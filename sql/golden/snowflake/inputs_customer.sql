-- look for changes of customer
CREATE OR REPLACE TABLE customhouse_work.customer_inputs COPY GRANTS AS
SELECT
  CAST('identities of customer' AS VARCHAR) AS input,
  count(*) AS "ROWS",
  CAST(count(*) AS VARCHAR) || '?' AS digest
FROM customhouse.customer_identities AS i
UNION ALL
SELECT
  CAST('source page_views' AS VARCHAR) AS input,
  count(*) AS "ROWS",
  CAST(count(*) AS VARCHAR) || '?' AS digest
FROM customhouse.identity_rows_page_views AS r
UNION ALL
SELECT
  CAST('source loyalty' AS VARCHAR) AS input,
  count(*) AS "ROWS",
  CAST(count(*) AS VARCHAR) || '?' AS digest
FROM customhouse.identity_rows_loyalty AS r
UNION ALL
SELECT
  CAST('source orders' AS VARCHAR) AS input,
  count(*) AS "ROWS",
  CAST(count(*) AS VARCHAR) || '?' AS digest
FROM customhouse.identity_rows_orders AS r;

-- repeat while not zero look into identities of customer
SELECT count(*) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'identities of customer'
  AND ENDSWITH(d.digest, '?')
  AND (d."ROWS" <= 1000000);

-- look into identities of customer: digest identities of customer
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'identities of customer';

INSERT INTO customhouse_work.customer_inputs (input, "ROWS", digest)
SELECT
  CAST('identities of customer' AS VARCHAR) AS input,
  count(*) AS "ROWS",
  (CAST(count(*) AS VARCHAR) || ':') || coalesce(CAST(sum(BITAND(HASH(i.identifier_type, i.identifier, i."NUMBER", i.quarantined, i.customer_id), 9223372036854775807)) AS VARCHAR), '') AS digest
FROM customhouse.customer_identities AS i;

-- repeat while not zero look into source page_views
SELECT count(*) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'source page_views'
  AND ENDSWITH(d.digest, '?')
  AND (d."ROWS" <= 1000000);

-- look into source page_views: digest source page_views
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'source page_views';

INSERT INTO customhouse_work.customer_inputs (input, "ROWS", digest)
SELECT
  CAST('source page_views' AS VARCHAR) AS input,
  count(*) AS "ROWS",
  (CAST(count(*) AS VARCHAR) || ':') || coalesce(CAST(sum(BITAND(HASH(r."hash.1", r."hash.2", r."n.user_id", r."n.cookie"), 9223372036854775807)) AS VARCHAR), '') AS digest
FROM customhouse.identity_rows_page_views AS r;

-- repeat while not zero look into source loyalty
SELECT count(*) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'source loyalty'
  AND ENDSWITH(d.digest, '?')
  AND (d."ROWS" <= 1000000);

-- look into source loyalty: digest source loyalty
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'source loyalty';

INSERT INTO customhouse_work.customer_inputs (input, "ROWS", digest)
SELECT
  CAST('source loyalty' AS VARCHAR) AS input,
  count(*) AS "ROWS",
  (CAST(count(*) AS VARCHAR) || ':') || coalesce(CAST(sum(BITAND(HASH(r."hash.1", r."hash.2", r."n.email", r."n.phone", r."n.card"), 9223372036854775807)) AS VARCHAR), '') AS digest
FROM customhouse.identity_rows_loyalty AS r;

-- repeat while not zero look into source orders
SELECT count(*) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'source orders'
  AND ENDSWITH(d.digest, '?')
  AND (d."ROWS" <= 1000000);

-- look into source orders: digest source orders
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'source orders';

INSERT INTO customhouse_work.customer_inputs (input, "ROWS", digest)
SELECT
  CAST('source orders' AS VARCHAR) AS input,
  count(*) AS "ROWS",
  (CAST(count(*) AS VARCHAR) || ':') || coalesce(CAST(sum(BITAND(HASH(r."hash.1", r."hash.2", r."n.email", r."n.card"), 9223372036854775807)) AS VARCHAR), '') AS digest
FROM customhouse.identity_rows_orders AS r;
