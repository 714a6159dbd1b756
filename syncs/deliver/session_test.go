package deliver_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	stdsynctest "testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// paced is a destination with limits, whose requests name a bucket.
type paced struct {
	syncs.Destination
	limits      []syncs.Limit
	concurrency int
	rows        int
	bucket      func(chunk int) string
}

func (p *paced) Spec() syncs.Spec {
	return syncs.Spec{Limits: p.limits, Concurrency: p.concurrency, Batch: syncs.Batch{MaxRows: p.rows}}
}

func (p *paced) Encode(c syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	request := syncs.Request{HTTP: &syncs.HTTPRequest{Header: http.Header{"Sent": {strconv.FormatInt(c.SentAt.UnixNano(), 10)}}}}
	for i := range c.Ops {
		request.Ops = append(request.Ops, i)
	}
	if p.bucket != nil {
		request.Bucket = p.bucket(int(c.Ops[0].EntityID))
	}
	request.HTTP.URL, request.Idempotent = request.Bucket, true
	request.HTTP.Body = make([]byte, len(c.Ops))
	return []syncs.Request{request}, nil
}

func (p *paced) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	if resp.Status == http.StatusTooManyRequests {
		return syncs.Outcome{
			Verdict: syncs.Retry, Code: "too-many", Message: "too many", Throttled: true,
			Wait: syncs.RetryAfter(resp.Header, resp.ReceivedAt),
		}
	}
	out := syncs.Outcome{Verdict: syncs.Rows}
	for _, op := range req.Ops {
		out.Rows = append(out.Rows, syncs.RowResult{Op: op, Accepted: true})
	}
	return out
}

// sent is a request that came to a sink.
type sent struct {
	at     time.Time
	bucket string
	rows   int
}

// most is the largest sum of n in any half-open window of a length.
func most(list []sent, length time.Duration, n func(sent) int) int {
	slices.SortStableFunc(list, func(a, b sent) int { return a.at.Compare(b.at) })
	sum, largest, from := 0, 0, 0
	for _, s := range list {
		sum += n(s)
		for !list[from].at.After(s.at.Add(-length)) {
			sum -= n(list[from])
			from++
		}
		largest = max(largest, sum)
	}
	return largest
}

func one(sent) int { return 1 }

// deliverTo delivers operations to a sink whose answers take latency.
func deliverTo(t *testing.T, d *paced, ops int, session *deliver.Session, latency func() time.Duration, serve func(sent) *syncs.Response) deliver.Report {
	t.Helper()
	job, _ := fakeJob(upserts(ops))
	job.Destination, job.Session = d, session
	job.Settings.Attempts = 1000
	job.HTTP = sender(func(r *syncs.HTTPRequest) (*syncs.Response, error) {
		resp := serve(sent{at: time.Now(), bucket: r.URL, rows: len(r.Body)})
		time.Sleep(latency())
		return resp, nil
	})
	got, err := deliver.Run(t.Context(), job)
	if err != nil || got.Accepted != int64(ops) {
		t.Fatalf("report %+v, error %v", got, err)
	}
	return got
}

// Whatever the limit, the concurrency and the time that answers take: no
// second has more requests than permitted, and 95 % of them are used wherever
// there are workers enough.
func TestRateIsUsedAndNeverExceeded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rate := rapid.SampledFrom([]float64{0.5, 1, 3, 7, 10, 50, 97, 98, 99, 250, 1000}).Draw(rt, "rate")
		latency := time.Duration(rapid.IntRange(0, 300).Draw(rt, "latency")) * time.Millisecond
		workers := int(rate*latency.Seconds()*1.2) + rapid.IntRange(2, 5).Draw(rt, "more workers")
		seconds := 30
		if rate < 10 {
			seconds = 200
		}
		n := int(rate * float64(seconds))
		stdsynctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			var list []sent
			start := time.Now()
			d := &paced{limits: []syncs.Limit{{Rate: rate}}, concurrency: workers, rows: 1}
			deliverTo(t, d, n, nil, func() time.Duration { return latency }, func(s sent) *syncs.Response {
				mu.Lock()
				defer mu.Unlock()
				list = append(list, s)
				return answer(200)
			})
			if got := most(list, time.Second, one); float64(got) > max(rate, 1) {
				rt.Errorf("%d requests within a second, %v are permitted", got, rate)
			}
			took := list[len(list)-1].at.Sub(start).Seconds()
			if used := float64(n) / (took + 1/rate) / rate; used < 0.95 {
				rt.Errorf("used %.3f of the rate", used)
			}
		})
	})
}

