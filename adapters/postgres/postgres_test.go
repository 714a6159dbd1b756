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

func TestMain(m *testing.M) {
	os.Exit(adaptertest.Main(func() int { return postgrestest.Main(m) }, postgrestest.Inherited))
}

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
			adaptertest.Run(t, adaptertest.Harness{Open: func(tb testing.TB) *adapters.Warehouse {
				tb.Helper()
				return postgrestest.NewTarget(tb, options).Open(tb)
			}})
		})
	}
}

// TestLive runs a part of the suite as in a database that the variable names, which
// is one of the server here.
func TestLive(t *testing.T) {
	address := postgrestest.Database(t)
	t.Setenv("CUSTOMHOUSE_TEST_POSTGRES", address)
	adaptertest.Run(t, adaptertest.Harness{Only: adaptertest.Brief, Open: func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		target := postgrestest.NewTarget(tb)
		if !target.Live {
			tb.Error("the variable is not followed")
		}
		return target.Open(tb)
	}})
	left, err := open(t, address).Int(t.Context(), &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")},
		From:  sql.TableRef{Table: sql.Table{Space: sql.Source, Name: "information_schema.schemata"}, As: "s"},
		Where: sql.Fn(sql.StartsWith, sql.Col("s", "schema_name"), sql.String("test_")),
	})
	if err != nil || left != 0 {
		t.Errorf("%d schemas are left, %v", left, err)
	}
}

func TestStopOthers(t *testing.T) {
	target := postgrestest.NewTarget(t)
	other := *target
	other.Schema += "_other"
	adaptertest.Stops(t, target.Connect, other.Connect)
}

func TestKilledScript(t *testing.T) {
	rounds := 4
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		rounds = 100
	}
	target := postgrestest.NewTarget(t)
	adaptertest.Killed(t, adaptertest.Killing{Connect: target.Connect, Env: target.Inheritance(), Rounds: rounds})
}
