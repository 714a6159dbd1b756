package selection

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models"
)

// nodes is a chain contacts -> customer -> spent -> vip -> vip_to_crm, with
// orders beside contacts and a second segment.
var nodes = []models.Node{
	{Key: "source:contacts", Kind: "source", Name: "contacts", Tags: []string{"daily"}},
	{Key: "source:orders", Kind: "source", Name: "orders"},
	{Key: "entity:customer", Kind: "entity", Name: "customer", Reads: []string{"source:contacts", "source:orders"}},
	{Key: "trait:customer.spent", Kind: "trait", Name: "spent", Reads: []string{"entity:customer", "source:orders"}},
	{Key: "segment:vip", Kind: "segment", Name: "vip", Tags: []string{"hourly", "crm"}, Reads: []string{"trait:customer.spent"}},
	{Key: "segment:vip_lapsed", Kind: "segment", Name: "vip_lapsed", Tags: []string{"daily"}, Reads: []string{"segment:vip"}},
	{Key: "destination:crm", Kind: "destination", Name: "crm"},
	{Key: "sync:vip_to_crm", Kind: "sync", Name: "vip_to_crm", Tags: []string{"hourly"}, Reads: []string{"segment:vip", "destination:crm"}},
}

// states are what is modified and new; nothing else is known.
var states = map[string]map[string]bool{
	"modified": {"segment:vip": true, "trait:customer.spent": true},
	"new":      {"segment:vip": true},
}

func TestSelect(t *testing.T) {
	tests := []struct{ include, exclude, want string }{
		{"vip", "", "segment:vip"},
		{"segment:vip", "", "segment:vip"},
		{"trait:spent", "", "trait:customer.spent"},
		{"trait:customer.spent", "", "trait:customer.spent"},
		{"tag:hourly", "", "segment:vip sync:vip_to_crm"},
		{"tag:h*", "", "segment:vip sync:vip_to_crm"},
		{"segment:vip*", "", "segment:vip segment:vip_lapsed"},
		{"vip*", "", "segment:vip segment:vip_lapsed sync:vip_to_crm"},
		{"segment:vip+", "", "segment:vip segment:vip_lapsed sync:vip_to_crm"},
		{"+spent", "", "entity:customer source:contacts source:orders trait:customer.spent"},
		{"1+spent", "", "entity:customer source:orders trait:customer.spent"},
		{"2+vip+1", "", "entity:customer segment:vip segment:vip_lapsed source:orders sync:vip_to_crm trait:customer.spent"},
		{"customer+2", "", "entity:customer segment:vip trait:customer.spent"},
		{"contacts orders", "", "source:contacts source:orders"},
		{"tag:hourly,segment:*", "", "segment:vip"},
		{"tag:daily,sync:*", "", ""},
		{"segment:*", "tag:daily", "segment:vip"},
		{"", "contacts+", "destination:crm source:orders"},
		{"+vip_to_crm", "source:* destination:*", "entity:customer segment:vip sync:vip_to_crm trait:customer.spent"},
		{"state:modified", "", "segment:vip trait:customer.spent"},
		{"state:new", "", "segment:vip"},
		{"state:new+", "", "segment:vip segment:vip_lapsed sync:vip_to_crm"},
		{"state:modified,segment:*", "", "segment:vip"},
		{"state:unmodified", "", ""},
		{"*", "state:modified+", "destination:crm entity:customer source:contacts source:orders"},
	}
	for _, tt := range tests {
		t.Run(tt.include+" - "+tt.exclude, func(t *testing.T) {
			keys, err := Select(nodes, []string{tt.include}, []string{tt.exclude}, states)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(slices.Sorted(maps.Keys(keys)), " ")
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("selected (-want +got):\n%s", d)
			}
		})
	}
}

func TestSelectAll(t *testing.T) {
	got, err := Select(nodes, nil, []string{" "}, nil)
	if got != nil || err != nil {
		t.Errorf("no selector gives %v, %v; want nil, nil", got, err)
	}
}

func TestSelectErrors(t *testing.T) {
	tests := []struct{ selector, want string }{
		{"vipp", `selector "vipp" matches nothing; did you mean "vip"?`},
		{"segment:vip_lapst", `selector "segment:vip_lapst" matches nothing; did you mean "segment:vip_lapsed"?`},
		{"trait:customer.spend", `selector "trait:customer.spend" matches nothing; did you mean "trait:customer.spent"?`},
		{"tag:hurly", `selector "tag:hurly" matches nothing; did you mean "tag:hourly"?`},
		{"zzzzzzzz", `selector "zzzzzzzz" matches nothing`},
		{"+", `selector "+" is empty`},
		{"a,,b", `selector "a" matches nothing`},
		{"vip,", `selector "" is empty`},
		{"a+b", `selector "a+b" has a plus sign in the wrong place`},
		{"99999999999999999999+vip", `selector "99999999999999999999+vip" has a number of steps out of range`},
		{"state:modified", `selector "state:modified" compares with a saved manifest: name it with --state`},
		{"state:modifed+", `selector "state:modifed+" is no state that is known; did you mean "state:modified"?`},
		{"[", `selector "[" matches nothing`},
	}
	for _, tt := range tests {
		t.Run(tt.selector, func(t *testing.T) {
			_, err := Select(nodes, []string{tt.selector}, nil, nil)
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("error is %v, want an *Error", err)
			}
			if d := cmp.Diff(tt.want, err.Error()); d != "" {
				t.Errorf("message (-want +got):\n%s", d)
			}
		})
	}
}
