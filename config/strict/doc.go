// Package strict reads YAML the way a compiler reads source: every key is
// known, every value has the right type, every finding has its place, and all
// of them are reported.
//
// It never expands anything. Aliases, anchors, merge keys and tags are
// refused, so that a file means what it says and no small file becomes a big
// value. Start at Parse, then Node.Decode. Rewrite gives texts of a file other
// values and leaves the rest as it is.
package strict