func TestLimitsOfBucketsAndRows(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var list []sent
		d := &paced{
			limits: []syncs.Limit{
				{Rate: 20},
				{Rate: 400.0 / 60, Burst: 30}, // the account
				{Bucket: "slow", Rate: 2},
				{Bucket: "rows", Rate: 100, Unit: syncs.PerRow},
			},
			concurrency: 9, rows: 10,
			bucket: func(i int) string { return []string{"slow", "rows", "", "rows", "other", ""}[i/10%6] },
		}
		start := time.Now()
		deliverTo(t, d, 12_000, nil, func() time.Duration { return 30 * time.Millisecond }, func(s sent) *syncs.Response {
			mu.Lock()
			defer mu.Unlock()
			list = append(list, s)
			return answer(200)
		})
		of := func(bucket string, n func(sent) int) func(sent) int {
			return func(s sent) int {
				if s.bucket != bucket {
					return 0
				}
				return n(s)
			}
		}
		for name, test := range map[string]struct{ got, most int }{
			"the account's, a second":  {most(list, time.Second, one), 20},
			"the account's, a minute":  {most(list, time.Minute, one), 430},
			"the endpoint's, a second": {most(list, time.Second, of("slow", one)), 2},
			"rows, a second":           {most(list, time.Second, of("rows", func(s sent) int { return s.rows })), 110},
		} {
			if test.got > test.most {
				t.Errorf("%s: %d, want at most %d", name, test.got, test.most)
			}
		}
		// 1200 requests: the account's minute is the narrowest for all of them.
		if took := time.Since(start); took > 190*time.Second {
			t.Errorf("took %s, want some 175s", took)
		}
	})
}

// A sink that counts in windows and says so is never refused by, though
// nothing was declared, and little of what it permits is left.
func TestQuotasAreKept(t *testing.T) {
	for _, header := range []string{"RateLimit", "X-RateLimit", "none"} {
		t.Run(header, func(t *testing.T) {
			stdsynctest.Test(t, func(t *testing.T) {
				const quota, window = 50, 10 * time.Second
				var mu sync.Mutex
				var opened time.Time
				used, refused := 0, 0
				d := &paced{concurrency: 4, rows: 1}
				start := time.Now()
				deliverTo(t, d, 500, nil, func() time.Duration { return 10 * time.Millisecond }, func(s sent) *syncs.Response {
					mu.Lock()
					defer mu.Unlock()
					if s.at.Sub(opened) >= window {
						opened, used = s.at, 0
					}
					if used >= quota {
						refused++
						return answer(429)
					}
					used++
					left, reset := quota-used, opened.Add(window).Sub(s.at)
					switch header {
					case "RateLimit":
						return answer(200, "RateLimit", fmt.Sprintf(`"x";r=%d;t=%d`, left, int(reset.Seconds()+1)))
					case "X-RateLimit":
						return answer(200, "X-RateLimit-Remaining", strconv.Itoa(left), "X-RateLimit-Reset", strconv.FormatInt(opened.Add(window).Unix()+1, 10))
					default:
						return answer(200)
					}
				})
				if header == "none" {
					if refused == 0 {
						t.Error("nothing was refused: the sink is no test")
					}
					return
				}
				if refused > 0 {
					t.Errorf("%d requests were refused, want none", refused)
				}
				if took := time.Since(start); took > 120*time.Second {
					t.Errorf("took %s, want some 100s", took)
				}
			})
		})
	}
}

