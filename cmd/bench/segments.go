package main

import (
	"context"
	dbsql "database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/adapters/duckdb"
	"github.com/customhouse-cdp/customhouse/cmd/internal/run"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/compile"
	"github.com/customhouse-cdp/customhouse/models/inputs"
	"github.com/customhouse-cdp/customhouse/sql"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// crowd is generated data for segments: profiles and events, in a file.
type crowd struct {
	b                 *bench
	dir, raw          string
	customers, events int64
}

// crowd generates the data of a size, once: five events a customer.
func (b *bench) crowd(customers int64) (*crowd, error) {
	if c, ok := b.crowds[customers]; ok {
		return c, nil
	}
	dir := filepath.Join(b.dir, "crowd-"+short(customers))
	c := &crowd{b: b, dir: dir, raw: filepath.Join(dir, "raw.duckdb"), customers: customers, events: 5 * customers}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	fmt.Printf("# segments: generating %s profiles and %s events\n", short(c.customers), short(c.events))
	err := within(c.raw, func(db *dbsql.DB) error { return script(db, audienceData(c.customers, c.events)...) })
	if err != nil {
		return nil, fmt.Errorf("generating profiles and events: %w", err)
	}
	b.crowds[customers] = c
	return c, nil
}

// evaluation is what a child tells of one evaluation of segments.
type evaluation struct {
	// Compile is what loading and compiling the project cost, CPU what the
	// evaluation did; of ours from the scan of the events to the members in
	// place, without identity, the picks from contacts and the table of profiles.
	Compile, CPU time.Duration
	// Clock is Compile by the clock.
	Clock time.Duration
	// Steps are where CPU went.
	Steps []step
	// Members are how many each segment has and a hash of who they are.
	Members map[string]string
}

type step struct {
	Name string
	CPU  time.Duration
}

// evaluate runs a kind of evaluation in a process of its own.
func (c *crowd) evaluate(kind string, segments int) (evaluation, spent, error) {
	// All events are read: what is kept from run to run has figures of its own.
	return c.evaluateIn(filepath.Join(c.dir, fmt.Sprintf("segments-%d", segments)), c.raw, "compare", kind, conditions(segments))
}

// evaluateIn is evaluate in a folder, whose warehouse stays, over the tables of a
// file.
func (c *crowd) evaluateIn(dir, raw, changes, kind string, list []condition) (evaluation, spent, error) {
	var out evaluation
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return out, spent{}, err
	}
	text := projectOf(raw, c.memory(), changes, list)
	if err := os.WriteFile(filepath.Join(dir, "customhouse.yaml"), []byte(text), 0o600); err != nil {
		return out, spent{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return out, spent{}, err
	}
	s, err := child(dir, nil, self, "-child", kind, raw, strconv.Itoa(len(list)))
	if err != nil {
		return out, spent{}, err
	}
	return out, s, json.Unmarshal([]byte(s.stdout), &out)
}

// memory is what the engine may use: 1 GB for each 125,000 profiles, at least 4
// and at most 12.
func (c *crowd) memory() string { return fmt.Sprintf("%dGB", min(max(c.customers/125_000, 4), 12)) }

// planned runs the project as `customhouse run` does, model by model, going on
// from a run before, and says what each step cost. With skip it leaves out what
// nothing has changed for.
func planned(asOf time.Time, skip bool) (out evaluation, err error) {
	ctx := context.Background()
	start, began := cpuTime(), time.Now()
	p, found := config.Load(os.DirFS("."), ".", config.Kinds{Targets: map[string]func() any{"duckdb": func() any { return new(duckdb.Config) }}})
	if err := found.Err(); err != nil {
		return out, err
	}
	options := compile.Options{AsOf: asOf, RunID: "bench"}
	percent := debug.SetGCPercent(400) // as the command does
	checked, found := compile.Check(p, options)
	debug.SetGCPercent(percent)
	if err := found.Err(); err != nil {
		return out, err
	}
	plan := checked.Plan(options)
	out.Compile, out.Clock = cpuTime()-start, time.Since(began)
	settings, ok := p.Targets[0].Config.(*duckdb.Config)
	if !ok {
		return out, fmt.Errorf("the target is %T", p.Targets[0].Config)
	}
	driver, err := duckdb.Open(ctx, *settings, ".")
	if err != nil {
		return out, err
	}
	wh := adapters.New(adapters.Options{
		Driver: driver, Dialect: sql.DuckDB, Schema: p.Targets[0].Schema, Catalog: []string{duckdb.FileCatalog}, Work: duckdb.WorkParts(),
	})
	defer func() { err = errors.Join(err, wh.Close()) }()
	if options.Left, err = run.Left(ctx, wh, p); err != nil {
		return out, err
	}
	var last map[string]inputs.Evaluation
	if skip {
		if last, err = run.Evaluations(ctx, wh, p); err != nil {
			return out, err
		}
		options.Inputs = &inputs.Known{Last: last}
	}
	if options.Identities != nil {
		plan = checked.Plan(options)
	}
	var revise func(context.Context) (*models.Plan, error)
	if skip {
		revise = func(ctx context.Context) (*models.Plan, error) {
			now, err := run.Digests(ctx, wh, plan, nil)
			if err != nil {
				return nil, err
			}
			options.Inputs = &inputs.Known{Last: last, Now: now}
			return checked.Plan(options), nil
		}
	}
	before := cpuTime()
	summary, err := run.Run(ctx, run.Options{
		Plan: plan, Revise: revise, Warehouse: wh, Target: "local", Clock: deliver.Timer(time.Now), Parallel: 1,
		Events: func(e run.Event) {
			switch e := e.(type) {
			case run.StepStarted:
				before = cpuTime()
			case run.StepDone:
				if cost := cpuTime() - before; counts(e.Subject, e.Title) {
					out.CPU += cost
					out.Steps = append(out.Steps, step{e.Subject + ": " + e.Title, cost})
				}
			}
		},
	})
	if err != nil {
		return out, err
	}
	for _, m := range summary.Models {
		if m.Err != nil {
			return out, fmt.Errorf("%s: %w", m.Name, m.Err)
		}
	}
	out.Members, err = membersOf(ctx, driver, `SELECT segment, (hash(i.identifier) >> 1)::BIGINT AS who FROM customhouse.segment_members m
		JOIN (SELECT customer_id, min(identifier) AS identifier FROM customhouse.customer_identities GROUP BY 1) i ON i.customer_id = m.customer_id`)
	return out, err
}

// counts says that a step is part of evaluating segments; writing profiles down
// is not.
func counts(model, step string) bool {
	return model == "features:events" || model == "segments" || strings.HasPrefix(model, inputs.Prefix) || model == "profile:customer" && step != "write profiles"
}

// membersOf reads how many there are in each segment and who, from a query of
// segment and who.
func membersOf(ctx context.Context, driver *duckdb.Driver, query string) (out map[string]string, err error) {
	rows, err := driver.Query(ctx, "SELECT segment, concat(count(*), ' ', bit_xor(who)) FROM ("+query+") GROUP BY 1")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[string]string{}
	values := make([]any, 2)
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		}
		name, _ := values[0].(string)
		out[name], _ = values[1].(string)
	}
}

