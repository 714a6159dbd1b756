package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/customhouse-cdp/customhouse/syncs/meta/metatest"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// manyProject sends people to five destinations: one that erases them, one that has
// audiences, one that erases by requests of a webhook, one that deletes and that
// refuses some, and one that they are taken off.
const manyProject = `project: {name: shop, timezone: UTC}
targets: {local: {type: duckdb, path: shop.duckdb, deliver: true}}
purposes:
  - {name: service, basis: contract, description: What people have asked us for.}
entities:
  - name: customer
    identifiers:
      - {name: user_id, class: personal}
      - {name: email, normalize: email, class: personal}
      - {name: cookie, anonymous: false}
sources:
  - {name: contacts, table: raw.contacts, class: personal, erase: true, entity: customer, identifiers: {user_id: user_id, email: email}, time: seen, columns: {name: string}}
  - {name: visits, table: raw.visits, class: personal, erase: true, entity: customer, events: true, identifiers: {cookie: cookie, email: email}, time: seen, columns: {page: string}}
traits:
  - {name: email, entity: customer, pick: latest, from: contacts.email}
  - {name: user, entity: customer, pick: latest, from: contacts.user_id}
  - {name: name, entity: customer, pick: latest, from: contacts.name, history: true}
  - {name: visited, entity: customer, value: visits.count()}
segments:
  - {name: named, entity: customer, when: 'name != ""'}
destinations:
  - {name: crm, type: hubspot, token: '${env:TOKEN}', base_url: '${env:HUBSPOT_URL}', allow_private: true, allow: [public, internal, personal]}
  - {name: ads, type: meta, access_token: '${env:TOKEN}', base_url: '${env:META_URL}', allow_private: true, allow: [public, internal, personal]}
  - {name: app, type: webhook, url: '${env:APP_URL}', results: indexed, erase_by: email, allow_private: true, allow: [public, internal, personal]}
  - {name: desk, type: webhook, url: '${env:DESK_URL}', results: indexed, allow_private: true, allow: [public, internal, personal]}
  - {name: letters, type: webhook, url: '${env:LETTERS_URL}', results: indexed, allow_private: true, allow: [public, internal, personal]}
syncs:
  - {name: to_crm, from: {segment: named}, to: {destination: crm, object: contacts, key: email}, fields: {email: email, firstname: name}, purpose: service}
  - {name: to_ads, from: {segment: named}, to: {destination: ads, object: audience/456, mode: mirror, key: external_id}, fields: {external_id: user, email: email}, purpose: service, guards: {allow_empty: true}}
  - {name: to_app, from: {segment: named}, to: {destination: app, object: users, key: email}, fields: {email: email, name: name}, purpose: service}
  - {name: to_desk, from: {entity: customer}, to: {destination: desk, object: people, mode: mirror, key: user}, fields: {user: user, name: name, visited: visited}, purpose: service, guards: {allow_empty: true}}
  - {name: to_letters, from: {segment: named}, to: {destination: letters, object: list, mode: add, on_leave: remove_from_audience, key: email}, fields: {email: email, name: name}, purpose: service}
`

// shopper is somebody with random values that are nobody else's.
type shopper struct{ user, first, second, cookie, name string }

func (p shopper) values() []string { return []string{p.user, p.first, p.second, p.cookie, p.name} }

// shopOfMany is a project after two days, in which each of many people has two
// addresses, with webhooks beside the platforms.
type shopOfMany struct {
	shopOfTwo
	r         *rand.Rand
	platforms map[string]*synctest.Platform
	mu        sync.Mutex // guards told
	// told are the operations that each webhook was sent.
	told map[string][]synctest.Operation
	// leaving will be erased, staying not.
	leaving, staying []shopper
}

func (s *shopOfMany) somebody() shopper {
	token := func() string {
		var random [6]byte
		for i := range random {
			random[i] = byte(s.r.Uint32())
		}
		return hex.EncodeToString(random[:])
	}
	return shopper{"u-" + token(), token() + "@example.com", token() + "@mail.example.org", "cookie-" + token(), "Name " + token()}
}

