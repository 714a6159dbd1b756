package expr

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/cel-go/common/operators"

	"github.com/customhouse-cdp/customhouse/config"
)

// evaluator compiles a project and evaluates it in process.
func evaluator(tb testing.TB, in Input) *Evaluator {
	tb.Helper()
	u := Parse(in)
	if _, found := u.Compile(accounts); found.HasErrors() {
		tb.Fatalf("compiling: %v", found)
	}
	v, err := u.Evaluator()
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// rowsOf are orders as a profile holds them.
func rowsOf(os []order) []map[string]any {
	out := []map[string]any{}
	for _, o := range os {
		row := map[string]any{}
		if o.amount != nil {
			row["amount"] = strconv.FormatFloat(*o.amount, 'f', -1, 64)
		}
		set(row, "price", o.price)
		set(row, "qty", o.qty)
		set(row, "sku", o.sku)
		set(row, "gift", o.gift)
		set(row, "day", o.day)
		set(row, TimeField, o.at)
		out = append(out, row)
	}
	return out
}

func set[T any](row map[string]any, name string, v *T) {
	if v != nil {
		row[name] = *v
	}
}

// TestBindings: what can be written can be evaluated in process.
func TestBindings(t *testing.T) {
	l, err := loadLanguage()
	if err != nil {
		t.Fatal(err)
	}
	d, err := loadBindings()
	if err != nil {
		t.Fatal(err)
	}
	// The interpreter knows the operators by itself; the others are read as
	// columns, or refused.
	without := []string{
		operators.LogicalAnd, operators.LogicalOr, operators.Conditional, operators.Equals, operators.NotEquals,
		operators.Index, operators.OptIndex, operators.OptSelect, "in_segment", fnEntered, fnConsent, fnRank, fnPercentile, fnNtile, fnQuintile,
	}
	for _, f := range l.functions {
		if slices.Contains(without, f.Name()) {
			continue
		}
		if _, bound := d.FindOverload(f.Name()); !bound {
			t.Errorf("%s has no binding", f.Name())
		}
	}
}

// TestSums holds sums and means of decimals and doubles of all sizes against
// DuckDB, to the last bit.
func TestSums(t *testing.T) {
	in := project(t, shop, `
traits:
  - {name: exact, value: 'orders.sum(o, o.amount)'}
  - {name: mean, value: 'orders.avg(o, o.amount)'}
  - {name: rounded, value: 'orders.sum(o, o.price)'}
  - {name: average, value: 'orders.avg(o, o.price)'}
  - {name: half, value: 'orders.filter(o, o.price > 0.0).sum(o, o.amount / 2.0)'}
`)
	out, found := Compile(in)
	if found.HasErrors() {
		t.Fatal(found)
	}
	r := rand.New(rand.NewPCG(4, 4))
	db := openDuck(t)
	exec(t, db, "CREATE TABLE people (id BIGINT)")
	exec(t, db, `CREATE TABLE orders (id BIGINT, amount DECIMAL(38,9), price DOUBLE)`)
	book := make([][]map[string]any, 40)
	for i := range book {
		book[i] = []map[string]any{}
		exec(t, db, "INSERT INTO people VALUES (?)", i)
		for range r.IntN(12) {
			amount := strconv.FormatInt(r.Int64N(1e12)-5e11, 10) + "." + strconv.FormatInt(r.Int64N(1e9), 10)
			price := (r.Float64() - 0.5) * []float64{1, 1e-9, 1e9, 1e300}[r.IntN(4)]
			book[i] = append(book[i], map[string]any{"amount": amount, "price": price})
			exec(t, db, "INSERT INTO orders VALUES (?, CAST(CAST(? AS VARCHAR) AS DECIMAL(38,9)), ?)", i, amount, price)
		}
	}
	v := evaluator(t, in)
	for _, x := range out.Traits {
		if x.Expr == nil {
			continue
		}
		want, err := queryColumn(db, collectionQuery(t, out, x.Expr))
		if err != nil {
			t.Fatal(err)
		}
		for i, rows := range book {
			got, err := v.On(Profile{Rows: map[string][]map[string]any{"orders": rows}}, asOf).Trait(x.Name)
			if err != nil || !same(got, want[i]) {
				t.Errorf("%s of %v: got %v, want %v: %v", x.Name, rows, got, want[i], err)
			}
		}
	}
}

// TestEvaluate looks at what one expression takes from another, and from other
// entities.
func TestEvaluate(t *testing.T) {
	in := project(t, shop, `
traits:
  - {name: spent, value: 'orders.sum(o, o.amount)'}
  - {name: mean, value: 'spent / double(orders.count())'}
  - {name: ratio, value: '100 / age'}
segments:
  - {name: vips, when: 'vip && spent > 100.0'}
  - {name: rest, when: '!in_segment("vips") && employer.plan != "pro"'}
  - {name: placed, when: 'has(employer) && has(employer.plan)'}
  - {name: alone, when: 'employer == null && employer.plan == null'}
  - {name: recent, when: 'seen > now - days(30)'}
  - {name: free, when: 'employer.?plan.orValue("free") == "free"'}
`)
	in.Relations = []*config.Relation{{Name: "employer", From: "customer", To: "account"}}
	v := evaluator(t, in)
	rows := func(amounts ...any) map[string][]map[string]any {
		out := []map[string]any{}
		for _, a := range amounts {
			out = append(out, map[string]any{"amount": a})
		}
		return map[string][]map[string]any{"orders": out}
	}
	acme := map[string]map[string]any{"employer": {"account_id": int64(3), "plan": "pro", "seats": int64(5), "budget": "10.5", "renewed": nil}}
	unplanned := map[string]map[string]any{"employer": {"account_id": int64(4), "plan": nil}}
	nobody := map[string]map[string]any{"employer": nil}
	for _, c := range []struct {
		name    string
		profile Profile
		trait   string
		want    any
		in, out []string
	}{
		{name: "sums", profile: Profile{Rows: rows("60.25", "40", nil)}, trait: "spent", want: 100.25},
		{name: "a trait of a trait", profile: Profile{Rows: rows("60", "40")}, trait: "mean", want: 50.0},
		{name: "a computed trait that is known", profile: Profile{Traits: map[string]any{"spent": 7.0}, Rows: rows("60", "40")}, trait: "mean", want: 3.5},
		{name: "an error is no value", profile: Profile{Traits: map[string]any{"age": int64(0)}}, trait: "ratio", want: nil},
		{name: "null is no value", profile: Profile{Traits: map[string]any{"age": nil}}, trait: "ratio", want: nil},
		{
			name: "in one segment, so not in the other", in: []string{"vips", "placed"}, out: []string{"rest", "alone", "free"},
			profile: Profile{Traits: map[string]any{"vip": true, "spent": 200.0}, Related: acme},
		},
		{
			name: "null at the boundary", in: []string{"rest", "alone", "free"}, out: []string{"vips", "placed", "recent"},
			profile: Profile{Traits: map[string]any{"vip": nil, "spent": 200.0, "seen": nil}, Related: nobody},
		},
		{
			name: "an account of no plan", in: []string{"rest", "free"}, out: []string{"placed", "alone"},
			profile: Profile{Segments: map[string]bool{"vips": false}, Related: unplanned},
		},
		{name: "a segment that is known", out: []string{"rest"}, profile: Profile{Segments: map[string]bool{"vips": true}, Related: nobody}},
		{name: "now", in: []string{"recent"}, profile: Profile{Traits: map[string]any{"seen": asOf.Add(-24 * time.Hour)}}},
	} {
		s := v.On(c.profile, asOf)
		if c.trait != "" {
			if got, err := s.Trait(c.trait); err != nil || got != c.want {
				t.Errorf("%s: got %v, want %v: %v", c.name, got, c.want, err)
			}
		}
		for _, name := range slices.Concat(c.in, c.out) {
			want := slices.Contains(c.in, name)
			if got, err := s.Segment(name); err != nil || got != want {
				t.Errorf("%s: in %s: got %v, want %v: %v", c.name, name, got, want, err)
			}
		}
	}
	if in, err := v.On(Profile{Traits: map[string]any{"seen": asOf}}, asOf.AddDate(0, 2, 0)).Segment("recent"); in || err != nil {
		t.Errorf("two months later: got %v, %v", in, err)
	}

	// What is missing or of a wrong type is told, whatever the expression would
	// make of it, and told again.
	for _, c := range []struct {
		segment string
		profile Profile
		want    string
	}{
		{"vips", Profile{Rows: rows()}, "the profile lacks the trait vip"},
		{"vips", Profile{Traits: map[string]any{"vip": true}}, "the profile lacks the rows of orders"},
		{"vips", Profile{Traits: map[string]any{"vip": "yes"}, Rows: rows()}, "trait vip is a string, which is no bool"},
		{"vips", Profile{Traits: map[string]any{"vip": true}, Rows: rows(true)}, "orders.amount is a bool, which is no decimal"},
		{"vips", Profile{Traits: map[string]any{"vip": true}, Rows: rows("0x10")}, "orders.amount is a string, which is no decimal"},
		{"vips", Profile{Traits: map[string]any{"vip": true}, Rows: map[string][]map[string]any{"orders": {{"amont": "1"}}}}, "orders has no column amont"},
		{"placed", Profile{}, "the profile lacks the relation employer"},
		{"placed", Profile{Related: map[string]map[string]any{"employer": {"account_id": int64(1)}}}, "the profile lacks employer.plan"},
		{"staff", Profile{}, "there is no segment staff of customer"},
	} {
		s := v.On(c.profile, asOf)
		for range 2 {
			if _, err := s.Segment(c.segment); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		}
	}
	if _, err := v.On(Profile{}, asOf).Trait("spend"); err == nil {
		t.Error("an unknown trait has a value")
	}
	if _, err := Parse(in).Evaluator(); err == nil || !strings.Contains(err.Error(), "not compiled") {
		t.Errorf("before Compile: got %v", err)
	}
}

// TestEvaluateTogether evaluates one project on several profiles at once.
func TestEvaluateTogether(t *testing.T) {
	v := evaluator(t, project(t, shop, "segments: [{name: x, when: 'orders.filter(o, o.qty > 1).sum(o, o.qty) == age && country == \"FR\"'}]"))
	var wg sync.WaitGroup
	for i := range int64(8) {
		wg.Go(func() {
			for n := range int64(200) {
				s := v.On(Profile{
					Traits: map[string]any{"age": i + 2, "country": "FR"},
					Rows:   map[string][]map[string]any{"orders": {{"qty": n % 10}, {"qty": int64(1)}, {"qty": nil}}},
				}, asOf)
				if in, err := s.Segment("x"); err != nil || in != (n%10 == i+2) {
					t.Errorf("%d, %d: got %v, %v", i, n, in, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestWords holds the words of the field in process against SQL, at times around
// which the clocks are turned and the year ends.
func TestWords(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	var cells []string
	var profiles []Profile
	for i := range 60 {
		seen := time.Date(1960+r.IntN(80), time.Month(1+r.IntN(12)), 1+r.IntN(31), 20+r.IntN(6), 59*r.IntN(2), 0, 0, time.UTC)
		born := time.Date(1990+r.IntN(20), time.Month(1+r.IntN(12)), 1+r.IntN(31), 0, 0, 0, 0, time.UTC)
		p := Profile{ID: int64(i + 1), Traits: map[string]any{"seen": seen, "born": born}}
		cell := fmt.Sprintf("(%d, TIMESTAMP '%s', DATE '%s')", i+1, seen.Format(time.DateTime), born.Format(time.DateOnly))
		if i == 0 {
			cell, p.Traits = "(1, NULL, NULL)", map[string]any{"seen": nil, "born": nil}
		}
		cells, profiles = append(cells, cell), append(profiles, p)
	}
	rows := "(SELECT * FROM (VALUES " + strings.Join(cells, ", ") + ") AS v(customer_id, seen, born))"
	for _, at := range []time.Time{asOf, time.Date(2025, 12, 29, 23, 30, 0, 0, time.UTC), time.Date(2024, 2, 27, 23, 15, 0, 0, time.UTC), time.Date(2024, 3, 31, 0, 30, 0, 0, time.UTC)} {
		in := project(t, shop)
		in.AsOf = at
		in.Zone, _ = time.LoadLocation("Europe/Paris")
		for _, value := range []string{
			`days_ago(0)`, `days_ago(-3)`, `days_ago(400, "Africa/Cairo")`,
			`start_of("week")`, `start_of("month", -2)`, `start_of("quarter", 5, "America/Havana")`, `start_of("year", -1)`,
			`anniversary(born, days(0))`, `anniversary(born, days(30))`, `anniversary(seen, days(364), "UTC")`, `anniversary(born, days(400))`,
			`seen.period("day")`, `seen.period("week", "Asia/Kolkata")`, `seen.period("month")`, `seen.period("quarter")`, `born.period("year")`,
			`sample(0.0)`, `sample(0.3)`, `sample(0.3, "spring")`, `sample(1.0)`,
		} {
			want := evaluate(t, in, rows, value)
			with := in
			with.Traits = append(slices.Clip(in.Traits), &config.Trait{Name: "x", Value: value})
			v := evaluator(t, with)
			for i, p := range profiles {
				if got, err := v.On(p, at).Trait("x"); err != nil || !same(got, want[i]) {
					t.Errorf("%s at %v of %v: got %v, want %v: %v", value, at, p.Traits, got, want[i], err)
				}
			}
		}
	}
}

// TestConsentInProcess goes through who said what when, in one source or in two.
func TestConsentInProcess(t *testing.T) {
	in := project(t, shop, "segments: [{name: one, when: 'consent(\"one\")'}, {name: two, when: 'consent(\"two\")'}, {name: ranked, when: 'rank(ltv) <= 3'}]")
	in.Consents = []*config.Consent{{Name: "one", Purpose: "one", From: []string{"contacts.vip"}}, {Name: "two", Purpose: "two", From: []string{"contacts.vip"}}, {Name: "three", Purpose: "two", From: []string{"orders.gift"}}}
	v := evaluator(t, in)
	said := func(column string, words ...any) []map[string]any {
		out := []map[string]any{}
		for i, w := range words {
			out = append(out, map[string]any{column: w, TimeField: asOf.AddDate(0, 0, i/2)}) // two at a time
		}
		return out
	}
	for _, c := range []struct {
		contacts, orders []any
		one, two         bool
	}{
		{nil, nil, false, false},
		{[]any{true}, nil, true, true},
		{[]any{true, false}, nil, false, false},
		{[]any{false, nil, true}, nil, true, true},
		{[]any{true, nil, nil}, []any{true, true, false}, true, false},
		{[]any{false}, []any{nil, nil, true}, false, true},
		{[]any{true}, []any{false}, true, false},
	} {
		s := v.On(Profile{Rows: map[string][]map[string]any{"contacts": said("vip", c.contacts...), "orders": said("gift", c.orders...)}}, asOf)
		for name, want := range map[string]bool{"one": c.one, "two": c.two} {
			if got, err := s.Segment(name); err != nil || got != want {
				t.Errorf("%v, %v: %s: got %v, want %v: %v", c.contacts, c.orders, name, got, want, err)
			}
		}
	}
	if _, err := v.On(Profile{}, asOf).Segment("ranked"); err == nil || !strings.Contains(err.Error(), "compares with all profiles") {
		t.Errorf("a rank: got %v", err)
	}
}

// TestListsInProcess holds lists and texts, whose functions are cel-go's own,
// against SQL.
func TestListsInProcess(t *testing.T) {
	rows := "(SELECT * FROM (VALUES (1, 'FR', CAST(5 AS BIGINT)), (2, NULL, NULL), (3, 'aé', 2)) AS v(customer_id, country, age))"
	profiles := []Profile{
		{ID: 1, Traits: map[string]any{"country": "FR", "age": int64(5)}},
		{ID: 2, Traits: map[string]any{"country": nil, "age": nil}},
		{ID: 3, Traits: map[string]any{"country": "aé", "age": int64(2)}},
	}
	for _, value := range []string{
		`[1, age, 2].exists(x, x > 3)`, `[1, age, 2].filter(x, x > 1).size()`, `age in [1, 2, null]`, `["b", "a", "b"].distinct().size()`,
		`["b", "a"].sort()[0]`, `[3, 1, 2].sort()[age - 2]`, `[b"a", b"a"].distinct().size()`, `[[1], [1], [2]].distinct().size()`, `sets.contains(["aé", "FR"], [country])`, `cel.bind(x, age, x + x)`,
		`country.charAt(0)`, `country.reverse()`, `country.substring(0, 1)`, `"a,b".split(",").size()`, `[1, 2, 3].transformList(i, v, i + v)[1]`,
	} {
		want := evaluate(t, project(t, shop), rows, value)
		v := evaluator(t, withTrait(t, value))
		for i, p := range profiles {
			if got, err := v.On(p, asOf).Trait("x"); err != nil || !same(got, want[i]) {
				t.Errorf("%s of %v: got %v, want %v: %v", value, p.Traits, got, want[i], err)
			}
		}
	}
}
