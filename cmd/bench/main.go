// Command bench prints how fast Customhouse is, each figure on a line of its
// own: "RATIO run/shop 1.14 <= 1.50" against a named baseline measured in the
// same run, "FIGURE ..." where the bound is absolute.
//
// Machines are noisy: work is measured in CPU seconds of a child process, and
// a figure is the median of several runs. It never fails for being slow. Start
// with the list of benchmarks below; `make bench` runs them all.
package main

import (
	"bytes"
	"context"
	dbsql "database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the baseline runs in it

	"github.com/customhouse-cdp/customhouse/examples/shop"
)

// benchmark is one group of figures.
type benchmark struct {
	name string
	run  func(*bench) error
}

var benchmarks = []benchmark{
	{"compile", compileProject},
	{"run", runShop},
	{"memory", goMemory},
}

// bench is what benchmarks share.
type bench struct {
	// binary is the built command, dir a scratch folder.
	binary, dir string
	customers   int
	runs        int
	// shops are the folders of generated data by number of customers.
	shops map[int]string
}

func main() {
	only := flag.String("only", "", "run the benchmarks whose name contains this")
	customers := flag.Int("customers", 1_000_000, "size of the shop")
	runs := flag.Int("runs", 3, "runs a figure is the median of")
	hand := flag.String("hand-tuned", "", "run the baseline on the shop in this folder, and nothing else")
	flag.Parse()
	var err error
	if *hand != "" {
		err = handTuned(*hand)
	} else {
		err = all(*only, *customers, *runs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func all(only string, customers, runs int) (err error) {
	dir, err := os.MkdirTemp("", "customhouse-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{binary: filepath.Join(dir, "customhouse"), dir: dir, customers: customers, runs: runs, shops: map[int]string{}}
	build := exec.CommandContext(context.Background(), "go", "build", "-o", b.binary, "./cmd/customhouse") //nolint:gosec // our own folder
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the command: %w", err)
	}
	for _, m := range benchmarks {
		if !strings.Contains(m.name, only) {
			continue
		}
		if err := m.run(b); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

func ratio(name string, value, bound float64) {
	fmt.Printf("RATIO %s %.2f <= %.2f\n", name, value, bound)
}

// child runs a command and tells its CPU time and the largest live heap that
// its Go runtime reported, in bytes.
func child(dir string, env []string, name string, args ...string) (cpu time.Duration, heap int64, err error) {
	cmd := exec.CommandContext(context.Background(), name, args...) //nolint:gosec // the binary just built, or this one
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GODEBUG=gctrace=1"), env...)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &stderr
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("running %s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, stderr.String())
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, 0, errors.New("this system does not tell a process's CPU time")
	}
	cpu = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	return cpu, peakHeap(stderr.String()), nil
}

// heapLine is what the runtime says after each collection: the heap at its
// start, at its end, and what of it is alive.
var heapLine = regexp.MustCompile(`(?m)^gc \d+ @.* (\d+)->(\d+)->(\d+) MB`)

func peakHeap(trace string) int64 {
	var peak int64
	for _, m := range heapLine.FindAllStringSubmatch(trace, -1) {
		for _, s := range m[1:] {
			if n, err := strconv.ParseInt(s, 10, 64); err == nil {
				peak = max(peak, n<<20)
			}
		}
	}
	return peak
}

func median[T int64 | float64 | time.Duration](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

// shop makes the project and the data of a shop of a size, once.
func (b *bench) shop(customers int) (string, error) {
	if dir, ok := b.shops[customers]; ok {
		return dir, nil
	}
	dir := filepath.Join(b.dir, "shop-"+strconv.Itoa(customers))
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	if _, err := shop.Generate(context.Background(), shop.Options{Customers: customers, Seed: 1, Dir: dir, Day: 1}); err != nil {
		return "", err
	}
	err := fs.WalkDir(shop.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := shop.Files.ReadFile(path)
		if err != nil {
			return err
		}
		// Nothing leaves: delivery has figures of its own.
		text = bytes.ReplaceAll(text, []byte("deliver: true"), []byte("deliver: false"))
		return os.WriteFile(filepath.Join(dir, path), text, 0o600)
	})
	b.shops[customers] = dir
	return dir, err
}

// runOnce runs the project on an empty warehouse.
func (b *bench) runOnce(dir string) (time.Duration, int64, error) {
	for _, f := range []string{"shop.duckdb", "shop.duckdb.wal"} {
		if err := os.Remove(filepath.Join(dir, f)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, 0, err
		}
	}
	env := []string{"SHOP_DATA=" + dir, "SHOP_PLATFORM_URL=http://127.0.0.1:9/", "SHOP_PLATFORM_SECRET=not-a-secret"}
	return child(dir, env, b.binary, "run", "--as-of", shop.AsOf(1).Format(time.RFC3339))
}

// runShop compares a run with the same result in hand-tuned SQL.
func runShop(b *bench) error {
	dir, err := b.shop(b.customers)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var ratios []float64
	for range b.runs {
		ours, _, err := b.runOnce(dir)
		if err != nil {
			return err
		}
		theirs, _, err := child(dir, nil, self, "-hand-tuned", dir)
		if err != nil {
			return err
		}
		fmt.Printf("# run/shop: %d customers, CPU seconds: run %.1f, hand-tuned %.1f\n", b.customers, ours.Seconds(), theirs.Seconds())
		ratios = append(ratios, ours.Seconds()/theirs.Seconds())
	}
	ratio("run/shop-vs-hand-tuned", median(ratios), 1.5)
	return nil
}

func handTuned(dir string) (err error) {
	path := filepath.Join(dir, "hand.duckdb")
	for _, f := range []string{path, path + ".wal"} {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	db, err := dbsql.Open("duckdb", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return shop.HandTuned(context.Background(), conn, dir, shop.AsOf(1))
}

// goMemory compares the Go heap of a run with that of a run on a tenth of the
// data: what DuckDB holds is bounded by its own setting, what we hold must not
// grow at all.
func goMemory(b *bench) error {
	var small, large []float64
	for range b.runs {
		for _, x := range []struct {
			customers int
			to        *[]float64
		}{{b.customers / 10, &small}, {b.customers, &large}} {
			dir, err := b.shop(x.customers)
			if err != nil {
				return err
			}
			_, heap, err := b.runOnce(dir)
			if err != nil {
				return err
			}
			*x.to = append(*x.to, float64(heap))
		}
	}
	fmt.Printf("# memory/go-heap: %d customers %.0f MB, %d customers %.0f MB\n",
		b.customers/10, median(small)/(1<<20), b.customers, median(large)/(1<<20))
	ratio("memory/go-heap-10x-data", median(large)/median(small), 1.3)
	return nil
}

// compileProject measures loading, checking and compiling by what `validate`
// costs, less what it costs for an empty project.
func compileProject(b *bench) error {
	measure := func(scale int) (float64, error) {
		dir := filepath.Join(b.dir, "project-"+strconv.Itoa(scale))
		if err := writeProject(dir, scale); err != nil {
			return 0, err
		}
		var seconds []float64
		for range max(b.runs, 5) {
			cpu, _, err := child(dir, nil, b.binary, "validate")
			if err != nil {
				return 0, err
			}
			seconds = append(seconds, cpu.Seconds())
		}
		return median(seconds), nil
	}
	none, err := measure(0)
	if err != nil {
		return err
	}
	one, err := measure(1)
	if err != nil {
		return err
	}
	four, err := measure(4)
	if err != nil {
		return err
	}
	fmt.Printf("FIGURE compile/500-segments-200-traits-50-sources %.3f CPU s <= 0.300 (process start, %.3f, taken off)\n", one-none, none)
	ratio("compile/4x-the-project", (four-none)/(one-none), 4.8)
	return nil
}

// writeProject writes scale times 500 segments, 200 traits and 50 sources.
func writeProject(dir string, scale int) error {
	var b strings.Builder
	b.WriteString("project: {name: large}\ntargets: {local: {type: duckdb, path: large.duckdb}}\n")
	b.WriteString("entities:\n  - {name: customer, identifiers: [{name: user_id, limit: 1}, {name: email, normalize: email}]}\n")
	section := func(name string, n int, line func(i int) string) {
		if n > 0 {
			b.WriteString(name + ":\n")
		}
		for i := range n {
			b.WriteString("  - " + line(i) + "\n")
		}
	}
	section("sources", max(50*scale, 1), func(i int) string {
		return fmt.Sprintf("{name: events_%d, table: raw.events_%d, entity: customer, events: true, time: happened, identifiers: {user_id: uid, email: mail}, columns: {topic: string, amount: decimal, flag: bool}}", i, i)
	})
	section("traits", 200*scale, func(i int) string {
		s := i % (50 * scale)
		switch i % 4 {
		case 0:
			return fmt.Sprintf("{name: t%d, entity: customer, pick: latest, from: events_%d.topic}", i, s)
		case 1:
			return fmt.Sprintf("{name: t%d, entity: customer, value: 'events_%d.sum(e, e.amount)'}", i, s)
		case 2:
			return fmt.Sprintf("{name: t%d, entity: customer, value: 'events_%d.filter(e, e.time > now - days(90)).count()'}", i, s)
		default:
			return fmt.Sprintf("{name: t%d, entity: customer, value: 't%d > 3 ? \"often\" : \"seldom\"'}", i, i-1)
		}
	})
	section("segments", 500*scale, func(i int) string {
		return fmt.Sprintf("{name: s%d, entity: customer, when: 't%d == \"topic %d\" && t%d > %d.0 && events_%d.exists(e, e.topic == \"x%d\" && e.time > now - days(%d))'}",
			i, i%(50*scale)*4, i, i%(50*scale)*4+1, i, i%(50*scale), i, 1+i%60)
	})
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "customhouse.yaml"), []byte(b.String()), 0o600)
}
