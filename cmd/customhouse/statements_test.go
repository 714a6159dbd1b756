package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/bigquery/bqtest"
	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/adapters/snowflake/sftest"
)

// TestStatements counts what each warehouse is asked to do for two days of the
// shop and a day on which nothing has changed. A statement costs seconds in some
// warehouses: who adds one sees it here, and so does the reviewer.
func TestStatements(t *testing.T) { //nolint:tparallel // the subtests share the golden file
	t.Parallel()
	const golden = "testdata/statements.golden"
	for _, w := range []struct {
		name   string
		target func(*testing.T) (line string, env []string)
	}{
		{"duckdb", func(*testing.T) (string, []string) { return "{type: duckdb, path: counted.duckdb, deliver: true}", nil }},
		{"postgres", func(t *testing.T) (string, []string) {
			t.Helper()
			target := postgrestest.NewTarget(t)
			return target.YAML(), target.Env
		}},
		{"clickhouse", func(t *testing.T) (string, []string) {
			t.Helper()
			server := chtest.Start(t)
			target, _ := clickhouseTarget(t, server)
			return target, []string{"CLICKHOUSE_PASSWORD=" + server.Password}
		}},
		{"bigquery", func(t *testing.T) (string, []string) {
			t.Helper()
			return bqtest.NewTarget(t).YAML(), nil
		}},
		{"snowflake", func(t *testing.T) (string, []string) {
			t.Helper()
			target := sftest.NewTarget(t)
			return target.YAML(), target.Env
		}},
	} {
		name := w.name
		t.Run(name, func(t *testing.T) {
			const customers = 100
			line, more := w.target(t)
			dir, env := shopProject(t, customers)
			env = append(env, more...)
			addTarget(t, dir, "counted", line)
			var got []string
			for i, what := range []string{"the first day", "the second day", "nothing new"} {
				number := min(i+1, 2)
				day(t, dir, customers, number)
				must(t, env, "--project-dir", dir, "--target", "counted", "run", "--as-of", asOf(number), "--exclude", toFiles)
				results, err := os.ReadFile(filepath.Join(dir, "target", "run_results.json"))
				if err != nil {
					t.Fatal(err)
				}
				var run struct{ Statements int64 }
				if err := json.Unmarshal(results, &run); err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%s, %s: %d statements", name, what, run.Statements))
			}
			known, err := os.ReadFile(golden)
			if err != nil && !*update {
				t.Fatal(err)
			}
			// A warehouse that is not installed keeps its lines.
			var want, rest []string
			for l := range strings.Lines(string(known)) {
				l = strings.TrimSuffix(l, "\n")
				if strings.HasPrefix(l, name+", ") {
					want = append(want, l)
				} else {
					rest = append(rest, l)
				}
			}
			if *update {
				if err := os.WriteFile(golden, []byte(strings.Join(append(rest, got...), "\n")+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("statements of %s (-want +got); go test -update writes them down:\n%s", name, d)
			}
		})
	}
}
