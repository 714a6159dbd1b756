package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/catalog"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/models"
)

type validateFlags struct{ live, lock, offline bool }

func (a *app) validateCommand() *cobra.Command {
	var f validateFlags
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the project, offline or against a warehouse",
		Long: `Check every file of the project: keys, types, references, expressions. That needs
no warehouse and no network. Where the project has a schema.lock, the columns of
its sources are checked against that too.

With --target the warehouse is asked: whether the tables and columns are there,
of types that can be read, and whether it takes what traits and segments ask of
each source. Nothing is run, made or changed, and no row is read. What is
missing is told with the traits, segments and syncs that it breaks.

With --lock what the sources look like is written to schema.lock as well; with it
in Git the same check runs in CI, without a warehouse.

The exit code is 1 where something is wrong.`,
		Example: `  customhouse validate
  customhouse validate --target production --lock
  customhouse validate --target production --offline`,
		Args: cobra.NoArgs,
	}
	cmd.RunE = do(func(ctx context.Context, _ []string) error {
		f.live = f.lock || cmd.Flags().Changed("target") && !f.offline
		return a.validate(ctx, f)
	})
	cmd.Flags().BoolVar(&f.lock, "lock", false, "write what the sources look like to "+catalog.LockFile)
	cmd.Flags().BoolVar(&f.offline, "offline", false, "ask no warehouse, whatever --target says: "+catalog.LockFile+" has to do")
	cmd.MarkFlagsMutuallyExclusive("lock", "offline")
	return cmd
}

func (a *app) validate(ctx context.Context, f validateFlags) error {
	p, plan, err := a.planned()
	if err != nil {
		return err
	}
	lock, have, err := p.readLock()
	if err != nil {
		return err
	}
	var line string
	if f.live {
		line, err = a.validateLive(ctx, p, plan, f.lock, lock)
	} else if have {
		line, err = a.validateLocked(p, plan, lock)
	}
	if err != nil {
		return err
	}
	if a.format == "json" {
		return console.Findings(a.stdout, p.Warnings)
	}
	_, err = fmt.Fprintf(a.stdout, "%s is valid: %s\n%s", p.Name, inventory(plan.Nodes), line)
	return err
}

// validateLive asks the warehouse, and writes down what it says where that is
// wanted. What is wrong is written down too: it is how the sources look.
func (a *app) validateLive(ctx context.Context, p *project, plan *models.Plan, write bool, lock catalog.Lock) (line string, err error) {
	files, err := a.files(ctx, p, plan)
	if err != nil {
		return "", err
	}
	wh, err := p.open(ctx, a.resolver())
	if err != nil {
		return "", err
	}
	looked, found, err := run.Look(ctx, run.Options{Plan: plan, Warehouse: wh, Files: files}, p.checked.Probes())
	queries := 0
	if err == nil {
		var refused diag.List
		queries, refused, err = run.LookAtTests(ctx, run.Options{Warehouse: wh, Files: files}, p.checked.TestProbes())
		found = append(found, refused...).Sort()
	}
	if err = errors.Join(err, wh.Close()); err != nil {
		return "", err
	}
	if write {
		lock = lock.With(p.target.Name, catalog.Target{Type: p.target.Type, Sources: looked.Sources})
		if err := os.WriteFile(p.lockFile(), lock.Text(), 0o644); err != nil { //nolint:gosec // it is for Git, and for everybody
			return "", fmt.Errorf("writing %s: %w", catalog.LockFile, err)
		}
	}
	if err := found.Err(); err != nil {
		return "", err
	}
	line = fmt.Sprintf("%s has all of it: %s, %s; it takes %s\n", p.target.Name,
		counted(int64(len(looked.Sources)), "source"), counted(int64(looked.Columns), "column"), counted(int64(looked.Expressions), "aggregate"))
	if queries > 0 {
		line += fmt.Sprintf("it takes %s of tests\n", map[bool]string{true: "1 query", false: fmt.Sprintf("%d queries", queries)}[queries == 1])
	}
	if looked.Bytes > 0 {
		line += fmt.Sprintf("evaluating them would read %s of the sources\n", console.Bytes(looked.Bytes))
	}
	if write {
		line += "written to " + catalog.LockFile + "\n"
	}
	return line, nil
}

// validateLocked asks the lock file.
func (a *app) validateLocked(p *project, plan *models.Plan, lock catalog.Lock) (line string, err error) {
	target, ok := lock.Targets[p.target.Name]
	if !ok {
		return fmt.Sprintf("%s says nothing of target %s: customhouse validate --target %s --lock\n", catalog.LockFile, p.target.Name, p.target.Name), nil
	}
	var found, stale diag.List
	columns := 0
	for _, c := range plan.Checks {
		have, known := target.Columns(c.Source.Name)
		if !known || target.Sources[c.Source.Name].Table != c.Source.Table {
			d := diag.Errorf(c.Span, "unlocked-source", "%s says nothing of source %s as it is now", catalog.LockFile, c.Source.Name).
				WithHelp("customhouse validate --target %s --lock", p.target.Name)
			d.Severity = diag.Warning
			stale = append(stale, d)
			continue
		}
		columns += len(c.Columns)
		found = append(found, catalog.Check(plan.Nodes, c, have)...)
	}
	if len(stale) > 0 {
		a.render(stale.Sort())
	}
	if err := found.Sort().Err(); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s as %s has it: %s, %s\n", p.target.Name, catalog.LockFile, counted(int64(len(plan.Checks)-len(stale)), "source"), counted(int64(columns), "column")), nil
}

func (p *project) lockFile() string { return filepath.Join(p.dir, catalog.LockFile) }

// readLock reads the lock file; have says that there is one.
func (p *project) readLock() (lock catalog.Lock, have bool, err error) {
	text, err := os.ReadFile(p.lockFile())
	if errors.Is(err, fs.ErrNotExist) {
		return lock, false, nil
	}
	if err != nil {
		return lock, false, fmt.Errorf("reading %s: %w", catalog.LockFile, err)
	}
	lock, err = catalog.Read(text)
	return lock, err == nil, err
}
