package webhook_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
	"github.com/customhouse-cdp/customhouse/syncs/webhook/webhooktest"
)

// styles are destinations as projects write them, for the platform of
// webhooktest.
var styles = map[string]string{
	"rest": `
auth: {bearer: '${env:TOKEN}'}
check: {path: /me, headers: {X-Object: '{object}'}}
erase_by: email
requests:
  - for: [upsert, add]
    method: PUT
    path: /people/{key}
    query: {source: '{sync}', run: '{run}'}
    headers: {X-Op: '{op}', X-Customer: '{id}'}
    json: {name: '{fields.name}', visits: '{fields.visits}', vip: '{fields.vip}', topics: '{fields.topics}'}
  - for: [delete, remove]
    method: DELETE
    path: /people/{key}
    response: {absent: {status: 404}}
  - for: append
    method: PUT
    path: /events/{key}
    json: {what: 'visit by {fields.name}'}
    response: {exists: {status: 409}}
  - for: erase
    path: /forget
    json: {by: '{key_name}', value: '{key}'}
    response: {absent: {status: 404}}
response:
  accepted: {path: $.status, is: done}
  code: $.error.code
  message: $.error.text
event_keys: true
`,
	"batch": `
auth: {oauth2: {token_url: '${env:URL}/token', client_id: customhouse, client_secret: '${env:SECRET}', scope: people}}
batch_size: 40
requests:
  - for: upsert
    path: /batch
    json: {source: '{sync}', verb: put, inputs: '{rows}'}
    row: {ref: '{key}', person: {name: '{fields.name}', visits: '{fields.visits}', vip: '{fields.vip}', topics: '{fields.topics}'}}
  - for: delete
    path: /batch
    json: {source: '{sync}', verb: drop, inputs: '{rows}'}
    row: {ref: '{key}'}
response:
  rows:
    path: $.outcome.rows
    by: key
    at: $.ref
    accepted: {path: $.state, is: done}
    absent: {path: $.state, is: unknown}
    code: $.why.code
    message: $.why.text
`,
	"form": `
auth: {basic: {user: shop, password: '${env:PASSWORD}'}}
requests:
  - for: upsert
    path: /form
    form: {do: put, id: '{key}', name: '{fields.name}', topics: '{fields.topics}', visits: '{fields.visits}'}
  - for: delete
    path: /form
    form: {do: drop, id: '{key}'}
response:
  accepted: {path: $.result, is: 0}
  code: $.result
  message: $.text
`,
	"lines": `
query: {api_key: '${env:TOKEN}'}
batch_size: 30
requests:
  - for: upsert
    path: /lines
    ndjson: {id: '{key}', name: '{fields.name}', visits: '{fields.visits}', vip: '{fields.vip}', topics: '{fields.topics}'}
    response: {rows: {path: $.refused, by: index, at: $.line, unlisted: accepted, message: $.text}}
`,
	"xml": `
headers: {Authorization: 'Bearer ${env:TOKEN}'}
requests:
  - for: upsert
    path: /xml
    xml: <people>{rows}</people>
    row: <person id="{key}"><name>{fields.name}</name></person>
`,
	"signed": `
auth: {bearer: '${env:TOKEN}'}
signature: {secret: '${env:SECRET}', algorithm: sha512, encoding: base64, key_encoding: text, of: '{timestamp}.{method}.{path}.{body}', value: 't={timestamp},v1={signature}', header: X-Sig, timestamp_header: X-At, id_header: X-Id}
requests:
  - for: [insert, update, clear]
    method: PATCH
    path: /people/{key}
    headers: {Content-Type: application/merge-patch+json, If-Match: '*'}
    repeatable: false
    json: '{fields}'
`,
	"standard": `
signature: {secret: '${env:SIGNING}', style: standard_webhooks}
requests:
  - for: upsert
    path: /messages
    json: {type: person.changed, at: '{sent_at}', data: '{fields}', id: '{id}', key: '{key}', request: '{idempotency_key}', as_of: '{as_of}', list: '{object_id} of {object}'}
`,
}

