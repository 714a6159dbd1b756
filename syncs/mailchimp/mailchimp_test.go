package mailchimp_test

import (
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
	synctest.Mirror{
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
	}.Run(t)
}

func ops(kind syncs.Kind, n int) []syncs.Op {
	out := make([]syncs.Op, n)
	for i := range out {
		out[i] = member.Op(kind, rand.New(rand.NewPCG(1, uint64(i))), i)
	}
	return out
}

// TestNobodyIsSubscribedAgain: who has unsubscribed stays so.
func TestNobodyIsSubscribedAgain(t *testing.T) {
	f := mailchimptest.New()
	for range 2 {
		if _, refused, err := trial.Deliver(t, f, member.Schema, ops(syncs.Upsert, 2)); err != nil || len(refused) > 0 {
			t.Fatal(refused, err)
		}
		f.Unsubscribe("zoë+0@example.com")
	}
	if _, _, err := trial.Deliver(t, f, member.Schema, ops(syncs.Upsert, 2)); err != nil {
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
	list := ops(syncs.Upsert, 6)
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
