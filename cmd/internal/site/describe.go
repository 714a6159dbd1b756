package site

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// kinds are the kinds of resources in the order in which data flows.
var kinds = []struct{ name, title string }{
	{"source", "Sources"},
	{"entity", "Entities"},
	{"relation", "Relations"},
	{"trait", "Traits"},
	{"segment", "Segments"},
	{"sync", "Syncs"},
	{"destination", "Destinations"},
}

// resource is what is said of one resource.
type resource struct {
	Key, Kind, Name    string
	Href               string
	Description, Owner string
	Tags               []string
	// At is where it is declared.
	At    string
	Facts []fact
	// Expression is CEL, where the resource has some.
	Expression string
	// Heads and Columns are a table: of columns, identifiers or fields.
	Heads   []string
	Columns []row
}

// fact is one setting.
type fact struct{ Name, Value string }

type row struct{ Cells []cell }

// cell is a text, which may be code, or links.
type cell struct {
	Text  string
	Code  bool
	Links []link
}

func text(s string) cell { return cell{Text: s} }
func code(s string) cell { return cell{Text: s, Code: true} }

// named finds a resource of the project by its name.
func named[T any](list []T, name string, of func(T) string) (T, bool) {
	i := slices.IndexFunc(list, func(r T) bool { return of(r) == name })
	if i < 0 {
		var none T
		return none, false
	}
	return list[i], true
}

// describe says what a node is.
func (w *writer) describe(n models.Node) resource {
	r := resource{Key: n.Key, Kind: n.Kind, Name: n.Name, Href: file(n.Key), Tags: n.Tags, At: n.Span.String()}
	switch p := w.Project; n.Kind {
	case "source":
		if s, ok := named(p.Sources, n.Name, func(s *config.Source) string { return s.Name }); ok {
			w.source(&r, s)
		}
	case "entity":
		if e, ok := named(p.Entities, n.Name, func(e *config.Entity) string { return e.Name }); ok {
			w.entity(&r, e)
		}
	case "relation":
		if x, ok := named(p.Relations, n.Name, func(x *config.Relation) string { return x.Name }); ok {
			relation(&r, x)
		}
	case "trait":
		entity, name, _ := strings.Cut(strings.TrimPrefix(n.Key, "trait:"), ".")
		for _, t := range p.Traits {
			if t.Entity == entity && t.Name == name {
				w.trait(&r, t)
			}
		}
	case "segment":
		if s, ok := named(p.Segments, n.Name, func(s *config.Segment) string { return s.Name }); ok {
			r.Description, r.Owner, r.Expression = s.Description, s.Owner, strings.TrimSpace(s.When)
			r.fact("entity", s.Entity)
		}
	case "sync":
		if s, ok := named(p.Syncs, n.Name, func(s *config.Sync) string { return s.Name }); ok {
			sync(&r, s)
		}
	case "destination":
		if d, ok := named(p.Destinations, n.Name, func(d *config.Destination) string { return d.Name }); ok {
			r.Description, r.Owner = d.Description, d.Owner
			r.fact("type", d.Type)
		}
	}
	return r
}

// fact adds a setting that has a value.
func (r *resource) fact(name, value string) {
	if value != "" {
		r.Facts = append(r.Facts, fact{name, value})
	}
}

func (w *writer) source(r *resource, s *config.Source) {
	r.Description, r.Owner = s.Description, s.Owner
	r.fact("entity", s.Entity)
	r.fact("table", s.Table)
	if s.Files != nil {
		r.fact("files", s.Files.Path.Text()+" ("+s.Files.Format+")")
	}
	r.fact("rows are", map[bool]string{true: "events", false: "the state of something"}[s.Events])
	r.fact("time", s.Time)
	r.fact("changes", s.Changes)
	r.fact("look back", duration(s.LookBack))
	r.fact("key", s.Key)
	r.fact("kept by day", yes(s.ByDay))
	r.Heads = []string{"column", "type", "in the table", "read by"}
	for _, c := range s.Columns {
		var readers []link
		for _, n := range w.Nodes {
			if slices.Contains(n.Columns, s.Name+"."+c.Key) {
				readers = append(readers, link{Href: "../" + file(n.Key), Text: n.Name})
			}
		}
		r.Columns = append(r.Columns, row{[]cell{code(c.Key), text(c.Value.Type), code(c.Value.Column), {Links: readers}}})
	}
	for _, i := range s.Identifiers {
		r.Columns = append(r.Columns, row{[]cell{code(i.Key), text("identifier"), code(i.Value), {Links: []link{{Href: "../entity/" + s.Entity + ".html", Text: s.Entity}}}}})
	}
}

func (w *writer) entity(r *resource, e *config.Entity) {
	r.Description, r.Owner = e.Description, e.Owner
	r.fact("profiles", e.Name+"_profiles")
	r.fact("decisions of people", decisions(e))
	r.fact("suspicious from", plural(e.SuspectSize, "identifier"))
	r.fact("left out of every sync", strings.Join(e.Exclude, ", "))
	r.fact("suspicious ones are held back", yes(e.Hold))
	r.Heads = []string{"column or identifier", "type", "about"}
	for _, i := range e.Identifiers {
		about := []string{}
		if i.Normalize != "" {
			about = append(about, "normalised as "+string(i.Normalize))
		}
		if i.Limit > 0 {
			about = append(about, "at most "+strconv.Itoa(i.Limit)+" each")
		}
		r.Columns = append(r.Columns, row{[]cell{code(i.Name), text("identifier"), text(strings.Join(about, ", "))}})
	}
	for _, t := range w.Project.Traits {
		if t.Entity == e.Name {
			r.Columns = append(r.Columns, row{[]cell{
				{Links: []link{{Href: "../" + file("trait:"+e.Name+"."+t.Name), Text: t.Name}}}, text(typeName(w.Type(e.Name, t.Name))), text(t.Description),
			}})
		}
	}
}

