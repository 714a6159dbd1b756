package examples_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/adapters/postgres"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/profile"
	"github.com/customhouse-cdp/customhouse/examples/oracle"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/syncs/files"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// projects are the folders below examples that hold a project.
func projects(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("*/customhouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 6 {
		t.Fatalf("found %d projects, want 6 or more", len(found))
	}
	for i := range found {
		found[i] = filepath.Dir(found[i])
	}
	return found
}

func load(t *testing.T, dir string) *config.Project {
	t.Helper()
	p, list := config.Load(os.DirFS(dir), dir, config.Kinds{
		Targets: map[string]func() any{
			"duckdb":   func() any { return new(duckdb.Config) },
			"postgres": func() any { return new(postgres.Config) },
		},
		Destinations: map[string]func() any{
			"files":   func() any { return files.Default() },
			"webhook": func() any { return webhook.Default() },
		},
		Profiles: map[string]profile.Adapter{"duckdb": duckdb.Profile},
	})
	for _, d := range list {
		t.Errorf("%v", d)
	}
	if p == nil {
		t.FailNow()
	}
	return p
}

// The examples are what people copy: they must compile without a warning.
func TestProjectsCompile(t *testing.T) {
	t.Parallel()
	for _, dir := range projects(t) {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			p := load(t, dir)
			plan, list := compile.Compile(p, compile.Options{AsOf: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), RunID: "test"})
			for _, d := range append(p.Warnings, list...) {
				t.Errorf("%v", d)
			}
			if plan != nil && len(plan.Audiences) != len(p.Syncs) {
				t.Errorf("got %d audiences of %d syncs", len(plan.Audiences), len(p.Syncs))
			}
			if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
				t.Errorf("an example says what it shows: %v", err)
			}
		})
	}
}

// Every segment of an example with an oracle is one that the oracle knows.
func TestOraclesKnowTheSegments(t *testing.T) {
	t.Parallel()
	check := func(dir string, want []string) {
		var got []string
		for _, s := range load(t, dir).Segments {
			got = append(got, s.Name)
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s: segments in YAML and in the oracle (-got +want):\n%s", dir, diff)
		}
	}
	var retail, visitors []string
	for name := range oracle.RetailSegments {
		retail = append(retail, name)
	}
	for name := range oracle.VisitorSegments {
		visitors = append(visitors, name)
	}
	check("online-retail", retail)
	check("web-events", visitors)
}
