-- Loads the three files and gives the columns a shape in which they identify
-- somebody. It is what a loader and a model of yours do in a real warehouse; a
-- source maps one column to one identifier, so what takes two is joined here.
--
-- The variable data is the folder of the data sets; see README.md.

CREATE SCHEMA IF NOT EXISTS raw;

CREATE OR REPLACE TABLE raw.records AS
SELECT * FROM read_csv(
  [getvariable('data') || '/senzing-truthset/' || file FOR file IN ['customers.csv', 'reference.csv', 'watchlist.csv']],
  union_by_name = true, all_varchar = true);

-- How the files spell places, found by looking at the columns. A spelling that
-- is not here stays as it is and equals itself alone.
CREATE OR REPLACE TABLE raw.places AS
SELECT * FROM (VALUES
  ('CAMBODIA', 'KH', '855'), ('CAN', 'CA', '1'), ('CANADA', 'CA', '1'), ('CHINA', 'CN', '86'), ('GERMANY', 'DE', '49'),
  ('HONG KONG', 'HK', '852'), ('LICHTENSTEIN', 'LI', '423'), ('PAKISTAN', 'PK', '92'), ('RUS', 'RU', '7'),
  ('SINGAPORE', 'SG', '65'), ('USA', 'US', '1'), ('TEXAS', 'TX', NULL)
) AS places (spelling, code, calling);

CREATE OR REPLACE MACRO raw.code(place) AS
  coalesce((SELECT p.code FROM raw.places AS p WHERE p.spelling = upper(trim(place))), nullif(upper(trim(place)), ''));

CREATE OR REPLACE MACRO raw.letters(number) AS
  nullif(regexp_replace(upper(number), '[^A-Z0-9]', '', 'g'), '');

-- A number of a document means nothing without who issued it: NULL where either
-- is missing.
CREATE OR REPLACE MACRO raw.issued(place, number) AS raw.code(place) || ':' || raw.letters(number);

CREATE OR REPLACE VIEW raw.people AS
WITH located AS (
  SELECT r.*,
    regexp_replace(r.phone_number, '[^0-9]', '', 'g') AS digits,
    (SELECT p.calling FROM raw.places AS p WHERE p.spelling = upper(trim(r.addr_country))) AS calling
  FROM raw.records AS r
)
SELECT
  data_source,
  data_source || ':' || record_id AS record,
  coalesce(trim(primary_name_full), trim(primary_name_org),
    nullif(concat_ws(' ', trim(primary_name_first), trim(primary_name_last)), ''), trim(native_name_full)) AS name,
  raw.issued(passport_country, passport_number) AS passport,
  raw.issued(drivers_license_state, drivers_license_number) AS licence,
  ssn_number AS ssn,
  raw.issued(national_id_country, national_id_number) AS national_id,
  -- Some records leave the country out. The number alone is worth less, and is
  -- an identifier of its own further down in customhouse.yaml.
  raw.letters(national_id_number) AS national_number,
  raw.issued(tax_id_country, tax_id_number) AS tax_id,
  lei_number AS lei,
  email_address,
  -- "Jay Jones" <jjones@example.com> is jjones@example.com.
  coalesce(nullif(regexp_extract(email_address, '<([^<>]*)>', 1), ''), email_address) AS email,
  CASE
    WHEN starts_with(trim(phone_number), '+') THEN phone_number
    -- Without an area code it is a number of any town.
    WHEN length(digits) < 10 THEN NULL
    -- A number is read in the country of the address beside it. Where there is
    -- none, the project reads it as one of the United States.
    WHEN calling IS NULL THEN phone_number
    WHEN starts_with(digits, calling) THEN '+' || digits
    ELSE '+' || calling || ltrim(digits, '0')
  END AS phone
FROM located;
