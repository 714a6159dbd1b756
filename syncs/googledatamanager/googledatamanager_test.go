package googledatamanager_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	gdm "github.com/customhouse-cdp/customhouse/syncs/googledatamanager"
	fake "github.com/customhouse-cdp/customhouse/syncs/googledatamanager/googledatamanagertest"
	"github.com/customhouse-cdp/customhouse/syncs/identify"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest/openapi"
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
func open(tb testing.TB, url string, change func(*gdm.Config)) syncs.Destination {
	tb.Helper()
	base, err := secret.NewTemplate(url)
	if err != nil {
		tb.Fatal(err)
	}
	c := gdm.Default()
	c.ClientID, c.ClientSecret, c.RefreshToken = ref(tb, "${env:ID}"), ref(tb, "${env:SECRET}"), ref(tb, "${env:REFRESH}")
	c.Account, c.Region = fake.Account, "FR"
	c.BaseURL, c.AllowPrivate = base, true
	if change != nil {
		change(c)
	}
	return gdm.New(c)
}

func trial(change func(*gdm.Config)) synctest.Trial {
	return synctest.Trial{
		Fake: func() synctest.Fake { return fake.New() },
		Open: func(tb testing.TB, url string) syncs.Destination { tb.Helper(); return open(tb, url, change) },
	}
}

func field(name string, t syncs.Type) syncs.Field { return syncs.Field{Name: name, Type: t} }

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

var people = synctest.Sample{
	Schema: syncs.Schema{Sync: "vips_to_google", Object: "audience/" + fake.Audience, Key: "email", Fields: []syncs.Field{
		field("email", syncs.String), field("ad_user_data", syncs.Bool),
	}, Consents: []string{"ad_user_data"}},
	Row: func(r *mathrand.Rand, i int) []any {
		return []any{fmt.Sprintf(" Jane.%d+%d@GMail.com", i, i%7), []any{true, false, nil}[r.IntN(3)]}
	},
}

var phones = synctest.Sample{
	Schema: syncs.Schema{Sync: "phones_to_google", Object: "audience/" + fake.Audience, Key: "phone", Fields: []syncs.Field{
		field("phone", syncs.String), field("first_name", syncs.String), field("last_name", syncs.String), field("zip", syncs.String), field("country", syncs.String),
	}},
	Row: func(r *mathrand.Rand, i int) []any {
		return []any{fmt.Sprintf("06 12 34 %02d %02d", i/100, i%100), "Élodie", "O'Brien", []any{"75015", nil}[r.IntN(2)], "fr"}
	},
}

var telephones = synctest.Sample{
	Schema: syncs.Schema{Sync: "devices", Object: "mobile_audience/1", Key: "mobile_id", Fields: []syncs.Field{field("mobile_id", syncs.String)}},
	Row:    func(_ *mathrand.Rand, i int) []any { return []any{fmt.Sprintf("38400000-8cf0-11bd-b23e-%012d", i)} },
}

var ids = synctest.Sample{
	Schema: syncs.Schema{Sync: "ids", Object: "user_id_audience/1", Key: "user_id", Fields: []syncs.Field{field("user_id", syncs.String)}},
	Row:    func(_ *mathrand.Rand, i int) []any { return []any{fmt.Sprintf("user %d", i)} },
}

var events = synctest.Sample{
	Schema: syncs.Schema{Sync: "orders_to_google", Object: "conversion/" + fake.Conversion, Key: "transaction_id", Fields: []syncs.Field{
		field("transaction_id", syncs.String), field("event_timestamp", syncs.Timestamp), field("event_source", syncs.String), field("conversion_value", syncs.Decimal),
		field("currency", syncs.String), field("email", syncs.String), field("gclid", syncs.String), field("ad_personalization", syncs.String),
	}, Consents: []string{"ad_personalization"}},
	Row: func(r *mathrand.Rand, i int) []any {
		return []any{
			fmt.Sprintf("order-%d", i), time.Date(2026, 11, 20, 1, 2, 3, 500e6, time.UTC), "IN_STORE", "12.50", "EUR",
			fmt.Sprintf("jane%d@example.com", i), []any{"click-1", nil}[r.IntN(2)], []any{"granted", "denied", nil}[r.IntN(3)],
		}
	},
}

