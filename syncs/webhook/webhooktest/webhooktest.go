// Package webhooktest is a fake of an application that nobody sells, over real
// HTTP: it takes people in each of the styles that APIs have, one by one, in
// batches, as a form and as signed messages, and is strict about all of them.
//
// It shares nothing with the package that it tests. Start at New.
package webhooktest

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// Person is what the application knows of somebody.
type Person struct {
	Name   string   `json:"name,omitempty"`
	Visits *int64   `json:"visits,omitempty"`
	Vip    *bool    `json:"vip,omitempty"`
	Topics []string `json:"topics,omitempty"`
}

// Message is one that was signed.
type Message struct {
	ID   string          `json:"id"`
	Body json.RawMessage `json:"body"`
}

// Contents are what the application holds.
type Contents struct {
	People   map[string]Person `json:"people"`
	Forgot   []string          `json:"forgot,omitempty"`
	Events   map[string]string `json:"events,omitempty"`
	Messages []Message         `json:"messages,omitempty"`
}

// SigningKey is what messages are signed with, as senders know it.
const SigningKey = "whsec_Y3VzdG9taG91c2UtZmFrZS1zaWduaW5nLWtleQ=="

// MaxBatch is how many rows a batch may have.
const MaxBatch = 100

// Platform is the application. Its exported fields are set before it is used.
type Platform struct {
	// Tokens are those of OAuth; requests carry one of them, or synctest.Canary.
	Tokens synctest.Tokens
	// Poison are ids that are refused.
	Poison map[string]bool

	mu         sync.Mutex
	people     map[string]Person
	forgot     []string
	events     map[string]string
	messages   []Message
	seen       map[string]bool
	violations []string
}

var _ synctest.Fake = (*Platform)(nil)

// New makes an application that knows nobody. It refuses the id poison.
func New() *Platform {
	return &Platform{
		Poison: map[string]bool{"poison": true, "poison@example.com": true},
		people: map[string]Person{}, events: map[string]string{}, seen: map[string]bool{},
	}
}

// Contents implements synctest.Fake; it is a Contents.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Contents{maps.Clone(p.people), slices.Clone(p.forgot), maps.Clone(p.events), slices.Clone(p.messages)}
}

// Violations implements synctest.Fake: paths that no template means.
func (p *Platform) Violations() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.violations)
}

// Refuse implements synctest.Fake.
func (p *Platform) Refuse(w http.ResponseWriter, status int) {
	answer(w, status, map[string]any{"error": map[string]any{"code": strconv.Itoa(status), "text": http.StatusText(status)}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // The sender may have gone away.
}

// wrong is an error that the application answers with HTTP 200, as some do.
func wrong(w http.ResponseWriter, code, text string) {
	answer(w, http.StatusOK, map[string]any{"status": "failed", "error": map[string]any{"code": code, "text": text}})
}

const maxBody = 1 << 20

// ServeHTTP implements http.Handler.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		p.Tokens.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		p.Refuse(w, http.StatusRequestEntityTooLarge)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// Messages are proved by their signature.
	if r.URL.Path == "/messages" {
		p.message(w, r, body)
		return
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if user, password, ok := r.BasicAuth(); ok && user == "shop" {
		token = password
	}
	if r.URL.Query().Get("api_key") == synctest.Canary {
		token = synctest.Canary
	}
	if token != synctest.Canary && !p.Tokens.Valid(r) {
		p.Refuse(w, http.StatusUnauthorized)
		return
	}
	if strings.Contains(r.URL.Path, "//") || strings.HasSuffix(r.URL.Path, "/") {
		p.violations = append(p.violations, "a path without a value: "+r.Method+" "+r.URL.Path)
	}
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/me":
		answer(w, http.StatusOK, map[string]any{"status": "done", "account": 42})
	case r.URL.Path == "/batch" && r.Method == http.MethodPost:
		p.batch(w, r, body)
	case r.URL.Path == "/lines" && r.Method == http.MethodPost:
		p.lines(w, r, body)
	case r.URL.Path == "/form" && r.Method == http.MethodPost:
		p.form(w, r, body)
	case r.URL.Path == "/xml" && r.Method == http.MethodPost:
		p.xml(w, r, body)
	case r.URL.Path == "/forget" && r.Method == http.MethodPost:
		p.forget(w, body)
	case strings.HasPrefix(r.URL.EscapedPath(), "/people/"):
		p.person(w, r, body)
	case strings.HasPrefix(r.URL.EscapedPath(), "/events/"):
		p.event(w, r, body)
	default:
		p.Refuse(w, http.StatusNotFound)
	}
}

// last is the last segment of a path, decoded.
func last(r *http.Request) string {
	parts := strings.Split(r.URL.EscapedPath(), "/")
	name, err := url.PathUnescape(parts[len(parts)-1])
	if err != nil || len(parts) != 3 {
		return ""
	}
	return name
}

// strictly reads JSON without a key that is not known.
func strictly(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err //nolint:wrapcheck // It is answered as it is.
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the body")
	}
	return nil
}

