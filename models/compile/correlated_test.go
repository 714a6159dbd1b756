package compile_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
)

// pairs is a project whose conditions compare rows with traits and with rows.
const pairs = `
project: {name: pairs}
targets: {local: {type: any}}
entities:
  - {name: customer, identifiers: [{name: mail}]}
sources:
  - {name: people, table: raw.people, entity: customer, identifiers: {mail: mail}, columns: {age: int, city: string}}
  - {name: carts, table: raw.carts, entity: customer, events: true, identifiers: {mail: mail}, time: at, columns: {sku: string, n: int, price: float}}
  - {name: buys, table: raw.buys, entity: customer, events: true, identifiers: {mail: mail}, time: at, columns: {sku: string, n: int, price: float}}
traits:
  - {name: mail, entity: customer, pick: latest, from: people.mail}
  - {name: age, entity: customer, pick: max, from: people.age}
  - {name: city, entity: customer, pick: max, from: people.city}
  - {name: bought, entity: customer, value: 'buys.sum(b, b.n)'}
  - {name: often, entity: customer, value: 'buys.count(b, b.n > age)'}
segments:
  - {name: some, entity: customer, when: 'often > 0'}
`

// history is the rows of one customer, by collection.
type history struct {
	age  any
	city any
	rows map[string][]map[string]any
}

var pairTimes = []time.Time{
	docsTime, docsTime.Add(-time.Hour), docsTime.AddDate(0, 0, -1), docsTime.AddDate(0, 0, -7), docsTime.AddDate(0, 0, -7).Add(time.Microsecond),
	docsTime.AddDate(0, 0, -8), docsTime.AddDate(0, 0, -14), docsTime.AddDate(0, 0, -30), docsTime.AddDate(0, 0, -31),
}

// histories are random, with ties in time, values and none at all.
func histories(r *rand.Rand, n int) []history {
	out := make([]history, n)
	maybe := func(v any) any {
		if r.IntN(6) == 0 {
			return nil
		}
		return v
	}
	for i := range out {
		out[i] = history{age: maybe(int64(r.IntN(5))), city: maybe(string(rune('A' + r.IntN(3)))), rows: map[string][]map[string]any{"people": {}, "carts": {}, "buys": {}}}
		for _, name := range []string{"carts", "buys"} {
			for range max(0, r.IntN(7)-2) {
				out[i].rows[name] = append(out[i].rows[name], map[string]any{
					"time": maybe(pairTimes[r.IntN(len(pairTimes))]), "sku": maybe(string(rune('A' + r.IntN(3)))),
					"n": maybe(int64(r.IntN(5))), "price": maybe(float64(r.IntN(20)) / 4),
				})
			}
		}
	}
	return out
}

// nesting makes conditions on rows that read traits and other collections.
type nesting struct{ *rand.Rand }

func (g nesting) word(of ...string) string { return of[g.IntN(len(of))] }

func (g nesting) cmp() string { return g.word("==", "!=", "<", "<=", ">", ">=") }

// row is a condition on a row v of which rows at hand are compared with it.
func (g nesting) row(d int, v string, others ...string) string {
	column := func() string {
		if len(others) > 0 && g.IntN(2) == 0 {
			return others[g.IntN(len(others))]
		}
		return ""
	}
	if d > 0 {
		switch g.IntN(4) {
		case 0:
			return "(" + g.row(d-1, v, others...) + g.word(" && ", " || ") + g.row(d-1, v, others...) + ")"
		case 1:
			return "!(" + g.row(d-1, v, others...) + ")"
		case 2:
			if len(others) == 0 {
				return g.inner(d-1, v)
			}
		}
	}
	switch o := column(); g.IntN(6) {
	case 0:
		if o != "" {
			return v + ".sku " + g.word("==", "!=") + " " + o + ".sku"
		}
		return v + ".sku " + g.word("==", "!=") + " " + g.word("city", `"A"`)
	case 1, 2:
		if o != "" {
			return v + ".time " + g.cmp() + " " + o + ".time" + g.word("", "", " + days(7)", " - days(7)")
		}
		return v + ".time " + g.cmp() + " now - days(" + g.word("7", "30") + ")"
	case 3:
		if o != "" {
			return v + ".n " + g.cmp() + " " + o + ".n"
		}
		return v + ".n " + g.cmp() + " " + g.word("age", "bought", "often", "2")
	case 4:
		return "has(" + v + "." + g.word("sku", "time", "n") + ")"
	default:
		if o != "" {
			return v + ".price " + g.cmp() + " " + o + ".price * 2.0"
		}
		return v + ".price > double(age)"
	}
}

