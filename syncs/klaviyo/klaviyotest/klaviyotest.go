// Package klaviyotest is a fake of Klaviyo's API over real HTTP, as strict as the
// platform's documentation is, with profiles, lists, events and import jobs of
// its own.
//
// It shares nothing with the package that it tests. Start at New.
package klaviyotest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// Platform is one account. Its exported fields are set before it is used.
type Platform struct {
	// Poison are properties whose profiles are refused.
	Poison map[string]bool
	// PageSize is how many errors a page has; 100 where 0.
	PageSize int
	// Slow is how often a job is asked for before it has ended.
	Slow int

	mu       sync.Mutex
	profiles []*Profile
	lists    map[string]map[string]bool
	events   []Event
	seen     map[string]bool
	deleted  []string
	jobs     []*job
}

// Profile is a profile.
type Profile struct {
	ID         string         `json:"id"`
	Attributes map[string]any `json:"attributes"`
}

// Event is an event of a profile.
type Event struct {
	Metric     string         `json:"metric"`
	Profile    string         `json:"profile"`
	Attributes map[string]any `json:"attributes"`
}

// Contents are what an account holds; the members of lists are ids of profiles.
type Contents struct {
	Profiles []Profile           `json:"profiles"`
	Lists    map[string][]string `json:"lists,omitempty"`
	Events   []Event             `json:"events,omitempty"`
	Deleted  []string            `json:"deleted,omitempty"`
}

// job is an import.
type job struct {
	id     string
	total  int
	asked  int
	errors []map[string]any
}

var _ synctest.Fake = (*Platform)(nil)

// New makes an account with the empty list LIST7, whose API key is
// synctest.Canary.
func New() *Platform {
	return &Platform{lists: map[string]map[string]bool{"LIST7": {}}, seen: map[string]bool{}}
}

// Contents implements synctest.Fake; it is a Contents.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := Contents{Lists: map[string][]string{}, Events: slices.Clone(p.events), Deleted: slices.Clone(p.deleted)}
	for _, one := range p.profiles {
		out.Profiles = append(out.Profiles, Profile{one.ID, maps.Clone(one.Attributes)})
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
	code := map[int]string{
		http.StatusUnauthorized: "not_authenticated", http.StatusTooManyRequests: "throttled",
		http.StatusInternalServerError: "error", http.StatusServiceUnavailable: "service_unavailable",
	}[status]
	refuse(w, status, code, "/data")
}

func refuse(w http.ResponseWriter, status int, code, pointer string) {
	answer(w, status, map[string]any{"errors": []any{map[string]any{
		"id": "e1", "status": status, "code": code, "title": "Something is wrong.", "detail": "Something is wrong with a value.",
		"source": map[string]any{"pointer": pointer},
	}}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/vnd.api+json")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // The sender may have gone away.
	}
}

// data is a resource of JSON:API.
type data struct {
	Type       string          `json:"type"`
	ID         string          `json:"id"`
	Attributes map[string]any  `json:"attributes"`
	Relations  json.RawMessage `json:"relationships"`
}

// ServeHTTP implements http.Handler.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Klaviyo-API-Key "+synctest.Canary {
		p.Refuse(w, http.StatusUnauthorized)
		return
	}
	if !regexp.MustCompile(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}$`).MatchString(r.Header.Get("Revision")) {
		refuse(w, http.StatusBadRequest, "invalid_revision", "/revision")
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 5_000_001))
	if err != nil || len(body) > 5_000_000 {
		refuse(w, http.StatusRequestEntityTooLarge, "too_large", "/data")
		return
	}
	if len(body) > 0 && r.Header.Get("Content-Type") != "application/vnd.api+json" {
		refuse(w, http.StatusUnsupportedMediaType, "unsupported_media_type", "/data")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/"), "/")
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/api/profile-bulk-import-jobs":
		p.start(w, body)
	case r.Method == http.MethodGet && path[0] == "profile-bulk-import-jobs" && len(path) == 2:
		p.status(w, path[1])
	case r.Method == http.MethodGet && path[0] == "profile-bulk-import-jobs" && len(path) == 3 && path[2] == "import-errors":
		p.failures(w, r, path[1])
	case r.Method == http.MethodGet && r.URL.Path == "/api/profiles":
		p.find(w, r)
	case r.Method == http.MethodGet && r.URL.Path == "/api/lists":
		answer(w, http.StatusOK, map[string]any{"data": []any{map[string]any{"type": "list", "id": "LIST7"}}})
	case r.Method == http.MethodDelete && path[0] == "lists" && len(path) == 4:
		p.remove(w, path[1], body)
	case r.Method == http.MethodPost && r.URL.Path == "/api/event-bulk-create-jobs":
		p.track(w, body)
	case r.Method == http.MethodPost && r.URL.Path == "/api/data-privacy-deletion-jobs":
		p.erase(w, body)
	default:
		refuse(w, http.StatusNotFound, "not_found", "/")
	}
}

var (
	address = regexp.MustCompile(`^[^@\s]+@[^@\s]+[.][^@\s]+$`)
	e164    = regexp.MustCompile(`^[+][1-9][0-9]{6,14}$`)
)

// known is the profile that a resource means, nil where there is none, and the
// field that is wrong with it.
func (p *Platform) known(d data) (found *Profile, wrong string) {
	who := 0
	for _, name := range []string{"email", "phone_number", "external_id"} {
		v, there := d.Attributes[name]
		if !there || v == nil {
			continue
		}
		text, ok := v.(string)
		if !ok || name == "email" && !address.MatchString(text) || name == "phone_number" && !e164.MatchString(text) {
			return nil, name
		}
		who++
	}
	if who == 0 && d.ID == "" {
		return nil, "identifier"
	}
	for _, one := range p.profiles {
		if d.ID != "" && one.ID == d.ID {
			return one, ""
		}
		for _, name := range []string{"external_id", "email", "phone_number"} {
			have, _ := one.Attributes[name].(string)
			want, _ := d.Attributes[name].(string)
			if want != "" && strings.EqualFold(have, want) {
				return one, ""
			}
		}
	}
	if d.ID != "" {
		return nil, "id"
	}
	return nil, ""
}

func (p *Platform) start(w http.ResponseWriter, body []byte) {
	var request struct {
		Data struct {
			Type       string `json:"type"`
			Attributes struct {
				Profiles struct {
					Data []json.RawMessage `json:"data"`
				} `json:"profiles"`
			} `json:"attributes"`
			Relationships struct {
				Lists struct {
					Data []data `json:"data"`
				} `json:"lists"`
			} `json:"relationships"`
		} `json:"data"`
	}
	err := json.Unmarshal(body, &request)
	rows := request.Data.Attributes.Profiles.Data
	lists := request.Data.Relationships.Lists.Data
	if err != nil || request.Data.Type != "profile-bulk-import-job" || len(rows) == 0 || len(rows) > 10_000 || len(lists) > 1 {
		refuse(w, http.StatusBadRequest, "invalid", "/data/attributes/profiles")
		return
	}
	for _, l := range lists {
		if p.lists[l.ID] == nil {
			refuse(w, http.StatusNotFound, "not_found", "/data/relationships/lists")
			return
		}
	}
	j := &job{id: fmt.Sprintf("job-%d", len(p.jobs)+1), total: len(rows)}
	for i, raw := range rows {
		pointer := fmt.Sprintf("/data/attributes/profiles/data/%d/attributes/", i)
		one, wrong := p.profile(raw)
		if wrong != "" {
			var payload map[string]any
			_ = json.Unmarshal(raw, &payload) // It was read before.
			j.errors = append(j.errors, map[string]any{"type": "import-error", "id": fmt.Sprintf("error-%d", i), "attributes": map[string]any{
				"code": "invalid", "title": "Invalid input.", "detail": "The value is not valid.",
				"source": map[string]any{"pointer": pointer + wrong}, "original_payload": payload,
			}})
			continue
		}
		for _, l := range lists {
			p.lists[l.ID][one.ID] = true
		}
	}
	p.jobs = append(p.jobs, j)
	answer(w, http.StatusAccepted, map[string]any{"data": p.spell(j)})
}

// profile fills one profile, or says which field is wrong.
func (p *Platform) profile(raw json.RawMessage) (*Profile, string) {
	var d data
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil || d.Type != "profile" || len(raw) > 100_000 {
		return nil, "type"
	}
	fields := []string{"email", "phone_number", "external_id", "first_name", "last_name", "organization", "locale", "title", "image", "location", "properties"}
	for name := range d.Attributes {
		if !slices.Contains(fields, name) {
			return nil, name
		}
	}
	properties, _ := d.Attributes["properties"].(map[string]any)
	for name, v := range properties {
		if p.Poison[name] && v != nil {
			return nil, name
		}
	}
	one, wrong := p.known(d)
	if wrong != "" {
		return nil, wrong
	}
	if one == nil {
		one = &Profile{ID: fmt.Sprintf("P%024d", len(p.profiles)+1), Attributes: map[string]any{}}
		p.profiles = append(p.profiles, one)
	}
	for name, v := range d.Attributes {
		inner, nested := v.(map[string]any)
		switch {
		case v == nil:
			delete(one.Attributes, name)
		case nested:
			old, _ := one.Attributes[name].(map[string]any)
			merged := maps.Clone(old)
			if merged == nil {
				merged = map[string]any{}
			}
			for k, x := range inner {
				if x == nil {
					delete(merged, k)
				} else {
					merged[k] = x
				}
			}
			one.Attributes[name] = merged
		default:
			one.Attributes[name] = v
		}
	}
	return one, ""
}

func (p *Platform) spell(j *job) map[string]any {
	attributes := map[string]any{"status": "complete", "created_at": "2026-11-22T00:00:00+00:00", "total_count": j.total, "completed_count": j.total - len(j.errors), "failed_count": len(j.errors)}
	if j.asked <= p.Slow {
		attributes["status"], attributes["completed_count"], attributes["failed_count"] = "processing", 0, 0
	}
	return map[string]any{"type": "profile-bulk-import-job", "id": j.id, "attributes": attributes}
}

func (p *Platform) job(w http.ResponseWriter, id string) *job {
	for _, j := range p.jobs {
		if j.id == id {
			return j
		}
	}
	refuse(w, http.StatusNotFound, "not_found", "/")
	return nil
}

func (p *Platform) status(w http.ResponseWriter, id string) {
	if j := p.job(w, id); j != nil {
		j.asked++
		answer(w, http.StatusOK, map[string]any{"data": p.spell(j)})
	}
}

func (p *Platform) failures(w http.ResponseWriter, r *http.Request, id string) {
	j := p.job(w, id)
	if j == nil {
		return
	}
	size := p.PageSize
	if size == 0 {
		size = 100
	}
	from, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Query().Get("page[cursor]"), "after"))
	to := min(from+size, len(j.errors))
	links := map[string]any{"self": "https://a.klaviyo.com" + r.URL.Path}
	if to < len(j.errors) {
		links["next"] = fmt.Sprintf("https://a.klaviyo.com%s?page%%5Bcursor%%5D=after%d", r.URL.Path, to)
	}
	answer(w, http.StatusOK, map[string]any{"data": j.errors[from:to], "links": links})
}

var filter = regexp.MustCompile(`^any\((id|email|phone_number|external_id),(\[.*\])\)$`)

func (p *Platform) find(w http.ResponseWriter, r *http.Request) {
	text := r.URL.Query().Get("filter")
	if text == "" {
		answer(w, http.StatusOK, map[string]any{"data": []any{}})
		return
	}
	var keys []string
	m := filter.FindStringSubmatch(text)
	if m == nil || json.Unmarshal([]byte(m[2]), &keys) != nil || len(keys) > 100 {
		refuse(w, http.StatusBadRequest, "invalid", "/filter")
		return
	}
	found := []any{}
	for _, one := range p.profiles {
		have, _ := one.Attributes[m[1]].(string)
		if m[1] == "id" {
			have = one.ID
		}
		if slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(key, have) }) {
			attributes := map[string]any{}
			for _, name := range []string{"email", "phone_number", "external_id"} {
				attributes[name] = one.Attributes[name]
			}
			found = append(found, map[string]any{"type": "profile", "id": one.ID, "attributes": attributes})
		}
	}
	answer(w, http.StatusOK, map[string]any{"data": found, "links": map[string]any{"self": "https://a.klaviyo.com/api/profiles"}})
}

func (p *Platform) remove(w http.ResponseWriter, list string, body []byte) {
	var request struct {
		Data []data `json:"data"`
	}
	members := p.lists[list]
	switch err := json.Unmarshal(body, &request); {
	case members == nil:
		refuse(w, http.StatusNotFound, "not_found", "/")
		return
	case err != nil || len(request.Data) == 0 || len(request.Data) > 1000:
		refuse(w, http.StatusBadRequest, "invalid", "/data")
		return
	}
	for _, d := range request.Data {
		delete(members, d.ID)
	}
	answer(w, http.StatusNoContent, nil)
}

func (p *Platform) track(w http.ResponseWriter, body []byte) {
	var request struct {
		Data struct {
			Type       string `json:"type"`
			Attributes struct {
				Events struct {
					Data []struct {
						Type       string `json:"type"`
						Attributes struct {
							Profile struct {
								Data data `json:"data"`
							} `json:"profile"`
							Events struct {
								Data []data `json:"data"`
							} `json:"events"`
						} `json:"attributes"`
					} `json:"data"`
				} `json:"events-bulk-create"`
			} `json:"attributes"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &request); err != nil || request.Data.Type != "event-bulk-create-job" || len(request.Data.Attributes.Events.Data) == 0 || len(request.Data.Attributes.Events.Data) > 1000 {
		refuse(w, http.StatusBadRequest, "invalid", "/data")
		return
	}
	var events []Event
	for i, of := range request.Data.Attributes.Events.Data {
		wrong := func(field string) {
			refuse(w, http.StatusBadRequest, "invalid", fmt.Sprintf("/data/attributes/events-bulk-create/data/%d/attributes/%s", i, field))
		}
		one, field := p.known(of.Attributes.Profile.Data)
		if field != "" {
			wrong("profile/" + field)
			return
		}
		for _, e := range of.Attributes.Events.Data {
			metric := dig(e.Attributes, "metric", "data", "attributes", "name")
			at, _ := e.Attributes["time"].(string)
			_, properties := e.Attributes["properties"].(map[string]any)
			if _, err := time.Parse(time.RFC3339Nano, at); err != nil || metric == "" || !properties || e.Type != "event" {
				wrong("time")
				return
			}
			if one == nil {
				one = &Profile{ID: fmt.Sprintf("P%024d", len(p.profiles)+1), Attributes: of.Attributes.Profile.Data.Attributes}
				p.profiles = append(p.profiles, one)
			}
			events = append(events, Event{Metric: metric, Profile: one.ID, Attributes: e.Attributes})
		}
	}
	for _, e := range events {
		key := e.Metric + " " + e.Profile + " " + fmt.Sprint(e.Attributes["unique_id"])
		if !p.seen[key] {
			p.seen[key] = true
			p.events = append(p.events, e)
		}
	}
	answer(w, http.StatusAccepted, nil)
}

// dig is the text at the end of a path.
func dig(object map[string]any, path ...string) string {
	for _, name := range path[:len(path)-1] {
		object, _ = object[name].(map[string]any)
	}
	text, _ := object[path[len(path)-1]].(string)
	return text
}

func (p *Platform) erase(w http.ResponseWriter, body []byte) {
	var request struct {
		Data struct {
			Attributes struct {
				Profile struct {
					Data data `json:"data"`
				} `json:"profile"`
			} `json:"attributes"`
		} `json:"data"`
	}
	who := &request.Data.Attributes.Profile.Data
	n := 0
	if err := json.Unmarshal(body, &request); err == nil {
		n = len(who.Attributes)
		if who.ID != "" {
			n++
		}
	}
	if n != 1 {
		refuse(w, http.StatusBadRequest, "invalid", "/data/attributes/profile")
		return
	}
	if one, _ := p.known(*who); one != nil {
		p.profiles = slices.DeleteFunc(p.profiles, func(x *Profile) bool { return x == one })
		for _, members := range p.lists {
			delete(members, one.ID)
		}
		p.deleted = append(p.deleted, one.ID)
	}
	answer(w, http.StatusAccepted, nil)
}