// parse reads the keys of a webhook; the findings are as a person sees them.
func parse(tb testing.TB, text string) (*webhook.Config, string) {
	tb.Helper()
	var list diag.List
	report := func(d diag.Diagnostic) { list = append(list, d) }
	n := strict.Parse(&diag.Source{Name: "crm.yml", Text: []byte(text)}, report)
	c := webhook.Default()
	if n.Decode(report, c) {
		c.Check(n, report)
	}
	var b strings.Builder
	diag.Render(&b, list.Sort())
	return c, b.String()
}

func config(tb testing.TB, style string) *webhook.Config {
	tb.Helper()
	c, found := parse(tb, "url: '${env:URL}'\nallow_private: true\n"+styles[style])
	if found != "" {
		tb.Fatal(found)
	}
	return c
}

// secretsAt resolves references for a platform at an address.
func secretsAt(address string) func(secret.Ref) secret.Value {
	return func(r secret.Ref) secret.Value {
		switch r.Text() {
		case "${env:URL}":
			return secret.NewValue(address)
		case "${env:SIGNING}":
			return secret.NewValue(webhooktest.SigningKey)
		}
		return secret.NewValue(synctest.Canary)
	}
}

// trialOf is a style as a Trial has it: the address is in the configuration.
func trialOf(style string) synctest.Trial {
	trial := synctest.Trial{
		Fake:    func() synctest.Fake { return webhooktest.New() },
		Secrets: secretsAt(""),
	}
	trial.Open = func(tb testing.TB, address string) syncs.Destination {
		tb.Helper()
		c, found := parse(tb, "url: "+address+"\nallow_private: true\n"+strings.ReplaceAll(styles[style], "${env:URL}", address))
		if found != "" {
			tb.Fatal(found)
		}
		return webhook.New(c)
	}
	return trial
}

var people = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "people", Key: "email", Fields: []syncs.Field{
		{Name: "email", Type: syncs.String},
		{Name: "name", Type: syncs.String},
		{Name: "visits", Type: syncs.Int, SkipNull: true},
		{Name: "vip", Type: syncs.Bool, SkipNull: true},
		{Name: "topics", Type: syncs.List, SkipNull: true},
	}},
	Row: func(r *rand.Rand, i int) []any {
		names := []any{"Émilie <b>&amp; O'Neil\" \\", "{key} ${env:TOKEN}", "a\r\nb\tc", "日本 語", "x&do=drop&id=1", "../../x?y#z", "]]></name>"}
		row := []any{
			fmt.Sprintf("é+%d/..?#&=%%\"<>@example.com", i), names[r.IntN(len(names))], r.Int64N(90), r.IntN(2) == 0,
			[]any{"sport", "a&b=c"}[:1+r.IntN(2)],
		}
		for at := 2; at < len(row); at++ {
			if r.IntN(4) == 0 {
				row[at] = nil
			}
		}
		return row
	},
}

func TestStyles(t *testing.T) {
	for style := range styles {
		if style == "standard" {
			continue // The key has to be base64, which the suite's is not.
		}
		t.Run(style, func(t *testing.T) { synctest.Run(t, harnessOf(t, style)) })
	}
}

func harnessOf(tb testing.TB, style string) synctest.Harness {
	tb.Helper()
	return synctest.Harness{
		Destination: trialOf(style).Open(tb, "https://crm.example.com"), SecretHeaders: []string{"Authorization"},
		Samples: []synctest.Sample{people}, Settles: []int{http.StatusNotFound, http.StatusConflict},
	}
}

func fuzzStyle(f *testing.F, style string) {
	f.Helper()
	synctest.FuzzDecode(f, harnessOf(f, style))
}

func FuzzDecodeRest(f *testing.F)  { fuzzStyle(f, "rest") }
func FuzzDecodeBatch(f *testing.F) { fuzzStyle(f, "batch") }
func FuzzDecodeLines(f *testing.F) { fuzzStyle(f, "lines") }

