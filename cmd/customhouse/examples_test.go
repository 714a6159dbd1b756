package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/examples/oracle"
)

// example runs an example project on the public data and returns its copy.
func example(t *testing.T, name, data, asOf string) (dir string, env []string, results map[string]map[string]int64) {
	t.Helper()
	dir = copyProject(t, os.DirFS(filepath.Join("..", "..", "examples", name)))
	env = []string{oracle.Variable + "=" + data}
	out := must(t, env, "--project-dir", dir, "--format", "json", "run", "--as-of", asOf)
	var r struct {
		Measures map[string]map[string]int64 `json:"measures"`
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return dir, env, r.Measures
}

// members are the members of a segment by the value of one of their traits,
// sorted.
func members(t *testing.T, env []string, dir, segment, trait string) []string {
	t.Helper()
	var out []string
	for _, row := range readCSV(t, must(t, env, "--project-dir", dir, "--format", "csv", "show", "--unmask", "--because", "test", "segment:"+segment, "--limit", "1000000")) {
		out = append(out, row[trait])
	}
	slices.Sort(out)
	return out
}

// parts reads what a sync published: the rows of its only run.
func parts(t *testing.T, dir, sync string) []map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "exports", sync, "*", "part-*.csv"))
	if err != nil || len(names) == 0 {
		t.Fatalf("sync %s wrote no files: %v", sync, err)
	}
	var rows []map[string]string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, readCSV(t, string(text))...)
	}
	return rows
}

func TestOnlineRetail(t *testing.T) {
	t.Parallel()
	data := oracle.Data(t)
	want, err := oracle.ReadRetail(data)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2011, 12, 10, 0, 0, 0, 0, time.UTC)
	dir, env, measures := example(t, "online-retail", data, at.Format(time.RFC3339))

	if got := measures["source:lines"]; got["rows"] != int64(want.Lines) || got["without_identifier"] != int64(want.WithoutCustomer) || want.Lines != 541_909 {
		t.Errorf("read %v, want %d lines, %d without a customer", got, want.Lines, want.WithoutCustomer)
	}
	profiles := table(t, env, dir, "customer_profiles")
	if len(profiles) != len(want.Customers) || len(profiles) != 4372 {
		t.Errorf("%d profiles, the oracle has %d", len(profiles), len(want.Customers))
	}
	total := 0.0
	for _, p := range profiles {
		c := want.Customers[p["customer_no"]]
		if c == nil {
			t.Fatalf("customer %s is none of the oracle's", p["customer_no"])
		}
		value, err := strconv.ParseFloat(p["lifetime_value"], 64)
		if err != nil || math.Abs(value-c.LifetimeValue()) > 1e-6 {
			t.Errorf("customer %s: lifetime value %s, want %f", p["customer_no"], p["lifetime_value"], c.LifetimeValue())
		}
		total += value
		wanted := map[string]string{
			"orders": strconv.Itoa(c.Orders), "months_active": strconv.Itoa(c.MonthsActive), "cancelled_lines": strconv.Itoa(c.CancelledLines),
			"favourite_product": c.FavouriteProduct, "last_order": "", "days_since_last_order": "",
		}
		if days, ok := c.DaysSinceLastOrder(at); ok {
			wanted["last_order"] = c.LastOrder.Format("2006-01-02T15:04:05Z")
			wanted["days_since_last_order"] = strconv.FormatInt(days, 10)
		}
		if !c.CountryTies {
			wanted["country"] = c.Country
		}
		for name, w := range wanted {
			if p[name] != w {
				t.Errorf("customer %s: %s is %q, want %q", p["customer_no"], name, p[name], w)
			}
		}
	}
	t.Logf("%d customers, %.2f pounds", len(profiles), total)
	for segment, in := range oracle.RetailSegments {
		var w []string
		for number, c := range want.Customers {
			if in(c, at) {
				w = append(w, number)
			}
		}
		slices.Sort(w)
		if d := cmp.Diff(w, members(t, env, dir, segment, "customer_no")); d != "" {
			t.Errorf("segment %s (-want +got):\n%s", segment, d)
		}
	}
	if got, w := len(parts(t, dir, "regulars_to_files")), len(members(t, env, dir, "regulars", "customer_no")); got != w {
		t.Errorf("the files hold %d regulars, want %d", got, w)
	}
}

