package hubspot_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/hubspot"
	"github.com/customhouse-cdp/customhouse/syncs/hubspot/hubspottest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

func ref(tb testing.TB, text string) secret.Ref {
	tb.Helper()
	r, err := secret.NewRef(text)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// config is a private app's.
func config(tb testing.TB, url string) *hubspot.Config {
	tb.Helper()
	base, err := secret.NewTemplate(url)
	if err != nil {
		tb.Fatal(err)
	}
	c := hubspot.Default()
	c.Token, c.BaseURL, c.AllowPrivate = ref(tb, "${env:TOKEN}"), base, true
	return c
}

func open(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	return hubspot.New(config(tb, url))
}

// signedIn is an OAuth app's.
func signedIn(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	c := config(tb, url)
	c.Token = secret.Ref{}
	c.ClientID, c.ClientSecret, c.RefreshToken = ref(tb, "${env:ID}"), ref(tb, "${env:SECRET}"), ref(tb, "${env:REFRESH}")
	return hubspot.New(c)
}

var trial = synctest.Trial{Fake: func() synctest.Fake { return hubspottest.New() }, Open: open}

// address is that of the i-th person, as careless people write it.
func address(i int) string {
	return []string{"jane%d@example.com", "Joe.%d@Example.com", "émilie%d@exemple.fr", "o'brien+%d@example.org"}[i%4]
}

// contact is a row of contacts.
var contact = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "contacts", Key: "email", Fields: []syncs.Field{
		{Name: "email", Type: syncs.String},
		{Name: "firstname", Type: syncs.String},
		{Name: "visits", Type: syncs.Int},
		{Name: "spent", Type: syncs.Decimal},
		{Name: "vip", Type: syncs.Bool},
		{Name: "seen", Type: syncs.Timestamp},
		{Name: "born", Type: syncs.Date},
		{Name: "topics", Type: syncs.List},
		{Name: "country", Type: syncs.String, SkipNull: true},
	}},
	Row: func(r *rand.Rand, i int) []any {
		row := []any{
			fmt.Sprintf(address(i), i), []string{"Élodie", "O'Brien", "=1+1", "日本語"}[r.IntN(4)], r.Int64N(100),
			fmt.Sprintf("%d.%02d", r.IntN(900), r.IntN(100)), r.IntN(2) == 0, time.UnixMilli(r.Int64N(1.8e12)).UTC(),
			time.Unix(r.Int64N(1e9), 0).UTC().Truncate(24 * time.Hour), []any{"sport", "culture"}[:1+r.IntN(2)], "FR",
		}
		for at := 1; at < len(row)-1; at++ {
			if r.IntN(5) == 0 {
				row[at] = nil
			}
		}
		return row
	},
}

// numbered is a row of an object that is known by a number of ours.
func numbered(object string) synctest.Sample {
	return synctest.Sample{
		Schema: syncs.Schema{Sync: "s", Object: object, Key: "customer_id", Fields: []syncs.Field{
			{Name: "visits", Type: syncs.Int}, {Name: "customer_id", Type: syncs.String},
		}},
		Row: func(r *rand.Rand, i int) []any { return []any{r.Int64N(100), fmt.Sprintf("customer-%d", i)} },
	}
}

var member = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "list/7", Key: "email", Fields: []syncs.Field{
		{Name: "email", Type: syncs.String}, {Name: "firstname", Type: syncs.String},
	}},
	Row: func(r *rand.Rand, i int) []any {
		return []any{fmt.Sprintf(address(i), i), []string{"Jane", "Joe"}[r.IntN(2)]}
	},
}

var visited = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "event/pe1_visited", Key: "uuid", Fields: []syncs.Field{
		{Name: "uuid", Path: []string{"uuid"}, Type: syncs.String},
		{Name: "email", Path: []string{"email"}, Type: syncs.String},
		{Name: "occurredAt", Path: []string{"occurredAt"}, Type: syncs.Timestamp},
		{Name: "properties.page", Path: []string{"properties", "page"}, Type: syncs.String},
	}},
	Row: func(r *rand.Rand, i int) []any {
		return []any{fmt.Sprintf("event-%d", i), fmt.Sprintf(address(i), i), time.UnixMilli(r.Int64N(1.8e12)).UTC(), "/home"}
	},
}

func harness(tb testing.TB) synctest.Harness {
	tb.Helper()
	return synctest.Harness{
		Destination: open(tb, "https://api.hubapi.com"), SecretHeaders: []string{"Authorization"},
		Handles: []syncs.Handle{
			`{"do":"add","records":["1","","3","4","5","6","7","8"]}`, `{"do":"remove","records":["1","","3","4","5","6","7","8"]}`,
			`{"do":"archive","records":["1","","3","4","5","6","7","8"]}`,
		},
		Samples: []synctest.Sample{contact, numbered("companies"), numbered("deals"), numbered("pets"), visited, member},
	}
}

