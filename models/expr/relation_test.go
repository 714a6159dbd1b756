package expr

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// business is the shop whose customers work for accounts.
func business(tb testing.TB, when string) Input {
	tb.Helper()
	in := project(tb, shop, "segments:\n  - name: x\n    entity: customer\n    when: |\n      "+when+"\n")
	in.Relations = []*config.Relation{{Name: "employer", From: "customer", To: "account"}}
	return in
}

// accounts are what is known of the other entity.
var accounts = map[string][]Compiled{"account": {
	{Name: "plan", Type: sql.TypeString, Nullable: true},
	{Name: "seats", Type: sql.TypeInt},
	{Name: "budget", Type: sql.TypeDecimal, Nullable: true},
	{Name: "renewed", Type: sql.TypeDate, Nullable: true},
}}

func TestRelated(t *testing.T) {
	for _, c := range []struct{ when, want string }{
		{`employer.plan == "pro"`, `p."employer.plan" = 'pro'`},
		// A trait that is never missing is, where nobody is at the other end.
		{`employer.seats != 3`, `p."employer.seats" IS DISTINCT FROM 3`},
		{`employer.budget > 2.5`, `CAST(p."employer.budget" AS DOUBLE) > 2.5e0`},
		{`employer.renewed < now`, `CAST(p."employer.renewed" AS TIMESTAMP) < TIMESTAMP '2026-03-01 12:00:00'`},
		{`has(employer.plan)`, `p."employer.plan" IS NOT NULL`},
		{`has(employer)`, `p."employer.account_id" IS NOT NULL`},
		{`employer == null`, `p."employer.account_id" IS NULL`},
		{`employer.?plan.orValue("free") == "free"`, `CASE WHEN p."employer.plan" IS NOT NULL THEN p."employer.plan" ELSE 'free' END = 'free'`},
		{`employer.?seats.hasValue()`, `p."employer.seats" IS NOT NULL`},
		{`employer.account_id == 7`, `p."employer.account_id" = 7`},
		{`orders.exists(o, o.gift) && employer.plan == country`, ``},
	} {
		out, list := Parse(business(t, c.when)).Compile(accounts)
		if list.HasErrors() {
			t.Errorf("%s: got %v", c.when, list)
			continue
		}
		got := printed(t, out.Segments[0].Expr)
		if got = trimCoalesce(got); c.want != "" && got != c.want {
			t.Errorf("%s: got %s, want %s", c.when, got, c.want)
		}
		if len(out.Related) != 1 || !slices.Equal(out.Segments[0].Related, []string{out.Related[0].Column}) {
			t.Errorf("%s: got related %v of %v", c.when, out.Related, out.Segments[0].Related)
		}
	}
}

// trimCoalesce takes away what makes a condition total.
func trimCoalesce(s string) string {
	const before, after = "coalesce(", ", FALSE)"
	if len(s) > len(before)+len(after) && s[:len(before)] == before {
		return s[len(before) : len(s)-len(after)]
	}
	return s
}

