package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/privacy"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/examples/shop"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// demoMarker is the file that tells a folder of ours from one of the user's.
const demoMarker = ".customhouse-demo"

func (a *app) demoCommand() *cobra.Command {
	d := &demo{app: a}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run a synthetic shop over two days, on this machine alone",
		Long: `Write a sample project and a synthetic shop (contacts, loyalty cards, newsletter,
orders, web events; junk, shared devices and typing errors included), run its
day 1 and day 2, deliver to files and to fakes of platforms on this machine, and
measure the identities against the truth.`,
		Args: cobra.NoArgs,
		RunE: do(func(ctx context.Context, _ []string) error { return d.run(ctx) }),
	}
	f := c.Flags()
	f.IntVar(&d.customers, "customers", 5000, "how many people the shop has")
	f.Uint64Var(&d.seed, "seed", 1, "which of the possible shops")
	f.StringVar(&d.dir, "dir", ".demo", "folder to write to; one of an earlier demo is replaced")
	return c
}

type demo struct {
	*app
	customers int
	seed      uint64
	dir       string
	platform  *platforms
	vendors   *vendors
	// failed says that something did not come out as it should.
	failed bool
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.stdout, format+"\n", args...) }

func (d *demo) run(ctx context.Context) (err error) {
	if err := d.prepare(); err != nil {
		return err
	}
	secret := newRunID(d.now())
	d.platform = newPlatforms(secret, d.now)
	url, stop, err := serveHere(ctx, d.platform)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	var stopVendors func() error
	if d.vendors, stopVendors, err = startVendors(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopVendors()) }()
	d.say("A shop of %s people in %s, delivering to files, to fakes of HubSpot and Meta, and to a fake platform at %s.", console.Number(int64(d.customers)), d.dir, url)

	day := &app{
		stdin: d.stdin, stdout: d.stdout, stderr: d.stderr, now: d.now,
		projectDir: d.dir, dirGiven: true, format: d.format, logFormat: d.logFormat, noColor: d.noColor, quiet: true,
		env: d.environment(url, secret),
	}
	for number := 1; number <= 2; number++ {
		if err := d.day(ctx, day, number); err != nil {
			return err
		}
	}
	d.say("\nThe same data once more: nothing may be sent.")
	again, err := d.once(ctx, day)
	if err != nil {
		return err
	}
	for _, s := range again.Syncs {
		d.say("  %s: %s", s.Sync, console.SyncText(s))
		if s.Report.Attempted > s.Report.Invalid {
			d.wrong("%s sent data that had not changed", s.Sync)
		}
	}
	if err := d.forget(ctx, day); err != nil {
		return err
	}
	if err := d.score(ctx, day); err != nil {
		return err
	}
	d.next()
	if d.failed {
		return failure{exitFailure}
	}
	return nil
}

func (d *demo) wrong(format string, args ...any) {
	d.failed = true
	d.say("  WRONG: "+format, args...)
}

// prepare writes the project into an empty folder.
func (d *demo) prepare() error {
	if entries, err := os.ReadDir(d.dir); err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(d.dir, demoMarker)); err != nil {
			return usageError{fmt.Errorf("%s holds something else than a demo: choose another --dir", d.dir)}
		}
		if err := os.RemoveAll(d.dir); err != nil {
			return fmt.Errorf("removing the last demo: %w", err)
		}
	}
	if err := os.MkdirAll(d.dir, 0o755); err != nil { //nolint:gosec // a sample project is for others to read
		return fmt.Errorf("making the demo's folder: %w", err)
	}
	jsonSchema, err := schema()
	if err != nil {
		return err
	}
	files := map[string][]byte{demoMarker: nil, "customhouse.schema.json": jsonSchema, "platforms.yaml": vendorsFile}
	names, err := fs.Glob(shop.Files, "*.yaml")
	if err != nil {
		return fmt.Errorf("reading the sample project: %w", err)
	}
	for _, name := range names {
		text, err := shop.Files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("reading the sample project: %w", err)
		}
		// In the repository the examples share one schema, a folder above.
		files[name] = bytes.ReplaceAll(text, []byte("../customhouse.schema.json"), []byte("./customhouse.schema.json"))
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(d.dir, name), text, 0o644); err != nil { //nolint:gosec // as above
			return fmt.Errorf("writing the sample project: %w", err)
		}
	}
	return nil
}

