package expr

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
)

// evaluate computes a trait of the shop for people with one trait each, at a
// time and in a zone.
func evaluate(t *testing.T, in Input, rows, value string) []any {
	t.Helper()
	in.Traits = append(slices.Clip(in.Traits), &config.Trait{Name: "x", Value: value})
	out, found := Compile(in)
	if out == nil {
		t.Fatalf("%s: %v", value, found)
	}
	from := rows
	for level := 0; ; level++ {
		var items []string
		for _, p := range slices.Concat(out.Population, out.Traits) {
			if p.Expr != nil && p.Level == level {
				items = append(items, printed(t, p.Expr)+` AS "`+p.Name+`"`)
			}
		}
		if items == nil {
			break
		}
		from = `(SELECT "p".*, ` + strings.Join(items, ", ") + " FROM " + from + ` AS "p")`
	}
	got, err := queryColumn(openDuck(t), `SELECT "x" FROM `+from+` AS "p" ORDER BY "customer_id"`)
	if err != nil {
		t.Fatalf("%s: %v\n%s", value, err, from)
	}
	return got
}

// TestAnniversary counts days one by one.
func TestAnniversary(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	paris, _ := time.LoadLocation("Europe/Paris")
	for range 40 {
		in := project(t, shop)
		in.Zone = paris
		in.AsOf = time.Date(2023+r.IntN(3), time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), 0, 0, 0, time.UTC)
		if r.IntN(3) == 0 {
			in.AsOf = time.Date(2023+r.IntN(3), time.February, 20+r.IntN(12), r.IntN(24), 0, 0, 0, time.UTC)
		}
		n := []int{0, 1, 7, 30, 200, 364, 365, 400}[r.IntN(8)]
		// Every day of a leap year, and one person without a birthday.
		rows := "(SELECT i AS customer_id, CASE WHEN i < 366 THEN DATE '2000-01-01' + CAST(i AS INTEGER) END AS born FROM range(367) t(i))"
		got := evaluate(t, in, rows, "anniversary(born, days("+strconv.Itoa(n)+"))")
		today := in.AsOf.In(paris)
		for i := range 366 {
			born := time.Date(2000, 1, 1+i, 0, 0, 0, 0, time.UTC)
			want := false
			for k := range n + 1 {
				day := time.Date(today.Year(), today.Month(), today.Day()+k, 0, 0, 0, 0, time.UTC)
				m, d := born.Month(), born.Day()
				if m == time.February && d == 29 && time.Date(day.Year(), 2, 29, 0, 0, 0, 0, time.UTC).Month() != time.February {
					d = 28
				}
				want = want || day.Month() == m && day.Day() == d
			}
			if got[i] != want {
				t.Fatalf("at %v within %d days, born %s: got %v, want %v", in.AsOf, n, born.Format(time.DateOnly), got[i], want)
			}
		}
		if got[366] != nil {
			t.Fatalf("without a birthday: got %v", got[366])
		}
	}
}

// TestStartOf walks back hour by hour until the day is another.
func TestStartOf(t *testing.T) {
	first := func(at time.Time, of func(time.Time) string) time.Time {
		for of(at.Add(-15*time.Minute)) == of(at) {
			at = at.Add(-15 * time.Minute)
		}
		return at
	}
	r := rand.New(rand.NewPCG(9, 5))
	for range 300 {
		// In Cairo and Beirut midnight is skipped, in Havana it comes twice.
		zone, err := time.LoadLocation([]string{"Europe/Paris", "Africa/Cairo", "Asia/Beirut", "America/Havana", "UTC", "Asia/Kolkata"}[r.IntN(6)])
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2024+r.IntN(2), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), 15*r.IntN(4), 0, 0, time.UTC).In(zone)
		for unit, of := range map[string]func(time.Time) string{
			"day":     func(x time.Time) string { return x.Format(time.DateOnly) },
			"week":    func(x time.Time) string { y, w := x.ISOWeek(); return fmt.Sprint(y, w) },
			"month":   func(x time.Time) string { return x.Format("2006-01") },
			"quarter": func(x time.Time) string { return fmt.Sprint(x.Year(), (x.Month()-1)/3) },
			"year":    func(x time.Time) string { return x.Format("2006") },
		} {
			want := first(at, of)
			if got := startOf(unit, at, 0); !got.Equal(want) {
				t.Errorf("%s of %v: got %v, want %v", unit, at, got, want)
			}
			if got, want := startOf(unit, at, -1), first(want.Add(-15*time.Minute), of); !got.Equal(want) {
				t.Errorf("%s before %v: got %v, want %v", unit, at, got, want)
			}
		}
	}
}

