-- look what of the journal is news
CREATE OR REPLACE TABLE customhouse_work.settled_loyal_readers_to_platform AS
SELECT
  r.operation,
  r.key,
  r.entity_id,
  r.fingerprint,
  r.accepted,
  r.origin,
  r.code,
  r.message,
  r.place,
  r.run_id,
  r.as_of,
  CASE WHEN r.operation <> 'upsert' THEN 'left' WHEN l.key IS NULL THEN 'new' WHEN NOT STARTS_WITH(l.fingerprint, '500607e2-') THEN 'mapping' WHEN l.fingerprint IS DISTINCT FROM r.fingerprint THEN 'changed' ELSE 'unsettled' END AS reason
FROM customhouse_work.recovered_loyal_readers_to_platform AS r
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse.sync_ledger AS k
  WHERE (k.sync = 'loyal_readers_to_platform' AND k.place = 'platform/contacts/email')
    AND k.fingerprint <> 'removed'
) AS l ON l.key = r.key
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse.sync_pending AS p
  WHERE p.place = r.place
    AND p.key = r.key
    AND p.run_id = r.run_id
    AND (p.sync = 'loyal_readers_to_platform' AND p.place = 'platform/contacts/email')
)
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_log AS g
    WHERE g.run_id = r.run_id
      AND g.key = r.key
      AND g.operation = r.operation
      AND g.sync = 'loyal_readers_to_platform'
  );

-- take over what the journal kept
UPDATE customhouse.sync_leases SET run_id = 'RUN'
WHERE sync = 'loyal_readers_to_platform'
  AND run_id = 'RUN';

DELETE FROM customhouse.sync_ledger
WHERE (sync = 'loyal_readers_to_platform' AND place = 'platform/contacts/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.settled_loyal_readers_to_platform AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'loyal_readers_to_platform'
          AND l.run_id = 'RUN'
      )
  );

DELETE FROM customhouse.sync_pending
WHERE (sync = 'loyal_readers_to_platform' AND place = 'platform/contacts/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.settled_loyal_readers_to_platform AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'loyal_readers_to_platform'
          AND l.run_id = 'RUN'
      )
  );

INSERT INTO customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'loyal_readers_to_platform' AS sync,
  'platform/contacts/email' AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  CAST(NULL AS STRING) AS sent,
  o.as_of AS acknowledged_at,
  o.run_id
FROM customhouse_work.settled_loyal_readers_to_platform AS o
WHERE o.accepted
  AND o.operation = 'upsert'
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'loyal_readers_to_platform'
      AND l.run_id = 'RUN'
  );

INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'loyal_readers_to_platform' AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  COALESCE(r.attempts, 0) + 1 AS attempts,
  COALESCE(r.first_at, o.as_of) AS first_at,
  o.as_of AS last_at,
  o.run_id
FROM customhouse_work.settled_loyal_readers_to_platform AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'loyal_readers_to_platform'
    AND e.run_id NOT IN (
      SELECT s.run_id
      FROM customhouse_work.settled_loyal_readers_to_platform AS s
    )
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent')
  AND NOT (o.origin = 'withheld')
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'loyal_readers_to_platform'
      AND l.run_id = 'RUN'
  );

DELETE FROM customhouse.sync_rejections
WHERE sync = 'loyal_readers_to_platform'
  AND run_id NOT IN (
    SELECT s.run_id
    FROM customhouse_work.settled_loyal_readers_to_platform AS s
  )
  AND key IN (
    SELECT o.key
    FROM customhouse_work.settled_loyal_readers_to_platform AS o
    WHERE EXISTS (
      SELECT 1 AS one
      FROM customhouse.sync_leases AS l
      WHERE l.sync = 'loyal_readers_to_platform'
        AND l.run_id = 'RUN'
    )
  );

