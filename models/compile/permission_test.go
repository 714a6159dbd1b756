package compile_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/sql"
)

const permissions = `
project: {name: permissions}
targets: {local: {type: any}}
entities:
  - name: customer
    identifiers: [{name: user_id, limit: 1000000}, {name: mail}]
    hold: true
    suspect_size: 1
sources:
  - {name: contacts, table: raw.contacts, entity: customer, identifiers: {user_id: id, mail: mail}, time: said_at, class: public, columns: {ok: bool}}
  - {name: words, table: raw.words, entity: customer, events: true, identifiers: {user_id: id, mail: mail}, time: said_at, class: public,
     columns: {nr: string, topic: string, what: string, via: string}}
  - {name: links, table: raw.links, entity: customer, identifiers: {user_id: id, mail: mail}, class: public}
purposes:
  - {name: marketing, basis: consent, description: letters}
  - {name: ads, basis: consent, description: advertising}
  - {name: service, basis: contract, description: what was ordered}
consents:
  - {name: contacts, entity: customer, purpose: marketing, from: contacts.ok}
  - {name: words, entity: customer, source: words, purpose_column: topic, purposes: {marketing: [news, offers], ads: [ads]},
     status: what, given: [yes, again], refused: [no], provenance: via}
  - {name: strict, entity: customer, source: words, purpose_column: topic, purposes: {ads: [all]}, status: what, given: [yes]}
traits:
  - {name: said, entity: customer, value: words.count()}
segments:
  - {name: willing, entity: customer, when: 'consent("marketing")'}
  - {name: talkers, entity: customer, when: said > 0}
destinations: [{name: d, type: any, allow: [public, internal, personal, sensitive]}]
syncs:
  - {name: marketing, from: {entity: customer}, to: {destination: d, object: a, mode: mirror, key: id}, fields: {id: customer_id}, purpose: marketing}
  - {name: ads, from: {segment: talkers}, to: {destination: d, object: b, mode: remove, key: id}, fields: {id: customer_id}, purpose: ads}
  - {name: service, from: {entity: customer}, to: {destination: d, object: c, key: id}, fields: {id: customer_id}, purpose: service}
  - {name: events, from: {source: words}, to: {destination: d, object: e, mode: append, key: nr}, fields: {nr: words.nr}, purpose: ads}
`

// saying is one row of the sources; day 0 is no time.
type saying struct {
	user, mail string
	// about has the purpose that given is about, "" for a row that says nothing.
	about string
	given bool
	day   int
	hour  int
	event string
}

// verdict is what somebody has last said of a purpose.
type verdict struct {
	given bool
	hour  int
}

// regulator is an evaluation of its own: who may be sent what, from the raw rows.
type regulator struct {
	rows []saying
	// before are the people of the last run with their verdicts, and kept the
	// refusals that merges kept, each by one of the person's identifiers.
	before map[string]map[string]verdict
	kept   map[string]map[string]int
	// restricted and objecting are identifiers, objecting to a purpose or to "".
	restricted map[string]bool
	objecting  map[[2]string]bool
	erased     map[string]bool
}

func (g *regulator) gone(s saying) bool { return g.erased[s.user] || g.erased[s.mail] }

// people are the identifiers of everybody by one of them.
func (g *regulator) people() map[string]string {
	root := map[string]string{}
	var find func(x string) string
	find = func(x string) string {
		if root[x] == "" || root[x] == x {
			root[x] = x
			return x
		}
		root[x] = find(root[x])
		return root[x]
	}
	for _, s := range g.rows {
		if g.gone(s) {
			continue
		}
		switch {
		case s.user != "" && s.mail != "":
			root[find(s.user)] = find(s.mail)
		case s.user != "":
			find(s.user)
		case s.mail != "":
			find(s.mail)
		}
	}
	for x := range root {
		find(x)
	}
	return root
}

