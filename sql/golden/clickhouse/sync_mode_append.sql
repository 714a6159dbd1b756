-- look what of the journal is news
CREATE OR REPLACE TABLE customhouse_work.settled_mode_append ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(r.operation) AS operation,
  toNullable(r.`key`) AS `key`,
  toNullable(r.entity_id) AS entity_id,
  toNullable(r.fingerprint) AS fingerprint,
  toNullable(r.accepted) AS accepted,
  toNullable(r.origin) AS origin,
  toNullable(r.code) AS code,
  toNullable(r.message) AS message,
  toNullable(r.place) AS place,
  toNullable(r.run_id) AS run_id,
  toNullable(r.as_of) AS as_of,
  toNullable(CASE WHEN r.operation <> 'append' THEN 'left' WHEN l.`key` IS NULL THEN 'new' WHEN NOT startsWith(l.fingerprint, '67c4ddea-') THEN 'mapping' WHEN l.fingerprint IS DISTINCT FROM r.fingerprint THEN 'changed' ELSE 'unsettled' END) AS reason
FROM customhouse_work.recovered_mode_append AS r
LEFT JOIN (
  SELECT
    k.`key` AS `key`,
    k.entity_id AS entity_id,
    k.fingerprint AS fingerprint
  FROM customhouse.sync_ledger AS k
  WHERE (k.`sync` = 'mode_append' AND k.place = 'platform/purchases/id')
    AND k.fingerprint <> 'removed'
) AS l ON l.`key` = r.`key`
WHERE EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse.sync_pending AS p
  WHERE p.place = r.place
    AND p.`key` = r.`key`
    AND p.run_id = r.run_id
    AND (p.`sync` = 'mode_append' AND p.place = 'platform/purchases/id')
)
  AND NOT EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse.sync_log AS g
    WHERE g.run_id = r.run_id
      AND g.`key` = r.`key`
      AND g.operation = r.operation
      AND g.`sync` = 'mode_append'
  );

-- take over what the journal kept
CREATE OR REPLACE TABLE customhouse.sync_leases__rebuilt AS customhouse.sync_leases;

INSERT INTO customhouse.sync_leases__rebuilt
SELECT * REPLACE (CASE WHEN `sync` = 'mode_append' AND run_id = 'RUN' THEN 'RUN' ELSE run_id END AS run_id)
FROM customhouse.sync_leases;

EXCHANGE TABLES customhouse.sync_leases AND customhouse.sync_leases__rebuilt;

DROP TABLE customhouse.sync_leases__rebuilt;

DELETE FROM customhouse.sync_ledger
WHERE (`sync` = 'mode_append' AND place = 'platform/purchases/id')
  AND `key` IN (
    SELECT o.`key` AS `key`
    FROM customhouse_work.settled_mode_append AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT toInt64(1) AS one
        FROM customhouse.sync_leases AS l
        WHERE l.`sync` = 'mode_append'
          AND l.run_id = 'RUN'
      )
  );

DELETE FROM customhouse.sync_pending
WHERE (`sync` = 'mode_append' AND place = 'platform/purchases/id')
  AND `key` IN (
    SELECT o.`key` AS `key`
    FROM customhouse_work.settled_mode_append AS o
    WHERE o.origin <> 'unknown'
      AND EXISTS (
        SELECT toInt64(1) AS one
        FROM customhouse.sync_leases AS l
        WHERE l.`sync` = 'mode_append'
          AND l.run_id = 'RUN'
      )
  );

INSERT INTO customhouse.sync_ledger (`sync`, place, `key`, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'mode_append' AS `sync`,
  'platform/purchases/id' AS place,
  o.`key` AS `key`,
  o.entity_id AS entity_id,
  o.fingerprint AS fingerprint,
  CAST(NULL AS Nullable(String)) AS sent,
  o.as_of AS acknowledged_at,
  o.run_id AS run_id
FROM customhouse_work.settled_mode_append AS o
WHERE o.accepted
  AND o.operation = 'append'
  AND EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse.sync_leases AS l
    WHERE l.`sync` = 'mode_append'
      AND l.run_id = 'RUN'
  );

