-- test the rows of orders
SELECT
  count(*) AS n1,
  count(CASE WHEN p.order_id IS NULL THEN 1 END) AS n2,
  count(CASE WHEN p.sku IS NULL THEN 1 END) AS n3,
  count(CASE WHEN p.amount IS NULL THEN 1 END) AS n4,
  count(CASE WHEN p."time" IS NULL THEN 1 END) AS n5,
  count(p.order_id) - count(DISTINCT p.order_id) AS n6,
  (
    SELECT coalesce((TRY_CAST(sum(d.n) AS BIGINT) | 0), 0) - count(*) AS n
    FROM (
      SELECT count(*) AS n
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
      WHERE p.order_id IS NOT NULL
        AND p.sku IS NOT NULL
      GROUP BY p.order_id, p.sku
      HAVING count(*) > 1
    ) AS d
  ) AS n7,
  count(CASE WHEN NOT coalesce(CAST(p.amount AS DOUBLE) >= 0e0 AND p.quantity > 0, FALSE) THEN 1 END) AS n8,
  1767312000000000 - epoch_us(max(CASE WHEN p."time" <= TIMESTAMP '2026-01-02 00:00:00' THEN p."time" END)) AS n9,
  count(*) AS n10,
  count(CASE WHEN p.card IS NOT NULL AND r1.v IS NULL THEN 1 END) AS n11
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
