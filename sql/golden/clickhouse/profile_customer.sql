-- join what is known of each customer
CREATE OR REPLACE TABLE customhouse_work.customer_wide ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(p.customer_id) AS customer_id,
  toNullable(p.email) AS email,
  toNullable(p.first_name) AS first_name,
  toNullable(p.country) AS country,
  toNullable(p.opted_in) AS opted_in,
  toNullable(p.points) AS points,
  toNullable(p.`orders.count_e146d1db`) AS `orders.count_e146d1db`,
  toNullable(p.`orders.max_89c6585c`) AS `orders.max_89c6585c`,
  toNullable(p.`orders.sum_28dc120a`) AS `orders.sum_28dc120a`,
  toNullable(p.`page_views.max_2c0f966d`) AS `page_views.max_2c0f966d`,
  toNullable(p.`page_views.most_frequent_fee6d671`) AS `page_views.most_frequent_fee6d671`,
  toNullable(p.`bits.0`) AS `bits.0`,
  toNullable(p.order_count) AS order_count,
  toNullable(p.spent) AS spent,
  toNullable(p.last_order) AS last_order,
  toNullable(p.last_seen) AS last_seen,
  toNullable(p.top_topic) AS top_topic,
  toNullable(CASE WHEN p.order_count = 0 THEN 'prospect' ELSE CASE WHEN p.last_order < toDateTime64('2025-07-06 00:00:00.000000', 6, 'UTC') THEN 'lapsed' WHEN NOT (p.last_order < toDateTime64('2025-07-06 00:00:00.000000', 6, 'UTC')) THEN 'active' END END) AS lifecycle
