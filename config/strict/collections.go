package strict

import (
	"reflect"

	"github.com/customhouse-cdp/customhouse/config/diag"
)

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

// Keys are the keys in order.
func (o Ordered[V]) Keys() []string {
	keys := make([]string, len(o))
	for i, e := range o {
		keys[i] = e.Key
	}
	return keys
}

// UnmarshalStrict decodes a mapping of any keys.
func (o *Ordered[V]) UnmarshalStrict(n Node, report func(diag.Diagnostic)) {
	fields, ok := n.mapping(report)
	if !ok {
		return
	}
	*o = make(Ordered[V], 0, len(fields))
	for _, f := range fields {
		e := Entry[V]{Key: f.Key.n.Value}
		f.Value.Decode(report, &e.Value)
		*o = append(*o, e)
	}
}

// Element is the type of the values, for whoever describes the type.
func (Ordered[V]) Element() reflect.Type { return reflect.TypeFor[V]() }

// OneOrMany is a list of strings that may be written as a single one.
type OneOrMany []string

// UnmarshalStrict decodes a text or a list of texts.
func (m *OneOrMany) UnmarshalStrict(n Node, report func(diag.Diagnostic)) {
	if n.Kind() == List {
		if len(n.Items()) == 0 {
			report(diag.Errorf(n.place(), CodeEmpty, "there is nothing in this list").WithHelp("write a value, or remove the key"))
			return
		}
		n.Decode(report, (*[]string)(m))
		return
	}
	var one string
	if n.Decode(report, &one) {
		*m = OneOrMany{one}
	}
}
