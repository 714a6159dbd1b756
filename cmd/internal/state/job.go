package state

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// Job is something that a destination was asked to do and has not ended, or is
// about to be asked.
type Job struct {
	// ID is unique in a name.
	ID string
	// Place is where its rows are, RunID the run that started it.
	Place, RunID string
	StartedAt    time.Time
	// Handle is what to ask for, empty where that is not known.
	Handle string
	// Idempotent says that its rows may be sent again.
	Idempotent bool
	// Body is for the writer to read: the rows, without values.
	Body []byte
}

// SaveJob writes a job down, which is on disk when it returns. Of a job whose
// ID is known only the handle is new. It does so only where the lease is held;
// the error is a *LostError otherwise.
func (l *Lease) SaveJob(ctx context.Context, j Job) error {
	return l.with(ctx, "writing a job in", func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `UPDATE customhouse_jobs SET handle = $1 WHERE name = $2 AND id = $3`, j.Handle, l.name, j.ID)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return l.insertJob(ctx, tx, j)
	})
}

func (l *Lease) insertJob(ctx context.Context, tx *sql.Tx, j Job) error {
	body := binary.LittleEndian.AppendUint32(make([]byte, 0, len(j.Body)+4), crc32.Checksum(j.Body, castagnoli))
	idempotent := 0
	if j.Idempotent {
		idempotent = 1
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO customhouse_jobs (name, id, place, run_id, started_at, handle, idempotent, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		l.name, j.ID, j.Place, j.RunID, j.StartedAt.UnixMicro(), j.Handle, idempotent, append(body, j.Body...))
	return err
}

// Jobs are those of the lease's name at a place, in the order in which they
// were started.
func (l *Lease) Jobs(ctx context.Context, place string) (list []Job, err error) {
	err = l.with(ctx, "reading the jobs in", func(tx *sql.Tx) error {
		list = nil
		rows, err := tx.QueryContext(ctx, `SELECT id, run_id, started_at, handle, idempotent, body FROM customhouse_jobs
			WHERE name = $1 AND place = $2 ORDER BY started_at, id`, l.name, place)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			j := Job{Place: place}
			var at, idempotent int64
			var body []byte
			if err := rows.Scan(&j.ID, &j.RunID, &at, &j.Handle, &idempotent, &body); err != nil {
				return err
			}
			if len(body) < 4 || binary.LittleEndian.Uint32(body) != crc32.Checksum(body[4:], castagnoli) {
				return damaged(l.store.shown, fmt.Errorf("job %s is not what was written", j.ID))
			}
			j.StartedAt, j.Idempotent, j.Body = time.UnixMicro(at).UTC(), idempotent != 0, body[4:]
			list = append(list, j)
		}
		return rows.Err()
	})
	return list, err
}

// DeleteJobs forgets jobs; it is no error where one is not there.
func (l *Lease) DeleteJobs(ctx context.Context, ids []string) error {
	return l.with(ctx, "forgetting jobs in", func(tx *sql.Tx) error { return l.deleteJobs(ctx, tx, ids) })
}

func (l *Lease) deleteJobs(ctx context.Context, tx *sql.Tx, ids []string) error {
	if len(ids) > 0 {
		l.store.deleted.Store(true)
	}
	for _, id := range ids {
		if _, err := tx.ExecContext(ctx, `DELETE FROM customhouse_jobs WHERE name = $1 AND id = $2`, l.name, id); err != nil {
			return err
		}
	}
	return nil
}
