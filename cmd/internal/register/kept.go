package register

import (
	"cmp"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
)

// Limit is a length of time after which something is kept or used no longer.
type Limit struct {
	// Of is what it is the limit of, where that is not all of the field: "for
	// marketing", "made of contacts.name".
	Of string `json:"of,omitempty"`
	// After is the length, such as "104 weeks", and Since what it is counted from.
	After string `json:"after"`
	Since string `json:"since"`
	// Declared is the key of the project that says so.
	Declared string `json:"declared"`

	after config.Duration
}

// What lengths of time are counted from.
const (
	rowTime  = "the time of its row"
	lastSeen = "the person was last seen"
)

// extent is what decides how long a field is kept, beside its purposes.
type extent struct {
	// columns are those that it is made of: "orders.amount", or "orders" for that
	// there is a row.
	columns []string
	// besides is what the retention of rows is of, where it is not all of the field.
	besides string
	// identifier is its type, of an identifier alone.
	identifier string
	// known says that something of it stays as long as the person is known.
	known bool
}

// limits are those that hold of a field, the shortest first. One that never ends
// anything because another has before is left out: the time of a row is never
// after its person was last seen.
func (w *writer) limits(entity string, purposes []string, x extent) []Limit {
	rows, all := w.rowLimits(x)
	ended := config.Duration(0) // all of it has ended so long after the person was last seen
	if all && x.besides == "" {
		ended = rows[len(rows)-1].after
	}
	out := rows
	add := func(l Limit) {
		if ended == 0 || l.after < ended {
			l.After, l.Since = length(l.after), lastSeen
			out = append(out, l)
		}
	}
	for _, e := range w.Project.Entities {
		if e.Name != entity {
			continue
		}
		if e.Retention != 0 {
			if x.known {
				ended = 0
			}
			add(Limit{Declared: "entities." + e.Name + ".retention", after: e.Retention})
			if ended == 0 || e.Retention < ended {
				ended = e.Retention
			}
		}
		if e.Expire != nil && w.mayBeOf(e, x) {
			declared := "entities." + e.Name + ".expire"
			if e.Pos.Get("expire").Kind() == strict.Absent {
				declared += ", as it is where none is given"
			}
			add(Limit{Of: "of who is known by " + strings.Join(e.Expire.KnownOnlyBy, " or ") + " alone", Declared: declared, after: e.Expire.After})
		}
	}
	for _, p := range w.Project.Purposes {
		if p.Retention != 0 && slices.Contains(purposes, p.Name) {
			add(Limit{Of: "for " + p.Name, Declared: "purposes." + p.Name + ".retention", after: p.Retention})
		}
	}
	slices.SortStableFunc(out, func(a, b Limit) int { return cmp.Compare(a.after, b.after) })
	return out
}

// rowLimits are those of the rows that a field is made of, the shortest first, and
// whether all of it is held to them.
func (w *writer) rowLimits(x extent) (out []Limit, all bool) {
	of := map[string][]string{} // the columns, by the key that says so
	all = len(x.columns) > 0
	for _, c := range x.columns {
		l, ok := w.counts(c)
		if !ok {
			all = false
			continue
		}
		if of[l.Declared] == nil {
			out = append(out, l)
		}
		of[l.Declared] = append(of[l.Declared], c)
	}
	for i := range out {
		out[i].Of = x.besides
		if made := of[out[i].Declared]; len(made) < len(x.columns) {
			out[i].Of = "what is made of " + strings.Join(made, " and ")
		}
	}
	slices.SortStableFunc(out, func(a, b Limit) int { return cmp.Compare(a.after, b.after) })
	return out, all
}

// counts is how long a column, or that there is a row, counts.
func (w *writer) counts(name string) (Limit, bool) {
	source, column := models.Reference(name)
	i := slices.IndexFunc(w.Project.Sources, func(s *config.Source) bool { return s.Name == source })
	if i < 0 {
		return Limit{}, false
	}
	s := w.Project.Sources[i]
	after := expr.Retention(s, column)
	declared := "sources." + s.Name + ".retention"
	class := s.Class
	if c, ok := s.Columns.Get(column); ok && c.Retention != 0 {
		class = c.Class
	}
	if after == w.Project.Retention.Of(class) {
		declared = "project.retention." + cmp.Or(string(class), string(config.Sensitive))
	}
	return Limit{After: length(after), Since: rowTime, Declared: declared, after: after}, after != 0
}

// mayBeOf says that there may be something of it of who is known by nothing but
// the identifiers of expire.
func (w *writer) mayBeOf(e *config.Entity, x extent) bool {
	if x.identifier != "" {
		return slices.Contains(e.Expire.KnownOnlyBy, x.identifier)
	}
	for _, c := range x.columns {
		source, column := models.Reference(c)
		for _, s := range w.Project.Sources {
			if _, strong := s.Identifiers.Get(column); strong && !slices.Contains(e.Expire.KnownOnlyBy, column) {
				continue
			}
			if s.Name == source && s.Entity == e.Name && slices.ContainsFunc(s.Identifiers.Keys(), func(id string) bool { return slices.Contains(e.Expire.KnownOnlyBy, id) }) {
				return true
			}
		}
	}
	return false
}

// inWords is how long a field is kept: as long as something is so, and the limits
// to that.
func inWords(kept string, limits []Limit) string {
	parts := []string{kept}
	for _, l := range limits {
		text := "at most " + l.After + " after " + l.Since + " (" + l.Declared + ")"
		if l.Of != "" {
			text = l.Of + " " + text
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// About is what Article 15 of the GDPR asks to be said of data, beside the data:
// the distinct ones, in the order of the register.
type About struct {
	Purposes   []string `json:"purposes"`
	Recipients []string `json:"recipients"`
	// Kept says how long, and of which fields where that is not the same of all.
	Kept []string `json:"kept"`
}

// About says it of the fields for which a condition holds.
func (r *Register) About(of func(Field) bool) About {
	a := About{Purposes: []string{}, Recipients: []string{}, Kept: []string{}}
	add := func(to *[]string, list ...string) {
		for _, x := range list {
			if !slices.Contains(*to, x) {
				*to = append(*to, x)
			}
		}
	}
	fields := map[string][]string{} // by how long they are kept
	for _, f := range r.Fields {
		if of(f) {
			add(&a.Purposes, f.Purposes...)
			add(&a.Recipients, f.Recipients...)
			add(&a.Kept, f.Kept)
			fields[f.Kept] = append(fields[f.Kept], f.Name[strings.Index(f.Name, ".")+1:])
		}
	}
	if len(a.Kept) > 1 {
		for i, kept := range a.Kept {
			a.Kept[i] = strings.Join(fields[kept], ", ") + ": " + kept
		}
	}
	return a
}
