-- aggregate loyalty
CREATE UNLOGGED TABLE customhouse_work.features_loyalty__next AS
SELECT
  m.customer_id,
  (array_agg(e.holder ORDER BY coalesce(e."time", timestamp '0001-01-01 00:00:00') DESC NULLS LAST, e.holder DESC) FILTER (WHERE e.holder IS NOT NULL))[1] AS "pick.first_name.1",
  max(e.points) AS "pick.points.0"
FROM (
  SELECT
    hash_record_extended(ROW((CAST(s.email AS text) COLLATE "C"), (CAST(s.phone AS text) COLLATE "C"), (CAST(s.card AS text) COLLATE "C")), 0) & 9223372036854775807 AS "hash.1",
    hash_record_extended(ROW('#' COLLATE "C" || (CAST(s.email AS text) COLLATE "C"), '#' COLLATE "C" || (CAST(s.phone AS text) COLLATE "C"), '#' COLLATE "C" || (CAST(s.card AS text) COLLATE "C")), 0) & 9223372036854775807 AS "hash.2",
    CAST(s.joined_at AS timestamp) AS "time",
    (CAST(s.holder AS text) COLLATE "C") AS holder,
    CAST(s.points AS bigint) AS points
  FROM customhouse_work.files__loyalty AS s
) AS e
JOIN customhouse_work.map_loyalty AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
GROUP BY m.customer_id;

DROP TABLE IF EXISTS customhouse_work.features_loyalty;

ALTER TABLE customhouse_work.features_loyalty__next RENAME TO features_loyalty;

ANALYZE customhouse_work.features_loyalty;
