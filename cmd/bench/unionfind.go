package main

import "math"

// unionFind is the baseline that components are compared with: the edges come
// out of DuckDB by columns, are solved in memory, and the result goes back in
// bulk.
//
// It reads and writes the engine's vectors in place. The Arrow interface of
// duckdb-go (build tag duckdb_arrow, no further module) reads as fast, but with
// the rows appended one by one the whole costs half as much again. Edges are
// merged as they arrive, so that they are never held.
func unionFind(path, shape string) (outcome, error) {
	s, err := openSession()
	if err != nil {
		return outcome{}, err
	}
	defer s.close()
	for _, q := range []string{
		"ATTACH '" + path + "' AS graphs (READ_ONLY)",
		// Where the steps in SQL find them too: in memory.
		`CREATE TABLE edges AS SELECT u, v FROM graphs.main."` + shape + `"`,
	} {
		if err := s.exec(q); err != nil {
			return outcome{}, err
		}
	}
	start := cpuTime()
	nodes := int64(0)
	if err := s.read("SELECT coalesce(max(u), -1) + 1, 0::BIGINT FROM edges", func(n, _ []int64) { nodes = n[0] }); err != nil {
		return outcome{}, err
	}
	f := newForest(nodes)
	if err := s.read("SELECT u, v FROM edges", f.merge); err != nil {
		return outcome{}, err
	}
	f.flatten()
	if err := s.exec("CREATE TABLE result (n BIGINT, root BIGINT)"); err != nil {
		return outcome{}, err
	}
	next := 0
	if err := s.write("result", func(n, root []int64) (rows int) {
		for ; next < len(f) && rows < len(n); next++ {
			// The smallest of its component needs no row.
			if r := int(f[next]); r != next {
				n[rows], root[rows] = int64(next), int64(r)
				rows++
			}
		}
		return rows
	}); err != nil {
		return outcome{}, err
	}
	out := outcome{CPU: cpuTime() - start}
	err = s.read(digest("result"), out.partition)
	return out, err
}

// forest holds the parent of each node, which is smaller, or the node itself.
type forest []int32

func newForest(nodes int64) forest {
	if nodes > math.MaxInt32 {
		panic("bench: more nodes than the baseline has numbers for")
	}
	f := make(forest, nodes)
	for i := range f {
		f[i] = int32(i)
	}
	return f
}

// merge unites the ends of edges. The smaller root survives, so that a root is
// the smallest of its component.
func (f forest) merge(u, v []int64) {
	for i := range u {
		x, y := f.find(int32(u[i])), f.find(int32(v[i])) //nolint:gosec // below len(f)
		if x < y {
			f[y] = x
		} else {
			f[x] = y
		}
	}
}

// find halves the path that it walks.
func (f forest) find(x int32) int32 {
	for f[x] != x {
		f[x] = f[f[x]]
		x = f[x]
	}
	return x
}

// flatten points every node to its root: in ascending order, a parent has been
// flattened before its children.
func (f forest) flatten() {
	for i, p := range f {
		f[i] = f[p]
	}
}
