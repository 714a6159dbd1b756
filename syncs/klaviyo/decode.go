package klaviyo

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// trouble is an error of JSON:API. What its detail says may hold a value: it is
// read for no message.
type trouble struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	Source struct {
		Pointer string `json:"pointer"`
	} `json:"source"`
}

func (t trouble) said() string {
	text := syncs.Title(t.Title)
	if field := t.Source.Pointer[strings.LastIndexByte(t.Source.Pointer, '/')+1:]; syncs.Title(field) != "" {
		text += " (" + field + ")"
	}
	return strings.TrimSpace(text)
}

// refused is the outcome of an answer that is no success, without a verdict where
// it is one.
func refused(resp *syncs.Response) syncs.Outcome {
	var a struct {
		Errors []trouble `json:"errors"`
	}
	_ = json.Unmarshal(resp.Body, &a) // A success has none.
	var first trouble
	if len(a.Errors) > 0 {
		first = a.Errors[0]
	}
	out := syncs.Status(resp, first.said())
	if out.Verdict == 0 {
		if len(a.Errors) > 0 {
			return syncs.Unreadable("a success that has errors")
		}
		return syncs.Outcome{}
	}
	if first.Code != "" {
		out.Code = syncs.ErrorCode(first.Code)
	}
	switch {
	case out.Verdict == syncs.Expired, resp.Status == http.StatusForbidden:
		out.Verdict = syncs.Fatal
		out.Message += "; see that api_key is a private key of the account with the scopes profiles:write, lists:write, events:write and data-privacy:write, as far as you use them, and profiles:read and lists:read"
	case resp.Status == http.StatusConflict:
		out.Verdict = syncs.Split
	}
	return out
}

// Decode implements syncs.Destination.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	if out := refused(resp); out.Verdict != 0 {
		return out
	}
	switch req.Mark {
	case markImport:
		var a struct{ Data job }
		if json.Unmarshal(resp.Body, &a) != nil || !isID(a.Data.ID) {
			return syncs.Unreadable("no job")
		}
		return syncs.Outcome{Verdict: syncs.Started, Job: handle{Step: stepWait, ID: a.Data.ID}.text()}
	case markFind:
		return found(req, resp)
	}
	// Klaviyo has checked events and the one profile that is to be deleted, and
	// works on them in its own time. There is nothing to ask for.
	if resp.Status != http.StatusAccepted {
		return syncs.Unreadable(syncs.Named(resp.Status) + ", which it does not document")
	}
	return syncs.AllAccepted(req, nil)
}

// isID says that a text is an id: a handle is kept in the open.
func isID(text string) bool {
	if text == "" || len(text) > 32 {
		return false
	}
	return !strings.ContainsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '='
	})
}

// EncodeProbe implements syncs.Prober: one list is the cheapest thing that a key
// for deliveries may read.
func (d *destination) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	path := "/api/lists?page%5Bsize%5D=1"
	if kind, which := syncs.Which(q.Object); kind != list || which == "" {
		path = "/api/profiles?page%5Bsize%5D=1&fields%5Bprofile%5D=external_id"
	}
	return d.request(http.MethodGet, path, nil, q.Secrets)
}

// DecodeProbe implements syncs.Prober.
func (d *destination) DecodeProbe(_ syncs.Question, resp *syncs.Response) syncs.Outcome {
	if out := refused(resp); out.Verdict != 0 {
		if out.Verdict == syncs.Split {
			out.Verdict = syncs.Fatal
		}
		return out
	}
	var a struct {
		Data []struct{} `json:"data"`
	}
	if json.Unmarshal(resp.Body, &a) != nil || a.Data == nil {
		return syncs.Unreadable("something that is no list")
	}
	return syncs.Outcome{Verdict: syncs.Rows, Message: "the key is accepted, and may read what deliveries ask for"}
}
