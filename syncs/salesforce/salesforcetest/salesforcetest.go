// Package salesforcetest is a fake of Salesforce over real HTTP, as strict as the
// platform's documentation is: sObject Collections, composite requests, jobs of
// the Bulk API 2.0, descriptions, and tokens.
//
// It shares nothing with the package that it tests. Start at New.
package salesforcetest

import (
	"encoding/csv"
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
	"time"

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// Platform is one organisation. Its exported fields are set before it is used.
type Platform struct {
	// Tokens gives out tokens.
	Tokens synctest.Tokens
	// Poison are fields whose records are refused where they have a value.
	Poison map[string]bool
	// Slow is how often a job is asked for before it has ended.
	Slow int
	// Stops is how many records a job comes to before it fails; all where 0.
	Stops int

	mu      sync.Mutex
	records map[string]map[string]map[string]any // by object and external id
	jobs    map[string]*job
	bulk    int
}

// Contents are the records of an organisation, by object and external id.
type Contents map[string]map[string]map[string]any

// job is one of the Bulk API.
type job struct {
	object, key, state  string
	asked               int
	failed, left        [][]string
	head                []string
	processed, failures int
}

var _ synctest.Fake = (*Platform)(nil)

// New makes an organisation with the objects Contact and Lead, whose records are
// known by the external id Ext__c, and whose tokens are given for
// synctest.Canary.
func New() *Platform {
	return &Platform{records: map[string]map[string]map[string]any{"Contact": {}, "Lead": {}, "Account": {}, "Subscription__c": {}}, jobs: map[string]*job{}}
}

// Contents implements synctest.Fake; it is a Contents.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := Contents{}
	for object, records := range p.records {
		out[object] = map[string]map[string]any{}
		for key, fields := range records {
			out[object][key] = maps.Clone(fields)
		}
	}
	return out
}

// Bulk is how many records came by jobs.
func (p *Platform) Bulk() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bulk
}

// Violations implements synctest.Fake: there is nothing that the platform lets
// pass and a correct destination does not do.
func (p *Platform) Violations() []string { return nil }

// Refuse implements synctest.Fake.
func (p *Platform) Refuse(w http.ResponseWriter, status int) {
	switch status {
	case http.StatusUnauthorized:
		refuse(w, status, "INVALID_SESSION_ID")
	case http.StatusTooManyRequests:
		refuse(w, http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED")
	case http.StatusServiceUnavailable:
		refuse(w, status, "SERVER_UNAVAILABLE")
	default:
		refuse(w, status, "UNKNOWN_EXCEPTION")
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, []any{map[string]any{"errorCode": code, "message": "Something is wrong.", "fields": []string{}}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Sforce-Limit-Info", "api-usage=18/5000")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // The sender may have gone away.
	}
}

var version = regexp.MustCompile(`^/services/data/v[0-9]{2}[.]0(/.*)$`)

// key is the only external id.
const key = "Ext__c"

// ServeHTTP implements http.Handler.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/services/oauth2/token" {
		p.Tokens.ServeHTTP(w, r)
		return
	}
	if !p.Tokens.Valid(r) {
		p.Refuse(w, http.StatusUnauthorized)
		return
	}
	m := version.FindStringSubmatch(r.URL.EscapedPath())
	body, err := io.ReadAll(io.LimitReader(r.Body, 100<<20))
	if m == nil || err != nil {
		refuse(w, http.StatusNotFound, "NOT_FOUND")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	path := strings.Split(strings.Trim(m[1], "/"), "/")
	for i := range path {
		path[i], _ = url.PathUnescape(path[i])
	}
	at := r.Method + " " + path[0]
	switch {
	case at == "GET limits":
		answer(w, http.StatusOK, map[string]any{"DailyApiRequests": map[string]any{"Max": 5000, "Remaining": 4982}})
	case at == "GET sobjects" && len(path) == 3 && path[2] == "describe":
		p.describe(w, path[1])
	case at == "PATCH composite" && len(path) == 4 && path[1] == "sobjects":
		p.collection(w, path[2], path[3], body)
	case at == "POST composite" && len(path) == 1:
		p.composite(w, body)
	case len(path) >= 2 && path[0] == "jobs" && path[1] == "ingest":
		p.ingest(w, r, path[2:], body)
	default:
		refuse(w, http.StatusNotFound, "NOT_FOUND")
	}
}

// fields are those of every object, by their types.
var fields = map[string]string{
	key: "string", "Email": "email", "LastName": "string", "FirstName": "string", "Spent__c": "currency", "VIP__c": "boolean", "Seen__c": "datetime",
	"Birthdate": "date", "Topics__c": "multipicklist", "Id": "id",
}

func (p *Platform) describe(w http.ResponseWriter, object string) {
	if p.records[object] == nil {
		refuse(w, http.StatusNotFound, "NOT_FOUND")
		return
	}
	var list []any
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		own := name == "Id"
		f := map[string]any{
			"name": name, "type": fields[name], "length": 0, "createable": !own, "updateable": !own, "externalId": name == key, "idLookup": own || name == key,
			"nillable": name != "LastName" && !own, "defaultedOnCreate": own, "restrictedPicklist": name == "Topics__c", "picklistValues": []any{},
		}
		if name == "Topics__c" {
			f["picklistValues"] = []any{map[string]any{"value": "sport", "active": true}, map[string]any{"value": "culture", "active": true}, map[string]any{"value": "old", "active": false}}
		}
		if name == "LastName" {
			f["length"] = 80
		}
		list = append(list, f)
	}
	answer(w, http.StatusOK, map[string]any{"name": object, "createable": true, "updateable": true, "fields": list})
}

