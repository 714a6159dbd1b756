package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
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
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// permittedProject sends everybody everywhere: for purposes of four bases, two with
// retention, in every mode that brings something.
const permittedProject = `project: {name: permitted, timezone: UTC}
targets: {local: {type: duckdb, path: shop.duckdb, deliver: true, threads: 1}}
entities:
  - name: customer
    identifiers:
      - {name: user_id, limit: 1000000}
      - {name: mail, shared_by: 1000000}
      - {name: cookie, anonymous: false, shared_by: 1000000}
sources:
  - {name: contacts, table: raw.contacts, entity: customer, identifiers: {user_id: id, mail: mail}, time: said, class: public, erase: true,
     columns: {letters: bool, ads: bool}}
  - {name: words, table: raw.words, entity: customer, events: true, identifiers: {user_id: id, mail: mail, cookie: cookie}, time: said, class: public, erase: true,
     columns: {nr: string, topic: string, what: string, form: string}}
  - {name: visits, table: raw.visits, entity: customer, identifiers: {mail: mail, cookie: cookie}, time: said, class: public, erase: true}
purposes:
  - {name: letters, basis: consent, description: letters, retention: 25 days}
  - {name: ads, basis: consent, description: advertising}
  - {name: offers, basis: legitimate_interests, description: offers to those who have bought, retention: 12 days}
  - {name: service, basis: contract, description: what was ordered}
consents:
  - {name: letters, entity: customer, purpose: letters, from: contacts.letters}
  - {name: ads, entity: customer, purpose: ads, from: contacts.ads}
  - {name: words, entity: customer, source: words, purpose_column: topic, purposes: {letters: [news, post], ads: [ads]},
     status: what, given: ['yes', again], refused: ['no'], provenance: form}
traits:
  - {name: mail, entity: customer, pick: latest, from: [contacts.mail, words.mail, visits.mail]}
  - {name: said, entity: customer, value: words.count()}
segments:
  - {name: talkers, entity: customer, when: said > 0}
destinations:
  - {name: letters, type: webhook, url: '${env:LETTERS}', allow_private: true, results: indexed, allow: [public, internal, personal, sensitive]}
  - {name: ads, type: webhook, url: '${env:ADS}', allow_private: true, results: indexed, allow: [public, internal, personal, sensitive]}
  - {name: offers, type: webhook, url: '${env:OFFERS}', allow_private: true, results: indexed, allow: [public, internal, personal, sensitive]}
  - {name: events, type: webhook, url: '${env:EVENTS}', allow_private: true, results: indexed, allow: [public, internal, personal, sensitive]}
  - {name: exports, type: files, path: exports, file_name: people.csv, replace: true, layout: snapshot, allow: [public, internal, personal, sensitive]}
syncs:
  - {name: letters, from: {entity: customer}, to: {destination: letters, object: a, key: id}, fields: {id: customer_id, mail: mail}, purpose: letters}
  - {name: ads, from: {segment: talkers}, to: {destination: ads, object: b, mode: mirror, key: id}, fields: {id: customer_id, mail: mail}, purpose: ads, guards: {allow_empty: true}}
  - {name: offers, from: {entity: customer}, to: {destination: offers, object: c, mode: add, on_leave: remove_from_audience, key: id}, fields: {id: customer_id, mail: mail}, purpose: offers, guards: {allow_empty: true}}
  - {name: events, from: {source: words}, to: {destination: events, object: d, mode: append, key: nr}, fields: {nr: words.nr, topic: words.topic}, purpose: letters}
  - {name: people, from: {entity: customer}, to: {destination: exports, object: people, mode: mirror, key: id}, fields: {id: customer_id, mail: mail}, purpose: service, guards: {allow_empty: true}}
`

// lawPurposes are those of the project: whether each rests on consent, and how many
// days after somebody was last seen it lasts, 0 for ever.
var lawPurposes = map[string]struct {
	consent bool
	days    int
}{"letters": {true, 25}, "ads": {true, 0}, "offers": {false, 12}, "service": {false, 0}}

