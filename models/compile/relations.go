package compile

import (
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models/expr"
)

// expressions compiles those of all entities, each entity after those whose
// traits it reads. Entities that read each other in a circle are refused: the
// profiles of each would have to be there before those of the other.
func (c *compiler) expressions() diag.List {
	var found diag.List
	known := map[string][]expr.Compiled{}
	done := map[string]bool{}
	var path []expr.Use
	var visit func(e *entity)
	visit = func(e *entity) {
		for _, use := range e.parsed.Reads() {
			start := slices.IndexFunc(path, func(u expr.Use) bool { return u.Relation.From == use.Relation.To })
			switch {
			case start >= 0:
				found = append(found, circle(append(slices.Clone(path[start:]), use)))
			case !done[use.Relation.To]:
				path = append(path, use)
				visit(c.entity(use.Relation.To))
				path = path[:len(path)-1]
			}
		}
		done[e.Name] = true
		out, list := e.parsed.Compile(known)
		found = append(found, list...)
		if out != nil {
			e.expr, known[e.Name] = out, out.Traits
		}
	}
	for _, e := range c.entities {
		if !done[e.Name] {
			visit(e)
		}
	}
	return found
}

// circle reports uses of relations that lead back to where they start.
func circle(uses []expr.Use) diag.Diagnostic {
	names := []string{uses[0].Relation.From}
	for _, u := range uses {
		names = append(names, u.Relation.To)
	}
	last := uses[len(uses)-1]
	d := diag.Errorf(last.Span, "cycle", "the expressions of %s read each other: %s", strings.Join(names[:len(names)-1], " and "),
		strings.Join(names, " -> ")).
		WithHelp("Read traits in one direction only: the profiles of one entity are built before those of the other.")
	for _, u := range uses[:len(uses)-1] {
		d = d.WithRelated(u.Span, "the other direction is read here")
	}
	return d
}
