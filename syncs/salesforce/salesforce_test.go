package salesforce_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/salesforce"
	"github.com/customhouse-cdp/customhouse/syncs/salesforce/salesforcetest"
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

// config is a connected app's, with a refresh token.
func config(tb testing.TB, url string) *salesforce.Config {
	tb.Helper()
	c := salesforce.Default()
	c.AllowPrivate = true
	var err error
	if c.BaseURL, err = secret.NewTemplate(url); err != nil {
		tb.Fatal(err)
	}
	c.ClientID, c.ClientSecret, c.RefreshToken = ref(tb, "${env:ID}"), ref(tb, "${env:SECRET}"), ref(tb, "${env:REFRESH}")
	return c
}

func open(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	return salesforce.New(config(tb, url))
}

// bulky uses the Bulk API for more than a handful.
func bulky(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	c := config(tb, url)
	c.BulkFrom = 5
	return salesforce.New(c)
}

func fake() synctest.Fake { return salesforcetest.New() }

var (
	trial = synctest.Trial{Fake: fake, Open: open}
	bulk  = synctest.Trial{Fake: fake, Open: bulky}
)

func sample(object string) synctest.Sample {
	return synctest.Sample{
		Schema: syncs.Schema{Sync: "s", Object: object, Key: "Ext__c", Fields: []syncs.Field{
			{Name: "Email", Type: syncs.String},
			{Name: "Ext__c", Type: syncs.String},
			{Name: "LastName", Type: syncs.String},
			{Name: "Spent__c", Type: syncs.Decimal},
			{Name: "VIP__c", Type: syncs.Bool},
			{Name: "Seen__c", Type: syncs.Timestamp},
			{Name: "Birthdate", Type: syncs.Date},
			{Name: "Topics__c", Type: syncs.List},
			{Name: "FirstName", Type: syncs.String, SkipNull: true},
		}},
		Row: func(r *mathrand.Rand, i int) []any {
			row := []any{
				fmt.Sprintf("jane%d@example.com", i), fmt.Sprintf("customer/%d", i), []string{`O"Brien, "Jr"`, "日本\nx", "#N/A?"}[r.IntN(3)],
				fmt.Sprintf("%d.50", r.IntN(900)), r.IntN(2) == 0, time.UnixMilli(r.Int64N(1.8e12)).UTC(),
				time.Unix(r.Int64N(1e9), 0).UTC().Truncate(24 * time.Hour), []any{"sport", "culture"}[:1+r.IntN(2)], "Zoë",
			}
			for at := 3; at < len(row); at++ {
				if r.IntN(5) == 0 {
					row[at] = nil
				}
			}
			return row
		},
	}
}

func harness(tb testing.TB) synctest.Harness {
	tb.Helper()
	id := `"id":"750000000000000AAA"`
	return synctest.Harness{
		Destination: open(tb, "https://boutique.my.salesforce.com"), SecretHeaders: []string{"Authorization"},
		Samples: []synctest.Sample{sample("Lead"), sample("Account"), sample("Subscription__c"), sample("Contact")},
		Handles: []syncs.Handle{
			syncs.Handle(`{"step":"upload",` + id + `}`), syncs.Handle(`{"step":"close",` + id + `}`), syncs.Handle(`{"step":"abort",` + id + `}`),
			syncs.Handle(`{"step":"wait",` + id + `}`), syncs.Handle(`{"step":"failed",` + id + `,"done":3,"failed":1}`), syncs.Handle(`{"step":"left",` + id + `,"done":3}`),
		},
	}
}

func TestContract(t *testing.T) { synctest.Run(t, harness(t)) }

func TestContractOfJobs(t *testing.T) {
	h := harness(t)
	h.Destination = bulky(t, "https://boutique.my.salesforce.com")
	synctest.Run(t, h)
}

func FuzzDecode(f *testing.F) { synctest.FuzzDecode(f, harness(f)) }

func contents(f synctest.Fake) salesforcetest.Contents {
	return f.Contents().(salesforcetest.Contents) //nolint:forcetypeassert // it says so
}

