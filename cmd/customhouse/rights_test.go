package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	databasesql "database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/syncs/hubspot/hubspottest"
	"github.com/customhouse-cdp/customhouse/syncs/meta/metatest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// Two people, of whom one has two e-mail addresses that come to be hers, a cookie
// and a telephone that the other has too.
var (
	hers = []string{"u-ada-77", "ada.one@example.com", "ada.two@example.com", "cookie-ada-55", "Ada Unmistakable"}
	his  = []string{"u-bob-88", "bob@example.com", "Bob Another"}
)

const rightsProject = `project: {name: shop, timezone: UTC}
targets:
  local: {type: duckdb, path: shop.duckdb, deliver: true}
purposes:
  - {name: service, basis: contract, description: What people have asked us for.}
  - {name: advertising, basis: legitimate_interests, description: Offers to people who have bought from us.}
entities:
  - name: customer
    identifiers:
      - {name: user_id, limit: 1, class: personal}
      - {name: email, normalize: email, limit: 5, class: personal}
      - {name: phone, normalize: phone, region: FR, limit: 3}
      - {name: cookie, limit: 10}
sources:
  - name: contacts
    table: raw.contacts
    class: personal
    entity: customer
    identifiers: {user_id: user_id, email: email, phone: phone}
    time: seen
    columns: {name: string}
  - name: visits
    table: raw.visits
    class: personal
    erase: true
    entity: customer
    events: true
    identifiers: {cookie: cookie, email: email}
    time: seen
    columns: {page: string}
traits:
  - {name: email, entity: customer, pick: latest, from: contacts.email}
  - {name: user, entity: customer, pick: latest, from: contacts.user_id}
  - {name: name, entity: customer, pick: latest, from: contacts.name, history: true}
  - {name: greeting, entity: customer, value: '"Dear " + name'}
  - {name: visited, entity: customer, value: visits.count()}
segments:
  - {name: named, entity: customer, when: 'name != ""'}
destinations:
  - {name: crm, type: hubspot, token: '${env:TOKEN}', base_url: '${env:HUBSPOT_URL}', allow_private: true, allow: [public, internal, personal]}
  - {name: ads, type: meta, access_token: '${env:TOKEN}', base_url: '${env:META_URL}', allow_private: true, allow: [public, internal, personal]}
  - {name: exports, type: files, path: exports, allow: [public, internal, personal]}
syncs:
  - name: to_crm
    from: {segment: named}
    to: {destination: crm, object: contacts, key: email}
    fields: {email: email, firstname: name}
    purpose: service
  - name: to_ads
    from: {segment: named}
    to: {destination: ads, object: audience/456, mode: mirror, key: external_id}
    fields: {external_id: user, email: email}
    purpose: advertising
  - name: to_files
    from: {segment: named}
    to: {destination: exports, object: people, key: email}
    fields: {email: email, name: name, greeting: greeting}
    purpose: service
`

// shopOfTwo is a project with three platforms after two days: one erases people,
// one has audiences, and one has nothing.
type shopOfTwo struct {
	dir string
	// log is a file of all that commands say, "" for none.
	log     string
	env     []string
	hubspot *hubspottest.Platform
	meta    *metatest.Platform
}

func newShopOfTwo(t *testing.T) *shopOfTwo {
	t.Helper()
	s := &shopOfTwo{dir: t.TempDir()}
	s.openPlatforms(t)
	if err := os.WriteFile(filepath.Join(s.dir, "customhouse.yaml"), []byte(rightsProject), 0o600); err != nil {
		t.Fatal(err)
	}
	s.sql(t, `CREATE SCHEMA raw`,
		`CREATE TABLE raw.contacts (user_id VARCHAR, email VARCHAR, phone VARCHAR, name VARCHAR, seen TIMESTAMP)`,
		`CREATE TABLE raw.visits (cookie VARCHAR, email VARCHAR, page VARCHAR, seen TIMESTAMP)`,
		`INSERT INTO raw.contacts VALUES ('u-ada-77', 'ada.one@example.com', '06 12 34 56 78', 'Ada Unmistakable', TIMESTAMP '2026-01-01'),
			('u-bob-88', 'bob@example.com', '06 12 34 56 78', 'Bob Another', TIMESTAMP '2026-01-01')`,
		`INSERT INTO raw.visits VALUES ('cookie-ada-55', 'ada.two@example.com', 'home', TIMESTAMP '2026-01-01')`)
	s.must(t, "run", "--as-of", "2026-01-02")
	s.sql(t, `INSERT INTO raw.contacts VALUES ('u-ada-77', 'ada.two@example.com', NULL, 'Ada Unmistakable', TIMESTAMP '2026-01-02')`)
	s.must(t, "run", "--as-of", "2026-01-03")
	return s
}

// openPlatforms makes platforms that hold nothing yet.
func (s *shopOfTwo) openPlatforms(t *testing.T) {
	t.Helper()
	s.hubspot, s.meta = hubspottest.New(), metatest.New()
	serve := func(f synctest.Fake) string {
		server := httptest.NewServer(f)
		t.Cleanup(server.Close)
		return server.URL
	}
	s.env = []string{"TOKEN=" + synctest.Canary, "HUBSPOT_URL=" + serve(s.hubspot), "META_URL=" + serve(s.meta), "USER=tester"}
}

