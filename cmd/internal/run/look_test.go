package run

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/compile"
)

// choosy is a warehouse that refuses queries with a word in them.
type choosy struct {
	adapters.Driver
	word string
	// asked counts the queries that were to be explained.
	asked *int
}

func (c choosy) Query(ctx context.Context, query string) (adapters.Rows, error) {
	if strings.HasPrefix(query, "EXPLAIN") {
		*c.asked++
		if strings.Contains(query, c.word) {
			return nil, &adapters.Error{Kind: adapters.Syntax, Message: "no such function"}
		}
	}
	return c.Driver.Query(ctx, query)
}

// TestLookNamesWhatIsRefused: a warehouse that does not take all that expressions
// ask is asked which of it, and the place is that of the expression.
func TestLookNamesWhatIsRefused(t *testing.T) {
	project, found := config.Load(fstest.MapFS{"customhouse.yaml": {Data: []byte(`project: {name: p}
targets: {local: {type: duckdb, path: ":memory:"}}
entities: [{name: customer, identifiers: [{name: id}]}]
sources:
  - name: orders
    table: main.orders
    entity: customer
    events: true
    identifiers: {id: id}
    time: happened
    columns: {status: string, amount: float}
traits:
  - {name: spent, entity: customer, value: 'orders.sum(o, o.amount)'}
segments:
  - {name: fine, entity: customer, when: 'orders.exists(o, o.status == "open")'}
  - {name: odd, entity: customer, when: 'orders.exists(o, o.status == "boom")'}
  - {name: above, entity: customer, when: 'orders.exists(o, o.amount > spent && o.status == "pow")'}
  - {name: after, entity: customer, when: 'orders.filter(o, o.status == "open").followed_by(orders.filter(o, o.status == "crash"), days(3))'}
  - {name: pair, entity: customer, when: 'orders.exists(o, orders.exists(p, p.amount > o.amount + spent && p.status == "bang") && o.status == "outer")'}
`)}}, ".", config.Kinds{Targets: map[string]func() any{"duckdb": func() any { return new(duckdb.Config) }}})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	checked, found := compile.Check(project, compile.Options{AsOf: time.Unix(0, 0)})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		word  string
		want  []string
		asked int
	}{
		{"nothing at all", nil, 2},
		{"boom", []string{`customhouse.yaml:16:41: error[refused-sql]: the warehouse refuses what segment:odd asks of source orders: no such function`}, 4},
		{"pow", []string{`customhouse.yaml:17:43: error[refused-sql]: the warehouse refuses what segment:above asks of source orders: no such function`}, 4},
		{"crash", []string{`customhouse.yaml:18:43: error[refused-sql]: the warehouse refuses what segment:after asks of source orders: no such function`}, 4},
		{"bang", []string{`customhouse.yaml:19:42: error[refused-sql]: the warehouse refuses what segment:pair asks of source orders: no such function`}, 2},
		{"outer", []string{`customhouse.yaml:19:42: error[refused-sql]: the warehouse refuses what segment:pair asks of source orders: no such function`}, 2},
		{"main.orders", []string{`customhouse.yaml:6:12: error[refused-sql]: the warehouse cannot read source orders as it is declared: no such function`}, 2},
	} {
		h := newHarness(t)
		if err := h.driver.Exec(t.Context(), []string{"CREATE TABLE main.orders (id BIGINT, happened TIMESTAMP, status VARCHAR, amount DOUBLE)"}); err != nil {
			t.Fatal(err)
		}
		asked := 0
		plan := checked.Plan(compile.Options{AsOf: time.Unix(0, 0)})
		looked, found, err := Look(t.Context(), Options{Plan: plan, Warehouse: through(choosy{h.driver, c.word, &asked})}, checked.Probes())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range found {
			line, _, _ := strings.Cut(d.String(), "\n")
			got = append(got, line)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.word, d)
		}
		if asked < c.asked || c.want == nil && asked != c.asked {
			t.Errorf("%s: the warehouse was asked %d times, want %d", c.word, asked, c.asked)
		}
		if len(looked.Sources) != 1 || looked.Columns != 4 {
			t.Errorf("%s: looked at %+v", c.word, looked)
		}
	}
}

// TestLookWithoutTheOther: rows that are compared with those of a source that is
// not there are not asked about, and what is wrong is told once.
func TestLookWithoutTheOther(t *testing.T) {
	project, found := config.Load(fstest.MapFS{"customhouse.yaml": {Data: []byte(`project: {name: p}
targets: {local: {type: duckdb, path: ":memory:"}}
entities: [{name: customer, identifiers: [{name: id}]}]
sources:
  - {name: orders, table: main.orders, entity: customer, events: true, identifiers: {id: id}, time: happened, columns: {amount: float}}
  - {name: visits, table: main.visits, entity: customer, events: true, identifiers: {id: id}, time: happened, columns: {pages: float}}
segments:
  - {name: pair, entity: customer, when: 'orders.exists(o, visits.exists(v, v.pages > o.amount))'}
`)}}, ".", config.Kinds{Targets: map[string]func() any{"duckdb": func() any { return new(duckdb.Config) }}})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	checked, found := compile.Check(project, compile.Options{AsOf: time.Unix(0, 0)})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	h := newHarness(t)
	if err := h.driver.Exec(t.Context(), []string{"CREATE TABLE main.orders (id BIGINT, happened TIMESTAMP, amount DOUBLE)"}); err != nil {
		t.Fatal(err)
	}
	asked := 0
	plan := checked.Plan(compile.Options{AsOf: time.Unix(0, 0)})
	_, found, err := Look(t.Context(), Options{Plan: plan, Warehouse: through(choosy{h.driver, "no such word", &asked})}, checked.Probes())
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Summary, "main.visits") {
		t.Errorf("got %v, %v, want that main.visits is missing", found, err)
	}
	if asked != 1 {
		t.Errorf("the warehouse was asked %d times, want 1: about orders alone", asked)
	}
}
