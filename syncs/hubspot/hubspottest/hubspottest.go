// Package hubspottest is a fake of HubSpot: records, static lists, custom events
// and their rules, over real HTTP.
//
// It is as strict as HubSpot is about what it is sent, and answers in its words.
// It shares nothing with the destination, so that it can be the oracle of its
// tests. Start at New.
package hubspottest

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

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// Property is a property of an object.
type Property struct {
	Name, Type, FieldType string
	Options               []string
	Unique, ReadOnly      bool
}

// Record is one of an object: its properties by name.
type Record map[string]string

// list is a list of contacts.
type list struct {
	Dynamic bool
	Members map[string]bool
}

// Event is a custom event that was taken.
type Event struct {
	Name, UUID, Email, ObjectID, At string
	Properties                      map[string]any
}

// Platform is a fake of one account. Make it with New.
type Platform struct {
	// Tokens gives out tokens of the OAuth app; the private app's is
	// synctest.Canary.
	Tokens synctest.Tokens
	// Poison says which records are refused, by any of their properties; none
	// where nil.
	Poison func(Record) bool
	// Scopes are missing: every request but those for tokens is refused.
	Scopes []string
	// Daily says that the requests of the day are used up.
	Daily bool

	mu         sync.Mutex
	properties map[string][]Property
	records    map[string]map[string]Record // by object and id
	lists      map[string]*list
	events     []Event
	eventTypes []string
	blocked    map[string]bool
	next       int
	violations []string
}

var _ synctest.Fake = (*Platform)(nil)

// New makes an account with contacts, companies, deals and pets, the lists 7 and
// 8 (which is dynamic), and the event pe1_visited.
func New() *Platform {
	common := []Property{
		{Name: "hs_object_id", Type: "number", FieldType: "number", ReadOnly: true},
		{Name: "createdate", Type: "datetime", FieldType: "date", ReadOnly: true},
		{Name: "visits", Type: "number", FieldType: "number"},
		{Name: "spent", Type: "number", FieldType: "number"},
		{Name: "vip", Type: "bool", FieldType: "booleancheckbox"},
		{Name: "seen", Type: "datetime", FieldType: "date"},
		{Name: "born", Type: "date", FieldType: "date"},
		{Name: "topics", Type: "enumeration", FieldType: "checkbox", Options: []string{"sport", "politics", "culture"}},
		{Name: "customer_id", Type: "string", FieldType: "text", Unique: true},
	}
	with := func(more ...Property) []Property { return append(slices.Clone(common), more...) }
	return &Platform{
		properties: map[string][]Property{
			"contacts": with(
				Property{Name: "email", Type: "string", FieldType: "text"}, Property{Name: "firstname", Type: "string", FieldType: "text"},
				Property{Name: "lastname", Type: "string", FieldType: "text"}, Property{Name: "country", Type: "string", FieldType: "text"},
				Property{Name: "lifecyclestage", Type: "enumeration", FieldType: "radio", Options: []string{"lead", "customer", "other"}},
			),
			"companies": with(Property{Name: "name", Type: "string", FieldType: "text"}, Property{Name: "domain", Type: "string", FieldType: "text"}),
			"deals":     with(Property{Name: "dealname", Type: "string", FieldType: "text"}, Property{Name: "amount", Type: "number", FieldType: "number"}),
			"pets":      with(Property{Name: "name", Type: "string", FieldType: "text"}),
		},
		records:    map[string]map[string]Record{},
		lists:      map[string]*list{"7": {Members: map[string]bool{}}, "8": {Dynamic: true, Members: map[string]bool{}}},
		eventTypes: []string{"pe1_visited"},
		blocked:    map[string]bool{},
		next:       100,
	}
}

// Hold puts a record there as if somebody else had, and returns its id.
func (p *Platform) Hold(object string, r Record) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.create(object, r)
}

// Records are those of an object, by id.
func (p *Platform) Records(object string) map[string]Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]Record{}
	for id, r := range p.records[object] {
		out[id] = maps.Clone(r)
	}
	return out
}

// Members are the addresses of those who are on a list.
func (p *Platform) Members(id string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.members(id)
}

