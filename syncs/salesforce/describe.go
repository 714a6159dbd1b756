package salesforce

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// EncodeFields implements syncs.Describer.
func (d *destination) EncodeFields(q syncs.Question) *syncs.HTTPRequest {
	return d.request(http.MethodGet, "/sobjects/"+url.PathEscape(q.Object)+"/describe", "", nil, q.Secrets, q.Token)
}

// field is a field as Salesforce describes it.
type field struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Length     int    `json:"length"`
	Createable bool   `json:"createable"`
	Updateable bool   `json:"updateable"`
	ExternalID bool   `json:"externalId"`
	IDLookup   bool   `json:"idLookup"`
	Nillable   bool   `json:"nillable"`
	Defaulted  bool   `json:"defaultedOnCreate"`
	Restricted bool   `json:"restrictedPicklist"`
	Values     []struct {
		Value  string `json:"value"`
		Active bool   `json:"active"`
	} `json:"picklistValues"`
}

// types are ours by Salesforce's; of those that are not here any will do.
var types = map[string][]syncs.Type{
	"boolean": {syncs.Bool}, "int": {syncs.Int}, "double": {syncs.Float, syncs.Decimal, syncs.Int}, "currency": {syncs.Decimal, syncs.Float, syncs.Int},
	"percent": {syncs.Decimal, syncs.Float, syncs.Int}, "date": {syncs.Date}, "datetime": {syncs.Timestamp, syncs.Date},
	"multipicklist": {syncs.List, syncs.String},
}

// DecodeFields implements syncs.Describer.
func (d *destination) DecodeFields(_ syncs.Question, resp *syncs.Response) ([]syncs.PlatformField, string, syncs.Outcome) {
	if out := refused(resp); out.Verdict != 0 {
		return nil, "", asked(out)
	}
	var a struct {
		Fields []field `json:"fields"`
	}
	if json.Unmarshal(resp.Body, &a) != nil || len(a.Fields) == 0 {
		return nil, "", syncs.Unreadable("no fields")
	}
	var fields []syncs.PlatformField
	for _, f := range a.Fields {
		key := f.ExternalID || f.IDLookup && f.Name != "Id"
		p := syncs.PlatformField{
			Name: f.Name, Types: types[f.Type], Unique: key, ReadOnly: !f.Createable && !f.Updateable,
			Required: f.Createable && !f.Nillable && !f.Defaulted && f.Type != "boolean", MaxLength: f.Length,
		}
		for _, v := range f.Values {
			if f.Restricted && v.Active {
				p.Enum = append(p.Enum, v.Value)
			}
		}
		fields = append(fields, p)
	}
	return fields, "", syncs.Outcome{Verdict: syncs.Rows}
}

// asked is a refusal of a question.
func asked(out syncs.Outcome) syncs.Outcome {
	if out.Verdict == syncs.Split {
		out.Verdict = syncs.Fatal
	}
	return out
}

// EncodeProbe implements syncs.Prober: an object's description, which a user who
// may not see it does not get, or the limits of the organisation.
func (d *destination) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	if q.Object != "" {
		return d.EncodeFields(q)
	}
	return d.request(http.MethodGet, "/limits", "", nil, q.Secrets, q.Token)
}

// DecodeProbe implements syncs.Prober.
func (d *destination) DecodeProbe(q syncs.Question, resp *syncs.Response) syncs.Outcome {
	if out := refused(resp); out.Verdict != 0 {
		return asked(out)
	}
	var a struct {
		Name       string          `json:"name"`
		Createable bool            `json:"createable"`
		Updateable bool            `json:"updateable"`
		Daily      json.RawMessage `json:"DailyApiRequests"`
	}
	switch err := json.Unmarshal(resp.Body, &a); {
	case err != nil, q.Object == "" && a.Daily == nil, q.Object != "" && a.Name == "":
		return syncs.Unreadable("something else than was asked for")
	case q.Object != "" && (!a.Createable || !a.Updateable):
		return syncs.Outcome{Verdict: syncs.Fatal, Code: "read-only-object", Message: "the user may not create and edit records of " + syncs.Word(a.Name) + ": give it a permission set that lets it"}
	}
	return syncs.Outcome{Verdict: syncs.Rows, Message: "the connected app and its user are accepted"}
}