// TestMirror: by collections, and by jobs.
func TestMirror(t *testing.T) {
	for name, trial := range map[string]synctest.Trial{"collections": trial, "jobs": bulk} {
		t.Run(name, func(t *testing.T) {
			trial.Fake = func() synctest.Fake {
				p := salesforcetest.New()
				p.Slow, p.Tokens.Uses = 1, 40
				return p
			}
			synctest.Mirror{
				Trial: trial, Sample: sample("Contact"), Bring: syncs.Upsert, Leave: syncs.Delete,
				Wanted: func(values []any) (key, value string) {
					seen := ""
					if at, ok := values[5].(time.Time); ok {
						seen = at.Format("2006-01-02T15:04:05.000Z")
					}
					spent, _ := values[3].(string)
					return fmt.Sprint(values[1]), fmt.Sprint(values[2], " ", seen, " ", spent)
				},
				Held: func(f synctest.Fake) map[string]string {
					held := map[string]string{}
					for key, record := range contents(f)["Contact"] {
						seen, _ := record["Seen__c"].(string)
						spent := ""
						if v := record["Spent__c"]; v != nil {
							spent = fmt.Sprint(v)
						}
						held[key] = fmt.Sprint(record["LastName"], " ", seen, " ", spent)
					}
					return held
				},
			}.Run(t)
		})
	}
}