// byHand is the child of the baselines: whole is the statements that write
// members (segment, customer), each measured. They have the profiles for
// nothing, and who each user_id belongs to; with resolved the events carry that
// already.
func byHand(raw string, resolved bool, whole []string) (out evaluation, err error) {
	ctx := context.Background()
	driver, err := duckdb.Open(ctx, duckdb.Config{Path: "hand.duckdb", MemoryLimit: "8GB", Attach: map[string]string{"raw": raw}}, ".")
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, driver.Close()) }()
	events := "SELECT i.customer, e.name, e.topic, e.amount, e.happened FROM raw.main.events e JOIN identities i ON i.user_id = e.user_id"
	if resolved {
		events = "SELECT * FROM raw.main.events"
	}
	setup := []string{
		"CREATE OR REPLACE TABLE members (segment VARCHAR, customer BIGINT)",
		"CREATE OR REPLACE TABLE identities AS SELECT user_id, customer FROM raw.main.contacts",
		"CREATE OR REPLACE TABLE profiles AS SELECT * FROM raw.main.contacts",
		"CREATE OR REPLACE VIEW events AS " + events,
	}
	if err := driver.Exec(ctx, setup); err != nil {
		return out, err
	}
	start := cpuTime()
	for _, s := range whole {
		if err := driver.Exec(ctx, []string{s}); err != nil {
			return out, fmt.Errorf("%w in:\n%s", err, s)
		}
	}
	out.CPU = cpuTime() - start
	out.Members, err = membersOf(ctx, driver, "SELECT segment, (hash('u' || customer) >> 1)::BIGINT AS who FROM members")
	return out, err
}

