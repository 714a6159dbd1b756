-- test the rows of contacts
SELECT
  COUNT(CASE WHEN p.opted_in IS NOT NULL THEN 1 END) AS n1,
  COUNT(CASE WHEN p.opted_in IS NOT NULL AND (p.country IS NOT NULL AND NOT (p.country IN ('FR', 'BE', 'DE', 'CH', 'GB'))) THEN 1 END) AS n2
FROM (
  SELECT
    CAST(s.country AS STRING) AS country,
    CAST(s.opted_in AS BOOL) AS opted_in,
    CAST(s.user_id AS STRING) AS user_id,
    CAST(s.email AS STRING) AS email,
    CAST(s.mobile AS STRING) AS phone
  FROM customhouse_work.files__contacts AS s
) AS p;
