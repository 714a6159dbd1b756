package main

import (
	"context"
	dbsql "database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// outcome is what a child tells of the components of a graph.
type outcome struct {
	// CPU is what it cost from the edges in memory to the labels in memory,
	// starting the engine and loading the graph not included.
	CPU time.Duration
	// Partition is the same for the same components, Below how many nodes are
	// not the smallest of theirs.
	Partition string
	Below     int64
	// Rounds are those of the contraction; Doublings those of the loops inside.
	Rounds, Doublings, Statements int
}

// digest is a query of two integers that tell one set of labels from another.
func digest(table string) string {
	return "SELECT count(*), (bit_xor(hash(n, root)) >> 1)::BIGINT FROM " + table + " WHERE n <> root"
}

func (o *outcome) partition(count, hash []int64) {
	o.Below = count[0]
	o.Partition = fmt.Sprintf("%d nodes below a root, %016x", count[0], hash[0])
}

// cpuTime is what this process has used so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(fmt.Sprintf("bench: this system does not tell a process's CPU time: %v", err))
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// solvers are the children that find components, by the name that -child has.
var solvers = map[string]func(path, shape string) (outcome, error){
	"union-find": unionFind,
	"components": components,
}

// runChild is the other side of bench.solve, people.scan, crowd.evaluate and
// measure.
func runChild(kind string, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("a child wants two arguments, not %d", len(args))
	}
	if kind == "scan" {
		return scan(args[0], args[1])
	}
	if deliver, ok := deliveries[kind]; ok {
		debug.SetGCPercent(400) // as the command does
		out, err := deliver(args[0])
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(out)
	}
	if evaluate, ok := evaluations[kind]; ok {
		segments, err := strconv.Atoi(args[1])
		if err != nil {
			return fmt.Errorf("the number of segments: %w", err)
		}
		out, err := evaluate(args[0], segments)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(out)
	}
	solve, ok := solvers[kind]
	if !ok {
		return fmt.Errorf("no child is called %q", kind)
	}
	out, err := solve(args[0], args[1])
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// solve finds the components of a shape in a process of its own.
func (p *people) solve(kind, shape string) (out outcome, err error) {
	self, err := os.Executable()
	if err != nil {
		return out, err
	}
	s, err := child(p.dir, nil, self, "-child", kind, p.graphs, shape)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal([]byte(s.stdout), &out)
}

// contest is one run of both on the same graph.
type contest struct{ ours, theirs outcome }

// contest runs components and union-find on a shape, until there are so many
// runs. Labels that differ are an error: exactness is not a speed.
func (p *people) contest(shape string, runs int) ([]contest, error) {
	for len(p.contests[shape]) < runs {
		ours, err := p.solve("components", shape)
		if err != nil {
			return nil, err
		}
		theirs, err := p.solve("union-find", shape)
		if err != nil {
			return nil, err
		}
		if ours.Partition != theirs.Partition {
			return nil, fmt.Errorf("the components of %s are wrong: %s, union-find %s", shape, ours.Partition, theirs.Partition)
		}
		p.contests[shape] = append(p.contests[shape], contest{ours, theirs})
	}
	return p.contests[shape][:runs], nil
}

// of is the median of a number of some samples.
func of[S any](samples []S, number func(S) float64) float64 {
	var values []float64
	for _, s := range samples {
		values = append(values, number(s))
	}
	return median(values)
}

func seconds(s spent) float64 { return s.cpu.Seconds() }

func oursOf(c contest) float64   { return c.ours.CPU.Seconds() }
func theirsOf(c contest) float64 { return c.theirs.CPU.Seconds() }

// graph is the shape of the rows of people.
func (p *people) graph() (string, error) {
	shape := "rows-" + short(p.rows)
	if p.linked {
		return shape, nil
	}
	err := within(p.graphs, func(db *dbsql.DB) error {
		if err := script(db, "ATTACH '"+p.wide+"' AS wide (READ_ONLY)"); err != nil {
			return err
		}
		return script(db, linkRows(`"`+shape+`"`)...)
	})
	p.linked = err == nil
	return shape, err
}

// identityComponents compares components in SQL with union-find, on the graph
// of the rows for speed and on hard shapes for exactness and rounds.
func identityComponents(b *bench) error {
	p, err := b.people(b.identityRows)
	if err != nil {
		return err
	}
	rows, err := p.graph()
	if err != nil {
		return err
	}
	samples, err := p.contest(rows, b.runs)
	if err != nil {
		return err
	}
	tell := func(shape string, c []contest) {
		o := c[0].ours
		fmt.Printf("# identity/components: %s, CPU seconds: ours %.2f, union-find %.2f; %d statements, %d doublings; %s\n",
			shape, of(c, oursOf), of(c, theirsOf), o.Statements, o.Doublings, o.Partition)
		fmt.Printf("FIGURE identity/rounds-%s %d <= 12\n", shape, o.Rounds)
	}
	tell(rows, samples)
	ratio("identity/components-"+short(p.rows), of(samples, func(c contest) float64 { return oursOf(c) / theirsOf(c) }), 4)

	list := shapes(max(p.rows/10, 100))
	if err := within(p.graphs, func(db *dbsql.DB) error {
		for _, s := range list {
			if err := script(db, `CREATE OR REPLACE TABLE "`+s.name+`" AS `+s.edges); err != nil {
				return fmt.Errorf("making %s: %w", s.name, err)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for _, s := range list {
		samples, err := p.contest(s.name, 1)
		if err != nil {
			return err
		}
		tell(s.name, samples)
	}
	return nil
}

// variant is how the project of the pipeline is written.
type variant string

const (
	// open trusts every link.
	open variant = "open"
	// guarded has limits, and quarantines what many share.
	guarded variant = "guarded"
	// tight is open with a quarter of the memory.
	tight variant = "tight"
)

// memory is the setting of the engine, for each ten million rows, in MB.
const memory = 4000

// limit is the memory_limit of a variant, in bytes.
func (p *people) limit(v variant) int64 {
	n := max(p.rows*memory/10_000_000, 500)
	if v == tight {
		n /= 4
	}
	return n * 1_000_000
}

// project writes a project with nothing in it but identity. The sources are
// in another file, attached, so that a run begins with an empty one.
func (p *people) project(dir, wide string, v variant) error {
	// Settings of the identifiers, strongest first. Nothing is stronger than
	// the first, so that nothing can share it.
	settings := []any{"name: user_id", "name: email, normalize: email", "name: phone, normalize: phone, region: FR", "name: card", "name: device", "name: cookie"}
	for i, limit := range []int{1, 6, 4, 3, 15, 80} {
		switch {
		case v == guarded:
			settings[i] = fmt.Sprintf("%s, limit: %d", settings[i], limit)
		case i > 0:
			settings[i] = fmt.Sprintf("%s, shared_by: 1000000000", settings[i])
		}
	}
	text := fmt.Sprintf(`project: {name: bench}
targets:
  local: {type: duckdb, path: out.duckdb, memory_limit: %dMB, attach: {raw: %s}}
entities:
  - name: customer
    identifiers:
      - {%s}
      - {%s}
      - {%s}
      - {%s}
      - {%s}
      - {%s}
sources:
  - {name: contacts, table: raw.main.contacts, entity: customer, time: seen, changes: append, identifiers: {user_id: user_id, email: email, phone: phone, card: card}}
  - {name: web, table: raw.main.web, entity: customer, events: true, time: seen, changes: append, identifiers: {cookie: cookie, device: device, user_id: user_id}}
  - {name: orders, table: raw.main.orders, entity: customer, events: true, time: seen, changes: append, identifiers: {email: email, phone: phone, card: card}}
traits:
  - {name: email, entity: customer, pick: latest, from: contacts.email}
`, append([]any{p.limit(v) / 1_000_000, wide}, settings...)...)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "customhouse.yaml"), []byte(text), 0o600)
}

// results is what a run says of itself in target/run_results.json.
type results struct {
	Models []struct {
		Name  string `json:"name"`
		Steps []struct {
			Title           string  `json:"title"`
			Times           int     `json:"times"`
			DurationSeconds float64 `json:"duration_seconds"`
		} `json:"steps"`
	} `json:"models"`
	Measures map[string]map[string]int64 `json:"measures"`
}

func readResults(dir string) (r results, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "target", "run_results.json")) //nolint:gosec // our own folder
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

// steps prints where the time of the last run went, by the wall clock.
func (r results) steps() {
	for _, m := range r.Models {
		for _, s := range m.Steps {
			if s.DurationSeconds >= 0.1 {
				fmt.Printf("#   %6.2f s  %s: %s (%d)\n", s.DurationSeconds, m.Name, s.Title, s.Times)
			}
		}
	}
}

// resolve runs the project in a folder, as of the time after so many rows.
func (p *people) resolve(dir string, rows int64) (spent, error) {
	// The trait is there so that the profiles are not a part of identity.
	return child(dir, nil, p.b.binary, "run", "--select", "entity:customer", "--as-of", asOf(rows))
}

// pipeline runs the project on an empty warehouse until there are so many
// samples. What the last run said of itself stays in the folder.
func (p *people) pipeline(v variant, runs int) ([]spent, error) {
	dir := filepath.Join(p.dir, string(v))
	if err := p.project(dir, p.wide, v); err != nil {
		return nil, err
	}
	for len(p.pipelines[v]) < runs {
		s, err := p.resolve(dir, p.rows)
		if err != nil {
			return nil, err
		}
		r, err := readResults(dir)
		if err != nil {
			return nil, err
		}
		if p.pipelines[v] == nil {
			m := r.Measures["identity:customer"]
			fmt.Printf("# identity/pipeline: %s, %d identifiers, %d customers, the largest of %d; by the wall clock:\n", v, m["identifiers"], m["customers"], m["largest"])
			r.steps()
		}
		if err := removeResult(dir); err != nil {
			return nil, err
		}
		p.pipelines[v] = append(p.pipelines[v], s)
	}
	return p.pipelines[v][:runs], nil
}

// removeResult makes the warehouse of a project empty.
func removeResult(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "out.duckdb*"))
	for _, f := range files {
		err = errors.Join(err, os.RemoveAll(f))
	}
	return err
}

