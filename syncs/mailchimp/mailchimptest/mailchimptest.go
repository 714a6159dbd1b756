// Package mailchimptest is a fake of Mailchimp's Marketing API over real HTTP, as
// strict as the platform's documentation is, with the members of its audiences.
//
// It shares nothing with the package that it tests. Start at New.
package mailchimptest

import (
	"crypto/md5" //nolint:gosec // Mailchimp names members by it.
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// Member is somebody on an audience.
type Member struct {
	Email  string         `json:"email_address"`
	Status string         `json:"status"`
	Fields map[string]any `json:"merge_fields"`
}

// Platform is one account with the audience a1. Its exported fields are set before
// it is used.
type Platform struct {
	// Compliance are addresses that no tool may add.
	Compliance map[string]bool

	mu      sync.Mutex
	members map[string]*Member
	deleted map[string]bool
}

var _ synctest.Fake = (*Platform)(nil)

// New makes an account whose API key is synctest.Canary.
func New() *Platform { return &Platform{members: map[string]*Member{}, deleted: map[string]bool{}} }

// Contents implements synctest.Fake; it is a []Member, by address.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []Member{}
	for _, key := range slices.Sorted(maps.Keys(p.members)) {
		m := p.members[key]
		out = append(out, Member{m.Email, m.Status, maps.Clone(m.Fields)})
	}
	return out
}

// Unsubscribe is what somebody does in an e-mail.
func (p *Platform) Unsubscribe(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.members[name(address)]; m != nil {
		m.Status = "unsubscribed"
	}
}

// Violations implements synctest.Fake: there is nothing that the platform lets
// pass and a correct destination does not do.
func (p *Platform) Violations() []string { return nil }

// Refuse implements synctest.Fake.
func (p *Platform) Refuse(w http.ResponseWriter, status int) {
	refuse(w, status, map[int]string{
		http.StatusUnauthorized: "API Key Invalid", http.StatusTooManyRequests: "Too Many Requests",
	}[status], "")
}

func refuse(w http.ResponseWriter, status int, title, field string) {
	body := map[string]any{"type": "https://mailchimp.com/developer/marketing/docs/errors/", "title": title, "status": status, "detail": "Something is wrong.", "instance": "1"}
	if field != "" {
		body["errors"] = []any{map[string]any{"field": field, "message": "is wrong"}}
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // The sender may have gone away.
}

func name(address string) string {
	return fmt.Sprintf("%x", md5.Sum([]byte(strings.ToLower(address)))) //nolint:gosec // as above
}

var (
	path    = regexp.MustCompile(`^/3[.]0/lists/([^/]+)/members/([0-9a-f]{32})(/actions/delete-permanent)?$`)
	address = regexp.MustCompile(`^[^@\s]+@[^@\s]+[.][^@\s]+$`)
)

// fields are the merge fields of the audience.
var fields = map[string]string{"FNAME": "text", "SPENT": "number", "BORN": "date"}

// ServeHTTP implements http.Handler.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+synctest.Canary {
		p.Refuse(w, http.StatusUnauthorized)
		return
	}
	say := func(body any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // The sender may have gone away.
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /3.0/ping":
		say(map[string]any{"health_status": "Everything's Chimpy!"})
		return
	case "GET /3.0/lists/a1":
		say(map[string]any{"id": "a1", "name": "Newsletter"})
		return
	case "GET /3.0/lists/a1/merge-fields":
		var list []any
		for _, tag := range slices.Sorted(maps.Keys(fields)) {
			list = append(list, map[string]any{"tag": tag, "type": fields[tag], "required": false, "options": map[string]any{"size": 25}})
		}
		say(map[string]any{"merge_fields": list, "total_items": len(list)})
		return
	}
	m := path.FindStringSubmatch(r.URL.Path)
	if m == nil || m[1] != "a1" {
		refuse(w, http.StatusNotFound, "Resource Not Found", "")
		return
	}
	member := p.members[m[2]]
	switch {
	case r.Method == http.MethodPost && m[3] != "":
		if member == nil {
			refuse(w, http.StatusNotFound, "Resource Not Found", "")
			return
		}
		delete(p.members, m[2])
		p.deleted[m[2]] = true
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodDelete && m[3] == "":
		switch {
		case member == nil:
			refuse(w, http.StatusNotFound, "Resource Not Found", "")
		case member.Status == "archived":
			refuse(w, http.StatusMethodNotAllowed, "Method Not Allowed", "")
		default:
			member.Status = "archived"
			w.WriteHeader(http.StatusNoContent)
		}
	case r.Method == http.MethodPut && m[3] == "", r.Method == http.MethodPatch && m[3] == "":
		p.put(w, r, m[2], say)
	default:
		refuse(w, http.StatusMethodNotAllowed, "Method Not Allowed", "")
	}
}

// put fills a member, and makes one where that is asked for.
func (p *Platform) put(w http.ResponseWriter, r *http.Request, key string, say func(any)) {
	var body struct {
		Email    *string        `json:"email_address"`
		IfNew    string         `json:"status_if_new"`
		Status   string         `json:"status"`
		Language *string        `json:"language"`
		VIP      *bool          `json:"vip"`
		Fields   map[string]any `json:"merge_fields"`
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err != nil || r.Header.Get("Content-Type") != "application/json" || decoder.Decode(&body) != nil {
		refuse(w, http.StatusBadRequest, "JSON Parse Error", "")
		return
	}
	member := p.members[key]
	switch {
	case p.deleted[key]:
		refuse(w, http.StatusBadRequest, "Forgotten Email Not Subscribed", "")
		return
	case member == nil && r.Method == http.MethodPatch:
		refuse(w, http.StatusNotFound, "Resource Not Found", "")
		return
	case body.Email != nil && (!address.MatchString(*body.Email) || name(*body.Email) != key):
		refuse(w, http.StatusBadRequest, "Invalid Resource", "email_address")
		return
	case body.Email != nil && p.Compliance[strings.ToLower(*body.Email)]:
		refuse(w, http.StatusBadRequest, "Member In Compliance State", "")
		return
	}
	for tag, v := range body.Fields {
		_, number := v.(json.Number)
		if kind, ok := fields[tag]; !ok || v != nil && v != "" && (kind == "number") != number {
			refuse(w, http.StatusBadRequest, "Invalid Resource", "merge_fields."+tag)
			return
		}
	}
	if member == nil {
		if !slices.Contains([]string{"subscribed", "pending", "unsubscribed", "transactional"}, body.IfNew) || body.Email == nil {
			refuse(w, http.StatusBadRequest, "Invalid Resource", "status_if_new")
			return
		}
		member = &Member{Email: *body.Email, Status: body.IfNew, Fields: map[string]any{}}
		p.members[key] = member
	}
	if member.Status == "archived" && body.IfNew != "" {
		member.Status = body.IfNew
	}
	for tag, v := range body.Fields {
		if v == nil || v == "" {
			delete(member.Fields, tag)
		} else {
			member.Fields[tag] = v
		}
	}
	say(map[string]any{"id": key, "email_address": member.Email, "status": member.Status})
}
