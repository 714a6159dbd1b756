package register

import (
	"fmt"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/classify"
)

// fields are all that is known of people, in the order in which it comes to be.
func (w *writer) fields() []Field {
	out := []Field{}
	add := func(kind, name, entity, description, owner, because, key string, class classify.Found, from []string, kept string, of extent) {
		f := Field{
			Kind: kind, Name: name, Entity: entity, Description: description, Owner: owner, Because: because,
			Class: string(class.Class), Classified: class.Declared, From: list(from), Recipients: list(w.sent[key]),
		}
		f.Purposes, f.Bases = w.purposes(key)
		f.Limits = w.limits(entity, f.Purposes, of)
		f.Kept = inWords(kept, f.Limits)
		out = append(out, f)
	}
	for _, s := range w.Project.Sources {
		column := func(name, from, besides string) {
			column := s.Name + "." + name
			add("column", column, s.Entity, "", s.Owner, "", "column:"+column, w.Classes.Column(s.Name, name), []string{place(s) + ", column " + from},
				"as long as the source has it", extent{columns: []string{column}, besides: besides})
		}
		if s.Time != "" {
			column(config.EventTime, s.Time, "")
		}
		for _, id := range s.Identifiers {
			for _, x := range w.Project.Syncs {
				// Who is who decides about all that is sent of the entity.
				if w.entity(x) == s.Entity {
					w.used("column:"+s.Name+"."+id.Key, x)
				}
			}
			if _, declared := s.Columns.Get(id.Key); !declared {
				column(id.Key, id.Value, "as a value of a trait")
			}
		}
		for _, c := range s.Columns {
			besides := ""
			if slices.ContainsFunc(w.Project.Consents, func(x *config.Consent) bool { return slices.Contains(x.From, s.Name+"."+c.Key) }) {
				besides = "but for what it says of consent"
			}
			column(c.Key, c.Value.Column, besides)
		}
	}
	for _, e := range w.Project.Entities {
		for _, id := range e.Identifiers {
			var from []string
			key := "identifier:" + e.Name + "." + id.Name
			for _, s := range w.Project.Sources {
				if _, ok := s.Identifiers.Get(id.Name); ok && s.Entity == e.Name {
					from = append(from, s.Name+"."+id.Name)
				}
			}
			for _, s := range w.Project.Syncs {
				if w.entity(s) == e.Name {
					w.used(key, s)
				}
			}
			if len(from) > 0 {
				class := w.Classes.Identifier(e.Name, id.Name)
				add("identifier", id.Name, e.Name, "", e.Owner, "", key, classify.Found{Class: class, Declared: w.identified(e, id)}, from,
					"as long as a source has it", extent{identifier: id.Name})
			}
		}
	}
	for _, t := range w.Project.Traits {
		key := "trait:" + t.Entity + "." + t.Name
		kept := "as long as the sources have what it is made of"
		if t.History {
			kept += "; earlier values as long as the person is known"
		}
		from := w.columns(key)
		add("trait", t.Name, t.Entity, t.Description, t.Owner, t.Because, key, w.Classes.Trait(t.Entity, t.Name), from, kept, extent{columns: from, known: t.History})
	}
	for _, s := range w.Project.Segments {
		key := "segment:" + s.Name
		from := w.columns(key)
		add("segment", s.Name, s.Entity, s.Description, s.Owner, s.Because, key, w.Classes.Segment(s.Name), from,
			"as long as the condition holds; entries and exits as long as the person is known", extent{columns: from, known: true})
	}
	return out
}

// identified says that somebody has classified an identifier wherever it is.
func (w *writer) identified(e *config.Entity, id config.Identifier) bool {
	for _, s := range w.Project.Sources {
		if _, ok := s.Identifiers.Get(id.Name); ok && s.Entity == e.Name && !w.Classes.Column(s.Name, id.Name).Declared {
			return false
		}
	}
	return true
}

// keeping is how long is kept what was done.
func (w *writer) keeping() []string {
	k := w.Project.Keep
	of := func(what string, d config.Duration) string {
		if d == 0 {
			return what + ": no limit is declared"
		}
		return what + ": " + length(d)
	}
	return []string{
		of("the record of deliveries (sync_log), but for the last of each sync and person", k.SyncLog),
		of("the record of runs (runs)", k.Runs),
		of("which events were sent (sync_ledger)", k.SyncLedger),
		"the audit log: for good, without personal data in clear",
		"keyed digests of the identifiers of the erased: for good, so that they do not come back",
	}
}

// measures are what protects data whatever people do (Article 32).
func measures(p *config.Project) []string {
	out := []string{
		"Data stays in the warehouse: nothing is copied out of it but the rows that a destination has to be told of.",
		"What nobody has classified is sensitive, and goes nowhere: a field of a class that its destination is not allowed is refused before anything runs.",
		"Whoever is restricted, objects, or has not given the consent that a purpose rests on is in no audience: the condition is part of each statement that makes one.",
		"The erased are known by digests of their identifiers alone, made with a key that is in no statement and no log, and do not come back with later data.",
		"Values of people are masked in what is shown. Whoever unmasks them says why, and is on the audit log.",
		"The audit log is a chain of digests, in which an edit, a cut or an insertion is found out.",
		"Secrets are referred to, and never part of the project; logs, metrics and traces hold no values of people.",
		"Files with the data of a person can be read by their owner alone.",
	}
	hashed := 0
	for _, s := range p.Syncs {
		for _, leaf := range s.Leaves() {
			if leaf.Hash != "" {
				hashed++
			}
		}
	}
	if hashed > 0 {
		out = append(out, fmt.Sprintf("%s as a digest in place of the value.", counted(int64(hashed), "field is sent", "fields are sent")))
	}
	return out
}

// open is what is missing.
func (w *writer) open(r Register) []string {
	out := []string{}
	miss := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if r.Controller == "" {
		miss("Who is responsible: project.owner is not given.")
	}
	var unclassified []string
	for _, f := range r.Fields {
		if !f.Classified {
			unclassified = append(unclassified, f.Kind+" "+f.Name)
		}
	}
	if unclassified != nil {
		miss("Classes: nobody has classified %s.", strings.Join(unclassified, ", "))
	}
	for _, a := range r.Activities {
		if a.Retention == forever(0) {
			miss("How long the purpose %s lasts.", a.Purpose)
		}
		if len(a.Recipients) == 0 {
			miss("What the purpose %s is for: no sync names it.", a.Purpose)
		}
	}
	for _, d := range r.Recipients {
		if d.Location == "" && d.Type != "files" {
			miss("Where %s keeps its data, and what it is transferred there by: the project does not say.", d.Destination)
		}
	}
	return out
}

func count(n int64, noun string) string { return counted(n, noun, noun+"s") }

func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
