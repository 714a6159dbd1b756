package webhook_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

func template(tb testing.TB, text string) secret.Template {
	tb.Helper()
	v, err := secret.NewTemplate(text)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func ref(tb testing.TB, text string) secret.Ref {
	tb.Helper()
	v, err := secret.NewRef(text)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func harness(tb testing.TB) synctest.Harness {
	tb.Helper()
	c := webhook.Default()
	c.URL = template(tb, "https://example.com/hook")
	c.Secret = ref(tb, "${env:SECRET}")
	c.Headers = strict.Ordered[secret.Template]{{Key: "authorization", Value: template(tb, "Bearer ${env:TOKEN}")}, {Key: "X-Team", Value: template(tb, "crm")}}
	return synctest.Harness{Destination: webhook.New(c), SecretHeaders: []string{"Authorization"}}
}

func TestContract(t *testing.T) { synctest.Run(t, harness(t)) }

// TestEvents repeats events only where the endpoint knows them by their keys.
func TestEvents(t *testing.T) {
	for _, keyed := range []bool{false, true} {
		c := webhook.Default()
		c.URL, c.EventKeys = template(t, "https://example.com/hook"), keyed
		d := webhook.New(c)
		if keyed {
			synctest.Run(t, synctest.Harness{Destination: d})
		}
		if got := d.Spec().Keyed; got != keyed {
			t.Errorf("event_keys: %t makes Keyed %t", keyed, got)
		}
		for _, kind := range syncs.Kinds() {
			requests, _ := d.Encode(synctest.Chunk(synctest.Ops(3, 1, kind)))
			if want := keyed || kind != syncs.Append; requests[0].Idempotent != want {
				t.Errorf("event_keys: %t: %s is idempotent: %t, want %t", keyed, kind, requests[0].Idempotent, want)
			}
			if !strings.Contains(string(requests[0].HTTP.Body), `{"op":"`+kind.String()+`","key":`) {
				t.Errorf("%s is spelled %s", kind, requests[0].HTTP.Body)
			}
		}
	}
}

func FuzzDecode(f *testing.F) { synctest.FuzzDecode(f, harness(f)) }

func TestSecretsAreDeclared(t *testing.T) {
	var got []string
	for _, r := range harness(t).Destination.Spec().Secrets {
		got = append(got, r.Text())
	}
	if diff := cmp.Diff([]string{"${env:SECRET}", "${env:TOKEN}"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestEncode(t *testing.T) {
	chunk := synctest.Chunk([]syncs.Op{
		{Kind: syncs.Upsert, Key: "a@b.c", EntityID: 7, Fingerprint: "f1", Values: []any{
			"a@b.c", int64(-3), 1.5, "0.10", true,
			time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC), time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
			[]any{"x", int64(1)},
		}},
		{Kind: syncs.Remove, Key: "d@e.f", EntityID: 8},
	})
	requests, rejections := harness(t).Destination.Encode(chunk)
	if len(requests) != 1 || len(rejections) != 0 {
		t.Fatalf("%d requests and %d rejections, want 1 and 0", len(requests), len(rejections))
	}
	const want = `{"sync":"loyal_readers","run_id":"run-1","sent_at":"2026-11-22T01:02:03Z","object":"contacts","operations":[` +
		`{"op":"upsert","key":"a@b.c","id":7,"fields":{"email":"a@b.c","visits":-3,"score":1.5,"spent":"0.10","opted in \"yes\"":true,` +
		`"seen":"2026-01-02T03:04:05.6Z","born":"2026-01-02","topics":["x",1]}},{"op":"remove","key":"d@e.f","id":8}]}`
	if diff := cmp.Diff(want, string(requests[0].HTTP.Body)); diff != "" {
		t.Error(diff)
	}
	header := requests[0].HTTP.Header
	if got := header.Get("Authorization"); got != "Bearer "+synctest.Canary {
		t.Errorf("Authorization = %q", got)
	}
	if got := header.Get(webhook.TimestampHeader); got != "1795309323" {
		t.Errorf("timestamp = %q", got)
	}
	if got, want := header.Get(webhook.SignatureHeader), webhook.Signature([]byte(synctest.Canary), "1795309323", []byte(want)); got != want {
		t.Errorf("signature = %q, want %q", got, want)
	}
}

// The signature is what anybody computes: HMAC-SHA256 by openssl.
func TestSignature(t *testing.T) {
	const want = "v1=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03"
	if got := webhook.Signature([]byte("key"), "1700000000", []byte(`{"a":1}`)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestIdempotencyKey(t *testing.T) {
	d := harness(t).Destination
	key := func(change func(*syncs.Chunk)) string {
		chunk := synctest.Chunk(synctest.Ops(3, 1))
		change(&chunk)
		requests, _ := d.Encode(chunk)
		return requests[0].HTTP.Header.Get(webhook.IdempotencyKey)
	}
	first := key(func(*syncs.Chunk) {})
	if got := key(func(c *syncs.Chunk) { c.SentAt = c.SentAt.Add(time.Hour); c.Number = 9 }); got != first {
		t.Error("the key depends on when a batch is sent")
	}
	for name, change := range map[string]func(*syncs.Chunk){
		"run":         func(c *syncs.Chunk) { c.RunID = "run-2" },
		"sync":        func(c *syncs.Chunk) { c.Schema.Sync = "other" },
		"fingerprint": func(c *syncs.Chunk) { c.Ops[0].Fingerprint += "x" },
		"operations":  func(c *syncs.Chunk) { c.Ops = c.Ops[:2] },
		"kind": func(c *syncs.Chunk) {
			i := slices.IndexFunc(c.Ops, func(op syncs.Op) bool { return op.Kind == syncs.Upsert })
			c.Ops[i].Kind = syncs.Remove
		},
	} {
		if key(change) == first {
			t.Errorf("the key does not depend on the %s", name)
		}
	}
}

func TestDecode(t *testing.T) {
	req := syncs.Request{HTTP: &syncs.HTTPRequest{}, Ops: []int{3, 5, 8}}
	at := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
	ok := []syncs.RowResult{{Op: 3, Accepted: true}, {Op: 5, Accepted: true}, {Op: 8, Accepted: true}}
	tests := []struct {
		name    string
		status  int
		body    string
		retry   string
		indexed bool
		want    syncs.Outcome
	}{
		{name: "empty", status: 204, want: syncs.Outcome{Verdict: syncs.Rows, Rows: ok}},
		{name: "text", status: 200, body: "ok", want: syncs.Outcome{Verdict: syncs.Rows, Rows: ok}},
		{name: "object", status: 201, body: `{"id":1}`, want: syncs.Outcome{Verdict: syncs.Rows, Rows: ok}},
		{name: "rows", status: 207, body: `{"results":[{"index":2,"status":"rejected","code":"dup","message":"twice"},{"index":0,"status":"ok"},{"index":1,"status":"retry"}]}`, want: syncs.Outcome{Verdict: syncs.Rows, Rows: []syncs.RowResult{{Op: 8, Code: "dup", Message: "twice"}, {Op: 3, Accepted: true}}}},
		{name: "207 without results", status: 207, body: `{}`, want: syncs.Outcome{Verdict: syncs.Unknown, Code: "unreadable-answer", Message: "the endpoint answered 207 Multi-Status with no results"}},
		{name: "indexed without results", status: 200, body: `ok`, indexed: true, want: syncs.Outcome{Verdict: syncs.Unknown, Code: "unreadable-answer", Message: "the endpoint answered 200 OK with no results"}},
		{name: "html", status: 200, body: "\n<!doctype html>", want: syncs.Outcome{Verdict: syncs.Unknown, Code: "unreadable-answer", Message: "the endpoint answered 200 OK with a page of HTML"}},
		{name: "half", status: 200, body: `{"results":[`, want: syncs.Outcome{Verdict: syncs.Unknown, Code: "unreadable-answer", Message: "the endpoint answered 200 OK with broken JSON"}},
		{name: "200 that is an error", status: 200, body: `{"ok":false,"error":"no such list"}`, want: syncs.Outcome{Verdict: syncs.Split, Code: "error-in-body", Message: "the endpoint answered 200 OK: no such list"}},
		{name: "422", status: 422, body: `{"message":"bad e-mail"}`, want: syncs.Outcome{Verdict: syncs.Split, Code: "unprocessable-entity", Message: "the endpoint answered 422 Unprocessable Entity: bad e-mail"}},
		{name: "413", status: 413, want: syncs.Outcome{Verdict: syncs.Split, Code: "request-entity-too-large", Message: "the endpoint answered 413 Request Entity Too Large"}},
		{name: "401", status: 401, want: syncs.Outcome{Verdict: syncs.Expired, Code: "unauthorized", Message: "the endpoint answered 401 Unauthorized; check the credentials of the destination"}},
		{name: "404", status: 404, want: syncs.Outcome{Verdict: syncs.Fatal, Code: "not-found", Message: "the endpoint answered 404 Not Found; check url and path of the destination"}},
		{name: "418", status: 418, body: "tea", want: syncs.Outcome{Verdict: syncs.Fatal, Code: "i'm-a-teapot", Message: "the endpoint answered 418 I'm a teapot: tea"}},
		{name: "302", status: 302, want: syncs.Outcome{Verdict: syncs.Fatal, Code: "redirect", Message: "the endpoint answered 302 Found; redirects are not followed: set url to the final address"}},
		{name: "429", status: 429, retry: "7", want: syncs.Outcome{Verdict: syncs.Retry, Wait: 7 * time.Second, Throttled: true, Code: "too-many-requests", Message: "the endpoint answered 429 Too Many Requests"}},
		{name: "503 date", status: 503, retry: "Sun, 22 Nov 2026 07:02:00 GMT", want: syncs.Outcome{Verdict: syncs.Retry, Wait: 2 * time.Minute, Code: "service-unavailable", Message: "the endpoint answered 503 Service Unavailable"}},
		{name: "a year", status: 503, retry: "31536000", want: syncs.Outcome{Verdict: syncs.Retry, Wait: time.Hour, Code: "service-unavailable", Message: "the endpoint answered 503 Service Unavailable"}},
		{name: "negative", status: 503, retry: "-5", want: syncs.Outcome{Verdict: syncs.Retry, Code: "service-unavailable", Message: "the endpoint answered 503 Service Unavailable"}},
		{name: "500", status: 500, retry: "3", want: syncs.Outcome{Verdict: syncs.Unknown, Wait: 3 * time.Second, Code: "internal-server-error", Message: "the endpoint answered 500 Internal Server Error"}},
		{name: "words", status: 503, retry: "soon", want: syncs.Outcome{Verdict: syncs.Retry, Code: "service-unavailable", Message: "the endpoint answered 503 Service Unavailable"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := webhook.Default()
			if test.indexed {
				c.Results = webhook.Indexed
			}
			resp := &syncs.Response{Status: test.status, Header: http.Header{}, Body: []byte(test.body), ReceivedAt: at}
			if test.retry != "" {
				resp.Header.Set("Retry-After", test.retry)
			}
			if diff := cmp.Diff(test.want, webhook.New(c).Decode(req, resp)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever the values hold, the body is JSON that says the same.
func FuzzEncode(f *testing.F) {
	f.Add("a@b.c", "x\x00\u2028\xff\"\\", 1.5)
	d := harness(f).Destination
	f.Fuzz(func(t *testing.T, key, text string, number float64) {
		chunk := synctest.Chunk([]syncs.Op{{Kind: syncs.Upsert, Key: key, Values: []any{text, nil, number, nil, nil, nil, nil, []any{text}}}})
		requests, rejections := d.Encode(chunk)
		if len(requests)+len(rejections) != 1 {
			t.Fatalf("%d requests and %d rejections", len(requests), len(rejections))
		}
		if len(rejections) == 1 {
			return
		}
		var body struct {
			Operations []struct {
				Key    string
				Fields struct {
					Email  string
					Score  float64
					Topics []string
				}
			}
		}
		if err := json.Unmarshal(requests[0].HTTP.Body, &body); err != nil {
			t.Fatal(err)
		}
		valid := func(s string) string {
			var b strings.Builder
			for _, r := range s {
				b.WriteRune(r) // A bad byte ranges as U+FFFD.
			}
			return b.String()
		}
		op := body.Operations[0]
		if op.Key != valid(key) || op.Fields.Email != valid(text) || op.Fields.Topics[0] != valid(text) || op.Fields.Score != number {
			t.Errorf("got %+v", op)
		}
	})
}
