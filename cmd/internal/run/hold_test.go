package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/config/strict"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/expr"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// shared is a warehouse and a state that several runs of one sync share, as on
// several machines.
type shared struct {
	*harness
	place string
	runs  int
	// mode is that of the sync, mirror where empty.
	mode string
	// answer is what the platform does with a request; it takes it where nil.
	answer func(*syncs.HTTPRequest) (*syncs.Response, error)

	mu sync.Mutex
	// ahead is what the clock was set forward by.
	ahead time.Duration
}

func newShared(t *testing.T) *shared {
	t.Helper()
	s := &shared{harness: newHarness(t), place: filepath.Join(t.TempDir(), "state.db")}
	if err := s.wh.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := func(name string) sql.ColumnDef { return sql.ColumnDef{Name: name, Type: sql.TypeString} }
	err := s.wh.Exec(
		t.Context(),
		sql.CreateTable{Table: public("customer_profiles"), Columns: []sql.ColumnDef{{Name: "customer_id", Type: sql.TypeInt}, text("email"), text("name")}},
		sql.CreateTable{Table: public("customer_identities"), Columns: []sql.ColumnDef{text("identifier_type"), text("identifier"), {Name: "customer_id", Type: sql.TypeInt}}},
		sql.CreateTable{Table: public("segment_members"), Columns: []sql.ColumnDef{text("segment"), {Name: "customer_id", Type: sql.TypeInt}, {Name: "entered_at", Type: sql.TypeTimestamp}}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// set makes n customers, all of the name.
func (s *shared) set(n int, name string) {
	s.t.Helper()
	rows := func(row func(i int) []any) func(func([]any, error) bool) {
		return func(yield func([]any, error) bool) {
			for i := range n {
				if !yield(row(i), nil) {
					return
				}
			}
		}
	}
	ctx := s.t.Context()
	err := errors.Join(
		s.wh.Exec(ctx, sql.Delete{Table: public("customer_profiles"), Where: sql.Bool(true)}, sql.Delete{Table: public("segment_members"), Where: sql.Bool(true)}),
		s.wh.Load(ctx, public("customer_profiles"), []string{"customer_id", "email", "name"}, rows(func(i int) []any { return []any{int64(i), fmt.Sprintf("c%d", i), name} })),
		s.wh.Load(ctx, public("segment_members"), []string{"segment", "customer_id"}, rows(func(i int) []any { return []any{"seg", int64(i)} })),
	)
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shared) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

// Send is the platform.
func (s *shared) Send(_ context.Context, req *syncs.HTTPRequest) (*syncs.Response, error) {
	if s.answer != nil {
		return s.answer(req)
	}
	return &syncs.Response{Status: 200}, nil
}

// options are those of the next run; the caller closes its state.
func (s *shared) options(d syncs.Destination) Options {
	s.t.Helper()
	s.runs++
	runID := fmt.Sprintf("run%d", s.runs)
	p := &config.Project{Timezone: time.UTC}
	empty, found := compile.Compile(p, compile.Options{})
	if err := found.Err(); err != nil {
		s.t.Fatal(err)
	}
	destination := &config.Destination{Name: "d"}
	asOf := time.Date(2026, 1, s.runs, 0, 0, 0, 0, time.UTC)
	a := audience.Build(audience.Input{
		Sync: &config.Sync{
			Name: "s", From: config.From{Segment: "seg"}, To: config.To{Destination: "d", Object: "people", Mode: cmp.Or(s.mode, "mirror"), Key: "mail"},
			Fields: strict.Ordered[config.Field]{{Key: "mail", Value: config.Field{Trait: "email"}}, {Key: "name", Value: config.Field{Trait: "name"}}},
		},
		Destination: destination, Entity: &config.Entity{Name: "customer"},
		Traits: []expr.Compiled{{Name: "email", Type: sql.TypeString}, {Name: "name", Type: sql.TypeString}}, AsOf: asOf, RunID: runID,
	})
	store, err := state.Open(s.t.Context(), state.Options{Place: s.place, Scope: "p/t", Now: s.now, TTL: time.Minute})
	if err != nil {
		s.t.Fatal(err)
	}
	return Options{
		Plan:      &models.Plan{Project: p, RunID: runID, AsOf: asOf, System: slices.Concat(empty.System, audience.System(), privacy.System()), Audiences: []*models.Audience{a}},
		Warehouse: s.wh, Destinations: map[string]syncs.Destination{"d": d}, Deliver: true, State: store, HTTP: s,
		Secrets: func(secret.Ref) secret.Value { return secret.NewValue("configured") },
		Clock:   deliver.Timer(s.now), Delivery: deliver.Settings{Grace: time.Second, Backoff: time.Millisecond, JobWait: time.Millisecond},
	}
}

func hook(batch int) syncs.Destination {
	c := webhook.Default()
	c.BatchSize, c.Concurrency = batch, 1
	return webhook.New(c)
}

// do runs, and returns what became of the sync.
func (s *shared) do(opt Options) SyncResult {
	s.t.Helper()
	summary, err := Run(s.t.Context(), opt)
	if err := errors.Join(err, opt.State.Close()); err != nil {
		s.t.Error(err)
	}
	if len(summary.Syncs) != 1 {
		s.t.Fatalf("%d syncs", len(summary.Syncs))
	}
	return summary.Syncs[0]
}

// TestStaleHolder: a run that is paused beyond its lease and woken sends nothing
// more, and writes down nothing: what the run that took its place did stands.
func TestStaleHolder(t *testing.T) {
	s := newShared(t)
	s.set(4, "old")
	paused, wake := make(chan struct{}), make(chan struct{})
	requests := 0
	s.answer = func(*syncs.HTTPRequest) (*syncs.Response, error) {
		if requests++; requests == 2 {
			close(paused)
			<-wake
		}
		return &syncs.Response{Status: 200}, nil
	}
	opt := s.options(hook(1))
	ended := make(chan SyncResult)
	go func() { ended <- s.do(opt) }()
	<-paused

	if _, ok := errors.AsType[*state.HeldError](s.do(s.options(hook(1))).Err); !ok {
		t.Error("a second run delivers at the same time")
	}
	s.mu.Lock()
	s.ahead = 2 * time.Minute
	s.mu.Unlock()
	s.set(4, "new")
	s.answer = nil
	second := s.do(s.options(hook(1)))
	if second.Status != OK || second.Report.Accepted != 4 {
		t.Errorf("the run after that ended %s with %+v: %v", second.Status, second.Report, second.Err)
	}
	tables := func() map[string][]string {
		out := map[string][]string{}
		for name, columns := range map[string][]string{
			"sync_ledger": {"key", "fingerprint", "run_id"}, "sync_log": {"run_id", "key", "outcome", "reason"},
			"sync_pending": {"key", "run_id"}, "sync_leases": {"sync", "run_id"},
		} {
			out[name] = s.texts(public(name), columns...)
		}
		return out
	}
	before := tables()
	close(wake)
	first := <-ended
	if _, ok := errors.AsType[*state.LostError](first.Err); !ok || first.Status != Failed {
		t.Errorf("the run that was paused ended %s: %v", first.Status, first.Err)
	}
	if requests != 2 {
		t.Errorf("the run that was paused sent %d requests, want the one before and the one that it was in", requests)
	}
	if d := gocmp.Diff(before, tables()); d != "" {
		t.Errorf("the run that was paused changed (-before +after):\n%s", d)
	}
	want := []string{"run1 c0 accepted new", "run3 c0 accepted changed", "run3 c1 accepted new", "run3 c2 accepted new", "run3 c3 accepted new"}
	if d := gocmp.Diff(want, before["sync_log"]); d != "" {
		t.Errorf("log (-want +got):\n%s", d)
	}
}

// TestCutShort: of a run that is cut short and must send nothing twice what it was
// about to send is in doubt, and the next sends the rest. Where the journal is
// lost nobody knows what that is, and all is in doubt.
func TestCutShort(t *testing.T) {
	for _, c := range []struct {
		name                       string
		lost                       bool
		accepted                   int64
		ledger, doubt, noted, logs []string
	}{
		{
			name: "the journal is there", accepted: 4,
			ledger: []string{"c0 run1", "c1 run1", "c4 run2", "c5 run2", "c6 run2", "c7 run2"},
			doubt:  []string{"c2 unknown cut-short run1", "c3 unknown cut-short run1"},
			noted:  []string{"c2 run1", "c3 run1"},
			logs: []string{
				"run1 c0 accepted", "run1 c1 accepted", "run1 c2 unknown", "run1 c3 unknown",
				"run2 c4 accepted", "run2 c5 accepted", "run2 c6 accepted", "run2 c7 accepted",
			},
		},
		{
			name: "the journal is lost", lost: true,
			doubt: []string{
				"c0 unknown cut-short run2", "c1 unknown cut-short run2", "c2 unknown cut-short run2", "c3 unknown cut-short run2",
				"c4 unknown cut-short run2", "c5 unknown cut-short run2", "c6 unknown cut-short run2", "c7 unknown cut-short run2",
			},
			noted: []string{"c0 run1", "c1 run1", "c2 run1", "c3 run1", "c4 run1", "c5 run1", "c6 run1", "c7 run1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShared(t)
			s.mode = "append"
			s.set(8, "ada")
			paused, wake := make(chan struct{}), make(chan struct{})
			requests := 0
			s.answer = func(*syncs.HTTPRequest) (*syncs.Response, error) {
				if requests++; requests == 2 {
					close(paused)
					<-wake
				}
				return &syncs.Response{Status: 200}, nil
			}
			opt := s.options(hook(2))
			ended := make(chan SyncResult)
			go func() { ended <- s.do(opt) }()
			<-paused
			s.mu.Lock()
			s.ahead = 2 * time.Minute
			s.mu.Unlock()
			s.answer = nil
			if c.lost {
				s.place = filepath.Join(t.TempDir(), "other.db")
			}
			check := func(when string) {
				t.Helper()
				for _, table := range []struct {
					name    string
					want    []string
					columns []string
				}{
					{"sync_ledger", c.ledger, []string{"key", "run_id"}},
					{"sync_rejections", c.doubt, []string{"key", "origin", "code", "run_id"}},
					{"sync_pending", c.noted, []string{"key", "run_id"}},
					{"sync_log", c.logs, []string{"run_id", "key", "outcome"}},
				} {
					if d := gocmp.Diff(table.want, s.texts(public(table.name), table.columns...), cmpopts.EquateEmpty()); d != "" {
						t.Errorf("%s: %s (-want +got):\n%s", when, table.name, d)
					}
				}
			}
			next := s.do(s.options(hook(2)))
			if next.Report.Accepted != c.accepted || next.Report.Attempted != c.accepted || next.Err != nil {
				t.Errorf("the next run ended %s with %+v: %v", next.Status, next.Report, next.Err)
			}
			check("after the next run")
			close(wake)
			if first := <-ended; first.Status != Failed || requests != 2 {
				t.Errorf("the run that was paused sent %d requests and ended %s: %v", requests, first.Status, first.Err)
			}
			if third := s.do(s.options(hook(2))); third.Report.Attempted != 0 || third.Err != nil {
				t.Errorf("the run after that ended %s with %+v: %v", third.Status, third.Report, third.Err)
			}
			check("in the end")
		})
	}
}

var errAway = errors.New("the warehouse is gone")

// awayWarehouse is a driver that fails once now is set.
type awayWarehouse struct {
	adapters.Driver
	now bool
}

func (l *awayWarehouse) Exec(ctx context.Context, script []string) error {
	if l.now {
		return errAway
	}
	return l.Driver.Exec(ctx, script)
}

// TestRecovered: what was acknowledged and not recorded, since the warehouse
// was lost, is taken over by the next run and not sent again.
func TestRecovered(t *testing.T) {
	s := newShared(t)
	s.set(5, "ada")
	opt := s.options(hook(1))
	opt.Delivery.FlushRows = 3
	lost := &awayWarehouse{Driver: s.driver}
	opt.Delivery.Reached = func(point string) {
		if point == "record" {
			lost.now = true
		}
	}
	opt.Warehouse = through(lost)
	summary, err := Run(t.Context(), opt)
	if err := errors.Join(err, opt.State.Close()); err == nil || !errors.Is(err, errAway) || summary.Syncs[0].Status != Failed {
		t.Fatalf("without a warehouse the run ended %s: %v", summary.Syncs[0].Status, err)
	}
	var recovered []Event
	next := s.options(hook(1))
	next.Events = func(e Event) {
		if _, ok := e.(Recovered); ok {
			recovered = append(recovered, e)
		}
	}
	result := s.do(next)
	if d := gocmp.Diff([]Event{Recovered{Sync: "s", Outcomes: 3}}, recovered); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
	if result.Status != OK || result.Report.Accepted != 2 || result.Report.Requests != 2 {
		t.Errorf("the next run ended %s with %+v: %v", result.Status, result.Report, result.Err)
	}
	want := []string{"run1 c0", "run1 c1", "run1 c2", "run2 c3", "run2 c4"}
	if d := gocmp.Diff(want, s.texts(public("sync_log"), "run_id", "key")); d != "" {
		t.Errorf("log (-want +got):\n%s", d)
	}
}

// renewing is a destination whose credential is refused once a run.
type renewing struct {
	syncs.Destination
	asked *[]string
}

func (renewing) Decode(_ syncs.Request, resp *syncs.Response) syncs.Outcome {
	if resp.Status == 401 {
		return syncs.Outcome{Verdict: syncs.Expired, Code: "expired", Message: "the token has expired"}
	}
	return syncs.Outcome{Verdict: syncs.Rows, Rows: []syncs.RowResult{{Op: 0, Accepted: true}}}
}

func (r renewing) EncodeRefresh(q syncs.Question) (*syncs.HTTPRequest, error) {
	*r.asked = append(*r.asked, q.Token.Refresh.Reveal())
	return &syncs.HTTPRequest{Method: "POST", URL: "http://token.example.com"}, nil
}

func (r renewing) DecodeRefresh(*syncs.Response) (syncs.Token, syncs.Outcome) {
	next := secret.NewValue(fmt.Sprintf("refresh-token-%d", len(*r.asked)))
	return syncs.Token{Access: secret.NewValue("access-token"), Refresh: next}, syncs.Outcome{Verdict: syncs.Rows}
}

// TestKeptToken: a refresh token that a destination has replaced is what the
// next run begins with.
func TestKeptToken(t *testing.T) {
	s := newShared(t)
	var asked []string
	for i := range 3 {
		s.set(1, strconv.Itoa(i))
		refused := false
		s.answer = func(req *syncs.HTTPRequest) (*syncs.Response, error) {
			if !refused && !strings.Contains(req.URL, "token") {
				refused = true
				return &syncs.Response{Status: 401}, nil
			}
			return &syncs.Response{Status: 200}, nil
		}
		if result := s.do(s.options(renewing{hook(1), &asked})); result.Status != OK {
			t.Fatalf("run %d ended %s: %v", i+1, result.Status, result.Err)
		}
	}
	if d := gocmp.Diff([]string{"", "refresh-token-1", "refresh-token-2"}, asked); d != "" {
		t.Errorf("asked with (-want +got):\n%s", d)
	}
}

// bulk is a destination that takes rows as a job.
type bulk struct {
	syncs.Destination
	ended *bool
	asked *[]string
}

func (bulk) Decode(req syncs.Request, _ *syncs.Response) syncs.Outcome {
	return syncs.Outcome{Verdict: syncs.Started, Job: syncs.Handle(fmt.Sprintf("job of %d", len(req.Ops)))}
}

func (b bulk) Poll(job syncs.RemoteJob) []syncs.Request {
	*b.asked = append(*b.asked, fmt.Sprintf("%s of %s, resumed %t", job.Handle, job.RunID, job.Resumed))
	return []syncs.Request{{HTTP: &syncs.HTTPRequest{Method: "GET", URL: "http://job.example.com"}}}
}

func (b bulk) Polled(job syncs.RemoteJob, _ []syncs.Request, _ []*syncs.Response) syncs.Outcome {
	if !*b.ended {
		return syncs.Outcome{Verdict: syncs.Started, Job: job.Handle, Wait: time.Hour}
	}
	out := syncs.Outcome{Verdict: syncs.Rows}
	for i := range job.Ops {
		out.Rows = append(out.Rows, syncs.RowResult{Op: i, Accepted: true})
	}
	return out
}

// TestKeptJob: a job that a run left open is asked for by the next, and its rows
// are not sent again.
func TestKeptJob(t *testing.T) {
	s := newShared(t)
	s.set(3, "ada")
	var asked []string
	ended := false
	requests := 0
	s.answer = func(req *syncs.HTTPRequest) (*syncs.Response, error) {
		if !strings.Contains(req.URL, "job") {
			requests++
		}
		return &syncs.Response{Status: 202}, nil
	}
	first := s.do(s.options(bulk{hook(10), &ended, &asked}))
	if first.Report.InJobs != 3 {
		t.Fatalf("the first run ended %s with %+v: %v", first.Status, first.Report, first.Err)
	}
	ended = true
	if next := s.do(s.options(bulk{hook(10), &ended, &asked})); next.Status != OK {
		t.Errorf("the next run ended %s: %v", next.Status, next.Err)
	}
	if requests != 1 || len(s.texts(public("sync_ledger"), "key")) != 3 || len(s.texts(public("sync_pending"), "key")) != 0 {
		t.Errorf("%d requests, ledger %q", requests, s.texts(public("sync_ledger"), "key"))
	}
	if last := asked[len(asked)-1]; last != "job of 3 of run1, resumed true" {
		t.Errorf("asked for %q", last)
	}
	if third := s.do(s.options(bulk{hook(10), &ended, &asked})); third.Status != OK || third.Report.Attempted != 0 {
		t.Errorf("the run after that ended %s with %+v", third.Status, third.Report)
	}
}
