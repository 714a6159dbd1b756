// Package identity compiles identity resolution: from the identifiers that
// the rows of an entity's sources carry to one stable id for each customer.
//
// Every source row links the identifiers it carries (links.go). Linked
// identifiers are one customer: the connected components of that graph, found
// by min-forest contraction (components.go), a loop of plain joins whose rounds
// grow with the logarithm of the longest chain. Identifiers that too many share
// are quarantined first; limits and the pairs that people decided about keep
// the rest from merging strangers (limits.go). Ids are assigned once and
// carried over from build to build (ids.go).
//
// A run goes on from the last one where it can (state.go): it reads what is new
// (rows.go), finds the components which that touches (scope.go), builds those,
// and changes the rows that are different (publish.go). What it leaves is what
// a run over all rows would have left, ids included: resume_test.go holds it to
// that.
//
// Why two identifiers are one customer is answered from the stored rows
// (explain.go), by a search in memory over one component (graph.go).
//
// The package never looks at data and never runs SQL; it says what to run.
// Start with Rows, then Resolve.
package identity
