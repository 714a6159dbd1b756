package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/sql"
)

// stopPause is how long to wait before looking for sessions again.
const stopPause = 50 * time.Millisecond

// StopOthers ends sessions of ours by the locks that they hold: of a table of the
// schemas, other than to read it, or of a schema, which is what making a table
// takes. A server notices that a client is gone when it has something to tell it,
// or when the network gives up, and until then a transaction that is open keeps
// everybody out. It sees the sessions of the role that asks.
func (d *Driver) StopOthers(ctx context.Context, schemas [][]string) (stopped int, err error) {
	quoted := make([]string, len(schemas))
	for i, parts := range schemas {
		quoted[i] = sql.PostgreSQL.QuoteString(parts[len(parts)-1])
	}
	d.mu.Lock()
	own := make([]string, len(d.sessions))
	for i, pid := range d.sessions {
		own[i] = strconv.FormatUint(uint64(pid), 10)
	}
	d.mu.Unlock()
	query := fmt.Sprintf(`SELECT a.pid, pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity AS a
WHERE a.datname = pg_catalog.current_database() AND a.usename = CURRENT_USER AND a.application_name = 'customhouse' AND a.pid <> ALL(ARRAY[%s]::integer[])
AND EXISTS (
  SELECT FROM pg_catalog.pg_locks AS l
  LEFT JOIN pg_catalog.pg_class AS c ON l.locktype = 'relation' AND c.oid = l.relation AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace OR l.locktype = 'object' AND l.classid = 'pg_catalog.pg_namespace'::regclass AND n.oid = l.objid
  WHERE l.pid = a.pid AND l.granted AND n.nspname IN (%s)
)`, strings.Join(own, ", "), strings.Join(quoted, ", "))
	for {
		left, err := d.count(ctx, query)
		if err != nil || left == 0 {
			return stopped, err
		}
		stopped = max(stopped, left)
		select {
		case <-ctx.Done():
			return stopped, canceled(ctx.Err())
		case <-time.After(stopPause):
		}
	}
}

// count is how many rows a query gives.
func (d *Driver) count(ctx context.Context, query string) (n int, err error) {
	rows, err := d.Query(ctx, query)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for dest := make([]any, len(rows.Columns())); ; n++ {
		switch err := rows.Next(dest); {
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return 0, err
		}
	}
}
