// Package sql is a small, closed syntax tree of SQL, one printer for it, and
// one table per dialect.
//
// It holds what Customhouse needs to say to a warehouse and nothing else: the
// tree knows no vendor, and a Dialect is a value (a table of one-line snippets
// and a few facts), never a branch in code. The printer owns quoting and
// parentheses: a user's text can enter a statement only as a String literal or
// as a quoted name.
//
// The package never runs SQL, never does I/O, and imports nothing of ours.
// Loops are not SQL: see models.Loop.
//
// Start with Select in query.go, then Printer in print.go, then DuckDB in
// duckdb.go for what a dialect is.
package sql
