package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/impact"
	"github.com/customhouse-cdp/customhouse/cmd/internal/mask"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/compile"
)

const planSchema = "customhouse/plan/v1"

// planObject is what the audit log calls a look at what syncs would send.
var planObject = audit.Of("plan", "syncs")

// forecast is customhouse/plan/v1: what syncs would send.
type forecast struct {
	Schema      string    `json:"schema"`
	ProjectHash string    `json:"project_hash"`
	Target      string    `json:"target"`
	AsOf        time.Time `json:"as_of"`
	// FullResync says that every row was asked for.
	FullResync bool           `json:"full_resync,omitempty"`
	Syncs      []syncForecast `json:"syncs"`
}

type syncForecast struct {
	Sync        string           `json:"sync"`
	Destination string           `json:"destination"`
	Mode        string           `json:"mode"`
	Counts      map[string]int64 `json:"counts"`
	// Full is why every row would be sent.
	Full run.Full `json:"full,omitempty"`
	// Seconds is how long the requests take at least, at the declared rates.
	Seconds float64 `json:"seconds,omitempty"`
	// Requests is how many there are at least.
	Requests int64 `json:"requests"`
	// Guards are why the delivery would stop before anything is sent.
	Guards []string `json:"guards"`
	// Digest stands for what would be sent.
	Digest  string          `json:"digest"`
	Changes []plannedChange `json:"changes"`
	// LeftOut are the first ids that each rule leaves out.
	LeftOut map[string][]int64 `json:"left_out,omitempty"`
}

// plannedChange is a row that would be sent, its key and values as whoever made the
// plan may see them.
type plannedChange struct {
	Operation string         `json:"operation"`
	Reason    string         `json:"reason"`
	EntityID  int64          `json:"entity_id"`
	Key       string         `json:"key,omitempty"`
	Fields    []plannedField `json:"fields"`
}

// plannedField is a field that is sent for the first time or with another value.
type plannedField struct {
	Name   string  `json:"name"`
	Before *string `json:"before,omitempty"`
	After  *string `json:"after,omitempty"`
	// Known says that the ledger has what was sent before.
	Known bool `json:"known"`
}

type planFlags struct {
	candidateFlags
	detailed bool
	resync   bool
	out      string
	rows     int
}

func (a *app) planCommand() *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "What the syncs would send, and why",
		Long: `Compare what was built last with what the destinations acknowledged, and say
what each sync would send: how many rows are new, changed and gone, the first of
them field by field, how many requests that takes, and which guards would stop
it. Nothing is built and nothing is sent.

Keys and values that are personal or sensitive are masked without --unmask.

With --out the plan is saved; "customhouse sync --plan FILE" sends exactly that,
or refuses where there is something else to send by then.

With --candidate the project as it is here is built beside what was built last, in
another schema of the same warehouse that is removed afterwards, and compared with
it: resources that differ (with --base or --state), customers that merge and split,
traits that move, who enters and leaves each segment and for which part of its
condition, and what each sync would send then. It is for pull requests.

The exit code is 1 where a guard would stop a sync. With --detailed-exitcode it is
2 where there is any change, and 0 where there is none.`,
		Example: `  customhouse plan --select sync:vip_to_crm --unmask --because 'ticket 4711'
  customhouse plan --out friday.json && customhouse sync --plan friday.json
  git worktree add ../base main && customhouse plan --candidate --base ../base`,
		Args: cobra.NoArgs,
		RunE: do(func(ctx context.Context, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if f.candidate {
				return a.impact(ctx, f)
			}
			return a.forecast(ctx, f)
		}),
	}
	cmd.Flags().BoolVar(&f.candidate, "candidate", false, "build the project beside what was built last, and say what that changes")
	cmd.Flags().StringVar(&f.base, "base", "", "folder of the project that the target runs now, such as a worktree of the main branch")
	cmd.Flags().BoolVar(&f.rebuild, "rebuild-base", false, "build the base too, from the sources as they are now, so that no new rows count as changes")
	cmd.Flags().StringVar(&f.schema, "schema", "", "schema to build the candidate in (default: that of the target with _plan)")
	cmd.Flags().BoolVar(&f.keep, "keep", false, "leave the schema of the candidate there; the next plan clears it")
	cmd.Flags().Float64Var(&f.sample, "sample", 0, "compare profiles, segments and syncs of so many per cent of the customers, by whole components")
	cmd.Flags().StringVar(&f.comment, "comment", "", "file to write a comment for a pull request to, in Markdown, without values")
	cmd.Flags().BoolVar(&f.detailed, "detailed-exitcode", false, "exit code 2 where there are changes, 0 where there are none")
	resyncFlag(cmd, &f.resync)
	cmd.Flags().StringVar(&f.out, "out", "", "file to save the plan to")
	a.unmaskFlags(cmd)
	cmd.Flags().IntVar(&f.rows, "rows", 5, fmt.Sprintf("rows to show of each reason, at most %d", audience.PreviewRows))
	return cmd
}

