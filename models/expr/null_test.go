package expr

import (
	"fmt"
	"strings"
	"testing"
)

// TestNull is the rule for what is not known, case by case: what each
// expression is for one who has no country, amount or answer, as a trait (nil is
// no value) and as a segment, in SQL and in process.
func TestNull(t *testing.T) {
	db := openDuck(t)
	exec(t, db, `CREATE TABLE people AS SELECT 0 AS id, NULL::VARCHAR AS country, NULL::VARCHAR AS city, NULL::BOOLEAN AS vip, NULL::DOUBLE AS ltv,
		NULL::BIGINT AS age, NULL::DATE AS born, NULL::DECIMAL(38,9) AS score, NULL::TIMESTAMP AS seen, FALSE AS "segment:staff"`)
	exec(t, db, `CREATE TABLE orders AS SELECT 0 AS id, NULL::DECIMAL(38,9) AS amount, 2e0 AS price, 3::BIGINT AS qty, NULL::VARCHAR AS sku,
		NULL::BOOLEAN AS gift, NULL::DATE AS day, NULL::TIMESTAMP AS "time"`)
	profile := Profile{
		Traits:   map[string]any{"country": nil, "city": nil, "vip": nil, "ltv": nil, "age": nil, "born": nil, "score": nil, "seen": nil},
		Segments: map[string]bool{"staff": false},
		Rows: map[string][]map[string]any{
			"contacts": {}, "visits": {},
			"orders": {{"amount": nil, "price": 2.0, "qty": int64(3), "sku": nil, "gift": nil, "day": nil, "time": nil}},
		},
	}
	for _, c := range []struct {
		text string
		want any
	}{
		// Equality is total.
		{`country != "FR"`, true},
		{`!(country == "FR")`, true},
		{`country == "FR"`, false},
		{`country == null`, true},
		{`country != null`, false},
		{`country == city`, true},
		{`country != city`, false},
		{`has(country)`, false},
		{`!has(country)`, true},
		{`vip == false`, false},
		{`vip != true`, true},
		{`ltv == 1.0`, false},
		{`seen != now`, true},
		// So is membership.
		{`country in ["a", "b"]`, false},
		{`!(country in ["a", "b"])`, true},
		{`country in ["a", null]`, true},
		{`country in ["a", city]`, true},
		// Anything else over no value has no answer.
		{`ltv > 100.0`, nil},
		{`!(ltv > 100.0)`, nil},
		{`ltv <= 100.0`, nil},
		{`vip`, nil},
		{`!vip`, nil},
		{`country.startsWith("a")`, nil},
		{`!country.startsWith("a")`, nil},
		{`country.matches("a")`, nil},
		{`age + 1 > 0`, nil},
		{`seen < now`, nil},
		{`vip ? true : true`, nil},
		{`math.isNaN(ltv)`, nil},
		{`sets.contains([country], ["a"])`, false},
		{`["a", "b"].exists(x, x == country)`, false},
		{`["a", "b"].all(x, x != country)`, true},
		{`["a", "b"].exists(x, country.contains(x))`, nil},
		{`["a"].filter(x, country.contains(x)).size() == 0`, nil},
		// So is a number without a value beside one of the other sign.
		{`dyn(age) == 3u`, false},
		{`dyn(3u) == age`, false},
		{`dyn(age) != 3u`, true},
		{`dyn(-1) == 18446744073709551615u`, false},
		{`dyn(age) in [3u]`, false},
		// Errors are no answers too, and absorbed where one side is enough.
		{`age / 0 == 1`, nil},
		{`ltv > 1.0 || true`, true},
		{`ltv > 1.0 && false`, false},
		{`ltv > 1.0 || false`, nil},
		{`ltv > 1.0 && true`, nil},
		{`[1 / age].size() == 1`, nil},
		{`[1, 2][age] == 1`, nil},
		{`[1, 2].exists(x, x / 0 == 1)`, nil},
		{`[1, 2].exists(x, x == 2 || x / 0 == 1)`, true},
		{`[1, 2].all(x, x == 5 && x / 0 == 1)`, false},
		{`int("x") == 1`, nil},
		{`timestamp(country) > now`, nil},
		// So are those of constants alone, of which DuckDB knows before it runs.
		{`["FR"].distinct().join(",").contains("FR".substring(2, 1) + string(3u))`, nil},
		{`country.contains("FR".substring(2, 1) + city)`, nil},
		{`"FR".contains(["FR", "FR".substring(2, 1)].join("-"))`, nil},
		{`size(bytes("FR".substring(2, 1)) + b"a") == 1`, nil},
		{`optional.of([city].filter(x, false))[?0].orValue("x") == "x"`, true},
		{`optional.ofNonZeroValue([city].filter(x, false)).orValue(["a", "x"])[1] == "x"`, true},
		{`["FR"].slice(2, 1).sort().join("").contains("F")`, nil},
		{`["FR"].slice(2, 1).distinct()[0].contains("F")`, nil},
		{`["FR"].slice(2, 1).distinct().map(x, x + "a").join("").contains("F")`, nil},
		{`["FR"].filter(x, x < city).map(x, x + "FR".substring(2, 1)).join("").contains("F")`, nil},
		// An optional has a value, or none, or is an error as a whole.
		{`optional.ofNonZeroValue(country).hasValue()`, false},
		{`optional.ofNonZeroValue(country).orValue("x") == "x"`, true},
		{`optional.ofNonZeroValue(country).value() == "x"`, nil},
		{`optional.ofNonZeroValue(country) == optional.none()`, true},
		{`optional.ofNonZeroValue(vip).or(optional.of(true)).value()`, true},
		{`optional.ofNonZeroValue(age).optMap(a, 1 / a).orValue(7) == 7`, true},
		{`optional.of(country).hasValue()`, true},
		{`optional.of(country).value() == null`, true},
		{`optional.of(country).orValue("x") == null`, true},
		{`optional.of(country) == optional.of(city)`, true},
		{`optional.of(country) != optional.none()`, true},
		{`optional.of(1 / age).hasValue()`, nil},
		{`optional.of(1 / age).orValue(2) == 2`, nil},
		{`optional.of(1 / age) == optional.of(1)`, nil},
		{`optional.of(2).orValue(1 / age) == 2`, true},
		{`[1, 2][?age].hasValue()`, nil},
		{`[1, 2][?5].orValue(9) == 9`, true},
		{`[?optional.ofNonZeroValue(country), "a"].size() == 1`, true},
		{`[?optional.of(1 / age)].size() == 1`, nil},
		{`orders.exists(o, o.?sku.orValue("none") == "none")`, true},
		{`orders.count(o, o.?amount.hasValue()) == 0`, true},
		{`orders.last().?sku.orValue("none") == "none"`, nil},
		// A boundary makes no answer a no.
		{`is_true(ltv > 100.0)`, false},
		{`!is_true(ltv > 100.0)`, true},
		{`!in_segment("staff")`, true},
		{`orders.exists(o, o.amount > 50.0)`, false},
		{`orders.all(o, o.amount > 50.0)`, false},
		{`orders.exists_one(o, o.gift)`, false},
		{`orders.count(o, !o.gift) == 0`, true},
		{`orders.exists(o, o.sku != "A")`, true},
		{`orders.filter(o, o.time > now).count() == 0`, true},
		// The sum of nothing is 0; the rest of nothing has no value.
		{`orders.sum(o, o.amount) == 0.0`, true},
		{`orders.max(o, o.amount) > 0.0`, nil},
		{`orders.avg(o, o.amount) > 0.0`, nil},
		{`orders.last().price > 0.0`, nil},
	} {
		t.Run(c.text, func(t *testing.T) {
			quoted := strings.ReplaceAll(c.text, "'", "''")
			more := "segments:\n  - {name: staff, when: 'true'}\n  - {name: x, when: '" + quoted + "'}\n"
			if !strings.Contains(c.text, "in_segment") {
				more += "traits:\n  - {name: x, value: '" + quoted + "'}\n"
			}
			in := project(t, shop, more)
			out, found := Compile(in)
			if found.HasErrors() {
				t.Fatal(found)
			}
			check := func(how string, got, want any, err error) {
				t.Helper()
				if err != nil || got != want {
					t.Errorf("%s: got %v (%v), want %v", how, got, err, want)
				}
			}
			in2 := evaluator(t, in).On(profile, asOf)
			segment := out.Segments[len(out.Segments)-1]
			got, err := queryColumn(db, collectionQuery(t, out, segment.Expr))
			check("segment in SQL", fmt.Sprint(got), fmt.Sprint([]any{c.want == true}), err)
			member, err := in2.Segment("x")
			check("segment in process", member, c.want == true, err)
			if len(in.Traits) > 8 {
				trait := out.Traits[len(out.Traits)-1]
				got, err := queryColumn(db, collectionQuery(t, out, trait.Expr))
				check("trait in SQL", fmt.Sprint(got), fmt.Sprint([]any{c.want}), err)
				value, err := in2.Trait("x")
				check("trait in process", value, c.want, err)
			}
		})
	}
}
