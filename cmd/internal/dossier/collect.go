package dossier

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/register"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/privacy/person"
	"github.com/customhouse-cdp/customhouse/models/profile"
	"github.com/customhouse-cdp/customhouse/sql"
)

// collector puts what the warehouse has of a person into an archive.
type collector struct {
	Options
	*archive
	// parts are by their names.
	known map[string]person.Part
	// recipients are what syncs send to, by the name of the sync.
	recipients map[string]*config.Sync
}

// told is how the page speaks of a part of our own tables.
type told struct {
	title, about string
	// derived says that it is left out of what a person may take along.
	derived bool
	// of is the kind of the fields of the register that it has, empty where it has
	// none of them.
	of string
	// kept says how long, where the register does not.
	kept string
}

var parts = map[string]told{
	"identifiers":           {title: "Identifiers", about: "What you are known by, as it is compared: in which source it was seen first, and when first and last.", of: "identifier"},
	"id_changes":            {title: "Changes of your number", about: "Every entity has a number of its own; when two turned out to be one, one number was given up.", derived: true, kept: "for good: it says nothing but numbers"},
	"identity_incidents":    {title: "Findings about identifiers", about: "Identifiers of yours that join nobody, or were dropped, and why.", derived: true, of: "identifier"},
	"trait_history":         {title: "Earlier traits", about: "What the traits were before, from when to when.", derived: true, of: "trait"},
	"segments":              {title: "Segments", about: "Groups that you are in, and since when.", derived: true, of: "segment"},
	"segment_changes":       {title: "Changes of segments", about: "When you entered and left groups.", derived: true, of: "segment"},
	"consents":              {title: "Consents", about: "What you have agreed to and refused: your latest word for each purpose, and where it was given.", kept: "as long as the sources have what you said"},
	"consent_refusals_kept": {title: "Refusals that were kept", about: "Refusals from before two records of you became one; the stricter word counts.", kept: "as long as you are known"},
	"restrictions":          {title: "Restrictions and objections", about: "What you asked us not to do with your data.", kept: "until you withdraw it"},
	"corrections":           {title: "Corrections", about: "Values that you had corrected; they win over what sources say.", kept: "until you withdraw it"},
	"delivered":             {title: "Deliveries", about: "What other systems hold of you now because we sent it, as it was sent last.", derived: true, kept: "as long as the other system has it"},
	"delivery_log":          {title: "Record of deliveries", about: "Every time that something of you was sent to another system, or taken away there.", derived: true},
	"rejected":              {title: "Refused deliveries", about: "What was to be sent of you and was refused.", derived: true, kept: "until it is accepted, or not to be sent any more"},
	"pending":               {title: "Open deliveries", about: "What was about to be sent and was not confirmed.", derived: true, kept: "until it is known what became of it"},
}

