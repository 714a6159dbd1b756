package relation_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/models/relation"
	"github.com/customhouse-cdp/customhouse/syncs/normalize"
)

// contact is a row of one of the two sources about people: raw.contacts with
// the time of a row, raw.members without.
type contact struct {
	uid, email, company, site string
	seen                      time.Time
	member                    bool
}

// world is people, companies, and what says who works for whom.
type world struct {
	*modeltest.Bench
	customer, account *config.Entity
	sources           []*config.Source // about people
	companies         *config.Source
	relation          *config.Relation
}

var asOf = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func newWorld(tb testing.TB, primary string) *world {
	tb.Helper()
	w := &world{
		Bench: modeltest.New(tb),
		customer: &config.Entity{Name: "customer", Identifiers: []config.Identifier{
			{Name: "user_id"}, {Name: "email", Normalize: "email"},
		}},
		account: &config.Entity{Name: "account", Identifiers: []config.Identifier{
			{Name: "company_id", Normalize: "trim"}, {Name: "domain", Normalize: "domain"},
		}},
		companies: &config.Source{
			Name: "companies", Table: "raw.companies", Entity: "account",
			Identifiers: strict.Ordered[string]{{Key: "company_id", Value: "id"}, {Key: "domain", Value: "site"}},
		},
	}
	ids := strict.Ordered[string]{{Key: "user_id", Value: "uid"}, {Key: "email", Value: "email"}}
	w.sources = []*config.Source{
		{Name: "contacts", Table: "raw.contacts", Entity: "customer", Identifiers: ids, Time: "seen"},
		{Name: "members", Table: "raw.members", Entity: "customer", Identifiers: ids[1:]},
	}
	w.relation = &config.Relation{
		Name: "employer", From: "customer", To: "account", Primary: primary,
		Via: []config.Via{
			{Source: "contacts", Identifiers: strict.Ordered[string]{{Key: "domain", Value: "site"}, {Key: "company_id", Value: "company"}}},
			{Identifier: "email", As: "domain"},
			{Source: "members", Identifiers: strict.Ordered[string]{{Key: "company_id", Value: "company"}}},
		},
	}
	w.Exec("CREATE TABLE raw.contacts (uid VARCHAR, email VARCHAR, company VARCHAR, site VARCHAR, seen TIMESTAMP)")
	w.Exec("CREATE TABLE raw.members (email VARCHAR, company VARCHAR)")
	w.Exec("CREATE TABLE raw.companies (id VARCHAR, site VARCHAR)")
	return w
}

func (w *world) insert(rows []contact) {
	w.Helper()
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	for _, r := range rows {
		if r.member {
			w.Exec("INSERT INTO raw.members VALUES (?, ?)", text(r.email), text(r.company))
			continue
		}
		at := any(r.seen)
		if r.seen.IsZero() {
			at = nil
		}
		w.Exec("INSERT INTO raw.contacts VALUES (?, ?, ?, ?, ?)", text(r.uid), text(r.email), text(r.company), text(r.site), at)
	}
}

func (w *world) build() {
	w.Helper()
	for _, e := range []struct {
		*config.Entity
		sources []*config.Source
	}{{w.customer, w.sources}, {w.account, []*config.Source{w.companies}}} {
		for _, t := range identity.System(e.Entity, e.sources) {
			w.Statements(t)
		}
		in := identity.Input{Entity: e.Entity, Sources: e.sources, AsOf: asOf, RunID: "run"}
		for _, s := range e.sources {
			w.Steps(identity.Rows(in, s).Steps)
		}
		m := identity.Resolve(in)
		w.Steps(m.Steps)
		w.Statements(m.Commit...)
		for _, s := range e.sources {
			w.Steps(identity.Map(e.Entity, s, nil).Steps)
		}
	}
	in := relation.Input{Relation: w.relation, From: w.customer, To: w.account, Sources: w.sources}
	w.Statements(relation.System(in))
	m := relation.Build(in)
	w.Steps(m.Steps)
	w.Statements(m.Commit...)
}

// pair is a row of the public table.
type pair struct {
	from, to    string
	primary     bool
	first, last string
	rows        int
	source      string
}

