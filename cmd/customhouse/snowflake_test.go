package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
	"github.com/customhouse-cdp/customhouse/examples/oracle"
)

// onSnowflake gives a project the target snowflake.
func onSnowflake(t *testing.T, dir string, env []string) []string {
	t.Helper()
	target := sftest.NewTarget(t)
	addTarget(t, dir, "snowflake", target.YAML())
	return append(env, target.Env...)
}

// TestShopOnSnowflake: the shop's two days are the same there as in DuckDB, the
// second upon the first, and the same files leave.
func TestShopOnSnowflake(t *testing.T) {
	t.Parallel()
	const customers = 200
	dir, env := shopProject(t, customers)
	env = onSnowflake(t, dir, env)
	sameShop(t, dir, env, customers, "snowflake")
}

// TestExamplesOnSnowflake: so are the examples on public data.
func TestExamplesOnSnowflake(t *testing.T) {
	t.Parallel()
	data := oracle.Data(t)
	for _, name := range publicExamples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyProject(t, os.DirFS(filepath.Join("..", "..", "examples", name)))
			env := onSnowflake(t, dir, []string{oracle.Variable + "=" + data})
			must(t, env, "--project-dir", dir, "parity", "local", "snowflake", "--as-of", "2026-11-01T00:00:00Z")
		})
	}
}
