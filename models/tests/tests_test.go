package tests_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/models/tests"
	"github.com/customhouse-cdp/customhouse/sql"
)

// project has every kind of test of rows.
const project = `
project: {name: p}
targets: {local: {type: duckdb}}
entities:
  - {name: customer, identifiers: [{name: email}]}
sources:
  - {name: parents, table: raw.parents, entity: customer, identifiers: {email: mail}, columns: {id: int}}
  - name: rows
    table: raw.rows
    entity: customer
    identifiers: {email: mail}
    time: at
    columns: {id: int, status: string, amount: decimal, day: date, parent: int}
tests:
  - name: all
    source: rows
    not_null: [id, email, amount]
    unique: [id, status, [status, parent], [id, amount, day]]
    accepted_values: {status: [a, b], amount: [1, 2.5], id: [1, 2, 3], day: [2026-01-01]}
    relationships: {parent: parents.id}
    condition: amount > 1.0 || status == "a"
    row_count: {min: 1}
    freshness: 1 day
  - name: some
    source: rows
    where: id > 2
    not_null: [amount]
    unique: [status, [parent, email]]
    accepted_values: {status: [a]}
    relationships: {parent: parents.id}
    condition: has(amount) && amount < 2.0
    row_count: {min: 1}
    freshness: 1 day
`

var asOf = time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)

// load is the project with its tests checked.
func load(t *testing.T, text string) *tests.Set {
	t.Helper()
	type target struct{}
	p, found := config.Load(fstest.MapFS{"p.yaml": {Data: []byte(text)}}, ".", config.Kinds{Targets: map[string]func() any{"duckdb": func() any { return &target{} }}})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	set, found := tests.New(tests.Input{Project: p, AsOf: asOf, Traits: map[string][]expr.Compiled{}, Conditions: map[string]sql.Expr{}})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return set
}

// row is a row of raw.rows; nil is NULL.
type row struct {
	id, parent   *int
	mail, status *string
	amount       *float64
	day          *int // of January 2026
	at           *time.Time
}

// maybe is a value, or often none.
func maybe[T any](r *rand.Rand, v T) *T {
	if r.IntN(4) == 0 {
		return nil
	}
	return &v
}

func random(r *rand.Rand) row {
	return row{
		id: maybe(r, r.IntN(6)), parent: maybe(r, r.IntN(5)),
		mail: maybe(r, string(rune('x'+r.IntN(3)))), status: maybe(r, string(rune('a'+r.IntN(3)))),
		amount: maybe(r, float64(r.IntN(8))/2), day: maybe(r, 1+r.IntN(2)),
		// Some are later than the run.
		at: maybe(r, asOf.Add(time.Duration(r.IntN(100)-90)*time.Hour)),
	}
}

func literal(r row) string {
	text := func(v any, form string) string { return strings.ReplaceAll(form, "$", fmt.Sprint(v)) }
	cells := []string{"NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL"}
	if r.id != nil {
		cells[0] = text(*r.id, "$")
	}
	if r.parent != nil {
		cells[1] = text(*r.parent, "$")
	}
	if r.mail != nil {
		cells[2] = text(*r.mail, "'$'")
	}
	if r.status != nil {
		cells[3] = text(*r.status, "'$'")
	}
	if r.amount != nil {
		cells[4] = text(*r.amount, "$")
	}
	if r.day != nil {
		cells[5] = text(*r.day, "DATE '2026-01-0$'")
	}
	if r.at != nil {
		cells[6] = text(r.at.Format("2006-01-02 15:04:05"), "TIMESTAMP '$'")
	}
	return "(" + strings.Join(cells, ", ") + ")"
}

// TestOracle: on random tables each count is the one that a loop over the rows
// gives, and the query of the failing rows finds as many.
func TestOracle(t *testing.T) {
	set := load(t, project)
	list := set.Models(func(*config.Test) bool { return true })
	if len(list) != 1 || len(list[0].Steps) != 1 {
		t.Fatalf("got %d models, want one with one statement", len(list))
	}
	step, _ := list[0].Steps[0].(*models.Examine)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	bench := modeltest.New(t)
	for range 60 {
		bench.Exec("CREATE OR REPLACE TABLE raw.rows (id BIGINT, parent BIGINT, mail VARCHAR, status VARCHAR, amount DECIMAL(18, 4), day DATE, \"at\" TIMESTAMP)")
		bench.Exec("CREATE OR REPLACE TABLE raw.parents (id BIGINT, mail VARCHAR)")
		parents := map[int]bool{}
		for range r.IntN(5) {
			id := r.IntN(5)
			parents[id] = true
			bench.Exec("INSERT INTO raw.parents VALUES (?, 'm'), (NULL, 'n')", id)
		}
		var rows []row
		for range r.IntN(12) {
			rows = append(rows, random(r))
			bench.Exec("INSERT INTO raw.rows VALUES " + literal(rows[len(rows)-1]))
		}
		var got []*int64
		for _, cell := range bench.Rows(bench.Query(step.Query))[0] {
			n, err := strconv.ParseInt(cell, 10, 64)
			if err != nil {
				got = append(got, nil)
				continue
			}
			got = append(got, &n)
		}
		for i := range step.Expectations {
			x := &step.Expectations[i]
			want, failing := expected(x, rows, parents)
			if d := cmp.Diff(want, x.Judge(got, nil)); d != "" {
				t.Errorf("%s %s of %v (-want +got):\n%s", x.Test.Name, x.Name, rows, d)
			}
			if x.Failing == nil {
				continue
			}
			if found := len(bench.Values(bench.Query(x.Failing))); found != failing {
				t.Errorf("%s %s: %d failing rows are found, want %d", x.Test.Name, x.Name, found, failing)
			}
		}
		if t.Failed() {
			return
		}
	}
}