// again is the same project at the same point in another folder, with platforms of
// its own that hold the same.
func (s *shopOfTwo) again(t *testing.T) *shopOfTwo {
	t.Helper()
	one := &shopOfTwo{dir: filepath.Join(t.TempDir(), "project")}
	if err := os.CopyFS(one.dir, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	one.openPlatforms(t)
	for _, r := range s.hubspot.Records("contacts") {
		one.hubspot.Hold("contacts", r)
	}
	one.meta.Hold(metatest.Audience, slices.Collect(maps.Values(s.meta.Members(metatest.Audience)))...)
	return one
}

// within runs the command line in this process, which is faster.
func (s *shopOfTwo) within(t *testing.T, args ...string) string {
	t.Helper()
	var out, complaints bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &complaints, now: time.Now, env: func(name string) (string, bool) {
		for _, x := range s.env {
			if value, ok := strings.CutPrefix(x, name+"="); ok {
				return value, true
			}
		}
		return "", false
	}}
	if code := a.execute(t.Context(), append([]string{"--project-dir", s.dir}, args...)); code != exitOK {
		t.Fatalf("customhouse %s: exit code %d\n%s%s", strings.Join(args, " "), code, out.String(), complaints.String())
	}
	return out.String()
}

// dying runs the command line in a process that kills itself at a point, and says
// whether it did.
func (s *shopOfTwo) dying(t *testing.T, point string, times int, args ...string) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "customhouse-dying", append([]string{"--project-dir", s.dir}, args...)...)
	cmd.Env = append(append(os.Environ(), s.env...), diesAt+"="+point, fmt.Sprintf("%s=%d", diesTimes, times), passages+"="+filepath.Join(t.TempDir(), "passages.json"))
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState.ExitCode() >= 0 {
		t.Fatalf("%v: %s", err, out)
	}
	return cmd.ProcessState.ExitCode() < 0
}

