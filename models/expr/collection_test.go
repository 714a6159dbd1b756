package expr

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// order is one row of the collection; nil is a missing value.
type order struct {
	amount, price *float64
	qty           *int64
	sku           *string
	gift          *bool
	day           *time.Time
	at            *time.Time
}

func maybe[T any](r *rand.Rand, v T) *T {
	if r.IntN(5) == 0 {
		return nil
	}
	return &v
}

// orderBook gives each of n people some orders, many of them none. Amounts and
// prices are multiples of 1/4, so that sums are exact in any order.
func orderBook(r *rand.Rand, n int) [][]order {
	out := make([][]order, n)
	for i := range out {
		for range max(0, r.IntN(9)-2) {
			day := asOf.Truncate(24*time.Hour).AddDate(0, 0, -r.IntN(400))
			at := asOf.Add(-time.Duration(r.IntN(200*24)) * time.Hour)
			if r.IntN(3) == 0 {
				at = asOf.AddDate(0, 0, -30) // ties
			}
			out[i] = append(out[i], order{
				amount: maybe(r, float64(r.IntN(800)-100)/4), price: maybe(r, float64(r.IntN(400))/4),
				qty: maybe(r, int64(r.IntN(6)-1)), sku: maybe(r, string(rune('A'+r.IntN(4)))),
				gift: maybe(r, r.IntN(2) == 0), day: maybe(r, day), at: maybe(r, at),
			})
		}
	}
	return out
}

func loadOrders(tb testing.TB, book [][]order) func(query string) ([]any, error) {
	tb.Helper()
	db := openDuck(tb)
	exec(tb, db, "CREATE TABLE people (id BIGINT)")
	exec(tb, db, `CREATE TABLE orders (id BIGINT, amount DECIMAL(38,9), price DOUBLE, qty BIGINT, sku VARCHAR, gift BOOLEAN, day DATE, "time" TIMESTAMP)`)
	for i, orders := range book {
		exec(tb, db, "INSERT INTO people VALUES (?)", int64(i))
		for _, o := range orders {
			exec(tb, db, "INSERT INTO orders VALUES (?, CAST(? AS DOUBLE), ?, ?, ?, ?, ?, ?)", int64(i), o.amount, o.price, o.qty, o.sku, o.gift, o.day, o.at)
		}
	}
	return func(query string) ([]any, error) { return queryColumn(db, query) }
}

// collectionQuery computes an expression the way a plan does: one scan, joined.
func collectionQuery(tb testing.TB, out *Output, e sql.Expr) string {
	tb.Helper()
	items := []string{"id"}
	for _, f := range out.Features {
		items = append(items, printed(tb, f.Aggregate)+` AS "`+f.Name+`"`)
	}
	return "SELECT " + printed(tb, e) + ` FROM (SELECT * FROM people LEFT JOIN (SELECT ` + strings.Join(items, ", ") +
		` FROM orders AS "e" GROUP BY id) AS f USING (id)) AS "p" ORDER BY id`
}

// where are the orders for which the condition is known to be true.
func where(os []order, cond func(order) bool) (out []order) {
	for _, o := range os {
		if cond(o) {
			out = append(out, o)
		}
	}
	return out
}

func values[T any](os []order, field func(order) *T) (out []T) {
	for _, o := range os {
		if v := field(o); v != nil {
			out = append(out, *v)
		}
	}
	return out
}

func total2[T int64 | float64](vs []T) (sum T) {
	for _, v := range vs {
		sum += v
	}
	return sum
}

// orNull is NULL for the empty list.
func orNull[T any](vs []T, of func([]T) T) any {
	if len(vs) == 0 {
		return nil
	}
	return of(vs)
}

func amount(o order) *float64 { return o.amount }
func qty(o order) *int64      { return o.qty }
func sku(o order) *string     { return o.sku }
func at(o order) *time.Time   { return o.at }
func skuIs(s string) func(order) bool {
	return func(o order) bool { return o.sku != nil && *o.sku == s }
}

