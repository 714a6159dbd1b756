package expr

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

// found prints diagnostics as line:col-line:col code: summary | help.
func found(list diag.List) []string {
	out := []string{}
	for _, d := range list {
		place := fmt.Sprintf("%d:%d-%d:%d", d.Span.Start.Line, d.Span.Start.Col, d.Span.End.Line, d.Span.End.Col)
		text := place + " " + d.Code + ": " + d.Summary
		if d.Help != "" {
			text += " | " + d.Help
		}
		out = append(out, text)
	}
	return out
}

// compileSegment compiles the shop with one segment, written as a block scalar
// whose text starts at 5:7, and a segment staff.
func compileSegment(tb testing.TB, when string) (*Output, diag.List) {
	tb.Helper()
	text := "segments:\n  - name: x\n    entity: customer\n    when: |\n      " + strings.ReplaceAll(when, "\n", "\n      ") + "\n  - {name: staff, when: 'true'}\n"
	in := project(tb, shop, text)
	return Compile(in)
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		when string
		want []string
	}{
		// Names.
		{`contry == "FR"`, []string{`5:7-5:13 unknown-name: there is no trait or collection "contry" | Did you mean country?`}},
		{`order.count() > 1`, []string{`5:7-5:12 unknown-name: there is no trait or collection "order" | Did you mean orders?`}},
		{`orders.exist(o, o.sku == "A")`, []string{`5:14-5:19 unknown-function: there is no function "exist" | Did you mean exists?`}},
		{`orders.exists(o, o.skus == "A")`, []string{`5:26-5:30 unknown-field: orders has no column "skus" | Did you mean sku?`}},
		{`orders.exists(o, o.colour == "A")`, []string{`5:26-5:32 unknown-field: orders has no column "colour" | Its columns are amount, price, qty, sku, gift, day, time.`}},
		{`orders.first().tim > now`, []string{`5:22-5:25 unknown-field: orders has no column "tim" | Did you mean time?`}},
		{`orders.sku == "A"`, []string{`5:14-5:17 unknown-field: orders is a collection and has no fields | Choose rows first: orders.exists(x, x.sku == ...), or last().sku.`}},
		{`in_segment("stff")`, []string{`5:18-5:24 unknown-segment: there is no segment "stff" of customer | Did you mean staff?`}},
		{`staff`, []string{`5:7-5:12 unknown-name: there is no trait or collection "staff" | To ask for a segment, write in_segment("staff").`}},
		{`country.substr(1) == "a"`, []string{`5:15-5:21 unknown-function: there is no function "substr"`}},
		{`country.quote() == "a"`, []string{`5:15-5:20 unknown-function: there is no function "quote"`}},
		// Types.
		{`country == 5`, []string{`5:7-5:19 cel-type: country is a text and 5 is a whole number: they cannot be compared | Put quotes around the number, or convert the text with int() or double().`}},
		{`ltv == -100`, []string{`5:7-5:18 cel-type: ltv is a decimal number and -100 is a whole number: they cannot be compared | Write the whole number with a point (100.0), or convert it with double().`}},
		{`seen > "2026-01-01"`, []string{`5:7-5:26 cel-type: seen is a point in time and "2026-01-01" is a text: they cannot be compared | Write a time as timestamp("2026-01-31T00:00:00Z").`}},
		{`seen > now - 30`, []string{`5:14-5:22 cel-type: now is a point in time and 30 is a whole number: they cannot be subtracted | Write a span of time as days(30), hours(12) or minutes(5).`}},
		{`ltv`, []string{`5:7-5:10 cel-type: the segment "x" must be true or false for each customer; this is a decimal number | Compare it with something.`}},
		{`null`, []string{`5:7-5:11 cel-type: the segment "x" must be true or false for each customer; this is no value | Compare it with something.`}},
		{`vip && ltv`, []string{`5:14-5:17 cel-type: ltv is a decimal number where true or false is needed | Compare it with something, or ask has().`}},
		{`!country`, []string{`5:7-5:15 cel-type: ! wants true or false; country is a text | Compare it with something first.`}},
		{`-country == "a"`, []string{`5:7-5:15 cel-type: - wants a number; country is a text`}},
		{`(vip ? 1 : 2.0) > 1`, []string{`5:8-5:21 cel-type: both sides of : must be of one type; 1 is a whole number and 2.0 is a decimal number | Write both with a point.`}},
		{`country ? true : false`, []string{`5:7-5:14 cel-type: the condition before ? must be true or false; country is a text`}},
		{`country in "FR"`, []string{`5:7-5:22 cel-type: in wants a list; "FR" is a text | For example: country in ["FR", "BE"].`}},
		{`age in [1, "a"]`, []string{`5:18-5:21 cel-type: a list holds values of one type: "a" is a text, those before are a whole number | Write all numbers with a point, or none.`}},
		{`age in ["a", null]`, []string{`5:7-5:25 cel-type: age is a whole number and cannot be in a list of which each is a text`}},
		{`orders.count() == null`, []string{`5:7-5:29 cel-type: orders.count() always has a value: it need not be compared with null | Remove this comparison.`}},
		{`orders.sum(o, o.sku) > 1`, []string{`5:21-5:26 cel-type: sum() cannot work on a text | sum() is of numbers.`}},
		{`orders.sum() > 1`, []string{`5:7-5:19 cel-type: sum() must be told of what | For example: orders.sum(x, x.amount).`}},
		{`orders.exists(o, o.sku)`, []string{`5:24-5:29 cel-type: a condition is needed here; o.sku is a text | Compare it with something.`}},
		{`orders.last().sku.contains(1)`, []string{`5:7-5:36 cel-type: contains() does not fit here: orders.last().sku is a text, 1 is a whole number | For example: email.contains("@").`}},
		{`days("x") > days(1)`, []string{`5:7-5:16 cel-type: days() does not fit here: "x" is a text | For example: days(30).`}},
		{`country.exists(c, c == "F")`, []string{`5:7-5:14 cel-type: country is a text, not a collection | The collections are contacts, orders, visits.`}},
		// Constants.
		{`1 / 0 == 1`, []string{`5:7-5:12 cel-type: this calculation has no result: division by zero`}},
		{`timestamp("x") > now`, []string{`5:17-5:20 cel-type: "x" is not a point in time | For example: timestamp("2026-01-31T00:00:00Z").`}},
		{`duration("1x") > days(3)`, []string{`5:16-5:20 cel-type: "1x" is not a span of time | For example: duration("90m"), or days(30).`}},
		{`country.matches("(")`, []string{"5:23-5:26 cel-type: the pattern cannot be read: missing closing ): `(` | Patterns are written in RE2."}},
		{`seen.getHours("Mars") == 3`, []string{`5:21-5:27 cel-type: there is no time zone "Mars" | Zones are named as in "Europe/Paris", or "+02:00".`}},
		// Syntax.
		{`country = "FR"`, []string{`5:15-5:16 cel-syntax: a single = compares nothing | Write == to compare.`}},
		{`country == "FR" and vip`, []string{`5:23-5:26 cel-syntax: unexpected "and" | Write && for and.`}},
		{`vip & vip`, []string{`5:11-5:12 cel-syntax: a single & is no operator | Write && for and, || for or.`}},
		{`country == "FR`, []string{`5:18-5:21 cel-syntax: a text begins here and does not end | Close it with the same quote.`}},
		{`(ltv > 3.0`, []string{`5:16-5:17 cel-syntax: the expression ends too early | Something is missing at the end: an operand, a quote or a closing bracket.`}},
		{`loop`, []string{`5:7-5:11 cel-syntax: "loop" is a word of the language and names nothing`}},
		{`has(1)`, []string{`5:11-5:12 cel-syntax: has() takes the name of a trait or a field | For example: has(country), or has(o.sku) inside exists().`}},
		{`orders.exists(o.x, true)`, []string{`5:22-5:23 cel-syntax: exists() wants a plain name for a row first | For example: orders.exists(o, o.amount > 10.0).`}},
		// What is not there.
		{`orders.exists(o, visits.exists(v, contacts.exists(c, c.seen > v.time)))`, []string{`5:41-5:49 cel-unsupported: a collection in a condition on a second one, inside a third, is not possible | Compare the rows of two at a time, and join the conditions with &&.`}},
		{`orders.exists(o, visits.exists(v, v.topc == o.sku))`, []string{`5:43-5:47 unknown-field: visits has no column "topc" | Did you mean topic?`}},
		{`orders.exists(o, o.price > ltf)`, []string{`5:34-5:37 unknown-name: there is no trait or collection "ltf" | Did you mean ltv?`}},
		{`orders.exists(o, in_segment("staff"))`, []string{`5:24-5:43 cel-unsupported: in_segment() inside a condition on a collection is not possible | Write it beside: in_segment(...) && orders.exists(...).`}},
		{`in_segment(country)`, []string{`5:18-5:25 cel-unsupported: the name of a segment must be written out | For example: in_segment("vip").`}},
		{`country.matches(city)`, []string{`5:23-5:27 cel-unsupported: the pattern of matches() must be written out | For example: sku.matches("^[A-Z]+$").`}},
		{`orders[0].sku == "A"`, []string{`5:7-5:16 cel-unsupported: picking an element by its number is not possible | Use first() or last() and a field.`}},
		{`orders.last() == null`, []string{`5:7-5:20 cel-unsupported: orders.last() is a row of orders and cannot be used here | Choose a field of the row, such as .last().amount.`}},
		{`has(orders)`, []string{`5:7-5:18 cel-unsupported: has() takes the name of a trait or a field | A collection has rows where .count() > 0.`}},
		{`orders.map(o, o.sku) == ["a"]`, []string{`5:7-5:36 cel-unsupported: collections and lists cannot be compared | Ask for a value in it: "a" in orders.map(o, o.sku).`}},
		{`[1, "a"].map(x, x + 1).size() == 2`, []string{`5:23-5:28 cel-unsupported: values of different types cannot be added`}},
		{`math.greatest(1, 2.0) == 2.0`, []string{`5:12-5:28 cel-unsupported: the greatest and the least are of numbers of one type | Write all of them with a point, or convert them with double().`}},
		{`country.split(city) == ["a"]`, []string{`5:7-5:26 cel-unsupported: the separator of split() must be written out`}},
		{`country.replace(city, "b") == "a"`, []string{`5:7-5:33 cel-unsupported: replace() takes a text to replace that is written out and not empty`}},
		{`[orders.last()] == []`, []string{`5:7-5:22 cel-unsupported: a list of collections or rows is not possible`}},
		{`country.format([1]) == ""`, []string{`5:7-5:26 cel-unsupported: format() of a list is not possible`}},
		{`[ltv, 1.0].sort() == [1.0]`, []string{`5:7-5:24 cel-unsupported: a list of values of several types, or with null, cannot be used here`}},
		{`[age, null].sort() == [1]`, []string{`5:7-5:25 cel-unsupported: a list of values of several types, or with null, cannot be used here`}},
		{`[age][country] == 1`, []string{`5:7-5:21 cel-type: the position in a list is a whole number; country is a text`}},
		{`{"a": 1}.size() == 1`, []string{`5:7-5:15 cel-unsupported: maps in braces are not part of this language | A list is written in brackets: ["a", "b"].`}},
		{`string(ltv) == "x"`, []string{`5:7-5:18 cel-unsupported: a decimal number as a text differs from warehouse to warehouse | string() takes whole numbers and true or false.`}},
		{`orders.max(o, o.price / o.price) > 1.0`, []string{`5:7-5:39 cel-unsupported: max() of a calculation that may give no number is not possible | Leave out rows that divide by zero with filter().`}},
		// Places: code points before the error, several lines, several errors.
		{`country == "é日本😀" && cuntry == "é"`, []string{`5:28-5:34 unknown-name: there is no trait or collection "cuntry" | Did you mean country?`}},
		{"country == \"é\"\n  && vip\n  && ltvv > 3.0\n  && agee > 3", []string{
			`7:12-7:16 unknown-name: there is no trait or collection "ltvv" | Did you mean ltv?`,
			`8:12-8:16 unknown-name: there is no trait or collection "agee" | Did you mean age?`,
		}},
		{`// É: a comment
vip && country > 3`, []string{`6:14-6:25 cel-type: country is a text and 3 is a whole number: they cannot be compared | Put quotes around the number, or convert the text with int() or double().`}},
	} {
		t.Run(c.when, func(t *testing.T) {
			out, list := compileSegment(t, c.when)
			if diff := cmp.Diff(c.want, found(list)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
			if out != nil {
				t.Error("there is an output beside an error")
			}
			for _, text := range found(list) {
				for _, word := range []string{"wrapper", "google.protobuf", "type_param", "_==_", "@", "int64", "dyn ", "container"} {
					if strings.Contains(strings.ReplaceAll(text, `contains("@")`, ""), word) {
						t.Errorf("%q speaks of cel-go's internals: %s", text, word)
					}
				}
			}
		})
	}
}

