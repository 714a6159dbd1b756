package state

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"time"
)

// Queued is what the state holds of rows that were sent: an entry of the journal,
// or a job.
type Queued struct {
	// Name is that of the lease that it was written under.
	Name string
	// Job says that it is a job.
	Job   bool
	Place string
	// At is the as_of of the run of an entry, and when a job was started.
	At time.Time
	// Body is that of Entry, or of Job.
	Body []byte
}

// Queued calls f for each entry of the journal, and then for each job, whoever has
// the leases. It changes nothing.
func (s *Store) Queued(ctx context.Context, f func(Queued) error) (err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT 0, seq, run_id, name, place, as_of, body FROM customhouse_journal WHERE substr(name, 1, length($1)) = $1
		UNION ALL SELECT 1, 0, id, name, place, started_at, body FROM customhouse_jobs WHERE substr(name, 1, length($1)) = $1 ORDER BY 1, 4, 2, 3`,
		s.name(""))
	if err != nil {
		return s.fail("reading what is queued in", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var q Queued
		var job, seq, at int64
		var id string
		var body []byte
		if err := rows.Scan(&job, &seq, &id, &q.Name, &q.Place, &at, &body); err != nil {
			return s.fail("reading what is queued in", err)
		}
		q.Name, q.Job, q.At = strings.TrimPrefix(q.Name, s.name("")), job == 1, moment(at)
		good := len(body) >= checksum
		if good && q.Job {
			q.Body = body[checksum:]
			good = binary.LittleEndian.Uint32(body) == crc32.Checksum(q.Body, castagnoli)
		} else if good {
			q.Body = body[:len(body)-checksum]
			e := Entry{RunID: id, AsOf: time.UnixMicro(at).UTC(), Place: q.Place, Body: q.Body}
			good = binary.LittleEndian.Uint32(body[len(q.Body):]) == e.sum()
		}
		if !good {
			return damaged(s.shown, fmt.Errorf("what %s wrote is not what was written", q.Name))
		}
		if err := f(q); err != nil {
			return err
		}
	}
	return s.failed("reading what is queued in", rows.Err())
}
