package schedule

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// begun is how many runs were begun.
func (w *world) begun() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.runs)
}

// said are slots as text: when they were due since a time, what became of them,
// and why.
func said(since time.Time, list []state.Slot) []string {
	var out []string
	for _, x := range list {
		text := x.Due.Sub(since).String() + " " + x.Status
		if x.Late {
			text += " late"
		}
		if x.Reason != "" {
			text += ": " + strings.ReplaceAll(x.Reason, since.Format("2006-01-02T"), "")
		}
		out = append(out, text)
	}
	return out
}

// starts are when runs began, since a time, and as of when.
func (w *world) starts(since time.Time) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, job := range w.runs {
		var names []string
		for _, x := range job.Slots {
			names = append(names, x.Schedule)
		}
		out = append(out, fmt.Sprintf("%s %s as of %s", job.Slots[0].Started.Sub(since), strings.Join(names, "+"), job.AsOf.Sub(since)))
	}
	return out
}

func (w *world) want(what string, want, got []string) {
	w.Helper()
	if d := cmp.Diff(want, got); d != "" {
		w.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// TestCatchUp: an absence of three and a half hours, by each way to catch up.
func TestCatchUp(t *testing.T) {
	for _, c := range []struct {
		by          CatchUp
		slots, runs []string
	}{
		{
			CatchUpSkip,
			[]string{"1h0m0s ok", "2h0m0s skipped: nothing served when it was due", "3h0m0s skipped: nothing served when it was due", "4h0m0s skipped: nothing served when it was due", "5h0m0s ok"},
			[]string{"1h0m0s h as of 1h0m0s", "5h0m0s h as of 5h0m0s"},
		},
		{
			CatchUpLatest,
			[]string{
				"1h0m0s ok", "2h0m0s skipped: nothing served when it was due; the slot of 04:00:00Z stands for it",
				"3h0m0s skipped: nothing served when it was due; the slot of 04:00:00Z stands for it", "4h0m0s ok late", "5h0m0s ok",
			},
			[]string{"1h0m0s h as of 1h0m0s", "4h50m0s h as of 4h50m0s", "5h0m0s h as of 5h0m0s"},
		},
		{
			CatchUpAll,
			[]string{"1h0m0s ok", "2h0m0s ok late", "3h0m0s ok late", "4h0m0s ok late", "5h0m0s ok"},
			[]string{"1h0m0s h as of 1h0m0s", "4h50m0s h as of 2h0m0s", "4h50m1s h as of 3h0m0s", "4h50m2s h as of 4h0m0s", "5h0m0s h as of 5h0m0s"},
		},
	} {
		t.Run(string(c.by), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, since := newWorld(t), time.Now()
				s := clock(t, "h", "0 * * * *", "UTC")
				s.CatchUp, s.Queue = c.by, c.by == CatchUpAll
				_, stop := w.start([]Schedule{s}, Options{})
				time.Sleep(80 * time.Minute)
				stop()
				time.Sleep(210 * time.Minute)
				_, stop = w.start([]Schedule{s}, Options{})
				time.Sleep(20 * time.Minute)
				stop()
				w.want("slots", c.slots, said(since, w.slots("h")))
				w.want("runs", c.runs, w.starts(since))
			})
		})
	}
}

// TestRestart: a restart of some minutes is no absence.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, since := newWorld(t), time.Now()
		s := clock(t, "h", "0 * * * *", "UTC")
		s.CatchUp = CatchUpSkip
		_, stop := w.start([]Schedule{s}, Options{})
		time.Sleep(59 * time.Minute)
		stop()
		time.Sleep(3 * time.Minute)
		_, stop = w.start([]Schedule{s}, Options{})
		time.Sleep(time.Minute)
		stop()
		w.want("slots", []string{"1h0m0s ok late"}, said(since, w.slots("h")))
	})
}

