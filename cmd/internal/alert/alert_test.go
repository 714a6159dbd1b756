package alert

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/cmd/internal/volume"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// post keeps what is sent through it.
type post struct {
	sent []Message
	err  error
}

func (p *post) Send(_ context.Context, m Message) error {
	if p.err == nil {
		p.sent = append(p.sent, m)
	}
	return p.err
}

// titles are those of what was sent since the last call.
func (p *post) titles() (out []string) {
	for _, m := range p.sent {
		out = append(out, m.Title())
	}
	p.sent = nil
	return out
}

var errSpoken = errors.New("could not convert canary@example.com")

// runOf is a run in which a sync, a model and a segment are as they are errSpoken to be.
func runOf(sync, model run.Status, unusual bool) []Observation {
	plan := &models.Plan{Models: []*models.Model{{Name: "profile:customer", Nodes: []string{"trait:customer.email"}}}}
	s := run.Summary{
		RunID: "r1", Status: run.OK,
		Models:  []run.ModelResult{{Name: "profile:customer", Status: model}},
		Volumes: []run.Volume{{Subject: "segment:vip", Node: "segment:vip", Size: 5, Usual: volume.Range{Low: 80, Median: 100, High: 120}, Unusual: unusual}},
	}
	if model == run.Failed {
		s.Models[0].Err = &run.StepError{Title: "join", Err: errSpoken}
	}
	r := run.SyncResult{Sync: "crm", Destination: "hubspot", Status: sync}
	switch sync {
	case run.Degraded:
		r.Report = deliver.Report{Attempted: 10, Rejected: 3}
	case run.Failed:
		r.Err = &deliver.GuardError{Guard: "max_removed", Bound: config.Bound{Rows: 5}, Rows: 7, Of: 9}
	case run.OK, run.Skipped, run.Withheld, run.Interrupted:
	}
	s.Syncs = []run.SyncResult{r}
	return Run(plan, s, nil)
}

// TestOnce tells of ten runs: each change is told once, what cannot be sent is sent
// later, and each alert hears of what it asked for alone.
func TestOnce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	opt := state.Options{Place: filepath.Join(t.TempDir(), "p.db"), Scope: "s", Now: func() time.Time { return now }}
	all, quiet, chosen := &post{}, &post{}, &post{}
	next := func(list []Observation) error {
		t.Helper()
		now = now.Add(time.Hour)
		store, err := state.Open(t.Context(), opt) // Each run is a process.
		if err != nil {
			t.Fatal(err)
		}
		teller := &Teller{Store: store, Project: "shop", Target: "prod", Watches: []Watch{
			{Alert: &config.Alert{Name: "all", On: config.Occasions, Runs: 1, Rows: 1}, Channel: all},
			{Alert: &config.Alert{Name: "quiet", On: []string{"failed", "degraded"}, Runs: 2, Rows: 4}, Channel: quiet},
			{Alert: &config.Alert{Name: "chosen", On: config.Occasions, Runs: 1, Rows: 1}, Selected: map[string]bool{"trait:customer.email": true}, Channel: chosen},
		}}
		if err := teller.Observe(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		return errors.Join(teller.Tell(t.Context()), store.Close())
	}
	failing := Run(nil, run.Summary{RunID: "r9", Status: run.Failed}, errSpoken)
	for i, step := range []struct {
		list               []Observation
		broken             bool
		all, quiet, chosen []string
	}{
		0: {list: runOf(run.OK, run.OK, false)},
		1: {list: runOf(run.Degraded, run.OK, false), all: []string{"shop: sync:crm degraded (prod)"}},
		2: {list: runOf(run.Degraded, run.OK, true), all: []string{"shop: size:segment:vip anomaly (prod)"}},
		3: {list: runOf(run.Failed, run.OK, true), broken: true},
		// Twice in a row it is no news for who waits for that.
		4: {list: runOf(run.Failed, run.OK, true), all: []string{"shop: sync:crm failed (prod)"}, quiet: []string{"shop: sync:crm failed (prod)"}},
		5: {list: runOf(run.Skipped, run.Failed, true), all: []string{"shop: model:profile:customer failed (prod)"}, chosen: []string{"shop: model:profile:customer failed (prod)"}},
		6: {list: failing, all: []string{"shop: run failed (prod)"}},
		// What did not happen says nothing of a sync.
		7: {list: failing, quiet: []string{"shop: run failed (prod)"}},
		8: {list: runOf(run.OK, run.OK, false), all: []string{"shop: 4 recovered (prod)"}, chosen: []string{"shop: model:profile:customer recovered (prod)"}},
		9: {list: runOf(run.OK, run.OK, false)},
	} {
		all.err = nil
		if step.broken {
			all.err = errors.New("the message was refused with status 500")
		}
		if err := next(step.list); (err != nil) != step.broken {
			t.Errorf("run %d: %v", i, err)
		}
		for name, pair := range map[string][2][]string{
			"all": {step.all, all.titles()}, "quiet": {step.quiet, quiet.titles()}, "chosen": {step.chosen, chosen.titles()},
		} {
			if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
				t.Errorf("run %d told %s (-want +got):\n%s", i, name, diff)
			}
		}
	}
}

