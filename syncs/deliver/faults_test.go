package deliver_test

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	stdsynctest "testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// seeds are those of a test of faults: the first ones, or with
// CUSTOMHOUSE_LONG=1 all.
func seeds(few, all int) []uint64 {
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		few = all
	}
	list := make([]uint64, few)
	for i := range list {
		list[i] = uint64(i + 1)
	}
	return list
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 5)) }

// served is a Sender that calls a handler without a network, for a bubble.
func served(h http.Handler) deliver.Sender {
	return sender(func(r *syncs.HTTPRequest) (resp *syncs.Response, err error) {
		defer func() {
			if cause := recover(); cause != nil {
				resp, err = nil, errAnswer // The platform cut the connection.
			}
		}()
		req := httptest.NewRequest(r.Method, r.URL, strings.NewReader(string(r.Body)))
		req.Header = r.Header
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		body, err := io.ReadAll(w.Body)
		return &syncs.Response{Status: w.Code, Header: w.Header(), Body: body}, err
	})
}

// due are the operations that the ledger does not have.
func due(l *ledger, ops []syncs.Op) []syncs.Op {
	var list []syncs.Op
	for _, op := range ops {
		if l.known[op.Key] != op.Fingerprint {
			list = append(list, op)
		}
	}
	return list
}

// Refusals for rate, whatever they ask for: all arrives, nothing is sent before
// its time, no second is fuller than declared, and a year is not waited for.
func TestFaultsOfRate(t *testing.T) {
	date := func() string { return time.Now().Add(3 * time.Second).UTC().Format(http.TimeFormat) }
	say := func(text string) func() string { return func() string { return text } }
	for name, after := range map[string]func() string{
		"1 s": say("1"), "date": date, "absent": nil, "1 year": say("31536000"), "negative": say("-7"), "text": say("soon"),
	} {
		for _, share := range []float64{0.01, 0.1, 0.5} {
			for _, seed := range seeds(1, 3) {
				t.Run(fmt.Sprintf("%s %v seed %d", name, share, seed), func(t *testing.T) {
					stdsynctest.Test(t, func(t *testing.T) {
						const rate = 20
						r := random(seed)
						o := options()
						fault := synctest.TooManyWait
						if after == nil {
							fault = synctest.TooMany
						}
						var mu sync.Mutex // guards what follows
						var list []sent
						var refused, until time.Time
						asked := ""
						o.RetryAfter = func() string {
							mu.Lock()
							defer mu.Unlock()
							asked = after()
							return asked
						}
						o.Faults = func(int) synctest.Fault {
							if r.Float64() < share {
								return fault
							}
							return synctest.None
						}
						ops := upserts(2_000)
						c := webhook.Default()
						c.URL, c.BatchSize, c.RateLimit = template(t, "http://platform.invalid/"), 5, rate
						o.Secret = "" // Requests are not signed.
						job, l := fakeJob(ops)
						job.Destination, job.Settings.Attempts = webhook.New(c), 100
						p := synctest.NewPlatform(o)
						over := served(p.Handler())
						job.HTTP = sender(func(req *syncs.HTTPRequest) (*syncs.Response, error) {
							now := time.Now()
							mu.Lock()
							list = append(list, sent{at: now})
							if now.After(refused) && now.Before(until) {
								t.Errorf("a request came %s before its time", until.Sub(now))
							}
							mu.Unlock()
							resp, err := over.Send(t.Context(), req)
							mu.Lock()
							defer mu.Unlock()
							if resp.Status == http.StatusTooManyRequests {
								refused = now
								until = now.Add(min(syncs.RetryAfter(resp.Header, now), 15*time.Minute))
							}
							return resp, err
						})
						got, err := deliver.Run(t.Context(), job)
						if err != nil || got.Status != deliver.OK || len(due(l, ops)) != 0 {
							t.Fatalf("report %+v, error %v", got, err)
						}
						checkTruth(t, p, ops)
						if n := most(list, time.Second, one); n > rate {
							t.Errorf("%d requests within a second, %d are permitted", n, rate)
						}
						if n := most(list, 10*time.Second, one); n > 10*rate {
							t.Errorf("%d requests within ten seconds, %d are permitted", n, 10*rate)
						}
					})
				})
			}
		}
	}
}

