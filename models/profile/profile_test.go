package profile_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// said is a row of a source: what it says of somebody, and when.
type said struct {
	source, id int
	value      *string
	at         *time.Time
}

// world is two sources with the time of a row and one without.
type world struct {
	*modeltest.Bench
	entity  *config.Entity
	sources []*config.Source
	rows    []said
	run     int
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{Bench: modeltest.New(tb), entity: &config.Entity{Name: "customer", Identifiers: []config.Identifier{{Name: "user_id"}, {Name: "card"}}}}
	for i := range 3 {
		s := &config.Source{
			Name: fmt.Sprintf("s%d", i), Table: fmt.Sprintf("raw.s%d", i), Entity: "customer", Time: "seen",
			Identifiers: strict.Ordered[string]{{Key: "user_id", Value: "uid"}, {Key: "card", Value: "card"}},
			Columns:     strict.Ordered[config.Column]{{Key: "word", Value: config.Column{Type: "string", Column: "word"}}},
		}
		if i == 2 {
			s.Time = ""
		}
		w.sources = append(w.sources, s)
	}
	return w
}

// build runs identity and profiles for the traits, on a day of its own.
func (w *world) build(traits ...*config.Trait) {
	w.Helper()
	w.run++
	asOf := time.Date(2026, 1, w.run, 0, 0, 0, 0, time.UTC)
	for i := range w.sources {
		w.Exec(fmt.Sprintf("CREATE OR REPLACE TABLE raw.s%d (uid VARCHAR, card VARCHAR, word VARCHAR, seen TIMESTAMP)", i))
	}
	for _, r := range w.rows {
		// Either identifier, or both: all name the same person.
		uid, card := any(fmt.Sprintf("u%d", r.id)), any(fmt.Sprintf("c%d", r.id))
		switch r.id % 3 {
		case 1:
			card = nil
		case 2:
			uid = nil
		}
		w.Exec(fmt.Sprintf("INSERT INTO raw.s%d VALUES (?, ?, ?, ?)", r.source), uid, card, r.value, r.at)
	}
	for _, t := range identity.System(w.entity, w.sources) {
		w.Statements(t)
	}
	ids := identity.Input{Entity: w.entity, Sources: w.sources, AsOf: asOf, RunID: "run"}
	for _, s := range w.sources {
		w.Steps(identity.Rows(ids, s).Steps)
	}
	resolved := identity.Resolve(ids)
	w.Steps(resolved.Steps)
	w.Statements(resolved.Commit...)
	for _, s := range w.sources {
		w.Steps(identity.Map(w.entity, s, []string{"uid", "card"}).Steps)
	}
	out := &expr.Output{}
	for _, t := range traits {
		out.Traits = append(out.Traits, expr.Compiled{Name: t.Name, Type: sql.TypeString, Nullable: true})
	}
	in := profile.Input{Entity: w.entity, Sources: w.sources, Traits: traits, Expr: out, AsOf: asOf, Built: true}
	in.Pass = profile.NewPass(in)
	for _, t := range profile.System(in) {
		w.Statements(t)
	}
	for _, m := range profile.Features(in) {
		w.Steps(m.Steps)
	}
	m := profile.Build(in)
	w.Steps(m.Steps)
	w.Statements(m.Commit...)
}

// profiles is the value of a trait by the number of the person; those without
// one are not in it.
func (w *world) profiles(trait string) map[string]string {
	w.Helper()
	out := map[string]string{}
	for _, r := range w.Rows(`SELECT DISTINCT substr(identifier, 2), p.` + trait + ` FROM public.customer_profiles p
		JOIN public.customer_identities i USING (customer_id) WHERE p.` + trait + ` IS NOT NULL`) {
		out[r[0]] = r[1]
	}
	return out
}

var zero time.Time

