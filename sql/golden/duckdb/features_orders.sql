-- aggregate orders
CREATE OR REPLACE TABLE customhouse_work.main.features_orders AS
SELECT
  m.customer_id,
  count(*) AS "orders.count_e146d1db",
  max(e."time") AS "orders.max_89c6585c",
  CAST(sum(e.amount) AS DOUBLE) AS "orders.sum_28dc120a",
  arg_max(m."id.email", create_sort_key(coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00'), 'ASC NULLS FIRST', m."id.email", 'ASC NULLS FIRST')) AS "pick.email.1",
  max(CASE WHEN m."id.email" IS NOT NULL THEN coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00') END) AS "pick.email.1.time"
FROM (
  SELECT
    CAST(hash(CAST(s.email AS VARCHAR), CAST(s.card AS VARCHAR)) >> 1 AS BIGINT) AS "hash.1",
    CAST(hash('#' || CAST(s.email AS VARCHAR), '#' || CAST(s.card AS VARCHAR)) >> 1 AS BIGINT) AS "hash.2",
    CAST(s.ordered_at AS TIMESTAMP) AS "time",
    CAST(s.order_id AS VARCHAR) AS order_id,
    CAST(s.sku AS VARCHAR) AS sku,
    CAST(s.amount AS DECIMAL(38,9)) AS amount,
    CAST(s.quantity AS BIGINT) AS quantity
  FROM customhouse_work.files.orders AS s
) AS e
JOIN customhouse_work.main.map_orders AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
GROUP BY m.customer_id;
