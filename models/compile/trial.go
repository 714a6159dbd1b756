package compile

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/models/segment"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Wanted is what a Trial is about.
type Wanted struct {
	Entity string
	// Traits and Segments are the names of those to evaluate.
	Traits, Segments []string
	// ID is the only one to look at; 0 means all.
	ID int64
}

// Trial evaluates traits and segments on the warehouse as it is, by the models
// of a run, as far as they fill Work tables: for somebody who looks. It changes
// nothing that outlives it.
type Trial struct {
	Entity *config.Entity
	// Prepare fills the tables, Discard drops them.
	Prepare, Discard []sql.Statement
	// Traits is the table of the entity's id, the traits that were asked for and
	// those that they read; Members that of the id and a column for each segment
	// (expr.SegmentColumn). Members is empty where no segment was asked for.
	Traits, Members sql.Table
	// Columns are the traits of Traits.
	Columns []expr.Compiled
	// Checks are the sources that are read.
	Checks []models.Check
}

// Try compiles a trial of what is wanted of a project. The list is that of
// Compile; with an error the trial is nil.
func Try(p *config.Project, opt Options, want Wanted) (*Trial, diag.List) {
	opt.Select = map[string]bool{}
	for _, name := range want.Segments {
		opt.Select["segment:"+name] = true
	}
	for _, name := range want.Traits {
		opt.Select["trait:"+want.Entity+"."+name] = true
	}
	c := parse(p, opt)
	found := c.expressions()
	if found.HasErrors() {
		return nil, found.Sort()
	}
	e := c.entity(want.Entity)
	n := narrowing{c: c, kept: map[string]bool{}}
	for _, name := range want.Traits {
		n.trait(e, name)
	}
	for _, name := range want.Segments {
		n.segment(e, name)
	}
	n.apply()
	c.models()
	c.prune()
	t := &Trial{Entity: e.Entity, Traits: profile.WideTable(e.Entity), Columns: e.expr.Traits}
	targets := []sql.Table{t.Traits}
	if len(want.Segments) > 0 {
		t.Members = segment.EvaluatedTable(e.Entity)
		targets = append(targets, t.Members)
	}
	t.Prepare = towards(c.plan.Models, targets)
	if want.ID != 0 {
		t.only(e, want.ID)
	}
	for _, s := range t.Prepare {
		t.Discard = append(t.Discard, sql.Drop{Table: sql.Writes(s)})
	}
	c.plan.Models = []*models.Model{{Steps: []models.Step{&models.Exec{Statements: t.Prepare}}}}
	c.checks()
	t.Checks = c.plan.Checks
	return t, found.Sort()
}

// towards are the statements of models, in their order, without which the
// targets could not be filled. Public tables are read as the last run left them.
func towards(list []*models.Model, targets []sql.Table) []sql.Statement {
	needed := map[sql.Table]bool{}
	for _, t := range targets {
		needed[t] = true
	}
	var out []sql.Statement
	for _, m := range slices.Backward(list) {
		for _, step := range slices.Backward(m.Steps) {
			exec, ok := step.(*models.Exec)
			if !ok {
				continue // loops are of identities, which are read
			}
			for _, s := range slices.Backward(exec.Statements) {
				if !needed[sql.Writes(s)] {
					continue
				}
				out = append(out, s)
				for _, t := range sql.Reads(s) {
					needed[t] = needed[t] || t.Space == sql.Work
				}
			}
		}
	}
	slices.Reverse(out)
	return out
}

// only keeps one entity and its rows. Its rows are found by the maps from the
// rows of sources, and the first table with a row for each entity is the wide
// one; what is made from them is small by itself.
func (t *Trial) only(e *entity, id int64) {
	column := identity.Column(e.Entity)
	tables := []sql.Table{t.Traits}
	if len(e.expr.Population) == 0 { // which compares with everybody
		for _, s := range e.sources {
			tables = append(tables, identity.MapTable(s))
		}
	}
	for i, s := range t.Prepare {
		create, ok := s.(sql.CreateTableAs)
		if !ok || !slices.Contains(tables, create.Table) {
			continue
		}
		q, ok := create.Query.(*sql.Select)
		if !ok {
			continue
		}
		one := &sql.Select{From: sql.Derived{Query: q, As: "x"}, Where: sql.Fn(sql.Eq, sql.Col("x", column), sql.Int(id))}
		for _, it := range q.Items {
			one.Items = append(one.Items, sql.As(sql.Col("x", it.As), it.As))
		}
		create.Query = one
		t.Prepare[i] = create
	}
}

