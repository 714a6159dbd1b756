package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// Decode implements syncs.Destination.
func (d *destination) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	status := resp.Status
	switch {
	case status >= 200 && status < 300:
		return d.decodeSuccess(req, resp)
	case status >= 300 && status < 400:
		return fatal("redirect", fmt.Sprintf("the endpoint answered %s; redirects are not followed: set url to the final address", named(status)))
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		return syncs.Outcome{Verdict: syncs.Split, Code: code(status), Message: said(resp)}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fatal(code(status), said(resp)+"; check secret and headers of the destination")
	case status == http.StatusNotFound:
		return fatal(code(status), said(resp)+"; check url of the destination")
	case status == http.StatusTooEarly, status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return syncs.Outcome{
			Verdict: syncs.Retry, Code: code(status), Message: said(resp),
			Wait:      syncs.RetryAfter(resp.Header, resp.ReceivedAt),
			Throttled: status == http.StatusTooManyRequests,
		}
	case status == http.StatusRequestTimeout, status >= 500 && status < 600:
		return syncs.Outcome{
			Verdict: syncs.Unknown, Code: code(status), Message: said(resp),
			Wait: syncs.RetryAfter(resp.Header, resp.ReceivedAt),
		}
	default:
		return fatal(code(status), said(resp))
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
		return syncs.Outcome{Verdict: syncs.Split, Code: "error-in-body", Message: said(resp)}
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
		Message: fmt.Sprintf("the endpoint answered %s with %s", named(resp.Status), what),
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

// said is the status and what the body adds to it.
func said(resp *syncs.Response) string {
	message := "the endpoint answered " + named(resp.Status)
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

// named is a status as people say it: 404 Not Found.
func named(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// code is a status as a code: not-found.
func code(status int) string {
	name := http.StatusText(status)
	if name == "" {
		return fmt.Sprintf("http-%d", status)
	}
	return strings.ReplaceAll(strings.ToLower(name), " ", "-")
}
