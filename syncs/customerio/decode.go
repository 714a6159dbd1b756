package customerio

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// answer is what the Track API says: of entries (version 2), or of a request.
type answer struct {
	Errors []struct {
		Index   *int   `json:"batch_index"`
		Reason  string `json:"reason"`
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
	Meta struct {
		Error  string   `json:"error"`
		Errors []string `json:"errors"`
	} `json:"meta"`
}

// said is what an answer says as a whole. What it says of a value may hold it,
// which is why only reasons and names of fields of ours are taken.
func (a answer) said() string {
	switch {
	case len(a.Errors) > 0:
		return syncs.Quote(strings.TrimSpace(a.Errors[0].Reason + " " + a.Errors[0].Field))
	case a.Meta.Error != "":
		return syncs.Quote(a.Meta.Error)
	}
	return ""
}

// Decode implements syncs.Destination.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	var a answer
	err := json.Unmarshal(resp.Body, &a)
	if out := syncs.Status(resp, a.said()); out.Verdict != 0 {
		if resp.Status == http.StatusForbidden || resp.Status == http.StatusUnauthorized {
			out.Message += "; see that site_id and api_key are those of the Track API, and region is the account's"
		}
		return out
	}
	if err != nil {
		return syncs.Unreadable("a success that is not JSON")
	}
	switch resp.Status {
	case http.StatusOK:
		if len(a.Errors) > 0 {
			return syncs.Unreadable("a success that has errors")
		}
		return syncs.AllAccepted(req, nil)
	case http.StatusMultiStatus:
		refused := map[int]syncs.RowResult{}
		for _, e := range a.Errors {
			if e.Index == nil || *e.Index < 0 || *e.Index >= len(req.Ops) {
				return syncs.Unreadable("an error of a row that was not sent")
			}
			refused[*e.Index] = syncs.RowResult{Code: syncs.ErrorCode(e.Reason), Message: refusedFor(e.Reason, e.Field)}
		}
		if len(refused) == 0 {
			return syncs.Unreadable("errors of no row")
		}
		return syncs.AllAccepted(req, refused)
	}
	return syncs.Unreadable(fmt.Sprintf("%s, which it does not document", syncs.Named(resp.Status)))
}

func refusedFor(reason, field string) string {
	text := "Customer.io refused the row"
	if reason != "" {
		text += ": " + syncs.Quote(reason)
	}
	if field != "" {
		text += " (" + syncs.Quote(field) + ")"
	}
	return text
}

// EncodeProbe implements syncs.Prober: which region the account is in is the
// cheapest thing that the credentials of the Track API are needed for.
func (d *destination) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	return d.request(http.MethodGet, "/api/v1/accounts/region", nil, q.Secrets)
}

// DecodeProbe implements syncs.Prober.
func (d *destination) DecodeProbe(_ syncs.Question, resp *syncs.Response) syncs.Outcome {
	var a struct {
		answer
		DataCenter string `json:"data_center"`
	}
	err := json.Unmarshal(resp.Body, &a)
	if out := syncs.Status(resp, a.said()); out.Verdict != 0 {
		if out.Verdict == syncs.Expired || resp.Status == http.StatusForbidden {
			out.Verdict = syncs.Fatal
			out.Message = "the credentials are not accepted; make a pair for the Track API in Customer.io under Settings, API Credentials, and see that region is the account's"
		}
		return out
	}
	switch {
	case err != nil || addresses[a.DataCenter] == "":
		return syncs.Unreadable("something else than the region of the account")
	case a.DataCenter != d.config.Region:
		return syncs.Outcome{Verdict: syncs.Fatal, Code: "wrong-region", Message: "the account is in the region " + a.DataCenter + ": set region to that"}
	}
	return syncs.Outcome{Verdict: syncs.Rows, Message: "the workspace is in the region " + a.DataCenter}
}
