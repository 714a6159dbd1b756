package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/serve"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

var update = flag.Bool("update", false, "rewrite docs/openapi.json")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// canary is somebody's identifier, which is nowhere but in answers that may show
// it.
const canary = "canary.lovelace@example.com"

// project is a project that is as the tests say.
type project struct {
	fails error
	// late is how a file fails that was sent.
	late  error
	asked []string
	// looks are how the callers of Profile looked.
	looks []serve.Look
}

func (p *project) Schedules(context.Context) ([]serve.Schedule, error) {
	return []serve.Schedule{{Name: "nightly", When: "30 2 * * *", Timezone: "UTC"}, {Name: "sync:crm", When: "@every 1h"}, {Name: "quiet", When: "@daily", Paused: true, ByProject: true}}, p.fails
}

func (p *project) Selects(_ context.Context, w schedule.Want) error {
	for _, s := range slices.Concat(w.Select, w.Exclude) {
		if s != "segment:vip" && s != "sync:*" {
			return serve.BadSelector.Problem("there is no such thing")
		}
	}
	return nil
}

func (p *project) Syncs(context.Context) ([]serve.Sync, error) {
	return []serve.Sync{{Name: "crm", Destination: "hubspot", Mode: "mirror", Purpose: "marketing", Segment: "vip"}}, p.fails
}

func (p *project) Rejections(_ context.Context, look serve.Look, sync, code string, offset, limit int) (out []serve.Rejection, err error) {
	if sync != "crm" {
		return nil, serve.NotFound.Problem("the project has no such sync")
	}
	key, message := "c***", ""
	if look.Because != "" {
		key, message = canary, canary+" has opted out"
	}
	for i := offset; i < min(offset+limit, 5) && code != "other"; i++ {
		out = append(out, serve.Rejection{Key: key, ID: int64(i), Origin: "rejected", Code: "bad", Message: message, Attempts: 1, First: noon, Last: noon, RunID: "r"})
	}
	return out, p.fails
}

func (p *project) Segments(context.Context) ([]serve.Segment, error) {
	return []serve.Segment{{Name: "vip", Entity: "customer", Members: 1, Profiles: 2, Last: &serve.SegmentAt{At: noon, Members: 1, Entered: 1, RunID: "r"}}}, p.fails
}

func (p *project) Profile(_ context.Context, look serve.Look, entity, identifier, value string) (serve.Profile, error) {
	p.asked = append(p.asked, entity+" "+identifier+" "+value)
	switch {
	case p.fails != nil:
		return serve.Profile{}, p.fails
	case value == "crash":
		panic(canary)
	case value != canary:
		return serve.Profile{}, serve.NotFound.Problem("no customer has this email")
	}
	p.looks = append(p.looks, look)
	email := "***"
	if look.Because != "" {
		email = canary
	}
	return serve.Profile{
		Entity: entity, ID: 7,
		Traits: []serve.Trait{
			{Name: "email", Value: email}, {Name: "spent", Value: 12.5}, {Name: "born", Value: noon}, {Name: "vip", Value: true}, {Name: "city"},
		},
		Identifiers: []serve.Identifier{{Type: "email", Value: email}},
		Segments:    []serve.Membership{{Segment: "vip", Entered: noon}},
	}, nil
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// logged is a log that several may write.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// fixture is a server and what it serves.
type fixture struct {
	*testing.T
	*serve.Server
	store   *state.Store
	project *project
	log     *logged
	router  routers.Router
	all     string // a token with every scope
}

// start makes a server, which has a token unless it is open.
func start(t *testing.T, open bool, limits serve.Limits) *fixture {
	t.Helper()
	store, err := state.Open(t.Context(), state.Options{Place: filepath.Join(t.TempDir(), "p.db"), Scope: "p/local", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	f := &fixture{T: t, store: store, project: &project{}, log: &logged{}}
	if limits.Rate == 0 {
		limits.Rate, limits.Burst = 1e6, 1e6
	}
	limits.Poll = 10 * time.Millisecond
	f.Server = serve.New(serve.Options{
		State: store, Project: f.project, Log: slog.New(slog.NewTextHandler(f.log, nil)), Now: time.Now, Limits: limits,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			io.WriteString(w, "up 1\n")
		}),
	}, open)
	doc, err := openapi3.NewLoader().LoadFromData(f.document())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.router, err = gorillamux.NewRouter(doc); err != nil {
		t.Fatal(err)
	}
	if !open {
		var scopes []string
		for _, s := range serve.Scopes {
			scopes = append(scopes, string(s.Scope))
		}
		f.all = f.token("all", time.Time{}, scopes...)
	}
	return f
}

func (f *fixture) document() []byte {
	f.Helper()
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequestWithContext(f.Context(), http.MethodGet, "/openapi.json", http.NoBody))
	if w.Code != http.StatusOK {
		f.Fatalf("the document: %d", w.Code)
	}
	return w.Body.Bytes()
}

