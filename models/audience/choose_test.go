package audience_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// crowd is a warehouse with many customers, of whom syncs choose some.
type crowd struct {
	*modeltest.Bench
	priority *config.Priority
	pressure *config.Pressure
	exclude  []string
}

func newCrowd(tb testing.TB) *crowd {
	tb.Helper()
	w := &crowd{Bench: modeltest.New(tb)}
	w.Exec("CREATE TABLE public.customer_profiles (customer_id BIGINT, email VARCHAR, spent DOUBLE)")
	w.Exec("CREATE TABLE public.segment_members (segment VARCHAR, customer_id BIGINT, entered_at TIMESTAMP)")
	w.Exec("CREATE TABLE public.customer_id_history (old_id BIGINT, new_id BIGINT, kind VARCHAR, cause VARCHAR, run_id VARCHAR, \"at\" TIMESTAMP)")
	for _, t := range audience.System() {
		w.Statements(t)
	}
	return w
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (w *crowd) input(sync string, from config.From, day int) audience.Input {
	return audience.Input{
		Sync: &config.Sync{
			Name: sync, From: from, To: config.To{Destination: "d", Object: sync, Mode: "mirror", Key: "mail"},
			Fields: strict.Ordered[config.Field]{{Key: "mail", Value: config.Field{Trait: "email"}}},
		},
		Destination: &config.Destination{Name: "d"},
		Entity:      &config.Entity{Name: "customer", Exclude: w.exclude},
		Priority:    w.priority, Pressure: w.pressure, Pressing: []string{"one", "two"},
		Traits: []expr.Compiled{{Name: "email", Type: sql.TypeString}, {Name: "spent", Type: sql.TypeFloat}},
		AsOf:   start.AddDate(0, 0, day), RunID: fmt.Sprintf("%s on %d", sync, day),
	}
}

// chosen says of each member of what is sent from why it is left out, "" where
// it is not.
func (w *crowd) chosen(from config.From) map[string]string {
	w.Helper()
	a := audience.Build(w.input("one", from, 0))
	w.Steps(a.Steps)
	out := map[string]string{}
	members := "SELECT customer_id AS id FROM public.customer_profiles"
	if from.Segment != "" {
		members += " WHERE customer_id IN (SELECT customer_id FROM public.segment_members WHERE segment = '" + from.Segment + "')"
	}
	for _, row := range w.Rows("SELECT id, coalesce(left_out, '') FROM (" + members + ") FULL JOIN work.left_out_one USING (id)") {
		out[row[0]] = row[1]
	}
	// What is wanted is who is not left out, and each rule is counted.
	wanted := 0
	for _, why := range out {
		if why == "" {
			wanted++
		}
	}
	if n := len(w.Rows("SELECT key FROM work.wanted_one")); n != wanted {
		w.Errorf("%d rows are wanted, and %d not left out", n, wanted)
	}
	return out
}

// share is the digest as the documentation has it, in [0, 1).
func digestOf(salt, use string, id int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s%d:%s:%d", len(salt), salt, len(use), use, id))
	return hex.EncodeToString(sum[:])[:13]
}

func isBelow(digest string, share float64) bool {
	n, err := strconv.ParseUint(digest, 16, 64)
	if err != nil {
		panic(err)
	}
	return float64(n)/(1<<52) < share
}

func armOf(s *config.Split, id int) string {
	best, arm := "", ""
	for _, a := range s.Arms {
		for i := range a.Value {
			if d := digestOf(s.Salt, "arm "+strconv.Itoa(i)+" "+a.Key, id); best == "" || d < best {
				best, arm = d, a.Key
			}
		}
	}
	return arm
}

// TestChoose compares random rules over random people with what Go says.
func TestChoose(t *testing.T) {
	w := newCrowd(t)
	rng := rand.New(rand.NewPCG(3, 5))
	const people = 400
	spent := make([]*float64, people)
	in := map[string]map[int]bool{"vip": {}, "loyal": {}, "staff": {}, "asked": {}}
	for id := range people {
		value := any(nil)
		if rng.IntN(10) > 0 {
			v := float64(rng.IntN(50)) // many are equal
			spent[id], value = &v, v
		}
		w.Exec("INSERT INTO public.customer_profiles VALUES (?, ?, ?)", id, fmt.Sprintf("p%d@example.com", id), value)
		for _, name := range []string{"vip", "loyal", "staff", "asked"} {
			if rng.IntN(3) == 0 {
				in[name][id] = true
				w.Exec("INSERT INTO public.segment_members VALUES (?, ?, NULL)", name, id)
			}
		}
	}
	for round := range 60 {
		from := config.From{Entity: "customer"}
		w.exclude, w.priority = nil, nil
		if rng.IntN(2) == 0 {
			from = config.From{Segment: "loyal"}
			if rng.IntN(2) == 0 {
				from.Priority = "offers"
				w.priority = &config.Priority{Name: "offers", Segments: []string{"vip", "loyal", "staff"}}
			}
		}
		if rng.IntN(3) == 0 {
			from.Except = strict.OneOrMany{"staff"}
		}
		if rng.IntN(3) == 0 {
			w.exclude = []string{"asked"}
		}
		if rng.IntN(2) == 0 {
			from.Holdout = &config.Holdout{Share: config.Bound{Percent: float64(rng.IntN(101)), IsPercent: true}, Salt: strconv.Itoa(round)}
		}
		if rng.IntN(2) == 0 {
			from.Split = &config.Split{Salt: "é" + strconv.Itoa(round), Arm: "b"}
			for _, arm := range []string{"a", "b", "c"}[:1+rng.IntN(3)] {
				from.Split.Arms = append(from.Split.Arms, strict.Entry[int]{Key: arm, Value: 1 + rng.IntN(4)})
			}
			from.Split.Arm = from.Split.Arms[rng.IntN(len(from.Split.Arms))].Key
		}
		if rng.IntN(2) == 0 {
			from.Top = &config.Top{By: "spent", Most: 1 + rng.IntN(100)}
		}
		plain := len(from.Except) == 0 && w.exclude == nil && w.priority == nil && from.Holdout == nil && from.Split == nil && from.Top == nil
		if plain {
			continue
		}

		want := map[string]string{}
		var left []int
		for id := range people {
			if from.Segment != "" && !in["loyal"][id] {
				continue
			}
			why := ""
			switch {
			case len(from.Except) > 0 && in["staff"][id], w.exclude != nil && in["asked"][id]:
				why = audience.Excluded
			case w.priority != nil && in["vip"][id]:
				why = audience.Earlier
			case from.Holdout != nil && isBelow(digestOf(from.Holdout.Salt, "holdout", id), from.Holdout.Share.Percent/100):
				why = audience.HeldOut
			case from.Split != nil && armOf(from.Split, id) != from.Split.Arm:
				why = audience.OtherArm
			}
			want[strconv.Itoa(id)] = why
			if why == "" {
				left = append(left, id)
			}
		}
		if from.Top != nil {
			slices.SortFunc(left, func(a, b int) int {
				switch {
				case spent[a] == nil || spent[b] == nil:
					if (spent[a] == nil) != (spent[b] == nil) {
						if spent[a] == nil {
							return 1
						}
						return -1
					}
					return a - b
				default:
					return cmp.Or(cmp.Compare(*spent[b], *spent[a]), a-b)
				}
			})
			for i, id := range left {
				if i >= from.Top.Most || spent[id] == nil {
					want[strconv.Itoa(id)] = audience.BeyondTop
				}
			}
		}
		if diff := gocmp.Diff(want, w.chosen(from)); diff != "" {
			t.Fatalf("round %d, %+v, exclude %v (-want +got):\n%s", round, from, w.exclude, diff)
		}
	}
}

// TestSharesGrowWithoutMovingOthers: a greater holdout keeps who was in it, and
// a greater weight takes people from the other arms and moves nobody between
// those.
func TestSharesGrowWithoutMovingOthers(t *testing.T) {
	w := newCrowd(t)
	const people = 3000
	w.Exec("INSERT INTO public.customer_profiles SELECT i, 'p' || i, NULL FROM range(3000) r (i)")
	var before map[string]string
	for _, percent := range []float64{0, 1, 10, 50, 99.9, 100} {
		out := w.chosen(config.From{Entity: "customer", Holdout: &config.Holdout{Salt: "s", Share: config.Bound{Percent: percent, IsPercent: true}}})
		held := 0
		for id, why := range out {
			if why != "" {
				held++
			} else if before[id] != "" {
				t.Fatalf("%s leaves the holdout when it grows to %v%%", id, percent)
			}
		}
		if want := percent / 100 * people; float64(held) < want*0.85-10 || float64(held) > want*1.15+10 {
			t.Errorf("%d are held out, want about %.0f", held, want)
		}
		before = out
	}

	arms := func(a, b, c int) map[string]string {
		all := map[string]string{}
		for _, arm := range []string{"a", "b", "c"} {
			split := &config.Split{Salt: "s", Arm: arm, Arms: strict.Ordered[int]{{Key: "a", Value: a}, {Key: "b", Value: b}, {Key: "c", Value: c}}}
			for id, why := range w.chosen(config.From{Entity: "customer", Split: split}) {
				if why != "" {
					continue
				}
				if all[id] != "" {
					t.Fatalf("%s is in two arms", id)
				}
				all[id] = arm
			}
		}
		if len(all) != people {
			t.Fatalf("%d people are in an arm", len(all))
		}
		return all
	}
	small, large := arms(1, 1, 2), arms(3, 1, 2)
	for id, arm := range large {
		if arm != small[id] && arm != "a" {
			t.Errorf("%s moves from %s to %s though only a grew", id, small[id], arm)
		}
	}
	count := map[string]int{}
	for _, arm := range large {
		count[arm]++
	}
	for arm, want := range map[string]int{"a": 1500, "b": 500, "c": 1000} {
		if count[arm] < want*85/100 || count[arm] > want*115/100 {
			t.Errorf("arm %s has %d people, want about %d", arm, count[arm], want)
		}
	}
}

// TestPressure: who was added twice within a week is not added by a third sync,
// stays where they are, and is added again when the week is over.
func TestPressure(t *testing.T) {
	w := newCrowd(t)
	w.pressure = &config.Pressure{Name: "mailings", Most: 2, Per: config.Duration(7 * 24 * time.Hour)}
	w.Exec("INSERT INTO public.customer_profiles VALUES (1, 'ada', NULL), (2, 'blaise', NULL)")
	send := func(sync string, day int) (due []string) {
		t.Helper()
		in := w.input(sync, config.From{Segment: sync, Pressure: "mailings"}, day)
		a := audience.Build(in)
		w.Statements(audience.Take(sync, in.RunID, int64(day+1))...)
		w.Steps(a.Steps)
		w.Statements(a.Note...)
		w.Statements(sql.Drop{Table: a.Outcomes.Table}, a.Outcomes)
		for _, c := range w.Rows("SELECT operation, key, entity_id, fingerprint FROM work.changes_" + sync + " ORDER BY key") {
			due = append(due, c[0]+" "+c[1])
			w.Exec("INSERT INTO work.outcomes_"+sync+" VALUES (?, ?, ?, ?, TRUE, '', '', '')", c[0], c[1], c[2], c[3])
		}
		w.Statements(a.Apply...)
		w.Statements(a.Settle...)
		return due
	}
	members := func(sync string, ids ...int) {
		w.Exec("DELETE FROM public.segment_members WHERE segment = ?", sync)
		for _, id := range ids {
			w.Exec("INSERT INTO public.segment_members VALUES (?, ?, NULL)", sync, id)
		}
	}
	step := func(what string, got []string, want ...string) {
		t.Helper()
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", what, diff)
		}
	}
	members("one", 1)
	step("the first contact", send("one", 0), "upsert ada")
	members("two", 1, 2)
	step("the second, by another sync", send("two", 1), "upsert ada", "upsert blaise")
	step("nobody new", send("two", 2))
	members("one", 2)
	step("ada leaves the first", send("one", 3), "remove ada", "upsert blaise")
	members("one", 1, 2)
	step("ada was reached twice within a week, blaise is there and stays", send("one", 4))
	w.Exec("INSERT INTO public.customer_id_history VALUES (1, 9, 'merge', '', '', NULL)")
	w.Exec("UPDATE public.customer_profiles SET customer_id = 9 WHERE customer_id = 1")
	members("one", 9, 2)
	members("two", 9, 2)
	step("what reached ada counts under her new id", send("one", 6))
	step("a week after the first contact", send("one", 7), "upsert ada")
}
