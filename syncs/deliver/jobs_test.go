package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	stdsynctest "testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/config/secret"
	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

var jobStyles = []synctest.Style{synctest.ResultFile, synctest.JobErrors, synctest.JobCounts}

// A process that dies at any request of a job, before or after the platform
// took it: the next one goes on where the job stands. Rows whose job runs are
// not sent again, and nothing is lost or doubled.
func TestJobsAreResumed(t *testing.T) {
	errKilled := errors.New("killed")
	for _, style := range jobStyles {
		for _, object := range []synctest.Object{synctest.Records, synctest.Events} {
			for at := 1; at <= 24; at++ {
				for _, answered := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s/request %d, answered %t", style, object, at, answered), func(t *testing.T) {
						stdsynctest.Test(t, func(t *testing.T) {
							o := synctest.VendorOptions{Style: style, Object: object, Polls: 2, Page: 8}
							ops := opsOf(object, 60)
							v := synctest.NewVendor(o)
							job, l := vendorJob(v, o, ops)
							job.Settings.Grace = time.Nanosecond
							ctx, kill := context.WithCancelCause(t.Context())
							over, n := job.HTTP, atomic.Int64{}
							job.HTTP = withContext(func(_ context.Context, req *syncs.HTTPRequest) (*syncs.Response, error) {
								dead := errors.Is(context.Cause(ctx), errKilled)
								if !dead && n.Add(1) == int64(at) {
									kill(errKilled)
									dead = !answered
								}
								if dead {
									return nil, errAnswer
								}
								return over.Send(t.Context(), req) //nolint:contextcheck // The platform outlives the process.
							})
							first, err := deliver.Run(ctx, job)
							if n.Load() >= int64(at) && !errors.Is(err, errKilled) {
								t.Fatalf("report %+v, error %v", first, err)
							}
							for _, r := range l.rejected {
								// Of an event that nobody answered for nobody can say whether it arrived.
								if r.Origin != deliver.Unknown || object.Idempotent() {
									t.Errorf("rejected: %+v", r)
								}
							}
							jobs, rowsAt := v.Stats().Jobs, v.Stats().Upserts
							job.RunID, job.HTTP = "run-2", over
							resumed, err := deliver.Resume(t.Context(), job)
							if err != nil {
								t.Fatalf("resuming: report %+v, error %v", resumed, err)
							}
							if n := v.Stats().Jobs; n != jobs {
								t.Errorf("%d jobs were started to resume", n-jobs)
							}
							var left []syncs.Op
							for _, op := range due(l, ops) {
								if v.Events()[op.Key] == 0 {
									left = append(left, op)
								}
							}
							job.Changes = stream(left)
							if got, err := deliver.Run(t.Context(), job); err != nil || got.Unanswered+got.Unknown != 0 {
								t.Errorf("next run: report %+v, error %v", got, err)
							}
							vendorTruth(t, v, ops)
							// What the platform took and nobody acknowledged is one request of each
							// of the two workers at most.
							if again := v.Stats().Upserts - len(ops); again > 2*20 || rowsAt == len(ops) && resumed.Accepted+first.Accepted == int64(len(ops)) && again > 0 {
								t.Errorf("%d rows were sent again", again)
							}
							if open, err := job.Jobs.Load(t.Context(), job.Schema.Sync, job.Place); err != nil || len(open) > 0 {
								t.Errorf("%d jobs are left open, error %v", len(open), err)
							}
						})
					})
				}
			}
		}
	}
}