// TestPeriod holds the numbers of periods to tell the same times apart as the
// calendar does, in order.
func TestPeriod(t *testing.T) {
	paris, _ := time.LoadLocation("Europe/Paris")
	r := rand.New(rand.NewPCG(2, 5))
	var times []time.Time
	var cells []string
	for i := range 300 {
		at := time.Date(1900+r.IntN(200), time.Month(1+r.IntN(12)), 1+r.IntN(31), 20+r.IntN(6), 59*r.IntN(2), 0, 0, time.UTC)
		if i%2 == 0 {
			at = time.Date(1969+r.IntN(2), 12, 20+r.IntN(20), 21+r.IntN(4), 59*r.IntN(2), 0, 0, time.UTC)
		}
		times = append(times, at)
		cells = append(cells, fmt.Sprintf("(%d, TIMESTAMP '%s')", i, at.Format("2006-01-02 15:04:05")))
	}
	rows := "(SELECT * FROM (VALUES " + strings.Join(cells, ", ") + ") AS v(customer_id, seen))"
	for unit, of := range map[string]func(time.Time) string{
		"day":     func(x time.Time) string { return x.Format(time.DateOnly) },
		"week":    func(x time.Time) string { y, w := x.ISOWeek(); return fmt.Sprintf("%04d-%02d", y, w) },
		"month":   func(x time.Time) string { return x.Format("2006-01") },
		"quarter": func(x time.Time) string { return fmt.Sprintf("%04d-%d", x.Year(), (x.Month()-1)/3) },
		"year":    func(x time.Time) string { return x.Format("2006") },
	} {
		got := evaluate(t, project(t, shop), rows, `seen.period("`+unit+`", "Europe/Paris")`)
		for i := range times {
			for j := range i {
				a, b := got[i].(int64), got[j].(int64)
				if want := cmp.Compare(of(times[i].In(paris)), of(times[j].In(paris))); cmp.Compare(a, b) != want {
					t.Fatalf("%s of %v and %v: got %d and %d, want order %d", unit, times[i], times[j], a, b, want)
				}
			}
		}
	}
}

// TestPopulation ranks by hand.
func TestPopulation(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	for n := range 25 {
		values := make([]*float64, n+1)
		var cells []string
		for i := range values {
			cell := "NULL"
			if r.IntN(4) > 0 {
				v := float64(r.IntN(12))
				values[i], cell = &v, strconv.FormatFloat(v, 'e', -1, 64)
			}
			cells = append(cells, fmt.Sprintf("(%d, CAST(%s AS DOUBLE))", i, cell))
		}
		rows := "(SELECT * FROM (VALUES " + strings.Join(cells, ", ") + ") AS v(customer_id, ltv))"
		less, more, known := func(v float64) (k int64) {
			for _, w := range values {
				if w != nil && *w < v {
					k++
				}
			}
			return k
		}, func(v float64) (k int64) {
			for _, w := range values {
				if w != nil && *w > v {
					k++
				}
			}
			return k
		}, int64(0)
		for _, w := range values {
			if w != nil {
				known++
			}
		}
		for value, of := range map[string]func(v float64) any{
			"rank(ltv)":              func(v float64) any { return more(v) + 1 },
			"rank(-ltv)":             func(v float64) any { return less(v) + 1 },
			"rank(ltv * 2.0 - ltv)":  func(v float64) any { return more(v) + 1 },
			"percentile(ltv)":        func(v float64) any { return float64(less(v)) / float64(known) },
			"quintile(ltv)":          func(v float64) any { return less(v)*5/known + 1 },
			"ntile(ltv, 3)":          func(v float64) any { return less(v)*3/known + 1 },
			"rank(rank(ltv))":        func(v float64) any { return less(v) + 1 },
			"rank(ltv) <= 3":         func(v float64) any { return more(v) < 3 },
			"percentile(ltv) >= 0.5": func(v float64) any { return float64(less(v))/float64(known) >= 0.5 },
		} {
			got := evaluate(t, project(t, shop), rows, value)
			for i, v := range values {
				var want any
				if v != nil {
					want = of(*v)
				}
				if !same(got[i], want) {
					t.Fatalf("%s of %v: got %v, want %v", value, v, got[i], want)
				}
			}
		}
	}
}

