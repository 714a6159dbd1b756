package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/catalog"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// deliverAudiences runs the syncs one after the other. One that fails does not
// stop the next.
func (r *runner) deliverAudiences(ctx context.Context) {
	for _, a := range r.Plan.Audiences {
		result := SyncResult{Sync: a.Sync.Name, Destination: a.Destination.Name}
		start := r.Clock.Now()
		if skip := cmp.Or(r.unbuilt(a), r.untested(a)); skip != nil {
			result.Status, result.Err = Skipped, skip
		} else {
			r.emit(SyncStarted{Sync: a.Sync.Name, Destination: a.Destination.Name})
			err := r.deliverAudience(ctx, a, &result)
			switch status, err := outcome(ctx, err); {
			case err != nil:
				result.Status, result.Err = status, err
			default:
				result.Status = Status(result.Report.Status)
			}
		}
		result.Duration = r.Clock.Now().Sub(start)
		r.summary.Syncs = append(r.summary.Syncs, result)
		r.emit(SyncDone{Result: result})
	}
}

// unbuilt is why an audience cannot be compared: a model whose tables it reads
// was not built in this run. Nothing is sent from stale tables, since nobody
// asked for that.
func (r *runner) unbuilt(a *models.Audience) error {
	use := models.AudienceUse(a)
	for _, m := range r.Plan.Models {
		var result *ModelResult
		for i := range r.summary.Models {
			if r.summary.Models[i].Name == m.Name {
				result = &r.summary.Models[i]
			}
		}
		if result == nil || result.Status == OK {
			continue
		}
		for t := range models.ModelUse(m).Writes {
			if use.Reads[t] {
				return &SkipError{Needs: m.Name}
			}
		}
	}
	return nil
}

func (r *runner) deliverAudience(ctx context.Context, a *models.Audience, result *SyncResult) error {
	subject := "sync:" + a.Sync.Name
	ctx = r.label(ctx, subject)
	var h *hold
	if r.Deliver {
		var err error
		if h, err = r.take(ctx, a); err != nil {
			return err
		}
		defer h.release(ctx)
	}
	// What was expected stands in the work tables, and goes out as it is.
	if r.Expect == nil {
		if err := r.catchUp(ctx, a, h); err != nil {
			return err
		}
	}
	if r.Deliver {
		r.reached("refuse")
		if err := r.wh.Script(ctx, a.Refuse); err != nil {
			return &StepError{Title: "note the rows that cannot be sent", Err: err}
		}
		r.reached("refused")
	}
	row, err := r.numbers(ctx, models.Measure{Subject: subject, Query: a.Counts})
	if err != nil {
		return &StepError{Title: "compare with the ledger", Err: err}
	}
	counts := row[0]
	result.Counts, result.Full = counts, full(counts)
	job := r.job(a, counts)
	if h != nil {
		if err := h.equip(ctx, &job); err != nil {
			return err
		}
	}
	// Nothing is noted for a delivery that a guard forbids: it would be sent
	// once more, though it never went out.
	if r.Deliver && deliver.Check(job.Counts, job.Guards) == nil {
		if err := h.mark(ctx); err != nil {
			return &StepError{Title: "note what is about to be sent", Err: err}
		}
		r.reached("note")
		if err := r.wh.Script(ctx, a.Note); err != nil {
			return &StepError{Title: "note what is about to be sent", Err: err}
		}
		r.reached("noted")
	}
	if r.Deliver {
		job.Withdrawn = (&withdrawals{runner: r, audience: a}).ask
	}
	written := &ledger{runner: r, audience: a}
	job.Ledger = written
	report, err := deliver.Run(ctx, job)
	result.Report, result.Outcomes = report, written.outcomes
	// What is with a job that has not ended may yet be taken.
	if r.Deliver && a.Release != nil && !written.broken && report.InJobs == 0 {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), wrapUp)
		defer cancel()
		if err := h.unnote(late, r.Plan.RunID); err != nil {
			r.warn("sync:" + a.Sync.Name + ": events that were not sent are still noted: " + err.Error())
		}
	}
	if err != nil {
		return err
	}
	if r.Deliver && len(a.Settle) > 0 {
		r.reached("settle")
		if err := r.wh.Script(ctx, a.Settle); err != nil {
			return &StepError{Title: "forget rejections that are no longer due", Err: err}
		}
		r.reached("settled")
	}
	return nil
}

