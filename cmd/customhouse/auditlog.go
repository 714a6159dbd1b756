package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/models/privacy"
)

func (a *app) privacyAuditCommand() *cobra.Command {
	var verify bool
	var since string
	c := &cobra.Command{
		Use:   "audit",
		Short: "Print what was decided and done with people's data, or verify that the log of it is whole",
		Long: `Print the audit log: requests of people and what was done for them, exports,
looks at values that are masked, deliveries by purpose, changes of classes,
purposes, consents and exceptions, tokens made and revoked. It holds nobody's
data; somebody whom an entry is about is a keyed digest.

With --verify it is held against its seals instead, and against the heads that
runs left in the warehouse: what was edited, cut out or off, put in, moved or
repeated is named by its place, and the exit code is 1. With --since the heads
are those since then; the log itself is always held as a whole.`,
		Example: `  customhouse privacy audit --since 2026-11-01
  customhouse privacy audit --verify --format json`,
		Args: cobra.NoArgs,
		RunE: do(func(ctx context.Context, _ []string) error { return a.audit(ctx, verify, since) }),
	}
	c.Flags().BoolVar(&verify, "verify", false, "say whether the log is as it was written")
	c.Flags().StringVar(&since, "since", "", "only what was written since: a date in the project's time zone, or RFC 3339")
	return c
}

func (a *app) audit(ctx context.Context, verify bool, since string) (err error) {
	p, store, err := a.timed(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var from time.Time
	if since != "" {
		if from, err = instantOf("--since", since, p.Timezone); err != nil {
			return err
		}
	}
	log, err := a.auditLog(ctx, p, store)
	if err != nil {
		return err
	}
	if verify {
		return a.verify(ctx, p, log, from)
	}
	return a.printLog(ctx, p, log, from)
}

// printLog prints the entries: for people a line each, and one JSON object a line.
func (a *app) printLog(ctx context.Context, p *project, log *audit.Log, since time.Time) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	if a.format != "json" {
		fmt.Fprintln(w, "ENTRY\tAT\tBY\tWHAT\tOF\tDETAILS\tREASON")
	}
	for r, err := range log.Records(ctx, since) {
		if err != nil {
			return err
		}
		if a.format == "json" {
			if err := json.NewEncoder(a.stdout).Encode(r); err != nil {
				return fmt.Errorf("writing the audit log: %w", err)
			}
			continue
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Seq, inZone(r.At, p.Timezone), console.Line(r.Actor), r.Action, console.Line(r.Object), detailed(r), console.Line(r.Reason))
	}
	if a.format == "json" {
		return nil
	}
	return w.Flush()
}

// detailed is what an entry says beyond what it is about, in one line.
func detailed(r audit.Record) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r.Details)) {
		parts = append(parts, name+"="+word(r.Details[name]))
	}
	if r.Subject != "" {
		parts = append(parts, "subject="+r.Subject[:min(len(r.Subject), 12)])
	}
	return console.Line(strings.Join(parts, " "))
}

// word is a detail of an entry as text.
func word(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case string:
		return v
	case float64:
		return console.Number(int64(v))
	case []any:
		var list []string
		for _, x := range v {
			list = append(list, word(x))
		}
		return strings.Join(list, ",")
	case map[string]any:
		return word(v["was"]) + "->" + word(v["is"])
	}
	return fmt.Sprint(v)
}

// verify holds the log against its seals and against the warehouse.
func (a *app) verify(ctx context.Context, p *project, log *audit.Log, since time.Time) error {
	heads, err := a.heads(ctx, p, since)
	if err != nil {
		return err
	}
	report, err := log.Verify(ctx, heads)
	if err != nil {
		return err
	}
	if a.format == "json" {
		err = console.JSON(a.stdout, struct {
			Schema string `json:"schema"`
			audit.Report
		}{"customhouse/audit-report/v1", report})
	} else {
		err = printReport(a.stdout, report)
	}
	if err == nil && len(report.Findings) > 0 {
		err = failure{exitFailure}
	}
	return err
}

func printReport(w io.Writer, r audit.Report) (err error) {
	if len(r.Findings) == 0 {
		_, err = fmt.Fprintf(w, "The audit log is whole: %s, held against %s in the warehouse\n", counted(r.Entries, "entry"), counted(int64(r.Heads), "head"))
		return err
	}
	for _, f := range r.Findings {
		if _, err := fmt.Fprintf(w, "%s: %s\n", f.Problem, f.Message); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return nil
}

// heads are those that runs left in the warehouse since an instant.
func (a *app) heads(ctx context.Context, p *project, since time.Time) (list []audit.Head, err error) {
	in, err := a.enter(ctx, p)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.leave()) }()
	rows, err := in.wh.All(ctx, privacy.AllHeads())
	if missing, ok := errors.AsType[*adapters.Error](err); ok && missing.Kind == adapters.NotFound {
		return nil, nil // Nothing was delivered yet.
	}
	for _, r := range rows {
		h := audit.Head{RunID: console.Cell(r[0]), At: instant(r[1]), Seq: integer(r[2]), Hash: console.Cell(r[3]), Seal: console.Cell(r[4])}
		if !h.At.Before(since) {
			list = append(list, h)
		}
	}
	return list, err
}
