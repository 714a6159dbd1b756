package duckdb_test

import (
	"context"
	dbsql "database/sql"
	"errors"
	"io"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2" // the driver to compare with

	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
)

// sevenColumns is a million rows such as a sync reads.
const sevenColumns = "SELECT i, 'user' || i || '@example.com' AS email, i * 0.5e0 AS spent, i % 2 = 0 AS vip, " +
	"TIMESTAMP '2020-01-01' + to_seconds(i) AS seen, 'FR' AS country, i * 7 AS points FROM range(1000000) t(i)"

func BenchmarkRead(b *testing.B) {
	b.Run("driver", func(b *testing.B) {
		d, err := duckdb.Open(b.Context(), duckdb.Config{Path: duckdb.Memory, Threads: 1}, b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		defer d.Close()
		b.ReportAllocs()
		for b.Loop() {
			rows, err := d.Query(context.Background(), sevenColumns)
			if err != nil {
				b.Fatal(err)
			}
			dest := make([]any, 7)
			for err == nil {
				err = rows.Next(dest)
			}
			if !errors.Is(err, io.EOF) {
				b.Fatal(err)
			}
			rows.Close()
		}
	})
	b.Run("database-sql", func(b *testing.B) {
		db, err := dbsql.Open("duckdb", "?threads=1")
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		b.ReportAllocs()
		for b.Loop() {
			if err := readAll(db); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// readAll reads the benchmark's rows through database/sql.
func readAll(db *dbsql.DB) error {
	rows, err := db.Query(sevenColumns)
	if err != nil {
		return err
	}
	defer rows.Close()
	values, dest := make([]any, 7), make([]any, 7)
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
	}
	return rows.Err()
}
