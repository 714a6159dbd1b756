package hubspot

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// EncodeFields implements syncs.Describer.
func (d *destination) EncodeFields(q syncs.Question) *syncs.HTTPRequest {
	return d.get(q, "/crm/v3/properties/"+url.PathEscape(described(q.Object)))
}

// described is the object whose properties a sync to another fills.
func described(object string) string {
	if kind, which := syncs.Which(object); which == "" && kind != "" {
		return kind
	}
	return contacts
}

func (d *destination) get(q syncs.Question, path string) *syncs.HTTPRequest {
	return &syncs.HTTPRequest{Method: http.MethodGet, URL: d.at(q.Secrets, path), Header: d.header(q.Secrets, q.Token)}
}

// property is a property of an object, as HubSpot describes it.
type property struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	FieldType string `json:"fieldType"`
	Unique    bool   `json:"hasUniqueValue"`
	Options   []struct {
		Value string `json:"value"`
	} `json:"options"`
	Modification struct {
		ReadOnly bool `json:"readOnlyValue"`
	} `json:"modificationMetadata"`
}

// DecodeFields implements syncs.Describer.
func (d *destination) DecodeFields(q syncs.Question, resp *syncs.Response) ([]syncs.PlatformField, string, syncs.Outcome) {
	if _, refused := read(resp, ""); refused.Verdict != 0 {
		return nil, "", refused
	}
	var a struct {
		Results []property `json:"results"`
	}
	if err := json.Unmarshal(resp.Body, &a); err != nil || len(a.Results) == 0 {
		return nil, "", syncs.Unreadable("no properties")
	}
	fields := make([]syncs.PlatformField, 0, len(a.Results))
	for _, p := range a.Results {
		fields = append(fields, p.field(described(q.Object)))
	}
	return fields, "", syncs.Outcome{Verdict: syncs.Rows}
}

// field is a property in our words.
func (p property) field(object string) syncs.PlatformField {
	f := syncs.PlatformField{
		Name: p.Name, Unique: p.Unique || p.Name == recordID || object == contacts && p.Name == email,
		ReadOnly: p.Modification.ReadOnly,
	}
	switch p.Type {
	case "number":
		f.Types = []syncs.Type{syncs.Int, syncs.Float, syncs.Decimal}
	case "bool":
		f.Types = []syncs.Type{syncs.Bool}
	case "date":
		f.Types = []syncs.Type{syncs.Date}
	case "datetime":
		f.Types = []syncs.Type{syncs.Timestamp, syncs.Date}
	case "enumeration":
		f.Types = []syncs.Type{syncs.String, syncs.Int, syncs.Bool}
		if p.FieldType == "checkbox" {
			f.Types = append(f.Types, syncs.List)
		}
		for _, o := range p.Options {
			f.Enum = append(f.Enum, o.Value)
		}
	}
	return f
}

// EncodeProbe implements syncs.Prober: it looks at what deliveries go to.
func (d *destination) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	switch kind, which := syncs.Which(q.Object); {
	case kind == "list" && which != "":
		return d.get(q, "/crm/lists/"+Version.Name+"/"+url.PathEscape(which))
	case kind == "event" && which != "":
		return d.get(q, "/events/v3/event-definitions/"+url.PathEscape(which))
	default:
		return d.get(q, objects(described(q.Object), "?limit=1"))
	}
}

// DecodeProbe implements syncs.Prober.
func (d *destination) DecodeProbe(q syncs.Question, resp *syncs.Response) syncs.Outcome {
	_, refused := read(resp, "")
	if refused.Verdict != 0 {
		if resp.Status == http.StatusNotFound {
			refused.Code, refused.Message = "not-found", "HubSpot has no "+q.Object
		}
		return refused
	}
	var a struct {
		List struct {
			ProcessingType string `json:"processingType"`
			ObjectTypeID   string `json:"objectTypeId"`
		} `json:"list"`
	}
	err := json.Unmarshal(resp.Body, &a)
	kind, which := syncs.Which(q.Object)
	switch {
	case err != nil:
		return syncs.Unreadable("what is no JSON")
	case kind == "list" && which != "" && a.List.ProcessingType == "DYNAMIC":
		return syncs.Outcome{Verdict: syncs.Fatal, Code: "dynamic-list", Message: "HubSpot itself chooses the members of the list: make a static one"}
	case kind == "list" && which != "" && a.List.ObjectTypeID != "" && a.List.ObjectTypeID != contactsType:
		return syncs.Outcome{Verdict: syncs.Fatal, Code: "other-list", Message: "the list is not one of contacts"}
	}
	return syncs.Outcome{Verdict: syncs.Rows}
}

// contactsType is HubSpot's id of the object contacts.
const contactsType = "0-1"
