-- look what of the journal is news
CREATE UNLOGGED TABLE customhouse_work.settled_mode_append__next AS
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
  CASE WHEN r.operation <> 'append' COLLATE "C" THEN 'left' COLLATE "C" WHEN l.key IS NULL THEN 'new' COLLATE "C" WHEN NOT starts_with(l.fingerprint, '67c4ddea-' COLLATE "C") THEN 'mapping' COLLATE "C" WHEN l.fingerprint IS DISTINCT FROM r.fingerprint THEN 'changed' COLLATE "C" ELSE 'unsettled' COLLATE "C" END AS reason
FROM customhouse_work.recovered_mode_append AS r
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse.sync_ledger AS k
  WHERE (k.sync = 'mode_append' COLLATE "C" AND k.place = 'platform/purchases/id' COLLATE "C")
    AND k.fingerprint <> 'removed' COLLATE "C"
) AS l ON l.key = r.key
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse.sync_pending AS p
  WHERE p.place = r.place
    AND p.key = r.key
    AND p.run_id = r.run_id
    AND (p.sync = 'mode_append' COLLATE "C" AND p.place = 'platform/purchases/id' COLLATE "C")
)
  AND NOT EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_log AS g
    WHERE g.run_id = r.run_id
      AND g.key = r.key
      AND g.operation = r.operation
      AND g.sync = 'mode_append' COLLATE "C"
  );

DROP TABLE IF EXISTS customhouse_work.settled_mode_append;

ALTER TABLE customhouse_work.settled_mode_append__next RENAME TO settled_mode_append;

ANALYZE customhouse_work.settled_mode_append;

-- take over what the journal kept
UPDATE customhouse.sync_leases SET run_id = 'RUN' COLLATE "C"
WHERE sync = 'mode_append' COLLATE "C"
  AND run_id = 'RUN' COLLATE "C";

DELETE FROM customhouse.sync_ledger
WHERE (sync = 'mode_append' COLLATE "C" AND place = 'platform/purchases/id' COLLATE "C")
  AND key IN (
    SELECT o.key
    FROM customhouse_work.settled_mode_append AS o
    WHERE (o.accepted OR o.origin = 'absent' COLLATE "C")
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'mode_append' COLLATE "C"
          AND l.run_id = 'RUN' COLLATE "C"
      )
  );

DELETE FROM customhouse.sync_pending
WHERE (sync = 'mode_append' COLLATE "C" AND place = 'platform/purchases/id' COLLATE "C")
  AND key IN (
    SELECT o.key
    FROM customhouse_work.settled_mode_append AS o
    WHERE o.origin <> 'unknown' COLLATE "C"
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'mode_append' COLLATE "C"
          AND l.run_id = 'RUN' COLLATE "C"
      )
  );

INSERT INTO customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'mode_append' COLLATE "C" AS sync,
  'platform/purchases/id' COLLATE "C" AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  (CAST(NULL AS text) COLLATE "C") AS sent,
  o.as_of AS acknowledged_at,
  o.run_id
FROM customhouse_work.settled_mode_append AS o
WHERE o.accepted
  AND o.operation = 'append' COLLATE "C"
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'mode_append' COLLATE "C"
      AND l.run_id = 'RUN' COLLATE "C"
  );

INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_append' COLLATE "C" AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, o.as_of) AS first_at,
  o.as_of AS last_at,
  o.run_id
FROM customhouse_work.settled_mode_append AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_append' COLLATE "C"
    AND e.run_id NOT IN (
      SELECT s.run_id
      FROM customhouse_work.settled_mode_append AS s
    )
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent' COLLATE "C")
  AND NOT (o.origin = 'withheld' COLLATE "C")
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'mode_append' COLLATE "C"
      AND l.run_id = 'RUN' COLLATE "C"
  );

