package slack_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/slack"
	"github.com/customhouse-cdp/customhouse/syncs/slack/slacktest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// config is a bot's.
func config(tb testing.TB, url string) *slack.Config {
	tb.Helper()
	c := slack.Default()
	var err error
	if c.BaseURL, err = secret.NewTemplate(url); err != nil {
		tb.Fatal(err)
	}
	if c.Token, err = secret.NewRef("${env:TOKEN}"); err != nil {
		tb.Fatal(err)
	}
	c.AllowPrivate = true
	return c
}

func open(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	return slack.New(config(tb, url))
}

// hooked is one of a webhook.
func hooked(tb testing.TB, url string) syncs.Destination {
	tb.Helper()
	c := config(tb, url)
	c.Webhook, c.Token = c.Token, secret.Ref{}
	return slack.New(c)
}

func hook(secret.Ref) secret.Value {
	return secret.NewValue("https://hooks.slack.com/services/T1/B1/" + synctest.Canary)
}

var (
	bot   = synctest.Trial{Fake: fake, Open: open}
	hooks = synctest.Trial{Fake: fake, Open: hooked, Secrets: hook}
)

func fake() synctest.Fake { return slacktest.New() }

func sample(object string) synctest.Sample {
	return synctest.Sample{
		Schema: syncs.Schema{Sync: "vip_to_slack", Object: object, Key: "email", Fields: []syncs.Field{
			{Name: "email", Type: syncs.String}, {Name: "spent", Type: syncs.Decimal}, {Name: "since", Type: syncs.Date},
		}},
		Row: func(r *rand.Rand, i int) []any {
			return []any{fmt.Sprintf("jane%d@example.com", i), fmt.Sprintf("%d.50", r.IntN(100)), time.Date(2026, 1, 1+i%28, 0, 0, 0, 0, time.UTC)}
		},
	}
}

func harness(tb testing.TB) synctest.Harness {
	tb.Helper()
	return synctest.Harness{Destination: open(tb, "https://slack.com"), SecretHeaders: []string{"Authorization"}, Samples: []synctest.Sample{sample("channel/C1")}}
}

func TestContract(t *testing.T) { synctest.Run(t, harness(t)) }

func FuzzDecode(f *testing.F) { synctest.FuzzDecode(f, harness(f)) }

func messages(f synctest.Fake) []slacktest.Message { return f.Contents().([]slacktest.Message) } //nolint:forcetypeassert // it says so

