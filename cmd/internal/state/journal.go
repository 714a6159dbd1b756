package state

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"time"
)

// Entry is what was acknowledged in one or a few answers.
type Entry struct {
	// Seq grows from entry to entry of a name.
	Seq int64
	// RunID and AsOf are those of the run that wrote it, Place is where its rows
	// are.
	RunID string
	AsOf  time.Time
	Place string
	// Body is for the writer to read. Append may write behind its end, where it
	// has the capacity.
	Body []byte
}

// checksum is the length of what stands behind each body.
const checksum = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is the checksum of an entry: the file has none of its own.
func (e *Entry) sum() uint32 {
	head := fmt.Appendf(nil, "%q %d %q ", e.RunID, e.AsOf.UnixMicro(), e.Place)
	return crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, e.Body)
}

// Append writes an entry, which is on disk when it returns, and returns its
// Seq. It does so only where the lease is held; the error is a *LostError
// otherwise.
func (l *Lease) Append(ctx context.Context, e Entry) (seq int64, err error) {
	err = l.with(ctx, "writing the journal in", func(tx *sql.Tx) error {
		seq, err = l.append(ctx, tx, e)
		return err
	})
	return seq, err
}

// Write does at once, or not at all, what Append, SaveJob of jobs that are new
// and DeleteJobs do. There is no entry where its Body is empty; the Seq is 0 then.
func (l *Lease) Write(ctx context.Context, e Entry, begun []Job, over []string) (seq int64, err error) {
	err = l.with(ctx, "writing the journal in", func(tx *sql.Tx) error {
		if seq = 0; len(e.Body) > 0 {
			if seq, err = l.append(ctx, tx, e); err != nil {
				return err
			}
		}
		for _, j := range begun {
			if err := l.insertJob(ctx, tx, j); err != nil {
				return err
			}
		}
		return l.deleteJobs(ctx, tx, over)
	})
	return seq, err
}

func (l *Lease) append(ctx context.Context, tx *sql.Tx, e Entry) (seq int64, err error) {
	body := binary.LittleEndian.AppendUint32(e.Body, e.sum())
	err = tx.QueryRowContext(ctx, `INSERT INTO customhouse_journal (name, fence, run_id, as_of, place, body)
		VALUES ($1, $2, $3, $4, $5, $6) RETURNING seq`,
		l.name, l.fence, e.RunID, e.AsOf.UnixMicro(), e.Place, body).Scan(&seq)
	return seq, err
}

// Last is the greatest Seq of the lease's name, its own or of a lease before it,
// and 0 where the journal has nothing.
func (l *Lease) Last(ctx context.Context) (seq int64, err error) {
	err = l.with(ctx, "reading the journal in", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM customhouse_journal WHERE name = $1`, l.name).Scan(&seq)
	})
	return seq, err
}

// pageEntries and pageBytes are how much of the journal is read at once: entries
// may be as short as a row and as long as what a few requests take.
const (
	pageEntries = 1000
	pageBytes   = 1 << 20
)

// Entries are what the journal holds of the lease's name, in order: its own and
// those of leases before it. A few of them are in memory at a time. It ends after
// the first error.
func (l *Lease) Entries(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for after := int64(0); ; {
			list, err := l.entries(ctx, after)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if len(list) == 0 {
				return
			}
			for _, e := range list {
				if !yield(e, nil) {
					return
				}
				after = e.Seq
			}
		}
	}
}

// entries are the next page of entries.
func (l *Lease) entries(ctx context.Context, after int64) (list []Entry, err error) {
	err = l.with(ctx, "reading the journal in", func(tx *sql.Tx) error {
		list = nil
		rows, err := tx.QueryContext(ctx, `SELECT seq, run_id, as_of, place, body FROM customhouse_journal
			WHERE name = $1 AND seq > $2 ORDER BY seq LIMIT $3`, l.name, after, pageEntries)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for size := 0; size < pageBytes && rows.Next(); {
			var e Entry
			var at int64
			var body []byte
			if err := rows.Scan(&e.Seq, &e.RunID, &at, &e.Place, &body); err != nil {
				return err
			}
			end := max(0, len(body)-checksum)
			e.AsOf, e.Body = time.UnixMicro(at).UTC(), body[:end]
			if len(body) < checksum || binary.LittleEndian.Uint32(body[end:]) != e.sum() {
				return damaged(l.store.shown, fmt.Errorf("entry %d of the journal is not what was written", e.Seq))
			}
			list = append(list, e)
			size += len(body)
		}
		return rows.Err()
	})
	return list, err
}

// Delete removes the entries up to a Seq: the warehouse has them.
func (l *Lease) Delete(ctx context.Context, upTo int64) error {
	l.store.deleted.Store(true)
	return l.with(ctx, "clearing the journal in", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM customhouse_journal WHERE name = $1 AND seq <= $2`, l.name, upTo)
		return err
	})
}