// environment adds what the sample project refers to.
func (d *demo) environment(url, secret string) func(string) (string, bool) {
	data, err := filepath.Abs(filepath.Join(d.dir, "raw"))
	if err != nil {
		data = filepath.Join(d.dir, "raw")
	}
	own := map[string]string{"SHOP_DATA": data, "SHOP_PLATFORM_URL": url, "SHOP_PLATFORM_SECRET": secret}
	maps.Copy(own, d.vendors.env)
	return func(name string) (string, bool) {
		if v, ok := own[name]; ok {
			return v, true
		}
		return d.env(name)
	}
}

// day writes the raw data of a day, runs it and checks the platform.
func (d *demo) day(ctx context.Context, a *app, number int) error {
	asOf := shop.AsOf(number)
	start := d.now()
	stats, err := shop.Generate(ctx, shop.Options{Customers: d.customers, Seed: d.seed, Dir: filepath.Join(d.dir, "raw"), Day: number})
	if err != nil {
		return err
	}
	d.say("\nDay %d. The shop exports %s rows: %s contacts, %s loyalty cards, %s subscribers, %s orders, %s web events (written in %s).",
		number, console.Number(stats.Rows()), console.Number(stats.Contacts), console.Number(stats.Loyalty),
		console.Number(stats.Newsletter), console.Number(stats.Orders), console.Number(stats.WebEvents), console.Duration(d.now().Sub(start)))
	a.asOf = asOf.Format(time.RFC3339)
	summary, err := d.once(ctx, a)
	if err != nil {
		return err
	}
	if err := console.Summary(d.stdout, summary); err != nil {
		return err
	}
	return d.compare(ctx, a)
}

// once runs the project; what keeps a run from ending well is said.
func (d *demo) once(ctx context.Context, a *app) (run.Summary, error) {
	summary, err := a.run(ctx)
	if err != nil {
		return summary, err
	}
	if err = a.exit(summary.Status); err != nil {
		err = errors.Join(console.Summary(d.stdout, summary), err)
	}
	return summary, err
}

// inspect opens the demo's warehouse.
func (d *demo) inspect(ctx context.Context, a *app, look func(*project, *adapters.Warehouse) error) (err error) {
	p, err := a.load()
	if err != nil {
		return err
	}
	wh, err := p.open(ctx, a.resolver())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, wh.Close()) }()
	return look(p, wh)
}

// forget has one who is in an audience of HubSpot's erased, and looks whether any
// platform knows the address afterwards.
func (d *demo) forget(ctx context.Context, a *app) error {
	var address string
	err := d.inspect(ctx, a, func(p *project, wh *adapters.Warehouse) error {
		for _, s := range p.Syncs {
			if s.To.Destination != "crm" {
				continue
			}
			wanted, err := addresses(ctx, p, wh, s)
			if err != nil {
				return err
			}
			held, written := d.held(s)
			for _, key := range slices.Sorted(maps.Keys(wanted)) {
				if wanted[key] == 1 && held[written(key)] {
					address = key
					return nil
				}
			}
		}
		return nil
	})
	if err != nil || address == "" { // a very small shop has nobody there
		return err
	}
	d.say("\nOne of them asks to be erased: privacy erase email=... --evidence 'ticket 4711' --yes")
	if err := a.receive(ctx, privacy.Erase, []string{"email=" + address}, asking{evidence: "ticket 4711", yes: true}); err != nil {
		return err
	}
	d.say("The same data, with all that it says of them, once more:")
	if _, err := d.once(ctx, a); err != nil {
		return err
	}
	if err := d.compare(ctx, a); err != nil {
		return err
	}
	p, err := a.load()
	if err != nil {
		return err
	}
	for _, s := range p.Syncs {
		if held, written := d.held(s); held != nil && held[written(address)] {
			d.wrong("%s holds who was erased in %s", s.To.Destination, s.To.Object)
		}
	}
	return nil
}

