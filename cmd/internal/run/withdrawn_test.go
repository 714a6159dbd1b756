package run

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

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

const consenting = `project: {name: consenting}
targets: {local: {type: duckdb, path: out.duckdb, deliver: true}}
purposes:
  - {name: marketing, basis: consent, description: Letters}
  - {name: service, basis: contract, description: What was bought}
entities: [{name: customer, identifiers: [{name: email, normalize: email}]}]
sources:
  - {name: contacts, class: personal, table: public.contacts, entity: customer, identifiers: {email: mail}, time: changed, columns: {mail: string}}
  - {name: words, class: personal, table: public.words, entity: customer, identifiers: {email: mail}, time: said_at, columns: {yes: bool}}
  - {name: settings, class: personal, table: public.settings, entity: customer, identifiers: {email: mail}, columns: {letters: bool}}
consents:
  - {name: said, entity: customer, purpose: marketing, from: words.yes}
  - {name: ticked, entity: customer, purpose: marketing, from: settings.letters}
traits:
  - {name: email, entity: customer, pick: latest, from: contacts.mail}
segments: [{name: all, entity: customer, when: 'email != ""'}]
destinations: [{name: crm, allow: [public, internal, personal], type: vendor}]
syncs:
  - {name: letters, from: {segment: all}, to: {destination: crm, object: records, mode: upsert, key: email}, fields: {email: email}, purpose: marketing}
`

// stepping is a Clock on which each request takes a second.
type stepping struct {
	mu sync.Mutex
	by time.Duration
	deliver.Clock
}

func (c *stepping) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Clock.Now().Add(c.by)
}

func (c *stepping) step() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by += time.Second
}

// platform is a Sender to a fake, which is told of each request with rows.
type platform struct {
	http.Handler
	sent func(body string)
}

func (p platform) Send(ctx context.Context, r *syncs.HTTPRequest) (*syncs.Response, error) {
	p.sent(string(r.Body))
	req := httptest.NewRequestWithContext(ctx, r.Method, r.URL, strings.NewReader(string(r.Body)))
	req.Header = r.Header
	w := httptest.NewRecorder()
	p.ServeHTTP(w, req)
	return &syncs.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}, nil
}

// office is a warehouse that others write to while rows are sent from it.
type office struct {
	*testing.T
	target *postgrestest.Target
	db     *pgx.Conn
	store  *state.Store
	plan   func(compile.Options) *models.Plan
	runs   int
}

const (
	officePeople = 200
	officeBatch  = 20
)