// scan reads the identifiers of all sources and hashes them, and no more. With
// tuples it does what no resolution by rows can do without: brings the values
// into a comparable form, as plainly as by hand, and finds the rows that carry
// the same.
func scan(path, how string) error {
	return within("", func(db *dbsql.DB) error {
		statements := []string{"ATTACH '" + path + "' AS raw (READ_ONLY)", "SET preserve_insertion_order = false"}
		for table, columns := range map[string][]string{
			"contacts": {"user_id", "email", "phone", "card"}, "web": {"cookie", "device", "user_id"}, "orders": {"email", "phone", "card"},
		} {
			var hashes, mixed []string
			for _, c := range columns {
				value := "trim(" + c + ")"
				switch c {
				case "email":
					value = "lower(" + value + ")"
				case "phone":
					value = "regexp_replace(" + value + ", '[^0-9+]', '', 'g')"
				}
				hashes = append(hashes, "hash("+value+") AS "+c)
				mixed = append(mixed, "bit_xor(hash("+c+"))")
			}
			q := "SELECT " + strings.Join(mixed, ", ") + " FROM raw.main." + table
			if how == "tuples" {
				q = "CREATE TEMP TABLE " + table + " AS SELECT DISTINCT " + strings.Join(hashes, ", ") + " FROM raw.main." + table
			}
			statements = append(statements, q)
		}
		return script(db, statements...)
	})
}

