package site

import (
	"fmt"
	"html"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

func noType(string, string) sql.Type { return 0 }

// hostile is a text that is markup wherever it is not escaped.
const hostile = `</script><script>alert("x")</script>'"&`

func sample() Site {
	return Site{
		Project: &config.Project{
			Name: "shop", Description: hostile,
			Entities: []*config.Entity{{
				Name:      "customer",
				NeverLink: []config.Pair{{A: config.Reference{Type: "email", Value: "ann@example.com"}, B: config.Reference{Type: "email", Value: "bob@example.com"}}},
			}},
			Sources:  []*config.Source{{Name: "orders", Table: "raw.orders", Entity: "customer", Description: hostile}},
			Segments: []*config.Segment{{Name: "vip", Entity: "customer", When: `country == "` + hostile + `"`, Owner: hostile}},
		},
		Target: "local", Dialect: "duckdb", Type: noType,
		Nodes: []models.Node{
			{Key: "source:orders", Kind: "source", Name: "orders"},
			{Key: "entity:customer", Kind: "entity", Name: "customer", Reads: []string{"source:orders"}, Tags: []string{hostile}},
			{Key: "segment:vip", Kind: "segment", Name: "vip", Reads: []string{"entity:customer", "source:orders"}, Columns: []string{"orders.amount"}},
		},
		Models: []Model{{Name: "identity:customer", Nodes: []string{"entity:customer"}, Writes: []string{"customer_identities"}, Files: []File{{"01.sql", "SELECT '" + hostile + "'"}}}},
	}
}

var hrefs = regexp.MustCompile(`(?:href|src)="([^"]*)"`)

// TestLinks: every link of every page leads to a page that is there, and none
// to another machine.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages, err := sample().Pages()
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for name, text := range pages {
		for _, found := range hrefs.FindAllStringSubmatch(string(text), -1) {
			links++
			to := path.Join(path.Dir(name), html.UnescapeString(found[1]))
			if _, ok := pages[to]; !ok {
				t.Errorf("%s links to %s, which is not there", name, found[1])
			}
		}
	}
	if links < 20 {
		t.Errorf("only %d links were found", links)
	}
	for _, want := range []string{"index.html", "source/orders.html", "entity/customer.html", "segment/vip.html", "model/identity-customer.html"} {
		if _, ok := pages[want]; !ok {
			t.Errorf("there is no %s", want)
		}
	}
}

// TestTextIsText: what people wrote is shown and never read as markup, in pages
// and in the script of the search box.
func TestTextIsText(t *testing.T) {
	t.Parallel()
	pages, err := sample().Pages()
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for name, text := range pages {
		if strings.Contains(string(text), "<script>alert") {
			t.Errorf("%s holds a text as markup", name)
		}
		shown += strings.Count(string(text), "alert(")
	}
	if shown < 6 {
		t.Errorf("the text is shown %d times", shown)
	}
	// Decisions name people.
	for name, text := range pages {
		if strings.Contains(string(text), "@example.com") {
			t.Errorf("%s names somebody", name)
		}
	}
	if !strings.Contains(string(pages["entity/customer.html"]), "1 pair never linked") {
		t.Error("the decision is not counted")
	}
}

// TestDrawing: of any graph every node is drawn once, boxes do not overlap, and
// what is read stands to the left of its reader.
func TestDrawing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Site{Project: &config.Project{}, Type: noType}
		kinds := []string{"source", "entity", "trait", "segment", "sync"}
		for i := range rapid.IntRange(0, 25).Draw(t, "nodes") {
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			n := models.Node{Key: fmt.Sprintf("%s:n%d", kind, i), Kind: kind, Name: fmt.Sprintf("n%d", i)}
			for _, other := range s.Nodes {
				if rapid.IntRange(0, 3).Draw(t, "reads") == 0 {
					n.Reads = append(n.Reads, other.Key)
				}
			}
			s.Nodes = append(s.Nodes, n)
		}
		slices.Reverse(s.Nodes) // readers may be listed before what they read
		keys := map[string]bool{}
		for _, n := range s.Nodes {
			keys[n.Key] = rapid.IntRange(0, 4).Draw(t, "shown") > 0
		}
		w := writer{Site: s}
		d := w.draw(keys, "", "")
		at := map[string]box{}
		for _, b := range d.Boxes {
			key := b.Kind + ":" + b.Name
			if _, twice := at[key]; twice || !keys[key] {
				t.Fatalf("%s is drawn and should not be", key)
			}
			at[key] = b
			if b.X < 0 || b.Y < 0 || b.X+b.Width > d.Width || b.Y+b.Height > d.Height {
				t.Fatalf("%s is outside: %+v of %d x %d", key, b, d.Width, d.Height)
			}
			for _, other := range d.Boxes {
				if other.Name != b.Name && other.X == b.X && other.Y < b.Y+b.Height && b.Y < other.Y+other.Height {
					t.Fatalf("%s and %s overlap", b.Name, other.Name)
				}
			}
		}
		for _, n := range s.Nodes {
			if !keys[n.Key] {
				continue
			}
			reader, ok := at[n.Key]
			if !ok {
				t.Fatalf("%s is not drawn", n.Key)
			}
			for _, read := range drawn(&n, keys) {
				if at[read].X >= reader.X {
					t.Fatalf("%s is not left of %s", read, n.Key)
				}
			}
		}
	})
}
