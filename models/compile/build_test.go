package compile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// build runs all models of a project on the first days of 2026, by number.
func build(b *modeltest.Bench, text string, day int) {
	b.Helper()
	run(b, load(b, text), compile.Options{AsOf: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC), RunID: fmt.Sprintf("run%d", day)})
}

// run runs all models of a project.
func run(b *modeltest.Bench, project *config.Project, opt compile.Options) {
	b.Helper()
	p, found := compile.Compile(project, opt)
	if found.HasErrors() {
		b.Fatal(found)
	}
	for _, t := range p.System {
		b.Statements(t)
		for _, c := range t.Columns { // the project has grown
			b.Exec("ALTER TABLE public." + t.Table.Name + " ADD COLUMN IF NOT EXISTS " + sql.DuckDB.QuoteName(c.Name) + " " + sql.DuckDB.Types[c.Type])
		}
	}
	for _, m := range p.Models {
		b.Steps(m.Steps)
		b.Statements(m.Commit...)
	}
}

// lines are the rows of a query, one a line.
func lines(b *modeltest.Bench, q string) string {
	b.Helper()
	var out []string
	for _, r := range b.Rows(q) {
		out = append(out, strings.Join(r, "|"))
	}
	return strings.Join(out, "\n")
}

// TestIdentifierNames gives identifiers the names of our own columns: an
// identifier customer_id of the entity customer is what many would write.
func TestIdentifierNames(t *testing.T) {
	for _, name := range []string{"customer_id", "raw_email", "rows", "first_seen", "last_seen", "time", "country", "folded_email", "n", "t", "v"} {
		t.Run(name, func(t *testing.T) {
			b := modeltest.New(t)
			b.Exec("CREATE TABLE raw.contacts (id INTEGER, mail VARCHAR, country VARCHAR)")
			b.Exec("INSERT INTO raw.contacts VALUES (77, 'a@x.com', 'FR'), (99, 'b@x.com', 'DE'), (NULL, 'b@x.com', 'DE')")
			build(b, strings.ReplaceAll(`
project: {name: names}
targets: {local: {type: any}}
entities: [{name: customer, identifiers: [{name: NAME}, {name: email, normalize: email}]}]
sources: [{name: contacts, table: raw.contacts, entity: customer, identifiers: {NAME: id, email: mail}, columns: {country: string, raw_email: {type: string, column: mail}}}]
traits:
  - {name: country, entity: customer, pick: latest, from: contacts.country}
  - {name: mail, entity: customer, pick: latest, from: contacts.email}
  - {name: lines, entity: customer, value: contacts.count()}
segments: [{name: french, entity: customer, when: country == "FR"}]
`, "NAME", name), 1)
			if diff := cmp.Diff("1|FR|a@x.com|1\n2|DE|b@x.com|2", lines(b, "SELECT customer_id, country, mail, lines FROM public.customer_profiles ORDER BY 1")); diff != "" {
				t.Errorf("profiles (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff("french|1", lines(b, "SELECT segment, customer_id FROM public.segment_members")); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSegmentsOverRuns follows members through a renamed entity, a merge, a
// segment that is removed and a run that is repeated.
func TestSegmentsOverRuns(t *testing.T) {
	b := modeltest.New(t)
	b.Exec("CREATE TABLE raw.contacts (id INTEGER, mail VARCHAR, country VARCHAR)")
	b.Exec("INSERT INTO raw.contacts VALUES (1, 'a', 'FR'), (2, 'b', 'DE'), (3, 'c', 'FR')")
	text := `
project: {name: runs}
targets: {local: {type: any}}
entities: [{name: customer, identifiers: [{name: user_id}, {name: email}]}, {name: account, identifiers: [{name: land}]}]
sources:
  - {name: contacts, table: raw.contacts, entity: customer, identifiers: {user_id: id, email: mail}, columns: {country: string}}
  - {name: lands, table: raw.contacts, entity: account, identifiers: {land: country}}
traits:
  - {name: country, entity: customer, pick: latest, from: contacts.country}
segments:
  - {name: french, entity: customer, when: country == "FR"}
  - {name: foreign, entity: customer, when: '!in_segment("french")'}
  - {name: shared, entity: account, when: lands.count() > 1}
`
	changes := func(day int, want string) {
		t.Helper()
		if diff := cmp.Diff(want, lines(b, fmt.Sprintf("SELECT segment, customer_id, change FROM public.segment_changes WHERE run_id = 'run%d' ORDER BY ALL", day))); diff != "" {
			t.Errorf("changes of day %d (-want +got):\n%s", day, diff)
		}
	}
	build(b, text, 1)
	changes(1, "foreign|2|entered\nfrench|1|entered\nfrench|3|entered\nshared||entered")
	build(b, text, 1)
	changes(1, "foreign|2|entered\nfrench|1|entered\nfrench|3|entered\nshared||entered")
	// The accounts are others' now: they enter, and nobody is left to leave.
	text = strings.ReplaceAll(text, "account", "company")
	build(b, text, 2)
	changes(2, "shared||entered")
	b.Exec("INSERT INTO raw.contacts VALUES (3, 'a', 'FR')")
	build(b, text, 3)
	changes(3, "")
	if diff := cmp.Diff("foreign|2|2026-01-01T00:00:00Z\nfrench|1|2026-01-01T00:00:00Z\nshared||2026-01-02T00:00:00Z",
		lines(b, "SELECT segment, customer_id, entered_at FROM public.segment_members ORDER BY ALL")); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	text = strings.Replace(text, `  - {name: foreign, entity: customer, when: '!in_segment("french")'}`, "", 1)
	build(b, text, 4)
	changes(4, "foreign|2|left")
}
