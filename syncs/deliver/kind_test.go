package deliver_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
	"github.com/customhouse-cdp/customhouse/syncs/webhook"
)

// every is an operation of each kind on a key of its own.
func every(object string) []syncs.Op {
	var ops []syncs.Op
	for i, kind := range syncs.Kinds() {
		op := upsert(i)
		op.Kind, op.Key = kind, object+" "+kind.String()
		if kind.Leaves() {
			op.Values = nil
		}
		ops = append(ops, op)
	}
	return ops
}

// TestKinds says of each kind of operation what becomes of it where the
// destination has the row, and where it does not.
func TestKinds(t *testing.T) {
	p := synctest.NewPlatform(synctest.Options{Indexed: true, EventKeys: true})
	held := map[string]string{}
	for _, op := range every("there") {
		held[op.Key] = `{"email":"old","spent":1}`
	}
	p.Hold(held)
	ops := append(every("there"), every("away")...)
	again := every("there")[slices.Index(syncs.Kinds(), syncs.Append)] // an event that it knows
	again.Key = "away append"
	job, l := setup(t, p, append(ops, again), func(c *webhook.Config) { c.Results, c.EventKeys = webhook.Indexed, true })
	got := map[string]string{}
	job.Guards.AllowEmpty = true
	job.Ledger = recorder{l, func(r deliver.Result) {
		got[r.Kind.String()+" "+r.Key] += fmt.Sprintf("%t %s;", r.Accepted, r.Origin)
	}}
	report, err := deliver.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, kind := range syncs.Kinds() {
		there, away := "true ;", "true ;"
		switch {
		case kind == syncs.Insert:
			there = "true exists;"
		case kind == syncs.Update:
			away = "false absent;"
		case kind.Leaves():
			away = "true absent;"
		case kind == syncs.Append:
			away = "true ;true exists;"
		}
		want[kind.String()+" there "+kind.String()], want[kind.String()+" away "+kind.String()] = there, away
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	n := int64(len(syncs.Kinds()))
	if report.Attempted != 2*n+1 || report.Accepted != 2*n || report.Exists != 2 || report.Absent != 1 || report.Removed != 10 || report.Upserted != 8 || report.Status != deliver.OK {
		t.Errorf("report %+v", report)
	}
	if v := p.Stats().Violations; len(v) > 0 {
		t.Errorf("violations: %v", v)
	}
}

// recorder tells of each result.
type recorder struct {
	deliver.Ledger
	tell func(deliver.Result)
}

func (r recorder) Record(ctx context.Context, results []deliver.Result, more bool) error {
	for _, result := range results {
		r.tell(result)
	}
	return r.Ledger.Record(ctx, results, more)
}

// TestWrongAnswer takes nothing for done that was answered as if something else
// had been asked.
func TestWrongAnswer(t *testing.T) {
	job, l := fakeJob(upserts(4))
	job.HTTP = sender(func(*syncs.HTTPRequest) (*syncs.Response, error) {
		resp := answer(200)
		resp.Body = []byte(`{"results":[{"index":0,"status":"exists"},{"index":1,"status":"absent"},{"index":2,"status":"ok"},{"index":3,"status":"ok"}]}`)
		return resp, nil
	})
	report, err := deliver.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if report.Rejected != 2 || report.Accepted != 2 || len(l.known) != 2 {
		t.Errorf("report %+v, known %v", report, l.known)
	}
	for key, r := range l.rejected {
		if r.Code != "wrong-answer" {
			t.Errorf("%s: code %s", key, r.Code)
		}
	}
}
