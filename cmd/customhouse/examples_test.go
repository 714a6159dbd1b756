package main

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	for _, row := range readCSV(t, must(t, env, "--project-dir", dir, "--format", "csv", "show", "segment:"+segment, "--limit", "1000000")) {
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

func TestTwoSources(t *testing.T) {
	t.Parallel()
	data := oracle.Data(t)
	want, err := oracle.ReadTwoSources(data)
	if err != nil {
		t.Fatal(err)
	}
	dir, env, measures := example(t, "two-sources", data, "2026-01-01")

	if got := measures["identity:customer"]["customers"]; got != int64(want.Customers) || got != 5015 {
		t.Errorf("%d customers, want %d", got, want.Customers)
	}
	group := map[string]string{} // customer by record
	for _, row := range table(t, env, dir, "customer_identities") {
		if row["identifier_type"] == "record" {
			group[row["identifier"]] = row["customer_id"]
		}
	}
	if len(group) != want.Records {
		t.Errorf("%d records have a customer, want %d", len(group), want.Records)
	}
	// The same partition: a pair of names for each group, one to one.
	forth, back := map[string]string{}, map[string]string{}
	size, right := map[string]int64{}, map[[2]string]int64{}
	for record, w := range want.Group {
		got := group[record]
		if f, ok := forth[w]; ok && f != got {
			t.Fatalf("record %s is customer %s, its group is customer %s", record, got, f)
		}
		if b, ok := back[got]; ok && b != w {
			t.Fatalf("customer %s has records of two groups", got)
		}
		forth[w], back[got] = got, w
		size[got]++
		right[[2]string{got, want.Person[record]}]++
	}
	pairs := func(n int64) int64 { return n * (n - 1) / 2 }
	var found, good int64
	for n := range maps.Values(size) {
		found += pairs(n)
	}
	for n := range maps.Values(right) {
		good += pairs(n)
	}
	if found != want.Pairs || found != 4985 || good != want.RightPairs {
		t.Errorf("%d pairs, %d right; want %d and %d", found, good, want.Pairs, want.RightPairs)
	}
	if p, r := want.Precision(), want.Recall(); p != 1 || math.Abs(r-0.9970) > 5e-5 {
		t.Errorf("precision %.4f and recall %.4f, want 1.0000 and 0.9970", p, r)
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
	for _, row := range table(t, env, dir, "customer_identities") {
		id := row["customer_id"]
		if identifiers[id] == nil {
			identifiers[id] = map[string][]string{}
		}
		identifiers[id][row["identifier_type"]] = append(identifiers[id][row["identifier_type"]], row["identifier"])
	}
	profiles := map[string]map[string]string{}
	for _, row := range table(t, env, dir, "customer_profiles") {
		profiles[row["user_id"]] = row
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
			"page_views": strconv.Itoa(v.PageViews), "sessions": strconv.Itoa(v.Sessions), "top_page": v.TopPage,
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
}
