-- aggregate newsletter
CREATE OR REPLACE TABLE customhouse_work.main.features_newsletter AS
SELECT
  m.customer_id,
  arg_max(e.subscribed, create_sort_key(coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00'), 'ASC NULLS FIRST', e.subscribed, 'ASC NULLS FIRST')) AS "pick.opted_in.1",
  max(CASE WHEN e.subscribed IS NOT NULL THEN coalesce(e."time", TIMESTAMP '0001-01-01 00:00:00') END) AS "pick.opted_in.1.time"
FROM (
  SELECT
    CAST(hash(CAST(s.email AS VARCHAR)) >> 1 AS BIGINT) AS "hash.1",
    CAST(hash('#' || CAST(s.email AS VARCHAR)) >> 1 AS BIGINT) AS "hash.2",
    CAST(s.changed_at AS TIMESTAMP) AS "time",
    CAST(s.subscribed AS BOOLEAN) AS subscribed
  FROM customhouse_work.files.newsletter AS s
) AS e
JOIN customhouse_work.main.map_newsletter AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
GROUP BY m.customer_id;
