// Package models says what is built in the warehouse, as data: models with
// their steps, the checks that come first, and the audiences that syncs
// deliver. A graph of them is derived from the tables that their statements
// read and write; nobody writes dependencies down.
//
// The package and everything below it is pure: no context, clock, network or
// environment. It never runs SQL; cmd/internal/run does.
//
// Start with Plan in models.go, then compile.Compile, which makes one.
package models