// TestOverlap: what comes due before its last slot has ended is skipped, or
// waits; what comes due meanwhile of other schedules waits in either case, and
// is one run.
func TestOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, since := newWorld(t), time.Now()
		w.took = func(job Job) time.Duration {
			if job.Slots[0].Schedule == "long" || job.Slots[0].Schedule == "queue" {
				return 25 * time.Minute
			}
			return time.Second
		}
		long, queue := clock(t, "long", "*/10 * * * *", "UTC"), clock(t, "queue", "*/20 1 * * *", "UTC")
		queue.Queue = true
		other, another := clock(t, "other", "12 * * * *", "UTC"), clock(t, "another", "13 * * * *", "UTC")
		_, stop := w.start([]Schedule{long, queue, other, another}, Options{})
		time.Sleep(40*time.Minute + time.Second)
		w.want("skipped", []string{"10m0s ok", "20m0s skipped: the slot of 00:10:00Z had not ended", "30m0s skipped: the slot of 00:10:00Z had not ended", "40m0s running"}, said(since, w.slots("long")))
		w.want("runs", []string{"10m0s long as of 10m0s", "35m0s other+another as of 35m0s", "40m0s long as of 40m0s"}, w.starts(since))
		stop()
		w.want("interrupted", []string{"10m0s ok", "20m0s skipped: the slot of 00:10:00Z had not ended", "30m0s skipped: the slot of 00:10:00Z had not ended", "40m0s interrupted: the process that ran it was stopped"}, said(since, w.slots("long")))
		_, stop = w.start([]Schedule{queue}, Options{})
		time.Sleep(2 * time.Hour)
		stop()
		w.want("queued", []string{"1h0m0s ok", "1h20m0s ok late", "1h40m0s ok late"}, said(since, w.slots("queue")))
	})
}

// TestTogether: what is due at the same moment is one run, and so is what an
// interrupted one left.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, since := newWorld(t), time.Now()
		w.took = func(Job) time.Duration { return 3 * time.Minute }
		list := []Schedule{clock(t, "a", "*/10 * * * *", "UTC"), clock(t, "b", "*/5 * * * *", "UTC"), clock(t, "c", "@every 10m", "UTC")}
		_, stop := w.start(list, Options{})
		time.Sleep(11 * time.Minute)
		stop()
		_, stop = w.start(list, Options{})
		time.Sleep(4*time.Minute + 30*time.Second)
		stop()
		w.want("runs", []string{"5m0s b as of 5m0s", "10m0s a+b+c as of 10m0s", "11m0s a+b+c as of 11m0s", "15m0s b as of 15m0s"}, w.starts(since))
		for _, x := range w.slots("a") {
			if x.Attempts != 2 || x.Status != OK {
				t.Errorf("%+v", x)
			}
		}
	})
}

// TestDeadline: a slot that cannot start in time is skipped, and a run that goes
// on for too long is stopped and has failed; without a deadline for one of its
// slots it goes on.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, since := newWorld(t), time.Now()
		w.took = func(job Job) time.Duration {
			return map[string]time.Duration{"a": time.Hour, "c": 50 * time.Minute}[job.Slots[0].Schedule]
		}
		a, b, c := clock(t, "a", "0 1,3 * * *", "UTC"), clock(t, "b", "5 1 * * *", "UTC"), clock(t, "c", "0 3 * * *", "UTC")
		a.Deadline, b.Deadline = 20*time.Minute, 10*time.Minute
		_, stop := w.start([]Schedule{a, b, c}, Options{})
		time.Sleep(5 * time.Hour)
		stop()
		w.want("a", []string{"1h0m0s failed: it had not ended by its deadline", "3h0m0s ok"}, said(since, w.slots("a")))
		w.want("b", []string{"1h5m0s skipped: it could not start within its deadline of 10m0s"}, said(since, w.slots("b")))
		w.want("c", []string{"3h0m0s ok"}, said(since, w.slots("c")))
	})
}

// TestPaused: paused slots are skipped, by whom and since when is kept, and a
// request runs all the same.
func TestPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, since := newWorld(t), time.Now()
		a, b := clock(t, "a", "0 * * * *", "UTC"), clock(t, "b", "0 * * * *", "UTC")
		b.Paused = true
		list := []Schedule{a, b}
		s := w.store()
		defer s.Close()
		_, stop := w.start(list, Options{})
		time.Sleep(61 * time.Minute)
		if err := s.Pause(t.Context(), "a", "ada", true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		stop()
		_, stop = w.start(list, Options{})
		if _, err := Request(t.Context(), s, "a", "grace"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if err := s.Pause(t.Context(), "a", "ada", false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		stop()
		w.want("a", []string{"1h0m0s ok", "2h0m0s skipped: paused by ada at 01:01:00Z", "2h1m0s ok", "3h0m0s skipped: paused by ada at 01:01:00Z", "4h0m0s ok"}, said(since, w.slots("a")))
		w.want("b", []string{
			"1h0m0s skipped: paused by the project", "2h0m0s skipped: paused by the project", "3h0m0s skipped: paused by the project", "4h0m0s skipped: paused by the project",
		}, said(since, w.slots("b")))
	})
}

