// Package brazetest is a fake of Braze's REST API over real HTTP, as strict as the
// platform's documentation is, with users, events, purchases and subscription
// groups of its own.
//
// It shares nothing with the package that it tests. Start at New.
package brazetest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// Platform is one workspace. Its exported fields are set before it is used.
type Platform struct {
	// Poison are attributes whose users are refused.
	Poison map[string]bool

	mu            sync.Mutex
	users         map[string]map[string]any
	events        []map[string]any
	purchases     []map[string]any
	subscriptions map[string]map[string]string
}

// Contents are what a workspace holds: users by "external_id:7", and who is in
// which state of a subscription group.
type Contents struct {
	Users         map[string]map[string]any    `json:"users"`
	Events        []map[string]any             `json:"events,omitempty"`
	Purchases     []map[string]any             `json:"purchases,omitempty"`
	Subscriptions map[string]map[string]string `json:"subscriptions,omitempty"`
}

var _ synctest.Fake = (*Platform)(nil)

// New makes an empty workspace, whose API key is synctest.Canary.
func New() *Platform {
	return &Platform{users: map[string]map[string]any{}, subscriptions: map[string]map[string]string{}}
}

// Contents implements synctest.Fake; it is a Contents.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := Contents{
		Users: map[string]map[string]any{}, Events: slices.Clone(p.events), Purchases: slices.Clone(p.purchases),
		Subscriptions: map[string]map[string]string{},
	}
	for who, attributes := range p.users {
		out.Users[who] = maps.Clone(attributes)
	}
	for group, states := range p.subscriptions {
		out.Subscriptions[group] = maps.Clone(states)
	}
	return out
}

// Violations implements synctest.Fake: there is nothing that the platform lets
// pass and a correct destination does not do.
func (p *Platform) Violations() []string { return nil }

// Refuse implements synctest.Fake.
func (p *Platform) Refuse(w http.ResponseWriter, status int) {
	if status == http.StatusTooManyRequests {
		w.Header().Set("X-RateLimit-Limit", "3000")
		w.Header().Set("X-RateLimit-Remaining", "0")
	}
	answer(w, status, map[string]any{"message": http.StatusText(status)})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // The sender may have gone away.
}

// ServeHTTP implements http.Handler.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, message string) { answer(w, status, map[string]any{"message": message}) }
	if r.Header.Get("Authorization") != "Bearer "+synctest.Canary {
		refuse(http.StatusUnauthorized, "Invalid API key")
		return
	}
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		refuse(http.StatusNotFound, "Not found")
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4_000_001))
	if err != nil || len(body) > 4_000_000 {
		refuse(http.StatusRequestEntityTooLarge, "The request is too large")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch r.URL.Path {
	case "/users/track":
		p.track(w, body)
	case "/users/delete":
		p.delete(w, body)
	case "/v2/subscription/status/set":
		p.subscribe(w, body)
	default:
		refuse(http.StatusNotFound, "Not found")
	}
}

func bad(w http.ResponseWriter, message string) {
	answer(w, http.StatusBadRequest, map[string]any{"message": message})
}

// fault is what is wrong with one object.
type fault struct {
	Type  string `json:"type"`
	List  string `json:"input_array"`
	Index int    `json:"index"`
}

