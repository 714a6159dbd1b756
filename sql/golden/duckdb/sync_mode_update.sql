-- look what of the journal is news
CREATE OR REPLACE TABLE customhouse_work.main.settled_mode_update AS
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
  CASE WHEN r.operation <> 'update' THEN 'left' WHEN l.key IS NULL THEN 'new' WHEN NOT starts_with(l.fingerprint, 'a604ff2f-') THEN 'mapping' WHEN l.fingerprint IS DISTINCT FROM r.fingerprint THEN 'changed' ELSE 'unsettled' END AS reason
FROM customhouse_work.main.recovered_mode_update AS r
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse_file.customhouse.sync_ledger AS k
  WHERE (k.sync = 'mode_update' AND k.place = 'platform/contacts/email')
    AND k.fingerprint <> 'removed'
) AS l ON l.key = r.key
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse_file.customhouse.sync_pending AS p
  WHERE p.place = r.place
    AND p.key = r.key
    AND p.run_id = r.run_id
    AND (p.sync = 'mode_update' AND p.place = 'platform/contacts/email')
)
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_log AS g
    WHERE g.run_id = r.run_id
      AND g.key = r.key
      AND g.operation = r.operation
      AND g.sync = 'mode_update'
  );

-- take over what the journal kept
UPDATE customhouse_file.customhouse.sync_leases SET run_id = 'RUN'
WHERE sync = 'mode_update'
  AND run_id = 'RUN';

DELETE FROM customhouse_file.customhouse.sync_ledger
WHERE (sync = 'mode_update' AND place = 'platform/contacts/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.settled_mode_update AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_update'
          AND l.run_id = 'RUN'
      )
  );

DELETE FROM customhouse_file.customhouse.sync_pending
WHERE (sync = 'mode_update' AND place = 'platform/contacts/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.settled_mode_update AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_update'
          AND l.run_id = 'RUN'
      )
  );

INSERT INTO customhouse_file.customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'mode_update' AS sync,
  'platform/contacts/email' AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  CAST(NULL AS VARCHAR) AS sent,
  o.as_of AS acknowledged_at,
  o.run_id
FROM customhouse_work.main.settled_mode_update AS o
WHERE o.accepted
  AND o.operation = 'update'
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_leases AS l
    WHERE l.sync = 'mode_update'
      AND l.run_id = 'RUN'
  );

INSERT INTO customhouse_file.customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_update' AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, o.as_of) AS first_at,
  o.as_of AS last_at,
  o.run_id
FROM customhouse_work.main.settled_mode_update AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse_file.customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_update'
    AND e.run_id NOT IN (
      SELECT s.run_id
      FROM customhouse_work.main.settled_mode_update AS s
    )
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent')
  AND NOT (o.origin = 'withheld')
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_leases AS l
    WHERE l.sync = 'mode_update'
      AND l.run_id = 'RUN'
  );

DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_update'
  AND run_id NOT IN (
    SELECT s.run_id
    FROM customhouse_work.main.settled_mode_update AS s
  )
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.settled_mode_update AS o
    WHERE EXISTS (
      SELECT 1 AS one
      FROM customhouse_file.customhouse.sync_leases AS l
      WHERE l.sync = 'mode_update'
        AND l.run_id = 'RUN'
    )
  );

