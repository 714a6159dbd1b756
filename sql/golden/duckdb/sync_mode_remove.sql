-- look what of the journal is news
CREATE OR REPLACE TABLE customhouse_work.main.settled_mode_remove AS
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
  CASE WHEN r.operation <> 'remove' THEN 'left' WHEN l.key IS NULL THEN 'new' WHEN NOT starts_with(l.fingerprint, 'cb8aa472-') THEN 'mapping' WHEN l.fingerprint IS DISTINCT FROM r.fingerprint THEN 'changed' ELSE 'unsettled' END AS reason
FROM customhouse_work.main.recovered_mode_remove AS r
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse_file.customhouse.sync_ledger AS k
  WHERE (k.sync = 'mode_remove' AND k.place = 'platform/list/email')
    AND k.fingerprint = 'removed'
) AS l ON l.key = r.key
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse_file.customhouse.sync_pending AS p
  WHERE p.place = r.place
    AND p.key = r.key
    AND p.run_id = r.run_id
    AND (p.sync = 'mode_remove' AND p.place = 'platform/list/email')
)
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_log AS g
    WHERE g.run_id = r.run_id
      AND g.key = r.key
      AND g.operation = r.operation
      AND g.sync = 'mode_remove'
  );

-- take over what the journal kept
UPDATE customhouse_file.customhouse.sync_leases SET run_id = 'RUN'
WHERE sync = 'mode_remove'
  AND run_id = 'RUN';

DELETE FROM customhouse_file.customhouse.sync_ledger
WHERE (sync = 'mode_remove' AND place = 'platform/list/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.settled_mode_remove AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_remove'
          AND l.run_id = 'RUN'
      )
  );

DELETE FROM customhouse_file.customhouse.sync_pending
WHERE (sync = 'mode_remove' AND place = 'platform/list/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.settled_mode_remove AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_remove'
          AND l.run_id = 'RUN'
      )
  );

INSERT INTO customhouse_file.customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'mode_remove' AS sync,
  'platform/list/email' AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  CAST(NULL AS VARCHAR) AS sent,
  o.as_of AS acknowledged_at,
  o.run_id
FROM customhouse_work.main.settled_mode_remove AS o
WHERE o.accepted
  AND o.operation = 'remove'
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_leases AS l
    WHERE l.sync = 'mode_remove'
      AND l.run_id = 'RUN'
  );

INSERT INTO customhouse_file.customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_remove' AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, o.as_of) AS first_at,
  o.as_of AS last_at,
  o.run_id
FROM customhouse_work.main.settled_mode_remove AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse_file.customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_remove'
    AND e.run_id NOT IN (
      SELECT s.run_id
      FROM customhouse_work.main.settled_mode_remove AS s
    )
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent')
  AND NOT (o.origin = 'withheld')
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_leases AS l
    WHERE l.sync = 'mode_remove'
      AND l.run_id = 'RUN'
  );

DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_remove'
  AND run_id NOT IN (
    SELECT s.run_id
    FROM customhouse_work.main.settled_mode_remove AS s
  )
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.settled_mode_remove AS o
    WHERE EXISTS (
      SELECT 1 AS one
      FROM customhouse_file.customhouse.sync_leases AS l
      WHERE l.sync = 'mode_remove'
        AND l.run_id = 'RUN'
    )
  );

