package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	stdsynctest "testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// journal is a Journal in memory, which can fail.
type journal struct {
	t *testing.T
	// slow is how long a write takes.
	slow    time.Duration
	writing atomic.Int32

	mu      sync.Mutex
	written []deliver.Result // and not recorded
	all     []deliver.Result // that were ever written
	writes  int
	// begun are requests that are not over, by ID; jobs forgets them too.
	begun map[string]deliver.OpenJob
	// isOver is asked of each that a write forgets; it may be nil.
	isOver func(deliver.OpenJob)
	deliver.Jobs
	// failAt is the write that fails, heldFor how many requests may be sent.
	failAt, heldFor, asked int
}

var (
	errJournal = errors.New("no space left")
	errLease   = errors.New("another delivers")
)

func (j *journal) Write(_ context.Context, w deliver.Writing) error {
	if j.writing.Add(1) > 1 {
		j.t.Error("two writes at once")
	}
	defer j.writing.Add(-1)
	time.Sleep(j.slow)
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(w.Results)+len(w.Begun) == 0 {
		j.t.Error("a write of nothing")
	}
	if j.writes++; j.writes == j.failAt {
		return errJournal
	}
	j.written, j.all = append(j.written, w.Results...), append(j.all, w.Results...)
	for _, id := range w.Over {
		if j.isOver != nil {
			j.isOver(j.begun[id])
		}
	}
	j.forget(w.Over)
	for _, open := range w.Begun {
		if j.begun == nil {
			j.begun = map[string]deliver.OpenJob{}
		}
		if _, ok := j.begun[open.ID]; ok || open.Handle != "" || open.Idempotent {
			j.t.Errorf("begun: %+v", open)
		}
		j.begun[open.ID] = open
	}
	return nil
}

func (j *journal) forget(ids []string) {
	for _, id := range ids {
		delete(j.begun, id)
	}
}

func (j *journal) Forget(_ context.Context, ids []string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.forget(ids)
	return nil
}

func (j *journal) Recorded(context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.written = nil
	return nil
}

func (j *journal) Held() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.asked++; j.heldFor > 0 && j.asked > j.heldFor {
		return errLease
	}
	return nil
}

// journaled is a ledger that wants to find in the journal what it records.
type journaled struct {
	*ledger
	*journal
}

func (l journaled) Record(ctx context.Context, results []deliver.Result, more bool) error {
	l.mu.Lock()
	if d := cmp.Diff(l.written, results); d != "" {
		l.t.Errorf("what is in the journal and what is recorded (-journal +ledger):\n%s", cut(d))
	}
	l.mu.Unlock()
	return l.ledger.Record(ctx, results, more)
}

// TestJournalFirst: outcomes are in the journal before they are recorded, and
// nothing else is when it is cleared, however many workers bring them.
func TestJournalFirst(t *testing.T) {
	o := options()
	o.Indexed = true
	o.Poison = func(op synctest.Operation) bool { return op.ID%7 == 0 }
	o.Faults = func(request int) synctest.Fault {
		passing := synctest.Passing()
		return passing[request%len(passing)] * synctest.Fault(request%2)
	}
	p := synctest.NewPlatform(o)
	job, l := setup(t, p, upserts(2_000), func(c *webhook.Config) { c.BatchSize, c.Concurrency = 10, 8 })
	j := &journal{t: t, slow: 2 * time.Millisecond}
	job.Journal, job.Ledger = j, journaled{l, j}
	job.Settings.FlushRows, job.Settings.Attempts = 100, 100
	got, err := deliver.Run(t.Context(), job)
	if err != nil || got.Unanswered != 0 || got.Accepted+got.Rejected != 2_000 || got.Rejected == 0 {
		t.Fatalf("report %+v, error %v", got, err)
	}
	if len(j.written) > 0 || len(l.known) != int(got.Accepted) {
		t.Errorf("%d outcomes are left in the journal, the ledger has %d rows", len(j.written), len(l.known))
	}
	if answers := int(got.Requests - got.Retries); j.writes >= answers {
		t.Errorf("%d writes for %d answers: a slow disk holds up every worker", j.writes, answers)
	}
}

// lots is a ledger that wants all that it was given so far to be in the journal.
type lots struct {
	*ledger
	*journal
	given int
	mores []bool
}

func (l *lots) Record(ctx context.Context, results []deliver.Result, more bool) error {
	l.mu.Lock()
	if l.given += len(results); l.given != len(l.written) {
		l.t.Errorf("%d outcomes were given and %d are in the journal", l.given, len(l.written))
	}
	l.mu.Unlock()
	if !more {
		l.given = 0
	}
	l.mores = append(l.mores, more)
	return l.ledger.Record(ctx, results, more)
}

