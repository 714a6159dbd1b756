-- aggregate contacts
CREATE UNLOGGED TABLE customhouse_work.features_contacts__next AS
SELECT
  m.customer_id,
  (array_agg(m."id.email" ORDER BY coalesce(e."time", timestamp '0001-01-01 00:00:00') DESC NULLS LAST, m."id.email" DESC) FILTER (WHERE m."id.email" IS NOT NULL))[1] AS "pick.email.0",
  max(CASE WHEN m."id.email" IS NOT NULL THEN coalesce(e."time", timestamp '0001-01-01 00:00:00') END) AS "pick.email.0.time",
  (array_agg(e.first_name ORDER BY coalesce(e."time", timestamp '0001-01-01 00:00:00') DESC NULLS LAST, e.first_name DESC) FILTER (WHERE e.first_name IS NOT NULL))[1] AS "pick.first_name.0",
  (array_agg(e.country ORDER BY coalesce(e."time", timestamp '0001-01-01 00:00:00') DESC NULLS LAST, e.country DESC) FILTER (WHERE e.country IS NOT NULL))[1] AS "pick.country.0",
  max(CASE WHEN e.country IS NOT NULL THEN coalesce(e."time", timestamp '0001-01-01 00:00:00') END) AS "pick.country.0.time",
  (array_agg(e.opted_in ORDER BY coalesce(e."time", timestamp '0001-01-01 00:00:00') DESC NULLS LAST, e.opted_in DESC) FILTER (WHERE e.opted_in IS NOT NULL))[1] AS "pick.opted_in.0",
  max(CASE WHEN e.opted_in IS NOT NULL THEN coalesce(e."time", timestamp '0001-01-01 00:00:00') END) AS "pick.opted_in.0.time"
FROM (
  SELECT
    hash_record_extended(ROW((CAST(s.user_id AS text) COLLATE "C"), (CAST(s.email AS text) COLLATE "C"), (CAST(s.mobile AS text) COLLATE "C")), 0) & 9223372036854775807 AS "hash.1",
    hash_record_extended(ROW('#' COLLATE "C" || (CAST(s.user_id AS text) COLLATE "C"), '#' COLLATE "C" || (CAST(s.email AS text) COLLATE "C"), '#' COLLATE "C" || (CAST(s.mobile AS text) COLLATE "C")), 0) & 9223372036854775807 AS "hash.2",
    CAST(s.updated_at AS timestamp) AS "time",
    (CAST(s.first_name AS text) COLLATE "C") AS first_name,
    (CAST(s.country AS text) COLLATE "C") AS country,
    CAST(s.opted_in AS boolean) AS opted_in
  FROM customhouse_work.files__contacts AS s
) AS e
JOIN customhouse_work.map_contacts AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
GROUP BY m.customer_id;

DROP TABLE IF EXISTS customhouse_work.features_contacts;

ALTER TABLE customhouse_work.features_contacts__next RENAME TO features_contacts;

ANALYZE customhouse_work.features_contacts;
