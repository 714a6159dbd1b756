-- read merges
CREATE UNLOGGED TABLE customhouse_work.customer_redirect__next AS
SELECT
  h.old_id,
  min(h.new_id) AS new_id
FROM customhouse.customer_id_history AS h
WHERE h.kind = 'merge' COLLATE "C"
GROUP BY h.old_id;

DROP TABLE IF EXISTS customhouse_work.customer_redirect;

ALTER TABLE customhouse_work.customer_redirect__next RENAME TO customer_redirect;

ANALYZE customhouse_work.customer_redirect;

-- repeat while not zero follow merges of merges
SELECT count(*) AS n
FROM customhouse_work.customer_redirect AS r
JOIN customhouse_work.customer_redirect AS s ON s.old_id = r.new_id;

-- follow merges of merges: follow merges of merges
CREATE UNLOGGED TABLE customhouse_work.customer_redirect__next AS
SELECT
  r.old_id,
  coalesce(s.new_id, r.new_id) AS new_id
FROM customhouse_work.customer_redirect AS r
LEFT JOIN customhouse_work.customer_redirect AS s ON s.old_id = r.new_id;

DROP TABLE IF EXISTS customhouse_work.customer_redirect;

ALTER TABLE customhouse_work.customer_redirect__next RENAME TO customer_redirect;

ANALYZE customhouse_work.customer_redirect;
