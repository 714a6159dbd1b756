package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// condition is one generated segment: as the project has it, and as somebody
// would write it in SQL.
type condition struct {
	cel string
	// profile is the part that is about columns of the profile c, "" for none.
	profile string
	// asked are the parts that are about the events of c; all of them hold.
	asked []question
}

// question is something about the events of one customer.
type question struct {
	// aggregate is of the rows that meet where; where is about columns of e.
	aggregate, where string
	// test is about the aggregate, which stands for $, and is false or NULL for
	// a customer without events, unless absent.
	test   string
	absent bool
}

// alone is the question as a query of its own would ask it.
func (q question) alone() string {
	from := " FROM events e WHERE e.customer = c.customer AND " + q.where
	if q.aggregate == "" {
		if q.absent {
			return "NOT EXISTS (SELECT 1" + from + ")"
		}
		return "EXISTS (SELECT 1" + from + ")"
	}
	return strings.ReplaceAll(q.test, "$", "(SELECT "+q.aggregate+from+")")
}

// alone is the whole condition as a query of its own.
func (c condition) alone() string {
	var parts []string
	if c.profile != "" {
		parts = append(parts, c.profile)
	}
	for _, q := range c.asked {
		parts = append(parts, q.alone())
	}
	return strings.Join(parts, " AND ")
}

// shared is the whole condition over the aggregates of one pass, and what has to
// be among them: each an aggregate of the events by its column.
func (c condition) shared(aggregates map[string]string) string {
	var parts []string
	if c.profile != "" {
		parts = append(parts, c.profile)
	}
	for _, q := range c.asked {
		text := q.aggregate + " FILTER (WHERE " + q.where + ")"
		if q.aggregate == "" {
			text = "bool_or(" + q.where + ")"
		}
		column, ok := aggregates[text]
		if !ok {
			column = fmt.Sprintf("a%d", len(aggregates))
			aggregates[text] = column
		}
		switch {
		case q.aggregate != "":
			parts = append(parts, strings.ReplaceAll(q.test, "$", column))
		case q.absent:
			parts = append(parts, "NOT coalesce("+column+", FALSE)")
		default:
			parts = append(parts, column)
		}
	}
	return strings.Join(parts, " AND ")
}

// ask is a question as the project has it, and in SQL.
type ask struct {
	cel string
	question
}

// and is c and all of these.
func (c condition) and(list ...ask) condition {
	for _, a := range list {
		if c.cel != "" {
			c.cel += " && "
		}
		c.cel += a.cel
		c.asked = append(c.asked, a.question)
	}
	return c
}

// The values that events and profiles have.
var (
	eventNames = []string{"view", "email_open", "search", "login", "click", "cart", "purchase", "share", "review", "support", "refund", "signup"}
	countries  = []string{"FR", "DE", "BE", "ES", "IT", "NL", "PT", "CH"}
	plans      = []string{"free", "basic", "pro"}
	topics     = []string{"sport", "news", "travel", "food", "books", "music", "garden", "cars"}
)