func harness(tb testing.TB) synctest.Harness {
	tb.Helper()
	return synctest.Harness{
		Destination:   open(tb, "https://google.example.com", nil),
		SecretHeaders: []string{"Authorization"},
		Handles:       []syncs.Handle{`{"request":"request-1"}`},
		Samples:       []synctest.Sample{people, phones, telephones, ids, events},
	}
}

func TestContract(t *testing.T) { synctest.Run(t, harness(t)) }

func FuzzDecode(f *testing.F) { synctest.FuzzDecode(f, harness(f)) }

func TestVectors(t *testing.T) {
	plain, wide := gdm.Rules(identify.Hex), gdm.Rules(identify.Base64)
	synctest.Vectors(t, "testdata/vectors.json", map[string]identify.Rule{
		"email": plain["email"], "phone": plain["phone"], "first_name": plain["first_name"], "zip": plain["zip"], "country": plain["country"],
		"email base64": wide["email"], "phone base64": wide["phone"], "first_name base64": wide["first_name"],
	})
}

// member is how the fake holds somebody.
func member(digest string) string {
	return `{"userData":{"userIdentifiers":[{"emailAddress":"` + digest + `"}]}}`
}

func mirror(t *testing.T, change func(*gdm.Config)) synctest.Mirror {
	t.Helper()
	m := synctest.Mirror{
		Trial: trial(change), Sample: people, Bring: syncs.Add, Leave: syncs.Remove,
		Wanted: func(values []any) (string, string) {
			var i, tag int
			if _, err := fmt.Sscanf(values[0].(string), " Jane.%d+%d@GMail.com", &i, &tag); err != nil {
				t.Fatal(err)
			}
			return member(sha(fmt.Sprintf("jane%d@gmail.com", i))), ""
		},
		Held: func(f synctest.Fake) map[string]string {
			held := map[string]string{}
			for _, key := range platform(f).Members(fake.Audience) {
				held[key] = ""
			}
			return held
		},
	}
	fields := fieldsOf(t)
	m.Fake = func() synctest.Fake { return &watched{Platform: fake.New(), tb: t, fields: fields} }
	return m
}

func platform(f synctest.Fake) *fake.Platform { return f.(*watched).Platform }

// TestMirror: who is on the audience is who is wanted.
func TestMirror(t *testing.T) { mirror(t, nil).Run(t) }

// TestReplacement: what somebody else put there goes.
func TestReplacement(t *testing.T) {
	m := mirror(t, func(c *gdm.Config) { c.Replace, c.Concurrency = gdm.Always, 1 })
	m.Replacing, m.AtOnce = true, true
	m.Hold = func(f synctest.Fake) { platform(f).Hold(member(sha("stranger@example.com"))) }
	m.Run(t)
}

// spelled are the methods, addresses and bodies of requests.
func spelled(requests []syncs.Request) []string {
	var list []string
	for _, r := range requests {
		list = append(list, r.HTTP.Method+" "+r.HTTP.URL+" "+string(r.HTTP.Body))
	}
	return list
}

