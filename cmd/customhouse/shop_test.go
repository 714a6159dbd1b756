package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/examples/shop"
	"github.com/customhouse-cdp/customhouse/models/compile"
	subject "github.com/customhouse-cdp/customhouse/models/privacy/person"
	"github.com/customhouse-cdp/customhouse/sql"
)

// sameTables runs a project on its local target and on another, and wants the same
// tables, to the last value.
func sameTables(t *testing.T, dir string, env []string, target, at string) {
	t.Helper()
	r := customhouse(t, env, "--project-dir", dir, "parity", "local", target, "--as-of", at, "--unmask", "--because", "test")
	if r.code != 0 || !strings.Contains(r.stdout, "Everything is equal.") {
		t.Fatalf("as of %s: exit code %d\n%s%s", at, r.code, r.stdout, r.stderr)
	}
}

// sameShop runs the shop's two days on its local target and on another, the second
// upon the first, and wants the same tables and the same files.
func sameShop(t *testing.T, dir string, env []string, customers int, target string) {
	t.Helper()
	for number := 1; number <= 2; number++ {
		day(t, dir, customers, number)
		sameTables(t, dir, env, target, asOf(number))
		sent := map[string]map[string]string{}
		for _, on := range []string{"local", target} {
			if err := os.RemoveAll(filepath.Join(dir, "exports")); err != nil {
				t.Fatal(err)
			}
			must(t, env, "--project-dir", dir, "--target", on, "run", "--as-of", asOf(number), "--exclude", toFiles)
			sent[on] = written(t, dir)
		}
		if len(sent["local"]) == 0 {
			t.Errorf("day %d: nothing was delivered", number)
		}
		if d := cmp.Diff(sent["local"], sent[target]); d != "" {
			t.Errorf("day %d: what was delivered (-local +%s):\n%s", number, target, d)
		}
	}
}

// written are the files of a run, by sync and name.
func written(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "exports", "*", "*", "part-*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sync := filepath.Base(filepath.Dir(filepath.Dir(path)))
		out[sync+"/"+filepath.Base(path)] = string(text)
	}
	return out
}

// shopProject is the shop on its day 1, delivering to files alone.
func shopProject(t *testing.T, customers int) (dir string, env []string) {
	t.Helper()
	dir = copyProject(t, shop.Files)
	env = []string{"SHOP_DATA=" + filepath.Join(dir, "raw"), "SHOP_PLATFORM_URL=http://127.0.0.1:1", "SHOP_PLATFORM_SECRET=none"}
	day(t, dir, customers, 1)
	return dir, env
}

func day(t *testing.T, dir string, customers, number int) {
	t.Helper()
	_, err := shop.Generate(t.Context(), shop.Options{Customers: customers, Seed: 7, Dir: filepath.Join(dir, "raw"), Day: number})
	if err != nil {
		t.Fatal(err)
	}
}

func asOf(number int) string { return shop.AsOf(number).Format(time.RFC3339) }

// toFiles selects what does not need a platform.
const toFiles = "sync:*_to_platform"

// TestDeterminism: the same project, data and as_of give the same tables.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	dir, env := shopProject(t, 300)
	other := copyProject(t, shop.Files)
	for _, d := range []string{dir, other} {
		must(t, env, "--project-dir", d, "run", "--as-of", asOf(1), "--exclude", toFiles)
	}
	if d := cmp.Diff(snapshot(t, env, dir), snapshot(t, env, other)); d != "" {
		t.Errorf("two fresh runs differ:\n%s", d)
	}
}

