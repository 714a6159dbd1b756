-- merged
SELECT DISTINCT m.id
FROM (
  SELECT h.old_id AS id
  FROM customhouse_file.customhouse.customer_id_history AS h
  WHERE h.kind = 'merge'
    AND h.new_id IN (17, 3)
    AND NOT (h.old_id IN (17, 3))
  UNION ALL
  SELECT h.new_id AS id
  FROM customhouse_file.customhouse.customer_id_history AS h
  WHERE h.kind = 'merge'
    AND h.old_id IN (17, 3)
    AND NOT (h.new_id IN (17, 3))
) AS m;

-- living
SELECT DISTINCT i.customer_id AS id
FROM customhouse_file.customhouse.customer_identities AS i
WHERE i.customer_id IN (17, 3);

-- identifiers
SELECT
  t.identifier_type,
  t.identifier,
  t.first_seen,
  t.last_seen,
  t.source,
  t.quarantined
FROM customhouse_file.customhouse.customer_identities AS t
WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
ORDER BY t.identifier_type NULLS LAST, t.identifier NULLS LAST;

-- id_changes
SELECT
  t.old_id,
  CASE WHEN t.new_id IN (17, 3) THEN t.new_id ELSE CAST(NULL AS BIGINT) END AS new_id,
  t.kind,
  t.cause,
  t.run_id,
  t."at"
FROM customhouse_file.customhouse.customer_id_history AS t
WHERE t.old_id IN (17, 3)
ORDER BY t."at" NULLS LAST, t.old_id NULLS LAST, t.new_id NULLS LAST;

-- identity_incidents
SELECT
  t.identifier_type,
  t.identifier,
  t.reason,
  CASE WHEN t.reason = 'never_link' THEN CAST(NULL AS VARCHAR) ELSE t.evidence END AS evidence,
  t.run_id
FROM customhouse_file.customhouse.customer_identity_incidents AS t
WHERE t.customer_id IN (17, 3) OR t.number IN (
  SELECT i.number
  FROM customhouse_file.customhouse.customer_identities AS i
  WHERE i.customer_id IN (17, 3)
) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
ORDER BY t.identifier_type NULLS LAST, t.identifier NULLS LAST, t.reason NULLS LAST;

-- traits
SELECT
  t.customer_id,
  t.email,
  t.spent
FROM customhouse_file.customhouse.customer_profiles AS t
WHERE t.customer_id IN (17, 3)
ORDER BY t.customer_id NULLS LAST, t.email NULLS LAST, t.spent NULLS LAST;

-- trait_history
SELECT
  t.valid_from,
  t.valid_to,
  t.lifecycle
FROM customhouse_file.customhouse.customer_profile_history AS t
WHERE t.customer_id IN (17, 3)
ORDER BY t.valid_from NULLS LAST, t.valid_to NULLS LAST, t.lifecycle NULLS LAST;

-- segments
SELECT
  t.segment,
  t.entered_at
FROM customhouse_file.customhouse.segment_members AS t
WHERE t.customer_id IN (17, 3)
ORDER BY t.entered_at NULLS LAST, t.segment NULLS LAST;

-- segment_changes
SELECT
  t.segment,
  t.change,
  t."at",
  t.run_id
FROM customhouse_file.customhouse.segment_changes AS t
WHERE t.customer_id IN (17, 3)
ORDER BY t."at" NULLS LAST, t.segment NULLS LAST, t.change NULLS LAST, t.run_id NULLS LAST;

-- consents
SELECT
  t.purpose,
  t.given,
  t."at",
  t.source,
  t.provenance
FROM customhouse_file.customhouse.customer_consents AS t
WHERE t.customer_id IN (17, 3)
ORDER BY t.purpose NULLS LAST;

-- consent_refusals_kept
SELECT
  t.purpose,
  t."at"
FROM customhouse_file.customhouse.customer_consent_merges AS t
WHERE t.customer_id IN (17, 3)
ORDER BY t."at" NULLS LAST, t.purpose NULLS LAST;

