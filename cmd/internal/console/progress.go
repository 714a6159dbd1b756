package console

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Progress tells a person what happens during a run: a line for everything
// that ended, and on a terminal (live) one more that says what is going on.
func Progress(w io.Writer, live bool) run.Func {
	p := &progress{w: w, live: live}
	return p.event
}

type progress struct {
	w    io.Writer
	live bool
	// shown says that the last line is one to be replaced.
	shown bool
}

func (p *progress) line(format string, args ...any) {
	p.clear()
	fmt.Fprintln(p.w, oneLine(fmt.Sprintf(format, args...)))
}

// now replaces the last line, on a terminal.
func (p *progress) now(format string, args ...any) {
	if !p.live {
		return
	}
	p.clear()
	const width = 79 // never wraps: a wrapped line could not be replaced
	text := []rune(oneLine(fmt.Sprintf(format, args...)))
	fmt.Fprint(p.w, string(text[:min(len(text), width)]))
	p.shown = true
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

func (p *progress) event(e run.Event) {
	switch e := e.(type) {
	case run.Started:
		p.line("run %s on target %s: %s, %s", e.RunID, e.Target,
			counted(int64(e.Models), "model", "models"), counted(int64(e.Syncs), "sync", "syncs"))
	case run.Killed:
		p.line("cleaned up after %s that ended without a word", counted(e.Runs, "run", "runs"))
	case run.Recovered:
		p.line("sync:%s: took over %s from a run that ended without a word", e.Sync, counted(int64(e.Outcomes), "outcome", "outcomes"))
	case run.StepStarted:
		round := ""
		if e.Round > 0 {
			round = fmt.Sprintf(" (round %d)", e.Round)
		}
		p.now("%s: %s%s", e.Subject, e.Title, round)
	case run.ModelDone:
		p.result(e.Result.Name, e.Result.Status, Duration(e.Result.Duration), e.Result.Err)
	case run.TestDone:
		p.test(e.Result)
	case run.SyncStarted:
		p.now("sync:%s: comparing with %s", e.Sync, e.Destination)
	case run.SyncProgress:
		p.now("sync:%s: %s accepted, %s rejected", e.Sync, Number(e.Report.Accepted), Number(e.Report.Invalid+e.Report.Rejected))
	case run.SyncNote:
		p.note(e)
	case run.SyncDone:
		p.result("sync:"+e.Result.Sync, e.Result.Status, Duration(e.Result.Duration), e.Result.Err)
	case run.Warning:
		p.line("warning: %s", e.Message)
	case run.Done:
		p.clear()
	case run.VolumeDone:
		if e.Volume.Unusual {
			p.line("UNUSUAL: %s", unusual(e.Volume))
		}
	case run.CheckFailed, run.ModelStarted, run.StepDone, run.StatementDone, run.MeasureDone:
		// The caller renders findings; the rest is in the summary.
	}
}

func (p *progress) result(subject string, status run.Status, took string, err error) {
	mark := map[run.Status]string{
		run.OK: "done", run.Degraded: "DEGRADED", run.Failed: "FAILED", run.Skipped: "skipped",
		run.Withheld: "withheld", run.Interrupted: "interrupted",
	}[status]
	text := fmt.Sprintf("%-11s %-40s %8s", mark, subject, took)
	if status == run.Skipped {
		text = fmt.Sprintf("%-11s %-40s", mark, subject)
	}
	if err != nil {
		text = strings.TrimRight(text, " ") + "  " + err.Error()
	}
	p.line("%s", strings.TrimRight(text, " "))
}

// test tells of what did not pass.
func (p *progress) test(t run.TestResult) {
	if t.Err == nil && t.Verdict.Outcome != models.Passed {
		p.line("%-11s %s", map[bool]string{true: "warning", false: "FAILED"}[t.Passed()], testLine(t))
	}
}

func (p *progress) note(n run.SyncNote) {
	switch e := n.Event.(type) {
	case deliver.Retrying:
		p.line("sync:%s: attempt %d with %s failed (%s %s), next in %s", n.Sync, e.Attempt,
			counted(int64(e.Rows), "row", "rows"), e.Code, e.Message, Duration(e.Wait))
	case deliver.Splitting:
		p.line("sync:%s: %s refused as a whole (%s), halving", n.Sync, counted(int64(e.Rows), "row", "rows"), e.Code)
	case deliver.Refreshed:
		p.line("sync:%s: the credential expired, and the destination gave a new one", n.Sync)
	case deliver.Polling:
		p.now("sync:%s: the destination is busy with %s, asked again in %s", n.Sync, counted(int64(e.Rows), "row", "rows"), Duration(e.Wait))
	case deliver.LeftOpen:
		p.line("sync:%s: %s", n.Sync, leftOpen(e))
	case deliver.Resuming:
		p.line("sync:%s: asking for %s that the destination was given at %s", n.Sync, counted(int64(e.Rows), "row", "rows"), e.Since.UTC().Format(time.RFC3339))
	case deliver.Unnamed:
		p.line("sync:%s: the destination refused %s and does not say which (%s %s)", n.Sync, counted(int64(e.Rows), "row", "rows"), e.Code, e.Message)
	case deliver.Published:
		p.line("sync:%s: wrote %s to %s", n.Sync, counted(int64(e.Parts), "file", "files"), e.Dir)
	case deliver.Stopping, deliver.Progress, deliver.Sent:
		// The result says why.
	}
}

// unusual says of a size what it usually is.
func unusual(v run.Volume) string {
	return fmt.Sprintf("%s is %s, and usually %s to %s", v.Subject, Number(v.Size), Number(v.Usual.Low), Number(v.Usual.High))
}

// leftOpen tells of a job that has not ended.
func leftOpen(e deliver.LeftOpen) string {
	what := counted(int64(e.Rows), "row", "rows") + " given to the destination at " + e.Since.UTC().Format(time.RFC3339)
	if e.GivenUp {
		return what + " are given up: its job never ended, and they are due again"
	}
	return what + " are still being worked on; the next run asks for them first"
}

// Log writes the events of a run as structured log lines. The attributes of the
// logger say of which run.
func Log(log *slog.Logger) run.Func {
	return func(e run.Event) {
		switch e := e.(type) {
		case run.Started:
			log.Info("run started", slog.String("target", e.Target), slog.Time("as_of", e.AsOf),
				slog.Int("models", e.Models), slog.Int("syncs", e.Syncs))
		case run.Killed:
			log.Warn("cleaned up after a killed run", slog.Int64("runs", e.Runs))
		case run.Recovered:
			log.Warn("took over outcomes of a killed run", slog.String("sync", e.Sync), slog.Int("outcomes", e.Outcomes))
		case run.CheckFailed:
			d := e.Diagnostic
			log.Error("check failed", slog.String("code", d.Code), slog.String("at", d.Span.String()), slog.String("message", d.Summary))
		case run.StepDone:
			log.Debug("step done", slog.String("subject", e.Subject), slog.String("step", e.Title), slog.Int("round", e.Round),
				slog.Duration("duration", e.Duration))
		case run.TestDone:
			tell := log.Info
			switch t := e.Result; {
			case !t.Passed():
				tell = log.Error
			case t.Verdict.Outcome != models.Passed:
				tell = log.Warn
			}
			tell("test done", slog.String("test", e.Result.Name()), slog.String("expectation", e.Result.Expectation.Name),
				slog.String("status", e.Result.Status()), slog.Int64("failures", e.Result.Verdict.Failures), slog.Int64("rows", e.Result.Verdict.Rows))
		case run.ModelDone:
			logAt(log, e.Result.Status)("model done", slog.String("model", e.Result.Name),
				slog.String("status", string(e.Result.Status)), slog.Duration("duration", e.Result.Duration), problem(e.Result.Err))
		case run.MeasureDone:
			attrs := []any{slog.String("subject", e.Measure.Subject)}
			for _, v := range e.Measure.Values {
				attrs = append(attrs, slog.Int64(v.Name, v.Value))
			}
			log.Info("measured", attrs...)
		case run.SyncStarted:
			log.Info("sync started", slog.String("sync", e.Sync), slog.String("destination", e.Destination))
		case run.SyncNote:
			noteLog(log, e)
		case run.SyncDone:
			r := e.Result
			logAt(log, r.Status)("sync done", slog.String("sync", r.Sync), slog.String("destination", r.Destination),
				slog.String("status", string(r.Status)), slog.Duration("duration", r.Duration),
				slog.Int64("accepted", r.Report.Accepted), slog.Int64("rejected", r.Report.Rejected+r.Report.Invalid),
				slog.Int64("unknown", r.Report.Unknown), slog.Int64("unanswered", r.Report.Unanswered), slog.Int64("withheld", r.Report.Withheld), problem(r.Err))
		case run.Warning:
			log.Warn("warning", slog.String("message", e.Message))
		case run.Done:
			logAt(log, e.Summary.Status)("run done", slog.String("status", string(e.Summary.Status)),
				slog.Duration("duration", e.Summary.FinishedAt.Sub(e.Summary.StartedAt)))
		case run.VolumeDone:
			if v := e.Volume; v.Unusual {
				log.Warn("unusual", slog.String("subject", v.Subject), slog.Int64("size", v.Size), slog.Int64("low", v.Usual.Low),
					slog.Int64("median", v.Usual.Median), slog.Int64("high", v.Usual.High))
			}
		case run.StepStarted, run.ModelStarted, run.StatementDone, run.SyncProgress:
			// Too many for a log.
		}
	}
}

func noteLog(log *slog.Logger, n run.SyncNote) {
	switch e := n.Event.(type) {
	case deliver.Retrying:
		log.Warn("sync retrying", slog.String("sync", n.Sync), slog.Int("attempt", e.Attempt), slog.Int("rows", e.Rows),
			slog.Duration("wait", e.Wait), slog.String("code", e.Code), slog.String("message", e.Message))
	case deliver.Splitting:
		log.Warn("sync halving", slog.String("sync", n.Sync), slog.Int("rows", e.Rows), slog.String("code", e.Code))
	case deliver.Refreshed:
		log.Info("sync credential refreshed", slog.String("sync", n.Sync), slog.Bool("rotated", e.Rotated), slog.Bool("kept", e.Kept))
	case deliver.Polling:
		log.Debug("sync waiting for a job", slog.String("sync", n.Sync), slog.Int("rows", e.Rows), slog.Duration("wait", e.Wait),
			slog.String("code", e.Code), slog.String("message", e.Message))
	case deliver.LeftOpen:
		log.Warn("sync left a job open", slog.String("sync", n.Sync), slog.Int("rows", e.Rows), slog.Time("since", e.Since), slog.Bool("given_up", e.GivenUp))
	case deliver.Resuming:
		log.Info("sync resumed a job", slog.String("sync", n.Sync), slog.Int("rows", e.Rows), slog.Time("since", e.Since))
	case deliver.Unnamed:
		log.Warn("sync refused without names", slog.String("sync", n.Sync), slog.Int("rows", e.Rows), slog.String("code", e.Code), slog.String("message", e.Message))
	case deliver.Published:
		log.Info("sync published", slog.String("sync", n.Sync), slog.String("dir", e.Dir), slog.Int("files", e.Parts))
	case deliver.Stopping, deliver.Progress, deliver.Sent:
	}
}

// logAt logs at the level that a status deserves.
func logAt(log *slog.Logger, s run.Status) func(msg string, args ...any) {
	switch s {
	case run.Failed:
		return log.Error
	case run.Degraded, run.Skipped, run.Interrupted:
		return log.Warn
	case run.OK, run.Withheld:
	}
	return log.Info
}

// problem is the attribute of an error, an empty one where there is none.
func problem(err error) slog.Attr {
	if err == nil {
		return slog.Attr{}
	}
	return slog.String("error", oneLine(err.Error()))
}
