-- aggregate newsletter
CREATE OR REPLACE TABLE customhouse_work.features_newsletter COPY GRANTS AS
SELECT
  m.customer_id,
  CAST(GET(ARRAY_AGG(e.subscribed) WITHIN GROUP (ORDER BY coalesce(e."TIME", CAST('0001-01-01 00:00:00.000000' AS TIMESTAMP_NTZ(6))) DESC NULLS LAST, e.subscribed DESC), 0) AS BOOLEAN) AS "pick.opted_in.1",
  max(CASE WHEN e.subscribed IS NOT NULL THEN coalesce(e."TIME", CAST('0001-01-01 00:00:00.000000' AS TIMESTAMP_NTZ(6))) END) AS "pick.opted_in.1.time"
FROM (
  SELECT
    BITAND(HASH(CAST(s.email AS VARCHAR)), 9223372036854775807) AS "hash.1",
    BITAND(HASH('#' || CAST(s.email AS VARCHAR)), 9223372036854775807) AS "hash.2",
    CAST(CAST(s.changed_at AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS "TIME",
    CAST(s.subscribed AS BOOLEAN) AS subscribed
  FROM customhouse_work.files__newsletter AS s
) AS e
JOIN customhouse_work.map_newsletter AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
GROUP BY m.customer_id;
