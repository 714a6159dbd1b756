-- aggregate loyalty
CREATE OR REPLACE TABLE customhouse_work.main.features_loyalty AS
SELECT
  m.customer_id,
  arg_max(e.holder, create_sort_key(coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00'), 'ASC NULLS FIRST', e.holder, 'ASC NULLS FIRST')) AS "pick.first_name.1",
  max(e.points) AS "pick.points.0"
FROM (
  SELECT
    CAST(s.email AS VARCHAR) AS "raw.email",
    CAST(s.phone AS VARCHAR) AS "raw.phone",
    CAST(s.card AS VARCHAR) AS "raw.card",
    CAST(s.joined_at AS TIMESTAMP) AS "time",
    CAST(s.holder AS VARCHAR) AS holder,
    CAST(s.points AS BIGINT) AS points
  FROM customhouse_work.files.loyalty AS s
) AS e
JOIN customhouse_work.main.map_loyalty AS m ON e."raw.email" IS NOT DISTINCT FROM m."raw.email" AND e."raw.phone" IS NOT DISTINCT FROM m."raw.phone" AND e."raw.card" IS NOT DISTINCT FROM m."raw.card"
GROUP BY m.customer_id;
