-- merged
SELECT DISTINCT m.`id` AS `id`
FROM (
  SELECT h.old_id AS `id`
  FROM customhouse.customer_id_history AS h
  WHERE h.`kind` = 'merge'
    AND h.new_id IN (toInt64(17), toInt64(3))
    AND NOT (h.old_id IN (toInt64(17), toInt64(3)))
  UNION ALL
  SELECT h.new_id AS `id`
  FROM customhouse.customer_id_history AS h
  WHERE h.`kind` = 'merge'
    AND h.old_id IN (toInt64(17), toInt64(3))
    AND NOT (h.new_id IN (toInt64(17), toInt64(3)))
) AS m;

-- living
SELECT DISTINCT i.customer_id AS `id`
FROM customhouse.customer_identities AS i
WHERE i.customer_id IN (toInt64(17), toInt64(3));

-- identifiers
SELECT
  t.identifier_type AS identifier_type,
  t.identifier AS identifier,
  t.first_seen AS first_seen,
  t.last_seen AS last_seen,
  t.`source` AS `source`,
  t.quarantined AS quarantined
FROM customhouse.customer_identities AS t
WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
ORDER BY t.identifier_type NULLS LAST, t.identifier NULLS LAST;

-- id_changes
SELECT
  t.old_id AS old_id,
  CASE WHEN t.new_id IN (toInt64(17), toInt64(3)) THEN t.new_id ELSE CAST(NULL AS Nullable(Int64)) END AS new_id,
  t.`kind` AS `kind`,
  t.cause AS cause,
  t.run_id AS run_id,
  t.`at` AS `at`
FROM customhouse.customer_id_history AS t
WHERE t.old_id IN (toInt64(17), toInt64(3))
ORDER BY t.`at` NULLS LAST, t.old_id NULLS LAST, t.new_id NULLS LAST;

-- identity_incidents
SELECT
  t.identifier_type AS identifier_type,
  t.identifier AS identifier,
  t.reason AS reason,
  CASE WHEN t.reason = 'never_link' THEN CAST(NULL AS Nullable(String)) ELSE t.evidence END AS evidence,
  t.run_id AS run_id
FROM customhouse.customer_identity_incidents AS t
WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR t.number IN (
  SELECT i.number AS number
  FROM customhouse.customer_identities AS i
  WHERE i.customer_id IN (toInt64(17), toInt64(3))
) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
ORDER BY t.identifier_type NULLS LAST, t.identifier NULLS LAST, t.reason NULLS LAST;

-- traits
SELECT
  t.customer_id AS customer_id,
  t.email AS email,
  t.spent AS spent
FROM customhouse.customer_profiles AS t
WHERE t.customer_id IN (toInt64(17), toInt64(3))
ORDER BY t.customer_id NULLS LAST, t.email NULLS LAST, t.spent NULLS LAST;

-- trait_history
SELECT
  t.valid_from AS valid_from,
  t.valid_to AS valid_to,
  t.lifecycle AS lifecycle
FROM customhouse.customer_profile_history AS t
WHERE t.customer_id IN (toInt64(17), toInt64(3))
ORDER BY t.valid_from NULLS LAST, t.valid_to NULLS LAST, t.lifecycle NULLS LAST;

-- segments
SELECT
  t.segment AS segment,
  t.entered_at AS entered_at
FROM customhouse.segment_members AS t
WHERE t.customer_id IN (toInt64(17), toInt64(3))
ORDER BY t.entered_at NULLS LAST, t.segment NULLS LAST;

-- segment_changes
SELECT
  t.segment AS segment,
  t.`change` AS `change`,
  t.`at` AS `at`,
  t.run_id AS run_id
FROM customhouse.segment_changes AS t
WHERE t.customer_id IN (toInt64(17), toInt64(3))
ORDER BY t.`at` NULLS LAST, t.segment NULLS LAST, t.`change` NULLS LAST, t.run_id NULLS LAST;

-- consents
SELECT
  t.purpose AS purpose,
  t.given AS given,
  t.`at` AS `at`,
  t.`source` AS `source`,
  t.provenance AS provenance
FROM customhouse.customer_consents AS t
WHERE t.customer_id IN (toInt64(17), toInt64(3))
ORDER BY t.purpose NULLS LAST;

-- consent_refusals_kept
SELECT
  t.purpose AS purpose,
  t.`at` AS `at`