// Faults before and after the write: with the next run all is as wanted, each
// row was written once, and only what was written and not acknowledged came
// again, under the same idempotency key.
func TestFaultsOfAnswers(t *testing.T) {
	after := []synctest.Fault{synctest.ErrorAfter, synctest.ResetAfter, synctest.Truncated, synctest.HalfJSON, synctest.Hang}
	stops := []synctest.Fault{synctest.Redirect, synctest.Moved, synctest.Found}
	for name, fault := range map[string]synctest.Fault{
		"500 before": synctest.ErrorBefore, "500 after": synctest.ErrorAfter,
		"reset before": synctest.ResetBefore, "reset after": synctest.ResetAfter, "timeout": synctest.Hang,
		"200 with row errors": synctest.RowErrors, "200 with an error": synctest.ErrorBody, "207": synctest.Partial,
		"half an answer": synctest.Truncated, "half of JSON": synctest.HalfJSON, "HTML": synctest.Page,
		"307": synctest.Redirect, "301": synctest.Moved, "302": synctest.Found,
	} {
		for _, share := range []float64{0.01, 0.1} {
			for _, seed := range seeds(1, 5) {
				t.Run(fmt.Sprintf("%s %v seed %d", name, share, seed), func(t *testing.T) {
					r := random(seed)
					certain := 1 + r.IntN(20) // So that each run has a fault.
					var calm atomic.Bool
					o := options()
					o.Faults = func(request int) synctest.Fault {
						if !calm.Load() && (request == certain || r.Float64() < share) {
							return fault
						}
						return synctest.None
					}
					p := synctest.NewPlatform(o)
					ops := upserts(1_000)
					job, l := setup(t, p, ops, func(c *webhook.Config) {
						c.BatchSize = 20
						if fault == synctest.Hang {
							c.Timeout = 200 * time.Millisecond
						}
					})
					got, err := deliver.Run(t.Context(), job)
					if slices.Contains(stops, fault) != (err != nil) {
						t.Errorf("error %v", err)
					}
					if got.Attempted != got.Accepted+got.Invalid+got.Rejected+got.Unknown+got.Unanswered {
						t.Errorf("the report does not add up: %+v", got)
					}
					calm.Store(true)
					job.RunID, job.Changes = "run-2", stream(due(l, ops))
					if got, err := deliver.Run(t.Context(), job); err != nil || got.Status != deliver.OK {
						t.Errorf("next run: report %+v, error %v", got, err)
					}
					if n := len(due(l, ops)); n > 0 {
						t.Errorf("%d rows are not in the ledger", n)
					}
					checkTruth(t, p, ops)
					stats := p.Stats()
					if stats.Upserts != len(ops) {
						t.Errorf("%d rows were written, want each of %d once", stats.Upserts, len(ops))
					}
					if slices.Contains(after, fault) != (stats.Replays > 0) {
						t.Errorf("%d requests came again under a known idempotency key", stats.Replays)
					}
				})
			}
		}
	}
}

// Unfit rows, wherever they are: all others arrive, and each costs few
// requests.
func TestFaultsOfRows(t *testing.T) {
	n, batch := 10_000, 1_000
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		n = 100_000
	}
	for _, many := range []int{1, 10, n / 100} {
		for _, where := range []string{"first", "last", "every batch"} {
			for _, seed := range seeds(1, 3) {
				t.Run(fmt.Sprintf("%d %s seed %d", many, where, seed), func(t *testing.T) {
					r := random(seed)
					bad := map[int64]bool{}
					for i := 0; len(bad) < many; i++ {
						switch where {
						case "first":
							bad[int64(i)] = true
						case "last":
							bad[int64(n-1-i)] = true
						default:
							bad[int64(i%(n/batch)*batch+r.IntN(batch))] = true
						}
					}
					o := options()
					o.Poison = func(op synctest.Operation) bool { return bad[op.ID] }
					p := synctest.NewPlatform(o)
					ops := upserts(n)
					job, l := setup(t, p, ops, func(c *webhook.Config) { c.BatchSize = batch })
					got, err := deliver.Run(t.Context(), job)
					if err != nil || got.Rejected != int64(many) || got.Accepted != int64(n-many) || got.Unanswered != 0 {
						t.Errorf("report %+v, error %v", got, err)
					}
					for key, result := range l.rejected {
						if !bad[result.EntityID] || result.Origin != deliver.Rejected {
							t.Errorf("%s was rejected: %+v", key, result)
						}
					}
					checkTruth(t, p, slices.DeleteFunc(ops, func(op syncs.Op) bool { return bad[op.EntityID] }))
					if most := n/batch + many*(2*int(math.Ceil(math.Log2(float64(batch))))+1); got.Requests > int64(most) {
						t.Errorf("%d requests, want at most %d", got.Requests, most)
					}
				})
			}
		}
	}
}

