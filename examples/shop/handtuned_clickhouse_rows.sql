-- Part one: from the raw tables to numbered identifiers and their links. Go
-- puts the database of the raw tables and the instant in the place of {raw} and
-- {as_of}. Text that is missing is '', a number that is missing 0: what is not
-- Nullable is faster. What is not a result is in memory.

CREATE OR REPLACE TABLE contacts ENGINE = Memory AS
WITH raw -> if(lower(trimBoth(raw)) LIKE '_%@_%._%' AND lower(trimBoth(raw)) NOT IN ('null@null.com', 'test@test.com')
                   AND NOT endsWith(lower(trimBoth(raw)), '@example.invalid'), lower(trimBoth(raw)), '') AS norm_email,
     digits -> multiIf(digits LIKE '+_%', digits, startsWith(digits, '00'), if(substring(digits, 3, 1) != '0', concat('+', substring(digits, 3)), ''),
                       digits LIKE '0_________', concat('+33', substring(digits, 2)), '') AS french,
     raw -> if(trimBoth(raw) IN ('null', 'undefined'), '', trimBoth(raw)) AS norm_user
SELECT norm_user(ifNull(user_id, '')) AS user_id, norm_email(ifNull(email, '')) AS email,
       french(replaceRegexpAll(ifNull(mobile, ''), '[ .-]', '')) AS phone,
       ifNull(first_name, '') AS first_name, toLowCardinality(ifNull(country, '')) AS country, opted_in, assumeNotNull(updated_at) AS seen
FROM {raw}.contacts;

CREATE OR REPLACE TABLE loyalty ENGINE = Memory AS
WITH raw -> if(lower(trimBoth(raw)) LIKE '_%@_%._%' AND lower(trimBoth(raw)) NOT IN ('null@null.com', 'test@test.com')
                   AND NOT endsWith(lower(trimBoth(raw)), '@example.invalid'), lower(trimBoth(raw)), '') AS norm_email,
     digits -> multiIf(digits LIKE '+_%', digits, startsWith(digits, '00'), if(substring(digits, 3, 1) != '0', concat('+', substring(digits, 3)), ''),
                       digits LIKE '0_________', concat('+33', substring(digits, 2)), '') AS french
SELECT norm_email(ifNull(email, '')) AS email, french(replaceRegexpAll(ifNull(phone, ''), '[ .-]', '')) AS phone,
       replaceAll(ifNull(card, ''), ' ', '') AS card, ifNull(holder, '') AS holder, points, assumeNotNull(joined_at) AS seen
FROM {raw}.loyalty;

CREATE OR REPLACE TABLE newsletter ENGINE = Memory AS
WITH raw -> if(lower(trimBoth(raw)) LIKE '_%@_%._%' AND lower(trimBoth(raw)) NOT IN ('null@null.com', 'test@test.com')
                   AND NOT endsWith(lower(trimBoth(raw)), '@example.invalid'), lower(trimBoth(raw)), '') AS norm_email
SELECT norm_email(ifNull(email, '')) AS email, subscribed, assumeNotNull(changed_at) AS seen
FROM {raw}.newsletter;

-- Events are folded to one row a combination of identifiers in the same scan
-- that finds the identifiers, before anything is normalised.
CREATE OR REPLACE TABLE orders ENGINE = Memory AS
WITH raw -> if(lower(trimBoth(raw)) LIKE '_%@_%._%' AND lower(trimBoth(raw)) NOT IN ('null@null.com', 'test@test.com')
                   AND NOT endsWith(lower(trimBoth(raw)), '@example.invalid'), lower(trimBoth(raw)), '') AS norm_email
SELECT norm_email(e) AS email, replaceAll(c, ' ', '') AS card, n AS orders, s AS spent, f AS first_seen, l AS seen
FROM (SELECT ifNull(email, '') AS e, ifNull(card, '') AS c, count() AS n, sum(assumeNotNull(amount)) AS s,
             min(assumeNotNull(ordered_at)) AS f, max(assumeNotNull(ordered_at)) AS l
      FROM {raw}.orders GROUP BY e, c);

CREATE OR REPLACE TABLE views ENGINE = Memory AS
WITH raw -> if(trimBoth(raw) IN ('null', 'undefined'), '', trimBoth(raw)) AS norm_user
SELECT norm_user(u) AS user_id, c AS cookie, first_seen, seen, intranet, sport, recent
FROM (SELECT ifNull(user_id, '') AS u, ifNull(cookie, '') AS c,
             min(assumeNotNull(viewed_at)) AS first_seen, max(assumeNotNull(viewed_at)) AS seen,
             max(assumeNotNull(topic) = 'intranet') AS intranet,
             max(assumeNotNull(topic) = 'sport' AND assumeNotNull(viewed_at) > {as_of} - INTERVAL 30 DAY) AS sport,
             countIf(assumeNotNull(viewed_at) > {as_of} - INTERVAL 30 DAY) AS recent
      FROM {raw}.page_views GROUP BY u, c);

