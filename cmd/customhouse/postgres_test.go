package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/examples/oracle"
)

// onPostgres gives a project the target postgres. Texts are compared in another
// order there, if nobody says how.
func onPostgres(t *testing.T, dir string, env []string) []string {
	t.Helper()
	target := postgrestest.NewTarget(t, "TEMPLATE template0 LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
	addTarget(t, dir, "postgres", target.YAML())
	return append(env, target.Env...)
}

// TestShopOnPostgres: the shop's two days are the same in PostgreSQL as in
// DuckDB, to the last value: first all of it, then what changed; and the same
// files leave.
func TestShopOnPostgres(t *testing.T) {
	t.Parallel()
	customers := 300
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		customers = 20_000
	}
	dir, env := shopProject(t, customers)
	env = onPostgres(t, dir, env)
	sameShop(t, dir, env, customers, "postgres")
}

// TestLookWhileInUse: a target that a run has in use can be looked at, and who
// would write to it, if only to work tables, is told who has it.
func TestLookWhileInUse(t *testing.T) {
	t.Parallel()
	dir, env := shopProject(t, 20)
	env = onPostgres(t, dir, env)
	on := func(args ...string) []string {
		return append([]string{"--project-dir", dir, "--target", "postgres"}, args...)
	}
	must(t, env, on("run", "--as-of", asOf(1), "--exclude", toFiles)...)
	store, err := state.Open(t.Context(), state.Options{
		Place: filepath.Join(dir, stateFolder, "postgres.db"), Scope: "shop/postgres", Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	_, stop, err := store.Use(t.Context(), "target postgres")
	if err != nil {
		t.Fatal(err)
	}
	looks := [][]string{{"show", "segment_members"}, {"segments", "size"}, {"identity", "audit"}}
	writes := [][]string{{"run"}, {"segments", "preview", "--when", "true"}, {"identity", "audit", "--try", "holder=loyalty.holder"}}
	for _, args := range looks {
		must(t, env, on(args...)...)
	}
	for _, args := range writes {
		if r := customhouse(t, env, on(args...)...); r.code != 1 || !strings.Contains(r.stderr, "target postgres is in use by") {
			t.Errorf("%v: exit code %d\n%s%s", args, r.code, r.stdout, r.stderr)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for _, args := range writes {
		must(t, env, on(append(args, "--as-of", asOf(1), "--exclude", toFiles)...)...)
	}
}

// TestExamplesOnPostgres: so are the examples on public data.
func TestExamplesOnPostgres(t *testing.T) {
	t.Parallel()
	data := oracle.Data(t)
	examples := []string{"fake-1000", "web-events"}
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		examples = append(examples, "two-sources", "online-retail")
	}
	for _, name := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyProject(t, os.DirFS(filepath.Join("..", "..", "examples", name)))
			sameTables(t, dir, onPostgres(t, dir, []string{oracle.Variable + "=" + data}), "postgres", "2026-01-01T00:00:00Z")
		})
	}
}
