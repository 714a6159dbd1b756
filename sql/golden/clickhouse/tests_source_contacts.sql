-- test the rows of contacts
SELECT
  toInt64(countIf(isNotNull(CASE WHEN p.opted_in IS NOT NULL THEN toInt64(1) END))) AS n1,
  toInt64(countIf(isNotNull(CASE WHEN p.opted_in IS NOT NULL AND (p.country IS NOT NULL AND NOT (p.country IN ('FR', 'BE', 'DE', 'CH', 'GB'))) THEN toInt64(1) END))) AS n2
FROM (
  SELECT
    if(isNull(s.country), NULL, CAST(assumeNotNull(s.country) AS String)) AS country,
    if(isNull(s.opted_in), NULL, CAST(assumeNotNull(s.opted_in) AS Bool)) AS opted_in,
    toString(s.user_id) AS user_id,
    toString(s.email) AS email,
    toString(s.mobile) AS phone
  FROM customhouse_work.files__contacts AS s
) AS p;
