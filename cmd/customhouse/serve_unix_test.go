//go:build unix

package main

import (
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters/postgres/postgrestest"
	"github.com/customhouse-cdp/customhouse/cmd/internal/schedule"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// The project of TestServers: every run sends every row, with the time of the
// run in it.
const serversProject = `
project: {name: p}
targets:
  shared: {type: postgres, url: '${env:TEST_POSTGRES}', state: '${env:TEST_POSTGRES}', deliver: true}
purposes: [{name: service, basis: contract, description: what it is for}]
entities:
  - name: customer
    identifiers: [{name: id}]
sources:
  - name: people
    class: personal
    files: {path: people.csv}
    entity: customer
    identifiers: {id: id}
traits:
  - {name: id, entity: customer, pick: latest, from: people.id}
  - {name: at, entity: customer, value: 'now'}
destinations:
  - {name: platform, allow: [public, internal, personal], type: webhook, url: '${env:PLATFORM_URL}', allow_private: true, batch_size: 1, concurrency: 1}
syncs:
  - name: people
    from: {entity: customer}
    to: {destination: platform, object: people, mode: mirror, key: id}
    fields: {id: id, at: at}
    purpose: service
schedules:
  - {name: all, cron: '@every 4s', overlap: queue}
  - {name: sync, cron: '@every 7s', overlap: queue, select: '+sync:people'}
`

// serversTTL is how long the leases of its processes last.
const serversTTL = 2 * time.Second

// servers are processes that serve one target.
type servers struct {
	*testing.T
	dir   string
	env   []string
	store *state.Store
	list  []*server1
	n     int

	mu sync.Mutex // guards what follows
	// sent are the times of runs, in the order in which the platform heard of them.
	sent []string
	gate chan struct{} // nil, or closed to let requests pass
}

// server1 is one process.
type server1 struct {
	*testing.T
	cmd *exec.Cmd
	log *os.File
	// still says that it was stopped.
	still bool
}

// said is what it has logged.
func (p *server1) said() string {
	p.Helper()
	text, err := os.ReadFile(p.log.Name())
	if err != nil {
		p.Fatal(err)
	}
	return string(text)
}

var sentAt = regexp.MustCompile(`"at":"([^"]+)"`)

// ServeHTTP takes a row, slowly.
func (s *servers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // It was killed while it sent.
	}
	s.mu.Lock()
	gate := s.gate
	for _, m := range sentAt.FindAllSubmatch(body, -1) {
		s.sent = append(s.sent, string(m[1]))
	}
	s.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-r.Context().Done():
		}
	}
	time.Sleep(40 * time.Millisecond)
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, "{}")
}

func (s *servers) start() {
	s.Helper()
	s.n++
	log, err := os.Create(filepath.Join(s.dir, fmt.Sprintf("%d.log", s.n)))
	if err != nil {
		s.Fatal(err)
	}
	defer log.Close()
	p := &server1{T: s.T, log: log}
	p.cmd = exec.Command("customhouse-dying", "--project-dir", s.dir, "serve", "--log-format", "json")
	p.cmd.Env = append(slices.Clone(s.env), passages+"="+filepath.Join(s.TempDir(), "passages"))
	p.cmd.Stderr, p.cmd.Stdout = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.list = append(s.list, p)
}

func (s *servers) signal(p *server1, sig syscall.Signal) {
	s.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		s.Fatal(err)
	}
	p.still = sig == syscall.SIGSTOP
}

// kill ends a process without a word.
func (s *servers) kill(p *server1) {
	s.signal(p, syscall.SIGKILL)
	_ = p.cmd.Wait()
	s.list = slices.DeleteFunc(s.list, func(o *server1) bool { return o == p })
}

// wait waits until something is true of the slots that have not ended.
func (s *servers) wait(what string, is func(now time.Time, open []state.Slot) bool) {
	s.Helper()
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		now, _, open, err := s.store.Glance(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		if is(now, open) {
			return
		}
	}
	s.Fatalf("%s: never", what)
}

// complaints logs what all processes said of what went wrong.
func (s *servers) complaints() {
	s.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, "*.log"))
	if err != nil {
		s.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			s.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if !strings.Contains(line, `"level":"INFO"`) {
				s.Logf("%s: %s", filepath.Base(name), line)
			}
		}
	}
}

// running is the process that runs a slot now, nil where none of the list does.
func (s *servers) running(open []state.Slot) *server1 {
	for _, x := range open {
		for _, p := range s.list {
			if x.Status == schedule.Running && strings.HasSuffix(x.Holder, fmt.Sprintf("/%d", p.cmd.Process.Pid)) {
				return p
			}
		}
	}
	return nil
}

