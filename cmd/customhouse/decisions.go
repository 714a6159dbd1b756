package main

import (
	"strings"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/manifest"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// decisions are what the project decides about data of people: the classes that
// somebody has given, what destinations may have and which exceptions there are,
// for what purposes syncs send, and where consent is read. What follows from them
// is not among them.
func (p *project) decisions() (list []audit.Decision) {
	add := func(action audit.Action, kind, name string, details ...audit.Detail) {
		list = append(list, audit.Decision{Action: action, Object: audit.Of(kind, name), Details: details})
	}
	class := func(kind, name string, c config.Class, more ...audit.Detail) {
		if c != "" {
			add(audit.ClassDecided, kind, name, append(more, audit.Word("class", string(c)))...)
		}
	}
	because := func(text string) []audit.Detail {
		if text == "" {
			return nil
		}
		return []audit.Detail{audit.Told("because", text)}
	}
	says := func(action audit.Action, kind, name string, pos strict.Node) {
		var details []audit.Detail
		for _, x := range manifest.Settings(pos) {
			if x.Path != "name" {
				details = append(details, audit.Told(x.Path, x.Value))
			}
		}
		add(action, kind, name, details...)
	}
	for _, s := range p.Sources {
		class("source", s.Name, s.Class)
		for _, c := range s.Columns {
			class("column", s.Name+"."+c.Key, c.Value.Class)
		}
	}
	for _, e := range p.Entities {
		for _, x := range e.Identifiers {
			class("identifier", e.Name+"."+x.Name, x.Class)
		}
	}
	for _, t := range p.Traits {
		class("trait", t.Entity+"."+t.Name, t.Class, because(t.Because)...)
	}
	for _, s := range p.Segments {
		class("segment", s.Name, s.Class, because(s.Because)...)
	}
	for _, d := range p.Destinations {
		add(audit.AllowDecided, "destination", d.Name, audit.Words("allow", d.Allow))
	}
	for _, s := range p.Syncs {
		details := []audit.Detail{audit.Word("purpose", s.Purpose), audit.Word("destination", s.To.Destination)}
		var hashed []string
		for _, leaf := range s.Leaves() {
			if leaf.Class != "" {
				hashed = append(hashed, leaf.Name()+" "+string(leaf.Class))
			}
		}
		if hashed != nil {
			details = append(details, audit.Told("hashed", strings.Join(hashed, ", ")))
		}
		add(audit.PurposeDecided, "sync", s.Name, details...)
	}
	for _, x := range p.Purposes {
		says(audit.PurposeDecided, "purpose", x.Name, x.Pos)
	}
	for _, x := range p.Consents {
		says(audit.ConsentDecided, "consent", x.Name, x.Pos)
	}
	for _, x := range p.Exceptions {
		says(audit.ExceptionDecided, "exception", x.Name, x.Pos)
	}
	return list
}