// TestSecondRun: unchanged data sends nothing.
func TestSecondRun(t *testing.T) {
	t.Parallel()
	dir, env := shopProject(t, 300)
	var results []runResults
	for range 2 {
		out := must(t, env, "--project-dir", dir, "--format", "json", "run", "--as-of", asOf(1), "--exclude", toFiles)
		var r runResults
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	if first := results[0].Syncs[0]; first.Upserted == 0 {
		t.Error("the first run delivered nothing")
	}
	if second := results[1].Syncs[0]; second.Attempted != 0 || second.Counts["known"] != results[0].Syncs[0].Upserted {
		t.Errorf("the second run attempted %d operations and knew %d, want 0 and %d",
			second.Attempted, second.Counts["known"], results[0].Syncs[0].Upserted)
	}
}

type runResults struct {
	Schema string `json:"schema"`
	Status string `json:"status"`
	Syncs  []struct {
		Name      string           `json:"name"`
		Attempted int64            `json:"attempted"`
		Upserted  int64            `json:"upserted"`
		Counts    map[string]int64 `json:"counts"`
	} `json:"syncs"`
}

// TestStopped: after SIGKILL or SIGINT at any point every table is either the
// last one or the new one, and the next run ends as if nothing had happened.
func TestStopped(t *testing.T) {
	t.Parallel()
	const customers = 300
	rounds := 4
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		rounds = 60
	}
	dir, env := shopProject(t, customers)
	args := func(number int) []string {
		return []string{"--project-dir", dir, "run", "--as-of", asOf(number), "--exclude", toFiles}
	}
	must(t, env, args(1)...)
	before := tables(t, env, dir)
	start := time.Now()
	day(t, dir, customers, 2)
	want := undisturbed(t, env, dir, customers)
	whole := time.Since(start) / 3
	file := filepath.Join(dir, "shop.duckdb")
	saved, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for round := range rounds {
		os.Remove(file + ".wal")
		if err := os.WriteFile(file, saved, 0o600); err != nil {
			t.Fatal(err)
		}
		pause := time.Duration(rand.Int64N(int64(whole))) + 10*time.Millisecond
		signal := []syscall.Signal{syscall.SIGKILL, syscall.SIGINT}[round%2]
		stopped := stop(t, env, signal, pause, args(2)...)
		for name, got := range tables(t, env, dir) {
			if got != before[name] && got != want[name] {
				t.Fatalf("round %d, %s after %s: table %s is neither the old nor the new one:\n%s", round, signal, pause, name, cmp.Diff(want[name], got))
			}
		}
		r := customhouse(t, env, args(2)...)
		if r.code != 0 {
			t.Fatalf("round %d: the run after the signal failed:\n%s%s", round, r.stdout, r.stderr)
		}
		if d := cmp.Diff(want, tables(t, env, dir)); d != "" {
			t.Fatalf("round %d, %s after %s: the next run ended differently:\n%s", round, signal, pause, d)
		}
		statuses := map[string]int{}
		for _, row := range table(t, env, dir, "runs") {
			statuses[row["status"]]++
		}
		// A SIGINT before the run installed its handler is as good as a SIGKILL
		// before it wrote anything.
		if statuses["running"] != 0 || stopped && signal == syscall.SIGINT && statuses["killed"] != 0 {
			t.Errorf("round %d, %s: statuses of runs are %v", round, signal, statuses)
		}
	}
}

// tables are the public tables as text, by name.
func tables(t *testing.T, env []string, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range public {
		out[name] = must(t, env, "--project-dir", dir, "--format", "csv", "show", "--unmask", "--because", "test", name, "--limit", "100000000")
	}
	return out
}

// undisturbed are the tables after days 1 and 2 in another warehouse. It
// leaves the data of day 2 behind.
func undisturbed(t *testing.T, env []string, dir string, customers int) map[string]string {
	t.Helper()
	other := copyProject(t, shop.Files)
	for number := 1; number <= 2; number++ {
		day(t, dir, customers, number)
		must(t, env, "--project-dir", other, "run", "--as-of", asOf(number), "--exclude", toFiles)
	}
	return tables(t, env, other)
}

// stop starts the command line and sends it a signal after a pause; it reports
// whether it was still running.
func stop(t *testing.T, env []string, signal os.Signal, pause time.Duration, args ...string) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "customhouse", args...)
	cmd.Env = append(os.Environ(), env...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(pause, func() { cmd.Process.Signal(signal) })
	defer timer.Stop()
	err := cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status, ok := exit.Sys().(syscall.WaitStatus)
		if ok && status.Signaled() || signal == syscall.SIGINT && exit.ExitCode() == exitUsage {
			return true
		}
		t.Fatalf("the run failed with %d before it was stopped:\n%s", exit.ExitCode(), output.String())
	}
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// TestGolden: the SQL of the shop is committed, for each warehouse, so that a
// change of it is seen. The modes of syncs differ in their statements and not in
// how those are spelled: of the default warehouse all are kept, of others the one
// that is unlike the shop's own.
func TestGolden(t *testing.T) {
	loaded, found := config.Load(withModes(t), ".", kinds())
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	plan, found := compile.Compile(loaded, compile.Options{AsOf: shop.AsOf(1), RunID: "RUN"})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	for _, kind := range targetKinds {
		t.Run(kind.name, func(t *testing.T) {
			target := &config.Target{Name: "golden", Type: kind.name, Schema: "customhouse", Config: kind.config()}
			m, files, err := compiled(&project{Project: loaded, dir: ".", target: target, kind: kind}, plan)
			if err != nil {
				t.Fatal(err)
			}
			// One file for each model: the steps, one after the other.
			got := map[string]string{}
			for _, model := range append(m.Models, m.Syncs...) {
				if strings.HasPrefix(model.Name, "sync:mode_") && model.Name != "sync:mode_append" && kind.name != targetKinds[0].name {
					continue
				}
				var texts []string
				for _, name := range model.Files {
					texts = append(texts, files[name])
				}
				got[strings.ReplaceAll(model.Name, ":", "_")+".sql"] = strings.Join(texts, "\n")
			}
			got["privacy_person.sql"] = personSQL(t, kind.printer(target, []string{"contacts", "loyalty", "newsletter", "orders", "page_views"}), loaded)
			golden(t, kind.name, got)
		})
	}
}

