-- read identifiers of page_views
CREATE UNLOGGED TABLE customhouse_work.rows_page_views__next AS
SELECT
  k."id.user_id",
  CASE WHEN k."id.user_id" IS NULL THEN k."raw.user_id" END AS "raw.user_id",
  k."id.cookie",
  CASE WHEN k."id.cookie" IS NULL THEN k."raw.cookie" END AS "raw.cookie",
  k."hash.1",
  k."hash.2",
  k.first_seen,
  k.last_seen,
  k.rows,
  k.open
FROM (
  SELECT
    v."raw.user_id",
    CASE WHEN v."id.user_id" IN ('null' COLLATE "C", 'undefined' COLLATE "C") THEN (CAST(NULL AS text) COLLATE "C") ELSE v."id.user_id" END AS "id.user_id",
    v."raw.cookie",
    v."id.cookie",
    v."hash.1",
    v."hash.2",
    v.first_seen,
    v.last_seen,
    v.rows,
    v.open
  FROM (
    SELECT
      f."raw.user_id",
      nullif(f."folded.user_id", '') AS "id.user_id",
      f."raw.cookie",
      CASE WHEN f."trimmed.cookie" <> '' COLLATE "C" THEN f."raw.cookie" END AS "id.cookie",
      f."hash.1",
      f."hash.2",
      f.first_seen,
      f.last_seen,
      f.rows,
      f.open
    FROM (
      SELECT
        t."raw.user_id",
        t."trimmed.user_id",
        t."trimmed.user_id" AS "folded.user_id",
        t."raw.cookie",
        t."trimmed.cookie",
        t."trimmed.cookie" AS "folded.cookie",
        t."hash.1",
        t."hash.2",
        t.first_seen,
        t.last_seen,
        t.rows,
        t.open
      FROM (
        SELECT
          g."raw.user_id",
          CASE WHEN CAST(length(g."raw.user_id") AS bigint) <= 512 THEN btrim(g."raw.user_id", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') END AS "trimmed.user_id",
          g."raw.cookie",
          CASE WHEN CAST(length(g."raw.cookie") AS bigint) <= 512 THEN btrim(g."raw.cookie", E'\t\n\u000b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') END AS "trimmed.cookie",
          g."hash.1",
          g."hash.2",
          g.first_seen,
          g.last_seen,
          g.rows,
          g.open
        FROM (
          SELECT
            q."raw.user_id",
            q."raw.cookie",
            hash_record_extended(ROW(q."raw.user_id", q."raw.cookie"), 0) & 9223372036854775807 AS "hash.1",
            hash_record_extended(ROW('#' COLLATE "C" || q."raw.user_id", '#' COLLATE "C" || q."raw.cookie"), 0) & 9223372036854775807 AS "hash.2",
            q.first_seen,
            q.last_seen,
            q.rows,
            q.open
          FROM (
            SELECT
              (CAST(s.user_id AS text) COLLATE "C") AS "raw.user_id",
              (CAST(s.cookie AS text) COLLATE "C") AS "raw.cookie",
              coalesce(min(CAST(s.viewed_at AS timestamp)), timestamp '2026-01-02 00:00:00') AS first_seen,
              coalesce(max(CAST(s.viewed_at AS timestamp)), timestamp '2026-01-02 00:00:00') AS last_seen,
              count(*) AS rows,
              count(*) AS open
            FROM customhouse_work.files__page_views AS s
            GROUP BY (CAST(s.user_id AS text) COLLATE "C"), (CAST(s.cookie AS text) COLLATE "C")
          ) AS q
        ) AS g
      ) AS t
    ) AS f
  ) AS v
) AS k;

DROP TABLE IF EXISTS customhouse_work.rows_page_views;

ALTER TABLE customhouse_work.rows_page_views__next RENAME TO rows_page_views;

ANALYZE customhouse_work.rows_page_views;
