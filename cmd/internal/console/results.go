package console

import (
	"encoding/json"
	"io"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// results is customhouse/run-results/v1. It holds no people's data.
type results struct {
	Schema          string                      `json:"schema"`
	RunID           string                      `json:"run_id"`
	Target          string                      `json:"target"`
	Status          run.Status                  `json:"status"`
	AsOf            time.Time                   `json:"as_of"`
	StartedAt       time.Time                   `json:"started_at"`
	Statements      int64                       `json:"statements"`
	BytesBilled     *int64                      `json:"bytes_billed,omitempty"`
	FinishedAt      time.Time                   `json:"finished_at"`
	DurationSeconds float64                     `json:"duration_seconds"`
	Models          []modelResult               `json:"models"`
	Measures        map[string]map[string]int64 `json:"measures"`
	Evaluations     []evaluation                `json:"evaluations"`
	Tests           []TestResult                `json:"tests,omitempty"`
	Volumes         []volumeOf                  `json:"volumes,omitempty"`
	Syncs           []syncResult                `json:"syncs"`
	Warnings        []string                    `json:"warnings,omitempty"`
}

// evaluation says of a segment ("segment:vip") or of profiles ("profile:customer")
// whether it was evaluated, and why.
type evaluation struct {
	Node      string `json:"node"`
	Evaluated bool   `json:"evaluated"`
	Because   string `json:"because"`
}

// volumeOf is a size beside what it usually is.
type volumeOf struct {
	Subject string `json:"subject"`
	Size    int64  `json:"size"`
	Low     int64  `json:"usual_low"`
	Median  int64  `json:"usual_median"`
	High    int64  `json:"usual_high"`
	Unusual bool   `json:"unusual"`
}

type modelResult struct {
	Name            string     `json:"name"`
	Status          run.Status `json:"status"`
	DurationSeconds float64    `json:"duration_seconds"`
	Steps           []stepTime `json:"steps,omitempty"`
	Note            string     `json:"note,omitempty"`
	Error           string     `json:"error,omitempty"`
}

type stepTime struct {
	Title           string  `json:"title"`
	Times           int     `json:"times"`
	DurationSeconds float64 `json:"duration_seconds"`
}

type syncResult struct {
	Name            string           `json:"name"`
	Destination     string           `json:"destination"`
	Status          run.Status       `json:"status"`
	DurationSeconds float64          `json:"duration_seconds"`
	Counts          map[string]int64 `json:"counts"`
	Full            run.Full         `json:"full,omitempty"`
	Attempted       int64            `json:"attempted"`
	Upserted        int64            `json:"upserted"`
	Removed         int64            `json:"removed"`
	Exists          int64            `json:"exists"`
	Absent          int64            `json:"absent"`
	Invalid         int64            `json:"invalid"`
	Rejected        int64            `json:"rejected"`
	Unknown         int64            `json:"unknown"`
	Unanswered      int64            `json:"unanswered"`
	InJobs          int64            `json:"in_jobs,omitempty"`
	Unnamed         int64            `json:"unnamed,omitempty"`
	Withheld        int64            `json:"withheld"`
	Values          []valueCount     `json:"values,omitempty"`
	Requests        int64            `json:"requests"`
	Retries         int64            `json:"retries"`
	Published       string           `json:"published,omitempty"`
	Error           string           `json:"error,omitempty"`
}

// valueCount is how many values of a field had one fate.
type valueCount struct {
	Field  string `json:"field"`
	Fate   string `json:"fate"`
	Reason string `json:"reason,omitempty"`
	Count  int    `json:"count"`
}

func valueCounts(list []syncs.Values) []valueCount {
	var out []valueCount
	for _, v := range list {
		out = append(out, valueCount{v.Field, v.Fate.String(), v.Reason, v.Count})
	}
	return out
}

// Results writes a summary as JSON, customhouse/run-results/v1.
func Results(w io.Writer, s run.Summary) error {
	out := results{
		Schema: "customhouse/run-results/v1",
		RunID:  s.RunID, Target: s.Target, Status: s.Status, Statements: s.Statements,
		AsOf: s.AsOf, StartedAt: s.StartedAt, FinishedAt: s.FinishedAt,
		DurationSeconds: s.FinishedAt.Sub(s.StartedAt).Seconds(),
		Models:          []modelResult{}, Measures: map[string]map[string]int64{}, Syncs: []syncResult{}, Evaluations: []evaluation{},
		Warnings: s.Warnings,
	}
	if s.Billed {
		out.BytesBilled = &s.BytesBilled
	}
	for _, m := range s.Models {
		result := modelResult{Name: m.Name, Status: m.Status, DurationSeconds: m.Duration.Seconds(), Note: m.Note, Error: text(m.Err)}
		for _, s := range m.Steps {
			result.Steps = append(result.Steps, stepTime{s.Title, s.Times, s.Duration.Seconds()})
		}
		out.Models = append(out.Models, result)
	}
	for _, x := range s.Evaluations {
		out.Evaluations = append(out.Evaluations, evaluation{x.Node, x.Evaluated, x.Because})
	}
	for _, v := range s.Volumes {
		out.Volumes = append(out.Volumes, volumeOf{v.Subject, v.Size, v.Usual.Low, v.Usual.Median, v.Usual.High, v.Unusual})
	}
	for _, m := range s.Measures {
		out.Measures[m.Subject] = numbers(m)
	}
	for _, t := range s.Tests {
		out.Tests = append(out.Tests, NewTestResult(t))
	}
	for _, r := range s.Syncs {
		out.Syncs = append(out.Syncs, syncResult{
			Name: r.Sync, Destination: r.Destination, Status: r.Status, DurationSeconds: r.Duration.Seconds(),
			Counts: numbers(r.Counts), Full: r.Full, Attempted: r.Report.Attempted, Upserted: r.Report.Upserted,
			Removed: r.Report.Removed, Exists: r.Report.Exists, Absent: r.Report.Absent, Invalid: r.Report.Invalid, Rejected: r.Report.Rejected,
			Unknown: r.Report.Unknown, Unanswered: r.Report.Unanswered, InJobs: r.Report.InJobs, Unnamed: r.Report.Unnamed, Withheld: r.Report.Withheld,
			Values: valueCounts(r.Report.Values), Requests: r.Report.Requests, Retries: r.Report.Retries, Published: r.Report.Published, Error: text(r.Err),
		})
	}
	return JSON(w, out)
}

func numbers(m run.Measure) map[string]int64 {
	out := map[string]int64{}
	for _, v := range m.Values {
		out[v.Name] = v.Value
	}
	return out
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// JSON writes a value, indented, for people and programs.
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Findings writes diagnostics as JSON, customhouse/diagnostics/v1.
func Findings(w io.Writer, list diag.List) error {
	if list == nil {
		list = diag.List{}
	}
	return JSON(w, struct {
		Schema      string    `json:"schema"`
		Diagnostics diag.List `json:"diagnostics"`
	}{"customhouse/diagnostics/v1", list})
}
