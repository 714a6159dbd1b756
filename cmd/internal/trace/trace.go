// Package trace makes OpenTelemetry spans of the events of runs and of the
// scheduler, and sends them to a collector over OTLP/HTTP.
//
// It is configured by the standard environment variables alone (OTEL_*), and off
// where none names a collector. A slot is the parent of its run; a run that of its
// models and syncs; those of their steps; and a step that of the statements of the
// warehouse. Requests to a destination are below their sync. No attribute holds a
// person, a secret, an address, a body or the text of a statement: of that there
// is a digest.
//
// A collector that cannot be reached never fails a run. Start with New and
// Tracer.Run.
package trace

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Tracer sends spans. A nil Tracer does nothing.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	parent   context.Context //nolint:containedctx // of whoever started this process, which it does not outlive
	// slots are the spans of slots that run, by the run's id. The caller keeps
	// events apart.
	slots map[string][]trace.Span
}

// New makes a Tracer where the environment names a collector, and nil otherwise.
// wrong is told, from any goroutine, why spans could not be sent.
func New(ctx context.Context, env func(string) (string, bool), version string, wrong func(error)) (*Tracer, error) {
	get := func(name string) string { v, _ := env(name); return v }
	endpoint := get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") + get("OTEL_EXPORTER_OTLP_ENDPOINT")
	if endpoint == "" || get("OTEL_SDK_DISABLED") == "true" || get("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if v := get(name); v != "" && v != "http/protobuf" {
			return nil, fmt.Errorf("%s is %q: traces are sent as http/protobuf alone, usually to port 4318", name, v)
		}
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening the collector of traces: %w", err)
	}
	own := resource.NewSchemaless(attribute.String("service.name", "customhouse"), attribute.String("service.version", version))
	all, err := resource.Merge(own, resource.Environment())
	if err != nil {
		return nil, fmt.Errorf("reading OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(wrong))
	t := withExporter(sdktrace.WithBatcher(exporter), sdktrace.WithResource(all))
	carrier := propagation.MapCarrier{"traceparent": get("TRACEPARENT"), "tracestate": get("TRACESTATE")}
	t.parent = propagation.TraceContext{}.Extract(context.Background(), carrier)
	return t, nil
}

// withExporter makes a Tracer of any provider.
func withExporter(options ...sdktrace.TracerProviderOption) *Tracer {
	provider := sdktrace.NewTracerProvider(options...)
	return &Tracer{
		provider: provider, tracer: provider.Tracer("github.com/customhouse-cdp/customhouse"),
		parent: context.Background(), slots: map[string][]trace.Span{},
	}
}

// Close sends what is left, for as long as the context lasts.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("sending traces: %w", err)
	}
	return nil
}

// Schedule takes an event of the scheduler.
func (t *Tracer) Schedule(e schedule.Event) {
	if t == nil {
		return
	}
	switch e := e.(type) {
	case schedule.RunStarted:
		var spans []trace.Span
		for _, x := range e.Job.Slots {
			_, span := t.tracer.Start(t.parent, "slot "+x.Schedule, trace.WithNewRoot(), trace.WithTimestamp(x.Start), trace.WithAttributes(
				attribute.String("customhouse.schedule", x.Schedule), attribute.String("customhouse.slot", x.Due.UTC().Format(time.RFC3339)),
				attribute.String("customhouse.cause", x.Cause), attribute.Bool("customhouse.late", x.Late), attribute.Int("customhouse.attempt", x.Attempts),
			))
			spans = append(spans, span)
		}
		t.slots[e.Job.RunID] = spans
	case schedule.RunDone:
		for i, span := range t.slots[e.Job.RunID] {
			if i < len(e.Slots) {
				status(span, run.Status(e.Slots[i].Status), "")
			}
			span.End()
		}
		delete(t.slots, e.Job.RunID)
	case schedule.Lost:
		for _, span := range t.slots[e.Job.RunID] {
			status(span, run.Failed, "another process took it over")
			span.End()
		}
		delete(t.slots, e.Job.RunID)
	case schedule.SlotsDue, schedule.SlotsSkipped, schedule.TookOver, schedule.Waiting, schedule.ClockBack, schedule.Problem:
	}
}