// catchUp compares, once the jobs that earlier runs left open have ended.
func (r *runner) catchUp(ctx context.Context, a *models.Audience, h *hold) error {
	if err := r.compare(ctx, a); err != nil {
		return err
	}
	if h == nil {
		return nil
	}
	if r.Destinations[a.Destination.Name].Spec().ReplaceFirst {
		// What jobs of a killed run have done does not make its replacement whole.
		row, err := r.numbers(ctx, models.Measure{Subject: "sync:" + a.Sync.Name, Query: a.Counts})
		if err != nil {
			return &StepError{Title: "compare with the ledger", Err: err}
		}
		h.replacing = replaces(r.Destinations[a.Destination.Name], a, row[0])
	}
	job := r.job(a, Measure{})
	if err := h.equip(ctx, &job); err != nil {
		return err
	}
	job.Ledger = resumed{h}
	report, err := deliver.Resume(ctx, job)
	if err != nil || report.Attempted == 0 {
		return err
	}
	if err := h.free(ctx); err != nil {
		return &StepError{Title: "take back the notes of what was not sent", Err: err}
	}
	return r.compare(ctx, a)
}

// compare finds what differs between what a sync wants and what the ledger
// knows.
func (r *runner) compare(ctx context.Context, a *models.Audience) error {
	if err := r.mapped(ctx, a); err != nil {
		return err
	}
	r.reached("compare")
	defer r.reached("compared")
	return r.steps(ctx, "sync:"+a.Sync.Name, 0, a.Steps)
}

// mapped wants a column for each trait that a sync maps: a trait that is new
// has none before its profile was built.
func (r *runner) mapped(ctx context.Context, a *models.Audience) error {
	have, err := r.wh.Columns(ctx, a.Profiles)
	if err != nil {
		return err
	}
	var missing []string
	for _, trait := range a.Traits {
		if !slices.ContainsFunc(have, func(c adapters.Column) bool { return strings.EqualFold(c.Name, trait) }) {
			missing = append(missing, trait)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s has no column %s yet: build it first, with --select +sync:%s",
			a.Profiles.Name, strings.Join(missing, ", "), a.Sync.Name)
	}
	return nil
}

// Schema is what the sync of an audience maps.
func Schema(a *models.Audience) syncs.Schema {
	fields := make([]syncs.Field, len(a.Fields))
	for i, f := range a.Fields {
		fields[i] = syncs.Field{Name: f.Name, Path: f.Path, Type: catalog.FieldType(f.Type), SkipNull: f.SkipNull, SetIfEmpty: f.SetIfEmpty}
	}
	return syncs.Schema{Sync: a.Sync.Name, Object: a.Sync.To.Object, Key: a.Sync.To.Key, Fields: fields, Consents: a.Consents}
}

