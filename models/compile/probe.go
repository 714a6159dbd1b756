package compile

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Probe is what expressions ask of the rows of one source, put so that a
// warehouse can be asked whether it takes it before there are any of our tables.
type Probe struct {
	Source *config.Source
	Parts  []ProbePart
	rows   *sql.Select
}

// ProbePart is an aggregate, with the expression that needs it.
type ProbePart struct {
	Value sql.Expr
	// Node is the key of the trait or segment, Span its place.
	Node string
	Span diag.Span
}

// Query asks for parts of the probe.
func (p Probe) Query(parts ...ProbePart) sql.Query {
	q := &sql.Select{From: sql.Derived{Query: p.rows, As: expr.Event}}
	for _, part := range parts {
		q.Items = append(q.Items, sql.As(part.Value, part.Node))
	}
	if len(parts) == 0 {
		q.Items = []sql.Item{sql.As(sql.Fn(sql.CountAll), "rows")}
	}
	return q
}

// Probes are what the expressions of a project ask of its sources. What compares
// rows with traits or with each other is not among them.
func (k *Checked) Probes() []Probe {
	var out []Probe
	for _, e := range k.entities {
		users := e.users()
		for _, s := range e.sources {
			p := Probe{Source: s, rows: profile.Rows(e.Entity, s)}
			for _, f := range e.expr.Features {
				if u, used := users[f.Name]; used && f.Source == s.Name {
					u.Value = f.Aggregate
					p.Parts = append(p.Parts, u)
				}
			}
			out = append(out, p)
		}
	}
	return out
}

// users are the expressions that read each feature, the first of them.
func (e *entity) users() map[string]ProbePart {
	out := map[string]ProbePart{}
	add := func(x expr.Compiled, node string, span diag.Span) {
		for _, f := range x.Features {
			if _, known := out[f]; !known {
				out[f] = ProbePart{Node: node, Span: span}
			}
		}
	}
	for _, x := range e.expr.Traits {
		if i := slices.IndexFunc(e.traits, func(t *config.Trait) bool { return t.Name == x.Name }); i >= 0 {
			add(x, "trait:"+e.Name+"."+x.Name, e.traits[i].Pos.At("value"))
		}
	}
	for _, x := range e.expr.Segments {
		if i := slices.IndexFunc(e.segments, func(s *config.Segment) bool { return s.Name == x.Name }); i >= 0 {
			add(x, "segment:"+x.Name, e.segments[i].Pos.At("when"))
		}
	}
	return out
}
