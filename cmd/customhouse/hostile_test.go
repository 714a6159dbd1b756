package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
)

// hostile are texts that end a literal, a name, a line or a string for who
// does not quote them. All are in their form after Unicode's NFC.
var hostile = []string{
	`O'Brien`, `"quoted"`, `back\slash\`, `'; DROP TABLE canary; --`, `"; DROP TABLE canary; --`, `") AS x; DROP TABLE canary; --`,
	"line\nfeed", "line\r\nend", "tab\there", "/* comment", "*/ comment", "-- comment", ";", ";;\n--", `\'; DROP TABLE canary; --`,
	`\x27\u0027`, `$1 ? :x %s %d {{.}} ${env:HOME} $$`, `=HYPERLINK("http://127.0.0.1/")`, "@cmd", "<script>&amp;</script>", `{"json": [1]}`,
	"🎩", "👩‍👩‍👧", "\u202eright to left", "émigré", "null", "NULL", "NaN", "true", "1e5", "007", "a,b;c|d", "'", `"`, `\`, "`", "``; DROP TABLE canary; --",
}

// withNUL is for formats that can carry it: a DuckDB table and JSON.
var withNUL = append(slices.Clip(hostile), "nul\x00inside", "'\x00; DROP TABLE canary; --")

// hostileName is the worst of a table's or column's name, and hostileField of a
// sync's field. NUL is in no name that a warehouse would take, and a key of YAML
// holds no line feed.
const (
	hostileName  = "a\"b';\n-- /* \\ 🎩 */ DROP TABLE canary; é"
	hostileField = "a\"b'; -- /* \\ 🎩 */ DROP TABLE canary; é"
)

func quoteName(name string) string  { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
func quoteText(value string) string { return `'` + strings.ReplaceAll(value, `'`, `''`) + `'` }

// TestHostile: names and values that would break out of an SQL statement are
// names and values like others: results are exact, nothing else happens.
func TestHostile(t *testing.T) {
	t.Parallel()
	column := func(i int) string { return strconv.Itoa(i) + hostileName }
	sources := map[string]struct {
		values []string
		// source is what the project says of it.
		source map[string]any
		write  func(t *testing.T, dir string, values []string)
	}{
		"table": {withNUL, map[string]any{"table": quoteName("s."+hostileName) + "." + quoteName("t."+hostileName)}, func(t *testing.T, dir string, values []string) {
			t.Helper()
			schema, table := quoteName("s."+hostileName), quoteName("t."+hostileName)
			statements := []string{
				"CREATE SCHEMA " + schema,
				fmt.Sprintf("CREATE TABLE %s.%s (%s VARCHAR, %s VARCHAR, %s VARCHAR)", schema, table, quoteName(column(0)), quoteName(column(1)), quoteName(column(2))),
			}
			for i, v := range values {
				text := strings.ReplaceAll(quoteText(v), "\x00", "' || chr(0) || '")
				statements = append(statements, fmt.Sprintf("INSERT INTO %s.%s VALUES (%d, %s, %s)", schema, table, i, text, text))
			}
			execute(t, filepath.Join(dir, "p.duckdb"), statements...)
		}},
		"csv": {hostile, map[string]any{"files": map[string]any{"path": "it's; $data*.csv"}}, func(t *testing.T, dir string, values []string) {
			t.Helper()
			var b strings.Builder
			row := func(cells ...string) {
				for i, c := range cells {
					b.WriteString([]string{"", ","}[min(i, 1)] + quoteName(c))
				}
				b.WriteByte('\n')
			}
			row(column(0), column(1), column(2))
			for i, v := range values {
				row(strconv.Itoa(i), v, v)
			}
			write(t, filepath.Join(dir, "it's; $data;.csv"), b.String())
		}},
		"json": {withNUL, map[string]any{"files": map[string]any{"path": "data.ndjson"}}, func(t *testing.T, dir string, values []string) {
			t.Helper()
			var b bytes.Buffer
			for i, v := range values {
				if err := json.NewEncoder(&b).Encode(map[string]string{column(0): strconv.Itoa(i), column(1): v, column(2): v}); err != nil {
					t.Fatal(err)
				}
			}
			write(t, filepath.Join(dir, "data.ndjson"), b.String())
		}},
	}
	for name, test := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			execute(t, filepath.Join(dir, "p.duckdb"), "CREATE TABLE canary AS SELECT 42 AS n")
			test.write(t, dir, test.values)
			hostileProject(t, dir, test.source, column, test.values)
			log := filepath.Join(dir, "platform.log")
			env := []string{"PLATFORM_URL=" + startPlatform(t, log)}
			must(t, env, "--project-dir", dir, "run")

			wantProfiles := map[string]string{}
			for i, v := range test.values {
				wantProfiles[strconv.Itoa(i)] = v
			}
			profiles := map[string]string{}
			number := map[string]string{} // of a customer
			for _, row := range lines(t, env, dir, "customer_profiles") {
				profiles[row["user_number"]] = row["nick"]
				number[row["customer_id"]] = row["user_number"]
			}
			if d := cmp.Diff(wantProfiles, profiles); d != "" {
				t.Errorf("profiles (-want +got):\n%s", d)
			}
			identities := map[string]string{}
			for _, row := range lines(t, env, dir, "customer_identities") {
				if row["identifier_type"] == "nick" {
					identities[number[row["customer_id"]]] = row["identifier"]
				}
			}
			if d := cmp.Diff(wantProfiles, identities); d != "" {
				t.Errorf("identities (-want +got):\n%s", d)
			}
			members := map[string]string{}
			for _, row := range lines(t, env, dir, "segment_members") {
				members[row["segment"]] += number[row["customer_id"]]
			}
			wantMembers := map[string]string{}
			for i := range hostile {
				wantMembers[fmt.Sprintf("is_%d", i)] = strconv.Itoa(i)
			}
			if d := cmp.Diff(wantMembers, members); d != "" {
				t.Errorf("members (-want +got):\n%s", d)
			}
			if d := cmp.Diff(wantProfiles, sent(t, log)); d != "" {
				t.Errorf("sent to the webhook (-want +got):\n%s", d)
			}
			if d := cmp.Diff(wantProfiles, exported(t, filepath.Join(dir, "out"))); d != "" {
				t.Errorf("exported to files (-want +got):\n%s", d)
			}
			for i, v := range test.values {
				if strings.Contains(v, "\x00") {
					continue // no argument of a process can hold it
				}
				if text := must(t, env, "--project-dir", dir, "show", "--unmask", "--because", "test", "customer", "nick="+v, "--format", "json"); !strings.Contains(text, `"value": "`+strconv.Itoa(i)+`"`) {
					t.Errorf("show customer nick=%q: got %s", v, text)
				}
			}
			again := must(t, env, "--project-dir", dir, "run")
			if got := strings.Count(again, "nothing to send"); got != 2 {
				t.Errorf("the second run sent something:\n%s", again)
			}
			execute(t, filepath.Join(dir, "p.duckdb"), "SELECT CASE WHEN (SELECT sum(n) FROM canary) = 42 THEN 1 ELSE error('the canary is gone') END")
		})
	}
}

