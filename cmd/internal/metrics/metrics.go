// Package metrics keeps what Prometheus asks for, from the events of runs and of
// the scheduler.
//
// Every label is a name that the project gave, an id of ours or a number of HTTP:
// never a person, a key, a table's content or a message. So the number of series
// is bounded by the size of the project.
//
// It never asks anything itself, and serves nobody: Handler is for whoever has a
// server, and Write for a run that ends before anybody asks. Start with New;
// docs/observability.md has the list with what to do about each.
package metrics

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// Metrics are the metrics of a process.
type Metrics struct {
	registry *prometheus.Registry

	runs        *prometheus.CounterVec
	runSeconds  *prometheus.HistogramVec
	runEnded    *prometheus.GaugeVec
	statements  prometheus.Counter
	billed      prometheus.Counter
	statementS  prometheus.Histogram
	models      *prometheus.GaugeVec
	modelErrors *prometheus.CounterVec

	sourceRows *prometheus.GaugeVec
	profiles   *prometheus.GaugeVec
	largest    *prometheus.GaugeVec
	members    *prometheus.GaugeVec
	unusual    *prometheus.GaugeVec

	syncRows    *prometheus.CounterVec
	syncDue     *prometheus.GaugeVec
	syncRefused *prometheus.GaugeVec
	syncWanted  *prometheus.GaugeVec
	syncSuccess *prometheus.GaugeVec
	syncStatus  *prometheus.GaugeVec
	syncSeconds *prometheus.GaugeVec

	requests       *prometheus.CounterVec
	requestSeconds *prometheus.HistogramVec

	leases prometheus.Counter
	lag    *prometheus.GaugeVec
	slots  *prometheus.CounterVec
	alerts *prometheus.CounterVec

	// destination is that of each sync which has started, by name.
	destination map[string]string
}

// statuses are those of a sync, for the series of customhouse_sync_status.
var statuses = []run.Status{run.OK, run.Degraded, run.Failed, run.Skipped, run.Withheld, run.Interrupted}

// buckets are seconds: runs take from one to several hours, requests and
// statements from a few thousandths to minutes.
var (
	long  = []float64{1, 5, 15, 60, 300, 900, 1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600}
	short = []float64{0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 120, 600}
)

