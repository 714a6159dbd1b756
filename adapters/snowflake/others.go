package snowflake

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	dialect "github.com/customhouse-cdp/customhouse/sql"
)

// unfinished lists the statements of the user that have not ended. A list that is
// cut short has lost those that have.
const unfinished = `SELECT QUERY_ID AS "id", QUERY_TAG AS "tag", QUERY_TEXT AS "text" FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY_BY_USER(RESULT_LIMIT => 10000))
WHERE UPPER(EXECUTION_STATUS) IN ('RUNNING', 'QUEUED', 'BLOCKED', 'RESUMING_WAREHOUSE')`

// stopPause is how long to wait before looking again.
const stopPause = 100 * time.Millisecond

// StopOthers goes by the query tags of statements, which say whose process sent
// them, and by what they write. A statement goes on when its client is gone, for
// five minutes (ABORT_DETACHED_QUERY). It sees those of the user that asks, who may
// also stop them.
func (d *Driver) StopOthers(ctx context.Context, schemas [][]string) (stopped int, err error) {
	for {
		left, err := d.others(ctx, schemas)
		if err != nil || len(left) == 0 {
			return stopped, err
		}
		stopped = max(stopped, len(left))
		for _, id := range left {
			rows, err := d.query(ctx, "SELECT SYSTEM$CANCEL_QUERY("+dialect.Snowflake.QuoteString(id)+`) AS "said"`)
			if err == nil {
				err = rows.Close()
			}
			// One that has ended meanwhile is stopped.
			if known, ok := errors.AsType[*adapters.Error](err); err != nil && (!ok || known.Kind != adapters.Canceled || ctx.Err() != nil) {
				return stopped, err
			}
		}
		select {
		case <-ctx.Done():
			return stopped, canceled(ctx.Err())
		case <-time.After(stopPause):
		}
	}
}

// others are the ids of statements of other processes that write to the schemas
// and have not ended. Of a script it is the one request, and the statement that it
// is at.
func (d *Driver) others(ctx context.Context, schemas [][]string) (ids []string, err error) {
	writing := adapters.Writing(dialect.Snowflake, schemas)
	rows, err := d.query(ctx, unfinished)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for dest := make([]any, 3); ; {
		switch err := rows.Next(dest); {
		case errors.Is(err, io.EOF):
			return ids, nil
		case err != nil:
			return nil, err
		}
		id, _ := dest[0].(string)
		said, _ := dest[1].(string)
		text, _ := dest[2].(string)
		var by tag
		if json.Unmarshal([]byte(said), &by) != nil || by.App != application || by.Process == d.process || !writing.MatchString(text) {
			continue
		}
		ids = append(ids, id)
	}
}
