//go:build unix

package run

import (
	"bytes"
	"context"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// sum is as long as the fingerprints of package audience.
const sum = "0a1b2c3d-" + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// counting is a sink that reads and forgets.
func counting(b *testing.B) string {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	b.Cleanup(server.Close)
	return server.URL
}

// source makes n operations of seven fields, some 150 bytes as JSON.
func source(n int) iter.Seq2[syncs.Op, error] {
	seen := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	return func(yield func(syncs.Op, error) bool) {
		for i := range n {
			id := strconv.Itoa(i)
			op := syncs.Op{
				Kind: syncs.Upsert, Key: "user" + id + "@example.com", EntityID: int64(i), Fingerprint: sum[:len(sum)-len(id)] + id,
				Values: []any{"user" + id + "@example.com", "Jane", "FR", int64(i), float64(i) / 8, true, seen},
			}
			if !yield(op, nil) {
				return
			}
		}
	}
}

var wide = syncs.Schema{Sync: "vip", Object: "contacts", Key: "email", Fields: []syncs.Field{
	{Name: "email", Type: syncs.String},
	{Name: "first_name", Type: syncs.String},
	{Name: "country", Type: syncs.String},
	{Name: "orders", Type: syncs.Int},
	{Name: "spent", Type: syncs.Float},
	{Name: "opted_in", Type: syncs.Bool},
	{Name: "seen", Type: syncs.Timestamp},
}}

// cpu is the processor time of this process so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// discard is a ledger that is not measured: the warehouse is.
type discard struct{}

func (discard) Record(context.Context, []deliver.Result, bool) error { return nil }

// BenchmarkWebhook delivers a million operations with the engine and the journal,
// and posts the same with the plainest loop, to the same counting sink in this
// process. It reports the processor seconds of both and their ratio.
func BenchmarkWebhook(b *testing.B) {
	const n = 1_000_000
	url := counting(b)
	address, err := secret.NewTemplate(url)
	if err != nil {
		b.Fatal(err)
	}
	store, err := state.Open(b.Context(), state.Options{Place: filepath.Join(b.TempDir(), "p.db"), Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	lease, err := store.Acquire(b.Context(), "vip", 0)
	if err != nil {
		b.Fatal(err)
	}
	journal := &hold{runner: &runner{Options: Options{Plan: &models.Plan{RunID: "run-1"}}}, audience: &models.Audience{}, lease: lease}
	for b.Loop() {
		start := cpu(b)
		plainLoop(b, url, n)
		plain := cpu(b) - start

		c := webhook.Default()
		c.URL, c.AllowPrivate, c.BatchSize = address, true, 1000
		start = cpu(b)
		report, err := deliver.Run(b.Context(), deliver.Job{
			RunID: "run-1", Destination: webhook.New(c), Schema: wide, Ledger: discard{}, Journal: journal, Clock: deliver.Timer(time.Now),
			Counts:  deliver.Counts{Upserts: n},
			Changes: func(context.Context) iter.Seq2[syncs.Op, error] { return source(n) },
		})
		engine := cpu(b) - start
		if err != nil || report.Accepted != n {
			b.Fatalf("report %+v, error %v", report, err)
		}
		b.ReportMetric(plain.Seconds(), "plain-cpu-s")
		b.ReportMetric(engine.Seconds(), "engine-cpu-s")
		b.ReportMetric(engine.Seconds()/plain.Seconds(), "ratio")
	}
}

// plainLoop reads, encodes and posts, and does nothing else.
func plainLoop(b *testing.B, url string, n int) {
	b.Helper()
	body := make([]byte, 0, 1<<20)
	rows := 0
	post := func() {
		resp, err := http.Post(url, "application/json", bytes.NewReader(append(body, ']')))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		body, rows = body[:0], 0
	}
	for op := range source(n) {
		sep := byte(',')
		if rows == 0 {
			sep = '['
		}
		body = append(body, sep)
		for i, f := range wide.Fields {
			if i == 0 {
				body = append(body, '{')
			} else {
				body = append(body, ',')
			}
			body = append(append(append(body, '"'), f.Name...), '"', ':')
			body, _ = syncs.AppendJSON(body, f.Type, op.Values[i])
		}
		body = append(body, '}')
		if rows++; rows == 1000 {
			post()
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
