package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/selection"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
)

// planOf compiles the project of a folder.
func planOf(t *testing.T, dir string) (*project, *models.Plan) {
	t.Helper()
	a := &app{projectDir: dir, now: time.Now, env: os.LookupEnv, stderr: os.Stderr}
	p, plan, err := a.planned()
	if err != nil {
		t.Fatal(err)
	}
	return p, plan
}

// TestTogether: what is due together is what each selects, once, and the whole
// project where one selects that; a schedule on a sync has what the sync needs.
func TestTogether(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "examples", "shop")
	p, plan := planOf(t, dir)
	list, err := p.timetable()
	if err != nil || len(list) != 1 || !strings.HasPrefix(list[0].Name, "sync:") || list[0].Select[0] != "+"+list[0].Name {
		t.Fatalf("%+v, %v", list, err)
	}
	segments := schedule.Schedule{Select: []string{"segment:*"}, Exclude: []string{plan.Nodes[0].Key}}
	both, err := together([]schedule.Schedule{list[0], segments})(p, plan)
	if err != nil {
		t.Fatal(err)
	}
	want, err := selection.Select(plan.Nodes, []string{list[0].Select[0], "segment:*"}, nil, nil)
	if d := cmp.Diff(want, both); err != nil || d != "" {
		t.Errorf("together, %v (-want +got):\n%s", err, d)
	}
	names := map[string]int{}
	for _, m := range p.checked.Plan(compile.Options{AsOf: plan.AsOf, Target: p.target.Name, RunID: "r", Select: both}).Models {
		names[m.Name]++
	}
	if len(names) < 5 {
		t.Errorf("only %d models", len(names))
	}
	for name, times := range names {
		if times != 1 {
			t.Errorf("%s is built %d times", name, times)
		}
	}
	if all, err := together([]schedule.Schedule{list[0], {}, segments})(p, plan); err != nil || all != nil {
		t.Errorf("with the whole project: %d nodes, %v", len(all), err)
	}
	excluded, err := together([]schedule.Schedule{{Exclude: []string{"segment:*"}}})(p, plan)
	if err != nil || len(excluded) == 0 || len(excluded) >= len(plan.Nodes) {
		t.Errorf("without segments: %d of %d, %v", len(excluded), len(plan.Nodes), err)
	}
}

// TestArtifact: a file of dbt's has changed where it is another whole document,
// and a manifest where more is another than when it was written.
func TestArtifact(t *testing.T) {
	t.Parallel()
	p := &project{dir: t.TempDir()}
	look := func(name, text string) string {
		t.Helper()
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := p.artifact(name)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, name := range []string{"run_results.json", "manifest.json"} {
		if got, err := p.artifact(name); got != "" || err != nil {
			t.Errorf("%s, which is not there, is %q, %v", name, got, err)
		}
		first := look(name, `{"metadata": {"generated_at": "1"}, "nodes": {"a": 1}}`)
		again := look(name, `{"metadata": {"generated_at": "2"}, "nodes": {"a": 1}}`)
		other := look(name, `{"metadata": {"generated_at": "2"}, "nodes": {"a": 2}}`)
		if first == "" || other == again || (first == again) != (name == "manifest.json") {
			t.Errorf("%s: %q, %q, %q", name, first, again, other)
		}
		if half := look(name, `{"metadata": {"gen`); half != "" {
			t.Errorf("half of %s is %q", name, half)
		}
	}
}
