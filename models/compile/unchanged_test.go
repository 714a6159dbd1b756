package compile_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/inputs"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
)

// executeChanged runs a project as the command line does: what tells changes
// first, then what that leaves to do.
func executeChanged(b *modeltest.Bench, text string, opt compile.Options, cheap int64) *models.Plan {
	b.Helper()
	p, found := compile.Compile(load(b, text), opt)
	if found.HasErrors() {
		b.Fatal(found)
	}
	for _, s := range p.System {
		b.Statements(s)
	}
	known := inputs.Known{Last: map[string]inputs.Evaluation{}, Cheap: cheap}
	for _, r := range b.Rows("SELECT node, definition, inputs FROM public.evaluated_from") {
		known.Last[r[0]] = inputs.Evaluation{Definition: r[1], Inputs: inputs.ParseDigests(r[2])}
	}
	opt.Inputs = &known
	if p, found = compile.Compile(load(b, text), opt); found.HasErrors() {
		b.Fatal(found)
	}
	now := inputs.Digests{}
	graph, err := models.NewGraph(p.Models)
	if err != nil {
		b.Fatal(err)
	}
	first := make([]bool, len(p.Models))
	for _, i := range slices.Backward(graph.Order) {
		if first[i] = first[i] || strings.HasPrefix(p.Models[i].Name, inputs.Prefix); first[i] {
			for _, n := range graph.Needs[i] {
				first[n] = true
			}
		}
	}
	done := map[string]bool{}
	build := func(m *models.Model) {
		b.Steps(m.Steps)
		b.Statements(m.Commit...)
		done[m.Name] = true
		if entity, ok := strings.CutPrefix(m.Name, inputs.Prefix); ok {
			for _, r := range b.Rows("SELECT input, digest FROM work." + entity + "_inputs") {
				now[r[0]] = r[1]
			}
		}
	}
	for i, m := range p.Models {
		if first[i] {
			build(m)
		}
	}
	known.Now = now
	if p, found = compile.Compile(load(b, text), opt); found.HasErrors() {
		b.Fatal(found)
	}
	for _, m := range p.Models {
		if !done[m.Name] {
			build(m)
		}
	}
	return p
}

// standing are the nodes that are not evaluated, evaluated those that are.
func standing(p *models.Plan) (stand, evaluated []string) {
	for _, x := range p.Evaluations {
		if x.Evaluated {
			evaluated = append(evaluated, x.Node)
		} else {
			stand = append(stand, x.Node)
		}
	}
	return stand, evaluated
}

const changingHead = `
project: {name: changing}
targets: {local: {type: any}}
entities: [{name: customer, identifiers: [{name: user_id}, {name: cookie}]}]
sources:
  - {name: contacts, table: raw.contacts, entity: customer, identifiers: {user_id: id}, columns: {country: string, age: int}}
  - {name: notes, table: raw.notes, entity: customer, identifiers: {user_id: id}, time: seen, columns: {stars: float}}
  - {name: events, table: raw.events, entity: customer, events: true, identifiers: {user_id: id, cookie: cookie}, time: seen,
     columns: {name: string, topic: string, amount: decimal, quantity: int}}
traits:
  - {name: country, entity: customer, pick: latest, from: contacts.country}
  - {name: age, entity: customer, pick: latest, from: contacts.age}
  - {name: stars, entity: customer, pick: latest, from: notes.stars, history: true}
  - {name: spent, entity: customer, value: 'events.filter(e, e.name == "x").sum(e, e.amount)'}
`