// TestJitter: slots start within it, by different parts of it, always the same.
func TestJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, since := newWorld(t), time.Now()
		var list []Schedule
		for i := range 6 {
			s := clock(t, fmt.Sprintf("s%d", i), "0 * * * *", "UTC")
			s.Jitter = 30 * time.Minute
			list = append(list, s)
		}
		_, stop := w.start(list, Options{})
		time.Sleep(7*time.Hour + 31*time.Minute)
		stop()
		parts := map[time.Duration]bool{}
		for _, s := range list {
			for _, x := range w.slots(s.Name) {
				by := x.Start.Sub(x.Due)
				if again := s.slot(x.Due, ByClock); x.Late || x.Status != OK || by < 0 || by >= s.Jitter || !again.Start.Equal(x.Start) || x.Started.Before(x.Start) {
					t.Errorf("%s of %s started %s after it was due", s.Name, x.Due.Sub(since), by)
				}
				parts[by] = true
			}
		}
		if len(parts) < 30 {
			t.Errorf("42 slots are spread over %d times", len(parts))
		}
		if s := clock(t, "s", "* * * * *", "UTC"); true {
			s.Jitter = 24 * time.Hour
			if x := s.slot(since, ByClock); x.Start.Sub(x.Due) >= time.Minute {
				t.Errorf("a slot starts %s after it was due, beyond the next", x.Start.Sub(x.Due))
			}
		}
	})
}

// TestFollow: what comes after another schedule is due when that has ended well.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, since := newWorld(t), time.Now()
		w.result = func(job Job) Result {
			if job.Slots[0].Due.Sub(since) == 2*time.Hour {
				return Result{Status: Failed, Reason: "no"}
			}
			return Result{Status: Degraded}
		}
		list := []Schedule{clock(t, "a", "0 * * * *", "UTC"), {Name: "b", Line: "after a", After: "a", Queue: true}, {Name: "c", Line: "after b", After: "b", Queue: true}}
		_, stop := w.start(list, Options{})
		time.Sleep(3*time.Hour + time.Minute)
		stop()
		w.want("a", []string{"1h0m0s degraded", "2h0m0s failed: no", "3h0m0s degraded"}, said(since, w.slots("a")))
		w.want("b", []string{"1h0m1s degraded", "3h0m1s degraded"}, said(since, w.slots("b")))
		w.want("runs", []string{
			"1h0m0s a as of 1h0m0s", "1h0m1s b as of 1h0m1s", "1h0m2s c as of 1h0m2s", "2h0m0s a as of 2h0m0s", "3h0m0s a as of 3h0m0s", "3h0m1s b as of 3h0m1s", "3h0m2s c as of 3h0m2s",
		}, w.starts(since))
	})
}

// TestWatch: a change is noticed once, after a restart too; what is seen first is
// none, nor is what cannot be seen.
func TestWatch(t *testing.T) {
	for _, local := range []bool{false, true} {
		t.Run(strconv.FormatBool(local), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, since := newWorld(t), time.Now()
				list := []Schedule{{Name: "a", Line: "x", Watch: &Watch{Every: time.Minute, Local: local}, Queue: true}}
				see := func(value string) {
					w.mu.Lock()
					defer w.mu.Unlock()
					w.seen["a"] = value
				}
				_, stop := w.start(list, Options{})
				time.Sleep(150 * time.Second)
				for _, value := range []string{"1", "1", "2", "", "2", "3"} {
					see(value)
					time.Sleep(2 * time.Minute)
				}
				stop()
				see("4")
				time.Sleep(time.Hour)
				_, stop = w.start(list, Options{})
				time.Sleep(5 * time.Minute)
				stop()
				// 2 is noticed within a minute of 6m30s, 3 of 12m30s, 4 at once.
				var got []string
				for _, x := range w.slots("a") {
					got = append(got, x.Due.Sub(since).Truncate(2*time.Minute).String()+" "+x.Status)
				}
				w.want("slots", []string{"6m0s ok", "12m0s ok", "1h14m0s ok"}, got)
			})
		})
	}
}