// held are the keys that a platform has of what a sync fills, and how it writes one;
// nil where the sync goes elsewhere.
func (d *demo) held(s *config.Sync) (keys map[string]bool, written func(key string) string) {
	if s.To.Destination == "platform" {
		return d.platform.held(s.To.Object), func(key string) string { return key }
	}
	return d.vendors.held(s)
}

// compare holds what the platforms hold against the audiences: every address that
// one member has must be there, and none that no member has.
func (d *demo) compare(ctx context.Context, a *app) error {
	return d.inspect(ctx, a, func(p *project, wh *adapters.Warehouse) error {
		for _, s := range p.Syncs {
			held, written := d.held(s)
			if held == nil {
				continue
			}
			wanted, err := addresses(ctx, p, wh, s)
			if err != nil {
				return err
			}
			missing, members := 0, map[string]bool{}
			for key, owners := range wanted {
				members[written(key)] = true
				if !held[written(key)] && owners == 1 {
					missing++
				}
			}
			strange := 0
			for key := range held {
				if !members[key] {
					strange++
				}
			}
			if missing+strange > 0 {
				d.wrong("%s lacks %d members of %s and holds %d who are none", s.To.Destination, missing, s.To.Object, strange)
				continue
			}
			d.say("The %s of %s: %s records, exactly the audience of %s.", s.To.Object, s.To.Destination, console.Number(int64(len(held))), s.Name)
		}
		for _, problem := range append(d.platform.violations(), d.vendors.violations()...) {
			d.wrong("the platform complains: %s", problem)
		}
		return nil
	})
}

// addresses counts the members of a sync's segment who may be sent, by their key.
func addresses(ctx context.Context, p *project, wh *adapters.Warehouse, s *config.Sync) (map[string]int64, error) {
	show := &shower{project: p, wh: wh}
	var e *config.Entity
	for _, x := range p.Segments {
		if x.Name == s.From.Segment {
			e = show.entity(x.Entity)
		}
	}
	field, _ := s.Fields.Get(s.To.Key)
	id := identity.Column(e)
	key := sql.Col("p", field.Trait)
	joins := []sql.Join{{Kind: sql.InnerJoin, Right: sql.TableRef{Table: profile.Table(e), As: "p"}, On: sql.Fn(sql.Eq, sql.Col("p", id), sql.Col("m", id))}}
	for _, purpose := range p.Purposes {
		if purpose.Name == s.Purpose && purpose.Basis == config.BasisConsent {
			joins = append(joins, sql.Join{Kind: sql.InnerJoin, Right: sql.TableRef{Table: profile.ConsentsTable(e), As: "y"}, On: sql.And{
				sql.Fn(sql.Eq, sql.Col("y", id), sql.Col("m", id)), sql.Fn(sql.Eq, sql.Col("y", "purpose"), sql.String(s.Purpose)), sql.Col("y", "given"),
			}})
		}
	}
	rows, err := show.wh.All(ctx, &sql.Select{
		Items: []sql.Item{sql.As(key, "key"), sql.As(sql.Fn(sql.CountAll), "n")},
		From:  sql.Joins(sql.TableRef{Table: segment.Table, As: "m"}, joins...),
		Where: sql.And{
			sql.Fn(sql.Eq, sql.Col("m", "segment"), sql.String(s.From.Segment)),
			sql.Fn(sql.IsNotNull, key),
		},
		GroupBy: []sql.Expr{key},
	})
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for _, row := range rows {
		n, _ := row[1].(int64)
		out[console.Cell(row[0])] = n
	}
	return out, nil
}

