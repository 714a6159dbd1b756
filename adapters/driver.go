package adapters

import (
	"context"
	"iter"

	"github.com/customhouse-cdp/customhouse/sql"
)

// Driver is what a warehouse must do. Methods may be called from several
// goroutines. A cancelled context stops the statement at the warehouse.
// Errors are *Error where their kind is known.
type Driver interface {
	// Exec runs the statements in order in one session, and stops at the first
	// failure. The caller frames what must be atomic with the dialect's Begin
	// and Commit; after a failure Exec rolls back what it left open.
	Exec(ctx context.Context, script []string) error

	// Query runs one statement and streams its result. The caller closes Rows.
	Query(ctx context.Context, query string) (Rows, error)

	// Load appends rows to an existing table in bulk, in the order of columns.
	// It is not atomic: after an error some rows may be there.
	Load(ctx context.Context, table string, columns []string, rows iter.Seq2[[]any, error]) error

	// Columns lists the columns of a table, given as the parts of its name. A
	// missing table is an *Error of kind NotFound.
	Columns(ctx context.Context, table []string) ([]Column, error)

	// Close releases everything. It may be called twice.
	Close() error
}

// FileReader is an optional ability of a Driver: sources that are files.
type FileReader interface {
	// ReadFiles makes files readable for the life of the Driver as
	// sql.Table{Space: sql.Source, Name: name}; parts is that table's
	// qualified name. It reads no more than it needs to know the columns.
	ReadFiles(ctx context.Context, parts []string, files Files) error
}

// Catalog is an optional ability of a Driver: what the catalog tells and does
// without a statement, where that is quicker or the dialect has none.
type Catalog interface {
	// MakeSchema makes a schema, given as the parts of its name, where there is
	// none; work says that it is the one of work tables.
	MakeSchema(ctx context.Context, parts []string, work bool) error
	// Tables lists the tables of a schema.
	Tables(ctx context.Context, schema []string) ([]string, error)
}

// Checker is an optional ability of a Driver: to check a query without running
// it, where the dialect has no Explain.
type Checker interface {
	// Check says how many bytes the query would read.
	Check(ctx context.Context, query string) (bytes int64, err error)
}

// Biller is an optional ability of a Driver whose warehouse bills by bytes.
type Biller interface {
	// BytesBilled is what was billed for what the driver has run so far.
	BytesBilled() int64
}

// Stopper is an optional ability of a Driver whose statements go on at the
// warehouse although the process that sent them is gone.
type Stopper interface {
	// StopOthers stops the statements that other processes of ours have sent and
	// that write to tables of the schemas, given as the parts of their names, and
	// returns when none is left, with how many there were. Where the user may not
	// see what runs it finds none.
	StopOthers(ctx context.Context, schemas [][]string) (int, error)
}

// Compacter is an optional ability of a Driver whose files keep what was deleted
// until it is written over.
type Compacter interface {
	// Compact leaves nothing that was deleted. Nothing else may be under way.
	Compact(ctx context.Context) error
}

// Files is a source in files.
type Files struct {
	// Path is a path or glob.
	Path string
	// Format is csv, json or parquet.
	Format string
	// Delimiter separates CSV fields.
	Delimiter string
}

// Rows streams a result. It is not safe for concurrent use.
type Rows interface {
	// Columns describes the result.
	Columns() []Column
	// Next fills dest, which has one place a column, and returns io.EOF at the
	// end. Values are nil, bool, int64, float64, string, []byte, time.Time (UTC)
	// and []any of these; a decimal is a string.
	Next(dest []any) error
	Close() error
}

// Column describes a column of a table or result.
type Column struct {
	Name string
	// Type is the kind, 0 where it is none of ours.
	Type sql.Type
	// Native is the warehouse's own spelling, for messages.
	Native string
	// Identifier says that a value's text identifies something: strings,
	// integers and UUIDs do; doubles, booleans, times and lists do not.
	Identifier bool
	// Untyped marks text of a format that has no types (CSV): a declared type
	// of any kind is read out of it.
	Untyped bool
}

// Kind classifies an Error by what can be done about it.
type Kind int

// The kinds. The zero value means unknown.
const (
	Unknown    Kind = iota
	Transient       // it had no effect, and the same statement may pass later
	Permission      // grants are missing
	NotFound        // a table, schema or file is not there
	Syntax          // the statement is wrong: our fault, or a wrong type
	Quota           // a limit of the account or machine: memory, disk, bytes billed
	Locked          // another process holds the database
	Canceled        // the context ended
	Data            // a value could not be converted
	Lost            // the connection is gone, and whether the statement had an effect is unknown
)

// Error is a warehouse's error with its kind.
type Error struct {
	Kind    Kind
	Message string // one line, what is wrong; no row content
	Help    string // what to do, where that is known
	// Statement is the position of the failed statement in Exec's script.
	Statement int
	Err       error
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }
