package deliver

import (
	"slices"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// distinct knows which values a chunk has of the fields that have to differ
// within one: see syncs.Batch.Distinct.
type distinct struct {
	at   []int // of the fields, among the values of an operation
	seen []map[any]struct{}
}

func newDistinct(names []string, fields []syncs.Field) *distinct {
	d := &distinct{}
	for i, f := range fields {
		if slices.Contains(names, f.Name) {
			d.at = append(d.at, i)
			d.seen = append(d.seen, map[any]struct{}{})
		}
	}
	return d
}

// clashes says that the chunk has a value of the operation.
func (d *distinct) clashes(op *syncs.Op) bool {
	for i, at := range d.at {
		if v, ok := single(op, at); ok {
			if _, taken := d.seen[i][v]; taken {
				return true
			}
		}
	}
	return false
}

// add takes the operation's values.
func (d *distinct) add(op *syncs.Op) {
	for i, at := range d.at {
		if v, ok := single(op, at); ok {
			d.seen[i][v] = struct{}{}
		}
	}
}

// clear begins another chunk.
func (d *distinct) clear() {
	for _, seen := range d.seen {
		clear(seen)
	}
}

// single is a value that can be told from others: there is one, and it is
// no list.
func single(op *syncs.Op, at int) (any, bool) {
	if at >= len(op.Values) {
		return nil, false // a removal
	}
	v := op.Values[at]
	_, list := v.([]any)
	return v, v != nil && !list
}
