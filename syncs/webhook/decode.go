package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// Decode implements syncs.Destination.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	var m mark
	// Encode wrote it.
	if req.Mark != "" && (json.Unmarshal([]byte(req.Mark), &m) != nil || m.Request > max(len(d.config.Requests)-1, 0)) {
		return unreadable(resp, "what belongs to no request")
	}
	if len(d.config.Requests) > 0 {
		r := &d.config.Requests[m.Request]
		return d.told(d.response(r), req, m, resp)
	}
	if d.config.Response != nil {
		return d.told(d.config.Response, req, m, resp)
	}
	if resp.Status >= 200 && resp.Status < 300 {
		return d.decodeSuccess(req, resp)
	}
	return refusal(resp, answered(resp))
}

// response is what says what answers to a request mean; nil where nothing is
// said.
func (d *destination) response(r *Request) *Response {
	if r.Response != nil {
		return r.Response
	}
	return d.config.Response
}

// told reads an answer as the project says, or where it says nothing for what
// most applications mean.
func (d *destination) told(r *Response, req syncs.Request, m mark, resp *syncs.Response) syncs.Outcome {
	out := d.verdict(r, resp, len(req.Ops) == 1)
	if out.Verdict != 0 {
		for i := range out.Rows {
			out.Rows[i].Op = req.Ops[0]
		}
		return out
	}
	if r == nil || r.Rows == nil {
		return accepted(req)
	}
	body, _ := parsed(resp.Body)
	results, ok := r.Rows.results(req, m, body)
	if !ok {
		return unreadable(resp, "no results for its rows")
	}
	return syncs.Outcome{Verdict: syncs.Rows, Rows: results}
}

// verdict is about an answer as a whole: 0 for one that took the request. Its
// Rows are of one row, where one says that it may be about one.
func (d *destination) verdict(r *Response, resp *syncs.Response, one bool) syncs.Outcome {
	if r == nil {
		r = &Response{}
	}
	body, isJSON := parsed(resp.Body)
	message := words(r, resp, body)
	code := r.Code.words(body)
	switch {
	case r.Retry.holds(resp.Status, body):
		return syncs.Outcome{
			Verdict: syncs.Retry, Code: fallback(code, "retry"), Message: message,
			Wait:      syncs.RetryAfter(resp.Header, resp.ReceivedAt),
			Throttled: resp.Status == http.StatusTooManyRequests,
		}
	case r.Rejected.holds(resp.Status, body):
		return syncs.Outcome{Verdict: syncs.Split, Code: fallback(code, "rejected"), Message: message}
	case one && r.Exists.holds(resp.Status, body):
		return syncs.Outcome{Verdict: syncs.Rows, Rows: []syncs.RowResult{{Exists: true}}}
	case one && r.Absent.holds(resp.Status, body):
		return syncs.Outcome{Verdict: syncs.Rows, Rows: []syncs.RowResult{{Absent: true}}}
	}
	named := r.Accepted != nil && len(r.Accepted.Status) > 0
	switch success := resp.Status >= 200 && resp.Status < 300; {
	case named && r.Accepted.holds(resp.Status, body):
		return syncs.Outcome{}
	case !success:
		out := refusal(resp, message)
		if code != "" {
			out.Code = code
		}
		return out
	case isPage(resp):
		return unreadable(resp, "a page of HTML")
	case !isJSON && (r.reads() || startsWith(resp.Body, '{') || startsWith(resp.Body, '[')):
		return unreadable(resp, "what is no JSON")
	case r.Accepted != nil && !r.Accepted.holds(resp.Status, body), r.Accepted == nil && denies(body):
		return syncs.Outcome{Verdict: syncs.Split, Code: fallback(code, "error-in-body"), Message: message}
	}
	return syncs.Outcome{}
}

// denies says that a body says no, as most applications say it.
func denies(body any) bool {
	object, _ := body.(map[string]any)
	for _, name := range []string{"ok", "success"} {
		if object[name] == false {
			return true
		}
	}
	return !empty(object["error"]) || !empty(object["errors"])
}

