package postgres_test

import (
	"os"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/adaptertest"
	"github.com/customhouse-cdp/customhouse/adapters/postgres"
	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// connect opens a database.
func connect(tb testing.TB, address string) *postgres.Driver {
	tb.Helper()
	url, err := secret.NewTemplate(address)
	if err != nil {
		tb.Fatal(err)
	}
	driver, err := postgres.Open(tb.Context(), postgres.Config{URL: url}, "", secret.Resolver{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := driver.Close(); err != nil {
			tb.Error(err)
		}
	})
	return driver
}

// open opens a database as a warehouse.
func open(tb testing.TB, address string) *adapters.Warehouse {
	tb.Helper()
	w := adapters.New(adapters.Options{
		Driver: connect(tb, address), Dialect: sql.PostgreSQL, Schema: "customhouse", Work: postgres.WorkParts("customhouse"),
	})
	if err := w.Init(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return w
}

// locales are databases in which texts are compared in other ways, if nobody
// says how.
var locales = map[string]string{
	"C":       "TEMPLATE template0 LOCALE 'C'",
	"English": "TEMPLATE template0 LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'",
}

func TestConformance(t *testing.T) {
	for name, options := range locales {
		t.Run(name, func(t *testing.T) {
			adaptertest.Run(t, adaptertest.Harness{
				Open: func(tb testing.TB) *adapters.Warehouse {
					tb.Helper()
					return open(tb, postgrestest.Database(tb, options))
				},
			})
		})
	}
}
