-- look for changes of customer
CREATE OR REPLACE TABLE customhouse_work.customer_inputs ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable('identities of customer') AS input,
  toNullable(toInt64(count())) AS `rows`,
  toNullable(concat(toString(toInt64(count())), '?')) AS digest
FROM customhouse.customer_identities AS i
UNION ALL
SELECT
  toNullable('source page_views') AS input,
  toNullable(toInt64(count())) AS `rows`,
  toNullable(concat(toString(toInt64(count())), '?')) AS digest
FROM customhouse.identity_rows_page_views AS r
UNION ALL
SELECT
  toNullable('source loyalty') AS input,
  toNullable(toInt64(count())) AS `rows`,
  toNullable(concat(toString(toInt64(count())), '?')) AS digest
FROM customhouse.identity_rows_loyalty AS r
UNION ALL
SELECT
  toNullable('source orders') AS input,
  toNullable(toInt64(count())) AS `rows`,
  toNullable(concat(toString(toInt64(count())), '?')) AS digest
FROM customhouse.identity_rows_orders AS r;

-- repeat while not zero look into identities of customer
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'identities of customer'
  AND endsWith(d.digest, '?')
  AND (d.`rows` <= 1000000);

-- look into identities of customer: digest identities of customer
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'identities of customer';

INSERT INTO customhouse_work.customer_inputs (input, `rows`, digest)
SELECT
  'identities of customer' AS input,
  toInt64(count()) AS `rows`,
  concat(concat(toString(toInt64(count())), ':'), coalesce(toString(sumOrNull(toInt128(toInt64(bitShiftRight(xxh3(tuple(i.identifier_type, i.identifier, i.number, i.quarantined, i.customer_id)), 1))))), '')) AS digest
FROM customhouse.customer_identities AS i;

-- repeat while not zero look into source page_views
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'source page_views'
  AND endsWith(d.digest, '?')
  AND (d.`rows` <= 1000000);

-- look into source page_views: digest source page_views
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'source page_views';

INSERT INTO customhouse_work.customer_inputs (input, `rows`, digest)
SELECT
  'source page_views' AS input,
  toInt64(count()) AS `rows`,
  concat(concat(toString(toInt64(count())), ':'), coalesce(toString(sumOrNull(toInt128(toInt64(bitShiftRight(xxh3(tuple(r.`hash.1`, r.`hash.2`, r.`n.user_id`, r.`n.cookie`)), 1))))), '')) AS digest
FROM customhouse.identity_rows_page_views AS r;

-- repeat while not zero look into source loyalty
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'source loyalty'
  AND endsWith(d.digest, '?')
  AND (d.`rows` <= 1000000);

-- look into source loyalty: digest source loyalty
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'source loyalty';

INSERT INTO customhouse_work.customer_inputs (input, `rows`, digest)
SELECT
  'source loyalty' AS input,
  toInt64(count()) AS `rows`,
  concat(concat(toString(toInt64(count())), ':'), coalesce(toString(sumOrNull(toInt128(toInt64(bitShiftRight(xxh3(tuple(r.`hash.1`, r.`hash.2`, r.`n.email`, r.`n.phone`, r.`n.card`)), 1))))), '')) AS digest
FROM customhouse.identity_rows_loyalty AS r;

-- repeat while not zero look into source orders
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'source orders'
  AND endsWith(d.digest, '?')
  AND (d.`rows` <= 1000000);

-- look into source orders: digest source orders
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'source orders';

INSERT INTO customhouse_work.customer_inputs (input, `rows`, digest)
SELECT
  'source orders' AS input,
  toInt64(count()) AS `rows`,
  concat(concat(toString(toInt64(count())), ':'), coalesce(toString(sumOrNull(toInt128(toInt64(bitShiftRight(xxh3(tuple(r.`hash.1`, r.`hash.2`, r.`n.email`, r.`n.card`)), 1))))), '')) AS digest
FROM customhouse.identity_rows_orders AS r;
