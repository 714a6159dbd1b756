//go:build unix

package state_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// toxics are what a proxy does to a connection: its name for it, and how.
var toxics = map[string]struct{ kind, attributes string }{
	"latency":    {"latency", `{"latency": 20, "jitter": 20}`},
	"down":       {"reset_peer", `{"timeout": 1}`},
	"bandwidth":  {"bandwidth", `{"rate": 20}`},
	"slow close": {"slow_close", `{"delay": 30}`},
	"timeout":    {"timeout", `{"timeout": 50}`},
	"reset":      {"reset_peer", `{"timeout": 40}`},
	"slicer":     {"slicer", `{"average_size": 16, "size_variation": 8, "delay": 500}`},
	"limit data": {"limit_data", `{"bytes": 2000}`},
	// Nothing comes through, and nobody is told.
	"silence": {"timeout", `{"timeout": 0}`},
}

// TestNetwork: a network that delays, cuts and limits the connections of a
// holder to PostgreSQL, either way, while it renews its lease and writes to the
// journal, and a rival waits for the lease. Whatever was acknowledged is there,
// nothing is there twice, nothing comes after the rival's; and when the rival
// has the lease, the holder knows that it may not go on.
func TestNetwork(t *testing.T) {
	toxicities, seeds := []float64{1}, 1
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		toxicities, seeds = []float64{0.1, 0.5, 1}, 3
	}
	address := postgrestest.Database(t)
	upstream := newRelay(t, postgrestest.Folder(t)).address
	open(t, state.Options{Place: address, Scope: "s", Now: time.Now}) // The tables are there.
	var acknowledged, failed, lost, runs atomic.Int64
	t.Run("faults", func(t *testing.T) {
		for name := range toxics {
			for _, way := range []string{"upstream", "downstream"} {
				for _, toxicity := range toxicities {
					for seed := range seeds {
						t.Run(fmt.Sprintf("%s %s %v %d", name, way, toxicity, seed+1), func(t *testing.T) {
							t.Parallel()
							h := &harried{T: t, place: address, upstream: upstream}
							h.run(name, way, toxicity)
							runs.Add(1)
							acknowledged.Add(int64(len(h.acknowledged)))
							failed.Add(int64(h.failed))
							if h.lost {
								lost.Add(1)
							}
						})
					}
				}
			}
		}
	})
	t.Logf("%d runs: %d entries were acknowledged, %d were not, %d holders lost their lease", runs.Load(), acknowledged.Load(), failed.Load(), lost.Load())
	if !t.Failed() && (acknowledged.Load() == 0 || failed.Load() == 0 || lost.Load() == 0) {
		t.Error("the faults did nothing, or left nothing")
	}
}

// relay makes the server's socket one of TCP.
type relay struct {
	address string
	// made counts connections; those up to hushed hear and say nothing any more.
	made, hushed atomic.Int64
}

func newRelay(t *testing.T, dir string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	r := &relay{address: l.Addr().String()}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return // closed
			}
			to, err := net.Dial("unix", filepath.Join(dir, ".s.PGSQL.5432"))
			if err != nil {
				_ = from.Close()
				continue
			}
			n := r.made.Add(1)
			go r.pipe(n, from, to)
			go r.pipe(n, to, from)
		}
	}()
	return r
}

// pipe passes on what the n-th connection says.
func (r *relay) pipe(n int64, from, to net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 4096)
	for {
		size, err := from.Read(buffer)
		if err != nil {
			return // Either end may be cut.
		}
		if n > r.hushed.Load() {
			if _, err := to.Write(buffer[:size]); err != nil {
				return
			}
		}
	}
}

// proxied puts a proxy before a server, and returns the address of a database
// behind it.
func proxied(t *testing.T, upstream, place string) (*toxiproxy.Proxy, string) {
	t.Helper()
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "postgres", "127.0.0.1:0", upstream)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	return proxy, through(t, proxy.Listen, place)
}

