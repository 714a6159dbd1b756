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
	add := func(kind, name, entity, description, owner, because, key string, class classify.Found, from []string, kept string) {
		f := Field{
			Kind: kind, Name: name, Entity: entity, Description: description, Owner: owner, Because: because,
			Class: string(class.Class), Classified: class.Declared, From: list(from), Kept: kept, Recipients: list(w.sent[key]),
		}
		f.Purposes, f.Bases = w.purposes(key)
		out = append(out, f)
	}
	for _, s := range w.Project.Sources {
		kept := "as long as the source has it"
		if s.Time != "" {
			add("column", s.Name+"."+config.EventTime, s.Entity, "", s.Owner, "", "column:"+s.Name+"."+config.EventTime,
				w.Classes.Column(s.Name, config.EventTime), []string{place(s) + ", column " + s.Time}, kept)
		}
		for _, id := range s.Identifiers {
			for _, x := range w.Project.Syncs {
				// Who is who decides about all that is sent of the entity.
				if w.entity(x) == s.Entity {
					w.used("column:"+s.Name+"."+id.Key, x)
				}
			}
			if _, declared := s.Columns.Get(id.Key); !declared {
				add("column", s.Name+"."+id.Key, s.Entity, "", s.Owner, "", "column:"+s.Name+"."+id.Key, w.Classes.Column(s.Name, id.Key), []string{place(s) + ", column " + id.Value}, kept)
			}
		}
		for _, c := range s.Columns {
			add("column", s.Name+"."+c.Key, s.Entity, "", s.Owner, "", "column:"+s.Name+"."+c.Key, w.Classes.Column(s.Name, c.Key), []string{place(s) + ", column " + c.Value.Column}, kept)
		}
	}
	for _, e := range w.Project.Entities {
		for _, id := range e.Identifiers {
			kept := "as long as a source has it"
			if x := e.Expire; x != nil && slices.Contains(x.KnownOnlyBy, id.Name) {
				kept += fmt.Sprintf("; of who is known by %s alone %s after they were last seen", strings.Join(x.KnownOnlyBy, " or "), span(x.After))
			}
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
				add("identifier", id.Name, e.Name, "", e.Owner, "", key, classify.Found{Class: class, Declared: w.identified(e, id)}, from, kept)
			}
		}
	}
	for _, t := range w.Project.Traits {
		key := "trait:" + t.Entity + "." + t.Name
		kept := "as long as the sources have what it is made of"
		if t.History {
			kept += "; earlier values as long as the person is known"
		}
		add("trait", t.Name, t.Entity, t.Description, t.Owner, t.Because, key, w.Classes.Trait(t.Entity, t.Name), w.columns(key), kept+w.lasts(key))
	}
	for _, s := range w.Project.Segments {
		key := "segment:" + s.Name
		add("segment", s.Name, s.Entity, s.Description, s.Owner, s.Because, key, w.Classes.Segment(s.Name), w.columns(key),
			"as long as the condition holds; entries and exits as long as the person is known"+w.lasts(key))
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

// lasts says how long the purposes of something last.
func (w *writer) lasts(key string) string {
	var out []string
	names, _ := w.purposes(key)
	for _, x := range w.Project.Purposes {
		if slices.Contains(names, x.Name) && x.Retention > 0 {
			out = append(out, fmt.Sprintf("for %s until %s", x.Name, forever(x.Retention)))
		}
	}
	if out == nil {
		return ""
	}
	return "; " + strings.Join(out, ", ")
}

// keeping is how long is kept what was done.
func (w *writer) keeping() []string {
	k := w.Project.Keep
	of := func(what string, d config.Duration) string {
		if d == 0 {
			return what + ": no limit is declared"
		}
		return what + ": " + span(d)
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