// inner asks of a collection, for a row v of another.
func (g nesting) inner(d int, v string) string {
	c := g.word("carts", "buys")
	return g.asks(c, "y", func() string { return g.row(min(d, 1), "y", v) })
}

// asks is a condition on the rows of a collection.
func (g nesting) asks(c, v string, cond func() string) string {
	switch g.IntN(8) {
	case 0:
		return c + ".all(" + v + ", " + cond() + ")"
	case 1:
		return c + ".filter(" + v + ", " + cond() + ").count() " + g.cmp() + " " + g.word("0", "1", "2")
	case 2:
		return c + ".exists_one(" + v + ", " + cond() + ")"
	case 3:
		return c + ".filter(" + v + ", " + cond() + ").sum(z, z.n) > " + g.word("1", "age")
	case 4:
		return c + ".filter(" + v + ", " + cond() + ").max(z, z.time) < now - days(7)"
	case 5:
		return c + ".filter(" + v + ", " + cond() + ").last().sku == " + g.word(`"A"`, "city")
	default:
		return c + ".exists(" + v + ", " + cond() + ")"
	}
}

// TestCorrelated holds random conditions that compare rows with traits and with
// rows, run as a whole plan on DuckDB, to what cel-go's interpreter says of them.
func TestCorrelated(t *testing.T) {
	rounds, each := 6, 25
	if testing.Short() {
		rounds = 2
	}
	r := rand.New(rand.NewPCG(20260301, 4))
	compared, yes := 0, 0
	for range rounds {
		g := nesting{r}
		var texts []string
		yaml := pairs
		for i := range each {
			text := g.asks(g.word("carts", "buys"), "x", func() string { return g.row(1+r.IntN(2), "x") })
			texts = append(texts, text)
			yaml = strings.Replace(yaml, "segments:\n", fmt.Sprintf("  - {name: t%d, entity: customer, value: '%s'}\nsegments:\n", i, text), 1)
			yaml += fmt.Sprintf("  - {name: s%d, entity: customer, when: '%s'}\n", i, text)
		}
		a, b := compareRows(t, yaml, texts, histories(r, 60))
		compared, yes = compared+a, yes+b
	}
	t.Logf("%d answers compared, %d of them yes", compared, yes)
	if yes < compared/10 || yes > compared*9/10 {
		t.Errorf("%d of %d answers are yes", yes, compared)
	}
}

