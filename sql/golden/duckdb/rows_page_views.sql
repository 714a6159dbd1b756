-- read identifiers of page_views
CREATE OR REPLACE TABLE customhouse_work.main.rows_page_views AS
SELECT
  v.raw_user_id,
  CASE WHEN v.user_id IN ('null', 'undefined') THEN CAST(NULL AS VARCHAR) ELSE v.user_id END AS user_id,
  v.raw_cookie,
  v.cookie,
  v.first_seen,
  v.last_seen,
  v.rows
FROM (
  SELECT
    f.raw_user_id,
    nullif(f.folded_user_id, '') AS user_id,
    f.raw_cookie,
    CASE WHEN f.trimmed_cookie <> '' THEN f.raw_cookie END AS cookie,
    f.first_seen,
    f.last_seen,
    f.rows
  FROM (
    SELECT
      t.raw_user_id,
      t.trimmed_user_id,
      t.trimmed_user_id AS folded_user_id,
      t.raw_cookie,
      t.trimmed_cookie,
      t.trimmed_cookie AS folded_cookie,
      t.first_seen,
      t.last_seen,
      t.rows
    FROM (
      SELECT
        g.raw_user_id,
        CASE WHEN length(g.raw_user_id) <= 512 THEN regexp_replace(g.raw_user_id, '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') END AS trimmed_user_id,
        g.raw_cookie,
        CASE WHEN length(g.raw_cookie) <= 512 THEN regexp_replace(g.raw_cookie, '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') END AS trimmed_cookie,
        g.first_seen,
        g.last_seen,
        g.rows
      FROM (
        SELECT
          CAST(s.user_id AS VARCHAR) AS raw_user_id,
          CAST(s.cookie AS VARCHAR) AS raw_cookie,
          coalesce(min(CAST(s.viewed_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00') AS first_seen,
          coalesce(max(CAST(s.viewed_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00') AS last_seen,
          count(*) AS rows
        FROM customhouse_work.files.page_views AS s
        GROUP BY CAST(s.user_id AS VARCHAR), CAST(s.cookie AS VARCHAR)
      ) AS g
    ) AS t
  ) AS f
) AS v;

-- measure source:page_views
SELECT
  coalesce((TRY_CAST(sum(r.rows) AS BIGINT) | 0), 0) AS rows,
  coalesce((TRY_CAST(sum(CASE WHEN r.user_id IS NULL AND r.cookie IS NULL THEN r.rows ELSE 0 END) AS BIGINT) | 0), 0) AS without_identifier
FROM customhouse_work.main.rows_page_views AS r;