// token makes a token.
func (f *fixture) token(name string, expires time.Time, scopes ...string) string {
	f.Helper()
	text, id, hash := serve.NewToken()
	if err := f.store.AddAPIToken(f.Context(), state.APIToken{ID: id, Name: name, Hash: hash, Scopes: scopes, CreatedBy: "ada", Expires: expires}); err != nil {
		f.Fatal(err)
	}
	return text
}

// asked makes a request as a client does.
func (f *fixture) asked(method, at, token, body string) *http.Request {
	f.Helper()
	r := httptest.NewRequestWithContext(f.Context(), method, "http://127.0.0.1:8080/", strings.NewReader(body))
	parsed, err := url.Parse("http://127.0.0.1:8080" + at)
	if err != nil {
		f.Fatal(err)
	}
	r.URL, r.RequestURI = parsed, parsed.RequestURI()
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// send sends a request and holds the answer to the document.
func (f *fixture) send(r *http.Request) *httptest.ResponseRecorder {
	f.Helper()
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := w.Header().Get(name); got != want {
			f.Errorf("%s %s: %s is %q, want %q", r.Method, r.URL.Path, name, got, want)
		}
	}
	if w.Header().Get("Access-Control-Allow-Origin") != "" || len(w.Header().Values("Set-Cookie")) > 0 {
		f.Errorf("%s %s: other sites are let in: %v", r.Method, r.URL.Path, w.Header())
	}
	route, params, err := f.router.FindRoute(r)
	if err != nil {
		return w // The document has no such address.
	}
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		f.Errorf("%s %s: the answer %d is not the document's: %v\n%s", r.Method, r.URL.Path, w.Code, err, w.Body)
	}
	return w
}

// ask sends a request with every scope, expects a status and reads the answer.
func (f *fixture) ask(method, at, body string, status int, into any) {
	f.Helper()
	w := f.send(f.asked(method, at, f.all, body))
	if w.Code != status {
		f.Fatalf("%s %s %s: %d, want %d\n%s", method, at, body, w.Code, status, w.Body)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		f.Fatal(err)
	}
}

func problem(t *testing.T, w *httptest.ResponseRecorder) serve.Problem {
	t.Helper()
	var p serve.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" || p.Status != w.Code {
		t.Fatalf("no problem: %d %v %s", w.Code, w.Header(), w.Body)
	}
	return p
}

// finish ends the slots that have not, as a process does that runs them.
func (f *fixture) finish(status, runID string) {
	f.Helper()
	err := f.store.Plan(f.Context(), func(t *state.Timetable) error {
		open, err := t.Open()
		if err != nil {
			return err
		}
		for i := range open {
			open[i].Status, open[i].Ended, open[i].RunID = status, t.Now, runID
		}
		run := state.Result{Of: runID, RunID: runID, Body: []byte(`{"schema":"customhouse/run-results/v1"}`)}
		return errors.Join(t.Write(open...), t.Keep(run, state.Result{Of: "crm", Body: []byte(`{"name":"crm"}`)}))
	})
	if err != nil {
		f.Fatal(err)
	}
}

// calls are requests that succeed, one for each route that needs a scope.
func calls(slot string) map[string]*struct{ method, at, body string } {
	return map[string]*struct{ method, at, body string }{
		"startRun":       {"POST", "/v1/runs", `{"select": ["segment:vip"]}`},
		"listRuns":       {"GET", "/v1/runs", ""},
		"getRun":         {"GET", "/v1/runs/" + slot, ""},
		"cancelRun":      {"POST", "/v1/runs/" + slot + "/cancel", ""},
		"listSchedules":  {"GET", "/v1/schedules", ""},
		"pauseSchedule":  {"POST", "/v1/schedules/nightly/pause", "{}"},
		"resumeSchedule": {"POST", "/v1/schedules/nightly/resume", ""},
		"runSchedule":    {"POST", "/v1/schedules/nightly/run", ""},
		"listSlots":      {"GET", "/v1/slots", ""},
		"listSyncs":      {"GET", "/v1/syncs", ""},
		"listRejections": {"GET", "/v1/syncs/crm/rejections", ""},
		"listSegments":   {"GET", "/v1/segments", ""},
		"lookUpProfile":  {"POST", "/v1/profiles/customer/lookup", `{"identifier": {"type": "email", "value": "` + canary + `"}}`},
		"metrics":        {"GET", "/metrics", ""},
		"askRight":       {"POST", "/v1/privacy/requests", `{"kind": "access", "identifiers": [{"type": "email", "value": "` + canary + `"}], "evidence": "ticket 1"}`},
		"listRights":     {"GET", "/v1/privacy/requests", ""},
		"getRight":       {"GET", "/v1/privacy/requests/" + rightID, ""},
		"withdrawRight":  {"POST", "/v1/privacy/requests/" + rightID + "/withdraw", `{"because": "ticket 2"}`},
		"refuseRight":    {"POST", "/v1/privacy/requests/" + rightID + "/refuse", `{"because": "ticket 2"}`},
		"extendRight":    {"POST", "/v1/privacy/requests/" + rightID + "/extend", `{"because": "ticket 2"}`},
		"confirmRight":   {"POST", "/v1/privacy/requests/" + rightID + "/confirm", `{"step": "source", "system": "contacts", "evidence": "ticket 3"}`},
		"downloadRight":  {"POST", "/v1/privacy/requests/" + rightID + "/file", ""},
		"whereIs":        {"POST", "/v1/privacy/where", `{"identifier": {"type": "email", "value": "` + canary + `"}}`},
		"listAudit":      {"GET", "/v1/privacy/audit", ""},
	}
}

