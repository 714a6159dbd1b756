package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	stdsynctest "testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// grace is a length that clock knows: requests in flight get real time.
const grace = 9*time.Second + 1

// clock is a Clock whose pauses take no time, but count.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	if d == grace {
		return deliver.Timer(c.Now).Sleep(ctx, 5*time.Second)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return nil
}

// ledger is a Ledger in memory that can fail.
type ledger struct {
	known map[string]string // key -> fingerprint
	// doubt are the keys that were due and not accepted since.
	doubt    map[string]bool
	rejected map[string]deliver.Result
	calls    int
	// failAt is the call from which on Record fails; never where 0.
	failAt int
}

func newLedger() *ledger {
	return &ledger{known: map[string]string{}, doubt: map[string]bool{}, rejected: map[string]deliver.Result{}}
}

var errLedger = errors.New("the warehouse is gone")

func (l *ledger) Record(_ context.Context, results []deliver.Result, _ bool) error {
	l.calls++
	if l.failAt > 0 && l.calls >= l.failAt {
		return errLedger
	}
	for _, r := range results {
		if r.Accepted {
			delete(l.doubt, r.Key)
		}
		switch {
		case !r.Accepted:
			l.rejected[r.Key] = r
		case r.Kind == syncs.Remove:
			delete(l.known, r.Key)
			delete(l.rejected, r.Key)
		default:
			l.known[r.Key] = r.Fingerprint
			delete(l.rejected, r.Key)
		}
	}
	return nil
}

var schema = syncs.Schema{
	Sync: "vip", Object: "contacts", Key: "email",
	Fields: []syncs.Field{{Name: "email", Type: syncs.String}, {Name: "spent", Type: syncs.Int}},
}

func upsert(i int) syncs.Op {
	key := fmt.Sprintf("user%07d@example.com", i)
	return syncs.Op{Kind: syncs.Upsert, Key: key, EntityID: int64(i), Fingerprint: fmt.Sprintf("f%d", i), Values: []any{key, int64(i)}}
}

func fields(op syncs.Op) string { return fmt.Sprintf(`{"email":%q,"spent":%d}`, op.Values...) }

func upserts(n int) []syncs.Op {
	ops := make([]syncs.Op, n)
	for i := range ops {
		ops[i] = upsert(i)
	}
	return ops
}

func stream(ops []syncs.Op) func(context.Context) iter.Seq2[syncs.Op, error] {
	return func(context.Context) iter.Seq2[syncs.Op, error] {
		return func(yield func(syncs.Op, error) bool) {
			for _, op := range ops {
				if !yield(op, nil) {
					return
				}
			}
		}
	}
}

// setup makes a job that delivers operations to a platform by webhook.
func setup(tb testing.TB, p *synctest.Platform, ops []syncs.Op, change func(*webhook.Config)) (deliver.Job, *ledger) {
	tb.Helper()
	server := httptest.NewServer(p.Handler())
	tb.Cleanup(server.Close)
	c := webhook.Default()
	c.BatchSize = 100
	c.AllowPrivate = true
	c.URL = template(tb, server.URL)
	key, err := secret.NewRef("${env:SECRET}")
	if err != nil {
		tb.Fatal(err)
	}
	c.Secret = key
	if change != nil {
		change(c)
	}
	l := newLedger()
	job := deliver.Job{
		RunID: "run-1", Destination: webhook.New(c), Schema: schema, Secrets: synctest.Secrets,
		Changes: stream(ops), Ledger: l, Clock: newClock(), Dir: tb.TempDir(),
		Settings: deliver.Settings{Grace: grace, FlushRows: 250},
	}
	for _, op := range ops {
		if op.Kind == syncs.Remove {
			job.Counts.Removals++
		} else {
			job.Counts.Upserts++
		}
	}
	return job, l
}