func contents(f synctest.Fake) webhooktest.Contents {
	return f.Contents().(webhooktest.Contents) //nolint:forcetypeassert // it says so
}

func TestMirror(t *testing.T) {
	for _, style := range []string{"rest", "batch", "form"} {
		t.Run(style, func(t *testing.T) {
			synctest.Mirror{
				Trial: trialOf(style), Sample: people, Bring: syncs.Upsert, Leave: syncs.Delete, People: 60,
				Wanted: func(values []any) (key, value string) {
					out := []string{fmt.Sprint(values[1])}
					for _, v := range values[2:5] {
						if list, ok := v.([]any); ok {
							v = fmt.Sprint(list...)
						}
						out = append(out, fmt.Sprint(v))
					}
					if style == "form" {
						out[2] = "<nil>" // The form does not have it.
					}
					return fmt.Sprint(values[0]), strings.Join(out, "|")
				},
				Held: func(f synctest.Fake) map[string]string {
					held := map[string]string{}
					for id, p := range contents(f).People {
						visits, vip, topics := "<nil>", "<nil>", "<nil>"
						if p.Visits != nil {
							visits = strconv.FormatInt(*p.Visits, 10)
						}
						if p.Vip != nil {
							vip = strconv.FormatBool(*p.Vip)
						}
						if p.Topics != nil {
							var list []any
							for _, topic := range p.Topics {
								list = append(list, topic)
							}
							topics = fmt.Sprint(list...)
						}
						held[id] = strings.Join([]string{p.Name, visits, vip, topics}, "|")
					}
					return held
				},
			}.Run(t)
		})
	}
}

func upsertsOf(keys ...string) []syncs.Op {
	var out []syncs.Op
	for i, key := range keys {
		out = append(out, syncs.Op{Kind: syncs.Upsert, Key: key, EntityID: int64(i + 1), Fingerprint: "f", Values: []any{key, "Ada", int64(3), nil, nil}})
	}
	return out
}

// TestRefusedRows: a server that answers 200 with an error inside has not taken
// the row, in whatever style it says so; the others are there.
func TestRefusedRows(t *testing.T) {
	for style, want := range map[string]string{
		"rest":  "not_welcome: the endpoint answered 200 OK: we do not want [redacted]",
		"batch": "not_welcome: we do not want [redacted]",
		"form":  "7: the endpoint answered 200 OK: we do not want [redacted]",
		"lines": "rejected: refused",
	} {
		t.Run(style, func(t *testing.T) {
			fake := webhooktest.New()
			report, refused, err := trialOf(style).Deliver(t, fake, people.Schema, upsertsOf("a@b.c", "poison@example.com", "d@e.f"))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for key, r := range refused {
				got[key] = r.Code + ": " + r.Message
			}
			if diff := cmp.Diff(map[string]string{"poison@example.com": want}, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"a@b.c", "d@e.f"}, slices.Sorted(maps.Keys(contents(fake).People))); diff != "" || report.Accepted != 2 {
				t.Errorf("%d accepted\n%s", report.Accepted, diff)
			}
		})
	}
}

// TestXML: values in XML are text and nothing else.
func TestXML(t *testing.T) {
	fake := webhooktest.New()
	list := upsertsOf(`a"/><x y='1'>`, "b&amp;")
	list[0].Values[1] = "</name></person><person id='evil'>"
	if _, refused, err := trialOf("xml").Deliver(t, fake, people.Schema, list); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	want := map[string]webhooktest.Person{`a"/><x y='1'>`: {Name: "</name></person><person id='evil'>"}, "b&amp;": {Name: "Ada"}}
	if diff := cmp.Diff(want, contents(fake).People); diff != "" {
		t.Error(diff)
	}
}

// TestStandardWebhooks: the receiver verifies each message, and takes one that is
// sent again for the same.
func TestStandardWebhooks(t *testing.T) {
	fake := webhooktest.New()
	faulty := &synctest.Faulty{Fake: fake, Faults: func(n int, _ *http.Request) synctest.Fault {
		return []synctest.Fault{synctest.ResetAfter, synctest.ErrorAfter, synctest.None, synctest.None, synctest.None, synctest.None}[n-1]
	}}
	if _, refused, err := trialOf("standard").Deliver(t, faulty, people.Schema, upsertsOf("a@b.c", "d@e.f")); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	if n := len(contents(fake).Messages); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
}