// asked are the requests that the state knows, with their steps.
func (s *shopOfTwo) asked(t *testing.T) (out []requested) {
	t.Helper()
	var list struct{ Requests []requested }
	if err := json.Unmarshal([]byte(s.within(t, "--format", "json", "privacy", "list")), &list); err != nil {
		t.Fatal(err)
	}
	for _, r := range list.Requests {
		if err := json.Unmarshal([]byte(s.within(t, "--format", "json", "privacy", "show", r.ID)), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func (s *shopOfTwo) must(t *testing.T, args ...string) string {
	t.Helper()
	if s.log == "" {
		return must(t, s.env, append([]string{"--project-dir", s.dir}, args...)...)
	}
	r := customhouse(t, s.env, append([]string{"--project-dir", s.dir, "--log-format", "json"}, args...)...)
	if r.code != exitOK {
		t.Fatalf("customhouse %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	said, err := os.ReadFile(s.log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	write(t, s.log, string(said)+r.stdout+r.stderr)
	return r.stdout
}

func (s *shopOfTwo) sql(t *testing.T, script ...string) {
	t.Helper()
	d, err := duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(s.dir, "shop.duckdb")}, "")
	if err != nil {
		t.Fatal(err)
	}
	err = d.Exec(context.WithoutCancel(t.Context()), script)
	if e := d.Close(); err != nil || e != nil {
		t.Fatal(err, e)
	}
}

// rows reads a query as text.
func (s *shopOfTwo) rows(t *testing.T, query string) (out []string) {
	t.Helper()
	d, err := duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(s.dir, "shop.duckdb")}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	rows, err := d.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	dest := make([]any, len(rows.Columns()))
	for rows.Next(dest) == nil {
		out = append(out, fmt.Sprint(dest...))
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// having are the places that have one of some values: files of the project, byte
// by byte, and tables, of which the file may have a compressed form.
func (s *shopOfTwo) having(t *testing.T, values []string) []string {
	t.Helper()
	var out []string
	patterns := make([]string, len(values))
	for i, v := range values {
		patterns[i] = regexp.QuoteMeta(v)
	}
	var all []string
	for _, name := range s.rows(t, `SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_catalog = 'customhouse_file'`) {
		all = append(all, fmt.Sprintf(`SELECT 'table %s has ' || unnest(regexp_extract_all(CAST(t AS VARCHAR), '%s')) AS place FROM %[1]s AS t`, name, strings.Join(patterns, "|")))
	}
	out = append(out, s.rows(t, "SELECT DISTINCT place FROM ("+strings.Join(all, " UNION ALL ")+") ORDER BY place")...)
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, v := range values {
			if bytes.Contains(text, []byte(v)) {
				out = append(out, "file "+strings.TrimPrefix(path, s.dir)+" has "+v)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// isAt says that privacy where has lines of somebody that match, with one space for
// all that stand together.
func (s *shopOfTwo) isAt(t *testing.T, who string, lines ...string) {
	t.Helper()
	out := s.must(t, "privacy", "where", who)
	for _, want := range lines {
		if !regexp.MustCompile("(?m)" + strings.ReplaceAll(want, " ", " +") + "$").MatchString(out) {
			t.Errorf("where %s has no line that matches %q:\n%s", who, want, out)
		}
	}
}

// request is what a command says of a request.
func (s *shopOfTwo) request(t *testing.T, args ...string) requested {
	t.Helper()
	var out requested
	if err := json.Unmarshal([]byte(s.must(t, append([]string{"--format", "json"}, args...)...)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// status is that of a step.
func (r requested) status(step, system string) string {
	for _, x := range r.Steps {
		if x.Step == step && x.System == system {
			return x.Status
		}
	}
	return "none"
}

// other is what there is of the other person: rows, identifiers, profile, segments,
// what was delivered, and what platforms hold.
func (s *shopOfTwo) other(t *testing.T) (out []string) {
	t.Helper()
	const his = "(SELECT customer_id FROM customhouse.customer_identities WHERE identifier = 'u-bob-88')"
	for _, q := range []string{
		"SELECT user_id || email || phone || name || seen FROM raw.contacts WHERE user_id = 'u-bob-88'",
		"SELECT identifier_type || identifier || first_seen || last_seen FROM customhouse.customer_identities WHERE customer_id = " + his,
		"SELECT CAST(p AS VARCHAR) FROM customhouse.customer_profiles p WHERE customer_id = " + his,
		"SELECT CAST(p AS VARCHAR) FROM customhouse.customer_profile_history p WHERE customer_id = " + his,
		"SELECT segment || entered_at FROM customhouse.segment_members WHERE customer_id = " + his,
		"SELECT sync || key || fingerprint FROM customhouse.sync_ledger WHERE entity_id = " + his,
	} {
		rows := s.rows(t, "SELECT x FROM ("+q+") AS q (x) ORDER BY x")
		if len(rows) == 0 {
			t.Fatalf("there is nothing of the other: %s", q)
		}
		out = append(out, rows...)
	}
	for _, r := range s.hubspot.Records("contacts") {
		if r["email"] == "bob@example.com" {
			out = append(out, fmt.Sprint(r))
		}
	}
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte("bob@example.com")))
	for _, m := range s.meta.Members(metatest.Audience) {
		if m["EMAIL"] == digest {
			out = append(out, fmt.Sprint(m))
		}
	}
	if len(out) < 8 {
		t.Fatalf("platforms do not hold the other: %q", out)
	}
	return out
}

// TestErasure: nothing of a person is left anywhere once an erasure is done, and
// nothing that is another's is touched.
func TestErasure(t *testing.T) {
	t.Parallel()
	s := newShopOfTwo(t)
	// What commands say to who calls them, and to a log, is searched too.
	s.log = filepath.Join(s.dir, "commands.log")
	before := s.rows(t, `SELECT identifier_type, identifier FROM customhouse.customer_identities WHERE identifier LIKE '%bob%' ORDER BY ALL`)
	if len(before) != 2 || len(s.having(t, hers)) < 10 {
		t.Fatalf("the project is not what the test is about: %v %v", before, s.having(t, hers))
	}
	if merged := s.rows(t, `SELECT count(*) FROM customhouse.customer_id_history WHERE kind = 'merge'`); merged[0] != "1" {
		t.Fatalf("%s customers were merged, want 1", merged[0])
	}
	if got := len(s.meta.Members("456")); got != 2 {
		t.Fatalf("%d members, want 2", got)
	}
	other := s.other(t)

	// She makes use of each of her rights, and leaves traces of it.
	file := filepath.Join(t.TempDir(), "ada.zip")
	s.must(t, "privacy", "access", "email=ada.one@example.com", "--evidence", "ticket 4701", "--out", file)
	s.must(t, "privacy", "access", "user_id=u-ada-77", "--portable", "--evidence", "ticket 4702", "--out", file+".portable.zip")
	s.must(t, "privacy", "rectify", "cookie=cookie-ada-55", "name=Ada Unmistakable the First", "--evidence", "ticket 4703")
	asked := s.request(t, "privacy", "restrict", "email=ada.two@example.com", "--evidence", "ticket 4704")
	s.must(t, "run", "--as-of", "2026-01-03")
	if got := len(s.meta.Members("456")); got != 1 {
		t.Errorf("%d members while she is restricted, want 1", got)
	}
	s.must(t, "privacy", "withdraw", asked.ID, "--because", "settled, ticket 4705")
	s.must(t, "run", "--as-of", "2026-01-03")
	if got := len(s.meta.Members("456")); got != 2 {
		t.Errorf("%d members when she is restricted no more, want 2", got)
	}
	s.must(t, "privacy", "object", "email=ada.one@example.com", "--purpose", "advertising", "--evidence", "ticket 4706")
	if got := len(s.meta.Members("456")); got != 1 {
		t.Errorf("%d members after she objected, want 1", got)
	}
	if crm, err := json.Marshal(s.hubspot.Contents()); err != nil || !bytes.Contains(crm, []byte("Ada Unmistakable the First")) {
		t.Errorf("the CRM was not told of the correction: %s, %v", crm, err)
	}

	r := s.request(t, "privacy", "erase", "email=Ada.One@example.com", "--yes", "--evidence", "ticket 4711")
	for _, c := range [][3]string{
		{"suppress", "warehouse", "done"},
		{"remove", "to_crm", "done"},
		{"remove", "to_ads", "done"},
		{"erase", "crm", "done"},
		{"erase", "ads", "done"},
		{"erase", "exports", "manual"},
		{"scrub", "warehouse", "done"},
		{"source", "contacts", "manual"},
		{"source", "visits", "done"},
		{"compact", "warehouse", "todo"},
		{"close", "state", "todo"},
	} {
		if got := r.status(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s is %s, want %s", c[0], c[1], got, c[2])
		}
	}
	if r.Status != "waiting" {
		t.Errorf("the request is %s, want waiting", r.Status)
	}
	if got := len(s.meta.Members("456")); got != 1 {
		t.Errorf("%d members, want 1", got)
	}
	crm, err := json.Marshal(s.hubspot.Contents())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(crm, []byte("ada.two")) || !bytes.Contains(crm, []byte("bob@example.com")) {
		t.Errorf("the CRM has %s", crm)
	}

	// By now there are digests on the list, and the request has identifiers in clear.
	day := time.Now().UTC().Format(time.DateOnly)
	for _, who := range []string{"email=ADA.one@example.com", "cookie=cookie-ada-55"} {
		s.isAt(t, who, "  table .* privacy_suppressions .* is on the list of the erased since "+day, "  state .* request "+r.ID+" .* erase, waiting")
	}
	s.isAt(t, "phone=+33612345678", "what others have was theirs, too, who were erased on "+day)

	// What is left is for somebody to do; the statements are those that do it, and name
	// her.
	log := s.log
	s.log = ""
	shown := s.request(t, "privacy", "show", r.ID, "--statements")
	s.log = log
	s.sql(t, shown.Statements["contacts"])
	s.request(t, "privacy", "confirm", r.ID, "source", "contacts", "--evidence", "done by ops, ticket 4712")
	if err := os.RemoveAll(filepath.Join(s.dir, "exports")); err != nil {
		t.Fatal(err)
	}
	r = s.request(t, "privacy", "confirm", r.ID, "erase", "exports", "--evidence", "folder removed, ticket 4713")
	if r.Status != "done" || r.status("close", "state") != "done" {
		t.Errorf("the request is %s, its last step %s", r.Status, r.status("close", "state"))
	}
	s.isAt(t, "email=ada.two@example.com", "is on the list of the erased since "+day, "  state .* request "+r.ID+" .* erase, done")
	if out := s.must(t, "privacy", "where", "email=bob@example.com"); strings.Contains(out, "erase") {
		t.Errorf("the other is %s", out)
	}
	s.must(t, "run", "--as-of", "2026-01-04")
	left := slices.DeleteFunc(s.having(t, hers), func(place string) bool { return strings.Contains(place, "/exports/") })
	if len(left) > 0 {
		t.Errorf("left: %s", strings.Join(left, "\n"))
	}
	// Nor is a digest that anybody could make of her addresses.
	for _, address := range hers[1:3] {
		for _, digest := range []string{fmt.Sprintf("%x", sha256.Sum256([]byte(address))), fmt.Sprintf("%x", md5.Sum([]byte(address)))} {
			if places := s.having(t, []string{digest}); len(places) > 0 {
				t.Errorf("a digest of an address: %s", strings.Join(places, "\n"))
			}
		}
	}
	if d := gocmp.Diff(other, s.other(t)); d != "" {
		t.Errorf("of the other (-before +after):\n%s", d)
	}
	after := s.rows(t, `SELECT identifier_type, identifier FROM customhouse.customer_identities ORDER BY ALL`)
	if got := fmt.Sprint(after); !strings.Contains(got, "bob@example.com") || !strings.Contains(got, "u-bob-88") {
		t.Errorf("of the other %v is left", after)
	}
	if got := s.rows(t, `SELECT name FROM customhouse.customer_profiles WHERE name <> ''`); !slices.Equal(got, []string{"Bob Another"}) {
		t.Errorf("profiles of %v", got)
	}
	// What both had lives on for him.
	if got := s.rows(t, `SELECT count(*) FROM customhouse.customer_identities WHERE identifier = '+33612345678'`); got[0] != "1" {
		t.Errorf("the telephone that both had is there %s times", got[0])
	}
	// A load brings her rows again, and nobody comes of them.
	s.sql(t, `INSERT INTO raw.contacts VALUES ('u-ada-77', 'ada.one@example.com', '06 12 34 56 78', 'Ada Unmistakable', TIMESTAMP '2026-01-04')`)
	s.must(t, "run", "--as-of", "2026-01-05")
	left = slices.DeleteFunc(s.having(t, hers), func(place string) bool {
		return strings.Contains(place, "/exports/") || strings.Contains(place, "raw.contacts") || strings.HasPrefix(place, "file /shop.duckdb")
	})
	if len(left) > 0 {
		t.Errorf("came back: %s", strings.Join(left, "\n"))
	}
	if got := s.rows(t, `SELECT name FROM customhouse.customer_profiles WHERE name <> ''`); !slices.Equal(got, []string{"Bob Another"}) {
		t.Errorf("after another load there are profiles of %v", got)
	}
	if len(s.having(t, his)) == 0 {
		t.Error("nothing of the other is left")
	}
	if out := s.must(t, "privacy", "list"); !strings.Contains(out, r.ID) {
		t.Errorf("the list has not the request: %s", out)
	}
}

// TestRectify: a correction goes before what sources say, whatever is computed from
// it sees it, and it ends when it is withdrawn.
func TestRectify(t *testing.T) {
	t.Parallel()
	s := newShopOfTwo(t)
	known := func(want ...string) {
		t.Helper()
		if got := s.rows(t, `SELECT name || ', ' || greeting || ', ' || visited FROM customhouse.customer_profiles WHERE name <> '' ORDER BY ALL`); !slices.Equal(got, want) {
			t.Errorf("profiles say %q, want %q", got, want)
		}
	}
	before := []string{"Ada Unmistakable, Dear Ada Unmistakable, 1", "Bob Another, Dear Bob Another, 0"}
	known(before...)
	name := s.request(t, "privacy", "rectify", "email=ada.two@example.com", "name=Augusta", "--evidence", "ticket 1")
	visits := s.request(t, "privacy", "rectify", "email=ada.one@example.com", "visited=7", "--evidence", "ticket 2")
	if name.Status != "done" || visits.Status != "done" {
		t.Errorf("the requests are %s and %s", name.Status, visits.Status)
	}
	s.must(t, "run", "--as-of", "2026-01-04")
	known("Augusta, Dear Augusta, 7", "Bob Another, Dear Bob Another, 0")
	// The later of two counts, and the source goes on without it.
	again := s.request(t, "privacy", "rectify", "user_id=u-ada-77", "name=Augusta Ada", "--evidence", "ticket 3")
	s.sql(t, `INSERT INTO raw.contacts VALUES ('u-ada-77', 'ada.two@example.com', NULL, 'Ada Unmistakable', TIMESTAMP '2026-01-04')`)
	s.must(t, "run", "--as-of", "2026-01-05")
	known("Augusta Ada, Dear Augusta Ada, 7", "Bob Another, Dear Bob Another, 0")
	for _, r := range []requested{name, visits, again} {
		if got := s.request(t, "privacy", "withdraw", r.ID, "--because", "it was wrong"); got.Status != "withdrawn" {
			t.Errorf("it is %s after it was withdrawn", got.Status)
		}
	}
	s.must(t, "run", "--as-of", "2026-01-06")
	known(before...)
	for _, wrong := range [][]string{
		{"rectify", "email=ada.one@example.com", "visited=many", "--evidence", "ticket 4"},
		{"rectify", "email=ada.one@example.com", "age=7", "--evidence", "ticket 4"},
		{"rectify", "email=no address", "name=Ada", "--evidence", "ticket 4"},
		{"erase", "email=ada.one@example.com", "--evidence", "ticket 4"},
		{"erase", "email=ada.one@example.com", "--yes"},
		{"erase", "email=ada.one@example.com", "--yes", "--evidence", "her mail from ada.one@example.com"},
	} {
		if r := customhouse(t, s.env, append([]string{"--project-dir", s.dir, "privacy"}, wrong...)...); r.code != exitUsage {
			t.Errorf("%v: exit code %d, %s", wrong, r.code, r.stderr)
		}
	}
}

// honest: of what a request says is done, nothing is left to do. It returns how many
// steps say so.
func (s *shopOfTwo) honest(t *testing.T) (done int) {
	t.Helper()
	var places []string
	for _, place := range s.having(t, hers) {
		if !strings.Contains(place, "/exports/") {
			places = append(places, place)
		}
	}
	held := func(prefixes ...string) (out []string) {
		for _, place := range places {
			for _, prefix := range prefixes {
				if strings.HasPrefix(place, prefix) {
					out = append(out, place)
				}
			}
		}
		return out
	}
	crm := func() (out []string) {
		for _, r := range s.hubspot.Records("contacts") {
			if !strings.HasPrefix(r["email"], "bob") {
				out = append(out, "hubspot has "+r["email"])
			}
		}
		return out
	}
	ads := func() (out []string) {
		if n := len(s.meta.Members(metatest.Audience)); n > 1 {
			out = append(out, fmt.Sprintf("meta has %d members", n))
		}
		return out
	}
	for _, r := range s.asked(t) {
		var left []string
		for _, x := range r.Steps {
			if x.Status != "done" {
				continue
			}
			done++
			switch x.Step + " " + x.System {
			case "suppress warehouse":
				if n := s.rows(t, "SELECT count(*) FROM customhouse.privacy_suppressions WHERE request = '"+r.ID+"'"); n[0] == "0" {
					left = append(left, "nobody is on the list")
				}
			case "remove to_crm", "erase crm":
				left = append(left, crm()...)
			case "remove to_ads", "erase ads":
				left = append(left, ads()...)
			case "scrub warehouse":
				left = append(left, held("table customhouse.")...)
			case "source visits":
				left = append(left, held("table raw.visits")...)
			case "compact warehouse":
				left = append(left, held("table ", "file /shop.duckdb")...)
			case "close state":
				left = append(left, held("file /.customhouse")...)
			}
			if len(left) > 0 {
				t.Errorf("%s %s is done, and %s", x.Step, x.System, strings.Join(left, ", "))
			}
		}
		if r.Status == "done" && len(places)+len(crm())+len(ads()) > 0 {
			t.Errorf("the request is done, and %s", strings.Join(slices.Concat(places, crm(), ads()), ", "))
		}
	}
	return done
}

// erasing are the points that an erasure comes to, in their order, with each step
// before it is begun and when it is written down. TestErasing holds them against the
// code.
var erasing = []string{
	"privacy find", "privacy found", "privacy planned", "privacy suppress", "privacy suppress done", "privacy settle", "privacy settle done",
	"privacy remove", "privacy removed", "privacy remove done", "privacy erase", "privacy erased", "privacy erase done", "privacy scrub",
	"privacy scrub done", "privacy source", "privacy source done", "privacy compact", "privacy compact done", "privacy close", "privacy closing",
	"privacy closed", "privacy close done", "privacy conclude",
}

// restricting are the points that only a restriction comes to, and its withdrawal.
var restricting = []string{"privacy list", "privacy list done", "privacy withdrawn"}

// TestKilledRestriction: what is said to be in place is, and what was withdrawn is
// not, wherever it was killed.
func TestKilledRestriction(t *testing.T) { //nolint:tparallel // each is several processes
	t.Parallel()
	s := newShopOfTwo(t)
	for _, point := range restricting {
		t.Run(strings.ReplaceAll(point, " ", "_"), func(t *testing.T) {
			one := s.again(t)
			listed := func() bool { return one.rows(t, "SELECT count(*) FROM customhouse.privacy_restrictions")[0] != "0" }
			restrict := []string{"privacy", "restrict", "email=ada.one@example.com", "--evidence", "ticket 1"}
			if point == "privacy withdrawn" {
				one.within(t, restrict...)
			} else if !one.dying(t, point, 1, restrict...) {
				t.Fatal("it was not killed")
			}
			if r := one.asked(t)[0]; r.status("list", "warehouse") == "done" && !listed() {
				t.Errorf("it is said to be in place, and is not: %+v", r)
			}
			one.within(t, "run", "--as-of", "2026-01-03")
			r := one.asked(t)[0]
			if n := len(one.meta.Members(metatest.Audience)); r.Status != "waiting" || r.status("list", "warehouse") != "done" || !listed() || n != 1 {
				t.Errorf("after the next run it is %s, %d members are left: %+v", r.Status, n, r.Steps)
			}
			withdraw := []string{"privacy", "withdraw", r.ID, "--because", "settled"}
			if point == "privacy withdrawn" && !one.dying(t, point, 1, withdraw...) {
				t.Fatal("it was not killed")
			}
			if r := one.asked(t)[0]; r.Status == "withdrawn" {
				t.Errorf("it is said to be withdrawn before it was")
			}
			one.within(t, withdraw...)
			if r := one.asked(t)[0]; r.Status != "withdrawn" || listed() {
				t.Errorf("it is %s, and in force: %t", r.Status, listed())
			}
		})
	}
}

// TestErasing: there is no point of an erasure in the code that nothing is killed at,
// and none that is looked for in vain.
func TestErasing(t *testing.T) {
	var got []string
	others := slices.Clone(restricting)
	others = append(others, "privacy table", "privacy table done") // which is done by hand alone
	for _, name := range []string{"engine.go", "steps.go"} {
		tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join("../internal/privacy", name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec: // a step has a point before it and one after it
				if strings.HasPrefix(n.Names[0].Name, "step") && len(n.Values) == 1 {
					if text, ok := n.Values[0].(*ast.BasicLit); ok {
						step := strings.Trim(text.Value, `"`)
						got = append(got, "privacy "+step, "privacy "+step+" done")
					}
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "reached" {
					if text, ok := n.Args[0].(*ast.BasicLit); ok {
						got = append(got, strings.Trim(text.Value, `"`))
					}
				}
			}
			return true
		})
	}
	want := append(slices.Clone(erasing), others...)
	slices.Sort(want)
	slices.Sort(got)
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("points (-killed at +in the code):\n%s", d)
	}
}

// TestKilledErasure kills an erasure at each of its points. The next run goes on, and
// nothing is said to be done before it is: neither when it was killed nor after that.
func TestKilledErasure(t *testing.T) { //nolint:tparallel // each is several processes
	t.Parallel()
	seeds := len(erasing) / 2
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		seeds = 5 * len(erasing)
	}
	s := newShopOfTwo(t)
	killed, done := 0, 0
	for seed := range seeds {
		point, times := erasing[seed%len(erasing)], 1
		if seeds < len(erasing) { // another half each day
			point = erasing[2*seed+time.Now().YearDay()%2]
		}
		if several := regexp.MustCompile(`^privacy (settle|remove|erase|source)\b`); several.MatchString(point) {
			times += seed / len(erasing) % 2
		}
		t.Run(fmt.Sprintf("%s %d", strings.ReplaceAll(point, " ", "_"), times), func(t *testing.T) {
			one := s.again(t)
			died := one.dying(t, point, times, "privacy", "erase", "email=ada.one@example.com", "--yes", "--evidence", "ticket 4711")
			if died {
				done += one.honest(t)
			}
			one.within(t, "run", "--as-of", "2026-01-04")
			done += one.honest(t)
			list := one.asked(t)
			if len(list) != 1 || list[0].Status != "waiting" {
				t.Fatalf("the requests after the next run: %+v", list)
			}
			r := list[0]
			shown := one.request(t, "privacy", "show", r.ID, "--statements")
			one.sql(t, shown.Statements["contacts"])
			if err := os.RemoveAll(filepath.Join(one.dir, "exports")); err != nil {
				t.Fatal(err)
			}
			one.within(t, "privacy", "confirm", r.ID, "erase", "exports", "--evidence", "ticket 4712")
			// What is left is done now.
			if one.dying(t, point, times, "privacy", "confirm", r.ID, "source", "contacts", "--evidence", "ticket 4713") {
				died = true
				done += one.honest(t)
			}
			if died {
				killed++
			}
			one.within(t, "run", "--as-of", "2026-01-05")
			done += one.honest(t)
			if r = one.asked(t)[0]; r.Status != "done" {
				t.Errorf("the request is %s in the end: %+v", r.Status, r.Steps)
			}
			if got := one.rows(t, `SELECT name FROM customhouse.customer_profiles WHERE name <> ''`); !slices.Equal(got, []string{"Bob Another"}) {
				t.Errorf("profiles of %v", got)
			}
		})
	}
	t.Logf("%d of %d erasures were killed; %d steps that were said to be done were looked at", killed, seeds, done)
	if killed < seeds {
		t.Errorf("only %d of %d were killed", killed, seeds)
	}
}

// TestRequests: a restriction and an objection are listed by all identifiers of the
// person and taken away where there are audiences, and each decision about a
// request is possible as long as it may be.
func TestRequests(t *testing.T) {
	t.Parallel()
	s := newShopOfTwo(t)
	restricted := func(want ...string) {
		t.Helper()
		if got := s.rows(t, `SELECT DISTINCT kind || ' ' || coalesce(purpose, '-') || ' ' || identifier FROM customhouse.privacy_restrictions ORDER BY ALL`); !slices.Equal(got, want) {
			t.Errorf("the list has %q, want %q", got, want)
		}
	}
	r := s.request(t, "privacy", "object", "cookie=cookie-ada-55", "--purpose", "advertising", "--evidence", "ticket 1", "--received", "2026-01-31")
	if got := r.Due.Format(time.DateOnly); got != "2026-02-28" {
		t.Errorf("received on 31 January, due %s", got)
	}
	if r.status("remove", "to_ads") != "done" || r.status("remove", "to_crm") != "none" || r.Status != "done" {
		t.Errorf("the objection is %s: %+v", r.Status, r.Steps)
	}
	restricted("objected advertising ada.one@example.com", "objected advertising ada.two@example.com", "objected advertising cookie-ada-55", "objected advertising u-ada-77")
	if got := len(s.meta.Members("456")); got != 1 {
		t.Errorf("%d members, want 1", got)
	}
	s.request(t, "privacy", "withdraw", r.ID, "--because", "changed their mind")
	restricted()

	// What stays as a record waits for somebody.
	r = s.request(t, "privacy", "restrict", "email=ada.one@example.com", "--evidence", "ticket 2")
	if r.Status != "waiting" || r.status("remove", "to_crm") != "manual" {
		t.Errorf("the restriction is %s: %+v", r.Status, r.Steps)
	}
	r = s.request(t, "privacy", "extend", r.ID, "--because", "many requests at once")
	if days := r.Due.Sub(r.Received).Hours() / 24; days < 89 || days > 92 {
		t.Errorf("extended to %.0f days, want three months", days)
	}
	for _, wrong := range [][]string{
		{"extend", r.ID, "--because", "once more"},
		{"refuse", r.ID, "--because", "too late"},
		{"confirm", r.ID, "scrub", "warehouse", "--evidence", "ticket 3"},
		{"confirm", r.ID, "remove", "to_crm"},
	} {
		if got := customhouse(t, s.env, append([]string{"--project-dir", s.dir, "privacy"}, wrong...)...); got.code != exitUsage {
			t.Errorf("%v: exit code %d, %s", wrong, got.code, got.stderr)
		}
	}
	s.request(t, "privacy", "confirm", r.ID, "remove", "to_crm", "--evidence", "ticket 3")
	if out := s.must(t, "privacy", "confirm", r.ID, "remove", "to_files", "--evidence", "ticket 3"); !strings.Contains(out, ", done\n") {
		t.Errorf("after everything was confirmed: %s", out)
	}
	if out := s.must(t, "privacy", "audit", "--verify"); strings.Contains(out, "ada") || !strings.Contains(s.must(t, "privacy", "audit"), r.ID) {
		t.Errorf("the audit log: %s", out)
	}
}

// TestLookAgain: a source that nothing can be taken out of is only for somebody to do
// something about as long as the person is in it.
func TestLookAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "customhouse.yaml"), `project: {name: shop, timezone: UTC}
targets: {local: {type: duckdb, path: shop.duckdb, deliver: true}}
entities: [{name: customer, identifiers: [{name: email}]}]
sources:
  - {name: contacts, files: {path: contacts.csv}, entity: customer, class: personal, identifiers: {email: email}}
  - {name: tickets, files: {path: tickets.csv}, entity: customer, class: personal, identifiers: {email: email}}
segments: [{name: nobody, entity: customer, when: 'false'}]
destinations: [{name: exports, type: files, path: exports, allow: [public, internal, personal]}]
purposes: [{name: service, basis: contract, description: what it is for}]
syncs: [{name: to_files, from: {segment: nobody}, to: {destination: exports, object: people, key: customer_id}, fields: {customer_id: customer_id}, purpose: service}]
`)
	const bob = "email\nbob@example.com\n"
	write(t, filepath.Join(dir, "contacts.csv"), bob+"ada@example.com\n")
	write(t, filepath.Join(dir, "tickets.csv"), bob)
	s := &shopOfTwo{dir: dir}
	s.must(t, "run")
	r := s.request(t, "privacy", "erase", "email=ada@example.com", "--yes", "--evidence", "ticket 1")
	if r.Status != "waiting" || r.status("source", "contacts") != "manual" || r.status("source", "tickets") != "done" {
		t.Errorf("the request is %s: %+v", r.Status, r.Steps)
	}
	write(t, filepath.Join(dir, "contacts.csv"), bob)
	s.must(t, "run")
	if r = s.request(t, "privacy", "show", r.ID); r.Status != "waiting" {
		t.Errorf("it was looked at again at once: %+v", r.Steps)
	}
	db, err := databasesql.Open("sqlite3", filepath.Join(dir, ".customhouse", "local.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "UPDATE customhouse_privacy_steps SET at = ? WHERE step = 'source'", time.Now().Add(-25*time.Hour).UnixMicro()); err != nil {
		t.Fatal(err)
	}
	s.must(t, "run")
	if r = s.request(t, "privacy", "show", r.ID); r.Status != "done" || r.status("source", "contacts") != "done" {
		t.Errorf("a day later the request is %s: %+v", r.Status, r.Steps)
	}
}

// asks writes a request down, as whoever receives one without the warehouse does.
func (s *shopOfTwo) asks(t *testing.T, kind, email string) string {
	t.Helper()
	store, err := state.Open(t.Context(), state.Options{Place: filepath.Join(s.dir, stateFolder, "local.db"), Scope: "shop/local", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	r := state.PrivacyRequest{
		ID: kind + "-1", Kind: kind, Entity: "customer", Status: "received", Evidence: "ticket", Received: time.Now(), Due: time.Now().AddDate(0, 1, 0),
		Person: state.Person{Identifiers: []state.Identifier{{Type: "email", Value: email}}},
	}
	if err := errors.Join(store.AddRequest(t.Context(), &r), store.Close()); err != nil {
		t.Fatal(err)
	}
	return r.ID
}

// delivers says whether the target does.
func (s *shopOfTwo) delivers(t *testing.T, does bool) {
	t.Helper()
	text := rightsProject
	if !does {
		text = strings.Replace(text, ", deliver: true", "", 1)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "customhouse.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestErasureWithoutDelivery: what an erasure does in the warehouse is done by a run of
// a target that delivers nothing; what it asks of destinations waits for one that does.
func TestErasureWithoutDelivery(t *testing.T) {
	t.Parallel()
	s := newShopOfTwo(t)
	s.delivers(t, false)
	id := s.asks(t, "erase", "ada.one@example.com")
	s.must(t, "run", "--as-of", "2026-01-04")
	r := s.request(t, "privacy", "show", id)
	for _, c := range [][3]string{
		{"suppress", "warehouse", "done"},
		{"settle", "to_crm", "done"},
		{"remove", "to_crm", "todo"},
		{"remove", "to_ads", "todo"},
		{"erase", "crm", "todo"},
		{"erase", "exports", "todo"},
		{"scrub", "warehouse", "done"},
		{"source", "contacts", "manual"},
		{"source", "visits", "done"},
		{"close", "state", "todo"},
	} {
		if got := r.status(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s is %s, want %s", c[0], c[1], got, c[2])
		}
	}
	if got := s.rows(t, `SELECT name FROM customhouse.customer_profiles WHERE name <> ''`); !slices.Equal(got, []string{"Bob Another"}) {
		t.Errorf("profiles of %v", got)
	}
	if got := len(s.meta.Members("456")); got != 2 {
		t.Errorf("%d members are left, want both: nothing may be asked", got)
	}
	if out := s.must(t, "privacy", "show", id); !strings.Contains(out, "does not say deliver: true") {
		t.Errorf("nobody is told why the steps wait: %s", out)
	}

	// A target that delivers does the rest, whichever command comes first.
	s.delivers(t, true)
	s.must(t, "sync", "--as-of", "2026-01-05")
	r = s.request(t, "privacy", "show", id)
	for _, c := range [][2]string{{"remove", "to_crm"}, {"remove", "to_ads"}, {"erase", "crm"}, {"erase", "ads"}} {
		if got := r.status(c[0], c[1]); got != "done" {
			t.Errorf("%s %s is %s, want done", c[0], c[1], got)
		}
	}
	if got := len(s.meta.Members("456")); got != 1 {
		t.Errorf("%d members, want 1", got)
	}
	// So does a run of which nothing is to be delivered.
	s.asks(t, "restrict", "bob@example.com")
	s.must(t, "run", "--as-of", "2026-01-06", "--select", "entity:customer")
	if got := s.rows(t, `SELECT identifier FROM customhouse.privacy_restrictions WHERE identifier_type = 'email'`); !slices.Contains(got, "bob@example.com") {
		t.Errorf("the restriction is not in place: %v", got)
	}
}