// fact is a row of a source.
type fact struct {
	source string
	// ids are the user, the address and the device that it names, "" for none.
	ids [3]string
	// at is the hour of its time, 0 for a row without one.
	at int
	// words are what it says of purposes.
	words map[string]bool
	// event is its number, of words.
	event string
}

// lastWord is the latest that somebody has said of a purpose; at is untimed where no
// word of theirs has a time.
type lastWord struct {
	given bool
	at    int
}

const untimed = -1

// restraint is a request that keeps whoever has one of some identifiers out of
// audiences; purpose is "" for all.
type restraint struct {
	id, kind, purpose string
	of                map[string]bool
}

// lawful is a project, and an evaluation of its own of who may be sent what, from
// the rows of the sources and from what was asked for.
type lawful struct {
	*shopOfTwo
	*testing.T
	r         *rand.Rand
	platforms map[string]*synctest.Platform
	// told are the operations that each platform was sent.
	told  map[string][]synctest.Operation
	mu    sync.Mutex // guards told
	now   int        // the hour of the run
	facts []fact

	// What the last run knew: whose an identifier is, by one of theirs; what they had
	// said; and up to when a merge keeps a refusal, by any identifier of theirs.
	person map[string]string
	said   map[string]map[string]lastWord
	kept   map[string]map[string]int
	// seen is when each combination of identifiers of a source was, and keys are those
	// under which whoever has an identifier was ever sent.
	seen map[string]int
	keys map[string]map[string]bool

	restraints []restraint
	erased     map[string]bool
	// sent are the events that were sent, and gone the keys of the erased.
	sent, gone map[string]bool
	// left are who fell out of some audience by each rule.
	left map[string]int
}

func newLawful(t *testing.T, seed uint64) *lawful {
	t.Helper()
	l := &lawful{
		shopOfTwo: &shopOfTwo{dir: t.TempDir(), env: []string{"USER=tester"}}, T: t, r: rand.New(rand.NewPCG(seed, 67)), platforms: map[string]*synctest.Platform{}, told: map[string][]synctest.Operation{},
		person: map[string]string{}, said: map[string]map[string]lastWord{}, kept: map[string]map[string]int{}, seen: map[string]int{}, keys: map[string]map[string]bool{},
		erased: map[string]bool{}, sent: map[string]bool{}, gone: map[string]bool{}, left: map[string]int{},
	}
	for _, name := range []string{"letters", "ads", "offers", "events"} {
		p := synctest.NewPlatform(synctest.Options{Indexed: true})
		server := httptest.NewServer(l.listen(name, p.Handler()))
		t.Cleanup(server.Close)
		l.platforms[name] = p
		l.env = append(l.env, strings.ToUpper(name)+"="+server.URL)
	}
	if err := os.WriteFile(filepath.Join(l.dir, "customhouse.yaml"), []byte(permittedProject), 0o600); err != nil {
		t.Fatal(err)
	}
	l.sql(t, "CREATE SCHEMA raw",
		"CREATE TABLE raw.contacts (id VARCHAR, mail VARCHAR, said TIMESTAMP, letters BOOLEAN, ads BOOLEAN)",
		"CREATE TABLE raw.words (nr VARCHAR, id VARCHAR, mail VARCHAR, cookie VARCHAR, said TIMESTAMP, topic VARCHAR, what VARCHAR, form VARCHAR)",
		"CREATE TABLE raw.visits (mail VARCHAR, cookie VARCHAR, said TIMESTAMP)")
	return l
}

// listen writes down what a platform is told.
func (l *lawful) listen(name string, platform http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var batch struct{ Operations []synctest.Operation }
		if err = errors.Join(err, json.Unmarshal(body, &batch)); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		l.mu.Lock()
		l.told[name] = append(l.told[name], batch.Operations...)
		l.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		platform.ServeHTTP(w, r)
	})
}

var lawStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func hour(n int) time.Time { return lawStart.Add(time.Duration(n) * time.Hour) }

// load adds rows to the sources.
func (l *lawful) load(rows int) {
	l.Helper()
	null := func(s string) string {
		if s == "" {
			return "NULL"
		}
		return "'" + s + "'"
	}
	var script []string
	for range rows {
		f := fact{source: []string{"contacts", "words", "words", "visits"}[l.r.IntN(4)], words: map[string]bool{}}
		for i := range f.ids {
			if l.r.IntN(5) < 2 {
				f.ids[i] = fmt.Sprintf("%c%d", "umc"[i], l.r.IntN(13))
			}
		}
		switch f.source {
		case "contacts":
			f.ids[2] = ""
		case "visits":
			f.ids[0] = ""
		}
		at := "NULL"
		if l.r.IntN(9) > 0 {
			// Whole days, so that there are ties, from before the last runs as well.
			f.at = max(l.now-24*l.r.IntN(8)*l.r.IntN(4), 1)
			at = "TIMESTAMP '" + hour(f.at).Format(time.DateTime) + "'"
		}
		switch f.source {
		case "contacts":
			text := map[string]string{}
			for _, purpose := range []string{"letters", "ads"} {
				text[purpose] = "NULL"
				if l.r.IntN(4) > 0 {
					f.words[purpose] = l.r.IntN(3) > 0
					text[purpose] = strconv.FormatBool(f.words[purpose])
				}
			}
			script = append(script, fmt.Sprintf("INSERT INTO raw.contacts VALUES (%s, %s, %s, %s, %s)", null(f.ids[0]), null(f.ids[1]), at, text["letters"], text["ads"]))
		case "words":
			topic := []string{"news", "post", "ads", "ads", "else", ""}[l.r.IntN(6)]
			what := []string{"yes", "again", "no", "perhaps", ""}[l.r.IntN(5)]
			if purpose := map[string]string{"news": "letters", "post": "letters", "ads": "ads"}[topic]; purpose != "" && slices.Contains([]string{"yes", "again", "no"}, what) {
				f.words[purpose] = what != "no"
			}
			f.event = fmt.Sprintf("n%d", len(l.facts))
			script = append(script, fmt.Sprintf("INSERT INTO raw.words VALUES ('%s', %s, %s, %s, %s, %s, %s, 'desk')",
				f.event, null(f.ids[0]), null(f.ids[1]), null(f.ids[2]), at, null(topic), null(what)))
		case "visits":
			script = append(script, fmt.Sprintf("INSERT INTO raw.visits VALUES (%s, %s, %s)", null(f.ids[1]), null(f.ids[2]), at))
		}
		l.facts = append(l.facts, f)
	}
	l.sql(l.T, script...)
}

// counts says that a row is somebody's: it names somebody, and nobody who was erased.
func (l *lawful) counts(f fact) bool {
	return f.ids != [3]string{} && !slices.ContainsFunc(f.ids[:], func(x string) bool { return l.erased[x] })
}

// whose is the strongest identifier of a row.
func (f fact) whose() string {
	for _, x := range f.ids {
		if x != "" {
			return x
		}
	}
	return ""
}

// people joins what stands on one row.
func (l *lawful) people() map[string]string {
	root := map[string]string{}
	find := func(x string) string {
		if root[x] == "" {
			root[x] = x
		}
		for root[x] != x {
			x = root[x]
		}
		return x
	}
	for _, f := range l.facts {
		if l.counts(f) {
			for _, x := range f.ids {
				if x != "" {
					root[find(x)] = find(f.whose())
				}
			}
		}
	}
	out := map[string]string{}
	for x := range root {
		out[x] = find(x)
	}
	return out
}