// A job that does not end is left with its platform, and told of; nothing is
// sent while it is open; after a day it is given up.
func TestJobThatNeverEnds(t *testing.T) {
	for _, style := range jobStyles {
		for _, object := range []synctest.Object{synctest.Records, synctest.Events} {
			t.Run(fmt.Sprintf("%s/%s", style, object), func(t *testing.T) {
				stdsynctest.Test(t, func(t *testing.T) {
					o := synctest.VendorOptions{Style: style, Object: object, Fate: func(n int) synctest.Fate {
						if n == 2 {
							return synctest.Hangs
						}
						return synctest.Ends
					}}
					v := synctest.NewVendor(o)
					ops := opsOf(object, 60)
					job, l := vendorJob(v, o, ops)
					var left []deliver.LeftOpen
					polls := 0
					job.Events = func(e deliver.Event) {
						switch e := e.(type) {
						case deliver.LeftOpen:
							left = append(left, e)
						case deliver.Polling:
							polls++
							if e.Rows != 20 || e.Wait > time.Minute {
								t.Errorf("%+v", e)
							}
						}
					}
					start := time.Now()
					got, err := deliver.Run(t.Context(), job)
					if err != nil || got.Status != deliver.Degraded || got.Accepted != 40 || got.Unanswered != 20 || got.InJobs != 20 {
						t.Errorf("report %+v, error %v", got, err)
					}
					if took := time.Since(start); took > 31*time.Minute || polls < 20 || polls > 80 {
						t.Errorf("%d questions in %s", polls, took)
					}
					if len(left) != 1 || left[0].Rows != 20 || left[0].GivenUp || len(l.known) != 40 {
						t.Errorf("left open: %+v, %d in the ledger", left, len(l.known))
					}
					requests := v.Stats().Jobs
					var stop *deliver.StopError
					if got, err := deliver.Resume(t.Context(), job); !errors.As(err, &stop) || stop.Code != "job-open" || got.InJobs != 20 {
						t.Errorf("report %+v, error %v", got, err)
					}
					time.Sleep(24 * time.Hour)
					left = nil
					if got, err := deliver.Resume(t.Context(), job); err != nil || got.InJobs != 0 {
						t.Errorf("report %+v, error %v", got, err)
					}
					if len(left) != 1 || !left[0].GivenUp {
						t.Errorf("given up: %+v", left)
					}
					unknown := 0
					for _, r := range l.rejected {
						if r.Origin == deliver.Unknown && r.Code == "job-never-ended" {
							unknown++
						}
					}
					want := 20
					if object.Idempotent() {
						want = 0
					}
					if unknown != want || len(due(l, ops)) != 20 || v.Stats().Jobs != requests {
						t.Errorf("%d are unknown and %d due, want %d and 20", unknown, len(due(l, ops)), want)
					}
				})
			})
		}
	}
}

// Counts without names make a sync degraded, and count for its guard.
func TestUnnamedRefusals(t *testing.T) {
	for _, style := range []synctest.Style{synctest.Counted, synctest.JobCounts} {
		for _, allowed := range []int64{5, 4} {
			t.Run(fmt.Sprintf("%s, %d allowed", style, allowed), func(t *testing.T) {
				stdsynctest.Test(t, func(t *testing.T) {
					ops := opsOf(synctest.Members, 100)
					o := synctest.VendorOptions{Style: style, Object: synctest.Members, Poison: func(key string) bool { return key < ops[5].Key }}
					v := synctest.NewVendor(o)
					job, _ := vendorJob(v, o, ops)
					job.Guards.MaxRejected = rows(allowed)
					told := 0
					job.Events = func(e deliver.Event) {
						if u, ok := e.(deliver.Unnamed); ok && u.Code != "" && u.Message != "" {
							told += u.Rows
						}
					}
					got, err := deliver.Run(t.Context(), job)
					var guard *deliver.GuardError
					if broken := errors.As(err, &guard); broken != (allowed < 5) || told != 5 || got.Unnamed != 5 {
						t.Errorf("report %+v, error %v", got, err)
					}
					if err == nil && (got.Accepted != 100 || got.Status != deliver.Degraded) {
						t.Errorf("report %+v", got)
					}
				})
			})
		}
	}
}

// faultyJobs is a store that fails.
type faultyJobs struct {
	deliver.Jobs
	save, forget, load error
}

func (j faultyJobs) Save(ctx context.Context, job deliver.OpenJob) error {
	return errors.Join(j.save, j.Jobs.Save(ctx, job))
}

func (j faultyJobs) Forget(ctx context.Context, ids []string) error {
	return errors.Join(j.forget, j.Jobs.Forget(ctx, ids))
}

func (j faultyJobs) Load(ctx context.Context, sync, place string) ([]deliver.OpenJob, error) {
	list, err := j.Jobs.Load(ctx, sync, place)
	return list, errors.Join(j.load, err)
}

