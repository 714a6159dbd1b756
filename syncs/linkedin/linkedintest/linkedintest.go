// Package linkedintest is a fake of LinkedIn's DMP segments: strict, over real
// HTTP, with contents of its own. Each element of a request has a status of its
// own. It takes the access token of synctest.Canary, and those of synctest.Tokens,
// at /accessToken. Start at New.
package linkedintest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// Platform is the fake; see New.
type Platform struct {
	// Tokens gives out tokens, and checks them.
	Tokens synctest.Tokens
	// Refused says why an element is refused, by its first id; taken where empty.
	Refused func(id string) string

	mu       sync.Mutex
	segments map[string]map[string]Member
}

// Member is somebody on a segment: what is known beside the ids.
type Member struct {
	FirstName string `json:"firstName,omitempty"`
	LastName  string `json:"lastName,omitempty"`
	Title     string `json:"title,omitempty"`
	Company   string `json:"company,omitempty"`
	Country   string `json:"country,omitempty"`
}

// Segment is the segment that a new platform has.
const Segment = "456"

// New makes a platform with a segment that is empty.
func New() *Platform { return &Platform{segments: map[string]map[string]Member{Segment: {}}} }

// Members are those of a segment by the type of their first id, a colon and the id.
func (p *Platform) Members(id string) map[string]Member {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.segments[id])
}

// Contents implements synctest.Fake.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return map[string]any{"segments": p.segments}
}

// Violations implements synctest.Fake: there are none that LinkedIn would not
// complain of.
func (p *Platform) Violations() []string { return nil }

// Refuse implements synctest.Fake.
func (p *Platform) Refuse(w http.ResponseWriter, status int) {
	codes := map[int]string{401: "EXPIRED_ACCESS_TOKEN", 403: "ACCESS_DENIED", 404: "NOT_FOUND", 429: "TOO_MANY_REQUESTS", 500: "INTERNAL_SERVER_ERROR", 503: "SERVICE_UNAVAILABLE"}
	p.fail(w, status, codes[status], "The request was refused")
}

func (p *Platform) fail(w http.ResponseWriter, status int, code, message string) {
	p.answer(w, status, map[string]any{"status": status, "code": code, "message": message, "serviceErrorCode": 65600})
}

func (p *Platform) answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic("linkedintest: spelling an answer: " + err.Error()) // It is made of texts and numbers.
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // The sender may have gone away.
}

type element struct {
	Action string `json:"action"`
	IDs    []struct {
		Type  string `json:"idType"`
		Value string `json:"idValue"`
	} `json:"userIds"`
	Member
}

var (
	version = regexp.MustCompile(`^20[0-9]{4}$`)
	types   = map[string]*regexp.Regexp{
		"SHA256_EMAIL": regexp.MustCompile(`^[0-9a-f]{64}$`), "SHA512_EMAIL": regexp.MustCompile(`^[0-9a-f]{128}$`),
		"GOOGLE_AID": regexp.MustCompile(`^[0-9a-f-]{36}$`),
	}
)

// ServeHTTP serves the interface.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/accessToken" {
		p.Tokens.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		return // The sender went away.
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	path, ok := strings.CutPrefix(r.URL.Path, "/rest/")
	switch {
	case r.Header.Get("Authorization") != "Bearer "+synctest.Canary && !p.Tokens.Valid(r):
		p.Refuse(w, http.StatusUnauthorized)
		return
	case !version.MatchString(r.Header.Get("LinkedIn-Version")):
		p.fail(w, http.StatusUpgradeRequired, "NONEXISTENT_VERSION", "Requested version is not active")
		return
	case !ok || r.Header.Get("X-Restli-Protocol-Version") != "2.0.0":
		p.Refuse(w, http.StatusNotFound)
		return
	}
	id, users := strings.CutSuffix(strings.TrimPrefix(path, "dmpSegments/"), "/users")
	segment, known := p.segments[id]
	switch {
	case r.Method == http.MethodGet && path == "me":
		p.answer(w, http.StatusOK, map[string]string{"id": "me"})
	case r.Method == http.MethodGet && known && !users:
		p.answer(w, http.StatusOK, map[string]any{"id": 456, "status": "READY"})
	case r.Method == http.MethodPost && known && users && r.Header.Get("X-Restli-Method") == "BATCH_CREATE":
		p.batch(w, segment, body)
	default:
		p.Refuse(w, http.StatusNotFound)
	}
}

// batch does what each element asks for.
func (p *Platform) batch(w http.ResponseWriter, segment map[string]Member, body []byte) {
	var c struct {
		Elements []element `json:"elements"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil || len(c.Elements) == 0 || len(c.Elements) > 5_000 {
		p.fail(w, http.StatusBadRequest, "ILLEGAL_ARGUMENT", "the body has to have 1 to 5000 elements")
		return
	}
	results := make([]any, len(c.Elements))
	for i, e := range c.Elements {
		if why := p.apply(segment, e); why != "" {
			results[i] = map[string]any{"status": 400, "error": map[string]any{"status": 400, "code": "ILLEGAL_ARGUMENT", "message": why}}
			continue
		}
		results[i] = map[string]any{"status": 201}
	}
	p.answer(w, http.StatusOK, map[string]any{"elements": results})
}

// apply does what an element asks for, or says why not.
func (p *Platform) apply(segment map[string]Member, e element) string {
	if len(e.IDs) == 0 || !slices.Contains([]string{"ADD", "REMOVE"}, e.Action) {
		return "action or userIds is unfit"
	}
	for _, id := range e.IDs {
		if rule := types[id.Type]; rule == nil || !rule.MatchString(id.Value) {
			return "an id is not hashed, or of no type"
		}
	}
	if p.Refused != nil {
		if why := p.Refused(e.IDs[0].Value); why != "" {
			return why
		}
	}
	if key := e.IDs[0].Type + ":" + e.IDs[0].Value; e.Action == "ADD" {
		segment[key] = e.Member
	} else {
		delete(segment, key)
	}
	return ""
}
