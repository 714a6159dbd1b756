-- look what of the journal is news
CREATE OR REPLACE TABLE customhouse_work.settled_win_back_to_platform COPY GRANTS AS
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
  CASE WHEN r.operation <> 'upsert' THEN CAST('left' AS VARCHAR) WHEN l.key IS NULL THEN 'new' WHEN NOT STARTSWITH(l.fingerprint, '672f911c-') THEN 'mapping' WHEN l.fingerprint IS DISTINCT FROM r.fingerprint THEN 'changed' ELSE 'unsettled' END AS reason
FROM customhouse_work.recovered_win_back_to_platform AS r
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse.sync_ledger AS k
  WHERE (k.sync = 'win_back_to_platform' AND k.place = 'platform/offers/email')
    AND k.fingerprint <> 'removed'
) AS l ON l.key = r.key
WHERE EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse.sync_pending AS p
  WHERE p.place = r.place
    AND p.key = r.key
    AND p.run_id = r.run_id
    AND (p.sync = 'win_back_to_platform' AND p.place = 'platform/offers/email')
)
  AND NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse.sync_log AS g
    WHERE g.run_id = r.run_id
      AND g.key = r.key
      AND g.operation = r.operation
      AND g.sync = 'win_back_to_platform'
  );

-- take over what the journal kept
UPDATE customhouse.sync_leases SET run_id = 'RUN'
WHERE sync = 'win_back_to_platform'
  AND run_id = 'RUN';

DELETE FROM customhouse.sync_ledger
WHERE (sync = 'win_back_to_platform' AND place = 'platform/offers/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.settled_win_back_to_platform AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT CAST(1 AS INT) AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'win_back_to_platform'
          AND l.run_id = 'RUN'
      )
  );

DELETE FROM customhouse.sync_pending
WHERE (sync = 'win_back_to_platform' AND place = 'platform/offers/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.settled_win_back_to_platform AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT CAST(1 AS INT) AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'win_back_to_platform'
          AND l.run_id = 'RUN'
      )
  );

INSERT INTO customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  CAST('win_back_to_platform' AS VARCHAR) AS sync,
  CAST('platform/offers/email' AS VARCHAR) AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  CAST(NULL AS VARCHAR) AS sent,
  o.as_of AS acknowledged_at,
  o.run_id
FROM customhouse_work.settled_win_back_to_platform AS o
WHERE o.accepted
  AND o.operation = 'upsert'
  AND EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'win_back_to_platform'
      AND l.run_id = 'RUN'
  );

INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  CAST('win_back_to_platform' AS VARCHAR) AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, o.as_of) AS first_at,
  o.as_of AS last_at,
  o.run_id
FROM customhouse_work.settled_win_back_to_platform AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'win_back_to_platform'
    AND e.run_id NOT IN (
      SELECT s.run_id
      FROM customhouse_work.settled_win_back_to_platform AS s
    )
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent')
  AND NOT (o.origin = 'withheld')
  AND EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'win_back_to_platform'
      AND l.run_id = 'RUN'
  );

DELETE FROM customhouse.sync_rejections
WHERE sync = 'win_back_to_platform'
  AND run_id NOT IN (
    SELECT s.run_id
    FROM customhouse_work.settled_win_back_to_platform AS s
  )
  AND key IN (
    SELECT o.key
    FROM customhouse_work.settled_win_back_to_platform AS o
    WHERE EXISTS (
      SELECT CAST(1 AS INT) AS one
      FROM customhouse.sync_leases AS l
      WHERE l.sync = 'win_back_to_platform'
        AND l.run_id = 'RUN'
    )
  );

INSERT INTO customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, "AT")
SELECT
  CAST('win_back_to_platform' AS VARCHAR) AS sync,
  o.run_id,
  o.key,
  o.entity_id,
  o.operation,
  o.reason,
  coalesce(nullif(o.origin, ''), CASE WHEN o.accepted THEN CAST('accepted' AS VARCHAR) ELSE 'rejected' END) AS outcome,
  o.code,
  o.as_of AS "AT"
FROM customhouse_work.settled_win_back_to_platform AS o
WHERE EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse.sync_leases AS l
  WHERE l.sync = 'win_back_to_platform'
    AND l.run_id = 'RUN'
);