func (p *Platform) members(id string) []string {
	out := []string{}
	for record := range p.lists[id].Members {
		out = append(out, p.records["contacts"][record]["email"])
	}
	slices.Sort(out)
	return out
}

// Events are those that were taken.
func (p *Platform) Events() []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.events)
}

// Blocked says that an address may never be added again.
func (p *Platform) Blocked(address string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blocked[strings.ToLower(address)]
}

// Contents implements synctest.Fake.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	lists := map[string][]string{}
	for id := range p.lists {
		lists[id] = p.members(id)
	}
	records := map[string]map[string]Record{}
	for object, all := range p.records {
		records[object] = map[string]Record{}
		for id, r := range all {
			records[object][id] = maps.Clone(r)
		}
	}
	return map[string]any{"records": records, "lists": lists, "events": slices.Clone(p.events)}
}

// Violations implements synctest.Fake.
func (p *Platform) Violations() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.violations)
}

// failure is HubSpot's answer to what it does not do.
type failure struct {
	Status        string         `json:"status"`
	Message       string         `json:"message"`
	CorrelationID string         `json:"correlationId,omitempty"`
	Category      string         `json:"category,omitempty"`
	ErrorType     string         `json:"errorType,omitempty"`
	PolicyName    string         `json:"policyName,omitempty"`
	Context       map[string]any `json:"context,omitempty"`
}

// Refuse implements synctest.Fake.
func (p *Platform) Refuse(w http.ResponseWriter, status int) {
	f := failure{Status: "error", Message: "internal error", CorrelationID: "c0ffee00-0000-4000-8000-000000000000"}
	switch status {
	case http.StatusTooManyRequests:
		f.Message, f.ErrorType, f.PolicyName = "You have reached your ten_secondly_rolling limit.", "RATE_LIMIT", "TEN_SECONDLY_ROLLING"
	case http.StatusUnauthorized:
		f.Message, f.Category = "Authentication credentials not found.", "INVALID_AUTHENTICATION"
	}
	reply(w, status, f)
}

func reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("hubspottest: encoding an answer: %v", err)) // It is made of texts.
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.Header().Set("X-Hubspot-Ratelimit-Max", "100")
	w.Header().Set("X-Hubspot-Ratelimit-Remaining", "99")
	w.Header().Set("X-Hubspot-Ratelimit-Interval-Milliseconds", "10000")
	w.WriteHeader(status)
	_, _ = w.Write(text) // The sender may have gone away.
}

func invalid(w http.ResponseWriter, format string, args ...any) {
	reply(w, http.StatusBadRequest, failure{Status: "error", Category: "VALIDATION_ERROR", Message: fmt.Sprintf(format, args...)})
}

// ServeHTTP implements http.Handler.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/oauth/v1/token" {
		p.Tokens.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
	if err != nil {
		return // The sender went away.
	}
	if r.Header.Get("Authorization") != "Bearer "+synctest.Canary && !p.Tokens.Valid(r) {
		p.Refuse(w, http.StatusUnauthorized)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.Scopes) > 0:
		reply(w, http.StatusForbidden, failure{
			Status: "error", Category: "MISSING_SCOPES", Message: "This app hasn't been granted all required scopes to make this call.",
			Context: map[string]any{"requiredGranularScopes": p.Scopes},
		})
	case p.Daily:
		reply(w, http.StatusTooManyRequests, failure{Status: "error", Message: "You have reached your daily limit.", ErrorType: "RATE_LIMIT", PolicyName: "DAILY"})
	case r.Method != http.MethodGet && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		reply(w, http.StatusUnsupportedMediaType, failure{Status: "error", Message: "the content type is not JSON"})
	default:
		p.serve(w, r, body)
	}
}

var (
	recordsPath = regexp.MustCompile(`^/crm/objects/2026-03/([^/]+)(/batch/(?:create|update|upsert|read|archive)|/gdpr-delete)?$`)
	membersPath = regexp.MustCompile(`^/crm/lists/2026-03/([^/]+)(/memberships/add-and-remove)?$`)
)

