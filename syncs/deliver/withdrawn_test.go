package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	stdsynctest "testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/files"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// list has who has withdrawn.
type list struct {
	mu  sync.Mutex
	ids map[int64]bool
}

func (l *list) add(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids[id] = true
}

func (l *list) all() map[int64]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.ids)
}

// ask is deliver.Job's Withdrawn.
func (l *list) ask(context.Context) (func(int64) bool, error) {
	ids := l.all()
	return func(id int64) bool { return ids[id] }, nil
}

// TestWithdrawnMeanwhile: fifty deliveries in which people withdraw while it goes on,
// of every style, with faults: nothing of them goes out in a request that begins
// afterwards, they are withheld and not rejected, and everybody else is delivered.
func TestWithdrawnMeanwhile(t *testing.T) {
	for seed := range uint64(50) {
		style := synctest.Styles()[seed%uint64(len(synctest.Styles()))]
		t.Run(fmt.Sprintf("%d, %s", seed, style), func(t *testing.T) {
			stdsynctest.Test(t, func(t *testing.T) { withdrawnMeanwhile(t, style, seed) })
		})
	}
}

func withdrawnMeanwhile(t *testing.T, style synctest.Style, seed uint64) {
	t.Helper()
	r := random(seed)
	who := &list{ids: map[int64]bool{}}
	o := synctest.VendorOptions{Style: style, Object: synctest.Records}
	v := synctest.NewVendor(o)
	ops := opsOf(o.Object, 300)
	for i := range ops {
		ops[i].EntityID = int64(i + 1)
	}
	job, l := vendorJob(v, o, ops)
	job.Withdrawn = who.ask
	// What is on its way when somebody withdraws is one batch.
	job.Destination = synctest.Connector{URL: "http://platform.invalid", Style: o.Style, Object: o.Object, Rows: 20, Requests: 1}.New()
	keys := map[string]int64{}
	for _, op := range ops {
		keys[op.Key] = op.EntityID
	}
	inner, requests := job.HTTP, 0
	job.HTTP = withContext(func(ctx context.Context, req *syncs.HTTPRequest) (*syncs.Response, error) {
		requests++
		withdrawn := who.all()
		for key, id := range keys {
			// What is handed to a job is one batch, and was begun before.
			if withdrawn[id] && !style.Jobs() && strings.Contains(string(req.Body), `"`+key+`"`) {
				t.Errorf("request %d has %s, who has withdrawn", requests, key)
			}
		}
		resp, err := inner.Send(ctx, req)
		for range r.IntN(4) {
			who.add(int64(1 + r.IntN(300)))
		}
		if r.IntN(5) == 0 {
			return nil, errAnswer
		}
		return resp, err
	})
	report, err := deliver.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if report.Withheld == 0 || report.Rejected+report.Unanswered+report.Unknown > 0 || report.Attempted != 300 || report.Status != deliver.OK {
		t.Errorf("%+v", report)
	}
	held, withdrawn := v.Rows(), who.all()
	for _, op := range ops {
		result, refused := l.rejected[op.Key]
		_, there := held[op.Key]
		switch {
		case !refused && !there:
			t.Errorf("%s is not there, and was not withheld", op.Key)
		case !refused:
		case result.Origin != deliver.Kept || !withdrawn[op.EntityID]:
			t.Errorf("%s, who has withdrawn: %v, is %s", op.Key, withdrawn[op.EntityID], result.Origin)
		case result.Code == deliver.NeverSent && there:
			t.Errorf("%s is there, and is said to have never been sent", op.Key)
		}
	}
}

// TestWithdrawnAndTakenAway: who has withdrawn is still taken away.
func TestWithdrawnAndTakenAway(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		job, l := fakeJob([]syncs.Op{{Kind: syncs.Remove, Key: "a@example.com", EntityID: 1}})
		l.known["a@example.com"] = "x"
		job.Withdrawn = (&list{ids: map[int64]bool{1: true}}).ask
		job.HTTP = sender(func(*syncs.HTTPRequest) (*syncs.Response, error) { return answer(200), nil })
		report, err := deliver.Run(t.Context(), job)
		if err != nil || report.Removed != 1 || len(l.known) != 0 {
			t.Errorf("%+v %v", report, err)
		}
	})
}

