-- test the rows of orders
SELECT
  count(*) AS n1,
  count(CASE WHEN p.order_id IS NULL THEN 1 END) AS n2,
  count(CASE WHEN p.sku IS NULL THEN 1 END) AS n3,
  count(CASE WHEN p.amount IS NULL THEN 1 END) AS n4,
  count(CASE WHEN p."time" IS NULL THEN 1 END) AS n5,
  count(p.order_id) - count(DISTINCT p.order_id) AS n6,
  count(CASE WHEN NOT coalesce(CAST(p.amount AS DOUBLE) >= 0e0 AND p.quantity > 0, FALSE) THEN 1 END) AS n7,
  1767312000000000 - epoch_us(max(CASE WHEN p."time" <= TIMESTAMP '2026-01-02 00:00:00' THEN p."time" END)) AS n8,
  count(*) AS n9,
  count(CASE WHEN p.card IS NOT NULL AND r1.v IS NULL THEN 1 END) AS n10
FROM (
  SELECT
    CAST(s.order_id AS VARCHAR) AS order_id,
    CAST(s.sku AS VARCHAR) AS sku,
    CAST(s.amount AS DECIMAL(38,9)) AS amount,
    CAST(s.quantity AS BIGINT) AS quantity,
    CAST(s.email AS VARCHAR) AS email,
    CAST(s.card AS VARCHAR) AS card,
    CAST(s.ordered_at AS TIMESTAMP) AS "time"
  FROM customhouse_work.files.orders AS s
) AS p
LEFT JOIN (
  SELECT DISTINCT o.card AS v
  FROM (
    SELECT CAST(s.card AS VARCHAR) AS card
    FROM customhouse_work.files.loyalty AS s
  ) AS o
  WHERE o.card IS NOT NULL
) AS r1 ON r1.v = p.card;