// TestSample: a share is about as large as it says, a greater one keeps who is
// in a smaller one, and another salt draws another.
func TestSample(t *testing.T) {
	const n = 20_000
	rows := fmt.Sprintf("(SELECT i AS customer_id FROM range(%d) t(i))", n)
	drawn := func(value string) map[int]bool {
		out := map[int]bool{}
		for i, v := range evaluate(t, project(t, shop), rows, value) {
			if v == true {
				out[i] = true
			}
		}
		return out
	}
	var last map[int]bool
	for _, share := range []float64{0, 0.001, 0.1, 0.25, 0.5, 0.999, 1} {
		now := drawn(fmt.Sprintf(`sample(%f, "a")`, share))
		if size := float64(len(now)) / n; size < share-0.012 || size > share+0.012 || (share == 0 || share == 1) && size != share {
			t.Errorf("a share of %v has %v", share, size)
		}
		for i := range last {
			if !now[i] {
				t.Fatalf("%d left when the share grew to %v", i, share)
			}
		}
		last = now
	}
	both := 0
	other := drawn(`sample(0.5, "b")`)
	for i := range drawn(`sample(0.5, "a")`) {
		if other[i] {
			both++
		}
	}
	if both < n/5 || both > n*3/10 {
		t.Errorf("two salts share %d of %d", both, n)
	}
}

// TestParameters: a parameter is what it holds, in the target that it holds it
// for, whatever its text says.
func TestParameters(t *testing.T) {
	hostile := `'); DROP TABLE people; -- \" {value} é😀`
	in := project(t, shop)
	text := "parameters:\n" +
		"  - {name: big, type: float, value: 100.0, targets: {production: 500.0}}\n" +
		"  - {name: home, type: strings, value: [FR, " + strconv.Quote(hostile) + "]}\n" +
		"  - {name: nothing, type: ints, value: []}\n" +
		"  - {name: word, type: string, value: " + strconv.Quote(hostile) + "}\n" +
		"  - {name: since, type: timestamp, value: '2026-01-01T00:00:00+01:00'}\n" +
		"  - {name: window, type: duration, value: 30 days}\n" +
		"  - {name: many, type: int, value: 3}\n" +
		"  - {name: beta, type: bool, value: true}\n"
	in.Parameters = parametersOf(t, text)
	rows := `(SELECT 1 AS customer_id, 200.0 AS ltv, 'FR' AS country, 3 AS age, TIMESTAMP '2025-12-31 23:00:00' AS seen,
		'` + "''); DROP TABLE people; -- \\\" {value} é😀" + `' AS city)`
	for value, want := range map[string]any{
		"ltv > big": true, "country in home": true, "city in home": true, "age in nothing": false, "city == word": true,
		"seen == since": true, "now - window": asOf.AddDate(0, 0, -30), "age == many": true, "beta && vip": nil, "word": hostile,
		"big": 100.0, "days_ago(many)": time.Date(2026, 2, 26, 0, 0, 0, 0, time.UTC), `size(word + "x")`: int64(len([]rune(hostile)) + 1),
	} {
		if value == "beta && vip" {
			rows = `(SELECT *, CAST(NULL AS BOOLEAN) AS vip FROM ` + rows + ` AS r)`
		}
		if got := evaluate(t, in, rows, value)[0]; !same(got, want) {
			t.Errorf("%s: got %v, want %v", value, got, want)
		}
	}
	in.Target = "production"
	if got := evaluate(t, in, rows, "ltv > big")[0]; got != false {
		t.Errorf("in production: got %v", got)
	}
}

// parametersOf reads them as a project does.
func parametersOf(t *testing.T, text string) []*config.Parameter {
	t.Helper()
	text = "project: {name: test}\ntargets: {local: {type: any}, production: {type: any}}\n" + text
	kinds := config.Kinds{Targets: map[string]func() any{"any": func() any { return &struct{}{} }}}
	p, found := config.Load(fstest.MapFS{"p.yaml": {Data: []byte(text)}}, ".", kinds)
	if p == nil {
		t.Fatal(found)
	}
	return p.Parameters
}