// run is what a run finds: the verdicts of everybody.
func (g *regulator) run() map[string]map[string]verdict {
	person := g.people()
	kept := map[string]map[string]int{}
	keep := func(who, purpose string, day int) {
		if kept[who] == nil {
			kept[who] = map[string]int{}
		}
		kept[who][purpose] = max(kept[who][purpose], day)
	}
	for x, days := range g.kept {
		if who := person[x]; who != "" {
			for purpose, day := range days {
				keep(who, purpose, day)
			}
		}
	}
	for _, purpose := range []string{"marketing", "ads"} {
		said := map[string][]verdict{}
		for x, v := range g.before {
			if who, some := person[x], v[purpose]; who != "" && some != (verdict{}) {
				said[who] = append(said[who], some)
			}
		}
		for who, list := range said {
			refused, last := false, 0
			for _, v := range list {
				refused, last = refused || !v.given, max(last, v.hour)
			}
			if len(list) > 1 && refused && last > 0 {
				keep(who, purpose, last)
			}
		}
	}
	out := map[string]map[string]verdict{}
	for _, s := range g.rows {
		if g.gone(s) || s.about == "" {
			continue
		}
		who := person[cmp.Or(s.user, s.mail)]
		if out[who] == nil {
			out[who] = map[string]verdict{}
		}
		// A day of -1 stands for no time, so that nothing said is the zero value.
		day := 24*s.day + s.hour
		if s.day == 0 {
			day = -1
		}
		was, some := out[who][s.about]
		switch {
		case !some || day > was.hour:
			out[who][s.about] = verdict{s.given, day}
		case day == was.hour:
			out[who][s.about] = verdict{was.given && s.given, day}
		}
	}
	for who, list := range out {
		for purpose, v := range list {
			if until := kept[who][purpose]; until > 0 && v.hour <= until {
				list[purpose] = verdict{false, until}
			}
		}
	}
	g.before, g.kept = out, kept
	return out
}

// forbids says that somebody is restricted or objects.
func (g *regulator) forbids(person map[string]string, who, purpose string) bool {
	for x, p := range person {
		if p == who && (g.restricted[x] || g.objecting[[2]string{x, ""}] || g.objecting[[2]string{x, purpose}]) {
			return true
		}
	}
	return false
}

