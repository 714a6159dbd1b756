package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/catalog"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/deliver/places"
)

// The schemas of what the commands write as JSON.
const (
	fieldsSchema  = "customhouse/destination-fields/v1"
	checkSchema   = "customhouse/destination-check/v1"
	abilitySchema = "customhouse/destination/v1"
	erasureSchema = "customhouse/destination-erasure/v1"
)

func (a *app) destinationCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "destination",
		Short: "Ask a destination: what it can do, which fields it has, whether it lets us in",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.destinationShow(), a.destinationFields(), a.destinationCheck(), a.destinationErase())
	return cmd
}

// contact is a destination of the project that questions are asked of.
type contact struct {
	*config.Destination
	project *project
	opened  syncs.Destination
	asker   deliver.Asker
	leave   func() error
}

// named finds a destination of the project.
func (a *app) named(name string) (*project, *config.Destination, error) {
	p, err := a.load()
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, d := range p.Destinations {
		if d.Name == name {
			return p, d, nil
		}
		names = append(names, d.Name)
	}
	return nil, nil, unknown("the project has no destination "+name, name, names, "there are")
}

// contact opens a destination with its secrets, and with the refresh token that
// a run was given last. The caller calls leave.
func (a *app) contact(ctx context.Context, name string) (*contact, error) {
	p, d, err := a.named(name)
	if err != nil {
		return nil, err
	}
	opened, err := openDestination(d)
	if err != nil {
		return nil, fmt.Errorf("opening destination %s: %w", name, err)
	}
	known := &secrets{values: map[string]secret.Value{}}
	known.resolve(ctx, a.resolver(), d.Config, d.Pos)
	if err := known.found.Sort().Err(); err != nil {
		return nil, err
	}
	c := &contact{Destination: d, project: p, opened: opened, leave: func() error { return nil }}
	clock := deliver.Timer(a.now)
	c.asker = deliver.Asker{Destination: opened, Secrets: known.value, Clock: clock, Session: deliver.NewSession(opened, clock), Dir: p.Dir, OpenPlace: places.Open}
	if _, ok := opened.(syncs.Refresher); ok {
		store, err := a.openState(ctx, p)
		if err != nil {
			return nil, err
		}
		c.leave = store.Close
		keep, err := run.Credential(ctx, store, d.Name, opened, known.value, c.asker.Session)
		if err != nil {
			return nil, errors.Join(err, store.Close())
		}
		c.asker.KeepToken = keep
	}
	return c, nil
}

// objects are those that the syncs of the project fill, or the one that is asked
// about.
func (c *contact) objects(asked string) ([]string, error) {
	spec := c.opened.Spec()
	if asked != "" {
		if _, ok := spec.Object(asked); !ok {
			names := make([]string, len(spec.Objects))
			for i, o := range spec.Objects {
				names[i] = o.Name
			}
			return nil, unknown(fmt.Sprintf("%s (%s) has no object %s", c.Name, c.Type, asked), asked, names, "there are")
		}
		return []string{asked}, nil
	}
	var out []string
	for _, s := range c.project.Syncs {
		if s.To.Destination == c.Name && !slices.Contains(out, s.To.Object) {
			out = append(out, s.To.Object)
		}
	}
	return out, nil
}

func (a *app) destinationFields() *cobra.Command {
	var object string
	var lock bool
	cmd := &cobra.Command{
		Use:   "fields NAME",
		Short: "List the fields that a destination has",
		Long: `Ask the platform of a destination which fields its objects have: those of every
object that a sync fills, or of --object. Nothing is changed there.

With --lock they are written to ` + catalog.PlatformFile + ` as well; with it in Git, validate
and run hold the syncs against them: unknown fields, such that cannot be written,
types, values, lengths, and keys that identify nothing.`,
		Example: `  customhouse destination fields crm
  customhouse destination fields crm --object contacts --lock`,
		Args: cobra.ExactArgs(1),
		RunE: do(func(ctx context.Context, args []string) error { return a.fields(ctx, args[0], object, lock) }),
	}
	cmd.Flags().StringVar(&object, "object", "", "object whose fields are listed")
	cmd.Flags().BoolVar(&lock, "lock", false, "write them to "+catalog.PlatformFile)
	return cmd
}

func (a *app) fields(ctx context.Context, name, object string, lock bool) (err error) {
	c, err := a.contact(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.leave()) }()
	objects, err := c.objects(object)
	if err != nil {
		return err
	}
	if len(objects) == 0 {
		return usageError{fmt.Errorf("no sync delivers to %s: say which of its objects, with --object", name)}
	}
	look := catalog.Platform{Type: c.Type, Objects: map[string][]syncs.PlatformField{}}
	for _, object := range objects {
		fields, err := c.fieldsOf(ctx, object)
		if err != nil {
			return err
		}
		look.Objects[object] = fields
	}
	if lock {
		if err := c.project.lockFields(name, look); err != nil {
			return err
		}
	}
	if a.format == "json" {
		return console.JSON(a.stdout, struct {
			Schema      string `json:"schema"`
			Destination string `json:"destination"`
			catalog.Platform
		}{fieldsSchema, name, look})
	}
	for _, object := range objects {
		if err := a.printFields(object, look.Objects[object]); err != nil {
			return err
		}
	}
	if lock {
		a.say("written to %s", catalog.PlatformFile)
	}
	return nil
}