func isType(r *http.Request, want string) bool {
	got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && got == want
}

// person is PUT and DELETE /people/{id}. Its errors are HTTP 200 where they are
// about the person.
func (p *Platform) person(w http.ResponseWriter, r *http.Request, body []byte) {
	id := last(r)
	switch {
	case id == "":
		p.Refuse(w, http.StatusNotFound)
	case r.Method == http.MethodDelete && len(body) == 0:
		if _, ok := p.people[id]; !ok {
			p.Refuse(w, http.StatusNotFound)
			return
		}
		delete(p.people, id)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut && isType(r, "application/json"):
		var one Person
		if err := strictly(body, &one); err != nil {
			p.Refuse(w, http.StatusBadRequest)
			return
		}
		if p.Poison[id] {
			wrong(w, "not_welcome", "we do not want "+id)
			return
		}
		p.people[id] = one
		answer(w, http.StatusOK, map[string]any{"status": "done"})
	default:
		p.Refuse(w, http.StatusMethodNotAllowed)
	}
}

// batch is POST /batch: results are in another order than rows, and name them by
// key.
func (p *Platform) batch(w http.ResponseWriter, r *http.Request, body []byte) {
	var request struct {
		Source string `json:"source"`
		Verb   string `json:"verb"`
		Inputs []struct {
			Ref    string  `json:"ref"`
			Person *Person `json:"person,omitempty"`
		} `json:"inputs"`
	}
	if err := strictly(body, &request); err != nil || !isType(r, "application/json") || request.Source == "" || len(request.Inputs) == 0 || len(request.Inputs) > MaxBatch {
		p.Refuse(w, http.StatusBadRequest)
		return
	}
	var out []map[string]any
	for _, in := range slices.Backward(request.Inputs) {
		result := map[string]any{"ref": in.Ref, "state": "done"}
		switch {
		case p.Poison[in.Ref] && request.Verb == "put":
			result["state"], result["why"] = "failed", map[string]any{"code": "not_welcome", "text": "we do not want " + in.Ref}
		case request.Verb == "put" && in.Person != nil:
			p.people[in.Ref] = *in.Person
		case request.Verb == "drop" && in.Person == nil:
			if _, ok := p.people[in.Ref]; !ok {
				result["state"] = "unknown"
			}
			delete(p.people, in.Ref)
		default:
			p.Refuse(w, http.StatusBadRequest)
			return
		}
		out = append(out, result)
	}
	answer(w, http.StatusOK, map[string]any{"status": "done", "outcome": map[string]any{"rows": out}})
}

// lines is POST /lines: a person on each, and only refusals are answered, by the
// number of their line.
func (p *Platform) lines(w http.ResponseWriter, r *http.Request, body []byte) {
	if !isType(r, "application/x-ndjson") {
		p.Refuse(w, http.StatusUnsupportedMediaType)
		return
	}
	refused := []map[string]any{}
	scanner := bufio.NewScanner(bytes.NewReader(body))
	scanner.Buffer(nil, maxBody)
	for n := 0; scanner.Scan(); n++ {
		var one struct {
			ID string `json:"id"`
			Person
		}
		if err := strictly(scanner.Bytes(), &one); err != nil || p.Poison[one.ID] {
			refused = append(refused, map[string]any{"line": n, "text": "refused"})
			continue
		}
		p.people[one.ID] = one.Person
	}
	answer(w, http.StatusOK, map[string]any{"refused": refused})
}

