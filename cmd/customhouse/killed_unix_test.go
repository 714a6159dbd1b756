//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/cmd/internal/audit"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/models/audience"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// points are where a process may be killed: those of every run, of one that
// publishes files or sends records, and of one that appends events, waits for
// jobs or has tokens replaced.
var points = map[kind][]string{
	anything: {
		"begin", "begun", "build", "commit", "committed", "take", "leased", "taken",
		"recover", "recover loaded", "recovered", "recover cleared",
		"compare", "compared", "refuse", "refused", "note", "noted",
		"read", "encode", "encoded", "send", "answered", "journal", "journaled",
		"record", "record loaded", "recorded", "cleared",
		"settle", "settled", "release", "released", "finish", "finished",
	},
	records: {"staged", "publish", "published"},
	events: {
		"mark", "marked", "unnote", "unnoted", "save job", "saved job", "poll", "polled", "forget jobs", "forgot jobs", "keep token", "kept token",
	},
}

// brief are the points of a lease that is renewed so often that a short run
// comes to them; on a busy machine it may then run out.
var brief = []string{"renew", "renewed"}

// elsewhere are points of replacements, which no project of TestKilled has: the
// tests of destinations that can replace an audience end runs in the midst of one.
var elsewhere = []string{"replace", "replaced"}

// acknowledging are points at which a process that dies leaves outcomes in the
// journal, or may do so: the run after it comes to those of recovery.
var acknowledging = []string{"journaled", "record", "record loaded", "recorded"}

// kind is what a project delivers.
type kind int

const (
	anything kind = iota
	// records go to platforms that answer at once, and to files.
	records
	// events are appended, and records go to a platform that answers later.
	events
)

// somebody is a row of the source.
type somebody struct {
	name   string
	active bool
}

// poison begins the names that platforms refuse.
const poison = "bad"

// crash is a project, what it delivers to, and what should be there.
type crash struct {
	*testing.T
	kind   kind
	r      *rand.Rand
	dir    string
	people map[string]somebody
	// orders are events, with the fields that are sent of them.
	orders map[string]string
	sides  map[string]*side
	// doubt are events that nobody knows to have arrived, as of the last check.
	doubt map[string]bool
	// asked are how often events were there that somebody asked to be sent again.
	asked map[string]int
	mu    sync.Mutex // guards what follows
	// faulty says that requests may fail.
	faulty bool
	// cut are the runs since the last check that came to no good end, and lost the
	// requests with events that a fault befell.
	cut, lost int
	// most is how often a point was passed in one run at most.
	most map[string]int
	// story is what happened in the last round.
	story []string
	*tally
}

// tally counts over all projects.
type tally struct {
	mu                                           sync.Mutex
	kills, atPoint, atRandom, second, stops      int
	operations, repeated, most, recoveries, runs int
	inDoubt, mostDoubt, resumed                  int
	points                                       map[string]int
	// decks are the points that are to come.
	decks   map[kind][]string
	shuffle *rand.Rand
}

func newCrash(t *testing.T, seed uint64, what kind, sum *tally) *crash {
	t.Helper()
	c := &crash{
		T: t, kind: what, r: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir(), people: map[string]somebody{}, orders: map[string]string{},
		sides: map[string]*side{}, doubt: map[string]bool{}, asked: map[string]int{}, most: map[string]int{}, tally: sum,
	}
	project := map[kind]func(uint64) string{records: c.records, events: c.appends}[what](seed)
	write(t, filepath.Join(c.dir, "customhouse.yaml"), `
project: {name: p}
targets:
  local: {type: duckdb, path: p.duckdb, deliver: true, threads: 1}
entities:
  - name: customer
    identifiers: [{name: user_id, limit: 1}]
traits:
  - {name: id, entity: customer, pick: latest, from: people.user_id}
  - {name: name, entity: customer, pick: latest, from: people.name}
  - {name: active, entity: customer, pick: latest, from: people.active}
segments:
  - {name: active, entity: customer, when: 'active == true'}
purposes: [{name: service, basis: contract, description: what it is for}]
sources:
  - name: people
    class: public
    files: {path: people.csv}
    entity: customer
    identifiers: {user_id: id}
    columns: {name: string, active: bool}
`+project)
	for i := range 20 + c.r.IntN(20) {
		c.people[fmt.Sprintf("u%d", i)] = somebody{name: c.name(), active: i == 0 || c.r.IntN(3) > 0}
	}
	c.order(20)
	c.write()
	return c
}