// A sink that only refuses is felt out: few refusals, and most of its rate.
func TestRateIsLearned(t *testing.T) {
	for name, limits := range map[string][]syncs.Limit{"nothing declared": nil, "declared too high": {{Rate: 100}}} {
		t.Run(name, func(t *testing.T) {
			stdsynctest.Test(t, func(t *testing.T) {
				const rate = 40
				var mu sync.Mutex
				tokens, last, refused := float64(rate), time.Now(), 0
				d := &paced{limits: limits, concurrency: 8, rows: 1}
				start := time.Now()
				report := deliverTo(t, d, 20_000, nil, func() time.Duration { return 20 * time.Millisecond }, func(s sent) *syncs.Response {
					mu.Lock()
					defer mu.Unlock()
					tokens = min(tokens+s.at.Sub(last).Seconds()*rate, rate)
					last = s.at
					if tokens < 1 {
						refused++
						return answer(429)
					}
					tokens--
					return answer(200)
				})
				if share := float64(refused) / float64(report.Requests); share > 0.03 {
					t.Errorf("%.1f %% of %d requests were refused, want at most 3", 100*share, report.Requests)
				}
				if used := 20_000 / time.Since(start).Seconds() / rate; used < 0.75 {
					t.Errorf("used %.2f of the rate, want most of it", used)
				}
			})
		})
	}
}

// The second sync of a run goes on where the first ended.
func TestSessionIsShared(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var list []sent
		d := &paced{limits: []syncs.Limit{{Rate: 5}}, concurrency: 3, rows: 1}
		session := deliver.NewSession(d, deliver.Timer(time.Now))
		var runs sync.WaitGroup
		for range 3 {
			runs.Go(func() {
				deliverTo(t, d, 50, session, func() time.Duration { return time.Millisecond }, func(s sent) *syncs.Response {
					mu.Lock()
					defer mu.Unlock()
					list = append(list, s)
					return answer(200)
				})
			})
		}
		runs.Wait()
		if got := most(list, time.Second, one); got > 5 || len(list) != 150 {
			t.Errorf("%d of %d requests within a second, want 5 of 150", got, len(list))
		}
	})
}

// A request that waited long carries the time at which it is sent.
func TestSignaturesAreFresh(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		d := &paced{limits: []syncs.Limit{{Rate: 0.01}}, concurrency: 2, rows: 1}
		job, _ := fakeJob(upserts(4))
		job.Destination = d
		job.HTTP = sender(func(r *syncs.HTTPRequest) (*syncs.Response, error) {
			stamp, err := strconv.ParseInt(r.Header.Get("Sent"), 10, 64)
			if age := time.Since(time.Unix(0, stamp)); err != nil || age > 5*time.Second {
				t.Errorf("sent %s after it was encoded, error %v", age, err)
			}
			return answer(200), nil
		})
		if _, err := deliver.Run(t.Context(), job); err != nil {
			t.Error(err)
		}
	})
}

func TestCancelWhileWaitingForTheRate(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		d := &paced{limits: []syncs.Limit{{Rate: 0.01}, {Bucket: "b", Rate: 0.01}}, concurrency: 3, rows: 1, bucket: func(int) string { return "b" }}
		job, _ := fakeJob(upserts(10))
		job.Destination = d
		job.HTTP = sender(func(*syncs.HTTPRequest) (*syncs.Response, error) { return answer(200), nil })
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		got, err := deliver.Run(ctx, job)
		if err == nil || got.Accepted != 1 || got.Requests != 1 || time.Since(start) > 31*time.Second {
			t.Errorf("report %+v, error %v after %s", got, err, time.Since(start))
		}
	})
}
