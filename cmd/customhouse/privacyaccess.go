package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/dossier"
	subject "github.com/customhouse-cdp/customhouse/models/privacy/person"
)

func (a *app) privacyAccessCommand() *cobra.Command {
	entity, out := "", ""
	portable := false
	c := &cobra.Command{
		Use:   "access <identifier>=<value>... --out FILE",
		Short: "Write everything that is held of a person into one ZIP file",
		Long: `One ZIP with a page for people (index.html), a document for programs (person.json)
and a table for each part (CSV): identifiers, the rows of every source, traits with
where each value comes from, segments, consents and deliveries. What is other
people's in rows that they share is left out, and said so.`,
		Example: `  customhouse privacy access email=ada@example.com --out ada.zip
  customhouse privacy access email=ada@example.com --portable --out ada.zip`,
		Args: cobra.MinimumNArgs(1),
		RunE: do(func(ctx context.Context, args []string) error {
			if out == "" {
				return usageError{errors.New("--out says where the file goes")}
			}
			return a.look(ctx, 1, func(ctx context.Context, s *shower) error {
				p, err := s.sought(ctx, entity, args...)
				if err != nil {
					return err
				}
				sum, err := s.dossier(ctx, out, p, portable, "")
				if err != nil {
					return err
				}
				return s.written(out, sum)
			})
		}),
	}
	c.Flags().StringVar(&out, "out", "", "file to write, which is not there yet")
	c.Flags().StringVar(&entity, "entity", "", "whose identifiers they are; the first entity that has such a one by default")
	c.Flags().BoolVar(&portable, "portable", false, "leave out what was derived, as the right to data portability has it")
	return c
}

// dossier writes the ZIP of one person.
func (s *shower) dossier(ctx context.Context, path string, p subject.Person, portable bool, request string) (dossier.Summary, error) {
	if err := one(p); err != nil {
		return dossier.Summary{}, err
	}
	if err := s.readable(ctx, p.Entity); err != nil {
		return dossier.Summary{}, err
	}
	if err := s.note(ctx, s.project, audit.Exported, audit.Of("entity", p.Entity.Name), someone{p.Entity.Name, p.IDs[0]}); err != nil {
		return dossier.Summary{}, err
	}
	return dossier.Create(ctx, path, dossier.Options{
		Project: s.project.Project, Plan: s.plan, Warehouse: s.wh, Register: s.project.register(s.plan), Person: p, Portable: portable, Request: request, Made: s.now(),
	})
}

// one refuses what is not one person: two people's data are not to come into one
// file, and nobody's identifier is of somebody else as well.
func one(p subject.Person) error {
	if len(p.IDs) == 0 {
		return nobodyError{fmt.Errorf("no %s has this identifier for their own: customhouse privacy where says where it is", p.Entity.Name)}
	}
	switch p.Living {
	case 0:
		return nobodyError{fmt.Errorf("no %s has this id any more", p.Entity.Name)}
	case 1:
		return nil
	}
	return fmt.Errorf("the identifiers are of %d different %s: make one file for each", p.Living, plural(p.Entity.Name))
}

func (s *shower) written(path string, sum dossier.Summary) error {
	if s.format == "json" {
		type part struct {
			Name string `json:"name"`
			Rows int64  `json:"rows"`
		}
		parts := []part{}
		for _, p := range sum.Parts {
			parts = append(parts, part{p.Name, p.Rows})
		}
		return console.JSON(s.stdout, struct {
			Schema   string `json:"schema"`
			File     string `json:"file"`
			Bytes    int64  `json:"bytes"`
			Rows     int64  `json:"rows"`
			Withheld int64  `json:"withheld"`
			Parts    []part `json:"parts"`
		}{"customhouse/dossier/v1", path, sum.Bytes, sum.Rows, sum.Withheld, parts})
	}
	_, err := fmt.Fprintf(s.stdout, "%s: %s in %s, %s\n", console.Line(path), counted(sum.Rows, "row"), counted(int64(len(sum.Parts)), "part"), console.Bytes(sum.Bytes))
	if err == nil && sum.Withheld > 0 {
		_, err = fmt.Fprintf(s.stdout, "  of %s what is other people's was withheld\n", counted(sum.Withheld, "row"))
	}
	return err
}
