package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models/expr/syntax"
)

func (a *app) fmtCommand() *cobra.Command {
	var check, showDiff bool
	c := &cobra.Command{
		Use:   "fmt [path...]",
		Short: "Format the expressions of the project",
		Long: `Format the expressions in YAML files: those given, those in the folders given,
or those of the project. Comments stay, and so does everything outside of
expressions, byte for byte. Files that change are listed.

An expression that cannot be read is reported, and then no file is written. The
files need not be a valid project otherwise: that is for validate.

With - the expression on standard input is formatted to standard output.`,
		Example: `  customhouse fmt
  customhouse fmt --check
  customhouse fmt --diff segments.yaml
  echo 'country=="FR"&&vip' | customhouse fmt -`,
		RunE: do(func(_ context.Context, args []string) error {
			if len(args) == 1 && args[0] == "-" {
				if check || showDiff {
					return usageError{errors.New("--check and --diff are about files, not about standard input")}
				}
				return a.formatInput()
			}
			return a.formatFiles(args, check, showDiff)
		}),
	}
	c.Flags().BoolVar(&check, "check", false, "write nothing; exit with 1 where a file is not formatted")
	c.Flags().BoolVar(&showDiff, "diff", false, "write nothing; print what would change")
	return c
}

// formatInput formats one bare expression.
func (a *app) formatInput() error {
	src := &diag.Source{Name: "stdin"}
	var err error
	if src.Text, err = io.ReadAll(io.LimitReader(a.stdin, config.MaxFile)); err != nil {
		return fmt.Errorf("reading standard input: %w", err)
	}
	out, err := syntax.Format(string(src.Text))
	if bad, ok := errors.AsType[*syntax.Error](err); ok {
		return diag.List{{Severity: diag.Error, Code: syntax.CodeSyntax, Span: src.Span(bad.Start, bad.End), Summary: bad.Summary, Help: bad.Help}}.Err()
	}
	if err != nil {
		return fmt.Errorf("formatting: %w", err)
	}
	_, err = fmt.Fprintln(a.stdout, out)
	return err
}

// formatted is a file that changes.
type formatted struct {
	path, name string
	old, now   []byte
	mode       fs.FileMode
	// beside is the complete new file, before it takes the old one's place.
	beside string
}

// formatFiles formats all files, or none where one of them cannot be.
func (a *app) formatFiles(paths []string, check, showDiff bool) error {
	if len(paths) == 0 {
		dir, err := a.findProject()
		if err != nil {
			return err
		}
		if here, err := os.Getwd(); err == nil {
			if short, err := filepath.Rel(here, dir); err == nil {
				dir = short
			}
		}
		paths = []string{dir}
	}
	names, err := yamlFiles(paths)
	if err != nil {
		return err
	}
	var changed []*formatted
	var found diag.List
	for _, name := range names {
		f, problems, err := format(name)
		if err != nil {
			return err
		}
		found = append(found, problems...)
		if f != nil {
			changed = append(changed, f)
		}
	}
	if err := found.Err(); err != nil {
		return err
	}
	if !check && !showDiff {
		if err := replace(changed); err != nil {
			return err
		}
	}
	if err := a.listFormatted(changed, showDiff); err != nil {
		return err
	}
	if check && len(changed) > 0 {
		return failure{exitFailure}
	}
	return nil
}

// yamlFiles are the files that the paths name, each once.
func yamlFiles(paths []string) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	add := func(name string) {
		if name = filepath.Clean(name); !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	for _, root := range paths {
		info, err := os.Stat(root)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usageError{fmt.Errorf("there is no file or folder %s", root)}
		}
		if err != nil {
			return nil, fmt.Errorf("finding files: %w", err)
		}
		if !info.IsDir() {
			if config.Skipped(filepath.Base(root), fs.FileInfoToDirEntry(info)) || !info.Mode().IsRegular() {
				return nil, usageError{fmt.Errorf("%s is not a file of a project: they end in .yaml or .yml", root)}
			}
			add(root)
			continue
		}
		err = fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case config.Skipped(name, d) && d.IsDir():
				return fs.SkipDir
			case !config.Skipped(name, d) && d.Type().IsRegular():
				add(filepath.Join(root, filepath.FromSlash(name)))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("finding files: %w", err)
		}
	}
	return out, nil
}

// format formats one file in memory. It is nil where nothing changes.
func format(name string) (*formatted, diag.List, error) {
	// What the name leads to is replaced, never the link.
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, nil, fmt.Errorf("reading file: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading file: %w", err)
	}
	name = filepath.ToSlash(name)
	if info.Size() > config.MaxFile {
		return nil, nil, fmt.Errorf("%s is larger than 4 MB", name)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading file: %w", err)
	}
	now, found := syntax.FormatFile(&diag.Source{Name: name, Text: text})
	if now == nil {
		return nil, found, nil
	}
	return &formatted{path: path, name: name, old: text, now: now, mode: info.Mode().Perm()}, found, nil
}

// replace puts the new files in the place of the old ones. All are written
// before the first takes its place, so that a full disk changes nothing.
func replace(files []*formatted) (err error) {
	defer func() {
		for _, f := range files {
			if f.beside != "" && err != nil {
				// What is left of it is in nobody's way.
				_ = os.Remove(f.beside)
			}
		}
	}()
	for _, f := range files {
		if err := f.write(); err != nil {
			return fmt.Errorf("writing %s: %w", f.name, err)
		}
	}
	for _, f := range files {
		if err := os.Rename(f.beside, f.path); err != nil {
			return fmt.Errorf("writing %s: %w", f.name, err)
		}
		f.beside = ""
	}
	return nil
}

// write puts the new text beside the file.
func (f *formatted) write() error {
	beside, err := os.CreateTemp(filepath.Dir(f.path), ".customhouse-fmt-*")
	if err != nil {
		return err
	}
	f.beside = beside.Name()
	_, err = beside.Write(f.now)
	return errors.Join(err, beside.Chmod(f.mode), beside.Sync(), beside.Close())
}

// listFormatted tells which files change, or how.
func (a *app) listFormatted(files []*formatted, showDiff bool) error {
	if a.format == "json" {
		type changed struct {
			Path string `json:"path"`
			Diff string `json:"diff,omitempty"`
		}
		list := []changed{}
		for _, f := range files {
			c := changed{Path: f.name}
			if showDiff {
				c.Diff = string(f.diff())
			}
			list = append(list, c)
		}
		return console.JSON(a.stdout, struct {
			Schema string    `json:"schema"`
			Files  []changed `json:"files"`
		}{"customhouse/fmt/v1", list})
	}
	for _, f := range files {
		text := []byte(f.name + "\n")
		if showDiff {
			text = f.diff()
		}
		if _, err := a.stdout.Write(text); err != nil {
			return err
		}
	}
	return nil
}

func (f *formatted) diff() []byte { return diff.Diff(f.name, f.old, f.name+" (formatted)", f.now) }
