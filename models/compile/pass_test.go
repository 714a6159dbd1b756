package compile_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
)

// conditions makes random conditions that use every way in which a scan can
// decide something, beside what it cannot.
type conditions struct{ *rand.Rand }

func (g conditions) word(of ...string) string { return of[g.IntN(len(of))] }

// rows is a condition on a row e.
func (g conditions) rows(depth int) string {
	if depth > 0 && g.IntN(3) > 0 {
		return "(" + g.rows(depth-1) + g.word(" && ", " && ", " || ") + g.rows(depth-1) + ")"
	}
	switch g.IntN(6) {
	case 0:
		return fmt.Sprintf("e.time %s now - days(%d)", g.word(">", "<=", "<"), 1+g.IntN(9))
	case 1:
		return fmt.Sprintf("e.amount %s %d.0", g.word(">", "<", ">="), g.IntN(5))
	case 2:
		return fmt.Sprintf("!(e.quantity > %d)", g.IntN(4))
	case 3:
		return fmt.Sprintf("e.topic %s %q", g.word("==", "!="), g.word("a", "b"))
	default:
		return fmt.Sprintf("e.name == %q", g.word("x", "y", "z"))
	}
}

func (g conditions) list() string {
	if g.IntN(4) == 0 {
		return "events"
	}
	return "events.filter(e, " + g.rows(2) + ")"
}

// leaf is a condition on a customer.
func (g conditions) leaf() string {
	op := g.word("<", "<=", ">", ">=", "==", "!=")
	switch g.IntN(13) {
	case 0:
		return "events.exists(e, " + g.rows(2) + ")"
	case 1:
		return "events.all(e, " + g.rows(1) + ")"
	case 2, 3:
		return fmt.Sprintf("%s.count() %s %d", g.list(), op, g.IntN(3))
	case 4:
		return fmt.Sprintf("%s.max(e, e.time) %s now - days(%d)", g.list(), op, 1+g.IntN(9))
	case 5:
		return fmt.Sprintf("now - days(%d) %s %s.min(e, e.time)", 1+g.IntN(9), op, g.list())
	case 6:
		return fmt.Sprintf("%s.%s(e, e.amount) %s %d.0", g.list(), g.word("min", "max", "sum", "avg"), op, g.IntN(6))
	case 7:
		return fmt.Sprintf("%s.%s(e, e.quantity) %s %d", g.list(), g.word("min", "max", "sum"), op, g.IntN(6))
	case 8:
		return fmt.Sprintf("%s.%s().topic %s %q", g.list(), g.word("first", "last"), g.word("==", "!="), g.word("a", "b"))
	case 9:
		return fmt.Sprintf("%s.distinct(e, e.topic).size() %s %d", g.list(), op, g.IntN(3))
	case 10:
		return fmt.Sprintf("country %s %q", g.word("==", "!="), g.word("FR", "DE"))
	case 11:
		return fmt.Sprintf("%s.count() > %s.count()", g.list(), g.list())
	default:
		return fmt.Sprintf("spent > %d.0", g.IntN(6))
	}
}

func (g conditions) condition(depth int) string {
	if depth == 0 || g.IntN(5) == 0 {
		return g.leaf()
	}
	switch g.IntN(6) {
	case 0:
		return "!(" + g.condition(depth-1) + ")"
	case 1:
		return "is_true(" + g.condition(depth-1) + ")"
	case 2:
		return "(" + g.condition(depth-1) + " ? " + g.condition(depth-1) + " : " + g.leaf() + ")"
	case 3:
		return "(" + g.condition(depth-1) + " || " + g.condition(depth-1) + ")"
	default:
		return "(" + g.condition(depth-1) + " && " + g.condition(depth-1) + ")"
	}
}

// TestPassEqualsWhole wants the members that conditions have over a wide table
// of all features, whatever scans decide before it is joined.
func TestPassEqualsWhole(t *testing.T) {
	t.Parallel()
	seeds := uint64(2)
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		seeds = 25
	}
	members := 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 31))
		g := conditions{r}
		b := modeltest.New(t)
		b.Exec("CREATE TABLE raw.contacts (id INTEGER, country VARCHAR)")
		b.Exec("CREATE TABLE raw.events (id INTEGER, name VARCHAR, topic VARCHAR, amount DECIMAL(9, 2), quantity BIGINT, seen TIMESTAMP)")
		maybe := func(v any) any {
			if r.IntN(5) == 0 {
				return nil
			}
			return v
		}
		for id := range 30 {
			b.Exec("INSERT INTO raw.contacts VALUES (?, ?)", id, maybe(g.word("FR", "DE", "IT")))
		}
		for range 150 {
			b.Exec("INSERT INTO raw.events VALUES (?, ?, ?, CAST(? AS DOUBLE), ?, ?)", r.IntN(25), maybe(g.word("x", "y", "z", "w")), maybe(g.word("a", "b", "c")),
				maybe(float64(r.IntN(20))/4), maybe(r.IntN(6)), maybe(time.Date(2026, 1, 1+r.IntN(9), r.IntN(3), 0, 0, 0, time.UTC)))
		}
		head := `
project: {name: pass}
targets: {local: {type: any}}
entities: [{name: customer, identifiers: [{name: user_id}]}]
sources:
  - {name: contacts, table: raw.contacts, entity: customer, identifiers: {user_id: id}, columns: {country: string}}
  - {name: events, table: raw.events, entity: customer, events: true, identifiers: {user_id: id}, time: seen, columns: {name: string, topic: string, amount: decimal, quantity: int}}
traits:
  - {name: country, entity: customer, pick: latest, from: contacts.country}
  - {name: spent, entity: customer, value: 'events.filter(e, e.name == "x").sum(e, e.amount)'}
segments:
`
		var segments strings.Builder
		for n := 0; n < 150; {
			line := fmt.Sprintf("  - {name: s%d, entity: customer, when: '%s'}\n", n, g.condition(2))
			// A condition that the compiler refuses is not to be decided by anybody.
			if _, found := compile.Compile(load(t, head+line), compile.Options{AsOf: time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)}); found.HasErrors() {
				continue
			}
			segments.WriteString(line)
			n++
		}
		text := head + segments.String()
		run := func(whole bool) string {
			p, found := compile.Compile(load(t, text), compile.Options{AsOf: time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC), RunID: "run", Refresh: true, Whole: whole})
			if found.HasErrors() {
				t.Fatal(found)
			}
			for _, s := range p.System {
				b.Statements(s)
			}
			for _, m := range p.Models {
				b.Steps(m.Steps)
				b.Statements(m.Commit...)
			}
			return lines(b, "SELECT segment, string_agg(customer_id, ',' ORDER BY customer_id) FROM public.segment_members GROUP BY 1 ORDER BY 1")
		}
		want := run(true)
		columns := b.Rows("SELECT count(*) FROM information_schema.columns WHERE table_name = 'customer_wide'")
		got := run(false)
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("seed %d (-whole +decided in scans):\n%s\n%s", seed, diff, text)
		}
		members += strings.Count(want, ",")
		if narrow := b.Rows("SELECT count(*) FROM information_schema.columns WHERE table_name = 'customer_wide'"); cmp.Equal(columns, narrow) {
			t.Errorf("seed %d: nothing was decided before the join", seed)
		}
	}
	if members < 500 {
		t.Errorf("only %d memberships were compared", members)
	}
}
