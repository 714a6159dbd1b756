// Package syntax reads CEL as it is written: every token, parenthesis and
// comment, with its place. Upon that it formats expressions, and other
// packages recognise their shape without what cel-go's macros make of them.
//
// It knows the grammar and no words: functions, macros and names are whatever
// the author wrote, so that a growing language needs no change here. It never
// types, evaluates or translates anything, and cel-go's parser has the last
// word on what is an expression and on whether two mean the same (Same).
//
// Start with Parse, then Format.
package syntax