-- look who is restricted
CREATE OR REPLACE TABLE customhouse_work.customer_restraints COPY GRANTS AS
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
      WHERE l.entity = 'customer'
    )
) AS k
JOIN customhouse.privacy_restrictions AS r ON r.identifier_type = k.identifier_type AND r.identifier = k.identifier
WHERE r.entity = 'customer';

-- choose whom to send
CREATE OR REPLACE TABLE customhouse_work.left_out_win_back_to_platform COPY GRANTS AS
SELECT
  m.id,
  CASE WHEN min(m.place) = 0 THEN CAST('restricted' AS VARCHAR) WHEN min(m.place) = 1 THEN 'objected' END AS left_out
FROM (
  SELECT
    p.customer_id AS id,
    CAST(0 AS INT) AS place
  FROM customhouse.segment_members AS p
  WHERE p.segment = 'win_back'
    AND p.customer_id IN (
      SELECT r.id
      FROM customhouse_work.customer_restraints AS r
      WHERE r.kind = 'restricted'
    )
  UNION ALL
  SELECT
    p.customer_id AS id,
    CAST(1 AS INT) AS place
  FROM customhouse.segment_members AS p
  WHERE p.segment = 'win_back'
    AND p.customer_id IN (
      SELECT r.id
      FROM customhouse_work.customer_restraints AS r
      WHERE r.kind = 'objected'
        AND (r.purpose IS NULL OR r.purpose = 'marketing')
    )
) AS m
GROUP BY m.id;

-- select what is wanted
CREATE OR REPLACE TABLE customhouse_work.wanted_win_back_to_platform COPY GRANTS AS
SELECT
  w.customer_id AS entity_id,
  w.key,
  coalesce(d.n, CAST(1 AS INT)) AS same_key,
  '672f911c-' || MD5(CONCAT('v4', coalesce(TO_VARCHAR(LENGTH(w."field.email")), ''), ':', coalesce(w."field.email", ''), coalesce(TO_VARCHAR(LENGTH(w."field.first_name")), ''), ':', coalesce(w."field.first_name", ''), coalesce(TO_VARCHAR(DATE_PART(EPOCH_MICROSECOND, w."field.last_order")), ''), ';')) AS fingerprint,
  w."field.email",
  w."field.first_name",
  w."field.last_order"
FROM (
  SELECT
    p.customer_id,
    nullif(p.email, '') AS key,
    p.email AS "field.email",
    p.first_name AS "field.first_name",
    p.last_order AS "field.last_order"
  FROM customhouse.customer_profiles AS p
  JOIN customhouse.segment_members AS s ON s.customer_id = p.customer_id AND s.segment = 'win_back'
  WHERE p.customer_id NOT IN (
    SELECT m.id
    FROM customhouse_work.left_out_win_back_to_platform AS m
  )
) AS w
LEFT JOIN (
  SELECT
    k.key,
    count(*) AS n
  FROM (
    SELECT nullif(p.email, '') AS key
    FROM customhouse.customer_profiles AS p
    JOIN customhouse.segment_members AS s ON s.customer_id = p.customer_id AND s.segment = 'win_back'
    WHERE p.customer_id NOT IN (
      SELECT m.id
      FROM customhouse_work.left_out_win_back_to_platform AS m
    )
  ) AS k
  GROUP BY k.key
  HAVING count(*) > 1
) AS d ON d.key = w.key;

-- compare with the ledger
CREATE OR REPLACE TABLE customhouse_work.changes_win_back_to_platform COPY GRANTS AS
SELECT
  CASE WHEN w.fingerprint IS NOT NULL THEN CAST('upsert' AS VARCHAR) ELSE 'remove' END AS operation,
  coalesce(w.key, l.key, n.key) AS key,
  CASE WHEN w.fingerprint IS NOT NULL THEN w.entity_id ELSE coalesce(l.entity_id, n.entity_id) END AS entity_id,
  coalesce(w.fingerprint, CAST('' AS VARCHAR)) AS fingerprint,
  CASE WHEN w.fingerprint IS NULL THEN CAST('left' AS VARCHAR) WHEN l.key IS NULL THEN 'new' WHEN NOT STARTSWITH(l.fingerprint, '672f911c-') THEN 'mapping' WHEN l.fingerprint IS DISTINCT FROM w.fingerprint THEN 'changed' WHEN n.key IS NOT NULL THEN 'unsettled' ELSE 'resync' END AS reason,
  l.key IS NULL AND n.key IS NOT NULL AS unknown,
  w."field.email",
  w."field.first_name",
  w."field.last_order"
