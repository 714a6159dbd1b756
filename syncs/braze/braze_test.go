package braze_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/braze"
	"github.com/customhouse-cdp/customhouse/syncs/braze/brazetest"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest/openapi"
)

func open(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	c := braze.Default()
	c.Instance, c.AppID, c.AllowPrivate = "fra-01", "shop", true
	var err error
	if c.BaseURL, err = secret.NewTemplate(url); err != nil {
		tb.Fatal(err)
	}
	if c.APIKey, err = secret.NewRef("${env:KEY}"); err != nil {
		tb.Fatal(err)
	}
	return braze.New(c)
}

var trial = synctest.Trial{Fake: func() synctest.Fake { return brazetest.New() }, Open: open}

// user is a row of users.
var user = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "users", Key: "external_id", Fields: []syncs.Field{
		{Name: "external_id", Type: syncs.String},
		{Name: "email", Type: syncs.String},
		{Name: "spent", Type: syncs.Decimal},
		{Name: "dob", Type: syncs.Date},
		{Name: "vip", Type: syncs.Bool},
		{Name: "topics", Type: syncs.List},
		{Name: "home.city", Path: []string{"home", "city"}, Type: syncs.String},
		{Name: "seen", Type: syncs.Timestamp, SkipNull: true},
	}},
	Row: func(r *rand.Rand, i int) []any {
		row := []any{
			fmt.Sprintf("customer-%d", i), fmt.Sprintf("émilie+%d@exemple.fr", i), fmt.Sprintf("%d.50", r.IntN(900)),
			time.Date(1980, 1, 1+r.IntN(28), 0, 0, 0, 0, time.UTC), r.IntN(2) == 0, []any{"sport", "日本語"}[:1+r.IntN(2)],
			[]string{"Paris", "Köln"}[r.IntN(2)], time.Unix(r.Int64N(1.7e9), 0).UTC(),
		}
		for at := 1; at < len(row); at++ {
			if r.IntN(5) == 0 {
				row[at] = nil
			}
		}
		return row
	},
}

var visited = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "event/visited", Key: "properties.visit", Fields: []syncs.Field{
		{Name: "properties.visit", Path: []string{"properties", "visit"}, Type: syncs.String},
		{Name: "external_id", Type: syncs.String},
		{Name: "email", Type: syncs.String},
		{Name: "time", Type: syncs.Timestamp},
	}},
	Row: func(r *rand.Rand, i int) []any {
		row := []any{fmt.Sprintf("visit-%d", i), nil, fmt.Sprintf("jane%d@example.com", i), time.Unix(r.Int64N(1.7e9), 0).UTC()}
		if r.IntN(2) == 0 {
			row[1] = fmt.Sprintf("customer-%d", i)
		}
		return row
	},
}

var bought = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "purchases", Key: "properties.line", Fields: []syncs.Field{
		{Name: "properties.line", Path: []string{"properties", "line"}, Type: syncs.String},
		{Name: "external_id", Type: syncs.String},
		{Name: "time", Type: syncs.Timestamp},
		{Name: "product_id", Type: syncs.String},
		{Name: "currency", Type: syncs.String},
		{Name: "price", Type: syncs.Decimal},
		{Name: "quantity", Type: syncs.Int},
	}},
	Row: func(r *rand.Rand, i int) []any {
		return []any{fmt.Sprintf("line-%d", i), fmt.Sprintf("customer-%d", i), time.Unix(r.Int64N(1.7e9), 0).UTC(), "sku", "EUR", "12.50", 1 + r.Int64N(5)}
	},
}

var member = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "subscription_group/7", Key: "email", Fields: []syncs.Field{{Name: "email", Type: syncs.String}}},
	Row:    func(_ *rand.Rand, i int) []any { return []any{fmt.Sprintf("jane%d@example.com", i)} },
}

func harness(tb testing.TB) synctest.Harness {
	tb.Helper()
	return synctest.Harness{
		Destination: open(tb, "https://rest.fra-01.braze.eu"), SecretHeaders: []string{"Authorization"},
		Samples: []synctest.Sample{user, visited, bought, member},
	}
}

func TestContract(t *testing.T) { synctest.Run(t, harness(t)) }

func FuzzDecode(f *testing.F) { synctest.FuzzDecode(f, harness(f)) }

func contents(f synctest.Fake) brazetest.Contents {
	return f.Contents().(brazetest.Contents) //nolint:forcetypeassert // it says so
}

// documented is a trial whose requests are held against Braze's document.
func documented(t *testing.T) synctest.Trial {
	t.Helper()
	docs := openapi.Open(t, "braze/openapi.json")
	return synctest.Trial{Fake: func() synctest.Fake { return docs.Watch(t, brazetest.New()) }, Open: open}
}

func TestMirrorUsers(t *testing.T) {
	m := synctest.Mirror{
		Trial: documented(t), Sample: user, Bring: syncs.Upsert, Leave: syncs.Delete,
		Wanted: func(values []any) (key, value string) {
			spent, _ := values[2].(string)
			city, _ := values[6].(string)
			return "external_id:" + fmt.Sprint(values[0]), spent + " " + city
		},
		Held: func(f synctest.Fake) map[string]string {
			held := map[string]string{}
			for who, attributes := range contents(f).Users {
				spent, _ := attributes["spent"].(json.Number)
				home, _ := attributes["home"].(map[string]any)
				city, _ := home["city"].(string)
				held[who] = spent.String() + " " + city
			}
			return held
		},
	}
	m.Run(t)
	m.Erase(t, "external_id")
}

func TestMirrorSubscriptions(t *testing.T) {
	synctest.Mirror{
		Trial: documented(t), Sample: member, Bring: syncs.Add, Leave: syncs.Remove,
		Wanted: func(values []any) (key, value string) { return "email:" + fmt.Sprint(values[0]), "" },
		Held: func(f synctest.Fake) map[string]string {
			held := map[string]string{}
			for who, state := range contents(f).Subscriptions["7"] {
				if state == "subscribed" {
					held[who] = ""
				}
			}
			return held
		},
	}.Run(t)
}

// TestBody: what is sent, to the byte.
func TestBody(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 2, 3, 500_000_000, time.UTC)
	for _, test := range []struct {
		name   string
		schema syncs.Schema
		op     syncs.Op
		path   string
		want   string
	}{
		{
			"a user", user.Schema,
			syncs.Op{Kind: syncs.Upsert, Key: "7", Values: []any{"7", "a@b.c", "1.50", at, true, []any{"x"}, nil, nil}},
			"/users/track",
			`{"attributes":[{"external_id":"7","_merge_objects":true,"email":"a@b.c","spent":1.50,"dob":"2026-11-22","vip":true,"topics":["x"],"home":{"city":null}}]}`,
		},
		{
			"cleared", user.Schema,
			syncs.Op{Kind: syncs.Clear, Key: "7"},
			"/users/track",
			`{"attributes":[{"external_id":"7","_merge_objects":true,"email":null,"spent":null,"dob":null,"vip":null,"topics":null,"home":{"city":null},"seen":null}]}`,
		},
		{
			"only a key",
			syncs.Schema{Object: "users", Key: "braze_id", Fields: []syncs.Field{{Name: "braze_id", Type: syncs.String}}},
			syncs.Op{Kind: syncs.Upsert, Key: "7", Values: []any{"7"}},
			"/users/track", `{"attributes":[{"braze_id":"7"}]}`,
		},
		{"deleted", user.Schema, syncs.Op{Kind: syncs.Delete, Key: "7"}, "/users/delete", `{"external_ids":["7"]}`},
		{"erased", syncs.Schema{Object: "users", Key: "braze_id"}, syncs.Op{Kind: syncs.Erase, Key: "7"}, "/users/delete", `{"braze_ids":["7"]}`},
		{
			"an event", visited.Schema,
			syncs.Op{Kind: syncs.Append, Key: "v1", Values: []any{"v1", " ", "a@b.c", at}},
			"/users/track",
			`{"events":[{"email":"a@b.c","name":"visited","app_id":"shop","properties":{"visit":"v1"},"time":"2026-11-22T01:02:03.5Z"}]}`,
		},
		{
			"a purchase", bought.Schema,
			syncs.Op{Kind: syncs.Append, Key: "l1", Values: []any{"l1", "7", at, "sku", "EUR", "12.50", int64(2)}},
			"/users/track",
			`{"purchases":[{"external_id":"7","app_id":"shop","properties":{"line":"l1"},"time":"2026-11-22T01:02:03.5Z","product_id":"sku","currency":"EUR","price":12.50,"quantity":2}]}`,
		},
		{
			"unsubscribed", member.Schema,
			syncs.Op{Kind: syncs.Remove, Key: "a@b.c"},
			"/v2/subscription/status/set",
			`{"subscription_groups":[{"subscription_group_id":"7","subscription_state":"unsubscribed","emails":["a@b.c"]}]}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			chunk := synctest.Chunk([]syncs.Op{test.op})
			chunk.Schema = test.schema
			d := open(t, "")
			requests, refused := d.Encode(chunk)
			if len(requests) != 1 || len(refused) != 0 {
				t.Fatalf("%d requests, %v", len(requests), refused)
			}
			got := []string{requests[0].HTTP.URL, string(requests[0].HTTP.Body), requests[0].HTTP.Header.Get("Authorization")}
			if diff := cmp.Diff([]string{"https://rest.fra-01.braze.eu" + test.path, test.want, "Bearer " + synctest.Canary}, got); diff != "" {
				t.Error(diff)
			}
			if got, want := requests[0].Idempotent, test.op.Kind != syncs.Append; got != want {
				t.Errorf("idempotent is %v", got)
			}
		})
	}
}

// TestRefused: rows that the platform refuses, and no others.
func TestRefused(t *testing.T) {
	fake := brazetest.New()
	fake.Poison = map[string]bool{"vip": true}
	schema := user.Schema
	schema.Fields = append([]syncs.Field{}, schema.Fields...)
	schema.Fields[4].SkipNull = true
	list := user.Ops(syncs.Upsert, 100)
	for i := range list {
		list[i].Values[4] = nil
	}
	list[80].Values[4] = true
	list[4].Key = " "
	_, refused, err := trial.Deliver(t, fake, schema, list)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for key, r := range refused {
		got[key] = r.Code + ": " + r.Message
	}
	want := map[string]string{
		"customer-80": "refused: Braze refused the row: 'vip' cannot be set",
		" ":           "no-identifier: the row has nothing that a user can be found by",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(contents(fake).Users); n != 98 {
		t.Errorf("%d users are there, want 98", n)
	}
}

// TestEvents: Braze takes an event twice, so that one whose answer was lost is not
// sent again.
func TestEvents(t *testing.T) {
	fake := brazetest.New()
	faulty := &synctest.Faulty{Fake: fake, Faults: func(n int, _ *http.Request) synctest.Fault {
		if n == 1 {
			return synctest.ResetAfter
		}
		return synctest.None
	}}
	_, refused, err := trial.Deliver(t, faulty, visited.Schema, visited.Ops(syncs.Append, 150))
	if err != nil || len(refused) != 75 {
		t.Fatalf("%d refused, %v", len(refused), err)
	}
	for _, r := range refused {
		if r.Origin != deliver.Unknown {
			t.Fatalf("%+v", r)
		}
	}
	if n := len(contents(fake).Events); n != 150 {
		t.Errorf("%d events are there, want 150", n)
	}
}

// TestAnswers are those that a status alone does not explain.
func TestAnswers(t *testing.T) {
	d := open(t, "")
	for _, test := range []struct {
		status  int
		body    string
		verdict syncs.Verdict
		refused []int
	}{
		{201, `{"message":"success","attributes_processed":3}`, syncs.Rows, nil},
		{201, `{"message":"success","errors":[{"type":"x","input_array":"attributes","index":1}]}`, syncs.Rows, []int{1}},
		{201, `{"message":"Valid data must be provided"}`, syncs.Split, nil},
		{201, `{"message":"success","errors":[{"type":"x","input_array":"attributes","index":3}]}`, syncs.Unknown, nil},
		{201, `{"message":"success","errors":[{"type":"x"}]}`, syncs.Unknown, nil},
		{201, `{"message":"success","errors":"many"}`, syncs.Unknown, nil},
		{201, `{}`, syncs.Unknown, nil},
		{200, `<html>`, syncs.Unknown, nil},
		{400, `{"message":"x"}`, syncs.Split, nil},
		{401, `{"message":"Invalid API key"}`, syncs.Fatal, nil},
		{429, `{"message":"x"}`, syncs.Retry, nil},
		{500, `{"message":"x"}`, syncs.Unknown, nil},
	} {
		out := d.Decode(syncs.Request{Ops: []int{0, 1, 2}}, &syncs.Response{Status: test.status, Body: []byte(test.body)})
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

func TestProbe(t *testing.T) {
	for status, want := range map[int]syncs.Verdict{400: syncs.Rows, 401: syncs.Fatal, 201: syncs.Unknown, 500: syncs.Unknown} {
		out := open(t, "").(syncs.Prober).DecodeProbe(syncs.Question{}, &syncs.Response{Status: status, Body: []byte(`{"message":"success"}`)}) //nolint:forcetypeassert // it is one
		if out.Verdict != want {
			t.Errorf("%d: %+v", status, out)
		}
	}
}
