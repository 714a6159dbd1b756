package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
)

func (a *app) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Look at the schedules of the project and at their slots",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	limit := 0
	slots := &cobra.Command{
		Use:   "slots [name]",
		Short: "List the slots that were due last, and what became of them",
		Args:  cobra.MaximumNArgs(1),
		RunE: do(func(ctx context.Context, args []string) error {
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			return a.slots(ctx, name, limit)
		}),
	}
	slots.Flags().IntVar(&limit, "limit", 20, "how many")
	cmd.AddCommand(
		&cobra.Command{
			Use:   "list",
			Short: "List the schedules, when each is due next, and its last slot",
			Args:  cobra.NoArgs,
			RunE:  do(func(ctx context.Context, _ []string) error { return a.schedules(ctx) }),
		},
		slots,
		&cobra.Command{
			Use:   "pause name",
			Short: "Skip the slots of a schedule until it is resumed",
			Args:  cobra.ExactArgs(1),
			RunE:  do(func(ctx context.Context, args []string) error { return a.pause(ctx, args[0], true) }),
		},
		&cobra.Command{
			Use:   "resume name",
			Short: "Run a paused schedule again, from its next slot on",
			Args:  cobra.ExactArgs(1),
			RunE:  do(func(ctx context.Context, args []string) error { return a.pause(ctx, args[0], false) }),
		},
		&cobra.Command{
			Use:   "run name",
			Short: "Have what a schedule runs run now, by whoever serves",
			Args:  cobra.ExactArgs(1),
			RunE:  do(func(ctx context.Context, args []string) error { return a.request(ctx, args[0]) }),
		},
	)
	return cmd
}

// timed opens the project and its state.
func (a *app) timed(ctx context.Context) (*project, *state.Store, error) {
	p, err := a.load()
	if err != nil {
		return nil, nil, err
	}
	store, err := a.openState(ctx, p)
	return p, store, err
}

// scheduleNamed is the schedule of a name.
func (p *project) scheduleNamed(name string) (*config.Schedule, error) {
	var names []string
	for _, s := range p.Timetable() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return nil, unknown("the project has no schedule "+name, name, names, "there are")
}

// who is the user of this machine, as the state names them.
func (a *app) who() string {
	name, _ := a.env("USER")
	host, _ := os.Hostname()
	return cmp.Or(name, "somebody") + "@" + cmp.Or(host, "this machine")
}