// TestWithdrawnAndTold: who has withdrawn is no longer told of where being taken off is
// what the audience is for.
func TestWithdrawnAndTold(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		job, l := fakeJob([]syncs.Op{{Kind: syncs.Remove, Key: "a@example.com", EntityID: 1}, {Kind: syncs.Remove, Key: "b@example.com", EntityID: 2}})
		job.Withdrawn, job.Tells = (&list{ids: map[int64]bool{1: true}}).ask, true
		job.HTTP = sender(func(r *syncs.HTTPRequest) (*syncs.Response, error) {
			if strings.Contains(string(r.Body), "a@example.com") {
				t.Errorf("a request has who has withdrawn: %s", r.Body)
			}
			return answer(200), nil
		})
		report, err := deliver.Run(t.Context(), job)
		if err != nil || report.Withheld != 1 || report.Attempted != 2 || l.rejected["a@example.com"].Origin != deliver.Kept {
			t.Errorf("%+v %v", report, err)
		}
	})
}

// TestWithdrawnIsNotKnown: nothing is sent where nobody can say who has withdrawn.
func TestWithdrawnIsNotKnown(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		job, _ := fakeJob(upserts(10))
		lost := errors.New("the warehouse is gone")
		job.Withdrawn = func(context.Context) (func(int64) bool, error) { return nil, lost }
		job.HTTP = sender(func(*syncs.HTTPRequest) (*syncs.Response, error) {
			t.Error("a request was sent")
			return answer(200), nil
		})
		report, err := deliver.Run(t.Context(), job)
		if !errors.Is(err, lost) || report.Accepted != 0 || report.Unanswered != 10 {
			t.Errorf("%+v %v", report, err)
		}
	})
}

// TestWithdrawnFromFiles: who withdraws before a file is written is not in it, and a
// file of somebody who withdraws after that is not published.
func TestWithdrawnFromFiles(t *testing.T) {
	dir := t.TempDir()
	ops := upserts(30)
	for i := range ops {
		ops[i].EntityID = int64(i + 1)
	}
	job, l := fileJob(t, dir, ops, func(c *files.Config) { c.PartRows = 10 })
	who := &list{ids: map[int64]bool{3: true}}
	asked := 0
	job.Withdrawn = func(ctx context.Context) (func(int64) bool, error) {
		if asked++; asked == 3 {
			who.add(4) // Their row is in the first part.
		}
		return who.ask(ctx)
	}
	var stop *deliver.StopError
	if _, err := deliver.Run(t.Context(), job); !errors.As(err, &stop) || stop.Code != deliver.NeverSent {
		t.Error(err)
	}
	if names := tree(t, dir); len(names) > 0 || len(l.known) > 0 {
		t.Errorf("%v was published, %v is known", names, l.known)
	}
	job.RunID = "run-2"
	report, err := deliver.Run(t.Context(), job)
	if err != nil || report.Withheld != 2 || report.Accepted != 28 || len(l.known) != 28 {
		t.Errorf("%+v %v", report, err)
	}
}

// TestWithdrawnFromReplacement: the request that ends a replacement names nobody who
// has withdrawn since.
func TestWithdrawnFromReplacement(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		ops := upserts(6)
		for i := range ops {
			ops[i].EntityID = int64(i + 1)
		}
		job, _ := fakeJob(ops)
		job.Destination, job.Replacing, job.Counts.Wanted = replacer{}, true, 6
		who := &list{ids: map[int64]bool{2: true}}
		job.Withdrawn = who.ask
		var sent []string
		job.HTTP = sender(func(r *syncs.HTTPRequest) (*syncs.Response, error) {
			sent = append(sent, string(r.Body))
			who.add(1)
			return answer(200), nil
		})
		report, err := deliver.Run(t.Context(), job)
		if err != nil || report.Withheld != 1 || report.Accepted != 5 {
			t.Errorf("%+v %v", report, err)
		}
		if last := sent[len(sent)-1]; !strings.HasPrefix(last, "last #") || !strings.Contains(last, ops[2].Key) {
			t.Errorf("the last request is %q", last)
		}
		if diff := cmp.Diff(false, slices.ContainsFunc(sent, func(s string) bool { return strings.Contains(s, ops[1].Key) })); diff != "" {
			t.Error(diff)
		}
	})
}
