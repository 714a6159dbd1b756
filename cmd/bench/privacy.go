package main

import (
	"context"
	dbsql "database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Of a million customers, so many are erased, restricted and objecting each; one in
// fifty has refused. They are few, so that both sides have as much left to do.
const oneIn = 100

// lawProject has three audiences of everybody: by two consents, and by a contract
// with retention. Without the law nobody is asked for anything.
func lawProject(law bool) string {
	basis, consents, key := "contract", "", ""
	if law {
		basis, key = "consent", ", privacy_key: '${env:SHOP_KEY}'"
		consents = `consents:
  - {name: opted, entity: customer, purpose: marketing, from: contacts.opted_in}
  - {name: words, entity: customer, source: words, purpose_column: topic, purposes: {ads: [ads]}, status: what, given: ['yes'], refused: ['no']}
`
	}
	retention := map[bool]string{true: "retention: 520 weeks, "}[law]
	var syncs strings.Builder
	for _, purpose := range []string{"marketing", "ads", "service"} {
		fmt.Fprintf(&syncs, `  - name: %s
    from: {segment: readers}
    to: {destination: sink, object: contacts, mode: mirror, key: email}
    fields: {email: email, first_name: first_name, country: country, orders: orders, spent: spent, opted_in: opted_in, seen: seen}
    purpose: %[1]s
`, purpose)
	}
	return fmt.Sprintf(`project: {name: bench}
targets:
  local: {type: duckdb, path: out.duckdb, memory_limit: 4GB%s}
entities:
  - {name: customer, identifiers: [{name: user_id}, {name: email, normalize: email}]}
sources:
  - {name: contacts, table: main.contacts, entity: customer, identifiers: {user_id: user_id, email: email}, time: seen, class: personal,
     columns: {first_name: string, country: string, orders: int, spent: float, opted_in: bool, seen: timestamp}}
  - {name: words, table: main.words, entity: customer, events: true, identifiers: {user_id: user_id}, time: said, class: personal, columns: {topic: string, what: string}}
traits:
  - {name: email, entity: customer, pick: latest, from: contacts.email}
  - {name: first_name, entity: customer, pick: latest, from: contacts.first_name}
  - {name: country, entity: customer, pick: latest, from: contacts.country}
  - {name: orders, entity: customer, pick: latest, from: contacts.orders}
  - {name: spent, entity: customer, pick: latest, from: contacts.spent}
  - {name: opted_in, entity: customer, pick: latest, from: contacts.opted_in}
  - {name: seen, entity: customer, pick: latest, from: contacts.seen}
segments:
  - {name: readers, entity: customer, when: 'orders >= 0'}
destinations:
  - {name: sink, type: webhook, url: 'http://127.0.0.1:9/', allow_private: true, allow: [public, internal, personal]}
purposes:
  - {name: marketing, basis: %[2]s, description: offers}
  - {name: ads, basis: %[2]s, description: advertising}
  - {name: service, basis: contract, %s description: what was ordered}
%ssyncs:
%s`, key, basis, retention, consents, syncs.String())
}

// lawTraits are the traits of lawProject with their types.
var lawTraits = []expr.Compiled{
	{Name: "email", Type: sql.TypeString},
	{Name: "first_name", Type: sql.TypeString},
	{Name: "country", Type: sql.TypeString},
	{Name: "orders", Type: sql.TypeInt},
	{Name: "spent", Type: sql.TypeFloat},
	{Name: "opted_in", Type: sql.TypeBool},
	{Name: "seen", Type: sql.TypeTimestamp},
}

// privacyCosts says what the law adds: to the audiences alone, and to a first run of
// the same project from its sources to its audiences.
func privacyCosts(b *bench) error {
	rows := int64(b.customers)
	var runs, audiences []float64
	for range b.runs {
		cost := map[bool]float64{}
		for _, law := range []bool{false, true} {
			dir := filepath.Join(b.dir, fmt.Sprintf("privacy-%t", law))
			if err := lawWarehouse(dir, rows, law); err != nil {
				return err
			}
			s, err := child(dir, []string{"SHOP_KEY=" + shopKey}, b.binary, "run", "--as-of", lastDay.Format(time.RFC3339))
			if err != nil {
				return err
			}
			cost[law] = s.cpu.Seconds()
			if !law {
				continue
			}
			out, _, err := measure(dir, "audiences", "")
			if err != nil {
				return err
			}
			var with, without time.Duration
			for _, step := range out.Steps {
				if step.Name == withoutLaw {
					without += step.CPU
				} else {
					with += step.CPU
				}
			}
			out.where()
			fmt.Printf("# privacy/audiences: %d rows are wanted in three audiences of %d customers, CPU seconds: %.2f, without the law %.2f\n", out.Rows, rows, with.Seconds(), without.Seconds())
			audiences = append(audiences, with.Seconds()/without.Seconds())
		}
		fmt.Printf("# privacy/first-run: CPU seconds: %.2f, without the law %.2f\n", cost[true], cost[false])
		runs = append(runs, cost[true]/cost[false])
	}
	size := short(rows)
	ratio("privacy/audiences-"+size, median(audiences), 1.15)
	fmt.Printf("FIGURE privacy/first-run-%s %.2f (no bound: every identifier is new, and is held against the list of the erased)\n", size, median(runs))
	return nil
}

// lawWarehouse makes a folder with the project and its sources, and with the law the
// lists of those who were erased, who are restricted and who object.
func lawWarehouse(dir string, rows int64, law bool) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "customhouse.yaml"), []byte(lawProject(law)), 0o600); err != nil {
		return err
	}
	file := filepath.Join(dir, "out.duckdb")
	for _, name := range []string{file, file + ".wal"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	statements := []string{
		"CREATE TABLE contacts AS SELECT * REPLACE (i % 50 <> 1 AS opted_in) FROM (SELECT *, id AS i FROM (" + people7(rows, 0) + "))",
		fmt.Sprintf(`CREATE TABLE words AS SELECT 'u' || i AS user_id, 'ads' AS topic, CASE WHEN i %% 50 = 2 THEN 'no' ELSE 'yes' END AS what,
			TIMESTAMP '2025-06-01' + to_seconds(i) AS said FROM range(%d) r (i)`, rows),
	}
	if law {
		statements = append(statements, "CREATE SCHEMA customhouse",
			`CREATE TABLE customhouse.privacy_restrictions (request VARCHAR, entity VARCHAR, identifier_type VARCHAR, identifier VARCHAR, kind VARCHAR, purpose VARCHAR, "at" TIMESTAMP)`)
		for place, kind := range map[int]string{10: "restricted", 20: "objected"} {
			for _, column := range []string{"user_id", "email"} {
				statements = append(statements, fmt.Sprintf(`INSERT INTO customhouse.privacy_restrictions
					SELECT 'r' || id, 'customer', '%s', %[1]s, '%s', NULL, TIMESTAMP '2025-06-01' FROM contacts WHERE id %% %d = %d`, column, kind, oneIn, place))
			}
		}
	}
	if err := within(file, func(db *dbsql.DB) error { return script(db, statements...) }); err != nil || !law {
		return err
	}
	var erased []listed
	for i := int64(30); i < rows; i += oneIn {
		erased = append(erased, listed{typ: "user_id", value: fmt.Sprintf("u%d", i)}, listed{typ: "email", value: fmt.Sprintf("user%d@example.com", i)})
	}
	return putOnList(file, erased, false)
}

