package state

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

var postgresKind = &kind{
	types: strings.NewReplacer("$serial", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "$bytes", "BYTEA"),
	// The number is only ours.
	lock:    `SELECT pg_advisory_xact_lock(7309453281)`,
	now:     `(extract(epoch from clock_timestamp()) * 1000000)::bigint`,
	explain: explainPostgres,
}

// openPostgres connects to a database.
func openPostgres(ctx context.Context, opt Options) (*Store, error) {
	s := &Store{opt: opt, kind: postgresKind, shown: "PostgreSQL"}
	config, err := pgx.ParseConfig(opt.Place)
	if err != nil {
		// The error quotes the address, which may hold a password.
		return nil, &Error{Message: "the address of the state's PostgreSQL cannot be read", Help: "write it as postgres://user:password@host:5432/database, from a reference to a secret"}
	}
	s.shown = "PostgreSQL at " + config.Host + ", database " + config.Database
	// An answer is on disk when it is given, whatever the server's own default.
	config.RuntimeParams["synchronous_commit"] = "on"
	config.RuntimeParams["application_name"] = "customhouse"
	// Nobody waits for a process that stopped in the middle of a transaction.
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "10s"
	config.RuntimeParams["lock_timeout"] = "30s"
	s.db = stdlib.OpenDB(*config)
	s.db.SetMaxOpenConns(4)
	if err := s.db.PingContext(ctx); err != nil {
		return nil, errors.Join(s.fail("opening", err), s.db.Close())
	}
	return s, nil
}

// explainPostgres knows the errors that users can do something about. Those of
// a connection name the host and the user, and never the password.
func explainPostgres(shown string, err error) *Error {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return &Error{Message: "the state of this target, " + shown + ", cannot be reached", Err: err, Help: "see that the server runs, that its address is right and that it lets this machine in"}
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "42501": // insufficient_privilege
			return &Error{Message: "the state of this target, " + shown + ", cannot be written", Err: err, Help: "let the user make tables in its schema, and write to them"}
		case "25006": // read_only_sql_transaction
			return &Error{Message: "the state of this target, " + shown + ", is read-only", Err: err, Help: "name the server that can be written, not a copy of it"}
		}
	}
	return nil
}
