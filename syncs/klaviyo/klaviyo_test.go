package klaviyo_test

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
	"github.com/customhouse-cdp/customhouse/syncs/klaviyo"
	"github.com/customhouse-cdp/customhouse/syncs/klaviyo/klaviyotest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest/openapi"
)

func open(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	c := klaviyo.Default()
	c.AllowPrivate = true
	var err error
	if c.BaseURL, err = secret.NewTemplate(url); err != nil {
		tb.Fatal(err)
	}
	if c.APIKey, err = secret.NewRef("${env:KEY}"); err != nil {
		tb.Fatal(err)
	}
	return klaviyo.New(c)
}

var trial = synctest.Trial{Fake: func() synctest.Fake { return klaviyotest.New() }, Open: open}

// person is a row of profiles.
var person = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "profiles", Key: "external_id", Fields: []syncs.Field{
		{Name: "external_id", Type: syncs.String},
		{Name: "email", Type: syncs.String},
		{Name: "first_name", Type: syncs.String},
		{Name: "location.city", Path: []string{"location", "city"}, Type: syncs.String},
		{Name: "properties.spent", Path: []string{"properties", "spent"}, Type: syncs.Decimal},
		{Name: "properties.topics", Path: []string{"properties", "topics"}, Type: syncs.List, SkipNull: true},
	}},
	Row: func(r *rand.Rand, i int) []any {
		row := []any{
			fmt.Sprintf("customer-%d", i), fmt.Sprintf("Jane+%d@Example.com", i), []string{"Zoë", "日本"}[r.IntN(2)],
			[]string{"Paris", "Köln"}[r.IntN(2)], fmt.Sprintf("%d.50", r.IntN(900)), []any{"sport", "culture"}[:1+r.IntN(2)],
		}
		for at := 2; at < len(row); at++ {
			if r.IntN(5) == 0 {
				row[at] = nil
			}
		}
		return row
	},
}

var member = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "list/LIST7", Key: "email", Fields: []syncs.Field{{Name: "email", Type: syncs.String}}},
	Row:    func(_ *rand.Rand, i int) []any { return []any{fmt.Sprintf("Jane+%d@Example.com", i)} },
}

var visited = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "event/Visited page", Key: "unique_id", Fields: []syncs.Field{
		{Name: "unique_id", Type: syncs.String},
		{Name: "external_id", Type: syncs.String},
		{Name: "email", Type: syncs.String},
		{Name: "time", Type: syncs.Timestamp},
		{Name: "value", Type: syncs.Decimal},
		{Name: "value_currency", Type: syncs.String, SkipNull: true},
		{Name: "properties.page", Path: []string{"properties", "page"}, Type: syncs.String, SkipNull: true},
	}},
	Row: func(r *rand.Rand, i int) []any {
		row := []any{fmt.Sprintf("visit-%d", i), nil, fmt.Sprintf("jane%d@example.com", i), time.Unix(r.Int64N(1.7e9), 0).UTC(), "12.50", nil, nil}
		if r.IntN(2) == 0 {
			row[1], row[5], row[6] = fmt.Sprintf("customer-%d", i), "EUR", "/home"
		}
		return row
	},
}

func harness(tb testing.TB) synctest.Harness {
	tb.Helper()
	return synctest.Harness{
		Destination: open(tb, "https://a.klaviyo.com"), SecretHeaders: []string{"Authorization"},
		Samples: []synctest.Sample{person, visited, member},
		Handles: []syncs.Handle{
			`{"step":"wait","id":"job-1"}`, `{"step":"read","id":"job-1","failed":1}`,
			`{"step":"read","id":"job-1","failed":1,"page":"after2"}`, `{"step":"remove","profiles":["P1"]}`,
		},
	}
}

func TestContract(t *testing.T) { synctest.Run(t, harness(t)) }

func FuzzDecode(f *testing.F) { synctest.FuzzDecode(f, harness(f)) }

func contents(f synctest.Fake) klaviyotest.Contents {
	return f.Contents().(klaviyotest.Contents) //nolint:forcetypeassert // it says so
}

// documented is a trial whose requests are held against Klaviyo's documents.
func documented(t *testing.T) synctest.Trial {
	t.Helper()
	docs := openapi.Open(t, "klaviyo/profiles.json", "klaviyo/lists.json", "klaviyo/events.json", "klaviyo/data_privacy.json")
	return synctest.Trial{Fake: func() synctest.Fake {
		p := klaviyotest.New()
		p.Slow = 2
		return docs.Watch(t, p)
	}, Open: open}
}

