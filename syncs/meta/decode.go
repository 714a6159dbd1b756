package meta

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// answer is what Meta says to any of our requests.
type answer struct {
	Error *struct {
		Message   string `json:"message"`
		Code      int    `json:"code"`
		Subcode   int    `json:"error_subcode"`
		Transient bool   `json:"is_transient"`
		Title     string `json:"error_user_title"`
		Explained string `json:"error_user_msg"`
	} `json:"error"`
	// Of an audience.
	Received *int `json:"num_received"`
	Invalid  *int `json:"num_invalid_entries"`
	// Of events.
	Events *int `json:"events_received"`
	// Of a question.
	ID        string `json:"id"`
	Name      string `json:"name"`
	Operation *struct {
		Code        int    `json:"code"`
		Description string `json:"description"`
	} `json:"operation_status"`
}

// Codes of errors that say what to do. Those of rates are of the application (4),
// the user (17), the page (32), the interface (613) and the business use cases
// (80000 to 80014).
const (
	codeUnknown     = 1
	codeUnavailable = 2
	codeParameter   = 100
	codeParameters  = 105
	codeBlocked     = 368
	codeUpdate      = 2650
	codeTerms       = 2655

	subcodeNoObject = 33
	subcodeFlagged  = 1713230
)

// forbids are codes of what nothing of the sync can succeed with: a token that is
// none any more, permissions, an audience that is not there or not ours.
func forbids(code, subcode int) bool {
	return code == 190 || code == 102 || code == 10 || code == 3 || code >= 200 && code <= 299 ||
		code == codeBlocked || code == codeTerms || code == 1487301 || code == 1487366 ||
		slices.Contains([]int{subcodeFlagged, 1487301, 1487366}, subcode) ||
		code == codeParameter && subcode == subcodeNoObject
}

func limited(code int) bool {
	return slices.Contains([]int{4, 17, 32, 341, 613}, code) || code >= 80000 && code <= 80014
}

// helps say what to do about codes that users meet.
func help(code, subcode int) string {
	switch {
	case code == 190 || code == 102:
		return "; make a new token of a system user, and set access_token"
	case code == codeTerms:
		return "; accept the terms of custom audiences in the Business Manager of the ad account"
	case subcode == subcodeFlagged:
		return "; the audience is flagged: resolve that in the Audience Manager"
	case code == codeParameter && subcode == subcodeNoObject:
		return "; look at the id in object, and at what the system user may see"
	case code == 10 || code == 3 || code >= 200 && code <= 299:
		return "; give the system user the ad account, and the token ads_management"
	}
	return ""
}

// Decode implements syncs.Destination.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	a, out := read(resp)
	if out.Verdict != 0 {
		return out
	}
	if req.Bucket == dataset {
		if a.Events == nil || *a.Events != len(req.Ops) {
			return syncs.Unreadable("another number of events than were sent")
		}
		return syncs.AllAccepted(req, nil)
	}
	if a.Received == nil || a.Invalid == nil || *a.Received != len(req.Ops) || *a.Invalid < 0 || *a.Invalid > *a.Received {
		return syncs.Unreadable("another number of members than were sent")
	}
	out = syncs.AllAccepted(req, nil)
	if n := *a.Invalid; n > 0 {
		out.Unnamed = []syncs.Unnamed{{Rows: n, Code: "invalid-entries", Message: "Meta counts entries as invalid, and does not say which"}}
	}
	return out
}

