package snowflake_test

import (
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/adaptertest"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/sql"
)

// resolver gives the password of the server for tests.
func resolver(s *sftest.Server) secret.Resolver {
	return secret.Resolver{Env: func(string) (string, bool) { return s.Password, true }}
}

// target is a target at the server for tests.
func target(tb testing.TB, s *sftest.Server) snowflake.Config {
	tb.Helper()
	password, err := secret.NewRef("${env:PASSWORD}")
	if err != nil {
		tb.Fatal(err)
	}
	return snowflake.Config{Account: s.Account, User: s.User, Password: password, Database: s.Database, Host: s.Host, Port: s.Port, Protocol: "http"}
}

// open opens an empty database and closes it with the test.
func open(tb testing.TB) *adapters.Warehouse {
	tb.Helper()
	s := sftest.Start(tb)
	driver, err := snowflake.Open(tb.Context(), target(tb, s), resolver(s))
	if err != nil {
		tb.Fatal(err)
	}
	w := adapters.New(adapters.Options{Driver: driver, Dialect: sql.Snowflake, Schema: "customhouse", Work: []string{"customhouse_work"}})
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
	adaptertest.Run(t, adaptertest.Harness{Open: open, Without: map[string]string{}})
}
