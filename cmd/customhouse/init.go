package main

import (
	"bufio"
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/config"
)

//go:embed starter
var starter embed.FS

// answers are what init has to know.
type answers struct {
	Name   string
	DuckDB string
	// Source is a table's dotted name or a path or glob of files; empty for the
	// tiny sample that init writes.
	Source string
	// Identifiers are columns of Source, strongest first.
	Identifiers []string
}

func (a *app) initCommand() *cobra.Command {
	var given answers
	c := &cobra.Command{
		Use:   "init [dir]",
		Short: "Write a small project that runs",
		Long: `Write a small, valid project. Without --source it comes with a tiny sample, so
that customhouse run works at once. On a terminal, what no flag says is asked.
Files that exist are never overwritten.`,
		Example: `  customhouse init my_project
  customhouse init shop --source 'exports/contacts_*.csv' --identifier user_id --identifier email`,
		Args: cobra.MaximumNArgs(1),
	}
	f := c.Flags()
	f.StringVar(&given.Name, "name", "", "name of the project (default: the folder's)")
	f.StringVar(&given.DuckDB, "duckdb", "", "path of the DuckDB file (default: the project's name)")
	f.StringVar(&given.Source, "source", "", "table (schema.name) or files (path or glob) that hold your customers")
	f.StringArrayVar(&given.Identifiers, "identifier", nil, "column of the source that identifies a customer, strongest first (repeatable)")
	c.RunE = do(func(_ context.Context, args []string) error {
		dir := a.projectDir
		if len(args) == 1 {
			dir = args[0]
		}
		given.defaults(dir)
		if isTerminal(a.stdin) && !f.Changed("source") {
			if err := a.ask(&given); err != nil {
				return err
			}
		}
		if err := given.check(); err != nil {
			return err
		}
		return a.writeProject(dir, given)
	})
	return c
}

// defaults fills in what depends on nothing but the folder.
func (g *answers) defaults(dir string) {
	if g.Name == "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			abs = dir
		}
		g.Name = identifier(filepath.Base(abs))
	}
	g.DuckDB = cmp.Or(g.DuckDB, g.Name+".duckdb")
}

// identifier makes a name that the project may have.
func identifier(text string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			return unicode.ToLower(r)
		case r == '_' || r == '-' || r == ' ' || r == '.':
			return '_'
		}
		return -1
	}, text)
	name = strings.Trim(name, "_")
	if name == "" || unicode.IsDigit(rune(name[0])) {
		name = "project" + name
	}
	return name
}

var validName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (g *answers) check() error {
	if !validName.MatchString(g.Name) {
		return usageError{fmt.Errorf("the name %q has to be lower-case letters, digits and _, beginning with a letter", g.Name)}
	}
	if g.Source == "" && len(g.Identifiers) > 0 {
		return usageError{errors.New("--identifier names columns of --source, which is not given")}
	}
	if g.Source != "" && len(g.Identifiers) == 0 {
		return usageError{errors.New("--source needs at least one --identifier: a column that says whose row it is")}
	}
	return nil
}

// ask asks on the terminal; an empty answer keeps what is in brackets.
func (a *app) ask(g *answers) error {
	in := bufio.NewScanner(a.stdin)
	question := func(text, otherwise string) string {
		fmt.Fprintf(a.stderr, "%s [%s]: ", text, otherwise)
		if !in.Scan() {
			fmt.Fprintln(a.stderr)
			return otherwise
		}
		return cmp.Or(strings.TrimSpace(in.Text()), otherwise)
	}
	const sample = "a tiny sample"
	g.Name = question("Name of the project", g.Name)
	g.DuckDB = question("DuckDB file", g.DuckDB)
	if source := question("Table (schema.name) or files (path or glob) with your customers", sample); source != sample {
		g.Source = source
		g.Identifiers = strings.FieldsFunc(
			question("Columns that identify a customer, strongest first, separated by commas", "email"),
			func(r rune) bool { return r == ',' || r == ' ' },
		)
	}
	return in.Err()
}