CREATE OR REPLACE TABLE topics ENGINE = Memory AS
WITH raw -> if(trimBoth(raw) IN ('null', 'undefined'), '', trimBoth(raw)) AS norm_user
SELECT norm_user(u) AS user_id, c AS cookie, t AS topic, n AS views
FROM (SELECT ifNull(user_id, '') AS u, ifNull(cookie, '') AS c, toLowCardinality(ifNull(topic, '')) AS t, count() AS n
      FROM {raw}.page_views WHERE viewed_at > {as_of} - INTERVAL 90 DAY GROUP BY u, c, t);

-- Numbered by first sight, so that a component's smallest number is the
-- identifier seen first.
CREATE OR REPLACE TABLE nodes ENGINE = Memory AS
SELECT rank, value, first_seen, last_seen, toUInt32(rowNumberInAllBlocks() + 1) AS n
FROM (
    SELECT rank, value, min(f) AS first_seen, max(l) AS last_seen
    FROM (
        SELECT 0 AS rank, user_id AS value, seen AS f, seen AS l FROM contacts
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
    ) WHERE value != '' GROUP BY rank, value
    ORDER BY first_seen, rank, value
);

-- Rows, with their identifiers as numbers; a is the strongest, whose customer
-- the row belongs to.
CREATE OR REPLACE TABLE contact_rows ENGINE = Memory AS
SELECT u.n AS user_n, e.n AS email_n, p.n AS phone_n, multiIf(u.n != 0, u.n, e.n != 0, e.n, p.n) AS a,
       c.email, c.first_name, c.country, c.opted_in, c.seen
FROM contacts c ANY LEFT JOIN (SELECT value, n FROM nodes WHERE rank = 0) u ON u.value = c.user_id
ANY LEFT JOIN (SELECT value, n FROM nodes WHERE rank = 1) e ON e.value = c.email
ANY LEFT JOIN (SELECT value, n FROM nodes WHERE rank = 2) p ON p.value = c.phone;

CREATE OR REPLACE TABLE loyalty_rows ENGINE = Memory AS
SELECT e.n AS email_n, p.n AS phone_n, k.n AS card_n, multiIf(e.n != 0, e.n, p.n != 0, p.n, k.n) AS a, l.holder, l.points, l.seen
FROM loyalty l ANY LEFT JOIN (SELECT value, n FROM nodes WHERE rank = 1) e ON e.value = l.email
ANY LEFT JOIN (SELECT value, n FROM nodes WHERE rank = 2) p ON p.value = l.phone
ANY LEFT JOIN (SELECT value, n FROM nodes WHERE rank = 3) k ON k.value = l.card;

CREATE OR REPLACE TABLE newsletter_rows ENGINE = Memory AS
SELECT e.n AS a, l.subscribed, l.seen FROM newsletter l INNER JOIN (SELECT value, n FROM nodes WHERE rank = 1) e ON e.value = l.email;

CREATE OR REPLACE TABLE order_rows ENGINE = Memory AS
SELECT e.n AS email_n, k.n AS card_n, if(e.n != 0, e.n, k.n) AS a, o.email, o.orders, o.spent, o.seen
FROM orders o ANY LEFT JOIN (SELECT value, n FROM nodes WHERE rank = 1) e ON e.value = o.email
ANY LEFT JOIN (SELECT value, n FROM nodes WHERE rank = 3) k ON k.value = o.card;

CREATE OR REPLACE TABLE view_rows ENGINE = Memory AS
SELECT u.n AS user_n, c.n AS cookie_n, if(u.n != 0, u.n, c.n) AS a, v.seen, v.intranet, v.sport, v.recent
FROM views v ANY LEFT JOIN (SELECT value, n FROM nodes WHERE rank = 0) u ON u.value = v.user_id
ANY LEFT JOIN (SELECT value, n FROM nodes WHERE rank = 4) c ON c.value = v.cookie;

-- A star from the strongest identifier of a row to the others.
CREATE OR REPLACE TABLE links ENGINE = Memory AS
SELECT DISTINCT a, x, t FROM (
    SELECT a, email_n AS x, 1 AS t FROM contact_rows
    UNION ALL SELECT a, phone_n, 2 FROM contact_rows
    UNION ALL SELECT a, phone_n, 2 FROM loyalty_rows
    UNION ALL SELECT a, card_n, 3 FROM loyalty_rows
    UNION ALL SELECT a, card_n, 3 FROM order_rows
    UNION ALL SELECT a, cookie_n, 4 FROM view_rows
) WHERE a != x AND x != 0;

CREATE OR REPLACE TABLE edges ENGINE = Memory AS SELECT DISTINCT greatest(a, x) AS u, least(a, x) AS v FROM links;