// TestText: a message says what happened, what to do and how to look, and nothing
// that a warehouse errSpoken.
func TestText(t *testing.T) {
	t.Parallel()
	list := append(runOf(run.Failed, run.Failed, true), Run(nil, run.Summary{Status: run.Failed}, errSpoken)...)
	m := Message{Project: "shop", Target: "prod"}
	for _, x := range watched(&config.Alert{On: config.Occasions, Rows: 1}, nil, list) {
		if x.State != state.Fine {
			x.Told = state.Fine
			m.Changes = append(m.Changes, changeOf(x, "prod"))
		}
	}
	want := `FAILED model:profile:customer: the step failed: join
  run r1
  the last good tables are in place: see the error in the log of the run, or in target/run_results.json, then run again
  $ customhouse doctor --target prod

FAILED sync:crm: 7 of 9 rows would be removed, and guards.max_removed allows 5: nothing was sent; if this is meant, raise guards.max_removed of the sync for one run (100% allows everything)
  run r1
  nothing more of it was sent: see what it would send and which guard stops it, then run it again
  $ customhouse plan --select sync:crm --target prod

ANOMALY size:segment:vip: there are 5, and usually 80 to 120
  run r1
  see whether its sources are complete before the next sync takes away whom it no longer has
  $ customhouse segments history vip --target prod

FAILED run: the run ended early: see the log of the run
  nothing was changed after that: see the log of the run
  $ customhouse doctor --target prod
`
	if diff := cmp.Diff(want, m.Text()); diff != "" {
		t.Errorf("the text (-want +got):\n%s", diff)
	}
	if got, want := m.Title(), "shop: 3 failed, 1 anomaly (prod)"; got != want {
		t.Errorf("the title is %q, want %q", got, want)
	}
}

// TestSchedule: a slot that failed, was late or was skipped is a state of its
// schedule, and one that has not ended is not.
func TestSchedule(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	slot := func(status string, late time.Duration) state.Slot {
		return state.Slot{Schedule: status, Due: at, Start: at, Started: at.Add(late), Late: late > time.Minute, Ended: at.Add(time.Hour), Status: status}
	}
	got := map[string]string{}
	for _, o := range Schedule(schedule.RunDone{Slots: []state.Slot{
		slot(schedule.OK, 0), slot(schedule.Failed, time.Hour), slot(schedule.Degraded, 0), slot(schedule.Skipped, 0), {Schedule: "open", Status: schedule.Due},
	}}) {
		got[o.Subject] = o.State + " " + o.Reason
	}
	want := map[string]string{
		"schedule:ok": "ok ", "schedule:failed": "failed the slot of 2026-03-01 06:00 UTC failed",
		"schedule:degraded": "degraded the slot of 2026-03-01 06:00 UTC left rows behind",
		"schedule:skipped":  "late the slot of 2026-03-01 06:00 UTC was skipped",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	late := Schedule(schedule.RunDone{Slots: []state.Slot{slot(schedule.OK, 5*time.Minute)}})
	if len(late) != 1 || late[0].State != Late || late[0].Reason != "the slot of 2026-03-01 06:00 UTC started 5m0s late" {
		t.Errorf("a late slot is %+v", late)
	}
}

// TestPosts: what a channel sends, and that no error of it shows an address, a
// secret or an answer.
func TestPosts(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	var got []*http.Request
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b strings.Builder
		_, _ = bufio.NewReader(r.Body).WriteTo(&b)
		got, bodies = append(got, r), append(bodies, b.String())
		http.Error(w, "canary", status)
	}))
	defer server.Close()
	m := Message{Alert: "ops", Project: "shop", Target: "prod", At: time.Unix(1_700_000_000, 0), Changes: []Change{{Subject: "sync:a<b", State: Failed, Before: "ok"}}}
	address, key := secret.NewValue(server.URL+"/canary?canary"), secret.NewValue("canary-key")
	channels := map[string]func(private bool) Channel{
		"slack":   func(private bool) Channel { return slack{poster{address, private}} },
		"webhook": func(private bool) Channel { return webhook{poster{address, private}, key} },
	}
	want := map[string]string{
		"slack":   `{"text":"*shop: sync:a\u0026lt;b failed (prod)*\n` + "```" + `\nFAILED sync:a\u0026lt;b\n` + "```" + `"}`,
		"webhook": `{"schema":"customhouse/alert/v1","alert":"ops","project":"shop","target":"prod","at":"2023-11-14T22:13:20Z","title":"shop: sync:a\u003cb failed (prod)","changes":[{"subject":"sync:a\u003cb","state":"failed","before":"ok","since":"0001-01-01T00:00:00Z"}]}`,
	}
	for name, channel := range channels {
		got, bodies, status = nil, nil, http.StatusOK
		if err := channel(true).Send(t.Context(), m); err != nil || len(got) != 1 {
			t.Fatalf("%s: %v, %d requests", name, err, len(got))
		}
		if diff := cmp.Diff(want[name], bodies[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if signed := got[0].Header.Get("X-Customhouse-Signature") != ""; signed != (name == "webhook") {
			t.Errorf("%s is signed: %t", name, signed)
		}
		status = http.StatusInternalServerError
		for private, says := range map[bool]string{true: "status 500", false: "could not be sent"} {
			if err := channel(private).Send(t.Context(), m); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s, allow_private: %t: %v", name, private, err)
			}
		}
	}
}