DELETE FROM customhouse.sync_rejections
WHERE sync = 'mode_append' COLLATE "C"
  AND run_id NOT IN (
    SELECT s.run_id
    FROM customhouse_work.settled_mode_append AS s
  )
  AND key IN (
    SELECT o.key
    FROM customhouse_work.settled_mode_append AS o
    WHERE EXISTS (
      SELECT 1 AS one
      FROM customhouse.sync_leases AS l
      WHERE l.sync = 'mode_append' COLLATE "C"
        AND l.run_id = 'RUN' COLLATE "C"
    )
  );

INSERT INTO customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, at)
SELECT
  'mode_append' COLLATE "C" AS sync,
  o.run_id,
  o.key,
  o.entity_id,
  o.operation,
  o.reason,
  coalesce(nullif(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' COLLATE "C" ELSE 'rejected' COLLATE "C" END) AS outcome,
  o.code,
  o.as_of AS at
FROM customhouse_work.settled_mode_append AS o
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse.sync_leases AS l
  WHERE l.sync = 'mode_append' COLLATE "C"
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
CREATE UNLOGGED TABLE customhouse_work.left_out_mode_append__next AS
SELECT
  m.id,
  CASE WHEN min(m.place) = 0 THEN 'restricted' COLLATE "C" WHEN min(m.place) = 1 THEN 'objected' COLLATE "C" END AS left_out
FROM (
  SELECT
    p.customer_id AS id,
    0 AS place
  FROM customhouse.segment_members AS p
  WHERE p.segment = 'vip' COLLATE "C"
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
  WHERE p.segment = 'vip' COLLATE "C"
    AND p.customer_id IN (
      SELECT r.id
      FROM customhouse_work.customer_restraints AS r
      WHERE r.kind = 'objected' COLLATE "C"
        AND (r.purpose IS NULL OR r.purpose = 'service' COLLATE "C")
    )
) AS m
GROUP BY m.id;

DROP TABLE IF EXISTS customhouse_work.left_out_mode_append;

ALTER TABLE customhouse_work.left_out_mode_append__next RENAME TO left_out_mode_append;

ANALYZE customhouse_work.left_out_mode_append;

-- find whose rows orders holds
CREATE UNLOGGED TABLE customhouse_work.map_orders__next AS
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
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS bigint) ELSE r."n.email" END, CASE WHEN r."n.card" IN (
      SELECT q.number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS bigint) ELSE r."n.card" END) AS strongest,
    r."n.email"
  FROM customhouse.identity_rows_orders AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
LEFT JOIN customhouse.customer_identities AS t0 ON t0.number = q."n.email"
WHERE i.customer_id IS NOT NULL;

DROP TABLE IF EXISTS customhouse_work.map_orders;

ALTER TABLE customhouse_work.map_orders__next RENAME TO map_orders;

ANALYZE customhouse_work.map_orders;