func mode(vs []string) string {
	counts := map[string]int{}
	for _, v := range vs {
		counts[v]++
	}
	best := ""
	for _, v := range slices.Sorted(slices.Values(vs)) {
		if best == "" || counts[v] > counts[best] {
			best = v
		}
	}
	return best
}

// lastBy is the order with the latest time; among equals the greatest value,
// a missing one counting as the smallest.
func lastBy(os []order) (*order, bool) {
	var best *order
	for _, o := range os {
		if o.at == nil {
			continue
		}
		if best == nil || o.at.After(*best.at) || o.at.Equal(*best.at) && o.sku != nil && (best.sku == nil || *o.sku > *best.sku) {
			best = &o
		}
	}
	return best, best != nil
}

func TestCollections(t *testing.T) {
	after := func(days int) func(order) bool {
		return func(o order) bool { return o.at != nil && o.at.After(asOf.AddDate(0, 0, -days)) }
	}
	minOf := slices.Min[[]float64]
	cases := []struct {
		value string
		want  func(os []order) any
	}{
		{`orders.count()`, func(os []order) any { return int64(len(os)) }},
		{`size(orders)`, func(os []order) any { return int64(len(os)) }},
		{`orders.size() == 0`, func(os []order) any { return len(os) == 0 }},
		{`orders.count(o, o.sku == "A")`, func(os []order) any { return int64(len(where(os, skuIs("A")))) }},
		{`orders.filter(o, o.sku == "A").size() >= 2`, func(os []order) any { return len(where(os, skuIs("A"))) >= 2 }},
		{`orders.count(o, o.sku != "A")`, func(os []order) any { return int64(len(os) - len(where(os, skuIs("A")))) }},
		{`orders.count(o, !(o.qty > 1))`, func(os []order) any {
			return int64(len(where(os, func(o order) bool { return o.qty != nil && *o.qty <= 1 })))
		}},
		{`orders.count(o, o.time > now - days(90))`, func(os []order) any { return int64(len(where(os, after(90)))) }},
		{`orders.sum(o, o.amount)`, func(os []order) any { return total2(values(os, amount)) }},
		{`orders.map(o, o.amount).sum()`, func(os []order) any { return total2(values(os, amount)) }},
		{`orders.sum(o, o.qty)`, func(os []order) any { return total2(values(os, qty)) }},
		{`orders.filter(o, o.sku == "A").sum(o, o.qty)`, func(os []order) any { return total2(values(where(os, skuIs("A")), qty)) }},
		{`orders.sum(o, o.amount * 2.0)`, func(os []order) any { return 2 * total2(values(os, amount)) }},
		{`orders.sum(o, o.sku == "A" ? 1 : 0)`, func(os []order) any { return int64(len(where(os, skuIs("A")))) }},
		{`orders.sum(o, 12 / o.qty)`, func(os []order) any { // a division by zero is left out
			var sum int64
			for _, q := range values(os, qty) {
				if q != 0 {
					sum += 12 / q
				}
			}
			return sum
		}},
		{`orders.sum(o, o.qty * 9223372036854775807)`, func(os []order) any { // each may overflow, and so may their sum
			var fits int64
			for _, q := range values(os, qty) {
				if q >= -1 && q <= 1 {
					fits += q
				}
			}
			if fits > 1 || fits < -1 {
				return nil
			}
			return fits * 9223372036854775807
		}},
		{`orders.avg(o, o.qty)`, func(os []order) any {
			vs := values(os, qty)
			if len(vs) == 0 {
				return nil
			}
			return float64(total2(vs)) / float64(len(vs))
		}},
		{`orders.avg(o, o.amount)`, func(os []order) any {
			return orNull(values(os, amount), func(vs []float64) float64 { return total2(vs) / float64(len(vs)) })
		}},
		{`orders.min(o, o.amount)`, func(os []order) any { return orNull(values(os, amount), minOf) }},
		{`orders.max(o, o.time)`, func(os []order) any {
			return orNull(values(os, at), func(vs []time.Time) time.Time { return slices.MaxFunc(vs, time.Time.Compare) })
		}},
		{`orders.max(o, o.sku)`, func(os []order) any {
			return orNull(values(os, sku), slices.Max[[]string])
		}},
		{`orders.max(o, o.day)`, func(os []order) any {
			return orNull(values(os, func(o order) *time.Time { return o.day }), func(vs []time.Time) time.Time { return slices.MaxFunc(vs, time.Time.Compare) })
		}},
		{`orders.most_frequent(o, o.sku)`, func(os []order) any { return orNull(values(os, sku), mode) }},
		{`orders.distinct(o, o.sku).size()`, func(os []order) any {
			vs := slices.Sorted(slices.Values(values(os, sku)))
			return int64(len(slices.Compact(vs)))
		}},
		{`orders.filter(o, o.qty > 1).map(o, o.sku).distinct().count()`, func(os []order) any {
			vs := slices.Sorted(slices.Values(values(where(os, func(o order) bool { return o.qty != nil && *o.qty > 1 }), sku)))
			return int64(len(slices.Compact(vs)))
		}},
		{`orders.exists(o, o.sku == "A" && o.time > now - days(60))`, func(os []order) any {
			return len(where(where(os, skuIs("A")), after(60))) > 0
		}},
		{`!orders.exists(o, o.sku == "A")`, func(os []order) any { return len(where(os, skuIs("A"))) == 0 }},
		{`orders.filter(a, a.sku == "A").exists(b, b.qty > 2)`, func(os []order) any {
			return len(where(where(os, skuIs("A")), func(o order) bool { return o.qty != nil && *o.qty > 2 })) > 0
		}},
		{`orders.all(o, o.qty > 0)`, func(os []order) any {
			return len(where(os, func(o order) bool { return o.qty == nil || *o.qty <= 0 })) == 0
		}},
		{`orders.filter(o, o.sku == "A").all(o, o.qty > 0)`, func(os []order) any {
			return len(where(where(os, skuIs("A")), func(o order) bool { return o.qty == nil || *o.qty <= 0 })) == 0
		}},
		{`orders.exists_one(o, o.sku == "A")`, func(os []order) any { return len(where(os, skuIs("A"))) == 1 }},
		{`orders.exists(o, o.gift)`, func(os []order) any {
			return len(where(os, func(o order) bool { return o.gift != nil && *o.gift })) > 0
		}},
		{`orders.count(o, !has(o.sku))`, func(os []order) any { return int64(len(where(os, func(o order) bool { return o.sku == nil }))) }},
		{`orders.count(o, o.sku in ["A", null])`, func(os []order) any {
			return int64(len(where(os, func(o order) bool { return o.sku == nil || *o.sku == "A" })))
		}},
		{`orders.last().sku`, func(os []order) any {
			if o, ok := lastBy(os); ok && o.sku != nil {
				return *o.sku
			}
			return nil
		}},
		{`orders.latest().time`, func(os []order) any {
			if o, ok := lastBy(os); ok {
				return *o.at
			}
			return nil
		}},
		{`orders.last().sku == "A"`, func(os []order) any {
			o, ok := lastBy(os)
			if !ok {
				return nil
			}
			return o.sku != nil && *o.sku == "A"
		}},
		{`has(orders.last().sku)`, func(os []order) any {
			o, ok := lastBy(os)
			if !ok {
				return nil
			}
			return o.sku != nil
		}},
		{`orders.last().?sku.hasValue()`, func(os []order) any {
			o, ok := lastBy(os)
			if !ok {
				return nil
			}
			return o.sku != nil
		}},
		{`orders.last().?sku.orValue("none")`, func(os []order) any {
			o, ok := lastBy(os)
			switch {
			case !ok:
				return nil
			case o.sku == nil:
				return "none"
			default:
				return *o.sku
			}
		}},
		{`orders.sum(o, o.?qty.orValue(10))`, func(os []order) any {
			return total2(values(os, qty)) + 10*int64(len(os)-len(values(os, qty)))
		}},
		{`orders.count(o, o.?sku.optMap(s, s == "A").orValue(true))`, func(os []order) any {
			return int64(len(where(os, func(o order) bool { return o.sku == nil || *o.sku == "A" })))
		}},
		{`orders.filter(o, o.sku == "B").last().sku`, func(os []order) any {
			if _, ok := lastBy(where(os, skuIs("B"))); ok {
				return "B"
			}
			return nil
		}},
		{`orders.first().time`, func(os []order) any {
			return orNull(values(os, at), func(vs []time.Time) time.Time { return slices.MinFunc(vs, time.Time.Compare) })
		}},
		{`"B" in orders.map(o, o.sku)`, func(os []order) any { return len(where(os, skuIs("B"))) > 0 }},
		{`orders.map(o, o.qty).filter(q, q > 2).size()`, func(os []order) any {
			return int64(len(where(os, func(o order) bool { return o.qty != nil && *o.qty > 2 })))
		}},
		{`orders.map(o, o.sku).size()`, func(os []order) any { return int64(len(os)) }},
		{`orders.count() > 0 ? orders.sum(o, o.amount) / double(orders.count()) : 0.0`, func(os []order) any {
			if len(os) == 0 {
				return 0.0
			}
			return total2(values(os, amount)) / float64(len(os))
		}},
		{`(now - orders.max(o, o.time)).getHours() / 24`, func(os []order) any {
			return orNull2(values(os, at), func(vs []time.Time) any {
				return int64(asOf.Sub(slices.MaxFunc(vs, time.Time.Compare)).Hours()) / 24
			})
		}},
		{`orders.map(o, o.time.getFullYear() * 100 + o.time.getMonth()).distinct().size()`, func(os []order) any {
			months := map[string]bool{}
			for _, v := range values(os, at) {
				months[v.Format("2006-01")] = true
			}
			return int64(len(months))
		}},
	}
	r := rand.New(rand.NewPCG(7, 7))
	book := orderBook(r, 80)
	query := loadOrders(t, book)
	for _, c := range cases {
		t.Run(c.value, func(t *testing.T) {
			in := withTrait(t, c.value)
			out, list := Compile(in)
			if out == nil {
				t.Fatalf("refused: %v", list)
			}
			x := out.Traits[len(out.Traits)-1]
			exprs := []sql.Expr{x.Expr}
			if x.Type == sql.TypeBool {
				in.Traits = in.Traits[:len(in.Traits)-1]
				in.Segments = []*config.Segment{{Name: "x", When: c.value}}
				seg, list := Compile(in)
				if seg == nil {
					t.Fatalf("refused as a segment: %v", list)
				}
				exprs = append(exprs, seg.Segments[0].Expr)
			}
			inProcess := evaluator(t, withTrait(t, c.value))
			for i, os := range book {
				got, err := inProcess.On(Profile{Rows: map[string][]map[string]any{"orders": rowsOf(os)}}, asOf).Trait("x")
				if want := c.want(os); err != nil || !same(got, want) {
					t.Fatalf("in process, person %d: got %v (%T), want %v (%T): %v", i, got, got, want, want, err)
				}
			}
			differ := map[string]bool{}
			for kind, e := range exprs {
				q := collectionQuery(t, out, e)
				got, err := query(q)
				if err != nil {
					t.Fatalf("%v\n%s", err, q)
				}
				for i, os := range book {
					want := c.want(os)
					if kind == 1 && want == nil {
						want = false
					}
					differ[fmt.Sprint(want)] = true
					if !same(got[i], want) {
						t.Fatalf("person %d: got %v (%T), want %v (%T)\n%s", i, got[i], got[i], want, want, q)
					}
				}
			}
			if len(differ) < 2 {
				t.Errorf("the data cannot fail this case: all are %v", differ)
			}
		})
	}
}

func orNull2[T any](vs []T, of func([]T) any) any {
	if len(vs) == 0 {
		return nil
	}
	return of(vs)
}