// TestNobodyWithoutPermission: no audience ever has somebody whose latest word on
// its purpose is no, or who said nothing, or who is restricted, objects or was
// erased; and it has everybody else. A run over what has not changed changes
// nothing, and neither does one that reads everything.
func TestNobodyWithoutPermission(t *testing.T) {
	t.Parallel()
	seeds := uint64(4)
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		seeds = 150
	}
	kept, sent, restricted, gone, withdrawn := 0, 0, 0, 0, 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 61))
		b := modeltest.New(t)
		b.Exec("CREATE TABLE raw.contacts (id VARCHAR, mail VARCHAR, said_at TIMESTAMP, ok BOOLEAN)")
		b.Exec("CREATE TABLE raw.words (nr VARCHAR, id VARCHAR, mail VARCHAR, said_at TIMESTAMP, topic VARCHAR, what VARCHAR, via VARCHAR)")
		b.Exec("CREATE TABLE raw.links (id VARCHAR, mail VARCHAR)")
		g := &regulator{restricted: map[string]bool{}, objecting: map[[2]string]bool{}, erased: map[string]bool{}}
		null := func(s string) any {
			if s == "" {
				return nil
			}
			return s
		}
		time0 := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for run := 1; run <= 5; run++ {
			now := time0.AddDate(0, 0, run*10)
			for range 24 {
				s := saying{user: fmt.Sprint("u", r.IntN(14)), mail: fmt.Sprint("m", r.IntN(14))}
				switch r.IntN(7) {
				case 0, 1, 2:
					s.user = ""
				case 3, 4, 5:
					s.mail = ""
				}
				s.day = run*10 - 9 + r.IntN(9)
				if r.IntN(4) == 0 {
					s.day = max(s.day-8, 1) // late
				}
				if r.IntN(8) == 0 {
					s.day = 0
				}
				var at any
				if s.day > 0 {
					at = time0.AddDate(0, 0, s.day)
				}
				switch r.IntN(6) {
				case 0:
					b.Exec("INSERT INTO raw.links VALUES (?, ?)", null(s.user), null(s.mail))
				case 1, 2:
					ok := any(r.IntN(3) > 0)
					if r.IntN(5) == 0 {
						ok = nil
					} else {
						s.about, s.given = "marketing", ok == true
					}
					b.Exec("INSERT INTO raw.contacts VALUES (?, ?, ?, ?)", null(s.user), null(s.mail), at, ok)
				default:
					topic := []string{"news", "offers", "ads", "all", "other", ""}[r.IntN(6)]
					what := []string{"yes", "again", "yes", "no", "perhaps", ""}[r.IntN(6)]
					purpose := map[string]string{"news": "marketing", "offers": "marketing", "ads": "ads", "all": "ads"}[topic]
					switch {
					case purpose == "" || what == "":
					case topic == "all":
						s.about, s.given = purpose, what == "yes"
					case what != "perhaps":
						s.about, s.given = purpose, what != "no"
					}
					s.event = fmt.Sprint("n", len(g.rows))
					b.Exec("INSERT INTO raw.words VALUES (?, ?, ?, ?, ?, ?, 'form')", s.event, null(s.user), null(s.mail), at, null(topic), null(what))
				}
				g.rows = append(g.rows, s)
			}
			opt := compile.Options{AsOf: now, RunID: fmt.Sprint("run", run)}
			if run > 1 {
				opt.Erased = erased(b, permissions)
			}
			plan := execute(b, permissions, opt)
			verdicts := g.run()
			kept += len(g.kept)

			check := func(what string) {
				t.Helper()
				person := g.people()
				ids := map[string]string{} // of people
				for _, row := range b.Rows("SELECT identifier, customer_id FROM public.customer_identities WHERE customer_id IS NOT NULL") {
					if who := person[row[0]]; who != "" {
						ids[who] = row[1]
					}
				}
				talks := map[string]bool{}
				var wantEvents []string
				for _, s := range g.rows {
					if s.event == "" || g.gone(s) {
						continue
					}
					who := person[cmp.Or(s.user, s.mail)]
					talks[who] = true
					if verdicts[who]["ads"].given && !g.forbids(person, who, "ads") {
						wantEvents = append(wantEvents, s.event)
					}
				}
				for _, a := range plan.Audiences {
					b.Steps(a.Steps)
					var want []string
					for who, id := range ids {
						purpose := a.Sync.Purpose
						if (purpose == "service" || verdicts[who][purpose].given) && !g.forbids(person, who, purpose) && (a.Sync.Name != "ads" || talks[who]) {
							want = append(want, id)
						}
					}
					if a.Sync.Name == "events" {
						want = wantEvents
					}
					var got []string
					for _, row := range b.Rows("SELECT key FROM work.wanted_" + a.Sync.Name) {
						got = append(got, row[0])
					}
					slices.Sort(want)
					slices.Sort(got)
					sent += len(got)
					if diff := gocmp.Diff(want, got); diff != "" {
						t.Fatalf("seed %d run %d %s: audience %s (-want +got):\n%s", seed, run, what, a.Sync.Name, diff)
					}
				}
				if what != "run" {
					return
				}
				var want []string
				for who, list := range verdicts {
					if list["marketing"].given {
						want = append(want, ids[who])
					}
				}
				var got []string
				for _, row := range b.Rows("SELECT customer_id FROM public.segment_members WHERE segment = 'willing'") {
					got = append(got, row[0])
				}
				slices.Sort(want)
				slices.Sort(got)
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Fatalf("seed %d run %d: consent() (-want +got):\n%s", seed, run, diff)
				}
				// Who looks is told the same.
				trial, found := compile.Try(load(t, permissions), opt, compile.Wanted{Entity: "customer", Segments: []string{"willing"}})
				if found.HasErrors() {
					t.Fatal(found)
				}
				b.Statements(trial.Discard...)
				b.Steps(trial.Prepare)
				got = nil
				for _, row := range b.Rows(fmt.Sprintf("SELECT customer_id FROM work.%s WHERE %s", trial.Members.Name, sql.DuckDB.QuoteName(expr.SegmentColumn("willing")))) {
					got = append(got, row[0])
				}
				b.Statements(trial.Discard...)
				slices.Sort(got)
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Fatalf("seed %d run %d: consent() of a trial (-want +got):\n%s", seed, run, diff)
				}
			}
			check("run")
			all := func() []string {
				return strings.Split(lines(b, "SELECT * FROM public.customer_consents ORDER BY ALL")+"\n--\n"+
					lines(b, "SELECT * FROM public.customer_consent_merges ORDER BY ALL")+"\n--\n"+
					lines(b, "SELECT segment, customer_id FROM public.segment_members ORDER BY ALL"), "\n")
			}
			before := all()
			for what, again := range map[string]compile.Options{"again": opt, "refreshed": {AsOf: now, RunID: opt.RunID, Refresh: true, Left: compile.Left{Erased: opt.Erased}}} {
				execute(b, permissions, again)
				if diff := gocmp.Diff(before, all()); diff != "" {
					t.Fatalf("seed %d run %d %s (-before +after):\n%s", seed, run, what, diff)
				}
			}
			// Of what was asked for between two runs the audiences know at once.
			for range r.IntN(3) {
				typ, x := "mail", fmt.Sprint("m", r.IntN(14))
				if r.IntN(2) == 0 {
					typ, x = "user_id", fmt.Sprint("u", r.IntN(14))
				}
				kind, purpose := "objected", []string{"", "marketing", "ads"}[r.IntN(3)]
				if r.IntN(2) == 0 {
					kind, purpose = "restricted", ""
					g.restricted[x] = true
				} else {
					g.objecting[[2]string{x, purpose}] = true
				}
				b.Exec("INSERT INTO public.privacy_restrictions VALUES ('r', 'customer', ?, ?, ?, ?, NULL)", typ, x, kind, null(purpose))
				restricted++
			}
			check("asked")
			// So does who sends about words that come while it does: the latest counts.
			late := saying{mail: fmt.Sprint("m", r.IntN(14)), about: "ads", day: run*10 + 1, event: fmt.Sprint("n", len(g.rows))}
			for i, what := range []string{"yes", "no"} {
				b.Exec("INSERT INTO raw.words VALUES (?, NULL, ?, ?, 'ads', ?, NULL)", fmt.Sprint(late.event, i), late.mail, time0.AddDate(0, 0, late.day).Add(time.Duration(i)*time.Hour), what)
			}
			first := late
			first.event, first.given = late.event+"0", true
			late.event += "1"
			late.hour = 1
			whose := b.Rows("SELECT customer_id FROM public.customer_identities WHERE identifier = '" + late.mail + "' AND customer_id IS NOT NULL")
			for _, a := range plan.Audiences {
				has := slices.ContainsFunc(b.Rows(b.Query(a.Withdrawn.Query)), func(row []string) bool { return len(whose) > 0 && row[0] == whose[0][0] })
				if want := len(whose) > 0 && a.Sync.Purpose == "ads"; want && !has {
					t.Fatalf("seed %d run %d: %s does not hear that %s withdraws", seed, run, a.Sync.Name, late.mail)
				}
				withdrawn++
			}
			g.rows = append(g.rows, first, late)
			if r.IntN(2) == 0 {
				list := b.Values("SELECT DISTINCT customer_id AS id FROM public.customer_identities WHERE customer_id IS NOT NULL ORDER BY 1")
				id, _ := list[r.IntN(len(list))]["id"].(int64)
				for _, x := range erase(b, permissions, id) {
					g.erased[x] = true
					gone++
				}
				for x := range g.erased {
					delete(g.before, x)
					delete(g.kept, x)
				}
			}
		}
	}
	if kept == 0 || sent == 0 || restricted == 0 || gone == 0 || withdrawn == 0 {
		t.Errorf("%d refusals were kept, %d rows wanted, %d restrictions and %d identifiers of the erased: the test says too little", kept, sent, restricted, gone)
	}
}
