-- find whose rows orders holds
CREATE OR REPLACE TABLE customhouse_work.map_orders ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(q.`hash.1`) AS `hash.1`,
  toNullable(q.`hash.2`) AS `hash.2`,
  toNullable(i.customer_id) AS customer_id,
  toNullable(t0.identifier) AS `id.email`
FROM (
  SELECT
    r.`hash.1` AS `hash.1`,
    r.`hash.2` AS `hash.2`,
    coalesce(CASE WHEN r.`n.email` IN (
      SELECT q.number AS number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS Nullable(Int64)) ELSE r.`n.email` END, CASE WHEN r.`n.card` IN (
      SELECT q.number AS number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS Nullable(Int64)) ELSE r.`n.card` END) AS strongest,
    r.`n.email` AS `n.email`
  FROM customhouse.identity_rows_orders AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
LEFT JOIN customhouse.customer_identities AS t0 ON t0.number = q.`n.email`
WHERE i.customer_id IS NOT NULL;
