package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// people are the values of a source, each of its own, in every field that a person
// has; the last ones are refused by the platform.
var people = [][]string{
	{"cust-0041-zyx", "canary.one@example.com", "Canaria Éluard", "+33 6 39 98 00 11", "1 Rue du Canari", "loves 'quotes' and \"more\"", "41"},
	{"cust-0042-zyx", "canary.two@example.com", "Fringilla <b>", "+33 6 39 98 00 22", "2 Rue du Serin", "line\nbreak of serinus", "forty-serin"},
	{"cust-0043-zyx", "refused.three@example.com", "Serinus Refusé", "+33 6 39 98 00 33", "3 Allée Jaune", "", "43"},
	{"cust-0044-zyx", "refused.four@example.com", "Atlantis Refusée", "+33 6 39 98 00 44", "4 Allée Verte", "{\"level\":\"ERROR\"}", "44"},
	{"cust-0045-zyx", "no address at all", "Domesticus Nobody", "not-a-phone-777", "5 Impasse Grise", "x", "45"},
}

// watchedSecrets are the secrets of the project.
var watchedSecrets = []string{"wcanary-key-of-the-platform", "wcanary-key-of-the-alerts", "wcanary-lineage-key", "wcanary-path-of-slack"}

// spellings are the forms in which a text may show a value.
func spellings(value string) []string {
	quoted, _ := json.Marshal(value) //nolint:errchkjson // a text
	out := []string{
		value, url.QueryEscape(value), url.PathEscape(value), hex.EncodeToString([]byte(value)), strings.Trim(string(quoted), `"`), strings.Trim(fmt.Sprintf("%q", value), `"`),
	}
	// In the midst of other text base64 begins at one of three places.
	for before := range 3 {
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := e.EncodeToString([]byte(strings.Repeat("x", before) + value))
			from := (before*8 + 5) / 6
			whole := (before + len(value)) * 8 / 6
			out = append(out, text[from:whole])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// wire is a place that takes what is sent to it and keeps it, by path.
type wire struct {
	*httptest.Server
	mu     sync.Mutex
	got    map[string][][]byte
	header map[string]http.Header
}

func newWire(t *testing.T, answer func(w http.ResponseWriter, path string, body []byte)) *wire {
	t.Helper()
	x := &wire{got: map[string][][]byte{}, header: map[string]http.Header{}}
	x.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		x.mu.Lock()
		x.got[r.URL.Path], x.header[r.URL.Path] = append(x.got[r.URL.Path], body), r.Header
		x.mu.Unlock()
		answer(w, r.URL.Path, body)
	}))
	t.Cleanup(x.Close)
	return x
}

// looked has every command that prints something of people print it, to somebody
// who may not see it: of somebody who is there, whom a platform has refused, and who
// is not there; and by mistake.
func looked(t *testing.T, env []string, dir string, told map[string]string) {
	t.Helper()
	one, refused := people[0], people[2]
	commands := [][]string{
		{"show", "segment:everyone"},
		{"show", "customer", "email=" + one[1]},
		{"show", "customer", "number=" + refused[0]},
		{"show", "customer", "phone=+33 6 39 98 99 99"},
		{"show", "customer", one[1]},
		{"show", "customer", "mail=" + one[1]},
		{"show", one[1]},
		{"explain", "customer", "email=" + one[1]},
		{"explain", "customer", "phone=" + one[3]},
		{"explain", "customer", "email=" + strings.ToUpper(one[1]) + ".org"},
		{"explain", "customer", "email=" + people[4][1]},
		{"explain", "customer", one[1]},
		{"explain", "link", "email=" + one[1], "phone=" + one[3], "--rows"},
		{"explain", "link", "email=" + one[1], "email=" + refused[1]},
		{"explain", "link", "email=" + one[1], "phone=" + people[4][3]},
		{"explain", "--sync", "to_platform", "email=" + one[1]},
		{"explain", "--sync", "to_platform", "email=" + refused[1]},
		{"identity", "audit"},
		{"identity", "audit", "--try", "street"},
		{"segments", "preview", "everyone"},
		{"segments", "preview", "--when", `first_name != "x" && street != "y" && note != "z" && email != ""`},
		{"segments", "explain", "everyone", "--for", "email=" + one[1]},
		{"segments", "size"},
		{"plan", "--rows", "20", "--out", filepath.Join(dir, "plan.json")},
		{"plan", "--candidate", "--comment", filepath.Join(dir, "comment.md")},
		{"test"},
		{"sync", "retry", "--select", "sync:to_platform", "--key", refused[1]},
		{"sync", "retry", "--select", "sync:to_platform"},
		{"destination", "show", "platform"},
		{"destination", "check", "platform"},
		{"privacy", "audit"},
		{"privacy", "audit", "--verify"},
	}
	for _, name := range []string{
		"runs", "evaluated_from", "sync_ledger", "sync_log", "sync_rejections", "sync_pending", "sync_leases", "segment_members", "segment_changes", "segment_sizes",
		"customer_identities", "customer_profiles", "customer_identity_incidents", "identity_rows_contacts", "identity_state",
	} {
		commands = append(commands, []string{"show", name, "--limit", "1000"})
	}
	for _, command := range commands {
		for _, format := range [][]string{nil, {"--format", "json", "--log-format", "json"}} {
			r := interrupted(t, env, append(append([]string{"--project-dir", dir}, format...), command...)...)
			if r.stdout+r.stderr == "" {
				t.Errorf("%v said nothing", command)
			}
			told[fmt.Sprint("what ", command[0], " ", command[1:], format, " printed")] = r.stdout + r.stderr
		}
	}
	// What is masked is there to be seen.
	if r := customhouse(t, env, "--project-dir", dir, "show", "customer", "email="+one[1], "--unmask", "--because", "a test"); !strings.Contains(r.stdout, one[1]) || !strings.Contains(r.stdout, one[2]) {
		t.Errorf("nothing is shown to who may see it: %s%s", r.stdout, r.stderr)
	}
}

