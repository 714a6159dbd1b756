package iterable

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// answer is what Iterable says: of many (successCount), or of one and of what is
// wrong as a whole (code).
type answer struct {
	Code    string `json:"code"`
	Success *int   `json:"successCount"`
	Fail    *int   `json:"failCount"`
	// Failed are lists of identifiers by why they failed.
	Failed map[string][]string `json:"failedUpdates"`
	// Disallowed are names of events that the project does not take.
	Disallowed []string `json:"disallowedEventNames"`
}

// reasons say what the lists of identifiers mean.
var reasons = map[string]string{
	"conflict": "another user has the e-mail address or userId already", "forgotten": "the user was forgotten, and cannot be added again",
	"invalidData": "a field has a value of another type than before", "invalid": "Iterable takes it for no e-mail address or userId", "notFound": "there is no such user",
}

// advice says what to do about an error that no row is to blame for.
var advice = map[string]string{
	"BadApiKey":                    "see that api_key is a server-side key of this project, and region is the project's",
	"BadAuthorizationHeader":       "see that api_key is a server-side key of this project, not one that needs a JWT",
	"InvalidJwtPayload":            "use a server-side key: this one needs a JWT",
	"Forbidden":                    "the key may not do that: make a server-side one",
	"UniqueFieldsLimitExceeded":    "the project has as many fields as it can: map fewer, or ask Iterable for more",
	"JwtUserIdentifiersMismatched": "use a server-side key: this one needs a JWT",
}

// Decode implements syncs.Destination.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	var a answer
	err := json.Unmarshal(resp.Body, &a)
	if out := refused(resp, a); out.Verdict != 0 {
		if len(req.Ops) == 1 && (a.Code == "UnknownEmailError" || a.Code == "UnknownUserIdError" || a.Code == "NotFound") {
			// A user who is not there is as good as deleted.
			return syncs.Outcome{Verdict: syncs.Rows, Rows: []syncs.RowResult{{Op: req.Ops[0], Absent: true, Code: syncs.ErrorCode(a.Code), Message: "there is no such user"}}}
		}
		return out
	}
	switch {
	case err != nil:
		return syncs.Unreadable("a success that is not JSON")
	case a.Code == "Success" && len(req.Ops) == 1 && a.Fail == nil:
		return syncs.AllAccepted(req, nil)
	case a.Success == nil || a.Fail == nil || a.Code != "":
		return syncs.Unreadable("a success that does not say so")
	case len(a.Disallowed) > 0:
		return syncs.Outcome{Verdict: syncs.Fatal, Code: "disallowed-event", Message: "the project does not take events of this name: allow it in Iterable under Settings, Project Settings, Event Management"}
	}
	return d.named(req, a)
}

// named finds the rows of the identifiers that failed.
func (d *destination) named(req syncs.Request, a answer) syncs.Outcome {
	places := identifiers(req)
	if places == nil {
		return syncs.Unreadable("counts of something else")
	}
	failed := map[int]syncs.RowResult{}
	for _, name := range slices.Sorted(maps.Keys(a.Failed)) {
		why := strings.TrimSuffix(strings.TrimSuffix(name, "Emails"), "UserIds")
		kind := email
		if strings.HasSuffix(name, "UserIds") {
			kind = userID
		}
		for _, value := range a.Failed[name] {
			at := places[kind+":"+strings.ToLower(value)]
			if len(at) == 0 {
				return syncs.Unreadable("the failure of somebody who was not sent")
			}
			row := syncs.RowResult{Code: syncs.ErrorCode(why), Message: "Iterable refused the row"}
			if reason := reasons[why]; reason != "" {
				row.Message += ": " + reason
			}
			// Who is not there is off the list.
			row.Absent = why == "notFound" && strings.HasSuffix(req.HTTP.URL, "/api/lists/unsubscribe")
			for _, i := range at {
				failed[i] = row
			}
		}
	}
	if *a.Fail != len(failed) || *a.Success+*a.Fail != len(req.Ops) {
		return syncs.Unreadable("counts that do not add up to the rows that were sent")
	}
	return syncs.AllAccepted(req, failed)
}

