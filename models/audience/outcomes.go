package audience

import "github.com/customhouse-cdp/customhouse/sql"

// Outcomes selects what became of the operations of some runs, counted by run_id,
// sync, operation and outcome, in that order.
func Outcomes(runs []string) sql.Query {
	in := sql.In{Expr: sql.Col("l", "run_id")}
	for _, r := range runs {
		in.List = append(in.List, sql.String(r))
	}
	by := []string{"run_id", "sync", "operation", "outcome"}
	q := &sql.Select{Items: append(sql.Items("l", by...), sql.As(sql.Fn(sql.CountAll), "n")), From: sql.TableRef{Table: Log, As: "l"}, Where: in}
	for _, name := range by {
		q.GroupBy = append(q.GroupBy, sql.Col("l", name))
		q.OrderBy = append(q.OrderBy, sql.Asc(sql.Col("l", name)))
	}
	return q
}