// order makes orders.
func (c *crash) order(n int) {
	for range n {
		id := fmt.Sprintf("o%d", len(c.orders))
		c.orders[id] = fmt.Sprintf(`{"id":%q,"amount":%d}`, id, c.r.IntN(1000))
	}
}

func (c *crash) name() string {
	prefix := ""
	if c.r.IntN(20) == 0 {
		prefix = poison
	}
	return fmt.Sprintf("%sn%d", prefix, c.r.IntN(1000))
}

// change changes people at random, and forgets nobody: who leaves is inactive.
// After a kill nobody leaves and nobody is refused: what a run that was killed
// may or may not have put there would stay.
func (c *crash) change(killed bool) {
	share := []int{2, 10, 50, 100}[c.r.IntN(4)]
	for _, id := range slices.Sorted(maps.Keys(c.people)) {
		p := c.people[id]
		if c.r.IntN(100) < share {
			p.name = c.name()
		}
		if id != "u0" && c.r.IntN(100) < share/2 && (!killed || !p.active) {
			p.active = !p.active
		}
		if killed && p != c.people[id] {
			p.name = strings.TrimPrefix(p.name, poison)
		}
		c.people[id] = p
	}
	for range c.r.IntN(4) {
		c.people[fmt.Sprintf("u%d", len(c.people))] = somebody{name: strings.TrimPrefix(c.name(), poison), active: true}
	}
	c.order([]int{0, 3, 12, 25}[c.r.IntN(4)])
	c.write()
}

func (c *crash) write() {
	var b strings.Builder
	b.WriteString("id,name,active\n")
	for _, id := range slices.Sorted(maps.Keys(c.people)) {
		fmt.Fprintf(&b, "%s,%s,%t\n", id, c.people[id].name, c.people[id].active)
	}
	write(c.T, filepath.Join(c.dir, "people.csv"), b.String())
	b.Reset()
	b.WriteString("id,who,amount,at\n")
	for n, id := range slices.Sorted(maps.Keys(c.orders)) {
		amount := strings.TrimSuffix(c.orders[id][strings.LastIndexByte(c.orders[id], ':')+1:], "}")
		fmt.Fprintf(&b, "%s,u%d,%s,2026-01-02 03:04:05\n", id, n%20, amount)
	}
	write(c.T, filepath.Join(c.dir, "orders.csv"), b.String())
}

// tell adds to the story of the round.
func (c *crash) tell(format string, args ...any) {
	c.story = append(c.story, fmt.Sprintf(format, args...))
}

// expect brings what should be there up to date, and returns how many
// operations that takes of each.
func (c *crash) expect() map[string]int {
	due := map[string]int{}
	for sync, s := range c.sides {
		if s.want != nil {
			due[sync] = s.expect(c)
		}
	}
	return due
}

// taken is how many operations the platforms took.
func (c *crash) taken() map[string]int {
	n := map[string]int{}
	for sync, s := range c.sides {
		var violations []string
		if n[sync], violations = s.taken(); len(violations) > 0 {
			c.Fatalf("%s: breaches of the protocol: %q", sync, violations)
		}
	}
	return n
}

// end is what became of a child.
type end struct {
	killed bool
	code   int
	out    string
	took   time.Duration
}

// start starts a child that runs the project.
func (c *crash) start(env ...string) (*exec.Cmd, *bytes.Buffer) {
	return c.command([]string{"run"}, env...)
}

// command starts a child.
func (c *crash) command(args []string, env ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.CommandContext(c.Context(), "customhouse-dying", append([]string{"--project-dir", c.dir}, args...)...)
	cmd.Env = append(append(os.Environ(), env...), passages+"="+filepath.Join(c.dir, "passages"), "SYNCTEST_REFRESH="+synctest.Canary)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		c.Fatal(err)
	}
	return cmd, &out
}

// wait waits for a child.
func (c *crash) wait(cmd *exec.Cmd, out *bytes.Buffer, begun time.Time) end {
	err := cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		c.Fatal(err)
	} else if ok && exit.Sys().(syscall.WaitStatus).Signaled() {
		return end{killed: true, out: out.String(), took: time.Since(begun)}
	}
	return end{code: cmd.ProcessState.ExitCode(), out: out.String(), took: time.Since(begun)}
}

