package dossier

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/privacy/person"
)

// traits writes the traits of a person, each with where its value comes from.
func (c *collector) traits(ctx context.Context, p person.Part) error {
	out := part{
		name: "traits", title: "Traits", columns: columns("trait", "value", "description", "made", "from", "at", "note"),
		about:  "What is known of you, put together from the sources: each value with where it comes from.",
		papers: c.papers(p, told{of: "trait"}),
	}
	if c.Portable {
		out.about = "What the sources say of you, each value with where it comes from."
	}
	return c.add(out, func(put func([]any) error) error {
		var profile []any
		var names []string
		err := each(ctx, c.Warehouse, p.Query, func(found []adapters.Column, row []any) error {
			names = names[:0]
			for _, col := range found {
				names = append(names, col.Name)
			}
			profile = slices.Clone(row)
			return nil
		})
		if missing(err) || err == nil && profile == nil {
			return nil // no run has made it
		}
		if err != nil {
			return err
		}
		corrected, err := c.corrected(ctx)
		if err != nil {
			return err
		}
		for i, name := range names[1:] { // the first is the id
			k := slices.IndexFunc(c.Project.Traits, func(t *config.Trait) bool { return t.Entity == c.Person.Entity.Name && t.Name == name })
			if k < 0 {
				continue // it was a trait once, and is no more
			}
			t := c.Project.Traits[k]
			if c.Portable && t.Pick == "" {
				continue
			}
			row, err := c.trait(ctx, t, profile[i+1], corrected[name])
			if err != nil {
				return err
			}
			if err := put(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// trait is a row of traits.
func (c *collector) trait(ctx context.Context, t *config.Trait, value any, correction []any) ([]any, error) {
	row := []any{t.Name, value, optional(t.Description), nil, nil, nil, nil}
	const made, from, at, note = 3, 4, 5, 6
	if correction != nil {
		row[made], row[from], row[at] = "corrected", "request "+console.Cell(correction[0]), correction[1]
		return row, nil
	}
	if t.Pick == "" {
		row[made], row[from], row[note] = "computed", strings.Join(c.reads(t), ", "), strings.TrimSpace(t.Value)
		return row, nil
	}
	row[made] = t.Pick
	found, err := all(ctx, c.Warehouse, c.Person.Origin(t))
	if err != nil {
		return nil, fmt.Errorf("asking where the trait %s comes from: %w", t.Name, err)
	}
	switch {
	case len(found) == 0 && value == nil:
	case len(found) == 0 || console.Cell(found[0][1]) != console.Cell(value):
		row[from], row[note] = strings.Join(t.From, ", "), "the sources have changed since the last run"
	default:
		place, _ := found[0][0].(int64)
		row[from], row[at] = t.From[place], found[0][2]
	}
	return row, nil
}

func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// corrected are the latest corrections of the person by trait: request and at.
func (c *collector) corrected(ctx context.Context) (map[string][]any, error) {
	out := map[string][]any{}
	for _, p := range c.Person.Parts(nil, nil) {
		if p.Name != "corrections" {
			continue
		}
		columns := p.Columns()
		request, trait, at := slices.Index(columns, "request"), slices.Index(columns, "trait"), slices.Index(columns, "at")
		err := each(ctx, c.Warehouse, p.Query, func(_ []adapters.Column, row []any) error {
			out[console.Cell(row[trait])] = []any{row[request], row[at]}
			return nil
		})
		if err != nil && !missing(err) {
			return nil, err
		}
	}
	return out, nil
}

// reads are the columns of sources that a computed trait is made of, through all
// the traits between.
func (c *collector) reads(t *config.Trait) []string {
	nodes := map[string]models.Node{}
	for _, n := range c.Plan.Nodes {
		nodes[n.Key] = n
	}
	seen := map[string]bool{}
	var out []string
	var walk func(key string)
	walk = func(key string) {
		if seen[key] {
			return
		}
		seen[key] = true
		n := nodes[key]
		out = append(out, n.Columns...)
		for _, read := range n.Reads {
			if strings.HasPrefix(read, "trait:") || strings.HasPrefix(read, "segment:") {
				walk(read)
			}
		}
		if len(n.Columns) == 0 {
			for _, read := range n.Reads {
				if source, ok := strings.CutPrefix(read, "source:"); ok {
					out = append(out, source)
				}
			}
		}
	}
	walk("trait:" + t.Entity + "." + t.Name)
	slices.Sort(out)
	return slices.Compact(out)
}