// fieldsOf are the fields of an object: of the account where the platform says
// so, and otherwise those of every account.
func (c *contact) fieldsOf(ctx context.Context, object string) ([]syncs.PlatformField, error) {
	fields, err := c.asker.Fields(ctx, object)
	if !errors.Is(err, deliver.ErrNotAsked) {
		return fields, err //nolint:wrapcheck // It says what was asked.
	}
	o, _ := c.opened.Spec().Object(object)
	if len(o.Fields) == 0 {
		return nil, usageError{fmt.Errorf("a %s takes any field: there is nothing to list", c.Type)}
	}
	return o.Fields, nil
}

func (p *project) platformFile() string { return filepath.Join(p.dir, catalog.PlatformFile) }

// platforms reads what is known of the destinations' fields.
func (p *project) platforms() (catalog.Platforms, error) {
	text, err := os.ReadFile(p.platformFile())
	if errors.Is(err, fs.ErrNotExist) {
		return catalog.Platforms{}, nil
	}
	if err != nil {
		return catalog.Platforms{}, fmt.Errorf("reading %s: %w", catalog.PlatformFile, err)
	}
	return catalog.ReadPlatforms(text)
}

// lockFields writes down the fields of a destination.
func (p *project) lockFields(name string, look catalog.Platform) error {
	lock, err := p.platforms()
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.platformFile(), lock.With(name, look).Text(), 0o644); err != nil { //nolint:gosec // it is for Git, and for everybody
		return fmt.Errorf("writing %s: %w", catalog.PlatformFile, err)
	}
	return nil
}

// printFields lists fields for people.
func (a *app) printFields(object string, fields []syncs.PlatformField) error {
	var table strings.Builder
	a.say("%s: %s", object, counted(int64(len(fields)), "field"))
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, f := range slices.SortedFunc(slices.Values(fields), func(a, b syncs.PlatformField) int { return strings.Compare(a.Name, b.Name) }) {
		types := make([]string, len(f.Types))
		for i, t := range f.Types {
			types[i] = t.String()
		}
		var notes []string
		for _, n := range []struct {
			is   bool
			text string
		}{
			{f.Unique, "identifies a row"},
			{f.Required, "required"},
			{f.ReadOnly, "read-only"},
			{f.MaxLength > 0, "at most " + strconv.Itoa(f.MaxLength) + " characters"},
			{len(f.Enum) > 0, "one of " + strings.Join(f.Enum[:min(len(f.Enum), 8)], ", ") + map[bool]string{true: ", ..."}[len(f.Enum) > 8]},
		} {
			if n.is {
				notes = append(notes, n.text)
			}
		}
		kinds := strings.Join(types, ", ")
		if kinds == "" {
			kinds = "any"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", f.Name, kinds, strings.Join(notes, "; "))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing fields: %w", err)
	}
	for line := range strings.Lines(table.String()) {
		a.say("%s", strings.TrimRight(line, " \n"))
	}
	return nil
}

func (a *app) destinationCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check NAME",
		Short: "Say whether a destination would take deliveries, and what is missing",
		Long: `Make the cheapest request that needs what deliveries need, for each object that a
sync fills: whether the credential is accepted, which permission is missing,
whether the list or event is there. Nothing is changed there.

The exit code is 1 where anything is missing.`,
		Args: cobra.ExactArgs(1),
		RunE: do(func(ctx context.Context, args []string) error { return a.probe(ctx, args[0]) }),
	}
}

