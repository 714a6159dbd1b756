// Package metatest is a fake of Meta's Graph API as far as custom audiences and
// the Conversions API go: strict as that is, over real HTTP, with contents of its
// own. It takes the access token and the app's secret of synctest.Canary.
//
// It matches nobody: what it holds are the entries as they were sent. Start at
// New.
package metatest

import (
	"bytes"
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

	"github.com/customhouse-cdp/customhouse/syncs/meta"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// Platform is the fake; see New.
type Platform struct {
	// Proof says that the app wants its proof with each request.
	Proof bool
	// Invalid says which entries are counted as invalid, beside those that are
	// empty; it gets the cells by the names of their columns.
	Invalid func(cells map[string]string) bool

	mu         sync.Mutex
	audiences  map[string]*audience
	datasets   map[string]map[string]Event
	violations []string
}

// audience is a custom audience.
type audience struct {
	members map[string]Member
	// open are the batches of sessions that have not ended, by session and number;
	// ended is the session that ended last, with its last batch.
	open  map[uint64]map[int][]Member
	ended map[uint64]int
}

// Member is an entry: cells by the names of their columns.
type Member map[string]string

// Event is an event as it was sent.
type Event struct {
	Name         string          `json:"event_name"`
	Time         int64           `json:"event_time"`
	ID           string          `json:"event_id"`
	ActionSource string          `json:"action_source"`
	SourceURL    string          `json:"event_source_url,omitempty"`
	OptOut       *bool           `json:"opt_out,omitempty"`
	User         map[string]any  `json:"user_data"`
	Custom       json.RawMessage `json:"custom_data,omitempty"`
}

// The audience and the dataset that a new platform has.
const (
	Audience = "456"
	Dataset  = "789"
)

// New makes a platform with an audience and a dataset, both empty.
func New() *Platform {
	p := &Platform{audiences: map[string]*audience{}, datasets: map[string]map[string]Event{Dataset: {}}}
	p.Hold(Audience)
	return p
}

// Hold makes an audience have members that somebody else put there.
func (p *Platform) Hold(id string, members ...Member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := &audience{members: map[string]Member{}, open: map[uint64]map[int][]Member{}, ended: map[uint64]int{}}
	for _, m := range members {
		a.members[m.key()] = m
	}
	p.audiences[id] = a
}

// Members are those of an audience, by the first thing that they are known by.
func (p *Platform) Members(id string) map[string]Member {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.audiences[id].members)
}

// Events are those of a dataset, by id and name.
func (p *Platform) Events(id string) map[string]Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.datasets[id])
}

// Contents implements synctest.Fake.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	audiences := map[string][]Member{}
	for id, a := range p.audiences {
		for _, key := range slices.Sorted(maps.Keys(a.members)) {
			audiences[id] = append(audiences[id], a.members[key])
		}
	}
	return map[string]any{"audiences": audiences, "datasets": p.datasets}
}

// Violations implements synctest.Fake.
func (p *Platform) Violations() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.violations)
}

// key is what an entry is known by.
func (m Member) key() string {
	for _, name := range []string{"EXTERN_ID", "EMAIL", "PHONE", "MADID"} {
		if m[name] != "" {
			return name + ":" + m[name]
		}
	}
	return fmt.Sprint(map[string]string(m))
}

// failure is an error as Meta spells it.
type failure struct {
	status        int
	code, subcode int
	message       string
	title         string
}

// Refuse implements synctest.Fake.
func (p *Platform) Refuse(w http.ResponseWriter, status int) {
	f := failure{status: status, code: 2, message: "Service temporarily unavailable"}
	switch status {
	case http.StatusUnauthorized:
		f.code, f.subcode, f.message = 190, 463, "Error validating access token: Session has expired"
	case http.StatusTooManyRequests:
		f.code, f.subcode, f.message = 80003, 2446079, "There have been too many calls to this ad-account."
	case http.StatusInternalServerError:
		f.code, f.message = 1, "An unknown error occurred"
	}
	p.fail(w, f)
}

func (p *Platform) fail(w http.ResponseWriter, f failure) {
	said := map[string]any{
		"message": f.message, "type": "OAuthException", "code": f.code, "fbtrace_id": "AbCdEfGh",
	}
	if f.subcode != 0 {
		said["error_subcode"] = f.subcode
	}
	if f.title != "" {
		said["error_user_title"], said["error_user_msg"] = "Invalid parameter", f.title
	}
	answer(w, f.status, map[string]any{"error": said})
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic("metatest: spelling an answer: " + err.Error()) // It is made of texts and numbers.
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(text) // The sender may have gone away.
}

// parameter is the error of a parameter that is not as it has to be.
func parameter(title string) *failure {
	return &failure{status: http.StatusBadRequest, code: 100, message: "Invalid parameter", title: title}
}

func noObject(id string) *failure {
	return &failure{status: http.StatusBadRequest, code: 100, subcode: 33, message: "Unsupported request. Object with ID '" + id + "' does not exist, cannot be loaded due to missing permissions, or does not support this operation"}
}