-- select what is wanted
CREATE UNLOGGED TABLE customhouse_work.wanted_mode_append__next AS
SELECT
  w.customer_id AS entity_id,
  w.key,
  count(*) OVER (PARTITION BY w.key) AS same_key,
  '67c4ddea-' COLLATE "C" || md5(concat('v4' COLLATE "C", coalesce((CAST(CAST(length(w."field.id") AS bigint) AS text) COLLATE "C"), '' COLLATE "C"), ':' COLLATE "C", coalesce(w."field.id", '' COLLATE "C"), coalesce((CAST(CAST(extract(epoch FROM w."field.at") * 1000000 AS bigint) AS text) COLLATE "C"), '' COLLATE "C"), ';' COLLATE "C", coalesce((CAST(CAST(w."field.amount" AS numeric(38,9)) AS text) COLLATE "C"), '' COLLATE "C"), ';' COLLATE "C", coalesce((CAST(CAST(length(w."field.bought_as") AS bigint) AS text) COLLATE "C"), '' COLLATE "C"), ':' COLLATE "C", coalesce(w."field.bought_as", '' COLLATE "C"), coalesce((CAST(CAST(length(w."field.email") AS bigint) AS text) COLLATE "C"), '' COLLATE "C"), ':' COLLATE "C", coalesce(w."field.email", '' COLLATE "C"))) AS fingerprint,
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
      row_number() OVER (PARTITION BY w.customer_id, w.key, '67c4ddea-' COLLATE "C" || md5(concat('v4' COLLATE "C", coalesce((CAST(CAST(length(w."field.id") AS bigint) AS text) COLLATE "C"), '' COLLATE "C"), ':' COLLATE "C", coalesce(w."field.id", '' COLLATE "C"), coalesce((CAST(CAST(extract(epoch FROM w."field.at") * 1000000 AS bigint) AS text) COLLATE "C"), '' COLLATE "C"), ';' COLLATE "C", coalesce((CAST(CAST(w."field.amount" AS numeric(38,9)) AS text) COLLATE "C"), '' COLLATE "C"), ';' COLLATE "C", coalesce((CAST(CAST(length(w."field.bought_as") AS bigint) AS text) COLLATE "C"), '' COLLATE "C"), ':' COLLATE "C", coalesce(w."field.bought_as", '' COLLATE "C"), coalesce((CAST(CAST(length(w."field.email") AS bigint) AS text) COLLATE "C"), '' COLLATE "C"), ':' COLLATE "C", coalesce(w."field.email", '' COLLATE "C"))) ORDER BY w.undated NULLS LAST) AS nth,
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
      FROM customhouse.customer_profiles AS p
      JOIN customhouse.segment_members AS s ON s.customer_id = p.customer_id AND s.segment = 'vip' COLLATE "C"
      JOIN customhouse_work.map_orders AS m ON m.customer_id = p.customer_id
      JOIN (
        SELECT
          hash_record_extended(ROW((CAST(s.email AS text) COLLATE "C"), (CAST(s.card AS text) COLLATE "C")), 0) & 9223372036854775807 AS "hash.1",
          hash_record_extended(ROW('#' COLLATE "C" || (CAST(s.email AS text) COLLATE "C"), '#' COLLATE "C" || (CAST(s.card AS text) COLLATE "C")), 0) & 9223372036854775807 AS "hash.2",
          CAST(s.ordered_at AS timestamp) AS "time",
          (CAST(s.order_id AS text) COLLATE "C") AS order_id,
          (CAST(s.sku AS text) COLLATE "C") AS sku,
          CAST(s.amount AS numeric(38,9)) AS amount,
          CAST(s.quantity AS bigint) AS quantity
        FROM customhouse_work.files__orders AS s
      ) AS e ON e."hash.1" = m."hash.1" AND e."hash.2" = m."hash.2"
      WHERE p.customer_id NOT IN (
        SELECT m.id
        FROM customhouse_work.left_out_mode_append AS m
      )
        AND (e."time" IS NULL OR (e."time" <= timestamp '2026-01-02 00:00:00' AND coalesce(e."time" > (
          SELECT max(h.forgotten_until) AS forgotten_until
          FROM customhouse.sync_state AS h
          WHERE h.sync = 'mode_append' COLLATE "C"
            AND h.place = 'platform/purchases/id' COLLATE "C"
        ), TRUE) AND e."time" >= timestamp '2025-12-26 00:00:00'))
    ) AS w
  ) AS w
  WHERE w.nth = 1
) AS w;

DROP TABLE IF EXISTS customhouse_work.wanted_mode_append;

ALTER TABLE customhouse_work.wanted_mode_append__next RENAME TO wanted_mode_append;

ANALYZE customhouse_work.wanted_mode_append;

-- compare with the ledger
CREATE UNLOGGED TABLE customhouse_work.changes_mode_append__next AS
SELECT
  'append' COLLATE "C" AS operation,
  w.key,
  w.entity_id,
  w.fingerprint,
  CASE WHEN l.key IS NULL THEN 'new' COLLATE "C" WHEN NOT starts_with(l.fingerprint, '67c4ddea-' COLLATE "C") THEN 'mapping' COLLATE "C" WHEN l.fingerprint IS DISTINCT FROM w.fingerprint THEN 'changed' COLLATE "C" WHEN n.key IS NOT NULL THEN 'unsettled' COLLATE "C" ELSE 'resync' COLLATE "C" END AS reason,
  l.key IS NULL AND n.key IS NOT NULL AS unknown,
  w."field.id",
  w."field.at",
  w."field.amount",
  w."field.bought_as",
  w."field.email"
