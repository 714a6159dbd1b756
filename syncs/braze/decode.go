package braze

import (
	"encoding/json"
	"net/http"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// answer is what Braze says. A success says "success"; what is wrong with single
// objects is in Errors, and of no other was anything refused.
type answer struct {
	Message string          `json:"message"`
	Errors  json.RawMessage `json:"errors"`
}

// fault is what is wrong with one object.
type fault struct {
	Type  string `json:"type"`
	List  string `json:"input_array"`
	Index *int   `json:"index"`
}

// Decode implements syncs.Destination.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	var a answer
	err := json.Unmarshal(resp.Body, &a)
	if out := syncs.Status(resp, syncs.Quote(a.Message)); out.Verdict != 0 {
		return advised(resp, out)
	}
	switch {
	case err != nil || a.Message == "":
		return syncs.Unreadable("a success that does not say so")
	case a.Message != "success" && a.Message != "queued":
		// Nothing was taken.
		return syncs.Outcome{Verdict: syncs.Split, Code: "refused", Message: "Braze refused the request: " + syncs.Quote(a.Message)}
	}
	var faults []json.RawMessage
	if len(a.Errors) > 0 && json.Unmarshal(a.Errors, &faults) != nil {
		return syncs.Unreadable("errors of another form")
	}
	refused := map[int]syncs.RowResult{}
	for _, raw := range faults {
		var f fault
		if json.Unmarshal(raw, &f) != nil || f.Index == nil || *f.Index < 0 || *f.Index >= len(req.Ops) {
			return syncs.Unreadable("an error of a row that was not sent")
		}
		refused[*f.Index] = syncs.RowResult{Code: "refused", Message: "Braze refused the row: " + syncs.Quote(f.Type)}
	}
	return syncs.AllAccepted(req, refused)
}

// advised says what to do where the workspace, and no row, is the matter.
func advised(resp *syncs.Response, out syncs.Outcome) syncs.Outcome {
	switch resp.Status {
	case http.StatusUnauthorized:
		out.Verdict = syncs.Fatal
		out.Message += "; see that api_key is a key of this workspace and instance is the workspace's, and that the key has the permissions users.track, users.delete and subscription.status.set as far as you use them"
	case http.StatusForbidden:
		out.Message += "; the key may be limited to other addresses than this machine's"
	}
	return out
}

// EncodeProbe implements syncs.Prober: an empty delivery, which Braze refuses,
// with another error where the key is not good for one.
func (d *destination) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	return d.request(http.MethodPost, "/users/track", []byte("{}"), q.Secrets)
}

// DecodeProbe implements syncs.Prober.
func (d *destination) DecodeProbe(_ syncs.Question, resp *syncs.Response) syncs.Outcome {
	var a answer
	err := json.Unmarshal(resp.Body, &a)
	if err == nil && resp.Status == http.StatusBadRequest && a.Message != "" {
		return syncs.Outcome{Verdict: syncs.Rows, Message: "the key is good for users.track"}
	}
	if out := syncs.Status(resp, syncs.Quote(a.Message)); out.Verdict != 0 {
		return advised(resp, out)
	}
	return syncs.Unreadable("a success to an empty delivery")
}