// compareRows runs a project whose expressions t0, t1, ... are the texts, as
// traits and as segments s0, s1, ..., over histories.
func compareRows(t *testing.T, yaml string, texts []string, people []history) (compared, yes int) {
	t.Helper()
	project := load(t, yaml)
	b := modeltest.New(t)
	b.Exec("CREATE TABLE raw.people (mail VARCHAR, age BIGINT, city VARCHAR)")
	for _, name := range []string{"carts", "buys"} {
		b.Exec("CREATE TABLE raw." + name + " (mail VARCHAR, \"at\" TIMESTAMP, sku VARCHAR, n BIGINT, price DOUBLE)")
	}
	for i, p := range people {
		mail := fmt.Sprintf("m%03d", i)
		b.Exec("INSERT INTO raw.people VALUES (?, ?, ?)", mail, p.age, p.city)
		for _, name := range []string{"carts", "buys"} {
			for _, row := range p.rows[name] {
				b.Exec("INSERT INTO raw."+name+" VALUES (?, ?, ?, ?, ?)", mail, row["time"], row["sku"], row["n"], row["price"])
			}
		}
	}
	runAll(t, b, project, docsTime)
	in := expr.Input{Entity: project.Entities[0], Sources: project.Sources, Traits: project.Traits, Segments: project.Segments, AsOf: docsTime}
	unit := expr.Parse(in)
	if _, found := unit.Compile(nil); found.HasErrors() {
		t.Fatal(found)
	}
	evaluator, err := unit.Evaluator()
	if err != nil {
		t.Fatal(err)
	}
	for k, text := range texts {
		got := b.Rows(fmt.Sprintf(`SELECT CAST(t%d AS VARCHAR), CAST(EXISTS (SELECT 1 FROM public.segment_members AS m
			WHERE m.segment = 's%d' AND m.customer_id = w.customer_id) AS VARCHAR) FROM work.customer_wide AS w ORDER BY mail`, k, k))
		for i, p := range people {
			subject := evaluator.On(expr.Profile{
				Traits: map[string]any{"mail": fmt.Sprintf("m%03d", i), "age": p.age, "city": p.city}, Rows: p.rows,
			}, docsTime)
			want, err := subject.Trait(fmt.Sprintf("t%d", k))
			if err != nil {
				t.Fatal(err)
			}
			answer := ""
			if want != nil {
				answer = fmt.Sprint(want)
			}
			compared++
			if want == true {
				yes++
			}
			if got[i][0] != answer || got[i][1] != strconv.FormatBool(want == true) {
				t.Fatalf("%s\ncustomer %d %v\ngot %q as a trait and %s as a segment, want %q", text, i, p, got[i][0], got[i][1], answer)
			}
		}
	}
	return compared, yes
}

// step is rows of a collection.
func (g nesting) step() string {
	c := g.word("carts", "buys")
	switch g.IntN(3) {
	case 0:
		return c
	case 1:
		return c + ".filter(x, " + g.row(0, "x") + ")"
	default:
		return c + `.filter(x, x.sku == "` + g.word("A", "B") + `")`
	}
}

// TestSequences holds funnels and what follows what, found by windows, to the
// conditions on rows that they stand for, as cel-go's interpreter follows them.
func TestSequences(t *testing.T) {
	rounds, each := 6, 25
	if testing.Short() {
		rounds = 2
	}
	r := rand.New(rand.NewPCG(20260301, 5))
	compared, yes := 0, 0
	for range rounds {
		g := nesting{r}
		var texts []string
		yaml := pairs
		for i := range each {
			within := g.word("days(7)", "days(7)", "days(30)", "days(30)", "days(30)", "days(100000)", "days(100000)", "hours(1)", "days(0)", "days(-1)")
			text := g.step() + "." + g.word("followed_by", "not_followed_by") + "(" + g.step() + ", " + within + ")"
			if r.IntN(2) == 0 {
				steps := []string{g.step(), g.step()}
				for range r.IntN(3) {
					steps = append(steps, g.step())
				}
				text = "funnel(" + within + ", [" + strings.Join(steps, ", ") + "])"
			}
			if r.IntN(8) == 0 {
				// Compared with rows, a step is found by a join instead.
				text = "carts.filter(x, " + g.inner(0, "x") + ").followed_by(" + g.step() + ", " + within + ")"
			}
			texts = append(texts, text)
			yaml = strings.Replace(yaml, "segments:\n", fmt.Sprintf("  - {name: t%d, entity: customer, value: '%s'}\nsegments:\n", i, text), 1)
			yaml += fmt.Sprintf("  - {name: s%d, entity: customer, when: '%s'}\n", i, text)
		}
		a, b := compareRows(t, yaml, texts, histories(r, 60))
		compared, yes = compared+a, yes+b
	}
	t.Logf("%d answers compared, %d of them yes", compared, yes)
	if yes < compared/20 || yes > compared*19/20 {
		t.Errorf("%d of %d answers are yes", yes, compared)
	}
}
