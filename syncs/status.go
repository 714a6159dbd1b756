package syncs

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Status reads what the status of an answer means on most platforms; said is
// what the platform says of it, without row content, and may be empty. The
// verdict is 0 for a success, which the body has to confirm. A destination asks
// here for the statuses that it has no better knowledge of.
func Status(resp *Response, said string) Outcome {
	status := resp.Status
	out := Outcome{Code: "http-" + strconv.Itoa(status), Message: strings.TrimSuffix("the platform answered "+Named(status)+": "+said, ": ")}
	switch {
	case status >= 200 && status < 300:
		return Outcome{}
	case status >= 300 && status < 400:
		out.Verdict = Fatal
		out.Message += "; redirects are not followed"
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		out.Verdict = Split
	case status == http.StatusUnauthorized:
		out.Verdict = Expired
	case status == http.StatusTooEarly, status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		out.Verdict, out.Wait = Retry, RetryAfter(resp.Header, resp.ReceivedAt)
		out.Throttled = status == http.StatusTooManyRequests
	case status == http.StatusRequestTimeout, status >= 500 && status < 600:
		out.Verdict, out.Wait = Unknown, RetryAfter(resp.Header, resp.ReceivedAt)
	default:
		out.Verdict = Fatal
	}
	return out
}

// Named is a status with its name, for messages.
func Named(status int) string {
	if text := http.StatusText(status); text != "" {
		return fmt.Sprintf("%d %s", status, text)
	}
	return strconv.Itoa(status)
}

// Unreadable is the outcome of an answer of success that is not what the
// platform answers: nobody can say what it took.
func Unreadable(what string) Outcome {
	return Outcome{Verdict: Unknown, Code: "unreadable-answer", Message: "the platform answered with " + what}
}

// AllAccepted is the outcome of an answer that speaks of all operations of a
// request but some, which other has the results of, by their places in
// Request.Ops.
func AllAccepted(req Request, other map[int]RowResult) Outcome {
	rows := make([]RowResult, len(req.Ops))
	for i, op := range req.Ops {
		row, ok := other[i]
		if !ok {
			row = RowResult{Accepted: true}
		}
		row.Op = op
		rows[i] = row
	}
	return Outcome{Verdict: Rows, Rows: rows}
}