INSERT INTO customhouse_file.customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, "at")
SELECT
  'mode_remove' AS sync,
  o.run_id,
  o.key,
  o.entity_id,
  o.operation,
  o.reason,
  coalesce(nullif(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' ELSE 'rejected' END) AS outcome,
  o.code,
  o.as_of AS "at"
FROM customhouse_work.main.settled_mode_remove AS o
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse_file.customhouse.sync_leases AS l
  WHERE l.sync = 'mode_remove'
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
CREATE OR REPLACE TABLE customhouse_work.main.left_out_mode_remove AS
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
CREATE OR REPLACE TABLE customhouse_work.main.wanted_mode_remove AS
SELECT
  w.customer_id AS entity_id,
  w.key,
  coalesce(d.n, 1) AS same_key,
  'removed' AS fingerprint,
  w."field.email"
FROM (
  SELECT
    p.customer_id,
    nullif(p.email, '') AS key,
    p.email AS "field.email"
  FROM customhouse_file.customhouse.customer_profiles AS p
  JOIN customhouse_file.customhouse.segment_members AS s ON s.customer_id = p.customer_id AND s.segment = 'vip'
  WHERE p.customer_id NOT IN (
    SELECT m.id
    FROM customhouse_work.main.left_out_mode_remove AS m
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
      FROM customhouse_work.main.left_out_mode_remove AS m
    )
  ) AS k
  GROUP BY k.key
  HAVING count(*) > 1
) AS d ON d.key = w.key;

-- compare with the ledger
CREATE OR REPLACE TABLE customhouse_work.main.changes_mode_remove AS
SELECT
  'remove' AS operation,
  w.key,
  w.entity_id,
  w.fingerprint,
  CASE WHEN l.key IS NULL THEN 'new' WHEN NOT starts_with(l.fingerprint, 'cb8aa472-') THEN 'mapping' WHEN l.fingerprint IS DISTINCT FROM w.fingerprint THEN 'changed' WHEN n.key IS NOT NULL THEN 'unsettled' ELSE 'resync' END AS reason,
  l.key IS NULL AND n.key IS NOT NULL AS unknown,
  w."field.email"
FROM customhouse_work.main.wanted_mode_remove AS w
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse_file.customhouse.sync_ledger AS k
  WHERE (k.sync = 'mode_remove' AND k.place = 'platform/list/email')
    AND k.fingerprint = 'removed'
) AS l ON l.key = w.key
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id
  FROM customhouse_file.customhouse.sync_pending AS k
  WHERE k.sync = 'mode_remove'
    AND k.place = 'platform/list/email'
) AS n ON n.key = w.key
WHERE w.key IS NOT NULL
  AND w.same_key = 1
  AND l.key IS NULL;

-- note the rows that cannot be sent
INSERT INTO customhouse_file.customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_remove' AS sync,
  coalesce(w.key, '') || ('#' || CAST(w.entity_id AS VARCHAR)) AS key,
  w.entity_id,
  'invalid' AS origin,
  CASE WHEN w.key IS NULL THEN 'missing-key' ELSE 'duplicate-key' END AS code,
  CASE WHEN w.key IS NULL THEN 'the row has no value for the key field email' ELSE CAST(w.same_key AS VARCHAR) || ' rows have the same email; none of them is sent' END AS message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, TIMESTAMP '2026-01-02 00:00:00') AS first_at,
  TIMESTAMP '2026-01-02 00:00:00' AS last_at,
  'RUN' AS run_id
FROM customhouse_work.main.wanted_mode_remove AS w
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse_file.customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_remove'
    AND e.run_id <> 'RUN'
) AS r ON r.key = (coalesce(w.key, '') || ('#' || CAST(w.entity_id AS VARCHAR)))
WHERE NOT (w.key IS NOT NULL AND w.same_key = 1);

DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_remove'
  AND run_id <> 'RUN'
  AND code IN ('missing-key', 'duplicate-key', 'held', 'unconvertible', 'missing-time');

-- note what is about to be sent
DELETE FROM customhouse_file.customhouse.sync_pending
WHERE (sync = 'mode_remove' AND place = 'platform/list/email')
  AND key IN (
    SELECT c.key
    FROM customhouse_work.main.changes_mode_remove AS c
  );

INSERT INTO customhouse_file.customhouse.sync_pending (sync, place, key, entity_id, run_id)
SELECT
  'mode_remove' AS sync,
  'platform/list/email' AS place,
  c.key,
  c.entity_id,
  'RUN' AS run_id
FROM customhouse_work.main.changes_mode_remove AS c;

-- count what is due
SELECT
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.wanted_mode_remove AS w
  ) AS wanted,
  (
    SELECT count(*) AS n
    FROM (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse_file.customhouse.sync_ledger AS k
      WHERE (k.sync = 'mode_remove' AND k.place = 'platform/list/email')
        AND k.fingerprint = 'removed'
    ) AS l
  ) + (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_remove AS c
    WHERE c.unknown
  ) AS known,
  0 AS added,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_remove AS c
    WHERE c.reason = 'mapping'
  ) AS mapping,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_remove AS c
    WHERE c.reason = 'changed'
  ) AS changed,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_remove AS c
    WHERE c.reason = 'unsettled'
  ) AS unsettled,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_remove AS c
    WHERE c.reason = 'resync'
  ) AS resync,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_remove AS c
    WHERE c.reason = 'new'
  ) AS removed,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_remove AS c
    WHERE c.key IN (
      SELECT r.key
      FROM customhouse_file.customhouse.sync_rejections AS r
      WHERE r.sync = 'mode_remove'
    )
  ) + (
    SELECT count(*) AS n
    FROM customhouse_file.customhouse.sync_rejections AS r
    WHERE r.sync = 'mode_remove'
      AND r.run_id = 'RUN'
      AND r.origin = 'invalid'
      AND r.attempts > 1
  ) AS retried,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.wanted_mode_remove AS w
    WHERE NOT (w.key IS NOT NULL AND w.same_key = 1)
  ) AS invalid,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.left_out_mode_remove AS m
    WHERE m.left_out = 'restricted'
  ) AS restricted,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.left_out_mode_remove AS m
    WHERE m.left_out = 'objected'
  ) AS objected;