func (w *world) pairs() []pair {
	w.Helper()
	var out []pair
	for _, r := range w.Rows(`SELECT customer_id, account_id, is_primary, strftime(first_seen, '%Y-%m-%d'), strftime(last_seen, '%Y-%m-%d'), rows, source
		FROM public.customer_employer ORDER BY customer_id, account_id`) {
		n, err := strconv.Atoi(r[5])
		if err != nil {
			w.Fatal(err)
		}
		out = append(out, pair{r[0], r[1], r[2] == "true", r[3], r[4], n, r[6]})
	}
	return out
}

// known is whose an identifier is, by its type and comparable value.
func (w *world) known(entity string) map[[2]string]string {
	w.Helper()
	out := map[[2]string]string{}
	for _, r := range w.Rows(fmt.Sprintf(`SELECT identifier_type, identifier, %[1]s_id FROM public.%[1]s_identities
		WHERE %[1]s_id IS NOT NULL`, entity)) {
		out[[2]string{r[0], r[1]}] = r[2]
	}
	return out
}

// oracle says in memory who belongs to whom. It takes identities from their
// tables, which have tests of their own.
func (w *world) oracle(rows []contact) []pair {
	w.Helper()
	people, accounts := w.known("customer"), w.known("account")
	company := func(kind, text string) string {
		normal := map[string]string{"company_id": "trim", "domain": "domain"}[kind]
		value, ok := normalize.Value(normal, "", text)
		if !ok || kind == "domain" && slices.Contains(normalize.FreeMail, value) {
			return ""
		}
		return accounts[[2]string{kind, value}]
	}
	email := func(r contact) string {
		value, _ := normalize.Value("email", "", r.email)
		return value
	}
	person := func(r contact) string {
		return cmp.Or(people[[2]string{"user_id", r.uid}], people[[2]string{"email", email(r)}])
	}
	via := []string{"contacts", "email as domain", "members"}
	type key struct{ from, to string }
	type fact struct {
		first, last time.Time
		rows, via   int
	}
	facts := map[key]*fact{}
	add := func(from, to string, how int, times ...time.Time) {
		if from == "" || to == "" {
			return
		}
		f := facts[key{from, to}]
		if f == nil {
			f = &fact{via: len(via)}
			facts[key{from, to}] = f
		}
		f.rows++
		f.via = min(f.via, how)
		for _, at := range times {
			if at.IsZero() {
				continue
			}
			if f.first.IsZero() || at.Before(f.first) {
				f.first = at
			}
			if at.After(f.last) {
				f.last = at
			}
		}
	}
	// An address has one time for all of its rows, that of its identity.
	firstSeen, lastSeen := map[string]time.Time{}, map[string]time.Time{}
	for _, r := range w.Rows(`SELECT identifier, strftime(first_seen, '%Y-%m-%d'), strftime(last_seen, '%Y-%m-%d')
		FROM public.customer_identities WHERE identifier_type = 'email'`) {
		for i, times := range []map[string]time.Time{firstSeen, lastSeen} {
			at, err := time.Parse(time.DateOnly, r[i+1])
			if err != nil {
				w.Fatal(err)
			}
			times[r[0]] = at
		}
	}
	for _, r := range rows {
		if r.member {
			add(people[[2]string{"email", email(r)}], company("company_id", r.company), 2)
		} else {
			add(person(r), cmp.Or(company("company_id", r.company), company("domain", r.site)), 0, r.seen)
		}
		if e := email(r); e != "" {
			from, to := people[[2]string{"email", e}], company("domain", e)
			add(from, to, 1, firstSeen[e], lastSeen[e])
		}
	}

	best := map[string]key{}
	later := func(a, b time.Time) int { return b.Compare(a) }
	for k, f := range facts {
		b, ok := best[k.from]
		if !ok {
			best[k.from] = k
			continue
		}
		g := facts[b]
		ids := func() int {
			x, _ := strconv.Atoi(k.to)
			y, _ := strconv.Atoi(b.to)
			return cmp.Compare(x, y)
		}
		var d int
		switch w.relation.Primary {
		case "latest":
			d = cmp.Or(later(f.last, g.last), cmp.Compare(f.via, g.via), cmp.Compare(g.rows, f.rows), ids())
		case "earliest":
			d = cmp.Or(f.first.Compare(g.first), cmp.Compare(f.via, g.via), cmp.Compare(g.rows, f.rows), ids())
		default:
			d = cmp.Or(cmp.Compare(g.rows, f.rows), cmp.Compare(f.via, g.via), later(f.last, g.last), ids())
		}
		if d < 0 {
			best[k.from] = k
		}
	}
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.DateOnly)
	}
	var out []pair
	for k, f := range facts {
		out = append(out, pair{k.from, k.to, best[k.from] == k, day(f.first), day(f.last), f.rows, via[f.via]})
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	slices.SortFunc(out, func(a, b pair) int {
		return cmp.Or(number(a.from)-number(b.from), number(a.to)-number(b.to))
	})
	return out
}