// holds compares the groups of records that an identity table makes with those
// of an oracle, and returns the customer of each record. Records are the values
// of the identifier type of that name.
func holds(t *testing.T, identities []map[string]string, id string, want *oracle.Matching) map[string]string {
	t.Helper()
	group := map[string]string{}
	for _, row := range identities {
		if row["identifier_type"] == "record" {
			group[row["identifier"]] = row[id]
		}
	}
	if len(group) != want.Records {
		t.Errorf("%d records have a customer, want %d", len(group), want.Records)
	}
	// The same partition: a pair of names for each group, one to one.
	forth, back := map[string]string{}, map[string]string{}
	size, right := map[string]int64{}, map[[2]string]int64{}
	for r, w := range want.Group {
		got := group[r]
		if got == "" {
			t.Fatalf("record %s belongs to nobody", r)
		}
		if f, ok := forth[w]; ok && f != got {
			t.Fatalf("record %s is customer %s, its group is customer %s", r, got, f)
		}
		if b, ok := back[got]; ok && b != w {
			t.Fatalf("customer %s has records of two groups", got)
		}
		forth[w], back[got] = got, w
		size[got]++
		right[[2]string{got, want.Person[r]}]++
	}
	pairs := func(n int64) int64 { return n * (n - 1) / 2 }
	var found, good int64
	for n := range maps.Values(size) {
		found += pairs(n)
	}
	for n := range maps.Values(right) {
		good += pairs(n)
	}
	if len(size) != want.Customers || found != want.Pairs || good != want.RightPairs {
		t.Errorf("%d customers, %d pairs, %d right; want %d, %d and %d", len(size), found, good, want.Customers, want.Pairs, want.RightPairs)
	}
	return group
}

// accuracy is what a matching is worth, in the words of docs/examples.md.
func accuracy(m *oracle.Matching) string {
	return fmt.Sprintf("%d customers, %d pairs, precision %.4f, recall %.4f", m.Customers, m.Pairs, m.Precision(), m.Recall())
}

func TestTwoSources(t *testing.T) {
	t.Parallel()
	data := oracle.Data(t)
	want, err := oracle.ReadTwoSources(data)
	if err != nil {
		t.Fatal(err)
	}
	dir, env, measures := example(t, "two-sources", data, "2026-01-01")
	if got := measures["identity:customer"]["customers"]; got != 5015 {
		t.Errorf("%d customers, want 5015", got)
	}
	if got, want := accuracy(want.Both), "5015 customers, 4985 pairs, precision 1.0000, recall 0.9970"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	holds(t, table(t, env, dir, "customer_identities"), "customer_id", want.Both)
}

