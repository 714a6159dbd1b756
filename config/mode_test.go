package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// abilities are what the destination of the fixtures can do, by its object.
var abilities = map[string]*Ability{
	"contacts":  {Operations: []string{"upsert", "update", "insert", "archive", "delete", "clear"}},
	"list":      {Operations: []string{"add", "remove"}},
	"enrolment": {Operations: []string{"add"}},
	"events":    {Operations: []string{"append"}, Keyed: true},
	"export":    {Operations: []string{"upsert", "add", "remove"}, Replaces: true},
}

// TestAbility says what a sync does at a destination that can do only some of
// it, or why it is refused.
func TestAbility(t *testing.T) {
	kinds := testKinds()
	kinds.Ability = func(_ *Destination, object string) *Ability { return abilities[object] }
	for to, want := range map[string]string{
		"object: contacts":                                       "upsert none: upsert",
		"object: contacts, mode: mirror":                         "mirror archive: upsert, archive",
		"object: contacts, mode: mirror, on_leave: delete":       "mirror delete: upsert, delete",
		"object: contacts, mode: update, on_leave: clear_fields": "update clear_fields: update, clear",
		"object: contacts, mode: upsert, on_leave: archive":      "upsert archive: upsert, archive",
		"object: contacts, mode: mirror, on_leave: remove_from_audience": "crm (hubspot, object contacts) cannot do on_leave: remove_from_audience; " +
			"write on_leave: archive, delete or clear_fields",
		"object: contacts, mode: add":     "crm (hubspot, object contacts) cannot do mode: add; write mode: upsert, update, insert or mirror",
		"object: list, mode: mirror":      "mirror remove_from_audience: add, remove",
		"object: list, mode: add":         "add none: add",
		"object: list, mode: remove":      "remove none: remove",
		"object: list":                    "crm (hubspot, object list) cannot do mode: upsert; write mode: mirror, add or remove",
		"object: enrolment, mode: mirror": "crm (hubspot, object enrolment) cannot do mode: mirror; write mode: add",
		"object: enrolment, mode: add, on_leave: remove_from_audience": "crm (hubspot, object enrolment) cannot do on_leave: remove_from_audience; " +
			"write on_leave: none",
		"object: events":               "crm (hubspot, object events) cannot do mode: upsert; write mode: append",
		"object: export, mode: mirror": "mirror remove_from_audience: upsert, remove",
		"object: export, mode: add":    "crm (hubspot, object export) cannot do mode: add; write mode: upsert or mirror",
		"object: anything, mode: add":  "add none: add",
	} {
		p, found := Load(withBase(t, map[string]string{"sync.yaml": `
syncs:
  - name: out
    from: {segment: everyone}
    to: {destination: crm, key: email, ` + to + `}
    fields: {email: email}
    purpose: marketing
`}), ".", kinds)
		var got string
		if found != nil {
			got = found[0].Summary + "; " + found[0].Help
		} else {
			x := &p.Syncs[0].To
			wanted, left := x.Operations()
			got = x.Mode + " " + x.OnLeave + ": " + strings.TrimSuffix(wanted+", "+left, ", ")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", to, diff)
		}
	}
}
