package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
)

const doctorSchema = "customhouse/doctor/v1"

func (a *app) doctorCommand() *cobra.Command {
	var grants, readOnly bool
	var user string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what works and what is missing: warehouse, grants, sources, state, secrets",
		Long: `Try everything that a run needs, on the target, and say on one screen what works
and what is missing, with what to do. The warehouse is reached, the schemas are
made where they are missing, a table in each is made and dropped, every source is
looked at, the state is opened, and each secret is resolved. Nothing is read from
sources, and no destination is asked.

With --grants it prints, for the administrator of the warehouse, the least that
the target's user needs, and connects to nothing. With --read-only it prints what
somebody needs who looks at sources alone (customhouse validate --target).

The exit code is 1 where anything is missing.`,
		Example: `  customhouse doctor --target production
  customhouse doctor --target production --grants > grants.sql`,
		Args: cobra.NoArgs,
	}
	cmd.RunE = do(func(ctx context.Context, _ []string) error {
		if readOnly || user != "" {
			grants = true
		}
		if grants {
			return a.grants(user, readOnly)
		}
		return a.doctor(ctx)
	})
	cmd.Flags().BoolVar(&grants, "grants", false, "print the least grants that the target needs")
	cmd.Flags().BoolVar(&readOnly, "read-only", false, "print what looking at sources needs")
	cmd.Flags().StringVar(&user, "user", "", "who the grants are for (default: the target's user)")
	return cmd
}

// symptom is one line of the doctor.
type symptom struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
	Help string `json:"help,omitempty"`
}

// examination is what the doctor says of a target.
type examination struct {
	Schema   string    `json:"schema"`
	Target   string    `json:"target"`
	Type     string    `json:"type"`
	From     string    `json:"from,omitempty"`
	OK       bool      `json:"ok"`
	Findings []symptom `json:"findings"`
}

func (e *examination) good(what, format string, args ...any) {
	e.Findings = append(e.Findings, symptom{What: what, OK: true, Says: fmt.Sprintf(format, args...)})
}

// bad adds what does not work; help may be empty.
func (e *examination) bad(what, says, help string) {
	e.OK = false
	e.Findings = append(e.Findings, symptom{What: what, Says: says, Help: help})
}

// fails adds an error, with the help that it brings.
func (e *examination) fails(what string, err error, help string) {
	if known, ok := errors.AsType[*adapters.Error](err); ok && known.Help != "" {
		help = known.Help
	} else if known, ok := errors.AsType[*state.Error](err); ok && known.Help != "" {
		help = known.Help
	}
	if list, ok := errors.AsType[diag.List](err); ok {
		for _, d := range list {
			e.bad(what, d.Span.String()+": "+d.Summary, d.Help)
		}
		return
	}
	e.bad(what, err.Error(), help)
}

func (a *app) doctor(ctx context.Context) error {
	p, plan, err := a.planned()
	if err != nil {
		return err
	}
	e := &examination{Schema: doctorSchema, Target: p.target.Name, Type: p.target.Type, From: p.target.From, OK: true, Findings: []symptom{}}
	a.examine(ctx, e, p, plan)
	if err := ctx.Err(); err != nil {
		return err
	}
	if a.format == "json" {
		err = console.JSON(a.stdout, e)
	} else {
		_, err = io.WriteString(a.stdout, e.text())
	}
	if err == nil && !e.OK {
		err = failure{exitFailure}
	}
	return err
}

func (a *app) examine(ctx context.Context, e *examination, p *project, plan *models.Plan) {
	// The state comes first: it says who else is at work.
	store, err := a.openState(ctx, p)
	if err != nil {
		e.fails("state", err, "")
	} else {
		defer store.Close() //nolint:errcheck // nothing was written but a lease
		if _, stop, err := store.Use(ctx, "doctor"); err != nil {
			e.fails("state", err, "")
		} else {
			e.good("state", "leases can be taken in %s", shownPlace(ctx, a, p))
			if err := stop(); err != nil {
				e.fails("state", err, "")
			}
		}
	}
	a.examineWarehouse(ctx, e, p, plan)
	a.examineSecrets(ctx, e, plan)
}

// shownPlace is where the state is; an address is not shown.
func shownPlace(ctx context.Context, a *app, p *project) string {
	place, err := p.target.State.Resolve(ctx, a.resolver())
	switch {
	case err == nil && state.IsAddress(place):
		return "PostgreSQL"
	case place == "":
		return stateFolder + "/" + p.target.Name + ".db"
	}
	return place
}

func (a *app) examineWarehouse(ctx context.Context, e *examination, p *project, plan *models.Plan) {
	in, err := a.enter(ctx, p)
	if err != nil {
		e.fails("warehouse", err, "")
		return
	}
	defer in.leave() //nolint:errcheck // what it could say was tried
	about, err := in.wh.About(ctx)
	if err != nil {
		e.fails("warehouse", err, "")
		return
	}
	e.good("warehouse", "reached: %s", about)
	if ctx, err = in.claim(ctx); err != nil {
		e.fails("schema", err, "")
		return
	}
	grants := "customhouse doctor --grants prints what the user needs"
	if err := in.wh.Init(ctx); err != nil {
		e.fails("schema", err, grants)
	} else {
		for _, space := range []sql.Space{sql.Public, sql.Beside, sql.Work} {
			if err = tryTable(ctx, in.wh, sql.Table{Space: space, Name: "customhouse_doctor"}); err != nil {
				e.fails("schema", err, grants)
				break
			}
		}
		if err == nil {
			e.good("schema", "tables can be made, filled and dropped in %s", p.target.Schema)
		}
	}
	a.examineSources(ctx, e, p, plan, in.wh, grants)
}