// TestErrorPlaces points into each of YAML's ways to write a text.
func TestErrorPlaces(t *testing.T) {
	in := project(t, shop, `
segments:
  - {name: a, when: 'contry == "FR"'}
  - {name: b, when: "contry == \"é\" && cuntry == 'x'"}
  - name: c
    when: >
      vip &&
      contry == "x"
  - name: d
    when: vip && contry == "x"
traits:
  - {name: t, value: 'country + "''" + contry'}
`)
	_, list := Compile(in)
	var got []string
	for _, d := range list {
		got = append(got, d.Span.String())
	}
	want := []string{"more1.yaml:12:40", "more1.yaml:3:22", "more1.yaml:4:22", "more1.yaml:4:41", "more1.yaml:8:7", "more1.yaml:10:18"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

func TestCycles(t *testing.T) {
	in := project(t, shop, `
traits:
  - {name: a, value: 'b + 1'}
  - {name: b, value: 'age + c'}
  - {name: c, value: 'a * 2'}
  - {name: self, value: 'self'}
  - {name: reader, value: 'a + 1'}
  - {name: fine, value: 'age + 1'}
segments:
  - {name: p, when: '!in_segment("q")'}
  - {name: q, when: 'vip || in_segment("p")'}
  - {name: r, when: 'in_segment("r")'}
  - {name: s, when: 'a > 1 && contry == "x"'}
`)
	out, list := Compile(in)
	want := []string{
		`3:23-3:24 cycle: the trait "a" depends on itself: a -> b -> c -> a | Remove one of these references.`,
		`4:29-4:30 cycle: the trait "b" depends on itself: a -> b -> c -> a | Remove one of these references.`,
		`5:23-5:24 cycle: the trait "c" depends on itself: a -> b -> c -> a | Remove one of these references.`,
		`6:26-6:30 cycle: the trait "self" depends on itself: self -> self | Remove one of these references.`,
		`10:34-10:37 cycle: the segment "p" depends on itself: p -> q -> p | Remove one of these references.`,
		`11:40-11:43 cycle: the segment "q" depends on itself: p -> q -> p | Remove one of these references.`,
		`12:33-12:36 cycle: the segment "r" depends on itself: r -> r | Remove one of these references.`,
		`13:31-13:37 unknown-name: there is no trait or collection "contry" | Did you mean country?`,
	}
	if diff := cmp.Diff(want, found(list)); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
	if out != nil {
		t.Error("there is an output beside an error")
	}
}

func TestTraitErrors(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{`{name: x, value: 'in_segment("staff")'}`, `3:23-3:42 cel-unsupported: a trait cannot depend on a segment | Segments are known after all traits: use in_segment() in a segment.`},
		{`{name: x, value: 'now - seen'}`, `3:23-3:33 cel-unsupported: a trait cannot hold a span of time | Take a number of it: .getHours(), .getMinutes() or .getSeconds().`},
		{`{name: x, value: 'orders.last()'}`, `3:23-3:36 cel-unsupported: a trait cannot hold a row of orders | Choose a field of the row, such as .last().amount.`},
		{`{name: x, value: 'orders.map(o, o.sku)'}`, `3:23-3:43 cel-unsupported: a trait cannot hold a list | Ask something of it, such as .count() or .sum(x, x.amount).`},
		{`{name: x, value: 'null'}`, `3:23-3:27 cel-unsupported: a trait cannot hold no value`},
		{`{name: orders, value: '1'}`, `3:12-3:18 name-taken: the trait "orders" has the name of the collection orders, which expressions use | Choose another name for the trait.`},
		{`{name: now, value: '1'}`, `3:12-3:15 name-taken: the trait "now" has the name of the time of the run, which expressions use | Choose another name for the trait.`},
		{`{name: x, pick: latest, from: [contacts.country, orders.qty]}`, `3:54-3:64 cel-type: the trait "x" cannot be picked from columns of different types: contacts.country is string, orders.qty is int | Declare both columns with one type.`},
	} {
		in := project(t, shop, "\ntraits:\n  - "+c.yaml+"\nsegments:\n  - {name: staff, when: 'true'}\n")
		_, list := Compile(in)
		if diff := cmp.Diff([]string{c.want}, found(list)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.yaml, diff)
		}
	}
}

