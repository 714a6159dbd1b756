-- read identifiers of page_views
CREATE OR REPLACE TABLE customhouse_work.rows_page_views ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(k.`id.user_id`) AS `id.user_id`,
  toNullable(CASE WHEN k.`id.user_id` IS NULL THEN k.`raw.user_id` END) AS `raw.user_id`,
  toNullable(k.`id.cookie`) AS `id.cookie`,
  toNullable(CASE WHEN k.`id.cookie` IS NULL THEN k.`raw.cookie` END) AS `raw.cookie`,
  toNullable(k.`hash.1`) AS `hash.1`,
  toNullable(k.`hash.2`) AS `hash.2`,
  toNullable(k.first_seen) AS first_seen,
  toNullable(k.last_seen) AS last_seen,
  toNullable(k.`rows`) AS `rows`,
  toNullable(k.open) AS open
FROM (
  SELECT
    v.`raw.user_id` AS `raw.user_id`,
    CASE WHEN v.`id.user_id` IN ('null', 'undefined') THEN CAST(NULL AS Nullable(String)) ELSE v.`id.user_id` END AS `id.user_id`,
    v.`raw.cookie` AS `raw.cookie`,
    v.`id.cookie` AS `id.cookie`,
    v.`hash.1` AS `hash.1`,
    v.`hash.2` AS `hash.2`,
    v.first_seen AS first_seen,
    v.last_seen AS last_seen,
    v.`rows` AS `rows`,
    v.open AS open
  FROM (
    SELECT
      f.`raw.user_id` AS `raw.user_id`,
      nullIf(f.`folded.user_id`, '') AS `id.user_id`,
      f.`raw.cookie` AS `raw.cookie`,
      CASE WHEN f.`trimmed.cookie` <> '' THEN f.`raw.cookie` END AS `id.cookie`,
      f.`hash.1` AS `hash.1`,
      f.`hash.2` AS `hash.2`,
      f.first_seen AS first_seen,
      f.last_seen AS last_seen,
      f.`rows` AS `rows`,
      f.open AS open
    FROM (
      SELECT
        t.`raw.user_id` AS `raw.user_id`,
        t.`trimmed.user_id` AS `trimmed.user_id`,
        t.`trimmed.user_id` AS `folded.user_id`,
        t.`raw.cookie` AS `raw.cookie`,
        t.`trimmed.cookie` AS `trimmed.cookie`,
        t.`trimmed.cookie` AS `folded.cookie`,
        t.`hash.1` AS `hash.1`,
        t.`hash.2` AS `hash.2`,
        t.first_seen AS first_seen,
        t.last_seen AS last_seen,
        t.`rows` AS `rows`,
        t.open AS open
      FROM (
        SELECT
          g.`raw.user_id` AS `raw.user_id`,
          CASE WHEN toInt64(lengthUTF8(g.`raw.user_id`)) <= 512 THEN replaceRegexpAll(g.`raw.user_id`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '') END AS `trimmed.user_id`,
          g.`raw.cookie` AS `raw.cookie`,
          CASE WHEN toInt64(lengthUTF8(g.`raw.cookie`)) <= 512 THEN replaceRegexpAll(g.`raw.cookie`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '') END AS `trimmed.cookie`,
          g.`hash.1` AS `hash.1`,
          g.`hash.2` AS `hash.2`,
          g.first_seen AS first_seen,
          g.last_seen AS last_seen,
          g.`rows` AS `rows`,
          g.open AS open
        FROM (
          SELECT
            q.`raw.user_id` AS `raw.user_id`,
            q.`raw.cookie` AS `raw.cookie`,
            toInt64(bitShiftRight(xxh3(tuple(q.`raw.user_id`, q.`raw.cookie`)), 1)) AS `hash.1`,
            toInt64(bitShiftRight(cityHash64(tuple(q.`raw.user_id`, q.`raw.cookie`)), 1)) AS `hash.2`,
            q.first_seen AS first_seen,
            q.last_seen AS last_seen,
            q.`rows` AS `rows`,
            q.open AS open
          FROM (
            SELECT
              toString(s.user_id) AS `raw.user_id`,
              toString(s.cookie) AS `raw.cookie`,
              coalesce(minOrNull(if(isNull(s.viewed_at), NULL, CAST(assumeNotNull(s.viewed_at) AS DateTime64(6, 'UTC')))), toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC')) AS first_seen,
              coalesce(maxOrNull(if(isNull(s.viewed_at), NULL, CAST(assumeNotNull(s.viewed_at) AS DateTime64(6, 'UTC')))), toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC')) AS last_seen,
              toInt64(count()) AS `rows`,
              toInt64(count()) AS open
            FROM customhouse_work.files__page_views AS s
            GROUP BY toString(s.user_id), toString(s.cookie)
          ) AS q
        ) AS g
      ) AS t
    ) AS f
  ) AS v
) AS k;
