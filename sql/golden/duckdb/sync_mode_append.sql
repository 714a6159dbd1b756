-- look what of the journal is news
CREATE OR REPLACE TABLE customhouse_work.main.settled_mode_append AS
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
  CASE WHEN r.operation <> 'append' THEN 'left' WHEN l.key IS NULL THEN 'new' WHEN NOT starts_with(l.fingerprint, '67c4ddea-') THEN 'mapping' WHEN l.fingerprint IS DISTINCT FROM r.fingerprint THEN 'changed' ELSE 'unsettled' END AS reason
FROM customhouse_work.main.recovered_mode_append AS r
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse_file.customhouse.sync_ledger AS k
  WHERE (k.sync = 'mode_append' AND k.place = 'platform/purchases/id')
    AND k.fingerprint <> 'removed'
) AS l ON l.key = r.key
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse_file.customhouse.sync_pending AS p
  WHERE p.place = r.place
    AND p.key = r.key
    AND p.run_id = r.run_id
    AND (p.sync = 'mode_append' AND p.place = 'platform/purchases/id')
)
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_log AS g
    WHERE g.run_id = r.run_id
      AND g.key = r.key
      AND g.operation = r.operation
      AND g.sync = 'mode_append'
  );

-- take over what the journal kept
UPDATE customhouse_file.customhouse.sync_leases SET run_id = 'RUN'
WHERE sync = 'mode_append'
  AND run_id = 'RUN';

DELETE FROM customhouse_file.customhouse.sync_ledger
WHERE (sync = 'mode_append' AND place = 'platform/purchases/id')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.settled_mode_append AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_append'
          AND l.run_id = 'RUN'
      )
  );

DELETE FROM customhouse_file.customhouse.sync_pending
WHERE (sync = 'mode_append' AND place = 'platform/purchases/id')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.settled_mode_append AS o
    WHERE o.origin <> 'unknown'
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_append'
          AND l.run_id = 'RUN'
      )
  );

INSERT INTO customhouse_file.customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'mode_append' AS sync,
  'platform/purchases/id' AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  CAST(NULL AS VARCHAR) AS sent,
  o.as_of AS acknowledged_at,
  o.run_id
FROM customhouse_work.main.settled_mode_append AS o
WHERE o.accepted
  AND o.operation = 'append'
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_leases AS l
    WHERE l.sync = 'mode_append'
      AND l.run_id = 'RUN'
  );

INSERT INTO customhouse_file.customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_append' AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, o.as_of) AS first_at,
  o.as_of AS last_at,
  o.run_id
FROM customhouse_work.main.settled_mode_append AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse_file.customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_append'
    AND e.run_id NOT IN (
      SELECT s.run_id
      FROM customhouse_work.main.settled_mode_append AS s
    )
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent')
  AND NOT (o.origin = 'withheld')
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_leases AS l
    WHERE l.sync = 'mode_append'
      AND l.run_id = 'RUN'
  );

DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_append'
  AND run_id NOT IN (
    SELECT s.run_id
    FROM customhouse_work.main.settled_mode_append AS s
  )
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.settled_mode_append AS o
    WHERE EXISTS (
      SELECT 1 AS one
      FROM customhouse_file.customhouse.sync_leases AS l
      WHERE l.sync = 'mode_append'
        AND l.run_id = 'RUN'
    )
  );

