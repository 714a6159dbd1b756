//go:build unix

package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// soakReport is the file that a soaked process writes its sizes to.
const soakReport = "CUSTOMHOUSE_TEST_SOAK_REPORT"

// soaked is the command line in a process that, told by SIGUSR1, appends how many
// goroutines it has, and how many bytes of Go's heap are alive.
func soaked() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	go func() {
		for range told {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			f, err := os.OpenFile(os.Getenv(soakReport), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err == nil {
				_, err = fmt.Fprintf(f, "%d %d\n", runtime.NumGoroutine(), m.HeapAlloc)
			}
			if err != nil {
				panic(err)
			}
			f.Close()
		}
	}()
	main()
}

// sizes is what a process has, resident being 0 where the system does not say.
type sizes struct{ goroutines, heap, resident int }

// TestSoak has a server run a schedule again and again, at a platform that fails
// for a while in the middle: it grows no more after it has run for a while than
// before, and once the platform is back every slot is in time and well, and the
// platform holds what the warehouse wants. The slots are a second apart, ten of them,
// 600 with CUSTOMHOUSE_LONG; with CUSTOMHOUSE_SOAK, a duration, they are a minute apart
// for as long as that.
func TestSoak(t *testing.T) {
	t.Parallel()
	slots, each, outage := 10, time.Second, 3*time.Second
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		slots, outage = 600, 20*time.Second
	}
	if text := os.Getenv("CUSTOMHOUSE_SOAK"); text != "" {
		lasts, err := time.ParseDuration(text)
		if err != nil || lasts < 10*time.Minute {
			t.Fatalf("CUSTOMHOUSE_SOAK is a duration of ten minutes at least, not %q", text)
		}
		slots, each, outage = int(lasts/time.Minute), time.Minute, 3*time.Minute
	}
	var down atomic.Bool
	platform := synctest.NewPlatform(synctest.Options{Indexed: true, Faults: func(int) synctest.Fault {
		if down.Load() {
			return synctest.ErrorBefore
		}
		return synctest.None
	}})
	server := httptest.NewServer(platform.Handler())
	defer server.Close()
	dir := t.TempDir()
	report := filepath.Join(t.TempDir(), "report")
	rows := []byte("id\n")
	for i := range 500 {
		rows = fmt.Appendln(rows, i)
	}
	project := strings.NewReplacer(
		"{type: postgres, url: '${env:TEST_POSTGRES}', state: '${env:TEST_POSTGRES}', deliver: true}", "{type: duckdb, path: p.duckdb, deliver: true}",
		"batch_size: 1, concurrency: 1", "batch_size: 50",
	).Replace(serversProject)
	project, _, _ = strings.Cut(project, "schedules:")
	project += "schedules: [{name: all, cron: '@every " + each.String() + "'}]\n"
	for name, text := range map[string][]byte{projectFile: []byte(project), "people.csv": rows} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.CommandContext(t.Context(), "customhouse-soaked", "--project-dir", dir, "serve", "--log-format", "json")
	cmd.Env = append(os.Environ(), "PLATFORM_URL="+server.URL, soakReport+"="+report)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	var store *state.Store
	patience := time.Minute + time.Duration(slots)*3*each
	wait := func(what string, is func() bool) {
		t.Helper()
		for until := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(until) {
				said, _ := os.ReadFile(log.Name())
				t.Fatalf("%s: not within %s\n%s", what, patience, said[max(0, len(said)-4000):])
			}
		}
	}
	wait("it has a state", func() bool {
		place := filepath.Join(dir, ".customhouse", "shared.db")
		if _, err := os.Stat(place); err != nil {
			return false
		}
		store, err = state.Open(t.Context(), state.Options{Place: place, Scope: "p/shared", Now: time.Now})
		return err == nil
	})
	defer store.Close()
	all := func() []state.Slot {
		list, err := store.Slots(t.Context(), "", 10*slots+1000)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	ended := func(status string) (n int) {
		for _, x := range all() {
			if x.Status == status {
				n++
			}
		}
		return n
	}
	// rest is the sizes between two runs.
	reports := 0
	rest := func() sizes {
		t.Helper()
		wait("nothing runs", func() bool {
			return !slices.ContainsFunc(all(), func(x state.Slot) bool { return x.Status == schedule.Running })
		})
		if err := cmd.Process.Signal(syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		reports++
		var s sizes
		wait("it reports", func() bool {
			text, _ := os.ReadFile(report)
			lines := strings.Split(string(text), "\n")
			if len(lines) <= reports {
				return false
			}
			_, err := fmt.Sscan(lines[reports-1], &s.goroutines, &s.heap)
			return err == nil
		})
		s.resident = resident(cmd.Process.Pid)
		return s
	}

	wait("the first runs", func() bool { return ended(schedule.OK) >= slots/5 })
	before := rest()
	wait("half of the runs", func() bool { return ended(schedule.OK) >= slots/2 })
	down.Store(true)
	time.Sleep(outage)
	down.Store(false)
	back := time.Now()
	well := ended(schedule.OK)
	wait("a run after the platform is back", func() bool { return ended(schedule.OK) > well })
	wait("all runs", func() bool { return ended(schedule.OK) >= slots })
	after := rest()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it stopped with %v", err)
	}

	t.Logf("%d slots; goroutines, heap, resident: %v, then %v", len(all()), before, after)
	// A run may begin between the look at the state and the signal; it has some
	// two dozen goroutines.
	if after.goroutines > before.goroutines+40 {
		t.Errorf("%d goroutines became %d", before.goroutines, after.goroutines)
	}
	const slack = 8 << 20
	if after.heap > before.heap+before.heap/4+slack {
		t.Errorf("%d bytes of heap became %d", before.heap, after.heap)
	}
	if after.resident > before.resident+before.resident/3+8*slack {
		t.Errorf("%d resident bytes became %d", before.resident, after.resident)
	}
	recovered := false
	for _, x := range slices.Backward(all()) { // the oldest first
		recovered = recovered || x.Due.After(back) && x.Status == schedule.OK
		if recovered && (x.Late || x.Status == schedule.Failed || x.Status == schedule.Degraded) {
			t.Errorf("after the recovery a slot was late or not well: %+v", x)
		}
	}
	if got := len(platform.Records()); got != 500 {
		t.Errorf("the platform holds %d rows", got)
	}
	if v := platform.Stats().Violations; len(v) > 0 {
		t.Errorf("the platform was misused: %v", v)
	}
}

// resident is the memory of a process that is in use, in bytes, as Linux tells it;
// 0 elsewhere.
func resident(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	pages, _ := strconv.Atoi(strings.Fields(string(text))[1])
	return pages * os.Getpagesize()
}