func (a *app) pause(ctx context.Context, name string, paused bool) (err error) {
	p, store, err := a.timed(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	s, err := p.scheduleNamed(name)
	if err != nil {
		return err
	}
	if !paused && s.Paused {
		return fmt.Errorf("%s is paused by the project, at %s: remove it there", name, s.Pos.At("paused"))
	}
	return store.Pause(ctx, name, a.who(), paused)
}

func (a *app) request(ctx context.Context, name string) (err error) {
	p, store, err := a.timed(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if _, err := p.scheduleNamed(name); err != nil {
		return err
	}
	slot, err := schedule.Request(ctx, store, name, a.who())
	if err != nil {
		return err
	}
	return a.printSlots([]state.Slot{slot}, p.Timezone)
}

// scheduled is a schedule in JSON.
type scheduled struct {
	Name     string     `json:"name"`
	Line     string     `json:"when"`
	Timezone string     `json:"timezone,omitempty"`
	Next     *time.Time `json:"next"`
	Paused   bool       `json:"paused"`
	PausedBy string     `json:"paused_by,omitempty"`
	PausedAt *time.Time `json:"paused_at,omitempty"`
	Last     *slot      `json:"last"`
	// byProject says that the project pauses it.
	byProject bool
}

// slot is a slot in JSON.
type slot struct {
	Schedule string     `json:"schedule"`
	Due      time.Time  `json:"due"`
	Cause    string     `json:"cause"`
	Status   string     `json:"status"`
	Late     bool       `json:"late"`
	Reason   string     `json:"reason,omitempty"`
	RunID    string     `json:"run_id,omitempty"`
	Started  *time.Time `json:"started"`
	Ended    *time.Time `json:"ended"`
	Holder   string     `json:"holder,omitempty"`
	Attempts int        `json:"attempts"`
}

func toSlot(x state.Slot) slot {
	return slot{
		Schedule: x.Schedule, Due: x.Due, Cause: x.Cause, Status: x.Status, Late: x.Late, Reason: x.Reason, RunID: x.RunID,
		Started: given(x.Started), Ended: given(x.Ended), Holder: x.Holder, Attempts: x.Attempts,
	}
}

// given is nil for no time.
func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (a *app) schedules(ctx context.Context) (err error) {
	p, store, err := a.timed(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	out, err := p.scheduled(ctx, store)
	if err != nil {
		return err
	}
	for i, x := range out {
		last, err := store.Slots(ctx, x.Name, 1)
		if err != nil {
			return err
		}
		if len(last) > 0 {
			l := toSlot(last[0])
			out[i].Last = &l
		}
	}
	if a.format == "json" {
		return console.JSON(a.stdout, struct {
			Schema    string      `json:"schema"`
			Schedules []scheduled `json:"schedules"`
		}{"customhouse/schedules/v1", out})
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SCHEDULE\tWHEN\tNEXT\tLAST\tPAUSED")
	for i, x := range out {
		zone := p.Timetable()[i].Zone
		next, last, paused := "-", "-", "-"
		if x.Next != nil {
			next = x.Next.Format(timeInZone)
		}
		if x.Last != nil {
			last = x.Last.Status + " " + inZone(x.Last.Due, cmp.Or(zone, p.Timezone))
		}
		switch {
		case x.PausedAt != nil:
			paused = "by " + x.PausedBy
		case x.Paused:
			paused = "by the project"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", x.Name, x.Line, next, last, paused)
	}
	return w.Flush()
}

// scheduled lists the project's schedules, without their last slots.
func (p *project) scheduled(ctx context.Context, store *state.Store) ([]scheduled, error) {
	list, err := p.timetable()
	if err != nil {
		return nil, err
	}
	now, rows, _, err := store.Glance(ctx)
	if err != nil {
		return nil, err
	}
	out := []scheduled{}
	for i, s := range p.Timetable() {
		x := scheduled{Name: s.Name, Line: list[i].Line, Paused: s.Paused, byProject: s.Paused}
		at := slices.IndexFunc(rows, func(row state.Schedule) bool { return row.Name == s.Name })
		row := state.Schedule{Anchor: now, Planned: now}
		if at >= 0 && !rows[at].Planned.IsZero() {
			row = rows[at]
		}
		if at >= 0 && !rows[at].Paused.IsZero() {
			x.Paused, x.PausedBy, x.PausedAt = true, rows[at].PausedBy, given(rows[at].Paused)
		}
		if list[i].Clock != nil {
			x.Line, x.Timezone = s.Cron, s.Zone.String()
			if next, ok := list[i].Clock.Next(now, row.Anchor); ok {
				next = next.In(s.Zone)
				x.Next = &next
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// timeInZone is how times are shown to people.
const timeInZone = "2006-01-02 15:04:05 MST"

func inZone(t time.Time, zone *time.Location) string { return t.In(zone).Format(timeInZone) }

func (a *app) slots(ctx context.Context, name string, limit int) (err error) {
	if limit < 1 {
		return usageError{errors.New("--limit is below 1")}
	}
	p, store, err := a.timed(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if name != "" && name != schedule.Asked {
		if _, err := p.scheduleNamed(name); err != nil {
			return err
		}
	}
	list, err := store.Slots(ctx, name, limit)
	if err != nil {
		return err
	}
	return a.printSlots(list, p.Timezone)
}

func (a *app) printSlots(list []state.Slot, zone *time.Location) error {
	if a.format == "json" {
		out := []slot{}
		for _, x := range list {
			out = append(out, toSlot(x))
		}
		return console.JSON(a.stdout, struct {
			Schema string `json:"schema"`
			Slots  []slot `json:"slots"`
		}{"customhouse/slots/v1", out})
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SCHEDULE\tDUE\tSTATUS\tTOOK\tRUN\tREASON")
	for _, x := range list {
		status, took := x.Status, "-"
		if x.Late {
			status += ", late"
		}
		if !x.Started.IsZero() && !x.Ended.IsZero() {
			took = console.Duration(x.Ended.Sub(x.Started))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", x.Schedule, inZone(x.Due, zone), status, took, cmp.Or(x.RunID, "-"), x.Reason)
	}
	return w.Flush()
}
