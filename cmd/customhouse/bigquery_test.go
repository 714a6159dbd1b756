package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
	"github.com/customhouse-cdp/customhouse/examples/oracle"
)

// addTarget gives a project another target beside its local one.
func addTarget(t *testing.T, dir, name, target string) {
	t.Helper()
	file := filepath.Join(dir, projectFile)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "targets:\n", "targets:\n  "+name+": "+target+"\n", 1)
	if changed == string(text) {
		t.Fatal("the project has no targets")
	}
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestShopOnBigQuery: the shop's two days are the same in BigQuery as in DuckDB,
// to the last value: first all of it, then what changed; and the same files leave.
func TestShopOnBigQuery(t *testing.T) {
	t.Parallel()
	const customers = 200
	dir, env := shopProject(t, customers)
	addTarget(t, dir, "bigquery", bqtest.NewTarget(t).YAML())
	day(t, dir, customers, 1)
	for _, look := range []string{"doctor", "validate"} {
		must(t, env, "--project-dir", dir, "--target", "bigquery", look)
	}
	sameShop(t, dir, env, customers, "bigquery")
}

// TestExamplesOnBigQuery: so are the examples on public data.
func TestExamplesOnBigQuery(t *testing.T) {
	t.Parallel()
	data := oracle.Data(t)
	for _, name := range publicExamples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyProject(t, os.DirFS(filepath.Join("..", "..", "examples", name)))
			addTarget(t, dir, "bigquery", bqtest.NewTarget(t).YAML())
			must(t, []string{oracle.Variable + "=" + data}, "--project-dir", dir, "parity", "local", "bigquery", "--as-of", "2026-11-01T00:00:00Z")
		})
	}
}

// publicExamples are those that an engine which is no warehouse can run; half a
// million rows take it minutes.
func publicExamples() []string {
	names := []string{"fake-1000", "two-sources", "web-events"}
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		names = append(names, "online-retail")
	}
	return names
}
