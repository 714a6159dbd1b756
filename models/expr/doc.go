// Package expr turns the CEL expressions of a project (computed traits and
// segments) into SQL trees.
//
// An expression is parsed and typed by cel-go against what the project
// declares, then translated. The meaning is cel-go's own: an evaluation error
// is SQL NULL, a missing value is CEL's null, and at a boundary (a segment, the
// predicate of exists or filter) NULL is false. What SQL cannot say exactly is
// refused with a place in the YAML; nothing is approximated.
//
// What an expression asks of a collection ("orders.sum(o, o.amount)") becomes
// a Feature: one aggregate per entity, shared by every expression that asks
// the same, so that all of them can be computed in one pass over the rows.
//
// The same checked expressions can be evaluated in process, on one profile given
// as values: see Evaluator.
//
// The package never runs SQL, reads no clock and no file. Start with Compile
// in expr.go, then translate.go for the rule of NULL, then collection.go.
package expr
