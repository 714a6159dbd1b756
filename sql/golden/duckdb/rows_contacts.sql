-- read identifiers of contacts
CREATE OR REPLACE TABLE customhouse_work.main.rows_contacts AS
SELECT
  k."id.user_id",
  CASE WHEN k."id.user_id" IS NULL THEN k."raw.user_id" END AS "raw.user_id",
  k."id.email",
  CASE WHEN k."id.email" IS NULL THEN k."raw.email" END AS "raw.email",
  k."id.phone",
  CASE WHEN k."id.phone" IS NULL THEN k."raw.phone" END AS "raw.phone",
  k."hash.1",
  k."hash.2",
  k.first_seen,
  k.last_seen,
  k.rows,
  k.open
FROM (
  SELECT
    v."raw.user_id",
    CASE WHEN v."id.user_id" IN ('null', 'undefined') THEN CAST(NULL AS VARCHAR) ELSE v."id.user_id" END AS "id.user_id",
    v."raw.email",
    CASE WHEN regexp_full_match(v."id.email", '(?s).*@example\.invalid') OR v."id.email" IN ('null@null.com', 'test@test.com') THEN CAST(NULL AS VARCHAR) ELSE v."id.email" END AS "id.email",
    v."raw.phone",
    v."id.phone",
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
      f."raw.email",
      CASE WHEN regexp_full_match(f."folded.email", '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN f."folded.email" END AS "id.email",
      f."raw.phone",
      CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(f."trimmed.phone", '+') THEN f."folded.phone" WHEN starts_with(f."folded.phone", '00') THEN regexp_replace(f."folded.phone", '^00', '', 'g') ELSE '33' || nullif(regexp_replace(f."folded.phone", '^0', '', 'g'), '') END, '\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})') THEN '+' || CASE WHEN starts_with(f."trimmed.phone", '+') THEN f."folded.phone" WHEN starts_with(f."folded.phone", '00') THEN regexp_replace(f."folded.phone", '^00', '', 'g') ELSE '33' || nullif(regexp_replace(f."folded.phone", '^0', '', 'g'), '') END END AS "id.phone",
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
        t."raw.email",
        t."trimmed.email",
        lower(t."trimmed.email") AS "folded.email",
        t."raw.phone",
        t."trimmed.phone",
        regexp_replace(replace(t."trimmed.phone", '(0)', ''), '[^0-9]+', '', 'g') AS "folded.phone",
        t."hash.1",
        t."hash.2",
        t.first_seen,
        t.last_seen,
        t.rows,
        t.open
      FROM (
        SELECT
          g."raw.user_id",
          CASE WHEN length(g."raw.user_id") <= 512 THEN regexp_replace(g."raw.user_id", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') END AS "trimmed.user_id",
          g."raw.email",
          CASE WHEN length(g."raw.email") <= 512 THEN regexp_replace(g."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') END AS "trimmed.email",
          g."raw.phone",
          CASE WHEN length(g."raw.phone") <= 512 THEN regexp_replace(g."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') END AS "trimmed.phone",
          g."hash.1",
          g."hash.2",
          g.first_seen,
          g.last_seen,
          g.rows,
          g.open
        FROM (
          SELECT
            q."raw.user_id",
            q."raw.email",
            q."raw.phone",
            CAST(hash(q."raw.user_id", q."raw.email", q."raw.phone") >> 1 AS BIGINT) AS "hash.1",
            CAST(hash('#' || q."raw.user_id", '#' || q."raw.email", '#' || q."raw.phone") >> 1 AS BIGINT) AS "hash.2",
            q.first_seen,
            q.last_seen,
            q.rows,
            q.open
          FROM (
            SELECT
              CAST(s.user_id AS VARCHAR) AS "raw.user_id",
              CAST(s.email AS VARCHAR) AS "raw.email",
              CAST(s.mobile AS VARCHAR) AS "raw.phone",
              coalesce(min(CAST(s.updated_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00') AS first_seen,
              coalesce(max(CAST(s.updated_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00') AS last_seen,
              count(*) AS rows,
              count(*) AS open
            FROM customhouse_work.files.contacts AS s
            GROUP BY CAST(s.user_id AS VARCHAR), CAST(s.email AS VARCHAR), CAST(s.mobile AS VARCHAR)
          ) AS q
        ) AS g
      ) AS t
    ) AS f
  ) AS v
) AS k;
