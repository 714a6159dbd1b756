package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/site"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

func (a *app) docsCommand() *cobra.Command {
	out := ""
	cmd := &cobra.Command{
		Use:   "docs",
		Short: "Write the project down as a static site, offline",
		Long: `Write a page for every resource of the project: what it is for, who answers for
it, where it is declared, its columns, what it reads and what reads it, and the
SQL that builds it. Open index.html: it needs no server, and loads nothing from
elsewhere. No warehouse is asked, and no row of data is in it.`,
		Args: cobra.NoArgs,
		RunE: do(func(context.Context, []string) error {
			p, plan, err := a.planned()
			if err != nil {
				return err
			}
			pages, err := documented(p, plan)
			if err != nil {
				return err
			}
			dir := out
			if dir == "" {
				dir = filepath.Join(p.targetDir(), "docs")
			}
			if err := writeSite(dir, pages); err != nil {
				return err
			}
			first := filepath.Join(dir, "index.html")
			if a.format == "json" {
				return console.JSON(a.stdout, struct {
					Schema string `json:"schema"`
					Index  string `json:"index"`
					Pages  int    `json:"pages"`
				}{"customhouse/docs/v1", first, len(pages)})
			}
			_, err = fmt.Fprintf(a.stdout, "wrote %d files; open %s\n", len(pages), first)
			return err
		}),
	}
	cmd.Flags().StringVar(&out, "out", "", "folder to write to, which is replaced (default target/docs)")
	return cmd
}

// documented makes the pages of a project.
func documented(p *project, plan *models.Plan) (map[string][]byte, error) {
	m, files, err := compiled(p, plan)
	if err != nil {
		return nil, err
	}
	s := site.Site{Project: p.Project, Target: m.Target, Dialect: m.Dialect, Type: p.checked.TraitType}
	for _, n := range plan.Nodes {
		if plan.Selected == nil || plan.Selected[n.Key] {
			s.Nodes = append(s.Nodes, n)
		}
	}
	hidden, err := hidePeople(p)
	if err != nil {
		return nil, err
	}
	for _, entry := range slices.Concat(m.Models, m.Syncs) {
		model := site.Model{Name: entry.Name, Nodes: entry.Nodes, Reads: entry.Reads, Writes: entry.Writes}
		for _, name := range entry.Files {
			model.Files = append(model.Files, site.File{Name: name, Text: hidden.Replace(files[name])})
		}
		s.Models = append(s.Models, model)
	}
	return s.Pages()
}

// hidePeople takes the people out of SQL whom decisions about identity name.
func hidePeople(p *project) (*strings.Replacer, error) {
	printer := p.kind.printer(p.target, p.fileSources())
	instead, err := printer.Expr(sql.String("..."))
	if err != nil {
		return nil, fmt.Errorf("spelling a text: %w", err)
	}
	var pairs []string
	for _, e := range p.Entities {
		for _, pair := range slices.Concat(e.AlwaysLink, e.NeverLink) {
			for _, who := range []config.Reference{pair.A, pair.B} {
				spelled, err := printer.Expr(sql.String(who.Value))
				if err != nil {
					return nil, fmt.Errorf("spelling an identifier: %w", err)
				}
				pairs = append(pairs, spelled, instead)
			}
		}
	}
	return strings.NewReplacer(pairs...), nil
}

// siteMark is a file that each site has: a folder that holds other things than a
// site is not replaced.
const siteMark = "site.js"

func writeSite(dir string, pages map[string][]byte) error {
	held, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing the site: %w", err)
	}
	if len(held) > 0 {
		if _, err := os.Stat(filepath.Join(dir, siteMark)); err != nil {
			return usageError{fmt.Errorf("the folder %s holds something else: name another with --out", dir)}
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("replacing the site: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a site is for others to read
			return fmt.Errorf("writing the site: %w", err)
		}
		if err := os.WriteFile(path, pages[name], 0o644); err != nil { //nolint:gosec // as above
			return fmt.Errorf("writing the site: %w", err)
		}
	}
	return nil
}
