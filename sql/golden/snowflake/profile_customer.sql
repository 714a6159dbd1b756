-- join what is known of each customer
CREATE OR REPLACE TABLE customhouse_work.customer_wide COPY GRANTS AS
SELECT
  p.customer_id,
  p.email,
  p.first_name,
  p.country,
  p.opted_in,
  p.points,
  p."orders.count_e146d1db",
  p."orders.max_89c6585c",
  p."orders.sum_28dc120a",
  p."page_views.max_2c0f966d",
  p."page_views.most_frequent_fee6d671",
  p."bits.0",
  p.order_count,
  p.spent,
  p.last_order,
  p.last_seen,
  p.top_topic,
  CASE WHEN p.order_count = 0 THEN CAST('prospect' AS VARCHAR) ELSE CASE WHEN p.last_order < CAST('2025-07-06 00:00:00.000000' AS TIMESTAMP_NTZ(6)) THEN 'lapsed' WHEN NOT (p.last_order < CAST('2025-07-06 00:00:00.000000' AS TIMESTAMP_NTZ(6))) THEN 'active' END END AS lifecycle
FROM (
  SELECT
    p.customer_id,
    p.email,
    p.first_name,
    p.country,
    p.opted_in,
    p.points,
    p."orders.count_e146d1db",
    p."orders.max_89c6585c",
    p."orders.sum_28dc120a",
    p."page_views.max_2c0f966d",
    p."page_views.most_frequent_fee6d671",
    p."bits.0",
    coalesce(p."orders.count_e146d1db", CAST(0 AS INT)) AS order_count,
    coalesce(p."orders.sum_28dc120a", CAST('0' AS FLOAT)) AS spent,
    p."orders.max_89c6585c" AS last_order,
    p."page_views.max_2c0f966d" AS last_seen,
    p."page_views.most_frequent_fee6d671" AS top_topic
  FROM (
    SELECT
      c.customer_id,
      f_orders."orders.count_e146d1db",
      f_orders."orders.max_89c6585c",
      f_orders."orders.sum_28dc120a",
      f_page_views."page_views.max_2c0f966d",
      f_page_views."page_views.most_frequent_fee6d671",
      CASE WHEN f_contacts."pick.email.0.time" = GREATEST_IGNORE_NULLS(f_contacts."pick.email.0.time", f_orders."pick.email.1.time") THEN f_contacts."pick.email.0" WHEN f_orders."pick.email.1.time" = GREATEST_IGNORE_NULLS(f_contacts."pick.email.0.time", f_orders."pick.email.1.time") THEN f_orders."pick.email.1" END AS email,
      coalesce(f_contacts."pick.first_name.0", f_loyalty."pick.first_name.1") AS first_name,
      f_contacts."pick.country.0" AS country,
      CASE WHEN f_contacts."pick.opted_in.0.time" = GREATEST_IGNORE_NULLS(f_contacts."pick.opted_in.0.time", f_newsletter."pick.opted_in.1.time") THEN f_contacts."pick.opted_in.0" WHEN f_newsletter."pick.opted_in.1.time" = GREATEST_IGNORE_NULLS(f_contacts."pick.opted_in.0.time", f_newsletter."pick.opted_in.1.time") THEN f_newsletter."pick.opted_in.1" END AS opted_in,
      f_loyalty."pick.points.0" AS points,
      BITXOR(coalesce(f_page_views."bits.0", 0), CAST(CASE WHEN coalesce(CAST(NULL AS INT), 0) >= 3 THEN 4 ELSE 0 END AS INT)) AS "bits.0"
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
CREATE OR REPLACE TABLE customhouse.customer_profiles__new COPY GRANTS AS
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
CREATE OR REPLACE TABLE customhouse_work.customer_turned COPY GRANTS AS
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

CREATE OR REPLACE TABLE customhouse.customer_profiles CLONE customhouse.customer_profiles__new COPY GRANTS;

DROP TABLE IF EXISTS customhouse.customer_profiles__new;

UPDATE customhouse.customer_profile_history SET valid_to = CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6))
WHERE valid_to IS NULL
  AND customer_id IN (
    SELECT t.was
    FROM customhouse_work.customer_turned AS t
    WHERE t.was IS NOT NULL
  );

INSERT INTO customhouse.customer_profile_history (valid_from, valid_to, customer_id, lifecycle)
SELECT
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS valid_from,
  CAST(CAST(NULL AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS valid_to,
  w.customer_id,
  w.lifecycle
FROM customhouse_work.customer_wide AS w
JOIN customhouse_work.customer_turned AS t ON t.now = w.customer_id;

-- measure profile:customer
SELECT count(*) AS profiles
FROM customhouse.customer_profiles AS p;