// score measures the identities against the truth that only the shop knows.
func (d *demo) score(ctx context.Context, a *app) error {
	p, err := a.load()
	if err != nil {
		return err
	}
	wh := p.kind.layout(p.target)
	identities, err := adapters.New(wh).Printer().Table(identity.IdentitiesTable(p.Entities[0]))
	if err != nil {
		return err
	}
	driver, err := p.kind.connect(ctx, p.target, p.dir, a.resolver())
	if err != nil {
		return err
	}
	truth := filepath.Join(d.dir, "raw", "truth.parquet")
	row, err := first(ctx, driver, shop.Score(identities, "read_parquet('"+strings.ReplaceAll(truth, "'", "''")+"')"))
	if err := errors.Join(err, driver.Close()); err != nil {
		return fmt.Errorf("measuring the identities: %w", err)
	}
	d.say("\nAgainst the truth, which identity resolution never reads (%s pairs of identifiers belong together):", cell(row["true_pairs"]))
	d.say("  precision %.4f  of %s pairs that were joined, %s are right", row["precision"], cell(row["found_pairs"]), cell(row["right_pairs"]))
	d.say("  recall    %.4f  of %s true pairs, %s were joined", row["recall"], cell(row["true_pairs"]), cell(row["right_pairs"]))
	return nil
}

func cell(v any) string {
	if n, ok := v.(int64); ok {
		return console.Number(n)
	}
	return console.Cell(v)
}

// first is the first row of a query in DuckDB's own SQL, by column.
func first(ctx context.Context, driver adapters.Driver, query string) (out map[string]any, err error) {
	rows, err := driver.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]any, len(rows.Columns()))
	if err := rows.Next(values); err != nil {
		return nil, err
	}
	out = map[string]any{}
	for i, c := range rows.Columns() {
		out[c.Name] = values[i]
	}
	return out, nil
}

func (d *demo) next() {
	d.say(`
Look further:
  %[1]s --project-dir %[2]s ls
  %[1]s --project-dir %[2]s show customer id=1
  %[1]s --project-dir %[2]s show segment:vip --limit 5
  %[1]s --project-dir %[2]s explain customer 1
  %[1]s --project-dir %[2]s identity audit
  %[1]s --project-dir %[2]s compile && less %[2]s/target/compiled/segments/*.sql
  head %[2]s/exports/vip_to_files/*/part-00001.csv
The project is a few files of YAML: %[2]s/*.yaml`, cmp.Or(os.Args[0], "customhouse"), d.dir)
}

// platforms is a fake platform with an own set of records for each object.
type platforms struct {
	options synctest.Options
	mu      sync.Mutex
	byName  map[string]*synctest.Platform
}

func newPlatforms(secret string, now func() time.Time) *platforms {
	return &platforms{options: synctest.Options{Secret: secret, Now: now}, byName: map[string]*synctest.Platform{}}
}

func (p *platforms) object(name string) *synctest.Platform {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byName[name] == nil {
		p.byName[name] = synctest.NewPlatform(p.options)
	}
	return p.byName[name]
}

// held are the keys of an object's records.
func (p *platforms) held(object string) map[string]bool {
	out := map[string]bool{}
	for key := range p.object(object).Records() {
		out[key] = true
	}
	return out
}

// violations are what the platform found wrong with requests.
func (p *platforms) violations() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, platform := range p.byName {
		out = append(out, platform.Stats().Violations...)
	}
	return out
}

// ServeHTTP passes a batch to the object that it names.
func (p *platforms) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const limit = 64 << 20
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	var batch struct {
		Object string `json:"object"`
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		http.Error(w, "the body is not JSON", http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.object(batch.Object).Handler().ServeHTTP(w, r)
}

// serveHere listens on this machine alone, until stop.
func serveHere(ctx context.Context, handler http.Handler) (url string, stop func() error, err error) {
	return serveAt(ctx, "127.0.0.1:0", handler)
}

// serveAt is serveHere at an address.
func serveAt(ctx context.Context, address string, handler http.Handler) (url string, stop func() error, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("starting the fake platform: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() error {
		err := server.Close()
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}