func (a *app) syncCommand() *cobra.Command {
	var file string
	var due dueRows
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Deliver what was built last",
		Long: `Deliver what changed to the destinations of the selected syncs, from what the
last run built. Nothing is built: "customhouse run" does both.

With --plan exactly what "customhouse plan --out" saved is sent; where there is
anything else to send by now, nothing is.

With --full-resync every row is sent, for a destination that has lost some or
was changed by others. What left is removed as ever, and the guards hold.

The exit codes are those of run.`,
		Args: cobra.NoArgs,
		RunE: do(func(ctx context.Context, _ []string) error {
			return a.delivered(a.deliver(ctx, file, due))
		}),
	}
	a.detailedFlag(cmd)
	a.observeFlags(cmd)
	resyncFlag(cmd, &due.resync)
	cmd.Flags().StringVar(&file, "plan", "", "saved plan to keep to")
	cmd.AddCommand(a.retryCommand())
	return cmd
}

func (a *app) retryCommand() *cobra.Command {
	var r audience.Retry
	cmd := &cobra.Command{
		Use:   "retry",
		Short: "Send rejected rows again, and nothing else",
		Long: `Send rows that were rejected again, with the values that they have now: all of
the selected syncs, those of one code, or one row. Every run does so too, with
all else that is due; this is for when something was put right at the platform. Events
that nobody answered for are sent by this alone, where the destination does not
know them by their keys: look there first, or some may be doubled.

"customhouse show sync_rejections" lists them, with code, message and attempts.`,
		Example: `  customhouse sync retry --select sync:vip_to_crm --code no-consent
  customhouse sync retry --key ada@example.com`,
		Args: cobra.NoArgs,
		RunE: do(func(ctx context.Context, _ []string) error {
			return a.delivered(a.deliver(ctx, "", dueRows{retry: &r}))
		}),
	}
	a.detailedFlag(cmd)
	a.observeFlags(cmd)
	cmd.Flags().StringVar(&r.Code, "code", "", "only rows rejected with this code")
	cmd.Flags().StringVar(&r.Key, "key", "", "only the row with this key")
	return cmd
}

// delivered prints what syncs did.
func (a *app) delivered(summary run.Summary, err error) error {
	if len(summary.Syncs) > 0 {
		err = errors.Join(err, a.printSummary(summary))
	}
	if err != nil {
		return err
	}
	return a.exit(summary.Status)
}

// syncs is the plan of the selected syncs alone: what they read is as the last
// run left it.
func (a *app) syncs(p *project, due dueRows) (*models.Plan, error) {
	plan, err := a.plan(p)
	if err != nil {
		return nil, err
	}
	only := map[string]bool{}
	for _, n := range plan.Audiences {
		only["sync:"+n.Sync.Name] = true
	}
	if len(only) == 0 {
		return nil, usageError{errors.New("no sync is selected")}
	}
	return p.checked.Plan(compile.Options{AsOf: plan.AsOf, Target: p.target.Name, RunID: plan.RunID, Select: only, Retry: due.retry, Resync: due.resync}), nil
}

// dueRows is which rows of a sync are sent: those that differ from what is at
// the destination, of them only some that were rejected, or every one.
type dueRows struct {
	retry  *audience.Retry
	resync bool
}

func resyncFlag(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "full-resync", false, "every row again, whatever the destination acknowledged")
}

