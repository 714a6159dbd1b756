package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/cmd/internal/serve"
)

// servedShop is a server of a project, and what it has logged.
type servedShop struct {
	*testing.T
	shop *shopOfTwo
	url  string
	log  string
}

// serve serves the project until the test ends.
func (s *shopOfTwo) serve(t *testing.T) *servedShop {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	out := &servedShop{T: t, shop: s, url: "http://" + address, log: filepath.Join(t.TempDir(), "serve.log")}
	log, err := os.Create(out.log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "customhouse", "--project-dir", s.dir, "serve", "--listen", address, "--log-format", "json")
	cmd.Env = append(os.Environ(), s.env...)
	cmd.Stderr = log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		log.Close()
	})
	for range 300 {
		if answer, err := http.Get(out.url + "/readyz"); err == nil {
			answer.Body.Close()
			return out
		}
		time.Sleep(50 * time.Millisecond)
	}
	text, _ := os.ReadFile(out.log)
	t.Fatalf("it does not serve:\n%s", text)
	return nil
}

// token makes a token.
func (s *servedShop) token(name string, scopes ...string) string {
	s.Helper()
	args := []string{"token", "create", "--name", name}
	for _, scope := range scopes {
		args = append(args, "--scope", scope)
	}
	return strings.TrimSpace(s.shop.must(s.T, args...))
}

// ask sends a request with headers as pairs, and expects a status; the answer may be
// read into something. What it quotes of the person is a failure.
func (s *servedShop) ask(token, method, at, body string, status int, into any, headers ...string) http.Header {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.url+at, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	if answer.StatusCode != status {
		s.Fatalf("%s %s %s: %d, want %d\n%s", method, at, body, answer.StatusCode, status, text)
	}
	if file, ok := into.(*[]byte); ok {
		*file = text
		return answer.Header
	}
	for _, v := range append(slices.Clone(hers), "ada.one", "ada.two") {
		if bytes.Contains(text, []byte(v)) {
			s.Errorf("%s %s: the answer has %s: %s", method, at, v, text)
		}
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			s.Fatal(err)
		}
	}
	return answer.Header
}

// code is that of the problem that a request is answered with.
func (s *servedShop) code(token, method, at, body string, status int) string {
	s.Helper()
	var p serve.Problem
	s.ask(token, method, at, body, status, &p)
	return p.Code
}

func stepOf(r serve.RightDone, step, system string) serve.RightStep {
	for _, x := range r.Steps {
		if x.Step == step && x.System == system {
			return x
		}
	}
	return serve.RightStep{Status: "none"}
}

// asked is the body of a request of the person.
func asked(kind, identifiers, more string) string {
	return `{"kind": "` + kind + `", "identifiers": [` + identifiers + `], "evidence": "ticket 4711"` + more + `}`
}

const byMail = `{"type": "email", "value": "Ada.One@example.com"}`