func newShopOfMany(t *testing.T, seed uint64, leaving, staying int) *shopOfMany {
	t.Helper()
	s := &shopOfMany{
		shopOfTwo: shopOfTwo{dir: t.TempDir()}, r: rand.New(rand.NewPCG(seed, 71)), platforms: map[string]*synctest.Platform{}, told: map[string][]synctest.Operation{},
	}
	s.openPlatforms(t)
	for _, name := range []string{"app", "desk", "letters"} {
		// The desk refuses every third: those are dead letters.
		p := synctest.NewPlatform(synctest.Options{Indexed: true, Echo: true, Poison: func(op synctest.Operation) bool {
			return name == "desk" && op.Op == "upsert" && len(op.Key) > 0 && op.Key[len(op.Key)-1]%3 == 0
		}})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			var batch struct{ Operations []synctest.Operation }
			if err != nil || json.Unmarshal(body, &batch) != nil {
				http.Error(w, "no batch", http.StatusBadRequest)
				return
			}
			s.mu.Lock()
			s.told[name] = append(s.told[name], batch.Operations...)
			s.mu.Unlock()
			r.Body = io.NopCloser(bytes.NewReader(body))
			p.Handler().ServeHTTP(w, r)
		}))
		t.Cleanup(server.Close)
		s.platforms[name] = p
		s.env = append(s.env, strings.ToUpper(name)+"_URL="+server.URL)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "customhouse.yaml"), []byte(manyProject), 0o600); err != nil {
		t.Fatal(err)
	}
	for range leaving {
		s.leaving = append(s.leaving, s.somebody())
	}
	for range staying {
		s.staying = append(s.staying, s.somebody())
	}
	s.sql(t, "CREATE SCHEMA raw", "CREATE TABLE raw.contacts (user_id VARCHAR, email VARCHAR, name VARCHAR, seen TIMESTAMP)",
		"CREATE TABLE raw.visits (cookie VARCHAR, email VARCHAR, page VARCHAR, seen TIMESTAMP)")
	// Two people each at first: a contact, and a visitor with another address.
	s.load(t, s.leaving, 1)
	s.load(t, s.staying, 1)
	s.within(t, "run", "--as-of", "2026-01-02")
	var join []string
	for _, p := range slices.Concat(s.leaving, s.staying) {
		join = append(join, fmt.Sprintf("INSERT INTO raw.contacts VALUES ('%s', '%s', '%s', TIMESTAMP '2026-01-02')", p.user, p.second, p.name))
	}
	s.sql(t, join...)
	s.within(t, "run", "--as-of", "2026-01-03")
	return s
}

// load brings rows of people.
func (s *shopOfMany) load(t *testing.T, people []shopper, day int) {
	t.Helper()
	var script []string
	for _, p := range people {
		script = append(script,
			fmt.Sprintf("INSERT INTO raw.contacts VALUES ('%s', '%s', '%s', TIMESTAMP '2026-01-%02d')", p.user, p.first, p.name, day),
			fmt.Sprintf("INSERT INTO raw.visits VALUES ('%s', '%s', 'home', TIMESTAMP '2026-01-%02d')", p.cookie, p.second, day))
	}
	s.sql(t, script...)
}

// holding are the values of people that platforms have.
func (s *shopOfMany) holding(people []shopper) (out []string) {
	all := map[string]string{}
	for name, p := range s.platforms {
		all[name] = fmt.Sprint(p.Records(), p.Archived())
	}
	all["hubspot"] = fmt.Sprint(s.hubspot.Records("contacts"))
	for _, p := range people {
		for _, v := range p.values() {
			for name, text := range all {
				if strings.Contains(text, v) {
					out = append(out, name+" has "+v)
				}
			}
		}
	}
	return out
}

// told are the operations by which a webhook was asked to do without somebody.
func (s *shopOfMany) removals(name string, p shopper) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range s.told[name] {
		if slices.Contains([]string{"remove", "delete", "erase"}, op.Op) && slices.Contains(p.values(), op.Key) {
			n++
		}
	}
	return n
}

