package hubspot

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// answer is what HubSpot says of a batch, or instead of one.
type answer struct {
	// Status is COMPLETE of a batch, and error of a refusal.
	Status  string    `json:"status"`
	Results []record  `json:"results"`
	Errors  []trouble `json:"errors"`
	trouble
	// PolicyName says which rate was too high.
	PolicyName string `json:"policyName"`
}

// record is one that was written, or found.
type record struct {
	ID         string             `json:"id"`
	Trace      string             `json:"objectWriteTraceId"`
	Properties map[string]*string `json:"properties"`
}

// trouble is one error.
type trouble struct {
	Category string                     `json:"category"`
	Message  string                     `json:"message"`
	Context  map[string]json.RawMessage `json:"context"`
}

// about are the texts that the context of an error has under a name.
func (e trouble) about(name string) []string {
	var list []string
	if json.Unmarshal(e.Context[name], &list) != nil {
		return nil
	}
	return list
}

// traces are the trace ids that an error speaks of.
func (e trouble) traces() []string { return e.about("objectWriteTraceId") }

func (e trouble) said() string {
	message := syncs.Quote(e.Message)
	if scopes := e.about("requiredGranularScopes"); len(scopes) > 0 {
		message += " (scopes: " + strings.Join(scopes[:min(len(scopes), 10)], ", ") + ")"
	}
	return strings.TrimSpace(e.Category + " " + message)
}

// notFound is the category of errors about records that are not there.
const notFound = "OBJECT_NOT_FOUND"

// result is what an error means for its row.
func (e trouble) result() syncs.RowResult {
	switch e.Category {
	case notFound:
		return syncs.RowResult{Absent: true}
	case "OBJECT_ALREADY_EXISTS", "CONFLICT":
		return syncs.RowResult{Exists: true}
	}
	return syncs.RowResult{Code: syncs.ErrorCode(e.Category), Message: e.said()}
}

// read reads an answer. The outcome of any that is no success has a verdict.
func read(resp *syncs.Response, bucket string) (a answer, refused syncs.Outcome) {
	err := json.Unmarshal(resp.Body, &a)
	refused = syncs.Status(resp, a.said())
	if a.Category != "" {
		refused.Code = syncs.ErrorCode(a.Category)
	}
	refused.Quotas = quotas(resp, bucket)
	switch {
	case resp.Status == http.StatusTooManyRequests && a.PolicyName == "DAILY":
		refused.Verdict, refused.Throttled, refused.Code = syncs.Fatal, false, "daily-limit"
		refused.Message = "the account has used up its requests of the day; the rest is sent by a later run"
	case resp.Status == http.StatusTooManyRequests && refused.Wait == 0:
		refused.Wait = window(resp)
	case resp.Status == http.StatusForbidden:
		refused.Code = "missing-scopes"
		refused.Message += "; give the app of HubSpot these scopes"
	case resp.Status == http.StatusLocked, resp.Status == migrating:
		refused.Verdict, refused.Wait = syncs.Retry, max(syncs.RetryAfter(resp.Header, resp.ReceivedAt), 2*time.Second)
	case resp.Status == http.StatusConflict:
		refused.Verdict = syncs.Split
	case refused.Verdict == 0 && len(resp.Body) > 0 && err != nil:
		return a, syncs.Unreadable("what is no JSON")
	case refused.Verdict == 0 && a.Status == "error":
		refused = syncs.Outcome{Verdict: syncs.Split, Code: "error-in-body", Message: "the platform answered " + a.said()}
	}
	return a, refused
}

// migrating is the status of an account that HubSpot moves elsewhere.
const migrating = 477

// window is how long the rolling window of the rates is, where an answer says
// it.
func window(resp *syncs.Response) time.Duration {
	ms, err := strconv.ParseInt(resp.Header.Get("X-Hubspot-Ratelimit-Interval-Milliseconds"), 10, 64)
	if err != nil || ms <= 0 || ms > 60_000 {
		return 10 * time.Second
	}
	return time.Duration(ms) * time.Millisecond
}

// quotas are what the headers say of the window that the answer is in. It is a
// rolling one: what remains has to do for all of it.
func quotas(resp *syncs.Response, bucket string) []syncs.Quota {
	left, err := strconv.ParseInt(resp.Header.Get("X-Hubspot-Ratelimit-Remaining"), 10, 64)
	if err != nil || left < 0 {
		return nil
	}
	return []syncs.Quota{{Bucket: bucket, Remaining: left, Reset: window(resp)}}
}

// Decode implements syncs.Destination.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	a, refused := read(resp, req.Bucket)
	if refused.Verdict == 0 && (req.Mark == markEvent || req.Mark == markErase) {
		return done(req, refused)
	}
	switch {
	case refused.Verdict == syncs.Split && resp.Status == http.StatusConflict && req.Mark == markInsert && len(req.Ops) == 1:
		return syncs.AllAccepted(req, map[int]syncs.RowResult{0: {Exists: true}})
	case resp.Status == http.StatusNotFound && req.Mark == markErase:
		refused.Verdict = syncs.Split
		return refused
	case refused.Verdict != 0:
		return refused
	}
	var out syncs.Outcome
	if req.Mark == markWrite || req.Mark == markInsert {
		out = written(req, a)
	} else {
		out = located(req, a)
	}
	if out.Quotas == nil {
		out.Quotas = refused.Quotas
	}
	return out
}

// done is the outcome of a request whose status says everything: 204.
func done(req syncs.Request, with syncs.Outcome) syncs.Outcome {
	out := syncs.AllAccepted(req, nil)
	out.Quotas = with.Quotas
	return out
}

// written reads what became of records that were written. Rows are found by
// their trace ids, refused or not; where HubSpot does not repeat those of the
// others, the numbers have to add up.
func written(req syncs.Request, a answer) syncs.Outcome {
	other, ok := refusals(req, a)
	if !ok || len(a.Results)+len(other) != len(req.Ops) {
		return syncs.Unreadable("numbers that do not add up")
	}
	return syncs.AllAccepted(req, other)
}

// refusals are the rows that errors speak of, by their places in the request.
// ok is false where an error speaks of none, or of one that was not sent.
func refusals(req syncs.Request, a answer) (other map[int]syncs.RowResult, ok bool) {
	other = map[int]syncs.RowResult{}
	for _, e := range a.Errors {
		if len(e.traces()) == 0 {
			return other, false
		}
		for _, t := range e.traces() {
			at := place(req, t)
			if at < 0 {
				return other, false
			}
			if _, twice := other[at]; !twice {
				other[at] = e.result()
			}
		}
	}
	return other, true
}

// place is the place in the request of the row with a trace id, -1 where there
// is none.
func place(req syncs.Request, trace string) int {
	op, err := strconv.Atoi(trace)
	if err != nil || strconv.Itoa(op) != trace {
		return -1
	}
	return slices.Index(req.Ops, op)
}
