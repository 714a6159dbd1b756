-- The shop's world. Go sets the variables seed (text), customers, day and dir,
-- runs this file, and then copies the views whose names start with raw_.
--
-- Everything is drawn from mix, a permutation of 32-bit integers (multiply,
-- xor-shift, twice), because DuckDB's own hash() may change between versions.
-- A macro repeats the text of its argument: give mix columns, not other mixes.

CREATE MACRO low32(x) AS x & 4294967295::UBIGINT;
CREATE MACRO scatter(x) AS low32(x * 2246822507::UBIGINT);
CREATE MACRO scatter_folded(x) AS low32(xor(x, x >> 15) * 3266489909::UBIGINT);
CREATE MACRO folded(x) AS xor(x, x >> 16);
CREATE MACRO mix(x) AS folded(scatter_folded(scatter(low32(x::UBIGINT + 1640531527))))::BIGINT;

-- draw is the n-th draw of something whose own number is h: 32 random bits.
CREATE MACRO draw(h, n) AS mix(h + n * 2654435769);
-- share is a draw as a fraction above 0, at most 1; percent is 0 to 99.
CREATE MACRO share(h, n) AS (draw(h, n) + 1) / 4294967296.0::DOUBLE;
CREATE MACRO percent(h, n) AS draw(h, n) % 100;
-- pareto is a count with a power-law tail, cut at most.
CREATE MACRO pareto(h, n, scale, exponent, most) AS
    least(most, floor(scale * pow(share(h, n), exponent)))::INTEGER;
-- day_end is the instant at which a day's export is made.
CREATE MACRO day_end(day) AS TIMESTAMP '2026-01-01 00:00:00' + to_days(day::INTEGER);

