package run

import (
	"context"
	dbsql "database/sql"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // sources are written by another client
	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// shipment is a project with one sync, from a source to a platform: whole runs
// on a warehouse in a file, each opened anew.
type shipment struct {
	t       *testing.T
	dir     string
	options synctest.VendorOptions
	vendor  *synctest.Vendor
	server  *httptest.Server
	guards  string
	// driver wraps the warehouse's; it may be nil.
	driver func(adapters.Driver) adapters.Driver
	runs   int
	jobs   time.Duration
}

func newShipment(t *testing.T, o synctest.VendorOptions) *shipment {
	t.Helper()
	o.Object = synctest.Records
	s := &shipment{t: t, dir: t.TempDir(), options: o, vendor: synctest.NewVendor(o), jobs: time.Minute}
	s.server = httptest.NewServer(s.vendor.Handler())
	t.Cleanup(s.server.Close)
	return s
}

// source runs statements on the warehouse while no run has it open.
func (s *shipment) source(statements ...string) {
	s.t.Helper()
	db, err := dbsql.Open("duckdb", filepath.Join(s.dir, "out.duckdb"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			s.t.Error(err)
		}
	}()
	for _, text := range statements {
		if _, err := db.ExecContext(s.t.Context(), text); err != nil {
			s.t.Fatalf("%v in:\n%s", err, text)
		}
	}
}

// contacts makes the source of n people.
func (s *shipment) contacts(n int) {
	s.t.Helper()
	s.source(fmt.Sprintf(`CREATE OR REPLACE TABLE contacts AS SELECT i AS uid, 'user' || lpad(i::VARCHAR, 7, '0') || '@example.com' AS mail,
		i %% 50 AS visits, i * 0.5::DOUBLE AS paid, TIMESTAMP '2026-01-01' + to_seconds(i) AS changed FROM range(%d) t(i)`, n))
}

func (s *shipment) project() string {
	return `project: {name: shipment}
targets: {local: {type: duckdb, path: out.duckdb, deliver: true}}
purposes: [{name: marketing, basis: contract, description: what it is for}]
entities: [{name: customer, identifiers: [{name: user_id}]}]
sources:
  - {name: contacts, class: personal, table: main.contacts, entity: customer, identifiers: {user_id: uid}, time: changed, columns: {mail: string, visits: int, paid: float}}
traits:
  - {name: email, entity: customer, pick: latest, from: contacts.mail}
  - {name: visits, entity: customer, pick: latest, from: contacts.visits}
  - {name: spent, entity: customer, pick: latest, from: contacts.paid}
segments: [{name: all, entity: customer, when: 'visits >= 0'}]
destinations: [{name: crm, allow: [public, internal, personal], type: vendor}]
syncs:
  - name: everybody
    from: {segment: all}
    to: {destination: crm, object: records, mode: mirror, key: email}
    fields: {email: email, visits: visits, spent: spent}
    purpose: marketing
    guards: {` + s.guards + `}
`
}

// run runs the project.
func (s *shipment) run(ctx context.Context) (summary Summary, err error) {
	s.t.Helper()
	s.runs++
	connector := synctest.Connector{URL: s.server.URL, Style: s.options.Style, Object: s.options.Object, Rows: 20}.New()
	p, found := config.Load(fstest.MapFS{"customhouse.yaml": {Data: []byte(s.project())}}, s.dir, config.Kinds{
		Targets:      map[string]func() any{"duckdb": func() any { return new(duckdb.Config) }},
		Destinations: map[string]func() any{"vendor": func() any { return new(struct{}) }},
		Ability: func(*config.Destination, string) *config.Ability {
			return &config.Ability{Operations: []string{"upsert", "delete"}}
		},
	})
	if err := found.Err(); err != nil {
		s.t.Fatal(err)
	}
	opened, err := duckdb.Open(ctx, duckdb.Config{Path: "out.duckdb", Threads: 2}, s.dir)
	if err != nil {
		return summary, err
	}
	var driver adapters.Driver = opened
	if s.driver != nil {
		driver = s.driver(driver)
	}
	wh := adapters.New(adapters.Options{
		Driver: driver, Dialect: sql.DuckDB, Schema: "customhouse", Catalog: []string{duckdb.FileCatalog}, Work: duckdb.WorkParts(), Parallel: 2,
	})
	defer func() { //nolint:contextcheck // Closing has no context.
		if err := errors.Join(wh.Close(), opened.Close()); err != nil {
			s.t.Error(err)
		}
	}()
	options := compile.Options{AsOf: time.Date(2026, 11, 22, s.runs/60, s.runs%60, 0, 0, time.UTC), RunID: fmt.Sprintf("run-%03d", s.runs)}
	checked, found := compile.Check(p, options)
	if err := found.Err(); err != nil {
		s.t.Fatal(err)
	}
	if options.Left, err = Left(ctx, wh, p); err != nil {
		return summary, err
	}
	store, err := state.Open(context.WithoutCancel(ctx), state.Options{Place: filepath.Join(s.dir, "state", "local.db"), Scope: "shipment", Now: time.Now})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			s.t.Error(err)
		}
	}()
	return Run(ctx, Options{
		Plan: checked.Plan(options), Warehouse: wh, Target: "local", Deliver: true, State: store,
		Destinations: map[string]syncs.Destination{"crm": connector},
		Secrets:      func(secret.Ref) secret.Value { return secret.NewValue(synctest.Canary) },
		Clock:        deliver.Timer(time.Now),
		Delivery: deliver.Settings{
			Attempts: 60, Backoff: time.Millisecond, MaxBackoff: 2 * time.Millisecond, Grace: 100 * time.Millisecond,
			Poll: time.Millisecond, MaxPoll: 2 * time.Millisecond, JobWait: s.jobs,
		},
	})
}