// learn remembers how often points were passed.
func (c *crash) learn() {
	text, err := os.ReadFile(filepath.Join(c.dir, "passages"))
	if err != nil {
		return // killed from outside
	}
	seen := map[string]int{}
	if err := json.Unmarshal(text, &seen); err != nil {
		c.Fatal(err)
	}
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	for point, n := range seen {
		c.most[point] = max(c.most[point], n)
		c.points[point] += 0
	}
}

// kill starts a child that dies at a point, or at any time where there is none,
// and says whether it did.
func (c *crash) kill(flush, point string) bool {
	begun := time.Now()
	if point == "" {
		cmd, out := c.start(flush)
		after := time.Duration(c.r.IntN(400)) * time.Millisecond
		timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		e := c.wait(cmd, out, begun)
		timer.Stop()
		c.tell("killed after %s: %t\n%s", after, e.killed, e.out)
		return c.count(e, "")
	}
	times := 1 + c.r.IntN(min(25, max(1, c.most[point])))
	env := []string{flush, diesAt + "=" + point, diesTimes + "=" + strconv.Itoa(times)}
	if slices.Contains(brief, point) {
		env = append(env, leaseTTL+"=180ms")
	}
	cmd, out := c.start(env...)
	e := c.wait(cmd, out, begun)
	c.learn()
	c.tell("killed at %s %d: %t\n%s", point, times, e.killed, e.out)
	return c.count(e, point)
}

// next is the next point to die at, each as often as the others; "" is any time.
func (c *crash) next() string {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	if len(c.decks[c.kind]) == 0 {
		deck := slices.Concat(points[anything], points[c.kind], brief)
		deck = append(deck, make([]string, len(deck)/5)...)
		c.shuffle.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		c.decks[c.kind] = deck
	}
	point := c.decks[c.kind][0]
	c.decks[c.kind] = c.decks[c.kind][1:]
	return point
}

// count says whether a child was killed.
func (c *crash) count(e end, point string) bool {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	c.runs++
	if e.killed || e.code != 0 {
		c.cut++
	}
	if !e.killed {
		if e.code != 0 && (!slices.Contains(brief, point) || !strings.Contains(e.out, ranOut)) {
			c.Fatalf("a run that was not killed failed:\n%s", e.out)
		}
		return false
	}
	c.kills++
	if point == "" {
		c.atRandom++
	} else {
		c.atPoint++
		c.points[point]++
	}
	return true
}

// ranOut is said by a process that was kept from renewing its lease.
const ranOut = "another may use"

// finish runs until the command succeeds. Nothing but a busy machine, on which
// a lease runs out, may make it fail.
func (c *crash) finish(env ...string) {
	for range 5 {
		cmd, out := c.start(env...)
		e := c.wait(cmd, out, time.Now())
		c.learn()
		c.tell("run to the end: exit code %d\n%s", e.code, e.out)
		if e.code == 0 {
			c.tally.mu.Lock()
			c.runs++
			if strings.Contains(e.out, "took over") {
				c.recoveries++
			}
			if strings.Contains(e.out, "that the destination was given at") {
				c.resumed++
			}
			c.tally.mu.Unlock()
			return
		}
		if !strings.Contains(e.out, ranOut) {
			c.Fatalf("the run after a kill failed with exit code %d:\n%s", e.code, e.out)
		}
		c.cut++
	}
	c.Fatal("no run succeeds")
}

// rows reads the project's warehouse.
func (c *crash) rows(query string) [][]string {
	ctx := context.Background()
	driver, err := duckdb.Open(ctx, duckdb.Config{Path: filepath.Join(c.dir, "p.duckdb"), Threads: 1}, c.dir)
	if err != nil {
		c.Fatal(err)
	}
	defer driver.Close()
	rows, err := driver.Query(ctx, query)
	if err != nil {
		c.Fatal(err)
	}
	defer rows.Close()
	var all [][]string
	dest := make([]any, len(rows.Columns()))
	for {
		if err := rows.Next(dest); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			c.Fatal(err)
		}
		var row []string
		for _, v := range dest {
			row = append(row, fmt.Sprint(v))
		}
		all = append(all, row)
	}
}