// TestMembers: the spelling of those who are added, and of those who leave.
func TestMembers(t *testing.T) {
	d := open(t, "", func(c *gdm.Config) {
		c.LoginAccount, c.Encoding, c.AcceptTerms, c.AdUserData = "99", "base64", true, "granted"
	})
	schema := syncs.Schema{Object: "audience/456", Key: "email", Consents: []string{"ad_user_data", "ad_personalization"}, Fields: []syncs.Field{
		field("email", syncs.String), field("phone", syncs.String), field("first_name", syncs.String), field("last_name", syncs.String),
		field("zip", syncs.String), field("country", syncs.String), field("ad_user_data", syncs.String), field("ad_personalization", syncs.Bool),
	}}
	chunk := synctest.Chunk([]syncs.Op{
		{Kind: syncs.Add, Key: "1", Values: []any{"J.ane+x@gmail.com", "06 12 34 56 78", " Élodie", "O'Brien", " 94035-1234", "fr", nil, nil}},
		{Kind: syncs.Add, Key: "2", Values: []any{"jane@example.com", "", "Jane", nil, "75015", "fr", "denied", true}},
		{Kind: syncs.Remove, Key: "jane @example.com"},
		{Kind: syncs.Add, Key: "4", Values: []any{"nobody", "1", "Jane", nil, "75015", "fr", nil, nil}},
		{Kind: syncs.Add, Key: "5", Values: []any{"jane@example.com", nil, nil, nil, nil, nil, "perhaps", nil}},
	})
	chunk.Schema = schema
	requests, rejections := d.Encode(chunk)
	b64 := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	to := `{"destinations":[{"loginAccount":{"accountType":"GOOGLE_ADS","accountId":"99"},"operatingAccount":{"accountType":"GOOGLE_ADS","accountId":"1234567890"},"productDestinationId":"456"}],"encoding":"BASE64",`
	want := []string{
		"POST https://datamanager.googleapis.com/v1/audienceMembers:ingest " + to + `"termsOfService":{"customerMatchTermsOfServiceStatus":"ACCEPTED"},"consent":{"adUserData":"CONSENT_GRANTED","adPersonalization":"CONSENT_GRANTED"},"audienceMembers":[` +
			`{"userData":{"userIdentifiers":[{"emailAddress":"` + b64("jane@gmail.com") + `"},{"phoneNumber":"` + b64("+33612345678") +
			`"},{"address":{"givenName":"` + b64("élodie") + `","familyName":"` + b64("obrien") + `","regionCode":"FR","postalCode":"94035-1234"}}]}},` +
			`{"userData":{"userIdentifiers":[{"emailAddress":"` + b64("jane@example.com") + `"}]},"consent":{"adUserData":"CONSENT_DENIED","adPersonalization":"CONSENT_GRANTED"}}]}`,
		"POST https://datamanager.googleapis.com/v1/audienceMembers:remove " + to + `"audienceMembers":[{"userData":{"userIdentifiers":[{"emailAddress":"` + b64("jane@example.com") + `"}]}}]}`,
	}
	if diff := cmp.Diff(want, spelled(requests)); diff != "" {
		t.Error(diff)
	}
	var refused []string
	for _, r := range rejections {
		refused = append(refused, fmt.Sprint(r.Op, " ", r.Code))
	}
	if diff := cmp.Diff([]string{"3 no-identifier", "4 bad-consent"}, refused); diff != "" {
		t.Error(diff)
	}
	dropped := slices.DeleteFunc(slices.Clone(requests[0].Values), func(v syncs.Values) bool { return v.Field != "address" })
	if len(dropped) != 1 || dropped[0].Count != 2 {
		t.Errorf("%+v, want two addresses that are not whole", dropped)
	}
}

