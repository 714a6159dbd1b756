package serve_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/serve"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// rightID is the request that the project makes, whatever it is asked.
const rightID = "access-20261122-0a1b2c"

// archive is the file that answers a request.
var archive = func() []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("person.json")
	if err == nil {
		_, err = w.Write([]byte(canary))
	}
	if err := errors.Join(err, z.Close()); err != nil {
		panic(err)
	}
	return b.Bytes()
}()

// told notes what the project is asked.
func (p *project) told(by serve.Asker, format string, args ...any) error {
	p.asked = append(p.asked, by.Name+": "+fmt.Sprintf(format, args...))
	return p.fails
}

func (p *project) Ask(_ context.Context, by serve.Asker, want serve.RightAsked, key string) (string, bool, error) {
	if want.Identifiers[0].Value != canary {
		return "", false, serve.InvalidRequest.Problem("what you give is no email")
	}
	return rightID, key == "", p.told(by, "%s %d %s %s%s%s, key of %d", want.Kind, len(want.Identifiers), want.Evidence, want.Purpose, want.Trait, want.Received, len(key))
}

func (p *project) Decide(_ context.Context, by serve.Asker, id string, what serve.Decision, because string) error {
	if id != rightID {
		return &state.Error{Message: "there is no request " + id, Unknown: true}
	}
	return p.told(by, "%s because %s", what, because)
}

func (p *project) Confirm(_ context.Context, by serve.Asker, id, step, system, evidence string) error {
	if id != rightID {
		return errors.Join(&state.Error{Message: "there is no request " + id, Unknown: true})
	}
	return p.told(by, "confirm %s %s: %s", step, system, evidence)
}

func (p *project) File(_ context.Context, by serve.Asker, id string, send func(serve.File) error) error {
	if id != rightID {
		return &state.Error{Message: "there is no request " + id, Unknown: true}
	}
	if p.fails != nil {
		return p.fails
	}
	sum := sha256.Sum256(archive)
	if err := send(serve.File{Name: id + ".zip", Sha256: sum[:], Content: bytes.NewReader(archive)}); err != nil {
		return err
	}
	p.asked = append(p.asked, by.Name+": sent")
	return p.late
}

func (p *project) Where(_ context.Context, entity string, identifier serve.Identified, all bool) (serve.Whereabouts, error) {
	if identifier.Value != canary {
		return serve.Whereabouts{}, serve.InvalidRequest.Problem("the value given for email is none")
	}
	at := noon
	out := serve.Whereabouts{Entity: entity, IDs: []int64{7}, Identifiers: 2, Places: []serve.Place{{Kind: "source", Name: "contacts", Rows: 3, First: &at, Last: &at}}}
	if all {
		out.Places = append(out.Places, serve.Place{Kind: "state", Name: "journal"})
	}
	return out, p.fails
}

func (p *project) Records(_ context.Context, since string, after int64, limit int) (out []audit.Record, err error) {
	for seq := max(after+1, 1); seq <= 5 && len(out) < limit; seq++ {
		r := audit.Record{Seq: seq, At: noon, Previous: "p", Hash: "h"}
		r.Actor, r.Action, r.Object, r.Details = "token:dpo#1", audit.Exported, "entity:customer", map[string]any{"command": "api" + since}
		out = append(out, r)
	}
	return out, p.fails
}

// rights writes requests down, a day after the other, and a step of each.
func (f *fixture) rights(ids ...string) {
	f.Helper()
	for i, id := range ids {
		kind, _, _ := strings.Cut(id, "-")
		r := state.PrivacyRequest{
			ID: id, Kind: kind, Entity: "customer", Evidence: "ticket 1", Status: "received", By: "token dpo", Received: noon.AddDate(0, 0, i), Due: noon.AddDate(50, 1, i),
			Person: state.Person{Identifiers: []state.Identifier{{Type: "email", Value: canary}}}, Value: canary, Found: []byte(canary),
		}
		if kind == "erase" {
			r.Due = noon.AddDate(-20, 0, 0)
		}
		if kind == "object" {
			r.Status, r.Ended, r.Due = "done", noon, noon.AddDate(-20, 0, 0)
		}
		err := errors.Join(f.store.AddRequest(f.Context(), &r), f.store.PlanSteps(f.Context(), id, []state.PrivacyStep{
			{Request: id, Step: "write", System: "file", Status: "done", Attempts: 1, Receipt: "3 rows", At: noon},
			{Request: id, Step: "close", System: "state", Status: "todo"},
		}))
		if err != nil {
			f.Fatal(err)
		}
	}
}