// TestRightsOverHTTP: each right can be had over the API, with the same requests,
// steps and entries as at the command line, by whoever's token has the scope; and
// neither the log nor any answer names the person.
func TestRightsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newShopOfTwo(t).serve(t)
	const requests = "/v1/privacy/requests"
	dpo, reader, file := s.token("dpo", "privacy:read", "privacy:write"), s.token("reader", "privacy:read"), s.token("file", "privacy:write", "unmask")

	// Who may not, may not, and what is no request is none.
	for _, c := range []struct {
		token, method, at, body string
		status                  int
		code                    string
	}{
		{reader, "POST", requests, asked("restrict", byMail, ""), 403, "missing-scope"},
		{file, "GET", requests, "", 403, "missing-scope"},
		{file, "POST", "/v1/privacy/where", `{"identifier": ` + byMail + `}`, 403, "missing-scope"},
		{file, "GET", "/v1/privacy/audit", "", 403, "missing-scope"},
		{dpo, "POST", requests, asked("erase", byMail, ""), 400, "invalid-request"},
		{dpo, "POST", requests, asked("restrict", `{"type": "email", "value": "ada.one"}`, ""), 400, "invalid-request"},
		{dpo, "POST", requests, asked("access", `{"type": "email", "value": "ada.one"}`, ""), 400, "invalid-request"},
		{dpo, "POST", requests, asked("restrict", `{"type": "telegram", "value": "ada.one@example.com"}`, ""), 400, "invalid-request"},
		{dpo, "POST", requests, asked("access", `{"type": "telegram", "value": "ada.one@example.com"}`, ""), 400, "invalid-request"},
		{dpo, "POST", requests, asked("object", byMail, `, "purpose": "sports"`), 400, "invalid-request"},
		{dpo, "POST", requests, asked("rectify", byMail, `, "trait": "visited", "value": "ada.one"`), 400, "invalid-request"},
		{dpo, "POST", requests, asked("restrict", byMail, `, "received": "2999-01-01"`), 400, "invalid-request"},
		{dpo, "POST", requests, asked("restrict", byMail, `, "received": "2026-02-30"`), 400, "invalid-request"},
		{dpo, "POST", requests, strings.Replace(asked("restrict", byMail, ""), "ticket 4711", "her mail from ada.one@example.com", 1), 400, "invalid-request"},
		{dpo, "POST", requests, asked("restrict", byMail, `, "entity": "account"`), 400, "invalid-request"},
		{dpo, "POST", requests + "/erase-20260101-000000/withdraw", `{"because": "ticket 1"}`, 404, "not-found"},
		{dpo, "POST", requests + "/erase-20260101-000000/refuse", `{"because": "ticket 1"}`, 404, "not-found"},
		{dpo, "POST", requests + "/erase-20260101-000000/extend", `{"because": "ticket 1"}`, 404, "not-found"},
		{dpo, "POST", requests + "/erase-20260101-000000/confirm", `{"step": "source", "evidence": "ticket 1"}`, 404, "not-found"},
		{file, "POST", requests + "/erase-20260101-000000/file", "", 404, "not-found"},
		{reader, "GET", requests + "/erase-20260101-000000", "", 404, "not-found"},
		{dpo, "POST", "/v1/privacy/where", `{"identifier": {"type": "email", "value": "ada.one"}}`, 400, "invalid-request"},
		{dpo, "POST", "/v1/privacy/where", `{"identifier": {"type": "id", "value": "ada.one"}}`, 400, "invalid-request"},
		{dpo, "GET", "/v1/privacy/audit?since=2026-02-30", "", 400, "invalid-request"},
	} {
		if got := s.code(c.token, c.method, c.at, c.body, c.status); got != c.code {
			t.Errorf("%s %s %s: %s, want %s", c.method, c.at, c.body, got, c.code)
		}
	}
	var list serve.RightList
	if s.ask(reader, "GET", requests, "", 200, &list); len(list.Items) != 0 {
		t.Fatalf("requests came of it: %+v", list.Items)
	}

	// A restriction is in place at once, is asked for once, and goes again.
	var r, again serve.RightDone
	s.ask(dpo, "POST", requests, asked("restrict", byMail, `, "received": "2026-01-31"`), 202, &r, "Idempotency-Key", "k-1")
	if r.Status != "waiting" || r.By != "token dpo" || r.Due.Format(time.DateOnly) != "2026-02-28" || !r.Overdue || stepOf(r, "remove", "to_crm").Status != "manual" {
		t.Errorf("restricted: %+v", r)
	}
	if got := len(s.shop.meta.Members("456")); got != 1 {
		t.Errorf("%d members, want 1", got)
	}
	for _, key := range [][]string{{"Idempotency-Key", "k-1"}, {"Idempotency-Key", "k-2"}, nil} {
		s.ask(dpo, "POST", requests, asked("restrict", byMail, `, "received": "2026-01-31"`), 202, &again, key...)
		if again.ID != r.ID {
			t.Errorf("asked twice with %v: %s, and before %s", key, again.ID, r.ID)
		}
	}
	var p serve.Problem
	if s.ask(dpo, "POST", requests, asked("restrict", byMail, ""), 422, &p, "Idempotency-Key", "k-1"); p.Code != "key-reused" || p.At != "Idempotency-Key" {
		t.Errorf("another request with the key: %+v", p)
	}
	if s.ask(dpo, "POST", requests, asked("access", byMail, `, "received": "2026-02-30"`), 400, &p); p.At != "/received" || strings.Contains(p.Detail, "2026") {
		t.Errorf("a day that there is not: %+v", p)
	}
	if s.ask(reader, "GET", requests+"?overdue=true&kind=restrict", "", 200, &list); len(list.Items) != 1 || list.Items[0].ID != r.ID {
		t.Errorf("overdue: %+v", list.Items)
	}
	s.ask(dpo, "POST", requests+"/"+r.ID+"/extend", `{"because": "many at once"}`, 200, &r)
	if r.Due.Format(time.DateOnly) != "2026-04-30" || r.Because != "many at once" {
		t.Errorf("extended: %+v", r)
	}
	for _, c := range [][2]string{
		{"/extend", `{"because": "once more"}`},
		{"/refuse", `{"because": "too late"}`},
		{"/confirm", `{"step": "scrub", "evidence": "ticket 1"}`},
	} {
		if got := s.code(dpo, "POST", requests+"/"+r.ID+c[0], c[1], 409); got != "conflict" {
			t.Errorf("%s: %s", c[0], got)
		}
	}
	if got := s.code(file, "POST", requests+"/"+r.ID+"/file", "", 409); got != "conflict" {
		t.Errorf("a file of a restriction: %s", got)
	}
	s.ask(dpo, "POST", requests+"/"+r.ID+"/confirm", `{"step": "remove", "system": "to_crm", "evidence": "ticket 4712"}`, 200, &r)
	s.ask(dpo, "POST", requests+"/"+r.ID+"/confirm", `{"step": "remove", "system": "to_files", "evidence": "ticket 4712"}`, 200, &r)
	if r.Status != "done" || r.Ended == nil {
		t.Errorf("after everything was confirmed: %+v", r)
	}
	s.ask(dpo, "POST", requests+"/"+r.ID+"/withdraw", `{"because": "asked for it by telephone"}`, 200, &r)
	if got := s.code(dpo, "POST", requests+"/"+r.ID+"/withdraw", `{"because": "again"}`, 409); r.Status != "withdrawn" || got != "conflict" {
		t.Errorf("it is %s, and withdrawn again %s", r.Status, got)
	}

	// An objection and a correction.
	s.ask(dpo, "POST", requests, asked("object", `{"type": "cookie", "value": "cookie-ada-55"}`, `, "purpose": "advertising"`), 200, &r)
	if r.Status != "done" || r.Purpose != "advertising" {
		t.Errorf("objected: %+v", r)
	}
	s.ask(dpo, "POST", requests, asked("rectify", byMail, `, "trait": "name", "value": "Ada Unmistakable II"`), 200, &r)
	if r.Status != "done" || r.Trait != "name" {
		t.Errorf("rectified: %+v", r)
	}
	if got := s.shop.rows(t, `SELECT DISTINCT value FROM customhouse.privacy_corrections`); !slices.Equal(got, []string{"Ada Unmistakable II"}) {
		t.Errorf("corrected to %v", got)
	}

	// Access: the file comes once, whole, to who may see values.
	s.ask(dpo, "POST", requests, asked("access", byMail+`, {"type": "user_id", "value": "u-ada-77"}`, ""), 202, &r)
	s.ask(dpo, "POST", requests, asked("access", byMail, ""), 202, &again)
	if r.Status != "received" || again.ID != r.ID || stepOf(r, "write", "file").Status != "todo" {
		t.Errorf("asked for access: %+v", r)
	}
	if got := s.code(dpo, "POST", requests+"/"+r.ID+"/file", "", 403); got != "missing-scope" {
		t.Errorf("without the scope: %s", got)
	}
	var text []byte
	header := s.ask(file, "POST", requests+"/"+r.ID+"/file", "", 200, &text)
	sum := sha256.Sum256(text)
	if got, want := header.Get("Content-Digest"), "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":"; got != want {
		t.Errorf("the digest is %s, want %s", got, want)
	}
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil || len(z.File) < 5 {
		t.Fatal(err, len(text))
	}
	person, err := z.Open("person.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := io.ReadAll(person)
	if err != nil || !bytes.Contains(document, []byte("ada.two@example.com")) || !bytes.Contains(document, []byte(r.ID)) || bytes.Contains(document, []byte("u-bob-88")) {
		t.Errorf("the document of %d bytes, %v", len(document), err)
	}
	s.ask(reader, "GET", requests+"/"+r.ID, "", 200, &r)
	if step := stepOf(r, "write", "file"); r.Status != "done" || stepOf(r, "close", "state").Status != "done" || !strings.Contains(step.Receipt, "sent over the API") ||
		!strings.Contains(step.Receipt, fmt.Sprintf("SHA-256 %x", sum)) {
		t.Errorf("answered: %+v", r)
	}
	if got := s.code(file, "POST", requests+"/"+r.ID+"/file", "", 409); got != "conflict" {
		t.Errorf("a second time: %s", got)
	}
	s.ask(dpo, "POST", requests, asked("portability", `{"type": "email", "value": "never.seen@example.com"}`, ""), 202, &r)
	if got := s.code(file, "POST", requests+"/"+r.ID+"/file", "", 404); got != "not-found" {
		t.Errorf("of whom nobody knows: %s", got)
	}
	s.ask(dpo, "POST", requests+"/"+r.ID+"/refuse", `{"because": "nothing is held of them"}`, 200, &r)
	if r.Status != "refused" {
		t.Errorf("refused: %+v", r)
	}

	// Where she is, and the end of it.
	var found serve.Whereabouts
	var open serve.RightDone
	s.ask(reader, "POST", "/v1/privacy/where", `{"identifier": `+byMail+`}`, 200, &found)
	if len(found.IDs) == 0 || !slices.ContainsFunc(found.Places, func(p serve.Place) bool { return p.Kind == "source" && p.Name == "contacts" && p.Rows == 2 }) {
		t.Errorf("where: %+v", found)
	}
	// What she has open by then is nobody's any more, even where she was named by a number.
	s.ask(dpo, "POST", requests, asked("access", fmt.Sprintf(`{"type": "id", "value": "%d"}`, found.IDs[0]), ""), 202, &open)
	s.ask(dpo, "POST", requests, asked("erase", byMail, `, "yes": true`), 202, &r, "Idempotency-Key", "the-end")
	if r.Status != "waiting" || stepOf(r, "scrub", "warehouse").Status != "done" || stepOf(r, "source", "contacts").Status != "manual" {
		t.Errorf("erased: %+v", r)
	}
	shown := s.shop.request(t, "privacy", "show", r.ID, "--statements")
	s.shop.sql(t, shown.Statements["contacts"])
	if err := os.RemoveAll(filepath.Join(s.shop.dir, "exports")); err != nil {
		t.Fatal(err)
	}
	s.ask(dpo, "POST", requests+"/"+r.ID+"/confirm", `{"step": "source", "system": "contacts", "evidence": "ticket 4713"}`, 200, &r)
	s.ask(dpo, "POST", requests+"/"+r.ID+"/confirm", `{"step": "erase", "system": "exports", "evidence": "ticket 4713"}`, 200, &r)
	if r.Status != "done" {
		t.Errorf("in the end: %+v", r)
	}
	if s.ask(reader, "GET", requests+"/"+open.ID, "", 200, &open); open.Status != "withdrawn" {
		t.Errorf("what she had asked for is %s", open.Status)
	}
	s.ask(dpo, "POST", requests, asked("erase", byMail, `, "yes": true`), 200, &again, "Idempotency-Key", "the-end")
	if again.ID != r.ID {
		t.Errorf("tried again it is %s, and was %s", again.ID, r.ID)
	}

	// All of it is in the audit log, by whose token it was.
	var entries serve.AuditList
	s.ask(reader, "GET", "/v1/privacy/audit?limit=500&since=2026-01-01", "", 200, &entries)
	count := map[string]int{}
	for _, e := range entries.Items {
		if strings.HasPrefix(e.Actor, "token:") {
			name, _, _ := strings.Cut(e.Actor, "#")
			count[name+" "+e.Action]++
		}
	}
	for what, want := range map[string]int{
		"token:dpo request-received": 7, "token:dpo request-extended": 1, "token:dpo request-withdrawn": 1, "token:dpo request-refused": 1,
		"token:dpo step-confirmed": 4, "token:dpo request-done": 4, "token:file exported": 1, "token:file request-done": 1,
	} {
		if count[what] != want {
			t.Errorf("%s: %d entries, want %d", what, count[what], want)
		}
	}
	if out := s.shop.must(t, "privacy", "audit", "--verify"); !strings.Contains(out, "is whole") {
		t.Errorf("the audit log: %s", out)
	}

	// Nobody is in the log, and of her nothing is anywhere.
	log, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range append(slices.Clone(hers), "ada.one", "ada.two", "never.seen", "cht_") {
		if bytes.Contains(log, []byte(v)) {
			t.Errorf("the log has %s", v)
		}
	}
	for _, line := range []string{`"msg":"wrote a request of a person down","token":"dpo"`, `"msg":"audit: sent the file of a person","token":"file"`} {
		if !bytes.Contains(log, []byte(line)) {
			t.Errorf("the log lacks %s", line)
		}
	}
	left := s.shop.having(t, append(slices.Clone(hers), "never.seen@example.com"))
	if len(left) > 0 {
		t.Errorf("left: %s", strings.Join(left, "\n"))
	}
}