// narrowing keeps of the compiled expressions those that something wanted
// reads, directly or not.
type narrowing struct {
	c *compiler
	// kept has the keys of what is needed: "trait customer.spent",
	// "feature customer.orders.sum_1", "related customer.employer.plan",
	// "segment vip".
	kept map[string]bool
}

// first says that something was not needed before, and is now.
func (n *narrowing) first(key string) bool {
	known := n.kept[key]
	n.kept[key] = true
	return !known
}

func (n *narrowing) trait(e *entity, name string) {
	i := slices.IndexFunc(e.expr.Traits, func(t expr.Compiled) bool { return t.Name == name })
	if i >= 0 && n.first("trait "+e.Name+"."+name) {
		n.reads(e, e.expr.Traits[i])
	}
}

func (n *narrowing) segment(e *entity, name string) {
	i := slices.IndexFunc(e.expr.Segments, func(s expr.Compiled) bool { return s.Name == name })
	if i >= 0 && n.first("segment "+name) {
		n.reads(e, e.expr.Segments[i])
	}
}

func (n *narrowing) reads(e *entity, x expr.Compiled) {
	for _, name := range x.Reads {
		n.trait(e, name)
	}
	for _, name := range x.Segments {
		n.segment(e, name)
	}
	for _, name := range x.Features {
		n.feature(e, name)
	}
	for _, column := range x.Related {
		n.related(e, column)
	}
}

func (n *narrowing) feature(e *entity, name string) {
	if !n.first("feature " + e.Name + "." + name) {
		return
	}
	if i := slices.IndexFunc(e.expr.Population, func(p expr.Compiled) bool { return p.Name == name }); i >= 0 {
		n.reads(e, e.expr.Population[i])
		return
	}
	i := slices.IndexFunc(e.expr.Features, func(f expr.Feature) bool { return f.Name == name })
	if i < 0 {
		return
	}
	f := e.expr.Features[i]
	for _, r := range e.members {
		if r.Reverse == f.Source {
			for _, column := range f.Columns {
				n.trait(n.c.entity(r.From), column)
			}
		}
	}
}

func (n *narrowing) related(e *entity, column string) {
	i := slices.IndexFunc(e.expr.Related, func(r expr.Related) bool { return r.Column == column })
	if i >= 0 && n.first("related "+e.Name+"."+column) {
		x := e.expr.Related[i]
		n.trait(n.c.entity(n.c.relationNamed(x.Relation).To), x.Trait)
	}
}

// apply forgets the rest.
func (n *narrowing) apply() {
	for _, e := range n.c.entities {
		e.traits = slices.DeleteFunc(slices.Clone(e.traits), func(t *config.Trait) bool { return !n.kept["trait "+e.Name+"."+t.Name] })
		out := *e.expr
		compiled := func(list []expr.Compiled, prefix string) []expr.Compiled {
			return slices.DeleteFunc(slices.Clone(list), func(x expr.Compiled) bool { return !n.kept[prefix+x.Name] })
		}
		out.Traits = compiled(out.Traits, "trait "+e.Name+".")
		out.Segments = compiled(out.Segments, "segment ")
		out.Features = slices.DeleteFunc(slices.Clone(out.Features), func(f expr.Feature) bool { return !n.kept["feature "+e.Name+"."+f.Name] })
		out.Population = compiled(out.Population, "feature "+e.Name+".")
		out.Related = slices.DeleteFunc(slices.Clone(out.Related), func(r expr.Related) bool { return !n.kept["related "+e.Name+"."+r.Column] })
		e.expr = &out
	}
}