// TestServers: three processes serve one target and are killed, stopped and
// woken at random. No slot is lost, none runs twice at the same time, and the
// one that wakes can neither send nor write.
func TestServers(t *testing.T) {
	t.Parallel()
	rounds := 8
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		rounds = 200
	}
	database := postgrestest.New(t).Database(t, "")
	s := &servers{T: t, dir: t.TempDir()}
	platform := httptest.NewServer(s)
	defer platform.Close()
	s.env = append(os.Environ(), "TEST_POSTGRES="+database, "PLATFORM_URL="+platform.URL, leaseTTL+"="+serversTTL.String(), pollEvery+"=200ms")
	for name, text := range map[string]string{projectFile: serversProject, "people.csv": "id\n1\n2\n3\n4\n"} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if s.store, err = state.Open(t.Context(), state.Options{Place: database, Scope: "p/shared", Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	defer s.store.Close()
	defer func() {
		if t.Failed() {
			s.complaints()
		}
		for _, p := range s.list {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	}()
	for range 3 {
		s.start()
	}
	s.wake()

	r := seeded(t)
	for range rounds {
		p := s.list[r.IntN(len(s.list))]
		time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
		switch {
		case p.still:
			s.signal(p, syscall.SIGCONT)
		case r.IntN(2) == 0:
			s.signal(p, syscall.SIGSTOP)
		default:
			s.kill(p)
			s.start()
		}
		s.wakeOne(r)
	}
	for _, p := range s.list {
		if p.still {
			s.signal(p, syscall.SIGCONT)
		}
	}
	s.wait("everything that is due has run", func(now time.Time, open []state.Slot) bool {
		return !slices.ContainsFunc(open, func(x state.Slot) bool { return now.Sub(x.Due) > 10*time.Second })
	})
	for _, p := range s.list {
		s.wait("it serves", func(time.Time, []state.Slot) bool { return strings.Contains(p.said(), `"msg":"serving"`) })
		s.wait("it reads the project again", func(time.Time, []state.Slot) bool {
			s.signal(p, syscall.SIGHUP)
			time.Sleep(50 * time.Millisecond)
			return strings.Contains(p.said(), `"msg":"the project was read again"`)
		})
	}
	for _, p := range s.list {
		s.signal(p, syscall.SIGTERM)
	}
	for _, p := range s.list {
		if err := p.cmd.Wait(); err != nil || !strings.Contains(p.said(), `"msg":"stopped"`) {
			t.Errorf("a process that was to stop: %v\n%s", err, p.said())
		}
	}
	s.list = nil
	s.check(rounds)
}

// wake has the process that runs something stand still until another one has
// taken over, and then wakes it: what it has to say is refused.
func (s *servers) wake() {
	s.Helper()
	gate := make(chan struct{})
	s.mu.Lock()
	s.gate = gate
	s.mu.Unlock()
	var p *server1
	s.wait("a process sends", func(_ time.Time, open []state.Slot) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		p = s.running(open)
		return p != nil && len(s.sent) > 0
	})
	s.signal(p, syscall.SIGSTOP)
	s.mu.Lock()
	s.gate = nil
	s.mu.Unlock()
	close(gate)
	stopped := time.Now()
	s.wait("another takes over", func(_ time.Time, open []state.Slot) bool {
		other := s.running(open)
		return other != nil && other != p
	})
	s.Logf("another process took over after %s", time.Since(stopped).Round(time.Millisecond))
	s.signal(p, syscall.SIGCONT)
	s.wait("the one that wakes hears of it", func(time.Time, []state.Slot) bool { return strings.Contains(p.said(), `"what":"lost`) })
}

// wakeOne keeps at least one process awake.
func (s *servers) wakeOne(r *rand.Rand) {
	if slices.ContainsFunc(s.list, func(p *server1) bool { return !p.still }) {
		return
	}
	s.signal(s.list[r.IntN(len(s.list))], syscall.SIGCONT)
}

// check looks at what became of the slots, and at what the platform heard.
func (s *servers) check(rounds int) {
	s.Helper()
	over := 0
	for name, every := range map[string]time.Duration{"all": 4 * time.Second, "sync": 7 * time.Second} {
		list, err := s.store.Slots(s.Context(), name, 1_000_000)
		if err != nil {
			s.Fatal(err)
		}
		slices.SortFunc(list, func(a, b state.Slot) int { return a.Due.Compare(b.Due) })
		if len(list) < rounds/8+1 {
			s.Errorf("%s has %d slots", name, len(list))
		}
		for i, x := range list {
			if i > 0 && x.Due.Sub(list[i-1].Due) != every {
				s.Errorf("%s: after the slot of %s comes that of %s", name, list[i-1].Due, x.Due)
			}
			// When they were stopped some had yet to run, or to be taken over.
			waits := x.Ended.IsZero() && list[len(list)-1].Due.Sub(x.Due) < 15*time.Second
			if x.Status != schedule.OK && !waits {
				s.Errorf("%s: the slot of %s is %s: %s", name, x.Due, x.Status, x.Reason)
			}
			if x.Attempts > 1 {
				over++
			}
			// Of one turn after the other: a later slot was taken under no earlier turn.
			if i > 0 && x.Status == schedule.OK && list[i-1].Status == schedule.OK && cmp.Compare(x.Fence, list[i-1].Fence) <= 0 {
				s.Errorf("%s: the slot of %s ended under turn %d, the one before under %d", name, x.Due, x.Fence, list[i-1].Fence)
			}
		}
		s.Logf("%s: %d slots", name, len(list))
	}
	if over == 0 {
		s.Error("no slot was ever taken over")
	}
	// Once a later run has begun to send, nothing of an earlier one comes any more.
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, at := range s.sent {
		if i > 0 && at < s.sent[i-1] {
			s.Errorf("the platform heard of the run of %s after that of %s", at, s.sent[i-1])
		}
	}
	s.Logf("%d slots were taken over, and the platform took %d rows", over, len(s.sent))
}
