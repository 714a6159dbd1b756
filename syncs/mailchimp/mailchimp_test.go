package mailchimp_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/mailchimp"
	"github.com/customhouse-cdp/customhouse/syncs/mailchimp/mailchimptest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

func open(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	c := mailchimp.Default()
	c.DataCenter, c.NewMembers, c.AllowPrivate = "us21", "subscribed", true
	var err error
	if c.BaseURL, err = secret.NewTemplate(url); err != nil {
		tb.Fatal(err)
	}
	if c.APIKey, err = secret.NewRef("${env:KEY}"); err != nil {
		tb.Fatal(err)
	}
	return mailchimp.New(c)
}

var trial = synctest.Trial{Fake: func() synctest.Fake { return mailchimptest.New() }, Open: open}

var member = synctest.Sample{
	Schema: syncs.Schema{Sync: "s", Object: "list/a1", Key: "email_address", Fields: []syncs.Field{
		{Name: "email_address", Type: syncs.String},
		{Name: "merge_fields.FNAME", Path: []string{"merge_fields", "FNAME"}, Type: syncs.String},
		{Name: "merge_fields.SPENT", Path: []string{"merge_fields", "SPENT"}, Type: syncs.Decimal},
		{Name: "merge_fields.BORN", Path: []string{"merge_fields", "BORN"}, Type: syncs.Date, SkipNull: true},
	}},
	Row: func(r *rand.Rand, i int) []any {
		row := []any{fmt.Sprintf("Zoë+%d@Example.com", i), []string{"Zoë", "O'Brien"}[r.IntN(2)], fmt.Sprintf("%d.50", r.IntN(900)), time.Unix(r.Int64N(1e9), 0).UTC().Truncate(24 * time.Hour)}
		for at := 1; at < len(row); at++ {
			if r.IntN(5) == 0 {
				row[at] = nil
			}
		}
		return row
	},
}

func harness(tb testing.TB) synctest.Harness {
	tb.Helper()
	return synctest.Harness{Destination: open(tb, "https://us21.api.mailchimp.com"), SecretHeaders: []string{"Authorization"}, Samples: []synctest.Sample{member}}
}

func TestContract(t *testing.T) { synctest.Run(t, harness(t)) }

func FuzzDecode(f *testing.F) { synctest.FuzzDecode(f, harness(f)) }

func contents(f synctest.Fake) []mailchimptest.Member {
	return f.Contents().([]mailchimptest.Member) //nolint:forcetypeassert // it says so
}

func TestMirror(t *testing.T) {
	m := synctest.Mirror{
		Trial: trial, Sample: member, Bring: syncs.Upsert, Leave: syncs.Archive, People: 60,
		Wanted: func(values []any) (key, value string) {
			name, _ := values[1].(string)
			spent, _ := values[2].(string)
			return fmt.Sprint(values[0]), name + " " + spent
		},
		Held: func(f synctest.Fake) map[string]string {
			held := map[string]string{}
			for _, m := range contents(f) {
				name, _ := m.Fields["FNAME"].(string)
				spent, _ := m.Fields["SPENT"].(json.Number)
				if m.Status != "archived" {
					held[m.Email] = name + " " + spent.String()
				}
			}
			return held
		},
	}
	m.Run(t)
	m.Erase(t, "email_address")
}

