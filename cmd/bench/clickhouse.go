package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters/clickhouse/chtest"
	"github.com/customhouse-cdp/customhouse/examples/shop"
)

// runClickHouse compares a run on ClickHouse with the same result in SQL that
// is hand-tuned for it, by the CPU time of the engine. The sources are tables
// there. Statements of both come one at a time: those of a run pass a meter, which
// tells what it spends on tables that the hand-tuned SQL has not.
func runClickHouse(b *bench) error {
	server, err := chtest.Open()
	if errors.Is(err, chtest.ErrMissing) {
		fmt.Println("# clickhouse:", err)
		return nil
	}
	if err != nil {
		return err
	}
	if server.PID == 0 {
		return errors.New("the CPU time of a server that was not started here is not known")
	}
	meter := newMeter(server)
	defer meter.Close()
	dir, err := b.clickhouseShop(server, meter.Listener.Addr().String())
	if err != nil {
		return err
	}
	var ratios, same []float64
	for range b.runs {
		ours, err := engineTime(server, func() error { return b.runOnClickHouse(server, dir) })
		if err != nil {
			return err
		}
		theirs, err := engineTime(server, func() error {
			return shop.HandTunedClickHouse(func(s string) (string, error) { return server.QueryIn("handtuned", s) }, "raw", shop.AsOf(1))
		})
		if err != nil {
			return err
		}
		if err := sameMembers(server); err != nil {
			return err
		}
		more := meter.beyond()
		fmt.Printf("# clickhouse: %d customers, CPU seconds of the engine: run %.1f, of which %.1f for what the hand-tuned SQL does not write; hand-tuned %.1f\n",
			b.customers, ours.Seconds(), more.Seconds(), theirs.Seconds())
		ratios = append(ratios, ours.Seconds()/theirs.Seconds())
		same = append(same, (ours-more).Seconds()/theirs.Seconds())
	}
	ratio("clickhouse/shop-vs-hand-tuned", median(ratios), 1.5)
	fmt.Printf("# clickhouse: for the same tables alone %.2f\n", median(same))
	return nil
}

var sourceFiles = regexp.MustCompile(`(?s)- name: (\w+)\n(.*?)files: \{[^}]*\}[^}\n]*\}`)

// clickhouseShop makes a project whose sources are tables of the server, which
// it reaches at an address.
func (b *bench) clickhouseShop(server *chtest.Server, address string) (string, error) {
	data, err := b.shop(b.customers)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"raw", "handtuned"} {
		if _, err := server.Query("CREATE DATABASE IF NOT EXISTS " + name); err != nil {
			return "", err
		}
	}
	for _, statement := range shop.ClickHouseSources(data, "raw") {
		if _, err := server.Query(statement); err != nil {
			return "", err
		}
	}
	dir := filepath.Join(b.dir, "clickhouse")
	if err := os.CopyFS(dir, shop.Files); err != nil {
		return "", err
	}
	edit := func(file string, change func(string) string) error {
		path := filepath.Join(dir, file)
		text, err := os.ReadFile(path) //nolint:gosec // of our own copy
		if err != nil {
			return err
		}
		changed := change(string(text))
		if changed == string(text) {
			return fmt.Errorf("%s of the shop is not as it was", file)
		}
		return os.WriteFile(path, []byte(changed), 0o600)
	}
	return dir, errors.Join(
		edit("identity.yaml", func(text string) string { return strings.ReplaceAll(text, shopCookie, shopCookieKept) }),
		edit("sources.yaml", func(text string) string {
			return sourceFiles.ReplaceAllString(text, "- name: $1\n${2}table: raw.$1")
		}),
		edit("customhouse.yaml", func(text string) string {
			at := strings.Index(text, "targets:\n") + len("targets:\n")
			return text[:at] + fmt.Sprintf("  remote: {type: clickhouse, address: '%s', user: %s, password: '${env:CLICKHOUSE_PASSWORD}', schema: ours}\n", address, server.User)
		}),
	)
}

// runOnClickHouse runs the project on an empty warehouse.
func (b *bench) runOnClickHouse(server *chtest.Server, dir string) error {
	for _, name := range []string{"ours", "ours_work"} {
		if _, err := server.Query("DROP DATABASE IF EXISTS " + name + " SYNC"); err != nil {
			return err
		}
	}
	env := []string{"CLICKHOUSE_PASSWORD=" + server.Password, "SHOP_PLATFORM_URL=http://127.0.0.1:9/", "SHOP_PLATFORM_SECRET=not-a-secret"}
	_, err := child(dir, env, b.binary, "run", "--as-of", shop.AsOf(1).Format(time.RFC3339))
	return err
}

// sameMembers compares the segments of both.
func sameMembers(server *chtest.Server) error {
	const query = "SELECT segment, count() FROM segment_members GROUP BY segment ORDER BY segment"
	ours, err := server.QueryIn("ours", query)
	if err != nil {
		return err
	}
	theirs, err := server.QueryIn("handtuned", query)
	if err != nil {
		return err
	}
	if ours != theirs {
		return fmt.Errorf("the segments differ; ours:\n%stheirs:\n%s", ours, theirs)
	}
	return nil
}

// engineTime is the CPU time that the engine spends on something.
func engineTime(server *chtest.Server, do func() error) (time.Duration, error) {
	before, err := processTime(server.PID)
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := processTime(server.PID)
	return after - before, err
}

// processTime is the user and system time of a process; see proc_pid_stat(5).
func processTime(pid int) (time.Duration, error) {
	const (
		state, utime, stime = 3, 14, 15 // the numbers of fields
		tick                = 10 * time.Millisecond
	)
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the CPU time of the engine: %w", err)
	}
	// The name of the program, in parentheses, may have blanks.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var total time.Duration
	for _, number := range []int{utime, stime} {
		ticks, err := strconv.ParseInt(fields[number-state], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading the CPU time of the engine: %w", err)
		}
		total += time.Duration(ticks) * tick
	}
	return total, nil
}
