package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	stdsynctest "testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/syncs"
	"github.com/customhouse-cdp/customhouse/syncs/deliver"
	"github.com/customhouse-cdp/customhouse/syncs/slack"
	"github.com/customhouse-cdp/customhouse/syncs/synctest"
)

// asker asks the platform of a job, in the bubble.
func asker(job deliver.Job) deliver.Asker {
	return deliver.Asker{Destination: job.Destination, Secrets: job.Secrets, Clock: job.Clock, HTTP: job.HTTP, KeepToken: job.KeepToken}
}

// TestRemovalOfEveryStyle: rows are taken away whatever goes wrong, and though the
// process dies at any request; the others stay, there is a receipt for each row,
// and to take away what is gone does nothing.
func TestRemovalOfEveryStyle(t *testing.T) {
	for _, style := range synctest.Styles() {
		for _, object := range []synctest.Object{synctest.Records, synctest.Members} {
			for kill := range 6 {
				t.Run(fmt.Sprintf("%s, %s, killed at %d", style, object, kill), func(t *testing.T) {
					stdsynctest.Test(t, func(t *testing.T) { removal(t, style, object, kill) })
				})
			}
		}
	}
}

func removal(t *testing.T, style synctest.Style, object synctest.Object, kill int) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(kill), uint64(style)))
	faulty := false
	o := synctest.VendorOptions{Style: style, Object: object, TokenUses: 7, Faults: func(int, *http.Request) synctest.Fault {
		if !faulty || r.IntN(4) > 0 {
			return synctest.None
		}
		return synctest.Common()[r.IntN(len(synctest.Common()))]
	}}
	v := synctest.NewVendor(o)
	ops := opsOf(object, 60)
	job, _ := vendorJob(v, o, ops)
	if _, err := deliver.Run(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	faulty = true
	away := deliver.Removal{ID: "erasure-7", AsOf: job.AsOf, Schema: job.Schema, Jobs: deliver.NewMemory(), Settings: job.Settings}
	kind := job.Destination.Spec().TakesAway(job.Schema.Object)[0]
	for i := range 30 {
		away.Ops = append(away.Ops, syncs.Op{Kind: kind, Key: ops[2*i].Key}, syncs.Op{Kind: kind, Key: fmt.Sprintf("nobody-%d@example.com", i)})
	}
	if kill > 0 {
		ctx, die := context.WithCancelCause(t.Context())
		sent := 0
		first := away
		first.Settings.Reached = func(point string) {
			if point == "send" || point == "poll" {
				if sent++; sent == kill {
					die(errors.New("killed"))
				}
			}
		}
		receipts, err := asker(job).Remove(ctx, first)
		if len(receipts) != len(away.Ops) {
			t.Fatalf("%d receipts of %d rows (%v)", len(receipts), len(away.Ops), err)
		}
		die(nil)
	}
	done(t, untilDone(t, job, away), away.Ops)
	var rest []syncs.Op
	for i, op := range ops {
		if i%2 == 1 {
			rest = append(rest, op)
		}
	}
	vendorTruth(t, v, rest)
	receipts := untilDone(t, job, away)
	done(t, receipts, away.Ops)
	for _, r := range receipts {
		if style.Names() && r.Origin != deliver.Absent {
			t.Fatalf("%s was taken away twice: %+v", r.Key, r)
		}
	}
	vendorTruth(t, v, rest)
}

// untilDone takes rows away as somebody does who tries again.
func untilDone(t *testing.T, job deliver.Job, away deliver.Removal) []deliver.Receipt {
	t.Helper()
	for try := 0; ; try++ {
		receipts, err := asker(job).Remove(t.Context(), away)
		if err == nil {
			return receipts
		}
		if try == 5 {
			t.Fatal(err)
		}
	}
}

// done wants a receipt of success for each operation, in their order.
func done(t *testing.T, receipts []deliver.Receipt, ops []syncs.Op) {
	t.Helper()
	if len(receipts) != len(ops) {
		t.Fatalf("%d receipts of %d rows", len(receipts), len(ops))
	}
	for i, r := range receipts {
		if r.Key != ops[i].Key || !r.Done || r.Answer == nil || r.Answer.Status/100 != 2 {
			t.Fatalf("receipt %d of %s: %+v", i, ops[i].Key, r)
		}
	}
}

// TestRemovalThatIsRefused: what is not done says so, with the platform's word.
func TestRemovalThatIsRefused(t *testing.T) {
	stdsynctest.Test(t, func(t *testing.T) {
		job, _ := fakeJob(nil)
		job.HTTP = withContext(func(context.Context, *syncs.HTTPRequest) (*syncs.Response, error) {
			return &syncs.Response{Status: 403, Header: http.Header{"X-Request-Id": {"req-1"}}, Body: []byte(`{}`)}, nil
		})
		receipts, err := asker(job).Remove(t.Context(), deliver.Removal{
			ID: "erasure-8", Schema: job.Schema, Ops: []syncs.Op{{Kind: syncs.Remove, Key: "a@example.com"}},
		})
		var stop *deliver.StopError
		if !errors.As(err, &stop) || len(receipts) != 1 || receipts[0].Done {
			t.Errorf("%+v, %v", receipts, err)
		}
	})
}

// TestByHand: what a platform has no call for is not asked of it.
func TestByHand(t *testing.T) {
	d := slack.New(slack.Default())
	a := deliver.Asker{Destination: d, Clock: deliver.Timer(nil), HTTP: withContext(func(context.Context, *syncs.HTTPRequest) (*syncs.Response, error) {
		t.Error("it was asked")
		return nil, errAnswer
	})}
	receipts, err := a.Remove(t.Context(), deliver.Removal{
		Schema: syncs.Schema{Object: "channel/C1", Key: "email"}, Ops: []syncs.Op{{Kind: syncs.Remove, Key: "a@example.com"}},
	})
	if diff := cmp.Diff([]deliver.Receipt{{Key: "a@example.com"}}, receipts); diff != "" || !errors.Is(err, deliver.ErrByHand) {
		t.Error(diff, err)
	}
	receipts, err = a.Erase(t.Context(), deliver.Erasure{Object: "people", By: "email", People: []string{"a@example.com"}})
	if diff := cmp.Diff([]deliver.Receipt{{Key: "a@example.com"}}, receipts); diff != "" || !errors.Is(err, deliver.ErrByHand) {
		t.Error(diff, err)
	}
}
