package identity

import (
	"slices"
	"time"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/sql"
)

// weakly is the condition on the group of one entity's identifiers that it is known
// by weak ones alone and was not seen for long.
func weakly(e *config.Entity, asOf time.Time, rank, lastSeen sql.Expr) sql.Expr {
	var weak []sql.Expr
	for i, id := range e.Identifiers {
		if slices.Contains(e.Expire.KnownOnlyBy, id.Name) {
			weak = append(weak, sql.Int(i))
		}
	}
	return sql.And{unseen(e.Expire.After, asOf, lastSeen), sql.Fn(sql.BoolAnd, sql.In{Expr: rank, List: weak})}
}

// unseen is the condition on a group that none of it was seen for so long. Who was
// never seen at a known time is not among them.
func unseen(d config.Duration, asOf time.Time, lastSeen sql.Expr) sql.Expr {
	return sql.Fn(sql.Lt, sql.Fn(sql.Max, lastSeen), sql.Timestamp(asOf.Add(-time.Duration(d))))
}

// Unkept finds who is not to be kept any longer of those whom the last run left and
// a query lists: at most so many, the smallest ids first, with their identifiers.
func Unkept(e *config.Entity, asOf time.Time, among sql.Query, most int64) sql.Query {
	id := sql.Col("i", Column(e))
	ids := &sql.Select{
		Items: []sql.Item{sql.As(id, "id")}, From: sql.TableRef{Table: IdentitiesTable(e), As: "i"},
		Where:   sql.And{sql.Fn(sql.IsNotNull, id), sql.InQuery{Exprs: []sql.Expr{id}, Query: among}},
		GroupBy: []sql.Expr{id}, Having: unseen(e.Retention, asOf, sql.Col("i", "last_seen")),
		OrderBy: []sql.Order{sql.Asc(id)}, Limit: most,
	}
	own := sql.Col("j", Column(e))
	return &sql.Select{
		Items: append([]sql.Item{sql.As(own, "id")}, sql.Items("j", "identifier_type", "identifier")...),
		From: sql.Joins(sql.TableRef{Table: IdentitiesTable(e), As: "j"}, sql.Join{
			Kind: sql.InnerJoin, Right: sql.Derived{Query: ids, As: "x"}, On: sql.Fn(sql.Eq, sql.Col("x", "id"), own),
		}),
		OrderBy: []sql.Order{sql.Asc(own), sql.Asc(sql.Col("j", "identifier_type")), sql.Asc(sql.Col("j", "identifier"))},
	}
}