func (p *people) scan(how string) ([]spent, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var samples []spent
	for range p.b.runs {
		s, err := child(p.dir, nil, self, "-child", "scan", p.wide, how)
		if err != nil {
			return nil, err
		}
		samples = append(samples, s)
	}
	return samples, nil
}

// identityPipeline compares a run from wide rows to identity tables with the
// same run with union-find inside, and with reading the identifiers at all.
//
// No run has union-find inside: it would be a second implementation in the
// product for the sake of this figure. The steps that it would replace were
// measured on the same graph, alone; they are taken off and union-find put on.
func identityPipeline(b *bench) error {
	p, err := b.people(b.identityRows)
	if err != nil {
		return err
	}
	shape, err := p.graph()
	if err != nil {
		return err
	}
	contests, err := p.contest(shape, b.runs)
	if err != nil {
		return err
	}
	samples, err := p.pipeline(open, b.runs)
	if err != nil {
		return err
	}
	scans, err := p.scan("hash")
	if err != nil {
		return err
	}
	tuples, err := p.scan("tuples")
	if err != nil {
		return err
	}
	ours, hashing, telling := of(samples, seconds), of(scans, seconds), of(tuples, seconds)
	inside := ours - of(contests, oursOf) + of(contests, theirsOf)
	fmt.Printf("# identity/pipeline: CPU seconds: run %.1f, with union-find inside %.1f, scan and hash %.1f, with normalising and telling apart %.1f\n", ours, inside, hashing, telling)
	name := "identity/pipeline-" + short(p.rows)
	ratio(name+"-vs-union-find", ours/inside, 1.15)
	ratio(name+"-vs-scan-and-hash", ours/telling, 6)
	fmt.Printf("FIGURE %s-vs-bare-hashes %.2f (no bound: values as they are, no rows told apart)\n", name, ours/hashing)
	p.peak(name, open, samples)

	// Less memory than the result needs: it spills, and does not fail.
	samples, err = p.pipeline(tight, 1)
	if err != nil {
		return err
	}
	fmt.Printf("# identity/pipeline: CPU seconds with a quarter of the memory: %.1f\n", of(samples, seconds))
	p.peak(name+"-spilling", tight, samples)
	return p.check()
}

