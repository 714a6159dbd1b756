-- test the rows of orders
SELECT
  COUNT(*) AS n1,
  COUNT(CASE WHEN p.order_id IS NULL THEN 1 END) AS n2,
  COUNT(CASE WHEN p.sku IS NULL THEN 1 END) AS n3,
  COUNT(CASE WHEN p.amount IS NULL THEN 1 END) AS n4,
  COUNT(CASE WHEN p.time IS NULL THEN 1 END) AS n5,
  COUNT(p.order_id) - COUNT(DISTINCT p.order_id) AS n6,
  COUNT(CASE WHEN NOT COALESCE(CAST(p.amount AS FLOAT64) >= 0e0 AND p.quantity > 0, FALSE) THEN 1 END) AS n7,
  1767312000000000 - UNIX_MICROS(MAX(CASE WHEN p.time <= TIMESTAMP '2026-01-02 00:00:00+00' THEN p.time END)) AS n8,
  COUNT(*) AS n9,
  COUNT(CASE WHEN p.card IS NOT NULL AND r1.v IS NULL THEN 1 END) AS n10
FROM (
  SELECT
    CAST(s.order_id AS STRING) AS order_id,
    CAST(s.sku AS STRING) AS sku,
    CAST(s.amount AS NUMERIC) AS amount,
    CAST(s.quantity AS INT64) AS quantity,
    CAST(s.email AS STRING) AS email,
    CAST(s.card AS STRING) AS card,
    CAST(s.ordered_at AS TIMESTAMP) AS time
  FROM customhouse_work.files__orders AS s
) AS p
LEFT JOIN (
  SELECT DISTINCT o.card AS v
  FROM (
    SELECT CAST(s.card AS STRING) AS card
    FROM customhouse_work.files__loyalty AS s
  ) AS o
  WHERE o.card IS NOT NULL
) AS r1 ON r1.v = p.card;