// hostileProject has a segment for each value.
func hostileProject(t *testing.T, dir string, source map[string]any, column func(int) string, values []string) {
	t.Helper()
	source["name"], source["entity"], source["class"] = "people", "customer", "personal"
	source["identifiers"] = map[string]string{"user_id": column(0), "nick": column(1)}
	source["columns"] = map[string]any{
		"number": map[string]string{"type": "string", "column": column(0)},
		"nick":   map[string]string{"type": "string", "column": column(2)},
	}
	var segments []map[string]any
	for i, v := range values {
		if strings.Contains(v, "\x00") {
			continue // refused in expressions
		}
		text, err := json.Marshal(v) // CEL reads the escapes of JSON
		if err != nil {
			t.Fatal(err)
		}
		literal := strings.ReplaceAll(string(text), "$", `\u0024`) // no reference to the environment
		segments = append(segments, map[string]any{
			"name": fmt.Sprintf("is_%d", i), "entity": "customer",
			"when": fmt.Sprintf("nick == %s && people.exists(p, p.nick == %s)", literal, literal),
		})
	}
	sync := func(destination string) map[string]any {
		return map[string]any{
			"name": "to_" + destination, "from": map[string]string{"entity": "customer"}, "purpose": "service",
			"to":     map[string]string{"destination": destination, "object": hostileField, "mode": "mirror", "key": hostileField},
			"fields": map[string]string{hostileField: "user_number", "x" + hostileField: "nick"},
		}
	}
	allow := []string{"public", "internal", "personal"}
	text, err := yaml.Marshal(map[string]any{
		"project":  map[string]string{"name": "p"},
		"targets":  map[string]any{"local": map[string]any{"type": "duckdb", "path": "p.duckdb", "deliver": true}},
		"entities": []any{map[string]any{"name": "customer", "identifiers": []map[string]string{{"name": "user_id"}, {"name": "nick"}}}},
		"sources":  []any{source},
		"traits": []map[string]string{
			{"name": "user_number", "entity": "customer", "pick": "latest", "from": "people.number"},
			{"name": "nick", "entity": "customer", "pick": "latest", "from": "people.nick"},
		},
		"segments": segments,
		"purposes": []map[string]string{{"name": "service", "basis": "contract", "description": "what it is for"}},
		"destinations": []map[string]any{
			{"name": "platform", "type": "webhook", "url": "${env:PLATFORM_URL}", "allow_private": true, "allow": allow},
			{"name": "files", "type": "files", "path": "out", "format": "ndjson", "allow": allow},
		},
		"syncs": []any{sync("platform"), sync("files")},
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "customhouse.yaml"), string(text))
}

// lines reads a table of a project, each value as text. CSV would not do: Go's
// reader turns CR LF into LF.
func lines(t *testing.T, env []string, dir, name string) []map[string]string {
	t.Helper()
	var out []map[string]string
	for line := range strings.Lines(must(t, env, "--project-dir", dir, "--format", "json", "show", "--unmask", "--because", "test", name, "--limit", "1000000")) {
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		text := map[string]string{}
		for name, v := range row {
			text[name] = fmt.Sprint(v)
		}
		out = append(out, text)
	}
	return out
}

// sent are the fields that the platform was sent, by the key's.
func sent(t *testing.T, log string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	type operation struct {
		Fields map[string]string `json:"fields"`
	}
	out := map[string]string{}
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\n{\"op\":", `{"op":`)) {
		var batch map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &batch); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		var operations []operation
		if err := json.Unmarshal(batch["operations"], &operations); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		for _, op := range operations {
			out[op.Fields[hostileField]] = op.Fields["x"+hostileField]
		}
	}
	return out
}

// exported are the same of newline-delimited JSON in a folder.
func exported(t *testing.T, dir string) map[string]string {
	t.Helper()
	parts, err := filepath.Glob(filepath.Join(dir, "*", "*", "part-*.ndjson"))
	if err != nil || len(parts) != 1 {
		t.Fatal(parts, err)
	}
	text, err := os.ReadFile(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		var row map[string]string
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		out[row[hostileField]] = row["x"+hostileField]
	}
	return out
}

// execute runs statements of DuckDB's own SQL in a file.
func execute(t *testing.T, file string, statements ...string) {
	t.Helper()
	driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: file}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := driver.Exec(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