// check holds platforms, ledger, log, journal and files against what should be.
func (c *crash) check() {
	schema := duckdb.FileCatalog + ".customhouse."
	ledger := map[string]map[string]string{}
	for _, row := range c.rows("SELECT sync, key, coalesce(sent, '') FROM " + schema + "sync_ledger") {
		if ledger[row[0]] == nil {
			ledger[row[0]] = map[string]string{}
		}
		if s := c.sides[row[0]]; s != nil && s.events {
			ledger[row[0]][row[1]] = c.orders[row[1]] // Of an event the ledger knows the key.
			continue
		}
		values, err := audience.Sent(row[2])
		if err != nil || len(values) != 2 {
			c.Fatalf("the ledger has %q: %v", row, err)
		}
		ledger[row[0]][row[1]] = fmt.Sprintf(`{"id":%q,"name":%q}`, *values[0].Text, *values[1].Text)
	}
	pending := map[string]map[string]bool{}
	for _, row := range c.rows("SELECT sync, key FROM " + schema + "sync_pending") {
		if pending[row[0]] == nil {
			pending[row[0]] = map[string]bool{}
		}
		pending[row[0]][row[1]] = true
	}
	noted := map[string]map[string]bool{}
	for sync, s := range c.sides {
		if s.want == nil {
			c.checkDoubt(sync, s, ledger[sync], pending[sync])
			delete(pending, sync)
			continue
		}
		if d := gocmp.Diff(s.want, s.state(c)); d != "" {
			c.Errorf("%s: what the platform holds (-want +got):\n%s", sync, d)
		}
		if d := gocmp.Diff(s.state(c), ledger[sync]); d != "" {
			c.Errorf("%s: what the ledger knows (-platform +ledger):\n%s", sync, d)
		}
		for key, is := range s.noted {
			if is && noted[sync] == nil {
				noted[sync] = map[string]bool{}
			}
			if is {
				noted[sync][key] = true
			}
		}
	}
	if d := gocmp.Diff(noted, pending); d != "" {
		c.Errorf("what was noted and never accepted (-want +got):\n%s", d)
	}
	if c.kind == records {
		active := map[string]string{}
		for id, p := range c.people {
			if p.active {
				active[id] = fmt.Sprintf(`{"id":%q,"name":%q}`, id, p.name)
			}
		}
		if d := gocmp.Diff(active, ledger["files"]); d != "" {
			c.Errorf("files: what the ledger knows (-want +ledger):\n%s", d)
		}
		if d := gocmp.Diff(active, c.published()); d != "" {
			c.Errorf("files: what was published last (-want +got):\n%s", d)
		}
	}
	for what, query := range map[string]string{
		"logged twice":                "SELECT sync, run_id, key, operation FROM $sync_log GROUP BY ALL HAVING count(*) > 1",
		"in the ledger twice":         "SELECT sync, place, key FROM $sync_ledger GROUP BY ALL HAVING count(*) > 1",
		"acknowledged and not logged": "SELECT l.sync, l.key, l.run_id FROM $sync_ledger l ANTI JOIN (SELECT * FROM $sync_log WHERE outcome IN ('accepted', 'exists')) g USING (sync, run_id, key)",
		"rejected twice":              "SELECT sync, key FROM $sync_rejections GROUP BY ALL HAVING count(*) > 1",
	} {
		if got := c.rows(strings.ReplaceAll(query, "$", schema)); len(got) > 0 {
			c.Errorf("%s: %q", what, got)
		}
	}
	store, err := state.Open(context.Background(), state.Options{Place: filepath.Join(c.dir, ".customhouse", "local.db"), Scope: "p/local", Now: time.Now})
	if err != nil {
		c.Fatal(err)
	}
	defer store.Close()
	c.checkAudit(store, schema)
	for sync := range ledger {
		l, err := store.Acquire(context.Background(), "sync "+sync, 0)
		if err != nil {
			c.Fatal(err)
		}
		last, err1 := l.Last(context.Background())
		jobs, err2 := l.Jobs(context.Background(), sync+"/"+objects[sync]+"/id")
		if err := errors.Join(err1, err2, l.Release(context.Background())); err != nil || last != 0 || len(jobs) > 0 || l.Marked() != "" {
			c.Errorf("%s: after all was recorded the journal has entry %d, %d jobs are open, %q is marked, %v", sync, last, len(jobs), l.Marked(), err)
		}
	}
}