// learn is what a run finds out.
func (l *lawful) learn() {
	person := l.people()
	// Of those who were several when last looked at, a refusal of one is one of all, up
	// to the latest word that any of them had said.
	words := map[string]map[string][]lastWord{}
	for x, list := range l.said {
		if who := person[x]; who != "" {
			for purpose, w := range list {
				if words[who] == nil {
					words[who] = map[string][]lastWord{}
				}
				words[who][purpose] = append(words[who][purpose], w)
			}
		}
	}
	kept := map[string]map[string]int{}
	keep := func(who, purpose string, until int) {
		if kept[who] == nil {
			kept[who] = map[string]int{}
		}
		kept[who][purpose] = max(kept[who][purpose], until)
	}
	for x, list := range l.kept {
		for purpose, until := range list {
			if who := person[x]; who != "" {
				keep(who, purpose, until)
			}
		}
	}
	for who, list := range words {
		for purpose, all := range list {
			until := untimed
			for _, w := range all {
				until = max(until, w.at)
			}
			if len(all) > 1 && until != untimed && slices.ContainsFunc(all, func(w lastWord) bool { return !w.given }) {
				keep(who, purpose, until)
			}
		}
	}
	said := map[string]map[string]lastWord{}
	newest := map[string]int{}
	for _, f := range l.facts {
		if !l.counts(f) {
			continue
		}
		who := person[f.whose()]
		at := f.at
		if at == 0 {
			at = untimed
		}
		for purpose, given := range f.words {
			if said[who] == nil {
				said[who] = map[string]lastWord{}
			}
			was, some := said[who][purpose]
			switch {
			case !some || at > was.at:
				said[who][purpose] = lastWord{given, at}
			case at == was.at:
				said[who][purpose] = lastWord{was.given && given, at}
			}
		}
		combination := fmt.Sprint(f.source, f.ids)
		newest[combination] = max(newest[combination], f.at)
	}
	for who, list := range said {
		for purpose, w := range list {
			if until := kept[who][purpose]; until > 0 && w.at <= until {
				list[purpose] = lastWord{false, until}
			}
		}
	}
	// What has no time at all is seen whenever it is read.
	for combination, at := range newest {
		if at == 0 {
			at = l.now
		}
		l.seen[combination] = max(l.seen[combination], at)
	}
	l.person, l.said, l.kept = person, said, kept
}

// rule is what leaves somebody out of a purpose, "" where nothing does.
func (l *lawful) rule(who, purpose string) string {
	for _, kind := range []string{"restricted", "objected"} {
		for _, x := range l.restraints {
			if x.kind != kind || kind == "objected" && x.purpose != "" && x.purpose != purpose {
				continue
			}
			for id := range x.of {
				if l.person[id] == who {
					return kind
				}
			}
		}
	}
	p := lawPurposes[purpose]
	if p.consent && !l.said[who][purpose].given {
		return "consent"
	}
	if p.days > 0 {
		last := 0
		for _, f := range l.facts {
			if l.counts(f) && l.person[f.whose()] == who {
				last = max(last, l.seen[fmt.Sprint(f.source, f.ids)])
			}
		}
		if last < l.now-24*p.days {
			return "retention"
		}
	}
	return ""
}