// Where a job cannot be written down nothing more is sent.
func TestJobsThatCannotBeKept(t *testing.T) {
	full := errors.New("the disk is full")
	for name, jobs := range map[string]deliver.Jobs{
		"save": faultyJobs{Jobs: deliver.NewMemory(), save: full}, "forget": faultyJobs{Jobs: deliver.NewMemory(), forget: full}, "nowhere": nil,
	} {
		t.Run(name, func(t *testing.T) {
			stdsynctest.Test(t, func(t *testing.T) {
				o := synctest.VendorOptions{Style: synctest.ResultFile, Object: synctest.Records}
				v := synctest.NewVendor(o)
				job, l := vendorJob(v, o, upserts(500))
				job.Jobs = jobs
				job.Settings.FlushRows = 1
				got, err := deliver.Run(t.Context(), job)
				var stop *deliver.StopError
				if err == nil || (jobs == nil) != (errors.As(err, &stop) && stop.Code == "no-jobs") || (jobs != nil) != errors.Is(err, full) {
					t.Errorf("report %+v, error %v", got, err)
				}
				if n := v.Stats().Jobs; n > 4 {
					t.Errorf("%d jobs were started", n)
				}
				if len(l.known) != len(v.Rows()) && name != "save" {
					t.Errorf("%d rows in the ledger, %d at the platform", len(l.known), len(v.Rows()))
				}
			})
		})
	}
	o := synctest.VendorOptions{Style: synctest.ResultFile, Object: synctest.Records}
	job, _ := vendorJob(synctest.NewVendor(o), o, nil)
	job.Jobs = faultyJobs{Jobs: deliver.NewMemory(), load: full}
	if _, err := deliver.Resume(t.Context(), job); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

// talkative puts its secret into the handle.
type talkative struct {
	synctest.JobConnector
	handle syncs.Handle
}

func (d talkative) Encode(c syncs.Chunk) ([]syncs.Request, []syncs.Rejection) {
	c.Secrets(secret.Ref{})
	return d.JobConnector.Encode(c)
}

func (d talkative) Decode(syncs.Request, *syncs.Response) syncs.Outcome {
	return syncs.Outcome{Verdict: syncs.Started, Job: d.handle}
}

func TestHandlesThatMustNotBeWritten(t *testing.T) {
	for name, handle := range map[string]syncs.Handle{
		"a secret": `{"key":"` + synctest.Canary + `"}`, "long": syncs.Handle(strings.Repeat("x", syncs.MaxHandle+1)), "none": "",
	} {
		t.Run(name, func(t *testing.T) {
			stdsynctest.Test(t, func(t *testing.T) {
				o := synctest.VendorOptions{Style: synctest.JobErrors, Object: synctest.Records}
				v := synctest.NewVendor(o)
				job, _ := vendorJob(v, o, upserts(20))
				job.Destination = talkative{job.Destination.(synctest.JobConnector), handle}
				_, err := deliver.Run(t.Context(), job)
				var stop *deliver.StopError
				if !errors.As(err, &stop) || stop.Code != "bad-handle" || strings.Contains(err.Error(), synctest.Canary) {
					t.Errorf("error %v", err)
				}
				if open, err := job.Jobs.Load(t.Context(), job.Schema.Sync, job.Place); err != nil || len(open) > 0 {
					t.Errorf("written down: %+v, error %v", open, err)
				}
			})
		})
	}
}

// What is written down of a job has no value of a row.
func TestJobsKeepNoValues(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		o := synctest.VendorOptions{Style: synctest.JobErrors, Object: synctest.Records, Fate: func(int) synctest.Fate { return synctest.Hangs }}
		v := synctest.NewVendor(o)
		job, _ := vendorJob(v, o, upserts(3))
		if _, err := deliver.Run(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		open, err := job.Jobs.Load(t.Context(), job.Schema.Sync, job.Place)
		if err != nil || len(open) != 1 {
			t.Fatalf("%d jobs, error %v", len(open), err)
		}
		want := upserts(3)
		for i := range want {
			want[i].Values = nil
		}
		if diff := cmp.Diff(want, open[0].Ops); diff != "" {
			t.Error(diff)
		}
		if list, err := job.Jobs.Load(t.Context(), job.Schema.Sync, "elsewhere"); err != nil || len(list) > 0 {
			t.Errorf("%d jobs elsewhere, error %v", len(list), err)
		}
	})
}