// probed is what came of one question.
type probed struct {
	Object  string `json:"object,omitempty"`
	OK      bool   `json:"ok"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

func (a *app) probe(ctx context.Context, name string) (err error) {
	c, err := a.contact(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.leave()) }()
	objects, err := c.objects("")
	if err != nil {
		return err
	}
	if len(objects) == 0 {
		objects = []string{""}
	}
	results, failed := []probed{}, false
	for _, object := range objects {
		said, err := c.asker.Probe(ctx, object)
		result := probed{Object: object, OK: err == nil, Message: said}
		var stop *deliver.StopError
		switch {
		case errors.Is(err, deliver.ErrNotAsked):
			return usageError{fmt.Errorf("a %s cannot be asked whether it would take a delivery", c.Type)}
		case errors.As(err, &stop):
			result.Code, result.Message, failed = stop.Code, stop.Message, true
		case err != nil:
			return err //nolint:wrapcheck // The run was interrupted.
		}
		results = append(results, result)
	}
	if a.format == "json" {
		err = console.JSON(a.stdout, struct {
			Schema      string   `json:"schema"`
			Destination string   `json:"destination"`
			Results     []probed `json:"results"`
		}{checkSchema, name, results})
	} else {
		for _, r := range results {
			of := name
			if r.Object != "" {
				of += ", " + r.Object
			}
			switch {
			case !r.OK:
				a.say("%s: %s", of, r.Message)
			case r.Message != "":
				a.say("%s: ok (%s)", of, r.Message)
			default:
				a.say("%s: ok", of)
			}
		}
	}
	if err == nil && failed {
		return failure{exitFailure}
	}
	return err
}

func (a *app) destinationErase() *cobra.Command {
	var by string
	var yes bool
	cmd := &cobra.Command{
		Use:   "erase NAME --by IDENTIFIER",
		Short: "Have a destination forget people",
		Long: `Have the platform of a destination forget people for good: their identifiers are
read from standard input, one a line, and --by says of which kind they are. It
needs --yes, since nothing brings them back. What the platform does, and whether
it blocks them from then on, is said by customhouse destination show. Where it
erases from one object at a time, it is asked of each that a sync fills.

This asks the platform alone. Take the people out of the warehouse first, or the
next run sends them again.

The exit code is 1 where anybody was not erased.`,
		Example: `  customhouse destination erase crm --by email --yes < people.txt`,
		Args:    cobra.ExactArgs(1),
		RunE:    do(func(ctx context.Context, args []string) error { return a.erase(ctx, args[0], by, yes) }),
	}
	cmd.Flags().StringVar(&by, "by", "", "kind of the identifiers, such as email")
	cmd.Flags().BoolVar(&yes, "yes", false, "do it")
	return cmd
}

func (a *app) erase(ctx context.Context, name, by string, yes bool) (err error) {
	c, err := a.contact(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.leave()) }()
	spec := c.opened.Spec()
	filled, err := c.objects("")
	if err != nil {
		return err
	}
	objects := spec.Erasure.Objects(filled)
	switch {
	case spec.Erasure.IsZero():
		return usageError{fmt.Errorf("a %s erases nobody: take people away by a sync, with on_leave, and follow customhouse destination show %s", c.Type, name)}
	case !slices.Contains(spec.Erasure.By, by):
		return unknown(fmt.Sprintf("%s (%s) erases nobody by %q", name, c.Type, by), by, spec.Erasure.By, "write --by with one of")
	case len(objects) == 0:
		return usageError{fmt.Errorf("a %s erases people from one %s at a time, and no sync fills one of %s", c.Type, spec.Erasure.Object, name)}
	case !c.project.target.Deliver:
		return usageError{fmt.Errorf("target %s does not say deliver: true, so nothing is asked of its destinations", c.project.target.Name)}
	}
	people, err := a.people()
	if err != nil {
		return err
	}
	if !yes {
		return usageError{fmt.Errorf("%s would be erased from %s, for good: say --yes", counted(int64(len(people)), "person"), name)}
	}
	out := erased{Schema: erasureSchema, Destination: name, By: by}
	for _, object := range objects {
		receipts, err := c.asker.Erase(ctx, deliver.Erasure{ID: newRunID(a.now()), AsOf: a.now(), Object: object, By: by, People: people})
		if err != nil {
			return err //nolint:wrapcheck // It names the erasure.
		}
		out.add(receipts)
	}
	if a.format == "json" {
		err = console.JSON(a.stdout, out)
	} else {
		a.say("%s: %d erased, %d were not there, %d were not erased", name, out.Erased, out.Absent, out.Failed)
		for _, why := range out.Why {
			a.say("  %s", why)
		}
	}
	if err == nil && out.Failed > 0 {
		return failure{exitFailure}
	}
	return err
}

// people reads identifiers, each once.
func (a *app) people() ([]string, error) {
	seen := map[string]bool{}
	var people []string
	lines := bufio.NewScanner(a.stdin)
	for lines.Scan() {
		key := strings.TrimSpace(lines.Text())
		if key != "" && !seen[key] {
			seen[key] = true
			people = append(people, key)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	if len(people) == 0 {
		return nil, usageError{errors.New("standard input names nobody: write one identifier a line")}
	}
	return people, nil
}

// erased counts what became of people.
type erased struct {
	Schema      string   `json:"schema"`
	Destination string   `json:"destination"`
	By          string   `json:"by"`
	Erased      int64    `json:"erased"`
	Absent      int64    `json:"absent"`
	Failed      int64    `json:"failed"`
	Why         []string `json:"why,omitempty"`
}

func (e *erased) add(receipts []deliver.Receipt) {
	for _, r := range receipts {
		switch why := r.Code + ": " + r.Message; {
		case r.Done && r.Origin == deliver.Absent:
			e.Absent++
		case r.Done:
			e.Erased++
		default:
			e.Failed++
			if r.Code != "" && !slices.Contains(e.Why, why) && len(e.Why) < 20 {
				e.Why = append(e.Why, why)
			}
		}
	}
}