INSERT INTO customhouse_file.customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, "at")
SELECT
  'mode_append' AS sync,
  o.run_id,
  o.key,
  o.entity_id,
  o.operation,
  o.reason,
  coalesce(nullif(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' ELSE 'rejected' END) AS outcome,
  o.code,
  o.as_of AS "at"
FROM customhouse_work.main.settled_mode_append AS o
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse_file.customhouse.sync_leases AS l
  WHERE l.sync = 'mode_append'
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
CREATE OR REPLACE TABLE customhouse_work.main.left_out_mode_append AS
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

-- find whose rows orders holds
CREATE OR REPLACE TABLE customhouse_work.main.map_orders AS
SELECT
  q."hash.1",
  q."hash.2",
  i.customer_id,
  t0.identifier AS "id.email"
FROM (
  SELECT
    r."hash.1",
    r."hash.2",
    coalesce(CASE WHEN r."n.email" IN (
      SELECT q.number
      FROM customhouse_file.customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS BIGINT) ELSE r."n.email" END, CASE WHEN r."n.card" IN (
      SELECT q.number
      FROM customhouse_file.customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS BIGINT) ELSE r."n.card" END) AS strongest,
    r."n.email"
  FROM customhouse_file.customhouse.identity_rows_orders AS r
) AS q
JOIN customhouse_file.customhouse.customer_identities AS i ON i.number = q.strongest
LEFT JOIN customhouse_file.customhouse.customer_identities AS t0 ON t0.number = q."n.email"
WHERE i.customer_id IS NOT NULL;

-- select what is wanted
CREATE OR REPLACE TABLE customhouse_work.main.wanted_mode_append AS
SELECT
  w.customer_id AS entity_id,
  w.key,
  count(*) OVER (PARTITION BY w.key) AS same_key,
  '67c4ddea-' || md5(concat('v4', coalesce(CAST(length(w."field.id") AS VARCHAR), ''), ':', coalesce(w."field.id", ''), coalesce(CAST(epoch_us(w."field.at") AS VARCHAR), ''), ';', coalesce(CAST(w."field.amount" AS VARCHAR), ''), ';', coalesce(CAST(length(w."field.bought_as") AS VARCHAR), ''), ':', coalesce(w."field.bought_as", ''), coalesce(CAST(length(w."field.email") AS VARCHAR), ''), ':', coalesce(w."field.email", ''))) AS fingerprint,
  w.undated,
  w."field.id",
  w."field.at",
  w."field.amount",
  w."field.bought_as",
  w."field.email"
FROM (
  SELECT
    w.customer_id,
    w.key,
    w."field.id",
    w."field.at",
    w."field.amount",
    w."field.bought_as",
    w."field.email",
    w.undated
  FROM (
    SELECT
      row_number() OVER (PARTITION BY w.customer_id, w.key, '67c4ddea-' || md5(concat('v4', coalesce(CAST(length(w."field.id") AS VARCHAR), ''), ':', coalesce(w."field.id", ''), coalesce(CAST(epoch_us(w."field.at") AS VARCHAR), ''), ';', coalesce(CAST(w."field.amount" AS VARCHAR), ''), ';', coalesce(CAST(length(w."field.bought_as") AS VARCHAR), ''), ':', coalesce(w."field.bought_as", ''), coalesce(CAST(length(w."field.email") AS VARCHAR), ''), ':', coalesce(w."field.email", ''))) ORDER BY w.undated NULLS LAST) AS nth,
      w.customer_id,
      w.key,
      w."field.id",
      w."field.at",
      w."field.amount",
      w."field.bought_as",
      w."field.email",
      w.undated
    FROM (
      SELECT
        p.customer_id,
        nullif(e.order_id, '') AS key,
        e.order_id AS "field.id",
        e."time" AS "field.at",
        e.amount AS "field.amount",
        m."id.email" AS "field.bought_as",
        p.email AS "field.email",
        e."time" IS NULL AS undated
      FROM customhouse_file.customhouse.customer_profiles AS p
      JOIN customhouse_file.customhouse.segment_members AS s ON s.customer_id = p.customer_id AND s.segment = 'vip'
      JOIN customhouse_work.main.map_orders AS m ON m.customer_id = p.customer_id
      JOIN (
        SELECT
          CAST(hash(CAST(s.email AS VARCHAR), CAST(s.card AS VARCHAR)) >> 1 AS BIGINT) AS "hash.1",
          CAST(hash('#' || CAST(s.email AS VARCHAR), '#' || CAST(s.card AS VARCHAR)) >> 1 AS BIGINT) AS "hash.2",
          CAST(s.ordered_at AS TIMESTAMP) AS "time",
          CAST(s.order_id AS VARCHAR) AS order_id,
          CAST(s.sku AS VARCHAR) AS sku,
          CAST(s.amount AS DECIMAL(38,9)) AS amount,
          CAST(s.quantity AS BIGINT) AS quantity
        FROM customhouse_work.files.orders AS s
      ) AS e ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
      WHERE p.customer_id NOT IN (
        SELECT m.id
        FROM customhouse_work.main.left_out_mode_append AS m
      )
        AND (e."time" IS NULL OR (e."time" <= TIMESTAMP '2026-01-02 00:00:00' AND coalesce(e."time" > (
          SELECT max(h.forgotten_until) AS forgotten_until
          FROM customhouse_file.customhouse.sync_state AS h
          WHERE h.sync = 'mode_append'
            AND h.place = 'platform/purchases/id'
        ), TRUE) AND e."time" >= TIMESTAMP '2025-12-26 00:00:00'))
    ) AS w
  ) AS w
  WHERE w.nth = 1
) AS w;

-- compare with the ledger
CREATE OR REPLACE TABLE customhouse_work.main.changes_mode_append AS
SELECT
  'append' AS operation,
  w.key,
  w.entity_id,
  w.fingerprint,
  CASE WHEN l.key IS NULL THEN 'new' WHEN NOT starts_with(l.fingerprint, '67c4ddea-') THEN 'mapping' WHEN l.fingerprint IS DISTINCT FROM w.fingerprint THEN 'changed' WHEN n.key IS NOT NULL THEN 'unsettled' ELSE 'resync' END AS reason,
  l.key IS NULL AND n.key IS NOT NULL AS unknown,
  w."field.id",
  w."field.at",
  w."field.amount",
  w."field.bought_as",
  w."field.email"
FROM customhouse_work.main.wanted_mode_append AS w
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse_file.customhouse.sync_ledger AS k
  WHERE (k.sync = 'mode_append' AND k.place = 'platform/purchases/id')
    AND k.fingerprint <> 'removed'
) AS l ON l.key = w.key
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id
  FROM customhouse_file.customhouse.sync_pending AS k
  WHERE k.sync = 'mode_append'
    AND k.place = 'platform/purchases/id'
) AS n ON n.key = w.key
WHERE w.key IS NOT NULL
  AND w.same_key = 1
  AND NOT w.undated
  AND (l.key IS NULL AND n.key IS NULL);