// upsert fills a record, or says why not.
func (p *Platform) upsert(object, id string, values map[string]any) (created bool, code string, wrong []string) {
	if strings.TrimSpace(id) == "" {
		return false, "MISSING_ARGUMENT", []string{key}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		kind, ok := fields[name]
		v := values[name]
		switch text, isText := v.(string); {
		case !ok:
			return false, "INVALID_FIELD", []string{name}
		case p.Poison[name] && v != nil:
			return false, "FIELD_CUSTOM_VALIDATION_EXCEPTION", []string{name}
		case v == nil:
		case kind == "datetime" && isText:
			if _, err := time.Parse("2006-01-02T15:04:05.000Z", text); err != nil {
				return false, "INVALID_TYPE_ON_FIELD_IN_RECORD", []string{name}
			}
		case kind == "email" && isText && !strings.Contains(text, "@"):
			return false, "INVALID_EMAIL_ADDRESS", []string{name}
		}
	}
	record := p.records[object][strings.ToLower(id)]
	if record == nil {
		if last, _ := values["LastName"].(string); last == "" {
			return false, "REQUIRED_FIELD_MISSING", []string{"LastName"}
		}
		record, created = map[string]any{}, true
		p.records[object][strings.ToLower(id)] = record
	}
	for name, v := range values {
		if v == nil {
			delete(record, name)
		} else {
			record[name] = v
		}
	}
	record[key] = id
	return created, "", nil
}

