package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestDocsNameEveryKey: what the schema knows, the reference pages explain.
func TestDocsNameEveryKey(t *testing.T) {
	text, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	var walk func(any)
	walk = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, x := range node {
				walk(x)
			}
		case map[string]any:
			if properties, ok := node["properties"].(map[string]any); ok {
				for key := range properties {
					keys[key] = true
				}
			}
			for _, x := range node {
				walk(x)
			}
		}
	}
	walk(document)
	if len(keys) < 40 {
		t.Fatalf("only %d keys found", len(keys))
	}
	pages, err := filepath.Glob("../../docs/destinations/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var docs strings.Builder
	for _, page := range append(pages, "../../docs/project.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		docs.Write(text)
	}
	for key := range keys {
		explained := false
		for _, form := range []string{"`" + key + "`", "## " + key + "\n", key + ": "} {
			explained = explained || strings.Contains(docs.String(), form)
		}
		if !explained {
			t.Errorf("docs/project.md and docs/destinations do not explain the key %s", key)
		}
	}
}

// TestDocsOutline: the page of each destination has what a reader looks for, in the
// same order everywhere, and a whole project as its example. A webhook is no platform
// and has a page of its own kind.
func TestDocsOutline(t *testing.T) {
	outline := []string{"Permissions", "Example", "Limits", "A person who leaves", "Erasing somebody"}
	for _, kind := range destinationKinds {
		if kind.name == "webhook" {
			continue
		}
		text, err := os.ReadFile(filepath.Join("../../docs/destinations", kind.name+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		page, at := string(text), -1
		for _, heading := range outline {
			_, section, found := strings.Cut(page, "\n## "+heading+"\n")
			section, _, _ = strings.Cut(section, "\n## ")
			if !found || len(strings.Fields(section)) < 8 {
				t.Errorf("%s.md says nothing under %q", kind.name, heading)
			}
			if here := strings.Index(page, "\n## "+heading+"\n"); here < at {
				t.Errorf("%s.md has %q too early", kind.name, heading)
			} else {
				at = here
			}
			if heading == "Example" && !strings.Contains(section, "```yaml\nproject:") {
				t.Errorf("%s.md has no whole project under %q", kind.name, heading)
			}
		}
		if intro, _, _ := strings.Cut(page, "\n## "); len(strings.Fields(intro)) < 15 {
			t.Errorf("%s.md does not say first what it does", kind.name)
		}
	}
}

// TestDocsExamples: the example of each destination's page is a project that
// compiles without a warning.
func TestDocsExamples(t *testing.T) {
	pages, err := filepath.Glob("../../docs/destinations/*.md")
	if err != nil {
		t.Fatal(err)
	}
	compiled := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?s)```yaml\n(project:.*?)```").FindAllSubmatch(text, -1) {
			compiled++
			t.Run(filepath.Base(page), func(t *testing.T) {
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, projectFile), block[1], 0o600); err != nil {
					t.Fatal(err)
				}
				var out, complaints strings.Builder
				a := &app{
					stdin: strings.NewReader(""), stdout: &out, stderr: &complaints, now: time.Now,
					env: func(string) (string, bool) { return "", false },
				}
				if code := a.execute(t.Context(), []string{"validate", "--project-dir", dir}); code != 0 || complaints.Len() > 0 {
					t.Errorf("exit code %d\n%s%s", code, out.String(), complaints.String())
				}
			})
		}
	}
	if compiled == 0 {
		t.Error("no page has a whole project")
	}
}
