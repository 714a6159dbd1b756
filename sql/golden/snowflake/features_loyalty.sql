-- aggregate loyalty
CREATE OR REPLACE TABLE customhouse_work.features_loyalty COPY GRANTS AS
SELECT
  m.customer_id,
  CAST(GET(ARRAY_AGG(e.holder) WITHIN GROUP (ORDER BY coalesce(e."TIME", CAST('0001-01-01 00:00:00.000000' AS TIMESTAMP_NTZ(6))) DESC NULLS LAST, e.holder DESC), 0) AS VARCHAR) AS "pick.first_name.1",
  max(e.points) AS "pick.points.0"
FROM (
  SELECT
    BITAND(HASH(CAST(s.email AS VARCHAR), CAST(s.phone AS VARCHAR), CAST(s.card AS VARCHAR)), 9223372036854775807) AS "hash.1",
    BITAND(HASH('#' || CAST(s.email AS VARCHAR), '#' || CAST(s.phone AS VARCHAR), '#' || CAST(s.card AS VARCHAR)), 9223372036854775807) AS "hash.2",
    CAST(CAST(s.joined_at AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS "TIME",
    CAST(s.holder AS VARCHAR) AS holder,
    CAST(s.points AS INT) AS points
  FROM customhouse_work.files__loyalty AS s
) AS e
JOIN customhouse_work.map_loyalty AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
GROUP BY m.customer_id;
