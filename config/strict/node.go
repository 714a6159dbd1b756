package strict

import "github.com/customhouse-cdp/customhouse/config/diag"

// Node is a handle on a decoded YAML value, kept for positions.
type Node struct{}

// Span is the place of the value itself.
func (n Node) Span() diag.Span { return diag.Span{} }

// At is the place of the value at a path of keys (list positions as decimal
// text), or of the nearest ancestor that exists.
func (n Node) At(path ...string) diag.Span { return diag.Span{} }

// Key is the place of the key at a path.
func (n Node) Key(path ...string) diag.Span { return diag.Span{} }

// Text is the scalar at a path, with the places of its bytes.
func (n Node) Text(path ...string) Text { return Text{} }