// TestNobodyIsSubscribedAgain: who has unsubscribed stays so.
func TestNobodyIsSubscribedAgain(t *testing.T) {
	f := mailchimptest.New()
	for range 2 {
		if _, refused, err := trial.Deliver(t, f, member.Schema, member.Ops(syncs.Upsert, 2)); err != nil || len(refused) > 0 {
			t.Fatal(refused, err)
		}
		f.Unsubscribe("zoë+0@example.com")
	}
	if _, _, err := trial.Deliver(t, f, member.Schema, member.Ops(syncs.Upsert, 2)); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range contents(f) {
		got[m.Email] = m.Status
	}
	if diff := cmp.Diff(map[string]string{"Zoë+0@Example.com": "unsubscribed", "Zoë+1@Example.com": "subscribed"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestRefused: rows that the platform refuses, and no others; who was erased does
// not come back.
func TestRefused(t *testing.T) {
	f := mailchimptest.New()
	f.Compliance = map[string]bool{"zoë+1@example.com": true}
	list := member.Ops(syncs.Upsert, 6)
	if _, _, err := trial.Deliver(t, f, member.Schema, list[:1]); err != nil {
		t.Fatal(err)
	}
	erasure := syncs.Schema{Sync: "erasure", Object: "list/a1", Key: "email_address", Fields: []syncs.Field{{Name: "email_address", Type: syncs.String}}}
	if _, refused, err := trial.Deliver(t, f, erasure, []syncs.Op{{Kind: syncs.Erase, Key: list[0].Key}, {Kind: syncs.Erase, Key: "nobody@example.com"}}); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	list[2].Key, list[3].Key = " ", "zoë"
	_, refused, err := trial.Deliver(t, f, member.Schema, list)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for key, r := range refused {
		got[key] = r.Code + ": " + r.Message
	}
	want := map[string]string{
		list[0].Key: "forgotten-email-not-subscribed: Mailchimp refused the row: Forgotten Email Not Subscribed",
		list[1].Key: "member-in-compliance-state: Mailchimp refused the row: Member In Compliance State",
		" ":         "no-identifier: the row has no e-mail address",
		"zoë":       "invalid-resource: Mailchimp refused the row: Invalid Resource (email_address)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSpelling: what is sent, to the byte.
func TestSpelling(t *testing.T) {
	chunk := synctest.Chunk([]syncs.Op{
		{Kind: syncs.Upsert, Key: "A@b.c", Values: []any{"A@b.c", "Zoë", "1.50", nil}},
		{Kind: syncs.Clear, Key: "a@b.c"},
		{Kind: syncs.Archive, Key: "a@b.c"},
		{Kind: syncs.Erase, Key: "a@b.c"},
	})
	chunk.Schema = member.Schema
	requests, _ := open(t, "").Encode(chunk)
	var got []string
	for _, r := range requests {
		got = append(got, r.HTTP.Method+" "+r.HTTP.URL+" "+string(r.HTTP.Body))
	}
	const at = "https://us21.api.mailchimp.com/3.0/lists/a1/members/5d60d4e28066df254d5452f92c910092"
	want := []string{
		"PUT " + at + ` {"email_address":"A@b.c","status_if_new":"subscribed","merge_fields":{"FNAME":"Zoë","SPENT":1.50}}`,
		"PATCH " + at + ` {"merge_fields":{"FNAME":null,"SPENT":null,"BORN":null}}`,
		"DELETE " + at + " ", "POST " + at + "/actions/delete-permanent ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAnswers are those that a status alone does not explain.
func TestAnswers(t *testing.T) {
	d := open(t, "")
	for _, test := range []struct {
		kind    syncs.Kind
		status  int
		body    string
		verdict syncs.Verdict
	}{
		{syncs.Upsert, 200, `{"id":"x","status":"subscribed"}`, syncs.Rows},
		{syncs.Upsert, 200, `{}`, syncs.Unknown},
		{syncs.Upsert, 204, ``, syncs.Unknown},
		{syncs.Upsert, 403, ``, syncs.Retry},
		{syncs.Upsert, 403, `{"title":"Forbidden"}`, syncs.Fatal},
		{syncs.Upsert, 404, `{"title":"Resource Not Found"}`, syncs.Fatal},
		{syncs.Archive, 404, `{"title":"Resource Not Found"}`, syncs.Rows},
		{syncs.Archive, 405, `{"title":"Method Not Allowed"}`, syncs.Rows},
		{syncs.Archive, 204, ``, syncs.Rows},
		{syncs.Upsert, 429, `{}`, syncs.Retry},
	} {
		if out := d.Decode(syncs.Request{Ops: []int{0}, Mark: test.kind.String()}, &syncs.Response{Status: test.status, Body: []byte(test.body)}); out.Verdict != test.verdict {
			t.Errorf("%v %d %s: %+v", test.kind, test.status, test.body, out)
		}
	}
}

// TestNames: a member is called by the MD5 of the address in small letters, which is
// all that Mailchimp does to it: dots, plus signs and domains stay as they are. What
// is a digest already is an address like any other here, and refused over there.
func TestNames(t *testing.T) {
	same := []string{
		"jane@example.com", "jane.doe@example.com", "j.a.n.e@gmail.com", "jane+news@gmail.com", "jane+a+b@example.com", "jane@googlemail.com",
		"o'brien@example.ie", "jane_doe@example.com", "jane-doe@example.co.uk", "1234567890@qq.com", "a@b.cd", "jané@example.com", "zoë@exemple.fr",
		"jane@пример.рф", "jane@xn--e1afmkfd.xn--p1ai", "jane@münchen.de", "用户@例子.广告", "jane%home@example.com", "jane!x@example.com", "x/y@example.com",
		"jane#1@example.com", "jane?a=b@example.com", "straße@example.de", `"jane doe"@example.com`, "9e26471d35a78862c17e467d87cddedf",
	}
	changed := map[string]string{
		"Jane@Example.COM": "jane@example.com", "  jane@example.com": "jane@example.com", "jane@example.com\n": "jane@example.com",
		"\tJANE+NEWS@GMAIL.COM": "jane+news@gmail.com", "\u00a0jane@example.com\u2003": "jane@example.com", "JANÉ@EXAMPLE.COM": "jané@example.com",
		"ZOË@ÉCOLE.FR": "zoë@école.fr", "JANE@ПРИМЕР.РФ": "jane@пример.рф", "O'Brien@Example.ie": "o'brien@example.ie", "J.Doe@GoogleMail.com": "j.doe@googlemail.com",
	}
	for _, text := range same {
		changed[text] = text
	}
	if len(changed) < 30 {
		t.Errorf("%d addresses, want at least 30", len(changed))
	}
	for text, want := range changed {
		chunk := synctest.Chunk([]syncs.Op{{Kind: syncs.Archive, Key: text}})
		chunk.Schema = member.Schema
		requests, refused := open(t, "https://us21.api.mailchimp.com").Encode(chunk)
		if len(requests) != 1 || len(refused) != 0 {
			t.Errorf("%q: %d requests, %v", text, len(requests), refused)
			continue
		}
		sum := md5.Sum([]byte(want))
		if got, want := requests[0].HTTP.URL, "https://us21.api.mailchimp.com/3.0/lists/a1/members/"+hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	chunk := synctest.Chunk([]syncs.Op{{Kind: syncs.Archive, Key: ""}, {Kind: syncs.Archive, Key: " \u2003"}})
	chunk.Schema = member.Schema
	if requests, refused := open(t, "").Encode(chunk); len(requests) != 0 || len(refused) != 2 || refused[0].Code != syncs.NoIdentifier {
		t.Errorf("nothing is hashed: %d requests, %v", len(requests), refused)
	}
}
