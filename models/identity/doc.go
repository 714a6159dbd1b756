// Package identity compiles identity resolution: from the identifiers that
// the rows of an entity's sources carry to one stable id for each customer.
//
// Every source row links the identifiers it carries. Linked identifiers are
// one customer: the connected components of that graph, found by min-forest
// contraction (components.go), a loop of plain joins whose rounds grow with
// the logarithm of the longest chain. Limits keep a shared identifier from
// merging strangers (limits.go). Ids are assigned once and carried over from
// build to build (ids.go).
//
// The package never looks at data and never runs SQL; it says what to run.
// Start with Rows, then Resolve.
package identity
