package duckdb

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	engine "github.com/duckdb/duckdb-go-bindings"

	"github.com/customhouse-cdp/customhouse/adapters"
)

// resultError is the error that a result holds.
func resultError(r *engine.Result) error { return textError(engine.ResultError(r)) }

// kindOf classifies by the words with which the engine begins its messages.
// Each kind of error has one such beginning, and the preparing calls of the C
// interface tell the kind in no other way.
var kindOf = map[string]adapters.Kind{
	"TransactionContext Error": adapters.Transient,
	"Catalog Error":            adapters.NotFound,
	"Parser Error":             adapters.Syntax,
	"Syntax Error":             adapters.Syntax,
	"Binder Error":             adapters.Syntax,
	"Not implemented Error":    adapters.Syntax,
	"Permission Error":         adapters.Permission,
	"Out of Memory Error":      adapters.Quota,
	"Conversion Error":         adapters.Data,
	"Out of Range Error":       adapters.Data,
	"Invalid Input Error":      adapters.Data,
	"Mismatch Type Error":      adapters.Data,
	"Constraint Error":         adapters.Data,
	"INTERRUPT Error":          adapters.Canceled,
}

// textError turns a message of the engine into an error without row content.
// What the engine says of names and files is kept. What it says of values is
// not: it quotes them.
func textError(message string) error {
	prefix, rest, _ := strings.Cut(message, ": ")
	kind := kindOf[prefix]
	// The engine appends the place in the statement, and its advice.
	body, _, _ := strings.Cut(rest, "\n\nLINE ")
	summary, near, _ := strings.Cut(body, "\nDid you mean ")
	summary, candidates, _ := strings.Cut(summary, "\nCandidate bindings: ")
	e := &adapters.Error{Kind: kind, Message: oneLine(summary)}
	switch {
	case prefix == "IO Error" || prefix == "Fatal Error":
		return ioError(rest)
	case kind == adapters.Data:
		e.Message = dataMessage(prefix, body)
		e.Help = "find the value in the source, or declare the column as string"
		if strings.Contains(body, "CSV") {
			e.Help = "check the delimiter, the quotes and the encoding (UTF-8) of the file"
		}
	case kind == adapters.Transient && !strings.Contains(body, "onflict"):
		// The disk may have refused what the transaction wrote.
		if cause, ok := strings.CutPrefix(body, "Failed to commit: "); ok {
			if disk := ioError(cause); disk.Kind != adapters.Unknown {
				return disk
			}
		}
		// A transaction that the engine refuses for good.
		e.Kind = adapters.Syntax
	case kind == adapters.NotFound:
		if near != "" && !systemTable.MatchString(near) {
			e.Help = "did you mean " + oneLine(near)
		}
		if !strings.Contains(summary, "does not exist") {
			e.Kind = adapters.Syntax
		}
	case kind == adapters.Quota:
		e.Help = "raise memory_limit of the target, or lower its threads"
		if strings.Contains(body, "max_temp_directory_size") {
			e.Help = "raise memory_limit of the target, or give its temp_directory more room"
		}
	case candidates != "":
		e.Help = "columns with such a name: " + oneLine(candidates)
	}
	return e
}

// systemTable matches what the engine proposes among its own tables.
var systemTable = regexp.MustCompile(`^"(pg_|sqlite_|duckdb_|information_schema)`)

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// conversion finds the type that a value was to become, and the column that
// it came from: the last words of the engine's message, behind the value.
var conversion = regexp.MustCompile(`(?s).* to (?:type )?([A-Z][A-Z0-9_]*(?:\([0-9, ]+\))?)(?: when casting from source column ([^\n]*))?(?:\n.*)?$`)

// csvPlace finds where in a CSV file the engine stumbled.
var csvPlace = regexp.MustCompile(`CSV Error on Line: ([0-9]+)`)

func dataMessage(prefix, rest string) string {
	if m := csvPlace.FindStringSubmatch(rest); m != nil {
		return fmt.Sprintf("line %s of a CSV file cannot be read", m[1])
	}
	if strings.HasPrefix(rest, "Error when sniffing file") {
		return "a CSV file cannot be read: its rows do not all have the fields of its header"
	}
	switch prefix {
	case "Conversion Error":
		if m := conversion.FindStringSubmatch(rest); m != nil {
			if m[2] != "" {
				return fmt.Sprintf("a value of column %s cannot be read as %s", m[2], m[1])
			}
			return "a value cannot be read as " + m[1]
		}
		return "a value cannot be converted"
	case "Out of Range Error":
		return "a number is out of range"
	case "Constraint Error":
		return "a row breaks a constraint of the table"
	default:
		return "a value is not valid for what is done with it"
	}
}

// holder finds the process that holds a file.
var holder = regexp.MustCompile(`Conflicting lock is held in (.*?) \(PID ([0-9]+)\)`)

// ioError tells the troubles of files apart.
func ioError(rest string) *adapters.Error {
	summary, _, _ := strings.Cut(rest, "\n\nLINE ")
	e := &adapters.Error{Message: oneLine(summary)}
	has := func(s string) bool { return strings.Contains(rest, s) }
	switch {
	case has("Could not set lock on file") || has("already attached by database") || has("Unique file handle conflict"):
		e.Kind = adapters.Locked
		e.Message = "the DuckDB file is in use by another process"
		e.Help = "wait until that process is done, or stop it: a DuckDB file belongs to one process at a time"
		if m := holder.FindStringSubmatch(rest); m != nil {
			e.Message = fmt.Sprintf("the DuckDB file is in use by process %s (%s)", m[2], m[1])
		}
	case has("No space left") || has("File too large") || has("Disk quota"):
		e.Kind = adapters.Quota
		e.Message = "the disk is full"
		e.Help = "free some room where the DuckDB file and its temp_directory are"
	case has("No such file or directory") || has("No files found") || has("does not exist"):
		e.Kind = adapters.NotFound
		e.Help = "check the path; a relative one starts at the project's directory"
	case has("Permission denied") || has("Read-only file system") || has("read-only mode"):
		e.Kind = adapters.Permission
		e.Help = "the directory of a DuckDB file must be writable: DuckDB keeps a log beside it"
	case has("not a valid DuckDB database file"):
		e.Help = "give the target another path: this file is something else"
	}
	return e
}

// openError is an error of the engine's start.
func openError(message string) error {
	err := textError(message)
	var e *adapters.Error
	if errors.As(err, &e) && e.Kind == adapters.Unknown && e.Message == "" {
		e.Message = "DuckDB did not start"
	}
	return err
}

func canceled(err error) error {
	return &adapters.Error{Kind: adapters.Canceled, Message: "the statement was cancelled", Err: err}
}
