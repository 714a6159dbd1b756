// Package iterabletest is a fake of Iterable's REST API over real HTTP, as strict
// as the platform's documentation is, with users, lists and events of its own.
//
// It shares nothing with the package that it tests. Start at New.
package iterabletest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// Platform is one project, in which users are known by an e-mail address or a
// userId. Its exported fields are set before it is used.
type Platform struct {
	// Disallowed are names of events that are not taken.
	Disallowed map[string]bool

	mu        sync.Mutex
	users     map[string]map[string]any
	forgotten map[string]bool
	lists     map[int64]map[string]bool
	events    map[string]Event
	types     map[string]string
}

// Event is something that somebody did.
type Event struct {
	Name       string         `json:"eventName"`
	Who        string         `json:"who"`
	CreatedAt  int64          `json:"createdAt,omitempty"`
	DataFields map[string]any `json:"dataFields,omitempty"`
}

// Contents are what a project holds: users by "email:jane@example.com", events by
// their ids.
type Contents struct {
	Users     map[string]map[string]any `json:"users"`
	Forgotten []string                  `json:"forgotten,omitempty"`
	Lists     map[int64][]string        `json:"lists,omitempty"`
	Events    map[string]Event          `json:"events,omitempty"`
}

var _ synctest.Fake = (*Platform)(nil)

// New makes an empty project, whose API key is synctest.Canary.
func New() *Platform {
	return &Platform{
		users: map[string]map[string]any{}, forgotten: map[string]bool{}, lists: map[int64]map[string]bool{},
		events: map[string]Event{}, types: map[string]string{},
	}
}

// Contents implements synctest.Fake; it is a Contents.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := Contents{
		Users: map[string]map[string]any{}, Forgotten: slices.Sorted(maps.Keys(p.forgotten)),
		Lists: map[int64][]string{}, Events: maps.Clone(p.events),
	}
	for who, fields := range p.users {
		out.Users[who] = maps.Clone(fields)
	}
	for id, members := range p.lists {
		out.Lists[id] = slices.Sorted(maps.Keys(members))
	}
	return out
}

// Violations implements synctest.Fake: there is nothing that the platform lets
// pass and a correct destination does not do.
func (p *Platform) Violations() []string { return nil }

// Refuse implements synctest.Fake.
func (p *Platform) Refuse(w http.ResponseWriter, status int) {
	said := map[int]string{
		http.StatusUnauthorized: "BadApiKey", http.StatusTooManyRequests: "RateLimitExceeded",
		http.StatusInternalServerError: "GenericError", http.StatusServiceUnavailable: "GenericError",
	}[status]
	refuse(w, status, said)
}

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]any{"code": code, "msg": "see the code", "params": nil})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // The sender may have gone away.
}

// person is how requests name somebody.
type person struct {
	Email        string         `json:"email"`
	UserID       string         `json:"userId"`
	PreferUserID bool           `json:"preferUserId"`
	Merge        bool           `json:"mergeNestedObjects"`
	DataFields   map[string]any `json:"dataFields"`
}

// body is that of all requests that have one.
type body struct {
	person

	Users       []person `json:"users"`
	ListID      int64    `json:"listId"`
	Subscribers []person `json:"subscribers"`
	Events      []struct {
		person

		ID        string `json:"id"`
		Name      string `json:"eventName"`
		CreatedAt int64  `json:"createdAt"`
	} `json:"events"`
}

// ServeHTTP implements http.Handler.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Api-Key") != synctest.Canary {
		refuse(w, http.StatusUnauthorized, "BadApiKey")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Method == http.MethodGet && r.URL.Path == "/api/users/getFields" {
		answer(w, http.StatusOK, map[string]any{"fields": p.types})
		return
	}
	if id, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/users/"); ok && r.Method == http.MethodDelete {
		p.delete(w, id)
		return
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, 4_000_001))
	if err != nil || len(text) > 4_000_000 {
		refuse(w, http.StatusRequestEntityTooLarge, "BatchTooLarge")
		return
	}
	var b body
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&b); err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		refuse(w, http.StatusBadRequest, "BadJsonBody")
		return
	}
	if len(b.Users)+len(b.Subscribers)+len(b.Events) > 1000 {
		refuse(w, http.StatusBadRequest, "BatchTooLarge")
		return
	}
	switch r.URL.Path {
	case "/api/users/bulkUpdate":
		p.bulk(w, b)
	case "/api/users/forget":
		p.forget(w, b.person)
	case "/api/lists/subscribe", "/api/lists/unsubscribe":
		p.members(w, b, strings.HasSuffix(r.URL.Path, "/subscribe"))
	case "/api/events/trackBulk":
		p.track(w, b)
	default:
		refuse(w, http.StatusNotFound, "NotFound")
	}
}

var address = regexp.MustCompile(`^[^@\s]+@[^@\s]+[.][^@\s]+$`)

// who is whom a request means, or the list of failures that it goes to.
func (p *Platform) who(one person) (who, failed string) {
	kind, value := "Emails", strings.ToLower(one.Email)
	who = "email:" + value
	if one.UserID != "" {
		kind, value = "UserIds", one.UserID
		who = "userId:" + value
	}
	switch {
	case one.Email != "" && one.UserID != "", kind == "Emails" && !address.MatchString(value), strings.TrimSpace(value) != value:
		return value, "invalid" + kind
	case p.forgotten[who]:
		return value, "forgotten" + kind
	}
	return who, ""
}

// tally is an answer about many.
type tally struct {
	taken  int
	failed map[string][]string
}