func template(tb testing.TB, text string) secret.Template {
	tb.Helper()
	v, err := secret.NewTemplate(text)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// checkTruth compares the platform with what was wanted, and its protocol.
func checkTruth(tb testing.TB, p *synctest.Platform, ops []syncs.Op) {
	tb.Helper()
	want := map[string]string{}
	for _, op := range ops {
		if op.Kind == syncs.Upsert {
			want[op.Key] = fields(op)
		}
	}
	if diff := cmp.Diff(want, p.Records()); diff != "" {
		tb.Errorf("records of the platform (-want +got):\n%s", cut(diff))
	}
	if v := p.Stats().Violations; len(v) > 0 {
		tb.Errorf("breaches of the protocol: %q", v)
	}
}

func cut(s string) string { return s[:min(len(s), 2000)] }

func options() synctest.Options { return synctest.Options{Secret: synctest.Canary} }

func TestDeliversAll(t *testing.T) {
	p := synctest.NewPlatform(options())
	ops := upserts(2_450)
	job, l := setup(t, p, ops, nil)
	got, err := deliver.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if got.Bytes == 0 {
		t.Error("no bytes were counted")
	}
	got.Bytes = 0
	want := deliver.Report{Status: deliver.OK, Attempted: 2_450, Accepted: 2_450, Upserted: 2_450, Requests: 25}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(l.known) != 2_450 || l.calls < 9 {
		t.Errorf("%d rows in the ledger after %d calls, want 2450 after some 10", len(l.known), l.calls)
	}
	checkTruth(t, p, ops)
}

func TestRemoves(t *testing.T) {
	p := synctest.NewPlatform(options())
	job, l := setup(t, p, upserts(10), nil)
	if _, err := deliver.Run(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	job.RunID, job.Changes = "run-2", stream([]syncs.Op{{Kind: syncs.Remove, Key: upsert(3).Key}})
	got, err := deliver.Run(t.Context(), job)
	if err != nil || got.Removed != 1 || got.Upserted != 0 {
		t.Fatalf("report %+v, error %v", got, err)
	}
	if _, there := l.known[upsert(3).Key]; there || len(p.Records()) != 9 {
		t.Errorf("%d records, want 9 without the removed one", len(p.Records()))
	}
}

func TestPoisonStandsAlone(t *testing.T) {
	const n, batch = 1_000, 100
	for name, bad := range map[string][]int{
		"first": {0}, "last": {n - 1}, "middle": {557}, "two neighbours": {41, 42}, "each batch": {5, 105, 205, 305, 405, 505, 605, 705, 805, 905},
	} {
		for _, indexed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s indexed=%t", name, indexed), func(t *testing.T) {
				poison := map[string]bool{}
				for _, i := range bad {
					poison[upsert(i).Key] = true
				}
				o := options()
				o.Indexed = indexed
				o.Poison = func(op synctest.Operation) bool { return poison[op.Key] }
				p := synctest.NewPlatform(o)
				ops := upserts(n)
				job, l := setup(t, p, ops, nil)
				got, err := deliver.Run(t.Context(), job)
				if err != nil {
					t.Fatal(err)
				}
				if got.Status != deliver.Degraded || got.Rejected != int64(len(bad)) || got.Accepted != int64(n-len(bad)) || got.Unanswered != 0 {
					t.Errorf("report %+v", got)
				}
				for key, r := range l.rejected {
					if !poison[key] || r.Origin != deliver.Rejected || r.Code == "" {
						t.Errorf("rejected %+v", r)
					}
				}
				var good []syncs.Op
				for _, op := range ops {
					if !poison[op.Key] {
						good = append(good, op)
					}
				}
				checkTruth(t, p, good)
				most := n/batch + len(bad)*(2*int(math.Ceil(math.Log2(batch)))+1)
				if indexed {
					most = n / batch
				}
				if got.Requests > int64(most) {
					t.Errorf("%d requests, want at most %d", got.Requests, most)
				}
			})
		}
	}
}