INSERT INTO customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, `at`)
SELECT
  'loyal_readers_to_platform' AS sync,
  o.run_id,
  o.key,
  o.entity_id,
  o.operation,
  o.reason,
  COALESCE(NULLIF(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' ELSE 'rejected' END) AS outcome,
  o.code,
  o.as_of AS `at`
FROM customhouse_work.settled_loyal_readers_to_platform AS o
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse.sync_leases AS l
  WHERE l.sync = 'loyal_readers_to_platform'
    AND l.run_id = 'RUN'
);

-- look who is restricted
CREATE OR REPLACE TABLE customhouse_work.customer_restraints AS
SELECT DISTINCT
  k.id,
  r.kind,
  r.purpose
FROM (
  SELECT
    i.identifier_type,
    i.identifier,
    i.customer_id AS id
  FROM customhouse.customer_identities AS i
  WHERE i.customer_id IS NOT NULL
    AND (i.identifier_type, i.identifier) IN (SELECT AS STRUCT * FROM (
      SELECT
        l.identifier_type,
        l.identifier
      FROM customhouse.privacy_restrictions AS l
      WHERE l.entity = 'customer'
    ))
) AS k
JOIN customhouse.privacy_restrictions AS r ON r.identifier_type = k.identifier_type AND r.identifier = k.identifier
WHERE r.entity = 'customer';

-- choose whom to send
CREATE OR REPLACE TABLE customhouse_work.left_out_loyal_readers_to_platform AS
SELECT
  m.id,
  CASE WHEN MIN(m.place) = 0 THEN 'restricted' WHEN MIN(m.place) = 1 THEN 'objected' END AS left_out
FROM (
  SELECT
    p.customer_id AS id,
    0 AS place
  FROM customhouse.segment_members AS p
  WHERE p.segment = 'loyal_readers'
    AND p.customer_id IN (
      SELECT r.id
      FROM customhouse_work.customer_restraints AS r
      WHERE r.kind = 'restricted'
    )
  UNION ALL
  SELECT
    p.customer_id AS id,
    1 AS place
  FROM customhouse.segment_members AS p
  WHERE p.segment = 'loyal_readers'
    AND p.customer_id IN (
      SELECT r.id
      FROM customhouse_work.customer_restraints AS r
      WHERE r.kind = 'objected'
        AND (r.purpose IS NULL OR r.purpose = 'marketing')
    )
) AS m
GROUP BY m.id;

-- select what is wanted
CREATE TEMP FUNCTION float_text(x FLOAT64) AS (CASE WHEN IS_NAN(x) THEN 'nan' WHEN IS_INF(x) THEN IF(x > 0, 'inf', '-inf') WHEN x = 0 THEN IF(IEEE_DIVIDE(1, x) < 0, '-0.0', '0.0') WHEN ABS(x) >= 1e15 AND ABS(x) < 1e16 THEN FORMAT('%.1f', x) WHEN ABS(x) >= 1e-4 AND ABS(x) < 1e15 THEN REGEXP_REPLACE(CASE WHEN SAFE_CAST(FORMAT('%.15g', x) AS FLOAT64) = x THEN FORMAT('%.15g', x) WHEN SAFE_CAST(FORMAT('%.16g', x) AS FLOAT64) = x THEN FORMAT('%.16g', x) ELSE FORMAT('%.17g', x) END, '^(-?[0-9]+)$', r'\1.0') WHEN ABS(x) < 2.2250738585072014e-308 THEN REGEXP_REPLACE((SELECT FORMAT('%.*e', digits, x) FROM UNNEST(GENERATE_ARRAY(0, 16)) AS digits WHERE SAFE_CAST(FORMAT('%.*e', digits, x) AS FLOAT64) = x ORDER BY digits LIMIT 1), '[.]?0*e', 'e') ELSE REGEXP_REPLACE(CASE WHEN SAFE_CAST(FORMAT('%.14e', x) AS FLOAT64) = x THEN FORMAT('%.14e', x) WHEN SAFE_CAST(FORMAT('%.15e', x) AS FLOAT64) = x THEN FORMAT('%.15e', x) ELSE FORMAT('%.16e', x) END, '[.]?0*e', 'e') END);
CREATE OR REPLACE TABLE customhouse_work.wanted_loyal_readers_to_platform AS
SELECT
  w.customer_id AS entity_id,
  w.key,
  COALESCE(d.n, 1) AS same_key,
  CONCAT('500607e2-', TO_HEX(MD5(CONCAT('v4', COALESCE(CAST(CHAR_LENGTH(w.`field_x002E_email`) AS STRING), ''), ':', COALESCE(w.`field_x002E_email`, ''), COALESCE(CAST(CHAR_LENGTH(w.`field_x002E_first_name`) AS STRING), ''), ':', COALESCE(w.`field_x002E_first_name`, ''), COALESCE(float_text(w.`field_x002E_total_spent`), ''), ';', COALESCE(CAST(CHAR_LENGTH(w.`field_x002E_topic`) AS STRING), ''), ':', COALESCE(w.`field_x002E_topic`, ''))))) AS fingerprint,
  w.`field_x002E_email`,
  w.`field_x002E_first_name`,
  w.`field_x002E_total_spent`,
  w.`field_x002E_topic`
FROM (
  SELECT
    p.customer_id,
    NULLIF(p.email, '') AS key,
    p.email AS `field_x002E_email`,
    p.first_name AS `field_x002E_first_name`,
    p.spent AS `field_x002E_total_spent`,
    p.top_topic AS `field_x002E_topic`
  FROM customhouse.customer_profiles AS p
  JOIN customhouse.segment_members AS s ON s.customer_id = p.customer_id AND s.segment = 'loyal_readers'
  WHERE p.customer_id NOT IN (
    SELECT m.id
    FROM customhouse_work.left_out_loyal_readers_to_platform AS m
  )
) AS w
LEFT JOIN (
  SELECT
    k.key,
    COUNT(*) AS n
  FROM (
    SELECT NULLIF(p.email, '') AS key
    FROM customhouse.customer_profiles AS p
    JOIN customhouse.segment_members AS s ON s.customer_id = p.customer_id AND s.segment = 'loyal_readers'
    WHERE p.customer_id NOT IN (
      SELECT m.id
      FROM customhouse_work.left_out_loyal_readers_to_platform AS m
    )
  ) AS k
  GROUP BY k.key
  HAVING COUNT(*) > 1
) AS d ON d.key = w.key;

-- compare with the ledger
CREATE OR REPLACE TABLE customhouse_work.changes_loyal_readers_to_platform AS
SELECT
  CASE WHEN w.fingerprint IS NOT NULL THEN 'upsert' ELSE 'remove' END AS operation,
  COALESCE(w.key, l.key, n.key) AS key,
  CASE WHEN w.fingerprint IS NOT NULL THEN w.entity_id ELSE COALESCE(l.entity_id, n.entity_id) END AS entity_id,
  COALESCE(w.fingerprint, '') AS fingerprint,
  CASE WHEN w.fingerprint IS NULL THEN 'left' WHEN l.key IS NULL THEN 'new' WHEN NOT STARTS_WITH(l.fingerprint, '500607e2-') THEN 'mapping' WHEN l.fingerprint IS DISTINCT FROM w.fingerprint THEN 'changed' WHEN n.key IS NOT NULL THEN 'unsettled' ELSE 'resync' END AS reason,
  l.key IS NULL AND n.key IS NOT NULL AS unknown,
  w.`field_x002E_email`,
  w.`field_x002E_first_name`,
  w.`field_x002E_total_spent`,
  w.`field_x002E_topic`
FROM customhouse_work.wanted_loyal_readers_to_platform AS w
FULL JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse.sync_ledger AS k
  WHERE (k.sync = 'loyal_readers_to_platform' AND k.place = 'platform/contacts/email')
    AND k.fingerprint <> 'removed'
) AS l ON l.key = w.key
FULL JOIN (
  SELECT
    k.key,
    k.entity_id
  FROM customhouse.sync_pending AS k
  WHERE k.sync = 'loyal_readers_to_platform'
    AND k.place = 'platform/contacts/email'
) AS n ON n.key = COALESCE(w.key, l.key)
WHERE (w.fingerprint IS NOT NULL AND (w.key IS NOT NULL AND w.same_key = 1 AND (l.fingerprint IS DISTINCT FROM w.fingerprint OR n.key IS NOT NULL))) OR (w.fingerprint IS NULL AND (l.fingerprint <> '' OR n.key IS NOT NULL));