FROM customhouse_work.wanted_mode_append AS w
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse.sync_ledger AS k
  WHERE (k.sync = 'mode_append' COLLATE "C" AND k.place = 'platform/purchases/id' COLLATE "C")
    AND k.fingerprint <> 'removed' COLLATE "C"
) AS l ON l.key = w.key
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id
  FROM customhouse.sync_pending AS k
  WHERE k.sync = 'mode_append' COLLATE "C"
    AND k.place = 'platform/purchases/id' COLLATE "C"
) AS n ON n.key = w.key
WHERE w.key IS NOT NULL
  AND w.same_key = 1
  AND NOT w.undated
  AND (l.key IS NULL AND n.key IS NULL);

DROP TABLE IF EXISTS customhouse_work.changes_mode_append;

ALTER TABLE customhouse_work.changes_mode_append__next RENAME TO changes_mode_append;

ANALYZE customhouse_work.changes_mode_append;

-- note the rows that cannot be sent
INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_append' COLLATE "C" AS sync,
  w.key,
  w.entity_id,
  'invalid' COLLATE "C" AS origin,
  w.code,
  w.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, timestamp '2026-01-02 00:00:00') AS first_at,
  timestamp '2026-01-02 00:00:00' AS last_at,
  'RUN' COLLATE "C" AS run_id
FROM (
  SELECT
    coalesce(w.key, '' COLLATE "C") || ('#' COLLATE "C" || (CAST(w.entity_id AS text) COLLATE "C")) AS key,
    w.entity_id,
    min(CASE WHEN w.key IS NULL THEN 'missing-key' COLLATE "C" WHEN w.undated THEN 'missing-time' COLLATE "C" ELSE 'duplicate-key' COLLATE "C" END) AS code,
    min(CASE WHEN w.key IS NULL THEN 'the row has no value for the key field id' COLLATE "C" WHEN w.undated THEN 'the event has no time, so that nobody knows whether it is too old' COLLATE "C" ELSE (CAST(w.same_key AS text) COLLATE "C") || ' rows have the same id; none of them is sent' COLLATE "C" END) AS message
  FROM customhouse_work.wanted_mode_append AS w
  WHERE NOT (w.key IS NOT NULL AND w.same_key = 1 AND NOT w.undated)
  GROUP BY coalesce(w.key, '' COLLATE "C") || ('#' COLLATE "C" || (CAST(w.entity_id AS text) COLLATE "C")), w.entity_id
) AS w
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_append' COLLATE "C"
    AND e.run_id <> 'RUN' COLLATE "C"
) AS r ON r.key = w.key;

DELETE FROM customhouse.sync_rejections
WHERE sync = 'mode_append' COLLATE "C"
  AND run_id <> 'RUN' COLLATE "C"
  AND code IN ('missing-key' COLLATE "C", 'duplicate-key' COLLATE "C", 'held' COLLATE "C", 'unconvertible' COLLATE "C", 'missing-time' COLLATE "C");

INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_append' COLLATE "C" AS sync,
  w.key,
  w.entity_id,
  'unknown' COLLATE "C" AS origin,
  'cut-short' COLLATE "C" AS code,
  'the run that was about to send it was cut short, and nobody knows whether it did' COLLATE "C" AS message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, timestamp '2026-01-02 00:00:00') AS first_at,
  timestamp '2026-01-02 00:00:00' AS last_at,
  'RUN' COLLATE "C" AS run_id
