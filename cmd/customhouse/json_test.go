package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestJSON: with --format json standard output is one document that names its
// version, or a row a line for a table that was asked for; and no document but
// one about a person holds anybody's data.
func TestJSON(t *testing.T) {
	t.Parallel()
	outer := t.TempDir()
	dir := filepath.Join(outer, "p")
	people := []string{"ada@example.com", "blaise", "grace", "Ada"}
	// These are asked about one person, and tell.
	personal := []string{"customhouse/profile/v1", "customhouse/explain/v1", "customhouse/sync-explain/v1"}
	for _, test := range []struct {
		schema string
		args   []string
	}{
		{"customhouse/init/v1", []string{"init", dir}},
		{"customhouse/diagnostics/v1", []string{"validate"}},
		{"customhouse/nodes/v1", []string{"ls"}},
		{"customhouse/manifest/v2", []string{"compile"}},
		{"customhouse/run-results/v1", []string{"run"}},
		{"customhouse/run-results/v1", []string{"run", "--select", "sync:good_customers_to_files"}},
		{"customhouse/run-results/v1", []string{"run", "--select", "segment:good_customers"}},
		{"customhouse/profile/v1", []string{"show", "customer", "email=ada@example.com"}},
		{"customhouse/segment-sizes/v1", []string{"segments", "size"}},
		{"customhouse/segment-history/v1", []string{"segments", "history", "good_customers"}},
		{"customhouse/segment-overlap/v1", []string{"segments", "overlap", "good_customers", "everybody"}},
		{"customhouse/explain/v1", []string{"explain", "customer", "email=ada@example.com"}},
		{"customhouse/explain/v1", []string{"explain", "link", "email=ada@example.com", "email=grace@example.com"}},
		{"customhouse/identity-audit/v1", []string{"identity", "audit"}},
		{"customhouse/identity-audit/v1", []string{"identity", "audit", "--try", "name=contacts.first_name"}},
		{"customhouse/segment-preview/v1", []string{"segments", "preview", "good_customers"}},
		{"customhouse/segment-preview/v1", []string{"segments", "preview", "--when", "email.startsWith('a')"}},
		{"customhouse/segment-explain/v1", []string{"segments", "explain", "good_customers", "--for", "id=1"}},
		{"customhouse/plan/v1", []string{"plan"}},
		{"customhouse/impact/v1", []string{"plan", "--candidate"}},
		{"customhouse/sync-explain/v1", []string{"explain", "--sync", "good_customers_to_files", "email=ada@example.com"}},
		{"customhouse/run-results/v1", []string{"sync"}},
		{"customhouse/version/v1", []string{"version"}},
		{"http://json-schema.org/draft-07/schema#", []string{"schema"}},
	} {
		args := append([]string{"--format", "json", "--log-format", "json"}, test.args...)
		if test.args[0] != "init" {
			args = append(args, "--project-dir", dir)
		}
		r := customhouse(t, nil, args...)
		if r.code != 0 {
			t.Errorf("%v: got exit code %d: %s", test.args, r.code, r.stderr)
		}
		if test.args[0] == "init" {
			write(t, filepath.Join(dir, "more.yaml"), "segments:\n  - {name: everybody, entity: customer, when: 'true'}\n")
		}
		var document struct {
			Schema     string `json:"schema"`
			JSONSchema string `json:"$schema"`
		}
		if err := json.Unmarshal([]byte(r.stdout), &document); err != nil || document.Schema+document.JSONSchema != test.schema {
			t.Errorf("%v: got the schema %q, want %q: %v", test.args, document.Schema+document.JSONSchema, test.schema, err)
		}
		for line := range strings.Lines(r.stderr) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%v: standard error holds what is no JSON: %s", test.args, line)
			}
		}
		for _, who := range people {
			if strings.Contains(r.stderr, who) || !slices.Contains(personal, test.schema) && strings.Contains(r.stdout, who) {
				t.Errorf("%v: %s is among the output:\n%s%s", test.args, who, r.stdout, r.stderr)
			}
		}
	}
	// What stays behind holds nobody's data either.
	for _, name := range []string{"manifest.json", "run_results.json"} {
		text, err := os.ReadFile(filepath.Join(dir, "target", name))
		if err != nil || !json.Valid(text) {
			t.Errorf("%s: %v", name, err)
		}
		for _, who := range people {
			if strings.Contains(string(text), who) {
				t.Errorf("%s holds %s", name, who)
			}
		}
	}
	for _, name := range []string{"customer_profiles", "segment:good_customers", "runs", "sync_ledger"} {
		lines := 0
		for line := range strings.Lines(must(t, nil, "--project-dir", dir, "--format", "json", "show", name)) {
			lines++
			var row map[string]any
			if err := json.Unmarshal([]byte(line), &row); err != nil || len(row) == 0 {
				t.Errorf("show %s: %v in %s", name, err, line)
			}
		}
		if lines == 0 {
			t.Errorf("show %s is empty", name)
		}
	}

	// Findings are results; other errors go to standard error.
	write(t, filepath.Join(dir, "bad.yaml"), "segmnts: []\n")
	r := customhouse(t, nil, "--project-dir", dir, "--format", "json", "run")
	var findings struct {
		Schema      string `json:"schema"`
		Diagnostics []struct {
			Code, File, Help string
			Line             int
		} `json:"diagnostics"`
	}
	if err := json.Unmarshal([]byte(r.stdout), &findings); err != nil || r.code != 1 || r.stderr != "" {
		t.Fatalf("got exit code %d, %v, %s", r.code, err, r.stderr)
	}
	if d := findings.Diagnostics; len(d) != 1 || d[0].Code != "unknown-key" || d[0].File != "bad.yaml" || d[0].Line != 1 || d[0].Help == "" {
		t.Errorf("got %+v", d)
	}
	r = customhouse(t, nil, "--project-dir", dir, "--format", "json", "run", "--target", "none")
	if r.stdout != "" && !json.Valid([]byte(r.stdout)) {
		t.Errorf("got %s", r.stdout)
	}
}
