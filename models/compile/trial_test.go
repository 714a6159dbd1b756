package compile_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// company is customers who work for accounts, read in both directions by
// segments of all kinds.
const company = `
project: {name: company}
targets: {local: {type: any}}
entities: [{name: customer, identifiers: [{name: email}]}, {name: account, identifiers: [{name: domain}]}]
sources:
  - {name: contacts, table: raw.contacts, entity: customer, identifiers: {email: mail}, columns: {age: int, site: string}}
  - {name: orders, table: raw.orders, entity: customer, events: true, identifiers: {email: mail}, time: at, columns: {amount: decimal}}
  - {name: companies, table: raw.companies, entity: account, identifiers: {domain: site}, columns: {plan: string}}
relations:
  - {name: employer, from: customer, to: account, via: [{source: contacts, identifiers: {domain: site}}], reverse: employees}
traits:
  - {name: age, entity: customer, pick: max, from: contacts.age}
  - {name: spent, entity: customer, value: 'orders.sum(o, o.amount)'}
  - {name: mean, entity: customer, value: 'spent / double(orders.count())'}
  - {name: plan, entity: account, pick: max, from: companies.plan}
segments:
  - {name: old, entity: customer, when: age > 40}
  - {name: buyers, entity: customer, when: 'mean > 10.0 && orders.exists(o, o.amount > 20.0)'}
  - {name: rest, entity: customer, when: '!in_segment("old") && !(in_segment("buyers") || age == 7)'}
  - {name: raw, entity: customer, when: 'in_segment(r"old") && !!(in_segment("old") == (age > 50))'}
  - {name: since, entity: customer, when: 'in_segment("old") && entered_segment("old") > now - days(9)'}
  - {name: best, entity: customer, when: 'rank(spent) <= 5 || !has(age)'}
  - {name: late, entity: customer, when: 'orders.exists(o, o.amount > spent / 3.0 && !orders.exists(p, p.time > o.time && p.amount > double(age)))'}
SEGMENTS
`

var directions = map[string]string{
	"to":   `  - {name: pro, entity: customer, when: 'employer.plan == "pro" && (in_segment("old") ? spent > 30.0 : true)'}`,
	"from": `  - {name: busy, entity: account, when: 'employees.sum(e, e.spent) > 100.0 && employees.exists(e, e.age > 30) && plan != "free"'}`,
}

// filled is a Bench with the data of company.
func filled(t *testing.T) *modeltest.Bench {
	t.Helper()
	b := modeltest.New(t)
	b.Exec("CREATE TABLE raw.contacts AS SELECT 'c' || i AS mail, nullif(i * 7 % 60, 21) AS age, 's' || (i % 9) AS site FROM range(60) t(i)")
	b.Exec("CREATE TABLE raw.orders AS SELECT 'c' || (i * 13 % 45) AS mail, TIMESTAMP '2026-01-01' + to_hours(i) AS at, i * 17 % 31 AS amount FROM range(120) t(i)")
	b.Exec("CREATE TABLE raw.companies AS SELECT 's' || i AS site, ['pro', 'free', NULL][i % 3 + 1] AS plan FROM range(8) t(i)")
	return b
}

