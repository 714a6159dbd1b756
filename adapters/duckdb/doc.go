// Package duckdb runs SQL in an embedded DuckDB, held in a file or in memory.
//
// It talks to the engine's C interface and not through database/sql, for two
// reasons: results stream chunk by chunk (the database/sql driver first
// collects a result in memory, outside the engine's memory limit), and values
// are read from the engine's vectors without a conversion on the way.
//
// One process owns a file at a time. The user's file is attached under the
// name of FileCatalog; intermediate tables live in a second, in-memory
// database, WorkCatalog, which spills to disk under the memory limit and is
// gone with the process. A transaction may write only one of the two.
//
// The package never downloads engine extensions. Start with Open in driver.go.
package duckdb
