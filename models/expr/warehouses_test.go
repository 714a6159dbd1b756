package expr

import (
	"os"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// warehouses are those on which the language is held against what is specified.
var warehouses = []struct {
	name string
	open func(testing.TB) *adapters.Warehouse
	// jobs says that each query is a job, so that there are fewer of them.
	jobs bool
	// most is how many expressions are held against cel-go's; 0 for all.
	most int
}{
	{name: "duckdb", open: func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		driver, err := duckdb.Open(tb.Context(), duckdb.Config{Path: duckdb.Memory}, "")
		if err != nil {
			tb.Fatal(err)
		}
		return warehouse(tb, adapters.Options{Driver: driver, Dialect: sql.DuckDB, Work: duckdb.WorkParts()})
	}},
	{name: "postgres", open: func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		// Texts are compared in another order there, if nobody says how.
		return postgrestest.NewTarget(tb, "TEMPLATE template0 LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'").Open(tb)
	}},
	{name: "clickhouse", open: func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		server := chtest.Start(tb)
		password, err := secret.NewRef("${env:PASSWORD}")
		if err != nil {
			tb.Fatal(err)
		}
		driver, err := clickhouse.Open(tb.Context(), clickhouse.Config{Address: server.Address, Secure: server.Secure, User: server.User, Password: password}, "",
			secret.Resolver{Env: func(string) (string, bool) { return server.Password, true }})
		if err != nil {
			tb.Fatal(err)
		}
		return warehouse(tb, adapters.Options{Driver: driver, Dialect: sql.ClickHouse, Work: []string{server.Database(tb)}})
	}},
	{name: "bigquery", jobs: true, most: 500, open: func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		return bqtest.NewTarget(tb).Open(tb)
	}},
	// Beyond these come a double of an array that has no finite value, which the
	// client reads out of Arrow alone, and a function of a NULL whose type the local
	// server's DuckDB forgets.
	{name: "snowflake", most: 1500, open: func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		return sftest.NewTarget(tb).Open(tb)
	}},
}

// warehouse is an open one with the schemas of ours.
func warehouse(tb testing.TB, options adapters.Options) *adapters.Warehouse {
	tb.Helper()
	options.Schema = "customhouse"
	w := adapters.New(options)
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
