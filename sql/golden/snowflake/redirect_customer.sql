-- read merges
CREATE OR REPLACE TABLE customhouse_work.customer_redirect COPY GRANTS AS
SELECT
  h.old_id,
  min(h.new_id) AS new_id
FROM customhouse.customer_id_history AS h
WHERE h.kind = 'merge'
GROUP BY h.old_id;

-- repeat while not zero follow merges of merges
SELECT count(*) AS n
FROM customhouse_work.customer_redirect AS r
JOIN customhouse_work.customer_redirect AS s ON s.old_id = r.new_id;

-- follow merges of merges: follow merges of merges
CREATE OR REPLACE TABLE customhouse_work.customer_redirect COPY GRANTS AS
SELECT
  r.old_id,
  coalesce(s.new_id, r.new_id) AS new_id
FROM customhouse_work.customer_redirect AS r
LEFT JOIN customhouse_work.customer_redirect AS s ON s.old_id = r.new_id;