func (a *app) forecast(ctx context.Context, f planFlags) (err error) {
	if f.rows < 0 || f.rows > audience.PreviewRows {
		return usageError{fmt.Errorf("--rows is from 0 to %d", audience.PreviewRows)}
	}
	p, err := a.load()
	if err != nil {
		return err
	}
	plan, err := a.syncs(p, dueRows{resync: f.resync})
	if err != nil {
		return err
	}
	options, err := a.options(ctx, p, plan, false)
	if err != nil {
		return err
	}
	options.Events = nil
	ctx, leave, err := a.equip(ctx, p, &options)
	if err != nil {
		return err
	}
	list, err := run.Preview(ctx, options)
	if err = errors.Join(err, leave()); err != nil {
		return err
	}
	masks, err := a.masker(ctx, p, planObject, someone{})
	if err != nil {
		return err
	}
	if f.out != "" && a.unmask {
		if err := a.note(ctx, p, audit.Exported, planObject, someone{}); err != nil {
			return err
		}
	}
	out := forecast{Schema: planSchema, ProjectHash: p.hash, Target: p.target.Name, AsOf: plan.AsOf, FullResync: f.resync}
	stopped := false
	for _, s := range list {
		out.Syncs = append(out.Syncs, f.sync(s, masks))
		stopped = stopped || len(s.Guards) > 0
	}
	if f.out != "" {
		if err := saveForecast(f.out, out); err != nil {
			return err
		}
	}
	if a.format == "json" {
		err = console.JSON(a.stdout, out)
	} else {
		_, err = io.WriteString(a.stdout, out.text(a.unmask))
	}
	switch {
	case err != nil:
	case stopped:
		err = failure{exitFailure}
	case f.detailed && slices.ContainsFunc(out.Syncs, sends):
		err = failure{exitChanges}
	}
	return err
}

// check finds flags that do not go together, and what could not be written in the
// end.
func (f planFlags) check() error {
	for _, x := range []struct{ flag, file string }{{"--comment", f.comment}, {"--out", f.out}} {
		if err := writable(x.flag, x.file); err != nil {
			return err
		}
	}
	if !f.candidate {
		for _, x := range []struct {
			name  string
			given bool
		}{{"base", f.base != ""}, {"rebuild-base", f.rebuild}, {"schema", f.schema != ""}, {"keep", f.keep}, {"sample", f.sample != 0}, {"comment", f.comment != ""}} {
			if x.given {
				return usageError{fmt.Errorf("--%s is for plan --candidate", x.name)}
			}
		}
		return nil
	}
	if f.schema != "" && !config.IsName(f.schema) {
		return usageError{fmt.Errorf("--schema is %q: it is made of lower-case letters, digits and underscores, starts with a letter, and has %d characters at most", f.schema, config.MaxName)}
	}
	if f.rebuild && f.base == "" {
		return usageError{errors.New("--rebuild-base builds the project of --base: name its folder")}
	}
	if f.sample < 0 || f.sample >= 100 {
		return usageError{errors.New("--sample is a percentage above 0 and below 100")}
	}
	if f.out != "" || f.resync {
		return usageError{errors.New("--out and --full-resync are for what was built last: leave --candidate out")}
	}
	return nil
}

// writable refuses a file that a flag names and that could not be written once
// the work is done. It leaves what is there as it is.
func writable(flag, file string) error {
	if file == "" {
		return nil
	}
	try := func() error {
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
			if err != nil {
				return err
			}
			return errors.Join(f.Close(), os.Remove(f.Name()))
		case err != nil:
			return err
		case info.IsDir():
			return errors.New("it is a folder")
		case !info.Mode().IsRegular():
			return nil // to open a pipe is to wait for its reader
		}
		f, err := os.OpenFile(file, os.O_WRONLY, 0) //nolint:gosec // the file that the user names
		if err != nil {
			return err
		}
		return f.Close()
	}
	if err := try(); err != nil {
		return usageError{fmt.Errorf("%s %s cannot be written: %w", flag, file, err)}
	}
	return nil
}

// sends says that a sync has rows to send.
func sends(s syncForecast) bool { return impact.Sync{Counts: s.Counts}.Sends() > 0 }

