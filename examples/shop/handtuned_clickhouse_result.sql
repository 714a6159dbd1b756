-- Part three: identities, profiles and segments. clusters (n, c) says which
-- customer an identifier belongs to.

CREATE OR REPLACE TABLE identities ENGINE = MergeTree ORDER BY (identifier_type, identifier) AS
SELECT ['user_id', 'email', 'phone', 'card', 'cookie'][d.rank + 1] AS identifier_type, d.value AS identifier,
       toInt64(k.c) AS customer_id, d.first_seen AS first_seen, d.last_seen AS last_seen
FROM nodes d INNER JOIN clusters k ON k.n = d.n;

CREATE OR REPLACE TABLE contact_words ENGINE = Memory AS
SELECT k.c AS c, argMaxIf(r.email, r.seen, r.email != '') AS email, maxIf(r.seen, r.email != '') AS email_at,
       argMaxIf(r.first_name, r.seen, r.first_name != '') AS first_name, argMaxIf(r.country, r.seen, r.country != '') AS country,
       argMax(r.opted_in, r.seen) AS opted_in, max(r.seen) AS opted_at
FROM contact_rows r INNER JOIN clusters k ON k.n = r.a GROUP BY c;

CREATE OR REPLACE TABLE loyalty_words ENGINE = Memory AS
SELECT k.c AS c, argMaxIf(r.holder, r.seen, r.holder != '') AS holder, max(r.points) AS points
FROM loyalty_rows r INNER JOIN clusters k ON k.n = r.a GROUP BY c;

CREATE OR REPLACE TABLE newsletter_words ENGINE = Memory AS
SELECT k.c AS c, argMax(r.subscribed, r.seen) AS subscribed, max(r.seen) AS subscribed_at
FROM newsletter_rows r INNER JOIN clusters k ON k.n = r.a GROUP BY c;

CREATE OR REPLACE TABLE order_facts ENGINE = Memory AS
SELECT k.c AS c, sum(r.orders) AS orders, sum(r.spent) AS spent, max(r.seen) AS last_order,
       argMaxIf(r.email, r.seen, r.email != '') AS email, maxIf(r.seen, r.email != '') AS email_at
FROM order_rows r INNER JOIN clusters k ON k.n = r.a GROUP BY c;

CREATE OR REPLACE TABLE view_facts ENGINE = Memory AS
SELECT k.c AS c, max(r.seen) AS last_seen, max(r.intranet) AS intranet, max(r.sport) AS sport, sum(r.recent) AS recent
FROM view_rows r INNER JOIN clusters k ON k.n = r.a GROUP BY c;

CREATE OR REPLACE TABLE topic_facts ENGINE = Memory AS
SELECT c, argMin(topic, (-toInt64(views), topic)) AS top_topic FROM (
    SELECT k.c AS c, t.topic AS topic, sum(t.views) AS views
    FROM (SELECT t.topic AS topic, t.views AS views, if(u.n != 0, u.n, d.n) AS a
          FROM topics t ANY LEFT JOIN (SELECT value, n FROM nodes WHERE rank = 0) u ON u.value = t.user_id
          ANY LEFT JOIN (SELECT value, n FROM nodes WHERE rank = 4) d ON d.value = t.cookie) t
    INNER JOIN clusters k ON k.n = t.a GROUP BY c, topic
) GROUP BY c;

-- wide has what segments ask beside the traits.
CREATE OR REPLACE TABLE wide ENGINE = Memory AS
SELECT toInt64(i.c) AS customer_id,
       if(o.email_at > w.email_at, o.email, if(w.email != '', w.email, o.email)) AS email,
       if(w.first_name != '', w.first_name, l.holder) AS first_name, w.country AS country,
       if(n.subscribed_at > w.opted_at, n.subscribed, ifNull(w.opted_in, n.subscribed)) AS opted_in,
       l.points AS points, toInt64(o.orders) AS order_count, toFloat64(o.spent) AS spent,
       if(o.orders = 0, NULL, o.last_order) AS last_order, if(v.c = 0, NULL, v.last_seen) AS last_seen, t.top_topic AS top_topic,
       multiIf(o.orders = 0, 'prospect', o.last_order < {as_of} - INTERVAL 180 DAY, 'lapsed', 'active') AS lifecycle,
       v.intranet AS intranet, v.sport AS sport, v.recent AS recent
FROM (SELECT DISTINCT c FROM clusters) i
ANY LEFT JOIN contact_words w ON w.c = i.c ANY LEFT JOIN loyalty_words l ON l.c = i.c ANY LEFT JOIN newsletter_words n ON n.c = i.c
ANY LEFT JOIN order_facts o ON o.c = i.c ANY LEFT JOIN view_facts v ON v.c = i.c ANY LEFT JOIN topic_facts t ON t.c = i.c;

CREATE OR REPLACE TABLE profiles ENGINE = MergeTree ORDER BY customer_id AS SELECT * EXCEPT (intranet, sport, recent) FROM wide;

CREATE OR REPLACE TABLE segment_members ENGINE = MergeTree ORDER BY (segment, customer_id) AS
SELECT 'staff' AS segment, customer_id FROM wide WHERE intranet
UNION ALL SELECT 'loyal_readers', customer_id FROM wide WHERE country = 'FR' AND spent > 100 AND sport AND NOT intranet
UNION ALL SELECT 'vip', customer_id FROM wide WHERE spent > 1000 OR points >= 4000
UNION ALL SELECT 'lapsed_buyers', customer_id FROM wide WHERE lifecycle = 'lapsed' AND opted_in
UNION ALL SELECT 'win_back', customer_id FROM wide WHERE lifecycle = 'lapsed' AND opted_in AND spent > 200 AND NOT intranet
UNION ALL SELECT 'warm_prospects', customer_id FROM wide WHERE order_count = 0 AND opted_in AND recent >= 3;
