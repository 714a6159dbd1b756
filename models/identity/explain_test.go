package identity_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/models/identity"
)

// evidence is a random graph of combinations over identifiers 1 to n; the rank
// of an identifier is its number modulo 4.
func evidence(r *rand.Rand) (*identity.Graph, int) {
	n := 2 + r.IntN(14)
	g := &identity.Graph{Refused: map[int64]string{}}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range r.IntN(2 * n) {
		byRank := map[int]int64{}
		for range 2 + r.IntN(3) {
			k := int64(1 + r.IntN(n))
			byRank[rankOf(k)] = k
		}
		c := identity.Combination{Source: r.IntN(2), Rows: int64(1 + r.IntN(3)), First: day, Last: day.AddDate(0, 0, r.IntN(9))}
		for rank := range 4 {
			switch k, ok := byRank[rank]; {
			case !ok:
			case c.Strongest == 0:
				c.Strongest = k
			default:
				c.Weak = append(c.Weak, k)
			}
		}
		if len(c.Weak) > 0 {
			g.Combinations = append(g.Combinations, c)
		}
	}
	if r.IntN(3) == 0 {
		g.Pairings = append(g.Pairings, identity.Pairing{A: int64(1 + r.IntN(n)), B: int64(1 + r.IntN(n))})
	}
	for k := 1; k <= n; k++ {
		if rankOf(int64(k)) > 0 && r.IntN(5) == 0 {
			g.Refused[int64(k)] = []string{"shared", "never_link"}[r.IntN(2)]
		}
	}
	return g, n
}

func rankOf(n int64) int { return int(n) % 4 }

// joined are the pairs that one row or one decision makes one, spelled out.
func joined(g *identity.Graph, refused bool) map[[2]int64]bool {
	out := map[[2]int64]bool{}
	for _, p := range g.Pairings {
		out[[2]int64{p.A, p.B}], out[[2]int64{p.B, p.A}] = true, true
	}
	for _, c := range g.Combinations {
		if !refused && g.Refused[c.Strongest] == "shared" {
			continue
		}
		on := []int64{c.Strongest}
		for _, w := range c.Weak {
			if refused || g.Refused[w] == "" {
				on = append(on, w)
			}
		}
		for _, a := range on {
			for _, b := range on {
				out[[2]int64{a, b}] = a != b || out[[2]int64{a, b}]
			}
		}
	}
	return out
}

// TestPath: the path is as short as any, and each of its steps is evidence.
func TestPath(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	paths := 0
	for range 400 {
		g, n := evidence(r)
		for _, refused := range []bool{false, true} {
			one := joined(g, refused)
			const far = 1 << 20
			dist := make([][]int, n+1)
			for a := range dist {
				dist[a] = make([]int, n+1)
				for b := range dist[a] {
					switch {
					case a == b:
					case one[[2]int64{int64(a), int64(b)}]:
						dist[a][b] = 1
					default:
						dist[a][b] = far
					}
				}
			}
			for k := range dist {
				for a := range dist {
					for b := range dist {
						dist[a][b] = min(dist[a][b], dist[a][k]+dist[k][b])
					}
				}
			}
			for a := 1; a <= n; a++ {
				for b := 1; b <= n; b++ {
					path := g.Path(int64(a), int64(b), refused)
					if (path == nil) != (dist[a][b] >= far) {
						t.Fatalf("%+v: from %d to %d: got %v, want a path of %d", g, a, b, path, dist[a][b])
					}
					if path == nil {
						continue
					}
					paths++
					if len(path) != dist[a][b] {
						t.Fatalf("%+v: from %d to %d: got %v, want %d steps", g, a, b, path, dist[a][b])
					}
					at := int64(a)
					for _, h := range path {
						if h.From != at || !one[[2]int64{h.From, h.To}] {
							t.Fatalf("%+v: %v is no evidence", g, h)
						}
						if h.Pair < 0 && len(h.Combinations) == 0 || !refused && len(h.Refused) > 0 {
							t.Fatalf("%+v: step %+v", g, h)
						}
						// What is refused on it is exactly what the step fails for.
						if counts := joined(g, false)[[2]int64{h.From, h.To}]; counts != (len(h.Refused) == 0) {
							t.Fatalf("%+v: step %+v counts: %v", g, h, counts)
						}
						at = h.To
					}
					if at != int64(b) {
						t.Fatalf("the path ends at %d", at)
					}
				}
			}
		}
	}
	if paths < 5_000 {
		t.Errorf("only %d paths", paths)
	}
}

// TestWeakest: the cut is the best of all that taking a link or an identifier
// away makes.
func TestWeakest(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	kinds := map[string]int{}
	for range 2000 {
		g, _ := evidence(r)
		links := g.Links()
		got, found := identity.Weakest(links, rankOf)
		marked, size, kind := bestCut(links)
		want := kind != ""
		if found != want {
			t.Fatalf("%+v: got %+v, want a cut: %v", links, got, want)
		}
		if !found {
			kinds["none"]++
			continue
		}
		kinds[kind]++
		m, s := worth(got.Parts)
		if m != marked || s != size || (got.Identifier != 0) != (kind == "identifier") {
			t.Fatalf("%+v: got %+v, want %d marked and %d in all to part at a %s", links, got, marked, size, kind)
		}
		parts := partsWithout(links, [2]int64{got.Strong, got.Weak}, got.Identifier, got.Rank)
		if !slices.Equal(parts, got.Parts) {
			t.Fatalf("%+v: got %+v, want the parts %v", links, got, parts)
		}
	}
	for _, kind := range []string{"none", "link", "identifier"} {
		if kinds[kind] < 30 {
			t.Errorf("%s: only %d cases", kind, kinds[kind])
		}
	}
}

