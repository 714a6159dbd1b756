package identity

import (
	"cmp"
	"slices"
	"time"
)

// Combination is one row of StoredTable that links identifiers, by their
// numbers.
type Combination struct {
	// Source is the place of the source among those that Combinations was asked
	// for.
	Source int
	// Rows is how many rows of the source carry the combination.
	Rows        int64
	First, Last time.Time
	// Strongest is linked to each of Weak.
	Strongest int64
	Weak      []int64
}

// Pairing is a pair of always_link whose identifiers the data has.
type Pairing struct {
	// Pair is its place in the entity's list.
	Pair int
	A, B int64
}

// Graph is the evidence that identifiers are one: what rows carry together and
// what people decided. It is a part of the whole, read to answer a question,
// and nothing is decided by it.
type Graph struct {
	Combinations []Combination
	Pairings     []Pairing
	// Refused are the identifiers that join nobody, or not everybody, with the
	// reason of the incident.
	Refused map[int64]string
}

// Hop is one step of a path.
type Hop struct {
	From, To int64
	// Combinations are those that carry both, by their place in the graph.
	Combinations []int
	// Pair is the place of a pair of always_link, -1 where it is none.
	Pair int
	// Refused are the identifiers, among the two and the strongest of the row,
	// for which the step does not count.
	Refused []int64
}

// mute says that an identifier joins nothing, not even what is weaker than it.
// One that never_link keeps apart is still evidence for what is weaker.
func (g *Graph) mute(n int64) bool {
	reason := g.Refused[n]
	return reason != "" && reason != "never_link"
}

// obstacles are the identifiers for which a combination does not join n.
func (g *Graph) obstacles(c Combination, n int64) []int64 {
	var out []int64
	if g.mute(c.Strongest) {
		out = append(out, c.Strongest)
	}
	if n != c.Strongest && g.Refused[n] != "" {
		out = append(out, n)
	}
	return out
}

// Path is the shortest way from one identifier to another over rows and pairs,
// nil where there is none. With refused it also takes the steps that do not
// count. Among ways of the same length it takes the rows that come first in
// Combinations.
func (g *Graph) Path(from, to int64, refused bool) []Hop {
	on := map[int64][]int{}
	for i, c := range g.Combinations {
		on[c.Strongest] = append(on[c.Strongest], i)
		for _, n := range c.Weak {
			on[n] = append(on[n], i)
		}
	}
	decided := map[int64][]Hop{}
	for _, p := range g.Pairings {
		decided[p.A] = append(decided[p.A], Hop{From: p.A, To: p.B, Pair: p.Pair})
		decided[p.B] = append(decided[p.B], Hop{From: p.B, To: p.A, Pair: p.Pair})
	}
	counts := func(c Combination, n int64) bool { return refused || len(g.obstacles(c, n)) == 0 }
	came := map[int64]Hop{from: {From: from, To: from, Pair: -1}}
	opened := make([]bool, len(g.Combinations)) // each row is gone through once
	queue := []int64{from}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		if n == to {
			break
		}
		step := func(h Hop) {
			if _, seen := came[h.To]; !seen {
				came[h.To] = h
				queue = append(queue, h.To)
			}
		}
		for _, h := range decided[n] {
			step(h)
		}
		for _, i := range on[n] {
			c := g.Combinations[i]
			if opened[i] || !counts(c, n) {
				continue
			}
			opened[i] = true
			for _, m := range append([]int64{c.Strongest}, c.Weak...) {
				if counts(c, m) {
					step(Hop{From: n, To: m, Pair: -1})
				}
			}
		}
	}
	if _, found := came[to]; !found {
		return nil
	}
	path := []Hop{} // not nil: from may be to
	for n := to; n != from; n = came[n].From {
		path = append(path, came[n])
	}
	slices.Reverse(path)
	for i := range path {
		g.support(&path[i], on)
	}
	return path
}

// support finds all the rows that carry the two ends of a step.
func (g *Graph) support(h *Hop, on map[int64][]int) {
	if h.Pair >= 0 {
		return
	}
	var stopped []int
	for _, i := range on[h.From] {
		c := g.Combinations[i]
		if c.Strongest != h.To && !slices.Contains(c.Weak, h.To) {
			continue
		}
		if len(g.obstacles(c, h.From))+len(g.obstacles(c, h.To)) == 0 {
			h.Combinations = append(h.Combinations, i)
		} else {
			stopped = append(stopped, i)
		}
	}
	if len(h.Combinations) > 0 {
		return
	}
	h.Combinations = stopped
	for _, i := range stopped {
		c := g.Combinations[i]
		h.Refused = append(append(h.Refused, g.obstacles(c, h.From)...), g.obstacles(c, h.To)...)
	}
	slices.Sort(h.Refused)
	h.Refused = slices.Compact(h.Refused)
}

// Link is what one source says of two identifiers, or what people decided.
type Link struct {
	Strong, Weak int64
	// Source is the place of the source, -1 for a pair of always_link.
	Source int
	// Pair is the place of the pair, -1 for a source.
	Pair        int
	Rows        int64
	First, Last time.Time
	// Refused is the identifier for which the link does not count, 0 where it
	// does.
	Refused int64
}