// tryTable makes, fills, changes, reads and drops a table.
func tryTable(ctx context.Context, wh *adapters.Warehouse, t sql.Table) error {
	n := sql.Col("", "n")
	err := wh.Exec(ctx,
		sql.Drop{Table: t}, sql.CreateTable{Table: t, Columns: []sql.ColumnDef{{Name: "n", Type: sql.TypeInt}}},
		sql.InsertSelect{Table: t, Columns: []string{"n"}, Query: &sql.Select{Items: []sql.Item{sql.As(sql.Cast{Expr: sql.Int(1), To: sql.TypeInt}, "n")}}},
		sql.Update{Table: t, Set: []sql.Assignment{{Column: "n", Value: sql.Cast{Expr: sql.Int(2), To: sql.TypeInt}}}, Where: sql.Fn(sql.Eq, n, sql.Int(1))},
	)
	if err == nil {
		err = wh.Load(ctx, t, []string{"n"}, func(yield func([]any, error) bool) { yield([]any{int64(3)}, nil) })
	}
	if err == nil {
		var sum int64
		sum, err = wh.Int(ctx, &sql.Select{Items: []sql.Item{sql.As(sql.Fn(sql.Sum, sql.Col("t", "n")), "n")}, From: sql.TableRef{Table: t, As: "t"}})
		if err == nil && sum != 5 {
			err = fmt.Errorf("a table of the numbers 2 and 3 adds up to %d", sum)
		}
	}
	return errors.Join(err, wh.Exec(context.WithoutCancel(ctx), sql.Drop{Table: t}))
}

func (a *app) examineSources(ctx context.Context, e *examination, p *project, plan *models.Plan, wh *adapters.Warehouse, grants string) {
	files, err := a.files(ctx, p, plan)
	if err != nil {
		e.fails("sources", err, "")
		return
	}
	looked, found, err := run.Look(ctx, run.Options{Plan: plan, Warehouse: wh, Files: files}, p.checked.Probes())
	if err != nil {
		e.fails("sources", err, grants)
		return
	}
	for _, d := range found {
		e.bad("sources", d.Span.String()+": "+d.Summary, d.Help)
	}
	if len(found) == 0 {
		e.good("sources", "%s, %s", counted(int64(len(looked.Sources)), "source"), counted(int64(looked.Columns), "column"))
	}
}

func (a *app) examineSecrets(ctx context.Context, e *examination, plan *models.Plan) {
	known := &secrets{values: map[string]secret.Value{}}
	seen := map[string]bool{}
	for _, x := range plan.Audiences {
		d := x.Destination
		if seen[d.Name] {
			continue
		}
		seen[d.Name] = true
		before := len(known.found)
		known.resolve(ctx, a.resolver(), d.Config, d.Pos)
		if _, err := openDestination(d); err != nil {
			e.fails("destination "+d.Name, err, "")
		} else if len(known.found) == before {
			e.good("destination "+d.Name, "its secrets are there")
		}
		for _, f := range known.found[before:] {
			e.bad("destination "+d.Name, f.Span.String()+": "+f.Summary, f.Help)
		}
	}
}

// text is the examination on one screen.
func (e *examination) text() string {
	var b strings.Builder
	about := e.Type
	if e.From != "" {
		about += ", " + e.From
	}
	fmt.Fprintf(&b, "Target %s (%s)\n\n", e.Target, about)
	width := 0
	for _, f := range e.Findings {
		width = max(width, len(f.What))
	}
	for _, f := range e.Findings {
		word := "ok     "
		if !f.OK {
			word = "MISSING"
		}
		fmt.Fprintf(&b, "  %s  %-*s  %s\n", word, width, f.What, f.Says)
		if f.Help != "" {
			fmt.Fprintf(&b, "  %s  %-*s  -> %s\n", strings.Repeat(" ", len(word)), width, "", strings.ReplaceAll(f.Help, "\n", "; "))
		}
	}
	if e.OK {
		b.WriteString("\nEverything is there.\n")
	} else {
		n := 0
		for _, f := range e.Findings {
			if !f.OK {
				n++
			}
		}
		fmt.Fprintf(&b, "\n%s missing.\n", map[bool]string{true: "1 thing is", false: fmt.Sprintf("%d things are", n)}[n == 1])
	}
	return b.String()
}

// grants prints what the administrator of a warehouse has to run.
func (a *app) grants(user string, readOnly bool) error {
	p, err := a.load()
	if err != nil {
		return err
	}
	if p.kind.grants == nil {
		_, err := fmt.Fprintf(a.stdout, "-- A %s target has no users: its files must be readable and writable.\n", p.target.Type)
		return err
	}
	var tables []string
	for _, s := range p.Sources {
		if s.Files == nil && !slices.Contains(tables, s.Table) {
			tables = append(tables, s.Table)
		}
	}
	slices.Sort(tables)
	layout := p.kind.layout(p.target)
	text := p.kind.grants(p.target, adapters.GrantsFor{
		User: user, Schema: layout.Schema, Work: layout.Work[len(layout.Work)-1], Tables: tables, ReadOnly: readOnly,
	})
	_, err = io.WriteString(a.stdout, strings.Join(text, "\n")+"\n")
	return err
}
