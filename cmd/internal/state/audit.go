package state

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"math"
	"time"
)

// AuditEntry is an entry of the audit log. What it says is the writer's, and so
// are the hashes that chain it to the one before.
type AuditEntry struct {
	Seq            int64
	At             time.Time
	Body           string
	Previous, Hash string
}

// AuditHead is what the audit log says of its end; zero where nothing was ever
// written to it.
type AuditHead struct {
	// Seq and Hash are those of the last entry.
	Seq  int64
	Hash string
	// Decided is a text of the writer's, to compare the next decisions with.
	Decided string
	// Seal shows that the head is the writer's.
	Seal string
}

// Audit adds entries to the audit log: those that add makes of its head, and the
// head that comes of them. Whoever else adds waits meanwhile; now is the store's
// clock. Where add fails, or returns no entries, nothing is written.
func (s *Store) Audit(ctx context.Context, add func(now time.Time, head AuditHead) ([]AuditEntry, AuditHead, error)) error {
	return s.within(ctx, "writing the audit log to", func(tx *sql.Tx) error {
		// The row is there for whoever comes second to wait on.
		if _, err := tx.ExecContext(ctx, `INSERT INTO customhouse_audit_head (scope, seq, hash, decided, seal) VALUES ($1, 0, '', '', '')
			ON CONFLICT (scope) DO NOTHING`, s.opt.Scope); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE customhouse_audit_head SET scope = scope WHERE scope = $1`, s.opt.Scope); err != nil {
			return err
		}
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		head, err := s.auditHead(ctx, tx)
		if err != nil {
			return err
		}
		entries, head, err := add(moment(now), head)
		if err != nil || len(entries) == 0 {
			return err
		}
		for _, e := range entries {
			if _, err := tx.ExecContext(ctx, `INSERT INTO customhouse_audit (scope, seq, at, body, previous, hash) VALUES ($1, $2, $3, $4, $5, $6)`,
				s.opt.Scope, e.Seq, micro(e.At), e.Body, e.Previous, e.Hash); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE customhouse_audit_head SET seq = $1, hash = $2, decided = $3, seal = $4 WHERE scope = $5`,
			head.Seq, head.Hash, head.Decided, head.Seal, s.opt.Scope)
		return err
	})
}

// AuditHead is the head of the audit log.
func (s *Store) AuditHead(ctx context.Context) (AuditHead, error) {
	head, err := s.auditHead(ctx, s.db)
	return head, s.failed("reading the audit log in", err)
}

// auditHead is the same within a transaction.
func (s *Store) auditHead(ctx context.Context, from interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
},
) (head AuditHead, err error) {
	err = from.QueryRowContext(ctx, `SELECT seq, hash, decided, seal FROM customhouse_audit_head WHERE scope = $1`, s.opt.Scope).
		Scan(&head.Seq, &head.Hash, &head.Decided, &head.Seal)
	if errors.Is(err, sql.ErrNoRows) {
		return head, nil
	}
	return head, err
}

// AuditFirst is the Seq after which AuditEntries begins with whatever is first.
const AuditFirst = math.MinInt64

// AuditEntries are the entries after a Seq, in order, those included that are
// written meanwhile. A few of them are in memory at a time. It ends after the
// first error.
func (s *Store) AuditEntries(ctx context.Context, after int64) iter.Seq2[AuditEntry, error] {
	return func(yield func(AuditEntry, error) bool) {
		for {
			list, err := s.auditEntries(ctx, after)
			if err != nil {
				yield(AuditEntry{}, s.fail("reading the audit log in", err))
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

// auditEntries are the next page of entries.
func (s *Store) auditEntries(ctx context.Context, after int64) (list []AuditEntry, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT seq, at, body, previous, hash FROM customhouse_audit WHERE scope = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
		s.opt.Scope, after, pageEntries)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e AuditEntry
		var at int64
		if err := rows.Scan(&e.Seq, &at, &e.Body, &e.Previous, &e.Hash); err != nil {
			return nil, err
		}
		e.At = moment(at)
		list = append(list, e)
	}
	return list, rows.Err()
}
