package config

import (
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/strict"
)

// Retention is how long what sources say counts, by its class; 0 is for ever.
type Retention struct {
	Public    Duration    `yaml:"public" doc:"How long after the time of its row what is public counts."`
	Internal  Duration    `yaml:"internal" doc:"How long after the time of its row what is internal counts, such as 260 weeks."`
	Personal  Duration    `yaml:"personal" doc:"How long after the time of its row what is personal counts, such as 104 weeks."`
	Sensitive Duration    `yaml:"sensitive" doc:"How long after the time of its row what is sensitive, or what nobody has classified, counts, such as 30 days."`
	Pos       strict.Node `yaml:"-"`
}

// Of is that of a class.
func (r Retention) Of(c Class) Duration {
	return []Duration{r.Public, r.Internal, r.Personal, r.Sensitive}[c.rank()]
}

// sooner is the shorter of two lengths of time of which 0 is for ever.
func sooner(a, b Duration) Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// AnonymousNames are the identifiers that tell devices apart and nobody in
// particular, where a project does not say.
var AnonymousNames = []string{"cookie", "cookie_id", "anonymous_id", "visitor_id", "device_id", "session_id", "client_id"}

// AnonymousAfter is how long after they were last seen those are forgotten who are
// known by anonymous identifiers alone, where an entity does not say.
const AnonymousAfter = Duration(90 * 24 * time.Hour)

// retention fills in how long rows and values count, and when those who are nobody
// in particular are forgotten.
func (l *loader) retention() {
	p := &l.project
	at := func(n strict.Node, key string, d Duration) {
		if d == 0 && n.Get(key).IsString() {
			var given Duration
			if n.Get(key).Decode(func(diag.Diagnostic) {}, &given) {
				l.report(diag.Errorf(n.At(key), codeRange, "nothing would count for any time").
					WithHelp("write for example 104 weeks, or remove it to keep what is read for ever"))
			}
		}
	}
	for key, d := range map[string]Duration{
		"public": p.Retention.Public, "internal": p.Retention.Internal, "personal": p.Retention.Personal, "sensitive": p.Retention.Sensitive,
	} {
		at(p.Retention.Pos, key, d)
	}
	for _, s := range p.Sources {
		at(s.Pos, "retention", s.Retention)
		if s.Retention != 0 && s.Time == "" {
			l.report(diag.Errorf(s.Pos.Key("retention"), codeMissing, "the source %q has no time, so that no row of it grows old", s.Name).
				WithHelp("add time: with the column that says when each row was true"))
			continue
		}
		if s.Time == "" {
			continue
		}
		s.Retention = sooner(s.Retention, p.Retention.Of(s.Class))
		for i := range s.Columns {
			c := &s.Columns[i].Value
			if c.Class == "" {
				continue
			}
			if d := p.Retention.Of(c.Class); d != 0 && sooner(d, s.Retention) != s.Retention {
				c.Retention = d
			}
		}
	}
	for _, x := range p.Purposes {
		at(x.Pos, "retention", x.Retention)
	}
	for _, e := range p.Entities {
		at(e.Pos, "retention", e.Retention)
		l.anonymous(e)
	}
}

// anonymous fills in which identifiers are, and what follows from that.
func (l *loader) anonymous(e *Entity) {
	var weak []string
	for i := range e.Identifiers {
		x := &e.Identifiers[i]
		if x.Anonymous == nil {
			is := i > 0 && slices.Contains(AnonymousNames, x.Name)
			x.Anonymous = &is
		}
		if *x.Anonymous && i == 0 {
			l.report(diag.Errorf(x.Pos.At("anonymous"), codeConflict, "%s is the strongest identifier of %s: who has one is known", x.Name, e.Name).
				WithHelp("remove this, or list a stronger identifier before it"))
		}
		if *x.Anonymous {
			weak = append(weak, x.Name)
		}
	}
	if e.Expire == nil && len(weak) > 0 && e.Pos.Get("expire").Kind() == strict.Absent {
		e.Expire = &Expire{KnownOnlyBy: weak, After: AnonymousAfter}
	}
}
