-- aggregate orders
CREATE OR REPLACE TABLE customhouse_work.features_orders ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.customer_id) AS customer_id,
  toNullable(toInt64(count())) AS `orders.count_e146d1db`,
  toNullable(maxOrNull(e.`time`)) AS `orders.max_89c6585c`,
  toNullable(if(isNull(CAST(sumOrNull(CAST(e.amount AS Decimal(76, 9))) AS Decimal(38, 9))), NULL, CAST(assumeNotNull(CAST(sumOrNull(CAST(e.amount AS Decimal(76, 9))) AS Decimal(38, 9))) AS Float64))) AS `orders.sum_28dc120a`,
  toNullable(coalesce(maxArgMaxOrNull(m.`id.email`, coalesce(e.`time`, toDateTime64('0001-01-01 00:00:00.000000', 6, 'UTC'))), maxOrNull(m.`id.email`))) AS `pick.email.1`,
  toNullable(maxOrNull(CASE WHEN m.`id.email` IS NOT NULL THEN coalesce(e.`time`, toDateTime64('0001-01-01 00:00:00.000000', 6, 'UTC')) END)) AS `pick.email.1.time`
FROM (
  SELECT
    toInt64(bitShiftRight(xxh3(tuple(toString(s.email), toString(s.card))), 1)) AS `hash.1`,
    toInt64(bitShiftRight(cityHash64(tuple(toString(s.email), toString(s.card))), 1)) AS `hash.2`,
    if(isNull(s.ordered_at), NULL, CAST(assumeNotNull(s.ordered_at) AS DateTime64(6, 'UTC'))) AS `time`,
    if(isNull(s.order_id), NULL, CAST(assumeNotNull(s.order_id) AS String)) AS order_id,
    if(isNull(s.sku), NULL, CAST(assumeNotNull(s.sku) AS String)) AS sku,
    if(isNull(s.amount), NULL, CAST(assumeNotNull(s.amount) AS Decimal(38, 9))) AS amount,
    if(isNull(s.quantity), NULL, CAST(assumeNotNull(s.quantity) AS Int64)) AS quantity
  FROM customhouse_work.files__orders AS s
) AS e
JOIN customhouse_work.map_orders AS m ON e.`hash.1` = m.`hash.1` AND e.`hash.2` = m.`hash.2`
GROUP BY m.customer_id;
