package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/examples/oracle"
)

// TestClickHouse runs two days of the shop on ClickHouse and on DuckDB, the
// second upon the first, and wants the same tables, the same rows to be sent,
// and the same files.
func TestClickHouse(t *testing.T) {
	t.Parallel()
	const customers = 200
	server := chtest.Start(t)
	dir, env := shopProject(t, customers)
	env = append(env, "CLICKHOUSE_PASSWORD="+server.Password)
	remote(t, dir, server)
	sameShop(t, dir, env, customers, "remote")
}

// TestExamplesOnClickHouse: the example projects on public data have the same
// tables there as in DuckDB.
func TestExamplesOnClickHouse(t *testing.T) {
	t.Parallel()
	server := chtest.Start(t)
	data := oracle.Data(t)
	for _, name := range []string{"fake-1000", "online-retail", "two-sources", "web-events"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyProject(t, os.DirFS(filepath.Join("..", "..", "examples", name)))
			remote(t, dir, server)
			env := []string{oracle.Variable + "=" + data, "CLICKHOUSE_PASSWORD=" + server.Password}
			must(t, env, "--project-dir", dir, "parity", "local", "remote", "--as-of", "2026-11-01T00:00:00Z")
		})
	}
}

// remote gives a project the target remote, which is ClickHouse, and says in which
// database.
func remote(t *testing.T, dir string, server *chtest.Server) string {
	t.Helper()
	target, schema := clickhouseTarget(t, server)
	addTarget(t, dir, "remote", target)
	return schema
}

// clickhouseTarget is a target in databases that nothing else has. The work tables
// are in one beside, which a run makes.
func clickhouseTarget(t *testing.T, server *chtest.Server) (yaml, schema string) {
	t.Helper()
	schema = server.Database(t)
	t.Cleanup(func() {
		if out, err := server.Query("DROP DATABASE IF EXISTS " + schema + "_work SYNC"); err != nil {
			t.Error(out, err)
		}
	})
	return fmt.Sprintf("{type: clickhouse, address: '%s', secure: %t, user: %s, password: '${env:CLICKHOUSE_PASSWORD}', schema: %s, deliver: true}",
		server.Address, server.Secure, server.User, schema), schema
}
