//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// side is the other side of a sync of TestKilled: a platform, and what it should
// hold.
type side struct {
	// events says that it keeps events.
	events bool
	// holds is what is there, fields by key, and times how often each event came.
	holds func() map[string]string
	times func() map[string]int
	// taken counts the operations that the platform took, and lists breaches of
	// the protocol.
	taken func() (int, []string)
	// refuses is true of rows that it refuses, whatever is asked of them.
	refuses func(key string) bool
	// leaves says that rows are taken away.
	leaves bool
	// again is how many operations a kill may have sent again at most.
	again int
	// want is what it should hold; nil where nobody can know, of events that are
	// not known by their keys. noted are rows that were refused: they are due
	// whatever they are next.
	want  map[string]string
	noted map[string]bool
}

// objects are those of the syncs that deliver to platforms.
var objects = map[string]string{"mirror": "people", "upsert": "people", "keyed": "orders", "once": "events", "jobs": "records"}

// chance has a fault befall a sixth of the requests while requests may fail.
func (c *crash) chance(r *rand.Rand, faults ...synctest.Fault) synctest.Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.faulty || r.IntN(6) > 0 {
		return synctest.None
	}
	return faults[r.IntN(len(faults))]
}

// passing are faults after which nothing is sent again that was taken: where a
// part of a batch is taken, that is without regard to the idempotency key.
func passing() []synctest.Fault {
	return slices.DeleteFunc(synctest.Passing(), func(f synctest.Fault) bool { return f == synctest.Partial })
}

// before are those of which the platform certainly took nothing.
var before = []synctest.Fault{synctest.TooMany, synctest.ErrorBefore, synctest.ResetBefore, synctest.Page}

// serve serves a platform and returns its address.
func (c *crash) serve(h http.Handler) string {
	server := httptest.NewServer(h)
	c.Cleanup(server.Close)
	return server.URL
}

// webhook serves a Platform, and returns its destination in YAML.
func (c *crash) webhook(sync string, o synctest.Options, more string) (*side, string) {
	o.RetryAfter = func() string { return "0" }
	p := synctest.NewPlatform(o)
	s := &side{
		holds: p.Records, again: crashWorkers * crashBatch, want: map[string]string{}, noted: map[string]bool{},
		taken: func() (int, []string) {
			s := p.Stats()
			return s.Upserts + s.Removes, s.Violations
		},
		times: func() map[string]int {
			times := map[string]int{}
			for _, e := range p.Events() {
				times[e.Key]++
			}
			return times
		},
	}
	c.sides[sync] = s
	return s, fmt.Sprintf("  - {name: %s, type: webhook, url: '%s', allow_private: true, batch_size: %d, concurrency: %d%s}\n",
		sync, c.serve(p.Handler()), crashBatch, crashWorkers, more)
}

// vendor serves a Vendor with jobs, and returns its destination in YAML.
func (c *crash) vendor(sync string, o synctest.VendorOptions) (*side, string) {
	o.RetryAfter, o.Polls, o.Page = func() string { return "0" }, 1, 3
	v := synctest.NewVendor(o)
	s := &side{
		holds: v.Rows, times: v.Events, again: crashWorkers * crashBatch, want: map[string]string{}, noted: map[string]bool{}, refuses: o.Poison,
		taken: func() (int, []string) {
			s := v.Stats()
			return s.Upserts + s.Removes, s.Violations
		},
	}
	c.sides[sync] = s
	refresh := ""
	if o.TokenUses > 0 {
		refresh = ", refresh: '${env:SYNCTEST_REFRESH}'"
	}
	return s, fmt.Sprintf("  - {name: %s, type: vendor, url: '%s', style: %d, object: %s%s}\n",
		sync, c.serve(v.Handler()), o.Style, o.Object, refresh)
}

