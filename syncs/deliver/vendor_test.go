package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	stdsynctest "testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// inBubble is a Sender that calls a handler without a network, and gives up
// after half a minute as a Client does.
func inBubble(h http.Handler) deliver.Sender {
	return withContext(func(ctx context.Context, r *syncs.HTTPRequest) (resp *syncs.Response, err error) {
		defer func() {
			if cause := recover(); cause != nil {
				if reason, ok := cause.(error); !ok || !errors.Is(reason, http.ErrAbortHandler) {
					panic(cause)
				}
				resp, err = nil, errAnswer
			}
		}()
		time.Sleep(10 * time.Millisecond)
		ctx, done := context.WithTimeout(ctx, 30*time.Second)
		defer done()
		req := httptest.NewRequestWithContext(ctx, r.Method, r.URL, strings.NewReader(string(r.Body)))
		req.Header = r.Header
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if ctx.Err() != nil {
			return nil, errAnswer
		}
		body, err := io.ReadAll(w.Body)
		return &syncs.Response{Status: w.Code, Header: w.Header(), Body: body}, err
	})
}

// vendorJob is a job for a Vendor, with the clock of a bubble.
func vendorJob(v *synctest.Vendor, o synctest.VendorOptions, ops []syncs.Op) (deliver.Job, *ledger) {
	c := synctest.Connector{URL: "http://platform.invalid", Style: o.Style, Object: o.Object, Tokens: o.TokenUses > 0, Rows: 20}
	job, l := fakeJob(ops)
	job.Destination, job.HTTP, job.Jobs = c.New(), inBubble(v.Handler()), deliver.NewMemory()
	job.Place, job.Settings.Attempts = "vendor/contacts/email", 60
	kept := secret.NewValue(synctest.Canary)
	job.Secrets = func(secret.Ref) secret.Value { return kept }
	job.KeepToken = func(_ context.Context, refresh secret.Value) error { kept = refresh; return nil }
	return job, l
}

// opsOf are n operations that put rows into an object.
func opsOf(object synctest.Object, n int) []syncs.Op {
	ops := upserts(n)
	for i := range ops {
		ops[i].Kind = object.Kinds()[0]
	}
	return ops
}

// vendorTruth compares a platform with what is wanted.
func vendorTruth(t *testing.T, v *synctest.Vendor, ops []syncs.Op) {
	t.Helper()
	want, events := map[string]string{}, map[string]int{}
	for _, op := range ops {
		switch op.Kind { //nolint:exhaustive // No other puts rows there.
		case syncs.Append:
			events[op.Key] = 1
		case syncs.Add:
			want[op.Key] = ""
		default:
			want[op.Key] = fields(op)
		}
	}
	if diff := cmp.Diff(want, v.Rows()); diff != "" {
		t.Errorf("rows of the platform (-want +got):\n%s", cut(diff))
	}
	if diff := cmp.Diff(events, v.Events()); diff != "" {
		t.Errorf("events of the platform (-want +got):\n%s", cut(diff))
	}
	if list := v.Stats().Violations; len(list) > 0 {
		t.Errorf("breaches of the protocol: %q", list)
	}
}

// faultsOfVendors are what goes wrong with requests to a Vendor.
func faultsOfVendors(style synctest.Style) map[string]synctest.Fault {
	list := map[string]synctest.Fault{
		"429": synctest.TooMany, "429 with Retry-After": synctest.TooManyWait, "429 with a window": synctest.TooManyWindow,
		"500 before": synctest.ErrorBefore, "500 after": synctest.ErrorAfter,
		"reset before": synctest.ResetBefore, "reset after": synctest.ResetAfter, "timeout": synctest.Hang, "slow": synctest.Slow,
		"half an answer": synctest.Truncated, "half of JSON": synctest.HalfJSON, "HTML": synctest.Page, "200 with an error": synctest.ErrorBody,
		"half the rows": synctest.Partial, "another order": synctest.Shuffled, "twice": synctest.Doubled,
	}
	if style.Names() {
		list["row errors"] = synctest.RowErrors
	}
	return list
}

// Every way in which platforms answer, and every fault of a request: with the
// next run all is as wanted; what repeating could double was not repeated.
func TestFaultsOfEveryStyle(t *testing.T) {
	shares := []float64{0.2}
	if os.Getenv("CUSTOMHOUSE_LONG") != "" {
		shares = []float64{0.01, 0.1, 0.5}
	}
	for _, style := range synctest.Styles() {
		for _, object := range synctest.Objects() {
			for name, fault := range faultsOfVendors(style) {
				for _, share := range shares {
					for _, seed := range seeds(1, 3) {
						t.Run(fmt.Sprintf("%s/%s/%s/%v/%d", style, object, name, share, seed), func(t *testing.T) {
							stdsynctest.Test(t, func(t *testing.T) {
								everyStyle(t, style, object, random(seed), func(r *rand.Rand) synctest.Fault {
									if r.Float64() < share {
										return fault
									}
									return synctest.None
								})
							})
						})
					}
				}
			}
		}
	}
}