-- note the rows that cannot be sent
INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'loyal_readers_to_platform' AS sync,
  CONCAT(COALESCE(w.key, ''), CONCAT('#', CAST(w.entity_id AS STRING))) AS key,
  w.entity_id,
  'invalid' AS origin,
  CASE WHEN w.key IS NULL THEN 'missing-key' ELSE 'duplicate-key' END AS code,
  CASE WHEN w.key IS NULL THEN 'the row has no value for the key field email' ELSE CONCAT(CAST(w.same_key AS STRING), ' rows have the same email; none of them is sent') END AS message,
  COALESCE(r.attempts, 0) + 1 AS attempts,
  COALESCE(r.first_at, TIMESTAMP '2026-01-02 00:00:00+00') AS first_at,
  TIMESTAMP '2026-01-02 00:00:00+00' AS last_at,
  'RUN' AS run_id
FROM customhouse_work.wanted_loyal_readers_to_platform AS w
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'loyal_readers_to_platform'
    AND e.run_id <> 'RUN'
) AS r ON r.key = CONCAT(COALESCE(w.key, ''), CONCAT('#', CAST(w.entity_id AS STRING)))
WHERE NOT (w.key IS NOT NULL AND w.same_key = 1);

DELETE FROM customhouse.sync_rejections
WHERE sync = 'loyal_readers_to_platform'
  AND run_id <> 'RUN'
  AND code IN ('missing-key', 'duplicate-key', 'held', 'unconvertible', 'missing-time');