// checkAudit wants the audit log to be whole, and to have each sync of each run whose
// rows were answered for, once.
func (c *crash) checkAudit(store *state.Store, schema string) {
	key, err := store.PrivacyKey(context.Background())
	if err != nil {
		c.Fatal(err)
	}
	log, err := audit.Open(store, key)
	if err != nil {
		c.Fatal(err)
	}
	if r, err := log.Verify(context.Background(), nil); err != nil || len(r.Findings) > 0 {
		c.Errorf("the audit log: %+v, %v", r.Findings, err)
	}
	has := map[string]int{}
	for r, err := range log.Records(context.Background(), time.Time{}) {
		if err != nil {
			c.Fatal(err)
		}
		if r.Action == audit.Delivered || r.Action == audit.Recovered && r.Details["operations"] == nil {
			has[fmt.Sprint(r.Details["run"], " ", r.Object)]++
		}
	}
	// Before the first run that ended the log has nothing to go by.
	for _, row := range c.rows("SELECT DISTINCT run_id, 'sync:' || sync FROM " + schema + "sync_log WHERE outcome <> 'invalid' AND run_id >= (SELECT min(run_id) FROM " + schema + "privacy_audit_heads)") {
		if n := has[row[0]+" "+row[1]]; n != 1 {
			c.Errorf("the audit log has %s of run %s %d times", row[1], row[0], n)
		}
	}
}

// published is what the folder with the latest manifest has, by key.
func (c *crash) published() map[string]string {
	manifests, err := filepath.Glob(filepath.Join(c.dir, "out", "files", "*", "manifest.json"))
	if err != nil {
		c.Fatal(err)
	}
	var latest struct {
		AsOf  time.Time `json:"as_of"`
		Parts []struct {
			Name string `json:"name"`
		} `json:"parts"`
		dir string
	}
	for _, name := range manifests {
		m := latest
		m.Parts = nil
		text, err := os.ReadFile(name)
		if err := errors.Join(err, json.Unmarshal(text, &m)); err != nil {
			c.Fatal(err)
		}
		if m.dir = filepath.Dir(name); m.AsOf.After(latest.AsOf) || latest.dir == "" {
			latest = m
		}
	}
	got := map[string]string{}
	for _, part := range latest.Parts {
		text, err := os.ReadFile(filepath.Join(latest.dir, part.Name))
		if err != nil {
			c.Fatal(err)
		}
		for _, row := range readCSV(c.T, string(text)) {
			got[row["id"]] = fmt.Sprintf(`{"id":%q,"name":%q}`, row["id"], row["name"])
		}
	}
	return got
}

// round changes the data, kills a run or two, runs to the end and checks.
func (c *crash) round() {
	c.mu.Lock()
	c.faulty = c.r.IntN(3) > 0
	c.mu.Unlock()
	before := c.taken()
	c.change(false)
	flush := flushRows + "=" + strconv.Itoa([]int{1, 5, 10_000}[c.r.IntN(3)])
	kills := 0
	point := c.next()
	if strings.HasPrefix(point, "recover") {
		if c.kill(flush, acknowledging[c.r.IntN(len(acknowledging))]) {
			kills++
		}
	}
	if c.kill(flush, point) {
		kills++
	}
	moved := c.r.IntN(5) == 0
	if moved { // what was on its way is old by the time of the next run
		c.change(true)
	}
	if c.r.IntN(3) == 0 && c.kill(flush, c.next()) {
		kills++
		c.tally.mu.Lock()
		c.second++
		c.tally.mu.Unlock()
	}
	c.finish(flush)
	due := c.expect()
	if kills == 0 && !c.faulty {
		c.sure(c.check)
	} else {
		c.check()
	}
	if moved {
		return // how many were due depends on what came through
	}
	for sync, n := range c.taken() {
		if c.sides[sync].want == nil {
			continue // None is sent again, unless somebody asks.
		}
		again := n - before[sync] - due[sync]
		if limit := kills * c.sides[sync].again; again < 0 || again > limit {
			c.Errorf("%s: %d operations were sent again after %d kills, want at most %d", sync, again, kills, limit)
		}
		c.tally.mu.Lock()
		c.operations += due[sync]
		c.repeated += again
		c.tally.most = max(c.tally.most, again)
		c.tally.mu.Unlock()
	}
}

