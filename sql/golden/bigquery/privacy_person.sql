-- merged
SELECT DISTINCT m.id
FROM (
  SELECT h.old_id AS id
  FROM customhouse.customer_id_history AS h
  WHERE h.kind = 'merge'
    AND h.new_id IN (17, 3)
    AND NOT (h.old_id IN (17, 3))
  UNION ALL
  SELECT h.new_id AS id
  FROM customhouse.customer_id_history AS h
  WHERE h.kind = 'merge'
    AND h.old_id IN (17, 3)
    AND NOT (h.new_id IN (17, 3))
) AS m;

-- living
SELECT DISTINCT i.customer_id AS id
FROM customhouse.customer_identities AS i
WHERE i.customer_id IN (17, 3);

-- identifiers
SELECT
  t.identifier_type,
  t.identifier,
  t.first_seen,
  t.last_seen,
  t.source,
  t.quarantined
FROM customhouse.customer_identities AS t
WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
ORDER BY t.identifier_type NULLS LAST, t.identifier NULLS LAST;

-- id_changes
SELECT
  t.old_id,
  CASE WHEN t.new_id IN (17, 3) THEN t.new_id ELSE CAST(NULL AS INT64) END AS new_id,
  t.kind,
  t.cause,
  t.run_id,
  t.`at`
FROM customhouse.customer_id_history AS t
WHERE t.old_id IN (17, 3)
ORDER BY t.`at` NULLS LAST, t.old_id NULLS LAST, t.new_id NULLS LAST;

-- identity_incidents
SELECT
  t.identifier_type,
  t.identifier,
  t.reason,
  CASE WHEN t.reason = 'never_link' THEN CAST(NULL AS STRING) ELSE t.evidence END AS evidence,
  t.run_id
FROM customhouse.customer_identity_incidents AS t
WHERE t.customer_id IN (17, 3) OR t.number IN (
  SELECT i.number
  FROM customhouse.customer_identities AS i
  WHERE i.customer_id IN (17, 3)
) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
ORDER BY t.identifier_type NULLS LAST, t.identifier NULLS LAST, t.reason NULLS LAST;

-- traits
SELECT
  t.customer_id,
  t.email,
  t.spent
FROM customhouse.customer_profiles AS t
WHERE t.customer_id IN (17, 3)
ORDER BY t.customer_id NULLS LAST, t.email NULLS LAST, t.spent NULLS LAST;

-- trait_history
SELECT
  t.valid_from,
  t.valid_to,
  t.lifecycle
FROM customhouse.customer_profile_history AS t
WHERE t.customer_id IN (17, 3)
ORDER BY t.valid_from NULLS LAST, t.valid_to NULLS LAST, t.lifecycle NULLS LAST;

-- segments
SELECT
  t.segment,
  t.entered_at
FROM customhouse.segment_members AS t
WHERE t.customer_id IN (17, 3)
ORDER BY t.entered_at NULLS LAST, t.segment NULLS LAST;

-- segment_changes
SELECT
  t.segment,
  t.change,
  t.`at`,
  t.run_id
FROM customhouse.segment_changes AS t
WHERE t.customer_id IN (17, 3)
ORDER BY t.`at` NULLS LAST, t.segment NULLS LAST, t.change NULLS LAST, t.run_id NULLS LAST;

-- consents
SELECT
  t.purpose,
  t.given,
  t.`at`,
  t.source,
  t.provenance
FROM customhouse.customer_consents AS t
WHERE t.customer_id IN (17, 3)
ORDER BY t.purpose NULLS LAST;

-- consent_refusals_kept
SELECT
  t.purpose,
  t.`at`
FROM customhouse.customer_consent_merges AS t
WHERE t.customer_id IN (17, 3)
ORDER BY t.`at` NULLS LAST, t.purpose NULLS LAST;

-- restrictions
SELECT
  t.request,
  t.identifier_type,
  t.identifier,
  t.kind,
  t.purpose,
  t.`at`
