package profile

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Explain says what is computed where. Conditions about aggregates are shown with
// the aggregates themselves in the place of their names.
func Explain(in Input) []models.Scan {
	var out []models.Scan
	for _, s := range in.Pass.Scans {
		scan := models.Scan{Entity: in.Entity.Name, Source: s.Source.Name, Column: s.Column, Value: s.Value, ByDay: s.kept}
		grow := false
		if !s.kept {
			scan.Why = grows(s.Source)
			grow = scan.Why == ""
		}
		aggregates := map[string]sql.Expr{}
		for _, f := range s.Features {
			aggregates[f.Name] = f.Aggregate
			one := models.Aggregate{Name: f.Name, Expr: f.Aggregate, Joined: slices.Contains(s.Carried, f.Name)}
			if grow {
				one.Why = keepable(f.Aggregate)
			}
			scan.Aggregates = append(scan.Aggregates, one)
		}
		for _, pick := range s.picks {
			one := models.Aggregate{Name: pick.As, Expr: pick.Expr, Joined: true}
			if grow {
				one.Why = "a picked trait has the last word of all rows"
			}
			scan.Aggregates = append(scan.Aggregates, one)
		}
		scan.Rows, scan.Decided = conditions(s.Rows, nil), conditions(s.Bits, aggregates)
		for i, b := range s.Rows {
			if grow {
				_, _, scan.Rows[i].Why = windowed(terms(b.Condition))
			}
		}
		out = append(out, scan)
	}
	apart := func(f expr.Feature) {
		if n := len(out) - 1; n < 0 || out[n].Source != f.Source || out[n].Column != "" {
			out = append(out, models.Scan{Entity: in.Entity.Name, Source: f.Source})
		}
		last := &out[len(out)-1]
		last.Aggregates = append(last.Aggregates, models.Aggregate{Name: f.Name, Expr: f.Aggregate, Joined: true})
	}
	for _, f := range in.ofMembers() {
		apart(f)
	}
	for _, f := range in.Expr.Correlated {
		apart(f.Feature)
	}
	if len(in.Pass.Known) > 0 {
		out = append(out, models.Scan{Entity: in.Entity.Name, Decided: conditions(in.Pass.Known, nil)})
	}
	return out
}

func conditions(list []*Bit, aggregates map[string]sql.Expr) []models.Condition {
	var out []models.Condition
	for _, b := range list {
		shown := sql.Rewrite(b.Condition, func(x sql.Expr) (sql.Expr, bool) {
			c, ok := x.(sql.Column)
			if !ok || c.Table != expr.Row || aggregates[c.Name] == nil {
				return nil, false
			}
			return aggregates[c.Name], true
		})
		out = append(out, models.Condition{Expr: shown, Segments: b.Segments})
	}
	return out
}
