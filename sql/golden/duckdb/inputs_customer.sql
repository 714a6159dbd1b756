-- look for changes of customer
CREATE OR REPLACE TABLE customhouse_work.main.customer_inputs AS
SELECT
  'identities of customer' AS input,
  (CAST(count(*) AS VARCHAR) || ':') || coalesce(CAST(sum(CAST(hash(i.identifier_type, i.identifier, i.number, i.quarantined, i.customer_id) >> 1 AS BIGINT)) AS VARCHAR), '') AS digest
FROM customhouse_file.customhouse.customer_identities AS i
UNION ALL
SELECT
  'source page_views' AS input,
  (CAST(count(*) AS VARCHAR) || ':') || coalesce(CAST(sum(CAST(hash(r."hash.1", r."hash.2", r."n.user_id", r."n.cookie") >> 1 AS BIGINT)) AS VARCHAR), '') AS digest
FROM customhouse_file.customhouse.identity_rows_page_views AS r
UNION ALL
SELECT
  'source loyalty' AS input,
  (CAST(count(*) AS VARCHAR) || ':') || coalesce(CAST(sum(CAST(hash(r."hash.1", r."hash.2", r."n.email", r."n.phone", r."n.card") >> 1 AS BIGINT)) AS VARCHAR), '') AS digest
FROM customhouse_file.customhouse.identity_rows_loyalty AS r
UNION ALL
SELECT
  'source orders' AS input,
  (CAST(count(*) AS VARCHAR) || ':') || coalesce(CAST(sum(CAST(hash(r."hash.1", r."hash.2", r."n.email", r."n.card") >> 1 AS BIGINT)) AS VARCHAR), '') AS digest
FROM customhouse_file.customhouse.identity_rows_orders AS r;
