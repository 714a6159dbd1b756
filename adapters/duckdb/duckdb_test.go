package duckdb_test

import (
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/adaptertest"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/sql"
)

// open opens a database and closes it with the test.
func open(t testing.TB, config duckdb.Config, dir string, fileSources ...string) *adapters.Warehouse {
	t.Helper()
	driver, err := duckdb.Open(t.Context(), config, dir)
	if err != nil {
		t.Fatal(err)
	}
	w := adapters.New(adapters.Options{
		Driver: driver, Dialect: sql.DuckDB, Schema: "customhouse",
		Work: duckdb.WorkParts(), Files: duckdb.FileParts(), FileSources: fileSources,
	})
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestConformance(t *testing.T) {
	for name, path := range map[string]string{"file": "test.duckdb", "memory": duckdb.Memory} {
		t.Run(name, func(t *testing.T) {
			adaptertest.Run(t, adaptertest.Harness{
				Open: func(t testing.TB) *adapters.Warehouse { return open(t, duckdb.Config{Path: path}, t.TempDir()) },
			})
		})
	}
}