func (p *Platform) track(w http.ResponseWriter, body []byte) {
	var request struct {
		Attributes []map[string]any `json:"attributes"`
		Events     []map[string]any `json:"events"`
		Purchases  []map[string]any `json:"purchases"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		bad(w, "The request cannot be read")
		return
	}
	switch n := len(request.Attributes) + len(request.Events) + len(request.Purchases); {
	case n == 0:
		bad(w, "No valid attributes, events or purchases")
		return
	case n > 75:
		bad(w, "At most 75 objects may be in a request, all lists together")
		return
	}
	var faults []fault
	each := func(list string, objects []map[string]any, f func(who string, object map[string]any) string) int {
		taken := 0
		for i, object := range objects {
			who, problem := identify(object)
			if problem == "" {
				problem = f(who, object)
			}
			if problem != "" {
				faults = append(faults, fault{problem, list, i})
				continue
			}
			taken++
		}
		return taken
	}
	out := map[string]any{"message": "success"}
	if n := each("attributes", request.Attributes, p.attributes); len(request.Attributes) > 0 {
		out["attributes_processed"] = n
	}
	if n := each("events", request.Events, p.event); len(request.Events) > 0 {
		out["events_processed"] = n
	}
	if n := each("purchases", request.Purchases, p.purchase); len(request.Purchases) > 0 {
		out["purchases_processed"] = n
	}
	if len(faults) > 0 {
		out["errors"] = faults
	}
	answer(w, http.StatusCreated, out)
}

// identify is who an object is about, or what is wrong.
func identify(object map[string]any) (who, problem string) {
	for _, kind := range []string{"external_id", "braze_id", "email", "phone"} {
		value, there := object[kind]
		if !there {
			continue
		}
		text, ok := value.(string)
		if !ok || strings.TrimSpace(text) == "" {
			return "", "'" + kind + "' has to be text"
		}
		return kind + ":" + text, ""
	}
	return "", "'external_id', 'braze_id', 'email', 'phone' or 'user_alias' is required"
}

func (p *Platform) attributes(who string, object map[string]any) string {
	for name, v := range object {
		if p.Poison[name] && v != nil {
			return "'" + name + "' cannot be set"
		}
		if name == "gender" && v != nil && !slices.Contains([]any{"M", "F", "O", "N", "P"}, v) {
			return "'gender' is not known"
		}
	}
	user := p.users[who]
	if user == nil {
		user = map[string]any{}
		p.users[who] = user
	}
	merges, _ := object["_merge_objects"].(bool)
	for name, v := range object {
		switch inner, nested := v.(map[string]any); {
		case name == "_merge_objects" || who == name+":"+fmt.Sprint(v):
		case v == nil:
			delete(user, name)
		case nested && merges:
			old, _ := user[name].(map[string]any)
			merged := maps.Clone(old)
			if merged == nil {
				merged = map[string]any{}
			}
			maps.Copy(merged, inner)
			user[name] = merged
		default:
			user[name] = v
		}
	}
	return ""
}

// instant says what is wrong with the time of an event.
func instant(object map[string]any) string {
	text, _ := object["time"].(string)
	if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
		return "'time' has to be an ISO 8601 date and time"
	}
	return ""
}

func (p *Platform) event(_ string, object map[string]any) string {
	if name, _ := object["name"].(string); strings.TrimSpace(name) == "" {
		return "'name' is required"
	}
	if problem := instant(object); problem != "" {
		return problem
	}
	p.events = append(p.events, object)
	return ""
}

func (p *Platform) purchase(_ string, object map[string]any) string {
	price, _ := object["price"].(json.Number)
	if _, err := strconv.ParseFloat(price.String(), 64); err != nil {
		return "'price' has to be a number"
	}
	if currency, _ := object["currency"].(string); len(currency) != 3 || currency != strings.ToUpper(currency) {
		return "'currency' has to be a code of ISO 4217"
	}
	if id, _ := object["product_id"].(string); id == "" {
		return "'product_id' is required"
	}
	if problem := instant(object); problem != "" {
		return problem
	}
	p.purchases = append(p.purchases, object)
	return ""
}

func (p *Platform) delete(w http.ResponseWriter, body []byte) {
	var request map[string][]string
	if err := json.Unmarshal(body, &request); err != nil || len(request) != 1 {
		bad(w, "One list of identifiers is required")
		return
	}
	for list, ids := range request {
		kind := map[string]string{"external_ids": "external_id", "braze_ids": "braze_id"}[list]
		if kind == "" || len(ids) == 0 || len(ids) > 50 {
			bad(w, "1 to 50 identifiers of a known kind are required")
			return
		}
		deleted := 0
		for _, id := range ids {
			if _, there := p.users[kind+":"+id]; there {
				delete(p.users, kind+":"+id)
				deleted++
			}
		}
		answer(w, http.StatusCreated, map[string]any{"message": "success", "deleted": deleted})
	}
}

func (p *Platform) subscribe(w http.ResponseWriter, body []byte) {
	var request struct {
		Groups []struct {
			ID          string   `json:"subscription_group_id"`
			State       string   `json:"subscription_state"`
			ExternalIDs []string `json:"external_ids"`
			Emails      []string `json:"emails"`
			Phones      []string `json:"phones"`
		} `json:"subscription_groups"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil || len(request.Groups) == 0 {
		bad(w, "subscription_groups is required")
		return
	}
	for _, g := range request.Groups {
		n := len(g.ExternalIDs) + len(g.Emails) + len(g.Phones)
		if g.ID == "" || g.State != "subscribed" && g.State != "unsubscribed" || n == 0 || n > 50 {
			bad(w, "a group needs its id, a state and 1 to 50 people")
			return
		}
	}
	for _, g := range request.Groups {
		states := p.subscriptions[g.ID]
		if states == nil {
			states = map[string]string{}
			p.subscriptions[g.ID] = states
		}
		for kind, ids := range map[string][]string{"external_id": g.ExternalIDs, "email": g.Emails, "phone": g.Phones} {
			for _, id := range ids {
				states[kind+":"+id] = g.State
			}
		}
	}
	answer(w, http.StatusCreated, map[string]any{"message": "success"})
}
