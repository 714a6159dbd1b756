package classify_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/classify"
	"github.com/customhouse-cdp/customhouse/models/compile"
)

type anything struct{}

// project declares each way in which a class comes to be.
const project = `
project: {name: shop}
targets: {local: {type: any}}
entities:
  - {name: customer, identifiers: [{name: id, class: internal}, {name: email}]}
  - {name: account, identifiers: [{name: domain}]}
sources:
  - name: contacts
    table: contacts
    entity: customer
    class: personal
    identifiers: {id: id, email: email}
    columns: {city: {type: string, class: internal}, name: string, born: {type: timestamp, class: sensitive}}
  - name: visits
    table: visits
    entity: customer
    events: true
    time: at
    class: internal
    identifiers: {id: id}
    columns: {topic: {type: string, class: public}}
  - name: forgotten
    table: forgotten
    entity: customer
    identifiers: {id: id, email: email}
    columns: {known: {type: string, class: public}, unknown: string}
  - name: firms
    table: firms
    entity: account
    class: public
    identifiers: {domain: domain}
    columns: {trade: string}
relations:
  - {name: employer, from: customer, to: account, via: [{identifier: email, as: domain}]}
traits:
  - {name: trade, entity: account, pick: latest, from: firms.trade}
  - {name: city, entity: customer, pick: latest, from: contacts.city}
  - {name: name, entity: customer, pick: latest, from: contacts.name}
  - {name: email, entity: customer, pick: latest, from: contacts.email}
  - {name: id, entity: customer, pick: latest, from: contacts.id}
  - {name: known, entity: customer, pick: latest, from: forgotten.known}
  - {name: visits_of_topic, entity: customer, value: 'visits.filter(v, v.topic == "x").most_frequent(v, v.topic)'}
  - {name: visit_count, entity: customer, value: 'visits.count()'}
  - {name: forgotten_count, entity: customer, value: 'forgotten.count()'}
  - {name: forgotten_unknown, entity: customer, value: 'forgotten.exists(f, f.unknown == "x")'}
  - {name: in_condition, entity: customer, value: 'contacts.exists(c, c.born < now) ? city : ""'}
  - {name: of_traits, entity: customer, value: 'city + visits_of_topic'}
  - {name: constant, entity: customer, value: '"x"'}
  - {name: ranked, entity: customer, value: 'rank(visit_count)'}
  - {name: said, entity: customer, value: 'name + ""', class: internal, because: first names alone}
  - {name: of_said, entity: customer, value: 'said + city'}
  - {name: raised, entity: customer, value: 'city + ""', class: sensitive}
  - {name: of_employer, entity: customer, value: 'employer.trade'}
segments:
  - {name: born, entity: customer, when: 'contacts.exists(c, c.born < now)'}
  - {name: in_born, entity: customer, when: 'in_segment("born")'}
  - {name: since_born, entity: customer, when: 'entered_segment("born") > now - days(7)'}
  - {name: locals, entity: customer, when: 'city == "Lyon"'}
`

// TestClasses: what is made of others has the greatest of their classes, in
// whichever way it reads them.
func TestClasses(t *testing.T) {
	p, found := config.Load(fstest.MapFS{"p.yaml": {Data: []byte(project)}}, ".", config.Kinds{
		Targets: map[string]func() any{"any": func() any { return &anything{} }},
	})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	checked, found := compile.Check(p, compile.Options{AsOf: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	c := checked.Classes()
	got := map[string]config.Class{}
	for _, x := range p.Traits {
		got[x.Name] = c.Trait(x.Entity, x.Name).Class
	}
	for _, x := range p.Segments {
		got["segment "+x.Name] = c.Segment(x.Name).Class
	}
	got["an id"] = c.Trait("customer", "customer_id").Class
	got["identifier id"] = c.Identifier("customer", "id")
	// The strictest source that has it counts.
	got["identifier email"] = c.Identifier("customer", "email")
	got["identifier domain"] = c.Identifier("account", "domain")
	want := map[string]config.Class{
		"trade": "public", "city": "internal", "name": "personal", "email": "personal", "id": "internal", "known": "public",
		"visits_of_topic": "public", "visit_count": "internal", "forgotten_count": "sensitive", "forgotten_unknown": "sensitive",
		"in_condition": "sensitive", "of_traits": "internal", "constant": "public", "ranked": "internal", "said": "internal",
		"of_said": "internal", "raised": "sensitive", "of_employer": "public",
		"segment born": "sensitive", "segment in_born": "sensitive", "segment since_born": "sensitive", "segment locals": "internal",
		"an id": "personal", "identifier id": "internal", "identifier email": "sensitive", "identifier domain": "public",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
	if f := c.Trait("customer", "forgotten_unknown"); f.Declared || f.What != "the column forgotten.unknown" {
		t.Errorf("forgotten_unknown has its class from %+v", f)
	}
	if f := classify.Of(classify.Input{Project: p}).Rows("forgotten"); f.Declared || f.Class != config.Sensitive {
		t.Errorf("rows that nobody has classified are %+v", f)
	}
}