// read reads an answer; the outcome has a verdict where it is no success.
func read(resp *syncs.Response) (a answer, out syncs.Outcome) {
	err := json.Unmarshal(resp.Body, &a)
	if e := a.Error; err == nil && e != nil {
		said := fmt.Sprintf("Meta answered %s: %s", syncs.Named(resp.Status), syncs.Quote(e.Message))
		if e.Explained != "" {
			said += ": " + syncs.Quote(e.Explained)
		}
		out = syncs.Outcome{Code: strconv.Itoa(e.Code), Message: said + help(e.Code, e.Subcode)}
		if e.Subcode != 0 {
			out.Code += "/" + strconv.Itoa(e.Subcode)
		}
		switch {
		case forbids(e.Code, e.Subcode):
			out.Verdict = syncs.Fatal
		case limited(e.Code) || resp.Status == http.StatusTooManyRequests:
			out.Verdict, out.Throttled, out.Wait = syncs.Retry, true, regain(resp)
		case e.Code == codeUnknown, e.Code == codeUnavailable, e.Code == codeUpdate, e.Transient, resp.Status >= 500:
			out.Verdict, out.Wait = syncs.Unknown, syncs.RetryAfter(resp.Header, resp.ReceivedAt)
		case e.Code == codeParameter, e.Code == codeParameters, resp.Status >= 200 && resp.Status < 300:
			out.Verdict = syncs.Split
		default:
			if out.Verdict = syncs.Status(resp, "").Verdict; out.Verdict == syncs.Expired {
				out.Verdict = syncs.Fatal
			}
		}
		return a, out
	}
	switch out = syncs.Status(resp, ""); {
	case out.Verdict == syncs.Split && err != nil:
		// A page in place of an answer: nobody has looked at what was sent.
		out.Verdict = syncs.Unknown
	case out.Verdict == syncs.Expired:
		out.Verdict = syncs.Fatal
		out.Message += help(190, 0)
	case out.Verdict == syncs.Retry:
		out.Wait = max(out.Wait, regain(resp))
	case out.Verdict == 0 && err != nil:
		return a, syncs.Unreadable("what is no JSON")
	}
	return a, out
}

// regain is how long Meta says that it takes until requests are let in again: the
// header speaks of each account and use case in minutes.
func regain(resp *syncs.Response) time.Duration {
	wait := syncs.RetryAfter(resp.Header, resp.ReceivedAt)
	var usage map[string][]struct {
		Minutes float64 `json:"estimated_time_to_regain_access"`
	}
	if json.Unmarshal([]byte(resp.Header.Get("X-Business-Use-Case-Usage")), &usage) == nil {
		for _, cases := range usage {
			for _, c := range cases {
				wait = max(wait, time.Duration(min(max(c.Minutes, 0), 60)*float64(time.Minute)))
			}
		}
	}
	return wait
}

// EncodeProbe implements syncs.Prober: it asks for the name of the object, or for
// that of the system user.
func (d *destination) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	path, fields := "/me", "id,name"
	if kind, id := syncs.Which(q.Object); id != "" {
		path = "/" + id
		if kind == audience {
			fields = "id,name,operation_status"
		}
	}
	path += "?fields=" + fields
	if proof, seconds := d.signed(q.Secrets, q.SentAt); proof != "" {
		path += "&appsecret_proof=" + proof + "&appsecret_time=" + seconds
	}
	return d.request(http.MethodGet, path, nil, q.Secrets)
}

// DecodeProbe implements syncs.Prober.
func (d *destination) DecodeProbe(_ syncs.Question, resp *syncs.Response) syncs.Outcome {
	a, out := read(resp)
	switch {
	case out.Verdict == syncs.Split:
		out.Verdict = syncs.Fatal
		return out
	case out.Verdict != 0:
		return out
	case a.ID == "":
		return syncs.Unreadable("nothing that has an id")
	}
	if o := a.Operation; o != nil && o.Code >= 400 {
		return syncs.Outcome{
			Verdict: syncs.Fatal, Code: "operation-status-" + strconv.Itoa(o.Code),
			Message: "the audience takes no members: " + syncs.Quote(o.Description) + help(0, map[bool]int{true: subcodeFlagged}[o.Code == 471]),
		}
	}
	return syncs.Outcome{Verdict: syncs.Rows, Message: a.Name}
}