func (c *collector) collect(ctx context.Context) error {
	e := c.Person.Entity
	traits, err := c.columns(ctx, profile.Table(e), identity.Column(e))
	if err != nil {
		return err
	}
	kept, err := c.columns(ctx, profile.HistoryTable(e), identity.Column(e), "valid_from", "valid_to")
	if err != nil {
		return err
	}
	c.known = map[string]person.Part{}
	c.recipients = map[string]*config.Sync{}
	for _, s := range c.Project.Syncs {
		c.recipients[s.Name] = s
	}
	var rest []person.Part
	for _, p := range c.Person.Parts(traits, kept) {
		switch p.Name {
		case "identifiers":
			if err := c.part(ctx, p); err != nil {
				return err
			}
		case "traits":
			c.known[p.Name] = p
		default:
			rest = append(rest, p)
		}
	}
	for _, s := range c.Project.Sources {
		if s.Entity == e.Name {
			if err := c.source(ctx, s); err != nil {
				return err
			}
		}
	}
	if err := c.traits(ctx, c.known["traits"]); err != nil {
		return err
	}
	for _, p := range rest {
		if err := c.part(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// columns are those of a table but for some; none where it is not there.
func (c *collector) columns(ctx context.Context, t sql.Table, but ...string) ([]string, error) {
	list, err := c.Warehouse.Columns(ctx, t)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, col := range list {
		if !slices.Contains(but, col.Name) {
			out = append(out, col.Name)
		}
	}
	return out, nil
}

// part writes a part of our own tables.
func (c *collector) part(ctx context.Context, p person.Part) error {
	t, ok := parts[p.Name]
	if !ok {
		t = told{
			title: "Relation " + strings.TrimPrefix(p.Name, "relation_"), about: "Whom you belong to, or who belongs to you, and since when.", derived: true,
			kept: "as long as the sources have what it is made of",
		}
	}
	if c.Portable && t.derived {
		return nil
	}
	out := part{name: p.Name, title: t.title, about: t.about, columns: columns(p.Columns()...), papers: c.papers(p, t)}
	fieldsAt := slices.Index(p.Columns(), "sent")
	return c.add(out, func(put func([]any) error) error {
		err := each(ctx, c.Warehouse, p.Query, func(found []adapters.Column, row []any) error {
			for i := range found {
				out.columns[i].typ = found[i].Type
			}
			if fieldsAt >= 0 {
				if text, ok := row[fieldsAt].(string); ok {
					list, err := audience.Sent(text)
					if err != nil {
						return fmt.Errorf("reading what was delivered: %w", err)
					}
					row[fieldsAt] = fields(list)
				}
			}
			return put(row)
		})
		if missing(err) {
			return nil // no run has made it
		}
		return err
	})
}

// papers are what a part is used for, who receives it, and how long it is kept.
func (c *collector) papers(p person.Part, t told) register.About {
	entity := c.Person.Entity.Name
	a := c.Register.About(func(f register.Field) bool { return f.Kind == t.of && f.Entity == entity })
	if t.kept != "" {
		a.Kept = []string{t.kept}
	}
	if p.Kind == person.Delivery {
		a.Purposes, a.Recipients = sent(c.Project, entity)
		if p.Table == audience.Log {
			a.Kept = c.Register.Keeping[:1]
		}
	}
	return a
}

// sent are the purposes for which an entity is sent, and to which destinations.
func sent(p *config.Project, entity string) (purposes, destinations []string) {
	purposes, destinations = []string{}, []string{}
	for _, s := range p.Syncs {
		if person.Entity(p, s) != entity {
			continue
		}
		if !slices.Contains(purposes, s.Purpose) {
			purposes = append(purposes, s.Purpose)
		}
		if !slices.Contains(destinations, s.To.Destination) {
			destinations = append(destinations, s.To.Destination)
		}
	}
	return purposes, destinations
}

// source writes the rows of a source.
func (c *collector) source(ctx context.Context, s *config.Source) error {
	list, err := c.Warehouse.Columns(ctx, identity.SourceTable(s))
	if err != nil {
		return fmt.Errorf("looking at source %s: %w", s.Name, err)
	}
	about := "Rows of the source " + s.Name
	if s.Table != "" && s.Table != s.Name {
		about += " (table " + s.Table + ")"
	}
	about += " that carry one of your identifiers, as they are there now."
	if s.Description != "" {
		about += " " + s.Description
	}
	out := part{name: "source_" + s.Name, title: "Source " + s.Name, about: about, papers: c.Register.About(func(f register.Field) bool {
		return f.Kind == "column" && strings.HasPrefix(f.Name, s.Name+".")
	})}
	read := make([]person.Column, len(list))
	for i, col := range list {
		read[i] = person.Column{Name: col.Name, Other: col.Type == 0}
		out.columns = append(out.columns, column{name: col.Name, typ: col.Type})
	}
	return c.add(out, func(put func([]any) error) error {
		n := len(read)
		err := each(ctx, c.Warehouse, c.Person.Rows(s, read), func(_ []adapters.Column, row []any) error {
			for i := range n {
				if hidden, _ := row[n+i].(bool); hidden {
					row[i] = withheld{}
				}
			}
			return put(row[:n])
		})
		if err != nil {
			return fmt.Errorf("reading source %s: %w", s.Name, err)
		}
		return nil
	})
}
