package main

import (
	"bytes"
	"context"
	dbsql "database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// deliveries are the children of this file, by the name that -child has; they
// work in the current folder and are given the sink's address.
var deliveries = map[string]func(url string) (delivered, error){
	"deliver":     func(string) (delivered, error) { return deliverProfiles() },
	"plain-loop":  plainLoop,
	"read-rows":   func(string) (delivered, error) { return readRows() },
	"read-chunks": func(string) (delivered, error) { return readChunks() },
	"compare":     func(string) (delivered, error) { return comparing() },
	"seed-ledger": func(string) (delivered, error) { return seedLedger() },
	"anti-join":   func(string) (delivered, error) { return antiJoin() },
	"audiences":   func(string) (delivered, error) { return buildAudiences() },
}

// sink counts the operations that are posted to it, in this process, whose time
// nobody measures.
type sink struct {
	*httptest.Server
	rows atomic.Int64
}

func newSink() *sink {
	s := &sink{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			s.rows.Add(int64(bytes.Count(body, []byte(`{"op":"`))))
		}
	}))
	return s
}

// warehouse makes a folder with a project and the profiles of a size.
func (b *bench) warehouse(name, url string, rows int64) (string, error) {
	dir := filepath.Join(b.dir, "sync-"+name)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "customhouse.yaml"), []byte(audienceProject(url)), 0o600); err != nil {
		return "", err
	}
	return dir, profiles(dir, rows, 0)
}

// measure runs a child in a folder.
func measure(dir, kind, url string) (out delivered, s spent, err error) {
	self, err := os.Executable()
	if err != nil {
		return out, s, err
	}
	if s, err = child(dir, nil, self, "-child", kind, url, ""); err != nil {
		return out, s, err
	}
	return out, s, json.Unmarshal([]byte(s.stdout), &out)
}

func (d delivered) where() {
	for _, s := range d.Steps {
		if s.CPU >= 50*time.Millisecond {
			fmt.Printf("#   %6.2f CPU s  %s\n", s.CPU.Seconds(), s.Name)
		}
	}
}

// syncRead compares reading rows as a sync does with the engine's chunks.
func syncRead(b *bench) error {
	dir, err := b.warehouse("read", "http://127.0.0.1:9/", int64(b.customers))
	if err != nil {
		return err
	}
	var ratios []float64
	for range max(b.runs, 5) {
		ours, _, err := measure(dir, "read-rows", "")
		if err != nil {
			return err
		}
		theirs, _, err := measure(dir, "read-chunks", "")
		if err != nil {
			return err
		}
		if ours.Rows != theirs.Rows {
			return fmt.Errorf("%d rows were read, and %d by chunks", ours.Rows, theirs.Rows)
		}
		fmt.Printf("# sync/read: %d rows of 8 columns, CPU seconds: rows %.3f, chunks %.3f\n", ours.Rows, ours.CPU.Seconds(), theirs.CPU.Seconds())
		ratios = append(ratios, ours.CPU.Seconds()/theirs.CPU.Seconds())
	}
	ratio("sync/read-rows-vs-chunks", median(ratios), 1.5)
	return nil
}

