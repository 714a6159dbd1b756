-- aggregate newsletter
CREATE UNLOGGED TABLE customhouse_work.features_newsletter__next AS
SELECT
  m.customer_id,
  (array_agg(e.subscribed ORDER BY coalesce(e."time", timestamp '0001-01-01 00:00:00') DESC NULLS LAST, e.subscribed DESC) FILTER (WHERE e.subscribed IS NOT NULL))[1] AS "pick.opted_in.1",
  max(CASE WHEN e.subscribed IS NOT NULL THEN coalesce(e."time", timestamp '0001-01-01 00:00:00') END) AS "pick.opted_in.1.time"
FROM (
  SELECT
    hash_record_extended(ROW((CAST(s.email AS text) COLLATE "C")), 0) & 9223372036854775807 AS "hash.1",
    hash_record_extended(ROW('#' COLLATE "C" || (CAST(s.email AS text) COLLATE "C")), 0) & 9223372036854775807 AS "hash.2",
    CAST(s.changed_at AS timestamp) AS "time",
    CAST(s.subscribed AS boolean) AS subscribed
  FROM customhouse_work.files__newsletter AS s
) AS e
JOIN customhouse_work.map_newsletter AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
GROUP BY m.customer_id;

DROP TABLE IF EXISTS customhouse_work.features_newsletter;

ALTER TABLE customhouse_work.features_newsletter__next RENAME TO features_newsletter;

ANALYZE customhouse_work.features_newsletter;
