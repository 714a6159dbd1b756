// Package postgres runs SQL in a PostgreSQL, 15 or later.
//
// It speaks PostgreSQL's own protocol through pgx's lowest layer and not
// through database/sql: results stream row by row in the binary format, rows are
// loaded by COPY, and a context that ends stops the statement at the server.
//
// Each session is UTC. Intermediate tables are unlogged tables of a schema of
// their own, beside the public one; what a killed process left there the next
// run drops. Texts are compared by code point whatever the database's locale is;
// the dialect (sql.PostgreSQL) sees to that. PostgreSQL's texts cannot hold the
// character NUL: loading one is an error.
//
// The package never changes a setting of the server or the database, and no
// error of it shows a value of a row. Start with Open in driver.go.
package postgres