// withoutLaw is the name of the steps of audiences that ask for nothing.
const withoutLaw = "without the law"

// buildAudiences builds the audiences of the project in the current folder as they
// are, and as they would be if nobody had to be left out, in turns.
func buildAudiences() (out delivered, err error) {
	ctx := context.Background()
	plan, p, err := loadAudience()
	if err != nil {
		return out, err
	}
	wh, err := openWarehouse(p)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, wh.Close()) }()
	if err := wh.Init(ctx); err != nil {
		return out, err
	}
	costs := map[string]time.Duration{}
	var order []string
	for pass := range 4 {
		for _, lawful := range plan.Audiences {
			free := audience.Build(audience.Input{
				Sync: lawful.Sync, Destination: lawful.Destination, Entity: p.Entities[0], Traits: lawTraits, Sources: p.Sources, AsOf: plan.AsOf, RunID: plan.RunID,
			})
			both := []*models.Audience{lawful, free}
			if pass%2 == 1 {
				slices.Reverse(both)
			}
			for _, a := range both {
				for _, s := range a.Steps {
					exec, ok := s.(*models.Exec)
					if !ok {
						return out, fmt.Errorf("a step is %T", s)
					}
					start := cpuTime()
					if err := wh.Exec(ctx, exec.Statements...); err != nil {
						return out, err
					}
					title := exec.Title
					if a == free {
						title = withoutLaw
					}
					if _, known := costs[title]; !known {
						order = append(order, title)
					}
					// The first pass reads the file.
					if cost := cpuTime() - start; pass > 0 {
						costs[title] += cost
					} else {
						costs[title] = 0
					}
				}
				if pass > 0 {
					continue
				}
				n, err := wanted(ctx, wh, lawful.Sync.Name)
				if err != nil {
					return out, err
				}
				if a == lawful {
					out.Rows += n
				}
			}
		}
	}
	for _, title := range order {
		out.Steps = append(out.Steps, step{title, costs[title]})
	}
	return out, nil
}

// wanted is how many rows a sync wants.
func wanted(ctx context.Context, wh *adapters.Warehouse, sync string) (int64, error) {
	return wh.Int(ctx, &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")},
		From:  sql.TableRef{Table: sql.Table{Space: sql.Work, Name: "wanted_" + sync}, As: "w"},
	})
}
