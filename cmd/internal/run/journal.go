package run

import (
	"context"
	"time"

	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// runsTable has a row for each run.
var runsTable = compile.RunsTable

// The statuses that only the runs table knows.
const (
	running   = "running"
	wasKilled = "killed"
)

// begin writes the run down as running, and marks as killed what an earlier
// process left so: only one process at a time holds a target.
func (r *runner) begin(ctx context.Context) (int64, error) {
	isRunning := sql.Fn(sql.Eq, sql.Col("", "status"), sql.String(running))
	left, err := r.wh.Int(ctx, &sql.Select{
		Items: []sql.Item{sql.As(sql.Fn(sql.CountAll), "n")},
		From:  sql.TableRef{Table: runsTable, As: "r"},
		Where: isRunning,
	})
	if err != nil {
		return 0, err
	}
	return left, r.wh.Script(ctx, []sql.Statement{
		sql.Update{Table: runsTable, Set: []sql.Assignment{{Column: "status", Value: sql.String(wasKilled)}}, Where: isRunning},
		sql.InsertSelect{
			Table:   runsTable,
			Columns: []string{"run_id", "started_at", "status", "as_of", "project_hash"},
			Query: &sql.Select{Items: []sql.Item{
				sql.As(sql.String(r.Plan.RunID), "run_id"),
				sql.As(instant(r.summary.StartedAt), "started_at"),
				sql.As(sql.String(running), "status"),
				sql.As(instant(r.Plan.AsOf), "as_of"),
				sql.As(sql.String(r.ProjectHash), "project_hash"),
			}},
		},
	})
}

// finish writes down how the run ended.
func (r *runner) finish(ctx context.Context) error {
	script := []sql.Statement{sql.Update{
		Table: runsTable,
		Set: []sql.Assignment{
			{Column: "status", Value: sql.String(string(r.summary.Status))},
			{Column: "finished_at", Value: instant(r.summary.FinishedAt)},
		},
		Where: sql.Fn(sql.Eq, sql.Col("", "run_id"), sql.String(r.Plan.RunID)),
	}}
	if found := r.record(); found != nil {
		script = append(script, found)
	}
	return r.wh.Script(ctx, script)
}

func instant(t time.Time) sql.Timestamp { return sql.Timestamp(t.UTC().Truncate(time.Microsecond)) }