// read reads two columns of the warehouse while no run has it open.
func (s *shipment) read(query string) map[string]string {
	s.t.Helper()
	db, err := dbsql.Open("duckdb", filepath.Join(s.dir, "out.duckdb"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			s.t.Error(err)
		}
	}()
	rows, err := db.QueryContext(s.t.Context(), query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			s.t.Fatal(err)
		}
		out[key] = value
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return out
}

// wants compares the platform and the ledger with what the source says.
func (s *shipment) wants(query string) {
	s.t.Helper()
	want := s.read(query)
	if diff := cmp.Diff(want, s.vendor.Rows()); diff != "" {
		s.t.Errorf("the platform (-want +got):\n%s", diff[:min(len(diff), 2000)])
	}
	known := s.read("SELECT key, '' FROM customhouse.sync_ledger WHERE sync = 'everybody' AND fingerprint <> 'removed'")
	for key := range want {
		if _, ok := known[key]; !ok {
			s.t.Errorf("%s is not in the ledger", key)
		}
	}
	if len(known) != len(want) {
		s.t.Errorf("%d rows in the ledger, want %d", len(known), len(want))
	}
	if list := s.vendor.Stats().Violations; len(list) > 0 {
		s.t.Errorf("breaches of the protocol: %q", list)
	}
}

// inSource is what the platform should hold, as the source has it.
const inSource = `SELECT mail, '{"email":"' || mail || '","visits":' || visits || ',"spent":' || CASE WHEN paid = paid::BIGINT THEN paid::BIGINT::VARCHAR ELSE paid::VARCHAR END || '}' FROM contacts`

func ok(t *testing.T, summary Summary, err error) {
	t.Helper()
	if err != nil || summary.Status != OK {
		for _, s := range summary.Syncs {
			t.Logf("%+v", s)
		}
		t.Fatalf("status %s, error %v", summary.Status, err)
	}
}

func long() bool { return os.Getenv("CUSTOMHOUSE_LONG") != "" }

