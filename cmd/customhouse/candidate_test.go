package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/adapters/postgres"
)

// candidateProject is the project of candidate.txtar, with its base beside it.
func candidateProject(t *testing.T) (dir, base string, files map[string][]byte) {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "candidate.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	files = map[string][]byte{}
	for _, f := range archive.Files {
		files[f.Name] = f.Data
		name := filepath.Join(root, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(root, "p"), filepath.Join(root, "base"), files
}

// sameImpact wants a plan on another target to say what it says on DuckDB, which
// candidate.txtar has by hand, to leave the tables of that target as they were, and
// to take no more statements.
func sameImpact(t *testing.T, dir, base, target string, files map[string][]byte, env []string) {
	t.Helper()
	project, err := os.ReadFile(filepath.Join(dir, projectFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(base, projectFile), project, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"local", target} {
		must(t, env, "--project-dir", dir, "--target", name, "run", "--as-of", "2026-06-01", "--exclude", "sync:*")
	}
	// Two of its changes at once: who merges, and who crosses the border of a segment.
	for name, with := range map[string]string{"segments.yaml": "condition.yaml", "identity.yaml": "phone.yaml", "sources.yaml": "phone_sources.yaml"} {
		if err := os.WriteFile(filepath.Join(dir, name), files[with], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := map[string]map[string]any{}
	statements := map[string]float64{}
	for _, name := range []string{"local", target} {
		text := must(t, env, "--project-dir", dir, "--target", name, "plan", "--candidate", "--base", base, "--unmask", "--because", "test", "--format", "json")
		out := map[string]any{}
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		cost, _ := out["cost"].(map[string]any)
		statements[name], _ = cost["statements"].(float64)
		for _, own := range []string{"cost", "target"} {
			delete(out, own)
		}
		resources, _ := out["resources"].([]any)
		for _, r := range resources {
			resource, _ := r.(map[string]any)
			delete(resource, "sql_before") // of its dialect
			delete(resource, "sql_after")
		}
		said[name] = out
	}
	if d := cmp.Diff(said["local"], said[target]); d != "" {
		t.Errorf("the impact (-DuckDB +%s):\n%s", target, d)
	}
	// A warehouse without transactions takes more of them to put a table in place.
	if most := 3 * statements["local"]; statements[target] == 0 || statements[target] > most {
		t.Errorf("the plan took %v statements, want at most %v", statements[target], most)
	}
	for _, name := range []string{"segments.yaml", "identity.yaml", "sources.yaml"} {
		if err := os.WriteFile(filepath.Join(dir, name), files["p/"+name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := customhouse(t, env, "--project-dir", dir, "parity", "local", target, "--built", "--as-of", "2026-06-01")
	if r.code != 0 || !strings.Contains(r.stdout, "Everything is equal.") {
		t.Errorf("the target is not what it was: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func TestCandidateOnPostgres(t *testing.T) {
	t.Parallel()
	dir, base, files := candidateProject(t)
	env := onPostgres(t, dir, nil)
	sameImpact(t, dir, base, "postgres", files, env)
	// PostgreSQL would cut the name of the schema of its work tables off.
	r := customhouse(t, env, "--project-dir", dir, "--target", "postgres", "plan", "--candidate", "--schema", strings.Repeat("x", postgres.LongestSchema+1))
	if r.code != exitUsage || !strings.Contains(r.stderr, "59 characters, and 58 are allowed") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
}

func TestCandidateOnClickHouse(t *testing.T) {
	t.Parallel()
	server := chtest.Start(t)
	dir, base, files := candidateProject(t)
	schema := remote(t, dir, server)
	env := []string{"CLICKHOUSE_PASSWORD=" + server.Password}
	sameImpact(t, dir, base, "remote", files, env)

	// A database goes there with all that is in it. So nothing is built where somebody
	// has a view, and the view stays.
	query := func(text string) string {
		t.Helper()
		out, err := server.Query(text)
		if err != nil {
			t.Fatal(out, err)
		}
		return strings.TrimSpace(out)
	}
	query("CREATE DATABASE IF NOT EXISTS " + schema + "_plan")
	query("CREATE VIEW " + schema + "_plan.theirs AS SELECT 7 AS n")
	t.Cleanup(func() { query("DROP DATABASE " + schema + "_plan SYNC") })
	r := customhouse(t, env, "--project-dir", dir, "--target", "remote", "plan", "--candidate")
	if r.code != 1 || !strings.Contains(r.stderr, schema+"_plan.theirs is no table of a plan") {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if got := query("SELECT n FROM " + schema + "_plan.theirs"); got != "7" {
		t.Errorf("the view has %q", got)
	}
}
