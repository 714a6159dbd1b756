package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/catalog"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
)

// projectFile is where the project usually begins; its folder is the
// project's.
const projectFile = "customhouse.yaml"

// project is a loaded project with the target to use.
type project struct {
	*config.Project
	dir    string
	target *config.Target
	kind   targetKind
	// hash is over the names and texts of the files that were read.
	hash string
	// checked is there once a plan was made.
	checked *compile.Checked
}

// load reads the project. Warnings go to standard error.
func (a *app) load() (*project, error) {
	dir, err := a.findProject()
	if err != nil {
		return nil, err
	}
	files := &recorder{FS: os.DirFS(dir), dir: dir, env: a.env}
	p, found := config.Load(files, dir, kinds())
	if err := found.Err(); err != nil {
		return nil, err
	}
	if len(p.Warnings) > 0 {
		a.render(p.Warnings)
	}
	hash, err := files.hash()
	if err != nil {
		return nil, fmt.Errorf("reading project: %w", err)
	}
	target, err := a.chooseTarget(p)
	if err != nil {
		return nil, err
	}
	if err := target.Found.Err(); err != nil {
		return nil, err
	}
	if len(target.Found) > 0 {
		a.render(target.Found)
	}
	kind := targetKinds[slices.IndexFunc(targetKinds, func(k targetKind) bool { return k.name == target.Type })]
	return &project{Project: p, dir: dir, target: target, kind: kind, hash: hash}, nil
}

// findProject is the folder of --project-dir, or the nearest one above the
// current folder that has a project file.
func (a *app) findProject() (string, error) {
	start, err := filepath.Abs(a.projectDir)
	if err != nil {
		return "", fmt.Errorf("finding the project: %w", err)
	}
	info, err := os.Stat(start)
	if err != nil || !info.IsDir() {
		return "", usageError{fmt.Errorf("there is no folder %s", a.projectDir)}
	}
	if a.dirGiven {
		return start, nil
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if hasProject(dir) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return start, nil // Files may have any name: Load says what is missing.
		}
	}
}

