// Package googledatamanagertest is a fake of Google's Data Manager API: strict as
// that is, over real HTTP, with contents of its own. Unknown fields are refused,
// digests and counts are looked at, and what became of a request has to be asked
// for. Tokens are those of synctest.Tokens, at /token.
//
// It matches nobody: what it holds are the identifiers as they were sent. Start
// at New.
package googledatamanagertest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
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

// Platform is the fake; see New.
type Platform struct {
	// Tokens gives out tokens, and checks them.
	Tokens synctest.Tokens
	// Polls is how often a request is being processed when it is asked for, 1 where
	// 0.
	Polls int
	// Refused says why a member or an event is counted as refused, by its first
	// identifier; taken where empty.
	Refused func(identifier string) string
	// Terms says that requests have to accept the terms of Customer Match.
	Terms bool

	mu        sync.Mutex
	now       time.Time
	audiences map[string]map[string]time.Time
	// consents is what was said last of each member, by audience.
	consents map[string]map[string]Consent
	events   map[string]map[string]Event
	requests map[string]*request
}

// request is one that was taken.
type request struct {
	polls   int
	refused map[string]int
	rows    int
}

// The audience and the conversion action that a new platform has, and its account.
const (
	Account    = "1234567890"
	Audience   = "456"
	Conversion = "789"
)

// New makes a platform with an audience and a conversion action, both empty. Its
// clock goes on by an hour with each request.
func New() *Platform {
	return &Platform{
		now:       time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
		audiences: map[string]map[string]time.Time{Audience: {}}, consents: map[string]map[string]Consent{Audience: {}}, events: map[string]map[string]Event{Conversion: {}},
		requests: map[string]*request{},
	}
}

// Hold puts members on the audience, as somebody else did long ago.
func (p *Platform) Hold(members ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range members {
		p.audiences[Audience][m] = p.now.Add(-1000 * time.Hour)
	}
}

// Members are those of an audience: their identifiers as JSON.
func (p *Platform) Members(id string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.audiences[id]))
}

// Consents are what was said last of each member of an audience.
func (p *Platform) Consents(id string) map[string]Consent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.consents[id])
}

// Events are those of a conversion action, by transaction id.
func (p *Platform) Events(id string) map[string]Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.events[id])
}

// Contents implements synctest.Fake.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return map[string]any{"audiences": p.audiences, "consents": p.consents, "conversions": p.events}
}

// Violations implements synctest.Fake: there are none that Google would not
// complain of.
func (p *Platform) Violations() []string { return nil }

// problem is an error as Google spells it.
type problem struct {
	status             int
	name, message      string
	field, why, reason string
}

func violation(field, reason, why string) *problem {
	return &problem{http.StatusBadRequest, "INVALID_ARGUMENT", "There was a problem with the request.", field, why, reason}
}

// Refuse implements synctest.Fake.
func (p *Platform) Refuse(w http.ResponseWriter, status int) {
	names := map[int]string{401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}
	p.fail(w, &problem{status: status, name: names[status], message: "The request was refused."})
}

func (p *Platform) fail(w http.ResponseWriter, f *problem) {
	said := map[string]any{"code": f.status, "message": f.message, "status": f.name}
	if f.field != "" {
		said["details"] = []any{
			map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": f.reason, "domain": "datamanager.googleapis.com"},
			map[string]any{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": []any{
				map[string]any{"field": f.field, "description": f.why, "reason": f.reason},
			}},
		}
	}
	p.answer(w, f.status, map[string]any{"error": said})
}

func (p *Platform) answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic("googledatamanagertest: spelling an answer: " + err.Error()) // It is made of texts and numbers.
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(text) // The sender may have gone away.
}

// account is a ProductAccount.
type account struct {
	Type string `json:"accountType"`
	ID   string `json:"accountId"`
}

// identifier is a UserIdentifier: one of them is set.
type identifier struct {
	Email   string `json:"emailAddress,omitempty"`
	Phone   string `json:"phoneNumber,omitempty"`
	Address *struct {
		Given   string `json:"givenName"`
		Family  string `json:"familyName"`
		Region  string `json:"regionCode"`
		Postal  string `json:"postalCode"`
		Line    string `json:"addressLine,omitempty"`
		City    string `json:"city,omitempty"`
		Subarea string `json:"administrativeArea,omitempty"`
	} `json:"address,omitempty"`
}

type userData struct {
	Identifiers []identifier `json:"userIdentifiers"`
}