-- note the rows that cannot be sent
INSERT INTO customhouse_file.customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_append' AS sync,
  w.key,
  w.entity_id,
  'invalid' AS origin,
  w.code,
  w.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, TIMESTAMP '2026-01-02 00:00:00') AS first_at,
  TIMESTAMP '2026-01-02 00:00:00' AS last_at,
  'RUN' AS run_id
FROM (
  SELECT
    coalesce(w.key, '') || ('#' || CAST(w.entity_id AS VARCHAR)) AS key,
    w.entity_id,
    min(CASE WHEN w.key IS NULL THEN 'missing-key' WHEN w.undated THEN 'missing-time' ELSE 'duplicate-key' END) AS code,
    min(CASE WHEN w.key IS NULL THEN 'the row has no value for the key field id' WHEN w.undated THEN 'the event has no time, so that nobody knows whether it is too old' ELSE CAST(w.same_key AS VARCHAR) || ' rows have the same id; none of them is sent' END) AS message
  FROM customhouse_work.main.wanted_mode_append AS w
  WHERE NOT (w.key IS NOT NULL AND w.same_key = 1 AND NOT w.undated)
  GROUP BY coalesce(w.key, '') || ('#' || CAST(w.entity_id AS VARCHAR)), w.entity_id
) AS w
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse_file.customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_append'
    AND e.run_id <> 'RUN'
) AS r ON r.key = w.key;

DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_append'
  AND run_id <> 'RUN'
  AND code IN ('missing-key', 'duplicate-key', 'held', 'unconvertible', 'missing-time');

INSERT INTO customhouse_file.customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_append' AS sync,
  w.key,
  w.entity_id,
  'unknown' AS origin,
  'cut-short' AS code,
  'the run that was about to send it was cut short, and nobody knows whether it did' AS message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, TIMESTAMP '2026-01-02 00:00:00') AS first_at,
  TIMESTAMP '2026-01-02 00:00:00' AS last_at,
  'RUN' AS run_id
FROM customhouse_work.main.wanted_mode_append AS w
JOIN (
  SELECT
    k.key,
    k.entity_id
  FROM customhouse_file.customhouse.sync_pending AS k
  WHERE k.sync = 'mode_append'
    AND k.place = 'platform/purchases/id'
) AS n ON n.key = w.key
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse_file.customhouse.sync_ledger AS k
  WHERE (k.sync = 'mode_append' AND k.place = 'platform/purchases/id')
    AND k.fingerprint <> 'removed'
) AS l ON l.key = w.key
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse_file.customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_append'
    AND e.run_id <> 'RUN'
) AS r ON r.key = w.key
WHERE l.key IS NULL
  AND n.key IS NOT NULL
  AND w.key IS NOT NULL
  AND w.same_key = 1
  AND NOT w.undated
  AND w.key NOT IN (
    SELECT r.key
    FROM customhouse_file.customhouse.sync_rejections AS r
    WHERE r.sync = 'mode_append'
      AND r.origin = 'unknown'
  );

DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_append'
  AND run_id <> 'RUN'
  AND (origin <> 'unknown' AND key IN (
    SELECT w.key
    FROM customhouse_work.main.wanted_mode_append AS w
    JOIN (
      SELECT
        k.key,
        k.entity_id
      FROM customhouse_file.customhouse.sync_pending AS k
      WHERE k.sync = 'mode_append'
        AND k.place = 'platform/purchases/id'
    ) AS n ON n.key = w.key
    LEFT JOIN (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse_file.customhouse.sync_ledger AS k
      WHERE (k.sync = 'mode_append' AND k.place = 'platform/purchases/id')
        AND k.fingerprint <> 'removed'
    ) AS l ON l.key = w.key
    WHERE l.key IS NULL
      AND n.key IS NOT NULL
      AND w.key IS NOT NULL
      AND w.same_key = 1
      AND NOT w.undated
  ));

-- note what is about to be sent
DELETE FROM customhouse_file.customhouse.sync_pending
WHERE (sync = 'mode_append' AND place = 'platform/purchases/id')
  AND key IN (
    SELECT c.key
    FROM customhouse_work.main.changes_mode_append AS c
  );

INSERT INTO customhouse_file.customhouse.sync_pending (sync, place, key, entity_id, run_id)
SELECT
  'mode_append' AS sync,
  'platform/purchases/id' AS place,
  c.key,
  c.entity_id,
  'RUN' AS run_id
FROM customhouse_work.main.changes_mode_append AS c;

-- count what is due
SELECT
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.wanted_mode_append AS w
  ) AS wanted,
  (
    SELECT count(*) AS n
    FROM (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse_file.customhouse.sync_ledger AS k
      WHERE (k.sync = 'mode_append' AND k.place = 'platform/purchases/id')
        AND k.fingerprint <> 'removed'
    ) AS l
  ) + (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_append AS c
    WHERE c.unknown
  ) AS known,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_append AS c
    WHERE c.reason = 'new'
  ) AS added,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_append AS c
    WHERE c.reason = 'mapping'
  ) AS mapping,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_append AS c
    WHERE c.reason = 'changed'
  ) AS changed,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_append AS c
    WHERE c.reason = 'unsettled'
  ) AS unsettled,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_append AS c
    WHERE c.reason = 'resync'
  ) AS resync,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_append AS c
    WHERE c.reason = 'left'
  ) AS removed,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.changes_mode_append AS c
    WHERE c.key IN (
      SELECT r.key
      FROM customhouse_file.customhouse.sync_rejections AS r
      WHERE r.sync = 'mode_append'
    )
  ) + (
    SELECT count(*) AS n
    FROM customhouse_file.customhouse.sync_rejections AS r
    WHERE r.sync = 'mode_append'
      AND r.run_id = 'RUN'
      AND r.origin = 'invalid'
      AND r.attempts > 1
  ) AS retried,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.wanted_mode_append AS w
    WHERE NOT (w.key IS NOT NULL AND w.same_key = 1 AND NOT w.undated)
  ) AS invalid,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.wanted_mode_append AS w
    JOIN (
      SELECT
        k.key,
        k.entity_id
      FROM customhouse_file.customhouse.sync_pending AS k
      WHERE k.sync = 'mode_append'
        AND k.place = 'platform/purchases/id'
    ) AS n ON n.key = w.key
    LEFT JOIN (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse_file.customhouse.sync_ledger AS k
      WHERE (k.sync = 'mode_append' AND k.place = 'platform/purchases/id')
        AND k.fingerprint <> 'removed'
    ) AS l ON l.key = w.key
    WHERE l.key IS NULL
      AND n.key IS NOT NULL
      AND w.key IS NOT NULL
      AND w.same_key = 1
      AND NOT w.undated
  ) AS waiting,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.left_out_mode_append AS m
    WHERE m.left_out = 'restricted'
  ) AS restricted,
  (
    SELECT count(*) AS n
    FROM customhouse_work.main.left_out_mode_append AS m
    WHERE m.left_out = 'objected'
  ) AS objected;

-- changes
SELECT
  c.operation,
  c.key,
  c.entity_id,
  c.fingerprint,
  c."field.id" AS id,
  c."field.at" AS "at",
  c."field.amount" AS amount,
  c."field.bought_as" AS bought_as,
  c."field.email" AS email
FROM customhouse_work.main.changes_mode_append AS c
ORDER BY c.key NULLS LAST;