// hasProject says that a folder looks like a project's.
func hasProject(dir string) bool {
	for _, name := range []string{projectFile, "customhouse.yml"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

func (a *app) chooseTarget(p *config.Project) (*config.Target, error) {
	if len(p.Targets) == 0 {
		return nil, errors.New("the project has no targets: say where its warehouse is, in " + projectFile)
	}
	if a.target == "" {
		return p.Targets[0], nil
	}
	var names []string
	for _, t := range p.Targets {
		if t.Name == a.target {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return nil, unknown("the project has no target "+a.target, a.target, names, "there are")
}

// recorder remembers which files of a folder were opened.
type recorder struct {
	fs.FS
	dir   string
	env   func(string) (string, bool)
	mu    sync.Mutex
	names []string
	// beyond are the paths of files that were opened elsewhere.
	beyond []string
}

// Reach opens a file that is not below the folder and remembers its path.
func (r *recorder) Reach(name string) (fs.File, error) {
	path := filepath.FromSlash(name)
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.dir, path)
	}
	f, err := os.Open(path) //nolint:gosec // a file of dbt's, which the project names
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.beyond = append(r.beyond, path)
	}
	return f, err
}

// LookupEnv looks a variable of the environment up.
func (r *recorder) LookupEnv(name string) (string, bool) { return r.env(name) }

// Open opens a file or folder and remembers its name.
func (r *recorder) Open(name string) (fs.File, error) {
	f, err := r.FS.Open(name)
	if err == nil && path.Ext(name) != "" {
		r.mu.Lock()
		r.names = append(r.names, name)
		r.mu.Unlock()
	}
	return f, err
}

// hash is over the names and texts of the files that were opened.
func (r *recorder) hash() (string, error) {
	sum := sha256.New()
	slices.Sort(r.names)
	for _, name := range slices.Compact(r.names) {
		info, err := fs.Stat(r.FS, name)
		if err != nil {
			return "", err
		}
		if info.IsDir() {
			continue
		}
		text, err := fs.ReadFile(r.FS, name)
		if err != nil {
			return "", err
		}
		// The lengths keep two files from reading as one.
		fmt.Fprintf(sum, "%d %s %d ", len(name), name, len(text))
		sum.Write(text)
	}
	// Where they are is not what they say.
	for _, path := range r.beyond {
		text, err := os.ReadFile(path) //nolint:gosec // it was read before
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%d ", len(text))
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// planned loads the project and plans the selected part of it.
func (a *app) planned() (*project, *models.Plan, error) {
	p, err := a.load()
	if err != nil {
		return nil, nil, err
	}
	plan, err := a.plan(p)
	return p, plan, err
}

// order is what a run is asked to do.
type order struct {
	runID string
	asOf  time.Time
	// today is when exceptions must not have ended, whatever asOf is.
	today time.Time
	// selected are the keys of the nodes of a plan to do, nil for all.
	selected func(*project, *models.Plan) (map[string]bool, error)
	// refresh builds from all rows.
	refresh bool
	// warn is told what is to be looked at in the project; it may be nil.
	warn func(diag.List)
	// listen makes what is told what happens, of the attributes that each line of
	// a log is to have; it may return nil.
	listen func(attrs ...any) run.Func
	// observers may be nil.
	observers *observers
}

// order is that of the command line.
func (a *app) order(p *project) (order, error) {
	asOf, err := a.at(p.Timezone)
	return order{
		runID: newRunID(a.now()), asOf: asOf, today: a.now(), selected: a.selected, refresh: a.fullRefresh,
		warn: a.render, listen: a.events,
	}, err
}

// plan compiles the part of the project that the command line selects, for a
// first run.
func (a *app) plan(p *project) (*models.Plan, error) {
	o, err := a.order(p)
	if err != nil {
		return nil, err
	}
	return p.plan(o)
}

// plan compiles the part of the project that an order selects, for a first run.
func (p *project) plan(o order) (*models.Plan, error) {
	options := compile.Options{AsOf: o.asOf, Today: o.today, Target: p.target.Name, RunID: o.runID}
	var found diag.List
	// Checking makes much garbage and soon ends; to collect it meanwhile costs a
	// quarter of the time.
	percent := debug.SetGCPercent(400)
	p.checked, found = compile.Check(p.Project, options)
	debug.SetGCPercent(percent)
	if err := found.Err(); err != nil {
		return nil, err
	}
	if len(found) > 0 && o.warn != nil {
		o.warn(found)
	}
	plan := p.checked.Plan(options)
	if err := p.fit(plan); err != nil {
		return nil, err
	}
	if err := p.selectable(plan.Nodes); err != nil {
		return nil, err
	}
	selected, err := o.selected(p, plan)
	if err != nil || selected == nil {
		return plan, err
	}
	options.Select = selected
	return p.checked.Plan(options), nil
}

// fit holds what the syncs map against the fields of their destinations, as far
// as those are known without asking.
func (p *project) fit(plan *models.Plan) error {
	known, err := p.platforms()
	if err != nil {
		return err
	}
	var found diag.List
	for _, audience := range plan.Audiences {
		opened, err := openDestination(audience.Destination)
		if err != nil {
			return fmt.Errorf("opening destination %s: %w", audience.Destination.Name, err)
		}
		fields, locked := known.Fields(audience.Destination, opened, audience.Sync.To.Object)
		found = append(found, catalog.Fit(audience, fields, locked)...)
	}
	return found.Sort().Err()
}

// newRunID is unique, and sorts by time to the second.
func newRunID(now time.Time) string {
	random := make([]byte, 3)
	rand.Read(random) // never fails: see its documentation
	return now.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(random)
}

// resolver gets secrets from this machine.
func (a *app) resolver() secret.Resolver {
	return secret.Resolver{
		Env:      a.env,
		ReadFile: os.ReadFile,
		Exec: func(ctx context.Context, command string) (string, error) {
			out, err := exec.CommandContext(ctx, "sh", "-c", command).Output() //nolint:gosec // running the user's own command is the point
			return string(out), err
		},
	}
}

// files resolves the paths of the sources of a plan that are files.
func (a *app) files(ctx context.Context, p *project, plan *models.Plan) (map[string]adapters.Files, error) {
	sources := make([]*config.Source, len(plan.Checks))
	for i, c := range plan.Checks {
		sources[i] = c.Source
	}
	return a.filesOf(ctx, p, sources)
}

// filesOf resolves the paths of sources that are files.
func (a *app) filesOf(ctx context.Context, p *project, sources []*config.Source) (map[string]adapters.Files, error) {
	out := map[string]adapters.Files{}
	var found diag.List
	for _, s := range sources {
		f := s.Files
		if f == nil {
			continue
		}
		name, err := f.Path.Resolve(ctx, a.resolver())
		if err != nil {
			found = append(found, unresolved(err, s.Pos.At("files", "path")))
			continue
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(p.dir, name)
		}
		out[s.Name] = adapters.Files{Path: name, Format: fileFormat(f.Format, name), Delimiter: f.Delimiter}
	}
	return out, found.Sort().Err()
}

// fileFormat is the format that a source names, or else the one that the ending
// of its path stands for.
func fileFormat(named, name string) string {
	if named != "" {
		return named
	}
	switch ending := filepath.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz")); ending {
	case ".ndjson", ".jsonl":
		return "json"
	case ".tsv", ".txt":
		return "csv"
	default:
		return strings.TrimPrefix(ending, ".")
	}
}

// fileSources are the names of the sources that are read from files.
func (p *project) fileSources() []string {
	var names []string
	for _, s := range p.Sources {
		if s.Files != nil {
			names = append(names, s.Name)
		}
	}
	return names
}

// unresolved says at its place that a reference stands for nothing.
func unresolved(err error, at diag.Span) diag.Diagnostic {
	var e *secret.Error
	if !errors.As(err, &e) {
		return diag.Errorf(at, "unresolved-reference", "%v", err)
	}
	return diag.Errorf(at, "unresolved-reference", "%s: %s", e.Reference, e.Problem).WithHelp("%s", e.Help)
}