func TestMirrorProfiles(t *testing.T) {
	m := synctest.Mirror{
		// Profiles are not taken away: who left has empty fields.
		Trial: documented(t), Sample: person, Bring: syncs.Upsert, Leave: syncs.Clear,
		Wanted: func(values []any) (key, value string) {
			name, _ := values[2].(string)
			spent, _ := values[4].(string)
			return fmt.Sprint(values[0]), name + " " + spent
		},
		Held: func(f synctest.Fake) map[string]string {
			held := map[string]string{}
			for _, p := range contents(f).Profiles {
				id, _ := p.Attributes["external_id"].(string)
				name, _ := p.Attributes["first_name"].(string)
				properties, _ := p.Attributes["properties"].(map[string]any)
				spent, _ := properties["spent"].(json.Number)
				if _, there := p.Attributes["email"]; there {
					held[id] = name + " " + spent.String()
				} else if name != "" || spent != "" {
					t.Errorf("%s left, and has values", id)
				}
			}
			return held
		},
	}
	m.Run(t)
	m.Erase(t, "email")
}

func TestMirrorList(t *testing.T) {
	synctest.Mirror{
		Trial: documented(t), Sample: member, Bring: syncs.Add, Leave: syncs.Remove,
		Wanted: func(values []any) (key, value string) { return strings.ToLower(fmt.Sprint(values[0])), "" },
		Held: func(f synctest.Fake) map[string]string {
			held, by := map[string]string{}, map[string]string{}
			all := contents(f)
			for _, p := range all.Profiles {
				email, _ := p.Attributes["email"].(string)
				by[p.ID] = strings.ToLower(email)
			}
			for _, id := range all.Lists["LIST7"] {
				held[by[id]] = ""
			}
			return held
		},
	}.Run(t)
}

// TestBody: what is sent, to the byte.
func TestBody(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)
	const whole = `{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[`
	for _, test := range []struct {
		name   string
		schema syncs.Schema
		op     syncs.Op
		want   string
	}{
		{
			"a profile", person.Schema,
			syncs.Op{Kind: syncs.Upsert, Key: "7", Values: []any{"7", "a@b.c", nil, "Paris", "1.50", nil}},
			"POST /api/profile-bulk-import-jobs " + whole +
				`{"type":"profile","attributes":{"external_id":"7","email":"a@b.c","first_name":null,"location":{"city":"Paris"},"properties":{"spent":1.50}}}]}}}}`,
		},
		{
			"cleared", person.Schema,
			syncs.Op{Kind: syncs.Clear, Key: "7"},
			"POST /api/profile-bulk-import-jobs " + whole +
				`{"type":"profile","attributes":{"external_id":"7","email":null,"first_name":null,"location":{"city":null},"properties":{"spent":null,"topics":null}}}]}}}}`,
		},
		{
			"a member", member.Schema,
			syncs.Op{Kind: syncs.Add, Key: "a@b.c", Values: []any{"a@b.c"}},
			"POST /api/profile-bulk-import-jobs " + whole +
				`{"type":"profile","attributes":{"email":"a@b.c"}}]}},"relationships":{"lists":{"data":[{"type":"list","id":"LIST7"}]}}}}`,
		},
		{
			"by Klaviyo's id",
			syncs.Schema{Object: "list/LIST7", Key: "id", Fields: []syncs.Field{{Name: "id", Type: syncs.String}}},
			syncs.Op{Kind: syncs.Add, Key: "P1", Values: []any{"P1"}},
			"POST /api/profile-bulk-import-jobs " + whole +
				`{"type":"profile","id":"P1","attributes":{}}]}},"relationships":{"lists":{"data":[{"type":"list","id":"LIST7"}]}}}}`,
		},
		{
			"no member", member.Schema,
			syncs.Op{Kind: syncs.Remove, Key: `a"b@c.d`},
			`GET /api/profiles?fields%5Bprofile%5D=email%2Cphone_number%2Cexternal_id&filter=any%28email%2C%5B%22a%5C%22b%40c.d%22%5D%29&page%5Bsize%5D=100 `,
		},
		{
			"an event", visited.Schema,
			syncs.Op{Kind: syncs.Append, Key: "v1", Values: []any{"v1", " ", "a@b.c", at, "1.50", nil, nil}},
			`POST /api/event-bulk-create-jobs {"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[` +
				`{"type":"event-bulk-create","attributes":{"profile":{"data":{"type":"profile","attributes":{"email":"a@b.c"}}},"events":{"data":[` +
				`{"type":"event","attributes":{"unique_id":"v1","time":"2026-11-22T01:02:03Z","value":1.50,"properties":{},"metric":{"data":{"type":"metric","attributes":{"name":"Visited page"}}}}}]}}}]}}}}`,
		},
		{
			"erased",
			syncs.Schema{Object: "profiles", Key: "email"},
			syncs.Op{Kind: syncs.Erase, Key: "a@b.c"},
			`POST /api/data-privacy-deletion-jobs {"data":{"type":"data-privacy-deletion-job","attributes":{"profile":{"data":{"type":"profile","attributes":{"email":"a@b.c"}}}}}}`,
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
			got := []string{
				h.Method + " " + strings.TrimPrefix(h.URL, "https://a.klaviyo.com") + " " + string(h.Body),
				h.Header.Get("Authorization"), h.Header.Get("Revision"),
			}
			if diff := cmp.Diff([]string{test.want, "Klaviyo-API-Key " + synctest.Canary, klaviyo.Version.Name}, got); diff != "" {
				t.Error(diff)
			}
			if len(h.Body) > 0 && !json.Valid(h.Body) {
				t.Error("the body is not JSON")
			}
		})
	}
}

