package compile_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/sql"
)

const project = `
project: {name: small}
targets: {local: {type: any}}
purposes: [{name: service, basis: contract, description: what it is for}]
entities:
  - {name: customer, identifiers: [{name: user_id, limit: 1}, {name: email, normalize: email}]}
  - {name: account, identifiers: [{name: domain, normalize: domain}]}
sources:
  - {name: contacts, class: personal, table: raw.contacts, entity: customer, identifiers: {user_id: id, email: mail}, time: changed, columns: {country: string}}
  - {name: orders, class: personal, table: raw.orders, entity: customer, events: true, identifiers: {email: mail}, time: bought, columns: {amount: decimal}}
  - {name: companies, class: personal, table: raw.companies, entity: account, identifiers: {domain: site}, columns: {plan: {type: string, column: Plan Name}}}
traits:
  - {name: country, entity: customer, pick: latest, from: contacts.country}
  - {name: spent, entity: customer, value: 'orders.sum(o, o.amount)'}
  - {name: grade, entity: customer, history: true, value: 'spent > 100.0 ? "a" : "b"'}
  - {name: plan, entity: account, pick: latest, from: companies.plan}
segments:
  - {name: french, entity: customer, when: country == "FR"}
  - {name: big, entity: customer, when: grade == "a" && in_segment("french"), tags: [daily]}
  - {name: paying, entity: account, when: plan == "pro"}
destinations: [{name: out, allow: [public, internal, personal], type: any}]
syncs:
  - {name: big_out, from: {segment: big}, to: {destination: out, object: people, mode: mirror, key: id}, fields: {id: customer_id, country: country}, purpose: service}
`

func load(tb testing.TB, text string) *config.Project {
	tb.Helper()
	return loadFiles(tb, fstest.MapFS{"customhouse.yaml": {Data: []byte(text)}})
}

func loadFiles(tb testing.TB, files fstest.MapFS) *config.Project {
	tb.Helper()
	kinds := config.Kinds{
		Targets:      map[string]func() any{"any": func() any { return &struct{}{} }},
		Destinations: map[string]func() any{"any": func() any { return &struct{}{} }},
	}
	p, found := config.Load(files, ".", kinds)
	if found.HasErrors() {
		tb.Fatal(found)
	}
	return p
}

func plan(tb testing.TB, nodes ...string) *models.Plan {
	tb.Helper()
	opt := compile.Options{AsOf: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), RunID: "run"}
	if nodes != nil {
		opt.Select = map[string]bool{}
		for _, n := range nodes {
			opt.Select[n] = true
		}
	}
	p, found := compile.Compile(load(tb, project), opt)
	if found.HasErrors() {
		tb.Fatal(found)
	}
	return p
}

func names(p *models.Plan) string {
	var out []string
	for _, m := range p.Models {
		out = append(out, m.Name)
	}
	for _, a := range p.Audiences {
		out = append(out, "sync:"+a.Sync.Name)
	}
	return strings.Join(out, " ")
}

// TestSelect wants what was selected, and above it no more than what fills the
// work tables that it reads.
func TestSelect(t *testing.T) {
	features := "map:contacts map:orders features:contacts features:orders profile:customer inputs:customer"
	tests := []struct {
		nodes []string
		want  string
	}{
		{nil, "rows:contacts rows:orders identity:customer redirect:customer map:contacts map:orders features:contacts features:orders profile:customer inputs:customer " +
			"rows:companies identity:account redirect:account map:companies features:companies profile:account inputs:account segments sync:big_out"},
		{[]string{"entity:customer"}, "rows:contacts rows:orders identity:customer"},
		{[]string{"trait:customer.spent"}, features},
		{[]string{"segment:paying"}, "redirect:customer redirect:account map:companies features:companies profile:account inputs:account segments"},
		{[]string{"sync:big_out"}, "sync:big_out"},
		{[]string{"source:contacts"}, ""},
		{[]string{}, ""},
	}
	for _, test := range tests {
		if got := names(plan(t, test.nodes...)); test.nodes != nil && len(test.nodes) == 0 && got != "" {
			t.Errorf("nothing selected: got %s", got)
		} else if got != test.want && len(test.nodes) != 0 {
			t.Errorf("%v:\ngot  %s\nwant %s", test.nodes, got, test.want)
		} else if test.nodes == nil && got != test.want {
			t.Errorf("all:\ngot  %s\nwant %s", got, test.want)
		}
	}
}

