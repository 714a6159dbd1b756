package compile

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/classify"
	"github.com/customhouse-cdp/customhouse/models/expr"
)

// classify finds the class of all that a checked project knows.
func (k *Checked) classify(opt Options) *classify.Classes {
	c := newCompiler(k.project, opt)
	c.set = k.tests
	since := map[string][]string{}
	for _, e := range k.entities {
		c.add(e)
		for _, t := range e.expr.Traits {
			since["trait:"+e.Name+"."+t.Name] = t.Since
		}
		for _, s := range e.expr.Segments {
			since["segment:"+s.Name] = s.Since
		}
	}
	c.nodes()
	return classify.Of(classify.Input{
		Project: k.project, Nodes: c.plan.Nodes, Since: since,
		Reads: func(s *config.Sync, leaf config.Leaf) []string {
			fields := c.syncEntity(s).expr.Fields
			i := slices.IndexFunc(fields, func(x expr.Compiled) bool { return x.Name == audience.FieldName(s, leaf) })
			return fields[i].Reads
		},
	})
}