// TestRightsWhileBusy: while another process has the warehouse nothing is written
// down, and what needs no warehouse goes on.
func TestRightsWhileBusy(t *testing.T) {
	t.Parallel()
	s := newShopOfTwo(t).serve(t)
	dpo := s.token("dpo", "privacy:read", "privacy:write", "unmask")
	var r serve.RightDone
	s.ask(dpo, "POST", "/v1/privacy/requests", asked("access", byMail, ""), 202, &r)
	held, err := duckdb.Open(t.Context(), duckdb.Config{Path: filepath.Join(s.shop.dir, "shop.duckdb")}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"/v1/privacy/requests", asked("erase", byMail, `, "yes": true`)},
		{"/v1/privacy/requests", asked("portability", byMail, "")},
		{"/v1/privacy/requests/" + r.ID + "/file", ""},
		{"/v1/privacy/requests/" + r.ID + "/withdraw", `{"because": "ticket 2"}`},
		{"/v1/privacy/where", `{"identifier": ` + byMail + `}`},
	} {
		if got := s.code(dpo, "POST", c[0], c[1], 503); got != "warehouse-busy" {
			t.Errorf("%s: %s", c[0], got)
		}
	}
	s.ask(dpo, "POST", "/v1/privacy/requests/"+r.ID+"/extend", `{"because": "ticket 3"}`, 200, &r)
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	// Many who ask for the same at once make one request of it.
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/privacy/requests", strings.NewReader(asked("portability", `{"type": "email", "value": "bob@example.com"}`, "")))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Authorization", "Bearer "+dpo)
			r.Header.Set("Content-Type", "application/json")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			if answer.Body.Close(); answer.StatusCode != http.StatusAccepted && answer.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("one of many: %d", answer.StatusCode)
			}
		})
	}
	all.Wait()
	var list serve.RightList
	if s.ask(dpo, "GET", "/v1/privacy/requests", "", 200, &list); len(list.Items) != 2 || list.Items[0].Extended == nil {
		t.Errorf("there are %+v", list.Items)
	}
	var text []byte
	s.ask(dpo, "POST", "/v1/privacy/requests/"+r.ID+"/file", "", 200, &text)
	if s.ask(dpo, "GET", "/v1/privacy/requests/"+r.ID, "", 200, &r); r.Status != "done" || len(text) == 0 {
		t.Errorf("after it was busy: %+v", r)
	}
}
