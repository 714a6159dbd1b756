package expr

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden shows the SQL of a project's expressions: the file is for readers.
func TestGolden(t *testing.T) {
	in := project(t, shop, `
traits:
  - {name: spent, value: 'orders.sum(o, o.amount)'}
  - {name: last_seen, value: 'visits.max(v, v.time)'}
  - {name: top_topic, value: 'visits.filter(v, v.time > now - days(90)).most_frequent(v, v.topic)'}
  - {name: lifecycle, value: 'orders.count() == 0 ? "prospect" : last_seen < now - days(180) ? "lapsed" : "active"'}
  - {name: basket, value: 'orders.avg(o, o.amount)'}
  - {name: last_sku, value: 'orders.last().sku'}
  - {name: lines, value: 'orders.sum(o, o.qty)'}
  - {name: skus, value: 'orders.distinct(o, o.sku).size()'}
  - {name: months, value: '(now - orders.min(o, o.time)).getHours() / 24 / 30'}
  - {name: label, value: 'country + ": " + lifecycle'}
  - {name: constant, value: '1 + 2'}
segments:
  - {name: staff, when: 'city in ["Paris", "Lyon"] && ltv >= 9e3'}
  - name: loyal_readers
    when: |
      country == "FR" && spent > 100.0
        && visits.exists(v, v.topic == "sport" && v.time > now - days(30))
        && !in_segment("staff")
  - {name: not_french, when: 'country != "FR"'}
  - {name: regulars, when: 'orders.count(o, o.time > now - days(90)) >= 3'}
  - {name: thrifty, when: 'orders.all(o, o.price < 10.0) && orders.count() > 0'}
  - {name: gifted_once, when: 'orders.exists_one(o, o.gift)'}
  - {name: back_for_a, when: '!(orders.last().sku == "A")'}
  - {name: spring, when: 'has(seen) && seen.getMonth("Europe/Paris") in [2, 3, 4]'}
  - {name: known_age, when: 'age * 2 + 1 > 41 || is_true(score / ltv > 0.5)'}
  - {name: both, when: 'in_segment("loyal_readers") && in_segment("regulars")'}
  - {name: everyone, when: 'true'}
`)
	out, list := Compile(in)
	if out == nil {
		t.Fatalf("refused: %v", found(list))
	}
	var b strings.Builder
	b.WriteString("-- Features, by source.\n")
	for _, f := range out.Features {
		fmt.Fprintf(&b, "\n%s (type %d):\n  %s\n", f.Name, f.Type, printed(t, f.Aggregate))
	}
	show := func(title string, list []Compiled) {
		fmt.Fprintf(&b, "\n-- %s.\n", title)
		for _, c := range list {
			if c.Expr == nil {
				continue
			}
			fmt.Fprintf(&b, "\n%s (type %d, nullable %t, level %d; reads %v %v %v):\n  %s\n",
				c.Name, c.Type, c.Nullable, c.Level, c.Reads, c.Segments, c.Features, printed(t, c.Expr))
		}
	}
	show("Traits", out.Traits)
	show("Segments", out.Segments)
	path := filepath.Join("testdata", "golden.txt")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the SQL changed (-want +got); run with -update where that is meant:\n%s", diff)
	}
}

// TestOrder has every expression after those it reads, whatever the order in
// the files, and the same features whatever else is there.
func TestOrder(t *testing.T) {
	in := project(t, shop, `
traits:
  - {name: c, value: 'b + 1'}
  - {name: b, value: 'a + orders.count()'}
  - {name: a, value: 'age + 1'}
segments:
  - {name: z, when: 'in_segment("y") || in_segment("x")'}
  - {name: y, when: 'in_segment("x") && orders.count() > 2'}
  - {name: x, when: 'c > 1'}
`)
	out, list := Compile(in)
	if out == nil {
		t.Fatalf("refused: %v", found(list))
	}
	var got []string
	for _, c := range append(out.Traits[8:], out.Segments...) {
		got = append(got, c.Name+" "+strconv.Itoa(c.Level))
	}
	if diff := cmp.Diff([]string{"a 0", "b 1", "c 2", "x 0", "y 1", "z 2"}, got); diff != "" {
		t.Errorf("order and levels (-want +got):\n%s", diff)
	}
	if len(out.Features) != 1 {
		t.Errorf("got %d features, want the one count that both share", len(out.Features))
	}
	alone, _ := Compile(withSegment(t, `orders.count() > 7`))
	if diff := cmp.Diff(out.Features[0].Name, alone.Features[0].Name); diff != "" {
		t.Errorf("the same aggregate has two names: %s", diff)
	}
}

