package compile

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/tests"
	"github.com/customhouse-cdp/customhouse/sql"
)

// checkTests checks the tests on data, as far as expressions are compiled.
func (c *compiler) checkTests() (*tests.Set, diag.List) {
	in := tests.Input{
		Project: c.project, AsOf: c.AsOf, Target: c.Target, Traits: map[string][]expr.Compiled{}, Conditions: map[string]sql.Expr{},
	}
	for _, e := range c.entities {
		if e.expr == nil {
			continue // what is wrong with it is reported
		}
		in.Traits[e.Name] = e.expr.Traits
		for _, x := range e.expr.Fields {
			in.Conditions[x.Name] = x.Expr
		}
	}
	return tests.New(in)
}

// testNodes lists the tests and what each reads.
func (c *compiler) testNodes() {
	for _, t := range c.project.Tests {
		n := models.Node{Key: tests.Key(t.Name), Kind: "test", Name: t.Name, Tags: t.Tags, Span: t.Pos.Span(), Reads: slices.Clone(t.Reads())}
		for _, x := range t.Relationships {
			source, _ := models.Reference(x.Value)
			n.Reads = append(n.Reads, "source:"+source)
		}
		for _, p := range t.People {
			for _, x := range p.Segments {
				n.Reads = append(n.Reads, "segment:"+x.Key)
			}
		}
		slices.Sort(n.Reads)
		n.Reads = slices.Compact(n.Reads)
		c.plan.Nodes = append(c.plan.Nodes, n)
	}
}

// tests adds the models of the tests that are selected, by themselves or with what
// they are about, and of those that what is sent has to pass.
func (c *compiler) tests() {
	wanted := map[string]bool{}
	for _, t := range c.project.Tests {
		wanted[t.Name] = c.selected(tests.Key(t.Name)) || slices.ContainsFunc(t.Reads(), c.selected)
	}
	for _, s := range c.project.Syncs {
		if c.selected("sync:" + s.Name) {
			for _, name := range c.passes(s) {
				wanted[name] = true
			}
		}
	}
	for _, t := range c.project.Tests {
		if wanted[t.Name] {
			c.plan.Tests = append(c.plan.Tests, t.Name)
		}
	}
	if len(c.plan.Tests) == 0 {
		return
	}
	c.plan.Models = append(c.plan.Models, c.set.Models(func(t *config.Test) bool { return wanted[t.Name] })...)
	c.order()
}

// passes names the tests that what a sync sends has to have passed: those of all
// that it reads, however far away, but of sources only of the one whose rows it
// sends: what is built from the others is not built where their tests fail.
func (c *compiler) passes(s *config.Sync) (names []string) {
	reads := map[string]bool{}
	var visit func(key string)
	visit = func(key string) {
		if reads[key] {
			return
		}
		reads[key] = true
		for _, n := range c.plan.Nodes {
			if n.Key == key {
				for _, next := range n.Reads {
					visit(next)
				}
			}
		}
	}
	visit("sync:" + s.Name)
	sent := map[sql.Table]bool{}
	if source := c.source(s.From.Source); source != nil {
		sent[identity.SourceTable(source)] = true
	}
	for _, t := range c.project.Tests {
		if slices.ContainsFunc(t.Reads(), func(key string) bool {
			for _, source := range c.project.Sources {
				if key == "source:"+source.Name {
					return sent[identity.SourceTable(source)]
				}
			}
			return reads[key]
		}) {
			names = append(names, t.Name)
		}
	}
	return names
}

// TestProbes are the queries of tests that the user wrote.
func (k *Checked) TestProbes() []tests.Probe { return k.tests.Probes() }

// Tests is the plan of the tests that run selects and of nothing else.
func (k *Checked) Tests(opt Options, run map[string]bool) *models.Plan {
	c := newCompiler(k.project, opt)
	c.set = k.tests
	for _, e := range k.entities {
		c.add(e)
	}
	c.nodes()
	for _, t := range c.project.Tests {
		if run == nil || run[tests.Key(t.Name)] {
			c.plan.Tests = append(c.plan.Tests, t.Name)
		}
	}
	c.plan.Models = c.set.Models(func(t *config.Test) bool { return slices.Contains(c.plan.Tests, t.Name) })
	c.order()
	c.checks()
	return c.plan
}
