package googledatamanager

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// answer is what Google says to any of our requests.
type answer struct {
	RequestID string `json:"requestId"`
	Statuses  []struct {
		Status    string `json:"requestStatus"`
		ErrorInfo struct {
			Counts []struct {
				// 64-bit integers are texts in the JSON of protocol buffers.
				Rows   json.Number `json:"recordCount"`
				Reason string      `json:"reason"`
			} `json:"errorCounts"`
		} `json:"errorInfo"`
	} `json:"requestStatusPerDestination"`
	Error *struct {
		Code    int    `json:"code"`
		Status  string `json:"status"`
		Message string `json:"message"`
		Details []struct {
			Type       string `json:"@type"`
			Reason     string `json:"reason"`
			Violations []struct {
				Field       string `json:"field"`
				Description string `json:"description"`
				Reason      string `json:"reason"`
			} `json:"fieldViolations"`
		} `json:"details"`
	} `json:"error"`
}

// ofRow matches the path of a field that is inside of a row.
var ofRow = regexp.MustCompile(`^(audience_?[mM]embers|events)\[[0-9]+\]`)

// read reads an answer; the outcome has a verdict where it is no success.
func read(resp *syncs.Response) (a answer, out syncs.Outcome) {
	err := json.Unmarshal(resp.Body, &a)
	said, code, rows := "", "", false
	if e := a.Error; err == nil && e != nil {
		said, code = e.Message, e.Status
		for _, d := range e.Details {
			if d.Reason != "" {
				code = d.Reason
			}
			rows = rows || len(d.Violations) > 0
			for i, v := range d.Violations {
				if i == 0 {
					said, code = strings.Join([]string{e.Message, v.Field, v.Description}, ": "), cmp.Or(v.Reason, code)
				}
				rows = rows && ofRow.MatchString(v.Field)
			}
		}
	}
	said = syncs.Quote(said)
	out = syncs.Status(resp, said)
	if code != "" && out.Verdict != 0 {
		out.Code = code
	}
	switch {
	case out.Verdict == 0 && err != nil:
		return a, syncs.Unreadable("what is no JSON")
	case out.Verdict == 0 && a.Error != nil:
		out = syncs.Outcome{Verdict: syncs.Unknown, Code: "error-in-body", Message: "Google answered with an error: " + said}
	case resp.Status == http.StatusBadRequest && a.Error != nil && !rows:
		// It is about the request, and would be about any other.
		out.Verdict = syncs.Fatal
		out.Message += help(code)
	case resp.Status == http.StatusForbidden || resp.Status == http.StatusNotFound:
		out.Message += help("PERMISSION_DENIED")
	}
	return a, out
}

// help says what to do about errors that users meet.
func help(code string) string {
	switch {
	case code == "PERMISSION_DENIED" || code == "NOT_FOUND":
		return "; give the service account, or who signed in, access to the account, and look at account, login_account and object"
	case strings.Contains(code, "TERMS"):
		return "; accept the terms of Customer Match in Google Ads, or write accept_terms: true"
	case strings.Contains(code, "DESTINATION") || strings.Contains(code, "USER_LIST") || strings.Contains(code, "CONVERSION_ACTION"):
		return "; look at account, account_type and the id in object"
	}
	return ""
}

// handle is what is known of a request that Google works on.
type handle struct {
	ID string `json:"request"`
}

// Decode implements syncs.Destination: Google has taken a request, and says later
// what became of it.
func (d *destination) Decode(_ syncs.Request, resp *syncs.Response) syncs.Outcome {
	a, out := read(resp)
	switch {
	case out.Verdict != 0:
		return out
	case a.RequestID == "" || len(a.RequestID) > 500:
		return syncs.Unreadable("no id of the request")
	}
	text, err := json.Marshal(handle{a.RequestID})
	if err != nil {
		panic("googledatamanager: spelling a handle: " + err.Error()) // It is a text.
	}
	return syncs.Outcome{Verdict: syncs.Started, Job: syncs.Handle(text)}
}

// Poll implements syncs.Poller.
func (d *destination) Poll(job syncs.RemoteJob) []syncs.Request {
	var h handle
	_ = json.Unmarshal([]byte(job.Handle), &h) // What is no handle names no request, which the answer says.
	return []syncs.Request{{
		HTTP: d.request(http.MethodGet, "/requestStatus:retrieve?requestId="+url.QueryEscape(h.ID), nil, job.Secrets, job.Token), Idempotent: true,
	}}
}

// duplicate is counted of events that Google has: nothing is wrong with them.
const duplicate = "PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID"

// Polled implements syncs.Poller.
func (d *destination) Polled(job syncs.RemoteJob, _ []syncs.Request, answers []*syncs.Response) syncs.Outcome {
	a, out := read(answers[0])
	again := func(code, message string) syncs.Outcome {
		return syncs.Outcome{Verdict: syncs.Started, Job: job.Handle, Code: code, Message: message, Wait: out.Wait, Throttled: out.Throttled}
	}
	switch {
	case out.Verdict == syncs.Expired:
		return out
	case out.Verdict == syncs.Fatal && answers[0].Status == http.StatusForbidden:
		return out
	case out.Verdict != 0:
		return again(out.Code, out.Message) // It says nothing of the request itself.
	case len(a.Statuses) != 1:
		return again("unreadable-answer", "Google answered with no status of the request")
	}
	ops := make([]int, len(job.Ops))
	for i := range ops {
		ops[i] = i
	}
	req, status := syncs.Request{Ops: ops}, a.Statuses[0]
	var refused []syncs.Unnamed
	total := 0
	for _, c := range status.ErrorInfo.Counts {
		n, err := strconv.Atoi(c.Rows.String())
		if err != nil || n < 0 || c.Reason == "" {
			return again("unreadable-answer", "Google answered with a count that is none")
		}
		if c.Reason != duplicate && n > 0 {
			total += n
			refused = append(refused, syncs.Unnamed{Rows: n, Code: c.Reason, Message: "Google counts rows as refused, and does not say which"})
		}
	}
	if status.Status == "FAILED" && len(status.ErrorInfo.Counts) > 0 && total < len(ops) {
		status.Status = "PARTIAL_SUCCESS" // Google has the others already.
	}
	switch status.Status {
	case "SUCCESS", "PARTIAL_SUCCESS":
		if total > len(ops) && len(ops) > 0 {
			return again("unreadable-answer", "Google answered with more rows than were sent")
		}
		out = syncs.AllAccepted(req, nil)
		out.Unnamed = refused
		return out
	case "FAILED":
		return failed(req, refused)
	default:
		return again("", "")
	}
}

// failed is the outcome of a request of which Google has taken nothing.
func failed(req syncs.Request, refused []syncs.Unnamed) syncs.Outcome {
	code := "FAILED"
	if len(refused) > 0 {
		code = refused[0].Code
	}
	switch {
	case len(req.Ops) == 0:
		return syncs.Outcome{Verdict: syncs.Fatal, Code: code, Message: "Google did not remove those who were not sent"}
	case len(refused) == 0 || strings.HasSuffix(code, "INTERNAL_ERROR"):
		return syncs.Outcome{Verdict: syncs.Retry, Code: code, Message: "Google's processing failed"}
	}
	other := map[int]syncs.RowResult{}
	for i := range req.Ops {
		other[i] = syncs.RowResult{Code: code, Message: "Google refused all rows of the request"}
	}
	return syncs.AllAccepted(req, other)
}