func (p *Platform) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	name, about, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/crm/v3/properties/"), "/")
	to := recordsPath.FindStringSubmatch(r.URL.Path)
	member := membersPath.FindStringSubmatch(r.URL.Path)
	definition, isDefinition := strings.CutPrefix(r.URL.Path, "/events/v3/event-definitions/")
	get, post := r.Method == http.MethodGet, r.Method == http.MethodPost
	switch {
	case get && strings.HasPrefix(r.URL.Path, "/crm/v3/properties/") && about == "" && p.properties[name] != nil:
		p.describe(w, name)
	case to != nil && p.properties[to[1]] == nil:
		invalid(w, "Unable to infer object type from: %s", to[1])
	case to != nil && get && to[2] == "":
		reply(w, http.StatusOK, map[string]any{"results": []any{}})
	case to != nil && post && to[2] == "/gdpr-delete" && to[1] == "contacts":
		p.erase(w, body)
	case to != nil && post && to[2] == "/batch/read":
		p.read(w, to[1], body)
	case to != nil && post && to[2] == "/batch/archive":
		p.archive(w, to[1], body)
	case to != nil && post && strings.HasPrefix(to[2], "/batch/"):
		p.write(w, to[1], strings.TrimPrefix(to[2], "/batch/"), body)
	case member != nil && p.lists[member[1]] == nil:
		reply(w, http.StatusNotFound, failure{Status: "error", Category: "OBJECT_NOT_FOUND", Message: "List does not exist with ID " + member[1]})
	case member != nil && get && member[2] == "":
		p.list(w, member[1])
	case member != nil && r.Method == http.MethodPut && member[2] != "":
		p.memberships(w, p.lists[member[1]], body)
	case get && isDefinition && slices.Contains(p.eventTypes, definition):
		reply(w, http.StatusOK, map[string]any{"fullyQualifiedName": definition})
	case get && isDefinition:
		reply(w, http.StatusNotFound, failure{Status: "error", Category: "OBJECT_NOT_FOUND", Message: "no such event definition"})
	case post && r.URL.Path == "/events/v3/send":
		p.event(w, body)
	default:
		p.violations = append(p.violations, "there is no "+r.Method+" "+r.URL.Path)
		reply(w, http.StatusNotFound, failure{Status: "error", Message: "Unable to find what you asked for"})
	}
}

// describe lists the properties of an object.
func (p *Platform) describe(w http.ResponseWriter, object string) {
	results := []any{}
	for _, d := range p.properties[object] {
		options := []any{}
		for _, o := range d.Options {
			options = append(options, map[string]any{"value": o, "label": o})
		}
		results = append(results, map[string]any{
			"name": d.Name, "label": d.Name, "type": d.Type, "fieldType": d.FieldType, "hasUniqueValue": d.Unique, "options": options,
			"modificationMetadata": map[string]any{"readOnlyValue": d.ReadOnly},
		})
	}
	reply(w, http.StatusOK, map[string]any{"results": results})
}

// list describes a list.
func (p *Platform) list(w http.ResponseWriter, id string) {
	kind := "MANUAL"
	if p.lists[id].Dynamic {
		kind = "DYNAMIC"
	}
	reply(w, http.StatusOK, map[string]any{"list": map[string]any{"listId": id, "objectTypeId": "0-1", "processingType": kind}})
}

// strict reads a body that may have no other fields.
func strict(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("Invalid input JSON: %w", err) //nolint:staticcheck // These are HubSpot's words.
	}
	return nil
}

// input is one row of a batch.
type input struct {
	ID         string            `json:"id"`
	IDProperty string            `json:"idProperty"`
	Trace      string            `json:"objectWriteTraceId"`
	Properties map[string]string `json:"properties"`
}

// most is how many rows a batch has at most.
const most = 100

