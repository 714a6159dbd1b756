package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
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
	writes  int
	// failAt is the write that fails, heldFor how many requests may be sent.
	failAt, heldFor, asked int
}

var (
	errJournal = errors.New("no space left")
	errLease   = errors.New("another delivers")
)

func (j *journal) Write(_ context.Context, results []deliver.Result) error {
	if j.writing.Add(1) > 1 {
		j.t.Error("two writes at once")
	}
	defer j.writing.Add(-1)
	time.Sleep(j.slow)
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(results) == 0 {
		j.t.Error("a write of nothing")
	}
	if j.writes++; j.writes == j.failAt {
		return errJournal
	}
	j.written = append(j.written, results...)
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