FROM customhouse_work.wanted_mode_append AS w
JOIN (
  SELECT
    k.key,
    k.entity_id
  FROM customhouse.sync_pending AS k
  WHERE k.sync = 'mode_append' COLLATE "C"
    AND k.place = 'platform/purchases/id' COLLATE "C"
) AS n ON n.key = w.key
LEFT JOIN (
  SELECT
    k.key,
    k.entity_id,
    k.fingerprint
  FROM customhouse.sync_ledger AS k
  WHERE (k.sync = 'mode_append' COLLATE "C" AND k.place = 'platform/purchases/id' COLLATE "C")
    AND k.fingerprint <> 'removed' COLLATE "C"
) AS l ON l.key = w.key
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_append' COLLATE "C"
    AND e.run_id <> 'RUN' COLLATE "C"
) AS r ON r.key = w.key
WHERE l.key IS NULL
  AND n.key IS NOT NULL
  AND w.key IS NOT NULL
  AND w.same_key = 1
  AND NOT w.undated
  AND w.key NOT IN (
    SELECT r.key
    FROM customhouse.sync_rejections AS r
    WHERE r.sync = 'mode_append' COLLATE "C"
      AND r.origin = 'unknown' COLLATE "C"
  );

DELETE FROM customhouse.sync_rejections
WHERE sync = 'mode_append' COLLATE "C"
  AND run_id <> 'RUN' COLLATE "C"
  AND (origin <> 'unknown' COLLATE "C" AND key IN (
    SELECT w.key
    FROM customhouse_work.wanted_mode_append AS w
    JOIN (
      SELECT
        k.key,
        k.entity_id
      FROM customhouse.sync_pending AS k
      WHERE k.sync = 'mode_append' COLLATE "C"
        AND k.place = 'platform/purchases/id' COLLATE "C"
    ) AS n ON n.key = w.key
    LEFT JOIN (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse.sync_ledger AS k
      WHERE (k.sync = 'mode_append' COLLATE "C" AND k.place = 'platform/purchases/id' COLLATE "C")
        AND k.fingerprint <> 'removed' COLLATE "C"
    ) AS l ON l.key = w.key
    WHERE l.key IS NULL
      AND n.key IS NOT NULL
      AND w.key IS NOT NULL
      AND w.same_key = 1
      AND NOT w.undated
  ));

-- note what is about to be sent
DELETE FROM customhouse.sync_pending
WHERE (sync = 'mode_append' COLLATE "C" AND place = 'platform/purchases/id' COLLATE "C")
  AND key IN (
    SELECT c.key
    FROM customhouse_work.changes_mode_append AS c
  );

INSERT INTO customhouse.sync_pending (sync, place, key, entity_id, run_id)
SELECT
  'mode_append' COLLATE "C" AS sync,
  'platform/purchases/id' COLLATE "C" AS place,
  c.key,
  c.entity_id,
  'RUN' COLLATE "C" AS run_id
FROM customhouse_work.changes_mode_append AS c;

-- count what is due
SELECT
  (
    SELECT count(*) AS n
    FROM customhouse_work.wanted_mode_append AS w
  ) AS wanted,
  (
    SELECT count(*) AS n
    FROM (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse.sync_ledger AS k
      WHERE (k.sync = 'mode_append' COLLATE "C" AND k.place = 'platform/purchases/id' COLLATE "C")
        AND k.fingerprint <> 'removed' COLLATE "C"
    ) AS l
  ) + (
    SELECT count(*) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.unknown
  ) AS known,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.reason = 'new' COLLATE "C"
  ) AS added,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.reason = 'mapping' COLLATE "C"
  ) AS mapping,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.reason = 'changed' COLLATE "C"
  ) AS changed,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.reason = 'unsettled' COLLATE "C"
  ) AS unsettled,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.reason = 'resync' COLLATE "C"
  ) AS resync,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.reason = 'left' COLLATE "C"
  ) AS removed,
  (
    SELECT count(*) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.key IN (
      SELECT r.key
      FROM customhouse.sync_rejections AS r
      WHERE r.sync = 'mode_append' COLLATE "C"
    )
  ) + (
    SELECT count(*) AS n
    FROM customhouse.sync_rejections AS r
    WHERE r.sync = 'mode_append' COLLATE "C"
      AND r.run_id = 'RUN' COLLATE "C"
      AND r.origin = 'invalid' COLLATE "C"
      AND r.attempts > 1
  ) AS retried,
  (
    SELECT count(*) AS n
    FROM customhouse_work.wanted_mode_append AS w
    WHERE NOT (w.key IS NOT NULL AND w.same_key = 1 AND NOT w.undated)
  ) AS invalid,
  (
    SELECT count(*) AS n
    FROM customhouse_work.wanted_mode_append AS w
    JOIN (
      SELECT
        k.key,
        k.entity_id
      FROM customhouse.sync_pending AS k
      WHERE k.sync = 'mode_append' COLLATE "C"
        AND k.place = 'platform/purchases/id' COLLATE "C"
    ) AS n ON n.key = w.key
    LEFT JOIN (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse.sync_ledger AS k
      WHERE (k.sync = 'mode_append' COLLATE "C" AND k.place = 'platform/purchases/id' COLLATE "C")
        AND k.fingerprint <> 'removed' COLLATE "C"
    ) AS l ON l.key = w.key
    WHERE l.key IS NULL
      AND n.key IS NOT NULL
      AND w.key IS NOT NULL
      AND w.same_key = 1
      AND NOT w.undated
  ) AS waiting,
  (
    SELECT count(*) AS n
    FROM customhouse_work.left_out_mode_append AS m
    WHERE m.left_out = 'restricted' COLLATE "C"
  ) AS restricted,
  (
    SELECT count(*) AS n
    FROM customhouse_work.left_out_mode_append AS m
    WHERE m.left_out = 'objected' COLLATE "C"
  ) AS objected;