// Consent is what was said of somebody's consent.
type Consent struct {
	AdUserData        string `json:"adUserData,omitempty"`
	AdPersonalization string `json:"adPersonalization,omitempty"`
}

type member struct {
	UserData   *userData `json:"userData,omitempty"`
	MobileData *struct {
		IDs []string `json:"mobileIds"`
	} `json:"mobileData,omitempty"`
	UserIDData *struct {
		ID string `json:"userId"`
	} `json:"userIdData,omitempty"`
	Consent *Consent `json:"consent,omitempty"`
}

// Event is an event as it was sent.
type Event struct {
	TransactionID string            `json:"transactionId"`
	Timestamp     time.Time         `json:"eventTimestamp"`
	Source        string            `json:"eventSource,omitempty"`
	Value         *float64          `json:"conversionValue,omitempty"`
	Currency      string            `json:"currency,omitempty"`
	Name          string            `json:"eventName,omitempty"`
	ClientID      string            `json:"clientId,omitempty"`
	User          *userData         `json:"userData,omitempty"`
	Ads           map[string]string `json:"adIdentifiers,omitempty"`
	Consent       *Consent          `json:"consent,omitempty"`
}

// call is the body of each request.
type call struct {
	Destinations []struct {
		Login     *account `json:"loginAccount"`
		Operating *account `json:"operatingAccount"`
		Product   string   `json:"productDestinationId"`
	} `json:"destinations"`
	Members  []member `json:"audienceMembers"`
	Events   []Event  `json:"events"`
	Consent  *Consent `json:"consent"`
	Validate bool     `json:"validateOnly"`
	Encoding string   `json:"encoding"`
	Terms    *struct {
		Status string `json:"customerMatchTermsOfServiceStatus"`
	} `json:"termsOfService"`
	RemoveAsOf time.Time `json:"removeAsOfTime"`
}

// ServeHTTP serves the Data Manager API.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		p.Tokens.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		return // The sender went away.
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(time.Hour)
	w.Header().Set("Date", p.now.Format(http.TimeFormat))
	if !p.Tokens.Valid(r) {
		p.Refuse(w, http.StatusUnauthorized)
		return
	}
	if r.Method == http.MethodGet {
		p.look(w, r)
		return
	}
	id, problem := p.post(r, body)
	if problem != nil {
		p.fail(w, problem)
		return
	}
	p.answer(w, http.StatusOK, map[string]string{"requestId": id})
}

// look answers what became of a request, and which lists there are.
func (p *Platform) look(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/userLists") {
		if !strings.HasPrefix(r.URL.Path, "/v1/accountTypes/GOOGLE_ADS/accounts/"+Account+"/") {
			p.Refuse(w, http.StatusForbidden)
			return
		}
		p.answer(w, http.StatusOK, map[string]any{"userLists": []any{}})
		return
	}
	known, ok := p.requests[r.URL.Query().Get("requestId")]
	if r.URL.Path != "/v1/requestStatus:retrieve" || !ok {
		p.fail(w, &problem{status: http.StatusNotFound, name: "NOT_FOUND", message: "Requested entity was not found."})
		return
	}
	status := map[string]any{"requestStatus": "PROCESSING"}
	if known.polls--; known.polls < 0 {
		counts, total := []any{}, 0
		for _, reason := range slices.Sorted(maps.Keys(known.refused)) {
			counts = append(counts, map[string]any{"recordCount": strconv.Itoa(known.refused[reason]), "reason": reason})
			total += known.refused[reason]
		}
		status["requestStatus"] = "SUCCESS"
		if total > 0 {
			status["requestStatus"], status["errorInfo"] = "PARTIAL_SUCCESS", map[string]any{"errorCounts": counts}
		}
		if total > 0 && total == known.rows {
			status["requestStatus"] = "FAILED"
		}
	}
	p.answer(w, http.StatusOK, map[string]any{"requestStatusPerDestination": []any{status}})
}

