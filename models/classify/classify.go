// Package classify says how each value that a project knows is to be protected,
// and finds what a sync would send that its destination is not allowed.
//
// A class is declared for what comes in: columns, identifiers, the rows of
// sources. What is made of those has the greatest of their classes, unless
// somebody declares another one, with a reason where it is lower. What nobody has
// classified is sensitive, so that it goes nowhere.
//
// It is pure: it looks at no value, and sees data only through the project's
// text. Start with Of and Check.
package classify

import (
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models"
)

// Input is what classes follow from.
type Input struct {
	Project *config.Project
	// Nodes are those of the plan, each with what it reads.
	Nodes []models.Node
	// Reads are the traits and the id, by name, that the expression of a field
	// reads; nil for a field that has none.
	Reads func(s *config.Sync, leaf config.Leaf) []string
	// Since are the segments of which a node reads when somebody entered them, by
	// the node's key. It may be among them itself: that is of the run before.
	Since map[string][]string
}

// Found is the class of something, and where that comes from.
type Found struct {
	Class config.Class
	// What is that of which this is the class, or what it has it from: "the column
	// contacts.email".
	What string
	// Declared says that somebody has classified What, and not left it to be
	// sensitive.
	Declared bool
	// At is where that is written, or where it could be.
	At diag.Span
}

// Classes are the classes of a project.
type Classes struct {
	in       Input
	sources  map[string]*config.Source
	entities map[string]*config.Entity
	traits   map[string]*config.Trait
	segments map[string]*config.Segment
	nodes    map[string]models.Node
	// made are the classes of what is made, by the keys of nodes, before somebody
	// declares another one.
	made map[string]Found
}

// Of finds the classes of a project in which names lead somewhere.
func Of(in Input) *Classes {
	c := &Classes{
		in: in, sources: map[string]*config.Source{}, entities: map[string]*config.Entity{}, traits: map[string]*config.Trait{},
		segments: map[string]*config.Segment{}, nodes: map[string]models.Node{}, made: map[string]Found{},
	}
	for _, s := range in.Project.Sources {
		c.sources[s.Name] = s
	}
	for _, e := range in.Project.Entities {
		c.entities[e.Name] = e
	}
	for _, t := range in.Project.Traits {
		c.traits[traitKey(t.Entity, t.Name)] = t
	}
	for _, s := range in.Project.Segments {
		c.segments[segmentKey(s.Name)] = s
	}
	for _, n := range in.Nodes {
		c.nodes[n.Key] = n
	}
	return c
}

func traitKey(entity, name string) string { return "trait:" + entity + "." + name }

func segmentKey(name string) string { return "segment:" + name }

// ID is the class of the ids of entities: they stand for somebody, whoever can
// look them up.
const ID = config.Personal

// Rows is the class of a source's rows: that there is one, and when.
func (c *Classes) Rows(source string) Found {
	s := c.sources[source]
	if s.Class == "" {
		return Found{Class: config.Sensitive, What: "the source " + source, At: s.Pos.At("name")}
	}
	return Found{Class: s.Class, What: "the source " + source, Declared: true, At: s.Pos.At("class")}
}

// Column is the class of a column of a source, or of an identifier, by the name
// that the project knows it by.
func (c *Classes) Column(source, column string) Found {
	s := c.sources[source]
	what := "the column " + source + "." + column
	if x, ok := s.Columns.Get(column); ok {
		if x.Class != "" {
			return Found{Class: x.Class, What: what, Declared: true, At: x.Pos.At("class")}
		}
		if s.Class == "" {
			return Found{Class: config.Sensitive, What: what, At: s.Pos.At("columns", column)}
		}
	} else if _, ok := s.Identifiers.Get(column); ok {
		return c.identifier(s, column)
	}
	found := c.Rows(source)
	if column != config.EventTime {
		found.What = what
	}
	return found
}

// identifier is the class of an identifier as a source has it.
func (c *Classes) identifier(s *config.Source, kind string) Found {
	what := "the identifier " + kind
	if e := c.entities[s.Entity]; e != nil {
		i := slices.IndexFunc(e.Identifiers, func(x config.Identifier) bool { return x.Name == kind })
		if i >= 0 && e.Identifiers[i].Class != "" {
			return Found{Class: e.Identifiers[i].Class, What: what, Declared: true, At: e.Identifiers[i].Pos.At("class")}
		}
	}
	if s.Class == "" {
		return Found{Class: config.Sensitive, What: what, At: s.Pos.At("identifiers", kind)}
	}
	found := c.Rows(s.Name)
	found.What = what
	return found
}