// oracle picks in memory.
func oracle(pick string, rows []said) map[string]string {
	out := map[string]string{}
	byPerson := map[int][]said{}
	for _, r := range rows {
		if r.value != nil {
			byPerson[r.id] = append(byPerson[r.id], r)
		}
	}
	at := func(r said) time.Time {
		if r.at == nil || r.source == 2 {
			return zero
		}
		return *r.at
	}
	for id, rows := range byPerson {
		best := slices.MinFunc(rows, func(a, b said) int {
			switch pick {
			case "latest": // then the first source, then the greatest value
				return cmp.Or(at(b).Compare(at(a)), cmp.Compare(a.source, b.source), strings.Compare(*b.value, *a.value))
			case "earliest": // then the first source, then the smallest value
				return cmp.Or(at(a).Compare(at(b)), cmp.Compare(a.source, b.source), strings.Compare(*a.value, *b.value))
			case "priority":
				return cmp.Or(cmp.Compare(a.source, b.source), at(b).Compare(at(a)), strings.Compare(*b.value, *a.value))
			case "min":
				return strings.Compare(*a.value, *b.value)
			default:
				return strings.Compare(*b.value, *a.value)
			}
		})
		out[strconv.Itoa(id)] = *best.value
	}
	return out
}

func TestPicks(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 4))
		w := newWorld(t)
		for range 120 {
			row := said{source: r.IntN(3), id: r.IntN(25)}
			if r.IntN(5) > 0 {
				v := string(rune('a' + r.IntN(6)))
				row.value = &v
			}
			if r.IntN(5) > 0 {
				at := time.Date(2025, 1, 1+r.IntN(4), 0, 0, 0, 0, time.UTC)
				row.at = &at
			}
			w.rows = append(w.rows, row)
		}
		var traits []*config.Trait
		for _, pick := range config.Picks {
			traits = append(traits, &config.Trait{Name: "t_" + pick, Entity: "customer", Pick: pick, From: []string{"s0.word", "s1.word", "s2.word"}})
		}
		w.build(traits...)
		for _, pick := range config.Picks {
			if diff := gocmp.Diff(oracle(pick, w.rows), w.profiles("t_"+pick)); diff != "" {
				t.Errorf("seed %d, %s (-want +got):\n%s", seed, pick, diff)
			}
		}
	}
}

// TestHistory builds five days of random values and wants the versions that an
// observer of the profiles would have written down.
func TestHistory(t *testing.T) {
	type version struct{ from, to, value string }
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 5))
		w := newWorld(t)
		want := map[string][]version{}
		trait := &config.Trait{Name: "word", Entity: "customer", Pick: "latest", From: []string{"s0.word"}, History: true}
		for range 5 {
			w.rows = nil
			for id := range 6 {
				if r.IntN(4) == 0 {
					continue // nobody knows this person today
				}
				row := said{id: id}
				if r.IntN(4) > 0 {
					v := string(rune('a' + r.IntN(2)))
					row.value = &v
				}
				w.rows = append(w.rows, row)
			}
			w.build(trait)
			day := fmt.Sprintf("2026-01-%02dT00:00:00Z", w.run)
			present := map[string]bool{}
			for _, p := range w.Rows("SELECT customer_id, coalesce(word, '-') FROM public.customer_profiles") {
				present[p[0]] = true
				versions := want[p[0]]
				if n := len(versions); n > 0 && versions[n-1].to == "" {
					if versions[n-1].value == p[1] {
						continue
					}
					versions[n-1].to = day
				}
				want[p[0]] = append(versions, version{from: day, value: p[1]})
			}
			for id, versions := range want {
				if n := len(versions); !present[id] && versions[n-1].to == "" {
					versions[n-1].to = day
				}
			}
		}
		got := map[string][]version{}
		for _, h := range w.Rows("SELECT customer_id, valid_from, valid_to, coalesce(word, '-') FROM public.customer_profile_history ORDER BY customer_id, valid_from") {
			got[h[0]] = append(got[h[0]], version{h[1], h[2], h[3]})
		}
		if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(version{})); diff != "" {
			t.Errorf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}