func (p *Platform) post(r *http.Request, body []byte) (string, *problem) {
	var c call
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return "", &problem{status: http.StatusBadRequest, name: "INVALID_ARGUMENT", message: "Invalid JSON payload received. " + err.Error()}
	}
	if len(c.Destinations) != 1 || c.Destinations[0].Operating == nil {
		return "", violation("destinations", "REQUIRED_FIELD_MISSING", "one destination is expected here, with an operating account")
	}
	to := c.Destinations[0]
	if to.Operating.ID != Account || to.Operating.Type != "GOOGLE_ADS" {
		return "", &problem{status: http.StatusForbidden, name: "PERMISSION_DENIED", message: "The caller does not have permission."}
	}
	taken := &request{polls: max(p.Polls, 1), refused: map[string]int{}}
	var problem *problem
	switch r.URL.Path {
	case "/v1/audienceMembers:ingest", "/v1/audienceMembers:remove":
		problem = p.members(r.URL.Path, to.Product, c, taken)
	case "/v1/audienceMembers:removeAll":
		problem = p.removeAll(to.Product, c)
	case "/v1/events:ingest":
		problem = p.ingestEvents(to.Product, c, taken)
	default:
		problem = &notFound
	}
	if problem != nil {
		return "", problem
	}
	id := fmt.Sprintf("request-%d", len(p.requests)+1)
	if !c.Validate {
		p.requests[id] = taken
	}
	return id, nil
}

var notFound = problem{status: http.StatusNotFound, name: "NOT_FOUND", message: "Method not found."}

func (p *Platform) members(path, list string, c call, taken *request) *problem {
	there, ok := p.audiences[list]
	switch {
	case !ok:
		return violation("destinations[0].product_destination_id", "INVALID_USER_LIST_ID", "there is no such user list")
	case p.Terms && path == "/v1/audienceMembers:ingest" && (c.Terms == nil || c.Terms.Status != "ACCEPTED"):
		return violation("terms_of_service", "TERMS_AND_CONDITIONS_NOT_SIGNED", "the terms were not accepted")
	case len(c.Members) == 0:
		return violation("audience_members", "REQUIRED_FIELD_MISSING", "there are no members")
	case len(c.Members) > 10_000:
		return violation("audience_members", "TOO_MANY_AUDIENCE_MEMBERS", "there are more than 10000 members")
	case len(c.Events) > 0 || !c.RemoveAsOf.IsZero():
		return violation("events", "INVALID_ARGUMENT", "the request has fields of another")
	}
	if problem := consented(c.Consent, "consent"); problem != nil {
		return problem
	}
	keys, of := make([]string, len(c.Members)), make([]Consent, len(c.Members))
	for i, m := range c.Members {
		field := fmt.Sprintf("audience_members[%d]", i)
		if problem := consented(m.Consent, field+".consent"); problem != nil {
			return problem
		}
		if problem := m.check(field, c.Encoding); problem != nil {
			return problem
		}
		of[i] = over(m.Consent, c.Consent)
		m.Consent = nil
		text, err := json.Marshal(m)
		if err != nil {
			panic(err) // It came as JSON.
		}
		keys[i] = string(text)
	}
	if c.Validate {
		return nil
	}
	taken.rows = len(keys)
	for i, key := range keys {
		if p.Refused != nil {
			if why := p.Refused(key); why != "" {
				taken.refused[why]++
				continue
			}
		}
		if path == "/v1/audienceMembers:ingest" {
			there[key], p.consents[list][key] = p.now, of[i]
		} else {
			delete(there, key)
			delete(p.consents[list], key)
		}
	}
	return nil
}

func consented(c *Consent, field string) *problem {
	if c == nil {
		return nil
	}
	for _, v := range []string{c.AdUserData, c.AdPersonalization} {
		if v != "" && v != "CONSENT_GRANTED" && v != "CONSENT_DENIED" {
			return violation(field, "INVALID_ENUM_VALUE", "there is no such status of consent")
		}
	}
	return nil
}

// over is what is said of a row that may say something itself, in a request that may
// say something of all.
func over(row, all *Consent) Consent {
	switch {
	case row != nil:
		return *row
	case all != nil:
		return *all
	}
	return Consent{}
}

func (m *member) check(field, encoding string) *problem {
	given := 0
	for _, is := range []bool{m.UserData != nil, m.MobileData != nil, m.UserIDData != nil} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return violation(field, "INVALID_AUDIENCE_MEMBER", "a member has one kind of data")
	case m.UserData != nil:
		return m.UserData.check(field+".user_data", encoding)
	case m.MobileData != nil && (len(m.MobileData.IDs) == 0 || len(m.MobileData.IDs) > 10 || slices.Contains(m.MobileData.IDs, "")):
		return violation(field+".mobile_data", "INVALID_MOBILE_ID_FORMAT", "a member has 1 to 10 ids")
	case m.UserIDData != nil && m.UserIDData.ID == "":
		return violation(field+".user_id_data", "REQUIRED_FIELD_MISSING", "the id is empty")
	}
	return nil
}