// TestEventsAndErasure: an event that is known exists, and a person that is
// erased is gone.
func TestEventsAndErasure(t *testing.T) {
	fake := webhooktest.New()
	list := upsertsOf("e1", "e2")
	for i := range list {
		list[i].Kind = syncs.Append
	}
	for range 2 {
		if report, refused, err := trialOf("rest").Deliver(t, fake, people.Schema, list); err != nil || len(refused) > 0 || report.Status != deliver.OK {
			t.Fatal(report, refused, err)
		}
	}
	if diff := cmp.Diff(map[string]string{"e1": "visit by Ada", "e2": "visit by Ada"}, contents(fake).Events); diff != "" {
		t.Error(diff)
	}
	if _, _, err := trialOf("rest").Deliver(t, fake, people.Schema, upsertsOf("a@b.c")); err != nil {
		t.Fatal(err)
	}
	erasure := syncs.Schema{Sync: "erasure", Object: "people", Key: "email", Fields: []syncs.Field{{Name: "email", Type: syncs.String}}}
	if _, refused, err := trialOf("rest").Deliver(t, fake, erasure, []syncs.Op{{Kind: syncs.Erase, Key: "a@b.c"}, {Kind: syncs.Erase, Key: "nobody@b.c"}}); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	if got := contents(fake); len(got.People) != 0 || !slices.Equal(got.Forgot, []string{"a@b.c"}) {
		t.Errorf("%+v", got)
	}
}

// TestRefresh: a token that expires in mid-run is asked for anew.
func TestRefresh(t *testing.T) {
	fake := webhooktest.New()
	// The last of five requests finds it expired. Were there fewer uses, requests under
	// way at once could use up the next token before who asked for it.
	fake.Tokens.Uses = 4
	var keys []string
	for i := range 200 {
		keys = append(keys, fmt.Sprintf("p%d@b.c", i))
	}
	report, refused, err := trialOf("batch").Deliver(t, fake, people.Schema, upsertsOf(keys...))
	if err != nil || len(refused) > 0 || report.Accepted != 200 || fake.Tokens.Issued() != 2 {
		t.Errorf("%+v %v %v, %d tokens", report, refused, err, fake.Tokens.Issued())
	}
}