// TestScopes: each route needs its scope, and every other one is of no use there.
func TestScopes(t *testing.T) {
	f := start(t, false, serve.Limits{})
	var run serve.Run
	f.ask("POST", "/v1/runs", "{}", http.StatusAccepted, &run)
	f.rights(rightID)
	list := calls(run.ID)
	tokens := map[serve.Scope]string{}
	for i, s := range serve.Scopes {
		tokens[s.Scope] = f.token(fmt.Sprintf("t%d", i), time.Time{}, string(s.Scope))
	}
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string        `json:"operationId"`
			Scopes      []serve.Scope `json:"x-scopes"`
		}
	}
	if err := json.Unmarshal(f.document(), &doc); err != nil {
		t.Fatal(err)
	}
	open := []string{}
	for _, methods := range doc.Paths {
		for _, o := range methods {
			if len(o.Scopes) == 0 {
				open = append(open, o.OperationID)
				continue
			}
			c := list[o.OperationID]
			if c == nil {
				t.Errorf("no call of %s", o.OperationID)
				continue
			}
			delete(list, o.OperationID)
			for scope, token := range tokens {
				w := f.send(f.asked(c.method, c.at, token, c.body))
				switch enough := len(o.Scopes) == 1 && scope == o.Scopes[0]; {
				case enough && w.Code >= 300:
					t.Errorf("%s with %s: %d %s", o.OperationID, scope, w.Code, w.Body)
				case !enough && problem(t, w).Code != "missing-scope":
					t.Errorf("%s with %s: %d %s", o.OperationID, scope, w.Code, w.Body)
				}
			}
			if len(o.Scopes) > 1 {
				var all []string
				for _, scope := range o.Scopes {
					all = append(all, string(scope))
				}
				if w := f.send(f.asked(c.method, c.at, f.token(o.OperationID, time.Time{}, all...), c.body)); w.Code >= 300 {
					t.Errorf("%s with %v: %d %s", o.OperationID, all, w.Code, w.Body)
				}
			}
			if w := f.send(f.asked(c.method, c.at, "", c.body)); problem(t, w).Code != "missing-token" || w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s without a token: %d %s", o.OperationID, w.Code, w.Body)
			}
		}
	}
	slices.Sort(open)
	if diff := cmp.Diff([]string{"health", "openapi", "readiness"}, open); diff != "" {
		t.Errorf("open to anybody: %s", diff)
	}
	if len(list) > 0 {
		t.Errorf("calls of routes that there are not: %v", list)
	}
}

// TestTokens: what is no valid token opens nothing.
func TestTokens(t *testing.T) {
	f := start(t, false, serve.Limits{})
	revoked, expired := f.token("revoked", time.Time{}, "runs:read"), f.token("expired", time.Now().Add(time.Hour), "runs:read")
	if w := f.send(f.asked("GET", "/v1/runs", expired, "")); w.Code != http.StatusOK {
		t.Errorf("before it expires: %d", w.Code)
	}
	old, id, hash := serve.NewToken()
	if err := f.store.AddAPIToken(t.Context(), state.APIToken{ID: id, Name: "old", Hash: hash, Scopes: []string{"runs:read"}, Expires: time.Now().Add(-time.Second)}); err != nil {
		t.Fatal(err)
	}
	if found, err := f.store.RevokeAPIToken(t.Context(), "revoked", "ada"); err != nil || !found {
		t.Fatal(found, err)
	}
	another, _, _ := serve.NewToken()
	forged := f.all[:len("cht_01234567_")] + another[len("cht_01234567_"):]
	for _, token := range []string{revoked, old, another, forged, f.all + "0", strings.ToUpper(f.all), "cht_", "' OR 1=1 --", strings.Repeat("a", 9000)} {
		if p := problem(t, f.send(f.asked("GET", "/v1/runs", token, ""))); p.Code != "invalid-token" {
			t.Errorf("%.20s: %s", token, p.Code)
		}
	}
	for _, given := range [][]string{{"Basic " + f.all}, {f.all}, {"Bearer " + f.all, "Bearer " + f.all}, {""}} {
		r := f.asked("GET", "/v1/runs", "", "")
		r.Header["Authorization"] = given
		if p := problem(t, f.send(r)); p.Code != "invalid-token" {
			t.Errorf("%v: %s", given, p.Code)
		}
	}
	list, err := f.store.APITokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		if used := !x.Used.IsZero(); used != (x.Name == "expired") {
			t.Errorf("%s: used at %v", x.Name, x.Used)
		}
		if strings.Contains(f.all, x.Hash) || len(x.Hash) != 64 {
			t.Errorf("%s: kept as %s", x.Name, x.Hash)
		}
	}
	if strings.Contains(f.log.String(), "cht_") {
		t.Errorf("a token is in the log:\n%s", f.log)
	}
}

