package compile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models/compile"
)

// business adds to the small project that customers work for accounts.
const business = project + `
relations:
  - name: employer
    from: customer
    to: account
    via: [{source: contacts, identifiers: {domain: site}}, {identifier: email, as: domain}]
    reverse: employees
`

// planned compiles a project and lists what is found in it.
func planned(tb testing.TB, text string, nodes ...string) (names string, found []string, reads map[string]string) {
	tb.Helper()
	opt := compile.Options{AsOf: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), RunID: "run"}
	if nodes != nil {
		opt.Select = map[string]bool{}
		for _, n := range nodes {
			opt.Select[n] = true
		}
	}
	p, list := compile.Compile(load(tb, text), opt)
	for _, d := range list {
		found = append(found, d.Code+": "+d.Summary)
	}
	if p == nil {
		return "", found, nil
	}
	var models []string
	for _, m := range p.Models {
		models = append(models, m.Name)
	}
	reads = map[string]string{}
	for _, n := range p.Nodes {
		reads[n.Key] = strings.Join(n.Reads, " ")
	}
	return strings.Join(models, " "), found, reads
}

// more is business with more traits and segments.
func more(traits, segments string) string {
	text := strings.Replace(business, "segments:\n", traits+"segments:\n", 1)
	return strings.Replace(text, "destinations:", segments+"destinations:", 1)
}

// TestRelation: the profiles of one entity are built after those that they
// read, whatever the order of the project.
func TestRelation(t *testing.T) {
	text := more("  - {name: tier, entity: customer, value: employer.plan}\n",
		"  - {name: theirs, entity: customer, when: employer.account_id == 1}\n")
	names, found, reads := planned(t, text)
	if len(found) > 0 {
		t.Fatal(found)
	}
	order := strings.Fields(names)
	for _, pair := range [][2]string{
		{"identity:account", "relation:employer"},
		{"map:contacts", "relation:employer"},
		{"relation:employer", "profile:customer"},
		{"profile:account", "profile:customer"},
	} {
		if a, b := slices.Index(order, pair[0]), slices.Index(order, pair[1]); a < 0 || b < a {
			t.Errorf("got %s not before %s in %s", pair[0], pair[1], names)
		}
	}
	want := map[string]string{
		"relation:employer":   "entity:account entity:customer source:contacts",
		"trait:customer.tier": "entity:customer relation:employer trait:account.plan",
		"segment:theirs":      "entity:customer relation:employer",
	}
	got := map[string]string{}
	for key := range want {
		got[key] = reads[key]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	names, _, _ = planned(t, text, "relation:employer")
	if want := "map:contacts relation:employer"; names != want {
		t.Errorf("relation alone: got %s, want %s", names, want)
	}
	names, _, _ = planned(t, text, "trait:customer.tier")
	if want := "map:contacts map:orders features:contacts features:orders map:companies features:companies profile:account profile:customer"; names != want {
		t.Errorf("trait alone: got %s, want %s", names, want)
	}
}

// TestRelationChecks: the columns of a source that name the other entity must
// be there where the relation is built.
func TestRelationChecks(t *testing.T) {
	for nodes, want := range map[string]bool{"relation:employer": true, "entity:customer": false} {
		p, _ := compile.Compile(load(t, business), compile.Options{Select: map[string]bool{nodes: true}})
		got := false
		for _, c := range p.Checks {
			for _, column := range c.Columns {
				got = got || column.Column == "site" && c.Source.Name == "contacts"
			}
		}
		if got != want {
			t.Errorf("%s: got a check of contacts.site %v, want %v", nodes, got, want)
		}
	}
}

func TestMembers(t *testing.T) {
	text := more("  - {name: revenue, entity: account, value: 'employees.sum(e, e.spent)'}\n", "")
	names, found, reads := planned(t, text)
	if len(found) > 0 {
		t.Fatal(found)
	}
	order := strings.Fields(names)
	for _, pair := range [][2]string{
		{"relation:employer", "members:employer"}, {"profile:customer", "members:employer"}, {"members:employer", "profile:account"},
	} {
		if a, b := slices.Index(order, pair[0]), slices.Index(order, pair[1]); a < 0 || b < a {
			t.Errorf("got %s not before %s in %s", pair[0], pair[1], names)
		}
	}
	if got, want := reads["trait:account.revenue"], "entity:account relation:employer trait:customer.spent"; got != want {
		t.Errorf("got reads %s, want %s", got, want)
	}
}

// TestCircle refuses entities that read each other, and says nothing of what
// reads those with errors.
func TestCircle(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{
			"both directions", more("  - {name: tier, entity: customer, value: employer.plan}\n", "  - {name: large, entity: account, when: employees.count() > 3}\n"),
			[]string{"cycle: the expressions of customer and account read each other: customer -> account -> customer"},
		},
		{
			"two relations", more("  - {name: tier, entity: customer, value: employer.plan}\n", "  - {name: led, entity: account, when: founder.spent > 3.0}\n") +
				"  - {name: founder, from: account, to: customer, via: [{source: companies, identifiers: {email: founder}}]}\n",
			[]string{"cycle: the expressions of customer and account read each other: customer -> account -> customer"},
		},
		{
			"an error of the other", more("  - {name: broken, entity: account, value: plan + 1}\n  - {name: tier, entity: customer, value: employer.broken + 1}\n", ""),
			[]string{"cel-type: plan is a text and 1 is a whole number: they cannot be added"},
		},
		{"one direction", more("  - {name: tier, entity: customer, value: employer.plan}\n", ""), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, found, _ := planned(t, test.text); !slices.Equal(found, test.want) {
				t.Errorf("got %q, want %q", found, test.want)
			}
		})
	}
}
