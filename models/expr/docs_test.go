package expr

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// TestDocs compiles every expression of docs/expressions.md, as the table it
// stands in says: those of Segments as segments, the others as a trait.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/expressions.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	base, rest, _ := strings.Cut(rest, "```")
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
			out, found := Compile(project(t, base, more))
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
	if n < 40 {
		t.Errorf("only %d expressions found", n)
	}
}