// Identifier is the class of an identifier of an entity, wherever it comes from.
func (c *Classes) Identifier(entity, kind string) config.Class {
	out := config.Public
	known := false
	for _, s := range c.in.Project.Sources {
		if _, ok := s.Identifiers.Get(kind); ok && s.Entity == entity {
			known = true
			if found := c.identifier(s, kind); found.Class.Over(out) {
				out = found.Class
			}
		}
	}
	if !known {
		return config.Sensitive
	}
	return out
}

// Trait is the class of a trait, or of the id, of an entity.
func (c *Classes) Trait(entity, name string) Found {
	t := c.traits[traitKey(entity, name)]
	if t == nil {
		return Found{Class: ID, What: "the id of the " + entity, Declared: true}
	}
	return c.declared(t.Class, t.Pos, "the trait "+name, traitKey(entity, name))
}

// Segment is the class of being a member of a segment.
func (c *Classes) Segment(name string) Found {
	s := c.segments[segmentKey(name)]
	return c.declared(s.Class, s.Pos, "the segment "+name, segmentKey(name))
}

// declared is what somebody says of what is made, or else what it is made of.
func (c *Classes) declared(class config.Class, pos strict.Node, what, key string) Found {
	if class != "" {
		return Found{Class: class, What: what, Declared: true, At: pos.At("class")}
	}
	return c.of(key)
}

// of is the greatest class of what a node is made of.
func (c *Classes) of(key string) Found {
	if found, ok := c.made[key]; ok {
		return found
	}
	found := Found{Class: config.Public, Declared: true}
	take := func(x Found) {
		if found.What == "" || x.Class.Over(found.Class) || x.Class == found.Class && found.Declared && !x.Declared {
			found = x
		}
	}
	c.made[key] = found // for a segment that asks for its own past
	n := c.nodes[key]
	for _, s := range c.in.Since[key] {
		take(c.Segment(s))
	}
	// Of what only whether there is a row is read, the row counts.
	rows := map[string]bool{}
	for _, column := range n.Columns {
		source, name := models.Reference(column)
		rows[source] = true
		take(c.Column(source, name))
	}
	for _, read := range n.Reads {
		kind, name, _ := strings.Cut(read, ":")
		switch kind {
		case "source":
			if !rows[name] {
				take(c.Rows(name))
			}
		case "trait":
			entity, trait, _ := strings.Cut(name, ".")
			take(c.Trait(entity, trait))
		case "segment":
			take(c.Segment(name))
		case "relation":
			for _, way := range c.nodes[read].Reads {
				if source, ok := strings.CutPrefix(way, "source:"); ok {
					take(c.Rows(source))
				}
			}
		}
	}
	c.made[key] = found
	return found
}

// Fills are the traits and the id, by name, and the columns of the event, as
// From.EventColumn reads them, that a field of a sync is filled by.
func (c *Classes) Fills(s *config.Sync, leaf config.Leaf) []string {
	names := slices.Clone(leaf.List)
	switch {
	case leaf.Value != "":
		names = append(names, c.in.Reads(s, leaf)...)
	case leaf.Trait != "":
		names = append(names, leaf.Trait)
	}
	return names
}

// Field is the class of what fills a field of a sync, before a digest of it has
// another.
func (c *Classes) Field(s *config.Sync, leaf config.Leaf) Found {
	entity := c.entityOf(s)
	found := Found{Class: config.Public, Declared: true}
	take := func(x Found) {
		if found.What == "" || x.Class.Over(found.Class) {
			found = x
		}
	}
	for _, name := range c.Fills(s, leaf) {
		if column, ok := s.From.EventColumn(name); ok {
			take(c.Column(s.From.Source, column))
			continue
		}
		take(c.Trait(entity, name))
	}
	return found
}

// Sent is the class of a field as it is sent.
func (c *Classes) Sent(s *config.Sync, leaf config.Leaf) config.Class {
	if leaf.Hash != "" && leaf.Class != "" {
		return leaf.Class
	}
	return c.Field(s, leaf).Class
}

// Membership is the class of being among what a sync sends from.
func (c *Classes) Membership(s *config.Sync) Found {
	found := Found{Class: config.Public, Declared: true}
	if s.From.Source != "" {
		found = c.Rows(s.From.Source)
	}
	if s.From.Segment != "" {
		if x := c.Segment(s.From.Segment); found.What == "" || x.Class.Over(found.Class) {
			found = x
		}
	}
	return found
}

// entityOf is the entity whose profiles a sync sends.
func (c *Classes) entityOf(s *config.Sync) string {
	if x := c.segments[segmentKey(s.From.Segment)]; x != nil {
		return x.Entity
	}
	return s.From.Entity
}
