// Package state keeps what is the process's and not the customer's: which
// process delivers a sync (leases), what destinations acknowledged and the
// warehouse does not know yet (the journal), requests that must not be sent twice
// and jobs that destinations have not ended, and refresh tokens that they have
// replaced.
//
// It is one small SQLite file a target, or a PostgreSQL database where several
// machines share the work. Losing it loses no delivery: what was in the journal
// is sent once more. It knows nothing of syncs, warehouses or destinations,
// reads no row that it holds, and never logs: an entry holds people's keys, and
// a token is a secret.
//
// Start at Open, then lease.go for who may write, and journal.go for what.
package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Options say where the state is, and whose.
type Options struct {
	// Place is the path of a SQLite file, which is made where it is missing, or
	// the address of a PostgreSQL database. An address may hold a password: it is
	// never part of an error.
	Place string
	// Scope is put before every name: what shares a place is told apart by it.
	Scope string
	// Now is this machine's clock. Only SQLite goes by it: PostgreSQL, which
	// machines share, has a clock of its own.
	Now func() time.Time
	// TTL is how long a lease lasts that is not renewed, a minute where 0.
	TTL time.Duration
}

// Store is an open state.
type Store struct {
	opt  Options
	kind *kind
	db   *sql.DB
	// shown is the place as errors may name it.
	shown string
	self  holder
	// deleted says that entries of the journal were.
	deleted atomic.Bool
}

// Error is a failure of the store, and what to do about it.
type Error struct {
	Message, Help string
	Err           error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// defaultTTL is long enough for a warehouse to be busy, and short enough to wait
// for where a machine has died.
const defaultTTL = time.Minute

// IsAddress says that a place is a database's, and not a file's.
func IsAddress(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}

// Open opens a state and brings its tables up to date. The error is an *Error
// where the user can do something about it.
func Open(ctx context.Context, opt Options) (*Store, error) {
	if opt.TTL == 0 {
		opt.TTL = defaultTTL
	}
	open := openSQLite
	if IsAddress(opt.Place) {
		open = openPostgres
	}
	s, err := open(ctx, opt)
	if err != nil {
		return nil, err
	}
	s.self = here()
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close releases the state. It may be called twice.
func (s *Store) Close() error {
	if s.kind.tidy != nil && s.deleted.Swap(false) {
		s.kind.tidy(s.db)
	}
	if err := s.db.Close(); err != nil {
		return s.fail("closing", err)
	}
	return nil
}

// kind is what SQLite and PostgreSQL do differently.
type kind struct {
	// types replaces the names of types in a migration.
	types *strings.Replacer
	// lock begins a migration alone; nothing where the transaction does so.
	lock string
	// now is the store's clock in microseconds; this machine's where empty.
	now string
	// tidy runs before a state is closed that entries were deleted from; it may
	// be nil.
	tidy func(*sql.DB)
	// explain turns an error of the database into one for the user; nil for one
	// that it does not know.
	explain func(shown string, err error) *Error
}

// migrations make the tables; each is run once, in order. What is here was
// released: a change is a new entry.
var migrations = []string{
	`CREATE TABLE customhouse_leases (
		name TEXT PRIMARY KEY, fence BIGINT NOT NULL, holder TEXT NOT NULL,
		since BIGINT NOT NULL, expires_at BIGINT NOT NULL
	);
	CREATE TABLE customhouse_journal (
		seq $serial, name TEXT NOT NULL, fence BIGINT NOT NULL,
		run_id TEXT NOT NULL, as_of BIGINT NOT NULL, place TEXT NOT NULL, body $bytes NOT NULL
	);
	CREATE INDEX customhouse_journal_name ON customhouse_journal (name, seq);
	CREATE TABLE customhouse_tokens (
		name TEXT PRIMARY KEY, origin TEXT NOT NULL, token TEXT NOT NULL
	)`,
	`CREATE TABLE customhouse_jobs (
		name TEXT NOT NULL, id TEXT NOT NULL, place TEXT NOT NULL, run_id TEXT NOT NULL, started_at BIGINT NOT NULL,
		handle TEXT NOT NULL, idempotent BIGINT NOT NULL, body $bytes NOT NULL, PRIMARY KEY (name, id)
	)`,
	`ALTER TABLE customhouse_leases ADD COLUMN mark TEXT NOT NULL DEFAULT ''`,
}

// migrate makes the tables, or refuses those of a newer program.
func (s *Store) migrate(ctx context.Context) error {
	return s.within(ctx, "preparing", func(tx *sql.Tx) error {
		if s.kind.lock != "" {
			if _, err := tx.ExecContext(ctx, s.kind.lock); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS customhouse_state_version (version BIGINT NOT NULL)`); err != nil {
			return err
		}
		var version sql.NullInt64
		if err := tx.QueryRowContext(ctx, `SELECT max(version) FROM customhouse_state_version`).Scan(&version); err != nil {
			return err
		}
		if version.Int64 > int64(len(migrations)) {
			return &Error{
				Message: fmt.Sprintf("%s was written by a newer customhouse: it is of version %d, and this one knows %d", s.shown, version.Int64, len(migrations)),
				Help:    "use the newer program, or name another place with state: of the target",
			}
		}
		for at, migration := range migrations {
			if int64(at) < version.Int64 {
				continue
			}
			if _, err := tx.ExecContext(ctx, s.kind.types.Replace(migration)); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO customhouse_state_version (version) VALUES ($1)`, at+1); err != nil {
				return err
			}
		}
		return nil
	})
}

// within runs a transaction; doing names it in errors.
func (s *Store) within(ctx context.Context, doing string, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.fail(doing, err)
	}
	if err := do(tx); err != nil {
		// What a failed transaction says when it is rolled back adds nothing.
		_ = tx.Rollback()
		return s.fail(doing, err)
	}
	if err := tx.Commit(); err != nil {
		return s.fail(doing, err)
	}
	return nil
}

// fail makes an error of the database one for the user.
func (s *Store) fail(doing string, err error) error {
	for _, ours := range []any{new(*Error), new(*HeldError), new(*LostError)} {
		if errors.As(err, ours) {
			return err
		}
	}
	if known := s.kind.explain(s.shown, err); known != nil {
		return known
	}
	return fmt.Errorf("%s the state in %s: %w", doing, s.shown, err)
}

// name is a name in the store.
func (s *Store) name(n string) string { return s.opt.Scope + "/" + n }

// now is the time of the store, in microseconds.
func (s *Store) now(ctx context.Context, tx *sql.Tx) (int64, error) {
	if s.kind.now == "" {
		return s.opt.Now().UnixMicro(), nil
	}
	var now int64
	err := tx.QueryRowContext(ctx, "SELECT "+s.kind.now).Scan(&now)
	return now, err
}
