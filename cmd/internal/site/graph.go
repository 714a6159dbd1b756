package site

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/models"
)

// drawing is a graph as SVG draws it, in pixels.
type drawing struct {
	Width, Height int
	// Narrow is how narrow the drawing may be shown: scrolling is better than what
	// nobody can read.
	Narrow int
	Boxes  []box
	Edges  []edge
}

type box struct {
	X, Y, Width, Height int
	Kind, Name, Href    string
	// Label is the name, cut to the box.
	Label string
	Here  bool
}

type edge struct{ Path string }

// The sizes of what is drawn, in pixels.
const (
	boxWidth, boxHeight = 190, 30
	columnGap, rowGap   = 70, 12
	margin              = 10
	labelRunes          = 24
)

// place is a node in a layer, or a bend of an edge that passes through it.
type place struct {
	// node is nil for a bend.
	node *models.Node
	// before are the places in the layer before that lead here, after the others.
	before, after []*place
	layer, order  int
	y             int
	weight        float64
}

func (p *place) height() int {
	if p.node == nil {
		return rowGap // a bend is as high as a gap
	}
	return boxHeight
}

// draw lays out the nodes of some keys in layers from left to right: each stands
// right of all that it reads. It is the method of Sugiyama, Tagawa and Toda
// (1981) with the barycenters of neighbours and four sweeps, which is plenty for
// graphs whose layers are few. here is drawn as the page's own.
//
// Everything about an entity reads its identities. Those edges would hide the
// others, so they are left out where a node reads anything else.
func (w *writer) draw(keys map[string]bool, here, root string) *drawing {
	var layers [][]*place
	places := map[string]*place{}
	nodes := map[string]*models.Node{}
	for i := range w.Nodes {
		nodes[w.Nodes[i].Key] = &w.Nodes[i]
	}
	put := func(p *place) {
		for len(layers) <= p.layer {
			layers = append(layers, nil)
		}
		layers[p.layer] = append(layers[p.layer], p)
	}
	var visit func(n *models.Node) *place
	visit = func(n *models.Node) *place {
		if p := places[n.Key]; p != nil {
			return p
		}
		p := &place{node: n}
		places[n.Key] = p
		var read []*place
		for _, key := range drawn(n, keys) {
			from := visit(nodes[key])
			read = append(read, from)
			p.layer = max(p.layer, from.layer+1)
		}
		put(p)
		for _, from := range read {
			for last := from; last != p; {
				next := p
				if last.layer+1 < p.layer {
					next = &place{layer: last.layer + 1}
					put(next)
				}
				last.after, next.before = append(last.after, next), append(next.before, last)
				last = next
			}
		}
		return p
	}
	for i := range w.Nodes {
		if keys[w.Nodes[i].Key] {
			visit(&w.Nodes[i])
		}
	}
	arrange(layers)
	return paint(layers, here, root)
}

// drawn are the keys that a node reads and that are drawn.
func drawn(n *models.Node, keys map[string]bool) []string {
	var all, others []string
	for _, key := range n.Reads {
		if !keys[key] {
			continue
		}
		all = append(all, key)
		if !strings.HasPrefix(key, "entity:") {
			others = append(others, key)
		}
	}
	if n.Kind != "relation" && len(others) > 0 {
		return others
	}
	return all
}

// arrange orders each layer so that few edges cross.
func arrange(layers [][]*place) {
	number := func(layer []*place) {
		for i, p := range layer {
			p.order = i
		}
	}
	sweep := func(layer []*place, neighbours func(*place) []*place) {
		for _, p := range layer {
			p.weight = float64(p.order)
			if near := neighbours(p); len(near) > 0 {
				sum := 0
				for _, other := range near {
					sum += other.order
				}
				p.weight = float64(sum) / float64(len(near))
			}
		}
		slices.SortStableFunc(layer, func(a, b *place) int { return cmp.Compare(a.weight, b.weight) })
		number(layer)
	}
	for _, layer := range layers {
		number(layer)
	}
	for range 4 {
		for _, layer := range layers {
			sweep(layer, func(p *place) []*place { return p.before })
		}
		for _, layer := range slices.Backward(layers) {
			sweep(layer, func(p *place) []*place { return p.after })
		}
	}
}

// paint turns places into pixels; layers are centred.
func paint(layers [][]*place, here, root string) *drawing {
	d := &drawing{}
	heights := make([]int, len(layers))
	for i, layer := range layers {
		for _, p := range layer {
			p.y = heights[i]
			heights[i] += p.height() + rowGap
		}
		heights[i] -= rowGap
		d.Height = max(d.Height, heights[i]+2*margin)
	}
	d.Width = len(layers)*(boxWidth+columnGap) - columnGap + 2*margin
	d.Narrow = d.Width * 7 / 10
	left := func(p *place) int { return margin + p.layer*(boxWidth+columnGap) }
	for i, layer := range layers {
		for _, p := range layer {
			p.y += (d.Height - heights[i]) / 2
		}
	}
	for _, layer := range layers {
		for _, p := range layer {
			middle := p.y + p.height()/2
			for _, next := range p.after {
				x, to := left(p)+boxWidth, left(next)
				end := next.y + next.height()/2
				path := fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x, middle, x+columnGap/2, middle, to-columnGap/2, end, to, end)
				if p.node == nil {
					path = fmt.Sprintf("M%d %dH%d", left(p), middle, x) + strings.TrimPrefix(path, fmt.Sprintf("M%d %d", x, middle))
				}
				d.Edges = append(d.Edges, edge{path})
			}
			if p.node == nil {
				continue
			}
			label := []rune(p.node.Name)
			if len(label) > labelRunes {
				label = append(label[:labelRunes-1], '…')
			}
			d.Boxes = append(d.Boxes, box{
				X: left(p), Y: p.y, Width: boxWidth, Height: boxHeight, Kind: p.node.Kind, Name: p.node.Name,
				Label: string(label), Href: root + file(p.node.Key), Here: p.node.Key == here,
			})
		}
	}
	return d
}
