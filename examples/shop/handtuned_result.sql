-- Part three: identities, profiles and segments. clusters (n, c) says which
-- customer an identifier belongs to.

CREATE OR REPLACE TABLE identities AS
SELECT ['user_id', 'email', 'phone', 'card', 'cookie'][d.rank + 1] AS identifier_type, d.value AS identifier,
       k.c::BIGINT AS customer_id, d.first_seen, d.last_seen
FROM nodes d JOIN clusters k ON k.n = d.n;

CREATE OR REPLACE TEMP TABLE contact_words AS
SELECT k.c, arg_max(r.email, r.seen) AS email, max(r.seen) FILTER (r.email IS NOT NULL) AS email_at,
       arg_max(r.first_name, r.seen) AS first_name, arg_max(r.country, r.seen) AS country,
       arg_max(r.opted_in, r.seen) AS opted_in, max(r.seen) AS opted_at
FROM contact_rows r JOIN clusters k ON k.n = r.a GROUP BY k.c;

CREATE OR REPLACE TEMP TABLE loyalty_words AS
SELECT k.c, arg_max(r.holder, r.seen) AS holder, max(r.points) AS points
FROM loyalty_rows r JOIN clusters k ON k.n = r.a GROUP BY k.c;

CREATE OR REPLACE TEMP TABLE newsletter_words AS
SELECT k.c, arg_max(r.subscribed, r.seen) AS subscribed, max(r.seen) AS subscribed_at
FROM newsletter_rows r JOIN clusters k ON k.n = r.a GROUP BY k.c;

CREATE OR REPLACE TEMP TABLE order_facts AS
SELECT k.c, sum(r.orders)::BIGINT AS orders, sum(r.spent) AS spent, max(r.seen) AS last_order,
       arg_max(r.email, r.seen) AS email, max(r.seen) FILTER (r.email IS NOT NULL) AS email_at
FROM order_rows r JOIN clusters k ON k.n = r.a GROUP BY k.c;

CREATE OR REPLACE TEMP TABLE view_facts AS
SELECT k.c, max(r.seen) AS last_seen, bool_or(r.intranet) AS intranet, bool_or(r.sport) AS sport, sum(r.recent)::BIGINT AS recent
FROM view_rows r JOIN clusters k ON k.n = r.a GROUP BY k.c;

CREATE OR REPLACE TEMP TABLE topic_facts AS
WITH counted AS (
    SELECT k.c, t.topic, sum(t.views) AS views
    FROM topics t LEFT JOIN nodes u ON u.rank = 0 AND u.value = t.user_id LEFT JOIN nodes d ON d.rank = 4 AND d.value = t.cookie
    JOIN clusters k ON k.n = coalesce(u.n, d.n) GROUP BY k.c, t.topic
), best AS (SELECT c, max(views) AS views FROM counted GROUP BY c)
SELECT c, min(topic) AS top_topic FROM counted JOIN best USING (c, views) GROUP BY c;

-- wide has what segments ask beside the traits.
CREATE OR REPLACE TEMP TABLE wide AS
SELECT *, CASE WHEN order_count = 0 THEN 'prospect'
               WHEN last_order < getvariable('as_of') - INTERVAL 180 DAY THEN 'lapsed' ELSE 'active' END AS lifecycle
FROM (
    SELECT i.c::BIGINT AS customer_id,
           CASE WHEN o.email_at > w.email_at THEN o.email ELSE coalesce(w.email, o.email) END AS email,
           coalesce(w.first_name, l.holder) AS first_name, w.country,
           CASE WHEN n.subscribed_at > w.opted_at THEN n.subscribed ELSE coalesce(w.opted_in, n.subscribed) END AS opted_in,
           l.points, coalesce(o.orders, 0) AS order_count, coalesce(o.spent, 0)::DOUBLE AS spent, o.last_order,
           v.last_seen, t.top_topic, coalesce(v.intranet, FALSE) AS intranet, coalesce(v.sport, FALSE) AS sport, coalesce(v.recent, 0) AS recent
    FROM (SELECT DISTINCT c FROM clusters) i
    LEFT JOIN contact_words w USING (c) LEFT JOIN loyalty_words l USING (c) LEFT JOIN newsletter_words n USING (c)
    LEFT JOIN order_facts o USING (c) LEFT JOIN view_facts v USING (c) LEFT JOIN topic_facts t USING (c)
);

CREATE OR REPLACE TABLE profiles AS SELECT * EXCLUDE (intranet, sport, recent) FROM wide;

CREATE OR REPLACE TABLE segment_members AS
SELECT 'staff' AS segment, customer_id FROM wide WHERE intranet
UNION ALL SELECT 'loyal_readers', customer_id FROM wide WHERE country = 'FR' AND spent > 100 AND sport AND NOT intranet
UNION ALL SELECT 'vip', customer_id FROM wide WHERE spent > 1000 OR points >= 4000
UNION ALL SELECT 'lapsed_buyers', customer_id FROM wide WHERE lifecycle = 'lapsed' AND opted_in
UNION ALL SELECT 'win_back', customer_id FROM wide WHERE lifecycle = 'lapsed' AND opted_in AND spent > 200 AND NOT intranet
UNION ALL SELECT 'warm_prospects', customer_id FROM wide WHERE order_count = 0 AND opted_in AND recent >= 3;