// Jobs that have not ended when a run does are asked for by the next, which
// sends none of their rows again.
func TestJobsSurviveARun(t *testing.T) {
	for _, style := range []synctest.Style{synctest.ResultFile, synctest.JobErrors, synctest.JobCounts} {
		t.Run(style.String(), func(t *testing.T) {
			s := newShipment(t, synctest.VendorOptions{Style: style, Polls: 20})
			s.contacts(100)
			s.jobs = time.Millisecond
			summary, err := s.run(t.Context())
			if err != nil || summary.Status != Degraded || summary.Syncs[0].Report.InJobs != 100 {
				t.Fatalf("status %s, error %v, %+v", summary.Status, err, summary.Syncs)
			}
			if _, err := s.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.jobs = time.Minute
			summary, err = s.run(t.Context())
			ok(t, summary, err)
			// A job that never had its rows is given up; any other is not started again.
			if n := s.vendor.Stats(); n.Upserts != 100 || n.Jobs != 5 && style != synctest.ResultFile {
				t.Errorf("%d jobs and %d rows, want each once", n.Jobs, n.Upserts)
			}
			s.wants(inSource)
		})
	}
}

// What a job of an earlier run did is of that run: a row that it refused, and
// that this run sends and has refused once more, is one rejection of two
// attempts, and once in the log of each.
func TestJobIsOfItsRun(t *testing.T) {
	s := newShipment(t, synctest.VendorOptions{
		Style: synctest.JobErrors, Polls: 20, Poison: func(key string) bool { return strings.HasPrefix(key, "user0000003@") },
	})
	s.contacts(30)
	s.jobs = time.Millisecond
	if summary, err := s.run(t.Context()); err != nil || summary.Syncs[0].Report.InJobs != 30 {
		t.Fatalf("error %v, %+v", err, summary.Syncs)
	}
	s.jobs = time.Minute
	var summary Summary
	for summary.Status == "" || summary.Status == Failed { // while a job is open
		var err error
		if summary, err = s.run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	last := fmt.Sprintf("run-%03d", s.runs)
	s.wants(inSource + " WHERE uid <> 3")
	if got, want := s.read("SELECT key, attempts::VARCHAR FROM customhouse.sync_rejections"), map[string]string{"user0000003@example.com": "2"}; !cmp.Equal(want, got) {
		t.Errorf("rejections (-want +got):\n%s", cmp.Diff(want, got))
	}
	got := s.read("SELECT run_id || ' ' || outcome, count(*)::VARCHAR FROM customhouse.sync_log GROUP BY ALL")
	if want := map[string]string{"run-001 accepted": "29", "run-001 rejected": "1", last + " rejected": "1"}; !cmp.Equal(want, got) {
		t.Errorf("log (-want +got):\n%s", cmp.Diff(want, got))
	}
}

// A source that changes its form between two runs: what cannot be read is named
// by its column before anything is sent, and what can be is delivered.
func TestDriftOfTheSource(t *testing.T) {
	t.Parallel()
	requests := func(s *shipment) int { return s.vendor.Stats().Requests }
	for name, test := range map[string]struct {
		change  []string
		names   string // what the error names
		invalid int64
		want    string
	}{
		"dropped":                   {change: []string{"ALTER TABLE contacts DROP COLUMN paid"}, names: "paid"},
		"another dropped":           {change: []string{"ALTER TABLE contacts DROP COLUMN visits"}, names: "visits"},
		"the key dropped":           {change: []string{"ALTER TABLE contacts DROP COLUMN mail"}, names: "mail"},
		"the identifier dropped":    {change: []string{"ALTER TABLE contacts DROP COLUMN uid"}, names: "uid"},
		"the time dropped":          {change: []string{"ALTER TABLE contacts DROP COLUMN changed"}, names: "changed"},
		"renamed":                   {change: []string{"ALTER TABLE contacts RENAME COLUMN paid TO revenue"}, names: "paid"},
		"the key renamed":           {change: []string{"ALTER TABLE contacts RENAME COLUMN mail TO email"}, names: "mail"},
		"retyped":                   {change: []string{"ALTER TABLE contacts ALTER COLUMN visits TYPE VARCHAR"}, names: "visits"},
		"the key of another type":   {change: []string{"ALTER TABLE contacts ALTER COLUMN mail TYPE VARCHAR[] USING [mail]"}, names: "mail"},
		"the time of another type":  {change: []string{"ALTER TABLE contacts ALTER COLUMN changed TYPE VARCHAR"}, names: "changed"},
		"the table dropped":         {change: []string{"DROP TABLE contacts"}, names: "contacts"},
		"the table renamed":         {change: []string{"ALTER TABLE contacts RENAME TO people"}, names: "contacts"},
		"added":                     {change: []string{"ALTER TABLE contacts ADD COLUMN extra INTEGER"}, want: inSource},
		"widened":                   {change: []string{"ALTER TABLE contacts ALTER COLUMN visits TYPE BIGINT"}, want: inSource},
		"a view":                    {change: []string{"ALTER TABLE contacts RENAME TO people", "CREATE VIEW contacts AS FROM people"}, want: inSource},
		"an identifier of text":     {change: []string{"ALTER TABLE contacts ALTER COLUMN uid TYPE VARCHAR"}, want: inSource},
		"a key that is NULL":        {change: []string{"UPDATE contacts SET mail = NULL WHERE uid IN (3, 4)"}, invalid: 2},
		"a key that is there twice": {change: []string{"UPDATE contacts SET mail = 'user0000003@example.com' WHERE uid IN (3, 4, 5)"}, invalid: 3},
		"a key that is empty":       {change: []string{"UPDATE contacts SET mail = '' WHERE uid = 3"}, invalid: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShipment(t, synctest.VendorOptions{Style: synctest.SparseIndex})
			s.contacts(100)
			summary, err := s.run(t.Context())
			ok(t, summary, err)
			s.wants(inSource)
			before, rows := requests(s), s.vendor.Rows()
			s.source(test.change...)
			summary, err = s.run(t.Context())
			switch {
			case test.names != "":
				if err == nil || !strings.Contains(err.Error(), test.names) || !strings.Contains(err.Error(), "customhouse.yaml:") {
					t.Errorf("error %v, want one that names %s and its place", err, test.names)
				}
			case test.invalid > 0:
				if err != nil || summary.Status != Degraded || summary.Syncs[0].Report.Invalid != test.invalid {
					t.Errorf("status %s, error %v, %+v", summary.Status, err, summary.Syncs)
				}
				for key := range rows {
					// Whose key it is now, nobody can say: what is there stays as it is.
					if strings.HasPrefix(key, "user0000003") && s.vendor.Rows()[key] != rows[key] && name == "a key that is there twice" {
						t.Errorf("%s was changed", key)
					}
				}
			default:
				ok(t, summary, err)
				s.wants(test.want)
			}
			if test.names != "" && (requests(s) != before || !cmp.Equal(rows, s.vendor.Rows())) {
				t.Error("something was sent")
			}
		})
	}
}

