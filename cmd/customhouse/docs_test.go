package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