-- before is an instant in the last so many days of a day, mostly late ones.
CREATE MACRO before(day, days, share) AS day_end(day) - to_microseconds((pow(share, 1.6) * days * 86400000000)::BIGINT);
-- person_hash is distinct for each person, since mix maps 32 bits one to one.
CREATE MACRO person_hash(p) AS mix(p + low32(getvariable('seed'))::BIGINT * 40503 + (getvariable('seed') >> 32)::BIGINT * 69069);
CREATE MACRO growth() AS greatest(getvariable('customers') // 100, 1);

-- One row a person. Who is born on a later day takes later numbers, so that a
-- day never changes who somebody is.
CREATE TEMP TABLE numbers AS
SELECT p, p // 4 AS block, person_hash(p) AS h, person_hash(p // 4 + 2147483648) AS block_hash
FROM range(getvariable('customers') + (getvariable('day') - 1) * growth()) t(p);

-- The columns named *_day say when something happens to a person; it has
-- happened in the export of that day and in all later ones.
CREATE TEMP VIEW people AS
SELECT p, h, born,
       percent(h, 1) < 90 AS in_crm,
       percent(h, 2) < 55 AS has_card,
       CASE WHEN percent(h, 3) < 5 THEN 3 WHEN percent(h, 3) < 30 THEN 2 ELSE 1 END AS emails,
       family, percent(block_hash, 1) < 30 AND family > 0 AS family_email,
       percent(block_hash, 2) < 40 AND family > 0 AS family_phone, block,
       born + 1 + draw(h, 4) % 400 AS deleted_day,
       born + 1 + draw(h, 5) % 100 AS moved_day,
       born + 1 + draw(h, 6) % 200 AS new_email_day,
       -- A fifth of card holders gave the card another address and no phone.
       -- Nothing joins their two halves before they show the card and type
       -- their usual address in one order, on linked_day.
       percent(h, 2) < 55 AND percent(h, 7) < 20 AS apart,
       born + 1 + draw(h, 8) % 20 AS linked_day,
       [ 'Camille', 'Léa', 'Jean-François', 'Zoë', 'Noé', 'Inès', 'Hugo', 'Chloé', 'Mohamed', 'Aïcha',
         'Łukasz', 'Søren', 'Ana', 'Jürgen', 'Siân', 'Yuki', 'Olga', 'Pablo', 'Nina', 'Omar' ][1 + draw(h, 9) % 20] AS name
FROM (
    SELECT *,
           CASE WHEN p < getvariable('customers') THEN 1
                ELSE 2 + (p - getvariable('customers')) // growth() END AS born,
           -- One block of four in eight is a household of two to four; 0 is
           -- somebody who lives alone.
           CASE WHEN (block + 1) * 4 <= getvariable('customers') AND draw(block_hash, 3) % 8 = 0
                     AND p % 4 < 2 + draw(block_hash, 4) % 3
                THEN 2 + draw(block_hash, 4) % 3 ELSE 0 END AS family
    FROM numbers
);

-- The normal forms: what a perfect clean-up makes of the raw values.
CREATE MACRO user_of(p) AS 'u' || (100000 + p);
CREATE MACRO email_of(name, p, k) AS
    lower(regexp_replace(strip_accents(name), '[^A-Za-z]', '', 'g')) || '.' || p
    || ['', '.perso', '.old', '.new'][k + 1] || '@' || ['example.com', 'mail.example', 'courrier.example', 'post.example'][1 + (p + k) % 4];
CREATE MACRO family_email_of(block) AS 'family.' || block || '@home.example';
-- French mobile numbers that are really assigned start with one of eight
-- prefixes; multiplying by a number prime to the modulus spreads people over
-- them without a collision.
CREATE MACRO phone_of(p) AS '+33' || [60, 61, 62, 64, 65, 66, 67, 68][1 + (p * 7919) % 79999987 // 10000000]
    || lpad(((p * 7919) % 79999987 % 10000000)::VARCHAR, 7, '0');
CREATE MACRO family_phone_of(block) AS '+3314' || lpad(block::VARCHAR, 7, '0');
CREATE MACRO card_of(p) AS '25' || lpad(p::VARCHAR, 10, '0');

-- How people and forms mangle them.
CREATE MACRO typed_email(email, d) AS
    CASE d % 8 WHEN 0 THEN upper(email) WHEN 1 THEN ' ' || email WHEN 2 THEN email || '  '
               WHEN 3 THEN upper(email[1]) || email[2:] ELSE email END;
CREATE MACRO in_pairs(digits, gap) AS
    digits[1:2] || gap || digits[3:4] || gap || digits[5:6] || gap || digits[7:8] || gap || digits[9:10];
CREATE MACRO typed_phone(phone, d) AS
    CASE d % 6 WHEN 0 THEN phone WHEN 1 THEN '0' || phone[4:]
               WHEN 2 THEN in_pairs('0' || phone[4:], '.')
               WHEN 3 THEN '0033 ' || phone[4:4] || in_pairs('  ' || phone[5:], ' ')[3:]
               ELSE in_pairs('0' || phone[4:], ' ') END;
CREATE MACRO typed_card(card, d) AS
    CASE d % 3 WHEN 0 THEN card[1:4] || ' ' || card[5:8] || ' ' || card[9:12] ELSE card END;
CREATE MACRO typed_name(name, d) AS
    CASE d % 200 WHEN 0 THEN 'Robert''); DROP TABLE contacts;--' WHEN 1 THEN '=HYPERLINK("http://evil.example")'
                 WHEN 2 THEN name || ' 🎈' WHEN 3 THEN '"' || name || '"' WHEN 4 THEN name || E'\nde la Tour, fils'
                 WHEN 5 THEN '李小龍' ELSE name END;
CREATE MACRO junk_email(d) AS ['null@null.com', 'test@test.com', 'unknown', 'n/a', '', '   ', 'nobody@example.invalid'][1 + d % 7];
CREATE MACRO junk_phone(d) AS ['0000000000', 'unknown', 'n/a', '', ' '][1 + d % 5];

-- In the views below the columns user_id, email, phone, card and cookie are
-- normal forms, NULL where there is none or junk; the raw_ views mangle them.

-- Contacts: the CRM's export. A fifth of the people changed their address
-- there once, and the export holds both rows.
CREATE TEMP VIEW contacts AS
SELECT p, h, k, user_of(p) AS user_id, name,
       CASE WHEN junk_email THEN NULL
            WHEN k = 1 THEN email_of(name, p, 0)
            WHEN new_email_day <= getvariable('day') THEN email_of(name, p, 3)
            WHEN family_email AND p % 4 > 0 THEN family_email_of(block)
            WHEN versions = 2 THEN email_of(name, p, 1)
            ELSE email_of(name, p, 0) END AS email,
       CASE WHEN junk_phone THEN NULL
            WHEN family_phone AND draw(h, 12) % 2 = 0 THEN family_phone_of(block)
            WHEN draw(h, 13) % 10 < 7 THEN phone_of(p) END AS phone,
       junk_email, junk_phone,
       CASE WHEN k = 0 AND moved_day <= getvariable('day') THEN ['BE', 'CH', 'LU', 'CA'][1 + draw(h, 14) % 4]
            WHEN percent(h, 15) < 70 THEN 'FR'
            WHEN percent(h, 15) < 97 THEN ['BE', 'DE', 'ES', 'IT', 'GB'][1 + draw(h, 16) % 5] END AS country,
       percent(h, 17) < 62 AS opted_in,
       CASE WHEN k = 1 THEN day_end(born) - to_days(400) - to_seconds((draw(h, 18) % 8640000)::DOUBLE)
            WHEN least(moved_day, new_email_day) > getvariable('day')
                THEN day_end(born) - to_seconds(1 + (draw(h, 19) % CASE born WHEN 1 THEN 31536000 ELSE 80000 END)::DOUBLE)
            ELSE day_end(CASE WHEN greatest(moved_day, new_email_day) <= getvariable('day')
                              THEN greatest(moved_day, new_email_day) ELSE least(moved_day, new_email_day) END)
                 - to_seconds(1 + (draw(h, 19) % 80000)::DOUBLE) END AS updated_at
FROM (
    SELECT *, unnest(range(versions)) AS k
    FROM (
        SELECT *, CASE WHEN emails > 1 AND born = 1 AND draw(h, 10) % 5 < 4 THEN 2 ELSE 1 END AS versions,
               draw(h, 11) % 1000 < 12 AS junk_email, draw(h, 11) % 1000 BETWEEN 500 AND 519 AS junk_phone
        FROM people WHERE in_crm AND deleted_day > getvariable('day')
    )
);

CREATE TEMP VIEW raw_contacts AS
SELECT CASE k WHEN 1 THEN user_id || ' ' ELSE user_id END AS user_id,
       CASE WHEN junk_email THEN junk_email(draw(h, 20)) ELSE typed_email(email, draw(h, 21 + k)) END AS email,
       CASE WHEN junk_phone THEN junk_phone(draw(h, 20)) ELSE typed_phone(phone, draw(h, 23 + k)) END AS mobile,
       typed_name(name, draw(h, 25)) AS first_name, country, opted_in, updated_at, p AS truth_person
FROM contacts;

-- Loyalty: the cards. Some clerks type the shop's own number.
CREATE TEMP VIEW loyalty AS
SELECT p, h, name, card_of(p) AS card,
       CASE WHEN apart THEN email_of(name, p, 2)
            WHEN percent(h, 30) < 55 THEN email_of(name, p, 0)
            WHEN percent(h, 30) < 70 AND emails > 1 THEN email_of(name, p, 1) END AS email,
       CASE WHEN NOT apart AND draw(h, 31) % 1000 < 600 THEN phone_of(p) END AS phone,
       NOT apart AND draw(h, 31) % 1000 = 999 AS shop_phone, draw(h, 31) % 1000 = 998 AS junk_phone,
       (draw(h, 32) % 500 * (1 + draw(h, 33) % 10) + CASE WHEN getvariable('day') > born AND draw(h, 34) % 50 = 0
            THEN 25 * (getvariable('day') - born) ELSE 0 END)::INTEGER AS points,
       day_end(born) - to_seconds(1 + (draw(h, 35) % CASE born WHEN 1 THEN 63072000 ELSE 80000 END)::DOUBLE) AS joined_at
FROM people WHERE has_card;

CREATE TEMP VIEW raw_loyalty AS
SELECT typed_card(card, draw(h, 36)) AS card, typed_email(email, draw(h, 37)) AS email,
       CASE WHEN shop_phone THEN '01 42 00 00 00' WHEN junk_phone THEN junk_phone(draw(h, 38))
            ELSE typed_phone(phone, draw(h, 38)) END AS phone,
       typed_name(name, draw(h, 25)) AS holder, points, joined_at, p AS truth_person
FROM loyalty;

-- Newsletter: what the e-mail tool knows. It knows people by address alone.
CREATE TEMP VIEW newsletter AS
SELECT p, h, email_of(name, p, (draw(h, 40) % emails)::INTEGER % 2) AS email,
       percent(h, 41) < 80 AND NOT (getvariable('day') > born AND draw(h, 42) % 60 < getvariable('day') - born) AS subscribed,
       day_end(CASE WHEN draw(h, 42) % 60 < getvariable('day') - born THEN born + 1 + draw(h, 42) % 60 ELSE born END)
           - to_seconds(1 + (draw(h, 43) % 80000)::DOUBLE) AS changed_at
FROM people WHERE percent(h, 44) < 30;

CREATE TEMP VIEW raw_newsletter AS
SELECT typed_email(email, draw(h, 45)) AS email, subscribed, changed_at, p AS truth_person FROM newsletter;

-- Orders. The first day holds the past year; each later day adds its own.
CREATE TEMP VIEW orders AS
SELECT p, name, o,
       CASE WHEN draw(o, 1) % 200 = 0 OR in_shop = 0 THEN NULL
            WHEN draw(o, 2) % 10 = 0 AND emails > 1 THEN email_of(name, p, 1)
            ELSE email_of(name, p, 0) END AS email,
       CASE WHEN linking OR (has_card AND NOT apart AND in_shop = 1) OR (has_card AND in_shop = 0) THEN card_of(p) END AS card,
       draw(o, 1) % 200 = 0 AND in_shop > 0 AS junk_email, before(d, days, share(o, 4)) AS ordered_at
FROM (
    -- in_shop: 0 shows a card and gives no address, 1 gives both, else online.
    SELECT *, CASE WHEN NOT has_card OR linking THEN 9 ELSE draw(o, 3) % 6 END AS in_shop
    FROM (
        SELECT *, mix(h + (50 + i) * 40503) AS o, FALSE AS linking, born AS d, CASE born WHEN 1 THEN 365 ELSE 1 END AS days
        FROM (SELECT *, unnest(range(CASE WHEN percent(h, 48) < 75 THEN pareto(h, 49, 3.6, -0.5, 200) ELSE 0 END)) AS i FROM people)
        UNION ALL BY NAME
        SELECT *, mix(h + (100000 + d) * 40503) AS o, apart AND linked_day = d AS linking, 1 AS days
        FROM people, range(2, getvariable('day') + 1) t(d)
        WHERE born < d AND (apart AND linked_day = d OR mix(h + (200000 + d) * 40503) % 50 = 0)
    )
);

CREATE TEMP VIEW raw_orders AS
SELECT 'o' || to_hex(o::UBIGINT * 4294967296 + p::UBIGINT) AS order_id,
       CASE WHEN junk_email THEN junk_email(draw(o, 5)) ELSE typed_email(email, draw(o, 6)) END AS email,
       typed_card(card, draw(o, 7)) AS card,
       'SKU-' || (1 + floor(pow(share(o, 8), 3) * 500))::INTEGER AS sku,
       (4 + 180 * pow(share(o, 9), 3))::DECIMAL(10, 2) AS amount,
       (1 + draw(o, 10) % 3)::INTEGER AS quantity, ordered_at, p AS truth_person
FROM orders;

-- Cookies: several a person, one a household, and a few public machines on
-- which everybody logs in. People with one of the last two kinds have no
-- truth for it: members is how many people use a cookie.
CREATE TEMP VIEW cookies AS
SELECT *, to_hex(c::UBIGINT * 4294967296 + mix(first_person * 64 + k)::UBIGINT) AS cookie,
       members = 1 AND in_crm AND draw(c, 1) % 2 = 0 AS logged_in
FROM (
    SELECT p AS first_person, h AS first_hash, k, members, born, in_crm, mix(h + (300 + k) * 40503) AS c
    FROM (
        SELECT *, 1 AS members, unnest(range(CASE WHEN percent(h, 60) < 92 THEN pareto(h, 61, 1, -0.6, 40) ELSE 0 END)) AS k FROM people
        UNION ALL
        SELECT *, family, 62 FROM people WHERE family > 0 AND p % 4 = 0
        UNION ALL
        SELECT *, 30, 63 FROM people WHERE p % 2000 = 77 AND p + 30 < getvariable('customers')
    )
);

CREATE TEMP VIEW web_events AS
SELECT p, cookie, e,
       CASE WHEN percent(h, 1) < 90 AND (members > 1 OR logged_in AND (i = 0 OR draw(e, 1) % 3 = 0)) THEN user_of(p) END AS user_id,
       before(d, days, share(e, 3)) AS viewed_at
FROM (
    SELECT *, CASE members WHEN 1 THEN first_hash ELSE person_hash(p) END AS h
    FROM (
        SELECT *, first_person + CASE members WHEN 1 THEN 0 ELSE draw(e, 2) % members END AS p
        FROM (
            SELECT *, mix(c + (i + 1) * 2246822519) AS e, born AS d, CASE born WHEN 1 THEN 365 ELSE 1 END AS days
            FROM (SELECT *, unnest(range(CASE members WHEN 1 THEN 1 + pareto(c, 2, 2.6, -0.6, 400) ELSE 8 * members END)) AS i FROM cookies)
            UNION ALL BY NAME
            SELECT *, 1 AS i, mix(c + (100000 + d) * 2246822519) AS e, 1 AS days
            FROM cookies, range(2, getvariable('day') + 1) t(d)
            WHERE born < d AND mix(c + (200000 + d) * 2246822519) % 12 = 0
        )
    )
);

CREATE TEMP VIEW raw_web_events AS
SELECT cookie,
       CASE WHEN user_id IS NULL AND draw(e, 5) % 300 = 0 THEN ['', 'undefined', 'null', ' '][1 + draw(e, 6) % 4] ELSE user_id END AS user_id,
       topic, '/' || topic || '/' || (1 + floor(pow(share(e, 8), 4) * 2000))::INTEGER AS url, viewed_at, p AS truth_person
FROM (
    SELECT *, CASE WHEN p % 1000 = 42 AND draw(e, 7) % 3 = 0 THEN 'intranet'
                   ELSE ['sport', 'home', 'garden', 'music', 'books', 'food', 'travel', 'toys'][
                       1 + CASE WHEN draw(e, 9) % 2 = 0 THEN p % 8 ELSE floor(pow(share(e, 10), 1.5) * 8) % 8 END::BIGINT] END AS topic
    FROM web_events
);

-- The truth: one row an identifier that belongs to one person. See Score for
-- what is left out and why.
CREATE TEMP VIEW raw_truth AS
SELECT identifier_type, identifier, any_value(person) AS person
FROM (
    SELECT unnest([{t: 'user_id', v: user_id}, {t: 'email', v: email}, {t: 'phone', v: phone}]) AS i, p AS person,
           (email IS NOT NULL OR phone IS NOT NULL) AS linked FROM contacts
    UNION ALL
    SELECT unnest([{t: 'card', v: card}, {t: 'email', v: email}, {t: 'phone', v: phone}]), p,
           (email IS NOT NULL OR phone IS NOT NULL) FROM loyalty
    UNION ALL
    SELECT {t: 'email', v: email}, p, FALSE FROM newsletter
    UNION ALL
    SELECT unnest([{t: 'card', v: card}, {t: 'email', v: email}]), p, card IS NOT NULL AND email IS NOT NULL FROM orders
    UNION ALL
    SELECT unnest([{t: 'cookie', v: cookie}, {t: 'user_id', v: user_of(first_person)}]), first_person, TRUE FROM cookies WHERE logged_in
) t(i, person, linked), LATERAL (SELECT i.t AS identifier_type, i.v AS identifier)
WHERE identifier IS NOT NULL
GROUP BY ALL HAVING min(person) = max(person) AND bool_or(linked);
