-- Part one: from the raw files to numbered identifiers and their links. Go
-- sets the variables dir (text) and as_of (timestamp) before.

CREATE OR REPLACE MACRO norm_email(raw) AS
    CASE WHEN lower(trim(raw)) LIKE '_%@_%._%' AND lower(trim(raw)) NOT IN ('null@null.com', 'test@test.com')
              AND NOT suffix(lower(trim(raw)), '@example.invalid') THEN lower(trim(raw)) END;
CREATE OR REPLACE MACRO french(digits) AS
    CASE WHEN digits LIKE '+_%' THEN digits
         WHEN digits LIKE '00%' THEN CASE WHEN digits[3:3] <> '0' THEN '+' || digits[3:] END
         WHEN digits LIKE '0_________' THEN '+33' || digits[2:] END;
CREATE OR REPLACE MACRO norm_phone(raw) AS french(translate(raw, ' .-', ''));
CREATE OR REPLACE MACRO norm_user(raw) AS CASE WHEN trim(raw) NOT IN ('', 'null', 'undefined') THEN trim(raw) END;

CREATE OR REPLACE TEMP TABLE contacts AS
SELECT norm_user(user_id) AS user_id, norm_email(email) AS email, norm_phone(mobile) AS phone,
       first_name, country, opted_in, updated_at AS seen
FROM read_parquet(getvariable('dir') || '/contacts.parquet');

CREATE OR REPLACE TEMP TABLE loyalty AS
SELECT norm_email(email) AS email, norm_phone(phone) AS phone, replace(card, ' ', '') AS card,
       holder, points::BIGINT AS points, joined_at::TIMESTAMP AS seen
FROM read_csv(getvariable('dir') || '/loyalty.csv', header = true, all_varchar = true);

CREATE OR REPLACE TEMP TABLE newsletter AS
SELECT norm_email(email) AS email, subscribed, changed_at::TIMESTAMP AS seen
FROM read_json(getvariable('dir') || '/newsletter.ndjson.gz', format = 'newline_delimited',
               columns = {email: 'VARCHAR', subscribed: 'BOOLEAN', changed_at: 'VARCHAR'});

-- Events are folded to one row a combination of identifiers in the same scan
-- that finds the identifiers.
CREATE OR REPLACE TEMP TABLE orders AS
SELECT norm_email(email) AS email, replace(card, ' ', '') AS card, count(*) AS orders, sum(amount) AS spent,
       min(ordered_at) AS first_seen, max(ordered_at) AS seen
FROM read_parquet(getvariable('dir') || '/orders.parquet') GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE views AS
SELECT norm_user(user_id) AS user_id, cookie, min(viewed_at) AS first_seen, max(viewed_at) AS seen,
       bool_or(topic = 'intranet') AS intranet,
       bool_or(topic = 'sport' AND viewed_at > getvariable('as_of') - INTERVAL 30 DAY) AS sport,
       count(*) FILTER (viewed_at > getvariable('as_of') - INTERVAL 30 DAY) AS recent
FROM read_parquet(getvariable('dir') || '/web_events.parquet') GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE topics AS
SELECT norm_user(user_id) AS user_id, cookie, topic, count(*) AS views
FROM read_parquet(getvariable('dir') || '/web_events.parquet')
WHERE viewed_at > getvariable('as_of') - INTERVAL 90 DAY GROUP BY ALL;

-- Numbered by first sight, so that a component's smallest number is the
-- identifier seen first.
CREATE OR REPLACE TEMP TABLE nodes AS
SELECT rank, value, first_seen, last_seen, row_number() OVER (ORDER BY first_seen, rank, value)::INTEGER AS n
FROM (
    SELECT rank, value, min(first_seen) AS first_seen, max(last_seen) AS last_seen
    FROM (
        SELECT 0 AS rank, user_id AS value, seen AS first_seen, seen AS last_seen FROM contacts
        UNION ALL SELECT 1, email, seen, seen FROM contacts
        UNION ALL SELECT 2, phone, seen, seen FROM contacts
        UNION ALL SELECT 1, email, seen, seen FROM loyalty
        UNION ALL SELECT 2, phone, seen, seen FROM loyalty
        UNION ALL SELECT 3, card, seen, seen FROM loyalty
        UNION ALL SELECT 1, email, seen, seen FROM newsletter
        UNION ALL SELECT 1, email, first_seen, seen FROM orders
        UNION ALL SELECT 3, card, first_seen, seen FROM orders
        UNION ALL SELECT 0, user_id, first_seen, seen FROM views
        UNION ALL SELECT 4, cookie, first_seen, seen FROM views
    ) WHERE value IS NOT NULL GROUP BY rank, value
);

-- Rows, with their identifiers as numbers; a is the strongest, whose customer
-- the row belongs to.
CREATE OR REPLACE TEMP TABLE contact_rows AS
SELECT u.n AS user_n, e.n AS email_n, p.n AS phone_n, coalesce(u.n, e.n, p.n) AS a, c.*
FROM contacts c LEFT JOIN nodes u ON u.rank = 0 AND u.value = c.user_id
LEFT JOIN nodes e ON e.rank = 1 AND e.value = c.email LEFT JOIN nodes p ON p.rank = 2 AND p.value = c.phone;

CREATE OR REPLACE TEMP TABLE loyalty_rows AS
SELECT e.n AS email_n, p.n AS phone_n, k.n AS card_n, coalesce(e.n, p.n, k.n) AS a, l.*
FROM loyalty l LEFT JOIN nodes e ON e.rank = 1 AND e.value = l.email
LEFT JOIN nodes p ON p.rank = 2 AND p.value = l.phone LEFT JOIN nodes k ON k.rank = 3 AND k.value = l.card;

CREATE OR REPLACE TEMP TABLE newsletter_rows AS
SELECT e.n AS a, l.* FROM newsletter l JOIN nodes e ON e.rank = 1 AND e.value = l.email;

CREATE OR REPLACE TEMP TABLE order_rows AS
SELECT e.n AS email_n, k.n AS card_n, coalesce(e.n, k.n) AS a, o.*
FROM orders o LEFT JOIN nodes e ON e.rank = 1 AND e.value = o.email LEFT JOIN nodes k ON k.rank = 3 AND k.value = o.card;

CREATE OR REPLACE TEMP TABLE view_rows AS
SELECT u.n AS user_n, c.n AS cookie_n, coalesce(u.n, c.n) AS a, v.*
FROM views v LEFT JOIN nodes u ON u.rank = 0 AND u.value = v.user_id LEFT JOIN nodes c ON c.rank = 4 AND c.value = v.cookie;

-- A star from the strongest identifier of a row to the others.
CREATE OR REPLACE TEMP TABLE links AS
SELECT DISTINCT a, x, t FROM (
    SELECT a, email_n AS x, 1 AS t FROM contact_rows
    UNION ALL SELECT a, phone_n, 2 FROM contact_rows
    UNION ALL SELECT a, phone_n, 2 FROM loyalty_rows
    UNION ALL SELECT a, card_n, 3 FROM loyalty_rows
    UNION ALL SELECT a, card_n, 3 FROM order_rows
    UNION ALL SELECT a, cookie_n, 4 FROM view_rows
) WHERE a <> x;

CREATE OR REPLACE TEMP TABLE edges AS SELECT DISTINCT greatest(a, x) AS u, least(a, x) AS v FROM links;