// sync is what a plan says of one sync.
func (f planFlags) sync(s run.Forecast, masks *mask.Masker) syncForecast {
	out := syncForecast{
		Sync: s.Sync, Destination: s.Destination, Mode: s.Mode, Counts: map[string]int64{}, Full: s.Full, Requests: s.Requests, Seconds: s.Duration.Seconds(),
		Guards: append([]string{}, s.Guards...), Digest: s.Digest, Changes: []plannedChange{},
	}
	for _, v := range s.Counts.Values {
		out.Counts[v.Name] = v.Value
	}
	for _, x := range s.LeftOut {
		if out.LeftOut == nil {
			out.LeftOut = map[string][]int64{}
		}
		if len(out.LeftOut[x.Rule]) < f.rows {
			out.LeftOut[x.Rule] = append(out.LeftOut[x.Rule], x.EntityID)
		}
	}
	shown := map[string]int{}
	for _, c := range s.Changes {
		if shown[c.Reason]++; shown[c.Reason] > f.rows {
			continue
		}
		row := plannedChange{Operation: c.Operation, Reason: c.Reason, EntityID: c.EntityID, Key: masks.String(masks.Key(s.Sync), c.Key), Fields: []plannedField{}}
		before := map[string]*string{}
		for _, v := range c.Before {
			before[v.Name] = v.Text
		}
		for _, v := range c.After {
			field := plannedField{Name: v.Name, After: v.Text}
			field.Before, field.Known = before[v.Name], c.Before != nil
			if was, had := before[v.Name]; had && same(was, v.Text) {
				continue
			}
			class := masks.Field(s.Sync, v.Name)
			field.Before, field.After = masked(masks, class, field.Before), masked(masks, class, field.After)
			row.Fields = append(row.Fields, field)
		}
		out.Changes = append(out.Changes, row)
	}
	return out
}

// masked is the text of a value of a class as it may be seen.
func masked(m *mask.Masker, c config.Class, s *string) *string {
	if s == nil {
		return nil
	}
	text := m.String(c, *s)
	return &text
}

func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// forNew says what happens to new rows, in modes that do not create records.
var forNew = map[string]string{config.Update: "to update", config.Add: "to add", config.Append: "to append"}

// text is the plan for people; an open one shows keys as they are.
func (p forecast) text(open bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Plan on target %s, as of %s, from what was built last\n", p.Target, p.AsOf.UTC().Format(time.RFC3339Nano))
	for _, s := range p.Syncs {
		fmt.Fprintf(&b, "\n%s -> %s\n  ", s.Sync, s.Destination)
		var parts []string
		add := func(n int64, what string) {
			if n != 0 {
				parts = append(parts, console.Number(n)+" "+what)
			}
		}
		add(s.Counts["added"], cmp.Or(forNew[s.Mode], "to create"))
		add(s.Counts["changed"]+s.Counts["mapping"], "to change")
		add(s.Counts["unsettled"]+s.Counts["resync"], "to send again")
		add(s.Counts["removed"], "to remove")
		if parts == nil {
			parts = append(parts, "nothing to send")
		}
		add(s.Counts["invalid"], "that cannot be sent")
		add(s.Counts["waiting"], "in doubt")
		for _, rule := range audience.Rules {
			add(s.Counts[rule], "left out by "+rule)
		}
		add(s.Counts["known"], "known there")
		b.WriteString(strings.Join(parts, ", "))
		if s.Requests > 0 {
			fmt.Fprintf(&b, "; at least %s requests", console.Number(s.Requests))
		}
		if s.Seconds > 0 {
			fmt.Fprintf(&b, ", %s at the declared rates", console.Duration(time.Duration(s.Seconds*float64(time.Second))))
		}
		if why := console.AgainText(s.Full); why != "" {
			b.WriteString("\n  " + why)
		}
		b.WriteString("\n")
		for _, rule := range audience.Rules {
			ids := make([]string, len(s.LeftOut[rule]))
			for i, id := range s.LeftOut[rule] {
				ids[i] = strconv.FormatInt(id, 10)
			}
			if n := s.Counts[rule] - int64(len(ids)); n > 0 && len(ids) > 0 {
				ids = append(ids, "and "+console.Number(n)+" more")
			}
			if len(ids) > 0 {
				fmt.Fprintf(&b, "  left out: %s: %s\n", audience.Because(rule), strings.Join(ids, ", "))
			}
		}
		for _, c := range s.Changes {
			who := c.Key
			if !open {
				who = fmt.Sprintf("entity %d, %s", c.EntityID, who)
			}
			fmt.Fprintf(&b, "  %-9s  %s\n", c.Reason, who)
			for _, f := range c.Fields {
				fmt.Fprintf(&b, "    %s\n", f.text())
			}
		}
		for _, g := range s.Guards {
			fmt.Fprintf(&b, "  WOULD STOP: %s\n", g)
		}
	}
	return b.String()
}