// words say what an answer was.
func words(r *Response, resp *syncs.Response, body any) string {
	if text := r.Message.words(body); text != "" {
		return "the endpoint answered " + syncs.Named(resp.Status) + ": " + clip(text)
	}
	return answered(resp)
}

// clip bounds what is quoted of a body. The engine redacts it.
func clip(text string) string { return strings.ToValidUTF8(text[:min(len(text), maxSaid)], "") }

func fallback(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// startsWith says that a body begins with a byte, space aside.
func startsWith(body []byte, c byte) bool {
	body = bytes.TrimSpace(body)
	return len(body) > 0 && body[0] == c
}

// isPage says that an answer is a page for people, as proxies and portals give.
func isPage(resp *syncs.Response) bool {
	body := bytes.ToLower(bytes.TrimSpace(resp.Body[:min(len(resp.Body), 512)]))
	return bytes.HasPrefix(body, []byte("<!doctype html")) || bytes.HasPrefix(body, []byte("<html")) ||
		startsWith(body, '<') && strings.HasPrefix(strings.ToLower(resp.Header.Get("Content-Type")), "text/html")
}

// parsed is a body that is JSON; numbers keep their digits.
func parsed(text []byte) (any, bool) {
	var body any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&body) != nil {
		return nil, false
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	return body, true
}

// unfitting are statuses that are about what was sent.
var unfitting = []int{
	http.StatusBadRequest, http.StatusConflict, http.StatusGone, http.StatusPreconditionFailed,
	http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity,
}

// refusal is what a status that is no success means.
func refusal(resp *syncs.Response, message string) syncs.Outcome {
	status := resp.Status
	switch {
	case status >= 300 && status < 400:
		return fatal("redirect", fmt.Sprintf("the endpoint answered %s; redirects are not followed: set url to the final address", syncs.Named(status)))
	case slices.Contains(unfitting, status):
		return syncs.Outcome{Verdict: syncs.Split, Code: code(status), Message: message}
	case status == http.StatusUnauthorized:
		return syncs.Outcome{Verdict: syncs.Expired, Code: code(status), Message: message + "; check the credentials of the destination"}
	case status == http.StatusForbidden:
		return fatal(code(status), message+"; check the credentials of the destination")
	case status == http.StatusNotFound:
		return fatal(code(status), message+"; check url and path of the destination")
	case status == http.StatusTooEarly, status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return syncs.Outcome{
			Verdict: syncs.Retry, Code: code(status), Message: message,
			Wait:      syncs.RetryAfter(resp.Header, resp.ReceivedAt),
			Throttled: status == http.StatusTooManyRequests,
		}
	case status == http.StatusRequestTimeout, status >= 500 && status < 600:
		return syncs.Outcome{
			Verdict: syncs.Unknown, Code: code(status), Message: message,
			Wait: syncs.RetryAfter(resp.Header, resp.ReceivedAt),
		}
	default:
		return fatal(code(status), message)
	}
}

func fatal(code, message string) syncs.Outcome {
	return syncs.Outcome{Verdict: syncs.Fatal, Code: code, Message: message}
}

// answer is what a body may say. Everything is optional.
type answer struct {
	OK      json.RawMessage `json:"ok"`
	Success json.RawMessage `json:"success"`
	Error   json.RawMessage `json:"error"`
	Errors  json.RawMessage `json:"errors"`
	Message json.RawMessage `json:"message"`
	Detail  json.RawMessage `json:"detail"`
	Results *[]rowAnswer    `json:"results"`
}

// rowAnswer is one entry of results.
type rowAnswer struct {
	Index   *int            `json:"index"`
	Status  string          `json:"status"`
	Code    json.RawMessage `json:"code"`
	Message json.RawMessage `json:"message"`
}

// decodeSuccess reads a 2xx. The status proves little: proxies answer 200 with
// a page of HTML, applications with an error in the body.
func (d *destination) decodeSuccess(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	byRow := d.config.Results == Indexed || resp.Status == http.StatusMultiStatus
	body := bytes.TrimSpace(resp.Body)
	if len(body) > 0 && body[0] == '<' {
		return unreadable(resp, "a page of HTML")
	}
	if len(body) == 0 || (body[0] != '{' && body[0] != '[') {
		if byRow {
			return unreadable(resp, "no results")
		}
		return accepted(req)
	}
	if body[0] == '[' {
		switch {
		case !json.Valid(body):
			return unreadable(resp, "broken JSON")
		case byRow:
			return unreadable(resp, "no results")
		default:
			return accepted(req)
		}
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return unreadable(resp, "broken JSON")
	}
	switch {
	case a.Results != nil:
		return rows(req, *a.Results)
	case string(a.OK) == "false", string(a.Success) == "false", filled(a.Error), filled(a.Errors):
		return syncs.Outcome{Verdict: syncs.Split, Code: "error-in-body", Message: answered(resp)}
	case byRow:
		return unreadable(resp, "no results")
	default:
		return accepted(req)
	}
}

// accepted is the outcome of an answer that is about all operations.
func accepted(req syncs.Request) syncs.Outcome {
	results := make([]syncs.RowResult, len(req.Ops))
	for i, op := range req.Ops {
		results[i] = syncs.RowResult{Op: op, Accepted: true}
	}
	return syncs.Outcome{Verdict: syncs.Rows, Rows: results}
}

// rows is the outcome of an answer by row. A row that it does not speak of, or
// that should be tried again, stays unanswered.
func rows(req syncs.Request, answers []rowAnswer) syncs.Outcome {
	results := make([]syncs.RowResult, 0, len(answers))
	for _, a := range answers {
		if a.Index == nil || *a.Index < 0 || *a.Index >= len(req.Ops) {
			continue
		}
		op := req.Ops[*a.Index]
		switch a.Status {
		case "ok":
			results = append(results, syncs.RowResult{Op: op, Accepted: true})
		case "exists":
			results = append(results, syncs.RowResult{Op: op, Exists: true})
		case "absent":
			results = append(results, syncs.RowResult{Op: op, Absent: true})
		case "rejected":
			reason := text(a.Code)
			if reason == "" {
				reason = "rejected"
			}
			results = append(results, syncs.RowResult{Op: op, Code: reason, Message: text(a.Message)})
		}
	}
	return syncs.Outcome{Verdict: syncs.Rows, Rows: results}
}

// unreadable is the outcome of a 2xx that says nothing that can be believed.
func unreadable(resp *syncs.Response, what string) syncs.Outcome {
	return syncs.Outcome{
		Verdict: syncs.Unknown, Code: "unreadable-answer",
		Message: fmt.Sprintf("the endpoint answered %s with %s", syncs.Named(resp.Status), what),
	}
}

// filled reports whether a JSON value says something.
func filled(raw json.RawMessage) bool {
	switch string(raw) {
	case "", "null", "false", `""`, "[]", "{}", "0":
		return false
	default:
		return true
	}
}

// text is a JSON string's text, and other JSON as it is.
func text(raw json.RawMessage) string {
	var s string
	if err := json.Unmarshal(raw, &s); err == nil {
		return s
	}
	return string(raw)
}

// maxSaid bounds what is quoted of a body, in bytes. The engine redacts it.
const maxSaid = 1000

// answered is the status and what the body adds to it.
func answered(resp *syncs.Response) string {
	message := "the endpoint answered " + syncs.Named(resp.Status)
	body := bytes.TrimSpace(resp.Body)
	var detail string
	var a answer
	switch {
	case len(body) == 0 || body[0] == '<':
	case json.Unmarshal(body, &a) == nil:
		for _, raw := range []json.RawMessage{a.Error, a.Errors, a.Message, a.Detail} {
			if filled(raw) {
				detail = text(raw)
				break
			}
		}
	default:
		detail = string(body[:min(len(body), maxSaid)])
	}
	if detail == "" {
		return message
	}
	return message + ": " + strings.ToValidUTF8(detail[:min(len(detail), maxSaid)], "")
}

// code is a status as a code: not-found.
func code(status int) string {
	name := http.StatusText(status)
	if name == "" {
		return fmt.Sprintf("http-%d", status)
	}
	return strings.ReplaceAll(strings.ToLower(name), " ", "-")
}
