package clickhouse_test

import (
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/adaptertest"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

// resolver gives the password of the server for tests.
func resolver(s *chtest.Server) secret.Resolver {
	return secret.Resolver{Env: func(string) (string, bool) { return s.Password, true }}
}

// target is a target at the server for tests.
func target(tb testing.TB, s *chtest.Server) clickhouse.Config {
	tb.Helper()
	c, err := config(s)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func config(s *chtest.Server) (clickhouse.Config, error) {
	password, err := secret.NewRef("${env:PASSWORD}")
	return clickhouse.Config{Address: s.Address, Secure: s.Secure, User: s.User, Password: password}, err
}

// open opens an empty database and closes it with the test.
func open(tb testing.TB) *adapters.Warehouse {
	tb.Helper()
	s := chtest.Start(tb)
	driver, err := clickhouse.Open(tb.Context(), target(tb, s), "", resolver(s))
	if err != nil {
		tb.Fatal(err)
	}
	w := adapters.New(adapters.Options{Driver: driver, Dialect: sql.ClickHouse, Schema: s.Database(tb), Work: []string{s.Database(tb)}})
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
		"loads date":           "a Date32 is of the years 1900 to 2299; TestDates loads those, and others are refused",
		`string_to_bytes("é")`: "one type, String, holds text and bytes, and is read as text",
		"year(in_offset(9999-12-31T23:59:59Z, 3600000000))": "times end with the year 9999, also those of a clock east of Greenwich",
	}})
}
