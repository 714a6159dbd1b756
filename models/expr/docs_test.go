package expr

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
)

// TestDocs compiles every expression of docs/expressions.md, as the table it
// stands in says: those of Segments as segments, those of Members as a trait of
// accounts, the others as a trait of customers.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/expressions.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	base, rest, _ := strings.Cut(rest, "```")
	_, second, _ := strings.Cut(rest, "```yaml\n")
	second, _, _ = strings.Cut(second, "```")
	accounts := project(t, second)
	accounts.Entity = &config.Entity{Name: "account"}
	accounts.Relations = []*config.Relation{{Name: "employer", From: "customer", To: "account", Reverse: "employees"}}
	known := map[string][]Compiled{}
	for name, in := range map[string]Input{"customer": project(t, base), "account": accounts} {
		out, found := Compile(in)
		if found.HasErrors() {
			t.Fatal(found)
		}
		known[name] = out.Traits
	}
	row := regexp.MustCompile("(?m)^\\|[^|]*\\| `(.*)` \\|$")
	n := 0
	for section := range strings.SplitSeq(rest, "\n## ") {
		for _, m := range row.FindAllStringSubmatch(section, -1) {
			n++
			quoted := strings.ReplaceAll(m[1], "'", "''")
			more := "traits:\n  - {name: example, entity: customer, value: '" + quoted + "'}\n"
			if strings.HasPrefix(section, "Segments") {
				more = "segments:\n  - {name: example, entity: customer, when: '" + quoted + "'}\n"
			}
			in := project(t, base, more)
			in.Relations = accounts.Relations
			if strings.HasPrefix(section, "Members") {
				in = accounts
				in.Traits = append(slices.Clip(in.Traits), project(t, more).Traits...)
			}
			out, found := Parse(in).Compile(known)
			for _, d := range found {
				if d.Severity == diag.Error {
					t.Errorf("%s: %s", m[1], d.Summary)
				}
			}
			if out == nil && !found.HasErrors() {
				t.Errorf("%s: no output", m[1])
			}
		}
	}
	if n < 55 {
		t.Errorf("only %d expressions found", n)
	}
}