// TestSummary: one message of all rows, by a bot and by a webhook.
func TestSummary(t *testing.T) {
	for _, test := range []struct {
		name    string
		trial   synctest.Trial
		object  string
		channel string
	}{{"bot", bot, "channel/C1", "C1"}, {"webhook", hooks, "webhook", slacktest.Hook}} {
		t.Run(test.name, func(t *testing.T) {
			s, f := sample(test.object), fake()
			list := append(s.Ops(syncs.Add, 40), s.Ops(syncs.Remove, 42)[40:]...)
			report, refused, err := test.trial.Deliver(t, f, s.Schema, list)
			if err != nil || len(refused) > 0 || report.Accepted != 42 {
				t.Fatalf("%+v, %v, %v", report, refused, err)
			}
			want := []slacktest.Message{{Channel: test.channel, Text: "*vip\uff3fto\uff3fslack*: 40 entered, 2 left"}}
			if diff := cmp.Diff(want, messages(f)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestText: what messages say, and that no value of a row is a mention or a link.
func TestText(t *testing.T) {
	for _, test := range []struct {
		name  string
		list  int
		each  bool
		chunk int
		kind  syncs.Kind
		rows  []any
		want  string
	}{
		{"one event", 0, false, 1, syncs.Append, []any{"a@b.c"}, "*s*: 1 new event"},
		{"a second message", 0, false, 2, syncs.Append, []any{"a@b.c", "d@e.f"}, "*s*: 2 new events (message 2 of this run)"},
		{"named", 1, false, 1, syncs.Add, []any{"a@b.c", "d@e.f"}, "*s*: 2 entered\n• email a@b.c\nand 1 more"},
		{"all named", 9, false, 1, syncs.Add, []any{"a@b.c"}, "*s*: 1 entered\n• email a@b.c"},
		{"each", 0, true, 1, syncs.Add, []any{"a@b.c"}, "*s*: email a@b.c"},
		{"each that left", 0, true, 1, syncs.Remove, []any{"a@b.c"}, "*s*: 1 left"},
		{"markup", 9, false, 1, syncs.Add, []any{"<!channel> & *x* _y_\n~z~ `w`"}, "*s*: 1 entered\n• email &lt;!channel&gt; &amp; \u2217x\u2217 \uff3fy\uff3f \u223cz\u223c \u02cbw\u02cb"},
		{"nothing to say", 9, false, 1, syncs.Add, []any{nil}, "*s*: 1 entered\n• "},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := config(t, "https://slack.com")
			c.List, c.Each = test.list, test.each
			var list []syncs.Op
			for i, v := range test.rows {
				op := syncs.Op{Kind: test.kind, Key: strconv.Itoa(i)}
				if !test.kind.Leaves() {
					op.Values = []any{v}
				}
				list = append(list, op)
			}
			chunk := synctest.Chunk(list)
			chunk.Number = test.chunk
			chunk.Schema = syncs.Schema{Sync: "s", Object: "channel/C1", Key: "email", Fields: []syncs.Field{{Name: "email", Type: syncs.String}}}
			requests, _ := slack.New(c).Encode(chunk)
			f := fake()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, requests[0].HTTP.URL, strings.NewReader(string(requests[0].HTTP.Body)))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = requests[0].HTTP.Header
			f.ServeHTTP(&discard{}, r)
			if diff := cmp.Diff([]slacktest.Message{{Channel: "C1", Text: test.want}}, messages(f)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// discard throws an answer away.
type discard struct{}

func (*discard) Header() http.Header         { return http.Header{} }
func (*discard) WriteHeader(int)             {}
func (*discard) Write(b []byte) (int, error) { return len(b), nil }

// TestLong: a message is never longer than Slack shows.
func TestLong(t *testing.T) {
	c := config(t, "https://slack.com")
	c.List = 50
	s := sample("channel/C1")
	list := s.Ops(syncs.Add, 60)
	for i := range list {
		list[i].Values[0] = strings.Repeat("é", 500*(1+i%3))
	}
	chunk := synctest.Chunk(list)
	chunk.Schema = s.Schema
	requests, _ := slack.New(c).Encode(chunk)
	if n := len([]rune(string(requests[0].HTTP.Body))); n < 2000 || n > 4000 {
		t.Errorf("the request has %d characters", n)
	}
}

// TestRefused: an error in a success stops the sync, and what to do is said; one
// that passes is tried again; a message of which nobody knows is not.
func TestRefused(t *testing.T) {
	s := sample("channel/C1")
	t.Run("no channel", func(t *testing.T) {
		f := slacktest.New()
		f.Channels["C1"] = "not_in_channel"
		_, _, err := bot.Deliver(t, f, s.Schema, s.Ops(syncs.Add, 3))
		if err == nil || !strings.Contains(err.Error(), "invite the bot to the channel") {
			t.Errorf("got %v", err)
		}
	})
	for fault, messageCount := range map[synctest.Fault]int{synctest.TooMany: 1, synctest.ErrorBefore: 0, synctest.ErrorAfter: 1, synctest.ResetAfter: 1, synctest.HalfJSON: 1} {
		t.Run(fmt.Sprint(fault), func(t *testing.T) {
			f := fake()
			faulty := &synctest.Faulty{Fake: f, Faults: func(n int, _ *http.Request) synctest.Fault {
				if n == 1 {
					return fault
				}
				return synctest.None
			}}
			report, refused, err := bot.Deliver(t, faulty, s.Schema, s.Ops(syncs.Add, 3))
			if err != nil || len(messages(f)) != messageCount {
				t.Fatalf("%d messages, want %d: %+v %v", len(messages(f)), messageCount, report, err)
			}
			if passes := fault == synctest.TooMany; passes != (len(refused) == 0) {
				t.Errorf("%+v", refused)
			}
			for _, r := range refused {
				if r.Origin != deliver.Unknown {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

func TestProbe(t *testing.T) {
	ask := func(d syncs.Destination, status int, body string) string {
		out := d.(syncs.Prober).DecodeProbe(syncs.Question{}, &syncs.Response{Status: status, Body: []byte(body)}) //nolint:forcetypeassert // it is one
		return fmt.Sprint(out.Verdict, " ", out.Message)
	}
	got := []string{
		ask(open(t, "https://slack.com"), 200, `{"ok":true,"team":"Boutique","user":"bot"}`),
		ask(open(t, "https://slack.com"), 200, `{"ok":false,"error":"invalid_auth"}`),
		ask(open(t, "https://slack.com"), 200, `{}`),
		ask(hooked(t, "https://slack.com"), 400, "no_text"),
		ask(hooked(t, "https://slack.com"), 404, "no_service"),
	}
	want := []string{
		fmt.Sprint(syncs.Rows, " the bot bot of the workspace Boutique"),
		fmt.Sprint(syncs.Fatal, " Slack refused the credential: invalid_auth; the token is not accepted: install the app again and take its bot token"),
		fmt.Sprint(syncs.Unknown, " the platform answered with something that is neither ok nor an error"),
		fmt.Sprint(syncs.Rows, " the webhook is there"),
		fmt.Sprint(syncs.Fatal, " Slack refused the credential: no_service; the webhook was removed: make another"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// counts matches what a message says of a run.
var counts = regexp.MustCompile(`(\d+) (entered|left)`)

// TestTenDays: over ten random days the messages count exactly who entered and who
// left, some of them said only at the second attempt. Those of one run are one
// message for each request.
func TestTenDays(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 7))
		s, f := sample("channel/C1"), fake()
		faulty := &synctest.Faulty{Fake: f, Faults: func(request int, _ *http.Request) synctest.Fault {
			if request%3 == 2 {
				return synctest.TooManyWait
			}
			return synctest.None
		}}
		there, said := map[int]bool{}, 0
		for day := range 10 {
			var ops []syncs.Op
			want := map[string]int{}
			share := r.IntN(100)
			for i := range 400 {
				wanted := r.IntN(100) < share
				switch {
				case wanted && !there[i]:
					want["entered"]++
					ops = append(ops, s.Op(syncs.Add, r, i))
				case !wanted && there[i]:
					want["left"]++
					ops = append(ops, s.Op(syncs.Remove, r, i))
				}
				there[i] = wanted
			}
			report, refused, err := bot.Deliver(t, faulty, s.Schema, ops)
			if err != nil || len(refused) > 0 || report.Accepted != int64(len(ops)) {
				t.Fatalf("day %d: %+v, %v, %v", day, report, refused, err)
			}
			got := map[string]int{}
			for _, m := range messages(f)[said:] {
				for _, part := range counts.FindAllStringSubmatch(m.Text, -1) {
					n, err := strconv.Atoi(part[1])
					if err != nil {
						t.Fatal(err)
					}
					got[part[2]] += n
				}
			}
			said = len(messages(f))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("seed %d, day %d: %s", seed, day, diff)
			}
		}
		if said == 0 || faulty.Requests() < said+said/2 {
			t.Errorf("%d messages of %d requests", said, faulty.Requests())
		}
	}
}
