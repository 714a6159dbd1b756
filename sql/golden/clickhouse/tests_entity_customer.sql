-- test the profiles of customer
SELECT
  toInt64(count()) AS n1,
  toInt64(countIf(isNotNull(p.customer_id))) - toInt64(uniqExact(p.customer_id)) AS n2,
  (
    SELECT coalesce(accurateCastOrNull(sumOrNull(toInt128(d.n)), 'Int64'), toInt64(0)) - toInt64(count()) AS n
    FROM (
      SELECT toInt64(count()) AS n
      FROM customhouse.customer_profiles AS p
      LEFT JOIN (
        SELECT
          x.customer_id AS customer_id,
          maxOrNull(CASE WHEN x.segment = 'win_back' THEN toInt64(1) END) AS `segment:win_back`
        FROM customhouse.segment_members AS x
        WHERE x.segment IN ('win_back')
        GROUP BY x.customer_id
      ) AS m ON m.customer_id = p.customer_id
      WHERE p.customer_id IS NOT NULL
        AND p.email IS NOT NULL
      GROUP BY p.customer_id, p.email
      HAVING toInt64(count()) > 1
    ) AS d
  ) AS n3,
  toInt64(countIf(isNotNull(CASE WHEN NOT coalesce(CAST(p.order_count >= 0 AND (p.order_count > 0 OR NOT (p.last_order IS NOT NULL)) AS Bool), FALSE) THEN toInt64(1) END))) AS n4,
  toInt64(countIf(isNotNull(CASE WHEN m.`segment:win_back` IS NOT NULL THEN toInt64(1) END))) AS n5,
  toInt64(countIf(isNotNull(CASE WHEN m.`segment:win_back` IS NOT NULL AND (p.lifecycle IS NOT NULL AND NOT (p.lifecycle IN ('lapsed'))) THEN toInt64(1) END))) AS n6,
  toInt64(countIf(isNotNull(CASE WHEN m.`segment:win_back` IS NOT NULL AND NOT coalesce(CAST(p.spent > 2e2 AS Bool), FALSE) THEN toInt64(1) END))) AS n7
FROM customhouse.customer_profiles AS p
LEFT JOIN (
  SELECT
    x.customer_id AS customer_id,
    maxOrNull(CASE WHEN x.segment = 'win_back' THEN toInt64(1) END) AS `segment:win_back`
  FROM customhouse.segment_members AS x
  WHERE x.segment IN ('win_back')
  GROUP BY x.customer_id
) AS m ON m.customer_id = p.customer_id;

-- look up known people of customer
SELECT
  toInt64(countIf(isNotNull(CASE WHEN q.person = 1 AND q.`unknown` > 0 THEN toInt64(1) END))) AS n1,
  toInt64(countIf(isNotNull(CASE WHEN q.person = 1 AND q.`first` <> q.`last` THEN toInt64(1) END))) AS n2,
  toInt64(countIf(isNotNull(CASE WHEN (q.person = 1 AND q.`first` IS NOT NULL) AND p.country IS DISTINCT FROM 'FR' THEN toInt64(1) END))) AS n3,
  toInt64(countIf(isNotNull(CASE WHEN (q.person = 1 AND q.`first` IS NOT NULL) AND p.opted_in IS DISTINCT FROM TRUE THEN toInt64(1) END))) AS n4,
  toInt64(countIf(isNotNull(CASE WHEN (q.person = 1 AND q.`first` IS NOT NULL) AND p.points IS DISTINCT FROM 120 THEN toInt64(1) END))) AS n5,
  toInt64(countIf(isNotNull(CASE WHEN (q.person = 1 AND q.`first` IS NOT NULL) AND p.spent IS DISTINCT FROM 9.95e1 THEN toInt64(1) END))) AS n6,
  toInt64(countIf(isNotNull(CASE WHEN (q.person = 1 AND q.`first` IS NOT NULL) AND p.last_order IS DISTINCT FROM toDateTime64('2026-01-31 00:00:00.000000', 6, 'UTC') THEN toInt64(1) END))) AS n7,
  toInt64(countIf(isNotNull(CASE WHEN (q.person = 1 AND q.`first` IS NOT NULL) AND p.top_topic IS NOT NULL THEN toInt64(1) END))) AS n8,
  toInt64(countIf(isNotNull(CASE WHEN (q.person = 1 AND q.`first` IS NOT NULL) AND m.`segment:vip` IS NULL THEN toInt64(1) END))) AS n9,
  toInt64(countIf(isNotNull(CASE WHEN (q.person = 1 AND q.`first` IS NOT NULL) AND m.`segment:staff` IS NOT NULL THEN toInt64(1) END))) AS n10
FROM (
  SELECT
    d.person AS person,
    toInt64(countIf(isNotNull(CASE WHEN i.customer_id IS NULL THEN toInt64(1) END))) AS `unknown`,
    minOrNull(i.customer_id) AS `first`,
    maxOrNull(i.customer_id) AS `last`
  FROM (
    SELECT
      CAST(toInt64(1) AS Int64) AS person,
      'user_id' AS t,
      nullIf(replaceRegexpAll('17', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') AS v
    UNION ALL
    SELECT
      CAST(toInt64(1) AS Int64) AS person,
      'email' AS t,
      CASE WHEN match(if(length(replaceRegexpAll('Ada@Example.com', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll('Ada@Example.com', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll('Ada@Example.com', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll('Ada@Example.com', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll('Ada@Example.com', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll('Ada@Example.com', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll('Ada@Example.com', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll('Ada@Example.com', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END AS v
    UNION ALL
    SELECT
      CAST(toInt64(1) AS Int64) AS person,
      'phone' AS t,
      CASE WHEN match(concat('+', CASE WHEN startsWith(replaceRegexpAll('06 12 34 56 78', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll('06 12 34 56 78', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll('06 12 34 56 78', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll('06 12 34 56 78', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll('06 12 34 56 78', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END), concat('(?-s)^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', ')\\z')) THEN concat('+', CASE WHEN startsWith(replaceRegexpAll('06 12 34 56 78', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll('06 12 34 56 78', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll('06 12 34 56 78', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll('06 12 34 56 78', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll('06 12 34 56 78', '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END) END AS v
  ) AS d
  LEFT JOIN customhouse.customer_identities AS i ON i.identifier_type = d.t AND i.identifier = d.v
  GROUP BY d.person
) AS q
LEFT JOIN customhouse.customer_profiles AS p ON p.customer_id = q.`first`
LEFT JOIN (
  SELECT
    x.customer_id AS customer_id,
    maxOrNull(CASE WHEN x.segment = 'vip' THEN toInt64(1) END) AS `segment:vip`,
    maxOrNull(CASE WHEN x.segment = 'staff' THEN toInt64(1) END) AS `segment:staff`
  FROM customhouse.segment_members AS x
  WHERE x.segment IN ('vip', 'staff')
  GROUP BY x.customer_id
) AS m ON m.customer_id = q.`first`;