// form is POST /form: a number says how it went.
func (p *Platform) form(w http.ResponseWriter, r *http.Request, body []byte) {
	values, err := url.ParseQuery(string(body))
	if err != nil || !isType(r, "application/x-www-form-urlencoded") || len(values["id"]) != 1 || values.Get("id") == "" {
		p.Refuse(w, http.StatusBadRequest)
		return
	}
	for name := range values {
		if !slices.Contains([]string{"do", "id", "name", "topics", "visits"}, name) {
			answer(w, http.StatusOK, map[string]any{"result": 9, "text": "unknown parameter"})
			return
		}
	}
	id := values.Get("id")
	switch {
	case p.Poison[id]:
		answer(w, http.StatusOK, map[string]any{"result": 7, "text": "we do not want " + id})
		return
	case values.Get("do") == "drop":
		delete(p.people, id)
	default:
		one := Person{Name: values.Get("name"), Topics: values["topics"]}
		if text := values.Get("visits"); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				answer(w, http.StatusOK, map[string]any{"result": 8, "text": "visits is no number"})
				return
			}
			one.Visits = &n
		}
		p.people[id] = one
	}
	answer(w, http.StatusOK, map[string]any{"result": 0})
}

// xml is POST /xml.
func (p *Platform) xml(w http.ResponseWriter, r *http.Request, body []byte) {
	var request struct {
		XMLName xml.Name `xml:"people"`
		Person  []struct {
			ID    string     `xml:"id,attr"`
			Name  string     `xml:"name"`
			Attrs []xml.Attr `xml:",any,attr"`
			Other []struct{} `xml:",any"`
		} `xml:"person"`
		Other []struct{} `xml:",any"`
	}
	if err := xml.Unmarshal(body, &request); err != nil || !isType(r, "application/xml") || len(request.Other) > 0 {
		p.Refuse(w, http.StatusBadRequest)
		return
	}
	for _, one := range request.Person {
		if one.ID == "" || len(one.Attrs) > 0 || len(one.Other) > 0 {
			p.Refuse(w, http.StatusBadRequest)
			return
		}
	}
	for _, one := range request.Person {
		p.people[one.ID] = Person{Name: one.Name}
	}
	w.Header().Set("Content-Type", "application/xml")
	_, _ = io.WriteString(w, "<done/>") // The sender may have gone away.
}

// event is PUT /events/{id}, which knows an id that it has seen.
func (p *Platform) event(w http.ResponseWriter, r *http.Request, body []byte) {
	id := last(r)
	var event struct {
		What string `json:"what"`
	}
	if err := strictly(body, &event); err != nil || id == "" || r.Method != http.MethodPut {
		p.Refuse(w, http.StatusBadRequest)
		return
	}
	if _, ok := p.events[id]; ok {
		p.Refuse(w, http.StatusConflict)
		return
	}
	p.events[id] = event.What
	answer(w, http.StatusCreated, map[string]any{"status": "done"})
}

// message is POST /messages, signed as Standard Webhooks says. Who sends an id
// again is thanked again.
func (p *Platform) message(w http.ResponseWriter, r *http.Request, body []byte) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(SigningKey, "whsec_"))
	if err != nil {
		p.Refuse(w, http.StatusInternalServerError)
		return
	}
	id, at := r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp")
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(id + "." + at + "."))
	_, _ = mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if _, err := strconv.ParseInt(at, 10, 64); err != nil || id == "" || !hmac.Equal([]byte(want), []byte(r.Header.Get("Webhook-Signature"))) {
		p.Refuse(w, http.StatusUnauthorized)
		return
	}
	if !json.Valid(body) {
		p.Refuse(w, http.StatusBadRequest)
		return
	}
	if !p.seen[id] {
		p.seen[id] = true
		p.messages = append(p.messages, Message{id, bytes.Clone(body)})
	}
	w.WriteHeader(http.StatusNoContent)
}

// forget is POST /forget.
func (p *Platform) forget(w http.ResponseWriter, body []byte) {
	var request struct {
		By    string `json:"by"`
		Value string `json:"value"`
	}
	if err := strictly(body, &request); err != nil || request.By != "email" || request.Value == "" {
		p.Refuse(w, http.StatusBadRequest)
		return
	}
	_, known := p.people[request.Value]
	delete(p.people, request.Value)
	if !known {
		p.Refuse(w, http.StatusNotFound)
		return
	}
	p.forgot = append(p.forgot, request.Value)
	answer(w, http.StatusOK, map[string]any{"status": "done"})
}