// syncWebhook compares a delivery of everything with the fastest loop that
// reads, encodes and posts, and a delivery of what changed with that.
func syncWebhook(b *bench) error {
	s := newSink()
	defer s.Close()
	rows := int64(b.customers)
	dir, err := b.warehouse("webhook", s.URL, rows)
	if err != nil {
		return err
	}
	var full, changed []float64
	for range b.runs {
		if err := within(filepath.Join(dir, "out.duckdb"), func(db *dbsql.DB) error {
			return script(db, "DROP TABLE IF EXISTS customhouse.sync_ledger", "DROP TABLE IF EXISTS customhouse.sync_pending",
				"DROP TABLE IF EXISTS customhouse.sync_log", "DROP TABLE IF EXISTS customhouse.sync_rejections", "CHECKPOINT")
		}); err != nil {
			return err
		}
		if err := profiles(dir, rows, 0); err != nil {
			return err
		}
		s.rows.Store(0)
		ours, _, err := measure(dir, "deliver", s.URL)
		if err != nil {
			return err
		}
		if got := s.rows.Swap(0); got != rows || ours.Rows != rows {
			return fmt.Errorf("%d rows arrived and %d were acknowledged, want %d", got, ours.Rows, rows)
		}
		theirs, _, err := measure(dir, "plain-loop", s.URL)
		if err != nil {
			return err
		}
		if got := s.rows.Swap(0); got != rows {
			return fmt.Errorf("the plain loop posted %d rows, want %d", got, rows)
		}
		if err := profiles(dir, rows, 1); err != nil {
			return err
		}
		next, _, err := measure(dir, "deliver", s.URL)
		if err != nil {
			return err
		}
		if got := s.rows.Swap(0); got != rows/100 {
			return fmt.Errorf("%d changed rows arrived, want %d", got, rows/100)
		}
		fmt.Printf("# sync/webhook: %d rows, CPU seconds: all %.2f, the plain loop %.2f, 1 %% changed %.2f\n",
			rows, ours.CPU.Seconds(), theirs.CPU.Seconds(), next.CPU.Seconds())
		ours.where()
		next.where()
		full = append(full, ours.CPU.Seconds()/theirs.CPU.Seconds())
		changed = append(changed, next.CPU.Seconds()/ours.CPU.Seconds())
	}
	ratio("sync/webhook-vs-plain-loop", median(full), 2.5)
	ratio("sync/1pct-changed-vs-all", median(changed), 0.1)
	return nil
}

// syncDifference compares finding what changed with an anti-join by hand, of a
// ledger of ten million rows.
func syncDifference(b *bench) error {
	rows := 10 * int64(b.customers)
	dir, err := b.warehouse("difference", "http://127.0.0.1:9/", rows)
	if err != nil {
		return err
	}
	// What ours would have written, and what somebody would by hand.
	if _, _, err := measure(dir, "seed-ledger", ""); err != nil {
		return err
	}
	if err := within(filepath.Join(dir, "out.duckdb"), func(db *dbsql.DB) error {
		return script(db, "CREATE SCHEMA hand", "CREATE TABLE hand.ledger AS SELECT customer_id AS entity_id, email AS key, "+byHandFingerprint+" AS fingerprint FROM customhouse.customer_profiles")
	}); err != nil {
		return err
	}
	if err := profiles(dir, rows, 1); err != nil {
		return err
	}
	var ratios []float64
	for range b.runs {
		ours, _, err := measure(dir, "compare", "")
		if err != nil {
			return err
		}
		theirs, _, err := measure(dir, "anti-join", "")
		if err != nil {
			return err
		}
		if ours.Rows != rows/100 || theirs.Rows != rows/100 {
			return fmt.Errorf("%d rows differ, by hand %d, want %d", ours.Rows, theirs.Rows, rows/100)
		}
		fmt.Printf("# sync/difference: %d rows, CPU seconds: ours %.2f, by hand %.2f\n", rows, ours.CPU.Seconds(), theirs.CPU.Seconds())
		ours.where()
		ratios = append(ratios, ours.CPU.Seconds()/theirs.CPU.Seconds())
	}
	ratio("sync/difference-vs-anti-join-"+short(rows), median(ratios), 1.3)
	return nil
}

