-- read identifiers of newsletter
CREATE OR REPLACE TABLE customhouse_work.rows_newsletter AS
SELECT
  k.`id_x002E_email`,
  CASE WHEN k.`id_x002E_email` IS NULL THEN k.`raw_x002E_email` END AS `raw_x002E_email`,
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
          g.`hash_x002E_1`,
          g.`hash_x002E_2`,
          g.first_seen,
          g.last_seen,
          g.`rows`,
          g.open
        FROM (
          SELECT
            q.`raw_x002E_email`,
            FARM_FINGERPRINT(TO_JSON_STRING((0, q.`raw_x002E_email`))) & 0x7fffffffffffffff AS `hash_x002E_1`,
            FARM_FINGERPRINT(TO_JSON_STRING((0, CONCAT('#', q.`raw_x002E_email`)))) & 0x7fffffffffffffff AS `hash_x002E_2`,
            q.first_seen,
            q.last_seen,
            q.`rows`,
            q.open
          FROM (
            SELECT
              CAST(s.email AS STRING) AS `raw_x002E_email`,
              COALESCE(MIN(CAST(s.changed_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00+00') AS first_seen,
              COALESCE(MAX(CAST(s.changed_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00+00') AS last_seen,
              COUNT(*) AS `rows`,
              COUNT(*) AS open
            FROM customhouse_work.files__newsletter AS s
            GROUP BY CAST(s.email AS STRING)
          ) AS q
        ) AS g
      ) AS t
    ) AS f
  ) AS v
) AS k;
