package audience

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

// Fence is a query of one integer: the fence of the last run that took a sync,
// 0 where none did.
func Fence(sync string) sql.Query {
	return &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.Coalesce, sql.Fn(sql.Max, sql.Col("l", "fence")), sql.Int(0)), "fence")},
		From:  sql.TableRef{Table: Leases, As: "l"}, Where: isSync("l", sync),
	}
}

// Take gives a sync to a run, as one script, unless one with a greater fence has
// it. From then on no other run can write down what became of its operations,
// whatever it believes.
func Take(sync, runID string, fence int64) []sql.Statement {
	return []sql.Statement{
		sql.Delete{Table: Leases, Where: sql.And{isSync("", sync), sql.Fn(sql.Lt, sql.Col("", "fence"), sql.Int(fence))}},
		sql.InsertSelect{Table: Leases, Columns: sql.ColumnNames(leaseColumns), Query: &sql.Select{
			Items: []sql.Item{sql.As(sql.String(sync), "sync"), sql.As(sql.Int(fence), "fence"), sql.As(sql.String(runID), "run_id")},
			From:  sql.Derived{As: "one", Query: &sql.Select{Items: []sql.Item{sql.As(sql.Int(1), "row")}}},
			Where: sql.Exists{Not: true, Query: lease(sync, nil)},
		}},
	}
}

// Holds is a query of one integer: 1 where a run has a sync, 0 otherwise.
func Holds(sync, runID string) sql.Query {
	return &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")},
		From:  sql.TableRef{Table: Leases, As: "l"}, Where: sql.And{isSync("l", sync), isRun("l", runID)},
	}
}

func isSync(alias, sync string) sql.Expr {
	return sql.Fn(sql.Eq, sql.Col(alias, "sync"), sql.String(sync))
}

func isRun(alias, runID string) sql.Expr {
	return sql.Fn(sql.Eq, sql.Col(alias, "run_id"), sql.String(runID))
}

// lease selects the row of a sync where more is true of it.
func lease(sync string, more sql.Expr) sql.Query {
	q := &sql.Select{Items: []sql.Item{sql.As(sql.Int(1), "one")}, From: sql.TableRef{Table: Leases, As: "l"}, Where: isSync("l", sync)}
	if more != nil {
		q.Where = sql.And{q.Where, more}
	}
	return q
}

// holds is true while this run has the sync.
func (b *builder) holds() sql.Expr {
	return sql.Exists{Query: lease(b.Sync.Name, isRun("l", b.RunID))}
}

// touch writes the lease as it is, so that a script of this run and another
// run's taking of the sync cannot both succeed side by side.
func (b *builder) touch() sql.Statement {
	return sql.Update{
		Table: Leases, Set: []sql.Assignment{{Column: "run_id", Value: sql.String(b.RunID)}},
		Where: sql.And{isSync("", b.Sync.Name), isRun("", b.RunID)},
	}
}

// recover takes over what the journal kept of runs that were cut short. An
// outcome counts while the note is there that its run made of the row before it
// was sent: the note goes with the outcome, so that none counts twice, and a run
// that sent the row since has put its own in place, so that none counts late.
// A rejection leaves its note; that it is in the log tells that it is known.
func (b *builder) recover() models.Recovery {
	load := sql.CreateTable{Table: b.recovered, Columns: append(slices.Clip(outcomeColumns),
		sql.ColumnDef{Name: "place", Type: sql.TypeString}, sql.ColumnDef{Name: "run_id", Type: sql.TypeString}, sql.ColumnDef{Name: "as_of", Type: sql.TypeTimestamp})}
	same := func(alias string, names ...string) sql.And {
		var all sql.And
		for _, name := range names {
			all = append(all, sql.Fn(sql.Eq, sql.Col(alias, name), sql.Col("r", name)))
		}
		return all
	}
	one := []sql.Item{sql.As(sql.Int(1), "one")}
	reason := sql.Case{
		Whens: append([]sql.When{
			{If: sql.Fn(sql.Ne, sql.Col("r", "operation"), sql.String(b.wantedOp())), Then: sql.String(reasonLeft)},
		}, b.reasons(sql.Fn(sql.Differ, sql.Col("l", "fingerprint"), sql.Col("r", "fingerprint")))...),
		Else: sql.String(reasonUnsettled),
	}
	settled := sql.CreateTableAs{Table: b.settled, Query: &sql.Select{
		Items: append(sql.Items("r", sql.ColumnNames(load.Columns)...), sql.As(reason, "reason")),
		From: sql.Joins(sql.TableRef{Table: b.recovered, As: "r"},
			sql.Join{Kind: sql.LeftJoin, Right: b.known(), On: sql.Fn(sql.Eq, sql.Col("l", "key"), sql.Col("r", "key"))}),
		Where: sql.And{
			sql.Exists{Query: &sql.Select{
				Items: one, From: sql.TableRef{Table: Pending, As: "p"},
				Where: append(same("p", "place", "key", "run_id"), b.isThere("p")),
			}},
			sql.Exists{Not: true, Query: &sql.Select{
				Items: one, From: sql.TableRef{Table: Log, As: "g"},
				Where: append(same("g", "run_id", "key", "operation"), b.isOurs("g")),
			}},
		},
	}}
	rows := sql.TableRef{Table: b.settled, As: "o"}
	return models.Recovery{
		Outcomes: load,
		Steps:    []models.Step{&models.Exec{Title: "look what of the journal is news", Statements: []sql.Statement{settled}}},
		Apply: b.apply(batch{
			rows: rows, whole: rows,
			run: sql.Col("o", "run_id"), at: sql.Col("o", "as_of"), reason: sql.Col("o", "reason"), sent: sql.Null{Type: sql.TypeString},
			others: func(run sql.Expr) sql.Expr {
				return sql.InQuery{Not: true, Exprs: []sql.Expr{run}, Query: &sql.Select{Items: sql.Items("s", "run_id"), From: sql.TableRef{Table: b.settled, As: "s"}}}
			},
		}),
	}
}