// TestRandom compares random rows with the oracle, for each choice of the
// primary one.
func TestRandom(t *testing.T) {
	for seed := range uint64(9) {
		primary := config.Primaries[seed%3]
		t.Run(fmt.Sprintf("%s %d", primary, seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 7))
			w := newWorld(t, primary)
			domains := []string{"acme.example", "globex.example", "initech.example", "gmail.com", "unknown.example"}
			maybe := func(share float64, text string) string {
				if rng.Float64() < share {
					return text
				}
				return ""
			}
			for i, d := range []string{"https://www.acme.example/", "globex.example", "INITECH.example", "gmail.com", ""} {
				w.Exec("INSERT INTO raw.companies VALUES (?, nullif(?, ''))", strconv.Itoa(i), d)
			}
			var rows []contact
			for range 120 {
				n := rng.IntN(25)
				r := contact{
					member:  rng.IntN(4) == 0,
					uid:     maybe(0.7, fmt.Sprintf("u%d", n)),
					email:   maybe(0.7, fmt.Sprintf(" P%d@%s", rng.IntN(25), domains[rng.IntN(len(domains))])),
					company: maybe(0.4, fmt.Sprintf(" %d ", rng.IntN(7))),
					site:    maybe(0.5, "http://www."+domains[rng.IntN(len(domains))]+"/about"),
				}
				if r.member {
					r.uid, r.site = "", ""
				} else if rng.IntN(8) > 0 {
					r.seen = asOf.AddDate(0, 0, -1-rng.IntN(8))
				}
				rows = append(rows, r)
			}
			w.insert(rows)
			w.build()
			got, want := w.pairs(), w.oracle(rows)
			if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(pair{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			primaries := map[string]int{}
			for _, p := range got {
				if p.primary {
					primaries[p.from]++
				}
			}
			if len(got) < 20 || len(primaries) < 5 || len(primaries) == len(got) {
				t.Fatalf("got %d pairs of %d people: the test tests nothing", len(got), len(primaries))
			}
		})
	}
}

// TestNobody lists what identifies no account, although the account has it.
func TestNobody(t *testing.T) {
	w := newWorld(t, "latest")
	for i := range 12 { // seen with too many companies: quarantined
		w.Exec("INSERT INTO raw.companies VALUES (?, 'shared.example')", strconv.Itoa(i))
	}
	w.Exec("INSERT INTO raw.companies VALUES ('mail', 'gmail.com'), ('own', 'own.example')")
	w.insert([]contact{
		{uid: "a", email: "a@shared.example", site: "shared.example"},
		{uid: "b", email: "b@gmail.com", site: "gmail.com"},
		{uid: "c", email: "c@elsewhere.example", site: "no domain", company: "none"},
		{uid: "d", email: "d@OWN.example", site: "gmail.com"},
	})
	w.build()
	got := w.pairs()
	if len(got) != 1 || got[0].source != "email as domain" || !got[0].primary {
		t.Errorf("got %+v, want the one of own.example alone", got)
	}
}

// TestOrder: the rows of a table have no order, so that another one gives the
// same table.
func TestOrder(t *testing.T) {
	rows := []contact{
		{uid: "a", company: "1", seen: asOf}, {uid: "a", company: "2", seen: asOf}, {uid: "a", company: "3", seen: asOf},
	}
	var tables [][]pair
	for range 2 {
		w := newWorld(t, "latest")
		w.Exec("INSERT INTO raw.companies VALUES ('1', NULL), ('2', NULL), ('3', NULL)")
		w.insert(rows)
		w.build()
		tables = append(tables, w.pairs())
		slices.Reverse(rows)
	}
	if diff := gocmp.Diff(tables[0], tables[1], gocmp.AllowUnexported(pair{})); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
	if len(tables[0]) != 3 || !tables[0][0].primary {
		t.Errorf("got %+v, want the smallest id of equals to be primary", tables[0])
	}
}