// A source that loses its rows, or has them twice: a guard trips, and nothing is
// removed before somebody agreed.
func TestSourceThatShrinksOrGrows(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		guards string
		change string
		trips  bool
	}{
		"empty":                         {change: "DELETE FROM contacts", trips: true},
		"empty, agreed":                 {guards: "allow_empty: true", change: "DELETE FROM contacts"},
		"a third less":                  {guards: "max_removed: 10%", change: "DELETE FROM contacts WHERE uid < 30", trips: true},
		"a third less, agreed":          {guards: "max_removed: 30%", change: "DELETE FROM contacts WHERE uid < 30"},
		"a third less, by what is left": {guards: "min_rows: 80%", change: "DELETE FROM contacts WHERE uid < 30", trips: true},
		"every row twice":               {change: "INSERT INTO contacts FROM contacts"},
		"twice as many people":          {guards: "max_removed: 0%, max_changed: 0%", change: "INSERT INTO contacts SELECT uid + 1000, 'x' || mail, visits, paid, changed FROM contacts"},
		"everybody twice, by one mail":  {guards: "max_rejected: 10%", change: "INSERT INTO contacts SELECT uid + 1000, mail, visits, paid, changed FROM contacts", trips: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShipment(t, synctest.VendorOptions{Style: synctest.SparseIndex})
			s.contacts(100)
			summary, err := s.run(t.Context())
			ok(t, summary, err)
			before, rows := s.vendor.Stats(), s.vendor.Rows()
			s.guards = test.guards
			s.source(test.change)
			summary, err = s.run(t.Context())
			if !test.trips {
				ok(t, summary, err)
				s.wants("SELECT DISTINCT * FROM (" + inSource + ")")
				return
			}
			var guard *deliver.GuardError
			if err != nil || summary.Status != Failed || !errors.As(summary.Syncs[0].Err, &guard) {
				t.Errorf("status %s, error %v, %+v", summary.Status, err, summary.Syncs)
			}
			if now := s.vendor.Stats(); now.Requests != before.Requests || !cmp.Equal(rows, s.vendor.Rows()) {
				t.Error("something was sent")
			}
		})
	}
}

