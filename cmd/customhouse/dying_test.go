package main

import (
	"encoding/json"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
)

// The variables of a child that is to die; see dying.
const (
	diesAt    = "CUSTOMHOUSE_TEST_DIES_AT"    // the name of a point
	diesTimes = "CUSTOMHOUSE_TEST_DIES_TIMES" // at which passage of it
	passages  = "CUSTOMHOUSE_TEST_PASSAGES"   // the file to write the passages of all points to
	leaseTTL  = "CUSTOMHOUSE_TEST_LEASE"      // how long its leases last
	flushRows = "CUSTOMHOUSE_TEST_FLUSH_ROWS"
)

// dying is the command line in a process that kills itself at a point, with a
// signal that nothing can handle.
func dying() {
	var mu sync.Mutex
	seen := map[string]int{}
	leave := func() {
		text, err := json.Marshal(seen)
		if err == nil {
			err = os.WriteFile(os.Getenv(passages), text, 0o600)
		}
		if err != nil {
			panic(err)
		}
	}
	times, _ := strconv.Atoi(os.Getenv(diesTimes))
	rows, _ := strconv.Atoi(os.Getenv(flushRows))
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: time.Now, env: os.LookupEnv}
	if text := os.Getenv(leaseTTL); text != "" {
		a.leaseTTL, _ = time.ParseDuration(text)
	}
	reached := func(point string) {
		mu.Lock()
		defer mu.Unlock()
		seen[point]++
		if point == os.Getenv(diesAt) && seen[point] == times {
			leave()
			self, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = self.Kill()
			}
			if err != nil {
				panic(err)
			}
			select {} // until it arrives
		}
	}
	a.tune = func(o *run.Options) {
		o.Reached = reached
		d := &o.Delivery
		d.Reached, d.FlushRows = reached, rows
		d.Backoff, d.MaxBackoff, d.Attempts = time.Millisecond, 8*time.Millisecond, 50
	}
	code := a.main(os.Args[1:])
	mu.Lock()
	leave()
	os.Exit(code)
}