func TestOutlivesFaults(t *testing.T) {
	for _, fault := range synctest.Passing() {
		for _, every := range []int{2, 5} {
			t.Run(fmt.Sprintf("fault %d every %d", fault, every), func(t *testing.T) {
				o := options()
				o.Faults = func(request int) synctest.Fault {
					if request%every == 0 {
						return fault
					}
					return synctest.None
				}
				p := synctest.NewPlatform(o)
				ops := upserts(1_000)
				job, l := setup(t, p, ops, nil)
				got, err := deliver.Run(t.Context(), job)
				if err != nil {
					t.Fatal(err)
				}
				if got.Status != deliver.OK || got.Accepted != 1_000 || got.Retries == 0 || len(l.known) != 1_000 {
					t.Errorf("report %+v, %d in the ledger", got, len(l.known))
				}
				checkTruth(t, p, ops)
				after := []synctest.Fault{synctest.ErrorAfter, synctest.ResetAfter, synctest.Truncated, synctest.HalfJSON}
				if slices.Contains(after, fault) != (p.Stats().Replays > 0) {
					t.Errorf("%d requests were recognised by their idempotency key", p.Stats().Replays)
				}
			})
		}
	}
}

// errAnswer is what sender returns for no answer.
var errAnswer = errors.New("the connection was closed before the answer")

// sender answers by function.
type sender func(*syncs.HTTPRequest) (*syncs.Response, error)

func (s sender) Send(_ context.Context, req *syncs.HTTPRequest) (*syncs.Response, error) {
	return s(req)
}

func answer(status int, header ...string) *syncs.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &syncs.Response{Status: status, Header: h}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	for asked, want := range map[string]time.Duration{"7": 7 * time.Second, "31536000": 15 * time.Minute, "-3": 0, "soon": 0, "": 0} {
		t.Run("Retry-After: "+asked, func(t *testing.T) {
			stdsynctest.Test(t, func(t *testing.T) {
				job, _ := fakeJob(upserts(5_000))
				job.Settings.Jitter = func() float64 { return 0 }
				// The first answer says to wait, and no other comes at that instant: by the
				// next one everybody knows.
				const first, other = 10 * time.Millisecond, 15 * time.Millisecond
				var refused, next atomic.Int64
				job.HTTP = sender(func(*syncs.HTTPRequest) (*syncs.Response, error) {
					if refused.CompareAndSwap(0, time.Now().Add(first).UnixNano()) {
						time.Sleep(first)
						return answer(429, "Retry-After", asked), nil
					}
					if now := time.Now().UnixNano(); now >= refused.Load() {
						next.CompareAndSwap(0, now)
					}
					time.Sleep(other)
					return answer(200), nil
				})
				start := time.Now()
				got, err := deliver.Run(t.Context(), job)
				if err != nil || got.Accepted != 5_000 || got.Retries != 1 {
					t.Errorf("report %+v, error %v", got, err)
				}
				if after := time.Duration(next.Load() - refused.Load()); want > 0 && after != want {
					t.Errorf("the next request came %s after the refusal, want %s", after, want)
				}
				if took := time.Since(start); took < want || took > want+2*time.Second {
					t.Errorf("took %s, want %s and a little", took, want)
				}
			})
		})
	}
}

// fakeJob is a job whose clock is the machine's, for a synctest bubble.
func fakeJob(ops []syncs.Op) (deliver.Job, *ledger) {
	c := webhook.Default()
	c.BatchSize = 100
	l := newLedger()
	return deliver.Job{
		RunID: "run-1", Destination: webhook.New(c), Schema: schema, Secrets: synctest.Secrets,
		Counts: deliver.Counts{Upserts: int64(len(ops))}, Changes: stream(ops), Ledger: l, Clock: deliver.Timer(time.Now),
	}, l
}