// TestClock: however the clock of a machine is set, no slot comes twice, and none
// is lost of a schedule that catches up on all.
func TestClock(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, since := newWorld(t), time.Now()
				each := clock(t, "all", "*/10 * * * *", "Europe/Berlin")
				each.CatchUp, each.Queue = CatchUpAll, true
				list := []Schedule{each, clock(t, "latest", "*/10 * * * *", "Europe/Berlin"), clock(t, "every", "@every 10m", "UTC")}
				_, stop := w.start(list, Options{Poll: time.Minute})
				time.Sleep(65 * time.Minute)
				w.jump(by)
				time.Sleep(30 * time.Hour)
				stop()
				c := read(t, "*/10 * * * *")
				want := c.slots(time.UTC, since, w.now())
				ran := map[string]int{}
				for _, job := range w.runs {
					for _, x := range job.Slots {
						ran[x.Schedule+x.Due.String()]++
					}
				}
				for _, s := range list {
					rows := w.slots(s.Name)
					if d := cmp.Diff(want, due(rows, "")); d != "" {
						t.Errorf("slots of %s (-calendar +rows):\n%s", s.Name, d)
					}
					for _, x := range rows {
						once := 1
						if x.Status == Skipped {
							once = 0
						}
						if ran[s.Name+x.Due.String()] != once || x.Ended.IsZero() || s.Name == "all" && x.Status != OK {
							t.Errorf("%s of %s ran %d times: %s", s.Name, x.Due, ran[s.Name+x.Due.String()], x.Status)
						}
					}
				}
				warned := 0
				for _, e := range w.events {
					if _, ok := e.(ClockBack); ok {
						warned++
					}
				}
				if (warned > 0) != (by < 0) {
					t.Errorf("the clock was set by %s, and %d warnings came", by, warned)
				}
			})
		})
	}
}

// TestChanged: a schedule that changes counts from then on, also during its run,
// and one that is gone leaves nothing due.
func TestChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, since := newWorld(t), time.Now()
		w.took = func(Job) time.Duration { return 15 * time.Minute }
		l, stop := w.start([]Schedule{clock(t, "a", "0 * * * *", "UTC"), clock(t, "gone", "5 1 * * *", "UTC")}, Options{})
		time.Sleep(70 * time.Minute)
		l.Set([]Schedule{clock(t, "a", "*/20 * * * *", "UTC"), clock(t, "new", "@every 30m", "UTC")}, 0)
		time.Sleep(2*time.Hour - time.Minute) // not at the moment of a slot: either would be right
		stop()
		w.want("a", []string{
			"1h0m0s ok", "1h20m0s ok", "1h40m0s ok", "2h0m0s ok", "2h20m0s ok late",
			"2h40m0s skipped: the slot of 02:20:00Z had not ended", "3h0m0s interrupted: the process that ran it was stopped",
		}, said(since, w.slots("a")))
		w.want("gone", []string{"1h5m0s skipped: the project has no such schedule any more"}, said(since, w.slots("gone")))
		w.want("new", []string{"1h40m0s ok", "2h10m0s ok late", "2h40m0s ok late"}, said(since, w.slots("new")))
	})
}

// TestAbsence: 10,000 slots of an absence and 10,000 rows of a past are ready
// with a hundred statements, and the rows of a longer absence have an end.
func TestAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := clock(t, "m", "* * * * *", "UTC")
		start := func() { // and stop
			_, stop := w.start([]Schedule{s}, Options{})
			time.Sleep(30 * time.Second)
			stop()
		}
		start()
		for _, minutes := range []int{10_000, 10_000, 25_000} {
			time.Sleep(time.Duration(minutes)*time.Minute - 30*time.Second)
			store := w.store()
			l := New(Options{State: store})
			l.Set([]Schedule{s}, 0)
			before := store.Asked()
			var warned time.Time
			if _, _, todo, err := l.look(t.Context(), &watcher{Loop: l, seen: map[string]glimpse{}}, &warned); err != nil || !todo {
				t.Fatal(todo, err)
			}
			if asked := store.Asked() - before; asked > 120 {
				t.Errorf("after %d minutes %d statements were asked", minutes, asked)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			start()
		}
		rows := w.slots("m")
		if n := len(rows); n < 30_000 || n > 30_002 {
			t.Errorf("there are %d rows", n)
		}
		told := 0
		for _, x := range rows {
			if x.Reason == "nothing served when it was due, nor for the 15000 slots before it" {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%d rows tell of the others", told)
		}
	})
}

