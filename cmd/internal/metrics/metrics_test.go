package metrics

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

var at = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

// story tells of a run in which everything happens, and of its slots.
func story(m *Metrics) {
	count := func(subject, name string, n int64) {
		m.Run(run.MeasureDone{Measure: run.Measure{Subject: subject, Values: []run.Value{{Name: name, Value: n}}}})
	}
	slots := []state.Slot{
		{Schedule: "hourly", Start: at, Started: at.Add(90 * time.Second), Ended: at.Add(time.Hour), Status: schedule.OK},
		{Schedule: "nightly", Start: at, Status: schedule.Interrupted},
	}
	m.Schedule(schedule.RunStarted{Job: schedule.Job{Slots: slots}})
	m.Run(run.StatementDone{Count: 3, Duration: time.Second})
	m.Run(run.ModelDone{Result: run.ModelResult{Name: "segments", Status: run.OK, Duration: 2 * time.Second}})
	m.Run(run.ModelDone{Result: run.ModelResult{Name: "profile:customer", Status: run.Failed}})
	count("source:contacts", "rows", 10)
	count("identity:customer", "largest", 4)
	count("profile:customer", "profiles", 8)
	count("segment:vip", "members", 5)
	m.Run(run.VolumeDone{Volume: run.Volume{Node: "segment:vip", Unusual: true}})
	m.Run(run.SyncStarted{Sync: "crm", Destination: "hubspot"})
	m.Run(run.SyncNote{Sync: "crm", Event: deliver.Sent{Status: 200}})
	m.Run(run.SyncNote{Sync: "crm", Event: deliver.Sent{}})
	s := run.SyncResult{
		Sync: "crm", Destination: "hubspot", Status: run.Degraded, Duration: time.Second,
		Counts: run.Measure{Values: []run.Value{{Name: "wanted", Value: 20}, {Name: "added", Value: 7}, {Name: "removed", Value: 2}, {Name: "invalid", Value: 1}}},
		Report: deliver.Report{Accepted: 5, Invalid: 2, Rejected: 1, Unanswered: 2},
		Outcomes: []run.Outcome{
			{Operation: "remove", Outcome: "accepted", Rows: 2},
			{Operation: "upsert", Outcome: "accepted", Rows: 3},
			{Operation: "upsert", Outcome: "invalid", Rows: 1},
			{Operation: "upsert", Outcome: "rejected", Rows: 1},
		},
	}
	m.Run(run.SyncDone{Result: s})
	m.Ended(run.Summary{Status: run.Degraded, StartedAt: at, FinishedAt: at.Add(10 * time.Second), Billed: true, BytesBilled: 100, Syncs: []run.SyncResult{s}})
	m.Schedule(schedule.RunDone{Slots: slots})
	m.Schedule(schedule.Lost{})
	m.Alerted("ops", nil)
}

// TestMetrics: what is served is what happened, and the linter of Prometheus has
// nothing to say about it.
func TestMetrics(t *testing.T) {
	t.Parallel()
	m := New("v1", "go1", false)
	story(m)
	if problems, err := testutil.GatherAndLint(m.registry); err != nil || len(problems) > 0 {
		t.Errorf("the linter says %v, %v", problems, err)
	}
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	holds(t, w.Body.String(), 1)
}

// holds wants the text to have what story told, so many times.
func holds(t *testing.T, text string, times int) {
	t.Helper()
	n := func(n int) string { return string(rune('0' + n*times)) }
	for _, want := range []string{
		`customhouse_build_info{goversion="go1",version="v1"} 1`,
		`customhouse_runs_total{status="degraded"} ` + n(1),
		`customhouse_run_duration_seconds_count{status="degraded"} ` + n(1),
		`customhouse_run_duration_seconds_bucket{status="degraded",le="15"} ` + n(1),
		`customhouse_run_last_end_timestamp_seconds{status="degraded"} 1.77234481e+09`,
		`customhouse_warehouse_statements_total ` + n(3),
		`customhouse_model_failures_total{model="profile:customer"} ` + n(1),
		`customhouse_model_failures_total{model="segments"} 0`,
		`customhouse_model_duration_seconds{model="segments"} 2`,
		`customhouse_source_rows{source="contacts"} 10`,
		`customhouse_identity_largest_cluster{entity="customer"} 4`,
		`customhouse_entity_profiles{entity="customer"} 8`,
		`customhouse_segment_members{segment="vip"} 5`,
		`customhouse_volume_unusual{node="segment:vip"} 1`,
		`customhouse_destination_requests_total{code="200",destination="hubspot"} ` + n(1),
		`customhouse_destination_requests_total{code="none",destination="hubspot"} ` + n(1),
		`customhouse_sync_rows_total{destination="hubspot",operation="remove",outcome="accepted",sync="crm"} ` + n(2),
		`customhouse_sync_rows_total{destination="hubspot",operation="upsert",outcome="accepted",sync="crm"} ` + n(3),
		`customhouse_sync_rows_total{destination="hubspot",operation="upsert",outcome="rejected",sync="crm"} ` + n(1),
		`customhouse_sync_rows_total{destination="hubspot",operation="any",outcome="invalid",sync="crm"} ` + n(1),
		`customhouse_sync_rows_total{destination="hubspot",operation="any",outcome="unanswered",sync="crm"} ` + n(2),
		`customhouse_sync_wanted_rows{destination="hubspot",sync="crm"} 20`,
		`customhouse_sync_due_rows{destination="hubspot",sync="crm"} 5`,
		`customhouse_sync_rejected_rows{destination="hubspot",sync="crm"} 3`,
		`customhouse_sync_last_success_timestamp_seconds{destination="hubspot",sync="crm"} 1.77234481e+09`,
		`customhouse_sync_status{destination="hubspot",status="degraded",sync="crm"} 1`,
		`customhouse_sync_status{destination="hubspot",status="ok",sync="crm"} 0`,
		`customhouse_schedule_lag_seconds{schedule="hourly"} 90`,
		`customhouse_schedule_slots_total{schedule="hourly",status="ok"} ` + n(1),
		`customhouse_lease_losses_total ` + n(1),
		`customhouse_alert_messages_total{alert="ops",outcome="sent"} ` + n(1),
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no line says %s", want)
		}
	}
	if strings.Contains(text, "nightly\",status") {
		t.Error("a slot is counted that has not ended")
	}
	if t.Failed() {
		t.Log(text)
	}
}

// TestFile: runs that end before anybody asks add up in a file, which is never half
// written and holds what a run did not come to.
func TestFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "customhouse.prom")
	for range 3 {
		m := New("v1", "go1", false)
		story(m)
		if err := m.Write(file); err != nil {
			t.Fatal(err)
		}
	}
	// A run that does nothing takes nothing away.
	if err := New("v1", "go1", false).Write(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, string(text), 3)
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("beside the file there is %v, %v", left, err)
	}

	if err := os.WriteFile(file, []byte("{not metrics"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New("v1", "go1", false).Write(file); err == nil || !strings.Contains(err.Error(), "holds something else") {
		t.Errorf("a file of somebody else: %v", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "{not metrics" {
		t.Errorf("it was overwritten: %q, %v", text, err)
	}
}