// expected judges by a loop, and says how many rows can be pointed at.
func expected(x *models.Expectation, rows []row, parents map[int]bool) (v models.Verdict, failing int) {
	some := x.Test.Name == "some"
	seen := map[string]int{}
	var newest *time.Time
	kind, column, _ := strings.Cut(x.Name, " ")
	for _, r := range rows {
		if some && (r.id == nil || *r.id <= 2) {
			continue
		}
		v.Rows++
		if r.at != nil && !r.at.After(asOf) && (newest == nil || r.at.After(*newest)) {
			newest = r.at
		}
		cells := map[string]any{}
		set := func(name string, there bool, value func() any) {
			if there {
				cells[name] = value()
			}
		}
		set("id", r.id != nil, func() any { return *r.id })
		set("email", r.mail != nil, func() any { return *r.mail })
		set("status", r.status != nil, func() any { return *r.status })
		set("amount", r.amount != nil, func() any { return *r.amount })
		set("day", r.day != nil, func() any { return *r.day })
		set("parent", r.parent != nil, func() any { return *r.parent })
		value, there := cells[column]
		if columns := strings.Split(column, ", "); len(columns) > 1 {
			var all []any
			for _, c := range columns {
				all = append(all, cells[c])
			}
			value, there = all, !slices.Contains(all, nil)
		}
		bad := false
		switch kind {
		case "not_null":
			bad = !there
		case "unique":
			if there {
				seen[fmt.Sprint(value)]++
			}
		case "accepted_values":
			accepted := map[string]string{"status": "a b", "amount": "1 2.5", "id": "1 2 3", "day": "1"}[column]
			if some {
				accepted = "a"
			}
			bad = there && !strings.Contains(" "+accepted+" ", fmt.Sprintf(" %v ", value))
		case "relationships":
			bad = there && !parents[*r.parent]
		case "condition":
			bad = (r.amount == nil || *r.amount <= 1) && (r.status == nil || *r.status != "a")
			if some {
				bad = r.amount == nil || *r.amount >= 2
			}
		}
		if bad {
			v.Failures++
			failing++
		}
	}
	for _, n := range seen {
		v.Failures += int64(n - 1)
		if n > 1 {
			failing += n
		}
	}
	v.Outcome = models.Passed
	switch {
	case kind == "row_count" && v.Rows == 0:
		v.Failures, v.Outcome, v.Said = 1, models.Broken, "0 rows, and at least 1 are expected"
	case kind == "freshness" && newest == nil:
		v.Failures, v.Outcome, v.Said = 1, models.Broken, "there is no row with a time up to now"
	case kind == "freshness" && asOf.Sub(*newest) > 24*time.Hour:
		age := asOf.Sub(*newest).Hours()
		v.Failures, v.Outcome, v.Said = 1, models.Broken, fmt.Sprintf("the newest row is %.0f hours old", age)
		if age >= 48 {
			v.Said = fmt.Sprintf("the newest row is %d days old", int(age)/24)
		}
	case kind != "row_count" && kind != "freshness" && v.Failures > 0:
		v.Outcome, v.Said = models.Broken, fmt.Sprintf("%d of %d rows", v.Failures, v.Rows)
	}
	return v, failing
}

// TestPlaceholders: what stands in a query is put in once, whatever it looks like.
func TestPlaceholders(t *testing.T) {
	found := config.Placeholders("SELECT '{x}' FROM {source:a} JOIN {entity:b} ON {segment:c} {other:d} {source:e")
	var got []string
	for _, p := range found {
		got = append(got, p.Key())
	}
	if d := cmp.Diff([]string{"source:a", "entity:b", "segment:c"}, got); d != "" {
		t.Errorf("placeholders (-want +got):\n%s", d)
	}
}