// TestConsent: what Google is told follows from the purpose of the sync, then from
// what the destination says of those whose row does not, then from the row, of which
// each may take away what the one before it gives and no more.
func TestConsent(t *testing.T) {
	user, ads := "ad_user_data", "ad_personalization"
	for _, test := range []struct {
		name     string
		purpose  []string
		user     string
		row      any
		all, one string
	}{
		{"the purpose says nothing", nil, "", nil, "DENIED DENIED", ""},
		{"nothing, whatever the destination says", nil, "granted", nil, "DENIED DENIED", ""},
		{"nothing, whatever the row says", nil, "", true, "DENIED DENIED", "DENIED DENIED"},
		{"one of them", []string{user}, "", nil, "GRANTED DENIED", ""},
		{"the other", []string{ads}, "", nil, "DENIED GRANTED", ""},
		{"both", []string{user, ads}, "", nil, "GRANTED GRANTED", ""},
		{"both, and a row that refuses", []string{user, ads}, "granted", false, "GRANTED GRANTED", "DENIED GRANTED"},
		{"both, of those whose row says it", []string{user, ads}, "denied", "granted", "DENIED GRANTED", "GRANTED GRANTED"},
		{"both, of those whose row says it, and it does not", []string{user, ads}, "denied", "", "DENIED GRANTED", ""},
	} {
		d := open(t, "", func(c *gdm.Config) { c.AdUserData = test.user })
		chunk := synctest.Chunk([]syncs.Op{{Kind: syncs.Add, Key: "jane@example.com", Values: []any{"jane@example.com", test.row}}, {Kind: syncs.Remove, Key: "jo@example.com"}})
		chunk.Schema = syncs.Schema{Object: "audience/456", Key: "email", Fields: []syncs.Field{field("email", syncs.String), field(user, syncs.String)}, Consents: test.purpose}
		requests, _ := d.Encode(chunk)
		type said struct {
			User string `json:"adUserData"`
			Ads  string `json:"adPersonalization"`
		}
		spelled := func(s *said) string {
			if s == nil {
				return ""
			}
			return strings.ReplaceAll(s.User+" "+s.Ads, "CONSENT_", "")
		}
		var got struct {
			Consent *said `json:"consent"`
			Members []struct {
				Consent *said `json:"consent"`
			} `json:"audienceMembers"`
		}
		if err := json.Unmarshal(requests[0].HTTP.Body, &got); err != nil {
			t.Fatal(err)
		}
		if all, one := spelled(got.Consent), spelled(got.Members[0].Consent); all != test.all || one != test.one {
			t.Errorf("%s: of all %q, of the row %q, want %q and %q", test.name, all, one, test.all, test.one)
		}
		if strings.Contains(string(requests[1].HTTP.Body), "consent") {
			t.Errorf("%s: who is taken off is said to consent: %s", test.name, requests[1].HTTP.Body)
		}
	}
}

// TestEvents: the spelling of a conversion.
func TestEvents(t *testing.T) {
	d := open(t, "https://google.example.com", nil)
	at := time.Date(2026, 11, 20, 1, 2, 3, 500e6, time.UTC)
	chunk := synctest.Chunk([]syncs.Op{
		{Kind: syncs.Append, Key: "1", Values: []any{"1", at, "IN_STORE", "12.50", "EUR", "jane@example.com", "click", "granted"}},
		{Kind: syncs.Append, Key: "2", Values: []any{"2", at, nil, nil, nil, nil, "click", nil}},
		{Kind: syncs.Append, Key: "3", Values: []any{"3", nil, nil, nil, nil, "jane@example.com", nil, nil}},
		{Kind: syncs.Append, Key: "4", Values: []any{"4", at, "SHOP", nil, nil, "jane@example.com", nil, nil}},
		{Kind: syncs.Append, Key: "5", Values: []any{"5", at, nil, nil, nil, "jane", "", nil}},
		{Kind: syncs.Append, Key: "6", Values: []any{"6", at, nil, nil, nil, "jane@example.com", "", "yes"}},
	})
	chunk.Schema = events.Schema
	requests, rejections := d.Encode(chunk)
	want := []string{
		`POST https://google.example.com/v1/events:ingest {"destinations":[{"operatingAccount":{"accountType":"GOOGLE_ADS","accountId":"1234567890"},"productDestinationId":"789"}],"encoding":"HEX","consent":{"adUserData":"CONSENT_DENIED","adPersonalization":"CONSENT_GRANTED"},"events":[` +
			`{"transactionId":"1","eventTimestamp":"2026-11-20T01:02:03.5Z","eventSource":"IN_STORE","conversionValue":12.50,"currency":"EUR","userData":{"userIdentifiers":[{"emailAddress":"` + sha("jane@example.com") +
			`"}]},"adIdentifiers":{"gclid":"click"},"consent":{"adUserData":"CONSENT_DENIED","adPersonalization":"CONSENT_GRANTED"}},` +
			`{"transactionId":"2","eventTimestamp":"2026-11-20T01:02:03.5Z","adIdentifiers":{"gclid":"click"}}]}`,
	}
	if diff := cmp.Diff(want, spelled(requests)); diff != "" {
		t.Error(diff)
	}
	var refused []string
	for _, r := range rejections {
		refused = append(refused, fmt.Sprint(r.Op, " ", r.Code))
	}
	if diff := cmp.Diff([]string{"2 no-event-time", "3 bad-event-source", "4 no-identifier", "5 bad-consent"}, refused); diff != "" {
		t.Error(diff)
	}
}