INSERT INTO customhouse_file.customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, "at")
SELECT
  'mode_update' AS sync,
  o.run_id,
  o.key,
  o.entity_id,
  o.operation,
  o.reason,
  coalesce(nullif(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' ELSE 'rejected' END) AS outcome,
  o.code,
  o.as_of AS "at"
FROM customhouse_work.main.settled_mode_update AS o
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse_file.customhouse.sync_leases AS l
  WHERE l.sync = 'mode_update'
    AND l.run_id = 'RUN'
);

-- look who is restricted
CREATE OR REPLACE TABLE customhouse_work.main.customer_restraints AS
SELECT DISTINCT
  k.id,
  r.kind,
  r.purpose
FROM (
  SELECT
    i.identifier_type,
    i.identifier,
    i.customer_id AS id
  FROM customhouse_file.customhouse.customer_identities AS i
  WHERE i.customer_id IS NOT NULL
    AND (i.identifier_type, i.identifier) IN (
      SELECT
        l.identifier_type,
        l.identifier
      FROM customhouse_file.customhouse.privacy_restrictions AS l
      WHERE l.entity = 'customer'
    )
) AS k
JOIN customhouse_file.customhouse.privacy_restrictions AS r ON r.identifier_type = k.identifier_type AND r.identifier = k.identifier
WHERE r.entity = 'customer';

-- choose whom to send
CREATE OR REPLACE TABLE customhouse_work.main.left_out_mode_update AS
SELECT
  m.id,
  CASE WHEN min(m.place) = 0 THEN 'restricted' WHEN min(m.place) = 1 THEN 'objected' END AS left_out
FROM (
  SELECT
    p.customer_id AS id,
    0 AS place
  FROM customhouse_file.customhouse.segment_members AS p
  WHERE p.segment = 'vip'
    AND p.customer_id IN (
      SELECT r.id
      FROM customhouse_work.main.customer_restraints AS r
      WHERE r.kind = 'restricted'
    )
  UNION ALL
  SELECT
    p.customer_id AS id,
    1 AS place
  FROM customhouse_file.customhouse.segment_members AS p
  WHERE p.segment = 'vip'
    AND p.customer_id IN (
      SELECT r.id
      FROM customhouse_work.main.customer_restraints AS r
      WHERE r.kind = 'objected'
        AND (r.purpose IS NULL OR r.purpose = 'service')
    )
) AS m
GROUP BY m.id;

-- select what is wanted
CREATE OR REPLACE TABLE customhouse_work.main.wanted_mode_update AS
SELECT
  w.customer_id AS entity_id,
  w.key,
  coalesce(d.n, 1) AS same_key,
  'a604ff2f-' || md5(concat('v4', coalesce(CAST(length(w."field.email") AS VARCHAR), ''), ':', coalesce(w."field.email", ''), coalesce(CAST(length(w."field.first_name") AS VARCHAR), ''), ':', coalesce(w."field.first_name", ''))) AS fingerprint,
  w."field.email",
  w."field.first_name"
FROM (
  SELECT
    p.customer_id,
    nullif(p.email, '') AS key,
    p.email AS "field.email",
    p.first_name AS "field.first_name"
  FROM customhouse_file.customhouse.customer_profiles AS p
  JOIN customhouse_file.customhouse.segment_members AS s ON s.customer_id = p.customer_id AND s.segment = 'vip'
  WHERE p.customer_id NOT IN (
    SELECT m.id
    FROM customhouse_work.main.left_out_mode_update AS m
  )
) AS w
LEFT JOIN (
  SELECT
    k.key,
    count(*) AS n
  FROM (
    SELECT nullif(p.email, '') AS key
    FROM customhouse_file.customhouse.customer_profiles AS p
    JOIN customhouse_file.customhouse.segment_members AS s ON s.customer_id = p.customer_id AND s.segment = 'vip'
    WHERE p.customer_id NOT IN (
      SELECT m.id
      FROM customhouse_work.main.left_out_mode_update AS m
    )
  ) AS k
  GROUP BY k.key
  HAVING count(*) > 1
) AS d ON d.key = w.key;

-- compare with the ledger
CREATE OR REPLACE TABLE customhouse_work.main.changes_mode_update AS
SELECT
  CASE WHEN w.fingerprint IS NOT NULL THEN 'update' ELSE 'clear' END AS operation,
  coalesce(w.key, l.key, n.key) AS key,
  CASE WHEN w.fingerprint IS NOT NULL THEN w.entity_id ELSE coalesce(l.entity_id, n.entity_id) END AS entity_id,
  coalesce(w.fingerprint, '') AS fingerprint,
  CASE WHEN w.fingerprint IS NULL THEN 'left' WHEN l.key IS NULL THEN 'new' WHEN NOT starts_with(l.fingerprint, 'a604ff2f-') THEN 'mapping' WHEN l.fingerprint IS DISTINCT FROM w.fingerprint THEN 'changed' WHEN n.key IS NOT NULL THEN 'unsettled' ELSE 'resync' END AS reason,
  l.key IS NULL AND n.key IS NOT NULL AS unknown,
  w."field.email",
  w."field.first_name"
FROM customhouse_work.main.wanted_mode_update AS w
FULL JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse_file.customhouse.sync_ledger AS k
  WHERE (k.sync = 'mode_update' AND k.place = 'platform/contacts/email')
    AND k.fingerprint <> 'removed'
) AS l ON l.key = w.key
FULL JOIN (
  SELECT
    k.key,
    k.entity_id
  FROM customhouse_file.customhouse.sync_pending AS k
  WHERE k.sync = 'mode_update'
    AND k.place = 'platform/contacts/email'
) AS n ON n.key = coalesce(w.key, l.key)
WHERE (w.fingerprint IS NOT NULL AND (w.key IS NOT NULL AND w.same_key = 1 AND (l.fingerprint IS DISTINCT FROM w.fingerprint OR n.key IS NOT NULL))) OR (w.fingerprint IS NULL AND (l.fingerprint <> '' OR n.key IS NOT NULL));