func (p *Platform) collection(w http.ResponseWriter, object, external string, body []byte) {
	var request struct {
		AllOrNone *bool            `json:"allOrNone"`
		Records   []map[string]any `json:"records"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&request)
	switch {
	case p.records[object] == nil, external != key:
		refuse(w, http.StatusNotFound, "NOT_FOUND")
		return
	case err != nil || len(request.Records) == 0 || len(request.Records) > 200 || request.AllOrNone == nil || *request.AllOrNone:
		refuse(w, http.StatusBadRequest, "JSON_PARSER_ERROR")
		return
	}
	results := []any{}
	for _, record := range request.Records {
		attributes, _ := record["attributes"].(map[string]any)
		if attributes["type"] != object {
			refuse(w, http.StatusBadRequest, "INVALID_TYPE")
			return
		}
		delete(record, "attributes")
		id, _ := record[key].(string)
		delete(record, key)
		created, code, wrong := p.upsert(object, id, record)
		if code != "" {
			results = append(results, map[string]any{"success": false, "errors": []any{map[string]any{"statusCode": code, "message": "wrong", "fields": wrong}}})
			continue
		}
		results = append(results, map[string]any{"id": "0035e000008kOABCDE", "success": true, "created": created, "errors": []any{}})
	}
	answer(w, http.StatusOK, results)
}

func (p *Platform) composite(w http.ResponseWriter, body []byte) {
	var request struct {
		AllOrNone bool `json:"allOrNone"`
		Requests  []struct {
			Method string `json:"method"`
			URL    string `json:"url"`
			Ref    string `json:"referenceId"`
		} `json:"compositeRequest"`
	}
	if err := json.Unmarshal(body, &request); err != nil || len(request.Requests) == 0 || len(request.Requests) > 25 {
		refuse(w, http.StatusBadRequest, "JSON_PARSER_ERROR")
		return
	}
	results := []any{}
	for _, one := range request.Requests {
		status, content := http.StatusNotFound, any([]any{map[string]any{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}})
		u, err := url.Parse(one.URL)
		if m := version.FindStringSubmatch(u.EscapedPath()); err == nil && m != nil && one.Method == http.MethodDelete {
			path := strings.Split(strings.Trim(m[1], "/"), "/")
			for i := range path {
				path[i], _ = url.PathUnescape(path[i])
			}
			if len(path) == 4 && path[0] == "sobjects" && path[2] == key && p.records[path[1]][strings.ToLower(path[3])] != nil {
				delete(p.records[path[1]], strings.ToLower(path[3]))
				status, content = http.StatusNoContent, nil
			}
		}
		results = append(results, map[string]any{"body": content, "httpHeaders": map[string]any{}, "httpStatusCode": status, "referenceId": one.Ref})
	}
	answer(w, http.StatusOK, map[string]any{"compositeResponse": results})
}

func (p *Platform) ingest(w http.ResponseWriter, r *http.Request, path []string, body []byte) {
	if len(path) == 0 {
		p.create(w, r, body)
		return
	}
	j := p.jobs[path[0]]
	if j == nil {
		refuse(w, http.StatusNotFound, "NOT_FOUND")
		return
	}
	what := r.Method
	if len(path) == 2 {
		what += " " + path[1]
	}
	switch what {
	case "PUT batches":
		if j.state != "Open" || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/csv") {
			refuse(w, http.StatusBadRequest, "INVALIDJOBSTATE")
			return
		}
		j.head, j.left = nil, nil
		lines, err := csv.NewReader(strings.NewReader(string(body))).ReadAll()
		if err != nil || len(lines) < 2 {
			refuse(w, http.StatusBadRequest, "INVALIDBATCH")
			return
		}
		j.head, j.left = lines[0], lines[1:]
		w.WriteHeader(http.StatusCreated)
	case "PATCH":
		var request struct {
			State string `json:"state"`
		}
		if json.Unmarshal(body, &request) != nil || j.state != "Open" {
			refuse(w, http.StatusBadRequest, "INVALIDJOBSTATE")
			return
		}
		j.state = request.State
		p.say(w, path[0], j)
	case "GET":
		p.work(j)
		p.say(w, path[0], j)
	case "GET failedResults":
		table(w, append([]string{"sf__Id", "sf__Error"}, j.head...), j.failed)
	case "GET unprocessedrecords":
		table(w, j.head, j.left)
	default:
		refuse(w, http.StatusNotFound, "NOT_FOUND")
	}
}

func table(w http.ResponseWriter, head []string, lines [][]string) {
	w.Header().Set("Content-Type", "text/csv")
	out := csv.NewWriter(w)
	_ = out.Write(head)     // The sender may have gone away.
	_ = out.WriteAll(lines) // as above
}

func (p *Platform) create(w http.ResponseWriter, r *http.Request, body []byte) {
	var request map[string]string
	if err := json.Unmarshal(body, &request); err != nil || r.Method != http.MethodPost || request["operation"] != "upsert" || request["contentType"] != "CSV" ||
		p.records[request["object"]] == nil || request["externalIdFieldName"] != key {
		refuse(w, http.StatusBadRequest, "INVALIDJOB")
		return
	}
	id := fmt.Sprintf("7505e00000%08d", len(p.jobs)+1)
	p.jobs[id] = &job{object: request["object"], key: key, state: "Open"}
	p.say(w, id, p.jobs[id])
}

func (p *Platform) say(w http.ResponseWriter, id string, j *job) {
	answer(w, http.StatusOK, map[string]any{
		"id": id, "operation": "upsert", "object": j.object, "state": j.state, "apiVersion": 66.0,
		"numberRecordsProcessed": j.processed, "numberRecordsFailed": j.failures,
	})
}

// work does what a job is about, once it was asked for often enough.
func (p *Platform) work(j *job) {
	if j.state != "UploadComplete" && j.state != "InProgress" {
		return
	}
	j.state = "InProgress"
	if j.asked++; j.asked <= p.Slow {
		return
	}
	j.state = "JobComplete"
	lines := j.left
	if j.left = nil; p.Stops > 0 && len(lines) > p.Stops {
		lines, j.left, j.state = lines[:p.Stops], lines[p.Stops:], "Failed"
	}
	for _, line := range lines {
		values := map[string]any{}
		id := ""
		for i, name := range j.head {
			switch {
			case name == key:
				id = line[i]
			case line[i] == "#N/A":
				values[name] = nil
			case line[i] != "":
				values[name] = line[i]
			}
		}
		p.bulk++
		j.processed++
		if _, code, wrong := p.upsert(j.object, id, values); code != "" {
			j.failures++
			// Salesforce coerces values in these files.
			for i, name := range j.head {
				if name != key && strings.HasSuffix(line[i], "0") {
					line[i] += ".0"
				}
			}
			j.failed = append(j.failed, append([]string{"", code + ":wrong:" + strings.Join(wrong, ",") + " --"}, line...))
		}
	}
}
