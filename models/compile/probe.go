package compile

import (
	"slices"
	"strconv"

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
	// Other is the source whose rows each row is compared with, nil for none.
	Other *config.Source
	Parts []ProbePart
	rows  *sql.Select
	// traits are those that rows are compared with: one row of NULLs.
	traits *sql.Select
	// others are the rows of Other.
	others *sql.Select
}

// ProbePart is an aggregate, with the expression that needs it.
type ProbePart struct {
	Value sql.Expr
	// Node is the key of the trait or segment, Span its place.
	Node string
	Span diag.Span
}

// Query asks for parts of the probe.
func (p *Probe) Query(parts ...ProbePart) sql.Query {
	q := &sql.Select{From: sql.Derived{Query: p.rows, As: expr.Event}}
	if p.traits != nil {
		q.From = sql.Joins(q.From, sql.Join{Kind: sql.CrossJoin, Right: sql.Derived{Query: p.traits, As: expr.Row}})
	}
	if p.others != nil {
		q.From = sql.Joins(q.From, sql.Join{Kind: sql.CrossJoin, Right: sql.Derived{Query: p.others, As: expr.Other}})
	}
	for i, part := range parts {
		q.Items = append(q.Items, sql.As(part.Value, "part_"+strconv.Itoa(i)))
	}
	if len(parts) == 0 {
		q.Items = []sql.Item{sql.As(sql.Fn(sql.CountAll), "rows")}
	}
	return q
}

// Probes are what the expressions of a project ask of its sources: aggregates of
// rows, also those of rows that are compared with traits, and the steps of
// sequences, and of rows that are compared with each other, each pair of sources a
// probe. What compares rows with members, or with aggregates that are no traits, is
// not among them.
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
			p.compare(e, users)
			out = append(out, p)
			out = append(out, pairs(e, s, users)...)
		}
	}
	return out
}

// pairs are what is asked of the rows of a source beside those of another, or of
// its own.
func pairs(e *entity, s *config.Source, users map[string]ProbePart) []Probe {
	var out []Probe
	for _, f := range e.expr.Correlated {
		u, used := users[f.Name]
		if !used || f.Source != s.Name || !e.knows(f.Row) {
			continue
		}
		for _, n := range f.Nested {
			i := slices.IndexFunc(e.sources, func(s *config.Source) bool { return s.Name == n.Source })
			if i < 0 {
				continue
			}
			p := Probe{Source: s, Other: e.sources[i], rows: profile.Rows(e.Entity, s), others: profile.Rows(e.Entity, e.sources[i]), traits: e.nothing(f.Row)}
			u.Value = n.Aggregate
			p.Parts = append(p.Parts, u)
			if n.Where != nil {
				u.Value = sql.Fn(sql.BoolOr, sql.Fn(sql.Coalesce, n.Where, sql.Bool(false)))
				p.Parts = append(p.Parts, u)
			}
			out = append(out, p)
		}
	}
	return out
}

// nothing is one row of NULLs for traits, nil where there are none.
func (e *entity) nothing(names []string) *sql.Select {
	if len(names) == 0 {
		return nil
	}
	out := &sql.Select{}
	for _, t := range e.expr.Traits {
		if slices.Contains(names, t.Name) {
			out.Items = append(out.Items, sql.As(sql.Null{Type: t.Type}, t.Name))
		}
	}
	return out
}

// compare adds what is asked of rows that are compared with traits, and what
// makes a row a step of a sequence.
func (p *Probe) compare(e *entity, users map[string]ProbePart) {
	var read []string
	add := func(name, source string, value sql.Expr, row []string) {
		u, used := users[name]
		if !used || source != p.Source.Name || !e.knows(row) {
			return
		}
		u.Value = value
		p.Parts = append(p.Parts, u)
		read = append(read, row...)
	}
	for _, f := range e.expr.Correlated {
		if _, used := users[f.Name]; !used || f.Source != p.Source.Name || !e.knows(f.Row) {
			continue
		}
		// What is found among other rows is a column of each.
		for _, n := range f.Nested {
			if !slices.ContainsFunc(p.rows.Items, func(i sql.Item) bool { return i.As == n.Name }) {
				p.rows.Items = append(p.rows.Items, sql.As(sql.Null{Type: n.Type}, n.Name))
			}
		}
		add(f.Name, f.Source, f.Aggregate, f.Row)
	}
	for _, q := range e.expr.Sequences {
		for _, step := range q.Steps {
			if step.Where != nil {
				add(q.Name, step.Source, sql.Fn(sql.BoolOr, sql.Fn(sql.Coalesce, step.Where, sql.Bool(false))), step.Row)
			}
		}
	}
	p.traits = e.nothing(read)
}

// knows says that columns are traits.
func (e *entity) knows(columns []string) bool {
	return !slices.ContainsFunc(columns, func(c string) bool {
		return !slices.ContainsFunc(e.expr.Traits, func(t expr.Compiled) bool { return t.Name == c })
	})
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