// peak prints the most memory that a process had. The engine counts what it
// keeps, not the process's own and its allocator's slack: a fifth more.
func (p *people) peak(name string, v variant, samples []spent) {
	rss := of(samples, func(s spent) float64 { return float64(s.rss) })
	fmt.Printf("FIGURE %s-peak-rss %.2f GB <= %.2f (memory_limit %.2f)\n", name, rss/1e9, float64(p.limit(v))*1.2/1e9, float64(p.limit(v))/1e9)
}

// check compares the last open run with union-find: as many customers as
// the graph has components.
func (p *people) check() error {
	shape, err := p.graph()
	if err != nil {
		return err
	}
	r, err := readResults(filepath.Join(p.dir, string(open)))
	if err != nil {
		return err
	}
	contests, err := p.contest(shape, 1)
	if err != nil {
		return err
	}
	below := contests[0].theirs.Below
	m := r.Measures["identity:customer"]
	if m["identifiers"]-m["customers"] != below {
		return fmt.Errorf("%d identifiers are %d customers, but union-find joins %d to others", m["identifiers"], m["customers"], below)
	}
	return nil
}

// identityProtection compares a run with limits with one without.
func identityProtection(b *bench) error {
	p, err := b.people(b.identityRows)
	if err != nil {
		return err
	}
	with, err := p.pipeline(guarded, b.runs)
	if err != nil {
		return err
	}
	without, err := p.pipeline(open, b.runs)
	if err != nil {
		return err
	}
	fmt.Printf("# identity/protection: CPU seconds: with %.1f, without %.1f\n", of(with, seconds), of(without, seconds))
	ratio("identity/protection-"+short(p.rows), of(with, seconds)/of(without, seconds), 1.25)
	return nil
}

