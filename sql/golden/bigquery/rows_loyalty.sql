-- read identifiers of loyalty
CREATE OR REPLACE TABLE customhouse_work.rows_loyalty AS
SELECT
  k.`id_x002E_email`,
  CASE WHEN k.`id_x002E_email` IS NULL THEN k.`raw_x002E_email` END AS `raw_x002E_email`,
  k.`id_x002E_phone`,
  CASE WHEN k.`id_x002E_phone` IS NULL THEN k.`raw_x002E_phone` END AS `raw_x002E_phone`,
  k.`id_x002E_card`,
  CASE WHEN k.`id_x002E_card` IS NULL THEN k.`raw_x002E_card` END AS `raw_x002E_card`,
  k.`hash_x002E_1`,
  k.`hash_x002E_2`,
  k.first_seen,
  k.last_seen,
  k.`rows`,
  k.open
FROM (
  SELECT
    v.`raw_x002E_email`,
    CASE WHEN REGEXP_CONTAINS(v.`id_x002E_email`, CONCAT('^(?:', '(?s).*@example\\.invalid', r')\z')) OR v.`id_x002E_email` IN ('null@null.com', 'test@test.com') THEN CAST(NULL AS STRING) ELSE v.`id_x002E_email` END AS `id_x002E_email`,
    v.`raw_x002E_phone`,
    v.`id_x002E_phone`,
    v.`raw_x002E_card`,
    v.`id_x002E_card`,
    v.`hash_x002E_1`,
    v.`hash_x002E_2`,
    v.first_seen,
    v.last_seen,
    v.`rows`,
    v.open
  FROM (
    SELECT
      f.`raw_x002E_email`,
      CASE WHEN REGEXP_CONTAINS(f.`folded_x002E_email`, CONCAT('^(?:', '[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+', r')\z')) THEN f.`folded_x002E_email` END AS `id_x002E_email`,
      f.`raw_x002E_phone`,
      CASE WHEN REGEXP_CONTAINS(CONCAT('+', CASE WHEN STARTS_WITH(f.`trimmed_x002E_phone`, '+') THEN f.`folded_x002E_phone` WHEN STARTS_WITH(f.`folded_x002E_phone`, '00') THEN REGEXP_REPLACE(f.`folded_x002E_phone`, '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(f.`folded_x002E_phone`, '^0', ''), '')) END), CONCAT('^(?:', '\\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})', r')\z')) THEN CONCAT('+', CASE WHEN STARTS_WITH(f.`trimmed_x002E_phone`, '+') THEN f.`folded_x002E_phone` WHEN STARTS_WITH(f.`folded_x002E_phone`, '00') THEN REGEXP_REPLACE(f.`folded_x002E_phone`, '^00', '') ELSE CONCAT('33', NULLIF(REGEXP_REPLACE(f.`folded_x002E_phone`, '^0', ''), '')) END) END AS `id_x002E_phone`,
      f.`raw_x002E_card`,
      NULLIF(f.`folded_x002E_card`, '') AS `id_x002E_card`,
      f.`hash_x002E_1`,
      f.`hash_x002E_2`,
      f.first_seen,
      f.last_seen,
      f.`rows`,
      f.open
    FROM (
      SELECT
        t.`raw_x002E_email`,
        t.`trimmed_x002E_email`,
        LOWER(REPLACE(REPLACE(t.`trimmed_x002E_email`, 'İ', 'i'), 'Σ', 'σ')) AS `folded_x002E_email`,
        t.`raw_x002E_phone`,
        t.`trimmed_x002E_phone`,
        REGEXP_REPLACE(REPLACE(t.`trimmed_x002E_phone`, '(0)', ''), '[^0-9]+', '') AS `folded_x002E_phone`,
        t.`raw_x002E_card`,
        t.`trimmed_x002E_card`,
        REGEXP_REPLACE(t.`trimmed_x002E_card`, '[^0-9]+', '') AS `folded_x002E_card`,
        t.`hash_x002E_1`,
        t.`hash_x002E_2`,
        t.first_seen,
        t.last_seen,
        t.`rows`,
        t.open
      FROM (
        SELECT
          g.`raw_x002E_email`,
          CASE WHEN CHAR_LENGTH(g.`raw_x002E_email`) <= 512 THEN TRIM(g.`raw_x002E_email`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') END AS `trimmed_x002E_email`,
          g.`raw_x002E_phone`,
          CASE WHEN CHAR_LENGTH(g.`raw_x002E_phone`) <= 512 THEN TRIM(g.`raw_x002E_phone`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') END AS `trimmed_x002E_phone`,
          g.`raw_x002E_card`,
          CASE WHEN CHAR_LENGTH(g.`raw_x002E_card`) <= 512 THEN TRIM(g.`raw_x002E_card`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') END AS `trimmed_x002E_card`,
          g.`hash_x002E_1`,
          g.`hash_x002E_2`,
          g.first_seen,
          g.last_seen,
          g.`rows`,
          g.open
        FROM (
          SELECT
            q.`raw_x002E_email`,
            q.`raw_x002E_phone`,
            q.`raw_x002E_card`,
            FARM_FINGERPRINT(TO_JSON_STRING((0, q.`raw_x002E_email`, q.`raw_x002E_phone`, q.`raw_x002E_card`))) & 0x7fffffffffffffff AS `hash_x002E_1`,
            FARM_FINGERPRINT(TO_JSON_STRING((0, CONCAT('#', q.`raw_x002E_email`), CONCAT('#', q.`raw_x002E_phone`), CONCAT('#', q.`raw_x002E_card`)))) & 0x7fffffffffffffff AS `hash_x002E_2`,
            q.first_seen,
            q.last_seen,
            q.`rows`,
            q.open
          FROM (
            SELECT
              CAST(s.email AS STRING) AS `raw_x002E_email`,
              CAST(s.phone AS STRING) AS `raw_x002E_phone`,
              CAST(s.card AS STRING) AS `raw_x002E_card`,
              COALESCE(MIN(CAST(s.joined_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00+00') AS first_seen,
              COALESCE(MAX(CAST(s.joined_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00+00') AS last_seen,
              COUNT(*) AS `rows`,
              COUNT(*) AS open
            FROM customhouse_work.files__loyalty AS s
            GROUP BY CAST(s.email AS STRING), CAST(s.phone AS STRING), CAST(s.card AS STRING)
          ) AS q
        ) AS g
      ) AS t
    ) AS f
  ) AS v
) AS k;