-- changes
SELECT
  c.operation,
  c.key,
  c.entity_id,
  c.fingerprint,
  c."field.id" AS id,
  c."field.at" AS at,
  c."field.amount" AS amount,
  c."field.bought_as" AS bought_as,
  c."field.email" AS email
FROM customhouse_work.changes_mode_append AS c
ORDER BY c.key NULLS LAST;

-- take outcomes over
UPDATE customhouse.sync_leases SET run_id = 'RUN' COLLATE "C"
WHERE sync = 'mode_append' COLLATE "C"
  AND run_id = 'RUN' COLLATE "C";

DELETE FROM customhouse.sync_ledger
WHERE (sync = 'mode_append' COLLATE "C" AND place = 'platform/purchases/id' COLLATE "C")
  AND key IN (
    SELECT o.key
    FROM customhouse_work.outcomes_mode_append AS o
    WHERE (o.accepted OR o.origin = 'absent' COLLATE "C")
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'mode_append' COLLATE "C"
          AND l.run_id = 'RUN' COLLATE "C"
      )
  );

DELETE FROM customhouse.sync_pending
WHERE (sync = 'mode_append' COLLATE "C" AND place = 'platform/purchases/id' COLLATE "C")
  AND key IN (
    SELECT o.key
    FROM customhouse_work.outcomes_mode_append AS o
    WHERE o.origin <> 'unknown' COLLATE "C"
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'mode_append' COLLATE "C"
          AND l.run_id = 'RUN' COLLATE "C"
      )
    UNION ALL
    SELECT o.key
    FROM customhouse_work.outcomes_mode_append AS o
    LEFT JOIN customhouse_work.changes_mode_append AS c ON c.key = o.key AND c.operation = o.operation
    WHERE o.origin = 'withheld' COLLATE "C"
      AND (o.code = 'withdrawn' COLLATE "C" AND c.reason = 'new' COLLATE "C" AND NOT c.unknown)
      AND EXISTS (
        SELECT 1 AS one
        FROM customhouse.sync_leases AS l
        WHERE l.sync = 'mode_append' COLLATE "C"
          AND l.run_id = 'RUN' COLLATE "C"
      )
  );

INSERT INTO customhouse.sync_ledger (sync, place, key, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'mode_append' COLLATE "C" AS sync,
  'platform/purchases/id' COLLATE "C" AS place,
  o.key,
  o.entity_id,
  o.fingerprint,
  (CAST(NULL AS text) COLLATE "C") AS sent,
  timestamp '2026-01-02 00:00:00' AS acknowledged_at,
  'RUN' COLLATE "C" AS run_id
FROM customhouse_work.outcomes_mode_append AS o
LEFT JOIN customhouse_work.changes_mode_append AS c ON c.key = o.key AND c.operation = o.operation
WHERE o.accepted
  AND o.operation = 'append' COLLATE "C"
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'mode_append' COLLATE "C"
      AND l.run_id = 'RUN' COLLATE "C"
  );