// identityBatch compares a run after a hundredth more rows with the full run
// before it. Each batch comes on top of the last. In the end the tables must
// be those of a run from nothing.
func identityBatch(b *bench) (err error) {
	p, err := b.people(b.identityRows)
	if err != nil {
		return err
	}
	dir, wide := filepath.Join(p.dir, "batch"), filepath.Join(p.dir, "growing.duckdb")
	if err := copyFile(wide, p.wide); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(wide)) }()
	if err := p.project(dir, wide, guarded); err != nil {
		return err
	}
	full, err := p.resolve(dir, p.rows)
	if err != nil {
		return err
	}
	batch := max(p.rows/100, 1)
	rows := p.rows
	var samples []spent
	for range b.runs {
		if err := within(wide, func(db *dbsql.DB) error {
			return script(db, append(vocabulary(p.rows), insertRows(rows, rows+batch)...)...)
		}); err != nil {
			return err
		}
		rows += batch
		s, err := p.resolve(dir, rows)
		if err != nil {
			return err
		}
		samples = append(samples, s)
	}
	r, err := readResults(dir)
	if err != nil {
		return err
	}
	fmt.Printf("# identity/batch: CPU seconds: full %.1f, %d more rows %.2f; the last batch by the wall clock:\n", full.cpu.Seconds(), batch, of(samples, seconds))
	r.steps()
	ratio("identity/batch-1pct-of-"+short(p.rows), of(samples, seconds)/full.cpu.Seconds(), 0.06)

	grown, err := partitionOf(dir)
	if err != nil {
		return err
	}
	if err := removeResult(dir); err != nil {
		return err
	}
	if _, err := p.resolve(dir, rows); err != nil {
		return err
	}
	whole, err := partitionOf(dir)
	if err != nil {
		return err
	}
	if grown != whole {
		return fmt.Errorf("%d batches made other customers (%s) than all rows at once (%s)", b.runs, grown, whole)
	}
	return removeResult(dir)
}

// partitionOf tells one set of customers from another, whatever their ids.
func partitionOf(dir string) (digest string, err error) {
	err = within(filepath.Join(dir, "out.duckdb"), func(db *dbsql.DB) error {
		return db.QueryRowContext(context.Background(), `SELECT concat(count(*), ' identifiers, ', sum(first)::VARCHAR, ' customers, ', bit_xor(hash(h, label))::VARCHAR) FROM (
			SELECT h, min(h) OVER (PARTITION BY customer_id) AS label, (row_number() OVER (PARTITION BY customer_id) = 1)::INT AS first
			FROM (SELECT hash(identifier_type, identifier) AS h, customer_id FROM customhouse.customer_identities))`).Scan(&digest)
	})
	return digest, err
}

// identityLarge runs everything on five times the rows: it must end, within
// the memory that it was given, and be exact.
func identityLarge(b *bench) error {
	p, err := b.people(5 * b.identityRows)
	if err != nil {
		return err
	}
	for _, v := range []variant{open, guarded} {
		samples, err := p.pipeline(v, 1)
		if err != nil {
			return err
		}
		name := "identity/pipeline-" + short(p.rows) + "-" + string(v)
		fmt.Printf("# %s: CPU seconds %.1f\n", name, of(samples, seconds))
		p.peak(name, v, samples)
		if v == open {
			if err := p.check(); err != nil {
				return err
			}
		}
	}
	shape, err := p.graph()
	if err != nil {
		return err
	}
	samples, err := p.contest(shape, 1)
	if err != nil {
		return err
	}
	fmt.Printf("FIGURE identity/rounds-%s %d <= 12\n", shape, samples[0].ours.Rounds)
	ratio("identity/components-"+short(p.rows), oursOf(samples[0])/theirsOf(samples[0]), 4)
	return nil
}
