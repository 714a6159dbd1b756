-- test the rows of contacts
SELECT
  count(CASE WHEN p.opted_in IS NOT NULL THEN 1 END) AS n1,
  count(CASE WHEN p.opted_in IS NOT NULL AND (p.country IS NOT NULL AND NOT (p.country IN ('FR', 'BE', 'DE', 'CH', 'GB'))) THEN 1 END) AS n2
FROM (
  SELECT
    CAST(s.country AS VARCHAR) AS country,
    CAST(s.opted_in AS BOOLEAN) AS opted_in,
    CAST(s.user_id AS VARCHAR) AS user_id,
    CAST(s.email AS VARCHAR) AS email,
    CAST(s.mobile AS VARCHAR) AS phone
  FROM customhouse_work.files__contacts AS s
) AS p;
