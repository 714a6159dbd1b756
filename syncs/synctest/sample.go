package synctest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// Sample is rows of one object that a destination takes.
type Sample struct {
	// Schema is what a sync to the object maps; Schema.Object is as a sync writes
	// it, "list/7".
	Schema syncs.Schema
	// Row makes the values of the i-th row, in the order of the fields. The key is
	// a text, and no two rows have the same.
	Row func(r *rand.Rand, i int) []any
}

// Op makes the i-th row of a sample into an operation.
func (s Sample) Op(kind syncs.Kind, r *rand.Rand, i int) syncs.Op {
	values := s.Row(r, i)
	key, ok := values[keyOf(s.Schema)].(string)
	if !ok {
		panic("synctest: the key of a sample's row is no text")
	}
	op := syncs.Op{Kind: kind, Key: key, EntityID: int64(i + 1)}
	if !kind.Leaves() {
		op.Fingerprint, op.Values = fmt.Sprintf("%016x", r.Uint64()), values
	}
	return op
}

// Ops makes the first n rows of a sample into operations, the same ones each time.
func (s Sample) Ops(kind syncs.Kind, n int) []syncs.Op {
	out := make([]syncs.Op, n)
	for i := range out {
		out[i] = s.Op(kind, rand.New(rand.NewPCG(1, uint64(i))), i) //nolint:gosec // rows that are the same each time
	}
	return out
}

// keyOf is the place of the key among the fields.
func keyOf(schema syncs.Schema) int {
	return slices.IndexFunc(schema.Fields, func(f syncs.Field) bool { return f.Name == schema.Key })
}

// sample is a chunk of a task.
type sample struct{ syncs.Chunk }

// notKey is the place of a field that is not the key, -1 where there is none.
func (c sample) notKey() int {
	return slices.IndexFunc(c.Schema.Fields, func(f syncs.Field) bool { return f.Name != c.Schema.Key && f.Type != syncs.List })
}

// task is operations that a sync may have side by side.
type task struct {
	sample *Sample
	schema syncs.Schema
	kinds  []syncs.Kind
}

// tasks are all of a destination: each way to bring values with each to take
// them away, and the erasures.
func (h Harness) tasks() []task {
	spec := h.Destination.Spec()
	var out []task
	of := func(schema syncs.Schema, sample *Sample) {
		object, _ := spec.Object(schema.Object)
		var leaving []syncs.Kind
		for _, k := range object.Kinds {
			if k.Leaves() {
				leaving = append(leaving, k)
				out = append(out, task{sample, schema, []syncs.Kind{k}})
			}
		}
		for _, k := range object.Kinds {
			if k.Leaves() {
				continue
			}
			out = append(out, task{sample, schema, []syncs.Kind{k}})
			for _, l := range leaving {
				if k != syncs.Append {
					out = append(out, task{sample, schema, []syncs.Kind{k, l}})
				}
			}
		}
	}
	for _, by := range spec.Erasure.By {
		schema := syncs.Schema{Sync: "erasure", Object: spec.Erasure.Object, Key: by, Fields: []syncs.Field{{Name: by, Type: syncs.String}}}
		out = append(out, task{nil, schema, []syncs.Kind{syncs.Erase}})
	}
	if len(h.Samples) == 0 {
		of(Schema(), nil)
	}
	for i := range h.Samples {
		of(h.Samples[i].Schema, &h.Samples[i])
	}
	return out
}

// chunk is one of n operations of a task.
func (k task) chunk(n int, seed uint64) syncs.Chunk {
	if k.sample == nil {
		c := Chunk(Ops(n, seed, k.kinds...))
		c.Schema = k.schema
		return c
	}
	r := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // Test data needs no secrecy.
	ops := make([]syncs.Op, n)
	for i := range ops {
		kind := k.kinds[len(k.kinds)-1]
		if r.IntN(5) > 0 {
			kind = k.kinds[0]
		}
		ops[i] = k.sample.Op(kind, r, i)
	}
	c := Chunk(ops)
	c.Schema = k.schema
	return c
}

// checkSamples wants each object to have a sample, each field of a sample to be
// one of the object's, and each key to be one that identifies a row.
func (h Harness) checkSamples(t *testing.T) {
	t.Helper()
	spec := h.Destination.Spec()
	for _, o := range spec.Objects {
		if !slices.ContainsFunc(h.Samples, func(s Sample) bool { return o.Has(s.Schema.Object) }) {
			t.Errorf("the harness has no sample of the object %s", o.Name)
		}
		for _, f := range o.Fields {
			if f.Name == "" || slices.ContainsFunc(f.Types, func(t syncs.Type) bool { return t.String() == "" }) {
				t.Errorf("object %s: the field %q has no name, or a type that is none", o.Name, f.Name)
			}
		}
	}
	for _, s := range h.Samples {
		object, ok := spec.Object(s.Schema.Object)
		if !ok {
			t.Errorf("a sample is of the object %s, which the destination does not know", s.Schema.Object)
			continue
		}
		if keyOf(s.Schema) < 0 {
			t.Errorf("the sample of %s does not map its key %s", s.Schema.Object, s.Schema.Key)
		}
		for _, m := range syncs.Fit(object.Fields, s.Schema, true, nil) {
			t.Errorf("the sample of %s: %s", s.Schema.Object, m.Summary)
		}
	}
}

// question asks with Canary for every secret.
func question() syncs.Question { return syncs.Question{Secrets: Secrets, SentAt: Chunk(nil).SentAt} }
