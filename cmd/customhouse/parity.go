package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/parity"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/identity"
	"github.com/customhouse-cdp/customhouse/models/inputs"
	"github.com/customhouse-cdp/customhouse/sql"
)

const paritySchema = "customhouse/parity/v1"

type parityFlags struct {
	built bool
	rows  int
}

func (a *app) parityCommand() *cobra.Command {
	var f parityFlags
	cmd := &cobra.Command{
		Use:   "parity A B",
		Short: "Run the project on two targets and compare every table, row by row",
		Long: `Run the project on target A and on target B, as of the same instant, and compare
all tables that it builds, row by row, and what each sync would send. Nothing is
delivered. For a move to another warehouse: the sources have to hold the same in
both. What a target remembers of its own runs and deliveries is not compared.

Values are personal as a rule: without --unmask the columns that differ are
named, and rows only by an id of ours.

The exit code is 0 where all is equal and 1 where anything differs.`,
		Example: `  customhouse parity local production
  customhouse parity local production --built --unmask --because 'ticket 4711' --rows 20`,
		Args: cobra.ExactArgs(2),
		RunE: do(func(ctx context.Context, args []string) error { return a.parity(ctx, args[0], args[1], f) }),
	}
	cmd.Flags().BoolVar(&f.built, "built", false, "run nothing: compare what the last runs left")
	a.unmaskFlags(cmd)
	cmd.Flags().IntVar(&f.rows, "rows", 5, "differences to show of each table")
	return cmd
}

// opened is one of the two targets, built and open.
type opened struct {
	options run.Options
	syncs   []run.Forecast
	leave   func() error
}

func (a *app) parity(ctx context.Context, nameA, nameB string, f parityFlags) (err error) {
	if nameA == nameB {
		return usageError{errors.New("the two targets are the same")}
	}
	if f.rows < 0 {
		return usageError{errors.New("--rows has to be 0 or more")}
	}
	p, err := a.load()
	if err != nil {
		return err
	}
	asOf, err := a.at(p.Timezone)
	if err != nil {
		return err
	}
	a.asOf = asOf.Format("2006-01-02T15:04:05.999999999Z07:00")
	var sides [2]opened
	for i, name := range []string{nameA, nameB} {
		if sides[i], ctx, err = a.side(ctx, name, f.built); err != nil {
			return fmt.Errorf("target %s: %w", name, err)
		}
		defer func() { err = errors.Join(err, sides[i].leave()) }()
	}
	out := parityReport{Schema: paritySchema, A: nameA, B: nameB, AsOf: a.asOf, Tables: []parityTable{}, Syncs: []paritySync{}, Equal: true}
	own := append([]string{"run_id"}, identity.OwnColumns...)
	for _, t := range built(sides[0].options.Plan) {
		found, err := parity.Compare(ctx, sides[0].options.Warehouse, sides[1].options.Warehouse, t, own, f.rows)
		if err != nil {
			return fmt.Errorf("comparing %s: %w", t.Name, err)
		}
		out.add(found, a.unmask)
	}
	for i, s := range sides[0].syncs {
		equal := s.Digest == sides[1].syncs[i].Digest
		out.Syncs = append(out.Syncs, paritySync{Name: s.Sync, Equal: equal})
		out.Equal = out.Equal && equal
	}
	if a.format == "json" {
		err = console.JSON(a.stdout, out)
	} else {
		_, err = io.WriteString(a.stdout, out.text())
	}
	if err == nil && !out.Equal {
		err = failure{exitFailure}
	}
	return err
}

// side builds a target and leaves it open. The context ends where another
// process takes the target.
func (a *app) side(ctx context.Context, name string, built bool) (s opened, _ context.Context, err error) {
	a.target = name
	p, plan, err := a.planned()
	if err != nil {
		return s, ctx, err
	}
	if _, err := a.masker(ctx, p, audit.Of("target", name), someone{}); err != nil {
		return s, ctx, err
	}
	if s.options, err = a.options(ctx, p, plan, false); err != nil {
		return s, ctx, err
	}
	ctx, s.leave, err = a.equip(ctx, p, &s.options)
	if err != nil {
		return s, ctx, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.leave())
		}
	}()
	if !built {
		s.options.Plan, s.options.Revise, err = a.resume(ctx, p, s.options.Warehouse, plan, s.options.Files, a.fullRefresh)
		if err != nil {
			return s, ctx, err
		}
		summary, err := run.Run(ctx, s.options)
		if err != nil {
			return s, ctx, err
		}
		if summary.Status == run.Failed || summary.Status == run.Interrupted {
			return s, ctx, errors.New("the run failed: there is nothing to compare")
		}
	}
	looking := s.options
	looking.Events = nil
	if len(plan.Audiences) > 0 {
		if looking.Plan, err = a.syncs(p, dueRows{resync: true}); err != nil {
			return s, ctx, err
		}
	}
	s.options.Plan = plan
	s.syncs, err = run.Preview(ctx, looking)
	return s, ctx, err
}

// built are the tables that a plan's models write, but for what a target
// remembers of itself.
func built(plan *models.Plan) []sql.Table {
	own := map[sql.Table]bool{inputs.StateTable: true}
	for _, e := range plan.Project.Entities {
		own[identity.SuppressedTable(e)] = true // digests by a key of the target's own
	}
	for _, t := range audience.System() {
		own[t.Table] = true
	}
	var out []sql.Table
	for _, m := range plan.Models {
		for _, s := range m.Commit {
			if t := sql.Writes(s); t.Space == sql.Public && !own[t] {
				own[t] = true
				out = append(out, t)
			}
		}
	}
	slices.SortFunc(out, func(x, y sql.Table) int { return strings.Compare(x.Name, y.Name) })
	return out
}