// files says that the source is files and not a table.
func (g *answers) files() bool {
	for _, ending := range []string{".csv", ".json", ".ndjson", ".jsonl", ".parquet", ".tsv", ".gz"} {
		if strings.HasSuffix(strings.ToLower(g.Source), ending) {
			return true
		}
	}
	return strings.ContainsAny(g.Source, `/\*`)
}

// writeProject writes all files or none: it looks first.
func (a *app) writeProject(dir string, g answers) error {
	text, err := g.render()
	if err != nil {
		return err
	}
	var names []string
	for name := range text {
		names = append(names, name)
	}
	slices.Sort(names)
	if outer, err := enclosing(dir); err != nil {
		return err
	} else if outer != "" {
		return fmt.Errorf("%s is inside of the project in %s, which would read its files too: choose a folder outside", dir, outer)
	}
	var there []string
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			there = append(there, name)
		}
	}
	if len(there) > 0 {
		return fmt.Errorf("%s has %s already: nothing was written", dir, strings.Join(there, ", "))
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a project is for others to read
			return fmt.Errorf("writing the project: %w", err)
		}
		// Exclusive: what appeared since we looked is not overwritten either.
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // as above
		if err != nil {
			return fmt.Errorf("writing the project: %w", err)
		}
		_, err = f.Write(text[name])
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("writing the project: %w", err)
		}
	}
	if _, found := config.Load(os.DirFS(dir), dir, kinds()); found.Err() != nil {
		a.render(found)
		return errors.New("the project was written, and has to be corrected where the lines above say")
	}
	if a.format == "json" {
		return console.JSON(a.stdout, struct {
			Schema string   `json:"schema"`
			Dir    string   `json:"dir"`
			Files  []string `json:"files"`
		}{"customhouse/init/v1", dir, names})
	}
	next := "customhouse run"
	if dir != "." {
		next = "cd " + dir + " && " + next
	}
	_, err = fmt.Fprintf(a.stdout, "wrote %s\nnext: %s\n", strings.Join(names, ", "), next)
	return err
}

// enclosing is the folder of a project around dir, empty where there is none.
func enclosing(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("finding the folder: %w", err)
	}
	for up := filepath.Dir(abs); ; up = filepath.Dir(up) {
		if hasProject(up) {
			return up, nil
		}
		if up == filepath.Dir(up) {
			return "", nil
		}
	}
}

// render is the project's files by name.
func (g *answers) render() (map[string][]byte, error) {
	jsonSchema, err := schema()
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{"customhouse.schema.json": jsonSchema}
	folder := "starter/own"
	if g.Source == "" {
		folder = "starter/sample"
	}
	t := template.New("").Funcs(template.FuncMap{"quote": quoteYAML, "normalize": normalizer, "name": identifier})
	for _, from := range []string{"starter/both", folder} {
		err := fs.WalkDir(starter, from, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := starter.ReadFile(path)
			if err != nil {
				return err
			}
			parsed, err := t.New(path).Parse(string(text))
			if err != nil {
				return err
			}
			var b strings.Builder
			if err := parsed.Execute(&b, struct {
				*answers
				Files bool
			}{g, g.files()}); err != nil {
				return err
			}
			name := strings.TrimPrefix(path, from+"/")
			if name == "gitignore" {
				name = ".gitignore" // a name with a dot is not embedded
			}
			out[filepath.FromSlash(name)] = []byte(b.String())
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("writing the project: %w", err)
		}
	}
	return out, nil
}

// quoteYAML writes any text as a YAML scalar.
func quoteYAML(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// normalizer is the rule that a column's name suggests, empty for none.
func normalizer(column string) string {
	name := strings.ToLower(column)
	switch {
	case strings.Contains(name, "mail"):
		return "email"
	case strings.Contains(name, "phone"), strings.Contains(name, "mobile"):
		return "digits"
	}
	return ""
}