FROM customhouse.customer_consent_merges AS t
WHERE t.customer_id IN (toInt64(17), toInt64(3))
ORDER BY t.`at` NULLS LAST, t.purpose NULLS LAST;

-- restrictions
SELECT
  t.request AS request,
  t.identifier_type AS identifier_type,
  t.identifier AS identifier,
  t.`kind` AS `kind`,
  t.purpose AS purpose,
  t.`at` AS `at`
FROM customhouse.privacy_restrictions AS t
WHERE t.entity = 'customer'
  AND ((t.identifier_type, t.identifier) IN (
    SELECT
      i.identifier_type AS identifier_type,
      i.identifier AS identifier
    FROM customhouse.customer_identities AS i
    WHERE i.customer_id IN (toInt64(17), toInt64(3))
  ) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678'))
ORDER BY t.`at` NULLS LAST, t.request NULLS LAST, t.identifier_type NULLS LAST, t.identifier NULLS LAST;

-- corrections
SELECT
  t.request AS request,
  t.identifier_type AS identifier_type,
  t.identifier AS identifier,
  t.trait AS trait,
  t.value AS value,
  t.`at` AS `at`
FROM customhouse.privacy_corrections AS t
WHERE t.entity = 'customer'
  AND ((t.identifier_type, t.identifier) IN (
    SELECT
      i.identifier_type AS identifier_type,
      i.identifier AS identifier
    FROM customhouse.customer_identities AS i
    WHERE i.customer_id IN (toInt64(17), toInt64(3))
  ) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678'))
ORDER BY t.`at` NULLS LAST, t.request NULLS LAST, t.identifier_type NULLS LAST, t.identifier NULLS LAST;

-- delivered
SELECT
  t.`sync` AS `sync`,
  t.place AS place,
  t.`key` AS `key`,
  t.sent AS sent,
  t.acknowledged_at AS acknowledged_at,
  t.run_id AS run_id
FROM customhouse.sync_ledger AS t
WHERE NOT FALSE
  AND t.entity_id IN (toInt64(17), toInt64(3))
ORDER BY t.`sync` NULLS LAST, t.`key` NULLS LAST, t.acknowledged_at NULLS LAST;

-- delivery_log
SELECT
  t.`sync` AS `sync`,
  t.run_id AS run_id,
  t.`key` AS `key`,
  t.operation AS operation,
  t.reason AS reason,
  t.outcome AS outcome,
  t.code AS code,
  t.`at` AS `at`
FROM customhouse.sync_log AS t
WHERE NOT FALSE
  AND t.entity_id IN (toInt64(17), toInt64(3))
ORDER BY t.`sync` NULLS LAST, t.`key` NULLS LAST, t.`at` NULLS LAST;

-- rejected
SELECT
  t.`sync` AS `sync`,
  t.`key` AS `key`,
  t.origin AS origin,
  t.code AS code,
  t.message AS message,
  t.attempts AS attempts,
  t.first_at AS first_at,
  t.last_at AS last_at,
  t.run_id AS run_id
FROM customhouse.sync_rejections AS t
WHERE NOT FALSE
  AND t.entity_id IN (toInt64(17), toInt64(3))
ORDER BY t.`sync` NULLS LAST, t.`key` NULLS LAST, t.last_at NULLS LAST;

-- pending
SELECT
  t.`sync` AS `sync`,
  t.place AS place,
  t.`key` AS `key`,
  t.run_id AS run_id
FROM customhouse.sync_pending AS t
WHERE NOT FALSE
  AND t.entity_id IN (toInt64(17), toInt64(3))
ORDER BY t.`sync` NULLS LAST, t.`key` NULLS LAST, t.run_id NULLS LAST;

-- count rows_contacts
SELECT
  toInt64(count()) AS `rows`,
  minOrNull(q.last_seen) AS `first`,
  maxOrNull(q.last_seen) AS `last`
FROM (
  SELECT
    t.`hash.1` AS `hash.1`,
    t.`hash.2` AS `hash.2`,
    t.last_seen AS last_seen
  FROM customhouse.identity_rows_contacts AS t
  WHERE t.`n.user_id` IN (
    SELECT t.number AS number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t.`n.email` IN (
    SELECT t.number AS number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t.`n.phone` IN (
    SELECT t.number AS number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- count rows_loyalty
SELECT
  toInt64(count()) AS `rows`,
  minOrNull(q.last_seen) AS `first`,
  maxOrNull(q.last_seen) AS `last`
FROM (
  SELECT
    t.`hash.1` AS `hash.1`,
    t.`hash.2` AS `hash.2`,
    t.last_seen AS last_seen
  FROM customhouse.identity_rows_loyalty AS t
  WHERE t.`n.email` IN (
    SELECT t.number AS number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t.`n.phone` IN (
    SELECT t.number AS number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t.`n.card` IN (
    SELECT t.number AS number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- count rows_newsletter
SELECT
  toInt64(count()) AS `rows`,
  minOrNull(q.last_seen) AS `first`,
  maxOrNull(q.last_seen) AS `last`
FROM (
  SELECT
    t.`hash.1` AS `hash.1`,
    t.`hash.2` AS `hash.2`,
    t.last_seen AS last_seen
  FROM customhouse.identity_rows_newsletter AS t
  WHERE t.`n.email` IN (
    SELECT t.number AS number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- count rows_orders
SELECT
  toInt64(count()) AS `rows`,
  minOrNull(q.last_seen) AS `first`,
  maxOrNull(q.last_seen) AS `last`
FROM (
  SELECT
    t.`hash.1` AS `hash.1`,
    t.`hash.2` AS `hash.2`,
    t.last_seen AS last_seen
  FROM customhouse.identity_rows_orders AS t
  WHERE t.`n.email` IN (
    SELECT t.number AS number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t.`n.card` IN (
    SELECT t.number AS number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- count rows_page_views
SELECT
  toInt64(count()) AS `rows`,
  minOrNull(q.last_seen) AS `first`,
  maxOrNull(q.last_seen) AS `last`
FROM (
  SELECT
    t.`hash.1` AS `hash.1`,
    t.`hash.2` AS `hash.2`,
    t.last_seen AS last_seen
  FROM customhouse.identity_rows_page_views AS t
  WHERE t.`n.user_id` IN (
    SELECT t.number AS number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t.`n.cookie` IN (
    SELECT t.number AS number
    FROM customhouse.customer_identities AS t
    WHERE t.customer_id IN (toInt64(17), toInt64(3)) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- rows of contacts
SELECT
  CASE WHEN NOT (NOT h.`mine.user_id` AND (NOT h.own OR h.`others.user_id`)) THEN h.`cell.0` END AS `cell.0`,
  CASE WHEN NOT (NOT h.`mine.email` AND (NOT h.own OR h.`others.email`)) THEN h.`cell.1` END AS `cell.1`,
  CASE WHEN NOT (NOT h.`mine.phone` AND (NOT h.own OR h.`others.phone`)) THEN h.`cell.2` END AS `cell.2`,
  CASE WHEN NOT (NOT h.own) THEN h.`cell.3` END AS `cell.3`,
  CASE WHEN NOT (NOT h.own) THEN h.`cell.4` END AS `cell.4`,
  CASE WHEN NOT FALSE THEN h.`cell.5` END AS `cell.5`,
  CAST(NOT h.`mine.user_id` AND (NOT h.own OR h.`others.user_id`) AS Bool) AS `withheld.0`,
  CAST(NOT h.`mine.email` AND (NOT h.own OR h.`others.email`) AS Bool) AS `withheld.1`,
  CAST(NOT h.`mine.phone` AND (NOT h.own OR h.`others.phone`) AS Bool) AS `withheld.2`,
  CAST(NOT h.own AS Bool) AS `withheld.3`,
  CAST(NOT h.own AS Bool) AS `withheld.4`,
  FALSE AS `withheld.5`
FROM (
  SELECT
    c.`cell.0` AS `cell.0`,
    c.`cell.1` AS `cell.1`,
    c.`cell.2` AS `cell.2`,
    c.`cell.3` AS `cell.3`,
    c.`cell.4` AS `cell.4`,
    c.`cell.5` AS `cell.5`,
    c.`at` AS `at`,
    c.`id.user_id` AS `id.user_id`,
    coalesce(CAST(i0.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.user_id`,
    CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i0.number IN (
      SELECT x.number AS number
      FROM customhouse.customer_identity_incidents AS x
      WHERE x.number IS NOT NULL
        AND x.reason IN ('shared', 'conflict', 'too_many')
    ) THEN FALSE ELSE TRUE END AS `others.user_id`,
    c.`id.email` AS `id.email`,
    coalesce(CAST(i1.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.email`,
    CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i1.number IN (
      SELECT x.number AS number
      FROM customhouse.customer_identity_incidents AS x
      WHERE x.number IS NOT NULL
        AND x.reason IN ('shared', 'conflict', 'too_many')
    ) THEN FALSE ELSE TRUE END AS `others.email`,
    c.`id.phone` AS `id.phone`,
    coalesce(CAST(i2.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.phone`,
    CASE WHEN NOT (i2.customer_id IS NOT NULL) THEN FALSE WHEN i2.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i2.number IN (
      SELECT x.number AS number
      FROM customhouse.customer_identity_incidents AS x
      WHERE x.number IS NOT NULL
        AND x.reason IN ('shared', 'conflict', 'too_many')
    ) THEN FALSE ELSE TRUE END AS `others.phone`,
    CASE WHEN i0.customer_id IS NOT NULL THEN coalesce(CAST(i0.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) WHEN i1.customer_id IS NOT NULL THEN coalesce(CAST(i1.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) WHEN i2.customer_id IS NOT NULL THEN coalesce(CAST(i2.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) ELSE FALSE END AS own
  FROM (
    SELECT
      v.`cell.0` AS `cell.0`,
      v.`cell.1` AS `cell.1`,
      v.`cell.2` AS `cell.2`,
      v.`cell.3` AS `cell.3`,
      v.`cell.4` AS `cell.4`,
      v.`cell.5` AS `cell.5`,
      v.`at` AS `at`,
      v.`id.user_id` AS `id.user_id`,
      v.`id.email` AS `id.email`,
      v.`id.phone` AS `id.phone`
    FROM (
      SELECT
        s.user_id AS `cell.0`,
        s.email AS `cell.1`,
        s.mobile AS `cell.2`,
        s.first_name AS `cell.3`,
        toString(s.extra) AS `cell.4`,
        s.updated_at AS `cell.5`,
        if(isNull(s.updated_at), NULL, CAST(assumeNotNull(s.updated_at) AS DateTime64(6, 'UTC'))) AS `at`,
        CASE WHEN toInt64(lengthUTF8(toString(s.user_id))) <= 512 THEN nullIf(replaceRegexpAll(toString(s.user_id), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') END AS `id.user_id`,
        CASE WHEN toInt64(lengthUTF8(toString(s.email))) <= 512 THEN CASE WHEN match(if(length(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END END AS `id.email`,
        CASE WHEN toInt64(lengthUTF8(toString(s.mobile))) <= 512 THEN CASE WHEN match(concat('+', CASE WHEN startsWith(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END), concat('(?-s)^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', ')\\z')) THEN concat('+', CASE WHEN startsWith(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END) END END AS `id.phone`
      FROM customhouse_work.files__contacts AS s
    ) AS v
    WHERE v.`id.user_id` IN (
      SELECT i.identifier AS identifier
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'user_id'
        AND i.customer_id IN (toInt64(17), toInt64(3))
    ) OR v.`id.email` IN (
      SELECT i.identifier AS identifier
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IN (toInt64(17), toInt64(3))
    ) OR v.`id.phone` IN (
      SELECT i.identifier AS identifier
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'phone'
        AND i.customer_id IN (toInt64(17), toInt64(3))
    ) OR v.`id.phone` = '+33612345678'
  ) AS c
  LEFT JOIN (
    SELECT
      i.identifier AS identifier,
      i.customer_id AS customer_id,
      i.number AS number
    FROM customhouse.customer_identities AS i
    WHERE i.identifier_type = 'user_id'
      AND i.customer_id IS NOT NULL
  ) AS i0 ON i0.identifier = c.`id.user_id`
  LEFT JOIN (
    SELECT
      i.identifier AS identifier,
      i.customer_id AS customer_id,
      i.number AS number
    FROM customhouse.customer_identities AS i
    WHERE i.identifier_type = 'email'
      AND i.customer_id IS NOT NULL
  ) AS i1 ON i1.identifier = c.`id.email`
  LEFT JOIN (
    SELECT
      i.identifier AS identifier,
      i.customer_id AS customer_id,
      i.number AS number
    FROM customhouse.customer_identities AS i
    WHERE i.identifier_type = 'phone'
      AND i.customer_id IS NOT NULL
  ) AS i2 ON i2.identifier = c.`id.phone`
) AS h
ORDER BY h.`at` NULLS LAST, h.`id.user_id` NULLS LAST, h.`id.email` NULLS LAST, h.`id.phone` NULLS LAST;

-- count rows of contacts
SELECT
  toInt64(count()) AS `rows`,
  minOrNull(q.`at`) AS `first`,
  maxOrNull(q.`at`) AS `last`
FROM (
  SELECT
    v.`at` AS `at`,
    v.`id.user_id` AS `id.user_id`,
    v.`id.email` AS `id.email`,
    v.`id.phone` AS `id.phone`
  FROM (
    SELECT
      if(isNull(s.updated_at), NULL, CAST(assumeNotNull(s.updated_at) AS DateTime64(6, 'UTC'))) AS `at`,
      CASE WHEN toInt64(lengthUTF8(toString(s.user_id))) <= 512 THEN nullIf(replaceRegexpAll(toString(s.user_id), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') END AS `id.user_id`,
      CASE WHEN toInt64(lengthUTF8(toString(s.email))) <= 512 THEN CASE WHEN match(if(length(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END END AS `id.email`,
      CASE WHEN toInt64(lengthUTF8(toString(s.mobile))) <= 512 THEN CASE WHEN match(concat('+', CASE WHEN startsWith(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END), concat('(?-s)^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', ')\\z')) THEN concat('+', CASE WHEN startsWith(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END) END END AS `id.phone`
    FROM customhouse_work.files__contacts AS s
  ) AS v
  WHERE v.`id.user_id` IN (
    SELECT i.identifier AS identifier
    FROM customhouse.customer_identities AS i
    WHERE i.identifier_type = 'user_id'
      AND i.customer_id IN (toInt64(17), toInt64(3))
  ) OR v.`id.email` IN (
    SELECT i.identifier AS identifier
    FROM customhouse.customer_identities AS i
    WHERE i.identifier_type = 'email'
      AND i.customer_id IN (toInt64(17), toInt64(3))
  ) OR v.`id.phone` IN (
    SELECT i.identifier AS identifier
    FROM customhouse.customer_identities AS i
    WHERE i.identifier_type = 'phone'
      AND i.customer_id IN (toInt64(17), toInt64(3))
  ) OR v.`id.phone` = '+33612345678'
) AS q;

-- origin of email
SELECT
  o.place AS place,
  o.value AS value,
  o.`at` AS `at`
FROM (
  SELECT
    CAST(toInt64(0) AS Int64) AS place,
    h.`id.email` AS value,
    h.`at` AS `at`
  FROM (
    SELECT
      c.`at` AS `at`,
      c.`id.user_id` AS `id.user_id`,
      coalesce(CAST(i0.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.user_id`,
      CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i0.number IN (
        SELECT x.number AS number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others.user_id`,
      c.`id.email` AS `id.email`,
      coalesce(CAST(i1.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.email`,
      CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i1.number IN (
        SELECT x.number AS number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others.email`,
      c.`id.phone` AS `id.phone`,
      coalesce(CAST(i2.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.phone`,
      CASE WHEN NOT (i2.customer_id IS NOT NULL) THEN FALSE WHEN i2.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i2.number IN (
        SELECT x.number AS number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others.phone`,
      CASE WHEN i0.customer_id IS NOT NULL THEN coalesce(CAST(i0.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) WHEN i1.customer_id IS NOT NULL THEN coalesce(CAST(i1.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) WHEN i2.customer_id IS NOT NULL THEN coalesce(CAST(i2.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) ELSE FALSE END AS own
    FROM (
      SELECT
        v.`at` AS `at`,
        v.`id.user_id` AS `id.user_id`,
        v.`id.email` AS `id.email`,
        v.`id.phone` AS `id.phone`
      FROM (
        SELECT
          if(isNull(s.updated_at), NULL, CAST(assumeNotNull(s.updated_at) AS DateTime64(6, 'UTC'))) AS `at`,
          CASE WHEN toInt64(lengthUTF8(toString(s.user_id))) <= 512 THEN nullIf(replaceRegexpAll(toString(s.user_id), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') END AS `id.user_id`,
          CASE WHEN toInt64(lengthUTF8(toString(s.email))) <= 512 THEN CASE WHEN match(if(length(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END END AS `id.email`,
          CASE WHEN toInt64(lengthUTF8(toString(s.mobile))) <= 512 THEN CASE WHEN match(concat('+', CASE WHEN startsWith(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END), concat('(?-s)^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', ')\\z')) THEN concat('+', CASE WHEN startsWith(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END) END END AS `id.phone`
        FROM customhouse_work.files__contacts AS s
      ) AS v
      WHERE v.`id.user_id` IN (
        SELECT i.identifier AS identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'user_id'
          AND i.customer_id IN (toInt64(17), toInt64(3))
      ) OR v.`id.email` IN (
        SELECT i.identifier AS identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'email'
          AND i.customer_id IN (toInt64(17), toInt64(3))
      ) OR v.`id.phone` IN (
        SELECT i.identifier AS identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'phone'
          AND i.customer_id IN (toInt64(17), toInt64(3))
      ) OR v.`id.phone` = '+33612345678'
    ) AS c
    LEFT JOIN (
      SELECT
        i.identifier AS identifier,
        i.customer_id AS customer_id,
        i.number AS number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'user_id'
        AND i.customer_id IS NOT NULL
    ) AS i0 ON i0.identifier = c.`id.user_id`
    LEFT JOIN (
      SELECT
        i.identifier AS identifier,
        i.customer_id AS customer_id,
        i.number AS number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IS NOT NULL
    ) AS i1 ON i1.identifier = c.`id.email`
    LEFT JOIN (
      SELECT
        i.identifier AS identifier,
        i.customer_id AS customer_id,
        i.number AS number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'phone'
        AND i.customer_id IS NOT NULL
    ) AS i2 ON i2.identifier = c.`id.phone`
  ) AS h
  WHERE (h.own AND h.`id.email` IS NOT NULL)
    AND h.`id.email` IN (
      SELECT i.identifier AS identifier
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
    )
  UNION ALL
  SELECT
    CAST(toInt64(1) AS Int64) AS place,
    h.`id.email` AS value,
    h.`at` AS `at`
  FROM (
    SELECT
      c.`at` AS `at`,
      c.`id.email` AS `id.email`,
      coalesce(CAST(i0.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.email`,
      CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i0.number IN (
        SELECT x.number AS number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others.email`,
      c.`id.card` AS `id.card`,
      coalesce(CAST(i1.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.card`,
      CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i1.number IN (
        SELECT x.number AS number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others.card`,
      CASE WHEN i0.customer_id IS NOT NULL THEN coalesce(CAST(i0.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) WHEN i1.customer_id IS NOT NULL THEN coalesce(CAST(i1.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) ELSE FALSE END AS own
    FROM (
      SELECT
        v.`at` AS `at`,
        v.`id.email` AS `id.email`,
        v.`id.card` AS `id.card`
      FROM (
        SELECT
          if(isNull(s.ordered_at), NULL, CAST(assumeNotNull(s.ordered_at) AS DateTime64(6, 'UTC'))) AS `at`,
          CASE WHEN toInt64(lengthUTF8(toString(s.email))) <= 512 THEN CASE WHEN match(if(length(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END END AS `id.email`,
          CASE WHEN toInt64(lengthUTF8(toString(s.card))) <= 512 THEN nullIf(replaceRegexpAll(replaceRegexpAll(toString(s.card), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), concat('(?-s)', '[^0-9]+'), ''), '') END AS `id.card`
        FROM customhouse_work.files__orders AS s
      ) AS v
      WHERE v.`id.email` IN (
        SELECT i.identifier AS identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'email'
          AND i.customer_id IN (toInt64(17), toInt64(3))
      ) OR v.`id.card` IN (
        SELECT i.identifier AS identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'card'
          AND i.customer_id IN (toInt64(17), toInt64(3))
      )
    ) AS c
    LEFT JOIN (
      SELECT
        i.identifier AS identifier,
        i.customer_id AS customer_id,
        i.number AS number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IS NOT NULL
    ) AS i0 ON i0.identifier = c.`id.email`
    LEFT JOIN (
      SELECT
        i.identifier AS identifier,
        i.customer_id AS customer_id,
        i.number AS number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'card'
        AND i.customer_id IS NOT NULL
    ) AS i1 ON i1.identifier = c.`id.card`
  ) AS h
  WHERE (h.own AND h.`id.email` IS NOT NULL)
    AND h.`id.email` IN (
      SELECT i.identifier AS identifier
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
    )
) AS o
ORDER BY o.`at` DESC NULLS LAST, o.place NULLS LAST, o.value DESC NULLS LAST
LIMIT 1;

-- origin of first_name
SELECT
  o.place AS place,
  o.value AS value,
  o.`at` AS `at`
FROM (
  SELECT
    CAST(toInt64(0) AS Int64) AS place,
    h.value AS value,
    h.`at` AS `at`
  FROM (
    SELECT
      c.`at` AS `at`,
      c.value AS value,
      c.`id.user_id` AS `id.user_id`,
      coalesce(CAST(i0.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.user_id`,
      CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i0.number IN (
        SELECT x.number AS number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others.user_id`,
      c.`id.email` AS `id.email`,
      coalesce(CAST(i1.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.email`,
      CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i1.number IN (
        SELECT x.number AS number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others.email`,
      c.`id.phone` AS `id.phone`,
      coalesce(CAST(i2.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.phone`,
      CASE WHEN NOT (i2.customer_id IS NOT NULL) THEN FALSE WHEN i2.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i2.number IN (
        SELECT x.number AS number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others.phone`,
      CASE WHEN i0.customer_id IS NOT NULL THEN coalesce(CAST(i0.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) WHEN i1.customer_id IS NOT NULL THEN coalesce(CAST(i1.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) WHEN i2.customer_id IS NOT NULL THEN coalesce(CAST(i2.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) ELSE FALSE END AS own
    FROM (
      SELECT
        v.`at` AS `at`,
        v.value AS value,
        v.`id.user_id` AS `id.user_id`,
        v.`id.email` AS `id.email`,
        v.`id.phone` AS `id.phone`
      FROM (
        SELECT
          if(isNull(s.updated_at), NULL, CAST(assumeNotNull(s.updated_at) AS DateTime64(6, 'UTC'))) AS `at`,
          if(isNull(s.first_name), NULL, CAST(assumeNotNull(s.first_name) AS String)) AS value,
          CASE WHEN toInt64(lengthUTF8(toString(s.user_id))) <= 512 THEN nullIf(replaceRegexpAll(toString(s.user_id), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '') END AS `id.user_id`,
          CASE WHEN toInt64(lengthUTF8(toString(s.email))) <= 512 THEN CASE WHEN match(if(length(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END END AS `id.email`,
          CASE WHEN toInt64(lengthUTF8(toString(s.mobile))) <= 512 THEN CASE WHEN match(concat('+', CASE WHEN startsWith(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END), concat('(?-s)^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', ')\\z')) THEN concat('+', CASE WHEN startsWith(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.mobile), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END) END END AS `id.phone`
        FROM customhouse_work.files__contacts AS s
      ) AS v
      WHERE v.`id.user_id` IN (
        SELECT i.identifier AS identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'user_id'
          AND i.customer_id IN (toInt64(17), toInt64(3))
      ) OR v.`id.email` IN (
        SELECT i.identifier AS identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'email'
          AND i.customer_id IN (toInt64(17), toInt64(3))
      ) OR v.`id.phone` IN (
        SELECT i.identifier AS identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'phone'
          AND i.customer_id IN (toInt64(17), toInt64(3))
      ) OR v.`id.phone` = '+33612345678'
    ) AS c
    LEFT JOIN (
      SELECT
        i.identifier AS identifier,
        i.customer_id AS customer_id,
        i.number AS number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'user_id'
        AND i.customer_id IS NOT NULL
    ) AS i0 ON i0.identifier = c.`id.user_id`
    LEFT JOIN (
      SELECT
        i.identifier AS identifier,
        i.customer_id AS customer_id,
        i.number AS number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IS NOT NULL
    ) AS i1 ON i1.identifier = c.`id.email`
    LEFT JOIN (
      SELECT
        i.identifier AS identifier,
        i.customer_id AS customer_id,
        i.number AS number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'phone'
        AND i.customer_id IS NOT NULL
    ) AS i2 ON i2.identifier = c.`id.phone`
  ) AS h
  WHERE h.own
    AND h.value IS NOT NULL
  UNION ALL
  SELECT
    CAST(toInt64(1) AS Int64) AS place,
    h.value AS value,
    h.`at` AS `at`
  FROM (
    SELECT
      c.`at` AS `at`,
      c.value AS value,
      c.`id.email` AS `id.email`,
      coalesce(CAST(i0.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.email`,
      CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i0.number IN (
        SELECT x.number AS number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others.email`,
      c.`id.phone` AS `id.phone`,
      coalesce(CAST(i1.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.phone`,
      CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i1.number IN (
        SELECT x.number AS number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others.phone`,
      c.`id.card` AS `id.card`,
      coalesce(CAST(i2.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) AS `mine.card`,
      CASE WHEN NOT (i2.customer_id IS NOT NULL) THEN FALSE WHEN i2.customer_id IN (toInt64(17), toInt64(3)) THEN FALSE WHEN i2.number IN (
        SELECT x.number AS number
        FROM customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS `others.card`,
      CASE WHEN i0.customer_id IS NOT NULL THEN coalesce(CAST(i0.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) WHEN i1.customer_id IS NOT NULL THEN coalesce(CAST(i1.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) WHEN i2.customer_id IS NOT NULL THEN coalesce(CAST(i2.customer_id IN (toInt64(17), toInt64(3)) AS Bool), FALSE) ELSE FALSE END AS own
    FROM (
      SELECT
        v.`at` AS `at`,
        v.value AS value,
        v.`id.email` AS `id.email`,
        v.`id.phone` AS `id.phone`,
        v.`id.card` AS `id.card`
      FROM (
        SELECT
          if(isNull(s.joined_at), NULL, CAST(assumeNotNull(s.joined_at) AS DateTime64(6, 'UTC'))) AS `at`,
          if(isNull(s.holder), NULL, CAST(assumeNotNull(s.holder) AS String)) AS value,
          CASE WHEN toInt64(lengthUTF8(toString(s.email))) <= 512 THEN CASE WHEN match(if(length(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))), concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN if(length(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')) = lengthUTF8(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), lower(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '')), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(replaceRegexpAll(toString(s.email), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), 'İ', 'i'), '(?s).')))) END END AS `id.email`,
          CASE WHEN toInt64(lengthUTF8(toString(s.phone))) <= 512 THEN CASE WHEN match(concat('+', CASE WHEN startsWith(replaceRegexpAll(toString(s.phone), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.phone), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.phone), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.phone), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.phone), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END), concat('(?-s)^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', ')\\z')) THEN concat('+', CASE WHEN startsWith(replaceRegexpAll(toString(s.phone), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '+') THEN replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.phone), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), '') WHEN startsWith(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.phone), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), '00') THEN replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.phone), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(replaceRegexpAll(replaceAll(replaceRegexpAll(toString(s.phone), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), '(0)', ''), concat('(?-s)', '[^0-9]+'), ''), concat('(?-s)', '^0'), ''), '')) END) END END AS `id.phone`,
          CASE WHEN toInt64(lengthUTF8(toString(s.card))) <= 512 THEN nullIf(replaceRegexpAll(replaceRegexpAll(toString(s.card), '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', ''), concat('(?-s)', '[^0-9]+'), ''), '') END AS `id.card`
        FROM customhouse_work.files__loyalty AS s
      ) AS v
      WHERE v.`id.email` IN (
        SELECT i.identifier AS identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'email'
          AND i.customer_id IN (toInt64(17), toInt64(3))
      ) OR v.`id.phone` IN (
        SELECT i.identifier AS identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'phone'
          AND i.customer_id IN (toInt64(17), toInt64(3))
      ) OR v.`id.phone` = '+33612345678' OR v.`id.card` IN (
        SELECT i.identifier AS identifier
        FROM customhouse.customer_identities AS i
        WHERE i.identifier_type = 'card'
          AND i.customer_id IN (toInt64(17), toInt64(3))
      )
    ) AS c
    LEFT JOIN (
      SELECT
        i.identifier AS identifier,
        i.customer_id AS customer_id,
        i.number AS number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IS NOT NULL
    ) AS i0 ON i0.identifier = c.`id.email`
    LEFT JOIN (
      SELECT
        i.identifier AS identifier,
        i.customer_id AS customer_id,
        i.number AS number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'phone'
        AND i.customer_id IS NOT NULL
    ) AS i1 ON i1.identifier = c.`id.phone`
    LEFT JOIN (
      SELECT
        i.identifier AS identifier,
        i.customer_id AS customer_id,
        i.number AS number
      FROM customhouse.customer_identities AS i
      WHERE i.identifier_type = 'card'
        AND i.customer_id IS NOT NULL
    ) AS i2 ON i2.identifier = c.`id.card`
  ) AS h
  WHERE h.own
    AND h.value IS NOT NULL
) AS o
ORDER BY o.place NULLS LAST, o.`at` DESC NULLS LAST, o.value DESC NULLS LAST
LIMIT 1;

