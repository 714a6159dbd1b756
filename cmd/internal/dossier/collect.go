package dossier

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
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
}

var parts = map[string]told{
	"identifiers":           {"Identifiers", "What you are known by, as it is compared: in which source it was seen first, and when first and last.", false},
	"id_changes":            {"Changes of your number", "Every entity has a number of its own; when two turned out to be one, one number was given up.", true},
	"identity_incidents":    {"Findings about identifiers", "Identifiers of yours that join nobody, or were dropped, and why.", true},
	"trait_history":         {"Earlier traits", "What the traits were before, from when to when.", true},
	"segments":              {"Segments", "Groups that you are in, and since when.", true},
	"segment_changes":       {"Changes of segments", "When you entered and left groups.", true},
	"consents":              {"Consents", "What you have agreed to and refused: your latest word for each purpose, and where it was given.", false},
	"consent_refusals_kept": {"Refusals that were kept", "Refusals from before two records of you became one; the stricter word counts.", false},
	"restrictions":          {"Restrictions and objections", "What you asked us not to do with your data.", false},
	"corrections":           {"Corrections", "Values that you had corrected; they win over what sources say.", false},
	"delivered":             {"Deliveries", "What other systems hold of you now because we sent it, as it was sent last.", true},
	"delivery_log":          {"Record of deliveries", "Every time that something of you was sent to another system, or taken away there.", true},
	"rejected":              {"Refused deliveries", "What was to be sent of you and was refused.", true},
	"pending":               {"Open deliveries", "What was about to be sent and was not confirmed.", true},
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
		t = told{title: "Relation " + strings.TrimPrefix(p.Name, "relation_"), about: "Whom you belong to, or who belongs to you, and since when.", derived: true}
	}
	if c.Portable && t.derived {
		return nil
	}
	out := part{name: p.Name, title: t.title, about: t.about, columns: columns(p.Columns()...)}
	sent := slices.Index(p.Columns(), "sent")
	return c.add(out, func(put func([]any) error) error {
		err := each(ctx, c.Warehouse, p.Query, func(found []adapters.Column, row []any) error {
			for i := range found {
				out.columns[i].typ = found[i].Type
			}
			if sent >= 0 {
				if text, ok := row[sent].(string); ok {
					list, err := audience.Sent(text)
					if err != nil {
						return fmt.Errorf("reading what was delivered: %w", err)
					}
					row[sent] = fields(list)
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
	out := part{name: "source_" + s.Name, title: "Source " + s.Name, about: about}
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
