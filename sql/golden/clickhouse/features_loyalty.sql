-- aggregate loyalty
CREATE OR REPLACE TABLE customhouse_work.features_loyalty ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.customer_id) AS customer_id,
  toNullable(coalesce(maxArgMaxOrNull(e.holder, coalesce(e.`time`, toDateTime64('0001-01-01 00:00:00.000000', 6, 'UTC'))), maxOrNull(e.holder))) AS `pick.first_name.1`,
  toNullable(maxOrNull(e.points)) AS `pick.points.0`
FROM (
  SELECT
    toInt64(bitShiftRight(xxh3(tuple(toString(s.email), toString(s.phone), toString(s.card))), 1)) AS `hash.1`,
    toInt64(bitShiftRight(cityHash64(tuple(toString(s.email), toString(s.phone), toString(s.card))), 1)) AS `hash.2`,
    if(isNull(s.joined_at), NULL, CAST(assumeNotNull(s.joined_at) AS DateTime64(6, 'UTC'))) AS `time`,
    if(isNull(s.holder), NULL, CAST(assumeNotNull(s.holder) AS String)) AS holder,
    if(isNull(s.points), NULL, CAST(assumeNotNull(s.points) AS Int64)) AS points
  FROM customhouse_work.files__loyalty AS s
) AS e
JOIN customhouse_work.map_loyalty AS m ON e.`hash.1` = m.`hash.1` AND e.`hash.2` = m.`hash.2`
GROUP BY m.customer_id;