-- note the rows that cannot be sent
INSERT INTO customhouse_file.customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_update' AS sync,
  coalesce(w.key, '') || ('#' || CAST(w.entity_id AS VARCHAR)) AS key,
  w.entity_id,
  'invalid' AS origin,
  CASE WHEN w.key IS NULL THEN 'missing-key' ELSE 'duplicate-key' END AS code,
  CASE WHEN w.key IS NULL THEN 'the row has no value for the key field email' ELSE CAST(w.same_key AS VARCHAR) || ' rows have the same email; none of them is sent' END AS message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, TIMESTAMP '2026-01-02 00:00:00') AS first_at,
  TIMESTAMP '2026-01-02 00:00:00' AS last_at,
  'RUN' AS run_id
FROM customhouse_work.main.wanted_mode_update AS w
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse_file.customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_update'
    AND e.run_id <> 'RUN'
) AS r ON r.key = (coalesce(w.key, '') || ('#' || CAST(w.entity_id AS VARCHAR)))
WHERE NOT (w.key IS NOT NULL AND w.same_key = 1);

DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_update'
  AND run_id <> 'RUN'
  AND code IN ('missing-key', 'duplicate-key', 'held', 'unconvertible', 'missing-time');

-- note what is about to be sent
DELETE FROM customhouse_file.customhouse.sync_pending
WHERE (sync = 'mode_update' AND place = 'platform/contacts/email')
  AND key IN (
    SELECT c.key
    FROM customhouse_work.main.changes_mode_update AS c
  );

INSERT INTO customhouse_file.customhouse.sync_pending (sync, place, key, entity_id, run_id)
SELECT
  'mode_update' AS sync,
  'platform/contacts/email' AS place,
  c.key,
  c.entity_id,
  'RUN' AS run_id
FROM customhouse_work.main.changes_mode_update AS c;

-- count what is due
SELECT
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.wanted_mode_update AS w
  ) AS wanted,
  (
    SELECT count(*) AS n
    FROM (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse_file.customhouse.sync_ledger AS k
      WHERE (k.sync = 'mode_update' AND k.place = 'platform/contacts/email')
        AND k.fingerprint <> 'removed'
    ) AS l
  ) + (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_update AS c
    WHERE c.unknown
  ) AS known,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_update AS c
    WHERE c.reason = 'new'
  ) AS added,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_update AS c
    WHERE c.reason = 'mapping'
  ) AS mapping,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_update AS c
    WHERE c.reason = 'changed'
  ) AS changed,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_update AS c
    WHERE c.reason = 'unsettled'
  ) AS unsettled,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_update AS c
    WHERE c.reason = 'resync'
  ) AS resync,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_update AS c
    WHERE c.reason = 'left'
  ) AS removed,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_update AS c
    WHERE c.key IN (
      SELECT r.key
      FROM customhouse_file.customhouse.sync_rejections AS r
      WHERE r.sync = 'mode_update'
    )
  ) + (
    SELECT count(*) AS n
    FROM customhouse_file.customhouse.sync_rejections AS r
    WHERE r.sync = 'mode_update'
      AND r.run_id = 'RUN'
      AND r.origin = 'invalid'
      AND r.attempts > 1
  ) AS retried,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.wanted_mode_update AS w
    WHERE NOT (w.key IS NOT NULL AND w.same_key = 1)
  ) AS invalid,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.left_out_mode_update AS m
    WHERE m.left_out = 'restricted'
  ) AS restricted,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.left_out_mode_update AS m
    WHERE m.left_out = 'objected'
  ) AS objected;

-- changes
SELECT
  c.operation,
  c.key,
  c.entity_id,
  c.fingerprint,
  c."field.email" AS email,
  c."field.first_name" AS first_name
FROM customhouse_work.main.changes_mode_update AS c
ORDER BY c.key NULLS LAST;

