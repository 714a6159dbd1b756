package salesforce

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// trouble is an error as Salesforce spells it: of a request ErrorCode, of a record
// StatusCode. Its message may hold a value, and is read for no message of ours.
type trouble struct {
	ErrorCode  string   `json:"errorCode"`
	StatusCode string   `json:"statusCode"`
	Fields     []string `json:"fields"`
}

func (t trouble) said() string {
	text := syncs.Word(t.ErrorCode + t.StatusCode)
	var fields []string
	for _, f := range t.Fields {
		if name := syncs.Word(f); name != "" {
			fields = append(fields, name)
		}
	}
	if len(fields) > 0 {
		text += " (" + strings.Join(fields, ", ") + ")"
	}
	return text
}

// advice says what to do about an error that no row is to blame for.
var advice = map[string]string{
	"API_DISABLED_FOR_ORG":            "the edition of the organisation has no API",
	"INSUFFICIENT_ACCESS":             "the user may not do that: give it a permission set for the object and its fields",
	"INSUFFICIENT_ACCESS_OR_READONLY": "the user may not do that: give it a permission set for the object and its fields",
	"INVALID_TYPE":                    "there is no such object, or the user may not see it",
	"NOT_FOUND":                       "there is no such object or external id, or the user may not see it",
	"INVALID_FIELD":                   "a field is not there, or the user may not see it: customhouse destination fields lists them",
	"FEATURENOTENABLED":               "the organisation, or the user's profile, has no Bulk API: give the user the permission API Enabled, or set bulk_from above your largest delivery",
}

// refused is the outcome of an answer that is no success, without a verdict where
// it is one.
func refused(resp *syncs.Response) syncs.Outcome {
	if resp.Status >= 200 && resp.Status < 300 {
		return syncs.Outcome{}
	}
	var list []trouble
	var first trouble
	if json.Unmarshal(resp.Body, &list) == nil && len(list) > 0 {
		first = list[0]
	}
	out := syncs.Status(resp, first.said())
	if first.ErrorCode != "" {
		out.Code = syncs.ErrorCode(first.ErrorCode)
	}
	switch first.ErrorCode {
	case "REQUEST_LIMIT_EXCEEDED":
		// Of a day, or of what runs at a time; which of them is not said.
		out.Verdict, out.Throttled, out.Wait = syncs.Retry, true, time.Minute
	case "INVALID_SESSION_ID":
		out.Verdict = syncs.Expired
	case "UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "CONCURRENT_REQUEST_LIMIT_EXCEEDED":
		out.Verdict = syncs.Retry
	}
	if help := advice[first.ErrorCode]; help != "" {
		out.Verdict, out.Message = syncs.Fatal, out.Message+"; "+help
	}
	return out
}

// Decode implements syncs.Destination.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	if out := refused(resp); out.Verdict != 0 {
		return out
	}
	switch req.Mark {
	case markJob:
		var j job
		if json.Unmarshal(resp.Body, &j) != nil || !isID(j.ID) {
			return syncs.Unreadable("no job")
		}
		return syncs.Outcome{Verdict: syncs.Started, Job: handle{Step: stepUpload, ID: j.ID}.text()}
	case markDelete:
		return deleted(req, resp)
	}
	var results []struct {
		Success *bool     `json:"success"`
		Errors  []trouble `json:"errors"`
	}
	if json.Unmarshal(resp.Body, &results) != nil || len(results) != len(req.Ops) {
		return syncs.Unreadable("another number of results than there were records")
	}
	other := map[int]syncs.RowResult{}
	for i, r := range results {
		switch {
		case r.Success == nil, *r.Success && len(r.Errors) > 0:
			return syncs.Unreadable("a result that is neither a success nor an error")
		case !*r.Success:
			other[i] = row(r.Errors)
		}
	}
	return syncs.AllAccepted(req, other)
}

// row is what became of a record that was refused.
func row(errors []trouble) syncs.RowResult {
	if len(errors) == 0 {
		return syncs.RowResult{Code: "refused", Message: "Salesforce refused the record, and does not say why"}
	}
	return syncs.RowResult{Code: syncs.ErrorCode(errors[0].StatusCode + errors[0].ErrorCode), Message: strings.TrimSuffix("Salesforce refused the record: "+errors[0].said(), ": ")}
}

// deleted reads what became of each record.
func deleted(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	var a struct {
		Results []struct {
			Status int             `json:"httpStatusCode"`
			Body   json.RawMessage `json:"body"`
		} `json:"compositeResponse"`
	}
	if json.Unmarshal(resp.Body, &a) != nil || len(a.Results) != len(req.Ops) {
		return syncs.Unreadable("another number of results than there were records")
	}
	other := map[int]syncs.RowResult{}
	for i, r := range a.Results {
		var errors []trouble
		_ = json.Unmarshal(r.Body, &errors) // A success has none.
		gone := slices.ContainsFunc(errors, func(t trouble) bool { return t.ErrorCode == "ENTITY_IS_DELETED" || t.ErrorCode == "NOT_FOUND" })
		switch {
		case r.Status == http.StatusNoContent:
		case r.Status == http.StatusNotFound && gone:
			other[i] = syncs.RowResult{Absent: true, Code: "not-found", Message: "there is no such record"}
		case r.Status >= 400 && r.Status < 500:
			other[i] = row(errors)
		default:
			return syncs.Unreadable("a result that is neither a success nor an error")
		}
	}
	return syncs.AllAccepted(req, other)
}

// isID says that a text is an id of Salesforce: a handle is kept in the open.
func isID(text string) bool {
	return len(text) >= 15 && len(text) <= 18 && !strings.ContainsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9')
	})
}
