-- find whose rows page_views holds
CREATE OR REPLACE TABLE customhouse_work.map_page_views ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(q.`hash.1`) AS `hash.1`,
  toNullable(q.`hash.2`) AS `hash.2`,
  toNullable(i.customer_id) AS customer_id
FROM (
  SELECT
    r.`hash.1` AS `hash.1`,
    r.`hash.2` AS `hash.2`,
    coalesce(r.`n.user_id`, CASE WHEN r.`n.cookie` IN (
      SELECT q.number AS number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS Nullable(Int64)) ELSE r.`n.cookie` END) AS strongest
  FROM customhouse.identity_rows_page_views AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
WHERE i.customer_id IS NOT NULL;
