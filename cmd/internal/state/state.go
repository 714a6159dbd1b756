// Package state keeps what is the process's and not the customer's: which
// process delivers a sync (leases), what destinations acknowledged and the
// warehouse does not know yet (the journal), requests that must not be sent twice
// and jobs that destinations have not ended, refresh tokens that they have
// replaced, what became of each slot of a schedule and of its run, what alerts
// have told, the hashes of the tokens that callers of the API have, the audit log,
// and what people asked for as is their right.
//
// It is one small SQLite file a target, or a PostgreSQL database where several
// machines share the work. Losing it loses no delivery: what was in the journal
// is sent once more. It knows nothing of syncs, warehouses or destinations,
// reads no row that it holds, and never logs: an entry holds people's keys, and
// a token is a secret.
//
// Start at Open, then lease.go for who may write, journal.go for what a delivery
// writes, slot.go for what schedules do, result.go for what becomes of runs,
// apitoken.go for who may ask, audit.go for what was decided and done, and
// privacy.go for what people asked for.
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
	// asked counts the statements about schedules.
	asked atomic.Int64
}

// Error is a failure of the store, and what to do about it.
type Error struct {
	Message, Help string
	Err           error
	// Unknown says that what somebody named is not there, and nothing else is wrong.
	Unknown bool
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
	// rewrite leaves nothing of what was deleted in the file; empty where there is
	// no file.
	rewrite string
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
	`CREATE TABLE customhouse_schedules (
		scope TEXT NOT NULL, schedule TEXT NOT NULL, line TEXT NOT NULL, anchor BIGINT NOT NULL, planned_to BIGINT NOT NULL,
		seen TEXT NOT NULL, looked_at BIGINT NOT NULL, paused_at BIGINT NOT NULL, paused_by TEXT NOT NULL,
		PRIMARY KEY (scope, schedule)
	);
	CREATE TABLE customhouse_slots (
		scope TEXT NOT NULL, schedule TEXT NOT NULL, due_at BIGINT NOT NULL, start_at BIGINT NOT NULL, cause TEXT NOT NULL,
		status TEXT NOT NULL, late BIGINT NOT NULL, reason TEXT NOT NULL, run_id TEXT NOT NULL, started_at BIGINT NOT NULL,
		ended_at BIGINT NOT NULL, holder TEXT NOT NULL, fence BIGINT NOT NULL, attempts BIGINT NOT NULL,
		PRIMARY KEY (scope, schedule, due_at)
	);
	CREATE INDEX customhouse_slots_open ON customhouse_slots (scope, schedule, due_at) WHERE ended_at = 0;
	CREATE INDEX customhouse_slots_due ON customhouse_slots (scope, due_at)`,
	`CREATE TABLE customhouse_alerts (
		scope TEXT NOT NULL, alert TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, told TEXT NOT NULL,
		times BIGINT NOT NULL, since BIGINT NOT NULL, run_id TEXT NOT NULL, reason TEXT NOT NULL, claimed_until BIGINT NOT NULL,
		PRIMARY KEY (scope, alert, subject)
	)`,
	`ALTER TABLE customhouse_slots ADD COLUMN wanted TEXT NOT NULL DEFAULT '';
	ALTER TABLE customhouse_slots ADD COLUMN stop_at BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE customhouse_slots ADD COLUMN stop_by TEXT NOT NULL DEFAULT '';
	CREATE TABLE customhouse_requests (
		scope TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, schedule TEXT NOT NULL, due_at BIGINT NOT NULL,
		PRIMARY KEY (scope, key)
	);
	CREATE TABLE customhouse_results (
		scope TEXT NOT NULL, run_id TEXT NOT NULL, ended_at BIGINT NOT NULL, body $bytes NOT NULL,
		PRIMARY KEY (scope, run_id)
	);
	CREATE TABLE customhouse_sync_results (
		scope TEXT NOT NULL, sync TEXT NOT NULL, run_id TEXT NOT NULL, ended_at BIGINT NOT NULL, body $bytes NOT NULL,
		PRIMARY KEY (scope, sync)
	);
	CREATE TABLE customhouse_api_tokens (
		scope TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL, may TEXT NOT NULL,
		created_at BIGINT NOT NULL, created_by TEXT NOT NULL, expires_at BIGINT NOT NULL,
		revoked_at BIGINT NOT NULL, revoked_by TEXT NOT NULL, used_at BIGINT NOT NULL,
		PRIMARY KEY (scope, id)
	)`,
	`CREATE TABLE customhouse_audit (
		scope TEXT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL,
		PRIMARY KEY (scope, seq)
	);
	CREATE TABLE customhouse_audit_head (
		scope TEXT PRIMARY KEY, seq BIGINT NOT NULL, hash TEXT NOT NULL, decided TEXT NOT NULL, seal TEXT NOT NULL
	)`,
	`CREATE TABLE customhouse_privacy_keys (scope TEXT PRIMARY KEY, key $bytes NOT NULL);
	CREATE TABLE customhouse_privacy_requests (
		scope TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, entity TEXT NOT NULL, subject $bytes NOT NULL, found $bytes NOT NULL,
		evidence TEXT NOT NULL, purpose TEXT NOT NULL, trait TEXT NOT NULL, value TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
		asked_by TEXT NOT NULL, received_at BIGINT NOT NULL, due_at BIGINT NOT NULL, extended_at BIGINT NOT NULL, extended_because TEXT NOT NULL,
		ended_at BIGINT NOT NULL, PRIMARY KEY (scope, id)
	);
	CREATE TABLE customhouse_privacy_steps (
		scope TEXT NOT NULL, request TEXT NOT NULL, seq BIGINT NOT NULL, step TEXT NOT NULL, system TEXT NOT NULL, status TEXT NOT NULL,
		attempts BIGINT NOT NULL, error TEXT NOT NULL, receipt TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (scope, request, step, system)
	)`,
	`ALTER TABLE customhouse_privacy_requests ADD COLUMN asked_key TEXT NOT NULL DEFAULT ''`,
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
