-- test the rows of orders
SELECT
  toInt64(count()) AS n1,
  toInt64(countIf(isNotNull(CASE WHEN p.order_id IS NULL THEN toInt64(1) END))) AS n2,
  toInt64(countIf(isNotNull(CASE WHEN p.sku IS NULL THEN toInt64(1) END))) AS n3,
  toInt64(countIf(isNotNull(CASE WHEN p.amount IS NULL THEN toInt64(1) END))) AS n4,
  toInt64(countIf(isNotNull(CASE WHEN p.`time` IS NULL THEN toInt64(1) END))) AS n5,
  toInt64(countIf(isNotNull(p.order_id))) - toInt64(uniqExact(p.order_id)) AS n6,
  toInt64(countIf(isNotNull(CASE WHEN NOT coalesce(CAST(if(isNull(p.amount), NULL, CAST(assumeNotNull(p.amount) AS Float64)) >= 0e0 AND p.quantity > 0 AS Bool), FALSE) THEN toInt64(1) END))) AS n7,
  toInt64(1767312000000000) - toUnixTimestamp64Micro(maxOrNull(CASE WHEN p.`time` <= toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') THEN p.`time` END)) AS n8,
  toInt64(count()) AS n9,
  toInt64(countIf(isNotNull(CASE WHEN p.card IS NOT NULL AND r1.v IS NULL THEN toInt64(1) END))) AS n10
FROM (
  SELECT
    if(isNull(s.order_id), NULL, CAST(assumeNotNull(s.order_id) AS String)) AS order_id,
    if(isNull(s.sku), NULL, CAST(assumeNotNull(s.sku) AS String)) AS sku,
    if(isNull(s.amount), NULL, CAST(assumeNotNull(s.amount) AS Decimal(38, 9))) AS amount,
    if(isNull(s.quantity), NULL, CAST(assumeNotNull(s.quantity) AS Int64)) AS quantity,
    toString(s.email) AS email,
    toString(s.card) AS card,
    if(isNull(s.ordered_at), NULL, CAST(assumeNotNull(s.ordered_at) AS DateTime64(6, 'UTC'))) AS `time`
  FROM customhouse_work.files__orders AS s
) AS p
LEFT JOIN (
  SELECT DISTINCT o.card AS v
  FROM (
    SELECT toString(s.card) AS card
    FROM customhouse_work.files__loyalty AS s
  ) AS o
  WHERE o.card IS NOT NULL
) AS r1 ON r1.v = p.card;