// TestOpen: without a token ever made, this machine may all but see people's
// data; and once one was made, whatever became of it, every request needs one.
func TestOpen(t *testing.T) {
	f := start(t, true, serve.Limits{})
	var found serve.Profile
	f.ask("POST", "/v1/profiles/customer/lookup", `{"identifier": {"type": "email", "value": "`+canary+`"}}`, http.StatusOK, &found)
	if !found.Masked || found.Identifiers[0].Value != "***" {
		t.Errorf("shown to nobody in particular: %+v", found)
	}
	for host, status := range map[string]int{
		"127.0.0.1:8080": 200, "localhost:8080": 200, "[::1]:8080": 200, "127.0.0.1": 200, "127.8.8.8": 200, "LOCALHOST": 200,
		"evil.example:8080": 403, "127.0.0.1.evil.example": 403, "localhost.evil.example": 403, "10.0.0.1:8080": 403, "": 403, "0.0.0.0:8080": 403,
	} {
		r := f.asked("GET", "/v1/runs", "", "")
		r.Host = host
		if w := f.send(r); w.Code != status {
			t.Errorf("asked as %q: %d, want %d", host, w.Code, status)
		}
	}
	f.token("first", time.Time{}, "runs:read")
	for range 2 {
		if p := problem(t, f.send(f.asked("GET", "/v1/runs", "", ""))); p.Code != "missing-token" {
			t.Errorf("once a token was made: %s", p.Code)
		}
		if _, err := f.store.RevokeAPIToken(t.Context(), "first", "ada"); err != nil {
			t.Fatal(err)
		}
	}
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "localhost:80": true, "[::1]:80": true, ":80": false, "0.0.0.0:80": false, "[::]:80": false, "192.168.1.1:80": false, "example.com:80": false, "": false,
	} {
		if serve.IsLoopback(address) != want {
			t.Errorf("%q is loopback: %v", address, !want)
		}
	}
}

// TestPages: what a page in a browser can send without asking is refused.
func TestPages(t *testing.T) {
	f := start(t, true, serve.Limits{})
	for _, c := range []struct {
		header, value string
		code          string
	}{
		{"Origin", "https://evil.example", "foreign-origin"},
		{"Origin", "null", "foreign-origin"},
		{"Sec-Fetch-Site", "cross-site", "foreign-origin"},
		{"Sec-Fetch-Site", "same-site", "foreign-origin"},
		{"Content-Type", "text/plain", "not-json"},
		{"Content-Type", "application/x-www-form-urlencoded", "not-json"},
		{"Content-Type", "multipart/form-data; boundary=a", "not-json"},
		{"Content-Type", "", "not-json"},
	} {
		for _, at := range []string{"/v1/runs", "/v1/schedules/nightly/pause"} {
			r := f.asked("POST", at, "", "{}")
			r.Header.Set(c.header, c.value)
			if p := problem(t, f.send(r)); p.Code != c.code {
				t.Errorf("%s with %s %q: %s", at, c.header, c.value, p.Code)
			}
		}
	}
	if open, err := f.store.Page(t.Context(), state.Page{Limit: 9}); err != nil || len(open) > 0 {
		t.Errorf("something was started: %v %v", open, err)
	}
	preflight := f.send(f.asked("OPTIONS", "/v1/runs", "", ""))
	if preflight.Code != http.StatusMethodNotAllowed || preflight.Header().Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("OPTIONS: %d %v", preflight.Code, preflight.Header())
	}
}

