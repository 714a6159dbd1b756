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
	var path []read
	var visit func(e *entity)
	visit = func(e *entity) {
		for _, use := range e.parsed.Reads() {
			path = append(path, read{e.Name, use})
			start := slices.IndexFunc(path, func(r read) bool { return r.by == use.Entity })
			switch {
			case start >= 0:
				found = append(found, circle(path[start:]))
			case !done[use.Entity]:
				visit(c.entity(use.Entity))
			}
			path = path[:len(path)-1]
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

// read is where the expressions of an entity read another.
type read struct {
	by string
	expr.Use
}

// circle reports reads that lead back to where they start.
func circle(reads []read) diag.Diagnostic {
	var names []string
	for _, r := range reads {
		names = append(names, r.by)
	}
	names = append(names, names[0])
	last := reads[len(reads)-1]
	d := diag.Errorf(last.Span, "cycle", "the expressions of %s read each other: %s", strings.Join(names[:len(names)-1], " and "),
		strings.Join(names, " -> ")).
		WithHelp("Read traits in one direction only: the profiles of one entity are built before those of the other.")
	for _, r := range reads[:len(reads)-1] {
		d = d.WithRelated(r.Span, "the other direction is read here")
	}
	return d
}