// TestNobodyIsNamed runs a project whose every value is known, with a platform that
// refuses some people and repeats what it was sent, one that refuses everything,
// everybody who watches, and every command that prints something of people: no value
// is in any output, but in what the platform was sent.
func TestNobodyIsNamed(t *testing.T) {
	t.Parallel()
	platform := newWire(t, func(w http.ResponseWriter, path string, body []byte) {
		switch {
		case path == "/closed":
			http.Error(w, "unauthorized: "+string(body), http.StatusUnauthorized)
		case bytes.Contains(body, []byte("refused")):
			http.Error(w, `{"error": "bad row", "row": `+string(body)+`}`, http.StatusBadRequest)
		default:
			_, _ = io.WriteString(w, "{}")
		}
	})
	watchers := newWire(t, func(w http.ResponseWriter, _ string, _ []byte) { _, _ = io.WriteString(w, "{}") })

	dir := t.TempDir()
	rows := []string{"number,email,first_name,phone,street,note,age"}
	for _, p := range people {
		row := make([]string, len(p))
		for i, v := range p {
			row[i] = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		rows = append(rows, strings.Join(row, ","))
	}
	csv := strings.Join(rows, "\n") + "\n"
	write(t, filepath.Join(dir, "contacts.csv"), csv)
	write(t, filepath.Join(dir, "customhouse.yaml"), `
project: {name: p, volume: {after: 1, members: 0, change: 0%}}
targets:
  local: {type: duckdb, path: p.duckdb, deliver: true}
purposes: [{name: service, basis: contract, description: what it is for}]
entities:
  - name: customer
    identifiers: [{name: number}, {name: email, normalize: email}, {name: phone, normalize: phone, region: FR}]
sources:
  - name: contacts
    class: personal
    files: {path: contacts.csv}
    entity: customer
    identifiers: {number: number, email: email, phone: phone}
    columns: {first_name: string, street: string, note: string}
traits:
  - {name: email, entity: customer, pick: latest, from: contacts.email}
  - {name: first_name, entity: customer, pick: latest, from: contacts.first_name}
  - {name: street, entity: customer, pick: latest, from: contacts.street}
  - {name: note, entity: customer, pick: latest, from: contacts.note}
segments:
  - {name: everyone, entity: customer, when: contacts.count() > 0}
destinations:
  - {name: platform, allow: [public, internal, personal], type: webhook, url: '${env:PLATFORM}/rows', secret: '${env:KEY}', allow_private: true, timeout: 2s}
  - {name: closed, allow: [public, internal, personal], type: webhook, url: '${env:PLATFORM}/closed', secret: '${env:KEY}', allow_private: true, timeout: 2s}
syncs:
  - name: to_platform
    from: {segment: everyone}
    to: {destination: platform, object: people, mode: mirror, key: email}
    fields: {email: email, name: first_name, street: street, note: note}
    purpose: service
  - name: to_closed
    from: {entity: customer}
    to: {destination: closed, object: people, mode: upsert, key: email}
    fields: {email: email, name: first_name}
    purpose: service
alerts:
  - {name: ops, webhook: {url: '${env:WATCHERS}/alerts', secret: '${env:ALERT_KEY}', allow_private: true}}
  - {name: chat, select: 'sync:*', slack: {url: '${env:SLACK}', allow_private: true}}
`)
	env := []string{
		"PLATFORM=" + platform.URL, "KEY=" + watchedSecrets[0], "WATCHERS=" + watchers.URL, "ALERT_KEY=" + watchedSecrets[1], "SLACK=" + watchers.URL + "/" + watchedSecrets[3],
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + watchers.URL, "OPENLINEAGE_URL=" + watchers.URL, "OPENLINEAGE_API_KEY=" + watchedSecrets[2],
	}
	metricsFile := filepath.Join(dir, "customhouse.prom")
	told := map[string]string{}
	for i, formats := range [][]string{{"--log-format", "text"}, {"--format", "json", "--log-format", "json"}} {
		if i == 1 { // Somebody new, and somebody who has gone: the second run has an unusual size to tell of.
			write(t, filepath.Join(dir, "contacts.csv"), csv+`"cust-0046-zyx","canary.six@example.com","Canaria Éluard","","","",""`+"\n")
		}
		r := interrupted(t, env, append(formats, "--project-dir", dir, "run", "--metrics-file", metricsFile)...)
		if r.code != 1 {
			t.Errorf("got exit code %d, want that of a failed sync:\n%s%s", r.code, r.stdout, r.stderr)
		}
		told[fmt.Sprintf("stdout %d", i)], told[fmt.Sprintf("stderr %d", i)] = r.stdout, r.stderr
		for l := range strings.Lines(r.stderr) {
			if i == 1 && (!json.Valid([]byte(l)) || !strings.Contains(l, `"run_id":`) || !strings.Contains(l, `"trace_id":`)) {
				t.Errorf("a line of the log is no object, or is of no run: %s", l)
			}
		}
	}
	looked(t, env, dir, told)
	for path, bodies := range watchers.got {
		told["sent to "+strings.ReplaceAll(path, watchedSecrets[3], "slack")] = string(bytes.Join(bodies, []byte("\n")))
	}
	for _, want := range []string{"sent to /alerts", "sent to /slack", "sent to /v1/traces", "sent to /api/v1/lineage", "stdout 1", "stderr 0"} {
		if len(told[want]) < 100 {
			t.Errorf("nothing is in %s: %q", want, told[want])
		}
	}
	// The warehouse, the source and the platform are the places where people are.
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		base := filepath.Base(name)
		if err != nil || d.IsDir() || strings.HasPrefix(base, "p.duckdb") || base == "contacts.csv" || base == projectFile {
			return err
		}
		text, err := os.ReadFile(name)
		told[strings.TrimPrefix(name, dir)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/plan.json", "/comment.md", "/customhouse.prom", "/target/run_results.json", "/.customhouse/local.db"} {
		if told[want] == "" {
			t.Errorf("there is no %s", want)
		}
	}
	for _, want := range []string{"sync to_platform", "request deliver", "statement INSERT", "http.response.status_code"} {
		if !strings.Contains(told["sent to /v1/traces"], want) {
			t.Errorf("no span says %q", want)
		}
	}
	values := slices.Clone(watchedSecrets)
	for _, p := range people {
		for _, v := range p {
			if len(v) > 2 { // A shorter one is in every number.
				values = append(values, v)
			}
		}
	}
	sent := string(bytes.Join(platform.got["/rows"], nil))
	for _, v := range values {
		for _, form := range spellings(v) {
			for where, text := range told {
				if strings.Contains(text, form) {
					t.Errorf("%s shows %q as %q", where, v, form)
				}
			}
		}
	}
	// The test can fail: the platform did get them.
	if !strings.Contains(sent, "canary.one@example.com") || !strings.Contains(sent, "Canaria") {
		t.Errorf("the platform was sent %s", sent)
	}
	checkLineage(t, watchers.got["/api/v1/lineage"])
	checkAlert(t, watchers)
	for _, want := range []string{`customhouse_sync_status{destination="closed",status="failed",sync="to_closed"} 1`, `customhouse_volume_unusual{node="segment:everyone"} 1`, `customhouse_runs_total{status="failed"} 2`} {
		if !strings.Contains(told["/customhouse.prom"], want) {
			t.Errorf("the metrics do not say %s:\n%s", want, told["/customhouse.prom"])
		}
	}
}

// checkAlert wants alerts to be signed as destinations are, and each change to be
// told once.
func checkAlert(t *testing.T, w *wire) {
	t.Helper()
	bodies := w.got["/alerts"]
	last := bodies[len(bodies)-1]
	header := w.header["/alerts"]
	if want := webhook.Signature([]byte(watchedSecrets[1]), header.Get(webhook.TimestampHeader), last); header.Get(webhook.SignatureHeader) != want {
		t.Errorf("the signature is %s, want %s", header.Get(webhook.SignatureHeader), want)
	}
	var got []string
	for _, b := range bodies {
		var m struct {
			Schema  string
			Changes []struct{ Subject, State, Command string }
		}
		if err := json.Unmarshal(b, &m); err != nil || m.Schema != "customhouse/alert/v1" {
			t.Fatalf("%s: %v", b, err)
		}
		for _, c := range m.Changes {
			got = append(got, c.State+" "+c.Subject)
		}
	}
	want := []string{"failed sync:to_closed", "degraded sync:to_platform", "anomaly size:profile:customer", "anomaly size:segment:everyone"}
	if !slices.Equal(got, want) {
		t.Errorf("alerts told %q, want %q", got, want)
	}
}

// checkLineage wants events to have what OpenLineage 2-0-2 requires, each job that
// started to end, and the parts of a run to name it as their parent.
func checkLineage(t *testing.T, bodies [][]byte) {
	t.Helper()
	type event struct {
		EventType, EventTime, Producer, SchemaURL string
		Run                                       struct {
			RunID  string
			Facets map[string]map[string]any
		}
		Job struct {
			Namespace, Name string
			Facets          map[string]map[string]any
		}
		Inputs, Outputs []struct {
			Namespace, Name string
			Facets          map[string]map[string]any
		}
	}
	states := map[string][]string{}
	names := map[string]bool{}
	lineage := map[string]bool{}
	for _, b := range bodies {
		var e event
		if err := json.Unmarshal(b, &e); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if e.EventTime == "" || e.Producer == "" || e.SchemaURL != "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent" || len(e.Run.RunID) != 36 || e.Job.Namespace == "" || e.Job.Name == "" {
			t.Errorf("an event lacks what it has to have: %s", b)
		}
		facets := []map[string]map[string]any{e.Run.Facets, e.Job.Facets}
		for _, d := range slices.Concat(e.Inputs, e.Outputs) {
			if d.Namespace == "" || d.Name == "" {
				t.Errorf("a dataset has no name: %s", b)
			}
			facets = append(facets, d.Facets)
			if c, ok := d.Facets["columnLineage"]; ok {
				text, _ := json.Marshal(c["fields"]) //nolint:errchkjson // it came out of JSON
				lineage[strings.ReplaceAll(e.Job.Name+" "+d.Name+" "+string(text), "\\", "")] = true
			}
		}
		for _, list := range facets {
			for name, f := range list {
				if f["_producer"] == nil || f["_schemaURL"] == nil {
					t.Errorf("the facet %s does not say whose it is: %s", name, b)
				}
			}
		}
		states[e.Run.RunID] = append(states[e.Run.RunID], e.EventType)
		names[e.Job.Name] = true
		if parent := e.Run.Facets["parent"]; (parent == nil) != (e.Job.Name == "p.local.run") {
			t.Errorf("the parent of %s is %v", e.Job.Name, parent)
		}
	}
	for id, s := range states {
		if len(s) != 2 || s[0] != "START" || !slices.Contains([]string{"COMPLETE", "FAIL"}, s[1]) {
			t.Errorf("the states of %s are %v", id, s)
		}
	}
	for _, want := range []string{"p.local.run", "p.local.identity:customer", "p.local.profile:customer", "p.local.segments", "p.local.sync:to_platform", "p.local.sync:to_closed"} {
		if !names[want] {
			t.Errorf("no event is about %s", want)
		}
	}
	found := 0
	for text := range lineage {
		if strings.Contains(text, "profile:customer customhouse.customer_profiles") && strings.Contains(text, `"first_name":{"inputFields":[{"field":"first_name"`) ||
			strings.Contains(text, "sync:to_platform people") && strings.Contains(text, `"name":{"inputFields":[{"field":"first_name"`) {
			found++
		}
	}
	if found != 2 {
		t.Errorf("columns come from %v", lineage)
	}
}
