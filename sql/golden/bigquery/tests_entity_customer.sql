-- test the profiles of customer
SELECT
  COUNT(*) AS n1,
  COUNT(p.customer_id) - COUNT(DISTINCT p.customer_id) AS n2,
  (
    SELECT COALESCE(SAFE_CAST(SUM(CAST(d.n AS NUMERIC)) AS INT64), 0) - COUNT(*) AS n
    FROM (
      SELECT COUNT(*) AS n
      FROM customhouse.customer_profiles AS p
      LEFT JOIN (
        SELECT
          x.customer_id,
          MAX(CASE WHEN x.segment = 'win_back' THEN 1 END) AS `segment:win_back`
        FROM customhouse.segment_members AS x
        WHERE x.segment IN ('win_back')
        GROUP BY x.customer_id
      ) AS m ON m.customer_id = p.customer_id
      WHERE p.customer_id IS NOT NULL
        AND p.email IS NOT NULL
      GROUP BY p.customer_id, p.email
      HAVING COUNT(*) > 1
    ) AS d
  ) AS n3,
  COUNT(CASE WHEN NOT COALESCE(p.order_count >= 0 AND (p.order_count > 0 OR NOT (p.last_order IS NOT NULL)), FALSE) THEN 1 END) AS n4,
  COUNT(CASE WHEN m.`segment:win_back` IS NOT NULL THEN 1 END) AS n5,
  COUNT(CASE WHEN m.`segment:win_back` IS NOT NULL AND (p.lifecycle IS NOT NULL AND NOT (p.lifecycle IN ('lapsed'))) THEN 1 END) AS n6,
  COUNT(CASE WHEN m.`segment:win_back` IS NOT NULL AND NOT COALESCE(p.spent > 2e2, FALSE) THEN 1 END) AS n7
FROM customhouse.customer_profiles AS p
LEFT JOIN (
  SELECT
    x.customer_id,
    MAX(CASE WHEN x.segment = 'win_back' THEN 1 END) AS `segment:win_back`
  FROM customhouse.segment_members AS x
  WHERE x.segment IN ('win_back')
  GROUP BY x.customer_id
) AS m ON m.customer_id = p.customer_id;

-- look up known people of customer
SELECT
  COUNT(CASE WHEN q.person = 1 AND q.unknown > 0 THEN 1 END) AS n1,
  COUNT(CASE WHEN q.person = 1 AND q.first <> q.last THEN 1 END) AS n2,
  COUNT(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND p.country IS DISTINCT FROM 'FR' THEN 1 END) AS n3,
  COUNT(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND p.opted_in IS DISTINCT FROM TRUE THEN 1 END) AS n4,
  COUNT(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND p.points IS DISTINCT FROM 120 THEN 1 END) AS n5,
  COUNT(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND p.spent IS DISTINCT FROM 9.95e1 THEN 1 END) AS n6,
  COUNT(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND p.last_order IS DISTINCT FROM TIMESTAMP '2026-01-31 00:00:00+00' THEN 1 END) AS n7,
  COUNT(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND p.top_topic IS NOT NULL THEN 1 END) AS n8,
  COUNT(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND m.`segment:vip` IS NULL THEN 1 END) AS n9,
  COUNT(CASE WHEN (q.person = 1 AND q.first IS NOT NULL) AND m.`segment:staff` IS NOT NULL THEN 1 END) AS n10
FROM (
  SELECT
    d.person,
    COUNT(CASE WHEN i.customer_id IS NULL THEN 1 END) AS unknown,
    MIN(i.customer_id) AS first,
    MAX(i.customer_id) AS last
  FROM (
    SELECT
      CAST(1 AS INT64) AS person,
      'user_id' AS t,
      NULLIF(TRIM('17', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') AS v
    UNION ALL
    SELECT
      CAST(1 AS INT64) AS person,
      'email' AS t,
      CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM('Ada@Example.com', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM('Ada@Example.com', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END AS v
    UNION ALL
    SELECT
      CAST(1 AS INT64) AS person,
      'phone' AS t,
      CASE WHEN REGEXP_CONTAINS(CONCAT('+', CASE WHEN STARTS_WITH(TRIM('06 12 34 56 78', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM('06 12 34 56 78', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM('06 12 34 56 78', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM('06 12 34 56 78', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM('06 12 34 56 78', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END), CONCAT('^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', r')\z')) THEN CONCAT('+', CASE WHEN STARTS_WITH(TRIM('06 12 34 56 78', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM('06 12 34 56 78', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM('06 12 34 56 78', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM('06 12 34 56 78', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM('06 12 34 56 78', '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END) END AS v
  ) AS d
  LEFT JOIN customhouse.customer_identities AS i ON i.identifier_type = d.t AND i.identifier = d.v
  GROUP BY d.person
) AS q
LEFT JOIN customhouse.customer_profiles AS p ON p.customer_id = q.first
LEFT JOIN (
  SELECT
    x.customer_id,
    MAX(CASE WHEN x.segment = 'vip' THEN 1 END) AS `segment:vip`,
    MAX(CASE WHEN x.segment = 'staff' THEN 1 END) AS `segment:staff`
  FROM customhouse.segment_members AS x
  WHERE x.segment IN ('vip', 'staff')
  GROUP BY x.customer_id
) AS m ON m.customer_id = q.first;