// TestFeaturesKeepTheirMeaning has one feature for one meaning: equal trees
// share, others never do.
func TestFeaturesKeepTheirMeaning(t *testing.T) {
	in := project(t, shop)
	for i, when := range []string{
		`orders.exists(o, o.sku == "A")`, `orders.exists(x, x.sku == "A")`, `orders.filter(o, o.sku == "A").exists(o, true)`,
		`orders.exists(o, o.sku == "a")`, `orders.exists(o, o.sku == "A\" ")`, `orders.count(o, o.sku == "A") > 0`,
		`orders.count(o, o.sku == "A") > 5`, `orders.max(o, o.time) > now - days(3)`, `orders.last().time > now - days(4)`,
	} {
		in.Segments = append(in.Segments, &config.Segment{Name: "s" + strconv.Itoa(i), When: when})
	}
	out, list := Compile(in)
	if out == nil {
		t.Fatalf("refused: %v", found(list))
	}
	if len(out.Features) != 5 {
		t.Errorf("got %d features, want 5: %+v", len(out.Features), out.Features)
	}
}

func TestLimits(t *testing.T) {
	deep := strings.Repeat("!(", 2000) + "vip" + strings.Repeat(")", 2000)
	long := strings.Repeat(`country == "x" || `, 2000) + "vip"
	// Each level mentions its operand twice in SQL.
	doubled := "vip"
	for range 40 {
		doubled = "((" + doubled + ") ? vip : !vip)"
	}
	for _, when := range []string{deep, long, doubled} {
		out, list := Compile(withSegment(t, when))
		if out != nil || len(list) != 1 || list[0].Code != "cel-size" {
			t.Errorf("%.40s...: got %v, want one error about its size", when, list)
		}
	}
	if out, list := Compile(withSegment(t, strings.Repeat(`country == "x" || `, 200)+"vip")); out == nil {
		t.Errorf("200 conditions are refused: %v", list)
	}
}

// FuzzCompile wants an answer to any text: SQL that prints, or an error.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		`country == "FR" && !vip`, `orders.filter(o, o.qty > 1).sum(o, o.price) > 3.0`, `orders.last().sku in ["A", null]`,
		`timestamp("2026-01-01T00:00:00Z") - seen > days(3)`, `((((`, `"\x00"`, `[[1]]`, `x.x.x`, `has(orders.last().sku)`,
		`age % 0 == 1`, `orders.map(o, orders.map(p, p.sku))`, `"é`, `a ? b : c`, `{1: 2}`, `orders{}`, `b'x'`, `-9223372036854775808 == age`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in := withSegment(t, text)
		in.Traits = append(in.Traits, &config.Trait{Name: "y", Value: text})
		out, list := Compile(in)
		if out == nil {
			if !list.HasErrors() {
				t.Fatalf("no output and no error: %v", list)
			}
			return
		}
		if list.HasErrors() {
			t.Fatalf("an output beside an error: %v", list)
		}
		for _, s := range out.Segments {
			printed(t, s.Expr)
		}
	})
}

// BenchmarkCompile is the size of project that must stay interactive.
func BenchmarkCompile(b *testing.B) {
	in := project(b, shop)
	for i := range 200 {
		n := strconv.Itoa(i)
		value := []string{
			`orders.filter(o, o.qty > ` + n + `).sum(o, o.amount)`,
			`orders.count(o, o.time > now - days(` + n + `))`,
			`country == "FR" ? ltv * ` + n + `.0 : score`,
			`visits.filter(v, v.time > now - days(` + n + `)).most_frequent(v, v.topic)`,
		}[i%4]
		in.Traits = append(in.Traits, &config.Trait{Name: "t" + n, Value: value})
	}
	for i := range 500 {
		n := strconv.Itoa(i)
		when := []string{
			`country == "FR" && ltv > ` + n + `.0 && visits.exists(v, v.topic == "sport" && v.time > now - days(30))`,
			`t` + strconv.Itoa(i%50*4) + ` > ` + n + `.0 || orders.count(o, o.time > now - days(` + n + `)) >= 3`,
			`has(city) && city in ["Paris", "Lyon", "Lille"] && !in_segment("s0") && orders.max(o, o.time) < now - days(` + n + `)`,
		}[i%3]
		in.Segments = append(in.Segments, &config.Segment{Name: "s" + n, When: when})
	}
	for b.Loop() {
		if out, list := Compile(in); out == nil {
			b.Fatal(list[0])
		}
	}
}
