package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/console"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/sql"
)

// auditLog is the audit log of a target.
func (a *app) auditLog(ctx context.Context, p *project, store *state.Store) (*audit.Log, error) {
	key, err := a.privacyKey(ctx, p, store)
	if err != nil {
		return nil, err
	}
	return audit.Open(store, key)
}

// actor is who uses this command line.
func (a *app) actor() audit.Actor { return audit.User(a.who()) }

// auditor writes down what a run delivers. A nil one is of a run that may deliver
// nothing, and does nothing.
type auditor struct {
	app     *app
	log     *audit.Log
	project *project
	wh      *adapters.Warehouse
	runID   string
	// recovered are outcomes of earlier runs, by the sync.
	recovered map[string]int64
}

// audited is the auditor of a run that is about to begin: where nothing could be
// written down, it does not. What the project decides otherwise than in the last
// run is written down at once.
func (a *app) audited(ctx context.Context, p *project, options run.Options) (*auditor, error) {
	if options.State == nil {
		return nil, nil //nolint:nilnil // see auditor
	}
	log, err := a.auditLog(ctx, p, options.State)
	if err != nil {
		return nil, err
	}
	if err := log.Ready(ctx); err != nil {
		return nil, err
	}
	if _, err := log.Decide(ctx, a.actor(), options.Plan.RunID, p.decisions()); err != nil {
		return nil, err
	}
	return &auditor{app: a, log: log, project: p, wh: options.Warehouse, runID: options.Plan.RunID, recovered: map[string]int64{}}, nil
}

// listen hears what the run recovers, beside whoever listens already.
func (u *auditor) listen(next run.Func) run.Func {
	if u == nil {
		return next
	}
	return func(e run.Event) {
		if next != nil {
			next(e)
		}
		if e, ok := e.(run.Recovered); ok {
			u.recovered[e.Sync] += int64(e.Outcomes)
		}
	}
}

// ended writes down what was delivered, by purpose, and leaves the head of the log
// in the warehouse. It does so after an interruption too.
func (u *auditor) ended(ctx context.Context, s run.Summary) error {
	if u == nil || lost(ctx) != nil {
		return nil // Whoever has the target since writes down what this run delivered.
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if err := u.write(late, s); err != nil {
		return fmt.Errorf("the audit log does not have what this run delivered; the next run adds it: %w", err)
	}
	return nil
}

func (u *auditor) write(ctx context.Context, s run.Summary) error {
	earlier, entries, err := u.earlier(ctx)
	if missing, ok := errors.AsType[*adapters.Error](err); ok && missing.Kind == adapters.NotFound {
		return nil // The run did not come to make its tables.
	}
	if err != nil {
		return err
	}
	if len(earlier) == 0 {
		for _, name := range slices.Sorted(maps.Keys(u.recovered)) {
			entries = append(entries, u.entry(audit.Recovered, name, audit.Run(u.runID), audit.Count("operations", u.recovered[name])))
		}
	}
	for _, x := range s.Syncs {
		if r := x.Report; r.Attempted > 0 && x.Status != run.Withheld {
			details := []audit.Detail{audit.Run(u.runID)}
			for name, n := range map[string]int64{
				"upserted": r.Upserted, "removed": r.Removed, "exists": r.Exists, "absent": r.Absent, "invalid": r.Invalid,
				"rejected": r.Rejected, "unknown": r.Unknown, "unanswered": r.Unanswered,
			} {
				if n > 0 {
					details = append(details, audit.Count(name, n))
				}
			}
			entries = append(entries, u.entry(audit.Delivered, x.Sync, details...))
		}
	}
	if err := u.log.Add(ctx, entries...); err != nil {
		return err
	}
	head, there, err := u.log.Head(ctx, u.runID, u.app.now())
	if err != nil || !there {
		return err
	}
	script := []sql.Statement{privacy.AddHead(head.RunID, head.At, head.Seq, head.Hash, head.Seal)}
	for _, id := range earlier {
		old, _, err := u.log.Head(ctx, id, head.At)
		if err != nil {
			return err
		}
		script = append(script, privacy.AddHead(old.RunID, old.At, old.Seq, old.Hash, old.Seal))
	}
	return u.wh.Script(ctx, script)
}

// earlier are the runs that left no head, and entries of what they delivered: one
// for each of their syncs.
func (u *auditor) earlier(ctx context.Context) (runs []string, entries []audit.Entry, err error) {
	rows, err := u.wh.All(ctx, privacy.Headless(compile.RunsTable, u.runID))
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	for _, r := range rows {
		runs = append(runs, console.Cell(r[0]))
	}
	if rows, err = u.wh.All(ctx, audience.Outcomes(runs)); err != nil {
		return nil, nil, err
	}
	written, err := u.written(ctx, runs[0])
	if err != nil {
		return nil, nil, err
	}
	var order []delivery
	counts := map[delivery][]audit.Detail{}
	for _, r := range rows {
		x := delivery{console.Cell(r[0]), "sync:" + console.Cell(r[1])}
		if written[x] {
			continue
		}
		if counts[x] == nil {
			order = append(order, x)
		}
		counts[x] = append(counts[x], audit.Count(console.Cell(r[2])+"-"+console.Cell(r[3]), integer(r[4])))
	}
	for _, x := range order {
		entries = append(entries, u.entry(audit.Recovered, strings.TrimPrefix(x.sync, "sync:"), append(counts[x], audit.Run(x.run))...))
	}
	return runs, entries, nil
}

// delivery is that of a sync, as the log names it, by a run.
type delivery struct{ run, sync string }

// written are the deliveries that the log has, of runs from one on: a run may have
// been killed after it wrote them, and before it left a head.
func (u *auditor) written(ctx context.Context, first string) (map[delivery]bool, error) {
	// Ids of runs begin with their time, by the clock of this machine.
	begun, err := time.Parse("20060102T150405Z", first[:min(len(first), len("20060102T150405Z"))])
	if err != nil {
		begun = time.Time{}
	}
	out := map[delivery]bool{}
	for r, err := range u.log.Records(ctx, begun.Add(-time.Hour)) {
		if err != nil {
			return nil, err
		}
		if by, ok := r.Details["run"].(string); ok && (r.Action == audit.Delivered || r.Action == audit.Recovered) {
			out[delivery{by, r.Object}] = true
		}
	}
	return out, nil
}

// entry is one of a sync: for what purpose, to where, of which classes. A sync that
// the project has no more has none of them.
func (u *auditor) entry(action audit.Action, name string, details ...audit.Detail) audit.Entry {
	e := audit.Entry{Actor: u.app.actor(), Action: action, Object: audit.Of("sync", name), Details: details}
	i := slices.IndexFunc(u.project.Syncs, func(s *config.Sync) bool { return s.Name == name })
	if i < 0 {
		return e
	}
	s := u.project.Syncs[i]
	e.Details = append(e.Details, audit.Word("destination", s.To.Destination), audit.Word("purpose", s.Purpose), audit.Words("classes", u.classes(s)))
	return e
}

// classes are those of what a sync sends, the most harmless first.
func (u *auditor) classes(s *config.Sync) (list []string) {
	sent := map[string]bool{}
	for _, leaf := range s.Leaves() {
		sent[string(u.project.checked.Classes().Sent(s, leaf))] = true
	}
	for _, c := range config.Classes {
		if sent[c] {
			list = append(list, c)
		}
	}
	return list
}
