package expr

import (
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
	// The interpreter knows these by itself; in_segment is read as a column.
	without := []string{
		operators.LogicalAnd, operators.LogicalOr, operators.Conditional, operators.Equals, operators.NotEquals,
		operators.Index, operators.OptIndex, operators.OptSelect, "in_segment",
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
			name: "in one segment, so not in the other", in: []string{"vips", "placed"}, out: []string{"rest", "alone"},
			profile: Profile{Traits: map[string]any{"vip": true, "spent": 200.0}, Related: acme},
		},
		{
			name: "null at the boundary", in: []string{"rest", "alone"}, out: []string{"vips", "placed", "recent"},
			profile: Profile{Traits: map[string]any{"vip": nil, "spent": 200.0, "seen": nil}, Related: nobody},
		},
		{
			name: "an account of no plan", in: []string{"rest"}, out: []string{"placed", "alone"},
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
