-- test the profiles of customer
SELECT
  count(*) AS n1,
  count(p.customer_id) - count(DISTINCT p.customer_id) AS n2,
  (
    SELECT coalesce((TRY_CAST(sum(d.n) AS BIGINT) | 0), 0) - count(*) AS n
    FROM (
      SELECT count(*) AS n
      FROM customhouse_file.customhouse.customer_profiles AS p
      LEFT JOIN (
        SELECT
          x.customer_id,
          max(CASE WHEN x.segment = 'win_back' THEN 1 END) AS "segment:win_back"
        FROM customhouse_file.customhouse.segment_members AS x
        WHERE x.segment IN ('win_back')
        GROUP BY x.customer_id
      ) AS m ON m.customer_id = p.customer_id
      WHERE p.customer_id IS NOT NULL
        AND p.email IS NOT NULL
      GROUP BY p.customer_id, p.email
      HAVING count(*) > 1
    ) AS d
  ) AS n3,
  count(CASE WHEN NOT coalesce(p.order_count >= 0 AND (p.order_count > 0 OR NOT (p.last_order IS NOT NULL)), FALSE) THEN 1 END) AS n4,
  count(CASE WHEN m."segment:win_back" IS NOT NULL THEN 1 END) AS n5,
  count(CASE WHEN m."segment:win_back" IS NOT NULL AND (p.lifecycle IS NOT NULL AND NOT (p.lifecycle IN ('lapsed'))) THEN 1 END) AS n6,
  count(CASE WHEN m."segment:win_back" IS NOT NULL AND NOT coalesce(p.spent > 2e2, FALSE) THEN 1 END) AS n7
FROM customhouse_file.customhouse.customer_profiles AS p
LEFT JOIN (
  SELECT
    x.customer_id,
    max(CASE WHEN x.segment = 'win_back' THEN 1 END) AS "segment:win_back"
  FROM customhouse_file.customhouse.segment_members AS x
  WHERE x.segment IN ('win_back')
  GROUP BY x.customer_id
) AS m ON m.customer_id = p.customer_id;

-- look up known people of customer
SELECT
  count(CASE WHEN q.person = 1 AND q.unknown > 0 THEN 1 END) AS n1,
  count(CASE WHEN q.person = 1 AND q.first <> q.last THEN 1 END) AS n2,
  count(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND p.country IS DISTINCT FROM 'FR' THEN 1 END) AS n3,
  count(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND p.opted_in IS DISTINCT FROM TRUE THEN 1 END) AS n4,
  count(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND p.points IS DISTINCT FROM 120 THEN 1 END) AS n5,
  count(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND p.spent IS DISTINCT FROM 9.95e1 THEN 1 END) AS n6,
  count(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND p.last_order IS DISTINCT FROM TIMESTAMP '2026-01-31 00:00:00' THEN 1 END) AS n7,
  count(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND p.top_topic IS NOT NULL THEN 1 END) AS n8,
  count(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND m."segment:vip" IS NULL THEN 1 END) AS n9,
  count(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND m."segment:staff" IS NOT NULL THEN 1 END) AS n10
FROM (
  SELECT
    d.person,
    count(CASE WHEN i.customer_id IS NULL THEN 1 END) AS unknown,
    min(i.customer_id) AS first,
    max(i.customer_id) AS last
  FROM (
    SELECT
      CAST(1 AS BIGINT) AS person,
      'user_id' AS t,
      nullif(regexp_replace('17', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') AS v
    UNION ALL
    SELECT
      CAST(1 AS BIGINT) AS person,
      'email' AS t,
      CASE WHEN regexp_full_match(lower(regexp_replace('Ada@Example.com', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace('Ada@Example.com', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END AS v
    UNION ALL
    SELECT
      CAST(1 AS BIGINT) AS person,
      'phone' AS t,
      CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(regexp_replace('06 12 34 56 78', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace('06 12 34 56 78', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace('06 12 34 56 78', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace('06 12 34 56 78', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace('06 12 34 56 78', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END, '\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})') THEN '+' || CASE WHEN starts_with(regexp_replace('06 12 34 56 78', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace('06 12 34 56 78', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace('06 12 34 56 78', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace('06 12 34 56 78', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace('06 12 34 56 78', '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END END AS v
  ) AS d
  LEFT JOIN customhouse_file.customhouse.customer_identities AS i ON i.identifier_type = d.t AND i.identifier = d.v
  GROUP BY d.person
) AS q
LEFT JOIN customhouse_file.customhouse.customer_profiles AS p ON p.customer_id = q.first
LEFT JOIN (
  SELECT
    x.customer_id,
    max(CASE WHEN x.segment = 'vip' THEN 1 END) AS "segment:vip",
    max(CASE WHEN x.segment = 'staff' THEN 1 END) AS "segment:staff"
  FROM customhouse_file.customhouse.segment_members AS x
  WHERE x.segment IN ('vip', 'staff')
  GROUP BY x.customer_id
) AS m ON m.customer_id = q.first;
