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
	// Prepare are the steps (Exec and Loop) that fill the tables, Discard drops
	// them.
	Prepare []models.Step
	Discard []sql.Statement
	// Traits is the table of the entity's id, the traits that were asked for and
	// those that they read; Members that of the id and a column for each segment
	// (expr.SegmentColumn). Members is empty where no segment was asked for.
	Traits, Members sql.Table
	// Columns are the traits of Traits.
	Columns []expr.Compiled
	// Checks are the sources that are read.
	Checks []models.Check

	// whole says that entities are compared with all others.
	whole bool
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
	// Once more with what is needed and nothing else.
	c = parse(c.narrow(want), opt)
	c.look = true
	if again := c.expressions(); again.HasErrors() {
		return nil, again.Sort()
	}
	e := c.entity(want.Entity)
	c.models()
	c.prune()
	t := &Trial{Entity: e.Entity, Traits: profile.WideTable(e.Entity), Columns: e.expr.Traits}
	targets := []sql.Table{t.Traits}
	if len(want.Segments) > 0 {
		t.Members = segment.EvaluatedTable(e.Entity)
		targets = append(targets, t.Members)
	}
	t.Prepare = towards(c.plan.Models, targets)
	t.whole = len(e.expr.Population) > 0
	if want.ID != 0 {
		t.only(func(id sql.Expr) sql.Expr { return sql.Fn(sql.Eq, id, sql.Int(want.ID)) })
	}
	c.plan.Models = []*models.Model{{Steps: t.Prepare}}
	for table := range models.ModelUse(c.plan.Models[0]).Writes {
		t.Discard = append(t.Discard, sql.Drop{Table: table})
	}
	c.checks()
	t.Checks = c.plan.Checks
	return t, found.Sort()
}

// towards are the steps of models, in their order, without which the targets
// could not be filled, each with no more statements than that takes. A loop is
// kept as a whole. Public tables are read as the last run left them.
func towards(list []*models.Model, targets []sql.Table) []models.Step {
	needed := map[sql.Table]bool{}
	for _, t := range targets {
		needed[t] = true
	}
	read := func(t sql.Table) { needed[t] = needed[t] || t.Space == sql.Work }
	var out []models.Step
	for _, m := range slices.Backward(list) {
		for _, step := range slices.Backward(m.Steps) {
			exec, ok := step.(*models.Exec)
			if !ok {
				use := models.ModelUse(&models.Model{Steps: []models.Step{step}})
				for t := range use.Writes {
					if needed[t] {
						out = append(out, step)
						for t := range use.Reads {
							read(t)
						}
						break
					}
				}
				continue
			}
			kept := &models.Exec{Title: exec.Title}
			for _, s := range slices.Backward(exec.Statements) {
				if needed[sql.Writes(s)] {
					kept.Statements = append(kept.Statements, s)
					for _, t := range sql.Reads(s) {
						read(t)
					}
				}
			}
			if len(kept.Statements) > 0 {
				slices.Reverse(kept.Statements)
				out = append(out, kept)
			}
		}
	}
	slices.Reverse(out)
	return out
}

// Among keeps the entities whose ids a query of one column has, and their rows.
func (t *Trial) Among(ids sql.Query) {
	t.only(func(id sql.Expr) sql.Expr { return sql.InQuery{Exprs: []sql.Expr{id}, Query: ids} })
}

// only keeps some entities and their rows, in every table that has their id. Where
// entities are compared with all others, that is too early but for the wide
// table.
func (t *Trial) only(kept func(id sql.Expr) sql.Expr) {
	for _, step := range t.Prepare {
		if exec, ok := step.(*models.Exec); ok {
			t.onlyIn(exec, kept)
		}
	}
}

func (t *Trial) onlyIn(exec *models.Exec, kept func(id sql.Expr) sql.Expr) {
	column := identity.Column(t.Entity)
	for i, s := range exec.Statements {
		create, ok := s.(sql.CreateTableAs)
		if !ok || t.whole && create.Table != t.Traits {
			continue
		}
		q, ok := create.Query.(*sql.Select)
		if !ok || !slices.ContainsFunc(q.Items, func(it sql.Item) bool { return it.As == column }) {
			continue
		}
		some := &sql.Select{From: sql.Derived{Query: q, As: "x"}, Where: kept(sql.Col("x", column))}
		for _, it := range q.Items {
			some.Items = append(some.Items, sql.As(sql.Col("x", it.As), it.As))
		}
		create.Query = some
		exec.Statements[i] = create
	}
}

// narrow is the project with no more traits and segments than what is wanted
// mentions, directly or not. A name that is mentioned counts for the entity and
// for those that it has a relation to or from: rather a trait too many.
func (c *compiler) narrow(want Wanted) *config.Project {
	kept := map[string]bool{} // keys of nodes
	var trait func(e *entity, name string)
	mentions := func(e *entity, names []string) {
		near := []*entity{e}
		for _, r := range e.relations {
			near = append(near, c.entity(r.To))
		}
		for _, r := range e.members {
			near = append(near, c.entity(r.From))
		}
		for _, name := range names {
			for _, other := range near {
				trait(other, name)
			}
		}
	}
	trait = func(e *entity, name string) {
		key := "trait:" + e.Name + "." + name
		if kept[key] || !slices.ContainsFunc(e.traits, func(t *config.Trait) bool { return t.Name == name }) {
			return
		}
		kept[key] = true
		names, _ := e.parsed.Mentions("trait", name)
		mentions(e, names)
	}
	var segment func(e *entity, name string)
	segment = func(e *entity, name string) {
		key := "segment:" + name
		if kept[key] {
			return
		}
		kept[key] = true
		names, segments := e.parsed.Mentions("segment", name)
		mentions(e, names)
		for _, s := range segments {
			segment(e, s)
		}
	}
	e := c.entity(want.Entity)
	for _, name := range want.Traits {
		trait(e, name)
	}
	for _, name := range want.Segments {
		segment(e, name)
	}
	p := *c.project
	p.Traits = slices.DeleteFunc(slices.Clone(p.Traits), func(t *config.Trait) bool { return !kept["trait:"+t.Entity+"."+t.Name] })
	p.Segments = slices.DeleteFunc(slices.Clone(p.Segments), func(s *config.Segment) bool { return !kept["segment:"+s.Name] })
	p.Syncs, p.Tests = nil, nil
	return &p
}
