// Package rules turns conditions in CEL into a tree that a visual builder can
// edit, and such a tree into CEL.
//
// Nothing is lost on the way: what has no widget is a node that holds CEL, so
// that every condition opens, and the CEL of a tree is the expression that the
// tree was made of, to cel-go's parser. What cannot be is refused.
//
// The package knows the shape of conditions and no project: whether a trait or
// an operator's types exist is for package expr to say. It reads no file and
// runs nothing. Start with Rule, then FromCEL and ToCEL.
package rules