func TestGivesUp(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		job, l := fakeJob(upserts(1_000))
		var requests atomic.Int64
		job.HTTP = sender(func(*syncs.HTTPRequest) (*syncs.Response, error) {
			if requests.Add(1) <= 3 {
				return answer(200), nil
			}
			return nil, errAnswer
		})
		start := time.Now()
		got, err := deliver.Run(t.Context(), job)
		var stop *deliver.StopError
		if !errors.As(err, &stop) || stop.Code != "no-answer" || !strings.Contains(err.Error(), "gave up after 10 attempts") {
			t.Errorf("error %v", err)
		}
		if got.Status != deliver.Failed || got.Accepted != 300 || len(l.known) != 300 || got.Unanswered != got.Attempted-300 {
			t.Errorf("report %+v, %d in the ledger", got, len(l.known))
		}
		if took := time.Since(start); took < time.Minute || took > 10*time.Minute {
			t.Errorf("gave up after %s, want some minutes", took)
		}
	})
}

func TestFatalStops(t *testing.T) {
	o := options()
	o.Faults = func(request int) synctest.Fault {
		if request > 4 {
			return synctest.Unauthorized
		}
		return synctest.None
	}
	p := synctest.NewPlatform(o)
	job, l := setup(t, p, upserts(10_000), nil)
	var stopping []error
	job.Events = func(e deliver.Event) {
		if s, ok := e.(deliver.Stopping); ok {
			stopping = append(stopping, s.Err)
		}
	}
	got, err := deliver.Run(t.Context(), job)
	var stop *deliver.StopError
	if !errors.As(err, &stop) || stop.Code != "unauthorized" {
		t.Fatalf("error %v, want a StopError", err)
	}
	if got.Status != deliver.Failed || got.Accepted != 400 || got.Rejected != 0 || len(l.known) != 400 {
		t.Errorf("report %+v, %d in the ledger", got, len(l.known))
	}
	if n := p.Stats().Requests; n > 7 {
		t.Errorf("%d requests, want few after the first 401", n)
	}
	if len(stopping) != 1 {
		t.Errorf("Stopping was sent %d times, want once", len(stopping))
	}
}

func TestLedgerFails(t *testing.T) {
	p := synctest.NewPlatform(options())
	ops := upserts(3_000)
	job, l := setup(t, p, ops, nil)
	l.failAt = 4
	got, err := deliver.Run(t.Context(), job)
	if !errors.Is(err, errLedger) || got.Status != deliver.Failed {
		t.Fatalf("report %+v, error %v", got, err)
	}
	if len(l.known) < 750 || len(l.known) > 1_200 {
		t.Errorf("%d rows in the ledger, want those of three calls", len(l.known))
	}
	// The next run sends what is not in the ledger, and nothing else.
	l.failAt = 0
	var due []syncs.Op
	for _, op := range ops {
		if l.known[op.Key] != op.Fingerprint {
			due = append(due, op)
		}
	}
	job.RunID, job.Changes = "run-2", stream(due)
	if got, err := deliver.Run(t.Context(), job); err != nil || got.Accepted != int64(len(due)) {
		t.Fatalf("report %+v, error %v", got, err)
	}
	if len(l.known) != len(ops) {
		t.Errorf("%d rows in the ledger, want all", len(l.known))
	}
	checkTruth(t, p, ops)
}

func TestReadingFails(t *testing.T) {
	p := synctest.NewPlatform(options())
	job, l := setup(t, p, nil, nil)
	broken := errors.New("connection lost")
	job.Changes = func(context.Context) iter.Seq2[syncs.Op, error] {
		return func(yield func(syncs.Op, error) bool) {
			for i := range 250 {
				if !yield(upsert(i), nil) {
					return
				}
			}
			yield(syncs.Op{}, broken)
		}
	}
	got, err := deliver.Run(t.Context(), job)
	if !errors.Is(err, broken) || got.Status != deliver.Failed {
		t.Errorf("report %+v, error %v", got, err)
	}
	if len(l.known) != len(p.Records()) {
		t.Errorf("the ledger has %d rows and the platform %d", len(l.known), len(p.Records()))
	}
}

func percent(p float64) *config.Bound { return &config.Bound{Percent: p, IsPercent: true} }
func rows(n int64) *config.Bound      { return &config.Bound{Rows: n} }