// write creates, updates or upserts.
func (p *Platform) write(w http.ResponseWriter, object, verb string, body []byte) {
	var b struct {
		Inputs []input `json:"inputs"`
	}
	if err := strict(body, &b); err != nil {
		invalid(w, "%v", err)
		return
	}
	if problem := p.unfit(object, verb, b.Inputs); problem != "" {
		invalid(w, "%s", problem)
		return
	}
	results, errors := []any{}, []any{}
	for _, in := range b.Inputs {
		id, made, f := p.put(object, verb, in)
		if f.Category != "" {
			f.Status, f.Context = "error", map[string]any{"objectWriteTraceId": []string{in.Trace}}
			errors = append(errors, f)
			continue
		}
		results = append(results, map[string]any{
			"id": id, "properties": p.records[object][id], "objectWriteTraceId": in.Trace, "new": made, "archived": false,
			"createdAt": "2026-11-22T00:00:00Z", "updatedAt": "2026-11-22T00:00:00Z",
		})
	}
	answerBatch(w, results, errors)
}

func answerBatch(w http.ResponseWriter, results, errors []any) {
	status, answer := http.StatusOK, map[string]any{
		"status": "COMPLETE", "results": results, "startedAt": "2026-11-22T00:00:00Z", "completedAt": "2026-11-22T00:00:00Z",
	}
	if len(errors) > 0 {
		status, answer["numErrors"], answer["errors"] = http.StatusMultiStatus, len(errors), errors
	}
	reply(w, status, answer)
}

// unfit is why a batch is refused as a whole, empty where it is not.
func (p *Platform) unfit(object, verb string, inputs []input) string {
	if len(inputs) == 0 || len(inputs) > most {
		return fmt.Sprintf("%d inputs, and 1 to %d are permitted", len(inputs), most)
	}
	seen := map[string]bool{}
	for _, in := range inputs {
		key := in.IDProperty + " " + strings.ToLower(in.ID)
		switch {
		case verb != "create" && in.ID == "":
			return "an input has no id"
		case verb == "create" && in.ID != "":
			return "a new object has no id"
		case verb != "create" && seen[key]:
			return "Duplicate IDs found in batch input: " + in.ID
		case in.IDProperty != "" && !p.identifies(object, in.IDProperty):
			return "Property " + in.IDProperty + " is not a unique identifier property"
		case verb == "upsert" && in.IDProperty == "":
			return "an upsert needs an idProperty"
		}
		seen[key] = true
		for name := range in.Properties {
			d, known := p.property(object, name)
			if !known {
				return "Property values were not valid: Property \"" + name + "\" does not exist"
			}
			if d.ReadOnly {
				return "\"" + name + "\" is a read only property"
			}
		}
	}
	return ""
}

// identifies says that a property can be an idProperty.
func (p *Platform) identifies(object, name string) bool {
	d, known := p.property(object, name)
	return known && (d.Unique || object == "contacts" && name == "email")
}

func (p *Platform) property(object, name string) (Property, bool) {
	i := slices.IndexFunc(p.properties[object], func(d Property) bool { return d.Name == name })
	if i < 0 {
		return Property{}, false
	}
	return p.properties[object][i], true
}

// put writes one record.
func (p *Platform) put(object, verb string, in input) (id string, made bool, f failure) {
	for _, name := range slices.Sorted(maps.Keys(in.Properties)) {
		d, _ := p.property(object, name)
		if problem := d.refuses(in.Properties[name]); problem != "" {
			return "", false, failure{Category: "VALIDATION_ERROR", Message: "Property values were not valid: " + name + " " + problem}
		}
	}
	property := in.IDProperty
	if verb == "create" {
		property, in.ID = "email", in.Properties["email"]
	}
	id = p.find(object, property, in.ID)
	switch {
	case p.Poison != nil && p.Poison(with(in)):
		return "", false, failure{Category: "VALIDATION_ERROR", Message: fmt.Sprintf("%q is not fit: %v", in.ID, in.Properties)}
	case verb == "create" && id != "":
		return "", false, failure{Category: "OBJECT_ALREADY_EXISTS", Message: "Contact already exists. Existing ID: " + id}
	case verb == "update" && id == "":
		return "", false, failure{Category: "OBJECT_NOT_FOUND", Message: "Could not find " + in.ID}
	case id == "":
		r := with(in)
		if address := strings.ToLower(r["email"]); object == "contacts" && address != "" {
			if p.blocked[address] {
				return "", false, failure{Category: "VALIDATION_ERROR", Message: "this address was deleted for good, and cannot be added"}
			}
			if !address0.MatchString(address) {
				return "", false, failure{Category: "VALIDATION_ERROR", Message: "Email address " + address + " is invalid"}
			}
		}
		return p.create(object, r), true, failure{}
	}
	for name, value := range in.Properties {
		if name == "email" {
			value = strings.ToLower(value)
		}
		if value == "" {
			delete(p.records[object][id], name)
		} else {
			p.records[object][id][name] = value
		}
	}
	return id, false, failure{}
}

