package schedule

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// TestSoak: sixty schedules each minute, at a platform that fails for a while.
// Goroutines and memory stay flat, and nothing is late once it has recovered.
func TestSoak(t *testing.T) {
	minutes := 60
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		minutes = 600
	}
	synctest.Test(t, func(t *testing.T) {
		w, since := newWorld(t), time.Now()
		var list []Schedule
		for i := range 60 {
			list = append(list, clock(t, fmt.Sprintf("s%d", i), "* * * * *", "UTC"))
		}
		down := time.Duration(minutes/3) * time.Minute
		failing := func() bool { return time.Since(since) > down && time.Since(since) < 2*down }
		w.took = func(Job) time.Duration {
			if failing() {
				return 90 * time.Second // It waits for an answer, in vain.
			}
			return 5 * time.Second
		}
		w.result = func(Job) Result {
			if failing() {
				return Result{Status: Failed, Reason: "the platform does not answer"}
			}
			return Result{Status: OK}
		}
		_, stop := w.start(list, Options{})
		type load struct {
			goroutines int
			heap       uint64
		}
		measure := func() load {
			// What the test itself keeps is not the loop's.
			w.mu.Lock()
			w.runs, w.events = nil, nil
			w.mu.Unlock()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return load{runtime.NumGoroutine(), m.HeapAlloc}
		}
		time.Sleep(90 * time.Second)
		before := measure()
		time.Sleep(time.Until(since.Add(time.Duration(minutes)*time.Minute + 30*time.Second)))
		after := measure()
		stop()
		if after.goroutines > before.goroutines+2 {
			t.Errorf("%d goroutines after %d", after.goroutines, before.goroutines)
		}
		const allowance = 4 << 20
		if after.heap > before.heap+allowance {
			t.Errorf("%d bytes after %d", after.heap, before.heap)
		}
		failed, recovered := 0, 0
		for _, s := range list {
			rows := w.slots(s.Name)
			if len(rows) != minutes {
				t.Errorf("%s has %d slots", s.Name, len(rows))
			}
			for _, x := range rows {
				if x.Status == Failed {
					failed++
				}
				if x.Due.Sub(since) <= 2*down+2*time.Minute {
					continue
				}
				if recovered++; x.Late || x.Status != OK {
					t.Errorf("after the recovery the slot of %s is %s, late %v: %s", x.Due, x.Status, x.Late, x.Reason)
				}
			}
		}
		if failed == 0 || recovered == 0 {
			t.Errorf("%d failed, %d after the recovery", failed, recovered)
		}
	})
}
