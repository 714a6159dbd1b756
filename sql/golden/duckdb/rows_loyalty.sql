-- read identifiers of loyalty
CREATE OR REPLACE TABLE customhouse_work.main.rows_loyalty AS
SELECT
  k."id.email",
  CASE WHEN k."id.email" IS NULL THEN k."raw.email" END AS "raw.email",
  k."id.phone",
  CASE WHEN k."id.phone" IS NULL THEN k."raw.phone" END AS "raw.phone",
  k."id.card",
  CASE WHEN k."id.card" IS NULL THEN k."raw.card" END AS "raw.card",
  k."hash.1",
  k."hash.2",
  k.first_seen,
  k.last_seen,
  k.rows,
  k.open
FROM (
  SELECT
    v."raw.email",
    CASE WHEN regexp_full_match(v."id.email", '(?s).*@example\.invalid') OR v."id.email" IN ('null@null.com', 'test@test.com') THEN CAST(NULL AS VARCHAR) ELSE v."id.email" END AS "id.email",
    v."raw.phone",
    v."id.phone",
    v."raw.card",
    v."id.card",
    v."hash.1",
    v."hash.2",
    v.first_seen,
    v.last_seen,
    v.rows,
    v.open
  FROM (
    SELECT
      f."raw.email",
      CASE WHEN regexp_full_match(f."folded.email", '[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+') THEN f."folded.email" END AS "id.email",
      f."raw.phone",
      CASE WHEN regexp_full_match('+' || CASE WHEN starts_with(f."trimmed.phone", '+') THEN f."folded.phone" WHEN starts_with(f."folded.phone", '00') THEN regexp_replace(f."folded.phone", '^00', '', 'g') ELSE '33' || nullif(regexp_replace(f."folded.phone", '^0', '', 'g'), '') END, '\+(1[2-9][0-9]{9}|[2-9][0-9]{7,14})') THEN '+' || CASE WHEN starts_with(f."trimmed.phone", '+') THEN f."folded.phone" WHEN starts_with(f."folded.phone", '00') THEN regexp_replace(f."folded.phone", '^00', '', 'g') ELSE '33' || nullif(regexp_replace(f."folded.phone", '^0', '', 'g'), '') END END AS "id.phone",
      f."raw.card",
      nullif(f."folded.card", '') AS "id.card",
      f."hash.1",
      f."hash.2",
      f.first_seen,
      f.last_seen,
      f.rows,
      f.open
    FROM (
      SELECT
        t."raw.email",
        t."trimmed.email",
        lower(t."trimmed.email") AS "folded.email",
        t."raw.phone",
        t."trimmed.phone",
        regexp_replace(replace(t."trimmed.phone", '(0)', ''), '[^0-9]+', '', 'g') AS "folded.phone",
        t."raw.card",
        t."trimmed.card",
        regexp_replace(t."trimmed.card", '[^0-9]+', '', 'g') AS "folded.card",
        t."hash.1",
        t."hash.2",
        t.first_seen,
        t.last_seen,
        t.rows,
        t.open
      FROM (
        SELECT
          g."raw.email",
          CASE WHEN length(g."raw.email") <= 512 THEN regexp_replace(g."raw.email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') END AS "trimmed.email",
          g."raw.phone",
          CASE WHEN length(g."raw.phone") <= 512 THEN regexp_replace(g."raw.phone", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') END AS "trimmed.phone",
          g."raw.card",
          CASE WHEN length(g."raw.card") <= 512 THEN regexp_replace(g."raw.card", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g') END AS "trimmed.card",
          g."hash.1",
          g."hash.2",
          g.first_seen,
          g.last_seen,
          g.rows,
          g.open
        FROM (
          SELECT
            q."raw.email",
            q."raw.phone",
            q."raw.card",
            CAST(hash(q."raw.email", q."raw.phone", q."raw.card") >> 1 AS BIGINT) AS "hash.1",
            CAST(hash('#' || q."raw.email", '#' || q."raw.phone", '#' || q."raw.card") >> 1 AS BIGINT) AS "hash.2",
            q.first_seen,
            q.last_seen,
            q.rows,
            q.open
          FROM (
            SELECT
              CAST(s.email AS VARCHAR) AS "raw.email",
              CAST(s.phone AS VARCHAR) AS "raw.phone",
              CAST(s.card AS VARCHAR) AS "raw.card",
              coalesce(min(CAST(s.joined_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00') AS first_seen,
              coalesce(max(CAST(s.joined_at AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00') AS last_seen,
              count(*) AS rows,
              count(*) AS open
            FROM customhouse_work.files.loyalty AS s
            GROUP BY CAST(s.email AS VARCHAR), CAST(s.phone AS VARCHAR), CAST(s.card AS VARCHAR)
          ) AS q
        ) AS g
      ) AS t
    ) AS f
  ) AS v
) AS k;