// job is what the engine needs to know of an audience.
func (r *runner) job(a *models.Audience, counts Measure) deliver.Job {
	number := func(name string) int64 { n, _ := counts.Get(name); return n }
	destination := r.Destinations[a.Destination.Name]
	session, ok := r.sessions[a.Destination.Name]
	if !ok {
		session = deliver.NewSession(destination, r.Clock)
		r.sessions[a.Destination.Name] = session
	}
	replacing := destination.Spec().Replace || replaces(destination, a, counts)
	if h := r.holds[a.Sync.Name]; h != nil {
		replacing = replacing || h.replacing
	}
	return deliver.Job{
		RunID: r.Plan.RunID, AsOf: r.Plan.AsOf,
		Destination: destination,
		Schema:      Schema(a),
		Secrets:     r.Secrets,
		Dir:         r.Plan.Project.Dir,
		Counts: deliver.Counts{
			Known:    number("known"),
			Wanted:   number("wanted"),
			Changed:  number("changed") + number("mapping"),
			Upserts:  number("added") + number("mapping") + number("changed") + number("unsettled") + number("resync"),
			Removals: number("removed"),
			Invalid:  number("invalid"),
			Retried:  number("retried"),
		},
		Guards: a.Sync.Guards,
		Changes: func(ctx context.Context) iter.Seq2[syncs.Op, error] {
			if !replacing {
				return r.operations(ctx, a.Changes)
			}
			// What left is streamed too, so that the ledger forgets it.
			return concat(r.operations(ctx, a.Snapshot), removals(r.operations(ctx, a.Changes)))
		},
		Replacing: replacing,
		Tells:     a.Sync.To.Mode == config.Remove,
		Place:     a.Place,
		DryRun:    !r.Deliver,
		Clock:     r.Clock,
		Session:   session,
		HTTP:      r.HTTP,
		OpenPlace: r.OpenPlace,
		Events:    func(e deliver.Event) { r.delivery(a.Sync.Name, e) },
		Settings:  r.Delivery,
	}
}

// replaces says that a mirror of which everything is due takes the place of all
// that is there.
func replaces(d syncs.Destination, a *models.Audience, counts Measure) bool {
	number := func(name string) int64 { n, _ := counts.Get(name); return n }
	due := number("added") + number("mapping") + number("changed") + number("unsettled") + number("resync")
	return d.Spec().ReplaceFirst && a.Sync.To.Mode == config.Mirror && due > 0 && due >= number("wanted")-number("invalid")
}

// Full is why a sync sends every row.
type Full string

// The reasons.
const (
	// FirstRun is a sync of which nothing is known to be at the destination.
	FirstRun Full = "first run"
	// MappingChanged is one whose fields are not those of the rows over there.
	MappingChanged Full = "mapping changed"
	// AskedFor is one that somebody wanted so.
	AskedFor Full = "asked for"
)

// full says from the counts of an audience why every row is sent.
func full(counts Measure) Full {
	number := func(name string) int64 { n, _ := counts.Get(name); return n }
	switch {
	case number("resync") > 0:
		return AskedFor
	case number("mapping") > 0:
		return MappingChanged
	case number("known") == 0 && number("added") > 0:
		return FirstRun
	}
	return ""
}

// delivery passes the engine's events on.
func (r *runner) delivery(sync string, e deliver.Event) {
	switch e := e.(type) {
	case deliver.Progress:
		r.emit(SyncProgress{Sync: sync, Report: e.Report})
	case deliver.Refreshed:
		r.emit(SyncNote{Sync: sync, Event: e})
		if e.Rotated && !e.Kept {
			why := "there is nowhere to keep the new one"
			if e.Err != nil {
				why = "the new one could not be kept (" + e.Err.Error() + ")"
			}
			r.warn("sync:" + sync + ": the destination replaced its refresh token, and " + why + ": sign in again before the next run, or the one in the configuration will be refused")
		}
	default:
		r.emit(SyncNote{Sync: sync, Event: e})
	}
}

func concat(parts ...iter.Seq2[syncs.Op, error]) iter.Seq2[syncs.Op, error] {
	return func(yield func(syncs.Op, error) bool) {
		for _, part := range parts {
			for op, err := range part {
				if !yield(op, err) || err != nil {
					return
				}
			}
		}
	}
}

func removals(all iter.Seq2[syncs.Op, error]) iter.Seq2[syncs.Op, error] {
	return func(yield func(syncs.Op, error) bool) {
		for op, err := range all {
			if (err != nil || op.Kind.Leaves()) && !yield(op, err) {
				return
			}
		}
	}
}