// TestTwoSourcesByPhone is the same project without its better rule.
func TestTwoSourcesByPhone(t *testing.T) {
	t.Parallel()
	data := oracle.Data(t)
	want, err := oracle.ReadTwoSources(data)
	if err != nil {
		t.Fatal(err)
	}
	dir := copyProject(t, os.DirFS(filepath.Join("..", "..", "examples", "two-sources")))
	path := filepath.Join(dir, "customhouse.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for old, times := range map[string]int{"      - {name: ssn, normalize: digits}\n": 1, "ssn: soc_sec_id, ": 2} {
		if n := strings.Count(string(text), old); n != times {
			t.Fatalf("the project says %q %d times, want %d", old, n, times)
		}
		text = []byte(strings.ReplaceAll(string(text), old, ""))
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{oracle.Variable + "=" + data}
	must(t, env, "--project-dir", dir, "run", "--as-of", "2026-01-01")
	if got, want := accuracy(want.ByPhone), "5541 customers, 4459 pairs, precision 1.0000, recall 0.8918"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	holds(t, table(t, env, dir, "customer_identities"), "customer_id", want.ByPhone)
}

func TestFake(t *testing.T) {
	t.Parallel()
	data := oracle.Data(t)
	want, err := oracle.ReadFake(data)
	if err != nil {
		t.Fatal(err)
	}
	dir, env, measures := example(t, "fake-1000", data, "2026-01-01")
	if got := measures["identity:customer"]["customers"]; got != 635 {
		t.Errorf("%d customers, want 635", got)
	}
	if got, want := accuracy(want), "635 customers, 682 pairs, precision 1.0000, recall 0.3358"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	holds(t, table(t, env, dir, "customer_identities"), "customer_id", want)
}

// incidents are the incidents of some reasons: reason and evidence by value.
func incidents(rows []map[string]string, reasons ...string) map[oracle.Value]string {
	out := map[oracle.Value]string{}
	for _, row := range rows {
		if slices.Contains(reasons, row["reason"]) {
			out[oracle.Value{Kind: row["identifier_type"], Text: row["identifier"]}] = row["reason"] + ": " + row["evidence"]
		}
	}
	return out
}

func TestTruthset(t *testing.T) {
	t.Parallel()
	data := oracle.Data(t)
	want, err := oracle.ReadTruthset(data)
	if err != nil {
		t.Fatal(err)
	}
	from := filepath.Join("..", "..", "examples", "truthset")
	dir := copyProject(t, os.DirFS(from))
	prepare, err := os.ReadFile(filepath.Join(from, "prepare.sql"))
	if err != nil {
		t.Fatal(err)
	}
	driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: "truthset.duckdb"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	script := "SET VARIABLE data = '" + strings.ReplaceAll(data, "'", "''") + "';\n" + string(prepare)
	if err := errors.Join(driver.Exec(t.Context(), []string{script}), driver.Close()); err != nil {
		t.Fatal(err)
	}
	must(t, nil, "--project-dir", dir, "run", "--as-of", "2026-01-01")

	refusing := []string{"quarantined", "shared", "conflict", "too_many", "never_link"}
	for _, test := range []struct {
		entity, accuracy string
		want             *oracle.Resolved
		incidents        map[oracle.Value]string
	}{
		// The problem: one address makes one person of 19.
		{"naive_person", "124 customers, 232 pairs, precision 0.0647, recall 0.1389", want.ByEmail, map[oracle.Value]string{}},
		// The same project as it protects itself when nothing is said.
		{"guarded_person", "144 customers, 22 pairs, precision 0.5909, recall 0.1204", want.Guarded, map[oracle.Value]string{
			{Kind: "email", Text: "info@ca-state.gov"}: "quarantined: seen with 21 record",
		}},
		{"customer", "117 customers, 49 pairs, precision 0.9796, recall 0.4444", want.Customers, map[oracle.Value]string{
			{Kind: "email", Text: "info@ca-state.gov"}:  "quarantined: seen with 21 record",
			{Kind: "email", Text: "kusha123@hmail.com"}: "shared: would join 3 ssn, limit 1",
			{Kind: "phone", Text: "+3903526553537"}:     "shared: would join 2 email, limit 1",
		}},
	} {
		identities := table(t, nil, dir, test.entity+"_identities")
		refused := table(t, nil, dir, test.entity+"_identity_incidents")
		t.Run(test.entity, func(t *testing.T) {
			t.Parallel()
			if got := accuracy(test.want.Matching); got != test.accuracy {
				t.Errorf("got %s, want %s", got, test.accuracy)
			}
			id := test.entity + "_id"
			group := holds(t, identities, id, test.want.Matching)
			got := incidents(refused, refusing...)
			if d := cmp.Diff(test.incidents, got); d != "" {
				t.Errorf("incidents (-want +got):\n%s", d)
			}
			if n := len(test.want.Quarantined) + len(test.want.Refused); n != len(got) {
				t.Errorf("%d incidents, the oracle has %d", len(got), n)
			}
			for v, records := range test.want.Quarantined {
				people := map[string]bool{}
				for _, r := range records {
					people[test.want.Person[r]] = true
				}
				if len(records) != 21 || len(people) != 19 {
					t.Errorf("%s is on %d records of %d people, want 21 of 19", v.Text, len(records), len(people))
				}
				for _, row := range identities {
					if row["identifier"] == v.Text && (row[id] != "" || row["quarantined"] != "true") {
						t.Errorf("%s belongs to %q, quarantined %s", v.Text, row[id], row["quarantined"])
					}
				}
				// By addresses alone nothing is left that joins its records.
				if test.entity == "guarded_person" {
					alone := map[string]bool{}
					for _, r := range records {
						alone[group[r]] = true
					}
					if len(alone) != len(records) {
						t.Errorf("the %d records of %s are %d customers", len(records), v.Text, len(alone))
					}
				}
			}
		})
	}
	if p := want.Customers.Precision(); p < 0.95 {
		t.Errorf("precision %.4f, want 0.95 at least", p)
	}
}

func TestWebEvents(t *testing.T) {
	t.Parallel()
	data := oracle.Data(t)
	want, err := oracle.ReadWebEvents(data)
	if err != nil {
		t.Fatal(err)
	}
	dir, env, measures := example(t, "web-events", data, "2026-01-01")

	if got := measures["source:events"]["rows"]; got != int64(want.Events) {
		t.Errorf("read %d events, want %d", got, want.Events)
	}
	identifiers := map[string]map[string][]string{} // by customer and type
	users, cookies := map[string]string{}, map[string]string{}
	for _, row := range table(t, env, dir, "customer_identities") {
		id := row["customer_id"]
		switch row["identifier_type"] {
		case "user_id":
			users[row["identifier"]] = id
		case "cookie":
			cookies[row["identifier"]] = id
		}
		if identifiers[id] == nil {
			identifiers[id] = map[string][]string{}
		}
		identifiers[id][row["identifier_type"]] = append(identifiers[id][row["identifier_type"]], row["identifier"])
	}
	profiles, lastUser := map[string]map[string]string{}, map[string]string{}
	for _, row := range table(t, env, dir, "customer_profiles") {
		profiles[row["user_id"]] = row
		lastUser[row["customer_id"]] = row["last_user_id"]
	}
	if len(profiles) != len(want.Visitors) || len(identifiers) != len(want.Visitors) {
		t.Errorf("%d profiles of %d customers, want %d", len(profiles), len(identifiers), len(want.Visitors))
	}
	for _, v := range want.Visitors {
		p := profiles[v.Key()]
		if p == nil {
			t.Errorf("visitor %s has no profile", v.Key())
			continue
		}
		got := identifiers[p["customer_id"]]
		for _, list := range got {
			slices.Sort(list)
		}
		if d := cmp.Diff(v.Users, got["user_id"]); d != "" {
			t.Errorf("users of %s (-want +got):\n%s", v.Key(), d)
		}
		if d := cmp.Diff(v.Cookies, got["cookie"]); d != "" {
			t.Errorf("cookies of %s (-want +got):\n%s", v.Key(), d)
		}
		wanted := map[string]string{
			"last_user_id": v.LastUser, "page_views": strconv.Itoa(v.PageViews), "sessions": strconv.Itoa(v.Sessions), "top_page": v.TopPage,
			"consent_asked": strconv.Itoa(v.Asked), "consent_answered": strconv.Itoa(v.Answered),
			"first_seen": v.FirstSeen.Format("2006-01-02T15:04:05.999999Z"), "last_seen": v.LastSeen.Format("2006-01-02T15:04:05.999999Z"),
		}
		for name, w := range wanted {
			if p[name] != w {
				t.Errorf("visitor %s: %s is %q, want %q", v.Key(), name, p[name], w)
			}
		}
	}
	for segment := range oracle.VisitorSegments {
		w := want.Members(segment)
		slices.Sort(w)
		if d := cmp.Diff(w, members(t, env, dir, segment, "user_id")); d != "" {
			t.Errorf("segment %s (-want +got):\n%s", segment, d)
		}
	}
	if got, w := len(parts(t, dir, "readers_to_files")), len(want.Members("readers")); got != w {
		t.Errorf("the files hold %d readers, want %d", got, w)
	}

	// What Snowplow's own models made of the same events.
	stitches, err := oracle.ReadStitches(data)
	if err != nil {
		t.Fatal(err)
	}
	rows, stitched := map[string]int{}, map[string]string{}
	for _, s := range stitches {
		rows[s.Table]++
		id, known := cookies[s.Cookie]
		if !known || id == "" {
			t.Errorf("%s: the cookie %s belongs to nobody", s.Table, s.Cookie)
		}
		if s.User != "" && users[s.User] != id {
			t.Errorf("%s: the cookie %s is of customer %s, its user %q is customer %s", s.Table, s.Cookie, id, s.User, users[s.User])
		}
		if s.Last == "" {
			continue
		}
		if got := lastUser[id]; got != s.Last {
			t.Errorf("%s: the cookie %s was last of %q, want %q", s.Table, s.Cookie, got, s.Last)
		}
		// One customer for each of Snowplow's users, and the other way round.
		if other, ok := stitched[s.Last]; ok && other != id {
			t.Errorf("%s: user %q is customers %s and %s", s.Table, s.Last, other, id)
		}
		stitched[s.Last] = id
	}
	wantRows := map[string]int{
		"snowplow_web_users": 11, "default/snowplow_web_sessions": 17, "snowplow_web_page_views": 42,
		"snowplow_web_consent_users": 26, "snowplow_web_consent_log": 65, "snowplow_web_consent_cmp_stats": 33,
	}
	if d := cmp.Diff(wantRows, rows); d != "" {
		t.Errorf("compared rows (-want +got):\n%s", d)
	}
	if ids := slices.Compact(slices.Sorted(maps.Values(stitched))); len(ids) != len(stitched) || len(ids) != 11 {
		t.Errorf("%d customers of %d stitched users, want 11 each", len(ids), len(stitched))
	}
}

// TestDBT: the example beside dbt finds what its README has by hand, in the tables
// that dbt would build: its seeds and models are few enough to do that without it.
// What the manifest says of them is so, and dbt is told what becomes of its models.
func TestDBT(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "dbt")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "examples", "dbt"))); err != nil {
		t.Fatal(err)
	}
	warehouse := filepath.Join(dir, "warehouse")
	text, err := os.ReadFile(filepath.Join(warehouse, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Nodes map[string]struct {
			Type    string `json:"resource_type"`
			Name    string
			Columns map[string]struct {
				Type string `json:"data_type"`
			}
			DependsOn struct{ Nodes []string } `json:"depends_on"`
		}
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: "shop.duckdb"}, warehouse)
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	var build func(key string)
	build = func(key string) {
		n := manifest.Nodes[key]
		if made[key] || n.Name == "" {
			return
		}
		made[key] = true
		for _, before := range n.DependsOn.Nodes {
			build(before)
		}
		query := "SELECT * FROM read_csv('" + filepath.Join(warehouse, "seeds", n.Name+".csv") + "')"
		if n.Type == "model" {
			model, err := os.ReadFile(filepath.Join(warehouse, "models", n.Name+".sql"))
			if err != nil {
				t.Fatal(err)
			}
			query = regexp.MustCompile(`\{\{ ref\('(\w+)'\) \}\}`).ReplaceAllString(string(model), "main.$1")
		}
		if err := driver.Exec(t.Context(), []string{"CREATE TABLE main." + n.Name + " AS " + query}); err != nil {
			t.Fatal(err)
		}
		if n.Type != "model" {
			return
		}
		rows, err := driver.Query(t.Context(), "SELECT column_name, lower(data_type) FROM information_schema.columns WHERE table_name = '"+n.Name+"'")
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]string{}
		for dest := make([]any, 2); rows.Next(dest) == nil; {
			there[fmt.Sprint(dest[0])] = fmt.Sprint(dest[1])
		}
		said := map[string]string{}
		for name, c := range n.Columns {
			said[name] = c.Type
		}
		if d := cmp.Diff(said, there); d != "" {
			t.Errorf("the columns of %s (-manifest +table):\n%s", n.Name, d)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for key := range manifest.Nodes {
		build(key)
	}
	if err := driver.Close(); err != nil {
		t.Fatal(err)
	}

	must(t, nil, "--project-dir", dir, "run", "--as-of", "2026-02-01")
	var profiles []string
	for _, p := range table(t, nil, dir, "customer_profiles") {
		profiles = append(profiles, strings.Join([]string{p["email"], p["order_count"], p["spent"]}, " "))
	}
	slices.Sort(profiles)
	want := []string{"ada@shop.example 3 115.5", "bob@shop.example 1 20", "dan@shop.example 3 18", "eve@shop.example 1 120", "guest@shop.example 1 9.9"}
	if d := cmp.Diff(want, profiles); d != "" {
		t.Errorf("profiles (-want +got):\n%s", d)
	}
	for segment, want := range map[string][]string{"regulars": {"c1", "c4"}, "big_spenders": {"c1", "c3"}} {
		if d := cmp.Diff(want, members(t, nil, dir, segment, "user_id")); d != "" {
			t.Errorf("segment %s (-want +got):\n%s", segment, d)
		}
	}
	if got := len(parts(t, dir, "regulars_to_files")); got != 2 {
		t.Errorf("the files hold %d regulars, want 2", got)
	}
	told := filepath.Join(dir, "exposures.yml")
	must(t, nil, "--project-dir", dir, "dbt", "exposures", "--out", told)
	kept, err := os.ReadFile(filepath.Join(warehouse, "models", "customhouse.yml"))
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(told)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(kept), string(written)); d != "" {
		t.Errorf("warehouse/models/customhouse.yml is not what customhouse dbt exposures writes (-kept +written):\n%s", d)
	}
}
