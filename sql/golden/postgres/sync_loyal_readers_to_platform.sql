-- look what of the journal is news
CREATE UNLOGGED TABLE customhouse_work.settled_loyal_readers_to_platform__next AS
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
  CASE WHEN r.operation <> 'upsert' COLLATE "C" THEN 'left' COLLATE "C" WHEN l.key IS NULL THEN 'new' COLLATE "C" WHEN NOT starts_with(l.fingerprint, '500607e2-' COLLATE "C") THEN 'mapping' COLLATE "C" WHEN l.fingerprint IS DISTINCT FROM r.fingerprint THEN 'changed' COLLATE "C" ELSE 'unsettled' COLLATE "C" END AS reason
FROM customhouse_work.recovered_loyal_readers_to_platform AS r
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse.sync_ledger AS k
  WHERE (k.sync = 'loyal_readers_to_platform' COLLATE "C" AND k.place = 'platform/contacts/email' COLLATE "C")
    AND k.fingerprint <> 'removed' COLLATE "C"
) AS l ON l.key = r.key
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse.sync_pending AS p
  WHERE p.place = r.place
    AND p.key = r.key
    AND p.run_id = r.run_id
    AND (p.sync = 'loyal_readers_to_platform' COLLATE "C" AND p.place = 'platform/contacts/email' COLLATE "C")
)
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_log AS g
    WHERE g.run_id = r.run_id
      AND g.key = r.key
      AND g.operation = r.operation
      AND g.sync = 'loyal_readers_to_platform' COLLATE "C"
  );

DROP TABLE IF EXISTS customhouse_work.settled_loyal_readers_to_platform;

ALTER TABLE customhouse_work.settled_loyal_readers_to_platform__next RENAME TO settled_loyal_readers_to_platform;

ANALYZE customhouse_work.settled_loyal_readers_to_platform;

-- take over what the journal kept
UPDATE customhouse.sync_leases SET run_id = 'RUN' COLLATE "C"
WHERE sync = 'loyal_readers_to_platform' COLLATE "C"
  AND run_id = 'RUN' COLLATE "C";

DELETE FROM customhouse.sync_ledger
WHERE (sync = 'loyal_readers_to_platform' COLLATE "C" AND place = 'platform/contacts/email' COLLATE "C")
  AND key IN (
    SELECT o.key
    FROM customhouse_work.settled_loyal_readers_to_platform AS o
    WHERE (o.accepted OR o.origin = 'absent' COLLATE "C")
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
          AND l.run_id = 'RUN' COLLATE "C"
      )
  );

DELETE FROM customhouse.sync_pending
WHERE (sync = 'loyal_readers_to_platform' COLLATE "C" AND place = 'platform/contacts/email' COLLATE "C")
  AND key IN (
    SELECT o.key
    FROM customhouse_work.settled_loyal_readers_to_platform AS o
    WHERE (o.accepted OR o.origin = 'absent' COLLATE "C")
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
          AND l.run_id = 'RUN' COLLATE "C"
      )
  );

INSERT INTO customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'loyal_readers_to_platform' COLLATE "C" AS sync,
  'platform/contacts/email' COLLATE "C" AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  (CAST(NULL AS text) COLLATE "C") AS sent,
  o.as_of AS acknowledged_at,
  o.run_id
FROM customhouse_work.settled_loyal_readers_to_platform AS o
WHERE o.accepted
  AND o.operation = 'upsert' COLLATE "C"
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
      AND l.run_id = 'RUN' COLLATE "C"
  );

INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'loyal_readers_to_platform' COLLATE "C" AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, o.as_of) AS first_at,
  o.as_of AS last_at,
  o.run_id
FROM customhouse_work.settled_loyal_readers_to_platform AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'loyal_readers_to_platform' COLLATE "C"
    AND e.run_id NOT IN (
      SELECT s.run_id
      FROM customhouse_work.settled_loyal_readers_to_platform AS s
    )
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent' COLLATE "C")
  AND NOT (o.origin = 'withheld' COLLATE "C")
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
      AND l.run_id = 'RUN' COLLATE "C"
  );