func TestContract(t *testing.T) { synctest.Run(t, harness(t)) }

func TestContractOfOAuth(t *testing.T) {
	h := harness(t)
	h.Destination = signedIn(t, "https://api.hubapi.com")
	synctest.Run(t, h)
}

func FuzzDecode(f *testing.F) { synctest.FuzzDecode(f, harness(f)) }

// lower is an address as HubSpot writes it.
func lower(v any) string { return strings.ToLower(fmt.Sprint(v)) }

// TestMirror mirrors contacts and a list for ten days.
func TestMirror(t *testing.T) {
	t.Run("list", func(t *testing.T) {
		synctest.Mirror{
			Trial: trial, Sample: member, Bring: syncs.Add, Leave: syncs.Remove,
			Hold: func(f synctest.Fake) {
				f.(*hubspottest.Platform).Hold("contacts", hubspottest.Record{"email": "stranger@example.com"})
			},
			Wanted: func(values []any) (string, string) { return lower(values[0]), "" },
			Held: func(f synctest.Fake) map[string]string {
				out := map[string]string{}
				for _, address := range f.(*hubspottest.Platform).Members("7") {
					out[address] = ""
				}
				return out
			},
		}.Run(t)
	})
	t.Run("contacts", func(t *testing.T) {
		m := synctest.Mirror{
			Trial: trial, Sample: contact, Bring: syncs.Upsert, Leave: syncs.Archive,
			Wanted: func(values []any) (string, string) { return lower(values[0]), texts(values) },
			Held: func(f synctest.Fake) map[string]string {
				out := map[string]string{}
				for _, r := range f.(*hubspottest.Platform).Records("contacts") {
					delete(r, "hs_object_id")
					out[r["email"]] = spelled(r)
				}
				return out
			},
		}
		m.Run(t)
		m.Erase(t, "email")
	})
}

// texts are the values of a contact as HubSpot is to have them.
func texts(values []any) string {
	r := map[string]string{"email": lower(values[0])}
	for i, v := range values {
		name := contact.Schema.Fields[i].Name
		switch v := v.(type) {
		case nil:
		case time.Time:
			r[name] = v.Format(time.RFC3339Nano)
			if name == "born" {
				r[name] = v.Format(time.DateOnly)
			}
		case []any:
			r[name] = strings.Trim(strings.Join(strings.Fields(strings.Trim(fmt.Sprint(v), "[]")), ";"), ";")
		default:
			if name != "email" {
				r[name] = fmt.Sprint(v)
			}
		}
	}
	return spelled(r)
}

func spelled(r map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		parts = append(parts, name+"="+r[name])
	}
	return strings.Join(parts, " ")
}

// TestRefusals: a record that HubSpot refuses is the only one that is not there.
func TestRefusals(t *testing.T) {
	for name, s := range map[string]synctest.Sample{"contacts": contact, "list": member, "event": visited} {
		t.Run(name, func(t *testing.T) {
			bad := fmt.Sprintf(address(2), 2)
			fake := hubspottest.New()
			fake.Poison = func(r hubspottest.Record) bool { return r["email"] == bad }
			kind := map[string]syncs.Kind{"contacts": syncs.Upsert, "list": syncs.Add, "event": syncs.Append}[name]
			rows := s.Ops(kind, 250)
			report, refused, err := trial.Deliver(t, fake, s.Schema, rows)
			if err != nil {
				t.Fatal(err)
			}
			if report.Accepted != 249 || report.Rejected != 1 || len(refused) != 1 || refused[rows[2].Key].Code == "" {
				t.Errorf("%+v %+v", report, refused)
			}
			there := len(fake.Records("contacts"))
			if name == "event" {
				there = len(fake.Events())
			}
			if there != 249 {
				t.Errorf("%d are there, want 249", there)
			}
		})
	}
}

