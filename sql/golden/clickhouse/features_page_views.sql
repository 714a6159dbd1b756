-- aggregate page_views
CREATE OR REPLACE TABLE customhouse_work.features_page_views ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(p.customer_id) AS customer_id,
  toNullable(p.`page_views.max_2c0f966d`) AS `page_views.max_2c0f966d`,
  toNullable(p.`page_views.most_frequent_fee6d671`) AS `page_views.most_frequent_fee6d671`,
  toNullable(p.`bits.0` + bitXor(if(isNull(CASE WHEN coalesce(p.`page_views.count_78aeddf7`, toInt64(0)) >= 3 THEN toInt64(4) ELSE toInt64(0) END), NULL, CAST(assumeNotNull(CASE WHEN coalesce(p.`page_views.count_78aeddf7`, toInt64(0)) >= 3 THEN toInt64(4) ELSE toInt64(0) END) AS Int64)), if(isNull(CASE WHEN coalesce(CAST(NULL AS Nullable(Int64)), toInt64(0)) >= 3 THEN toInt64(4) ELSE toInt64(0) END), NULL, CAST(assumeNotNull(CASE WHEN coalesce(CAST(NULL AS Nullable(Int64)), toInt64(0)) >= 3 THEN toInt64(4) ELSE toInt64(0) END) AS Int64)))) AS `bits.0`
FROM (
  SELECT
    m.customer_id AS customer_id,
    toInt64(countIf(isNotNull(CASE WHEN e.`time` > toDateTime64('2025-12-03 00:00:00.000000', 6, 'UTC') THEN toInt64(1) END))) AS `page_views.count_78aeddf7`,
    maxOrNull(e.`time`) AS `page_views.max_2c0f966d`,
    arrayElementOrNull(tupleElement(sumMapIf([assumeNotNull(CASE WHEN e.`time` > toDateTime64('2025-10-04 00:00:00.000000', 6, 'UTC') THEN e.topic END)], [toUInt64(1)], isNotNull(CASE WHEN e.`time` > toDateTime64('2025-10-04 00:00:00.000000', 6, 'UTC') THEN e.topic END)), 1), indexOf(tupleElement(sumMapIf([assumeNotNull(CASE WHEN e.`time` > toDateTime64('2025-10-04 00:00:00.000000', 6, 'UTC') THEN e.topic END)], [toUInt64(1)], isNotNull(CASE WHEN e.`time` > toDateTime64('2025-10-04 00:00:00.000000', 6, 'UTC') THEN e.topic END)), 2), arrayMax(tupleElement(sumMapIf([assumeNotNull(CASE WHEN e.`time` > toDateTime64('2025-10-04 00:00:00.000000', 6, 'UTC') THEN e.topic END)], [toUInt64(1)], isNotNull(CASE WHEN e.`time` > toDateTime64('2025-10-04 00:00:00.000000', 6, 'UTC') THEN e.topic END)), 2)))) AS `page_views.most_frequent_fee6d671`,
    groupBitOrOrNull(CASE WHEN e.topic = 'intranet' THEN if(isNull(CASE WHEN TRUE THEN toInt64(1) ELSE toInt64(0) END), NULL, CAST(assumeNotNull(CASE WHEN TRUE THEN toInt64(1) ELSE toInt64(0) END) AS Int64)) WHEN e.topic = 'sport' THEN if(isNull(CASE WHEN e.`time` > toDateTime64('2025-12-03 00:00:00.000000', 6, 'UTC') THEN toInt64(2) ELSE toInt64(0) END), NULL, CAST(assumeNotNull(CASE WHEN e.`time` > toDateTime64('2025-12-03 00:00:00.000000', 6, 'UTC') THEN toInt64(2) ELSE toInt64(0) END) AS Int64)) ELSE toInt64(0) END) AS `bits.0`
  FROM (
    SELECT
      toInt64(bitShiftRight(xxh3(tuple(toString(s.user_id), toString(s.cookie))), 1)) AS `hash.1`,
      toInt64(bitShiftRight(cityHash64(tuple(toString(s.user_id), toString(s.cookie))), 1)) AS `hash.2`,
      if(isNull(s.viewed_at), NULL, CAST(assumeNotNull(s.viewed_at) AS DateTime64(6, 'UTC'))) AS `time`,
      if(isNull(s.topic), NULL, CAST(assumeNotNull(s.topic) AS String)) AS topic,
      if(isNull(s.`url`), NULL, CAST(assumeNotNull(s.`url`) AS String)) AS `url`
    FROM customhouse_work.files__page_views AS s
  ) AS e
  JOIN customhouse_work.map_page_views AS m ON e.`hash.1` = m.`hash.1` AND e.`hash.2` = m.`hash.2`
  GROUP BY m.customer_id
) AS p;
