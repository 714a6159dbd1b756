package strict

import "github.com/customhouse-cdp/customhouse/config/diag"

// Entry is one key of an Ordered map.
type Entry[V any] struct {
	Key   string
	Value V
}

// Ordered is a YAML map whose order matters.
type Ordered[V any] []Entry[V]

// Get returns the value of key.
func (o Ordered[V]) Get(key string) (V, bool) {
	for _, e := range o {
		if e.Key == key {
			return e.Value, true
		}
	}
	var zero V
	return zero, false
}

// OneOrMany is a list of strings that may be written as a single one.
type OneOrMany []string

// Text is a scalar of a YAML file together with where each of its bytes
// stands, so that an error inside embedded text (CEL) can point into the file
// that the user edits, in all five scalar styles.
type Text struct {
	Value string
	// unexported: offsets
}

// Span maps the bytes [start, end) of Value to their place in the file.
func (t Text) Span(start, end int) diag.Span { return diag.Span{} }