-- note what is about to be sent
DELETE FROM customhouse.sync_pending
WHERE (sync = 'loyal_readers_to_platform' AND place = 'platform/contacts/email')
  AND key IN (
    SELECT c.key
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
  );

INSERT INTO customhouse.sync_pending (sync, place, key, entity_id, run_id)
SELECT
  'loyal_readers_to_platform' AS sync,
  'platform/contacts/email' AS place,
  c.key,
  c.entity_id,
  'RUN' AS run_id
FROM customhouse_work.changes_loyal_readers_to_platform AS c;

-- count what is due
SELECT
  (
    SELECT COUNT(*) AS n
    FROM customhouse_work.wanted_loyal_readers_to_platform AS w
  ) AS wanted,
  (
    SELECT COUNT(*) AS n
    FROM (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse.sync_ledger AS k
      WHERE (k.sync = 'loyal_readers_to_platform' AND k.place = 'platform/contacts/email')
        AND k.fingerprint <> 'removed'
    ) AS l
  ) + (
    SELECT COUNT(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.unknown
  ) AS known,
  (
    SELECT COUNT(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.reason = 'new'
  ) AS added,
  (
    SELECT COUNT(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.reason = 'mapping'
  ) AS mapping,
  (
    SELECT COUNT(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.reason = 'changed'
  ) AS changed,
  (
    SELECT COUNT(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.reason = 'unsettled'
  ) AS unsettled,
  (
    SELECT COUNT(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.reason = 'resync'
  ) AS resync,
  (
    SELECT COUNT(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.reason = 'left'
  ) AS removed,
  (
    SELECT COUNT(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.key IN (
      SELECT r.key
      FROM customhouse.sync_rejections AS r
      WHERE r.sync = 'loyal_readers_to_platform'
    )
  ) + (
    SELECT COUNT(*) AS n
    FROM customhouse.sync_rejections AS r
    WHERE r.sync = 'loyal_readers_to_platform'
      AND r.run_id = 'RUN'
      AND r.origin = 'invalid'
      AND r.attempts > 1
  ) AS retried,
  (
    SELECT COUNT(*) AS n
    FROM customhouse_work.wanted_loyal_readers_to_platform AS w
    WHERE NOT (w.key IS NOT NULL AND w.same_key = 1)
  ) AS invalid,
  (
    SELECT COUNT(*) AS n
    FROM customhouse_work.left_out_loyal_readers_to_platform AS m
    WHERE m.left_out = 'restricted'
  ) AS restricted,
  (
    SELECT COUNT(*) AS n
    FROM customhouse_work.left_out_loyal_readers_to_platform AS m
    WHERE m.left_out = 'objected'
  ) AS objected;

-- changes
SELECT
  c.operation,
  c.key,
  c.entity_id,
  c.fingerprint,
  c.`field_x002E_email` AS email,
  c.`field_x002E_first_name` AS first_name,
  c.`field_x002E_total_spent` AS total_spent,
  c.`field_x002E_topic` AS topic
FROM customhouse_work.changes_loyal_readers_to_platform AS c
ORDER BY c.key NULLS LAST;

-- everything wanted
SELECT
  s.operation,
  s.key,
  s.entity_id,
  s.fingerprint,
  s.`field_x002E_email` AS email,
  s.`field_x002E_first_name` AS first_name,
  s.`field_x002E_total_spent` AS total_spent,
  s.`field_x002E_topic` AS topic
FROM (
  SELECT
    'upsert' AS operation,
    w.key,
    w.entity_id,
    w.fingerprint,
    w.`field_x002E_email`,
    w.`field_x002E_first_name`,
    w.`field_x002E_total_spent`,
    w.`field_x002E_topic`
  FROM customhouse_work.wanted_loyal_readers_to_platform AS w
  WHERE w.key IS NOT NULL
    AND w.same_key = 1
  UNION ALL
  SELECT
    'remove' AS operation,
    l.key,
    l.entity_id,
    l.fingerprint,
    CAST(NULL AS STRING) AS `field_x002E_email`,
    CAST(NULL AS STRING) AS `field_x002E_first_name`,
    CAST(NULL AS FLOAT64) AS `field_x002E_total_spent`,
    CAST(NULL AS STRING) AS `field_x002E_topic`
  FROM (
    SELECT
      k.key,
      k.entity_id,
      k.fingerprint
    FROM customhouse.sync_ledger AS k
    WHERE (k.sync = 'loyal_readers_to_platform' AND k.place = 'platform/contacts/email')
      AND k.fingerprint <> 'removed'
  ) AS l
  WHERE NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_work.wanted_loyal_readers_to_platform AS w
    WHERE w.key = l.key
      AND (w.key IS NOT NULL AND w.same_key = 1)
  )
    AND NOT EXISTS (
      SELECT 1 AS one
      FROM customhouse_work.changes_loyal_readers_to_platform AS c
      WHERE c.key = l.key
        AND c.operation = 'remove'
    )
) AS s
ORDER BY s.key NULLS LAST;

-- take outcomes over
UPDATE customhouse.sync_leases SET run_id = 'RUN'
WHERE sync = 'loyal_readers_to_platform'
  AND run_id = 'RUN';

DELETE FROM customhouse.sync_ledger
WHERE (sync = 'loyal_readers_to_platform' AND place = 'platform/contacts/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'loyal_readers_to_platform'
          AND l.run_id = 'RUN'
      )
  );

DELETE FROM customhouse.sync_pending
WHERE (sync = 'loyal_readers_to_platform' AND place = 'platform/contacts/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'loyal_readers_to_platform'
          AND l.run_id = 'RUN'
      )
    UNION ALL
    SELECT o.key
    FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
    LEFT JOIN customhouse_work.changes_loyal_readers_to_platform AS c ON c.key = o.key AND c.operation = o.operation
    WHERE o.origin = 'withheld'
      AND (o.code = 'withdrawn' AND c.reason = 'new' AND NOT c.unknown)
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'loyal_readers_to_platform'
          AND l.run_id = 'RUN'
      )
  );

CREATE TEMP FUNCTION float_text(x FLOAT64) AS (CASE WHEN IS_NAN(x) THEN 'nan' WHEN IS_INF(x) THEN IF(x > 0, 'inf', '-inf') WHEN x = 0 THEN IF(IEEE_DIVIDE(1, x) < 0, '-0.0', '0.0') WHEN ABS(x) >= 1e15 AND ABS(x) < 1e16 THEN FORMAT('%.1f', x) WHEN ABS(x) >= 1e-4 AND ABS(x) < 1e15 THEN REGEXP_REPLACE(CASE WHEN SAFE_CAST(FORMAT('%.15g', x) AS FLOAT64) = x THEN FORMAT('%.15g', x) WHEN SAFE_CAST(FORMAT('%.16g', x) AS FLOAT64) = x THEN FORMAT('%.16g', x) ELSE FORMAT('%.17g', x) END, '^(-?[0-9]+)$', r'\1.0') WHEN ABS(x) < 2.2250738585072014e-308 THEN REGEXP_REPLACE((SELECT FORMAT('%.*e', digits, x) FROM UNNEST(GENERATE_ARRAY(0, 16)) AS digits WHERE SAFE_CAST(FORMAT('%.*e', digits, x) AS FLOAT64) = x ORDER BY digits LIMIT 1), '[.]?0*e', 'e') ELSE REGEXP_REPLACE(CASE WHEN SAFE_CAST(FORMAT('%.14e', x) AS FLOAT64) = x THEN FORMAT('%.14e', x) WHEN SAFE_CAST(FORMAT('%.15e', x) AS FLOAT64) = x THEN FORMAT('%.15e', x) ELSE FORMAT('%.16e', x) END, '[.]?0*e', 'e') END);
INSERT INTO customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'loyal_readers_to_platform' AS sync,
  'platform/contacts/email' AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  CASE WHEN c.fingerprint = o.fingerprint THEN CONCAT('5:email', COALESCE(CONCAT(CAST(CHAR_LENGTH(c.`field_x002E_email`) AS STRING), ':'), '-'), COALESCE(c.`field_x002E_email`, ''), '10:first_name', COALESCE(CONCAT(CAST(CHAR_LENGTH(c.`field_x002E_first_name`) AS STRING), ':'), '-'), COALESCE(c.`field_x002E_first_name`, ''), '11:total_spent', COALESCE(CONCAT(CAST(CHAR_LENGTH(float_text(c.`field_x002E_total_spent`)) AS STRING), ':'), '-'), COALESCE(float_text(c.`field_x002E_total_spent`), ''), '5:topic', COALESCE(CONCAT(CAST(CHAR_LENGTH(c.`field_x002E_topic`) AS STRING), ':'), '-'), COALESCE(c.`field_x002E_topic`, '')) END AS sent,
  TIMESTAMP '2026-01-02 00:00:00+00' AS acknowledged_at,
  'RUN' AS run_id
FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
LEFT JOIN customhouse_work.changes_loyal_readers_to_platform AS c ON c.key = o.key AND c.operation = o.operation
WHERE o.accepted
  AND o.operation = 'upsert'
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'loyal_readers_to_platform'
      AND l.run_id = 'RUN'
  );

INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'loyal_readers_to_platform' AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  COALESCE(r.attempts, 0) + 1 AS attempts,
  COALESCE(r.first_at, TIMESTAMP '2026-01-02 00:00:00+00') AS first_at,
  TIMESTAMP '2026-01-02 00:00:00+00' AS last_at,
  'RUN' AS run_id
FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'loyal_readers_to_platform'
    AND e.run_id <> 'RUN'
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent')
  AND NOT (o.origin = 'withheld')
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'loyal_readers_to_platform'
      AND l.run_id = 'RUN'
  );

DELETE FROM customhouse.sync_rejections
WHERE sync = 'loyal_readers_to_platform'
  AND run_id <> 'RUN'
  AND key IN (
    SELECT o.key
    FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
    WHERE EXISTS (
      SELECT 1 AS one
      FROM customhouse.sync_leases AS l
      WHERE l.sync = 'loyal_readers_to_platform'
        AND l.run_id = 'RUN'
    )
  );

INSERT INTO customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, `at`)
SELECT
  'loyal_readers_to_platform' AS sync,
  'RUN' AS run_id,
  o.key,
  o.entity_id,
  o.operation,
  c.reason,
  COALESCE(NULLIF(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' ELSE 'rejected' END) AS outcome,
  o.code,
  TIMESTAMP '2026-01-02 00:00:00+00' AS `at`
FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
LEFT JOIN customhouse_work.changes_loyal_readers_to_platform AS c ON c.key = o.key AND c.operation = o.operation
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse.sync_leases AS l
  WHERE l.sync = 'loyal_readers_to_platform'
    AND l.run_id = 'RUN'
);

-- forget rejections that are no longer due
CREATE TEMP FUNCTION float_text(x FLOAT64) AS (CASE WHEN IS_NAN(x) THEN 'nan' WHEN IS_INF(x) THEN IF(x > 0, 'inf', '-inf') WHEN x = 0 THEN IF(IEEE_DIVIDE(1, x) < 0, '-0.0', '0.0') WHEN ABS(x) >= 1e15 AND ABS(x) < 1e16 THEN FORMAT('%.1f', x) WHEN ABS(x) >= 1e-4 AND ABS(x) < 1e15 THEN REGEXP_REPLACE(CASE WHEN SAFE_CAST(FORMAT('%.15g', x) AS FLOAT64) = x THEN FORMAT('%.15g', x) WHEN SAFE_CAST(FORMAT('%.16g', x) AS FLOAT64) = x THEN FORMAT('%.16g', x) ELSE FORMAT('%.17g', x) END, '^(-?[0-9]+)$', r'\1.0') WHEN ABS(x) < 2.2250738585072014e-308 THEN REGEXP_REPLACE((SELECT FORMAT('%.*e', digits, x) FROM UNNEST(GENERATE_ARRAY(0, 16)) AS digits WHERE SAFE_CAST(FORMAT('%.*e', digits, x) AS FLOAT64) = x ORDER BY digits LIMIT 1), '[.]?0*e', 'e') ELSE REGEXP_REPLACE(CASE WHEN SAFE_CAST(FORMAT('%.14e', x) AS FLOAT64) = x THEN FORMAT('%.14e', x) WHEN SAFE_CAST(FORMAT('%.15e', x) AS FLOAT64) = x THEN FORMAT('%.15e', x) ELSE FORMAT('%.16e', x) END, '[.]?0*e', 'e') END);
UPDATE customhouse.sync_ledger AS l SET sent = CONCAT('5:email', COALESCE(CONCAT(CAST(CHAR_LENGTH(w.`field_x002E_email`) AS STRING), ':'), '-'), COALESCE(w.`field_x002E_email`, ''), '10:first_name', COALESCE(CONCAT(CAST(CHAR_LENGTH(w.`field_x002E_first_name`) AS STRING), ':'), '-'), COALESCE(w.`field_x002E_first_name`, ''), '11:total_spent', COALESCE(CONCAT(CAST(CHAR_LENGTH(float_text(w.`field_x002E_total_spent`)) AS STRING), ':'), '-'), COALESCE(float_text(w.`field_x002E_total_spent`), ''), '5:topic', COALESCE(CONCAT(CAST(CHAR_LENGTH(w.`field_x002E_topic`) AS STRING), ':'), '-'), COALESCE(w.`field_x002E_topic`, ''))
FROM customhouse_work.wanted_loyal_readers_to_platform AS w
WHERE (l.sync = 'loyal_readers_to_platform' AND l.place = 'platform/contacts/email')
  AND l.sent IS NULL
  AND l.key = w.key
  AND l.fingerprint = w.fingerprint;

DELETE FROM customhouse.sync_rejections
WHERE sync = 'loyal_readers_to_platform'
  AND run_id <> 'RUN'
  AND key NOT IN (
    SELECT c.key
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
  );
