package tiktok_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest/openapi"
	"github.com/customhouse-cdp/customhouse/syncs/tiktok"
	"github.com/customhouse-cdp/customhouse/syncs/tiktok/tiktoktest"
)

func open(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	base, err := secret.NewTemplate(url)
	if err != nil {
		tb.Fatal(err)
	}
	c := tiktok.Default()
	if c.AccessToken, err = secret.NewRef("${env:TIKTOK_TOKEN}"); err != nil {
		tb.Fatal(err)
	}
	c.Advertiser, c.Region, c.BaseURL, c.AllowPrivate = tiktoktest.Advertiser, "FR", base, true
	return tiktok.New(c)
}

var trial = synctest.Trial{Fake: func() synctest.Fake { return tiktoktest.New() }, Open: open}

var people = synctest.Sample{
	Schema: syncs.Schema{Sync: "vips_to_tiktok", Object: "audience/" + tiktoktest.Audience, Key: "email", Fields: []syncs.Field{{Name: "email", Type: syncs.String}}},
	Row:    func(_ *rand.Rand, i int) []any { return []any{fmt.Sprintf(" Jane.%d@Example.com", i)} },
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func harness(tb testing.TB) synctest.Harness {
	tb.Helper()
	return synctest.Harness{Destination: open(tb, "https://tiktok.example.com"), SecretHeaders: []string{"Access-Token"}, Samples: []synctest.Sample{people}}
}

func TestContract(t *testing.T) { synctest.Run(t, harness(t)) }

func FuzzDecode(f *testing.F) { synctest.FuzzDecode(f, harness(f)) }

func TestVectors(t *testing.T) { synctest.Vectors(t, "testdata/vectors.json", tiktok.Rules) }

// TestMirror: who is on the audience is who is wanted.
func TestMirror(t *testing.T) {
	synctest.Mirror{
		Trial: trial, Sample: people, Bring: syncs.Add, Leave: syncs.Remove,
		Wanted: func(values []any) (string, string) {
			return "EMAIL_SHA256:" + sha(strings.ToLower(strings.TrimSpace(values[0].(string)))), ""
		},
		Held: func(f synctest.Fake) map[string]string {
			held := map[string]string{}
			for _, key := range f.(*tiktoktest.Platform).Members(tiktoktest.Audience) {
				held[key] = ""
			}
			return held
		},
	}.Run(t)
}

// TestMembers: the spelling of those who are added by two ids, and of those who
// leave by one.
func TestMembers(t *testing.T) {
	chunk := synctest.Chunk([]syncs.Op{
		{Kind: syncs.Add, Key: "jane@example.com", Values: []any{"06 12 34 56 78", "Jane@Example.com"}},
		{Kind: syncs.Remove, Key: "joe@example.com"},
		{Kind: syncs.Add, Key: "ann@example.com", Values: []any{nil, "ann@example.com"}},
		{Kind: syncs.Add, Key: "nobody", Values: []any{"1", "nobody"}},
	})
	chunk.Schema = syncs.Schema{Object: "audience/456", Key: "email", Fields: []syncs.Field{{Name: "phone", Type: syncs.String}, {Name: "email", Type: syncs.String}}}
	requests, rejections := open(t, "").Encode(chunk)
	var got []string
	for _, r := range requests {
		got = append(got, r.HTTP.URL+" "+string(r.HTTP.Body))
	}
	of := func(text string) string { return `{"id":"` + sha(text) + `","audience_ids":["456"]}` }
	want := []string{
		`https://business-api.tiktok.com/open_api/v1.3/segment/mapping/ {"advertiser_ids":["7001"],"action":"add","id_schema":["EMAIL_SHA256","PHONE_SHA256"],"batch_data":[[` +
			of("jane@example.com") + `,` + of("+33612345678") + `],[` + of("ann@example.com") + `,{}]]}`,
		`https://business-api.tiktok.com/open_api/v1.3/segment/mapping/ {"advertiser_ids":["7001"],"action":"delete","id_schema":["EMAIL_SHA256"],"batch_data":[[` + of("joe@example.com") + `]]}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(rejections) != 1 || rejections[0].Op != 3 || rejections[0].Code != "no-identifier" {
		t.Errorf("%+v", rejections)
	}
}

// TestErrors: the status is 200 whatever it is, and the code says it.
func TestErrors(t *testing.T) {
	d := open(t, "https://tiktok.example.com")
	req := syncs.Request{Ops: []int{0, 1}}
	for body, want := range map[string]syncs.Verdict{
		`{"code":0,"message":"OK"}`: syncs.Rows, `{"code":40100}`: syncs.Retry, `{"code":40105}`: syncs.Fatal, `{"code":40001}`: syncs.Fatal,
		`{"code":40002}`: syncs.Split, `{"code":50000}`: syncs.Unknown, `{"code":1}`: syncs.Fatal, `{}`: syncs.Unknown, `<html>`: syncs.Unknown, `{"code":"0"}`: syncs.Unknown,
	} {
		out := d.Decode(req, &syncs.Response{Status: 200, Header: http.Header{}, Body: []byte(body)})
		if out.Verdict != want || want == syncs.Rows && len(out.Rows) != 2 {
			t.Errorf("%s: %+v, want verdict %d", body, out, want)
		}
	}
	if report, _, err := trial.Deliver(t, &synctest.Faulty{Fake: tiktoktest.New(), Faults: func(int, *http.Request) synctest.Fault { return synctest.Unauthorized }},
		people.Schema, []syncs.Op{people.Op(syncs.Add, rand.New(rand.NewPCG(1, 1)), 1)}); err == nil || !strings.Contains(err.Error(), "40105") {
		t.Errorf("%+v %v", report, err)
	}
}

// TestConfig: what is wrong is found at its place.
func TestConfig(t *testing.T) {
	synctest.Configs(t, tiktok.Default, "access_token: '${env:TOKEN}'\n", map[string]string{
		"advertiser: '7001'":                 "",
		"advertiser: act_7001":               "2:13 bad-account",
		"advertiser: '7001'\nhashing: maybe": "3:10 bad-choice",
	})
}

// TestProbe: the questions are as TikTok's documents have them, and answered.
func TestProbe(t *testing.T) {
	documents := openapi.Open(t, "tiktok/advertiser_info.yml", "tiktok/dmp_custom_audience_get.yml")
	d := open(t, "https://tiktok.example.com").(syncs.Prober)
	for object, want := range map[string]syncs.Verdict{"": syncs.Rows, "audience/456": syncs.Rows, "audience/1": syncs.Fatal} {
		q := syncs.Question{Object: object, Secrets: synctest.Secrets, SentAt: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
		ask := d.EncodeProbe(q)
		req := httptest.NewRequest(ask.Method, ask.URL, http.NoBody)
		req.Header = ask.Header
		w := httptest.NewRecorder()
		tiktoktest.New().ServeHTTP(w, req)
		if out := d.DecodeProbe(q, &syncs.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}); out.Verdict != want {
			t.Errorf("%s: %+v", object, out)
		}
		// The documents have paths without the version, and the token in the query.
		path := strings.Replace(strings.TrimPrefix(ask.URL, "https://tiktok.example.com/open_api/v1.3"), "?", "?Access-Token=x&", 1)
		documented := httptest.NewRequest(ask.Method, path, http.NoBody)
		documented.Header.Set("Access-Token", "x")
		if err := documents.Check(documented); err != nil {
			t.Errorf("%s: %v", object, err)
		}
	}
}