// TestRuns: a run is asked for once, waited for, told and cancelled.
func TestRuns(t *testing.T) {
	f := start(t, false, serve.Limits{})
	var first, again, run serve.Run
	body := `{"select": ["segment:vip"], "exclude": ["sync:*"], "full_refresh": true}`
	keyed := func(key, body string) *httptest.ResponseRecorder {
		r := f.asked("POST", "/v1/runs", f.all, body)
		r.Header.Set("Idempotency-Key", key)
		return f.send(r)
	}
	w := keyed("k-1", body)
	if err := json.Unmarshal(w.Body.Bytes(), &first); err != nil || w.Code != http.StatusAccepted || w.Header().Get("Location") != "/v1/runs/"+first.ID {
		t.Fatal(w.Code, err, w.Header(), w.Body)
	}
	if err := json.Unmarshal(keyed("k-1", body).Body.Bytes(), &again); err != nil || again.ID != first.ID {
		t.Errorf("asked twice: %v %s, want %s", err, again.ID, first.ID)
	}
	if p := problem(t, keyed("k-1", "{}")); p.Code != "key-reused" {
		t.Errorf("another request of the key: %s", p.Code)
	}
	other := f.token("other", time.Time{}, "runs:write")
	r := f.asked("POST", "/v1/runs", other, "{}")
	r.Header.Set("Idempotency-Key", "k-1")
	if w := f.send(r); w.Code != http.StatusAccepted {
		t.Errorf("the key of another token: %d %s", w.Code, w.Body)
	}
	want := serve.Slot{
		ID: first.ID, Schedule: "on:request", Due: first.Due, Cause: "request", Status: "due", Reason: "asked for by token all",
		Select: []string{"segment:vip"}, Exclude: []string{"sync:*"}, FullRefresh: true,
	}
	if diff := cmp.Diff(want, first.Slot); diff != "" {
		t.Error(diff)
	}
	// Who waits is told when it ends, whoever ran it.
	done := make(chan serve.Run)
	go func() {
		var out serve.Run
		w := httptest.NewRecorder()
		f.ServeHTTP(w, f.asked("GET", "/v1/runs/"+first.ID+"?wait=60", f.all, ""))
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Error(err)
		}
		done <- out
	}()
	f.finish("degraded", "r1")
	if out := <-done; out.Status != "degraded" || string(out.Result) != `{"schema":"customhouse/run-results/v1"}` {
		t.Errorf("it was told %+v", out)
	}
	f.ask("POST", "/v1/runs", `{"schedule": "sync:crm", "full_refresh": true}`, http.StatusAccepted, &run)
	if run.Schedule != "sync:crm" || !run.FullRefresh || run.Select != nil {
		t.Errorf("of a schedule: %+v", run)
	}
	f.ask("POST", "/v1/runs/"+run.ID+"/cancel", "", http.StatusOK, &run)
	if run.Status != "cancelled" || run.Reason != "stopped by all" {
		t.Errorf("cancelled: %+v", run)
	}
	f.ask("POST", "/v1/runs/"+run.ID+"/cancel", "", http.StatusOK, nil)
	f.ask("POST", "/v1/runs/"+first.ID+"/cancel", "", http.StatusConflict, nil)
	f.ask("POST", "/v1/schedules/nightly/run", "", http.StatusAccepted, &run)
	// One that runs is asked to stop, by whoever looks.
	if err := f.store.Plan(t.Context(), func(t *state.Timetable) error {
		open, err := t.Open()
		open[0].Status, open[0].RunID = "running", "r2"
		return errors.Join(err, t.Write(open...))
	}); err != nil {
		t.Fatal(err)
	}
	f.ask("POST", "/v1/runs/"+run.ID+"/cancel", "", http.StatusAccepted, &run)
	if run.Status != "running" || run.StopAsked == nil {
		t.Errorf("asked to stop: %+v", run)
	}
	f.ask("POST", "/v1/runs", `{"schedule": "nope"}`, http.StatusNotFound, nil)
	f.ask("POST", "/v1/runs", `{"schedule": "nightly", "select": ["segment:vip"]}`, http.StatusBadRequest, nil)
	f.ask("POST", "/v1/runs", `{"select": ["segment:nope"]}`, http.StatusUnprocessableEntity, nil)
	var syncs serve.SyncList
	f.ask("GET", "/v1/syncs", "", http.StatusOK, &syncs)
	if syncs.Items[0].Last == nil || syncs.Items[0].Last.RunID != "r1" {
		t.Errorf("the sync: %+v", syncs.Items[0])
	}
}

// TestPagesOfLists: cursors tell everything once.
func TestPagesOfLists(t *testing.T) {
	f := start(t, false, serve.Limits{})
	for range 7 {
		f.ask("POST", "/v1/runs", "{}", http.StatusAccepted, nil)
		f.ask("POST", "/v1/schedules/nightly/run", "", http.StatusAccepted, nil)
	}
	all := func(at string) (ids []string) {
		t.Helper()
		cursor := ""
		for {
			var list serve.SlotList
			f.ask("GET", at+cursor, "", http.StatusOK, &list)
			for _, x := range list.Items {
				ids = append(ids, x.ID)
			}
			if list.Next == "" {
				return ids
			}
			cursor = "&cursor=" + list.Next
		}
	}
	for at, want := range map[string]int{
		"/v1/slots?limit=3": 14, "/v1/runs?limit=1": 14, "/v1/runs?limit=2&schedule=on:request": 7, "/v1/slots?limit=3&schedule=nightly&status=due": 7,
		"/v1/slots?limit=500&status=ok&status=failed": 0,
	} {
		ids := all(at)
		sorted := slices.Clone(ids)
		slices.SortFunc(sorted, func(a, b string) int {
			return strings.Compare(strings.SplitAfter(b, "@")[1], strings.SplitAfter(a, "@")[1])
		})
		if unique := slices.Compact(slices.Sorted(slices.Values(ids))); len(unique) != want || len(ids) != want || !slices.Equal(ids, sorted) {
			t.Errorf("%s: %d slots, %d of them once, want %d", at, len(ids), len(unique), want)
		}
	}
	var got []int64
	cursor := ""
	for {
		var list serve.RejectionList
		f.ask("GET", "/v1/syncs/crm/rejections?limit=2"+cursor, "", http.StatusOK, &list)
		for _, x := range list.Items {
			got = append(got, x.ID)
		}
		if cursor = "&cursor=" + list.Next; list.Next == "" {
			break
		}
	}
	if diff := cmp.Diff([]int64{0, 1, 2, 3, 4}, got); diff != "" {
		t.Error(diff)
	}
	for _, at := range []string{"/v1/slots?cursor=AAAA", "/v1/slots?cursor=$", "/v1/syncs/crm/rejections?cursor=LTU", "/v1/runs?limit=0", "/v1/runs?limit=501", "/v1/runs?limit=a", "/v1/runs?limit=1&limit=2", "/v1/runs?nope=1", "/v1/runs?status=skipped", "/v1/runs?%zz"} {
		f.ask("GET", at, "", http.StatusBadRequest, nil)
	}
}

