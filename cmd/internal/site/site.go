// Package site writes a project down as a static site for people who read:
// every resource with what it is for, who answers for it, where it is declared,
// what it reads and what reads it, its columns, and the SQL that builds it. The
// pages open from a folder, without a server, and ask no other machine for
// anything.
//
// It never connects to anything and shows no setting of a target or a
// destination but its type: what it is given is what `customhouse compile` knows.
// Decisions about single people (always_link, never_link) are counted, not shown.
//
// Start at Site.Pages, then describe.go for what is said of each kind, and
// graph.go for how lineage is drawn.
package site

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Site is what the pages are made of.
type Site struct {
	Project *config.Project
	// Target and Dialect are whose SQL is shown.
	Target, Dialect string
	// Nodes are the resources to show.
	Nodes []models.Node
	// Models are what builds and delivers, in an order in which they can run.
	Models []Model
	// Type is the type of a trait, 0 where it is not known.
	Type func(entity, trait string) sql.Type
}

// Model is something that a run executes: a model or a sync.
type Model struct {
	Name string
	// Nodes are the keys of the resources that it builds.
	Nodes []string
	// Reads and Writes are tables as the target spells them.
	Reads, Writes []string
	Files         []File
}

// File is the SQL of one step.
type File struct{ Name, Text string }

//go:embed static
var static embed.FS

var pages = template.Must(template.New("").ParseFS(static, "static/*.html"))

// Pages are the files of the site, by their path in it. The first to open is
// index.html.
func (s Site) Pages() (map[string][]byte, error) {
	w := writer{Site: s, out: map[string][]byte{}, resources: map[string]resource{}, readers: map[string][]string{}}
	for _, n := range s.Nodes {
		w.readers[n.Key] = nil
	}
	for _, n := range s.Nodes {
		w.resources[n.Key] = w.describe(n)
		for _, read := range n.Reads {
			if _, shown := w.readers[read]; shown {
				w.readers[read] = append(w.readers[read], n.Key)
			}
		}
	}
	for _, name := range []string{"style.css", "site.js"} {
		text, err := static.ReadFile("static/" + name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		w.out[name] = text
	}
	w.index()
	for _, n := range s.Nodes {
		w.resource(n)
	}
	for _, m := range s.Models {
		w.model(m)
	}
	w.search()
	return w.out, w.err
}

// writer collects the pages.
type writer struct {
	Site
	out map[string][]byte
	err error
	// resources and readers are by the keys of nodes.
	resources map[string]resource
	readers   map[string][]string
}

// page is what every page begins with.
type page struct {
	// Root leads from the page to index.html's folder.
	Root, Title      string
	Project          *config.Project
	Target, Dialect  string
	Main             any
	Graph            *drawing
	Upstream, Onward []link
	SQL              []link
}

type link struct{ Href, Text, Note string }

// add renders a page. Root is from where in the site it is.
func (w *writer) add(name, kind string, p page) {
	p.Root = strings.Repeat("../", strings.Count(name, "/"))
	p.Project, p.Target, p.Dialect = w.Project, w.Target, w.Dialect
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, kind, p); err != nil {
		w.err = cmp.Or(w.err, fmt.Errorf("writing the page %s: %w", name, err))
	}
	w.out[name] = b.Bytes()
}

// file is the page of something by its key, such as "segment:vip".
func file(key string) string {
	kind, name, _ := strings.Cut(key, ":")
	return path.Join(kind, name+".html")
}

// modelFile is the page of a model.
func modelFile(name string) string {
	return path.Join("model", strings.NewReplacer(":", "-", "/", "-").Replace(name)+".html")
}

// section is the resources of one kind.
type section struct {
	Kind, Title string
	Resources   []resource
}