// lastDay is the as_of of the runs, and the youngest event.
var lastDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// conditions makes so many different segments, each of three questions about
// events and mostly one about the profile. What they ask repeats as it does in
// practice: a few windows, a dozen kinds of events, thresholds of all sorts.
func conditions(n int) []condition {
	out := make([]condition, n)
	for i := range out {
		round := i / 12
		pick := func(list []string, salt int) string { return list[(i*7+round*5+salt)%len(list)] }
		days := []int{7, 14, 30, 60, 90, 180, 365}[(i+round*3)%7]
		since := fmt.Sprintf("TIMESTAMP '%s'", lastDay.AddDate(0, 0, -days).Format(time.DateTime))
		name, other := pick(eventNames, 0), pick(eventNames, 3)
		is := func(name string) string { return "e.name = '" + name + "'" }
		recent := " AND e.happened > " + since
		country, plan, topic := pick(countries, 0), pick(plans, 1), pick(topics, 2)
		window := fmt.Sprintf("e.time > now - days(%d)", days)
		amount := float64(20 + i%50*10)
		// What segments ask of events, each in both spellings.
		did := func(name string) ask {
			return ask{
				fmt.Sprintf(`events.exists(e, e.name == %q && %s)`, name, window),
				question{where: is(name) + recent},
			}
		}
		didNot := func(name string) ask {
			return ask{
				fmt.Sprintf(`!events.exists(e, e.name == %q && %s)`, name, window),
				question{where: is(name) + recent, absent: true},
			}
		}
		times := func(name string, least int) ask {
			return ask{
				fmt.Sprintf(`events.count(e, e.name == %q) >= %d`, name, least),
				question{aggregate: "count(*)", where: is(name), test: fmt.Sprintf("$ >= %d", least)},
			}
		}
		recently := func(name string, least int) ask {
			return ask{
				fmt.Sprintf(`events.filter(e, e.name == %q && %s).count() >= %d`, name, window, least),
				question{aggregate: "count(*)", where: is(name) + recent, test: fmt.Sprintf("$ >= %d", least)},
			}
		}
		about := func(name, topic string) ask {
			return ask{
				fmt.Sprintf(`events.exists(e, e.name == %q && e.topic == %q && %s)`, name, topic, window),
				question{where: is(name) + " AND e.topic = '" + topic + "'" + recent},
			}
		}
		last := func(name, op string) ask {
			return ask{
				fmt.Sprintf(`events.filter(e, e.name == %q).max(e, e.time) %s now - days(%d)`, name, op, days),
				question{aggregate: "max(e.happened)", where: is(name), test: "$ " + op + " " + since},
			}
		}
		active := ask{
			fmt.Sprintf(`events.max(e, e.time) > now - days(%d)`, days),
			question{aggregate: "max(e.happened)", where: "TRUE", test: "$ > " + since},
		}
		first := ask{
			fmt.Sprintf(`events.filter(e, e.name == %q).min(e, e.time) > now - days(%d)`, name, days),
			question{aggregate: "min(e.happened)", where: is(name), test: "$ > " + since},
		}
		bought := ask{
			fmt.Sprintf(`events.filter(e, e.name == "purchase" && %s).sum(e, e.amount) > %.1f`, window, amount),
			question{aggregate: "sum(e.amount)", where: is("purchase") + recent, test: fmt.Sprintf("$ > %.1f", amount)},
		}
		spent := ask{
			fmt.Sprintf(`spent > %.1f`, amount),
			question{aggregate: "sum(e.amount)", where: is("purchase"), test: fmt.Sprintf("$ > %.1f", amount)},
		}
		dearest := ask{
			fmt.Sprintf(`events.filter(e, e.topic == %q).max(e, e.amount) > %.1f`, topic, amount/5),
			question{aggregate: "max(e.amount)", where: "e.topic = '" + topic + "'", test: fmt.Sprintf("$ > %.1f", amount/5)},
		}
		who := func(cel, profile string) condition { return condition{cel: cel, profile: profile} }
		from := who(fmt.Sprintf(`country == %q`, country), "c.country = '"+country+"'")
		aged := who(fmt.Sprintf(`age >= %d && age < %d`, 18+i%40, 33+i%40), fmt.Sprintf("c.age >= %d AND c.age < %d", 18+i%40, 33+i%40))
		paying := who(fmt.Sprintf(`plan == %q`, plan), "c.plan = '"+plan+"'")
		elsewhere := who(`!(country in ["FR", "DE", "BE"]) && has(country)`, "c.country NOT IN ('FR', 'DE', 'BE')")
		willing := who(fmt.Sprintf(`opted_in && country == %q`, country), "c.opted_in AND c.country = '"+country+"'")
		anybody := condition{}
		out[i] = []condition{
			from.and(did(name), spent, times("view", 2)),
			aged.and(times(name, 2+i%3), active, didNot("refund")),
			paying.and(recently(name, 2), didNot("support"), active),
			anybody.and(bought, did("click"), times("view", 1+i%3)),
			willing.and(didNot(name), times("view", 3), active),
			anybody.and(last(name, "<"), times(name, 2), spent),
			elsewhere.and(about(name, topic), last("login", ">"), didNot(other)),
			anybody.and(first, did(other), times("view", 2)),
			from.and(spent, active, last("click", ">")),
			paying.and(dearest, times("view", 1+i%4), active),
			anybody.and(did(name), didNot(other), times("search", 1+i%2)),
			aged.and(about(name, topic), active, times("login", 1+i%3)),
		}[i%12]
	}
	return out
}

