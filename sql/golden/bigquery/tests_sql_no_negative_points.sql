-- test no_negative_points
SELECT COUNT(*) AS failures
FROM (
  SELECT c.customer_id
FROM (
    SELECT
      p.customer_id,
      p.email,
      p.first_name,
      p.country,
      p.opted_in,
      p.points,
      p.order_count,
      p.spent,
      p.last_order,
      p.last_seen,
      p.top_topic,
      p.lifecycle
    FROM customhouse.customer_profiles AS p
  ) AS c
JOIN (
    SELECT
      p.customer_id,
      p.email,
      p.first_name,
      p.country,
      p.opted_in,
      p.points,
      p.order_count,
      p.spent,
      p.last_order,
      p.last_seen,
      p.top_topic,
      p.lifecycle
    FROM customhouse.customer_profiles AS p
    JOIN customhouse.segment_members AS m ON m.customer_id = p.customer_id
    WHERE m.segment = 'vip'
  ) AS v ON v.customer_id = c.customer_id
WHERE c.points < 0
) AS failing;