-- restrictions
SELECT
  t.request,
  t.identifier_type,
  t.identifier,
  t.kind,
  t.purpose,
  t."at"
FROM customhouse_file.customhouse.privacy_restrictions AS t
WHERE t.entity = 'customer'
  AND ((t.identifier_type, t.identifier) IN (
    SELECT
      i.identifier_type,
      i.identifier
    FROM customhouse_file.customhouse.customer_identities AS i
    WHERE i.customer_id IN (17, 3)
  ) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678'))
ORDER BY t."at" NULLS LAST, t.request NULLS LAST, t.identifier_type NULLS LAST, t.identifier NULLS LAST;

-- corrections
SELECT
  t.request,
  t.identifier_type,
  t.identifier,
  t.trait,
  t.value,
  t."at"
FROM customhouse_file.customhouse.privacy_corrections AS t
WHERE t.entity = 'customer'
  AND ((t.identifier_type, t.identifier) IN (
    SELECT
      i.identifier_type,
      i.identifier
    FROM customhouse_file.customhouse.customer_identities AS i
    WHERE i.customer_id IN (17, 3)
  ) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678'))
ORDER BY t."at" NULLS LAST, t.request NULLS LAST, t.identifier_type NULLS LAST, t.identifier NULLS LAST;

-- delivered
SELECT
  t.sync,
  t.place,
  t.key,
  t.sent,
  t.acknowledged_at,
  t.run_id
FROM customhouse_file.customhouse.sync_ledger AS t
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
  t."at"
FROM customhouse_file.customhouse.sync_log AS t
WHERE NOT FALSE
  AND t.entity_id IN (17, 3)
ORDER BY t.sync NULLS LAST, t.key NULLS LAST, t."at" NULLS LAST;

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
FROM customhouse_file.customhouse.sync_rejections AS t
WHERE NOT FALSE
  AND t.entity_id IN (17, 3)
ORDER BY t.sync NULLS LAST, t.key NULLS LAST, t.last_at NULLS LAST;

-- pending
SELECT
  t.sync,
  t.place,
  t.key,
  t.run_id
FROM customhouse_file.customhouse.sync_pending AS t
WHERE NOT FALSE
  AND t.entity_id IN (17, 3)
ORDER BY t.sync NULLS LAST, t.key NULLS LAST, t.run_id NULLS LAST;

-- count rows_contacts
SELECT
  count(*) AS rows,
  min(q.last_seen) AS first,
  max(q.last_seen) AS last
FROM (
  SELECT
    t."hash.1",
    t."hash.2",
    t.last_seen
  FROM customhouse_file.customhouse.identity_rows_contacts AS t
  WHERE t."n.user_id" IN (
    SELECT t.number
    FROM customhouse_file.customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t."n.email" IN (
    SELECT t.number
    FROM customhouse_file.customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t."n.phone" IN (
    SELECT t.number
    FROM customhouse_file.customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- count rows_loyalty
SELECT
  count(*) AS rows,
  min(q.last_seen) AS first,
  max(q.last_seen) AS last
FROM (
  SELECT
    t."hash.1",
    t."hash.2",
    t.last_seen
  FROM customhouse_file.customhouse.identity_rows_loyalty AS t
  WHERE t."n.email" IN (
    SELECT t.number
    FROM customhouse_file.customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t."n.phone" IN (
    SELECT t.number
    FROM customhouse_file.customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t."n.card" IN (
    SELECT t.number
    FROM customhouse_file.customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- count rows_newsletter
SELECT
  count(*) AS rows,
  min(q.last_seen) AS first,
  max(q.last_seen) AS last
FROM (
  SELECT
    t."hash.1",
    t."hash.2",
    t.last_seen
  FROM customhouse_file.customhouse.identity_rows_newsletter AS t
  WHERE t."n.email" IN (
    SELECT t.number
    FROM customhouse_file.customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- count rows_orders
SELECT
  count(*) AS rows,
  min(q.last_seen) AS first,
  max(q.last_seen) AS last
FROM (
  SELECT
    t."hash.1",
    t."hash.2",
    t.last_seen
  FROM customhouse_file.customhouse.identity_rows_orders AS t
  WHERE t."n.email" IN (
    SELECT t.number
    FROM customhouse_file.customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t."n.card" IN (
    SELECT t.number
    FROM customhouse_file.customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- count rows_page_views
SELECT
  count(*) AS rows,
  min(q.last_seen) AS first,
  max(q.last_seen) AS last
FROM (
  SELECT
    t."hash.1",
    t."hash.2",
    t.last_seen
  FROM customhouse_file.customhouse.identity_rows_page_views AS t
  WHERE t."n.user_id" IN (
    SELECT t.number
    FROM customhouse_file.customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  ) OR t."n.cookie" IN (
    SELECT t.number
    FROM customhouse_file.customhouse.customer_identities AS t
    WHERE t.customer_id IN (17, 3) OR (t.identifier_type = 'phone' AND t.identifier = '+33612345678')
  )
) AS q;

-- rows of contacts
SELECT
  CASE WHEN NOT (NOT h."mine.user_id" AND (NOT h.own OR h."others.user_id")) THEN h."cell.0" END AS "cell.0",
  CASE WHEN NOT (NOT h."mine.email" AND (NOT h.own OR h."others.email")) THEN h."cell.1" END AS "cell.1",
  CASE WHEN NOT (NOT h."mine.phone" AND (NOT h.own OR h."others.phone")) THEN h."cell.2" END AS "cell.2",
  CASE WHEN NOT (NOT h.own) THEN h."cell.3" END AS "cell.3",
  CASE WHEN NOT (NOT h.own) THEN h."cell.4" END AS "cell.4",
  CASE WHEN NOT FALSE THEN h."cell.5" END AS "cell.5",
  NOT h."mine.user_id" AND (NOT h.own OR h."others.user_id") AS "withheld.0",
  NOT h."mine.email" AND (NOT h.own OR h."others.email") AS "withheld.1",
  NOT h."mine.phone" AND (NOT h.own OR h."others.phone") AS "withheld.2",
  NOT h.own AS "withheld.3",
  NOT h.own AS "withheld.4",
  FALSE AS "withheld.5"
FROM (
  SELECT
    c."cell.0",
    c."cell.1",
    c."cell.2",
    c."cell.3",
    c."cell.4",
    c."cell.5",
    c."at",
    c."id.user_id",
    coalesce(i0.customer_id IN (17, 3), FALSE) AS "mine.user_id",
    CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (17, 3) THEN FALSE WHEN i0.number IN (
      SELECT x.number
      FROM customhouse_file.customhouse.customer_identity_incidents AS x
      WHERE x.number IS NOT NULL
        AND x.reason IN ('shared', 'conflict', 'too_many')
    ) THEN FALSE ELSE TRUE END AS "others.user_id",
    c."id.email",
    coalesce(i1.customer_id IN (17, 3), FALSE) AS "mine.email",
    CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (17, 3) THEN FALSE WHEN i1.number IN (
      SELECT x.number
      FROM customhouse_file.customhouse.customer_identity_incidents AS x
      WHERE x.number IS NOT NULL
        AND x.reason IN ('shared', 'conflict', 'too_many')
    ) THEN FALSE ELSE TRUE END AS "others.email",
    c."id.phone",
    coalesce(i2.customer_id IN (17, 3), FALSE) AS "mine.phone",
    CASE WHEN NOT (i2.customer_id IS NOT NULL) THEN FALSE WHEN i2.customer_id IN (17, 3) THEN FALSE WHEN i2.number IN (
      SELECT x.number
      FROM customhouse_file.customhouse.customer_identity_incidents AS x
      WHERE x.number IS NOT NULL
        AND x.reason IN ('shared', 'conflict', 'too_many')
    ) THEN FALSE ELSE TRUE END AS "others.phone",
    CASE WHEN i0.customer_id IS NOT NULL THEN coalesce(i0.customer_id IN (17, 3), FALSE) WHEN i1.customer_id IS NOT NULL THEN coalesce(i1.customer_id IN (17, 3), FALSE) WHEN i2.customer_id IS NOT NULL THEN coalesce(i2.customer_id IN (17, 3), FALSE) ELSE FALSE END AS own
  FROM (
    SELECT
      v."cell.0",
      v."cell.1",
      v."cell.2",
      v."cell.3",
      v."cell.4",
      v."cell.5",
      v."at",
      v."id.user_id",
      v."id.email",
      v."id.phone"
    FROM (
      SELECT
        s.user_id AS "cell.0",
        s.email AS "cell.1",
        s.mobile AS "cell.2",
        s.first_name AS "cell.3",
        CAST(s.extra AS VARCHAR) AS "cell.4",
        s.updated_at AS "cell.5",
        CAST(s.updated_at AS TIMESTAMP) AS "at",
        CASE WHEN length(CAST(s.user_id AS VARCHAR)) <= 512 THEN nullif(regexp_replace(CAST(s.user_id AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') END AS "id.user_id",
        CASE WHEN length(CAST(s.email AS VARCHAR)) <= 512 THEN CASE WHEN regexp_full_match(lower(regexp_replace(CAST(s.email AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(CAST(s.email AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END END AS "id.email",
        CASE WHEN length(CAST(s.mobile AS VARCHAR)) <= 512 THEN CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END, '\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})') THEN '+' || CASE WHEN starts_with(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END END END AS "id.phone"
      FROM customhouse_work.files.contacts AS s
    ) AS v
    WHERE v."id.user_id" IN (
      SELECT i.identifier
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'user_id'
        AND i.customer_id IN (17, 3)
    ) OR v."id.email" IN (
      SELECT i.identifier
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IN (17, 3)
    ) OR v."id.phone" IN (
      SELECT i.identifier
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'phone'
        AND i.customer_id IN (17, 3)
    ) OR v."id.phone" = '+33612345678'
  ) AS c
  LEFT JOIN (
    SELECT
      i.identifier,
      i.customer_id,
      i.number
    FROM customhouse_file.customhouse.customer_identities AS i
    WHERE i.identifier_type = 'user_id'
      AND i.customer_id IS NOT NULL
  ) AS i0 ON i0.identifier = c."id.user_id"
  LEFT JOIN (
    SELECT
      i.identifier,
      i.customer_id,
      i.number
    FROM customhouse_file.customhouse.customer_identities AS i
    WHERE i.identifier_type = 'email'
      AND i.customer_id IS NOT NULL
  ) AS i1 ON i1.identifier = c."id.email"
  LEFT JOIN (
    SELECT
      i.identifier,
      i.customer_id,
      i.number
    FROM customhouse_file.customhouse.customer_identities AS i
    WHERE i.identifier_type = 'phone'
      AND i.customer_id IS NOT NULL
  ) AS i2 ON i2.identifier = c."id.phone"
) AS h
ORDER BY h."at" NULLS LAST, h."id.user_id" NULLS LAST, h."id.email" NULLS LAST, h."id.phone" NULLS LAST;

-- count rows of contacts
SELECT
  count(*) AS rows,
  min(q."at") AS first,
  max(q."at") AS last
FROM (
  SELECT
    v."at",
    v."id.user_id",
    v."id.email",
    v."id.phone"
  FROM (
    SELECT
      CAST(s.updated_at AS TIMESTAMP) AS "at",
      CASE WHEN length(CAST(s.user_id AS VARCHAR)) <= 512 THEN nullif(regexp_replace(CAST(s.user_id AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') END AS "id.user_id",
      CASE WHEN length(CAST(s.email AS VARCHAR)) <= 512 THEN CASE WHEN regexp_full_match(lower(regexp_replace(CAST(s.email AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(CAST(s.email AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END END AS "id.email",
      CASE WHEN length(CAST(s.mobile AS VARCHAR)) <= 512 THEN CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END, '\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})') THEN '+' || CASE WHEN starts_with(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END END END AS "id.phone"
    FROM customhouse_work.files.contacts AS s
  ) AS v
  WHERE v."id.user_id" IN (
    SELECT i.identifier
    FROM customhouse_file.customhouse.customer_identities AS i
    WHERE i.identifier_type = 'user_id'
      AND i.customer_id IN (17, 3)
  ) OR v."id.email" IN (
    SELECT i.identifier
    FROM customhouse_file.customhouse.customer_identities AS i
    WHERE i.identifier_type = 'email'
      AND i.customer_id IN (17, 3)
  ) OR v."id.phone" IN (
    SELECT i.identifier
    FROM customhouse_file.customhouse.customer_identities AS i
    WHERE i.identifier_type = 'phone'
      AND i.customer_id IN (17, 3)
  ) OR v."id.phone" = '+33612345678'
) AS q;

-- origin of email
SELECT
  o.place,
  o.value,
  o."at"
FROM (
  SELECT
    CAST(0 AS BIGINT) AS place,
    h."id.email" AS value,
    h."at"
  FROM (
    SELECT
      c."at",
      c."id.user_id",
      coalesce(i0.customer_id IN (17, 3), FALSE) AS "mine.user_id",
      CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (17, 3) THEN FALSE WHEN i0.number IN (
        SELECT x.number
        FROM customhouse_file.customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS "others.user_id",
      c."id.email",
      coalesce(i1.customer_id IN (17, 3), FALSE) AS "mine.email",
      CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (17, 3) THEN FALSE WHEN i1.number IN (
        SELECT x.number
        FROM customhouse_file.customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS "others.email",
      c."id.phone",
      coalesce(i2.customer_id IN (17, 3), FALSE) AS "mine.phone",
      CASE WHEN NOT (i2.customer_id IS NOT NULL) THEN FALSE WHEN i2.customer_id IN (17, 3) THEN FALSE WHEN i2.number IN (
        SELECT x.number
        FROM customhouse_file.customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS "others.phone",
      CASE WHEN i0.customer_id IS NOT NULL THEN coalesce(i0.customer_id IN (17, 3), FALSE) WHEN i1.customer_id IS NOT NULL THEN coalesce(i1.customer_id IN (17, 3), FALSE) WHEN i2.customer_id IS NOT NULL THEN coalesce(i2.customer_id IN (17, 3), FALSE) ELSE FALSE END AS own
    FROM (
      SELECT
        v."at",
        v."id.user_id",
        v."id.email",
        v."id.phone"
      FROM (
        SELECT
          CAST(s.updated_at AS TIMESTAMP) AS "at",
          CASE WHEN length(CAST(s.user_id AS VARCHAR)) <= 512 THEN nullif(regexp_replace(CAST(s.user_id AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') END AS "id.user_id",
          CASE WHEN length(CAST(s.email AS VARCHAR)) <= 512 THEN CASE WHEN regexp_full_match(lower(regexp_replace(CAST(s.email AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(CAST(s.email AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END END AS "id.email",
          CASE WHEN length(CAST(s.mobile AS VARCHAR)) <= 512 THEN CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END, '\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})') THEN '+' || CASE WHEN starts_with(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END END END AS "id.phone"
        FROM customhouse_work.files.contacts AS s
      ) AS v
      WHERE v."id.user_id" IN (
        SELECT i.identifier
        FROM customhouse_file.customhouse.customer_identities AS i
        WHERE i.identifier_type = 'user_id'
          AND i.customer_id IN (17, 3)
      ) OR v."id.email" IN (
        SELECT i.identifier
        FROM customhouse_file.customhouse.customer_identities AS i
        WHERE i.identifier_type = 'email'
          AND i.customer_id IN (17, 3)
      ) OR v."id.phone" IN (
        SELECT i.identifier
        FROM customhouse_file.customhouse.customer_identities AS i
        WHERE i.identifier_type = 'phone'
          AND i.customer_id IN (17, 3)
      ) OR v."id.phone" = '+33612345678'
    ) AS c
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'user_id'
        AND i.customer_id IS NOT NULL
    ) AS i0 ON i0.identifier = c."id.user_id"
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IS NOT NULL
    ) AS i1 ON i1.identifier = c."id.email"
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'phone'
        AND i.customer_id IS NOT NULL
    ) AS i2 ON i2.identifier = c."id.phone"
  ) AS h
  WHERE (h.own AND h."id.email" IS NOT NULL)
    AND h."id.email" IN (
      SELECT i.identifier
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
    )
  UNION ALL
  SELECT
    CAST(1 AS BIGINT) AS place,
    h."id.email" AS value,
    h."at"
  FROM (
    SELECT
      c."at",
      c."id.email",
      coalesce(i0.customer_id IN (17, 3), FALSE) AS "mine.email",
      CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (17, 3) THEN FALSE WHEN i0.number IN (
        SELECT x.number
        FROM customhouse_file.customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS "others.email",
      c."id.card",
      coalesce(i1.customer_id IN (17, 3), FALSE) AS "mine.card",
      CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (17, 3) THEN FALSE WHEN i1.number IN (
        SELECT x.number
        FROM customhouse_file.customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS "others.card",
      CASE WHEN i0.customer_id IS NOT NULL THEN coalesce(i0.customer_id IN (17, 3), FALSE) WHEN i1.customer_id IS NOT NULL THEN coalesce(i1.customer_id IN (17, 3), FALSE) ELSE FALSE END AS own
    FROM (
      SELECT
        v."at",
        v."id.email",
        v."id.card"
      FROM (
        SELECT
          CAST(s.ordered_at AS TIMESTAMP) AS "at",
          CASE WHEN length(CAST(s.email AS VARCHAR)) <= 512 THEN CASE WHEN regexp_full_match(lower(regexp_replace(CAST(s.email AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(CAST(s.email AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END END AS "id.email",
          CASE WHEN length(CAST(s.card AS VARCHAR)) <= 512 THEN nullif(regexp_replace(regexp_replace(CAST(s.card AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '[^0-9]+', '', 'g'), '') END AS "id.card"
        FROM customhouse_work.files.orders AS s
      ) AS v
      WHERE v."id.email" IN (
        SELECT i.identifier
        FROM customhouse_file.customhouse.customer_identities AS i
        WHERE i.identifier_type = 'email'
          AND i.customer_id IN (17, 3)
      ) OR v."id.card" IN (
        SELECT i.identifier
        FROM customhouse_file.customhouse.customer_identities AS i
        WHERE i.identifier_type = 'card'
          AND i.customer_id IN (17, 3)
      )
    ) AS c
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IS NOT NULL
    ) AS i0 ON i0.identifier = c."id.email"
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'card'
        AND i.customer_id IS NOT NULL
    ) AS i1 ON i1.identifier = c."id.card"
  ) AS h
  WHERE (h.own AND h."id.email" IS NOT NULL)
    AND h."id.email" IN (
      SELECT i.identifier
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
    )
) AS o
ORDER BY o."at" DESC NULLS LAST, o.place NULLS LAST, o.value DESC NULLS LAST
LIMIT 1;

-- origin of first_name
SELECT
  o.place,
  o.value,
  o."at"
FROM (
  SELECT
    CAST(0 AS BIGINT) AS place,
    h.value,
    h."at"
  FROM (
    SELECT
      c."at",
      c.value,
      c."id.user_id",
      coalesce(i0.customer_id IN (17, 3), FALSE) AS "mine.user_id",
      CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (17, 3) THEN FALSE WHEN i0.number IN (
        SELECT x.number
        FROM customhouse_file.customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS "others.user_id",
      c."id.email",
      coalesce(i1.customer_id IN (17, 3), FALSE) AS "mine.email",
      CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (17, 3) THEN FALSE WHEN i1.number IN (
        SELECT x.number
        FROM customhouse_file.customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS "others.email",
      c."id.phone",
      coalesce(i2.customer_id IN (17, 3), FALSE) AS "mine.phone",
      CASE WHEN NOT (i2.customer_id IS NOT NULL) THEN FALSE WHEN i2.customer_id IN (17, 3) THEN FALSE WHEN i2.number IN (
        SELECT x.number
        FROM customhouse_file.customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS "others.phone",
      CASE WHEN i0.customer_id IS NOT NULL THEN coalesce(i0.customer_id IN (17, 3), FALSE) WHEN i1.customer_id IS NOT NULL THEN coalesce(i1.customer_id IN (17, 3), FALSE) WHEN i2.customer_id IS NOT NULL THEN coalesce(i2.customer_id IN (17, 3), FALSE) ELSE FALSE END AS own
    FROM (
      SELECT
        v."at",
        v.value,
        v."id.user_id",
        v."id.email",
        v."id.phone"
      FROM (
        SELECT
          CAST(s.updated_at AS TIMESTAMP) AS "at",
          CAST(s.first_name AS VARCHAR) AS value,
          CASE WHEN length(CAST(s.user_id AS VARCHAR)) <= 512 THEN nullif(regexp_replace(CAST(s.user_id AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '') END AS "id.user_id",
          CASE WHEN length(CAST(s.email AS VARCHAR)) <= 512 THEN CASE WHEN regexp_full_match(lower(regexp_replace(CAST(s.email AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(CAST(s.email AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END END AS "id.email",
          CASE WHEN length(CAST(s.mobile AS VARCHAR)) <= 512 THEN CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END, '\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})') THEN '+' || CASE WHEN starts_with(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.mobile AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END END END AS "id.phone"
        FROM customhouse_work.files.contacts AS s
      ) AS v
      WHERE v."id.user_id" IN (
        SELECT i.identifier
        FROM customhouse_file.customhouse.customer_identities AS i
        WHERE i.identifier_type = 'user_id'
          AND i.customer_id IN (17, 3)
      ) OR v."id.email" IN (
        SELECT i.identifier
        FROM customhouse_file.customhouse.customer_identities AS i
        WHERE i.identifier_type = 'email'
          AND i.customer_id IN (17, 3)
      ) OR v."id.phone" IN (
        SELECT i.identifier
        FROM customhouse_file.customhouse.customer_identities AS i
        WHERE i.identifier_type = 'phone'
          AND i.customer_id IN (17, 3)
      ) OR v."id.phone" = '+33612345678'
    ) AS c
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'user_id'
        AND i.customer_id IS NOT NULL
    ) AS i0 ON i0.identifier = c."id.user_id"
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IS NOT NULL
    ) AS i1 ON i1.identifier = c."id.email"
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'phone'
        AND i.customer_id IS NOT NULL
    ) AS i2 ON i2.identifier = c."id.phone"
  ) AS h
  WHERE h.own
    AND h.value IS NOT NULL
  UNION ALL
  SELECT
    CAST(1 AS BIGINT) AS place,
    h.value,
    h."at"
  FROM (
    SELECT
      c."at",
      c.value,
      c."id.email",
      coalesce(i0.customer_id IN (17, 3), FALSE) AS "mine.email",
      CASE WHEN NOT (i0.customer_id IS NOT NULL) THEN FALSE WHEN i0.customer_id IN (17, 3) THEN FALSE WHEN i0.number IN (
        SELECT x.number
        FROM customhouse_file.customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS "others.email",
      c."id.phone",
      coalesce(i1.customer_id IN (17, 3), FALSE) AS "mine.phone",
      CASE WHEN NOT (i1.customer_id IS NOT NULL) THEN FALSE WHEN i1.customer_id IN (17, 3) THEN FALSE WHEN i1.number IN (
        SELECT x.number
        FROM customhouse_file.customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS "others.phone",
      c."id.card",
      coalesce(i2.customer_id IN (17, 3), FALSE) AS "mine.card",
      CASE WHEN NOT (i2.customer_id IS NOT NULL) THEN FALSE WHEN i2.customer_id IN (17, 3) THEN FALSE WHEN i2.number IN (
        SELECT x.number
        FROM customhouse_file.customhouse.customer_identity_incidents AS x
        WHERE x.number IS NOT NULL
          AND x.reason IN ('shared', 'conflict', 'too_many')
      ) THEN FALSE ELSE TRUE END AS "others.card",
      CASE WHEN i0.customer_id IS NOT NULL THEN coalesce(i0.customer_id IN (17, 3), FALSE) WHEN i1.customer_id IS NOT NULL THEN coalesce(i1.customer_id IN (17, 3), FALSE) WHEN i2.customer_id IS NOT NULL THEN coalesce(i2.customer_id IN (17, 3), FALSE) ELSE FALSE END AS own
    FROM (
      SELECT
        v."at",
        v.value,
        v."id.email",
        v."id.phone",
        v."id.card"
      FROM (
        SELECT
          CAST(s.joined_at AS TIMESTAMP) AS "at",
          CAST(s.holder AS VARCHAR) AS value,
          CASE WHEN length(CAST(s.email AS VARCHAR)) <= 512 THEN CASE WHEN regexp_full_match(lower(regexp_replace(CAST(s.email AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN lower(regexp_replace(CAST(s.email AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END END AS "id.email",
          CASE WHEN length(CAST(s.phone AS VARCHAR)) <= 512 THEN CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(regexp_replace(CAST(s.phone AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(CAST(s.phone AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(CAST(s.phone AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.phone AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.phone AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END, '\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})') THEN '+' || CASE WHEN starts_with(regexp_replace(CAST(s.phone AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '+') THEN regexp_replace(replace(regexp_replace(CAST(s.phone AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g') WHEN starts_with(regexp_replace(replace(regexp_replace(CAST(s.phone AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '00') THEN regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.phone AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^00', '', 'g') ELSE '33' || nullif(regexp_replace(regexp_replace(replace(regexp_replace(CAST(s.phone AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '(0)', ''), '[^0-9]+', '', 'g'), '^0', '', 'g'), '') END END END AS "id.phone",
          CASE WHEN length(CAST(s.card AS VARCHAR)) <= 512 THEN nullif(regexp_replace(regexp_replace(CAST(s.card AS VARCHAR), '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g'), '[^0-9]+', '', 'g'), '') END AS "id.card"
        FROM customhouse_work.files.loyalty AS s
      ) AS v
      WHERE v."id.email" IN (
        SELECT i.identifier
        FROM customhouse_file.customhouse.customer_identities AS i
        WHERE i.identifier_type = 'email'
          AND i.customer_id IN (17, 3)
      ) OR v."id.phone" IN (
        SELECT i.identifier
        FROM customhouse_file.customhouse.customer_identities AS i
        WHERE i.identifier_type = 'phone'
          AND i.customer_id IN (17, 3)
      ) OR v."id.phone" = '+33612345678' OR v."id.card" IN (
        SELECT i.identifier
        FROM customhouse_file.customhouse.customer_identities AS i
        WHERE i.identifier_type = 'card'
          AND i.customer_id IN (17, 3)
      )
    ) AS c
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'email'
        AND i.customer_id IS NOT NULL
    ) AS i0 ON i0.identifier = c."id.email"
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'phone'
        AND i.customer_id IS NOT NULL
    ) AS i1 ON i1.identifier = c."id.phone"
    LEFT JOIN (
      SELECT
        i.identifier,
        i.customer_id,
        i.number
      FROM customhouse_file.customhouse.customer_identities AS i
      WHERE i.identifier_type = 'card'
        AND i.customer_id IS NOT NULL
    ) AS i2 ON i2.identifier = c."id.card"
  ) AS h
  WHERE h.own
    AND h.value IS NOT NULL
) AS o
ORDER BY o.place NULLS LAST, o."at" DESC NULLS LAST, o.value DESC NULLS LAST
LIMIT 1;