-- take outcomes over
UPDATE customhouse_file.customhouse.sync_leases SET run_id = 'RUN'
WHERE sync = 'mode_update'
  AND run_id = 'RUN';

DELETE FROM customhouse_file.customhouse.sync_ledger
WHERE (sync = 'mode_update' AND place = 'platform/contacts/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.outcomes_mode_update AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_update'
          AND l.run_id = 'RUN'
      )
  );

DELETE FROM customhouse_file.customhouse.sync_pending
WHERE (sync = 'mode_update' AND place = 'platform/contacts/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.outcomes_mode_update AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_update'
          AND l.run_id = 'RUN'
      )
    UNION ALL
    SELECT o.key
    FROM customhouse_work.main.outcomes_mode_update AS o
    LEFT JOIN customhouse_work.main.changes_mode_update AS c ON c.key = o.key AND c.operation = o.operation
    WHERE o.origin = 'withheld'
      AND (o.code = 'withdrawn' AND c.reason = 'new' AND NOT c.unknown)
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_update'
          AND l.run_id = 'RUN'
      )
  );

INSERT INTO customhouse_file.customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'mode_update' AS sync,
  'platform/contacts/email' AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  CASE WHEN c.fingerprint = o.fingerprint THEN concat('5:email', coalesce(CAST(length(c."field.email") AS VARCHAR) || ':', '-'), coalesce(c."field.email", ''), '10:first_name', coalesce(CAST(length(c."field.first_name") AS VARCHAR) || ':', '-'), coalesce(c."field.first_name", '')) END AS sent,
  TIMESTAMP '2026-01-02 00:00:00' AS acknowledged_at,
  'RUN' AS run_id
FROM customhouse_work.main.outcomes_mode_update AS o
LEFT JOIN customhouse_work.main.changes_mode_update AS c ON c.key = o.key AND c.operation = o.operation
WHERE o.accepted
  AND o.operation = 'update'
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_leases AS l
    WHERE l.sync = 'mode_update'
      AND l.run_id = 'RUN'
  );

INSERT INTO customhouse_file.customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_update' AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, TIMESTAMP '2026-01-02 00:00:00') AS first_at,
  TIMESTAMP '2026-01-02 00:00:00' AS last_at,
  'RUN' AS run_id
FROM customhouse_work.main.outcomes_mode_update AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse_file.customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_update'
    AND e.run_id <> 'RUN'
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent')
  AND NOT (o.origin = 'withheld')
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_leases AS l
    WHERE l.sync = 'mode_update'
      AND l.run_id = 'RUN'
  );

DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_update'
  AND run_id <> 'RUN'
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.outcomes_mode_update AS o
    WHERE EXISTS (
      SELECT 1 AS one
      FROM customhouse_file.customhouse.sync_leases AS l
      WHERE l.sync = 'mode_update'
        AND l.run_id = 'RUN'
    )
  );

INSERT INTO customhouse_file.customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, "at")
SELECT
  'mode_update' AS sync,
  'RUN' AS run_id,
  o.key,
  o.entity_id,
  o.operation,
  c.reason,
  coalesce(nullif(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' ELSE 'rejected' END) AS outcome,
  o.code,
  TIMESTAMP '2026-01-02 00:00:00' AS "at"
FROM customhouse_work.main.outcomes_mode_update AS o
LEFT JOIN customhouse_work.main.changes_mode_update AS c ON c.key = o.key AND c.operation = o.operation
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse_file.customhouse.sync_leases AS l
  WHERE l.sync = 'mode_update'
    AND l.run_id = 'RUN'
);

-- forget rejections that are no longer due
UPDATE customhouse_file.customhouse.sync_ledger AS l SET sent = concat('5:email', coalesce(CAST(length(w."field.email") AS VARCHAR) || ':', '-'), coalesce(w."field.email", ''), '10:first_name', coalesce(CAST(length(w."field.first_name") AS VARCHAR) || ':', '-'), coalesce(w."field.first_name", ''))
FROM customhouse_work.main.wanted_mode_update AS w
WHERE (l.sync = 'mode_update' AND l.place = 'platform/contacts/email')
  AND l.sent IS NULL
  AND l.key = w.key
  AND l.fingerprint = w.fingerprint;

DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_update'
  AND run_id <> 'RUN'
  AND key NOT IN (
    SELECT c.key
    FROM customhouse_work.main.changes_mode_update AS c
  );