// TestMasked: people's data are shown to tokens that may see them, and who was
// shown them is a line of the log.
func TestMasked(t *testing.T) {
	f := start(t, false, serve.Limits{})
	masked := f.token("masked", time.Time{}, "profiles:read", "rejections:read")
	look := `{"identifier": {"type": "email", "value": "` + canary + `"}}`
	for _, at := range []string{"/v1/profiles/customer/lookup", "/v1/syncs/crm/rejections"} {
		method, body := "GET", ""
		if strings.HasSuffix(at, "lookup") {
			method, body = "POST", look
		}
		w := f.send(f.asked(method, at, masked, body))
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), canary) || strings.Contains(w.Body.String(), "opted out") {
			t.Errorf("%s: %d %s", at, w.Code, w.Body)
		}
		if strings.Contains(f.log.String(), "audit") {
			t.Errorf("%s: nothing was shown:\n%s", at, f.log)
		}
	}
	var found serve.Profile
	w := f.send(f.asked("POST", "/v1/profiles/customer/lookup", masked, look))
	if err := json.Unmarshal(w.Body.Bytes(), &found); err != nil {
		t.Fatal(err)
	}
	want := serve.Profile{
		Entity: "customer", ID: 7, Masked: true,
		Traits: []serve.Trait{
			{Name: "email", Value: "***"}, {Name: "spent", Value: 12.5}, {Name: "born", Value: noon.Format(time.RFC3339)}, {Name: "vip", Value: true}, {Name: "city"},
		},
		Identifiers: []serve.Identifier{{Type: "email", Value: "***"}},
		Segments:    []serve.Membership{{Segment: "vip", Entered: noon}},
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	// Who may see everything sees it when they say why.
	f.ask("POST", "/v1/profiles/customer/lookup", look, http.StatusOK, &found)
	if !found.Masked || found.Traits[0].Value != "***" {
		t.Errorf("shown to who did not ask for it: %+v", found)
	}
	all := f.token("open", time.Time{}, "profiles:read", "rejections:read", "unmask")
	because := func(r *http.Request, why string) *http.Request {
		r.Header.Set("Unmask-Because", why)
		return r
	}
	for _, test := range []struct {
		token, why string
		status     int
	}{
		{masked, "ticket 4711", http.StatusForbidden},
		{all, "ada@example.com asked", http.StatusBadRequest},
		{all, " ", http.StatusBadRequest},
		{all, strings.Repeat("x", 501), http.StatusBadRequest},
		{all, "ticket 4711", http.StatusOK},
	} {
		for _, at := range []string{"/v1/profiles/customer/lookup", "/v1/syncs/crm/rejections"} {
			method, body := "GET", ""
			if strings.HasSuffix(at, "lookup") {
				method, body = "POST", look
			}
			w := f.send(because(f.asked(method, at, test.token, body), test.why))
			if w.Code != test.status || strings.Contains(w.Body.String(), canary) != (w.Code == http.StatusOK) || strings.Contains(w.Body.String(), "ada@") {
				t.Errorf("%s because %q: %d %s", at, test.why, w.Code, w.Body)
			}
		}
	}
	if last := f.project.looks[len(f.project.looks)-1]; last.Because != "ticket 4711" || last.By == (audit.Actor{}) {
		t.Errorf("the project was told of the look %+v", last)
	}
	for _, line := range []string{`msg="audit: shown unmasked" token=open`, "what=profile entity=customer id=7 by=email", "what=rejections sync=crm rows=5"} {
		if !strings.Contains(f.log.String(), line) {
			t.Errorf("the log lacks %q:\n%s", line, f.log)
		}
	}
	if strings.Contains(f.log.String(), canary) {
		t.Errorf("somebody is in the log:\n%s", f.log)
	}
}