FROM customhouse_work.wanted_win_back_to_platform AS w
FULL JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse.sync_ledger AS k
  WHERE (k.sync = 'win_back_to_platform' AND k.place = 'platform/offers/email')
    AND k.fingerprint <> 'removed'
) AS l ON l.key = w.key
FULL JOIN (
  SELECT
    k.key,
    k.entity_id
  FROM customhouse.sync_pending AS k
  WHERE k.sync = 'win_back_to_platform'
    AND k.place = 'platform/offers/email'
) AS n ON n.key = coalesce(w.key, l.key)
WHERE (w.fingerprint IS NOT NULL AND (w.key IS NOT NULL AND w.same_key = 1 AND (l.fingerprint IS DISTINCT FROM w.fingerprint OR n.key IS NOT NULL))) OR (w.fingerprint IS NULL AND (l.fingerprint <> '' OR n.key IS NOT NULL));

-- note the rows that cannot be sent
INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  CAST('win_back_to_platform' AS VARCHAR) AS sync,
  coalesce(w.key, '') || ('#' || TO_VARCHAR(w.entity_id)) AS key,
  w.entity_id,
  CAST('invalid' AS VARCHAR) AS origin,
  CASE WHEN w.key IS NULL THEN CAST('missing-key' AS VARCHAR) ELSE 'duplicate-key' END AS code,
  CASE WHEN w.key IS NULL THEN CAST('the row has no value for the key field email' AS VARCHAR) ELSE TO_VARCHAR(w.same_key) || ' rows have the same email; none of them is sent' END AS message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6))) AS first_at,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS last_at,
  CAST('RUN' AS VARCHAR) AS run_id
FROM customhouse_work.wanted_win_back_to_platform AS w
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'win_back_to_platform'
    AND e.run_id <> 'RUN'
) AS r ON r.key = (coalesce(w.key, '') || ('#' || TO_VARCHAR(w.entity_id)))
WHERE NOT (w.key IS NOT NULL AND w.same_key = 1);

DELETE FROM customhouse.sync_rejections
WHERE sync = 'win_back_to_platform'
  AND run_id <> 'RUN'
  AND code IN ('missing-key', 'duplicate-key', 'held', 'unconvertible', 'missing-time');

-- note what is about to be sent
DELETE FROM customhouse.sync_pending
WHERE (sync = 'win_back_to_platform' AND place = 'platform/offers/email')
  AND key IN (
    SELECT c.key
    FROM customhouse_work.changes_win_back_to_platform AS c
  );

INSERT INTO customhouse.sync_pending (sync, place, key, entity_id, run_id)
SELECT
  CAST('win_back_to_platform' AS VARCHAR) AS sync,
  CAST('platform/offers/email' AS VARCHAR) AS place,
  c.key,
  c.entity_id,
  CAST('RUN' AS VARCHAR) AS run_id
FROM customhouse_work.changes_win_back_to_platform AS c;

-- count what is due
SELECT
  (
    SELECT count(*) AS n
    FROM customhouse_work.wanted_win_back_to_platform AS w
  ) AS wanted,
  (
    SELECT count(*) AS n
    FROM (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse.sync_ledger AS k
      WHERE (k.sync = 'win_back_to_platform' AND k.place = 'platform/offers/email')
        AND k.fingerprint <> 'removed'
    ) AS l
  ) + (
    SELECT count(*) AS n
    FROM customhouse_work.changes_win_back_to_platform AS c
    WHERE c.unknown
  ) AS known,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_win_back_to_platform AS c
    WHERE c.reason = 'new'
  ) AS added,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_win_back_to_platform AS c
    WHERE c.reason = 'mapping'
  ) AS mapping,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_win_back_to_platform AS c
    WHERE c.reason = 'changed'
  ) AS changed,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_win_back_to_platform AS c
    WHERE c.reason = 'unsettled'
  ) AS unsettled,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_win_back_to_platform AS c
    WHERE c.reason = 'resync'
  ) AS resync,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_win_back_to_platform AS c
    WHERE c.reason = 'left'
  ) AS removed,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_win_back_to_platform AS c
    WHERE c.key IN (
      SELECT r.key
      FROM customhouse.sync_rejections AS r
      WHERE r.sync = 'win_back_to_platform'
    )
  ) + (
    SELECT count(*) AS n
    FROM customhouse.sync_rejections AS r
    WHERE r.sync = 'win_back_to_platform'
      AND r.run_id = 'RUN'
      AND r.origin = 'invalid'
      AND r.attempts > 1
  ) AS retried,
  (
    SELECT count(*) AS n
    FROM customhouse_work.wanted_win_back_to_platform AS w
    WHERE NOT (w.key IS NOT NULL AND w.same_key = 1)
  ) AS invalid,
  (
    SELECT count(*) AS n
    FROM customhouse_work.left_out_win_back_to_platform AS m
    WHERE m.left_out = 'restricted'
  ) AS restricted,
  (
    SELECT count(*) AS n
    FROM customhouse_work.left_out_win_back_to_platform AS m
    WHERE m.left_out = 'objected'
  ) AS objected;

