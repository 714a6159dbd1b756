package synctest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// Connector is the destination of a Vendor. It shows how each Style is read,
// and serves the tests of the engine.
type Connector struct {
	// URL is where the Vendor is served.
	URL    string
	Style  Style
	Object Object
	// Tokens says that requests carry a token.
	Tokens bool
	// Limits are what the platform is said to permit.
	Limits []syncs.Limit
	// Rows is the most of a request, 100 where 0, and Requests how many may be
	// in flight, 2 where 0.
	Rows, Requests int
}

var _ syncs.Refresher = Connector{}

// New makes the destination: a syncs.Poller where the style has jobs, and a
// syncs.Refresher.
func (c Connector) New() syncs.Destination {
	if c.Style.Jobs() {
		return JobConnector{c}
	}
	return c
}

// Spec implements syncs.Destination.
func (c Connector) Spec() syncs.Spec {
	spec := syncs.Spec{
		Batch: syncs.Batch{MaxRows: c.Rows}, Kinds: c.Object.Kinds(), Keyed: c.Object == KeyedEvents,
		Concurrency: c.Requests, Limits: c.Limits, AllowPrivate: true,
		Manual: syncs.Manual{
			Open: "Open the platform of no vendor.", Search: "Search it for the person's key.",
			Do: []string{"Delete what is found there."}, Keep: "what the search says then.",
		},
	}
	if spec.Batch.MaxRows == 0 {
		spec.Batch.MaxRows = 100
	}
	if spec.Concurrency == 0 {
		spec.Concurrency = 2
	}
	if c.Tokens {
		spec.Secrets = []secret.Ref{refreshSecret}
	}
	return spec
}

// Encode implements syncs.Destination. Members are added and removed by
// requests of their own.
func (c Connector) Encode(chunk syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	var rejections []syncs.Rejection
	groups := [][]int{nil, nil}
	fields := syncs.NewSpelling(chunk.Schema.Fields, nil)
	for i := range chunk.Ops {
		op := &chunk.Ops[i]
		if _, err := c.row(nil, fields, op, i); err != nil {
			rejections = append(rejections, syncs.Rejection{Op: i, Code: "bad-value", Message: err.Error()})
			continue
		}
		group := 0
		if c.Object == Members && op.Kind.Leaves() {
			group = 1
		}
		groups[group] = append(groups[group], i)
	}
	var requests []syncs.Request
	for _, indexes := range groups {
		if len(indexes) == 0 {
			continue
		}
		req := syncs.Request{
			HTTP: &syncs.HTTPRequest{Method: http.MethodPost, URL: c.URL + "/rows", Header: c.header(chunk.Token)},
			Ops:  indexes, Idempotent: c.Object.Idempotent(),
		}
		if c.Style == ResultFile {
			// The rows follow once there is a job.
			req.HTTP.URL = c.URL + "/jobs"
		} else {
			req.HTTP.Body = c.body(fields, chunk.Ops, indexes)
		}
		requests = append(requests, req)
	}
	return requests, rejections
}

func (c Connector) header(token syncs.Token) http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	if c.Tokens {
		h.Set("Authorization", "Bearer "+token.Access.Reveal())
	}
	return h
}

// body spells the rows at indexes.
func (c Connector) body(fields *syncs.Spelling, ops []syncs.Op, indexes []int) []byte {
	b := []byte(`{"rows":[`)
	for n, i := range indexes {
		if n > 0 {
			b = append(b, ',')
		}
		b, _ = c.row(b, fields, &ops[i], n) // It was spelled before.
	}
	return append(b, "]}"...)
}

// row spells one row, the n-th of its request.
func (c Connector) row(b []byte, fields *syncs.Spelling, op *syncs.Op, n int) ([]byte, error) {
	b = append(b, `{"op":"`+op.Kind.String()+`","key":`...)
	b = syncs.AppendJSONString(b, op.Key)
	b = append(b, `,"trace":"`+trace(n)+`"`...)
	if op.Values != nil && c.Object != Members {
		b = append(b, `,"fields":`...)
		var err error
		if b, err = fields.Append(b, op.Values); err != nil {
			return b, fmt.Errorf("spelling a row: %w", err)
		}
	}
	return append(b, '}'), nil
}

// trace is the trace key of the n-th row of a request.
func trace(n int) string { return "row-" + strconv.Itoa(n) }

// Decode implements syncs.Destination.
func (c Connector) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	a, refused := c.read(resp)
	if refused.Verdict != 0 {
		return refused
	}
	var b vendorBatch
	if err := json.Unmarshal(req.HTTP.Body, &b); err != nil || len(b.Rows) != len(req.Ops) {
		return unreadable("an answer to another request")
	}
	return c.rows(b.Rows, req.Ops, a)
}

