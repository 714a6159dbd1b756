-- aggregate contacts
CREATE OR REPLACE TABLE customhouse_work.features_contacts COPY GRANTS AS
SELECT
  m.customer_id,
  CAST(GET(ARRAY_AGG(m."id.email") WITHIN GROUP (ORDER BY coalesce(e."TIME", CAST('0001-01-01 00:00:00.000000' AS TIMESTAMP_NTZ(6))) DESC NULLS LAST, m."id.email" DESC), 0) AS VARCHAR) AS "pick.email.0",
  max(CASE WHEN m."id.email" IS NOT NULL THEN coalesce(e."TIME", CAST('0001-01-01 00:00:00.000000' AS TIMESTAMP_NTZ(6))) END) AS "pick.email.0.time",
  CAST(GET(ARRAY_AGG(e.first_name) WITHIN GROUP (ORDER BY coalesce(e."TIME", CAST('0001-01-01 00:00:00.000000' AS TIMESTAMP_NTZ(6))) DESC NULLS LAST, e.first_name DESC), 0) AS VARCHAR) AS "pick.first_name.0",
  CAST(GET(ARRAY_AGG(e.country) WITHIN GROUP (ORDER BY coalesce(e."TIME", CAST('0001-01-01 00:00:00.000000' AS TIMESTAMP_NTZ(6))) DESC NULLS LAST, e.country DESC), 0) AS VARCHAR) AS "pick.country.0",
  max(CASE WHEN e.country IS NOT NULL THEN coalesce(e."TIME", CAST('0001-01-01 00:00:00.000000' AS TIMESTAMP_NTZ(6))) END) AS "pick.country.0.time",
  CAST(GET(ARRAY_AGG(e.opted_in) WITHIN GROUP (ORDER BY coalesce(e."TIME", CAST('0001-01-01 00:00:00.000000' AS TIMESTAMP_NTZ(6))) DESC NULLS LAST, e.opted_in DESC), 0) AS BOOLEAN) AS "pick.opted_in.0",
  max(CASE WHEN e.opted_in IS NOT NULL THEN coalesce(e."TIME", CAST('0001-01-01 00:00:00.000000' AS TIMESTAMP_NTZ(6))) END) AS "pick.opted_in.0.time"
FROM (
  SELECT
    BITAND(HASH(CAST(s.user_id AS VARCHAR), CAST(s.email AS VARCHAR), CAST(s.mobile AS VARCHAR)), 9223372036854775807) AS "hash.1",
    BITAND(HASH('#' || CAST(s.user_id AS VARCHAR), '#' || CAST(s.email AS VARCHAR), '#' || CAST(s.mobile AS VARCHAR)), 9223372036854775807) AS "hash.2",
    CAST(CAST(s.updated_at AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS "TIME",
    CAST(s.first_name AS VARCHAR) AS first_name,
    CAST(s.country AS VARCHAR) AS country,
    CAST(s.opted_in AS BOOLEAN) AS opted_in
  FROM customhouse_work.files__contacts AS s
) AS e
JOIN customhouse_work.map_contacts AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
GROUP BY m.customer_id;