// oneEach asks a query for each segment.
func oneEach(raw string, resolved bool, segments int) (evaluation, error) {
	var whole []string
	for i, c := range conditions(segments) {
		whole = append(whole, fmt.Sprintf("INSERT INTO members SELECT 's%d', c.customer FROM profiles c WHERE %s", i, c.alone()))
	}
	return byHand(raw, resolved, whole)
}

// onePass aggregates once for all segments, as somebody who knows all of them
// would write it.
func onePass(raw string, resolved bool, segments int) (evaluation, error) {
	aggregates := map[string]string{}
	var bools, rows []string
	for i, c := range conditions(segments) {
		bools = append(bools, fmt.Sprintf("%s AS s%d", c.shared(aggregates), i))
		rows = append(rows, fmt.Sprintf("SELECT 's%d', customer FROM wide WHERE s%d", i, i))
	}
	var columns []string
	for text, column := range aggregates {
		columns = append(columns, text+" AS "+column)
	}
	slices.Sort(columns)
	return byHand(raw, resolved, []string{
		"CREATE TEMP TABLE wide AS SELECT c.customer, " + strings.Join(bools, ", ") +
			" FROM profiles c LEFT JOIN (SELECT e.customer, " + strings.Join(columns, ", ") + " FROM events e GROUP BY e.customer) a ON a.customer = c.customer",
		"INSERT INTO members " + strings.Join(rows, " UNION ALL "),
	})
}

// evaluations are the children that evaluate segments, by the name that -child
// has.
var evaluations = map[string]func(raw string, segments int) (evaluation, error){
	"planned":           func(string, int) (evaluation, error) { return planned(lastDay, false) },
	"planned-next":      func(string, int) (evaluation, error) { return planned(lastDay.AddDate(0, 0, 1), false) },
	"changed":           func(string, int) (evaluation, error) { return planned(lastDay, true) },
	"changed-next":      func(string, int) (evaluation, error) { return planned(lastDay.AddDate(0, 0, 1), true) },
	"one-each":          func(raw string, n int) (evaluation, error) { return oneEach(raw, false, n) },
	"one-pass":          func(raw string, n int) (evaluation, error) { return onePass(raw, false, n) },
	"one-each-resolved": func(raw string, n int) (evaluation, error) { return oneEach(raw, true, n) },
	"one-pass-resolved": func(raw string, n int) (evaluation, error) { return onePass(raw, true, n) },
}

// samples runs an evaluation so many times, each on an empty warehouse.
func (c *crowd) samples(kind string, segments, runs int) ([]evaluation, []spent, error) {
	var list []evaluation
	var all []spent
	for range runs {
		e, s, err := c.evaluate(kind, segments)
		if err != nil {
			return nil, nil, err
		}
		list, all = append(list, e), append(all, s)
		for _, pattern := range []string{"out.duckdb*", "hand.duckdb*"} {
			files, err := filepath.Glob(filepath.Join(c.dir, fmt.Sprintf("segments-%d", segments), pattern))
			for _, f := range files {
				err = errors.Join(err, os.RemoveAll(f))
			}
			if err != nil {
				return nil, nil, err
			}
		}
	}
	return list, all, nil
}

func cpuOf(e evaluation) float64 { return e.CPU.Seconds() }

// same compares the members of two evaluations.
func same(ours, theirs evaluation) error {
	for name, want := range theirs.Members {
		if got := ours.Members[name]; got != want {
			return fmt.Errorf("segment %s has the members %q, want %q", name, got, want)
		}
	}
	if len(ours.Members) != len(theirs.Members) {
		return fmt.Errorf("%d segments have members, want %d", len(ours.Members), len(theirs.Members))
	}
	return nil
}

