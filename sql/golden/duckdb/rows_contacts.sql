-- read identifiers of contacts
CREATE OR REPLACE TABLE customhouse_work.main.rows_contacts AS
SELECT
  v.raw_user_id,
  CASE WHEN v.user_id IN ('null', 'undefined') THEN CAST(NULL AS VARCHAR) ELSE v.user_id END AS user_id,
  v.raw_email,
  CASE WHEN regexp_full_match(v.email, '(?s).*@example\.invalid') OR v.email IN ('null@null.com', 'test@test.com') THEN CAST(NULL AS VARCHAR) ELSE v.email END AS email,
  v.raw_phone,
  CASE WHEN v.phone IN ('+00000000') THEN CAST(NULL AS VARCHAR) ELSE v.phone END AS phone,
  v.first_seen,
  v.last_seen,
  v.rows
FROM (
  SELECT
    f.raw_user_id,
    nullif(f.folded_user_id, '') AS user_id,
    f.raw_email,
    CASE WHEN regexp_full_match(f.folded_email, '[^@\s]+@[^@\s]+\.[^@\s]+') THEN f.folded_email END AS email,
    f.raw_phone,
    CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(f.trimmed_phone, '+') THEN f.folded_phone WHEN starts_with(f.folded_phone, '00') THEN regexp_replace(f.folded_phone, '^00', '', 'g') ELSE '33' || nullif(regexp_replace(f.folded_phone, '^0', '', 'g'), '') END, '\+[1-9][0-9]{7,14}') THEN '+' || CASE WHEN starts_with(f.trimmed_phone, '+') THEN f.folded_phone WHEN starts_with(f.folded_phone, '00') THEN regexp_replace(f.folded_phone, '^00', '', 'g') ELSE '33' || nullif(regexp_replace(f.folded_phone, '^0', '', 'g'), '') END END AS phone,
    f.first_seen,
    f.last_seen,
    f.rows
  FROM (
    SELECT
      t.raw_user_id,
      t.trimmed_user_id,
      t.trimmed_user_id AS folded_user_id,
      t.raw_email,
      t.trimmed_email,
      lower(t.trimmed_email) AS folded_email,
      t.raw_phone,
      t.trimmed_phone,
      regexp_replace(replace(t.trimmed_phone, '(0)', ''), '[^0-9]', '', 'g') AS folded_phone,
      t.first_seen,
      t.last_seen,
      t.rows
    FROM (
      SELECT
        g.raw_user_id,
        CASE WHEN length(g.raw_user_id) <= 512 THEN regexp_replace(g.raw_user_id, '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') END AS trimmed_user_id,
        g.raw_email,
        CASE WHEN length(g.raw_email) <= 512 THEN regexp_replace(g.raw_email, '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') END AS trimmed_email,
        g.raw_phone,
        CASE WHEN length(g.raw_phone) <= 512 THEN regexp_replace(g.raw_phone, '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') END AS trimmed_phone,
        g.first_seen,
        g.last_seen,
        g.rows
      FROM (
        SELECT
          CAST(s.user_id AS VARCHAR) AS raw_user_id,
          CAST(s.email AS VARCHAR) AS raw_email,
          CAST(s.mobile AS VARCHAR) AS raw_phone,
          coalesce(min(CAST(s.updated_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00') AS first_seen,
          coalesce(max(CAST(s.updated_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00') AS last_seen,
          count(*) AS rows
        FROM customhouse_work.files.contacts AS s
        GROUP BY CAST(s.user_id AS VARCHAR), CAST(s.email AS VARCHAR), CAST(s.mobile AS VARCHAR)
      ) AS g
    ) AS t
  ) AS f
) AS v;

-- measure source:contacts
SELECT
  coalesce((TRY_CAST(sum(r.rows) AS BIGINT) | 0), 0) AS rows,
  coalesce((TRY_CAST(sum(CASE WHEN r.user_id IS NULL AND r.email IS NULL AND r.phone IS NULL THEN r.rows ELSE 0 END) AS BIGINT) | 0), 0) AS without_identifier
FROM customhouse_work.main.rows_contacts AS r;