// TestRefused: the rows that an import has errors of, over many pages, and no
// others.
func TestRefused(t *testing.T) {
	fake := klaviyotest.New()
	fake.Poison, fake.PageSize, fake.Slow = map[string]bool{"topics": true}, 3, 3
	list := person.Ops(syncs.Upsert, 300)
	want := map[string]string{}
	for i := range list {
		list[i].Values[5] = nil
		if i%20 == 7 {
			list[i].Values[5] = []any{"x"}
			want[list[i].Key] = "invalid: Klaviyo refused the row: Invalid input. (topics)"
		}
	}
	list[1].Values[1] = "jane"
	want[list[1].Key] = "invalid: Klaviyo refused the row: Invalid input. (email)"
	list[2].Key = " "
	want[" "] = "no-identifier: the row has nothing that a profile can be found by"
	_, refused, err := trial.Deliver(t, fake, person.Schema, list)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for key, r := range refused {
		got[key] = r.Code + ": " + r.Message
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(contents(fake).Profiles); n != 300-len(want) {
		t.Errorf("%d profiles are there, want %d", n, 300-len(want))
	}
}

// TestEvents: an event is there once, however often it was sent.
func TestEvents(t *testing.T) {
	fake := klaviyotest.New()
	faulty := &synctest.Faulty{Fake: fake, Faults: func(n int, _ *http.Request) synctest.Fault {
		if n < 3 {
			return synctest.ResetAfter
		}
		return synctest.None
	}}
	if _, refused, err := trial.Deliver(t, faulty, visited.Schema, visited.Ops(syncs.Append, 50)); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	if n := len(contents(fake).Events); n != 50 {
		t.Errorf("%d events are there, want 50", n)
	}
}

// TestErase: by what a person is known by.
func TestErase(t *testing.T) {
	fake := klaviyotest.New()
	if _, _, err := trial.Deliver(t, fake, person.Schema, person.Ops(syncs.Upsert, 2)); err != nil {
		t.Fatal(err)
	}
	erasure := syncs.Schema{Sync: "erasure", Object: "profiles", Key: "email", Fields: []syncs.Field{{Name: "email", Type: syncs.String}}}
	if _, refused, err := trial.Deliver(t, fake, erasure, []syncs.Op{{Kind: syncs.Erase, Key: "jane+0@example.com"}, {Kind: syncs.Erase, Key: "nobody@example.com"}}); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	if all := contents(fake); len(all.Profiles) != 1 || len(all.Deleted) != 1 {
		t.Errorf("%+v", all)
	}
}

// TestNoList: a list that is not there is said of each row.
func TestNoList(t *testing.T) {
	for _, kind := range []syncs.Kind{syncs.Add, syncs.Remove} {
		fake := klaviyotest.New()
		if _, _, err := trial.Deliver(t, fake, person.Schema, person.Ops(syncs.Upsert, 2)); err != nil {
			t.Fatal(err)
		}
		schema := member.Schema
		schema.Object = "list/NONE"
		_, refused, err := trial.Deliver(t, fake, schema, member.Ops(kind, 2))
		if err == nil && len(refused) != 2 {
			t.Errorf("%v: nothing was said: %v", kind, refused)
		}
	}
}

// TestProbe: what an operator is told.
func TestProbe(t *testing.T) {
	d := open(t, "").(syncs.Prober) //nolint:forcetypeassert // it is one
	for _, test := range []struct {
		status  int
		body    string
		verdict syncs.Verdict
		message string
	}{
		{200, `{"data":[]}`, syncs.Rows, "the key is accepted"},
		{403, `{"errors":[{"code":"permission_denied","title":"You do not have permission."}]}`, syncs.Fatal, "profiles:write"},
		{401, `{"errors":[{"code":"not_authenticated"}]}`, syncs.Fatal, "private key"},
		{200, `<html>`, syncs.Unknown, "no list"},
	} {
		out := d.DecodeProbe(syncs.Question{}, &syncs.Response{Status: test.status, Body: []byte(test.body)})
		if out.Verdict != test.verdict || !strings.Contains(out.Message, test.message) {
			t.Errorf("%d %s: %+v", test.status, test.body, out)
		}
	}
}