// TestVocabularyErrors is what somebody reads who writes a word of the field
// wrong.
func TestVocabularyErrors(t *testing.T) {
	for _, c := range []struct{ when, want string }{
		{`ltv > bgi`, `5:13-5:16 unknown-name: there is no trait or collection "bgi" | Did you mean big?`},
		{`country == big`, `5:7-5:21 cel-type: country is a text and big is a decimal number: they cannot be compared | Put quotes around the number, or convert the text with int() or double().`},
		{`age in home`, `5:7-5:18 cel-type: age is a whole number and cannot be in a list`},
		{`seen > day_ago(3)`, `5:14-5:21 unknown-function: there is no function "day_ago" | Did you mean days_ago?`},
		{`seen > days_ago("x")`, `5:14-5:27 cel-type: days_ago() does not fit here: "x" is a text | For example: days_ago(30), or days_ago(30, "Europe/Paris").`},
		{`seen > days_ago(age)`, `5:23-5:26 cel-unsupported: the number of days must be written out, or be a parameter`},
		{`seen > days_ago(9999999)`, `5:23-5:30 cel-type: the number of days is between -100000 and 100000`},
		{`seen > days_ago(1, "Paris")`, `5:26-5:33 cel-type: there is no time zone "Paris" | Zones are named as in "Europe/Paris".`},
		{`seen > start_of("monht")`, `5:23-5:30 cel-type: there is no unit of the calendar "monht" | Did you mean month?`},
		{`seen > start_of("fortnight")`, `5:23-5:34 cel-type: there is no unit of the calendar "fortnight" | Choose one of "day", "week", "month", "quarter" and "year".`},
		{`seen.period("hour") == 1`, `5:19-5:25 cel-type: there is no unit of the calendar "hour" | Choose one of "day", "week", "month", "quarter" and "year".`},
		{`anniversary(country, days(3))`, `5:7-5:36 cel-type: anniversary() does not fit here: country is a text, days(3) is a span of time | For example: anniversary(birthday, days(7)).`},
		{`anniversary(born, hours(3))`, `5:25-5:33 cel-type: the time until an anniversary is a number of whole days | For example: days(7).`},
		{`anniversary(born, days(age))`, `5:25-5:34 cel-unsupported: the time until an anniversary must be written out, or be a parameter | For example: days(7).`},
		{`rank(country) < 3`, `5:7-5:20 cel-type: rank() does not fit here: country is a text | For example: rank(spent) <= 100.`},
		{`rank(3) < 3`, `5:12-5:13 cel-unsupported: a constant cannot be ranked | For example: rank(spent) <= 100.`},
		{`orders.exists(o, rank(o.qty) < 3)`, `5:24-5:35 cel-unsupported: the rows of a collection cannot be ranked | Ranked are values of the customer, such as traits.`},
		{`ntile(ltv, 1) == 1`, `5:18-5:19 cel-type: the number of parts is between 2 and 1000`},
		{`sample(1.5)`, `5:14-5:17 cel-type: the share of a sample is between 0.0 and 1.0 | For example: sample(0.1), or sample(0.1, "spring") for another tenth.`},
		{`sample(ltv)`, `5:14-5:17 cel-unsupported: the share of a sample must be written out, or be a parameter | For example: sample(0.1), or sample(0.1, "spring") for another tenth.`},
		{`sample(1)`, `5:7-5:16 cel-type: sample() does not fit here: 1 is a whole number | For example: sample(0.1), or sample(0.1, "spring") for another tenth.`},
		{`funnel(days(3), orders)`, `5:23-5:29 cel-syntax: the steps of funnel() are a list of 2 to 10 collections | For example: funnel(days(30), [views, carts, orders.filter(o, o.gift)]).`},
		{`funnel(days(3), [orders])`, `5:23-5:24 cel-syntax: the steps of funnel() are a list of 2 to 10 collections | For example: funnel(days(30), [views, carts, orders.filter(o, o.gift)]).`},
		{`funnel(days(3), [orders, visit])`, `5:32-5:37 unknown-name: there is no trait or collection "visit" | Did you mean visits?`},
		{`funnel(days(3), [orders, country])`, `5:32-5:39 cel-type: country is a text, and a step is rows of a collection | The collections are contacts, orders, visits.`},
		{`funnel(days(3), [orders, visits.map(v, v.time)])`, `5:32-5:53 cel-type: visits.map(v, v.time) is a list, and a step is rows of a collection | The collections are contacts, orders, visits.`},
		{`funnel(3, [orders, visits])`, `5:14-5:15 cel-type: 3 is a whole number where a span of time is needed | For example: days(30).`},
		{`funnel([orders, visits])`, `5:7-5:13 cel-type: funnel() is not written like this | For example: funnel(days(30), [views, carts, orders.filter(o, o.gift)]).`},
		{`funnle(days(3), [orders, visits])`, `5:7-5:13 unknown-function: there is no function "funnle" | Did you mean funnel?`},
		{`orders.followed_by(visit, days(3))`, `5:26-5:31 unknown-name: there is no trait or collection "visit" | Did you mean visits?`},
		{`orders.folowed_by(visits, days(3))`, `5:14-5:24 unknown-function: there is no function "folowed_by" | Did you mean followed_by?`},
		{`orders.followed_by(visits)`, `5:14-5:25 cel-type: followed_by() is not written like this | For example: carts.followed_by(orders, days(7)).`},
		{`orders.followed_by("visits", days(3))`, `5:26-5:34 cel-type: "visits" is a text, and a step is rows of a collection | The collections are contacts, orders, visits.`},
		{`orders.followed_by(visits, 3)`, `5:34-5:35 cel-type: 3 is a whole number where a span of time is needed | For example: days(30).`},
		{`entered_segment("x") > now - days(3)`, `5:23-5:26 cycle: the segment "x" depends on itself: x -> x | Remove one of these references.`},
		{`entered_segment("xx") > now - days(3)`, `5:23-5:27 unknown-segment: there is no segment "xx" of customer | Did you mean x?`},
		{`entered_segment("x", 3) > now`, `5:7-5:30 cel-type: entered_segment() does not fit here: "x" is a text, 3 is a whole number | For example: entered_segment("vip") > now - days(7).`},
		{`enterd_segment("x") > now`, `5:7-5:21 unknown-function: there is no function "enterd_segment" | Did you mean entered_segment?`},
		{`entered_segment(country) > now`, `5:23-5:30 cel-unsupported: the name of a segment must be written out | For example: entered_segment("vip") > now - days(7).`},
		{`consent("emial")`, `5:15-5:22 unknown-consent: no customer can consent to a purpose "emial" | Did you mean email?`},
		{`consent(country)`, `5:15-5:22 cel-unsupported: the name of a purpose must be written out | For example: consent("email_marketing").`},
		{`concent("email")`, `5:7-5:14 unknown-function: there is no function "concent" | Did you mean consent?`},
	} {
		in := project(t, shop, "segments:\n  - name: x\n    entity: customer\n    when: |\n      "+c.when+"\n")
		in.Parameters = parametersOf(t, "parameters:\n  - {name: big, type: float, value: 1.0}\n  - {name: home, type: strings, value: [FR]}\n")
		in.Consents = []*config.Consent{{Name: "email", Purpose: "email", From: []string{"orders.gift"}}}
		_, list := Compile(in)
		got := found(list)
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%s\ngot  %q\nwant %q", c.when, got, c.want)
		}
	}
}

// TestEnteredInProcess: who is not in a segment has not entered it, and what is
// not known of a member is an error.
func TestEnteredInProcess(t *testing.T) {
	in := project(t, shop, "segments:\n  - {name: x, when: vip}\n  - {name: y, when: 'entered_segment(\"x\") > now - days(3)'}\n")
	unit := Parse(in)
	if _, found := unit.Compile(nil); found.HasErrors() {
		t.Fatal(found)
	}
	v, err := unit.Evaluator()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		vip     bool
		entered map[string]time.Time
		want    bool
		fails   bool
	}{
		{true, map[string]time.Time{"x": asOf.AddDate(0, 0, -2)}, true, false},
		{true, map[string]time.Time{"x": asOf.AddDate(0, 0, -3)}, false, false},
		{true, nil, false, true},
		{false, map[string]time.Time{"x": asOf}, false, false},
	} {
		got, err := v.On(Profile{Traits: map[string]any{"vip": c.vip}, Entered: c.entered}, asOf).Segment("y")
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%+v: got %v, %v", c, got, err)
		}
	}
}
