-- aggregate newsletter
CREATE OR REPLACE TABLE customhouse_work.features_newsletter ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.customer_id) AS customer_id,
  toNullable(coalesce(maxArgMaxOrNull(e.subscribed, coalesce(e.`time`, toDateTime64('0001-01-01 00:00:00.000000', 6, 'UTC'))), maxOrNull(e.subscribed))) AS `pick.opted_in.1`,
  toNullable(maxOrNull(CASE WHEN e.subscribed IS NOT NULL THEN coalesce(e.`time`, toDateTime64('0001-01-01 00:00:00.000000', 6, 'UTC')) END)) AS `pick.opted_in.1.time`
FROM (
  SELECT
    toInt64(bitShiftRight(xxh3(tuple(toString(s.email))), 1)) AS `hash.1`,
    toInt64(bitShiftRight(cityHash64(tuple(toString(s.email))), 1)) AS `hash.2`,
    if(isNull(s.changed_at), NULL, CAST(assumeNotNull(s.changed_at) AS DateTime64(6, 'UTC'))) AS `time`,
    if(isNull(s.subscribed), NULL, CAST(assumeNotNull(s.subscribed) AS Bool)) AS subscribed
  FROM customhouse_work.files__newsletter AS s
) AS e
JOIN customhouse_work.map_newsletter AS m ON e.`hash.1` = m.`hash.1` AND e.`hash.2` = m.`hash.2`
GROUP BY m.customer_id;