// run runs the project, and holds what each audience has and what each platform
// was told against the evaluation.
func (l *lawful) run() {
	l.Helper()
	clear(l.told)
	l.within(l.T, "run", "--as-of", hour(l.now).Format(time.RFC3339))
	l.learn()

	ids := map[string]string{} // by a person's identifier
	owner := map[string]string{}
	known := map[string]bool{}
	for _, row := range l.pairs("SELECT identifier, customer_id FROM customhouse.customer_identities WHERE customer_id IS NOT NULL") {
		who := l.person[row[0]]
		known[row[0]] = true
		if who == "" || ids[who] != "" && ids[who] != row[1] || owner[row[1]] != "" && owner[row[1]] != who {
			l.Fatalf("identifier %s is of customer %s, and of %q by its rows", row[0], row[1], who)
		}
		ids[who], owner[row[1]] = row[1], who
		if l.keys[row[0]] == nil {
			l.keys[row[0]] = map[string]bool{}
		}
		l.keys[row[0]][row[1]] = true
	}
	for x := range l.person {
		if !known[x] {
			l.Fatalf("identifier %s is nobody's", x)
		}
	}
	talks := map[string]bool{}
	for _, f := range l.facts {
		if f.event != "" && l.counts(f) {
			talks[l.person[f.whose()]] = true
		}
	}
	want := map[string][]string{}
	for who, id := range ids {
		for sync, purpose := range map[string]string{"letters": "letters", "ads": "ads", "offers": "offers", "people": "service"} {
			if sync == "ads" && !talks[who] {
				continue
			}
			if rule := l.rule(who, purpose); rule != "" {
				l.left[rule]++
				continue
			}
			want[sync] = append(want[sync], id)
		}
	}
	for _, f := range l.facts {
		if f.event != "" && l.counts(f) && !l.sent[f.event] && l.rule(l.person[f.whose()], "letters") == "" {
			want["events"] = append(want["events"], f.event)
			l.sent[f.event] = true
		}
	}
	same := func(what string, want, got []string) {
		l.Helper()
		slices.Sort(want)
		slices.Sort(got)
		if diff := gocmp.Diff(want, got, gocmp.Transformer("none", func(list []string) []string { return append([]string{}, list...) })); diff != "" {
			l.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	// What is taken away is held as it should be: who left, and nobody else.
	for _, sync := range []string{"ads", "offers"} {
		same(sync+" at the platform", want[sync], slices.Collect(maps.Keys(l.platforms[sync].Records())))
	}
	// A file that nothing changes has whoever was erased until it is written again.
	if slices.ContainsFunc(l.published(), func(key string) bool { return l.gone[key] }) {
		l.within(l.T, "sync", "--full-resync", "--select", "sync:people", "--as-of", hour(l.now).Format(time.RFC3339))
	}
	same("the file", want["people"], l.published())
	for _, sync := range []string{"ads", "offers", "people"} {
		var got []string
		for _, row := range l.pairs("SELECT key, sync FROM customhouse.sync_ledger WHERE sync = '" + sync + "'") {
			got = append(got, row[0])
		}
		same(sync+" in the ledger", want[sync], got)
	}
	// What stays there is told nothing of who may not be sent.
	for _, op := range l.told["letters"] {
		if op.Op == "upsert" && !slices.Contains(want["letters"], op.Key) {
			l.Errorf("letters was told of customer %s", op.Key)
		}
	}
	records := l.platforms["letters"].Records()
	for _, id := range want["letters"] {
		if _, there := records[id]; !there {
			l.Errorf("letters was not told of customer %s", id)
		}
	}
	var events []string
	for _, op := range l.told["events"] {
		events = append(events, op.Key)
	}
	same("events", want["events"], events)
	l.forgotten()
	for name, p := range l.platforms {
		if v := p.Stats().Violations; len(v) > 0 {
			l.Errorf("%s was misused: %v", name, v)
		}
	}
}

// forgotten: nothing is held of the erased, under none of the ids that they had.
func (l *lawful) forgotten() {
	l.Helper()
	for name, p := range l.platforms {
		for key, fields := range p.Records() {
			if l.gone[key] {
				l.Errorf("%s holds the erased customer %s", name, key)
			}
			var record struct{ Mail string }
			if err := json.Unmarshal([]byte(fields), &record); err != nil {
				l.Fatal(err)
			}
			if l.erased[record.Mail] {
				l.Errorf("%s holds the erased %s", name, record.Mail)
			}
		}
	}
}

// pairs reads two columns as texts.
func (l *lawful) pairs(query string) (out [][2]string) {
	l.Helper()
	for _, row := range l.rows(l.T, "SELECT a || ' ' || b FROM ("+query+") AS q (a, b)") {
		a, b, _ := strings.Cut(row, " ")
		out = append(out, [2]string{a, b})
	}
	return out
}

// published are the keys in the file.
func (l *lawful) published() (keys []string) {
	l.Helper()
	text, err := os.ReadFile(filepath.Join(l.dir, "exports", "people.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		l.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		l.Fatal(err)
	}
	for _, record := range records[1:] {
		keys = append(keys, record[slices.Index(records[0], "id")])
	}
	return keys
}

// ask makes a request of somebody, or takes one back.
func (l *lawful) ask() {
	l.Helper()
	kind := l.r.IntN(3)
	x := fmt.Sprintf("%c%d", "umc"[kind], l.r.IntN(13))
	named := []string{"user_id", "mail", "cookie"}[kind] + "=" + x
	request := func(args ...string) string {
		var r requested
		text := l.within(l.T, append([]string{"--format", "json", "privacy"}, append(args, "--evidence", "ticket 1")...)...)
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			l.Fatal(err)
		}
		return r.ID
	}
	// Whoever it is, as far as the last run knew.
	all := map[string]bool{x: true}
	for other, who := range l.person {
		if who == l.person[x] {
			all[other] = true
		}
	}
	switch what := l.r.IntN(8); {
	case what < 2:
		l.restraints = append(l.restraints, restraint{request("restrict", named), "restricted", "", all})
	case what < 5:
		args := []string{"object", named}
		purpose := []string{"", "letters", "ads", "offers", "service"}[l.r.IntN(5)]
		if purpose != "" {
			args = append(args, "--purpose", purpose)
		}
		l.restraints = append(l.restraints, restraint{request(args...), "objected", purpose, all})
	case what < 7 && len(l.restraints) > 0:
		i := l.r.IntN(len(l.restraints))
		l.within(l.T, "privacy", "withdraw", l.restraints[i].id, "--because", "they said so")
		l.restraints = slices.Delete(l.restraints, i, i+1)
	case what == 7 && !l.erased[x]:
		request("erase", named, "--yes")
		for id := range all {
			l.erased[id] = true
			maps.Copy(l.gone, l.keys[id])
			delete(l.said, id)
			delete(l.kept, id)
			delete(l.person, id)
		}
		// What they had asked for is theirs, and ends with them.
		l.restraints = slices.DeleteFunc(l.restraints, func(y restraint) bool {
			for id := range y.of {
				if all[id] {
					return true
				}
			}
			return false
		})
		l.forgotten()
	}
}

// TestNobodyIsSentWithoutPermission: for random words, merges and requests, each
// audience has exactly whom an evaluation in Go permits, platforms and files hold
// them and nobody else, and are told of nobody else. models/compile has the same of
// the SQL alone, for more people.
func TestNobodyIsSentWithoutPermission(t *testing.T) {
	t.Parallel()
	seeds, runs := uint64(2), 4
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		seeds, runs = 60, 7
	}
	left, kept, erased := map[string]int{}, 0, 0
	for seed := range seeds {
		l := newLawful(t, seed)
		for range runs {
			l.now += 24 * (3 + l.r.IntN(8))
			l.load(12)
			l.run()
			kept += len(l.kept)
			if t.Failed() {
				t.Fatalf("seed %d, on %s", seed, hour(l.now).Format(time.DateOnly))
			}
			l.load(12)
			for range 1 + l.r.IntN(4) {
				l.ask()
			}
		}
		erased += len(l.erased)
		for rule, n := range l.left {
			left[rule] += n
		}
	}
	t.Logf("left out: %v; %d refusals were kept by merges, %d identifiers erased", left, kept, erased)
	for _, rule := range []string{"restricted", "objected", "consent", "retention"} {
		if left[rule] == 0 {
			t.Errorf("nobody was left out by %s: the test says too little", rule)
		}
	}
	if kept == 0 || erased == 0 {
		t.Errorf("%d refusals were kept and %d identifiers erased: the test says too little", kept, erased)
	}
}