func (f plannedField) text() string {
	word := func(s *string) string {
		if s == nil {
			return "no value"
		}
		return fmt.Sprintf("%q", *s)
	}
	if !f.Known {
		return f.Name + ": " + word(f.After)
	}
	return f.Name + ": " + word(f.Before) + " -> " + word(f.After)
}

func saveForecast(name string, f forecast) error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	// It may hold people's data.
	if err := os.WriteFile(name, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	return nil
}

// readForecast reads a saved plan, and refuses one that was made for something
// else.
func readForecast(name string, p *project) (forecast, error) {
	var f forecast
	file, err := os.Open(name) //nolint:gosec // the file that the user names
	if err != nil {
		return f, usageError{fmt.Errorf("reading the plan: %w", err)}
	}
	defer file.Close() //nolint:errcheck // only read
	decoder := json.NewDecoder(io.LimitReader(file, 64<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil || f.Schema != planSchema {
		return f, usageError{fmt.Errorf("%s is not a plan that customhouse plan --out has saved: %w", name, cmp.Or(err, errors.New("it says schema "+f.Schema)))}
	}
	switch {
	case f.Target != p.target.Name:
		return f, fmt.Errorf("the plan was made for target %s, and this is %s: nothing was sent", f.Target, p.target.Name)
	case f.ProjectHash != p.hash:
		return f, errors.New("the project has changed since the plan was made: nothing was sent; make a new plan")
	}
	return f, nil
}

// deliver runs the selected syncs, or those of a saved plan; of
// the rows that are due.
func (a *app) deliver(ctx context.Context, file string, due dueRows) (run.Summary, error) {
	p, err := a.load()
	if err != nil {
		return run.Summary{}, err
	}
	var expect map[string]string
	if file != "" {
		if len(a.include)+len(a.exclude) > 0 || a.asOf != "" || due.resync {
			return run.Summary{}, usageError{errors.New("--plan says which syncs, which rows and as of when: leave --select, --exclude, --full-resync and --as-of out")}
		}
		saved, err := readForecast(file, p)
		if err != nil {
			return run.Summary{}, err
		}
		due.resync = saved.FullResync
		a.asOf = saved.AsOf.Format(time.RFC3339Nano)
		expect = map[string]string{}
		for _, s := range saved.Syncs {
			expect[s.Sync] = s.Digest
			a.include = append(a.include, "sync:"+s.Sync)
		}
		if len(expect) == 0 {
			return run.Summary{}, usageError{errors.New("the plan holds no sync")}
		}
	}
	plan, err := a.syncs(p, due)
	if err != nil {
		return run.Summary{}, err
	}
	options, err := a.options(ctx, p, plan, p.target.Deliver)
	if err != nil {
		return run.Summary{}, err
	}
	for _, x := range plan.Audiences {
		if due.retry != nil && options.Destinations[x.Destination.Name].Spec().Replace {
			return run.Summary{}, usageError{fmt.Errorf("%s replaces all that is there each time: customhouse sync sends what is due to %s", x.Destination.Name, x.Sync.Name)}
		}
	}
	options.Expect = expect
	return a.observed(ctx, func(observers *observers) (summary run.Summary, err error) {
		watch := observers.watch(p, plan.RunID)
		watch.planned(plan)
		defer func() { watch.ended(ctx, summary, err) }()
		using, leave, err := a.equip(ctx, p, &options)
		if err != nil {
			return run.Summary{}, err
		}
		if err := a.carryOn(using, p, options.Warehouse, options.State); err != nil {
			return run.Summary{}, errors.Join(err, leave())
		}
		audited, err := a.audited(using, p, options)
		if err != nil {
			return run.Summary{}, errors.Join(err, leave())
		}
		options.Events = audited.listen(watch.begin(using, options, a.events))
		summary, err = run.Run(using, options)
		err = errors.Join(err, audited.ended(using, summary), leave())
		if summary.RunID != "" && !summary.FinishedAt.IsZero() {
			err = errors.Join(err, p.writeResults(summary))
		}
		return summary, err
	})
}