// All faults together, with tokens that expire and jobs that fail.
func TestFaultsTogether(t *testing.T) {
	for _, style := range synctest.Styles() {
		var all []synctest.Fault
		for _, fault := range faultsOfVendors(style) {
			all = append(all, fault)
		}
		slices.Sort(all)
		for _, object := range synctest.Objects() {
			for _, seed := range seeds(3, 60) {
				t.Run(fmt.Sprintf("%s/%s/%d", style, object, seed), func(t *testing.T) {
					stdsynctest.Test(t, func(t *testing.T) {
						everyStyle(t, style, object, random(seed), func(r *rand.Rand) synctest.Fault {
							if r.Float64() < 0.3 {
								return all[r.IntN(len(all))]
							}
							return synctest.None
						})
					})
				})
			}
		}
	}
}

// everyStyle delivers twice: through faults, and what is due then without.
func everyStyle(t *testing.T, style synctest.Style, object synctest.Object, r *rand.Rand, next func(*rand.Rand) synctest.Fault) {
	t.Helper()
	calm := false
	o := synctest.VendorOptions{
		Style: style, Object: object, Polls: r.IntN(4), Page: 1 + r.IntN(30), Latency: 20 * time.Second,
		Faults: func(int, *http.Request) synctest.Fault {
			if calm {
				return synctest.None
			}
			return next(r)
		},
		Fate: func(int) synctest.Fate {
			if calm || r.IntN(4) > 0 {
				return synctest.Ends
			}
			return []synctest.Fate{synctest.Hangs, synctest.Fails, synctest.Cuts}[r.IntN(3)]
		},
	}
	if r.IntN(2) == 0 {
		o.TokenUses = 10 + r.IntN(20)
	}
	ops := opsOf(object, 300)
	bad := map[string]bool{}
	if style.Names() {
		for range 5 {
			bad[ops[r.IntN(len(ops))].Key] = true
		}
		o.Poison = func(key string) bool { return bad[key] }
	}
	v := synctest.NewVendor(o)
	job, l := vendorJob(v, o, ops)
	got, err := deliver.Run(t.Context(), job)
	if got.Attempted != got.Accepted+got.Invalid+got.Rejected+got.Unknown+got.Unanswered {
		t.Errorf("the report does not add up: %+v", got)
	}
	if err != nil {
		t.Logf("the first run ended by: %v", err)
	}
	once := v.Events()
	for key, n := range once {
		if n > 1 {
			t.Errorf("event %s was appended %d times", key, n)
		}
	}
	calm = true
	// Whoever asks for it may double what is in doubt; this test does not.
	var left []syncs.Op
	for round := range 2 {
		job.RunID = fmt.Sprintf("run-%d", round+2)
		if got, err := deliver.Resume(t.Context(), job); err != nil {
			if got.InJobs == 0 {
				t.Fatalf("resuming: report %+v, error %v", got, err)
			}
			time.Sleep(25 * time.Hour) // Until those that hang are given up.
			if got, err := deliver.Resume(t.Context(), job); err != nil {
				t.Fatalf("resuming a day later: report %+v, error %v", got, err)
			}
		}
		left = slices.DeleteFunc(due(l, ops), func(op syncs.Op) bool {
			return l.rejected[op.Key].Origin == deliver.Unknown && once[op.Key] > 0
		})
		job.Changes = stream(left)
		if got, err := deliver.Run(t.Context(), job); err != nil || got.Unanswered != 0 {
			t.Errorf("next run: report %+v, error %v", got, err)
		}
	}
	for _, op := range left {
		if !bad[op.Key] {
			t.Errorf("%s is due after all", op.Key)
		}
	}
	vendorTruth(t, v, slices.DeleteFunc(ops, func(op syncs.Op) bool { return bad[op.Key] }))
}

// What is there already and what is not is told apart from what is refused, in
// every style that names rows.
func TestEveryStyleSaysWhatIsThere(t *testing.T) {
	for _, style := range synctest.Styles() {
		if !style.Names() {
			continue
		}
		t.Run(style.String(), func(t *testing.T) {
			stdsynctest.Test(t, func(t *testing.T) {
				o := synctest.VendorOptions{Style: style, Object: synctest.Records, Poison: func(key string) bool { return key == upsert(0).Key }}
				v := synctest.NewVendor(o)
				deliverAs := func(kind syncs.Kind, from, to int) deliver.Report {
					ops := upserts(to)[from:]
					for i := range ops {
						ops[i].Kind = kind
						if kind.Leaves() {
							ops[i].Values = nil
						}
					}
					job, _ := vendorJob(v, o, ops)
					got, err := deliver.Run(t.Context(), job)
					if err != nil {
						t.Fatal(err)
					}
					return got
				}
				if got := deliverAs(syncs.Insert, 0, 50); got.Upserted != 49 || got.Rejected != 1 {
					t.Errorf("inserted: %+v", got)
				}
				if got := deliverAs(syncs.Insert, 30, 60); got.Exists != 20 || got.Upserted != 10 {
					t.Errorf("inserted again: %+v", got)
				}
				if got := deliverAs(syncs.Update, 40, 100); got.Upserted != 20 || got.Absent != 40 {
					t.Errorf("updated: %+v", got)
				}
				if got := deliverAs(syncs.Delete, 10, 70); got.Removed != 60 {
					t.Errorf("deleted: %+v", got)
				}
				vendorTruth(t, v, upserts(10)[1:])
			})
		})
	}
}
