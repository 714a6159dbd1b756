package privacy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/privacy"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models/compile"
	lists "github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

const sending = `project: {name: sending}
targets: {local: {type: duckdb, path: out.duckdb, deliver: true}}
purposes: [{name: letters, basis: consent, description: Letters}]
entities: [{name: customer, identifiers: [{name: email, normalize: email}]}]
sources:
  - {name: contacts, class: personal, table: raw.contacts, entity: customer, identifiers: {email: mail}, time: changed, columns: {mail: string}}
  - {name: words, class: personal, table: raw.words, entity: customer, identifiers: {email: mail}, time: said_at, columns: {yes: bool}}
  - {name: settings, class: personal, table: raw.settings, entity: customer, identifiers: {email: mail}, columns: {letters: bool}}
consents:
  - {name: said, entity: customer, purpose: letters, from: words.yes}
  - {name: ticked, entity: customer, purpose: letters, from: settings.letters}
traits: [{name: email, entity: customer, pick: latest, from: contacts.mail}]
segments: [{name: all, entity: customer, when: 'email != ""'}]
destinations: [{name: crm, allow: [public, internal, personal], type: vendor}]
syncs:
  - {name: letters, from: {segment: all}, to: {destination: crm, object: records, mode: upsert, key: email}, fields: {email: email}, purpose: letters}
`

const (
	senders = 60
	batch   = 10
)

// seconds is a Clock on which each request takes two.
type seconds struct {
	mu sync.Mutex
	by time.Duration
	deliver.Clock
}

func (c *seconds) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Clock.Now().Add(c.by)
}

func (c *seconds) step() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by += 2 * time.Second
}

// vendor is a Sender to a fake that is told of each request before it is answered.
type vendor struct {
	http.Handler
	sent func(body string)
}

func (v vendor) Send(ctx context.Context, r *syncs.HTTPRequest) (*syncs.Response, error) {
	if v.sent != nil {
		v.sent(string(r.Body))
	}
	req := httptest.NewRequestWithContext(ctx, r.Method, r.URL, strings.NewReader(string(r.Body)))
	req.Header = r.Header
	w := httptest.NewRecorder()
	v.ServeHTTP(w, req)
	return &syncs.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}, nil
}

// house is a warehouse with people who are sent, and who ask for what is their right
// while that goes on.
type house struct {
	*testing.T
	project *config.Project
	checked *compile.Checked
	driver  *duckdb.Driver
	wh      *adapters.Warehouse
	vendor  *synctest.Vendor
	clock   *seconds
	runs    int
}

var houseKey = []byte("a key of tests that is long enough to be one")

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, vendor: synctest.NewVendor(synctest.VendorOptions{Style: synctest.Positional, Object: synctest.Records}), clock: &seconds{Clock: deliver.Timer(time.Now)}}
	p, found := config.Load(fstest.MapFS{"customhouse.yaml": {Data: []byte(sending)}}, t.TempDir(), config.Kinds{
		Targets:      map[string]func() any{"duckdb": func() any { return new(duckdb.Config) }},
		Destinations: map[string]func() any{"vendor": func() any { return new(struct{}) }},
		Ability: func(*config.Destination, string) *config.Ability {
			return &config.Ability{Operations: []string{"upsert"}}
		},
	})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	h.project = p
	if h.checked, found = compile.Check(p, compile.Options{AsOf: h.asOf()}); found.HasErrors() {
		t.Fatal(found.Err())
	}
	driver, err := duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(t.TempDir(), "out.duckdb")}, "")
	if err != nil {
		t.Fatal(err)
	}
	h.driver = driver
	h.wh = adapters.New(adapters.Options{Driver: driver, Dialect: sql.DuckDB, Schema: "customhouse", Catalog: []string{duckdb.FileCatalog}, Work: duckdb.WorkParts()})
	t.Cleanup(func() {
		if err := h.wh.Close(); err != nil {
			t.Error(err)
		}
	})
	h.exec(`CREATE SCHEMA customhouse_file.raw`,
		`CREATE TABLE customhouse_file.raw.contacts (mail VARCHAR, changed TIMESTAMP)`,
		`CREATE TABLE customhouse_file.raw.words (mail VARCHAR, yes BOOLEAN, said_at TIMESTAMP)`,
		`CREATE TABLE customhouse_file.raw.settings (mail VARCHAR, letters BOOLEAN)`)
	return h
}

func (h *house) asOf() time.Time { return time.Date(2026, 11, 22, 0, h.runs, 0, 0, time.UTC) }