// through is the address of a database that is reached through another one.
func through(t *testing.T, address, place string) string {
	t.Helper()
	host, port, err1 := net.SplitHostPort(address)
	behind, err2 := url.Parse(place)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	q := behind.Query()
	for key, value := range map[string]string{"host": host, "port": port, "connect_timeout": "5", "sslmode": "disable"} {
		q.Set(key, value)
	}
	behind.RawQuery = q.Encode()
	return behind.String()
}

// poison has a proxy do something to connections, and cure stops that.
func poison(t *testing.T, proxy *toxiproxy.Proxy, kind, way string, toxicity float64, attributes string) {
	t.Helper()
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
		`{"name": "fault", "type": %q, "stream": %q, "toxicity": %v, "attributes": %s}`, kind, way, toxicity, attributes,
	))); err != nil {
		t.Fatal(err)
	}
}

func cure(t *testing.T, proxy *toxiproxy.Proxy) {
	t.Helper()
	if err := proxy.Toxics.RemoveToxic(t.Context(), "fault"); err != nil {
		t.Fatal(err)
	}
}

// TestCutConnection: the connection is cut after every few bytes of what goes to
// PostgreSQL while an entry is written, and of what comes back. An entry that
// was acknowledged is there, one that was not may be, none is there twice; and
// the holder goes on.
func TestCutConnection(t *testing.T) {
	step := 10 // What is said of a commit has 18 bytes.
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		step = 3
	}
	opt := state.Options{Place: postgrestest.Database(t), Scope: "s", Now: time.Now}
	upstream := newRelay(t, postgrestest.Folder(t)).address
	for _, way := range []string{"upstream", "downstream"} {
		t.Run(way, func(t *testing.T) {
			proxy, behind := proxied(t, upstream, opt.Place)
			far := opt
			far.Place = behind
			l := acquire(t, open(t, far), way)
			want, unsure := map[string]int{}, map[string]bool{}
			cuts := 0
			for n := 1; ; n += step {
				poison(t, proxy, "limit_data", way, 1, fmt.Sprintf(`{"bytes": %d}`, n))
				body := fmt.Sprintf("cut after %d bytes", n)
				_, err := l.Append(t.Context(), entry(body))
				cure(t, proxy)
				if want[body] = 1; err == nil {
					break
				}
				cuts++
				unsure[body] = true
				if err := errors.Join(l.Held(), l.Renew(t.Context())); err != nil {
					t.Fatalf("after %d bytes: %v", n, err)
				}
			}
			// The connection may have been cut right behind the last answer.
			for l.Renew(t.Context()) != nil && l.Held() == nil {
			}
			list, err := all(l.Entries(t.Context()))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]int{}
			for _, e := range list {
				got[string(e.Body)]++
			}
			there := 0
			for body := range unsure {
				if there += got[body]; got[body] == 0 {
					delete(want, body)
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("how often entries are there (-want +got):\n%s", d)
			}
			if cuts < 5 || there == 0 && way == "downstream" {
				t.Errorf("%d cuts, after %d of which the entry is there", cuts, there)
			}
			t.Logf("%d cuts, after %d of which the entry is there", cuts, there)
		})
	}
}

// TestSilentConnection: a connection that has died without a word does not cost
// the lease, since the next renewal has another one.
func TestSilentConnection(t *testing.T) {
	opt := state.Options{Place: postgrestest.Database(t), Scope: "s", Now: time.Now, TTL: 12 * time.Second}
	r := newRelay(t, postgrestest.Folder(t))
	opt.Place = through(t, r.address, opt.Place)
	l := acquire(t, open(t, opt), "vip")
	r.hushed.Store(r.made.Load())
	if err := l.Renew(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the renewal that nobody answers: %v", err)
	}
	if err := errors.Join(l.Renew(t.Context()), l.Held()); err != nil {
		t.Error(err)
	}
}

// harried is a holder behind a bad network.
type harried struct {
	*testing.T
	place, upstream string
	// acknowledged are entries that were, failed counts others.
	acknowledged map[string]bool
	failed       int
	lost         bool
}

// entries is how many a holder writes, if it can.
const entries = 12