// TestKinds does each kind of operation to records that are there, and to ones
// that are not.
func TestKinds(t *testing.T) {
	for kind, want := range map[syncs.Kind]struct {
		report deliver.Report
		held   string
	}{
		syncs.Upsert:  {deliver.Report{Accepted: 2, Upserted: 2}, "jane0@example.com=5 joe.1@example.com=5"},
		syncs.Update:  {deliver.Report{Accepted: 1, Upserted: 1, Absent: 1}, "jane0@example.com=5"},
		syncs.Insert:  {deliver.Report{Accepted: 2, Upserted: 1, Exists: 1}, "jane0@example.com=1 joe.1@example.com=5"},
		syncs.Clear:   {deliver.Report{Accepted: 2, Removed: 2}, "jane0@example.com="},
		syncs.Archive: {deliver.Report{Accepted: 2, Removed: 2}, ""},
		syncs.Erase:   {deliver.Report{Accepted: 2, Removed: 2}, ""},
	} {
		t.Run(kind.String(), func(t *testing.T) {
			fake := hubspottest.New()
			fake.Hold("contacts", hubspottest.Record{"email": "jane0@example.com", "visits": "1"})
			schema := syncs.Schema{Sync: "s", Object: "contacts", Key: "email", Fields: []syncs.Field{{Name: "email", Type: syncs.String}, {Name: "visits", Type: syncs.Int}}}
			var rows []syncs.Op
			for i := range 2 {
				key := fmt.Sprintf(address(i), i)
				op := syncs.Op{Kind: kind, Key: key, EntityID: int64(i + 1)}
				if !kind.Leaves() {
					op.Fingerprint, op.Values = "f", []any{key, int64(5)}
				}
				rows = append(rows, op)
			}
			report, refused, err := trial.Deliver(t, fake, schema, rows)
			if err != nil {
				t.Fatalf("%v %v", err, refused)
			}
			var held []string
			for _, r := range fake.Records("contacts") {
				held = append(held, r["email"]+"="+r["visits"])
			}
			slices.Sort(held)
			got := deliver.Report{Accepted: report.Accepted, Upserted: report.Upserted, Absent: report.Absent, Removed: report.Removed, Exists: report.Exists}
			if diff := cmp.Diff(want.report, got); diff != "" || strings.Join(held, " ") != want.held {
				t.Errorf("%s there is %v, want %q; %v", diff, held, want.held, refused)
			}
			if got := fake.Blocked("JOE.1@example.com"); got != (kind == syncs.Erase) {
				t.Errorf("blocked is %t", got)
			}
		})
	}
}

// TestTokens refreshes a token that is good for a few requests: more than there
// are at a time, so that none is refused twice.
func TestTokens(t *testing.T) {
	fake := hubspottest.New()
	fake.Tokens.Uses = 6
	oauth := synctest.Trial{Open: signedIn}
	report, _, err := oauth.Deliver(t, fake, contact.Schema, contact.Ops(syncs.Upsert, 2500))
	if err != nil || report.Accepted != 2500 {
		t.Fatalf("%v %+v", err, report)
	}
	if fake.Tokens.Issued() < 3 || report.Refreshes != int64(fake.Tokens.Issued()) {
		t.Errorf("%d tokens were issued, and %d asked for", fake.Tokens.Issued(), report.Refreshes)
	}
}

// TestStops: what no row can help ends the delivery, and says what to do.
func TestStops(t *testing.T) {
	for name, test := range map[string]struct {
		with   func(*hubspottest.Platform)
		object string
		want   string
	}{
		"scopes": {func(p *hubspottest.Platform) { p.Scopes = []string{"crm.objects.contacts.write"} }, "contacts", "crm.objects.contacts.write"},
		"daily":  {func(p *hubspottest.Platform) { p.Daily = true }, "contacts", "requests of the day"},
		"object": {func(*hubspottest.Platform) {}, "pets", ""},
	} {
		fake := hubspottest.New()
		test.with(fake)
		schema := contact.Schema
		schema.Object = test.object
		report, refused, err := trial.Deliver(t, fake, schema, contact.Ops(syncs.Upsert, 3))
		switch {
		case test.want == "" && (err != nil || report.Rejected != 3 || len(refused) != 3):
			t.Errorf("%s: %v %+v", name, err, report)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || report.Accepted > 0):
			t.Errorf("%s: %v %+v", name, err, report)
		}
	}
}

// TestLists that cannot be filled: the rows stay due.
func TestLists(t *testing.T) {
	for list, want := range map[string]string{"99": "no-list", "8": "validation-error"} {
		schema := member.Schema
		schema.Object = "list/" + list
		report, refused, err := trial.Deliver(t, hubspottest.New(), schema, member.Ops(syncs.Add, 3))
		if err != nil || report.Rejected != 3 {
			t.Errorf("list %s: %v %+v", list, err, report)
		}
		for key, r := range refused {
			if r.Code != want {
				t.Errorf("list %s: %s has the code %s, want %s", list, key, r.Code, want)
			}
		}
	}
	// Who is on no list, or nowhere, is off it.
	fake := hubspottest.New()
	fake.Hold("contacts", hubspottest.Record{"email": fmt.Sprintf(address(0), 0)})
	report, _, err := trial.Deliver(t, fake, member.Schema, member.Ops(syncs.Remove, 3))
	if err != nil || report.Accepted != 3 {
		t.Errorf("%v %+v", err, report)
	}
}

