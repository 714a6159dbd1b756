// Package customeriotest is a fake of Customer.io's Track API over real HTTP, as
// strict as the platform's documentation is, with people, events and manual
// segments of its own.
//
// It shares nothing with the package that it tests. Start at New.
package customeriotest

import (
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

// Platform is one workspace. Its exported fields are set before it is used.
type Platform struct {
	// Region is where the account is: us where empty.
	Region string
	// Poison are names of attributes whose entries are refused.
	Poison map[string]bool

	mu         sync.Mutex
	people     []*Person
	suppressed map[string]bool
	segments   map[string]map[string]bool
	events     []Event
	seen       map[string]bool
}

// Person is a profile.
type Person struct {
	// Identifiers are by their names: id, email, cio_id.
	Identifiers map[string]string `json:"identifiers"`
	Attributes  map[string]any    `json:"attributes"`
}

// Event is something that a person did.
type Event struct {
	ID         string         `json:"id,omitempty"`
	Name       string         `json:"name"`
	Person     string         `json:"person"`
	Timestamp  int64          `json:"timestamp,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// Contents are what a workspace holds.
type Contents struct {
	People     []*Person           `json:"people"`
	Suppressed []string            `json:"suppressed,omitempty"`
	Segments   map[string][]string `json:"segments,omitempty"`
	Events     []Event             `json:"events,omitempty"`
}

var _ synctest.Fake = (*Platform)(nil)

// New makes an empty workspace, whose API key is synctest.Canary.
func New() *Platform {
	return &Platform{suppressed: map[string]bool{}, segments: map[string]map[string]bool{}, seen: map[string]bool{}}
}

// Contents implements synctest.Fake; it is a Contents.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := Contents{Suppressed: slices.Sorted(maps.Keys(p.suppressed)), Segments: map[string][]string{}, Events: slices.Clone(p.events)}
	for _, one := range p.people {
		out.People = append(out.People, &Person{maps.Clone(one.Identifiers), maps.Clone(one.Attributes)})
	}
	for id, members := range p.segments {
		out.Segments[id] = slices.Sorted(maps.Keys(members))
	}
	return out
}

// Violations implements synctest.Fake: there is nothing that the platform lets
// pass and a correct destination does not do.
func (p *Platform) Violations() []string { return nil }

// Refuse implements synctest.Fake.
func (p *Platform) Refuse(w http.ResponseWriter, status int) {
	answer(w, status, map[string]any{"meta": map[string]any{"error": strings.ToLower(http.StatusText(status))}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // The sender may have gone away.
}

// The limits that requests are held to.
const (
	maxBody, maxEntry, maxIDs                           = 500_000, 32_000, 1000
	maxIdentifier, maxName, maxValue, maxAttributeCount = 150, 150, 1000, 300
)

var members = regexp.MustCompile(`^/api/v1/segments/([^/]+)/(add|remove)_customers$`)

// ServeHTTP implements http.Handler.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, key, ok := r.BasicAuth(); !ok || key != synctest.Canary {
		p.Refuse(w, http.StatusUnauthorized)
		return
	}
	if r.URL.Path == "/api/v1/accounts/region" && r.Method == http.MethodGet {
		region := p.Region
		if region == "" {
			region = "us"
		}
		answer(w, http.StatusOK, map[string]any{"url": "track.customer.io", "data_center": region, "environment_id": 42})
		return
	}
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		p.Refuse(w, http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		p.Refuse(w, http.StatusRequestEntityTooLarge)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.URL.Path == "/api/v2/batch" {
		p.batch(w, body)
		return
	}
	if m := members.FindStringSubmatch(r.URL.Path); m != nil {
		p.members(w, m[1], m[2], r.URL.Query().Get("id_type"), body)
		return
	}
	p.Refuse(w, http.StatusNotFound)
}

// fault is an error of an entry.
type fault struct {
	Index   int    `json:"batch_index"`
	Reason  string `json:"reason"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (p *Platform) batch(w http.ResponseWriter, body []byte) {
	var request struct {
		Batch []json.RawMessage `json:"batch"`
	}
	if err := json.Unmarshal(body, &request); err != nil || len(request.Batch) == 0 {
		answer(w, http.StatusBadRequest, map[string]any{"errors": []fault{{Reason: "required", Field: "batch", Message: "batch must hold entries"}}})
		return
	}
	var faults []fault
	for i, raw := range request.Batch {
		if f := p.entry(raw); f != nil {
			f.Index = i
			faults = append(faults, *f)
		}
	}
	if len(faults) > 0 {
		answer(w, http.StatusMultiStatus, map[string]any{"errors": faults})
		return
	}
	answer(w, http.StatusOK, map[string]any{})
}

// entry does what one entry says, or says why not.
func (p *Platform) entry(raw json.RawMessage) *fault {
	if len(raw) > maxEntry {
		return &fault{Reason: "too_large", Message: "an entry takes 32 KB at most"}
	}
	var e struct {
		Type        string                     `json:"type"`
		Action      string                     `json:"action"`
		Identifiers map[string]json.RawMessage `json:"identifiers"`
		Attributes  map[string]any             `json:"attributes"`
		Name        string                     `json:"name"`
		ID          string                     `json:"id"`
		Timestamp   *json.Number               `json:"timestamp"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return &fault{Reason: "invalid", Message: "the entry cannot be read"}
	}
	if e.Type != "person" {
		return &fault{Reason: "invalid", Field: "type", Message: "must be person"}
	}
	kind, value, f := who(e.Identifiers)
	if f != nil {
		return f
	}
	if f := p.attributes(e.Attributes); f != nil {
		return f
	}
	if p.suppressed[kind+":"+value] {
		return nil // It is taken, and nothing happens.
	}
	person := p.find(kind, value)
	switch e.Action {
	case "identify":
		if person == nil {
			person = &Person{Identifiers: map[string]string{kind: value}, Attributes: map[string]any{}}
			p.people = append(p.people, person)
		}
		for name, v := range e.Attributes {
			if v == nil || v == "" {
				delete(person.Attributes, name)
				continue
			}
			person.Attributes[name] = v
		}
	case "delete", "suppress":
		if person != nil {
			p.people = slices.DeleteFunc(p.people, func(one *Person) bool { return one == person })
			for _, on := range p.segments {
				for name, v := range person.Identifiers {
					delete(on, name+":"+v)
				}
			}
		}
		if e.Action == "suppress" {
			p.suppressed[kind+":"+value] = true
		}
	case "event":
		return p.event(Event{ID: e.ID, Name: e.Name, Person: kind + ":" + value, Attributes: e.Attributes}, e.Timestamp)
	default:
		return &fault{Reason: "invalid", Field: "action", Message: "is not known"}
	}
	return nil
}

// who is the one identifier of an entry.
func who(identifiers map[string]json.RawMessage) (kind, value string, f *fault) {
	if len(identifiers) != 1 {
		return "", "", &fault{Reason: "required", Field: "identifiers", Message: "must have one identifier"}
	}
	for kind, raw := range identifiers {
		if !slices.Contains([]string{"id", "email", "cio_id"}, kind) {
			return "", "", &fault{Reason: "invalid", Field: "identifiers", Message: "is not known"}
		}
		if err := json.Unmarshal(raw, &value); err != nil || strings.TrimSpace(value) == "" {
			return "", "", &fault{Reason: "required", Field: kind, Message: "must be text"}
		}
		if len(value) > maxIdentifier {
			return "", "", &fault{Reason: "too_long", Field: kind, Message: "takes 150 bytes at most"}
		}
		return kind, value, nil
	}
	return "", "", nil
}

func (p *Platform) attributes(attributes map[string]any) *fault {
	if len(attributes) > maxAttributeCount {
		return &fault{Reason: "too_many", Field: "attributes", Message: "a person has 300 attributes at most"}
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if p.Poison[name] || len(name) > maxName || name == "" {
			return &fault{Reason: "invalid", Field: name, Message: "cannot be set"}
		}
		if text, ok := attributes[name].(string); ok && len(text) > maxValue {
			return &fault{Reason: "too_long", Field: name, Message: "takes 1000 bytes at most"}
		}
	}
	return nil
}

func (p *Platform) find(kind, value string) *Person {
	for _, one := range p.people {
		if one.Identifiers[kind] == value || kind == "email" && one.Attributes["email"] == value {
			return one
		}
	}
	return nil
}

var ulid = regexp.MustCompile(`^[0-7][0-9A-HJKMNP-TV-Z]{25}$`)

func (p *Platform) event(e Event, at *json.Number) *fault {
	if strings.TrimSpace(e.Name) == "" {
		return &fault{Reason: "required", Field: "name", Message: "must be text"}
	}
	if e.ID != "" && !ulid.MatchString(e.ID) {
		return &fault{Reason: "invalid", Field: "id", Message: "must be a ULID"}
	}
	if at != nil {
		seconds, err := at.Int64()
		if err != nil {
			return &fault{Reason: "invalid", Field: "timestamp", Message: "must be seconds since 1970"}
		}
		e.Timestamp = seconds
	}
	if e.ID != "" && p.seen[e.ID] {
		return nil
	}
	p.seen[e.ID] = true
	p.events = append(p.events, e)
	return nil
}

func (p *Platform) members(w http.ResponseWriter, segment, verb, kind string, body []byte) {
	var request struct {
		IDs []string `json:"ids"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	switch err := decoder.Decode(&request); {
	case err != nil || len(request.IDs) == 0 || len(request.IDs) > maxIDs:
		answer(w, http.StatusBadRequest, map[string]any{"meta": map[string]any{"error": fmt.Sprintf("ids must hold 1 to %d identifiers", maxIDs)}})
		return
	case !slices.Contains([]string{"id", "email", "cio_id"}, kind):
		answer(w, http.StatusBadRequest, map[string]any{"meta": map[string]any{"error": "id_type is not known"}})
		return
	}
	on := p.segments[segment]
	if on == nil {
		on = map[string]bool{}
		p.segments[segment] = on
	}
	for _, id := range request.IDs {
		if verb == "add" {
			on[kind+":"+id] = true
		} else {
			delete(on, kind+":"+id)
		}
	}
	answer(w, http.StatusOK, map[string]any{})
}
