package meta_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
	"github.com/customhouse-cdp/customhouse/syncs/meta"
	"github.com/customhouse-cdp/customhouse/syncs/meta/metatest"
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

// open makes the destination of a platform at an address; change may be nil.
func open(tb testing.TB, url string, change func(*meta.Config)) syncs.Destination {
	tb.Helper()
	base, err := secret.NewTemplate(url)
	if err != nil {
		tb.Fatal(err)
	}
	c := meta.Default()
	c.AccessToken, c.AppSecret = ref(tb, "${env:META_TOKEN}"), ref(tb, "${env:META_SECRET}")
	c.Region = "FR"
	c.BaseURL, c.AllowPrivate = base, true
	if change != nil {
		change(c)
	}
	return meta.New(c)
}

func trial(change func(*meta.Config)) synctest.Trial {
	return synctest.Trial{
		Fake: func() synctest.Fake {
			p := metatest.New()
			p.Proof = true
			return p
		},
		Open: func(tb testing.TB, url string) syncs.Destination { tb.Helper(); return open(tb, url, change) },
	}
}

func field(name string, t syncs.Type) syncs.Field { return syncs.Field{Name: name, Type: t} }

// members are people by a number of ours, and whatever else is known.
var members = synctest.Sample{
	Schema: syncs.Schema{Sync: "vips_to_meta", Object: "audience/" + metatest.Audience, Key: "external_id", Fields: []syncs.Field{
		field("external_id", syncs.String), field("email", syncs.String), field("phone", syncs.String), field("first_name", syncs.String),
		field("zip", syncs.String), field("country", syncs.String), field("birth_year", syncs.Int), field("value", syncs.Float),
	}},
	Row: func(r *rand.Rand, i int) []any {
		row := []any{
			fmt.Sprintf("customer-%d", i), fmt.Sprintf("Jane.%d@Example.com", r.IntN(1000)), fmt.Sprintf("06 12 34 %02d %02d", i%100, r.IntN(100)), "Élodie",
			"94035-1234", "FR", int64(1950 + r.IntN(50)), float64(r.IntN(1000)) / 4,
		}
		for _, at := range []int{1, 2, 3, 4} {
			if r.IntN(4) == 0 {
				row[at] = nil
			}
		}
		return row
	},
}

var events = synctest.Sample{
	Schema: syncs.Schema{Sync: "orders_to_meta", Object: "events/" + metatest.Dataset, Key: "event_id", Fields: []syncs.Field{
		field("event_id", syncs.String), field("event_name", syncs.String), field("event_time", syncs.Timestamp), field("action_source", syncs.String),
		field("email", syncs.String), field("client_user_agent", syncs.String), field("birthday", syncs.Date),
		{Name: "custom_data.value", Path: []string{"custom_data", "value"}, Type: syncs.Float},
		{Name: "custom_data.currency", Path: []string{"custom_data", "currency"}, Type: syncs.String},
	}},
	Row: func(r *rand.Rand, i int) []any {
		return []any{
			fmt.Sprintf("order-%d", i), "Purchase", time.Date(2026, 11, 20, 1, 2, 3, 0, time.UTC).Add(time.Duration(i) * time.Second), "website",
			fmt.Sprintf("jane%d@example.com", r.IntN(1000)), "Mozilla/5.0", time.Date(1990, 12, 31, 0, 0, 0, 0, time.UTC), 12.5, "EUR",
		}
	},
}

func harness(tb testing.TB) synctest.Harness {
	tb.Helper()
	return synctest.Harness{
		Destination:   open(tb, "https://graph.example.com", nil),
		SecretHeaders: []string{"Authorization"},
		Samples:       []synctest.Sample{members, events},
	}
}

func TestContract(t *testing.T) { synctest.Run(t, harness(t)) }

func FuzzDecode(f *testing.F) { synctest.FuzzDecode(f, harness(f)) }

func TestVectors(t *testing.T) { synctest.Vectors(t, "testdata/vectors.json", meta.Rules) }

