-- find whose rows newsletter holds
CREATE OR REPLACE TABLE customhouse_work.map_newsletter ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(q.`hash.1`) AS `hash.1`,
  toNullable(q.`hash.2`) AS `hash.2`,
  toNullable(i.customer_id) AS customer_id
FROM (
  SELECT
    r.`hash.1` AS `hash.1`,
    r.`hash.2` AS `hash.2`,
    CASE WHEN r.`n.email` IN (
      SELECT q.number AS number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS Nullable(Int64)) ELSE r.`n.email` END AS strongest
  FROM customhouse.identity_rows_newsletter AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
WHERE i.customer_id IS NOT NULL;