// stop has a run end by SIGTERM at any time, and checks that the next repeats
// nothing.
func (c *crash) stop() {
	c.mu.Lock()
	c.faulty = false
	c.mu.Unlock()
	before := c.taken()
	c.change(false)
	begun := time.Now()
	cmd, out := c.start(flushRows + "=" + strconv.Itoa([]int{1, 5, 10_000}[c.r.IntN(3)]))
	after := time.Duration(c.r.IntN(400)) * time.Millisecond
	var sent time.Time
	timer := time.AfterFunc(after, func() {
		sent = time.Now()
		_ = cmd.Process.Signal(syscall.SIGTERM)
	})
	e := c.wait(cmd, out, begun)
	timer.Stop()
	switch {
	case e.killed: // before it could listen
	case e.code != 0 && e.code != exitUsage:
		c.Errorf("after SIGTERM the exit code is %d:\n%s", e.code, e.out)
	case !sent.IsZero() && time.Since(sent) > 10*time.Second:
		c.Errorf("the run took %s to stop", time.Since(sent))
	}
	if e.killed {
		c.cut++
	}
	c.finish()
	due := c.expect()
	if e.killed {
		c.check()
	} else {
		c.sure(c.check)
	}
	for sync, n := range c.taken() {
		if again := n - before[sync] - due[sync]; again != 0 && c.sides[sync].want != nil {
			c.Errorf("%s: %d operations were sent again after SIGTERM", sync, again)
		}
	}
	c.tally.mu.Lock()
	c.stops++
	c.tally.mu.Unlock()
}

// race starts two runs at once: whichever is late is told who was first.
func (c *crash) race() {
	c.change(false)
	one, out1 := c.start()
	two, out2 := c.start()
	for _, e := range []end{c.wait(one, out1, time.Now()), c.wait(two, out2, time.Now())} {
		told := strings.Contains(e.out, "in use by")
		if e.code != 0 && !told {
			c.Errorf("one of two runs failed with exit code %d:\n%s", e.code, e.out)
		}
	}
	c.finish()
	c.expect()
	c.check()
}

// TestKilled kills runs at every named point and at any time, once and again
// while the next recovers, on projects with random data, changes and faults of
// the platform, and holds all that is left against what should be.
func TestKilled(t *testing.T) {
	seed := rand.Uint64()
	if text := os.Getenv("CUSTOMHOUSE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	worlds, rounds, least := 4, 15, 50
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		worlds, rounds, least = 20, 50, 890
	}
	sum := &tally{points: map[string]int{}, decks: map[kind][]string{}, shuffle: rand.New(rand.NewPCG(seed, 1))}
	t.Run("worlds", func(t *testing.T) {
		for w := range worlds {
			t.Run(strconv.Itoa(w), func(t *testing.T) {
				t.Parallel()
				c := newCrash(t, seed+uint64(w), []kind{records, events}[w%2], sum)
				defer func() {
					if t.Failed() {
						t.Logf("again with CUSTOMHOUSE_SEED=%d; the last round:\n%s", seed, strings.Join(c.story, "\n"))
					}
				}()
				c.finish()
				c.expect()
				c.check()
				for i := range rounds {
					c.story = nil
					if c.round(); i%5 == 1 {
						c.stop()
					}
					if i%10 == 5 {
						c.race()
					}
					if i%10 == 7 && c.kind == events {
						c.ask()
					}
					if t.Failed() {
						return
					}
				}
			})
		}
	})
	t.Logf("seed %d: %d kills (%d at points, %d at any time, %d of them while recovering), %d by SIGTERM, %d runs",
		seed, sum.kills, sum.atPoint, sum.atRandom, sum.second, sum.stops, sum.runs)
	t.Logf("%d operations were due, %d were sent again, at most %d in a round of at most three kills; %d runs took outcomes over from a journal, %d went on with jobs",
		sum.operations, sum.repeated, sum.most, sum.recoveries, sum.resumed)
	t.Logf("%d events came to be in doubt, at most %d in a round", sum.inDoubt, sum.mostDoubt)
	var killed []string
	for _, point := range slices.Sorted(maps.Keys(sum.points)) {
		killed = append(killed, fmt.Sprintf("%s %d", point, sum.points[point]))
	}
	t.Logf("kills by point: %s", strings.Join(killed, ", "))
	if sum.kills < least && !t.Failed() {
		t.Errorf("%d kills, want %d at least", sum.kills, least)
	}
	if sum.recoveries == 0 || sum.resumed == 0 {
		t.Error("nothing was ever taken over from a journal, or no job was gone on with")
	}
}

// TestPoints: there is no point in the code that TestKilled does not know, and
// none that it knows in vain.
func TestPoints(t *testing.T) {
	want := slices.Concat(points[anything], points[records], points[events], brief, elsewhere)
	var got []string
	for _, dir := range []string{"../internal/run", "../../syncs/deliver"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "reached" {
					return true
				}
				text, ok := call.Args[0].(*ast.BasicLit)
				if !ok {
					t.Errorf("%s: a point has no name of its own", file)
					return true
				}
				point, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Error(err)
				}
				got = append(got, point)
				return true
			})
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("points (-dealt out +in the code):\n%s", d)
	}
}
