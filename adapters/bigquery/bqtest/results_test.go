package bqtest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"cloud.google.com/go/bigquery"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"

	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
)

func client(t *testing.T, s *bqtest.Server) *bigquery.Client {
	t.Helper()
	c, err := bigquery.NewClient(t.Context(), s.Project, option.WithEndpoint(s.Endpoint), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// rows are those of a query, a line each.
func rows(t *testing.T, c *bigquery.Client, query string) (string, error) {
	t.Helper()
	it, err := c.Query(query).Read(t.Context())
	if err != nil {
		return "", err
	}
	var out []string
	for {
		var row []bigquery.Value
		switch err := it.Next(&row); {
		case errors.Is(err, iterator.Done):
			return strings.Join(out, "\n"), nil
		case err != nil:
			return "", err
		}
		line := make([]string, len(row))
		for i, v := range row {
			line[i] = fmt.Sprint(v)
		}
		out = append(out, strings.Join(line, " "))
	}
}

// TestResults holds what DuckDB would do otherwise, or not at all, against
// BigQuery's documentation.
func TestResults(t *testing.T) {
	s := bqtest.Start(t)
	c := client(t, s)
	for query, want := range map[string]string{
		"SELECT FARM_FINGERPRINT('1footrue'), FARM_FINGERPRINT('2applefalse'), FARM_FINGERPRINT('3true')":                                                                             "-1541654101129638711 2794438866806483259 -4880158226897771312",
		"SELECT CAST(0.1 + 0.2 AS STRING), CAST(1.0 AS STRING), CAST(1e20 AS STRING), CAST(CAST('nan' AS FLOAT64) AS STRING)":                                                         "0.30000000000000004 1 1e+20 nan",
		"SELECT ROUND(2.5), ROUND(-2.5), CAST(2.5 AS INT64), CAST(-3.5 AS INT64), DIV(12, -7), MOD(-25, 12)":                                                                          "3 -3 3 -4 -1 -1",
		"SELECT SUBSTR('apple', -2), SUBSTR('apple', 0, 2), SUBSTR('apple', -9, 2), INSTR('banana', 'an', -1)":                                                                        "le ap ap 4",
		"SELECT SAFE_CAST('1e3' AS INT64), CAST(' 12 ' AS INT64), CAST('0x1F' AS INT64), SAFE_CAST('t' AS BOOL)":                                                                      "<nil> 12 31 <nil>",
		"SELECT GREATEST(1, NULL), LEAST(1.0, CAST('nan' AS FLOAT64)), IF(CAST('nan' AS FLOAT64) = CAST('nan' AS FLOAT64), 1, 0)":                                                     "<nil> NaN 0",
		"SELECT x FROM UNNEST([2.0, NULL, CAST('nan' AS FLOAT64), 1.0]) AS x ORDER BY x":                                                                                              "<nil>\nNaN\n1\n2",
		"SELECT REGEXP_EXTRACT('abc', 'x(.)'), REGEXP_EXTRACT('abc', 'b(.)'), REGEXP_REPLACE('aXbX', 'X', '-')":                                                                       "<nil> c a-b-",
		"SELECT LOWER('ΑΣ'), UPPER('ß'), TRIM('\\u2003a\\u00a0'), LENGTH('é'), BYTE_LENGTH('é'), REVERSE('né')":                                                                       "ας SS a 1 2 én",
		"SELECT TIMESTAMP_TRUNC(TIMESTAMP '2026-11-22 23:30:00+00', WEEK(MONDAY), 'Europe/Paris')":                                                                                    "2026-11-22 23:00:00 +0000 UTC",
		"SELECT EXTRACT(DAYOFWEEK FROM TIMESTAMP '2026-11-22 23:30:00+00' AT TIME ZONE 'Asia/Tokyo'), TIMESTAMP_DIFF('2026-01-01 00:00:01', '2026-01-01 00:00:02.5', SECOND)":         "2 -1",
		"SELECT FORMAT_TIMESTAMP('%Y-%m-%dT%H:%M:%E6SZ', TIMESTAMP '2026-01-02 03:04:05.6+00'), CAST(TIMESTAMP '2026-01-02 03:04:05.6+00' AS STRING)":                                 "2026-01-02T03:04:05.600000Z 2026-01-02 03:04:05.600+00",
		"SELECT TO_JSON_STRING(STRUCT(1 AS a, 'x\"' AS b, [1.5] AS c, 9007199254740993 AS d))":                                                                                        `{"a":1,"b":"x\"","c":[1.5],"d":"9007199254740993"}`,
		"SELECT CAST(BIGNUMERIC '18446744073709551615' * BIGNUMERIC '18446744073709551615' AS STRING), BIGNUMERIC '-2' < BIGNUMERIC '-1.5'":                                           "340282366920938463426481119284349108225 true",
		"SELECT ARRAY_AGG(x IGNORE NULLS ORDER BY x DESC LIMIT 2), STRING_AGG(CAST(x AS STRING), '-' ORDER BY x), COUNTIF(x > 1) FROM UNNEST([1, NULL, 3, 2]) AS x":                   "[3 2] 1-2-3 2",
		"SELECT SPLIT('', ','), SPLIT('abc', ''), ARRAY_TO_STRING(['a', NULL, 'b'], '-'), [1, 2][SAFE_OFFSET(5)]":                                                                     "[] [a b c] a-b <nil>",
		"CREATE TEMP FUNCTION add(x ANY TYPE, y ANY TYPE) AS (x + y); SELECT add(1, 2), add(add(1.5, 1), 1)":                                                                          "3 3.5",
		"CREATE TEMP FUNCTION fold(xs ARRAY<FLOAT64>) RETURNS FLOAT64 LANGUAGE js AS r'return xs === null ? -1 : xs.reduce((a, x) => a + x, 0)'; SELECT fold([0.1, 0.2]), fold(NULL)": "0.30000000000000004 -1",
	} {
		got, err := rows(t, c, query)
		if err != nil || got != want {
			t.Errorf("%s\n got %s %v\nwant %s", query, got, err, want)
		}
	}
	for query, want := range map[string]string{
		"SELECT 9223372036854775807 + 1":                           "verflow",
		"SELECT SUM(x) FROM UNNEST([9223372036854775807, 1]) AS x": "integer overflow",
		"SELECT 1e308 * 10":                                        "Floating point error",
		"SELECT 1 / 0":                                             "division by zero",
		"SELECT [1][OFFSET(3)]":                                    "Array index 3 is out of bounds",
		"SELECT (SELECT x FROM UNNEST([1, 2]) AS x)":               "ore than one",
		"SELECT [1, NULL]":                                         "Array cannot have a null element",
		"SELECT 1;\nSELECT\n  1 / 0":                               "at [2:1]",
	} {
		if got, err := rows(t, c, query); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %s %v, want an error with %q", query, got, err, want)
		}
	}
}

// TestChanges changes rows in each way that there is.
func TestChanges(t *testing.T) {
	s := bqtest.Start(t)
	c := client(t, s)
	d := s.Dataset(t)
	for _, step := range []struct{ script, want, refused string }{
		{script: "CREATE TABLE $.t (k INT64, v STRING, l ARRAY<INT64>) CLUSTER BY k; INSERT INTO $.t VALUES (1, 'a', [1]), (2, 'b', NULL)", want: "1 a [1]\n2 b []"},
		{script: "UPDATE $.t AS t SET v = s.v FROM (SELECT 1 AS k, 'x' AS v) AS s WHERE s.k = t.k", want: "1 x [1]\n2 b []"},
		{
			script: "UPDATE $.t AS t SET v = s.v FROM UNNEST([STRUCT(1 AS k, 'x' AS v), (1, 'y')]) AS s WHERE s.k = t.k",
			want:   "1 x [1]\n2 b []", refused: "must match at most one source row",
		},
		{
			script: "MERGE $.t AS t USING (SELECT 2 AS k, 'm' AS v UNION ALL SELECT 3, 'n') AS s ON s.k = t.k WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (k, v) VALUES (s.k, s.v) WHEN NOT MATCHED BY SOURCE THEN DELETE",
			want:   "2 m []\n3 n []",
		},
		{script: "BEGIN TRANSACTION; DELETE FROM $.t WHERE k = 2; INSERT INTO $.t (k) VALUES (9); ROLLBACK TRANSACTION", want: "2 m []\n3 n []"},
		{script: "BEGIN TRANSACTION; DELETE FROM $.t WHERE k = 2; SELECT 1 / 0; COMMIT TRANSACTION", want: "2 m []\n3 n []", refused: "division by zero"},
		{script: "BEGIN TRANSACTION; CREATE TABLE $.u (k INT64); COMMIT TRANSACTION", want: "2 m []\n3 n []", refused: "in a transaction"},
		{script: "BEGIN TRANSACTION; DELETE FROM $.t WHERE k = 2; COMMIT TRANSACTION", want: "3 n []"},
		{script: "CREATE OR REPLACE TABLE $.t COPY $.t; ALTER TABLE $.t RENAME TO u; CREATE TABLE $.t AS SELECT k + 1 AS k, v, l FROM $.u; DROP TABLE $.u", want: "4 n []"},
		{script: "TRUNCATE TABLE $.t", want: ""},
	} {
		_, err := rows(t, c, strings.ReplaceAll(step.script, "$", d))
		if (err != nil) != (step.refused != "") || err != nil && !strings.Contains(err.Error(), step.refused) {
			t.Errorf("%s: got %v, want an error with %q", step.script, err, step.refused)
		}
		got, err := rows(t, c, "SELECT * FROM "+d+".t ORDER BY k")
		if err != nil || got != step.want {
			t.Errorf("after %s: got %q %v, want %q", step.script, got, err, step.want)
		}
	}
}