// kept is how many rows of a table have one of some values.
func (s *shopOfMany) kept(t *testing.T, table string, people []shopper) int {
	t.Helper()
	var values []string
	for _, p := range people {
		values = append(values, p.values()...)
	}
	n, err := strconv.Atoi(s.rows(t, fmt.Sprintf("SELECT count(*) FROM customhouse.%s AS t WHERE regexp_matches(CAST(t AS VARCHAR), '%s')", table, strings.Join(values, "|")))[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestErasures erases random people from five destinations, the graph of identities,
// the state, dead letters and the audit log, and kills each of the erasures at three of
// its points. Each destination was asked and has answered, what shows it is kept,
// nobody comes back with the next load, and no value of theirs is in any file.
func TestErasures(t *testing.T) { //nolint:tparallel // each is several processes
	t.Parallel()
	shops, people := 1, 3
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		shops, people = 10, 20
	}
	kills, steps, letters := 0, 0, 0
	for shop := range shops {
		t.Run(strconv.Itoa(shop), func(t *testing.T) {
			s := newShopOfMany(t, uint64(shop), people, 4)
			if missing := slices.DeleteFunc(slices.Clone(s.leaving), func(p shopper) bool { return len(s.holding([]shopper{p})) > 0 }); len(missing) > 0 {
				t.Fatalf("%d people were sent nowhere", len(missing))
			}
			letters += s.kept(t, "sync_rejections", s.leaving)
			for _, p := range s.leaving {
				// The first, second and last third of what there is to do.
				third := len(erasing) / 3
				point := func(n int) string { return erasing[n*third+s.r.IntN(third)] }
				named := []string{"email=" + strings.ToUpper(p.first), "email=" + p.second, "user_id=" + p.user, "cookie=" + p.cookie}[s.r.IntN(4)]
				for n, args := range [][]string{
					{"privacy", "erase", named, "--yes", "--evidence", "ticket 1"}, {"sync", "--as-of", "2026-01-03"}, {"sync", "--as-of", "2026-01-03"},
				} {
					at := point(n)
					if s.dying(t, at, 1, args...) {
						kills++
					} else {
						t.Errorf("it did not come to %s", at)
					}
				}
				s.within(t, "sync", "--as-of", "2026-01-03")
			}
			requests := s.asked(t)
			if len(requests) != people {
				t.Fatalf("there are %d requests, want %d", len(requests), people)
			}
			for _, r := range requests {
				if r.Status != "done" {
					t.Errorf("request %s is %s: %+v", r.ID, r.Status, r.Steps)
				}
				asked := 0
				for _, x := range r.Steps {
					steps++
					if x.Status != "done" || x.At == nil || x.Attempts == 0 {
						t.Errorf("%s %s is %s: %+v", x.Step, x.System, x.Status, x)
					}
					if x.Step == "remove" || x.Step == "erase" {
						if asked++; x.Receipt == "" {
							t.Errorf("nothing shows that %s %s is done", x.Step, x.System)
						}
					}
				}
				if asked != 10 {
					t.Errorf("request %s has %d steps at five destinations, want 10", r.ID, asked)
				}
			}
			for _, p := range s.leaving {
				for _, name := range []string{"app", "desk", "letters"} {
					if s.removals(name, p) == 0 {
						t.Errorf("%s was never asked to do without %s", name, p.user)
					}
				}
				if !s.hubspot.Blocked(p.first) || !s.hubspot.Blocked(p.second) {
					t.Errorf("hubspot was not asked to erase %s", p.user)
				}
			}
			gone := func(when string, but ...string) {
				t.Helper()
				var values []string
				for _, p := range s.leaving {
					values = append(values, p.values()...)
				}
				left := slices.DeleteFunc(s.having(t, values), func(place string) bool {
					return slices.ContainsFunc(but, func(prefix string) bool { return strings.HasPrefix(place, prefix) })
				})
				if left = append(left, s.holding(s.leaving)...); len(left) > 0 {
					t.Errorf("%s: %s", when, strings.Join(left, "\n"))
				}
				if n := len(s.meta.Members(metatest.Audience)); n != len(s.staying) {
					t.Errorf("%s: the audience has %d members, want %d", when, n, len(s.staying))
				}
				if got := s.rows(t, "SELECT count(*) FROM customhouse.customer_profiles"); got[0] != strconv.Itoa(len(s.staying)) {
					t.Errorf("%s: there are %s profiles, want %d", when, got[0], len(s.staying))
				}
				for _, p := range s.staying {
					if len(s.holding([]shopper{p})) == 0 {
						t.Errorf("%s: nothing is left of %s, who asked for nothing", when, p.user)
					}
				}
			}
			s.within(t, "run", "--as-of", "2026-01-04")
			gone("erased")
			// Their rows are loaded again, and bring nobody back.
			s.load(t, s.leaving, 4)
			s.within(t, "run", "--as-of", "2026-01-05")
			s.within(t, "sync", "--as-of", "2026-01-05")
			gone("loaded again", "table raw.", "file /shop.duckdb")
			s.within(t, "privacy", "audit", "--verify")
		})
	}
	t.Logf("%d people were erased from five destinations, and killed %d times meanwhile; %d steps were done, and %d rows of dead letters had been theirs", shops*people, kills, steps, letters)
	if !t.Failed() && (kills != 3*shops*people || letters == 0) {
		t.Errorf("%d kills and %d dead letters: the test says too little", kills, letters)
	}
}