// Links are the links of the graph, those of most rows first.
func (g *Graph) Links() []Link {
	type key struct {
		strong, weak int64
		source       int
	}
	var out []Link
	place := map[key]int{}
	for _, c := range g.Combinations {
		for _, weak := range c.Weak {
			k := key{c.Strongest, weak, c.Source}
			i, seen := place[k]
			if !seen {
				i = len(out)
				place[k] = i
				l := Link{Strong: c.Strongest, Weak: weak, Source: c.Source, Pair: -1, First: c.First, Last: c.Last}
				if in := g.obstacles(c, weak); len(in) > 0 {
					l.Refused = in[len(in)-1]
				}
				out = append(out, l)
			}
			l := &out[i]
			l.Rows += c.Rows
			if c.First.Before(l.First) {
				l.First = c.First
			}
			if c.Last.After(l.Last) {
				l.Last = c.Last
			}
		}
	}
	for _, p := range g.Pairings {
		out = append(out, Link{Strong: p.A, Weak: p.B, Source: -1, Pair: p.Pair})
	}
	slices.SortStableFunc(out, func(a, b Link) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Strong, b.Strong), cmp.Compare(a.Weak, b.Weak), cmp.Compare(a.Source, b.Source))
	})
	return out
}

// Cut is the place at which a customer falls apart: one link, or one identifier
// with all its links.
type Cut struct {
	// Strong and Weak are the ends of the link; Identifier is 0 then.
	Strong, Weak int64
	Identifier   int64
	// Parts are what is left without it, the largest first.
	Parts []Part
	// Rank is the type of identifier that Part.Marked counts, -1 where no type
	// is there twice.
	Rank int
}

// Part is a piece of a customer.
type Part struct {
	// Size is how many identifiers it has, Marked how many of Cut.Rank.
	Size, Marked int
}

// value is what makes a cut better than another: how much of the marked type
// parts from the rest, then how much of anything.
func (c Cut) value() (marked, size int) {
	most, largest := 0, 0
	for _, p := range c.Parts {
		marked, size = marked+p.Marked, size+p.Size
		most, largest = max(most, p.Marked), max(largest, p.Size)
	}
	return marked - most, size - largest
}

// Weakest finds the one link or identifier that most likely joined strangers:
// without it the links fall into parts that each hold an identifier of the
// strongest type that is there twice, or else into parts as large as can be. A
// link is preferred to an identifier, and one of few rows to one of many. Links
// that do not count are passed over. It finds nothing where several links hold
// the customer together at every place.
//
// An identifier with nothing behind it is no part: it belongs to the stronger
// one that it hangs on.
func Weakest(links []Link, rank func(number int64) int) (Cut, bool) {
	t := newTree(links)
	t.marked = strongestTwice(t.nodes, rank)
	t.rank = make([]int, len(t.nodes))
	for i, n := range t.nodes {
		t.rank[i] = rank(n)
	}
	t.search()
	var best Cut
	found := false
	rows := map[[2]int]Link{}
	for _, l := range links {
		if l.Refused == 0 {
			k := t.edge(l)
			sum := rows[k]
			sum.Rows += l.Rows
			if l.First.After(sum.First) {
				sum.First = l.First
			}
			rows[k] = sum
		}
	}
	better := func(c Cut) bool {
		if !found {
			return true
		}
		cm, cs := c.value()
		bm, bs := best.value()
		if order := cmp.Or(cmp.Compare(cm, bm), cmp.Compare(cs, bs)); order != 0 {
			return order > 0
		}
		if c.Identifier != 0 || best.Identifier != 0 {
			return c.Identifier == 0 && best.Identifier != 0
		}
		a := rows[t.edge(Link{Strong: c.Strong, Weak: c.Weak})]
		b := rows[t.edge(Link{Strong: best.Strong, Weak: best.Weak})]
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), a.First.Compare(b.First), cmp.Compare(b.Strong, c.Strong), cmp.Compare(b.Weak, c.Weak)) > 0
	}
	for _, c := range append(t.bridges(links), t.joints()...) {
		slices.SortFunc(c.Parts, func(a, b Part) int { return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(b.Marked, a.Marked)) })
		if marked, size := c.value(); (marked > 0 || size > 1) && better(c) {
			best, found = c, true
		}
	}
	best.Rank = t.marked
	return best, found
}

// strongestTwice is the strongest type of which there are two, -1 where there
// is none.
func strongestTwice(nodes []int64, rank func(int64) int) int {
	count := map[int]int{}
	for _, n := range nodes {
		count[rank(n)]++
	}
	best := -1
	for r, n := range count {
		if n > 1 && (best < 0 || r < best) {
			best = r
		}
	}
	return best
}

// tree is a depth-first search over links that count (Tarjan 1972): seen
// numbers the identifiers in the order of the search, low is the first that one
// and all behind it lead back to.
type tree struct {
	nodes  []int64
	place  map[int64]int
	next   [][]int
	rank   []int
	marked int

	parent, seen, low []int
	behind            []Part // each with all that the search found behind it
	whole             []Part // of what the identifier is connected to
}

