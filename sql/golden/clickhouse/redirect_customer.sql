-- read merges
CREATE OR REPLACE TABLE customhouse_work.customer_redirect ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(h.old_id) AS old_id,
  toNullable(minOrNull(h.new_id)) AS new_id
FROM customhouse.customer_id_history AS h
WHERE h.`kind` = 'merge'
GROUP BY h.old_id;

-- repeat while not zero follow merges of merges
SELECT toInt64(count()) AS n
FROM customhouse_work.customer_redirect AS r
JOIN customhouse_work.customer_redirect AS s ON s.old_id = r.new_id;

-- follow merges of merges: follow merges of merges
CREATE OR REPLACE TABLE customhouse_work.customer_redirect ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(r.old_id) AS old_id,
  toNullable(coalesce(s.new_id, r.new_id)) AS new_id
FROM customhouse_work.customer_redirect AS r
LEFT JOIN customhouse_work.customer_redirect AS s ON s.old_id = r.new_id;