func (w *writer) index() {
	type constant struct{ Name, Type, Description string }
	main := struct {
		Sections   []section
		Parameters []constant
		Models     []Model
		Tables     []table
		ModelHref  map[string]string
	}{Models: w.Models, Tables: w.tables(), ModelHref: map[string]string{}}
	for _, kind := range kinds {
		s := section{Kind: kind.name, Title: kind.title}
		for _, n := range w.Nodes {
			if n.Kind == kind.name {
				s.Resources = append(s.Resources, w.resources[n.Key])
			}
		}
		if len(s.Resources) > 0 {
			main.Sections = append(main.Sections, s)
		}
	}
	for _, p := range w.Project.Parameters {
		main.Parameters = append(main.Parameters, constant{p.Name, p.Type, p.Description})
	}
	for _, m := range w.Models {
		main.ModelHref[m.Name] = modelFile(m.Name)
	}
	all := map[string]bool{}
	for _, n := range w.Nodes {
		all[n.Key] = true
	}
	w.add("index.html", "index.html", page{Title: w.Project.Name, Main: main, Graph: w.draw(all, "", "")})
}

// resource writes the page of a node.
func (w *writer) resource(n models.Node) {
	around := map[string]bool{}
	reads := map[string][]string{}
	for _, other := range w.Nodes {
		reads[other.Key] = other.Reads
	}
	reach(n.Key, reads, around)
	onward := map[string]bool{}
	reach(n.Key, w.readers, onward)
	maps.Copy(around, onward)

	p := page{Title: n.Name, Main: w.resources[n.Key], Graph: w.draw(around, n.Key, "../")}
	p.Upstream, p.Onward = w.links(n.Reads), w.links(w.readers[n.Key])
	for _, m := range w.Models {
		if slices.Contains(m.Nodes, n.Key) {
			p.SQL = append(p.SQL, link{"../" + modelFile(m.Name), m.Name, plural(len(m.Files), "file")})
		}
	}
	w.add(file(n.Key), "resource.html", p)
}

// reach collects what can be reached from a key, with the key.
func reach(key string, next map[string][]string, into map[string]bool) {
	if into[key] {
		return
	}
	into[key] = true
	for _, n := range next[key] {
		reach(n, next, into)
	}
}

// links are the pages of nodes, from a page that is one folder down.
func (w *writer) links(keys []string) []link {
	var out []link
	for _, key := range keys {
		if r, ok := w.resources[key]; ok {
			out = append(out, link{"../" + file(key), r.Name, r.Kind})
		}
	}
	return out
}

func (w *writer) model(m Model) {
	main := struct {
		Model
		Builds []link
	}{m, w.links(m.Nodes)}
	w.add(modelFile(m.Name), "model.html", page{Title: m.Name, Main: main})
}

// table is a public table, and who writes and reads it.
type table struct {
	Name            string
	Written, ReadBy []link
}

// tables are those that models write.
func (w *writer) tables() []table {
	written, read := map[string][]link{}, map[string][]link{}
	for _, m := range w.Models {
		l := link{Href: modelFile(m.Name), Text: m.Name}
		for _, t := range m.Writes {
			written[t] = append(written[t], l)
		}
		for _, t := range m.Reads {
			if !slices.Contains(m.Writes, t) {
				read[t] = append(read[t], l)
			}
		}
	}
	var out []table
	for _, name := range slices.Sorted(maps.Keys(written)) {
		out = append(out, table{name, written[name], read[name]})
	}
	return out
}

// search writes what the search box looks through: a script, because a page that
// was opened from a folder may load nothing else.
func (w *writer) search() {
	type entry struct {
		Name        string `json:"name"`
		Kind        string `json:"kind"`
		Description string `json:"description"`
		Href        string `json:"href"`
	}
	entries := []entry{}
	for _, n := range w.Nodes {
		r := w.resources[n.Key]
		words := []string{r.Description}
		for _, c := range r.Columns {
			words = append(words, c.Cells[0].Text)
		}
		entries = append(entries, entry{n.Name, n.Kind, strings.TrimSpace(strings.Join(words, " ")), file(n.Key)})
	}
	text, err := json.MarshalIndent(entries, "", " ")
	w.err = cmp.Or(w.err, err)
	w.out["search.js"] = fmt.Appendf(nil, "const resources = %s;\n", text)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
