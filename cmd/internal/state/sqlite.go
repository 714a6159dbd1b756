package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-sqlite3"
)

var sqliteKind = &kind{
	types: strings.NewReplacer("$serial", "INTEGER PRIMARY KEY AUTOINCREMENT", "$bytes", "BLOB"),
	tidy:  rewriteSQLite,
	// What stands in the log goes with it.
	rewrite: `VACUUM; PRAGMA wal_checkpoint(TRUNCATE)`,
	explain: explainSQLite,
}

// rewriteSQLite writes the file anew: keys of people are not to stay in it where
// entries were deleted. To overwrite each of them at once would cost as much as
// writing it. Where another process is at work it fails, and that one will do
// the same.
func rewriteSQLite(db *sql.DB) { _, _ = db.ExecContext(context.Background(), "VACUUM") }

// ignored keeps the folder out of Git: what it holds is this machine's.
const ignored = "# What customhouse knows of its own runs; see docs/reliability.md.\n*\n"

// openSQLite opens or makes a file that only its owner can read.
func openSQLite(ctx context.Context, opt Options) (*Store, error) {
	s := &Store{opt: opt, kind: sqliteKind, shown: opt.Place}
	if err := makeFile(opt.Place); err != nil {
		return nil, unwritable(opt.Place, err)
	}
	// Every transaction writes: to begin as a reader could only fail later. A
	// commit is on disk when it returns (synchronous=FULL).
	settings := url.Values{
		"_txlock": {"immediate"}, "_busy_timeout": {"10000"}, "_journal_mode": {"WAL"}, "_synchronous": {"FULL"},
		"mode": {"rw"},
	}
	name := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(opt.Place)}).EscapedPath(), RawQuery: settings.Encode()}
	db, err := sql.Open("sqlite3", name.String())
	if err != nil {
		return nil, fmt.Errorf("opening the state in %s: %w", opt.Place, err)
	}
	db.SetMaxOpenConns(1) // one writer at a time is all that the file allows
	s.db = db
	// A file that was cut off is noticed now, and not at the row that is gone.
	var found string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); err != nil {
		return nil, errors.Join(s.fail("opening", err), db.Close())
	}
	if found != "ok" {
		return nil, errors.Join(damaged(opt.Place, errors.New(strings.ReplaceAll(found, "\n", " "))), db.Close())
	}
	return s, nil
}

// makeFile makes the folder and the file, for their owner alone.
func makeFile(name string) error {
	dir := filepath.Dir(name)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(ignored), 0o600); err != nil {
			return err
		}
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the place that the project names
	if err != nil {
		return err
	}
	return file.Close()
}

// unwritable is the error of a place that is not ours to write.
func unwritable(place string, err error) *Error {
	return &Error{
		Message: "the state of this target cannot be written to " + place, Err: err,
		Help: "let the user that runs customhouse write there, or name another place with state: of the target",
	}
}

// damaged is the error of a file that is no state, or not a whole one.
func damaged(place string, err error) *Error {
	return &Error{
		Message: place + " is damaged, or no state of customhouse", Err: err,
		Help: "move the file away together with those that end in -wal and -shm, and run again: what was on its way is sent once more; sign in again where a destination has replaced its refresh token",
	}
}

// explainSQLite knows the errors that users can do something about.
func explainSQLite(shown string, err error) *Error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code {
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return damaged(shown, err)
	case sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrPerm:
		return unwritable(shown, err)
	case sqlite3.ErrFull, sqlite3.ErrIoErr:
		return &Error{Message: "the state of this target cannot be written to " + shown, Err: err, Help: "free some room there, or name another place with state: of the target, and run again"}
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return &Error{Message: shown + " is locked by another process", Err: err, Help: "see which process has it open, and run again"}
	}
	return nil
}
