package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/manifest"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

func (a *app) compileCommand() *cobra.Command {
	explain := false
	cmd := &cobra.Command{
		Use:   "compile",
		Short: "Write the project's SQL to target/compiled, offline",
		Long: `Write the SQL that a run would execute to target/compiled, a folder for each
model and sync and a file for each step, and target/manifest.json, which says
how they hang together. It needs no warehouse.

With --explain it says what is computed where: the passes over each source, what
each aggregates, and which conditions of segments are decided in a pass and
leave it as a bit.`,
		Args: cobra.NoArgs,
		RunE: do(func(context.Context, []string) error {
			p, plan, err := a.planned()
			if err != nil {
				return err
			}
			m, files, err := compiled(p, plan)
			if err != nil {
				return err
			}
			if m.Nodes, err = p.definitions(plan.Nodes); err != nil {
				return err
			}
			if err := p.writeCompiled(m, files); err != nil {
				return err
			}
			if explain {
				return a.explainPasses(p, plan)
			}
			if a.format == "json" {
				return console.JSON(a.stdout, m)
			}
			_, err = fmt.Fprintf(a.stdout, "wrote %d files of SQL to %s\n", len(files), filepath.Join(p.targetDir(), "compiled"))
			return err
		}),
	}
	cmd.Flags().BoolVar(&explain, "explain", false, "say what is computed where")
	return cmd
}

// writeCompiled replaces target/compiled and the manifest.
func (p *project) writeCompiled(m manifest.Manifest, files map[string]string) error {
	text, err := indented(m)
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	if err := os.RemoveAll(filepath.Join(p.targetDir(), "compiled")); err != nil {
		return fmt.Errorf("removing the SQL compiled before: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := p.writeArtifact(filepath.Join("compiled", filepath.FromSlash(name)), []byte(files[name])); err != nil {
			return err
		}
	}
	return p.writeArtifact("manifest.json", text)
}

// compiled spells a plan: the manifest, and the SQL by file name.
func compiled(p *project, plan *models.Plan) (manifest.Manifest, map[string]string, error) {
	printer := p.kind.printer(p.target, p.fileSources())
	m := manifest.Manifest{
		Schema: manifest.Schema, Version: thisVersion().Version, Project: p.Name, ProjectHash: p.hash,
		Target: p.target.Name, Dialect: printer.Dialect.Name,
		Nodes: []manifest.Node{}, Models: []manifest.Model{}, Syncs: []manifest.Model{},
	}
	graph, err := models.NewGraph(plan.Models)
	if err != nil {
		return m, nil, err
	}
	files := map[string]string{}
	for _, i := range graph.Order {
		model := plan.Models[i]
		s := speller{printer: printer, dir: folder(model.Name), files: files}
		s.steps(model.Steps)
		s.script("put in place", model.Commit)
		for _, q := range model.Measures {
			s.query("measure "+q.Subject, q.Query)
		}
		entry := s.entry(model.Name, model.Nodes, models.ModelUse(model))
		for _, n := range graph.Needs[i] {
			entry.Needs = append(entry.Needs, plan.Models[n].Name)
		}
		m.Models = append(m.Models, entry)
		err = cmp.Or(err, s.err)
	}
	for _, audience := range plan.Audiences {
		name := "sync:" + audience.Sync.Name
		s := speller{printer: printer, dir: folder(name), files: files}
		s.steps(audience.Recover.Steps)
		s.script("take over what the journal kept", audience.Recover.Apply)
		s.steps(audience.Steps)
		s.script("note the rows that cannot be sent", audience.Refuse)
		s.script("note what is about to be sent", audience.Note)
		s.query("count what is due", audience.Counts)
		s.query("changes", audience.Changes)
		s.query("everything wanted", audience.Snapshot)
		s.script("take outcomes over", audience.Apply)
		s.script("forget rejections that are no longer due", audience.Settle)
		m.Syncs = append(m.Syncs, s.entry(name, []string{name}, models.AudienceUse(audience)))
		err = cmp.Or(err, s.err)
	}
	return m, files, err
}

// folder is a path for a name such as "identity:customer".
func folder(name string) string { return strings.ReplaceAll(name, ":", "/") }

// speller prints the steps of one model into numbered files.
type speller struct {
	printer *sql.Printer
	dir     string
	files   map[string]string
	names   []string
	// within is the titles of the enclosing loops.
	within []string
	err    error
}

func (s *speller) steps(steps []models.Step) {
	for _, step := range steps {
		switch step := step.(type) {
		case *models.Exec:
			s.script(step.Title, step.Statements)
		case *models.Assert:
			s.query("assert "+step.Title, step.Query)
		case *models.Examine:
			s.query(step.Title, step.Query)
			for i := range step.Expectations {
				s.failing(&step.Expectations[i])
			}
		case *models.Unite:
			s.query("in process "+step.Title, step.Query())
		case *models.Loop:
			s.query("repeat while not zero "+step.Title, step.While)
			s.within = append(s.within, step.Title)
			s.steps(step.Steps)
			s.within = s.within[:len(s.within)-1]
		default:
			panic(fmt.Sprintf("compile: unknown step %T", step))
		}
	}
}

func (s *speller) script(title string, statements []sql.Statement) {
	var texts []string
	for _, statement := range statements {
		out, err := s.printer.Statement(statement)
		s.err = cmp.Or(s.err, err)
		texts = append(texts, out...)
	}
	s.file(title, texts)
}

func (s *speller) query(title string, q sql.Query) {
	if q == nil {
		return
	}
	text, err := s.printer.Query(q)
	s.err = cmp.Or(s.err, err)
	s.file(title, []string{text})
}

// failing writes the query of the rows that fail an expectation, for people.
func (s *speller) failing(x *models.Expectation) {
	if x.Failing == nil {
		return
	}
	text, err := s.printer.Query(x.Failing)
	s.err = cmp.Or(s.err, err)
	s.files[failingFile(x)] = text + ";\n"
}

func (s *speller) file(title string, texts []string) {
	if len(texts) == 0 {
		return
	}
	head := "-- " + strings.Join(append(slices.Clone(s.within), title), ": ") + "\n"
	name := path.Join(s.dir, fmt.Sprintf("%02d_%s.sql", len(s.names)+1, slug(title)))
	s.names = append(s.names, name)
	s.files[name] = head + strings.Join(texts, ";\n\n") + ";\n"
}

func (s *speller) entry(name string, nodes []string, use models.Use) manifest.Model {
	m := manifest.Model{Name: name, Nodes: append([]string{}, nodes...), Needs: []string{}, Files: append([]string{}, s.names...)}
	reads, writes := map[string]bool{}, map[string]bool{}
	for t := range use.Reads {
		s.outside(t, reads)
	}
	for t := range use.Writes {
		s.outside(t, writes)
	}
	m.Reads = append([]string{}, slices.Sorted(maps.Keys(reads))...)
	m.Writes = append([]string{}, slices.Sorted(maps.Keys(writes))...)
	return m
}

// outside notes the tables that others see.
func (s *speller) outside(t sql.Table, into map[string]bool) {
	if t.Space == sql.Public || t.Space == sql.Source {
		name, err := s.printer.Table(t)
		s.err = cmp.Or(s.err, err)
		into[name] = true
	}
}

// slug makes a file name of a title.
func slug(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	text := strings.Join(words, "_")
	return text[:min(len(text), 60)]
}