func (h *harried) run(name, way string, toxicity float64) {
	h.acknowledged = map[string]bool{}
	opt := state.Options{Place: h.place, Scope: "s", Now: time.Now, TTL: 600 * time.Millisecond}
	direct := open(h.T, opt)
	proxy, behind := proxied(h.T, h.upstream, h.place)
	opt.Place = behind
	far := open(h.T, opt)
	lease := strings.ReplaceAll(h.Name(), "/", " ")
	l := acquire(h.T, far, lease)
	poison(h.T, proxy, toxics[name].kind, way, toxicity, toxics[name].attributes)
	var wg sync.WaitGroup
	awake, rest := context.WithCancel(h.Context())
	wg.Go(func() {
		for next := time.NewTicker(l.Every()); ; {
			select {
			case <-next.C:
			case <-awake.Done():
				return
			}
			if _, gone := errors.AsType[*state.LostError](l.Renew(awake)); gone {
				return
			}
		}
	})
	written := make(chan struct{})
	wg.Go(func() {
		defer rest()
		defer close(written)
		h.write(l)
	})
	rival := h.rival(direct, l, lease)
	if _, err := rival.Append(h.Context(), entry(fmt.Sprint(rival.Fence(), " rival"))); err != nil {
		h.Errorf("the rival: %v", err)
	}
	<-written
	wg.Wait()
	cure(h.T, proxy)
	if _, err := l.Append(h.Context(), entry("late")); err == nil {
		h.Error("the holder writes though the rival has the lease")
	}
	h.check(direct, l.Fence(), rival.Fence(), lease)
}

// write writes entries for as long as the lease is held.
func (h *harried) write(l *state.Lease) {
	for i := 0; len(h.acknowledged) < entries; i++ {
		if err := l.Held(); err != nil {
			h.lost = true
			return
		}
		body := fmt.Sprint(l.Fence(), " ", i)
		soon, done := context.WithTimeout(h.Context(), 2*time.Second)
		_, err := l.Append(soon, entry(body))
		done()
		if err == nil {
			h.acknowledged[body] = true
			continue
		}
		h.failed++
	}
}

// rival takes the lease as soon as it is free. Then its holder must know that it
// has lost it, whether it could ask or not.
func (h *harried) rival(direct *state.Store, l *state.Lease, name string) *state.Lease {
	for {
		rival, err := direct.Acquire(h.Context(), name, 0)
		if _, held := errors.AsType[*state.HeldError](err); held {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err != nil {
			h.Fatal(err)
		}
		if l.Held() == nil {
			h.Error("two hold the lease at once")
		}
		return rival
	}
}

// check reads the journal: what was acknowledged is there once, what was not
// once at most, and the rival's comes last.
func (h *harried) check(direct *state.Store, one, other int64, name string) {
	last := acquireAfter(h.T, direct, name)
	list, err := all(last.Entries(h.Context()))
	if err != nil {
		h.Fatal(err)
	}
	times := map[string]int{}
	for i, e := range list {
		body := string(e.Body)
		times[body]++
		if rivals := strings.HasPrefix(body, fmt.Sprint(other, " ")); rivals != (i == len(list)-1) || !rivals && !strings.HasPrefix(body, fmt.Sprint(one, " ")) {
			h.Errorf("entry %d of %d is %q", i+1, len(list), body)
		}
	}
	for body, n := range times {
		if n != 1 {
			h.Errorf("%q is there %d times", body, n)
		}
	}
	for body := range h.acknowledged {
		if times[body] == 0 {
			h.Errorf("%q was acknowledged, and is not there", body)
		}
	}
	h.Logf("%d entries acknowledged, %d not, of which %d are there; lost: %t", len(h.acknowledged), h.failed, len(list)-1-len(h.acknowledged), h.lost)
}

// acquireAfter takes a lease once it has run out.
func acquireAfter(t *testing.T, s *state.Store, name string) *state.Lease {
	t.Helper()
	for {
		l, err := s.Acquire(t.Context(), name, 0)
		if err == nil {
			return l
		}
		if _, held := errors.AsType[*state.HeldError](err); !held {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
