package expr

import (
	"fmt"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/sql"
)

var asOf = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shop is the project that the tests speak of.
const shop = `
sources:
  - name: contacts
    time: updated_at
    columns: {country: string, vip: bool, ltv: float, age: int, born: date, score: decimal, seen: timestamp, city: string}
  - name: orders
    time: ordered_at
    columns: {amount: decimal, price: float, qty: int, sku: string, gift: bool, day: date}
  - name: visits
    time: viewed_at
    columns: {topic: string, url: string}
traits:
  - {name: country, pick: latest, from: contacts.country}
  - {name: city, pick: latest, from: contacts.city}
  - {name: vip, pick: latest, from: contacts.vip}
  - {name: ltv, pick: latest, from: contacts.ltv}
  - {name: age, pick: latest, from: contacts.age}
  - {name: born, pick: latest, from: contacts.born}
  - {name: score, pick: latest, from: contacts.score}
  - {name: seen, pick: latest, from: contacts.seen}
`

// project reads the YAML of sources, traits and segments.
func project(tb testing.TB, texts ...string) Input {
	tb.Helper()
	in := Input{Entity: &config.Entity{Name: "customer"}, AsOf: asOf}
	for i, text := range texts {
		name := "project.yaml"
		if i > 0 {
			name = fmt.Sprintf("more%d.yaml", i)
		}
		report := func(d diag.Diagnostic) {
			if d.Code != "missing-key" { // all of it is about one entity
				tb.Fatalf("reading %s: %v", name, d)
			}
		}
		root := strict.Parse(&diag.Source{Name: name, Text: []byte(text)}, report)
		for _, n := range root.Get("sources").Items() {
			s := &config.Source{Pos: n}
			n.Decode(report, s)
			in.Sources = append(in.Sources, s)
		}
		for _, n := range root.Get("traits").Items() {
			tr := &config.Trait{Pos: n}
			n.Decode(report, tr)
			in.Traits = append(in.Traits, tr)
		}
		for _, n := range root.Get("segments").Items() {
			s := &config.Segment{Pos: n}
			n.Decode(report, s)
			in.Segments = append(in.Segments, s)
		}
	}
	return in
}

// printed is an expression in DuckDB's SQL.
func printed(tb testing.TB, e sql.Expr) string {
	tb.Helper()
	p := sql.Printer{Dialect: sql.DuckDB}
	out, err := p.Expr(e)
	if err != nil {
		tb.Fatalf("printing %#v: %v", e, err)
	}
	return out
}

// one wraps an expression as the trait or segment named x of the shop.
func withTrait(tb testing.TB, value string) Input {
	tb.Helper()
	in := project(tb, shop)
	in.Traits = append(in.Traits, &config.Trait{Name: "x", Value: value})
	return in
}

func withSegment(tb testing.TB, when string) Input {
	tb.Helper()
	in := project(tb, shop)
	in.Segments = append(in.Segments, &config.Segment{Name: "x", When: when}, &config.Segment{Name: "staff", When: `email_like == "x"`})
	in.Segments = in.Segments[:1]
	in.Segments = append(in.Segments, &config.Segment{Name: "staff", When: "true"})
	return in
}
