-- read identifiers of newsletter
CREATE OR REPLACE TABLE "customhouse_work"."main"."rows_newsletter" AS
SELECT
  "v"."raw_email",
  CASE WHEN regexp_full_match("v"."email", '(?s).*@example\.invalid') OR ("v"."email" IN ('null@null.com', 'test@test.com')) THEN CAST(NULL AS VARCHAR) ELSE "v"."email" END AS "email",
  "v"."first_seen",
  "v"."last_seen",
  "v"."rows"
FROM (
  SELECT
    "g"."raw_email",
    CASE WHEN length("g"."raw_email") <= 512 THEN nullif(CASE WHEN regexp_full_match(lower(regexp_replace("g"."raw_email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')), '[^@\s]+@[^@\s]+\.[^@\s]+') THEN lower(regexp_replace("g"."raw_email", '^[\t-\r\x{85}\pZ]+|[\t-\r\x{85}\pZ]+\z', '', 'g')) END, '') END AS "email",
    "g"."first_seen",
    "g"."last_seen",
    "g"."rows"
  FROM (
    SELECT
      CAST("s"."email" AS VARCHAR) AS "raw_email",
      coalesce(min(CAST("s"."changed_at" AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00') AS "first_seen",
      coalesce(max(CAST("s"."changed_at" AS TIMESTAMP)), TIMESTAMP '2026-01-02 00:00:00') AS "last_seen",
      count(*) AS "rows"
    FROM "customhouse_work"."files"."newsletter" AS "s"
    GROUP BY CAST("s"."email" AS VARCHAR)
  ) AS "g"
) AS "v";

-- measure source:newsletter
SELECT
  coalesce((TRY_CAST(sum("r"."rows") AS BIGINT) | 0), 0) AS "rows",
  coalesce((TRY_CAST(sum(CASE WHEN "r"."email" IS NULL THEN "r"."rows" ELSE 0 END) AS BIGINT) | 0), 0) AS "without_identifier"
FROM "customhouse_work"."main"."rows_newsletter" AS "r";
