package iterable_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/iterable"
	"github.com/customhouse-cdp/customhouse/syncs/iterable/iterabletest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest/openapi"
)

func open(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	c := iterable.Default()
	c.AllowPrivate = true
	var err error
	if c.BaseURL, err = secret.NewTemplate(url); err != nil {
		tb.Fatal(err)
	}
	if c.APIKey, err = secret.NewRef("${env:KEY}"); err != nil {
		tb.Fatal(err)
	}
	return iterable.New(c)
}

var trial = synctest.Trial{Fake: func() synctest.Fake { return iterabletest.New() }, Open: open}

// user is a row of users, by what they are known by.
func user(key string) synctest.Sample {
	return synctest.Sample{
		Schema: syncs.Schema{Sync: "s", Object: "users", Key: key, Fields: []syncs.Field{
			{Name: key, Type: syncs.String},
			{Name: "spent", Type: syncs.Decimal},
			{Name: "seen", Type: syncs.Timestamp},
			{Name: "vip", Type: syncs.Bool},
			{Name: "topics", Type: syncs.List},
			{Name: "home.city", Path: []string{"home", "city"}, Type: syncs.String},
			{Name: "name", Type: syncs.String, SkipNull: true},
		}},
		Row: func(r *rand.Rand, i int) []any {
			row := []any{
				who(key, i), fmt.Sprintf("%d.50", r.IntN(900)), time.Unix(r.Int64N(1.7e9), 0).UTC(), r.IntN(2) == 0,
				[]any{"sport", "日本語"}[:1+r.IntN(2)], []string{"Paris", "Köln"}[r.IntN(2)], "Zoë",
			}
			for at := 1; at < len(row); at++ {
				if r.IntN(5) == 0 {
					row[at] = nil
				}
			}
			return row
		},
	}
}

func who(key string, i int) string {
	if key == "email" {
		return fmt.Sprintf("Jane+%d@Example.com", i)
	}
	return fmt.Sprintf("customer/%d", i)
}

var visited = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "event/visited", Key: "id", Fields: []syncs.Field{
		{Name: "id", Type: syncs.String},
		{Name: "userId", Type: syncs.String},
		{Name: "email", Type: syncs.String},
		{Name: "createdAt", Type: syncs.Timestamp},
		{Name: "dataFields.page", Path: []string{"dataFields", "page"}, Type: syncs.String},
	}},
	Row: func(r *rand.Rand, i int) []any {
		row := []any{fmt.Sprintf("visit-%d", i), nil, who("email", i), time.Unix(r.Int64N(1.7e9), 0).UTC(), "/home"}
		if r.IntN(2) == 0 {
			row[1] = who("userId", i)
		}
		return row
	},
}

func member(key string) synctest.Sample {
	return synctest.Sample{
		Schema: syncs.Schema{Sync: "s", Object: "list/7", Key: key, Fields: []syncs.Field{{Name: key, Type: syncs.String}}},
		Row:    func(_ *rand.Rand, i int) []any { return []any{who(key, i)} },
	}
}

func harness(tb testing.TB) synctest.Harness {
	tb.Helper()
	return synctest.Harness{
		Destination: open(tb, "https://api.iterable.com"), SecretHeaders: []string{"Api-Key"},
		Samples: []synctest.Sample{user("email"), user("userId"), member("email"), visited},
	}
}

func TestContract(t *testing.T) { synctest.Run(t, harness(t)) }

func FuzzDecode(f *testing.F) { synctest.FuzzDecode(f, harness(f)) }

func contents(f synctest.Fake) iterabletest.Contents {
	return f.Contents().(iterabletest.Contents) //nolint:forcetypeassert // it says so
}

// documented is a trial whose requests are held against Iterable's document.
func documented(t *testing.T) synctest.Trial {
	t.Helper()
	docs := openapi.Open(t, "iterable/swagger.json")
	return synctest.Trial{Fake: func() synctest.Fake { return docs.Watch(t, iterabletest.New()) }, Open: open}
}

func TestMirrorUsers(t *testing.T) {
	for _, key := range []string{"email", "userId"} {
		t.Run(key, func(t *testing.T) {
			m := synctest.Mirror{
				Trial: documented(t), Sample: user(key), Bring: syncs.Upsert, Leave: syncs.Delete,
				Wanted: func(values []any) (string, string) {
					spent, _ := values[1].(string)
					city, _ := values[5].(string)
					return held(key, values[0]), spent + " " + city
				},
				Held: func(f synctest.Fake) map[string]string {
					out := map[string]string{}
					for name, fields := range contents(f).Users {
						spent, _ := fields["spent"].(json.Number)
						home, _ := fields["home"].(map[string]any)
						city, _ := home["city"].(string)
						out[name] = spent.String() + " " + city
					}
					return out
				},
			}
			m.Run(t)
			m.Erase(t, key)
		})
	}
}

// held is how the fake knows somebody.
func held(key string, value any) string {
	if key == "email" {
		return "email:" + strings.ToLower(fmt.Sprint(value))
	}
	return key + ":" + fmt.Sprint(value)
}

