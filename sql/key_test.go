package sql_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/sql"
)

// TestKeys: a table lies as its key says, as far as the warehouse has keys.
func TestKeys(t *testing.T) {
	three := *sql.ClickHouse
	three.KeyLimit = 3
	key := []string{"a", "b b", "c", "d"}
	for _, c := range []struct {
		name    string
		dialect *sql.Dialect
		key     []string
		want    []string
	}{
		{"none", sql.ClickHouse, nil, []string{
			"CREATE TABLE IF NOT EXISTS t (\n  a Nullable(Int64)\n) ENGINE = MergeTree ORDER BY tuple()",
			"CREATE OR REPLACE TABLE t ENGINE = MergeTree ORDER BY tuple() AS\nSELECT toNullable('$key') AS a",
		}},
		{"some", sql.ClickHouse, key, []string{
			"CREATE TABLE IF NOT EXISTS t (\n  a Nullable(Int64)\n) ENGINE = MergeTree ORDER BY (a, `b b`, c, d) SETTINGS allow_nullable_key = 1",
			"CREATE OR REPLACE TABLE t ENGINE = MergeTree ORDER BY (a, `b b`, c, d) SETTINGS allow_nullable_key = 1 AS\nSELECT toNullable('$key') AS a",
		}},
		{"as many as there can be", &three, key, []string{
			"CREATE TABLE IF NOT EXISTS t (\n  a Nullable(Int64)\n) ENGINE = MergeTree ORDER BY (a, `b b`, c) SETTINGS allow_nullable_key = 1",
			"CREATE OR REPLACE TABLE t ENGINE = MergeTree ORDER BY (a, `b b`, c) SETTINGS allow_nullable_key = 1 AS\nSELECT toNullable('$key') AS a",
		}},
		{"where there are no keys", sql.DuckDB, key, []string{
			"CREATE TABLE IF NOT EXISTS t (\n  a BIGINT\n)",
			"CREATE OR REPLACE TABLE t AS\nSELECT '$key' AS a",
		}},
	} {
		p := &sql.Printer{Dialect: c.dialect, Names: func(t sql.Table) []string { return []string{t.Name} }}
		var got []string
		for _, s := range []sql.Statement{
			sql.CreateTable{Table: work("t"), Columns: []sql.ColumnDef{{Name: "a", Type: sql.TypeInt}}, Key: c.key},
			sql.CreateTableAs{Table: work("t"), Query: &sql.Select{Items: []sql.Item{sql.As(sql.String("$key"), "a")}}, Key: c.key},
		} {
			texts, err := p.Statement(s)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, texts...)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}