func TestGuardOfRemovals(t *testing.T) {
	p := synctest.NewPlatform(options())
	job, _ := setup(t, p, upserts(10), nil)
	job.Counts = deliver.Counts{Known: 100, Wanted: 89, Removals: 11}
	for _, bound := range []*config.Bound{percent(10), rows(10), rows(0)} {
		job.Guards.MaxRemoved = bound
		got, err := deliver.Run(t.Context(), job)
		var guard *deliver.GuardError
		if !errors.As(err, &guard) || guard.Guard != "max_removed" || got.Status != deliver.Failed || got.Requests != 0 {
			t.Errorf("report %+v, error %v", got, err)
		}
		if err == nil || !strings.Contains(err.Error(), "11 of 100") || !strings.Contains(err.Error(), "raise guards.max_removed") {
			t.Errorf("error %v, want the numbers and what to do", err)
		}
	}
	for _, bound := range []*config.Bound{percent(11), rows(11), nil} {
		job.Guards.MaxRemoved = bound
		if _, err := deliver.Run(t.Context(), job); err != nil {
			t.Errorf("bound %+v: %v", bound, err)
		}
	}
}

// TestGuards holds each guard that is asked before anything is sent against
// counts on both sides of its bound.
func TestGuards(t *testing.T) {
	counts := deliver.Counts{Known: 100, Wanted: 90, Upserts: 25, Changed: 20, Removals: 30}
	for _, test := range []struct {
		name   string
		change func(*deliver.Counts)
		guards config.Guards
		want   []string
	}{
		{name: "none", guards: config.Guards{}},
		{name: "changed", guards: config.Guards{MaxChanged: percent(19)}, want: []string{"20 of 100 rows would be changed, and guards.max_changed allows 19%"}},
		{name: "changed at the bound", guards: config.Guards{MaxChanged: percent(20)}},
		{name: "changed as a number", guards: config.Guards{MaxChanged: rows(19)}, want: []string{"max_changed allows 19"}},
		{name: "few", guards: config.Guards{MinRows: rows(91)}, want: []string{"the audience has 90 rows, and guards.min_rows wants 91: nothing"}},
		{name: "few by share", guards: config.Guards{MinRows: percent(91)}, want: []string{"wants 91% of the 100 at the destination"}},
		{name: "enough", guards: config.Guards{MinRows: percent(90)}},
		{
			name: "empty", change: func(c *deliver.Counts) { c.Wanted, c.Removals = 0, 100 },
			want: []string{"all 100 rows at the destination would be removed", "set guards.allow_empty"},
		},
		{name: "empty, and meant", change: func(c *deliver.Counts) { c.Wanted, c.Removals = 0, 100 }, guards: config.Guards{AllowEmpty: true}},
		{name: "empty, and nothing to remove", change: func(c *deliver.Counts) { c.Wanted, c.Removals = 0, 0 }},
		{
			name: "all of them", guards: config.Guards{MaxChanged: rows(1), MinRows: rows(1000), MaxRemoved: rows(1)},
			want: []string{"max_changed", "min_rows", "max_removed"},
		},
	} {
		c := counts
		if test.change != nil {
			test.change(&c)
		}
		err := deliver.Check(c, test.guards)
		if (err != nil) != (test.want != nil) {
			t.Errorf("%s: got %v", test.name, err)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want it to say %q", test.name, err, want)
			}
		}
	}
}