func TestMirrorList(t *testing.T) {
	for _, key := range []string{"email", "userId"} {
		t.Run(key, func(t *testing.T) {
			synctest.Mirror{
				Trial: documented(t), Sample: member(key), Bring: syncs.Add, Leave: syncs.Remove,
				Wanted: func(values []any) (string, string) { return held(key, values[0]), "" },
				Held: func(f synctest.Fake) map[string]string {
					out := map[string]string{}
					for _, name := range contents(f).Lists[7] {
						out[name] = ""
					}
					return out
				},
			}.Run(t)
		})
	}
}

// TestBody: what is sent, to the byte.
func TestBody(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)
	for _, test := range []struct {
		name   string
		schema syncs.Schema
		op     syncs.Op
		want   string
	}{
		{
			"a user", user("userId").Schema,
			syncs.Op{Kind: syncs.Upsert, Key: "7", Values: []any{"7", "1.50", at, true, []any{"x"}, nil, nil}},
			`POST /api/users/bulkUpdate {"users":[{"userId":"7","preferUserId":true,"mergeNestedObjects":true,"dataFields":{"spent":1.50,"seen":"2026-11-22T01:02:03Z","vip":true,"topics":["x"],"home":{"city":null}}}]}`,
		},
		{
			"cleared", user("email").Schema,
			syncs.Op{Kind: syncs.Clear, Key: "a@b.c"},
			`POST /api/users/bulkUpdate {"users":[{"email":"a@b.c","mergeNestedObjects":true,"dataFields":{"spent":null,"seen":null,"vip":null,"topics":null,"home":{"city":null},"name":null}}]}`,
		},
		{"deleted", user("email").Schema, syncs.Op{Kind: syncs.Delete, Key: "a/b@c.d"}, `DELETE /api/users/a%2Fb@c.d `},
		{"deleted by userId", user("userId").Schema, syncs.Op{Kind: syncs.Delete, Key: "7 8"}, `DELETE /api/users/byUserId/7%208 `},
		{"forgotten", syncs.Schema{Object: "users", Key: "email"}, syncs.Op{Kind: syncs.Erase, Key: "a@b.c"}, `POST /api/users/forget {"email":"a@b.c"}`},
		{"a member", member("userId").Schema, syncs.Op{Kind: syncs.Add, Key: "7"}, `POST /api/lists/subscribe {"listId":7,"subscribers":[{"userId":"7","preferUserId":true}]}`},
		{"no member", member("email").Schema, syncs.Op{Kind: syncs.Remove, Key: "a@b.c"}, `POST /api/lists/unsubscribe {"listId":7,"subscribers":[{"email":"a@b.c"}]}`},
		{
			"an event", visited.Schema,
			syncs.Op{Kind: syncs.Append, Key: "v1", Values: []any{"v1", "", "a@b.c", at, "/"}},
			`POST /api/events/trackBulk {"events":[{"email":"a@b.c","eventName":"visited","id":"v1","createdAt":1795309323,"dataFields":{"page":"/"}}]}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			chunk := synctest.Chunk([]syncs.Op{test.op})
			chunk.Schema = test.schema
			requests, refused := open(t, "").Encode(chunk)
			if len(requests) != 1 || len(refused) != 0 {
				t.Fatalf("%d requests, %v", len(requests), refused)
			}
			h := requests[0].HTTP
			got := h.Method + " " + strings.TrimPrefix(h.URL, "https://api.iterable.com") + " " + string(h.Body)
			if diff := cmp.Diff([]any{test.want, synctest.Canary, true}, []any{got, h.Header.Get("Api-Key"), requests[0].Idempotent}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRefused: rows that the platform refuses, and no others.
func TestRefused(t *testing.T) {
	fake := iterabletest.New()
	s := user("email")
	list := s.Ops(syncs.Upsert, 30)
	if _, refused, err := trial.Deliver(t, fake, s.Schema, list[:1]); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	erasure := syncs.Schema{Sync: "erasure", Object: "users", Key: "email", Fields: []syncs.Field{{Name: "email", Type: syncs.String}}}
	if _, refused, err := trial.Deliver(t, fake, erasure, []syncs.Op{{Kind: syncs.Erase, Key: list[0].Key}}); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	list[3].Values[3], list[4].Values[3] = true, "yes"
	list[5].Key, list[6].Key = " ", "jane"
	_, refused, err := trial.Deliver(t, fake, s.Schema, list)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for key, r := range refused {
		got[key] = r.Code + ": " + r.Message
	}
	want := map[string]string{
		list[0].Key: "forgotten: Iterable refused the row: the user was forgotten, and cannot be added again",
		list[4].Key: "invalid-data: Iterable refused the row: a field has a value of another type than before",
		" ":         "no-identifier: the row has nothing that a user can be found by",
		"jane":      "invalid: Iterable refused the row: Iterable takes it for no e-mail address or userId",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEvents: an event is there once, however often it was sent, and the refusal
// of one is not that of another by the same person.
func TestEvents(t *testing.T) {
	fake := iterabletest.New()
	faulty := &synctest.Faulty{Fake: fake, Faults: func(n int, _ *http.Request) synctest.Fault {
		if n < 3 {
			return synctest.ResetAfter
		}
		return synctest.None
	}}
	list := visited.Ops(syncs.Append, 20)
	for i := range list {
		list[i].Values[1], list[i].Values[2] = nil, "jane@example.com"
	}
	list[7].Values[2] = "nobody"
	_, refused, err := trial.Deliver(t, faulty, visited.Schema, list)
	if err != nil || len(refused) != 1 || refused["visit-7"].Code != "invalid" {
		t.Fatalf("%v, %v", refused, err)
	}
	if n := len(contents(fake).Events); n != 19 {
		t.Errorf("%d events are there, want 19", n)
	}
	t.Run("not allowed", func(t *testing.T) {
		fake.Disallowed = map[string]bool{"visited": true}
		if _, _, err := trial.Deliver(t, fake, visited.Schema, list[:1]); err == nil || !strings.Contains(err.Error(), "does not take events of this name") {
			t.Errorf("got %v", err)
		}
	})
}

// TestAnswers are those that a status alone does not explain.
func TestAnswers(t *testing.T) {
	d := open(t, "")
	chunk := synctest.Chunk(user("email").Ops(syncs.Upsert, 3))
	chunk.Schema = user("email").Schema
	requests, _ := d.Encode(chunk)
	for _, test := range []struct {
		status  int
		body    string
		verdict syncs.Verdict
		refused []int
	}{
		{200, `{"successCount":3,"failCount":0}`, syncs.Rows, nil},
		{200, `{"successCount":2,"failCount":1,"failedUpdates":{"invalidEmails":["JANE+1@example.COM"]}}`, syncs.Rows, []int{1}},
		{200, `{"successCount":2,"failCount":1,"failedUpdates":{"anotherReasonEmails":["jane+1@example.com"]}}`, syncs.Rows, []int{1}},
		{200, `{"successCount":2,"failCount":1,"failedUpdates":{}}`, syncs.Unknown, nil},
		{200, `{"successCount":3,"failCount":0,"failedUpdates":{"invalidEmails":["jane+1@example.com"]}}`, syncs.Unknown, nil},
		{200, `{"successCount":2,"failCount":0}`, syncs.Unknown, nil},
		{200, `{"successCount":2,"failCount":1,"failedUpdates":{"invalidEmails":["joe@example.com"]}}`, syncs.Unknown, nil},
		{200, `{"code":"Success","msg":""}`, syncs.Unknown, nil},
		{200, `{"code":"BadParams","msg":""}`, syncs.Split, nil},
		{200, `null`, syncs.Unknown, nil},
		{400, `{"code":"RequestFieldsTypesMismatched"}`, syncs.Split, nil},
		{400, `{"code":"UniqueFieldsLimitExceeded"}`, syncs.Fatal, nil},
		{400, `{"code":"RateLimitExceeded"}`, syncs.Retry, nil},
		{401, `{"code":"BadApiKey"}`, syncs.Fatal, nil},
		{429, ``, syncs.Retry, nil},
	} {
		out := d.Decode(requests[0], &syncs.Response{Status: test.status, Body: []byte(test.body)})
		var refused []int
		for _, r := range out.Rows {
			if !r.Accepted {
				refused = append(refused, r.Op)
			}
		}
		if diff := cmp.Diff([]any{test.verdict, test.refused}, []any{out.Verdict, refused}); diff != "" {
			t.Errorf("%d %s: %s", test.status, test.body, diff)
		}
	}
}

// TestFields: those of users are asked for.
func TestFields(t *testing.T) {
	d := open(t, "").(syncs.Describer) //nolint:forcetypeassert // it is one
	resp := &syncs.Response{Status: 200, Body: []byte(`{"fields":{"spent":"double","vip":"boolean","home":"object"}}`)}
	fields, _, out := d.DecodeFields(syncs.Question{Object: "users"}, resp)
	ids := []syncs.Type{syncs.String, syncs.Int}
	want := []syncs.PlatformField{
		{Name: "email", Types: ids, Unique: true},
		{Name: "home"},
		{Name: "spent", Types: []syncs.Type{syncs.Float, syncs.Decimal, syncs.Int}},
		{Name: "userId", Types: ids, Unique: true},
		{Name: "vip", Types: []syncs.Type{syncs.Bool}},
		{Name: "*"},
	}
	if diff := cmp.Diff(want, fields); diff != "" || out.Verdict != syncs.Rows {
		t.Errorf("%v %s", out, diff)
	}
	if out := d.(syncs.Prober).DecodeProbe(syncs.Question{}, &syncs.Response{Status: 401, Body: []byte(`{"code":"BadApiKey"}`)}); out.Verdict != syncs.Fatal || !strings.Contains(out.Message, "server-side") { //nolint:forcetypeassert // it is one
		t.Errorf("%+v", out)
	}
}