// Run are the spans of one run. A nil Run does nothing.
type Run struct {
	tracer   *Tracer
	ctx      context.Context //nolint:containedctx // holds the span, and nothing that ends
	span     trace.Span
	subjects map[string]*subject
}

// subject is a model or a sync that is under way.
type subject struct {
	ctx  context.Context //nolint:containedctx // holds the span, and nothing that ends
	span trace.Span
	step trace.Span
	in   context.Context //nolint:containedctx // of the step
}

// Run begins the spans of a run: below those of its slots, which Schedule was told
// of, or below what started this process.
func (t *Tracer) Run(runID, target string) *Run {
	if t == nil {
		return nil
	}
	parent := t.parent
	options := []trace.SpanStartOption{trace.WithAttributes(attribute.String("customhouse.run_id", runID), attribute.String("customhouse.target", target))}
	for i, slot := range t.slots[runID] {
		if i == 0 {
			parent = trace.ContextWithSpan(context.Background(), slot) //nolint:fatcontext // of the first slot alone
			continue
		}
		options = append(options, trace.WithLinks(trace.Link{SpanContext: slot.SpanContext()}))
	}
	r := &Run{tracer: t, subjects: map[string]*subject{}}
	r.ctx, r.span = t.tracer.Start(parent, "run", options...) //nolint:spancheck // End ends it
	return r
}

// ID is the trace's, for logs; empty where there is none.
func (r *Run) ID() string {
	if r == nil || !r.span.SpanContext().IsValid() {
		return ""
	}
	return r.span.SpanContext().TraceID().String()
}

// End ends the span of the run.
func (r *Run) End(s run.Summary, err error) {
	if r == nil {
		return
	}
	for _, x := range r.subjects {
		x.end()
	}
	r.span.SetAttributes(attribute.Int64("customhouse.statements", s.Statements))
	if s.Billed {
		r.span.SetAttributes(attribute.Int64("customhouse.bytes_billed", s.BytesBilled))
	}
	became := s.Status
	if err != nil && became != run.Interrupted {
		became = run.Failed
	}
	status(r.span, became, run.Reason(err))
	r.span.End()
}

// Event takes an event of the run. It is called from one goroutine at a time.
func (r *Run) Event(e run.Event) {
	if r == nil {
		return
	}
	switch e := e.(type) {
	case run.ModelStarted:
		r.begin(e.Model, "model "+e.Model, attribute.String("customhouse.model", e.Model))
	case run.ModelDone:
		r.done(e.Result.Name, e.Result.Status, e.Result.Err)
	case run.SyncStarted:
		r.begin("sync:"+e.Sync, "sync "+e.Sync, attribute.String("customhouse.sync", e.Sync), attribute.String("customhouse.destination", e.Destination))
	case run.SyncDone:
		if x := r.subjects["sync:"+e.Result.Sync]; x != nil {
			p := e.Result.Report
			x.span.SetAttributes(attribute.Int64("customhouse.rows.accepted", p.Accepted), attribute.Int64("customhouse.rows.rejected", p.Rejected+p.Invalid),
				attribute.Int64("customhouse.rows.unanswered", p.Unanswered), attribute.Int64("customhouse.requests", p.Requests))
		}
		r.done("sync:"+e.Result.Sync, e.Result.Status, e.Result.Err)
	case run.StepStarted:
		if x := r.subjects[e.Subject]; x != nil {
			x.endStep()
			x.in, x.step = r.tracer.tracer.Start(x.ctx, "step "+e.Title, trace.WithAttributes(attribute.String("customhouse.step", e.Title))) //nolint:spancheck // endStep ends it
			if e.Round > 0 {
				x.step.SetAttributes(attribute.Int("customhouse.round", e.Round))
			}
		}
	case run.StepDone:
		if x := r.subjects[e.Subject]; x != nil && x.step != nil {
			if e.Err != nil {
				status(x.step, run.Failed, run.Reason(e.Err))
			}
			x.endStep()
		}
	case run.StatementDone:
		r.statement(e)
	case run.SyncNote:
		r.note(e)
	case run.Started, run.Killed, run.Recovered, run.CheckFailed, run.MeasureDone, run.VolumeDone, run.SyncProgress, run.Warning, run.Done:
	}
}

