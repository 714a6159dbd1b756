package duckdb

import (
	"time"
	"unsafe"

	engine "github.com/duckdb/duckdb-go-bindings"
)

// copies are the values of a vector of one of the common types, in memory of
// our own: all of them at once, since an allocation for each costs more than
// everything else that reading does. At most one of them is set.
type copies struct {
	texts  []string
	ints   []int64
	floats []float64
	times  []time.Time
}

// copy takes the first n values out of the vector, where they are of such a
// type.
func (r *reader) copy(n int) {
	switch r.id { // The others are made one by one.
	case engine.TypeVarchar:
		r.texts = r.strings(n)
	case engine.TypeBigInt:
		r.ints = make([]int64, n)
		copy(r.ints, unsafe.Slice((*int64)(r.data), n)) //nolint:gosec // the engine keeps n values there while it keeps the vector
	case engine.TypeDouble:
		r.floats = make([]float64, n)
		copy(r.floats, unsafe.Slice((*float64)(r.data), n)) //nolint:gosec // as above
	case engine.TypeTimestamp, engine.TypeTimestampTZ:
		r.times = make([]time.Time, n)
		for i, us := range unsafe.Slice((*int64)(r.data), n) { //nolint:gosec // as above
			r.times[i] = time.UnixMicro(us).UTC()
		}
	}
}

// strings copies texts into one piece of memory.
func (r *reader) strings(n int) []string {
	all := unsafe.Slice((*text)(r.data), n) //nolint:gosec // the engine keeps n values there while it keeps the vector
	size := 0
	for i := range all {
		if !r.null(i) {
			size += int(all[i].length)
		}
	}
	piece, list := make([]byte, 0, size), make([]string, n)
	for i := range all {
		if r.null(i) {
			continue // What stands in its place means nothing.
		}
		from := len(piece)
		piece = append(piece, all[i].bytes(r.data, i)...)
		list[i] = unsafe.String(unsafe.SliceData(piece[from:]), len(piece)-from) //nolint:gosec // nobody writes there any more: piece never grows beyond size
	}
	return list
}

// The interfaces of a value of each of those types.
var (
	aText  any = ""
	anInt  any = int64(0)
	aFloat any = 0.0
	aTime  any = time.Time{}
)

// boxed is *p as an interface that points at p and not at a copy, of the type of
// like, which has to be T. p must not be written to any more. T must not be a
// pointer, or of the form of one.
func boxed[T string | int64 | float64 | time.Time](like any, p *T) any {
	// An interface is two words: the type, and where the value is.
	(*[2]unsafe.Pointer)(unsafe.Pointer(&like))[1] = unsafe.Pointer(p) //nolint:gosec // the layout that the compiler, reflect and the runtime share
	return like
}
