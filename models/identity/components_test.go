package identity_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/modeltest"
	"github.com/customhouse-cdp/customhouse/sql"
)

// smallest labels the nodes that are not the smallest of their component, one
// edge at a time until nothing changes: too slow for anything but an oracle.
func smallest(edges [][2]int) map[string]string {
	label := map[int]int{}
	for _, e := range edges {
		label[e[0]], label[e[1]] = e[0], e[1]
	}
	for changed := true; changed; {
		changed = false
		for _, e := range edges {
			if low := min(label[e[0]], label[e[1]]); label[e[0]] != low || label[e[1]] != low {
				label[e[0]], label[e[1]], changed = low, low, true
			}
		}
	}
	out := map[string]string{}
	for n, root := range label {
		if n != root {
			out[strconv.Itoa(n)] = strconv.Itoa(root)
		}
	}
	return out
}

// TestComponents compares with the oracle, all in SQL and with the end of it
// in process.
func TestComponents(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	var graphs [][][2]int
	for range 12 {
		nodes := 2 + rng.IntN(60)
		var edges [][2]int
		for range rng.IntN(2 * nodes) {
			if a, b := rng.IntN(nodes), rng.IntN(nodes); a != b {
				edges = append(edges, [2]int{max(a, b), min(a, b)})
			}
		}
		graphs = append(graphs, edges)
	}
	var path [][2]int
	order := rng.Perm(200)
	for i := range order[1:] {
		path = append(path, [2]int{max(order[i], order[i+1]), min(order[i], order[i+1])})
	}
	graphs = append(graphs, path, nil)

	edges, out := sql.Table{Space: sql.Work, Name: "edges"}, sql.Table{Space: sql.Work, Name: "out"}
	b := modeltest.New(t)
	for i, graph := range graphs {
		want := smallest(graph)
		for _, few := range []int64{0, 5, identity.Few} {
			b.Exec("CREATE OR REPLACE TABLE work.edges (u BIGINT, v BIGINT)")
			var values []string
			for _, e := range graph {
				values = append(values, fmt.Sprintf("(%d, %d)", e[0], e[1]))
			}
			if values != nil {
				b.Exec("INSERT INTO work.edges VALUES " + strings.Join(values, ", "))
			}
			b.Steps(identity.Components("test", edges, out, few))
			got := map[string]string{}
			for _, row := range b.Rows("SELECT n, root FROM work.out") {
				if _, twice := got[row[0]]; twice {
					t.Errorf("graph %d: node %s has two labels", i, row[0])
				}
				got[row[0]] = row[1]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				slices.SortFunc(graph, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
				t.Fatalf("graph %d with the last %d edges in process (-want +got):\n%s\nof %v", i, few, diff, graph)
			}
		}
	}
}