DELETE FROM customhouse.sync_rejections
WHERE sync = 'loyal_readers_to_platform' COLLATE "C"
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
      WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
        AND l.run_id = 'RUN' COLLATE "C"
    )
  );

INSERT INTO customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, at)
SELECT
  'loyal_readers_to_platform' COLLATE "C" AS sync,
  o.run_id,
  o.key,
  o.entity_id,
  o.operation,
  o.reason,
  coalesce(nullif(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' COLLATE "C" ELSE 'rejected' COLLATE "C" END) AS outcome,
  o.code,
  o.as_of AS at
FROM customhouse_work.settled_loyal_readers_to_platform AS o
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse.sync_leases AS l
  WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
    AND l.run_id = 'RUN' COLLATE "C"
);

-- look who is restricted
CREATE UNLOGGED TABLE customhouse_work.customer_restraints__next AS
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
    AND (i.identifier_type, i.identifier) IN (
      SELECT
        l.identifier_type,
        l.identifier
      FROM customhouse.privacy_restrictions AS l
      WHERE l.entity = 'customer' COLLATE "C"
    )
) AS k
JOIN customhouse.privacy_restrictions AS r ON r.identifier_type = k.identifier_type AND r.identifier = k.identifier
WHERE r.entity = 'customer' COLLATE "C";

DROP TABLE IF EXISTS customhouse_work.customer_restraints;

ALTER TABLE customhouse_work.customer_restraints__next RENAME TO customer_restraints;

ANALYZE customhouse_work.customer_restraints;

-- choose whom to send
CREATE UNLOGGED TABLE customhouse_work.left_out_loyal_readers_to_platform__next AS
SELECT
  m.id,
  CASE WHEN min(m.place) = 0 THEN 'restricted' COLLATE "C" WHEN min(m.place) = 1 THEN 'objected' COLLATE "C" END AS left_out
FROM (
  SELECT
    p.customer_id AS id,
    0 AS place
  FROM customhouse.segment_members AS p
  WHERE p.segment = 'loyal_readers' COLLATE "C"
    AND p.customer_id IN (
      SELECT r.id
      FROM customhouse_work.customer_restraints AS r
      WHERE r.kind = 'restricted' COLLATE "C"
    )
  UNION ALL
  SELECT
    p.customer_id AS id,
    1 AS place
  FROM customhouse.segment_members AS p
  WHERE p.segment = 'loyal_readers' COLLATE "C"
    AND p.customer_id IN (
      SELECT r.id
      FROM customhouse_work.customer_restraints AS r
      WHERE r.kind = 'objected' COLLATE "C"
        AND (r.purpose IS NULL OR r.purpose = 'marketing' COLLATE "C")
    )
) AS m
GROUP BY m.id;

DROP TABLE IF EXISTS customhouse_work.left_out_loyal_readers_to_platform;

ALTER TABLE customhouse_work.left_out_loyal_readers_to_platform__next RENAME TO left_out_loyal_readers_to_platform;

ANALYZE customhouse_work.left_out_loyal_readers_to_platform;

-- select what is wanted
CREATE UNLOGGED TABLE customhouse_work.wanted_loyal_readers_to_platform__next AS
SELECT
  w.customer_id AS entity_id,
  w.key,
  coalesce(d.n, 1) AS same_key,
  '500607e2-' COLLATE "C" || md5(concat('v4' COLLATE "C", coalesce((CAST(CAST(length(w."field.email") AS bigint) AS text) COLLATE "C"), '' COLLATE "C"), ':' COLLATE "C", coalesce(w."field.email", '' COLLATE "C"), coalesce((CAST(CAST(length(w."field.first_name") AS bigint) AS text) COLLATE "C"), '' COLLATE "C"), ':' COLLATE "C", coalesce(w."field.first_name", '' COLLATE "C"), coalesce(CASE WHEN w."field.total_spent" = 'NaN' THEN 'nan' WHEN w."field.total_spent" = 'Infinity' THEN 'inf' WHEN w."field.total_spent" = '-Infinity' THEN '-inf' WHEN abs(w."field.total_spent") >= 1e15 AND abs(w."field.total_spent") < 1e16 THEN CAST(CAST(CAST(w."field.total_spent" AS text) AS numeric) AS text) ELSE CAST(w."field.total_spent" AS text) END COLLATE "C" || CASE WHEN abs(w."field.total_spent") < 1e16 AND w."field.total_spent" = trunc(w."field.total_spent") THEN '.0' ELSE '' END, '' COLLATE "C"), ';' COLLATE "C", coalesce((CAST(CAST(length(w."field.topic") AS bigint) AS text) COLLATE "C"), '' COLLATE "C"), ':' COLLATE "C", coalesce(w."field.topic", '' COLLATE "C"))) AS fingerprint,
  w."field.email",
  w."field.first_name",
  w."field.total_spent",
  w."field.topic"
