package compile_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/privacy/person"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestScrubKnowsEveryTable: an erasure knows of each of our tables what of a person
// is in it, of those that a project makes and of those that docs/tables.md lists.
func TestScrubKnowsEveryTable(t *testing.T) {
	project := load(t, business)
	plan, found := compile.Compile(project, compile.Options{AsOf: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), RunID: "run"})
	if found.HasErrors() {
		t.Fatal(found)
	}
	var tables []string
	for _, s := range plan.System {
		tables = append(tables, s.Table.Name)
	}
	page, err := os.ReadFile("../../docs/tables.md")
	if err != nil {
		t.Fatal(err)
	}
	specific := strings.NewReplacer("<entity>", "customer", "<source>", project.Sources[0].Name, "<from>_<name>", project.Relations[0].TableName())
	listed := 0
	for _, m := range regexp.MustCompile("(?m)^## `([^`]+)`").FindAllStringSubmatch(string(page), -1) {
		tables = append(tables, specific.Replace(m[1]))
		listed++
	}
	if listed < 20 {
		t.Fatalf("docs/tables.md lists %d tables", listed)
	}
	for _, e := range project.Entities {
		in := person.Input{Project: project, Entity: e}
		script, unknown := in.Scrub(tables, "run", sql.Timestamp{})
		if len(unknown) > 0 {
			t.Errorf("nobody has said what an erasure of %s does in %v", e.Name, unknown)
		}
		if len(script) < 10 {
			t.Errorf("an erasure of %s does %d things", e.Name, len(script))
		}
		if _, unknown := in.Scrub([]string{"backup_of_people"}, "run", sql.Timestamp{}); !slices.Equal(unknown, []string{"backup_of_people"}) {
			t.Error("a table that nobody knows is not told")
		}
	}
}
