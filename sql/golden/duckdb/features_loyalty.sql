-- aggregate loyalty
CREATE OR REPLACE TABLE customhouse_work.main.features_loyalty AS
SELECT
  m.customer_id,
  arg_max(e.holder, create_sort_key(coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00'), 'ASC NULLS FIRST', e.holder, 'ASC NULLS FIRST')) AS "pick.first_name.1",
  max(e.points) AS "pick.points.0"
FROM (
  SELECT
    CAST(hash(CAST(s.email AS VARCHAR), CAST(s.phone AS VARCHAR), CAST(s.card AS VARCHAR)) >> 1 AS BIGINT) AS "hash.1",
    CAST(hash('#' || CAST(s.email AS VARCHAR), '#' || CAST(s.phone AS VARCHAR), '#' || CAST(s.card AS VARCHAR)) >> 1 AS BIGINT) AS "hash.2",
    CAST(s.joined_at AS TIMESTAMP) AS "time",
    CAST(s.holder AS VARCHAR) AS holder,
    CAST(s.points AS BIGINT) AS points
  FROM customhouse_work.files.loyalty AS s
) AS e
JOIN customhouse_work.main.map_loyalty AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
GROUP BY m.customer_id;