func mailOf(i int) string { return fmt.Sprintf("p%03d@example.com", i) }

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, target: postgrestest.NewTarget(t)}
	var err error
	if o.db, err = pgx.Connect(t.Context(), o.target.Address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.db.Close(context.Background()) }) // Nothing is left to be written.
	o.exec(`CREATE TABLE public.contacts AS SELECT 'p' || lpad(i::text, 3, '0') || '@example.com' AS mail, timestamp '2026-01-01' AS changed FROM generate_series(0, $1::int - 1) i`, officePeople)
	o.exec(`CREATE TABLE public.words (mail text, yes boolean, said_at timestamp)`)
	o.exec(`CREATE TABLE public.settings (mail text, letters boolean)`)
	p, found := config.Load(fstest.MapFS{"customhouse.yaml": {Data: []byte(consenting)}}, t.TempDir(), config.Kinds{
		Targets:      map[string]func() any{"duckdb": func() any { return new(duckdb.Config) }},
		Destinations: map[string]func() any{"vendor": func() any { return new(struct{}) }},
		Ability: func(*config.Destination, string) *config.Ability {
			return &config.Ability{Operations: []string{"upsert"}}
		},
	})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	checked, found := compile.Check(p, compile.Options{AsOf: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), RunID: "run-000"})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	o.plan = checked.Plan
	if o.store, err = state.Open(t.Context(), state.Options{Place: filepath.Join(t.TempDir(), "local.db"), Scope: "office", Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

func (o *office) exec(text string, args ...any) {
	o.Helper()
	if _, err := o.db.Exec(context.Background(), text, args...); err != nil {
		o.Fatalf("%v in %s", err, text)
	}
}

// asOf is the instant of the present run.
func (o *office) asOf() time.Time { return time.Date(2026, 11, 22, o.runs, 0, 0, 0, time.UTC) }

// run sends every row, and tells sent of each request.
func (o *office) run(t *testing.T, sent func(body string)) SyncResult {
	t.Helper()
	wh := o.target.Connect(t)
	options := compile.Options{AsOf: o.asOf(), RunID: fmt.Sprintf("run-%03d", o.runs), Resync: true}
	var err error
	if options.Identities, err = identities(t.Context(), wh); err != nil {
		t.Fatal(err)
	}
	clock := &stepping{Clock: deliver.Timer(time.Now)}
	vendor := synctest.NewVendor(synctest.VendorOptions{Style: synctest.Positional, Object: synctest.Records})
	summary, err := Run(t.Context(), Options{
		Plan: o.plan(options), Warehouse: wh, Target: "local", Deliver: true, State: o.store, Clock: clock,
		Destinations: map[string]syncs.Destination{"crm": synctest.Connector{
			URL: "http://platform.invalid", Style: synctest.Positional, Object: synctest.Records, Rows: officeBatch,
			Requests: 1, // so that what is on its way when somebody withdraws is one batch
		}.New()},
		Secrets: func(secret.Ref) secret.Value { return secret.NewValue(synctest.Canary) },
		HTTP: platform{vendor.Handler(), func(body string) {
			sent(body)
			clock.step()
		}},
	})
	if err != nil || len(summary.Syncs) != 1 || summary.Syncs[0].Err != nil {
		t.Fatalf("%v %+v", err, summary)
	}
	return summary.Syncs[0]
}

// reset has everybody consent again.
func (o *office) reset() {
	o.Helper()
	o.exec(`TRUNCATE public.words, public.settings`)
	// Of every other person nobody knows when they said it.
	o.exec(`INSERT INTO public.words SELECT mail, true, timestamp '2026-01-01' FROM public.contacts WHERE substr(mail, 4, 1) IN ('0', '2', '4', '6', '8')`)
	o.exec(`INSERT INTO public.settings SELECT mail, true FROM public.contacts`)
	requests, err := o.store.OpenRequests(context.Background())
	if err != nil {
		o.Fatal(err)
	}
	for _, r := range requests {
		if _, err := o.store.ChangeRequest(context.Background(), r.ID, func(r *state.PrivacyRequest) error {
			r.Ended = time.Now()
			return nil
		}); err != nil {
			o.Fatal(err)
		}
	}
	if o.runs > 0 {
		o.exec(`DELETE FROM ` + o.target.Schema + `.privacy_restrictions`)
	}
}

// restrict puts somebody on the list of restrictions.
func (o *office) restrict(mail, kind string, purpose any) {
	o.Helper()
	o.exec(`INSERT INTO `+o.target.Schema+`.privacy_restrictions (request, entity, identifier_type, identifier, kind, purpose, at) VALUES ($1, 'customer', 'email', $1, $2, $3, now())`, mail, kind, purpose)
}

func (o *office) request(mail, kind, purpose string) {
	o.Helper()
	if err := o.store.AddRequest(context.Background(), &state.PrivacyRequest{
		ID: fmt.Sprint(o.runs, mail), Kind: kind, Entity: "customer", Purpose: purpose, Status: "received", Received: o.asOf(), Due: o.asOf(),
		Person: state.Person{Identifiers: []state.Identifier{{Type: "email", Value: mail}}},
	}); err != nil {
		o.Fatal(err)
	}
}

// say writes a word of consent, so long after the data was read.
func (o *office) say(mail string, yes bool, after time.Duration) {
	o.Helper()
	o.exec(`INSERT INTO public.words VALUES ($1, $2, $3)`, mail, yes, o.asOf().Add(after))
}

// TestWithdrawnWhileItIsSent: people withdraw in each way that there is while rows are
// sent, ten in each run. No request that begins afterwards has their row, which is in
// the log as withheld and among no rejections; nobody else's is withheld.
func TestWithdrawnWhileItIsSent(t *testing.T) {
	runs := 5
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		runs = 25
	}
	o := newOffice(t)
	o.reset()
	if got := o.run(t, func(string) {}); got.Report.Accepted != officePeople {
		t.Fatalf("%+v", got.Report)
	}
	withdraw := []func(mail string){
		func(m string) { o.restrict(m, "restricted", nil) },
		func(m string) { o.restrict(m, "objected", "marketing") },
		func(m string) { o.restrict(m, "objected", nil) },
		func(m string) {
			// The later word counts, in whichever order they are written.
			o.say(strings.ToUpper(m), false, time.Hour)
			o.say(m, true, time.Minute)
		},
		func(m string) {
			o.exec(`UPDATE public.settings SET letters = false WHERE mail = $1`, m)
			if (m[3]-'0')%2 == 0 {
				o.say(m, false, time.Minute) // their word of then is later than a setting
			}
		},
		func(m string) { o.request(m, "erase", "") },
		func(m string) { o.request(m, "restrict", "") },
		func(m string) { o.request(m, "object", "marketing") },
		func(m string) { o.request(m, "object", "") },
	}
	for range runs {
		o.runs++
		t.Run(fmt.Sprint("seed ", o.runs), func(t *testing.T) {
			o.reset()
			r := rand.New(rand.NewPCG(uint64(o.runs), 9))
			// Who withdraws during which request, counted from 0: one before their own.
			behind, way := map[int][]string{}, r.Perm(10)
			for _, i := range r.Perm(officePeople - officeBatch)[:10] {
				at := r.IntN((i + officeBatch) / officeBatch)
				behind[at] = append(behind[at], mailOf(i+officeBatch))
			}
			// These withdraw nothing from this sync.
			o.restrict(mailOf(0), "objected", "service")
			o.request(mailOf(1), "object", "service")
			o.request(mailOf(2), "access", "")
			o.exec(`UPDATE public.settings SET letters = false WHERE mail = $1`, mailOf(4)) // who has said yes at a time
			o.say(mailOf(3), false, time.Minute)
			o.say(mailOf(3), true, time.Hour)
			gone, requests := map[string]bool{}, 0
			result := o.run(t, func(body string) {
				for m := range gone {
					if strings.Contains(body, m) {
						t.Errorf("request %d has %s, who had withdrawn before it began", requests, m)
					}
				}
				for _, m := range behind[requests] {
					withdraw[way[len(gone)]%len(withdraw)](m)
					gone[m] = true
				}
				requests++
			})
			if len(gone) != 10 || result.Report.Withheld != 10 || result.Report.Accepted != officePeople-10 || result.Status != OK {
				t.Errorf("%d have withdrawn, and %+v", len(gone), result.Report)
			}
			rows, err := o.db.Query(t.Context(), `SELECT key FROM `+o.target.Schema+`.sync_log WHERE run_id = $1 AND outcome = 'withheld' AND code = 'withdrawn'`, fmt.Sprintf("run-%03d", o.runs))
			if err != nil {
				t.Fatal(err)
			}
			keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				t.Fatal(err)
			}
			logged := map[string]bool{}
			for _, key := range keys {
				logged[key] = true
			}
			if diff := cmp.Diff(gone, logged); diff != "" {
				t.Errorf("withheld in the log (-want +got):\n%s", diff)
			}
			var rejections int
			if err := o.db.QueryRow(t.Context(), `SELECT count(*) FROM `+o.target.Schema+`.sync_rejections`).Scan(&rejections); err != nil || rejections > 0 {
				t.Errorf("%d rejections, %v", rejections, err)
			}
		})
	}
	t.Run("asked once a second", func(t *testing.T) {
		o.reset()
		wh := o.target.Connect(t)
		clock := &stepping{Clock: still{}}
		options := compile.Options{AsOf: o.asOf(), RunID: "run-again"}
		r := &runner{Options: Options{Clock: clock, State: o.store}, wh: wh}
		w := &withdrawals{runner: r, audience: o.plan(options).Audiences[0]}
		// The word of whoever has no time is compared with those who are due.
		if err := wh.Exec(t.Context(), sql.CreateTable{
			Table: sql.Table{Space: sql.Work, Name: "wanted_letters"}, Columns: []sql.ColumnDef{{Name: "entity_id", Type: sql.TypeInt}},
		}); err != nil {
			t.Fatal(err)
		}
		ask := func() int64 {
			before := wh.Asked()
			if _, err := w.ask(t.Context()); err != nil {
				t.Fatal(err)
			}
			return wh.Asked() - before
		}
		if first := ask(); first == 0 {
			t.Error("nobody was asked")
		}
		for range 20 {
			if n := ask(); n != 0 {
				t.Errorf("%d statements in the same second", n)
			}
		}
		clock.step()
		if n := ask(); n != 1 {
			t.Errorf("%d statements a second later, want 1", n)
		}
	})
}

// still is a Clock that stands.
type still struct{ deliver.Clock }

func (still) Now() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }
