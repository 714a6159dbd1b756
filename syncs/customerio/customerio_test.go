package customerio_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/customerio"
	"github.com/customhouse-cdp/customhouse/syncs/customerio/customeriotest"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

func open(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	c := customerio.Default()
	var err error
	if c.BaseURL, err = secret.NewTemplate(url); err != nil {
		tb.Fatal(err)
	}
	if c.SiteID, err = secret.NewRef("${env:SITE}"); err != nil {
		tb.Fatal(err)
	}
	if c.APIKey, err = secret.NewRef("${env:KEY}"); err != nil {
		tb.Fatal(err)
	}
	c.AllowPrivate = true
	return customerio.New(c)
}

var trial = synctest.Trial{Fake: func() synctest.Fake { return customeriotest.New() }, Open: open}

var person = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "people", Key: "id", Fields: []syncs.Field{
		{Name: "id", Type: syncs.String},
		{Name: "email", Type: syncs.String},
		{Name: "spent", Type: syncs.Decimal},
		{Name: "seen", Type: syncs.Timestamp},
		{Name: "vip", Type: syncs.Bool},
		{Name: "topics", Type: syncs.List},
		{Name: "city", Type: syncs.String, SkipNull: true},
	}},
	Row: func(r *rand.Rand, i int) []any {
		row := []any{
			fmt.Sprintf("customer-%d", i), fmt.Sprintf("émilie+%d@exemple.fr", i), fmt.Sprintf("%d.50", r.IntN(900)),
			time.Unix(r.Int64N(1.7e9), 0).UTC(), r.IntN(2) == 0, []any{"sport", "日本語"}[:1+r.IntN(2)], "Paris",
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
	Schema: syncs.Schema{Sync: "s", Object: "event/visited", Key: "visit", Fields: []syncs.Field{
		{Name: "visit", Type: syncs.String},
		{Name: "id", Type: syncs.String},
		{Name: "email", Type: syncs.String},
		{Name: "timestamp", Type: syncs.Timestamp},
		{Name: "page", Type: syncs.String},
	}},
	Row: func(r *rand.Rand, i int) []any {
		row := []any{fmt.Sprintf("visit-%d", i), nil, fmt.Sprintf("jane%d@example.com", i), time.Unix(r.Int64N(1.7e9), 0).UTC(), "/home"}
		if r.IntN(2) == 0 {
			row[1] = fmt.Sprintf("customer-%d", i)
		}
		return row
	},
}

var member = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "segment/7", Key: "email", Fields: []syncs.Field{{Name: "email", Type: syncs.String}}},
	Row:    func(_ *rand.Rand, i int) []any { return []any{fmt.Sprintf("jane%d@example.com", i)} },
}

func harness(tb testing.TB) synctest.Harness {
	tb.Helper()
	return synctest.Harness{
		Destination: open(tb, "https://track.customer.io"), SecretHeaders: []string{"Authorization"},
		Samples: []synctest.Sample{person, visited, member},
	}
}

func TestContract(t *testing.T) { synctest.Run(t, harness(t)) }

func FuzzDecode(f *testing.F) { synctest.FuzzDecode(f, harness(f)) }

func contents(f synctest.Fake) customeriotest.Contents {
	return f.Contents().(customeriotest.Contents) //nolint:forcetypeassert // it says so
}

func TestMirrorPeople(t *testing.T) {
	m := synctest.Mirror{
		Trial: trial, Sample: person, Bring: syncs.Upsert, Leave: syncs.Delete,
		Wanted: func(values []any) (key, value string) {
			spent := ""
			if text, ok := values[2].(string); ok {
				spent = strings.TrimSuffix(text, "0")
			}
			seen := ""
			if at, ok := values[3].(time.Time); ok {
				seen = fmt.Sprint(float64(at.Unix()))
			}
			return fmt.Sprint(values[0]), spent + " " + seen
		},
		Held: func(f synctest.Fake) map[string]string {
			held := map[string]string{}
			for _, p := range contents(f).People {
				spent := ""
				if v := p.Attributes["spent"]; v != nil {
					spent = fmt.Sprint(v)
				}
				seen := ""
				if v := p.Attributes["seen"]; v != nil {
					seen = fmt.Sprint(v)
				}
				held[p.Identifiers["id"]] = spent + " " + seen
			}
			return held
		},
	}
	m.Run(t)
	m.Erase(t, "id")
	m.Erase(t, "email")
}

func TestMirrorSegment(t *testing.T) {
	synctest.Mirror{
		Trial: trial, Sample: member, Bring: syncs.Add, Leave: syncs.Remove,
		Wanted: func(values []any) (key, value string) { return "email:" + fmt.Sprint(values[0]), "" },
		Held: func(f synctest.Fake) map[string]string {
			held := map[string]string{}
			for _, who := range contents(f).Segments["7"] {
				held[who] = ""
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
			"a person", person.Schema,
			syncs.Op{Kind: syncs.Upsert, Key: "7", Values: []any{"7", "a@b.c", "1.50", at, true, []any{"x", nil}, nil}},
			"/api/v2/batch",
			`{"batch":[{"type":"person","identifiers":{"id":"7"},"action":"identify","attributes":{"email":"a@b.c","spent":1.50,"seen":1795309323,"vip":true,"topics":["x",null]}}]}`,
		},
		{
			"cleared", person.Schema,
			syncs.Op{Kind: syncs.Clear, Key: "7"},
			"/api/v2/batch",
			`{"batch":[{"type":"person","identifiers":{"id":"7"},"action":"identify","attributes":{"email":null,"spent":null,"seen":null,"vip":null,"topics":null,"city":null}}]}`,
		},
		{
			"deleted", person.Schema,
			syncs.Op{Kind: syncs.Delete, Key: "7"},
			"/api/v2/batch",
			`{"batch":[{"type":"person","identifiers":{"id":"7"},"action":"delete"}]}`,
		},
		{
			"erased",
			syncs.Schema{Object: "people", Key: "email"},
			syncs.Op{Kind: syncs.Erase, Key: "a@b.c"},
			"/api/v2/batch",
			`{"batch":[{"type":"person","identifiers":{"email":"a@b.c"},"action":"suppress"}]}`,
		},
		{
			// The id was made of the time and of SHA-256 by another program.
			"an event", visited.Schema,
			syncs.Op{Kind: syncs.Append, Key: "v1", Values: []any{"v1", " ", "a@b.c", at, "/"}},
			"/api/v2/batch",
			`{"batch":[{"type":"person","identifiers":{"email":"a@b.c"},"action":"event","name":"visited","timestamp":1795309323,"id":"01M80CCH7CCEGEMYP9FK7MZMXW","attributes":{"page":"/"}}]}`,
		},
		{"a member", member.Schema, syncs.Op{Kind: syncs.Remove, Key: "a@b.c"}, "/api/v1/segments/7/remove_customers?id_type=email", `{"ids":["a@b.c"]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			chunk := synctest.Chunk([]syncs.Op{test.op})
			chunk.Schema = test.schema
			requests, refused := open(t, "https://track.customer.io").Encode(chunk)
			if len(requests) != 1 || len(refused) != 0 {
				t.Fatalf("%d requests, %v", len(requests), refused)
			}
			got := string(requests[0].HTTP.Body)
			if diff := cmp.Diff([]string{"https://track.customer.io" + test.path, test.want}, []string{requests[0].HTTP.URL, got}); diff != "" {
				t.Error(diff)
			}
			want := "Basic " + base64.StdEncoding.EncodeToString([]byte(synctest.Canary+":"+synctest.Canary))
			if got := requests[0].HTTP.Header.Get("Authorization"); got != want {
				t.Errorf("Authorization is %q", got)
			}
		})
	}
}

// TestRefused: rows that the platform refuses, or would, and no others.
func TestRefused(t *testing.T) {
	fake := customeriotest.New()
	fake.Poison = map[string]bool{"vip": true}
	list := person.Ops(syncs.Upsert, 6)
	for i := range list {
		list[i].Values[4] = nil
	}
	schema := person.Schema
	schema.Fields = append([]syncs.Field{}, schema.Fields...)
	schema.Fields[4].SkipNull = true
	list[1].Values[4] = true
	list[3].Values[1] = strings.Repeat("é", 501)
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
		"customer-1": "invalid: Customer.io refused the row: invalid (vip)",
		"customer-3": "too-long: the field email takes more than the 1000 bytes that Customer.io permits",
		" ":          "no-identifier: the row has nothing that a person can be found by",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(contents(fake).People); n != 3 {
		t.Errorf("%d people are there, want 3", n)
	}
}

// TestEvents: an event whose answer was lost is there once.
func TestEvents(t *testing.T) {
	fake := customeriotest.New()
	faulty := &synctest.Faulty{Fake: fake, Faults: func(n int, _ *http.Request) synctest.Fault {
		if n < 4 {
			return []synctest.Fault{synctest.ResetAfter, synctest.ErrorAfter, synctest.Truncated}[n-1]
		}
		return synctest.None
	}}
	report, refused, err := trial.Deliver(t, faulty, visited.Schema, visited.Ops(syncs.Append, 20))
	if err != nil || len(refused) > 0 || report.Status != deliver.OK {
		t.Fatalf("%+v, %v, %v", report, refused, err)
	}
	if n := len(contents(fake).Events); n != 20 {
		t.Errorf("%d events are there, want 20", n)
	}
}

// TestErase: who was erased is gone, and does not come back.
func TestErase(t *testing.T) {
	fake := customeriotest.New()
	people := person.Ops(syncs.Upsert, 2)
	if _, _, err := trial.Deliver(t, fake, person.Schema, people); err != nil {
		t.Fatal(err)
	}
	erasure := syncs.Schema{Sync: "erasure", Object: "people", Key: "id", Fields: []syncs.Field{{Name: "id", Type: syncs.String}}}
	if _, refused, err := trial.Deliver(t, fake, erasure, []syncs.Op{{Kind: syncs.Erase, Key: people[0].Key}}); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	if _, _, err := trial.Deliver(t, fake, person.Schema, people); err != nil {
		t.Fatal(err)
	}
	got := contents(fake)
	if len(got.People) != 1 || got.People[0].Identifiers["id"] != people[1].Key {
		t.Errorf("%+v are there", got.People)
	}
}

// TestProbe: what an operator is told.
func TestProbe(t *testing.T) {
	d := open(t, "https://track.customer.io").(syncs.Prober) //nolint:forcetypeassert // it is one
	for _, test := range []struct {
		status  int
		body    string
		verdict syncs.Verdict
		message string
	}{
		{200, `{"url":"track.customer.io","data_center":"us","environment_id":1}`, syncs.Rows, "the workspace is in the region us"},
		{200, `{"data_center":"eu"}`, syncs.Fatal, "the account is in the region eu: set region to that"},
		{401, `{"meta":{"error":"unauthorized"}}`, syncs.Fatal, "the credentials are not accepted; make a pair for the Track API in Customer.io under Settings, API Credentials, and see that region is the account's"},
		{200, `<html>`, syncs.Unknown, "the platform answered with something else than the region of the account"},
	} {
		out := d.DecodeProbe(syncs.Question{}, &syncs.Response{Status: test.status, Body: []byte(test.body)})
		if diff := cmp.Diff([]any{test.verdict, test.message}, []any{out.Verdict, out.Message}); diff != "" {
			t.Errorf("%d %s: %s", test.status, test.body, diff)
		}
	}
}