// TestRights: what a caller asks for the project is asked, by their token's name, and
// what is told of a request names nobody.
func TestRights(t *testing.T) {
	f := start(t, false, serve.Limits{})
	f.rights(rightID)
	var got serve.RightDone
	w := f.send(f.asked("POST", "/v1/privacy/requests", f.all, `{"kind": "access", "identifiers": [{"type": "email", "value": "`+canary+`"}], "evidence": "ticket 1", "received": "2026-01-31"}`))
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusAccepted || w.Header().Get("Location") != "/v1/privacy/requests/"+rightID {
		t.Fatal(w.Code, err, w.Header(), w.Body)
	}
	at := noon
	want := serve.RightDone{
		Right: serve.Right{ID: rightID, Kind: "access", Entity: "customer", Status: "received", Evidence: "ticket 1", By: "token dpo", Received: noon, Due: noon.AddDate(50, 1, 0)},
		Steps: []serve.RightStep{{Step: "write", System: "file", Status: "done", Attempts: 1, Receipt: "3 rows", At: &at}, {Step: "close", System: "state", Status: "todo"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r := f.asked("POST", "/v1/privacy/requests", f.all, `{"kind": "erase", "identifiers": [{"type": "email", "value": "`+canary+`"}, {"type": "id", "value": "7"}], "evidence": "ticket 2", "yes": true}`)
	r.Header.Set("Idempotency-Key", "k-1")
	if w := f.send(r); w.Code != http.StatusAccepted {
		t.Errorf("to erase: %d %s", w.Code, w.Body)
	}
	at3 := "/v1/privacy/requests/" + rightID
	for _, what := range []string{"withdraw", "refuse", "extend"} {
		f.ask("POST", at3+"/"+what, `{"because": "ticket 3"}`, http.StatusOK, &got)
		if got.ID != rightID {
			t.Errorf("%s: %+v", what, got)
		}
	}
	f.ask("POST", at3+"/confirm", `{"step": "source", "system": "contacts", "evidence": "ticket 4"}`, http.StatusOK, nil)
	wantAsked := []string{
		"token all: access 1 ticket 1 2026-01-31, key of 0", "token all: erase 2 ticket 2 , key of 64", "token all: withdraw because ticket 3",
		"token all: refuse because ticket 3", "token all: extend because ticket 3", "token all: confirm source contacts: ticket 4",
	}
	if diff := cmp.Diff(wantAsked, f.project.asked); diff != "" {
		t.Errorf("it was asked for (-want +got): %s", diff)
	}
	if n := strings.Count(f.log.String(), `msg="wrote a request of a person down"`); n != 1 {
		t.Errorf("%d requests are in the log, want the one that is new:\n%s", n, f.log)
	}
	// Where it has ended, who asked is told so.
	if _, err := f.store.ChangeRequest(t.Context(), rightID, func(r *state.PrivacyRequest) error {
		r.Status, r.Ended = "done", noon
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	f.ask("POST", "/v1/privacy/requests", `{"kind": "access", "identifiers": [{"type": "email", "value": "`+canary+`"}], "evidence": "ticket 1"}`, http.StatusOK, nil)
	for _, call := range []string{"", "/withdraw", "/refuse", "/extend", "/confirm", "/file"} {
		method, body := "POST", `{"because": "ticket 3"}`
		switch call {
		case "":
			method, body = "GET", ""
		case "/confirm":
			body = `{"step": "source", "evidence": "ticket 4"}`
		case "/file":
			body = ""
		}
		f.ask(method, "/v1/privacy/requests/erase-20260101-000000"+call, body, http.StatusNotFound, nil)
	}
	if strings.Contains(f.log.String(), "canary") {
		t.Errorf("somebody is in the log:\n%s", f.log)
	}
}

// TestListOfRights: they are chosen by what they are, and cursors tell each once.
func TestListOfRights(t *testing.T) {
	f := start(t, false, serve.Limits{})
	f.rights("access-20261122-000001", "erase-20261122-000002", "object-20261122-000003", "erase-20261122-000004", "portability-20261122-000005")
	for at, want := range map[string]string{
		"?limit=2": "1 2 3 4 5", "?limit=1&kind=erase": "2 4", "?kind=erase&kind=access": "1 2 4", "?status=done": "3", "?status=waiting": "", "?overdue=true": "2 4",
		"?overdue=true&status=received&limit=1": "2 4",
	} {
		var got []string
		cursor := ""
		for {
			var list serve.RightList
			w := f.send(f.asked("GET", "/v1/privacy/requests"+at+cursor, f.all, ""))
			if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != http.StatusOK || strings.Contains(w.Body.String(), "canary") {
				t.Fatalf("%s: %d %v %s", at, w.Code, err, w.Body)
			}
			for _, r := range list.Items {
				got = append(got, r.ID[len(r.ID)-1:])
				if r.Overdue != (r.Kind == "erase") {
					t.Errorf("%s: overdue %v", r.ID, r.Overdue)
				}
			}
			if list.Next == "" {
				break
			}
			cursor = "&cursor=" + list.Next
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", at, got, want)
		}
	}
	for _, at := range []string{"?cursor=AAAA", "?cursor=YUAyMDI2", "?overdue=false", "?status=open", "?kind=delete", "?limit=0"} {
		f.ask("GET", "/v1/privacy/requests"+at, "", http.StatusBadRequest, nil)
	}
	for _, at := range []string{"?cursor=AAAA", "?since=yesterday"} {
		f.ask("GET", "/v1/privacy/audit"+at, "", http.StatusBadRequest, nil)
	}
	var got []int64
	cursor := ""
	for {
		var list serve.AuditList
		f.ask("GET", "/v1/privacy/audit?limit=2&since=2026-01-31"+cursor, "", http.StatusOK, &list)
		for _, e := range list.Items {
			got = append(got, e.Seq)
			if e.Action != "exported" || string(e.Details) != `{"command":"api2026-01-31"}` {
				t.Errorf("%+v", e)
			}
		}
		if cursor = "&cursor=" + list.Next; list.Next == "" {
			break
		}
	}
	if !slices.Equal(got, []int64{1, 2, 3, 4, 5}) {
		t.Errorf("entries %v", got)
	}
	var found serve.Whereabouts
	f.ask("POST", "/v1/privacy/where", `{"entity": "customer", "identifier": {"type": "email", "value": "`+canary+`"}, "all": true}`, http.StatusOK, &found)
	if found.Entity != "customer" || len(found.Places) != 2 || found.Places[0].Rows != 3 {
		t.Errorf("%+v", found)
	}
}

// TestDownload: the file comes whole, with its digest, and one that was not to be
// sent in the end is cut off where it is no file any more.
func TestDownload(t *testing.T) {
	f := start(t, false, serve.Limits{})
	address, stop := f.listen()
	get := func(token string) (status int, header http.Header, body []byte, err error) {
		t.Helper()
		r := f.asked("POST", "/v1/privacy/requests/"+rightID+"/file", token, "")
		r.URL.Host, r.RequestURI = address, ""
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var b bytes.Buffer
		_, err = b.ReadFrom(answer.Body)
		return answer.StatusCode, answer.Header, b.Bytes(), err
	}
	status, header, text, err := get(f.all)
	if err != nil || !bytes.Equal(text, archive) || status != http.StatusOK {
		t.Errorf("%d %v, %d bytes, want %d", status, err, len(text), len(archive))
	}
	for name, want := range map[string]string{
		"Content-Type": "application/zip", "Content-Disposition": `attachment; filename="` + rightID + `.zip"`, "Cache-Control": "no-store",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := header.Get("Content-Digest"); !strings.HasPrefix(got, "sha-256=:") || len(got) != len("sha-256=::")+44 {
		t.Errorf("the digest is %q", got)
	}
	if line := `msg="audit: sent the file of a person" token=all`; !strings.Contains(f.log.String(), line) {
		t.Errorf("the log lacks %q", line)
	}
	if status, _, text, _ := get(f.token("writer", time.Time{}, "privacy:write")); status != http.StatusForbidden || !strings.Contains(string(text), "needs the scope unmask") {
		t.Errorf("without the scope: %d %s", status, text)
	}
	f.project.late = errors.New("closing: " + canary)
	if status, _, _, err := get(f.all); err == nil {
		t.Errorf("it was not done, and the caller heard of nothing: %d", status)
	}
	f.project.late, f.project.fails = nil, serve.Conflict.Problem("request %s is done", rightID)
	if status, _, text, _ := get(f.all); status != http.StatusConflict {
		t.Errorf("again: %d %s", status, text)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if strings.Contains(f.log.String(), "canary") {
		t.Errorf("somebody is in the log:\n%s", f.log)
	}
}

// TestBodiesOfRights: a body is what the document says, and nothing that it says of
// the person is repeated.
func TestBodiesOfRights(t *testing.T) {
	f := start(t, false, serve.Limits{})
	who := `"identifiers": [{"type": "email", "value": "` + canary + `"}], "evidence": "ticket 1"`
	for _, c := range []struct{ path, body, at string }{
		{"", `{}`, "/kind"},
		{"", `{"kind": "delete", ` + who + `}`, "/kind"},
		{"", `{"kind": "erase", ` + who + `}`, "/yes"},
		{"", `{"kind": "erase", ` + who + `, "yes": false}`, "/yes"},
		{"", `{"kind": "erase", ` + who + `, "yes": "true"}`, "/yes"},
		{"", `{"kind": "restrict", ` + who + `, "yes": true}`, "/yes"},
		{"", `{"kind": "restrict", ` + who + `, "purpose": "marketing"}`, "/purpose"},
		{"", `{"kind": "object", ` + who + `, "trait": "name"}`, "/trait"},
		{"", `{"kind": "rectify", ` + who + `}`, "/trait"},
		{"", `{"kind": "rectify", ` + who + `, "trait": "name"}`, "/value"},
		{"", `{"kind": "rectify", ` + who + `, "trait": "` + canary + `", "value": "x"}`, "/trait"},
		{"", `{"kind": "access", ` + who + `, "received": "` + canary + `"}`, "/received"},
		{"", `{"kind": "access", ` + who + `, "received": "31.1.2026"}`, "/received"},
		{"", `{"kind": "access", "evidence": "ticket 1"}`, "/identifiers"},
		{"", `{"kind": "access", "identifiers": [], "evidence": "ticket 1"}`, "/identifiers"},
		{"", `{"kind": "access", "identifiers": {"type": "email", "value": "` + canary + `"}, "evidence": "ticket 1"}`, "/identifiers"},
		{"", `{"kind": "access", "identifiers": [null], "evidence": "ticket 1"}`, "/identifiers/0"},
		{"", `{"kind": "access", "identifiers": ["` + canary + `"], "evidence": "ticket 1"}`, "/identifiers/0"},
		{"", `{"kind": "access", "identifiers": [{"type": "email"}], "evidence": "ticket 1"}`, "/identifiers/0/value"},
		{"", `{"kind": "access", "identifiers": [{"type": "email", "value": "a"}, {"type": "` + canary + `", "value": "a"}], "evidence": "ticket 1"}`, "/identifiers/1/type"},
		{"", `{"kind": "access", "identifiers": [{"type": "email", "value": "a", "` + canary + `": 1}], "evidence": "ticket 1"}`, "/identifiers/0"},
		{"", `{"kind": "access", "identifiers": [` + strings.Repeat(`{"type": "email", "value": "a"},`, 20) + `{"type": "email", "value": "a"}], "evidence": "ticket 1"}`, "/identifiers"},
		{"", `{"kind": "access", "identifiers": [{"type": "email", "value": "` + canary + `"}]}`, "/evidence"},
		{"", `{"kind": "access", "identifiers": [{"type": "email", "value": "not.` + canary + `"}], "evidence": "ticket 1"}`, ""},
		{"/" + rightID + "/withdraw", `{}`, "/because"},
		{"/" + rightID + "/refuse", `{"because": ""}`, "/because"},
		{"/" + rightID + "/extend", `{"because": 1}`, "/because"},
		{"/" + rightID + "/confirm", `{"step": "source"}`, "/evidence"},
		{"/" + rightID + "/confirm", `{"step": "` + canary + `", "evidence": "x"}`, "/step"},
		{"/" + rightID + "/file", `{"` + canary + `": 1}`, ""},
	} {
		w := f.send(f.asked("POST", "/v1/privacy/requests"+c.path, f.all, c.body))
		if p := problem(t, w); w.Code != http.StatusBadRequest || p.At != c.at || strings.Contains(w.Body.String(), "canary") {
			t.Errorf("%s %s: %d at %q, want at %q: %s", c.path, c.body, w.Code, p.At, c.at, p.Detail)
		}
	}
	for _, body := range []string{`{}`, `{"identifier": {"type": "email", "value": ""}}`, `{"identifier": {"type": "email", "value": "x` + canary + `"}}`} {
		f.ask("POST", "/v1/privacy/where", body, http.StatusBadRequest, nil)
	}
	for _, at := range []string{"/v1/privacy/requests/" + canary, "/v1/privacy/requests/..%2fx", "/v1/privacy/requests/Access-20260101-000000"} {
		w := httptest.NewRecorder()
		if f.ServeHTTP(w, f.asked("GET", at, f.all, "")); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "canary") {
			t.Errorf("%s: %d %s", at, w.Code, w.Body)
		}
	}
	f.project.fails = fmt.Errorf("reading: %w", errors.New("could not convert "+canary))
	for _, call := range calls("") {
		if strings.HasPrefix(call.at, "/v1/privacy/") && call.method == "POST" {
			if w := f.send(f.asked(call.method, call.at, f.all, call.body)); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "canary") {
				t.Errorf("%s: %d %s", call.at, w.Code, w.Body)
			}
		}
	}
	if strings.Contains(f.log.String(), "canary") {
		t.Errorf("somebody is in the log:\n%s", f.log)
	}
}
