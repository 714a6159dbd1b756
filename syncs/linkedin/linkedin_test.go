package linkedin_test

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
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/linkedin"
	"github.com/customhouse-cdp/customhouse/syncs/linkedin/linkedintest"
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

// with makes the destination with an access token, refreshing with an app.
func with(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	return open(tb, url, func(c *linkedin.Config) { c.AccessToken = ref(tb, "${env:TOKEN}") })
}

func refreshing(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	return open(tb, url, func(c *linkedin.Config) {
		c.ClientID, c.ClientSecret, c.RefreshToken = ref(tb, "${env:ID}"), ref(tb, "${env:SECRET}"), ref(tb, "${env:REFRESH}")
	})
}

func open(tb testing.TB, url string, change func(*linkedin.Config)) syncs.Destination {
	tb.Helper()
	base, err := secret.NewTemplate(url)
	if err != nil {
		tb.Fatal(err)
	}
	c := linkedin.Default()
	c.BaseURL, c.AllowPrivate = base, true
	change(c)
	return linkedin.New(c)
}

func trial(open func(testing.TB, string) syncs.Destination) synctest.Trial {
	return synctest.Trial{Fake: func() synctest.Fake { return linkedintest.New() }, Open: open}
}

var people = synctest.Sample{
	Schema: syncs.Schema{Sync: "vips_to_linkedin", Object: "audience/" + linkedintest.Segment, Key: "email", Fields: []syncs.Field{
		{Name: "email", Type: syncs.String}, {Name: "title", Type: syncs.String},
	}},
	Row: func(r *rand.Rand, i int) []any {
		return []any{fmt.Sprintf(" Jane.%d@Example.com", i), []any{"CEO of \"it\"", "Engineer", nil}[r.IntN(3)]}
	},
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func harness(tb testing.TB, d syncs.Destination) synctest.Harness {
	tb.Helper()
	return synctest.Harness{Destination: d, SecretHeaders: []string{"Authorization"}, Samples: []synctest.Sample{people}}
}

func TestContract(t *testing.T) {
	t.Run("access token", func(t *testing.T) { synctest.Run(t, harness(t, with(t, "https://linkedin.example.com"))) })
	t.Run("app", func(t *testing.T) { synctest.Run(t, harness(t, refreshing(t, "https://linkedin.example.com"))) })
}

func FuzzDecode(f *testing.F) {
	synctest.FuzzDecode(f, harness(f, with(f, "https://linkedin.example.com")))
}

func TestVectors(t *testing.T) { synctest.Vectors(t, "testdata/vectors.json", linkedin.Rules) }

// TestMirror: who is on the segment is who is wanted, with what is known of them.
func TestMirror(t *testing.T) {
	synctest.Mirror{
		Trial: trial(refreshing), Sample: people, Bring: syncs.Add, Leave: syncs.Remove,
		Wanted: func(values []any) (string, string) {
			title, _ := values[1].(string)
			return "SHA256_EMAIL:" + sha(strings.ToLower(strings.TrimSpace(values[0].(string)))), title
		},
		Held: func(f synctest.Fake) map[string]string {
			held := map[string]string{}
			for key, m := range f.(*linkedintest.Platform).Members(linkedintest.Segment) {
				held[key] = m.Title
			}
			return held
		},
	}.Run(t)
}

// TestMembers: the spelling of those who are added and of those who leave.
func TestMembers(t *testing.T) {
	chunk := synctest.Chunk([]syncs.Op{
		{Kind: syncs.Add, Key: "jane@example.com", Values: []any{"Jane@Example.com", "38400000-8CF0-11BD-B23E-10B96E40000D", "Élodie \"E\"", nil}},
		{Kind: syncs.Remove, Key: " Joe@example.com"},
		{Kind: syncs.Add, Key: "nobody", Values: []any{"nobody", nil, "Jane", "FR"}},
	})
	chunk.Schema = syncs.Schema{Object: "audience/456", Key: "email", Fields: []syncs.Field{
		{Name: "email", Type: syncs.String}, {Name: "google_aid", Type: syncs.String}, {Name: "first_name", Type: syncs.String}, {Name: "country", Type: syncs.String},
	}}
	requests, rejections := with(t, "").Encode(chunk)
	if len(requests) != 1 || len(rejections) != 1 || rejections[0].Op != 2 {
		t.Fatalf("%+v %+v", requests, rejections)
	}
	want := `{"elements":[{"action":"ADD","userIds":[{"idType":"SHA256_EMAIL","idValue":"` + sha("jane@example.com") + `"},{"idType":"GOOGLE_AID","idValue":"38400000-8cf0-11bd-b23e-10b96e40000d"}],"firstName":"Élodie \"E\""},` +
		`{"action":"REMOVE","userIds":[{"idType":"SHA256_EMAIL","idValue":"` + sha("joe@example.com") + `"}]}]}`
	if diff := cmp.Diff(want, string(requests[0].HTTP.Body)); diff != "" {
		t.Error(diff)
	}
	header := http.Header{
		"Authorization": {"Bearer " + synctest.Canary}, "Content-Type": {"application/json"}, "Linkedin-Version": {linkedin.Version.Name},
		"X-Restli-Method": {"BATCH_CREATE"}, "X-Restli-Protocol-Version": {"2.0.0"},
	}
	if diff := cmp.Diff(header, requests[0].HTTP.Header); diff != "" || requests[0].HTTP.URL != "https://api.linkedin.com/rest/dmpSegments/456/users" {
		t.Errorf("%s: %s", requests[0].HTTP.URL, diff)
	}
}

// TestElements: a member that is refused is known by its place.
func TestElements(t *testing.T) {
	fake := linkedintest.New()
	refused := sha("jane.7@example.com")
	fake.Refused = func(id string) string {
		if id == refused {
			return "the member is unfit"
		}
		return ""
	}
	ops := make([]syncs.Op, 20)
	for i := range ops {
		ops[i] = people.Op(syncs.Add, rand.New(rand.NewPCG(1, 1)), i)
	}
	report, rows, err := trial(refreshing).Deliver(t, fake, people.Schema, ops)
	if err != nil || report.Accepted != 19 || report.Rejected != 1 || report.Status != deliver.Degraded {
		t.Errorf("%+v %v", report, err)
	}
	if r := rows[" Jane.7@Example.com"]; r.Code != "status-400" || !strings.Contains(r.Message, "the member is unfit") {
		t.Errorf("%+v", rows)
	}
}

// TestErrors: what an answer means.
func TestErrors(t *testing.T) {
	req := syncs.Request{Ops: []int{0, 1}}
	for _, test := range []struct {
		status   int
		body     string
		want     syncs.Verdict
		accepted int
	}{
		{200, `{"elements":[{"status":201},{"status":201}]}`, syncs.Rows, 2},
		{200, `{"elements":[{"status":201},{"status":400,"error":{"message":"m"}}]}`, syncs.Rows, 1},
		{200, `{"elements":[{"status":201},{"status":429}]}`, syncs.Rows, 1},
		{200, `{"elements":[{"status":201}]}`, syncs.Unknown, 0},
		{200, `{}`, syncs.Unknown, 0},
		{404, `{"status":404,"code":"NOT_FOUND","message":"m"}`, syncs.Retry, 0},
		{401, `{"status":401,"code":"EXPIRED_ACCESS_TOKEN"}`, syncs.Fatal, 0},
		{403, `{"status":403,"code":"ACCESS_DENIED"}`, syncs.Fatal, 0},
		{426, `{"status":426,"code":"NONEXISTENT_VERSION"}`, syncs.Fatal, 0},
		{429, `{"status":429}`, syncs.Retry, 0},
		{400, `{"status":400}`, syncs.Split, 0},
		{500, ``, syncs.Unknown, 0},
	} {
		out := with(t, "https://linkedin.example.com").Decode(req, &syncs.Response{Status: test.status, Header: http.Header{}, Body: []byte(test.body)})
		accepted := 0
		for _, r := range out.Rows {
			if r.Accepted {
				accepted++
			}
		}
		if out.Verdict != test.want || accepted != test.accepted {
			t.Errorf("%d %s: %+v", test.status, test.body, out)
		}
	}
	if out := refreshing(t, "https://linkedin.example.com").Decode(req, &syncs.Response{Status: 401, Header: http.Header{}}); out.Verdict != syncs.Expired {
		t.Errorf("an app: %+v", out)
	}
}

// TestConfig: what is wrong is found at its place.
func TestConfig(t *testing.T) {
	synctest.Configs(t, linkedin.Default, "", map[string]string{
		"access_token: '${env:TOKEN}'": "",
		"region: FR":                   "1:1 no-credential",
		"access_token: '${env:TOKEN}'\nclient_id: '${env:ID}'": "1:15 no-credential",
		"access_token: '${env:TOKEN}'\ndigest: md5":            "2:9 bad-choice",
		"access_token: '${env:TOKEN}'\nversion: '2026'":        "2:10 bad-choice",
		"access_token: '${env:TOKEN}'\nversion: '202610'":      "",
	})
}

// TestProbe asks the platform what a delivery needs.
func TestProbe(t *testing.T) {
	d := with(t, "https://linkedin.example.com").(syncs.Prober)
	for object, want := range map[string]syncs.Verdict{"": syncs.Rows, "audience/456": syncs.Rows, "audience/1": syncs.Fatal} {
		q := syncs.Question{Object: object, Secrets: synctest.Secrets, SentAt: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
		ask := d.EncodeProbe(q)
		req := httptest.NewRequest(ask.Method, ask.URL, http.NoBody)
		req.Header = ask.Header
		w := httptest.NewRecorder()
		linkedintest.New().ServeHTTP(w, req)
		if out := d.DecodeProbe(q, &syncs.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}); out.Verdict != want {
			t.Errorf("%s: %+v", object, out)
		}
	}
	expired := `{"id":456,"status":"EXPIRED"}`
	if out := d.DecodeProbe(syncs.Question{Object: "audience/456"}, &syncs.Response{Status: 200, Header: http.Header{}, Body: []byte(expired)}); out.Verdict != syncs.Fatal {
		t.Errorf("expired: %+v", out)
	}
}