FROM (
  SELECT
    p.customer_id,
    nullif(p.email, '') AS key,
    p.email AS "field.email",
    p.first_name AS "field.first_name",
    p.spent AS "field.total_spent",
    p.top_topic AS "field.topic"
  FROM customhouse.customer_profiles AS p
  JOIN customhouse.segment_members AS s ON s.customer_id = p.customer_id AND s.segment = 'loyal_readers' COLLATE "C"
  WHERE p.customer_id NOT IN (
    SELECT m.id
    FROM customhouse_work.left_out_loyal_readers_to_platform AS m
  )
) AS w
LEFT JOIN (
  SELECT
    k.key,
    count(*) AS n
  FROM (
    SELECT nullif(p.email, '') AS key
    FROM customhouse.customer_profiles AS p
    JOIN customhouse.segment_members AS s ON s.customer_id = p.customer_id AND s.segment = 'loyal_readers' COLLATE "C"
    WHERE p.customer_id NOT IN (
      SELECT m.id
      FROM customhouse_work.left_out_loyal_readers_to_platform AS m
    )
  ) AS k
  GROUP BY k.key
  HAVING count(*) > 1
) AS d ON d.key = w.key;

DROP TABLE IF EXISTS customhouse_work.wanted_loyal_readers_to_platform;

ALTER TABLE customhouse_work.wanted_loyal_readers_to_platform__next RENAME TO wanted_loyal_readers_to_platform;

ANALYZE customhouse_work.wanted_loyal_readers_to_platform;

-- compare with the ledger
CREATE UNLOGGED TABLE customhouse_work.changes_loyal_readers_to_platform__next AS
SELECT
  CASE WHEN w.fingerprint IS NOT NULL THEN 'upsert' COLLATE "C" ELSE 'remove' COLLATE "C" END AS operation,
  coalesce(w.key, l.key, n.key) AS key,
  CASE WHEN w.fingerprint IS NOT NULL THEN w.entity_id ELSE coalesce(l.entity_id, n.entity_id) END AS entity_id,
  coalesce(w.fingerprint, '' COLLATE "C") AS fingerprint,
  CASE WHEN w.fingerprint IS NULL THEN 'left' COLLATE "C" WHEN l.key IS NULL THEN 'new' COLLATE "C" WHEN NOT starts_with(l.fingerprint, '500607e2-' COLLATE "C") THEN 'mapping' COLLATE "C" WHEN l.fingerprint IS DISTINCT FROM w.fingerprint THEN 'changed' COLLATE "C" WHEN n.key IS NOT NULL THEN 'unsettled' COLLATE "C" ELSE 'resync' COLLATE "C" END AS reason,
  l.key IS NULL AND n.key IS NOT NULL AS unknown,
  w."field.email",
  w."field.first_name",
  w."field.total_spent",
  w."field.topic"
FROM customhouse_work.wanted_loyal_readers_to_platform AS w
FULL JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse.sync_ledger AS k
  WHERE (k.sync = 'loyal_readers_to_platform' COLLATE "C" AND k.place = 'platform/contacts/email' COLLATE "C")
    AND k.fingerprint <> 'removed' COLLATE "C"
) AS l ON l.key = w.key
FULL JOIN (
  SELECT
    k.key,
    k.entity_id
  FROM customhouse.sync_pending AS k
  WHERE k.sync = 'loyal_readers_to_platform' COLLATE "C"
    AND k.place = 'platform/contacts/email' COLLATE "C"
) AS n ON n.key = coalesce(w.key, l.key)
WHERE (w.fingerprint IS NOT NULL AND (w.key IS NOT NULL AND w.same_key = 1 AND (l.fingerprint IS DISTINCT FROM w.fingerprint OR n.key IS NOT NULL))) OR (w.fingerprint IS NULL AND (l.fingerprint <> '' COLLATE "C" OR n.key IS NOT NULL));

