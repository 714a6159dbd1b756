package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models/expr/syntax"
)

// formatted holds a file to what customhouse fmt makes of it.
func formatted(t *testing.T, name string, text []byte) {
	t.Helper()
	out, found := syntax.FormatFile(&diag.Source{Name: name, Text: text})
	if len(found) > 0 {
		t.Errorf("%s: %v", name, found)
	}
	if out != nil {
		t.Errorf("%s is not formatted: run customhouse fmt; it would be\n%s", name, out)
	}
}

// TestFormatted: what people copy looks as customhouse fmt would have it.
func TestFormatted(t *testing.T) {
	for _, dir := range projects(t) {
		files, err := filepath.Glob(dir + "/*.yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			formatted(t, name, text)
		}
	}
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")
	n := 0
	for _, name := range append(pages, "../README.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range block.FindAllStringSubmatch(string(text), -1) {
			if n++; strings.Contains(m[1], "...") {
				continue // a part of a file, with something left out
			}
			formatted(t, fmt.Sprintf("%s, block %d", filepath.Base(name), i+1), []byte(m[1]))
		}
	}
	if n < 5 {
		t.Errorf("only %d blocks of YAML in the documentation", n)
	}
}
