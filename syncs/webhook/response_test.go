package webhook_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// encoded is the request of operations, as Encode leaves it to Decode.
func encoded(t *testing.T, d syncs.Destination, keys ...string) syncs.Request {
	t.Helper()
	chunk := synctest.Chunk(upsertsOf(keys...))
	chunk.Schema = people.Schema
	requests, rejections := d.Encode(chunk)
	if len(requests) != 1 || len(rejections) > 0 {
		t.Fatal(requests, rejections)
	}
	return requests[0]
}

const (
	oneRow  = "requests:\n  - {for: upsert, path: '/{key}'}\n"
	manyRow = "requests:\n  - {for: upsert, json: '{rows}', row: '{key}'}\n"
)

// TestResponses: what answers mean, as the project says it.
func TestResponses(t *testing.T) {
	row := func(op int, r syncs.RowResult) syncs.RowResult {
		r.Op = op
		return r
	}
	yes, gone, there := syncs.RowResult{Accepted: true}, syncs.RowResult{Absent: true}, syncs.RowResult{Exists: true}
	ok := syncs.Outcome{Verdict: syncs.Rows, Rows: []syncs.RowResult{yes}}
	rows := func(list ...syncs.RowResult) syncs.Outcome { return syncs.Outcome{Verdict: syncs.Rows, Rows: list} }
	unreadable := func(what string) syncs.Outcome {
		return syncs.Outcome{Verdict: syncs.Unknown, Code: "unreadable-answer", Message: "the endpoint answered 200 OK with " + what}
	}
	refused := func(code, said string) syncs.Outcome {
		return syncs.Outcome{Verdict: syncs.Split, Code: code, Message: "the endpoint answered 200 OK" + said}
	}
	byKey := "response: {rows: {path: $.r, by: key, at: $.id, accepted: {path: $.s, is: [ok, 1]}, exists: {path: $.s, is: dup}, retry: {path: $.s, is: busy}, code: $.c, message: $.m}}"
	for name, test := range map[string]struct {
		text   string
		keys   []string
		status int
		body   string
		want   syncs.Outcome
	}{
		"nothing said, empty":        {oneRow, nil, 204, "", ok},
		"nothing said, json":         {oneRow, nil, 200, `{"results":[]}`, ok},
		"nothing said, xml":          {oneRow, nil, 200, "<ok/>", ok},
		"nothing said, error":        {oneRow, nil, 200, `{"error":{"m":1}}`, refused("error-in-body", `: {"m":1}`)},
		"nothing said, success":      {oneRow, nil, 200, `{"success":false,"message":"no"}`, refused("error-in-body", ": no")},
		"nothing said, page":         {oneRow, nil, 200, "<!DOCTYPE html>", unreadable("a page of HTML")},
		"nothing said, half":         {oneRow, nil, 200, `{"a":`, unreadable("what is no JSON")},
		"a condition holds":          {oneRow + "response: {accepted: {path: $.code, is: 0}}", nil, 200, `{"code":0,"error":"none"}`, ok},
		"of another type":            {oneRow + "response: {accepted: {path: $.code, is: 0}, code: $.code, message: $.m}", nil, 200, `{"code":"0","m":"x"}`, refused("0", ": x")},
		"as a fraction":              {oneRow + "response: {accepted: {path: $.code, is: 0}}", nil, 200, `{"code":0.0}`, ok},
		"large numbers":              {oneRow + "response: {accepted: {path: $.code, is: 9007199254740993}}", nil, 200, `{"code":9007199254740992}`, refused("error-in-body", "")},
		"is missing":                 {oneRow + "response: {accepted: {path: $.code, is: 0}}", nil, 200, `{}`, refused("error-in-body", "")},
		"has to be json":             {oneRow + "response: {accepted: {path: $.code, is: 0}}", nil, 200, `OK`, unreadable("what is no JSON")},
		"empty errors":               {oneRow + "response: {accepted: {path: '$.data.errors', empty: true}}", nil, 200, `{"data":{"errors":[]},"errors":[1]}`, ok},
		"errors":                     {oneRow + "response: {accepted: {path: '$.data.errors', empty: true}, message: '$.data.errors[0].m'}", nil, 200, `{"data":{"errors":[{"m":"bad"}]}}`, refused("error-in-body", ": bad")},
		"the last":                   {oneRow + "response: {accepted: {path: '$[-1]', is: true}}", nil, 200, `[false,true]`, ok},
		"quoted names":               {oneRow + `response: {accepted: {path: "$['a.b'][0]", is: 'x y'}}`, nil, 200, `{"a.b":["x y"]}`, ok},
		"another status is good":     {oneRow + "response: {accepted: {status: [200, 409]}}", nil, 409, "", ok},
		"only 201 is good":           {oneRow + "response: {accepted: {status: 201}}", nil, 200, "{}", refused("error-in-body", "")},
		"absent":                     {oneRow + "response: {absent: {status: 404}}", nil, 404, "", rows(gone)},
		"absent by body":             {oneRow + "response: {absent: {status: 404, path: $.code, is: no_contact}}", nil, 404, `{"code":"no_contact"}`, rows(gone)},
		"another 404":                {oneRow + "response: {absent: {status: 404, path: $.code, is: no_contact}}", nil, 404, "<html>", syncs.Outcome{Verdict: syncs.Fatal, Code: "not-found", Message: "the endpoint answered 404 Not Found; check url and path of the destination"}},
		"exists":                     {oneRow + "response: {exists: {path: $.code, is: [dup, there]}}", nil, 400, `{"code":"there"}`, rows(there)},
		"refused for good":           {oneRow + "response: {rejected: {status: 403}, code: $.c, message: $.m}", nil, 403, `{"c":"blocked","m":"opted out"}`, syncs.Outcome{Verdict: syncs.Split, Code: "blocked", Message: "the endpoint answered 403 Forbidden: opted out"}},
		"retry by status":            {oneRow + "response: {retry: {status: [423, 409]}}", nil, 423, "", syncs.Outcome{Verdict: syncs.Retry, Code: "retry", Message: "the endpoint answered 423 Locked", Wait: 7 * time.Second}},
		"retry by code":              {oneRow + "response: {retry: {path: $.e.code, is: RATE_LIMITED}, code: $.e.code}", nil, 200, `{"e":{"code":"RATE_LIMITED"}}`, syncs.Outcome{Verdict: syncs.Retry, Code: "RATE_LIMITED", Message: "the endpoint answered 200 OK", Wait: 7 * time.Second}},
		"too many":                   {oneRow, nil, 429, "", syncs.Outcome{Verdict: syncs.Retry, Code: "too-many-requests", Message: "the endpoint answered 429 Too Many Requests", Wait: 7 * time.Second, Throttled: true}},
		"conflict":                   {oneRow, nil, 409, "", syncs.Outcome{Verdict: syncs.Split, Code: "conflict", Message: "the endpoint answered 409 Conflict"}},
		"code of a status":           {oneRow + "response: {code: $.c, message: $.m}", nil, 422, `{"c":17,"m":{"a":1}}`, syncs.Outcome{Verdict: syncs.Split, Code: "17", Message: `the endpoint answered 422 Unprocessable Entity: {"a":1}`}},
		"by position":                {manyRow + "response: {rows: {path: $, by: position, accepted: {path: $.ok, is: true}, absent: {path: $.gone, is: true}, code: $.code}}", []string{"a", "b", "c"}, 200, `[{"ok":true},{"gone":true},{"code":"x"}]`, rows(row(0, yes), row(1, gone), row(2, syncs.RowResult{Code: "x"}))},
		"too few by position":        {manyRow + "response: {rows: {path: $, by: position, accepted: {path: $.ok, is: true}}}", []string{"a", "b"}, 200, `[{"ok":true}]`, unreadable("no results for its rows")},
		"by index":                   {manyRow + "response: {rows: {path: $.e, by: index, at: $.i, unlisted: accepted, message: $.m}}", []string{"a", "b", "c"}, 200, `{"e":[{"i":1,"m":"no"},{"i":9},{"i":"x"},{}]}`, rows(row(1, syncs.RowResult{Code: "rejected", Message: "no"}), row(0, yes), row(2, yes))},
		"by index, none listed":      {manyRow + "response: {rows: {path: $.e, by: index, at: $.i, unlisted: accepted}}", []string{"a", "b"}, 200, `{}`, rows(row(0, yes), row(1, yes))},
		"by index, null":             {manyRow + "response: {rows: {path: $.e, by: index, at: $.i, unlisted: accepted}}", []string{"a"}, 200, `{"e":null}`, ok},
		"by index, not a list":       {manyRow + "response: {rows: {path: $.e, by: index, at: $.i, unlisted: accepted}}", []string{"a"}, 200, `{"e":"x"}`, unreadable("no results for its rows")},
		"by key":                     {manyRow + byKey, []string{"a", "b", "c", "7"}, 200, `{"r":[{"id":"c","s":"dup"},{"id":7,"s":1},{"id":"b","s":"busy"},{"id":"zz","s":"ok"},{"id":"a","s":"no","c":5,"m":"bad"}]}`, rows(row(2, there), row(3, yes), row(0, syncs.RowResult{Code: "5", Message: "bad"}))},
		"by key, missing":            {manyRow + byKey, []string{"a"}, 200, `{"s":[]}`, unreadable("no results for its rows")},
		"by key, twice":              {manyRow + byKey, []string{"a"}, 200, `{"r":[{"id":"a","s":"no"},{"id":"a","s":"ok"}]}`, rows(syncs.RowResult{Code: "rejected"})},
		"by names":                   {manyRow + "response: {rows: {path: $.r, by: key, accepted: {path: $, is: ok}}}", []string{"b", "a"}, 200, `{"r":{"a":"ok","b":"no"}}`, rows(row(0, syncs.RowResult{Code: "rejected"}), row(1, yes))},
		"keys alone":                 {manyRow + "response: {rows: {path: $.bad, by: key, at: $, unlisted: accepted}}", []string{"a", "b"}, 200, `{"bad":["b"]}`, rows(row(1, syncs.RowResult{Code: "rejected"}), row(0, yes))},
		"a batch refused as a whole": {manyRow + byKey, []string{"a", "b"}, 200, `{"ok":false,"r":[]}`, refused("error-in-body", "")},
		"an envelope":                {"response: {rows: {path: $.e, by: key, at: $, unlisted: accepted}}", []string{"a", "b"}, 200, `{"e":["a"]}`, rows(row(0, syncs.RowResult{Code: "rejected"}), row(1, yes))},
	} {
		t.Run(name, func(t *testing.T) {
			c, found := parse(t, "url: https://example.com\n"+test.text+"\n")
			if found != "" {
				t.Fatal(found)
			}
			d := webhook.New(c)
			if test.keys == nil {
				test.keys = []string{"a"}
			}
			resp := &syncs.Response{Status: test.status, Header: http.Header{"Retry-After": {"7"}}, Body: []byte(test.body)}
			if diff := cmp.Diff(test.want, d.Decode(encoded(t, d, test.keys...), resp)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPath: what leads to a value, and what does not.
func TestPath(t *testing.T) {
	for text, want := range map[string]int{
		"$": -1, "$.a": -1, "$.a_b.c1[0][-2]['x y'][\"z\"]": -1, "$.é": -1, "$['']": -1,
		"": 0, "a": 0, "$a": 1, "$.": 1, "$..a": 1, "$.*": 1, "$.1a": 1, "$[*]": 1, "$[1:2]": 1, "$[?@.a]": 1, "$[01]": 1, "$[-0]": 1, "$.a[": 3, "$['a": 1, "$['a\\'']": 1, "$['a','b']": 1, "$.a b": 1,
	} {
		_, at, err := webhook.ParsePath(text)
		if err == nil {
			at = -1
		}
		if at != want {
			t.Errorf("%q ends to be a path at %d, want %d", text, at, want)
		}
	}
}

// TestProbe: the check that a project writes.
func TestProbe(t *testing.T) {
	d, ok := webhook.New(config(t, "rest")).(syncs.Prober)
	if !ok {
		t.Fatal("a webhook with a check is no Prober")
	}
	req := d.EncodeProbe(syncs.Question{Object: "people", Secrets: secretsAt("https://crm")})
	got := []string{req.Method, req.URL, req.Header.Get("Authorization"), req.Header.Get("X-Object")}
	if diff := cmp.Diff([]string{"GET", "https://crm/me", "Bearer " + synctest.Canary, "people"}, got); diff != "" {
		t.Error(diff)
	}
	for body, want := range map[string]syncs.Verdict{`{"status":"done"}`: syncs.Rows, `{"status":"no"}`: syncs.Fatal, `x`: syncs.Unknown} {
		if got := d.DecodeProbe(syncs.Question{}, &syncs.Response{Status: 200, Body: []byte(body)}).Verdict; got != want {
			t.Errorf("%s: verdict %d, want %d", body, got, want)
		}
	}
	if _, ok := webhook.New(config(t, "form")).(syncs.Prober); ok {
		t.Error("a webhook without a check is a Prober")
	}
}