// TestTry: a trial of each segment has the members of a run, for all and for one,
// without the segments and sources that it does not need.
func TestTry(t *testing.T) {
	for name, more := range directions {
		t.Run(name, func(t *testing.T) {
			b := filled(t)
			p := load(t, strings.Replace(company, "SEGMENTS", more, 1))
			opt := compile.Options{AsOf: time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC), RunID: "run"}
			run(b, p, opt)
			for _, s := range p.Segments {
				want := lines(b, "SELECT "+s.Entity+"_id FROM public.segment_members WHERE segment = '"+s.Name+"' ORDER BY 1")
				if len(want) < 2 || strings.Count(want, "\n") > 55 {
					t.Errorf("%s: the data cannot fail this: %s", s.Name, want)
				}
				trial, found := compile.Try(p, opt, compile.Wanted{Entity: s.Entity, Segments: []string{s.Name}})
				if found.HasErrors() {
					t.Fatal(found)
				}
				for w := range models.ModelUse(&models.Model{Steps: trial.Prepare}).Writes {
					if w.Space != sql.Work {
						t.Errorf("%s writes %v", s.Name, w)
					}
				}
				id := s.Entity + "_id"
				in := fmt.Sprintf("SELECT %s FROM work.%s WHERE %s ORDER BY 1", id, trial.Members.Name, sql.DuckDB.QuoteName(expr.SegmentColumn(s.Name)))
				b.Statements(trial.Discard...)
				b.Steps(trial.Prepare)
				if diff := cmp.Diff(want, lines(b, in)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", s.Name, diff)
				}
				for _, only := range []int64{1, 2, 3, 8} {
					trial, _ := compile.Try(p, opt, compile.Wanted{Entity: s.Entity, Segments: []string{s.Name}, ID: only})
					b.Steps(trial.Prepare)
					text := strconv.FormatInt(only, 10)
					wanted := ""
					if slices.Contains(strings.Split(want, "\n"), text) {
						wanted = text
					}
					if diff := cmp.Diff(wanted, lines(b, in)); diff != "" {
						t.Errorf("%s of %d (-want +got):\n%s", s.Name, only, diff)
					}
				}
			}
			// What a condition on the age needs.
			trial, _ := compile.Try(p, opt, compile.Wanted{Entity: "customer", Segments: []string{"old"}})
			var read, written []string
			for _, c := range trial.Checks {
				read = append(read, c.Source.Name)
			}
			for _, step := range trial.Prepare {
				for _, x := range step.(*models.Exec).Statements {
					written = append(written, sql.Writes(x).Name)
				}
			}
			if diff := cmp.Diff([][]string{{"contacts"}, {"map_contacts", "features_contacts", "customer_wide", "customer_segments"}}, [][]string{read, written}); diff != "" {
				t.Errorf("what is read and written for the age (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTryRefuses reports what is wrong with an expression.
func TestTryRefuses(t *testing.T) {
	p := load(t, strings.Replace(company, "SEGMENTS", "", 1))
	p.Segments = append(p.Segments, &config.Segment{Name: "--when", Entity: "customer", When: "agee > 3"})
	trial, found := compile.Try(p, compile.Options{AsOf: time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)}, compile.Wanted{Entity: "customer", Segments: []string{"--when"}})
	found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool { return d.Severity == diag.Warning })
	if trial != nil || len(found) != 1 || found[0].Code != "unknown-name" {
		t.Errorf("got %v", found)
	}
}

// TestExplain takes segments apart and puts the values of the parts together
// again, for each entity.
func TestExplain(t *testing.T) {
	for name, more := range directions {
		t.Run(name, func(t *testing.T) {
			b := filled(t)
			p := load(t, strings.Replace(company, "SEGMENTS", more, 1))
			opt := compile.Options{AsOf: time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC), RunID: "run"}
			run(b, p, opt)
			for _, s := range p.Segments {
				members := lines(b, "SELECT "+s.Entity+"_id FROM public.segment_members WHERE segment = '"+s.Name+"'")
				leaves := 0
				for id := range int64(8) {
					x, found := compile.Explain(p, opt, s.Name, id+1)
					if found.HasErrors() {
						t.Fatal(found)
					}
					b.Steps(x.Prepare)
					known := map[string]any{}
					for _, table := range []string{x.Traits.Name, x.Members.Name} {
						for _, row := range b.Values("SELECT * FROM work." + table) {
							maps.Copy(known, row)
						}
					}
					b.Statements(x.Discard...)
					want := slices.Contains(strings.Split(members, "\n"), strconv.FormatInt(id+1, 10))
					if got := value(t, x.Root, known, &leaves); (got == true) != want {
						t.Errorf("%s of %d: got %v, want %v: %v", s.Name, id+1, got, want, known)
					}
				}
				if leaves < 8 {
					t.Errorf("%s has only %d leaves", s.Name, leaves)
				}
			}
		})
	}
}

// value is that of a part: true, false or nil.
func value(t *testing.T, p *compile.Part, known map[string]any, leaves *int) any {
	t.Helper()
	var parts []any
	for _, x := range p.Parts {
		parts = append(parts, value(t, x, known, leaves))
	}
	switch p.Kind {
	case compile.Leaf:
		*leaves++
		for _, s := range p.Seen {
			if _, there := known[s.Column]; !there {
				t.Errorf("%s is not there", s.Text)
			}
		}
		if p.Column == "" {
			return known[expr.SegmentColumn(p.Yes)]
		}
		return known[p.Column]
	case compile.All, compile.Any:
		if slices.Contains(parts, any(p.Kind == compile.Any)) {
			return p.Kind == compile.Any
		}
		if slices.Contains(parts, nil) {
			return nil
		}
		return p.Kind == compile.All
	case compile.Not:
		if parts[0] == nil {
			return nil
		}
		return parts[0] == false
	case compile.Choice:
		switch parts[0] {
		case nil:
			return nil
		case true:
			return parts[1]
		}
		return parts[2]
	case compile.IsTrue:
		return parts[0] == true
	case compile.Member:
		if len(parts) == 1 && (parts[0] == true) != (known[expr.SegmentColumn(p.Segment)] == true) {
			t.Errorf("%s does not agree with its parts", p.Segment)
		}
		return known[expr.SegmentColumn(p.Segment)]
	}
	return nil
}