var region = regexp.MustCompile(`^[A-Z]{2}$`)

func (u *userData) check(field, encoding string) *problem {
	if n := len(u.Identifiers); n == 0 || n > 10 {
		return violation(field+".user_identifiers", "TOO_MANY_USER_IDENTIFIERS", "there are 1 to 10 identifiers")
	}
	for i, id := range u.Identifiers {
		at := fmt.Sprintf("%s.user_identifiers[%d]", field, i)
		var digests []string
		switch {
		case id.Email != "" && id.Phone == "" && id.Address == nil:
			digests = []string{id.Email}
		case id.Phone != "" && id.Email == "" && id.Address == nil:
			digests = []string{id.Phone}
		case id.Address != nil && id.Email == "" && id.Phone == "":
			digests = []string{id.Address.Given, id.Address.Family}
			if !region.MatchString(id.Address.Region) || id.Address.Postal == "" {
				return violation(at+".address", "INVALID_COUNTRY_CODE", "the region or the postal code is unfit")
			}
		default:
			return violation(at, "NO_IDENTIFIERS_PROVIDED", "an identifier is one of email_address, phone_number and address")
		}
		for _, d := range digests {
			var raw []byte
			var err error
			switch encoding {
			case "HEX":
				raw, err = hex.DecodeString(d)
			case "BASE64":
				raw, err = base64.StdEncoding.DecodeString(d)
			default:
				return violation("encoding", "REQUIRED_FIELD_MISSING", "the encoding is missing")
			}
			if err != nil || len(raw) != 32 {
				return violation(at, "INVALID_SHA256_FORMAT", "the value is not a digest in the encoding")
			}
		}
	}
	return nil
}

func (p *Platform) removeAll(list string, c call) *problem {
	there, ok := p.audiences[list]
	switch {
	case !ok:
		return violation("destinations[0].product_destination_id", "INVALID_USER_LIST_ID", "there is no such user list")
	case c.RemoveAsOf.After(p.now):
		return violation("remove_as_of_time", "INVALID_REMOVE_AS_OF_TIME", "the time is in the future")
	}
	before := c.RemoveAsOf
	if before.IsZero() {
		before = p.now
	}
	for key, added := range there {
		if added.Before(before) {
			delete(there, key)
			delete(p.consents[list], key)
		}
	}
	return nil
}

var sources = []string{"", "WEB", "APP", "IN_STORE", "PHONE", "MESSAGE", "OTHER"}

func (p *Platform) ingestEvents(action string, c call, taken *request) *problem {
	there, ok := p.events[action]
	switch {
	case !ok:
		return violation("destinations[0].product_destination_id", "INVALID_CONVERSION_ACTION_ID", "there is no such conversion action")
	case len(c.Events) == 0 || len(c.Members) > 0:
		return violation("events", "REQUIRED_FIELD_MISSING", "there are no events, or members")
	case len(c.Events) > 2_000:
		return violation("events", "TOO_MANY_EVENTS", "there are more than 2000 events")
	}
	for i, e := range c.Events {
		field := fmt.Sprintf("events[%d]", i)
		switch {
		case e.Timestamp.IsZero():
			return violation(field+".event_timestamp", "REQUIRED_FIELD_MISSING", "the time is missing")
		case !slices.Contains(sources, e.Source):
			return violation(field+".event_source", "INVALID_ENUM_VALUE", "there is no such source")
		case e.Currency != "" && len(e.Currency) != 3:
			return violation(field+".currency", "INVALID_CURRENCY_CODE", "the currency has three letters")
		case e.User == nil && len(e.Ads) == 0 && e.ClientID == "":
			return violation(field, "NO_IDENTIFIERS_PROVIDED", "nothing says whose it is")
		}
		if problem := consented(e.Consent, field+".consent"); problem != nil {
			return problem
		}
		if e.User != nil {
			if problem := e.User.check(field+".user_data", c.Encoding); problem != nil {
				return problem
			}
		}
	}
	if c.Validate {
		return nil
	}
	taken.rows = len(c.Events)
	for _, e := range c.Events {
		if _, known := there[e.TransactionID]; known {
			taken.refused["PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID"]++
			continue
		}
		if p.Refused != nil {
			if why := p.Refused(e.TransactionID); why != "" {
				taken.refused[why]++
				continue
			}
		}
		said := over(e.Consent, c.Consent)
		e.Consent = &said
		there[e.TransactionID] = e
	}
	return nil
}
