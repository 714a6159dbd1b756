package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	for number := 1; number <= 2; number++ {
		day(t, dir, customers, number)
		must(t, env, "--project-dir", dir, "parity", "local", "remote", "--as-of", asOf(number))
		sent := map[string]map[string]string{}
		for _, target := range []string{"local", "remote"} {
			if err := os.RemoveAll(filepath.Join(dir, "exports")); err != nil {
				t.Fatal(err)
			}
			must(t, env, "--project-dir", dir, "--target", target, "run", "--as-of", asOf(number), "--exclude", toFiles)
			sent[target] = written(t, dir)
		}
		if len(sent["local"]) == 0 {
			t.Errorf("day %d: nothing was delivered", number)
		}
		if d := cmp.Diff(sent["local"], sent["remote"]); d != "" {
			t.Errorf("day %d: what was delivered (-DuckDB +ClickHouse):\n%s", number, d)
		}
	}
}

// written are the files of a run, by sync and name.
func written(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "exports", "*", "*", "part-*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sync := filepath.Base(filepath.Dir(filepath.Dir(path)))
		out[sync+"/"+filepath.Base(path)] = string(text)
	}
	return out
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

// remote gives a project the target remote, which is ClickHouse.
func remote(t *testing.T, dir string, server *chtest.Server) {
	t.Helper()
	target, _ := clickhouseTarget(t, server)
	addTarget(t, dir, "remote", target)
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