DROP TABLE IF EXISTS customhouse_work.changes_loyal_readers_to_platform;

ALTER TABLE customhouse_work.changes_loyal_readers_to_platform__next RENAME TO changes_loyal_readers_to_platform;

ANALYZE customhouse_work.changes_loyal_readers_to_platform;

-- note the rows that cannot be sent
INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'loyal_readers_to_platform' COLLATE "C" AS sync,
  coalesce(w.key, '' COLLATE "C") || ('#' COLLATE "C" || (CAST(w.entity_id AS text) COLLATE "C")) AS key,
  w.entity_id,
  'invalid' COLLATE "C" AS origin,
  CASE WHEN w.key IS NULL THEN 'missing-key' COLLATE "C" ELSE 'duplicate-key' COLLATE "C" END AS code,
  CASE WHEN w.key IS NULL THEN 'the row has no value for the key field email' COLLATE "C" ELSE (CAST(w.same_key AS text) COLLATE "C") || ' rows have the same email; none of them is sent' COLLATE "C" END AS message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, timestamp '2026-01-02 00:00:00') AS first_at,
  timestamp '2026-01-02 00:00:00' AS last_at,
  'RUN' COLLATE "C" AS run_id
FROM customhouse_work.wanted_loyal_readers_to_platform AS w
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'loyal_readers_to_platform' COLLATE "C"
    AND e.run_id <> 'RUN' COLLATE "C"
) AS r ON r.key = (coalesce(w.key, '' COLLATE "C") || ('#' COLLATE "C" || (CAST(w.entity_id AS text) COLLATE "C")))
WHERE NOT (w.key IS NOT NULL AND w.same_key = 1);

DELETE FROM customhouse.sync_rejections
WHERE sync = 'loyal_readers_to_platform' COLLATE "C"
  AND run_id <> 'RUN' COLLATE "C"
  AND code IN ('missing-key' COLLATE "C", 'duplicate-key' COLLATE "C", 'held' COLLATE "C", 'unconvertible' COLLATE "C", 'missing-time' COLLATE "C");

-- note what is about to be sent
DELETE FROM customhouse.sync_pending
WHERE (sync = 'loyal_readers_to_platform' COLLATE "C" AND place = 'platform/contacts/email' COLLATE "C")
  AND key IN (
    SELECT c.key
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
  );

INSERT INTO customhouse.sync_pending (sync, place, key, entity_id, run_id)
SELECT
  'loyal_readers_to_platform' COLLATE "C" AS sync,
  'platform/contacts/email' COLLATE "C" AS place,
  c.key,
  c.entity_id,
  'RUN' COLLATE "C" AS run_id
FROM customhouse_work.changes_loyal_readers_to_platform AS c;