// TestLots: what is kept in memory is given away in lots, and stays in the
// journal until the last of them was recorded.
func TestLots(t *testing.T) {
	p := synctest.NewPlatform(options())
	job, l := setup(t, p, upserts(25_000), func(c *webhook.Config) { c.BatchSize = 1000 })
	given := &lots{ledger: l, journal: &journal{t: t}}
	job.Journal, job.Ledger, job.Settings.FlushRows = given.journal, given, 0
	if got, err := deliver.Run(t.Context(), job); err != nil || got.Accepted != 25_000 {
		t.Fatalf("report %+v, error %v", got, err)
	}
	if d := cmp.Diff([]bool{true, true, false}, given.mores); d != "" || len(given.written) > 0 {
		t.Errorf("%d outcomes are left in the journal, more of them were to follow (-want +got):\n%s", len(given.written), d)
	}
}

// TestJournalFails: the delivery stops, and what is known still reaches the
// ledger.
func TestJournalFails(t *testing.T) {
	p := synctest.NewPlatform(options())
	job, l := setup(t, p, upserts(2_000), nil)
	job.Journal = &journal{t: t, failAt: 5}
	got, err := deliver.Run(t.Context(), job)
	if !errors.Is(err, errJournal) || got.Status != deliver.Failed {
		t.Errorf("report %+v, error %v", got, err)
	}
	if len(l.known) != len(p.Records()) || len(l.known) == 0 || len(l.known) == 2_000 {
		t.Errorf("the ledger has %d rows, and the platform %d", len(l.known), len(p.Records()))
	}
}

// TestNotHeld: nothing is sent once somebody else may deliver.
func TestNotHeld(t *testing.T) {
	p := synctest.NewPlatform(options())
	job, l := setup(t, p, upserts(2_000), nil)
	job.Journal = &journal{t: t, heldFor: 7}
	_, err := deliver.Run(t.Context(), job)
	if !errors.Is(err, errLease) || p.Stats().Requests != 7 || len(l.known) != 700 {
		t.Errorf("%d requests, %d rows in the ledger, error %v", p.Stats().Requests, len(l.known), err)
	}
}

// TestNotHeldFiles: nothing is published then either.
func TestNotHeldFiles(t *testing.T) {
	dir := t.TempDir()
	job, l := fileJob(t, dir, upserts(100), nil)
	job.Journal = &journal{t: t, heldFor: 1}
	if _, err := deliver.Run(t.Context(), job); !errors.Is(err, errLease) || len(l.known) > 0 {
		t.Errorf("%d rows in the ledger, error %v", len(l.known), err)
	}
}

// TestBegun: a request that must not be sent twice is in the journal before it is
// sent, and until what became of each of its rows is there, however requests fail
// and disks do. One that was certainly not taken is over before its rows are sent
// in another.
func TestBegun(t *testing.T) {
	faults := []string{"none", "none", "lost", "429", "not sent", "half silent", "split", "stop"}
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(rapid.SampledFrom(faults), 1, 30).Draw(rt, "faults")
		n := rapid.IntRange(1, 60).Draw(rt, "operations")
		rows := rapid.IntRange(1, 9).Draw(rt, "batch")
		failAt := rapid.IntRange(0, 20).Draw(rt, "write that fails")
		stdsynctest.Test(t, func(t *testing.T) {
			job, l := fakeJob(upserts(n))
			job.Destination = appending{rows}
			j := &journal{t: t, failAt: failAt, slow: time.Millisecond}
			job.Journal, job.Jobs, job.Settings.FlushRows = j, j, 7
			requests := 0
			// open are the rows that may have been taken when they were sent last.
			open := map[string]bool{}
			j.isOver = func(request deliver.OpenJob) {
				for _, op := range request.Ops {
					if open[op.Key] && !slices.ContainsFunc(j.all, func(r deliver.Result) bool { return r.Key == op.Key }) {
						rt.Errorf("%s is forgotten, and nobody knows what became of it", op.Key)
					}
				}
			}
			job.HTTP = sender(func(r *syncs.HTTPRequest) (*syncs.Response, error) {
				j.mu.Lock()
				defer j.mu.Unlock()
				keys := strings.Fields(string(r.Body))
				for _, key := range keys {
					var found []string
					for id, begun := range j.begun {
						if slices.ContainsFunc(begun.Ops, func(op syncs.Op) bool { return op.Key == key && op.Values == nil }) {
							found = append(found, id)
						}
					}
					if len(found) != 1 {
						rt.Errorf("%s is sent and the journal has it in %q", key, found)
					}
				}
				if len(j.begun) > 2*3 { // of each worker one in flight, and one that is forgotten with its next
					rt.Errorf("%d requests are in the journal", len(j.begun))
				}
				requests++
				fault := script[requests%len(script)]
				for _, key := range keys {
					open[key] = requests > 300 || fault == "none" || fault == "lost" || fault == "half silent"
				}
				switch {
				case requests > 300: // Enough.
				case fault == "lost":
					return nil, errAnswer
				case fault == "429":
					return answer(429), nil
				case fault == "not sent":
					return nil, fmt.Errorf("%w: nobody listens", deliver.ErrNotSent)
				case fault == "half silent":
					keys = keys[:len(keys)/2]
				case fault == "split":
					return answer(422), nil
				case fault == "stop":
					return nil, &deliver.StopError{Code: "stop", Message: "no more"}
				}
				return &syncs.Response{Status: 200, Header: http.Header{}, Body: []byte(strings.Join(keys, " "))}, nil
			})
			got, err := deliver.Run(t.Context(), job)
			known := int64(len(l.known) + len(l.rejected))
			if got.Attempted != known+got.Unanswered || known == int64(n) && err != nil && !errors.Is(err, errJournal) && !strings.Contains(err.Error(), "stop") {
				rt.Errorf("report %+v, %d known, error %v", got, known, err)
			}
			if len(j.begun) > 0 {
				rt.Errorf("after the delivery the journal has %+v", j.begun)
			}
		})
	})
}

