package trace

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// TestSpans tells of a run with everything in it, and wants the tree of its spans,
// with no word of a warehouse or a platform in it.
func TestSpans(t *testing.T) {
	t.Parallel()
	recorder := tracetest.NewSpanRecorder()
	tracer := withExporter(sdktrace.WithSpanProcessor(recorder))
	at := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	job := schedule.Job{RunID: "r1", Slots: []state.Slot{
		{Schedule: "hourly", Due: at, Start: at, Status: schedule.Failed},
		{Schedule: "daily", Due: at, Start: at, Status: schedule.Failed},
	}}
	said := errors.New("Conversion Error: canary@example.com")
	tracer.Schedule(schedule.RunStarted{Job: job})
	r := tracer.Run("r1", "prod")
	for _, e := range []run.Event{
		run.Started{},
		run.StatementDone{Verb: "CREATE", Digest: "d0", Count: 1, Started: at, Duration: time.Second},
		run.ModelStarted{Model: "segments"},
		run.StepStarted{Subject: "segments", Title: "evaluate", Round: 2},
		run.StatementDone{Subject: "segments", Verb: "INSERT", Digest: "d1", Count: 2, Started: at, Duration: time.Second, Failed: true},
		run.StepDone{Subject: "segments", Title: "evaluate", Err: &run.StepError{Title: "evaluate", Err: said}},
		run.ModelDone{Result: run.ModelResult{Name: "segments", Status: run.Failed, Err: &run.StepError{Title: "evaluate", Err: said}}},
		run.ModelDone{Result: run.ModelResult{Name: "skipped", Status: run.Skipped}},
		run.SyncStarted{Sync: "crm", Destination: "hubspot"},
		run.SyncNote{Sync: "crm", Event: deliver.Sent{For: "deliver", Attempt: 2, Rows: 7, Method: "POST", Status: 503, Started: at, Duration: time.Second}},
		run.SyncNote{Sync: "crm", Event: deliver.Retrying{Attempt: 2, Code: "busy", Message: "canary@example.com"}},
		run.SyncDone{Result: run.SyncResult{Sync: "crm", Status: run.Failed, Err: &deliver.StopError{Code: "unauthorized", Message: "canary@example.com"}}},
	} {
		r.Event(e)
	}
	r.End(run.Summary{Status: run.Failed, Statements: 3}, nil)
	tracer.Schedule(schedule.RunDone{Job: job, Slots: job.Slots})

	spans := recorder.Ended()
	if got := len(recorder.Started()); got != len(spans) {
		t.Errorf("%d spans were started, and %d ended", got, len(spans))
	}
	names := map[string]string{}
	for _, s := range spans {
		names[s.SpanContext().SpanID().String()] = s.Name()
	}
	var got []string
	for _, s := range spans {
		all := fmt.Sprint(s.Name(), s.Attributes(), s.Status(), s.Events())
		if strings.Contains(all, "canary") {
			t.Errorf("a span says %s", all)
		}
		if s.Name() != "slot daily" && s.SpanContext().TraceID().String() != r.ID() {
			t.Errorf("%s is of another trace", s.Name())
		}
		got = append(got, fmt.Sprintf("%s < %s: %s %s", names[s.Parent().SpanID().String()], s.Name(), s.Status().Code, s.Status().Description))
	}
	slices.Sort(got)
	want := []string{
		" < slot daily: Error ",
		" < slot hourly: Error ",
		"model segments < step evaluate: Error the step failed: evaluate",
		"run < model segments: Error the step failed: evaluate",
		"run < statement CREATE: Unset ",
		"run < sync crm: Error the destination, or what it needs, refused: unauthorized",
		"slot hourly < run: Error ",
		"step evaluate < statement INSERT: Error ",
		"sync crm < request deliver: Error ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the spans (-want +got):\n%s", diff)
	}
}

// TestOff: without a collector there is no tracer, and nothing minds.
func TestOff(t *testing.T) {
	t.Parallel()
	for _, env := range []map[string]string{
		{},
		{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_TRACES_EXPORTER": "none"},
	} {
		tracer, err := New(t.Context(), func(name string) (string, bool) { v, ok := env[name]; return v, ok }, "v1", nil)
		if tracer != nil || err != nil {
			t.Errorf("%v: %v, %v", env, tracer, err)
		}
		tracer.Schedule(schedule.RunStarted{})
		r := tracer.Run("r", "t")
		r.Event(run.Started{})
		r.End(run.Summary{}, nil)
		if err := tracer.Close(t.Context()); err != nil || r.ID() != "" {
			t.Error(err, r.ID())
		}
	}
	_, err := New(t.Context(), func(name string) (string, bool) {
		return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}[name], true
	}, "v1", nil)
	if err == nil || !strings.Contains(err.Error(), "http/protobuf") {
		t.Errorf("a protocol that there is not: %v", err)
	}
}