// changing are the lines of random traits and segments; most do not depend on the
// time, since those that do are evaluated each time.
func changing(t *testing.T, g conditions, text, kind string, n int) (lines []string) {
	t.Helper()
	for len(lines) < n {
		body := g.condition(1)
		switch g.IntN(5) {
		case 0:
			body = fmt.Sprintf("country == %q && age > %d", g.word("FR", "DE"), g.IntN(60))
		case 1:
			body = fmt.Sprintf("stars > %d.0", g.IntN(5))
		case 2:
			body = fmt.Sprintf("notes.count() > %d || age < %d", g.IntN(3), g.IntN(60))
		}
		if kind == "s" && len(lines) > 0 && g.IntN(4) == 0 {
			body = fmt.Sprintf("in_segment(\"s%d\") || %s", g.IntN(len(lines)), body)
		}
		if strings.Contains(body, "now") && g.IntN(4) > 0 {
			continue
		}
		key := map[string]string{"t": "value", "s": "when"}[kind]
		line := fmt.Sprintf("  - {name: %s%d, entity: customer, %s: '%s'}\n", kind, len(lines), key, body)
		all := text + strings.Join(lines, "") + line
		if _, found := compile.Compile(load(t, all), compile.Options{AsOf: time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)}); !found.HasErrors() {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestUnchangedEqualsAll: runs that do not evaluate what nothing has changed for
// leave the tables that runs leave which evaluate everything.
func TestUnchangedEqualsAll(t *testing.T) {
	t.Parallel()
	seeds := uint64(3)
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		seeds = 100
	}
	stood, evaluated, whole, changed := 0, 0, 0, 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 53))
		g := conditions{r}
		// Of some, all that is told of more rows than that is first their number.
		cheap := []int64{0, 10, 30}[r.IntN(3)]
		skips, all := modeltest.New(t), modeltest.New(t)
		both := func(q string, args ...any) {
			skips.Exec(q, args...)
			all.Exec(q, args...)
		}
		both("CREATE TABLE raw.contacts (id INTEGER, country VARCHAR, age BIGINT, other VARCHAR)")
		both("CREATE TABLE raw.notes (id INTEGER, seen TIMESTAMP, stars DOUBLE)")
		both("CREATE TABLE raw.events (id INTEGER, cookie VARCHAR, name VARCHAR, topic VARCHAR, amount DECIMAL(9, 2), quantity BIGINT, seen TIMESTAMP)")
		maybe := func(v any) any {
			if r.IntN(6) == 0 {
				return nil
			}
			return v
		}
		now := time.Date(2026, 1, 4, 9, 0, 0, 0, time.UTC)
		contact := func(id int) {
			both("INSERT INTO raw.contacts VALUES (?, ?, ?, ?)", maybe(id), maybe(g.word("FR", "DE", "IT")), maybe(r.IntN(60)), "x")
		}
		note := func() {
			both("INSERT INTO raw.notes VALUES (?, ?, ?)", maybe(r.IntN(25)), maybe(now.Add(-time.Duration(r.IntN(900))*time.Hour)), maybe([]float64{0, 1, 2.5, 4}[r.IntN(4)]))
		}
		event := func() {
			both("INSERT INTO raw.events VALUES (?, ?, ?, ?, CAST(? AS DOUBLE), ?, ?)", maybe(r.IntN(25)), maybe(fmt.Sprint("c", r.IntN(25))), maybe(g.word("x", "y", "z")),
				maybe(g.word("a", "b")), maybe(float64(r.IntN(20))/4), maybe(r.IntN(6)), maybe(now.Add(-time.Duration(r.IntN(500))*time.Hour)))
		}
		for id := range 20 {
			contact(id)
			note()
			event()
			event()
		}
		head := changingHead
		traits := changing(t, g, head, "t", 3)
		segments := changing(t, g, head+strings.Join(traits, "")+"segments:\n", "s", 12)
		for run := 1; run <= 10; run++ {
			text := head + strings.Join(traits, "") + "segments:\n" + strings.Join(segments, "")
			opt := compile.Options{AsOf: now, RunID: fmt.Sprint("run", run), Refresh: r.IntN(12) == 0}
			if r.IntN(3) == 0 {
				opt.Select = map[string]bool{"segment:s1": true, "segment:s3": true}
				if r.IntN(2) == 0 {
					maps.Copy(opt.Select, map[string]bool{"trait:customer.spent": true, "entity:customer": true})
				}
			}
			state := func(b *modeltest.Bench) string {
				return lines(b, "SELECT * FROM public.customer_profiles ORDER BY ALL") + "\n" +
					lines(b, "SELECT * FROM public.customer_profile_history ORDER BY ALL") + "\n" +
					lines(b, "SELECT * FROM public.segment_members ORDER BY ALL") + "\n" +
					lines(b, "SELECT * FROM public.segment_changes ORDER BY ALL")
			}
			for _, b := range []*modeltest.Bench{skips, all} {
				o := opt
				if run > 1 {
					o.Identities, o.Aggregates = left(b)
				}
				if b == all {
					execute(b, text, o)
					continue
				}
				stand, done := standing(executeChanged(b, text, o, cheap))
				stood += len(stand)
				evaluated += len(done)
				if len(done) == 0 {
					whole++
				}
			}
			if diff := cmp.Diff(strings.Split(state(all), "\n"), strings.Split(state(skips), "\n")); diff != "" {
				t.Fatalf("seed %d run %d (-all +skips):\n%s\n%s", seed, run, diff, text)
			}
			changed += len(strings.Split(lines(all, "SELECT * FROM public.segment_changes"), "\n"))
			now = now.Add(time.Duration(1+r.IntN(40)) * time.Hour)
			// A little changes between runs, or nothing, or what does not matter.
			switch r.IntN(14) {
			case 0:
				contact(r.IntN(30))
			case 1:
				both("UPDATE raw.contacts SET country = 'DE' WHERE id = ?", r.IntN(20))
			case 2:
				both("DELETE FROM raw.contacts WHERE id = ?", r.IntN(20))
			case 3:
				event()
			case 4:
				both("DELETE FROM raw.events WHERE id = ?", r.IntN(20))
			case 5:
				note()
			case 6:
				both("UPDATE raw.notes SET stars = -stars WHERE id = ?", r.IntN(20))
			case 7:
				segments = changing(t, g, head+strings.Join(traits, "")+"segments:\n", "s", 8+r.IntN(6))
			case 8:
				i := r.IntN(len(traits))
				traits[i] = fmt.Sprintf("  - {name: t%d, entity: customer, value: 'events.count(e, e.quantity > %d) > 1'}\n", i, r.IntN(5))
			case 9:
				both("UPDATE raw.contacts SET other = ? WHERE id = ?", strconv.Itoa(run), r.IntN(20))
			}
		}
	}
	t.Logf("%d results stood, %d were evaluated, %d runs evaluated nothing", stood, evaluated, whole)
	if stood == 0 || evaluated == 0 || changed == 0 {
		t.Errorf("%d results stood, %d were evaluated, %d changes: the test says too little", stood, evaluated, changed)
	}
}