INSERT INTO customhouse.sync_rejections (sync, key, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_append' COLLATE "C" AS sync,
  o.key,
  o.entity_id,
  o.origin,
  o.code,
  o.message,
  coalesce(r.attempts, 0) + 1 AS attempts,
  coalesce(r.first_at, timestamp '2026-01-02 00:00:00') AS first_at,
  timestamp '2026-01-02 00:00:00' AS last_at,
  'RUN' COLLATE "C" AS run_id
FROM customhouse_work.outcomes_mode_append AS o
LEFT JOIN (
  SELECT
    e.key,
    e.attempts,
    e.first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.sync = 'mode_append' COLLATE "C"
    AND e.run_id <> 'RUN' COLLATE "C"
) AS r ON r.key = o.key
WHERE NOT (o.accepted OR o.origin = 'absent' COLLATE "C")
  AND NOT (o.origin = 'withheld' COLLATE "C")
  AND EXISTS (
    SELECT 1 AS one
    FROM customhouse.sync_leases AS l
    WHERE l.sync = 'mode_append' COLLATE "C"
      AND l.run_id = 'RUN' COLLATE "C"
  );

DELETE FROM customhouse.sync_rejections
WHERE sync = 'mode_append' COLLATE "C"
  AND run_id <> 'RUN' COLLATE "C"
  AND key IN (
    SELECT o.key
    FROM customhouse_work.outcomes_mode_append AS o
    WHERE EXISTS (
      SELECT 1 AS one
      FROM customhouse.sync_leases AS l
      WHERE l.sync = 'mode_append' COLLATE "C"
        AND l.run_id = 'RUN' COLLATE "C"
    )
  );

INSERT INTO customhouse.sync_log (sync, run_id, key, entity_id, operation, reason, outcome, code, at)
SELECT
  'mode_append' COLLATE "C" AS sync,
  'RUN' COLLATE "C" AS run_id,
  o.key,
  o.entity_id,
  o.operation,
  c.reason,
  coalesce(nullif(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' COLLATE "C" ELSE 'rejected' COLLATE "C" END) AS outcome,
  o.code,
  timestamp '2026-01-02 00:00:00' AS at
FROM customhouse_work.outcomes_mode_append AS o
LEFT JOIN customhouse_work.changes_mode_append AS c ON c.key = o.key AND c.operation = o.operation
WHERE EXISTS (
  SELECT 1 AS one
  FROM customhouse.sync_leases AS l
  WHERE l.sync = 'mode_append' COLLATE "C"
    AND l.run_id = 'RUN' COLLATE "C"
);

-- forget rejections that are no longer due
DELETE FROM customhouse.sync_rejections
WHERE sync = 'mode_append' COLLATE "C"
  AND run_id <> 'RUN' COLLATE "C"
  AND (key NOT IN (
    SELECT c.key
    FROM customhouse_work.changes_mode_append AS c
  ) AND (origin <> 'unknown' COLLATE "C" OR key NOT IN (
    SELECT w.key
    FROM customhouse_work.wanted_mode_append AS w
    JOIN (
      SELECT
        k.key,
        k.entity_id
      FROM customhouse.sync_pending AS k
      WHERE k.sync = 'mode_append' COLLATE "C"
        AND k.place = 'platform/purchases/id' COLLATE "C"
    ) AS n ON n.key = w.key
    LEFT JOIN (
      SELECT
        k.key,
        k.entity_id,
        k.fingerprint
      FROM customhouse.sync_ledger AS k
      WHERE (k.sync = 'mode_append' COLLATE "C" AND k.place = 'platform/purchases/id' COLLATE "C")
        AND k.fingerprint <> 'removed' COLLATE "C"
    ) AS l ON l.key = w.key
    WHERE l.key IS NULL
      AND n.key IS NOT NULL
  )));
