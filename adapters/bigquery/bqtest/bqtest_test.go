package bqtest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
)

// TestAnalyze keeps a catalog of what scripts made, and words errors as BigQuery
// does.
func TestAnalyze(t *testing.T) {
	s := bqtest.Start(t)
	d := s.Dataset(t)
	s.Check(t, "CREATE TABLE "+d+".a (n INT64, s STRING, l ARRAY<STRING>); CREATE TABLE "+d+".b AS SELECT n + 1 AS m, l FROM "+d+".a")
	s.Check(t, "SELECT m, x FROM "+d+".b, UNNEST(l) AS x")
	for statement, want := range map[string]string{
		"SELECT missing FROM $.b":                                 "Unrecognized name: missing at [1:8]",
		"SELECT 1 FROM $.missing":                                 "Not found: Table test-project:$.missing was not found in location US",
		"SELECT DATEADD(DAY, 1, m) FROM $.b":                      "Function not found: DATEADD at [1:8]",
		"SELECT n || s FROM $.a":                                  "No matching signature for operator ||",
		"SELECT CAST(n AS UINT64) FROM $.a":                       "Type not found: UINT64 at [1:18]",
		"SELECT n::STRING FROM $.a":                               "Syntax error: Expected",
		"SELECT s FROM $.a GROUP BY n":                            "SELECT list expression references column s which is neither grouped nor aggregated at [1:8]",
		"SELECT a.n FROM $.a LEFT JOIN $.b ON a.n < b.m":          "LEFT OUTER JOIN cannot be used without a condition that is an equality of fields from both sides of the join.",
		"CREATE TABLE $.a (n INT64)":                              "Already Exists: Table test-project:$.a",
		"CREATE TABLE $.c (`a.b` INT64)":                          "Invalid field name \"a.b\".",
		"DELETE FROM $.a":                                         "DELETE must have a WHERE clause at [1:1]",
		"INSERT INTO $.a (n) VALUES ('x')":                        "Value has type STRING which cannot be inserted into column n, which has type INT64",
		"SELECT 1 UNION SELECT 2":                                 "Expected keyword ALL or keyword DISTINCT",
		"SELECT TIMESTAMP_SUB(DATE '2026-01-01', INTERVAL 1 DAY)": "No matching signature for function TIMESTAMP_SUB",
	} {
		_, err := s.Analyze(strings.ReplaceAll(statement, "$", d))
		if want = strings.ReplaceAll(want, "$", d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", statement, err, want)
		}
	}
	// The catalog forgets as well.
	s.Check(t, "DROP TABLE "+d+".b")
	if _, err := s.Analyze("SELECT m FROM " + d + ".b"); err == nil {
		t.Error("a table that was dropped is still there")
	}
}

// TestNotExecuted tells what is right from what can be executed as well.
func TestNotExecuted(t *testing.T) {
	s := bqtest.Start(t)
	got := map[string]bool{}
	for _, st := range s.Check(t, "SELECT 1; SELECT MAKE_INTERVAL(1)") {
		got[st.Query] = st.NotExecuted == ""
	}
	if d := cmp.Diff(map[string]bool{"SELECT 1;": true, "SELECT MAKE_INTERVAL(1)": false}, got); d != "" {
		t.Errorf("what is executed (-want +got):\n%s", d)
	}
}
