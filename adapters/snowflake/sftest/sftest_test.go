package sftest_test

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"testing"

	"github.com/snowflakedb/gosnowflake/v2"

	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
)

// connect opens the server with the official client.
func connect(tb testing.TB, s *sftest.Server) *sql.DB {
	tb.Helper()
	c := gosnowflake.Config{
		Account: s.Account, User: s.User, Password: s.Password, Host: s.Host, Port: s.Port, Protocol: "http",
		Database: s.Database, Schema: "PUBLIC", Warehouse: s.Warehouse,
	}
	db := sql.OpenDB(gosnowflake.NewConnector(gosnowflake.SnowflakeDriver{}, c))
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

// one is the only value of a query, as text; NULL is "NULL".
func one(ctx context.Context, db *sql.DB, query string) (string, error) {
	var v sql.NullString
	if err := db.QueryRowContext(ctx, query).Scan(&v); err != nil {
		return "", err
	}
	if !v.Valid {
		return "NULL", nil
	}
	return v.String, nil
}

// code is the number of an error of Snowflake's, 0 of another.
func code(err error) int {
	if e, ok := errors.AsType[*gosnowflake.SnowflakeError](err); ok {
		return e.Number
	}
	return 0
}

func itoa(n int) string { return strconv.Itoa(n) }