// records makes platforms that hold records and answer at once, and returns
// what the project says of them.
func (c *crash) records(seed uint64) string {
	poisoned := func(op synctest.Operation) bool { return bytes.Contains(op.Fields, []byte(`"`+poison)) }
	one, other := rand.New(rand.NewPCG(seed, 6)), rand.New(rand.NewPCG(seed, 7))
	mirror, first := c.webhook("mirror", synctest.Options{
		Indexed: true, Poison: poisoned, Faults: func(int) synctest.Fault { return c.chance(one, passing()...) },
	}, "")
	mirror.leaves = true
	// A batch that is refused as a whole must not have been taken in part.
	_, second := c.webhook("upsert", synctest.Options{
		Poison: poisoned, Faults: func(int) synctest.Fault { return c.chance(other, before...) },
	}, "")
	return "destinations:\n" + first + second + `  - {name: files, type: files, path: out, layout: snapshot}
syncs:
  - name: mirror
    from: {segment: active}
    to: {destination: mirror, object: people, mode: mirror, key: id}
    fields: {id: id, name: name}
    purpose: service
  - name: upsert
    from: {segment: active}
    to: {destination: upsert, object: people, mode: upsert, key: id}
    fields: {id: id, name: name}
    purpose: service
  - name: files
    from: {segment: active}
    to: {destination: files, object: people, mode: mirror, key: id}
    fields: {id: id, name: name}
    purpose: service
`
}

// appends makes platforms that keep events, known by their keys and not, and one
// that takes records in jobs; it returns what the project says of them.
func (c *crash) appends(seed uint64) string {
	r := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }
	ofKeyed, ofOnce, ofJobs, fates := r(8), r(9), r(10), r(11)
	keyed, first := c.webhook("keyed", synctest.Options{
		Indexed: true, EventKeys: true, Faults: func(int) synctest.Fault { return c.chance(ofKeyed, passing()...) },
	}, ", results: indexed, event_keys: true")
	keyed.events = true
	fate := func(int) synctest.Fate {
		if c.chance(fates, synctest.ErrorBefore) != synctest.None {
			return synctest.Fails
		}
		return synctest.Ends
	}
	// lost counts faults: each can leave a request of events in doubt.
	lost := func(f synctest.Fault) synctest.Fault {
		c.mu.Lock()
		defer c.mu.Unlock()
		if f != synctest.None {
			c.lost++
		}
		return f
	}
	var once *side
	var second string
	if seed%4 < 2 {
		once, second = c.webhook("once", synctest.Options{
			Indexed: true, Faults: func(int) synctest.Fault { return lost(c.chance(ofOnce, synctest.Passing()...)) },
		}, ", results: indexed")
	} else {
		once, second = c.vendor("once", synctest.VendorOptions{
			Style: synctest.ResultFile, Object: synctest.Events,
			Fate: func(n int) synctest.Fate {
				f := fate(n)
				if f == synctest.Fails {
					lost(synctest.ErrorBefore)
				}
				return f
			},
			Faults: func(int, *http.Request) synctest.Fault { return lost(c.chance(ofOnce, passing()...)) },
		})
	}
	once.events, once.want = true, nil
	style := []synctest.Style{synctest.ResultFile, synctest.JobErrors}[c.r.IntN(2)]
	jobs, third := c.vendor("jobs", synctest.VendorOptions{
		Style: style, Object: synctest.Records, Fate: fate, TokenUses: 9,
		Poison: func(key string) bool { return strings.HasSuffix(key, "7") },
		Faults: func(_ int, r *http.Request) synctest.Fault {
			switch r.URL.Path {
			case "/token":
				return synctest.None // It is asked for a few times only.
			case "/rows":
				return c.chance(ofJobs, before...) // A job that nobody heard of has its effect.
			}
			return c.chance(ofJobs, passing()...)
		},
	})
	if jobs.leaves = true; style == synctest.ResultFile {
		jobs.again = 0 // A job is known before it has its rows.
	}
	return `  - name: orders
    class: public
    files: {path: orders.csv}
    entity: customer
    events: true
    time: at
    identifiers: {user_id: who}
    columns: {id: string, amount: int}
destinations:
` + first + second + third + `syncs:
  - name: keyed
    from: {source: orders}
    to: {destination: keyed, object: orders, mode: append, key: id}
    fields: {id: orders.id, amount: orders.amount}
    purpose: service
  - name: once
    from: {source: orders}
    to: {destination: once, object: events, mode: append, key: id}
    fields: {id: orders.id, amount: orders.amount}
    purpose: service
  - name: jobs
    from: {segment: active}
    to: {destination: jobs, object: records, mode: mirror, key: id}
    fields: {id: id, name: name}
    purpose: service
`
}