func newTree(links []Link) *tree {
	t := &tree{place: map[int64]int{}}
	node := func(n int64) int {
		i, ok := t.place[n]
		if !ok {
			i = len(t.nodes)
			t.place[n] = i
			t.nodes = append(t.nodes, n)
			t.next = append(t.next, nil)
		}
		return i
	}
	known := map[[2]int]bool{}
	for _, l := range links {
		if l.Refused != 0 || l.Strong == l.Weak {
			continue
		}
		a, b := node(l.Strong), node(l.Weak)
		if k := t.edge(l); !known[k] { // one edge, however many sources say so
			known[k] = true
			t.next[a], t.next[b] = append(t.next[a], b), append(t.next[b], a)
		}
	}
	return t
}

// edge names a link whichever of its ends comes first.
func (t *tree) edge(l Link) [2]int {
	a, b := t.place[l.Strong], t.place[l.Weak]
	return [2]int{min(a, b), max(a, b)}
}

// search does not call itself: a chain may be long.
func (t *tree) search() {
	size := len(t.nodes)
	t.parent, t.seen, t.low = make([]int, size), make([]int, size), make([]int, size)
	t.behind, t.whole = make([]Part, size), make([]Part, size)
	at := make([]int, size) // the next neighbour to look at
	clock := 0
	for root := range t.nodes {
		if t.seen[root] != 0 {
			continue
		}
		enter := func(n, parent int) {
			clock++
			t.parent[n], t.seen[n], t.low[n] = parent, clock, clock
			t.behind[n] = Part{Size: 1}
			if t.rank[n] == t.marked {
				t.behind[n].Marked = 1
			}
		}
		enter(root, -1)
		stack, order := []int{root}, []int{root}
		for len(stack) > 0 {
			n := stack[len(stack)-1]
			if at[n] < len(t.next[n]) {
				m := t.next[n][at[n]]
				at[n]++
				switch {
				case t.seen[m] == 0:
					enter(m, n)
					stack, order = append(stack, m), append(order, m)
				case m != t.parent[n]:
					t.low[n] = min(t.low[n], t.seen[m])
				}
				continue
			}
			stack = stack[:len(stack)-1]
			if p := t.parent[n]; p >= 0 {
				t.low[p] = min(t.low[p], t.low[n])
				t.behind[p].Size += t.behind[n].Size
				t.behind[p].Marked += t.behind[n].Marked
			}
		}
		for _, n := range order {
			t.whole[n] = t.behind[root]
		}
	}
}

func (p Part) without(q Part) Part { return Part{p.Size - q.Size, p.Marked - q.Marked} }

// bridges are the links without which what they join falls apart.
func (t *tree) bridges(links []Link) []Cut {
	var out []Cut
	done := map[[2]int]bool{}
	for _, l := range links {
		if l.Refused != 0 || l.Strong == l.Weak || done[t.edge(l)] {
			continue
		}
		done[t.edge(l)] = true
		top, bottom := t.place[l.Strong], t.place[l.Weak]
		if t.parent[top] == bottom {
			top, bottom = bottom, top
		}
		if t.parent[bottom] != top || t.low[bottom] <= t.seen[top] {
			continue
		}
		under := t.behind[bottom]
		over := t.whole[bottom].without(under)
		weaker := under
		if t.rank[bottom] < t.rank[top] {
			weaker = over
		}
		if weaker.Size > 1 || t.rank[bottom] == t.rank[top] {
			out = append(out, Cut{Strong: l.Strong, Weak: l.Weak, Parts: []Part{over, under}})
		}
	}
	return out
}

// joints are the identifiers without which what they join falls apart. One as
// strong as the marked type is none: it is what the parts are told apart by.
func (t *tree) joints() []Cut {
	cuts := make([]Cut, len(t.nodes))
	parts := make([]Part, len(t.nodes)) // behind the node, and apart without it
	for n := range t.nodes {
		p := t.parent[n]
		if p < 0 || t.low[n] < t.seen[p] {
			continue
		}
		parts[p].Size += t.behind[n].Size
		parts[p].Marked += t.behind[n].Marked
		if t.behind[n].Size > 1 || t.rank[n] < t.rank[p] {
			cuts[p].Parts = append(cuts[p].Parts, t.behind[n])
		}
	}
	var out []Cut
	for n, c := range cuts {
		if t.marked >= 0 && t.rank[n] <= t.marked {
			continue
		}
		self := Part{Size: 1}
		if t.rank[n] == t.marked {
			self.Marked = 1
		}
		rest := t.whole[n].without(parts[n]).without(self)
		if rest.Size > 1 || rest.Size == 1 && t.rank[t.parent[n]] < t.rank[n] {
			c.Parts = append(c.Parts, rest)
		}
		if len(c.Parts) > 1 {
			c.Identifier = t.nodes[n]
			out = append(out, c)
		}
	}
	return out
}
