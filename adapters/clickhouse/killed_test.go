package clickhouse_test

import (
	"context"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/adaptertest"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// inherited is the variable that gives a process the two databases of another's
// target.
const inherited = "CUSTOMHOUSE_TEST_CLICKHOUSE_SCHEMAS"

func TestMain(m *testing.M) {
	os.Exit(adaptertest.Main(m.Run, func(ctx context.Context) (*adapters.Warehouse, error) {
		s, err := chtest.Open()
		if err != nil {
			return nil, err
		}
		return connect(ctx, s, strings.Fields(os.Getenv(inherited)))
	}))
}

// connect opens two databases as they are.
func connect(ctx context.Context, s *chtest.Server, databases []string) (*adapters.Warehouse, error) {
	config, err := config(s)
	if err != nil {
		return nil, err
	}
	driver, err := clickhouse.Open(ctx, config, "", resolver(s))
	if err != nil {
		return nil, err
	}
	return adapters.New(adapters.Options{Driver: driver, Dialect: sql.ClickHouse, Schema: databases[0], Work: databases[1:]}), nil
}

func TestKilledScript(t *testing.T) {
	s := chtest.Start(t)
	rounds := 8
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		rounds = 150
	}
	databases := []string{s.Database(t), s.Database(t)}
	at := url.URL{Scheme: "http", Host: s.Address, User: url.UserPassword(s.User, s.Password)}
	if s.Secure {
		at.Scheme = "https"
	}
	adaptertest.Killed(t, adaptertest.Killing{
		Connect: func(tb testing.TB) *adapters.Warehouse {
			tb.Helper()
			w, err := connect(tb.Context(), s, databases)
			if err != nil {
				tb.Fatal(err)
			}
			tb.Cleanup(func() {
				if err := w.Close(); err != nil {
					tb.Error(err)
				}
			})
			return w
		},
		Env: []string{"CUSTOMHOUSE_TEST_CLICKHOUSE=" + at.String(), inherited + "=" + strings.Join(databases, " ")},
		Tables: func(tb testing.TB) []string {
			tb.Helper()
			out, err := s.Query("SHOW TABLES FROM " + databases[0])
			if err != nil {
				tb.Fatal(err)
			}
			return strings.Fields(out)
		},
		Rounds: rounds,
	})
}