// personSQL is what a warehouse is asked of one person.
func personSQL(t *testing.T, printer *sql.Printer, p *config.Project) string {
	t.Helper()
	who := subject.Person{Project: p, Entity: p.Entities[0], IDs: []int64{17, 3}, Named: []subject.Identifier{{Type: "phone", Value: "+33612345678"}}}
	var b strings.Builder
	say := func(title string, q sql.Query) {
		text, err := printer.Query(q)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "-- %s\n%s;\n\n", title, text)
	}
	say("merged", subject.Merged(who.Entity, who.IDs))
	say("living", subject.Living(who.Entity, who.IDs))
	for _, part := range who.Parts([]string{"email", "spent"}, []string{"lifecycle"}) {
		say(part.Name, part.Query)
	}
	for _, part := range who.Working() {
		say("count "+part.Name, subject.Count(part.Query, part.Time))
	}
	for _, s := range p.Sources[:1] {
		say("rows of "+s.Name, who.Rows(s, []subject.Column{{Name: "user_id"}, {Name: "email"}, {Name: "mobile"}, {Name: "first_name"}, {Name: "extra", Other: true}, {Name: "updated_at"}}))
		say("count rows of "+s.Name, subject.Count(who.Holding(s), "at"))
	}
	for _, trait := range p.Traits[:2] {
		say("origin of "+trait.Name, who.Origin(trait))
	}
	return b.String()
}

// golden compares files with those of a folder of sql/golden.
func golden(t *testing.T, folder string, got map[string]string) {
	t.Helper()
	dir := filepath.Join("..", "..", "sql", "golden", folder)
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range got {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		want[e.Name()] = string(text)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if d := cmp.Diff(strings.Split(want[name], "\n"), strings.Split(got[name], "\n")); d != "" {
			t.Errorf("sql/golden/%s/%s differs; look at it, then make golden (-want +got):\n%s", folder, name, d)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("sql/golden/%s has no %s; make golden", folder, name)
		}
	}
}

// withModes is the shop with a sync of each mode.
func withModes(t *testing.T) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(shop.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(shop.Files, name)
		out[name] = &fstest.MapFile{Data: text}
		return err
	})
	text, err2 := os.ReadFile(filepath.Join("testdata", "modes.yaml"))
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	out["modes.yaml"] = &fstest.MapFile{Data: text}
	return out
}

// TestGoldenSchema: the schema beside the examples, which their modelines name,
// is the one that the command prints.
func TestGoldenSchema(t *testing.T) {
	path := filepath.Join("..", "..", "examples", "customhouse.schema.json")
	want, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); d != "" {
		t.Errorf("%s differs; make golden (-want +got):\n%s", path, d)
	}
}

// TestSchema: the JSON Schema that editors use accepts the example projects
// and what init writes, and refuses a key that does not exist.
func TestSchema(t *testing.T) {
	text, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("customhouse.schema.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("customhouse.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	validate := func(text []byte) error {
		var v any
		if err := yaml.Unmarshal(text, &v); err != nil {
			return err
		}
		asJSON, err := json.Marshal(v)
		if err != nil {
			return err
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			return err
		}
		return s.Validate(instance)
	}
	projects := t.TempDir()
	must(t, nil, "init", filepath.Join(projects, "sample"))
	must(t, nil, "init", filepath.Join(projects, "own"), "--source", "data/*.csv", "--identifier", "E-Mail", "--identifier", "user id")
	count := 0
	for _, pattern := range []string{filepath.Join("..", "..", "examples", "*", "*.yaml"), filepath.Join(projects, "*", "*.yaml")} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			count++
			if err := validate(text); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if count < 10 {
		t.Errorf("only %d files were validated", count)
	}
	if err := validate([]byte("segments: [{name: a, entity: b, wen: 'true'}]")); err == nil {
		t.Error("the schema accepts a key that does not exist")
	}
}