func TestGuardOfRejections(t *testing.T) {
	o := options()
	o.Indexed = true
	o.Poison = func(op synctest.Operation) bool { return op.ID%10 == 0 }
	for _, test := range []struct {
		bound  *config.Bound
		trips  bool
		before int64
		// retried were rejected by the run before.
		retried int64
	}{
		{bound: percent(1), retried: 200},
		{bound: rows(30), retried: 170},
		{bound: rows(29), retried: 170, trips: true, before: 2_001},
		{bound: nil},
		{bound: percent(10)},
		{bound: rows(200)},
		{bound: percent(9.9), trips: true, before: 2_001},
		{bound: percent(1), trips: true, before: 700},
		{bound: rows(30), trips: true, before: 800},
	} {
		p := synctest.NewPlatform(o)
		job, l := setup(t, p, upserts(2_000), nil)
		job.Guards.MaxRejected, job.Counts.Retried = test.bound, test.retried
		got, err := deliver.Run(t.Context(), job)
		var guard *deliver.GuardError
		if errors.As(err, &guard) != test.trips || (err == nil) == test.trips {
			t.Errorf("bound %+v: error %v", test.bound, err)
		}
		if test.trips && got.Attempted >= test.before {
			t.Errorf("bound %+v: stopped after %d operations, want before %d", test.bound, got.Attempted, test.before)
		}
		if int64(len(l.known)) != got.Accepted || int64(len(l.rejected)) != got.Rejected {
			t.Errorf("bound %+v: the ledger has %d and %d, the report %+v", test.bound, len(l.known), len(l.rejected), got)
		}
	}
}

func TestDryRun(t *testing.T) {
	job, _ := fakeJob(upserts(10))
	job.DryRun, job.Ledger, job.Secrets = true, nil, nil
	job.HTTP = sender(func(*syncs.HTTPRequest) (*syncs.Response, error) {
		t.Error("something was sent")
		return answer(200), nil
	})
	got, err := deliver.Run(t.Context(), job)
	if diff := cmp.Diff(deliver.Report{Status: deliver.Withheld, Withheld: 10}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestCancelRecordsWhatIsInFlight(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	o := options()
	o.Latency = 300 * time.Millisecond
	o.Faults = func(request int) synctest.Fault {
		if request == 4 {
			cancel(interrupted)
		}
		if request >= 3 {
			return synctest.Slow
		}
		return synctest.None
	}
	p := synctest.NewPlatform(o)
	job, l := setup(t, p, upserts(100_000), nil)
	got, err := deliver.Run(ctx, job)
	if !errors.Is(err, interrupted) || got.Status != deliver.Failed {
		t.Errorf("report %+v, error %v", got, err)
	}
	if got.Accepted != 400 || len(l.known) != 400 || len(p.Records()) != 400 {
		t.Errorf("accepted %d, in the ledger %d, at the platform %d: want 400 each", got.Accepted, len(l.known), len(p.Records()))
	}
}

func TestCancelAbandonsAfterGrace(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		job, _ := fakeJob(upserts(300))
		job.HTTP = hanging{cancel}
		start := time.Now()
		got, err := deliver.Run(ctx, job)
		if !errors.Is(err, context.Canceled) || got.Accepted != 0 || got.Unanswered != got.Attempted {
			t.Errorf("report %+v, error %v", got, err)
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("stopped after %s, want 10s", took)
		}
	})
}

// hanging never answers.
type hanging struct{ called func() }

