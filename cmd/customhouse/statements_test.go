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
			address := postgrestest.New(t).Database(t)
			return "{type: postgres, url: '${env:SHOP_POSTGRES}', deliver: true}", []string{"SHOP_POSTGRES=" + address}
		}},
		{"clickhouse", func(t *testing.T) (string, []string) {
			t.Helper()
			server := chtest.Start(t)
			schema := server.Database(t)
			t.Cleanup(func() {
				if out, err := server.Query("DROP DATABASE IF EXISTS " + schema + "_work SYNC"); err != nil {
					t.Error(out, err)
				}
			})
			return fmt.Sprintf("{type: clickhouse, address: '%s', user: %s, password: '${env:CLICKHOUSE_PASSWORD}', schema: %s, deliver: true}", server.Address, server.User, schema),
				[]string{"CLICKHOUSE_PASSWORD=" + server.Password}
		}},
		{"bigquery", func(t *testing.T) (string, []string) {
			t.Helper()
			return bigqueryTarget(t, bqtest.Start(t)), nil
		}},
		{"snowflake", snowflakeTarget},
	} {
		name := w.name
		t.Run(name, func(t *testing.T) {
			const customers = 100
			line, more := w.target(t)
			dir, env := shopProject(t, customers)
			env = append(env, more...)
			file := filepath.Join(dir, projectFile)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(text), "targets:\n", "targets:\n  counted: "+line+"\n", 1)
			if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
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