-- count what is due
SELECT
  (
    SELECT count(*) AS n
    FROM customhouse_work.wanted_loyal_readers_to_platform AS w
  ) AS wanted,
  (
    SELECT count(*) AS n
    FROM (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse.sync_ledger AS k
      WHERE (k.sync = 'loyal_readers_to_platform' COLLATE "C" AND k.place = 'platform/contacts/email' COLLATE "C")
        AND k.fingerprint <> 'removed' COLLATE "C"
    ) AS l
  ) + (
    SELECT count(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.unknown
  ) AS known,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.reason = 'new' COLLATE "C"
  ) AS added,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.reason = 'mapping' COLLATE "C"
  ) AS mapping,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.reason = 'changed' COLLATE "C"
  ) AS changed,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.reason = 'unsettled' COLLATE "C"
  ) AS unsettled,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.reason = 'resync' COLLATE "C"
  ) AS resync,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.reason = 'left' COLLATE "C"
  ) AS removed,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
    WHERE c.key IN (
      SELECT r.key
      FROM customhouse.sync_rejections AS r
      WHERE r.sync = 'loyal_readers_to_platform' COLLATE "C"
    )
  ) + (
    SELECT count(*) AS n
    FROM customhouse.sync_rejections AS r
    WHERE r.sync = 'loyal_readers_to_platform' COLLATE "C"
      AND r.run_id = 'RUN' COLLATE "C"
      AND r.origin = 'invalid' COLLATE "C"
      AND r.attempts > 1
  ) AS retried,
  (
    SELECT count(*) AS n
    FROM customhouse_work.wanted_loyal_readers_to_platform AS w
    WHERE NOT (w.key IS NOT NULL AND w.same_key = 1)
  ) AS invalid,
  (
    SELECT count(*) AS n
    FROM customhouse_work.left_out_loyal_readers_to_platform AS m
    WHERE m.left_out = 'restricted' COLLATE "C"
  ) AS restricted,
  (
    SELECT count(*) AS n
    FROM customhouse_work.left_out_loyal_readers_to_platform AS m
    WHERE m.left_out = 'objected' COLLATE "C"
  ) AS objected;

-- changes
SELECT
  c.operation,
  c.key,
  c.entity_id,
  c.fingerprint,
  c."field.email" AS email,
  c."field.first_name" AS first_name,
  c."field.total_spent" AS total_spent,
  c."field.topic" AS topic
FROM customhouse_work.changes_loyal_readers_to_platform AS c
ORDER BY c.key NULLS LAST;

-- everything wanted
SELECT
  s.operation,
  s.key,
  s.entity_id,
  s.fingerprint,
  s."field.email" AS email,
  s."field.first_name" AS first_name,
  s."field.total_spent" AS total_spent,
  s."field.topic" AS topic
FROM (
  SELECT
    'upsert' COLLATE "C" AS operation,
    w.key,
    w.entity_id,
    w.fingerprint,
    w."field.email",
    w."field.first_name",
    w."field.total_spent",
    w."field.topic"
  FROM customhouse_work.wanted_loyal_readers_to_platform AS w
  WHERE w.key IS NOT NULL
    AND w.same_key = 1
  UNION ALL
  SELECT
    'remove' COLLATE "C" AS operation,
    l.key,
    l.entity_id,
    l.fingerprint,
    (CAST(NULL AS text) COLLATE "C") AS "field.email",
    (CAST(NULL AS text) COLLATE "C") AS "field.first_name",
    CAST(NULL AS double precision) AS "field.total_spent",
    (CAST(NULL AS text) COLLATE "C") AS "field.topic"
  FROM (
    SELECT
      k.key,
      k.entity_id,
      k.fingerprint
    FROM customhouse.sync_ledger AS k
    WHERE (k.sync = 'loyal_readers_to_platform' COLLATE "C" AND k.place = 'platform/contacts/email' COLLATE "C")
      AND k.fingerprint <> 'removed' COLLATE "C"
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
        AND c.operation = 'remove' COLLATE "C"
    )
) AS s
ORDER BY s.key NULLS LAST;

-- take outcomes over
UPDATE customhouse.sync_leases SET run_id = 'RUN' COLLATE "C"
WHERE sync = 'loyal_readers_to_platform' COLLATE "C"
  AND run_id = 'RUN' COLLATE "C";

DELETE FROM customhouse.sync_ledger
WHERE (sync = 'loyal_readers_to_platform' COLLATE "C" AND place = 'platform/contacts/email' COLLATE "C")
  AND key IN (
    SELECT o.key
    FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
    WHERE (o.accepted OR o.origin = 'absent' COLLATE "C")
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
          AND l.run_id = 'RUN' COLLATE "C"
      )
  );

