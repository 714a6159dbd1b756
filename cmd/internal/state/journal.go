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
	body := binary.LittleEndian.AppendUint32(e.Body, e.sum())
	err = l.with(ctx, "writing the journal in", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `INSERT INTO customhouse_journal (name, fence, run_id, as_of, place, body)
			VALUES ($1, $2, $3, $4, $5, $6) RETURNING seq`,
			l.name, l.fence, e.RunID, e.AsOf.UnixMicro(), e.Place, body).Scan(&seq)
	})
	return seq, err
}

// Entries are what the journal holds of the lease's name, in order: its own and
// those of leases before it.
func (l *Lease) Entries(ctx context.Context) (list []Entry, err error) {
	err = l.with(ctx, "reading the journal in", func(tx *sql.Tx) error {
		list = nil
		rows, err := tx.QueryContext(ctx, `SELECT seq, run_id, as_of, place, body FROM customhouse_journal WHERE name = $1 ORDER BY seq`, l.name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
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