-- changes
SELECT
  c.operation,
  c.key,
  c.entity_id,
  c.fingerprint,
  c."field.email" AS email,
  c."field.first_name" AS first_name,
  c."field.last_order" AS last_order
FROM customhouse_work.changes_win_back_to_platform AS c
ORDER BY c.key NULLS LAST;

-- everything wanted
SELECT
  s.operation,
  s.key,
  s.entity_id,
  s.fingerprint,
  s."field.email" AS email,
  s."field.first_name" AS first_name,
  s."field.last_order" AS last_order
FROM (
  SELECT
    CAST('upsert' AS VARCHAR) AS operation,
    w.key,
    w.entity_id,
    w.fingerprint,
    w."field.email",
    w."field.first_name",
    w."field.last_order"
  FROM customhouse_work.wanted_win_back_to_platform AS w
  WHERE w.key IS NOT NULL
    AND w.same_key = 1
  UNION ALL
  SELECT
    CAST('remove' AS VARCHAR) AS operation,
    l.key,
    l.entity_id,
    l.fingerprint,
    CAST(NULL AS VARCHAR) AS "field.email",
    CAST(NULL AS VARCHAR) AS "field.first_name",
    CAST(CAST(NULL AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6)) AS "field.last_order"
  FROM (
    SELECT
      k.key,
      k.entity_id,
      k.fingerprint
    FROM customhouse.sync_ledger AS k
    WHERE (k.sync = 'win_back_to_platform' AND k.place = 'platform/offers/email')
      AND k.fingerprint <> 'removed'
  ) AS l
  WHERE NOT EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse_work.wanted_win_back_to_platform AS w
    WHERE w.key = l.key
      AND (w.key IS NOT NULL AND w.same_key = 1)
  )
    AND NOT EXISTS (
      SELECT CAST(1 AS INT) AS one
      FROM customhouse_work.changes_win_back_to_platform AS c
      WHERE c.key = l.key
        AND c.operation = 'remove'
    )
) AS s
ORDER BY s.key NULLS LAST;

-- take outcomes over
UPDATE customhouse.sync_leases SET run_id = 'RUN'
WHERE sync = 'win_back_to_platform'
  AND run_id = 'RUN';

DELETE FROM customhouse.sync_ledger
WHERE (sync = 'win_back_to_platform' AND place = 'platform/offers/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.outcomes_win_back_to_platform AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT CAST(1 AS INT) AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'win_back_to_platform'
          AND l.run_id = 'RUN'
      )
  );

DELETE FROM customhouse.sync_pending
WHERE (sync = 'win_back_to_platform' AND place = 'platform/offers/email')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.outcomes_win_back_to_platform AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT CAST(1 AS INT) AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'win_back_to_platform'
          AND l.run_id = 'RUN'
      )
    UNION ALL
    SELECT o.key
    FROM customhouse_work.outcomes_win_back_to_platform AS o
    LEFT JOIN customhouse_work.changes_win_back_to_platform AS c ON c.key = o.key AND c.operation = o.operation
    WHERE o.origin = 'withheld'
      AND (o.code = 'withdrawn' AND c.reason = 'new' AND NOT c.unknown)
      AND EXISTS (
        SELECT CAST(1 AS INT) AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'win_back_to_platform'
          AND l.run_id = 'RUN'
      )
  );

