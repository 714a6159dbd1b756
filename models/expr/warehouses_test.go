package expr

import (
	"os"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery"
	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/adapters/postgres"
	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
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
		url, err := secret.NewTemplate(postgrestest.Database(tb, "TEMPLATE template0 LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"))
		if err != nil {
			tb.Fatal(err)
		}
		driver, err := postgres.Open(tb.Context(), postgres.Config{URL: url}, "", secret.Resolver{})
		if err != nil {
			tb.Fatal(err)
		}
		return warehouse(tb, adapters.Options{Driver: driver, Dialect: sql.PostgreSQL, Work: postgres.WorkParts("customhouse")})
	}},
	{name: "clickhouse", open: func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		server := chtest.Start(tb)
		password, err := secret.NewRef("${env:PASSWORD}")
		if err != nil {
			tb.Fatal(err)
		}
		driver, err := clickhouse.Open(tb.Context(), clickhouse.Config{Address: server.Address, User: server.User, Password: password}, "",
			secret.Resolver{Env: func(string) (string, bool) { return server.Password, true }})
		if err != nil {
			tb.Fatal(err)
		}
		return warehouse(tb, adapters.Options{Driver: driver, Dialect: sql.ClickHouse, Work: []string{server.Database(tb)}})
	}},
	{name: "bigquery", jobs: true, open: func(tb testing.TB) *adapters.Warehouse {
		tb.Helper()
		server := bqtest.Start(tb)
		driver, err := bigquery.Open(tb.Context(), bigquery.Config{Project: server.Project, Endpoint: server.Endpoint, Anonymous: true}, secret.Resolver{})
		if err != nil {
			tb.Fatal(err)
		}
		return warehouse(tb, adapters.Options{Driver: driver, Dialect: sql.BigQuery, Catalog: bigquery.Parts(server.Project), Work: bigquery.Parts(server.Project, server.Dataset(tb))})
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