// TestEventsArrive: each is there once, however often its answer was lost, and
// duplicates are not counted as refused; what is, is.
func TestEventsArrive(t *testing.T) {
	p := fake.New()
	p.Refused = func(id string) string {
		if strings.HasSuffix(id, "99") {
			return "PROCESSING_ERROR_REASON_CLICK_NOT_FOUND"
		}
		return ""
	}
	r := mathrand.New(mathrand.NewPCG(1, 1))
	ops := make([]syncs.Op, 2500)
	for i := range ops {
		ops[i] = events.Op(syncs.Append, r, i)
	}
	faulty := &synctest.Faulty{Fake: p, Faults: func(n int, _ *http.Request) synctest.Fault {
		return []synctest.Fault{synctest.None, synctest.None, synctest.ErrorAfter, synctest.TooMany, synctest.HalfJSON, synctest.ResetAfter}[n%6]
	}}
	report, refused, err := trial(nil).Deliver(t, faulty, events.Schema, ops)
	if err != nil || len(refused) > 0 || report.Accepted != 2500 || report.Unnamed != 25 || len(p.Events(fake.Conversion)) != 2475 || report.Status != deliver.Degraded {
		t.Errorf("%+v %v %v, %d events at the platform", report, refused, err, len(p.Events(fake.Conversion)))
	}
}

// TestTokens: one that expires in mid-run is replaced.
func TestTokens(t *testing.T) {
	p := fake.New()
	p.Tokens.Uses = 5
	r := mathrand.New(mathrand.NewPCG(1, 1))
	ops := make([]syncs.Op, 4500)
	for i := range ops {
		ops[i] = events.Op(syncs.Append, r, i)
	}
	report, _, err := trial(func(c *gdm.Config) { c.Concurrency = 1 }).Deliver(t, p, events.Schema, ops)
	if err != nil || report.Status != deliver.OK || report.Refreshes < 2 {
		t.Errorf("%+v %v", report, err)
	}
}

// TestServiceAccount: the assertion of a service account is signed with its key.
func TestServiceAccount(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	account, err := json.Marshal(map[string]string{"client_email": "robot@example.com", "private_key": string(text), "token_uri": "https://example.com/token"})
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, "", func(c *gdm.Config) {
		c.ClientID, c.ClientSecret, c.RefreshToken, c.ServiceAccount = secret.Ref{}, secret.Ref{}, secret.Ref{}, ref(t, "${file:key.json}")
	}).(syncs.Refresher)
	q := syncs.Question{SentAt: time.Unix(1795309323, 0), Secrets: func(secret.Ref) secret.Value { return secret.NewValue(string(account)) }}
	req, err := d.EncodeRefresh(q)
	if err != nil || req.URL != "https://example.com/token" {
		t.Fatalf("%+v %v", req, err)
	}
	form, _, _ := strings.Cut(string(req.Body), "&")
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(form, ".")[1])
	if err != nil || !strings.Contains(string(claims), `"iss":"robot@example.com"`) || !strings.Contains(string(claims), "auth/datamanager") {
		t.Errorf("%s %v", claims, err)
	}
	q.Secrets = synctest.Secrets
	if _, err := d.EncodeRefresh(q); err == nil {
		t.Error("what is no key was signed with")
	}
}

