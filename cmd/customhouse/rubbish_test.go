package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v4"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/profile"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// rubbish is what a hand that slips may leave in place of any value.
var rubbish = []string{
	"null", `""`, `" "`, "[]", "{}", "[null]", "{a: null}", "-1", "0", "1", "99999999999999999999", "1e400", ".nan", "true", "1.5",
	"x", `"x y"`, `"${env:X}"`, "[x, x]", "{x: y}", "2024-02-30", `"100%"`, `"-5%"`, `"3 days"`, `"é\u0000"`, "now", `"a.b.c"`, `"*"`,
	`"in_segment('x')"`, "[[x]]", "{trait: x}", "{value: '1'}", "{list: [x]}", "{object: {x: x}}", "!!binary aGk=", strings.Repeat("x", 70),
}

// scriptProjects are the projects of the scripts, by name: all files of a script,
// or those of a folder.
func scriptProjects(t *testing.T) map[string]fstest.MapFS {
	t.Helper()
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(scripts) < 20 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	out := map[string]fstest.MapFS{}
	for _, script := range scripts {
		archive, err := txtar.ParseFile(script)
		if err != nil {
			t.Fatal(err)
		}
		folders := map[string]fstest.MapFS{"": {}}
		for _, f := range archive.Files {
			folders[""][f.Name] = &fstest.MapFile{Data: f.Data}
			if folder, name, ok := strings.Cut(f.Name, "/"); ok {
				if folders[folder] == nil {
					folders[folder] = fstest.MapFS{}
				}
				folders[folder][name] = &fstest.MapFile{Data: f.Data}
			}
		}
		for folder, files := range folders {
			if p, found := config.Load(files, ".", kinds()); p != nil && !found.HasErrors() {
				out[path.Join(filepath.Base(script), folder)] = files
			}
		}
	}
	return out
}