func (h hanging) Send(ctx context.Context, _ *syncs.HTTPRequest) (*syncs.Response, error) {
	h.called()
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestDuplicateKeysAreNeverInFlightTogether(t *testing.T) {
	o := options()
	o.Delay = time.Millisecond
	p := synctest.NewPlatform(o)
	var ops []syncs.Op
	for i := range 600 {
		op := upsert(i % 70)
		op.Values[1], op.Fingerprint = int64(i), strconv.Itoa(i)
		ops = append(ops, op)
	}
	job, l := setup(t, p, ops, func(c *webhook.Config) { c.BatchSize, c.Concurrency = 50, 4 })
	if _, err := deliver.Run(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	checkTruth(t, p, ops) // The last of each key stands.
	for _, op := range ops[len(ops)-70:] {
		if l.known[op.Key] != op.Fingerprint {
			t.Errorf("the ledger has %s for %s, want %s", l.known[op.Key], op.Key, op.Fingerprint)
		}
	}
}

func TestBytesAreBounded(t *testing.T) {
	o := options()
	p := synctest.NewPlatform(o)
	ops := upserts(200)
	for i := range ops {
		ops[i].Values[0] = strings.Repeat("\x01", 400) // Six bytes each in JSON.
	}
	ops[77].Values[0] = strings.Repeat("x", 70_000)
	job, l := setup(t, p, ops, func(c *webhook.Config) { c.MaxBytes = 60_000 })
	var largest int
	job.HTTP = spy(t, job.Destination.Spec(), func(req *syncs.HTTPRequest) { largest = max(largest, len(req.Body)) })
	got, err := deliver.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if got.Invalid != 1 || got.Accepted != 199 || largest > 60_000 {
		t.Errorf("report %+v, largest body %d", got, largest)
	}
	if r := l.rejected[ops[77].Key]; r.Origin != deliver.Invalid || r.Code != "too-large" {
		t.Errorf("result %+v", r)
	}
}

// spy is a real client that shows each request first.
func spy(tb testing.TB, spec syncs.Spec, see func(*syncs.HTTPRequest)) deliver.Sender {
	tb.Helper()
	client := deliver.NewClient(spec)
	tb.Cleanup(client.Close)
	var mu sync.Mutex
	return withContext(func(ctx context.Context, req *syncs.HTTPRequest) (*syncs.Response, error) {
		mu.Lock()
		see(req)
		mu.Unlock()
		return client.Send(ctx, req)
	})
}

type withContext func(context.Context, *syncs.HTTPRequest) (*syncs.Response, error)

func (s withContext) Send(ctx context.Context, req *syncs.HTTPRequest) (*syncs.Response, error) {
	return s(ctx, req)
}

func TestInvalidIsKeptApart(t *testing.T) {
	p := synctest.NewPlatform(options())
	ops := upserts(10)
	ops[3].Values[1] = math.NaN()
	job, l := setup(t, p, ops, nil)
	job.Counts.Invalid = 2
	got, err := deliver.Run(t.Context(), job)
	if err != nil || got.Status != deliver.Degraded || got.Invalid != 3 || got.Attempted != 12 || got.Rejected != 0 {
		t.Errorf("report %+v, error %v", got, err)
	}
	if r := l.rejected[ops[3].Key]; r.Origin != deliver.Invalid || r.Code != "bad-value" || !strings.Contains(r.Message, "field spent") {
		t.Errorf("result %+v", r)
	}
}

// A million operations pass through in a few megabytes.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a million operations")
	}
	const n = 1_000_000
	job, _ := fakeJob(nil)
	job.Counts.Upserts = n
	job.Ledger = discard{}
	job.HTTP = sender(func(*syncs.HTTPRequest) (*syncs.Response, error) { return answer(200), nil })
	var peak uint64
	job.Changes = func(context.Context) iter.Seq2[syncs.Op, error] {
		return func(yield func(syncs.Op, error) bool) {
			var stats runtime.MemStats
			for i := range n {
				if i%50_000 == 0 {
					runtime.GC()
					runtime.ReadMemStats(&stats)
					peak = max(peak, stats.HeapAlloc)
				}
				if !yield(upsert(i), nil) {
					return
				}
			}
		}
	}
	got, err := deliver.Run(t.Context(), job)
	if err != nil || got.Accepted != n {
		t.Fatalf("report %+v, error %v", got, err)
	}
	if peak > 32<<20 {
		t.Errorf("%d MB live at the most, want 32 at most", peak>>20)
	}
}

type discard struct{}

func (discard) Record(context.Context, []deliver.Result, bool) error { return nil }