INSERT INTO customhouse.sync_rejections (`sync`, `key`, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_append' AS `sync`,
  o.`key` AS `key`,
  o.entity_id AS entity_id,
  o.origin AS origin,
  o.code AS code,
  o.message AS message,
  coalesce(r.attempts, toInt64(0)) + toInt64(1) AS attempts,
  coalesce(r.first_at, o.as_of) AS first_at,
  o.as_of AS last_at,
  o.run_id AS run_id
FROM customhouse_work.settled_mode_append AS o
LEFT JOIN (
  SELECT
    e.`key` AS `key`,
    e.attempts AS attempts,
    e.first_at AS first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.`sync` = 'mode_append'
    AND e.run_id NOT IN (
      SELECT s.run_id AS run_id
      FROM customhouse_work.settled_mode_append AS s
    )
) AS r ON r.`key` = o.`key`
WHERE NOT (o.accepted OR o.origin = 'absent')
  AND NOT (o.origin = 'withheld')
  AND EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse.sync_leases AS l
    WHERE l.`sync` = 'mode_append'
      AND l.run_id = 'RUN'
  );

DELETE FROM customhouse.sync_rejections
WHERE `sync` = 'mode_append'
  AND run_id NOT IN (
    SELECT s.run_id AS run_id
    FROM customhouse_work.settled_mode_append AS s
  )
  AND `key` IN (
    SELECT o.`key` AS `key`
    FROM customhouse_work.settled_mode_append AS o
    WHERE EXISTS (
      SELECT toInt64(1) AS one
      FROM customhouse.sync_leases AS l
      WHERE l.`sync` = 'mode_append'
        AND l.run_id = 'RUN'
    )
  );