// segmentsShared compares one pass for fifty segments with a query for each,
// with a pass that somebody wrote by hand, and with one for five hundred.
//
// All begin with the same tables, the events as they are and who is known by
// which user_id. The baselines have the profiles for nothing and write no more
// than who is a member; ours writes members, sizes and changes. The figures
// "resolved" let the baselines have events that carry the customer already,
// which in ours stays a part of the work.
func segmentsShared(b *bench) error {
	c, err := b.crowd(int64(b.customers))
	if err != nil {
		return err
	}
	size := "-" + short(c.customers) + "x" + short(c.events)
	ours, _, err := c.samples("planned", 50, b.runs)
	if err != nil {
		return err
	}
	c.where(ours[len(ours)-1])
	baseline := func(kind string, segments, runs int, ours []evaluation) (float64, error) {
		list, _, err := c.samples(kind, segments, runs)
		if err != nil {
			return 0, err
		}
		if err := same(ours[0], list[0]); err != nil {
			return 0, fmt.Errorf("%d segments, ours against %s: %w", segments, kind, err)
		}
		return of(list, cpuOf), nil
	}
	each, err := baseline("one-each", 50, 1, ours)
	if err != nil {
		return err
	}
	pass, err := baseline("one-pass", 50, b.runs, ours)
	if err != nil {
		return err
	}
	eachResolved, err := baseline("one-each-resolved", 50, 1, ours)
	if err != nil {
		return err
	}
	passResolved, err := baseline("one-pass-resolved", 50, b.runs, ours)
	if err != nil {
		return err
	}
	many, spent, err := c.samples("planned", 500, 1)
	if err != nil {
		return err
	}
	c.where(many[0])
	manyPass, err := baseline("one-pass", 500, 1, many)
	if err != nil {
		return err
	}
	mine := of(ours, cpuOf)
	fmt.Printf("# segments: CPU seconds: 50 in one pass %.1f, by hand %.1f (resolved %.1f), a query each %.1f (resolved %.1f); 500 in one pass %.1f, by hand %.1f\n",
		mine, pass, passResolved, each, eachResolved, of(many, cpuOf), manyPass)
	fmt.Printf("RATIO segments/50-one-query-each-vs-ours%s %.2f >= 5.00\n", size, each/mine)
	fmt.Printf("FIGURE segments/50-one-query-each-vs-ours%s-resolved %.2f (no bound: the baseline is spared what ours does)\n", size, eachResolved/mine)
	ratio("segments/50-vs-by-hand"+size, mine/pass, 1.5)
	fmt.Printf("FIGURE segments/50-vs-by-hand%s-resolved %.2f (no bound: the baseline is spared what ours does)\n", size, mine/passResolved)
	ratio("segments/500-vs-50"+size, of(many, cpuOf)/mine, 8)
	fmt.Printf("FIGURE segments/compile-500 %.3f CPU s <= 0.200 (%.3f by the clock)\n",
		of(many, func(e evaluation) float64 { return e.Compile.Seconds() }), of(many, func(e evaluation) float64 { return e.Clock.Seconds() }))
	fmt.Printf("FIGURE segments/500-peak-rss%s %.2f GB (memory_limit %s)\n", size, float64(spent[0].rss)/1e9, c.memory())
	return nil
}

// where prints what the steps of an evaluation cost.
func (c *crowd) where(e evaluation) {
	for _, s := range e.Steps {
		if s.CPU >= 100*time.Millisecond {
			fmt.Printf("#   %6.2f CPU s  %s\n", s.CPU.Seconds(), s.Name)
		}
	}
}

// segmentsLarge is ten times as many: it must end, within the memory that it
// was given, and be right.
func segmentsLarge(b *bench) error {
	c, err := b.crowd(10 * int64(b.customers))
	if err != nil {
		return err
	}
	ours, spent, err := c.samples("planned", 50, 1)
	if err != nil {
		return err
	}
	c.where(ours[0])
	hand, _, err := c.samples("one-pass", 50, 1)
	if err != nil {
		return err
	}
	if err := same(ours[0], hand[0]); err != nil {
		return err
	}
	size := "-" + short(c.customers) + "x" + short(c.events)
	ratio("segments/50-vs-by-hand"+size, cpuOf(ours[0])/cpuOf(hand[0]), 1.5)
	fmt.Printf("FIGURE segments/50-peak-rss%s %.2f GB <= 16.00 (memory_limit %s)\n", size, float64(spent[0].rss)/1e9, c.memory())
	return nil
}