func TestRelatedErrors(t *testing.T) {
	for _, c := range []struct {
		when string
		want []string
	}{
		{`employer.plam == "pro"`, []string{`5:16-5:20 unknown-trait: the account of employer has no trait "plam" | Did you mean plan?`}},
		{`employer.colour == "pro"`, []string{`5:16-5:22 unknown-trait: the account of employer has no trait "colour" | Its traits are account_id, plan, seats, budget, renewed.`}},
		{`has(employer.plam)`, []string{`5:20-5:24 unknown-trait: the account of employer has no trait "plam" | Did you mean plan?`}},
		{`employer.?plam.hasValue()`, []string{`5:17-5:21 unknown-trait: the account of employer has no trait "plam" | Did you mean plan?`}},
		{`country.?plan.hasValue()`, []string{"5:16-5:20 unknown-field: country is a text and has no fields"}},
		{`employer.?plan == "pro"`, []string{`5:7-5:30 cel-type: employer.?plan is an optional value and "pro" is a text: they cannot be compared | Say what stands in where it has no value: .orValue(...).`}},
		{`employer.?plan`, []string{`5:7-5:21 cel-type: the segment "x" must be true or false for each customer; this is an optional value | Say what stands in where it has no value: .orValue(...).`}},
		{`optional.of(orders).hasValue()`, []string{"5:16-5:26 cel-unsupported: an optional of a collection is not possible | Ask something of it, such as .count() or .sum(x, x.amount)."}},
		{`optional.of(["a"])[0] == optional.of("a")`, []string{"5:16-5:28 cel-type: an element of an optional list may not be there | Write [?...], which has no value where there is none."}},
		{`optional.of(employer).value().plan == "pro"`, []string{`5:16-5:28 cel-unsupported: an optional of the employer is not possible | Choose a trait of it, such as employer.renewed.`}},
		{`country[?0].hasValue()`, []string{"5:7-5:18 cel-type: only lists have elements; country is a text"}},
		{`optional.none().value() == 1`, []string{"5:16-5:30 cel-unsupported: this optional value never has a value"}},
		{`[optional.of(1)].size() == 1`, []string{"5:17-5:22 cel-unsupported: a list of optional values is not possible | Write ? in front of it to leave it out where it has no value."}},
		{`orders.map(o, o.?sku).distinct().size() == 1`, []string{"5:7-5:39 cel-unsupported: distinct() of an optional value is not possible"}},
		{`employr.plan == "pro"`, []string{`5:7-5:14 unknown-name: there is no trait or collection "employr" | Did you mean employer?`}},
		{`employer`, []string{`5:7-5:15 cel-type: the segment "x" must be true or false for each customer; this is the employer | Compare it with something.`}},
		{`employer == "acme"`, []string{`5:7-5:25 cel-type: employer is the employer and "acme" is a text: they cannot be compared`}},
		{`employer.seats == "3"`, []string{`5:7-5:28 cel-type: employer.seats is a whole number and "3" is a text: they cannot be compared | Put quotes around the number, or convert the text with int() or double().`}},
		{`orders.exists(o, o.sku == employer.plan)`, []string{}},
		{`employer.plan != "free"`, []string{`5:7-5:30 includes-unset: this includes each customer that has no "employer.plan" | To leave them out, write has(employer.plan) && in front; to keep them and say so, write !has(employer.plan) || in front.`}},
		{`has(employer.plan) && employer.plan != "free"`, []string{}},
	} {
		_, list := Parse(business(t, c.when)).Compile(accounts)
		if diff := cmp.Diff(c.want, found(list)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.when, diff)
		}
	}
}

// TestRelatedUnknown leaves alone what reads an entity that has errors of its
// own: they are reported where they are.
func TestRelatedUnknown(t *testing.T) {
	out, list := Parse(business(t, `employer.plan == "pro"`)).Compile(nil)
	if len(list) > 0 || len(out.Segments) > 0 {
		t.Errorf("got %v and %v", out.Segments, list)
	}
}

func TestMembers(t *testing.T) {
	in := Input{
		Entity: &config.Entity{Name: "account"}, AsOf: asOf,
		Relations: []*config.Relation{{Name: "employer", From: "customer", To: "account", Reverse: "employees"}},
		Traits:    []*config.Trait{{Name: "spent", Value: `employees.filter(e, e.is_primary && e.time > now - days(30)).sum(e, e.spent)`}},
		Segments:  []*config.Segment{{Name: "large", When: `employees.count() > 2`}},
	}
	u := Parse(in)
	if got := u.Reads(); len(got) != 1 || got[0].Entity != "customer" {
		t.Errorf("got reads %v", got)
	}
	out, list := u.Compile(map[string][]Compiled{"customer": {{Name: "spent", Type: sql.TypeFloat}}})
	if len(list) > 0 {
		t.Fatal(list)
	}
	var got [][]string
	for _, f := range out.Features {
		got = append(got, append([]string{f.Source, printed(t, f.Aggregate)}, f.Columns...))
	}
	slices.SortFunc(got, func(a, b []string) int { return len(a) - len(b) })
	if len(got) != 2 || !slices.Equal(got[0], []string{"employees", "count(*)"}) || !slices.Equal(got[1][2:], []string{"is_primary", "spent", "time"}) {
		t.Errorf("got features %q", got)
	}
}
