-- join what is known of each customer
CREATE TEMP FUNCTION greatest_of(xs ANY TYPE) AS ((SELECT MAX(x) FROM UNNEST(xs) AS x));
CREATE OR REPLACE TABLE customhouse_work.customer_wide AS
SELECT
  p.customer_id,
  p.email,
  p.first_name,
  p.country,
  p.opted_in,
  p.points,
  p.`orders_x002E_count_e146d1db`,
  p.`orders_x002E_max_89c6585c`,
  p.`orders_x002E_sum_28dc120a`,
  p.`page_views_x002E_max_2c0f966d`,
  p.`page_views_x002E_most_frequent_fee6d671`,
  p.`bits_x002E_0`,
  p.order_count,
  p.spent,
  p.last_order,
  p.last_seen,
  p.top_topic,
  CASE WHEN p.order_count = 0 THEN 'prospect' ELSE CASE WHEN p.last_order < TIMESTAMP '2025-07-06 00:00:00+00' THEN 'lapsed' WHEN NOT (p.last_order < TIMESTAMP '2025-07-06 00:00:00+00') THEN 'active' END END AS lifecycle
FROM (
  SELECT
    p.customer_id,
    p.email,
    p.first_name,
    p.country,
    p.opted_in,
    p.points,
    p.`orders_x002E_count_e146d1db`,
    p.`orders_x002E_max_89c6585c`,
    p.`orders_x002E_sum_28dc120a`,
    p.`page_views_x002E_max_2c0f966d`,
    p.`page_views_x002E_most_frequent_fee6d671`,
    p.`bits_x002E_0`,
    COALESCE(p.`orders_x002E_count_e146d1db`, 0) AS order_count,
    COALESCE(p.`orders_x002E_sum_28dc120a`, 0e0) AS spent,
    p.`orders_x002E_max_89c6585c` AS last_order,
    p.`page_views_x002E_max_2c0f966d` AS last_seen,
    p.`page_views_x002E_most_frequent_fee6d671` AS top_topic
  FROM (
    SELECT
      c.customer_id,
      f_orders.`orders_x002E_count_e146d1db`,
      f_orders.`orders_x002E_max_89c6585c`,
      f_orders.`orders_x002E_sum_28dc120a`,
      f_page_views.`page_views_x002E_max_2c0f966d`,
      f_page_views.`page_views_x002E_most_frequent_fee6d671`,
      CASE WHEN f_contacts.`pick_x002E_email_x002E_0_x002E_time` = greatest_of([f_contacts.`pick_x002E_email_x002E_0_x002E_time`, f_orders.`pick_x002E_email_x002E_1_x002E_time`]) THEN f_contacts.`pick_x002E_email_x002E_0` WHEN f_orders.`pick_x002E_email_x002E_1_x002E_time` = greatest_of([f_contacts.`pick_x002E_email_x002E_0_x002E_time`, f_orders.`pick_x002E_email_x002E_1_x002E_time`]) THEN f_orders.`pick_x002E_email_x002E_1` END AS email,
      COALESCE(f_contacts.`pick_x002E_first_name_x002E_0`, f_loyalty.`pick_x002E_first_name_x002E_1`) AS first_name,
      f_contacts.`pick_x002E_country_x002E_0` AS country,
      CASE WHEN f_contacts.`pick_x002E_opted_in_x002E_0_x002E_time` = greatest_of([f_contacts.`pick_x002E_opted_in_x002E_0_x002E_time`, f_newsletter.`pick_x002E_opted_in_x002E_1_x002E_time`]) THEN f_contacts.`pick_x002E_opted_in_x002E_0` WHEN f_newsletter.`pick_x002E_opted_in_x002E_1_x002E_time` = greatest_of([f_contacts.`pick_x002E_opted_in_x002E_0_x002E_time`, f_newsletter.`pick_x002E_opted_in_x002E_1_x002E_time`]) THEN f_newsletter.`pick_x002E_opted_in_x002E_1` END AS opted_in,
      f_loyalty.`pick_x002E_points_x002E_0` AS points,
      COALESCE(f_page_views.`bits_x002E_0`, 0) ^ CAST(CASE WHEN COALESCE(CAST(NULL AS INT64), 0) >= 3 THEN 4 ELSE 0 END AS INT64) AS `bits_x002E_0`
    FROM (
      SELECT DISTINCT i.customer_id
      FROM customhouse.customer_identities AS i
      WHERE i.customer_id IS NOT NULL
    ) AS c
    LEFT JOIN customhouse_work.features_contacts AS f_contacts ON f_contacts.customer_id = c.customer_id
    LEFT JOIN customhouse_work.features_loyalty AS f_loyalty ON f_loyalty.customer_id = c.customer_id
    LEFT JOIN customhouse_work.features_newsletter AS f_newsletter ON f_newsletter.customer_id = c.customer_id
    LEFT JOIN customhouse_work.features_orders AS f_orders ON f_orders.customer_id = c.customer_id
    LEFT JOIN customhouse_work.features_page_views AS f_page_views ON f_page_views.customer_id = c.customer_id
  ) AS p
) AS p;

-- write profiles
CREATE OR REPLACE TABLE customhouse.customer_profiles__new
CLUSTER BY customer_id AS
SELECT
  w.customer_id,
  w.email,
  w.first_name,
  w.country,
  w.opted_in,
  w.points,
  w.order_count,
  w.spent,
  w.last_order,
  w.last_seen,
  w.top_topic,
  w.lifecycle
FROM customhouse_work.customer_wide AS w;

-- compare with the history
CREATE OR REPLACE TABLE customhouse_work.customer_turned AS
SELECT
  h.customer_id AS was,
  w.customer_id AS now
FROM customhouse_work.customer_wide AS w
FULL JOIN (
  SELECT
    o.customer_id,
    o.lifecycle
  FROM customhouse.customer_profile_history AS o
  WHERE o.valid_to IS NULL
) AS h ON h.customer_id = w.customer_id
WHERE h.customer_id IS NULL OR w.customer_id IS NULL OR w.lifecycle IS DISTINCT FROM h.lifecycle;

-- put in place
DELETE FROM customhouse.evaluated_from
WHERE node = 'profile:customer';

CREATE OR REPLACE TABLE customhouse.customer_profiles COPY customhouse.customer_profiles__new;

DROP TABLE IF EXISTS customhouse.customer_profiles__new;

UPDATE customhouse.customer_profile_history SET valid_to = TIMESTAMP '2026-01-02 00:00:00+00'
WHERE valid_to IS NULL
  AND customer_id IN (
    SELECT t.was
    FROM customhouse_work.customer_turned AS t
    WHERE t.was IS NOT NULL
  );

INSERT INTO customhouse.customer_profile_history (valid_from, valid_to, customer_id, lifecycle)
SELECT
  TIMESTAMP '2026-01-02 00:00:00+00' AS valid_from,
  CAST(NULL AS TIMESTAMP) AS valid_to,
  w.customer_id,
  w.lifecycle
FROM customhouse_work.customer_wide AS w
JOIN customhouse_work.customer_turned AS t ON t.now = w.customer_id;

-- measure profile:customer
SELECT COUNT(*) AS profiles
FROM customhouse.customer_profiles AS p;