func (h *house) exec(script ...string) {
	h.Helper()
	if err := h.driver.Exec(context.WithoutCancel(h.Context()), script); err != nil {
		h.Fatal(err)
	}
}

// mail is that of one of those who are new in the present run.
func (h *house) mail(i int) string { return fmt.Sprintf("p%02d.r%02d@example.com", i, h.runs) }

// store is a state of its own, of one machine.
func (h *house) store(t *testing.T) *state.Store {
	t.Helper()
	store, err := state.Open(t.Context(), state.Options{Place: filepath.Join(t.TempDir(), "state.db"), Scope: "sending", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func (h *house) options(t *testing.T, store *state.Store) run.Options {
	t.Helper()
	left, err := run.Left(t.Context(), h.wh, h.project)
	if err != nil {
		t.Fatal(err)
	}
	return run.Options{
		Plan:      h.checked.Plan(compile.Options{AsOf: h.asOf(), RunID: fmt.Sprintf("run-%03d", h.runs), Left: left}),
		Warehouse: h.wh, Target: "local", Deliver: true, State: store, Clock: h.clock,
		Destinations: map[string]syncs.Destination{"crm": h.destination()}, HTTP: vendor{Handler: h.vendor.Handler()},
		Secrets: func(secret.Ref) secret.Value { return secret.NewValue(synctest.Canary) },
		Key:     func(context.Context) (lists.Key, error) { return lists.NewKey(houseKey), nil },
	}
}

func (h *house) destination() syncs.Destination {
	return synctest.Connector{
		URL: "http://platform.invalid", Style: synctest.Positional, Object: synctest.Records, Rows: batch,
		Requests: 1, // so that what is on its way when somebody withdraws is one batch
	}.New()
}

// engine does what people ask for, at a machine with a state.
func (h *house) engine(t *testing.T, store *state.Store) *privacy.Engine {
	t.Helper()
	log, err := audit.Open(store, houseKey)
	if err != nil {
		t.Fatal(err)
	}
	options := h.options(t, store)
	schema := run.Schema(options.Plan.Audiences[0])
	return &privacy.Engine{
		Desk:    privacy.Desk{Store: store, Audit: log, Actor: audit.User("tester"), By: "tester", Key: lists.NewKey(houseKey), Now: h.clock.Now},
		Project: h.project, Warehouse: h.wh, Clock: h.clock, System: options.Plan.System, RunID: "asked", AsOf: h.clock.Now().UTC().Truncate(time.Microsecond),
		Read:   func(context.Context, *config.Source) error { return nil },
		Schema: func(*config.Sync) syncs.Schema { return schema },
		Settle: func(ctx context.Context, _ *config.Sync) error {
			return run.Settle(ctx, options, options.Plan.Audiences[0])
		},
		Platforms: func(context.Context, string) (*privacy.Platform, error) {
			return &privacy.Platform{Close: func() error { return nil }, Filled: []string{"records"}, Asker: deliver.Asker{
				Destination: h.destination(), Secrets: options.Secrets, Clock: h.clock, HTTP: options.HTTP,
			}}, nil
		},
	}
}

// ask writes a request down, and has it done as far as can be.
func (h *house) ask(t *testing.T, e *privacy.Engine, kind, purpose, mail string, do bool) {
	t.Helper()
	r, _, err := e.Receive(t.Context(), privacy.Ask{
		Kind: kind, Entity: "customer", Identifiers: []state.Identifier{{Type: "email", Value: mail}}, Evidence: "ticket", Purpose: purpose,
	})
	if err != nil {
		t.Fatal(err)
	}
	if do {
		// What it cannot do while the sync is being delivered it does in the next run.
		_, err = e.Advance(t.Context(), r.ID)
		if err != nil && !strings.Contains(err.Error(), "is in use") {
			t.Error(err)
		}
	}
}

// come has people be new, who consent.
func (h *house) come() {
	h.Helper()
	var contacts, words, settings []string
	for i := range senders {
		contacts = append(contacts, fmt.Sprintf("('%s', TIMESTAMP '2026-01-01')", h.mail(i)))
		if i%2 == 0 { // of the others nobody knows when they said it
			words = append(words, fmt.Sprintf("('%s', true, TIMESTAMP '2026-01-01')", h.mail(i)))
		}
		settings = append(settings, fmt.Sprintf("('%s', true)", h.mail(i)))
	}
	for table, rows := range map[string][]string{"contacts": contacts, "words": words, "settings": settings} {
		h.exec("INSERT INTO customhouse_file.raw." + table + " VALUES " + strings.Join(rows, ", "))
	}
}

// send runs, as the command does: what was asked for before is carried on first.
func (h *house) send(t *testing.T, store *state.Store, sent func(body string)) run.SyncResult {
	t.Helper()
	if err := h.engine(t, store).Continue(t.Context()); err != nil {
		t.Fatal(err)
	}
	options := h.options(t, store)
	options.HTTP = vendor{h.vendor.Handler(), func(body string) {
		sent(body)
		h.clock.step()
	}}
	summary, err := run.Run(t.Context(), options)
	if err != nil || len(summary.Syncs) != 1 {
		t.Fatalf("%v %+v", err, summary)
	}
	return summary.Syncs[0]
}

// TestWithdrawnBeforeItIsSent: fifty people of those who are sent ask for what is their
// right, or refuse, five in each run, after it was planned and before the request that
// has their row: neither that request nor any that begins later has it, in later runs
// either, and everybody else is sent.
//
// Most ask at the same machine, which writes down what it cannot do while the sync is
// delivered; in every other run somebody who was never sent before is erased from first
// to last by another one, which has no state in common.
func TestWithdrawnBeforeItIsSent(t *testing.T) {
	h := newHouse(t)
	here, elsewhere := h.store(t), h.store(t)
	gone := map[string]bool{}
	at := func(word string, do bool) func(t *testing.T, mail string) {
		kind, purpose, _ := strings.Cut(word, " ")
		return func(t *testing.T, mail string) {
			t.Helper()
			h.ask(t, h.engine(t, here), kind, purpose, mail, do)
		}
	}
	refuse := func(mail string) {
		h.exec(fmt.Sprintf("INSERT INTO customhouse_file.raw.words VALUES ('%s', false, TIMESTAMP '%s')", strings.ToUpper(mail), h.asOf().Add(time.Second).Format(time.DateTime)))
	}
	ways := []func(t *testing.T, mail string){
		at("erase", false), at("erase", true), at("restrict", false), at("restrict", true),
		at("object letters", false), at("object letters", true), at("object", false), at("object", true),
		func(_ *testing.T, mail string) { refuse(mail) },
		func(_ *testing.T, mail string) {
			h.exec(fmt.Sprintf("UPDATE customhouse_file.raw.settings SET letters = false WHERE mail = '%s'", mail))
			if (mail[2]-'0')%2 == 0 {
				refuse(mail) // their word of then is later than a setting
			}
		},
	}
	runs := uint64(10)
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		runs = 50
	}
	for seed := range runs {
		h.runs++
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			h.come()
			r := rand.New(rand.NewPCG(seed, 9))
			behind, last := map[int][]string{}, 0
			for _, i := range r.Perm(senders - batch)[:5] {
				i += batch
				n := r.IntN(i / batch)
				behind[n], last = append(behind[n], h.mail(i)), max(last, n)
			}
			requests, way, erased := 0, r.Perm(len(ways)), false
			result := h.send(t, here, func(body string) {
				for m := range gone {
					if strings.Contains(body, m) {
						t.Errorf("request %d has %s, who had withdrawn before it began", requests, m)
					}
				}
				for _, m := range behind[requests] {
					if seed%2 == 1 && requests == last && !erased {
						h.ask(t, h.engine(t, elsewhere), privacy.Erase, "", m, true)
						erased = true
					} else {
						ways[way[len(gone)%len(way)]](t, m)
					}
					gone[m] = true
				}
				requests++
			})
			if result.Err != nil || result.Report.Withheld != 5 || erased != (seed%2 == 1) {
				t.Fatalf("erased elsewhere: %v, and %v %+v", erased, result.Err, result.Report)
			}
			held := h.vendor.Rows()
			for i := range senders {
				if _, there := held[h.mail(i)]; there == gone[h.mail(i)] {
					t.Errorf("%s is there: %v, and has withdrawn: %v", h.mail(i), there, gone[h.mail(i)])
				}
			}
		})
	}
	if len(gone) != 5*int(runs) {
		t.Errorf("%d people have withdrawn, want five a run", len(gone))
	}
	// Once more, and everybody is there who may be, and nobody else.
	h.runs++
	h.send(t, here, func(body string) {
		for m := range gone {
			if strings.Contains(body, m) {
				t.Errorf("%s, who has withdrawn, was sent later", m)
			}
		}
	})
	held := h.vendor.Rows()
	if want := int(runs)*senders - len(gone); len(held) != want {
		t.Errorf("%d people are at the platform, want %d", len(held), want)
	}
	for m := range gone {
		if _, there := held[m]; there {
			t.Errorf("%s is at the platform", m)
		}
	}
}