FROM customhouse.privacy_restrictions AS t
WHERE t.entity = 'customer'
  AND ((t.identifier_type, t.identifier) IN (SELECT AS STRUCT * FROM (
    SELECT
      i.identifier_type,
      i.identifier
    FROM customhouse.customer_identities AS i
    WHERE i.customer_id IN (17, 3)
  )) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678'))
ORDER BY t.`at` NULLS LAST, t.request NULLS LAST, t.identifier_type NULLS LAST, t.identifier NULLS LAST;

-- corrections
SELECT
  t.request,
  t.identifier_type,
  t.identifier,
  t.trait,
  t.value,
  t.`at`
FROM customhouse.privacy_corrections AS t
WHERE t.entity = 'customer'
  AND ((t.identifier_type, t.identifier) IN (SELECT AS STRUCT * FROM (
    SELECT
      i.identifier_type,
      i.identifier
    FROM customhouse.customer_identities AS i
    WHERE i.customer_id IN (17, 3)
  )) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678'))
ORDER BY t.`at` NULLS LAST, t.request NULLS LAST, t.identifier_type NULLS LAST, t.identifier NULLS LAST;

-- delivered
SELECT
  t.sync,
  t.place,
  t.key,
  t.sent,
  t.acknowledged_at,
  t.run_id
FROM customhouse.sync_ledger AS t
WHERE NOT FALSE
  AND t.entity_id IN (17, 3)
ORDER BY t.sync NULLS LAST, t.key NULLS LAST, t.acknowledged_at NULLS LAST;

-- delivery_log
SELECT
  t.sync,
  t.run_id,
  t.key,
  t.operation,
  t.reason,
  t.outcome,
  t.code,
  t.`at`
FROM customhouse.sync_log AS t
WHERE NOT FALSE
  AND t.entity_id IN (17, 3)
ORDER BY t.sync NULLS LAST, t.key NULLS LAST, t.`at` NULLS LAST;

-- rejected
SELECT
  t.sync,
  t.key,
  t.origin,
  t.code,
  t.message,
  t.attempts,
  t.first_at,
  t.last_at,
  t.run_id
FROM customhouse.sync_rejections AS t
WHERE NOT FALSE
  AND t.entity_id IN (17, 3)
ORDER BY t.sync NULLS LAST, t.key NULLS LAST, t.last_at NULLS LAST;

-- pending
SELECT
  t.sync,
  t.place,
  t.key,
  t.run_id
FROM customhouse.sync_pending AS t
WHERE NOT FALSE
  AND t.entity_id IN (17, 3)
ORDER BY t.sync NULLS LAST, t.key NULLS LAST, t.run_id NULLS LAST;

-- count rows_contacts
SELECT
  COUNT(*) AS `rows`,
  MIN(q.last_seen) AS first,
  MAX(q.last_seen) AS last
FROM (
  SELECT
    t.`hash_x002E_1`,
    t.`hash_x002E_2`,
    t.last_seen
  FROM customhouse.identity_rows_contacts AS t
  WHERE t.`n_x002E_user_id` IN (
    SELECT t.number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t.`n_x002E_email` IN (
    SELECT t.number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t.`n_x002E_phone` IN (
    SELECT t.number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- count rows_loyalty
SELECT
  COUNT(*) AS `rows`,
  MIN(q.last_seen) AS first,
  MAX(q.last_seen) AS last
FROM (
  SELECT
    t.`hash_x002E_1`,
    t.`hash_x002E_2`,
    t.last_seen
  FROM customhouse.identity_rows_loyalty AS t
  WHERE t.`n_x002E_email` IN (
    SELECT t.number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t.`n_x002E_phone` IN (
    SELECT t.number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t.`n_x002E_card` IN (
    SELECT t.number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- count rows_newsletter
SELECT
  COUNT(*) AS `rows`,
  MIN(q.last_seen) AS first,
  MAX(q.last_seen) AS last
FROM (
  SELECT
    t.`hash_x002E_1`,
    t.`hash_x002E_2`,
    t.last_seen
  FROM customhouse.identity_rows_newsletter AS t
  WHERE t.`n_x002E_email` IN (
    SELECT t.number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- count rows_orders
SELECT
  COUNT(*) AS `rows`,
  MIN(q.last_seen) AS first,
  MAX(q.last_seen) AS last
FROM (
  SELECT
    t.`hash_x002E_1`,
    t.`hash_x002E_2`,
    t.last_seen
  FROM customhouse.identity_rows_orders AS t
  WHERE t.`n_x002E_email` IN (
    SELECT t.number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t.`n_x002E_card` IN (
    SELECT t.number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- count rows_page_views
SELECT
  COUNT(*) AS `rows`,
  MIN(q.last_seen) AS first,
  MAX(q.last_seen) AS last
FROM (
  SELECT
    t.`hash_x002E_1`,
    t.`hash_x002E_2`,
    t.last_seen
  FROM customhouse.identity_rows_page_views AS t
  WHERE t.`n_x002E_user_id` IN (
    SELECT t.number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t.`n_x002E_cookie` IN (
    SELECT t.number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- rows of contacts
SELECT
  CASE WHEN NOT (NOT h.`mine_x002E_user_id` AND (NOT h.own OR h.`others_x002E_user_id`)) THEN h.`cell_x002E_0` END AS `cell_x002E_0`,
  CASE WHEN NOT (NOT h.`mine_x002E_email` AND (NOT h.own OR h.`others_x002E_email`)) THEN h.`cell_x002E_1` END AS `cell_x002E_1`,
  CASE WHEN NOT (NOT h.`mine_x002E_phone` AND (NOT h.own OR h.`others_x002E_phone`)) THEN h.`cell_x002E_2` END AS `cell_x002E_2`,
  CASE WHEN NOT (NOT h.own) THEN h.`cell_x002E_3` END AS `cell_x002E_3`,
  CASE WHEN NOT (NOT h.own) THEN h.`cell_x002E_4` END AS `cell_x002E_4`,
  CASE WHEN NOT FALSE THEN h.`cell_x002E_5` END AS `cell_x002E_5`,
  NOT h.`mine_x002E_user_id` AND (NOT h.own OR h.`others_x002E_user_id`) AS `withheld_x002E_0`,
  NOT h.`mine_x002E_email` AND (NOT h.own OR h.`others_x002E_email`) AS `withheld_x002E_1`,
  NOT h.`mine_x002E_phone` AND (NOT h.own OR h.`others_x002E_phone`) AS `withheld_x002E_2`,
  NOT h.own AS `withheld_x002E_3`,
  NOT h.own AS `withheld_x002E_4`,
  FALSE AS `withheld_x002E_5`
FROM (
  SELECT
    c.`cell_x002E_0`,
    c.`cell_x002E_1`,
    c.`cell_x002E_2`,
    c.`cell_x002E_3`,
    c.`cell_x002E_4`,
    c.`cell_x002E_5`,
    c.`at`,
    c.`id_x002E_user_id`,
    COALESCE(i0.customer_id IN (17, 3), FALSE) AS `mine_x002E_user_id`,
    CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (17, 3) THEN FALSE WHEN i0.number IN (
      SELECT x.number
      FROM customhouse.customer_identity_incidents AS x
      WHERE x.number IS NOT NULL
        AND x.reason IN ('shared', 'conflict', 'too_many')
    ) THEN FALSE ELSE TRUE END AS `others_x002E_user_id`,
    c.`id_x002E_email`,
    COALESCE(i1.customer_id IN (17, 3), FALSE) AS `mine_x002E_email`,
    CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (17, 3) THEN FALSE WHEN i1.number IN (
      SELECT x.number
      FROM customhouse.customer_identity_incidents AS x
      WHERE x.number IS NOT NULL
        AND x.reason IN ('shared', 'conflict', 'too_many')
    ) THEN FALSE ELSE TRUE END AS `others_x002E_email`,
    c.`id_x002E_phone`,
    COALESCE(i2.customer_id IN (17, 3), FALSE) AS `mine_x002E_phone`,
    CASE WHEN NOT (i2.customer_id IS NOT NULL) THEN FALSE WHEN i2.customer_id IN (17, 3) THEN FALSE WHEN i2.number IN (
      SELECT x.number
      FROM customhouse.customer_identity_incidents AS x
      WHERE x.number IS NOT NULL
        AND x.reason IN ('shared', 'conflict', 'too_many')
    ) THEN FALSE ELSE TRUE END AS `others_x002E_phone`,
    CASE WHEN i0.customer_id IS NOT NULL THEN COALESCE(i0.customer_id IN (17, 3), FALSE) WHEN i1.customer_id IS NOT NULL THEN COALESCE(i1.customer_id IN (17, 3), FALSE) WHEN i2.customer_id IS NOT NULL THEN COALESCE(i2.customer_id IN (17, 3), FALSE) ELSE FALSE END AS own
  FROM (
    SELECT
      v.`cell_x002E_0`,
      v.`cell_x002E_1`,
      v.`cell_x002E_2`,
      v.`cell_x002E_3`,
      v.`cell_x002E_4`,
      v.`cell_x002E_5`,
      v.`at`,
      v.`id_x002E_user_id`,
      v.`id_x002E_email`,
      v.`id_x002E_phone`
    FROM (
      SELECT
        s.user_id AS `cell_x002E_0`,
        s.email AS `cell_x002E_1`,
        s.mobile AS `cell_x002E_2`,
        s.first_name AS `cell_x002E_3`,
        TO_JSON_STRING(s.extra) AS `cell_x002E_4`,
        s.updated_at AS `cell_x002E_5`,
        CAST(s.updated_at AS TIMESTAMP) AS `at`,
        CASE WHEN CHAR_LENGTH(CAST(s.user_id AS STRING)) <= 512 THEN NULLIF(TRIM(CAST(s.user_id AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') END AS `id_x002E_user_id`,
        CASE WHEN CHAR_LENGTH(CAST(s.email AS STRING)) <= 512 THEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(CAST(s.email AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(CAST(s.email AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END END AS `id_x002E_email`,
        CASE WHEN CHAR_LENGTH(CAST(s.mobile AS STRING)) <= 512 THEN CASE WHEN REGEXP_CONTAINS(CONCAT('+', CASE WHEN STARTS_WITH(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END), CONCAT('^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', r')\z')) THEN CONCAT('+', CASE WHEN STARTS_WITH(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END) END END AS `id_x002E_phone`
      FROM customhouse_work.files__contacts AS s
    ) AS v
    WHERE v.`id_x002E_user_id` IN (
      SELECT i.identifier
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'user_id'
        AND i.customer_id IN (17, 3)
    ) OR v.`id_x002E_email` IN (
      SELECT i.identifier
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IN (17, 3)
    ) OR v.`id_x002E_phone` IN (
      SELECT i.identifier
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'phone'
        AND i.customer_id IN (17, 3)
    ) OR v.`id_x002E_phone` = '+33612345678'
  ) AS c
  LEFT JOIN (
    SELECT
      i.identifier,
      i.customer_id,
      i.number
    FROM customhouse.customer_identities AS i
    WHERE i.identifier_type = 'user_id'
      AND i.customer_id IS NOT NULL
  ) AS i0 ON i0.identifier = c.`id_x002E_user_id`
  LEFT JOIN (
    SELECT
      i.identifier,
      i.customer_id,
      i.number
    FROM customhouse.customer_identities AS i
    WHERE i.identifier_type = 'email'
      AND i.customer_id IS NOT NULL
  ) AS i1 ON i1.identifier = c.`id_x002E_email`
  LEFT JOIN (
    SELECT
      i.identifier,
      i.customer_id,
      i.number
    FROM customhouse.customer_identities AS i
    WHERE i.identifier_type = 'phone'
      AND i.customer_id IS NOT NULL
  ) AS i2 ON i2.identifier = c.`id_x002E_phone`
) AS h
ORDER BY h.`at` NULLS LAST, h.`id_x002E_user_id` NULLS LAST, h.`id_x002E_email` NULLS LAST, h.`id_x002E_phone` NULLS LAST;

-- count rows of contacts
SELECT
  COUNT(*) AS `rows`,
  MIN(q.`at`) AS first,
  MAX(q.`at`) AS last
FROM (
  SELECT
    v.`at`,
    v.`id_x002E_user_id`,
    v.`id_x002E_email`,
    v.`id_x002E_phone`
  FROM (
    SELECT
      CAST(s.updated_at AS TIMESTAMP) AS `at`,
      CASE WHEN CHAR_LENGTH(CAST(s.user_id AS STRING)) <= 512 THEN NULLIF(TRIM(CAST(s.user_id AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') END AS `id_x002E_user_id`,
      CASE WHEN CHAR_LENGTH(CAST(s.email AS STRING)) <= 512 THEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(CAST(s.email AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(CAST(s.email AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END END AS `id_x002E_email`,
      CASE WHEN CHAR_LENGTH(CAST(s.mobile AS STRING)) <= 512 THEN CASE WHEN REGEXP_CONTAINS(CONCAT('+', CASE WHEN STARTS_WITH(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END), CONCAT('^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', r')\z')) THEN CONCAT('+', CASE WHEN STARTS_WITH(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END) END END AS `id_x002E_phone`
    FROM customhouse_work.files__contacts AS s
  ) AS v
  WHERE v.`id_x002E_user_id` IN (
    SELECT i.identifier
    FROM customhouse.customer_identities AS i
    WHERE i.identifier_type = 'user_id'
      AND i.customer_id IN (17, 3)
  ) OR v.`id_x002E_email` IN (
    SELECT i.identifier
    FROM customhouse.customer_identities AS i
    WHERE i.identifier_type = 'email'
      AND i.customer_id IN (17, 3)
  ) OR v.`id_x002E_phone` IN (
    SELECT i.identifier
    FROM customhouse.customer_identities AS i
    WHERE i.identifier_type = 'phone'
      AND i.customer_id IN (17, 3)
  ) OR v.`id_x002E_phone` = '+33612345678'
) AS q;

-- origin of email
SELECT
  o.place,
  o.value,
  o.`at`
FROM (
  SELECT
    CAST(0 AS INT64) AS place,
    h.`id_x002E_email` AS value,
    h.`at`
  FROM (
    SELECT
      c.`at`,
      c.`id_x002E_user_id`,
      COALESCE(i0.customer_id IN (17, 3), FALSE) AS `mine_x002E_user_id`,
      CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (17, 3) THEN FALSE WHEN i0.number IN (
        SELECT x.number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others_x002E_user_id`,
      c.`id_x002E_email`,
      COALESCE(i1.customer_id IN (17, 3), FALSE) AS `mine_x002E_email`,
      CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (17, 3) THEN FALSE WHEN i1.number IN (
        SELECT x.number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others_x002E_email`,
      c.`id_x002E_phone`,
      COALESCE(i2.customer_id IN (17, 3), FALSE) AS `mine_x002E_phone`,
      CASE WHEN NOT (i2.customer_id IS NOT NULL) THEN FALSE WHEN i2.customer_id IN (17, 3) THEN FALSE WHEN i2.number IN (
        SELECT x.number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others_x002E_phone`,
      CASE WHEN i0.customer_id IS NOT NULL THEN COALESCE(i0.customer_id IN (17, 3), FALSE) WHEN i1.customer_id IS NOT NULL THEN COALESCE(i1.customer_id IN (17, 3), FALSE) WHEN i2.customer_id IS NOT NULL THEN COALESCE(i2.customer_id IN (17, 3), FALSE) ELSE FALSE END AS own
    FROM (
      SELECT
        v.`at`,
        v.`id_x002E_user_id`,
        v.`id_x002E_email`,
        v.`id_x002E_phone`
      FROM (
        SELECT
          CAST(s.updated_at AS TIMESTAMP) AS `at`,
          CASE WHEN CHAR_LENGTH(CAST(s.user_id AS STRING)) <= 512 THEN NULLIF(TRIM(CAST(s.user_id AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') END AS `id_x002E_user_id`,
          CASE WHEN CHAR_LENGTH(CAST(s.email AS STRING)) <= 512 THEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(CAST(s.email AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(CAST(s.email AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END END AS `id_x002E_email`,
          CASE WHEN CHAR_LENGTH(CAST(s.mobile AS STRING)) <= 512 THEN CASE WHEN REGEXP_CONTAINS(CONCAT('+', CASE WHEN STARTS_WITH(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END), CONCAT('^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', r')\z')) THEN CONCAT('+', CASE WHEN STARTS_WITH(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END) END END AS `id_x002E_phone`
        FROM customhouse_work.files__contacts AS s
      ) AS v
      WHERE v.`id_x002E_user_id` IN (
        SELECT i.identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'user_id'
          AND i.customer_id IN (17, 3)
      ) OR v.`id_x002E_email` IN (
        SELECT i.identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'email'
          AND i.customer_id IN (17, 3)
      ) OR v.`id_x002E_phone` IN (
        SELECT i.identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'phone'
          AND i.customer_id IN (17, 3)
      ) OR v.`id_x002E_phone` = '+33612345678'
    ) AS c
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'user_id'
        AND i.customer_id IS NOT NULL
    ) AS i0 ON i0.identifier = c.`id_x002E_user_id`
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IS NOT NULL
    ) AS i1 ON i1.identifier = c.`id_x002E_email`
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'phone'
        AND i.customer_id IS NOT NULL
    ) AS i2 ON i2.identifier = c.`id_x002E_phone`
  ) AS h
  WHERE (h.own AND h.`id_x002E_email` IS NOT NULL)
    AND h.`id_x002E_email` IN (
      SELECT i.identifier
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
    )
  UNION ALL
  SELECT
    CAST(1 AS INT64) AS place,
    h.`id_x002E_email` AS value,
    h.`at`
  FROM (
    SELECT
      c.`at`,
      c.`id_x002E_email`,
      COALESCE(i0.customer_id IN (17, 3), FALSE) AS `mine_x002E_email`,
      CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (17, 3) THEN FALSE WHEN i0.number IN (
        SELECT x.number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others_x002E_email`,
      c.`id_x002E_card`,
      COALESCE(i1.customer_id IN (17, 3), FALSE) AS `mine_x002E_card`,
      CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (17, 3) THEN FALSE WHEN i1.number IN (
        SELECT x.number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others_x002E_card`,
      CASE WHEN i0.customer_id IS NOT NULL THEN COALESCE(i0.customer_id IN (17, 3), FALSE) WHEN i1.customer_id IS NOT NULL THEN COALESCE(i1.customer_id IN (17, 3), FALSE) ELSE FALSE END AS own
    FROM (
      SELECT
        v.`at`,
        v.`id_x002E_email`,
        v.`id_x002E_card`
      FROM (
        SELECT
          CAST(s.ordered_at AS TIMESTAMP) AS `at`,
          CASE WHEN CHAR_LENGTH(CAST(s.email AS STRING)) <= 512 THEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(CAST(s.email AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(CAST(s.email AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END END AS `id_x002E_email`,
          CASE WHEN CHAR_LENGTH(CAST(s.card AS STRING)) <= 512 THEN NULLIF(REGEXP_REPLACE(TRIM(CAST(s.card AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '[^0-9]+', ''), '') END AS `id_x002E_card`
        FROM customhouse_work.files__orders AS s
      ) AS v
      WHERE v.`id_x002E_email` IN (
        SELECT i.identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'email'
          AND i.customer_id IN (17, 3)
      ) OR v.`id_x002E_card` IN (
        SELECT i.identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'card'
          AND i.customer_id IN (17, 3)
      )
    ) AS c
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IS NOT NULL
    ) AS i0 ON i0.identifier = c.`id_x002E_email`
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'card'
        AND i.customer_id IS NOT NULL
    ) AS i1 ON i1.identifier = c.`id_x002E_card`
  ) AS h
  WHERE (h.own AND h.`id_x002E_email` IS NOT NULL)
    AND h.`id_x002E_email` IN (
      SELECT i.identifier
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
    )
) AS o
ORDER BY o.`at` DESC NULLS LAST, o.place NULLS LAST, o.value DESC NULLS LAST
LIMIT 1;

-- origin of first_name
SELECT
  o.place,
  o.value,
  o.`at`
FROM (
  SELECT
    CAST(0 AS INT64) AS place,
    h.value,
    h.`at`
  FROM (
    SELECT
      c.`at`,
      c.value,
      c.`id_x002E_user_id`,
      COALESCE(i0.customer_id IN (17, 3), FALSE) AS `mine_x002E_user_id`,
      CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (17, 3) THEN FALSE WHEN i0.number IN (
        SELECT x.number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others_x002E_user_id`,
      c.`id_x002E_email`,
      COALESCE(i1.customer_id IN (17, 3), FALSE) AS `mine_x002E_email`,
      CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (17, 3) THEN FALSE WHEN i1.number IN (
        SELECT x.number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others_x002E_email`,
      c.`id_x002E_phone`,
      COALESCE(i2.customer_id IN (17, 3), FALSE) AS `mine_x002E_phone`,
      CASE WHEN NOT (i2.customer_id IS NOT NULL) THEN FALSE WHEN i2.customer_id IN (17, 3) THEN FALSE WHEN i2.number IN (
        SELECT x.number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others_x002E_phone`,
      CASE WHEN i0.customer_id IS NOT NULL THEN COALESCE(i0.customer_id IN (17, 3), FALSE) WHEN i1.customer_id IS NOT NULL THEN COALESCE(i1.customer_id IN (17, 3), FALSE) WHEN i2.customer_id IS NOT NULL THEN COALESCE(i2.customer_id IN (17, 3), FALSE) ELSE FALSE END AS own
    FROM (
      SELECT
        v.`at`,
        v.value,
        v.`id_x002E_user_id`,
        v.`id_x002E_email`,
        v.`id_x002E_phone`
      FROM (
        SELECT
          CAST(s.updated_at AS TIMESTAMP) AS `at`,
          CAST(s.first_name AS STRING) AS value,
          CASE WHEN CHAR_LENGTH(CAST(s.user_id AS STRING)) <= 512 THEN NULLIF(TRIM(CAST(s.user_id AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '') END AS `id_x002E_user_id`,
          CASE WHEN CHAR_LENGTH(CAST(s.email AS STRING)) <= 512 THEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(CAST(s.email AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(CAST(s.email AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END END AS `id_x002E_email`,
          CASE WHEN CHAR_LENGTH(CAST(s.mobile AS STRING)) <= 512 THEN CASE WHEN REGEXP_CONTAINS(CONCAT('+', CASE WHEN STARTS_WITH(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END), CONCAT('^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', r')\z')) THEN CONCAT('+', CASE WHEN STARTS_WITH(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.mobile AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END) END END AS `id_x002E_phone`
        FROM customhouse_work.files__contacts AS s
      ) AS v
      WHERE v.`id_x002E_user_id` IN (
        SELECT i.identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'user_id'
          AND i.customer_id IN (17, 3)
      ) OR v.`id_x002E_email` IN (
        SELECT i.identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'email'
          AND i.customer_id IN (17, 3)
      ) OR v.`id_x002E_phone` IN (
        SELECT i.identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'phone'
          AND i.customer_id IN (17, 3)
      ) OR v.`id_x002E_phone` = '+33612345678'
    ) AS c
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'user_id'
        AND i.customer_id IS NOT NULL
    ) AS i0 ON i0.identifier = c.`id_x002E_user_id`
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IS NOT NULL
    ) AS i1 ON i1.identifier = c.`id_x002E_email`
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'phone'
        AND i.customer_id IS NOT NULL
    ) AS i2 ON i2.identifier = c.`id_x002E_phone`
  ) AS h
  WHERE h.own
    AND h.value IS NOT NULL
  UNION ALL
  SELECT
    CAST(1 AS INT64) AS place,
    h.value,
    h.`at`
  FROM (
    SELECT
      c.`at`,
      c.value,
      c.`id_x002E_email`,
      COALESCE(i0.customer_id IN (17, 3), FALSE) AS `mine_x002E_email`,
      CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (17, 3) THEN FALSE WHEN i0.number IN (
        SELECT x.number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others_x002E_email`,
      c.`id_x002E_phone`,
      COALESCE(i1.customer_id IN (17, 3), FALSE) AS `mine_x002E_phone`,
      CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (17, 3) THEN FALSE WHEN i1.number IN (
        SELECT x.number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others_x002E_phone`,
      c.`id_x002E_card`,
      COALESCE(i2.customer_id IN (17, 3), FALSE) AS `mine_x002E_card`,
      CASE WHEN NOT (i2.customer_id IS NOT NULL) THEN FALSE WHEN i2.customer_id IN (17, 3) THEN FALSE WHEN i2.number IN (
        SELECT x.number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others_x002E_card`,
      CASE WHEN i0.customer_id IS NOT NULL THEN COALESCE(i0.customer_id IN (17, 3), FALSE) WHEN i1.customer_id IS NOT NULL THEN COALESCE(i1.customer_id IN (17, 3), FALSE) WHEN i2.customer_id IS NOT NULL THEN COALESCE(i2.customer_id IN (17, 3), FALSE) ELSE FALSE END AS own
    FROM (
      SELECT
        v.`at`,
        v.value,
        v.`id_x002E_email`,
        v.`id_x002E_phone`,
        v.`id_x002E_card`
      FROM (
        SELECT
          CAST(s.joined_at AS TIMESTAMP) AS `at`,
          CAST(s.holder AS STRING) AS value,
          CASE WHEN CHAR_LENGTH(CAST(s.email AS STRING)) <= 512 THEN CASE WHEN REGEXP_CONTAINS(LOWER(REPLACE(REPLACE(TRIM(CAST(s.email AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')), CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN LOWER(REPLACE(REPLACE(TRIM(CAST(s.email AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), 'İ', 'i'), 'Σ', 'σ')) END END AS `id_x002E_email`,
          CASE WHEN CHAR_LENGTH(CAST(s.phone AS STRING)) <= 512 THEN CASE WHEN REGEXP_CONTAINS(CONCAT('+', CASE WHEN STARTS_WITH(TRIM(CAST(s.phone AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(CAST(s.phone AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.phone AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.phone AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.phone AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END), CONCAT('^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', r')\z')) THEN CONCAT('+', CASE WHEN STARTS_WITH(TRIM(CAST(s.phone AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '+') THEN REGEXP_REPLACE(REPLACE(TRIM(CAST(s.phone AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', '') WHEN STARTS_WITH(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.phone AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '00') THEN REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.phone AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(REGEXP_REPLACE(REPLACE(TRIM(CAST(s.phone AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '(0)', ''), '[^0-9]+', ''), '^0', ''), '')) END) END END AS `id_x002E_phone`,
          CASE WHEN CHAR_LENGTH(CAST(s.card AS STRING)) <= 512 THEN NULLIF(REGEXP_REPLACE(TRIM(CAST(s.card AS STRING), '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'), '[^0-9]+', ''), '') END AS `id_x002E_card`
        FROM customhouse_work.files__loyalty AS s
      ) AS v
      WHERE v.`id_x002E_email` IN (
        SELECT i.identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'email'
          AND i.customer_id IN (17, 3)
      ) OR v.`id_x002E_phone` IN (
        SELECT i.identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'phone'
          AND i.customer_id IN (17, 3)
      ) OR v.`id_x002E_phone` = '+33612345678' OR v.`id_x002E_card` IN (
        SELECT i.identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'card'
          AND i.customer_id IN (17, 3)
      )
    ) AS c
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IS NOT NULL
    ) AS i0 ON i0.identifier = c.`id_x002E_email`
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'phone'
        AND i.customer_id IS NOT NULL
    ) AS i1 ON i1.identifier = c.`id_x002E_phone`
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'card'
        AND i.customer_id IS NOT NULL
    ) AS i2 ON i2.identifier = c.`id_x002E_card`
  ) AS h
  WHERE h.own
    AND h.value IS NOT NULL
) AS o
ORDER BY o.place NULLS LAST, o.`at` DESC NULLS LAST, o.value DESC NULLS LAST
LIMIT 1;