// Rows, keys and answers that are far too large: those that fit arrive, each
// other has a reason, and memory stays bounded.
func TestFaultsOfSize(t *testing.T) {
	huge := 4 << 20
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		huge = 64 << 20
	}
	text := func(n int) string { return strings.Repeat("x", n) }
	for name, test := range map[string]struct {
		ops      []syncs.Op
		change   func(*webhook.Config)
		options  func(*synctest.Options)
		schema   syncs.Schema
		code     string
		rejected int
	}{
		"a row above the limit": {ops: []syncs.Op{upsert(0), {Kind: syncs.Upsert, Key: "k", Fingerprint: "f", Values: []any{text(huge), int64(1)}}}, code: "too-large", rejected: 1},
		"a row below the limit": {
			ops:    []syncs.Op{upsert(0), {Kind: syncs.Upsert, Key: "k", Fingerprint: "f", Values: []any{text(huge / 2), int64(1)}}},
			change: func(c *webhook.Config) { c.MaxBytes = huge },
		},
		"a key of a million characters": {
			ops:    []syncs.Op{upsert(0), {Kind: syncs.Upsert, Key: text(1_000_000), Fingerprint: "f", Values: []any{"x", int64(1)}}},
			change: func(c *webhook.Config) { c.MaxBytes = 4 << 20 },
		},
		"such a key, above the limit": {ops: []syncs.Op{{Kind: syncs.Upsert, Key: text(2_000_000), Fingerprint: "f", Values: []any{"x", int64(1)}}}, code: "too-large", rejected: 1},
		"such a key, refused and repeated": {
			ops:     []syncs.Op{{Kind: syncs.Upsert, Key: text(1_000_000), Fingerprint: "f", Values: []any{"x", int64(1)}}},
			change:  func(c *webhook.Config) { c.MaxBytes = 4 << 20 },
			options: func(o *synctest.Options) { o.Echo, o.Poison = true, func(synctest.Operation) bool { return true } },
			code:    "unprocessable-entity", rejected: 1,
		},
		"5,000 fields":           {ops: broad(3, 5_000), schema: broadSchema(5_000)},
		"batches above the size": {ops: upserts(2_000), change: func(c *webhook.Config) { c.BatchSize, c.MaxBytes = 2_000, 5_000 }},
		"rows at the size":       {ops: upserts(50), change: func(c *webhook.Config) { c.BatchSize, c.MaxBytes = 50, 1_000 }},
	} {
		t.Run(name, func(t *testing.T) {
			o := options()
			if test.options != nil {
				test.options(&o)
			}
			p := synctest.NewPlatform(o)
			job, l := setup(t, p, test.ops, test.change)
			if test.schema.Sync != "" {
				job.Schema = test.schema
			}
			largest := 0
			job.HTTP = spy(t, job.Destination.Spec(), func(r *syncs.HTTPRequest) { largest = max(largest, len(r.Body)) })
			got, err := deliver.Run(t.Context(), job)
			if err != nil || got.Invalid+got.Rejected != int64(test.rejected) || got.Accepted != int64(len(test.ops)-test.rejected) {
				t.Fatalf("report %+v, error %v", got, err)
			}
			if limit := job.Destination.Spec().Batch.MaxBytes; largest > limit {
				t.Errorf("a body of %d bytes, %d are permitted", largest, limit)
			}
			for _, r := range l.rejected {
				if r.Code != test.code || len(r.Message) > 300 {
					t.Errorf("code %s, message %.300q", r.Code, r.Message)
				}
			}
			if n := len(p.Records()); n != int(got.Accepted) {
				t.Errorf("the platform has %d records, want %d", n, got.Accepted)
			}
		})
	}
}

// What is held of a huge row is a small multiple of it.
func TestHugeRowIsNotMultiplied(t *testing.T) {
	size := 8 << 20
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		size = 64 << 20
	}
	job, _ := fakeJob(nil)
	c := webhook.Default()
	c.MaxBytes = 2 * size
	job.Destination = webhook.New(c)
	row := syncs.Op{Kind: syncs.Upsert, Key: "k", Fingerprint: "f", Values: []any{strings.Repeat("x", size), int64(1)}}
	job.Changes, job.Counts.Upserts = stream([]syncs.Op{row}), 1
	var held uint64
	job.HTTP = sender(func(*syncs.HTTPRequest) (*syncs.Response, error) {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		held = stats.HeapAlloc
		return answer(200), nil
	})
	if got, err := deliver.Run(t.Context(), job); err != nil || got.Accepted != 1 {
		t.Fatalf("report %+v, error %v", got, err)
	}
	// The row itself, and its body with room for a sibling.
	if most := uint64(size)*7/2 + 16<<20; held > most {
		t.Errorf("%d MB are held of a row of %d MB", held>>20, size>>20)
	}
	runtime.KeepAlive(row)
}

func broadSchema(fields int) syncs.Schema {
	s := syncs.Schema{Sync: "vip", Object: "contacts", Key: "f0"}
	for i := range fields {
		s.Fields = append(s.Fields, syncs.Field{Name: fmt.Sprintf("f%d", i), Type: syncs.Int})
	}
	return s
}

// broad are rows with many fields.
func broad(n, fields int) []syncs.Op {
	ops := make([]syncs.Op, n)
	for i := range ops {
		ops[i] = syncs.Op{Kind: syncs.Upsert, Key: strconv.Itoa(i), Fingerprint: "f", Values: make([]any, fields)}
		for f := range fields {
			ops[i].Values[f] = int64(f)
		}
	}
	return ops
}

// The helpers above are judged too: a window that is too full is found.
func TestMost(t *testing.T) {
	at := func(ms ...int) []sent {
		list := make([]sent, len(ms))
		for i, m := range ms {
			list[i].at = time.UnixMilli(int64(m))
		}
		return list
	}
	got := []int{most(at(0, 999, 1000, 1001), time.Second, one), most(at(0, 1000, 2000), time.Second, one), most(at(5, 5, 5), time.Second, one)}
	if diff := cmp.Diff([]int{3, 1, 3}, got); diff != "" {
		t.Error(diff)
	}
}
