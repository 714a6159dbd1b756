// Package tiktoktest is a fake of TikTok's interface as far as the members of
// custom audiences go: strict, over real HTTP, with contents of its own. As TikTok
// does, it answers with the status 200 and a code. Start at New.
package tiktoktest

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
	mu        sync.Mutex
	audiences map[string]map[string]bool
}

// The advertiser and the audience that a new platform has.
const (
	Advertiser = "7001"
	Audience   = "456"
)

// New makes a platform with an audience that is empty.
func New() *Platform { return &Platform{audiences: map[string]map[string]bool{Audience: {}}} }

// Members are those of an audience: the type of an id, a colon and the id.
func (p *Platform) Members(id string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.audiences[id]))
}

// Contents implements synctest.Fake.
func (p *Platform) Contents() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[string][]string{}
	for id, members := range p.audiences {
		all[id] = slices.Sorted(maps.Keys(members))
	}
	return map[string]any{"audiences": all}
}

// Violations implements synctest.Fake: there are none that TikTok would not
// complain of.
func (p *Platform) Violations() []string { return nil }

// Refuse implements synctest.Fake: most of it comes with the status 200.
func (p *Platform) Refuse(w http.ResponseWriter, status int) {
	switch status {
	case http.StatusUnauthorized:
		p.answer(w, http.StatusOK, 40105, "Access token is incorrect or has been revoked.", nil)
	case http.StatusTooManyRequests:
		p.answer(w, http.StatusOK, 40100, "Requests made too frequently. Please retry later.", nil)
	case http.StatusInternalServerError:
		p.answer(w, http.StatusOK, 50000, "System error", nil)
	default:
		p.answer(w, status, 50002, "Service unavailable", nil)
	}
}

func (p *Platform) answer(w http.ResponseWriter, status, code int, message string, data any) {
	if data == nil {
		data = struct{}{}
	}
	text, err := json.Marshal(map[string]any{"code": code, "message": message, "request_id": "2026112201020301", "data": data})
	if err != nil {
		panic("tiktoktest: spelling an answer: " + err.Error()) // It is made of texts and numbers.
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // The sender may have gone away.
}

func (p *Platform) unfit(w http.ResponseWriter, why string) {
	p.answer(w, http.StatusOK, 40002, why, nil)
}

// entry is an id, and which audiences it is about; nothing where there is no id.
type entry struct {
	ID        string   `json:"id"`
	Audiences []string `json:"audience_ids"`
}

type call struct {
	Advertisers []string  `json:"advertiser_ids"`
	Action      string    `json:"action"`
	Schema      []string  `json:"id_schema"`
	Data        [][]entry `json:"batch_data"`
}

var (
	digest = regexp.MustCompile(`^[0-9a-f]{64}$`)
	types  = []string{"EMAIL_SHA256", "PHONE_SHA256", "IDFA_SHA256", "AAID_SHA256"}
)

// ServeHTTP serves the interface.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		p.answer(w, http.StatusOK, 40002, "the body is too large", nil)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Header.Get("Access-Token") != synctest.Canary {
		p.Refuse(w, http.StatusUnauthorized)
		return
	}
	query := r.URL.Query()
	switch strings.TrimPrefix(r.URL.Path, "/open_api/v1.3") {
	case "/advertiser/info/":
		list := []any{}
		if query.Get("advertiser_ids") == `["`+Advertiser+`"]` {
			list = append(list, map[string]any{"advertiser_id": Advertiser})
		}
		p.answer(w, http.StatusOK, 0, "OK", map[string]any{"list": list})
	case "/dmp/custom_audience/get/":
		var ids []string
		list := []any{}
		if json.Unmarshal([]byte(query.Get("custom_audience_ids")), &ids) == nil && query.Get("advertiser_id") == Advertiser {
			for _, id := range ids {
				if _, ok := p.audiences[id]; ok {
					list = append(list, map[string]any{"audience_details": map[string]any{"audience_id": id}})
				}
			}
		}
		p.answer(w, http.StatusOK, 0, "OK", map[string]any{"list": list})
	case "/segment/mapping/":
		p.mapping(w, r, body)
	default:
		p.answer(w, http.StatusNotFound, 40006, "there is no such path", nil)
	}
}

// mapping adds members to audiences or takes them off, all or none.
func (p *Platform) mapping(w http.ResponseWriter, r *http.Request, body []byte) {
	var c call
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		p.unfit(w, "the body is not a mapping")
		return
	}
	switch {
	case !slices.Equal(c.Advertisers, []string{Advertiser}):
		p.answer(w, http.StatusOK, 40001, "no permission to operate the advertiser", nil)
		return
	case c.Action != "add" && c.Action != "delete", len(c.Data) == 0, len(c.Data) > 10_000, len(c.Schema) == 0:
		p.unfit(w, "action, id_schema or batch_data is unfit")
		return
	}
	for i, t := range c.Schema {
		if !slices.Contains(types, t) || slices.Contains(c.Schema[:i], t) {
			p.unfit(w, "id_schema has a type that is none, or there twice")
			return
		}
	}
	for _, row := range c.Data {
		if len(row) != len(c.Schema) || !slices.ContainsFunc(row, func(e entry) bool { return e.ID != "" }) {
			p.unfit(w, "a row of batch_data does not follow id_schema, or is empty")
			return
		}
		for _, e := range row {
			if e.ID == "" && len(e.Audiences) == 0 {
				continue
			}
			if !digest.MatchString(e.ID) || len(e.Audiences) != 1 || p.audiences[e.Audiences[0]] == nil {
				p.unfit(w, "an id is not hashed, or its audience is not there")
				return
			}
		}
	}
	for _, row := range c.Data {
		for i, e := range row {
			if e.ID == "" {
				continue
			}
			if there := p.audiences[e.Audiences[0]]; c.Action == "add" {
				there[c.Schema[i]+":"+e.ID] = true
			} else {
				delete(there, c.Schema[i]+":"+e.ID)
			}
		}
	}
	p.answer(w, http.StatusOK, 0, "OK", nil)
}
