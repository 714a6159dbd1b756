package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
)

// TestShopOnPostgres: the shop's two days are the same in PostgreSQL as in
// DuckDB, to the last value: first all of it, then what changed.
func TestShopOnPostgres(t *testing.T) {
	t.Parallel()
	customers := 300
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		customers = 20_000
	}
	// Texts are compared in another order there, if nobody says how.
	address := postgrestest.New(t).Database(t, "TEMPLATE template0 LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
	dir, env := shopProject(t, customers)
	env = append(env, "SHOP_POSTGRES="+address)
	file := filepath.Join(dir, projectFile)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const local = "  local: {type: duckdb, path: shop.duckdb, deliver: true}\n"
	if !strings.Contains(string(text), local) {
		t.Fatalf("the shop's target is another: %s", text)
	}
	changed := strings.Replace(string(text), local, local+"  postgres: {type: postgres, url: '${env:SHOP_POSTGRES}', deliver: true}\n", 1)
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	for number := 1; number <= 2; number++ {
		day(t, dir, customers, number)
		args := []string{"--project-dir", dir, "parity", "local", "postgres", "--as-of", asOf(number), "--exclude", toFiles}
		r := customhouse(t, env, append(args, "--show-values")...)
		if r.code != 0 || !strings.Contains(r.stdout, "Everything is equal.") {
			t.Fatalf("day %d: exit code %d\n%s%s", number, r.code, r.stdout, r.stderr)
		}
	}
}