// TestNoTrace: whatever is sent, and however it fails, nothing of it is in the
// log, nor in the error.
func TestNoTrace(t *testing.T) {
	f := start(t, false, serve.Limits{})
	esc := url.QueryEscape(canary)
	try := func(method, at, body string, headers ...string) {
		t.Helper()
		r := f.asked(method, at, f.all, body)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		if w := f.send(r); w.Code < 400 || strings.Contains(w.Body.String()+fmt.Sprint(w.Header()), "canary") {
			t.Errorf("%s %s %s: %d %v %s", method, at, body, w.Code, w.Header(), w.Body)
		}
	}
	try("GET", "/v1/profiles/customer?email="+esc, "")
	try("GET", "/"+esc, "")
	try("GET", "/v1/runs/"+esc, "")
	try("GET", "/v1/runs?status="+esc, "")
	try("GET", "/v1/runs?"+esc+"=1", "")
	try("GET", "/v1/runs?cursor="+esc, "")
	try("GET", "/v1/syncs/"+esc+"/rejections", "")
	try("POST", "/v1/schedules/"+esc+"/run", "")
	try("POST", "/v1/runs", `{"`+canary+`": 1}`)
	try("POST", "/v1/runs", `{"select": ["`+canary+`"]}`)
	try("POST", "/v1/runs", `{"select": "`+canary+`"}`)
	try("POST", "/v1/runs", `"`+canary)
	try("POST", "/v1/runs", `{}`, "Idempotency-Key", canary+" "+canary)
	try("POST", "/v1/runs", `{}`, "Content-Type", canary)
	try("POST", "/v1/runs", `{}`, "Authorization", "Bearer "+canary)
	try("POST", "/v1/runs", `{}`, "Origin", "https://"+canary)
	try("POST", "/v1/profiles/customer/lookup", `{"identifier": {"type": "`+canary+`", "value": "a"}}`)
	try("POST", "/v1/profiles/customer/lookup", `{"identifier": {"type": "email", "value": "not.`+canary+`"}}`)
	try("POST", "/v1/profiles/customer/lookup", `{"identifier": {"type": "email", "value": "crash"}}`)
	f.project.fails = fmt.Errorf("reading: %w", errors.New("could not convert "+canary))
	try("POST", "/v1/profiles/customer/lookup", `{"identifier": {"type": "email", "value": "`+canary+`"}}`)
	try("GET", "/v1/segments", "")
	try("GET", "/v1/syncs/crm/rejections", "")
	if strings.Contains(f.log.String(), "canary") {
		t.Errorf("somebody is in the log:\n%s", f.log)
	}
	if n := strings.Count(f.log.String(), "msg=request "); n != 23 { // and that of the document
		t.Errorf("%d lines of requests:\n%s", n, f.log)
	}
}

// TestTraversal: names are names, and no path leads out of them.
func TestTraversal(t *testing.T) {
	f := start(t, false, serve.Limits{})
	for _, at := range []string{
		"/v1/runs/../../etc/passwd", "/v1/runs/..", "/v1/../v1/runs", "/v1//runs", "//v1/runs", "/v1/runs/", "/./v1/runs", "/v1/runs/.",
		"/v1/runs/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/v1/runs/..%2f..%2fetc%2fpasswd", "/v1/runs/%2e%2e", "/v1/runs/%252e%252e%252f",
		"/v1/runs/..%5c..%5cwindows", `/v1/runs/..\..\windows`, "/v1/runs/nightly%00", "/v1/runs/%00", "/v1/runs/nightly@2026-01-01T00:00:00.000000Z/..%2f",
		"/v1/syncs/..%2fcrm/rejections", "/v1/syncs/crm%2f../rejections", "/v1/syncs/%2fetc%2fpasswd/rejections", "/v1/syncs/crm%00/rejections",
		"/v1/syncs/crm'--/rejections", "/v1/syncs/CRM/rejections", "/v1/syncs/" + strings.Repeat("a", 5000) + "/rejections",
		"/openapi.json/..%2f..%2fgo.mod", "/openapi.json/../go.mod", "/docs/openapi.json", "/metrics/../v1/runs", "/.customhouse/local.db", "/customhouse.yaml",
		"/v1/runs/%c0%ae%c0%ae%c0%af", "/v1/runs/nightly@2026-13-01T00:00:00.000000Z", "/v1/runs/on:request@2026-01-01T00:00:00Z", "/v1/runs/%EF%BC%8E%EF%BC%8E",
	} {
		w := f.send(f.asked("GET", at, f.all, ""))
		if p := problem(t, w); w.Code != http.StatusNotFound || p.Code != "not-found" {
			t.Errorf("%s: %d %s", at, w.Code, w.Body)
		}
	}
	for _, at := range []string{"/v1/profiles/..%2fcustomer/lookup", "/v1/profiles/Customer/lookup", "/v1/profiles/%2e%2e/lookup"} {
		if w := f.send(f.asked("POST", at, f.all, `{"identifier": {"type": "email", "value": "a"}}`)); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", at, w.Code, w.Body)
		}
	}
	if len(f.project.asked) > 0 {
		t.Errorf("it was asked for %v", f.project.asked)
	}
}

