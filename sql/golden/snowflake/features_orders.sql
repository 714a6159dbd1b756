-- aggregate orders
CREATE OR REPLACE TABLE customhouse_work.features_orders COPY GRANTS AS
SELECT
  m.customer_id,
  count(*) AS "orders.count_e146d1db",
  max(e."TIME") AS "orders.max_89c6585c",
  CAST(sum(e.amount) AS FLOAT) AS "orders.sum_28dc120a",
  CAST(GET(ARRAY_AGG(m."id.email") WITHIN GROUP (ORDER BY coalesce(e."TIME", CAST('0001-01-01 00:00:00.000000' AS TIMESTAMP_NTZ(6))) DESC NULLS LAST, m."id.email" DESC), 0) AS VARCHAR) AS "pick.email.1",
  max(CASE WHEN m."id.email" IS NOT NULL THEN coalesce(e."TIME", CAST('0001-01-01 00:00:00.000000' AS TIMESTAMP_NTZ(6))) END) AS "pick.email.1.time"
FROM (
  SELECT
    BITAND(HASH(CAST(s.email AS VARCHAR), CAST(s.card AS VARCHAR)), 9223372036854775807) AS "hash.1",
    BITAND(HASH('#' || CAST(s.email AS VARCHAR), '#' || CAST(s.card AS VARCHAR)), 9223372036854775807) AS "hash.2",
    CAST(CAST(s.ordered_at AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS "TIME",
    CAST(s.order_id AS VARCHAR) AS order_id,
    CAST(s.sku AS VARCHAR) AS sku,
    CAST(s.amount AS NUMBER(38,9)) AS amount,
    CAST(s.quantity AS INT) AS quantity
  FROM customhouse_work.files__orders AS s
) AS e
JOIN customhouse_work.map_orders AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
GROUP BY m.customer_id;