// parityReport is the result as JSON.
type parityReport struct {
	Schema string        `json:"schema"`
	A      string        `json:"a"`
	B      string        `json:"b"`
	AsOf   string        `json:"as_of"`
	Equal  bool          `json:"equal"`
	Tables []parityTable `json:"tables"`
	Syncs  []paritySync  `json:"syncs"`
}

type paritySync struct {
	Name  string `json:"name"`
	Equal bool   `json:"equal"`
}

type parityTable struct {
	Name     string      `json:"name"`
	Equal    bool        `json:"equal"`
	RowsA    int64       `json:"rows_a"`
	RowsB    int64       `json:"rows_b"`
	OnlyA    int64       `json:"only_a"`
	OnlyB    int64       `json:"only_b"`
	MissingA []string    `json:"missing_a,omitempty"`
	MissingB []string    `json:"missing_b,omitempty"`
	Rows     []parityRow `json:"rows,omitempty"`
}

// parityRow is a row that differs; In is a, b, or both where the rows of both
// belong together.
type parityRow struct {
	In      string         `json:"in"`
	ID      string         `json:"id,omitempty"`
	Columns []parityColumn `json:"columns,omitempty"`
}

type parityColumn struct {
	Name string  `json:"name"`
	A    *string `json:"a,omitempty"`
	B    *string `json:"b,omitempty"`
}

func (r *parityReport) add(t parity.Table, values bool) {
	out := parityTable{
		Name: t.Name, Equal: t.Equal(), RowsA: t.RowsA, RowsB: t.RowsB, OnlyA: t.OnlyA, OnlyB: t.OnlyB, MissingA: t.MissingA, MissingB: t.MissingB,
	}
	for _, d := range t.Differences {
		row := parityRow{In: "both"}
		have := d.A
		switch {
		case d.A == nil:
			row.In, have = "b", d.B
		case d.B == nil:
			row.In = "a"
		}
		// An id of ours is a number and tells nothing.
		if first := have[0]; values || strings.HasSuffix(first.Column, "_id") && strings.Trim(first.Text, "0123456789") == "" {
			row.ID = first.Column + "=" + first.Text
		}
		for i, v := range have {
			if row.In == "both" && d.A[i] == d.B[i] || row.In != "both" && !values {
				continue
			}
			c := parityColumn{Name: v.Column}
			if values {
				if d.A != nil {
					c.A = &d.A[i].Text
				}
				if d.B != nil {
					c.B = &d.B[i].Text
				}
			}
			row.Columns = append(row.Columns, c)
		}
		out.Rows = append(out.Rows, row)
	}
	r.Tables = append(r.Tables, out)
	r.Equal = r.Equal && out.Equal
}

// text is the report for people.
func (r *parityReport) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Targets %s and %s, as of %s\n\n", r.A, r.B, r.AsOf)
	for _, t := range r.Tables {
		if t.Equal {
			fmt.Fprintf(&b, "equal    %s: %s\n", t.Name, counted(t.RowsA, "row"))
			continue
		}
		fmt.Fprintf(&b, "DIFFERS  %s: %s in %s, %s in %s; %d only in %s, %d only in %s\n", t.Name,
			counted(t.RowsA, "row"), r.A, counted(t.RowsB, "row"), r.B, t.OnlyA, r.A, t.OnlyB, r.B)
		for name, missing := range map[string][]string{r.A: t.MissingA, r.B: t.MissingB} {
			if len(missing) > 0 {
				fmt.Fprintf(&b, "         %s lacks %s\n", name, strings.Join(missing, ", "))
			}
		}
		for _, row := range t.Rows {
			b.WriteString("         " + r.row(row) + "\n")
		}
		if rest := max(t.OnlyA, t.OnlyB) - int64(len(t.Rows)); len(t.Rows) > 0 && rest > 0 {
			fmt.Fprintf(&b, "         and %d more\n", rest)
		}
	}
	for _, s := range r.Syncs {
		word := "equal  "
		if !s.Equal {
			word = "DIFFERS"
		}
		fmt.Fprintf(&b, "%s  sync %s: what it would send\n", word, s.Name)
	}
	if r.Equal {
		b.WriteString("\nEverything is equal.\n")
	} else {
		b.WriteString("\nThe targets differ.\n")
	}
	return b.String()
}

func (r *parityReport) row(row parityRow) string {
	where := map[string]string{"a": "only in " + r.A, "b": "only in " + r.B, "both": "differs"}[row.In]
	id := row.ID
	if id == "" {
		id = "a row"
	}
	var parts []string
	for _, c := range row.Columns {
		switch {
		case c.A != nil && c.B != nil:
			parts = append(parts, fmt.Sprintf("%s %s | %s", c.Name, *c.A, *c.B))
		case c.A != nil:
			parts = append(parts, c.Name+" "+*c.A)
		case c.B != nil:
			parts = append(parts, c.Name+" "+*c.B)
		default:
			parts = append(parts, c.Name)
		}
	}
	out := id + " " + where
	if len(parts) > 0 {
		out += ": " + strings.Join(parts, ", ")
	}
	return out
}