// expect brings what is wanted up to date, and returns how many operations that
// takes.
func (s *side) expect(c *crash) (due int) {
	if s.events {
		for id, fields := range c.orders {
			if _, ok := s.want[id]; !ok {
				s.want[id] = fields
				due++
			}
		}
		return due
	}
	for id, p := range c.people {
		now := fmt.Sprintf(`{"id":%q,"name":%q}`, id, p.name)
		_, known := s.want[id]
		noted := s.noted[id]
		switch {
		case s.refuses != nil && s.refuses(id):
			s.noted[id] = noted || p.active
		case s.refuses == nil && p.active && strings.HasPrefix(p.name, poison):
			s.noted[id] = true // What is there stays.
		case p.active && (s.want[id] != now || noted):
			s.want[id], s.noted[id] = now, false
			due++
		case !p.active && (known || noted) && s.leaves:
			delete(s.want, id)
			delete(s.noted, id)
			due++
		}
	}
	return due
}

// state is what is there, of events those that came.
func (s *side) state(c *crash) map[string]string {
	if !s.events {
		return s.holds()
	}
	got := map[string]string{}
	for id, n := range s.times() {
		got[id] = c.orders[id]
		if n != 1 {
			got[id] = fmt.Sprintf("%d times", n)
		}
	}
	return got
}

// checkDoubt checks events that a platform does not know by their keys. Each is
// acknowledged, or in doubt and known to be; none came twice but for those that
// somebody asked for. A run that is cut short leaves in doubt what its workers
// were sending.
func (c *crash) checkDoubt(sync string, s *side, ledger map[string]string, pending map[string]bool) {
	unknown := map[string]bool{}
	for _, row := range c.rows("SELECT key, origin FROM " + duckdb.FileCatalog + ".customhouse.sync_rejections WHERE sync = '" + sync + "'") {
		if unknown[row[0]] = true; row[1] != "unknown" {
			c.Errorf("%s: %s is %s", sync, row[0], row[1])
		}
	}
	times := s.times()
	for id := range c.orders {
		_, known := ledger[id]
		n := times[id] - c.asked[id]
		switch {
		case known == unknown[id]:
			c.Errorf("%s: %s is acknowledged: %t, in doubt: %t", sync, id, known, unknown[id])
		case known && n != 1, unknown[id] && n != 0 && n != 1:
			c.Errorf("%s: %s came %d times, and again %d times since somebody asked; acknowledged: %t", sync, id, times[id], c.asked[id], known)
		}
	}
	for id := range times {
		if c.orders[id] == "" {
			c.Errorf("%s: there is no event %s", sync, id)
		}
	}
	if len(pending)+len(unknown) > 0 {
		if d := gocmp.Diff(unknown, pending); d != "" {
			c.Errorf("%s: what is noted (-in doubt +noted):\n%s", sync, d)
		}
	}
	anew := 0
	for id := range unknown {
		if !c.doubt[id] {
			anew++
		}
	}
	c.doubt = unknown
	c.mu.Lock()
	defer c.mu.Unlock()
	if limit := (c.cut*crashWorkers + c.lost) * crashBatch; anew > limit {
		c.Errorf("%s: %d events came to be in doubt, want at most %d after %d runs that were cut short and %d faults", sync, anew, limit, c.cut, c.lost)
	}
	c.cut, c.lost = 0, 0
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	c.inDoubt += anew
	c.mostDoubt = max(c.mostDoubt, anew)
}

// sure checks after runs that nothing could bring in doubt.
func (c *crash) sure(check func()) {
	before := len(c.doubt)
	if check(); len(c.doubt) > before {
		c.Errorf("%d events came to be in doubt, and nothing was killed or failed", len(c.doubt)-before)
	}
}

// ask has what is in doubt sent again: whoever asks for it may double it.
func (c *crash) ask() {
	c.mu.Lock()
	c.faulty = false
	c.mu.Unlock()
	there := c.sides["once"].times()
	for id := range c.doubt {
		c.asked[id] = there[id]
	}
	cmd, out := c.command([]string{"sync", "retry", "--select", "sync:once"})
	if e := c.wait(cmd, out, time.Now()); e.code != 0 || e.killed {
		c.Fatalf("retrying what is in doubt failed with exit code %d:\n%s", e.code, e.out)
	}
	if c.check(); len(c.doubt) > 0 {
		c.Errorf("%d events are in doubt after they were sent again", len(c.doubt))
	}
}
