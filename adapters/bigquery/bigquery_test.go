package bigquery_test

import (
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/adaptertest"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

// open opens empty datasets and closes the warehouse with the test.
func open(tb testing.TB) *adapters.Warehouse {
	tb.Helper()
	s := bqtest.Start(tb)
	driver, err := bigquery.Open(tb.Context(), bigquery.Config{Project: s.Project, Endpoint: s.Endpoint, Anonymous: true}, secret.Resolver{})
	if err != nil {
		tb.Fatal(err)
	}
	w := adapters.New(adapters.Options{
		Driver: driver, Dialect: sql.BigQuery,
		Schema: s.Dataset(tb), Catalog: bigquery.Parts(s.Project), Work: bigquery.Parts(s.Project, s.Dataset(tb)),
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
	adaptertest.Run(t, adaptertest.Harness{Open: open, Without: map[string]string{
		"year(in_offset(9999-12-31T23:59:59Z, 3600000000))":  "times end with the year 9999, also those of a clock east of Greenwich",
		"year(in_offset(0001-01-01T00:00:00Z, -3600000000))": "times begin with the year 1, also those of a clock west of Greenwich",
	}})
}
