package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr/syntax"
	"github.com/customhouse-cdp/customhouse/models/tests"
)

// Define says what defines each resource of a plan. text has the SQL of
// expressions by the keys of nodes.
func Define(p *config.Project, nodes []models.Node, text map[string]string) []Node {
	written := resources(p)
	out := make([]Node, 0, len(nodes))
	for _, n := range nodes {
		d := definer{}
		for _, part := range written[n.Key] {
			d.walk(part.prefix, part.node)
		}
		if n.Kind == "sync" {
			// It names its consents, where expressions mention them.
			for _, part := range written[n.Key] {
				d.expressions = append(d.expressions, raw(part.node))
			}
		}
		for _, part := range mentioned(p, d.expressions) {
			d.walk(part.prefix, part.node)
		}
		slices.SortStableFunc(d.settings, func(a, b Setting) int { return strings.Compare(a.Path, b.Path) })
		node := Node{
			Key: n.Key, Kind: n.Kind, Name: n.Name, At: n.Span.String(),
			Tags: append([]string{}, n.Tags...), Reads: append([]string{}, n.Reads...),
			Definition: append([]Setting{}, d.settings...), SQL: text[n.Key],
		}
		node.Hash = d.hash()
		out = append(out, node)
	}
	return out
}

// Settings lists what a part of a project's YAML says, but for what is for readers:
// the settings of Define for what is no resource.
func Settings(n strict.Node) []Setting {
	d := definer{}
	d.walk("", n)
	slices.SortStableFunc(d.settings, func(a, b Setting) int { return strings.Compare(a.Path, b.Path) })
	return d.settings
}

// written is YAML that defines a resource, below a prefix of its paths.
type written struct {
	prefix string
	node   strict.Node
}

// resources are the places of resources by the keys of their nodes, with what
// they name that is no resource itself.
func resources(p *config.Project) map[string][]written {
	out := map[string][]written{}
	for _, s := range p.Sources {
		out["source:"+s.Name] = []written{{"", s.Pos}}
	}
	for _, e := range p.Entities {
		out["entity:"+e.Name] = []written{{"", e.Pos}}
	}
	for _, r := range p.Relations {
		out["relation:"+r.Name] = []written{{"", r.Pos}}
	}
	for _, t := range p.Traits {
		out["trait:"+t.Entity+"."+t.Name] = []written{{"", t.Pos}}
	}
	for _, s := range p.Segments {
		out["segment:"+s.Name] = []written{{"", s.Pos}}
	}
	for _, t := range p.Tests {
		out[tests.Key(t.Name)] = []written{{"", t.Pos}}
	}
	for _, d := range p.Destinations {
		out["destination:"+d.Name] = []written{{"", d.Pos}}
	}
	for _, s := range p.Syncs {
		list := []written{{"", s.Pos}}
		for _, x := range p.Priorities {
			if x.Name == s.From.Priority {
				list = append(list, written{"priority " + x.Name, x.Pos})
			}
		}
		for _, x := range p.Pressures {
			if x.Name == s.From.Pressure {
				list = append(list, written{"pressure " + x.Name, x.Pos})
			}
		}
		out["sync:"+s.Name] = list
	}
	return out
}

// mentioned are the parameters and consents that expressions speak of. A name that
// is written in one counts, whatever it means there: rather one too many.
func mentioned(p *config.Project, expressions []string) []written {
	has := func(name string) bool {
		word := regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`)
		return slices.ContainsFunc(expressions, word.MatchString)
	}
	var out []written
	for _, x := range p.Parameters {
		if has(x.Name) {
			out = append(out, written{"parameter " + x.Name, x.Pos})
		}
	}
	for _, x := range p.Consents {
		if has(x.Name) {
			out = append(out, written{"consent " + x.Name, x.Pos})
		}
	}
	return out
}

type definer struct {
	settings    []Setting
	expressions []string
	// hidden are what counts and is not shown.
	hidden []string
}

// readers are the keys that say nothing of what is built: they are for people, and
// tags are a column of their own.
var readers = []string{"description", "tags"}

// personal are the keys that list identifiers of people.
var personal = []string{"never_link", "always_link", "ignore", "people"}

// expressions are the keys that hold CEL.
var expressions = []string{"value", "when", "where", "condition"}

// walk lists what is written below a node.
func (d *definer) walk(path string, n strict.Node) {
	add := func(value string) { d.settings = append(d.settings, Setting{path, value}) }
	switch n.Kind() {
	case strict.Absent:
	case strict.Null:
		add("")
	case strict.Scalar:
		key := path[strings.LastIndex(path, ".")+1:]
		value := n.Text().Value
		if slices.Contains(expressions, key) && n.IsString() {
			d.expressions = append(d.expressions, value)
			if line, err := syntax.Format(value); err == nil {
				value = line
			}
		}
		add(strings.TrimSpace(value))
	case strict.Mapping:
		for _, f := range n.Fields() {
			key := f.Key.Text().Value
			switch {
			case slices.Contains(readers, key):
			case slices.Contains(personal, key):
				d.settings = append(d.settings, Setting{below(path, key), plural(max(len(f.Value.Items()), 1), "entry", "entries")})
				d.hidden = append(d.hidden, below(path, key)+" "+raw(f.Value))
			default:
				d.walk(below(path, key), f.Value)
			}
		}
	case strict.List:
		d.list(path, n)
	}
}

// list lists the entries of a list: one line where all are scalars, and otherwise
// each under its name, with the order of the names.
func (d *definer) list(path string, n strict.Node) {
	items := n.Items()
	scalars := !slices.ContainsFunc(items, func(i strict.Node) bool { return i.Kind() != strict.Scalar })
	var names []string
	for i, item := range items {
		name := strconv.Itoa(i + 1)
		if scalars {
			name = item.Text().Value
		} else if given := item.Text("name").Value; given != "" {
			name = given
		}
		names = append(names, name)
		if !scalars {
			d.walk(path+"["+name+"]", item)
		}
	}
	d.settings = append(d.settings, Setting{path, strings.Join(names, ", ")})
}

// raw is YAML as one text, for a hash.
func raw(n strict.Node) string {
	switch n.Kind() {
	case strict.Scalar:
		return strconv.Quote(n.Text().Value)
	case strict.Mapping:
		var b strings.Builder
		for _, f := range n.Fields() {
			fmt.Fprintf(&b, "%q: %s, ", f.Key.Text().Value, raw(f.Value))
		}
		return "{" + b.String() + "}"
	case strict.List:
		var b strings.Builder
		for _, i := range n.Items() {
			b.WriteString(raw(i) + ", ")
		}
		return "[" + b.String() + "]"
	case strict.Absent, strict.Null:
	}
	return "-"
}

func (d *definer) hash() string {
	sum := sha256.New()
	for _, s := range d.settings {
		fmt.Fprintf(sum, "%q %q\n", s.Path, s.Value)
	}
	for _, h := range d.hidden {
		fmt.Fprintf(sum, "%q\n", h)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func below(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