DELETE FROM customhouse.sync_pending
WHERE (sync = 'loyal_readers_to_platform' COLLATE "C" AND place = 'platform/contacts/email' COLLATE "C")
  AND key IN (
    SELECT o.key
    FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
    WHERE (o.accepted OR o.origin = 'absent' COLLATE "C")
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
          AND l.run_id = 'RUN' COLLATE "C"
      )
    UNION ALL
    SELECT o.key
    FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
    LEFT JOIN customhouse_work.changes_loyal_readers_to_platform AS c ON c.key = o.key AND c.operation = o.operation
    WHERE o.origin = 'withheld' COLLATE "C"
      AND (o.code = 'withdrawn' COLLATE "C" AND c.reason = 'new' COLLATE "C" AND NOT c.unknown)
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
          AND l.run_id = 'RUN' COLLATE "C"
      )
  );

INSERT INTO customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'loyal_readers_to_platform' COLLATE "C" AS sync,
  'platform/contacts/email' COLLATE "C" AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  CASE WHEN c.fingerprint = o.fingerprint THEN concat('5:email' COLLATE "C", coalesce((CAST(CAST(length(c."field.email") AS bigint) AS text) COLLATE "C") || ':' COLLATE "C", '-' COLLATE "C"), coalesce(c."field.email", '' COLLATE "C"), '10:first_name' COLLATE "C", coalesce((CAST(CAST(length(c."field.first_name") AS bigint) AS text) COLLATE "C") || ':' COLLATE "C", '-' COLLATE "C"), coalesce(c."field.first_name", '' COLLATE "C"), '11:total_spent' COLLATE "C", coalesce((CAST(CAST(length(CASE WHEN c."field.total_spent" = 'NaN' THEN 'nan' WHEN c."field.total_spent" = 'Infinity' THEN 'inf' WHEN c."field.total_spent" = '-Infinity' THEN '-inf' WHEN abs(c."field.total_spent") >= 1e15 AND abs(c."field.total_spent") < 1e16 THEN CAST(CAST(CAST(c."field.total_spent" AS text) AS numeric) AS text) ELSE CAST(c."field.total_spent" AS text) END COLLATE "C" || CASE WHEN abs(c."field.total_spent") < 1e16 AND c."field.total_spent" = trunc(c."field.total_spent") THEN '.0' ELSE '' END) AS bigint) AS text) COLLATE "C") || ':' COLLATE "C", '-' COLLATE "C"), coalesce(CASE WHEN c."field.total_spent" = 'NaN' THEN 'nan' WHEN c."field.total_spent" = 'Infinity' THEN 'inf' WHEN c."field.total_spent" = '-Infinity' THEN '-inf' WHEN abs(c."field.total_spent") >= 1e15 AND abs(c."field.total_spent") < 1e16 THEN CAST(CAST(CAST(c."field.total_spent" AS text) AS numeric) AS text) ELSE CAST(c."field.total_spent" AS text) END COLLATE "C" || CASE WHEN abs(c."field.total_spent") < 1e16 AND c."field.total_spent" = trunc(c."field.total_spent") THEN '.0' ELSE '' END, '' COLLATE "C"), '5:topic' COLLATE "C", coalesce((CAST(CAST(length(c."field.topic") AS bigint) AS text) COLLATE "C") || ':' COLLATE "C", '-' COLLATE "C"), coalesce(c."field.topic", '' COLLATE "C")) END AS sent,
  timestamp '2026-01-02 00:00:00' AS acknowledged_at,
  'RUN' COLLATE "C" AS run_id
FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
LEFT JOIN customhouse_work.changes_loyal_readers_to_platform AS c ON c.key = o.key AND c.operation = o.operation
WHERE o.accepted
  AND o.operation = 'upsert' COLLATE "C"
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
      AND l.run_id = 'RUN' COLLATE "C"
  );

INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'loyal_readers_to_platform' COLLATE "C" AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, timestamp '2026-01-02 00:00:00') AS first_at,
  timestamp '2026-01-02 00:00:00' AS last_at,
  'RUN' COLLATE "C" AS run_id
FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'loyal_readers_to_platform' COLLATE "C"
    AND e.run_id <> 'RUN' COLLATE "C"
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent' COLLATE "C")
  AND NOT (o.origin = 'withheld' COLLATE "C")
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
      AND l.run_id = 'RUN' COLLATE "C"
  );

