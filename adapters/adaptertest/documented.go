package adaptertest

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Documented checks that the table of left-out cases in a section of a page names
// those of Harness.Without, and no others.
func Documented(t *testing.T, page, section string, without map[string]string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n## "+section+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	_, table, found := strings.Cut(rest, "| case of the suite | why |\n|---|---|\n")
	if !found {
		t.Fatalf("the section %s of %s has no table of cases", section, page)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var said []string
	for line := range strings.Lines(table) {
		_, rest, _ := strings.Cut(line, "| `")
		name, _, _ := strings.Cut(rest, "`")
		said = append(said, name)
	}
	slices.Sort(said)
	if d := cmp.Diff(slices.Sorted(maps.Keys(without)), said); d != "" {
		t.Errorf("cases that are left out (-here +%s):\n%s", page, d)
	}
}