// TestNullOrError accepts values that may be missing for one reason and an
// error for another: the SQL tells them apart.
func TestNullOrError(t *testing.T) {
	for _, when := range []string{
		`!((vip ? country : string(age / 0 + 1)) == "x")`, `!(orders.last().sku == city)`,
		`orders.exists(o, !((o.gift ? o.qty : 10 / o.qty) == 2))`, `has(orders.filter(o, o.gift).last().sku)`,
	} {
		if out, list := compileSegment(t, when); out == nil {
			t.Errorf("%s: refused: %v", when, found(list))
		}
	}
}

func TestWarnings(t *testing.T) {
	includes := func(place, name string) string {
		return place + ` includes-unset: this includes each customer that has no "` + name + `" | To leave them out, write has(` + name +
			`) && in front; to keep them and say so, write !has(` + name + `) || in front.`
	}
	leavesOut := func(place, name, text string) string {
		return place + ` excludes-unset: under !, this leaves out each customer that has no "` + name + `", as it does without ! | To include them, write !is_true(` + text +
			`); to leave them out and say so, write has(` + name + `) && in front.`
	}
	for _, c := range []struct {
		when string
		want []string
	}{
		{`country != "FR"`, []string{includes("5:7-5:22", "country")}},
		{`!(country == "FR")`, []string{includes("5:9-5:24", "country")}},
		{`!(country in ["FR", "BE"])`, []string{includes("5:9-5:32", "country")}},
		{`vip && !(age > 3 || country == "FR")`, []string{leavesOut("5:16-5:23", "age", "age > 3"), includes("5:27-5:42", "country")}},
		{`!vip`, []string{leavesOut("5:8-5:11", "vip", "vip")}},
		{`!country.contains("x")`, []string{leavesOut("5:8-5:29", "country", `country.contains("x")`)}},
		{`has(country) && country != "FR"`, []string{}},
		{`!has(country) || country != "FR"`, []string{}},
		{`country == null || country != "FR"`, []string{}},
		{`!(country != "FR")`, []string{}},
		{`!is_true(vip)`, []string{}},
		{`!orders.exists(o, o.sku != "A")`, []string{}},
		{`country == "FR" && !in_segment("staff")`, []string{}},
	} {
		out, list := compileSegment(t, c.when)
		if out == nil || slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.Severity != diag.Warning }) {
			t.Errorf("%s: refused: %v", c.when, found(list))
		}
		if diff := cmp.Diff(c.want, found(list)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.when, diff)
		}
	}
}