// TestMirror: what the platform holds of each is what there is.
func TestMirror(t *testing.T) { mirror(nil).Run(t) }

// TestReplacement: what somebody else put there goes, and a replacement that was
// not ended changes nothing.
func TestReplacement(t *testing.T) {
	m := mirror(func(c *meta.Config) { c.Replace = meta.Always })
	m.Replacing = true
	m.Hold = func(f synctest.Fake) {
		f.(*metatest.Platform).Hold(metatest.Audience, metatest.Member{"EMAIL": sha("stranger@example.com")})
	}
	m.Run(t)
}

func mirror(change func(*meta.Config)) synctest.Mirror {
	return synctest.Mirror{
		Trial: trial(change), Sample: members, Bring: syncs.Add, Leave: syncs.Remove,
		Wanted: func(values []any) (string, string) { return "EXTERN_ID:" + values[0].(string), entry(values) },
		Held: func(f synctest.Fake) map[string]string {
			held := map[string]string{}
			for key, m := range f.(*metatest.Platform).Members(metatest.Audience) {
				held[key] = m["EXTERN_ID"] + " " + strconv.FormatBool(m["EMAIL"] != "") + " " + m["LOOKALIKE_VALUE"]
			}
			return held
		},
	}
}

// entry is what of a row can be seen at the platform without hashing it.
func entry(values []any) string {
	worth, err := json.Marshal(values[7])
	if err != nil {
		panic(err)
	}
	return fmt.Sprint(values[0], " ", values[1] != nil, " ", string(worth))
}

// sha is the digest that Meta wants of a text.
func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// request is what of one is compared.
type request struct{ Method, URL, Body string }

func spelled(requests []syncs.Request) []request {
	var list []request
	for _, r := range requests {
		list = append(list, request{r.HTTP.Method, r.HTTP.URL, string(r.HTTP.Body)})
	}
	return list
}

func unsigned(c *meta.Config) { c.AppSecret = secret.Ref{} }

// TestMembers: the spelling of those who are added, and of those who leave.
func TestMembers(t *testing.T) {
	d := open(t, "https://graph.example.com", unsigned)
	chunk := synctest.Chunk([]syncs.Op{
		{Kind: syncs.Add, Key: "1", Values: []any{"1", " Jane@Example.com", nil, "Élodie", "94035-1234", "FR", int64(1990), 2.5}},
		{Kind: syncs.Remove, Key: "2"},
		{Kind: syncs.Add, Key: " ", Values: []any{" ", "nobody", "", nil, "75015", "FR", int64(1990), 1.0}},
		{Kind: syncs.Add, Key: "4", Values: []any{"4", nil, nil, nil, nil, nil, nil, -1.0}},
		{Kind: syncs.Add, Key: `5"`, Values: []any{`5"`, nil, "06 12 34 56 78", nil, nil, nil, nil, int64(7)}},
	})
	chunk.Schema = members.Schema
	requests, rejections := d.Encode(chunk)
	want := []request{
		{http.MethodPost, "https://graph.example.com/v25.0/456/users", `{"payload":{"schema":["EXTERN_ID","EMAIL","PHONE","FN","DOBY","ZIP","COUNTRY","LOOKALIKE_VALUE"],"data":[` +
			`["1","` + sha("jane@example.com") + `","","` + sha("élodie") + `","` + sha("1990") + `","` + sha("94035") + `","` + sha("fr") + `",2.5],` +
			`["5\"","","` + sha("33612345678") + `","","","","",7]]}}`},
		{http.MethodDelete, "https://graph.example.com/v25.0/456/users", `{"payload":{"schema":["EXTERN_ID"],"data":[["2"]]}}`},
	}
	if diff := cmp.Diff(want, spelled(requests)); diff != "" {
		t.Error(diff)
	}
	var refused []string
	for _, r := range rejections {
		refused = append(refused, fmt.Sprint(r.Op, " ", r.Code))
	}
	if diff := cmp.Diff([]string{"2 no-identifier", "3 bad-value"}, refused); diff != "" {
		t.Error(diff)
	}
	counts := []syncs.Values{}
	for _, v := range requests[0].Values {
		if v.Field == "email" {
			counts = append(counts, v)
		}
	}
	if diff := cmp.Diff([]syncs.Values{
		{Field: "email", Fate: syncs.Normalised, Count: 1},
		{Field: "email", Fate: syncs.Dropped, Reason: identify.NoEmail, Count: 1},
		{Field: "email", Fate: syncs.Dropped, Reason: identify.Empty, Count: 2},
	}, counts); diff != "" {
		t.Error(diff)
	}
}

