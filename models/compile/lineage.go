package compile

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/identity"
)

// lineage says which nodes a column of an entity's wide table is made of: a
// trait is a node of its own, what aggregates and ranks read is found through
// them. related are the nodes of what other entities have.
func (c *compiler) lineage(e *entity, related map[string][]string) func(column string) []string {
	known := map[string][]string{}
	features, correlated, population := map[string]expr.Feature{}, map[string]expr.Correlated{}, map[string]expr.Compiled{}
	sequences := map[string]expr.Sequence{}
	for _, s := range e.expr.Sequences {
		sequences[s.Name] = s
	}
	for _, f := range e.expr.Features {
		features[f.Name] = f
	}
	for _, f := range e.expr.Correlated {
		correlated[f.Name] = f
	}
	for _, p := range e.expr.Population {
		population[p.Name] = p
	}
	var reads func(column string) []string
	all := func(columns []string) (out []string) {
		for _, name := range columns {
			out = append(out, reads(name)...)
		}
		return out
	}
	reads = func(column string) []string {
		if out, ok := known[column]; ok {
			return out
		}
		out := related[column]
		if out == nil && column != identity.Column(e.Entity) && !expr.IsKept(column) {
			if f, ok := features[column]; ok {
				out = c.featureReads(e, f)
			} else if f, ok := correlated[column]; ok {
				out = append(c.featureReads(e, f.Feature), all(f.Row)...)
				for _, n := range f.Nested {
					out = append(out, c.featureReads(e, expr.Feature{Source: n.Source, Columns: n.Others})...)
				}
			} else if s, ok := sequences[column]; ok {
				out = all(s.Row)
				for _, step := range s.Steps {
					out = append(out, c.featureReads(e, expr.Feature{Source: step.Source, Columns: step.Columns})...)
				}
			} else if p, ok := population[column]; ok {
				out = all(slices.Concat(p.Reads, p.Features, p.Related))
			} else {
				out = []string{"trait:" + e.Name + "." + column}
			}
		}
		known[column] = out
		return out
	}
	return reads
}