// TestPausedProcess: of two processes one stands still, again and again, for
// longer than its turn lasts: each tick ends once, under a turn that was held,
// and what the one that wakes has to say is refused.
func TestPausedProcess(t *testing.T) {
	ticks := 100
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		ticks = 1000
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r, lengths := rand.New(rand.NewPCG(3, 4)), rand.New(rand.NewPCG(5, 6))
		w.took = func(Job) time.Duration { return time.Duration(lengths.IntN(40)) * time.Second }
		var mu sync.Mutex
		frozen := map[string]time.Time{}
		s := clock(t, "m", "* * * * *", "UTC")
		s.CatchUp, s.Queue = CatchUpAll, true
		since := time.Now()
		at := func(name string) (time.Time, bool) {
			mu.Lock()
			defer mu.Unlock()
			since, still := frozen[name]
			return since, still
		}
		w.still = func(name string) bool {
			_, still := at(name)
			return still
		}
		var stops []func()
		for _, name := range []string{"a", "b"} {
			// A process that stands still has a clock that does.
			_, stop := w.startAs([]Schedule{s}, Options{}, name, func() time.Time {
				if since, still := at(name); still {
					return since
				}
				return time.Now()
			})
			stops = append(stops, stop)
		}
		pauses := 0
		for time.Since(since) < time.Duration(ticks)*time.Minute {
			time.Sleep(time.Duration(r.IntN(200)) * time.Second)
			// Most often it is the one that is running something.
			i := string(rune('a' + r.IntN(2)))
			if r.IntN(4) > 0 {
				begun := w.begun()
				for w.begun() == begun {
					time.Sleep(time.Second)
				}
				w.mu.Lock()
				i = w.runner
				w.mu.Unlock()
			}
			mu.Lock()
			frozen[i] = time.Now()
			mu.Unlock()
			pauses++
			time.Sleep(time.Duration(r.IntN(200)) * time.Second)
			mu.Lock()
			delete(frozen, i)
			mu.Unlock()
		}
		time.Sleep(5 * time.Minute)
		for _, stop := range stops {
			stop()
		}
		rows := w.slots("m")
		c := read(t, "* * * * *")
		if d := cmp.Diff(c.slots(time.UTC, since, time.Now())[:ticks], due(rows, OK)[:ticks]); d != "" {
			t.Errorf("ticks (-calendar +ended):\n%s", d)
		}
		ended, lost, over := map[time.Time]int{}, 0, 0
		for _, e := range w.events {
			switch e := e.(type) {
			case RunDone:
				for _, x := range e.Slots {
					if x.Status == OK {
						ended[x.Due]++
					}
				}
			case Lost:
				lost++
			case TookOver:
				over += len(e.Slots)
			}
		}
		for _, x := range rows {
			if x.Status == OK && ended[x.Due] != 1 {
				t.Errorf("the tick of %s ended %d times", x.Due, ended[x.Due])
			}
		}
		if lost < ticks/50 || over < lost {
			t.Errorf("%d ticks were taken over, and %d turns lost, in %d pauses", over, lost, pauses)
		}
		t.Logf("%d ticks, %d pauses, %d taken over, %d turns lost", len(rows), pauses, over, lost)
	})
}

// TestBusy: while somebody else has what a run needs its slot waits, says for
// what, and is told once.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, since := newWorld(t), time.Now()
		w.took = func(Job) time.Duration { return 0 }
		w.result = func(Job) Result {
			if time.Since(since) < 62*time.Minute {
				return Result{Busy: "somebody has it"}
			}
			return Result{Status: OK}
		}
		_, stop := w.start([]Schedule{clock(t, "a", "0 * * * *", "UTC")}, Options{})
		time.Sleep(61 * time.Minute)
		w.want("slots", []string{"1h0m0s due: waits: somebody has it"}, said(since, w.slots("a")))
		time.Sleep(2 * time.Minute)
		stop()
		w.want("slots", []string{"1h0m0s ok late"}, said(since, w.slots("a")))
		told := 0
		for _, e := range w.events {
			if _, ok := e.(Waiting); ok {
				told++
			}
		}
		if rows := w.slots("a"); told != 1 || rows[0].Attempts != 1 {
			t.Errorf("it was told %d times, and started %d", told, rows[0].Attempts)
		}
	})
}

// TestPoison: a slot whose processes end without a word again and again is given
// up, and not before.
func TestPoison(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := clock(t, "a", "* * * * *", "UTC")
	open := []state.Slot{{Schedule: "a", Due: now, Start: now, Status: Running, Fence: 6, Holder: "it/1", Attempts: maxAttempts - 1}}
	got := take([]*Schedule{&s}, now, nil, open, 7)
	if len(got.job.Slots) != 1 || len(got.over) != 1 || got.over[0].Status != Interrupted {
		t.Errorf("%+v", got)
	}
	open[0].Attempts = maxAttempts
	got = take([]*Schedule{&s}, now, nil, open, 7)
	if len(got.job.Slots) != 0 || len(got.write) != 1 || got.write[0].Status != Failed || got.write[0].Ended.IsZero() {
		t.Errorf("%+v", got)
	}
	if got = take([]*Schedule{&s}, now, nil, open, 6); len(got.over)+len(got.job.Slots) != 0 {
		t.Errorf("a turn took over from itself: %+v", got)
	}
}
