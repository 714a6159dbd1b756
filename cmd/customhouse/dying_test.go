package main

import (
	"encoding/json"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// The variables of a child that is to die; see dying.
const (
	diesAt    = "CUSTOMHOUSE_TEST_DIES_AT"    // the name of a point
	diesTimes = "CUSTOMHOUSE_TEST_DIES_TIMES" // at which passage of it
	passages  = "CUSTOMHOUSE_TEST_PASSAGES"   // the file to write the passages of all points to
	leaseTTL  = "CUSTOMHOUSE_TEST_LEASE"      // how long its leases last
	pollEvery = "CUSTOMHOUSE_TEST_POLL"       // how often serve looks at its state
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
	destinationKinds = append(destinationKinds, destination("vendor", func() *vendorConfig { return &vendorConfig{} }, newVendor))
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: time.Now, env: os.LookupEnv}
	if text := os.Getenv(leaseTTL); text != "" {
		a.leaseTTL, _ = time.ParseDuration(text)
	}
	if text := os.Getenv(pollEvery); text != "" {
		a.poll, _ = time.ParseDuration(text)
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
		d.Poll, d.MaxPoll = time.Millisecond, 8*time.Millisecond
	}
	code := a.main(os.Args[1:])
	mu.Lock()
	leave()
	os.Exit(code)
}

// vendorConfig is what a project says of a synctest.Vendor.
type vendorConfig struct {
	URL    string `yaml:"url,required" doc:"Where it is served."`
	Style  int    `yaml:"style,required" doc:"How it answers, a synctest.Style."`
	Object string `yaml:"object,required" doc:"What it keeps, a synctest.Object."`
	// Refresh is given where it asks for tokens.
	Refresh secret.Ref `yaml:"refresh" doc:"Reference to what the first token is asked for with."`
}

func newVendor(c *vendorConfig) syncs.Destination {
	return synctest.Connector{
		URL: c.URL, Style: synctest.Style(c.Style), Object: synctest.Object(c.Object), Tokens: !c.Refresh.IsZero(),
		Rows: crashBatch, Requests: crashWorkers,
	}.New()
}

// A request to a platform has this many rows at most, and so many are on their
// way at once.
const (
	crashBatch   = 4
	crashWorkers = 2
)
