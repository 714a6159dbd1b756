package schedule

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is one state that loops share, in a bubble whose clock is not the real
// one.
type world struct {
	*testing.T
	place string
	// ahead is what the clock of machines is ahead of the bubble's.
	mu    sync.Mutex
	ahead time.Duration
	// runs are those that were begun, in order.
	runs []Job
	// took is how long a run takes; result may be nil for OK.
	took   func(Job) time.Duration
	result func(Job) Result
	// runner is the process that began the last of them.
	runner string
	// still says that a process stands still; nil where none does.
	still func(name string) bool
	// seen is what schedules watch.
	seen   map[string]string
	events []Event
	n      int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{T: t, place: filepath.Join(t.TempDir(), "s.db"), took: func(Job) time.Duration { return time.Second }, seen: map[string]string{}}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

// jump sets the clock of the machines.
func (w *world) jump(by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += by
}

func (w *world) store() *state.Store { return w.storeAt(w.now) }

func (w *world) storeAt(now func() time.Time) *state.Store {
	w.Helper()
	s, err := state.Open(w.Context(), state.Options{Place: w.place, Scope: "p/t", Now: now})
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// start starts a loop; stop stops it as a signal does.
func (w *world) start(list []Schedule, opt Options) (l *Loop, stop func()) {
	return w.startAs(list, opt, "me", w.now)
}

// startAs starts a loop as a process of a name, with a clock of its own.
func (w *world) startAs(list []Schedule, opt Options, name string, now func() time.Time) (l *Loop, stop func()) {
	w.Helper()
	opt.State = w.storeAt(now)
	opt.Run = func(ctx context.Context, job Job, begun func()) Result {
		begun()
		w.mu.Lock()
		w.runs, w.runner = append(w.runs, job), name
		took := w.took(job)
		w.mu.Unlock()
		stopped := false
		select {
		case <-time.After(took):
		case <-ctx.Done():
			stopped = true
		}
		for w.still != nil && w.still(name) {
			time.Sleep(time.Second)
		}
		if stopped || ctx.Err() != nil {
			return Result{Status: Interrupted}
		}
		if w.result != nil {
			return w.result(job)
		}
		return Result{Status: OK}
	}
	opt.Look = func(_ context.Context, s Schedule) (string, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.seen[s.Name], nil
	}
	opt.RunID = func(time.Time) string {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.n++
		return fmt.Sprintf("run%d", w.n)
	}
	opt.Holder = name
	opt.Events = func(e Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if p, ok := e.(Problem); ok {
			w.Errorf("%s: %v", p.Doing, p.Err)
		}
		w.events = append(w.events, e)
	}
	l = New(opt)
	l.Set(list, opt.Keep)
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx)
	}()
	return l, func() {
		w.Helper()
		cancel()
		<-done
		if err := opt.State.Close(); err != nil {
			w.Error(err)
		}
	}
}

// slots are all rows of a schedule, the oldest first.
func (w *world) slots(schedule string) []state.Slot {
	w.Helper()
	s := w.store()
	list, err := s.Slots(w.Context(), schedule, 1_000_000)
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		w.Fatal(err)
	}
	slices.Reverse(list)
	return list
}

// due are the times of slots of a status, "" for any.
func due(list []state.Slot, status string) []time.Time {
	var out []time.Time
	for _, x := range list {
		if status == "" || x.Status == status {
			out = append(out, x.Due)
		}
	}
	return out
}

// clock is a schedule of a cron line.
func clock(t *testing.T, name, line, zone string) Schedule {
	t.Helper()
	l := parse(t, line, location(t, zone))
	return Schedule{Name: name, Line: line + " in " + zone, Clock: &l, CatchUp: CatchUpLatest}
}

// TestYear: in a year of three zones, with clocks set twice and a leap day, and a
// restart each month, every slot runs once, when the calendar says so, and none
// late; and what is due together is one run.
func TestYear(t *testing.T) {
	lines := []string{"30 2 * * *", "0 3 * * SUN", "0 12 29 2 *", "0 0 1,15 * *"}
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		lines = append(lines, "*/30 * * * *", "5 */6 * * *", "0 9-17 * * 1-5", "15 1-3 * * 0,6")
	}
	zones := []string{"Europe/Berlin", "America/New_York", "Asia/Kolkata"}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(1, 2))
		w.took = func(Job) time.Duration { return time.Duration(r.IntN(20_000)) * time.Millisecond }
		var list []Schedule
		want := map[string][]time.Time{}
		begin := time.Now()
		end := begin.Add(366 * 24 * time.Hour)
		for _, zone := range zones {
			for _, line := range lines {
				c := read(t, line)
				s := clock(t, zone+" "+line, line, zone)
				list, want[s.Name] = append(list, s), c.slots(location(t, zone), begin, end)
			}
		}
		every := clock(t, "every", "@every 13h", "UTC")
		list = append(list, every)
		for at := begin.Add(13 * time.Hour); !at.After(end); at = at.Add(13 * time.Hour) {
			want["every"] = append(want["every"], at)
		}
		for month := range 12 {
			_, stop := w.start(list, Options{Poll: 24 * time.Hour, Absence: 200 * time.Hour, Keep: 400 * 24 * time.Hour})
			time.Sleep(time.Until(begin.Add(time.Duration(month+1) * 61 * 12 * time.Hour).Add(10 * time.Minute)))
			synctest.Wait()
			stop()
		}
		total := 0
		for _, s := range list {
			ran := map[time.Time]int{}
			for _, job := range w.runs {
				for _, x := range job.Slots {
					if x.Schedule == s.Name {
						ran[x.Due]++
					}
				}
			}
			rows := w.slots(s.Name)
			if d := cmp.Diff(want[s.Name], due(rows, OK)); d != "" {
				t.Errorf("%s (-calendar +ran):\n%s", s.Name, d)
			}
			for _, x := range rows {
				if ran[x.Due] != 1 || x.Late || x.Attempts != 1 {
					t.Errorf("%s of %s ran %d times, late %v", s.Name, x.Due, ran[x.Due], x.Late)
				}
			}
			total += len(rows)
		}
		if total < 1500 || len(w.runs) >= total {
			t.Errorf("%d slots in %d runs", total, len(w.runs))
		}
		t.Logf("%d slots in %d runs", total, len(w.runs))
	})
}
