package config

import (
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Class says how much harm a value can do to whom it is about. The empty Class
// is that of what nobody has classified; package models/classify says what it
// stands for.
type Class string

const (
	// Public may be known to anybody.
	Public Class = "public"
	// Internal is of no person: an amount, a topic, a number of visits.
	Internal Class = "internal"
	// Personal tells who somebody is, or is about somebody who can be told.
	Personal Class = "personal"
	// Sensitive is what the law protects most, and what nobody has classified.
	Sensitive Class = "sensitive"
)

// Classes are the values of a class in YAML, the most harmless first.
var Classes = []string{string(Public), string(Internal), string(Personal), string(Sensitive)}

// Over says that a class is to be protected more than another. What nobody has
// classified is Sensitive.
func (c Class) Over(other Class) bool { return c.rank() > other.rank() }

func (c Class) rank() int {
	if i := slices.Index(Classes, string(c)); i >= 0 {
		return i
	}
	return len(Classes) - 1
}

// Exception lets a sync send what its destination is not allowed, until a day,
// because a person says so.
type Exception struct {
	Name string `yaml:"name,required" doc:"Name of the exception."`
	Sync string `yaml:"sync,required" doc:"Sync that may send it."`
	// Fields are those of the sync, and Segment is that somebody is in what it
	// sends from.
	Fields      []string    `yaml:"fields" doc:"Fields of the sync that may be sent whatever their class, a field of an object as address.city."`
	Segment     bool        `yaml:"segment" doc:"Whether it may be known of whoever is sent that they are in the segment, or had the event, that the sync sends from."`
	Because     string      `yaml:"because,required" doc:"Why, for those who read it later."`
	Responsible string      `yaml:"responsible,required" doc:"Who answers for it: a person, by name or e-mail address."`
	Until       Day         `yaml:"until,required" doc:"The last day on which it holds, such as 2027-03-31. From then on it is an error."`
	Pos         strict.Node `yaml:"-"`
}

// Day is a day of the calendar, at its beginning in UTC.
type Day struct{ time.Time }

// UnmarshalStrict reads 2027-03-31.
func (d *Day) UnmarshalStrict(n strict.Node, report func(diag.Diagnostic)) {
	const want, help = "a day", "write for example 2027-03-31"
	if n.Kind() != strict.Scalar {
		n.Wrong(report, want, help)
		return
	}
	day, err := time.Parse(time.DateOnly, n.Text().Value)
	if err != nil || day.Year() < 1970 {
		report(diag.Errorf(n.Span(), strict.CodeType, "%q is not a day of the calendar", n.Text().Value).WithHelp(help))
		return
	}
	d.Time = day
}

// classes checks what says how values are to be protected.
func (l *loader) classes() {
	p := &l.project
	class := func(c Class, pos strict.Node) { l.oneOf(string(c), pos.At("class"), "class", Classes) }
	for _, e := range p.Entities {
		for i := range e.Identifiers {
			class(e.Identifiers[i].Class, e.Identifiers[i].Pos)
		}
	}
	for _, s := range p.Sources {
		class(s.Class, s.Pos)
		for i := range s.Columns {
			class(s.Columns[i].Value.Class, s.Columns[i].Value.Pos)
		}
		if s.Erase && s.Files != nil {
			l.report(diag.Errorf(s.Pos.Key("erase"), codeConflict, "rows of files cannot be erased by a statement").
				WithHelp("remove it, and write the files without the person when somebody is to be erased"))
		}
	}
	because := func(what string, c Class, reason string, pos strict.Node) {
		class(c, pos)
		if reason != "" && c == "" {
			l.report(diag.Errorf(pos.Key("because"), codeConflict, "the %s has the class of what it is made of, which needs no reason", what).
				WithHelp("remove this, or add class:"))
		}
	}
	for _, t := range p.Traits {
		because("trait", t.Class, t.Because, t.Pos)
	}
	for _, s := range p.Segments {
		because("segment", s.Class, s.Because, s.Pos)
	}
	for _, d := range p.Destinations {
		for i, c := range d.Allow {
			at := oneOrMany(d.Pos, "allow")(i)
			l.oneOf(c, at, "class", Classes)
			if slices.Contains(d.Allow[:i], c) {
				l.report(diag.Errorf(at, codeDuplicateName, "%q is given twice", c).WithHelp("remove one of them"))
			}
		}
	}
	for _, s := range p.Syncs {
		for _, leaf := range s.Leaves() {
			class(leaf.Class, leaf.Pos)
			if leaf.Class != "" && leaf.Hash == "" {
				l.report(diag.Errorf(leaf.Pos.Key("class"), codeConflict, "the field %q has the class of what fills it", leaf.Name()).
					WithHelp("remove this; only a digest, with hash:, can have a class of its own"))
			}
		}
	}
	l.exceptions()
}

// exceptions checks what the exceptions name. Whether they have ended is not
// known here.
func (l *loader) exceptions() {
	p := &l.project
	syncs := map[string]*Sync{}
	var names []string
	for _, s := range p.Syncs {
		syncs[s.Name] = s
		names = append(names, s.Name)
	}
	named(l, "exception", p.Exceptions, func(x *Exception) (string, strict.Node) { return x.Name, x.Pos })
	for _, x := range p.Exceptions {
		s, ok := find(l, syncs, names, x.Sync, x.Pos.At("sync"), codeUnknownSync, "sync")
		if len(x.Fields) == 0 && !x.Segment {
			l.report(diag.Errorf(x.Pos.At("name"), codeMissing, "the exception %q does not say what may be sent", x.Name).
				WithHelp("add fields: with the fields of the sync, or segment: true"))
		}
		if !ok {
			continue
		}
		var fields []string
		for _, leaf := range s.Leaves() {
			fields = append(fields, leaf.Name())
		}
		for i, f := range x.Fields {
			if !slices.Contains(fields, f) {
				l.report(unknown(oneOrMany(x.Pos, "fields")(i), codeUnknownField, "field of the sync "+s.Name, f, fields))
			}
		}
	}
}