-- changes
SELECT
  c.operation,
  c.key,
  c.entity_id,
  c.fingerprint,
  c."field.email" AS email
FROM customhouse_work.main.changes_mode_remove AS c
ORDER BY c.key NULLS LAST;

-- take outcomes over
UPDATE customhouse_file.customhouse.sync_leases SET run_id = 'RUN'
WHERE sync = 'mode_remove'
  AND run_id = 'RUN';

DELETE FROM customhouse_file.customhouse.sync_ledger
WHERE (sync = 'mode_remove' AND place = 'platform/list/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.outcomes_mode_remove AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_remove'
          AND l.run_id = 'RUN'
      )
  );

DELETE FROM customhouse_file.customhouse.sync_pending
WHERE (sync = 'mode_remove' AND place = 'platform/list/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.outcomes_mode_remove AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_remove'
          AND l.run_id = 'RUN'
      )
    UNION ALL
    SELECT o.key
    FROM customhouse_work.main.outcomes_mode_remove AS o
    LEFT JOIN customhouse_work.main.changes_mode_remove AS c ON c.key = o.key AND c.operation = o.operation
    WHERE o.origin = 'withheld'
      AND (o.code = 'withdrawn' AND c.reason = 'new' AND NOT c.unknown)
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_remove'
          AND l.run_id = 'RUN'
      )
  );

INSERT INTO customhouse_file.customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'mode_remove' AS sync,
  'platform/list/email' AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  CAST(NULL AS VARCHAR) AS sent,
  TIMESTAMP '2026-01-02 00:00:00' AS acknowledged_at,
  'RUN' AS run_id
FROM customhouse_work.main.outcomes_mode_remove AS o
LEFT JOIN customhouse_work.main.changes_mode_remove AS c ON c.key = o.key AND c.operation = o.operation
WHERE o.accepted
  AND o.operation = 'remove'
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_leases AS l
    WHERE l.sync = 'mode_remove'
      AND l.run_id = 'RUN'
  );

INSERT INTO customhouse_file.customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_remove' AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, TIMESTAMP '2026-01-02 00:00:00') AS first_at,
  TIMESTAMP '2026-01-02 00:00:00' AS last_at,
  'RUN' AS run_id
FROM customhouse_work.main.outcomes_mode_remove AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse_file.customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_remove'
    AND e.run_id <> 'RUN'
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent')
  AND NOT (o.origin = 'withheld')
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_leases AS l
    WHERE l.sync = 'mode_remove'
      AND l.run_id = 'RUN'
  );

DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_remove'
  AND run_id <> 'RUN'
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.outcomes_mode_remove AS o
    WHERE EXISTS (
      SELECT 1 AS one
      FROM customhouse_file.customhouse.sync_leases AS l
      WHERE l.sync = 'mode_remove'
        AND l.run_id = 'RUN'
    )
  );

INSERT INTO customhouse_file.customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, "at")
SELECT
  'mode_remove' AS sync,
  'RUN' AS run_id,
  o.key,
  o.entity_id,
  o.operation,
  c.reason,
  coalesce(nullif(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' ELSE 'rejected' END) AS outcome,
  o.code,
  TIMESTAMP '2026-01-02 00:00:00' AS "at"
FROM customhouse_work.main.outcomes_mode_remove AS o
LEFT JOIN customhouse_work.main.changes_mode_remove AS c ON c.key = o.key AND c.operation = o.operation
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse_file.customhouse.sync_leases AS l
  WHERE l.sync = 'mode_remove'
    AND l.run_id = 'RUN'
);

-- forget rejections that are no longer due
DELETE FROM customhouse_file.customhouse.sync_ledger
WHERE ((sync = 'mode_remove' AND place = 'platform/list/email') AND fingerprint = 'removed')
  AND key NOT IN (
    SELECT w.key
    FROM customhouse_work.main.wanted_mode_remove AS w
    WHERE w.key IS NOT NULL
  );

DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_remove'
  AND run_id <> 'RUN'
  AND key NOT IN (
    SELECT c.key
    FROM customhouse_work.main.changes_mode_remove AS c
  );