// mailServer is a mail server that offers STARTTLS where it has a certificate, and
// keeps what it is sent.
type mailServer struct {
	crypt *tls.Config
	said  chan string
	// refuses the address of a recipient.
	refuses string
}

func (s *mailServer) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	say := func(format string, args ...any) { fmt.Fprintf(conn, format+"\r\n", args...) }
	say("220 mail")
	var all strings.Builder
	encrypted := false
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return
		}
		all.WriteString(text)
		switch verb := strings.ToUpper(strings.Fields(text + " .")[0]); {
		case verb == "EHLO" && s.crypt != nil && !encrypted:
			say("250-mail\r\n250 STARTTLS")
		case verb == "EHLO":
			say("250-mail\r\n250 AUTH PLAIN")
		case verb == "STARTTLS":
			say("220 go on")
			conn = tls.Server(conn, s.crypt)
			in = bufio.NewReader(conn)
			encrypted = true
			all.WriteString("ENCRYPTED\n")
		case s.refuses != "" && strings.Contains(text, s.refuses):
			say("550 no such user %s", s.refuses)
		case verb == "DATA":
			say("354 go on")
			for text != ".\r\n" && err == nil {
				text, err = in.ReadString('\n')
				all.WriteString(text)
			}
			say("250 taken")
		case verb == "QUIT":
			say("221 bye")
			s.said <- all.String()
			return
		case verb == "AUTH":
			say("235 welcome")
		default:
			say("250 fine")
		}
	}
}

// TestMail: mail is sent over an encrypted connection, as RFC 5322 has it, and what
// the server says of a recipient is in no error.
func TestMail(t *testing.T) {
	t.Parallel()
	web := httptest.NewUnstartedServer(nil)
	web.StartTLS() // for its certificate, of 127.0.0.1
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	m := Message{Alert: "ops", Project: "shop", Target: "prod", At: time.Unix(1_700_000_000, 0), Changes: []Change{{Subject: "sync:é", State: Failed, Before: "ok"}}}
	send := func(server *mailServer, tlsMode string) (string, error) {
		t.Helper()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		server.said = make(chan string, 1)
		go func() {
			if conn, err := l.Accept(); err == nil {
				server.serve(conn)
			}
		}()
		e := email{
			config: &config.EmailChannel{
				Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: tlsMode, From: "a@example.com", To: []string{"canary@example.com"},
			},
			roots: &tls.Config{RootCAs: roots},
		}
		if tlsMode != "none" {
			e.user, e.password = "user", secret.NewValue("canary-password")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := e.Send(ctx, m); err != nil {
			return "", err
		}
		return <-server.said, nil
	}
	crypt := web.TLS.Clone()
	crypt.NextProtos = nil
	text, err := send(&mailServer{crypt: crypt}, "starttls")
	if err != nil {
		t.Fatal(err)
	}
	before, after, _ := strings.Cut(text, "ENCRYPTED\n")
	for _, secret := range []string{"AUTH", "MAIL", "shop"} {
		if strings.Contains(before, secret) || !strings.Contains(after, secret) {
			t.Errorf("%s is not errSpoken over the encrypted connection alone:\n%s", secret, text)
		}
	}
	for _, want := range []string{
		"RCPT TO:<canary@example.com>", "Subject: =?utf-8?q?shop:_sync:=C3=A9_failed_(prod)?=\r\n", "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
		"FAILED sync:=C3=A9\r\n", "Auto-Submitted: auto-generated\r\n",
	} {
		if !strings.Contains(after, want) {
			t.Errorf("%q is not in\n%s", want, after)
		}
	}
	if _, err := send(&mailServer{}, "starttls"); err == nil || !strings.Contains(err.Error(), "does not offer STARTTLS") {
		t.Errorf("a server that cannot encrypt: %v", err)
	}
	if _, err := send(&mailServer{}, "none"); err != nil {
		t.Errorf("a server on this machine: %v", err)
	}
	if _, err := send(&mailServer{refuses: "canary"}, "none"); err == nil || !strings.Contains(err.Error(), "answered 550") || strings.Contains(err.Error(), "canary") {
		t.Errorf("a recipient that is refused: %v", err)
	}
}
