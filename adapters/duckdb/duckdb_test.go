package duckdb_test

import (
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/adaptertest"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/sql"
)

// open opens a database and closes it with the test.
func open(tb testing.TB, config duckdb.Config, dir string, fileSources ...string) *adapters.Warehouse {
	tb.Helper()
	driver, err := duckdb.Open(tb.Context(), config, dir)
	if err != nil {
		tb.Fatal(err)
	}
	w := adapters.New(adapters.Options{
		Driver: driver, Dialect: sql.DuckDB, Schema: "customhouse",
		Work: duckdb.WorkParts(), Files: duckdb.FileParts(), FileSources: fileSources,
	})
	tb.Cleanup(func() {
		if err := w.Close(); err != nil {
			tb.Error(err)
		}
	})
	if err := w.Init(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return w
}

func TestConformance(t *testing.T) {
	for name, path := range map[string]string{"file": "test.duckdb", "memory": duckdb.Memory} {
		t.Run(name, func(t *testing.T) {
			adaptertest.Run(t, adaptertest.Harness{
				Open: func(tb testing.TB) *adapters.Warehouse {
					tb.Helper()
					return open(tb, duckdb.Config{Path: path}, tb.TempDir())
				},
			})
		})
	}
}
