package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/duckdb/duckdb-go/v2"
)

// A Store is the engine that holds rows: DuckDB in memory. A table of BigQuery is
// a table of the engine with a name of its own, so that to rename and to replace
// is to change the catalog.
type Store struct {
	db   *sql.DB
	last atomic.Int64

	// busy is held for reading by what uses tables of the engine: the rows of
	// tables that are gone stay as long as somebody may read them.
	busy sync.RWMutex
	mu   sync.Mutex
	gone []string
	// scripts are the functions in JavaScript that the engine knows.
	scripts map[string]bool
}

func newStore(ctx context.Context) (*Store, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, fmt.Errorf("the engine: %w", err)
	}
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("the engine: %w", err)
	}
	defer func() { _ = c.Close() }()
	if err := define(c); err != nil {
		return nil, fmt.Errorf("the engine: %w", err)
	}
	for _, m := range macros {
		if _, err := c.ExecContext(ctx, "CREATE MACRO "+m); err != nil {
			return nil, fmt.Errorf("the engine: %s: %w", m, err)
		}
	}
	for _, s := range []string{"SET TimeZone = 'UTC'", "SET autoinstall_known_extensions = false", "SET autoload_known_extensions = false"} {
		if _, err := c.ExecContext(ctx, s); err != nil {
			return nil, fmt.Errorf("the engine: %w", err)
		}
	}
	return &Store{db: db, scripts: map[string]bool{}}, nil
}

// name is one that no table has had.
func (s *Store) name() string { return "t" + strconv.FormatInt(s.last.Add(1), 10) }

func (s *Store) create(ctx context.Context, c *sql.Conn, t *Table) (err error) {
	defer recovered(&err)
	var columns []string
	for _, col := range t.Columns {
		d := quote(col.Name) + " " + col.Type.engine()
		if col.Required {
			d += " NOT NULL"
		}
		columns = append(columns, d)
	}
	if len(columns) == 0 {
		columns = []string{`"" INTEGER`}
	}
	_, err = c.ExecContext(ctx, "CREATE TABLE "+t.Engine+" ("+strings.Join(columns, ", ")+")")
	return err
}

// drop takes away rows once nobody reads them.
func (s *Store) drop(table string) {
	if table == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = append(s.gone, table)
}

// tidy drops what is gone, where nobody is busy.
func (s *Store) tidy() {
	if !s.busy.TryLock() {
		return
	}
	defer s.busy.Unlock()
	s.mu.Lock()
	gone := s.gone
	s.gone = nil
	s.mu.Unlock()
	for _, table := range gone {
		_, _ = s.db.ExecContext(context.Background(), "DROP TABLE IF EXISTS "+table)
	}
}

// transaction runs f in a transaction of its own, again where another one was in
// its way.
func (s *Store) transaction(ctx context.Context, c *sql.Conn, f func() error) error {
	for try := 0; ; try++ {
		if _, err := c.ExecContext(ctx, "BEGIN"); err != nil {
			return err
		}
		err := f()
		if err == nil {
			if _, err = c.ExecContext(ctx, "COMMIT"); err == nil {
				return nil
			}
		}
		// What failed may have ended the transaction already.
		_, _ = c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		if !conflict(err) || try > 200 || ctx.Err() != nil {
			return err
		}
	}
}

func conflict(err error) bool {
	var e *duckdb.Error
	return errors.As(err, &e) && e.Type == duckdb.ErrorTypeTransaction
}

// mistakes are the errors of the engine that are the statement's, and BigQuery's
// reasons for them.
var mistakes = map[duckdb.ErrorType]string{
	duckdb.ErrorTypeInvalidInput: "invalidQuery", duckdb.ErrorTypeOutOfRange: "invalidQuery", duckdb.ErrorTypeConversion: "invalidQuery",
	duckdb.ErrorTypeConstraint: "invalidQuery", duckdb.ErrorTypeDivideByZero: "invalidQuery", duckdb.ErrorTypeDecimal: "invalidQuery",
	duckdb.ErrorTypeMismatchType: "invalidQuery", duckdb.ErrorTypeOutOfMemory: "resourcesExceeded",
}

// failure is an error of the engine as BigQuery reports it.
func failure(ctx context.Context, err error) error {
	var ours *Error
	var e *duckdb.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &Error{Reason: "stopped", Message: "Job execution was cancelled: User requested cancellation"}
	case errors.As(err, &ours):
		return ours
	case conflict(err):
		return invalid("Transaction is aborted due to concurrent update against a table.")
	case errors.As(err, &e):
		_, message, found := strings.Cut(e.Msg, "Error: ")
		// What is behind is the engine's spelling.
		message, _, _ = strings.Cut(message, " when casting from source column ")
		if !found {
			message = e.Msg
		}
		message = strings.TrimPrefix(message, "database/sql/driver: API error: ")
		if reason, ok := mistakes[e.Type]; ok && !strings.Contains(message, "emulator: ") {
			return &Error{Reason: reason, Location: "query", Message: message}
		}
		return &Error{Reason: "notImplemented", Message: "emulator: the engine refuses its translation: " + e.Msg}
	}
	return &Error{Reason: "internalError", Message: "emulator: " + err.Error()}
}