INSERT INTO customhouse.sync_log (`sync`, run_id, `key`, entity_id, operation, reason, outcome, code, `at`)
SELECT
  'mode_append' AS `sync`,
  o.run_id AS run_id,
  o.`key` AS `key`,
  o.entity_id AS entity_id,
  o.operation AS operation,
  o.reason AS reason,
  coalesce(nullIf(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' ELSE 'rejected' END) AS outcome,
  o.code AS code,
  o.as_of AS `at`
FROM customhouse_work.settled_mode_append AS o
WHERE EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse.sync_leases AS l
  WHERE l.`sync` = 'mode_append'
    AND l.run_id = 'RUN'
);

-- look who is restricted
CREATE OR REPLACE TABLE customhouse_work.customer_restraints ENGINE = MergeTree ORDER BY tuple() AS
SELECT DISTINCT
  toNullable(k.`id`) AS `id`,
  toNullable(r.`kind`) AS `kind`,
  toNullable(r.purpose) AS purpose
FROM (
  SELECT
    i.identifier_type AS identifier_type,
    i.identifier AS identifier,
    i.customer_id AS `id`
  FROM customhouse.customer_identities AS i
  WHERE i.customer_id IS NOT NULL
    AND (i.identifier_type, i.identifier) IN (
      SELECT
        l.identifier_type AS identifier_type,
        l.identifier AS identifier
      FROM customhouse.privacy_restrictions AS l
      WHERE l.entity = 'customer'
    )
) AS k
JOIN customhouse.privacy_restrictions AS r ON r.identifier_type = k.identifier_type AND r.identifier = k.identifier
WHERE r.entity = 'customer';

-- choose whom to send
CREATE OR REPLACE TABLE customhouse_work.left_out_mode_append ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(m.`id`) AS `id`,
  toNullable(CASE WHEN minOrNull(m.place) = 0 THEN 'restricted' WHEN minOrNull(m.place) = 1 THEN 'objected' END) AS left_out
FROM (
  SELECT
    p.customer_id AS `id`,
    toInt64(0) AS place
  FROM customhouse.segment_members AS p
  WHERE p.segment = 'vip'
    AND p.customer_id IN (
      SELECT r.`id` AS `id`
      FROM customhouse_work.customer_restraints AS r
      WHERE r.`kind` = 'restricted'
    )
  UNION ALL
  SELECT
    p.customer_id AS `id`,
    toInt64(1) AS place
  FROM customhouse.segment_members AS p
  WHERE p.segment = 'vip'
    AND p.customer_id IN (
      SELECT r.`id` AS `id`
      FROM customhouse_work.customer_restraints AS r
      WHERE r.`kind` = 'objected'
        AND (r.purpose IS NULL OR r.purpose = 'service')
    )
) AS m
GROUP BY m.`id`;

-- find whose rows orders holds
CREATE OR REPLACE TABLE customhouse_work.map_orders ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(q.`hash.1`) AS `hash.1`,
  toNullable(q.`hash.2`) AS `hash.2`,
  toNullable(i.customer_id) AS customer_id,
  toNullable(t0.identifier) AS `id.email`
FROM (
  SELECT
    r.`hash.1` AS `hash.1`,
    r.`hash.2` AS `hash.2`,
    coalesce(CASE WHEN r.`n.email` IN (
      SELECT q.number AS number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS Nullable(Int64)) ELSE r.`n.email` END, CASE WHEN r.`n.card` IN (
      SELECT q.number AS number
      FROM customhouse.customer_identities AS q
      WHERE q.quarantined
    ) THEN CAST(NULL AS Nullable(Int64)) ELSE r.`n.card` END) AS strongest,
    r.`n.email` AS `n.email`
  FROM customhouse.identity_rows_orders AS r
) AS q
JOIN customhouse.customer_identities AS i ON i.number = q.strongest
LEFT JOIN customhouse.customer_identities AS t0 ON t0.number = q.`n.email`
WHERE i.customer_id IS NOT NULL;

-- select what is wanted
CREATE OR REPLACE TABLE customhouse_work.wanted_mode_append ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(w.customer_id) AS entity_id,
  toNullable(w.`key`) AS `key`,
  toNullable(toInt64(count() OVER (PARTITION BY w.`key`))) AS same_key,
  toNullable(concat('67c4ddea-', lower(hex(MD5(concat('v4', coalesce(toString(toInt64(lengthUTF8(w.`field.id`))), ''), ':', coalesce(w.`field.id`, ''), coalesce(toString(toUnixTimestamp64Micro(w.`field.at`)), ''), ';', coalesce(toDecimalString(w.`field.amount`, 9), ''), ';', coalesce(toString(toInt64(lengthUTF8(w.`field.bought_as`))), ''), ':', coalesce(w.`field.bought_as`, ''), coalesce(toString(toInt64(lengthUTF8(w.`field.email`))), ''), ':', coalesce(w.`field.email`, ''))))))) AS fingerprint,
  toNullable(w.undated) AS undated,
  toNullable(w.`field.id`) AS `field.id`,
  toNullable(w.`field.at`) AS `field.at`,
  toNullable(w.`field.amount`) AS `field.amount`,
  toNullable(w.`field.bought_as`) AS `field.bought_as`,
  toNullable(w.`field.email`) AS `field.email`
FROM (
  SELECT
    w.customer_id AS customer_id,
    w.`key` AS `key`,
    w.`field.id` AS `field.id`,
    w.`field.at` AS `field.at`,
    w.`field.amount` AS `field.amount`,
    w.`field.bought_as` AS `field.bought_as`,
    w.`field.email` AS `field.email`,
    w.undated AS undated
  FROM (
    SELECT
      toInt64(row_number() OVER (PARTITION BY w.customer_id, w.`key`, concat('67c4ddea-', lower(hex(MD5(concat('v4', coalesce(toString(toInt64(lengthUTF8(w.`field.id`))), ''), ':', coalesce(w.`field.id`, ''), coalesce(toString(toUnixTimestamp64Micro(w.`field.at`)), ''), ';', coalesce(toDecimalString(w.`field.amount`, 9), ''), ';', coalesce(toString(toInt64(lengthUTF8(w.`field.bought_as`))), ''), ':', coalesce(w.`field.bought_as`, ''), coalesce(toString(toInt64(lengthUTF8(w.`field.email`))), ''), ':', coalesce(w.`field.email`, '')))))) ORDER BY w.undated NULLS LAST)) AS nth,
      w.customer_id AS customer_id,
      w.`key` AS `key`,
      w.`field.id` AS `field.id`,
      w.`field.at` AS `field.at`,
      w.`field.amount` AS `field.amount`,
      w.`field.bought_as` AS `field.bought_as`,
      w.`field.email` AS `field.email`,
      w.undated AS undated
    FROM (
      SELECT
        p.customer_id AS customer_id,
        nullIf(e.order_id, '') AS `key`,
        e.order_id AS `field.id`,
        e.`time` AS `field.at`,
        e.amount AS `field.amount`,
        m.`id.email` AS `field.bought_as`,
        p.email AS `field.email`,
        CAST(e.`time` IS NULL AS Bool) AS undated
      FROM customhouse.customer_profiles AS p
      JOIN customhouse.segment_members AS s ON s.customer_id = p.customer_id AND s.segment = 'vip'
      JOIN customhouse_work.map_orders AS m ON m.customer_id = p.customer_id
      JOIN (
        SELECT
          toInt64(bitShiftRight(xxh3(tuple(toString(s.email), toString(s.card))), 1)) AS `hash.1`,
          toInt64(bitShiftRight(cityHash64(tuple(toString(s.email), toString(s.card))), 1)) AS `hash.2`,
          if(isNull(s.ordered_at), NULL, CAST(assumeNotNull(s.ordered_at) AS DateTime64(6, 'UTC'))) AS `time`,
          if(isNull(s.order_id), NULL, CAST(assumeNotNull(s.order_id) AS String)) AS order_id,
          if(isNull(s.sku), NULL, CAST(assumeNotNull(s.sku) AS String)) AS sku,
          if(isNull(s.amount), NULL, CAST(assumeNotNull(s.amount) AS Decimal(38, 9))) AS amount,
          if(isNull(s.quantity), NULL, CAST(assumeNotNull(s.quantity) AS Int64)) AS quantity
        FROM customhouse_work.files__orders AS s
      ) AS e ON e.`hash.1` = m.`hash.1` AND e.`hash.2` = m.`hash.2`
      WHERE p.customer_id NOT IN (
        SELECT m.`id` AS `id`
        FROM customhouse_work.left_out_mode_append AS m
      )
        AND (e.`time` IS NULL OR (e.`time` <= toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AND coalesce(CAST(e.`time` > (
          SELECT maxOrNull(h.forgotten_until) AS forgotten_until
          FROM customhouse.sync_state AS h
          WHERE h.`sync` = 'mode_append'
            AND h.place = 'platform/purchases/id'
        ) AS Bool), TRUE) AND e.`time` >= toDateTime64('2025-12-26 00:00:00.000000', 6, 'UTC')))
    ) AS w
  ) AS w
  WHERE w.nth = 1
) AS w;

-- compare with the ledger
CREATE OR REPLACE TABLE customhouse_work.changes_mode_append ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable('append') AS operation,
  toNullable(w.`key`) AS `key`,
  toNullable(w.entity_id) AS entity_id,
  toNullable(w.fingerprint) AS fingerprint,
  toNullable(CASE WHEN l.`key` IS NULL THEN 'new' WHEN NOT startsWith(l.fingerprint, '67c4ddea-') THEN 'mapping' WHEN l.fingerprint IS DISTINCT FROM w.fingerprint THEN 'changed' WHEN n.`key` IS NOT NULL THEN 'unsettled' ELSE 'resync' END) AS reason,
  toNullable(CAST(l.`key` IS NULL AND n.`key` IS NOT NULL AS Bool)) AS `unknown`,
  toNullable(w.`field.id`) AS `field.id`,
  toNullable(w.`field.at`) AS `field.at`,
  toNullable(w.`field.amount`) AS `field.amount`,
  toNullable(w.`field.bought_as`) AS `field.bought_as`,
  toNullable(w.`field.email`) AS `field.email`
FROM customhouse_work.wanted_mode_append AS w
LEFT JOIN (
  SELECT
    k.`key` AS `key`,
    k.entity_id AS entity_id,
    k.fingerprint AS fingerprint
  FROM customhouse.sync_ledger AS k
  WHERE (k.`sync` = 'mode_append' AND k.place = 'platform/purchases/id')
    AND k.fingerprint <> 'removed'
) AS l ON l.`key` = w.`key`
LEFT JOIN (
  SELECT
    k.`key` AS `key`,
    k.entity_id AS entity_id
  FROM customhouse.sync_pending AS k
  WHERE k.`sync` = 'mode_append'
    AND k.place = 'platform/purchases/id'
) AS n ON n.`key` = w.`key`
WHERE w.`key` IS NOT NULL
  AND w.same_key = 1
  AND NOT w.undated
  AND (l.`key` IS NULL AND n.`key` IS NULL);

-- note the rows that cannot be sent
INSERT INTO customhouse.sync_rejections (`sync`, `key`, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_append' AS `sync`,
  w.`key` AS `key`,
  w.entity_id AS entity_id,
  'invalid' AS origin,
  w.code AS code,
  w.message AS message,
  coalesce(r.attempts, toInt64(0)) + toInt64(1) AS attempts,
  coalesce(r.first_at, toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC')) AS first_at,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS last_at,
  'RUN' AS run_id
FROM (
  SELECT
    concat(coalesce(w.`key`, ''), concat('#', toString(w.entity_id))) AS `key`,
    w.entity_id AS entity_id,
    minOrNull(CASE WHEN w.`key` IS NULL THEN 'missing-key' WHEN w.undated THEN 'missing-time' ELSE 'duplicate-key' END) AS code,
    minOrNull(CASE WHEN w.`key` IS NULL THEN 'the row has no value for the key field id' WHEN w.undated THEN 'the event has no time, so that nobody knows whether it is too old' ELSE concat(toString(w.same_key), ' rows have the same id; none of them is sent') END) AS message
  FROM customhouse_work.wanted_mode_append AS w
  WHERE NOT (w.`key` IS NOT NULL AND w.same_key = 1 AND NOT w.undated)
  GROUP BY concat(coalesce(w.`key`, ''), concat('#', toString(w.entity_id))), w.entity_id
) AS w
LEFT JOIN (
  SELECT
    e.`key` AS `key`,
    e.attempts AS attempts,
    e.first_at AS first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.`sync` = 'mode_append'
    AND e.run_id <> 'RUN'
) AS r ON r.`key` = w.`key`;

DELETE FROM customhouse.sync_rejections
WHERE `sync` = 'mode_append'
  AND run_id <> 'RUN'
  AND code IN ('missing-key', 'duplicate-key', 'held', 'unconvertible', 'missing-time');

INSERT INTO customhouse.sync_rejections (`sync`, `key`, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_append' AS `sync`,
  w.`key` AS `key`,
  w.entity_id AS entity_id,
  'unknown' AS origin,
  'cut-short' AS code,
  'the run that was about to send it was cut short, and nobody knows whether it did' AS message,
  coalesce(r.attempts, toInt64(0)) + toInt64(1) AS attempts,
  coalesce(r.first_at, toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC')) AS first_at,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS last_at,
  'RUN' AS run_id
FROM customhouse_work.wanted_mode_append AS w
JOIN (
  SELECT
    k.`key` AS `key`,
    k.entity_id AS entity_id
  FROM customhouse.sync_pending AS k
  WHERE k.`sync` = 'mode_append'
    AND k.place = 'platform/purchases/id'
) AS n ON n.`key` = w.`key`
LEFT JOIN (
  SELECT
    k.`key` AS `key`,
    k.entity_id AS entity_id,
    k.fingerprint AS fingerprint
  FROM customhouse.sync_ledger AS k
  WHERE (k.`sync` = 'mode_append' AND k.place = 'platform/purchases/id')
    AND k.fingerprint <> 'removed'
) AS l ON l.`key` = w.`key`
LEFT JOIN (
  SELECT
    e.`key` AS `key`,
    e.attempts AS attempts,
    e.first_at AS first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.`sync` = 'mode_append'
    AND e.run_id <> 'RUN'
) AS r ON r.`key` = w.`key`
WHERE l.`key` IS NULL
  AND n.`key` IS NOT NULL
  AND w.`key` IS NOT NULL
  AND w.same_key = 1
  AND NOT w.undated
  AND w.`key` NOT IN (
    SELECT r.`key` AS `key`
    FROM customhouse.sync_rejections AS r
    WHERE r.`sync` = 'mode_append'
      AND r.origin = 'unknown'
  );

DELETE FROM customhouse.sync_rejections
WHERE `sync` = 'mode_append'
  AND run_id <> 'RUN'
  AND (origin <> 'unknown' AND `key` IN (
    SELECT w.`key` AS `key`
    FROM customhouse_work.wanted_mode_append AS w
    JOIN (
      SELECT
        k.`key` AS `key`,
        k.entity_id AS entity_id
      FROM customhouse.sync_pending AS k
      WHERE k.`sync` = 'mode_append'
        AND k.place = 'platform/purchases/id'
    ) AS n ON n.`key` = w.`key`
    LEFT JOIN (
      SELECT
        k.`key` AS `key`,
        k.entity_id AS entity_id,
        k.fingerprint AS fingerprint
      FROM customhouse.sync_ledger AS k
      WHERE (k.`sync` = 'mode_append' AND k.place = 'platform/purchases/id')
        AND k.fingerprint <> 'removed'
    ) AS l ON l.`key` = w.`key`
    WHERE l.`key` IS NULL
      AND n.`key` IS NOT NULL
      AND w.`key` IS NOT NULL
      AND w.same_key = 1
      AND NOT w.undated
  ));

-- note what is about to be sent
DELETE FROM customhouse.sync_pending
WHERE (`sync` = 'mode_append' AND place = 'platform/purchases/id')
  AND `key` IN (
    SELECT c.`key` AS `key`
    FROM customhouse_work.changes_mode_append AS c
  );

INSERT INTO customhouse.sync_pending (`sync`, place, `key`, entity_id, run_id)
SELECT
  'mode_append' AS `sync`,
  'platform/purchases/id' AS place,
  c.`key` AS `key`,
  c.entity_id AS entity_id,
  'RUN' AS run_id
FROM customhouse_work.changes_mode_append AS c;

-- count what is due
SELECT
  (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.wanted_mode_append AS w
  ) AS wanted,
  (
    SELECT toInt64(count()) AS n
    FROM (
      SELECT
        k.`key` AS `key`,
        k.entity_id AS entity_id,
        k.fingerprint AS fingerprint
      FROM customhouse.sync_ledger AS k
      WHERE (k.`sync` = 'mode_append' AND k.place = 'platform/purchases/id')
        AND k.fingerprint <> 'removed'
    ) AS l
  ) + (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.`unknown`
  ) AS known,
  (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.reason = 'new'
  ) AS added,
  (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.reason = 'mapping'
  ) AS mapping,
  (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.reason = 'changed'
  ) AS `changed`,
  (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.reason = 'unsettled'
  ) AS unsettled,
  (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.reason = 'resync'
  ) AS resync,
  (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.reason = 'left'
  ) AS removed,
  (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.changes_mode_append AS c
    WHERE c.`key` IN (
      SELECT r.`key` AS `key`
      FROM customhouse.sync_rejections AS r
      WHERE r.`sync` = 'mode_append'
    )
  ) + (
    SELECT toInt64(count()) AS n
    FROM customhouse.sync_rejections AS r
    WHERE r.`sync` = 'mode_append'
      AND r.run_id = 'RUN'
      AND r.origin = 'invalid'
      AND r.attempts > 1
  ) AS retried,
  (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.wanted_mode_append AS w
    WHERE NOT (w.`key` IS NOT NULL AND w.same_key = 1 AND NOT w.undated)
  ) AS invalid,
  (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.wanted_mode_append AS w
    JOIN (
      SELECT
        k.`key` AS `key`,
        k.entity_id AS entity_id
      FROM customhouse.sync_pending AS k
      WHERE k.`sync` = 'mode_append'
        AND k.place = 'platform/purchases/id'
    ) AS n ON n.`key` = w.`key`
    LEFT JOIN (
      SELECT
        k.`key` AS `key`,
        k.entity_id AS entity_id,
        k.fingerprint AS fingerprint
      FROM customhouse.sync_ledger AS k
      WHERE (k.`sync` = 'mode_append' AND k.place = 'platform/purchases/id')
        AND k.fingerprint <> 'removed'
    ) AS l ON l.`key` = w.`key`
    WHERE l.`key` IS NULL
      AND n.`key` IS NOT NULL
      AND w.`key` IS NOT NULL
      AND w.same_key = 1
      AND NOT w.undated
  ) AS waiting,
  (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.left_out_mode_append AS m
    WHERE m.left_out = 'restricted'
  ) AS restricted,
  (
    SELECT toInt64(count()) AS n
    FROM customhouse_work.left_out_mode_append AS m
    WHERE m.left_out = 'objected'
  ) AS objected;

-- changes
SELECT
  c.operation AS operation,
  c.`key` AS `key`,
  c.entity_id AS entity_id,
  c.fingerprint AS fingerprint,
  c.`field.id` AS `id`,
  c.`field.at` AS `at`,
  c.`field.amount` AS amount,
  c.`field.bought_as` AS bought_as,
  c.`field.email` AS email
FROM customhouse_work.changes_mode_append AS c
ORDER BY c.`key` NULLS LAST;

-- take outcomes over
CREATE OR REPLACE TABLE customhouse.sync_leases__rebuilt AS customhouse.sync_leases;

INSERT INTO customhouse.sync_leases__rebuilt
SELECT * REPLACE (CASE WHEN `sync` = 'mode_append' AND run_id = 'RUN' THEN 'RUN' ELSE run_id END AS run_id)
FROM customhouse.sync_leases;

EXCHANGE TABLES customhouse.sync_leases AND customhouse.sync_leases__rebuilt;

DROP TABLE customhouse.sync_leases__rebuilt;

DELETE FROM customhouse.sync_ledger
WHERE (`sync` = 'mode_append' AND place = 'platform/purchases/id')
  AND `key` IN (
    SELECT o.`key` AS `key`
    FROM customhouse_work.outcomes_mode_append AS o
    WHERE (o.accepted OR o.origin = 'absent')
      AND EXISTS (
        SELECT toInt64(1) AS one
        FROM customhouse.sync_leases AS l
        WHERE l.`sync` = 'mode_append'
          AND l.run_id = 'RUN'
      )
  );

DELETE FROM customhouse.sync_pending
WHERE (`sync` = 'mode_append' AND place = 'platform/purchases/id')
  AND `key` IN (
    SELECT o.`key` AS `key`
    FROM customhouse_work.outcomes_mode_append AS o
    WHERE o.origin <> 'unknown'
      AND EXISTS (
        SELECT toInt64(1) AS one
        FROM customhouse.sync_leases AS l
        WHERE l.`sync` = 'mode_append'
          AND l.run_id = 'RUN'
      )
    UNION ALL
    SELECT o.`key` AS `key`
    FROM customhouse_work.outcomes_mode_append AS o
    LEFT JOIN customhouse_work.changes_mode_append AS c ON c.`key` = o.`key` AND c.operation = o.operation
    WHERE o.origin = 'withheld'
      AND (o.code = 'withdrawn' AND c.reason = 'new' AND NOT c.`unknown`)
      AND EXISTS (
        SELECT toInt64(1) AS one
        FROM customhouse.sync_leases AS l
        WHERE l.`sync` = 'mode_append'
          AND l.run_id = 'RUN'
      )
  );

INSERT INTO customhouse.sync_ledger (`sync`, place, `key`, entity_id, fingerprint, sent, acknowledged_at, run_id)
SELECT
  'mode_append' AS `sync`,
  'platform/purchases/id' AS place,
  o.`key` AS `key`,
  o.entity_id AS entity_id,
  o.fingerprint AS fingerprint,
  CAST(NULL AS Nullable(String)) AS sent,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS acknowledged_at,
  'RUN' AS run_id
FROM customhouse_work.outcomes_mode_append AS o
LEFT JOIN customhouse_work.changes_mode_append AS c ON c.`key` = o.`key` AND c.operation = o.operation
WHERE o.accepted
  AND o.operation = 'append'
  AND EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse.sync_leases AS l
    WHERE l.`sync` = 'mode_append'
      AND l.run_id = 'RUN'
  );

INSERT INTO customhouse.sync_rejections (`sync`, `key`, entity_id, origin, code, message, attempts, first_at, last_at, run_id)
SELECT
  'mode_append' AS `sync`,
  o.`key` AS `key`,
  o.entity_id AS entity_id,
  o.origin AS origin,
  o.code AS code,
  o.message AS message,
  coalesce(r.attempts, toInt64(0)) + toInt64(1) AS attempts,
  coalesce(r.first_at, toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC')) AS first_at,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS last_at,
  'RUN' AS run_id
FROM customhouse_work.outcomes_mode_append AS o
LEFT JOIN (
  SELECT
    e.`key` AS `key`,
    e.attempts AS attempts,
    e.first_at AS first_at
  FROM customhouse.sync_rejections AS e
  WHERE e.`sync` = 'mode_append'
    AND e.run_id <> 'RUN'
) AS r ON r.`key` = o.`key`
WHERE NOT (o.accepted OR o.origin = 'absent')
  AND NOT (o.origin = 'withheld')
  AND EXISTS (
    SELECT toInt64(1) AS one
    FROM customhouse.sync_leases AS l
    WHERE l.`sync` = 'mode_append'
      AND l.run_id = 'RUN'
  );

DELETE FROM customhouse.sync_rejections
WHERE `sync` = 'mode_append'
  AND run_id <> 'RUN'
  AND `key` IN (
    SELECT o.`key` AS `key`
    FROM customhouse_work.outcomes_mode_append AS o
    WHERE EXISTS (
      SELECT toInt64(1) AS one
      FROM customhouse.sync_leases AS l
      WHERE l.`sync` = 'mode_append'
        AND l.run_id = 'RUN'
    )
  );

INSERT INTO customhouse.sync_log (`sync`, run_id, `key`, entity_id, operation, reason, outcome, code, `at`)
SELECT
  'mode_append' AS `sync`,
  'RUN' AS run_id,
  o.`key` AS `key`,
  o.entity_id AS entity_id,
  o.operation AS operation,
  c.reason AS reason,
  coalesce(nullIf(o.origin, ''), CASE WHEN o.accepted THEN 'accepted' ELSE 'rejected' END) AS outcome,
  o.code AS code,
  toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC') AS `at`
FROM customhouse_work.outcomes_mode_append AS o
LEFT JOIN customhouse_work.changes_mode_append AS c ON c.`key` = o.`key` AND c.operation = o.operation
WHERE EXISTS (
  SELECT toInt64(1) AS one
  FROM customhouse.sync_leases AS l
  WHERE l.`sync` = 'mode_append'
    AND l.run_id = 'RUN'
);

-- forget rejections that are no longer due
DELETE FROM customhouse.sync_rejections
WHERE `sync` = 'mode_append'
  AND run_id <> 'RUN'
  AND (`key` NOT IN (
    SELECT c.`key` AS `key`
    FROM customhouse_work.changes_mode_append AS c
  ) AND (origin <> 'unknown' OR `key` NOT IN (
    SELECT w.`key` AS `key`
    FROM customhouse_work.wanted_mode_append AS w
    JOIN (
      SELECT
        k.`key` AS `key`,
        k.entity_id AS entity_id
      FROM customhouse.sync_pending AS k
      WHERE k.`sync` = 'mode_append'
        AND k.place = 'platform/purchases/id'
    ) AS n ON n.`key` = w.`key`
    LEFT JOIN (
      SELECT
        k.`key` AS `key`,
        k.entity_id AS entity_id,
        k.fingerprint AS fingerprint
      FROM customhouse.sync_ledger AS k
      WHERE (k.`sync` = 'mode_append' AND k.place = 'platform/purchases/id')
        AND k.fingerprint <> 'removed'
    ) AS l ON l.`key` = w.`key`
    WHERE l.`key` IS NULL
      AND n.`key` IS NOT NULL
  )));