func worth(parts []identity.Part) (marked, size int) {
	most, largest := 0, 0
	for _, p := range parts {
		marked, size = marked+p.Marked, size+p.Size
		most, largest = max(most, p.Marked), max(largest, p.Size)
	}
	return marked - most, size - largest
}

// pieces are the connected parts of the links that count, without one link and
// one identifier.
func pieces(links []identity.Link, without [2]int64, identifier int64) [][]int64 {
	next := map[int64][]int64{}
	for _, l := range links {
		if l.Refused != 0 || l.Strong == l.Weak {
			continue
		}
		for _, n := range []int64{l.Strong, l.Weak} {
			if n != identifier {
				next[n] = append(next[n], n)
			}
		}
		same := l.Strong == without[0] && l.Weak == without[1] || l.Strong == without[1] && l.Weak == without[0]
		if !same && l.Strong != identifier && l.Weak != identifier {
			next[l.Strong], next[l.Weak] = append(next[l.Strong], l.Weak), append(next[l.Weak], l.Strong)
		}
	}
	seen := map[int64]bool{}
	var out [][]int64
	for n := range int64(20) {
		if seen[n] || next[n] == nil {
			continue
		}
		seen[n] = true
		part := []int64{n}
		for i := 0; i < len(part); i++ {
			for _, m := range next[part[i]] {
				if !seen[m] {
					seen[m] = true
					part = append(part, m)
				}
			}
		}
		out = append(out, part)
	}
	return out
}

// partsWithout are the parts that what a cut is in falls into.
func partsWithout(links []identity.Link, link [2]int64, identifier int64, rank int) []identity.Part {
	at := max(identifier, link[0])
	var whole []int64
	for _, p := range pieces(links, [2]int64{}, 0) {
		if slices.Contains(p, at) {
			whole = p
		}
	}
	var out []identity.Part
	for _, p := range pieces(links, link, identifier) {
		if !slices.Contains(whole, p[0]) {
			continue
		}
		if identifier != 0 && len(p) == 1 && rankOf(p[0]) >= rankOf(identifier) {
			continue // nothing behind it
		}
		part := identity.Part{Size: len(p)}
		for _, n := range p {
			if rankOf(n) == rank {
				part.Marked++
			}
		}
		out = append(out, part)
	}
	slices.SortFunc(out, func(a, b identity.Part) int {
		return 2*(b.Size-a.Size) + max(-1, min(1, b.Marked-a.Marked))
	})
	return out
}

// bestCut tries every link and every identifier.
func bestCut(links []identity.Link) (marked, size int, kind string) {
	count := map[int]int{}
	for _, p := range pieces(links, [2]int64{}, 0) {
		for _, n := range p {
			count[rankOf(n)]++
		}
	}
	rank := -1
	for k := range 4 {
		if count[k] > 1 {
			rank = k
			break
		}
	}
	try := func(parts []identity.Part, name string) {
		if len(parts) < 2 {
			return
		}
		m, s := worth(parts)
		if m == 0 && s < 2 {
			return
		}
		if kind == "" || m > marked || m == marked && s > size || m == marked && s == size && kind == "identifier" && name == "link" {
			marked, size, kind = m, s, name
		}
	}
	whole := len(pieces(links, [2]int64{}, 0))
	nodes := map[int64]bool{}
	for _, l := range links {
		if l.Refused != 0 || l.Strong == l.Weak {
			continue
		}
		nodes[l.Strong], nodes[l.Weak] = true, true
		ends := [2]int64{l.Strong, l.Weak}
		if len(pieces(links, ends, 0)) == whole {
			continue
		}
		weaker := l.Weak
		if rankOf(l.Strong) > rankOf(l.Weak) {
			weaker = l.Strong
		}
		leaf := false
		for _, p := range pieces(links, ends, 0) {
			leaf = leaf || len(p) == 1 && p[0] == weaker
		}
		if !leaf || rankOf(l.Strong) == rankOf(l.Weak) {
			try(partsWithout(links, ends, 0, rank), "link")
		}
	}
	for n := range nodes {
		if rank < 0 || rankOf(n) > rank {
			try(partsWithout(links, [2]int64{}, n, rank), "identifier")
		}
	}
	return marked, size, kind
}

// TestWeakestOfMany: a chain of a million links does not exhaust the stack.
func TestWeakestOfMany(t *testing.T) {
	t.Parallel()
	var links []identity.Link
	for i := range int64(1_000_000) {
		links = append(links, identity.Link{Strong: 4 + i/2*4 + 0, Weak: 4 + (i+1)/2*4 + 1, Source: 0, Pair: -1, Rows: 1})
	}
	cut, found := identity.Weakest(links, rankOf)
	if !found || cut.Parts[0].Size-cut.Parts[1].Size > 2 {
		t.Errorf("got %+v", cut)
	}
}