func (r *Run) begin(key, name string, attributes ...attribute.KeyValue) {
	x := &subject{}
	x.ctx, x.span = r.tracer.tracer.Start(r.ctx, name, trace.WithAttributes(attributes...)) //nolint:spancheck // done ends it
	r.subjects[key] = x
}

func (r *Run) done(key string, became run.Status, err error) {
	x := r.subjects[key]
	if x == nil {
		return // It was skipped.
	}
	status(x.span, became, run.Reason(err))
	x.end()
	delete(r.subjects, key)
}

func (x *subject) end() {
	x.endStep()
	x.span.End()
}

func (x *subject) endStep() {
	if x.step != nil {
		x.step.End()
		x.step = nil
	}
}

func (r *Run) statement(e run.StatementDone) {
	parent := r.ctx
	if x := r.subjects[e.Subject]; x != nil {
		parent = x.ctx
		if x.step != nil {
			parent = x.in
		}
	}
	_, span := r.tracer.tracer.Start(parent, "statement "+e.Verb, trace.WithTimestamp(e.Started), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("db.operation.name", e.Verb), attribute.String("customhouse.statement.digest", e.Digest), attribute.Int("db.operation.batch.size", e.Count),
	))
	if e.Failed {
		status(span, run.Failed, "")
	}
	span.End(trace.WithTimestamp(e.Started.Add(e.Duration)))
}

// note makes spans of requests, and events of what a sync waits for.
func (r *Run) note(n run.SyncNote) {
	x := r.subjects["sync:"+n.Sync]
	if x == nil {
		return
	}
	const server = 500
	switch e := n.Event.(type) {
	case deliver.Sent:
		_, span := r.tracer.tracer.Start(x.ctx, "request "+e.For, trace.WithTimestamp(e.Started), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("http.request.method", e.Method), attribute.Int("http.request.resend_count", e.Attempt-1), attribute.Int("customhouse.rows", e.Rows),
		))
		switch {
		case e.Status == 0:
			status(span, run.Failed, "no answer")
		case e.Status >= server:
			status(span, run.Failed, "")
		}
		if e.Status > 0 {
			span.SetAttributes(attribute.Int("http.response.status_code", e.Status))
		}
		span.End(trace.WithTimestamp(e.Started.Add(e.Duration)))
	case deliver.Retrying:
		x.span.AddEvent("retrying", trace.WithAttributes(attribute.Int("customhouse.attempt", e.Attempt), attribute.String("customhouse.code", e.Code)))
	case deliver.Splitting:
		x.span.AddEvent("halving", trace.WithAttributes(attribute.Int("customhouse.rows", e.Rows), attribute.String("customhouse.code", e.Code)))
	case deliver.Progress, deliver.Refreshed, deliver.Polling, deliver.LeftOpen, deliver.Resuming, deliver.Unnamed, deliver.Published, deliver.Stopping:
	}
}

// status writes a status into a span; why is nothing that a warehouse or a
// platform said.
func status(span trace.Span, became run.Status, why string) {
	span.SetAttributes(attribute.String("customhouse.status", string(became)))
	switch became {
	case run.Failed, run.Skipped, run.Interrupted:
		span.SetStatus(codes.Error, why)
	case run.OK, run.Degraded, run.Withheld:
	}
}