-- take outcomes over
UPDATE customhouse_file.customhouse.sync_leases SET run_id = 'RUN'
WHERE sync = 'mode_append'
  AND run_id = 'RUN';

DELETE FROM customhouse_file.customhouse.sync_ledger
WHERE (sync = 'mode_append' AND place = 'platform/purchases/id')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.outcomes_mode_append AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_append'
          AND l.run_id = 'RUN'
      )
  );

DELETE FROM customhouse_file.customhouse.sync_pending
WHERE (sync = 'mode_append' AND place = 'platform/purchases/id')
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.outcomes_mode_append AS o
    WHERE o.origin <> 'unknown'
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_append'
          AND l.run_id = 'RUN'
      )
    UNION ALL
    SELECT o.key
    FROM customhouse_work.main.outcomes_mode_append AS o
    LEFT JOIN customhouse_work.main.changes_mode_append AS c ON c.key = o.key AND c.operation = o.operation
    WHERE o.origin = 'withheld'
      AND (o.code = 'withdrawn' AND c.reason = 'new' AND NOT c.unknown)
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse_file.customhouse.sync_leases AS l
        WHERE l.sync = 'mode_append'
          AND l.run_id = 'RUN'
      )
  );

INSERT INTO customhouse_file.customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'mode_append' AS sync,
  'platform/purchases/id' AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  CAST(NULL AS VARCHAR) AS sent,
  TIMESTAMP '2026-01-02 00:00:00' AS acknowledged_at,
  'RUN' AS run_id
FROM customhouse_work.main.outcomes_mode_append AS o
LEFT JOIN customhouse_work.main.changes_mode_append AS c ON c.key = o.key AND c.operation = o.operation
WHERE o.accepted
  AND o.operation = 'append'
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_leases AS l
    WHERE l.sync = 'mode_append'
      AND l.run_id = 'RUN'
  );

INSERT INTO customhouse_file.customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_append' AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, TIMESTAMP '2026-01-02 00:00:00') AS first_at,
  TIMESTAMP '2026-01-02 00:00:00' AS last_at,
  'RUN' AS run_id
FROM customhouse_work.main.outcomes_mode_append AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse_file.customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_append'
    AND e.run_id <> 'RUN'
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent')
  AND NOT (o.origin = 'withheld')
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse_file.customhouse.sync_leases AS l
    WHERE l.sync = 'mode_append'
      AND l.run_id = 'RUN'
  );

DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_append'
  AND run_id <> 'RUN'
  AND key IN (
    SELECT o.key
    FROM customhouse_work.main.outcomes_mode_append AS o
    WHERE EXISTS (
      SELECT 1 AS one
      FROM customhouse_file.customhouse.sync_leases AS l
      WHERE l.sync = 'mode_append'
        AND l.run_id = 'RUN'
    )
  );

INSERT INTO customhouse_file.customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, "at")
SELECT
  'mode_append' AS sync,
  'RUN' AS run_id,
  o.key,
  o.entity_id,
  o.operation,
  c.reason,
  coalesce(nullif(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' ELSE 'rejected' END) AS outcome,
  o.code,
  TIMESTAMP '2026-01-02 00:00:00' AS "at"
FROM customhouse_work.main.outcomes_mode_append AS o
LEFT JOIN customhouse_work.main.changes_mode_append AS c ON c.key = o.key AND c.operation = o.operation
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse_file.customhouse.sync_leases AS l
  WHERE l.sync = 'mode_append'
    AND l.run_id = 'RUN'
);

-- forget rejections that are no longer due
DELETE FROM customhouse_file.customhouse.sync_rejections
WHERE sync = 'mode_append'
  AND run_id <> 'RUN'
  AND (key NOT IN (
    SELECT c.key
    FROM customhouse_work.main.changes_mode_append AS c
  ) AND (origin <> 'unknown' OR key NOT IN (
    SELECT w.key
    FROM customhouse_work.main.wanted_mode_append AS w
    JOIN (
      SELECT
        k.key,
        k.entity_id
      FROM customhouse_file.customhouse.sync_pending AS k
      WHERE k.sync = 'mode_append'
        AND k.place = 'platform/purchases/id'
    ) AS n ON n.key = w.key
    LEFT JOIN (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse_file.customhouse.sync_ledger AS k
      WHERE (k.sync = 'mode_append' AND k.place = 'platform/purchases/id')
        AND k.fingerprint <> 'removed'
    ) AS l ON l.key = w.key
    WHERE l.key IS NULL
      AND n.key IS NOT NULL
  )));
