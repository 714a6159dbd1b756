package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	stdsynctest "testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
)

// appending is a destination whose operations are not idempotent. It sends the
// keys, and reads the keys that were taken from an answer of status 200.
type appending struct{ rows int }

func (d appending) Spec() syncs.Spec {
	return syncs.Spec{Concurrency: 3, Batch: syncs.Batch{MaxRows: d.rows}}
}

func (appending) Encode(c syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	r := syncs.Request{HTTP: &syncs.HTTPRequest{}}
	for i, op := range c.Ops {
		r.Ops = append(r.Ops, i)
		r.HTTP.Body = append(r.HTTP.Body, op.Key+" "...)
	}
	return []syncs.Request{r}, nil
}

func (appending) Decode(req syncs.Request, resp *syncs.Response) syncs.Outcome {
	out := syncs.Outcome{Verdict: syncs.Rows, Code: "code", Message: "message"}
	switch resp.Status {
	case http.StatusOK:
		taken := strings.Fields(string(resp.Body))
		for i, key := range strings.Fields(string(req.HTTP.Body)) {
			if slices.Contains(taken, key) {
				out.Rows = append(out.Rows, syncs.RowResult{Op: req.Ops[i], Accepted: true})
			}
		}
	case http.StatusTooManyRequests:
		out.Verdict = syncs.Retry
	case http.StatusUnprocessableEntity:
		out.Verdict = syncs.Split
	default:
		out.Verdict = syncs.Unknown
	}
	return out
}

// What is not idempotent is never sent again when it may have been taken, and
// always when it was not; and the ledger hears of every doubt.
func TestUnknownIsReportedAndNotRepeated(t *testing.T) {
	faults := []string{"none", "none", "lost before", "lost after", "500 before", "500 after", "429", "not sent", "half silent", "split"}
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(rapid.SampledFrom(faults), 1, 30).Draw(rt, "faults")
		n := rapid.IntRange(1, 60).Draw(rt, "operations")
		rows := rapid.IntRange(1, 9).Draw(rt, "batch")
		stdsynctest.Test(t, func(t *testing.T) {
			job, l := fakeJob(upserts(n))
			job.Destination = appending{rows}
			var mu sync.Mutex
			taken, doubtful, refused := map[string]int{}, map[string]bool{}, 0
			requests := 0
			job.HTTP = sender(func(r *syncs.HTTPRequest) (*syncs.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				keys := strings.Fields(string(r.Body))
				take := func(keys []string) *syncs.Response {
					for _, key := range keys {
						taken[key]++
					}
					return &syncs.Response{Status: 200, Header: http.Header{}, Body: []byte(strings.Join(keys, " "))}
				}
				doubt := func(keys []string) {
					for _, key := range keys {
						doubtful[key] = true
					}
				}
				requests++
				switch fault := script[requests%len(script)]; {
				case requests > 300: // Enough.
				case fault == "lost before", fault == "500 before":
					doubt(keys)
					if fault == "500 before" {
						return answer(500), nil
					}
					return nil, errAnswer
				case fault == "lost after", fault == "500 after":
					doubt(keys)
					take(keys)
					if fault == "500 after" {
						return answer(500), nil
					}
					return nil, errAnswer
				case fault == "429":
					return answer(429), nil
				case fault == "not sent":
					return nil, fmt.Errorf("%w: nobody listens", deliver.ErrNotSent)
				case fault == "half silent":
					half := len(keys) / 2
					doubt(keys[half:])
					return take(keys[:half]), nil
				case fault == "split":
					refused += len(keys)
					return answer(422), nil
				}
				return take(keys), nil
			})
			got, err := deliver.Run(t.Context(), job)
			if got.Attempted != got.Accepted+got.Rejected+got.Unknown+got.Unanswered {
				rt.Errorf("the report does not add up: %+v", got)
			}
			for key, times := range taken {
				if times > 1 {
					rt.Errorf("%s was taken %d times", key, times)
				}
			}
			unknown := 0
			for key, r := range l.rejected {
				if r.Origin != deliver.Unknown {
					continue
				}
				unknown++
				if !doubtful[key] || r.Code == "" {
					rt.Errorf("unknown without a doubt: %+v", r)
				}
			}
			for key := range doubtful {
				if l.rejected[key].Origin != deliver.Unknown {
					rt.Errorf("nothing is said of %s, which is in doubt", key)
				}
			}
			if int64(unknown) != got.Unknown || int64(refused) != got.Rejected {
				rt.Errorf("%d unknown and %d refused, the report says %+v", unknown, refused, got)
			}
			if err == nil && unknown > 0 && got.Status != deliver.Degraded {
				rt.Errorf("status %s, want degraded", got.Status)
			}
		})
	})
}

// A delivery that is cancelled says what it left in doubt.
func TestCancelLeavesUnknown(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		job, l := fakeJob(upserts(30))
		job.Destination = appending{10}
		job.HTTP = hanging{func() {}}
		got, err := deliver.Run(ctx, job)
		if !errors.Is(err, context.DeadlineExceeded) || got.Unknown != 30 || len(l.rejected) != 30 {
			t.Errorf("report %+v, error %v", got, err)
		}
	})
}

func TestClientTellsWhatWasNotSent(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	client := deliver.NewClient(syncs.Spec{AllowPrivate: true})
	defer client.Close()
	for url, want := range map[string]bool{closed: true, server.URL: false} {
		_, err := client.Send(t.Context(), &syncs.HTTPRequest{Method: http.MethodPost, URL: url, Body: []byte("x")})
		if err == nil || errors.Is(err, deliver.ErrNotSent) != want {
			t.Errorf("error %v: not sent is %t, want %t", err, !want, want)
		}
	}
}