FROM (
  SELECT
    p.customer_id AS customer_id,
    p.email AS email,
    p.first_name AS first_name,
    p.country AS country,
    p.opted_in AS opted_in,
    p.points AS points,
    p.`orders.count_e146d1db` AS `orders.count_e146d1db`,
    p.`orders.max_89c6585c` AS `orders.max_89c6585c`,
    p.`orders.sum_28dc120a` AS `orders.sum_28dc120a`,
    p.`page_views.max_2c0f966d` AS `page_views.max_2c0f966d`,
    p.`page_views.most_frequent_fee6d671` AS `page_views.most_frequent_fee6d671`,
    p.`bits.0` AS `bits.0`,
    coalesce(p.`orders.count_e146d1db`, toInt64(0)) AS order_count,
    coalesce(p.`orders.sum_28dc120a`, 0e0) AS spent,
    p.`orders.max_89c6585c` AS last_order,
    p.`page_views.max_2c0f966d` AS last_seen,
    p.`page_views.most_frequent_fee6d671` AS top_topic
  FROM (
    SELECT
      c.customer_id AS customer_id,
      f_orders.`orders.count_e146d1db` AS `orders.count_e146d1db`,
      f_orders.`orders.max_89c6585c` AS `orders.max_89c6585c`,
      f_orders.`orders.sum_28dc120a` AS `orders.sum_28dc120a`,
      f_page_views.`page_views.max_2c0f966d` AS `page_views.max_2c0f966d`,
      f_page_views.`page_views.most_frequent_fee6d671` AS `page_views.most_frequent_fee6d671`,
      CASE WHEN f_contacts.`pick.email.0.time` = greatest(f_contacts.`pick.email.0.time`, f_orders.`pick.email.1.time`) THEN f_contacts.`pick.email.0` WHEN f_orders.`pick.email.1.time` = greatest(f_contacts.`pick.email.0.time`, f_orders.`pick.email.1.time`) THEN f_orders.`pick.email.1` END AS email,
      coalesce(f_contacts.`pick.first_name.0`, f_loyalty.`pick.first_name.1`) AS first_name,
      f_contacts.`pick.country.0` AS country,
      CASE WHEN f_contacts.`pick.opted_in.0.time` = greatest(f_contacts.`pick.opted_in.0.time`, f_newsletter.`pick.opted_in.1.time`) THEN f_contacts.`pick.opted_in.0` WHEN f_newsletter.`pick.opted_in.1.time` = greatest(f_contacts.`pick.opted_in.0.time`, f_newsletter.`pick.opted_in.1.time`) THEN f_newsletter.`pick.opted_in.1` END AS opted_in,
      f_loyalty.`pick.points.0` AS points,
      bitXor(coalesce(f_page_views.`bits.0`, toInt64(0)), if(isNull(CASE WHEN coalesce(CAST(NULL AS Nullable(Int64)), toInt64(0)) >= 3 THEN toInt64(4) ELSE toInt64(0) END), NULL, CAST(assumeNotNull(CASE WHEN coalesce(CAST(NULL AS Nullable(Int64)), toInt64(0)) >= 3 THEN toInt64(4) ELSE toInt64(0) END) AS Int64))) AS `bits.0`
    FROM (
      SELECT DISTINCT i.customer_id AS customer_id
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
CREATE OR REPLACE TABLE customhouse.customer_profiles__new ENGINE = MergeTree ORDER BY (customer_id) SETTINGS allow_nullable_key = 1 AS
SELECT
  toNullable(w.customer_id) AS customer_id,
  toNullable(w.email) AS email,
  toNullable(w.first_name) AS first_name,
  toNullable(w.country) AS country,
  toNullable(w.opted_in) AS opted_in,
  toNullable(w.points) AS points,
  toNullable(w.order_count) AS order_count,
  toNullable(w.spent) AS spent,
  toNullable(w.last_order) AS last_order,
  toNullable(w.last_seen) AS last_seen,
  toNullable(w.top_topic) AS top_topic,
  toNullable(w.lifecycle) AS lifecycle
FROM customhouse_work.customer_wide AS w;

-- compare with the history
CREATE OR REPLACE TABLE customhouse_work.customer_turned ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(h.customer_id) AS was,
  toNullable(w.customer_id) AS now
FROM customhouse_work.customer_wide AS w
FULL JOIN (
  SELECT
    o.customer_id AS customer_id,
    o.lifecycle AS lifecycle
  FROM customhouse.customer_profile_history AS o
  WHERE o.valid_to IS NULL
) AS h ON h.customer_id = w.customer_id
WHERE h.customer_id IS NULL OR w.customer_id IS NULL OR w.lifecycle IS DISTINCT FROM h.lifecycle;

-- put in place
DELETE FROM customhouse.evaluated_from
WHERE node = 'profile:customer';

CREATE OR REPLACE TABLE customhouse.customer_profiles CLONE AS customhouse.customer_profiles__new;

DROP TABLE IF EXISTS customhouse.customer_profiles__new;

CREATE OR REPLACE TABLE customhouse.customer_profile_history__rebuilt AS customhouse.customer_profile_history;

INSERT INTO customhouse.customer_profile_history__rebuilt
SELECT * REPLACE (CASE WHEN valid_to IS NULL AND customer_id IN (
  SELECT t.was AS was
  FROM customhouse_work.customer_turned AS t
  WHERE t.was IS NOT NULL
) THEN toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') ELSE valid_to END AS valid_to)
FROM customhouse.customer_profile_history;

EXCHANGE TABLES customhouse.customer_profile_history AND customhouse.customer_profile_history__rebuilt;

DROP TABLE customhouse.customer_profile_history__rebuilt;

INSERT INTO customhouse.customer_profile_history (valid_from, valid_to, customer_id, lifecycle)
SELECT
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS valid_from,
  CAST(NULL AS Nullable(DateTime64(6, 'UTC'))) AS valid_to,
  w.customer_id AS customer_id,
  w.lifecycle AS lifecycle
FROM customhouse_work.customer_wide AS w
JOIN customhouse_work.customer_turned AS t ON t.now = w.customer_id;

-- measure profile:customer
SELECT toInt64(count()) AS `profiles`
FROM customhouse.customer_profiles AS p;