// ServeHTTP serves the Graph API.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		return // The sender went away.
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+synctest.Canary {
		p.fail(w, failure{status: http.StatusUnauthorized, code: 190, message: "Invalid OAuth access token - Cannot parse access token"})
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/"+meta.Version.Name+"/")
	if !ok {
		p.fail(w, failure{status: http.StatusBadRequest, code: 2635, message: "You are calling a deprecated version of the Ads API."})
		return
	}
	id, edge, _ := strings.Cut(path, "/")
	if r.Method == http.MethodGet && edge == "" {
		p.look(w, r, id)
		return
	}
	if r.Header.Get("Content-Type") != "application/json" {
		p.fail(w, *parameter("the body has to be JSON"))
		return
	}
	result, problem := p.post(r.Method, id, edge, body)
	if problem != nil {
		p.fail(w, *problem)
		return
	}
	answer(w, http.StatusOK, result)
}

// look answers a question for an object.
func (p *Platform) look(w http.ResponseWriter, r *http.Request, id string) {
	if problem := p.proved(r.URL.Query().Get("appsecret_proof"), r.URL.Query().Get("appsecret_time")); problem != nil {
		p.fail(w, *problem)
		return
	}
	_, isAudience := p.audiences[id]
	_, isDataset := p.datasets[id]
	switch {
	case isAudience:
		answer(w, http.StatusOK, map[string]any{"id": id, "name": "Audience " + id, "operation_status": map[string]any{"code": 200, "description": "Normal"}})
	case isDataset, id == "me":
		answer(w, http.StatusOK, map[string]any{"id": id, "name": "Customhouse"})
	default:
		p.fail(w, *noObject(id))
	}
}

// proved checks the proof of the app's secret, where there is one or has to be.
func (p *Platform) proved(proof, seconds string) *failure {
	if proof == "" && !p.Proof {
		return nil
	}
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || proof != meta.Proof(synctest.Canary, synctest.Canary, time.Unix(at, 0)) {
		return &failure{status: http.StatusBadRequest, code: 100, message: "Invalid appsecret_proof provided in the API argument"}
	}
	return nil
}

// call is the body of a request to an edge.
type call struct {
	Payload *struct {
		Schema []string            `json:"schema"`
		Data   [][]json.RawMessage `json:"data"`
	} `json:"payload"`
	Session *struct {
		ID    uint64 `json:"session_id"`
		Batch int    `json:"batch_seq"`
		Last  bool   `json:"last_batch_flag"`
		Total int64  `json:"estimated_num_total"`
	} `json:"session"`
	Data          []json.RawMessage `json:"data"`
	TestEventCode string            `json:"test_event_code"`
	Proof         string            `json:"appsecret_proof"`
	Time          json.Number       `json:"appsecret_time"`
}

func (p *Platform) post(method, id, edge string, body []byte) (any, *failure) {
	var c call
	if err := strictly(body, &c); err != nil {
		return nil, parameter(err.Error())
	}
	if problem := p.proved(c.Proof, c.Time.String()); problem != nil {
		return nil, problem
	}
	if events, ok := p.datasets[id]; ok && edge == "events" && method == http.MethodPost {
		return p.events(events, c)
	}
	a, ok := p.audiences[id]
	if !ok {
		return nil, noObject(id)
	}
	members, invalid, problem := p.members(c)
	if problem != nil {
		return nil, problem
	}
	result := map[string]any{"audience_id": id, "num_received": len(c.Payload.Data), "num_invalid_entries": invalid, "invalid_entry_samples": map[string]any{}}
	switch {
	case edge == "users" && method == http.MethodPost && c.Session == nil:
		for _, m := range members {
			a.members[m.key()] = m
		}
	case edge == "users" && method == http.MethodDelete && c.Session == nil:
		a.remove(members)
	case edge == "usersreplace" && method == http.MethodPost && c.Session != nil:
		result["session_id"] = strconv.FormatUint(c.Session.ID, 10)
		if problem := a.replace(c, members); problem != nil {
			return nil, problem
		}
	default:
		return nil, &failure{status: http.StatusBadRequest, code: 100, message: "Unsupported " + strings.ToLower(method) + " request"}
	}
	return result, nil
}

// remove takes off all entries that share a cell with those that are given.
func (a *audience) remove(gone []Member) {
	for _, g := range gone {
		for key, m := range a.members {
			for name, cell := range g {
				if cell != "" && m[name] == cell {
					delete(a.members, key)
				}
			}
		}
	}
}