// syncRate is how much of a permitted rate a delivery uses.
func syncRate(b *bench) error {
	const rate, requests = 200, 1200
	var shares []float64
	for range b.runs {
		var mu sync.Mutex
		var at []time.Time
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			at = append(at, time.Now())
			mu.Unlock()
			_, _ = io.Copy(io.Discard, r.Body) // It is only counted.
		}))
		c := webhook.Default()
		url, err := secret.NewTemplate(server.URL)
		if err != nil {
			return err
		}
		c.URL, c.AllowPrivate, c.BatchSize, c.Concurrency, c.RateLimit = url, true, 1, 8, rate
		_, err = deliver.Run(context.Background(), deliver.Job{
			RunID: "bench", Destination: webhook.New(c), Schema: syncs.Schema{Sync: "s", Object: "o", Key: "k", Fields: []syncs.Field{{Name: "k", Type: syncs.String}}},
			Ledger: forgetful{}, Clock: deliver.Timer(time.Now), Counts: deliver.Counts{Upserts: requests},
			Changes: func(context.Context) iter.Seq2[syncs.Op, error] {
				return func(yield func(syncs.Op, error) bool) {
					for i := range requests {
						if key := strconv.Itoa(i); !yield(syncs.Op{Kind: syncs.Upsert, Key: key, Fingerprint: "f", Values: []any{key}}, nil) {
							return
						}
					}
				}
			},
		})
		server.Close()
		if err != nil {
			return err
		}
		slices.SortFunc(at, time.Time.Compare)
		most := 0
		for i, j := 0, 0; j < len(at); j++ {
			for at[j].Sub(at[i]) >= time.Second {
				i++
			}
			most = max(most, j-i+1)
		}
		share := float64(len(at)-1) / at[len(at)-1].Sub(at[0]).Seconds() / rate
		fmt.Printf("# sync/rate: %d a second permitted: %.3f of it used, at most %d within a second as they arrived\n", rate, share, most)
		if share > 1 {
			return fmt.Errorf("%.3f of the permitted rate was used", share)
		}
		shares = append(shares, share)
	}
	fmt.Printf("RATIO sync/share-of-the-rate %.3f >= 0.950\n", median(shares))
	return nil
}

// forgetful is a ledger that keeps nothing.
type forgetful struct{}

func (forgetful) Record(context.Context, []deliver.Result, bool) error { return nil }

// firstAudience is a first run from source tables to what is delivered, by the
// command itself.
func firstAudience(b *bench) error {
	const rows = 100_000
	s := newSink()
	defer s.Close()
	dir, err := b.warehouse("first", s.URL, 1)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "out.duckdb")
	var seconds []float64
	for range b.runs {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := within(file, func(db *dbsql.DB) error { return script(db, "CREATE TABLE contacts AS "+people7(rows, 0)) }); err != nil {
			return err
		}
		s.rows.Store(0)
		spent, err := child(dir, nil, b.binary, "run", "--as-of", lastDay.Format(time.RFC3339))
		if err != nil {
			return err
		}
		if got := s.rows.Load(); got != rows {
			return fmt.Errorf("%d rows arrived, want %d", got, rows)
		}
		fmt.Printf("# sync/first-audience: %.2f CPU seconds\n", spent.cpu.Seconds())
		seconds = append(seconds, spent.cpu.Seconds())
	}
	fmt.Printf("FIGURE sync/first-audience-100k-customers-7-traits %.2f CPU s <= 5.00\n", median(seconds))
	return nil
}

// syncMemory compares the Go heap of deliveries of a hundredfold.
func syncMemory(b *bench) error {
	s := newSink()
	defer s.Close()
	heaps := map[int64]float64{}
	for _, rows := range []int64{int64(b.customers) / 10, 10 * int64(b.customers)} {
		dir, err := b.warehouse("memory-"+short(rows), s.URL, rows)
		if err != nil {
			return err
		}
		s.rows.Store(0)
		out, spent, err := measure(dir, "deliver", s.URL)
		if err != nil {
			return err
		}
		if s.rows.Load() != rows {
			return fmt.Errorf("%d rows arrived, want %d", s.rows.Load(), rows)
		}
		fmt.Printf("# sync/memory: %s rows: %.0f MB of Go heap, %.0f MB in all, %.1f CPU seconds\n", short(rows), float64(spent.heap)/(1<<20), float64(spent.rss)/(1<<20), out.CPU.Seconds())
		out.where()
		heaps[rows] = float64(spent.heap)
	}
	ratio("sync/go-heap-100x-rows", heaps[10*int64(b.customers)]/heaps[int64(b.customers)/10], 1.3)
	return nil
}
