package sql_test

import (
	dbsql "database/sql"
	"testing"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/customhouse-cdp/customhouse/sql"
)

// printer prints for DuckDB; tables have bare names.
func printer() *sql.Printer {
	return &sql.Printer{Dialect: sql.DuckDB, Names: func(t sql.Table) []string { return []string{t.Name} }}
}

// engine opens an empty DuckDB in memory.
func engine(tb testing.TB) *dbsql.DB {
	tb.Helper()
	db, err := dbsql.Open("duckdb", "?threads=2&autoinstall_known_extensions=false&autoload_known_extensions=false")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("SET TimeZone = 'UTC'"); err != nil {
		tb.Fatal(err)
	}
	return db
}

// eval is the value of a one-row, one-column query; decimals as text.
func eval(tb testing.TB, db *dbsql.DB, query string) any {
	tb.Helper()
	var v any
	if err := db.QueryRow(query).Scan(&v); err != nil {
		tb.Fatalf("%s\n%v", query, err)
	}
	switch v := v.(type) {
	case int32:
		return int64(v)
	case duckdb.Decimal:
		return v.String()
	case time.Time:
		return v.UTC()
	default:
		return v
	}
}

func instant(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

// TestTryCastOfInstants casts what is no text as it is.
func TestTryCastOfInstants(t *testing.T) {
	db := engine(t)
	p := printer()
	for _, source := range []string{"TIMESTAMP '2026-01-01 01:00:00'", "TIMESTAMPTZ '2026-01-01 03:00:00+02'", "TIMESTAMP_NS '2026-01-01 01:00:00'"} {
		if _, err := db.Exec("CREATE OR REPLACE TABLE t AS SELECT " + source + " AS v"); err != nil {
			t.Fatal(err)
		}
		e, err := p.Expr(sql.TryCast{Expr: sql.Col("t", "v"), To: sql.TypeTimestamp})
		if err != nil {
			t.Fatal(err)
		}
		if got := eval(t, db, "SELECT "+e+" FROM t"); got != instant("2026-01-01T01:00:00Z") {
			t.Errorf("%s: got %v", source, got)
		}
	}
}