// replace takes in a batch of a session. The last of them replaces the members,
// and none does before it.
func (a *audience) replace(c call, members []Member) *failure {
	s := c.Session
	if s.ID == 0 || s.Batch < 1 || s.Total < 1 {
		return parameter("session_id, batch_seq and estimated_num_total have to be positive")
	}
	if last, ended := a.ended[s.ID]; ended {
		if s.Last && s.Batch == last {
			return nil // Its answer was lost.
		}
		return parameter("the session has ended")
	}
	if a.open[s.ID] == nil {
		if s.Batch != 1 {
			return parameter("a session begins with batch_seq 1")
		}
		a.open[s.ID] = map[int][]Member{}
	}
	a.open[s.ID][s.Batch] = members
	if !s.Last {
		return nil
	}
	all := map[string]Member{}
	for n := 1; n <= s.Batch; n++ {
		batch, ok := a.open[s.ID][n]
		if !ok {
			return parameter(fmt.Sprintf("batch %d of the session is missing", n))
		}
		for _, m := range batch {
			all[m.key()] = m
		}
	}
	a.members, a.open, a.ended = all, map[uint64]map[int][]Member{}, map[uint64]int{s.ID: s.Batch}
	return nil
}

var (
	digest = regexp.MustCompile(`^[0-9a-f]{64}$`)
	madid  = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	// columns are those of a schema, and what their cells are like.
	columns = map[string]*regexp.Regexp{
		"EXTERN_ID": regexp.MustCompile(`.`), "EMAIL": digest, "PHONE": digest, "GEN": digest, "DOBY": digest, "DOBM": digest, "DOBD": digest,
		"LN": digest, "FN": digest, "FI": digest, "CT": digest, "ST": digest, "ZIP": digest, "MADID": madid, "COUNTRY": digest,
	}
)

// members reads the entries of a payload, those left out that are invalid.
func (p *Platform) members(c call) (members []Member, invalid int, problem *failure) {
	switch {
	case c.Payload == nil || len(c.Payload.Schema) == 0 || len(c.Payload.Data) == 0:
		return nil, 0, parameter("payload has no schema or no data")
	case len(c.Payload.Data) > 10_000:
		return nil, 0, parameter("Requests are limited to 10000 entries")
	}
	for i, name := range c.Payload.Schema {
		if _, ok := columns[name]; !ok && name != "LOOKALIKE_VALUE" || slices.Contains(c.Payload.Schema[:i], name) {
			return nil, 0, parameter("schema has " + name + ", which is no key or there twice")
		}
	}
	for _, row := range c.Payload.Data {
		if len(row) != len(c.Payload.Schema) {
			return nil, 0, parameter("an entry has another number of cells than schema has keys")
		}
		m, empty := Member{}, true
		for i, name := range c.Payload.Schema {
			if name == "LOOKALIKE_VALUE" {
				n, err := strconv.ParseFloat(string(row[i]), 64)
				if err != nil || n < 0 {
					return nil, 0, parameter("LOOKALIKE_VALUE has to be a number from 0 on")
				}
				m[name] = string(row[i])
				continue
			}
			var cell string
			if err := json.Unmarshal(row[i], &cell); err != nil || cell != "" && !columns[name].MatchString(cell) {
				return nil, 0, parameter("a cell of " + name + " is not normalised or not hashed")
			}
			m[name], empty = cell, empty && cell == ""
		}
		if empty || p.Invalid != nil && p.Invalid(m) {
			invalid++
			continue
		}
		members = append(members, m)
	}
	return members, invalid, nil
}

var (
	sources   = []string{"website", "app", "email", "phone_call", "chat", "physical_store", "system_generated", "business_messaging", "other"}
	userKeys  = []string{"em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country", "external_id"}
	plainKeys = []string{"client_ip_address", "client_user_agent", "fbc", "fbp", "madid"}
)

// events takes in events, all or none.
func (p *Platform) events(there map[string]Event, c call) (any, *failure) {
	if len(c.Data) == 0 || len(c.Data) > 1000 {
		return nil, parameter("data has to have 1 to 1000 events")
	}
	read := make([]Event, len(c.Data))
	for i, text := range c.Data {
		e := &read[i]
		if err := strictly(text, e); err != nil {
			return nil, parameter(err.Error())
		}
		if e.Name == "" || e.Time <= 0 || !slices.Contains(sources, e.ActionSource) || len(e.User) == 0 {
			return nil, parameter("an event lacks event_name, event_time, action_source or user_data")
		}
		if e.ActionSource == "website" && e.User["client_user_agent"] == nil {
			return nil, parameter("an event of a website lacks client_user_agent")
		}
		for key, v := range e.User {
			if _, isText := v.(string); slices.Contains(plainKeys, key) && isText {
				continue
			}
			list, isList := v.([]any)
			if !slices.Contains(userKeys, key) || !isList || len(list) == 0 {
				return nil, parameter("user_data has " + key + " as it may not be")
			}
			for _, item := range list {
				if text, ok := item.(string); !ok || !digest.MatchString(text) {
					return nil, parameter("user_data has " + key + " unhashed")
				}
			}
		}
	}
	for _, e := range read {
		if key := e.ID + "/" + e.Name; c.TestEventCode == "" {
			if _, known := there[key]; !known || e.ID == "" {
				there[key] = e
			}
		}
	}
	return map[string]any{"events_received": len(read), "messages": []string{}, "fbtrace_id": "AbCdEfGh"}, nil
}

// strictly decodes JSON without fields that are not known.
func strictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into) //nolint:wrapcheck // The platform says it as it is.
}
