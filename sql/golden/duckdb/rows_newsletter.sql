-- read identifiers of newsletter
CREATE OR REPLACE TABLE customhouse_work.main.rows_newsletter AS
SELECT
  v.raw_email,
  CASE WHEN regexp_full_match(v.email, '(?s).*@example\.invalid') OR v.email IN ('null@null.com', 'test@test.com') THEN CAST(NULL AS VARCHAR) ELSE v.email END AS email,
  v.first_seen,
  v.last_seen,
  v.rows
FROM (
  SELECT
    f.raw_email,
    CASE WHEN regexp_full_match(f.folded_email, '[^@\s]+@[^@\s]+\.[^@\s]+') THEN f.folded_email END AS email,
    f.first_seen,
    f.last_seen,
    f.rows
  FROM (
    SELECT
      t.raw_email,
      t.trimmed_email,
      lower(t.trimmed_email) AS folded_email,
      t.first_seen,
      t.last_seen,
      t.rows
    FROM (
      SELECT
        g.raw_email,
        CASE WHEN length(g.raw_email) <= 512 THEN regexp_replace(g.raw_email, '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') END AS trimmed_email,
        g.first_seen,
        g.last_seen,
        g.rows
      FROM (
        SELECT
          CAST(s.email AS VARCHAR) AS raw_email,
          coalesce(min(CAST(s.changed_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00') AS first_seen,
          coalesce(max(CAST(s.changed_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00') AS last_seen,
          count(*) AS rows
        FROM customhouse_work.files.newsletter AS s
        GROUP BY CAST(s.email AS VARCHAR)
      ) AS g
    ) AS t
  ) AS f
) AS v;

-- measure source:newsletter
SELECT
  coalesce((TRY_CAST(sum(r.rows) AS BIGINT) | 0), 0) AS rows,
  coalesce((TRY_CAST(sum(CASE WHEN r.email IS NULL THEN r.rows ELSE 0 END) AS BIGINT) | 0), 0) AS without_identifier
FROM customhouse_work.main.rows_newsletter AS r;