var address0 = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s.]+$`)

// with is what an input makes of a record that is not there.
func with(in input) Record {
	r := Record{}
	for name, value := range in.Properties {
		if value != "" {
			r[name] = value
		}
	}
	if in.IDProperty != "" {
		r[in.IDProperty] = in.ID
	}
	return r
}

// create makes a record.
func (p *Platform) create(object string, r Record) string {
	r = maps.Clone(r)
	p.next++
	id := strconv.Itoa(p.next)
	if address, ok := r["email"]; ok {
		r["email"] = strings.ToLower(address)
	}
	r["hs_object_id"] = id
	if p.records[object] == nil {
		p.records[object] = map[string]Record{}
	}
	p.records[object][id] = r
	return id
}

// find is the id of the record with a value, empty where there is none.
func (p *Platform) find(object, property, value string) string {
	if property == "" {
		property = "hs_object_id"
	}
	if property == "email" {
		value = strings.ToLower(value)
	}
	for id, r := range p.records[object] {
		if value != "" && r[property] == value {
			return id
		}
	}
	return ""
}

// refuses is what is wrong with a value of the property.
func (d Property) refuses(value string) string {
	if value == "" {
		return ""
	}
	var err error
	switch d.Type {
	case "number":
		_, err = strconv.ParseFloat(value, 64)
	case "bool":
		if value != "true" && value != "false" {
			return "was not one of the allowed options: [true, false]"
		}
	case "date":
		_, err = time.Parse(time.DateOnly, value)
	case "datetime":
		_, err = time.Parse(time.RFC3339Nano, value)
	case "enumeration":
		parts := []string{value}
		if d.FieldType == "checkbox" {
			parts = strings.Split(strings.Trim(value, ";"), ";")
		}
		for _, part := range parts {
			if !slices.Contains(d.Options, part) {
				return fmt.Sprintf("%q was not one of the allowed options: %v", part, d.Options)
			}
		}
	}
	if err != nil {
		return fmt.Sprintf("%q was not a valid %s.", value, d.Type)
	}
	return ""
}

// read finds records.
func (p *Platform) read(w http.ResponseWriter, object string, body []byte) {
	var b struct {
		Inputs []struct {
			ID string `json:"id"`
		} `json:"inputs"`
		IDProperty string   `json:"idProperty"`
		Properties []string `json:"properties"`
	}
	if err := strict(body, &b); err != nil {
		invalid(w, "%v", err)
		return
	}
	if len(b.Inputs) > most || len(b.Inputs) == 0 {
		invalid(w, "%d inputs, and 1 to %d are permitted", len(b.Inputs), most)
		return
	}
	if b.IDProperty != "" && !p.identifies(object, b.IDProperty) {
		invalid(w, "Property %s is not a unique identifier property", b.IDProperty)
		return
	}
	results, missing := []any{}, []string{}
	for _, in := range b.Inputs {
		id := p.find(object, b.IDProperty, in.ID)
		if id == "" {
			missing = append(missing, in.ID)
			continue
		}
		shown := map[string]any{"hs_object_id": id}
		for _, name := range b.Properties {
			shown[name] = nil
			if v, ok := p.records[object][id][name]; ok {
				shown[name] = v
			}
		}
		results = append(results, map[string]any{"id": id, "properties": shown, "archived": false})
	}
	var errors []any
	if len(missing) > 0 {
		errors = append(errors, failure{
			Status: "error", Category: "OBJECT_NOT_FOUND", Message: "Could not get some objects, they may be deleted or not exist. Check that ids are valid.",
			Context: map[string]any{"ids": missing},
		})
	}
	slices.Reverse(results) // In no order.
	answerBatch(w, results, errors)
}

// archive puts records away, which takes them off lists.
func (p *Platform) archive(w http.ResponseWriter, object string, body []byte) {
	var b struct {
		Inputs []struct {
			ID string `json:"id"`
		} `json:"inputs"`
	}
	if err := strict(body, &b); err != nil || len(b.Inputs) > most {
		invalid(w, "a batch of 1 to %d ids is expected", most)
		return
	}
	for _, in := range b.Inputs {
		p.forget(object, in.ID)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (p *Platform) forget(object, id string) {
	delete(p.records[object], id)
	if object == "contacts" {
		for _, l := range p.lists {
			delete(l.Members, id)
		}
	}
}

// erase deletes a contact for good.
func (p *Platform) erase(w http.ResponseWriter, body []byte) {
	var b struct {
		ObjectID   string `json:"objectId"`
		IDProperty string `json:"idProperty"`
	}
	if err := strict(body, &b); err != nil || b.ObjectID == "" || b.IDProperty != "" && b.IDProperty != "email" {
		invalid(w, "objectId is expected, and idProperty may be email")
		return
	}
	id := p.find("contacts", b.IDProperty, b.ObjectID)
	if b.IDProperty == "email" {
		p.blocked[strings.ToLower(b.ObjectID)] = true
	} else if id != "" {
		p.blocked[p.records["contacts"][id]["email"]] = true
	}
	if id != "" {
		p.forget("contacts", id)
	}
	w.WriteHeader(http.StatusNoContent)
}

// memberships adds records to a list and takes others off.
func (p *Platform) memberships(w http.ResponseWriter, l *list, body []byte) {
	var b struct {
		Add    []string `json:"recordIdsToAdd"`
		Remove []string `json:"recordIdsToRemove"`
	}
	if err := strict(body, &b); err != nil {
		invalid(w, "%v", err)
		return
	}
	if l.Dynamic {
		invalid(w, "memberships of a list with processing type DYNAMIC cannot be changed")
		return
	}
	added, removed, missing := []string{}, []string{}, []string{}
	for _, id := range b.Add {
		switch {
		case p.records["contacts"][id] == nil:
			missing = append(missing, id)
		case !l.Members[id]:
			l.Members[id] = true
			added = append(added, id)
		}
	}
	for _, id := range b.Remove {
		if l.Members[id] {
			delete(l.Members, id)
			removed = append(removed, id)
		}
	}
	reply(w, http.StatusOK, map[string]any{"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing})
}

// event takes a custom event.
func (p *Platform) event(w http.ResponseWriter, body []byte) {
	var b struct {
		EventName  string         `json:"eventName"`
		UUID       string         `json:"uuid"`
		Email      string         `json:"email"`
		ObjectID   string         `json:"objectId"`
		UTK        string         `json:"utk"`
		OccurredAt string         `json:"occurredAt"`
		Properties map[string]any `json:"properties"`
	}
	if err := strict(body, &b); err != nil {
		invalid(w, "%v", err)
		return
	}
	_, err := time.Parse(time.RFC3339Nano, b.OccurredAt)
	switch {
	case !slices.Contains(p.eventTypes, b.EventName):
		invalid(w, "No event completions found for %s", b.EventName)
	case b.Email == "" && b.ObjectID == "" && b.UTK == "":
		invalid(w, "one of email, objectId and utk is required")
	case b.OccurredAt != "" && err != nil:
		invalid(w, "occurredAt is not a date")
	case p.Poison != nil && p.Poison(Record{"email": b.Email}):
		invalid(w, "%s is not fit", b.Email)
	default:
		p.events = append(p.events, Event{Name: b.EventName, UUID: b.UUID, Email: b.Email, ObjectID: b.ObjectID, At: b.OccurredAt, Properties: b.Properties})
		w.WriteHeader(http.StatusNoContent)
	}
}
