package audience

import (
	"time"

	"github.com/customhouse-cdp/customhouse/sql"
)

// ForgetLog removes the rows of the log from before an instant, but for the last of
// each sync and key that was accepted: it tells that somebody was sent there, which
// has to be known when they ask to be erased, however long ago that was.
func ForgetLog(before time.Time) sql.Statement {
	accepted := func(alias string) sql.Expr {
		return sql.In{Expr: sql.Col(alias, "outcome"), List: []sql.Expr{sql.String("accepted"), sql.String("exists")}}
	}
	last := &sql.Select{
		Items:   append(sql.Items("g", "sync", "key"), sql.As(sql.Fn(sql.Max, sql.Col("g", "at")), "at")),
		From:    sql.TableRef{Table: Log, As: "g"},
		Where:   accepted("g"),
		GroupBy: []sql.Expr{sql.Col("g", "sync"), sql.Col("g", "key")},
	}
	return sql.Delete{Table: Log, Where: sql.And{
		sql.Fn(sql.Lt, sql.Col("", "at"), sql.Timestamp(before)),
		sql.Fn(sql.Not, sql.And{
			accepted(""), sql.InQuery{Exprs: []sql.Expr{sql.Col("", "sync"), sql.Col("", "key"), sql.Col("", "at")}, Query: last},
		}),
	}}
}