// TestRubbishHasEveryKey: a key that no project of the scripts has is never put
// to the test.
func TestRubbishHasEveryKey(t *testing.T) {
	t.Parallel()
	text, err := config.Schema(kinds())
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if properties, ok := v["properties"].(map[string]any); ok {
				for key := range properties {
					keys[key] = true
				}
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(schema)
	for _, files := range scriptProjects(t) {
		for name, f := range files {
			var doc yaml.Node
			if filepath.Ext(name) != ".yaml" || yaml.Unmarshal(f.Data, &doc) != nil {
				continue
			}
			for _, at := range spots(&doc) {
				if n := *at; n.Kind == yaml.MappingNode {
					for i := 0; i < len(n.Content); i += 2 {
						delete(keys, n.Content[i].Value)
					}
				}
			}
		}
	}
	if left := slices.Sorted(maps.Keys(keys)); len(left) > 0 {
		t.Errorf("no project of the scripts has the keys %q", left)
	}
}

// spots lists the spots of a document where a value can be put.
func spots(n *yaml.Node) []**yaml.Node {
	var out []**yaml.Node
	for i := range n.Content {
		out = append(append(out, &n.Content[i]), spots(n.Content[i])...)
	}
	return out
}

func duplicate(n *yaml.Node) *yaml.Node {
	out := *n
	out.Content = nil
	for _, c := range n.Content {
		out.Content = append(out.Content, duplicate(c))
	}
	return &out
}

// TestRubbish: whatever stands in place of a value, a key or an item of a
// project, it is refused with its place and what to do, or makes a plan. In
// either case the program lives.
func TestRubbish(t *testing.T) {
	t.Parallel()
	projects := scriptProjects(t)
	names := slices.Sorted(maps.Keys(projects))
	r := seeded(t)
	rounds := 3_000
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		rounds = 100_000
	}
	refused := 0
	for range rounds {
		name := names[r.IntN(len(names))]
		files, text, err := spoil(r, projects[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		found, err := planned(files)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
		if !found.HasErrors() {
			continue
		}
		refused++
		for _, d := range found {
			if d.Severity == diag.Error && (d.Span.IsZero() && d.Code != "no-project" && d.Code != "no-target" || d.Summary == "") {
				t.Errorf("%s: a finding without a place: %+v\n%s", name, d, text)
			}
		}
	}
	if refused < rounds/2 {
		t.Errorf("%d of %d spoiled projects were refused", refused, rounds)
	}
}

// seeded is chance that can be had again.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("CUSTOMHOUSE_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("CUSTOMHOUSE_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// TestRubbishRuns: what was accepted with rubbish in it runs. It may fail, for
// want of a column say, but never in the words of the engine: those would be of
// SQL that nobody wrote.
func TestRubbishRuns(t *testing.T) {
	t.Parallel()
	projects := scriptProjects(t)
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(projects)), func(name string) bool {
		for _, f := range projects[name] {
			if bytes.Contains(f.Data, []byte("results: indexed")) {
				return true // It is sent for minutes to a platform that never speaks of rows.
			}
		}
		return false
	})
	r := seeded(t)
	left := 15
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		left = 300
	}
	for left > 0 {
		name := names[r.IntN(len(names))]
		files, text, err := spoil(r, projects[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if found, err := planned(files); found.HasErrors() || err != nil {
			continue
		}
		left--
		dir := filepath.Join(t.TempDir(), "p")
		if err := os.CopyFS(dir, files); err != nil {
			t.Fatal(err)
		}
		env := []string{"PLATFORM_URL=" + startPlatform(t, filepath.Join(dir, "platform.log"))}
		run := customhouse(t, env, "--project-dir", dir, "run", "--as-of", "2026-01-02")
		if run.code != 0 && run.code != 1 || engineWords.MatchString(run.stderr+run.stdout) {
			t.Errorf("%s: exit code %d\n%s%s\n%s", name, run.code, run.stdout, run.stderr, text)
		}
	}
}

// engineWords are what DuckDB says of SQL that it cannot do.
var engineWords = regexp.MustCompile(`(Binder|Parser|Catalog|Conversion|Internal|INTERNAL|Out of Range|Invalid Input|Constraint|Not implemented|Type)( Error|Exception)?: |panic`)

// spoil puts rubbish in one place of a project, or takes away what is there. It
// returns the spoiled file's text too.
func spoil(r *rand.Rand, project fstest.MapFS) (fstest.MapFS, string, error) {
	names := slices.Sorted(maps.Keys(project))
	names = slices.DeleteFunc(names, func(name string) bool { return filepath.Ext(name) != ".yaml" && filepath.Ext(name) != ".yml" })
	name := names[r.IntN(len(names))]
	var doc yaml.Node
	if err := yaml.Unmarshal(project[name].Data, &doc); err != nil {
		return nil, "", err
	}
	all := spots(&doc)
	at := all[r.IntN(len(all))]
	right := *all[r.IntN(len(all))]
	var wrong yaml.Node
	if err := yaml.Unmarshal([]byte(rubbish[r.IntN(len(rubbish))]), &wrong); err != nil {
		return nil, "", err
	}
	instead := wrong.Content[0]
	if r.IntN(4) == 0 { // what is right elsewhere
		instead = duplicate(right)
	}
	*at = instead
	text, err := yaml.Marshal(&doc)
	if err != nil {
		return nil, "", err
	}
	files := maps.Clone(project)
	files[name] = &fstest.MapFile{Data: text}
	return files, string(text), nil
}

// planned loads a project and makes its plan, down to the SQL.
func planned(files fstest.MapFS) (found diag.List, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	p, found := config.Load(files, ".", kinds())
	if found.HasErrors() {
		return found, nil
	}
	if found := p.Targets[0].Found; found.HasErrors() {
		return found, nil
	}
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	plan, found := compile.Compile(p, compile.Options{AsOf: at, Target: p.Targets[0].Name, RunID: "r"})
	if plan == nil {
		return found, nil
	}
	printer := &sql.Printer{Dialect: sql.DuckDB, Names: func(t sql.Table) []string { return []string{"s", t.Name} }}
	var statements []sql.Statement
	steps := func(list []models.Step) {
		for _, s := range list {
			if e, ok := s.(*models.Exec); ok {
				statements = append(statements, e.Statements...)
			}
		}
	}
	for _, m := range plan.Models {
		steps(m.Steps)
		statements = append(statements, m.Commit...)
	}
	for _, a := range plan.Audiences {
		steps(a.Steps)
		statements = append(statements, slices.Concat(a.Refuse, a.Note, a.Apply, a.Settle)...)
	}
	for _, s := range statements {
		if _, err := printer.Statement(s); err != nil {
			return found, err
		}
	}
	return found, nil
}

// TestRubbishInProfiles: so is what stands in place of a value in an output of a
// profile of dbt's, at its place in that file. Every key that is read of any adapter
// has had its turn.
func TestRubbishInProfiles(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	spoiled, refused, all := map[string]bool{}, 0, 0
	for name, adapter := range kinds().Profiles {
		keys := append(slices.Collect(maps.Keys(adapter.Keys)), adapter.Own...)
		slices.Sort(keys)
		for _, key := range slices.Compact(keys) {
			for _, wrong := range rubbish {
				files := profileWith(r, name, adapter, key, wrong)
				found, err := planned(files)
				if err != nil {
					t.Errorf("%s: %v\n%s", name, err, files["dbt/profiles.yml"].Data)
				}
				all++
				if found.HasErrors() {
					refused++
				}
				for _, d := range found {
					if d.Span.IsZero() || d.Summary == "" {
						t.Errorf("%s: a finding without a place: %+v\n%s", name, d, files["dbt/profiles.yml"].Data)
					}
					if d.Span.Source != nil && d.Span.Source.Name == "dbt/profiles.yml" {
						spoiled[name+" "+key] = true
					}
				}
			}
			if _, read := adapter.Keys[key]; read && !spoiled[name+" "+key] {
				t.Errorf("%s: whatever is said of %s, nothing is found", name, key)
			}
		}
	}
	if refused < all/4 || refused == all {
		t.Errorf("%d of %d spoiled profiles were refused", refused, all)
	}
}

// profileWith is a project whose target is an output of dbt's with rubbish as the
// value of a key, beside what an adapter needs and some of what it may have.
func profileWith(r *rand.Rand, name string, adapter profile.Adapter, key, wrong string) fstest.MapFS {
	given := map[string]string{}
	set := map[string]bool{adapter.Keys[key].To: true}
	for _, other := range slices.Concat(adapter.Required, slices.Sorted(maps.Keys(adapter.Keys))) {
		k := adapter.Keys[other]
		if set[k.To] || !slices.Contains(adapter.Required, other) && r.IntN(2) == 0 {
			continue
		}
		set[k.To] = true
		given[other] = map[profile.Kind]string{
			profile.Text: "x", profile.Number: "5", profile.Bool: "true", profile.Secret: `"{{ env_var('X') }}"`, profile.Path: "x.pem", profile.SecretFile: "x.p8",
		}[k.Is]
	}
	given[key] = wrong
	var b strings.Builder
	b.WriteString("shop:\n  outputs:\n    default:\n      type: " + name + "\n")
	for _, k := range slices.Sorted(maps.Keys(given)) {
		b.WriteString("      " + k + ": " + given[k] + "\n")
	}
	return fstest.MapFS{
		"dbt/dbt_project.yml": {Data: []byte("name: shop\n")},
		"dbt/profiles.yml":    {Data: []byte(b.String())},
		"customhouse.yaml":    {Data: []byte("project: {name: shop}\ntargets:\n  production: {type: dbt, profiles: dbt/profiles.yml}\n")},
	}
}