// read reads an answer of status 2xx. The outcome of any other has a verdict.
func (c Connector) read(resp *syncs.Response) (a vendorAnswer, refused syncs.Outcome) {
	err := json.Unmarshal(resp.Body, &a)
	said := fmt.Sprintf("the platform answered %d %s", resp.Status, a.Error)
	outcome := func(v syncs.Verdict, code string) (vendorAnswer, syncs.Outcome) {
		return a, syncs.Outcome{Verdict: v, Code: code, Message: said}
	}
	switch s := resp.Status; {
	case s == http.StatusUnauthorized && c.Tokens:
		return outcome(syncs.Expired, "unauthorized")
	case s == http.StatusTooManyRequests, s == http.StatusServiceUnavailable:
		_, out := outcome(syncs.Retry, "too-many-requests")
		out.Throttled, out.Wait = s == http.StatusTooManyRequests, syncs.RetryAfter(resp.Header, resp.ReceivedAt)
		return a, out
	case s == http.StatusBadRequest, s == http.StatusUnprocessableEntity:
		return outcome(syncs.Split, "bad-request")
	case s == http.StatusRequestTimeout, s >= 500 && s < 600:
		return outcome(syncs.Unknown, "server-error")
	case s < 200 || s > 299:
		return outcome(syncs.Fatal, "http-"+strconv.Itoa(s))
	case err != nil:
		return a, unreadable("what is no JSON")
	case a.Error != "":
		return outcome(syncs.Retry, "error-in-body")
	}
	return a, refused
}

func unreadable(what string) syncs.Outcome {
	return syncs.Outcome{Verdict: syncs.Unknown, Code: "unreadable-answer", Message: "the platform answered with " + what}
}

// rows reads what became of each row, in the style of the platform. Where the
// numbers do not add up nothing is believed.
func (c Connector) rows(sent []vendorRow, ops []int, a vendorAnswer) syncs.Outcome {
	other := map[int]string{}
	switch c.Style {
	case Positional:
		if len(a.Results) != len(sent) {
			return unreadable("another number of results than rows")
		}
		for i, r := range a.Results {
			if r.Code != statusOK {
				other[i] = r.Code
			}
		}
	case SparseIndex:
		for _, e := range a.Errors {
			if e.Index == nil || *e.Index < 0 || *e.Index >= len(sent) {
				return unreadable("an error of no row")
			}
			other[*e.Index] = e.Code
		}
	case SparseTrace, SparseKeys:
		at := map[string]int{}
		for i, row := range sent {
			at[row.Trace], at["key "+row.Key] = i, i
		}
		for _, e := range a.Errors {
			i, ok := at[e.Trace]
			if !ok {
				return unreadable("an error of no row")
			}
			other[i] = e.Code
		}
		for code, keys := range a.Failed {
			for _, key := range keys {
				i, ok := at["key "+key]
				if !ok {
					return unreadable("an error of no row")
				}
				other[i] = code
			}
		}
	case Counted, ResultFile, JobErrors, JobCounts:
		return counted(ops, a)
	}
	if c.Style != Positional && (a.Taken == nil || *a.Taken+len(other) != len(sent)) {
		return unreadable("numbers that do not add up")
	}
	return named(ops, other)
}

// named is the outcome of rows of which some have another answer than that
// they were taken, by their place.
func named(ops []int, other map[int]string) syncs.Outcome {
	rows := make([]syncs.RowResult, len(ops))
	for i, op := range ops {
		answer, ok := other[i]
		if !ok {
			answer = statusOK
		}
		rows[i] = row(op, answer)
	}
	return syncs.Outcome{Verdict: syncs.Rows, Rows: rows}
}

// row is what a platform's word for a row means.
func row(op int, answer string) syncs.RowResult {
	switch answer {
	case statusOK:
		return syncs.RowResult{Op: op, Accepted: true}
	case statusExists:
		return syncs.RowResult{Op: op, Exists: true}
	case statusAbsent:
		return syncs.RowResult{Op: op, Absent: true}
	case "":
		answer = "rejected"
	}
	return syncs.RowResult{Op: op, Code: answer, Message: "the platform refused the row"}
}

// counted is the outcome of an answer that counts.
func counted(ops []int, a vendorAnswer) syncs.Outcome {
	if a.Taken == nil || a.Refused == nil || *a.Refused < 0 || *a.Taken < 0 || *a.Taken+*a.Refused != len(ops) {
		return unreadable("numbers that do not add up")
	}
	out := named(ops, nil)
	for _, r := range a.Reasons {
		out.Unnamed = append(out.Unnamed, syncs.Unnamed{Rows: r.Rows, Code: r.Code, Message: "the platform refused some rows"})
	}
	return out
}

// refreshSecret is what the first token is asked for with.
var refreshSecret = func() secret.Ref {
	ref, err := secret.NewRef("${env:SYNCTEST_REFRESH}")
	if err != nil {
		panic(err) // It is the constant above.
	}
	return ref
}()

// EncodeRefresh implements syncs.Refresher.
func (c Connector) EncodeRefresh(q syncs.Question) (*syncs.HTTPRequest, error) {
	with := q.Token.Refresh
	if with.IsZero() {
		with = q.Secrets(refreshSecret)
	}
	return &syncs.HTTPRequest{Method: http.MethodPost, URL: c.URL + "/token", Body: []byte(with.Reveal())}, nil
}

// DecodeRefresh implements syncs.Refresher.
func (c Connector) DecodeRefresh(resp *syncs.Response) (syncs.Token, syncs.Outcome) {
	a, refused := c.read(resp)
	switch {
	case refused.Verdict == syncs.Split, refused.Verdict == syncs.Expired:
		refused.Verdict, refused.Code = syncs.Fatal, "invalid-grant"
		return syncs.Token{}, refused
	case refused.Verdict != 0:
		return syncs.Token{}, refused
	case a.Access == "":
		return syncs.Token{}, unreadable("no token")
	}
	return syncs.Token{Access: secret.NewValue(a.Access), Refresh: secret.NewValue(a.Refresh)}, syncs.Outcome{Verdict: syncs.Rows}
}
