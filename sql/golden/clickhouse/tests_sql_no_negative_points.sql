-- test no_negative_points
SELECT toInt64(count()) AS failures
FROM (
  SELECT c.customer_id
FROM (
    SELECT
      p.customer_id AS customer_id,
      p.email AS email,
      p.first_name AS first_name,
      p.country AS country,
      p.opted_in AS opted_in,
      p.points AS points,
      p.order_count AS order_count,
      p.spent AS spent,
      p.last_order AS last_order,
      p.last_seen AS last_seen,
      p.top_topic AS top_topic,
      p.lifecycle AS lifecycle
    FROM customhouse.customer_profiles AS p
  ) AS c
JOIN (
    SELECT
      p.customer_id AS customer_id,
      p.email AS email,
      p.first_name AS first_name,
      p.country AS country,
      p.opted_in AS opted_in,
      p.points AS points,
      p.order_count AS order_count,
      p.spent AS spent,
      p.last_order AS last_order,
      p.last_seen AS last_seen,
      p.top_topic AS top_topic,
      p.lifecycle AS lifecycle
    FROM customhouse.customer_profiles AS p
    JOIN customhouse.segment_members AS m ON m.customer_id = p.customer_id
    WHERE m.segment = 'vip'
  ) AS v ON v.customer_id = c.customer_id
WHERE c.points < 0
) AS failing;