// New makes the metrics of a process. The version is that of the program;
// process says whether its memory, goroutines and the like are among them, which
// is for one that lives.
func New(version, goVersion string, process bool) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), destination: map[string]string{}}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "customhouse_" + name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "customhouse_" + name, Help: help}, labels)
		m.registry.MustRegister(g)
		return g
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "customhouse_" + name, Help: help, Buckets: buckets}, labels)
		m.registry.MustRegister(h)
		return h
	}
	gauge("build_info", "The program that runs; always 1.", "version", "goversion").WithLabelValues(version, goVersion).Set(1)

	m.runs = counter("runs_total", "Runs that have ended, by status: ok, degraded, failed or interrupted.", "status")
	m.runSeconds = histogram("run_duration_seconds", "How long runs took, by status.", long, "status")
	m.runEnded = gauge("run_last_end_timestamp_seconds", "When the last run of a status ended, in Unix time.", "status")
	m.statements = counter("warehouse_statements_total", "Statements that the warehouse was asked to run.").WithLabelValues()
	m.billed = counter("warehouse_billed_bytes_total", "Bytes that the warehouse billed, where it bills by bytes.").WithLabelValues()
	statementSeconds := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "customhouse_warehouse_statement_duration_seconds", Help: "How long statements of the warehouse took, reading of their rows included.", Buckets: short,
	})
	m.registry.MustRegister(statementSeconds)
	m.statementS = statementSeconds
	m.models = gauge("model_duration_seconds", "How long a model took when it was built last.", "model")
	m.modelErrors = counter("model_failures_total", "Times that a model failed, or was skipped since what it reads had failed.", "model")

	m.sourceRows = gauge("source_rows", "Rows of a source that the last run read.", "source")
	m.profiles = gauge("entity_profiles", "Profiles of an entity.", "entity")
	m.largest = gauge("identity_largest_cluster", "Identifiers of the entity that has most of them.", "entity")
	m.members = gauge("segment_members", "Members of a segment.", "segment")
	m.unusual = gauge("volume_unusual", "1 where the size of a segment, or the number of profiles, is not within its usual range, and 0 where it is.", "node")

	m.syncRows = counter("sync_rows_total", "Rows of a sync, by operation and by what became of them.", "sync", "destination", "operation", "outcome")
	m.syncDue = gauge("sync_due_rows", "Rows that were still due when the last run of the sync ended.", "sync", "destination")
	m.syncRefused = gauge("sync_rejected_rows", "Rows that the last run of the sync could not deliver since they were refused, here or there.", "sync", "destination")
	m.syncWanted = gauge("sync_wanted_rows", "Rows that are to be at the destination.", "sync", "destination")
	m.syncSuccess = gauge("sync_last_success_timestamp_seconds", "When the sync last ended with all rows delivered, or all but some that were refused, in Unix time.", "sync", "destination")
	m.syncStatus = gauge("sync_status", "1 for the status that the last run of the sync had, and 0 for the others.", "sync", "destination", "status")
	m.syncSeconds = gauge("sync_duration_seconds", "How long the last run of the sync took.", "sync", "destination")

	m.requests = counter("destination_requests_total", "Requests to a destination, by the status code of the answer, none where there was no answer.", "destination", "code")
	m.requestSeconds = histogram("destination_request_duration_seconds", "How long a destination took to answer.", short, "destination")

	m.leases = counter("lease_losses_total", "Times that another process took over what this one had, since it was paused or cut off.").WithLabelValues()
	m.lag = gauge("schedule_lag_seconds", "How much later than it might have the last slot of a schedule started.", "schedule")
	m.slots = counter("schedule_slots_total", "Slots that have ended, by status: ok, degraded, failed or skipped.", "schedule", "status")
	m.alerts = counter("alert_messages_total", "Messages of alerts, by outcome: sent or failed.", "alert", "outcome")
	if process {
		m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	return m
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// Run takes an event of a run. It is called from one goroutine at a time.
func (m *Metrics) Run(e run.Event) {
	switch e := e.(type) {
	case run.StatementDone:
		m.statements.Add(float64(e.Count))
		m.statementS.Observe(e.Duration.Seconds())
	case run.ModelDone:
		switch e.Result.Status {
		case run.OK:
			m.models.WithLabelValues(e.Result.Name).Set(e.Result.Duration.Seconds())
			m.modelErrors.WithLabelValues(e.Result.Name)
		case run.Failed, run.Skipped:
			m.modelErrors.WithLabelValues(e.Result.Name).Inc()
		case run.Degraded, run.Withheld, run.Interrupted:
		}
	case run.MeasureDone:
		m.measure(e.Measure)
	case run.VolumeDone:
		m.unusual.WithLabelValues(e.Volume.Node).Set(truth(e.Volume.Unusual))
	case run.SyncStarted:
		m.destination[e.Sync] = e.Destination
	case run.SyncNote:
		if sent, ok := e.Event.(deliver.Sent); ok {
			m.request(m.destination[e.Sync], sent)
		}
	case run.SyncDone:
		m.sync(e.Result)
	case run.Started, run.Done, run.Killed, run.Recovered, run.CheckFailed, run.StepStarted, run.StepDone, run.ModelStarted, run.SyncProgress, run.Warning:
	}
}

func (m *Metrics) measure(x run.Measure) {
	kind, name, _ := strings.Cut(x.Subject, ":")
	set := func(g *prometheus.GaugeVec, number string) {
		if n, ok := x.Get(number); ok {
			g.WithLabelValues(name).Set(float64(n))
		}
	}
	switch kind {
	case "source":
		set(m.sourceRows, "rows")
	case "identity":
		set(m.largest, "largest")
	case "profile":
		set(m.profiles, "profiles")
	case "segment":
		set(m.members, "members")
	}
}

func (m *Metrics) request(destination string, sent deliver.Sent) {
	code := "none"
	if sent.Status > 0 {
		code = strconv.Itoa(sent.Status)
	}
	m.requests.WithLabelValues(destination, code).Inc()
	m.requestSeconds.WithLabelValues(destination).Observe(sent.Duration.Seconds())
}

// sync takes the result of a sync. What has no operation of its own is "any".
func (m *Metrics) sync(r run.SyncResult) {
	labels := []string{r.Sync, r.Destination}
	rows := func(operation, outcome string, n int64) {
		if n > 0 {
			m.syncRows.WithLabelValues(r.Sync, r.Destination, operation, outcome).Add(float64(n))
		}
	}
	counted := map[string]int64{}
	for _, o := range r.Outcomes {
		rows(o.Operation, o.Outcome, o.Rows)
		counted[o.Outcome] += o.Rows
	}
	rows("any", "invalid", r.Report.Invalid-counted["invalid"])
	rows("any", "unanswered", r.Report.Unanswered)
	rows("any", "withheld", r.Report.Withheld-counted["withheld"])
	for _, s := range statuses {
		m.syncStatus.WithLabelValues(r.Sync, r.Destination, string(s)).Set(truth(s == r.Status))
	}
	m.syncSeconds.WithLabelValues(labels...).Set(r.Duration.Seconds())
	if wanted, ok := r.Counts.Get("wanted"); ok {
		refused := r.Report.Invalid + r.Report.Rejected
		m.syncWanted.WithLabelValues(labels...).Set(float64(wanted))
		m.syncRefused.WithLabelValues(labels...).Set(float64(refused))
		m.syncDue.WithLabelValues(labels...).Set(float64(Due(r)))
	}
}

// Due is how many rows a sync leaves for the next run.
func Due(r run.SyncResult) int64 {
	var planned int64
	for _, name := range []string{"added", "mapping", "changed", "unsettled", "resync", "removed", "invalid"} {
		n, _ := r.Counts.Get(name)
		planned += n
	}
	return max(planned-r.Report.Accepted, 0)
}

// Ended takes the end of a run, that of one which could not begin too.
func (m *Metrics) Ended(s run.Summary) {
	status := string(s.Status)
	m.runs.WithLabelValues(status).Inc()
	m.statements.Add(0)
	if s.Billed {
		m.billed.Add(float64(s.BytesBilled))
	}
	if s.FinishedAt.IsZero() {
		return
	}
	m.runSeconds.WithLabelValues(status).Observe(s.FinishedAt.Sub(s.StartedAt).Seconds())
	m.runEnded.WithLabelValues(status).Set(seconds(s.FinishedAt))
	for _, r := range s.Syncs {
		if r.Status == run.OK || r.Status == run.Degraded {
			m.syncSuccess.WithLabelValues(r.Sync, r.Destination).Set(seconds(s.FinishedAt))
		}
	}
}

// Alerted counts a message of an alert.
func (m *Metrics) Alerted(alert string, err error) {
	outcome := "sent"
	if err != nil {
		outcome = "failed"
	}
	m.alerts.WithLabelValues(alert, outcome).Inc()
}

// LeaseLost counts a lease that was lost.
func (m *Metrics) LeaseLost() { m.leases.Inc() }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