INSERT INTO customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  CAST('win_back_to_platform' AS VARCHAR) AS sync,
  CAST('platform/offers/email' AS VARCHAR) AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  CASE WHEN c.fingerprint = o.fingerprint THEN CONCAT('5:email', coalesce(TO_VARCHAR(LENGTH(c."field.email")) || ':', '-'), coalesce(c."field.email", ''), '10:first_name', coalesce(TO_VARCHAR(LENGTH(c."field.first_name")) || ':', '-'), coalesce(c."field.first_name", ''), '10:last_order', coalesce(TO_VARCHAR(LENGTH(TO_VARCHAR(c."field.last_order", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"'))) || ':', '-'), coalesce(TO_VARCHAR(c."field.last_order", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"'), '')) END AS sent,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS acknowledged_at,
  CAST('RUN' AS VARCHAR) AS run_id
FROM customhouse_work.outcomes_win_back_to_platform AS o
LEFT JOIN customhouse_work.changes_win_back_to_platform AS c ON c.key = o.key AND c.operation = o.operation
WHERE o.accepted
  AND o.operation = 'upsert'
  AND EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'win_back_to_platform'
      AND l.run_id = 'RUN'
  );

INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  CAST('win_back_to_platform' AS VARCHAR) AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6))) AS first_at,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS last_at,
  CAST('RUN' AS VARCHAR) AS run_id
FROM customhouse_work.outcomes_win_back_to_platform AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'win_back_to_platform'
    AND e.run_id <> 'RUN'
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent')
  AND NOT (o.origin = 'withheld')
  AND EXISTS (
    SELECT CAST(1 AS INT) AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'win_back_to_platform'
      AND l.run_id = 'RUN'
  );

DELETE FROM customhouse.sync_rejections
WHERE sync = 'win_back_to_platform'
  AND run_id <> 'RUN'
  AND key IN (
    SELECT o.key
    FROM customhouse_work.outcomes_win_back_to_platform AS o
    WHERE EXISTS (
      SELECT CAST(1 AS INT) AS one
      FROM customhouse.sync_leases AS l
      WHERE l.sync = 'win_back_to_platform'
        AND l.run_id = 'RUN'
    )
  );

INSERT INTO customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, "AT")
SELECT
  CAST('win_back_to_platform' AS VARCHAR) AS sync,
  CAST('RUN' AS VARCHAR) AS run_id,
  o.key,
  o.entity_id,
  o.operation,
  c.reason,
  coalesce(nullif(o.origin, ''), CASE WHEN o.accepted THEN CAST('accepted' AS VARCHAR) ELSE 'rejected' END) AS outcome,
  o.code,
  CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6)) AS "AT"
FROM customhouse_work.outcomes_win_back_to_platform AS o
LEFT JOIN customhouse_work.changes_win_back_to_platform AS c ON c.key = o.key AND c.operation = o.operation
WHERE EXISTS (
  SELECT CAST(1 AS INT) AS one
  FROM customhouse.sync_leases AS l
  WHERE l.sync = 'win_back_to_platform'
    AND l.run_id = 'RUN'
);

-- forget rejections that are no longer due
UPDATE customhouse.sync_ledger AS l SET sent = CONCAT('5:email', coalesce(TO_VARCHAR(LENGTH(w."field.email")) || ':', '-'), coalesce(w."field.email", ''), '10:first_name', coalesce(TO_VARCHAR(LENGTH(w."field.first_name")) || ':', '-'), coalesce(w."field.first_name", ''), '10:last_order', coalesce(TO_VARCHAR(LENGTH(TO_VARCHAR(w."field.last_order", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"'))) || ':', '-'), coalesce(TO_VARCHAR(w."field.last_order", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"'), ''))
FROM customhouse_work.wanted_win_back_to_platform AS w
WHERE (l.sync = 'win_back_to_platform' AND l.place = 'platform/offers/email')
  AND l.sent IS NULL
  AND l.key = w.key
  AND l.fingerprint = w.fingerprint;

DELETE FROM customhouse.sync_rejections
WHERE sync = 'win_back_to_platform'
  AND run_id <> 'RUN'
  AND key NOT IN (
    SELECT c.key
    FROM customhouse_work.changes_win_back_to_platform AS c
  );