// projectOf is a project of these segments over the tables of audience data;
// changes is that of the events.
func projectOf(raw, memory, changes string, list []condition) string {
	var b strings.Builder
	fmt.Fprintf(&b, `project: {name: bench}
targets:
  local: {type: duckdb, path: out.duckdb, memory_limit: %s, attach: {raw: %s}}
entities:
  - {name: customer, identifiers: [{name: user_id}]}
sources:
  - name: contacts
    table: raw.main.contacts
    entity: customer
    identifiers: {user_id: user_id}
    time: changed
    changes: append
    columns: {country: string, plan: string, age: int, opted_in: bool}
  - name: events
    table: raw.main.events
    entity: customer
    events: true
    identifiers: {user_id: user_id}
    time: happened
    changes: %s
    columns: {name: string, topic: string, amount: decimal}
traits:
  - {name: country, entity: customer, pick: latest, from: contacts.country}
  - {name: plan, entity: customer, pick: latest, from: contacts.plan}
  - {name: age, entity: customer, pick: latest, from: contacts.age}
  - {name: opted_in, entity: customer, pick: latest, from: contacts.opted_in}
  - {name: spent, entity: customer, value: 'events.filter(e, e.name == "purchase").sum(e, e.amount)'}
segments:
`, memory, raw, changes)
	for i, c := range list {
		fmt.Fprintf(&b, "  - {name: s%d, entity: customer, when: '%s'}\n", i, c.cel)
	}
	return b.String()
}

// audienceData makes the tables contacts and events, and counts on hash() so
// that the same row is the same on every run. customer is what a warehouse
// whose customers have one known key would group by; the project resolves
// user_id instead.
func audienceData(customers, events int64) []string {
	list := func(values []string) string { return "['" + strings.Join(values, "', '") + "']" }
	// The first names are common, the last rare.
	skewed := func(values []string, salt string) string {
		return fmt.Sprintf("%s[1 + floor(%d * pow(chance(i, '%s'), 2))::INT]", list(values), len(values), salt)
	}
	at := func(salt string, days int) string {
		return fmt.Sprintf("TIMESTAMP '%s' - to_microseconds((pow(chance(i, '%s'), 1.5) * %d * 86400e6)::BIGINT)", lastDay.Format(time.DateTime), salt, days)
	}
	return slices.Concat(vocabulary(events), []string{
		fmt.Sprintf(`CREATE TABLE contacts AS SELECT i AS customer, 'u' || i AS user_id,
			CASE WHEN chance(i, 'country') < 0.9 THEN %s END AS country, %s AS plan,
			CASE WHEN chance(i, 'age known') < 0.8 THEN 18 + (hash(i, 'age') %% 60)::INT END AS age,
			chance(i, 'opted') < 0.6 AS opted_in, %s AS changed FROM range(%d) r (i)`,
			skewed(countries, "which country"), skewed(plans, "plan"), at("changed", 700), customers),
		fmt.Sprintf(`CREATE TABLE events AS SELECT customer, 'u' || customer AS user_id, name, topic, amount, happened FROM (
			SELECT floor(%d * pow(chance(i, 'who'), 1.7))::BIGINT AS customer, %s AS name, %s AS topic,
			(floor(100 * 200 * pow(chance(i, 'amount'), 3)) / 100)::DECIMAL(12, 2) AS amount, %s AS happened FROM range(%d) r (i)) ORDER BY happened`,
			customers, skewed(eventNames, "name"), skewed(topics, "topic"), at("at", 700), events),
	})
}
