package config

import (
	"strings"
	"unicode"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// owners checks who answers for what, and gives each resource that names nobody
// the project's owner.
func (l *loader) owners() {
	p := &l.project
	if l.header != nil {
		l.owner(&p.Owner, l.header.Pos)
	}
	for _, e := range p.Entities {
		l.owner(&e.Owner, e.Pos)
	}
	for _, s := range p.Sources {
		l.owner(&s.Owner, s.Pos)
	}
	for _, r := range p.Relations {
		l.owner(&r.Owner, r.Pos)
	}
	for _, t := range p.Traits {
		l.owner(&t.Owner, t.Pos)
	}
	for _, s := range p.Segments {
		l.owner(&s.Owner, s.Pos)
	}
	for _, d := range p.Destinations {
		l.owner(&d.Owner, d.Pos)
	}
	for _, s := range p.Syncs {
		l.owner(&s.Owner, s.Pos)
	}
}

func (l *loader) owner(owner *string, pos strict.Node) {
	switch {
	case *owner == "":
		*owner = l.project.Owner
	case strings.TrimSpace(*owner) == "" || strings.ContainsFunc(*owner, unicode.IsControl):
		l.report(diag.Errorf(pos.At("owner"), codeValue, "an owner is named in one line").
			WithHelp("write a name or an e-mail address, or remove the key"))
	}
}
