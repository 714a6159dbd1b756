-- test the rows of orders
SELECT
  count(*) AS n1,
  count(CASE WHEN p.order_id IS NULL THEN 1 END) AS n2,
  count(CASE WHEN p.sku IS NULL THEN 1 END) AS n3,
  count(CASE WHEN p.amount IS NULL THEN 1 END) AS n4,
  count(CASE WHEN p."time" IS NULL THEN 1 END) AS n5,
  count(p.order_id) - count(DISTINCT p.order_id) AS n6,
  count(CASE WHEN NOT coalesce(CAST(p.amount AS double precision) >= float8 '0' AND p.quantity > 0, FALSE) THEN 1 END) AS n7,
  1767312000000000 - CAST(extract(epoch FROM max(CASE WHEN p."time" <= timestamp '2026-01-02 00:00:00' THEN p."time" END)) * 1000000 AS bigint) AS n8,
  count(*) AS n9,
  count(CASE WHEN p.card IS NOT NULL AND r1.v IS NULL THEN 1 END) AS n10
FROM (
  SELECT
    (CAST(s.order_id AS text) COLLATE "C") AS order_id,
    (CAST(s.sku AS text) COLLATE "C") AS sku,
    CAST(s.amount AS numeric(38,9)) AS amount,
    CAST(s.quantity AS bigint) AS quantity,
    (CAST(s.email AS text) COLLATE "C") AS email,
    (CAST(s.card AS text) COLLATE "C") AS card,
    CAST(s.ordered_at AS timestamp) AS "time"
  FROM customhouse_work.files__orders AS s
) AS p
LEFT JOIN (
  SELECT DISTINCT o.card AS v
  FROM (
    SELECT (CAST(s.card AS text) COLLATE "C") AS card
    FROM customhouse_work.files__loyalty AS s
  ) AS o
  WHERE o.card IS NOT NULL
) AS r1 ON r1.v = p.card;