// TestProof: requests are signed with the app's secret and the time.
func TestProof(t *testing.T) {
	chunk := synctest.Chunk([]syncs.Op{{Kind: syncs.Remove, Key: "2"}})
	chunk.Schema = members.Schema
	requests, _ := open(t, "https://graph.example.com", nil).Encode(chunk)
	seconds := chunk.SentAt.Unix()
	want := fmt.Sprintf(`{"payload":{"schema":["EXTERN_ID"],"data":[["2"]]},"appsecret_proof":"%s","appsecret_time":%d}`,
		meta.Proof(synctest.Canary, synctest.Canary, chunk.SentAt), seconds)
	if diff := cmp.Diff(want, string(requests[0].HTTP.Body)); diff != "" {
		t.Error(diff)
	}
	// echo -n 'token|1795309323' | openssl dgst -sha256 -hmac secret
	if got, want := meta.Proof("secret", "token", time.Unix(1795309323, 0)), "9121a791be5d5ef1b25bbd3f228cfc5659d898da2c634f68a691f703310a58ca"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestEvents: the spelling of an event.
func TestEvents(t *testing.T) {
	d := open(t, "https://graph.example.com", func(c *meta.Config) { unsigned(c); c.TestEventCode = "TEST1" })
	at := time.Date(2026, 11, 20, 1, 2, 3, 0, time.UTC)
	chunk := synctest.Chunk([]syncs.Op{
		{Kind: syncs.Append, Key: "1", Values: []any{"1", "Purchase", at, "website", "Jane@Example.com", "Mozilla/5.0", time.Date(1990, 12, 31, 0, 0, 0, 0, time.UTC), 12.5, nil}},
		{Kind: syncs.Append, Key: "2", Values: []any{"2", "Purchase", at, "website", "jane@example.com", nil, nil, nil, nil}},
		{Kind: syncs.Append, Key: "3", Values: []any{"3", nil, at, "website", "jane@example.com", nil, nil, nil, nil}},
		{Kind: syncs.Append, Key: "4", Values: []any{"4", "Lead", nil, "website", "jane@example.com", nil, nil, nil, nil}},
		{Kind: syncs.Append, Key: "5", Values: []any{"5", "Lead", at, "shop", "jane@example.com", nil, nil, nil, nil}},
		{Kind: syncs.Append, Key: "6", Values: []any{"6", "Lead", at, "app", "jane", "Mozilla/5.0", nil, nil, nil}},
		{Kind: syncs.Append, Key: "7", Values: []any{"7", "Lead", at, "email", "jane@example.com", nil, nil, nil, "EUR"}},
	})
	chunk.Schema = events.Schema
	requests, rejections := d.Encode(chunk)
	want := []request{{http.MethodPost, "https://graph.example.com/v25.0/789/events", `{"data":[` +
		`{"event_name":"Purchase","event_time":1795136523,"event_id":"1","action_source":"website","user_data":{"em":["` + sha("jane@example.com") + `"],"db":["` + sha("19901231") +
		`"],"client_user_agent":"Mozilla/5.0"},"custom_data":{"value":12.5}},` +
		`{"event_name":"Lead","event_time":1795136523,"event_id":"7","action_source":"email","user_data":{"em":["` + sha("jane@example.com") + `"]},"custom_data":{"currency":"EUR"}}` +
		`],"test_event_code":"TEST1"}`}}
	if diff := cmp.Diff(want, spelled(requests)); diff != "" {
		t.Error(diff)
	}
	var refused []string
	for _, r := range rejections {
		refused = append(refused, fmt.Sprint(r.Op, " ", r.Code))
	}
	if diff := cmp.Diff([]string{"1 no-user-agent", "2 no-event-name", "3 no-event-time", "4 bad-action-source", "5 no-identifier"}, refused); diff != "" {
		t.Error(diff)
	}
}

// TestEventsArrive: each is there once, however often its answer was lost.
func TestEventsArrive(t *testing.T) {
	tr := trial(nil)
	fake := metatest.New()
	r := rand.New(rand.NewPCG(1, 1))
	ops := make([]syncs.Op, 2500)
	for i := range ops {
		ops[i] = events.Op(syncs.Append, r, i)
	}
	faulty := &synctest.Faulty{Fake: fake, Faults: func(n int, _ *http.Request) synctest.Fault {
		return []synctest.Fault{synctest.None, synctest.ErrorAfter, synctest.ResetAfter, synctest.TooMany, synctest.HalfJSON}[n%5]
	}}
	report, refused, err := tr.Deliver(t, faulty, events.Schema, ops)
	if err != nil || len(refused) > 0 || report.Accepted != int64(len(ops)) || len(fake.Events(metatest.Dataset)) != len(ops) {
		t.Errorf("%+v %v %v, %d events at the platform", report, refused, err, len(fake.Events(metatest.Dataset)))
	}
}

// TestInvalidEntries: what Meta only counts is counted, and makes the sync degraded.
func TestInvalidEntries(t *testing.T) {
	fake := metatest.New()
	fake.Invalid = func(m map[string]string) bool { return strings.HasSuffix(m["EXTERN_ID"], "3") }
	r := rand.New(rand.NewPCG(1, 1))
	ops := make([]syncs.Op, 40)
	for i := range ops {
		ops[i] = members.Op(syncs.Add, r, i)
	}
	report, _, err := trial(nil).Deliver(t, fake, members.Schema, ops)
	if err != nil || report.Accepted != 40 || report.Unnamed != 4 || report.Status != deliver.Degraded {
		t.Errorf("%+v %v", report, err)
	}
}

// TestErrors: what each of Meta's errors means.
func TestErrors(t *testing.T) {
	d := open(t, "https://graph.example.com", nil)
	chunk := synctest.Chunk([]syncs.Op{{Kind: syncs.Remove, Key: "1"}, {Kind: syncs.Remove, Key: "2"}})
	chunk.Schema = members.Schema
	requests, _ := d.Encode(chunk)
	graph := func(code, subcode int) string {
		return fmt.Sprintf(`{"error":{"message":"m","code":%d,"error_subcode":%d,"error_user_msg":"u"}}`, code, subcode)
	}
	header := http.Header{"X-Business-Use-Case-Usage": {`{"123":[{"type":"custom_audience","call_count":100,"estimated_time_to_regain_access":7}]}`}}
	type outcome struct {
		Verdict   syncs.Verdict
		Code      string
		Throttled bool
		Wait      time.Duration
	}
	for _, test := range []struct {
		name   string
		status int
		body   string
		want   outcome
	}{
		{"a token that has expired", 401, graph(190, 463), outcome{Verdict: syncs.Fatal, Code: "190/463"}},
		{"a permission", 403, graph(200, 0), outcome{Verdict: syncs.Fatal, Code: "200"}},
		{"a permission of the object", 400, graph(294, 0), outcome{Verdict: syncs.Fatal, Code: "294"}},
		{"terms", 400, graph(2655, 0), outcome{Verdict: syncs.Fatal, Code: "2655"}},
		{"no such audience", 400, graph(100, 33), outcome{Verdict: syncs.Fatal, Code: "100/33"}},
		{"a flagged audience", 400, graph(100, 1713230), outcome{Verdict: syncs.Fatal, Code: "100/1713230"}},
		{"an audience that was deleted", 400, graph(100, 1487366), outcome{Verdict: syncs.Fatal, Code: "100/1487366"}},
		{"a parameter", 400, graph(100, 0), outcome{Verdict: syncs.Split, Code: "100"}},
		{"the rate of the account", 429, graph(80003, 2446079), outcome{syncs.Retry, "80003/2446079", true, 7 * time.Minute}},
		{"the rate of the user, with 400", 400, graph(17, 0), outcome{syncs.Retry, "17", true, 7 * time.Minute}},
		{"the rate of the application", 403, graph(4, 0), outcome{syncs.Retry, "4", true, 7 * time.Minute}},
		{"an update that failed", 400, graph(2650, 0), outcome{Verdict: syncs.Unknown, Code: "2650"}},
		{"a fault of Meta's", 500, graph(1, 0), outcome{Verdict: syncs.Unknown, Code: "1"}},
		{"a page of HTML with 400", 400, "<html>", outcome{Verdict: syncs.Unknown, Code: "http-400"}},
		{"an error with 200", 200, graph(100, 0), outcome{Verdict: syncs.Split, Code: "100"}},
		{"a rate without a body", 429, "", outcome{syncs.Retry, "http-429", true, 7 * time.Minute}},
		{"another number", 200, `{"num_received":1,"num_invalid_entries":0}`, outcome{Verdict: syncs.Unknown, Code: "unreadable-answer"}},
		{"more that are invalid than there are", 200, `{"num_received":2,"num_invalid_entries":3}`, outcome{Verdict: syncs.Unknown, Code: "unreadable-answer"}},
		{"taken", 200, `{"num_received":2,"num_invalid_entries":0}`, outcome{Verdict: syncs.Rows}},
	} {
		out := d.Decode(requests[0], &syncs.Response{Status: test.status, Header: header, Body: []byte(test.body)})
		if diff := cmp.Diff(test.want, outcome{out.Verdict, out.Code, out.Throttled, out.Wait}); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestConfig: what is wrong is found at its place.
func TestConfig(t *testing.T) {
	synctest.Configs(t, meta.Default, "access_token: '${env:META_TOKEN}'\n", map[string]string{
		"replace: first":              "",
		"replace: sometimes":          "2:10 bad-choice",
		"hashing: md5":                "2:10 bad-choice",
		"region: fr":                  "2:9 bad-region",
		"region: XX":                  "2:9 bad-region",
		"action_source: shop":         "2:16 bad-choice",
		"action_source: website":      "",
		"base_url: ftp://example.com": "2:11 bad-url",
	})
}

// TestProbe asks the platform what a delivery needs.
func TestProbe(t *testing.T) {
	d := open(t, "https://graph.example.com", nil).(syncs.Prober)
	q := syncs.Question{Secrets: synctest.Secrets, SentAt: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
	flagged := `{"id":"456","operation_status":{"code":471,"description":"flagged"}}`
	for _, test := range []struct {
		object, body string
		want         syncs.Verdict
	}{
		{"", "", syncs.Rows}, {"audience/456", "", syncs.Rows}, {"events/789", "", syncs.Rows}, {"audience/1", "", syncs.Fatal}, {"audience/456", flagged, syncs.Fatal},
	} {
		q.Object = test.object
		ask := d.EncodeProbe(q)
		req := httptest.NewRequest(ask.Method, ask.URL, http.NoBody)
		req.Header = ask.Header
		w := httptest.NewRecorder()
		fake := metatest.New()
		fake.Proof = true
		if test.body == "" {
			fake.ServeHTTP(w, req)
		} else {
			_, _ = w.WriteString(test.body)
		}
		if out := d.DecodeProbe(q, &syncs.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}); out.Verdict != test.want {
			t.Errorf("%s: %+v", test.object, out)
		}
	}
}