// TestBegunFirst: what cannot be written down is not sent.
func TestBegunFirst(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		job, l := fakeJob(upserts(30))
		job.Destination = appending{10}
		j := &journal{t: t, failAt: 1}
		job.Journal, job.Jobs = j, j
		requests := atomic.Int64{}
		job.HTTP = sender(func(*syncs.HTTPRequest) (*syncs.Response, error) {
			requests.Add(1)
			return answer(500), nil
		})
		// The others are written down at once, after the first, and it has failed by then.
		got, err := deliver.Run(t.Context(), job)
		if !errors.Is(err, errJournal) || requests.Load() > 0 || len(l.known)+len(l.rejected)+len(j.begun) > 0 || got.Unanswered != got.Attempted {
			t.Errorf("%d requests, report %+v, begun %+v, error %v", requests.Load(), got, j.begun, err)
		}
	})
}

// TestBegunBecomesJob: a request that starts a job is one with it.
func TestBegunBecomesJob(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		o := synctest.VendorOptions{Style: synctest.ResultFile, Object: synctest.Events, Polls: 2}
		v := synctest.NewVendor(o)
		ops := opsOf(synctest.Events, 60)
		job, l := vendorJob(v, o, ops)
		j := &journal{t: t}
		saved := 0
		jobs := savedJobs{journal: j, save: func(open deliver.OpenJob) {
			if begun, ok := j.begun[open.ID]; !ok || open.Handle == "" {
				t.Errorf("%s is saved as %q, and was begun: %t", open.ID, open.Handle, ok)
			} else if d := cmp.Diff(begun.Ops, open.Ops); d != "" {
				t.Errorf("the job has other rows than its request (-request +job):\n%s", d)
			}
			saved++
		}}
		job.Journal, job.Jobs = j, jobs
		if got, err := deliver.Run(t.Context(), job); err != nil || got.Accepted != 60 || len(l.known) != 60 || got.Jobs != 3 {
			t.Errorf("report %+v, error %v", got, err)
		}
		if saved < 3 || len(j.begun) > 0 {
			t.Errorf("%d jobs were saved, %d are left", saved, len(j.begun))
		}
	})
}

// savedJobs are those of a journal.
type savedJobs struct {
	*journal
	save func(deliver.OpenJob)
}

func (j savedJobs) Save(_ context.Context, open deliver.OpenJob) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.save(open)
	return nil
}

// TestResults: what is encoded is read again, and a text that was cut off is an
// error or the results before.
func TestResults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9a-f]{32}`), rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{32}`), rapid.StringMatching(`[0-9A-F]{32}`), rapid.StringN(0, 6000, -1))
		want := rapid.SliceOf(rapid.Custom(func(t *rapid.T) deliver.Result {
			r := deliver.Result{
				Kind: syncs.Kind(rapid.IntRange(0, 10).Draw(t, "kind")), Key: text.Draw(t, "key"), EntityID: rapid.Int64().Draw(t, "id"),
				Fingerprint: text.Draw(t, "fingerprint"), Accepted: rapid.Bool().Draw(t, "accepted"), Origin: deliver.Origin(text.Draw(t, "origin")),
			}
			if !r.Accepted {
				r.Code, r.Message = text.Draw(t, "code"), text.Draw(t, "message")
			}
			return r
		})).Draw(t, "results")
		body := deliver.EncodeResults(want)
		got, err := deliver.DecodeResults(body)
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" || err != nil {
			t.Fatalf("error %v, results (-want +got):\n%s", err, d)
		}
		some, err := deliver.DecodeResults(body[:rapid.IntRange(0, len(body)).Draw(t, "cut")])
		if len(some) > len(want) || err == nil && !cmp.Equal(want[:len(some)], some, cmpopts.EquateEmpty()) {
			t.Fatalf("after a cut: %v, %v", some, err)
		}
	})
}

// FuzzDecodeResults: any text is results or an error.
func FuzzDecodeResults(f *testing.F) {
	f.Add([]byte{})
	f.Add(deliver.EncodeResults([]deliver.Result{{Key: "a", Accepted: true}, {Key: "b", Code: "c", Message: "d"}}))
	f.Fuzz(func(t *testing.T, body []byte) {
		results, err := deliver.DecodeResults(body)
		if err != nil {
			return
		}
		again, err := deliver.DecodeResults(deliver.EncodeResults(results))
		if d := cmp.Diff(results, again); d != "" || err != nil {
			t.Errorf("%v:\n%s", fmt.Sprint(err), d)
		}
	})
}