func (t *tally) fail(list, value string) {
	if t.failed == nil {
		t.failed = map[string][]string{}
	}
	t.failed[list] = append(t.failed[list], value)
}

func (t *tally) answer(w http.ResponseWriter) {
	n := 0
	for _, list := range t.failed {
		n += len(list)
	}
	answer(w, http.StatusOK, map[string]any{
		"successCount": t.taken, "failCount": n, "failedUpdates": t.failed, "createdFields": []string{}, "filteredOutFields": []string{},
	})
}

// typed is the type of a field by a value of it.
func typed(v any) string {
	switch v := v.(type) {
	case bool:
		return "boolean"
	case json.Number:
		// Whole numbers are doubles where the field has been one.
		return "double"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case string:
		_ = v
		return "string"
	}
	return ""
}

func (p *Platform) bulk(w http.ResponseWriter, b body) {
	var t tally
	for _, one := range b.Users {
		who, failed := p.who(one)
		if failed == "" && !p.fits(one.DataFields) {
			_, value, _ := strings.Cut(who, ":")
			who, failed = value, "invalidData"+map[bool]string{true: "UserIds", false: "Emails"}[one.UserID != ""]
		}
		if failed != "" {
			t.fail(failed, who)
			continue
		}
		user := p.users[who]
		if user == nil {
			user = map[string]any{}
			p.users[who] = user
		}
		set(user, one.DataFields, one.Merge)
		t.taken++
	}
	t.answer(w)
}

// fits says whether fields have the types that they had when they were first
// filled.
func (p *Platform) fits(fields map[string]any) bool {
	for name, v := range fields {
		if was := p.types[name]; v != nil && was != "" && was != typed(v) {
			return false
		}
	}
	for name, v := range fields {
		if v != nil {
			p.types[name] = typed(v)
		}
	}
	return true
}

func set(user, fields map[string]any, merge bool) {
	for name, v := range fields {
		inner, nested := v.(map[string]any)
		old, _ := user[name].(map[string]any)
		switch {
		case v == nil:
			delete(user, name)
		case nested && merge && old != nil:
			maps.Copy(old, inner)
		default:
			user[name] = v
		}
	}
}

func (p *Platform) forget(w http.ResponseWriter, one person) {
	who, failed := p.who(one)
	switch {
	case strings.HasPrefix(failed, "forgotten"):
	case failed != "":
		refuse(w, http.StatusBadRequest, "BadParams")
		return
	default:
		delete(p.users, who)
		for _, members := range p.lists {
			delete(members, who)
		}
		p.forgotten[who] = true
	}
	refuse(w, http.StatusOK, "Success")
}

func (p *Platform) delete(w http.ResponseWriter, path string) {
	kind := "email"
	if id, ok := strings.CutPrefix(path, "byUserId/"); ok {
		kind, path = "userId", id
	}
	value, err := url.PathUnescape(path)
	if err != nil || strings.Contains(path, "/") {
		refuse(w, http.StatusNotFound, "NotFound")
		return
	}
	if kind == "email" {
		value = strings.ToLower(value)
	}
	who := kind + ":" + value
	if p.users[who] == nil {
		refuse(w, http.StatusBadRequest, map[string]string{"email": "UnknownEmailError", "userId": "UnknownUserIdError"}[kind])
		return
	}
	delete(p.users, who)
	for _, members := range p.lists {
		delete(members, who)
	}
	refuse(w, http.StatusOK, "Success")
}

func (p *Platform) members(w http.ResponseWriter, b body, puts bool) {
	if b.ListID <= 0 || len(b.Subscribers) == 0 {
		refuse(w, http.StatusBadRequest, "BadParams")
		return
	}
	members := p.lists[b.ListID]
	if members == nil {
		members = map[string]bool{}
		p.lists[b.ListID] = members
	}
	var t tally
	for _, one := range b.Subscribers {
		who, failed := p.who(one)
		if failed == "" && !puts && !members[who] {
			_, value, _ := strings.Cut(who, ":")
			who, failed = value, "notFound"+map[bool]string{true: "UserIds", false: "Emails"}[one.UserID != ""]
		}
		if failed != "" {
			t.fail(failed, who)
			continue
		}
		if puts {
			members[who] = true
			if p.users[who] == nil {
				p.users[who] = map[string]any{}
			}
		} else {
			delete(members, who)
		}
		t.taken++
	}
	t.answer(w)
}

func (p *Platform) track(w http.ResponseWriter, b body) {
	var t tally
	var disallowed []string
	for _, e := range b.Events {
		if strings.TrimSpace(e.Name) == "" || len(e.ID) > 512 {
			refuse(w, http.StatusBadRequest, "BadParams")
			return
		}
		if p.Disallowed[e.Name] && !slices.Contains(disallowed, e.Name) {
			disallowed = append(disallowed, e.Name)
		}
	}
	if len(disallowed) > 0 {
		answer(w, http.StatusOK, map[string]any{"successCount": 0, "failCount": len(b.Events), "disallowedEventNames": disallowed, "failedUpdates": map[string]any{}})
		return
	}
	for i, e := range b.Events {
		who, failed := p.who(e.person)
		if failed != "" {
			t.fail(failed, who)
			continue
		}
		id := e.ID
		if id == "" {
			id = fmt.Sprintf("made-%d-%d", len(p.events), i)
		}
		p.events[id] = Event{Name: e.Name, Who: who, CreatedAt: e.CreatedAt, DataFields: e.DataFields}
		t.taken++
	}
	t.answer(w)
}
