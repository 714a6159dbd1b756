package compile_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// TestKeys: a successor lies as the table does whose place it takes, keys are of
// columns that are there, and docs/tables.md says the same.
func TestKeys(t *testing.T) {
	p, found := compile.Compile(load(t, business), compile.Options{AsOf: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), RunID: "run"})
	if found.HasErrors() {
		t.Fatal(found)
	}
	documented := documentedKeys(t)
	keys := map[string][]string{}
	for _, s := range p.System {
		keys[s.Table.Name] = s.Key
		for _, k := range s.Key {
			if !slices.Contains(sql.ColumnNames(s.Columns), k) {
				t.Errorf("the key of %s names %s, which it has not", s.Table.Name, k)
			}
		}
		general := strings.NewReplacer("customer_employer", "<from>_<name>", "customer", "<entity>", "account", "<entity>")
		want, got := documented[general.Replace(s.Table.Name)], strings.Join(s.Key, ", ")
		switch s.Table.Name {
		case "customer_employer":
			want = strings.ReplaceAll(want, "<from>", "customer")
		case "segment_members":
			want = strings.Replace(want, "then the id columns", "customer_id, account_id", 1)
		}
		if got = general.Replace(got); general.Replace(want) != got {
			t.Errorf("%s lies by (%s), docs/tables.md says (%s)", s.Table.Name, got, want)
		}
	}
	successors := 0
	for _, m := range p.Models {
		for _, step := range m.Steps {
			exec, ok := step.(*models.Exec)
			if !ok {
				continue
			}
			for _, s := range exec.Statements {
				made, ok := s.(sql.CreateTableAs)
				if !ok || made.Table.Space != sql.Beside {
					continue
				}
				successors++
				if d := cmp.Diff(keys[made.Table.Name], made.Key); d != "" {
					t.Errorf("%s (-table +successor):\n%s", made.Table.Name, d)
				}
			}
		}
	}
	if successors < 6 {
		t.Errorf("only %d tables have successors", successors)
	}
}

var orderRow = regexp.MustCompile("(?m)^\\| `([^`]*)` \\| (.*) \\|$")

// documentedKeys are the orders that docs/tables.md says, by table.
func documentedKeys(tb testing.TB) map[string]string {
	tb.Helper()
	page, err := os.ReadFile("../../docs/tables.md")
	if err != nil {
		tb.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n## How the rows lie\n")
	if !found {
		tb.Fatal("docs/tables.md does not say how the rows lie")
	}
	out := map[string]string{}
	for _, m := range orderRow.FindAllStringSubmatch(section, -1) {
		out[m[1]] = strings.ReplaceAll(m[2], "`", "")
	}
	return out
}
