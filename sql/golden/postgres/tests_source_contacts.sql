-- test the rows of contacts
SELECT
  count(CASE WHEN p.opted_in IS NOT NULL THEN 1 END) AS n1,
  count(CASE WHEN p.opted_in IS NOT NULL AND (p.country IS NOT NULL AND NOT (p.country IN ('FR' COLLATE "C", 'BE' COLLATE "C", 'DE' COLLATE "C", 'CH' COLLATE "C", 'GB' COLLATE "C"))) THEN 1 END) AS n2
FROM (
  SELECT
    (CAST(s.country AS text) COLLATE "C") AS country,
    CAST(s.opted_in AS boolean) AS opted_in,
    (CAST(s.user_id AS text) COLLATE "C") AS user_id,
    (CAST(s.email AS text) COLLATE "C") AS email,
    (CAST(s.mobile AS text) COLLATE "C") AS phone
  FROM customhouse_work.files__contacts AS s
) AS p;