// TestErrors: what Google's errors mean.
func TestErrors(t *testing.T) {
	d := open(t, "https://google.example.com", nil)
	chunk := synctest.Chunk([]syncs.Op{{Kind: syncs.Remove, Key: "jane@example.com"}})
	chunk.Schema = people.Schema
	requests, _ := d.Encode(chunk)
	rpc := func(field, reason string) string {
		return `{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"` + field + `","description":"d","reason":"` + reason + `"}]}]}}`
	}
	for _, test := range []struct {
		name   string
		status int
		body   string
		want   syncs.Verdict
		code   string
	}{
		{"a row", 400, rpc("audience_members[3].user_data.user_identifiers[0]", "INVALID_SHA256_FORMAT"), syncs.Split, "INVALID_SHA256_FORMAT"},
		{"an event", 400, rpc("events[3].currency", "INVALID_CURRENCY_CODE"), syncs.Split, "INVALID_CURRENCY_CODE"},
		{"the list", 400, rpc("destinations[0].product_destination_id", "INVALID_USER_LIST_ID"), syncs.Fatal, "INVALID_USER_LIST_ID"},
		{"the terms", 400, rpc("terms_of_service", "TERMS_AND_CONDITIONS_NOT_SIGNED"), syncs.Fatal, "TERMS_AND_CONDITIONS_NOT_SIGNED"},
		{"a token", 401, `{"error":{"code":401,"status":"UNAUTHENTICATED"}}`, syncs.Expired, "UNAUTHENTICATED"},
		{"a permission", 403, `{"error":{"code":403,"status":"PERMISSION_DENIED"}}`, syncs.Fatal, "PERMISSION_DENIED"},
		{"the rate", 429, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}`, syncs.Retry, "RESOURCE_EXHAUSTED"},
		{"a fault", 500, `{"error":{"code":500,"status":"INTERNAL"}}`, syncs.Unknown, "INTERNAL"},
		{"an error with 200", 200, `{"error":{"code":400}}`, syncs.Unknown, "error-in-body"},
		{"no id", 200, `{}`, syncs.Unknown, "unreadable-answer"},
		{"taken", 200, `{"requestId":"1"}`, syncs.Started, ""},
	} {
		out := d.Decode(requests[0], &syncs.Response{Status: test.status, Header: http.Header{}, Body: []byte(test.body)})
		if out.Verdict != test.want || out.Code != test.code {
			t.Errorf("%s: %+v, want verdict %d and code %s", test.name, out, test.want, test.code)
		}
	}
}

// TestStatus: what the status of a request means for its rows.
func TestStatus(t *testing.T) {
	d := open(t, "https://google.example.com", nil).(syncs.Poller)
	job := syncs.RemoteJob{Handle: `{"request":"1"}`, Ops: make([]syncs.Op, 3), Secrets: synctest.Secrets}
	status := func(status, counts string) string {
		return `{"requestStatusPerDestination":[{"requestStatus":"` + status + `","errorInfo":{"errorCounts":[` + counts + `]}}]}`
	}
	for _, test := range []struct {
		name, body        string
		want              syncs.Verdict
		accepted, unnamed int
	}{
		{"processing", status("PROCESSING", ""), syncs.Started, 0, 0},
		{"unknown", status("REQUEST_STATUS_UNKNOWN", ""), syncs.Started, 0, 0},
		{"success", status("SUCCESS", ""), syncs.Rows, 3, 0},
		{"some refused", status("PARTIAL_SUCCESS", `{"recordCount":"2","reason":"A"}`), syncs.Rows, 3, 2},
		{"some there already", status("PARTIAL_SUCCESS", `{"recordCount":"2","reason":"PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID"}`), syncs.Rows, 3, 0},
		{"all there already", status("FAILED", `{"recordCount":"3","reason":"PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID"}`), syncs.Rows, 3, 0},
		{"more than there are", status("PARTIAL_SUCCESS", `{"recordCount":"4","reason":"A"}`), syncs.Started, 0, 0},
		{"all refused", status("FAILED", `{"recordCount":"3","reason":"A"}`), syncs.Rows, 0, 0},
		{"a fault", status("FAILED", `{"recordCount":"3","reason":"PROCESSING_ERROR_REASON_INTERNAL_ERROR"}`), syncs.Retry, 0, 0},
		{"nothing", `{}`, syncs.Started, 0, 0},
	} {
		out := d.Polled(job, d.Poll(job), []*syncs.Response{{Status: 200, Header: http.Header{}, Body: []byte(test.body)}})
		accepted, unnamed := 0, 0
		for _, r := range out.Rows {
			if r.Accepted {
				accepted++
			}
		}
		for _, u := range out.Unnamed {
			unnamed += u.Rows
		}
		if out.Verdict != test.want || accepted != test.accepted || unnamed != test.unnamed {
			t.Errorf("%s: %+v", test.name, out)
		}
	}
}

// TestConfig: what is wrong is found at its place.
func TestConfig(t *testing.T) {
	synctest.Configs(t, gdm.Default, "account: '1'\n", map[string]string{
		"service_account: '${env:KEY}'":                            "",
		"service_account: '${env:KEY}'\nclient_id: '${env:ID}'":    "2:18 no-credential",
		"client_id: '${env:ID}'":                                   "1:1 no-credential",
		"service_account: '${env:KEY}'\nencoding: hexadecimal":     "3:11 bad-choice",
		"service_account: '${env:KEY}'\naccount_type: ADS":         "3:15 bad-choice",
		"service_account: '${env:KEY}'\nlogin_account: 123-456":    "3:16 bad-account",
		"service_account: '${env:KEY}'\nad_user_data: yes please":  "3:15 bad-choice",
		"service_account: '${env:KEY}'\nconcurrency: 11":           "3:14 out-of-range",
		"service_account: '${env:KEY}'\nreplace: now\nregion: fra": "3:10 bad-choice 4:9 bad-region",
	})
}

// TestProbe asks the platform what a delivery needs, and changes nothing.
func TestProbe(t *testing.T) {
	p := fake.New()
	server := httptest.NewServer(p)
	defer server.Close()
	var d syncs.Destination
	asked := func(object string) syncs.Outcome {
		q := syncs.Question{Object: object, Secrets: synctest.Secrets, SentAt: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
		send := func(req *syncs.HTTPRequest) *syncs.Response {
			r, err := http.NewRequestWithContext(t.Context(), req.Method, req.URL, bytes.NewReader(req.Body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = req.Header
			resp, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return &syncs.Response{Status: resp.StatusCode, Header: resp.Header, Body: body}
		}
		refresh, err := d.(syncs.Refresher).EncodeRefresh(q)
		if err != nil {
			t.Fatal(err)
		}
		q.Token, _ = d.(syncs.Refresher).DecodeRefresh(send(refresh))
		return d.(syncs.Prober).DecodeProbe(q, send(d.(syncs.Prober).EncodeProbe(q)))
	}
	d = open(t, server.URL, nil)
	for object, want := range map[string]syncs.Verdict{
		"": syncs.Rows, "audience/" + fake.Audience: syncs.Rows, "conversion/" + fake.Conversion: syncs.Rows, "audience/1": syncs.Fatal, "conversion/1": syncs.Fatal,
		"user_id_audience/" + fake.Audience: syncs.Rows, "mobile_audience/" + fake.Audience: syncs.Rows,
	} {
		if out := asked(object); out.Verdict != want {
			t.Errorf("%s: %+v", object, out)
		}
	}
	d = open(t, server.URL, func(c *gdm.Config) { c.Account = "1" })
	if out := asked(""); out.Verdict != syncs.Fatal {
		t.Errorf("another account: %+v", out)
	}
	if len(p.Members(fake.Audience))+len(p.Events(fake.Conversion)) > 0 {
		t.Error("a question changed something")
	}
}

// document is what is known of the interface: the messages of the protocol
// buffers as JSON has them.
type document struct {
	Messages map[string]map[string]struct {
		Type      string   `json:"type"`
		Repeated  bool     `json:"repeated"`
		Oneof     string   `json:"oneof"`
		Behaviour []string `json:"behaviour"`
	} `json:"messages"`
	Enums map[string][]string `json:"enums"`
}

func fieldsOf(t *testing.T) *document {
	t.Helper()
	text, err := os.ReadFile(openapi.Path(t, "google_data_manager/fields.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// watched is a fake each of whose requests is held against the document.
type watched struct {
	*fake.Platform
	tb     testing.TB
	fields *document
}

func (w *watched) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // The sender went away.
	}
	if message := messages[r.URL.Path]; message != "" {
		if problem := w.fields.check(message, body); problem != "" {
			w.tb.Errorf("%s: %s", r.URL.Path, problem)
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.Platform.ServeHTTP(rw, r)
}

var messages = map[string]string{
	"/v1/audienceMembers:ingest": "IngestAudienceMembersRequest", "/v1/audienceMembers:remove": "RemoveAudienceMembersRequest",
	"/v1/audienceMembers:removeAll": "RemoveAllAudienceMembersRequest", "/v1/events:ingest": "IngestEventsRequest",
}

// check says what the document has against a message.
func (d *document) check(message string, text []byte) string {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return message + " is no object"
	}
	one := map[string]string{}
	for name, value := range fields {
		f, known := d.Messages[message][name]
		if !known {
			return message + " has no field " + name
		}
		if f.Oneof != "" {
			if other := one[f.Oneof]; other != "" {
				return message + " has both " + name + " and " + other
			}
			one[f.Oneof] = name
		}
		values := []json.RawMessage{value}
		if f.Repeated {
			if json.Unmarshal(value, &values) != nil {
				return message + "." + name + " is no list"
			}
		}
		for _, v := range values {
			if problem := d.value(message, f.Type, v); problem != "" {
				return message + "." + name + ": " + problem
			}
		}
	}
	for name, f := range d.Messages[message] {
		if _, given := fields[name]; !given && slices.Contains(f.Behaviour, "REQUIRED") {
			return message + " lacks " + name
		}
	}
	return ""
}

// value says what is wrong with a value of a type, as a message names it.
func (d *document) value(message, name string, v json.RawMessage) string {
	var text string
	isText := json.Unmarshal(v, &text) == nil && len(v) > 0 && v[0] == '"'
	enum, isEnum := d.Enums[name]
	if nested, ok := d.Enums[message+"."+name]; ok {
		enum, isEnum = nested, true
	}
	switch {
	case isEnum:
		if !isText || !slices.Contains(enum, text) {
			return "no value of " + name
		}
	case name == "string", name == "int64", name == "google.protobuf.Timestamp":
		if !isText {
			return "no text"
		}
		if _, err := time.Parse(time.RFC3339, text); name == "google.protobuf.Timestamp" && err != nil {
			return "no instant"
		}
	case name == "bool":
		if string(v) != "true" && string(v) != "false" {
			return "neither true nor false"
		}
	case name == "double", name == "int32":
		var n float64
		if json.Unmarshal(v, &n) != nil {
			return "no number"
		}
	case d.Messages[name] != nil:
		return d.check(name, v)
	default:
		return "of the type " + name + ", which is none"
	}
	return ""
}

// TestDocument: all that is spelled is as the document has it.
func TestDocument(t *testing.T) {
	d := fieldsOf(t)
	full := open(t, "https://google.example.com", func(c *gdm.Config) {
		c.LoginAccount, c.AcceptTerms, c.AdUserData, c.AdPersonalization = "9", true, "granted", "denied"
	})
	r := mathrand.New(mathrand.NewPCG(1, 1))
	checked := 0
	for _, s := range harness(t).Samples {
		kinds := []syncs.Kind{syncs.Add, syncs.Remove}
		if strings.HasPrefix(s.Schema.Object, "conversion/") {
			kinds = []syncs.Kind{syncs.Append}
		}
		for _, kind := range kinds {
			chunk := synctest.Chunk([]syncs.Op{s.Op(kind, r, 1), s.Op(kind, r, 2), s.Op(kind, r, 3)})
			chunk.Schema = s.Schema
			requests, _ := full.Encode(chunk)
			chunk.Replacement = &syncs.Replacement{Began: chunk.SentAt}
			if kind == syncs.Add {
				finish, err := full.(syncs.Finisher).EncodeFinish(chunk)
				if err != nil {
					t.Fatal(err)
				}
				requests = append(requests, finish)
			}
			for _, req := range requests {
				checked++
				message := messages[strings.TrimPrefix(req.HTTP.URL, "https://google.example.com")]
				if problem := d.check(message, req.HTTP.Body); problem != "" {
					t.Errorf("%s: %s", s.Schema.Object, problem)
				}
			}
		}
	}
	if checked < 13 {
		t.Errorf("%d requests were checked", checked)
	}
	if d.check("IngestEventsRequest", []byte(`{"destinations":[],"events":[],"surprise":1}`)) == "" {
		t.Error("the document has nothing against a field that it does not have")
	}
}