func TestNodes(t *testing.T) {
	got := map[string]string{}
	for _, n := range plan(t).Nodes {
		got[n.Key] = strings.Join(n.Reads, " ")
	}
	want := map[string]string{
		"source:contacts":        "",
		"source:orders":          "",
		"source:companies":       "",
		"entity:customer":        "source:contacts source:orders",
		"entity:account":         "source:companies",
		"trait:customer.country": "entity:customer source:contacts",
		"trait:customer.spent":   "entity:customer source:orders",
		"trait:customer.grade":   "entity:customer trait:customer.spent",
		"trait:account.plan":     "entity:account source:companies",
		"segment:french":         "entity:customer trait:customer.country",
		"segment:big":            "entity:customer segment:french trait:customer.grade",
		"segment:paying":         "entity:account trait:account.plan",
		"sync:big_out":           "segment:big trait:customer.country",
		"destination:out":        "sync:big_out",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestChecks wants every column that the project names, at the place of the
// name.
func TestChecks(t *testing.T) {
	var got []string
	for _, c := range plan(t).Checks {
		for _, col := range c.Columns {
			got = append(got, c.Table.Name+"."+col.Column)
			if col.Span.Source == nil {
				t.Errorf("%s has no place", col.Column)
				continue
			}
			line := strings.Split(string(col.Span.Source.Text), "\n")[col.Span.Start.Line-1]
			named := string([]rune(line)[col.Span.Start.Col-1 : col.Span.End.Col-1])
			if strings.Trim(named, `"'`) != col.Column {
				t.Errorf("the place of %s reads %q", col.Column, named)
			}
		}
	}
	want := []string{
		"raw.contacts.id", "raw.contacts.mail", "raw.contacts.changed", "raw.contacts.country",
		"raw.orders.mail", "raw.orders.bought", "raw.orders.amount",
		"raw.companies.site", "raw.companies.Plan Name",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPrints wants every statement of a plan to have a spelling, the same one
// each time.
func TestPrints(t *testing.T) {
	p := &sql.Printer{Dialect: sql.DuckDB, Names: func(t sql.Table) []string { return []string{"s", t.Name} }}
	spell := func() string {
		var out strings.Builder
		statement := func(s sql.Statement) {
			texts, err := p.Statement(s)
			if err != nil {
				t.Fatal(err)
			}
			out.WriteString(strings.Join(texts, ";\n") + ";\n")
		}
		var steps func([]models.Step)
		steps = func(list []models.Step) {
			for _, s := range list {
				switch s := s.(type) {
				case *models.Exec:
					for _, x := range s.Statements {
						statement(x)
					}
				case *models.Loop:
					steps(s.Steps)
				}
			}
		}
		pl := plan(t)
		for _, s := range pl.System {
			statement(s)
		}
		for _, m := range pl.Models {
			steps(m.Steps)
			for _, s := range m.Commit {
				statement(s)
			}
		}
		for _, a := range pl.Audiences {
			steps(a.Steps)
			for _, s := range slices.Concat(a.Refuse, a.Note, a.Apply, a.Settle) {
				statement(s)
			}
			for _, q := range []sql.Query{a.Counts, a.Changes, a.Snapshot} {
				if _, err := p.Query(q); err != nil {
					t.Fatal(err)
				}
			}
		}
		return out.String()
	}
	first := spell()
	if len(first) < 10_000 {
		t.Fatalf("only %d bytes of SQL", len(first))
	}
	for range 5 {
		if diff := cmp.Diff(first, spell()); diff != "" {
			t.Fatalf("the same project has other SQL (-first +later):\n%s", diff)
		}
	}
}

// TestChecked makes several plans of one check, each as if it were the only one.
func TestChecked(t *testing.T) {
	p, asOf := load(t, project), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	checked, found := compile.Check(p, compile.Options{AsOf: asOf})
	if found.HasErrors() {
		t.Fatal(found)
	}
	for _, opt := range []compile.Options{
		{AsOf: asOf, RunID: "a"},
		{AsOf: asOf, RunID: "b", Select: map[string]bool{"segment:big": true}, Whole: true},
		{AsOf: asOf, RunID: "c", Select: map[string]bool{"entity:account": true}, Refresh: true},
		{AsOf: asOf, RunID: "d"},
	} {
		want, found := compile.Compile(p, opt)
		if found.HasErrors() {
			t.Fatal(found)
		}
		if got := checked.Plan(opt); !reflect.DeepEqual(want, got) {
			t.Errorf("run %s: the plan is not that of Compile", opt.RunID)
		}
	}
}
