package compile

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Expressions are the computed traits and the segments as SQL, by the keys of
// their nodes, with the aggregates of single sources written out where they are
// read: for people who compare, and never to be run.
func (k *Checked) Expressions() map[string]sql.Expr {
	out := map[string]sql.Expr{}
	for _, e := range k.entities {
		features := map[string]expr.Feature{}
		for _, f := range e.expr.Features {
			features[f.Name] = f
		}
		whole := func(x sql.Expr) sql.Expr {
			return sql.Rewrite(x, func(part sql.Expr) (sql.Expr, bool) {
				column, ok := part.(sql.Column)
				f, known := features[column.Name]
				if !ok || !known || column.Table != expr.Row {
					return nil, false
				}
				return f.Aggregate, true
			})
		}
		for _, t := range e.expr.Traits {
			if t.Expr != nil {
				out["trait:"+e.Name+"."+t.Name] = whole(t.Expr)
			}
		}
		for _, s := range e.expr.Segments {
			out["segment:"+s.Name] = whole(s.Expr)
		}
	}
	return out
}

// ComparesAll names the entities of which a trait, a segment or a sync looks at all
// others: a rank, a percentile, the thousand who have most. What a part of them
// answers is another answer.
func (k *Checked) ComparesAll() []string {
	var out []string
	for _, e := range k.entities {
		top := func(s *config.Sync) bool { return s.From.Top != nil && syncEntity(k.project, s) == e.Name }
		if len(e.expr.Population) > 0 || slices.ContainsFunc(k.project.Syncs, top) {
			out = append(out, e.Name)
		}
	}
	return out
}
