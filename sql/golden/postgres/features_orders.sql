-- aggregate orders
CREATE UNLOGGED TABLE customhouse_work.features_orders__next AS
SELECT
  m.customer_id,
  count(*) AS "orders.count_e146d1db",
  max(e."time") AS "orders.max_89c6585c",
  CAST(sum(e.amount) AS double precision) AS "orders.sum_28dc120a",
  (array_agg(m."id.email" ORDER BY coalesce(e."time", timestamp '0001-01-01 00:00:00') DESC NULLS LAST, m."id.email" DESC) FILTER (WHERE m."id.email" IS NOT NULL))[1] AS "pick.email.1",
  max(CASE WHEN m."id.email" IS NOT NULL THEN coalesce(e."time", timestamp '0001-01-01 00:00:00') END) AS "pick.email.1.time"
FROM (
  SELECT
    hash_record_extended(ROW((CAST(s.email AS text) COLLATE "C"), (CAST(s.card AS text) COLLATE "C")), 0) & 9223372036854775807 AS "hash.1",
    hash_record_extended(ROW('#' COLLATE "C" || (CAST(s.email AS text) COLLATE "C"), '#' COLLATE "C" || (CAST(s.card AS text) COLLATE "C")), 0) & 9223372036854775807 AS "hash.2",
    CAST(s.ordered_at AS timestamp) AS "time",
    (CAST(s.order_id AS text) COLLATE "C") AS order_id,
    (CAST(s.sku AS text) COLLATE "C") AS sku,
    CAST(s.amount AS numeric(38,9)) AS amount,
    CAST(s.quantity AS bigint) AS quantity
  FROM customhouse_work.files__orders AS s
) AS e
JOIN customhouse_work.map_orders AS m ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
GROUP BY m.customer_id;

DROP TABLE IF EXISTS customhouse_work.features_orders;

ALTER TABLE customhouse_work.features_orders__next RENAME TO features_orders;

ANALYZE customhouse_work.features_orders;
