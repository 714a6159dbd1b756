-- aggregate contacts
CREATE OR REPLACE TABLE customhouse_work.features_contacts ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.customer_id) AS customer_id,
  toNullable(coalesce(maxArgMaxOrNull(m.`id.email`, coalesce(e.`time`, toDateTime64('0001-01-01 00:00:00.000000', 6, 'UTC'))), maxOrNull(m.`id.email`))) AS `pick.email.0`,
  toNullable(maxOrNull(CASE WHEN m.`id.email` IS NOT NULL THEN coalesce(e.`time`, toDateTime64('0001-01-01 00:00:00.000000', 6, 'UTC')) END)) AS `pick.email.0.time`,
  toNullable(coalesce(maxArgMaxOrNull(e.first_name, coalesce(e.`time`, toDateTime64('0001-01-01 00:00:00.000000', 6, 'UTC'))), maxOrNull(e.first_name))) AS `pick.first_name.0`,
  toNullable(coalesce(maxArgMaxOrNull(e.country, coalesce(e.`time`, toDateTime64('0001-01-01 00:00:00.000000', 6, 'UTC'))), maxOrNull(e.country))) AS `pick.country.0`,
  toNullable(maxOrNull(CASE WHEN e.country IS NOT NULL THEN coalesce(e.`time`, toDateTime64('0001-01-01 00:00:00.000000', 6, 'UTC')) END)) AS `pick.country.0.time`,
  toNullable(coalesce(maxArgMaxOrNull(e.opted_in, coalesce(e.`time`, toDateTime64('0001-01-01 00:00:00.000000', 6, 'UTC'))), maxOrNull(e.opted_in))) AS `pick.opted_in.0`,
  toNullable(maxOrNull(CASE WHEN e.opted_in IS NOT NULL THEN coalesce(e.`time`, toDateTime64('0001-01-01 00:00:00.000000', 6, 'UTC')) END)) AS `pick.opted_in.0.time`
FROM (
  SELECT
    toInt64(bitShiftRight(xxh3(tuple(toString(s.user_id), toString(s.email), toString(s.mobile))), 1)) AS `hash.1`,
    toInt64(bitShiftRight(cityHash64(tuple(toString(s.user_id), toString(s.email), toString(s.mobile))), 1)) AS `hash.2`,
    if(isNull(s.updated_at), NULL, CAST(assumeNotNull(s.updated_at) AS DateTime64(6, 'UTC'))) AS `time`,
    if(isNull(s.first_name), NULL, CAST(assumeNotNull(s.first_name) AS String)) AS first_name,
    if(isNull(s.country), NULL, CAST(assumeNotNull(s.country) AS String)) AS country,
    if(isNull(s.opted_in), NULL, CAST(assumeNotNull(s.opted_in) AS Bool)) AS opted_in
  FROM customhouse_work.files__contacts AS s
) AS e
JOIN customhouse_work.map_contacts AS m ON e.`hash.1` = m.`hash.1` AND e.`hash.2` = m.`hash.2`
GROUP BY m.customer_id;