// fixed is how many columns come before the fields.
const fixed = 4

// operations streams a query of the shape of models.Audience.Changes. It ends
// after the first error.
func (r *runner) operations(ctx context.Context, q sql.Query) iter.Seq2[syncs.Op, error] {
	return func(yield func(syncs.Op, error) bool) {
		rows, err := r.wh.Query(ctx, q)
		if err != nil {
			yield(syncs.Op{}, err)
			return
		}
		defer rows.Close() //nolint:errcheck // everything was read, or nobody wants the rest
		dest := make([]any, len(rows.Columns()))
		for {
			err := rows.Next(dest)
			if errors.Is(err, io.EOF) {
				return
			}
			var op syncs.Op
			if err == nil {
				op, err = operation(dest)
			}
			if !yield(op, err) || err != nil {
				return
			}
		}
	}
}

// operation reads one row; the values are copied, since dest is used again.
func operation(row []any) (syncs.Op, error) {
	if len(row) < fixed {
		return syncs.Op{}, fmt.Errorf("an operation has %d columns", len(row))
	}
	what, ok1 := row[0].(string)
	key, ok2 := row[1].(string)
	id, ok3 := row[2].(int64)
	if !ok1 || !ok2 || !ok3 {
		return syncs.Op{}, fmt.Errorf("an operation is of types %T, %T, %T: it has to be text, text and integer", row[0], row[1], row[2])
	}
	op := syncs.Op{Kind: syncs.KindOf(what), Key: key, EntityID: id}
	op.Fingerprint, _ = row[3].(string)
	switch {
	case op.Kind == 0:
		return syncs.Op{}, fmt.Errorf("unknown operation %q", what)
	case !op.Kind.Leaves():
		op.Values = append(make([]any, 0, len(row)-fixed), row[fixed:]...)
	}
	return op, nil
}

// ledger records outcomes in the warehouse: loaded into a work table, then
// taken over as one script.
type ledger struct {
	*runner
	audience *models.Audience
	// loaded says that the work table has outcomes that were not taken over.
	loaded bool
	// broken says that outcomes are lost.
	broken bool
	// outcomes are counted for the result.
	outcomes []Outcome
}

var _ deliver.Ledger = (*ledger)(nil)

// Record is called from one goroutine at a time.
func (l *ledger) Record(ctx context.Context, results []deliver.Result, more bool) error {
	err := l.load(ctx, results)
	if err == nil && !more {
		err = l.takeOver(ctx)
	}
	l.broken = l.broken || err != nil
	l.outcomes = tally(l.outcomes, results)
	return err
}

func (l *ledger) load(ctx context.Context, results []deliver.Result) error {
	table := l.audience.Outcomes
	if !l.loaded {
		if err := l.wh.Exec(ctx, sql.Drop{Table: table.Table}, table); err != nil {
			return err
		}
		l.loaded = true
	}
	return l.wh.Load(ctx, table.Table, outcomeColumns, func(yield func([]any, error) bool) {
		for _, result := range results {
			if !yield(outcomeRow(result), nil) {
				return
			}
		}
	})
}

func (l *ledger) takeOver(ctx context.Context) error {
	l.reached("record loaded")
	if err := l.wh.Script(ctx, l.audience.Apply); err != nil {
		return err
	}
	l.loaded = false
	return l.hasSync(ctx, l.audience)
}

// outcomeColumns are those of the table that results are loaded into, in the
// order of outcomeRow.
var outcomeColumns = []string{"operation", "key", "entity_id", "fingerprint", "accepted", "origin", "code", "message"}

func outcomeRow(r deliver.Result) []any {
	return []any{r.Kind.String(), r.Key, r.EntityID, r.Fingerprint, r.Accepted, string(r.Origin), r.Code, r.Message}
}