// Whatever goes wrong, and however often the data changes meanwhile, the
// platform ends as the warehouse wants it.
func TestEventuallyAsWanted(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		faults := append(synctest.Passing(), synctest.None, synctest.None, synctest.None, synctest.Unauthorized, synctest.Redirect)
		script := rapid.SliceOfN(rapid.SampledFrom(faults), 1, 40).Draw(rt, "faults")
		o := options()
		o.Indexed = rapid.Bool().Draw(rt, "indexed")
		var mu sync.Mutex // guards calm and poison
		calm := false
		o.Faults = func(request int) synctest.Fault {
			mu.Lock()
			defer mu.Unlock()
			if calm {
				return synctest.None
			}
			return script[request%len(script)]
		}
		poison := map[string]bool{}
		o.Poison = func(op synctest.Operation) bool {
			mu.Lock()
			defer mu.Unlock()
			return poison[op.Key] && op.Op == "upsert"
		}
		p := synctest.NewPlatform(o)
		size := rapid.IntRange(1, 20).Draw(rt, "batch")
		server := httptest.NewServer(p.Handler())
		defer server.Close()
		job, l := setupAt(t, server.URL, size, rapid.IntRange(1, 4).Draw(rt, "concurrency"))
		wanted := map[string]syncs.Op{}
		runs := rapid.IntRange(2, 6).Draw(rt, "runs")
		for run := range runs {
			mu.Lock()
			calm = run == runs-1
			for range rapid.IntRange(0, 30).Draw(rt, "changes") {
				i := rapid.IntRange(0, 60).Draw(rt, "row")
				op := upsert(i)
				switch rapid.IntRange(0, 3).Draw(rt, "change") {
				case 0:
					delete(wanted, op.Key)
				case 1:
					poison[op.Key] = !poison[op.Key]
				default:
					op.Values[1] = int64(rapid.IntRange(0, 3).Draw(rt, "value"))
					op.Fingerprint = fmt.Sprint(op.Values[1])
					wanted[op.Key] = op
				}
			}
			if calm {
				clear(poison)
			}
			mu.Unlock()
			var due []syncs.Op
			for key, op := range wanted {
				if known, ok := l.known[key]; !ok || known != op.Fingerprint || l.doubt[key] {
					due = append(due, op)
				}
			}
			gone := map[string]bool{}
			for key := range l.known {
				gone[key] = true
			}
			for key := range l.doubt {
				gone[key] = true
			}
			for key := range gone {
				if _, ok := wanted[key]; !ok {
					due = append(due, syncs.Op{Kind: syncs.Remove, Key: key})
				}
			}
			for _, op := range due {
				l.doubt[op.Key] = true
			}
			job.RunID, job.Changes = fmt.Sprintf("run-%d", run), stream(due)
			l.failAt = 0
			if !calm && rapid.Bool().Draw(rt, "ledger fails") {
				l.failAt = l.calls + rapid.IntRange(1, 3).Draw(rt, "call")
			}
			got, err := deliver.Run(t.Context(), job)
			if got.Attempted != got.Accepted+got.Invalid+got.Rejected+got.Unanswered {
				rt.Fatalf("the report does not add up: %+v", got)
			}
			for key, fingerprint := range l.known {
				// The ledger may lag behind, never run ahead.
				if op, ok := wanted[key]; ok && !l.doubt[key] && op.Fingerprint == fingerprint && p.Records()[key] != fields(op) {
					rt.Fatalf("the ledger says %s is delivered, the platform has %s", key, p.Records()[key])
				}
			}
			if calm && (err != nil || got.Unanswered != 0) {
				rt.Fatalf("last run: %+v, %v", got, err)
			}
		}
		want := map[string]string{}
		for key, op := range wanted {
			want[key] = fields(op)
		}
		if diff := cmp.Diff(want, p.Records()); diff != "" {
			rt.Fatalf("records (-want +got):\n%s", cut(diff))
		}
		if v := p.Stats().Violations; len(v) > 0 {
			rt.Fatalf("breaches of the protocol: %q", v)
		}
	})
}

// setupAt is setup for a server that is there already.
func setupAt(tb testing.TB, url string, batch, concurrency int) (deliver.Job, *ledger) {
	tb.Helper()
	c := webhook.Default()
	c.URL, c.AllowPrivate, c.BatchSize, c.Concurrency = template(tb, url), true, batch, concurrency
	key, err := secret.NewRef("${env:SECRET}")
	if err != nil {
		tb.Fatal(err)
	}
	c.Secret = key
	l := newLedger()
	return deliver.Job{
		Destination: webhook.New(c), Schema: schema, Secrets: synctest.Secrets, Ledger: l, Clock: newClock(),
		Settings: deliver.Settings{Grace: grace, FlushRows: 15},
	}, l
}