// TestRefused: rows that the platform refuses, and no others; by collections and
// by jobs, one of which ends before it came to all.
func TestRefused(t *testing.T) {
	const stops = 250
	for name, trial := range map[string]synctest.Trial{"collections": trial, "jobs": bulk} {
		t.Run(name, func(t *testing.T) {
			f := salesforcetest.New()
			f.Poison, f.Slow = map[string]bool{"Topics__c": true}, 2
			if name == "jobs" {
				f.Stops = stops
			}
			list := sample("Contact").Ops(syncs.Upsert, 300)
			want := map[string]string{}
			for i := range list {
				list[i].Values[7] = nil
				if i%50 == 7 {
					list[i].Values[7] = []any{"x"}
					want[list[i].Key] = "field-custom-validation-exception"
				}
			}
			list[1].Values[2] = nil
			want[list[1].Key] = "required-field-missing"
			list[2].Key = " "
			want[" "] = "no-identifier"
			list[3].Values[7] = []any{"a;b"}
			want[list[3].Key] = "bad-value"
			if name == "jobs" {
				for i := stops + 2; i < len(list); i++ {
					want[list[i].Key] = "unprocessed"
				}
			}
			_, refused, err := trial.Deliver(t, f, sample("Contact").Schema, list)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for key, r := range refused {
				got[key] = r.Code
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if n := len(contents(f)["Contact"]); n != len(list)-len(want) {
				t.Errorf("%d records are there, want %d", n, len(list)-len(want))
			}
			if name == "jobs" && f.Bulk() != stops || name != "jobs" && f.Bulk() != 0 {
				t.Errorf("%d records came by jobs", f.Bulk())
			}
		})
	}
}

// TestSpelling: what is sent, to the byte.
func TestSpelling(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 2, 3, 4_000_000, time.UTC)
	row := syncs.Op{Kind: syncs.Upsert, Key: "7", Values: []any{"a@b.c", "7", `O"B`, "1.50", true, at, at, []any{"x", nil, "y"}, nil}}
	chunk := synctest.Chunk([]syncs.Op{row, {Kind: syncs.Clear, Key: "8"}, {Kind: syncs.Delete, Key: "9/0"}})
	chunk.Schema = sample("Contact").Schema
	chunk.Token = syncs.Token{Access: secret.NewValue("t"), URL: "https://boutique.my.salesforce.com"}
	requests, _ := open(t, "").Encode(chunk)
	var got []string
	for _, r := range requests {
		got = append(got, r.HTTP.Method+" "+r.HTTP.URL+" "+r.HTTP.Header.Get("Authorization"), string(r.HTTP.Body))
	}
	const base = "https://boutique.my.salesforce.com/services/data/v66.0"
	want := []string{
		"PATCH " + base + "/composite/sobjects/Contact/Ext__c Bearer t",
		`{"allOrNone":false,"records":[{"attributes":{"type":"Contact"},"Ext__c":"7","Email":"a@b.c","LastName":"O\"B","Spent__c":1.50,"VIP__c":true,"Seen__c":"2026-11-22T01:02:03.004Z","Birthdate":"2026-11-22","Topics__c":"x;y"},` +
			`{"attributes":{"type":"Contact"},"Ext__c":"8","Email":null,"LastName":null,"Spent__c":null,"VIP__c":null,"Seen__c":null,"Birthdate":null,"Topics__c":null,"FirstName":null}]}`,
		"POST " + base + "/composite Bearer t",
		`{"allOrNone":false,"compositeRequest":[{"method":"DELETE","url":"/services/data/v66.0/sobjects/Contact/Ext__c/9%2F0","referenceId":"r0"}]}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	d := open(t, "").(syncs.Poller) //nolint:forcetypeassert // it is one
	upload := d.Poll(syncs.RemoteJob{
		Handle: `{"step":"upload","id":"750000000000000AAA"}`, Schema: chunk.Schema, Ops: chunk.Ops[:2], Secrets: synctest.Secrets, Token: chunk.Token,
	})[0].HTTP
	got = []string{upload.Method + " " + upload.URL, string(upload.Body)}
	want = []string{
		"PUT " + base + "/jobs/ingest/750000000000000AAA/batches",
		`"Email","Ext__c","LastName","Spent__c","VIP__c","Seen__c","Birthdate","Topics__c","FirstName"` + "\n" +
			`"a@b.c","7","O""B","1.50","true","2026-11-22T01:02:03.004Z","2026-11-22","x;y",` + "\n" +
			`"#N/A","8","#N/A","#N/A","#N/A","#N/A","#N/A","#N/A","#N/A"` + "\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSignIn: each way to get a token.
func TestSignIn(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	secrets := func(r secret.Ref) secret.Value {
		if strings.Contains(fmt.Sprint(r), "PEM") {
			return secret.NewValue(text)
		}
		return synctest.Secrets(r)
	}
	ask := func(c *salesforce.Config) (string, url.Values) {
		r, err := salesforce.New(c).(syncs.Refresher).EncodeRefresh(syncs.Question{SentAt: time.Unix(1_795_309_323, 0), Secrets: secrets}) //nolint:forcetypeassert // it is one
		if err != nil {
			t.Fatal(err)
		}
		form, err := url.ParseQuery(string(r.Body))
		if err != nil {
			t.Fatal(err)
		}
		return r.Method + " " + r.URL, form
	}
	c := config(t, "")
	at, form := ask(c)
	if at != "POST https://login.salesforce.com/services/oauth2/token" || form.Get("grant_type") != "refresh_token" || form.Get("refresh_token") != synctest.Canary {
		t.Errorf("%s %v", at, form)
	}
	c.RefreshToken = secret.Ref{}
	if _, form = ask(c); form.Get("grant_type") != "client_credentials" || form.Get("client_secret") != synctest.Canary {
		t.Errorf("%v", form)
	}
	c.ClientSecret, c.PrivateKey, c.Username = secret.Ref{}, ref(t, "${env:PEM}"), "customhouse@boutique.example"
	_, form = ask(c)
	var claims map[string]any
	parts := strings.Split(form.Get("assertion"), ".")
	if len(parts) != 3 || json.Unmarshal(decoded(t, parts[1]), &claims) != nil {
		t.Fatalf("%v", form)
	}
	want := map[string]any{"iss": synctest.Canary, "sub": "customhouse@boutique.example", "aud": "https://login.salesforce.com", "iat": 1_795_309_323.0, "exp": 1_795_309_503.0}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Error(diff)
	}
}

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	n := new(big.Int)
	for _, c := range text {
		n.Lsh(n, 6).Or(n, big.NewInt(int64(strings.IndexRune(alphabet, c))))
	}
	return n.Rsh(n, uint(len(text)*6%8)).Bytes()
}

// TestInstance: a token goes to no address but one over TLS.
func TestInstance(t *testing.T) {
	d := open(t, "").(syncs.Refresher) //nolint:forcetypeassert // it is one
	for address, want := range map[string]syncs.Verdict{
		"https://boutique.my.salesforce.com": syncs.Rows, "http://boutique.my.salesforce.com": syncs.Unknown, "": syncs.Unknown, "https://u:p@x": syncs.Unknown,
	} {
		token, out := d.DecodeRefresh(&syncs.Response{Status: 200, Body: []byte(`{"access_token":"t","instance_url":"` + address + `"}`)})
		if out.Verdict != want || want == syncs.Rows && token.URL != address {
			t.Errorf("%s: %+v", address, out)
		}
	}
}

// TestTokens: sessions that end in mid-run.
func TestTokens(t *testing.T) {
	f := salesforcetest.New()
	f.Tokens.Uses = 4
	report, refused, err := trial.Deliver(t, f, sample("Contact").Schema, sample("Contact").Ops(syncs.Upsert, 1500))
	if err != nil || len(refused) > 0 || len(contents(f)["Contact"]) != 1500 {
		t.Fatalf("%+v %d %v", report, len(refused), err)
	}
	if f.Tokens.Issued() < 2 {
		t.Errorf("%d tokens were issued", f.Tokens.Issued())
	}
}

// TestFields: an object as the organisation describes it.
func TestFields(t *testing.T) {
	d := open(t, "").(syncs.Describer) //nolint:forcetypeassert // it is one
	body := `{"name":"Contact","createable":true,"updateable":true,"fields":[
		{"name":"Id","type":"id","createable":false,"updateable":false,"idLookup":true,"defaultedOnCreate":true},
		{"name":"Ext__c","type":"string","length":20,"createable":true,"updateable":true,"externalId":true,"nillable":true},
		{"name":"LastName","type":"string","length":80,"createable":true,"updateable":true},
		{"name":"Level__c","type":"picklist","createable":true,"updateable":true,"nillable":true,"restrictedPicklist":true,"picklistValues":[{"value":"a","active":true},{"value":"b"}]},
		{"name":"Spent__c","type":"currency","createable":true,"updateable":true,"nillable":true}]}`
	resp := &syncs.Response{Status: 200, Body: []byte(body)}
	got, _, out := d.DecodeFields(syncs.Question{Object: "Contact"}, resp)
	want := []syncs.PlatformField{
		{Name: "Id", ReadOnly: true},
		{Name: "Ext__c", Unique: true, MaxLength: 20},
		{Name: "LastName", Required: true, MaxLength: 80},
		{Name: "Level__c", Enum: []string{"a"}},
		{Name: "Spent__c", Types: []syncs.Type{syncs.Decimal, syncs.Float, syncs.Int}},
	}
	if diff := cmp.Diff(want, got); diff != "" || out.Verdict != syncs.Rows {
		t.Errorf("%v %s", out, diff)
	}
	p := d.(syncs.Prober) //nolint:forcetypeassert // it is one
	for _, test := range []struct {
		object, body string
		status       int
		verdict      syncs.Verdict
	}{
		{"Contact", body, 200, syncs.Rows},
		{"Contact", `{"name":"Contact","createable":false,"updateable":true}`, 200, syncs.Fatal},
		{"", `{"DailyApiRequests":{"Max":1}}`, 200, syncs.Rows},
		{"", `[{"errorCode":"INVALID_SESSION_ID"}]`, 401, syncs.Expired},
		{"", `[{"errorCode":"API_DISABLED_FOR_ORG"}]`, 403, syncs.Fatal},
		{"", `[{"errorCode":"REQUEST_LIMIT_EXCEEDED"}]`, 403, syncs.Retry},
		{"", `<html>`, 200, syncs.Unknown},
	} {
		if out := p.DecodeProbe(syncs.Question{Object: test.object}, &syncs.Response{Status: test.status, Body: []byte(test.body)}); out.Verdict != test.verdict {
			t.Errorf("%s %s: %+v", test.object, test.body, out)
		}
	}
}