// TestSuspicious: answers of success that cannot be right are not believed.
func TestSuspicious(t *testing.T) {
	d := open(t, "https://api.hubapi.com")
	for kind, bodies := range map[syncs.Kind][]string{
		syncs.Upsert: {
			`{"status":"COMPLETE","results":[],"errors":[]}`, `{"status":"COMPLETE"}`, ``, `{"results":[{"id":"1"}]}`,
			`{"results":[{"id":"1"}],"errors":[{"category":"VALIDATION_ERROR","context":{"objectWriteTraceId":["7"]}}]}`,
			`{"results":[{"id":"1"}],"errors":[{"category":"VALIDATION_ERROR","context":{}}]}`,
			`{"results":[{"id":"1"}],"errors":[{"category":"VALIDATION_ERROR","context":"odd"}]}`,
		},
		syncs.Add: {
			`{"results":[{"id":"1","objectWriteTraceId":"0"}]}`, `{"results":[]}`, `{"results":[{"id":"x","objectWriteTraceId":"0"},{"id":"2","objectWriteTraceId":"1"}]}`,
		},
		syncs.Remove: {`{"results":[]}`, `{"results":[{"id":"1","properties":{"email":"nobody@example.com"}}]}`, `{"results":[{"id":"1","properties":{}}]}`},
	} {
		s := member
		if kind == syncs.Upsert {
			s = contact
		}
		chunk := synctest.Chunk(s.Ops(kind, 2))
		chunk.Schema = s.Schema
		requests, _ := d.Encode(chunk)
		for _, body := range bodies {
			out := d.Decode(requests[0], &syncs.Response{Status: 200, Header: http.Header{}, Body: []byte(body)})
			if out.Verdict != syncs.Unknown {
				t.Errorf("%s answered by %s: verdict %d, want Unknown", kind, body, out.Verdict)
			}
		}
	}
}

// TestEncode spells a contact.
func TestEncode(t *testing.T) {
	chunk := synctest.Chunk([]syncs.Op{{Kind: syncs.Upsert, Key: "Jane@example.com", Fingerprint: "f", Values: []any{
		"Jane@example.com", nil, int64(3), "1.50", true, time.Date(2026, 1, 2, 3, 4, 5, 6e8, time.UTC), time.Date(1980, 1, 2, 0, 0, 0, 0, time.UTC),
		[]any{"sport", "culture"},
		nil,
	}}})
	chunk.Schema = contact.Schema
	requests, rejections := open(t, "https://api.hubapi.com").Encode(chunk)
	if len(requests) != 1 || len(rejections) != 0 {
		t.Fatalf("%d requests, %v", len(requests), rejections)
	}
	const want = `{"inputs":[{"id":"Jane@example.com","idProperty":"email","objectWriteTraceId":"0","properties":{"firstname":"","visits":"3",` +
		`"spent":"1.50","vip":"true","seen":"2026-01-02T03:04:05.6Z","born":"1980-01-02","topics":"sport;culture"}}]}`
	if diff := cmp.Diff(want, string(requests[0].HTTP.Body)); diff != "" {
		t.Error(diff)
	}
	if got := requests[0].HTTP.URL; got != "https://api.hubapi.com/crm/objects/2026-03/contacts/batch/upsert" {
		t.Errorf("it is sent to %s", got)
	}
}

// TestFields reads how HubSpot describes an object.
func TestFields(t *testing.T) {
	d := open(t, "https://api.hubapi.com").(syncs.Describer)
	body, err := json.Marshal(map[string]any{"results": []any{
		map[string]any{"name": "email", "type": "string"},
		map[string]any{"name": "hs_object_id", "type": "number", "modificationMetadata": map[string]any{"readOnlyValue": true}},
		map[string]any{"name": "topics", "type": "enumeration", "fieldType": "checkbox", "options": []any{map[string]any{"value": "a"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got, page, out := d.DecodeFields(syncs.Question{Object: "list/7"}, &syncs.Response{Status: 200, Header: http.Header{}, Body: body})
	want := []syncs.PlatformField{
		{Name: "email", Unique: true},
		{Name: "hs_object_id", Types: []syncs.Type{syncs.Int, syncs.Float, syncs.Decimal}, Unique: true, ReadOnly: true},
		{Name: "topics", Types: []syncs.Type{syncs.String, syncs.Int, syncs.Bool, syncs.List}, Enum: []string{"a"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || page != "" || out.Verdict != syncs.Rows {
		t.Errorf("%s %q %+v", diff, page, out)
	}
}
