-- read identifiers of page_views
CREATE OR REPLACE TABLE customhouse_work.rows_page_views AS
SELECT
  k.`id_x002E_user_id`,
  CASE WHEN k.`id_x002E_user_id` IS NULL THEN k.`raw_x002E_user_id` END AS `raw_x002E_user_id`,
  k.`id_x002E_cookie`,
  CASE WHEN k.`id_x002E_cookie` IS NULL THEN k.`raw_x002E_cookie` END AS `raw_x002E_cookie`,
  k.`hash_x002E_1`,
  k.`hash_x002E_2`,
  k.first_seen,
  k.last_seen,
  k.`rows`,
  k.open
FROM (
  SELECT
    v.`raw_x002E_user_id`,
    CASE WHEN v.`id_x002E_user_id` IN ('null', 'undefined') THEN CAST(NULL AS STRING) ELSE v.`id_x002E_user_id` END AS `id_x002E_user_id`,
    v.`raw_x002E_cookie`,
    v.`id_x002E_cookie`,
    v.`hash_x002E_1`,
    v.`hash_x002E_2`,
    v.first_seen,
    v.last_seen,
    v.`rows`,
    v.open
  FROM (
    SELECT
      f.`raw_x002E_user_id`,
      NULLIF(f.`folded_x002E_user_id`, '') AS `id_x002E_user_id`,
      f.`raw_x002E_cookie`,
      CASE WHEN f.`trimmed_x002E_cookie` <> '' THEN f.`raw_x002E_cookie` END AS `id_x002E_cookie`,
      f.`hash_x002E_1`,
      f.`hash_x002E_2`,
      f.first_seen,
      f.last_seen,
      f.`rows`,
      f.open
    FROM (
      SELECT
        t.`raw_x002E_user_id`,
        t.`trimmed_x002E_user_id`,
        t.`trimmed_x002E_user_id` AS `folded_x002E_user_id`,
        t.`raw_x002E_cookie`,
        t.`trimmed_x002E_cookie`,
        t.`trimmed_x002E_cookie` AS `folded_x002E_cookie`,
        t.`hash_x002E_1`,
        t.`hash_x002E_2`,
        t.first_seen,
        t.last_seen,
        t.`rows`,
        t.open
      FROM (
        SELECT
          g.`raw_x002E_user_id`,
          CASE WHEN CHAR_LENGTH(g.`raw_x002E_user_id`) <= 512 THEN TRIM(g.`raw_x002E_user_id`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') END AS `trimmed_x002E_user_id`,
          g.`raw_x002E_cookie`,
          CASE WHEN CHAR_LENGTH(g.`raw_x002E_cookie`) <= 512 THEN TRIM(g.`raw_x002E_cookie`, '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') END AS `trimmed_x002E_cookie`,
          g.`hash_x002E_1`,
          g.`hash_x002E_2`,
          g.first_seen,
          g.last_seen,
          g.`rows`,
          g.open
        FROM (
          SELECT
            q.`raw_x002E_user_id`,
            q.`raw_x002E_cookie`,
            FARM_FINGERPRINT(TO_JSON_STRING((0, q.`raw_x002E_user_id`, q.`raw_x002E_cookie`))) & 0x7fffffffffffffff AS `hash_x002E_1`,
            FARM_FINGERPRINT(TO_JSON_STRING((0, CONCAT('#', q.`raw_x002E_user_id`), CONCAT('#', q.`raw_x002E_cookie`)))) & 0x7fffffffffffffff AS `hash_x002E_2`,
            q.first_seen,
            q.last_seen,
            q.`rows`,
            q.open
          FROM (
            SELECT
              CAST(s.user_id AS STRING) AS `raw_x002E_user_id`,
              CAST(s.cookie AS STRING) AS `raw_x002E_cookie`,
              COALESCE(MIN(CAST(s.viewed_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00+00') AS first_seen,
              COALESCE(MAX(CAST(s.viewed_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00+00') AS last_seen,
              COUNT(*) AS `rows`,
              COUNT(*) AS open
            FROM customhouse_work.files__page_views AS s
            GROUP BY CAST(s.user_id AS STRING), CAST(s.cookie AS STRING)
          ) AS q
        ) AS g
      ) AS t
    ) AS f
  ) AS v
) AS k;
