// Package selection reads dbt's grammar of node selection and applies it to
// the nodes of a plan.
//
//	vip                    the nodes of that name, whatever their kind
//	segment:vip            of one kind: source, entity, relation, trait, segment, sync, destination, test
//	trait:customer.spent   a trait, by its entity and name; "trait:spent" will do
//	tag:hourly             the nodes with a tag
//	segment:vip_*          * stands for any text
//	vip+  2+vip  +vip+1    with what reads it, what it reads, so many steps away
//	a b                    both: a union
//	tag:hourly,segment:*   the nodes that are both: an intersection
//	state:modified         defined otherwise than in a saved manifest, or not in it;
//	                       state:new and state:unmodified likewise
//
// It never touches a warehouse. Start with Select.
package selection

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
)

// Error is a selector that cannot be applied.
type Error struct {
	Selector string
	Message  string
	// Near is the closest valid selector, or empty.
	Near string
}

func (e *Error) Error() string {
	text := fmt.Sprintf("selector %q %s", e.Selector, e.Message)
	if e.Near != "" {
		text += fmt.Sprintf("; did you mean %q?", e.Near)
	}
	return text
}

// States are what selectors such as state:modified stand for.
var States = []string{"modified", "new", "unmodified"}

// OfState says of an argument that it selects by state.
func OfState(arg string) bool { return strings.Contains(arg, statePrefix) }

const statePrefix = "state:"

// Select returns the keys of the nodes that one of include selects and none
// of exclude does; no include at all selects everything, and then nil is
// returned where nothing is excluded either. Each argument may hold several
// selectors, separated by white space. A selector that matches nothing is an
// *Error, but for one by state, which may well: states has the keys of each of
// States, and is nil where nothing is known to compare with.
func Select(nodes []models.Node, include, exclude []string, states map[string]map[string]bool) (map[string]bool, error) {
	g := newGraph(nodes)
	g.states = states
	wanted, err := g.union(include)
	if err != nil {
		return nil, err
	}
	unwanted, err := g.union(exclude)
	if err != nil {
		return nil, err
	}
	if wanted == nil {
		if unwanted == nil {
			return nil, nil
		}
		wanted = map[string]bool{}
		for _, n := range nodes {
			wanted[n.Key] = true
		}
	}
	maps.DeleteFunc(wanted, func(key string, _ bool) bool { return unwanted[key] })
	return wanted, nil
}

// graph holds the edges in both directions, by key.
type graph struct {
	nodes   []models.Node
	reads   map[string][]string
	readers map[string][]string
	states  map[string]map[string]bool
}

func newGraph(nodes []models.Node) *graph {
	g := &graph{nodes: nodes, reads: map[string][]string{}, readers: map[string][]string{}}
	for _, n := range nodes {
		g.reads[n.Key] = n.Reads
		for _, r := range n.Reads {
			g.readers[r] = append(g.readers[r], n.Key)
		}
	}
	return g
}

// union is nil where args hold no selector.
func (g *graph) union(args []string) (map[string]bool, error) {
	var out map[string]bool
	for _, arg := range args {
		for selector := range strings.FieldsSeq(arg) {
			keys, err := g.intersection(selector)
			if err != nil {
				return nil, err
			}
			if out == nil {
				out = map[string]bool{}
			}
			maps.Copy(out, keys)
		}
	}
	return out, nil
}

// intersection is never empty but for one of several terms.
func (g *graph) intersection(selector string) (map[string]bool, error) {
	var out map[string]bool
	for term := range strings.SplitSeq(selector, ",") {
		keys, err := g.term(term)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = keys
			continue
		}
		maps.DeleteFunc(out, func(key string, _ bool) bool { return !keys[key] })
	}
	return out, nil
}

// term is one selector with its plus signs.
func (g *graph) term(term string) (map[string]bool, error) {
	if term == "" || term == "+" {
		return nil, &Error{Selector: term, Message: "is empty"}
	}
	match, up, down, err := depths(term)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	state, byState := strings.CutPrefix(match, statePrefix)
	if byState {
		if !slices.Contains(States, state) {
			return nil, &Error{Selector: term, Message: "is no state that is known", Near: diag.Nearest(match, prefixed(statePrefix, States))}
		}
		if g.states == nil {
			return nil, &Error{Selector: term, Message: "compares with a saved manifest: name it with --state"}
		}
		maps.Copy(out, g.states[state])
	}
	for _, n := range g.nodes {
		if !byState && matches(n, match) {
			out[n.Key] = true
		}
	}
	if len(out) == 0 && !byState {
		return nil, &Error{Selector: term, Message: "matches nothing", Near: g.near(match)}
	}
	start := slices.Collect(maps.Keys(out))
	walk(out, start, g.reads, up)
	walk(out, start, g.readers, down)
	return out, nil
}

func prefixed(prefix string, list []string) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = prefix + x
	}
	return out
}

// depths splits "2+name+1". Without a number a plus sign goes all the way, -1;
// without a plus sign the depth is 0.
func depths(term string) (match string, up, down int, err error) {
	match = term
	if before, after, ok := strings.Cut(match, "+"); ok && strings.Trim(before, "0123456789") == "" {
		up, match = -1, after
		if before != "" {
			if up, err = strconv.Atoi(before); err != nil {
				return "", 0, 0, &Error{Selector: term, Message: "has a number of steps out of range"}
			}
		}
	}
	if i := strings.LastIndex(match, "+"); i >= 0 && strings.Trim(match[i+1:], "0123456789") == "" {
		steps := match[i+1:]
		down, match = -1, match[:i]
		if steps != "" {
			if down, err = strconv.Atoi(steps); err != nil {
				return "", 0, 0, &Error{Selector: term, Message: "has a number of steps out of range"}
			}
		}
	}
	if match == "" || strings.Contains(match, "+") {
		return "", 0, 0, &Error{Selector: term, Message: "has a plus sign in the wrong place"}
	}
	return match, up, down, nil
}

// walk adds what is reachable from start within depth steps; -1 is no limit.
func walk(into map[string]bool, start []string, edges map[string][]string, depth int) {
	seen := map[string]bool{}
	for frontier := start; depth != 0 && len(frontier) > 0; depth-- {
		var next []string
		for _, key := range frontier {
			for _, to := range edges[key] {
				if !seen[to] {
					seen[to] = true
					into[to] = true
					next = append(next, to)
				}
			}
		}
		frontier = next
	}
}

// matches says whether a node answers to a selector without plus signs.
func matches(n models.Node, selector string) bool {
	kind, name, qualified := strings.Cut(selector, ":")
	switch {
	case !qualified:
		return glob(selector, n.Name)
	case kind == "tag":
		return slices.ContainsFunc(n.Tags, func(tag string) bool { return glob(name, tag) })
	case kind != n.Kind:
		return false
	}
	return glob(name, n.Name) || glob(selector, n.Key)
}

// glob knows * alone; names hold no other special characters, and a pattern
// that path.Match refuses matches nothing.
func glob(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// near is the valid selector closest to one that matched nothing.
func (g *graph) near(selector string) string {
	var valid []string
	for _, n := range g.nodes {
		if strings.Contains(selector, ":") {
			valid = append(valid, n.Key, n.Kind+":"+n.Name)
			for _, tag := range n.Tags {
				valid = append(valid, "tag:"+tag)
			}
		} else {
			valid = append(valid, n.Name)
		}
	}
	return diag.Nearest(selector, valid)
}