// TestBodies: a body is what the document says, to the letter.
func TestBodies(t *testing.T) {
	f := start(t, false, serve.Limits{Body: 4096})
	for body, at := range map[string]string{
		`{"nope": 1}`: "", `{"Select": []}`: "", `{"select": ["sync:*"], "select": ["sync:*"]}`: "/select", `{"select": null}`: "/select",
		`{"select": [null]}`: "/select", `{"select": [1]}`: "/select", `{"select": []}`: "/select", `{"select": [""]}`: "/select", `{"select": [" "]}`: "/select",
		`{"select": "sync:*"}`: "/select", `{"wait": 61}`: "/wait", `{"wait": -1}`: "/wait", `{"wait": 1.5}`: "/wait", `{"wait": 1e99}`: "/wait", `{"wait": "1"}`: "/wait",
		`{"full_refresh": 1}`: "/full_refresh", `{"schedule": "../x"}`: "/schedule", `[]`: "", `1`: "", `null`: "", ``: "", `{} {}`: "", `{`: "", "\xff": "",
		`{"select": ["\u0000"]}`: "/select",
	} {
		w := f.send(f.asked("POST", "/v1/runs", f.all, body))
		if p := problem(t, w); w.Code != http.StatusBadRequest || p.At != at {
			t.Errorf("%s: %d at %q, want at %q: %s", body, w.Code, p.At, at, p.Detail)
		}
	}
	for body, at := range map[string]string{
		`{}`: "/identifier", `{"identifier": {"type": "email"}}`: "/identifier/value", `{"identifier": {"type": "email", "value": ""}}`: "/identifier/value",
		`{"identifier": {"type": "email", "value": "a", "x": 1}}`: "/identifier", `{"identifier": 1}`: "/identifier", `{"identifier": {"type": "E", "value": "a"}}`: "/identifier/type",
	} {
		w := f.send(f.asked("POST", "/v1/profiles/customer/lookup", f.all, body))
		if p := problem(t, w); w.Code != http.StatusBadRequest || p.At != at {
			t.Errorf("%s: %d at %q, want at %q: %s", body, w.Code, p.At, at, p.Detail)
		}
	}
	large := `{"select": ["` + strings.Repeat("a", 5000) + `"]}`
	f.ask("POST", "/v1/runs", large, http.StatusRequestEntityTooLarge, nil)
	f.ask("POST", "/v1/schedules/nightly/pause", large, http.StatusRequestEntityTooLarge, nil)
	f.ask("POST", "/v1/schedules/nightly/pause", `{"a": 1}`, http.StatusBadRequest, nil)
	f.ask("POST", "/v1/schedules/quiet/resume", "", http.StatusConflict, nil)
	f.ask("DELETE", "/v1/runs", "", http.StatusMethodNotAllowed, nil)
	if open, err := f.store.Page(t.Context(), state.Page{Limit: 9}); err != nil || len(open) > 0 {
		t.Errorf("something was started: %v %v", open, err)
	}
}

// TestSchedules: they are paused by whom the token names, and resumed.
func TestSchedules(t *testing.T) {
	f := start(t, false, serve.Limits{})
	paused := func() string {
		_, rows, _, err := f.store.Glance(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range rows {
			if x.Name == "nightly" && !x.Paused.IsZero() {
				return x.PausedBy
			}
		}
		return ""
	}
	f.ask("POST", "/v1/schedules/nightly/pause", "", http.StatusOK, nil)
	if by := paused(); by != "all" {
		t.Errorf("paused by %q", by)
	}
	f.ask("POST", "/v1/schedules/nightly/resume", "", http.StatusOK, nil)
	if by := paused(); by != "" {
		t.Errorf("paused by %q", by)
	}
	f.ask("POST", "/v1/schedules/nightly/run", "", http.StatusAccepted, nil)
	var list serve.ScheduleList
	f.ask("GET", "/v1/schedules", "", http.StatusOK, &list)
	if list.Items[0].Last == nil || list.Items[0].Last.Status != "due" {
		t.Errorf("the last slot: %+v", list.Items[0].Last)
	}
	f.ask("POST", "/v1/schedules/nope/run", "", http.StatusNotFound, nil)
}

// TestRate: a token that asks too often waits, and no other does.
func TestRate(t *testing.T) {
	f := start(t, false, serve.Limits{Rate: 1e-9, Burst: 2})
	other := f.token("other", time.Time{}, "runs:read")
	for i, want := range []int{200, 200, 429} {
		w := f.send(f.asked("GET", "/v1/runs", f.all, ""))
		if w.Code != want || (want == 429) != (w.Header().Get("Retry-After") == "1") {
			t.Errorf("request %d: %d %v", i, w.Code, w.Header())
		}
	}
	if w := f.send(f.asked("GET", "/v1/runs", other, "")); w.Code != http.StatusOK {
		t.Errorf("another token: %d", w.Code)
	}
}

// TestDocument: the document in the repository is that of the routes, and
// docs/api.md names every route, scope and problem.
func TestDocument(t *testing.T) {
	f := start(t, true, serve.Limits{})
	const name = "../../../docs/openapi.json"
	text := f.document()
	if *update {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), string(text)); diff != "" {
		t.Errorf("go test ./cmd/internal/serve -run Document -update rewrites it: %s", diff)
	}
	manual, err := os.ReadFile("../../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var want []string
	for at, methods := range doc.Paths {
		for method := range methods {
			want = append(want, "`"+strings.ToUpper(method)+" "+at+"`")
		}
	}
	for _, s := range serve.Scopes {
		want = append(want, "`"+string(s.Scope)+"`")
	}
	for _, k := range serve.Kinds {
		want = append(want, fmt.Sprintf("| `%s` | %d |", k.Code, k.Status))
	}
	for _, x := range want {
		if !strings.Contains(string(manual), x) {
			t.Errorf("docs/api.md lacks %s", x)
		}
	}
}
