-- aggregate contacts
CREATE OR REPLACE TABLE customhouse_work.main.features_contacts AS
SELECT
  m.customer_id,
  arg_max(m."id.email", create_sort_key(coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00'), 'ASC NULLS FIRST', m."id.email", 'ASC NULLS FIRST')) AS "pick.email.0",
  max(CASE WHEN m."id.email" IS NOT NULL THEN coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00') END) AS "pick.email.0.time",
  arg_max(e.first_name, create_sort_key(coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00'), 'ASC NULLS FIRST', e.first_name, 'ASC NULLS FIRST')) AS "pick.first_name.0",
  arg_max(e.country, create_sort_key(coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00'), 'ASC NULLS FIRST', e.country, 'ASC NULLS FIRST')) AS "pick.country.0",
  max(CASE WHEN e.country IS NOT NULL THEN coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00') END) AS "pick.country.0.time",
  arg_max(e.opted_in, create_sort_key(coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00'), 'ASC NULLS FIRST', e.opted_in, 'ASC NULLS FIRST')) AS "pick.opted_in.0",
  max(CASE WHEN e.opted_in IS NOT NULL THEN coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00') END) AS "pick.opted_in.0.time"
FROM (
  SELECT
    CAST(hash(CAST(s.user_id AS VARCHAR), CAST(s.email AS VARCHAR), CAST(s.mobile AS VARCHAR)) >> 1 AS BIGINT) AS "hash.1",
    CAST(hash('#' || CAST(s.user_id AS VARCHAR), '#' || CAST(s.email AS VARCHAR), '#' || CAST(s.mobile AS VARCHAR)) >> 1 AS BIGINT) AS "hash.2",
    CAST(s.updated_at AS TIMESTAMP) AS "time",
    CAST(s.first_name AS VARCHAR) AS first_name,
    CAST(s.country AS VARCHAR) AS country,
    CAST(s.opted_in AS BOOLEAN) AS opted_in
  FROM customhouse_work.files.contacts AS s
) AS e
JOIN customhouse_work.main.map_contacts AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
GROUP BY m.customer_id;
