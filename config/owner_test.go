package config

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestOwners: what names no owner is the project's.
func TestOwners(t *testing.T) {
	t.Parallel()
	p, list := Load(fstest.MapFS{"a.yaml": {Data: []byte(`
project: {name: shop, owner: data@example.com}
targets: {local: {type: duckdb, path: x.duckdb}}
entities: [{name: customer, identifiers: [{name: email}]}]
sources:
  - {name: contacts, table: raw.contacts, entity: customer, identifiers: {email: mail}, columns: {country: string}}
traits:
  - {name: country, entity: customer, pick: max, from: contacts.country, owner: crm team}
segments:
  - {name: french, entity: customer, when: 'country == "FR"'}
`)}}, "shop", testKinds())
	if list.HasErrors() {
		t.Fatalf("got findings:\n%s", render(list))
	}
	got := strings.Join([]string{p.Entities[0].Owner, p.Sources[0].Owner, p.Traits[0].Owner, p.Segments[0].Owner}, ", ")
	if want := "data@example.com, data@example.com, crm team, data@example.com"; got != want {
		t.Errorf("want %s, got %s", want, got)
	}
}