// frail is a driver that loses its connection at the n-th step.
type frail struct {
	adapters.Driver
	left *atomic.Int64
	err  func() error
}

var errLost = errors.New("the connection was lost")

func (d frail) step() error {
	if d.left.Add(-1) == 0 {
		return d.err()
	}
	return nil
}

func (d frail) Exec(ctx context.Context, script []string) error {
	return errors.Join(d.step(), d.Driver.Exec(ctx, script))
}

func (d frail) Query(ctx context.Context, query string) (adapters.Rows, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	rows, err := d.Driver.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return &frailRows{Rows: rows, driver: d}, nil
}

type frailRows struct {
	adapters.Rows
	driver frail
}

func (r *frailRows) Next(dest []any) error {
	if err := r.driver.step(); err != nil {
		return err
	}
	return r.Rows.Next(dest)
}

// A warehouse whose answers are lost, or whose queries are cancelled, at any
// step of a run, the reading of rows included: the run says so, and the next
// one delivers what is wanted, each row sent at most once more.
func TestWarehouseThatIsLost(t *testing.T) {
	t.Parallel()
	times := 2
	if long() {
		times = 20
	}
	for name, how := range map[string]func(cancel context.CancelFunc) func() error{
		"connection lost": func(context.CancelFunc) func() error { return func() error { return errLost } },
		"query cancelled": func(cancel context.CancelFunc) func() error {
			return func() error { cancel(); return nil }
		},
		"statement refused": func(context.CancelFunc) func() error {
			return func() error {
				return &adapters.Error{Kind: adapters.Transient, Message: "the warehouse shuts down", Err: errLost}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range times {
				s := newShipment(t, synctest.VendorOptions{Style: synctest.SparseIndex})
				s.contacts(200)
				ctx, cancel := context.WithCancel(t.Context())
				left := &atomic.Int64{}
				left.Store(int64(20 + i*500/times + i))
				s.driver = func(d adapters.Driver) adapters.Driver { return frail{Driver: d, left: left, err: how(cancel)} }
				summary, err := s.run(ctx)
				// A statement that the warehouse refuses for now is run again, and a run
				// that is cancelled at its end has ended.
				if name == "connection lost" && left.Load() <= 0 && err == nil && summary.Status == OK && len(summary.Warnings) == 0 {
					t.Errorf("step %d: the run does not say that anything went wrong", i)
				}
				cancel()
				s.driver = nil
				summary, err = s.run(t.Context())
				ok(t, summary, err)
				s.wants(inSource)
				if n := s.vendor.Stats().Upserts; n > 400 {
					t.Errorf("step %d: %d rows were sent for 200", i, n)
				}
			}
		})
	}
}

// A file that somebody else has open changes nothing.
func TestWarehouseThatIsLocked(t *testing.T) {
	s := newShipment(t, synctest.VendorOptions{Style: synctest.SparseIndex})
	s.contacts(50)
	summary, err := s.run(t.Context())
	ok(t, summary, err)
	before := s.vendor.Stats().Requests
	holder, err := duckdb.Open(t.Context(), duckdb.Config{Path: "out.duckdb"}, s.dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.run(t.Context())
	if e, ok := errors.AsType[*adapters.Error](err); !ok || e.Kind != adapters.Locked {
		t.Errorf("error %v, want one of a file that is locked", err)
	}
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	if n := s.vendor.Stats().Requests; n != before {
		t.Errorf("%d requests were sent", n-before)
	}
	s.source("UPDATE contacts SET visits = visits + 1")
	summary, err = s.run(t.Context())
	ok(t, summary, err)
	s.wants(inSource)
}