DELETE FROM customhouse.sync_rejections
WHERE sync = 'loyal_readers_to_platform' COLLATE "C"
  AND run_id <> 'RUN' COLLATE "C"
  AND key IN (
    SELECT o.key
    FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
    WHERE EXISTS (
      SELECT 1 AS one
      FROM customhouse.sync_leases AS l
      WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
        AND l.run_id = 'RUN' COLLATE "C"
    )
  );

INSERT INTO customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, at)
SELECT
  'loyal_readers_to_platform' COLLATE "C" AS sync,
  'RUN' COLLATE "C" AS run_id,
  o.key,
  o.entity_id,
  o.operation,
  c.reason,
  coalesce(nullif(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' COLLATE "C" ELSE 'rejected' COLLATE "C" END) AS outcome,
  o.code,
  timestamp '2026-01-02 00:00:00' AS at
FROM customhouse_work.outcomes_loyal_readers_to_platform AS o
LEFT JOIN customhouse_work.changes_loyal_readers_to_platform AS c ON c.key = o.key AND c.operation = o.operation
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse.sync_leases AS l
  WHERE l.sync = 'loyal_readers_to_platform' COLLATE "C"
    AND l.run_id = 'RUN' COLLATE "C"
);

-- forget rejections that are no longer due
UPDATE customhouse.sync_ledger AS l SET sent = concat('5:email' COLLATE "C", coalesce((CAST(CAST(length(w."field.email") AS bigint) AS text) COLLATE "C") || ':' COLLATE "C", '-' COLLATE "C"), coalesce(w."field.email", '' COLLATE "C"), '10:first_name' COLLATE "C", coalesce((CAST(CAST(length(w."field.first_name") AS bigint) AS text) COLLATE "C") || ':' COLLATE "C", '-' COLLATE "C"), coalesce(w."field.first_name", '' COLLATE "C"), '11:total_spent' COLLATE "C", coalesce((CAST(CAST(length(CASE WHEN w."field.total_spent" = 'NaN' THEN 'nan' WHEN w."field.total_spent" = 'Infinity' THEN 'inf' WHEN w."field.total_spent" = '-Infinity' THEN '-inf' WHEN abs(w."field.total_spent") >= 1e15 AND abs(w."field.total_spent") < 1e16 THEN CAST(CAST(CAST(w."field.total_spent" AS text) AS numeric) AS text) ELSE CAST(w."field.total_spent" AS text) END COLLATE "C" || CASE WHEN abs(w."field.total_spent") < 1e16 AND w."field.total_spent" = trunc(w."field.total_spent") THEN '.0' ELSE '' END) AS bigint) AS text) COLLATE "C") || ':' COLLATE "C", '-' COLLATE "C"), coalesce(CASE WHEN w."field.total_spent" = 'NaN' THEN 'nan' WHEN w."field.total_spent" = 'Infinity' THEN 'inf' WHEN w."field.total_spent" = '-Infinity' THEN '-inf' WHEN abs(w."field.total_spent") >= 1e15 AND abs(w."field.total_spent") < 1e16 THEN CAST(CAST(CAST(w."field.total_spent" AS text) AS numeric) AS text) ELSE CAST(w."field.total_spent" AS text) END COLLATE "C" || CASE WHEN abs(w."field.total_spent") < 1e16 AND w."field.total_spent" = trunc(w."field.total_spent") THEN '.0' ELSE '' END, '' COLLATE "C"), '5:topic' COLLATE "C", coalesce((CAST(CAST(length(w."field.topic") AS bigint) AS text) COLLATE "C") || ':' COLLATE "C", '-' COLLATE "C"), coalesce(w."field.topic", '' COLLATE "C"))
FROM customhouse_work.wanted_loyal_readers_to_platform AS w
WHERE (l.sync = 'loyal_readers_to_platform' COLLATE "C" AND l.place = 'platform/contacts/email' COLLATE "C")
  AND l.sent IS NULL
  AND l.key = w.key
  AND l.fingerprint = w.fingerprint;

DELETE FROM customhouse.sync_rejections
WHERE sync = 'loyal_readers_to_platform' COLLATE "C"
  AND run_id <> 'RUN' COLLATE "C"
  AND key NOT IN (
    SELECT c.key
    FROM customhouse_work.changes_loyal_readers_to_platform AS c
  );