// identifiers are the places of the rows of a request by who they are about; nil
// where that cannot be read. Iterable writes addresses in lower case.
func identifiers(req syncs.Request) map[string][]int {
	if req.HTTP == nil {
		return nil
	}
	type person struct {
		Email  string `json:"email"`
		UserID string `json:"userId"`
	}
	var body struct {
		Users       []person `json:"users"`
		Subscribers []person `json:"subscribers"`
		Events      []person `json:"events"`
	}
	if json.Unmarshal(req.HTTP.Body, &body) != nil {
		return nil
	}
	places := map[string][]int{}
	for i, one := range slices.Concat(body.Users, body.Subscribers, body.Events) {
		who := email + ":" + strings.ToLower(one.Email)
		if one.UserID != "" {
			who = userID + ":" + strings.ToLower(one.UserID)
		}
		places[who] = append(places[who], i)
	}
	return places
}

// refused is the outcome of an answer that is no success, without a verdict where
// it is one.
func refused(resp *syncs.Response, a answer) syncs.Outcome {
	said := syncs.Word(a.Code)
	out := syncs.Status(resp, said)
	if out.Verdict == 0 {
		if said == "" || said == "Success" {
			return syncs.Outcome{}
		}
		out = syncs.Outcome{Verdict: syncs.Split, Message: "Iterable refused the request: " + said}
	}
	if said != "" {
		out.Code = syncs.ErrorCode(said)
	}
	if help := advice[said]; help != "" {
		out.Verdict, out.Message = syncs.Fatal, out.Message+"; "+help
	}
	switch {
	case said == "RateLimitExceeded":
		out.Verdict, out.Throttled = syncs.Retry, true
	case out.Verdict == syncs.Expired:
		out.Verdict = syncs.Fatal
	}
	return out
}

// EncodeFields implements syncs.Describer.
func (d *destination) EncodeFields(q syncs.Question) *syncs.HTTPRequest {
	return d.request(http.MethodGet, "/api/users/getFields", nil, q.Secrets)
}

// types are ours by Iterable's.
var types = map[string][]syncs.Type{
	"string": {syncs.String}, "boolean": {syncs.Bool}, "long": {syncs.Int}, "double": {syncs.Float, syncs.Decimal, syncs.Int},
	"date": {syncs.Timestamp, syncs.Date},
}

// DecodeFields implements syncs.Describer. Iterable fixes the type of a field when
// it is first filled; new fields may be filled, so any other name is a field too.
func (d *destination) DecodeFields(_ syncs.Question, resp *syncs.Response) ([]syncs.PlatformField, string, syncs.Outcome) {
	var a answer
	_ = json.Unmarshal(resp.Body, &a) // A success has no code.
	if out := refused(resp, a); out.Verdict != 0 {
		if out.Verdict == syncs.Split {
			out.Verdict = syncs.Fatal
		}
		return nil, "", out
	}
	var found struct {
		Fields map[string]string `json:"fields"`
	}
	if err := json.Unmarshal(resp.Body, &found); err != nil || found.Fields == nil {
		return nil, "", syncs.Unreadable("no fields")
	}
	found.Fields[email], found.Fields[userID] = "string", "string"
	var fields []syncs.PlatformField
	for _, name := range slices.Sorted(maps.Keys(found.Fields)) {
		f := syncs.PlatformField{Name: name, Types: types[found.Fields[name]], Unique: name == email || name == userID}
		if f.Unique {
			f.Types = []syncs.Type{syncs.String, syncs.Int}
		}
		fields = append(fields, f)
	}
	return append(fields, syncs.PlatformField{Name: "*"}), "", syncs.Outcome{Verdict: syncs.Rows}
}

// EncodeProbe implements syncs.Prober: the fields of the project are for
// server-side keys alone.
func (d *destination) EncodeProbe(q syncs.Question) *syncs.HTTPRequest { return d.EncodeFields(q) }

// DecodeProbe implements syncs.Prober.
func (d *destination) DecodeProbe(_ syncs.Question, resp *syncs.Response) syncs.Outcome {
	_, _, out := d.DecodeFields(syncs.Question{Object: users}, resp)
	if out.Verdict == syncs.Rows {
		out.Message = "the key is a server-side one"
	}
	return out
}
