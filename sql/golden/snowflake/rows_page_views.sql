-- read identifiers of page_views
CREATE OR REPLACE TABLE customhouse_work.rows_page_views COPY GRANTS AS
SELECT
  k."id.user_id",
  CASE WHEN k."id.user_id" IS NULL THEN k."raw.user_id" END AS "raw.user_id",
  k."id.cookie",
  CASE WHEN k."id.cookie" IS NULL THEN k."raw.cookie" END AS "raw.cookie",
  k."hash.1",
  k."hash.2",
  k.first_seen,
  k.last_seen,
  k."ROWS",
  k.open
FROM (
  SELECT
    v."raw.user_id",
    CASE WHEN v."id.user_id" IN ('null', 'undefined') THEN CAST(NULL AS VARCHAR) ELSE v."id.user_id" END AS "id.user_id",
    v."raw.cookie",
    v."id.cookie",
    v."hash.1",
    v."hash.2",
    v.first_seen,
    v.last_seen,
    v."ROWS",
    v.open
  FROM (
    SELECT
      f."raw.user_id",
      nullif(f."folded.user_id", '') AS "id.user_id",
      f."raw.cookie",
      CASE WHEN f."trimmed.cookie" <> '' THEN f."raw.cookie" END AS "id.cookie",
      f."hash.1",
      f."hash.2",
      f.first_seen,
      f.last_seen,
      f."ROWS",
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
        t."ROWS",
        t.open
      FROM (
        SELECT
          g."raw.user_id",
          CASE WHEN LENGTH(g."raw.user_id") <= 512 THEN TRIM(g."raw.user_id", '	
                  　') END AS "trimmed.user_id",
          g."raw.cookie",
          CASE WHEN LENGTH(g."raw.cookie") <= 512 THEN TRIM(g."raw.cookie", '	
                  　') END AS "trimmed.cookie",
          g."hash.1",
          g."hash.2",
          g.first_seen,
          g.last_seen,
          g."ROWS",
          g.open
        FROM (
          SELECT
            q."raw.user_id",
            q."raw.cookie",
            BITAND(HASH(q."raw.user_id", q."raw.cookie"), 9223372036854775807) AS "hash.1",
            BITAND(HASH('#' || q."raw.user_id", '#' || q."raw.cookie"), 9223372036854775807) AS "hash.2",
            q.first_seen,
            q.last_seen,
            q."ROWS",
            q.open
          FROM (
            SELECT
              CAST(s.user_id AS VARCHAR) AS "raw.user_id",
              CAST(s.cookie AS VARCHAR) AS "raw.cookie",
              coalesce(min(CAST(CAST(s.viewed_at AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6))), CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6))) AS first_seen,
              coalesce(max(CAST(CAST(s.viewed_at AS TIMESTAMP_LTZ) AS TIMESTAMP_NTZ(6))), CAST('2026-01-02 00:00:00.000000' AS TIMESTAMP_NTZ(6))) AS last_seen,
              count(*) AS "ROWS",
              count(*) AS open
            FROM customhouse_work.files__page_views AS s
            GROUP BY CAST(s.user_id AS VARCHAR), CAST(s.cookie AS VARCHAR)
          ) AS q
        ) AS g
      ) AS t
    ) AS f
  ) AS v
) AS k;