// TestSpelling: what is sent, to the byte.
func TestSpelling(t *testing.T) {
	row := []any{"a/b?c#d@e.f", "O'Neil & \"Söhne\"", int64(3), nil, []any{"x", "y&z"}}
	for _, test := range []struct {
		style string
		kind  syncs.Kind
		want  string
	}{
		{"rest", syncs.Upsert, `PUT https://crm/people/a%2Fb%3Fc%23d%40e.f?source=s&run=run-1 X-Op: upsert, X-Customer: 7 {"name":"O'Neil & \"Söhne\"","visits":3,"topics":["x","y&z"]}`},
		{"rest", syncs.Delete, `DELETE https://crm/people/a%2Fb%3Fc%23d%40e.f `},
		{"rest", syncs.Append, `PUT https://crm/events/a%2Fb%3Fc%23d%40e.f {"what":"visit by O'Neil & \"Söhne\""}`},
		{"batch", syncs.Upsert, `POST https://crm/batch {"source":"s","verb":"put","inputs":[{"ref":"a/b?c#d@e.f","person":{"name":"O'Neil & \"Söhne\"","visits":3,"topics":["x","y&z"]}}]}`},
		{"form", syncs.Upsert, `POST https://crm/form do=put&id=a%2Fb%3Fc%23d%40e.f&name=O%27Neil%20%26%20%22S%C3%B6hne%22&topics=x&topics=y%26z&visits=3`},
		{"lines", syncs.Upsert, `POST https://crm/lines?api_key=` + synctest.Canary + ` {"id":"a/b?c#d@e.f","name":"O'Neil & \"Söhne\"","visits":3,"topics":["x","y&z"]}` + "\n"},
		{"xml", syncs.Upsert, `POST https://crm/xml <people><person id="a/b?c#d@e.f"><name>O&#39;Neil &amp; &#34;Söhne&#34;</name></person></people>`},
		{"standard", syncs.Upsert, `POST https://crm/messages {"type":"person.changed","at":"2026-11-22T01:02:03Z","data":{"email":"a/b?c#d@e.f","name":"O'Neil & \"Söhne\"","visits":3,"topics":["x","y&z"]},"id":7,"key":"a/b?c#d@e.f","request":"REQUEST","as_of":"2026-11-21T00:00:00Z","list":"7 of list/7"}`},
	} {
		t.Run(test.style+" "+test.kind.String(), func(t *testing.T) {
			op := syncs.Op{Kind: test.kind, Key: "a/b?c#d@e.f", EntityID: 7, Fingerprint: "f"}
			if !test.kind.Leaves() {
				op.Values = row
			}
			chunk := synctest.Chunk([]syncs.Op{op})
			chunk.Schema, chunk.Secrets, chunk.AsOf = people.Schema, secretsAt("https://crm"), time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
			if test.style == "standard" {
				chunk.Schema.Object = "list/7"
			}
			requests, rejections := webhook.New(config(t, test.style)).Encode(chunk)
			if len(requests) != 1 || len(rejections) > 0 {
				t.Fatal(requests, rejections)
			}
			r := requests[0].HTTP
			got := r.Method + " " + r.URL + " "
			if op := r.Header.Get("X-Op"); op != "" {
				got += "X-Op: " + op + ", X-Customer: " + r.Header.Get("X-Customer") + " "
			}
			got += strings.ReplaceAll(string(r.Body), r.Header.Get(webhook.IdempotencyKey), "REQUEST")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if _, err := url.Parse(r.URL); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestUnfit: rows whose values would make another request of it are not sent.
func TestUnfit(t *testing.T) {
	c, found := parse(t, `
url: https://crm.example.com
requests:
  - for: upsert
    path: /people/{key}/{fields.name}
    headers: {X-Name: '{fields.city}'}
`)
	if found != "" {
		t.Fatal(found)
	}
	schema := syncs.Schema{Sync: "s", Object: "people", Key: "email", Fields: []syncs.Field{
		{Name: "email", Type: syncs.String}, {Name: "name", Type: syncs.String}, {Name: "city", Type: syncs.String},
	}}
	for _, test := range []struct {
		key, name, city any
		want            string
	}{
		{"a", "b", "Paris", ""},
		{"a", "b", nil, ""},
		{"a", "", "Paris", "empty-in-path {fields.name}: has no value, and stands in the path"},
		{"a", nil, "Paris", "empty-in-path {fields.name}: has no value, and stands in the path"},
		{"", "b", "Paris", "empty-in-path {key}: has no value, and stands in the path"},
		{"..", "b", "Paris", "dots-in-path its values make the path lead elsewhere"},
		{"a", ".", "Paris", "dots-in-path its values make the path lead elsewhere"},
		{"a", "b", "x\r\nX-Admin: 1", "bad-header-value {fields.city}: a header cannot hold its value, which has a line break or control character"},
		{"a", "b", "x\x00", "bad-header-value {fields.city}: a header cannot hold its value, which has a line break or control character"},
	} {
		chunk := synctest.Chunk([]syncs.Op{{Kind: syncs.Upsert, Key: fmt.Sprint(test.key), Values: []any{test.key, test.name, test.city}}})
		chunk.Schema = schema
		requests, rejections := webhook.New(c).Encode(chunk)
		got := ""
		if len(rejections) > 0 {
			got = rejections[0].Code + " " + rejections[0].Message
		}
		if got != test.want || len(requests)+len(rejections) != 1 {
			t.Errorf("%q %q %q: %q, want %q", test.key, test.name, test.city, got, test.want)
		}
	}
}
