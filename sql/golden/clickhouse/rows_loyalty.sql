-- read identifiers of loyalty
CREATE OR REPLACE TABLE customhouse_work.rows_loyalty ENGINE = MergeTree ORDER BY tuple() AS
SELECT
  toNullable(k.`id.email`) AS `id.email`,
  toNullable(CASE WHEN k.`id.email` IS NULL THEN k.`raw.email` END) AS `raw.email`,
  toNullable(k.`id.phone`) AS `id.phone`,
  toNullable(CASE WHEN k.`id.phone` IS NULL THEN k.`raw.phone` END) AS `raw.phone`,
  toNullable(k.`id.card`) AS `id.card`,
  toNullable(CASE WHEN k.`id.card` IS NULL THEN k.`raw.card` END) AS `raw.card`,
  toNullable(k.`hash.1`) AS `hash.1`,
  toNullable(k.`hash.2`) AS `hash.2`,
  toNullable(k.first_seen) AS first_seen,
  toNullable(k.last_seen) AS last_seen,
  toNullable(k.`rows`) AS `rows`,
  toNullable(k.open) AS open
FROM (
  SELECT
    v.`raw.email` AS `raw.email`,
    CASE WHEN match(v.`id.email`, concat('(?-s)^(?:', '(?s).*@example\\.invalid', ')\\z')) OR v.`id.email` IN ('null@null.com', 'test@test.com') THEN CAST(NULL AS Nullable(String)) ELSE v.`id.email` END AS `id.email`,
    v.`raw.phone` AS `raw.phone`,
    v.`id.phone` AS `id.phone`,
    v.`raw.card` AS `raw.card`,
    v.`id.card` AS `id.card`,
    v.`hash.1` AS `hash.1`,
    v.`hash.2` AS `hash.2`,
    v.first_seen AS first_seen,
    v.last_seen AS last_seen,
    v.`rows` AS `rows`,
    v.open AS open
  FROM (
    SELECT
      f.`raw.email` AS `raw.email`,
      CASE WHEN match(f.`folded.email`, concat('(?-s)^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', ')\\z')) THEN f.`folded.email` END AS `id.email`,
      f.`raw.phone` AS `raw.phone`,
      CASE WHEN match(concat('+', CASE WHEN startsWith(f.`trimmed.phone`, '+') THEN f.`folded.phone` WHEN startsWith(f.`folded.phone`, '00') THEN replaceRegexpAll(f.`folded.phone`, concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(f.`folded.phone`, concat('(?-s)', '^0'), ''), '')) END), concat('(?-s)^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', ')\\z')) THEN concat('+', CASE WHEN startsWith(f.`trimmed.phone`, '+') THEN f.`folded.phone` WHEN startsWith(f.`folded.phone`, '00') THEN replaceRegexpAll(f.`folded.phone`, concat('(?-s)', '^00'), '') ELSE concat('33', nullIf(replaceRegexpAll(f.`folded.phone`, concat('(?-s)', '^0'), ''), '')) END) END AS `id.phone`,
      f.`raw.card` AS `raw.card`,
      nullIf(f.`folded.card`, '') AS `id.card`,
      f.`hash.1` AS `hash.1`,
      f.`hash.2` AS `hash.2`,
      f.first_seen AS first_seen,
      f.last_seen AS last_seen,
      f.`rows` AS `rows`,
      f.open AS open
    FROM (
      SELECT
        t.`raw.email` AS `raw.email`,
        t.`trimmed.email` AS `trimmed.email`,
        if(length(t.`trimmed.email`) = lengthUTF8(t.`trimmed.email`), lower(t.`trimmed.email`), arrayStringConcat(arrayMap(c -> lowerUTF8(c), extractAll(replaceAll(t.`trimmed.email`, 'İ', 'i'), '(?s).')))) AS `folded.email`,
        t.`raw.phone` AS `raw.phone`,
        t.`trimmed.phone` AS `trimmed.phone`,
        replaceRegexpAll(replaceAll(t.`trimmed.phone`, '(0)', ''), concat('(?-s)', '[^0-9]+'), '') AS `folded.phone`,
        t.`raw.card` AS `raw.card`,
        t.`trimmed.card` AS `trimmed.card`,
        replaceRegexpAll(t.`trimmed.card`, concat('(?-s)', '[^0-9]+'), '') AS `folded.card`,
        t.`hash.1` AS `hash.1`,
        t.`hash.2` AS `hash.2`,
        t.first_seen AS first_seen,
        t.last_seen AS last_seen,
        t.`rows` AS `rows`,
        t.open AS open
      FROM (
        SELECT
          g.`raw.email` AS `raw.email`,
          CASE WHEN toInt64(lengthUTF8(g.`raw.email`)) <= 512 THEN replaceRegexpAll(g.`raw.email`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '') END AS `trimmed.email`,
          g.`raw.phone` AS `raw.phone`,
          CASE WHEN toInt64(lengthUTF8(g.`raw.phone`)) <= 512 THEN replaceRegexpAll(g.`raw.phone`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '') END AS `trimmed.phone`,
          g.`raw.card` AS `raw.card`,
          CASE WHEN toInt64(lengthUTF8(g.`raw.card`)) <= 512 THEN replaceRegexpAll(g.`raw.card`, '^[\\t-\\r\\x{85}\\pZ]+|[\\t-\\r\\x{85}\\pZ]+\\z', '') END AS `trimmed.card`,
          g.`hash.1` AS `hash.1`,
          g.`hash.2` AS `hash.2`,
          g.first_seen AS first_seen,
          g.last_seen AS last_seen,
          g.`rows` AS `rows`,
          g.open AS open
        FROM (
          SELECT
            q.`raw.email` AS `raw.email`,
            q.`raw.phone` AS `raw.phone`,
            q.`raw.card` AS `raw.card`,
            toInt64(bitShiftRight(xxh3(tuple(q.`raw.email`, q.`raw.phone`, q.`raw.card`)), 1)) AS `hash.1`,
            toInt64(bitShiftRight(cityHash64(tuple(q.`raw.email`, q.`raw.phone`, q.`raw.card`)), 1)) AS `hash.2`,
            q.first_seen AS first_seen,
            q.last_seen AS last_seen,
            q.`rows` AS `rows`,
            q.open AS open
          FROM (
            SELECT
              toString(s.email) AS `raw.email`,
              toString(s.phone) AS `raw.phone`,
              toString(s.card) AS `raw.card`,
              coalesce(minOrNull(if(isNull(s.joined_at), NULL, CAST(assumeNotNull(s.joined_at) AS DateTime64(6, 'UTC')))), toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC')) AS first_seen,
              coalesce(maxOrNull(if(isNull(s.joined_at), NULL, CAST(assumeNotNull(s.joined_at) AS DateTime64(6, 'UTC')))), toDateTime64('2026-01-02 00:00:00.000000', 6, 'UTC')) AS last_seen,
              toInt64(count()) AS `rows`,
              toInt64(count()) AS open
            FROM customhouse_work.files__loyalty AS s
            GROUP BY toString(s.email), toString(s.phone), toString(s.card)
          ) AS q
        ) AS g
      ) AS t
    ) AS f
  ) AS v
) AS k;
