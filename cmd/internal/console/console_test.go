package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

var summary = run.Summary{
	RunID: "R1", Target: "local", Status: run.Failed,
	AsOf:       time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	StartedAt:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	FinishedAt: time.Date(2026, 1, 2, 3, 5, 17, 0, time.UTC),
	Models: []run.ModelResult{
		{Name: "identity:customer", Status: run.OK, Duration: 1500 * time.Millisecond},
		{Name: "profile:customer", Status: run.Failed, Duration: 20 * time.Millisecond, Err: errors.New("write profiles: the disk\nis full")},
		{Name: "segments", Status: run.Skipped, Err: &run.SkipError{Needs: "profile:customer"}},
	},
	Measures: []run.Measure{
		{Subject: "source:orders", Values: []run.Value{{Name: "rows", Value: 541909}, {Name: "without_identifier", Value: 135080}}},
		{Subject: "identity:customer", Values: []run.Value{{Name: "identifiers", Value: 4372}, {Name: "customers", Value: 4371}, {Name: "largest", Value: 1}}},
		{Subject: "changes:customer", Values: []run.Value{{Name: "merge", Value: 2}, {Name: "split", Value: 0}}},
		{Subject: "incidents:customer", Values: []run.Value{{Name: "ignored", Value: 0}, {Name: "too_long", Value: 1}}},
		{Subject: "segment:vip", Values: []run.Value{{Name: "members", Value: 1}, {Name: "entered", Value: 1000}, {Name: "left", Value: 3}}},
	},
	Syncs: []run.SyncResult{
		{
			Sync: "vip_to_crm", Destination: "crm", Status: run.Degraded,
			Counts: run.Measure{Values: []run.Value{{Name: "known", Value: 10}}},
			Report: deliver.Report{Upserted: 5, Removed: 1, Rejected: 2, Unanswered: 1},
		},
		{Sync: "vip_to_files", Destination: "files", Status: run.Withheld, Report: deliver.Report{Withheld: 7}},
	},
}

func TestSummary(t *testing.T) {
	var b strings.Builder
	if err := Summary(&b, summary); err != nil {
		t.Fatal(err)
	}
	want := `Run R1 on target local, as of 2026-01-02T03:04:05Z

Rows read
  orders  541,909 rows  135,080 without a usable identifier

Identity of customer
  4,372 identifiers
  4,371 customers  the largest has 1 identifier
  ids changed      2 merge
  refused          1 too long

Segments
  vip  1 member  +1,000 -3

Syncs
  vip_to_crm -> crm      degraded  5 delivered, 1 removed, 2 rejected by the destination, 1 unanswered, 10 known there before
  vip_to_files -> files  withheld  7 withheld

Time per model
  identity:customer  1.5s
  profile:customer   20ms  failed   write profiles: the disk is full
  segments           0ms   skipped  profile:customer was not built

Withheld: target local does not deliver (set deliver: true on a target that may).
FAILED after 1m12s: what is named above failed; everything else is up to date.
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("summary (-want +got):\n%s", d)
	}
}

func TestResults(t *testing.T) {
	var b bytes.Buffer
	if err := Results(&b, summary); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema   string
		Status   string
		Measures map[string]map[string]int64
		Models   []struct{ Name, Status, Error string }
		Syncs    []struct{ Name, Status string }
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Schema != "customhouse/run-results/v1" || got.Status != "failed" || got.Measures["source:orders"]["rows"] != 541909 ||
		len(got.Models) != 3 || got.Models[2].Error != "profile:customer was not built" || got.Syncs[0].Status != "degraded" {
		t.Errorf("results are %+v", got)
	}
}

// TestProgress: plain lines hold no control characters; on a terminal the line
// of the moment is replaced.
func TestProgress(t *testing.T) {
	events := []run.Event{
		run.Started{RunID: "R1", Target: "local", Models: 1, Syncs: 2},
		run.StepStarted{Subject: "identity:customer", Title: "link\x1b[31m", Round: 2},
		run.ModelDone{Result: run.ModelResult{Name: "identity:customer", Status: run.OK, Duration: time.Second}},
		run.SyncNote{Sync: "s", Event: deliver.Retrying{Attempt: 1, Rows: 2, Wait: time.Second, Code: "429", Message: "slow down"}},
		run.Done{},
	}
	show := func(live bool) string {
		var b strings.Builder
		f := Progress(&b, live)
		for _, e := range events {
			f(e)
		}
		return b.String()
	}
	want := `run R1 on target local: 1 model, 2 syncs
done        identity:customer                            1.0s
sync:s: attempt 1 with 2 rows failed (429 slow down), next in 1.0s
`
	if d := cmp.Diff(want, show(false)); d != "" {
		t.Errorf("plain (-want +got):\n%s", d)
	}
	if got := show(true); !strings.Contains(got, "identity:customer: link [31m (round 2)\r\x1b[K") {
		t.Errorf("live is %q", got)
	}
}

// TestLog: each event that is logged is one JSON object on one line.
func TestLog(t *testing.T) {
	var b bytes.Buffer
	f := Log(slog.New(slog.NewJSONHandler(&b, nil)))
	for _, e := range []run.Event{
		run.Started{RunID: "R1"},
		run.Killed{Runs: 1},
		run.ModelDone{Result: summary.Models[1]},
		run.SyncDone{Result: summary.Syncs[0]},
		run.MeasureDone{Measure: summary.Measures[0]},
		run.Done{Summary: summary},
	} {
		f(e)
	}
	var levels []string
	for line := range strings.Lines(b.String()) {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		level, _ := got["level"].(string)
		levels = append(levels, level)
	}
	if d := cmp.Diff([]string{"INFO", "WARN", "ERROR", "WARN", "INFO", "ERROR"}, levels); d != "" {
		t.Errorf("levels (-want +got):\n%s", d)
	}
}

// rows is a result in memory.
type rows struct {
	names  []string
	values [][]any
	at     int
}

func (r *rows) Columns() []adapters.Column {
	out := make([]adapters.Column, len(r.names))
	for i, n := range r.names {
		out[i].Name = n
	}
	return out
}

func (r *rows) Next(dest []any) error {
	if r.at == len(r.values) {
		return io.EOF
	}
	copy(dest, r.values[r.at])
	r.at++
	return nil
}

func (*rows) Close() error { return nil }

func TestRows(t *testing.T) {
	want := map[string]string{
		"human": "id  what \"x\"\n1   two lines\n-   [a, 2]\n3   +Inf\n",
		"csv":   "id,\"what \"\"x\"\"\"\n1,\"two\nlines\"\n,\"[a, 2]\"\n3,+Inf\n",
		"json":  "{\"id\":1,\"what \\\"x\\\"\":\"two\\nlines\"}\n{\"id\":null,\"what \\\"x\\\"\":[\"a\",2]}\n{\"id\":3,\"what \\\"x\\\"\":\"+Inf\"}\n",
	}
	for _, format := range RowFormats {
		var b strings.Builder
		n, err := Rows(&b, &rows{names: []string{"id", `what "x"`}, values: [][]any{
			{int64(1), "two\nlines"}, {nil, []any{"a", int64(2)}}, {int64(3), math.Inf(1)},
		}}, format)
		if err != nil || n != 3 {
			t.Errorf("%s: %d rows, %v", format, n, err)
		}
		if d := cmp.Diff(want[format], b.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", format, d)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 999: "999 bytes", 1000: "1.0 kB", 20971520: "21.0 MB", 999_949: "999.9 kB", 999_950: "1.0 MB", math.MaxInt64: "9.2 EB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) is %s, want %s", n, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) is %s, want %s", n, got, want)
		}
	}
}
