package manifest

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
)

const before = `project: {name: p, timezone: UTC}
targets: {local: {type: duckdb}}
entities:
  - name: customer
    identifiers:
      - {name: user_id}
      - {name: email, ignore: [nobody@example.com]}
    never_link:
      - {a: email=ada@example.com, b: email=eve@example.com, because: sisters}
parameters:
  - {name: much, type: float, value: 100.0}
sources:
  - {name: orders, table: raw.orders, entity: customer, identifiers: {email: mail}, columns: {amount: decimal}}
traits:
  - {name: spent, entity: customer, value: 'orders.sum(o, o.amount)'}
segments:
  - {name: good, entity: customer, when: spent >= much}
tests:
  - name: golden
    entity: customer
    people: [{name: one, identifiers: [email=ada@example.com], traits: {spent: 17.5}}]
`

// define is the resources of a project of one file.
func define(t *testing.T, text string) *Manifest {
	t.Helper()
	p, found := config.Load(fstest.MapFS{"p.yaml": {Data: []byte(text)}}, ".", config.Kinds{Targets: map[string]func() any{"duckdb": func() any { return new(struct{}) }}})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return &Manifest{Nodes: Define(p, []models.Node{
		{Key: "source:orders", Kind: "source", Name: "orders"},
		{Key: "entity:customer", Kind: "entity", Name: "customer"},
		{Key: "trait:customer.spent", Kind: "trait", Name: "spent"},
		{Key: "segment:good", Kind: "segment", Name: "good"},
		{Key: "test:golden", Kind: "test", Name: "golden"},
	}, nil)}
}

func TestCompare(t *testing.T) {
	text := func(s string) *string { return &s }
	tests := map[string]struct {
		old, new string
		want     []Change
	}{
		"nothing": {"", "", nil},
		"another person is kept apart, who is not told": {
			"eve@example.com", "joe@example.com", []Change{{Key: "entity:customer", Kind: Modified}},
		},
		"a golden person": {"spent: 17.5", "spent: 18.5", []Change{{Key: "test:golden", Kind: Modified}}},
		"the order of identifiers": {
			"- {name: user_id}\n      - {name: email, ignore: [nobody@example.com]}", "- {name: email, ignore: [nobody@example.com]}\n      - {name: user_id}",
			[]Change{{Key: "entity:customer", Kind: Modified, Settings: []SettingChange{{"identifiers", text("user_id, email"), text("email, user_id")}}}},
		},
		"a parameter that the condition reads": {
			"value: 100.0", "value: 200.0",
			[]Change{{Key: "segment:good", Kind: Modified, Settings: []SettingChange{{"parameter much.value", text("100.0"), text("200.0")}}}},
		},
		"a column more": {
			"{amount: decimal}", "{amount: decimal, sku: string}",
			[]Change{{Key: "source:orders", Kind: Modified, Settings: []SettingChange{{"columns.sku", nil, text("string")}}}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := Compare(define(t, before), define(t, strings.Replace(before, tt.old, tt.new, 1)))
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("changes (-want +got):\n%s", d)
			}
		})
	}
}

// TestNobody holds a manifest to say nothing of whom YAML names.
func TestNobody(t *testing.T) {
	out, err := json.Marshal(define(t, before))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), "example.com") || strings.Contains(string(out), "17.5") {
		t.Errorf("the manifest names people: %s", out)
	}
	if !strings.Contains(string(out), `{"path":"never_link","value":"1 entry"}`) {
		t.Errorf("the manifest does not say that there is a pair: %s", out)
	}
}
