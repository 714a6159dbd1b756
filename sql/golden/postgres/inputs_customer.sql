-- look for changes of customer
CREATE UNLOGGED TABLE customhouse_work.customer_inputs__next AS
SELECT
  'identities of customer' COLLATE "C" AS input,
  count(*) AS rows,
  (CAST(count(*) AS text) COLLATE "C") || '?' COLLATE "C" AS digest
FROM customhouse.customer_identities AS i
UNION ALL
SELECT
  'source page_views' COLLATE "C" AS input,
  count(*) AS rows,
  (CAST(count(*) AS text) COLLATE "C") || '?' COLLATE "C" AS digest
FROM customhouse.identity_rows_page_views AS r
UNION ALL
SELECT
  'source loyalty' COLLATE "C" AS input,
  count(*) AS rows,
  (CAST(count(*) AS text) COLLATE "C") || '?' COLLATE "C" AS digest
FROM customhouse.identity_rows_loyalty AS r
UNION ALL
SELECT
  'source orders' COLLATE "C" AS input,
  count(*) AS rows,
  (CAST(count(*) AS text) COLLATE "C") || '?' COLLATE "C" AS digest
FROM customhouse.identity_rows_orders AS r;

DROP TABLE IF EXISTS customhouse_work.customer_inputs;

ALTER TABLE customhouse_work.customer_inputs__next RENAME TO customer_inputs;

ANALYZE customhouse_work.customer_inputs;

-- repeat while not zero look into identities of customer
SELECT count(*) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'identities of customer' COLLATE "C"
  AND (right(d.digest, length('?' COLLATE "C")) = '?' COLLATE "C")
  AND (d.rows <= 1000000);

-- look into identities of customer: digest identities of customer
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'identities of customer' COLLATE "C";

INSERT INTO customhouse_work.customer_inputs (input, rows, digest)
SELECT
  'identities of customer' COLLATE "C" AS input,
  count(*) AS rows,
  ((CAST(count(*) AS text) COLLATE "C") || ':' COLLATE "C") || coalesce((CAST(sum(hash_record_extended(ROW(i.identifier_type, i.identifier, i.number, i.quarantined, i.customer_id), 0) & 9223372036854775807) AS text) COLLATE "C"), '' COLLATE "C") AS digest
FROM customhouse.customer_identities AS i;

-- repeat while not zero look into source page_views
SELECT count(*) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'source page_views' COLLATE "C"
  AND (right(d.digest, length('?' COLLATE "C")) = '?' COLLATE "C")
  AND (d.rows <= 1000000);

-- look into source page_views: digest source page_views
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'source page_views' COLLATE "C";

INSERT INTO customhouse_work.customer_inputs (input, rows, digest)
SELECT
  'source page_views' COLLATE "C" AS input,
  count(*) AS rows,
  ((CAST(count(*) AS text) COLLATE "C") || ':' COLLATE "C") || coalesce((CAST(sum(hash_record_extended(ROW(r."hash.1", r."hash.2", r."n.user_id", r."n.cookie"), 0) & 9223372036854775807) AS text) COLLATE "C"), '' COLLATE "C") AS digest
FROM customhouse.identity_rows_page_views AS r;

-- repeat while not zero look into source loyalty
SELECT count(*) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'source loyalty' COLLATE "C"
  AND (right(d.digest, length('?' COLLATE "C")) = '?' COLLATE "C")
  AND (d.rows <= 1000000);

-- look into source loyalty: digest source loyalty
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'source loyalty' COLLATE "C";

INSERT INTO customhouse_work.customer_inputs (input, rows, digest)
SELECT
  'source loyalty' COLLATE "C" AS input,
  count(*) AS rows,
  ((CAST(count(*) AS text) COLLATE "C") || ':' COLLATE "C") || coalesce((CAST(sum(hash_record_extended(ROW(r."hash.1", r."hash.2", r."n.email", r."n.phone", r."n.card"), 0) & 9223372036854775807) AS text) COLLATE "C"), '' COLLATE "C") AS digest
FROM customhouse.identity_rows_loyalty AS r;

-- repeat while not zero look into source orders
SELECT count(*) AS n
FROM customhouse_work.customer_inputs AS d
WHERE d.input = 'source orders' COLLATE "C"
  AND (right(d.digest, length('?' COLLATE "C")) = '?' COLLATE "C")
  AND (d.rows <= 1000000);

-- look into source orders: digest source orders
DELETE FROM customhouse_work.customer_inputs
WHERE input = 'source orders' COLLATE "C";

INSERT INTO customhouse_work.customer_inputs (input, rows, digest)
SELECT
  'source orders' COLLATE "C" AS input,
  count(*) AS rows,
  ((CAST(count(*) AS text) COLLATE "C") || ':' COLLATE "C") || coalesce((CAST(sum(hash_record_extended(ROW(r."hash.1", r."hash.2", r."n.email", r."n.card"), 0) & 9223372036854775807) AS text) COLLATE "C"), '' COLLATE "C") AS digest
FROM customhouse.identity_rows_orders AS r;