// decisions counts them: they name people.
func decisions(e *config.Entity) string {
	var parts []string
	if n := len(e.AlwaysLink); n > 0 {
		parts = append(parts, plural(n, "pair")+" always linked")
	}
	if n := len(e.NeverLink); n > 0 {
		parts = append(parts, plural(n, "pair")+" never linked")
	}
	return strings.Join(parts, ", ")
}

func relation(r *resource, x *config.Relation) {
	r.Description, r.Owner = x.Description, x.Owner
	r.fact("from", x.From)
	r.fact("to", x.To)
	r.fact("primary", x.Primary)
	r.fact("the other way", x.Reverse)
	for i := range x.Via {
		if v := &x.Via[i]; v.Source != "" {
			r.fact("via", "rows of "+v.Source)
		} else {
			r.fact("via", v.Identifier+" read as "+v.As)
		}
	}
}

func (w *writer) trait(r *resource, t *config.Trait) {
	r.Description, r.Owner, r.Expression = t.Description, t.Owner, strings.TrimSpace(t.Value)
	r.fact("entity", t.Entity)
	r.fact("type", typeName(w.Type(t.Entity, t.Name)))
	if t.Pick != "" {
		r.fact("picked", t.Pick+" of "+strings.Join(t.From, ", "))
	}
	r.fact("earlier values are kept", yes(t.History))
	r.fact("column", t.Entity+"_profiles."+t.Name)
}

func sync(r *resource, s *config.Sync) {
	r.Description, r.Owner = s.Description, s.Owner
	var from []string
	if s.From.Segment != "" {
		from = append(from, "segment "+s.From.Segment)
	}
	if s.From.Source != "" {
		from = append(from, "events of "+s.From.Source)
	}
	if len(from) == 0 {
		from = append(from, "every "+s.From.Entity)
	}
	r.fact("from", strings.Join(from, ", "))
	r.fact("except", strings.Join(s.From.Except, ", "))
	r.fact("priority", s.From.Priority)
	if h := s.From.Holdout; h != nil {
		r.fact("holdout", bound(&h.Share)+" by "+h.Salt)
	}
	if x := s.From.Split; x != nil {
		r.fact("arm", x.Arm+" of "+strings.Join(x.Arms.Keys(), ", "))
	}
	r.fact("pressure", s.From.Pressure)
	if t := s.From.Top; t != nil {
		r.fact("top", strconv.Itoa(t.Most)+" by "+t.By)
	}
	r.fact("to", s.To.Destination)
	r.fact("object", s.To.Object)
	r.fact("mode", s.To.Mode)
	r.fact("who leaves", s.To.OnLeave)
	r.fact("key", s.To.Key)
	r.fact("purpose", s.Purpose)
	r.fact("schedule", s.Schedule)
	r.fact("at most removed", bound(s.Guards.MaxRemoved))
	r.fact("at most changed", bound(s.Guards.MaxChanged))
	r.fact("at least wanted", bound(s.Guards.MinRows))
	r.fact("at most rejected", bound(s.Guards.MaxRejected))
	r.fact("may become empty", yes(s.Guards.AllowEmpty))
	r.Heads = []string{"field", "filled by", "how"}
	for _, leaf := range s.Leaves() {
		var filled cell
		switch {
		case leaf.Trait != "":
			filled = code(leaf.Trait)
		case leaf.Value != "":
			filled = code(strings.TrimSpace(leaf.Value))
		default:
			filled = text("the list of " + strings.Join(leaf.List, ", "))
		}
		var how []string
		if leaf.Type != "" {
			how = append(how, "as "+leaf.Type)
		}
		if leaf.Hash != "" {
			how = append(how, leaf.Hash)
		}
		if leaf.SkipNull {
			how = append(how, "left out where empty")
		}
		if leaf.SetIfEmpty {
			how = append(how, "only where the destination has none")
		}
		r.Columns = append(r.Columns, row{[]cell{code(leaf.Name()), filled, text(strings.Join(how, ", "))}})
	}
}

func bound(b *config.Bound) string {
	switch {
	case b == nil:
		return ""
	case b.IsPercent:
		return fmt.Sprintf("%g%%", b.Percent)
	default:
		return strconv.FormatInt(b.Rows, 10)
	}
}

func yes(is bool) string { return map[bool]string{true: "yes"}[is] }

func duration(d config.Duration) string {
	const day = 24 * time.Hour
	switch t := time.Duration(d); {
	case t == 0:
		return ""
	case t%day == 0:
		return plural(int(t/day), "day")
	default:
		return t.String()
	}
}

// typeName is the word of YAML for a type.
func typeName(t sql.Type) string {
	if t == 0 {
		return ""
	}
	names := map[sql.Type]string{
		sql.TypeBool: "bool", sql.TypeInt: "int", sql.TypeUint: "uint", sql.TypeFloat: "float", sql.TypeDecimal: "decimal",
		sql.TypeString: "string", sql.TypeBytes: "bytes", sql.TypeTimestamp: "timestamp", sql.TypeDate: "date",
		sql.TypeStrings: "list of strings", sql.TypeInts: "list of ints", sql.TypeUints: "list of uints", sql.TypeFloats: "list of floats",
		sql.TypeTimestamps: "list of timestamps", sql.TypeBools: "list of bools", sql.TypeBlobs: "list of bytes",
	}
	return names[t]
}
