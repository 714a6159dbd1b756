package mailchimp

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// answer is a member, or a problem (RFC 7807). What its detail says may hold an
// address: it is read for no message.
type answer struct {
	ID     string `json:"id"`
	Status any    `json:"status"`
	Title  string `json:"title"`
	Errors []struct {
		Field string `json:"field"`
	} `json:"errors"`
}

// said is what is wrong, in Mailchimp's words.
func (a answer) said() string {
	text := syncs.Title(a.Title)
	for _, e := range a.Errors {
		if f := syncs.Title(e.Field); f != "" {
			return text + " (" + f + ")"
		}
	}
	return text
}

// Decode implements syncs.Destination.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	var a answer
	err := json.Unmarshal(resp.Body, &a)
	out := refused(resp, a, err == nil)
	kind := syncs.KindOf(req.Mark)
	switch {
	case out.Verdict == syncs.Split:
		// A request is one row, which cannot be halved: it is refused.
		out.Code, out.Message = syncs.ErrorCode(a.Title), strings.TrimSuffix("Mailchimp refused the row: "+a.said(), ": ")
		return out
	case kind.Leaves() && (resp.Status == http.StatusNotFound && a.Title == "Resource Not Found" || resp.Status == http.StatusMethodNotAllowed && a.Title == "Method Not Allowed"):
		// Who is no member, or is put away already, is gone; a list that is not there
		// has nobody on it.
		return syncs.Outcome{Verdict: syncs.Rows, Rows: []syncs.RowResult{{Op: req.Ops[0], Absent: true, Code: "no-member", Message: "there is no such member"}}}
	case kind.Leaves() && resp.Status == http.StatusNotFound && err != nil:
		return syncs.Unreadable("404 and no JSON, which does not say what is not there")
	case out.Verdict != 0:
		return out
	case resp.Status == http.StatusNoContent && (kind == syncs.Archive || kind == syncs.Erase):
		return syncs.AllAccepted(req, nil)
	case err != nil || a.ID == "" || resp.Status == http.StatusNoContent:
		return syncs.Unreadable("a success that is no member")
	}
	return syncs.AllAccepted(req, nil)
}

// refused is the outcome of an answer that is no success, without a verdict where
// it is one. Too many connections are refused with 429, and under load with 403
// and no body.
func refused(resp *syncs.Response, a answer, read bool) syncs.Outcome {
	out := syncs.Status(resp, a.said())
	switch {
	case resp.Status == http.StatusForbidden && !read:
		out.Verdict, out.Throttled, out.Wait = syncs.Retry, true, 10*time.Second
	case out.Verdict == syncs.Expired, resp.Status == http.StatusForbidden:
		out.Verdict = syncs.Fatal
		out.Message += "; see that api_key is a key of this account, and data_center what it ends with"
	case resp.Status == http.StatusNotFound:
		out.Message += "; see that the id behind the slash is that of an audience"
	}
	return out
}

// pageSize is how many merge fields are asked for at a time.
const pageSize = 500

// EncodeFields implements syncs.Describer.
func (d *destination) EncodeFields(q syncs.Question) *syncs.HTTPRequest {
	_, which := syncs.Which(q.Object)
	offset, _ := strconv.Atoi(q.Page) // It was spelled below.
	return d.request(http.MethodGet, "/3.0/lists/"+url.PathEscape(which)+"/merge-fields?count="+strconv.Itoa(pageSize)+"&offset="+strconv.Itoa(offset), nil, q.Secrets)
}

// types are ours by Mailchimp's.
var types = map[string][]syncs.Type{
	"number": {syncs.Int, syncs.Float, syncs.Decimal}, "date": {syncs.Date}, "text": nil, "address": nil,
}

// DecodeFields implements syncs.Describer.
func (d *destination) DecodeFields(q syncs.Question, resp *syncs.Response) ([]syncs.PlatformField, string, syncs.Outcome) {
	var a struct {
		answer

		Fields []struct {
			Tag      string `json:"tag"`
			Type     string `json:"type"`
			Required bool   `json:"required"`
			Options  struct {
				Choices []string `json:"choices"`
				Size    int      `json:"size"`
			} `json:"options"`
		} `json:"merge_fields"`
		Total *int `json:"total_items"`
	}
	err := json.Unmarshal(resp.Body, &a)
	if out := refused(resp, a.answer, err == nil); out.Verdict != 0 {
		if out.Verdict == syncs.Split {
			out.Verdict = syncs.Fatal
		}
		return nil, "", out
	}
	if err != nil || a.Total == nil {
		return nil, "", syncs.Unreadable("no merge fields")
	}
	offset, _ := strconv.Atoi(q.Page) // It was spelled below.
	var fields []syncs.PlatformField
	if offset == 0 {
		fields = append(fields, syncs.PlatformField{Name: email, Types: []syncs.Type{syncs.String}, Unique: true}, syncs.PlatformField{Name: "language", Types: []syncs.Type{syncs.String}}, syncs.PlatformField{Name: "vip", Types: []syncs.Type{syncs.Bool}})
	}
	for _, f := range a.Fields {
		name := "merge_fields." + f.Tag
		if f.Type == "address" {
			name += ".*"
		}
		fields = append(fields, syncs.PlatformField{Name: name, Types: types[f.Type], Required: f.Required, MaxLength: f.Options.Size, Enum: f.Options.Choices})
	}
	next := ""
	if offset+len(a.Fields) < *a.Total && len(a.Fields) > 0 {
		next = strconv.Itoa(offset + len(a.Fields))
	}
	return fields, next, syncs.Outcome{Verdict: syncs.Rows}
}

// EncodeProbe implements syncs.Prober: the audience, or that the key is one.
func (d *destination) EncodeProbe(q syncs.Question) *syncs.HTTPRequest {
	if _, which := syncs.Which(q.Object); which != "" {
		return d.request(http.MethodGet, "/3.0/lists/"+url.PathEscape(which)+"?fields=id,name", nil, q.Secrets)
	}
	return d.request(http.MethodGet, "/3.0/ping", nil, q.Secrets)
}

// DecodeProbe implements syncs.Prober.
func (d *destination) DecodeProbe(_ syncs.Question, resp *syncs.Response) syncs.Outcome {
	var a struct {
		answer

		Health string `json:"health_status"`
	}
	err := json.Unmarshal(resp.Body, &a)
	if out := refused(resp, a.answer, err == nil); out.Verdict != 0 {
		if out.Verdict == syncs.Split {
			out.Verdict = syncs.Fatal
		}
		return out
	}
	if err != nil || a.ID == "" && a.Health == "" {
		return syncs.Unreadable("something else than was asked for")
	}
	return syncs.Outcome{Verdict: syncs.Rows, Message: "the key is accepted"}
}
